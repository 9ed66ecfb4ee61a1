package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/integrations-go/sdk/inventory"
	"github.com/integrations-go/sdk/ratelimit"
)

// Variables, because tests shorten them.
var (
	barBegins = 300 * time.Millisecond // a faster statement has no bar
	barEvery  = 100 * time.Millisecond
)

// bar shows the progress of a statement in one line of a terminal. A nil bar shows nothing.
type bar struct {
	out      io.Writer
	limiters []ratelimit.Limiter

	mu       sync.Mutex
	progress inventory.Progress
	begun    time.Time
	drawn    bool
}

// update implements the function of [inventory.WithProgress].
func (b *bar) update(p inventory.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress = p
}

// start shows the bar until stop is called.
func (b *bar) start() (stop func()) {
	if b == nil {
		return func() {}
	}
	b.mu.Lock()
	b.progress, b.begun = inventory.Progress{}, time.Now()
	b.mu.Unlock()
	ended := make(chan struct{})
	var drawing sync.WaitGroup
	drawing.Go(func() {
		tick := time.NewTicker(barEvery)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case now := <-tick.C:
				b.draw(now)
			}
		}
	})
	return sync.OnceFunc(func() {
		close(ended)
		drawing.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		b.clear()
	})
}

// draw shows the progress at the time now.
func (b *bar) draw(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.begun) < barBegins {
		return
	}
	width, _ := terminalWidth(b.out)
	line := barLine(b.progress, now.Sub(b.begun), waiting(b.limiters, now), width)
	fmt.Fprint(b.out, "\r"+line+"\x1b[K")
	b.drawn = true
}

// clear removes the line. b.mu must be held.
func (b *bar) clear() {
	if b.drawn {
		b.drawn = false
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}

// before returns a writer to the same terminal that removes the line first.
func (b *bar) before(out io.Writer) io.Writer { return &barWriter{b, out} }

type barWriter struct {
	bar *bar
	out io.Writer
}

// Write implements [io.Writer].
func (w *barWriter) Write(p []byte) (int, error) {
	w.bar.mu.Lock()
	defer w.bar.mu.Unlock()
	w.bar.clear()
	return w.out.Write(p)
}

// barLine returns the text of the bar after this time.
func barLine(p inventory.Progress, elapsed, wait time.Duration, width int) string {
	rows := fmt.Sprintf("%d rows", p.Rows)
	drawing := ""
	if p.Total > 0 && p.Rows <= p.Total {
		rows = fmt.Sprintf("%d of %d rows", p.Rows, p.Total)
		const cells = 20
		full := cells * p.Rows / p.Total
		drawing = strings.Repeat("█", full) + strings.Repeat("░", cells-full)
	}
	if p.Table == "" {
		rows = "waiting for the first response"
	}
	var parts []string
	if wait > 0 {
		parts = append(parts, fmt.Sprintf("waiting for the rate limit %.0f s", (wait+time.Second/2).Seconds()))
	}
	// Parts that do not fit are left out, the least important one first.
	rate := ""
	if p.Requests > 0 {
		rate = fmt.Sprintf("%.0f requests/s", float64(p.Requests)/elapsed.Seconds())
	}
	for _, part := range []string{rate, rows, drawing, p.Table} {
		if longer := append([]string{part}, parts...); part != "" &&
			text.StringWidth(strings.Join(longer, "  ")) < width {
			parts = longer
		}
	}
	return text.Snip(strings.Join(parts, "  "), width-1, "…")
}

// waiting returns how long requests have to wait for a limit, 0 if they do not wait.
func waiting(limiters []ratelimit.Limiter, now time.Time) time.Duration {
	var until time.Time
	for _, l := range limiters {
		local, ok := l.(*ratelimit.Local)
		if !ok {
			continue
		}
		s := local.Snapshot()
		if s.PausedUntil.After(until) {
			until = s.PausedUntil
		}
		if s.Waiting > 0 && s.Remaining == 0 && s.Reset.After(until) {
			until = s.Reset
		}
	}
	return max(0, until.Sub(now))
}
