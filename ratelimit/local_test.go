package ratelimit_test

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

const jitter = 100 * time.Millisecond // The most that a waiter is held beyond its wait.

func newLocal(t testing.TB, opts ...ratelimit.Option) *ratelimit.Local {
	t.Helper()
	l, err := ratelimit.New(opts...)
	require.NoError(t, err)
	return l
}

func acquire(t testing.TB, l *ratelimit.Local) ratelimit.Permit {
	t.Helper()
	p, err := l.Acquire(t.Context(), nil)
	require.NoError(t, err)
	return p
}

// exchange sends one request, whose response resp arrives at once.
func exchange(t testing.TB, l *ratelimit.Local, resp *http.Response) {
	t.Helper()
	p := acquire(t, l)
	l.Observe(p, resp)
	l.Release(p)
}

// waitFor returns how long the next request has to wait.
func waitFor(t testing.TB, l *ratelimit.Local) time.Duration {
	t.Helper()
	start := time.Now()
	l.Release(acquire(t, l))
	return time.Since(start)
}

// assertWait checks that got is want, or longer by the jitter.
func assertWait(t testing.TB, want, got time.Duration) {
	t.Helper()
	assert.GreaterOrEqual(t, got, want)
	assert.LessOrEqual(t, got, want+jitter)
}

func TestNewRefusesBadOptions(t *testing.T) {
	tests := map[string]struct {
		opt  ratelimit.Option
		name string
	}{
		"nil":             {nil, "option 1 of 1 is nil"},
		"rate zero":       {ratelimit.WithRate(0, 1), "WithRate"},
		"rate negative":   {ratelimit.WithRate(-1, 1), "WithRate"},
		"rate NaN":        {ratelimit.WithRate(math.NaN(), 1), "WithRate"},
		"rate infinite":   {ratelimit.WithRate(math.Inf(1), 1), "WithRate"},
		"burst zero":      {ratelimit.WithRate(1, 0), "WithRate"},
		"burst negative":  {ratelimit.WithRate(1, -1), "WithRate"},
		"in flight zero":  {ratelimit.WithMaxInFlight(0), "WithMaxInFlight"},
		"wait zero":       {ratelimit.WithMaxWait(0), "WithMaxWait"},
		"wait negative":   {ratelimit.WithMaxWait(-time.Second), "WithMaxWait"},
		"headers empty":   {ratelimit.WithHeaders(ratelimit.Headers{}), "WithHeaders"},
		"headers no name": {ratelimit.WithHeaders(ratelimit.Headers{Remaining: "R"}), "WithHeaders"},
		"headers unit": {
			ratelimit.WithHeaders(ratelimit.Headers{Remaining: "R", Reset: "S", ResetUnit: 7}), "WithHeaders",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := ratelimit.New(tt.opt)
			assert.Nil(t, l)
			assert.ErrorContains(t, err, tt.name)
			_, err = ratelimit.New(ratelimit.WithMaxInFlight(1), tt.opt)
			assert.ErrorContains(t, err, strings.ReplaceAll(tt.name, "1 of 1", "2 of 2"), "behind another")
		})
	}
}

// With any rounding of the reset, 64 goroutines that begin with a new limiter are never refused,
// use nearly all of the allowance, and lose no place.
func TestFixedWindows(t *testing.T) {
	t.Parallel()
	roundedUp := ratelimit.Confluent()
	roundedUp.RoundedUp = true
	epoch := func(h http.Header, limit, remaining int, reset time.Duration) {
		headerOf(exact)(h, limit, remaining, reset)
		now := time.Now()
		h.Set("Date", now.Add(-time.Hour).UTC().Format(http.TimeFormat)) // Another clock.
		h.Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(reset-time.Hour).Unix(), 10))
	}
	tests := map[string]struct {
		headers ratelimit.Headers
		header  func(http.Header, int, int, time.Duration)
		every   time.Duration
		late    time.Duration // How much of a window may pass unused.
	}{
		"rounded up, told so":  {roundedUp, headerOf(math.Ceil), 10 * time.Second, time.Second},
		"rounded up, not told": {ratelimit.Confluent(), headerOf(math.Ceil), 10 * time.Second, 2 * time.Second},
		"cut":                  {ratelimit.Confluent(), headerOf(math.Floor), 10 * time.Second, time.Second},
		"to the nearest":       {ratelimit.Confluent(), headerOf(math.Round), 10 * time.Second, 2 * time.Second},
		"fractions":            {ratelimit.Confluent(), headerOf(exact), 10 * time.Second, 0},
		"odd length, cut":      {ratelimit.Confluent(), headerOf(math.Floor), 7300 * time.Millisecond, 2 * time.Second},
		"one second, cut":      {ratelimit.Confluent(), headerOf(math.Floor), time.Second, time.Second},
		"one second, up":       {roundedUp, headerOf(math.Ceil), time.Second, time.Second},
		"unix time":            {ratelimit.GitHub(), epoch, 10 * time.Second, 2 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSim(50, tt.every)
				s.header = tt.header
				s.latency = func() time.Duration { return rand.N(20 * time.Millisecond) }
				l := newLocal(t, ratelimit.WithHeaders(tt.headers))
				client := &http.Client{Transport: ratelimit.NewTransport(s, l)}
				start := time.Now()
				var group sync.WaitGroup
				for range 64 {
					group.Go(func() {
						for range 5 {
							resp, err := client.Get("http://server.example/")
							if assert.NoError(t, err) {
								resp.Body.Close()
							}
						}
					})
				}
				group.Wait()
				assert.Zero(t, s.refused)
				assert.Len(t, s.arrivals, 320)
				windows := time.Duration(320/50 + 1)
				assert.LessOrEqual(t, time.Since(start), windows*(tt.every+tt.late+jitter+50*time.Millisecond))
				assert.Zero(t, l.Snapshot().InFlight)
				assert.Zero(t, l.Snapshot().Waiting)
			})
		})
	}
}

func TestFirstRequestGoesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		first := acquire(t, l)
		var admitted atomic.Int32
		for range 10 {
			go func() {
				if _, err := l.Acquire(t.Context(), nil); err == nil {
					admitted.Add(1)
				}
			}()
		}
		synctest.Wait()
		assert.Zero(t, admitted.Load())
		assert.Equal(t, ratelimit.Snapshot{Remaining: -1, InFlight: 1, Waiting: 10}, l.Snapshot())

		l.Release(first) // It failed, so another one tries.
		synctest.Wait()
		assert.EqualValues(t, 1, admitted.Load())

		l.Observe(ratelimit.Permit{Seq: 2}, withCounts(20, 6, 30))
		synctest.Wait()
		assert.EqualValues(t, 7, admitted.Load())
		assert.Equal(t, ratelimit.Snapshot{
			Limit: 20, Reset: time.Now().Add(31 * time.Second), InFlight: 7, Waiting: 3,
		}, l.Snapshot())
		time.Sleep(31*time.Second + jitter)
		synctest.Wait()
		assert.EqualValues(t, 8, admitted.Load(), "the first of a window goes alone, too")
		l.Observe(ratelimit.Permit{Seq: 9}, withCounts(20, 19, 30))
		time.Sleep(jitter)
		synctest.Wait()
		assert.EqualValues(t, 10, admitted.Load())
	})
}

func TestNoHeadersNoWindow(t *testing.T) {
	for name, resp := range map[string]*http.Response{
		"none": respond(200),
		"nonsense": respond(200,
			"X-RateLimit-Limit", "x", "X-RateLimit-Remaining", "-1", "X-RateLimit-Reset", "y"),
		"no reset":      respond(200, "X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0"),
		"epoch, not ok": withCounts(1, 0, 1772366400),
		"error":         respond(500),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				exchange(t, l, resp)
				start := time.Now()
				for range 100 {
					acquire(t, l)
				}
				assert.Zero(t, time.Since(start))
				assert.Equal(t, 100, l.Snapshot().InFlight)
			})
		})
	}
}

// Without WithHeaders no window is learned, and no request waits for the first response.
func TestOnlyRetryAfterByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t)
		p := acquire(t, l)
		acquire(t, l)
		l.Observe(p, withCounts(1, 0, 30))
		assert.Zero(t, waitFor(t, l))
		exchange(t, l, respond(429, "Retry-After", "7"))
		assertWait(t, 7*time.Second, waitFor(t, l))
	})
}

// remaining returns the places that are left in the window.
func remaining(l *ratelimit.Local) int { return l.Snapshot().Remaining }

// testWindow runs each test in a window of 10 with 4 places left. It ends in 21 s at the latest.
func testWindow(t *testing.T, tests map[string]func(t *testing.T, l *ratelimit.Local)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				exchange(t, l, withCounts(10, 4, 20))
				test(t, l)
			})
		})
	}
}

func TestWindow(t *testing.T) {
	testWindow(t, map[string]func(t *testing.T, l *ratelimit.Local){
		"spent locally": func(t *testing.T, l *ratelimit.Local) {
			for range 4 {
				assert.Zero(t, waitFor(t, l))
			}
			assertWait(t, 21*time.Second, waitFor(t, l))
			assert.Equal(t, 9, remaining(l))
		},
		"the lowest count holds": func(t *testing.T, l *ratelimit.Local) {
			a, b := acquire(t, l), acquire(t, l)
			l.Observe(b, withCounts(10, 1, 20)) // Others take from it, too.
			l.Observe(a, withCounts(10, 3, 20))
			assert.Equal(t, 1, remaining(l))
		},
		"a high count does not raise it": func(t *testing.T, l *ratelimit.Local) {
			a := acquire(t, l)
			acquire(t, l)
			l.Observe(a, withCounts(10, 4, 20))
			assert.Equal(t, 2, remaining(l))
		},
		"the earliest end holds": func(t *testing.T, l *ratelimit.Local) {
			end := l.Snapshot().Reset
			a := acquire(t, l)
			time.Sleep(900 * time.Millisecond)
			l.Observe(a, withCounts(10, 3, 20))
			assert.Equal(t, end, l.Snapshot().Reset)
			time.Sleep(300 * time.Millisecond)
			exchange(t, l, withCounts(10, 2, 18))
			assert.Equal(t, end.Add(-800*time.Millisecond), l.Snapshot().Reset)
		},
		"no headers change nothing": func(t *testing.T, l *ratelimit.Local) {
			before := l.Snapshot()
			p := acquire(t, l)
			l.Observe(p, respond(200))
			l.Release(p)
			before.Remaining--
			assert.Equal(t, before, l.Snapshot())
		},
		"a failed request keeps its place": func(t *testing.T, l *ratelimit.Local) {
			l.Release(acquire(t, l))
			assert.Equal(t, 3, remaining(l))
		},
		"late response after the window": func(t *testing.T, l *ratelimit.Local) {
			late := acquire(t, l)
			time.Sleep(21 * time.Second)
			exchange(t, l, withCounts(10, 9, 20))
			l.Observe(late, withCounts(10, 0, 1))
			assert.Equal(t, 9, remaining(l))
			assert.Equal(t, time.Now().Add(21*time.Second), l.Snapshot().Reset)
		},
		"late response before the first of the window": func(t *testing.T, l *ratelimit.Local) {
			late := acquire(t, l)
			time.Sleep(21 * time.Second)
			l.Observe(late, withCounts(10, 0, 1))
			assert.Equal(t, 10, remaining(l))
			assert.Zero(t, l.Snapshot().Reset)
		},
	})
}

// A response or the clock shows that the next window has begun.
func TestNextWindow(t *testing.T) {
	testWindow(t, map[string]func(t *testing.T, l *ratelimit.Local){
		"the server's window ends first, by its count": func(t *testing.T, l *ratelimit.Local) {
			late := acquire(t, l)
			time.Sleep(20500 * time.Millisecond) // It rounded up, so this is the next window.
			exchange(t, l, withCounts(10, 9, 1))
			assert.Equal(t, 9, remaining(l))
			assert.Equal(t, time.Now().Add(2*time.Second), l.Snapshot().Reset)
			l.Observe(late, withCounts(10, 0, 1))
			assert.Equal(t, 9, remaining(l))
			time.Sleep(time.Second) // The old end means nothing now.
			assert.Equal(t, 9, remaining(l))
		},
		"by its count, after a response that was overtaken": func(t *testing.T, l *ratelimit.Local) {
			a, b := acquire(t, l), acquire(t, l)
			l.Observe(b, withCounts(10, 1, 20))
			l.Observe(a, withCounts(10, 3, 20))
			time.Sleep(20500 * time.Millisecond)
			exchange(t, l, withCounts(10, 2, 1))
			assert.Equal(t, 2, remaining(l))
		},
		"the server's window ends first, by its end": func(t *testing.T, l *ratelimit.Local) {
			time.Sleep(20500 * time.Millisecond)
			exchange(t, l, withCounts(10, 2, 20)) // Others were quick.
			assert.Equal(t, 2, remaining(l))
			assert.Equal(t, time.Now().Add(21*time.Second), l.Snapshot().Reset)
		},
		"a new window does not count what is on its way": func(t *testing.T, l *ratelimit.Local) {
			time.Sleep(20500 * time.Millisecond)
			a := acquire(t, l)
			acquire(t, l)
			acquire(t, l)
			l.Observe(a, withCounts(10, 9, 20))
			assert.Equal(t, 7, remaining(l))
		},
		"late refusal without Retry-After": func(t *testing.T, l *ratelimit.Local) {
			late := acquire(t, l)
			time.Sleep(21 * time.Second)
			assert.Zero(t, waitFor(t, l))
			l.Observe(late, respond(429, "X-RateLimit-Reset", "20"))
			assert.Zero(t, waitFor(t, l))
		},
		"new limit": func(t *testing.T, l *ratelimit.Local) {
			exchange(t, l, withCounts(3, 0, 20))
			assertWait(t, 21*time.Second, waitFor(t, l))
			assert.Equal(t, 2, remaining(l))
		},
		"end unknown in the next window": func(t *testing.T, l *ratelimit.Local) {
			time.Sleep(21 * time.Second)
			var permits []ratelimit.Permit
			for range 10 {
				permits = append(permits, acquire(t, l))
			}
			done := make(chan time.Time)
			go func() {
				acquire(t, l)
				done <- time.Now()
			}()
			synctest.Wait()
			assert.Equal(t, 1, l.Snapshot().Waiting)
			l.Observe(permits[0], respond(200))
			end := time.Now().Add(6 * time.Second)
			l.Observe(permits[1], withCounts(10, 0, 5))
			assertWait(t, 0, (<-done).Sub(end))
		},
		"no response states the end": func(t *testing.T, l *ratelimit.Local) {
			time.Sleep(21 * time.Second)
			for range 10 {
				p := acquire(t, l)
				l.Observe(p, respond(200)) // Its body stays open.
			}
			first := acquire(t, l)
			ctx, cancel := context.WithTimeout(t.Context(), probeWait)
			defer cancel()
			_, err := l.Acquire(ctx, nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			l.Observe(first, withCounts(10, 5, 5))
			assert.Equal(t, 5, remaining(l))
		},
	})
}

// If the limit was never stated, one request goes first in each window.
func TestLimitUnknown(t *testing.T) {
	for name, limit := range map[string]string{"missing": "", "zero": "0", "huge": "99999999999999999999"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				resp := respond(200, "X-RateLimit-Limit", limit, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "0")
				for range 5 {
					start := time.Now()
					exchange(t, l, resp)
					assert.LessOrEqual(t, time.Since(start), time.Second+jitter)
				}
				assertWait(t, time.Second, waitFor(t, l)) // A reset of 0 is no reason to spin.
			})
		})
	}
}

// probeWait is a time in which the other requests still wait for the first response of a window.
const probeWait = time.Second - 1

// Requests that end after their window without a response take no places of the next window.
func TestReleaseAfterTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, withCounts(100, 99, 1))
		time.Sleep(1900 * time.Millisecond)
		lost := make([]ratelimit.Permit, 20)
		for i := range lost {
			lost[i] = acquire(t, l)
		}
		time.Sleep(200 * time.Millisecond)
		for _, p := range lost {
			l.Release(p)
		}
		exchange(t, l, withCounts(100, 79, 1)) // The server had counted them in this window.
		for range 55 {
			assert.Zero(t, waitFor(t, l))
		}
	})
}

// A slow first response holds the other requests back for a second at most, and its window is
// learned.
func TestSlowFirstResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		first := acquire(t, l)
		start := time.Now()
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { acquire(t, l) })
		}
		group.Wait()
		assert.Equal(t, time.Second, time.Since(start))
		assert.Zero(t, waitFor(t, l))
		l.Observe(first, withCounts(100, 50, 9))
		assert.Equal(t, 50-20, l.Snapshot().Remaining, "those on their way count")
	})
}

func TestMaxInFlightAndOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithMaxInFlight(3))
		s := newSim(1000, time.Hour)
		client := &http.Client{Transport: ratelimit.NewTransport(s, l)}
		var mu sync.Mutex
		var order []int
		var group sync.WaitGroup
		for i := range 30 {
			group.Go(func() {
				resp, err := client.Get("http://server.example/")
				if assert.NoError(t, err) {
					time.Sleep(time.Duration(i) * time.Microsecond) // The body is still open.
					resp.Body.Close()
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			})
			synctest.Wait()
		}
		group.Wait()
		assert.Equal(t, 3, s.busiest)
		assert.IsIncreasing(t, order)
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithRate(10, 5))
		start := time.Now()
		var group sync.WaitGroup
		for range 25 {
			group.Go(func() { l.Release(acquire(t, l)) })
		}
		group.Wait()
		assertWait(t, 2*time.Second, time.Since(start)) // 5 at once, 20 at 10 per second.
		time.Sleep(time.Hour)
		assert.Zero(t, waitFor(t, l))
	})
}

// If the rate is so low that the wait would overflow, the wait is very long.
func TestTinyRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithRate(math.SmallestNonzeroFloat64, 1))
		acquire(t, l)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := l.Acquire(ctx, nil)
		assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
	})
}
