package redislimit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// latency is how long a flightServer takes for a response.
const latency = 20 * time.Millisecond

// flightServer counts the requests of each process and those in flight.
type flightServer struct {
	respond func(process, n int) *http.Response // the n-th response of all; nil for 200

	mu       sync.Mutex
	inFlight int
	most     int
	n        int               // responses
	done     map[int]int       // by process
	last     map[int]time.Time // when the latest request of a process arrived
}

func newFlightServer() *flightServer {
	return &flightServer{done: map[int]int{}, last: map[int]time.Time{}}
}

// serve is one request of process.
func (s *flightServer) serve(process int) *http.Response {
	s.mu.Lock()
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	s.last[process] = time.Now()
	s.mu.Unlock()
	time.Sleep(latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	s.done[process]++
	s.n++
	if s.respond == nil {
		return httpResponse(http.StatusOK)
	}
	return s.respond(process, s.n)
}

// places returns how many places all processes and each of them use on average during d, which
// begins now.
func (s *flightServer) places(d time.Duration) (sum float64, each []float64) {
	s.mu.Lock()
	clear(s.done)
	s.mu.Unlock()
	time.Sleep(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	each = make([]float64, 1+slices.Max(slices.Collect(maps.Keys(s.last))))
	for process, n := range s.done {
		each[process] = float64(n) * float64(latency) / float64(d)
		sum += each[process]
	}
	return sum, each
}

// mostInFlight returns how many requests were in flight at once.
func (s *flightServer) mostInFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// lastRequest returns when the latest request of process arrived.
func (s *flightServer) lastRequest(process int) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[process]
}

// saturate sends requests through l from so many goroutines, each as soon as the one before has
// ended, until ctx ends. During an outage they try again.
func (s *flightServer) saturate(ctx context.Context, group *sync.WaitGroup, l *Limiter, process, goroutines int) {
	for range goroutines {
		group.Go(func() {
			for {
				p, err := l.Acquire(ctx, nil)
				if errors.Is(err, ErrUnavailable) {
					time.Sleep(latency)
					continue
				}
				if err != nil {
					return
				}
				l.Observe(p, s.serve(process))
				l.Release(p)
			}
		})
	}
}

// inFlightTest runs test in a bubble, with a context that ends before the bubble does.
func inFlightTest(t *testing.T, test func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		defer group.Wait()
		defer cancel()
		test(t, ctx, &group, newFlightServer())
	})
}

// All places in flight are used, however far Redis is and however many processes share them. There
// are never more requests in flight, and each process gets its share.
func TestPlacesInFlightAreUsed(t *testing.T) {
	addr := sharedRedis(t)
	const ms = time.Millisecond
	for _, tt := range []struct {
		processes int
		delay     time.Duration // of a visit, each way, at most
		limit     int
		used      float64
	}{
		{1, 5 * ms, 5, 0.97},
		{3, 0, 5, 0.9},
		{10, 0, 16, 0.9},
		{10, 1 * ms, 16, 0.9},
		{10, 5 * ms, 16, 0.9},
		{10, 5 * ms, 19, 0.9}, // one less than two for each
		{30, 1 * ms, 30, 0.9},
		{30, 1 * ms, 16, 0.85}, // They take turns.
		{10, 1 * ms, 1, 0.8},
	} {
		for name, opts := range map[string][]Option{
			"":                nil,
			", with a window": {WithHeaders(ratelimit.Confluent())},
		} {
			name = fmt.Sprintf("%d processes, %v, %d places%s", tt.processes, tt.delay, tt.limit, name)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer) {
					end := time.Now().Add(time.Hour)
					s.respond = func(_, n int) *http.Response {
						return windowResponse(1e6, 1e6-n, time.Until(end).Seconds())
					}
					for i := range tt.processes {
						l := inBubble(t, addr, &bubble{delay: tt.delay}, append(opts, WithMaxInFlight(tt.limit))...)
						s.saturate(ctx, group, l, i, 8)
					}
					time.Sleep(time.Second)
					sum, each := s.places(9 * time.Second)
					t.Logf("%.1f places used; each process: %.1f", sum, each)
					assert.Equal(t, tt.limit, s.mostInFlight())
					assert.Greater(t, sum, tt.used*float64(tt.limit))
					require.Len(t, each, tt.processes)
					assert.Greater(t, slices.Min(each), sum/float64(tt.processes)/2)
				})
			})
		}
	}
}
