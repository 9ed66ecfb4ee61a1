package redislimit

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// emptyBucket returns a process that has just got the only token of the bucket, the first request
// of the budget. A token comes every 100 ms from now on.
func emptyBucket(t *testing.T, addr string, trip time.Duration, opts ...Option) *Limiter {
	t.Helper()
	l := inBubble(t, addr, &bubble{trip: trip}, append(opts, WithRate(10, 1))...)
	l.Release(acquire(t, l))
	return l
}

// twoReserved returns a process 50 ms away from Redis with two requests that wait, 0 and 1. Their
// tokens are reserved. The time since the request before is 52 ms.
func twoReserved(t *testing.T, addr string, opts ...Option) (*Limiter, *line) {
	t.Helper()
	l := emptyBucket(t, addr, 50*time.Millisecond, opts...)
	l.mu.Lock()
	l.nextVisit = l.now().Add(time.Millisecond) // It is made for both.
	l.mu.Unlock()
	q := &line{l: l}
	q.add(t, 0, ratelimit.Normal, 0)
	q.add(t, 1, ratelimit.Normal, 0)
	time.Sleep(52 * time.Millisecond)
	requireCounts(t, l, 2, 0, 0)
	return l, q
}

// counts returns how many reserved tokens, requests in flight and requests without a response l
// has. The reserved tokens are no requests.
func counts(l *Limiter) (reserved, inFlight, pending int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.reserved), l.held - len(l.reserved), l.pending - len(l.reserved)
}

// requireCounts checks the same.
func requireCounts(t *testing.T, l *Limiter, reserved, inFlight, pending int) {
	t.Helper()
	r, f, p := counts(l)
	require.Equal(t, []int{reserved, inFlight, pending}, []int{r, f, p}, "reserved, in flight, pending")
}

// A burst leaves at once. Then the requests leave at the rate, each at the time of its token, also
// if Redis is farther away than the time between two tokens.
func TestTokensComeInTime(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for _, trip := range []time.Duration{0, 30 * time.Millisecond} {
		t.Run(trip.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := inBubble(t, addr, &bubble{trip: trip}, WithRate(50, 4))
				acquire(t, l) // The first visit reads the budget.
				time.Sleep(time.Second)
				l.mu.Lock()
				l.nextVisit = l.now().Add(time.Millisecond) // It is made for all.
				l.mu.Unlock()
				q := &line{l: l}
				for i := range 24 {
					q.add(t, i, ratelimit.Normal, 0)
				}
				q.wait()
				for i, a := range q.ended {
					require.NoError(t, a.err)
					want := time.Millisecond + trip + time.Duration(max(i-3, 0))*20*time.Millisecond
					assert.InDelta(t, want, a.took, float64(soon), i)
				}
			})
		})
	}
}

// The waiters of a process get its reserved tokens without a visit.
func TestReservedTokensNeedNoVisit(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l, q := twoReserved(t, addr)
		assert.Equal(t, 2, l.Snapshot().Waiting)
		assert.Zero(t, l.Snapshot().InFlight)
		visits := countVisits(t, l)
		q.add(t, 2, ratelimit.First, 0)
		assert.Equal(t, []int{2, 0, 1}, q.wait(), "First takes the token of another one")
		assert.LessOrEqual(t, visits.Load(), int64(1), "for the third token")
		assert.InDelta(t, 300, q.endOf(1).took.Milliseconds(), 1)
	})
}

// A reserved token leaves in time, also while a visit is on its way, and when no further visit may
// be made.
func TestReservedTokenDoesNotWaitForAVisit(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, stall := range map[string]func(l *Limiter){
		"a visit is on its way": func(l *Limiter) { l.visiting = make(chan struct{}) },
		"no visit is left":      func(l *Limiter) { l.visits = newVisits(1); l.visits.AllowN(l.now(), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, q := twoReserved(t, addr)
				l.mu.Lock()
				stall(l)
				l.mu.Unlock()
				q.wait()
				assert.InDelta(t, 100, q.endOf(0).took.Milliseconds(), 1)
				assert.InDelta(t, 200, q.endOf(1).took.Milliseconds(), 1)
				l.mu.Lock()
				if l.visiting != nil {
					close(l.visiting)
					l.visiting = nil
				}
				l.mu.Unlock()
			})
		})
	}
}

// A request whose deadline is before the first reserved token fails at once. One whose deadline is
// too near when its turn comes fails then, and the next one gets the token.
func TestDeadlineBeforeTheReservedToken(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		l, q := twoReserved(t, addr)
		q.add(t, 10, ratelimit.First, 40*ms)
		var tooLate *ratelimit.WaitError
		require.ErrorAs(t, q.endOf(10).err, &tooLate)
		assert.True(t, tooLate.Deadline)
		assert.InDelta(t, 48, tooLate.Wait.Milliseconds(), 1)
		assert.Less(t, q.endOf(10).took, soon)
		l.mu.Lock()
		l.trip.Measure(20 * ms) // Nearly no response takes longer than 50 ms.
		l.mu.Unlock()
		q.add(t, 11, ratelimit.First, 110*ms)
		q.add(t, 12, ratelimit.First, 180*ms) // 32 ms are left at the second token.
		assert.Equal(t, []int{11, 0, 1}, q.wait())
		require.ErrorAs(t, q.endOf(12).err, &tooLate)
		assert.LessOrEqual(t, q.endOf(12).took, 148*ms, "A visit before may find it.")
		assert.InDelta(t, 200, q.endOf(0).took.Milliseconds(), 1)
	})
}

// The token of a request that gave up goes to one that comes before its time. Otherwise it is lost.
func TestTokenOfARequestThatGaveUp(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, tt := range map[string]struct{ comes, leaves time.Duration }{
		"before its time": {50 * time.Millisecond, 100 * time.Millisecond},
		"after its time":  {150 * time.Millisecond, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := emptyBucket(t, addr, 0)
				begin := time.Now()
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(20*time.Millisecond, cancel)
				_, err := l.Acquire(ctx, nil)
				require.ErrorIs(t, err, context.Canceled)
				requireCounts(t, l, 1, 0, 0)
				time.Sleep(tt.comes - time.Since(begin))
				acquire(t, l)
				assert.InDelta(t, tt.leaves.Milliseconds(), time.Since(begin).Milliseconds(), 1)
				requireCounts(t, l, 0, 1, 1)
			})
		})
	}
}

// A pause that this process learns of holds back the requests with reserved tokens, whether it has
// got the refusal or another process has.
func TestPauseHoldsBackReservedTokens(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const pause = 300 * time.Millisecond
	refusal := httpResponse(429, "Retry-After", "0.3")
	for name, own := range map[string]bool{"of this process": true, "of another process": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				other := inBubble(t, addr, &bubble{}, WithRate(10, 1))
				sent := acquire(t, other)
				l := inBubble(t, addr, &bubble{}, WithRate(10, 1))
				time.Sleep(100 * time.Millisecond)
				mine := acquire(t, l)
				q := &line{l: l}
				q.add(t, 0, ratelimit.Normal, 0)
				requireCounts(t, l, 1, 1, 1)
				begin := time.Now()
				if own {
					l.Observe(mine, refusal)
				} else {
					other.Observe(sent, refusal)
					synctest.Wait()
					l.mu.Lock()
					l.freed = true // A visit is due.
					l.schedule(l.now())
					l.mu.Unlock()
				}
				q.wait()
				assert.InDelta(t, (pause + maxJitter/2).Milliseconds(), time.Since(begin).Milliseconds(), 60)
				reserved, _, _ := counts(l)
				assert.Zero(t, reserved)
			})
		})
	}
}

// After a refusal no reserved token leaves before Redis knows of it.
func TestRefusalDropsReservedTokens(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{trip: 50 * ms}, WithRate(10, 1))
		p := acquire(t, l)
		q := &line{l: l}
		q.add(t, 0, ratelimit.Normal, 0)
		time.Sleep(70 * ms)
		requireCounts(t, l, 1, 1, 1)
		l.Observe(p, httpResponse(429, "Retry-After", "0.3")) // The visit takes 50 ms, the token 30 ms.
		q.wait()
		assert.Greater(t, q.endOf(0).took, 370*ms)
	})
}

// Reserved tokens are lost when an outage begins, and when the Limiter is closed.
func TestOutageDropsReservedTokens(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l, q := twoReserved(t, addr, WithFailClosed())
		l.mu.Lock()
		l.beginOutage(visit{began: l.now()}, errors.New("cut"), l.now())
		l.mu.Unlock()
		requireCounts(t, l, 0, 0, 0)
		q.wait()
		assert.ErrorIs(t, q.endOf(0).err, ErrUnavailable)
		assert.Zero(t, l.Snapshot().InFlight)

		l, q = twoReserved(t, addr)
		require.NoError(t, l.Close())
		q.wait()
		assert.ErrorIs(t, q.endOf(0).err, ErrClosed)
	})
}

// Tokens are not reserved where a server's window or the places in flight may limit the requests,
// or where a token comes more rarely than they may be reserved.
func TestTokensThatAreNotReserved(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, opts := range map[string][]Option{
		"headers":          {WithRate(10, 2), WithHeaders(ratelimit.Confluent())},
		"places in flight": {WithRate(10, 2), WithMaxInFlight(40)},
		"a low rate":       {WithRate(1.9, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := inBubble(t, addr, &bubble{}, opts...)
				for range 2 {
					l.Observe(acquire(t, l), windowResponse(100, 90, 60.5))
				}
				begin := time.Now()
				q := &line{l: l}
				q.add(t, 0, ratelimit.Normal, 0)
				reserved, _, _ := counts(l)
				assert.Zero(t, reserved)
				q.wait()
				assert.InDelta(t, l.tokens(1), time.Since(begin), float64(soon))
			})
		})
	}
}

// A bucket has its tokens again after it was stored. A stored time that no process can have written
// delays no more than the tokens that may be reserved.
func TestStoredTokens(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Microsecond)
	c := &config{interval: 20e3, burst: 10, lease: defaultLease, maxWait: defaultMaxWait}
	for name, tt := range map[string]struct{ full, want time.Duration }{
		"all":          {-time.Hour, 0},
		"one":          {180 * time.Millisecond, 0},
		"none":         {200 * time.Millisecond, 20 * time.Millisecond},
		"some owed":    {300 * time.Millisecond, 120 * time.Millisecond},
		"most owed":    {700 * time.Millisecond, 520 * time.Millisecond},
		"out of range": {time.Hour, 520 * time.Millisecond},
	} {
		b := newBudget(now)
		b.full = now.Add(tt.full)
		for range 3 { // The bound does not move while nobody changes the budget.
			b = decode(b.encode("a"), c, now)
			tr := turn{budget: b, config: c, now: now}
			assert.Equal(t, tt.want, tr.nextToken(now).Sub(now), name)
		}
	}
}

// A stored time far ahead does not stop a process for long. It does not visit all the time.
func TestStoredTokensFarAhead(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for _, perSecond := range []float64{0.2, 10, 1000} {
		synctest.Test(t, func(t *testing.T) {
			l := inBubble(t, addr, &bubble{}, WithRate(perSecond, 3))
			forge(t, addr, func(d *document) { d.Full += 1e15 })
			visits := countVisits(t, l)
			assert.LessOrEqual(t, waitFor(t, l), l.tokens(1)+maxReserve)
			assert.Less(t, visits.Load(), int64(30))
		})
	}
}

// Whatever comes and goes at once, the rate holds, and nothing is left in the end.
func TestRandomRequestsWithARate(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	inFlightTest(t, func(t *testing.T, ctx context.Context, group *sync.WaitGroup, _ *flightServer) {
		u := &rateUse{perSecond: 300, burst: 5}
		var limiters []*Limiter
		for range 2 {
			limiters = append(limiters, u.add(ctx, t, group, addr, 5*time.Millisecond))
		}
		stop := time.Now().Add(3 * time.Second)
		for i := range 40 {
			group.Go(func() {
				for time.Now().Before(stop) {
					randomRequest(ctx, t, limiters[i%2], u, i%2)
				}
			})
		}
		group.Wait()
		_, sum := u.since(time.Time{})
		t.Logf("%d requests", sum)
		assert.Greater(t, sum, 600, "two thirds of the tokens")
		assert.Less(t, u.excess(), 0.01)
		time.Sleep(maxReserve)
		for _, l := range limiters {
			assert.Zero(t, l.Snapshot().Waiting)
			requireCounts(t, l, 0, 0, 0)
			assert.Less(t, waitFor(t, l), 20*time.Millisecond)
		}
	})
}

// randomRequest sends a request with a random priority, which may give up.
func randomRequest(ctx context.Context, t *testing.T, l *Limiter, u *rateUse, process int) {
	ctx, cancel := context.WithCancel(ratelimit.WithPriority(ctx, ratelimit.Priority(rand.N(3))))
	defer cancel()
	switch rand.N(3) {
	case 0:
		inner, end := context.WithTimeout(ctx, rand.N(200*time.Millisecond))
		defer end()
		ctx = inner
	case 1:
		time.AfterFunc(rand.N(100*time.Millisecond), cancel)
	}
	p, err := l.Acquire(ctx, nil)
	if err != nil {
		assert.True(t, ctx.Err() != nil || errors.Is(err, ratelimit.ErrWaitTooLong), "%v", err)
		time.Sleep(time.Millisecond)
		return
	}
	u.mu.Lock()
	u.left[process] = append(u.left[process], time.Now())
	u.mu.Unlock()
	time.Sleep(rand.N(latency))
	if rand.N(2) == 0 {
		l.Observe(p, httpResponse(200))
	}
	l.Release(p)
}
