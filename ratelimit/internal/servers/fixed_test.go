package servers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// The table of states in DESIGN.md: each event in each state.
func TestStatesOfAFixedWindow(t *testing.T) {
	const s = time.Second
	c := newClient()
	assert.Equal(t, servers.Unknown, c.server.State())
	assert.Zero(t, c.next())

	probe := c.send() // Unknown, probing: the others wait for a second at most.
	assert.Equal(t, time.Duration(-1), c.next())
	assert.Equal(t, time.Duration(-1), c.at(s-1).next())
	assert.Equal(t, s, c.at(s).next())
	assert.Equal(t, servers.Silent, c.server.State())

	c.hear(probe, 10, 1, 9*s) // Open
	assert.Equal(t, servers.Open, c.server.State())
	assert.Equal(t, 1, c.began)
	c.send()
	assert.Equal(t, 11*s, c.next(), "no place is left until the latest end")

	c.at(11 * s) // Ended
	assert.Equal(t, servers.Ended, c.server.State())
	assert.Equal(t, []servers.Block{{Until: c.begin.Add(11 * s), Since: c.begin.Add(s)}}, c.ended)
	assert.Equal(t, 11*s, c.next())
	probe = c.send() // Ended, probing
	assert.Equal(t, time.Duration(-1), c.next())
	c.hear(probe, 10, 9, 9*s)
	assert.Equal(t, servers.Open, c.server.State())
	assert.Equal(t, 2, c.began)

	next := c.server.Forget(c.traffic)
	assert.Equal(t, servers.Unknown, next.State())
	next.Silence()
	assert.Equal(t, servers.Silent, next.State())
}

// A window that no response describes is like the last one, and a twentieth longer.
func TestAssumedWindow(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.exchange(10, 0, 9*s)
	c.at(10 * s).send()
	c.at(11 * s)
	assert.Equal(t, servers.Open, c.server.State())
	assert.Equal(t, 20500*ms, c.until())
	assert.Equal(t, 9, c.remaining())
	for c.remaining() > 0 {
		c.send()
	}
	assert.True(t, c.server.Refuse(c.traffic.Newest, true, c.traffic)) // It was assumed too short.
	assert.False(t, c.server.Refuse(1, true, c.traffic))
	c.at(20500 * ms).send()
	c.at(21500 * ms)
	assert.Equal(t, 20500*ms+22500*ms*21/20, c.until(), "both refusals made it longer, by half each")
}

// A fixed window that ends at a certain time holds back one place if it is short, and none if it is
// long. If the end is rounded, it holds back two, and one of a small limit. In a short window the
// limit is small below 10, in a long one below 50.
func TestHeldBackPlaces(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		limit        int
		reset, slack time.Duration
		want         []time.Duration // when the last places leave, from the second-to-last but one
	}{
		"rounded":               {50, s, s, []time.Duration{0, 750 * ms, 1020 * ms, 2 * s}},
		"a smaller limit":       {10, s, s, []time.Duration{0, 750 * ms, 1020 * ms, 2 * s}},
		"a small limit":         {9, s, s, []time.Duration{0, 0, 1020 * ms, 2 * s}},
		"small for its length":  {49, 2 * s, s, []time.Duration{0, 0, 2020 * ms, 3 * s}},
		"the smallest":          {5, s, s, []time.Duration{0, 0, 1020 * ms, 2 * s}},
		"too small":             {4, s, s, []time.Duration{0, 0, 0, 2 * s}},
		"a long window":         {50, 20 * s, s, []time.Duration{0, 19500 * ms, 20020 * ms, 21 * s}},
		"a short window":        {50, s / 2, 0, []time.Duration{0, 0, 437500 * time.Microsecond, s / 2}},
		"long, a smaller limit": {49, 20 * s, s, []time.Duration{0, 0, 0, 21 * s}},
		"certain":               {50, 2 * s, 0, []time.Duration{0, 0, 1750 * ms, 2 * s}},
		"certain and long":      {50, 2*s + 1, 0, []time.Duration{0, 0, 0, 2*s + 1}},
		"beyond the cap":        {50, 81 * s, s, []time.Duration{0, 0, 0, 82 * s}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient()
			c.slack = tt.slack
			c.exchange(tt.limit, 3, tt.reset)
			var got []time.Duration
			for range 3 {
				got = append(got, c.next())
				c.at(c.next())
				c.exchange(tt.limit, c.remaining()-1, tt.reset-c.traffic.Now.Sub(c.begin))
			}
			got = append(got, c.next())
			assert.Equal(t, tt.want, got)
		})
	}
}

// A place that looks for an end leaves so early that its response arrives before it, but not more
// than half a second before.
func TestHeldBackPlaceLeavesARoundTripBeforeTheEnd(t *testing.T) {
	const s = time.Second
	for roundTrip, want := range map[time.Duration]time.Duration{
		0: 750 * ms, 250 * ms: 750 * ms, 251 * ms: 749 * ms, 500 * ms: 500 * ms, 900 * ms: 500 * ms,
	} {
		c := newClient()
		c.traffic.RoundTrip = roundTrip
		c.exchange(100, 2, s)
		assert.Equal(t, want, c.next(), roundTrip)
	}
}

// A place is not held back beyond the latest end, which later responses may bring forward.
func TestHeldBackUntilTheLatestEnd(t *testing.T) {
	const s = time.Second
	for limit, want := range map[int]time.Duration{10: 2 * s, 100: 2 * s, 4: s} {
		c := newClient()
		c.exchange(limit, 2, 2*s)
		assert.Equal(t, 3*s, c.until())
		c.at(s).exchange(limit, 1, 0)
		assert.Equal(t, 2*s, c.until())
		assert.Equal(t, want, c.next(), limit)
	}
}

// A request that is the only one for a window and a second does not wait for the last place beyond
// its deadline.
func TestLastPlaceOfASingleRequest(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.traffic.Waiting = 0
	c.exchange(10, 1, 2*s)
	assert.Equal(t, 2020*ms, c.nextWithin(3*s))
	assert.Equal(t, 2020*ms, c.nextWithin(2*s), "others were there just now")
	c.traffic.Contended = c.begin.Add(-3 * s)
	assert.Equal(t, 2020*ms, c.nextWithin(2*s))
	c.traffic.Contended = c.begin.Add(-3*s - 1)
	assert.Zero(t, c.nextWithin(2*s))
	assert.Equal(t, 2020*ms, c.nextWithin(3*s))
	c.traffic.Contended = time.Time{}
	assert.Zero(t, c.nextWithin(2*s))
}

// After a window that was found only by its latest end, the places look at the stated end and a
// second later. When a place finds the end where it was stated, the early look comes back.
func TestPlacesAfterALateWindow(t *testing.T) {
	const s = time.Second
	c := newClient()
	window := func(begin time.Duration) {
		c.at(begin).exchange(100, 99, s)
		c.exchange(100, 2, s)
	}
	c.exchange(100, 0, s)
	window(2 * s) // More than half a second later than stated.
	assert.Equal(t, 3*s, c.next())
	c.at(c.next()).exchange(100, 1, s)
	assert.Equal(t, 3750*ms, c.next())
	c.at(c.next()).exchange(100, 0, s)

	window(4 * s)
	assert.Equal(t, 5*s, c.next(), "it was late again")
	c.at(c.next()).exchange(100, 1, s)
	assert.Equal(t, 5750*ms, c.next())

	window(5500 * ms) // Half a second is not late.
	assert.Equal(t, 6250*ms, c.next())
	c.at(c.next()).exchange(100, 1, s)
	assert.Equal(t, 6520*ms, c.next())
}

// The count of a response can only fall within a window, so the lowest count and the earliest end
// hold, whatever overtakes what.
func TestLowestCountAndEarliestEndHold(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.exchange(100, 50, 20*s)
	a, b := c.send(), c.send()
	c.at(900*ms).hear(b, 100, 30, 20*s)
	c.hear(a, 100, 49, 20*s)
	assert.Equal(t, 30, c.remaining())
	assert.Equal(t, 21*s, c.until())
	c.at(1100*ms).exchange(100, 29, 18*s)
	assert.Equal(t, 20100*ms, c.until())
}

// A later window shows by its end, or by a count that rose for a request that was sent after the
// lowest count had arrived.
func TestNewWindowBeforeTheLatestEnd(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		remaining int
		reset     time.Duration
		began     int
	}{
		"the same window":     {98, 3 * s, 1},
		"the count rose":      {99, 3 * s, 2},
		"the end is later":    {97, 5*s + 1, 2},
		"the end is the same": {97, 5 * s, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient()
			c.exchange(100, 98, 4*s)
			overtaken := c.send()
			c.at(s).exchange(100, tt.remaining, tt.reset)
			assert.Equal(t, tt.began, c.began)
			c.hear(overtaken, 100, 99, 3*s)
			assert.Equal(t, tt.began, c.began, "it was sent before")
		})
	}
}

// The responses of a burst that crosses the end are of both windows, in any order. If they take
// long, one that the server can't have counted in the window before shows the new one.
func TestBurstThatCrossesTheEnd(t *testing.T) {
	const s = time.Second
	for roundTrip, began := range map[time.Duration]int{250 * ms: 1, 251 * ms: 2} {
		c := newClient()
		c.traffic.RoundTrip = roundTrip
		c.exchange(100, 60, s)
		first, second, third, fourth := c.send(), c.send(), c.send(), c.send()
		c.hear(third, 100, 59, s)
		c.send()
		c.hear(second, 100, 60, s)
		assert.Equal(t, 1, c.began)
		c.hear(first, 100, 99, s)
		assert.Equal(t, began, c.began, roundTrip)
		if began == 1 {
			continue
		}
		assert.False(t, c.refills())
		assert.Equal(t, 99-2, c.remaining(), "two have no response")
		c.hear(fourth, 100, 98, s)
		assert.Equal(t, 2, c.began, "it was sent before")
		assert.Equal(t, 97, c.remaining())
	}
}

// A window that begins with more than a tenth missing is none of a fixed window. Requests in flight
// are not missing.
func TestMissingPlacesShowAServerThatRefills(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		remaining, inFlight int
		want                bool
	}{
		"full":                 {99, 0, false},
		"a tenth":              {89, 0, false},
		"more":                 {88, 0, true},
		"those in flight":      {84, 5, false},
		"more than those also": {83, 5, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient()
			c.exchange(100, 40, s)
			for range tt.inFlight {
				c.send()
			}
			c.at(800*ms).exchange(100, tt.remaining, s)
			assert.Equal(t, tt.want, c.refills())
			if !tt.want {
				assert.Equal(t, 2, c.began)
				assert.Equal(t, tt.remaining-tt.inFlight, c.remaining())
			}
		})
	}
}

// Many requests may fail without a response. One place always stays, so that a response can state
// the next window.
func TestOnePlaceStaysAfterTheWindow(t *testing.T) {
	c := newClient()
	c.exchange(3, 0, time.Second)
	c.at(2 * time.Second)
	for range 10 {
		r := c.send()
		c.traffic.InFlight--
		c.traffic.Pending--
		c.server.Lose(r, c.traffic)
		c.server.Release(r.Seq)
	}
	assert.Equal(t, 1, c.remaining())
	assert.Equal(t, 2*time.Second, c.next())
}

// After the end of a window whose limit was never stated it is not known how many places the next
// one has, so one request goes first, as at the beginning.
func TestWindowWithoutALimitIsUnknownAfterItsEnd(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.hearCounts(c.send(), servers.Counts{
		Remaining: 5, Reset: s, Slack: s, HasRemaining: true, HasReset: true,
	})
	assert.Equal(t, servers.Open, c.server.State())
	assert.Equal(t, servers.Unknown, c.at(2*s).server.State())
	c.send()
	assert.Equal(t, servers.Silent, c.at(3*s).server.State(), "no window is assumed: it would have no place")
}

// Where the end needs to be found for several requests only, one request takes the last place at
// once.
func TestLastPlaceWaitsOnlyForSeveralRequests(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		reset, slack time.Duration
		want         time.Duration // for two requests
	}{
		"short, the end is certain": {s, 0, 875 * ms},
		"long, the end is far away": {20 * s, s, 20020 * ms},
	} {
		for waiting, want := range []time.Duration{0, 0, tt.want, tt.want} {
			c := newClient()
			c.slack, c.traffic.Waiting = tt.slack, waiting
			c.exchange(50, 1, tt.reset)
			assert.Equal(t, want, c.next(), "%s: %d wait", name, waiting)
		}
	}
}

// Of a small limit one place is held back after a late window as well. It looks before the latest
// end, where the window was found that began late.
func TestPlaceOfASmallLimitAfterALateWindow(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.exchange(9, 0, s)
	c.at(2*s).exchange(9, 8, s) // More than half a second later than stated.
	c.exchange(9, 2, s)
	assert.Equal(t, 2*s, c.next(), "the last place but one")
	c.exchange(9, 1, s)
	assert.Equal(t, 3750*ms, c.next(), "the last place")
}

// The wait for the end of a window is over as soon as a response shows the next one: the waiters
// may leave then.
func TestNewWindowEndsTheWaitForTheOneBefore(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.exchange(100, 5, s)
	assert.Empty(t, c.ended, "nothing was waited for")
	c.at(s).exchange(100, 99, s)
	assert.Equal(t, []servers.Block{{Until: c.begin.Add(s), Since: c.begin}}, c.ended)
}
