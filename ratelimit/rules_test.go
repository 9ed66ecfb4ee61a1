package ratelimit_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

func TestWaitErrorIsRoundedToMilliseconds(t *testing.T) {
	e := &ratelimit.WaitError{Wait: 1234567 * time.Microsecond, Max: 986600 * time.Microsecond}
	assert.EqualError(t, e, "ratelimit: a wait of 1.235s is needed, the longest wait allowed is 987ms")
}

// All requests for a key get the error of the function that creates its limiter.
func TestKeyedReturnsTheErrorOfCreation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := errors.New("no limit for that key")
		begun, ready := make(chan struct{}, 1), make(chan struct{})
		k := newKeyed(t, func(string) (ratelimit.Limiter, error) {
			begun <- struct{}{}
			<-ready
			return newLocal(t), failed
		}, 1)
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				_, err := k.Acquire(t.Context(), requestTo(t, "a"))
				assert.ErrorIs(t, err, failed)
			})
		}
		<-begun
		synctest.Wait()
		close(ready)
		group.Wait()
	})
}

// A second Release is no lost request, which the server may have counted.
func TestSecondReleaseCountsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, withCounts(10, 5, 30))
		first, second := acquire(t, l), acquire(t, l)
		l.Observe(first, withCounts(10, 4, 30))
		l.Release(first)
		l.Release(first)
		l.Observe(second, withCounts(10, 4, 30)) // The server did not count it.
		l.Release(second)
		assert.Equal(t, 4, remaining(l))
	})
}

// The limit in flight rises with time, and a waiter learns of that within a second.
func TestRisenLimitInFlightIsSeenWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveInFlight(2, 1))
		held := []ratelimit.Permit{acquire(t, l), acquire(t, l)}
		l.Observe(held[1], respond(429)) // From now on one more is admitted every 10 s.
		l.Release(held[1])
		time.Sleep(1700 * time.Millisecond)
		begin := time.Now()
		p := acquire(t, l)
		assert.Equal(t, 9*time.Second, time.Since(begin))
		l.Release(p)
		l.Release(held[0])
	})
}

// The server states that no places are left, so the number in flight is not the reason of its
// refusal.
func TestFullWindowDoesNotLowerTheLimitInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithAdaptiveInFlight(8, 1))
		exchange(t, l, withCounts(10, 5, 30))
		p := []ratelimit.Permit{acquire(t, l), acquire(t, l)}
		l.Observe(p[0], told429(30, "30"))
		assert.Equal(t, 8, l.Snapshot().MaxInFlight)
		for _, one := range p {
			l.Release(one)
		}
	})
}

// If one request at a time is refused, the rate is the reason. The limit in flight is then
// forgotten.
func TestLimitInFlightIsForgottenIfTheRateIsTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(100, 1), ratelimit.WithAdaptiveInFlight(8, 1))
		a, b := acquire(t, l), acquire(t, l)
		l.Observe(b, respond(429))
		l.Release(b)
		assert.Equal(t, 1, l.Snapshot().MaxInFlight)
		l.Observe(a, respond(200))
		l.Release(a)
		exchange(t, l, respond(429))
		assert.Zero(t, l.Snapshot().MaxInFlight)
		assert.Less(t, l.Snapshot().Rate, 100.0)
	})
}

// Only a request that looks for the end of the window must have time for two responses. Another
// place goes to the earliest deadline, however soon it is.
func TestEarliestDeadlineNeedsTimeForOneResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithMaxInFlight(1))
		for range 20 { // Responses take 100 ms.
			p := acquire(t, l)
			time.Sleep(100 * time.Millisecond)
			l.Observe(p, respond(200))
			l.Release(p)
		}
		held := acquire(t, l)
		order := line(t, l, 150*time.Millisecond, time.Second)
		l.Release(held)
		assert.Equal(t, []int{0, 1}, order())
	})
}

// While the request that looks for the end of the window hangs, the others leave at the latest end.
func TestHangingProbeHoldsNobodyBeyondTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, withCounts(100, 0, 2)) // It ends after 2 s to 3 s.
		exchange(t, l, withCounts(100, 99, 9))
		exchange(t, l, withCounts(100, 3, 9))
		held := []ratelimit.Permit{acquire(t, l), acquire(t, l)} // One place is left.
		begin := time.Now()
		var left [2]time.Duration
		var group sync.WaitGroup
		for i := range left {
			group.Go(func() {
				p := acquire(t, l)
				left[i] = time.Since(begin)
				time.Sleep(time.Minute)
				l.Release(p)
			})
			synctest.Wait()
		}
		group.Wait()
		for _, p := range held {
			l.Release(p)
		}
		assert.Equal(t, 9500*time.Millisecond, left[0])
		assert.InDelta(t, 10, left[1].Seconds(), 0.2)
	})
}

// A window longer than WithMaxWait is not shared: the rules of a window of one's own hold.
func TestLongWindowIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithSharedWindow(), ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, withCounts(10, 0, 3600))
		_, err := l.Acquire(t.Context(), nil)
		assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
	})
}
