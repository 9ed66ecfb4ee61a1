package pacing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// at returns the time that is so many seconds after the beginning of the window.
func at(seconds float64) time.Time { return begin.Add(time.Duration(seconds * 1e9)) }

// newPacer returns a Pacer with a share of 10 in a window of 100 per second. The window begins at
// begin, and there was no response in it.
func newPacer() *Pacer {
	return &Pacer{
		limit: 100, length: time.Second, quota: 10, grow: firstGrowth,
		window: window{began: bounds{begin, begin}},
	}
}

// heardCount sets the lowest count and the time when it was counted.
func (p *Pacer) heardCount(low int, seconds float64) *Pacer {
	p.counted, p.low, p.at, p.waiting = true, low, at(seconds), true
	return p
}

// The rate of a share is multiplied by the ratio of the places that are left to the time that is
// left, at least 0.5 and at most 3. The time that is left is at least two round trips.
func TestGapFollowsWhatIsLeft(t *testing.T) {
	assert.Equal(t, 100*time.Millisecond, newPacer().gap())
	for low, want := range map[int]float64{50: 10, 75: 15, 40: 8, 25: 5, 24: 5, 1: 5, 100: 20, 150: 30, 160: 30} {
		assert.InDelta(t, 1/want, newPacer().heardCount(low, 0.5).gap().Seconds(), 1e-6, low)
	}
	p := newPacer().heardCount(10, 0.99)
	p.trip = 50 * time.Millisecond
	assert.InDelta(t, 0.1, p.gap().Seconds(), 1e-6)
	p = newPacer().heardCount(25, 0.5)
	p.began = bounds{}
	assert.Equal(t, 100*time.Millisecond, p.gap(), "the time that is left is not known")
}

// correct adds the growth to the share, and multiplies the sum by the ratio of the target to the
// places that all take.
func TestCorrectFactor(t *testing.T) {
	for name, tt := range map[string]struct {
		p    *Pacer
		want float64 // relative to the share and its growth
	}{
		"all take what they aim at": {newPacer().heardCount(100-78, 0.8), 1},
		"half":                      {newPacer().heardCount(61, 0.8), 2},
		"a ninth":                   {newPacer().heardCount(92, 0.8), 8},
		"twice":                     {newPacer().heardCount(2, 0.5), 0.4974},
		"nothing for a while":       {newPacer().heardCount(100, 0.8), 8},
		"too soon":                  {newPacer().heardCount(99, 0.24), 1},
		"soon enough":               {newPacer().heardCount(100-39, 0.25), 0.625},
		"nothing heard":             {newPacer(), 1},
	} {
		tt.p.waiting = true
		tt.p.correct()
		assert.InEpsilon(t, (10+100*tt.p.grow)*tt.want, tt.p.quota, 0.001, name)
	}
	p := newPacer().heardCount(61, 0.8)
	p.refused = true
	p.correct()
	assert.InDelta(t, 10.25, p.quota, 1e-9, "a refusal forbids to rise")
	p = newPacer().heardCount(22, 0.8)
	p.own = 21 // More than its share, because places were left.
	p.correct()
	assert.InDelta(t, 20.25, p.quota, 1e-9)
}

// A limit of 1 is accepted. A window without requests counts like a window with one request.
func TestSmallLimits(t *testing.T) {
	p := &Pacer{}
	p.Observe(Response{Limit: 1, Counted: true})
	assert.Equal(t, 1, p.limit)
	p.Observe(Response{Limit: 0, Counted: true})
	assert.Equal(t, 1, p.limit)

	p = newPacer().heardCount(4, 1)
	p.limit, p.quota, p.grow = 4, 1, 0
	p.correct()
	assert.InDelta(t, 4*target, p.quota, 1e-9)
}

// A share is at least one place and at most the limit.
func TestCorrectBounds(t *testing.T) {
	p := newPacer().heardCount(0, 0.25)
	p.quota = 1
	p.correct()
	assert.InDelta(t, 1, p.quota, 1e-9)
	p = newPacer().heardCount(99, 0.9)
	p.quota = 60
	p.correct()
	assert.InDelta(t, 100, p.quota, 1e-9)
}

// A process without waiting requests keeps the share that it used, at least that of a new process.
func TestCorrectIdle(t *testing.T) {
	for name, tt := range map[string]struct {
		quota float64
		own   int
		want  float64
	}{"used less": {40, 20, 20.2}, "used nothing": {40, 0, 5}, "had less": {3, 0, 3}, "used more": {10, 20, 10}} {
		p := newPacer().heardCount(61, 0.8)
		p.quota, p.own, p.waiting = tt.quota, tt.own, false
		p.grow = firstGrowth / faster
		p.correct()
		assert.InDelta(t, tt.want, p.quota, 1e-9, name)
	}
}

// Growth rises by a quarter while all take less than 98.5 %, and falls by a fifth where they take
// more, within its bounds.
func TestGrowth(t *testing.T) {
	for low, want := range map[int]float64{22: 0.0025, 21: 0.0016} { // 97.5 and 98.75 % of the limit
		p := newPacer().heardCount(low, 0.8)
		p.correct()
		assert.InDelta(t, want, p.grow, 1e-9, low)
		for range 50 {
			p.heardCount(low, 0.8)
			p.correct()
		}
		assert.InDelta(t, map[int]float64{22: 0.02, 21: 0.0003}[low], p.grow, 1e-9)
	}
}

// The bounds of a window's beginning widen by a thousandth of the window on either side. They are
// dropped when they are half as wide as the window.
func TestStartWidensBounds(t *testing.T) {
	p := newPacer()
	p.start(bounds{at(1), at(1.1)})
	assert.Equal(t, bounds{at(0.999), at(1.101)}, p.began)
	p.start(bounds{at(2), at(2.497)})
	assert.True(t, p.began.known())
	p.start(bounds{at(3), at(3.499)})
	assert.False(t, p.began.known())
}

func TestPlausible(t *testing.T) {
	began := bounds{begin, begin}
	for reset, want := range map[float64]bool{8: true, 7.4: true, 10.4: true, 10.5: false, 7.3: false} {
		r := Response{Sent: at(1), Heard: at(1.2), Reset: time.Duration(reset * 1e9)}
		assert.Equal(t, want, plausible(10*time.Second, began, r), reset)
	}
}

// A count continues the window before only if both were counted within a quarter of a window of the
// beginning.
func TestFellOn(t *testing.T) {
	for name, tt := range map[string]struct {
		last, served float64
		remaining    int
		refused      bool
		want         bool
	}{
		"goes on":            {-0.2, 0.2, 7, false, true},
		"equal":              {-0.2, 0.2, 8, false, true},
		"rose":               {-0.2, 0.2, 9, false, false},
		"refused":            {-0.2, 0.2, 9, true, true},
		"late":               {-0.2, 0.26, 7, false, false},
		"nothing heard late": {-0.26, 0.2, 7, false, false},
	} {
		p := newPacer()
		p.last = window{counted: true, low: 8, at: at(tt.last)}
		r := Response{Sent: at(tt.served), Heard: at(tt.served), Remaining: tt.remaining, Refused: tt.refused}
		assert.Equal(t, tt.want, p.fellOn(r), name)
		p.counted = true
		assert.False(t, p.fellOn(r), name)
	}
}

func TestMeasure(t *testing.T) {
	p := &Pacer{}
	p.measure(Response{Limit: 200, Sent: at(0), Heard: at(0.08), Reset: 1500 * time.Millisecond})
	assert.InDelta(t, 10, p.quota, 1e-9)
	assert.Equal(t, 2*time.Second, p.length)
	assert.Equal(t, 80*time.Millisecond, p.trip)
	p.measure(Response{Limit: 100, Sent: at(1), Heard: at(1.16)})
	assert.Equal(t, 90*time.Millisecond, p.trip)
	assert.Equal(t, 2*time.Second, p.length)
	assert.InDelta(t, 10, p.quota, 1e-9)
	p = &Pacer{}
	p.measure(Response{Limit: 20})
	assert.Equal(t, time.Second, p.length)
	assert.InDelta(t, 5, p.quota, 1e-9)
}

// The windows of a long idle time are skipped, and the next one begins at a whole window.
func TestRollAfterAnIdleTime(t *testing.T) {
	p := newPacer()
	p.roll(at(100000.5))
	assert.InDelta(t, 100000, p.began.middle().Sub(begin).Seconds(), 1e-6)
}

// A window that has not ended becomes a second longer if the stated reset agrees. Otherwise its
// beginning moves.
func TestLengthen(t *testing.T) {
	p := newPacer()
	p.start(bounds{at(1), at(1)})
	p.pending, p.own = 1, 3
	p.lengthen(Response{Sent: at(1.1), Heard: at(1.2), Reset: 800 * time.Millisecond})
	assert.Equal(t, 2*time.Second, p.length)
	assert.Equal(t, bounds{begin, begin}, p.began)
	assert.Equal(t, 2, p.own)

	p = newPacer()
	p.start(bounds{at(1), at(1)})
	p.lengthen(Response{Sent: at(1.1), Heard: at(1.2), Reset: 3 * time.Second})
	assert.Equal(t, time.Second, p.length)
	assert.Equal(t, bounds{at(0.1), at(0.2)}, p.began)
}
