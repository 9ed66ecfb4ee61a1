package servers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// newBucket returns the client of a token bucket that was just recognized: a burst used up its
// window of a second, and the second-to-last place found half of it again.
func newBucket(t *testing.T, limit int, reset time.Duration) *client {
	t.Helper()
	c := newClient()
	c.exchange(limit, 3, reset)
	c.exchange(limit, 2, reset)
	c.at(c.next()).exchange(limit, limit/2, reset)
	assert.True(t, c.refills())
	assert.Equal(t, 1, c.began, "a server that refills has no windows")
	return c
}

// gap returns the distance of the next two requests while remaining places are left and others
// wait.
func gap(t *testing.T, limit, remaining, inFlight int) time.Duration {
	t.Helper()
	c := newBucket(t, max(limit, 50), time.Second)
	c.exchange(limit, remaining+1, time.Second)
	c.server.Delayed(c.traffic)
	c.traffic.InFlight = inFlight
	from := c.next()
	c.at(from).send()
	c.traffic.InFlight = inFlight
	return c.next() - from
}

// The distance of two requests is the period over the limit. It becomes longer when only a
// reserve is left: 3 places or the requests in flight, at most a twenty-fifth of the limit, and at
// least one place.
func TestSpacingOfRefillingServers(t *testing.T) {
	const each = 10 * ms
	for name, tt := range map[string]struct {
		limit, remaining, inFlight int
		want                       time.Duration
	}{
		"many left":              {100, 25, 0, each},
		"more than the reserve":  {100, 4, 0, each},
		"the reserve":            {100, 3, 0, each * 100 / 97},
		"two":                    {100, 2, 0, 2 * each * 100 / 97},
		"one":                    {100, 1, 0, 4 * each * 100 / 97},
		"four in flight":         {100, 4, 4, each * 100 / 96},
		"many in flight":         {100, 5, 50, each},
		"a reserve of the limit": {50, 2, 3, 2 * each * 50 / 48},
		"a limit of 3":           {3, 2, 0, time.Second / 3},
		"its reserve":            {3, 1, 0, time.Second / 3 * 3 / 2},
		"a limit of 2":           {2, 2, 0, time.Second / 2},
	} {
		t.Run(name, func(t *testing.T) {
			assert.InDelta(t, tt.want, gap(t, tt.limit, tt.remaining, tt.inFlight), 1e3)
		})
	}
}

// A quarter of the limit that is left a period after requests waited may be used at once. More than
// a quarter that is left after an idle period is sent at one and a half times the rate.
func TestBurstsToRefillingServers(t *testing.T) {
	c := newBucket(t, 100, time.Second)
	c.exchange(100, 30, time.Second)
	c.server.Delayed(c.traffic)
	from := c.traffic.Now.Sub(c.begin)
	assert.Greater(t, c.next(), from)
	c.at(from + time.Second)
	c.exchange(100, 30, time.Second)
	assert.Greater(t, c.next(), c.traffic.Now.Sub(c.begin), "a period is not over")
	c.at(from + time.Second + 1)
	assert.Equal(t, from+time.Second+1, c.next())
	c.exchange(100, 24, time.Second)
	assert.Greater(t, c.next(), c.traffic.Now.Sub(c.begin))
}

// More than a quarter of the limit that is left although requests have been spaced for a period
// shows a bucket: the spacing is two thirds.
func TestSpacingOfABucketThatFills(t *testing.T) {
	const recognized = 750 * ms
	for name, tt := range map[string]struct {
		remaining int
		idle      time.Duration // after the server was recognized
		want      time.Duration
	}{
		"more than a quarter":  {26, 0, 10 * ms * 2 / 3},
		"most of the limit":    {90, 0, 10 * ms * 2 / 3},
		"a quarter":            {25, 0, 10 * ms},
		"a period is not over": {26, 1, 10 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBucket(t, 100, time.Second)
			c.server.Resume(c.begin.Add(recognized + tt.idle))
			c.at(recognized + 900*ms).server.Delayed(c.traffic)
			c.at(recognized+time.Second+1).exchange(100, tt.remaining, time.Second)
			assert.Equal(t, recognized+time.Second+1-5*ms+tt.want, c.next(), "a request may be 5 ms late")
		})
	}
}

// Places may be used at once if nobody waited for a period. A request that waits begins that period
// again, one that need not wait does not.
func TestNoBurstWhileRequestsWait(t *testing.T) {
	const recognized = 750 * ms
	c := newBucket(t, 100, time.Second)
	waits := func(d time.Duration) bool { return c.at(recognized+d).next() > recognized+d }
	c.at(recognized + 990*ms).send()
	assert.True(t, waits(990*ms))
	c.server.Delayed(c.traffic)
	c.at(recognized + 1980*ms).send()
	assert.True(t, waits(1980*ms), "one waited 990 ms before")
	assert.False(t, waits(1990*ms+1))
	c.server.Delayed(c.traffic)
	c.send()
	c.send()
	assert.False(t, waits(1990*ms+1), "these need not wait")
}

// When no place is left, one request goes first after the time in which some have come back: a
// period after a burst, or 3 distances and a twelfth of a period after the latest request, at most
// 10 distances, and a twentieth of a period in both cases. By the latest end there are places.
func TestWhenPlacesOfARefillingServerAreBack(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		limit     int
		last      time.Duration // when the second-to-last place is taken
		want      time.Duration // from the beginning
		wantSince time.Duration // if want is 0: from the last request
	}{
		"after a burst":     {100, 800 * ms, s + s/20, 0},
		"10 distances":      {100, 1200 * ms, 0, s/10 + s/20},
		"3 distances":       {10, 1200 * ms, 0, 3*s/10 + s/12 + s/20},
		"12 distances":      {12, 1200 * ms, 0, 4*(s/12) + s/20},
		"by the latest end": {100, 1840 * ms, 2 * s, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBucket(t, 100, s)
			c.at(tt.last).exchange(tt.limit, 1, s)
			from := c.next()
			c.at(from).send()
			assert.Zero(t, c.remaining())
			if tt.want == 0 {
				tt.want = from + tt.wantSince
			}
			assert.InDelta(t, tt.want, c.next(), 1e3)
			assert.Equal(t, c.next(), c.server.Blocked().Until.Sub(c.begin))
		})
	}
}

// A burst of a quiet time comes back a period later.
func TestPlacesOfALaterBurstAreBackAfterAPeriod(t *testing.T) {
	c := newBucket(t, 100, time.Second)
	c.at(1100*ms).exchange(100, 60, time.Second)
	c.at(1800*ms).exchange(100, 1, time.Second)
	c.send()
	assert.Equal(t, 2850*ms, c.next())
}

// The table of states in DESIGN.md holds for servers that refill as well.
func TestStatesOfARefillingServer(t *testing.T) {
	const s = time.Second
	c := newBucket(t, 100, s)
	late := c.send()
	c.exchange(100, 2, s) // one of them may be taken by the late one
	c.send()
	c.at(1049 * ms)
	assert.Equal(t, servers.Open, c.server.State(), "no place is left")
	assert.Equal(t, 1050*ms, c.next())
	assert.Empty(t, c.ended)

	c.at(1050 * ms)
	assert.Equal(t, servers.Ended, c.server.State())
	assert.Equal(t, []servers.Block{{Until: c.begin.Add(1050 * ms), Since: c.begin}}, c.ended)
	assert.Equal(t, 1050*ms, c.next())
	probe := c.send()
	assert.Equal(t, time.Duration(-1), c.next())
	c.hear(late, 100, 1, s)
	assert.Equal(t, servers.Ended, c.server.State(), "it left before the end")
	assert.Equal(t, time.Duration(-1), c.next())
	c.traffic.Pending = 1
	c.hear(probe, 100, 30, s)
	assert.Equal(t, servers.Open, c.server.State())
	assert.Equal(t, 29, c.remaining(), "the late one may have been counted after the end")

	c.server = c.server.Forget(c.traffic)
	assert.Equal(t, servers.Unknown, c.server.State())
	c.send()
	assert.Equal(t, time.Duration(-1), c.next(), "it is the probe")
	c.at(2050 * ms)
	assert.Equal(t, servers.Silent, c.server.State())
}

// An end that is still ahead stays until it has passed. If places are left by then, the server
// stays open: its window has no beginning. The limit is that of the latest response.
func TestEndOfARefillingServer(t *testing.T) {
	const s = time.Second
	c := newBucket(t, 100, s)
	assert.Equal(t, 2*s, c.until(), "as the first response stated")
	c.at(s-1).exchange(100, 60, s)
	assert.Equal(t, 2*s, c.until())
	c.at(s).exchange(100, 70, s)
	assert.Equal(t, 3*s, c.until(), "the stated end has passed")
	c.exchange(200, 80, s/2)
	limit, remaining, _ := c.server.Window()
	assert.Equal(t, []int{200, 80}, []int{limit, remaining})
	assert.Equal(t, 2500*ms, c.until(), "it is earlier")

	c.at(2500*ms - 1)
	assert.Equal(t, 2500*ms, c.until())
	assert.Empty(t, c.ended)
	c.at(2500 * ms)
	assert.Equal(t, servers.Open, c.server.State())
	assert.Equal(t, 4500*ms, c.until(), "the longest reset and its rounding later")
	assert.Equal(t, 80, c.remaining())
	assert.Equal(t, []servers.Block{{Until: c.begin.Add(2500 * ms), Since: c.begin.Add(s)}}, c.ended)
}

// A limit of 1 has no distance: its place is there or not. A server may state a limit of 0 as well.
// Nothing leaves until the latest end then.
func TestLimitsThatAreNotSpaced(t *testing.T) {
	for limit, want := range []time.Duration{2 * time.Second, 760 * ms} {
		c := newBucket(t, 100, time.Second)
		c.exchange(limit, limit, time.Second)
		assert.Equal(t, want, c.at(760*ms).next(), limit)
	}
}

// Twenty windows in a row that begin full show that it is a fixed window after all.
func TestRefillingServerThatIsAFixedWindow(t *testing.T) {
	c := newBucket(t, 100, time.Second)
	for i := range 20 {
		assert.True(t, c.refills(), i)
		c.at(c.traffic.Now.Sub(c.begin)+100*ms).exchange(100, 50, time.Second)
		c.at(c.traffic.Now.Sub(c.begin)+900*ms).exchange(100, 99, time.Second)
	}
	assert.False(t, c.refills())
	assert.Equal(t, servers.Open, c.server.State())
	assert.Equal(t, 2, c.began)
}
