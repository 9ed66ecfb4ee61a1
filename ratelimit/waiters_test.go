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

func TestHerd(t *testing.T) {
	for name, resp := range map[string]*http.Response{
		"window": withCounts(100, 0, 9),
		"pause":  respond(429, "Retry-After", "10"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				exchange(t, l, withCounts(100, 50, 9))
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

// A single waiter is also held, because other processes may wait for the same moment.
func TestJitterOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t)
		waits := map[time.Duration]bool{}
		for range 10 {
			exchange(t, l, respond(429, "Retry-After", "10"))
			waits[waitFor(t, l)] = true
		}
		assert.Greater(t, len(waits), 5)
	})
}

// A request that waits for another limit than the window is not held when the window ends.
func TestNoJitterWithoutNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxInFlight(1))
		exchange(t, l, withCounts(10, 5, 9))
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
			exchange(t, l, respond(429, "Retry-After", "0.1"))
			got := waitFor(t, l)
			assert.GreaterOrEqual(t, got, 100*time.Millisecond)
			assert.LessOrEqual(t, got, 110*time.Millisecond)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, withCounts(2, 0, 29))

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

// When the waiter in front ends, the next waiter takes its place at once.
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

// acquireIn returns how long Acquire takes with a deadline after d, and its error.
func acquireIn(t *testing.T, l *ratelimit.Local, d time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	start := time.Now()
	p, err := l.Acquire(ctx, nil)
	l.Release(p)
	return time.Since(start), err
}

func TestWaitTooLong(t *testing.T) {
	full := withCounts(10, 0, 29)
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
			exchange(t, l, respond(429, "Retry-After", "30"))
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
			first := acquire(t, l)
			var group sync.WaitGroup
			group.Go(func() { assertWait(t, 30*time.Second+probeWait, waitFor(t, l)) })
			synctest.Wait()
			group.Go(func() { // Not the first in the queue.
				took, err := acquireIn(t, l, 20*time.Second)
				assertDeadline(t, err, 30*time.Second, 20*time.Second-probeWait)
				assert.Equal(t, probeWait, took)
			})
			time.Sleep(probeWait)
			l.Observe(first, full)
			group.Wait()
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
}

// WithMaxWait limits the waits that a server imposes.
func TestWaitLongerThanMaxWait(t *testing.T) {
	tests := map[string]func(t *testing.T){
		"a longer wait": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithMaxWait(20*time.Second))
			exchange(t, l, respond(429, "Retry-After", "30"))
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
		"the default": func(t *testing.T) {
			l := newLocal(t)
			exchange(t, l, respond(429, "Retry-After", "66"))
			_, err := acquireIn(t, l, time.Hour)
			assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
		},
		"a wait of that length": func(t *testing.T) {
			l := newLocal(t)
			exchange(t, l, respond(429, "Retry-After", "65"))
			assertWait(t, 65*time.Second, waitFor(t, l))
		},
		"a window of a minute": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
			exchange(t, l, withCounts(10, 0, 60)) // Its end may be rounded.
			assertWait(t, 61*time.Second, waitFor(t, l))
		},
		"learned while waiting": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
			first := acquire(t, l)
			errs := make(chan error)
			for range 3 {
				go func() {
					_, err := l.Acquire(t.Context(), nil)
					errs <- err
				}()
			}
			synctest.Wait()
			l.Observe(first, withCounts(10, 0, 3600))
			for range 3 {
				assert.ErrorIs(t, <-errs, ratelimit.ErrWaitTooLong)
			}
			assert.Zero(t, l.Snapshot().Waiting)

			time.Sleep(65 * time.Second) // What was too long then says nothing of a shorter wait now.
			first = acquire(t, l)
			go func() {
				took, err := acquireIn(t, l, 20*time.Second)
				assert.Zero(t, took)
				errs <- err
			}()
			synctest.Wait()
			l.Observe(first, withCounts(10, 0, 29))
			assert.ErrorIs(t, <-errs, context.DeadlineExceeded)
		},
		"not for the client's own rate": func(t *testing.T) {
			l := newLocal(t, ratelimit.WithRate(0.01, 1), ratelimit.WithMaxWait(time.Second))
			acquire(t, l)
			assertWait(t, 100*time.Second, waitFor(t, l))
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
}

// A server that states an absurd wait stops requests for WithMaxWait at most. Then one request is
// sent to check, before the others.
func TestAbsurdWait(t *testing.T) {
	for name, resp := range map[string]*http.Response{
		"window": withCounts(10, 0, 31_000_000),
		"pause":  respond(429, "Retry-After", "31000000"),
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
					first := acquire(t, l)
					ctx, cancel := context.WithTimeout(t.Context(), probeWait)
					_, err = l.Acquire(ctx, nil)
					cancel()
					require.ErrorIs(t, err, context.DeadlineExceeded)
					l.Observe(first, resp)
					l.Release(first)
				}
				time.Sleep(time.Minute)
				exchange(t, l, withCounts(10, 9, 30))
				assert.Zero(t, waitFor(t, l))
			})
		})
	}
}
