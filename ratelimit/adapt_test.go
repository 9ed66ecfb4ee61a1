package ratelimit_test

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

func TestAdaptiveOptionsRefuse(t *testing.T) {
	for name, opt := range map[string]ratelimit.Option{
		"negative start": ratelimit.WithAdaptiveRate(-1, 1),
		"start NaN":      ratelimit.WithAdaptiveRate(math.NaN(), 1),
		"start infinite": ratelimit.WithAdaptiveRate(math.Inf(1), 1),
		"floor zero":     ratelimit.WithAdaptiveRate(1, 0),
		"floor negative": ratelimit.WithAdaptiveRate(1, -1),
		"floor NaN":      ratelimit.WithAdaptiveRate(1, math.NaN()),
	} {
		_, err := ratelimit.New(opt)
		assert.ErrorContains(t, err, "WithAdaptiveRate", name)
	}
	for _, opt := range []ratelimit.Option{ratelimit.WithAdaptiveInFlight(-1, 1), ratelimit.WithAdaptiveInFlight(1, 0), ratelimit.WithAdaptiveInFlight(1, -1)} {
		_, err := ratelimit.New(opt)
		assert.ErrorContains(t, err, "WithAdaptiveInFlight")
	}
}

// Without any header, a rate found from refusals alone.
func TestAllowanceWithoutHeaders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		new   func() policy
		begin float64
		d     time.Duration
		times int
	}{
		"bucket":        {func() policy { return &bucket{limit: 100, every: time.Second} }, 50, 15 * time.Minute, 1},
		"bucket, slow":  {func() policy { return &bucket{limit: 200, every: 20 * time.Second} }, 5, time.Hour, 2},
		"sliding":       {func() policy { return &sliding{limit: 100, every: time.Second} }, 50, 15 * time.Minute, 3}, // what chance does is a part of the whole
		"sliding, slow": {func() policy { return &sliding{limit: 200, every: 20 * time.Second} }, 5, time.Hour, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all outcome
			for range tt.times {
				synctest.Test(t, func(t *testing.T) {
					o := load(t, tt.new(), nil, 0, 64, tt.d, 20*time.Millisecond, newLocal(t, ratelimit.WithAdaptiveRate(tt.begin, 1)))
					t.Log(o)
					late := slices.DeleteFunc(slices.Clone(o.refusals), func(at time.Duration) bool { return at < tt.d/2 })
					assert.LessOrEqual(t, float64(len(late)), 0.0005*float64(o.accepted)/2, "once it is found")
					all.add(o)
				})
			}
			assert.GreaterOrEqual(t, all.share(), 0.95)
			assert.LessOrEqual(t, float64(all.refused), 0.001*float64(all.accepted))
		})
	}
}

// Nobody is slowed down before the first refusal, and the floor holds whatever comes.
func TestAdaptiveRateBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 2), ratelimit.WithAdaptiveInFlight(0, 1))
		start := time.Now()
		for range 1000 {
			exchange(t, l, reply(200))
		}
		assert.Zero(t, time.Since(start))
		assert.Zero(t, l.Snapshot().Rate)
		assert.Zero(t, l.Snapshot().MaxInFlight)
		for range 100 {
			exchange(t, l, reply(429, "Retry-After", "1"))
		}
		assert.InDelta(t, 2, l.Snapshot().Rate, 1e-9)
		start = time.Now()
		for range 20 {
			exchange(t, l, reply(200))
		}
		assert.InDelta(t, 10, time.Since(start).Seconds(), 1.2)

		for range 4000 { // It recovers: slowly, and then without end.
			exchange(t, l, reply(200))
		}
		assert.Greater(t, l.Snapshot().Rate, 3.0)
	})
}

// A refusal soon after another takes more off, but the pause between them does not count as time in which little was accepted.
func TestAdaptiveRateAfterRefusalsInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 1))
		for range 540 {
			exchange(t, l, reply(200))
			time.Sleep(10 * time.Millisecond)
		}
		refuse := func() float64 {
			exchange(t, l, reply(429, "Retry-After", "1"))
			return l.Snapshot().Rate
		}
		assert.InDelta(t, 98, refuse(), 2)
		for range 102 {
			exchange(t, l, reply(200))
		}
		second := refuse()
		assert.InDelta(t, 98*0.7, second, 4)
		assert.Less(t, refuse(), second/2)
		for range 300 {
			exchange(t, l, reply(200))
		}
		before := l.Snapshot().Rate
		assert.Greater(t, refuse(), before*0.9, "it was long ago")
	})
}

func TestAdaptiveRateObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(50, 1))
		exchange(t, l, reply(429, "Retry-After", "7"))
		assertWait(t, 7*time.Second, waitFor(t, l))
	})
}

// A quiet hour proves nothing: the limit is where it was.
func TestAdaptiveRateIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 1))
		for range 100 {
			exchange(t, l, reply(200))
		}
		exchange(t, l, reply(429))
		exchange(t, l, reply(200))
		before := l.Snapshot().Rate
		time.Sleep(time.Hour)
		exchange(t, l, reply(200))
		assert.InDelta(t, before, l.Snapshot().Rate, before/10)
	})
}

// Headers that tell a window make the guess needless.
func TestAdaptiveRateLeavesWindowsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithAdaptiveRate(1, 1))
		exchange(t, l, told(1000, 900, 50))
		start := time.Now()
		for range 500 {
			exchange(t, l, reply(200))
		}
		assert.Zero(t, time.Since(start))
	})
}

// crowded is a server that serves so many at a time, and refuses the others at once.
type crowded struct {
	limit   int
	headers []string

	mu                    sync.Mutex
	now, served, refusals int
}

func (c *crowded) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(rand.N(2 * time.Millisecond))
	c.mu.Lock()
	if c.now >= c.limit {
		c.refusals++
		c.mu.Unlock()
		return reply(429, c.headers...), nil
	}
	c.now++
	c.served++
	c.mu.Unlock()
	time.Sleep(50 * time.Millisecond)
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
	return reply(200, c.headers...), nil
}

func TestAllowanceInFlight(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]ratelimit.Option{
		"in flight alone":      {ratelimit.WithAdaptiveInFlight(0, 1)},
		"with a start":         {ratelimit.WithAdaptiveInFlight(4, 1)},
		"and the rate as well": {ratelimit.WithAdaptiveInFlight(0, 1), ratelimit.WithAdaptiveRate(0, 1)},
		"and headers":          {ratelimit.WithAdaptiveInFlight(0, 1), ratelimit.WithHeaders(ratelimit.Confluent())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &crowded{limit: 10}
				if name == "and headers" {
					s.headers = []string{"X-RateLimit-Limit", "100000", "X-RateLimit-Remaining", "90000", "X-RateLimit-Reset", "50"}
				}
				l := newLocal(t, opts...)
				client := &http.Client{Transport: ratelimit.NewTransport(s, l)}
				end := time.Now().Add(5 * time.Minute)
				var group sync.WaitGroup
				for range 64 {
					group.Go(func() {
						for time.Now().Before(end) {
							resp, err := client.Get("http://server.example/")
							if assert.NoError(t, err) {
								resp.Body.Close()
							}
						}
					})
				}
				group.Wait()
				possible := 10 * 5 * 60 / 0.051
				t.Logf("%d served (%.1f %%), %d refused", s.served, 100*float64(s.served)/possible, s.refusals)
				assert.Greater(t, float64(s.served), 0.85*possible)
				assert.Less(t, float64(s.refusals), 0.003*float64(s.served))
			})
		})
	}
}

// What was learned of the number in flight is not forgotten while nobody sends, nor while replies are slow.
func TestAdaptiveInFlightRemembers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ work, idle time.Duration }{
		"quiet times": {50 * time.Millisecond, 2 * time.Minute},
		"slow":        {5 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithAdaptiveInFlight(0, 1))
				var mu sync.Mutex
				inFlight, served, refused := 0, 0, 0
				client := &http.Client{Transport: ratelimit.NewTransport(roundTripper(func(*http.Request) (*http.Response, error) {
					time.Sleep(rand.N(2 * time.Millisecond))
					mu.Lock()
					if inFlight == 5 {
						refused++
						mu.Unlock()
						return reply(http.StatusTooManyRequests), nil
					}
					inFlight++
					served++
					mu.Unlock()
					time.Sleep(tt.work)
					mu.Lock()
					inFlight--
					mu.Unlock()
					return reply(http.StatusOK), nil
				}), l)}
				for range 5 {
					var group sync.WaitGroup
					for range 20 {
						group.Go(func() {
							for range 10 {
								resp, err := client.Get("http://server.example/")
								if assert.NoError(t, err) {
									resp.Body.Close()
								}
							}
						})
					}
					group.Wait()
					time.Sleep(tt.idle)
				}
				t.Log(served, refused)
				assert.Less(t, refused, 40) // 15 at least, to find out
			})
		})
	}
}

// After an outage that answered 429 as many are in flight as before, soon.
func TestAdaptiveInFlightRecoversFromAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveInFlight(0, 1))
		begin := time.Now()
		var mu sync.Mutex
		inFlight, busiest := 0, 0
		server := roundTripper(func(*http.Request) (*http.Response, error) {
			mu.Lock()
			inFlight++
			if since := time.Since(begin); since > 75*time.Second {
				busiest = max(busiest, inFlight)
			}
			mu.Unlock()
			time.Sleep(50 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			inFlight--
			if since := time.Since(begin); since > 10*time.Second && since < 70*time.Second {
				return reply(http.StatusTooManyRequests), nil
			}
			return reply(http.StatusOK), nil
		})
		client := &http.Client{Transport: ratelimit.NewTransport(server, l)}
		var group sync.WaitGroup
		for range 40 {
			group.Go(func() {
				for time.Since(begin) < 80*time.Second {
					resp, err := client.Get("http://server.example/")
					if assert.NoError(t, err) {
						resp.Body.Close()
					}
				}
			})
		}
		group.Wait()
		assert.GreaterOrEqual(t, busiest, 38)
	})
}

// A rate at its floor is used, not idle, and rises again. Timers are a little late in earnest.
func TestAdaptiveRateRisesFromItsFloor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 1))
		exchange(t, l, reply(http.StatusTooManyRequests))
		begin, sent := time.Now(), 0
		for time.Since(begin) < 10*time.Minute {
			exchange(t, l, reply(http.StatusOK))
			time.Sleep(time.Millisecond)
			sent++
		}
		assert.Greater(t, sent, 1000)
		assert.Greater(t, l.Snapshot().Rate, 2.0)
	})
}

// Maintenance is no rate limit.
func TestAdaptiveRateDoesNotLearnFrom503(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 1), ratelimit.WithAdaptiveInFlight(0, 1))
		for range 20 {
			exchange(t, l, reply(http.StatusServiceUnavailable, "Retry-After", "10"))
		}
		time.Sleep(time.Minute)
		for range 100 {
			assert.Zero(t, waitFor(t, l))
		}
		assert.Zero(t, l.Snapshot().Rate)
	})
}

// A limit in flight rises with time, also while one request holds the only place.
func TestAdaptiveInFlightWakesThoseWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveInFlight(1, 1))
		held := acquire(t, l)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		p, err := l.Acquire(ctx, nil)
		require.NoError(t, err, "%+v", l.Snapshot())
		l.Release(p)
		l.Release(held)
	})
}

// Requests that fail before a reply must not use up a window so far that nothing is limited any more.
func TestManyFailuresLeaveALimit(t *testing.T) {
	t.Parallel()
	for failures := range 25 {
		synctest.Test(t, func(t *testing.T) {
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
			exchange(t, l, reply(http.StatusOK, "X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "9", "X-RateLimit-Reset", "5"))
			time.Sleep(10 * time.Second)
			for range failures {
				l.Release(acquire(t, l)) // no reply
			}
			exchange(t, l, reply(http.StatusBadGateway)) // a gateway knows no limit
			begin, sent := time.Now(), 0
			for time.Since(begin) < time.Second {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				p, err := l.Acquire(ctx, nil)
				cancel()
				if err != nil {
					break
				}
				l.Observe(p, reply(http.StatusBadGateway))
				l.Release(p)
				time.Sleep(time.Millisecond)
				sent++
			}
			assert.LessOrEqual(t, sent, 10, "after %d failures", failures)
			assert.GreaterOrEqual(t, l.Snapshot().Remaining, 0)
		})
	}
}
