package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// goPackage is the output of go list for a package.
type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
}

// suite has the tests of one package, and those that run against a mutant.
type suite struct {
	goPackage
	deps    []string // import paths of all packages in its test binary
	run     string   // pattern of the selected tests
	chosen  int
	all     int
	timeout time.Duration
}

// runner builds and runs tests.
type runner struct {
	root string // the folder of the module
	temp string
	// memory limits the address space of a test process, in KiB: a mutant that never stops must not
	// use the whole memory of the machine. 0 means no limit.
	memory int
	grace  time.Duration // additional time for a test on a busy machine
}

// output runs the go command in the root and returns its standard output.
func (r *runner) output(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = r.root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}

// list returns the packages that match patterns.
func (r *runner) list(ctx context.Context, patterns []string) ([]*suite, error) {
	out, err := r.output(ctx, append([]string{"list", "-json=ImportPath,Dir,GoFiles"}, patterns...)...)
	if err != nil {
		return nil, err
	}
	var suites []*suite
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		s := &suite{}
		if err := decoder.Decode(&s.goPackage); err != nil {
			return nil, err
		}
		deps, err := r.output(ctx, "list", "-deps", "-test", s.ImportPath)
		if err != nil {
			return nil, err
		}
		for line := range strings.SplitSeq(string(deps), "\n") {
			path, _, _ := strings.Cut(line, " ") // the rest is the test for which the package is built
			s.deps = append(s.deps, path)
		}
		suites = append(suites, s)
	}
	return suites, nil
}

// errNotBuilt is returned by build for source that the compiler refuses.
var errNotBuilt = errors.New("not built")

// build compiles the tests of s. If overlay is not empty, it replaces files of the tree.
func (r *runner) build(ctx context.Context, s *suite, binary, overlay string) error {
	args := []string{"test", "-c", "-vet=off", "-o", binary}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	_, err := r.output(ctx, append(args, s.ImportPath)...)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", errNotBuilt, err)
	}
	return err
}

// test runs a built test in the folder of its package. It fails if the test fails, or takes longer
// than timeout.
func (r *runner) test(
	ctx context.Context, s *suite, binary string, timeout time.Duration, args ...string,
) (out []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	args = append([]string{binary, "-test.timeout=0"}, args...)
	if r.memory > 0 {
		args = append([]string{"sh", "-c", `ulimit -v "$0" && exec "$@"`, strconv.Itoa(r.memory)}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = s.Dir
	cmd.WaitDelay = time.Second
	out, err = cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out, err
}

var passed = regexp.MustCompile(`(?m)^ *--- PASS: (\S+) \(([0-9.]+)s\)$`)

// timed is how many seconds a test takes.
type timed struct {
	name string
	took float64
}

// durations reads the output of -test.v and returns the tests, the fastest ones first. A test takes
// as long as its subtests together, which its own time does not include if they are parallel.
func durations(out string) (tests []timed) {
	own, below := map[string]float64{}, map[string]float64{}
	matches := passed.FindAllStringSubmatch(out, -1)
	for _, m := range matches {
		own[m[1]], _ = strconv.ParseFloat(m[2], 64)
	}
	names := slices.Sorted(maps.Keys(own))
	for _, name := range slices.Backward(names) { // A subtest is after its parent in this order.
		took := max(own[name], below[name])
		if i := strings.LastIndex(name, "/"); i >= 0 {
			below[name[:i]] += took
		} else {
			tests = append(tests, timed{name, took})
		}
	}
	slices.SortStableFunc(tests, func(a, b timed) int {
		return cmp.Or(cmp.Compare(a.took, b.took), cmp.Compare(a.name, b.name))
	})
	return tests
}

// choose runs all tests of s without a change, one after the other, and selects the fastest ones
// whose total time is at most budget.
func (r *runner) choose(ctx context.Context, s *suite, budget time.Duration) error {
	binary := filepath.Join(r.temp, "unchanged.test")
	if err := r.build(ctx, s, binary, ""); err != nil {
		return err
	}
	if _, err := os.Stat(binary); err != nil {
		return nil // it has no tests
	}
	defer os.Remove(binary)
	out, err := r.test(ctx, s, binary, time.Hour, "-test.v", "-test.parallel=1")
	if err != nil {
		return fmt.Errorf("the tests of %s fail without a change: %w\n%s", s.ImportPath, err, tail(out))
	}
	tests := durations(string(out))
	var names []string
	sum := 0.0
	for _, t := range tests {
		if sum += t.took; sum > budget.Seconds() {
			break
		}
		names = append(names, t.name)
	}
	s.run, s.chosen, s.all = "^("+strings.Join(names, "|")+")$", len(names), len(tests)
	begin := time.Now()
	if out, err := r.test(ctx, s, binary, time.Hour, "-test.run="+s.run); err != nil {
		return fmt.Errorf("the chosen tests of %s fail without a change: %w\n%s", s.ImportPath, err, tail(out))
	}
	s.timeout = 5*time.Since(begin) + r.grace // the other workers slow it down
	return nil
}

var failedTests = regexp.MustCompile(`(?m)^ *--- FAIL: .*$`)

// tail returns the names of the tests that failed, and the end of the output.
func tail(out []byte) []byte {
	names := bytes.Join(failedTests.FindAll(out, -1), []byte("\n"))
	return append(append(names, '\n'), out[max(0, len(out)-2000):]...)
}

// outcome is the result of a mutant.
type outcome int

const (
	survived outcome = iota
	failed           // a test failed
	timedOut         // a test took too long
	notBuilt         // the compiler refused it
	notTried         // the time limit was reached
)

// try runs the chosen tests of each suite against m, until one notices it.
func (r *runner) try(ctx context.Context, m mutant, suites []*suite, id int) (outcome, error) {
	dir := filepath.Join(r.temp, strconv.Itoa(id))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return notTried, err
	}
	defer os.RemoveAll(dir)
	changed := filepath.Join(dir, "changed.go")
	overlay := filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(r.root, m.file): changed}})
	if err == nil {
		err = errors.Join(os.WriteFile(changed, m.source, 0o644), os.WriteFile(overlay, replace, 0o644))
	}
	if err != nil {
		return notTried, err
	}
	for _, s := range suites {
		if s.chosen == 0 {
			continue
		}
		binary := filepath.Join(dir, "changed.test")
		if err := r.build(ctx, s, binary, overlay); err != nil {
			return outcomeOf(ctx, err)
		}
		if _, err := r.test(ctx, s, binary, s.timeout, "-test.failfast", "-test.run="+s.run); err != nil {
			return outcomeOf(ctx, err)
		}
	}
	return survived, nil
}

// outcomeOf returns the meaning of an error of build or test. It returns any other error.
func outcomeOf(ctx context.Context, err error) (outcome, error) {
	exit := &exec.ExitError{}
	switch {
	case errors.Is(ctx.Err(), context.Canceled), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return notTried, nil // The time is over.
	case errors.Is(err, errNotBuilt):
		return notBuilt, nil
	case errors.Is(err, context.DeadlineExceeded):
		return timedOut, nil
	case errors.As(err, &exit):
		return failed, nil
	}
	return notTried, err
}
