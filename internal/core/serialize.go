package core

import (
	"context"
	"sync"
)

// keyedLock is a lock for each key. The zero value is ready to use. A key that no goroutine holds
// or waits for takes no memory.
type keyedLock struct {
	mu    sync.Mutex
	locks map[string]*keyLock
}

type keyLock struct {
	users int           // number of goroutines that hold the lock or wait for it; keyedLock.mu must be held
	held  chan struct{} // has an element while a goroutine holds the lock
}

// lock waits for the lock of key, or until ctx ends. Without an error, the caller must call unlock.
func (l *keyedLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	k := l.locks[key]
	if k == nil {
		if l.locks == nil {
			l.locks = map[string]*keyLock{}
		}
		k = &keyLock{held: make(chan struct{}, 1)}
		l.locks[key] = k
	}
	k.users++
	l.mu.Unlock()

	select {
	case k.held <- struct{}{}:
		return func() { <-k.held; l.leave(key, k) }, nil
	case <-ctx.Done():
		l.leave(key, k)
		return nil, Ended(ctx)
	}
}

// leave removes the lock of key when its last user leaves.
func (l *keyedLock) leave(key string, k *keyLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k.users--; k.users == 0 {
		delete(l.locks, key)
	}
}

// Serialized runs f. Only one f per key runs through this client at a time. The wait for others
// ends with ctx.
//
// It gets the credential before it waits. Otherwise each of the waiting callers would try a login
// that fails. The caller has checked ctx and the options of the call.
func (c *Client) Serialized(ctx context.Context, operation, key string, f func() error) error {
	if err := c.Prepare(ctx, operation); err != nil {
		return err
	}
	unlock, err := c.serialized.lock(ctx, key)
	if err != nil {
		return c.newError(&Failure{Operation: operation, Err: err})
	}
	defer unlock()
	return f()
}
