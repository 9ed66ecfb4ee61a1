package servers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

func TestPauseEndsWithItsTime(t *testing.T) {
	now := time.Unix(1000, 0)
	var p servers.Pause
	assert.Zero(t, p.Advance(now))
	p.Extend(0, now)
	assert.Zero(t, p.Block)
	p.Extend(5*time.Second, now)
	p.Extend(time.Second, now.Add(time.Second))
	want := servers.Block{Until: now.Add(5 * time.Second), Since: now}
	assert.Equal(t, want, p.Block)
	assert.Zero(t, p.Advance(want.Until.Add(-1)))
	assert.Equal(t, want, p.Advance(want.Until))
	assert.Zero(t, p.Block)
}

// The first refusal that asks for no wait is left to its sender. From the second one in a row the
// wait is 100 ms, and doubles, up to 6.4 s.
func TestWaitsThatAreNotStated(t *testing.T) {
	var p servers.Pause
	var got []time.Duration
	traffic := servers.Traffic{MaxWait: time.Minute}
	wait := func(d time.Duration) time.Duration {
		traffic.Newest++
		return p.Wait(d, traffic.Newest, traffic)
	}
	for range 10 {
		got = append(got, wait(0))
	}
	assert.Equal(t, []time.Duration{
		0, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 6400 * ms, 6400 * ms, 6400 * ms,
	}, got)
	assert.Equal(t, time.Second, wait(time.Second))
	assert.Equal(t, 10*ms, wait(10*ms))
	assert.Equal(t, 6400*ms, wait(10*ms-1), "such a wait is none")
	p.Accept()
	assert.Zero(t, wait(0))
	traffic.MaxWait = 150 * ms
	assert.Equal(t, 100*ms, wait(0))
	assert.Equal(t, 150*ms, wait(0))
}

// Several refusals of one burst count as one.
func TestBurstOfRefusals(t *testing.T) {
	var p servers.Pause
	traffic := servers.Traffic{Newest: 64, MaxWait: time.Minute}
	for seq := range uint64(64) {
		assert.Equal(t, seq == 0, p.First(seq+1))
		assert.Zero(t, p.Wait(0, seq+1, traffic))
	}
	traffic.Newest++
	assert.Equal(t, 100*ms, p.Wait(0, 65, traffic))
}

// The longer wait holds, whether the server has no place left or asked for a pause.
func TestLongerWaitBlocks(t *testing.T) {
	const s = time.Second
	c := newClient()
	c.exchange(10, 0, 9*s)
	window := servers.Block{Until: c.begin.Add(10 * s), Since: c.begin}
	pauses := map[time.Duration]servers.Block{
		0: window, 9 * s: window, 11 * s: {Until: c.begin.Add(11 * s), Since: c.begin},
	}
	for d, want := range pauses {
		var p servers.Pause
		p.Extend(d, c.begin)
		assert.Equal(t, want, p.Blocked(c.server), d)
	}
}
