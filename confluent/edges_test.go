package confluent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/ratelimit"
)

// An error document must not make a failed deletion or validation look successful.
func TestErrorDocumentUnderAGoodStatusIsNoSuccess(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"errors":[{"detail":"no"}]}`, `{"error":{"message":"no"}}`,
		`{"error_code":500,"message":"no"}`} {
		c := newTap(t, answer(200, body)).client(t)
		assert.Equal(t, body, string(errorOf(t, c.Integrations.Delete(t.Context(), env, "x")).Body))
		assert.Error(t, c.Integrations.Validate(t.Context(), confluent.IntegrationValidate{ID: "x",
			Environment: inEnv}))
	}
	for _, body := range []string{``, `{}`, `null`, `[]`, `{"message":"deleted"}`, `{"errors":null}`} {
		assert.NoError(t, newTap(t, answer(200, body)).client(t).Integrations.Delete(t.Context(), env, "x"), body)
	}
}

func TestResponseBeyondTheLimitIsNotUnavailable(t *testing.T) {
	t.Parallel()
	w := newTap(t, answer(200, string(bytes.Repeat([]byte(" "), 200))))
	c := w.client(t, confluent.WithMaxResponseBytes(100))
	err := c.Integrations.WaitValid(t.Context(), confluent.IntegrationValidate{ID: "x", Environment: inEnv},
		sdk.WaitOptions{})
	require.ErrorContains(t, err, "100 bytes")
	assert.Empty(t, conditions(err))
	assert.Len(t, w.requests(), 1)
}

// A POST with response 303 was carried out. With 301 and 302 the outcome is unknown. The client
// follows none of them.
func TestRedirectedCreateMayHaveBeenCarriedOut(t *testing.T) {
	t.Parallel()
	for status, unknown := range map[int]bool{300: true, 301: true, 302: true, 303: true, 304: true} {
		w := newTap(t, answer(status, "", "Location", "/elsewhere"))
		_, err := w.client(t).Integrations.Create(t.Context(), draftOf("gcp"))
		assert.Equal(t, status, errorOf(t, err).StatusCode)
		assert.Equal(t, unknown, errors.Is(err, confluent.ErrOutcomeUnknown), status)
		assert.Len(t, w.requests(), 1)
	}
}

func TestLostDeletionOfWhatIsGoneIsASuccess(t *testing.T) {
	t.Parallel()
	for status, done := range map[int]bool{404: true, 410: true, 403: false, 409: false} {
		policy := sdk.DefaultRetryPolicy()
		policy.MinDelay = 0
		c := newTap(t, answer(500, ""), answer(status, `{"errors":[{"id":"1","detail":"no"}]}`)).client(t,
			confluent.WithRetry(policy))
		assert.Equal(t, done, c.Integrations.Delete(t.Context(), env, "x") == nil, status)
		assert.Error(t, newTap(t, answer(status, "")).client(t, confluent.WithRetry(policy)).Integrations.Delete(
			t.Context(), env, "x"), "at the first attempt")
	}
}

// MaxServerWait limits both the retries and the waits of the limiter.
func TestMaxServerWaitHoldsForTheLimiterToo(t *testing.T) {
	t.Parallel()
	for reset, refused := range map[string]bool{"2": false, "120": true, "700": true} {
		for _, limit := range []time.Duration{time.Minute, 10 * time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				w := newTap(t, answer(200, `{"id":"x"}`, "X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0",
					"X-RateLimit-Reset", reset))
				policy := sdk.DefaultRetryPolicy()
				policy.MaxServerWait = limit
				c := w.client(t, confluent.WithRetry(policy))
				_, err := c.Integrations.Get(t.Context(), env, "x")
				require.NoError(t, err)
				begin := time.Now()
				_, err = c.Integrations.Get(t.Context(), env, "x")
				if refused && (limit == time.Minute || reset == "700") {
					require.ErrorIs(t, err, confluent.ErrRateLimited)
					assert.Zero(t, time.Since(begin))
					assert.Len(t, w.requests(), 1)
					return
				}
				require.NoError(t, err)
				assert.Positive(t, time.Since(begin))
			})
		}
	}
}

// A reset is compared with MaxServerWait after 1 s was added for its rounding, a Retry-After as it
// is. After an allowed wait, the limiter adds 100 ms at most.
func TestMaxServerWaitIsComparedWithTheRoundedUpReset(t *testing.T) {
	t.Parallel()
	const limit = 30 * time.Second
	for _, tt := range []struct {
		name, header, value string
		status              int
		allowed             bool
	}{
		{"window", "X-RateLimit-Reset", "29", 200, true},
		{"window too long", "X-RateLimit-Reset", "30", 200, false},
		{"refusal", "X-RateLimit-Reset", "29", 429, true},
		{"refusal too long", "X-RateLimit-Reset", "30", 429, false},
		{"Retry-After", "Retry-After", "30", 429, true},
		{"Retry-After too long", "Retry-After", "31", 429, false},
	} {
		for range 10 {
			synctest.Test(t, func(t *testing.T) {
				w := newTap(t, answer(tt.status, `{"id":"x"}`, "X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0",
					tt.header, tt.value), answer(200, `{"id":"x"}`))
				c := w.client(t, confluent.WithRetry(sdk.RetryPolicy{MaxServerWait: limit}))
				begin := time.Now()
				_, err := c.Integrations.Get(t.Context(), env, "x")
				if tt.status == 200 {
					require.NoError(t, err)
					_, err = c.Integrations.Get(t.Context(), env, "x")
				}
				if !tt.allowed {
					require.ErrorIs(t, err, confluent.ErrRateLimited, tt.name)
					assert.Zero(t, time.Since(begin), tt.name)
					return
				}
				require.NoError(t, err, tt.name)
				assert.GreaterOrEqual(t, time.Since(begin), limit, tt.name)
				assert.LessOrEqual(t, time.Since(begin), limit+100*time.Millisecond, tt.name)
			})
		}
	}
}

// Clients that share a limiter have the longest wait of the limiter.
func TestSharedLimiterIgnoresMaxServerWait(t *testing.T) {
	t.Parallel()
	for maxWait, allowed := range map[time.Duration]bool{time.Minute: true, 2 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxWait(maxWait))
			require.NoError(t, err)
			w := newTap(t, answer(200, `{"id":"x"}`, "X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0",
				"X-RateLimit-Reset", "30"))
			c := w.client(t, confluent.WithLimiter(limiter),
				confluent.WithRetry(sdk.RetryPolicy{MaxServerWait: 2 * time.Second}))
			_, err = c.Integrations.Get(t.Context(), env, "x")
			require.NoError(t, err)
			begin := time.Now()
			_, err = c.Integrations.Get(t.Context(), env, "x")
			if !allowed {
				require.ErrorIs(t, err, confluent.ErrRateLimited)
				assert.Zero(t, time.Since(begin))
				return
			}
			require.NoError(t, err)
			assert.GreaterOrEqual(t, time.Since(begin), 31*time.Second)
		})
	}
}

func TestProviderMustFitTheConfig(t *testing.T) {
	t.Parallel()
	w := newTap(t, answer(200, `{"id":"x"}`))
	c := w.client(t)
	in := confluent.IntegrationCreate{DisplayName: "n", Provider: confluent.ProviderGCP, Environment: inEnv,
		Config: configOf(&confluent.AzureConfig{CustomerAzureTenantID: tenantID})}
	_, err := c.Integrations.Create(t.Context(), in)
	requireRefused(t, err, "Provider")
	_, err = c.Integrations.Provision(t.Context(), in)
	requireRefused(t, err, "Provider")
	assert.Equal(t, "Integrations.Provision", errorOf(t, err).Operation)
	_, err = c.Integrations.Ensure(t.Context(), in)
	requireRefused(t, err, "Provider")
	_, err = c.IntegrationsV1.Create(t.Context(), confluent.IntegrationCreateV1{Provider: confluent.ProviderAWS,
		Environment: inEnv, Config: in.Config})
	requireRefused(t, err, "Provider")
	requireRefused(t, c.Integrations.Validate(t.Context(), confluent.IntegrationValidate{ID: "..", Environment: inEnv}),
		"ID")
	_, err = c.Integrations.Get(t.Context(), env, " ")
	requireRefused(t, err, "id")
	_, err = c.Integrations.FindByDisplayName(t.Context(), "", "n")
	requireRefused(t, err, "environment")
	assert.Equal(t, "Integrations.FindByDisplayName", errorOf(t, err).Operation)
	assert.Empty(t, w.requests())
}

// The body of an earlier call must not be taken for the response to this call.
func TestRawBodyIsOfThisCall(t *testing.T) {
	t.Parallel()
	raw := []byte("old")
	w := newTap(t, func(*http.Request) (*http.Response, error) { return nil, errors.New("cut") })
	_, err := w.client(t).Integrations.Get(t.Context(), env, "x", confluent.WithRawBody(&raw))
	require.Error(t, err)
	assert.Nil(t, raw)
}

func TestTokensStayOutOfJSON(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	holder := struct{ Tokens []sdk.Token }{[]sdk.Token{{Value: "a-secret-token"}}}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "holder", holder, "token", holder.Tokens[0])
	assert.NotContains(t, log.String(), "a-secret-token")
	b, err := json.Marshal(holder)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Tokens":["[redacted]"]}`, string(b))
}

// The token service may repeat the subject token anywhere, in any spelling.
func TestSubjectTokenIsBlackedOutEverywhere(t *testing.T) {
	t.Parallel()
	const subject = "head.body+with/odd=chars"
	srv := confluenttest.NewServer(t)
	var log bytes.Buffer
	c := newBearerClient(t, srv, confluent.WithSTS(stsConfig(subject)),
		confluent.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	srv.Inject(confluenttest.Fault{
		Operation: opExchange, Status: 400, Header: http.Header{"Www-Authenticate": {`Bearer token="` + subject + `"`}},
		Body: `{"errors":[{"detail":"bad ` + subject + ` and head.body+with\/odd=chars and ` +
			url.QueryEscape(subject) + `"}]}`,
	})
	_, err := c.ExchangeToken(context.Background(), stsConfig(subject))
	e := errorOf(t, err)
	for _, text := range []string{err.Error(), string(e.Body), e.Detail, e.Header.Get("WWW-Authenticate"),
		log.String()} {
		assert.NotContains(t, text, "odd=chars")
		assert.NotContains(t, text, "odd%3Dchars")
	}
	assert.Contains(t, e.Detail, "bad [redacted]")
}

// ErrNotFound would make the caller create the integration again, although the first one may still
// appear.
func TestLostCreateIsNotNotFound(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	srv.Inject(confluenttest.Fault{Operation: opCreate, Lost: true})
	in := draftOf("gcp")
	in.DisplayName = "n"
	_, err := c.Integrations.Ensure(t.Context(), in)
	require.ErrorIs(t, err, confluent.ErrOutcomeUnknown)
	assert.NotErrorIs(t, err, confluent.ErrNotFound)
}

func TestRetryAfterCountsTheSecondThatAResetMayBeRoundedBy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		header http.Header
		want   time.Duration
	}{
		"Retry-After":           {429, http.Header{"Retry-After": {"5"}, "X-Ratelimit-Reset": {"9"}}, 5 * time.Second},
		"whole seconds":         {429, http.Header{"X-Ratelimit-Reset": {"5"}}, 6 * time.Second},
		"a fraction":            {429, http.Header{"X-Ratelimit-Reset": {"2.5"}}, 2500 * time.Millisecond},
		"not of another status": {503, http.Header{"X-Ratelimit-Reset": {"5"}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t)
			srv.Inject(confluenttest.Fault{Status: tt.status, Header: tt.header})
			c := newClient(t, srv, confluent.WithRetry(sdk.RetryPolicy{MaxAttempts: 1}), confluent.WithLimiter(nil))
			_, err := c.Integrations.Get(t.Context(), env, "x")
			assert.Equal(t, tt.want, errorOf(t, err).RetryAfter)
		})
	}
}
