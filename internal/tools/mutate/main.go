// Mutate finds changes that no test notices. It changes one number or one branch of a package at a
// time, and runs the package's fast tests against the change.
//
//	go run ./mutate [flags] PACKAGES
//
// Each number is halved and doubled, and each branch (the body of an if, an else, a case) is
// removed. The tests of the changed package run first, then those of the other PACKAGES that depend
// on it. The change is an overlay of the go command. The source tree is not changed. A change that
// no test notices is a survivor, and is printed as
//
//	FILE:LINE: CHANGE
//
// # Selection of tests
//
// First all tests run once without a change, one after the other. The fastest ones whose total time
// is at most -budget run against each change.
//
// # Numbers that are not changed
//
//   - 0
//   - an index, a slice bound, an array length, a size given to make
//   - a base or bit size given to strconv
//   - a 1 that is added, subtracted or shifted
//   - the numbers of an enumeration (iota)
//
// A unit of time without a number beside it, such as time.Second, counts as a number. A change that
// does not compile does not count.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// config has the values of the flags.
type config struct {
	root     string
	patterns []string
	files    string
	budget   time.Duration
	total    time.Duration
	grace    time.Duration
	sample   int
	seed     uint64
	workers  int
	memory   int
	least    float64
}

func main() {
	var c config
	flag.StringVar(&c.root, "root", ".", "the `folder` of the module")
	flag.StringVar(&c.files, "files", "*", "change only files whose names match `pattern`")
	flag.DurationVar(&c.budget, "budget", 2*time.Second, "how long the tests of a package may take against one change")
	flag.DurationVar(&c.total, "total", 30*time.Minute, "how long all may take")
	flag.DurationVar(&c.grace, "grace", 5*time.Second, "how much longer than five times its usual time a test may take")
	flag.IntVar(&c.sample, "sample", 0, "try only so many changes, chosen at random; 0 is all")
	flag.Uint64Var(&c.seed, "seed", 1, "the order of the changes: what is not tried in the end is a random part")
	flag.IntVar(&c.workers, "workers", 2, "how many changes are tried at a time")
	flag.IntVar(&c.memory, "memory", 4<<20, "the address space of a test in KiB, 0 for no limit")
	flag.Float64Var(&c.least, "least", 0, "fail if less than so many `percent` are noticed")
	flag.Parse()
	c.patterns = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // It ends the tests as well.
	defer stop()
	if err := run(ctx, c, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		stop()
		os.Exit(1)
	}
}

// run tries the changes. It writes the report to out, and the progress to progress.
func run(ctx context.Context, c config, out, progress io.Writer) error {
	if len(c.patterns) == 0 {
		return errors.New("no packages")
	}
	ctx, cancel := context.WithTimeout(ctx, c.total)
	defer cancel()
	root, err := filepath.Abs(c.root)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	r := &runner{root: root, temp: temp, memory: c.memory, grace: c.grace}
	suites, err := r.list(ctx, c.patterns)
	if err != nil {
		return err
	}
	for _, s := range suites {
		if err := r.choose(ctx, s, c.budget); err != nil {
			return err
		}
		fmt.Fprintf(progress, "%s: %d of %d tests, %v for each change at most\n",
			s.ImportPath, s.chosen, s.all, s.timeout.Round(time.Second))
	}
	jobs, skipped, err := findAll(root, c.files, suites)
	if err != nil {
		return err
	}
	rand.New(rand.NewPCG(c.seed, 0)).Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	found := len(jobs)
	if c.sample > 0 {
		jobs = jobs[:min(c.sample, found)]
	}
	fmt.Fprintf(progress, "%d changes, %d to try\n", found, len(jobs))
	if err := r.tryAll(ctx, jobs, c.workers, progress); err != nil {
		return err
	}
	return report(out, jobs, skipped, c.least)
}

// job is a mutant and the suites that run against it.
type job struct {
	mutant
	suites  []*suite
	outcome outcome
}

// findAll returns the mutants of all packages, in the order of their files.
func findAll(root, files string, suites []*suite) (jobs []*job, skipped map[string]int, err error) {
	skipped = map[string]int{}
	for _, s := range suites {
		with := []*suite{s}
		for _, other := range suites {
			if other != s && slices.Contains(other.deps, s.ImportPath) {
				with = append(with, other)
			}
		}
		for _, name := range s.GoFiles {
			if ok, err := path.Match(files, name); err != nil || !ok {
				if err != nil {
					return nil, nil, err
				}
				continue
			}
			full := filepath.Join(s.Dir, name)
			source, err := os.ReadFile(full)
			if err != nil {
				return nil, nil, err
			}
			relative, err := filepath.Rel(root, full)
			if err != nil {
				return nil, nil, err
			}
			mutants, left, err := find(filepath.ToSlash(relative), source)
			if err != nil {
				return nil, nil, err
			}
			for _, m := range mutants {
				jobs = append(jobs, &job{mutant: m, suites: with, outcome: notTried})
			}
			for reason, n := range left {
				skipped[reason] += n
			}
		}
	}
	return jobs, skipped, nil
}

// tryAll tries the jobs until all are done or ctx ends. It returns the first error.
func (r *runner) tryAll(ctx context.Context, jobs []*job, workers int, progress io.Writer) error {
	var mu sync.Mutex
	var errs error
	next, done := 0, 0
	begin := time.Now()
	var group sync.WaitGroup
	for range max(workers, 1) {
		group.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				id := next
				next++
				stop := id >= len(jobs) || errs != nil
				mu.Unlock()
				if stop {
					return
				}
				o, err := r.try(ctx, jobs[id].mutant, jobs[id].suites, id)
				mu.Lock()
				jobs[id].outcome, errs = o, cmp.Or(errs, err)
				if done++; done%25 == 0 {
					fmt.Fprintf(progress, "%d of %d after %v\n", done, len(jobs), time.Since(begin).Round(time.Second))
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return errs
}

// report writes the survivors and the summary. It returns an error if less than least percent of
// the changes that compile were noticed.
func report(out io.Writer, jobs []*job, skipped map[string]int, least float64) error {
	slices.SortStableFunc(jobs, func(a, b *job) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.change, b.change))
	})
	count := map[outcome]int{}
	for _, j := range jobs {
		count[j.outcome]++
		if j.outcome == survived {
			fmt.Fprintf(out, "%s:%d: %s\n", j.file, j.line, j.change)
		}
	}
	noticed := count[failed] + count[timedOut]
	share := 100.0
	if tried := noticed + count[survived]; tried > 0 {
		share = 100 * float64(noticed) / float64(tried)
	}
	fmt.Fprintf(out, "%d noticed (%.1f %%, %d of them by time), %d survivors; %d do not compile, %d not tried\n",
		noticed, share, count[timedOut], count[survived], count[notBuilt], count[notTried])
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(skipped)) {
		reasons = append(reasons, fmt.Sprintf("%s: %d", reason, skipped[reason]))
	}
	fmt.Fprintf(out, "numbers left alone: %s\n", cmp.Or(strings.Join(reasons, "; "), "none"))
	if share < least {
		return fmt.Errorf("%.1f %% are noticed, at least %v %% have to be", share, least)
	}
	return nil
}
