package core

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"
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

// signalError is like the cause of os/signal.NotifyContext: it matches context.Canceled.
type signalError string

func (s signalError) Error() string        { return string(s) }
func (s signalError) Is(target error) bool { return target == context.Canceled }

// incomparable is an error that can't be compared, and matches context.Canceled.
type incomparable []string

func (i incomparable) Error() string        { return strings.Join(i, ", ") }
func (i incomparable) Is(target error) bool { return target == context.Canceled }

func TestCauseThatMatchesTheEndIsKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cause error
		text  string
	}{
		{signalError("interrupt signal received"), "context canceled: interrupt signal received"},
		{fmt.Errorf("shutdown: %w", context.Canceled), "shutdown: context canceled"},
		{context.DeadlineExceeded, "context canceled: context deadline exceeded"},
		{incomparable{"a", "b"}, "context canceled: a, b"},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(tt.cause)
		err := Ended(ctx)
		require.ErrorIs(t, err, context.Canceled, tt.text)
		require.EqualError(t, err, tt.text)
		if reflect.TypeOf(tt.cause).Comparable() { // errors.Is does not compare others
			require.ErrorIs(t, err, tt.cause)
		}
	}
}
