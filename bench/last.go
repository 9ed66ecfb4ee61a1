package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The last run stands between these lines.
const (
	runBegin = "<!-- run begins -->\n"
	runEnd   = "<!-- run ends -->\n"
)

// split gives what is in the file before, in, and after the last run.
func split(readme string) (before, run, after []byte, err error) {
	all, err := os.ReadFile(readme)
	if err != nil {
		return nil, nil, nil, err
	}
	before, rest, ok := bytes.Cut(all, []byte(runBegin))
	run, after, closed := bytes.Cut(rest, []byte(runEnd))
	if !ok || !closed {
		return nil, nil, nil, fmt.Errorf("%s has no place for a run", filepath.Base(readme))
	}
	return before, run, after, nil
}

func keep(readme string, report []byte) error {
	before, _, after, err := split(readme)
	if err != nil {
		return err
	}
	report = append(bytes.TrimRight(report, "\n"), '\n')
	return os.WriteFile(readme, slices.Concat(before, []byte(runBegin), report, []byte(runEnd), after), 0o600)
}

// ruled is one line of a table of budgets, as a report has it.
type ruled struct {
	budget string // with the release of Go, without its patches
	ruling ruling
}

// rulings reads the budgets that a report says were run, and where it was.
func rulings(report string) (all []ruled, where string) {
	release, budgets := "", false
	for line := range strings.Lines(report) {
		line = strings.TrimSpace(line)
		if version, ok := strings.CutPrefix(line, "### "); ok {
			release, budgets = releaseOf(version), false
			continue
		}
		if title, ok := strings.CutPrefix(line, "#### "); ok {
			budgets = title == budgetsTitle
			continue
		}
		if !budgets && where == "" && release != "" && strings.HasPrefix(line, release) {
			where = line
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !budgets || len(cells) < 3 || cells[0] == budgetColumn {
			continue
		}
		if r := ruling(cells[len(cells)-1]); r != notRun {
			all = append(all, ruled{release + ", " + cells[0], r})
		}
	}
	return all, where
}

// releaseOf is go1.26 of go1.26.8.
func releaseOf(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// difference lists the verdicts that differ between a report and the one before.
func difference(before, now string) string {
	previous, where := rulings(before)
	if len(previous) == 0 {
		return "Verdicts that differ from the run before: there is none to compare with.\n"
	}
	was := make(map[string]ruling, len(previous))
	for _, r := range previous {
		was[r.budget] = r.ruling
	}
	both := 0
	var list, fresh strings.Builder
	these, _ := rulings(now)
	for _, r := range these {
		then, ok := was[r.budget]
		switch {
		case !ok:
			fmt.Fprintf(&fresh, "- %s: %s, not in the run before\n", r.budget, r.ruling)
			continue
		case then != r.ruling:
			fmt.Fprintf(&list, "- %s: %s, was %s\n", r.budget, r.ruling, then)
		}
		both++
		delete(was, r.budget)
	}
	for _, r := range previous {
		if _, ok := was[r.budget]; ok {
			fmt.Fprintf(&fresh, "- %s: not in this run, was %s\n", r.budget, r.ruling)
		}
	}
	differ := "none"
	if n := strings.Count(list.String(), "\n"); n > 0 {
		differ = fmt.Sprint(n)
	}
	text := fmt.Sprintf("Verdicts that differ from the run before (%s): %s, of %d that both have.\n",
		where, differ, both)
	if all := list.String() + fresh.String(); all != "" {
		text += "\n" + all
	}
	return text
}
