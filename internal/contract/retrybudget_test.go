package contract_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

func TestRetryBudgetStopsStorms(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		policy := quick()
		policy.Budget = 10
		good := false
		c, s := start(t, v, options{retry: policy}, func(int, request) (*http.Response, error) {
			if good {
				return removed(v), nil
			}
			return respond(502, ""), nil
		})
		const calls = 100
		for range calls {
			require.Error(t, c.remove(t.Context(), "x", call{}))
		}
		assert.Equal(t, calls+10, s.count())

		good = true
		for range 20 { // refills two retries
			require.NoError(t, c.remove(t.Context(), "x", call{}))
		}
		good = false
		for range calls {
			require.Error(t, c.remove(t.Context(), "x", call{}))
		}
		assert.Equal(t, 2*calls+10+20+2, s.count())
	})
}

func TestWaitsThatTheServerNamesAreFreeOfTheBudget(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, status := range []int{408, 429, 500, 502, 503, 504} {
			policy := quick()
			policy.Budget = 1
			c, s := start(t, v, options{retry: policy}, always(status, "", "Retry-After", "1"))
			for range 3 {
				require.Error(t, c.remove(t.Context(), "x", call{}))
			}
			assert.Equal(t, 15, s.count(), status)
		}
	})
}

// Every ninth request fails, the others get a healthy response. Ten of these pay for a retry, and
// the budget pays for the rest.
func TestHealthyResponsesOfAnyKindRefillTheRetryBudget(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for status, refills := range map[int]bool{
			200: true, 304: true, 400: true, 403: true, 404: true, 409: true, 422: true, 408: false, 425: false,
			429: false, 501: false, 505: false,
		} {
			policy := quick()
			policy.Budget = 1
			bad := true
			c, s := start(t, v, options{retry: policy}, func(int, request) (*http.Response, error) {
				if bad {
					return respond(502, ""), nil
				}
				if status == 200 {
					return removed(v), nil
				}
				return respond(status, v.failure("no"), "Retry-After", "100"), nil
			})
			require.Error(t, c.remove(t.Context(), "x", call{}))
			require.Equal(t, 2, s.count(), "the budget is used up")
			bad = false
			for range 10 {
				_ = c.remove(t.Context(), "x", call{})
			}
			require.Equal(t, 12, s.count(), status)
			bad = true
			require.Error(t, c.remove(t.Context(), "x", call{}))
			assert.Equal(t, map[bool]int{true: 14, false: 13}[refills], s.count(), status)
		}
	})
}

func TestRequestThatFailsAmong404sIsRepeated(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for every, calls := range map[int]int{9: 1500, 11: 3000, 25: 1000} {
			n, failed := 0, 0
			c, _ := start(t, v, options{}, func(int, request) (*http.Response, error) {
				if n++; n%every == 0 {
					failed++
					return respond(502, ""), nil
				}
				return respond(404, v.failure("no such object")), nil
			})
			for range calls {
				_, err := c.get(t.Context(), "x", call{})
				require.NotErrorIs(t, err, v.sentinels["ErrUnavailable"])
			}
			assert.GreaterOrEqual(t, failed, calls/every)
		}
	})
}

func TestJitterNeverMakesAWaitLongerThanTheCap(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for name, tt := range map[string]struct {
			policy  core.RetryPolicy
			asked   string
			longest time.Duration
		}{
			"the default":   {core.DefaultRetryPolicy(), "65", 65 * time.Second},
			"just below it": {core.DefaultRetryPolicy(), "63", 65 * time.Second},
			"a cap of ten": {core.RetryPolicy{MaxServerWait: 10 * time.Second, MinDelay: 5 * time.Second}, "10",
				10 * time.Second},
			"far below a cap": {core.DefaultRetryPolicy(), "20", 22 * time.Second},
		} {
			for range 20 {
				c, s := start(t, v, options{retry: tt.policy}, func(n int, _ request) (*http.Response, error) {
					if n == 1 {
						return respond(429, "", "Retry-After", tt.asked), nil
					}
					return respond(200, v.object("x")), nil
				})
				begin := time.Now()
				_, err := c.get(t.Context(), "x", call{})
				require.NoError(t, err, name)
				assert.Equal(t, 2, s.count())
				assert.LessOrEqual(t, time.Since(begin), tt.longest, name)
			}
		}
	})
}

func TestJitterNeverMakesAWaitLongerThanTheDeadline(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for name, tt := range map[string]struct {
			status   int
			asked    string
			deadline time.Duration
		}{
			"refused":              {429, "10", 10200 * time.Millisecond},
			"failed with a wait":   {503, "3", 3010 * time.Millisecond},
			"failed without a one": {502, "", 100 * time.Millisecond},
		} {
			for range 50 {
				c, s := start(t, v, options{retry: core.DefaultRetryPolicy()},
					func(n int, _ request) (*http.Response, error) {
						if n == 1 {
							return respond(tt.status, "", "Retry-After", tt.asked), nil
						}
						return respond(200, v.object("x")), nil
					})
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				_, err := c.get(ctx, "x", call{})
				cancel()
				require.NoError(t, err, name)
				assert.Equal(t, 2, s.count(), name)
			}
		}
	})
}
