package confluent_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/ratelimit"
)

// timedClient returns a client with the default policy and limiter, and a server that responds
// immediately.
func timedClient(t *testing.T, calls *int, respond func(call int) (status int, header http.Header)) *confluent.Client {
	t.Helper()
	c, err := confluent.New(confluent.WithAPIKey(tapKey, tapSecret),
		confluent.WithHTTPClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			*calls++
			status, header := respond(*calls)
			resp, err := answer(status, `{"id":"cspi-1"}`)(req)
			maps.Copy(resp.Header, header)
			return resp, err
		})}))
	require.NoError(t, err)
	return c
}

func seconds(from, to float64) [2]time.Duration {
	return [2]time.Duration{time.Duration(from * float64(time.Second)), time.Duration(to * float64(time.Second))}
}

// unstatedWaits returns the longest that the waits of one call may take together if the server
// states none of them. The limiter's own pause is shorter than the limit of the wait beside it.
func unstatedWaits(p sdk.RetryPolicy) time.Duration {
	var sum time.Duration
	limit := p.MinDelay
	for range p.MaxAttempts - 1 {
		sum += min(limit, p.MaxDelay)
		limit *= 2
	}
	return sum
}

// refusedCase is the header of a 429 with its effect on the waits of a call.
type refusedCase struct {
	header     func() http.Header
	retryAfter time.Duration
	attempts   int
	took       [2]time.Duration
}

func (tt refusedCase) check(t *testing.T, name string) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		c := timedClient(t, &calls, func(int) (int, http.Header) { return 429, tt.header() })
		begin := time.Now()
		_, err := c.Integrations.Get(t.Context(), env, "cspi-1")
		took := time.Since(begin)
		e := errorOf(t, err)
		assert.Equal(t, []string{"RateLimited"}, conditions(e))
		assert.Equal(t, 429, e.StatusCode)
		if name == "Retry-After date" { // the date has whole seconds, the clock has fractions
			assert.InDelta(t, tt.retryAfter, e.RetryAfter, float64(time.Second))
		} else {
			assert.Equal(t, tt.retryAfter, e.RetryAfter)
		}
		assert.Equal(t, tt.attempts, e.Attempts)
		assert.Equal(t, tt.attempts, calls)
		assert.GreaterOrEqual(t, took, tt.took[0])
		assert.LessOrEqual(t, took, tt.took[1], "all waits of a call together; see unstatedWaits")

		// The next call must not block forever, and must not send more than its attempts.
		begin = time.Now()
		_, err = c.Integrations.Get(t.Context(), env, "cspi-1")
		require.ErrorIs(t, err, confluent.ErrRateLimited)
		assert.LessOrEqual(t, time.Since(begin), tt.took[1]+time.Minute)
		if tt.attempts == 1 {
			assert.Equal(t, 1, calls, "a wait beyond the cap is known beforehand")
			assert.Zero(t, errorOf(t, err).Attempts)
		} else {
			assert.Equal(t, 10, calls)
		}
	})
}

func TestEachFormOfRateLimitHeadersOn429(t *testing.T) {
	t.Parallel()
	const (
		retry = "Retry-After"
		reset = "X-Ratelimit-Reset"
		huge  = "99999999999999999999999999"
	)
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	own := [2]time.Duration{0, unstatedWaits(sdk.DefaultRetryPolicy())}
	for name, tt := range map[string]refusedCase{
		"missing":       {func() http.Header { return nil }, 0, 5, own},
		"Retry-After 0": {func() http.Header { return http.Header{retry: {"0"}} }, 0, 5, seconds(0, 1)},
		"Retry-After seconds": {func() http.Header { return http.Header{retry: {"7"}} }, 7 * time.Second, 5,
			seconds(28, 33)},
		"Retry-After fraction": {func() http.Header { return http.Header{retry: {"1.5"}} }, 1500 * time.Millisecond, 5,
			seconds(6, 7.5)},
		"Retry-After date": {func() http.Header { return http.Header{retry: {in(9 * time.Second)}} },
			9 * time.Second, 5, seconds(32, 42)},
		"Retry-After past date": {func() http.Header { return http.Header{retry: {in(-time.Hour)}} }, 0, 5,
			seconds(0, 1)},
		"Retry-After far date": {func() http.Header { return http.Header{retry: {in(time.Hour)}} }, time.Hour, 1,
			seconds(0, 0)},
		"Retry-After at cap": {func() http.Header { return http.Header{retry: {"65"}} }, 65 * time.Second, 5,
			seconds(260, 275)},
		"Retry-After over cap": {func() http.Header { return http.Header{retry: {"66"}} }, 66 * time.Second, 1,
			seconds(0, 0)},
		"Retry-After day": {func() http.Header { return http.Header{retry: {"86400"}} }, 24 * time.Hour, 1,
			seconds(0, 0)},
		"Retry-After negative": {func() http.Header { return http.Header{retry: {"-5"}} }, 0, 5, own},
		"Retry-After text":     {func() http.Header { return http.Header{retry: {"soon"}} }, 0, 5, own},
		"Retry-After huge":     {func() http.Header { return http.Header{retry: {huge}} }, 0, 5, own},
		"Retry-After list":     {func() http.Header { return http.Header{retry: {"1, 2"}} }, 0, 5, own},
		"Retry-After two lines": {func() http.Header { return http.Header{retry: {"2", "30"}} }, 2 * time.Second, 5,
			seconds(8, 10)},
		"Retry-After wins": {func() http.Header { return http.Header{retry: {"2"}, reset: {"30"}} },
			2 * time.Second, 5, seconds(8, 10)},
		"bad Retry-After, reset": {
			func() http.Header { return http.Header{retry: {"soon"}, reset: {"6"}} }, 7 * time.Second, 5,
			seconds(28, 33),
		},
		// A whole number of seconds may have been truncated, so the window may end up to 1 s later.
		"reset 0": {func() http.Header { return http.Header{reset: {"0"}} }, time.Second, 5, seconds(4, 5)},
		"reset seconds": {func() http.Header { return http.Header{reset: {"6"}} }, 7 * time.Second, 5,
			seconds(28, 33)},
		"reset fraction": {func() http.Header { return http.Header{reset: {"0.25"}} }, 250 * time.Millisecond, 5,
			seconds(1, 2)},
		"reset minute": {func() http.Header { return http.Header{reset: {"60"}} }, 61 * time.Second, 5,
			seconds(244, 259)},
		"reset list": {func() http.Header { return http.Header{reset: {"6, 60"}} }, 7 * time.Second, 5,
			seconds(28, 33)},
		"reset negative": {func() http.Header { return http.Header{reset: {"-1"}} }, 0, 5, own},
		"reset text":     {func() http.Header { return http.Header{reset: {"later"}} }, 0, 5, own},
		"reset huge":     {func() http.Header { return http.Header{reset: {huge}} }, 0, 5, own},
		"reset date":     {func() http.Header { return http.Header{reset: {in(time.Minute)}} }, 0, 5, own},
		"reset Unix time": {func() http.Header { return http.Header{reset: {fmt.Sprint(time.Now().Unix() + 5)}} }, 0, 5,
			own},
		"reset hour": {func() http.Header { return http.Header{reset: {"3600"}} }, time.Hour + time.Second, 1,
			seconds(0, 0)},
		"all of them": {
			func() http.Header {
				return http.Header{retry: {"3"}, reset: {"3"}, "X-Ratelimit-Limit": {"10"},
					"X-Ratelimit-Remaining": {"0"}}
			}, 3 * time.Second, 5, seconds(12, 17),
		},
		"all of them odd": {
			func() http.Header {
				return http.Header{retry: {""}, reset: {"NaN"}, "X-Ratelimit-Limit": {"-1"},
					"X-Ratelimit-Remaining": {"many"}}
			}, 0, 5, own,
		},
	} {
		t.Run(name, func(t *testing.T) { tt.check(t, name) })
	}
}

func TestEachFormOfRateLimitHeadersOnSuccess(t *testing.T) {
	t.Parallel()
	window := func(limit, remaining, reset string) http.Header {
		h := http.Header{}
		for name, value := range map[string]string{"Limit": limit, "Remaining": remaining, "Reset": reset} {
			if value != "" {
				h.Set("X-RateLimit-"+name, value)
			}
		}
		return h
	}
	none := seconds(0, 0)
	for name, tt := range map[string]struct {
		header  http.Header
		want    ratelimit.Window
		next    [2]time.Duration // wait of the next call
		refused bool             // true if it is refused immediately
	}{
		"missing": {nil, ratelimit.Window{}, none, false},
		"all": {window("100", "99", "60"), ratelimit.Window{
			Limit: 100, Remaining: 99, Reset: time.Minute, Slack: time.Second, HasLimit: true, HasRemaining: true,
			HasReset: true,
		}, none, false},
		"exhausted": {window("100", "0", "30"), ratelimit.Window{
			Limit: 100, Reset: 30 * time.Second, Slack: time.Second, HasLimit: true, HasRemaining: true, HasReset: true,
		}, seconds(30, 32), false},
		"exhausted, fraction": {window("100", "0", "1.5"), ratelimit.Window{
			Limit: 100, Reset: 1500 * time.Millisecond, HasLimit: true, HasRemaining: true, HasReset: true,
		}, seconds(1.5, 2.5), false},
		"exhausted for an hour": {window("100", "0", "3600"), ratelimit.Window{
			Limit: 100, Reset: time.Hour, Slack: time.Second, HasLimit: true, HasRemaining: true, HasReset: true,
		}, none, true},
		"exhausted, no reset": {window("100", "0", ""), ratelimit.Window{Limit: 100, HasLimit: true,
			HasRemaining: true}, none, false},
		"exhausted, text reset": {window("100", "0", "soon"), ratelimit.Window{Limit: 100, HasLimit: true,
			HasRemaining: true}, none, false},
		"exhausted, date reset": {window("100", "0", "Sat, 01 Jan 2000 00:00:30 GMT"),
			ratelimit.Window{Limit: 100, HasLimit: true, HasRemaining: true}, none, false},
		"exhausted, Unix time": {window("100", "0", "946684830"), ratelimit.Window{Limit: 100, HasLimit: true,
			HasRemaining: true}, none, false},
		"exhausted, huge reset": {window("100", "0", "99999999999999999999"),
			ratelimit.Window{Limit: 100, HasLimit: true, HasRemaining: true}, none, false},
		"exhausted, minus 5": {window("100", "0", "-5"), ratelimit.Window{Limit: 100, HasLimit: true,
			HasRemaining: true}, none, false},
		"negative remaining": {window("100", "-1", "30"), ratelimit.Window{Limit: 100, Reset: 30 * time.Second,
			Slack: time.Second, HasLimit: true, HasReset: true}, none, false},
		"remaining and limit odd": {window("lots", "1e3", "30"), ratelimit.Window{Reset: 30 * time.Second,
			Slack: time.Second, HasReset: true}, none, false},
		"huge counts": {window("99999999999", "99999999999", "1"), ratelimit.Window{Reset: time.Second,
			Slack: time.Second, HasReset: true}, none, false},
		"lists": {window("10, 10;w=1", "3, 50", "5, 60"), ratelimit.Window{
			Limit: 10, Remaining: 3, Reset: 5 * time.Second, Slack: time.Second, HasLimit: true, HasRemaining: true,
			HasReset: true,
		}, none, false},
		"limit 0": {window("0", "5", "5"), ratelimit.Window{Remaining: 5, Reset: 5 * time.Second, Slack: time.Second,
			HasRemaining: true, HasReset: true}, none, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				c := timedClient(t, &calls, func(call int) (int, http.Header) {
					if call == 1 {
						return 200, tt.header
					}
					return 200, nil
				})
				var meta sdk.Meta
				_, err := c.Integrations.Get(t.Context(), env, "cspi-1", confluent.WithMeta(&meta))
				require.NoError(t, err)
				assert.Equal(t, tt.want, meta.RateLimit)
				assert.Equal(t, 200, meta.StatusCode)
				assert.Equal(t, 1, meta.Attempts)

				begin := time.Now()
				_, err = c.Integrations.Get(t.Context(), env, "cspi-1")
				took := time.Since(begin)
				assert.GreaterOrEqual(t, took, tt.next[0])
				assert.LessOrEqual(t, took, tt.next[1])
				if !tt.refused {
					require.NoError(t, err)
					assert.Equal(t, 2, calls)
					return
				}
				e := errorOf(t, err)
				assert.Equal(t, []string{"RateLimited"}, conditions(e))
				assert.Greater(t, e.RetryAfter, 59*time.Minute)
				assert.Equal(t, 1, calls, "nothing is sent that the server has refused already")
			})
		})
	}
}

func TestServerWaitsEndWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		c := timedClient(t, &calls, func(int) (int, http.Header) { return 429, http.Header{"Retry-After": {"30"}} })
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := c.Integrations.Get(ctx, env, "cspi-1")
		assert.Equal(t, 429, errorOf(t, err).StatusCode)
		assert.Zero(t, time.Since(begin), "a wait that the deadline cuts off is not begun")
	})
}
