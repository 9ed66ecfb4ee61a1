// Package pacing shares a rate limit window between processes that do not communicate. Each process
// knows only the responses that it receives. The package reads no clock and takes no lock.
package pacing

import (
	"math"
	"time"
)

const (
	// firstShare is the part of the limit that a new process takes. Twenty processes that begin at
	// the same time do not exceed the limit.
	firstShare = 0.05
	// fewest is the least number of places per window for a new process. With fewer responses in a
	// window the counts show too little.
	fewest = 5
	// target is the part of the limit that all processes aim at together. The rest is for growth,
	// and for the error of a share that is not a whole number of places.
	target = 0.975
	// enough is the part of the limit that all may take together before they grow more slowly.
	enough = 0.985
	// firstGrowth is the part of the limit by which each share grows in each window. So small
	// shares approach large ones. The growth becomes slower while all processes together take more
	// than enough, and faster while they take less. The growth of all processes together is the
	// part that may be refused, and their number is not known.
	firstGrowth, leastGrowth, mostGrowth = 0.002, 0.0003, 0.02
	// faster and slower are the factors of the growth from one window to the next.
	faster, slower = 1.25, 0.8
	// mostFactor is the largest factor by which a share rises or falls from one window to the next.
	// Two processes at firstShare are at their target after one window.
	mostFactor = 8.0
	// slowest and fastest bound the correction of a share's rate within a window. The rate follows
	// the ratio of the places that are left to the time that is left.
	slowest, fastest = 0.5, 3.0
	// leastElapsed is the part of a window after which a count shows how much all take in a window.
	leastElapsed = 0.25
	// drift is the reciprocal of the part of a window by which a clock may err within the window.
	drift = 1000
	// rounding is how much a stated reset may differ from the true one: the second that it is
	// rounded to, and the uncertainty of the window's beginning.
	rounding = 3 * time.Second / 2
)

// Response holds the times and the rate limit state of one response.
type Response struct {
	// Sent is when the request was admitted, and Heard when the response arrived.
	Sent, Heard time.Time
	// Limit and Remaining are the counts of the window, valid if Counted is set. If it is
	// not set, the request failed or its response states no counts.
	Limit, Remaining int
	Counted          bool
	// Reset is the stated time to the end of the window.
	Reset time.Duration
	// Refused reports whether the server refused the request because no places were left.
	Refused bool
	// Ticket was returned by Admit for the request.
	Ticket Ticket
}

// Ticket holds the state of the window when a request left.
type Ticket struct {
	window int // the number of the window
	low    int // its lowest count
}

// served estimates when the server counted the request.
func (r *Response) served() time.Time { return r.Sent.Add(r.Heard.Sub(r.Sent) / 2) }

// Pacer spaces the requests of one process evenly, at a share of the window. It corrects the share
// once per window. While nobody else uses the limit, it spaces only the last requests of a window.
// The zero value is a Pacer without responses so far. It is not safe for concurrent use.
type Pacer struct {
	limit   int
	length  time.Duration // of a window
	trip    time.Duration // moving average of the round trip
	pending int           // requests without a response

	quota float64   // own places per window
	grow  float64   // part of the limit by which quota grows
	slot  time.Time // of the latest request

	exclusive bool // nobody else uses the limit
	contested int  // how many windows without requests of others are needed until it may be set

	window // the current window

	last      window // the window before
	lastQuota float64
}

// end returns the bounds of the window's end.
func (p *Pacer) end() bounds {
	return p.began.add(p.length)
}

// Explains reports whether a wait that a refusal asks for is the wait for the end of the window,
// rounded up to a second at most. Next includes that wait. The result is false if the end is not
// known.
func (p *Pacer) Explains(wait time.Duration, now time.Time) bool {
	return p.counted && p.low == 0 && p.began.known() && !now.Add(wait-time.Second).After(p.end().to)
}

// Next returns the earliest time at which the next request may leave. A time in the past means at
// once.
func (p *Pacer) Next(now time.Time) time.Time {
	p.roll(now)
	if p.limit == 0 {
		return time.Time{}
	}
	if p.counted && p.low == 0 && p.began.known() {
		return p.end().to
	}
	if p.exclusive {
		return p.nextExclusive()
	}
	return p.slot.Add(p.gap())
}

// gap returns the distance between two requests.
func (p *Pacer) gap() time.Duration {
	perSecond := p.quota / p.length.Seconds()
	if p.counted && p.began.known() {
		left := max(p.end().middle().Sub(p.at), 2*p.trip).Seconds()
		even := float64(p.limit) / p.length.Seconds()
		perSecond *= min(max(float64(p.low)/left/even, slowest), fastest)
	}
	return time.Duration(1e9 / perSecond)
}

// Admit notes that a request leaves. waiting reports whether it had to wait, or others still wait.
func (p *Pacer) Admit(now time.Time, waiting bool) Ticket {
	p.roll(now)
	t := Ticket{p.number, math.MaxInt}
	if p.counted {
		t.low = p.low
	}
	p.pending++
	p.own++
	p.admitted++
	p.waiting = p.waiting || waiting
	if p.exclusive {
		p.slot = now
	} else if p.limit > 0 {
		gap := p.gap()
		// After an idle time at most one request leaves early. After a burst none leaves late.
		p.slot = earliest(latest(p.slot.Add(gap), now.Add(-gap)), now)
	}
	return t
}

// Observe learns from a response. Call it once for each request, also for one without a response.
func (p *Pacer) Observe(r Response) {
	p.roll(r.Heard)
	defer func() { p.pending = max(p.pending-1, 0) }()
	if r.Ticket.window == p.number {
		p.answered++
	}
	if !r.Counted || r.Limit < 1 {
		return
	}
	p.measure(r)
	if p.place(r) {
		p.count(r)
		p.detectOthers()
	}
}

// place finds the window in which r was counted, and narrows the bounds of the window's beginning.
// It reports false if r was counted in the window before.
func (p *Pacer) place(r Response) (current bool) {
	switch {
	case !p.began.known():
		if p.rose(r) {
			p.start(bounds{p.sent, r.Heard})
		}
	case !r.Heard.Before(p.end().from): // At the end of the window.
		if p.rose(r) || !p.counted && r.served().After(p.end().middle()) {
			p.start(p.end())
			p.began.to = earliest(p.began.to, r.Heard)
		} else {
			p.began.from = latest(p.began.from, r.Sent.Add(-p.length))
		}
	case r.Sent.Before(p.began.to): // At its beginning.
		if p.last.counted && r.Remaining <= p.last.low {
			p.began.from = latest(p.began.from, r.Sent)
			return false
		}
		p.began.to = earliest(p.began.to, r.Heard)
	case p.rose(r):
		p.resynchronize(r)
	case p.fellOn(r):
		p.lengthen(r)
	}
	return true
}

// rose reports whether the count is higher than one that was known of the window when the request
// left. A count can't rise within a window, so a new one has begun. While others use the limit, the
// count must be higher than the lowest one, which must have been known. That finds some windows
// later. The places that it leaves show that the shares may grow.
func (p *Pacer) rose(r Response) bool {
	if p.contested == quietWindows {
		return p.counted && r.Remaining > p.low && !r.Sent.Before(p.heard)
	}
	return p.counted && r.Remaining > r.Ticket.low
}

// resynchronize begins a new window after the count rose before the expected end.
func (p *Pacer) resynchronize(r Response) {
	began := bounds{p.sent, r.Heard}
	if d := began.middle().Sub(p.began.middle()).Round(time.Second); d > 0 && plausible(d, began, r) {
		p.length = d
	}
	p.start(began)
}

// fellOn reports whether the count in the first response of a window continues the counts of the
// window before. Then the new window has not begun.
func (p *Pacer) fellOn(r Response) bool {
	soon := r.served().Sub(p.began.to) < p.length/4
	recent := p.began.from.Sub(p.last.at) < p.length/4
	return !p.counted && p.last.counted && soon && recent && (r.Refused || r.Remaining <= p.last.low)
}

// plausible reports whether a window with this length and beginning agrees with the reset that r
// states, within rounding.
func plausible(length time.Duration, began bounds, r Response) bool {
	stated := r.served().Sub(began.middle()) + r.Reset
	return (length - stated).Abs() <= rounding
}

// lengthen returns to the window before, because the current one has not begun. If r agrees with
// windows that are a second longer, it makes them longer. Otherwise it moves their beginning.
func (p *Pacer) lengthen(r Response) {
	own, admitted, answered := p.own, p.admitted, p.answered
	p.window, p.quota = p.last, p.lastQuota
	p.own += own - p.pending
	p.admitted, p.answered = p.admitted+admitted, p.answered+answered
	if plausible(p.length+time.Second, p.began, r) {
		p.length += time.Second
		return
	}
	p.began.from = latest(p.began.from, r.Sent.Add(-p.length))
	p.began.to = latest(p.began.to, r.Heard.Add(-p.length))
}

// first returns the share, in places, of a process that is new or was idle.
func first(limit int) float64 { return max(firstShare*float64(limit), fewest) }

// measure learns the limit, the length of a window and the round trip.
func (p *Pacer) measure(r Response) {
	if p.limit == 0 {
		p.quota, p.grow = first(r.Limit), firstGrowth
		p.slot = r.Heard
	}
	p.limit = r.Limit
	p.length = max(p.length, (r.Reset + time.Second - 1).Truncate(time.Second), time.Second)
	d := r.Heard.Sub(r.Sent)
	if p.trip == 0 {
		p.trip = d
	}
	p.trip += (d - p.trip) / 8
}

// count updates the lowest count.
func (p *Pacer) count(r Response) {
	p.placed++
	p.sent = latest(p.sent, r.Sent)
	p.refused = p.refused || r.Refused
	if p.counted && r.Remaining >= p.low {
		return
	}
	if !p.counted {
		p.first, p.firstAt = r.Remaining, r.served()
	}
	p.counted, p.low, p.at, p.heard = true, r.Remaining, r.served(), r.Heard
}

// roll begins the windows whose time has come.
func (p *Pacer) roll(now time.Time) {
	for p.began.known() && !p.end().to.After(now) {
		end := p.end()
		if late := now.Sub(end.to); late > 10*p.length { // After an idle time it skips the windows between.
			end = end.add(late.Truncate(p.length))
		}
		p.start(end)
	}
}

// start ends the window and begins the next one.
func (p *Pacer) start(began bounds) {
	p.last, p.lastQuota = p.window, p.quota
	p.correct()
	if p.onlyOwn {
		p.contested = max(p.contested-1, 0)
	}
	margin := p.length / drift
	began = bounds{began.from.Add(-margin), began.to.Add(margin)}
	sent := began.from
	if began.to.Sub(began.from) > p.length/2 {
		began = bounds{} // So wide, they are of no use.
	}
	p.window = window{number: p.number + 1, began: began, own: p.pending, sent: sent}
}

// correct sets the share for the next window.
func (p *Pacer) correct() {
	limit := float64(p.limit)
	factor, elapsed := 1.0, 0.0
	since, taken := p.began.middle(), p.limit-p.low
	if !p.began.known() {
		since, taken = p.firstAt, p.first-p.low
	}
	if p.counted {
		elapsed = p.at.Sub(since).Seconds() / p.length.Seconds()
	}
	if p.burst {
		elapsed = 1 // Its places were not taken evenly.
	}
	if elapsed >= leastElapsed {
		all := max(float64(taken), 1) / min(elapsed, 1)
		factor = min(target*limit/all, mostFactor)
		if all < enough*limit {
			p.grow = min(p.grow*faster, mostGrowth)
		} else {
			p.grow = max(p.grow*slower, leastGrowth)
		}
	}
	if p.refused {
		factor = min(factor, 1)
	}
	if p.waiting {
		p.quota = (max(p.quota, float64(p.own)-1) + p.grow*limit) * factor
	} else {
		rest := min(p.quota, first(p.limit))
		p.quota = max(min(p.quota*min(factor, 1), float64(p.own)+p.grow*limit), rest)
	}
	p.quota = min(max(p.quota, 1), limit)
}
