package ratelimit

import (
	"fmt"
	"math"
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/concurrency"
)

const (
	// minRecovery and maxRecovery bound the time from a refusal until the rate is again the one
	// that was refused. Between them it is the time of perRefusal requests: one in so many may be
	// refused.
	minRecovery = 2 * time.Minute
	maxRecovery = 10 * time.Minute
	perRefusal  = 3000
	// backOff is the share of the accepted rate that remains after a refusal. backOffNow is that
	// share if the last refusal was less than again ago: a small reduction was not enough.
	backOff    = 0.98
	backOffNow = 0.7
	again      = 5 * time.Second
	// catchUp is the delay of a timer that the next request makes up for.
	catchUp = 5 * time.Millisecond
)

// WithAdaptiveRate learns the rate that the server allows from its refusals (429), as long as its
// headers describe no window. It starts with start requests per second and doubles that every
// second until the first refusal. A start of 0 means no limit until then. Requests are spread
// evenly.
//
// After a refusal it continues with 98 % of the accepted rate, or with 70 % if the refusals follow
// each other. Then it returns to the rate that was refused, rises slowly there, and faster above
// it. The return takes the time of 3000 requests, at least two minutes and at most 10.
//
// Refusals in a row, such as in an outage with status 429, reduce it to the rate that was accepted
// meanwhile. From there it takes minutes to recover. The rate never falls below floor requests per
// second: choose a floor that is acceptable in an outage.
//
// start must be 0 or above, floor above 0, and both finite. By default there is no such limit.
func WithAdaptiveRate(start, floor float64) Option {
	return func(l *Local) error {
		if !(start >= 0) || math.IsInf(start, 0) || !(floor > 0) || math.IsInf(floor, 0) {
			return fmt.Errorf("ratelimit: WithAdaptiveRate: %v, %v: "+
				"start must be 0 or above, floor above 0, and both finite", start, floor)
		}
		l.pace.curve = newCurve(start, floor)
		return nil
	}
}

// WithAdaptiveInFlight learns the number of requests in flight that the server allows. It uses
// refusals (429) while the headers state that places are left, or while there are no headers.
//
// It starts with start. Until the first refusal the limit rises by one with each accepted request
// while at least half of it is in use, so it doubles with each round trip. It also doubles with
// each second in which no response arrives. A start of 0 means no limit until the first refusal.
//
// A refusal lowers the limit to one less than were in flight. Each further refusal of those
// requests lowers it by one. The limit never falls below floor. After an outage it returns quickly
// to the number that was accepted before.
//
// To find out whether the server's limit has risen, one request more is sent after 100 requests
// that were accepted while all places were taken. If that request is refused, the next trial comes
// after twice as many, at most 500. If it is accepted, the next trial comes after an eighth as
// many, at least 8. While the server's limit stays the same, one request in 500 is refused.
//
// While other responses are awaited, such a refusal does not hold back the other requests, whatever
// its Retry-After: the server evidently works on some of them. If no response is awaited, all wait.
//
// Together with [WithAdaptiveRate], and without headers, a refusal first lowers the number in
// flight. If even one request at a time is refused, it lowers the rate.
//
// While no response arrives, the limit rises by one in ten seconds. So a caller that waits for a
// place while it holds another is not stuck.
//
// start must be 0 or above, floor at least 1. By default there is no such limit.
func WithAdaptiveInFlight(start, floor int) Option {
	return func(l *Local) error {
		if start < 0 || floor < 1 {
			return fmt.Errorf("ratelimit: WithAdaptiveInFlight: %d, %d: "+
				"start must be 0 or above, floor at least 1", start, floor)
		}
		l.crowd = concurrency.New(start, floor)
		return nil
	}
}

// curve is a rate that rises with time and falls with refusals. It approaches the rate of the
// latest refusal quickly, passes it slowly, and then rises faster, like the congestion window of
// TCP CUBIC.
type curve struct {
	floor    float64       // the lowest rate; 0 if the curve is not in use
	top      float64       // the rate of the latest refusal, before it the start; 0 is no limit
	depth    float64       // the share of top that the refusal took off; 0 before the first one
	since    time.Time     // the latest refusal, before it the first use
	recovery time.Duration // from since until the rate is top again
}

// newCurve returns a curve that begins with start, or without a limit if start is 0.
func newCurve(start, floor float64) curve {
	if start > 0 {
		start = max(start, floor)
	}
	return curve{floor: floor, top: start}
}

// at returns the rate at now, +Inf if there is no limit.
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
	slot     time.Time  // of the latest request
	mark     uint64     // the latest permit when the rate was cut
	accepted [2]float64 // requests accepted in the second before second, and since it
	second   time.Time  // the beginning of the current second
}

// perSecond returns the rate at now, 0 if there is no limit.
func (p *pace) perSecond(now time.Time) float64 {
	if rate := p.at(now); !math.IsInf(rate, 1) {
		return rate
	}
	return 0
}

// next returns when a request may leave that has so many ahead of it, zero if at once.
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
		p.since = p.since.Add(idle) // The rate does not rise while it is not in use.
	}
	p.slot = latest(now.Add(-catchUp), slot) // Late timers do not lower the rate.
	if slot.IsZero() {
		p.slot = now
	}
}

// count notes an accepted request.
func (p *pace) count(now time.Time) {
	p.turn(now)
	p.accepted[1]++
}

// turn begins a new second if the current one is over.
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

// resume starts counting again. A pause does not show how many requests would have been accepted.
func (p *pace) resume(now time.Time) { p.second, p.accepted = now, [2]float64{} }

// recent returns how many requests were accepted within the last second.
func (p *pace) recent(now time.Time) float64 {
	p.turn(now)
	return p.accepted[0]*(1-now.Sub(p.second).Seconds()) + p.accepted[1]
}

// most returns the limit of requests in flight, 0 if there is none. l.mu must be held.
func (l *Local) most(now time.Time) int {
	n := l.maxInFlight
	if limit := l.crowd.Max(now); limit > 0 && (n == 0 || limit < n) {
		n = limit
	}
	return n
}

// statesRemaining reports whether the server states how many requests are left in its window. w is
// the window of the latest response. l.mu must be held.
func (l *Local) statesRemaining(w Window) bool {
	return w.HasRemaining || l.state == known || l.state == over
}

// crowded reports whether a refusal was probably for too many requests in flight. l.mu must be
// held.
func (l *Local) crowded(held place, w Window) bool {
	switch {
	case !l.crowd.Enabled() || max(held.crowd, len(l.flight)) < 2:
		return false
	case l.statesRemaining(w):
		return w.HasRemaining && w.Remaining > 0
	}
	return l.pace.depth == 0
}

// adapt learns from the response to p, which the server accepted or refused. l.mu must be held.
func (l *Local) adapt(p Permit, held place, w Window, refused bool, now time.Time) {
	if l.pace.floor == 0 && !l.crowd.Enabled() {
		return
	}
	if !refused {
		l.pace.count(now)
		l.crowd.Accept(held.crowd, p.Seq, now)
		return
	}
	n := max(held.crowd, len(l.flight)) // Requests overtake each other.
	crowded := l.crowded(held, w)
	switch {
	case crowded:
		l.crowd.Refuse(n, p.Seq, l.seq, now)
	case !l.statesRemaining(w) && l.pace.floor > 0 && p.Seq > l.pace.mark:
		l.pace.mark = l.seq
		top := max(l.pace.recent(now), 1)
		if rate := l.pace.at(now); !math.IsInf(rate, 1) {
			if top > 0.8*rate { // One second is too short to measure a smaller difference.
				top = rate
			}
			top = max(top, rate/2)
		}
		l.pace.cut(top, top, now)
		l.crowd.Forget() // The number in flight was not the reason.
	}
}
