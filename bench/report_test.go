package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFailuresAreShownWithTheCalls(t *testing.T) {
	t.Parallel()
	o := outcome{Each: []int{30, 10}}
	assert.Equal(t, "0", o.failures())
	o.Failed = 10
	assert.Equal(t, "10 of 50, 20.0 %", o.failures())
	assert.Equal(t, "1 of 1, 100.0 %", (&outcome{Failed: 1}).failures())
}

// The next run reads the verdicts of a report as they were written.
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
	none := fmt.Sprintf("Verdicts that differ from the run before (%s): none, of %d that both have.\n", where, n)
	assert.Equal(t, none, difference(report(1), report(1)))
	same := difference(report(1), report(1))
	assert.Equal(t, same, difference(same+"\n"+report(1), report(1)), "the line about an earlier run is not in the way")
	differ := 0 // the walks have other bounds in the other toolchain
	for i, v := range judge(runtime.Version(), figures(1.02, 601)) {
		if v.ruling != all[i].ruling {
			differ++
		}
	}
	want := fmt.Sprintf("): %d, of %d that both have.\n\n- ", differ, n)
	assert.Contains(t, difference(report(1), report(1.02)), want)
}

func TestDifferenceNamesEachBudget(t *testing.T) {
	t.Parallel()
	table := func(version string, rows ...verdict) string {
		return "### " + version + "\n\n" + version + ", here\n\n#### Budgets\n\n" + verdictTable(rows) +
			"\n#### Another table\n\n| budget | x | met |\n| c | x | met |\n"
	}
	before := table("go1.26.8", verdict{"a", "1.00 (0.9 to 2.0)", undecided}, verdict{"b", "2 | 3", met},
		verdict{"gone", "", met}, verdict{"c", "", notRun}) +
		table("go1.27.4", verdict{"a", "", missed})
	now := table("go1.26.9", verdict{"a", "0.5", met}, verdict{"b", "2 | 4", met}, verdict{"new", "", missed},
		verdict{"c", "", notRun}) +
		table("go1.27.4", verdict{"a", "", missed})
	assert.Equal(t, "Verdicts that differ from the run before (go1.26.8, here): 1, of 3 that both have.\n\n"+
		"- go1.26, a: met, was undecided\n- go1.26, new: **missed**, not in the run before\n"+
		"- go1.26, gone: not in this run, was met\n",
		difference(before, now))
	for _, nothing := range []string{"", "hello | there | you\n", table("go1.26.8", verdict{"a", "", notRun})} {
		assert.Equal(t, "Verdicts that differ from the run before: there is none to compare with.\n",
			difference(nothing, now))
	}
}

// The next run can read the run in README.md.
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
		word, _, _ := strings.Cut(string(r.ruling), ",") // runs were kept with a note about noise behind it
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
	for _, want := range []string{
		"&lt;&amp;", ">failed<", ">98.0 % used, 429: 1<", ">told that resets are rounded up<", ">fixed window<",
		">10 s<", `fill="white"`,
	} {
		assert.Contains(t, svg, want)
	}
	for _, colour := range []string{colAccept, colRefuse} {
		assert.Greater(t, strings.Count(svg, `fill="`+colour+`"`), 1, "the key, and bars")
	}
}

// All plots have the same axis, so that they can be compared, and each bar has the height that
// belongs to it.
func TestPlotIsDrawnToScale(t *testing.T) {
	t.Parallel()
	for most, want := range map[int][]int{
		0: {0}, 1: {0, 50}, 50: {0, 50}, 51: {0, 50, 100}, 150: {0, 50, 100, 150}, 151: {0, 100, 200},
		300: {0, 100, 200, 300},
	} {
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
		y := float64(plotTop+row*cellHigh+50+plotHigh) - float64(from)*unit
		return fmt.Sprintf(`d="M%d.0 %.1fh20.0v-%.1fh-20.0z"`, x, y, float64(to-from)*unit)
	}
	svg := plot([]run{play("a", 10, 0), play("b", 100, 50)})
	for _, want := range []string{
		bar(0, 0, 10, 150) + ` fill="` + colAccept, bar(1, 0, 100, 150) + ` fill="` + colAccept,
		bar(1, 100, 150, 150) + ` fill="` + colRefuse,
	} {
		assert.Contains(t, svg, want)
	}
	assert.NotContains(t, svg, "cut off")
	svg = plot([]run{play("a", 10, 5000)})
	assert.Contains(t, svg, bar(0, 10, 300, 300))
	assert.Contains(t, svg, "bars are cut off at 300")
}

func TestBeforeGo127(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"go1.26.8": true, "go1.27.4": false, "go1.27rc1": false, "go1.9": true, "devel": false,
	} {
		assert.Equal(t, want, beforeGo127(version), version)
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
	for _, args := range [][]string{
		{"-workloads=all"}, {"-workloads="}, {"-rounds=0"}, {"-benchtime=0"}, {"-limittime=1500ms"}, {"-limittime=0"},
		{"more"},
	} {
		_, err := parse(args)
		require.Error(t, err, args)
	}
	s, err := parse([]string{"-quick", "-workloads=limits,micro"})
	require.NoError(t, err)
	assert.Equal(t, []string{"limits", "micro"}, s.workloads)
}
