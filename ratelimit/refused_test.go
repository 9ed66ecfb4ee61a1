package ratelimit_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// byDate returns a 429 with a date in Retry-After, from a server with the given date. Both are in
// GMT.
func byDate(retryAfter, date string) *http.Response {
	return respond(429, "Retry-After", retryAfter+" GMT", "Date", date+" GMT")
}

func TestRefused(t *testing.T) {
	const left, huge = "X-RateLimit-Remaining", "99999999999999999999"
	tests := map[string]struct {
		resp *http.Response
		want time.Duration
	}{
		"seconds":           {respond(429, "Retry-After", "7"), 7 * time.Second},
		"fraction":          {respond(429, "Retry-After", "0.5"), 500 * time.Millisecond},
		"date":              {respond(429, "Retry-After", "Sat, 01 Jan 2000 00:00:09 GMT"), 9 * time.Second},
		"date, its clock":   {byDate("Sun, 01 Mar 2026 12:00:09", "Sun, 01 Mar 2026 12:00:00"), 9 * time.Second},
		"date in the past":  {byDate("Sat, 01 Jan 2000 00:00:00", "Sat, 01 Jan 2000 01:00:00"), 0},
		"unavailable":       {respond(503, "Retry-After", "7"), 7 * time.Second},
		"unavailable, bare": {respond(503), 0},
		"reset":             {respond(429, "X-RateLimit-Reset", "4"), 5 * time.Second},
		"reset, 503":        {respond(503, "X-RateLimit-Reset", "4"), 0},
		"both":              {respond(429, "Retry-After", "2", "X-RateLimit-Reset", "4"), 2 * time.Second},
		"both, window full": {respond(429, "Retry-After", "2", left, "0", "X-RateLimit-Reset", "4"), 2 * time.Second},
		"both, a later end": {told429(3600, "1"), time.Second},
		"both, unavailable": {respond(503, "Retry-After", "3", left, "0", "X-RateLimit-Reset", "60"), 3 * time.Second},
		"both, sooner end":  {told429(4, "9"), 9 * time.Second},
		"forbidden":         {respond(403, "Retry-After", "7"), 0},
		"bad, then reset":   {respond(429, "Retry-After", "soon", "X-RateLimit-Reset", "4"), 5 * time.Second},
		"huge, then reset":  {respond(429, "Retry-After", huge, "X-RateLimit-Reset", "4"), 5 * time.Second},
		"bare":              {respond(429), 0},
		"not refused":       {respond(200, "Retry-After", "7"), 0},
		"moved":             {respond(301, "Retry-After", "7"), 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // Its clock starts in the year 2000.
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
				exchange(t, l, tt.resp)
				got := waitFor(t, l)
				if tt.want == 0 {
					assert.Zero(t, got)
				} else {
					assertWait(t, tt.want, got)
				}
			})
		})
	}
}

// told429 returns a refusal by a full window that ends after reset seconds.
func told429(reset int, retryAfter string) *http.Response {
	return respond(429, "X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "0",
		"X-RateLimit-Reset", strconv.Itoa(reset), "Retry-After", retryAfter)
}

// GitHub refuses with a 403. With Retry-After, too many requests were sent in a short time, and the
// window may have places left. Without it, the window is full.
func TestRefusedWithForbidden(t *testing.T) {
	const epoch = 946684800 // the clock of the bubble
	const left, reset = "X-RateLimit-Remaining", "X-RateLimit-Reset"
	in := func(seconds int) string { return strconv.Itoa(epoch + seconds) }
	for name, tt := range map[string]struct {
		resp *http.Response
		want time.Duration
	}{
		"places left":       {respond(403, "Retry-After", "60", left, "4000", reset, in(3000)), time.Minute},
		"no window":         {respond(403, "Retry-After", "5"), 5 * time.Second},
		"full window":       {respond(403, left, "0", reset, in(30)), 31 * time.Second},
		"both":              {respond(403, "Retry-After", "2", left, "0", reset, in(30)), 2 * time.Second},
		"no right":          {respond(403, left, "4000", reset, in(30)), 0},
		"no right, bare":    {respond(403), 0},
		"also 429":          {respond(429, "Retry-After", "7"), 7 * time.Second},
		"another status":    {respond(404, "Retry-After", "7"), 0},
		"not a time":        {respond(403, "Retry-After", "soon"), 0},
		"not authenticated": {respond(401, left, "10", reset, in(30)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var status int
				var pause time.Duration
				hooks := ratelimit.Hooks{Refused: func(s int, d time.Duration) { status, pause = s, d }}
				l := newLocal(t, ratelimit.WithHeaders(ratelimit.GitHub()), ratelimit.WithHooks(hooks))
				exchange(t, l, tt.resp)
				got := waitFor(t, l)
				if tt.want == 0 {
					assert.Zero(t, got)
					assert.Zero(t, status)
					return
				}
				assertWait(t, tt.want, got)
				assert.Equal(t, tt.resp.StatusCode, status)
				assert.Equal(t, tt.want, pause)
			})
		})
	}
}

func TestRefusalPausesEveryUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t)
		p, other := acquire(t, l), acquire(t, l)
		l.Observe(p, respond(429, "Retry-After", "5"))
		end := time.Now().Add(5 * time.Second)
		assert.Equal(t, end, l.Snapshot().PausedUntil)
		time.Sleep(time.Second)
		l.Observe(other, respond(429, "Retry-After", "1")) // The longer pause holds.
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				l.Release(acquire(t, l))
				assertWait(t, 0, time.Since(end))
			})
		}
		group.Wait()
		assert.Zero(t, l.Snapshot().PausedUntil)
	})
}

// A refusal of the first request does not describe the window. So the next request again goes
// before the others.
func TestRefusedFirstRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.Confluent()))
		exchange(t, l, respond(429))
		acquire(t, l)
		ctx, cancel := context.WithTimeout(t.Context(), probeWait)
		defer cancel()
		_, err := l.Acquire(ctx, nil)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
