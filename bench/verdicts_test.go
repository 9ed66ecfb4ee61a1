package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// figures makes a result in which every budget of goVersion is just met, or with more than 1 just
// missed. Its rounds are all the same.
func figures(more, ccloud float64) *result {
	costs := func(time, bytes, allocs float64) []cost { return []cost{{time * more, bytes * more, allocs * more}} }
	r := &result{}
	for _, where := range []string{", in memory", ", loopback, HTTP/1.1"} {
		r.comparisons = append(r.comparisons, comparison{name: workWalk + where, results: []measured{
			{nameBare, []cost{{1000, 1000, 1000}}}, {nameRetryable, []cost{{601, 0, 0}}},
			{nameCcloud, []cost{{ccloud, 0, 0}}}, {nameSDK, costs(600, 350, 1)},
		}})
	}
	r.comparisons = append(r.comparisons,
		comparison{name: workGet + ", in memory", results: []measured{
			{nameBare, []cost{{10000, 1, 1}}}, {nameCcloud, []cost{{1, 1001, 101}}},
			{nameGenerated, []cost{{9000, 0, 87}}}, {nameSDK, costs(11000, 1000, 100)},
		}},
		comparison{name: workAponoGet + ", in memory", results: []measured{
			{nameApono, []cost{{1, 1001, 101}}}, {nameSDK, costs(1, 1000, 100)},
		}},
		comparison{name: workPrefetch, results: []measured{
			{nameSDK, []cost{{Time: 1000}}}, {namePrefetch, costs(600, 0, 0)},
		}},
	)
	for _, c := range r.comparisons {
		for i := range c.results {
			c.results[i].costs = slices.Repeat(c.results[i].costs, 10)
		}
	}
	later := 0
	if more > 1 {
		later = 2
	}
	for _, client := range []string{nameSDK, nameRoundedUp} {
		r.runs = append(r.runs, played(fixedWindow, client, 980, later), played(tokenBucket, client, 1045, later),
			played(slidingWindow, client, 1000, later))
	}
	// 4 at a time are 2,000 in ten seconds, and 16, 4, 16 are 6,000.
	r.runs = append(r.runs, played(fewInFlight, nameSDK, 1800-later, 0),
		played(changingInFlight, nameSDK, 5400-later, 0))
	r.shared = append(r.shared,
		played(fixedWindow, nameShared, 950, later), played(fixedWindow, nameToldAll, 950, later),
		played(fixedWindow, nameKilled, 1, 0), playedEvenly(nameSharedWindow, 95, later))
	r.shared[2].outcome.Failed = later
	r.lone = append(r.lone, played(fixedWindow, nameSDK, 980, 0), played(fixedWindow, nameSharedWindow, 980-later, 0))
	r.addFigures(more, later)
	return r
}

// addFigures adds a fan-out and a goodput for each of their budgets.
func (r *result) addFigures(more float64, later int) {
	for _, l := range []limit{
		{Kind: fixedWindow, N: 100}, {Kind: phasedWindow, N: 100, Phase: 300 * time.Millisecond},
	} {
		f := fanOut{limit: l, client: nameSDK, calls: fanOutCalls}
		took := time.Duration(float64(f.must()) * (fanOutRatio - 1e-9) * more)
		f.ledger.Events = []event{{0, true}, {took, true}, {2 * took, false}}
		r.fanOuts = append(r.fanOuts, f)
	}
	for _, scale := range []struct {
		kind              string
		window, roundTrip time.Duration
		good              float64
		refused           int // of 100
	}{
		{goodputFixed, 10 * time.Second, time.Second, 0.98, 0},
		{goodputFixed, time.Second, 50 * time.Millisecond, 0.95, 90},
		{goodputFixed, time.Second, 51 * time.Millisecond, 0.85, 90},
		{goodputOnRequest, time.Second, time.Millisecond, 0.80, 90},
		{goodputSliding, time.Minute, time.Millisecond, 0.90, 3},
	} {
		worst := scale.good - float64(later)/100
		s := score{Worst: worst, WorstLoad: "1x, now", Mean: 1, Sent: 100, Refused: scale.refused}
		r.goodput = append(r.goodput, goodputRow{
			Kind: scale.kind, Window: scale.window, RoundTrip: scale.roundTrip, Rate: 1,
			Scores: map[string]score{nameSDK: s},
		})
	}
}

// played is a run of ten seconds with so many accepted requests, and one that was refused in the
// first second.
func played(kind, client string, accepted, later int) run {
	l := limit{Kind: kind, N: 100}
	switch kind {
	case fewInFlight:
		l.N, l.Service = 4, 20*time.Millisecond
	case changingInFlight:
		l.Steps, l.Every, l.Service = []int{16, 4, 16}, 10*time.Second/3, 20*time.Millisecond
	}
	one := run{limit: l, client: client, time: 10 * time.Second}
	for range accepted {
		one.ledger.Events = append(one.ledger.Events, event{0, true})
	}
	one.ledger.Events = append(one.ledger.Events, event{0, false})
	for range later {
		one.ledger.Events = append(one.ledger.Events, event{time.Second, false})
	}
	return one
}

// playedEvenly is a run with as many accepted requests in each of ten seconds, without those that
// are missing, and as many refusals as are allowed from the third second on. Those before do not
// count.
func playedEvenly(client string, each, missing int) run {
	one := played(fixedWindow, client, 0, 0)
	for second := range 10 {
		for range each {
			one.ledger.Events = append(one.ledger.Events, event{time.Duration(second) * time.Second, true})
		}
	}
	one.ledger.Events = one.ledger.Events[:len(one.ledger.Events)-missing]
	for range 15 { // of 775
		one.ledger.Events = append(one.ledger.Events, event{5 * time.Second, false})
	}
	for range 500 {
		one.ledger.Events = append(one.ledger.Events, event{time.Second, false})
	}
	return one
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	count := func(goVersion string, r *result) map[ruling]int {
		n := map[ruling]int{}
		for _, v := range judge(goVersion, r) {
			n[v.ruling]++
		}
		return n
	}
	all := len(judge("go1.27.4", figures(1, 601)))
	assert.Equal(t, map[ruling]int{met: all}, count("go1.27.4", figures(1, 601)))
	assert.Equal(t, map[ruling]int{missed: all}, count("go1.27.4", figures(1.02, 601)))
	older := len(judge("go1.26.8", figures(1, 901)))
	assert.Equal(t, map[ruling]int{met: older}, count("go1.26.8", figures(1, 901)))
	slow := figures(1, 901)
	for i := range slow.comparisons[:2] {
		slow.comparisons[i].results[3].costs = slices.Repeat([]cost{{Time: 1001}}, 10)
	}
	assert.Equal(t, map[ruling]int{met: older - 4, missed: 4}, count("go1.26.8", slow),
		"both walks: slower than bare, and than two thirds of ccloud")
	assert.Equal(t, map[ruling]int{notRun: all}, count("go1.27.4", &result{}), "what was not run is listed too")
	assert.NotContains(t, verdictTable(judge("go1.27.4", &result{})), " met")
}

// A time is on one side of its bound only if the interval of its median is.
func TestVerdictsOfTimes(t *testing.T) {
	t.Parallel()
	other := func(n int, time float64) []cost { // n rounds of ten are other ones
		return append(slices.Repeat([]cost{{Time: time, Bytes: 1}}, n),
			slices.Repeat([]cost{{Time: 600, Bytes: 1}}, 10-n)...)
	}
	for name, c := range map[string]struct {
		ours []cost
		want ruling
	}{
		"all below":              {other(10, 500), met},
		"all at the bound":       {other(0, 0), met},
		"one stray round":        {other(1, 5000), met},
		"two stray rounds":       {other(2, 5000), undecided},
		"the median is below":    {other(4, 601), undecided},
		"the median is above":    {other(6, 601), undecided},
		"all but two above":      {other(8, 601), undecided},
		"all but one above":      {other(9, 601), missed},
		"all above":              {other(10, 601), missed},
		"too few rounds, below":  {other(10, 1)[:5], undecided},
		"too few rounds, above":  {other(10, 9000)[:5], undecided},
		"just rounds enough":     {other(10, 1)[:6], met},
		"just enough, one stray": {other(1, 601)[:6], undecided},
	} {
		r := figures(1, 601)
		results := r.comparisons[0].results
		for i := range results {
			results[i].costs = results[i].costs[:len(c.ours)]
		}
		results[3].costs = c.ours
		assert.Equal(t, c.want, judge("go1.27.4", r)[0].ruling, name)
	}
}

func TestVerdictsOfTheChain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		strays              int
		more                cost
		time, allocs        ruling
		timeText, allocText string
	}{
		"at the bounds": {0, cost{}, met, met, "2.00 µs", "13"},
		"now and then":  {2, cost{Time: 500}, undecided, met, "2.00 (2.00 to 2.50) µs", "13"},
		"always":        {10, cost{Time: 500, Allocs: 1}, missed, missed, "2.50 µs", "14"},
		"two rounds":    {2, cost{Allocs: 1}, met, met, "2.00 µs", "13"},
	} {
		r := figures(1, 601)
		get := r.comparison(workGet + ", in memory")
		own, _ := get.find(nameSDK)
		for i := range own.costs[:c.strays] {
			own.costs[i].Time += c.more.Time
			own.costs[i].Allocs += c.more.Allocs
		}
		v := chain(get)
		assert.Equal(t, []ruling{c.time, c.allocs}, []ruling{v[0].ruling, v[1].ruling}, name)
		assert.Equal(t, []string{c.timeText, c.allocText}, []string{v[0].measured, v[1].measured}, name)
	}
}

// What is counted needs no interval, and one round is enough.
func TestVerdictsOfWhatIsCounted(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[float64]ruling{350: met, 351: missed} {
		r := figures(1, 601)
		for i := range r.comparisons[0].results {
			r.comparisons[0].results[i].costs = r.comparisons[0].results[i].costs[:1]
		}
		r.comparisons[0].results[3].costs[0].Bytes = bytes
		v := judge("go1.27.4", r)
		assert.Equal(t, []ruling{undecided, want}, []ruling{v[0].ruling, v[1].ruling})
	}
}

func TestVerdictsOfRunsThatFailed(t *testing.T) {
	t.Parallel()
	r := figures(1, 601)
	broken := errors.New("broken")
	for _, list := range [][]run{r.runs, r.shared, r.lone[1:]} {
		for i := range list {
			list[i].err = broken
		}
	}
	for i := range r.fanOuts {
		r.fanOuts[i].err = broken
	}
	n := 0
	for _, v := range judge("go1.27.4", r) {
		if v.ruling == missed {
			n++
			assert.Contains(t, v.measured, "broken")
		}
	}
	assert.Equal(t, len(r.runs)+len(r.shared)+1+len(r.fanOuts), n)
	assert.Equal(t, n, strings.Count(r.failures().Error(), "broken"))

	r = figures(1, 601)
	r.lone[0].err = broken
	for _, v := range processVerdicts(r) {
		if strings.HasPrefix(v.budget, "One process") {
			assert.Equal(t, missed, v.ruling, "there is nothing to compare with")
		}
	}
}

// A refusal too many misses a budget of refusals, as does a place too few.
func TestVerdictsOfRefusals(t *testing.T) {
	t.Parallel()
	r := figures(1, 601)
	shared := &r.shared[3]
	before := processVerdicts(r)
	shared.ledger.Events = append(shared.ledger.Events, event{5 * time.Second, false})
	after := processVerdicts(r)
	differ := 0
	for i := range before {
		if before[i].ruling != after[i].ruling {
			differ++
			assert.Equal(t, missed, after[i].ruling)
			assert.Contains(t, after[i].budget, nameSharedWindow)
		}
	}
	assert.Equal(t, 1, differ)
	for row, most := range map[int]int{0: 0, 4: 3} {
		for refused, want := range map[int]ruling{most: met, most + 1: missed} {
			rows := figures(1, 601).goodput
			s := rows[row].Scores[nameSDK]
			s.Refused = refused
			rows[row].Scores[nameSDK] = s
			assert.Equal(t, want, goodputVerdicts(rows)[row].ruling, "%d of 100", refused)
		}
	}
}
