package pacing

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// newExclusive returns a Pacer that has the limit of 100 per second to itself, in a window that
// began at begin. Own requests took all places but low.
func newExclusive(low int, seconds float64) *Pacer {
	p := newPacer().heardCount(low, seconds)
	p.exclusive, p.trip = true, 10*time.Millisecond
	p.own, p.placed, p.admitted, p.answered = 100-low, 100-low, 100-low, 100-low
	p.slot = at(seconds)
	return p
}

// inFirstWindow makes the window the first one, whose bounds are not known. Its first request was
// counted at the time.
func (p *Pacer) inFirstWindow(seconds float64) { p.began, p.firstAt = bounds{}, at(seconds) }

// exchange sends a request at the time. The server counts it at once.
func (p *Pacer) exchange(seconds float64, remaining int) {
	p.Observe(Response{
		Limit: 100, Remaining: remaining, Counted: true, Reset: time.Second, Sent: at(seconds), Heard: at(seconds),
		Ticket: p.Admit(at(seconds), true),
	})
}

// A new process has the limit to itself after two distances of its requests, at least a fifth of a
// window, if the counts fall by its own requests only.
func TestQuietTime(t *testing.T) {
	for limit, want := range map[int]float64{5: 0.4, 100: 0.4, 150: 0.2667, 200: 0.2, 1000: 0.2} {
		p := &Pacer{}
		for i := range 100 {
			seconds := float64(i) / 100
			p.Observe(Response{
				Limit: limit, Remaining: 1000 - i, Counted: true, Reset: time.Second,
				Sent: at(seconds), Heard: at(seconds), Ticket: p.Admit(at(seconds), true),
			})
			assert.Equal(t, seconds > want-0.001, p.exclusive, "%d, %v", limit, seconds)
		}
	}
}

func TestOthersAreDetected(t *testing.T) {
	for name, tt := range map[string]struct {
		counts  []int // one each tenth of a second
		refused bool
		want    bool
	}{
		"none":                  {counts: []int{90, 89, 88, 87, 86}, want: true},
		"one at the end":        {counts: []int{90, 89, 88, 87, 85}},
		"one at first":          {counts: []int{90, 88, 87, 86, 85}},
		"too few":               {counts: []int{90, 89, 88, 87}},
		"no place left":         {counts: []int{0, 0, 0, 0, 0}},
		"the last place":        {counts: []int{5, 4, 3, 2, 1}, want: true},
		"all places":            {counts: []int{4, 3, 2, 1, 0}},
		"refused":               {counts: []int{90, 89, 88, 87, 86}, refused: true},
		"a new window in it":    {counts: []int{90, 89, 99, 98, 97}},
		"a new window, and one": {counts: []int{90, 89, 98, 97, 96}},
	} {
		p := &Pacer{}
		for i, n := range tt.counts {
			p.refused = tt.refused
			p.exchange(float64(i)/10, n)
		}
		assert.Equal(t, tt.want, p.exclusive, name)
	}
}

// A request without a response may have been counted. It is no request of others.
func TestOwnRequestsInFlightAreNoOthers(t *testing.T) {
	p := newExclusive(90, 0.5)
	p.Admit(at(0.51), true)
	p.exchange(0.52, 88)
	assert.True(t, p.exclusive)
	p.exchange(0.53, 86)
	assert.False(t, p.exclusive)

	p = &Pacer{} // At first, no request may be in flight that could explain those of others.
	for i, n := range []int{90, 89, 88, 87} {
		p.exchange(float64(i)/10, n)
	}
	p.Admit(at(0.35), true)
	p.exchange(0.4, 85)
	assert.False(t, p.exclusive)
	assert.Zero(t, p.contested)
}

// After it has seen others, a process has the limit to itself in the second window after two
// windows in which all places were taken by its own requests.
func TestExclusiveAgain(t *testing.T) {
	p := newExclusive(90, 0.5)
	p.exchange(0.55, 80)
	assert.False(t, p.exclusive)
	for window := 1; window <= 3; window++ {
		for i := range 9 {
			p.exchange(float64(window)+0.05+float64(i)/10, 99-i)
			assert.Equal(t, window == 3 && i > 3, p.exclusive, "%d, %d", window, i)
		}
	}
}

// All places but ten are taken at once, as soon as the first response of a window has arrived. The
// rest is spread until the last slot. After each of them the response is awaited, at most for two
// round trips.
func TestNextExclusive(t *testing.T) {
	const tenth = time.Second / 10
	for name, tt := range map[string]struct {
		do   func(p *Pacer)
		low  int
		want time.Time
	}{
		"places for a burst":   {low: 11},
		"none for a burst":     {low: 10, want: at(0.5 + 0.49/10)},
		"two places":           {low: 2, want: at(0.5 + 0.49/2)},
		"the last place":       {low: 1, want: at(0.99)},
		"no place":             {low: 0, want: at(1)},
		"some on their way":    {low: 20, do: func(p *Pacer) { p.admitted += 9 }},
		"burst on its way":     {low: 20, do: func(p *Pacer) { p.admitted += 10 }, want: at(0.5 + 0.49/10)},
		"the rest on its way":  {low: 2, do: func(p *Pacer) { p.admitted += 2 }, want: at(1)},
		"a slow response":      {low: 10, do: func(p *Pacer) { p.trip = tenth; p.admitted++ }, want: at(0.7)},
		"hung since long ago":  {low: 11, do: func(p *Pacer) { p.pending += 50 }},
		"late":                 {low: 10, do: func(p *Pacer) { p.slot, p.at = at(0.995), at(0.995) }, want: at(0.995)},
		"nothing heard yet":    {low: 10, do: func(p *Pacer) { p.counted = false }},
		"first on its way":     {low: 10, do: func(p *Pacer) { p.counted = false; p.admitted++ }, want: at(0.52)},
		"the end is not known": {low: 10, do: func(p *Pacer) { p.inFirstWindow(0.2) }, want: at(0.58)},
		"no place, no end":     {low: 0, do: func(p *Pacer) { p.inFirstWindow(0.2) }, want: at(1.3)},
		"no end came":          {low: 0, do: func(p *Pacer) { p.inFirstWindow(-0.5) }, want: at(0.6)},
	} {
		p := newExclusive(tt.low, 0.5)
		if tt.do != nil {
			tt.do(p)
		}
		assert.Equal(t, tt.want, p.Next(at(0.5)), name)
	}
}

// The last place is taken a round trip before the earliest end of the window. If the bounds of the
// end are wider than an eighth of the window, it is counted in their middle.
func TestLastSlot(t *testing.T) {
	p := newExclusive(1, 0.5)
	p.began = bounds{at(-0.06), at(0.06)}
	assert.Equal(t, at(0.93), p.lastSlot())
	p.began = bounds{at(-0.06), at(0.07)}
	assert.Equal(t, at(1), p.lastSlot())
}

// In a burst the places are not taken evenly, so they are not extrapolated.
func TestShareOfABurst(t *testing.T) {
	p := newExclusive(4, 0.3)
	p.quota, p.grow = 97, leastGrowth
	p.exchange(0.31, 3)
	assert.True(t, p.burst)
	p.correct()
	assert.InDelta(t, 97, p.quota, 1.5)
}

// A request that leaves in a burst moves the slot of the next one to its time.
func TestSlotInABurst(t *testing.T) {
	p := newExclusive(50, 0.3)
	p.Admit(at(0.4), true)
	assert.Equal(t, at(0.4), p.slot)
	assert.Equal(t, 51, p.admitted)
}

// The ticket of a request shows which counts were known.
func TestTicket(t *testing.T) {
	p := newPacer()
	assert.Equal(t, Ticket{0, math.MaxInt}, p.Admit(at(0.1), true))
	p.heardCount(50, 0.2)
	assert.Equal(t, Ticket{0, 50}, p.Admit(at(0.3), true))
	assert.Equal(t, Ticket{1, math.MaxInt}, p.Admit(at(1), true))
}

// A count that is higher than one that was known shows a new window. While others use the limit,
// the lowest count must have been known.
func TestRose(t *testing.T) {
	for name, tt := range map[string]struct {
		known, remaining int
		sent             float64
		exclusive, other bool
	}{
		"equal":                       {20, 20, 0.4, false, false},
		"higher than the lowest":      {20, 15, 0.4, false, false},
		"higher than what was known":  {20, 21, 0.4, true, false},
		"the lowest was known":        {10, 11, 0.5, true, true},
		"the lowest was known, equal": {10, 10, 0.5, false, false},
	} {
		p := newExclusive(10, 0.5)
		p.heard = at(0.5)
		r := Response{Sent: at(tt.sent), Remaining: tt.remaining, Ticket: Ticket{low: tt.known}}
		assert.Equal(t, tt.exclusive, p.rose(r), name)
		p.contested = quietWindows
		assert.Equal(t, tt.other, p.rose(r), name)
		p.counted = false
		assert.False(t, p.rose(r), name)
	}
}
