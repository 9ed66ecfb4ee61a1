package contract_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// reach returns a client of a server behind an obstacle.
func reach(t *testing.T, v vendor, s *obstacleServer, o options) *client {
	t.Helper()
	o.baseURL, o.client = s.URL, &http.Client{Transport: s.transport}
	return connect(t, v, o)
}

func TestCreateThatIsNotSentIsRepeated(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, o := range obstacles {
			t.Run(o.name, func(t *testing.T) {
				t.Parallel()
				s := behind(t, 1, o, func(w http.ResponseWriter, _ *http.Request) {
					_, _ = io.WriteString(w, v.object("x-1"))
				})
				opts := options{}
				if o.waits {
					opts.attemptTimeout = 3 * time.Second // time for the second attempt on a busy machine
				}
				var meta core.Meta
				_, err := reach(t, v, s, opts).create(t.Context(), call{meta: &meta})
				require.NoError(t, err)
				assert.Equal(t, 2, meta.Attempts)
				assert.EqualValues(t, 1, s.requests.Load())
			})
		}
	})
}

func TestErrorNamesTheStageInWhichARequestWasNotSent(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, o := range obstacles {
			t.Run(o.name, func(t *testing.T) {
				t.Parallel()
				s := behind(t, always100, o, func(http.ResponseWriter, *http.Request) {})
				opts := options{retry: quick()}
				opts.retry.MaxAttempts = 2
				if o.waits {
					opts.attemptTimeout = 100 * time.Millisecond
				}
				_, err := reach(t, v, s, opts).create(t.Context(), call{})
				f := viewed(t, v, err)
				require.ErrorContains(t, err, ": "+o.stage)
				assert.Equal(t, []string{"ErrUnavailable"}, conditions(v, err))
				assert.False(t, f.OutcomeUnknown)
				assert.Equal(t, 2, f.Attempts)
				assert.Zero(t, s.requests.Load())
				if o.waits {
					require.ErrorContains(t, err, "attempt took longer than 100ms")
				}
			})
		}
	})
}

// The caller's deadline ends the call in the same stages.
func TestCreateThatTheDeadlineKeptFromBeingSentIsNotUnknown(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, o := range obstacles {
			if !o.waits {
				continue
			}
			s := behind(t, always100, o, func(http.ResponseWriter, *http.Request) {})
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			_, err := reach(t, v, s, options{}).create(ctx, call{})
			cancel()
			viewed(t, v, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, o.stage)
			require.NotErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], o.name)
		}
	})
}

func TestDeleteThatWasNotSentDidNotDelete(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, o := range obstacles {
			if o.waits || o.h2 { // net/http repeats a refused request without a body
				continue
			}
			s := behind(t, 1, o, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(404)
				_, _ = io.WriteString(w, v.failure("no x-1"))
			})
			err := reach(t, v, s, options{}).remove(t.Context(), "x-1", call{})
			require.ErrorIs(t, err, v.sentinels["ErrNotFound"], o.name)
		}
	})
}

func TestCreateThatFindsNoFreeConnectionIsNotUnknown(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		release := make(chan struct{})
		held := make(chan struct{}, 1)
		var creates atomic.Int64
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				held <- struct{}{}
				<-release
			} else {
				creates.Add(1)
			}
			_, _ = io.WriteString(w, v.object("x-1"))
		}))
		t.Cleanup(srv.Close)
		tr := &http.Transport{MaxConnsPerHost: 1}
		t.Cleanup(tr.CloseIdleConnections)
		c := connect(t, v, options{baseURL: srv.URL, client: &http.Client{Transport: tr}})
		done := make(chan error)
		go func() {
			_, err := c.get(t.Context(), "x-1", call{})
			done <- err
		}()
		<-held
		limit := call{shared: []sdk.CallOption{sdk.WithCallAttemptTimeout(20 * time.Millisecond)}}
		_, err := c.create(t.Context(), limit)
		f := viewed(t, v, err)
		assert.Equal(t, 5, f.Attempts)
		require.NotErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"])
		require.ErrorContains(t, err, "waiting for a connection: attempt took longer than 20ms")
		assert.Zero(t, creates.Load())
		close(release)
		require.NoError(t, <-done)
		_, err = c.create(t.Context(), call{})
		require.NoError(t, err)
		assert.EqualValues(t, 1, creates.Load())
	})
}

// An error that looks like a refused connection, but was not observed, can mean anything.
func TestErrorOfATransportThatReportsNothingCountsAsSent(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, failure := range []error{
			&net.OpError{Op: "dial", Net: "tcp", Err: errLost}, &net.OpError{Op: "proxyconnect", Err: errLost},
			&net.DNSError{Err: "no such host"},
		} {
			for _, reports := range []bool{false, true} {
				c, s := start(t, v, options{}, func(_ int, r request) (*http.Response, error) {
					if reports {
						httptrace.ContextClientTrace(r.Context()).GetConn(host + ":443")
					}
					return nil, failure
				})
				s.unread = true
				_, err := c.create(t.Context(), call{})
				assert.Equal(t, !reports, viewed(t, v, err).OutcomeUnknown)
				assert.Equal(t, map[bool]int{false: 1, true: 5}[reports], s.count())
			}
		}
	})
}

func TestRequestsOfAMiddlewareAreNotObserved(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		other := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(other.Close)
		ask := func(next http.RoundTripper) http.RoundTripper { // for example for a token
			return tripper(func(r *http.Request) (*http.Response, error) {
				req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, other.URL, nil)
				if err != nil {
					return nil, err
				}
				resp, err := other.Client().Do(req)
				if err != nil {
					return nil, err
				}
				resp.Body.Close()
				return next.RoundTrip(r)
			})
		}
		lose := func(next http.RoundTripper) http.RoundTripper { // with another request
			return tripper(func(r *http.Request) (*http.Response, error) {
				if _, err := next.RoundTrip(r); err == nil {
					t.Error("somebody listens there")
				}
				return nil, errLost
			})
		}
		for _, tt := range []struct {
			wrap     func(http.RoundTripper) http.RoundTripper
			unknown  bool
			attempts int
		}{{ask, false, 5}, {lose, true, 1}} {
			c := connect(t, v, options{baseURL: "http://127.0.0.1:1",
				middleware: []func(http.RoundTripper) http.RoundTripper{tt.wrap}})
			_, err := c.create(t.Context(), call{})
			f := viewed(t, v, err)
			assert.Equal(t, tt.unknown, f.OutcomeUnknown)
			assert.Equal(t, tt.attempts, f.Attempts)
		}
	})
}

// A transport of the caller may send a request in a way that calls no hooks, and then in another
// one. If it has read the body, only the hooks of the other one are known.
func TestTransportThatHasReadTheBodyMayHaveSentIt(t *testing.T) {
	tcp := &http.Transport{}
	ways := map[string]func(*http.Request) (*http.Response, error){
		"nobody listens": tcp.RoundTrip,
		"no such host": func(r *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(r.Context()).GetConn(host + ":443")
			return nil, &net.DNSError{Err: "no such host"}
		},
		"no free connection": func(r *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(r.Context()).GetConn(host + ":443")
			return nil, context.DeadlineExceeded
		},
	}
	each(t, func(t *testing.T, v vendor) {
		for name, second := range ways {
			var processed atomic.Int64
			both := tripper(func(r *http.Request) (*http.Response, error) {
				_, err := io.Copy(io.Discard, r.Body)
				processed.Add(1) // by the first way
				again := r.Clone(r.Context())
				again.Body = http.NoBody
				resp, failed := second(again) //nolint:bodyclose // it has none
				return resp, errors.Join(err, failed)
			})
			c := connect(t, v, options{baseURL: "http://127.0.0.1:1", client: &http.Client{Transport: both}})
			_, err := c.create(t.Context(), call{})
			require.ErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], name)
			assert.EqualValues(t, 1, processed.Load(), name)
		}
	})
}

func TestWrapperOfTheTransportOfNetHTTPProvesWhatItProves(t *testing.T) {
	tcp := &http.Transport{}
	each(t, func(t *testing.T, v vendor) {
		wrapped := tripper(func(r *http.Request) (*http.Response, error) { return tcp.RoundTrip(r) })
		c := connect(t, v, options{baseURL: "http://127.0.0.1:1", client: &http.Client{Transport: wrapped}})
		_, err := c.create(t.Context(), call{})
		f := viewed(t, v, err)
		assert.False(t, f.OutcomeUnknown)
		assert.Equal(t, 5, f.Attempts)
		require.ErrorContains(t, err, "dialing: ")
	})
}

// Only the errors of net/http itself mean what they say about a request that was sent.
func TestErrorTextOfAnotherTransportIsNoProof(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, text := range []string{
			"http: server closed idle connection",
			"stream error: stream ID 3; REFUSED_STREAM; received from peer",
			"http2: Transport received Server's graceful shutdown GOAWAY",
		} {
			var processed atomic.Int64
			srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				processed.Add(1)
				panic(http.ErrAbortHandler)
			}))
			tcp := &http.Transport{DisableKeepAlives: true}
			again := tripper(func(r *http.Request) (*http.Response, error) {
				if resp, err := tcp.RoundTrip(r); err == nil {
					return resp, nil
				}
				return nil, errors.New(text) // of another try elsewhere
			})
			c := connect(t, v, options{baseURL: srv.URL, client: &http.Client{Transport: again}})
			_, err := c.create(t.Context(), call{})
			require.ErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], text)
			assert.EqualValues(t, 1, processed.Load(), text)
			srv.Close()
		}
	})
}

func TestTransportMaySendRequestsOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		var done atomic.Int64
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			switch {
			case r.URL.Path == "/token":
			case r.Header.Get("X-Answer") == "":
				w.WriteHeader(http.StatusUnauthorized)
			default:
				done.Add(1)
				_, _ = io.WriteString(w, v.object("x-1"))
			}
		}))
		t.Cleanup(srv.Close)
		tcp := &http.Transport{}
		t.Cleanup(tcp.CloseIdleConnections)
		with := func(r *http.Request, answer string, body []byte) *http.Request {
			next := r.Clone(r.Context())
			next.Header.Set("X-Answer", answer)
			if body != nil {
				next.Body = io.NopCloser(bytes.NewReader(body))
			}
			return next
		}
		fetch := func(r *http.Request) error {
			req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, srv.URL+"/token", nil)
			if err != nil {
				return err
			}
			resp, err := tcp.RoundTrip(req)
			if err != nil {
				return err
			}
			return resp.Body.Close()
		}
		transports := map[string]tripper{
			"fetches a token": func(r *http.Request) (*http.Response, error) {
				if err := fetch(r); err != nil {
					return nil, err
				}
				return tcp.RoundTrip(with(r, "42", nil))
			},
			"fetches two": func(r *http.Request) (*http.Response, error) {
				if err := errors.Join(fetch(r), fetch(r)); err != nil {
					return nil, err
				}
				return tcp.RoundTrip(with(r, "42", nil))
			},
			"answers a challenge": func(r *http.Request) (*http.Response, error) {
				var body []byte
				if r.Body != nil {
					var err error
					if body, err = io.ReadAll(r.Body); err != nil {
						return nil, err
					}
				}
				resp, err := tcp.RoundTrip(with(r, "", body))
				if err != nil || resp.StatusCode != http.StatusUnauthorized {
					return resp, err
				}
				resp.Body.Close()
				return tcp.RoundTrip(with(r, "42", body))
			},
		}
		for name, transport := range transports {
			done.Store(0)
			o := options{baseURL: srv.URL, client: &http.Client{Transport: transport}, retry: noRetries()}
			_, err := connect(t, v, o).create(t.Context(), call{})
			require.NoError(t, err, name)
			_, err = connect(t, v, o).get(t.Context(), "x-1", call{})
			require.NoError(t, err, name)
			assert.EqualValues(t, 2, done.Load(), name)
		}
	})
}

// A transport may still send a copy of a request after it has returned a response.
func TestTransportMaySendCopiesOfARequestLater(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, v.object("x-1"))
		}))
		t.Cleanup(srv.Close)
		tcp := &http.Transport{}
		t.Cleanup(tcp.CloseIdleConnections)
		var later sync.WaitGroup
		mirror := tripper(func(r *http.Request) (*http.Response, error) {
			again := r.Clone(context.WithoutCancel(r.Context()))
			resp, err := tcp.RoundTrip(r)
			later.Go(func() {
				if resp, err := tcp.RoundTrip(again); assert.NoError(t, err) {
					resp.Body.Close()
				}
			})
			return resp, err
		})
		c := connect(t, v, options{baseURL: srv.URL, client: &http.Client{Transport: mirror}})
		for range 20 {
			_, err := c.get(t.Context(), "x-1", call{})
			require.NoError(t, err)
		}
		later.Wait()
	})
}

// closedConn is a client's connection. A test can wait for its end.
type closedConn struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *closedConn) Close() error {
	defer c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// The server closes a connection when a request gets it. The test uses the caller's trace to detect
// this.
func TestCreateOnAConnectionThatTheServerHasClosedIsRepeated(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		var creates, given, dialed atomic.Int64
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				creates.Add(1)
			}
			_, _ = io.WriteString(w, v.object("x-1"))
		}))
		t.Cleanup(srv.Close)
		tr := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dialed.Add(1)
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return &closedConn{Conn: conn, closed: make(chan struct{})}, err
		}}
		t.Cleanup(tr.CloseIdleConnections)
		c := connect(t, v, options{baseURL: srv.URL, client: &http.Client{Transport: tr}})
		_, err := c.get(t.Context(), "x-1", call{})
		require.NoError(t, err)
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if given.Add(1) == 1 {
				srv.CloseClientConnections()
				<-info.Conn.(*closedConn).closed // the client has noticed it
			}
		}})
		_, err = c.create(ctx, call{})
		require.NoError(t, err)
		assert.EqualValues(t, 1, creates.Load())
		assert.EqualValues(t, 2, given.Load())
		assert.EqualValues(t, 2, dialed.Load())
	})
}
