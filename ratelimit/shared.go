package ratelimit

import (
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/pacing"
)

// WithSharedWindow states that other processes spend the same window, and that the processes share
// no state. It needs [WithHeaders] with Limit, Remaining and Reset, and a server with fixed windows
// that end within [WithMaxWait]. By default a Local expects to be alone.
//
// Each process sends evenly, at a share of the window that it corrects once per window, from what
// the counts state of all processes together. In simulations with at least five places per process
// and window, and round trips of at most a fiftieth of the window, the processes use 95 % of the
// places from the third window on, and at most 2 % of them are refused.
//
// The price is that a burst waits: a process that begins, or was idle, has a twentieth of the
// limit, at least five requests per window, evenly spaced. It reaches its share in the course of
// some dozens of windows.
//
// A process that nobody shares the limit with does not pay that price for long. If the counts fall
// by its own requests only, for two distances of a new process's requests and at least a fifth of a
// window, it takes the places of each window at once, but for the shares of two new processes.
// These it spreads over the rest of the window, so that another process finds places. It uses as
// many places as without this option, except if less than half of the first window is left when it
// begins. If resets are rounded down, up to ten requests are refused until the length of windows of
// several seconds is known. When the process sees requests of others, it goes back to its share.
// After two windows in which it saw none it has the limit to itself again.
//
// [Snapshot] does not show a shared window, and [Hooks] do not report it.
//
// Processes that share their state (package redislimit) do not pay that price.
func WithSharedWindow() Option {
	return func(l *Local) error {
		l.sharing = &pacing.Pacer{}
		return nil
	}
}

// sharedSlot returns when the next request may leave because of other processes, a time in the past
// if they do not matter. l.mu must be held.
func (l *Local) sharedSlot(now time.Time) time.Time {
	if l.sharing == nil {
		return time.Time{}
	}
	return l.sharing.Next(now)
}

// admitShared notes that a request leaves. l.mu must be held.
func (l *Local) admitShared(now time.Time) pacing.Ticket {
	if l.sharing == nil {
		return pacing.Ticket{}
	}
	return l.sharing.Admit(now, l.queue.Len() > 0)
}

// observeShared learns from the response to the request e. It reports whether the window is shared
// with others: its rules are those of sharing, and not those of a window of one's own. l.mu must be
// held.
func (l *Local) observeShared(e entry, r Response, now time.Time) (shared bool) {
	if l.sharing == nil {
		return false
	}
	counted := r.HasLimit && r.HasRemaining && r.HasReset && r.Reset+r.Slack <= l.settings.maxWait
	l.sharing.Observe(pacing.Response{
		Sent: e.sent, Heard: now, Counted: counted, Limit: r.Limit, Remaining: r.Remaining, Reset: r.Reset,
		Refused: r.Refused && r.limited, Ticket: e.ticket,
	})
	if !counted {
		return false
	}
	l.server.Silence()
	return true
}

// endsWithWindow reports whether the wait that a refusal asks for is the rest of a window that is
// shared, whose end is known better.
func (l *Local) endsWithWindow(wait time.Duration, now time.Time) bool {
	return l.sharing != nil && l.sharing.Explains(wait, now)
}

// lostShared notes that the request e got no response. l.mu must be held.
func (l *Local) lostShared(e entry, now time.Time) {
	if l.sharing != nil {
		l.sharing.Observe(pacing.Response{Sent: e.sent, Heard: now, Ticket: e.ticket})
	}
}
