package ratelimit

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// Keyed is a [Limiter] made of one Limiter per key, such as per host, per user or per API key.
// Create it with [NewKeyed]. It is safe for concurrent use.
type Keyed struct {
	key        func(*http.Request) string
	newLimiter func(key string) (Limiter, error)
	maxIdle    int

	mu      sync.Mutex
	entries map[string]*keyedEntry
	idle    list.List // of *keyedEntry that no request uses, the latest used in front
}

// keyedEntry is the limiter of one key.
type keyedEntry struct {
	key     string
	created chan struct{} // closed when limiter and err are set
	limiter Limiter
	err     error

	// Keyed.mu must be held for the fields below.
	users int           // requests that wait, or were admitted and not released
	place *list.Element // in Keyed.idle, nil while there are users
}

// keyedPermit is the permit of one request.
type keyedPermit struct {
	entry    *keyedEntry
	permit   Permit
	released bool // Keyed.mu must be held.
}

// NewKeyed returns a Keyed that passes each request to the limiter of its key.
//
//   - key returns the key of a request. It may read only the method, the URL host and the context
//     of the request, like [Limiter]. The empty key is a key like any other.
//   - newLimiter returns a new limiter for a key. It is called when a request with the key arrives
//     and there is no limiter for it. Other requests with the same key wait until it returns.
//     Requests with other keys do not wait. Acquire returns its error wrapped, and the next request
//     with the key calls it again.
//   - maxIdle is how many limiters without requests are kept, at least 1. If there are more, the
//     least recently used one is removed, with all that it learned. Limiters in use are never
//     removed, so there are at most maxIdle more limiters than requests.
//
// NewKeyed returns an error if a function is nil or maxIdle is below 1.
func NewKeyed(
	key func(*http.Request) string, newLimiter func(key string) (Limiter, error), maxIdle int,
) (*Keyed, error) {
	switch {
	case key == nil:
		return nil, errors.New("ratelimit: NewKeyed: key is nil")
	case newLimiter == nil:
		return nil, errors.New("ratelimit: NewKeyed: newLimiter is nil")
	case maxIdle < 1:
		return nil, fmt.Errorf("ratelimit: NewKeyed: maxIdle is %d, it must be at least 1", maxIdle)
	}
	return &Keyed{key: key, newLimiter: newLimiter, maxIdle: maxIdle, entries: map[string]*keyedEntry{}}, nil
}

var errNotKeyed = errors.New("ratelimit: the *Keyed is nil or empty; create it with NewKeyed, and check its error")

// Acquire implements [Limiter] with the limiter for the key of req. An error of that limiter is
// returned unchanged. If ctx ends while another request creates the limiter, the error wraps
// ctx.Err and context.Cause. A Keyed that is nil, or not from NewKeyed, returns an error.
func (k *Keyed) Acquire(ctx context.Context, req *http.Request) (Permit, error) {
	if k == nil || k.key == nil {
		return Permit{}, errNotKeyed
	}
	e := k.use(k.key(req))
	admitted := false
	defer func() {
		if !admitted { // also where a limiter panics
			k.leave(e)
		}
	}()
	select {
	case <-e.created:
	case <-ctx.Done():
		return Permit{}, ended(ctx)
	}
	if e.err != nil {
		return Permit{}, e.err
	}
	p, err := e.limiter.Acquire(ctx, req)
	if err != nil {
		return Permit{}, err
	}
	admitted = true
	return Permit{Seq: p.Seq, At: p.At, State: &keyedPermit{entry: e, permit: p}}, nil
}

// Observe implements [Limiter]. A Permit of another Limiter is ignored.
func (k *Keyed) Observe(p Permit, resp *http.Response) {
	if held, ok := p.State.(*keyedPermit); ok {
		held.entry.limiter.Observe(held.permit, resp)
	}
}

// Release implements [Limiter]. A second Release of a Permit does nothing. A Permit of another
// Limiter is ignored.
func (k *Keyed) Release(p Permit) {
	held, ok := p.State.(*keyedPermit)
	if !ok {
		return
	}
	if !k.markReleased(held) {
		return
	}
	defer k.leave(held.entry)
	held.entry.limiter.Release(held.permit)
}

// markReleased reports false if held was released before.
func (k *Keyed) markReleased(held *keyedPermit) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := held.released
	held.released = true
	return !before
}

// Len returns the number of limiters, in use and idle.
func (k *Keyed) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.entries)
}

// use adds a user to the entry of key and returns the entry. It creates a missing entry.
func (k *Keyed) use(key string) *keyedEntry {
	e, created := k.entry(key)
	if created {
		k.create(e)
	}
	return e
}

// entry adds a user to the entry of key and returns the entry. It reports whether the entry is new.
func (k *Keyed) entry(key string) (e *keyedEntry, created bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.entries[key]
	if !ok {
		e = &keyedEntry{key: key, created: make(chan struct{})}
		k.entries[key] = e
	}
	e.users++
	if e.place != nil {
		k.idle.Remove(e.place)
		e.place = nil
	}
	return e, !ok
}

// create sets the limiter of e, or its error. It removes an entry with an error, so only the
// requests that wait for e see the error. The error does not show the key, which may be a secret.
func (k *Keyed) create(e *keyedEntry) {
	e.err = errors.New("ratelimit: NewKeyed: newLimiter did not return") // It panicked.
	defer func() {
		defer close(e.created)
		if e.err != nil {
			k.remove(e)
		}
	}()
	l, err := k.newLimiter(e.key)
	switch {
	case err != nil:
		e.err = fmt.Errorf("ratelimit: NewKeyed: newLimiter: %w", err)
	case isNil(l):
		e.err = errors.New("ratelimit: NewKeyed: newLimiter returned nil without an error")
	default:
		e.limiter, e.err = l, nil
	}
}

// remove removes e.
func (k *Keyed) remove(e *keyedEntry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.entries, e.key)
}

// leave removes a user from e. An entry without users becomes idle, and may displace the oldest
// idle one.
func (k *Keyed) leave(e *keyedEntry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e.users--; e.users > 0 || k.entries[e.key] != e {
		return
	}
	e.place = k.idle.PushFront(e)
	if k.idle.Len() > k.maxIdle {
		oldest := k.idle.Remove(k.idle.Back()).(*keyedEntry)
		oldest.place = nil
		delete(k.entries, oldest.key)
	}
}
