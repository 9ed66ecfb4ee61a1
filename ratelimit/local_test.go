package ratelimit_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
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

// exchange is a whole request: it was answered with resp at once.
func exchange(t testing.TB, l *ratelimit.Local, resp *http.Response) {
	t.Helper()
	p := acquire(t, l)
	l.Observe(p, resp)
	l.Release(p)
}

// waitFor is how long the next request has to wait.
func waitFor(t testing.TB, l *ratelimit.Local) time.Duration {
	t.Helper()
	start := time.Now()
	l.Release(acquire(t, l))
	return time.Since(start)
}

// assertWait allows for the jitter.
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
		"headers unit":    {ratelimit.WithHeaders(ratelimit.Headers{Remaining: "R", Reset: "S", ResetUnit: 7}), "WithHeaders"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := ratelimit.New(tt.opt)
			assert.Nil(t, l)
			assert.ErrorContains(t, err, tt.name)
		})
	}
}

// Whatever the rounding, 64 goroutines that start cold are never refused, lose
// little of the allowance, and leave nothing behind.
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

		l.Observe(ratelimit.Permit{Seq: 2}, told(20, 6, 30))
		synctest.Wait()
		assert.EqualValues(t, 7, admitted.Load())
		assert.Equal(t, ratelimit.Snapshot{
			Limit: 20, Reset: time.Now().Add(31 * time.Second), InFlight: 7, Waiting: 3,
		}, l.Snapshot())
		time.Sleep(31*time.Second + jitter)
		synctest.Wait()
		assert.EqualValues(t, 8, admitted.Load(), "the first of a window goes alone, too")
		l.Observe(ratelimit.Permit{Seq: 9}, told(20, 19, 30))
		time.Sleep(jitter)
		synctest.Wait()
		assert.EqualValues(t, 10, admitted.Load())
	})
}

func TestNoHeadersNoWindow(t *testing.T) {
	for name, resp := range map[string]*http.Response{
		"none":          reply(200),
		"nonsense":      reply(200, "X-RateLimit-Limit", "x", "X-RateLimit-Remaining", "-1", "X-RateLimit-Reset", "y"),
		"no reset":      reply(200, "X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0"),
		"epoch, not ok": reply(200, "X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1772366400"),
		"error":         reply(500),
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

// Without WithHeaders no window is learned and nobody goes alone.
func TestOnlyRetryAfterByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t)
		p := acquire(t, l)
		acquire(t, l)
		l.Observe(p, told(1, 0, 30))
		assert.Zero(t, waitFor(t, l))
		exchange(t, l, reply(429, "Retry-After", "7"))
		assertWait(t, 7*time.Second, waitFor(t, l))
	})
}

func TestWindow(t *testing.T) {
	// A window of 10 with 4 left, that ends in 21 s at the latest.
	start := func(t *testing.T) *ratelimit.Local {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, told(10, 4, 20))
		return l
	}
	remaining := func(l *ratelimit.Local) int { return l.Snapshot().Remaining }
	tests := map[string]func(t *testing.T, l *ratelimit.Local){
		"spent locally": func(t *testing.T, l *ratelimit.Local) {
			for range 4 {
				assert.Zero(t, waitFor(t, l))
			}
			assertWait(t, 21*time.Second, waitFor(t, l))
			assert.Equal(t, 9, remaining(l))
		},
		"the lowest count holds": func(t *testing.T, l *ratelimit.Local) {
			a, b := acquire(t, l), acquire(t, l)
			l.Observe(b, told(10, 1, 20)) // Others take from it, too.
			l.Observe(a, told(10, 3, 20))
			assert.Equal(t, 1, remaining(l))
		},
		"a high count does not raise it": func(t *testing.T, l *ratelimit.Local) {
			a := acquire(t, l)
			acquire(t, l)
			l.Observe(a, told(10, 4, 20))
			assert.Equal(t, 2, remaining(l))
		},
		"the earliest end holds": func(t *testing.T, l *ratelimit.Local) {
			end := l.Snapshot().Reset
			a := acquire(t, l)
			time.Sleep(900 * time.Millisecond)
			l.Observe(a, told(10, 3, 20))
			assert.Equal(t, end, l.Snapshot().Reset)
			time.Sleep(300 * time.Millisecond)
			exchange(t, l, told(10, 2, 18))
			assert.Equal(t, end.Add(-800*time.Millisecond), l.Snapshot().Reset)
		},
		"no headers change nothing": func(t *testing.T, l *ratelimit.Local) {
			before := l.Snapshot()
			p := acquire(t, l)
			l.Observe(p, reply(200))
			l.Release(p)
			before.Remaining--
			assert.Equal(t, before, l.Snapshot())
		},
		"a failed request keeps its place": func(t *testing.T, l *ratelimit.Local) {
			l.Release(acquire(t, l))
			assert.Equal(t, 3, remaining(l))
		},
		"late reply after the window": func(t *testing.T, l *ratelimit.Local) {
			late := acquire(t, l)
			time.Sleep(21 * time.Second)
			exchange(t, l, told(10, 9, 20))
			l.Observe(late, told(10, 0, 1))
			assert.Equal(t, 9, remaining(l))
			assert.Equal(t, time.Now().Add(21*time.Second), l.Snapshot().Reset)
		},
		"late reply before the first of the window": func(t *testing.T, l *ratelimit.Local) {
			late := acquire(t, l)
			time.Sleep(21 * time.Second)
			l.Observe(late, told(10, 0, 1))
			assert.Equal(t, 10, remaining(l))
			assert.Zero(t, l.Snapshot().Reset)
		},
		"the server's window ends first, by its count": func(t *testing.T, l *ratelimit.Local) {
			late := acquire(t, l)
			time.Sleep(20500 * time.Millisecond) // It rounded up, so this is the next window.
			exchange(t, l, told(10, 9, 1))
			assert.Equal(t, 9, remaining(l))
			assert.Equal(t, time.Now().Add(2*time.Second), l.Snapshot().Reset)
			l.Observe(late, told(10, 0, 1))
			assert.Equal(t, 9, remaining(l))
			time.Sleep(time.Second) // The old end means nothing now.
			assert.Equal(t, 9, remaining(l))
		},
		"by its count, after a reply that was overtaken": func(t *testing.T, l *ratelimit.Local) {
			a, b := acquire(t, l), acquire(t, l)
			l.Observe(b, told(10, 1, 20))
			l.Observe(a, told(10, 3, 20))
			time.Sleep(20500 * time.Millisecond)
			exchange(t, l, told(10, 2, 1))
			assert.Equal(t, 2, remaining(l))
		},
		"the server's window ends first, by its end": func(t *testing.T, l *ratelimit.Local) {
			time.Sleep(20500 * time.Millisecond)
			exchange(t, l, told(10, 2, 20)) // Others were quick.
			assert.Equal(t, 2, remaining(l))
			assert.Equal(t, time.Now().Add(21*time.Second), l.Snapshot().Reset)
		},
		"a new window does not count what is on its way": func(t *testing.T, l *ratelimit.Local) {
			time.Sleep(20500 * time.Millisecond)
			a := acquire(t, l)
			acquire(t, l)
			acquire(t, l)
			l.Observe(a, told(10, 9, 20))
			assert.Equal(t, 7, remaining(l))
		},
		"late refusal without Retry-After": func(t *testing.T, l *ratelimit.Local) {
			late := acquire(t, l)
			time.Sleep(21 * time.Second)
			assert.Zero(t, waitFor(t, l))
			l.Observe(late, reply(429, "X-RateLimit-Reset", "20"))
			assert.Zero(t, waitFor(t, l))
		},
		"new limit": func(t *testing.T, l *ratelimit.Local) {
			exchange(t, l, told(3, 0, 20))
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
			l.Observe(permits[0], reply(200))
			end := time.Now().Add(6 * time.Second)
			l.Observe(permits[1], told(10, 0, 5))
			assertWait(t, 0, (<-done).Sub(end))
		},
		"nobody left to tell the end": func(t *testing.T, l *ratelimit.Local) {
			time.Sleep(21 * time.Second)
			for range 10 {
				p := acquire(t, l)
				l.Observe(p, reply(200)) // Its body stays open.
			}
			scout := acquire(t, l)
			ctx, cancel := context.WithTimeout(t.Context(), alone)
			defer cancel()
			_, err := l.Acquire(ctx, nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			l.Observe(scout, told(10, 5, 5))
			assert.Equal(t, 5, remaining(l))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, start(t)) })
		})
	}
}

// A window whose limit was never told is learned afresh by one request.
func TestLimitUnknown(t *testing.T) {
	for name, limit := range map[string]string{"missing": "", "zero": "0", "huge": "99999999999999999999"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				resp := reply(200, "X-RateLimit-Limit", limit, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "0")
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

func TestRefused(t *testing.T) {
	tests := map[string]struct {
		resp *http.Response
		want time.Duration
	}{
		"seconds":           {reply(429, "Retry-After", "7"), 7 * time.Second},
		"fraction":          {reply(429, "Retry-After", "0.5"), 500 * time.Millisecond},
		"date":              {reply(429, "Retry-After", "Sat, 01 Jan 2000 00:00:09 GMT"), 9 * time.Second},
		"date, their clock": {reply(429, "Retry-After", "Sun, 01 Mar 2026 12:00:09 GMT", "Date", "Sun, 01 Mar 2026 12:00:00 GMT"), 9 * time.Second},
		"date in the past":  {reply(429, "Retry-After", "Sat, 01 Jan 2000 00:00:00 GMT", "Date", "Sat, 01 Jan 2000 01:00:00 GMT"), 0},
		"unavailable":       {reply(503, "Retry-After", "7"), 7 * time.Second},
		"unavailable, bare": {reply(503), 0},
		"reset":             {reply(429, "X-RateLimit-Reset", "4"), 5 * time.Second},
		"reset, 503":        {reply(503, "X-RateLimit-Reset", "4"), 0},
		"both":              {reply(429, "Retry-After", "2", "X-RateLimit-Reset", "4"), 2 * time.Second},
		"both, window full": {reply(429, "Retry-After", "2", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "4"), 5 * time.Second},
		"bad, then reset":   {reply(429, "Retry-After", "soon", "X-RateLimit-Reset", "4"), 5 * time.Second},
		"huge, then reset":  {reply(429, "Retry-After", "99999999999999999999", "X-RateLimit-Reset", "4"), 5 * time.Second},
		"bare":              {reply(429), 0},
		"not refused":       {reply(200, "Retry-After", "7"), 0},
		"moved":             {reply(301, "Retry-After", "7"), 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // Its clock starts in the year 2000.
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				exchange(t, l, tt.resp)
				got := waitFor(t, l)
				if tt.want == 0 {
					assert.Zero(t, got)
				} else {
					assertWait(t, tt.want, got)
				}
			})
		})
	}
}

func TestRefusalPausesEveryUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t)
		p, other := acquire(t, l), acquire(t, l)
		l.Observe(p, reply(429, "Retry-After", "5"))
		end := time.Now().Add(5 * time.Second)
		assert.Equal(t, end, l.Snapshot().PausedUntil)
		time.Sleep(time.Second)
		l.Observe(other, reply(429, "Retry-After", "1")) // The longer one holds.
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				l.Release(acquire(t, l))
				assertWait(t, 0, time.Since(end))
			})
		}
		group.Wait()
		assert.Zero(t, l.Snapshot().PausedUntil)
	})
}

// A refused first request tells nothing about the window, so the next goes alone again.
func TestRefusedScout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, reply(429))
		acquire(t, l)
		ctx, cancel := context.WithTimeout(t.Context(), alone)
		defer cancel()
		_, err := l.Acquire(ctx, nil)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// alone is a time for which others surely wait for the first request.
const alone = time.Second - 1

// Requests of which no reply tells anything, and which end after their window, are not missing in the next one.
func TestReleaseAfterTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, told(100, 99, 1))
		time.Sleep(1900 * time.Millisecond)
		lost := make([]ratelimit.Permit, 20)
		for i := range lost {
			lost[i] = acquire(t, l)
		}
		time.Sleep(200 * time.Millisecond)
		for _, p := range lost {
			l.Release(p)
		}
		exchange(t, l, told(100, 79, 1)) // The server had counted them in this window.
		for range 55 {
			assert.Zero(t, waitFor(t, l))
		}
	})
}

// A server that is slow with its first reply holds nobody back for longer than a second, and the reply still teaches.
func TestSlowScout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		scout := acquire(t, l)
		start := time.Now()
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { acquire(t, l) })
		}
		group.Wait()
		assert.Equal(t, time.Second, time.Since(start))
		assert.Zero(t, waitFor(t, l))
		l.Observe(scout, told(100, 50, 9))
		assert.Equal(t, 50-20, l.Snapshot().Remaining, "those on their way count")
	})
}

func TestHerd(t *testing.T) {
	for name, resp := range map[string]*http.Response{
		"window": told(100, 0, 9),
		"pause":  reply(429, "Retry-After", "10"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				exchange(t, l, told(100, 50, 9))
				exchange(t, l, resp)
				end := time.Now().Add(10 * time.Second)
				var mu sync.Mutex
				moments := map[time.Time]bool{}
				var group sync.WaitGroup
				for range 64 {
					group.Go(func() {
						l.Release(acquire(t, l))
						mu.Lock()
						defer mu.Unlock()
						moments[time.Now()] = true
						assertWait(t, 0, time.Since(end))
					})
				}
				group.Wait()
				assert.Greater(t, len(moments), 60)
				assert.Zero(t, waitFor(t, l), "a request that did not wait is not held")
			})
		})
	}
}

// One waiter alone is held as well: other processes may wait for the same moment.
func TestJitterOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t)
		waits := map[time.Duration]bool{}
		for range 10 {
			exchange(t, l, reply(429, "Retry-After", "10"))
			waits[waitFor(t, l)] = true
		}
		assert.Greater(t, len(waits), 5)
	})
}

// Who waits for something else than the window is not held when it ends.
func TestNoJitterWithoutNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxInFlight(1))
		exchange(t, l, told(10, 5, 9))
		p := acquire(t, l)
		var group sync.WaitGroup
		group.Go(func() { assert.Equal(t, 10*time.Second, waitFor(t, l)) })
		time.Sleep(10 * time.Second)
		l.Release(p)
		group.Wait()
	})
}

// The jitter is never more than a tenth of the wait.
func TestJitterOfShortWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t)
		for range 50 {
			exchange(t, l, reply(429, "Retry-After", "0.1"))
			got := waitFor(t, l)
			assert.GreaterOrEqual(t, got, 100*time.Millisecond)
			assert.LessOrEqual(t, got, 110*time.Millisecond)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, told(2, 0, 29))

		cause := errors.New("user went home")
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				_, err := l.Acquire(ctx, nil)
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, cause)
				assert.Equal(t, time.Second, time.Since(start))
			})
		}
		synctest.Wait()
		for range 2 { // Behind them in the queue, yet they get the two places.
			group.Go(func() {
				assertWait(t, 30*time.Second, waitFor(t, l))
			})
		}
		time.Sleep(time.Second)
		cancel(cause)
		group.Wait()
		assert.Zero(t, l.Snapshot().Waiting)

		_, err := l.Acquire(ctx, nil)
		assert.ErrorIs(t, err, cause, "an ended context is not admitted")
	})
}

// The waiter in front leaves, and the one behind it takes its place at once.
func TestCancelHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithMaxInFlight(1))
		p := acquire(t, l)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, err := l.Acquire(ctx, nil)
			assert.ErrorIs(t, err, context.Canceled)
		}()
		synctest.Wait()
		done := make(chan struct{})
		go func() {
			acquire(t, l)
			close(done)
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		l.Release(p)
		<-done
	})
}

func TestWaitTooLong(t *testing.T) {
	full := told(10, 0, 29)
	acquireIn := func(t *testing.T, l *ratelimit.Local, d time.Duration) (time.Duration, error) {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		start := time.Now()
		p, err := l.Acquire(ctx, nil)
		l.Release(p)
		return time.Since(start), err
	}
	assertDeadline := func(t *testing.T, err error, wait, left time.Duration) {
		t.Helper()
		var e *ratelimit.WaitError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, ratelimit.WaitError{Wait: wait, Max: left, Deadline: true}, *e)
		assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, err.Error(), "deadline")
	}
	tests := map[string]func(t *testing.T){
		"deadline, window": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
			exchange(t, l, full)
			took, err := acquireIn(t, l, 20*time.Second)
			assertDeadline(t, err, 30*time.Second, 20*time.Second)
			assert.Zero(t, took)
			took, err = acquireIn(t, l, 40*time.Second)
			assert.NoError(t, err)
			assertWait(t, 30*time.Second, took)
		},
		"deadline, pause": func(t *testing.T) {
			l := newLocal(t)
			exchange(t, l, reply(429, "Retry-After", "30"))
			took, err := acquireIn(t, l, 20*time.Second)
			assertDeadline(t, err, 30*time.Second, 20*time.Second)
			assert.Zero(t, took)
		},
		"deadline, rate": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithRate(0.1, 1))
			acquire(t, l)
			took, err := acquireIn(t, l, 5*time.Second)
			assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
			assert.Zero(t, took)
		},
		"deadline, place in the queue": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithRate(1, 1))
			acquire(t, l)
			for range 5 {
				go l.Acquire(t.Context(), nil)
			}
			synctest.Wait()
			took, err := acquireIn(t, l, 5*time.Second)
			assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
			assert.Zero(t, took)
			took, err = acquireIn(t, l, 7*time.Second)
			assert.NoError(t, err)
			assertWait(t, 6*time.Second, took)
		},
		"deadline, learned while waiting": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
			scout := acquire(t, l)
			var group sync.WaitGroup
			group.Go(func() { assertWait(t, 30*time.Second+alone, waitFor(t, l)) })
			synctest.Wait()
			group.Go(func() { // Not the first in the queue.
				took, err := acquireIn(t, l, 20*time.Second)
				assertDeadline(t, err, 30*time.Second, 20*time.Second-alone)
				assert.Equal(t, alone, took)
			})
			time.Sleep(alone)
			l.Observe(scout, full)
			group.Wait()
		},
		"cap": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithMaxWait(20*time.Second))
			exchange(t, l, reply(429, "Retry-After", "30"))
			took, err := acquireIn(t, l, time.Hour)
			var e *ratelimit.WaitError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, ratelimit.WaitError{Wait: 30 * time.Second, Max: 20 * time.Second}, *e)
			assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, "ratelimit: a wait of 30s is needed, the longest wait allowed is 20s", err.Error())
			assert.Zero(t, took)
			time.Sleep(10 * time.Second)
			assertWait(t, 20*time.Second, waitFor(t, l))
		},
		"cap, default": func(t *testing.T) {
			l := newLocal(t)
			exchange(t, l, reply(429, "Retry-After", "66"))
			_, err := acquireIn(t, l, time.Hour)
			assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
		},
		"at the cap": func(t *testing.T) {
			l := newLocal(t)
			exchange(t, l, reply(429, "Retry-After", "65"))
			assertWait(t, 65*time.Second, waitFor(t, l))
		},
		"a window of a minute": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
			exchange(t, l, told(10, 0, 60)) // Its end may be rounded.
			assertWait(t, 61*time.Second, waitFor(t, l))
		},
		"cap, learned while waiting": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
			scout := acquire(t, l)
			errs := make(chan error)
			for range 3 {
				go func() {
					_, err := l.Acquire(t.Context(), nil)
					errs <- err
				}()
			}
			synctest.Wait()
			l.Observe(scout, told(10, 0, 3600))
			for range 3 {
				assert.ErrorIs(t, <-errs, ratelimit.ErrWaitTooLong)
			}
			assert.Zero(t, l.Snapshot().Waiting)

			time.Sleep(65 * time.Second) // What was too long then says nothing of a shorter wait now.
			scout = acquire(t, l)
			go func() {
				took, err := acquireIn(t, l, 20*time.Second)
				assert.Zero(t, took)
				errs <- err
			}()
			synctest.Wait()
			l.Observe(scout, full)
			assert.ErrorIs(t, <-errs, context.DeadlineExceeded)
		},
		"cap is not for the own rate": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithRate(0.01, 1), ratelimit.WithMaxWait(time.Second))
			acquire(t, l)
			assertWait(t, 100*time.Second, waitFor(t, l))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
}

// A server that names an absurd time stops nobody for longer than the cap: then
// one request asks again, alone.
func TestAbsurdWait(t *testing.T) {
	for name, resp := range map[string]*http.Response{
		"window": told(10, 0, 31_000_000),
		"pause":  reply(429, "Retry-After", "31000000"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxWait(time.Minute))
				exchange(t, l, resp)
				for range 3 {
					time.Sleep(time.Minute - 1)
					_, err := l.Acquire(t.Context(), nil)
					require.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
					time.Sleep(time.Nanosecond)
					scout := acquire(t, l)
					ctx, cancel := context.WithTimeout(t.Context(), alone)
					_, err = l.Acquire(ctx, nil)
					cancel()
					require.ErrorIs(t, err, context.DeadlineExceeded)
					l.Observe(scout, resp)
					l.Release(scout)
				}
				time.Sleep(time.Minute)
				exchange(t, l, told(10, 9, 30))
				assert.Zero(t, waitFor(t, l))
			})
		})
	}
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

// A rate so low that a wait overflows is a very long wait.
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

func TestStrangePermits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithMaxInFlight(1), ratelimit.WithHeaders(ratelimit.Confluent()))
		p := acquire(t, l)
		l.Observe(p, nil)
		l.Observe(ratelimit.Permit{}, told(1, 0, 50))
		l.Release(ratelimit.Permit{})
		assert.Equal(t, 1, l.Snapshot().InFlight)
		l.Observe(p, told(5, 4, 50))
		l.Release(p)
		l.Release(p)
		l.Observe(p, told(5, 0, 50))
		assert.Equal(t, 4, l.Snapshot().Remaining)
		acquire(t, l)
		assert.Equal(t, 1, l.Snapshot().InFlight)
	})
}

// Whatever a server says and however the requests end, nobody waits for ever
// and nothing is left.
func TestRandomReplies(t *testing.T) {
	counts := []string{"", "0", "1", "2", "5", "-1", "x", "99999999999999999999", "1.5", "2, 3"}
	resets := []string{"", "0", "1", "3", "0.2", "-4", "later", "1772366400", "31000000", "99999999999999999999", "59"}
	statuses := []int{200, 200, 200, 429, 503, 500, 304}
	for seed := range uint64(200) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				var mu sync.Mutex
				pick := func(n int) int {
					mu.Lock()
					defer mu.Unlock()
					return random.IntN(n)
				}
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxInFlight(1+pick(8)), ratelimit.WithRate(1000, 1+pick(5)))
				var group sync.WaitGroup
				for range 16 {
					group.Go(func() {
						for range 10 {
							ctx, cancel := context.WithCancel(t.Context())
							if pick(2) == 0 { // The others show a deadlock.
								ctx, cancel = context.WithTimeout(ctx, time.Duration(1+pick(100))*time.Second)
							}
							p, err := l.Acquire(ctx, nil)
							if err != nil {
								assert.True(t, errors.Is(err, ratelimit.ErrWaitTooLong) || ctx.Err() != nil, "%v", err)
								time.Sleep(time.Duration(pick(1000)) * time.Millisecond)
							} else {
								time.Sleep(time.Duration(pick(2000)) * time.Millisecond)
								if pick(10) > 0 {
									l.Observe(p, reply(statuses[pick(len(statuses))],
										"X-RateLimit-Limit", counts[pick(len(counts))],
										"X-RateLimit-Remaining", counts[pick(len(counts))],
										"X-RateLimit-Reset", resets[pick(len(resets))],
										"Retry-After", resets[pick(len(resets))]))
								}
								time.Sleep(time.Duration(pick(200)) * time.Millisecond)
								l.Release(p)
							}
							cancel()
						}
					})
				}
				group.Wait()
				s := l.Snapshot()
				assert.Zero(t, s.InFlight)
				assert.Zero(t, s.Waiting)
				time.Sleep(2 * time.Minute)
				exchange(t, l, reply(200))
			})
		})
	}
}

// A real server with short windows, and 64 goroutines of two clients.
func TestRealServer(t *testing.T) {
	const limit, every = 64, time.Second // a busy machine takes longer than a part of this to deliver a request
	var (
		mu      sync.Mutex
		end     time.Time
		used    int
		refused int
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if !now.Before(end) {
			end, used = now.Add(every), 0
		}
		used++
		headerOf(exact)(w.Header(), limit, max(limit-used, 0), end.Sub(now))
		if used > limit {
			refused++
			w.WriteHeader(http.StatusTooManyRequests)
		}
		w.Write([]byte(strings.Repeat("x", 4096)))
	}))
	defer server.Close()

	l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
	clients := []*http.Client{
		{Transport: ratelimit.NewTransport(nil, l)},
		{Transport: ratelimit.NewTransport(nil, l)},
	}
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			for range 3 {
				resp, err := clients[i%2].Get(server.URL)
				if assert.NoError(t, err) {
					resp.Body.Close()
				}
				l.Snapshot()
			}
		})
	}
	group.Wait()
	for _, c := range clients {
		c.CloseIdleConnections()
	}
	assert.Zero(t, refused)
	assert.Zero(t, l.Snapshot().InFlight)
}

func TestNoAllocations(t *testing.T) {
	opts := []ratelimit.Option{ratelimit.WithRate(1e9, 1e9), ratelimit.WithMaxInFlight(10)}
	for name, l := range map[string]*ratelimit.Local{
		"without headers": newLocal(t, opts...),
		"with headers":    newLocal(t, append(opts, ratelimit.WithHeaders(ratelimit.Confluent()))...),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			resp := told(1e9, 1e9, 60)
			allocs := testing.AllocsPerRun(1000, func() {
				p, err := l.Acquire(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				l.Observe(p, resp)
				l.Release(p)
			})
			assert.Zero(t, allocs)
		})
	}
}
