package redislimit

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// admission is the end of the wait of a request.
type admission struct {
	name   int
	permit ratelimit.Permit
	err    error
	took   time.Duration
}

// line is a number of requests that wait, in a bubble.
type line struct {
	l     *Limiter
	after time.Duration // between the admission of a request and its release
	mu    sync.Mutex
	group sync.WaitGroup
	ended []admission
}

// add adds a request with the deadline after d, 0 for none.
func (q *line) add(t *testing.T, name int, p ratelimit.Priority, d time.Duration) {
	q.group.Go(func() {
		ctx, cancel := context.WithCancel(ratelimit.WithPriority(t.Context(), p))
		if d > 0 {
			ctx, cancel = context.WithTimeout(ctx, d)
		}
		defer cancel()
		start := time.Now()
		permit, err := q.l.Acquire(ctx, nil)
		q.mu.Lock()
		q.ended = append(q.ended, admission{name, permit, err, time.Since(start)})
		q.mu.Unlock()
		if err == nil {
			time.Sleep(q.after)
			q.l.Release(permit)
		}
	})
	synctest.Wait()
}

// wait waits for all requests, and returns the names of those that were admitted, in the order of
// their admission.
func (q *line) wait() []int {
	q.group.Wait()
	admitted := slices.DeleteFunc(slices.Clone(q.ended), func(a admission) bool { return a.err != nil })
	slices.SortFunc(admitted, func(a, b admission) int { return cmp.Compare(a.permit.Seq, b.permit.Seq) })
	names := make([]int, len(admitted))
	for i, a := range admitted {
		names[i] = a.name
	}
	return names
}

// endOf returns how the wait of a request ended.
func (q *line) endOf(name int) admission {
	return q.ended[slices.IndexFunc(q.ended, func(a admission) bool { return a.name == name })]
}

// First leaves before all others, then three of Normal to one of Low. That holds for places that
// come one by one, and for those of one visit.
func TestPrioritiesWithinAProcess(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const n, low, first = int(ratelimit.Normal), int(ratelimit.Low), int(ratelimit.First)
	for name, opt := range map[string]Option{
		"one by one": WithMaxInFlight(1), "in one visit": WithMaxInFlight(16),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := inBubble(t, addr, &bubble{}, opt)
				var held []ratelimit.Permit
				for range l.maxInFlight {
					held = append(held, acquire(t, l))
				}
				q := &line{l: l}
				for _, group := range []struct {
					priority ratelimit.Priority
					count    int
				}{{ratelimit.Low, 5}, {ratelimit.Normal, 9}, {ratelimit.First, 2}} {
					for range group.count {
						q.add(t, int(group.priority), group.priority, 0)
					}
				}
				require.Equal(t, 16, l.Snapshot().Waiting)
				for _, p := range held {
					l.Release(p)
				}
				assert.Equal(t, []int{first, first, n, n, n, low, n, n, n, low, n, n, n, low, low, low}, q.wait())
			})
		})
	}
}

// Within a priority, the earliest deadline leaves at the turn of a request with a deadline.
// Requests without a deadline keep their turns.
func TestEarliestDeadlineLeavesFirst(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const s = time.Second
	for name, tt := range map[string]struct {
		deadlines []time.Duration
		want      []int
	}{
		"all with a deadline":  {[]time.Duration{50 * s, 90 * s, 10 * s, 70 * s}, []int{2, 0, 3, 1}},
		"equal deadlines":      {[]time.Duration{s, s, s}, []int{0, 1, 2}},
		"some with a deadline": {[]time.Duration{0, 90 * s, 0, 0, 10 * s, 50 * s}, []int{0, 4, 2, 3, 5, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
				held := acquire(t, l)
				q := &line{l: l}
				for i, d := range tt.deadlines {
					q.add(t, i, ratelimit.Normal, d)
				}
				l.Release(held)
				assert.Equal(t, tt.want, q.wait())
			})
		})
	}
}

// Redis learns of a deadline that is earlier than the one that it knows, and of no later one.
func TestVisitForAnEarlierDeadline(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithMaxInFlight(1), WithHeaders(ratelimit.Confluent()))
		exchange(t, l, windowResponse(10, 9, 20.5))
		acquire(t, l)
		q := &line{l: l}
		visits := countVisits(t, l)
		for i, tt := range []struct {
			deadline time.Duration
			visits   int64
		}{{500 * time.Millisecond, 1}, {600 * time.Millisecond, 1}, {400 * time.Millisecond, 2}} {
			q.add(t, i, ratelimit.Normal, tt.deadline)
			assert.Equal(t, tt.visits, visits.Load(), tt.deadline)
		}
		time.Sleep(450 * time.Millisecond) // Now the first deadline is a later one.
		q.add(t, 3, ratelimit.Normal, 300*time.Millisecond)
		assert.EqualValues(t, 2, visits.Load())
		assert.Empty(t, q.wait())
	})
}

// A refused request that comes back does not wait behind those that waited for the same pause.
func TestFirstTakesTheNextPlaceAfterAPause(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{})
		exchange(t, l, httpResponse(429, "Retry-After", "1"))
		end := time.Now().Add(time.Second)
		q := &line{l: l}
		for i := range 20 {
			q.add(t, i, ratelimit.Normal, 0)
		}
		time.Sleep(time.Until(end.Add(maxJitter / 2)))
		q.mu.Lock()
		before := len(q.ended)
		q.mu.Unlock()
		require.Positive(t, before)
		require.Less(t, before, 20)
		q.add(t, 99, ratelimit.First, 0)
		assert.Equal(t, before, slices.Index(q.wait(), 99))
		assert.Less(t, time.Since(end), maxJitter+soon)
	})
}

// Requests that go away leave no gap in the order in which the others are spread.
func TestSpreadAfterWaitersLeft(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{})
		exchange(t, l, httpResponse(429, "Retry-After", "1"))
		q := &line{l: l}
		for i := range 20 {
			q.add(t, i, ratelimit.Normal, 0)
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range 20 {
			q.group.Go(func() {
				_, err := l.Acquire(ctx, nil)
				assert.ErrorIs(t, err, context.Canceled)
			})
		}
		time.Sleep(time.Second)
		cancel()
		synctest.Wait()
		l.mu.Lock()
		assert.LessOrEqual(t, len(l.waiters.departures), l.waiters.Len())
		l.mu.Unlock()
		assert.Len(t, q.wait(), 20)
		assert.Zero(t, l.waiters.departure(0))
	})
}

// learnRoundTrip sends the first request, whose response resp takes 100 ms. So nearly no response
// should take more than 250 ms.
func learnRoundTrip(t *testing.T, l *Limiter, resp *http.Response) {
	t.Helper()
	p := acquire(t, l)
	time.Sleep(100 * time.Millisecond)
	l.Observe(p, resp)
	l.Release(p)
	waitReported(t, l)
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Equal(t, 250*time.Millisecond, l.trip.Most())
}

// A request that has less time left than a response takes gets no place, unless it came with less
// time than that.
func TestNoPlaceForRequestsThatAreTooLate(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
		learnRoundTrip(t, l, httpResponse(200))
		held := acquire(t, l)
		q := &line{l: l}
		q.add(t, 0, ratelimit.Normal, 900*ms) // too late after 650 ms
		q.add(t, 1, ratelimit.Normal, 0)
		q.add(t, 2, ratelimit.Normal, 951*ms)
		time.Sleep(700 * ms)
		q.add(t, 3, ratelimit.Low, 200*ms) // It came with less.
		l.Release(held)
		assert.Equal(t, []int{1, 2, 3}, q.wait())
		got := q.endOf(0)
		var tooLate *ratelimit.WaitError
		require.ErrorAs(t, got.err, &tooLate)
		assert.True(t, tooLate.Deadline)
		assert.Less(t, got.took, 900*ms, "before its deadline")
	})
}

// A request that need not wait leaves, also if a response does not fit after the visit.
func TestPlaceAtOnceIsNotTooLate(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{delay: 50 * ms})
		learnRoundTrip(t, l, httpResponse(200))
		q := &line{l: l}
		q.add(t, 0, ratelimit.Normal, 250*ms+1)
		assert.Equal(t, []int{0}, q.wait())
		assert.Greater(t, q.endOf(0).took, time.Duration(1))
	})
}

// If the time of the next place is known, a request for which it is too late fails at once.
func TestKnownPlaceThatIsTooLateFailsAtOnce(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithRate(1, 1))
		learnRoundTrip(t, l, httpResponse(200))
		time.Sleep(900 * ms)
		l.Release(acquire(t, l))
		q := &line{l: l}
		q.add(t, 0, ratelimit.Normal, 1240*ms)
		q.add(t, 1, ratelimit.Normal, 1260*ms)
		assert.Equal(t, []int{1}, q.wait())
		got := q.endOf(0)
		var tooLate *ratelimit.WaitError
		require.ErrorAs(t, got.err, &tooLate)
		assert.InDelta(t, 1250, tooLate.Wait.Milliseconds(), 1, "the place and the response")
		assert.Less(t, got.took, soon)
	})
}

// A probe needs time for two responses, if another request has it.
func TestProbeHasTimeForTwoResponses(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
		learnRoundTrip(t, l, windowResponse(10, 0, 1.25))
		q := &line{l: l, after: ms}
		q.add(t, 0, ratelimit.Normal, 1650*ms) // After the window, 300 to 400 ms are left.
		q.add(t, 1, ratelimit.Normal, 0)
		assert.Equal(t, []int{1, 0}, q.wait())
		assert.True(t, q.endOf(1).permit.State.(*grant).isProbe)
	})
}

// Whatever comes and goes at once, each request is admitted or ends with its context, and no place
// is lost.
func TestRandomPrioritiesAndDeadlines(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	limiters := []*Limiter{open(t, addr, WithMaxInFlight(3)), open(t, addr, WithMaxInFlight(3))}
	var group sync.WaitGroup
	for i := range 40 {
		l := limiters[i%2]
		group.Go(func() {
			for range 10 {
				ctx, cancel := context.WithCancel(ratelimit.WithPriority(t.Context(), ratelimit.Priority(rand.N(3))))
				switch rand.N(3) {
				case 0:
					ctx, cancel = context.WithTimeout(ctx, rand.N(30*time.Millisecond))
				case 1:
					time.AfterFunc(rand.N(30*time.Millisecond), cancel)
				}
				if p, err := l.Acquire(ctx, nil); err == nil {
					if rand.N(2) == 0 {
						time.Sleep(rand.N(2 * time.Millisecond))
						l.Observe(p, httpResponse(200))
					}
					l.Release(p)
				} else {
					assert.True(t, ctx.Err() != nil || errors.Is(err, ratelimit.ErrWaitTooLong), "%v", err)
				}
				cancel()
			}
		})
	}
	group.Wait()
	for _, l := range limiters {
		waitReported(t, l)
		assert.Zero(t, l.Snapshot().Waiting)
		assert.Zero(t, l.Snapshot().InFlight)
		l.Release(acquire(t, l))
	}
}
