package simserver

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// Result has the counts of a client after the warm-up and before the end of the load.
type Result struct {
	// Calls is the number of calls made, Good is how many succeeded within their
	// deadline. For a closed load they are the requests that arrived and those that were
	// accepted.
	Calls, Good int
	// Sent is the number of requests that arrived at the server, Refused of those with
	// status 429.
	Sent, Refused int
	// FirstRefused is the number of refused requests within the warm-up.
	FirstRefused int
}

// RefusedShare returns the refused share of the requests that arrived, 0 to 1.
func (r Result) RefusedShare() float64 { return float64(r.Refused) / float64(max(1, r.Sent)) }

// player plays one scenario.
type player struct {
	limiter ratelimit.Limiter // nil: none
	server  *Server
	mu      sync.Mutex
	good    int
}

// Run plays s with l, or without a limiter if l is nil. A call that is refused is repeated after
// the wait that the server asks for, if that is over before the deadline. Run returns when all
// calls have ended. In a bubble of testing/synctest it takes no real time.
func Run(s Scenario, seed uint64, l ratelimit.Limiter) Result {
	start := time.Now()
	p := &player{limiter: l, server: New(s.Server, seed)}
	r := Result{}
	var group sync.WaitGroup
	if s.Load.Workers > 0 {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(s.Duration(), cancel)
		for range s.Load.Workers {
			group.Go(func() {
				for ctx.Err() == nil {
					p.call(ctx)
				}
			})
		}
		group.Wait()
		cancel()
	}
	for _, c := range s.Calls(seed) {
		time.Sleep(time.Until(start.Add(c.At)))
		if c.At >= s.Warm() {
			r.Calls++
		}
		group.Go(func() {
			ctx := ratelimit.WithPriority(context.Background(), c.Priority)
			ctx, cancel := context.WithDeadline(ctx, start.Add(c.At+c.Within))
			defer cancel()
			if p.call(ctx) && s.counts(time.Since(start)) {
				p.mu.Lock()
				p.good++
				p.mu.Unlock()
			}
		})
	}
	group.Wait()
	r.Good = p.good
	for _, e := range p.server.Events() {
		at := e.At.Sub(start)
		switch {
		case at >= s.Duration():
		case at < s.Warm():
			if !e.Accepted {
				r.FirstRefused++
			}
		default:
			r.Sent++
			if !e.Accepted {
				r.Refused++
			}
		}
	}
	if s.Load.Workers > 0 {
		r.Calls, r.Good = r.Sent, r.Sent-r.Refused
	}
	return r
}

// call makes one call. It reports whether that succeeded.
func (p *player) call(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	for {
		ok, wait := p.attempt(ctx)
		if ok || wait < 0 {
			return ok
		}
		if limited && time.Now().Add(wait).After(deadline) || pause(ctx, wait) != nil {
			return false
		}
		ctx = ratelimit.WithPriority(ctx, ratelimit.First)
	}
}

// attempt sends one request. If it was refused, wait is the wait that the server asks for,
// otherwise it is negative.
func (p *player) attempt(ctx context.Context) (ok bool, wait time.Duration) {
	var permit ratelimit.Permit
	if p.limiter != nil {
		var err error
		if permit, err = p.limiter.Acquire(ctx, nil); err != nil {
			return false, -1
		}
		defer p.limiter.Release(permit)
	}
	resp, err := p.server.exchange(ctx) //nolint:bodyclose // It has no body.
	if err != nil {
		return false, -1
	}
	if p.limiter != nil {
		p.limiter.Observe(permit, resp)
	}
	if resp.StatusCode == http.StatusOK {
		return true, -1
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 3600 {
		seconds = 1
	}
	return false, time.Duration(seconds) * time.Second
}
