package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// ruling is the outcome of a budget.
type ruling string

const (
	notRun    ruling = "not run"
	met       ruling = "met"
	missed    ruling = "**missed**"
	undecided ruling = "undecided"
)

// verdict is one budget and its outcome.
type verdict struct {
	budget, measured string
	ruling           ruling
}

// The bounds of the budgets.
const (
	inFlightShare = 0.9  // of a server that counts requests at a time and does not state its limit
	fanOutRatio   = 1.04 // of the least time
	sharedShare   = 0.95 // of processes with WithSharedWindow
	sharedRefused = 0.02
	sharedWarmUp  = 2 * time.Second // two windows
)

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

// holds rules on figures that are counted.
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

// judge holds the figures against the budgets. A budget that was not run is listed too.
func judge(goVersion string, r *result) []verdict {
	return slices.Concat(
		costVerdicts(goVersion, r), limitVerdicts(r), fanOutVerdicts(r.fanOuts), goodputVerdicts(r.goodput),
		processVerdicts(r), prefetchVerdicts(r))
}

// named returns the comparison of that name, without results if it was not run.
func (r *result) named(name string) *comparison {
	c := *r.comparison(name)
	c.name = name
	return &c
}

// within is the budget what: client needs at most limit times as much as base.
func within(c *comparison, what, client, base string, m metric, limit float64) verdict {
	v := verdict{budget: what, ruling: notRun}
	if s, ok := c.ratio(client, base, m.of); ok {
		v.ruling, v.measured = m.decide(s, limit), s.text(1)
	}
	return v
}

// atMost is a budget of so many times the need of another client.
func atMost(c *comparison, what, client, base string, m metric, limit float64) verdict {
	return within(c, fmt.Sprintf("%s: %s at most %.2f of %s", c.name, what, limit, base), client, base, m, limit)
}

// below are budgets of less than each other client needs.
func below(c *comparison, what string, m metric, others ...string) (all []verdict) {
	for _, other := range others {
		text := fmt.Sprintf("%s: %s than %s", c.name, what, other)
		all = append(all, within(c, text, nameSDK, other, m, math.Nextafter(1, 0)))
	}
	return all
}

func costVerdicts(goVersion string, r *result) (all []verdict) {
	for _, where := range []string{", in memory", ", loopback, HTTP/1.1"} {
		c := r.named(workWalk + where)
		if beforeGo127(goVersion) {
			all = append(all, atMost(c, "time", nameSDK, nameBare, inTime, 1),
				atMost(c, "time", nameSDK, nameCcloud, inTime, 1/1.5))
			continue
		}
		all = append(all, atMost(c, "time", nameSDK, nameBare, inTime, 0.6),
			atMost(c, "bytes", nameSDK, nameBare, inBytes, 0.35))
		all = append(all, below(c, "less time", inTime, nameRetryable, nameCcloud)...)
	}
	get, apono := r.named(workGet+", in memory"), r.named(workAponoGet+", in memory")
	all = append(all, atMost(get, "time", nameSDK, nameBare, inTime, 1.1))
	return slices.Concat(all,
		below(get, "fewer bytes", inBytes, nameCcloud), below(get, "fewer allocations", inAllocs, nameCcloud),
		below(apono, "fewer bytes", inBytes, nameApono), below(apono, "fewer allocations", inAllocs, nameApono),
		chain(get))
}

func limitVerdicts(r *result) (all []verdict) {
	for _, client := range []string{nameSDK, nameRoundedUp} {
		all = append(all, windows(r.runs, fixedWindow, client, 0.98, true),
			windows(r.runs, tokenBucket, client, 0.95, false), windows(r.runs, slidingWindow, client, 0.95, false))
	}
	for _, kind := range []string{fewInFlight, changingInFlight} {
		what := fmt.Sprintf("%s, %s: at least %s used", nameSDK, kind, percent(inFlightShare))
		all = append(all, ofRun(r.runs, kind, nameSDK, what, func(run run) (bool, string) {
			_, first, later := run.count()
			return run.share() >= inFlightShare, fmt.Sprintf("%s, 429: %d and %d", percent(run.share()), first, later)
		}))
	}
	return all
}

func fanOutVerdicts(runs []fanOut) (all []verdict) {
	for _, kind := range []string{fixedWindow, phasedWindow} {
		v := verdict{ruling: notRun, budget: fmt.Sprintf(
			"%s, %s: a fan-out takes at most %.2f of the least time", nameSDK, kind, fanOutRatio)}
		i := slices.IndexFunc(runs, func(f fanOut) bool { return f.limit.Kind == kind && f.client == nameSDK })
		switch {
		case i < 0:
		case runs[i].err != nil:
			v.ruling, v.measured = missed, runs[i].err.Error()
		default:
			v.ruling = holds(runs[i].ratio() <= fanOutRatio)
			v.measured = fmt.Sprintf("%.3f, 429: %d", runs[i].ratio(), runs[i].refused())
		}
		all = append(all, v)
	}
	return all
}

func processVerdicts(r *result) (all []verdict) {
	team := fmt.Sprintf("%d processes", processes)
	for _, client := range []string{nameShared, nameToldAll} {
		through := windows(r.shared, fixedWindow, client, 0.95, true)
		through.budget = fmt.Sprintf("%s: %s", team, through.budget)
		all = append(all, through)
	}
	killed := team + ", Redis killed and restarted: no call fails, no process ends"
	all = append(all, ofRun(r.shared, fixedWindow, nameKilled, killed, func(run run) (bool, string) {
		return run.outcome.Failed == 0, fmt.Sprintf("%d failed", run.outcome.Failed)
	}))
	shared := fmt.Sprintf("%s: %s, %s: from the third window on at least %s used, at most %s refused",
		team, nameSharedWindow, fixedWindow, percent(sharedShare), percent(sharedRefused))
	v := ofRun(r.shared, fixedWindow, nameSharedWindow, shared, func(run run) (bool, string) {
		used, refused := run.since(sharedWarmUp)
		return used >= sharedShare && refused <= sharedRefused,
			fmt.Sprintf("%s, %s refused", percent(used), percent(refused))
	})
	if run, ok := findRun(r.shared, fixedWindow, nameSharedWindow); ok && run.err == nil && run.time <= sharedWarmUp {
		v.ruling, v.measured = undecided, "there is no third window"
	}
	all = append(all, v)
	lone := fmt.Sprintf("One process: %s, %s: at least as much used as by %s", nameSharedWindow, fixedWindow, nameSDK)
	without, ok := findRun(r.lone, fixedWindow, nameSDK)
	if !ok {
		return append(all, verdict{budget: lone, ruling: notRun})
	}
	return append(all, ofRun(r.lone, fixedWindow, nameSharedWindow, lone, func(run run) (bool, string) {
		return without.err == nil && run.share() >= without.share(),
			fmt.Sprintf("%s, %s", percent(run.share()), percent(without.share()))
	}))
}

func prefetchVerdicts(r *result) (all []verdict) {
	for _, name := range []string{workPrefetch, workPrefetchShort} {
		ran := slices.ContainsFunc(r.comparisons, func(c comparison) bool { return c.name == name })
		if ran || name == workPrefetch && !r.has(workPrefetchShort) {
			all = append(all, atMost(r.named(name), "time", namePrefetch, nameSDK, inTime, 0.6))
		}
	}
	return all
}

func (r *result) has(name string) bool { return r.comparison(name).name != "" }

// beforeGo127 reports a Go before 1.27, whose encoding/json is another one.
func beforeGo127(goVersion string) bool {
	var minor int
	_, err := fmt.Sscanf(goVersion, "go1.%d", &minor)
	return err == nil && minor < 27
}

// chain rules on the cost that the call path adds to the generated client.
func chain(get *comparison) []verdict {
	time := verdict{budget: "The chain over the generated client: at most 2 µs", ruling: notRun}
	allocs := verdict{budget: "The chain over the generated client: at most 13 allocations", ruling: notRun}
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
	// An allocation that does not belong to the call may come in once in a while.
	allocs.ruling, allocs.measured = holds(a.median < 13.5), fmt.Sprintf("%.0f", a.median)
	return []verdict{time, allocs}
}

func findRun(runs []run, kind, client string) (run, bool) {
	i := slices.IndexFunc(runs, func(r run) bool { return r.limit.Kind == kind && r.client == client })
	if i < 0 {
		return run{}, false
	}
	return runs[i], true
}

// ofRun is a budget of one run under a limit. A run that failed misses it.
func ofRun(runs []run, kind, client, budget string, check func(run) (ok bool, measured string)) verdict {
	v := verdict{budget: budget, ruling: notRun}
	r, ok := findRun(runs, kind, client)
	if !ok {
		return v
	}
	if r.err != nil {
		v.ruling, v.measured = missed, r.err.Error()
		return v
	}
	ok, v.measured = check(r)
	v.ruling = holds(ok)
	return v
}

// windows judges a run under a limit. Strict servers refuse nothing after the first second and at
// most one request in it; of the others a thousandth may be refused.
func windows(runs []run, kind, client string, share float64, strict bool) verdict {
	rule := "at most 0.1 % refused"
	if strict {
		rule = "no 429 after the first window, at most one in it"
	}
	budget := fmt.Sprintf("%s, %s: at least %s used, %s", client, kind, percent(share), rule)
	return ofRun(runs, kind, client, budget, func(r run) (bool, string) {
		_, first, later := r.count()
		allowed := r.refused() <= 0.001
		if strict {
			allowed = later == 0 && first <= 1
		}
		return allowed && r.share() >= share, fmt.Sprintf("%s, 429: %d and %d", percent(r.share()), first, later)
	})
}
