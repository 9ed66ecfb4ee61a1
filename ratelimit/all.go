package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync/atomic"
)

// All returns a Limiter that admits a request when each of limiters has admitted it, such as one
// for the user and one for the organization. It is safe for concurrent use if they are.
//
// # Order
//
// Acquire asks limiters in their order, one after the other. While a request waits in one of them,
// it holds its place in those before. A place in a rate limit window is lost if the window ends
// meanwhile. So put the limiter with the longest waits first. It is usually the narrowest one: the
// user before the organization.
//
// Use the same order everywhere. With [WithMaxInFlight] and different orders, two requests may each
// hold the place that the other one waits for, until their contexts end.
//
// # Errors
//
// If one of limiters returns an error or panics, Acquire releases the places in those before, the
// latest first. It returns the error unchanged. All limiters get the same context, so the deadline
// limits the sum of the waits. A wait that one limiter knows to be too long fails at once. A place
// that is released without a response counts as spent until its window ends.
//
// All returns an error if there is no limiter, if one is nil or a nil pointer, or if one occurs
// twice. With the same limiter twice, a request would need two of its places.
//
// # Responses
//
// Each response is passed to all of limiters. Give [WithHeaders] only to the one whose window the
// headers describe. A refusal pauses all of them, because it does not state whose limit it was.
func All(limiters ...Limiter) (Limiter, error) {
	if len(limiters) == 0 {
		return nil, errors.New("ratelimit: All: no limiter")
	}
	seen := map[Limiter]bool{}
	for i, l := range limiters {
		if isNil(l) {
			return nil, fmt.Errorf("ratelimit: All: limiter %d of %d is nil", i+1, len(limiters))
		}
		if !reflect.ValueOf(l).Comparable() {
			continue // It can't be a map key, and equal values would not share their state.
		}
		if seen[l] {
			return nil, fmt.Errorf("ratelimit: All: limiter %d of %d occurs twice", i+1, len(limiters))
		}
		seen[l] = true
	}
	return &all{limiters: append([]Limiter(nil), limiters...)}, nil
}

// isNil reports whether l is nil or a nil pointer.
func isNil(l Limiter) bool {
	if l == nil {
		return true
	}
	v := reflect.ValueOf(l)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// all is the Limiter that [All] returns.
type all struct {
	limiters []Limiter
	seq      atomic.Uint64 // of the latest permit
}

// allPermits are the permits of one request, one of each limiter.
type allPermits []Permit

// Acquire implements [Limiter].
func (a *all) Acquire(ctx context.Context, req *http.Request) (Permit, error) {
	permits := make(allPermits, 0, len(a.limiters))
	admitted := false
	defer func() {
		if !admitted { // also where a limiter panics
			a.release(permits)
		}
	}()
	for _, l := range a.limiters {
		p, err := l.Acquire(ctx, req)
		if err != nil {
			return Permit{}, err
		}
		permits = append(permits, p)
	}
	admitted = true
	return Permit{Seq: a.seq.Add(1), At: permits[len(permits)-1].At, State: permits}, nil
}

// Observe implements [Limiter]. A Permit of another Limiter is ignored.
func (a *all) Observe(p Permit, resp *http.Response) {
	permits, _ := p.State.(allPermits)
	for i, l := range a.limiters[:min(len(permits), len(a.limiters))] {
		l.Observe(permits[i], resp)
	}
}

// Release implements [Limiter]. A Permit of another Limiter is ignored.
func (a *all) Release(p Permit) {
	permits, _ := p.State.(allPermits)
	a.release(permits)
}

// release releases permits, the latest first, also if a limiter panics.
func (a *all) release(permits allPermits) {
	for i, l := range a.limiters[:min(len(permits), len(a.limiters))] {
		defer l.Release(permits[i])
	}
}
