package servers_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

func TestCeiling(t *testing.T) {
	now := time.Unix(1000, 0)
	assert.Equal(t, now, servers.Ceiling{}.Next(now, 1000))
	c := servers.NewCeiling(10, 2)
	for range 2 {
		assert.Equal(t, now, c.Next(now, 0))
		c.Admit(now)
	}
	assert.Equal(t, now.Add(100*ms+time.Microsecond), c.Next(now, 0))
	assert.Equal(t, now.Add(400*ms+time.Microsecond), c.Next(now, 3))
	assert.Equal(t, now.Add(time.Second), c.Next(now.Add(time.Second), 1))
	slow := servers.NewCeiling(math.SmallestNonzeroFloat64, 1)
	slow.Admit(now)
	assert.Equal(t, now.Add(365*24*time.Hour+time.Microsecond), slow.Next(now, 0))
}

// The time until a burst is full is computed up to more than a century. A longer one is cut off
// there. It must not overflow, or the burst would be full at once.
func TestCeilingThatRefillsForACentury(t *testing.T) {
	const year = 365 * 24 * time.Hour
	now := time.Unix(1000, 0)
	for name, tt := range map[string]struct{ perSecond, years float64 }{
		"120 years":        {1 / (120 * year.Seconds()), 120},
		"beyond any time":  {math.SmallestNonzeroFloat64, 146},
		"beyond a century": {1 / (1000 * year.Seconds()), 146},
	} {
		c := servers.NewCeiling(tt.perSecond, 1)
		c.Admit(now)
		assert.InDelta(t, tt.years, c.Full(now).Sub(now).Hours()/year.Hours(), 0.5, name)
	}
}
