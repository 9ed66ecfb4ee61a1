package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

// A client that decodes less, or something else, would win for the wrong reason.
func TestAllClientsDecodeTheSame(t *testing.T) {
	t.Parallel()
	r := newReplies()
	inMemory := func() target { return target{"http://127.0.0.1:1", &http.Client{Transport: memory{r}}} }
	confluents, err := cast(inMemory)
	require.NoError(t, err)
	ahead, err := newSDK(namePrefetch, inMemory(), []confluent.CallOption{confluent.WithPrefetch()})
	require.NoError(t, err)
	generated, err := newGenerated(inMemory())
	require.NoError(t, err)
	confluents = append(confluents, newBare[union](nameBareUnion, inMemory()), newSleeping(inMemory()), ahead)
	aponos, err := castApono(inMemory)
	require.NoError(t, err)

	one := len("cspi-00001") + len("integration 1") + len(account)
	for _, c := range append(confluents, generated) {
		n, err := c.get(t.Context())
		require.NoError(t, err, c.name)
		assert.Equal(t, one, n, c.name)
	}
	names := func(from, to int) (n int) {
		for i := from; i < to; i++ {
			n += len(fmt.Sprintf("cspi-%05d", i)) + len(fmt.Sprintf("integration %d", i))
		}
		return n
	}
	customers := 20 * (2*len(account) + len("arn:aws:iam::111111111111:role/customer") + len("11111111-1111-4111-8111-111111111111"))
	for _, c := range confluents {
		n, err := c.create(t.Context())
		require.NoError(t, err, c.name)
		assert.Equal(t, one, n, c.name)
		for environment, want := range map[string]struct{ sum, pages int }{
			environmentPage:  {names(0, 100) + 100*len(account), 1},
			environmentUnion: {names(0, 100) + customers, 1},
			environmentShort: {names(9000, 10000) + 1000*len(account), shortPages},
		} {
			pages := 0
			n, err := c.list(t.Context(), environment, func() { pages++ })
			require.NoError(t, err, c.name)
			assert.Equal(t, want.sum, n, "%s, %s", c.name, environment)
			assert.Equal(t, want.pages, pages, "%s, %s", c.name, environment)
		}
	}
	n, err := confluents[0].list(t.Context(), environmentWalk, func() {}) // the others must agree in each run
	require.NoError(t, err)
	assert.Equal(t, names(0, 10000)+10000*len(account), n)
	single := len("int-00001") + len("integration 1") + 4
	for _, c := range aponos {
		for name, call := range map[string]func(context.Context) (int, error){"get": c.get, "create": c.create} {
			n, err := call(t.Context())
			require.NoError(t, err, c.name)
			assert.Equal(t, single, n, "%s, %s", c.name, name)
		}
		n, err := c.list(t.Context(), "", func() {})
		require.NoError(t, err, c.name)
		assert.Equal(t, 100*(len("int-00000")+len("integration ")+4)+190, n, c.name)
	}
}

func TestClientsFailWhereTheServerDoes(t *testing.T) {
	t.Parallel()
	broken := func() target {
		return target{"http://127.0.0.1:1", &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 404, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		})}}
	}
	confluents, err := cast(broken)
	require.NoError(t, err)
	aponos, err := castApono(broken)
	require.NoError(t, err)
	for _, c := range append(confluents, aponos...) {
		_, err := c.get(t.Context())
		require.Error(t, err, c.name)
		_, err = c.create(t.Context())
		require.Error(t, err, c.name)
		_, err = c.list(t.Context(), environmentPage, func() {})
		require.Error(t, err, c.name)
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What the servers let through is what the shares are measured against.
func TestLimitsHold(t *testing.T) {
	t.Parallel()
	const n = 10
	for _, kind := range []string{fixedWindow, tokenBucket, slidingWindow} {
		for range 5 {
			b := newBudget(limit{Kind: kind, N: n})
			var accepted []time.Duration
			var at time.Duration
			for range 2000 {
				a := b.take(at)
				if a.ok {
					accepted = append(accepted, at)
					assert.Zero(t, a.retry)
				} else {
					assert.Positive(t, a.retry, kind)
					assert.Zero(t, a.remaining)
				}
				assert.GreaterOrEqual(t, a.remaining, 0)
				assert.Less(t, a.remaining, n)
				assert.GreaterOrEqual(t, a.reset, a.retry)
				at += time.Duration(rand.Int64N(int64(20 * time.Millisecond)))
			}
			for i, from := range accepted {
				inSecond, inWindow := 0, 0
				for _, a := range accepted[i:] {
					if a < from+time.Second {
						inSecond++
					}
					if a/time.Second == from/time.Second {
						inWindow++
					}
				}
				assert.LessOrEqual(t, inSecond, map[string]int{fixedWindow: 2 * n, tokenBucket: 2 * n, slidingWindow: n}[kind], kind)
				assert.LessOrEqual(t, inWindow, map[string]int{fixedWindow: n, tokenBucket: 2 * n, slidingWindow: n}[kind], kind)
			}
			// Ten times the demand uses all of it.
			d := at.Truncate(time.Second)
			used := 0
			for _, a := range accepted {
				if a < d {
					used++
				}
			}
			assert.LessOrEqual(t, used, b.allowed(d), kind)
			assert.Greater(t, used, b.allowed(d)*9/10, kind)
		}
	}
}

func TestLimitsTellWhenTheNextRequestPasses(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{fixedWindow, tokenBucket, slidingWindow} {
		b := newBudget(limit{Kind: kind, N: 4})
		at := 130 * time.Millisecond
		var a answer
		for a = b.take(at); a.ok; a = b.take(at) {
			at += 5 * time.Millisecond
		}
		before := b.take(at + a.retry - 1)
		assert.False(t, before.ok, kind)
		assert.Equal(t, time.Duration(1), before.retry, kind)
		assert.True(t, b.take(at+a.retry).ok, kind)
	}
}

func TestWholeSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int{0: 0, 1: 1, time.Second: 1, time.Second + 1: 2} {
		assert.Equal(t, want, wholeSeconds(d), d)
	}
}

// The account of a load: what came, what was refused, who waited.
func TestRunCountsWhatTheServerSaw(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(&service{replies: newReplies()})
	defer s.Close()
	at := &server{addresses: addresses{Plain: s.URL}}
	c := newBare[flat](nameBare, target{s.URL + limited, s.Client()})
	r := observed(t.Context(), at, limit{Kind: fixedWindow, N: 5}, time.Second, c.name, func() (o outcome, err error) {
		for range 8 {
			if _, err := c.get(t.Context()); errors.Is(err, statusError(429)) {
				o.Failed++
			} else if err != nil {
				return o, err
			}
		}
		return o, nil
	})
	require.NoError(t, r.err)
	accepted, first, later := r.count()
	assert.Equal(t, []int{5, 3, 0, 3}, []int{accepted, first, later, r.outcome.Failed})
	assert.InDelta(t, 1, r.share(), 0)
	assert.InDelta(t, 3.0/8, r.refused(), 1e-9)
	assert.Equal(t, 1, r.ledger.Most)

	r = observed(t.Context(), at, limit{Kind: inFlight, N: 0}, time.Second, c.name, func() (o outcome, err error) {
		_, err = c.get(t.Context())
		assert.Equal(t, statusError(429), err)
		return o, nil
	})
	require.NoError(t, r.err)
	assert.Len(t, r.ledger.Events, 1, "a new limit begins a new account")

	_, err := newBare[flat](nameBare, target{s.URL + "/nowhere", s.Client()}).get(t.Context())
	assert.Equal(t, statusError(404), err)
	resp, err := s.Client().Get(s.URL + "/pim/v2/integrations/x")
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode, "a client without credentials would have less to do")
}

func TestDriveCountsWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := make(chan int, 1)
		calls <- 0
		o := drive(t.Context(), 2, 10*time.Second, func(ctx context.Context) (int, error) {
			select {
			case n := <-calls: // one goroutine at a time, a second each; the third call fails
				time.Sleep(time.Second)
				calls <- n + 1
				if n == 2 {
					return 0, errors.New("broken")
				}
				return 0, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		})
		assert.Equal(t, 1, o.Failed)
		assert.Equal(t, []string{"broken"}, o.Errors)
		require.Len(t, o.Each, 2)
		total := o.Each[0] + o.Each[1]
		assert.InDelta(t, 9, total, 1)
		assert.Greater(t, len(o.Waits), total, "a wait that the end cuts off counts")
		assert.LessOrEqual(t, o.wait(1), 3*time.Second)
	})
}

func TestSpread(t *testing.T) {
	t.Parallel()
	below, above := math.Inf(-1), math.Inf(1)
	for name, c := range map[string]struct {
		values []float64
		want   spread
	}{
		"none":  {nil, spread{}},
		"three": {[]float64{9, 1, 2}, spread{below, 2, above}},
		"five":  {[]float64{5, 4, 3, 2, 1}, spread{below, 3, above}},
		"six":   {[]float64{9, 1, 2, 3, 4, 5}, spread{1, 3.5, 9}},
		"eight": {[]float64{8, 7, 6, 5, 4, 3, 2, 1}, spread{1, 4.5, 8}},
		"ten":   {[]float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, spread{2, 5.5, 9}},
		"many":  {slices.Repeat([]float64{3, 1, 2}, 20), spread{2, 2, 2}},
	} {
		got := spreadOf(c.values)
		assert.InDelta(t, c.want.median, got.median, 1e-9, name)
		assert.Equal(t, []float64{c.want.low, c.want.high}, []float64{got.low, got.high}, name)
		assert.Equal(t, !math.IsInf(c.want.low, 0), got.known(), name)
	}
	assert.Equal(t, "1.37", spread{below, 1.374, above}.text(1))
	assert.Equal(t, "1.37 (1.21 to 1.83)", spread{1.21, 1.37, 1.83}.text(1))
	assert.Equal(t, "0.65", spread{0.6501, 0.651, 0.652}.text(1))
	assert.Equal(t, "2.89 (-0.77 to 4.24)", spread{-770, 2890, 4240}.text(1e-3))
}

func TestRatioIsOfRounds(t *testing.T) {
	t.Parallel()
	c := comparison{results: []measured{
		{"a", []cost{{Time: 1}, {Time: 10}, {Time: 100}}}, {"b", []cost{{Time: 2}, {Time: 20}, {Time: 150}}}, {"short", []cost{{Time: 1}}},
	}}
	s, ok := c.ratio("b", "a", timeOf)
	assert.True(t, ok)
	assert.InDelta(t, 2, s.median, 1e-9)
	assert.False(t, s.known())
	_, ok = c.ratio("short", "a", timeOf)
	assert.False(t, ok)
	_, ok = c.ratio("b", "a", bytesOf)
	assert.False(t, ok, "nothing to divide by")
}

func TestComparisonIsWorthlessWhereClientsDiffer(t *testing.T) {
	t.Parallel()
	give := func(n int, err error) func(context.Context) (int, error) {
		return func(context.Context) (int, error) { return n, err }
	}
	c := compare(t.Context(), "x", 1, []step{{"a", give(1, nil)}, {"b", give(2, nil)}})
	require.ErrorContains(t, c.err, "b: it decoded something else")
	assert.Contains(t, c.markdown(), "Worthless")
	c = compare(t.Context(), "x", 1, []step{{"a", give(1, nil)}, {"b", give(1, errors.New("broken"))}})
	require.ErrorContains(t, c.err, "b: broken")
}

// figures makes a result in which every budget of goVersion is just met, or with more than 1 just missed. Its rounds are all the same.
func figures(more, ccloud float64) *result {
	costs := func(time, bytes, allocs float64) []cost { return []cost{{time * more, bytes * more, allocs * more}} }
	r := &result{}
	for _, where := range []string{", in memory", ", loopback, HTTP/1.1"} {
		r.comparisons = append(r.comparisons, comparison{name: workWalk + where, results: []measured{
			{nameBare, []cost{{1000, 1000, 1000}}}, {nameRetryable, []cost{{601, 0, 0}}}, {nameCcloud, []cost{{ccloud, 0, 0}}},
			{nameSDK, costs(600, 350, 1)},
		}})
	}
	r.comparisons = append(r.comparisons,
		comparison{name: workGet + ", in memory", results: []measured{
			{nameBare, []cost{{10000, 1, 1}}}, {nameCcloud, []cost{{1, 1001, 101}}}, {nameGenerated, []cost{{9000, 0, 94}}}, {nameSDK, costs(11000, 1000, 100)},
		}},
		comparison{name: workAponoGet + ", in memory", results: []measured{{nameApono, []cost{{1, 1001, 101}}}, {nameSDK, costs(1, 1000, 100)}}},
		comparison{name: workPrefetch, results: []measured{{nameSDK, []cost{{Time: 1000}}}, {namePrefetch, costs(600, 0, 0)}}},
	)
	for _, c := range r.comparisons {
		for i := range c.results {
			c.results[i].costs = slices.Repeat(c.results[i].costs, 10)
		}
	}
	play := func(kind, client string, accepted, later int) run {
		one := run{limit: limit{Kind: kind, N: 100}, client: client, time: 10 * time.Second}
		for range accepted {
			one.ledger.Events = append(one.ledger.Events, event{0, true})
		}
		one.ledger.Events = append(one.ledger.Events, event{0, false})
		for range later {
			one.ledger.Events = append(one.ledger.Events, event{time.Second, false})
		}
		return one
	}
	later := 0
	if more > 1 {
		later = 2
	}
	for _, client := range []string{nameSDK, nameRoundedUp} {
		r.runs = append(r.runs, play(fixedWindow, client, 980, later), play(tokenBucket, client, 1045, later), play(slidingWindow, client, 1000, later))
	}
	r.shared = append(r.shared, play(fixedWindow, nameShared, 950, later), play(fixedWindow, nameToldAll, 950, later), play(fixedWindow, nameKilled, 1, 0))
	r.shared[2].outcome.Failed = later
	return r
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
	assert.Equal(t, map[ruling]int{met: older - 4, missed: 4}, count("go1.26.8", slow), "both walks: slower than bare, and than two thirds of ccloud")
	assert.Equal(t, map[ruling]int{notRun: all}, count("go1.27.4", &result{}), "what was not run is listed too")
	assert.NotContains(t, verdictTable(judge("go1.27.4", &result{})), " met")
}

// A time is on one side of its bound only if the interval of its median is.
func TestVerdictsOfTimes(t *testing.T) {
	t.Parallel()
	other := func(n int, time float64) []cost { // n rounds of ten are other ones
		return append(slices.Repeat([]cost{{Time: time, Bytes: 1}}, n), slices.Repeat([]cost{{Time: 600, Bytes: 1}}, 10-n)...)
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
		"at the bounds": {0, cost{}, met, met, "2.00 µs", "6"},
		"now and then":  {2, cost{Time: 500}, undecided, met, "2.00 (2.00 to 2.50) µs", "6"},
		"always":        {10, cost{Time: 500, Allocs: 1}, missed, missed, "2.50 µs", "7"},
		"two rounds":    {2, cost{Allocs: 1}, met, met, "2.00 µs", "6"},
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
	for i := range r.runs {
		r.runs[i].err = errors.New("broken")
	}
	for i := range r.shared {
		r.shared[i].err = errors.New("broken")
	}
	n := 0
	for _, v := range judge("go1.27.4", r) {
		if v.ruling == missed {
			n++
			assert.Contains(t, v.measured, "broken")
		}
	}
	assert.Equal(t, len(r.runs)+len(r.shared), n)
}

func TestFailuresAreShownWithTheCalls(t *testing.T) {
	t.Parallel()
	o := outcome{Each: []int{30, 10}}
	assert.Equal(t, "0", o.failures())
	o.Failed = 10
	assert.Equal(t, "10 of 50, 20.0 %", o.failures())
	assert.Equal(t, "1 of 1, 100.0 %", (&outcome{Failed: 1}).failures())
}

// What a report says is what the next run reads.
func TestDifferenceToTheRunBefore(t *testing.T) {
	t.Parallel()
	report := func(more float64) string {
		r := figures(more, 601)
		r.head = runtime.Version() + ", somewhere, 2026-01-02"
		return r.markdown("")
	}
	all, where := rulings(report(1))
	require.Len(t, all, len(judge(runtime.Version(), figures(1, 601))))
	assert.Equal(t, runtime.Version()+", somewhere, 2026-01-02", where)
	assert.NotContains(t, difference(report(1), report(1)), "- ")
	for i, v := range judge(runtime.Version(), figures(1, 601)) {
		assert.Equal(t, ruled{releaseOf(runtime.Version()) + ", " + v.budget, v.ruling}, all[i])
	}
	n := len(all)
	assert.Equal(t, fmt.Sprintf("Verdicts that differ from the run before (%s): none, of %d that both have.\n", where, n), difference(report(1), report(1)))
	same := difference(report(1), report(1))
	assert.Equal(t, same, difference(same+"\n"+report(1), report(1)), "the line about an earlier run is not in the way")
	differ := 0 // the walks have other bounds in the other toolchain
	for i, v := range judge(runtime.Version(), figures(1.02, 601)) {
		if v.ruling != all[i].ruling {
			differ++
		}
	}
	assert.Contains(t, difference(report(1), report(1.02)), fmt.Sprintf("): %d, of %d that both have.\n\n- ", differ, n))
}

func TestDifferenceNamesEachBudget(t *testing.T) {
	t.Parallel()
	table := func(version string, rows ...verdict) string {
		return "### " + version + "\n\n" + version + ", here\n\n#### Budgets\n\n" + verdictTable(rows) + "\n#### Another table\n\n| budget | x | met |\n| c | x | met |\n"
	}
	before := table("go1.26.8", verdict{"a", "1.00 (0.9 to 2.0)", undecided}, verdict{"b", "2 | 3", met}, verdict{"gone", "", met}, verdict{"c", "", notRun}) +
		table("go1.27.4", verdict{"a", "", missed})
	now := table("go1.26.9", verdict{"a", "0.5", met}, verdict{"b", "2 | 4", met}, verdict{"new", "", missed}, verdict{"c", "", notRun}) +
		table("go1.27.4", verdict{"a", "", missed})
	assert.Equal(t, "Verdicts that differ from the run before (go1.26.8, here): 1, of 3 that both have.\n\n"+
		"- go1.26, a: met, was undecided\n- go1.26, new: **missed**, not in the run before\n- go1.26, gone: not in this run, was met\n",
		difference(before, now))
	for _, nothing := range []string{"", "hello | there | you\n", table("go1.26.8", verdict{"a", "", notRun})} {
		assert.Equal(t, "Verdicts that differ from the run before: there is none to compare with.\n", difference(nothing, now))
	}
}

// The run that is kept must be one that the next run can read.
func TestTheLastRunCanBeRead(t *testing.T) {
	t.Parallel()
	_, run, _, err := split("README.md")
	require.NoError(t, err)
	all, where := rulings(string(run))
	assert.NotEmpty(t, where)
	releases := map[string]int{}
	for _, r := range all {
		release, _, _ := strings.Cut(r.budget, ",")
		releases[release]++
		word, _, _ := strings.Cut(string(r.ruling), ",") // runs were kept that told of noise behind it
		assert.Contains(t, []ruling{met, missed, undecided}, ruling(word), r.budget)
	}
	assert.Len(t, releases, 2, "one for each toolchain")
}

func TestReportAndPlot(t *testing.T) {
	t.Parallel()
	r := figures(1, 601)
	r.runs[0].client, r.runs[1].err = `<&">`, errors.New("broken")
	assert.NotContains(t, r.markdown(""), "![")
	text := r.markdown("requests.svg")
	for _, want := range []string{"| " + nameSDK + " |", "0.60", "**missed**", "broken", "](requests.svg)"} {
		assert.Contains(t, text, want)
	}
	svg := plot(r.runs)
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	for _, want := range []string{"&lt;&amp;", ">failed<", ">98.0 % used, 429: 1<", ">told that resets are rounded up<", ">fixed window<", ">10 s<", `fill="white"`} {
		assert.Contains(t, svg, want)
	}
	for _, colour := range []string{colAccept, colRefuse} {
		assert.Greater(t, strings.Count(svg, `fill="`+colour+`"`), 1, "the key, and bars")
	}
}

// All plots have the same axis, so that they can be compared, and each bar has the height that belongs to it.
func TestPlotIsDrawnToScale(t *testing.T) {
	t.Parallel()
	for most, want := range map[int][]int{0: {0}, 1: {0, 50}, 50: {0, 50}, 51: {0, 50, 100}, 150: {0, 50, 100, 150}, 151: {0, 100, 200}, 300: {0, 100, 200, 300}} {
		assert.Equal(t, want, gridOf(most), most)
	}
	play := func(client string, accepted, refused int) run {
		r := run{limit: limit{Kind: fixedWindow, N: 100}, client: client, time: time.Second}
		for i := range accepted + refused {
			r.ledger.Events = append(r.ledger.Events, event{150 * time.Millisecond, i < accepted})
		}
		r.ledger.Events = append(r.ledger.Events, event{time.Second, true}) // too late
		return r
	}
	x := plotLeft + plotWide/10
	bar := func(row, from, to, most int) string {
		unit := float64(plotHigh) / float64(most)
		return fmt.Sprintf(`d="M%d.0 %.1fh20.0v-%.1fh-20.0z"`, x, float64(plotTop+row*cellHigh+50+plotHigh)-float64(from)*unit, float64(to-from)*unit)
	}
	svg := plot([]run{play("a", 10, 0), play("b", 100, 50)})
	for _, want := range []string{bar(0, 0, 10, 150) + ` fill="` + colAccept, bar(1, 0, 100, 150) + ` fill="` + colAccept, bar(1, 100, 150, 150) + ` fill="` + colRefuse} {
		assert.Contains(t, svg, want)
	}
	assert.NotContains(t, svg, "cut off")
	svg = plot([]run{play("a", 10, 5000)})
	assert.Contains(t, svg, bar(0, 10, 300, 300))
	assert.Contains(t, svg, "bars are cut off at 300")
}

func TestOld(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"go1.26.8": true, "go1.27.4": false, "go1.27rc1": false, "go1.9": true, "devel": false} {
		assert.Equal(t, want, old(version), version)
	}
}

func TestKeepReplacesOnlyTheRun(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(name, []byte("before\n"+runBegin+"old\n"+runEnd+"after\n"), 0o600))
	for range 2 {
		require.NoError(t, keep(name, []byte("new\n\n")))
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, "before\n"+runBegin+"new\n"+runEnd+"after\n", string(b))
	}
	require.NoError(t, os.WriteFile(name, []byte("nothing"), 0o600))
	require.Error(t, keep(name, []byte("new")))
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.True(t, bytes.Contains(b, []byte(runBegin)) && bytes.Contains(b, []byte(runEnd)))
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-workloads=all"}, {"-workloads="}, {"-rounds=0"}, {"-benchtime=0"}, {"-limittime=1500ms"}, {"-limittime=0"}, {"more"}} {
		_, err := parse(args)
		require.Error(t, err, args)
	}
	s, err := parse([]string{"-quick", "-workloads=limits,micro"})
	require.NoError(t, err)
	assert.Equal(t, []string{"limits", "micro"}, s.workloads)
}
