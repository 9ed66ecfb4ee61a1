package redislimit

import (
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

const (
	// pollInterval is the time before another look at a state that other processes change.
	pollInterval = 10 * time.Millisecond
	// spreadInterval is the same while the requests that waited for a window leave.
	spreadInterval = 3 * pollInterval
	// maxPolls is the most poll intervals to the next look for a place in flight.
	maxPolls = 20
	// catchUp is the delay of a request that the next one makes up for: two waits of two poll
	// intervals.
	catchUp = 4 * pollInterval
	// leastShare is the least number of places in a window for each process with which some are
	// given ahead. plentyPart is the part of the window that must be left for it, as a divisor.
	leastShare, plentyPart = 20, 40
)

// turn is one visit to a budget. It has what is true at its time only.
type turn struct {
	*budget
	config  *config
	visit   visit
	now     time.Time
	own     record
	others  record   // the sums of all other processes
	rivals  []record // of those that wait for a place in flight
	pending int      // of all processes, those included whose responses are in the visit
	spare   int      // places in flight of the process that no request has
}

// apply makes the visit v at the time now, and returns the answer to it. It reports whether other
// processes need to know of it.
func (b *budget) apply(v visit, c *config, now time.Time) (a answer, changed bool) {
	t := turn{budget: b, config: c, visit: v, now: later(now, b.visited), spare: v.spare}
	b.visited = t.now
	t.own = b.processes[v.process]
	t.own.held, t.own.pending, t.own.waiting, t.own.ahead = v.held, v.pending, v.want, v.ahead
	t.count()
	if v.outage > 0 && b.updated.Before(t.now.Add(-v.outage)) { // No process reported the requests of the outage.
		b.server, b.updated = b.server.Forget(t.traffic()), t.now
	}
	t.advance()
	for _, r := range v.responses {
		t.observe(r)
	}
	before, had := b.processes[v.process]
	seq := b.seq
	a = t.admitAll()
	changed = b.seq > seq || len(v.responses) > 0 || v.outage > 0 || b.visits == 0 || v.process == ""
	return a, changed || t.recordDiffers(before, had)
}

// recordDiffers reports whether the record of the process must be stored instead of the one from
// before, if it had one. A process that only waits is not stored for that.
func (t *turn) recordDiffers(before record, had bool) bool {
	needed := t.own.held+t.own.pending > 0 || !t.own.ticket.IsZero()
	switch {
	case !had || !needed:
		return had && (before.held+before.pending > 0 || !before.ticket.IsZero()) || needed
	case t.config.maxInFlight > 0 && before.held != t.own.held, !before.ticket.Equal(t.own.ticket):
		return true
	case !t.own.ticket.IsZero() && before.ticketEnd.Sub(t.now) < maxVisitInterval/2:
		return true
	}
	return before.leaseEnd.Sub(t.now) < t.config.lease*2/3
}

// count adds up the requests of all other processes, and those of this one. It drops the records
// whose lease has ended.
func (t *turn) count() {
	if t.own.ticketEnd.Before(t.now) {
		t.own.ticket = time.Time{}
	}
	for id, r := range t.processes {
		if id == t.visit.process {
			continue
		}
		if r.leaseEnd.Before(t.now) {
			delete(t.processes, id)
			continue
		}
		t.others.add(r, t.now)
		if !r.ticket.IsZero() && !r.ticketEnd.Before(t.now) {
			t.rivals = append(t.rivals, r)
		}
	}
	t.pending = t.others.pending + t.own.pending
	for _, r := range t.visit.responses {
		if r.generation != t.generation || !r.first {
			continue
		}
		t.pending++
		if r.ahead {
			t.own.ahead++
		}
	}
	if t.pending == 0 {
		t.recent = nil
	}
}

// traffic describes the requests of all processes. A process does not report that a request with a
// response has ended, so only those without one are known to be in flight.
func (t *turn) traffic() servers.Traffic {
	return servers.Traffic{
		Now: t.now, Newest: t.seq, InFlight: t.pending, Pending: t.pending,
		Waiting: t.others.waiting + t.own.waiting, Contended: t.contended, MaxWait: t.config.maxWait,
		RoundTrip: t.visit.roundTrip, CatchUp: catchUp,
	}
}

// advance applies the time to all limits.
func (t *turn) advance() {
	if ended := t.pause.Advance(t.now); !ended.Until.IsZero() {
		t.server.Resume(ended.Until)
	}
	t.server.Advance(t.traffic())
	t.server, _ = t.pause.Recheck(t.server, t.traffic())
}

// observe learns from the response r.
func (t *turn) observe(r response) {
	current := r.generation == t.generation
	if current && r.first {
		t.pending--
		if r.ahead {
			t.own.ahead--
		} else {
			t.recent = t.recent.add(timeOf(r.admittedAt), -1)
		}
	}
	age := max(t.visit.began.Sub(r.arrivedAt), 0)
	t.observeRefusal(r, current, age)
	req := servers.Request{
		Seq: uint64(r.seq), Sent: r.sent(), Low: r.low, Refused: r.refused, Heard: t.now.Add(-age),
		Uncounted: t.recent.since(r.sent().Add(-servers.MaxProbe)) + t.others.ahead + t.own.ahead,
	}
	switch {
	case !current:
	case r.status == unused:
		t.server.Release(req.Seq) // It may be the probe.
	case r.status == 0:
		t.server.Lose(req, t.traffic())
		t.server.Release(req.Seq)
	default:
		c := servers.Counts(r.window)
		c.Reset = max(c.Reset-age, 0)
		var began bool
		_, left, until := t.server.Window()
		strangers := t.server.State() == servers.Open && req.Seq >= t.epoch() &&
			c.HasRemaining && c.Remaining < left // Our own requests don't explain that.
		if t.server, began, _ = t.server.Observe(req, c, t.traffic()); began && t.others.waiting+t.own.waiting > 0 {
			t.began = t.now
		}
		if f, fixed := t.server.(*servers.FixedWindow); strangers && fixed && !began {
			t.strangersEnd = until.Add(t.config.maxWait)
			f.Withhold(t.others.ahead + t.own.ahead)
		}
		if c.HasRemaining {
			t.updated = t.now
		}
	}
	t.advance()
}

// observeRefusal learns from whether r is a refusal.
func (t *turn) observeRefusal(r response, current bool, age time.Duration) {
	if !r.refused {
		if r.status > 0 {
			t.pause.Accept()
		}
		return
	}
	traffic := t.traffic()
	wait := r.wait
	if !current || !t.server.Refuse(uint64(r.seq), t.pause.First(uint64(r.seq)), traffic) {
		wait = r.retryAfter // It has another reason than this window.
	}
	seq := uint64(0)
	if current {
		seq = uint64(r.seq)
	}
	wait = t.pause.Wait(max(wait, 0), seq, traffic)
	t.pause.Extend(wait-age, t.now)
}

// admitAll admits the requests of this process that may leave now.
func (t *turn) admitAll() answer {
	a := answer{now: t.now.UnixMicro(), generation: t.generation, firstSeq: int64(t.seq) + 1, want: t.visit.want}
	share := t.share()
	t.returnSpare(t.own.held - share.places)
	queued := false
	last := t.lastToken()
	for n := t.visit.want; n > 0; n-- {
		if t.pending+t.own.waiting > 1 {
			t.contended = t.now
		}
		at, ok := t.next()
		if !ok || at.After(last) {
			t.returnSpare(t.spare)
			t.delayed(&a, at, ok)
			break
		}
		if queued = t.queued(); queued {
			if d := t.pollAfter(); d > 0 {
				a.nextVisit = t.now.Add(d).UnixMicro()
			}
			break
		}
		if t.spreads() {
			t.returnSpare(t.spare)
			a.nextVisit = ceilMicro(t.now.Add(spreadInterval))
			break
		}
		a.low = t.admit()
		a.given++
		a.delays = append(a.delays, at.Sub(t.now))
		if seq, _ := t.server.Probe(); seq == t.seq {
			a.probeSeq = int64(seq)
		}
	}
	if (queued || a.given == int64(t.visit.want)) && a.probeSeq == 0 && t.plenty() && !t.spreads() {
		t.admitAhead(&a)
	}
	if _, _, until := t.server.Window(); t.own.ahead > 0 && !until.IsZero() {
		t.own.aheadEnd = until.Add(servers.MaxProbe)
	}
	t.own.leaseEnd, t.own.ticketEnd = t.now.Add(t.config.lease), t.now.Add(maxVisitInterval)
	switch { // Places in flight go to the processes in turn.
	case !queued:
		t.own.ticket = time.Time{}
	case t.own.ticket.IsZero() || a.given > 0:
		t.own.ticket = t.now
	}
	if id := t.visit.process; id != "" && (t.own.held > 0 || t.own.pending > 0 || t.own.waiting > 0) {
		t.processes[id] = t.own
	} else {
		delete(t.processes, id)
	}
	t.describe(&a)
	a.share, a.queued = t.share().places, queued
	if a.spare, a.free = t.spare, t.free(); a.free && !t.pause.First(t.seq) {
		t.seq++ // The requests that leave from now on are later than the refusal.
	}
	a.next = int64(t.seq)
	return a
}

// epoch returns the number of the first request of the window, as far as that is known.
func (t *turn) epoch() uint64 {
	if f, fixed := t.server.(*servers.FixedWindow); fixed {
		return f.Epoch()
	}
	return 0
}

// spreads reports whether the next request waits because a window has just begun. The requests that
// waited for it leave over a tenth of the window, at most maxJitter, so that each process gets
// some.
func (t *turn) spreads() bool {
	f, fixed := t.server.(*servers.FixedWindow)
	if !fixed || f.State() != servers.Open {
		return false
	}
	limit, _, until := f.Window()
	spread, since := min(until.Sub(t.began)/10, maxJitter), t.now.Sub(t.began)
	sent := t.seq + 1 - min(f.Epoch(), t.seq+1)
	return since < spread && float64(sent) >= float64(limit)*float64(since+spreadInterval)/float64(spread)
}

// plenty reports whether places may be given ahead, and most responses may be reported late: in a
// fixed window that leaves much for each process, if nobody else uses it.
func (t *turn) plenty() bool {
	f, fixed := t.server.(*servers.FixedWindow)
	if !fixed || f.State() != servers.Open || t.config.interval > 0 {
		return false
	}
	limit, remaining, _ := f.Window()
	return limit >= leastShare*t.active() && remaining >= limit/plentyPart && !t.strangersEnd.After(t.now)
}

// active returns how many processes share the budget now.
func (t *turn) active() int {
	if _, known := t.processes[t.visit.process]; known {
		return len(t.processes)
	}
	return len(t.processes) + 1
}

// admitAhead gives the process places ahead of its requests, if it wants some: up to half of its
// share of the places that are left.
func (t *turn) admitAhead(a *answer) {
	_, remaining, _ := t.server.Window()
	for range min(t.visit.wantAhead, remaining/(2*t.active())) {
		if at, ok := t.next(); !ok || at.After(t.now) || t.server.Probing(t.traffic()) {
			break
		}
		t.seq++
		a.low = t.server.Admit(t.traffic())
		t.pending++
		t.own.pending++
		t.own.ahead++
		a.ahead++
	}
}

// next returns the earliest time at which the next request may leave. It reports false if that
// depends on a response.
func (t *turn) next() (at time.Time, ok bool) {
	at = later(t.now, t.pause.Until)
	if t.limitedByServer() {
		var deadline time.Time
		if left := t.visit.timeLeft; left >= 0 {
			deadline = t.now.Add(left)
		}
		free, ok := t.server.Next(t.traffic(), deadline)
		if !ok {
			return time.Time{}, false
		}
		at = later(at, free)
	}
	return t.nextToken(at), true
}

// limitedByServer reports whether the server's window limits the requests.
func (t *turn) limitedByServer() bool {
	return t.server.State() != servers.Unknown || t.config.readsHeaders()
}

// delayed notes in a when the next request may leave, as next has returned it, and when to ask
// again.
func (t *turn) delayed(a *answer, at time.Time, ok bool) {
	blocked := t.pause.Blocked(t.server).Until
	soon := t.now.Add(2 * pollInterval)
	if !ok {
		_, sent := t.server.Probe()
		at = earlier(soon, sent.Add(servers.MaxProbe))
		if _, _, until := t.server.Window(); t.server.State() == servers.Open {
			at = earlier(at, until)
		}
		a.nextVisit = ceilMicro(later(at, t.now))
		return
	}
	t.server.Delayed(t.traffic())
	if _, fixed := t.server.(*servers.FixedWindow); !fixed && at.After(blocked) {
		at = later(at, soon)
		a.nextVisit = at.UnixMicro()
		return
	}
	a.nextVisit = ceilMicro(at)
	if t.reserves() {
		a.nextVisit = ceilMicro(at.Add(-maxReserve))
	}
	if !at.After(blocked) || t.config.interval > 0 {
		a.nextPlace = ceilMicro(at)
	}
}

// admit takes a place of each limit for a request that leaves now, and returns the lowest count of
// its window.
func (t *turn) admit() (low int) {
	t.seq++
	if t.limitedByServer() {
		low = t.server.Admit(t.traffic())
	}
	t.full = later(t.full, t.now).Add(t.config.tokens(1))
	t.recent = t.recent.add(t.now, 1)
	t.pending++
	if t.spare > 0 {
		t.spare--
	} else {
		t.own.held++
		t.visit.had = 0
	}
	t.own.pending++
	t.own.waiting--
	return low
}

// describe fills in the state of the window.
func (t *turn) describe(a *answer) {
	a.remaining, a.plenty, a.yields = -1, t.plenty(), t.yields()
	a.pauseEnd = microTime(t.pause.Until)
	if t.pause.Until.Before(t.now) {
		a.pauseEnd = 0
	}
	until := t.pause.Until
	if seq, _ := t.server.Probe(); seq == 0 { // Otherwise the end of the window is not certain.
		until = t.pause.Blocked(t.server).Until
	}
	if until.After(t.now) {
		a.blockedUntil = ceilMicro(until)
	}
	state := t.server.State()
	if state != servers.Open && state != servers.Ended {
		return
	}
	limit, remaining, until := t.server.Window()
	a.limit, a.remaining, a.windowEnd = int64(limit), int64(max(remaining, 0)), microTime(until)
	if f, fixed := t.server.(*servers.FixedWindow); fixed && state == servers.Open {
		a.windowSeq = int64(f.Epoch())
	}
}
