package contract_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/ratelimit"
)

func TestNewSendsNothing(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		asked := 0
		token := func(context.Context) (string, time.Time, error) {
			asked++
			return "token-1", time.Time{}, nil
		}
		for _, o := range []options{{}, {token: token}, {defaultLimiter: true}} {
			_, s := start(t, v, o, always(200, v.object("x-1")))
			time.Sleep(time.Hour)
			synctest.Wait()
			assert.Zero(t, s.count())
			assert.Zero(t, asked)
		}
	})
}

func TestTheLastOfTwoOptionsCounts(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		var first, last bytes.Buffer
		other := &server{answer: always(500, "")}
		c, s := start(t, v, options{shared: []sdk.Option{
			sdk.WithUserAgent("first/1"), sdk.WithUserAgent("last/1"),
			sdk.WithAttemptTimeout(time.Second), sdk.WithAttemptTimeout(3 * time.Second),
			sdk.WithRetry(sdk.RetryPolicy{MaxAttempts: 9}),
			sdk.WithRetry(sdk.RetryPolicy{MaxAttempts: 2, MinDelay: -1}),
			sdk.WithLogger(logger(&first, slog.LevelDebug)), sdk.WithLogger(logger(&last, slog.LevelDebug)),
			sdk.WithMaxResponseBytes(1 << 20), sdk.WithMaxResponseBytes(16),
		}}, func(n int, r request) (*http.Response, error) {
			if n <= 2 {
				return hang(r)
			}
			return respond(200, v.object("x-1")), nil
		})
		begin := time.Now()
		_, err := c.get(t.Context(), "x-1", call{})
		require.ErrorIs(t, err, sdk.ErrUnavailable)
		assert.Equal(t, 6*time.Second, time.Since(begin))
		_, err = c.get(t.Context(), "x-1", call{})
		require.ErrorContains(t, err, "16 bytes")
		assert.Contains(t, s.requests()[0].Header.Get("User-Agent"), "last/1")
		assert.NotContains(t, s.requests()[0].Header.Get("User-Agent"), "first/1")
		assert.Empty(t, first.String())
		assert.NotEmpty(t, last.String())

		again := options{baseURL: "https://" + host, client: &http.Client{Transport: other}}
		good := &server{answer: always(200, v.object("x-2"))}
		again.shared = []sdk.Option{sdk.WithHTTPClient(&http.Client{Transport: good})}
		id, err := connect(t, v, again).get(t.Context(), "x-2", call{})
		require.NoError(t, err)
		assert.Equal(t, "x-2", id)
		assert.Zero(t, other.count())
	})
}

func TestLimiterIsOfTheClientOrNone(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		of := func(o options) (*client, ratelimit.Limiter) {
			c, _ := start(t, v, o, func(n int, _ request) (*http.Response, error) {
				if n == 1 {
					return respond(429, "", "Retry-After", "20"), nil
				}
				return respond(200, v.object("x-1")), nil
			})
			value, ok := c.value.(interface{ Limiter() ratelimit.Limiter })
			require.True(t, ok)
			return c, value.Limiter()
		}
		none, limiterOfNone := of(options{})
		assert.Nil(t, limiterOfNone)
		begin := time.Now()
		_, err := none.get(t.Context(), "x-1", call{})
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(begin), 20*time.Second, "the call waits by itself")

		_, first := of(options{defaultLimiter: true})
		_, second := of(options{defaultLimiter: true})
		require.NotNil(t, first)
		assert.NotSame(t, first, second)
		shared := &limiter{}
		_, got := of(options{limiter: shared})
		assert.Same(t, shared, got)
	})
}

func TestMetaHasTheRateLimitOfTheVendor(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		want := ratelimit.Window{}
		if v.name == "confluent" { // the others document no such headers
			want = ratelimit.Window{
				Limit: 100, Remaining: 7, Reset: 30 * time.Second, Slack: time.Second,
				HasLimit: true, HasRemaining: true, HasReset: true,
			}
		}
		for _, status := range []int{200, 404} {
			header := []string{"X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "7", "X-RateLimit-Reset", "30"}
			c, _ := start(t, v, options{}, always(status, v.object("x-1"), header...))
			var meta core.Meta
			_, err := c.get(t.Context(), "x-1", call{meta: &meta})
			assert.Equal(t, status == 200, err == nil)
			assert.Equal(t, want, meta.RateLimit)
		}
	})
}

// These methods send several requests.
func TestMetaOfSeveralRequestsIsThatOfTheLast(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{retry: noRetries()}, func(n int, _ request) (*http.Response, error) {
			id := fmt.Sprintf("req-%d", n)
			if n == 1 {
				return respond(200, v.page(""), v.requestID, id), nil
			}
			return respond(201, v.object("x-1"), v.requestID, id), nil
		})
		var meta sdk.Meta
		var raw []byte
		store := []sdk.CallOption{sdk.WithMeta(&meta), sdk.WithRawBody(&raw)}
		switch client := c.value.(type) {
		case *confluent.Client:
			_, _ = client.Integrations.Ensure(t.Context(), confluent.IntegrationCreate{
				DisplayName: "new", Provider: confluent.ProviderGCP, Environment: confluent.Reference{ID: "env-1"},
			}, store...)
		case *apono.Client:
			_, _ = client.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "new", Type: "mock-duck"},
				store...)
		default:
			_ = platform(c.value).Server("s").IntegrationGroups.Put(t.Context(), sampleGroup, store...)
		}
		require.Greater(t, s.count(), 1)
		assert.Equal(t, fmt.Sprintf("req-%d", s.count()), meta.RequestID)
		assert.Equal(t, v.object("x-1"), string(raw))
	})
}

func TestDefaultsOfWaitOptions(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		status := 200
		if strings.Contains(v.waiting, "errors") {
			status = 400
		}
		c, s := start(t, v, options{}, always(status, v.waiting))
		begin := time.Now()
		require.ErrorIs(t, c.wait(t.Context(), "x-1", sdk.WaitOptions{}), context.DeadlineExceeded)
		assert.Equal(t, 10*time.Minute, time.Since(begin))
		want := 2 * time.Second
		seen := s.requests()
		require.Greater(t, len(seen), 15)
		less := false
		for i := 1; i < len(seen); i++ {
			pause := seen[i].at.Sub(seen[i-1].at)
			assert.LessOrEqual(t, pause, want, i)
			assert.GreaterOrEqual(t, pause, want*4/5, i)
			less = less || pause < want*9/10
			want = min(want*3/2, 30*time.Second)
		}
		assert.True(t, less, "the pauses differ by up to a fifth")
	})
}

func TestPathOfAnErrorHasNoQuery(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{retry: noRetries()}, always(404, v.failure("no")))
		f := viewed(t, v, op.do(t.Context(), c, call{}))
		assert.NotContains(t, f.Path, "?")
		assert.Equal(t, s.requests()[0].URL.EscapedPath(), f.Path)
	})
}
