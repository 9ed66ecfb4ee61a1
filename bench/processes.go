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
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// task is the order of a worker process. It comes on standard input, where nobody else sees it.
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
	case nameSharedWindow:
		c, err := newSharedWindow(at)
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

// team is a number of processes that play one client against one fixed window.
type team struct {
	processes int
	client    string
	redis     string       // the address of the shared limiter, "" for none
	during    func() error // happens while they play, nil for nothing
}

// play starts the processes, and lets them call for the time d.
func (t team) play(ctx context.Context, s *server, d time.Duration) run {
	l := limit{Kind: fixedWindow, N: perSecond, Service: serviceTime}
	return observed(ctx, s, l, d, t.client, func() (outcome, error) {
		ctx, cancel := context.WithTimeout(ctx, d+time.Minute)
		defer cancel()
		var sum outcome
		workers := make([]*worker, t.processes)
		for i := range workers {
			var err error
			if workers[i], err = newWorker(ctx, task{s.Plain + limited, t.client, d, t.redis}); err != nil {
				return sum, err
			}
		}
		for _, w := range workers {
			if _, err := io.WriteString(w.in, "go\n"); err != nil {
				return sum, err
			}
		}
		if t.during != nil {
			if err := t.during(); err != nil {
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

// manyProcesses plays processes with a limiter each, and processes that share one through Redis.
func manyProcesses(ctx context.Context, server *server, s settings, r *result) error {
	for _, name := range []string{nameSDK, nameSharedWindow, nameRetryable} {
		r.addRun(&r.shared, team{processes: processes, client: name}.play(ctx, server, s.limitTime))
	}
	for _, name := range []string{nameSDK, nameSharedWindow} {
		r.addRun(&r.lone, team{processes: 1, client: name}.play(ctx, server, s.limitTime))
	}
	return throughRedis(ctx, server, s, r)
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
