package redislimit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// rateUse records the requests of processes that share a rate.
type rateUse struct {
	perSecond  float64
	burst      int
	goroutines int // of each process

	mu     sync.Mutex
	left   [][]time.Time // of each process
	visits []*atomic.Int64
}

// add begins a process whose visits take the time trip. It sends requests until ctx ends.
func (u *rateUse) add(
	ctx context.Context, t *testing.T, group *sync.WaitGroup, addr string, trip time.Duration,
) *Limiter {
	l := inBubble(t, addr, &bubble{trip: trip}, WithRate(u.perSecond, u.burst))
	u.mu.Lock()
	process := len(u.left)
	u.left, u.visits = append(u.left, nil), append(u.visits, countVisits(t, l))
	u.mu.Unlock()
	for range u.goroutines {
		group.Go(func() {
			for {
				p, err := l.Acquire(ctx, nil)
				if err != nil {
					return
				}
				u.mu.Lock()
				u.left[process] = append(u.left[process], time.Now())
				u.mu.Unlock()
				time.Sleep(latency)
				l.Observe(p, httpResponse(200))
				l.Release(p)
			}
		})
	}
	return l
}

// since returns how many requests of each process have left at from or later, and of all together.
func (u *rateUse) since(from time.Time) (each []int, sum int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, times := range u.left {
		n := 0
		for _, at := range times {
			if !at.Before(from) {
				n++
			}
		}
		each, sum = append(each, n), sum+n
	}
	return each, sum
}

// scripts returns how many scripts all processes have run.
func (u *rateUse) scripts() (n int64) {
	for _, visits := range u.visits {
		n += visits.Load()
	}
	return n
}

// excess returns by how many requests the processes have exceeded the rate and the burst in any
// interval.
func (u *rateUse) excess() (most float64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := slices.Concat(u.left...)
	slices.SortFunc(all, time.Time.Compare)
	least := 0.0 // of what was used up so far beyond the rate
	for i, at := range all {
		used := float64(i) - u.perSecond*at.Sub(all[0]).Seconds()
		least = min(least, used)
		most = max(most, used+1-least-float64(u.burst))
	}
	return most
}

// Processes that all want the whole rate get equal parts of it, however far Redis is. They use all
// of it, and never exceed it by one request in any interval.
func TestProcessesShareTheRate(t *testing.T) {
	addr := sharedRedis(t)
	const ms = time.Millisecond
	for _, tt := range []struct {
		perSecond             float64
		processes, goroutines int
		trip                  time.Duration
		used, scripts         float64 // of the rate, and for each request
	}{
		{200, 10, 8, 5 * ms, 0.98, 1},
		{200, 10, 8, 1 * ms, 0.98, 1},
		{200, 10, 8, 3 * ms, 0.98, 1},
		{200, 10, 8, 10 * ms, 0.98, 1},
		{200, 10, 8, 20 * ms, 0.98, 1},
		{200, 2, 8, 5 * ms, 0.98, 1},
		{200, 5, 8, 5 * ms, 0.98, 1},
		{200, 2, 16, 20 * ms, 0.98, 1},
		{50, 5, 8, 5 * ms, 0.98, 3},
		{50, 10, 8, 10 * ms, 0.98, 3},
		{1000, 10, 32, 5 * ms, 0.98, 0.3},
		{1000, 10, 32, 20 * ms, 0.9, 0.4},
		{1000, 2, 60, 1 * ms, 0.98, 0.3},
		{20, 10, 8, 1 * ms, 0.95, 4},    // one token each within maxReserve
		{123, 7, 5, 7 * ms, 0.98, 1.5},  // no round numbers
		{700, 3, 40, 13 * ms, 0.98, .3}, // the same
	} {
		name := fmt.Sprintf("%v per second, %d processes, %v", tt.perSecond, tt.processes, tt.trip)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, _ *flightServer) {
				u := &rateUse{perSecond: tt.perSecond, burst: 2, goroutines: tt.goroutines}
				for range tt.processes {
					u.add(ctx, t, group, addr, tt.trip)
				}
				time.Sleep(time.Second)
				before, begin := u.scripts(), time.Now()
				const d = 3 * time.Second
				time.Sleep(d)
				each, sum := u.since(begin)
				scripts := float64(u.scripts()-before) / float64(sum)
				t.Logf("%d requests: %v, %.2f scripts for each one", sum, each, scripts)
				assert.Greater(t, float64(sum), tt.used*tt.perSecond*d.Seconds())
				equal := float64(sum) / float64(tt.processes)
				margin := max(0.3*equal, 1)
				if tt.trip >= 20*ms { // A visit brings a tenth of them.
					margin = 0.5 * equal
				}
				assert.GreaterOrEqual(t, float64(slices.Min(each)), equal-margin)
				assert.LessOrEqual(t, float64(slices.Max(each)), equal+margin)
				assert.LessOrEqual(t, scripts, tt.scripts)
				assert.Less(t, u.excess(), 0.01)
			})
		})
	}
}

// A process that is farther from Redis than the others gets its part too.
func TestFartherProcessesShareTheRate(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, _ *flightServer) {
		u := &rateUse{perSecond: 200, burst: 10, goroutines: 8}
		for _, trip := range []time.Duration{1, 1, 1, 1, 5, 5, 10, 10} {
			u.add(ctx, t, group, addr, trip*time.Millisecond)
		}
		time.Sleep(4 * time.Second)
		each, sum := u.since(time.Now().Add(-3 * time.Second))
		t.Logf("%d requests: %v", sum, each)
		assert.Greater(t, sum, 590)
		assert.Greater(t, slices.Min(each), sum/len(each)/2)
	})
}

// A process that comes later gets its part quickly, from processes that use the whole rate.
func TestNewcomerSharesTheRate(t *testing.T) {
	addr := sharedRedis(t)
	for _, others := range []int{1, 4, 9} {
		t.Run(fmt.Sprint(others, " others"), func(t *testing.T) {
			t.Parallel()
			inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, _ *flightServer) {
				u := &rateUse{perSecond: 200, burst: 5, goroutines: 8}
				for range others {
					u.add(ctx, t, group, addr, 5*time.Millisecond)
				}
				time.Sleep(time.Second)
				begin := time.Now()
				u.add(ctx, t, group, addr, 5*time.Millisecond)
				time.Sleep(time.Second)
				u.mu.Lock()
				if !assert.NotEmpty(t, u.left[others]) {
					u.mu.Unlock()
					return
				}
				first := u.left[others][0].Sub(begin)
				u.mu.Unlock()
				each, sum := u.since(begin.Add(first))
				t.Logf("first after %v, then %v", first, each)
				assert.Less(t, first, 300*time.Millisecond)
				assert.Greater(t, each[others]*len(each), sum*2/3)
			})
		})
	}
}
