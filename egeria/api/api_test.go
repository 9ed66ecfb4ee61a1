package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria/api"
)

const server = "https://h:9443/gw/"

// Classes are what the server tells types apart by, and zero values are not sent but where zero means something.
func TestRequestBodies(t *testing.T) {
	none := 0
	for _, tt := range []struct {
		body any
		want string
	}{
		{api.URLRequest{URLRoot: "https://h?a&b"}, `{"class":"URLRequestBody","urlRoot":"https://h?a&b"}`},
		{api.NameRequest{Name: "n"}, `{"class":"NameRequestBody","name":"n"}`},
		{api.NameRequest{}, `{"class":"NameRequestBody"}`},
		{api.DaemonServices{}, `{"class":"IntegrationDaemonServicesConfig"}`},
		{
			api.DaemonServices{IntegrationServices: []api.Object{{"b": json.RawMessage(`1.0`), "a": json.RawMessage(`"<"`)}}},
			`{"class":"IntegrationDaemonServicesConfig","integrationServicesConfig":[{"a":"<","b":1.0}]}`,
		},
		{api.IntegrationGroups(nil), `[]`},
		{api.IntegrationGroups{}, `[]`},
		{api.ServerProperties{}, `{}`},
		{api.ServerProperties{Description: "d", MaxPageSize: &none}, `{"localServerDescription":"d","maxPageSize":0}`},
		{api.TokenRequest{UserID: "u", Password: "p"}, `{"password":"p","userId":"u"}`},
		{api.TokenRequest{}, `{"password":"","userId":""}`},
	} {
		var got bytes.Buffer
		e := json.NewEncoder(&got)
		e.SetEscapeHTML(false)
		require.NoError(t, e.Encode(tt.body))
		assert.Equal(t, tt.want+"\n", got.String(), "%T", tt.body)
	}
}

func TestRequests(t *testing.T) {
	const admin, platform, daemon = "/gw/open-metadata/admin-services/servers/", "/gw/open-metadata/platform-services/server-platform/",
		"/gw/servers/d/open-metadata/integration-daemon/"
	request := func(req *http.Request, err error) *http.Request {
		require.NoError(t, err)
		return req
	}
	for _, tt := range []struct {
		req  *http.Request
		want string
	}{
		{request(api.NewGetIntegrationGroupsRequest(server, "d 1")), "GET " + admin + "d%201/integration-groups/configuration"},
		{request(api.NewClearIntegrationGroupsRequest(server, "d")), "DELETE " + admin + "d/integration-groups"},
		{request(api.NewDeleteIntegrationGroupRequest(server, "d", "G:ü 1%/")), "DELETE " + admin + "d/integration-groups/G:%C3%BC%201%25%2F"},
		{request(api.NewReplaceIntegrationGroupsRequest(server, "d", nil)), "POST " + admin + "d/integration-groups/configuration/all application/json []"},
		{request(api.NewSetOrganizationNameRequest(server, "d", &api.SetOrganizationNameParams{Name: "a&b c"})), "POST " + admin + "d/organization-name?name=a%26b+c"},
		{request(api.NewSetServerUserIDRequest(server, "d", &api.SetServerUserIDParams{ID: "u"})), "POST " + admin + "d/server-user-id?id=u"},
		{request(api.NewSetMaxPageSizeRequest(server, "d", &api.SetMaxPageSizeParams{})), "POST " + admin + "d/max-page-size?limit=0"},
		{request(api.NewSetServerTypeRequest(server, "d", &api.SetServerTypeParams{TypeName: "t"})), "POST " + admin + "d/server-type?typeName=t"},
		{
			request(api.NewSetServerDescriptionRequestWithTextBody(server, "d", "\"ü\" <&>\n")),
			"POST " + admin + "d/server-description text/plain \"ü\" <&>\n",
		},
		{
			request(api.NewSetServerURLRootRequest(server, "d", api.URLRequest{URLRoot: "https://x"})),
			"POST " + admin + `d/server-url-root-for-caller application/json {"class":"URLRequestBody","urlRoot":"https://x"}`,
		},
		{request(api.NewGetOriginRequest(server)), "GET " + platform + "origin"},
		{request(api.NewStartServerRequest(server, "d")), "POST " + platform + "servers/d/instance"},
		{request(api.NewRefreshGroupConfigRequest(server, "d", "G:1")), "GET " + daemon + "integration-groups/G:1/refresh-config"},
		{
			request(api.NewRefreshConnectorsRequest(server, "d", api.NameRequest{Name: "c"})),
			"POST " + daemon + `integration-connectors/refresh application/json {"class":"NameRequestBody","name":"c"}`,
		},
		{request(api.NewRestartConnectorsRequestWithBody(server, "d", "application/json", nil)), "POST " + daemon + "integration-connectors/restart application/json "},
	} {
		assert.Equal(t, tt.want, line(t, tt.req))
	}
}

// line is method, target, and where there is one, the body with its type. It reads the body as a retry would.
func line(t *testing.T, req *http.Request) string {
	t.Helper()
	out := req.Method + " " + req.URL.RequestURI()
	contentType := req.Header.Get("Content-Type")
	if contentType == "" {
		assert.Nil(t, req.Body)
		return out
	}
	var body []byte
	if req.Body != nil {
		for range 2 {
			again, err := req.GetBody()
			require.NoError(t, err)
			body, err = io.ReadAll(again)
			require.NoError(t, err)
		}
	}
	return out + " " + contentType + " " + string(body)
}

// A method of Envelope that package json calls would take the place of that of the reply, and one of them would stay empty.
func TestRepliesAreEnvelopeAndPayload(t *testing.T) {
	for reply, payload := range map[any]string{
		&api.IntegrationGroupsReply{}:  `"groups":[null,{"integrationGroupQualifiedName":"payload"}]`,
		&api.DaemonServicesReply{}:     `"services":{"dynamicIntegrationGroupsConfig":[{"integrationGroupQualifiedName":"payload"}]}`,
		&api.DocumentReply{}:           `"omagserverConfig":{"localServerName":"payload"}`,
		&api.DocumentsReply{}:          `"omagserverConfigs":[{"localServerName":"payload"}]`,
		&api.ServerPropertiesReply{}:   `"basicServerProperties":{"organizationName":"payload"}`,
		&api.MessageReply{}:            `"successMessage":"payload"`,
		&api.ServersReply{}:            `"serverList":[null,"payload"]`,
		&api.FlagReply{}:               `"flag":true`,
		&api.ServerStatusReply{}:       `"serverStatus":{"serverName":"payload"}`,
		&api.InstanceStatusReply{}:     `"serverStatus":{"services":[null,{"serviceName":"payload"}]}`,
		&api.RegisteredServicesReply{}: `"services":[null,{"serviceName":"payload"}]`,
		&api.DaemonStatusReply{}:       `"integrationDaemonStatus":{"integrationGroupSummaries":[null,{"integrationGroupName":"payload"}]}`,
		&api.GroupSummariesReply{}:     `"integrationGroupSummaries":[{"integrationConnectorReports":[null,{"connectorName":"payload"}]}]`,
		&api.GroupSummaryReply{}:       `"integrationGroupSummary":{"integrationGroupName":"payload","lastRefreshTime":null}`,
	} {
		t.Run(fmt.Sprintf("%T", reply), func(t *testing.T) {
			body := `{"class":"R","relatedHTTPCode":200,"actionDescription":"action","new":{},` + payload + `}`
			require.NoError(t, json.Unmarshal([]byte(body), reply))
			again, err := json.Marshal(reply)
			require.NoError(t, err)
			assert.Contains(t, string(again), `"relatedHTTPCode":200`)
			assert.Contains(t, string(again), `"actionDescription":"action"`)
			if _, flag := reply.(*api.FlagReply); flag {
				assert.Contains(t, string(again), payload)
			} else {
				assert.Contains(t, string(again), `"payload"`)
			}
		})
	}
}

func TestServerStatus(t *testing.T) {
	const times = `"serverStartTime":"2026-11-22T09:09:37.306+00:00","serverHistory":[{"startTime":"2026-11-22T09:09:37.306+00:00"}]`
	started := time.Date(2026, 11, 22, 9, 9, 37, 306e6, time.UTC)
	for _, tt := range []struct {
		name, body string
		active     bool
		serverType string
	}{
		{"4.x", `{"relatedHTTPCode":200,"serverName":"d","serverType":"Integration Daemon","active":true,` + times + `}`, true, "Integration Daemon"},
		{"4.x, stopped", `{"relatedHTTPCode":200,"serverName":"d","active":false,` + times + `}`, false, ""},
		{"6.x", `{"relatedHTTPCode":200,"serverStatus":{"serverName":"d","isActive":true,` + times + `}}`, true, ""},
		{"6.x, stopped", `{"relatedHTTPCode":200,"serverStatus":{"serverName":"d","isActive":false,` + times + `}}`, false, ""},
		{"between", `{"relatedHTTPCode":200,"serverStatus":{"serverName":"d","active":true,` + times + `}}`, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reply := api.ServerStatusReply{Status: &api.ServerStatus{ServerName: "old"}}
			require.NoError(t, json.Unmarshal([]byte(tt.body), &reply))
			require.NotNil(t, reply.Status)
			assert.Equal(t, "d", reply.Status.ServerName)
			assert.Equal(t, tt.serverType, reply.Status.ServerType)
			assert.Equal(t, tt.active, reply.Status.Active)
			assert.True(t, started.Equal(reply.Status.StartTime.Time), reply.Status.StartTime)
			assert.True(t, reply.Status.EndTime.IsZero())
			require.Len(t, reply.Status.History, 1)
			assert.True(t, started.Equal(reply.Status.History[0].StartTime.Time))
		})
	}
	for _, none := range []string{
		`{"relatedHTTPCode":404,"exceptionClassName":"E","serverName":"d","active":true}`,
		`{"relatedHTTPCode":404,"serverStatus":{"serverName":"d","isActive":true}}`,
		`{"relatedHTTPCode":200}`,
		`{"relatedHTTPCode":200,"serverStatus":null}`,
	} {
		reply := api.ServerStatusReply{Status: &api.ServerStatus{ServerName: "old"}}
		require.NoError(t, json.Unmarshal([]byte(none), &reply))
		assert.Nil(t, reply.Status, none)
	}
	require.Error(t, json.Unmarshal([]byte(`{"relatedHTTPCode":200,"serverName":"d","active":"yes"}`), new(api.ServerStatusReply)))
	require.Error(t, json.Unmarshal([]byte(`{"relatedHTTPCode":200,"serverStatus":[]}`), new(api.ServerStatusReply)))
}

func TestObject(t *testing.T) {
	var report api.ConnectorReport
	require.NoError(t, json.Unmarshal([]byte(`{"statistics":{"n":1.50,"big":12345678901234567890,"s":"<"},"connection":"odd"}`), &report))
	assert.Nil(t, report.Connection)
	var again bytes.Buffer
	e := json.NewEncoder(&again)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(report))
	assert.Equal(t, `{"statistics":{"big":12345678901234567890,"n":1.50,"s":"<"}}`+"\n", again.String())

	for _, odd := range []string{`null`, `[]`, `1`, `"s"`, `true`} {
		o := api.Object{"old": nil}
		require.NoError(t, json.Unmarshal([]byte(odd), &o))
		assert.Nil(t, o, odd)
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	secretive := api.ConnectorReport{Name: "shown", Connection: api.Object{"securedProperties": json.RawMessage(`{"k":"s3cret"}`)}}
	summary := api.GroupSummary{Name: "shown", Connectors: []api.ConnectorReport{secretive}}
	for _, v := range []any{
		api.TokenRequest{UserID: "shown", Password: "s3cret", NewPassword: "s3cret"},
		api.ServerProperties{OrganizationName: "shown", Password: "s3cret"},
		api.Object{"shown": json.RawMessage(`"s3cret"`)},
		api.DaemonServices{
			IntegrationGroups:   []api.IntegrationGroup{{QualifiedName: "shown"}},
			IntegrationServices: []api.Object{{"connection": json.RawMessage(`"s3cret"`)}},
		},
		secretive, summary,
		api.DaemonStatus{Groups: []api.GroupSummary{summary}, Connectors: []api.ConnectorReport{secretive}},
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
}
