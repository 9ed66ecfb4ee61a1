package servers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A response that is observed after the end of its window is none of the next window if it
// certainly arrived before. Otherwise its request may be counted there.
func TestResponseObservedAfterTheEndOfItsWindow(t *testing.T) {
	const reset, roundTrip = 10 * time.Second, 100 * time.Millisecond
	for name, tt := range map[string]struct {
		heard time.Duration // since the first response
		want  int
	}{
		"before the end, however it is rounded": {reset - time.Second - roundTrip - 1, 99},
		"perhaps before the end":                {reset - time.Second - roundTrip, 98},
		"after the end":                         {reset + time.Second, 98},
	} {
		var server Server = NewFixedWindow(Unknown)
		traffic := Traffic{Now: storedAt, Newest: 1, MaxWait: maxWait, RoundTrip: roundTrip}
		counts := Counts{
			Limit: 100, Remaining: 99, Reset: reset, Slack: time.Second,
			HasLimit: true, HasRemaining: true, HasReset: true,
		}
		server.Admit(traffic)
		server, _, _ = server.Observe(Request{Seq: 1, Sent: storedAt}, counts, traffic)
		traffic.Newest, traffic.Pending = 2, 1
		server.Admit(traffic)
		traffic.Now, traffic.Pending = storedAt.Add(reset+time.Second), 0
		server.Advance(traffic)
		require.Equal(t, Ended, server.State())
		late := counts
		late.Remaining, late.Reset = 98, 0
		server, _, _ = server.Observe(Request{Seq: 2, Sent: storedAt, Heard: storedAt.Add(tt.heard)}, late, traffic)
		traffic.Newest = 3
		server.Admit(traffic)
		server, _, _ = server.Observe(Request{Seq: 3, Sent: traffic.Now}, counts, traffic)
		_, remaining, _ := server.Window()
		assert.Equal(t, tt.want, remaining, name)
	}
}
