package core

import (
	"context"
	"errors"
)

// Flight is one fetch that callers share. Its owner starts it, and keeps it where others find it, under a lock of its own.
type Flight[T any] struct {
	done   chan struct{}
	value  T
	err    error
	gaveUp bool // the context of the caller that was fetching ended
}

// NewFlight is a flight that has not begun. what names the fetch, should it panic.
func NewFlight[T any](what string) *Flight[T] {
	return &Flight[T]{done: make(chan struct{}), err: errors.New(what + " panicked")}
}

// Run fetches. landed is told the result before those who wait are, and also where fetch panics. gaveUp says that ctx has ended.
func (f *Flight[T]) Run(ctx context.Context, fetch func() (T, error), landed func(value T, err error, gaveUp bool)) (T, error) {
	defer func() {
		f.gaveUp = ctx.Err() != nil
		landed(f.value, f.err, f.gaveUp)
		close(f.done)
	}()
	f.value, f.err = fetch()
	return f.value, f.err
}

// Wait is for the result. again says that the fetch failed because its caller gave up, which this one has not.
func (f *Flight[T]) Wait(ctx context.Context) (value T, again bool, err error) {
	select {
	case <-f.done:
	case <-ctx.Done():
		return value, false, Ended(ctx)
	}
	return f.value, f.err != nil && f.gaveUp && ctx.Err() == nil, f.err
}
