package ratelimit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// likeSignal is an error like the cause of [os/signal.NotifyContext].
type likeSignal struct{}

func (likeSignal) Error() string        { return "interrupt signal received" }
func (likeSignal) Is(target error) bool { return target == context.Canceled }

func TestErrorsOfEndedContextsHaveTheCause(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cause error
		text  string
	}{
		"none":                   {nil, "ratelimit: context canceled"},
		"another error":          {errors.New("shutdown"), "ratelimit: context canceled: shutdown"},
		"like that of a signal":  {likeSignal{}, "ratelimit: context canceled: interrupt signal received"},
		"the text says it":       {errors.Join(context.Canceled), "ratelimit: context canceled"},
		"the end of a deadline":  {context.DeadlineExceeded, "ratelimit: context canceled: context deadline exceeded"},
		"the text, but no match": {errors.New("context canceled"), "ratelimit: context canceled: context canceled"},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(tt.cause)
		_, err := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent())).Acquire(ctx, nil)
		assert.EqualError(t, err, tt.text, name)
		assert.ErrorIs(t, err, context.Canceled, name)
		assert.ErrorIs(t, err, context.Cause(ctx), name)
	}
}
