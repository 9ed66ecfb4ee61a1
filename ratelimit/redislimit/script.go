package redislimit

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/integrations-go/sdk/ratelimit"
)

// source is the script of a visit.
//
//go:embed visit.lua
var source string

var script = redis.NewScript(source)

const (
	maxInteger  = 1 << 53              // above all stored numbers
	longestWait = 366 * 24 * time.Hour // the longest wait of a server: a year, and a day for rounding
)

// visit has the wishes and the reports of a process.
type visit struct {
	process   string        // empty for a ping
	want      int           // places for requests that wait
	wantAhead int           // places ahead of other requests
	ahead     int           // as in Limiter
	held      int           // requests in flight, and the places that are kept
	spare     int           // of these, for the requests that wait
	had       time.Duration // since the process got a place, last
	pending   int           // as in Limiter
	responses []response
	began     time.Time
	outage    time.Duration // how long Redis was not available before the visit
	timeLeft  time.Duration // to the deadline of the first waiter; below 0 if it has none
	arrivals  uint64        // the number of the latest waiter when the visit began
	roundTrip time.Duration // the time that nearly no response exceeds
	refusals  int           // as in places, when the visit began
	span      time.Duration // the tokens of the visit come within this time
}

// unused is the status of a place that no request has used.
const unused = -1

// sent returns when the request left, by the clock of Redis.
func (g *grant) sent() time.Time { return g.sentAt.Add(g.skew) }

// response is the response to one request. If status is 0, there was no response. Times below 0 are
// not known.
type response struct {
	*grant
	arrivedAt        time.Time
	status           int
	window           ratelimit.Window
	refused          bool
	first            bool          // no other response to the request was observed
	retryAfter, wait time.Duration // the pause by Retry-After alone, and with the end of the window
}

// newResponse returns the response resp to g.
func (l *Limiter) newResponse(g *grant, resp *http.Response, now time.Time) response {
	// Dates are compared with the clock of Redis, which is the same for all processes.
	parsed := l.headers.ParseResponse(resp, now.Add(l.clockSkew))
	r := response{
		grant: g, arrivedAt: now, status: resp.StatusCode,
		window: parsed.Window, refused: parsed.Refused, retryAfter: -1, wait: -1,
	}
	if parsed.HasRetryAfter {
		r.retryAfter = parsed.RetryAfter
	}
	if d, ok := parsed.Wait(); ok {
		r.wait = d
	}
	return r
}

// answer is the answer to a visit. Times are in microseconds, by the clock of Redis.
type answer struct {
	now        int64     // the time of the visit
	at         time.Time // the same by the clock of this process
	leaseEnd   time.Time // the lease has not ended by then, by the clock of this process
	generation int64
	want       int             // places that the visit wanted at last
	given      int64           // admitted requests
	delays     []time.Duration // from the visit to the times at which these may leave
	ahead      int64           // places ahead of others
	firstSeq   int64           // of the first of these
	probeSeq   int64           // of the probe among these; 0 if none
	low        int             // the lowest count of their window

	yields bool // see turn.yields
	plenty bool // responses without news may be reported late

	spare  int   // places of the visit that no request uses
	share  int   // the places in flight that the process may have
	queued bool  // the process waits for one
	free   bool  // see turn.free
	next   int64 // the sequence number of requests that leave without a visit

	blockedUntil int64 // the end of the wait that the server imposes, 0 if none
	nextPlace    int64 // when the next waiter may go; 0 if not known
	nextVisit    int64 // when to ask again for the waiters; 0 if only an event can change the answer

	limit, remaining    int64 // of the window; 0 and -1 if not known
	windowEnd, pauseEnd int64 // 0 if not known, and without a pause
	windowSeq           int64 // of the first request of the window; 0 if it is not known or not a fixed one
}

// send makes a visit. It returns when Redis has not answered for l.timeout, even if the client does
// not.
func (l *Limiter) send(ctx context.Context, v visit) (answer, error) {
	type result struct {
		answer answer
		err    error
	}
	done := make(chan result, 1)
	answered := make(chan struct{})
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l.mu.Lock()
	l.unfinished++
	l.mu.Unlock()
	go func() {
		a, err := l.run(ctx, v, answered)
		l.mu.Lock()
		l.unfinished--
		l.mu.Unlock()
		done <- result{a, err}
	}()
	timeout := time.NewTimer(l.timeout)
	defer timeout.Stop()
	for {
		select {
		case r := <-done:
			return r.answer, r.err
		case <-answered:
			timeout.Reset(l.timeout)
		case <-ctx.Done():
			return answer{}, context.Cause(ctx)
		case <-timeout.C:
			err := fmt.Errorf("no answer within %v: %w", l.timeout, context.DeadlineExceeded)
			cancel(err)
			return answer{}, err
		}
	}
}

// run makes a visit: it reads the budget, applies the rules to it, and writes it back. If another
// process has changed the budget meanwhile, it begins again with the changed one. If there is
// nothing to write, it only reads. After each answer of Redis but the last one it sends to
// answered.
func (l *Limiter) run(ctx context.Context, v visit, answered chan<- struct{}) (answer, error) {
	b, clock := l.takeKnown()
	for tries := 0; ; tries++ {
		sent := l.now()
		now := sent.Add(clock.skew)
		var a answer
		w, changed := write{now: now}, false
		if b != nil && !b.isAhead(now) {
			v.began = sent
			w.version = b.version
			if tries > 0 {
				v.want = l.wantedAgain(v.want)
			}
			a, changed = b.apply(v, &l.config, now)
			a.at, a.leaseEnd = sent, sent.Add(l.lease)
		}
		if changed {
			w.text, w.lives = b.encode(l.process), b.lives(&l.config, now)
		} else if b != nil && tries > 0 { // It has just been read.
			l.keepKnown(b, clock)
			return a, nil
		}
		r, err := l.exchange(ctx, w)
		if err != nil {
			return answer{}, err
		}
		received := l.now()
		clock.read(time.UnixMicro(r.now), sent, received)
		// A client that tries again by itself finds what it has stored before.
		if r.stored || changed && versionOf(r.text) == b.version {
			delay := time.Duration(r.now-a.now) * time.Microsecond
			a.leaseEnd = a.leaseEnd.Add(min(-delay, 0)) // The time of the visit is one of the past.
			l.keepKnown(b, clock)
			return a, nil
		}
		b = decode(r.text, &l.config, received.Add(clock.skew))
		select {
		case answered <- struct{}{}:
		case <-ctx.Done():
			return answer{}, context.Cause(ctx)
		}
		if tries > 0 { // Others write at the same moment, and would do so again.
			time.Sleep(jitter(l.retryDelay(tries, received.Sub(sent))))
		}
	}
}

// takeKnown returns the budget as the latest visit has left it, nil if it is not known, and
// the clock of Redis.
func (l *Limiter) takeKnown() (*budget, clock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.known
	l.known = nil
	return b, l.clock
}

// keepKnown keeps the budget for the next visit.
func (l *Limiter) keepKnown(b *budget, c clock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known, l.clock = b, c
}

// newClock returns a clock that goes on evenly when the time of the machine is set.
func newClock() func() time.Time {
	begin := time.Now()
	return func() time.Time { return begin.Add(time.Since(begin)) }
}

// clock is the clock of Redis, as far as it is known.
type clock struct {
	known bool
	skew  time.Duration // how much it is ahead
	trip  time.Duration // how long its latest answer took
}

// read learns that the clock showed the time at, after sent and before received. Only what
// contradicts the knowledge so far changes it, so a slow answer makes it no worse.
func (c *clock) read(at, sent, received time.Time) {
	least, most := at.Sub(received), at.Sub(sent)
	c.trip = most - least
	if !c.known {
		c.known, c.skew = true, least // A time of the past is harmless.
	}
	c.skew = min(max(c.skew, least), most)
}

// exchanged is the result of the script.
type exchanged struct {
	stored bool
	now    int64
	text   string // what is there instead
}

// write is one attempt to store a budget.
type write struct {
	version string // that it replaces
	text    string // empty to read only
	lives   time.Duration
	now     time.Time // by the clock of Redis, as far as it is known
}

// exchange runs the script.
func (l *Limiter) exchange(ctx context.Context, w write) (exchanged, error) {
	values, err := script.Run(ctx, l.client, []string{l.key},
		w.version, w.text, w.lives.Milliseconds(), w.now.UnixMicro()).Slice()
	if err != nil {
		return exchanged{}, err
	}
	if len(values) == 3 {
		stored, okStored := values[0].(int64)
		now, okNow := values[1].(int64)
		there, okText := values[2].(string)
		if okStored && okNow && okText && now > 0 && now <= maxInteger && stored>>1 == 0 {
			return exchanged{stored == 1, now, there}, nil
		}
	}
	return exchanged{}, errors.New("the script returned something else than it can")
}
