package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/simserver"
)

// The number of requests at a time changes with time, and the share is of what it allows.
func TestStepsOfConcurrency(t *testing.T) {
	t.Parallel()
	l := limit{Kind: changingInFlight, Steps: []int{16, 4, 8}, Every: time.Second, Service: 20 * time.Millisecond}
	for at, want := range map[time.Duration]int{
		0: 16, time.Second - 1: 16, time.Second: 4, 2 * time.Second: 8, time.Hour: 8,
	} {
		assert.Equal(t, want, l.atOnce(at), at)
	}
	for d, want := range map[time.Duration]int{
		0: 0, time.Second / 2: 400, time.Second: 800, 3 * time.Second / 2: 900, 2 * time.Second: 1000,
		4 * time.Second: 1800,
	} {
		assert.Equal(t, want, l.served(d), d)
	}
	l.Steps, l.N = nil, 4
	assert.Equal(t, 4, l.atOnce(time.Hour))
	assert.Equal(t, 200, l.served(time.Second))
}

// The server obeys the steps that it is given.
func TestServerChangesItsConcurrency(t *testing.T) {
	t.Parallel()
	s := &service{responses: newResponses()}
	s.limit = limit{Kind: changingInFlight, Steps: []int{1, 0}, Every: time.Hour}
	for i, want := range []int{200, 429} {
		w := httptest.NewRecorder()
		if i == 1 {
			s.first = s.first.Add(-time.Hour)
		}
		req := httptest.NewRequest(http.MethodGet, limited+"/pim/v2/integrations/x", nil)
		req.SetBasicAuth("a", "b")
		s.ServeHTTP(w, req)
		assert.Equal(t, want, w.Code)
		assert.Empty(t, w.Header().Get("X-Ratelimit-Limit"))
		assert.Empty(t, w.Header().Get("Retry-After"))
	}
}

func TestPhaseOfAWindow(t *testing.T) {
	t.Parallel()
	l := limit{Kind: phasedWindow, N: 10, Phase: 300 * time.Millisecond, Down: true}
	w := newBudget(l)
	assert.Equal(t, 700*time.Millisecond, w.take(0).reset)
	for range 9 {
		assert.True(t, w.take(699*time.Millisecond).ok)
	}
	assert.False(t, w.take(699*time.Millisecond).ok)
	assert.True(t, w.take(700*time.Millisecond).ok)
	assert.Equal(t, 10, w.allowed(700*time.Millisecond))
	assert.Equal(t, 20, w.allowed(701*time.Millisecond))
	assert.Equal(t, []int{0, 1}, []int{l.seconds(999 * time.Millisecond), l.seconds(1999 * time.Millisecond)})
	l.Down = false
	assert.Equal(t, []int{1, 2}, []int{l.seconds(999 * time.Millisecond), l.seconds(1999 * time.Millisecond)})
}

// The least time of a fan-out ends when the window of its last call begins.
func TestTimesOfAFanOut(t *testing.T) {
	t.Parallel()
	f := fanOut{limit: limit{Kind: phasedWindow, N: 10, Phase: 300 * time.Millisecond}}
	for calls, want := range map[int]time.Duration{
		1: 0, 10: 0, 11: 700 * time.Millisecond, 21: 1700 * time.Millisecond,
	} {
		f.calls = calls
		assert.Equal(t, want, f.must(), calls)
		w, at := newBudget(f.limit), time.Duration(0)
		for range calls { // as soon as the server lets them
			a := w.take(at)
			if !a.ok {
				at += a.retry
				require.True(t, w.take(at).ok)
			}
		}
		assert.Equal(t, want, at, calls)
	}
	f.ledger.Events = []event{
		{0, true}, {850 * time.Millisecond, true}, {time.Second, false}, {340 * time.Millisecond, true},
	}
	f.calls = 11
	assert.Equal(t, 850*time.Millisecond, f.took())
	assert.InDelta(t, 850.0/700, f.ratio(), 1e-9)
	assert.Equal(t, 1, f.refused())
}

// A fan-out makes each call once, and fails if one of them does.
func TestFanOutMakesItsCalls(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(&service{responses: newResponses()})
	defer s.Close()
	at := &server{addresses: addresses{Plain: s.URL}}
	l := limit{Kind: fixedWindow, N: 100}
	c := newBare[flat](nameBare, target{s.URL + limited, s.Client()})
	f := playFanOut(t.Context(), at, l, 50, c)
	require.NoError(t, f.err)
	assert.Len(t, f.ledger.Events, 50)
	l.N = 49
	f = playFanOut(t.Context(), at, l, 50, c)
	assert.ErrorIs(t, f.err, statusError(429))
	r := &result{fanOuts: []fanOut{f}}
	assert.ErrorIs(t, r.failures(), statusError(429))
	assert.Contains(t, fanOutTable(r.fanOuts), "failed: ")
}

func TestSharesAfterTheWarmUp(t *testing.T) {
	t.Parallel()
	r := run{limit: limit{Kind: fixedWindow, N: 10}, time: 3 * time.Second}
	for _, e := range []struct {
		at          time.Duration
		ok, refused int
	}{{0, 10, 5}, {time.Second, 0, 5}, {2 * time.Second, 6, 2}, {3 * time.Second, 10, 10}} {
		r.ledger.Events = append(r.ledger.Events, slices.Repeat([]event{{e.at, true}}, e.ok)...)
		r.ledger.Events = append(r.ledger.Events, slices.Repeat([]event{{e.at, false}}, e.refused)...)
	}
	used, refused := r.since(2 * time.Second)
	assert.InDelta(t, 0.6, used, 1e-9)
	assert.InDelta(t, 0.25, refused, 1e-9)
	used, refused = r.since(0)
	assert.InDelta(t, 16.0/30, used, 1e-9)
	assert.InDelta(t, 12.0/28, refused, 1e-9)
}

// The grid has a row for each budget, and each kind of load.
func TestGoodputGrid(t *testing.T) {
	t.Parallel()
	grid := goodputGrid(false)
	for _, b := range goodputBudgets {
		assert.True(t, slices.ContainsFunc(grid, func(c gridCell) bool { return b.covers(c.row) }), b.servers)
	}
	for _, c := range grid {
		assert.NotEmpty(t, c.servers)
		assert.Len(t, c.loads, 3, c.row.name())
		for _, l := range c.loads {
			assert.InDelta(t, c.row.Rate, l.Rate, 0)
		}
	}
	assert.Less(t, len(goodputGrid(true)), len(grid))
}

// Every client brings calls through in the simulation. Only those without a limiter are refused.
func TestGoodputOfClients(t *testing.T) {
	t.Parallel()
	server := simserver.FixedWindows(time.Second, 50*time.Millisecond)[0]
	load := simserver.Load{Name: "2x, now", Rate: 2, Deadlines: []float64{1}, Windows: 6}
	cell := gridCell{goodputRow{Kind: goodputFixed, Rate: 2}, []simserver.Spec{server}, []simserver.Load{load}}
	row := cell.play(t)
	assert.InDelta(t, 400, row.Oracle, 40)
	for _, name := range simulatedClients {
		s := row.Scores[name]
		assert.Equal(t, "2x, now", s.WorstLoad)
		assert.InDelta(t, s.Mean, s.Worst, 1e-9, "there is one scenario")
		assert.InDelta(t, 1, s.Mean, 0.15, name)
		if name == nameTeam {
			assert.Less(t, s.refusedShare(), 0.02, name)
			continue
		}
		assert.Equal(t, name == nameSDK, s.refusedShare() < 0.01, name)
	}
	text := goodputTable([]goodputRow{row})
	assert.Contains(t, text, "| 2x |")

	b, err := json.Marshal(row)
	require.NoError(t, err)
	var again goodputRow
	require.NoError(t, json.Unmarshal(b, &again))
	assert.Equal(t, row, again, "a row goes from process to process")
}

func TestScenarioCountsAfterTheWarmUp(t *testing.T) {
	t.Parallel()
	s := simserver.Scenario{
		Server: simserver.Spec{Kind: simserver.Fixed, Limit: 10, Window: time.Second},
		Load:   simserver.Load{Rate: 0.5, Deadlines: []float64{5}, Windows: 12},
	}
	synctest.Test(t, func(t *testing.T) {
		r := playScenario(t, s, nameRetryable)
		after := 0
		for _, c := range s.Calls(simulationSeed) {
			if c.At >= 2*time.Second {
				after++
			}
		}
		assert.Equal(t, after, r.Calls)
		assert.InDelta(t, after, r.Good, 3)
		assert.Equal(t, r.Good, r.Sent-r.Refused)
	})
}

func TestLoneProcessIsJudgedAgainstTheOther(t *testing.T) {
	t.Parallel()
	last := func(r *result) verdict {
		all := processVerdicts(r)
		return all[len(all)-1]
	}
	r := figures(1, 601)
	assert.Equal(t, met, last(r).ruling)
	r.lone[0].ledger.Events = append(r.lone[0].ledger.Events, event{0, true})
	assert.Equal(t, missed, last(r).ruling)
	r.lone[1].err = errors.New("broken")
	assert.Equal(t, "broken", last(r).measured)
	r.shared[3].time = 2 * time.Second
	assert.Equal(t, undecided, processVerdicts(r)[3].ruling, "there is no third window")
}
