package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result is all that one toolchain measured.
type result struct {
	head        string
	comparisons []comparison
	runs        []run // one process
	shared      []run // many processes
	burdens     []burden
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
	return fmt.Sprintf("%s, %s/%s, %s, %d CPUs%s%s, %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, cpu, runtime.NumCPU(), busy, commit,
		time.Now().UTC().Format(time.DateOnly))
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
	if len(r.shared) > 0 {
		fmt.Fprintf(&b, "\n#### %d processes of %d goroutines against one limit\n\n", processes, perProcess)
		b.WriteString(runTable(r.shared))
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
	rows := [][]string{{"server", "client", "accepted of allowed", "calls failed", "429 in the first second", "429 later", "p50", "p99", "most to least per goroutine", "most at a time"}}
	for _, r := range runs {
		if r.err != nil {
			rows = append(rows, []string{r.limit.Kind, r.client, "failed: " + strings.ReplaceAll(r.err.Error(), "\n", "; "), "", "", "", "", "", "", ""})
			continue
		}
		accepted, first, later := r.count()
		fair := "nothing for some"
		if f := r.fairness(); f > 0 {
			fair = fmt.Sprintf("%.2f", f)
		}
		rows = append(rows, []string{
			r.limit.Kind, r.client, fmt.Sprintf("%d of %d, %s", accepted, r.allowed(), percent(r.share())), r.outcome.failures(),
			fmt.Sprint(first), fmt.Sprint(later), duration(float64(r.outcome.wait(0.5))), duration(float64(r.outcome.wait(0.99))), fair, fmt.Sprint(r.ledger.Most),
		})
	}
	table(&b, rows...)
	return b.String()
}

func percent(f float64) string { return fmt.Sprintf("%.1f %%", 100*f) }

func burdenTable(all []burden) string {
	var b strings.Builder
	b.WriteString("#### What a program pays for the import\n\n")
	rows := [][]string{{"client", "modules linked", "modules in the build list", "go.sum lines", "binary", "more than the first", "build", "link"}}
	for _, u := range all {
		cold := "-"
		if u.Build > 0 {
			cold = u.Build.Round(100 * time.Millisecond).String()
		}
		rows = append(rows, []string{
			u.Name, fmt.Sprint(len(u.Modules)), fmt.Sprint(u.Graph), fmt.Sprint(u.Sums), fmt.Sprintf("%.2f MB", float64(u.Size)/1e6),
			fmt.Sprintf("%+.2f MB", float64(u.Size-all[0].Size)/1e6), cold, u.Again.Round(10 * time.Millisecond).String(),
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

// ruling is what became of a budget.
type ruling string

const (
	notRun    ruling = "not run"
	met       ruling = "met"
	missed    ruling = "**missed**"
	undecided ruling = "undecided"
)

// verdict is one budget and what became of it.
type verdict struct {
	budget, measured string
	ruling           ruling
}

// By these the table is found again in the report of the run before.
const (
	budgetsTitle = "Budgets"
	budgetColumn = "budget"
)

func verdictTable(all []verdict) string {
	var b strings.Builder
	rows := [][]string{{budgetColumn, "measured", "verdict"}}
	for _, v := range all {
		rows = append(rows, []string{v.budget, strings.ReplaceAll(v.measured, "\n", "; "), string(v.ruling)})
	}
	table(&b, rows...)
	return b.String()
}

// decide holds times, which differ from round to round, against the most that they may be.
func decide(s spread, most float64) ruling {
	switch {
	case s.high <= most:
		return met
	case s.low > most:
		return missed
	}
	return undecided
}

// holds rules on what is counted.
func holds(ok bool) ruling {
	if ok {
		return met
	}
	return missed
}

func (r *result) comparison(name string) *comparison {
	for i := range r.comparisons {
		if r.comparisons[i].name == name && r.comparisons[i].err == nil {
			return &r.comparisons[i]
		}
	}
	return &comparison{}
}

// metric is one of the figures of a cost. Those that are counted hardly differ from round to round.
type metric struct {
	of      func(cost) float64
	counted bool
}

var (
	inTime   = metric{timeOf, false}
	inBytes  = metric{bytesOf, true}
	inAllocs = metric{allocsOf, true}
)

func (m metric) decide(s spread, most float64) ruling {
	if m.counted {
		return holds(s.median <= most)
	}
	return decide(s, most)
}

// judge holds the figures against the budgets.
func judge(goVersion string, r *result) []verdict {
	var all []verdict
	add := func(budget string, c *comparison, client, base string, m metric, limit float64) {
		v := verdict{budget: budget, ruling: notRun}
		if s, ok := c.ratio(client, base, m.of); ok {
			v.ruling, v.measured = m.decide(s, limit), s.text(1)
		}
		all = append(all, v)
	}
	// most is a budget of so many times what another client needs.
	most := func(c *comparison, what, client, base string, m metric, limit float64) {
		add(fmt.Sprintf("%s: %s at most %.2f of %s", c.name, what, limit, base), c, client, base, m, limit)
	}
	// below is a budget of less than what all other clients need.
	below := func(c *comparison, what string, m metric, others ...string) {
		for _, other := range others {
			add(fmt.Sprintf("%s: %s than %s", c.name, what, other), c, nameSDK, other, m, math.Nextafter(1, 0))
		}
	}
	named := func(name string) *comparison {
		c := *r.comparison(name)
		c.name = name // also where it was not run
		return &c
	}
	for _, where := range []string{", in memory", ", loopback, HTTP/1.1"} {
		c := named(workWalk + where)
		if old(goVersion) {
			most(c, "time", nameSDK, nameBare, inTime, 1)
			most(c, "time", nameSDK, nameCcloud, inTime, 1/1.5)
			continue
		}
		most(c, "time", nameSDK, nameBare, inTime, 0.6)
		most(c, "bytes", nameSDK, nameBare, inBytes, 0.35)
		below(c, "less time", inTime, nameRetryable, nameCcloud)
	}
	get := named(workGet + ", in memory")
	most(get, "time", nameSDK, nameBare, inTime, 1.1)
	apono := named(workAponoGet + ", in memory")
	below(get, "fewer bytes", inBytes, nameCcloud)
	below(get, "fewer allocations", inAllocs, nameCcloud)
	below(apono, "fewer bytes", inBytes, nameApono)
	below(apono, "fewer allocations", inAllocs, nameApono)
	all = append(all, chain(get)...)
	for _, client := range []string{nameSDK, nameRoundedUp} {
		all = append(all, windows(r.runs, fixedWindow, client, 0.98, true), windows(r.runs, tokenBucket, client, 0.95, false), windows(r.runs, slidingWindow, client, 0.95, false))
	}
	for _, client := range []string{nameShared, nameToldAll} {
		through := windows(r.shared, fixedWindow, client, 0.95, true)
		through.budget = fmt.Sprintf("%d processes: %s", processes, through.budget)
		all = append(all, through)
	}
	killed := verdict{budget: fmt.Sprintf("%d processes, Redis killed and restarted: no call fails, no process ends", processes), ruling: notRun}
	if run, ok := findRun(r.shared, fixedWindow, nameKilled); ok {
		killed.ruling = holds(run.err == nil && run.outcome.Failed == 0)
		killed.measured = fmt.Sprintf("%d failed", run.outcome.Failed)
		if run.err != nil {
			killed.measured = run.err.Error()
		}
	}
	all = append(all, killed)
	for _, name := range []string{workPrefetch, workPrefetchShort} {
		if slices.ContainsFunc(r.comparisons, func(c comparison) bool { return c.name == name }) || name == workPrefetch && !r.has(workPrefetchShort) {
			most(named(name), "time", namePrefetch, nameSDK, inTime, 0.6)
		}
	}
	return all
}

func (r *result) has(name string) bool { return r.comparison(name).name != "" }

// old reports a Go before 1.27, whose encoding/json is another one.
func old(goVersion string) bool {
	var minor int
	_, err := fmt.Sscanf(goVersion, "go1.%d", &minor)
	return err == nil && minor < 27
}

// chain is what the call path adds to the generated client.
func chain(get *comparison) []verdict {
	time := verdict{budget: "The chain over the generated client: at most 2 µs", ruling: notRun}
	allocs := verdict{budget: "The chain over the generated client: at most 6 allocations", ruling: notRun}
	own, ok := get.find(nameSDK)
	generated, found := get.find(nameGenerated)
	if !ok || !found {
		return []verdict{time, allocs}
	}
	more := func(of func(cost) float64) spread {
		var d []float64
		for i := range own.costs {
			d = append(d, of(own.costs[i])-of(generated.costs[i]))
		}
		return spreadOf(d)
	}
	t, a := more(timeOf), more(allocsOf)
	time.ruling, time.measured = decide(t, 2000), t.text(1e-3)+" µs"
	allocs.ruling, allocs.measured = holds(a.median < 6.5), fmt.Sprintf("%.0f", a.median) // what is not of the call may come in once in a while
	return []verdict{time, allocs}
}

func findRun(runs []run, kind, client string) (run, bool) {
	i := slices.IndexFunc(runs, func(r run) bool { return r.limit.Kind == kind && r.client == client })
	if i < 0 {
		return run{}, false
	}
	return runs[i], true
}

// windows judges a run under a limit. Strict servers refuse nothing after the first second and at most one request in it; of the others
// a thousandth may be refused.
func windows(runs []run, kind, client string, share float64, strict bool) verdict {
	rule := "at most 0.1 % refused"
	if strict {
		rule = "no 429 after the first window, at most one in it"
	}
	v := verdict{budget: fmt.Sprintf("%s, %s: at least %s used, %s", client, kind, percent(share), rule), ruling: notRun}
	r, ok := findRun(runs, kind, client)
	if !ok {
		return v
	}
	if r.err != nil {
		v.ruling, v.measured = missed, r.err.Error()
		return v
	}
	_, first, later := r.count()
	allowed := r.refused() <= 0.001
	if strict {
		allowed = later == 0 && first <= 1
	}
	v.ruling = holds(allowed && r.share() >= share)
	v.measured = fmt.Sprintf("%s, 429: %d and %d", percent(r.share()), first, later)
	return v
}
