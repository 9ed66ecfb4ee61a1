package ratelimit

import (
	"fmt"
	"math"
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/concurrency"
	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// WithAdaptiveRate learns the rate that the server allows from its refusals (429), as long as its
// headers describe no window. It starts with start requests per second and doubles that every
// second until the first refusal, up to four times the most requests that were accepted within a
// second, or four times start if that is more. A start of 0 means no limit until then. Requests are
// spread evenly.
//
// After a refusal it continues with 98 % of the accepted rate, or with 70 % if the refusals follow
// each other. Then it returns to the rate that was refused, rises slowly there, and faster above
// it. The return takes the time of 3000 requests, at least two minutes and at most 10. After the
// first refusal it takes 15 seconds. The rate rises to at most 5/4 of the refused rate, or of the
// most requests that were accepted within a second since then if that is more. So it stops rising
// while less than four fifths of it are used.
//
// Refusals in a row, such as in an outage with status 429, reduce it to the rate that was accepted
// meanwhile. From there it takes minutes to recover. The rate never falls below floor requests per
// second: choose a floor that is acceptable in an outage.
//
// start must be 0 or above, floor above 0, and both finite. By default there is no such limit.
func WithAdaptiveRate(start, floor float64) Option {
	return func(l *Local) error {
		if !(start >= 0) || math.IsInf(start, 0) || !(floor > 0) || math.IsInf(floor, 0) {
			return fmt.Errorf("ratelimit: WithAdaptiveRate: %v, %v: "+
				"start must be 0 or above, floor above 0, and both finite", start, floor)
		}
		l.rate = servers.NewAdaptiveRate(start, floor)
		return nil
	}
}

// WithAdaptiveInFlight learns the number of requests in flight that the server allows. It uses
// refusals (429) while the headers state that places are left, or while there are no headers.
//
// It starts with start. Until the first refusal the limit rises by one with each accepted request
// while at least half of it is in use, so it doubles with each round trip. It also doubles with
// each second in which no response arrives. A start of 0 means no limit until the first refusal.
//
// A refusal lowers the limit to one less than were in flight. Each further refusal of those
// requests lowers it by one. The limit never falls below floor. After an outage it returns quickly
// to the number that was accepted before.
//
// To find out whether the server's limit has risen, one request more is sent after twelve round
// trips in which all places were taken. If a round trip of requests is accepted, the next trial
// follows at once, with one request more, then 2, 4, 8 and so on, until one is refused.
//
// Each refused trial costs 100 accepted requests. At most 1000 of those before it count. The longer
// the limit has held, the rarer are the trials: each needs a seventh of the requests that were
// accepted since it changed by a quarter, at most 700. So while the server's limit stays the same,
// one request in 700 is refused.
//
// While other responses are awaited, such a refusal does not hold back the other requests, whatever
// its Retry-After: the server evidently works on some of them. If no response is awaited, all wait.
//
// Together with [WithAdaptiveRate], and without headers, a refusal first lowers the number in
// flight. If even one request at a time is refused, it lowers the rate.
//
// While no response arrives, the limit rises by one in ten seconds. So a caller that waits for a
// place while it holds another is not stuck.
//
// start must be 0 or above, floor at least 1. By default there is no such limit.
func WithAdaptiveInFlight(start, floor int) Option {
	return func(l *Local) error {
		if start < 0 || floor < 1 {
			return fmt.Errorf("ratelimit: WithAdaptiveInFlight: %d, %d: "+
				"start must be 0 or above, floor at least 1", start, floor)
		}
		l.concurrency = concurrency.New(start, floor)
		return nil
	}
}

// statesRemaining reports whether the server states how many requests are left in its window. w is
// the window of the latest response. l.mu must be held.
func (l *Local) statesRemaining(w Window) bool {
	state := l.server.State()
	return w.HasRemaining || state == servers.Open || state == servers.Ended
}

// tooManyInFlight reports whether a refusal was probably for too many requests in flight. l.mu must
// be held.
func (l *Local) tooManyInFlight(e entry, w Window) bool {
	switch {
	case !l.concurrency.Enabled() || max(e.inFlight, len(l.ledger.entries)) < 2:
		return false
	case l.statesRemaining(w):
		return w.HasRemaining && w.Remaining > 0
	}
	return !l.rate.Lowered()
}

// adapt learns from the response to p, which the server accepted or refused. l.mu must be held.
func (l *Local) adapt(p Permit, e entry, w Window, refused bool, now time.Time) {
	if !l.rate.Enabled() && !l.concurrency.Enabled() {
		return
	}
	if !refused {
		l.rate.Accept(now)
		l.concurrency.Accept(e.inFlight, p.Seq, now)
		return
	}
	if l.tooManyInFlight(e, w) {
		n := max(e.inFlight, len(l.ledger.entries)) // Requests overtake each other.
		l.concurrency.Refuse(n, p.Seq, l.ledger.seq, now)
		return
	}
	if !l.statesRemaining(w) && l.rate.Refuse(p.Seq, l.ledger.seq, now) {
		l.concurrency.Forget() // The number in flight was not the reason.
	}
}
