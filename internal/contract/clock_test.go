package contract_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// The clock of the server and that of this machine differ by this much.
const skew = 3 * time.Hour

func TestRetryAfterThatIsADateIsComparedWithTheDateOfTheResponse(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for name, tt := range map[string]struct {
			date, retryAfter time.Duration // from now, by this clock; a date of 0 is none
			want             time.Duration
		}{
			"server ahead":                {skew, skew + 20*time.Second, 20 * time.Second},
			"server behind":               {-skew, -skew + 20*time.Second, 20 * time.Second},
			"the same clock":              {time.Nanosecond, 20 * time.Second, 20 * time.Second},
			"no date":                     {0, 20 * time.Second, 20 * time.Second},
			"past by the server's clock":  {skew, skew - time.Minute, 0},
			"beyond the cap by its clock": {-skew, -skew + 2*time.Minute, 2 * time.Minute},
		} {
			for _, limited := range []bool{false, true} { // by the client's limiter, which all calls wait for
				at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
				var meta core.Meta
				c, s := start(t, v, options{defaultLimiter: limited}, func(n int, _ request) (*http.Response, error) {
					if n > 1 {
						return respond(200, v.object("x-1")), nil
					}
					resp := respond(429, "", "Retry-After", at(tt.retryAfter))
					if tt.date != 0 {
						resp.Header.Set("Date", at(tt.date))
					}
					return resp, nil
				})
				begin := time.Now()
				_, err := c.get(t.Context(), "x-1", call{meta: &meta})
				if tt.want > time.Minute {
					assert.Equal(t, tt.want, viewed(t, v, err).RetryAfter, name)
					assert.Zero(t, time.Since(begin), name)
					continue
				}
				require.NoError(t, err, name)
				assert.Equal(t, 2, s.count(), name)
				assert.InDelta(t, tt.want.Seconds(), time.Since(begin).Seconds(), 3, name)
			}
		}
	})
}

// seenContext has the values that a token source found in its context.
type seenContext struct {
	value    any
	deadline time.Duration
	ended    error
}

func TestTokenSourceGetsTheContextOfTheCallThatNeedsTheToken(t *testing.T) {
	type key struct{}
	eachInBubble(t, func(t *testing.T, v vendor) {
		var seen seenContext
		token := func(ctx context.Context) (string, time.Time, error) {
			seen.value = ctx.Value(key{})
			deadline, _ := ctx.Deadline()
			seen.deadline = time.Until(deadline)
			return "token-1", time.Now().Add(10 * time.Minute), nil
		}
		c, _ := start(t, v, options{attemptTimeout: 7 * time.Second, token: token}, always(200, v.object("x-1")))
		get := func(ctx context.Context) {
			_, err := c.get(context.WithValue(ctx, key{}, "trace-1"), "x-1", call{})
			require.NoError(t, err)
		}
		get(t.Context())
		assert.Equal(t, seenContext{"trace-1", 7 * time.Second, nil}, seen, "the attempt timeout limits it")
		for left, want := range map[time.Duration]time.Duration{
			50 * time.Second: 7 * time.Second, 4 * time.Second: 2 * time.Second, // half of what is left
		} {
			seen = seenContext{}
			time.Sleep(10*time.Minute - left) // to a renewal of a token that is still valid
			get(t.Context())
			assert.Equal(t, seenContext{"trace-1", want, nil}, seen)
		}
		time.Sleep(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		get(ctx)
		assert.Equal(t, 3*time.Second, seen.deadline, "the caller's deadline, where it is earlier")
	})
}

// The call that asked first ends. Those that wait with it ask the source again, with a context of
// their own.
func TestContextOfATokenSourceEndsWithItsCall(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		var asked atomic.Int64
		ended := make(chan error, 1)
		c, s := start(t, v, options{attemptTimeout: time.Minute,
			token: func(ctx context.Context) (string, time.Time, error) {
				if asked.Add(1) == 1 {
					<-ctx.Done()
					ended <- ctx.Err()
					return "", time.Time{}, ctx.Err()
				}
				return "token-2", time.Time{}, nil
			}}, always(200, v.object("x-1")))
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		go func() {
			_, err := c.get(ctx, "x-1", call{})
			errs <- err
		}()
		time.Sleep(time.Second)
		go func() {
			_, err := c.get(t.Context(), "x-1", call{})
			errs <- err
		}()
		time.Sleep(time.Second)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		first, second := <-errs, <-errs
		if first == nil {
			first, second = second, first
		}
		require.ErrorIs(t, first, context.Canceled)
		require.NoError(t, second)
		assert.EqualValues(t, 2, asked.Load())
		assert.Equal(t, []string{"Bearer token-2"}, authorizations(s.requests()))
	})
}
