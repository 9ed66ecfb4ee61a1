package ratelimit_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// recorder is a Limiter that records its calls in a journal. Several may share the journal.
type recorder struct {
	name    string
	journal *[]string
	err     error
	seq     uint64
}

func (r *recorder) note(what string) { *r.journal = append(*r.journal, r.name+" "+what) }

func (r *recorder) Acquire(context.Context, *http.Request) (ratelimit.Permit, error) {
	r.note("acquire")
	r.seq++
	if r.err != nil {
		return ratelimit.Permit{}, r.err
	}
	return ratelimit.Permit{Seq: r.seq, State: r.name}, nil
}

func (r *recorder) Observe(p ratelimit.Permit, resp *http.Response) {
	r.note("observe " + p.State.(string) + " " + resp.Status)
}

func (r *recorder) Release(p ratelimit.Permit) { r.note("release " + p.State.(string)) }

// uncomparable is a Limiter that can't be a map key.
type uncomparable struct {
	ratelimit.Limiter
	_ []int
}

func newAll(t testing.TB, limiters ...ratelimit.Limiter) ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.All(limiters...)
	require.NoError(t, err)
	return l
}

func TestAllRefusesBadLimiters(t *testing.T) {
	l := newLocal(t)
	for name, tt := range map[string]struct {
		limiters []ratelimit.Limiter
		want     string
	}{
		"none":          {nil, "no limiter"},
		"nil":           {[]ratelimit.Limiter{l, nil}, "limiter 2 of 2 is nil"},
		"nil Local":     {[]ratelimit.Limiter{(*ratelimit.Local)(nil), l}, "limiter 1 of 2 is nil"},
		"twice":         {[]ratelimit.Limiter{l, newLocal(t), l}, "limiter 3 of 3 occurs twice"},
		"inner Keyed":   {[]ratelimit.Limiter{(*ratelimit.Keyed)(nil)}, "limiter 1 of 1 is nil"},
		"nil, then bad": {[]ratelimit.Limiter{uncomparable{Limiter: l}, nil}, "limiter 2 of 2 is nil"},
	} {
		_, err := ratelimit.All(tt.limiters...)
		assert.ErrorContains(t, err, tt.want, name)
	}
	l2 := newAll(t, uncomparable{Limiter: l}, newLocal(t))
	exchangeWith(t, l2, respond(200))
	assert.Zero(t, l.Snapshot().InFlight)
}

// exchangeWith sends one request through any Limiter.
func exchangeWith(t testing.TB, l ratelimit.Limiter, resp *http.Response) {
	t.Helper()
	p, err := l.Acquire(t.Context(), nil)
	require.NoError(t, err)
	l.Observe(p, resp)
	l.Release(p)
}

func TestAllAsksInOrderAndReleasesInReverse(t *testing.T) {
	var journal []string
	a, b := &recorder{name: "a", journal: &journal}, &recorder{name: "b", journal: &journal}
	c := &recorder{name: "c", journal: &journal}
	limiters := []ratelimit.Limiter{a, b, c}
	l := newAll(t, limiters...)
	limiters[0] = nil // It is a copy.
	p, err := l.Acquire(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, uint64(1), p.Seq)
	resp := respond(200)
	resp.Status = "fine"
	l.Observe(p, resp)
	l.Release(p)
	assert.Equal(t, []string{
		"a acquire", "b acquire", "c acquire", "a observe a fine", "b observe b fine", "c observe c fine",
		"c release c", "b release b", "a release a",
	}, journal)
	p, err = l.Acquire(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, uint64(2), p.Seq)
}

func TestAllReleasesWhatItHasAfterAnError(t *testing.T) {
	var journal []string
	want := errors.New("no")
	a, b := &recorder{name: "a", journal: &journal}, &recorder{name: "b", journal: &journal}
	c, d := &recorder{name: "c", journal: &journal, err: want}, &recorder{name: "d", journal: &journal}
	_, err := newAll(t, a, b, c, d).Acquire(t.Context(), nil)
	assert.Equal(t, want, err)
	assert.Equal(t, []string{"a acquire", "b acquire", "c acquire", "b release b", "a release a"}, journal)
}

// panicking is a Limiter that panics.
type panicking struct{ ratelimit.Limiter }

func (panicking) Acquire(context.Context, *http.Request) (ratelimit.Permit, error) { panic("limiter") }

func TestAllReleasesWhatItHasAfterAPanic(t *testing.T) {
	one := newLocal(t, ratelimit.WithMaxInFlight(1))
	l := newAll(t, one, panicking{})
	assert.Panics(t, func() { _, _ = l.Acquire(t.Context(), nil) })
	assert.Zero(t, one.Snapshot().InFlight)
}

// panickingRelease is a Limiter that panics when a request has ended.
type panickingRelease struct{ ratelimit.Limiter }

func (panickingRelease) Release(ratelimit.Permit) { panic("limiter") }

func TestAllReleasesTheOthersAfterAPanic(t *testing.T) {
	one := newLocal(t, ratelimit.WithMaxInFlight(1))
	l := newAll(t, one, panickingRelease{newLocal(t)})
	p, err := l.Acquire(t.Context(), nil)
	require.NoError(t, err)
	assert.Panics(t, func() { l.Release(p) })
	assert.Zero(t, one.Snapshot().InFlight)
}

func TestAllIgnoresStrangePermits(t *testing.T) {
	one, two := newLocal(t), newLocal(t)
	l, other := newAll(t, one), newAll(t, one, two)
	held := acquire(t, two)
	for _, p := range []ratelimit.Permit{{}, {Seq: 1}, {State: "x"}, held} {
		l.Observe(p, respond(429, "Retry-After", "5"))
		l.Release(p)
	}
	p, err := other.Acquire(t.Context(), nil)
	require.NoError(t, err)
	l.Observe(p, respond(200)) // One permit more than it has limiters.
	l.Release(p)
	assert.Equal(t, 2, two.Snapshot().InFlight)
	assert.Zero(t, one.Snapshot().PausedUntil)
}

// A context that ends while the second limiter is asked frees the place in the first one.
func TestAllFreesItsPlacesWhenTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user, org := newLocal(t, ratelimit.WithMaxInFlight(2)), newLocal(t, ratelimit.WithMaxInFlight(1))
		l := newAll(t, user, org)
		held := acquire(t, org)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("over")) })
		_, err := l.Acquire(ctx, nil)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorContains(t, err, "over")
		assert.Zero(t, user.Snapshot().InFlight)
		assert.Zero(t, org.Snapshot().Waiting)
		org.Release(held)
		exchangeWith(t, l, respond(200))
	})
}

// A wait that the second limiter knows to be too long fails at once, and frees the place in the
// first one at once.
func TestAllKnowsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user, org := newLocal(t, ratelimit.WithMaxInFlight(1)), newLocal(t)
		l := newAll(t, user, org)
		exchangeWith(t, org, respond(429, "Retry-After", "10"))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := l.Acquire(ctx, nil)
		wait, ok := errors.AsType[*ratelimit.WaitError](err)
		require.True(t, ok, err)
		assert.Equal(t, 10*time.Second, wait.Wait)
		assert.True(t, wait.Deadline)
		assert.Zero(t, time.Since(begin))
		assert.Zero(t, user.Snapshot().InFlight)
		exchangeWith(t, user, respond(200))
	})
}

// The deadline limits the sum of the waits. The first wait leaves too little time for the second
// one.
func TestAllDeadlineHoldsForTheSumOfWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user, org := newLocal(t), newLocal(t)
		exchangeWith(t, user, respond(429, "Retry-After", "3"))
		time.AfterFunc(2*time.Second, func() { exchangeWith(t, org, respond(429, "Retry-After", "4")) })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := newAll(t, user, org).Acquire(ctx, nil)
		assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
		assertWait(t, 3*time.Second, time.Since(begin))
	})
}

// The response reaches all limiters: both pause.
func TestAllPassesRefusalsToEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user, org := newLocal(t), newLocal(t)
		exchangeWith(t, newAll(t, user, org), respond(429, "Retry-After", "5"))
		end := time.Now().Add(5 * time.Second)
		assert.Equal(t, end, user.Snapshot().PausedUntil)
		assert.Equal(t, end, org.Snapshot().PausedUntil)
	})
}

// While requests wait in the first limiter, the narrow one, they take no places of the second one.
func TestAllTakesNothingOfTheSecondWhileTheFirstWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user, org := newLocal(t, ratelimit.WithMaxInFlight(1)), newLocal(t)
		l := newAll(t, user, org)
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				p, err := l.Acquire(t.Context(), nil)
				if assert.NoError(t, err) {
					time.Sleep(time.Second)
					l.Release(p)
				}
			})
		}
		time.Sleep(500 * time.Millisecond)
		assert.Equal(t, 9, user.Snapshot().Waiting)
		assert.Equal(t, 1, org.Snapshot().InFlight)
		group.Wait()
		assert.Zero(t, org.Snapshot().InFlight)
	})
}

// Many goroutines keep the limits of both, and all places are free in the end.
func TestAllKeepsBothLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		org := newLocal(t, ratelimit.WithMaxInFlight(5))
		var mu sync.Mutex
		inFlight, most := [3]int{}, [3]int{}
		var group sync.WaitGroup
		for user := range 2 {
			l := newAll(t, newLocal(t, ratelimit.WithMaxInFlight(3)), org)
			for range 20 {
				group.Go(func() {
					for range 10 {
						p, err := l.Acquire(t.Context(), nil)
						if !assert.NoError(t, err) {
							return
						}
						mu.Lock()
						for _, i := range []int{user, 2} {
							inFlight[i]++
							most[i] = max(most[i], inFlight[i])
						}
						mu.Unlock()
						time.Sleep(10 * time.Millisecond)
						mu.Lock()
						inFlight[user]--
						inFlight[2]--
						mu.Unlock()
						l.Observe(p, respond(200))
						l.Release(p)
					}
				})
			}
		}
		group.Wait()
		assert.Equal(t, [3]int{3, 3, 5}, most)
		assert.Zero(t, org.Snapshot().InFlight)
	})
}
