// Ratelimit draws what a limiter does: many workers send to a server that allows some requests per second, first as they like, then through
// a shared limiter.
//
//	go run ./examples/ratelimit
//
// The server is inside the program: no account, no network.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "ratelimit:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("ratelimit", flag.ContinueOnError)
	flags.SetOutput(out)
	workers := flags.Int("workers", 64, "how many send at once")
	limit := flags.Int("limit", 100, "how many requests the server allows per second")
	total := flags.Duration("time", 3*time.Second, "how long to send")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *workers < 1 || *limit < 1 || *total <= 0 {
		return errors.New("-workers, -limit and -time must be above 0")
	}
	fmt.Fprintf(out, "%d workers for %v; the server allows %d requests per second.\n\n", *workers, *total, *limit)

	without := newServer(*limit)
	if err := send(ctx, without, http.DefaultTransport, *workers, *total); err != nil {
		return err
	}
	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
	if err != nil {
		return err
	}
	with := newServer(*limit)
	if err := send(ctx, with, ratelimit.NewTransport(nil, limiter), *workers, *total); err != nil {
		return err
	}
	draw(out, without, with, *total)
	return nil
}

// slot is the time that a line of the picture stands for.
const slot = 100 * time.Millisecond

// server has fixed windows of a second and says so, with the seconds rounded up.
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
	time.Sleep(5 * time.Millisecond) // as if it were far away
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

// send has workers send for a time. One that is refused tries again a little later, as many programs do.
func send(ctx context.Context, s *server, transport http.RoundTripper, workers int, total time.Duration) error {
	s.start = time.Now()
	web := httptest.NewServer(s)
	defer web.Close()
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithCancel(ctx)
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
		return nil
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

// draw puts both side by side, a line for each slot.
func draw(out io.Writer, without, with *server, total time.Duration) {
	const width = 30
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
		fmt.Fprintf(out, "%4.1f s  %-*s  %s\n", (time.Duration(i) * slot).Seconds(), width, bar(without, i), bar(with, i))
	}
	sum := func(counts map[int]int) (n int) {
		for _, c := range counts {
			n += c
		}
		return n
	}
	fmt.Fprintf(out, "\n# accepted  x refused\n")
	for _, s := range []struct {
		name string
		*server
	}{{"without", without}, {"with", with}} {
		fmt.Fprintf(out, "%-7s  %d accepted, %d refused\n", s.name, sum(s.accepted), sum(s.refused))
	}
}
