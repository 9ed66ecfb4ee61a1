package core

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJoinedErrorsAreOnOneLine(t *testing.T) {
	t.Parallel()
	first, second := context.DeadlineExceeded, errors.New("second")
	require.NoError(t, Join())
	require.NoError(t, Join(nil, nil))
	assert.Equal(t, second, Join(nil, second), "one error stays as it is")
	err := Join(first, nil, second)
	require.EqualError(t, err, "context deadline exceeded; second")
	require.ErrorIs(t, err, first)
	require.ErrorIs(t, err, second)
	require.NotErrorIs(t, err, io.EOF)
	for text, want := range map[string]string{"a\nb": "a b", "a\x1b[31m": `a\x1b[31m`, "a\u202eb": `a\u202eb`} {
		require.EqualError(t, Join(first, errors.New(text)), "context deadline exceeded; "+want)
	}
}
