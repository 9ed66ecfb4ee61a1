package contract_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// net/http would repeat the requests by itself, without a wait and without a limit.
func TestServerThatAlwaysGoesAwayGetsNoMoreRequestsThanThePolicyAllows(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, o := range obstacles {
			if !o.h2 || o.name == "stream refused" { // here net/http waits seconds between GETs
				continue
			}
			for _, attempts := range []int{1, 3} {
				for _, op := range operations {
					s := behind(t, 10*always100, o, func(http.ResponseWriter, *http.Request) {})
					policy := quick()
					policy.MaxAttempts = attempts
					var meta core.Meta
					err := op.do(t.Context(), reach(t, v, s, options{retry: policy}), call{meta: &meta})
					f := viewed(t, v, err)
					name := o.name + " " + op.name
					assert.EqualValues(t, attempts, s.streams.Load(), name)
					assert.Equal(t, attempts, f.Attempts, name)
					assert.Equal(t, attempts, meta.Attempts, name)
					require.NotErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], name)
				}
			}
		}
	})
}

// The peer received these requests, and does not state that it refused them unprocessed.
func TestStreamThatEndsWithAnyOtherErrorMayHaveBeenProcessed(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for name, end := range map[string]func(c *h2Conn, stream uint32) bool{
			"protocol error": func(c *h2Conn, stream uint32) bool {
				return c.write(h2Reset, 0, stream, uint32s(h2ProtocolError))
			},
			"internal error": func(c *h2Conn, stream uint32) bool {
				return c.write(h2Reset, 0, stream, uint32s(h2InternalError))
			},
			"goes away after it": func(c *h2Conn, stream uint32) bool {
				c.write(h2GoAway, 0, 0, uint32s(stream, 0))
				c.Close()
				return false
			},
			"quotes a refusal": func(c *h2Conn, stream uint32) bool {
				c.write(h2GoAway, 0, 0, append(uint32s(stream, h2InternalError),
					"stream error: stream ID 1; REFUSED_STREAM; received from peer"...))
				c.Close()
				return false
			},
		} {
			o := obstacle{server: func(s *obstacleServer, c net.Conn) { s.answerStreams(c, end) }}
			s := behind(t, always100, o, func(http.ResponseWriter, *http.Request) {})
			_, err := reach(t, v, s, options{}).create(t.Context(), call{})
			f := viewed(t, v, err)
			assert.EqualValues(t, 1, s.streams.Load(), name)
			assert.Equal(t, 1, f.Attempts, name)
			require.ErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], name)
		}
	})
}

// dyingServer responds to the first request on each connection, reads the next one, and closes the
// connection.
type dyingServer struct {
	address string
	mu      sync.Mutex
	seen    []string // methods, and a body
	ended   chan struct{}
}

func startDying(t *testing.T, v vendor) *dyingServer {
	t.Helper()
	s := &dyingServer{ended: make(chan struct{}, 100)} // for more connections than any test has
	s.address = listen(t, func(conn net.Conn) {
		defer func() { s.ended <- struct{}{} }()
		r := bufio.NewReader(conn)
		for n := range 2 {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(req.Body)
			s.mu.Lock()
			s.seen = append(s.seen, req.Method+" "+string(body))
			s.mu.Unlock()
			if n == 0 {
				object := v.object("x-1")
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(len(object))+"\r\n\r\n"+
					object)
			}
		}
	})
	return s
}

func (s *dyingServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

func TestAttemptsCountWhatNetHTTPRepeats(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for most, want := range map[int]int{5: 2, 2: 2, 1: 1} {
			s := startDying(t, v)
			policy := quick()
			policy.MaxAttempts = most
			tr := &http.Transport{}
			c := connect(t, v, options{baseURL: "http://" + s.address, retry: policy,
				client: &http.Client{Transport: tr}})
			_, err := c.get(t.Context(), "x-1", call{})
			require.NoError(t, err)
			var meta core.Meta
			_, err = c.get(t.Context(), "x-1", call{meta: &meta})
			assert.Equal(t, want, meta.Attempts)
			assert.Equal(t, 1+want, s.count())
			if want == 1 {
				assert.Equal(t, 1, viewed(t, v, err).Attempts)
				require.ErrorIs(t, err, v.sentinels["ErrUnavailable"])
			} else {
				require.NoError(t, err)
			}
			tr.CloseIdleConnections()
		}
	})
}

// There is another idle connection. net/http would send the request on it immediately.
func TestOnlyAttemptDoesNotMoveToAnotherIdleConnection(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for range 20 {
			s := startDying(t, v)
			var dialed atomic.Int64
			tr := &http.Transport{MaxIdleConnsPerHost: 10,
				DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
					if err == nil {
						dialed.Add(1)
					}
					return conn, err
				}}
			policy := quick()
			policy.MaxAttempts = 1
			c := connect(t, v, options{baseURL: "http://" + s.address, retry: policy,
				client: &http.Client{Transport: tr}})
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() { _, _ = c.get(t.Context(), "x-1", call{}) })
			}
			wg.Wait()
			before := s.count()
			_, _ = c.get(t.Context(), "x-1", call{})
			tr.CloseIdleConnections()
			for range dialed.Load() { // by then all sent data has been read
				<-s.ended
			}
			assert.Equal(t, 1, s.count()-before)
		}
	})
}

func TestBodyIsNotRepeatedByTheTransport(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, func(int, request) (*http.Response, error) { return nil, errLost })
		_, err := c.create(t.Context(), call{idempotent: true})
		require.Error(t, err)
		require.Len(t, s.requests(), 5)
		for _, r := range s.requests() {
			assert.Nil(t, r.GetBody)
			assert.NotEmpty(t, r.body)
		}
	})
}
