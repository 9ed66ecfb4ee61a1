//go:build !race

package ratelimit_test

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// Measurements of many simulated minutes. With the race detector they take several times as long
// and show nothing more: the other tests run the same code in several goroutines.

// A reset that is the time to the next token does not show how long all tokens take. That shows in
// refusals, and soon enough.
func TestAllowanceOfBucketsThatStateTheNextToken(t *testing.T) {
	t.Parallel()
	for rounding, round := range roundings {
		for _, tt := range []struct {
			limit        int
			every, total time.Duration
			refused      float64 // of those accepted, at most
		}{
			{100, time.Second, time.Minute, 0.001},
			{1000, time.Minute, 10 * time.Minute, 0.04},
			{60, time.Minute, 20 * time.Minute, 0.02},
			{10, time.Second, time.Minute, 0.05},
		} {
			if tt.limit == 10 && rounding == "up" {
				continue // With RoundedUp, as many as one in ten may be refused.
			}
			t.Run(fmt.Sprintf("%d per %v, rounded %s", tt.limit, tt.every, rounding), func(t *testing.T) {
				t.Parallel()
				headers := ratelimit.Confluent()
				headers.RoundedUp = rounding == "up"
				o := loads(t, headers, func() policy {
					return &bucket{limit: tt.limit, every: tt.every, next: true}
				}, headerOf(round), tt.limit, tt.total, 10*time.Millisecond)
				assert.GreaterOrEqual(t, o.share(), 0.95)
				assert.LessOrEqual(t, float64(o.refused), tt.refused*float64(o.accepted))
			})
		}
	}
}

// Of servers that refill all the time at least 95 % is used, and at most one of a
// thousand refused. Small limits get less, and have more refused now and then.
func TestAllowanceOfServersThatRefill(t *testing.T) {
	t.Parallel()
	policies := map[string]func(limit int, every time.Duration) policy{
		"bucket": func(limit int, every time.Duration) policy {
			return &bucket{limit: limit, every: every}
		},
		"sliding": func(limit int, every time.Duration) policy {
			return &sliding{limit: limit, every: every}
		},
		"sliding, reset of the youngest": func(limit int, every time.Duration) policy {
			return &sliding{limit: limit, every: every, last: true}
		},
	}
	for name, newPolicy := range policies {
		for rounding, round := range roundings {
			for _, tt := range []struct {
				limit        int
				every, total time.Duration
				share        float64 // of the allowance, at least
				refused      float64 // of those accepted, at most
			}{
				{100, time.Second, time.Minute, 0.95, 0.001},
				{100, time.Second, 10 * time.Second, 0.95, 0.001},
				{1000, time.Minute, 10 * time.Minute, 0.95, 0.001},
				{60, time.Minute, 20 * time.Minute, 0.93, 0.02},
				{1000, time.Second, 10 * time.Second, 0.85, 0.002},
				// A place in reserve is a great part of a small limit.
				{30, time.Second, time.Minute, 0.5, 0.002},
				{10, time.Second, time.Minute, 0.5, 0.002},
			} {
				for _, roundedUp := range []bool{false, true} {
					early := rounding == "down" || rounding == "to the nearest"
					if roundedUp && rounding != "up" || tt.share < 0.95 && early {
						continue
					}
					name := fmt.Sprintf("%s, %d per %v, rounded %s, RoundedUp %v, for %v",
						name, tt.limit, tt.every, rounding, roundedUp, tt.total)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						headers := ratelimit.Confluent()
						headers.RoundedUp = roundedUp
						o := loads(t, headers, func() policy { return newPolicy(tt.limit, tt.every) },
							headerOf(round), tt.limit, tt.total, 10*time.Millisecond)
						assert.GreaterOrEqual(t, o.share(), tt.share)
						assert.LessOrEqual(t, float64(o.refused), tt.refused*float64(o.accepted))
					})
				}
			}
		}
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
		"bucket":       {func() policy { return &bucket{limit: 100, every: time.Second} }, 50, 15 * time.Minute, 1},
		"bucket, slow": {func() policy { return &bucket{limit: 200, every: 20 * time.Second} }, 5, time.Hour, 2},
		// Three times, because chance is a great part of the result.
		"sliding":       {func() policy { return &sliding{limit: 100, every: time.Second} }, 50, 15 * time.Minute, 3},
		"sliding, slow": {func() policy { return &sliding{limit: 200, every: 20 * time.Second} }, 5, time.Hour, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all outcome
			for range tt.times {
				synctest.Test(t, func(t *testing.T) {
					l := newLocal(t, ratelimit.WithAdaptiveRate(tt.begin, 1))
					o := load(t, tt.new(), nil, 0, 64, tt.d, 20*time.Millisecond, l)
					t.Log(o)
					late := slices.DeleteFunc(slices.Clone(o.refusals), func(at time.Duration) bool {
						return at < tt.d/2
					})
					assert.LessOrEqual(t, float64(len(late)), 0.0005*float64(o.accepted)/2, "once it is found")
					all.add(o)
				})
			}
			assert.GreaterOrEqual(t, all.share(), 0.95)
			assert.LessOrEqual(t, float64(all.refused), 0.001*float64(all.accepted))
		})
	}
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
					s.headers = []string{
						"X-RateLimit-Limit", "100000", "X-RateLimit-Remaining", "90000", "X-RateLimit-Reset", "50",
					}
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

// In steady overload as many calls succeed as without a limiter, but for 2 of 100, and nothing is
// refused.
func TestSteadyOverloadWithDeadlines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit       int
		every, trip time.Duration
		windows     time.Duration
		loads       []float64
	}{
		{100, time.Second, 10 * time.Millisecond, 20, []float64{0.9, 1.2, 2}},
		{100, 10 * time.Second, 10 * time.Millisecond, 6, []float64{1.2}},
		{100, 10 * time.Second, 200 * time.Millisecond, 6, []float64{0.9, 1.2, 2}},
		{100, time.Minute, 200 * time.Millisecond, 6, []float64{2}},
		{30, 15 * time.Second, 300 * time.Millisecond, 10, []float64{1.5}},
		{300, 20 * time.Second, 100 * time.Millisecond, 5, []float64{1.5}},
	} {
		t.Run(fmt.Sprintf("%d per %v, round trip %v", tt.limit, tt.every, tt.trip), func(t *testing.T) {
			t.Parallel()
			for _, load := range tt.loads {
				for _, windows := range []float64{0.5, 1, 2, 3} {
					phases := map[float64]func(float64) float64{0: math.Ceil, 0.3: math.Floor, 0.5: math.Round}
					for phase, round := range phases {
						offer := func(limiter bool) (o calls) {
							synctest.Test(t, func(t *testing.T) {
								c := newCaller(t, tt.limit, tt.every, tt.trip, phase, round, limiter)
								timeout := time.Duration(windows * float64(tt.every))
								o = c.offer(load*float64(tt.limit)/tt.every.Seconds(), tt.windows*tt.every, timeout)
							})
							return o
						}
						var with, without calls
						for range 3 { // a single load differs from the mean by up to 1.5 points
							with.add(offer(true))
							without.add(offer(false))
						}
						name := fmt.Sprintf("load %v, deadline %v windows, phase %v", load, windows, phase)
						assert.GreaterOrEqual(t, with.share(), without.share()-2, name)
						assert.Zero(t, with.refused, name)
					}
				}
			}
		})
	}
}
