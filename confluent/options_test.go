package confluent_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
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

// canary is a secret that must not appear in any error.
const canary = "s3cr3t-canary"

func TestNewRefusesOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	key := confluent.WithAPIKey("key", canary)
	policy := func(change func(*sdk.RetryPolicy)) confluent.Option {
		p := sdk.DefaultRetryPolicy()
		change(&p)
		return confluent.WithRetry(p)
	}
	sts := stsConfig(canary)
	sts.IdentityPoolID = ""
	for name, tc := range map[string]struct {
		argument string
		opts     []confluent.Option
	}{
		"no credentials": {"credentials", nil},
		"no credentials but a place": {"credentials",
			[]confluent.Option{confluent.WithBaseURL("https://example.com")}},
		"key and token":         {"credentials", []confluent.Option{key, confluent.WithToken(canary)}},
		"the same twice":        {"credentials", []confluent.Option{key, key}},
		"key and token source":  {"credentials", []confluent.Option{key, confluent.WithTokenSource(&source{})}},
		"STS and key":           {"credentials", []confluent.Option{confluent.WithSTS(stsConfig(canary)), key}},
		"key and STS":           {"credentials", []confluent.Option{key, confluent.WithSTS(stsConfig(canary))}},
		"empty key":             {"API key", []confluent.Option{confluent.WithAPIKey("", canary)}},
		"empty secret":          {"API secret", []confluent.Option{confluent.WithAPIKey("key", "")}},
		"key with a line break": {"API key", []confluent.Option{confluent.WithAPIKey(canary+"\n", canary)}},
		"key with a colon":      {"API key", []confluent.Option{confluent.WithAPIKey("key:"+canary, canary)}},
		"secret with a line break": {"API secret",
			[]confluent.Option{confluent.WithAPIKey("key", canary+"\r\nX: y")}},
		"secret with a space":     {"API secret", []confluent.Option{confluent.WithAPIKey("key", " "+canary)}},
		"secret with an umlaut":   {"API secret", []confluent.Option{confluent.WithAPIKey("key", canary+"ü")}},
		"secret with NUL":         {"API secret", []confluent.Option{confluent.WithAPIKey("key", canary+"\x00")}},
		"empty token":             {"token", []confluent.Option{confluent.WithToken("")}},
		"token with a line break": {"token", []confluent.Option{confluent.WithToken(canary + "\n")}},
		"nil token source":        {"token source", []confluent.Option{confluent.WithTokenSource(nil)}},
		"nil function as token source": {"token source",
			[]confluent.Option{confluent.WithTokenSource(sdk.TokenSourceFunc(nil))}},
		"STS without pool": {"STSConfig.IdentityPoolID", []confluent.Option{confluent.WithSTS(sts)}},
		"nil HTTP client":  {"HTTP client", []confluent.Option{key, confluent.WithHTTPClient(nil)}},
		"nil middleware":   {"middleware", []confluent.Option{key, confluent.WithMiddleware(nil)}},
		"middleware without a transport": {"middleware", []confluent.Option{key, confluent.WithMiddleware(
			func(http.RoundTripper) http.RoundTripper { return nil })}},
		"nil among middlewares": {"middleware", []confluent.Option{key, confluent.WithMiddleware(
			func(next http.RoundTripper) http.RoundTripper { return next }, nil)}},
		"nil option": {"option", []confluent.Option{key, nil}},
		"nil Local as limiter": {"limiter",
			[]confluent.Option{key, confluent.WithLimiter((*ratelimit.Local)(nil))}},
		"delays the wrong way round": {"RetryPolicy.MinDelay",
			[]confluent.Option{key, policy(func(p *sdk.RetryPolicy) { p.MinDelay = p.MaxDelay + 1 })}},
		"no attempt timeout": {"attempt timeout", []confluent.Option{key, confluent.WithAttemptTimeout(0)}},
		"negative attempt timeout": {"attempt timeout",
			[]confluent.Option{key, confluent.WithAttemptTimeout(-time.Second)}},
		"no response": {"response limit", []confluent.Option{key, confluent.WithMaxResponseBytes(0)}},
		"user agent with line breaks": {"user agent",
			[]confluent.Option{key, confluent.WithUserAgent("x\r\nAuthorization: y")}},
		"user agent with an umlaut": {"user agent", []confluent.Option{key, confluent.WithUserAgent("ü")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := confluent.New(tc.opts...)
			requireRefused(t, err, tc.argument)
			assert.Equal(t, "New", errorOf(t, err).Operation)
			assertHidden(t, err, canary)
			assert.Nil(t, c)
		})
	}
}

func TestNewSendsNothing(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	newClient(t, srv)
	newBearerClient(t, srv, confluent.WithSTS(stsConfig(jwt)))
	assert.Empty(t, srv.Calls())
}

func TestBaseURLs(t *testing.T) {
	t.Parallel()
	for raw, ok := range map[string]bool{
		"https://api.confluent.cloud":    true,
		"https://api.confluent.cloud/":   true,
		"https://gateway:8443/confluent": true,
		"https://[2001:db8::1]:8443":     true,
		"HTTPS://api.confluent.cloud":    true,
		"http://localhost:8080":          true,
		"http://127.0.0.1:8080":          true,
		"http://127.1.2.3":               true,
		"http://[::1]:8080":              true,

		"":                            false,
		"api.confluent.cloud":         false,
		"api.confluent.cloud:443":     false,
		"//api.confluent.cloud":       false,
		"ftp://api.confluent.cloud":   false,
		"file:///etc/hosts":           false,
		"https:api.confluent.cloud":   false,
		"https://":                    false,
		"https:///path":               false,
		"https://:443":                false,
		"https://host?x=1":            false,
		"https://host/?":              false,
		"https://host#part":           false,
		"https://host/../other":       false,
		"https://host/./x":            false,
		"https://host:port":           false,
		"https://host/%zz":            false,
		"https://host\n":              false,
		" https://host":               false,
		"http://api.confluent.cloud":  false,
		"http://10.0.0.1":             false,
		"http://localhost.example":    false,
		"http://127.0.0.1.example":    false,
		"http://0.0.0.0":              false,
		"https://" + canary + "@host": false,
		"https://u:" + canary + "@h":  false,
		"https://u:" + canary + "@%":  false,
		"http://u:" + canary + "@h":   false,
	} {
		t.Run(strings.ReplaceAll(raw, canary, "*"), func(t *testing.T) {
			t.Parallel()
			_, err := confluent.New(confluent.WithToken("token"), confluent.WithBaseURL(raw))
			if ok {
				require.NoError(t, err)
				return
			}
			requireRefused(t, err, "base URL")
			assertHidden(t, err, canary)
		})
	}
}

func TestPlainHTTPNeedsItsOption(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]confluent.Option{
		{confluent.WithPlainHTTP(), confluent.WithBaseURL("http://gateway.example:8080")},
		{confluent.WithBaseURL("http://gateway.example:8080"), confluent.WithPlainHTTP()},
	} {
		_, err := confluent.New(append(opts, confluent.WithToken("token"))...)
		require.NoError(t, err)
	}
	_, err := confluent.New(confluent.WithToken("token"), confluent.WithPlainHTTP(),
		confluent.WithBaseURL("ftp://gateway.example"))
	requireRefused(t, err, "base URL")
}

func TestTheLastBaseURLPrevailsAndKeepsItsPrefix(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "/", "/cloud", "/cloud/", "/a%2Fb"} {
		srv := confluenttest.NewServer(t)
		var paths []string
		c := newClient(t, srv, confluent.WithBaseURL("https://nowhere.example"), confluent.WithBaseURL(srv.URL+prefix),
			around(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				paths = append(paths, r.URL.EscapedPath())
				return next.RoundTrip(r)
			}))
		err := listAll(t.Context(), c)
		assert.Equal(t, []string{strings.TrimSuffix(prefix, "/") + "/pim/v2/integrations"}, paths)
		if strings.Trim(prefix, "/") == "" {
			assert.NoError(t, err)
		}
	}
}

func TestFromEnv(t *testing.T) {
	srv := confluenttest.NewServer(t)
	for name, tc := range map[string]struct {
		key, secret, endpoint string
		opts                  []confluent.Option
		argument              string // the refused argument
		operation             string
	}{
		"complete": {key: srv.APIKey, secret: srv.APISecret, endpoint: srv.URL},
		"options come after": {key: srv.APIKey, secret: srv.APISecret, endpoint: "https://nowhere.example",
			opts: []confluent.Option{confluent.WithBaseURL(srv.URL)}},
		"endpoint not set": {key: srv.APIKey, secret: srv.APISecret,
			opts: []confluent.Option{confluent.WithBaseURL(srv.URL)}},
		"nothing set": {argument: "CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET",
			operation: "FromEnv"},
		"no secret":             {key: canary, argument: "CONFLUENT_CLOUD_API_SECRET", operation: "FromEnv"},
		"no key":                {secret: canary, argument: "CONFLUENT_CLOUD_API_KEY", operation: "FromEnv"},
		"key with a line break": {key: canary + "\n", secret: canary, argument: "API key", operation: "New"},
		"endpoint without scheme": {key: "key", secret: canary, endpoint: "api.confluent.cloud",
			argument: "base URL", operation: "New"},
		"endpoint with credentials": {key: "key", secret: canary, endpoint: "https://u:" + canary + "@host",
			argument: "base URL", operation: "New"},
		"endpoint with plain http": {key: "key", secret: canary, endpoint: "http://api.confluent.cloud",
			argument: "base URL", operation: "New"},
		"other credentials in the option": {key: "key", secret: canary,
			opts: []confluent.Option{confluent.WithToken(canary)}, argument: "credentials", operation: "New"},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, confluent.EnvAPIKey, tc.key)
			setenv(t, confluent.EnvAPISecret, tc.secret)
			setenv(t, confluent.EnvEndpoint, tc.endpoint)
			c, err := confluent.FromEnv(tc.opts...)
			if tc.argument == "" {
				require.NoError(t, err)
				require.NoError(t, listAll(t.Context(), c))
				return
			}
			requireRefused(t, err, tc.argument)
			assert.Equal(t, tc.operation, errorOf(t, err).Operation)
			assertHidden(t, err, canary)
			assert.Nil(t, c)
		})
	}
}

// setenv sets a variable for the test, or unsets it.
func setenv(t *testing.T, name, value string) {
	t.Helper()
	t.Setenv(name, value)
	if value == "" {
		require.NoError(t, os.Unsetenv(name))
	}
}

func TestTheEnvironmentVariablesAreTheVendors(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "CONFLUENT_CLOUD_API_KEY", confluent.EnvAPIKey)
	assert.Equal(t, "CONFLUENT_CLOUD_API_SECRET", confluent.EnvAPISecret)
	assert.Equal(t, "CONFLUENT_CLOUD_ENDPOINT", confluent.EnvEndpoint)
	assert.Equal(t, "https://api.confluent.cloud", confluent.DefaultBaseURL)
}

func TestTheLimiterIsTheClientsOwnSharedOrNone(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	a, b := newClient(t, srv), newClient(t, srv)
	require.NotNil(t, a.Limiter())
	assert.NotSame(t, a.Limiter(), b.Limiter())
	assert.Nil(t, newClient(t, srv, confluent.WithLimiter(nil)).Limiter())

	shared := &countingLimiter{}
	a, b = newClient(t, srv, confluent.WithLimiter(shared)), newClient(t, srv, confluent.WithLimiter(shared))
	assert.Same(t, shared, a.Limiter())
	srv.Inject(confluenttest.Fault{Operation: opList, Status: 503})
	require.NoError(t, listAll(t.Context(), a))
	require.NoError(t, listAll(t.Context(), b))
	for name, n := range map[string]int64{"acquired": shared.acquired.Load(), "observed": shared.observed.Load(),
		"released": shared.released.Load()} {
		assert.Equal(t, int64(3), n, "%s: one per attempt", name)
	}
}

// Two clients of one key alternate. The server allows 5 requests per window.
func TestClientsThatShareALimiterKeepTogetherInsideTheWindow(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, share bool) (limited int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			srv := confluenttest.NewServer(t, confluenttest.WithoutSocket(), confluenttest.WithRateLimit(5,
				10*time.Second))
			var opts []confluent.Option
			if share {
				limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()))
				require.NoError(t, err)
				opts = append(opts, confluent.WithLimiter(limiter))
			}
			a, b := newClient(t, srv, opts...), newClient(t, srv, opts...)
			for range 10 {
				require.NoError(t, listAll(t.Context(), a))
				require.NoError(t, listAll(t.Context(), b))
			}
			limited = answeredWith(srv, http.StatusTooManyRequests)
		})
		return limited
	}
	assert.Zero(t, run(t, true))
	assert.NotZero(t, run(t, false), "or else the server limits nothing here")
}

func TestTheCallersHTTPClientIsUsedAndUnchanged(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13}}
	redirects := 0
	mine := &http.Client{Transport: transport, Jar: jar, Timeout: 3 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			redirects++
			return http.ErrUseLastResponse
		}}
	c := newClient(t, srv, confluent.WithHTTPClient(mine))
	srv.Inject(confluenttest.Fault{Operation: opList, Status: 200, Header: http.Header{"Set-Cookie": {"a=b"}},
		Body: `{"data":[]}`})
	require.NoError(t, listAll(t.Context(), c))
	require.NoError(t, listAll(t.Context(), c))
	assert.Equal(t, "a=b", srv.Calls()[1].Header.Get("Cookie"), "its jar is in use")
	srv.Inject(confluenttest.Fault{Operation: opList, Status: 307, Header: http.Header{"Location": {"/elsewhere"}}})
	assert.Equal(t, 307, errorOf(t, listAll(t.Context(), c)).StatusCode)
	assert.Equal(t, 1, redirects, "its redirect policy is in use")

	assert.Same(t, transport, mine.Transport)
	assert.Same(t, jar, mine.Jar)
	assert.Equal(t, 3*time.Second, mine.Timeout)
	assert.NotNil(t, mine.CheckRedirect)
	assert.Zero(t, transport.MaxIdleConnsPerHost)
	resp, err := mine.Get(srv.URL + "/pim/v2/integrations?environment=env-1")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode, "it carries no credential of ours")
}

func TestAttemptTimeouts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts  func(*http.Client) []confluent.Option
		after time.Duration
	}{
		"a minute by default": {func(*http.Client) []confluent.Option { return nil }, time.Minute},
		"the HTTP client's": {func(h *http.Client) []confluent.Option {
			h.Timeout = 5 * time.Second
			return []confluent.Option{confluent.WithHTTPClient(h)}
		}, 5 * time.Second},
		"the option's, whatever the HTTP client has": {func(h *http.Client) []confluent.Option {
			h.Timeout = 5 * time.Second
			return []confluent.Option{confluent.WithAttemptTimeout(7 * time.Second), confluent.WithHTTPClient(h)}
		}, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
				srv.Inject(confluenttest.Fault{Operation: opList, Delay: time.Hour, Times: -1})
				c := newClient(t, srv, append(tc.opts(srv.HTTPClient()), noRetries())...)
				begin := time.Now()
				err := listAll(t.Context(), c)
				assert.Equal(t, tc.after, time.Since(begin))
				require.ErrorIs(t, err, confluent.ErrUnavailable)
				assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context had no deadline")
				assert.ErrorContains(t, err, tc.after.String())
			})
		})
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	const product = "my-app/1.2 (https://example.com; ops@example.com)"
	require.NoError(t, listAll(t.Context(), newClient(t, srv)))
	require.NoError(t, listAll(t.Context(), newClient(t, srv, confluent.WithUserAgent(product))))
	plain, named := srv.Calls()[0].Header.Get("User-Agent"), srv.Calls()[1].Header.Get("User-Agent")
	assert.Contains(t, plain, "integrations-go")
	assert.NotContains(t, plain, "Go-http-client")
	assert.Contains(t, named, product)
	assert.Contains(t, named, plain)
}

func TestResponsesBeyondTheLimitAreRefused(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	id := srv.Add(env, azureSeed("vault", tenantID))
	_, err := newClient(t, srv, confluent.WithMaxResponseBytes(64)).Integrations.Get(t.Context(), env, id)
	errorOf(t, err)
	assert.ErrorContains(t, err, "limit of 64 bytes")
	_, err = newClient(t, srv, confluent.WithMaxResponseBytes(4096)).Integrations.Get(t.Context(), env, id)
	assert.NoError(t, err)
}

func TestMiddlewaresAreInOrderBelowRetriesWithCredentials(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	srv.Inject(confluenttest.Fault{Operation: opList, Status: 503})
	var seen []string
	wrap := func(name string) func(http.RoundTripper) http.RoundTripper {
		return func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				_, _, ok := r.BasicAuth()
				assert.True(t, ok)
				seen = append(seen, name)
				return next.RoundTrip(r)
			})
		}
	}
	c := newClient(t, srv, confluent.WithMiddleware(wrap("a"), wrap("b")), confluent.WithMiddleware(wrap("c")))
	require.NoError(t, listAll(t.Context(), c))
	assert.Equal(t, []string{"a", "b", "c", "a", "b", "c"}, seen)
}

func TestCloseIdleConnectionsReachesTheTransport(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	closed := 0
	base := closer{srv.Transport(), func() { closed++ }}
	c := newClient(t, srv, confluent.WithHTTPClient(&http.Client{Transport: base}),
		around(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			return next.RoundTrip(r)
		}))
	c.CloseIdleConnections()
	assert.Equal(t, 1, closed)
	// the transport has no connections to close
	newClient(t, srv, confluent.WithHTTPClient(&http.Client{Transport: srv.Transport()})).CloseIdleConnections()
}

type closer struct {
	http.RoundTripper
	close func()
}

func (c closer) CloseIdleConnections() { c.close() }

func TestOneOptionServesManyClients(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	opts := []confluent.Option{confluent.WithBaseURL(srv.URL), confluent.WithSTS(stsConfig(jwt))}
	for range 2 {
		c, err := confluent.New(opts...)
		require.NoError(t, err)
		require.NoError(t, listAll(t.Context(), c))
	}
	assert.Equal(t, 2, srv.CountCalls(opExchange), "each client has its own token")
}
