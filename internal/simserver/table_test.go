package simserver

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

var tableFile = flag.String("table", "", "write the goodput table to this file; it takes about two minutes")

// newLocal returns the limiter that clients of this module have by default.
func newLocal(t *testing.T) ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithAdaptiveInFlight(0, 1))
	require.NoError(t, err)
	return l
}

// play runs s in a bubble, without a limiter if newLimiter is nil.
func play(t *testing.T, s Scenario, newLimiter func(*testing.T) ratelimit.Limiter) (r Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if newLimiter == nil {
			r = Run(s, 1, nil)
			return
		}
		r = Run(s, 1, newLimiter(t))
	})
	return r
}

const ms = time.Millisecond

// scale is a length of windows and what goes with it.
type scale struct {
	window, roundTrip time.Duration
	windows           int // of a load
}

var scales = []scale{
	{time.Second, 10 * ms, 20},
	{time.Second, 50 * ms, 30},
	{time.Second, 200 * ms, 30},
	{10 * time.Second, 200 * ms, 10},
	{time.Minute, 200 * ms, 8},
}

// line is one line of the table: all loads on all servers.
type line struct {
	name    string
	servers []Spec
	loads   []Load
}

func (s scale) lines() []line {
	fixed := FixedWindows(s.window, s.roundTrip)
	last := len(fixed) - 1
	few := []Spec{fixed[1], fixed[4], fixed[8]} // each rounding, each phase
	refilling := Refilling(s.window, s.roundTrip)
	open, closed := Overload(s.windows), []Load{Closed(64, s.windows)}
	name := func(kind string) string { return fmt.Sprintf("%s, %v, RTT %v", kind, s.window, s.roundTrip) }
	return []line{
		{name("fixed windows"), few, open},
		{name("fixed windows, other loads"), few, OtherLoads(s.windows)},
		{name("fixed windows, 64 workers"), fixed[:last], closed},
		{name("windows that begin with a request"), fixed[last:], append(open, closed...)},
		{name("token bucket"), refilling[:1], append(open, closed...)},
		{name("sliding window"), refilling[1:], append(open, closed...)},
	}
}

// TestTable writes the goodput table, if -table names a file.
func TestTable(t *testing.T) {
	if *tableFile == "" {
		t.Skip("without -table there is nothing to write")
	}
	var b strings.Builder
	fmt.Fprintln(&b, "| server | scenarios | limiter: worst | mean | 429 | none: worst | mean | 429 |")
	fmt.Fprintln(&b, "|---|---|---|---|---|---|---|---|")
	for _, s := range scales {
		for _, l := range s.lines() {
			b.WriteString(l.measure(t))
		}
	}
	require.NoError(t, os.WriteFile(*tableFile, []byte(b.String()), 0o600))
}

// sum adds up what one client got.
type sum struct {
	worst, total, n float64 // in % of the oracle
	sent, refused   int
}

func (s *sum) add(r Result, possible int) {
	share := 100 * float64(r.Good) / float64(possible)
	if s.n == 0 || share < s.worst {
		s.worst = share
	}
	s.total += share
	s.n++
	s.sent += r.Sent
	s.refused += r.Refused
}

func (s *sum) String() string {
	if s.n == 0 {
		return "| | |"
	}
	return fmt.Sprintf("%.0f | %.0f | %.2f %%", s.worst, s.total/s.n, 100*float64(s.refused)/float64(max(1, s.sent)))
}

func (l line) measure(t *testing.T) string {
	t.Helper()
	var with, without sum
	for _, server := range l.servers {
		for _, load := range l.loads {
			s := Scenario{server, load}
			possible := Oracle(s, 1)
			with.add(play(t, s, newLocal), possible)
			if load.Workers == 0 {
				without.add(play(t, s, nil), possible)
			}
		}
	}
	return fmt.Sprintf("| %s | %d | %v | %v |\n", l.name, int(with.n), &with, &without)
}
