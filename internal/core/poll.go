package core

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// PollOptions configures Poll. Package sdk declares and documents the same struct.
type PollOptions struct {
	Interval, MaxInterval time.Duration
	Timeout               time.Duration
	Progress              func(attempt int, lastError error)
}

// CheckWait refuses invalid times.
func CheckWait(ctx context.Context, name string, o PollOptions) error {
	switch {
	case ctx == nil:
		return CheckContext(ctx)
	case o.Interval < 0 || o.MaxInterval < 0 || o.Timeout < 0:
		return Arg(name, "has a negative time")
	case o.MaxInterval > 0 && o.Interval > o.MaxInterval:
		return Arg(name, "has an Interval of %v above its MaxInterval of %v", o.Interval, o.MaxInterval)
	}
	return nil
}

func (o PollOptions) withDefaults() PollOptions {
	if o.MaxInterval == 0 {
		o.MaxInterval = max(o.Interval, 30*time.Second)
	}
	if o.Interval == 0 {
		o.Interval = min(2*time.Second, o.MaxInterval)
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Minute
	}
	return o
}

// waitKey is the context key for a call of look by [Poll].
type waitKey struct{}

// notYet reports whether a wait expects responses with this status before it succeeds.
func notYet(ctx context.Context, status int) bool {
	if ctx.Value(waitKey{}) == nil {
		return false
	}
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// Poll calls look until it returns done, and returns its error. If look returns an error without
// done, Poll continues. After the timeout, or when ctx ends, the result joins [Ended] and the last
// error of look.
func Poll(ctx context.Context, o PollOptions, look func(context.Context) (done bool, err error)) error {
	o = o.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	lookCtx := context.WithValue(ctx, waitKey{}, true)
	var last error
	attempt := 0
	for pause := o.Interval; ; pause = min(pause+pause/2, o.MaxInterval) {
		attempt++
		done, err := look(lookCtx)
		if done && (err == nil || ctx.Err() == nil) {
			return err
		}
		if err != nil {
			last = err
		}
		if o.Progress != nil && ctx.Err() == nil {
			o.Progress(attempt, last)
		}
		Sleep(ctx, pause-rand.N(pause/5+1))
		if ctx.Err() != nil {
			return Join(Ended(ctx), last)
		}
	}
}
