package pacing

import "time"

const (
	// newcomers is how many new processes find their share in a window that one process has to
	// itself. The places of these shares are not taken at once, but evenly until the window ends.
	// So the requests of another process are accepted, and show in the counts.
	newcomers = 2
	// quietGaps and quietShare are the time without requests of others after which a process has
	// the limit to itself, in distances of a new process's requests and as a part of a window. In
	// two distances each other busy process sends at least once. Processes that begin within a
	// tenth of a window see each other within a fifth.
	quietGaps, quietShare = 2, 0.2
	// quietWindows is the number of windows without requests of others after which a process that
	// has seen others has the limit to itself again. The smallest share is one request per window,
	// which may leave late.
	quietWindows = 2
	// loose is the reciprocal of the part of a window beyond which the bounds of its end are
	// narrowed by its last request. They widen by two thousandths per window, so that costs at most
	// one place in some dozens of windows.
	loose = 8
	// lateShare is the reciprocal of the part of a window, at most a second, by which the first
	// window may end later than one length after its first response: resets may be rounded down.
	lateShare = 10
)

// detectOthers compares the places that were taken in the window with the process's own requests.
// More than these show that others use the limit. None but these, for long enough, show that the
// process has the limit to itself.
func (p *Pacer) detectOthers() {
	since, taken, before := p.began.middle(), p.limit-p.low, 0
	if !p.began.known() {
		since, taken, before = p.firstAt, p.first-p.low, 1 // The first response is the beginning.
	}
	p.onlyOwn = p.low > 0 && taken <= p.placed-before
	switch {
	case p.refused || taken > p.own-before:
		p.exclusive, p.contested = false, quietWindows
	case p.contested == 0 && p.onlyOwn && p.at.Sub(since) >= p.quiet():
		p.exclusive = true
	}
	p.burst = p.burst || p.exclusive
}

// quiet returns how long only own requests must be counted before the process has the limit to
// itself.
func (p *Pacer) quiet() time.Duration {
	return time.Duration(float64(p.length) * max(quietGaps/first(p.limit), quietShare))
}

// nextExclusive returns the earliest time at which the next request may leave while nobody else
// uses the limit. All places but those for newcomers are taken at once, after the first response of
// the window has confirmed that it is so.
func (p *Pacer) nextExclusive() time.Time {
	places, reserve := p.low-(p.admitted-p.answered), int(newcomers*first(p.limit))
	answered := p.slot.Add(2 * p.trip) // Most responses have arrived by then.
	if p.admitted <= p.answered {
		answered = time.Time{}
	}
	switch {
	case !p.counted:
		return answered
	case places > reserve:
		return time.Time{}
	case places <= 0 && p.began.known():
		return p.end().to
	}
	from := latest(p.slot, p.at)
	last := p.lastSlot()
	if !p.began.known() && !from.Before(last) {
		return from.Add(p.length / time.Duration(reserve)) // The window is longer than its resets said.
	}
	even := from.Add(max(last.Sub(from), 0) / time.Duration(max(places, 1)))
	return latest(even, answered)
}

// lastSlot returns when the last place of a window is taken: before the window's earliest end, or
// in the middle of its bounds if these are wide. Of the first window only the latest end is known.
func (p *Pacer) lastSlot() time.Time {
	if !p.began.known() {
		return p.firstAt.Add(p.length + min(p.length/lateShare, time.Second))
	}
	end := p.end()
	if end.to.Sub(end.from) > p.length/loose {
		return end.middle().Add(-p.trip / 2)
	}
	return end.from.Add(-p.trip)
}
