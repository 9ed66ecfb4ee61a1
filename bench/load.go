package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

const (
	goroutines  = 64
	processes   = 10
	perProcess  = 8
	perSecond   = 100
	atOnce      = 16
	serviceTime = 5 * time.Millisecond
	longService = 20 * time.Millisecond // of the server that counts requests at a time
)

// outcome is what the clients of a load saw.
type outcome struct {
	Waits  []time.Duration // from the beginning of a call to its success, or to the end of the run where that came first
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

// drive calls from n goroutines for the time d. The calls have no deadline, so that no limiter knows when the run ends.
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

// count is what the server saw within the time of the run.
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

// allowed is what the server would have let through.
func (r *run) allowed() int {
	if b := newBudget(r.limit); b != nil {
		return b.allowed(r.time)
	}
	return int(float64(r.limit.N) * float64(r.time) / float64(r.limit.Service))
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

// fairness is how much more the luckiest goroutine got than the unluckiest, 0 where that one got nothing.
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

// limitedTarget is the API behind the limit.
func limitedTarget(s *server) target {
	return target{s.Plain + limited, &http.Client{Transport: transport()}}
}

// limits plays the clients under each kind of limit. All are made anew for each run: nobody knows the limit from before.
func limits(ctx context.Context, s *server, d time.Duration, few bool, report func(run)) error {
	for _, l := range []limit{
		{fixedWindow, perSecond, serviceTime}, {tokenBucket, perSecond, serviceTime}, {slidingWindow, perSecond, serviceTime},
		{inFlight, atOnce, longService},
	} {
		t := func() target { return limitedTarget(s) }
		sdk, err := newSDK(nameSDK, t(), nil)
		if err != nil {
			return err
		}
		told, err := newRoundedUp(t())
		if l.Kind == inFlight {
			told, err = newInFlight(t(), l.N)
		}
		if err != nil {
			return err
		}
		clients := []client{sdk, told, newBare[flat](nameRetryable, retryable(t()))}
		if !few {
			clients = append(clients, newCcloud(nameCcloudRe, retryable(t())), newSleeping(t()))
		}
		for _, c := range clients {
			report(underLimit(ctx, s, l, d, c))
		}
	}
	return nil
}

// task is what a worker process is to do. It comes on standard input, where nobody else sees it.
type task struct {
	BaseURL string
	Client  string
	Time    time.Duration
	Redis   string // the address of the shared limiter, "" for none
}

func (t task) client(ctx context.Context) (client, func(), error) {
	at := target{t.BaseURL, &http.Client{Transport: transport()}}
	none := func() {}
	switch t.Client {
	case nameSDK:
		c, err := newSDK(nameSDK, at, nil)
		return c, none, err
	case nameRetryable:
		return newBare[flat](nameRetryable, retryable(at)), none, nil
	case nameShared:
		return newShared(ctx, t.Client, at, t.Redis, ratelimit.Confluent())
	case nameToldAll:
		return newShared(ctx, t.Client, at, t.Redis, roundedUp())
	}
	return client{}, none, fmt.Errorf("no client is called %q", t.Client)
}

// work is a worker process. It begins when told to, so that all begin at once.
func work() error {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var t task
	if err := json.Unmarshal(line, &t); err != nil {
		return err
	}
	c, end, err := t.client(context.Background())
	if err != nil {
		return err
	}
	defer end()
	fmt.Println("ready")
	if _, err := in.ReadBytes('\n'); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(drive(context.Background(), perProcess, t.Time, c.get))
}

// together plays a client in many processes. during, if there is one, happens meanwhile.
func together(ctx context.Context, s *server, d time.Duration, name, redis string, during func() error) run {
	l := limit{fixedWindow, perSecond, serviceTime}
	return observed(ctx, s, l, d, name, func() (sum outcome, err error) {
		ctx, cancel := context.WithTimeout(ctx, d+time.Minute)
		defer cancel()
		workers := make([]*worker, processes)
		for i := range workers {
			workers[i], err = newWorker(ctx, task{s.Plain + limited, name, d, redis})
			if err != nil {
				cancel()
				return sum, err
			}
		}
		for _, w := range workers {
			if _, err := io.WriteString(w.in, "go\n"); err != nil {
				return sum, err
			}
		}
		if during != nil {
			if err := during(); err != nil {
				return sum, err
			}
		}
		for _, w := range workers {
			var o outcome
			if err := errors.Join(json.NewDecoder(w.out).Decode(&o), w.wait()); err != nil {
				return sum, fmt.Errorf("a process ended early: %w", err)
			}
			sum.add(o)
		}
		return sum, nil
	})
}

type worker struct {
	in   io.WriteCloser
	out  *bufio.Reader
	wait func() error
}

// newWorker starts a process and waits until it is ready.
func newWorker(ctx context.Context, t task) (*worker, error) {
	cmd, err := self(ctx, roleWorker)
	if err != nil {
		return nil, err
	}
	w := &worker{wait: cmd.Wait}
	if w.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(w.in).Encode(t); err != nil {
		return nil, err
	}
	if _, err := w.out.ReadBytes('\n'); err != nil {
		return nil, errors.Join(errors.New("a process did not start"), err, cmd.Wait())
	}
	return w, nil
}
