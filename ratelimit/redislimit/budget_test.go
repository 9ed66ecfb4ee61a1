package redislimit

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

func TestShared(t *testing.T) {
	addr := sharedRedis(t)
	for _, limiters := range []int{2, 10} {
		t.Run(strconv.Itoa(limiters), func(t *testing.T) {
			s := newAPI(t, 50, time.Second)
			var group sync.WaitGroup
			for i := range limiters {
				l := open(t, addr, WithHeaders(ratelimit.Confluent()))
				group.Go(func() {
					_, refused, failed := load(t.Context(), l, s.URL, strconv.Itoa(i), 20/limiters, 5500*time.Millisecond)
					assert.Zero(t, refused)
					assert.Zero(t, failed)
				})
			}
			group.Wait()
			s.check(t)
			assert.Len(t, s.by, limiters)
		})
	}
}

func TestTenProcesses(t *testing.T) {
	addr := sharedRedis(t)
	s := newAPI(t, 100, time.Second)
	var group sync.WaitGroup
	for i := range 10 {
		cmd, out := process(t, job{Redis: addr, URL: s.URL, Name: strconv.Itoa(i), Goroutines: 6, For: 6 * time.Second})
		group.Go(func() {
			var r result
			assert.NoError(t, json.NewDecoder(out).Decode(&r))
			assert.Positive(t, r.OK)
			assert.Zero(t, r.Refused)
			assert.Zero(t, r.Failed)
			assert.NoError(t, cmd.Wait())
		})
	}
	group.Wait()
	s.check(t)
	assert.Len(t, s.by, 10)
}

// The clocks of the processes are hours apart, and the server names the end of its window as a
// time, without a Date.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	s := newAPI(t, 50, time.Second)
	s.reset = func(end time.Time) string { return strconv.FormatFloat(float64(end.UnixMicro())/1e6, 'f', 6, 64) }
	var group sync.WaitGroup
	for i, skew := range []time.Duration{0, time.Hour, -time.Hour, 7 * time.Second, -300 * time.Millisecond} {
		l := open(t, addr, WithHeaders(ratelimit.GitHub()), func(l *Limiter) error {
			l.now = func() time.Time { return time.Now().Add(skew) }
			return nil
		})
		group.Go(func() {
			_, refused, failed := load(t.Context(), l, s.URL, strconv.Itoa(i), 4, 4500*time.Millisecond)
			assert.Zero(t, refused)
			assert.Zero(t, failed)
		})
	}
	group.Wait()
	s.check(t)
	assert.Len(t, s.by, 5)
}

// What one has learned, the other obeys.
func TestLearned(t *testing.T) {
	tests := map[string]func(t *testing.T, a, b *Limiter){
		"one goes alone": func(t *testing.T, a, b *Limiter) {
			scout := acquire(t, a)
			start := time.Now()
			var group sync.WaitGroup
			group.Go(func() {
				p := acquire(t, b)
				assert.GreaterOrEqual(t, time.Since(start), 300*time.Millisecond)
				assert.Less(t, time.Since(start), time.Second)
				b.Release(p)
			})
			time.Sleep(300 * time.Millisecond)
			a.Observe(scout, told(10, 9, 20))
			group.Wait()
			assert.Equal(t, 8, b.Snapshot().Remaining)
		},
		"the one fails": func(t *testing.T, a, b *Limiter) {
			scout := acquire(t, a)
			a.Release(scout)
			idle(t, a)
			assert.Less(t, waitFor(t, b), 700*time.Millisecond, "another one goes at once, not after a second")
		},
		"the one is slow, or has died": func(t *testing.T, a, b *Limiter) {
			scout := acquire(t, a)
			got := waitFor(t, b)
			assert.GreaterOrEqual(t, got, 900*time.Millisecond)
			assert.LessOrEqual(t, got, time.Second+soon)
			idle(t, b)
			a.Observe(scout, told(10, 5, 20))
			idle(t, a)
			p := acquire(t, b)
			assert.Equal(t, 4, b.Snapshot().Remaining, "it still teaches")
			b.Release(p)
		},
		"a count": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(10, 4, 0.75))
			exchange(t, b, respond(200))
			assert.Equal(t, 3, b.Snapshot().Remaining)
			assert.Equal(t, 10, b.Snapshot().Limit)
			for range 3 {
				assert.Less(t, waitFor(t, b), soon)
			}
			start := time.Now()
			assert.Less(t, waitFor(t, a), 750*time.Millisecond+maxJitter+soon)
			assert.Greater(t, time.Since(start), 300*time.Millisecond)
			assert.Equal(t, 9, a.Snapshot().Remaining)
		},
		"the lowest count holds": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(10, 4, 20))
			pa, pb := acquire(t, a), acquire(t, b)
			b.Observe(pb, told(10, 1, 20))
			idle(t, b)
			a.Observe(pa, told(10, 3, 20))
			idle(t, a)
			assert.Equal(t, 1, a.Snapshot().Remaining)
		},
		"the earliest end holds": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(10, 4, 20.5))
			end := a.Snapshot().Reset
			pa, pb := acquire(t, a), acquire(t, b)
			b.Observe(pb, told(10, 3, 19.5))
			idle(t, b)
			a.Observe(pa, told(10, 2, 20.5))
			idle(t, a)
			assert.WithinDuration(t, end.Add(-time.Second), a.Snapshot().Reset, soon)
		},
		"whole seconds may have been cut": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(10, 0, 20))
			idle(t, a)
			require.NoError(t, b.Ping(t.Context()))
			assert.WithinDuration(t, time.Now().Add(21*time.Second), a.Snapshot().Reset, soon)
		},
		"the last place shows whether the server has begun anew": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(50, 1, 0))
			start := time.Now()
			alone := acquire(t, a)
			assert.Less(t, time.Since(start), 100*time.Millisecond, "it needs not wait for the end that rounding allows")
			time.AfterFunc(200*time.Millisecond, func() { a.Observe(alone, told(50, 49, 20)) })
			b.Release(acquire(t, b))
			assert.GreaterOrEqual(t, time.Since(start), 200*time.Millisecond, "the others wait for its reply")
			assert.Less(t, time.Since(start), 300*time.Millisecond)
			assert.Equal(t, 48, b.Snapshot().Remaining)
		},
		"the last place was of the old window": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(50, 1, 0))
			exchange(t, a, told(50, 0, 0))
			assert.Greater(t, waitFor(t, b), 500*time.Millisecond)
		},
		"the last places go to who can't wait for the end": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(100, 3, 20))
			acquire(t, a)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(200*time.Millisecond, cancel)
			_, err := b.Acquire(ctx, nil)
			assert.ErrorIs(t, err, context.Canceled, "two are kept, for there are others")
			ctx, cancel = contextWith(t, 5*time.Second)
			defer cancel()
			start := time.Now()
			_, err = b.Acquire(ctx, nil)
			require.NoError(t, err)
			assert.Less(t, time.Since(start), soon)
			assert.Equal(t, 1, b.Snapshot().Remaining)
		},
		"a late reply of an earlier window": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(10, 1, 0.5))
			late := acquire(t, a)
			exchange(t, b, told(10, 9, 20.5))
			a.Observe(late, told(10, 0, 0.1))
			idle(t, a)
			exchange(t, b, respond(200))
			assert.Equal(t, 8, b.Snapshot().Remaining)
			assert.Greater(t, time.Until(b.Snapshot().Reset), 15*time.Second)
		},
		"the server's window ends first, by its time": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(10, 5, 20))
			exchange(t, b, told(10, 4, 40))
			assert.Equal(t, 4, b.Snapshot().Remaining)
			assert.Greater(t, time.Until(b.Snapshot().Reset), 30*time.Second)
		},
		"the server's window ends first, by its count": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(10, 5, 20))
			exchange(t, b, told(10, 9, 10))
			assert.Equal(t, 9, b.Snapshot().Remaining)
		},
		"those on their way count": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(10, 5, 20))
			first := acquire(t, a)
			acquire(t, b)
			a.Observe(first, told(10, 9, 40))
			idle(t, a)
			assert.Equal(t, 8, a.Snapshot().Remaining)
		},
		"Retry-After": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(10, 5, 20))
			exchange(t, a, respond(429, "Retry-After", "1"))
			start := time.Now()
			visits := counted(t, b)
			assert.Greater(t, waitFor(t, b), 500*time.Millisecond)
			assert.Less(t, time.Since(start), time.Second+maxJitter+soon)
			assert.LessOrEqual(t, visits.Load(), int64(5), "no polling")
		},
		"429 with a reset": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, respond(429, "X-RateLimit-Reset", "0.8"))
			assert.Greater(t, waitFor(t, b), 400*time.Millisecond)
		},
		"503 with Retry-After": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, respond(503, "Retry-After", "1"))
			assert.Greater(t, waitFor(t, b), 500*time.Millisecond)
		},
		"503 without": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, respond(503))
			start := time.Now()
			acquire(t, a)
			acquire(t, b)
			assert.Less(t, time.Since(start), soon)
		},
		"no headers, no window": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, respond(200))
			start := time.Now()
			for range 50 {
				acquire(t, b)
			}
			assert.Less(t, time.Since(start), time.Second)
		},
		"a window that only replies without headers fill": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, told(2, 0, 0.2))
			for range 2 {
				exchange(t, b, respond(204))
			}
			assert.Less(t, waitFor(t, a), time.Second+soon)
		},
		"a window whose limit is never told": func(t *testing.T, a, b *Limiter) {
			left := respond(200, "X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "0.2")
			exchange(t, a, left)
			slow := acquire(t, a)
			assert.Less(t, waitFor(t, b), 200*time.Millisecond+maxJitter+soon, "somebody learns again")
			a.Release(slow)
		},
		"the server asks for too much": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, respond(429, "Retry-After", "3600"))
			_, err := b.Acquire(t.Context(), nil)
			var e *ratelimit.WaitError
			require.ErrorAs(t, err, &e)
			assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
			assert.Greater(t, e.Wait, 59*time.Minute)
			assert.Equal(t, 65*time.Second, e.Max)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := sharedRedis(t)
			synctest.Test(t, func(t *testing.T) {
				opt := WithHeaders(ratelimit.Confluent())
				test(t, inBubble(t, addr, &bubble{}, opt), inBubble(t, addr, &bubble{}, opt))
			})
		})
	}
}

// Places are not kept for longer than one would wait for the server.
func TestKeptForMaxWait(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()), WithMaxWait(time.Second))
		exchange(t, l, told(100, 3, 20))
		for range 3 {
			assert.Less(t, waitFor(t, l), soon)
		}
		_, err := l.Acquire(t.Context(), nil)
		assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
	})
}

// Nonsense never stops anybody for longer than the cap, and makes nobody spin.
func TestNonsense(t *testing.T) {
	const most = 400 * time.Millisecond
	for name, resp := range map[string]*http.Response{
		"negative":     respond(429, "Retry-After", "-1", "X-RateLimit-Limit", "-5", "X-RateLimit-Remaining", "-1", "X-RateLimit-Reset", "-9"),
		"huge":         respond(429, "Retry-After", "99999999999999999999", "X-RateLimit-Limit", "1e99", "X-RateLimit-Remaining", "99999999999999999999", "X-RateLimit-Reset", "99999999999999999999"),
		"text":         respond(200, "X-RateLimit-Limit", "many", "X-RateLimit-Remaining", "some", "X-RateLimit-Reset", "soon"),
		"epoch":        respond(200, "X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1772366400"),
		"limit 0":      respond(200, "X-RateLimit-Limit", "0", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "0.1"),
		"a year":       respond(200, "X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "31000000"),
		"a year's 429": respond(429, "Retry-After", "31000000"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := sharedRedis(t)
			synctest.Test(t, func(t *testing.T) {
				opts := []Option{WithHeaders(ratelimit.Confluent()), WithMaxWait(most)}
				a, b := inBubble(t, addr, &bubble{}, opts...), inBubble(t, addr, &bubble{}, opts...)
				exchange(t, a, resp)
				visits := counted(t, b)
				start := time.Now()
				for {
					p, err := b.Acquire(t.Context(), nil)
					if err == nil {
						b.Release(p)
						break
					}
					require.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
					time.Sleep(time.Millisecond)
				}
				assert.LessOrEqual(t, time.Since(start), 2*most+soon)
				assert.LessOrEqual(t, visits.Load(), int64(10))
			})
		})
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
		exchange(t, l, told(10, 0, 29))
		ctx, cancel := contextWith(t, 20*time.Second)
		defer cancel()
		start := time.Now()
		_, err := l.Acquire(ctx, nil)
		var e *ratelimit.WaitError
		require.ErrorAs(t, err, &e)
		assert.True(t, e.Deadline)
		assert.Greater(t, e.Wait, 20*time.Second)
		assert.Less(t, time.Since(start), soon)
	})
}

func TestRate(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		a, b := inBubble(t, addr, &bubble{}, WithRate(50, 10)), inBubble(t, addr, &bubble{}, WithRate(50, 10))
		start := time.Now()
		var group sync.WaitGroup
		for i := range 60 {
			l := []*Limiter{a, b}[i%2]
			group.Go(func() { l.Release(acquire(t, l)) })
		}
		group.Wait()
		assert.GreaterOrEqual(t, time.Since(start), time.Second, "10 at once, 50 at 50 per second")
		assert.LessOrEqual(t, time.Since(start), time.Second+maxJitter)
	})
}

func TestMaxVisits(t *testing.T) {
	t.Parallel()
	l := open(t, sharedRedis(t), WithMaxVisits(20))
	visits := counted(t, l)
	start := time.Now()
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for time.Since(start) < time.Second {
				l.Release(acquire(t, l))
			}
		})
	}
	group.Wait()
	assert.LessOrEqual(t, float64(visits.Load()), 2+20*time.Since(start).Seconds()+1)
	assert.Greater(t, visits.Load(), int64(5))
}

// One request takes one visit, and goroutines that wait at the same time share them.
func TestOneVisitPerRequest(t *testing.T) {
	t.Parallel()
	l := open(t, sharedRedis(t))
	visits := counted(t, l)
	for range 20 {
		p := acquire(t, l)
		l.Observe(p, respond(200))
		l.Release(p)
		idle(t, l)
	}
	assert.EqualValues(t, 20, visits.Load(), "a reply that teaches nothing is not told")

	l = open(t, sharedRedis(t), WithHeaders(ratelimit.Confluent()))
	exchange(t, l, told(1000, 900, 20))
	visits = counted(t, l)
	for range 2 {
		var group sync.WaitGroup
		l.mu.Lock() // They all come before the next visit.
		for range 20 {
			group.Go(func() {
				p := acquire(t, l)
				l.Observe(p, respond(200))
				l.Release(p)
			})
		}
		time.Sleep(50 * time.Millisecond)
		l.mu.Unlock()
		group.Wait()
		idle(t, l)
	}
	assert.Less(t, visits.Load(), int64(40))
}

func TestOrder(t *testing.T) {
	t.Parallel()
	l := open(t, sharedRedis(t), WithMaxInFlight(1))
	first := acquire(t, l)
	var mu sync.Mutex
	var order []int
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			p := acquire(t, l)
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			l.Release(p)
		})
		require.Eventually(t, func() bool { return l.Snapshot().Waiting == i+1 }, patient, time.Millisecond/10)
	}
	l.Release(first)
	group.Wait()
	assert.Len(t, order, 20)
	assert.IsIncreasing(t, order)
}

func TestMaxInFlight(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	s := newAPI(t, 1e6, time.Hour)
	s.hold = 10 * time.Millisecond
	const d = 2 * time.Second
	s.until = time.Now().Add(d) // Of a request that its end cuts off the server goes on working, though its place is free.
	var group sync.WaitGroup
	var counts [3]int64
	for i := range counts {
		l := open(t, addr, WithMaxInFlight(4))
		group.Go(func() {
			// The first has many more goroutines, and gets its turn like the others.
			counts[i], _, _ = load(t.Context(), l, s.URL, strconv.Itoa(i), []int{30, 5, 5}[i], d)
		})
	}
	group.Wait()
	s.Close() // ends what the last requests left behind
	t.Log(counts, s.busiest)
	assert.Equal(t, 4, s.busiest)
	for _, n := range counts {
		assert.Greater(t, n, (counts[0]+counts[1]+counts[2])/10, "%v", counts)
	}
}

// A process that is killed gives its places back when its lease ends; one that lives keeps them.
func TestLease(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const lease = 600 * time.Millisecond
	cmd, out := process(t, job{Redis: addr, MaxInFlight: 2, Lease: lease, Hold: 2})
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "holding\n", line)

	l := open(t, addr, WithMaxInFlight(2), WithLease(lease))
	ctx, cancel := contextWith(t, 3*lease)
	defer cancel()
	_, err = l.Acquire(ctx, nil)
	require.ErrorIs(t, err, ctx.Err(), "it renews its lease")
	cmd.Process.Kill()
	start := time.Now()
	acquire(t, l)
	acquire(t, l)
	assert.LessOrEqual(t, time.Since(start), lease+busy)
}

func TestLeaseOfOneThatDied(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		const lease = 600 * time.Millisecond
		dead := &bubble{}
		a, b := inBubble(t, addr, dead, WithMaxInFlight(1), WithLease(lease)), inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
		acquire(t, a)
		time.Sleep(5 * lease)
		dead.dead.Store(true)
		got := waitFor(t, b)
		assert.Greater(t, got, lease/2, "it has renewed its lease three times in that time")
		assert.Less(t, got, lease+200*time.Millisecond, "it is looked for so often")
	})
}

// Close gives back at once what the lease would keep.
func TestCloseGivesBack(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		a, b := inBubble(t, addr, &bubble{}, WithMaxInFlight(1)), inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
		acquire(t, a)
		require.NoError(t, a.Close())
		assert.Less(t, waitFor(t, b), soon)
		_, err := a.Acquire(t.Context(), nil)
		assert.ErrorIs(t, err, ErrClosed)
	})
}
