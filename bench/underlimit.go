package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// limits plays the clients under each kind of limit, and the fan-outs. The clients of a run are
// new: none knows the limit from before.
func limits(ctx context.Context, s *server, d time.Duration, few bool, r *result) error {
	for _, l := range []limit{
		{Kind: fixedWindow, N: perSecond, Service: serviceTime},
		{Kind: tokenBucket, N: perSecond, Service: serviceTime},
		{Kind: slidingWindow, N: perSecond, Service: serviceTime},
		{Kind: inFlight, N: atOnce, Service: longService},
		{Kind: fewInFlight, N: fewAtOnce, Service: longService},
		{Kind: changingInFlight, Steps: []int{atOnce, fewAtOnce, atOnce}, Every: d / 3, Service: longService},
	} {
		clients, err := opponents(func() target { return limitedTarget(s) }, l, few)
		if err != nil {
			return err
		}
		for _, c := range clients {
			r.addRun(&r.runs, underLimit(ctx, s, l, d, c))
		}
	}
	return fanOuts(ctx, s, few, r)
}

// opponents returns the clients that play under l. few leaves out some that are shown for
// comparison only.
func opponents(t func() target, l limit, few bool) ([]client, error) {
	sdk, err := newSDK(nameSDK, t(), nil)
	if err != nil {
		return nil, err
	}
	retries := newBare[flat](nameRetryable, retryable(t()))
	var informed client
	switch l.Kind {
	case fewInFlight, changingInFlight:
		return []client{sdk, retries}, nil
	case inFlight:
		informed, err = newInFlight(t(), l.N)
	default:
		informed, err = newRoundedUp(t())
	}
	clients := []client{sdk, informed, retries}
	if !few {
		clients = append(clients, newCcloud(nameCcloudRe, retryable(t())), newSleeping(t()))
	}
	return clients, err
}

// fanOut is a fixed number of calls against a fixed window.
type fanOut struct {
	limit  limit
	client string
	calls  int
	ledger ledger
	err    error
}

// must returns the least time from the first request to the last, by the server's clock.
func (f *fanOut) must() time.Duration {
	w := window{n: f.limit.N, phase: f.limit.Phase}
	return w.begins(f.calls)
}

// took returns the time from the first request to the last accepted one, by the server's clock.
func (f *fanOut) took() time.Duration {
	last := time.Duration(0)
	for _, e := range f.ledger.Events {
		if e.OK {
			last = max(last, e.At)
		}
	}
	return last
}

// ratio returns how many times the least time was taken.
func (f *fanOut) ratio() float64 { return float64(f.took()) / float64(f.must()) }

// refused returns the number of responses with status 429.
func (f *fanOut) refused() (n int) {
	for _, e := range f.ledger.Events {
		if !e.OK {
			n++
		}
	}
	return n
}

// fanOuts sends the calls of a fan-out to servers that round their resets up and down.
func fanOuts(ctx context.Context, s *server, few bool, r *result) error {
	calls := fanOutCalls
	if few {
		calls = fanOutFew
	}
	for _, l := range []limit{
		{Kind: fixedWindow, N: perSecond, Service: serviceTime},
		{Kind: phasedWindow, N: perSecond, Service: serviceTime, Phase: fanOutPhase, Down: true},
	} {
		sdk, err := newSDK(nameSDK, limitedTarget(s), nil)
		if err != nil {
			return err
		}
		r.addFanOut(playFanOut(ctx, s, l, calls, sdk))
	}
	return nil
}

// playFanOut makes the calls from many goroutines. A call that fails makes the run worthless.
func playFanOut(ctx context.Context, s *server, l limit, calls int, c client) fanOut {
	f := fanOut{limit: l, client: c.name, calls: calls}
	if f.err = s.control(ctx, "limit", l, nil); f.err != nil {
		return f
	}
	var made atomic.Int64
	failed := make([]error, goroutines)
	var group sync.WaitGroup
	for i := range failed {
		group.Go(func() {
			for made.Add(1) <= int64(calls) {
				if _, err := c.get(ctx); err != nil {
					failed[i] = fmt.Errorf("a call of the fan-out failed: %w", err)
					return
				}
			}
		})
	}
	group.Wait()
	if f.err = errors.Join(failed...); f.err == nil {
		f.err = s.control(ctx, "ledger", nil, &f.ledger)
	}
	return f
}

// limitedTarget is the API behind the limit.
func limitedTarget(s *server) target {
	return target{s.Plain + limited, &http.Client{Transport: transport()}}
}
