package servers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// A response without a reset describes no end: it begins no window, and leaves the end as it is.
func TestCountWithoutAReset(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct{ remaining, want int }{
		"lower":  {40, 40},
		"higher": {90, 50},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient()
			c.exchange(100, 50, 9*s)
			c.at(s).hearCounts(c.send(), servers.Counts{Remaining: tt.remaining, HasRemaining: true})
			assert.Equal(t, 1, c.began)
			assert.Equal(t, 10*s, c.until())
			assert.Equal(t, tt.want, c.remaining(), "the lowest count holds")
		})
	}
}

// When a window begins, the places of the requests in flight are taken off, and their responses are
// ignored: they may state the counts and the end of the window before.
func TestResponsesOfTheWindowBeforeAreIgnored(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.exchange(100, 50, 9*s)
	late := c.send()
	c.at(9*s).exchange(100, 99, 9*s)
	assert.Equal(t, 2, c.began)
	assert.Equal(t, 98, c.remaining())
	c.hear(late, 100, 48, 0)
	assert.Equal(t, 98, c.remaining())
	assert.Equal(t, 19*s, c.until())
}

// In the state open one count is missing after a response without counts: the request may have
// taken a place after the lowest count.
func TestResponseWithoutCountsTakesAPlace(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.exchange(100, 50, 9*s)
	without, with := c.send(), c.send()
	c.hearCounts(without, servers.Counts{})
	c.hear(with, 100, 49, 9*s)
	assert.Equal(t, 48, c.remaining())
}

// In the state ended a response of the window before does not open the next one. Its request may be
// counted there, so one place is taken off.
func TestLateResponseAfterTheEndTakesAPlace(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.exchange(100, 1, s)
	late := c.send()
	c.at(2*s).hear(late, 100, 99, s)
	assert.Equal(t, servers.Ended, c.server.State())
	c.exchange(100, 98, s)
	assert.Equal(t, servers.Open, c.server.State())
	assert.Equal(t, 97, c.remaining())
}

// In the state ended the places that were left are taken at once, and the request after them is the
// probe.
func TestPlacesThatWereLeftAfterTheEnd(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.exchange(10, 2, s)
	c.at(2 * s)
	for range 2 {
		c.send()
		assert.Equal(t, 2*s, c.next())
	}
	probe := c.send()
	assert.Equal(t, time.Duration(-1), c.next())
	seq, sent := c.server.Probe()
	assert.Equal(t, probe.Seq, seq)
	assert.Equal(t, probe.Sent, sent)
}

// A response to the probe that states no end opens an assumed window. A count in it holds if it is
// lower than the limit of the last window.
func TestCountOfAnAssumedWindow(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		counts servers.Counts
		want   int
	}{
		"no count":       {servers.Counts{}, 9},
		"a lower count":  {servers.Counts{Remaining: 3, HasRemaining: true}, 3},
		"a higher count": {servers.Counts{Remaining: 30, HasRemaining: true}, 9},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient()
			c.exchange(10, 0, 9*s)
			c.at(10*s).hearCounts(c.send(), tt.counts)
			assert.Equal(t, servers.Open, c.server.State())
			assert.Equal(t, 20500*ms, c.until())
			assert.Equal(t, tt.want, c.remaining())
		})
	}
}

// In the state unknown only the response to the probe shows that there are no counts. A refusal
// does not: its reason may be another one.
func TestProbeWithoutCounts(t *testing.T) {
	for name, tt := range map[string]struct {
		probe, refused bool
		want           servers.State
	}{
		"the probe":       {true, false, servers.Silent},
		"a refused probe": {true, true, servers.Unknown},
		"another request": {false, false, servers.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient()
			r := c.send()
			if !tt.probe {
				c.server.Release(r.Seq)
				c.send()
			}
			r.Refused = tt.refused
			c.hearCounts(r, servers.Counts{})
			assert.Equal(t, tt.want, c.server.State())
		})
	}
}

// The limit of a window is that of its latest response.
func TestLimitOfTheLatestResponse(t *testing.T) {
	c := newClient()
	c.exchange(100, 50, time.Second)
	c.exchange(80, 49, time.Second)
	limit, _, _ := c.server.Window()
	assert.Equal(t, 80, limit)
}
