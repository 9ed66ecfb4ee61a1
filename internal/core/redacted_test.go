package core

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/redact"
)

// All errors of a tree are found, except those that show a secret.
func TestHiddenErrorsAreFoundInEveryBranch(t *testing.T) {
	t.Parallel()
	secrets := []string{"s3cret-s3cret"}
	shown := &net.OpError{Op: "dial s3cret-s3cret", Err: errors.New("refused")}
	plain := &net.OpError{Op: "read", Err: errors.New("reset")}
	path := &fs.PathError{Op: "open", Path: "/x", Err: fs.ErrNotExist}
	for name, err := range map[string]error{
		"second branch":        errors.Join(shown, plain, path),
		"below one with text":  fmt.Errorf("s3cret-s3cret: %w", errors.Join(path, plain)),
		"two branches of text": fmt.Errorf("s3cret-s3cret: %w, %w", path, plain),
		"branch of a branch": errors.Join(shown, errors.Join(errors.New("s3cret-s3cret"),
			fmt.Errorf("a: %w", errors.Join(path, plain)))),
		"behind the shown one": &net.OpError{Op: "dial", Err: errors.Join(fmt.Errorf("s3cret-s3cret: %w", path),
			plain)},
		"a wrapped nil between": errors.Join(&fs.PathError{Op: "s3cret-s3cret", Err: fs.ErrExist}, plain, path),
	} {
		hidden := withSecretsHidden(err, redact.New(secrets))
		require.NotContains(t, hidden.Error(), secrets[0])
		var op *net.OpError
		require.ErrorAs(t, hidden, &op, name)
		assert.Same(t, plain, op, name)
		var found *fs.PathError
		require.ErrorAs(t, hidden, &found, name)
		assert.Same(t, path, found, name)
		require.ErrorIs(t, hidden, fs.ErrNotExist)
	}
}

func TestTargetKeepsItsValueIfNothingIsFound(t *testing.T) {
	t.Parallel()
	secrets := []string{"s3cret-s3cret"}
	before := &net.OpError{Op: "mine"}
	for _, err := range []error{
		errors.New("s3cret-s3cret"), &net.OpError{Op: "s3cret-s3cret", Err: fs.ErrNotExist},
		errors.Join(&net.OpError{Op: "s3cret-s3cret", Err: fs.ErrNotExist},
			&net.OpError{Op: "read", Err: errors.New("s3cret-s3cret")}),
	} {
		hidden := withSecretsHidden(err, redact.New(secrets))
		target := before
		assert.False(t, errors.As(hidden, &target), err) //nolint:testifylint // the target matters
		assert.Same(t, before, target)
	}
}
