package servers

import (
	"math"
	"time"
)

const (
	// minRecovery and maxRecovery bound the time from a refusal until the rate is again the one
	// that was refused. Between them it is the time of perRefusal requests: one in so many may be
	// refused.
	minRecovery = 2 * time.Minute
	maxRecovery = 10 * time.Minute
	perRefusal  = 3000
	// firstRecovery is the divisor of minRecovery after the first refusal, when the rate that the
	// server allows is not known.
	firstRecovery = 8
	// backOff is the share of the accepted rate that remains after a refusal. backOffNow is that
	// share if the last refusal was less than again ago: a small reduction was not enough.
	backOff    = 0.98
	backOffNow = 0.7
	again      = 5 * time.Second
	// leastDifference is the share of the rate above which the accepted rate does not differ from
	// it: one second is too short to measure a smaller difference.
	leastDifference = 0.8
	// headroom is the bound of the rate before the first refusal, as a multiple of the most
	// requests that were accepted within a second. It must not slow down a rate that is fully used:
	// of a rate that doubles each second, the counts of this second and the one before show about
	// half, and a quarter if responses take a second.
	headroom = 4
)

// AdaptiveRate is a rate that is found from refusals. Its requests are spaced evenly. The zero
// value is not in use.
type AdaptiveRate struct {
	curve
	slot     time.Time  // of the latest request
	mark     uint64     // the latest request when the rate was cut
	accepted [2]float64 // requests accepted in the second before second, and since it
	second   time.Time  // the beginning of the current second
}

// NewAdaptiveRate returns a rate that begins with start requests per second, or without a limit if
// start is 0, and never falls below floor.
func NewAdaptiveRate(start, floor float64) AdaptiveRate {
	return AdaptiveRate{curve: newCurve(start, floor)}
}

// Enabled reports whether a is in use.
func (a *AdaptiveRate) Enabled() bool { return a.floor > 0 }

// Lowered reports whether a refusal has lowered the rate.
func (a *AdaptiveRate) Lowered() bool { return a.depth > 0 }

// PerSecond returns the rate at now, 0 if there is no limit.
func (a *AdaptiveRate) PerSecond(now time.Time) float64 { return a.at(now) }

// Next returns when a request with so many ahead of it may leave, zero if at once.
func (a *AdaptiveRate) Next(now time.Time, ahead int) time.Time {
	rate := a.at(now)
	if rate == 0 || a.slot.IsZero() {
		return time.Time{}
	}
	wait := min(float64(ahead+1)/rate, longest.Seconds())
	return a.slot.Add(time.Duration(wait * 1e9))
}

// Admit takes the next slot.
func (a *AdaptiveRate) Admit(now time.Time) {
	slot := a.Next(now, 0)
	if idle := now.Sub(latest(slot, a.since)); !slot.IsZero() && idle > time.Second {
		a.since = a.since.Add(idle) // The rate does not rise while it is not in use.
	}
	a.slot = latest(now.Add(-CatchUp), slot)
	if slot.IsZero() {
		a.slot = now
	}
}

// Accept notes an accepted request.
func (a *AdaptiveRate) Accept(now time.Time) {
	a.turn(now)
	a.accepted[1]++
	a.prove(a.accepted[1], now)
}

// Refuse lowers the rate after a refusal of request seq. newest is the latest request. Further
// refusals of requests up to newest do not lower it again. It reports whether the rate was lowered.
func (a *AdaptiveRate) Refuse(seq, newest uint64, now time.Time) bool {
	if a.floor == 0 || seq <= a.mark {
		return false
	}
	a.mark = newest
	top := max(a.recent(now), 1)
	if rate := a.at(now); rate > 0 {
		if top > leastDifference*rate {
			top = rate
		}
		top = max(top, rate/2)
	}
	a.cut(top, top, now)
	return true
}

// Resume starts counting again. A pause does not show how many requests would have been accepted.
func (a *AdaptiveRate) Resume(now time.Time) { a.second, a.accepted = now, [2]float64{} }

// turn begins a new second if the current one is over.
func (a *AdaptiveRate) turn(now time.Time) {
	switch d := now.Sub(a.second); {
	case d >= 2*time.Second:
		a.accepted = [2]float64{}
		a.second = now
	case d >= time.Second:
		a.accepted = [2]float64{a.accepted[1], 0}
		a.second = a.second.Add(time.Second)
	}
}

// recent returns how many requests were accepted within the last second.
func (a *AdaptiveRate) recent(now time.Time) float64 {
	a.turn(now)
	return a.accepted[0]*(1-now.Sub(a.second).Seconds()) + a.accepted[1]
}

// curve is a rate that rises with time and falls with refusals. Before the first refusal it doubles
// each second. After a refusal it approaches the refused rate quickly, passes it slowly, and then
// rises faster, like the congestion window of TCP CUBIC. The number of accepted requests bounds it.
type curve struct {
	floor    float64       // the lowest rate; 0 if the curve is not in use
	top      float64       // the rate of the latest refusal, before it that at since; 0 is no limit
	depth    float64       // the share of top that the refusal took off; 0 before the first one
	since    time.Time     // the latest refusal, before it the first use, moved by pauses of the rise
	recovery time.Duration // from since until the rate is top again
	proven   float64       // the most accepted requests in a second, at least the start or top
}

// newCurve returns a curve that begins with start, or without a limit if start is 0.
func newCurve(start, floor float64) curve {
	if start > 0 {
		start = max(start, floor)
	}
	return curve{floor: floor, top: start, proven: start}
}

// at returns the rate at now, 0 if there is no limit.
func (c *curve) at(now time.Time) float64 {
	if c.floor == 0 || c.top == 0 {
		return 0
	}
	if c.since.IsZero() {
		c.since = now
	}
	return max(c.floor, min(c.unbounded(now), c.bound(), math.MaxFloat64))
}

// unbounded returns the rate at now as if all of it were in use.
func (c *curve) unbounded(now time.Time) float64 {
	t := now.Sub(c.since).Seconds()
	if c.depth == 0 {
		return c.top * math.Exp2(t)
	}
	x := t/c.recovery.Seconds() - 1
	return c.top * (1 + c.depth*x*x*x)
}

// bound returns the highest rate that the accepted requests justify. After a refusal it is the
// highest one that a count of one second cannot distinguish from proven.
func (c *curve) bound() float64 {
	if c.depth == 0 {
		return headroom * c.proven
	}
	return c.proven / leastDifference
}

// prove notes that so many requests were accepted within a second. From then on a rate at its bound
// rises as fast as it did when it reached that bound: the time in between does not count.
func (c *curve) prove(accepted float64, now time.Time) {
	if accepted <= c.proven || c.since.IsZero() {
		return
	}
	if bound := c.bound(); c.unbounded(now) > bound {
		if c.depth == 0 {
			c.top, c.since = bound, now
		} else {
			x := math.Cbrt((bound/c.top - 1) / c.depth)
			c.since = now.Add(-time.Duration((x + 1) * float64(c.recovery)))
		}
	}
	c.proven = accepted
}

// cut lowers the rate to a share of top. rate is the rate of accepted requests, 0 if it is unknown.
func (c *curve) cut(top, rate float64, now time.Time) {
	share := backOff
	if c.depth > 0 && now.Sub(c.since) < again {
		share = backOffNow
	}
	if c.depth == 0 && c.top > 0 {
		share = backOffNow // The rate doubled until now, so top may be far too high.
	}
	first := c.depth == 0
	c.top, c.depth, c.since = max(top, c.floor), 1-share, now
	c.proven = c.top
	c.recovery = minRecovery
	if first {
		c.recovery /= firstRecovery
	} else if rate > 0 {
		c.recovery = min(max(minRecovery, time.Duration(perRefusal/rate*1e9)), maxRecovery)
	}
}
