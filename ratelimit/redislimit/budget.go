package redislimit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

const (
	// keyMargin is the time to live of a budget after the end of all that it holds.
	keyMargin = time.Minute
	// slice is the accuracy of recent. Requests that wait longer than mostSlices of them for their
	// response have been counted by then.
	slice, mostSlices = time.Second / 4, 64
	// mostRequests is above all numbers of requests at one time. The sum of some of them fits into
	// 32 bits.
	mostRequests = 1 << 28
)

// budget is the state that all processes share. Its rules are those of package servers, as those of
// ratelimit.Local. A process that makes a visit reads it, changes it and writes it back. All times
// are those of the clock of Redis.
type budget struct {
	version    string    // names this state among all that the key ever holds; empty if nothing is stored
	generation int64     // when it was created, in microseconds
	visits     int64     // since then
	visited    time.Time // the latest visit
	updated    time.Time // when a response last stated its places
	seq        uint64    // the latest admitted request
	contended  time.Time // when there was more than one request at the same time, last
	began      time.Time // when a response showed that a window has begun for which requests wait
	// strangersEnd is until when no places are given ahead, because the counts show that others use
	// the limit as well.
	strangersEnd time.Time
	recent       recent
	processes    map[string]record

	server servers.Server
	pause  servers.Pause
	full   time.Time // when all tokens of WithRate are there again
}

// record is the state of a process with requests in flight, or with some that wait.
type record struct {
	held, pending, waiting int
	ahead                  int       // places that were given ahead of requests
	aheadEnd               time.Time // the server may count them until then
	leaseEnd               time.Time // the record is dropped then
	ticket, ticketEnd      time.Time // when the process began to wait for a place in flight, and until when that holds
}

// add adds the numbers of o to those of r. No sum exceeds mostRequests, whatever others store.
func (r *record) add(o record, now time.Time) {
	r.held = min(r.held+o.held, mostRequests)
	r.pending = min(r.pending+o.pending, mostRequests)
	r.waiting = min(r.waiting+o.waiting, mostRequests)
	if o.aheadEnd.After(now) {
		r.ahead = min(r.ahead+o.ahead, mostRequests)
	}
}

// document is the stored form of a budget. Times are in microseconds, those of servers.Store
// excepted.
type document struct {
	Generation int64              `json:"generation"`
	Visits     int64              `json:"visits"`
	Visited    int64              `json:"visited"`
	Updated    int64              `json:"updated"`
	Seq        uint64             `json:"seq"`
	Contended  int64              `json:"contended"`
	Began      int64              `json:"began"`
	Strangers  int64              `json:"strangers"`
	Full       int64              `json:"full"` // when all tokens of WithRate are there again
	Recent     [][2]int64         `json:"recent"`
	Server     []int64            `json:"server"`
	Pause      []int64            `json:"pause"`
	Processes  map[string][]int64 `json:"processes"`
}

// newBudget returns a budget that is created now.
func newBudget(now time.Time) *budget {
	b := &budget{generation: now.UnixMicro(), visited: now, processes: map[string]record{}}
	b.server = servers.NewFixedWindow(servers.Unknown)
	return b
}

// encode returns the text of b, which gets the next version. A process that writes to a Redis which
// has lost a version must not write it again, so the version has the process that writes it.
func (b *budget) encode(process string) string {
	b.visits++
	b.version = fmt.Sprintf("%d.%d.%s", b.generation, b.visits, process)
	d := document{
		Generation: b.generation, Visits: b.visits, Visited: b.visited.UnixMicro(), Updated: microTime(b.updated),
		Seq: b.seq, Contended: microTime(b.contended), Began: microTime(b.began),
		Strangers: microTime(b.strangersEnd), Full: max(ceilMicro(b.full), 0),
		Recent: b.recent, Server: servers.Store(b.server), Pause: b.pause.Store(),
		Processes: make(map[string][]int64, len(b.processes)),
	}
	for id, r := range b.processes {
		d.Processes[id] = []int64{
			int64(r.held), int64(r.pending), int64(r.waiting), int64(r.ahead),
			microTime(r.aheadEnd), microTime(r.leaseEnd), microTime(r.ticket), microTime(r.ticketEnd),
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // It holds numbers and names only.
	}
	return b.version + " " + string(text)
}

var errStored = errors.New("redislimit: no process can have stored this")

// versionOf returns the version of a stored text.
func versionOf(text string) string {
	version, _, _ := strings.Cut(text, " ")
	return version
}

// decode returns the budget that encode has written. If the text is no budget, or the clock is not
// the one by which it was written, it returns a new one.
func decode(text string, c *config, now time.Time) *budget {
	version, text, _ := strings.Cut(text, " ")
	b, err := parse(text, c, now)
	if err != nil {
		b = newBudget(now)
	} else if b.isAhead(now) {
		processes := b.processes
		b = newBudget(now)
		for id, r := range processes {
			if !r.leaseEnd.After(now.Add(maxLease)) {
				b.processes[id] = record{held: r.held, pending: r.pending, waiting: r.waiting, leaseEnd: r.leaseEnd}
			}
		}
	}
	b.version = version
	return b
}

// isAhead reports whether b was written by a clock that is far ahead of now.
func (b *budget) isAhead(now time.Time) bool { return b.visited.After(now.Add(servers.ClockError)) }

// parse returns the budget that encode has written.
func parse(text string, c *config, now time.Time) (*budget, error) {
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, errStored
	}
	latest := now.Add(longestWait).UnixMicro()
	for _, n := range []int64{
		d.Generation, d.Visits, d.Visited, d.Updated, int64(d.Seq), d.Contended, d.Began, d.Strangers, d.Full,
	} {
		if n < 0 || n > maxInteger {
			return nil, errStored
		}
	}
	if d.Visits == 0 || max(d.Updated, d.Contended, d.Began, d.Strangers) > latest {
		return nil, errStored
	}
	b := &budget{
		generation: d.Generation, visits: d.Visits, visited: timeOf(d.Visited), updated: timeOf(d.Updated),
		seq: d.Seq, contended: timeOf(d.Contended), began: timeOf(d.Began), strangersEnd: timeOf(d.Strangers),
		recent:    d.Recent,
		processes: make(map[string]record, len(d.Processes)),
	}
	clock := later(now, b.visited) // of the visit that wrote it
	var err error
	if b.server, err = servers.Restore(d.Server, clock, c.maxWait); err != nil {
		return nil, err
	}
	if !b.recent.isPlausible(clock) {
		return nil, errStored
	}
	if err = b.pause.Restore(d.Pause, clock, c.maxWait); err != nil {
		return nil, err
	}
	b.full = earlier(timeOf(d.Full), b.visited.Add(c.tokens(c.burst)+maxReserve))
	for id, numbers := range d.Processes {
		if r, ok := readRecord(numbers, clock); ok {
			b.processes[id] = r
		}
	}
	return b, nil
}

// readRecord returns the record with these numbers. It reports false if its lease has ended, or if
// no process can have written it.
func readRecord(numbers []int64, now time.Time) (record, bool) {
	if len(numbers) != 8 || slices.Min(numbers) < 0 || slices.Max(numbers) > maxInteger {
		return record{}, false
	}
	for _, n := range numbers[:4] {
		if n >= mostRequests {
			return record{}, false
		}
	}
	r := record{
		held: int(numbers[0]), pending: int(numbers[1]), waiting: int(numbers[2]), ahead: int(numbers[3]),
		aheadEnd: timeOf(numbers[4]), leaseEnd: timeOf(numbers[5]), ticket: timeOf(numbers[6]),
		ticketEnd: timeOf(numbers[7]),
	}
	latest := now.Add(servers.ClockError) // by the clock that stored it
	ok := r.pending <= r.held+r.ahead && !r.leaseEnd.Before(now) && !r.leaseEnd.After(latest.Add(maxLease)) &&
		!r.ticket.After(latest) && !r.ticketEnd.After(latest.Add(maxVisitInterval))
	return r, ok
}

// lives returns the time to live of the key. A wait beyond WithMaxWait is not stored for longer:
// after it one request asks the server again, as with an empty key.
func (b *budget) lives(c *config, now time.Time) time.Duration {
	_, _, until := b.server.Window()
	last := later(later(until, b.pause.Until), b.full)
	return max(min(last.Sub(now), c.maxWait), 0) + c.lease + keyMargin
}

// recent counts the requests without a response by the time at which they left: pairs of the number
// of a slice of time and a count, in order.
type recent [][2]int64

// add adds n to the count of those that left at sent.
func (r recent) add(sent time.Time, n int64) recent {
	number := sent.UnixNano() / int64(slice)
	i, found := slices.BinarySearchFunc(r, number, func(e [2]int64, n int64) int { return cmp.Compare(e[0], n) })
	switch {
	case found:
		r[i][1] += n
		if r[i][1] <= 0 {
			r = slices.Delete(r, i, i+1)
		}
	case n > 0:
		r = slices.Insert(r, i, [2]int64{number, n})
	}
	for len(r) > 0 && number-r[0][0] > mostSlices {
		r = r[1:]
	}
	return r
}

// isPlausible reports whether a process can have written r by now.
func (r recent) isPlausible(now time.Time) bool {
	next, last := int64(0), now.Add(servers.ClockError).UnixNano()/int64(slice)
	for _, e := range r {
		if e[0] < next || e[0] > last || e[1] < 1 || e[1] >= mostRequests {
			return false
		}
		next = e[0] + 1
	}
	return true
}

// since returns how many left at from or later, at most mostRequests.
func (r recent) since(from time.Time) int {
	number, n := from.UnixNano()/int64(slice), int64(0)
	for _, e := range r {
		if e[0] >= number {
			n += e[1]
		}
	}
	return int(min(n, mostRequests))
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// microTime returns t in microseconds since 1970, 0 if it is zero.
func microTime(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// ceilMicro is t in microseconds, rounded up.
func ceilMicro(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

// timeOf returns the time of microTime.
func timeOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}
