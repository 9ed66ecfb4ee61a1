package ratelimit_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// A window that no response describes ends like the last one: no request hangs, and not more
// are sent than that window allowed.
func TestSilentWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fixed{limit: 20, every: 10 * time.Second, zero: time.Now()}
		first := true
		header := func(h http.Header, limit, remaining int, reset time.Duration) {
			if first {
				headerOf(exact)(h, limit, remaining, reset)
				first = false
			}
		}
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		o := load(t, p, header, 20, 64, 95*time.Second, 20*time.Millisecond, l)
		t.Log(o)
		assert.Zero(t, o.refused)
		assert.GreaterOrEqual(t, o.share(), 0.85)
	})
}

// As above, on a server whose windows are out of step with what was learned: a
// refusal holds everybody until the server says.
func TestSilentWindowsOutOfStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fixed{limit: 20, every: 10 * time.Second, zero: time.Now().Add(-7 * time.Second)}
		header := func(h http.Header, limit, remaining int, reset time.Duration) {
			if remaining == limit-1 && p.n == 0 {
				headerOf(exact)(h, limit, remaining, reset)
			}
		}
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		o := load(t, p, header, 20, 64, 2*time.Minute, 20*time.Millisecond, l)
		t.Log(o)
		assert.GreaterOrEqual(t, o.share(), 0.5)
		var rounds int // of refusals
		for i, at := range o.refusals {
			if i == 0 || at-o.refusals[i-1] > time.Second {
				rounds++
			}
		}
		assert.LessOrEqual(t, rounds, 120/10)
		assert.LessOrEqual(t, o.refused, 64*rounds)
	})
}

// Whatever nonsense a server refuses with, it stops nobody for longer than the
// cap, and a client that tries again at once does not spin.
func TestNonsense(t *testing.T) {
	const cap = 20 * time.Second
	values := map[string]string{
		"negative": "-5", "huge": "99999999999999999999", "long": "31536000", "over a year": "31536001",
		"text": "later", "empty": "", "epoch": "1772366400", "zero": "0", "infinite": "Inf", "exponent": "1e9",
		"far date":  "Fri, 31 Dec 9999 23:59:59 GMT",
		"past date": "Thu, 01 Jan 1970 00:00:00 GMT", "fraction": "0.0000001", "several": "5, 6",
	}
	for _, name := range []string{"Retry-After", "X-RateLimit-Reset", "X-RateLimit-Limit", "X-RateLimit-Remaining"} {
		for kind, value := range values {
			units := map[string]ratelimit.Headers{"relative": ratelimit.Confluent(), "epoch": ratelimit.GitHub()}
			for unit, headers := range units {
				t.Run(fmt.Sprintf("%s %s, %s due", name, kind, unit), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						l := newLocal(t, ratelimit.WithHeaders(headers), ratelimit.WithMaxWait(cap))
						sent := 0
						for start := time.Now(); time.Since(start) < 5*time.Minute; {
							p, err := l.Acquire(t.Context(), nil)
							if err != nil {
								require.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
								time.Sleep(10 * time.Millisecond)
								continue
							}
							sent++
							require.Less(t, sent, 2000, "it spins")
							l.Observe(p, respond(429, name, value))
							l.Release(p)
						}
						assert.GreaterOrEqual(t, sent, int(5*time.Minute/cap)-2)

						start := time.Now() // The server is well again.
						for {
							p, err := l.Acquire(t.Context(), nil)
							if err == nil {
								l.Observe(p, withCounts(10, 9, 1))
								l.Release(p)
								break
							}
							time.Sleep(10 * time.Millisecond)
						}
						assert.LessOrEqual(t, time.Since(start), cap+jitter)
					})
				})
			}
		}
	}
}

// Nonsense in a response that is no refusal changes nothing for longer than the cap either.
func TestNonsenseLimitZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		sent := 0
		for start := time.Now(); time.Since(start) < time.Minute; sent++ {
			exchange(t, l, withCounts(0, 0, 0))
		}
		assert.InDelta(t, 60, sent, 10)
	})
}

// One response that states a reset of months must not slow down all that follow.
func TestNonsenseResetAmongGoodOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		responses := 0
		header := func(h http.Header, limit, remaining int, reset time.Duration) {
			headerOf(math.Ceil)(h, limit, remaining, reset)
			if responses++; responses == 500 {
				h.Set("X-RateLimit-Reset", "10000000")
			}
		}
		o := load(t, &bucket{limit: 100, every: time.Second}, header, 100, 64, 20*time.Second, 10*time.Millisecond, l)
		t.Log(o)
		assert.GreaterOrEqual(t, o.share(), 0.9)
		assert.Zero(t, o.refused)
	})
}

// A count that was stated before does not replace a newer one. That also holds for a server that
// refills.
func TestOlderCountOfAServerThatRefills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, withCounts(100, 99, 1))
		for range 99 {
			exchange(t, l, respond(http.StatusOK))
		}
		time.Sleep(3 * time.Second)
		exchange(t, l, withCounts(100, 40, 1)) // half empty, though nothing was sent: it is no fixed window
		a, b := acquire(t, l), acquire(t, l)
		l.Observe(b, withCounts(100, 50, 1))
		l.Observe(a, withCounts(100, 90, 1))
		assert.LessOrEqual(t, l.Snapshot().Remaining, 50)
		l.Release(a)
		l.Release(b)
	})
}

// A request that is alone does not wait for the end of a window to use its last place.
func TestLastPlaceIsNotKeptFromALoneCaller(t *testing.T) {
	for _, roundedUp := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			headers := ratelimit.Confluent()
			headers.RoundedUp = roundedUp
			l := newLocal(t, ratelimit.WithHeaders(headers))
			exchange(t, l, withCounts(10, 2, 2))
			start := time.Now()
			exchange(t, l, withCounts(10, 1, 2))
			if roundedUp {
				exchange(t, l, withCounts(10, 0, 2))
			}
			assert.Zero(t, time.Since(start))
		})
	}
}

// The last places of a long window are kept to look for the next one, but nobody waits for that
// beyond the cap.
func TestKeptPlacesAreNotKeptBeyondTheCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxWait(20*time.Second))
		exchange(t, l, withCounts(100, 3, 3600))
		start := time.Now()
		var group sync.WaitGroup
		var admitted atomic.Int32
		for range 6 {
			group.Go(func() {
				p, err := l.Acquire(t.Context(), nil)
				if err != nil {
					assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
					return
				}
				admitted.Add(1)
				time.Sleep(10 * time.Millisecond)
				l.Observe(p, respond(http.StatusOK))
				l.Release(p)
			})
		}
		group.Wait()
		assert.LessOrEqual(t, time.Since(start), 20*time.Second)
		assert.EqualValues(t, 3, admitted.Load())
	})
}

func TestPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithMaxInFlight(1))
		held := acquire(t, l)
		var mu sync.Mutex
		var order []ratelimit.Priority
		var group sync.WaitGroup
		wait := func(p ratelimit.Priority) {
			group.Go(func() {
				permit, err := l.Acquire(ratelimit.WithPriority(t.Context(), p), nil)
				if assert.NoError(t, err) {
					mu.Lock()
					order = append(order, p)
					mu.Unlock()
					l.Release(permit)
				}
			})
			synctest.Wait()
		}
		for range 5 {
			wait(ratelimit.Low)
		}
		for range 9 {
			wait(ratelimit.Normal)
		}
		for range 2 {
			wait(ratelimit.First)
		}
		l.Release(held)
		group.Wait()
		const n, low, first = ratelimit.Normal, ratelimit.Low, ratelimit.First
		assert.Equal(t, []ratelimit.Priority{first, first, n, n, n, low, n, n, n, low, n, n, n, low, low, low}, order)
	})
}

// However many Normal requests there are, one in four is a Low one that waits.
func TestLowPriorityDoesNotStarve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithRate(100, 1))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		var mu sync.Mutex
		counts := map[ratelimit.Priority]int{}
		var group sync.WaitGroup
		for i := range 64 {
			p := ratelimit.Priority(i % 2)
			group.Go(func() {
				for {
					permit, err := l.Acquire(ratelimit.WithPriority(ctx, p), nil)
					if err != nil {
						return
					}
					mu.Lock()
					counts[p]++
					mu.Unlock()
					l.Release(permit)
				}
			})
		}
		group.Wait()
		assert.InDelta(t, 750, counts[ratelimit.Normal], 10)
		assert.InDelta(t, 250, counts[ratelimit.Low], 10)
	})
}

func TestStrangePriorities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithRate(10, 1))
		for _, p := range []ratelimit.Priority{-1, 3, 7} {
			permit, err := l.Acquire(ratelimit.WithPriority(t.Context(), p), nil)
			require.NoError(t, err)
			l.Release(permit)
		}
	})
}

// The hooks may use the limiter: it holds no lock.
func TestHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		var refusals []string
		var windows []ratelimit.Snapshot
		var l *ratelimit.Local
		l = newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithHooks(ratelimit.Hooks{
			Wait: func(d time.Duration) {
				l.Snapshot()
				waits = append(waits, d)
			},
			Refused: func(status int, pause time.Duration) {
				l.Snapshot()
				refusals = append(refusals, fmt.Sprint(status, pause))
			},
			Window: func(s ratelimit.Snapshot) {
				l.Snapshot()
				windows = append(windows, s)
			},
		}))
		exchange(t, l, withCounts(10, 9, 20))
		exchange(t, l, withCounts(10, 8, 20))
		exchange(t, l, respond(503))
		exchange(t, l, respond(503, "Retry-After", "5"))
		assert.Empty(t, waits)
		assert.Equal(t, []string{"503 5s"}, refusals)
		require.Len(t, windows, 1)
		assert.Equal(t, 9, windows[0].Remaining)
		took := waitFor(t, l)
		assertWait(t, 5*time.Second, took)
		assert.Equal(t, []time.Duration{took}, waits)
		exchange(t, l, respond(429, "Retry-After", "1"))
		assert.Equal(t, []string{"503 5s", "429 1s"}, refusals)

		ctx, cancel := context.WithCancel(t.Context()) // Who goes away has not waited.
		time.AfterFunc(time.Millisecond, cancel)
		_, err := l.Acquire(ctx, nil)
		assert.Error(t, err)
		assert.Len(t, waits, 1)
	})
}

// usedUp is a server whose limit others use up for some time.
type usedUp struct {
	policy
	from, to time.Time
}

func (u *usedUp) take(now time.Time) (ok bool, remaining int, reset, retry time.Duration) {
	if u.from.After(now) || !u.to.After(now) {
		return u.policy.take(now)
	}
	return false, 0, time.Second, time.Second
}

// What others took while they were there says nothing of what there is afterwards.
func TestServersThatRefillAfterOthers(t *testing.T) {
	for name, p := range map[string]policy{
		"bucket":  &bucket{limit: 100, every: time.Second},
		"sliding": &sliding{limit: 100, every: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const second = time.Second
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				u := &usedUp{p, time.Now().Add(10 * second), time.Now().Add(70 * second)}
				o := load(t, u, headerOf(math.Ceil), 100, 64, 90*second, 10*time.Millisecond, l)
				t.Log(o.accepted, o.refused)
				assert.GreaterOrEqual(t, o.accepted, 2700) // of 3000
				assert.LessOrEqual(t, o.refused, 62)       // one a second, while others are there
			})
		})
	}
}

// sooner is a bucket that from some time on refills a hundred times as fast.
type sooner struct {
	*bucket
	at time.Time
}

func (s *sooner) take(now time.Time) (ok bool, remaining int, reset, retry time.Duration) {
	if !now.Before(s.at) && !s.at.IsZero() {
		s.every /= 100
		s.at = time.Time{}
	}
	return s.bucket.take(now)
}

// That a server refilled more slowly than it stated is forgotten when it no longer does.
func TestServersThatRefillFaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		s := &sooner{&bucket{limit: 100, every: 100 * time.Second, next: true}, time.Now().Add(10 * time.Minute)}
		o := load(t, s, headerOf(math.Ceil), 100, 64, 11*time.Minute, 10*time.Millisecond, l)
		t.Log(o.accepted, o.refused)
		assert.GreaterOrEqual(t, o.accepted, 700+5000) // of 6000 in the last minute
		assert.LessOrEqual(t, o.refused, 60)
	})
}

func TestWindowHook(t *testing.T) {
	for name, tt := range map[string]struct {
		policy      policy
		least, most int
	}{
		"fixed windows": {&fixed{limit: 100, every: time.Second}, 10, 11},
		"bucket":        {&bucket{limit: 100, every: time.Second}, 1, 3}, // until it is seen to be one
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if f, ok := tt.policy.(*fixed); ok {
					f.zero = time.Now()
				}
				var windows atomic.Int64
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithHooks(ratelimit.Hooks{
					Window: func(ratelimit.Snapshot) { windows.Add(1) },
				}))
				load(t, tt.policy, headerOf(math.Ceil), 100, 64, 10*time.Second, 10*time.Millisecond, l)
				assert.GreaterOrEqual(t, int(windows.Load()), tt.least)
				assert.LessOrEqual(t, int(windows.Load()), tt.most)
			})
		})
	}
}

func TestFairness(t *testing.T) {
	for name, p := range map[string]policy{
		"fixed":  &fixed{limit: 100, every: time.Second},
		"bucket": &bucket{limit: 100, every: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if f, ok := p.(*fixed); ok {
					f.zero = time.Now()
				}
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				o := load(t, p, headerOf(exact), 100, 64, 20*time.Second, 20*time.Millisecond, l)
				least, most := slices.Min(o.perWorker), slices.Max(o.perWorker)
				assert.LessOrEqual(t, float64(most), 1.5*float64(least), "%v", o.perWorker)
			})
		})
	}
}

// Random servers, latencies, headers that come and go: nothing is refused while nearly every
// response states the window, little otherwise, and all ends.
func FuzzServer(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint8(10*seed), uint8(seed), uint8(40*seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, limit, seconds, silent uint8) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			p := &fixed{limit: int(limit) + 1, every: time.Duration(seconds%20+1) * time.Second}
			p.zero = time.Now().Add(-rand.N(p.every))
			round := []func(float64) float64{exact, math.Ceil, math.Floor, math.Round}[seed%4]
			header := func(h http.Header, limit, remaining int, reset time.Duration) {
				if random.IntN(256) >= int(silent)/2 {
					headerOf(round)(h, limit, remaining, reset)
				}
			}
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
			o := load(t, p, header, p.limit, 8, 3*p.every, 20*time.Millisecond, l)
			if silent < 2 {
				assert.Zero(t, o.refused, "%v", o)
			}
			assert.LessOrEqual(t, o.refused, 8*4, "%v", o)
			assert.Positive(t, o.accepted)
		})
	})
}
