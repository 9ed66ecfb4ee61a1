// Package servers has a type for each way in which a server limits requests. A type learns from
// responses and returns the earliest time at which the next request may leave. The package reads no
// clock and takes no lock: the caller passes the time of each event, in order, and must not call
// the methods of one value at the same time.
//
//   - [FixedWindow]: so many requests per window, whose end the responses state.
//   - [Refilling]: a token bucket or a sliding window, whose places come back one by one.
//   - [Pause]: a refusal with Retry-After.
//   - [AdaptiveRate]: a rate that is found from refusals.
//   - [Ceiling]: a rate that the client sets itself.
//
// A limit of requests in flight is in package concurrency.
package servers

import "time"

const (
	// MaxProbe is how long the other requests wait for the response to a probe. It bounds what a
	// slow response costs.
	MaxProbe = time.Second
	// CatchUp is the delay of a timer of this process that the next request makes up for. A late
	// timer does not lower the rate.
	CatchUp = 5 * time.Millisecond
	// longest is the longest wait that is computed, a year. It keeps conversions from overflowing.
	longest = 365 * 24 * time.Hour
)

// Counts is the state of a rate limit window according to one response. A number is valid only if
// its flag is set. The fields are those of ratelimit.Window.
type Counts struct {
	Limit, Remaining int
	Reset, Slack     time.Duration

	HasLimit, HasRemaining, HasReset bool
}

// Request is a request whose response has arrived, or that ended without one.
type Request struct {
	// Seq is its place in the order of admission, from 1. Sent is when it was admitted.
	Seq  uint64
	Sent time.Time
	// Low is the result of Admit: the lowest count that a response had stated by then.
	// In the same window the server counts the request below it.
	Low int
	// Uncounted is how many other requests the server may have counted after it: those
	// without a response that were admitted later, or less than [MaxProbe] before it.
	Uncounted int
	// Refused reports whether the server refused it because of a limit.
	Refused bool
	// Heard is when its response arrived. It is zero if it is observed at once.
	Heard time.Time
}

// heard returns when the response to r arrived.
func (r Request) heard(t Traffic) time.Time {
	if r.Heard.IsZero() {
		return t.Now
	}
	return r.Heard
}

// Traffic describes the requests of the client at the time of a call.
type Traffic struct {
	Now time.Time
	// Newest is the sequence number of the latest admitted request.
	Newest uint64
	// InFlight is how many requests are admitted and not released. Pending is how many
	// of them have no response. Waiting is how many requests wait.
	InFlight, Pending, Waiting int
	// Contended is when there was more than one request at the same time, last. It is
	// zero if that never happened.
	Contended time.Time
	// MaxWait is the longest wait that a server can impose.
	MaxWait time.Duration
	// RoundTrip is the time that nearly no response exceeds, 0 before the first one.
	RoundTrip time.Duration
	// CatchUp is the delay of a request that the next one makes up for.
	CatchUp time.Duration
}

// Block is a time before which no request is sent, and when that was learned. It is zero if there
// is none.
type Block struct{ Until, Since time.Time }

// Server is a server that states counts: a [FixedWindow] or a [Refilling].
type Server interface {
	// Advance applies the time. It returns the block that has ended, whose waiters may
	// leave now, zero if there is none.
	Advance(t Traffic) (ended Block)
	// Next returns when a request with this deadline may leave, a time in the past if at
	// once. The deadline is zero if there is none. It reports false if that depends on a response.
	Next(t Traffic, deadline time.Time) (at time.Time, ok bool)
	// Blocked returns the time before which no place is left.
	Blocked() Block
	// Probe returns the request whose response decides about the others, and when it was
	// sent. The number is 0 if there is none.
	Probe() (seq uint64, sent time.Time)
	// Probing reports whether the next request that leaves is a probe for the end of the
	// window.
	Probing(t Traffic) bool
	// Admit takes a place for request t.Newest, which leaves now. It returns the lowest count
	// of the window so far, for Request.Low.
	Admit(t Traffic) (low int)
	// Observe learns from a response. It returns the server from now on, which is another
	// type if the response shows another kind of server. began reports whether the
	// response shows a new window, and ended is the block whose waiters may leave now.
	Observe(r Request, c Counts, t Traffic) (next Server, began bool, ended Block)
	// Refuse notes a refusal of request seq. first reports whether it left after the refusal
	// before was known. The result is false if an earlier window refused it.
	Refuse(seq uint64, first bool, t Traffic) (current bool)
	// Lose notes that a request was released without a response.
	Lose(r Request, t Traffic)
	// Release notes that a request has ended.
	Release(seq uint64)
	// Delayed notes that a request waits because others leave spaced.
	Delayed(t Traffic)
	// Resume notes that nothing was sent until that time.
	Resume(until time.Time)
	// Forget returns the server whose window is not known.
	Forget(t Traffic) Server
	// Silence notes that the counts of the responses are of no use.
	Silence()
	// State returns the state of the window.
	State() State
	// Window returns the limit, the places left and the latest end of the window, valid in
	// the states [Open] and [Ended].
	Window() (limit, remaining int, until time.Time)
}

func latest(t time.Time, others ...time.Time) time.Time {
	for _, other := range others {
		if other.After(t) {
			t = other
		}
	}
	return t
}
