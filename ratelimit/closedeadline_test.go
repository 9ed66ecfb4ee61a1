package ratelimit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// waitWithDeadline returns how long Acquire waits if the deadline is within from now and a window
// with this reset is used up. The window ends a second after the reset.
func waitWithDeadline(t *testing.T, reset string, within time.Duration) (time.Duration, error) {
	t.Helper()
	l, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
	require.NoError(t, err)
	p, err := l.Acquire(t.Context(), nil)
	require.NoError(t, err)
	resp := respond(200)
	resp.Header.Set("X-Ratelimit-Limit", "50")
	resp.Header.Set("X-Ratelimit-Remaining", "0")
	resp.Header.Set("X-Ratelimit-Reset", reset)
	l.Observe(p, resp)
	l.Release(p)
	call, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	begin := time.Now()
	p, err = l.Acquire(call, nil)
	l.Release(p)
	return time.Since(begin), err
}

// With a deadline soon after the end of a window, the call succeeds or fails at once. It never
// waits and then fails.
func TestDeadlineCloseToTheEndOfAWindow(t *testing.T) {
	t.Parallel()
	ends := map[string]time.Duration{"1": 2 * time.Second, "7": 8 * time.Second, "2.5": 2500 * time.Millisecond}
	for reset, end := range ends {
		t.Run(reset, func(t *testing.T) {
			for after := -20 * time.Millisecond; after < 150*time.Millisecond; after += 5 * time.Millisecond {
				synctest.Test(t, func(t *testing.T) {
					waited, err := waitWithDeadline(t, reset, end+after)
					if after > 0 {
						assert.NoError(t, err, "%v after the end", after)
						return
					}
					assert.Zero(t, waited, "%v after the end: %v", after, err)
					assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
				})
			}
		})
	}
}
