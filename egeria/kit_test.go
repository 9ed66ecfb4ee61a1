package egeria_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
)

const (
	platformURL = "https://platform.example:9443"
	user        = "garygeeke"
	// a secret that must never be shown
	passwordCanary = "pa55word-c&nary"
)

// response is the response of a platform in memory. The default type is JSON.
type response struct {
	status int
	body   string
	header http.Header
	err    error // replaces all of the response
}

func ok(body string) response { return response{status: http.StatusOK, body: body} }

func plain(status int, body string) response {
	return response{status: status, body: body, header: http.Header{"Content-Type": {"text/plain;charset=UTF-8"}}}
}

// spring returns an error response of the platform's web server.
func spring(status int) response {
	body := fmt.Sprintf(`{"timestamp":"2026-08-22T10:00:00.000+00:00","status":%d,"error":%q,"path":"/open-metadata"}`,
		status, http.StatusText(status))
	return response{status: status, body: body}
}

// bean returns a failure with HTTP status 200.
func bean(code int, class, message string) response {
	return ok(fmt.Sprintf(`{"class":"VoidResponse","relatedHTTPCode":%d,"exceptionClassName":%q,`+
		`"exceptionErrorMessage":%q}`, code, class, message))
}

// notRunning returns the response of a platform for a stopped server.
func notRunning() response {
	return bean(http.StatusNotFound, invalidParameter,
		"OMAG-MULTI-TENANT-404-001 The OMAG Server cocoMDS1 is not available to service a request from user garygeeke")
}

// fitting is a successful response to every operation.
const fitting = `{"class":"Any","relatedHTTPCode":200,"groups":[{"class":"IntegrationGroupConfig",` +
	`"integrationGroupQualifiedName":"first","kept":1}],
	"omagserverConfig":{"class":"OMAGServerConfig","localServerName":"cocoMDS1"},` +
	`"omagserverConfigs":[{"localServerName":"cocoMDS1"}],"basicServerProperties":{},"services":null,
	"serverName":"cocoMDS1","serverStatus":{"serverName":"cocoMDS1"},"serverList":["cocoMDS1"],"flag":true,` +
	`"successMessage":"started",
	"connections":[{"displayName":"Console"}],"config":{"topicURLRoot":"egeria"},"stringMap":{"x":"1"},` +
	`"serverServicesList":["OMRS"],
	"properties":{"a":1},"connectorReport":{"connectorType":{}},` +
	`"serverTypeClassification":{"serverTypeName":"Integration Daemon"},
	"integrationDaemonStatus":{},"integrationGroupSummaries":[],` +
	`"integrationGroupSummary":{"integrationGroupStatus":"RUNNING"}}`

// platform responds in memory, and stores the requests.
type platform struct {
	dialect egeria.Dialect                  // dialect of its origin
	origin  func(n int) response            // response to the n-th request for the origin
	login   func(n int) response            // response to the n-th login; default: a token of one hour
	serve   func(n int, r request) response // response to the n-th other request; default: a successful one

	mu   sync.Mutex
	sent []request
}

type request struct {
	*http.Request
	hasBody bool
	body    string
}

func (r request) isOrigin() bool { return strings.HasSuffix(r.URL.Path, "/server-platform/origin") }

func (r request) isLogin() bool { return strings.HasSuffix(r.URL.Path, "/api/token") }

// newPlatform returns a platform that sends the responses in order, and the last one for all
// further requests. Logins and requests for the origin do not count.
func newPlatform(dialect egeria.Dialect, responses ...response) *platform {
	p := &platform{dialect: dialect}
	if len(responses) > 0 {
		p.serve = func(n int, _ request) response { return responses[min(n, len(responses))-1] }
	}
	return p
}

// RoundTrip implements [http.RoundTripper].
func (p *platform) RoundTrip(r *http.Request) (*http.Response, error) {
	got := request{Request: r, hasBody: r.Body != nil && r.Body != http.NoBody}
	if got.hasBody {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		got.body = string(b)
	}
	p.mu.Lock()
	p.sent = append(p.sent, got)
	p.mu.Unlock()
	a := p.respond(got)
	if a.err != nil {
		return nil, a.err
	}
	rec := httptest.NewRecorder()
	rec.Header().Set("Content-Type", "application/json")
	maps.Copy(rec.Header(), a.header)
	rec.WriteHeader(a.status)
	_, _ = rec.WriteString(a.body)
	return rec.Result(), nil
}

func (p *platform) respond(r request) response {
	switch {
	case r.isOrigin() && p.origin != nil:
		return p.origin(len(p.origins()))
	case r.isOrigin() && strings.Contains(r.URL.Path, "/users/") != (p.dialect == egeria.Dialect4):
		return spring(http.StatusNotFound)
	case r.isOrigin():
		return plain(http.StatusOK, originText)
	case r.isLogin() && p.login != nil:
		return p.login(len(p.logins()))
	case r.isLogin():
		return plain(http.StatusOK, jwt(fmt.Sprintf(`{"sub":%q,"iat":1700000000,"exp":1700003600,"n":%d}`, user,
			len(p.logins())))+"\n")
	case p.serve != nil:
		return p.serve(len(p.calls()), r)
	}
	return ok(fitting)
}

func (p *platform) only(want func(request) bool) []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.sent), func(r request) bool { return !want(r) })
}

func (p *platform) origins() []request { return p.only(request.isOrigin) }

func (p *platform) logins() []request { return p.only(request.isLogin) }

func (p *platform) calls() []request {
	return p.only(func(r request) bool { return !r.isLogin() && !r.isOrigin() })
}

// lines returns methods and paths.
func lines(requests []request) []string {
	out := []string{}
	for _, r := range requests {
		out = append(out, r.Method+" "+r.URL.EscapedPath())
	}
	return out
}

// client returns a client of this platform without retries.
func (p *platform) client(t *testing.T, opts ...egeria.Option) *egeria.Client {
	t.Helper()
	return p.clientAt(t, platformURL, append([]egeria.Option{egeria.WithCredentials(user, passwordCanary)}, opts...)...)
}

// clientAt returns a client with only the credentials of its options.
func (p *platform) clientAt(t *testing.T, base string, opts ...egeria.Option) *egeria.Client {
	t.Helper()
	all := append([]egeria.Option{egeria.WithHTTPClient(&http.Client{Transport: p}), egeria.WithClearTextStore(),
		egeria.WithRetry(sdk.RetryPolicy{MaxAttempts: 1})}, opts...)
	c, err := egeria.New(base, all...)
	require.NoError(t, err)
	return c
}

// jwt returns a token with these claims.
func jwt(claims string) string {
	return b64(`{"alg":"RS256","kid":"1"}`) + "." + b64(claims) + "." + b64("the signature of nobody")
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// failing returns the error of a call with a result.
func failing[T any](_ T, err error) error { return err }

// errorOf returns the *Error in err. A failure names the call.
func errorOf(t *testing.T, err error, call ...string) *egeria.Error {
	t.Helper()
	e, found := errors.AsType[*egeria.Error](err)
	require.Truef(t, found, "no *Error: %v %s", err, strings.Join(call, " "))
	return e
}

// assertRefused checks that err refuses an argument before anything is sent.
func assertRefused(t *testing.T, err error, argument string) {
	t.Helper()
	e := errorOf(t, err)
	assert.Equal(t, []string{"Invalid"}, conditions(err))
	assert.Equal(t, argument, e.Argument)
	assert.Contains(t, err.Error(), "invalid argument "+argument)
	assert.Equal(t, [2]int{}, [2]int{e.StatusCode, e.Attempts})
}

// shown returns v in all formats.
func shown(v any) string {
	var all bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&all, nil), slog.NewTextHandler(&all, nil)} {
		slog.New(h).Info("shown", "value", v)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&all, verb+"\n", v)
	}
	return all.String()
}

// assertHidden checks that text has no secret, in any spelling.
func assertHidden(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		require.NotEmpty(t, secret)
		escaped, err := json.Marshal(secret)
		require.NoError(t, err)
		for _, form := range []string{secret, strings.Trim(string(escaped), `"`), fmt.Sprintf("%x", secret),
			base64.StdEncoding.EncodeToString([]byte(secret))} {
			if at := strings.Index(text, form); at >= 0 {
				assert.Fail(t, "a secret shows", "behind %q", text[max(0, at-60):at])
			}
		}
	}
}
