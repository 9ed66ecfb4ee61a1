package redislimit

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// pair is a Limiter and a Local to which the same happens.
type pair struct {
	l     *Limiter
	local *ratelimit.Local
}

// acquire returns how to pass the response to the next request, nil if there is none.
func (p pair) acquire(t *testing.T) func(resp *http.Response) {
	t.Helper()
	a, err := p.l.Acquire(t.Context(), nil)
	require.NoError(t, err)
	b, err := p.local.Acquire(t.Context(), nil)
	require.NoError(t, err)
	return func(resp *http.Response) {
		p.l.Observe(a, resp)
		p.local.Observe(b, resp)
		p.l.Release(a)
		p.local.Release(b)
		waitReported(t, p.l)
	}
}

// assertAlike asserts that both have the same state, and that it is want. The times are in seconds
// from now, 0 for none.
func (p pair) assertAlike(t *testing.T, want ratelimit.Snapshot, reset, paused float64) {
	t.Helper()
	for name, s := range map[string]ratelimit.Snapshot{"redislimit": p.l.Snapshot(), "Local": p.local.Snapshot()} {
		for at, want := range map[time.Time]float64{s.Reset: reset, s.PausedUntil: paused} {
			if want == 0 {
				assert.Zero(t, at, name)
			} else {
				assert.InDelta(t, want, time.Until(at).Seconds(), 0.1, name)
			}
		}
		s.Reset, s.PausedUntil = time.Time{}, time.Time{}
		assert.Equal(t, want, s, name)
	}
}

// Each field is as that of Local.
func TestSnapshotIsLikeThatOfLocal(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		local, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxInFlight(2))
		require.NoError(t, err)
		p := pair{inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()), WithMaxInFlight(2)), local}
		p.assertAlike(t, ratelimit.Snapshot{Remaining: -1, MaxInFlight: 2}, 0, 0)
		first := p.acquire(t)
		p.assertAlike(t, ratelimit.Snapshot{Remaining: -1, MaxInFlight: 2, InFlight: 1}, 0, 0)
		first(windowResponse(10, 9, 20.5))
		p.assertAlike(t, ratelimit.Snapshot{Limit: 10, Remaining: 9, MaxInFlight: 2}, 20.5, 0)
		second, third := p.acquire(t), p.acquire(t)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for _, l := range []ratelimit.Limiter{p.l, p.local} {
			group.Go(func() {
				_, err := l.Acquire(ctx, nil)
				assert.ErrorIs(t, err, context.Canceled)
			})
		}
		synctest.Wait()
		p.assertAlike(t, ratelimit.Snapshot{Limit: 10, Remaining: 7, MaxInFlight: 2, InFlight: 2, Waiting: 1}, 20.5, 0)
		cancel()
		group.Wait()
		second(httpResponse(429, "Retry-After", "3"))
		p.assertAlike(t, ratelimit.Snapshot{Limit: 10, Remaining: 7, MaxInFlight: 2, InFlight: 1}, 20.5, 3)
		third(nil)
		time.Sleep(4 * time.Second) // No visit is made meanwhile.
		p.assertAlike(t, ratelimit.Snapshot{Limit: 10, Remaining: 7, MaxInFlight: 2}, 16.5, 0)
	})
}

// When the window has ended, the count of the next one is not known until the next visit: other
// processes may use it.
func TestSnapshotAfterTheEndOfTheWindow(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
		exchange(t, l, windowResponse(10, 4, 1.5))
		time.Sleep(1400 * time.Millisecond)
		assert.Equal(t, 4, l.Snapshot().Remaining)
		time.Sleep(100 * time.Millisecond)
		assert.Equal(t, ratelimit.Snapshot{Limit: 10, Remaining: -1}, l.Snapshot())
		acquire(t, l)
		assert.Equal(t, 9, l.Snapshot().Remaining)
	})
}

// During an outage the state is that of the fallback, if it has one.
func TestSnapshotDuringAnOutage(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	open := func(l *Limiter) error {
		l.failClosed = false
		return nil
	}
	noSnapshot := struct{ ratelimit.Limiter }{&ratelimit.Local{}}
	for name, tt := range map[string]struct {
		opts  []Option
		knows bool
	}{
		"the default fallback":        {[]Option{open}, true},
		"a fallback without Snapshot": {[]Option{open, WithFallback(noSnapshot)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := &bubble{}
				opts := append([]Option{WithHeaders(ratelimit.Confluent()), WithMaxInFlight(2)}, tt.opts...)
				l := inBubble(t, addr, b, opts...)
				held := acquire(t, l)
				b.dead.Store(true)
				p := acquire(t, l)
				l.Observe(p, windowResponse(10, 0, 20.5))
				l.Release(p)
				ctx, cancel := context.WithCancel(t.Context())
				var group sync.WaitGroup
				for range 3 {
					group.Go(func() {
						if p, err := l.Acquire(ctx, nil); err == nil {
							<-ctx.Done()
							l.Release(p)
						}
					})
				}
				synctest.Wait()
				s := l.Snapshot()
				if tt.knows {
					assert.Equal(t, ratelimit.Snapshot{
						Limit: 10, Reset: s.Reset, InFlight: 1, Waiting: 3, MaxInFlight: 2,
					}, s)
					assert.InDelta(t, 20.5, time.Until(s.Reset).Seconds(), 0.1)
				} else {
					assert.Equal(t, ratelimit.Snapshot{Remaining: -1, InFlight: 4, MaxInFlight: 2}, s)
				}
				cancel()
				group.Wait()
				l.Release(held)
				assert.Zero(t, l.Snapshot().Waiting)
				assert.Zero(t, l.Snapshot().InFlight)
			})
		})
	}
}

// With WithFailClosed there is no fallback, so its state is none.
func TestSnapshotDuringAnOutageWithFailClosed(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{}
		l := inBubble(t, addr, b, WithHeaders(ratelimit.Confluent()), WithMaxInFlight(2))
		exchange(t, l, windowResponse(10, 9, 20.5))
		b.dead.Store(true)
		_, err := l.Acquire(t.Context(), nil)
		require.ErrorIs(t, err, ErrUnavailable)
		p, err := l.fallback.Acquire(t.Context(), nil) // as if another Limiter used it
		require.NoError(t, err)
		l.fallback.Observe(p, windowResponse(10, 5, 20.5))
		assert.Equal(t, ratelimit.Snapshot{Remaining: -1, MaxInFlight: 2}, l.Snapshot())
	})
}

// Snapshot may be called at any time, also while requests come and go.
func TestSnapshotAtOnceWithRequests(t *testing.T) {
	t.Parallel()
	l := open(t, sharedRedis(t), WithHeaders(ratelimit.Confluent()), WithMaxInFlight(4))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				p := acquire(t, l)
				l.Observe(p, windowResponse(1e6, 1e6, 10.5))
				l.Release(p)
			}
		})
		group.Go(func() {
			for range 50 {
				s := l.Snapshot()
				assert.LessOrEqual(t, s.InFlight, 4)
				assert.LessOrEqual(t, s.Waiting, 8)
				time.Sleep(time.Millisecond)
			}
		})
	}
	group.Wait()
	assert.Zero(t, l.Snapshot().InFlight)
}
