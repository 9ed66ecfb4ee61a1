package core

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// PollOptions say how Poll waits. The vendor packages declare the same struct, with docs.
type PollOptions struct {
	Interval, MaxInterval time.Duration
	Timeout               time.Duration
}

// CheckWait refuses times that make no sense.
func CheckWait(name string, o PollOptions) error {
	switch {
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

// Poll looks until look is done, with what it then returns. An error of a look that is not done is why the next one is made; when the time is up, or
// ctx ends, the last of them is joined with that.
func Poll(ctx context.Context, o PollOptions, look func(context.Context) (done bool, err error)) error {
	o = o.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	var last error
	for pause := o.Interval; ; pause = min(pause+pause/2, o.MaxInterval) {
		done, err := look(ctx)
		if done && (err == nil || ctx.Err() == nil) {
			return err
		}
		if err != nil {
			last = err
		}
		sleep(ctx, pause-rand.N(pause/5+1))
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), last)
		}
	}
}
