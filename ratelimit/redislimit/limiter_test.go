package redislimit

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

var _ ratelimit.Limiter = (*Limiter)(nil)

func TestAdmitsInOrderOfArrival(t *testing.T) {
	t.Parallel()
	l := open(t, sharedRedis(t), WithMaxInFlight(1))
	first := acquire(t, l)
	var mu sync.Mutex
	var order []int
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			p := acquire(t, l)
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			l.Release(p)
		})
		require.Eventually(t, func() bool { return l.Snapshot().Waiting == i+1 }, longTimeout, time.Millisecond/10)
	}
	l.Release(first)
	group.Wait()
	assert.Len(t, order, 20)
	assert.IsIncreasing(t, order)
}

// likeSignal is an error like the cause of [os/signal.NotifyContext].
type likeSignal struct{}

func (likeSignal) Error() string        { return "interrupt signal received" }
func (likeSignal) Is(target error) bool { return target == context.Canceled }

func TestErrorsOfEndedContextsHaveTheCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(likeSignal{})
	_, err := open(t, sharedRedis(t)).Acquire(ctx, nil)
	assert.EqualError(t, err, "redislimit: context canceled: interrupt signal received")
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, likeSignal{})
}

func TestCancelEndsWaits(t *testing.T) {
	l := open(t, sharedRedis(t), WithHeaders(ratelimit.Confluent()))
	exchange(t, l, windowResponse(2, 0, 29))
	best := time.Hour
	for range 5 { // A busy machine may miss some.
		cause := errors.New("user went home")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan time.Time)
		for range 5 {
			go func() {
				_, err := l.Acquire(ctx, nil)
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, cause)
				done <- time.Now()
			}()
		}
		require.Eventually(t, func() bool { return l.Snapshot().Waiting == 5 }, longTimeout, time.Millisecond)
		start := time.Now()
		cancel(cause)
		var last time.Time
		for range 5 {
			last = <-done
		}
		best = min(best, last.Sub(start))
		assert.Zero(t, l.Snapshot().Waiting)
		_, err := l.Acquire(ctx, nil)
		assert.ErrorIs(t, err, cause)
	}
	assert.Less(t, best, 10*time.Millisecond)
}

// Waits that end at any moment lose no place, and delay no other request.
func TestCancelRaceLosesNoPlace(t *testing.T) {
	t.Parallel()
	l := open(t, sharedRedis(t), WithMaxInFlight(2), WithHeaders(ratelimit.Confluent()))
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			for range 20 {
				ctx, cancel := withTimeout(t, time.Duration(i)*300*time.Microsecond)
				if p, err := l.Acquire(ctx, nil); err == nil {
					if i%3 > 0 {
						l.Observe(p, windowResponse(1e6, 1e6, 10.5))
					}
					l.Release(p)
				}
				cancel()
			}
		})
	}
	group.Wait()
	for range 3 {
		p := acquire(t, l)
		l.Observe(p, windowResponse(1e6, 1e6, 10.5))
		l.Release(p)
	}
	waitReported(t, l)
	assert.Zero(t, l.Snapshot().InFlight)
	assert.Zero(t, l.Snapshot().Waiting)
	l.mu.Lock()
	assert.Zero(t, l.pending)
	l.mu.Unlock()
}

func TestForeignPermitsAreIgnored(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l, other := inBubble(t, addr, &bubble{}, WithMaxInFlight(5)), inBubble(t, addr, &bubble{})
		p, foreign := acquire(t, l), acquire(t, other)
		assert.EqualValues(t, 1, p.Seq)
		l.Observe(p, nil)
		l.Observe(ratelimit.Permit{}, windowResponse(1, 0, 50))
		l.Release(ratelimit.Permit{})
		l.Release(foreign)
		assert.Equal(t, 1, l.Snapshot().InFlight)
		l.Release(p)
		l.Release(p)
		l.Observe(p, httpResponse(429, "Retry-After", "50"))
		assert.Zero(t, l.Snapshot().InFlight)
		assert.Less(t, waitFor(t, l), soon)
		assert.Equal(t, 1, other.Snapshot().InFlight)
	})
}

// Close ends all waits, and leaves no goroutine.
func TestCloseEndsWaitsAndGoroutines(t *testing.T) {
	l := open(t, sharedRedis(t), WithMaxInFlight(1))
	p := acquire(t, l)
	errs := make(chan error)
	go func() { _, err := l.Acquire(t.Context(), nil); errs <- err }()
	require.Eventually(t, func() bool { return l.Snapshot().Waiting == 1 }, longTimeout, time.Millisecond)
	require.NoError(t, l.Close())
	assert.ErrorIs(t, <-errs, ErrClosed)
	require.NoError(t, l.Close())
	l.Observe(p, httpResponse(429, "Retry-After", "1"))
	l.Release(p)
	require.Eventually(t, func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return !bytes.Contains(stacks, []byte("redislimit.(*Limiter).makeVisits")) &&
			!bytes.Contains(stacks, []byte("redislimit.(*Limiter).send"))
	}, longTimeout, time.Millisecond)
}
