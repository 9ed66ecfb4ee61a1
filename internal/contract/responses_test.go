package contract_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, s)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

func TestResponseBeyondTheCapIsAnErrorAndNotReadToItsEnd(t *testing.T) {
	const limit = 1000
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, resp := range map[string]func(body *countBody) *http.Response{
			"Content-Length": func(b *countBody) *http.Response {
				r := respond(200, "")
				r.ContentLength, r.Body = 1<<40, b
				return r
			},
			"chunked": func(b *countBody) *http.Response {
				r := respond(200, "")
				r.ContentLength, r.Body = -1, b
				return r
			},
			"length lie": func(b *countBody) *http.Response {
				r := respond(200, "")
				r.ContentLength, r.Body = 10, b
				return r
			},
		} {
			body := &countBody{}
			c, s := start(t, v, options{maxResponse: limit}, func(int, request) (*http.Response, error) {
				return resp(body), nil
			})
			err := op.do(t.Context(), c, call{})
			f := viewed(t, v, err)
			assert.Equal(t, 200, f.StatusCode, name)
			assert.Contains(t, err.Error(), "limit of 1000 bytes", name)
			assert.Less(t, body.read, 8<<10, name)
			assert.True(t, body.closed, name)
			assert.Equal(t, 1, s.count(), "%s: it would be as large again", name)
			assert.Equal(t, !repeatable(f.Method), f.OutcomeUnknown)
		}
		body := &countBody{}
		c, _ := start(t, v, options{maxResponse: limit}, func(int, request) (*http.Response, error) {
			r := respond(422, "")
			r.ContentLength, r.Body = 1<<40, body
			return r, nil
		})
		assert.Equal(t, 422, viewed(t, v, op.do(t.Context(), c, call{})).StatusCode, "the status says enough")
	})
}

// countBody is a body that never ends.
type countBody struct {
	read   int
	closed bool
}

func (b *countBody) Read(p []byte) (int, error) {
	b.read += len(p)
	return len(p), nil
}

func (b *countBody) Close() error {
	b.closed = true
	return nil
}

func TestResponseAsLargeAsTheCapIsRead(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		body := v.object("x")
		body += strings.Repeat(" ", 5000-len(body))
		for limit, good := range map[int64]bool{4999: false, 5000: true, 5001: true} {
			for _, length := range []int64{-1, 5000} {
				c, _ := start(t, v, options{maxResponse: limit}, func(int, request) (*http.Response, error) {
					r := respond(200, body)
					r.ContentLength = length
					return r, nil
				})
				_, err := c.get(t.Context(), "x", call{})
				assert.Equal(t, good, err == nil, "limit %d, length %d: %v", limit, length, err)
			}
		}
	})
}

func TestCompressionThatTheServerDoesNotDeclareIsUndone(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, _ := start(t, v, options{}, always(200, zipped(t, v.object("x-1"))))
		var raw []byte
		id, err := c.get(t.Context(), "x-1", call{raw: &raw})
		require.NoError(t, err)
		assert.Equal(t, "x-1", id)
		assert.Equal(t, v.object("x-1"), string(raw))

		c, _ = start(t, v, options{}, always(404, zipped(t, v.failure("not here"))))
		_, err = c.get(t.Context(), "x-1", call{})
		assert.Contains(t, err.Error(), "not here")
	})
}

func TestGzipBombDoesNotExplode(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		bomb := zipped(t, `"`+strings.Repeat("0", 4<<20)+`"`)
		require.Less(t, len(bomb), 64<<10)
		for name, declared := range map[string]bool{"declared": true, "not declared": false} {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if declared {
					w.Header().Set("Content-Encoding", "gzip")
				}
				_, _ = io.WriteString(w, bomb)
			}))
			c := over(t, v, srv, options{maxResponse: 64 << 10})
			_, err := c.get(t.Context(), "x", call{})
			f := viewed(t, v, err)
			assert.Equal(t, 200, f.StatusCode, name)
			assert.LessOrEqual(t, len(f.Body), 64<<10, name)
			assert.Contains(t, err.Error(), "limit of 65536 bytes", name)
			srv.Close()
		}
	})
}

func TestDeclaredCompressionIsUndone(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		protocols(t, func(t *testing.T, serve func(http.HandlerFunc) *httptest.Server) {
			srv := serve(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = io.WriteString(w, zipped(t, v.object("x-1")))
			})
			id, err := over(t, v, srv, options{}).get(t.Context(), "x-1", call{})
			require.NoError(t, err)
			assert.Equal(t, "x-1", id)
		})
	})
}
