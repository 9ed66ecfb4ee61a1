package redislimit

import "time"

const (
	// checkInterval is how old the answer of Redis may be when a place is handed over, before that
	// starts a visit. At twice that age no place is handed over.
	checkInterval = maxPolls * pollInterval
	// turnLength is how long a process has one place more than others at least. If there are fewer
	// places than processes, each one gets its turn within that time.
	turnLength = time.Second
	// idleInterval is how long a process keeps a place that no request uses.
	idleInterval = pollInterval
)

// places are the places in flight that this process has, but no request. The next request takes
// one without a visit. The mu of the Limiter protects them.
//
// Only visits bring places. What a visit does not state, it returns. So Redis counts held+spare or
// more for this process at any time until the lease ends.
type places struct {
	spare     int
	idle      int       // the least that were spare since idleUntil was set
	idleUntil time.Time // the idle ones are returned then
	since     time.Time // when the process got a place by a visit, last
	handed    bool      // one was handed over since the latest visit
	refusals  int       // so many responses have refused a request

	// The others are the result of the latest visit.

	share      int       // the places that the process may have
	queued     bool      // it waits for one; the others let it pass
	free       bool      // see turn.free
	generation int64     // of the budget
	next       int64     // the sequence number of requests that leave without a visit
	checkAt    time.Time // from then on, handing over starts a visit
	handUntil  time.Time // no place is handed over later
}

// putBack returns the place of a request that has ended to this process, or lets a visit return it
// to Redis. l.mu must be held.
func (l *Limiter) putBack(now time.Time) {
	switch {
	case l.maxInFlight == 0:
		return
	case l.held+l.spare >= l.share: // It is 0 during an outage.
		l.freed = true
		return
	case l.spare == 0:
		l.idle, l.idleUntil = 1, now.Add(idleInterval)
	}
	l.spare++
	l.handOver(now)
	if l.spare > 0 && l.waiters.ready(now) > 0 {
		l.freed = true // The place goes to a waiter by a visit.
	}
}

// handOver admits waiters as long as they need no visit. l.mu must be held.
func (l *Limiter) handOver(now time.Time) {
	for l.waiters.ready(now) > 0 && l.hasGrant(now) {
		w, ok := l.nextToLeave(false, now)
		if !ok {
			return
		}
		l.waiters.admit(w, l.grantTo(l.takeGrant(now), now))
	}
}

// hasGrant reports whether a request may leave without a visit. l.mu must be held.
func (l *Limiter) hasGrant(now time.Time) bool {
	l.dropAhead(now)
	if now.Before(l.block.until) || l.maxInFlight > 0 && (l.spare == 0 || !now.Before(l.handUntil)) {
		return false
	}
	return l.free || len(l.unused) > 0
}

// takeGrant returns the grant of a request that leaves without a visit. hasGrant must be true. l.mu
// must be held.
func (l *Limiter) takeGrant(now time.Time) *grant {
	if l.maxInFlight > 0 {
		l.spare--
		l.idle = min(l.idle, l.spare)
		l.handed = true
	}
	if l.free {
		return &grant{
			owner: l, generation: l.generation, seq: l.next, admittedAt: now.Add(l.clockSkew).UnixMicro(),
			sentAt: now, skew: l.clockSkew, outages: l.outages,
		}
	}
	g := l.unused[0]
	l.unused = l.unused[1:]
	l.used++
	g.sentAt = now
	return g
}

// placesDue reports whether a visit is due that returns places, leaves the queue for them, or looks
// whether others wait for some. l.mu must be held.
func (l *Limiter) placesDue(now time.Time) bool {
	if l.spare > 0 && l.idle == 0 && !now.Before(l.idleUntil) {
		l.idle, l.idleUntil = l.spare, now.Add(idleInterval)
	}
	left := l.queued && l.waiters.Len() == 0 && l.held+l.spare == 0
	return l.freed || left || l.spare > 0 && !now.Before(l.idleUntil) || l.handed && !now.Before(l.checkAt)
}

// statePlaces adds the places to the next visit. It returns those to Redis that are idle or above
// the share. If requests want places, it gives the others to the visit. l.mu must be held.
func (l *Limiter) statePlaces(v *visit, now time.Time) {
	l.freed, l.handed, l.queued = false, false, false
	if !now.Before(l.idleUntil) {
		l.spare -= l.idle
		l.idle, l.idleUntil = l.spare, now.Add(idleInterval)
	}
	l.spare = max(min(l.spare, l.share-l.held), 0)
	if v.want > 0 {
		v.spare, l.spare = l.spare, 0
	}
	l.idle = min(l.idle, l.spare)
	v.held = l.held + l.spare + v.spare
	v.refusals, v.had = l.refusals, now.Sub(l.since)
}

// learnPlaces applies the answer to v. l.mu must be held.
func (l *Limiter) learnPlaces(v visit, a answer, now time.Time) {
	if int(a.given) > v.spare-a.spare {
		l.since = now
	}
	l.share, l.queued, l.free, l.generation, l.next = a.share, a.queued, a.free, a.generation, a.next
	age := min(checkInterval, l.lease/3) // The lease ends after three of them.
	l.checkAt, l.handUntil = a.at.Add(age), earlier(a.at.Add(2*age), a.leaseEnd)
	if v.refusals < l.refusals { // Redis does not know the latest one.
		l.handUntil = time.Time{}
	}
	if most := max(l.share-l.held, 0); l.spare > most { // Others may have them already.
		l.spare, l.idle, l.freed = most, min(l.idle, most), true
	}
}
