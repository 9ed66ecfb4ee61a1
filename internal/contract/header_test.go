package contract_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Short fields take twenty times their size in memory.
func TestLargeHeaderIsRefused(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		var fields strings.Builder
		for i := 0; fields.Len() < 1<<19; i++ {
			fmt.Fprintf(&fields, "X-%x:\r\n", i)
		}
		for _, status := range []string{"200 OK", "400 Bad Request"} {
			for times, refused := range map[int]bool{1: false, 3: true} {
				var served atomic.Int64
				address := listen(t, func(conn net.Conn) {
					if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
						return
					}
					served.Add(1)
					_, _ = io.WriteString(conn, "HTTP/1.1 "+status+"\r\nConnection: close\r\n"+
						strings.Repeat(fields.String(), times)+"\r\n"+v.object("x-1"))
				})
				c := connect(t, v, options{baseURL: "http://" + address})
				t.Cleanup(c.closing)
				_, err := c.get(t.Context(), "x-1", call{})
				switch {
				case refused:
					require.ErrorIs(t, err, v.sentinels["ErrUnavailable"])
					require.ErrorContains(t, err, "header")
					assert.Zero(t, viewed(t, v, err).StatusCode)
				case status == "200 OK":
					require.NoError(t, err)
				default:
					assert.Equal(t, 400, viewed(t, v, err).StatusCode)
				}
				assert.NotZero(t, served.Load())
			}
		}
	})
}
