package core

import (
	"context"
	"errors"
)

// Flight is a fetch whose result is shared by all callers that need it. Its owner stores it where
// the others find it, guarded by the owner's lock, and calls Run. The others call Wait.
type Flight[T any] struct {
	done   chan struct{}
	value  T
	err    error
	gaveUp bool // the context of the owner ended
}

// NewFlight returns a flight that has not started. what names the fetch in the error of a fetch
// that panics.
func NewFlight[T any](what string) *Flight[T] {
	return &Flight[T]{done: make(chan struct{}), err: errors.New(what + " panicked")}
}

// Run calls fetch, and then landed with the result, before Wait returns the result to the others.
// landed is also called if fetch panics. gaveUp reports whether ctx has ended.
func (f *Flight[T]) Run(
	ctx context.Context, fetch func() (T, error), landed func(value T, err error, gaveUp bool),
) (T, error) {
	defer func() {
		f.gaveUp = ctx.Err() != nil
		landed(f.value, f.err, f.gaveUp)
		close(f.done)
	}()
	f.value, f.err = fetch()
	return f.value, f.err
}

// Wait waits for the result. again reports that the fetch failed because the context of its owner
// ended, while ctx has not ended. The caller must then fetch by itself.
func (f *Flight[T]) Wait(ctx context.Context) (value T, again bool, err error) {
	select {
	case <-f.done:
	case <-ctx.Done():
		return value, false, Ended(ctx)
	}
	return f.value, f.err != nil && f.gaveUp && ctx.Err() == nil, f.err
}
