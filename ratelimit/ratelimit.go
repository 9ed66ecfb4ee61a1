package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Limiter decides when a request may be sent, and learns from the responses. Many goroutines and
// many clients may share one.
//
// The order of calls for one request is Acquire, then Observe if a response header arrived, then
// Release.
type Limiter interface {
	// Acquire blocks until req may be sent or ctx ends. It reads only the method, the URL
	// host and the context of req. The caller must release each Permit that Acquire
	// returns without an error exactly once.
	Acquire(ctx context.Context, req *http.Request) (Permit, error)

	// Observe passes the response to the limiter, as soon as its header has arrived. It
	// does not read the body.
	Observe(p Permit, resp *http.Response)

	// Release ends the request that p admitted: after its body has been read or closed,
	// or when the request failed.
	Release(p Permit)
}

// Permit is an admitted request, a plain value. Pass it back unchanged to the [Limiter] that
// returned it.
type Permit struct {
	// Seq is the place in the order of admission, from 1.
	Seq uint64
	// At is the time when the request was admitted.
	At time.Time
	// State belongs to the Limiter. It is nil for [Local].
	State any
}

// ErrWaitTooLong is matched by every [*WaitError].
var ErrWaitTooLong = errors.New("ratelimit: wait too long")

// WaitError reports that a request was not sent because it would have to wait longer than allowed.
// Acquire returns it at once, without waiting.
//
// It matches [ErrWaitTooLong], and also [context.DeadlineExceeded] if Deadline is set.
type WaitError struct {
	// Wait is the needed wait, as far as it is known. If the usual time of a response
	// decides, Wait includes that time.
	Wait time.Duration
	// Max is the allowed wait; see Deadline.
	Max time.Duration
	// Deadline reports whether Max is the time to the context's deadline. Otherwise it is
	// the limit of [WithMaxWait].
	Deadline bool
}

// Error names both waits, rounded to milliseconds.
func (e *WaitError) Error() string {
	limit := "the longest wait allowed"
	if e.Deadline {
		limit = "the time left until the deadline"
	}
	return fmt.Sprintf("ratelimit: a wait of %v is needed, %s is %v",
		e.Wait.Round(time.Millisecond), limit, e.Max.Round(time.Millisecond))
}

// Is reports whether target is [ErrWaitTooLong], or [context.DeadlineExceeded] if Deadline is set.
func (e *WaitError) Is(target error) bool {
	return target == ErrWaitTooLong || e.Deadline && target == context.DeadlineExceeded
}
