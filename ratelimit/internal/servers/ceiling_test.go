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
