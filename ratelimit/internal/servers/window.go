package servers

import (
	"math"
	"time"
)

// State is the knowledge of a server's window.
type State int

// The states. In Unknown and Ended one request goes first, the probe, and the others wait for its
// response for [MaxProbe] at most.
const (
	// Unknown: no response has stated counts so far.
	Unknown State = iota
	// Silent: the responses state no counts.
	Silent
	// Open: the places and the end of the window are known.
	Open
	// Ended: the window has ended, and no response has described the next one.
	Ended
)

// String returns the name of s.
func (s State) String() string { return [...]string{"unknown", "silent", "open", "ended"}[s] }

// window is the life of a window, which both kinds of servers share.
type window struct {
	state  State
	probe  probe
	counts counts
	end    end
	resets resets
}

// probe is the request whose response decides about the others.
type probe struct {
	seq  uint64 // 0 if there is none
	sent time.Time
}

// counts are the places of a window.
type counts struct {
	limit     int    // 0 if never stated
	remaining int    // places left
	surplus   int    // in Ended: places that were left, and may be used without waiting
	epoch     uint64 // responses to requests before this one belong to an earlier window

	// The lowest count of a response, the newest request when it was observed, and when it arrived.
	// A higher count for a later request can only come from a new window.
	low    int
	lowSeq uint64
	lowAt  time.Time
	silent int // requests that may be counted in this window, without a response that states it
}

// end is the end of a window as far as it is known.
type end struct {
	stated time.Time     // first response + reset; zero if no response stated it
	latest time.Time     // the earliest of response + reset + slack: the window has ended by then
	since  time.Time     // when latest was learned
	slack  time.Duration // the rounding of the first response, 0 or a second
	length time.Duration // the longest reset + slack of all windows
}

// resets are the stated times to the reset.
type resets struct {
	latest  time.Duration
	longest time.Duration // the longest reset that was stated twice in a row, or more
}

// add notes the reset of the first response of a window. One absurd value does not count.
func (r *resets) add(d time.Duration) { r.longest, r.latest = max(r.longest, min(r.latest, d)), d }

// State implements [Server].
func (w *window) State() State { return w.state }

// Silence implements [Server].
func (w *window) Silence() { w.state, w.probe = Silent, probe{} }

// Probe implements [Server].
func (w *window) Probe() (seq uint64, sent time.Time) { return w.probe.seq, w.probe.sent }

// Window implements [Server].
func (w *window) Window() (limit, remaining int, until time.Time) {
	return w.counts.limit, w.counts.remaining, w.end.latest
}

// Withhold takes away n of the places that are left, because they were given to others.
func (w *window) Withhold(n int) { w.counts.remaining = max(0, w.counts.remaining-n) }

// Epoch returns the number of the first request that is certainly counted in this window or a later
// one.
func (w *window) Epoch() uint64 { return w.counts.epoch }

// Release implements [Server].
func (w *window) Release(seq uint64) {
	if seq == w.probe.seq {
		w.probe = probe{}
	}
}

// Lose implements [Server].
func (w *window) Lose(_ Request, t Traffic) {
	w.counts.silent++
	w.settle(t)
}

// Refuse implements [Server].
func (w *window) Refuse(seq uint64, first bool, t Traffic) (current bool) {
	if first && w.state == Open && w.end.stated.IsZero() {
		w.end.length += min(w.end.length/2, t.MaxWait) // It was assumed too short.
	}
	return seq >= w.counts.epoch
}

// waits reports whether all requests wait for the response to the probe.
func (w *window) waits() bool {
	return w.probe.seq != 0 && (w.state != Ended || w.counts.surplus == 0)
}

// send makes the request t.Newest the probe.
func (w *window) send(t Traffic) { w.probe = probe{t.Newest, t.Now} }

// giveUp ends the wait for a probe whose response is late.
func (w *window) giveUp(t Traffic) {
	if w.probe.seq == 0 || t.Now.Sub(w.probe.sent) < MaxProbe {
		return
	}
	sent := w.probe.sent
	w.probe = probe{}
	switch w.state {
	case Unknown:
		w.state = Silent // until a response states counts
	case Ended:
		w.assume(sent, t)
	}
}

// assume begins a window that no response has described: one like the last, and a twentieth longer,
// because its beginning is not known.
func (w *window) assume(sent time.Time, t Traffic) {
	w.state = Open
	w.end.stated, w.end.latest, w.end.since = time.Time{}, sent.Add(w.end.length+w.end.length/20), t.Now
	w.counts.surplus = 0
}

// close ends the window because its time is over.
func (w *window) close(t Traffic) {
	c := &w.counts
	w.state, w.probe = Ended, probe{}
	w.end.latest, w.end.since = time.Time{}, time.Time{}
	c.remaining, c.surplus = c.limit, c.remaining
	c.epoch = t.Newest + 1
	c.low, c.silent = math.MaxInt, 0
}

// forget returns the window after which one request goes first, to find what there is.
func (w *window) forget(t Traffic) window {
	return window{counts: counts{limit: w.counts.limit, epoch: t.Newest + 1}, resets: w.resets}
}

// A meaning is the meaning of a response for the window.
type meaning int

const (
	nothing   meaning = iota
	earlier           // counted in an earlier window, or perhaps in the one that no response has described
	uncounted         // counted in this window, without counts
	unstated          // the response to a probe, without counts
	begins            // the first response of a window
	continues         // a further response of this window
)

// classify returns the meaning of a response.
func (w *window) classify(r Request, c Counts, asProbe bool, t Traffic) meaning {
	switch {
	case r.Seq < w.counts.epoch && w.state == Ended && w.lasted(r.heard(t), t):
		return nothing // It was observed late, and the next window does not count it.
	case r.Seq < w.counts.epoch && w.state == Ended:
		return earlier
	case r.Seq < w.counts.epoch:
		return nothing
	case w.state == Open && c.HasRemaining:
		if w.newer(r, c) {
			return begins
		}
		return continues
	case c.HasRemaining && c.HasReset:
		return begins
	case w.state == Open:
		return uncounted
	case asProbe && !r.Refused:
		return unstated
	}
	return nothing
}

// newer reports whether a response comes from a window after this one: its earliest end, for any
// rounding, is after the latest end of this one, or the count rose for a request that was sent
// after the lowest count had arrived.
func (w *window) newer(r Request, c Counts) bool {
	if !c.HasReset {
		return false
	}
	return r.Sent.Add(c.Reset-time.Second).After(w.end.latest) ||
		c.Remaining > w.counts.low && (r.Seq > w.counts.lowSeq || r.Sent.After(w.counts.lowAt))
}

// lasted reports whether the window, which has ended, certainly had not ended at that time: its end
// may have been rounded up by a second, and was stated a round trip later.
func (w *window) lasted(at time.Time, t Traffic) bool {
	return !w.end.stated.IsZero() && at.Before(w.end.stated.Add(-time.Second-t.RoundTrip))
}

// apply changes the window for the meanings that need no knowledge of the kind of server.
func (w *window) apply(m meaning, c Counts, t Traffic, probeSent time.Time) {
	switch m {
	case earlier, uncounted:
		w.counts.silent++
	case unstated:
		if w.state == Unknown {
			w.state = Silent
			return
		}
		if w.state == Ended {
			w.assume(probeSent, t)
			if c.HasRemaining {
				w.counts.remaining = min(w.counts.remaining, c.Remaining)
			}
		}
	}
}

// settle takes the lowest count as the truth when all responses have arrived.
func (w *window) settle(t Traffic) {
	c := &w.counts
	if w.state == Open && t.Pending == 0 && c.low < math.MaxInt {
		c.remaining = max(c.remaining, c.low-c.silent)
	}
}

// beginsLate reports whether the next window, which the response to r describes, begins more than
// half the rounding after the stated end. If the places were not used up, or the end is not known,
// it returns late, the knowledge so far.
func (w *window) beginsLate(r Request, c Counts, late bool) bool {
	used := w.state == Ended || w.counts.remaining == 0
	if !used || !c.HasReset || c.Slack == 0 || w.end.stated.IsZero() {
		return late
	}
	return r.Sent.After(w.end.stated.Add(c.Slack / 2))
}

// ends reports whether the end of the window was stated, so that the next one begins after it. A
// window that was assumed may still last.
func (w *window) ends() bool {
	return (w.state == Open || w.state == Ended) && !w.end.stated.IsZero()
}

// missing returns how many places of a window are taken at its first response, beyond the request
// itself and those that may have been counted with it. A fixed window begins with at most 0.
func (w *window) missing(c Counts, uncounted int) int {
	return w.counts.limit - min(c.Remaining, w.counts.limit) - 1 - uncounted
}

// lower merges a further response into the window. Responses overtake each other, so the lowest
// count and the earliest end are the nearest to the truth.
func (w *window) lower(r Request, c Counts, t Traffic) {
	if c.HasLimit {
		w.counts.limit = c.Limit
	}
	if c.Remaining <= w.counts.low {
		w.counts.low, w.counts.lowSeq, w.counts.lowAt = c.Remaining, t.Newest, r.heard(t)
	}
	if !c.HasReset {
		return
	}
	if until := t.Now.Add(c.Reset + c.Slack); until.Before(w.end.latest) {
		w.end.latest, w.end.since = until, t.Now
	}
}

// admitEnded takes a place in the state Ended. Many requests may fail before a response states how
// many places are left, so one place always stays.
func (w *window) admitEnded(t Traffic) {
	c := &w.counts
	if c.surplus == 0 {
		w.send(t)
	} else {
		c.surplus--
	}
	c.remaining = max(c.remaining-1, min(1, c.limit))
}
