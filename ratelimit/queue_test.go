package ratelimit_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// line starts waiters with these deadlines, one after the other, 0 for none. It returns the order
// in which they are admitted, one at a time.
func line(t *testing.T, l *ratelimit.Local, deadlines ...time.Duration) func() []int {
	t.Helper()
	var mu sync.Mutex
	var order []int
	var group sync.WaitGroup
	for i, d := range deadlines {
		group.Go(func() {
			ctx := t.Context()
			if d > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, d)
				defer cancel()
			}
			p, err := l.Acquire(ctx, nil)
			if !assert.NoError(t, err) {
				return
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			l.Release(p)
		})
		synctest.Wait()
	}
	return func() []int {
		group.Wait()
		return order
	}
}

// The earliest deadline leaves first. Requests without a deadline keep their turns, and the turns
// of those with one stay where they are.
func TestEarliestDeadlineFirst(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		deadlines []time.Duration
		want      []int
	}{
		"all with a deadline":   {[]time.Duration{5 * s, 9 * s, 1 * s, 7 * s}, []int{2, 0, 3, 1}},
		"none with a deadline":  {[]time.Duration{0, 0, 0}, []int{0, 1, 2}},
		"equal deadlines":       {[]time.Duration{s, s, s}, []int{0, 1, 2}},
		"some with a deadline":  {[]time.Duration{0, 9 * s, 0, 0, 1 * s, 5 * s}, []int{0, 4, 2, 3, 5, 1}},
		"a deadline at the end": {[]time.Duration{0, 0, s}, []int{0, 1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithMaxInFlight(1))
				held := acquire(t, l)
				order := line(t, l, tt.deadlines...)
				l.Release(held)
				assert.Equal(t, tt.want, order())
			})
		})
	}
}

// A request whose turn a request with an earlier deadline took leaves at the turn of that one. A
// waiter that goes away takes only its own turn with it.
func TestTurnsAfterAWaiterLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithMaxInFlight(1))
		held := acquire(t, l)
		late, cancel := context.WithCancel(t.Context())
		gone, cancelGone := context.WithTimeout(late, time.Hour)
		defer cancelGone()
		left := make(chan error)
		go func() {
			_, err := l.Acquire(gone, nil)
			left <- err
		}()
		synctest.Wait()
		order := line(t, l, 0, 9*time.Second, 0, time.Second)
		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
		assert.Equal(t, 4, l.Snapshot().Waiting)
		l.Release(held)
		assert.Equal(t, []int{0, 3, 2, 1}, order())
	})
}

// Whatever comes and goes, each waiter is admitted or ends with its context.
func TestRandomDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithRate(50, 1))
		var group sync.WaitGroup
		for i := range 1000 {
			group.Go(func() {
				ctx := ratelimit.WithPriority(t.Context(), ratelimit.Priority(i%3))
				if rand.N(2) == 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, rand.N(40*time.Second))
					defer cancel()
				}
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				if rand.N(4) == 0 {
					time.AfterFunc(rand.N(20*time.Second), cancel)
				}
				p, err := l.Acquire(ctx, nil)
				if err != nil {
					return
				}
				l.Release(p)
			})
			time.Sleep(rand.N(10 * time.Millisecond))
		}
		group.Wait()
		assert.Zero(t, l.Snapshot().Waiting)
		assert.Zero(t, l.Snapshot().InFlight)
	})
}

// A call fails at once only if its wait is known to be too long: those that wait with later
// deadlines are not ahead of it.
func TestEarlierDeadlineIsNotBehindLaterOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithRate(1, 1))
		acquire(t, l)
		for range 10 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if p, err := l.Acquire(ctx, nil); err == nil {
					l.Release(p)
				}
			}()
		}
		synctest.Wait()
		took, err := acquireIn(t, l, 5*time.Second)
		assert.NoError(t, err)
		assertWait(t, time.Second, took)
		took, err = acquireIn(t, l, 2*time.Hour)
		assert.NoError(t, err)
		assertWait(t, 11*time.Second, took)
	})
}

// A waiter counts as waiting until it has its place. So one that leaves with the held-back place
// while another request is in flight is the probe, and nobody is sent away because of the end that
// its response may change.
func TestWaiterWithTheHeldBackPlaceIsTheProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		window := func(remaining, reset string) *http.Response {
			return respond(http.StatusOK, "X-RateLimit-Limit", "10",
				"X-RateLimit-Remaining", remaining, "X-RateLimit-Reset", reset)
		}
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithRate(2, 2))
		start := time.Now()
		exchange(t, l, window("2", "1.5"))
		acquire(t, l)
		waiter := acquire(t, l) // It waits for the rate, and then for the time of the last place.
		assert.Greater(t, time.Since(start), time.Second)
		assert.Less(t, time.Since(start), 1400*time.Millisecond)
		time.AfterFunc(50*time.Millisecond, func() { l.Observe(waiter, window("9", "1.5")) })
		took, err := acquireIn(t, l, 180*time.Millisecond) // before the end of the window
		assert.NoError(t, err)
		assertWait(t, 50*time.Millisecond, took) // Those who waited for a window leave one after the other.
	})
}
