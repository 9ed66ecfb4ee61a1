package program

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWrap(t *testing.T) {
	word := strings.Repeat("x", 70)
	for _, tt := range []struct{ name, line, want string }{
		{"fits", "  a  b   c", "  a  b   c"},
		{"exactly", strings.Repeat("é", 60), strings.Repeat("é", 60)},
		{"one too many", "  " + strings.Repeat("a", 57) + " b", "  " + strings.Repeat("a", 57) + "\n    b"},
		{"breaks at the last blank", "begin " + strings.Repeat("a", 40) + " until the end of the line",
			"begin " + strings.Repeat("a", 40) + " until the end\n  of the line"},
		{"long word alone", word, word},
		{"long word in between", "  a " + word + " b", "  a\n    " + word + "\n    b"},
		{"blanks at the end", "a   ", "a"},
		{"empty", "", ""},
	} {
		var out bytes.Buffer
		w := NewWriter(&out)
		fmt.Fprintln(w, tt.line)
		require.NoError(t, w.Flush())
		assert.Equal(t, tt.want+"\n", out.String(), tt.name)
	}
}

func TestWriterTakesLinesInParts(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	for part := range strings.SplitSeq(strings.Repeat("some words, ", 12)+"\nnext\nlast", "") {
		n, err := w.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	assert.NotContains(t, out.String(), "last")
	require.NoError(t, w.Flush())
	assert.True(t, strings.HasSuffix(out.String(), "\nnext\nlast\n"))
	for line := range strings.Lines(out.String()) {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), Columns+1)
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriterKeepsTheErrorOfItsOutput(t *testing.T) {
	w := NewWriter(closed{})
	_, err := w.Write([]byte("a\n"))
	require.EqualError(t, err, "broken pipe")
	require.EqualError(t, w.Flush(), "broken pipe")
}

func TestExitCode(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	failure := errors.New("the draft d-1 may be left")
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for _, tt := range []struct {
		name string
		err  error
		code int
		text string
	}{
		{"success", nil, 0, ""},
		{"help", fmt.Errorf("x: %w", flag.ErrHelp), 0, ""},
		{"failure", failure, 1, "name: the draft d-1 may be left\n"},
		{"usage", Usage(errors.New("-a needs -b")), 2, "name: -a needs -b\n  -h lists the flags\n"},
		{"next step", Hint(failure, "look"), 1, "name: the draft d-1 may be left\n  look\n"},
		{"no failure, no next step", Hint(nil, "look"), 0, ""},
		{"connection", fmt.Errorf("x: GET /y: %w (attempts 5, not repeated: no more than 5 attempts are allowed)",
			refused), 1,
			"name: x: GET /y: dial tcp: connection refused (attempts 5, not repeated: no more\n" +
				"  than 5 attempts are allowed)\n  the cause: dial tcp: connection refused\n"},
		{"interrupted", Interrupted(ended, failure, "it created one"), 130,
			"name: interrupted; it created one: the draft d-1 may be left\n"},
		{"interrupted fake", InterruptedFake(ended, failure), 130,
			"name: interrupted; what it did is above, all of it on servers inside this\n  program: nothing is left\n"},
		{"failure beside the context", Interrupted(t.Context(), failure, "x"), 1, "name: the draft d-1 may be left\n"},
		{"failure of a fake", InterruptedFake(t.Context(), failure), 1, "name: the draft d-1 may be left\n"},
		{"success in spite of it", Interrupted(ended, nil, "x"), 0, ""},
	} {
		var out bytes.Buffer
		assert.Equal(t, tt.code, ExitCode("name", tt.err, &out), tt.name)
		assert.Equal(t, tt.text, out.String(), tt.name)
	}
	require.ErrorIs(t, Interrupted(ended, failure, "x"), failure)
	require.ErrorIs(t, Hint(failure, "look"), failure)
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-n", "1"}, ""},
		{[]string{"-n", "x"}, `invalid value "x" for flag -n: parse error`},
		{[]string{"-m"}, "flag provided but not defined: -m"},
		{[]string{"more"}, `unexpected argument "more"`},
		{[]string{"-s", "x"}, ""},
		{[]string{"-s="}, "-s is empty"},
		{[]string{"-s", ""}, "-s is empty"},
	} {
		var out bytes.Buffer
		flags := flag.NewFlagSet("name", flag.ContinueOnError)
		flags.Int("n", 0, "a number")
		flags.String("s", "", "a text")
		err := Parse(flags, tt.args, &out)
		if tt.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, tt.want)
		require.Empty(t, out.String())
		require.Equal(t, 2, ExitCode("name", err, &bytes.Buffer{}))
	}
}
