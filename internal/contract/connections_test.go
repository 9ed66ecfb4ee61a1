package contract_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// over returns a client of a real server.
func over(t *testing.T, v vendor, srv *httptest.Server, o options) *client {
	t.Helper()
	o.baseURL, o.client = srv.URL, srv.Client()
	if tr, ok := o.client.Transport.(*http.Transport); ok {
		tr.MaxIdleConnsPerHost = 64 // a handshake for every call is slow under the race detector
	}
	c := connect(t, v, o)
	t.Cleanup(c.closing)
	return c
}

func TestEveryAttemptCarriesTheWholeBody(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		protocols(t, func(t *testing.T, serve func(http.HandlerFunc) *httptest.Server) {
			var mu sync.Mutex
			var bodies, lengths []string
			srv := serve(func(w http.ResponseWriter, r *http.Request) {
				body := readAll(r.Body)
				mu.Lock()
				defer mu.Unlock()
				bodies, lengths = append(bodies, body), append(lengths, strconv.FormatInt(r.ContentLength, 10))
				switch len(bodies) {
				case 1:
					w.Header().Set("Retry-After", "0")
					w.WriteHeader(http.StatusServiceUnavailable)
				case 2:
					panic(http.ErrAbortHandler) // cuts the connection or resets the stream
				default:
					_, _ = io.WriteString(w, v.object("x-1"))
				}
			})
			_, err := over(t, v, srv, options{}).create(t.Context(), call{idempotent: true})
			require.NoError(t, err)
			require.Len(t, bodies, 3)
			assert.Contains(t, bodies[0], "{")
			for i := range bodies {
				assert.Equal(t, bodies[0], bodies[i])
				assert.Equal(t, strconv.Itoa(len(bodies[0])), lengths[i])
			}
		})
	})
}

// losses are ways to lose the response to a request that was carried out.
var losses = map[string]func(w http.ResponseWriter, object string){
	"cut": abort, "cut within the response": partly, "length lie": lengthLie, "500": applied500,
}

func abort(http.ResponseWriter, string) { panic(http.ErrAbortHandler) }

func partly(w http.ResponseWriter, object string) {
	_, _ = io.WriteString(w, object[:len(object)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func lengthLie(w http.ResponseWriter, object string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(object)+100))
	_, _ = io.WriteString(w, object)
}

func applied500(w http.ResponseWriter, _ string) { w.WriteHeader(500) }

func TestLostResponseToACreateLeavesOneObjectAndSaysSo(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		protocols(t, func(t *testing.T, serve func(http.HandlerFunc) *httptest.Server) {
			for name, lose := range losses {
				var requests, objects atomic.Int64
				srv := serve(func(w http.ResponseWriter, r *http.Request) {
					requests.Add(1)
					_, _ = io.Copy(io.Discard, r.Body)
					objects.Add(1)
					lose(w, v.object("x-1"))
				})
				_, err := over(t, v, srv, options{}).create(t.Context(), call{})
				f := viewed(t, v, err)
				require.ErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], name)
				require.ErrorIs(t, err, v.sentinels["ErrUnavailable"], name)
				assert.True(t, f.OutcomeUnknown, name)
				assert.Equal(t, 1, f.Attempts, name)
				assert.EqualValues(t, 1, objects.Load(), name)
				assert.EqualValues(t, 1, requests.Load(), name)
			}
		})
	})
}

func TestLostResponseToAReadIsReadAgain(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		protocols(t, func(t *testing.T, serve func(http.HandlerFunc) *httptest.Server) {
			for name, lose := range losses {
				var n atomic.Int64
				srv := serve(func(w http.ResponseWriter, _ *http.Request) {
					if n.Add(1) < 3 {
						lose(w, v.object("x-1"))
						return
					}
					_, _ = io.WriteString(w, v.object("x-1"))
				})
				id, err := over(t, v, srv, options{}).get(t.Context(), "x-1", call{})
				require.NoError(t, err, name)
				assert.Equal(t, "x-1", id)
				assert.GreaterOrEqual(t, n.Load(), int64(3), name)
			}
		})
	})
}

func TestCreateCutBeforeItWasReadIsNotRepeated(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		var n atomic.Int64
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n.Add(1)
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				conn.Close()
			}
		}))
		t.Cleanup(srv.Close)
		_, err := over(t, v, srv, options{}).create(t.Context(), call{})
		viewed(t, v, err)
		require.ErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"])
		assert.EqualValues(t, 1, n.Load(), "the client can't know whether it was read")
	})
}

func TestRefusedConnectionIsRetriedForEveryMethod(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c := connect(t, v, options{baseURL: "http://127.0.0.1:1"}) // a port that is never assigned by chance
		for _, op := range operations {
			err := op.do(t.Context(), c, call{})
			f := viewed(t, v, err)
			assert.Equal(t, 5, f.Attempts, op.name)
			assert.Equal(t, []string{"ErrUnavailable"}, conditions(v, err), op.name)
			assert.False(t, f.OutcomeUnknown)
		}
	})
}

func TestUntrustedCertificateIsNotRetried(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		srv := httptest.NewUnstartedServer(http.NotFoundHandler())
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.StartTLS()
		t.Cleanup(srv.Close)
		c := connect(t, v, options{baseURL: srv.URL})
		t.Cleanup(c.closing)
		_, err := c.create(t.Context(), call{})
		f := viewed(t, v, err)
		assert.Equal(t, 1, f.Attempts)
		require.NotErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], "nothing was sent")
	})
}

func TestPlainServerBehindHTTPSIsNotRetried(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		srv := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(srv.Close)
		c := connect(t, v, options{baseURL: "https://" + srv.Listener.Addr().String()})
		_, err := c.create(t.Context(), call{})
		f := viewed(t, v, err)
		assert.Equal(t, 1, f.Attempts)
		require.NotErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"])
	})
}

func TestCancelEndsARequestOnTheWire(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		protocols(t, func(t *testing.T, serve func(http.HandlerFunc) *httptest.Server) {
			arrived := make(chan struct{})
			srv := serve(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // only then a server notices that its client has left
				close(arrived)
				<-r.Context().Done()
			})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			go func() {
				<-arrived
				cancel()
			}()
			_, err := over(t, v, srv, options{}).create(ctx, call{})
			viewed(t, v, err)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"])
		})
	})
}

func TestOneClientServesManyGoroutines(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		protocols(t, func(t *testing.T, serve func(http.HandlerFunc) *httptest.Server) {
			srv := serve(func(w http.ResponseWriter, r *http.Request) {
				id := path.Base(strings.TrimSuffix(r.URL.Path, v.below))
				if len(id)%5 == 0 {
					w.WriteHeader(404)
					_, _ = io.WriteString(w, v.failure("no "+id))
					return
				}
				_, _ = io.WriteString(w, v.object(id))
			})
			c := over(t, v, srv, options{})
			var wg sync.WaitGroup
			for g := range 64 {
				wg.Go(func() {
					for i := range 10 {
						id := strconv.Itoa(g) + "-" + strings.Repeat("x", 1+(g*7+i*13)%200)
						var raw []byte
						got, err := c.get(t.Context(), id, call{raw: &raw})
						if len(id)%5 == 0 {
							f, _ := v.view(err)
							assert.Equal(t, v.failure("no "+id), string(f.Body))
						} else if assert.NoError(t, err) {
							assert.Equal(t, id, got)
							assert.Equal(t, v.object(id), string(raw))
						}
						for k := range raw { // changes of the copy have no effect on others
							raw[k] = '#'
						}
					}
				})
			}
			wg.Wait()
		})
	})
}

// Status 101 hands over the connection. The following bytes are not a body.
func TestSwitchedProtocolsIsAnErrorAtOnce(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		var n atomic.Int64
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				_, _ = io.WriteString(conn,
					"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
			}
			t.Cleanup(func() { conn.Close() })
		}))
		t.Cleanup(srv.Close)
		for _, op := range operations {
			n.Store(0)
			begin := time.Now()
			err := op.do(t.Context(), over(t, v, srv, options{attemptTimeout: 20 * time.Second}), call{})
			f := viewed(t, v, err)
			assert.Equal(t, 101, f.StatusCode)
			assert.Equal(t, !repeatable(f.Method), f.OutcomeUnknown)
			assert.EqualValues(t, 1, n.Load(), op.name)
			assert.Less(t, time.Since(begin), 10*time.Second)
		}
	})
}

func TestServerThatIsNotTrustedOrSpeaksNoTLSIsNoCondition(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		var n atomic.Int64
		answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n.Add(1)
			_, _ = io.WriteString(w, v.object("x-1"))
		})
		quiet := func(srv *httptest.Server) *httptest.Server {
			srv.Config.ErrorLog = log.New(io.Discard, "", 0)
			t.Cleanup(srv.Close)
			return srv
		}
		untrusted, plain := quiet(httptest.NewUnstartedServer(answer)), quiet(httptest.NewUnstartedServer(answer))
		untrusted.StartTLS()
		plain.Start()
		_, port, _ := strings.Cut(strings.TrimPrefix(untrusted.URL, "https://"), ":")
		for name, o := range map[string]options{
			"not trusted":        {baseURL: untrusted.URL},
			"not trusted either": {baseURL: "https://localhost:" + port},
			"no TLS":             {baseURL: strings.Replace(plain.URL, "http:", "https:", 1)},
		} {
			c := connect(t, v, o)
			t.Cleanup(c.closing)
			_, err := c.create(t.Context(), call{})
			require.Error(t, err, name)
			assert.Empty(t, conditions(v, err), "%s: %v", name, err)
		}
		assert.Zero(t, n.Load())
	})
}
