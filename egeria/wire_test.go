package egeria_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

const (
	platformURL = "https://platform.example:9443"
	user        = "garygeeke"
	// Nothing may ever show it.
	passwordCanary = "pa55word-c&nary"
)

// reply is what a platform in memory answers. Its type is JSON where it names none.
type reply struct {
	status int
	body   string
	header http.Header
	err    error // in the place of all that
}

func ok(body string) reply { return reply{status: http.StatusOK, body: body} }

func plain(status int, body string) reply {
	return reply{status: status, body: body, header: http.Header{"Content-Type": {"text/plain;charset=UTF-8"}}}
}

// spring is an error of the platform's web server.
func spring(status int) reply {
	body := fmt.Sprintf(`{"timestamp":"2026-08-22T10:00:00.000+00:00","status":%d,"error":%q,"path":"/open-metadata"}`, status, http.StatusText(status))
	return reply{status: status, body: body}
}

// bean is a failure that comes with HTTP status 200.
func bean(code int, class, message string) reply {
	return ok(fmt.Sprintf(`{"class":"VoidResponse","relatedHTTPCode":%d,"exceptionClassName":%q,"exceptionErrorMessage":%q}`, code, class, message))
}

const invalidParameter = "org.odpi.openmetadata.frameworks.openmetadata.ffdc.InvalidParameterException"

// notRunning is what a platform says of a server that does not run.
func notRunning() reply {
	return bean(http.StatusNotFound, invalidParameter, "OMAG-MULTI-TENANT-404-001 The OMAG Server cocoMDS1 is not available to service a request from user garygeeke")
}

// fitting is a good reply to every operation.
const fitting = `{"class":"Any","relatedHTTPCode":200,"groups":[{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"first","kept":1}],
	"omagserverConfig":{"class":"OMAGServerConfig","localServerName":"cocoMDS1"},"omagserverConfigs":[{"localServerName":"cocoMDS1"}],"basicServerProperties":{},"services":null,
	"serverStatus":{"serverName":"cocoMDS1"},"serverList":["cocoMDS1"],"flag":true,"successMessage":"started",
	"integrationDaemonStatus":{},"integrationGroupSummaries":[],"integrationGroupSummary":{"integrationGroupStatus":"RUNNING"}}`

// platform answers in memory, and keeps what it is sent.
type platform struct {
	dialect egeria.Dialect               // whose origin it has
	origin  func(n int) reply            // instead: to the n-th question for the origin
	login   func(n int) reply            // to the n-th login, instead of a token of an hour
	serve   func(n int, r request) reply // to the n-th of the others, instead of a fitting one

	mu   sync.Mutex
	sent []request
}

type request struct {
	*http.Request
	hasBody bool
	body    string
}

func (r request) isOrigin() bool { return strings.HasSuffix(r.URL.Path, "/server-platform/origin") }
func (r request) isLogin() bool  { return strings.HasSuffix(r.URL.Path, "/api/token") }

// newPlatform gives the replies in turn to all but logins and questions for the origin, and the last one again and again.
func newPlatform(dialect egeria.Dialect, replies ...reply) *platform {
	p := &platform{dialect: dialect}
	if len(replies) > 0 {
		p.serve = func(n int, _ request) reply { return replies[min(n, len(replies))-1] }
	}
	return p
}

const originText = "Egeria OMAG Server Platform (version 5.1)\n"

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
	a := p.reply(got)
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

func (p *platform) reply(r request) reply {
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
		return plain(http.StatusOK, jwt(fmt.Sprintf(`{"sub":%q,"iat":1700000000,"exp":1700003600,"n":%d}`, user, len(p.logins())))+"\n")
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
func (p *platform) logins() []request  { return p.only(request.isLogin) }
func (p *platform) calls() []request {
	return p.only(func(r request) bool { return !r.isLogin() && !r.isOrigin() })
}

// lines are methods and paths.
func lines(requests []request) []string {
	out := []string{}
	for _, r := range requests {
		out = append(out, r.Method+" "+r.URL.EscapedPath())
	}
	return out
}

// client is one of this platform, which does not repeat what fails.
func (p *platform) client(t *testing.T, opts ...egeria.Option) *egeria.Client {
	t.Helper()
	return p.clientAt(t, platformURL, append([]egeria.Option{egeria.WithCredentials(user, passwordCanary)}, opts...)...)
}

// clientAt has the credentials of its options only.
func (p *platform) clientAt(t *testing.T, base string, opts ...egeria.Option) *egeria.Client {
	t.Helper()
	all := append([]egeria.Option{egeria.WithHTTPClient(&http.Client{Transport: p}), egeria.WithClearTextStore(), egeria.WithRetry(egeria.RetryPolicy{MaxAttempts: 1})}, opts...)
	c, err := egeria.New(base, all...)
	require.NoError(t, err)
	return c
}

// jwt is a token with these claims.
func jwt(claims string) string {
	return b64(`{"alg":"RS256","kid":"1"}`) + "." + b64(claims) + "." + b64("the signature of nobody")
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// failing leaves the error of what gives a value, too.
func failing[T any](_ T, err error) error { return err }

// errorOf is the *Error in err.
func errorOf(t *testing.T, err error) *egeria.Error {
	t.Helper()
	e, found := errors.AsType[*egeria.Error](err)
	require.Truef(t, found, "no *Error: %v", err)
	return e
}

// assertRefused checks what an argument gets that makes no sense.
func assertRefused(t *testing.T, err error, argument string) {
	t.Helper()
	e := errorOf(t, err)
	assert.Equal(t, []string{"Invalid"}, conditions(err))
	assert.Equal(t, argument, e.Argument)
	assert.Contains(t, err.Error(), "invalid argument "+argument)
	assert.Equal(t, [2]int{}, [2]int{e.StatusCode, e.Attempts})
}

// shown is all that v shows of itself.
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

// assertHidden checks that text holds no secret, in none of the ways that texts are written.
func assertHidden(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		require.NotEmpty(t, secret)
		escaped, err := json.Marshal(secret)
		require.NoError(t, err)
		for _, form := range []string{secret, strings.Trim(string(escaped), `"`), fmt.Sprintf("%x", secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if at := strings.Index(text, form); at >= 0 {
				assert.Fail(t, "a secret shows", "behind %q", text[max(0, at-60):at])
			}
		}
	}
}

// wireCall is one use of a public method with a server, and the requests that it must make.
type wireCall struct {
	name    string
	do      func(ctx context.Context, c *egeria.Client, server string) error
	want    []wireRequest
	missing string // the end of a path that the platform does not have
}

// wireRequest has {admin}, {platform} and {daemon} where the dialects differ, and {server}.
type wireRequest struct {
	method, path string
	query        url.Values
	kind, body   string // "" is none
	header       http.Header
}

func get(path string) []wireRequest  { return []wireRequest{{method: "GET", path: path}} }
func drop(path string) []wireRequest { return []wireRequest{{method: "DELETE", path: path}} }
func post(path string) []wireRequest { return []wireRequest{{method: "POST", path: path}} }
func send(path, body string) []wireRequest {
	return []wireRequest{{method: "POST", path: path, kind: "application/json", body: body}}
}

const (
	adminServer = "{admin}/servers/{server}"
	instance    = "{platform}/servers/{server}/instance"
	groupName   = "Egeria:IntegrationGroup:Default"
)

func someGroup() egeria.IntegrationGroup {
	return egeria.IntegrationGroup{PlatformURL: "~{egeriaEndpoint}~", ServerName: "cocoMDS1", QualifiedName: groupName}
}

func someDocument() egeria.Document { return documentOf(egeria.Dialect6) }

// documentOf is a document that platforms of the dialect read.
func documentOf(dialect egeria.Dialect) egeria.Document {
	version := map[egeria.Dialect]string{egeria.Dialect4: "V2.0", egeria.Dialect6: "V6.0"}[dialect]
	d, err := egeria.NewDocument([]byte(`{"class":"OMAGServerConfig","n":12345678901234567890,"s":"<&>","versionId":"` + version + `"}`))
	if err != nil {
		panic(err)
	}
	return d
}

// dialectKey is under which a context tells the dialect of the platform that a test made.
type dialectKey struct{}

// documentFor is a document that the client's platform reads, of 6.x where that is not known without asking.
func documentFor(ctx context.Context) egeria.Document {
	if dialect, ok := ctx.Value(dialectKey{}).(egeria.Dialect); ok {
		return documentOf(dialect)
	}
	return someDocument()
}

func wireCalls() []wireCall {
	type (
		ctx = context.Context
		cl  = *egeria.Client
	)
	const (
		groupJSON    = `{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"~{egeriaEndpoint}~","omagserverName":"cocoMDS1","integrationGroupQualifiedName":"` + groupName + `"}`
		documentJSON = `{"class":"OMAGServerConfig","n":12345678901234567890,"s":"<&>","versionId":"V6.0"}`
		groups       = adminServer + "/integration-groups"
		properties   = adminServer + "/server-properties"
		services     = adminServer + "/integration-daemon-services"
		registered   = "{platform}/registered-services"
	)
	then := func(first []wireRequest, more ...[]wireRequest) []wireRequest {
		return slices.Concat(append([][]wireRequest{first}, more...)...)
	}
	ask := func(path string, query url.Values) []wireRequest {
		return []wireRequest{{method: "POST", path: path, query: query}}
	}
	none, full := 0, egeria.ServerProperties{Description: "for <you> & é", OrganizationName: "Coco & Co", URLRoot: "https://h:9443", UserID: "cocoMDS1npa"}
	full.MaxPageSize = &none
	const fullJSON = `{"localServerDescription":"for <you> & é","organizationName":"Coco & Co","localServerURL":"https://h:9443","localServerUserId":"cocoMDS1npa","maxPageSize":0}`
	return []wireCall{
		{name: "Client.Login", do: func(x ctx, c cl, _ string) error { return failing(c.Login(x)) },
			want: send("/api/token", `{"userId":"garygeeke","password":"`+passwordCanary+`"}`)},
		{name: "Client.Logout", do: func(x ctx, c cl, _ string) error { return c.Logout(x) }, want: drop("/api/token/logout")},

		{name: "IntegrationGroups.List", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).IntegrationGroups.List(x)) },
			want: get(groups + "/configuration")},
		{name: "IntegrationGroups.Get", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).IntegrationGroups.Get(x, "first")) },
			want: get(groups + "/configuration")},
		{name: "IntegrationGroups.Put", do: func(x ctx, c cl, s string) error { return c.Server(s).IntegrationGroups.Put(x, someGroup()) },
			want: then(get(groups+"/configuration"), send(groups+"/configuration/all", `[{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"first","kept":1},`+groupJSON+`]`))},
		{name: "IntegrationGroups.PutRaw", do: func(x ctx, c cl, s string) error { return c.Server(s).IntegrationGroups.PutRaw(x, someGroup()) },
			want: send(groups+"/configuration", groupJSON)},
		{name: "IntegrationGroups.ReplaceAll", do: func(x ctx, c cl, s string) error {
			return c.Server(s).IntegrationGroups.ReplaceAll(x, []egeria.IntegrationGroup{someGroup()})
		}, want: send(groups+"/configuration/all", "["+groupJSON+"]")},
		{name: "IntegrationGroups.ReplaceAll with none", do: func(x ctx, c cl, s string) error { return c.Server(s).IntegrationGroups.ReplaceAll(x, nil) },
			want: send(groups+"/configuration/all", "[]")},
		{name: "IntegrationGroups.Delete", do: func(x ctx, c cl, s string) error { return c.Server(s).IntegrationGroups.Delete(x, groupName) },
			want: drop(groups + "/" + groupName)},
		{name: "IntegrationGroups.Delete of an odd name", do: func(x ctx, c cl, s string) error { return c.Server(s).IntegrationGroups.Delete(x, "a ?#é&=+") },
			want: drop(groups + "/a%20%3F%23%C3%A9&=+")},
		{name: "IntegrationGroups.Clear", do: func(x ctx, c cl, s string) error { return c.Server(s).IntegrationGroups.Clear(x) }, want: drop(groups)},

		{name: "Config.Get", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Config.Get(x)) }, want: get(adminServer + "/configuration")},
		{name: "Config.Resolved", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Config.Resolved(x)) },
			want: get(adminServer + "/configuration/resolved")},
		{name: "Config.Running", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Config.Running(x)) }, want: get(instance + "/configuration")},
		{name: "Config.Set", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.Set(x, documentFor(x)) },
			want: send(adminServer+"/configuration", documentJSON)},
		{name: "Config.Delete", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.Delete(x) }, want: drop(adminServer + "/configuration")},
		{name: "Config.Deploy", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.Deploy(x, "https://other:9443") },
			want: send(adminServer+"/configuration/deploy", `{"class":"URLRequestBody","urlRoot":"https://other:9443"}`)},
		{name: "Config.Properties", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Config.Properties(x)) }, want: get(properties)},
		{name: "Config.Properties before 6.0", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Config.Properties(x)) },
			missing: "/server-properties", want: then(get(properties), get(adminServer+"/configuration"))},
		{name: "Config.SetProperties", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.SetProperties(x, full) }, want: send(properties, fullJSON)},
		{name: "Config.SetProperties before 5.0", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.SetProperties(x, full) },
			missing: "/server-properties", want: then(send(properties, fullJSON),
				[]wireRequest{{method: "POST", path: adminServer + "/server-description", kind: "text/plain", body: "for <you> & é"}},
				ask(adminServer+"/organization-name", url.Values{"name": {"Coco & Co"}}),
				send(adminServer+"/server-url-root-for-caller", `{"class":"URLRequestBody","urlRoot":"https://h:9443"}`),
				ask(adminServer+"/server-user-id", url.Values{"id": {"cocoMDS1npa"}}),
				ask(adminServer+"/max-page-size", url.Values{"limit": {"0"}}))},
		{name: "Config.SetServerType", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.SetServerType(x, "Integration Daemon") },
			want: ask(adminServer+"/server-type", url.Values{"typeName": {"Integration Daemon"}})},
		{name: "Config.SetDefaultAuditLog", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.SetDefaultAuditLog(x) },
			want: post(adminServer + "/audit-log-destinations/default")},
		{name: "Config.DaemonServices", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Config.DaemonServices(x)) }, want: get(services)},
		{name: "Config.SetDaemonServices", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.SetDaemonServices(x, egeria.DaemonServices{IntegrationGroups: []egeria.IntegrationGroup{someGroup()}})
		}, want: send(services, `{"class":"IntegrationDaemonServicesConfig","dynamicIntegrationGroupsConfig":[`+groupJSON+`]}`)},
		{name: "Config.ClearDaemonServices", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.ClearDaemonServices(x) }, want: drop(services)},

		{name: "Platform.Origin", do: func(x ctx, c cl, _ string) error { return failing(c.Platform.Origin(x)) }, want: get("{platform}/origin")},
		{name: "Platform.Servers", do: func(x ctx, c cl, _ string) error { return failing(c.Platform.Servers(x)) }, want: get("{platform}/servers")},
		{name: "Platform.ActiveServers", do: func(x ctx, c cl, _ string) error { return failing(c.Platform.ActiveServers(x)) }, want: get("{platform}/servers/active")},
		{name: "Platform.Known", do: func(x ctx, c cl, s string) error { return failing(c.Platform.Known(x, s)) }, want: get("{platform}/servers/{server}/is-known")},
		{name: "Platform.Status", do: func(x ctx, c cl, s string) error { return failing(c.Platform.Status(x, s)) }, want: get("{platform}/servers/{server}/status")},
		{name: "Platform.InstanceStatus", do: func(x ctx, c cl, s string) error { return failing(c.Platform.InstanceStatus(x, s)) }, want: get(instance + "/status")},
		{name: "Platform.InstanceStatus before 4.2", do: func(x ctx, c cl, s string) error { return failing(c.Platform.InstanceStatus(x, s)) },
			missing: "{platform}/servers/{server}/instance/status", want: then(get(instance+"/status"), get(adminServer+"/instance/status"))},
		{name: "Platform.Start", do: func(x ctx, c cl, s string) error { return failing(c.Platform.Start(x, s)) }, want: post(instance)},
		{name: "Platform.Start before 4.2", do: func(x ctx, c cl, s string) error { return failing(c.Platform.Start(x, s)) },
			missing: instance, want: then(post(instance), post(adminServer+"/instance"))},
		{name: "Platform.StartWith", do: func(x ctx, c cl, s string) error { return failing(c.Platform.StartWith(x, s, documentFor(x))) },
			want: send(instance+"/configuration", documentJSON)},
		{name: "Platform.Stop", do: func(x ctx, c cl, s string) error { return c.Platform.Stop(x, s) }, want: drop(instance)},
		{name: "Platform.Stop before 4.2", do: func(x ctx, c cl, s string) error { return c.Platform.Stop(x, s) },
			missing: instance, want: then(drop(instance), drop(adminServer+"/instance"))},
		{name: "Platform.Unregister", do: func(x ctx, c cl, s string) error { return c.Platform.Unregister(x, s) }, want: drop("{platform}/servers/{server}")},
		{name: "Platform.Configurations", do: func(x ctx, c cl, _ string) error { return failing(c.Platform.Configurations(x)) }, want: get("{admin}/configurations")},
		{name: "Platform.RegisteredServices", do: func(x ctx, c cl, _ string) error { return failing(c.Platform.RegisteredServices(x)) }, want: get(registered)},
		{name: "Platform.RegisteredIntegrationServices", do: func(x ctx, c cl, _ string) error {
			return failing(c.Platform.RegisteredIntegrationServices(x))
		}, want: get(registered + "/integration-services")},
		{name: "Platform.RegisteredAccessServices", do: func(x ctx, c cl, _ string) error { return failing(c.Platform.RegisteredAccessServices(x)) },
			want: get(registered + "/access-services")},

		{name: "Daemon.Status", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Daemon.Status(x)) }, want: get("{daemon}/status")},
		{name: "Daemon.Groups", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Daemon.Groups(x)) }, want: get("{daemon}/integration-groups/summary")},
		{name: "Daemon.Group", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Daemon.Group(x, "a b")) },
			want: get("{daemon}/integration-groups/a%20b/summary")},
		{name: "Daemon.WaitGroup", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Daemon.WaitGroup(x, groupName, egeria.WaitOptions{}))
		}, want: get("{daemon}/integration-groups/" + groupName + "/summary")},
		{name: "Daemon.RefreshConfig", do: func(x ctx, c cl, s string) error { return c.Server(s).Daemon.RefreshConfig(x, groupName) },
			want: []wireRequest{{method: "GET", path: "{daemon}/integration-groups/" + groupName + "/refresh-config", header: http.Header{"Cache-Control": {"no-store"}}}}},
		{name: "Daemon.Refresh", do: func(x ctx, c cl, s string) error { return c.Server(s).Daemon.Refresh(x, "a<b>") },
			want: send("{daemon}/integration-connectors/refresh", `{"class":"NameRequestBody","name":"a<b>"}`)},
		{name: "Daemon.Refresh of all", do: func(x ctx, c cl, s string) error { return c.Server(s).Daemon.Refresh(x, "") },
			want: []wireRequest{{method: "POST", path: "{daemon}/integration-connectors/refresh", kind: "application/json"}}},
		{name: "Daemon.Restart", do: func(x ctx, c cl, s string) error { return c.Server(s).Daemon.Restart(x, "a") },
			want: send("{daemon}/integration-connectors/restart", `{"class":"NameRequestBody","name":"a"}`)},
		{name: "Daemon.Restart of all", do: func(x ctx, c cl, s string) error { return c.Server(s).Daemon.Restart(x, "") },
			want: []wireRequest{{method: "POST", path: "{daemon}/integration-connectors/restart", kind: "application/json"}}},
	}
}

// inDialect puts the names into a path of a [wireRequest].
func inDialect(path string, d egeria.Dialect, user, server string) string {
	in := ""
	if d == egeria.Dialect4 {
		in = "/users/" + user
	}
	return strings.NewReplacer("{admin}", "/open-metadata/admin-services"+in, "{platform}", "/open-metadata/platform-services"+in+"/server-platform",
		"{daemon}", "/servers/"+server+"/open-metadata/integration-daemon"+in, "{server}", server).Replace(path)
}

// play makes the call, and gives the requests that it made itself.
func (tt *wireCall) play(t *testing.T, d egeria.Dialect, server, escaped string) []request {
	t.Helper()
	p := newPlatform(d)
	missing := inDialect(tt.missing, d, user, escaped)
	p.serve = func(_ int, r request) reply {
		if missing != "" && strings.HasSuffix(r.URL.EscapedPath(), missing) {
			return spring(http.StatusNotFound)
		}
		return ok(fitting)
	}
	c := p.client(t, egeria.WithDialect(d), egeria.WithUserAgent("my-app/1.2"))
	require.NoError(t, tt.do(context.WithValue(t.Context(), dialectKey{}, d), c, server))
	sent := p.only(func(request) bool { return true })
	if d == egeria.Dialect6 && tt.name != "Client.Login" && tt.name != "Platform.Origin" {
		require.NotEmpty(t, sent)
		require.True(t, sent[0].isLogin())
		sent = sent[1:]
	}
	return sent
}

var dialects = []egeria.Dialect{egeria.Dialect4, egeria.Dialect6}

// dialects are those that have the call: the older one has no login.
func (tt *wireCall) dialects() []egeria.Dialect {
	if tt.name == "Client.Login" {
		return []egeria.Dialect{egeria.Dialect6}
	}
	return dialects
}

func TestEachMethodSendsExactlyItsRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range wireCalls() {
		for _, d := range tt.dialects() {
			t.Run(tt.name+" "+d.String(), func(t *testing.T) {
				t.Parallel()
				sent := tt.play(t, d, "cocoMDS1", "cocoMDS1")
				require.Len(t, sent, len(tt.want), "%v", lines(sent))
				for i, want := range tt.want {
					got := sent[i]
					assert.Equal(t, want.method, got.Method)
					assert.Equal(t, platformURL+inDialect(want.path, d, user, "cocoMDS1"), strings.SplitN(got.URL.String(), "?", 2)[0])
					query, err := url.ParseQuery(got.URL.RawQuery)
					require.NoError(t, err)
					if want.query == nil {
						want.query = url.Values{}
						assert.NotContains(t, got.URL.String(), "?")
					}
					assert.Equal(t, want.query, query)

					header := http.Header{"Accept": {"application/json"}, "User-Agent": got.Header["User-Agent"]}
					assert.Regexp(t, `^integrations-go-sdk/\d+\.\d+\.\d+ \(go[^)]+\) my-app/1\.2$`, got.Header.Get("User-Agent"))
					if want.kind != "" {
						header.Set("Content-Type", want.kind)
					}
					maps.Copy(header, want.header)
					if d == egeria.Dialect6 && !got.isLogin() && !got.isOrigin() {
						header.Set("Authorization", "Bearer "+jwt(`{"sub":"garygeeke","iat":1700000000,"exp":1700003600,"n":1}`))
					}
					assert.Equal(t, header, got.Header, "no header less and none more")

					if want.kind == "application/json" && want.body != "" {
						if d == egeria.Dialect4 {
							want.body = strings.ReplaceAll(want.body, "V6.0", "V2.0")
						}
						assert.Equal(t, compact(t, want.body), compact(t, got.body))
						assert.NotContains(t, got.body, `\u00`, "nothing is escaped for HTML")
					} else {
						assert.Equal(t, want.body, got.body)
					}
					assert.Equal(t, int64(len(got.body)), got.ContentLength)
				}
			})
		}
	}
}

// compact is a document with its members sorted and the digits of its numbers kept.
func compact(t *testing.T, document string) string {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), "%s", document)
	require.False(t, d.More(), "%s", document)
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func TestEveryMethodHasItsRequests(t *testing.T) {
	t.Parallel()
	have := map[string]bool{}
	for _, tt := range wireCalls() {
		name, _, _ := strings.Cut(tt.name, " ")
		have[name] = true
	}
	for service, kind := range map[string]reflect.Type{
		"IntegrationGroups": reflect.TypeFor[*egeria.IntegrationGroupsService](), "Config": reflect.TypeFor[*egeria.ConfigService](),
		"Daemon": reflect.TypeFor[*egeria.DaemonService](), "Platform": reflect.TypeFor[*egeria.PlatformService](),
	} {
		require.NotZero(t, kind.NumMethod(), service)
		for method := range kind.Methods() {
			assert.True(t, have[service+"."+method.Name], "%s.%s", service, method.Name)
		}
	}
}

func TestEveryOperationIsReached(t *testing.T) {
	t.Parallel()
	var sent []string
	for _, tt := range wireCalls() {
		sent = append(sent, lines(tt.play(t, egeria.Dialect6, "cocoMDS1", "cocoMDS1"))...)
	}
	spec, err := os.ReadFile("../specs/egeria.yaml")
	require.NoError(t, err)
	var path, method string
	operations := 0
	for _, m := range regexp.MustCompile(`(?m)^ {2}(/\S+):$|^ {4}(get|post|put|patch|delete):$|^ {6}operationId: (\w+)$`).FindAllStringSubmatch(string(spec), -1) {
		switch {
		case m[1] != "":
			path = m[1]
		case m[2] != "":
			method = strings.ToUpper(m[2])
		default:
			operations++
			like := regexp.MustCompile("^" + method + " " + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "[^/]+") + "$")
			assert.True(t, slices.ContainsFunc(sent, like.MatchString), "%s: %s %s", m[3], method, path)
		}
	}
	assert.Equal(t, strings.Count(string(spec), "operationId: "), operations)
	assert.Equal(t, 48, operations)
}

// The documentation's own examples, in both dialects.
func TestTheFiveRequestsOfTheDocumentation(t *testing.T) {
	t.Parallel()
	const one = `{
      "class": "IntegrationGroupConfig",
      "omagserverPlatformRootURL": "{MDServerURLRoot}",
      "omagserverName": "{MDServerName}",
      "integrationGroupQualifiedName": "{qualifiedName}"
    }`
	group := egeria.IntegrationGroup{PlatformURL: "{MDServerURLRoot}", ServerName: "{MDServerName}", QualifiedName: "{qualifiedName}"}
	second := group
	second.QualifiedName = "{qualifiedName2}"
	two := "[" + one + "," + strings.ReplaceAll(one, "{qualifiedName}", "{qualifiedName2}") + "]"
	for _, tt := range []struct {
		do           func(*egeria.IntegrationGroupsService) error
		method, path string
		body         string
	}{
		{func(s *egeria.IntegrationGroupsService) error { return s.PutRaw(t.Context(), group) }, "POST", "/configuration", one},
		{func(s *egeria.IntegrationGroupsService) error {
			return s.ReplaceAll(t.Context(), []egeria.IntegrationGroup{group, second})
		}, "POST", "/configuration/all", two},
		{func(s *egeria.IntegrationGroupsService) error { return failing(s.List(t.Context())) }, "GET", "/configuration", ""},
		{func(s *egeria.IntegrationGroupsService) error { return s.Clear(t.Context()) }, "DELETE", "", ""},
		{func(s *egeria.IntegrationGroupsService) error { return s.Delete(t.Context(), "qualifiedName") }, "DELETE", "/qualifiedName", ""},
	} {
		for d, before := range map[egeria.Dialect]string{
			egeria.Dialect4: "/open-metadata/admin-services/users/adminUserId/servers/serverName", egeria.Dialect6: "/open-metadata/admin-services/servers/serverName",
		} {
			p := newPlatform(d)
			c := p.clientAt(t, platformURL, egeria.WithUser("adminUserId"), egeria.WithToken("token"))
			require.NoError(t, tt.do(c.Server("serverName").IntegrationGroups))
			require.Equal(t, []string{tt.method + " " + before + "/integration-groups" + tt.path}, lines(p.calls()))
			got := p.calls()[0]
			assert.Empty(t, got.URL.RawQuery)
			assert.Equal(t, tt.body != "", got.hasBody)
			if tt.body != "" {
				assert.Equal(t, "application/json", got.Header.Get("Content-Type"))
				assert.Equal(t, compact(t, tt.body), compact(t, got.body))
			}
			want := ""
			if d == egeria.Dialect6 {
				want = "Bearer token"
			}
			assert.Equal(t, want, got.Header.Get("Authorization"))
		}
	}
}

func TestServerNamesStayOneSegment(t *testing.T) {
	t.Parallel()
	for name, escaped := range map[string]string{
		"a b": "a%20b", "a?b#c": "a%3Fb%23c", "é日😀": "%C3%A9%E6%97%A5%F0%9F%98%80", "...": "...",
		`a"<>|b`: "a%22%3C%3E%7Cb", "a@b:c": "a@b:c", "open-metadata": "open-metadata",
		"admin-services": "admin-services", "users": "users", "~{x}~": "~%7Bx%7D~",
	} {
		for _, tt := range wireCalls() {
			for _, d := range tt.dialects() {
				sent := tt.play(t, d, name, escaped)
				require.Len(t, sent, len(tt.want), "%s %v", tt.name, lines(sent))
				for i, want := range tt.want {
					require.Equal(t, inDialect(want.path, d, user, escaped), sent[i].URL.EscapedPath(), tt.name)
				}
			}
		}
	}
}

func TestServerNamesThatChangeThePathAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range wireCalls() {
		if !slices.ContainsFunc(tt.want, func(r wireRequest) bool {
			return strings.Contains(r.path, "{server}") || strings.Contains(r.path, "{daemon}")
		}) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, d := range []egeria.Dialect{egeria.DialectAuto, egeria.Dialect4, egeria.Dialect6} {
				p := newPlatform(egeria.Dialect6)
				c := p.client(t, egeria.WithDialect(d))
				for _, name := range []string{"", " ", ".", "..", "a/b", `a\b`, "a;b", "a%b", "a%2Fb", "a\nb", "\x00", "a\x7f"} {
					err := tt.do(t.Context(), c, name)
					assertRefused(t, err, "server")
					operation, _, _ := strings.Cut(tt.name, " ")
					assert.Equal(t, operation, errorOf(t, err).Operation)
				}
				assert.Empty(t, p.sent, "not even a question for the origin")
			}
		})
	}
}
