package redislimit

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// Retry-After counts more than the end of the window, and GitHub also refuses with a 403. All
// processes wait.
func TestRefusalsByHeader(t *testing.T) {
	t.Parallel()
	later := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	for name, tt := range map[string]struct {
		headers ratelimit.Headers
		resp    *http.Response
		want    time.Duration
	}{
		"window of an hour": {ratelimit.Confluent(), httpResponse(429, "Retry-After", "1",
			"X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "3600"), time.Second},
		"unavailable": {ratelimit.Confluent(), httpResponse(503, "Retry-After", "0.5",
			"X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "0",
			"X-RateLimit-Reset", "3600"), 500 * time.Millisecond},
		"forbidden, places left": {ratelimit.GitHub(), httpResponse(403, "Retry-After", "1",
			"X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "9", "X-RateLimit-Reset", later), time.Second},
		"forbidden, full window": {ratelimit.GitHub(), httpResponse(403, "Retry-After", "0.5",
			"X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "0",
			"X-RateLimit-Reset", later), 500 * time.Millisecond},
		"forbidden, no limit": {ratelimit.GitHub(), httpResponse(403,
			"X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "9", "X-RateLimit-Reset", later), 0},
		"forbidden, not GitHub": {ratelimit.Confluent(), httpResponse(403, "Retry-After", "60",
			"X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "9", "X-RateLimit-Reset", "60"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := sharedRedis(t)
			one, other := open(t, addr, WithHeaders(tt.headers)), open(t, addr, WithHeaders(tt.headers))
			exchange(t, one, tt.resp)
			start := time.Now()
			waitFor(t, other)
			assert.GreaterOrEqual(t, time.Since(start), tt.want*9/10)
			assert.Less(t, time.Since(start), tt.want+loadTolerance)
		})
	}
}
