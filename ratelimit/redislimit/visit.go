package redislimit

import (
	"cmp"
	"container/list"
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/integrations-go/sdk/ratelimit"
)

const (
	// maxJitter is the longest time over which requests that waited for the same moment are spread.
	maxJitter = 100 * time.Millisecond
	// maxPlaces is the most places of one visit. So a process with many goroutines leaves places to
	// the others.
	maxPlaces = 32
	// maxReplies is the most responses reported in one visit. Redis serves no other client
	// meanwhile.
	maxReplies = 500
	// maxSleep is the longest time between visits while requests wait. Other processes may have
	// changed the state meanwhile.
	maxSleep = time.Second
	// firstDelay and maxDelay are the first and the longest wait before Redis is tried again.
	firstDelay = 100 * time.Millisecond
	maxDelay   = 2 * time.Second
)

//go:embed visit.lua
var source string

var script = redis.NewScript(source)

// visit holds the arguments of one run of the script.
type visit struct {
	id            string // empty for a ping
	want          int
	held, pending int
	replies       []reply
	began         time.Time
	away          time.Duration
	patience      time.Duration // time left to the first waiter; below 0 if unlimited
}

// reply is the response to one request. If status is 0, there was no response. Times below 0 are
// not known.
type reply struct {
	*grant
	arrived     time.Time
	status      int
	window      ratelimit.Window
	refused     bool
	retry, wait time.Duration // the pause by Retry-After alone, and with the end of the window
}

// read returns the numbers of resp that the script needs.
func (l *Limiter) read(g *grant, resp *http.Response, now time.Time) reply {
	// Dates are compared with the clock of Redis, which is the same for all processes.
	told := l.headers.ParseResponse(resp, now.Add(l.skew))
	r := reply{
		grant: g, arrived: now, status: resp.StatusCode,
		window: told.Window, refused: told.Refused, retry: -1, wait: -1,
	}
	if r.refused && r.status == http.StatusForbidden {
		r.status = http.StatusTooManyRequests // The script knows only this status.
	}
	if told.HasRetryAfter {
		r.retry = told.RetryAfter
	}
	if d, ok := told.Wait(); ok {
		r.wait = d
	}
	return r
}

// args returns the arguments of the script for v, in the order that the script reads.
func (l *Limiter) args(v visit) []any {
	learns := 0
	if l.headers != (ratelimit.Headers{}) {
		learns = 1
	}
	args := make([]any, 0, 12+11*len(v.replies))
	args = append(args, v.id, v.want, v.held, v.pending, l.maxInFlight, l.maxWait.Microseconds(),
		l.interval, l.burst, l.lease.Microseconds(), learns, v.away.Microseconds(), v.patience.Microseconds())
	for _, r := range v.replies {
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
		args = append(args, r.life, r.seq, r.at, r.status, v.began.Sub(r.arrived).Microseconds(),
			limit, remaining, reset, micros(w.Slack), micros(r.retry), micros(r.wait))
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

// answer holds the numbers that the script returns. Times are in microseconds, by Redis's clock.
type answer struct {
	now, life, given, first, scout, block, at, look, limit, remaining, reset, paused int64
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
	l.abroad++
	l.mu.Unlock()
	go func() {
		values, err := l.run(ctx, v)
		l.mu.Lock()
		l.abroad--
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

const (
	maxInteger = 1 << 53              // Redis counts exactly up to here, in floating point
	longest    = 366 * 24 * time.Hour // the longest wait of a server: a year, and rounding
)

// newAnswer checks the numbers that the script returned for a process that wants so many places. It
// returns an error for numbers that the script can't return. The caller treats it like an outage.
func newAnswer(n []int64, want int) (answer, error) {
	if len(n) != 12 {
		return answer{}, fmt.Errorf("the script returned %d numbers", len(n))
	}
	a := answer{n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11]}
	for _, c := range []struct {
		name             string
		n, least, atMost int64
	}{
		{"time", a.now, 1, maxInteger},
		{"life", a.life, 0, maxInteger},
		{"number of places", a.given, 0, int64(want)},
		{"first place", a.first, 1, maxInteger},
		{"place that goes alone", a.scout, 0, maxInteger},
		{"end of the wait", a.block, 0, a.now + longest.Microseconds()},
		{"time of the next place", a.at, 0, a.now + longest.Microseconds()},
		{"time of the next visit", a.look, 0, a.now + longest.Microseconds()},
		{"limit", a.limit, 0, math.MaxInt32},
		{"rest", a.remaining, -1, math.MaxInt32},
		{"end of the window", a.reset, 0, a.now + longest.Microseconds()},
		{"end of the pause", a.paused, 0, a.now + longest.Microseconds()},
	} {
		if c.n < c.least || c.n > c.atMost {
			return answer{}, fmt.Errorf("the script returned %d as the %s, which is out of range", c.n, c.name)
		}
	}
	return a, nil
}

// run runs the script. If a client has not logged in, Redis does not read such a long command. It
// reports a protocol error and closes the connection. The client may see only the closed
// connection. A PING returns the cause, so Open and Ping send one first.
func (l *Limiter) run(ctx context.Context, v visit) ([]int64, error) {
	if v.id == "" {
		if err := l.missingLogin(ctx); err != nil {
			return nil, err
		}
	}
	values, err := script.Run(ctx, l.client, []string{l.key}, l.args(v)...).Int64Slice()
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

// tell keeps r for the next visit. l.mu must be held.
func (l *Limiter) tell(r reply) {
	if l.outage == nil && !l.closed {
		l.news = append(l.news, r)
	}
}

// next starts a visit to Redis if one is due, or sets the timer for the next one. Call it after
// every change. l.mu must be held.
func (l *Limiter) next(now time.Time) {
	if l.closed || l.visitor != nil {
		return
	}
	v, at := l.due(now)
	switch {
	case v != nil:
		l.visitor = make(chan struct{})
		go l.work(*v)
	case !at.IsZero() && l.timer == nil:
		l.timer = time.AfterFunc(at.Sub(now), l.tick)
	case !at.IsZero():
		l.timer.Reset(at.Sub(now))
	}
}

// tick is called by the timer.
func (l *Limiter) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next(l.now())
}

// work makes v and further visits, until none is due.
func (l *Limiter) work(v visit) {
	for {
		a, err := l.send(context.Background(), v)
		l.mu.Lock()
		now := l.now()
		if err != nil {
			l.lose(v, err, now)
		} else {
			l.settle(v, a, now)
		}
		var more *visit
		if !l.closed {
			more, _ = l.due(now)
		}
		if more == nil {
			close(l.visitor)
			l.visitor = nil
			l.next(now) // sets the timer
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		v = *more
	}
}

// due returns the visit that is due now, or the time when one will be. It returns neither if only
// an event can make one due. l.mu must be held.
func (l *Limiter) due(now time.Time) (*visit, time.Time) {
	if l.outage != nil && !l.outage.try {
		return nil, time.Time{}
	}
	if !l.block.until.IsZero() && !now.Before(l.block.until) {
		l.spread()
	}
	want := 0
	for e := l.queue.Front(); e != nil && want < maxPlaces && !now.Before(e.Value.(*waiter).notBefore); e = e.Next() {
		want++
	}
	beat := l.visited.Add(l.lease / 3)
	if want > 0 && (!now.Before(l.look) || l.hurry()) || l.held > 0 && !now.Before(beat) ||
		len(l.news) > 0 || l.freed || l.outage != nil {
		if !l.visits.AllowN(now, 1) {
			return nil, now.Add(time.Duration(float64(time.Second) / float64(l.visits.Limit())))
		}
		v := l.compose(now, want)
		return &v, time.Time{}
	}
	var at time.Time
	if l.queue.Len() > 0 {
		at = l.look
		if w := l.queue.Front().Value.(*waiter); at.Before(w.notBefore) {
			at = w.notBefore
		}
	}
	if l.held > 0 && (at.IsZero() || beat.Before(at)) {
		at = beat
	}
	return nil, at
}

// hurry reports whether the first waiter has a deadline that Redis does not know. l.mu must be
// held.
func (l *Limiter) hurry() bool {
	deadline := l.queue.Front().Value.(*waiter).deadline
	return l.at.IsZero() && !deadline.IsZero() && !deadline.Equal(l.asked)
}

// compose returns the next visit, with the responses to report. l.mu must be held.
func (l *Limiter) compose(now time.Time, want int) visit {
	v := visit{id: l.id, want: want, held: l.held, pending: l.pending, began: now, patience: -time.Second}
	n := min(len(l.news), maxReplies)
	v.replies, l.news = l.news[:n:n], l.news[n:]
	l.freed = false
	if want > 0 {
		l.asked = l.queue.Front().Value.(*waiter).deadline
		if !l.asked.IsZero() {
			v.patience = max(l.asked.Sub(now), 0)
		}
	}
	if o := l.outage; o != nil {
		o.try = false
		v.away = now.Sub(o.began)
	}
	return v
}

// settle applies the answer to v. l.mu must be held.
func (l *Limiter) settle(v visit, a answer, now time.Time) {
	l.visited = now
	if o := l.outage; o != nil {
		l.outage = nil
		l.log.LogAttrs(context.Background(), slog.LevelInfo, "rate limit: Redis is back",
			slog.String("key", l.key), slog.Duration("outage", now.Sub(o.began)))
	}
	l.skew = time.UnixMicro(a.now).Sub(now)
	local := func(micros int64) time.Time { // The way of the answer makes it late, never early.
		if micros == 0 {
			return time.Time{}
		}
		return now.Add(time.Duration(micros-a.now) * time.Microsecond)
	}
	for seq := a.first; seq < a.first+a.given; seq++ {
		g := &grant{owner: l, life: a.life, seq: seq, at: a.now, scout: seq == a.scout}
		if l.queue.Len() == 0 { // The waiters have left meanwhile.
			if g.scout {
				l.tell(reply{grant: g, arrived: now})
			}
			continue
		}
		l.seq++
		l.held++
		l.pending++
		l.finish(ratelimit.Permit{Seq: l.seq, At: now, State: g}, nil)
	}
	l.window = window{int(a.limit), int(a.remaining), local(a.reset), local(a.paused)}
	block := block{local(a.block), now}
	if d := block.until.Sub(l.block.until); d < time.Millisecond && d > -time.Millisecond {
		block.since = l.block.since
	}
	l.block = block
	soon := now.Add(min(maxSleep, l.maxWait))
	l.at, l.look = block.until, block.until
	if v.want > int(a.given) {
		l.at, l.look = local(a.at), local(a.look)
		if l.look.IsZero() {
			l.look = soon
		}
	}
	if l.look.After(soon) {
		l.look = soon
	}
	l.failLate(now)
}

// lose handles a visit without an answer: an outage. l.mu must be held.
func (l *Limiter) lose(v visit, err error, now time.Time) {
	if l.outage == nil {
		l.outage = &outage{began: v.began, delay: firstDelay}
		going := "each process limits itself"
		if l.failClosed {
			going = "requests fail"
		}
		l.log.LogAttrs(context.Background(), slog.LevelWarn, "rate limit: Redis is gone; "+going,
			slog.String("key", l.key), slog.String("error", err.Error()))
	}
	o := l.outage
	o.err, o.try = err, false
	o.again = now.Add(o.delay/2 + jitter(o.delay/2))
	o.delay = min(2*o.delay, maxDelay)
	l.news, l.freed = nil, false
	l.block, l.at, l.look = block{}, time.Time{}, time.Time{}
	l.window = window{remaining: -1}
	for l.queue.Len() > 0 {
		if l.failClosed {
			l.finish(ratelimit.Permit{}, unavailable(err))
		} else {
			l.finish(ratelimit.Permit{}, errLocal)
		}
	}
}

// finish ends the wait of the first waiter. l.mu must be held.
func (l *Limiter) finish(p ratelimit.Permit, err error) {
	w := l.queue.Remove(l.queue.Front()).(*waiter)
	w.permit, w.err = p, err
	close(w.ready)
}

// failLate ends the waits of those whose wait is too long. l.mu must be held.
func (l *Limiter) failLate(now time.Time) {
	var next *list.Element
	for e := l.queue.Front(); e != nil; e = next {
		next = e.Next()
		w := e.Value.(*waiter)
		if w.err = l.tooLong(now, w); w.err != nil {
			l.queue.Remove(e)
			close(w.ready)
		}
	}
}

// tooLong returns the error for a waiter that can't go soon enough, nil if it may wait. l.mu must
// be held.
func (l *Limiter) tooLong(now time.Time, w *waiter) error {
	if wait := l.block.until.Sub(now); !l.block.until.IsZero() && wait > l.maxWait {
		return &ratelimit.WaitError{Wait: wait, Max: l.maxWait}
	}
	if !w.deadline.IsZero() && l.at.After(w.deadline) {
		return &ratelimit.WaitError{Wait: l.at.Sub(now), Max: w.deadline.Sub(now), Deadline: true}
	}
	return nil
}

// spread spreads the requests that waited for a block over a tenth of the wait, at most maxJitter.
// l.mu must be held.
func (l *Limiter) spread() {
	most := min(l.block.until.Sub(l.block.since)/10, maxJitter)
	times := make([]time.Time, l.queue.Len())
	for i := range times {
		times[i] = l.block.until.Add(jitter(most))
	}
	slices.SortFunc(times, time.Time.Compare)
	for i, e := 0, l.queue.Front(); e != nil; i, e = i+1, e.Next() {
		e.Value.(*waiter).notBefore = times[i]
	}
	l.block = block{}
}

// jitter returns a random duration below most.
func jitter(most time.Duration) time.Duration { return rand.N(max(most, 1)) }
