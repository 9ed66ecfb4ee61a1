package redislimit

import (
	"container/list"
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/integrations-go/sdk/ratelimit"
)

const (
	maxJitter  = 100 * time.Millisecond
	maxPlaces  = 32          // of one visit, so that a process with many goroutines leaves something to others
	maxReplies = 500         // of one visit; Redis serves nobody else meanwhile
	maxSleep   = time.Second // without a look whether others have changed what is known
	firstDelay = 100 * time.Millisecond
	maxDelay   = 2 * time.Second
)

//go:embed visit.lua
var source string

var script = redis.NewScript(source)

// visit is what one run of the script is told.
type visit struct {
	id            string // empty for a ping
	want          int
	held, pending int
	replies       []reply
	began         time.Time
	away          time.Duration
	patience      time.Duration // of the first who wants to go; below 0 without end
}

// reply is what came back for a request; nothing, if status is 0. Times below 0 are not known.
type reply struct {
	*grant
	arrived     time.Time
	status      int
	window      ratelimit.Window
	retry, wait time.Duration // to pause, without and with the end of the window
}

func (r reply) refused() bool {
	return r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable && r.retry >= 0
}

// read takes from resp what the script needs.
func (l *Limiter) read(g *grant, resp *http.Response, now time.Time) reply {
	r := reply{grant: g, arrived: now, status: resp.StatusCode, retry: -1, wait: -1}
	clock := now.Add(l.skew) // the same for all processes, where a date is compared with it
	r.window = l.headers.Parse(resp.Header, clock)
	bare := l.headers
	bare.Reset, bare.Structured = "", ""
	if d, ok := bare.Wait(resp, clock); ok {
		r.retry = d
	}
	if d, ok := l.headers.Wait(resp, clock); ok {
		r.wait = d
	}
	return r
}

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

// micros rounds up, so that no wait is too short.
func micros(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64((d + time.Microsecond - 1) / time.Microsecond)
}

// answer is what the script returns, times in microseconds by Redis's clock.
type answer struct {
	now, life, given, first, scout, block, at, look, limit, remaining, reset, paused int64
}

// send runs the script once, and returns after l.timeout even if the client does not.
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
		values, err := script.Run(ctx, l.client, []string{l.key}, l.args(v)...).Int64Slice()
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
	if len(r.values) != 12 {
		return answer{}, fmt.Errorf("the script returned %d numbers", len(r.values))
	}
	a := r.values
	return answer{a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11]}, nil
}

// tell keeps r for the next visit.
func (l *Limiter) tell(r reply) {
	if l.outage == nil && !l.closed {
		l.news = append(l.news, r)
	}
}

// next sees to it that Redis is visited when there is something to ask or to tell. Call it after every change.
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

func (l *Limiter) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next(l.now())
}

// work visits until nothing is due.
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

// due is the visit to make now, or when one will be; neither, if only an event can bring one about.
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
	if want > 0 && (!now.Before(l.look) || l.hurry()) || l.held > 0 && !now.Before(beat) || len(l.news) > 0 || l.freed || l.outage != nil {
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

// hurry reports that the first in the queue may not wait for ever, and that
// Redis does not know it.
func (l *Limiter) hurry() bool {
	deadline := l.queue.Front().Value.(*waiter).deadline
	return l.at.IsZero() && !deadline.IsZero() && !deadline.Equal(l.asked)
}

// compose takes what is to be told.
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

// settle acts on an answer.
func (l *Limiter) settle(v visit, a answer, now time.Time) {
	l.visited = now
	if o := l.outage; o != nil {
		l.outage = nil
		l.log.LogAttrs(context.Background(), slog.LevelInfo, "rate limit: Redis is back",
			slog.String("key", l.key), slog.Duration("outage", now.Sub(o.began)))
	}
	l.skew = time.UnixMicro(a.now).Sub(now)
	local := func(micros int64) time.Time { // The way back makes it a little late, never early.
		if micros == 0 {
			return time.Time{}
		}
		return now.Add(time.Duration(micros-a.now) * time.Microsecond)
	}
	for seq := a.first; seq < a.first+a.given; seq++ {
		g := &grant{owner: l, life: a.life, seq: seq, at: a.now, scout: seq == a.scout}
		if l.queue.Len() == 0 { // They have left meanwhile.
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

// lose acts on a visit that brought no answer.
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

// finish ends the wait of the first in the queue.
func (l *Limiter) finish(p ratelimit.Permit, err error) {
	w := l.queue.Remove(l.queue.Front()).(*waiter)
	w.permit, w.err = p, err
	close(w.ready)
}

// failLate sends away the waiters for whom the wait is too long.
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

// tooLong is the error for a waiter that cannot go soon enough, or nil if it may wait.
func (l *Limiter) tooLong(now time.Time, w *waiter) error {
	if wait := l.block.until.Sub(now); !l.block.until.IsZero() && wait > l.maxWait {
		return &ratelimit.WaitError{Wait: wait, Max: l.maxWait}
	}
	if !w.deadline.IsZero() && l.at.After(w.deadline) {
		return &ratelimit.WaitError{Wait: l.at.Sub(now), Max: w.deadline.Sub(now), Deadline: true}
	}
	return nil
}

// spread makes those who waited for a block leave one by one, within a tenth
// of the wait and never more than maxJitter.
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

func jitter(most time.Duration) time.Duration { return rand.N(max(most, 1)) }
