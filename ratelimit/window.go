package ratelimit

import (
	"math"
	"time"
)

const (
	maxAlone   = time.Second           // a slow reply must not hold everybody back
	short      = 2 * time.Second       // windows of which a lost second is a great part
	reserve    = 3                     // places that a server that refills all the time is left with
	sureSmooth = 20                    // full windows after which a server no longer counts as refilling
	senseless  = 10 * time.Millisecond // a shorter wait is none
	lookLater  = 20 * time.Millisecond // what left all at once comes back so
	few        = 20                    // requests of which one is refused too often
	fewest     = 5                     // the smallest limit of which a place is kept
)

type state int

const (
	unknown state = iota // one request goes alone, to learn
	free                 // the server tells nothing
	known                // window holds
	over                 // window has ended; one request goes alone, to see the next
)

type window struct {
	block               // its latest end; zero if over
	told      time.Time // its end as the first reply told it, without the slack of rounding; zero if it was assumed
	length    time.Duration
	limit     int    // 0 if never told
	remaining int    // what may still be sent
	sure      int    // how many may go at once though the window is over: what was left of it
	first     uint64 // replies to requests before this one belong to an earlier window

	// The lowest count that a reply told, and the latest permit at that time.
	// A higher count for a later permit can only come from a new window.
	low    int
	lowSeq uint64
	latest uint64 // the latest permit whose count was taken, of a server that refills all the time
	silent int    // requests of this window whose count nobody told
}

// block is a time before which nothing is sent, and when that was learned.
type block struct{ until, since time.Time }

// observe learns from w, a reply to p. It reports that a window began, which is none of a server
// that refills all the time.
func (l *Local) observe(p Permit, w Window, refused bool, now time.Time) (began bool) {
	current := p.Seq >= l.window.first
	alone := p.Seq == l.scout
	if alone {
		l.scout = 0
	}
	if current && l.smooth > 0 && w.HasRemaining {
		l.doubt(p, w, refused, now)
	}
	switch {
	case !current && l.state == over:
		l.window.silent++ // It may have been counted after the one that goes alone.
	case !current:
	case l.state == known && w.HasRemaining:
		if began = l.newer(p, w); began {
			if l.smooth == 0 {
				l.leave(block{now, l.window.since})
			}
			l.adopt(p, w, now)
			break
		}
		l.merge(p, w, now)
	case w.HasRemaining && w.HasReset:
		began = true
		l.adopt(p, w, now)
	case l.state == known:
		l.window.silent++
	case refused:
	case l.state == over && alone:
		l.assume(now)
		if w.HasRemaining {
			l.window.remaining = min(l.window.remaining, w.Remaining)
		}
	case l.state == unknown && alone:
		l.state = free
	}
	l.settle()
	return began && l.smooth == 0
}

// newer reports that a reply to p comes from a window after the one held.
func (l *Local) newer(p Permit, w Window) bool {
	if !w.HasReset {
		return false
	}
	// Its earliest end, as if p had been counted at once and Reset rounded
	// up, is later than the latest end of the one held.
	if p.At.Add(w.Reset - time.Second).After(l.window.until) {
		return true
	}
	return w.Remaining > l.window.low && p.Seq > l.window.lowSeq
}

// uncounted is how many the server may count after p, and how many of them belong
// to an earlier window. Requests overtake each other.
func (l *Local) uncounted(p Permit) (n, earlier int) {
	for seq, held := range l.flight {
		if !held.seen && (seq > p.Seq || p.At.Sub(held.at) < maxAlone) {
			n++
			if seq < l.window.first {
				earlier++
			}
		}
	}
	return n, earlier
}

// adopt starts with the window that a reply to p tells.
func (l *Local) adopt(p Permit, w Window, now time.Time) {
	another := w.HasLimit && l.window.limit > 0 && w.Limit != l.window.limit
	if w.HasLimit {
		l.window.limit = w.Limit
	}
	uncounted, ignored := l.uncounted(p)
	if l.state == over {
		uncounted += l.window.silent
		ignored += l.window.silent
	}
	if !another && (l.state == known || l.state == over) {
		// A fixed window begins full, but for those on their way. A bucket
		// or a sliding window that was empty is no longer so, and not full.
		if missing := l.window.limit - w.Remaining - 1 - uncounted; missing > l.window.limit/10 {
			if l.smooth == 0 {
				l.scarce, l.stood = now, now
			}
			l.smooth = sureSmooth
		} else if missing <= 0 && l.smooth > 0 {
			l.smooth--
		}
	}
	if w.HasReset && w.Slack > 0 && !l.window.told.IsZero() && (l.state == over || l.window.remaining == 0) {
		l.late = p.At.After(l.window.told.Add(w.Slack / 2))
	}
	l.longest, l.claimed = max(l.longest, min(l.claimed, w.Reset)), w.Reset
	first := l.window.first
	if l.smooth == 0 {
		first, ignored = l.seq+1, uncounted // Which window counted those on their way is not known.
	}
	end, told := block{now.Add(w.Reset + w.Slack), now}, now.Add(w.Reset)
	if old := &l.window; l.state == known && l.smooth > 0 && old.told.After(now) && old.told.Before(told) {
		end, told = old.block, old.told // That something leaves by then is still true.
	}
	l.state = known
	l.window = window{
		block:     end,
		told:      told,
		length:    max(l.window.length, w.Reset+w.Slack),
		limit:     l.window.limit,
		remaining: max(0, w.Remaining-uncounted),
		first:     first,
		low:       w.Remaining,
		lowSeq:    l.seq,
		latest:    p.Seq,
		silent:    ignored,
	}
}

// merge adds what a reply tells of the window held. Replies overtake each
// other, so the lowest count and the earliest end are the nearest to the truth.
func (l *Local) merge(p Permit, w Window, now time.Time) {
	if w.HasLimit {
		l.window.limit = w.Limit
	}
	switch {
	case l.smooth == 0:
		l.window.remaining = min(l.window.remaining, w.Remaining)
	case p.Seq > l.window.latest:
		uncounted, _ := l.uncounted(p)
		l.window.remaining, l.window.latest = max(0, w.Remaining-uncounted), p.Seq
	}
	if w.Remaining <= l.window.low {
		l.window.low, l.window.lowSeq = w.Remaining, l.seq
	}
	if end := now.Add(w.Reset + w.Slack); w.HasReset && end.Before(l.window.until) {
		l.window.block = block{end, now}
	}
}

// settle takes the lowest count as the truth once every reply is there.
func (l *Local) settle() {
	w := &l.window
	if l.state == known && l.pending == 0 && w.low < math.MaxInt {
		w.remaining = max(w.remaining, w.low-w.silent)
	}
}

// assume starts a window of which no reply told anything: one like the last.
func (l *Local) assume(now time.Time) {
	l.state = known
	l.window.block, l.window.told = block{l.alone.Add(l.window.length + l.window.length/20), now}, time.Time{}
	l.window.sure = 0
}

// roll ends the window that time has overtaken.
func (l *Local) roll() {
	w := &l.window
	w.until = l.reopens()
	if w.remaining < l.queue.len() {
		l.leave(w.block)
	}
	if w.limit == 0 {
		l.forget()
		return
	}
	if l.smooth > 0 && w.remaining > 0 {
		w.block = block{w.until.Add(max(w.length, maxAlone)), w.until}
		return
	}
	l.state, l.scout = over, 0
	l.stood = latest(l.stood, w.until)
	w.block = block{}
	w.remaining, w.sure = w.limit, w.remaining
	w.first = l.seq + 1
	w.low, w.silent = math.MaxInt, 0
}

func (l *Local) forget() {
	l.state, l.scout = unknown, 0
	l.window = window{limit: l.window.limit, first: l.seq + 1}
	l.warned = time.Time{}
}

// kept is how many of the last places are sent one by one, and when the next
// one is. They show whether the server has begun again, at no risk: a place that
// turns out to be of the old window was free.
func (l *Local) kept(now time.Time) (n int, at time.Time) {
	w := &l.window
	switch {
	case l.state != known || w.limit < fewest || w.told.IsZero() || l.smooth > 0:
		return 0, now
	case !w.until.After(w.told) && w.length <= short && len(l.flight)+l.queue.len() > 1:
		// Its end is sure, but it may be a bucket.
		return 1, w.told.Add(-w.early())
	case !w.until.After(w.told) || w.told.Sub(now) > short && (w.limit < 50 || len(l.flight)+l.queue.len() < 2):
		return 0, now
	case w.remaining == 1 || w.limit < 50:
		if l.late {
			return 1, w.until.Add(-w.early())
		}
		return 1, w.told.Add(min(lookLater, w.length/50))
	case l.late:
		return 2, w.told
	}
	return 2, w.told.Add(-w.early())
}

// early is how much before its end a window is looked at.
func (w *window) early() time.Duration { return min(w.until.Sub(w.since)/8, time.Second/2) }

// period is the time in which a server that refills all the time gets its limit again.
func (l *Local) period() time.Duration {
	d := max(l.longest, time.Second)
	for range l.stretched {
		d += d / 2
	}
	return d
}

// doubt sees to it that a server refuses no more than one of a few requests for
// long, though it refills more slowly than its resets say. Once more is left than
// a reserve, the reason is gone.
func (l *Local) doubt(p Permit, w Window, refused bool, now time.Time) {
	switch {
	case p.Seq <= l.shortSeq:
	case refused && w.Remaining == 0:
		if l.passed {
			if l.seq-l.shortSeq > few {
				l.shorts = 0
			}
			if l.shorts++; l.shorts > 2 && l.period() < l.maxWait {
				l.stretched++
			}
		}
		l.shortSeq, l.passed = l.seq, false
	case refused:
	case l.stretched > 0 && 10*w.Remaining > 3*l.window.limit &&
		now.Sub(l.plenty) > l.period()/time.Duration(max(1, l.window.limit)):
		l.stretched--
		l.plenty = now
		fallthrough
	default:
		l.passed = true
	}
}

// even is the distance to the next request to a server that refills all the
// time: what spreads its limit over its period, and more where but a reserve is
// left. So places come back as they were taken, one by one. A burst after a
// quiet time is not spread.
func (l *Local) even(now time.Time) time.Duration {
	w := &l.window
	if w.limit < 2 || 4*w.remaining >= w.limit && now.Sub(l.scarce) > l.period() {
		return 0
	}
	each := min(l.period()/time.Duration(w.limit), l.maxWait)
	keep := min(max(reserve, len(l.flight)), max(1, w.limit/25))
	switch {
	case 4*w.remaining > w.limit && now.Sub(latest(l.burst, l.stood)) > l.period():
		return each * 2 / 3 // More than what will come back: a bucket.
	case w.remaining > keep || w.remaining <= 0:
		return each
	}
	return min(each*time.Duration(w.limit)/time.Duration(w.limit-keep)<<(3*(keep-w.remaining)/keep), l.maxWait)
}

// reopens is when the window ends. A server that refills all the time has places again
// before, if none were taken all at once; how much before is a guess, which is rarely needed.
func (l *Local) reopens() time.Time {
	w := &l.window
	if l.smooth == 0 || w.remaining > 0 || w.limit == 0 {
		return w.until
	}
	each := l.period() / time.Duration(w.limit)
	back := l.burst.Add(l.period())
	if l.slot.After(back) {
		back = l.slot.Add(min(10*each, 3*each+l.period()/12))
	}
	back = back.Add(l.period() / 20)
	if back.Before(w.until) {
		return back
	}
	return w.until
}

// refused notes for how long the server refuses requests, if r is a refusal. Otherwise it returns 0.
func (l *Local) refused(p Permit, held place, r Response, now time.Time) (d time.Duration) {
	if !r.Refused {
		l.untold = 0
		return 0
	}
	if p.Seq < l.window.first {
		r.HasReset = false // It has another reason than this window.
	}
	d, _ = r.Wait()
	if l.state == known && l.window.told.IsZero() && p.Seq > l.untoldSeq {
		l.window.length += min(l.window.length/2, l.maxWait) // It was assumed too short.
	}
	if d < senseless && p.Seq > l.untoldSeq {
		// Not told for how long: once that is the sender's affair, but not again and again.
		if l.untold > 0 {
			d = min(50*time.Millisecond<<min(l.untold, 7), l.maxWait)
		}
		l.untold++
	}
	l.untoldSeq = max(l.untoldSeq, l.seq)
	if r.limited && l.pending > 0 && l.crowded(held, r.Window) {
		return 0 // Only its sender waits, for the server works on the others.
	}
	if r.limited && l.endsWithWindow(d, now) {
		return 0 // The others wait for that end, and its sender as well.
	}
	if until := now.Add(d); d > 0 && until.After(l.pause.until) {
		l.pause = block{until, now}
	}
	return d
}
