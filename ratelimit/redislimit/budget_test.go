package redislimit

import (
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

func TestLimitersShareAWindow(t *testing.T) {
	addr := sharedRedis(t)
	for _, limiters := range []int{2, 10} {
		t.Run(strconv.Itoa(limiters), func(t *testing.T) {
			s := newWindowServer(t, 50, time.Second)
			var group sync.WaitGroup
			for i := range limiters {
				l := open(t, addr, WithHeaders(ratelimit.Confluent()))
				group.Go(func() {
					name, d := strconv.Itoa(i), 5500*time.Millisecond
					_, refused, failed := sendRequests(t.Context(), l, s.URL, name, 20/limiters, d)
					assert.Zero(t, refused)
					assert.Zero(t, failed)
				})
			}
			group.Wait()
			s.check(t)
			assert.Len(t, s.acceptedFrom, limiters)
		})
	}
}

func TestTenProcessesShareAWindow(t *testing.T) {
	addr := sharedRedis(t)
	s := newWindowServer(t, 100, time.Second)
	var group sync.WaitGroup
	for i := range 10 {
		cmd, out := startProcess(t, job{
			Redis: addr, URL: s.URL, Name: strconv.Itoa(i), Goroutines: 6, For: 6 * time.Second,
		})
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
	assert.Len(t, s.acceptedFrom, 10)
}

// The clocks of the processes are hours apart, and the server states the end of its window as a
// time, without a Date.
func TestClocksOfProcessesMayDiffer(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	s := newWindowServer(t, 50, time.Second)
	s.reset = func(end time.Time) string { return strconv.FormatFloat(float64(end.UnixMicro())/1e6, 'f', 6, 64) }
	var group sync.WaitGroup
	for i, skew := range []time.Duration{0, time.Hour, -time.Hour, 7 * time.Second, -300 * time.Millisecond} {
		l := open(t, addr, WithHeaders(ratelimit.GitHub()), func(l *Limiter) error {
			l.now = func() time.Time { return time.Now().Add(skew) }
			return nil
		})
		group.Go(func() {
			_, refused, failed := sendRequests(t.Context(), l, s.URL, strconv.Itoa(i), 4, 4500*time.Millisecond)
			assert.Zero(t, refused)
			assert.Zero(t, failed)
		})
	}
	group.Wait()
	s.check(t)
	assert.Len(t, s.acceptedFrom, 5)
}

// Places are held back for at most the longest wait that a server can impose.
func TestHeldBackPlacesObeyMaxWait(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()), WithMaxWait(time.Second))
		exchange(t, l, windowResponse(100, 3, 20))
		for range 3 {
			assert.Less(t, waitFor(t, l), soon)
		}
		_, err := l.Acquire(t.Context(), nil)
		assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
	})
}

// Headers that make no sense stop no request for longer than WithMaxWait, and cause no polling.
func TestNonsenseHeadersDelayUpToMaxWait(t *testing.T) {
	const most = 400 * time.Millisecond
	// limits returns a response with the status, Retry-After and the headers of a window.
	limits := func(status int, retryAfter, limit, remaining, reset string) *http.Response {
		resp := httpResponse(status,
			"X-RateLimit-Limit", limit, "X-RateLimit-Remaining", remaining, "X-RateLimit-Reset", reset)
		if retryAfter != "" {
			resp.Header.Set("Retry-After", retryAfter)
		}
		return resp
	}
	const huge = "99999999999999999999"
	for name, resp := range map[string]*http.Response{
		"negative":     limits(429, "-1", "-5", "-1", "-9"),
		"huge":         limits(429, huge, "1e99", huge, huge),
		"text":         limits(200, "", "many", "some", "soon"),
		"epoch":        limits(200, "", "1", "0", "1772366400"),
		"limit 0":      limits(200, "", "0", "0", "0.1"),
		"a year":       limits(200, "", "1", "0", "31000000"),
		"a year's 429": httpResponse(429, "Retry-After", "31000000"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := sharedRedis(t)
			synctest.Test(t, func(t *testing.T) {
				opts := []Option{WithHeaders(ratelimit.Confluent()), WithMaxWait(most)}
				a, b := inBubble(t, addr, &bubble{}, opts...), inBubble(t, addr, &bubble{}, opts...)
				exchange(t, a, resp)
				visits := countVisits(t, b)
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

func TestDeadlineBeforeResetFailsAtOnce(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
		exchange(t, l, windowResponse(10, 0, 29))
		ctx, cancel := withTimeout(t, 20*time.Second)
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

func TestRateCountsForAllProcesses(t *testing.T) {
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

func TestMaxVisitsLimitsVisits(t *testing.T) {
	t.Parallel()
	l := open(t, sharedRedis(t), WithMaxVisits(20))
	visits := countVisits(t, l)
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
	visits := countVisits(t, l)
	for range 20 {
		p := acquire(t, l)
		l.Observe(p, httpResponse(200))
		l.Release(p)
		waitReported(t, l)
	}
	assert.EqualValues(t, 20, visits.Load(), "a response without news is not reported")

	l = open(t, sharedRedis(t), WithHeaders(ratelimit.Confluent()))
	exchange(t, l, windowResponse(1000, 900, 20))
	visits = countVisits(t, l)
	for range 2 {
		var group sync.WaitGroup
		l.mu.Lock() // All goroutines wait before the next visit begins.
		for range 20 {
			group.Go(func() {
				p := acquire(t, l)
				l.Observe(p, httpResponse(200))
				l.Release(p)
			})
		}
		time.Sleep(50 * time.Millisecond)
		l.mu.Unlock()
		group.Wait()
		waitReported(t, l)
	}
	assert.Less(t, visits.Load(), int64(40))
}
