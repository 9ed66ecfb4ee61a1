package ratelimit

import (
	"fmt"
	"math"
	"time"
)

const (
	minRecovery = 2 * time.Minute // from a refusal until the limit is again where it was refused
	again       = 5 * time.Second // refusals that follow each other so soon want more than a little less
	maxRecovery = 10 * time.Minute
	perRefusal  = 3000 // so many requests are worth a refusal
	backOff     = 0.98 // of what was accepted, after a refusal
	backOffNow  = 0.7  // the same, if the last refusal was not long ago
	catchUp     = 5 * time.Millisecond
)

// WithAdaptiveRate finds the rate that the server allows from its refusals
// (429), for as long as it sends no headers that tell
// a window. It begins with start requests per second and doubles that every
// second until the first refusal; a start of 0 is no limit until then. After a
// refusal it goes on with 98 % of what was accepted, or with 70 % if the
// refusals follow each other. In two minutes, or the time of 3000 requests if that
// is longer but never more than 10 minutes, it is back where it was refused,
// passes that slowly and then speeds up. Requests are spread evenly.
//
// Refusals in a row, as in an outage that answers 429, bring it down to what was
// accepted meanwhile; from there it takes minutes to recover. It never goes below
// floor requests per second: choose one that is no harm to wait for. start must be 0 or above,
// floor above 0, and both finite. The default is no such limit.
func WithAdaptiveRate(start, floor float64) Option {
	return func(l *Local) error {
		if !(start >= 0) || math.IsInf(start, 0) || !(floor > 0) || math.IsInf(floor, 0) {
			return fmt.Errorf("ratelimit: WithAdaptiveRate: %v, %v: start must be 0 or above, floor above 0, and both finite", start, floor)
		}
		l.pace.curve = newCurve(start, floor)
		return nil
	}
}

// WithAdaptiveInFlight finds the number of requests in flight that the server
// allows, from refusals while the headers tell that places are left, or while
// none tell anything. It follows the rules of [WithAdaptiveRate], with a floor
// of at least 1, and also rises while it is not used up. Together with that, and without headers, the number in flight
// is tried first; if even one at a time is refused, the rate is. The default is
// no such limit.
func WithAdaptiveInFlight(start, floor int) Option {
	return func(l *Local) error {
		if start < 0 || floor < 1 {
			return fmt.Errorf("ratelimit: WithAdaptiveInFlight: %d, %d: start must be 0 or above, floor at least 1", start, floor)
		}
		l.crowd.curve = newCurve(float64(start), float64(floor))
		return nil
	}
}

// curve is a limit that rises with time and falls with refusals. It nears the
// value at which it was refused quickly, passes it slowly, and then speeds up:
// the cubic of TCP.
type curve struct {
	floor    float64 // 0 if not in use
	top      float64 // where it was refused last; before that where it began; 0 is no limit
	depth    float64 // what was taken off, of top; 0 before the first refusal
	since    time.Time
	recovery time.Duration // from since until top
}

func newCurve(start, floor float64) curve {
	if start > 0 {
		start = max(start, floor)
	}
	return curve{floor: floor, top: start}
}

// at is the limit, +Inf if there is none.
func (c *curve) at(now time.Time) float64 {
	if c.floor == 0 || c.top == 0 {
		return math.Inf(1)
	}
	if c.since.IsZero() {
		c.since = now
	}
	t := now.Sub(c.since).Seconds()
	if c.depth == 0 {
		return c.top * math.Exp2(min(t, 60))
	}
	x := t/c.recovery.Seconds() - 1
	return max(c.floor, c.top*(1+c.depth*x*x*x))
}

// cut lowers the limit to a share of top, at a rate of requests that is 0 if unknown.
func (c *curve) cut(top, rate float64, now time.Time) {
	share := backOff
	if c.depth > 0 && now.Sub(c.since) < again {
		share = backOffNow
	}
	if c.depth == 0 && c.top > 0 {
		share = backOffNow // It doubled until now.
	}
	first := c.depth == 0
	c.top, c.depth, c.since = max(top, c.floor), 1-share, now
	c.recovery = minRecovery
	if first {
		c.recovery /= 8
	} else if rate > 0 {
		c.recovery = min(max(minRecovery, time.Duration(perRefusal/rate*1e9)), maxRecovery)
	}
}

// pace spaces requests evenly.
type pace struct {
	curve
	slot     time.Time // of the latest request
	mark     uint64    // the latest permit when the rate was cut
	accepted [2]float64
	second   time.Time // to which accepted[1] belongs
}

func (p *pace) perSecond(now time.Time) float64 {
	if rate := p.at(now); !math.IsInf(rate, 1) {
		return rate
	}
	return 0
}

func (p *pace) next(now time.Time, ahead int) time.Time {
	rate := p.at(now)
	if math.IsInf(rate, 1) || p.slot.IsZero() {
		return time.Time{}
	}
	wait := min(float64(ahead+1)/rate, longest.Seconds())
	return p.slot.Add(time.Duration(wait * 1e9))
}

// spend takes the next slot.
func (p *pace) spend(now time.Time) {
	if p.floor == 0 {
		return
	}
	slot := p.next(now, 0)
	if idle := now.Sub(slot); !p.since.IsZero() && !slot.IsZero() && idle > time.Second {
		p.since = p.since.Add(idle) // Time in which nothing was tried proves nothing.
	}
	p.slot = latest(now.Add(-catchUp), slot) // Timers are late, the rate should not suffer from it.
	if slot.IsZero() {
		p.slot = now
	}
}

// count notes an accepted request.
func (p *pace) count(now time.Time) {
	p.turn(now)
	p.accepted[1]++
}

func (p *pace) turn(now time.Time) {
	switch d := now.Sub(p.second); {
	case d >= 2*time.Second:
		p.accepted = [2]float64{}
		p.second = now
	case d >= time.Second:
		p.accepted = [2]float64{p.accepted[1], 0}
		p.second = p.second.Add(time.Second)
	}
}

// recent is how many were accepted within the last second.
func (p *pace) recent(now time.Time) float64 {
	p.turn(now)
	return p.accepted[0]*(1-now.Sub(p.second).Seconds()) + p.accepted[1]
}

// crowd limits the requests in flight.
type crowd struct {
	curve
	mark uint64 // the latest permit when the limit was cut
}

// most is the limit of requests in flight, 0 if there is none.
func (l *Local) most(now time.Time) int {
	n := l.maxInFlight
	if limit := l.crowd.at(now); limit < math.MaxInt32 && (n == 0 || int(limit) < n) {
		n = int(limit)
	}
	return n
}

// adapt learns from what became of p.
func (l *Local) adapt(p Permit, held place, w Window, refused bool, now time.Time) {
	if l.pace.floor == 0 && l.crowd.floor == 0 {
		return
	}
	if !refused {
		l.pace.count(now)
		return
	}
	c := &l.crowd
	n := max(held.crowd, len(l.flight)) // Requests overtake each other.
	told := w.HasRemaining || l.state == known || l.state == over
	crowded := c.floor > 0 && n > 1
	if told {
		crowded = crowded && w.HasRemaining && w.Remaining > 0
	} else {
		crowded = crowded && l.pace.depth == 0
	}
	switch {
	case crowded:
		if p.Seq > c.mark { // The others were sent under the old limit.
			c.mark = l.seq
			c.cut(min(c.at(now), float64(n-1)), 0, now)
		}
	case !told && l.pace.floor > 0 && p.Seq > l.pace.mark:
		l.pace.mark = l.seq
		top := max(l.pace.recent(now), 1)
		if rate := l.pace.at(now); !math.IsInf(rate, 1) {
			if top > 0.8*rate { // Closer than that, one second is too short to tell.
				top = rate
			}
			top = max(top, rate/2)
		}
		l.pace.cut(top, top, now)
		c.top, c.depth = 0, 0 // It was not their number.
	}
}
