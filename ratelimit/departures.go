package ratelimit

import (
	"math/rand/v2"
	"time"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

const (
	// maxJitter is the longest time in which the waiters leave after a block.
	maxJitter = 100 * time.Millisecond
	// jitterShare is the part of a block in which its waiters leave, as a divisor.
	jitterShare = 10
)

// departures spreads the waiters of a block: they leave one by one, at random distances. Other
// processes may wait for the same moment.
type departures struct {
	next time.Time     // when the next waiter may leave
	gap  time.Duration // the longest distance between two
	left int           // how many waiters are still spread
}

// begin begins to spread the waiters of a block that has ended. A zero block changes nothing.
func (d *departures) begin(b servers.Block, waiting int) {
	if waiting == 0 || b.Until.IsZero() {
		return
	}
	d.gap = min(b.Until.Sub(b.Since)/jitterShare, maxJitter) / time.Duration(waiting)
	d.left = waiting - 1
	d.next = b.Until.Add(jitter(d.gap))
}

// leave notes that a request leaves.
func (d *departures) leave(now time.Time) {
	if d.left > 0 {
		d.left--
		d.next = now.Add(jitter(d.gap))
	}
}

func jitter(most time.Duration) time.Duration { return rand.N(max(most, 1)) }
