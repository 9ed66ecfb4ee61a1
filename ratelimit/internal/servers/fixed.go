package servers

import "time"

const (
	// shortWindow is the length up to which a lost second is a great part of a window.
	shortWindow = 2 * time.Second
	// fewest is the least limit with a held-back place, fewestForTwo the least with two. A place
	// that stays unused costs a fifth or a fiftieth of the limit at most. Of a short window two are
	// held back from fewestIfShort on: with one, each window is found some hundredths of a second
	// later than the one before, until one is lost.
	fewest, fewestIfShort, fewestForTwo = 5, 10, 50
	// mostHeldBack is the most places that are held back.
	mostHeldBack = 2
	// margin is how much after the stated end a place looks for it: the requests of a burst have
	// arrived by then. Only an end that is rounded to seconds is looked for after it, so the margin
	// is a fiftieth of the window at most.
	margin = 20 * time.Millisecond
	// earlyShare is the part of the time until the latest end by which a place looks before an end,
	// as a divisor: a quarter of a window of a second, whose latest end is two seconds away. It is
	// a round trip if that is longer, or the response would arrive after the end.
	// mostEarly is the most: the accuracy of a rounded reset.
	earlyShare, mostEarly = 8, time.Second / 2
	// recognized is the part of the limit that must be missing at the beginning of a window to
	// show a server that refills, as a divisor: a tenth. Fixed windows begin full.
	recognized = 10
)

// FixedWindow is a server that admits Limit requests per window. The responses state the places
// left and the end, which may be rounded to whole seconds in either direction.
//
// The last one or two places of a window are held back: the requests that take them show whether
// the next window has begun. They can't be refused. The zero value is in the state [Unknown].
type FixedWindow struct {
	window

	late bool      // the latest window began more than half a second after its stated beginning
	sent time.Time // the latest request that was no probe
	slot time.Time // the latest request, by the rules of Refilling
}

// NewFixedWindow returns a server in the state s.
func NewFixedWindow(s State) *FixedWindow { return &FixedWindow{window: window{state: s}} }

// Advance implements [Server].
func (f *FixedWindow) Advance(t Traffic) (ended Block) {
	f.giveUp(t)
	if f.state != Open || f.end.latest.After(t.Now) {
		return Block{}
	}
	if f.counts.remaining < t.Waiting {
		ended = Block{f.end.latest, f.end.since}
	}
	if f.counts.limit == 0 {
		f.window = f.forget(t)
		return ended
	}
	f.close(t)
	return ended
}

// Blocked implements [Server].
func (f *FixedWindow) Blocked() Block {
	if f.state == Open && f.counts.remaining <= 0 {
		return Block{f.end.latest, f.end.since}
	}
	return Block{}
}

// Next implements [Server].
func (f *FixedWindow) Next(t Traffic, deadline time.Time) (at time.Time, ok bool) {
	if f.waits() {
		return time.Time{}, false
	}
	at = f.Blocked().Until
	n, next := f.heldBack(t)
	if f.counts.remaining > n || !next.After(at) || next.Sub(t.Now) > t.MaxWait {
		return at, true
	}
	if !deadline.IsZero() && !next.Before(deadline) && f.single(t) {
		return at, true // A request that is the only one gets the last place before it is too late.
	}
	if next.After(f.end.latest) {
		next = f.end.latest // the others are free then as well
	}
	return next, true
}

// early is how much before an end a place looks for it, unless responses take longer.
func (f *FixedWindow) early() time.Duration { return f.end.latest.Sub(f.end.since) / earlyShare }

// far reports whether responses take so long that a burst may cross the end of the window.
func (f *FixedWindow) far(t Traffic) bool { return t.RoundTrip > f.early() }

// single reports whether there was no more than one request at a time for a window and a second.
func (f *FixedWindow) single(t Traffic) bool {
	return t.Contended.IsZero() || t.Now.Sub(t.Contended) > max(f.end.length, MaxProbe)
}

// heldBack returns how many of the last places are sent one by one, and when the next one is. The
// time is of use once no more than that are left.
//
//	places held back           first            second
//	two                        before stated    after stated
//	two, after a late window   stated           before latest
//	one                        after stated
//	one, after a late window   before latest
//	one, the end is certain    before stated
//
// A count that has risen before the stated end shows a server that refills, or a window that ended
// before. See DESIGN.md.
func (f *FixedWindow) heldBack(t Traffic) (n int, next time.Time) {
	short, certain := f.end.length <= shortWindow, f.end.slack == 0
	together := t.InFlight+t.Waiting > 1
	early := min(max(f.early(), t.RoundTrip), mostEarly)
	switch {
	case f.state != Open || f.counts.limit < fewest || f.end.stated.IsZero():
		return 0, t.Now
	case certain && short && together:
		return 1, f.end.stated.Add(-early)
	case certain || f.end.stated.Sub(t.Now) > shortWindow && (f.counts.limit < fewestForTwo || !together):
		return 0, t.Now
	}
	few := fewestForTwo
	if short {
		few = fewestIfShort
	}
	beforeStated, beforeLatest := f.end.stated.Add(-early), f.end.latest.Add(-early)
	afterStated := f.end.stated.Add(margin)
	switch {
	case f.counts.limit < few && f.late:
		return 1, beforeLatest
	case f.counts.limit < few:
		return 1, afterStated
	case f.counts.remaining == 1 && f.late:
		return mostHeldBack, beforeLatest
	case f.late:
		return mostHeldBack, f.end.stated
	case f.counts.remaining == 1:
		return mostHeldBack, afterStated
	}
	return mostHeldBack, beforeStated
}

// Probing implements [Server].
func (f *FixedWindow) Probing(t Traffic) bool {
	n, _ := f.heldBack(t)
	return f.state == Open && f.counts.remaining <= n
}

// Delayed implements [Server]. The requests of a fixed window are not spaced.
func (f *FixedWindow) Delayed(Traffic) {}

// Resume implements [Server]. A fixed window counts no time.
func (f *FixedWindow) Resume(time.Time) {}

// Admit implements [Server].
func (f *FixedWindow) Admit(t Traffic) (low int) {
	switch f.state {
	case Unknown:
		f.send(t)
	case Open:
		if n, _ := f.heldBack(t); f.counts.remaining <= n {
			f.send(t)
		} else {
			f.sent = t.Now
		}
		f.slot = latest(t.Now.Add(-t.CatchUp), f.slot)
		f.counts.remaining--
	case Ended:
		f.slot = t.Now
		f.admitEnded(t)
	}
	return f.counts.low
}

// Observe implements [Server].
func (f *FixedWindow) Observe(r Request, c Counts, t Traffic) (next Server, began bool, ended Block) {
	asProbe, probeSent := r.Seq == f.probe.seq, f.probe.sent
	f.Release(r.Seq)
	next = f
	m := f.classify(r, c, asProbe, t)
	if m == continues && c.HasReset && c.Remaining > r.Low && f.far(t) {
		m = begins // In one window it would have been counted below r.Low.
	}
	switch m {
	case begins:
		if f.state == Open {
			ended = Block{t.Now, f.end.since}
		}
		if next, began = f.begin(r, c, t), true; next != Server(f) {
			return next, false, Block{}
		}
	case continues:
		f.counts.remaining = min(f.counts.remaining, c.Remaining)
		f.lower(r, c, t)
	default:
		f.apply(m, c, t, probeSent)
	}
	f.settle(t)
	return next, began, ended
}

// begin begins the window that the response to r describes. If the window does not begin full, it
// returns a server that refills.
func (f *FixedWindow) begin(r Request, c Counts, t Traffic) Server {
	known := f.ends()
	another := c.HasLimit && f.counts.limit > 0 && c.Limit != f.counts.limit
	if c.HasLimit {
		f.counts.limit = c.Limit
	}
	uncounted := r.Uncounted
	if f.state == Ended {
		uncounted += f.counts.silent
	}
	if known && !another && f.missing(c, uncounted) > f.counts.limit/recognized {
		return newRefilling(f, r, c, t)
	}
	f.late = f.beginsLate(r, c, f.late)
	f.resets.add(c.Reset)
	f.state = Open
	f.end = end{
		stated: t.Now.Add(c.Reset), latest: t.Now.Add(c.Reset + c.Slack), since: t.Now,
		slack: c.Slack, length: max(f.end.length, c.Reset+c.Slack),
	}
	f.counts = counts{
		limit: f.counts.limit, remaining: max(0, c.Remaining-uncounted),
		epoch: t.Newest + 1, // Which window counted the requests in flight is not known.
		low:   c.Remaining, lowSeq: t.Newest, lowAt: r.heard(t), silent: uncounted,
	}
	return f
}

// Forget implements [Server].
func (f *FixedWindow) Forget(t Traffic) Server {
	f.window = f.forget(t)
	return f
}
