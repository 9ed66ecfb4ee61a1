package redislimit

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"math"
	"net/http"
	"strings"
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
	maxInteger  = 1 << 53              // Lua counts exactly up to here, in floating point
	longestWait = 366 * 24 * time.Hour // the longest wait of a server: a year, and a day for rounding
)

// visit holds the arguments of one run of the script.
type visit struct {
	process       string // empty for a ping
	want          int    // places
	held, pending int    // as in Limiter
	responses     []response
	began         time.Time
	outage        time.Duration // how long Redis was not available before the visit
	timeLeft      time.Duration // to the deadline of the first waiter; below 0 if it has none
	arrivals      uint64        // the number of the latest waiter when the visit began
}

// response is the response to one request. If status is 0, there was no response. Times below 0 are
// not known.
type response struct {
	*grant
	arrivedAt        time.Time
	status           int
	window           ratelimit.Window
	refused          bool
	retryAfter, wait time.Duration // the pause by Retry-After alone, and with the end of the window
}

// newResponse returns the numbers of resp that the script needs.
func (l *Limiter) newResponse(g *grant, resp *http.Response, now time.Time) response {
	// Dates are compared with the clock of Redis, which is the same for all processes.
	parsed := l.headers.ParseResponse(resp, now.Add(l.clockSkew))
	r := response{
		grant: g, arrivedAt: now, status: resp.StatusCode,
		window: parsed.Window, refused: parsed.Refused, retryAfter: -1, wait: -1,
	}
	if r.refused && r.status == http.StatusForbidden {
		r.status = http.StatusTooManyRequests // the only status for this that the script knows
	}
	if parsed.HasRetryAfter {
		r.retryAfter = parsed.RetryAfter
	}
	if d, ok := parsed.Wait(); ok {
		r.wait = d
	}
	return r
}

// number is an argument of the script with the name that the script uses for it.
type number struct {
	name  string
	value any
}

// visitNumbers returns the numbers of v. Times and durations are in microseconds.
func (l *Limiter) visitNumbers(v visit) []number {
	readsHeaders := 0
	if l.headers != (ratelimit.Headers{}) {
		readsHeaders = 1
	}
	return []number{
		{"want", v.want},
		{"held", v.held},
		{"pending", v.pending},
		{"max_in_flight", l.maxInFlight}, // 0 without WithMaxInFlight
		{"max_wait", l.maxWait.Microseconds()},
		{"interval", l.interval}, // per request, a fraction; 0 without WithRate
		{"burst", l.burst},
		{"lease", l.lease.Microseconds()},
		{"reads_headers", readsHeaders}, // 1 with WithHeaders
		{"outage", v.outage.Microseconds()},
		{"time_left", v.timeLeft.Microseconds()},
	}
}

// numbers returns the numbers of r for a visit that began at the time began. Times and durations
// are in microseconds.
func (r response) numbers(began time.Time) []number {
	w := r.window
	limit, remaining, reset := 0, -1, int64(-1)
	if w.HasLimit {
		limit = w.Limit
	}
	if w.HasRemaining {
		remaining = w.Remaining
	}
	if w.HasReset {
		reset = micros(w.Reset)
	}
	return []number{
		{"generation", r.generation},
		{"seq", r.seq},
		{"admitted_at", r.admittedAt},
		{"status", r.status},
		{"age", began.Sub(r.arrivedAt).Microseconds()}, // the time since it arrived
		{"limit", limit},                               // 0 if not stated
		{"remaining", remaining},                       // -1 if not stated
		{"reset", reset},                               // -1 if not stated
		{"slack", micros(w.Slack)},
		{"retry_after", micros(r.retryAfter)}, // -1 if not stated
		{"wait", micros(r.wait)},              // -1 if not stated
	}
}

// responseNames are the names of the numbers of each response.
var responseNames = namesOf(response{grant: &grant{}}.numbers(time.Time{}))

// namesOf returns the names of numbers, separated by spaces.
func namesOf(numbers []number) string {
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = n.name
	}
	return strings.Join(names, " ")
}

// scriptArgs returns the arguments of the script for v: the process, the names of the numbers of a
// visit, the names of the numbers of a response, and the numbers in the order of these names.
func (l *Limiter) scriptArgs(v visit) []any {
	numbers := l.visitNumbers(v)
	args := []any{v.process, namesOf(numbers), responseNames}
	for _, n := range numbers {
		args = append(args, n.value)
	}
	for _, r := range v.responses {
		for _, n := range r.numbers(v.began) {
			args = append(args, n.value)
		}
	}
	return args
}

// micros returns d in microseconds, -1 if d is below 0. It rounds up, so no wait is too short.
func micros(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64((d + time.Microsecond - 1) / time.Microsecond)
}

// answer holds the numbers that the script returns. Times are in microseconds, by the clock of
// Redis.
type answer struct {
	now        int64
	generation int64
	given      int64 // admitted requests
	firstSeq   int64 // of the first of these
	probeSeq   int64 // of the probe among these; 0 if none

	blockedUntil int64 // the end of the wait that the server imposes, 0 or in the past if none
	nextPlace    int64 // when the next waiter may go; 0 if not known
	nextVisit    int64 // when to ask again for the waiters; 0 if only an event can change the answer

	limit, remaining    int64 // of the window; 0 and -1 if not known
	windowEnd, pauseEnd int64 // 0 if not known, and without a pause
	windowSeq           int64 // of the first request of the window; 0 if it is not known or not a fixed one
}

// newAnswer checks the numbers that the script returned for a process that wants so many places. It
// returns an error for numbers that the script can't return. The caller treats it like an outage.
func newAnswer(n []int64, want int) (answer, error) {
	if len(n) != 13 {
		return answer{}, fmt.Errorf("the script returned %d numbers", len(n))
	}
	a := answer{
		now: n[0], generation: n[1], given: n[2], firstSeq: n[3], probeSeq: n[4],
		blockedUntil: n[5], nextPlace: n[6], nextVisit: n[7],
		limit: n[8], remaining: n[9], windowEnd: n[10], pauseEnd: n[11], windowSeq: n[12],
	}
	latest := a.now + longestWait.Microseconds()
	for _, c := range []struct {
		name             string
		n, least, atMost int64
	}{
		{"time", a.now, 1, maxInteger},
		{"generation", a.generation, 0, maxInteger},
		{"number of places", a.given, 0, int64(want)},
		{"first place", a.firstSeq, 1, maxInteger},
		{"probe", a.probeSeq, 0, maxInteger},
		{"end of the wait", a.blockedUntil, 0, latest},
		{"time of the next place", a.nextPlace, 0, latest},
		{"time of the next visit", a.nextVisit, 0, latest},
		{"limit", a.limit, 0, math.MaxInt32},
		{"number of remaining places", a.remaining, -1, math.MaxInt32},
		{"end of the window", a.windowEnd, 0, latest},
		{"end of the pause", a.pauseEnd, 0, latest},
		{"first request of the window", a.windowSeq, 0, maxInteger},
	} {
		if c.n < c.least || c.n > c.atMost {
			return answer{}, fmt.Errorf("the script returned %d as the %s, which is out of range", c.n, c.name)
		}
	}
	return a, nil
}

// send runs the script once. It returns after l.timeout at the latest, even if the client does not.
func (l *Limiter) send(ctx context.Context, v visit) (answer, error) {
	type result struct {
		values []int64
		err    error
	}
	done := make(chan result, 1)
	timeout := fmt.Errorf("no answer within %v: %w", l.timeout, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, l.timeout, timeout)
	defer cancel()
	l.mu.Lock()
	l.unfinished++
	l.mu.Unlock()
	go func() {
		values, err := l.run(ctx, v)
		l.mu.Lock()
		l.unfinished--
		l.mu.Unlock()
		done <- result{values, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		return answer{}, context.Cause(ctx)
	}
	if r.err != nil {
		return answer{}, r.err
	}
	return newAnswer(r.values, v.want)
}

// run runs the script. If a client has not logged in, Redis does not read such a long command. It
// reports a protocol error and closes the connection. The client may see only the closed
// connection. A PING returns the cause, so Open and Ping send one first.
func (l *Limiter) run(ctx context.Context, v visit) ([]int64, error) {
	if v.process == "" {
		if err := l.missingLogin(ctx); err != nil {
			return nil, err
		}
	}
	values, err := script.Run(ctx, l.client, []string{l.key}, l.scriptArgs(v)...).Int64Slice()
	if err != nil && ctx.Err() == nil {
		// The first PING may find the connection that has just ended.
		if cause := cmp.Or(l.missingLogin(ctx), l.missingLogin(ctx)); cause != nil {
			err = cause
		}
	}
	return values, err
}

// missingLogin returns the error of a PING if it reports that the client must log in. It returns
// nil for any other answer, because the user may lack the right to PING.
func (l *Limiter) missingLogin(ctx context.Context) error {
	if err := l.client.Ping(ctx).Err(); redis.HasErrorPrefix(err, "NOAUTH") {
		return err
	}
	return nil
}
