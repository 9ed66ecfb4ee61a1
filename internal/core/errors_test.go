package core

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCauseOfTheCallersContextIsTold(t *testing.T) {
	t.Parallel()
	require.NoError(t, Ended(t.Context()))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.EOF)
	err := Ended(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, io.EOF)
	plain, stop := context.WithCancel(t.Context())
	stop()
	assert.Equal(t, context.Canceled, Ended(plain))
}
