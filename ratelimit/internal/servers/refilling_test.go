package servers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// newBucket returns the client of a token bucket that was just recognized: its window of a second
// was used up, and the second-to-last place found half of it again.
func newBucket(t *testing.T, limit int, reset time.Duration) *client {
	t.Helper()
	c := newClient()
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
	c := newBucket(t, limit, time.Second)
	c.exchange(limit, remaining+1, time.Second)
	c.server.Delayed(c.traffic)
	c.traffic.InFlight = inFlight
	from := c.next()
	c.at(from).send()
	c.traffic.InFlight = inFlight
	return c.next() - from
}

// The distance of two requests is the period over the limit. It becomes longer when only a reserve
// is left: 3 places or the requests in flight, and a twenty-fifth of the limit at most.
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
