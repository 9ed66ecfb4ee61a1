package redislimit

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// brokenContext panics in one method.
type brokenContext struct {
	context.Context
	method string
}

func (c brokenContext) Deadline() (time.Time, bool) { c.fail("Deadline"); return c.Context.Deadline() }
func (c brokenContext) Done() <-chan struct{}       { c.fail("Done"); return c.Context.Done() }
func (c brokenContext) Value(key any) any           { c.fail("Value"); return c.Context.Value(key) }

func (c brokenContext) fail(method string) {
	if method == c.method {
		panic(method)
	}
}

// requireEnds requires that f ends soon by the real clock: the clock of a bubble stands still while
// a goroutine waits for a mutex.
func requireEnds(t *testing.T, f func()) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f()
	}()
	select {
	case <-ended:
	case <-time.After(longTimeout):
		require.FailNow(t, "The limiter hangs.")
	}
}

// acquireOne gets a place and returns it.
func acquireOne(l *Limiter) {
	p, _ := l.Acquire(context.Background(), nil)
	l.Release(p)
}

// recovered calls f and reports whether it panicked.
func recovered(f func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f()
	return false
}

// A context, a hook or a fallback may panic. Then no request waits, and none has a place.
func TestPanicOfACallerLosesNoPlace(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for _, method := range []string{"Deadline", "Done", "Value", "Wait", "fallback"} {
		t.Run(method, func(t *testing.T) {
			opts := []Option{WithMaxInFlight(1)}
			switch method {
			case "Wait":
				opts = append(opts, WithHooks(ratelimit.Hooks{Wait: func(time.Duration) { panic(method) }}))
			case "fallback":
				opts = append(opts, WithFallback(brokenFallback{}))
			}
			l := open(t, addr, opts...)
			held := acquire(t, l)
			if method == "fallback" {
				l.mu.Lock()
				l.outage = &outage{retryAt: l.now().Add(time.Hour)}
				l.mu.Unlock()
			}
			time.AfterFunc(20*time.Millisecond, func() { l.Release(held) })
			assert.True(t, recovered(func() { _, _ = l.Acquire(brokenContext{t.Context(), method}, nil) }))
			requireEnds(t, func() {
				l.mu.Lock()
				l.outage, l.hooks = nil, ratelimit.Hooks{}
				l.mu.Unlock()
				acquireOne(l)
			})
			s := l.Snapshot()
			assert.Zero(t, s.InFlight)
			assert.Zero(t, s.Waiting)
		})
	}
}

// brokenFallback panics.
type brokenFallback struct{ ratelimit.Limiter }

func (brokenFallback) Acquire(context.Context, *http.Request) (ratelimit.Permit, error) {
	panic("fallback")
}

// A fault of the limiter panics in the call that meets it. It stops no later call.
func TestPanicStopsNoLaterCall(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, call := range map[string]func(l *Limiter, p ratelimit.Permit){
		"Acquire":  func(l *Limiter, _ ratelimit.Permit) { _, _ = l.Acquire(context.Background(), nil) },
		"Observe":  func(l *Limiter, p ratelimit.Permit) { l.Observe(p, httpResponse(http.StatusOK)) },
		"Release":  func(l *Limiter, p ratelimit.Permit) { l.Release(p) },
		"Snapshot": func(l *Limiter, _ ratelimit.Permit) { l.Snapshot() },
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, addr, WithMaxInFlight(2))
			p := acquire(t, l)
			var broken atomic.Bool
			l.mu.Lock()
			clock := l.now
			l.now = func() time.Time {
				if broken.Load() {
					panic("clock")
				}
				return clock()
			}
			l.mu.Unlock()
			broken.Store(true)
			assert.True(t, recovered(func() { call(l, p) }))
			broken.Store(false)
			requireEnds(t, func() { acquireOne(l) })
			l.Release(p)
			assert.Zero(t, l.Snapshot().InFlight)
		})
	}
}
