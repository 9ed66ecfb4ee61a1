package ratelimit_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// policy is how a server counts. The caller holds a lock.
type policy interface {
	// take counts a request that arrives now.
	take(now time.Time) (ok bool, remaining int, reset, retry time.Duration)
	// allowed is the most that can be accepted from start to end.
	allowed(start, end time.Time) float64
}

// fixed windows follow each other whether somebody asks or not.
type fixed struct {
	limit int
	every time.Duration
	zero  time.Time
	n     int
	used  int
}

func (f *fixed) number(now time.Time) int { return int(now.Sub(f.zero) / f.every) }

func (f *fixed) take(now time.Time) (ok bool, remaining int, reset, retry time.Duration) {
	if n := f.number(now); n != f.n {
		f.n, f.used = n, 0
	}
	reset = f.zero.Add(time.Duration(f.n+1) * f.every).Sub(now)
	if ok = f.used < f.limit; ok {
		f.used++
	}
	return ok, f.limit - f.used, reset, reset
}

func (f *fixed) allowed(start, end time.Time) float64 {
	return float64(f.limit * (f.number(end.Add(-1)) - f.number(start) + 1))
}

// bucket holds limit tokens and gets limit more within every.
type bucket struct {
	limit  int
	every  time.Duration
	next   bool // its reset is when one more token is there, not all
	tokens float64
	at     time.Time
}

func (b *bucket) take(now time.Time) (ok bool, remaining int, reset, retry time.Duration) {
	perSecond := float64(b.limit) / b.every.Seconds()
	if b.at.IsZero() {
		b.tokens = float64(b.limit)
	} else {
		b.tokens = min(float64(b.limit), b.tokens+now.Sub(b.at).Seconds()*perSecond)
	}
	b.at = now
	if ok = b.tokens >= 1; ok {
		b.tokens--
	}
	until := func(tokens float64) time.Duration {
		return time.Duration(max(0, tokens-b.tokens) / perSecond * 1e9)
	}
	retry = until(1)
	reset = retry
	if !b.next {
		reset = until(float64(b.limit))
	}
	return ok, int(b.tokens), reset, retry
}

func (b *bucket) allowed(start, end time.Time) float64 {
	return float64(b.limit) * (1 + end.Sub(start).Seconds()/b.every.Seconds())
}

// sliding allows limit in any time of every. Its reset is when the oldest
// request that it counts leaves.
type sliding struct {
	limit int
	every time.Duration
	times []time.Time
	last  bool // its reset is when the youngest leaves instead
}

func (s *sliding) take(now time.Time) (ok bool, remaining int, reset, retry time.Duration) {
	for len(s.times) > 0 && now.Sub(s.times[0]) >= s.every {
		s.times = s.times[1:]
	}
	if ok = len(s.times) < s.limit; ok {
		s.times = append(s.times, now)
	}
	retry = s.times[0].Add(s.every).Sub(now)
	reset = retry
	if s.last {
		reset = s.times[len(s.times)-1].Add(s.every).Sub(now)
	}
	return ok, s.limit - len(s.times), reset, retry
}

func (s *sliding) allowed(start, end time.Time) float64 {
	return float64(s.limit) * max(1, end.Sub(start).Seconds()/s.every.Seconds())
}

// outcome has the counts of a server.
type outcome struct {
	accepted, refused int
	refusals          []time.Duration // since the start
	allowed           float64
	perWorker         []int
}

func (o outcome) share() float64 { return float64(o.accepted) / o.allowed }

func (o *outcome) add(other outcome) {
	o.accepted, o.refused, o.allowed = o.accepted+other.accepted, o.refused+other.refused, o.allowed+other.allowed
}

func (o outcome) String() string {
	return fmt.Sprintf("%d accepted (%.1f %%), %d refused %v", o.accepted, 100*o.share(), o.refused, o.refusals)
}

// load has workers send to a server for d as fast as l lets them.
func load(
	t *testing.T, p policy, header func(http.Header, int, int, time.Duration), limit, workers int,
	d, latency time.Duration, l *ratelimit.Local,
) outcome {
	t.Helper()
	var mu sync.Mutex
	start := time.Now()
	end := start.Add(d)
	o := outcome{allowed: p.allowed(start, end), perWorker: make([]int, workers)}
	serve := func() *http.Response {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		ok, remaining, reset, retry := p.take(now)
		resp := respond(http.StatusOK)
		switch {
		case !ok:
			o.refused++
			o.refusals = append(o.refusals, now.Sub(start))
			resp.StatusCode = http.StatusTooManyRequests
			resp.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
		case now.Before(end):
			o.accepted++
		}
		if header != nil {
			header(resp.Header, limit, remaining, reset)
		}
		return resp
	}
	ctx, cancel := context.WithCancel(t.Context()) // With a deadline they would give up before.
	time.AfterFunc(d, cancel)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			for {
				p, err := l.Acquire(ctx, nil)
				if err != nil {
					return
				}
				time.Sleep(rand.N(latency))
				resp := serve()
				time.Sleep(rand.N(latency))
				if resp.StatusCode == http.StatusOK {
					o.perWorker[i]++
				}
				l.Observe(p, resp)
				l.Release(p)
			}
		})
	}
	group.Wait()
	assert.Zero(t, l.Snapshot().InFlight)
	assert.Zero(t, l.Snapshot().Waiting)
	return o
}

var roundings = map[string]func(float64) float64{
	"up": math.Ceil, "down": math.Floor, "to the nearest": math.Round, "not": exact,
}

// loads adds up what 64 workers get in several bubbles: of a small number, chance is a great part.
func loads(
	t *testing.T, headers ratelimit.Headers, newPolicy func() policy,
	header func(http.Header, int, int, time.Duration), limit int, d, latency time.Duration,
) (all outcome) {
	t.Helper()
	for n := 0; (n < 2 || all.allowed < 4000) && !t.Failed(); n++ {
		synctest.Test(t, func(t *testing.T) {
			o := load(t, newPolicy(), header, limit, 64, d, latency, newLocal(t, ratelimit.WithHeaders(headers)))
			t.Log(o)
			all.add(o)
		})
	}
	return all
}

// Of fixed windows nearly everything is used, whatever the rounding and
// wherever in a window one begins, and nothing is refused.
func TestAllowanceOfFixedWindows(t *testing.T) {
	t.Parallel()
	for rounding, round := range roundings {
		for _, tt := range []struct {
			limit        int
			every, total time.Duration
		}{
			{100, time.Second, 10 * time.Second},
			{1000, time.Minute, 5 * time.Minute},
		} {
			for _, phase := range []float64{0, 0.02, 0.3, 0.45, 0.5, 0.8} {
				name := fmt.Sprintf("%d per %v, rounded %s, phase %v", tt.limit, tt.every, rounding, phase)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					shift := time.Duration(phase * float64(tt.every))
					o := loads(t, ratelimit.Confluent(), func() policy {
						return &fixed{limit: tt.limit, every: tt.every, zero: time.Now().Add(-shift)}
					}, headerOf(round), tt.limit, tt.total-shift, 20*time.Millisecond)
					assert.GreaterOrEqual(t, o.share(), 0.98)
					assert.Zero(t, o.refused)
				})
			}
		}
	}
}
