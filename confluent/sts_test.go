package confluent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
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

// jwt is a subject token. It must never be shown.
const jwt = "eyJhbGciOiJub25lIn0.c3ViamVjdA.subject-token"

func stsConfig(jwt string) confluent.STSConfig {
	return confluent.STSConfig{IdentityPoolID: "pool_1", SubjectToken: func(context.Context) (string, error) {
		return jwt, nil
	}}
}

// quickRetry returns the default policy without waits.
func quickRetry() confluent.Option {
	policy := sdk.DefaultRetryPolicy()
	policy.MinDelay, policy.MaxDelay = 0, 0
	return confluent.WithRetry(policy)
}

// newBearerClient returns a client without an API key.
func newBearerClient(t *testing.T, srv *confluenttest.Server, opts ...confluent.Option) *confluent.Client {
	t.Helper()
	all := []confluent.Option{confluent.WithBaseURL(srv.URL), confluent.WithHTTPClient(srv.HTTPClient()), quickRetry()}
	c, err := confluent.New(append(all, opts...)...)
	require.NoError(t, err)
	return c
}

// listAll sends one request.
func listAll(ctx context.Context, c *confluent.Client) error {
	for _, err := range c.Integrations.List(ctx, env, nil) {
		return err
	}
	return nil
}

// assertHidden checks that no way of formatting v shows a secret.
func assertHidden(t *testing.T, v any, secrets ...string) {
	t.Helper()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	texts := map[string]string{"slog": log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		texts[verb] = fmt.Sprintf(verb, v)
	}
	for how, text := range texts {
		for _, secret := range secrets {
			require.NotEmpty(t, secret)
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				assert.Fail(t, "a secret shows", "in %s of %T", how, v)
			}
		}
	}
}

func TestTheExchangeSendsTheFormAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, lifetime := range map[string]time.Duration{"default lifetime": 0, "asked lifetime": 5 * time.Minute,
		"longest lifetime": confluent.MaxTokenLifetime} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t)
			cfg := stsConfig(jwt)
			cfg.IdentityPoolID, cfg.Lifetime = "pool 1&x=y", lifetime
			c := newClient(t, srv) // its API key must not be sent
			begin := time.Now()
			token, err := c.ExchangeToken(t.Context(), cfg)
			require.NoError(t, err)
			require.Len(t, srv.Calls(), 1)
			call := srv.Calls()[0]
			assert.Equal(t, "POST", call.Method)
			assert.Equal(t, "/sts/v1/oauth2/token", call.Path)
			assert.Empty(t, call.RawQuery)
			assert.NotContains(t, call.Header, "Authorization")
			assert.Equal(t, "application/x-www-form-urlencoded", call.Header.Get("Content-Type"))
			assert.Equal(t, "application/json", call.Header.Get("Accept"))
			want := url.Values{
				"grant_type":           {"urn:ietf:params:oauth:grant-type:token-exchange"},
				"subject_token":        {jwt},
				"subject_token_type":   {"urn:ietf:params:oauth:token-type:jwt"},
				"requested_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
				"identity_pool_id":     {"pool 1&x=y"},
			}
			life := 15 * time.Minute
			if lifetime > 0 {
				life = lifetime
				want.Set("expires_in", fmt.Sprint(lifetime.Seconds()))
			}
			form, err := url.ParseQuery(string(call.Body))
			require.NoError(t, err)
			assert.Equal(t, want, form)
			assert.WithinDuration(t, begin.Add(life), token.Expiry, 5*time.Second)
			assertHidden(t, token, token.Value)
			assertHidden(t, struct{ T sdk.Token }{token}.T, token.Value)
		})
	}
}

func TestTheExchangeTakesNoPermit(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	limiter := &countingLimiter{}
	c := newBearerClient(t, srv, confluent.WithSTS(stsConfig(jwt)), confluent.WithLimiter(limiter))
	_, err := c.ExchangeToken(t.Context(), stsConfig(jwt))
	require.NoError(t, err)
	assert.Zero(t, limiter.acquired.Load())
	require.NoError(t, listAll(t.Context(), c))
	assert.Equal(t, int64(1), limiter.acquired.Load(), "the list alone")
	assert.Equal(t, int64(1), limiter.released.Load())
	assert.Equal(t, 2, srv.CountCalls(opExchange))

	one, err := ratelimit.New(ratelimit.WithMaxInFlight(1))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, listAll(ctx, newBearerClient(t, srv, confluent.WithSTS(stsConfig(jwt)),
		confluent.WithLimiter(one))),
		"a call that needs a token must not wait for its own place")
}

// countingLimiter admits every request.
type countingLimiter struct{ acquired, observed, released atomic.Int64 }

func (l *countingLimiter) Acquire(context.Context, *http.Request) (ratelimit.Permit, error) {
	l.acquired.Add(1)
	return ratelimit.Permit{}, nil
}
func (l *countingLimiter) Observe(ratelimit.Permit, *http.Response) { l.observed.Add(1) }
func (l *countingLimiter) Release(ratelimit.Permit)                 { l.released.Add(1) }

func TestTheResponsesLifetimeCounts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		stated  string
		expires time.Duration
		renew   time.Duration // how long one token is used
	}{
		"longer than one may ask for": {`3600`, time.Hour, 59 * time.Minute},
		"as asked":                    {`900`, 15 * time.Minute, 14 * time.Minute},
		"two minutes":                 {`120`, 2 * time.Minute, time.Minute},
		"short: half of it":           {`60`, time.Minute, 30 * time.Second},
		"a second":                    {`1`, time.Second, 500 * time.Millisecond},
		"absurd":                      {`100000000000`, (1<<31 - 1) * time.Second, (1<<31 - 61) * time.Second},
		"beyond all integers":         {`1e400`, (1<<31 - 1) * time.Second, (1<<31 - 61) * time.Second},
		"text":                        {`"900"`, 15 * time.Minute, 14 * time.Minute},
		"with a fraction of zero":     {`900.0`, 15 * time.Minute, 14 * time.Minute},
		"text with an exponent":       {`"9E2"`, 15 * time.Minute, 14 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
				token := srv.IssueToken(100 * 365 * 24 * time.Hour)
				srv.Inject(confluenttest.Fault{Operation: opExchange, Times: -1, Status: 200,
					Body: `{"access_token":"` + token +
						`","token_type":"Bearer","issued_token_type":"x","expires_in":` + tc.stated + `}`})
				cfg := stsConfig(jwt)
				cfg.Lifetime = confluent.MaxTokenLifetime
				c := newBearerClient(t, srv, confluent.WithSTS(cfg))
				got, err := c.ExchangeToken(t.Context(), cfg)
				require.NoError(t, err)
				assert.Equal(t, tc.expires, time.Until(got.Expiry))
				srv.ResetCalls()

				require.NoError(t, listAll(t.Context(), c))
				time.Sleep(tc.renew - time.Nanosecond)
				require.NoError(t, listAll(t.Context(), c))
				require.Equal(t, 1, srv.CountCalls(opExchange), "renewed too early")
				time.Sleep(time.Nanosecond)
				require.NoError(t, listAll(t.Context(), c))
				require.Equal(t, 2, srv.CountCalls(opExchange), "renewed too late")
			})
		})
	}
}

// source is a token source that counts its calls and detects concurrent ones.
type source struct {
	srv     *confluenttest.Server
	life    time.Duration
	calls   atomic.Int64
	running atomic.Int64
	clash   atomic.Bool
	err     error
}

func (s *source) Token(ctx context.Context) (sdk.Token, error) {
	s.calls.Add(1)
	if s.running.Add(1) > 1 {
		s.clash.Store(true)
	}
	defer s.running.Add(-1)
	select {
	case <-time.After(10 * time.Millisecond):
	case <-ctx.Done():
		return sdk.Token{}, ctx.Err()
	}
	if s.err != nil {
		return sdk.Token{}, s.err
	}
	return sdk.Token{Value: s.srv.IssueToken(s.life), Expiry: time.Now().Add(s.life)}, nil
}

func TestConcurrentCallsShareOneToken(t *testing.T) {
	t.Parallel()
	each := func(t *testing.T, c *confluent.Client) {
		t.Helper()
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() { assert.NoError(t, listAll(t.Context(), c)) })
		}
		wg.Wait()
	}
	t.Run("STS", func(t *testing.T) {
		t.Parallel()
		srv := confluenttest.NewServer(t)
		var asked atomic.Int64
		c := newBearerClient(t, srv, confluent.WithSTS(confluent.STSConfig{IdentityPoolID: "pool_1",
			SubjectToken: func(context.Context) (string, error) {
				asked.Add(1)
				return jwt, nil
			}}))
		each(t, c)
		assert.Equal(t, 1, srv.CountCalls(opExchange))
		each(t, c)
		assert.Equal(t, 1, srv.CountCalls(opExchange))
		srv.RevokeTokens()
		each(t, c)
		assert.Equal(t, 2, srv.CountCalls(opExchange), "64 refusals of one token lead to one exchange")
		assert.Equal(t, int64(2), asked.Load())
	})
	t.Run("source", func(t *testing.T) {
		t.Parallel()
		srv := confluenttest.NewServer(t)
		s := &source{srv: srv, life: time.Hour}
		c := newBearerClient(t, srv, confluent.WithTokenSource(s))
		each(t, c)
		srv.RevokeTokens()
		each(t, c)
		assert.Equal(t, int64(2), s.calls.Load())
		assert.False(t, s.clash.Load(), "the source was asked by two goroutines at once")
	})
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	t.Run("the new one is good, also for a POST", func(t *testing.T) {
		t.Parallel()
		srv := confluenttest.NewServer(t)
		c := newBearerClient(t, srv, confluent.WithSTS(stsConfig(jwt)), noRetries())
		require.NoError(t, listAll(t.Context(), c))
		srv.RevokeTokens()
		srv.ResetCalls()
		_, err := c.Integrations.Create(t.Context(), confluent.IntegrationCreate{Provider: "GCP", Environment: inEnv})
		require.NoError(t, err)
		assert.Equal(t, []string{"POST 401", "POST 200", "POST 201"}, sent(srv))
		assert.Len(t, srv.Integrations(env), 1)
		bodies := bodiesOf(srv, opCreate)
		assert.Equal(t, bodies[0], bodies[1])
		assert.NotEqual(t, srv.Calls()[0].Header.Get("Authorization"), srv.Calls()[2].Header.Get("Authorization"))
	})
	t.Run("the new one is refused too", func(t *testing.T) {
		t.Parallel()
		srv := confluenttest.NewServer(t)
		srv.Inject(confluenttest.Fault{Operation: opList, Status: 401, Times: -1})
		c := newBearerClient(t, srv, confluent.WithSTS(stsConfig(jwt)))
		err := listAll(t.Context(), c)
		require.ErrorIs(t, err, confluent.ErrUnauthorized)
		assert.Equal(t, 2, errorOf(t, err).Attempts)
		assert.Equal(t, []string{"POST 200", "GET 401", "POST 200", "GET 401"}, sent(srv))
	})
	t.Run("a token that never changes is not replaced", func(t *testing.T) {
		t.Parallel()
		srv := confluenttest.NewServer(t)
		c := newBearerClient(t, srv, confluent.WithToken(srv.IssueToken(time.Hour)))
		require.NoError(t, listAll(t.Context(), c))
		srv.RevokeTokens()
		require.ErrorIs(t, listAll(t.Context(), c), confluent.ErrUnauthorized)
		assert.Equal(t, []string{"GET 200", "GET 401"}, sent(srv))
	})
}

func TestTheSubjectTokenIsAskedForAtEveryExchange(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	n := 0
	c := newBearerClient(t, srv, confluent.WithSTS(confluent.STSConfig{IdentityPoolID: "pool_1",
		SubjectToken: func(context.Context) (string, error) {
			n++
			return fmt.Sprintf("jwt-%d", n), nil
		}}))
	require.NoError(t, listAll(t.Context(), c))
	srv.RevokeTokens()
	require.NoError(t, listAll(t.Context(), c))
	bodies := bodiesOf(srv, opExchange)
	require.Len(t, bodies, 2)
	assert.Contains(t, bodies[0], "subject_token=jwt-1")
	assert.Contains(t, bodies[1], "subject_token=jwt-2")
}

func TestTokenSource(t *testing.T) {
	t.Parallel()
	t.Run("renewed before it expires, not before it must", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
			s := &source{srv: srv, life: 10 * time.Minute}
			c := newBearerClient(t, srv, confluent.WithTokenSource(s))
			for minute := range 31 {
				require.NoError(t, listAll(t.Context(), c), "minute %d", minute)
				time.Sleep(time.Minute)
			}
			assert.Equal(t, int64(4), s.calls.Load(), "once per 9 minutes")
		})
	})
	t.Run("used on while it is good and none is to be had", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
			s := &source{srv: srv, life: 10 * time.Minute}
			c := newBearerClient(t, srv, confluent.WithTokenSource(s))
			require.NoError(t, listAll(t.Context(), c))
			s.err = errors.New("down")
			time.Sleep(9*time.Minute + 30*time.Second)
			require.NoError(t, listAll(t.Context(), c))
			time.Sleep(31 * time.Second)
			require.ErrorIs(t, listAll(t.Context(), c), s.err)
		})
	})
	t.Run("one that does not expire", func(t *testing.T) {
		t.Parallel()
		srv := confluenttest.NewServer(t)
		n := 0
		c := newBearerClient(t, srv,
			confluent.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
				n++
				return sdk.Token{Value: srv.IssueToken(time.Hour)}, nil
			})))
		for range 3 {
			require.NoError(t, listAll(t.Context(), c))
		}
		assert.Equal(t, 1, n)
	})
	for name, value := range map[string]string{"empty": "", "with a line break": "secret\r\nX-Forged: 1",
		"with a space": "sec ret"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t)
			c := newBearerClient(t, srv,
				confluent.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
					return sdk.Token{Value: value}, nil
				})))
			err := listAll(t.Context(), c)
			errorOf(t, err)
			if value != "" {
				assertHidden(t, err, value)
			}
			assert.Empty(t, srv.Calls())
		})
	}
}

func TestCredentialsShowNowhere(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	token := srv.IssueToken(time.Hour)
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	echo := around(func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		body, err := json.Marshal(map[string]string{"message": "you sent " + r.Header.Get("Authorization")})
		return &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)),
			Request: r}, err
	})
	clients := map[string]*confluent.Client{
		"key":   newClient(t, srv, echo, confluent.WithLogger(logger)),
		"token": newBearerClient(t, srv, confluent.WithToken(token), echo, confluent.WithLogger(logger)),
		"source": newBearerClient(t, srv,
			confluent.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
				return sdk.Token{Value: token}, nil
			})), echo),
	}
	for name, c := range clients {
		err := listAll(t.Context(), c)
		require.Error(t, err, name)
		assertHidden(t, err, token, srv.APISecret)
		assertHidden(t, c, token, srv.APISecret)
		assert.NotContains(t, string(errorOf(t, err).Body), token)
		assert.Contains(t, errorOf(t, err).Detail, "[redacted]", "or else this shows nothing")
	}
	for _, o := range []confluent.Option{confluent.WithAPIKey(srv.APIKey, srv.APISecret), confluent.WithToken(token)} {
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", o, o, o), token)
	}
	assert.NotEmpty(t, log.String())
	assert.NotContains(t, log.String(), token)
	assert.NotContains(t, log.String(), srv.APISecret)
}
