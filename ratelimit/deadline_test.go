package ratelimit_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// calls counts calls with deadlines by their outcome.
type calls struct{ made, good, refused, failed int }

func (c *calls) add(d calls) {
	c.made += d.made
	c.good += d.good
	c.refused += d.refused
	c.failed += d.failed
}

func (c calls) share() float64 { return 100 * float64(c.good) / float64(c.made) }

// caller makes calls like the clients of this module. It sends a refused request again after
// Retry-After, if that is before the deadline.
type caller struct {
	policy policy
	header func(http.Header, int, int, time.Duration)
	limit  int
	trip   time.Duration    // mean round trip
	l      *ratelimit.Local // nil for calls without a limiter

	mu    sync.Mutex
	calls calls
	group sync.WaitGroup
}

func (c *caller) serve() (resp *http.Response, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ok, remaining, reset, retry := c.policy.take(time.Now())
	resp = respond(http.StatusOK)
	if !ok {
		c.calls.refused++
		resp.StatusCode = http.StatusTooManyRequests
		s := math.Ceil(retry.Seconds())
		wait = time.Duration(s) * time.Second
		resp.Header.Set("Retry-After", strconv.Itoa(int(s)))
	}
	c.header(resp.Header, c.limit, remaining, reset)
	return resp, wait
}

// attempt reports whether the call succeeded. If it did not, it returns the wait before the next
// attempt.
func (c *caller) attempt(ctx context.Context) (ok bool, wait time.Duration) {
	var p ratelimit.Permit
	if c.l != nil {
		var err error
		if p, err = c.l.Acquire(ctx, nil); err != nil {
			return false, 0
		}
		defer c.l.Release(p)
	}
	if !pass(ctx, c.trip/4+rand.N(c.trip/2)) {
		return false, 0
	}
	resp, wait := c.serve()
	if !pass(ctx, c.trip/4+rand.N(c.trip/2)) {
		return false, 0
	}
	if c.l != nil {
		c.l.Observe(p, resp)
	}
	return resp.StatusCode == http.StatusOK, wait
}

// pass lets d pass. It reports false if ctx ends before.
func pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *caller) call(timeout time.Duration) {
	c.calls.made++
	c.group.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		deadline, _ := ctx.Deadline()
		ok, wait := c.attempt(ctx)
		for !ok && wait > 0 && time.Now().Add(wait).Before(deadline) {
			time.Sleep(wait)
			ok, wait = c.attempt(ctx)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if ok {
			c.calls.good++
		} else {
			c.calls.failed++
		}
	})
}

func (c *caller) offer(perSecond float64, d time.Duration, timeouts ...time.Duration) calls {
	end := time.Now().Add(d)
	random := rand.New(rand.NewPCG(1, 2)) // With and without a limiter the same.
	for i := 0; ; i++ {
		time.Sleep(time.Duration(random.ExpFloat64() / perSecond * 1e9))
		if !time.Now().Before(end) {
			break
		}
		c.mu.Lock()
		c.call(timeouts[i%len(timeouts)])
		c.mu.Unlock()
	}
	c.group.Wait()
	return c.calls
}

// newCaller returns a caller of a server with fixed windows. phase, from 0 to 1, is the part of the
// first window that has passed. If limiter is true, the caller has the default limiter of the
// clients of this module.
func newCaller(
	t *testing.T, limit int, every, trip time.Duration, phase float64, round func(float64) float64, limiter bool,
) *caller {
	t.Helper()
	zero := time.Now().Add(-time.Duration(phase * float64(every)))
	server := &fixed{limit: limit, every: every, zero: zero}
	c := &caller{policy: server, header: headerOf(round), limit: limit, trip: trip}
	if limiter {
		c.l = newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithAdaptiveInFlight(0, 1))
	}
	return c
}

// Acquire fails only if the wait is known to be too long. No request is sent away while another one
// finds out whether the window has ended.
func TestBurstsWithDeadlines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit, calls int
		every        time.Duration
		timeout      time.Duration
	}{
		{100, 200, time.Second, 1500 * time.Millisecond},
		{100, 200, time.Second, 2 * time.Second},
		{100, 150, 2 * time.Second, 2500 * time.Millisecond},
		{60, 100, 5 * time.Second, 5500 * time.Millisecond},
	} {
		name := fmt.Sprintf("%d calls, %d per %v, within %v", tt.calls, tt.limit, tt.every, tt.timeout)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(t, tt.limit, tt.every, 10*time.Millisecond, 0, math.Ceil, true)
				for range tt.calls {
					c.call(tt.timeout)
				}
				c.group.Wait()
				// The last places of the second window are kept to look for its end.
				assert.GreaterOrEqual(t, c.calls.share(), 98.0)
				assert.Zero(t, c.calls.refused)
			})
		})
	}
}

// A call with less time left than a response takes gets no place. A call behind it gets the place.
func TestNoPlaceForCallsThatAreTooLate(t *testing.T) {
	for _, tt := range []struct {
		trip, left time.Duration // when the window ends
		late       bool
	}{
		{0, time.Second, false},
		{100 * time.Millisecond, 110 * time.Millisecond, true}, // a hundredth after it is sent, and the jitter
		{100 * time.Millisecond, time.Second, false},
		{time.Second, time.Second, true},
		{time.Second, 5 * time.Second, false},
	} {
		t.Run(fmt.Sprintf("round trip %v, %v left", tt.trip, tt.left), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				p := acquire(t, l)
				time.Sleep(tt.trip)
				l.Observe(p, withCounts(10, 0, 29))
				l.Release(p)
				end := time.Now().Add(30 * time.Second)
				ctx, cancel := context.WithDeadline(t.Context(), end.Add(tt.left))
				defer cancel()
				var group sync.WaitGroup
				group.Go(func() {
					p, err := l.Acquire(ctx, nil)
					l.Release(p)
					if !tt.late {
						assert.NoError(t, err)
						return
					}
					var e *ratelimit.WaitError
					if assert.ErrorAs(t, err, &e) {
						assert.True(t, e.Deadline)
						assert.Greater(t, e.Wait, e.Max, e)
					}
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.NoError(t, ctx.Err(), "it need not wait so long")
				})
				synctest.Wait()
				group.Go(func() {
					exchange(t, l, withCounts(10, 9, 29))
					assertWait(t, 0, time.Since(end))
				})
				group.Wait()
			})
		})
	}
}

// The request that finds the end of the window must have time for its response, even a slow one. If
// it ended without a response, the end of the window would stay unknown.
func TestCallsThatAreNearlyTooLateDoNotLook(t *testing.T) {
	const trip, end = 100 * time.Millisecond, time.Second // responses take at most 250 ms, it seems
	for _, tt := range []struct {
		name  string
		left  []time.Duration // of the calls, from the end of the window
		order []int
	}{
		{"the second has more time", []time.Duration{480 * time.Millisecond, time.Minute}, []int{1, 0}},
		{"the third has more time",
			[]time.Duration{470 * time.Millisecond, 480 * time.Millisecond, 800 * time.Millisecond},
			[]int{2, 0, 1}},
		{"the second has no deadline", []time.Duration{480 * time.Millisecond, 0}, []int{1, 0}},
		{"all have enough", []time.Duration{700 * time.Millisecond, time.Minute}, []int{0, 1}},
		{"none has enough", []time.Duration{400 * time.Millisecond, 480 * time.Millisecond}, []int{0, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				p := acquire(t, l)
				time.Sleep(trip)
				l.Observe(p, withCounts(10, 1, int(end.Seconds())))
				l.Release(p)
				start := time.Now()
				var mu sync.Mutex
				var order []int
				var group sync.WaitGroup
				for i, left := range tt.left {
					group.Go(func() {
						ctx, cancel := context.WithDeadline(t.Context(), start.Add(end+left))
						if left == 0 {
							ctx, cancel = context.WithCancel(t.Context())
						}
						defer cancel()
						p, err := l.Acquire(ctx, nil)
						if !assert.NoError(t, err) {
							return
						}
						mu.Lock()
						order = append(order, i)
						mu.Unlock()
						time.Sleep(trip)
						l.Observe(p, withCounts(10, 9, int(end.Seconds())))
						l.Release(p)
					})
					synctest.Wait()
				}
				group.Wait()
				assert.Equal(t, tt.order, order)
			})
		})
	}
}

// Calls that arrive with less time than responses took go when there is a place. Otherwise no
// response would show that the server is fast again.
func TestShortDeadlinesAfterSlowResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxInFlight(1))
		for range 10 {
			p := acquire(t, l)
			time.Sleep(10 * time.Second)
			l.Observe(p, withCounts(1000, 900, 50))
			l.Release(p)
		}
		var group sync.WaitGroup
		for range 50 { // One at a time, so most of them wait.
			group.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				p, err := l.Acquire(ctx, nil)
				if assert.NoError(t, err) {
					time.Sleep(10 * time.Millisecond)
					l.Observe(p, withCounts(1000, 900, 50))
					l.Release(p)
				}
			})
		}
		group.Wait()
	})
}

// The request with the last place shows whether the window has ended. A call that can't wait so
// long does not get that place, unless it is the only call.
func TestLastPlaceIsNotForShortDeadlines(t *testing.T) {
	for limit, heldBack := range map[int]int{10: 1, 30: 1, 100: 2} {
		for _, only := range []bool{false, true} {
			t.Run(fmt.Sprintf("limit %d, only call %v", limit, only), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
					exchange(t, l, withCounts(limit, heldBack+2, 2))
					a := acquire(t, l)
					if only {
						l.Release(a)
					}
					b := acquire(t, l)
					l.Release(a)
					l.Release(b)
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					_, err := l.Acquire(ctx, nil)
					if only {
						assert.NoError(t, err)
					} else {
						assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
					}
				})
			})
		}
	}
}
