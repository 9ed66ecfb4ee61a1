package core

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResponseOfARawRequestIsWhole(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 404} {
		resp, err := get(t.Context(), t, client(status, Basic("user", "password"), new(int)))
		require.NoError(t, err, "any status is a response")
		assert.Equal(t, status, resp.StatusCode)
		assert.EqualValues(t, 2, resp.ContentLength)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "{}", string(b))
		assert.NotContains(t, resp.Request.Header, "Authorization")
		require.NoError(t, resp.Body.Close())
		require.NoError(t, resp.Body.Close())
	}
}

// cutting returns a server that responds to the first request of each connection, reads the second,
// and closes the connection. It counts the requests to /act.
func cutting(t *testing.T) (address string, acts *atomic.Int32) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	acts = new(atomic.Int32)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for n := range 2 {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					if req.URL.Path == "/act" {
						acts.Add(1)
					}
					if n == 0 {
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
					}
				}
			}()
		}
	}()
	return listener.Addr().String(), acts
}

// net/http and the client repeat a GET whose connection breaks. An action must be sent once.
func TestActionIsSentOnceWhateverItsMethod(t *testing.T) {
	t.Parallel()
	for _, isAction := range []bool{false, true} {
		address, acts := cutting(t)
		var last *Failure
		c, err := New(Config{
			BaseURL: &url.URL{Scheme: "http", Host: address}, Retry: RetryPolicy{MaxAttempts: 3, MaxDelay: 1,
				Budget: 10},
			NewError: func(f *Failure) error { last = f; return io.EOF },
		})
		require.NoError(t, err)
		send := func(path string, o func(*CallOptions)) error {
			return CallEmpty(t.Context(), c, "op", []func(*CallOptions){o},
				func(ctx context.Context) (*http.Response, error) {
					req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
					require.NoError(t, err)
					return c.Do(req)
				})
		}
		require.NoError(t, send("/", func(*CallOptions) {}))
		err = send("/act", func(o *CallOptions) {
			if isAction {
				o.WithOnce()
			}
		})
		if isAction {
			require.Error(t, err)
			assert.EqualValues(t, 1, acts.Load())
			assert.True(t, last.OutcomeUnknown)
			assert.Equal(t, 1, last.Attempts)
		} else {
			require.NoError(t, err)
			assert.EqualValues(t, 2, acts.Load(), "the test would notice")
		}
		c.CloseIdleConnections()
	}
}

func TestActionIsRepeatedWhereItSurelyWasNotCarriedOut(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{429: 2, 502: 1, 500: 1, 408: 1} {
		count := 0
		c := client(status, nil, &count)
		err := CallEmpty(t.Context(), c, "op", []func(*CallOptions){func(o *CallOptions) { o.WithOnce() }},
			func(ctx context.Context) (*http.Response, error) { return get(ctx, t, c) })
		require.Error(t, err)
		assert.Equal(t, want, count, status)
	}
}
