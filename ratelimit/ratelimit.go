package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Limiter decides when a request may be sent and learns from the replies.
// Many goroutines and many clients may share one.
//
// The order of calls for one request is Acquire, then Observe if a reply
// header arrived, then Release.
type Limiter interface {
	// Acquire blocks until req may be sent or ctx ends. Of req it reads only
	// the method, the URL host and the context. Every Permit that Acquire
	// returns without an error must be released exactly once.
	Acquire(ctx context.Context, req *http.Request) (Permit, error)

	// Observe tells the limiter what came back, as soon as the header is
	// there. It does not read the body.
	Observe(p Permit, resp *http.Response)

	// Release ends the request that p admitted: after its body has been read
	// or closed, or when the request failed.
	Release(p Permit)
}

// Permit is an admitted request, a plain value. Hand it back unchanged to the
// [Limiter] that gave it.
type Permit struct {
	// Seq is the place in the order of admission, from 1.
	Seq uint64
	// At is when the request was admitted.
	At time.Time
	// State is the Limiter's own; nil for [Local].
	State any
}

// ErrWaitTooLong is matched by every [*WaitError].
var ErrWaitTooLong = errors.New("ratelimit: wait too long")

// WaitError reports that a request was not sent because the wait it needs is
// known to be longer than it may be. It is returned at once, without waiting.
//
// It matches [ErrWaitTooLong], and also [context.DeadlineExceeded] if Deadline
// is set.
type WaitError struct {
	// Wait is the wait needed, as far as it is known.
	Wait time.Duration
	// Max is the wait that was allowed: see Deadline.
	Max time.Duration
	// Deadline says that Max is the time to the context's deadline. Otherwise
	// it is what [WithMaxWait] says.
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

// Is implements the matching that [errors.Is] needs.
func (e *WaitError) Is(target error) bool {
	return target == ErrWaitTooLong || e.Deadline && target == context.DeadlineExceeded
}
