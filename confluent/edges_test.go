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

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// A document that speaks of an error must not make a failed deletion or validation look done.
func TestErrorDocumentUnderAGoodStatusIsNoSuccess(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"errors":[{"detail":"no"}]}`, `{"error":{"message":"no"}}`, `{"error_code":500,"message":"no"}`} {
		c := newTap(t, answer(200, body)).client(t)
		assert.Equal(t, body, string(errorOf(t, c.Integrations.Delete(t.Context(), env, "x")).Body))
		assert.Error(t, c.Integrations.Validate(t.Context(), confluent.IntegrationValidate{ID: "x", Environment: inEnv}))
	}
	for _, body := range []string{``, `{}`, `null`, `[]`, `{"message":"deleted"}`, `{"errors":null}`} {
		assert.NoError(t, newTap(t, answer(200, body)).client(t).Integrations.Delete(t.Context(), env, "x"), body)
	}
}

func TestReplyBeyondTheLimitIsNotUnavailable(t *testing.T) {
	t.Parallel()
	w := newTap(t, answer(200, string(bytes.Repeat([]byte(" "), 200))))
	c := w.client(t, confluent.WithMaxResponseBytes(100))
	err := c.Integrations.WaitValid(t.Context(), confluent.IntegrationValidate{ID: "x", Environment: inEnv}, confluent.WaitOptions{})
	require.ErrorContains(t, err, "100 bytes")
	assert.Empty(t, conditions(err))
	assert.Len(t, w.requests(), 1)
}

// A 303 answers a POST that was carried out; 301 and 302 leave it open. None is followed.
func TestRedirectedCreateMayHaveBeenCarriedOut(t *testing.T) {
	t.Parallel()
	for status, unknown := range map[int]bool{301: true, 302: true, 303: true, 304: false} {
		w := newTap(t, answer(status, "", "Location", "/elsewhere"))
		_, err := w.client(t).Integrations.Create(t.Context(), draftOf("gcp"))
		assert.Equal(t, status, errorOf(t, err).StatusCode)
		assert.Equal(t, unknown, errors.Is(err, confluent.ErrOutcomeUnknown), status)
		assert.Len(t, w.requests(), 1)
	}
}

func TestLostDeletionOfWhatIsGoneIsASuccess(t *testing.T) {
	t.Parallel()
	for status, done := range map[int]bool{404: true, 410: true, 403: true, 409: false} {
		policy := confluent.DefaultRetryPolicy()
		policy.MinDelay = 0
		c := newTap(t, answer(500, ""), answer(status, "")).client(t, confluent.WithRetry(policy))
		assert.Equal(t, done, c.Integrations.Delete(t.Context(), env, "x") == nil, status)
		assert.Error(t, newTap(t, answer(status, "")).client(t, confluent.WithRetry(policy)).Integrations.Delete(t.Context(), env, "x"), "at the first attempt")
	}
}

// One cap holds for the retries and for the waits ahead.
func TestMaxServerWaitHoldsForTheLimiterToo(t *testing.T) {
	t.Parallel()
	for reset, refused := range map[string]bool{"2": false, "120": true, "700": true} {
		for _, limit := range []time.Duration{time.Minute, 10 * time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				w := newTap(t, answer(200, `{"id":"x"}`, "X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset))
				policy := confluent.DefaultRetryPolicy()
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

func TestProviderMustFitTheConfig(t *testing.T) {
	t.Parallel()
	w := newTap(t, answer(200, `{"id":"x"}`))
	c := w.client(t)
	in := confluent.IntegrationCreate{DisplayName: "n", Provider: confluent.ProviderGCP, Environment: inEnv, Config: configOf(&confluent.AzureConfig{CustomerAzureTenantID: tenantID})}
	_, err := c.Integrations.Create(t.Context(), in)
	requireRefused(t, err, "Provider")
	_, err = c.Integrations.Provision(t.Context(), in)
	requireRefused(t, err, "Provider")
	assert.Equal(t, "Integrations.Provision", errorOf(t, err).Operation)
	_, err = c.Integrations.Ensure(t.Context(), in)
	requireRefused(t, err, "Provider")
	_, err = c.IntegrationsV1.Create(t.Context(), confluent.IntegrationCreateV1{Provider: confluent.ProviderAWS, Environment: inEnv, Config: in.Config})
	requireRefused(t, err, "Provider")
	requireRefused(t, c.Integrations.Validate(t.Context(), confluent.IntegrationValidate{ID: "..", Environment: inEnv}), "ID")
	_, err = c.Integrations.Get(t.Context(), env, " ")
	requireRefused(t, err, "id")
	_, err = c.Integrations.FindByDisplayName(t.Context(), "", "n")
	requireRefused(t, err, "environment")
	assert.Equal(t, "Integrations.FindByDisplayName", errorOf(t, err).Operation)
	assert.Empty(t, w.requests())
}

// What an earlier call stored must not pass for the reply to this one.
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
	holder := struct{ Tokens []confluent.Token }{[]confluent.Token{{Value: "a-secret-token"}}}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "holder", holder, "token", holder.Tokens[0])
	assert.NotContains(t, log.String(), "a-secret-token")
	b, err := json.Marshal(holder)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Tokens":["[redacted]"]}`, string(b))
}

// The exchange's server may repeat the subject token wherever it likes, in whatever spelling.
func TestSubjectTokenIsBlackedOutEverywhere(t *testing.T) {
	t.Parallel()
	const subject = "head.body+with/odd=chars"
	srv := confluenttest.NewServer(t)
	var log bytes.Buffer
	c := newBearerClient(t, srv, confluent.WithSTS(stsConfig(subject)), confluent.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	srv.Inject(confluenttest.Fault{
		Operation: opExchange, Status: 400, Header: http.Header{"Www-Authenticate": {`Bearer token="` + subject + `"`}},
		Body: `{"errors":[{"detail":"bad ` + subject + ` and head.body+with\/odd=chars and ` + url.QueryEscape(subject) + `"}]}`,
	})
	_, err := c.ExchangeToken(context.Background(), stsConfig(subject))
	e := errorOf(t, err)
	for _, text := range []string{err.Error(), string(e.Body), e.Detail, e.Header.Get("WWW-Authenticate"), log.String()} {
		assert.NotContains(t, text, "odd=chars")
		assert.NotContains(t, text, "odd%3Dchars")
	}
	assert.Contains(t, e.Detail, "bad [redacted]")
}

func TestAPIIsACopy(t *testing.T) {
	t.Parallel()
	w := newTap(t, answer(200, `{"id":"x"}`))
	c := w.client(t)
	c.API().Server = "https://elsewhere.test/"
	_, err := c.Integrations.Get(t.Context(), env, "x")
	require.NoError(t, err)
	assert.Contains(t, w.only(t).url, "https://api.confluent.cloud/")
}

// "Not found" would invite the caller to create once more what may yet appear.
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
