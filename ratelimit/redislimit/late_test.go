package redislimit

import (
	"context"
	"math"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// pausingClock is a clock of a bubble that a test sets ahead, as if all processes had paused
// meanwhile: no timer has fired.
type pausingClock struct{ ahead atomic.Int64 }

func (c *pausingClock) now() time.Time        { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *pausingClock) pause(d time.Duration) { c.ahead.Add(int64(d)) }

// An answer that arrives after the end of its lease brings no place in flight, because another
// process has got it: if Redis is slow, and if the process has paused.
func TestAnswerAfterTheLeaseBringsNoPlace(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const lease = time.Second
	for name, tt := range map[string]struct {
		takes, pause time.Duration
		late         bool
	}{
		"in time":                   {takes: lease - time.Millisecond},
		"paused, in time":           {pause: lease - time.Millisecond},
		"slow Redis":                {takes: lease, late: true},
		"paused until the end":      {pause: lease, late: true},
		"paused for a long time":    {pause: time.Hour, late: true},
		"paused after a slow Redis": {takes: lease / 2, pause: lease / 2, late: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var clock pausingClock
				withClock := func(l *Limiter) error { l.now = clock.now; return nil }
				opts := []Option{WithMaxInFlight(1), WithLease(lease), WithTimeout(time.Minute), withClock}
				b := inBubble(t, addr, &bubble{clock: clock.now}, opts...)
				var next atomic.Bool // The next visit of a is the one that takes long.
				byOther := make(chan ratelimit.Permit, 1)
				a := inBubble(t, addr, &bubble{clock: clock.now, after: func([]any) {
					if !next.CompareAndSwap(true, false) {
						return
					}
					time.Sleep(tt.takes)
					clock.pause(tt.pause)
					if tt.late {
						time.Sleep(soon)
						byOther <- acquire(t, b)
					}
				}}, opts...)
				exchange(t, a, httpResponse(http.StatusOK)) // The next visit of a is one run of the script.
				time.Sleep(2 * idleInterval)
				next.Store(true)
				ctx, cancel := context.WithCancel(t.Context()) // A deadline would pass during the pause.
				time.AfterFunc(10*lease, cancel)
				if tt.late {
					time.AfterFunc(5*lease, func() { b.Release(<-byOther) })
				}
				begin := time.Now()
				p, err := a.Acquire(ctx, nil)
				took := time.Since(begin)
				require.NoError(t, err)
				if tt.late {
					assert.InDelta(t, 5*lease, took, float64(checkInterval), "when b has released it")
				} else {
					assert.LessOrEqual(t, took, tt.takes+soon)
				}
				a.Release(p)
			})
		})
	}
}

// An answer that arrives after the end of its lease brings no place of a window either, and its
// places do not count as requests on their way. The process asks again at once.
func TestAnswerAfterTheLeaseBringsNoPlaceOfAWindow(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		var clock pausingClock
		var next atomic.Bool // The next visit is the one that ends in a pause.
		l := inBubble(t, addr, &bubble{clock: clock.now, after: func([]any) {
			if next.CompareAndSwap(true, false) {
				clock.pause(defaultLease)
			}
		}}, WithHeaders(ratelimit.Confluent()),
			func(l *Limiter) error { l.now = clock.now; return nil })
		exchange(t, l, windowResponse(1000, 900, 3000))
		for len(l.unused) > 0 {
			exchange(t, l, windowResponse(1000, 900, 3000))
		}
		next.Store(true)
		visits := countVisits(t, l)
		p := acquire(t, l)
		assert.GreaterOrEqual(t, visits.Load(), int64(2))
		waitReported(t, l)
		l.mu.Lock()
		assert.Equal(t, len(l.unused), l.ahead-btoi(p.State.(*grant).ahead))
		assert.Equal(t, 1, l.pending)
		l.mu.Unlock()
		l.Release(p)
	})
}

// Nobody else can get a token of a rate.
func TestAnswerAfterTheLeaseBringsATokenOfARate(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for _, late := range []time.Duration{minLease, 2 * minLease, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			hook := &bubble{after: func([]any) { time.Sleep(late) }}
			l := inBubble(t, addr, hook, WithRate(0.1, 1), WithLease(minLease), WithTimeout(time.Minute))
			begin := time.Now()
			l.Release(acquire(t, l))
			assert.Less(t, time.Since(begin), 3*late)
		})
	}
}

// If each answer comes after the lease, requests do not wait for ever.
func TestAnswersAfterTheLeaseAreAnOutage(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		var slow atomic.Bool
		slow.Store(true)
		l := inBubble(t, addr, &bubble{trip: minLease / 4, after: func([]any) {
			if slow.Load() {
				time.Sleep(minLease / 2)
			}
		}}, WithMaxInFlight(1), WithLease(minLease))
		_, err := l.Acquire(t.Context(), nil)
		assert.ErrorIs(t, err, ErrUnavailable)
		assert.ErrorIs(t, err, errLate)
		slow.Store(false)
		time.Sleep(maxRetryDelay)
		_, err = l.Acquire(t.Context(), nil) // It tries Redis again, and does not wait for that.
		assert.ErrorIs(t, err, errLate)
		time.Sleep(minLease)
		l.Release(acquire(t, l))
		time.Sleep(minLease)
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// The responses of a window that are reported after its end take no place of the next one.
func TestResponsesReportedAfterTheEndOfTheirWindow(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
		end, left := time.Now().Add(10*time.Second), 1000
		send := func() {
			p := acquire(t, l)
			left--
			l.Observe(p, windowResponse(1000, left, math.Floor(time.Until(end).Seconds())))
			l.Release(p)
		}
		for len(l.unused) < 20 {
			send()
			waitReported(t, l)
		}
		time.Sleep(time.Until(end.Add(-3 * time.Second)))
		visits := countVisits(t, l)
		for range 20 {
			send()
		}
		require.Zero(t, visits.Load())
		time.Sleep(time.Until(end.Add(2 * time.Second)))
		require.NotZero(t, visits.Load())
		end, left = time.Now().Add(10*time.Second), 1000
		send()
		waitReported(t, l)
		assert.Equal(t, 999, l.Snapshot().Remaining)
	})
}
