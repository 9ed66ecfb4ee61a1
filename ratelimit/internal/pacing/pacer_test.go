package pacing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/pacing"
)

const (
	length = time.Second
	trip   = 10 * time.Millisecond
)

// client sends the requests of one process to a window of 100 per second that the test moves.
type client struct {
	pacing.Pacer
	now time.Time
}

func newClient() *client { return &client{now: zero} }

// send sends a request at the time at, counted from the beginning. Its response states remaining.
func (c *client) send(at time.Duration, remaining int) {
	c.answer(at, pacing.Response{Limit: 100, Remaining: remaining, Counted: true, Reset: time.Second})
}

func (c *client) answer(at time.Duration, r pacing.Response) {
	sent := zero.Add(at)
	r.Ticket = c.Admit(sent, true)
	r.Sent, r.Heard = sent, sent.Add(trip)
	c.Observe(r)
}

// gap returns the distance between requests that leave as soon as they may, from the time at on.
// The first of them may make up for an idle time.
func (c *client) gap(at time.Duration) (d time.Duration) {
	p, now := c.Pacer, zero.Add(at)
	for range 5 {
		p.Admit(now, true)
		d = max(p.Next(now).Sub(now), 0)
		now = now.Add(d)
	}
	return d
}

func TestNoSpacingBeforeTheFirstResponse(t *testing.T) {
	c := newClient()
	assert.False(t, c.Next(zero).After(zero))
	c.Admit(zero, true)
	assert.False(t, c.Next(zero).After(zero))
	c.answer(0, pacing.Response{}) // It states nothing.
	assert.False(t, c.Next(zero).After(zero))
}

// A new process takes a twentieth of the limit, at least five places.
func TestFirstShare(t *testing.T) {
	c := newClient()
	c.answer(0, pacing.Response{Limit: 1000, Remaining: 900, Counted: true, Reset: time.Second})
	assert.Equal(t, length/50, c.gap(trip))
	c = newClient()
	c.answer(0, pacing.Response{Limit: 20, Remaining: 10, Counted: true, Reset: time.Second})
	assert.Equal(t, length/5, c.gap(trip))
}

// steady sends a request each tenth of a second for so many windows. All processes together take
// all places per window. The windows begin at whole seconds.
func steady(c *client, windows, all int) {
	for i := range 10 * windows {
		at := time.Duration(i)*length/10 + length/20
		in := at % length
		c.send(at, max(0, 100-int(float64(all)*in.Seconds())))
	}
}

// If all processes take the whole limit, the share stays at the 10 places that this process took.
// If they take half of it, the share doubles in each of two windows. If they take twice the limit,
// the share is halved.
func TestShareFollowsWhatAllTake(t *testing.T) {
	for all, want := range map[int]float64{98: 10, 49: 40, 196: 4.9} {
		c := newClient()
		steady(c, 2, all)
		gap := c.gap(2*length + length/5) // Nothing is counted in the third window.
		assert.InEpsilon(t, length.Seconds()/want, gap.Seconds(), 0.05, "all take %d", all)
	}
}

// After an exhausted window requests wait for its latest possible end. A refusal that asks to wait
// for that end needs no other pause.
func TestExhaustedWindow(t *testing.T) {
	c := newClient()
	steady(c, 3, 98)
	at := 3*length - length/50
	assert.False(t, c.Explains(time.Second, zero.Add(at)), "places are left")
	c.answer(at, pacing.Response{Limit: 100, Counted: true, Reset: time.Second, Refused: true})
	next := c.Next(zero.Add(at)).Sub(zero)
	assert.InDelta(t, 3.0, next.Seconds(), 0.1)
	assert.GreaterOrEqual(t, next, 3*length)
	assert.True(t, c.Explains(time.Second, zero.Add(at)))
	assert.False(t, c.Explains(5*time.Second, zero.Add(at)))
}

// Places that were not used in an idle time are not used up in a burst.
func TestNoBurstAfterAnIdleTime(t *testing.T) {
	c := newClient()
	steady(c, 3, 98)
	later := 3*length + time.Hour
	sent := 0
	for c.Next(zero.Add(later)).Compare(zero.Add(later)) <= 0 && sent < 100 {
		c.Admit(zero.Add(later), true)
		sent++
	}
	assert.LessOrEqual(t, sent, 2)
}

// The stated reset may be a second short. A window that has not ended at its expected end is
// longer.
func TestWindowIsLongerThanItsResetsSay(t *testing.T) {
	const long = 10 * time.Second
	c := newClient()
	for i := range 40 {
		at := time.Duration(i)*time.Second + time.Second/2
		in := at % long
		reset := (long - in).Truncate(time.Second)
		c.answer(at, pacing.Response{Limit: 100, Remaining: 90 - int(in/time.Second), Counted: true, Reset: reset})
	}
	c.answer(39900*time.Millisecond, pacing.Response{Limit: 100, Counted: true, Reset: time.Second, Refused: true})
	next := c.Next(zero.Add(39950 * time.Millisecond)).Sub(zero)
	assert.InDelta(t, 40, next.Seconds(), 0.6)
}

// A single wrong reset does not hold requests back for long, because the counts show the true
// windows.
func TestWrongResetIsForgotten(t *testing.T) {
	c := newClient()
	c.answer(0, pacing.Response{Limit: 100, Remaining: 99, Counted: true, Reset: time.Minute})
	for window := 1; window < 6; window++ {
		for i := range 5 {
			c.send(time.Duration(window)*length+time.Duration(i)*length/5+length/10, 90-10*i)
		}
	}
	assert.Less(t, c.gap(6*length), length)
}
