package pacing_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// scenario is a server and the processes that share it.
type scenario struct {
	limit, n int
	length   time.Duration
	latency  int // the round trip is a part of the window, one in latency
	changing bool
	round    func(float64) float64
}

// result holds averages of the processes of a scenario: used places, refused requests and places
// used after a cold start in percent, and Jain's index of fairness.
type result struct{ used, refused, cold, jain float64 }

func (s scenario) run(seeds int) (r result) {
	const windows = 40
	for seed := range seeds {
		w := &world{
			limit: s.limit, length: s.length, trip: s.length / time.Duration(s.latency), jitter: 0.3,
			round: s.round, random: rand.New(rand.NewPCG(uint64(seed), 1)),
		}
		w.phase = time.Duration(w.random.Float64() * float64(w.length))
		processes := w.share(s.n, windows, s.length/10, s.changing)
		r.used += part(w.total, 3, windows, s.limit) / float64(seeds)
		r.refused += part(w.refused, 3, windows, s.limit) / float64(seeds)
		r.cold += part(w.total, 1, 11, s.limit) / float64(seeds)
		r.jain += jain(processes) / float64(seeds)
	}
	return r
}

func exact(f float64) float64 { return f }

// start begins the simulation of s with one process, at the beginning of a window.
func (s scenario) start(seed uint64) *world {
	w := &world{
		limit: s.limit, length: s.length, trip: s.length / time.Duration(s.latency), jitter: 0.3, round: s.round,
		random: rand.New(rand.NewPCG(seed, 1)),
	}
	p := &process{world: w, most: 64}
	p.run()
	return w
}

// A process that nobody shares the limit with uses all places of each window but a few of the
// first ones. Where resets are rounded down, a few requests are refused until the length of the
// windows is known.
func TestLoneProcess(t *testing.T) {
	t.Parallel()
	for _, length := range []time.Duration{time.Second, 10 * time.Second, time.Minute} {
		for i, round := range []func(float64) float64{math.Ceil, math.Floor, math.Round, exact} {
			s := scenario{limit: 100, length: length, latency: 50, round: round}
			if length > time.Second {
				s.latency = 500
			}
			for seed := range uint64(5) {
				name := fmt.Sprintf("%v, rounding %d, seed %d", length, i, seed)
				w := s.start(seed)
				w.play(20)
				assert.Greater(t, part(w.total, 0, 10, 100), 99.0, name)
				assert.Greater(t, part(w.total, 12, 20, 100), 99.7, name)
				assert.LessOrEqual(t, part(w.refused, 0, 12, 100), 0.3, name)
				assert.Zero(t, part(w.refused, 12, 20, 100), name)
			}
		}
	}
}

// A process that joins one that has had the limit to itself is accepted at once, and shares it.
// When it leaves, the other one has all places again.
func TestOneJoinsAndLeaves(t *testing.T) {
	t.Parallel()
	s := scenario{limit: 100, length: time.Second, latency: 50, round: math.Ceil}
	for seed := range uint64(10) {
		w := s.start(seed)
		joins := 10*time.Second + time.Duration(seed)*85*time.Millisecond
		second := &process{world: w, most: 64, begins: joins}
		second.busy = func(at time.Duration) bool { return at >= joins && at < 50*time.Second }
		second.run()
		w.after(joins+200*time.Millisecond, func() { assert.Positive(t, second.accepted, "in a fifth of a window") })
		before := 0
		w.after(joins+10*time.Second, func() { before = second.accepted })
		w.after(joins+35*time.Second, func() { assert.Greater(t, second.accepted-before, 25*4) })
		w.play(100)
		assert.Greater(t, part(w.total, 12, 50, 100), 97.0)
		assert.Less(t, part(w.refused, 12, 50, 100), 0.5)
		assert.Greater(t, part(w.total, 75, 100, 100), 99.7)
		assert.Zero(t, part(w.refused, 75, 100, 100))
	}
}

// Ten processes use nearly all places and see few refusals, also after a cold start. The test is
// fast, because it runs against each mutant.
func TestTenProcessesShare(t *testing.T) {
	r := scenario{limit: 100, n: 10, length: time.Second, latency: 50, round: math.Ceil}.run(2)
	assert.Greater(t, r.used, 97.5)
	assert.Less(t, r.refused, 0.5)
	assert.Greater(t, r.cold, 96.0)
	assert.Greater(t, r.jain, 0.9)
}

// Processes with at least five places in each window use 95 % of the places from the third window
// on, at 2 % refusals. In the first ten whole windows they use 93 %. If every second process pauses
// at times, they use 95 %, at 3 % refusals.
func TestSharing(t *testing.T) {
	t.Parallel()
	scenarios := []scenario{
		{limit: 20, n: 4, length: time.Second, latency: 50, round: math.Ceil},
		{limit: 100, n: 2, length: time.Second, latency: 50, round: math.Ceil},
		{limit: 100, n: 10, length: time.Second, latency: 50, round: math.Floor},
		{limit: 100, n: 10, length: time.Second, latency: 100, round: exact},
		{limit: 100, n: 20, length: time.Second, latency: 50, round: math.Round},
		{limit: 300, n: 30, length: time.Second, latency: 50, round: math.Ceil},
		{limit: 300, n: 60, length: time.Second, latency: 50, round: math.Ceil},
		{limit: 1000, n: 60, length: time.Second, latency: 50, round: math.Ceil},
		{limit: 100, n: 2, length: time.Second, latency: 50, round: math.Ceil, changing: true},
		{limit: 100, n: 10, length: time.Second, latency: 50, round: math.Ceil, changing: true},
		{limit: 100, n: 10, length: time.Second, latency: 10, round: math.Ceil},
	}
	for _, round := range []func(float64) float64{math.Ceil, math.Floor, math.Round, exact} {
		scenarios = append(scenarios,
			scenario{limit: 100, n: 10, length: 10 * time.Second, latency: 50, round: round},
			scenario{limit: 100, n: 10, length: 10 * time.Second, latency: 500, round: round},
			scenario{limit: 100, n: 20, length: 10 * time.Second, latency: 50, round: round, changing: true},
			scenario{limit: 100, n: 10, length: time.Minute, latency: 500, round: round},
		)
	}
	for i, s := range scenarios {
		name := fmt.Sprintf("%d: %d of %d per %v, trip 1 in %d, changing %v",
			i, s.n, s.limit, s.length, s.latency, s.changing)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := s.run(5)
			t.Logf("%.1f %% used, %.2f %% refused, from a cold start %.1f %%, Jain %.3f",
				r.used, r.refused, r.cold, r.jain)
			assert.Greater(t, r.used, 95.0)
			if s.changing {
				assert.Less(t, r.refused, 3.0)
			} else {
				assert.Less(t, r.refused, 2.0)
				assert.Greater(t, r.cold, 93.0)
				assert.Greater(t, r.jain, 0.7, "fairness")
			}
		})
	}
}
