package pacing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestNoLimitIsKnown(t *testing.T) {
	p := &Pacer{}
	assert.Zero(t, p.Next(begin))
	p.Admit(begin, false)
	assert.Zero(t, p.slot, "there is no distance between requests")
}

// A refusal asks for the rest of the window, which a server rounds up to a second.
func TestWaitForTheEndOfTheWindow(t *testing.T) {
	p := newPacer().heardCount(0, 0.3)
	for wait, want := range map[time.Duration]bool{
		100 * time.Millisecond: true, 700 * time.Millisecond: true, 1700 * time.Millisecond: true,
		1701 * time.Millisecond: false, time.Minute: false,
	} {
		assert.Equal(t, want, p.Explains(wait, at(0.3)), wait)
	}
	assert.False(t, newPacer().heardCount(1, 0.3).Explains(time.Second, at(0.3)), "places are left")
}

// Windows that end before the stated time have a length in whole seconds.
func TestShorterWindow(t *testing.T) {
	p := newPacer().heardCount(5, 54.9)
	p.length, p.sent = time.Minute, at(54.95)
	p.Observe(Response{
		Limit: 100, Remaining: 99, Counted: true, Reset: 55 * time.Second, Sent: at(55), Heard: at(55.02),
		Ticket: Ticket{p.number, 5},
	})
	assert.Equal(t, 55*time.Second, p.length)
	assert.Equal(t, 1, p.number)
}

// The first window may last longer than its resets said: a tenth, at most a second.
func TestLastPlaceOfTheFirstWindow(t *testing.T) {
	for length, want := range map[time.Duration]float64{
		time.Second: 1.1, 5 * time.Second: 5.5, 10 * time.Second: 11, time.Minute: 61, time.Hour: 3601,
	} {
		p := newExclusive(5, 0.5)
		p.length = length
		p.inFirstWindow(0)
		assert.InDelta(t, want, p.lastSlot().Sub(begin).Seconds(), 1e-6, length)
	}
	p := newExclusive(5, 1.2)
	p.inFirstWindow(0)
	assert.Equal(t, at(1.3), p.Next(at(1.2)), "it lasts still longer: a tenth of it between two requests")
}

// A process that has the limit to itself spaces its last requests from the latest one.
func TestExclusiveRequestMovesTheNextOne(t *testing.T) {
	p := newExclusive(50, 0.5)
	p.Admit(at(0.6), true)
	assert.Equal(t, at(0.6), p.slot)
}

// The places of a process that had the window to itself were not taken evenly. So the share changes
// by the places that were taken, whenever that was.
func TestShareAfterABurst(t *testing.T) {
	p := newPacer().heardCount(0, 0.05)
	p.burst, p.quota = true, 50
	p.correct()
	assert.InDelta(t, (50+100*p.grow)*target, p.quota, 1e-6)
}
