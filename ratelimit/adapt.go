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
	surest      = 64   // times slowly
	catchUp     = 5 * time.Millisecond
	slowly      = 400 // times as many as in flight are accepted until their limit rises quickly again; more, the surer it is
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
// allows, from refusals (429) while the headers tell that places are left, or
// while none tell anything. It begins with start, which rises by one
// with every accepted request until the first refusal; a start of 0 is no limit
// until then. A refusal lowers it to one less than were in flight, and each
// further one of those by one. With every request that is accepted
// it rises: quickly up to where it was refused, then slowly, then quickly again.
// It never goes below floor. So a wrong guess costs little, and not for long.
//
// Together with [WithAdaptiveRate], and without headers, the number in flight is
// tried first; if even one at a time is refused, the rate is. While no reply
// comes the limit rises by one in ten seconds, so that nobody who waits for a place
// while holding another is stuck. start must be 0 or above, floor at least 1. The
// default is no such limit.
func WithAdaptiveInFlight(start, floor int) Option {
	return func(l *Local) error {
		if start < 0 || floor < 1 {
			return fmt.Errorf("ratelimit: WithAdaptiveInFlight: %d, %d: start must be 0 or above, floor at least 1", start, floor)
		}
		l.crowd = crowd{floor: float64(floor), limit: float64(start)}
		if start > 0 {
			l.crowd.limit = float64(max(start, floor))
		}
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

// resume begins to count anew: a pause says nothing of what would have been accepted.
func (p *pace) resume(now time.Time) { p.second, p.accepted = now, [2]float64{} }

// recent is how many were accepted within the last second.
func (p *pace) recent(now time.Time) float64 {
	p.turn(now)
	return p.accepted[0]*(1-now.Sub(p.second).Seconds()) + p.accepted[1]
}

// crowd limits the requests in flight.
type crowd struct {
	floor    float64 // 0 if not in use
	limit    float64 // 0 if there is none
	top      float64 // in flight at the latest refusal, 0 before the first
	accepted float64 // since then
	sure     float64 // doubled with each refusal that comes where the one before came
	moved    time.Time
	mark     uint64 // the latest permit at that time
}

func (c *crowd) at(now time.Time) float64 {
	if c.floor == 0 || c.limit == 0 {
		return math.Inf(1)
	}
	if c.moved.IsZero() {
		c.moved = now
	}
	return c.limit + now.Sub(c.moved).Seconds()/10
}

// accept raises the limit.
func (c *crowd) accept(now time.Time) {
	if c.limit == 0 {
		return
	}
	c.moved = now
	c.accepted++
	speed := 1.0
	if c.top == 0 {
		speed = c.limit
	} else if c.limit >= c.top-1 {
		x := c.accepted / (slowly * c.sure * c.limit)
		speed = min(1, x*x)
	}
	c.limit = min(c.limit+speed/c.limit, math.MaxInt32)
}

// refuse lowers the limit after a refusal with n in flight. What is refused of
// the same crowd (again) was too many as well.
func (c *crowd) refuse(n int, again bool, now time.Time) {
	c.moved = now
	if again {
		if c.limit > 0 {
			c.limit = max(c.limit-1, c.floor)
		}
		return
	}
	limit := float64(n - 1)
	if c.limit > 0 {
		limit = min(limit, c.limit)
	}
	c.limit = max(limit, c.floor)
	if c.top > 0 && c.accepted == 0 {
		return // An outage says nothing of their number.
	}
	if c.sure = min(2*c.sure, surest); float64(n) != c.top {
		c.sure = 1
	}
	c.top, c.accepted = float64(n), 0
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
		l.crowd.accept(now)
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
		again := p.Seq <= c.mark
		if !again {
			c.mark = l.seq
		}
		c.refuse(n, again, now)
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
		c.limit, c.top = 0, 0 // It was not their number.
	}
}
