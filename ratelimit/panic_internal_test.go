package ratelimit

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// brokenContext panics in one method from the time on at which broken is closed.
type brokenContext struct {
	context.Context
	method string
	broken chan struct{}
}

func (c brokenContext) fail(method string) {
	select {
	case <-c.broken:
		if method == c.method {
			panic(method)
		}
	default:
	}
}

func (c brokenContext) Deadline() (time.Time, bool) { c.fail("Deadline"); return c.Context.Deadline() }
func (c brokenContext) Done() <-chan struct{}       { c.fail("Done"); return c.Context.Done() }
func (c brokenContext) Err() error                  { c.fail("Err"); return c.Context.Err() }
func (c brokenContext) Value(key any) any           { c.fail("Value"); return c.Context.Value(key) }

// brokenServer panics in one method.
type brokenServer struct {
	servers.Server
	method string
}

func (s brokenServer) fail(method string) {
	if method == s.method {
		panic(method)
	}
}

func (s brokenServer) Advance(t servers.Traffic) servers.Block {
	s.fail("Advance")
	return s.Server.Advance(t)
}

func (s brokenServer) Next(t servers.Traffic, deadline time.Time) (time.Time, bool) {
	s.fail("Next")
	return s.Server.Next(t, deadline)
}

func (s brokenServer) Admit(t servers.Traffic) int { s.fail("Admit"); return s.Server.Admit(t) }

func (s brokenServer) Observe(
	r servers.Request, c servers.Counts, t servers.Traffic,
) (servers.Server, bool, servers.Block) {
	s.fail("Observe")
	next, began, ended := s.Server.Observe(r, c, t)
	return brokenServer{next, s.method}, began, ended
}

func (s brokenServer) Refuse(seq uint64, first bool, t servers.Traffic) bool {
	s.fail("Refuse")
	return s.Server.Refuse(seq, first, t)
}

func (s brokenServer) Lose(r servers.Request, t servers.Traffic) { s.fail("Lose"); s.Server.Lose(r, t) }
func (s brokenServer) Release(seq uint64)                        { s.fail("Release"); s.Server.Release(seq) }

// response returns the response of a window with one place that is used.
func response(status int) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{
		"X-Ratelimit-Limit": {"9"}, "X-Ratelimit-Remaining": {"8"}, "X-Ratelimit-Reset": {"50.5"},
	}}
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
	case <-time.After(5 * time.Second):
		require.FailNow(t, "The limiter hangs.")
	}
}

// acquireOne gets a place and returns it.
func acquireOne(l Limiter) {
	p, _ := l.Acquire(context.Background(), nil)
	l.Release(p)
}

// recovered calls f and reports whether it panicked.
func recovered(f func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f()
	return false
}

// A method of the context of a request that waits may panic.
func TestPanicOfAContextLosesNoPlace(t *testing.T) {
	for _, method := range []string{"Deadline", "Done", "Err", "Value"} {
		t.Run(method, func(t *testing.T) {
			l, err := New(WithMaxInFlight(1))
			require.NoError(t, err)
			held, err := l.Acquire(t.Context(), nil)
			require.NoError(t, err)
			ctx := brokenContext{t.Context(), method, make(chan struct{})}
			if method == "Err" { // It is called at first, and after the end of the wait.
				inner, cancel := context.WithCancel(ctx.Context)
				ctx.Context = inner
				time.AfterFunc(20*time.Millisecond, func() { close(ctx.broken); cancel() })
			} else {
				close(ctx.broken)
			}
			assert.True(t, recovered(func() { _, _ = l.Acquire(ctx, nil) }))
			requireEnds(t, func() {
				l.Release(held)
				acquireOne(l)
			})
			assert.Equal(t, Snapshot{Remaining: -1, MaxInFlight: 1}, l.Snapshot())
		})
	}
}

// A hook may panic. The caller that recovers from a panic of Acquire has no Permit to release.
func TestPanicOfAHookLosesNoPlace(t *testing.T) {
	for name, h := range map[string]Hooks{
		"Wait":    {Wait: func(time.Duration) { panic("Wait") }},
		"Refused": {Refused: func(int, time.Duration) { panic("Refused") }},
		"Window":  {Window: func(Snapshot) { panic("Window") }},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := New(WithMaxInFlight(1), WithHeaders(Confluent()), WithHooks(h))
			require.NoError(t, err)
			held, err := l.Acquire(t.Context(), nil)
			require.NoError(t, err)
			observed := recovered(func() { l.Observe(held, response(http.StatusTooManyRequests)) })
			assert.Equal(t, name != "Wait", observed)
			time.AfterFunc(20*time.Millisecond, func() { l.Release(held) })
			waited := recovered(func() { acquireOne(l) })
			assert.Equal(t, name == "Wait", waited)
			l.settings.hooks = Hooks{}
			requireEnds(t, func() { acquireOne(l) })
			assert.Zero(t, l.Snapshot().InFlight)
		})
	}
}

// A fault of a limit panics in the call that meets it. It stops no later call.
func TestPanicOfALimitStopsNoLaterCall(t *testing.T) {
	for _, method := range []string{"Advance", "Next", "Admit", "Observe", "Refuse", "Lose", "Release"} {
		t.Run(method, func(t *testing.T) {
			l, err := New(WithMaxInFlight(2), WithHeaders(Confluent()))
			require.NoError(t, err)
			first, err := l.Acquire(t.Context(), nil)
			require.NoError(t, err)
			l.Observe(first, response(http.StatusOK))
			second, err := l.Acquire(t.Context(), nil)
			require.NoError(t, err)
			working := l.server
			l.server = brokenServer{working, method}
			panicked := false
			for _, f := range []func(){
				func() { l.Observe(first, response(http.StatusTooManyRequests)) },
				func() { l.Release(first) },
				func() { l.Release(second) }, // without a response
				func() { _, _ = l.Acquire(t.Context(), nil) },
			} {
				requireEnds(t, func() { panicked = recovered(f) || panicked })
			}
			assert.True(t, panicked)
			l.server = working
			requireEnds(t, func() { acquireOne(l) })
		})
	}
}
