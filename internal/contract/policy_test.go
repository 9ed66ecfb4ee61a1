package contract_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// fails returns a client of a server that refuses each request with this status and these headers.
func fails(t *testing.T, v vendor, policy sdk.RetryPolicy, status int, header ...string) (*client, *server) {
	t.Helper()
	s := &server{answer: always(status, v.failure("no"), header...)}
	c, err := v.new(options{
		baseURL: "https://" + host, client: &http.Client{Transport: s}, shared: []sdk.Option{sdk.WithRetry(policy)},
	})
	require.NoError(t, err)
	return c, s
}

func TestZeroFieldsOfARetryPolicyHaveTheirDefaults(t *testing.T) {
	for name, policy := range map[string]sdk.RetryPolicy{
		"attempts alone": {MaxAttempts: 3}, "delay alone": {MinDelay: time.Second},
		"longest delay alone": {MaxDelay: 100 * time.Millisecond},
		"server wait alone":   {MaxServerWait: time.Minute}, "budget alone": {Budget: 7}, "nothing": {},
		"the default":                     sdk.DefaultRetryPolicy(),
		"a first delay above the longest": {MinDelay: 40 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			eachInBubble(t, func(t *testing.T, v vendor) {
				attempts := 5
				if policy.MaxAttempts > 0 {
					attempts = policy.MaxAttempts
				}
				c, s := fails(t, v, policy, 503)
				begin := time.Now()
				_, err := c.get(t.Context(), "x-1", call{})
				require.ErrorIs(t, err, sdk.ErrUnavailable)
				assert.Equal(t, attempts, s.count())
				assert.NotZero(t, time.Since(begin), "there are waits")

				c, s = fails(t, v, policy, 429, "Retry-After", "20")
				begin = time.Now()
				_, err = c.get(t.Context(), "x-1", call{})
				require.ErrorIs(t, err, sdk.ErrRateLimited)
				assert.Equal(t, attempts, s.count())
				assert.GreaterOrEqual(t, time.Since(begin), time.Duration(attempts-1)*20*time.Second,
					"what the server asks for is obeyed")
			})
		})
	}
}

func TestNegativeFieldsOfARetryPolicyTurnOff(t *testing.T) {
	for name, tt := range map[string]struct {
		policy   sdk.RetryPolicy
		status   int
		header   []string
		attempts int
		waits    bool
	}{
		"retries":            {sdk.RetryPolicy{MaxAttempts: -1}, 503, nil, 1, false},
		"the first delay":    {sdk.RetryPolicy{MinDelay: -1}, 503, nil, 5, false},
		"the longest delay":  {sdk.RetryPolicy{MaxDelay: -1}, 503, nil, 5, false},
		"waits of a server":  {sdk.RetryPolicy{MaxServerWait: -1}, 429, []string{"Retry-After", "1"}, 1, false},
		"but not all delays": {sdk.RetryPolicy{MaxServerWait: -1}, 503, nil, 5, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachInBubble(t, func(t *testing.T, v vendor) {
				c, s := fails(t, v, tt.policy, tt.status, tt.header...)
				begin := time.Now()
				_, err := c.get(t.Context(), "x-1", call{})
				require.Error(t, err)
				assert.Equal(t, tt.attempts, s.count())
				assert.Equal(t, tt.waits, time.Since(begin) > time.Second/100)
			})
		})
	}
}

func TestBudgetOfARetryPolicyIsFiftyOrNone(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		const calls = 30
		for budget, retries := range map[int]int{0: 50, 7: 7, -1: 4 * calls} {
			c, s := fails(t, v, sdk.RetryPolicy{MinDelay: -1, Budget: budget}, 503)
			for range calls {
				_, err := c.get(t.Context(), "x-1", call{})
				require.Error(t, err)
			}
			assert.Equal(t, calls+retries, s.count(), budget)
		}
	})
}
