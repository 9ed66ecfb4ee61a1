package ratelimit

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// The waiters of a block leave over a tenth of it, at most 100 ms.
func TestWaitersLeaveOverATenthOfABlock(t *testing.T) {
	until := time.Unix(1000, 0)
	for block, want := range map[time.Duration]time.Duration{
		500 * time.Millisecond: 50 * time.Millisecond, time.Second: 100 * time.Millisecond,
		time.Minute: 100 * time.Millisecond,
	} {
		var most time.Duration
		for range 1000 {
			var d departures
			d.begin(servers.Block{Until: until, Since: until.Add(-block)}, 1)
			most = max(most, d.next.Sub(until))
		}
		assert.Less(t, most, want, "a block of %v", block)
		assert.Greater(t, most, want*9/10, "a block of %v", block)
	}
	for range 100 {
		assert.Zero(t, jitter(0), "a block without length spreads nothing")
	}
}

// Headers of other names say nothing, also where a name is not set.
func TestHeadersWithoutANameAreNotRead(t *testing.T) {
	const policy = `"a";r=1;t=9;q=5;w=7`
	h := Headers{Structured: "RateLimit"}
	assert.Equal(t, Window{}, Headers{Limit: "Limit"}.Parse(http.Header{"": {policy}}, time.Time{}))
	w := h.Parse(http.Header{"Ratelimit": {`"a";r=1;t=9`}, "": {policy}}, time.Time{})
	assert.False(t, w.HasLimit, "the policy has no name of a header")
}

// A reset in whole seconds may be rounded, one with a fraction is not.
func TestOnlyWholeSecondsAreRounded(t *testing.T) {
	for reset, slack := range map[string]time.Duration{"2": time.Second, "1.5": 0, "0.25": 0} {
		w := Headers{Structured: "RateLimit"}.Parse(http.Header{"RateLimit": {`"a";r=1;t=` + reset}}, time.Time{})
		assert.True(t, w.HasReset, reset)
		assert.Equal(t, slack, w.Slack, reset)
	}
}

// Of two keys for one header, the canonical one counts.
func TestCanonicalKeyComesFirst(t *testing.T) {
	h := http.Header{"X-Ratelimit-Remaining": {"5"}, "x-ratelimit-remaining": {"7"}, "X-RATELIMIT-REMAINING": {"8"}}
	for range 20 { // The order of a map is random.
		assert.Equal(t, 5, Headers{Remaining: "X-Ratelimit-Remaining"}.Parse(h, time.Time{}).Remaining)
	}
}

// A time that no clock shows is no reset.
func TestResetBeyondAllDates(t *testing.T) {
	now := time.Unix(1_700_000_000, 500_000_000)
	h := Headers{Reset: "Reset", ResetUnit: EpochSeconds}
	for reset, want := range map[string]time.Duration{
		"1700000002": 1500 * time.Millisecond, "1700000000.5": 0, "1700000000.75": 250 * time.Millisecond,
	} {
		w := h.Parse(http.Header{"Reset": {reset}}, now)
		assert.True(t, w.HasReset, reset)
		assert.Equal(t, want, w.Reset, reset)
	}
	for _, reset := range []string{"1700000000", "1", "0", "1800000000", "1700000000000", "9999999999999999999999",
		"1000000000000000000000000000000000000000000000000"} {
		assert.False(t, h.Parse(http.Header{"Reset": {reset}}, now).HasReset, reset)
	}
}
