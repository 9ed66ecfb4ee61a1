package inventory

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestErrorsOfEndedContextsHaveTheCause(t *testing.T) {
	t.Parallel()
	shutdown := errors.New("shutdown")
	for cause, text := range map[error]string{
		nil:                      "context canceled",
		shutdown:                 "context canceled: shutdown",
		context.DeadlineExceeded: "context canceled: context deadline exceeded",
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		err := ended(ctx)
		assert.EqualError(t, err, text)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, context.Cause(ctx))
	}
}
