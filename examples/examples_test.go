// Package examples_test runs all programs of this folder as a user does.
package examples_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/examples/internal/program"
)

// short are the arguments with which a program takes less time.
var short = map[string][]string{"ratelimit": {"-time", "500ms"}}

// build builds all programs and returns their paths by name.
func build(t *testing.T) map[string]string {
	t.Helper()
	sources, err := filepath.Glob("*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", dir, "./...").CombinedOutput()
	require.NoError(t, err, "%s", out)
	programs := map[string]string{}
	for _, source := range sources {
		name := filepath.Dir(source)
		programs[name] = filepath.Join(dir, name)
		if runtime.GOOS == "windows" {
			programs[name] += ".exe"
		}
	}
	return programs
}

// command returns a program that may run for ten seconds. Its environment has no variables of a
// vendor.
func command(t *testing.T, path string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, path, args...)
	for _, entry := range os.Environ() {
		switch name, _, _ := strings.Cut(entry, "="); {
		case strings.HasPrefix(name, "CONFLUENT_"),
			strings.HasPrefix(name, "APONO_"),
			strings.HasPrefix(name, "EGERIA_"):
		default:
			cmd.Env = append(cmd.Env, entry)
		}
	}
	return cmd
}

func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

func TestPrograms(t *testing.T) {
	for name, path := range build(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("runs", func(t *testing.T) { runs(t, name, path) })
			t.Run("wrong flags", func(t *testing.T) { refusesWrongFlags(t, name, path) })
			t.Run("help", func(t *testing.T) { helps(t, name, path) })
			t.Run("interrupt", func(t *testing.T) { saysWhatItDid(t, name, path) })
			if name == "quickstart" {
				t.Run("screens", func(t *testing.T) { fillsAScreenEach(t, path) })
			}
		})
	}
}

// runs checks the output to a pipe: lines that fit a narrow terminal, and no control characters.
func runs(t *testing.T, name, path string) {
	t.Helper()
	cmd := command(t, path, short[name]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Run(), errs.String())
	assert.Empty(t, errs.String())
	assert.True(t, strings.HasSuffix(out.String(), "\n"))
	assert.Greater(t, strings.Count(out.String(), "\n"), 10)
	for line := range strings.SplitSeq(out.String(), "\n") {
		words := strings.Fields(line)
		assert.True(
			t,
			utf8.RuneCountInString(line) <= program.Columns || len(words) == 1,
			"%d columns: %s",
			utf8.RuneCountInString(line),
			line,
		)
		assert.Equal(t, strings.TrimRightFunc(line, unicode.IsSpace), line, "blanks at the end")
		assert.NotContains(t, strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return '!'
			}
			return '.'
		}, line), "!", line)
	}
}

func refusesWrongFlags(t *testing.T, name, path string) {
	t.Helper()
	for _, args := range [][]string{{"-nope"}, {"extra"}, {"-nope", "-more"}} {
		cmd := command(t, path, args...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		assert.Equal(t, 2, exitCode(cmd.Run()), args)
		assert.Empty(t, out.String(), args)
		assert.Regexp(t, "^"+name+": [^\n]*("+args[0]+"|\""+args[0]+"\")\n  -h lists the flags\n$",
			errs.String(), "once, in one line")
	}
}

func helps(t *testing.T, name, path string) {
	t.Helper()
	cmd := command(t, path, "-h")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Run())
	assert.Contains(t, out.String(), "Usage of "+name+":")
	assert.Empty(t, errs.String())
}

// saysWhatItDid presses Ctrl-C when the program has shown its first line. A program that ended
// before is run again.
func saysWhatItDid(t *testing.T, name, path string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no program can send Ctrl-C to another one there")
	}
	for range 20 {
		code, errs := interrupt(t, path, short[name])
		if code == 0 {
			continue
		}
		assert.Equal(t, 130, code)
		assert.Regexp(t, "^"+name+": interrupted; .* \\b(above|server inside this program)\\b[^\n]*$",
			strings.Join(strings.Fields(errs), " "))
		return
	}
	t.Fatal("the program is always done before Ctrl-C reaches it")
}

func interrupt(t *testing.T, path string, args []string) (code int, errs string) {
	t.Helper()
	cmd := command(t, path, args...)
	var text bytes.Buffer
	cmd.Stderr = &text
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "no output")
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	for lines.Scan() {
		continue // otherwise the program would wait for its reader
	}
	return exitCode(cmd.Wait()), text.String()
}

// fillsAScreenEach checks that each vendor has a screen of 24 lines, and all of them 5 seconds.
func fillsAScreenEach(t *testing.T, path string) {
	t.Helper()
	cmd := command(t, path)
	begin := time.Now()
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Less(t, time.Since(begin), 5*time.Second)
	screens := regexp.MustCompile(`(?ms)^(Confluent Cloud|Apono|Egeria): [^\n]*\n\n(.*?)\n\n`).
		FindAllStringSubmatch(string(out), -1)
	require.Len(t, screens, 3)
	for _, screen := range screens {
		assert.Greater(t, strings.Count(screen[0], "\n"), 10, screen[1])
		assert.LessOrEqual(t, strings.Count(screen[0], "\n"), 24, screen[1])
	}
	assert.NotContains(t, string(out), "127.0.0.1", "it is the same with each run")
}
