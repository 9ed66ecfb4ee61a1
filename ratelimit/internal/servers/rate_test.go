package servers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// The rate doubles every second until the first refusal, and continues with 70 % of it, because it
// may be far too high by then.
func TestAdaptiveRateBeginsFast(t *testing.T) {
	now := time.Unix(1000, 0)
	a := servers.NewAdaptiveRate(10, 1)
	assert.True(t, a.Enabled())
	assert.InDelta(t, 10, a.PerSecond(now), 1e-9)
	assert.InDelta(t, 40, a.PerSecond(now.Add(2*time.Second)), 1e-9)
	assert.False(t, a.Lowered())
	assert.True(t, a.Refuse(5, 9, now.Add(2*time.Second)))
	assert.True(t, a.Lowered())
	assert.InDelta(t, 20*0.7, a.PerSecond(now.Add(2*time.Second)), 1e-9, "half of it was accepted at most")
	assert.False(t, a.Refuse(9, 9, now.Add(3*time.Second)), "it left before that was known")
	none := servers.NewAdaptiveRate(0, 1)
	assert.Zero(t, none.PerSecond(now))
	assert.Zero(t, none.Next(now, 5))
	unused := servers.AdaptiveRate{}
	unused.Admit(now)
	assert.False(t, unused.Enabled())
	assert.False(t, unused.Refuse(1, 1, now))
}

// After a refusal 98 % remain, after one within five seconds 70 %. The rate returns to what was
// refused in the time of 3000 requests, at least two minutes and at most ten.
func TestAdaptiveRateAfterRefusals(t *testing.T) {
	const m = time.Minute
	for perSecond, recovery := range map[int]time.Duration{100: 2 * m, 10: 5 * m, 2: 10 * m} {
		now := time.Unix(1000, 0)
		a := servers.NewAdaptiveRate(0, 1)
		accept := func(seconds int) {
			for range seconds * perSecond {
				now = now.Add(time.Second / time.Duration(perSecond))
				a.Accept(now)
			}
		}
		rate := float64(perSecond)
		accept(3)
		assert.True(t, a.Refuse(1, 1, now))
		assert.InDelta(t, 0.98*rate, a.PerSecond(now), 1)
		top := a.PerSecond(now) / 0.98
		assert.InDelta(t, top, a.PerSecond(now.Add(15*time.Second)), 1e-6, "the first time it is an eighth")
		accept(5)
		assert.True(t, a.Refuse(2, 2, now))
		second := a.PerSecond(now)
		assert.Greater(t, second, 0.9*rate)
		before := a.PerSecond(now.Add(recovery - time.Second))
		after := a.PerSecond(now.Add(recovery + time.Second))
		assert.InDelta(t, second/0.98, before, 1e-4*rate)
		assert.Greater(t, after, before)
		now = now.Add(5*time.Second - 1)
		last := a.PerSecond(now)
		assert.True(t, a.Refuse(3, 3, now))
		assert.LessOrEqual(t, a.PerSecond(now), 0.701*last)
	}
}

// Requests are spaced evenly. A timer that is late by up to 5 ms does not lower the rate, and the
// rate does not rise while no request is sent.
func TestAdaptiveRateSpacesRequests(t *testing.T) {
	now := time.Unix(1000, 0)
	a := servers.NewAdaptiveRate(0, 10)
	a.Accept(now)
	a.Refuse(1, 1, now)
	assert.Zero(t, a.Next(now, 0))
	a.Admit(now)
	assert.Equal(t, now.Add(100*ms), a.Next(now, 0).Round(ms))
	assert.Equal(t, now.Add(300*ms), a.Next(now, 2).Round(ms))
	a.Admit(now.Add(104 * ms))
	assert.Equal(t, now.Add(200*ms), a.Next(now.Add(104*ms), 0).Round(ms))
	a.Admit(now.Add(210 * ms))
	assert.Equal(t, now.Add(305*ms), a.Next(now.Add(210*ms), 0).Round(ms))
	before := a.PerSecond(now.Add(305 * ms))
	a.Admit(now.Add(time.Hour))
	assert.InDelta(t, before, a.PerSecond(now.Add(time.Hour)), 0.01)
}
