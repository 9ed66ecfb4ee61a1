package servers

import "time"

const (
	// reserve is how many places a server that refills is left with.
	reserve = 3
	// fullWindows is the number of windows that begin full after which a server no longer counts
	// as one that refills.
	fullWindows = 20
	// fewRequests is how many requests there are at least between two refusals that are no
	// reason to assume a longer period.
	fewRequests = 20
)

// Refilling is a server whose places come back one by one: a token bucket or a sliding window. Its
// requests are spaced: the limit over the period, and more widely when few places are left.
// [FixedWindow] becomes a Refilling when a window does not begin full.
type Refilling struct {
	window
	period period

	counted uint64 // the latest request whose count was taken
	full    int    // windows that must begin full until it is a fixed window
	late    bool   // the latest window of the fixed window was late

	slot      time.Time // of the latest request
	burst     time.Time // the latest request that was not spaced
	idleUntil time.Time // the end of the latest time in which nothing was sent
	contended time.Time // when a request waited because of the spacing
}

// newRefilling returns the server that f has turned out to be by the response to r.
func newRefilling(f *FixedWindow, r Request, c Counts, t Traffic) Server {
	s := &Refilling{
		window: f.window, late: f.late, slot: f.slot, burst: f.sent, idleUntil: t.Now, contended: t.Now,
	}
	next := s.rise(r, c, t)
	s.settle(t)
	return next
}

// Advance implements [Server].
func (s *Refilling) Advance(t Traffic) (ended Block) {
	s.giveUp(t)
	until := s.reopens()
	if s.state != Open || until.After(t.Now) {
		return Block{}
	}
	if s.counts.remaining < t.Waiting {
		ended = Block{until, s.end.since}
	}
	if s.counts.remaining > 0 {
		s.end.latest, s.end.since = until.Add(max(s.end.length, MaxProbe)), until
		return ended
	}
	s.idleUntil = latest(s.idleUntil, until)
	s.close(t)
	return ended
}

// reopens returns when the server has places again: by the end of the window, or before, if its
// places were not taken all at once. How much before is a guess, which is rarely needed.
func (s *Refilling) reopens() time.Time {
	if s.counts.remaining > 0 || s.counts.limit == 0 {
		return s.end.latest
	}
	period := s.period.duration(s.resets)
	each := period / time.Duration(s.counts.limit)
	back := s.burst.Add(period)
	if s.slot.After(back) {
		back = s.slot.Add(min(10*each, 3*each+period/12))
	}
	if back = back.Add(period / 20); back.Before(s.end.latest) {
		return back
	}
	return s.end.latest
}

// Blocked implements [Server].
func (s *Refilling) Blocked() Block {
	if s.state == Open && s.counts.remaining <= 0 {
		return Block{s.reopens(), s.end.since}
	}
	return Block{}
}

// Next implements [Server].
func (s *Refilling) Next(t Traffic, _ time.Time) (at time.Time, ok bool) {
	if s.waits() {
		return time.Time{}, false
	}
	at = s.Blocked().Until
	if s.state == Open {
		at = latest(at, s.slot.Add(s.spacing(t)))
	}
	return at, true
}

// Probing implements [Server]. No place is held back.
func (s *Refilling) Probing(Traffic) bool { return false }

// Delayed implements [Server].
func (s *Refilling) Delayed(t Traffic) {
	if s.spacing(t) > 0 {
		s.contended = t.Now
	}
}

// Resume implements [Server].
func (s *Refilling) Resume(until time.Time) { s.idleUntil = until }

// spacing returns the distance to the next request: the period over the limit, and more where only
// a reserve is left. So places come back as they were taken, one by one. A burst after a quiet time
// is not spaced.
func (s *Refilling) spacing(t Traffic) time.Duration {
	limit, remaining := s.counts.limit, s.counts.remaining
	fourfold := 4 * int64(remaining)
	period := s.period.duration(s.resets)
	if limit < 2 || fourfold >= int64(limit) && t.Now.Sub(s.contended) > period {
		return 0
	}
	each := min(period/time.Duration(limit), t.MaxWait)
	keep := min(max(reserve, t.InFlight), max(1, limit/25))
	switch {
	case fourfold > int64(limit) && t.Now.Sub(latest(s.burst, s.idleUntil)) > period:
		return each * 2 / 3 // More is left than comes back: a bucket.
	case remaining > keep || remaining <= 0:
		return each
	}
	return min(each*time.Duration(limit)/time.Duration(limit-keep)<<(3*(keep-remaining)/keep), t.MaxWait)
}

// Admit implements [Server].
func (s *Refilling) Admit(t Traffic) (low int) {
	switch s.state {
	case Unknown:
		s.send(t)
	case Open:
		gap := s.spacing(t)
		if gap == 0 {
			s.burst = t.Now
		}
		s.slot = latest(t.Now.Add(-t.CatchUp), s.slot.Add(gap))
		s.counts.remaining--
	case Ended:
		s.slot = t.Now
		s.admitEnded(t)
	}
	return s.counts.low
}

// Observe implements [Server].
func (s *Refilling) Observe(r Request, c Counts, t Traffic) (next Server, began bool, ended Block) {
	asProbe, probeSent := r.Seq == s.probe.seq, s.probe.sent
	s.Release(r.Seq)
	next = s
	if r.Seq >= s.counts.epoch && c.HasRemaining {
		s.period.doubt(r, c, s.counts.limit, s.resets, t)
	}
	switch m := s.classify(r, c, asProbe, t); m {
	case begins:
		next = s.rise(r, c, t)
	case continues:
		if r.Seq > s.counted {
			s.counts.remaining, s.counted = max(0, c.Remaining-r.Uncounted), r.Seq
		}
		s.lower(r, c, t)
	default:
		s.apply(m, c, t, probeSent)
	}
	s.settle(t)
	return next, next != Server(s), Block{}
}

// rise takes the count of a response that is higher than the one before. After some windows in a
// row that begin full it returns a fixed window.
func (s *Refilling) rise(r Request, c Counts, t Traffic) Server {
	another := c.HasLimit && s.counts.limit > 0 && c.Limit != s.counts.limit
	if c.HasLimit {
		s.counts.limit = c.Limit
	}
	uncounted, silent := r.Uncounted, 0
	if s.state == Ended {
		uncounted += s.counts.silent
		silent = s.counts.silent
	}
	if !another && s.ends() {
		if missing := s.missing(c, uncounted); missing > s.counts.limit/recognized {
			s.full = fullWindows
		} else if missing <= 0 {
			s.full--
		}
	}
	if s.full == 0 {
		f := &FixedWindow{window: s.window, late: s.late, sent: s.burst, slot: s.slot}
		return f.begin(r, c, t)
	}
	s.late = s.beginsLate(r, c, s.late)
	s.resets.add(c.Reset)
	e := end{stated: t.Now.Add(c.Reset), latest: t.Now.Add(c.Reset + c.Slack), since: t.Now, slack: c.Slack}
	if s.state == Open && s.end.stated.After(t.Now) && s.end.stated.Before(e.stated) {
		e = s.end // That some places are back by then is still true.
	}
	e.length = max(s.end.length, c.Reset+c.Slack)
	s.state, s.end, s.counted = Open, e, r.Seq
	s.counts = counts{
		limit: s.counts.limit, remaining: max(0, c.Remaining-uncounted),
		epoch: s.counts.epoch, low: c.Remaining, lowSeq: t.Newest, lowAt: r.heard(t), silent: silent,
	}
	return s
}

// Forget implements [Server].
func (s *Refilling) Forget(t Traffic) Server {
	s.window = s.forget(t)
	return s
}
