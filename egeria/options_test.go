package egeria_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/ratelimit"
)

func TestNewRefusesOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	type opts = []egeria.Option
	who, login, token := egeria.WithUser(user), egeria.WithCredentials(user, passwordCanary),
		egeria.WithToken(passwordCanary)
	source := egeria.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
		return sdk.Token{}, nil
	}))
	retry := func(change func(*sdk.RetryPolicy)) egeria.Option {
		p := sdk.DefaultRetryPolicy()
		change(&p)
		return egeria.WithRetry(p)
	}
	custom := egeria.WithHTTPClient(&http.Client{Transport: newPlatform(egeria.Dialect6)})
	for name, tt := range map[string]struct {
		argument string
		opts     opts
	}{
		"nobody":                 {"credentials", nil},
		"nobody, with a dialect": {"credentials", opts{egeria.WithDialect(egeria.Dialect6)}},
		"a user on 6.x":          {"credentials", opts{who, egeria.WithDialect(egeria.Dialect6)}},
		"a token on 4.x":         {"user", opts{token, egeria.WithDialect(egeria.Dialect4)}},
		"a source on 4.x":        {"user", opts{egeria.WithDialect(egeria.Dialect4), source}},
		"credentials and token":  {"credentials", opts{login, token}},
		"token and credentials":  {"credentials", opts{token, login}},
		"credentials and source": {"credentials", opts{login, source}},
		"token and source":       {"credentials", opts{token, source}},
		"credentials twice":      {"credentials", opts{login, login}},
		"no user":                {"user", opts{egeria.WithUser("")}},
		"blank user":             {"user", opts{egeria.WithUser(" ")}},
		"user that is a path":    {"user", opts{egeria.WithUser("..")}},
		"user with a slash":      {"user", opts{egeria.WithUser("a/b")}},
		"user with a backslash": {"user", opts{egeria.WithCredentials(`a\b`, passwordCanary),
			egeria.WithDialect(egeria.Dialect4)}},
		"user with a semicolon":      {"user", opts{egeria.WithUser("a;b")}},
		"user with a percent sign":   {"user", opts{egeria.WithUser("a%2Fb")}},
		"user with a line break":     {"user", opts{egeria.WithUser("a\nb")}},
		"credentials without user":   {"user", opts{egeria.WithCredentials("", passwordCanary)}},
		"credentials of no password": {"password", opts{egeria.WithCredentials(user, "")}},
		"empty token":                {"token", opts{egeria.WithToken("")}},
		"token with a line break":    {"token", opts{egeria.WithToken(passwordCanary + "\n")}},
		"token with a space":         {"token", opts{egeria.WithToken(" " + passwordCanary)}},
		"nil token source":           {"token source", opts{egeria.WithTokenSource(nil)}},
		"nil function":               {"token source", opts{egeria.WithTokenSource(sdk.TokenSourceFunc(nil))}},
		"dialect below":              {"dialect", opts{who, egeria.WithDialect(-1)}},
		"dialect beyond":             {"dialect", opts{who, egeria.WithDialect(egeria.Dialect6 + 1)}},
		"nil TLS config":             {"TLS config", opts{who, egeria.WithTLSConfig(nil)}},
		"TLS and another transport":  {"TLS config", opts{who, custom, egeria.WithTLSConfig(&tls.Config{})}},
		"the same, the other way":    {"TLS config", opts{who, egeria.WithTLSConfig(&tls.Config{}), custom}},
		"nil option":                 {"option", opts{who, nil}},
		"nil HTTP client":            {"HTTP client", opts{who, egeria.WithHTTPClient(nil)}},
		"nil middleware":             {"middleware", opts{who, egeria.WithMiddleware(nil)}},
		"middleware without result": {"middleware",
			opts{who, egeria.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return nil })}},
		"nil Local as limiter": {"limiter", opts{who, egeria.WithLimiter((*ratelimit.Local)(nil))}},
		"delays that are no range": {"RetryPolicy.MinDelay",
			opts{who, retry(func(p *sdk.RetryPolicy) { p.MaxDelay = p.MinDelay - 1 })}},
		"no attempt timeout":      {"attempt timeout", opts{who, egeria.WithAttemptTimeout(0)}},
		"no response":             {"response limit", opts{who, egeria.WithMaxResponseBytes(0)}},
		"user agent in two lines": {"user agent", opts{who, egeria.WithUserAgent("x\r\ny")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := egeria.New(platformURL, tt.opts...)
			assertRefused(t, err, tt.argument)
			assert.Equal(t, "New", errorOf(t, err).Operation)
			assert.Nil(t, c)
			assertHidden(t, shown(err), passwordCanary)
		})
	}
}

func TestPlatformURLs(t *testing.T) {
	t.Parallel()
	const path = "/open-metadata/platform-services/server-platform/servers"
	for base, want := range map[string]string{
		platformURL: platformURL, platformURL + "/": platformURL, platformURL + "//": platformURL,
		"https://gw.example/egeria":  "https://gw.example/egeria",
		"https://gw.example/egeria/": "https://gw.example/egeria",
		"https://gw.example/a%2Fb":   "https://gw.example/a%2Fb",
		"http://localhost:9443":      "http://localhost:9443", "http://127.0.0.1:9443": "http://127.0.0.1:9443",
		"http://[::1]:9443": "http://[::1]:9443",

		"": "", "platform.example:9443": "", "//platform.example": "", "ftp://platform.example": "", "https://": "",
		"https:///x": "", "https://h?x=1": "", "https://h#x": "", "https://h/../x": "",
		"https://h:port": "", "https://h:0": "", "http://platform.example:9443": "",
		"http://192.0.2.1:9443": "", "https://u:" + passwordCanary + "@h": "", "https://h/%zz" + passwordCanary: "",
	} {
		p := newPlatform(egeria.Dialect6)
		c, err := egeria.New(base, egeria.WithToken("t"), egeria.WithHTTPClient(&http.Client{Transport: p}))
		if want == "" {
			assertRefused(t, err, "base URL")
			assertHidden(t, shown(err), passwordCanary)
			assert.Equal(t, strings.HasPrefix(base, "http://"), strings.Contains(err.Error(), "WithPlainHTTP"))
			continue
		}
		require.NoError(t, err, base)
		require.NoError(t, failing(c.Platform.Servers(t.Context())))
		assert.Equal(t, want+path, p.calls()[0].URL.String(), base)
		assert.True(t, strings.HasPrefix(p.origins()[0].URL.String(), want+"/open-metadata/"))
	}
	p := newPlatform(egeria.Dialect6)
	require.NoError(t, failing(p.clientAt(t, "http://platform.example:9443", egeria.WithToken("t"),
		egeria.WithPlainHTTP()).Platform.Servers(t.Context())))
}

func TestFromEnv(t *testing.T) {
	assert.Equal(t, []string{"EGERIA_PLATFORM_URL", "EGERIA_USER", "EGERIA_USER_PASSWORD"},
		[]string{egeria.EnvPlatformURL, egeria.EnvUser, egeria.EnvUserPassword})
	type opts = []egeria.Option
	for name, tt := range map[string]struct {
		url, user, password string
		opts                opts
		only                egeria.Dialect // the platforms that it works with; 0 means all
		argument, operation string
	}{
		"complete":                 {url: platformURL, user: user, password: passwordCanary},
		"no password":              {url: platformURL, user: user, only: egeria.Dialect4},
		"no password, but a token": {url: platformURL, user: user, opts: opts{egeria.WithToken("t")}},
		"another user in an option": {url: platformURL, user: "erinoverview", password: passwordCanary,
			opts: opts{egeria.WithUser(user)}},
		"nothing set": {argument: "EGERIA_PLATFORM_URL and EGERIA_USER", operation: "FromEnv"},
		"no URL": {user: user, password: passwordCanary, argument: "EGERIA_PLATFORM_URL",
			operation: "FromEnv"},
		"no user": {url: platformURL, password: passwordCanary, argument: "EGERIA_USER",
			operation: "FromEnv"},
		"no user, but one in options": {url: platformURL, opts: opts{egeria.WithUser(user)}, argument: "EGERIA_USER",
			operation: "FromEnv"},
		"password and a token": {url: platformURL, user: user, password: passwordCanary,
			opts: opts{egeria.WithToken("t")}, argument: "credentials", operation: "New"},
		"no password for 6.x": {url: platformURL, user: user, opts: opts{egeria.WithDialect(egeria.Dialect6)},
			argument: "credentials", operation: "New"},
		"a URL without scheme":         {url: "platform.example", user: user, argument: "base URL", operation: "New"},
		"a user that no path can take": {url: platformURL, user: "a/b", argument: "user", operation: "New"},
		"plain http": {url: "http://platform.example", user: user, argument: "base URL",
			operation: "New"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range map[string]string{egeria.EnvPlatformURL: tt.url, egeria.EnvUser: tt.user,
				egeria.EnvUserPassword: tt.password} {
				t.Setenv(key, value)
				if value == "" {
					require.NoError(t, os.Unsetenv(key))
				}
			}
			for _, d := range dialects {
				p := newPlatform(d)
				c, err := egeria.FromEnv(append(opts{egeria.WithHTTPClient(&http.Client{Transport: p})}, tt.opts...)...)
				if tt.argument != "" {
					assertRefused(t, err, tt.argument)
					assert.Equal(t, tt.operation, errorOf(t, err).Operation)
					assertHidden(t, shown(err), passwordCanary)
					assert.Nil(t, c)
					continue
				}
				require.NoError(t, err)
				err = failing(c.Server("s").Config.Get(t.Context()))
				if tt.only != 0 && tt.only != d {
					assertRefused(t, err, "credentials")
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, []string{"GET " + inDialect("{admin}/servers/s/configuration", d, user, "")},
					lines(p.calls()))
				for _, r := range p.logins() {
					assert.JSONEq(t, `{"userId":"`+tt.user+`","password":"`+passwordCanary+`"}`, r.body)
				}
			}
		})
	}
}

// selfSigned returns a platform of 6.x with a self-signed certificate.
func selfSigned(t *testing.T) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/origin") {
			_, _ = io.WriteString(w, originText)
			return
		}
		_, _ = io.WriteString(w, fitting)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	srv := selfSigned(t)
	call := func(opts ...egeria.Option) error {
		c, err := egeria.New(srv.URL, append([]egeria.Option{egeria.WithToken("t")}, opts...)...)
		require.NoError(t, err)
		defer c.CloseIdleConnections()
		return failing(c.Platform.Servers(t.Context()))
	}
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())

	for _, opts := range [][]egeria.Option{
		nil, {egeria.WithTLSConfig(&tls.Config{})}, {egeria.WithTLSConfig(&tls.Config{RootCAs: x509.NewCertPool()})},
		{egeria.WithHTTPClient(&http.Client{})},
	} {
		begin := time.Now()
		err := call(opts...)
		var bad *tls.CertificateVerificationError
		require.ErrorAs(t, err, &bad)
		assert.Empty(t, conditions(err))
		assert.Less(t, time.Since(begin), 30*time.Second, "it is not tried again")
	}
	require.NoError(t, call(egeria.WithTLSConfig(&tls.Config{RootCAs: roots})))
	require.NoError(t, call(egeria.WithTLSConfig(&tls.Config{RootCAs: roots}), egeria.WithHTTPClient(&http.Client{})))
	require.NoError(t, call(egeria.WithHTTPClient(&http.Client{Transport: &http.Transport{}}),
		egeria.WithTLSConfig(&tls.Config{RootCAs: roots})))
	require.NoError(t, call(egeria.WithTLSConfig(&tls.Config{InsecureSkipVerify: true})),
		"the caller says so") //nolint:gosec // that is what it is about
}

func TestWhatTheCallerGivesIsNotChanged(t *testing.T) {
	t.Parallel()
	srv := selfSigned(t)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	cfg := &tls.Config{RootCAs: roots}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: time.Hour}
	c, err := egeria.New(srv.URL, egeria.WithToken("t"), egeria.WithHTTPClient(client), egeria.WithTLSConfig(cfg))
	require.NoError(t, err)
	defer c.CloseIdleConnections()
	cfg.RootCAs = nil // a later change of the caller has no effect
	require.NoError(t, failing(c.Platform.Servers(t.Context())))
	assert.Same(t, transport, client.Transport)
	assert.Nil(t, client.CheckRedirect)
	assert.Equal(t, time.Hour, client.Timeout)
	assert.True(t, transport.TLSClientConfig == nil || transport.TLSClientConfig.RootCAs == nil)
	assert.Empty(t, cfg.NextProtos)
	assert.Empty(t, cfg.ServerName)
	resp, err := client.Get(srv.URL) //nolint:noctx // the caller's client is as it was
	if err == nil {
		resp.Body.Close()
	}
	assert.ErrorContains(t, err, "certificate")
}

func TestOptionsReachTheWire(t *testing.T) {
	t.Parallel()
	var seen []string
	around := func(name string) func(http.RoundTripper) http.RoundTripper {
		return func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				seen = append(seen, name+" "+r.Header.Get("Authorization"))
				return next.RoundTrip(r)
			})
		}
	}
	p := newPlatform(egeria.Dialect6)
	c := p.clientAt(t, platformURL, egeria.WithToken("t"), egeria.WithDialect(egeria.Dialect6),
		egeria.WithMiddleware(around("outer"), around("inner")), egeria.WithLimiter(nil))
	assert.Nil(t, c.Limiter())
	require.NoError(t, failing(c.Platform.Servers(t.Context())))
	assert.Equal(t, []string{"outer Bearer t", "inner Bearer t"}, seen)

	limiter := &countingLimiter{}
	c = p.clientAt(t, platformURL, egeria.WithToken("t"), egeria.WithLimiter(limiter),
		egeria.WithMaxResponseBytes(int64(len(fitting))-1))
	assert.Same(t, limiter, c.Limiter())
	assert.ErrorContains(t, failing(c.Platform.Servers(t.Context())), "larger than the limit")
	assert.Equal(t, int64(1), limiter.taken.Load())
	assert.NotNil(t, p.clientAt(t, platformURL, egeria.WithToken("t")).Limiter(), "the default obeys Retry-After")

	p = newPlatform(egeria.Dialect6, ok(`{"relatedHTTPCode":200,"omagserverConfig":{}}`))
	c = p.clientAt(t, platformURL, egeria.WithToken("t"), egeria.WithStrict())
	require.NoError(t, failing(c.Server("s").Config.Get(t.Context())), "what may be absent is no error")
	require.NoError(t, failing(c.Server("s").IntegrationGroups.List(t.Context())), "no groups, no list")
	assert.Equal(t, "cocoMDS1", c.Server("cocoMDS1").Name())
}

// If the user is not part of a path, it may have any characters.
func TestUserOfALoginMayHaveAnyName(t *testing.T) {
	t.Parallel()
	who := egeria.WithCredentials(`DOMAIN\user`, passwordCanary)
	_, err := egeria.New(platformURL, who, egeria.WithDialect(egeria.Dialect6))
	require.NoError(t, err)
	_, err = egeria.New(platformURL, who, egeria.WithDialect(egeria.Dialect4))
	require.ErrorIs(t, err, egeria.ErrInvalid)
	assert.Equal(t, "user", errorOf(t, err).Argument)

	srv := egeriatest.NewServer(t, egeriatest.WithRelease("4.2"))
	c, err := egeria.New(srv.URL, who, egeria.WithHTTPClient(srv.HTTPClient()))
	require.NoError(t, err)
	_, err = c.Platform.Servers(t.Context())
	require.ErrorIs(t, err, egeria.ErrInvalid)
	assert.Equal(t, "user", errorOf(t, err).Argument)
}
