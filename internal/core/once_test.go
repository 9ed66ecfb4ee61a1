package core

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cutting answers the first request of each connection, reads the second, and hangs up. It counts the requests to /act.
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

// net/http repeats a GET whose connection breaks, and so do we. An action must be sent once.
func TestActionIsSentOnceWhateverItsMethod(t *testing.T) {
	t.Parallel()
	for _, once := range []bool{false, true} {
		address, acts := cutting(t)
		var last *Failure
		c, err := New(Config{
			BaseURL: &url.URL{Scheme: "http", Host: address}, Retry: RetryPolicy{MaxAttempts: 3, MaxDelay: 1, Budget: 10},
			NewError: func(f *Failure) error { last = f; return io.EOF },
		})
		require.NoError(t, err)
		send := func(path string, o func(*CallOptions)) error {
			return CallEmpty(t.Context(), c, "op", []func(*CallOptions){o}, func(ctx context.Context) (*http.Response, error) {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
				require.NoError(t, err)
				return c.Do(req)
			})
		}
		require.NoError(t, send("/", func(*CallOptions) {}))
		err = send("/act", func(o *CallOptions) {
			if once {
				o.WithOnce()
			}
		})
		if once {
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
		err := CallEmpty(t.Context(), c, "op", []func(*CallOptions){func(o *CallOptions) { o.WithOnce() }}, func(ctx context.Context) (*http.Response, error) { return get(ctx, t, c) })
		require.Error(t, err)
		assert.Equal(t, want, count, status)
	}
}

func TestTimeoutOfOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Config{
			BaseURL: &url.URL{Scheme: "https", Host: "a.test"}, Retry: RetryPolicy{MaxAttempts: 1},
			HTTPClient: &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})},
			NewError: func(f *Failure) error { return f.Err },
		})
		require.NoError(t, err)
		for _, d := range []time.Duration{0, time.Second, time.Hour} {
			begin := time.Now()
			err = CallEmpty(t.Context(), c, "op", []func(*CallOptions){func(o *CallOptions) {
				if d > 0 {
					o.WithAttemptTimeout(d)
				}
			}}, func(ctx context.Context) (*http.Response, error) { return get(ctx, t, c) })
			if d == 0 {
				d = DefaultAttemptTimeout
			}
			require.ErrorContains(t, err, d.String())
			assert.Equal(t, d, time.Since(begin))
		}
	})
}

// A refusal inside a good reply tells what became of an action, but for one that broke off.
func TestRefusalInAGoodReply(t *testing.T) {
	t.Parallel()
	for status, unknown := range map[int]bool{400: false, 404: false, 500: true, 503: true} {
		for _, idempotent := range []bool{false, true} {
			var last *Failure
			c := client(200, nil, new(int))
			c.cfg.NewError = func(f *Failure) error { last = f; return f.Err }
			refusal := &RefusedError{status, io.ErrNoProgress}
			err := CallDecode(t.Context(), c, "op", []func(*CallOptions){func(o *CallOptions) { o.idempotent = idempotent }}, func(ctx context.Context) (*http.Response, error) {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://a.test/x", strings.NewReader("{}"))
				require.NoError(t, err)
				return c.Do(req)
			}, func([]byte) error { return refusal })
			require.ErrorIs(t, err, io.ErrNoProgress)
			assert.NotErrorIs(t, err, io.EOF)
			assert.NotErrorAs(t, err, new(*ReplyError), "the reply is what was promised")
			assert.Equal(t, unknown && !idempotent, last.OutcomeUnknown)
			assert.Equal(t, "{}", string(last.Body))
		}
	}
}
