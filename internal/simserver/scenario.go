package simserver

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// Load describes the calls that a client makes.
type Load struct {
	// Name is used in tables and names of tests.
	Name string
	// Rate is the mean number of calls as a share of what the server allows.
	Rate float64
	// Deadlines are the times that calls have, in windows, in turn.
	Deadlines []float64
	// Priorities are those of the calls, in turn. None is [ratelimit.Normal] for all.
	Priorities []ratelimit.Priority
	// Pause is the number of windows without calls after each three windows with calls.
	Pause int
	// Workers make one call after the other, without a deadline, instead of Rate.
	Workers int
	// Windows is the duration of the load. Calls of the first [WarmUp] windows do not
	// count.
	Windows int
}

// WarmUp is the number of windows at the beginning of a load that do not count.
const WarmUp = 2

// Scenario is a load on a server.
type Scenario struct {
	Server Spec
	Load   Load
}

// Name returns the names of the server and the load.
func (s Scenario) Name() string { return s.Server.Name + ", " + s.Load.Name }

// Duration is how long calls are made.
func (s Scenario) Duration() time.Duration { return time.Duration(s.Load.Windows) * s.window() }

// Warm is when calls begin to count.
func (s Scenario) Warm() time.Duration { return WarmUp * s.window() }

// counts reports whether a success at that time counts. What matters is when calls succeed, so that
// the places of the same windows are compared.
func (s Scenario) counts(at time.Duration) bool { return at >= s.Warm() && at < s.Duration() }

// window is the unit of loads. A limit in flight has none; a second serves as well.
func (s Scenario) window() time.Duration {
	if s.Server.Window == 0 {
		return time.Second
	}
	return s.Server.Window
}

// Call is one call of an open load.
type Call struct {
	// At is when the call is made, from the beginning of the load. Within is the time it
	// has.
	At, Within time.Duration
	// Priority orders calls that wait.
	Priority ratelimit.Priority
}

// Calls returns the calls of s, which arrive at random. Equal seeds give equal calls. A closed load
// has none.
func (s Scenario) Calls(seed uint64) []Call {
	if s.Load.Workers > 0 {
		return nil
	}
	random := rand.New(rand.NewPCG(seed, 2))
	perSecond := s.Load.Rate * float64(s.Server.Limit) / s.window().Seconds()
	var calls []Call
	for at := time.Duration(0); ; {
		at += time.Duration(random.ExpFloat64() / perSecond * 1e9)
		if at >= s.Duration() {
			return calls
		}
		if n := int(at / s.window()); s.Load.Pause > 0 && n%(3+s.Load.Pause) >= 3 {
			continue
		}
		c := Call{At: at}
		if d := s.Load.Deadlines; len(d) > 0 {
			c.Within = time.Duration(d[len(calls)%len(d)] * float64(s.window()))
		}
		if p := s.Load.Priorities; len(p) > 0 {
			c.Priority = p[len(calls)%len(p)]
		}
		calls = append(calls, c)
	}
}

// FixedWindows returns servers with fixed windows of the given length and round trip: each
// rounding, phases that matter, and windows that begin with a request.
func FixedWindows(window, roundTrip time.Duration) []Spec {
	var specs []Spec
	base := Spec{Limit: 100, Window: window, RoundTrip: roundTrip, Jitter: 0.5}
	for _, r := range []Rounding{Up, Down, Nearest} {
		for _, phase := range []float64{0, 0.35, 0.9} {
			s := base
			s.Rounding, s.Phase = r, phase
			s.Name = fmt.Sprintf("fixed %v, RTT %v, %v, phase %v", window, roundTrip, r, phase)
			specs = append(specs, s)
		}
	}
	s := base
	s.Kind = OnRequest
	s.Name = fmt.Sprintf("on request %v, RTT %v, up", window, roundTrip)
	return append(specs, s)
}

// Refilling returns servers that refill continuously.
func Refilling(window, roundTrip time.Duration) []Spec {
	var specs []Spec
	for kind, name := range map[Kind]string{Bucket: "bucket", Sliding: "sliding"} {
		specs = append(specs, Spec{
			Name: fmt.Sprintf("%s %v, RTT %v", name, window, roundTrip),
			Kind: kind, Limit: 100, Window: window, RoundTrip: roundTrip, Jitter: 0.5,
		})
	}
	if specs[0].Kind == Sliding {
		specs[0], specs[1] = specs[1], specs[0]
	}
	return specs
}

// Overload returns loads of 0.9 to 2 times the limit with deadlines of half a window to five
// windows, equal and mixed.
func Overload(windows int) []Load {
	var loads []Load
	for _, rate := range []float64{0.9, 1.2, 2} {
		for _, d := range [][]float64{{0.5}, {1}, {2}, {5}, {0.5, 1, 2, 5}} {
			name := fmt.Sprintf("%vx, %v windows", rate, d[0])
			if len(d) > 1 {
				name = fmt.Sprintf("%vx, mixed deadlines", rate)
			}
			loads = append(loads, Load{Name: name, Rate: rate, Deadlines: d, Windows: windows})
		}
	}
	return loads
}

// OtherLoads returns loads that are far from the limit, far beyond it, with pauses and with
// priorities.
func OtherLoads(windows int) []Load {
	mixed := []float64{0.5, 1, 2, 5}
	return []Load{
		{Name: "0.5x", Rate: 0.5, Deadlines: mixed, Windows: windows},
		{Name: "3x", Rate: 3, Deadlines: mixed, Windows: windows},
		{Name: "1.5x with pauses", Rate: 1.5, Deadlines: mixed, Pause: 2, Windows: windows},
		{
			Name: "1.5x with priorities", Rate: 1.5, Deadlines: mixed, Windows: windows,
			Priorities: []ratelimit.Priority{ratelimit.Normal, ratelimit.Low, ratelimit.Normal},
		},
	}
}

// Closed returns a load of workers that call without a deadline.
func Closed(workers, windows int) Load {
	return Load{Name: fmt.Sprintf("%d workers", workers), Workers: workers, Windows: windows}
}
