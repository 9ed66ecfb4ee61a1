// Package concurrency learns from refusals how many requests in flight a server accepts. It reads
// no clock and takes no lock.
package concurrency

import (
	"math"
	"time"
)

const (
	// price is how many requests must be accepted for each trial. So trials cost a hundredth of the
	// requests at most.
	price = 100
	// mostTrials is how many trials may be paid for in advance. After a change, trials are needed
	// soon.
	mostTrials = 10
	// leastTrips is the least number of round trips between two trials. A limit of 4 or 16 requests
	// of 50 ms is tried every 0.6 s.
	leastTrips = 12
	// heldShare is the reciprocal of the part of the requests accepted since the limit changed that
	// the next trial needs. So a client learns of a higher limit within a seventh of the time in
	// which the lower one held, or within leastTrips.
	heldShare = 7
	// mostProof is the largest number of requests between two trials. While the server's limit
	// stays the same, one request in 700 is refused.
	mostProof = 700
	// changed is the reciprocal of the part of a limit by which it must differ from an older one to
	// count as a change. Responses that overtake each other move what is learned by less.
	changed = 4

	// doubling is the time without a response in which the limit doubles before the first refusal.
	// It bounds how long callers wait for places that others hold, before anything is known.
	doubling = time.Second
	// rise is the time without a response in which a learned limit rises by one. So a caller that
	// waits for a place while it holds another is not stuck.
	rise = 10 * time.Second
)

// Limit is the number of requests that may be in flight. The zero value is not in use: it sets no
// limit and learns nothing. It is not safe for concurrent use.
//
// Before the first refusal it doubles with each round trip in which its places are used. A refusal
// lowers it to the number that was accepted. After an outage it returns quickly to that number.
//
// To find out whether the server's limit has risen, it tries one request more. If a round trip of
// requests is accepted, the next trial follows at once: again one more, then 2, 4, 8 and so on,
// until a request is refused. The longer a limit has held, the rarer are the trials.
type Limit struct {
	floor int
	limit int // 0 while there is none
	good  int // the most in flight that the server accepted, 0 before the first refusal

	accepted  int       // requests accepted with all places taken, since the limit changed
	held      int       // the same, since good changed by a quarter
	credit    int       // requests accepted that pay for trials
	base      int       // what good was then
	raise     int       // how much the current trial raised the limit, 0 if it is the first in a row
	moved     time.Time // when the latest response arrived, or the first request left
	latest    uint64    // the latest request at the latest refusal
	succeeded bool      // a request was accepted since the latest refusal
}

// New returns a Limit that begins with start and never falls below floor. If start is 0, there is
// no limit until the first refusal. start must be at least 0, floor at least 1.
func New(start, floor int) Limit {
	if start > 0 {
		start = max(start, floor)
	}
	return Limit{floor: floor, limit: start}
}

// Enabled reports whether l is in use.
func (l *Limit) Enabled() bool { return l.floor > 0 }

// Max returns how many requests may be in flight, 0 if there is no limit.
func (l *Limit) Max(now time.Time) int {
	if l.limit == 0 || l.moved.IsZero() {
		return l.limit
	}
	silence := max(now.Sub(l.moved), 0)
	if l.good == 0 {
		return bounded(float64(l.limit) * math.Exp2(math.Floor(silence.Seconds()/doubling.Seconds())))
	}
	return bounded(float64(l.limit) + math.Floor(silence.Seconds()/rise.Seconds()))
}

// bounded returns n, at most 2^31-1.
func bounded(n float64) int { return int(min(n, math.MaxInt32)) }

// Resume restarts the time without a response. Call it when a request leaves and no other is in
// flight: the limit does not rise while nothing is sent.
func (l *Limit) Resume(now time.Time) { l.moved = now }

// Accept learns from an accepted request. seq is its sequence number, and n the number of requests
// in flight when it left, including it.
func (l *Limit) Accept(n int, seq uint64, now time.Time) {
	l.moved, l.succeeded = now, true
	l.credit = min(l.credit+1, mostTrials*price)
	switch {
	case l.limit == 0 || l.limit >= math.MaxInt32 || seq <= l.latest:
	case l.good == 0:
		if n > l.limit/2 {
			l.limit++
		}
	case n >= l.limit:
		l.held++
		if l.accepted++; l.accepted >= l.needed() {
			l.step()
		}
	}
}

// needed returns how many requests in a row must be accepted with all places taken for the next
// step. The requests of a round trip are enough, except for the first trial.
func (l *Limit) needed() int {
	if l.limit != l.good {
		return l.limit
	}
	if l.credit < price {
		return math.MaxInt
	}
	return min(max(l.held/heldShare, leastTrips*min(l.limit, mostProof)), mostProof)
}

// step raises the limit by one, up to good and for the first trial. If it ends a trial, that has
// succeeded, and the next one begins. The second trial in a row raises the limit by one as well,
// because the first one may have succeeded by chance. Each further one raises it by twice as much
// as the one before.
func (l *Limit) step() {
	l.accepted = 0
	if l.limit <= l.good {
		l.limit++
		return
	}
	l.raise = max(2*l.raise, 1)
	l.learn(l.limit)
	l.limit = bounded(float64(l.limit) + float64(l.raise))
}

// learn sets the most in flight that the server accepted.
func (l *Limit) learn(n int) {
	l.good = n
	if changed*max(n-l.base, l.base-n) >= l.base {
		l.base, l.held = n, 0
	}
}

// Refuse learns from a refused request. seq is its sequence number, and n the number of requests in
// flight, including it. newest is the sequence number of the newest request. The requests up to
// newest left before the refusal was known, so each further refusal of them lowers the limit by
// one.
func (l *Limit) Refuse(n int, seq, newest uint64, now time.Time) {
	l.moved = now
	if seq <= l.latest {
		if l.limit > 0 {
			l.limit = max(l.limit-1, l.floor)
		}
		return
	}
	l.latest = newest
	trial := l.good > 0 && n > l.good
	if trial {
		l.credit = max(l.credit-price, 0)
	}
	switch {
	case trial && l.limit == l.good+1: // After some time without requests n may be higher.
		l.limit = l.good
	case l.limit == 0:
		l.limit = max(n-1, l.floor)
	default:
		l.limit = max(min(l.limit, n-1), l.floor)
	}
	// If all are refused, the number in flight is not the reason.
	if l.good == 0 || l.limit > l.good || !trial && l.succeeded {
		l.learn(l.limit)
	}
	l.accepted, l.raise, l.succeeded = 0, 0, false
}

// Forget removes the limit until the next refusal. Call it when the number in flight was not the
// reason of a refusal.
func (l *Limit) Forget() {
	l.limit, l.good, l.base, l.accepted, l.held, l.raise = 0, 0, 0, 0, 0, 0
}
