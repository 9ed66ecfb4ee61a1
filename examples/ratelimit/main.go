// Ratelimit draws the effect of a limiter. Many workers send requests to a server that allows a
// number of requests per second, first without a limit, then through a shared limiter.
//
//	go run ./examples/ratelimit
//
// The server is inside the program. It needs no account and no network.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/integrations-go/sdk/examples/internal/program"
	"github.com/integrations-go/sdk/ratelimit"
)

func main() { program.Main("ratelimit", run) }

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("ratelimit", flag.ContinueOnError)
	workers := flags.Int("workers", 64, "how many send at once")
	limit := flags.Int("limit", 100, "how many requests the server allows per second")
	total := flags.Duration("time", 3*time.Second, "how long to send")
	if err := program.Parse(flags, args, out); err != nil {
		return err
	}
	if *workers < 1 || *limit < 1 || *total <= 0 {
		return program.Usage(errors.New("-workers, -limit and -time must be above 0"))
	}
	fmt.Fprintf(out, "%d workers for %v; the server allows %d requests per second.\n\n", *workers, *total, *limit)

	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
	if err != nil {
		return err
	}
	without, with := newServer(*limit), newServer(*limit)
	err = send(ctx, without, http.DefaultTransport, *workers, *total)
	if err == nil {
		err = send(ctx, with, ratelimit.NewTransport(nil, limiter), *workers, *total)
	}
	if err != nil {
		did := fmt.Sprintf(
			"the server inside this program accepted %d and refused %d; a picture of a part would mislead",
			without.sum().accepted+with.sum().accepted,
			without.sum().refused+with.sum().refused,
		)
		return program.Interrupted(ctx, err, did)
	}
	draw(out, without, with, *total)
	return nil
}

// counts are numbers of requests.
type counts struct{ accepted, refused int }

// sum returns the counts of all slots.
func (s *server) sum() (c counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.accepted {
		c.accepted += n
	}
	for _, n := range s.refused {
		c.refused += n
	}
	return c
}

// slot is the time of one line of the chart.
const slot = 100 * time.Millisecond

// server has fixed windows of one second and states them in headers, with the seconds rounded up.
type server struct {
	limit int

	mu                sync.Mutex
	start             time.Time
	window, used      int
	accepted, refused map[int]int // by slot
}

func newServer(limit int) *server {
	return &server{limit: limit, accepted: map[int]int{}, refused: map[int]int{}}
}

func (s *server) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	time.Sleep(5 * time.Millisecond) // simulates a network
	s.mu.Lock()
	defer s.mu.Unlock()
	since := time.Since(s.start)
	if n := int(since / time.Second); n != s.window {
		s.window, s.used = n, 0
	}
	ok := s.used < s.limit
	if ok {
		s.used++
		s.accepted[int(since/slot)]++
	} else {
		s.refused[int(since/slot)]++
	}
	w.Header().Set("X-RateLimit-Limit", strconv.Itoa(s.limit))
	w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(s.limit-s.used))
	w.Header().Set("X-RateLimit-Reset", "1")
	if !ok {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

// send runs workers that send requests for a time. A refused worker tries again after a short time,
// as many programs do. If parent ends earlier, send returns its error.
func send(parent context.Context, s *server, transport http.RoundTripper, workers int, total time.Duration) error {
	s.start = time.Now()
	web := httptest.NewServer(s)
	defer web.Close()
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	end := time.AfterFunc(total, cancel)
	defer end.Stop()

	var group sync.WaitGroup
	errs := make(chan error, workers)
	for range workers {
		group.Go(func() {
			for ctx.Err() == nil {
				status, err := get(ctx, client, web.URL)
				if err != nil {
					if ctx.Err() == nil {
						errs <- err
					}
					return
				}
				if status != http.StatusOK {
					time.Sleep(slot / 2)
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return parent.Err()
	}
}

func get(ctx context.Context, client *http.Client, url string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// draw prints both charts side by side, one line per slot.
func draw(out io.Writer, without, with *server, total time.Duration) {
	const width = 24
	slots := int(total / slot)
	most := 1
	for _, s := range []*server{without, with} {
		for i := range slots {
			most = max(most, s.accepted[i]+s.refused[i])
		}
	}
	bar := func(s *server, i int) string {
		scale := func(n int) int { return (n*width + most - 1) / most }
		accepted := scale(s.accepted[i])
		return strings.Repeat("#", accepted) + strings.Repeat("x", max(0, scale(s.accepted[i]+s.refused[i])-accepted))
	}
	fmt.Fprintf(out, "%6s  %-*s  %s\n", "", width, "without a limiter", "with a limiter")
	for i := range slots {
		fmt.Fprintf(
			out,
			"%4.1f s  %-*s  %s\n",
			(time.Duration(i) * slot).Seconds(),
			width,
			bar(without, i),
			bar(with, i),
		)
	}
	fmt.Fprintf(out, "\n# accepted  x refused\n")
	for _, s := range []struct {
		name string
		*server
	}{{"without", without}, {"with", with}} {
		fmt.Fprintf(out, "%-7s  %d accepted, %d refused\n", s.name, s.sum().accepted, s.sum().refused)
	}
}
