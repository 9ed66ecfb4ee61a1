package ratelimit_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// sharers are processes that send all the time to one server with fixed windows, each with a Local
// of its own. A request that was refused waits as long as the response asks for.
type sharers struct {
	limit  int
	every  time.Duration
	trip   time.Duration
	round  func(float64) float64
	n      int
	total  time.Duration
	warmup time.Duration
	phase  time.Duration                               // the time since a window began
	busy   func(process int, since time.Duration) bool // nil: always
	served []int                                       // by process, after the warm-up
}

// run returns the share of the places that was used after the warm-up, and the share that was
// refused, in percent.
func (s *sharers) run(t *testing.T, opts ...ratelimit.Option) (used, refused float64) {
	t.Helper()
	server := newSim(s.limit, s.every)
	server.start = time.Now().Add(-s.phase)
	server.header = headerOf(s.round)
	server.latency = func() time.Duration { return s.trip/4 + rand.N(s.trip/2) }
	begin := time.Now()
	end := begin.Add(s.total)
	var group sync.WaitGroup
	s.served = make([]int, s.n)
	for i := range s.n {
		l := newLocal(t, append([]ratelimit.Option{ratelimit.WithHeaders(ratelimit.Confluent())}, opts...)...)
		client := &http.Client{Transport: ratelimit.NewTransport(server, l)}
		for range 16 {
			group.Go(func() {
				time.Sleep(rand.N(s.every / 10))
				for time.Now().Before(end) {
					if s.busy != nil && !s.busy(i, time.Since(begin)) {
						time.Sleep(s.every / 50)
						continue
					}
					resp, err := client.Get("http://server.example/")
					if !assert.NoError(t, err) {
						return
					}
					resp.Body.Close()
					if resp.StatusCode == http.StatusOK && time.Since(begin) > s.warmup {
						server.mu.Lock()
						s.served[i]++
						server.mu.Unlock()
					}
					if resp.StatusCode == http.StatusTooManyRequests {
						seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
						time.Sleep(time.Duration(seconds) * time.Second)
					}
				}
			})
		}
	}
	time.Sleep(s.warmup)
	server.mu.Lock()
	before := server.refused
	server.mu.Unlock()
	time.Sleep(s.total - s.warmup)
	server.mu.Lock()
	after := server.refused - before
	first, last := int((s.warmup+s.phase+s.every-1)/s.every), int(end.Sub(server.start)/s.every)
	sum := 0
	for n := first; n < last; n++ {
		sum += server.used[n]
	}
	server.mu.Unlock()
	group.Wait()
	places := float64((last - first) * s.limit)
	return 100 * float64(sum) / places, 100 * float64(after) / places
}

// A process that comes when another one uses the whole window gets what a process begins with, and
// more and more of the window.
func TestLatecomerGetsAShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sharers{limit: 100, every: time.Second, trip: 20 * time.Millisecond, n: 2, round: math.Ceil}
		s.total, s.warmup = 100*time.Second, 50*time.Second
		s.busy = func(i int, since time.Duration) bool { return i == 0 || since > 30*time.Second }
		s.phase = rand.N(s.every)
		used, refused := s.run(t, ratelimit.WithSharedWindow())
		t.Logf("%.1f %% used, %.2f %% refused, %v", used, refused, s.served)
		assert.Greater(t, used, 95.0)
		assert.Less(t, refused, 2.0)
		assert.Greater(t, s.served[1], 50*4)
	})
}

func TestProcessesThatShareAWindow(t *testing.T) {
	t.Parallel()
	pauses := func(i int, since time.Duration) bool { return i%2 == 0 || int(since/(5*time.Second))%2 == 0 }
	for name, s := range map[string]sharers{
		"2":             {limit: 100, every: time.Second, trip: 20 * time.Millisecond, n: 2},
		"10":            {limit: 100, every: time.Second, trip: 20 * time.Millisecond, n: 10},
		"20":            {limit: 100, every: time.Second, trip: 20 * time.Millisecond, n: 20},
		"30":            {limit: 300, every: time.Second, trip: 20 * time.Millisecond, n: 30},
		"10, in 10 s":   {limit: 100, every: 10 * time.Second, trip: 200 * time.Millisecond, n: 10},
		"10, with gaps": {limit: 100, every: time.Second, trip: 20 * time.Millisecond, n: 10, busy: pauses},
		"2, with gaps":  {limit: 100, every: time.Second, trip: 20 * time.Millisecond, n: 2, busy: pauses},
	} {
		for rounding, round := range map[string]func(float64) float64{"up": math.Ceil, "down": math.Floor} {
			t.Run(fmt.Sprintf("%s, rounded %s", name, rounding), func(t *testing.T) {
				t.Parallel()
				own := s // both roundings run at the same time
				synctest.Test(t, func(t *testing.T) {
					own.total, own.warmup, own.round, own.phase = 40*s.every, 3*s.every, round, rand.N(s.every)
					used, refused := own.run(t, ratelimit.WithSharedWindow())
					without, refusedWithout := own.run(t)
					t.Logf("%.1f %% used, %.2f %% refused; without the option %.1f %%, %.2f %%",
						used, refused, without, refusedWithout)
					assert.Greater(t, used, 95.0)
					assert.Less(t, refused, 2.0)
				})
			})
		}
	}
}

// A process that is alone loses nothing by the option.
func TestLoneProcessInASharedWindow(t *testing.T) {
	t.Parallel()
	for trip, least := range map[time.Duration]float64{
		10 * time.Millisecond: 99.5, 20 * time.Millisecond: 99, 50 * time.Millisecond: 94,
	} {
		for rounding, round := range roundings {
			t.Run(fmt.Sprintf("trip %v, rounded %s", trip, rounding), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := sharers{limit: 100, every: time.Second, trip: trip, n: 1, round: round}
					s.total, s.warmup, s.phase = 40*time.Second, 3*time.Second, rand.N(s.every)
					used, refused := s.run(t, ratelimit.WithSharedWindow())
					without, _ := s.run(t)
					t.Logf("%.1f %% used, %.2f %% refused; without the option %.1f %%", used, refused, without)
					assert.Greater(t, used, least)
					assert.Zero(t, refused)
				})
			})
		}
	}
}

// In the first ten windows, which begin with its first request, a process that is alone uses as
// much with the option as without, or all but half a hundredth. Where resets are rounded down, a
// few requests are refused until the length of long windows is known.
func TestLoneProcessFromTheStart(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{time.Second, 10 * time.Second, time.Minute} {
		for rounding, round := range roundings {
			t.Run(fmt.Sprintf("windows of %v, rounded %s", every, rounding), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := sharers{limit: 100, every: every, trip: 10 * time.Millisecond, n: 1, round: round}
					s.total = 10*every + 1
					used, refused := s.run(t, ratelimit.WithSharedWindow())
					without, _ := s.run(t)
					t.Logf("%.1f %% used, %.2f %% refused; without the option %.1f %%", used, refused, without)
					assert.GreaterOrEqual(t, used, min(without, 99.5))
					if rounding == "up" || rounding == "not" || every == time.Second {
						assert.Zero(t, refused)
					} else {
						assert.LessOrEqual(t, refused, 1.0)
					}
				})
			})
		}
	}
}

// Whatever nonsense the counts are, nobody waits longer than the cap; where the request that is let
// through once per cap gets no response, twice as long.
func TestNonsenseInASharedWindow(t *testing.T) {
	t.Parallel()
	const cap = 20 * time.Second
	numbers := []string{"0", "1", "2", "100", "2147483647", "-1", "later", "19", "3600"}
	synctest.Test(t, func(t *testing.T) {
		for range 300 {
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithSharedWindow(),
				ratelimit.WithMaxWait(cap))
			pick := func() string { return numbers[rand.N(len(numbers))] }
			limit, remaining, reset := pick(), pick(), pick()
			for range 20 {
				begin := time.Now()
				p, err := l.Acquire(t.Context(), nil)
				for err != nil {
					time.Sleep(time.Second)
					p, err = l.Acquire(t.Context(), nil)
				}
				if !assert.LessOrEqual(t, time.Since(begin), 2*cap+time.Second, "%s, %s, %s", limit, remaining, reset) {
					return
				}
				status := rand.N(2)*229 + 200 // 200 or 429
				l.Observe(p, respond(status, "X-RateLimit-Limit", limit, "X-RateLimit-Remaining", remaining,
					"X-RateLimit-Reset", reset))
				l.Release(p)
				if rand.N(4) == 0 {
					limit, remaining, reset = pick(), pick(), pick()
				}
				if p, err := l.Acquire(t.Context(), nil); err == nil {
					l.Release(p) // without a response
				}
			}
		}
	})
}

// shared returns a Local with WithSharedWindow, and a function that sends a request to the server.
func shared(t *testing.T, server *sim) (*ratelimit.Local, func() *http.Response) {
	t.Helper()
	l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithSharedWindow())
	client := &http.Client{Transport: ratelimit.NewTransport(server, l)}
	return l, func() *http.Response {
		resp, err := client.Get("http://server.example/")
		require.NoError(t, err)
		resp.Body.Close()
		return resp
	}
}

// Requests that end without a response may have reached the server or not, which the counts of
// later responses show. They do not hold back the requests after them.
func TestSharedWindowForgetsLostRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, send := shared(t, newSim(100, 10*time.Second))
		for begin := time.Now(); time.Since(begin) < 5*time.Second; { // It has the window to itself then.
			send()
		}
		var lost []ratelimit.Permit
		for begin := time.Now(); ; {
			p, err := l.Acquire(t.Context(), nil)
			require.NoError(t, err)
			if lost = append(lost, p); time.Since(begin) > 0 {
				break // Only the places for new processes are left.
			}
		}
		require.Greater(t, len(lost), 30)
		for _, p := range lost {
			l.Release(p)
		}
		begin := time.Now()
		for range len(lost) / 2 {
			p, err := l.Acquire(t.Context(), nil)
			require.NoError(t, err)
			l.Release(p)
		}
		assert.Zero(t, time.Since(begin))
	})
}

// The wait of a refusal is rounded up. Where the end of the window is known better, requests leave
// at that end.
func TestSharedWindowEndsBeforeTheStatedWait(t *testing.T) {
	t.Parallel()
	for _, rest := range []time.Duration{2050 * time.Millisecond, 3100 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			server := newSim(20, 10*time.Second)
			_, send := shared(t, server)
			for range 30 { // The end of the first window shows the ends of all.
				send()
			}
			end := server.start.Add(2 * server.every)
			time.Sleep(time.Until(end.Add(-rest)))
			for server.serve(time.Now()).StatusCode == http.StatusOK { // Another process takes the rest.
			}
			require.Equal(t, http.StatusTooManyRequests, send().StatusCode)
			assert.Equal(t, http.StatusOK, send().StatusCode)
			assert.GreaterOrEqual(t, time.Since(end), time.Duration(0))
			assert.Less(t, time.Since(end), 500*time.Millisecond) // It would be 900 ms or more.
		})
	}
}
