package ratelimit_test

import (
	"context"
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
	for _, opt := range []ratelimit.Option{
		ratelimit.WithAdaptiveInFlight(-1, 1),
		ratelimit.WithAdaptiveInFlight(1, 0),
		ratelimit.WithAdaptiveInFlight(1, -1),
	} {
		_, err := ratelimit.New(opt)
		assert.ErrorContains(t, err, "WithAdaptiveInFlight")
	}
}

// Requests are not slowed down before the first refusal, and the rate never falls below the floor.
func TestAdaptiveRateBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 2), ratelimit.WithAdaptiveInFlight(0, 1))
		start := time.Now()
		for range 1000 {
			exchange(t, l, respond(200))
		}
		assert.Zero(t, time.Since(start))
		assert.Zero(t, l.Snapshot().Rate)
		assert.Zero(t, l.Snapshot().MaxInFlight)
		for range 100 {
			exchange(t, l, respond(429, "Retry-After", "1"))
		}
		assert.InDelta(t, 2, l.Snapshot().Rate, 1e-9)
		start = time.Now()
		for range 20 {
			exchange(t, l, respond(200))
		}
		assert.InDelta(t, 10, time.Since(start).Seconds(), 1.2)

		for range 4000 { // The rate recovers slowly, and then rises without a limit.
			exchange(t, l, respond(200))
		}
		assert.Greater(t, l.Snapshot().Rate, 3.0)
	})
}

// A refusal soon after another lowers the rate by more. The pause between them does not count as
// time in which few requests were accepted.
func TestAdaptiveRateAfterRefusalsInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 1))
		for range 540 {
			exchange(t, l, respond(200))
			time.Sleep(10 * time.Millisecond)
		}
		rateAfterRefusal := func() float64 {
			exchange(t, l, respond(429, "Retry-After", "1"))
			return l.Snapshot().Rate
		}
		assert.InDelta(t, 98, rateAfterRefusal(), 2)
		for range 102 {
			exchange(t, l, respond(200))
		}
		second := rateAfterRefusal()
		assert.InDelta(t, 98*0.7, second, 4)
		assert.Less(t, rateAfterRefusal(), second/2)
		for range 300 {
			exchange(t, l, respond(200))
		}
		before := l.Snapshot().Rate
		assert.Greater(t, rateAfterRefusal(), before*0.9, "it was long ago")
	})
}

// After a time in which little of the rate was used, many workers send all at once. A few refusals
// bring the rate below the limit of the server, and most of what it allows is used.
func TestAdaptiveRateFindsTheLimitAfterALightLoad(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		start float64
		light time.Duration // distance of the requests of the light load
		limit int
		found bool // The limit was found before.
	}{
		"5 per second":                  {10, 200 * time.Millisecond, 100, false},
		"one per 0.9 s":                 {10, 900 * time.Millisecond, 100, false},
		"limit of 1000":                 {10, 200 * time.Millisecond, 1000, false},
		"start above half of the limit": {300, 25 * time.Millisecond, 500, false},
		"limit found before":            {10, 200 * time.Millisecond, 100, true},
		"one per 0.9 s, found before":   {10, 900 * time.Millisecond, 50, true},
		"limit of 1000, found before":   {10, 50 * time.Millisecond, 1000, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.WithAdaptiveRate(tt.start, 1))
				busy := func() outcome {
					server := &bucket{limit: tt.limit, every: time.Second}
					return load(t, server, nil, 0, 64, time.Minute, 10*time.Millisecond, l)
				}
				most := 4 * max(tt.start, 1/tt.light.Seconds())
				if tt.found {
					busy()
					most = 1.5 * float64(tt.limit)
				}
				for begin := time.Now(); time.Since(begin) < time.Hour; time.Sleep(tt.light) {
					exchange(t, l, respond(http.StatusOK))
				}
				assert.LessOrEqual(t, l.Snapshot().Rate, most)
				o := busy()
				t.Log(o, l.Snapshot().Rate)
				rounds := 0
				for i, at := range o.refusals {
					if at < 10*time.Second && (i == 0 || at-o.refusals[i-1] > 100*time.Millisecond) {
						rounds++
					}
				}
				assert.LessOrEqual(t, rounds, 4, "of refusals in the first ten seconds")
				assert.Greater(t, o.share(), 0.85)
			})
		})
	}
}

func TestAdaptiveRateObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(50, 1))
		exchange(t, l, respond(429, "Retry-After", "7"))
		assertWait(t, 7*time.Second, waitFor(t, l))
	})
}

// The limit does not change in an hour without requests.
func TestAdaptiveRateIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 1))
		for range 100 {
			exchange(t, l, respond(200))
		}
		exchange(t, l, respond(429))
		exchange(t, l, respond(200))
		before := l.Snapshot().Rate
		time.Sleep(time.Hour)
		exchange(t, l, respond(200))
		assert.InDelta(t, before, l.Snapshot().Rate, before/10)
	})
}

// The rate is not limited if headers state a window.
func TestAdaptiveRateLeavesWindowsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithAdaptiveRate(1, 1))
		exchange(t, l, withCounts(1000, 900, 50))
		start := time.Now()
		for range 500 {
			exchange(t, l, respond(200))
		}
		assert.Zero(t, time.Since(start))
	})
}

// crowded is a server that serves limit requests at a time, and refuses the others at once.
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
		return respond(429, c.headers...), nil
	}
	c.now++
	c.served++
	c.mu.Unlock()
	time.Sleep(50 * time.Millisecond)
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
	return respond(200, c.headers...), nil
}

// A refusal for too many requests in flight pauses the refused call only, so all places of the
// server stay in use. If the server refuses all requests, all wait.
func TestRefusedForTooManyPausesOneCall(t *testing.T) {
	t.Parallel()
	const d = 40 * time.Second
	send := func(t *testing.T, server http.RoundTripper, opts ...ratelimit.Option) {
		client := &http.Client{Transport: ratelimit.NewTransport(server, newLocal(t, opts...))}
		end := time.Now().Add(d)
		var group sync.WaitGroup
		for range 64 {
			group.Go(func() {
				for time.Now().Before(end) {
					resp, err := client.Get("http://server.example/")
					if !assert.NoError(t, err) {
						return
					}
					resp.Body.Close()
					if resp.StatusCode == http.StatusTooManyRequests {
						seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
						time.Sleep(time.Duration(seconds) * time.Second)
					}
				}
			})
		}
		group.Wait()
	}
	for _, limit := range []int{2, 4, 16} {
		for _, headers := range [][]string{
			{"Retry-After", "1"},
			{"Retry-After", "1", "X-RateLimit-Limit", "100000", "X-RateLimit-Remaining", "90000",
				"X-RateLimit-Reset", "50"},
		} {
			t.Run(fmt.Sprintf("%d at a time, %d headers", limit, len(headers)/2), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &crowded{limit: limit, headers: headers}
					send(t, s, ratelimit.WithAdaptiveInFlight(0, 1), ratelimit.WithHeaders(ratelimit.Confluent()))
					possible := float64(limit) * d.Seconds() / 0.051
					assert.Greater(t, float64(s.served), 0.97*possible)
					assert.Less(t, s.refusals, 80) // Most of the 64 goroutines are refused at once.
				})
			})
		}
	}
	t.Run("everybody", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &crowded{headers: []string{"Retry-After", "1"}}
			send(t, s, ratelimit.WithAdaptiveInFlight(0, 1))
			assert.Less(t, s.refusals, 200)
		})
	})
}

// The learned number in flight does not change while no request is sent, or while responses are
// slow.
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
				server := roundTripper(func(*http.Request) (*http.Response, error) {
					time.Sleep(rand.N(2 * time.Millisecond))
					mu.Lock()
					if inFlight == 5 {
						refused++
						mu.Unlock()
						return respond(http.StatusTooManyRequests), nil
					}
					inFlight++
					served++
					mu.Unlock()
					time.Sleep(tt.work)
					mu.Lock()
					inFlight--
					mu.Unlock()
					return respond(http.StatusOK), nil
				})
				client := &http.Client{Transport: ratelimit.NewTransport(server, l)}
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
				assert.Less(t, refused, 40) // 15 refusals at least are needed to find the limit.
			})
		})
	}
}

// Soon after an outage with status 429, as many requests are in flight as before.
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
				return respond(http.StatusTooManyRequests), nil
			}
			return respond(http.StatusOK), nil
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

// A rate at its floor is in use, not idle, and rises again. Timers are a little late, as in
// reality.
func TestAdaptiveRateRisesFromItsFloor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 1))
		exchange(t, l, respond(http.StatusTooManyRequests))
		begin, sent := time.Now(), 0
		for time.Since(begin) < 10*time.Minute {
			exchange(t, l, respond(http.StatusOK))
			time.Sleep(time.Millisecond)
			sent++
		}
		assert.Greater(t, sent, 1000)
		assert.Greater(t, l.Snapshot().Rate, 2.0)
	})
}

// A 503 for maintenance does not lower the rate.
func TestAdaptiveRateDoesNotLearnFrom503(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithAdaptiveRate(0, 1), ratelimit.WithAdaptiveInFlight(0, 1))
		for range 20 {
			exchange(t, l, respond(http.StatusServiceUnavailable, "Retry-After", "10"))
		}
		time.Sleep(time.Minute)
		for range 100 {
			assert.Zero(t, waitFor(t, l))
		}
		assert.Zero(t, l.Snapshot().Rate)
	})
}

// The limit in flight rises with time, also while one request holds the only place.
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

// Requests that fail without a response do not use up a window so far that the limit is lost.
func TestManyFailuresLeaveALimit(t *testing.T) {
	t.Parallel()
	for failures := range 25 {
		synctest.Test(t, func(t *testing.T) {
			l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
			exchange(t, l, withCounts(10, 9, 5))
			time.Sleep(10 * time.Second)
			for range failures {
				l.Release(acquire(t, l)) // no response
			}
			exchange(t, l, respond(http.StatusBadGateway)) // The gateway sends no headers of the limit.
			begin, sent := time.Now(), 0
			for time.Since(begin) < time.Second {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				p, err := l.Acquire(ctx, nil)
				cancel()
				if err != nil {
					break
				}
				l.Observe(p, respond(http.StatusBadGateway))
				l.Release(p)
				time.Sleep(time.Millisecond)
				sent++
			}
			assert.LessOrEqual(t, sent, 10, "after %d failures", failures)
			assert.GreaterOrEqual(t, l.Snapshot().Remaining, 0)
		})
	}
}
