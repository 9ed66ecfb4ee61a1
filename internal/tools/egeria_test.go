package tools_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

var egeriaService = regexp.MustCompile(`/open-metadata/(admin-services|platform-services|integration-daemon)/`)

// dialect4 converts a path of the spec to that of 4.x and 5.x.
func dialect4(path string) string { return egeriaService.ReplaceAllString(path, "${0}users/{userId}/") }

// The vendor's documentation of 4.x shows these five.
func TestEgeriaIntegrationGroupsOfDialect4(t *testing.T) {
	const server = "/open-metadata/admin-services/users/{userId}/servers/{serverName}/"
	got := map[string]string{}
	for name, op := range operations(load(t, "egeria")) {
		if op.Tags[0] == "Integration groups" && op.Extensions["x-egeria-since"] == nil {
			got[op.OperationID] = dialect4(name)
		}
	}
	assert.Equal(t, map[string]string{
		"putIntegrationGroup":      "POST " + server + "integration-groups/configuration",
		"replaceIntegrationGroups": "POST " + server + "integration-groups/configuration/all",
		"getIntegrationGroups":     "GET " + server + "integration-groups/configuration",
		"clearIntegrationGroups":   "DELETE " + server + "integration-groups",
		"deleteIntegrationGroup":   "DELETE " + server + "integration-groups/{groupQualifiedName}",
	}, got)
}

// A path with no service or two services can't be converted to the other dialect.
func TestEgeriaPathsHaveBothDialects(t *testing.T) {
	for path := range load(t, "egeria").Paths.Map() {
		if strings.HasPrefix(path, "/api/") { // the same in all releases
			continue
		}
		assert.Len(t, egeriaService.FindAllString(path, -1), 1, path)
		assert.NotContains(t, path, "/users/", path)
		assert.NotEqual(t, path, dialect4(path))
	}
}

// The code compares the releases in the marks.
func TestEgeriaReleases(t *testing.T) {
	release := regexp.MustCompile(`^[4-9]\.\d$`)
	marked := 0
	for name, op := range operations(load(t, "egeria")) {
		for extension := range op.Extensions {
			assert.Contains(t, []string{"x-egeria-since", "x-egeria-until"}, extension, name)
		}
		since, sinceOK := op.Extensions["x-egeria-since"]
		until, untilOK := op.Extensions["x-egeria-until"]
		if sinceOK {
			assert.Regexp(t, release, since, name)
			assert.NotEqual(t, "4.0", since, "%s: a missing mark means that", name)
		}
		if untilOK {
			assert.Regexp(t, release, until, name)
		}
		if sinceOK && untilOK {
			assert.Less(t, since, until, name)
		}
		if id, ok := strings.CutSuffix(op.OperationID, "Legacy"); ok {
			modern := operation(t, id)
			assert.Equal(t, until, modern.Extensions["x-egeria-since"], name)
			assert.Equal(t, modern.Responses.Value("200").Ref, op.Responses.Value("200").Ref, name)
			marked++
		}
	}
	assert.Equal(t, 3, marked)
}

func operation(t *testing.T, id string) *openapi3.Operation {
	t.Helper()
	for _, op := range operations(load(t, "egeria")) {
		if op.OperationID == id {
			return op
		}
	}
	require.Fail(t, "no operation", id)
	return nil
}

func TestEgeriaTokens(t *testing.T) {
	doc := load(t, "egeria")
	var open []string
	for name, op := range operations(doc) {
		if op.Security != nil {
			assert.Empty(t, *op.Security, name)
			open = append(open, op.OperationID)
			assert.Nil(t, op.Responses.Value("401"), name)
			continue
		}
		require.NotNil(t, op.Responses.Value("401"), name)
		assert.Empty(t, op.Responses.Value("401").Value.Content, name)
	}
	slices.Sort(open)
	assert.Equal(t, []string{"createToken", "getOrigin"}, open)
	assert.Equal(t, openapi3.SecurityRequirements{{"bearer": {}}}, doc.Security)
}

// DELETE .../instance ends the process of the platform. Operations that stop all servers must have
// names that say so.
func TestEgeriaStopsOneServerAtMost(t *testing.T) {
	for name, op := range operations(load(t, "egeria")) {
		if op.OperationID == "stopAllServers" || op.OperationID == "unregisterAllServers" {
			continue
		}
		if platform, ok := strings.CutPrefix(name, "DELETE /open-metadata/platform-services/server-platform"); ok {
			assert.Contains(t, platform, "/servers/{serverName}", name)
		}
	}
}

// A failure can replace any response, so every JSON response must have the members of a failure.
func TestEgeriaResponsesHaveTheEnvelope(t *testing.T) {
	failure := map[string]any{
		"relatedHTTPCode": 404.0, "exceptionErrorMessageId": "OMAG-MULTI-TENANT-404-001",
		"exceptionErrorMessageParameters": []any{"daemon1", nil},
		"exceptionProperties":             map[string]any{"parameterName": "serverName"},
	}
	bad := maps.Clone(failure)
	bad["relatedHTTPCode"] = "404"
	responses := 0
	for name, op := range operations(load(t, "egeria")) {
		response := op.Responses.Value("200").Value.Content.Get("application/json")
		if response == nil {
			assert.Contains(t, []string{"getOrigin", "createToken", "logout"}, op.OperationID)
			continue
		}
		responses++
		require.NoError(t, response.Schema.Value.VisitJSON(failure), name)
		require.Error(t, response.Schema.Value.VisitJSON(bad), name)
	}
	assert.NotZero(t, responses)
}

func TestEgeriaSchemas(t *testing.T) {
	const (
		envelope = `"class":"R","relatedHTTPCode":200`
		group    = `{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"~{url}~","omagserverName":"mds",` +
			`"integrationGroupQualifiedName":"G:1"}`
		date   = `"2026-11-22T09:09:37.306+00:00"`
		report = `{"connectorId":"c","connectorStatus":"NEW","lastRefreshTime":1763802577306,` +
			`"minMinutesBetweenRefresh":60,"statistics":{"n":1}}`
	)
	doc := load(t, "egeria")
	for _, tt := range []struct {
		schema string
		value  string
		ok     bool
	}{
		{"VoidResponse", `{` + envelope + `}`, true},
		{"VoidResponse", `{` + envelope + `,"requestId":1}`, false},
		{"IntegrationGroupConfig", group, true},
		{"IntegrationGroupConfig", `{"class":"IntegrationGroupConfig","new":1}`, true},
		{"IntegrationGroupConfig", `{"class":"EngineConfig"}`, false},
		{"IntegrationGroupConfig", `{"omagserverName":"mds"}`, false},
		{"IntegrationGroupConfigs", `[]`, true},
		{"IntegrationGroupConfigs", `[` + group + `]`, true},
		{"IntegrationGroupConfigs", group, false},
		{"IntegrationGroupConfigs", `null`, false},
		{"IntegrationGroupsResponse", `{` + envelope + `,"groups":[` + group + `]}`, true},
		{"IntegrationGroupsResponse", `{` + envelope + `}`, true},
		{"IntegrationGroupsResponse", `{` + envelope + `,"groups":[null,` + group + `]}`, true},
		{"IntegrationGroupsResponse", `{` + envelope + `,"groups":{}}`, false},
		{"IntegrationDaemonServicesResponse", `{` + envelope +
			`,"services":{"class":"IntegrationDaemonServicesConfig"}}`, true},
		{"IntegrationDaemonServicesResponse", `{` + envelope + `,"services":[]}`, false},
		{"OMAGServerConfigResponse", `{` + envelope +
			`,"omagserverConfig":{"class":"OMAGServerConfig","localServerName":"d","x":[1]}}`, true},
		{"OMAGServerConfigsResponse", `{` + envelope + `,"omagserverConfigs":[{},{}]}`, true},
		{"OMAGServerConfigsResponse", `{` + envelope + `,"omagserverConfigs":{}}`, false},
		{"BasicServerPropertiesResponse", `{` + envelope + `,"basicServerProperties":{"maxPageSize":0}}`, true},
		{"BasicServerPropertiesResponse", `{` + envelope + `,"basicServerProperties":{"maxPageSize":-1}}`, false},
		{"URLRequestBody", `{"class":"URLRequestBody","urlRoot":"https://h"}`, true},
		{"URLRequestBody", `{"urlRoot":"https://h"}`, false},
		{"NameRequestBody", `{"class":"NameRequestBody"}`, true},
		{"NameRequestBody", `{"class":"URLRequestBody","name":"n"}`, false},
		{"ServerListResponse", `{` + envelope + `,"serverList":["a"]}`, true},
		{"ServerStatusResponse", `{` + envelope + `,"serverName":"d","serverType":"t","serverStartTime":` + date +
			`,"active":true}`, true},
		{"ServerStatusResponse", `{` + envelope + `,"serverName":"d","active":false,"serverHistory":[{"startTime":` +
			date + `}]}`, true},
		{"BasicServerProperties", `{"class":"BasicServerProperties","localServerType":"t","secretsStoreProvider":"p"}`,
			true},
		{"URLRequestBody", `{"class":"URLRequestBody","urlRoot":"https://h","secretsStoreProvider":7}`, false},
		{"ServerStatusResponse", `{` + envelope + `,"active":"true"}`, false},
		{"OMAGServerStatusResponse", `{` + envelope +
			`,"serverStatus":{"serverActiveStatus":"NEW","services":[{"serviceStatus":"STARTING"}]}}`, true},
		{"OMAGServerStatusResponse", `{` + envelope + `,"serverStatus":{"services":{}}}`, false},
		{"TokenRequestBody", `{"userId":"u","password":"p"}`, true},
		{"TokenRequestBody", `{"userId":"u"}`, false},
		{"IntegrationDaemonStatusResponse", `{` + envelope +
			`,"integrationDaemonStatus":{"integrationConnectorReports":[` + report + `]}}`, true},
		{"IntegrationDaemonStatusResponse", `{` + envelope +
			`,"integrationDaemonStatus":{"integrationGroupSummaries":[` + group + `,1]}}`, false},
		{"Date", date, true},
		{"Date", `1763802577306`, true},
		{"Date", `true`, false},
	} {
		err := validate(t, doc, tt.schema, tt.value)
		assert.Equal(t, tt.ok, err == nil, "%s %s: %v", tt.schema, tt.value, err)
	}
}

// Types that are written by hand follow the spec too.
func TestEgeriaTypesWrittenByHand(t *testing.T) {
	doc := load(t, "egeria")
	for schema, written := range map[string]any{"FFDCResponseBase": &egeria.Envelope{},
		"IntegrationGroupConfig": &egeria.IntegrationGroup{}} {
		for _, field := range reflect.ValueOf(written).Elem().Fields() {
			switch field.Kind() {
			case reflect.String:
				field.SetString("x")
			case reflect.Int:
				field.SetInt(1)
			case reflect.Slice:
				field.Set(reflect.MakeSlice(field.Type(), 1, 1))
			case reflect.Map:
				field.Set(reflect.MakeMap(field.Type()))
			}
		}
		b, err := json.Marshal(written)
		require.NoError(t, err)
		var got map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(b, &got))
		want := slices.Sorted(maps.Keys(doc.Components.Schemas[schema].Value.Properties))
		if schema == "FFDCResponseBase" {
			// empty here
			want = slices.DeleteFunc(want, func(name string) bool { return name == "exceptionProperties" })
		}
		assert.Equal(t, want, slices.Sorted(maps.Keys(got)), schema)
	}
}

// There are constants for exactly the known values.
func TestEgeriaOpenEnums(t *testing.T) {
	known, overlaid := load(t, "egeria").Components.Schemas, loadOverlaid(t, "egeria").Components.Schemas
	for _, schema := range []string{"IntegrationGroupStatus", "IntegrationConnectorStatus", "ServerActiveStatus"} {
		values := known[schema].Value.Extensions["x-extensible-enum"]
		assert.NotEmpty(t, values, schema)
		assert.Equal(t, values, any(overlaid[schema].Value.Enum), schema)
		assert.Empty(t, known[schema].Value.Enum, "%s is open", schema)
		for _, v := range overlaid[schema].Value.Enum {
			assert.Contains(t, known[schema].Value.Extensions["x-enum-descriptions"], v, schema)
		}
	}
}
