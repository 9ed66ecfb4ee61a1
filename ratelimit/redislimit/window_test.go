package redislimit

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// The first request of a budget is the probe. All others wait for its response.
func TestProbeHoldsBackOthers(t *testing.T) {
	testInPairs(t, map[string]func(t *testing.T, a, b *Limiter){
		"the others wait for the response": func(t *testing.T, a, b *Limiter) {
			probe := acquire(t, a)
			start := time.Now()
			var group sync.WaitGroup
			group.Go(func() {
				p := acquire(t, b)
				assert.GreaterOrEqual(t, time.Since(start), 300*time.Millisecond)
				assert.Less(t, time.Since(start), time.Second)
				b.Release(p)
			})
			time.Sleep(300 * time.Millisecond)
			a.Observe(probe, windowResponse(10, 9, 20))
			group.Wait()
			assert.Equal(t, 8, b.Snapshot().Remaining)
		},
		"the probe fails": func(t *testing.T, a, b *Limiter) {
			probe := acquire(t, a)
			a.Release(probe)
			waitReported(t, a)
			assert.Less(t, waitFor(t, b), 700*time.Millisecond, "another probe leaves at once, not after a second")
		},
		"the probe is slow, or its process has died": func(t *testing.T, a, b *Limiter) {
			probe := acquire(t, a)
			got := waitFor(t, b)
			assert.GreaterOrEqual(t, got, 900*time.Millisecond)
			assert.LessOrEqual(t, got, time.Second+soon)
			waitReported(t, b)
			a.Observe(probe, windowResponse(10, 5, 20))
			waitReported(t, a)
			p := acquire(t, b)
			assert.Equal(t, 4, b.Snapshot().Remaining, "its response still counts")
			b.Release(p)
		},
	})
}

// What one process learns of the window holds for the other one.
func TestCountsAreShared(t *testing.T) {
	testInPairs(t, map[string]func(t *testing.T, a, b *Limiter){
		"the count of places": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(10, 4, 0.75))
			exchange(t, b, httpResponse(200))
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
			exchange(t, a, windowResponse(8, 4, 20))
			pa, pb := acquire(t, a), acquire(t, b)
			b.Observe(pb, windowResponse(8, 1, 20))
			waitReported(t, b)
			a.Observe(pa, windowResponse(8, 3, 20))
			waitReported(t, a)
			assert.Equal(t, 1, a.Snapshot().Remaining)
		},
		"the earliest end holds": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(10, 4, 20.5))
			end := a.Snapshot().Reset
			pa, pb := acquire(t, a), acquire(t, b)
			b.Observe(pb, windowResponse(10, 3, 19.5))
			waitReported(t, b)
			a.Observe(pa, windowResponse(10, 2, 20.5))
			waitReported(t, a)
			assert.WithinDuration(t, end.Add(-time.Second), a.Snapshot().Reset, soon)
		},
		"whole seconds may have been rounded down": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(10, 0, 20))
			waitReported(t, a)
			require.NoError(t, b.Ping(t.Context()))
			assert.WithinDuration(t, time.Now().Add(21*time.Second), a.Snapshot().Reset, soon)
		},
		"a late response of an earlier window": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(10, 1, 0.5))
			late := acquire(t, a)
			exchange(t, b, windowResponse(10, 9, 20.5))
			a.Observe(late, windowResponse(10, 0, 0.1))
			waitReported(t, a)
			exchange(t, b, httpResponse(200))
			assert.Equal(t, 7, b.Snapshot().Remaining, "the new window may have counted it")
			assert.Greater(t, time.Until(b.Snapshot().Reset), 15*time.Second)
		},
		"requests in flight count": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(10, 5, 20))
			first := acquire(t, a)
			acquire(t, b)
			a.Observe(first, windowResponse(10, 9, 40))
			waitReported(t, a)
			assert.Equal(t, 8, a.Snapshot().Remaining)
		},
	})
}

// The last places are released one at a time, because their responses may show the next window.
func TestLastPlacesFindTheNextWindow(t *testing.T) {
	testInPairs(t, map[string]func(t *testing.T, a, b *Limiter){
		"the last place shows that the next window has begun": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(50, 1, 0))
			start := time.Now()
			last := acquire(t, a)
			assert.Less(t, time.Since(start), 100*time.Millisecond, "it does not wait for the second of rounding")
			time.AfterFunc(200*time.Millisecond, func() { a.Observe(last, windowResponse(50, 49, 20)) })
			b.Release(acquire(t, b))
			assert.GreaterOrEqual(t, time.Since(start), 200*time.Millisecond, "the others wait for its response")
			assert.Less(t, time.Since(start), 300*time.Millisecond)
			assert.Equal(t, 48, b.Snapshot().Remaining)
		},
		"the last place was in the same window": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(50, 1, 0))
			exchange(t, a, windowResponse(50, 0, 0))
			assert.Greater(t, waitFor(t, b), 500*time.Millisecond)
		},
		"the last places are held back from several requests": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(100, 3, 20))
			acquire(t, a)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(200*time.Millisecond, cancel)
			_, err := b.Acquire(ctx, nil)
			assert.ErrorIs(t, err, context.Canceled)
		},
		"the last places go to a single request": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(100, 2, 20))
			ctx, cancel := withTimeout(t, 5*time.Second)
			defer cancel()
			start := time.Now()
			_, err := b.Acquire(ctx, nil)
			require.NoError(t, err)
			assert.Less(t, time.Since(start), soon)
			assert.Equal(t, 1, b.Snapshot().Remaining)
		},
	})
}

// A response can show that the server has begun the next window before the stated end.
func TestServerEndsWindowEarly(t *testing.T) {
	testInPairs(t, map[string]func(t *testing.T, a, b *Limiter){
		"shown by the stated end": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(10, 5, 20))
			exchange(t, b, windowResponse(10, 9, 40))
			assert.Equal(t, 9, b.Snapshot().Remaining)
			assert.Greater(t, time.Until(b.Snapshot().Reset), 30*time.Second)
		},
		"shown by the count": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(10, 5, 20))
			exchange(t, b, windowResponse(10, 9, 10))
			assert.Equal(t, 9, b.Snapshot().Remaining)
		},
	})
}

// A refusal that states a wait holds back all processes.
func TestRefusalsHoldBackAllProcesses(t *testing.T) {
	testInPairs(t, map[string]func(t *testing.T, a, b *Limiter){
		"Retry-After": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(10, 5, 20))
			exchange(t, a, httpResponse(429, "Retry-After", "1"))
			start := time.Now()
			visits := countVisits(t, b)
			assert.Greater(t, waitFor(t, b), 500*time.Millisecond)
			assert.Less(t, time.Since(start), time.Second+maxJitter+soon)
			assert.LessOrEqual(t, visits.Load(), int64(5), "no polling")
		},
		"429 with a reset": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, httpResponse(429, "X-RateLimit-Reset", "0.8"))
			assert.Greater(t, waitFor(t, b), 400*time.Millisecond)
		},
		"503 with Retry-After": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, httpResponse(503, "Retry-After", "1"))
			assert.Greater(t, waitFor(t, b), 500*time.Millisecond)
		},
		"503 without Retry-After": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, httpResponse(503))
			start := time.Now()
			acquire(t, a)
			acquire(t, b)
			assert.Less(t, time.Since(start), soon)
		},
		"the wait is too long": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, httpResponse(429, "Retry-After", "3600"))
			_, err := b.Acquire(t.Context(), nil)
			var e *ratelimit.WaitError
			require.ErrorAs(t, err, &e)
			assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
			assert.Greater(t, e.Wait, 59*time.Minute)
			assert.Equal(t, 65*time.Second, e.Max)
		},
	})
}

// Responses without the headers of a window, or with some of them, stop no process for long.
func TestMissingHeadersStopNobody(t *testing.T) {
	testInPairs(t, map[string]func(t *testing.T, a, b *Limiter){
		"no headers at all": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, httpResponse(200))
			start := time.Now()
			for range 50 {
				acquire(t, b)
			}
			assert.Less(t, time.Since(start), time.Second)
		},
		"a window filled by responses without headers": func(t *testing.T, a, b *Limiter) {
			exchange(t, a, windowResponse(2, 0, 0.2))
			for range 2 {
				exchange(t, b, httpResponse(204))
			}
			assert.Less(t, waitFor(t, a), time.Second+soon)
		},
		"a window without a limit": func(t *testing.T, a, b *Limiter) {
			left := httpResponse(200, "X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "0.2")
			exchange(t, a, left)
			slow := acquire(t, a)
			assert.Less(t, waitFor(t, b), 200*time.Millisecond+maxJitter+soon, "another probe leaves")
			a.Release(slow)
		},
	})
}

// testInPairs runs each test in a bubble, with two limiters that share a budget.
func testInPairs(t *testing.T, tests map[string]func(t *testing.T, a, b *Limiter)) {
	t.Helper()
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
