package ratelimit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit/internal/pacing"
)

func newLedger() *ledger { return &ledger{entries: map[uint64]entry{}} }

// The server may count the requests that left after a request, or less than a second before it.
// The age is accurate to a quarter of a second.
func TestUncountedRequests(t *testing.T) {
	const s = time.Second
	begin := time.Unix(1000, 0)
	l := newLedger()
	assert.Zero(t, l.uncounted(begin))
	for i := range 8 {
		l.admit(0, pacing.Ticket{}, begin.Add(time.Duration(i)*s/4))
	}
	for after, want := range map[time.Duration]int{
		0: 8, s: 8, s + s/4 - 1: 8, s + s/4: 7, 2 * s: 4, 2*s + s/2: 2, 3 * s: 0,
	} {
		assert.Equal(t, want, l.uncounted(begin.Add(after)), after)
	}
	_, ok := l.answer(8, begin.Add(2*s))
	assert.True(t, ok)
	_, ok = l.release(7)
	assert.True(t, ok)
	assert.Equal(t, 6, l.uncounted(begin))
	l.answer(8, begin.Add(2*s)) // once is enough
	l.release(8)
	assert.Equal(t, 6, l.uncounted(begin))
	assert.Equal(t, 6, l.pending)
}

// Requests without a response for 16 seconds have been counted.
func TestUncountedRequestsAreForgotten(t *testing.T) {
	const s = time.Second
	begin := time.Unix(1000, 0)
	const century = 100 * 365 * 24 * time.Hour
	for wait, want := range map[time.Duration]int{
		15900 * ms: 2, 16 * s: 1, time.Hour: 1, century: 1, -time.Hour: 2,
	} {
		l := newLedger()
		l.admit(0, pacing.Ticket{}, begin)
		l.admit(0, pacing.Ticket{}, begin.Add(wait))
		assert.Equal(t, want, l.uncounted(begin), wait)
		l.release(1)
		assert.Equal(t, 1, l.uncounted(begin), wait)
		l.release(2)
		assert.Zero(t, l.uncounted(begin), wait)
	}
}

const ms = time.Millisecond
