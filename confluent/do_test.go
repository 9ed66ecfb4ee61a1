package confluent_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func newRequest(t *testing.T, method, target string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	require.NoError(t, err)
	return req
}

func TestDoResolvesRelativeURLs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ base, target, want string }{
		{"https://api.test", "/pim/v2/integrations?environment=env-1",
			"https://api.test/pim/v2/integrations?environment=env-1"},
		{"https://api.test/", "pim/v2/integrations", "https://api.test/pim/v2/integrations"},
		{"https://api.test/gateway", "/pim/v2/integrations/a%2Fb?x=a+b",
			"https://api.test/gateway/pim/v2/integrations/a%2Fb?x=a+b"},
		{"https://api.test/g%2Fw/", "/pim/v2/a b", "https://api.test/g%2Fw/pim/v2/a%20b"},
		{"https://api.test/gateway", "?", "https://api.test/gateway?"},
		{"https://api.test/gateway", "/", "https://api.test/gateway/"},
		{"https://api.test/gateway", "https://api.test/pim/v2/integrations", "https://api.test/pim/v2/integrations"},
	} {
		w := newTap(t, answer(200, `{}`))
		resp, err := w.client(t, confluent.WithBaseURL(tt.base)).Do(newRequest(t, http.MethodGet, tt.target, nil))
		require.NoError(t, err, tt.target)
		require.NoError(t, resp.Body.Close())
		sent := w.only(t)
		assert.Equal(t, tt.want, sent.url)
		key, secret, _ := (&http.Request{Header: sent.header}).BasicAuth()
		assert.Equal(t, []string{tapKey, tapSecret}, []string{key, secret}, tt.target)
		assert.True(t, strings.HasPrefix(sent.header.Get("User-Agent"), "integrations-go-sdk/"))
	}
}

func TestDoSendsNoCredentialsElsewhere(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"https://elsewhere.test/pim/v2/integrations", "https://api.test:8443/pim/v2/integrations",
		"http://api.test/pim/v2/integrations",
	} {
		w := newTap(t, answer(200, `{}`))
		resp, err := w.client(t, confluent.WithBaseURL("https://api.test")).Do(newRequest(t, http.MethodGet, target,
			nil))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		sent := w.only(t)
		assert.Equal(t, target, sent.url)
		assert.NotContains(t, sent.header, "Authorization")
	}
}

func TestDoReturnsResponsesWithAnyStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 204, 304, 400, 404, 409, 429, 500} {
		w := newTap(t, answer(status, `{"errors":[{"detail":"d"}]}`))
		resp, err := w.client(t).Do(newRequest(t, http.MethodPatch, "/x", strings.NewReader("{}")))
		require.NoError(t, err, status)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, status, resp.StatusCode)
		if status != 204 && status != 304 {
			assert.JSONEq(t, `{"errors":[{"detail":"d"}]}`, string(body))
		}
	}
}

func TestDoRepeatsTheBody(t *testing.T) {
	t.Parallel()
	const text = `{"a":1}`
	again := newRequest(t, http.MethodPut, "/x", strings.NewReader(text))
	unrepeatable := newRequest(t, http.MethodPut, "/x", io.NopCloser(strings.NewReader(text)))
	require.Nil(t, unrepeatable.GetBody)
	policy := sdk.RetryPolicy{MaxAttempts: 3, MinDelay: 1, MaxDelay: 1, MaxServerWait: time.Second, Budget: 10}
	for _, tt := range []struct {
		req  *http.Request
		sent int
	}{{again, 3}, {unrepeatable, 1}} {
		w := newTap(t, answer(503, `{}`), answer(503, `{}`), answer(200, `{}`))
		resp, err := w.client(t, confluent.WithRetry(policy)).Do(tt.req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Len(t, w.requests(), tt.sent)
		for _, sent := range w.requests() {
			assert.Equal(t, text, sent.body)
		}
	}
}

func TestDoChangesNothing(t *testing.T) {
	t.Parallel()
	w := newTap(t, answer(200, `{"id":"x"}`))
	c := w.client(t, confluent.WithBaseURL("https://api.test/gateway"))
	req := newRequest(t, http.MethodGet, "/x?y=z", nil)
	req.Header.Set("X-Own", "1")
	before := req.Clone(t.Context())
	resp, err := c.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, before, req)
	assert.NotContains(t, resp.Request.Header, "Authorization")
	assert.Equal(t, "1", w.only(t).header.Get("X-Own"))

	req.URL.Path = "/elsewhere" // must not change the client's URLs
	_, err = c.Integrations.Get(t.Context(), env, "x")
	require.NoError(t, err)
	assert.Contains(t, w.requests()[1].url, "https://api.test/gateway/pim/v2/integrations/x")
}

func TestDoRefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	with := func(u *url.URL) *http.Request { return &http.Request{Method: http.MethodGet, URL: u} }
	received := newRequest(t, http.MethodGet, "/x", nil)
	received.RequestURI = "/x"
	for name, req := range map[string]*http.Request{
		"nil":                  nil,
		"nil URL":              with(nil),
		"received by a server": received,
		"opaque":               with(&url.URL{Scheme: "https", Opaque: "x"}),
		"no scheme":            with(&url.URL{Host: "api.test", Path: "/x"}),
		"no host":              with(&url.URL{Scheme: "https", Path: "/x"}),
		"another scheme":       with(&url.URL{Scheme: "ftp", Host: "api.test"}),
		"above":                with(&url.URL{Path: "/../x"}),
		"dot":                  with(&url.URL{Path: "./x"}),
		"escaped":              newRequest(t, http.MethodGet, "/a/%2e%2e/x", nil),
	} {
		w := newTap(t)
		resp, err := w.client(t).Do(req)
		if err == nil {
			resp.Body.Close()
		}
		require.ErrorIs(t, err, confluent.ErrInvalid, name)
		e := errorOf(t, err)
		assert.Equal(t, "Do", e.Operation, name)
		assert.Contains(t, e.Argument, "request", name)
		assert.Empty(t, w.requests(), name)
	}
}

type closedBody struct {
	io.Reader
	closed bool
}

func (c *closedBody) Close() error {
	c.closed = true
	return nil
}

func TestDoClosesTheBodyThatItRefuses(t *testing.T) {
	t.Parallel()
	body := &closedBody{Reader: strings.NewReader("{}")}
	resp, err := newTap(t).client(t).Do(newRequest(t, http.MethodPost, "/../x", body))
	if err == nil {
		resp.Body.Close()
	}
	require.ErrorIs(t, err, confluent.ErrInvalid)
	assert.True(t, body.closed)
}

func TestDoFailsWithTheErrorsOfACall(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	srv.Inject(confluenttest.Fault{Operation: opCreate, Lost: true})
	resp, err := c.Do(newRequest(t, http.MethodPost, "/pim/v2/integrations",
		strings.NewReader(`{"environment":{"id":"env-1"}}`)))
	if err == nil {
		resp.Body.Close()
	}
	require.ErrorIs(t, err, confluent.ErrOutcomeUnknown)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no longer wanted"))
	resp, err = c.Do(newRequest(t, http.MethodGet, "/x", nil).WithContext(ctx))
	if err == nil {
		resp.Body.Close()
	}
	require.ErrorIs(t, err, context.Canceled)
}

// A request without a method is a GET, as in net/http. It is repeated like a GET.
func TestDoWithoutAMethodIsAGet(t *testing.T) {
	t.Parallel()
	w := newTap(t, answer(503, `{}`), answer(200, `{}`))
	req := newRequest(t, http.MethodGet, "/x", nil)
	req.Method = ""
	resp, err := w.client(t, confluent.WithRetry(sdk.RetryPolicy{MinDelay: -1})).Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Len(t, w.requests(), 2)
	assert.Empty(t, req.Method, "the caller's request stays as it is")
}
