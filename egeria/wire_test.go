package egeria_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/internal/contract/specified"
)

const invalidParameter = "org.odpi.openmetadata.frameworks.openmetadata.ffdc.InvalidParameterException"

const originText = "Egeria OMAG Server Platform (version 5.1)\n"

// wireCall is one call of a public method with a server, and the requests that it must send.
type wireCall struct {
	// name begins with the service and the method, such as "Platform.Start". After a blank it
	// describes the call. Errors of the method have the first word as Operation.
	name    string
	do      func(ctx context.Context, c *egeria.Client, server string) error
	want    []wireRequest
	missing string         // the end of a path that the platform does not have
	only    egeria.Dialect // the only dialect with the call; 0 means both
}

// wireRequest has {admin}, {platform} and {daemon} where the dialects differ, and {server}.
type wireRequest struct {
	method, path string
	query        url.Values
	kind, body   string // "" if there is none
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

// documentOf returns a document for platforms of the dialect.
func documentOf(dialect egeria.Dialect) egeria.Document {
	version := map[egeria.Dialect]string{egeria.Dialect4: "V2.0", egeria.Dialect6: "V6.0"}[dialect]
	d, err := egeria.NewDocument([]byte(`{"class":"OMAGServerConfig","n":12345678901234567890,"s":"<&>","versionId":"` +
		version + `"}`))
	if err != nil {
		panic(err)
	}
	return d
}

// dialectKey is the context key for the dialect of the test's platform.
type dialectKey struct{}

// documentFor returns a document for the client's platform. If the dialect is not in the context,
// it is that of 6.x.
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
		groupJSON = `{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"~{egeriaEndpoint}~",` +
			`"omagserverName":"cocoMDS1","integrationGroupQualifiedName":"` + groupName + `"}`
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
	none, full := 0, egeria.ServerProperties{Description: "for <you> & é", OrganizationName: "Coco & Co",
		URLRoot: "https://h:9443", UserID: "cocoMDS1npa"}
	full.MaxPageSize = &none
	stored := full
	stored.SecretsStoreProvider, stored.SecretsStoreLocation, stored.SecretsStoreCollection = "p.Provider", "l", "c"
	const fullJSON = `{"class":"BasicServerProperties","localServerDescription":"for <you> & é",` +
		`"organizationName":"Coco & Co","localServerURL":"https://h:9443","localServerUserId":"cocoMDS1npa",` +
		`"maxPageSize":0}`
	storedJSON := strings.TrimSuffix(fullJSON, "}") +
		`,"secretsStoreProvider":"p.Provider","secretsStoreLocation":"l","secretsStoreCollection":"c"}`
	target := egeria.DeployTarget{
		PlatformURL: "https://other:9443", SecretsStoreProvider: "p.Provider", SecretsStoreLocation: "l",
		SecretsStoreCollection: "c",
	}
	return append(furtherCalls(), []wireCall{
		{name: "Client.Login", only: egeria.Dialect6, do: func(x ctx, c cl, _ string) error {
			return failing(c.Login(x))
		},
			want: send("/api/token", `{"userId":"garygeeke","password":"`+passwordCanary+`"}`)},
		{name: "Client.Logout", do: func(x ctx, c cl, _ string) error {
			return c.Logout(x)
		}, want: get("/api/token/logout")},
		{name: "Client.ChangePassword", only: egeria.Dialect6, do: func(x ctx, c cl, _ string) error {
			return failing(c.ChangePassword(x, "new"))
		},
			want: send("/api/token", `{"userId":"garygeeke","password":"`+passwordCanary+`","newPassword":"new"}`)},

		{name: "IntegrationGroups.List", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).IntegrationGroups.List(x))
		},
			want: get(groups + "/configuration")},
		{name: "IntegrationGroups.Get", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).IntegrationGroups.Get(x, "first"))
		},
			want: get(groups + "/configuration")},
		{name: "IntegrationGroups.Put", do: func(x ctx, c cl, s string) error {
			return c.Server(s).IntegrationGroups.Put(x, someGroup())
		},
			want: then(get(groups+"/configuration"), send(groups+"/configuration/all",
				`[{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"first","kept":1},`+groupJSON+
					`]`))},
		{name: "IntegrationGroups.PutRaw", do: func(x ctx, c cl, s string) error {
			return c.Server(s).IntegrationGroups.PutRaw(x, someGroup())
		},
			want: send(groups+"/configuration", groupJSON)},
		{name: "IntegrationGroups.ReplaceAll", do: func(x ctx, c cl, s string) error {
			return c.Server(s).IntegrationGroups.ReplaceAll(x, []egeria.IntegrationGroup{someGroup()})
		}, want: send(groups+"/configuration/all", "["+groupJSON+"]")},
		{name: "IntegrationGroups.ReplaceAll with none", do: func(x ctx, c cl, s string) error {
			return c.Server(s).IntegrationGroups.ReplaceAll(x, nil)
		},
			want: send(groups+"/configuration/all", "[]")},
		{name: "IntegrationGroups.Delete", do: func(x ctx, c cl, s string) error {
			return c.Server(s).IntegrationGroups.Delete(x, groupName)
		},
			want: drop(groups + "/" + groupName)},
		{name: "IntegrationGroups.Delete of an odd name", do: func(x ctx, c cl, s string) error {
			return c.Server(s).IntegrationGroups.Delete(x, "a ?#é&=+")
		},
			want: drop(groups + "/a%20%3F%23%C3%A9&=+")},
		{name: "IntegrationGroups.Clear", do: func(x ctx, c cl, s string) error {
			return c.Server(s).IntegrationGroups.Clear(x)
		}, want: drop(groups)},

		{name: "Config.Get", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Config.Get(x)) },
			want: get(adminServer + "/configuration")},
		{name: "Config.Resolved", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Config.Resolved(x))
		},
			want: get(adminServer + "/configuration/resolved")},
		{name: "Config.Running", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Config.Running(x))
		}, want: get(instance + "/configuration")},
		{name: "Config.Set", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.Set(x, documentFor(x)) },
			want: send(adminServer+"/configuration", documentJSON)},
		{name: "Config.Delete", do: func(x ctx, c cl, s string) error { return c.Server(s).Config.Delete(x) },
			want: drop(adminServer + "/configuration")},
		{name: "Config.Deploy before 6.0", only: egeria.Dialect4, do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.Deploy(x, egeria.DeployTarget{PlatformURL: "https://other:9443"})
		}, want: send(adminServer+"/configuration/deploy",
			`{"class":"URLRequestBody","urlRoot":"https://other:9443"}`)},
		{name: "Config.Deploy", only: egeria.Dialect6, do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.Deploy(x, target)
		},
			want: []wireRequest{{method: "POST", path: adminServer + "/configuration/deploy",
				query: url.Values{"delegatingUserId": {user}},
				kind:  "application/json",
				body: `{"class":"URLRequestBody","urlRoot":"https://other:9443","secretsStoreProvider":"p.Provider",` +
					`"secretsStoreLocation":"l","secretsStoreCollection":"c"}`}}},
		{name: "Config.Properties", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Config.Properties(x))
		}, want: get(properties)},
		{name: "Config.Properties before 5.0", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Config.Properties(x))
		},
			missing: "/server-properties", want: then(get(properties), get(adminServer+"/configuration"))},
		{name: "Config.SetProperties", only: egeria.Dialect6, do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.SetProperties(x, stored)
		},
			want: send(properties, storedJSON)},
		{name: "Config.SetProperties before 6.0", only: egeria.Dialect4, do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.SetProperties(x, full)
		},
			want: send(properties, fullJSON)},
		{name: "Config.SetProperties before 5.0", only: egeria.Dialect4, do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.SetProperties(x, full)
		},
			missing: "/server-properties", want: then(send(properties, fullJSON),
				[]wireRequest{{method: "POST", path: adminServer + "/server-description", kind: "text/plain",
					body: "for <you> & é"}},
				ask(adminServer+"/organization-name", url.Values{"name": {"Coco & Co"}}),
				send(adminServer+"/server-url-root-for-caller",
					`{"class":"URLRequestBody","urlRoot":"https://h:9443"}`),
				ask(adminServer+"/server-user-id", url.Values{"id": {"cocoMDS1npa"}}),
				ask(adminServer+"/max-page-size", url.Values{"limit": {"0"}}))},
		{name: "Config.SetServerType", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.SetServerType(x, "Integration Daemon")
		},
			want: ask(adminServer+"/server-type", url.Values{"typeName": {"Integration Daemon"}})},
		{name: "Config.SetDefaultAuditLog", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.SetDefaultAuditLog(x)
		},
			want: post(adminServer + "/audit-log-destinations/default")},
		{name: "Config.DaemonServices", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Config.DaemonServices(x))
		}, want: get(services)},
		{name: "Config.SetDaemonServices", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.SetDaemonServices(x,
				egeria.DaemonServices{IntegrationGroups: []egeria.IntegrationGroup{someGroup()}})
		}, want: send(services, `{"class":"IntegrationDaemonServicesConfig","dynamicIntegrationGroupsConfig":[`+
			groupJSON+`]}`)},
		{name: "Config.ClearDaemonServices", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.ClearDaemonServices(x)
		}, want: drop(services)},

		{name: "Platform.Origin", do: func(x ctx, c cl, _ string) error { return failing(c.Platform.Origin(x)) },
			want: get("{platform}/origin")},
		{name: "Platform.Servers", do: func(x ctx, c cl, _ string) error { return failing(c.Platform.Servers(x)) },
			want: get("{platform}/servers")},
		{name: "Platform.ActiveServers", do: func(x ctx, c cl, _ string) error {
			return failing(c.Platform.ActiveServers(x))
		}, want: get("{platform}/servers/active")},
		{name: "Platform.Known", do: func(x ctx, c cl, s string) error { return failing(c.Platform.Known(x, s)) },
			want: get("{platform}/servers/{server}/is-known")},
		{name: "Platform.Status", do: func(x ctx, c cl, s string) error { return failing(c.Platform.Status(x, s)) },
			want: get("{platform}/servers/{server}/status")},
		{name: "Platform.InstanceStatus", do: func(x ctx, c cl, s string) error {
			return failing(c.Platform.InstanceStatus(x, s))
		}, want: get(instance + "/status")},
		{name: "Platform.InstanceStatus before 4.2", do: func(x ctx, c cl, s string) error {
			return failing(c.Platform.InstanceStatus(x, s))
		},
			missing: "{platform}/servers/{server}/instance/status", want: then(get(instance+"/status"),
				get(adminServer+"/instance/status"))},
		{name: "Platform.Start", do: func(x ctx, c cl, s string) error { return failing(c.Platform.Start(x, s)) },
			want: post(instance)},
		{name: "Platform.Start before 4.2", do: func(x ctx, c cl, s string) error {
			return failing(c.Platform.Start(x, s))
		},
			missing: instance, want: then(post(instance), post(adminServer+"/instance"))},
		{name: "Platform.StartWith", do: func(x ctx, c cl, s string) error {
			return failing(c.Platform.StartWith(x, s, documentFor(x)))
		},
			want: send(instance+"/configuration", documentJSON)},
		{name: "Platform.Stop", do: func(x ctx, c cl, s string) error { return c.Platform.Stop(x, s) },
			want: drop(instance)},
		{name: "Platform.Stop before 4.2", do: func(x ctx, c cl, s string) error { return c.Platform.Stop(x, s) },
			missing: instance, want: then(drop(instance), drop(adminServer+"/instance"))},
		{name: "Platform.Unregister", do: func(x ctx, c cl, s string) error { return c.Platform.Unregister(x, s) },
			want: drop("{platform}/servers/{server}")},
		{name: "Platform.Configurations", do: func(x ctx, c cl, _ string) error {
			return failing(c.Platform.Configurations(x))
		}, want: get("{admin}/configurations")},
		{name: "Platform.RegisteredServices", do: func(x ctx, c cl, _ string) error {
			return failing(c.Platform.RegisteredServices(x))
		}, want: get(registered)},
		{name: "Platform.RegisteredIntegrationServices", do: func(x ctx, c cl, _ string) error {
			return failing(c.Platform.RegisteredIntegrationServices(x))
		}, want: get(registered + "/integration-services")},
		{name: "Platform.RegisteredAccessServices", do: func(x ctx, c cl, _ string) error {
			return failing(c.Platform.RegisteredAccessServices(x))
		},
			want: get(registered + "/access-services")},

		{name: "Daemon.Status", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Daemon.Status(x)) },
			want: get("{daemon}/status")},
		{name: "Daemon.Groups", do: func(x ctx, c cl, s string) error { return failing(c.Server(s).Daemon.Groups(x)) },
			want: get("{daemon}/integration-groups/summary")},
		{name: "Daemon.Group", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Daemon.Group(x, "a b"))
		},
			want: get("{daemon}/integration-groups/a%20b/summary")},
		{name: "Daemon.WaitGroup", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Daemon.WaitGroup(x, groupName, sdk.WaitOptions{}))
		}, want: get("{daemon}/integration-groups/" + groupName + "/summary")},
		{name: "Daemon.RefreshAndWaitGroup", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Daemon.RefreshAndWaitGroup(x, groupName, sdk.WaitOptions{}))
		},
			want: then([]wireRequest{{method: "GET", path: "{daemon}/integration-groups/" + groupName +
				"/refresh-config", header: http.Header{"Cache-Control": {"no-store"}}}},
				get("{daemon}/integration-groups/"+groupName+"/summary"))},
		{name: "Daemon.RefreshConfig", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Daemon.RefreshConfig(x, groupName)
		},
			want: []wireRequest{{method: "GET", path: "{daemon}/integration-groups/" + groupName + "/refresh-config",
				header: http.Header{"Cache-Control": {"no-store"}}}}},
		{name: "Daemon.Refresh", do: func(x ctx, c cl, s string) error { return c.Server(s).Daemon.Refresh(x, "a<b>") },
			want: send("{daemon}/integration-connectors/refresh", `{"class":"NameRequestBody","name":"a<b>"}`)},
		{name: "Daemon.Refresh of all", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Daemon.Refresh(x, "")
		},
			want: []wireRequest{{method: "POST", path: "{daemon}/integration-connectors/refresh",
				kind: "application/json"}}},
		{name: "Daemon.Restart", do: func(x ctx, c cl, s string) error { return c.Server(s).Daemon.Restart(x, "a") },
			want: send("{daemon}/integration-connectors/restart", `{"class":"NameRequestBody","name":"a"}`)},
		{name: "Daemon.Restart of all", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Daemon.Restart(x, "")
		},
			want: []wireRequest{{method: "POST", path: "{daemon}/integration-connectors/restart",
				kind: "application/json"}}},
	}...)
}

// inDialect replaces the names in a path of a [wireRequest].
func inDialect(path string, d egeria.Dialect, user, server string) string {
	in := ""
	if d == egeria.Dialect4 {
		in = "/users/" + user
	}
	return strings.NewReplacer("{admin}", "/open-metadata/admin-services"+in, "{platform}",
		"/open-metadata/platform-services"+in+"/server-platform",
		"{daemon}", "/servers/"+server+"/open-metadata/integration-daemon"+in, "{server}", server).Replace(path)
}

// play makes the call, and returns its requests.
func (tt *wireCall) play(
	t *testing.T, d egeria.Dialect, server, escaped string, opts ...egeria.Option,
) []request {
	t.Helper()
	p := newPlatform(d)
	missing := inDialect(tt.missing, d, user, escaped)
	p.serve = func(_ int, r request) response {
		if missing != "" && strings.HasSuffix(r.URL.EscapedPath(), missing) {
			return spring(http.StatusNotFound)
		}
		return ok(fitting)
	}
	c := p.client(t, append(opts, egeria.WithDialect(d), egeria.WithUserAgent("my-app/1.2"))...)
	require.NoError(t, tt.do(context.WithValue(t.Context(), dialectKey{}, d), c, server),
		"if the response is not valid, add its members to fitting in kit_test.go")
	sent := p.only(func(request) bool { return true })
	if d == egeria.Dialect6 && !slices.Contains([]string{"Client.Login", "Client.ChangePassword", "Platform.Origin"},
		tt.name) {
		require.NotEmpty(t, sent)
		require.True(t, sent[0].isLogin())
		sent = sent[1:]
	}
	return sent
}

var dialects = []egeria.Dialect{egeria.Dialect4, egeria.Dialect6}

// dialects returns the dialects that have the call.
func (tt *wireCall) dialects() []egeria.Dialect {
	if tt.only != egeria.DialectAuto {
		return []egeria.Dialect{tt.only}
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
				assert.Equal(t, lines(sent), lines(tt.play(t, d, "cocoMDS1", "cocoMDS1", egeria.WithStrict())))
				for i, want := range tt.want {
					got := sent[i]
					assert.Equal(t, want.method, got.Method)
					assert.Equal(t, platformURL+inDialect(want.path, d, user, "cocoMDS1"),
						strings.SplitN(got.URL.String(), "?", 2)[0])
					query, err := url.ParseQuery(got.URL.RawQuery)
					require.NoError(t, err)
					if want.query == nil {
						want.query = url.Values{}
						assert.NotContains(t, got.URL.String(), "?")
					}
					assert.Equal(t, want.query, query)

					header := http.Header{"Accept": {"application/json"}, "User-Agent": got.Header["User-Agent"]}
					assert.Regexp(t, `^integrations-go-sdk/\d+\.\d+\.\d+ \(go[^)]+\) my-app/1\.2$`,
						got.Header.Get("User-Agent"))
					if want.kind != "" {
						header.Set("Content-Type", want.kind)
					}
					maps.Copy(header, want.header)
					if d == egeria.Dialect6 && !got.isLogin() && !got.isOrigin() {
						header.Set("Authorization",
							"Bearer "+jwt(`{"sub":"garygeeke","iat":1700000000,"exp":1700003600,"n":1}`))
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

// compact returns a document with sorted members and unchanged numbers.
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
		"IntegrationGroups": reflect.TypeFor[*egeria.IntegrationGroupsService](),
		"Config":            reflect.TypeFor[*egeria.ConfigService](),
		"Daemon":            reflect.TypeFor[*egeria.DaemonService](),
		"Platform":          reflect.TypeFor[*egeria.PlatformService](),
		"MetadataStore":     reflect.TypeFor[*egeria.MetadataStoreService](),
	} {
		require.NotZero(t, kind.NumMethod(), service)
		for method := range kind.Methods() {
			assert.True(t, have[service+"."+method.Name], "%s.%s", service, method.Name)
		}
	}
}

// A new operation needs a row. The tests below use unusual server names in the paths of all rows.
func TestEveryOperationIsReached(t *testing.T) {
	t.Parallel()
	var sent []string
	for _, tt := range wireCalls() {
		requests := lines(tt.play(t, tt.dialects()[len(tt.dialects())-1], "cocoMDS1", "cocoMDS1"))
		for i := range requests {
			requests[i] = strings.Replace(requests[i], "/users/"+user, "", 1)
		}
		sent = append(sent, requests...)
	}
	for _, op := range specified.Unreached("egeria", sent) {
		t.Errorf("no row sends %s: add one to wireCalls in wire_test.go", op)
	}
}
