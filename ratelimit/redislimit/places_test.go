package redislimit

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// A place that stays in the process needs no visit. A saturated process looks for others once per
// 200 ms.
func TestHandingOverNeedsNoVisit(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer) {
		l := inBubble(t, addr, &bubble{}, WithMaxInFlight(4))
		for _, goroutines := range []int{4, 8} { // without others that wait, and with some
			visits := countVisits(t, l)
			ctx, cancel := context.WithCancel(ctx)
			s.saturate(ctx, group, l, goroutines, goroutines)
			time.Sleep(4 * time.Second)
			assert.LessOrEqual(t, visits.Load(), int64(38), "one per 200 ms, and some at the beginning")
			assert.GreaterOrEqual(t, visits.Load(), int64(16))
			cancel()
			group.Wait()
		}
	})
}

// A process that comes later gets its share within some 300 ms, from a process that uses all
// places.
func TestNewcomerGetsItsShare(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, goroutines := range map[string]int{"more than places": 40, "as many as places": 16} {
		t.Run(name, func(t *testing.T) {
			inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer) {
				a := inBubble(t, addr, &bubble{}, WithMaxInFlight(16))
				b := inBubble(t, addr, &bubble{}, WithMaxInFlight(16))
				s.saturate(ctx, group, a, 0, goroutines)
				used, _ := s.places(time.Second)
				require.InDelta(t, 16, used, 0.5)
				s.saturate(ctx, group, b, 1, 40)
				time.Sleep(checkInterval + 5*latency)
				_, each := s.places(time.Second)
				assert.InDeltaSlice(t, []float64{8, 8}, each, 0.5)
				assert.Equal(t, 16, s.mostInFlight())
			})
		})
	}
}

// Places that a process needs no more go to others.
func TestIdlePlacesAreReturned(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer) {
		a := inBubble(t, addr, &bubble{}, WithMaxInFlight(16))
		b := inBubble(t, addr, &bubble{}, WithMaxInFlight(16))
		many, stop := context.WithCancel(ctx)
		s.saturate(many, group, a, 0, 16)
		time.Sleep(time.Second)
		stop()
		s.saturate(ctx, group, a, 0, 1) // It takes and returns one of them all the time.
		time.Sleep(latency + 3*idleInterval)
		s.saturate(ctx, group, b, 1, 16)
		_, each := s.places(20 * latency)
		assert.InDeltaSlice(t, []float64{1, 15}, each, 1)
		assert.Equal(t, 16, s.mostInFlight())
	})
}

// A process returns its kept places when it is closed.
func TestCloseReturnsKeptPlaces(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		a := inBubble(t, addr, &bubble{}, WithMaxInFlight(2))
		b := inBubble(t, addr, &bubble{}, WithMaxInFlight(2))
		released := acquire(t, a)
		inFlight := acquire(t, a)
		a.Release(released)
		require.Equal(t, 1, a.spare)
		require.NoError(t, a.Close())
		acquire(t, b)
		begin := time.Now()
		acquire(t, b)
		assert.Less(t, time.Since(begin), soon)
		a.Release(inFlight)
	})
}

// The places of a process that dies under load come back when its lease ends, not before.
func TestPlacesOfADeadProcess(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer) {
		const lease = time.Second
		dead := &bubble{}
		a := inBubble(t, addr, dead, WithMaxInFlight(8), WithLease(lease))
		b := inBubble(t, addr, &bubble{}, WithMaxInFlight(8), WithLease(lease))
		s.saturate(ctx, group, b, 1, 16)
		die, cancel := context.WithCancel(ctx)
		s.saturate(die, group, a, 0, 16)
		time.Sleep(2 * time.Second)
		dead.dead.Store(true)
		cancel()
		_, each := s.places(lease / 2) // It has renewed its lease within a third.
		assert.InDelta(t, 4, each[1], 0.5)
		time.Sleep(lease/2 + checkInterval)
		_, each = s.places(time.Second)
		assert.InDelta(t, 8, each[1], 0.5)
		assert.Equal(t, 8, s.mostInFlight())
	})
}

// The places that requests have when Redis goes away are still theirs when it is back.
func TestPlacesDuringAnOutage(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer) {
		hooks := []*bubble{{}, {}}
		var limiters []*Limiter
		for _, hook := range hooks {
			l := inBubble(t, addr, hook, WithMaxInFlight(6))
			acquire(t, l) // It stays in flight.
			limiters = append(limiters, l)
		}
		for i, l := range limiters {
			s.saturate(ctx, group, l, i, 8)
		}
		for range 3 {
			used, _ := s.places(time.Second)
			assert.Greater(t, used, 3.5)
			for _, hook := range hooks {
				hook.dead.Store(true)
			}
			time.Sleep(2 * time.Second)
			used, _ = s.places(time.Second)
			assert.Zero(t, used)
			for _, hook := range hooks {
				hook.dead.Store(false)
			}
			time.Sleep(2 * maxRetryDelay)
		}
		assert.Equal(t, 4, s.mostInFlight())
	})
}

// While Redis does not answer, a process hands over no place that is not surely its own.
func TestHandingOverEndsWithoutRedis(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for _, lease := range []time.Duration{minLease, defaultLease} {
		t.Run(lease.String(), func(t *testing.T) {
			inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer) {
				var stalled atomic.Bool
				hook := &bubble{after: func([]any) {
					if stalled.Load() {
						time.Sleep(20 * time.Second)
					}
				}}
				l := inBubble(t, addr, hook, WithMaxInFlight(4), WithLease(lease), WithTimeout(time.Minute))
				s.saturate(ctx, group, l, 0, 8)
				time.Sleep(time.Second)
				stalled.Store(true)
				begin := time.Now()
				time.Sleep(3 * time.Second)
				age := min(checkInterval, lease/3)
				last := s.lastRequest(0).Sub(begin)
				assert.Greater(t, last, age-latency-soon, "It hands over while a visit is on its way.")
				assert.LessOrEqual(t, last, 2*age)
				stalled.Store(false)
				time.Sleep(20 * time.Second)
				used, _ := s.places(time.Second)
				assert.InDelta(t, 4, used, 0.5)
				assert.Equal(t, 4, s.mostInFlight())
			})
		})
	}
}

// A pause holds back the requests that get a place without a visit: those of its process at once,
// those of the others within two checkIntervals.
func TestPauseReachesHandedOverPlaces(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, opts := range map[string][]Option{
		"no window": {WithMaxInFlight(8)}, "a window": {WithMaxInFlight(8), WithHeaders(ratelimit.Confluent())},
	} {
		t.Run(name, func(t *testing.T) {
			inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer) {
				end := time.Now().Add(time.Hour)
				var refused atomic.Pointer[time.Time]
				s.respond = func(process, n int) *http.Response {
					if now := time.Now(); process == 0 && n > 500 && refused.CompareAndSwap(nil, &now) {
						return httpResponse(http.StatusTooManyRequests, "Retry-After", "10")
					}
					return windowResponse(1e6, 1e6-n, time.Until(end).Seconds())
				}
				const delay = 5 * time.Millisecond
				for i := range 2 {
					l := inBubble(t, addr, &bubble{delay: delay}, opts...)
					s.saturate(ctx, group, l, i, 16)
				}
				time.Sleep(9 * time.Second)
				require.NotNil(t, refused.Load())
				assert.LessOrEqual(t, s.lastRequest(0).Sub(*refused.Load()), 10*delay, "a visit may be on its way")
				assert.LessOrEqual(t, s.lastRequest(1).Sub(*refused.Load()), 2*checkInterval)
				time.Sleep(3 * time.Second)
				used, _ := s.places(time.Second)
				assert.Greater(t, used, 0.8*8, "after the pause")
				assert.Equal(t, 8, s.mostInFlight())
			})
		})
	}
}

// After a refusal no place is handed over until Redis knows of it, also if another visit returns.
func TestRefusalDuringAVisit(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithMaxInFlight(4))
		first, second := acquire(t, l), acquire(t, l)
		const roundTrip = 100 * time.Millisecond
		l.client.(*redis.Client).AddHook(&farRedis{roundTrip: roundTrip})
		l.Release(first)
		time.Sleep(idleInterval + roundTrip/2) // The visit is on its way.
		l.Observe(second, httpResponse(http.StatusTooManyRequests, "Retry-After", "10"))
		l.Release(second)
		for range 2 { // before the visit is back, and while the next one is on its way
			ctx, cancel := withTimeout(t, roundTrip/4)
			defer cancel()
			_, err := l.Acquire(ctx, nil)
			assert.Error(t, err)
			time.Sleep(roundTrip/4 + soon)
		}
	})
}

// Refusals that ask for no wait begin a pause from the second one in a row on. The refusals of one
// burst count once. Both hold for requests that need no visit.
func TestUnstatedRefusalsOfHandedOverPlaces(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithMaxInFlight(4))
		refuseBurst := func() (visits int64) {
			counter := countVisits(t, l)
			var burst []ratelimit.Permit
			for range 4 {
				burst = append(burst, acquire(t, l))
			}
			visits = counter.Load()
			for _, p := range burst {
				l.Observe(p, httpResponse(http.StatusTooManyRequests))
				waitReported(t, l)
				l.Release(p)
			}
			return visits
		}
		refuseBurst()
		assert.Less(t, waitFor(t, l), soon, "after the first burst")
		assert.Zero(t, refuseBurst())
		assert.InDelta(t, 100*time.Millisecond, waitFor(t, l), float64(11*time.Millisecond), "after the second one")
	})
}

// A process whose record is lost hands over no place that others have got meanwhile.
func TestPlacesThatOthersGotAreNotHandedOver(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		const limit = 4
		a := inBubble(t, addr, &bubble{}, WithMaxInFlight(limit))
		b := inBubble(t, addr, &bubble{}, WithMaxInFlight(limit))
		var held []ratelimit.Permit
		for range limit {
			held = append(held, acquire(t, a))
		}
		require.NoError(t, a.client.Del(t.Context(), a.key).Err()) // as if the lease had ended
		for range limit {
			acquire(t, b)
		}
		for _, p := range held[1:] {
			a.Release(p)
		}
		time.Sleep(idleInterval + soon) // A visit has returned the place that was idle for longest.
		ctx, cancel := withTimeout(t, soon)
		defer cancel()
		_, err := a.Acquire(ctx, nil)
		assert.Error(t, err)
		synctest.Wait()
		assert.Equal(t, 1, a.known.processes[a.process].held, "the one in use")
	})
}

// A place ahead of the requests has the lowest count of its window, also if no other place was
// given in the same visit.
func TestLowestCountOfPlacesAheadWhileQueued(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithMaxInFlight(1), WithHeaders(ratelimit.Confluent()))
		exchange(t, l, windowResponse(1000, 900, 60))
		held := acquire(t, l)
		for synctest.Wait(); len(l.unused) > 0; synctest.Wait() { // The next visit gives places ahead.
			l.Observe(held, windowResponse(1000, 899, 60))
			l.Release(held)
			held = acquire(t, l)
		}
		q := &line{l: l}
		q.add(t, 0, ratelimit.Normal, 0)
		synctest.Wait()
		require.NotEmpty(t, l.unused)
		for _, g := range l.unused {
			assert.Equal(t, 899, g.low)
		}
		l.Release(held)
		q.wait()
	})
}

// Requests that give up while they wait, or at the moment when they get a place, lose none.
func TestCancelledWaitersLoseNoPlace(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, opts := range map[string][]Option{
		"no window": {WithMaxInFlight(5)}, "a window": {WithMaxInFlight(5), WithHeaders(ratelimit.Confluent())},
	} {
		t.Run(name, func(t *testing.T) {
			inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, s *flightServer) {
				end := time.Now().Add(time.Hour)
				s.respond = func(_, n int) *http.Response {
					return windowResponse(1e6, 1e6-n, time.Until(end).Seconds())
				}
				stop := time.Now().Add(5 * time.Second)
				hook := func() *bubble { return &bubble{delay: 5 * time.Millisecond} }
				limiters := []*Limiter{inBubble(t, addr, hook(), opts...), inBubble(t, addr, hook(), opts...)}
				for i := range 40 {
					group.Go(func() {
						for time.Now().Before(stop) {
							ctx, cancel := context.WithCancel(ctx)
							time.AfterFunc(rand.N(2*latency), cancel)
							if p, err := limiters[i%2].Acquire(ctx, nil); err == nil {
								if resp := s.serve(i % 2); rand.N(4) > 0 {
									limiters[i%2].Observe(p, resp)
								}
								limiters[i%2].Release(p)
							}
							cancel()
						}
					})
				}
				group.Wait()
				assert.Equal(t, 5, s.mostInFlight())
				time.Sleep(4 * idleInterval)
				for range 5 {
					assert.Less(t, waitFor(t, limiters[0]), time.Second)
					acquire(t, limiters[0])
				}
			})
		})
	}
}

// A place that is handed over goes to the waiter that leaves next. One that could not be in time
// fails.
func TestHandingOverFollowsPriorities(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
		held := acquire(t, l)
		q := &line{l: l, after: 10 * time.Millisecond}
		q.add(t, 0, ratelimit.Low, 0)
		q.add(t, 1, ratelimit.Normal, 0)
		q.add(t, 2, ratelimit.Normal, 5*time.Second)
		q.add(t, 3, ratelimit.First, 0)
		visits := countVisits(t, l)
		l.Release(held)
		assert.Equal(t, []int{3, 1, 2, 0}, q.wait())
		assert.Zero(t, visits.Load())
	})
}

// A process whose waiters have given up does not keep the others waiting.
func TestWaitersThatGaveUpLeaveTheQueue(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, delay := range map[string]time.Duration{"after the visit": 0, "during the visit": 30 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
				b := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
				held := acquire(t, b)
				time.Sleep(time.Second)
				a.client.(*redis.Client).AddHook(&farRedis{roundTrip: delay})
				ctx, cancel := withTimeout(t, delay+time.Millisecond)
				defer cancel()
				_, err := a.Acquire(ctx, nil)
				require.Error(t, err)
				time.Sleep(5 * delay)
				b.Release(held)
				time.Sleep(2 * idleInterval)
				assert.Less(t, waitFor(t, b), soon)
			})
		})
	}
}

// A place that comes after its request has given up goes to others.
func TestPlaceWithoutARequestIsReturned(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		a := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
		b := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
		const roundTrip = 30 * time.Millisecond
		a.client.(*redis.Client).AddHook(&farRedis{roundTrip: roundTrip})
		ctx, cancel := withTimeout(t, time.Millisecond)
		defer cancel()
		_, err := a.Acquire(ctx, nil)
		require.Error(t, err)
		time.Sleep(4*roundTrip + idleInterval)
		assert.Less(t, waitFor(t, b), soon)
	})
}

// The share is the equal part of what satisfied processes leave, and never more than is free.
func TestShare(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit     int
		satisfied int   // places of processes that do not wait
		rivals    []int // places of those that wait
		had       time.Duration
		want      int
	}{
		"nobody waits":                          {16, 4, nil, time.Hour, 12},
		"others have more than all":             {16, 20, nil, 0, 0},
		"others have more than all, one waits":  {16, 15, []int{4}, 0, 0},
		"another waits":                         {16, 0, []int{0}, time.Hour, 8},
		"another waits, a third is satisfied":   {16, 6, []int{0}, time.Hour, 5},
		"a rest, in its turn":                   {16, 0, []int{5, 5}, turnLength - 1, 6},
		"a rest, after its turn":                {16, 0, []int{5, 5}, turnLength, 5},
		"a rest, but another has less":          {16, 0, []int{4, 6}, 0, 5},
		"a rest that all others have":           {17, 0, []int{6, 6}, time.Hour, 5},
		"fewer places than processes":           {1, 0, []int{0, 0, 0}, turnLength/4 - 1, 1},
		"fewer places than processes, its turn": {1, 0, []int{0, 0, 0}, turnLength / 4, 0},
	} {
		tr := turn{config: &config{maxInFlight: tt.limit}, visit: visit{had: tt.had}}
		tr.others.held = tt.satisfied
		for _, held := range tt.rivals {
			tr.others.held += held
			tr.rivals = append(tr.rivals, record{held: held})
		}
		assert.Equal(t, tt.want, tr.share().places, name)
	}
}

// A place goes first to the process that has fewest, then to the one that has waited for longest.
func TestOrderOfProcessesThatWait(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tr := turn{own: record{held: 2, ticket: now}, rivals: []record{
		{held: 1, ticket: now.Add(time.Second)}, {held: 2, ticket: now.Add(-time.Second)},
		{held: 2, ticket: now.Add(time.Second)}, {held: 3, ticket: now.Add(-time.Second)},
	}}
	assert.Equal(t, 2, tr.before())
}
