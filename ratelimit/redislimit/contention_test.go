package redislimit

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// farRedis is a client's hook for a Redis that is far away.
type farRedis struct {
	roundTrip time.Duration
	twice     bool // the client sends each command again, as if the first answer were lost
}

func (f *farRedis) DialHook(next redis.DialHook) redis.DialHook { return next }
func (f *farRedis) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (f *farRedis) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		time.Sleep(f.roundTrip / 2)
		err := next(ctx, cmd)
		if f.twice {
			err = next(ctx, cmd)
		}
		time.Sleep(f.roundTrip / 2)
		return err
	}
}

// A process far from Redis gets its visits stored although others wait for it.
func TestFarProcessIsNotStarved(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	far := open(t, addr, WithMaxInFlight(1), WithFailClosed())
	near := []*Limiter{open(t, addr, WithMaxInFlight(1)), open(t, addr, WithMaxInFlight(1))}
	held := acquire(t, far)
	far.client.(*redis.Client).AddHook(&farRedis{roundTrip: 30 * time.Millisecond})
	time.AfterFunc(100*time.Millisecond, func() { far.Release(held) })
	start := time.Now()
	for _, l := range near {
		l.Release(acquire(t, l))
	}
	assert.Less(t, time.Since(start), loadTolerance, "not the 15 s of its lease")
}

// Many processes that change the budget at once are no outage. The limit holds for all of them.
func TestContentionIsNoOutage(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const limit = 5
	var group sync.WaitGroup
	var inFlight, most, done atomic.Int64
	stop := time.Now().Add(4 * time.Second)
	for range 20 {
		l := open(t, addr, WithMaxInFlight(limit), WithTimeout(time.Second))
		l.client.(*redis.Client).AddHook(&farRedis{roundTrip: 30 * time.Millisecond})
		for range 3 {
			group.Go(func() {
				for time.Now().Before(stop) {
					ctx, cancel := context.WithDeadline(t.Context(), stop)
					p, err := l.Acquire(ctx, nil)
					cancel()
					if err != nil {
						continue
					}
					assert.Nil(t, p.State.(*grant).local, "the fallback is for outages")
					n := inFlight.Add(1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					time.Sleep(20 * time.Millisecond)
					inFlight.Add(-1)
					done.Add(1)
					l.Release(p)
				}
			})
		}
	}
	group.Wait()
	t.Logf("%d requests, at most %d in flight", done.Load(), most.Load())
	assert.LessOrEqual(t, most.Load(), int64(limit))
	assert.Greater(t, done.Load(), int64(limit))
}

// A client that sends a command again after a lost answer takes no place twice.
func TestCommandSentTwice(t *testing.T) {
	t.Parallel()
	l := open(t, sharedRedis(t), WithRate(1, 5), WithFailClosed())
	l.client.(*redis.Client).AddHook(&farRedis{twice: true})
	for range 5 {
		assert.Less(t, waitFor(t, l), loadTolerance)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.EqualValues(t, 5, l.known.seq)
}

// A process whose clock is behind that of the writer by less than servers.ClockError knows all
// records, and so does one after the clock of Redis has gone back by more.
func TestRecordsOfAFasterClock(t *testing.T) {
	c := &config{maxInFlight: 1, lease: defaultLease, maxWait: defaultMaxWait}
	for _, back := range []time.Duration{0, time.Microsecond, time.Millisecond, servers.ClockError, 2 * time.Second} {
		now := time.Now()
		b := newBudget(now)
		first, _ := b.apply(visit{process: "a", want: 1, timeLeft: -1}, c, now)
		require.EqualValues(t, 1, first.given)
		earlier := now.Add(-back)
		stored := decode(b.encode("a"), c, earlier)
		second, _ := stored.apply(visit{process: "b", want: 1, timeLeft: -1}, c, earlier)
		assert.Zero(t, second.given, "%v", back)
	}
}

// The clock of a process may be set while it runs.
func TestClockOfProcessIsSet(t *testing.T) {
	for _, step := range []time.Duration{time.Minute, -time.Minute, 400 * 24 * time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			t.Parallel()
			addr := sharedRedis(t)
			var ahead atomic.Int64
			ownClock := func(l *Limiter) error {
				l.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
				return nil
			}
			a, b := open(t, addr, WithMaxInFlight(1), ownClock), open(t, addr, WithMaxInFlight(1))
			held := acquire(t, b)
			ahead.Store(int64(step))
			ctx, cancel := withTimeout(t, 300*time.Millisecond)
			defer cancel()
			_, err := a.Acquire(ctx, nil)
			require.Error(t, err, "the place is taken")
			b.Release(held)
			assert.Less(t, waitFor(t, a), loadTolerance)
		})
	}
}

// The places ahead of a process that does nothing stay its own until the window ends.
func TestIdleProcessKeepsPlacesAhead(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		left := 200
		send := func(l *Limiter) {
			p := acquire(t, l)
			require.Positive(t, left, "the server refuses no request")
			left--
			l.Observe(p, windowResponse(200, left, 50.5))
			l.Release(p)
		}
		opts := []Option{WithHeaders(ratelimit.Confluent()), WithLease(300 * time.Millisecond)}
		a, b := inBubble(t, addr, &bubble{}, opts...), inBubble(t, addr, &bubble{}, opts...)
		for len(a.unused) < 5 {
			send(a)
			waitReported(t, a)
		}
		time.Sleep(time.Second) // more than the lease
		for b.Snapshot().Remaining != 0 {
			send(b)
			waitReported(t, b)
		}
		for range len(a.unused) {
			send(a)
		}
		assert.Zero(t, left)
	})
}

// A place whose request has given up meanwhile is free at once.
func TestPlaceOfARequestThatGaveUp(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, opts := range map[string][]Option{
		"in flight":             {WithMaxInFlight(1)},
		"in flight, and window": {WithMaxInFlight(1), WithHeaders(ratelimit.Confluent())},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slow := inBubble(t, addr, &bubble{delay: 40 * time.Millisecond}, opts...)
				other := inBubble(t, addr, &bubble{}, opts...)
				exchange(t, slow, windowResponse(1000, 900, 50.5))
				for range 10 {
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(time.Millisecond, cancel)
					if p, err := slow.Acquire(ctx, nil); err == nil {
						slow.Release(p)
					}
					cancel()
					assert.Less(t, waitFor(t, other), time.Second)
					waitReported(t, slow)
				}
				for _, g := range slow.unused {
					assert.True(t, g.ahead, "It is free, or no request has asked for it.")
				}
			})
		})
	}
}

// A refusal is reported at once, also if places ahead are given back at the same time.
func TestRefusalAtTheEndOfAWindow(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{delay: 20 * time.Millisecond}, WithHeaders(ratelimit.Confluent()))
		other := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
		end := time.Now().Add(2 * time.Second)
		for n := 999; len(l.unused) < 2; n-- {
			exchange(t, l, windowResponse(1000, n, time.Until(end).Seconds()))
		}
		p := acquire(t, l)
		time.Sleep(time.Until(end))
		l.Observe(p, httpResponse(429, "Retry-After", "30"))
		time.Sleep(200 * time.Millisecond)
		ctx, cancel := withTimeout(t, 5*time.Second)
		defer cancel()
		_, err := other.Acquire(ctx, nil)
		assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
	})
}

// Close gives back a probe that came too late for it.
func TestCloseDuringAVisitGivesTheProbeBack(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for i, delay := range []time.Duration{10 * time.Millisecond, 50 * time.Millisecond} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			a := open(t, addr, WithHeaders(ratelimit.Confluent()))
			b := open(t, addr, WithHeaders(ratelimit.Confluent()))
			a.client.(*redis.Client).AddHook(&farRedis{roundTrip: delay})
			var group sync.WaitGroup
			group.Go(func() {
				_, err := a.Acquire(t.Context(), nil)
				assert.ErrorIs(t, err, ErrClosed)
			})
			time.Sleep(delay / 2)
			require.NoError(t, a.Close())
			group.Wait()
			require.NoError(t, b.Ping(t.Context()))
			b.mu.Lock()
			defer b.mu.Unlock()
			seq, _ := b.known.server.Probe()
			assert.Zero(t, seq, "the others would wait for it")
		})
	}
}
