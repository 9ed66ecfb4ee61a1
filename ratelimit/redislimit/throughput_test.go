package redislimit

import (
	"context"
	"fmt"
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
	inFlight map[int]int // by process
	total    int         // the sum of inFlight
	most     int
	done     map[int]int
	last     map[int]time.Time // when the latest request of a process arrived
	n        int
}

func newFlightServer() *flightServer {
	return &flightServer{inFlight: map[int]int{}, done: map[int]int{}, last: map[int]time.Time{}}
}

// serve is one request of process.
func (s *flightServer) serve(process int) *http.Response {
	s.mu.Lock()
	s.inFlight[process]++
	s.total++
	s.most = max(s.most, s.total)
	s.last[process] = time.Now()
	s.mu.Unlock()
	time.Sleep(latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight[process]--
	s.total--
	s.done[process]++
	s.n++
	if s.respond == nil {
		return httpResponse(http.StatusOK)
	}
	return s.respond(process, s.n)
}

// counts returns how many requests each process has finished since the counts were returned last.
func (s *flightServer) counts() (sum int, each []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for process := range len(s.done) {
		sum += s.done[process]
		each = append(each, s.done[process])
	}
	clear(s.done)
	return sum, each
}

// held returns how many requests of process are in flight.
func (s *flightServer) held(process int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inFlight[process]
}

// saturate sends requests through l from so many goroutines, each as soon as the one before has
// ended, until ctx ends.
func (s *flightServer) saturate(ctx context.Context, group *sync.WaitGroup, l *Limiter, process, goroutines int) {
	for range goroutines {
		group.Go(func() {
			for {
				p, err := l.Acquire(ctx, nil)
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
			t.Run(fmt.Sprintf("%d processes, %v, %d places%s", tt.processes, tt.delay, tt.limit, name), func(t *testing.T) {
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
					s.counts()
					const d = 3 * time.Second
					time.Sleep(d)
					sum, each := s.counts()
					possible := float64(tt.limit) * float64(d/latency)
					t.Logf("%.1f %% of the places used; each process: %v", 100*float64(sum)/possible, each)
					assert.Equal(t, tt.limit, s.most)
					assert.Greater(t, float64(sum), tt.used*possible)
					require.Len(t, each, tt.processes)
					assert.Greater(t, float64(slices.Min(each)), float64(sum)/float64(tt.processes)/2)
				})
			})
		}
	}
}
