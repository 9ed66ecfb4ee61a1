package redislimit

import "time"

// share is the part of a process of all places in flight.
type share struct {
	places int           // that it may have now
	most   int           // that it may have in its turn
	turn   time.Duration // until its turn ends, 0 or less if it has ended
}

// share returns the share of the process. While others wait for places, it is an equal part of
// those that no satisfied process has. What can't be divided evenly goes to each one in turn.
func (t *turn) share() share {
	limit, sharers := t.config.maxInFlight, len(t.rivals)+1
	free, least := limit-t.others.held, limit
	for _, r := range t.rivals {
		free += min(r.held, limit-free) // Not more are left than there are.
		least = min(least, r.held)
	}
	free = max(free, 0)
	part, rest := free/sharers, free%sharers
	s := share{places: part, most: part}
	if rest > 0 {
		s.most++
		s.turn = turnLength*time.Duration(min(free, sharers))/time.Duration(sharers) - t.visit.had
		if part < least || part == least && s.turn > 0 {
			s.places++
		}
	}
	s.places = max(min(s.places, limit-t.others.held), 0)
	return s
}

// returnSpare returns up to n places of the process that no request has.
func (t *turn) returnSpare(n int) {
	n = max(min(n, t.spare), 0)
	t.spare -= n
	t.own.held -= n
}

// queued reports whether the next request waits for a place in flight.
func (t *turn) queued() bool {
	most := t.config.maxInFlight
	return most > 0 && t.spare == 0 && t.others.held+t.own.held+t.before() >= most
}

// before returns how many others get a place in flight before the process: those that wait and have
// fewer, or as many and have waited for longer.
func (t *turn) before() (n int) {
	for _, r := range t.rivals {
		longer := t.own.ticket.IsZero() || r.ticket.Before(t.own.ticket)
		if r.held < t.own.held || r.held == t.own.held && longer {
			n++
		}
	}
	return n
}

// pollAfter returns after which time a process that waits for a place in flight looks again. It is
// 0 if only the process itself can free one.
func (t *turn) pollAfter() time.Duration {
	before, s := t.before(), t.share()
	switch {
	case t.others.held == 0 && before == 0:
		return 0
	case len(t.rivals) == 0 || t.own.held < s.most:
		return pollInterval * time.Duration(min(1+before, maxPolls))
	case s.turn > 0: // No other process owes it a place.
		return max(min(s.turn, checkInterval), pollInterval)
	}
	return checkInterval
}

// free reports whether a request may leave without a visit if it has a place in flight: no window
// and no rate limits it.
func (t *turn) free() bool {
	return t.config.maxInFlight > 0 && t.config.interval == 0 && !t.limitedByServer()
}
