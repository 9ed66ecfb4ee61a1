package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result holds all that one toolchain measured.
type result struct {
	head        string
	comparisons []comparison
	runs        []run // many goroutines in the process of the bench
	fanOuts     []fanOut
	shared      []run // many processes
	lone        []run // one process
	goodput     []goodputRow
	burdens     []burden
}

func (r *result) addComparison(c comparison) {
	r.comparisons = append(r.comparisons, c)
	fmt.Fprintf(os.Stderr, "%s: done\n", c.name)
}

func (r *result) addRun(list *[]run, one run) {
	*list = append(*list, one)
	fmt.Fprintf(os.Stderr, "%s, %s: done\n", one.limit.Kind, one.client)
}

func (r *result) addFanOut(f fanOut) {
	r.fanOuts = append(r.fanOuts, f)
	fmt.Fprintf(os.Stderr, "fan-out, %s, %s: done\n", f.limit.Kind, f.client)
}

// failures returns the errors of all parts, nil if there are none.
func (r *result) failures() (err error) {
	for _, c := range r.comparisons {
		if c.err != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", c.name, c.err))
		}
	}
	for _, run := range slices.Concat(r.runs, r.shared, r.lone) {
		if run.err != nil {
			err = errors.Join(err, fmt.Errorf("%s, %s: %w", run.limit.Kind, run.client, run.err))
		}
	}
	for _, f := range r.fanOuts {
		if f.err != nil {
			err = errors.Join(err, fmt.Errorf("fan-out, %s, %s: %w", f.limit.Kind, f.client, f.err))
		}
	}
	return err
}

// machine describes where the figures come from.
func machine(ctx context.Context) string {
	cpu := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	busy := ""
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		if fields := strings.Fields(string(b)); len(fields) > 0 {
			busy = ", load average at the start " + fields[0]
		}
	}
	commit := ""
	if b, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output(); err == nil {
		commit = ", commit " + strings.TrimSpace(string(b))
	}
	return fmt.Sprintf("%s, %s/%s, %s, %d CPUs%s%s, %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, cpu,
		runtime.NumCPU(), busy, commit, time.Now().UTC().Format(time.DateOnly))
}

func (r *result) markdown(svg string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s\n\n#### %s\n\n", runtime.Version(), r.head, budgetsTitle)
	b.WriteString(verdictTable(judge(runtime.Version(), r)))
	for _, c := range r.comparisons {
		b.WriteString("\n" + c.markdown())
	}
	if len(r.runs) > 0 {
		fmt.Fprintf(&b, "\n#### %d goroutines against a limit\n\n", goroutines)
		b.WriteString(runTable(r.runs))
		if svg != "" {
			fmt.Fprintf(&b, "\n![Requests over time](%s)\n", svg)
		}
	}
	if len(r.fanOuts) > 0 {
		fmt.Fprintf(&b, "\n#### A fan-out from %d goroutines against a fixed window\n\n", goroutines)
		b.WriteString(fanOutTable(r.fanOuts))
	}
	if len(r.goodput) > 0 {
		b.WriteString("\n#### Calls that succeed within their deadline\n\n" + goodputTable(r.goodput))
	}
	if len(r.shared) > 0 {
		fmt.Fprintf(&b, "\n#### %d processes of %d goroutines against one limit\n\n", processes, perProcess)
		b.WriteString(runTable(r.shared))
	}
	if len(r.lone) > 0 {
		fmt.Fprintf(&b, "\n#### One process of %d goroutines against one limit\n\n", perProcess)
		b.WriteString(runTable(r.lone))
	}
	if len(r.burdens) > 0 {
		b.WriteString("\n" + burdenTable(r.burdens))
	}
	return b.String()
}

func table(b *strings.Builder, rows ...[]string) {
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---" + strings.Repeat("|--:", len(row)-1) + "|\n")
		}
	}
}

func (c *comparison) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s\n\n", c.name)
	if c.err != nil {
		fmt.Fprintf(&b, "Worthless: %s\n", strings.ReplaceAll(c.err.Error(), "\n", "; "))
		return b.String()
	}
	base := c.results[0].client
	memory := spreadOf(pick(c.results[0].costs, allocsOf)).median > 0
	rows := [][]string{{"client", "time", "to the first"}}
	if memory {
		rows[0] = append(rows[0], "bytes", "to the first", "allocations", "to the first")
	}
	for _, m := range c.results {
		row := []string{m.client, duration(spreadOf(pick(m.costs, timeOf)).median), c.cell(m.client, base, timeOf)}
		if memory {
			row = append(row,
				fmt.Sprintf("%.0f", spreadOf(pick(m.costs, bytesOf)).median), c.cell(m.client, base, bytesOf),
				fmt.Sprintf("%.0f", spreadOf(pick(m.costs, allocsOf)).median), c.cell(m.client, base, allocsOf))
		}
		rows = append(rows, row)
	}
	table(&b, rows...)
	return b.String()
}

// cell is a ratio with its noise.
func (c *comparison) cell(client, base string, of func(cost) float64) string {
	s, ok := c.ratio(client, base, of)
	switch {
	case !ok:
		return "-"
	case client == base:
		return "1"
	}
	return s.text(1)
}

func duration(ns float64) string {
	d := time.Duration(ns)
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(10 * time.Nanosecond).String()
}

func runTable(runs []run) string {
	var b strings.Builder
	rows := [][]string{{
		"server", "client", "accepted of allowed", "calls failed", "429 in the first second", "429 later", "p50", "p99",
		"most to least per goroutine", "most at a time",
	}}
	for _, r := range runs {
		if r.err != nil {
			rows = append(rows, []string{r.limit.Kind, r.client, failure(r.err), "", "", "", "", "", "", ""})
			continue
		}
		accepted, first, later := r.count()
		fair := "nothing for some"
		if f := r.fairness(); f > 0 {
			fair = fmt.Sprintf("%.2f", f)
		}
		rows = append(rows, []string{
			r.limit.Kind, r.client, fmt.Sprintf("%d of %d, %s", accepted, r.allowed(), percent(r.share())),
			r.outcome.failures(), fmt.Sprint(first), fmt.Sprint(later), duration(float64(r.outcome.wait(0.5))),
			duration(float64(r.outcome.wait(0.99))), fair, fmt.Sprint(r.ledger.Most),
		})
	}
	table(&b, rows...)
	return b.String()
}

// failure returns err as a cell of a table.
func failure(err error) string { return "failed: " + strings.ReplaceAll(err.Error(), "\n", "; ") }

func fanOutTable(all []fanOut) string {
	var b strings.Builder
	rows := [][]string{{"server", "client", "calls", "time", "least time", "ratio", "429"}}
	for _, f := range all {
		if f.err != nil {
			rows = append(rows, []string{f.limit.Kind, f.client, fmt.Sprint(f.calls), failure(f.err), "", "", ""})
			continue
		}
		rows = append(rows, []string{
			f.limit.Kind, f.client, fmt.Sprint(f.calls), duration(float64(f.took())), duration(float64(f.must())),
			fmt.Sprintf("%.3f", f.ratio()), fmt.Sprint(f.refused()),
		})
	}
	table(&b, rows...)
	return b.String()
}

func percent(f float64) string { return fmt.Sprintf("%.1f %%", 100*f) }

func burdenTable(all []burden) string {
	var b strings.Builder
	b.WriteString("#### What a program pays for the import\n\n")
	rows := [][]string{{
		"client", "modules linked", "modules in the build list", "go.sum lines", "binary", "more than the first",
		"build", "link",
	}}
	for _, u := range all {
		cold := "-"
		if u.Build > 0 {
			cold = u.Build.Round(100 * time.Millisecond).String()
		}
		rows = append(rows, []string{
			u.Name, fmt.Sprint(len(u.Modules)), fmt.Sprint(u.Graph), fmt.Sprint(u.Sums),
			fmt.Sprintf("%.2f MB", float64(u.Size)/1e6), fmt.Sprintf("%+.2f MB", float64(u.Size-all[0].Size)/1e6),
			cold, u.Again.Round(10 * time.Millisecond).String(),
		})
	}
	table(&b, rows...)
	b.WriteString("\nThe first is built with an empty cache, the others with what the first needs in it.")
	b.WriteString("\nThis SDK is built from its folder here. From a version of it, go.sum has two lines more.\n")
	for _, u := range all {
		if len(u.Modules) > 0 {
			fmt.Fprintf(&b, "\nLinked by %s: %s.\n", u.Name, strings.Join(u.Modules, ", "))
		}
	}
	return b.String()
}
