package core

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChecksNameTheArgumentTheyRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		good bool
	}{
		{PathValue("x", "a/b ü:%"), true}, {PathValue("x", "..."), true}, {PathValue("x", ""), false},
		{PathValue("x", "."), false}, {PathValue("x", ".."), false},
		{PathValue("x", "a\nb"), false}, {PathValue("x", "\x7f"), false}, {PathValue("x", "\x00"), false},
		{Required("x", "a"), true}, {Required("x", " \t\n"), false}, {Required("x", ""), false},
		{MaxRunes("x", "üüü", 3), true}, {MaxRunes("x", "üüüü", 3), false}, {MaxRunes("x", "", 0), true},
		{Between("x", 1, 1, 3), true}, {Between("x", 3, 1, 3), true}, {Between("x", 0, 1, 3), false},
		{Between("x", 4, 1, 3), false},
		{Credential("x", "a+/="), true}, {Credential("x", ""), false}, {Credential("x", "a b"), false},
		{Credential("x", "a\n"), false}, {Credential("x", "ü"), false}, {Credential("x", "\x7f"), false},
		{headerText("x", "a b (c; d)"), true}, {headerText("x", ""), true}, {headerText("x", "a\r\nb"), false},
		{headerText("x", "ü"), false},
	} {
		assert.Equal(t, map[bool]string{true: "", false: "x"}[c.good], argument(t, c.err), "%v", c.err)
	}
}

func TestRefuseTakesTheFirstFailedCheck(t *testing.T) {
	t.Parallel()
	var got *Failure
	hook := func(f *Failure) error { got = f; return errors.New("made") }
	require.NoError(t, Refuse(hook, "op", nil, nil))
	require.EqualError(t, Refuse(hook, "op", nil, Arg("b", "bad %d", 1), Arg("c", "worse")), "made")
	assert.Equal(t, "b", got.Argument)
	assert.Equal(t, "op", got.Operation)
	require.Error(t, Refuse(hook, "op", io.EOF))
	assert.Empty(t, got.Argument)
	assert.Equal(t, io.EOF, got.Err)
}
