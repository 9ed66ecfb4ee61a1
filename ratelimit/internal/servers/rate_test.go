package servers_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

// After a refusal 98 % of the rate remain that was accepted in the second before it, at least one
// request per second.
func TestAdaptiveRateContinuesWithTheAcceptedRate(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		accepted []time.Duration // 100 requests at each of these times
		refused  time.Duration
		want     float64
	}{
		"in this second":             {[]time.Duration{0}, s / 2, 100},
		"in the second before":       {[]time.Duration{0}, 5 * s / 4, 75},
		"in both":                    {[]time.Duration{0, 5 * s / 4}, 5 * s / 4, 175},
		"in two seconds":             {[]time.Duration{0, s}, 7 * s / 4, 125},
		"two seconds before":         {[]time.Duration{0}, 2 * s, 1},
		"after a second without any": {[]time.Duration{0, 5 * s / 2}, 5 * s / 2, 100},
		"none":                       {nil, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1000, 0)
			a := servers.NewAdaptiveRate(0, 0.1)
			for _, d := range tt.accepted {
				for range 100 {
					a.Accept(now.Add(d))
				}
			}
			a.Refuse(1, 1, now.Add(tt.refused))
			assert.InDelta(t, 0.98*tt.want, a.PerSecond(now.Add(tt.refused)), 1e-6)
		})
	}
}

// A refusal takes off 2 % of the rate, and 30 % if the last one was less than five seconds ago: a
// small step was not enough.
func TestAdaptiveRateAfterRefusalsInARow(t *testing.T) {
	const s = time.Second
	for after, share := range map[time.Duration]float64{
		0: 0.7, 3 * s: 0.7, 5*s - 1: 0.7, 5 * s: 0.98, 9 * s: 0.98,
	} {
		now := time.Unix(1000, 0)
		a := servers.NewAdaptiveRate(100, 1)
		a.Refuse(1, 1, now)
		rate := a.PerSecond(now.Add(after))
		for range 100 {
			a.Accept(now.Add(after))
		}
		a.Refuse(2, 2, now.Add(after))
		assert.InDelta(t, share*rate, a.PerSecond(now.Add(after)), 1e-6, after)
	}
}

// The rate that continues is the accepted one, but half of the allowed one at least. A difference
// of a fifth is too small to measure: the allowed rate counts then.
func TestAcceptedRateThatDiffersFromTheAllowedOne(t *testing.T) {
	for accepted, want := range map[int]float64{120: 100, 81: 100, 79: 79, 51: 51, 49: 50, 0: 50} {
		now := time.Unix(1000, 0)
		a := servers.NewAdaptiveRate(0, 1)
		for range 100 {
			a.Accept(now)
		}
		a.Refuse(1, 1, now)
		now = now.Add(15 * time.Second)
		assert.InDelta(t, 100, a.PerSecond(now), 1e-6)
		for range accepted {
			a.Accept(now)
		}
		a.Refuse(2, 2, now)
		assert.InDelta(t, 0.98*want, a.PerSecond(now), 1e-6, accepted)
	}
}

// The rate does not rise while no request is sent for more than a second. A shorter distance
// of two requests is no idle time.
func TestAdaptiveRateDoesNotRiseWhileItIsIdle(t *testing.T) {
	for idle, want := range map[time.Duration]float64{1000 * ms: 20, 1100 * ms: 10, time.Hour: 10} {
		now := time.Unix(1000, 0)
		a := servers.NewAdaptiveRate(10, 1)
		a.Admit(now)
		assert.InDelta(t, 10, a.PerSecond(now), 1e-9)
		a.Admit(now.Add(idle))
		assert.InDelta(t, want, a.PerSecond(now.Add(idle)), 0.5, idle)
	}
}

// The rate never falls below the floor, and does not begin below it.
func TestAdaptiveRateHasAFloor(t *testing.T) {
	now := time.Unix(1000, 0)
	a := servers.NewAdaptiveRate(1, 10)
	assert.InDelta(t, 10, a.PerSecond(now), 1e-9)
	a.Refuse(1, 1, now)
	assert.InDelta(t, 10, a.PerSecond(now), 1e-9)
	raised := servers.NewAdaptiveRate(1, 10)
	assert.InDelta(t, 10, raised.PerSecond(now), 1e-9)
	assert.InDelta(t, 20, raised.PerSecond(now.Add(time.Second)), 1e-9, "it doubles from the floor on")
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

// offered is a load for an [servers.AdaptiveRate]. Each of its requests is accepted after trip.
type offered struct {
	rate      servers.AdaptiveRate
	now       time.Time
	trip      time.Duration
	responses []time.Time // whose time has not come
}

// send sends a request every gap for d, or as soon after that as the rate allows. A gap of 0 uses
// the whole rate.
func (o *offered) send(d, gap time.Duration) {
	for end := o.now.Add(d); ; o.now = o.now.Add(gap) {
		at := o.now
		if next := o.rate.Next(at, 0); next.After(at) {
			at = next
		}
		if !at.Before(end) {
			o.now = end
			return
		}
		for len(o.responses) > 0 && !o.responses[0].After(at) {
			o.rate.Accept(o.responses[0])
			o.responses = o.responses[1:]
		}
		o.rate.Admit(at)
		o.responses = append(o.responses, at.Add(o.trip))
		if gap == 0 {
			o.now = at.Add(time.Microsecond) // It ends even if the rate is absurd.
		}
	}
}

// perSecond returns the rate.
func (o *offered) perSecond() float64 { return o.rate.PerSecond(o.now) }

// Before the first refusal the rate stops at four times the requests that were accepted within a
// second, or four times the start. The time at that bound does not count: when the load rises, the
// rate doubles each second again, less a part of the first second in which the load is measured.
// Responses that take a second hardly change that.
func TestAdaptiveRateStaysNearALightLoad(t *testing.T) {
	for name, tt := range map[string]struct {
		start float64
		gap   time.Duration
		want  float64
	}{
		"5 per second":    {10, 200 * ms, 40},
		"one per 0.9 s":   {10, 900 * ms, 40},
		"above the start": {25, time.Second / 30, 120},
		"below the start": {100, 25 * ms, 400},
	} {
		for _, trip := range []time.Duration{0, 20 * ms, time.Second} {
			t.Run(name+", round trip "+trip.String(), func(t *testing.T) {
				o := offered{rate: servers.NewAdaptiveRate(tt.start, 1), now: time.Unix(1000, 0), trip: trip}
				for range 60 {
					o.send(time.Minute, tt.gap)
					require.InEpsilon(t, tt.want, o.perSecond(), 0.05)
				}
				o.send(trip, 0) // until the first response
				for seconds := 1.0; seconds <= 6; seconds++ {
					o.send(time.Second, 0)
					doubled := tt.want * math.Exp2(seconds)
					assert.InDelta(t, 0.85, o.perSecond()/doubled, 0.1)
				}
			})
		}
	}
}

// While little of the rate is used, it rises to a quarter above the refused rate at most. When the
// load rises, it continues from there, slowly at first.
func TestAdaptiveRateStaysNearTheRefusedOne(t *testing.T) {
	for name, tt := range map[string]struct {
		accepted int
		gap      time.Duration
	}{
		"5 of 100":   {100, 200 * ms},
		"half of 10": {10, 200 * ms},
		"20 of 1000": {1000, 50 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			o := offered{rate: servers.NewAdaptiveRate(0, 1), now: time.Unix(1000, 0), trip: 20 * ms}
			for range tt.accepted {
				o.rate.Accept(o.now)
			}
			o.rate.Refuse(1, 1, o.now)
			o.now = o.now.Add(2 * time.Second) // None of the seconds above counts any more.
			bound := 1.25 * float64(tt.accepted)
			for range 60 {
				o.send(time.Minute, tt.gap)
				require.InDelta(t, bound, o.perSecond(), 1e-6)
			}
			o.send(10*time.Second, 0)
			assert.InDelta(t, 1.2*bound, o.perSecond(), 0.05*bound)
			o.send(50*time.Second, 0)
			assert.InDelta(t, 4.7*bound, o.perSecond(), 0.5*bound)
		})
	}
}

// The time in which no request was sent begins with the refusal if that came later than the next
// request could have left.
func TestAdaptiveRateAfterASlowRefusal(t *testing.T) {
	for _, slow := range []time.Duration{10 * time.Second, 30 * time.Second, time.Minute} {
		now := time.Unix(1000, 0)
		a := servers.NewAdaptiveRate(0, 1)
		a.Admit(now)
		now = now.Add(slow)
		for range 100 {
			a.Accept(now)
		}
		a.Refuse(1, 1, now)
		now = now.Add(2 * time.Second)
		a.Admit(now)
		assert.InDelta(t, 98, a.PerSecond(now), 1e-6, slow)
	}
}

// Requests that were accepted before the rate came into use do not change its start: headers stated
// a window then.
func TestAdaptiveRateBeginsWithItsStart(t *testing.T) {
	for _, accepted := range []int{1, 11, 1000} {
		now := time.Unix(1000, 0)
		a := servers.NewAdaptiveRate(10, 1)
		for range accepted {
			a.Accept(now)
		}
		assert.InDelta(t, 10, a.PerSecond(now), 1e-9, accepted)
	}
}

// A start that no client reaches is lowered by a refusal as well: the rate stays a number, or half
// of it would be as much again.
func TestAdaptiveRateWithAnEnormousStart(t *testing.T) {
	now := time.Unix(1000, 0)
	a := servers.NewAdaptiveRate(1e308, 1)
	a.Admit(now)
	now = now.Add(time.Second)
	before := a.PerSecond(now)
	assert.False(t, math.IsInf(before, 1))
	assert.True(t, a.Refuse(1, 1, now))
	assert.Less(t, a.PerSecond(now), before)
}
