package apono_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/ratelimit"
)

// tokenCanary is a secret that must not appear in any error.
const tokenCanary = "t0ken-canary"

func TestNewRefusesOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	token := apono.WithToken(tokenCanary)
	source := apono.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
		return sdk.Token{}, nil
	}))
	for name, tt := range map[string]struct {
		argument string
		opts     []apono.Option
	}{
		"no credentials":          {"credentials", nil},
		"two tokens":              {"credentials", []apono.Option{token, token}},
		"token and token source":  {"credentials", []apono.Option{token, source}},
		"empty token":             {"token", []apono.Option{apono.WithToken("")}},
		"token with a line break": {"token", []apono.Option{apono.WithToken(tokenCanary + "\n")}},
		"token with a space":      {"token", []apono.Option{apono.WithToken(" " + tokenCanary)}},
		"nil token source":        {"token source", []apono.Option{apono.WithTokenSource(nil)}},
		"nil function":            {"token source", []apono.Option{apono.WithTokenSource(sdk.TokenSourceFunc(nil))}},
		"nil option":              {"option", []apono.Option{token, nil}},
		"nil HTTP client":         {"HTTP client", []apono.Option{token, apono.WithHTTPClient(nil)}},
		"nil middleware":          {"middleware", []apono.Option{token, apono.WithMiddleware(nil)}},
		"nil Local as limiter":    {"limiter", []apono.Option{token, apono.WithLimiter((*ratelimit.Local)(nil))}},
		"no attempt timeout":      {"attempt timeout", []apono.Option{token, apono.WithAttemptTimeout(0)}},
		"no response":             {"response limit", []apono.Option{token, apono.WithMaxResponseBytes(0)}},
		"user agent in two lines": {"user agent", []apono.Option{token, apono.WithUserAgent("x\r\ny")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := apono.New(tt.opts...)
			assertRefused(t, err, tt.argument)
			assert.Nil(t, c)
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				assert.NotContains(t, fmt.Sprintf(verb, err), tokenCanary)
			}
		})
	}
}

// The path is the same with and without /api, and with a gateway.
func TestBaseURLs(t *testing.T) {
	t.Parallel()
	const path = "/api/admin/v4/integrations/i"
	for base, want := range map[string]string{
		"":                               apono.DefaultBaseURL + path,
		"https://api.apono.io":           apono.DefaultBaseURL + path,
		"https://api.apono.io/":          apono.DefaultBaseURL + path,
		"https://api.apono.io/api":       apono.DefaultBaseURL + path,
		"https://api.apono.io/api/":      apono.DefaultBaseURL + path,
		"https://gw.example:8443":        "https://gw.example:8443" + path,
		"https://gw.example/apono":       "https://gw.example/apono" + path,
		"https://gw.example/apono/":      "https://gw.example/apono" + path,
		"https://gw.example/apono/api":   "https://gw.example/apono" + path,
		"https://gw.example/apono/api/":  "https://gw.example/apono" + path,
		"https://gw.example/my-api":      "https://gw.example/my-api" + path,
		"https://gw.example/api/apono":   "https://gw.example/api/apono" + path,
		"https://gw.example/api/api":     "https://gw.example/api" + path,
		"https://api":                    "https://api" + path,
		"https://api/api":                "https://api" + path,
		"https://gw.example/a%2Fb/api":   "https://gw.example/a%2Fb" + path,
		"http://localhost:8080/api":      "http://localhost:8080" + path,
		"http://127.0.0.1:8080":          "http://127.0.0.1:8080" + path,
		"https://[2001:db8::1]:8443/api": "https://[2001:db8::1]:8443" + path,

		"api.apono.io": "", "//api.apono.io": "", "ftp://api.apono.io": "", "https://": "", "https:///api": "",
		"https://h?x=1": "", "https://h#x": "",
		"https://h/../x": "", "http://api.apono.io": "", "http://api.apono.io/api": "", "https://u:" + tokenCanary +
			"@h/api": "", "https://h:port": "",
	} {
		var sent string
		opts := []apono.Option{apono.WithToken("token"), apono.WithRetry(sdk.RetryPolicy{MaxAttempts: 1}),
			apono.WithHTTPClient(&http.Client{
				Transport: transport(func(r *http.Request) (*http.Response, error) {
					sent = r.URL.String()
					return nil, http.ErrServerClosed
				}),
			})}
		if base != "" {
			opts = append(opts, apono.WithBaseURL(base))
		}
		c, err := apono.New(opts...)
		if want == "" {
			assertRefused(t, err, "base URL")
			assert.NotContains(t, err.Error(), tokenCanary)
			continue
		}
		require.NoError(t, err, base)
		_, err = c.Integrations.Get(t.Context(), "i")
		require.ErrorIs(t, err, http.ErrServerClosed)
		assert.Equal(t, want, sent, base)
	}
}

func TestFromEnv(t *testing.T) {
	assert.Equal(t, "APONO_PERSONAL_TOKEN", apono.EnvToken)
	assert.Equal(t, "APONO_ENDPOINT", apono.EnvEndpoint)
	srv := aponotest.NewServer(t)
	id := srv.Add(map[string]any{"name": "n"})
	for name, tt := range map[string]struct {
		token, endpoint string
		opts            []apono.Option
		argument        string
		operation       string
	}{
		"complete":           {token: srv.Token, endpoint: srv.URL},
		"endpoint with /api": {token: srv.Token, endpoint: srv.URL + "/api/"},
		"options come after": {token: srv.Token, endpoint: "https://nowhere.example",
			opts: []apono.Option{apono.WithBaseURL(srv.URL)}},
		"endpoint not set":        {token: srv.Token, opts: []apono.Option{apono.WithBaseURL(srv.URL)}},
		"nothing set":             {argument: "APONO_PERSONAL_TOKEN", operation: "FromEnv"},
		"no token":                {endpoint: srv.URL, argument: "APONO_PERSONAL_TOKEN", operation: "FromEnv"},
		"token with a line break": {token: tokenCanary + "\n", argument: "token", operation: "New"},
		"endpoint without scheme": {token: tokenCanary, endpoint: "api.apono.io", argument: "base URL",
			operation: "New"},
		"another token in an option": {token: tokenCanary, opts: []apono.Option{apono.WithToken(tokenCanary)},
			argument: "credentials", operation: "New"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range map[string]string{apono.EnvToken: tt.token, apono.EnvEndpoint: tt.endpoint} {
				t.Setenv(key, value)
				if value == "" {
					require.NoError(t, os.Unsetenv(key))
				}
			}
			c, err := apono.FromEnv(tt.opts...)
			if tt.argument != "" {
				assertRefused(t, err, tt.argument)
				assert.NotContains(t, err.Error(), tokenCanary)
				assert.Nil(t, c)
				return
			}
			require.NoError(t, err)
			_, err = c.Integrations.Get(t.Context(), id)
			require.NoError(t, err)
		})
	}
}

// badIntegrations are creates that are refused before anything is sent.
func badIntegrations() map[string]struct {
	in       apono.IntegrationCreate
	argument string
} {
	good := apono.IntegrationCreate{Name: "n", Type: "mysql"}
	with := func(change func(*apono.IntegrationCreate)) apono.IntegrationCreate {
		in := good
		change(&in)
		return in
	}
	store := func(v apono.SecretStoreValue) apono.IntegrationCreate {
		return with(func(integration *apono.IntegrationCreate) {
			integration.SecretStoreConfig = apono.Set(apono.SecretStore{Value: v})
		})
	}
	return map[string]struct {
		in       apono.IntegrationCreate
		argument string
	}{
		"no name":    {with(func(integration *apono.IntegrationCreate) { integration.Name = "" }), "Name"},
		"blank name": {with(func(integration *apono.IntegrationCreate) { integration.Name = " \t" }), "Name"},
		"no type":    {with(func(integration *apono.IntegrationCreate) { integration.Type = "" }), "Type"},
		"empty config value": {with(func(integration *apono.IntegrationCreate) {
			integration.IntegrationConfig = apono.Config{"a": nil}
		}), "IntegrationConfig"},
		"config is not JSON": {with(func(integration *apono.IntegrationCreate) {
			integration.IntegrationConfig = apono.Config{"a": json.RawMessage("{")}
		}), "IntegrationConfig"},
		"no store":      {store(nil), "SecretStoreConfig"},
		"empty store":   {store(&apono.AWSSecret{}), "SecretStoreConfig"},
		"half a store":  {store(&apono.HashicorpVaultSecret{SecretEngine: "kv"}), "SecretStoreConfig"},
		"no parameters": {store(&apono.AponoSecret{}), "SecretStoreConfig"},
		"nil store":     {store((*apono.AWSSecret)(nil)), "SecretStoreConfig"},
		"two stores": {store(&apono.UnknownSecret{Raw: json.RawMessage(`{"aws":{},"gcp":{}}`)}),
			"SecretStoreConfig"},
		"empty unknown store": {store(&apono.UnknownSecret{}), "SecretStoreConfig"},
		"401 characters": {with(func(integration *apono.IntegrationCreate) {
			integration.CustomAccessDetails = apono.Set(strings.Repeat("é", 401))
		}), "CustomAccessDetails"},
		"owner without type": {with(func(integration *apono.IntegrationCreate) {
			integration.Owner = apono.Set(apono.OwnerReference{AttributeValue: []string{"x"}})
		}), "Owner"},
		"mapping without type": {with(func(integration *apono.IntegrationCreate) {
			integration.OwnersMapping = apono.Set(apono.OwnerMappingReference{KeyName: "k"})
		}), "OwnersMapping"},
		"mapping without key": {with(func(integration *apono.IntegrationCreate) {
			integration.OwnersMapping = apono.Set(apono.OwnerMappingReference{AttributeType: "group"})
		}), "OwnersMapping"},
		"owner without value": {with(func(integration *apono.IntegrationCreate) {
			integration.Owner = apono.Set(apono.OwnerReference{AttributeType: "user"})
		}), "Owner"},
	}
}

func TestBadInputIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	for name, tt := range badIntegrations() {
		t.Run(name, func(t *testing.T) {
			_, err := c.Integrations.Create(t.Context(), tt.in)
			assertRefused(t, err, tt.argument)
			if tt.argument == "Type" {
				return
			}
			_, err = c.Integrations.Update(t.Context(), "i", apono.IntegrationUpdate{
				Name: tt.in.Name, IntegrationConfig: tt.in.IntegrationConfig,
				SecretStoreConfig:   tt.in.SecretStoreConfig,
				CustomAccessDetails: tt.in.CustomAccessDetails, Owner: tt.in.Owner, OwnersMapping: tt.in.OwnersMapping,
			})
			assertRefused(t, err, tt.argument)
		})
	}
	for name, tt := range map[string]struct {
		in       apono.IntegrationCreateV2
		argument string
	}{
		"no name": {apono.IntegrationCreateV2{Type: "mysql"}, "Name"},
		"no type": {apono.IntegrationCreateV2{Name: "n"}, "Type"},
		"empty value": {apono.IntegrationCreateV2{Name: "n", Type: "mysql", Metadata: apono.Config{"a": nil}},
			"Metadata"},
		"no store": {apono.IntegrationCreateV2{Name: "n", Type: "mysql",
			SecretConfig: apono.Set(apono.FlatSecretStore{})}, "SecretConfig"},
		"nil store": {apono.IntegrationCreateV2{Name: "n", Type: "mysql",
			SecretConfig: apono.Set(apono.FlatSecretStore{Value: (*apono.GCPSecret)(nil)})}, "SecretConfig"},
		"no type in it": {apono.IntegrationCreateV2{Name: "n", Type: "mysql",
			SecretConfig: apono.Set(apono.FlatSecretStore{Value: &apono.UnknownSecret{Raw: json.RawMessage(`{}`)}})},
			"SecretConfig"},
		"401 characters": {apono.IntegrationCreateV2{Name: "n", Type: "mysql",
			CustomAccessDetails: apono.Set(strings.Repeat("x", 401))}, "CustomAccessDetails"},
	} {
		t.Run("v2 "+name, func(t *testing.T) {
			_, err := c.IntegrationsV2.Create(t.Context(), tt.in)
			assertRefused(t, err, tt.argument)
			if tt.argument == "Type" {
				return
			}
			_, err = c.IntegrationsV2.Update(t.Context(), "i", apono.IntegrationUpdateV2{
				Name: tt.in.Name, Metadata: tt.in.Metadata, SecretConfig: tt.in.SecretConfig,
				CustomAccessDetails: tt.in.CustomAccessDetails,
			})
			assertRefused(t, err, tt.argument)
		})
	}
	for _, name := range []string{"pre*", "*post", "a*b", "*", "", " "} {
		_, err := c.Integrations.FindByName(t.Context(), name)
		assertRefused(t, err, "name")
	}
	_, err := c.Connectors.Rename(t.Context(), "c", " ")
	assertRefused(t, err, "name")
	tooMany := math.MaxInt32
	tooMany++ // negative for a 32-bit int
	for argument, bad := range map[string][]apono.ListOptions{
		"Limit": {{Limit: -1}, {Limit: tooMany}}, "Type": {{Type: []string{""}}},
		"Category":    {{Category: []string{"RESOURCES", ""}}},
		"ConnectorID": {{ConnectorID: []string{""}}}, "Status": {{Status: []apono.Status{""}}},
	} {
		for _, options := range bad {
			assertRefused(t, failing(drain(c.Integrations.List(t.Context(), &options))), argument)
		}
	}
	for argument, bad := range map[string][]apono.ConnectorListOptions{"Limit": {{Limit: -1}, {Limit: tooMany}},
		"Status": {{Status: []string{""}}}} {
		for _, options := range bad {
			assertRefused(t, failing(drain(c.Connectors.List(t.Context(), &options))), argument)
		}
	}
	assert.Empty(t, srv.Calls())
}

func TestFourHundredCharactersAreFine(t *testing.T) {
	t.Parallel()
	_, c := fakeAndClient(t)
	_, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n", Type: "mysql",
		CustomAccessDetails: apono.Set(strings.Repeat("é", apono.MaxCustomAccessDetails))})
	require.NoError(t, err)
}

func TestATokenDoesNotShow(t *testing.T) {
	t.Parallel()
	token := sdk.Token{Value: tokenCanary, Expiry: time.Unix(1, 0)}
	out, err := json.Marshal(token)
	require.NoError(t, err)
	text := string(out) + token.LogValue().String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		text += fmt.Sprintf(verb, token)
	}
	assert.NotContains(t, text, tokenCanary)
	assert.NotContains(t, text, fmt.Sprintf("%x", tokenCanary))
}

func TestDoIsTheSameTransport(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	id := srv.Add(map[string]any{"name": "n"})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/api/admin/v4/integrations/"+id, nil)
	require.NoError(t, err)
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, "/api/admin/v4/integrations/"+id, req.URL.String(), "the caller's request is not changed")
	req.URL.Path += "-of-none"
	none, err := c.Do(req)
	require.NoError(t, err, "a status is no error")
	defer none.Body.Close()
	assert.Equal(t, http.StatusNotFound, none.StatusCode)
	_, err = c.Integrations.Get(t.Context(), id)
	require.NoError(t, err)
	assert.NotNil(t, c.Limiter())
	c.CloseIdleConnections()
}

func TestDoResolvesPathsThatBeginWithAPI(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://api.apono.io":           "https://api.apono.io/api/v2/integrations?a=b",
		"https://api.apono.io/api/":      "https://api.apono.io/api/v2/integrations?a=b",
		"https://gw.example/apono":       "https://gw.example/apono/api/v2/integrations?a=b",
		"https://gw.example/apono/api":   "https://gw.example/apono/api/v2/integrations?a=b",
		"https://gw.example/api/apono/":  "https://gw.example/api/apono/api/v2/integrations?a=b",
		"https://gw.example/apono%2Fapi": "https://gw.example/apono%2Fapi/api/v2/integrations?a=b",
	} {
		var got []string
		c, err := apono.New(apono.WithToken(tokenCanary), apono.WithBaseURL(base),
			apono.WithMiddleware(func(http.RoundTripper) http.RoundTripper {
				return transport(func(req *http.Request) (*http.Response, error) {
					got = append(got, req.Header.Get("Authorization")+" "+req.URL.String())
					return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
				})
			}))
		require.NoError(t, err)
		for _, at := range []string{"/api/v2/integrations?a=b", "api/v2/integrations?a=b", want} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
			require.NoError(t, err)
			resp, err := c.Do(req)
			require.NoError(t, err)
			resp.Body.Close()
		}
		assert.Equal(t, slices.Repeat([]string{"Bearer " + tokenCanary + " " + want}, 3), got, base)
	}
}
