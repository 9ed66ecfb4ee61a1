package queue

import "time"

// RoundTrip is how long responses take. The zero value has seen none.
type RoundTrip struct {
	mean, deviation time.Duration // moving averages, 0 before the first response
}

// Measure adds a response that took d.
func (t *RoundTrip) Measure(d time.Duration) {
	if t.mean == 0 {
		t.mean, t.deviation = d, d/2
		return
	}
	t.deviation += ((d - t.mean).Abs() - t.deviation) / 4
	t.mean += (d - t.mean) / 8
}

// Most returns the time that nearly no response exceeds, 0 before the first response.
func (t *RoundTrip) Most() time.Duration { return t.mean + 3*t.deviation }
