package ratelimit

import (
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/pacing"
	"github.com/integrations-go/sdk/ratelimit/internal/queue"
	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// entry is an admitted request.
type entry struct {
	sent     time.Time
	answered bool // its response has arrived
	inFlight int  // how many were in flight when it left, including it
	low      int  // the lowest count of its window when it left
	ticket   pacing.Ticket
}

// ledger lists the requests in flight. Each operation takes the same time, however many there are.
type ledger struct {
	entries   map[uint64]entry // admitted and not released, by sequence number
	seq       uint64           // of the latest request
	pending   int              // how many have no response
	recent    recent           // those without a response, by age
	contended time.Time        // when there was more than one request at the same time, last
	trip      queue.RoundTrip
}

// admit adds a request that leaves now.
func (l *ledger) admit(low int, ticket pacing.Ticket, now time.Time) {
	l.seq++
	l.entries[l.seq] = entry{sent: now, inFlight: len(l.entries) + 1, low: low, ticket: ticket}
	l.pending++
	l.recent.add(now, 1)
}

// answer notes that the response to request seq has arrived. It reports false if there is no such
// request.
func (l *ledger) answer(seq uint64, now time.Time) (entry, bool) {
	e, ok := l.entries[seq]
	if ok && !e.answered {
		e.answered = true
		l.entries[seq] = e
		l.pending--
		l.recent.add(e.sent, -1)
		l.trip.Measure(now.Sub(e.sent))
	}
	return e, ok
}

// release removes request seq. It reports false if there is no such request.
func (l *ledger) release(seq uint64) (entry, bool) {
	e, ok := l.entries[seq]
	if !ok {
		return entry{}, false
	}
	delete(l.entries, seq)
	if !e.answered {
		l.pending--
		l.recent.add(e.sent, -1)
	}
	return e, true
}

// uncounted returns how many requests the server may count after one that left at sent: those
// without a response that left later, or less than [servers.MaxProbe] before it.
func (l *ledger) uncounted(sent time.Time) int {
	return l.recent.since(sent.Add(-servers.MaxProbe))
}

const (
	// slice is the accuracy of recent.
	slice = time.Second / 4
	// slices is how many there are. Requests that wait longer than 16 s for their response have
	// been counted by then.
	slices = 64
)

// recent counts requests by the time at which they left.
type recent struct {
	begin  time.Time // of slice 0
	counts [slices]int
	last   int64 // the number of the latest slice
}

// number returns the number of the slice that holds at, 0 if that is before begin.
func (r *recent) number(at time.Time) int64 { return int64(max(at.Sub(r.begin), 0) / slice) }

// add adds n to the count of those that left at sent.
func (r *recent) add(sent time.Time, n int) {
	if r.begin.IsZero() {
		r.begin = sent
	}
	number := r.number(sent)
	if number-r.last >= slices {
		r.counts, r.last = [slices]int{}, number
	}
	for ; r.last < number; r.last++ {
		r.counts[(r.last+1)%slices] = 0
	}
	if number > r.last-slices {
		r.counts[number%slices] += n
	}
}

// since returns how many left at from or later.
func (r *recent) since(from time.Time) (n int) {
	for i := max(r.number(from), r.last-slices+1); i <= r.last; i++ {
		n += r.counts[i%slices]
	}
	return n
}
