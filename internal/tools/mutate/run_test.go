package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tiny returns a configuration for the module in testdata.
func tiny(patterns ...string) config {
	return config{
		root: filepath.Join("testdata", "tiny"), patterns: patterns, files: "*", budget: 200 * time.Millisecond,
		total: 5 * time.Minute, grace: 2 * time.Second, workers: 2, memory: 4 << 20, seed: 1,
	}
}

// tree returns the names and contents of all files in testdata.
func tree(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir("testdata", func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		all.WriteString(name + "\n" + string(content))
		return err
	}))
	return all.String()
}

func TestDurations(t *testing.T) {
	const out = `=== RUN   TestA
--- PASS: TestA (1.00s)
    --- PASS: TestA/x (0.40s)
    --- PASS: TestA/y (0.60s)
        a_test.go:7: --- PASS: no
--- PASS: TestParallel (0.00s)
    --- PASS: TestParallel/x (2.00s)
        --- PASS: TestParallel/x/1 (2.00s)
        --- PASS: TestParallel/x/2 (3.50s)
    --- PASS: TestParallel/y (0.25s)
--- PASS: ExampleB (0.00s)
--- FAIL: TestF (9.00s)
PASS
`
	assert.Equal(t, []timed{{"ExampleB", 0}, {"TestA", 1}, {"TestParallel", 5.75}}, durations(out))
}

// A change that no fast test notices is a survivor, even if a slow test would notice it. The tests
// of another package count. The source tree is not changed.
func TestSurvivors(t *testing.T) {
	before := tree(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), tiny("./..."), &out, io.Discard))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Equal(t, []string{
		"tiny.go:12: 5 -> 10",
		"tiny.go:12: 5 -> 2",
		"tiny.go:24: 7 -> 14",
		"tiny.go:24: 7 -> 3",
		"tiny.go:24: branch removed: case n == 7",
		"tiny.go:34: branch removed: else",
	}, lines[:len(lines)-2])
	assert.Contains(t, lines[len(lines)-2], "1 of them by time")
	assert.Contains(t, lines[len(lines)-2], "6 survivors; 1 do not compile, 0 not tried")
	assert.Equal(t, "numbers left alone: zero: 3", lines[len(lines)-1])
	assert.Equal(t, before, tree(t))
}

func TestSampleAndFiles(t *testing.T) {
	c := tiny("./...")
	c.files, c.sample = "inner.go", 1
	var out, progress bytes.Buffer
	require.NoError(t, run(t.Context(), c, &out, &progress))
	assert.Equal(t, "1 noticed (100.0 %, 0 of them by time), 0 survivors; 0 do not compile, 0 not tried\n"+
		"numbers left alone: none\n", out.String())
	assert.Contains(t, progress.String(), "2 changes, 1 to try")
	assert.Contains(t, progress.String(), "tiny: 4 of 5 tests")
}

// A change that is not tried before the time limit does not count.
func TestTimeIsLimited(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("testdata", "tiny"))
	require.NoError(t, err)
	r := &runner{root: root, temp: t.TempDir()}
	suites, err := r.list(t.Context(), []string{"./inner"})
	require.NoError(t, err)
	suites[0].chosen, suites[0].run, suites[0].timeout = 1, "^$", time.Minute
	jobs, _, err := findAll(r.root, "*", suites)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, r.tryAll(ctx, jobs, 2, io.Discard))
	var out bytes.Buffer
	require.NoError(t, report(&out, jobs, nil, 0))
	assert.Contains(t, out.String(), "0 survivors; 0 do not compile, 2 not tried")

	got, err := r.try(ctx, jobs[0].mutant, suites, 0)
	assert.NoError(t, err)
	assert.Equal(t, notTried, got)
}

func TestTooFewNoticed(t *testing.T) {
	jobs := []*job{{outcome: survived}, {outcome: failed}, {outcome: timedOut}, {outcome: notBuilt},
		{outcome: notTried}}
	var out bytes.Buffer
	assert.NoError(t, report(&out, jobs, nil, 66))
	assert.ErrorContains(t, report(&out, jobs, nil, 67), "66.7 % are noticed")
	assert.Contains(t, out.String(), "2 noticed (66.7 %, 1 of them by time), 1 survivors; 1 do not compile, 1 not "+
		"tried")
}

func TestBadRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(c *config)
		want   string
	}{
		"no packages": {func(c *config) { c.patterns = nil }, "no packages"},
		"no such":     {func(c *config) { c.patterns = []string{"./none"} }, "go list"},
		"bad pattern": {func(c *config) { c.files = "[" }, "syntax error in pattern"},
		"failing test": {func(c *config) {
			c.root, c.patterns = filepath.Join("testdata", "failing"), []string{"."}
		}, "fail without a change"},
		"no time": {func(c *config) { c.total = time.Nanosecond }, "deadline exceeded"},
	} {
		c := tiny("./inner")
		tt.change(&c)
		assert.ErrorContains(t, run(t.Context(), c, io.Discard, io.Discard), tt.want, name)
	}
}
