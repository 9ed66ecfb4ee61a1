package servers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// distance returns the distance of two requests while a quarter of the limit is left.
func (c *client) distance(limit int) time.Duration {
	c.exchange(limit, limit/4, time.Second)
	c.server.Delayed(c.traffic)
	c.at(max(c.next(), c.traffic.Now.Sub(c.begin))).send()
	c.traffic.InFlight, c.traffic.Pending = 0, 0
	return c.next() - c.traffic.Now.Sub(c.begin)
}

// refuseOne sends a request that is refused because no place is left.
func (c *client) refuseOne(limit int) {
	r := c.send()
	r.Refused = true
	c.hearCounts(r, servers.Counts{Limit: limit, HasLimit: true, HasRemaining: true})
}

// The period is the longest reset that was stated twice in a row. One absurd value does not count.
func TestPeriodIsTheLongestResetStatedTwice(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		resets []time.Duration
		want   time.Duration
	}{
		"a second at least": {[]time.Duration{0, 0}, s},
		"two equal ones":    {[]time.Duration{20 * s, 20 * s}, 20 * s},
		"the shorter one":   {[]time.Duration{20 * s, 30 * s}, 20 * s},
		"one absurd value":  {[]time.Duration{2 * s, 3600 * s, 2 * s}, 2 * s},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient()
			c.exchange(100, 2, s)
			for i, reset := range tt.resets {
				c.at(time.Duration(i)*s/10).exchange(100, 20+20*i, reset)
			}
			assert.True(t, c.refills())
			assert.Equal(t, tt.want/100, c.distance(100).Round(time.Microsecond))
		})
	}
}

// Three refusals of one in a few requests make the period half as long again. A refusal of one in
// more than 20 does not, and several refusals of one burst count as one.
func TestPeriodOfAServerThatRefusesTooMuch(t *testing.T) {
	const limit = 1000
	for name, tt := range map[string]struct {
		refusals, between int
		want              time.Duration
	}{
		"two":              {2, 5, time.Second},
		"three":            {3, 5, 1500 * ms},
		"four":             {4, 5, 2250 * ms},
		"one in 20":        {3, 19, 1500 * ms},
		"one in 21":        {8, 20, time.Second},
		"none in between":  {8, 0, time.Second},
		"a long way ahead": {100, 5, 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBucket(t, limit, time.Second)
			for range tt.refusals {
				for range tt.between {
					c.exchange(limit, 1, time.Second)
				}
				c.refuseOne(limit)
			}
			if tt.refusals == 100 {
				assert.Less(t, c.distance(limit), 90*time.Second/limit, "no more than the cap and a half")
				return
			}
			assert.Equal(t, tt.want/limit, c.distance(limit).Round(time.Microsecond))
		})
	}
}

// When more than three tenths are left the period becomes shorter again, once per distance.
func TestPeriodBecomesShorterAgain(t *testing.T) {
	const limit = 1000
	c := newBucket(t, limit, time.Second)
	for range 4 {
		c.exchange(limit, 1, time.Second)
		c.refuseOne(limit)
	}
	assert.Equal(t, 2250*ms/limit, c.distance(limit).Round(time.Microsecond))
	c.exchange(limit, 300, time.Second)
	assert.Equal(t, 2250*ms/limit, c.distance(limit).Round(time.Microsecond))
	c.exchange(limit, 301, time.Second)
	c.exchange(limit, 301, time.Second)
	assert.Equal(t, 1500*ms/limit, c.distance(limit).Round(time.Microsecond))
	c.at(c.traffic.Now.Sub(c.begin)+2*ms).exchange(limit, 301, time.Second)
	assert.Equal(t, time.Second/limit, c.distance(limit).Round(time.Microsecond))
}

// A refusal counts if a request was accepted since the one before. No such request is one that left
// before that refusal was known, or that was refused because of another limit, with places left.
func TestResponsesThatAreNoAcceptanceBetweenRefusals(t *testing.T) {
	const limit = 1000
	for name, exchange := range map[string]func(c *client){
		"it left before the refusal": func(c *client) {
			earlier := c.send()
			c.refuseOne(limit)
			c.hear(earlier, limit, 1, time.Second)
		},
		"another limit refused it": func(c *client) {
			c.refuseOne(limit)
			r := c.send()
			r.Refused = true
			c.hear(r, limit, 1, time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBucket(t, limit, time.Second)
			for range 8 {
				exchange(c)
			}
			assert.Equal(t, time.Second/limit, c.distance(limit).Round(time.Microsecond))
		})
	}
}

// A server may state a limit of 0 later on. There is no distance of requests to compute then.
func TestPeriodOfAServerWhoseLimitBecomesZero(t *testing.T) {
	const limit = 1000
	c := newBucket(t, limit, time.Second)
	for range 4 {
		c.exchange(limit, 1, time.Second)
		c.refuseOne(limit)
	}
	for range 2 {
		assert.NotPanics(t, func() { c.exchange(0, 5, time.Second) })
	}
	assert.True(t, c.refills())
}
