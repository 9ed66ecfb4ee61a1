package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	goroutines  = 64
	processes   = 10
	perProcess  = 8
	perSecond   = 100
	atOnce      = 16
	fewAtOnce   = 4
	serviceTime = 5 * time.Millisecond
	longService = 20 * time.Millisecond // of the server that counts requests at a time

	// A client that leaves more than 4 % of ten windows unused does not make these calls in eleven.
	fanOutCalls = 1060
	fanOutFew   = 260 // the same for a quick run, with 20 % of two windows
	fanOutPhase = 300 * time.Millisecond
)

// outcome is the result of a load as its clients saw it.
type outcome struct {
	Waits  []time.Duration // from the beginning of a call to its success, or to the end of the run if earlier
	Each   []int           // successes per goroutine
	Failed int             // calls that came back with an error
	Errors []string        // of them, a few
}

func (o *outcome) add(p outcome) {
	o.Waits = append(o.Waits, p.Waits...)
	o.Each = append(o.Each, p.Each...)
	o.Failed += p.Failed
	o.Errors = append(o.Errors, p.Errors...)
	o.Errors = o.Errors[:min(len(o.Errors), 3)]
}

// failures are the calls that failed, of those that ended by themselves.
func (o *outcome) failures() string {
	ended := o.Failed
	for _, n := range o.Each {
		ended += n
	}
	if o.Failed == 0 {
		return "0"
	}
	return fmt.Sprintf("%d of %d, %s", o.Failed, ended, percent(float64(o.Failed)/float64(ended)))
}

// wait is the share q of the waits that are not longer.
func (o *outcome) wait(q float64) time.Duration {
	if len(o.Waits) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(o.Waits))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// drive calls from n goroutines for the time d. The calls have no deadline, so that no limiter
// knows when the run ends.
func drive(ctx context.Context, n int, d time.Duration, call func(context.Context) (int, error)) outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer time.AfterFunc(d, cancel).Stop()
	all := make([]outcome, n)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			o := &all[i]
			o.Each = []int{0}
			for ctx.Err() == nil {
				begin := time.Now()
				_, err := call(ctx)
				switch {
				case err == nil:
					o.Waits = append(o.Waits, time.Since(begin))
					o.Each[0]++
				case ctx.Err() != nil: // or who waits in vain would not count
					o.Waits = append(o.Waits, time.Since(begin))
				default:
					o.Failed++
					o.Errors = append(o.Errors, err.Error())[:min(len(o.Errors)+1, 3)]
				}
			}
		})
	}
	wg.Wait()
	var sum outcome
	for _, o := range all {
		sum.add(o)
	}
	return sum
}

// run is one client under one limit.
type run struct {
	limit   limit
	client  string
	time    time.Duration
	ledger  ledger
	outcome outcome
	err     error
}

// count returns what the server saw within the time of the run.
func (r *run) count() (accepted, refusedFirst, refusedLater int) {
	for _, e := range r.ledger.Events {
		switch {
		case e.At >= r.time: // on its way when the run ended
		case e.OK:
			accepted++
		case e.At < time.Second:
			refusedFirst++
		default:
			refusedLater++
		}
	}
	return accepted, refusedFirst, refusedLater
}

// allowed returns how many requests the server would have accepted.
func (r *run) allowed() int {
	if b := newBudget(r.limit); b != nil {
		return b.allowed(r.time)
	}
	return r.limit.served(r.time)
}

func (r *run) share() float64 {
	accepted, _, _ := r.count()
	return float64(accepted) / float64(r.allowed())
}

// refused is the share of the requests that got a 429.
func (r *run) refused() float64 {
	accepted, first, later := r.count()
	return float64(first+later) / float64(max(accepted+first+later, 1))
}

// since returns the share of the places that was used, and the share of the requests that got a
// 429, from the time warmUp on.
func (r *run) since(warmUp time.Duration) (used, refused float64) {
	after := *r
	after.ledger.Events = slices.DeleteFunc(slices.Clone(r.ledger.Events), func(e event) bool { return e.At < warmUp })
	accepted, _, _ := after.count()
	allowed := r.allowed()
	if b := newBudget(r.limit); b != nil {
		allowed -= b.allowed(warmUp)
	}
	return float64(accepted) / float64(max(allowed, 1)), after.refused()
}

// fairness is how much more the luckiest goroutine got than the unluckiest, 0 where that one got
// nothing.
func (r *run) fairness() float64 {
	if len(r.outcome.Each) == 0 || slices.Min(r.outcome.Each) == 0 {
		return 0
	}
	return float64(slices.Max(r.outcome.Each)) / float64(slices.Min(r.outcome.Each))
}

// underLimit plays one client.
func underLimit(ctx context.Context, s *server, l limit, d time.Duration, who client) run {
	return observed(ctx, s, l, d, who.name, func() (outcome, error) { return drive(ctx, goroutines, d, who.get), nil })
}

func observed(ctx context.Context, s *server, l limit, d time.Duration, name string, play func() (outcome, error)) run {
	r := run{limit: l, client: name, time: d}
	if r.err = s.control(ctx, "limit", l, nil); r.err != nil {
		return r
	}
	if r.outcome, r.err = play(); r.err != nil {
		return r
	}
	r.err = s.control(ctx, "ledger", nil, &r.ledger)
	return r
}
