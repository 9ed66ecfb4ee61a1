package egeria_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

const server = "https://h:9443/gw/"

// The server distinguishes types by their class. Zero values are not sent, except where zero has a
// meaning.
func TestRequestBodies(t *testing.T) {
	none := 0
	for _, tt := range []struct {
		body any
		want string
	}{
		{egeria.URLRequest{URLRoot: "https://h?a&b"}, `{"class":"URLRequestBody","urlRoot":"https://h?a&b"}`},
		{egeria.NameRequest{Name: "n"}, `{"class":"NameRequestBody","name":"n"}`},
		{egeria.NameRequest{}, `{"class":"NameRequestBody"}`},
		{egeria.DaemonServices{}, `{"class":"IntegrationDaemonServicesConfig"}`},
		{
			egeria.DaemonServices{IntegrationServices: []egeria.Object{{"b": json.RawMessage(`1.0`),
				"a": json.RawMessage(`"<"`)}}},
			`{"class":"IntegrationDaemonServicesConfig","integrationServicesConfig":[{"a":"<","b":1.0}]}`,
		},
		{egeria.StringRequest{Text: "<"}, `{"class":"StringRequestBody","string":"<"}`},
		{
			egeria.PropertiesRequest{Connector: "c", Properties: egeria.Object{"b": json.RawMessage(`1.0`),
				"a": json.RawMessage(`{}`)}},
			`{"class":"ConnectorConfigPropertiesRequestBody","configurationProperties":{"a":{},"b":1.0},` +
				`"connectorName":"c","mergeUpdate":false}`,
		},
		{egeria.IntegrationGroups(nil), `[]`},
		{egeria.IntegrationGroups{}, `[]`},
		{egeria.ServerProperties{}, `{"class":"BasicServerProperties"}`},
		{egeria.ServerProperties{Description: "d", MaxPageSize: &none},
			`{"class":"BasicServerProperties","localServerDescription":"d","maxPageSize":0}`},
		{egeria.TokenRequest{UserID: "u", Password: "p"}, `{"password":"p","userId":"u"}`},
		{egeria.TokenRequest{}, `{"password":"","userId":""}`},
	} {
		var got bytes.Buffer
		e := json.NewEncoder(&got)
		e.SetEscapeHTML(false)
		require.NoError(t, e.Encode(tt.body))
		assert.Equal(t, tt.want+"\n", got.String(), "%T", tt.body)
	}
}

func TestRequests(t *testing.T) {
	ctx := t.Context()
	const admin, platform, daemon = "/gw/open-metadata/admin-services/servers/",
		"/gw/open-metadata/platform-services/server-platform/",
		"/gw/servers/d/open-metadata/integration-daemon/"
	request := func(req *http.Request, err error) *http.Request {
		require.NoError(t, err)
		return req
	}
	for _, tt := range []struct {
		req  *http.Request
		want string
	}{
		{request(egeria.NewGetIntegrationGroupsRequest(ctx, server, "d 1")), "GET " + admin +
			"d%201/integration-groups/configuration"},
		{request(egeria.NewClearIntegrationGroupsRequest(ctx, server, "d")), "DELETE " + admin +
			"d/integration-groups"},
		{request(egeria.NewDeleteIntegrationGroupRequest(ctx, server, "d", "G:ü 1%/")), "DELETE " + admin +
			"d/integration-groups/G:%C3%BC%201%25%2F"},
		{request(egeria.NewReplaceIntegrationGroupsRequest(ctx, server, "d", nil)), "POST " + admin +
			"d/integration-groups/configuration/all application/json []"},
		{request(egeria.NewSetOrganizationNameRequest(
			ctx, server, "d", &egeria.SetOrganizationNameParams{Name: "a&b c"})),
			"POST " + admin + "d/organization-name?name=a%26b+c"},
		{request(egeria.NewSetServerUserIDRequest(ctx, server, "d", &egeria.SetServerUserIDParams{ID: "u"})),
			"POST " + admin + "d/server-user-id?id=u"},
		{request(egeria.NewSetMaxPageSizeRequest(ctx, server, "d", &egeria.SetMaxPageSizeParams{})), "POST " + admin +
			"d/max-page-size?limit=0"},
		{request(egeria.NewSetServerTypeRequest(ctx, server, "d", &egeria.SetServerTypeParams{TypeName: "t"})),
			"POST " + admin + "d/server-type?typeName=t"},
		{
			request(egeria.NewSetServerDescriptionRequest(ctx, server, "d", "\"ü\" <&>\n")),
			"POST " + admin + "d/server-description text/plain \"ü\" <&>\n",
		},
		{
			request(egeria.NewSetServerURLRootRequest(ctx, server, "d", egeria.URLRequest{URLRoot: "https://x"})),
			"POST " + admin + `d/server-url-root-for-caller application/json {"class":"URLRequestBody",` +
				`"urlRoot":"https://x"}`,
		},
		{request(egeria.NewGetOriginRequest(ctx, server)), "GET " + platform + "origin"},
		{request(egeria.NewStartServerRequest(ctx, server, "d")), "POST " + platform + "servers/d/instance"},
		{request(egeria.NewRefreshGroupConfigRequest(ctx, server, "d", "G:1")), "GET " + daemon +
			"integration-groups/G:1/refresh-config"},
		{
			request(egeria.NewRefreshConnectorsRequest(ctx, server, "d", &egeria.NameRequest{Name: "c"})),
			"POST " + daemon + `integration-connectors/refresh application/json {"class":"NameRequestBody","name":"c"}`,
		},
		{request(egeria.NewRestartConnectorsRequest(ctx, server, "d", nil)), "POST " + daemon +
			"integration-connectors/restart application/json "},
	} {
		assert.Equal(t, tt.want, line(t, tt.req))
	}
}

// line returns method and target and, if there is one, the body with its type. It reads the body as
// a retry would.
func line(t *testing.T, req *http.Request) string {
	t.Helper()
	out := req.Method + " " + req.URL.RequestURI()
	contentType := req.Header.Get("Content-Type")
	if contentType == "" {
		assert.Nil(t, req.Body)
		return out
	}
	var body []byte
	if req.Body != nil && req.Body != http.NoBody {
		for range 2 {
			again, err := req.GetBody()
			require.NoError(t, err)
			body, err = io.ReadAll(again)
			require.NoError(t, err)
		}
	}
	return out + " " + contentType + " " + string(body)
}

// A method of Envelope that package json calls would replace that of the response, and one of them
// would remain empty.
func TestResponsesAreEnvelopeAndPayload(t *testing.T) {
	for response, payload := range map[any]string{
		&egeria.IntegrationGroupsResponse{}: `"groups":[null,{"integrationGroupQualifiedName":"payload"}]`,
		&egeria.DaemonServicesResponse{}: `"services":{"dynamicIntegrationGroupsConfig":[` +
			`{"integrationGroupQualifiedName":"payload"}]}`,
		&egeria.DocumentResponse{}:           `"omagserverConfig":{"localServerName":"payload"}`,
		&egeria.DocumentsResponse{}:          `"omagserverConfigs":[{"localServerName":"payload"}]`,
		&egeria.ServerPropertiesResponse{}:   `"basicServerProperties":{"organizationName":"payload"}`,
		&egeria.MessageResponse{}:            `"successMessage":"payload"`,
		&egeria.ServersResponse{}:            `"serverList":[null,"payload"]`,
		&egeria.FlagResponse{}:               `"flag":true`,
		&egeria.InstanceStatusResponse{}:     `"serverStatus":{"services":[null,{"serviceName":"payload"}]}`,
		&egeria.RegisteredServicesResponse{}: `"services":[null,{"serviceName":"payload"}]`,
		&egeria.DaemonStatusResponse{}: `"integrationDaemonStatus":{"integrationGroupSummaries":[null,` +
			`{"integrationGroupName":"payload"}]}`,
		&egeria.GroupSummariesResponse{}: `"integrationGroupSummaries":[{"integrationConnectorReports":[null,` +
			`{"connectorName":"payload"}]}]`,
		&egeria.GroupSummaryResponse{}: `"integrationGroupSummary":{"integrationGroupName":"payload",` +
			`"lastRefreshTime":null}`,
	} {
		t.Run(fmt.Sprintf("%T", response), func(t *testing.T) {
			body := `{"class":"R","relatedHTTPCode":200,"actionDescription":"action","new":{},` + payload + `}`
			require.NoError(t, json.Unmarshal([]byte(body), response))
			again, err := json.Marshal(response)
			require.NoError(t, err)
			assert.Contains(t, string(again), `"relatedHTTPCode":200`)
			assert.Contains(t, string(again), `"actionDescription":"action"`)
			if _, flag := response.(*egeria.FlagResponse); flag {
				assert.Contains(t, string(again), payload)
			} else {
				assert.Contains(t, string(again), `"payload"`)
			}
		})
	}
}

func TestServerStatus(t *testing.T) {
	const times = `"serverStartTime":"2026-11-22T09:09:37.306+00:00",` +
		`"serverHistory":[{"startTime":"2026-11-22T09:09:37.306+00:00"}]`
	started := time.Date(2026, 11, 22, 9, 9, 37, 306e6, time.UTC)
	for _, tt := range []struct {
		name, body string
		active     bool
		serverType string
	}{
		{"running", `{"relatedHTTPCode":200,"serverName":"d","serverType":"Integration Daemon","active":true,` + times +
			`}`, true, "Integration Daemon"},
		{"stopped", `{"relatedHTTPCode":200,"serverName":"d","active":false,` + times + `}`, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			response := egeria.ServerStatusResponse{Status: &egeria.ServerStatus{ServerName: "old"}}
			require.NoError(t, json.Unmarshal([]byte(tt.body), &response))
			require.NotNil(t, response.Status)
			assert.Equal(t, "d", response.Status.ServerName)
			assert.Equal(t, tt.serverType, response.Status.ServerType)
			assert.Equal(t, tt.active, response.Status.Active)
			assert.True(t, started.Equal(response.Status.StartTime.Time), response.Status.StartTime)
			assert.True(t, response.Status.EndTime.IsZero())
			require.Len(t, response.Status.History, 1)
			assert.True(t, started.Equal(response.Status.History[0].StartTime.Time))
		})
	}
	for _, none := range []string{
		`{"relatedHTTPCode":404,"exceptionClassName":"E","serverName":"d","active":true}`,
		`{"relatedHTTPCode":200}`,
		`{"relatedHTTPCode":200,"serverName":null}`,
	} {
		response := egeria.ServerStatusResponse{Status: &egeria.ServerStatus{ServerName: "old"}}
		require.NoError(t, json.Unmarshal([]byte(none), &response))
		assert.Nil(t, response.Status, none)
	}
	require.Error(t, json.Unmarshal([]byte(`{"relatedHTTPCode":200,"serverName":"d","active":"yes"}`),
		new(egeria.ServerStatusResponse)))
}

func TestObject(t *testing.T) {
	var report egeria.ConnectorReport
	require.NoError(t,
		json.Unmarshal([]byte(`{"statistics":{"n":1.50,"big":12345678901234567890,"s":"<"},"connection":"odd"}`),
			&report))
	assert.Nil(t, report.Connection)
	var again bytes.Buffer
	e := json.NewEncoder(&again)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(report))
	assert.Equal(t, `{"statistics":{"big":12345678901234567890,"n":1.50,"s":"<"}}`+"\n", again.String())

	for _, odd := range []string{`null`, `[]`, `1`, `"s"`, `true`} {
		o := egeria.Object{"old": nil}
		require.NoError(t, json.Unmarshal([]byte(odd), &o))
		assert.Nil(t, o, odd)
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	secretive := egeria.ConnectorReport{Name: "shown",
		Connection: egeria.Object{"securedProperties": json.RawMessage(`{"k":"s3cret"}`)}}
	summary := egeria.GroupSummary{Name: "shown", Connectors: []egeria.ConnectorReport{secretive}}
	for _, v := range []any{
		egeria.TokenRequest{UserID: "shown", Password: "s3cret", NewPassword: "s3cret"},
		egeria.ServerProperties{OrganizationName: "shown", Password: "s3cret"},
		egeria.Object{"shown": json.RawMessage(`"s3cret"`)},
		egeria.DaemonServices{
			IntegrationGroups:   []egeria.IntegrationGroup{{QualifiedName: "shown"}},
			IntegrationServices: []egeria.Object{{"connection": json.RawMessage(`"s3cret"`)}},
		},
		egeria.EventBus{TopicURLRoot: "shown", Properties: egeria.Object{"security": json.RawMessage(`"s3cret"`)}},
		secretive, summary,
		egeria.DaemonStatus{Groups: []egeria.GroupSummary{summary}, Connectors: []egeria.ConnectorReport{secretive}},
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			n := out.Len()
			fmt.Fprintf(&out, verb+"\n", v)
			assert.Contains(t, out.String()[n:], "shown", "%T %s", v, verb)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
		assert.NotContains(t, out.String(), "s3cret", "%T", v)
		n := out.Len()
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
		assert.NotContains(t, out.String(), "s3cret", "%T", v)
		assert.Contains(t, out.String()[n:], "shown", "%T", v)
	}
	secret := egeria.TokenRequest{Password: passwordCanary, NewPassword: passwordCanary}
	for _, v := range []any{secret, &secret} {
		assertHidden(t, shown(v), passwordCanary)
	}
}

// openEnum checks that decoding replaces each known value by its constant.
func openEnum[T ~string](t *testing.T, known ...T) {
	t.Helper()
	decode := func(document string) (v T, err error) {
		err = json.Unmarshal([]byte(document), &v)
		return v, err
	}
	for _, want := range known {
		for _, spelling := range []string{string(want), strings.ToLower(string(want)), string(want[:1]) +
			strings.ToLower(string(want[1:]))} {
			got, err := decode(`"` + spelling + `"`)
			require.NoError(t, err)
			assert.Equal(t, want, got, spelling)
		}
		assert.Equal(t, `"`+string(want)+`"`, written(t, want))
	}
	for _, unknown := range []string{"Paused", "PAUSED", "", "RUNNING2", " RUNNING", "ſTARTING"} {
		got, err := decode(`"` + unknown + `"`)
		require.NoError(t, err)
		assert.Equal(t, T(unknown), got, "an unknown value keeps its spelling")
	}
	got, err := decode(`null`)
	require.NoError(t, err)
	assert.Empty(t, got)
	for _, other := range []string{`7`, `true`, `[]`, `{}`} {
		_, err := decode(other)
		require.Error(t, err, other)
	}
}

func TestKnownValuesHaveOneSpelling(t *testing.T) {
	openEnum(t, egeria.GroupStatusAssigned, egeria.GroupStatusConfiguring, egeria.GroupStatusRunning,
		egeria.GroupStatusFailed, egeria.GroupStatusDisabled)
	openEnum(t, egeria.ConnectorStatusInitialized, egeria.ConnectorStatusWaiting, egeria.ConnectorStatusRefreshing,
		egeria.ConnectorStatusRunning,
		egeria.ConnectorStatusStopped, egeria.ConnectorStatusInitializeFailed, egeria.ConnectorStatusConfigFailed,
		egeria.ConnectorStatusShutdown, egeria.ConnectorStatusFailed)
	openEnum(t, egeria.ServerStateUnknown, egeria.ServerStateStarting, egeria.ServerStateRunning,
		egeria.ServerStateStopping, egeria.ServerStateInactive)
}
