package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The averages follow a change within some responses: the deviation in four, the mean in eight.
func TestRoundTrip(t *testing.T) {
	const ms = time.Millisecond
	var r RoundTrip
	r.Measure(100 * ms)
	assert.Equal(t, RoundTrip{100 * ms, 50 * ms}, r)
	assert.Equal(t, 250*ms, r.Most())
	r.Measure(100 * ms)
	assert.Equal(t, RoundTrip{100 * ms, 37500 * time.Microsecond}, r)
	r.Measure(180 * ms)
	assert.Equal(t, 110*ms, r.mean)
	assert.Equal(t, 48125*time.Microsecond, r.deviation)
}
