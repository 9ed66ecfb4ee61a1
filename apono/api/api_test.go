package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono/api"
)

func TestRequestsCarryOnlyWhatIsSet(t *testing.T) {
	for _, tt := range []struct {
		body any
		want string
	}{
		{
			api.IntegrationCreate{Name: "n", Type: "t", IntegrationConfig: api.Config{"a": json.RawMessage(`"1"`)}},
			`{"integration_config":{"a":"1"},"name":"n","type":"t"}`,
		},
		{
			api.IntegrationUpdate{
				Name: "n", ConnectorID: api.Set("c"), CustomAccessDetails: api.Set(""), ConnectedResourceTypes: api.Set([]string{}),
				Owner: api.Set(api.OwnerReference{AttributeType: "user", AttributeValue: []string{"a@example.com"}}),
				OwnersMapping: api.Set(api.OwnerMappingReference{
					KeyName: "k", AttributeType: "group", SourceIntegrationReference: "idp",
				}),
				SecretStoreConfig: api.Set(api.SecretStore{Value: &api.KubernetesSecret{Namespace: "ns", Name: "s"}}),
			},
			`{"connected_resource_types":[],"connector_id":"c","custom_access_details":"","integration_config":{},"name":"n",` +
				`"owner":{"attribute_type":"user","attribute_value":["a@example.com"]},` +
				`"owners_mapping":{"attribute_type":"group","key_name":"k","source_integration_reference":"idp"},` +
				`"secret_store_config":{"kubernetes":{"name":"s","namespace":"ns"}}}`,
		},
		{
			api.IntegrationUpdate{
				Name: "n", ConnectorID: api.Null[string](), CustomAccessDetails: api.Null[string](),
				ConnectedResourceTypes: api.Null[[]string](), Owner: api.Null[api.OwnerReference](),
				OwnersMapping: api.Null[api.OwnerMappingReference](), SecretStoreConfig: api.Null[api.SecretStore](),
			},
			`{"connected_resource_types":null,"connector_id":null,"custom_access_details":null,"integration_config":{},"name":"n",` +
				`"owner":null,"owners_mapping":null,"secret_store_config":null}`,
		},
		{
			api.IntegrationCreateV2{Name: "n", Type: "t", ProvisionerID: api.Set("c"), ConnectedResourceTypes: api.Set([]string{"db"})},
			`{"connected_resource_types":["db"],"metadata":{},"name":"n","provisioner_id":"c","type":"t"}`,
		},
		{
			api.IntegrationUpdateV2{
				Name:         "n",
				SecretConfig: api.Set(api.FlatSecretStore{Value: &api.KubernetesSecret{Namespace: "ns", Name: "s"}}),
			},
			`{"metadata":{},"name":"n","secret_config":{"name":"s","namespace":"ns","type":"KUBERNETES"}}`,
		},
		{
			api.IntegrationUpdateV2{
				ProvisionerID: api.Null[string](), SecretConfig: api.Null[api.FlatSecretStore](),
				ConnectedResourceTypes: api.Null[[]string](), CustomAccessDetails: api.Null[string](),
			},
			`{"connected_resource_types":null,"custom_access_details":null,"metadata":{},"name":"","provisioner_id":null,"secret_config":null}`,
		},
		{api.ConnectorUpdate{Name: "n"}, `{"name":"n"}`},
	} {
		got, err := json.Marshal(tt.body)
		require.NoError(t, err)
		assert.JSONEq(t, tt.want, string(got), "%T", tt.body)
	}
}

func TestRequiredMembersAreNeverNull(t *testing.T) {
	for _, tt := range []struct {
		body any
		want string
	}{
		{api.IntegrationCreate{}, `{"integration_config":{},"name":"","type":""}`},
		{api.IntegrationUpdate{}, `{"integration_config":{},"name":""}`},
		{api.IntegrationCreateV2{}, `{"metadata":{},"name":"","type":""}`},
		{api.IntegrationUpdateV2{}, `{"metadata":{},"name":""}`},
		{api.OwnerReference{}, `{"attribute_type":"","attribute_value":[]}`},
		{api.OwnerMappingReference{}, `{"attribute_type":"","key_name":""}`},
		{api.UserTagsUpdate{}, `{"tags":{}}`},
		{api.AponoSecret{}, `{"parameters":{}}`},
		{api.SecretStore{Value: &api.AponoSecret{}}, `{"apono":{"parameters":{}}}`},
		{api.ConnectorUpdate{}, `{"name":""}`},
	} {
		got, err := json.Marshal(tt.body)
		require.NoError(t, err)
		assert.JSONEq(t, tt.want, string(got), "%T", tt.body)
	}
}

func TestOpenEnumsKeepUnknownValues(t *testing.T) {
	for _, tt := range []struct {
		in   string
		into any
	}{
		{`"Connected-ish"`, new(api.Status)},
		{`"Paused"`, new(api.StatusV2)},
		{`"Unreachable"`, new(api.ResourceState)},
	} {
		require.NoError(t, json.Unmarshal([]byte(tt.in), tt.into))
		out, err := json.Marshal(tt.into)
		require.NoError(t, err)
		assert.Equal(t, tt.in, string(out), "%T", tt.into)
	}
}

func TestIntegrationDecodes(t *testing.T) {
	var got api.IntegrationList
	require.NoError(t, json.Unmarshal([]byte(`{
		"items": [{
			"id": "1", "name": "DB Prod", "type": "postgresql", "category": "RESOURCES", "status": "ACTIVE",
			"connector_id": "c", "last_sync_time": "2025-05-01T10:00:00.5Z", "custom_access_details": "ask",
			"integration_config": {"port": "5432", "n": 12345678901234567890},
			"secret_store_config": {"aws": {"region": "r", "secret_id": "s"}, "gcp": null},
			"connected_resource_types": ["db"],
			"owner": {"attribute_type": "user", "attribute_value": ["a@example.com"], "source_integration_id": "2"},
			"owners_mapping": {"key_name": "k", "attribute_type": "group", "source_integration_name": "idp"}
		}],
		"pagination": {"next_page_token": "t"}
	}`), &got))
	require.Len(t, got.Items, 1)
	in := got.Items[0]
	assert.Equal(t, &api.AWSSecret{Region: "r", SecretID: "s"}, in.SecretStoreConfig.Value)
	in.SecretStoreConfig = api.SecretStore{}
	assert.Equal(t, api.Integration{
		ID: "1", Name: "DB Prod", Type: "postgresql", Category: "RESOURCES", Status: "ACTIVE", ConnectorID: "c",
		LastSyncTime:           api.Time{Time: time.Date(2025, 5, 1, 10, 0, 0, 500000000, time.UTC)},
		CustomAccessDetails:    "ask",
		IntegrationConfig:      api.Config{"port": json.RawMessage(`"5432"`), "n": json.RawMessage(`12345678901234567890`)},
		ConnectedResourceTypes: []string{"db"},
		Owner:                  &api.Owner{AttributeType: "user", AttributeValue: []string{"a@example.com"}, SourceIntegrationID: "2"},
		OwnersMapping:          &api.OwnerMapping{KeyName: "k", AttributeType: "group", SourceIntegrationName: "idp"},
	}, in)
	assert.Equal(t, "t", got.Pagination.NextPageToken)
}

func TestListsDecode(t *testing.T) {
	yes := true
	for _, tt := range []struct {
		in   string
		want any
	}{
		{
			`{"data":[{"id":"1","name":"n","type":"t","status":"Active","connected_resource_types":["db"],"metadata":{"a":"1"}}],
				"pagination":{"total":3,"limit":1,"offset":2}}`,
			&api.IntegrationListV2{
				Data: []api.IntegrationV2{{
					ID: "1", Name: "n", Type: "t", Status: api.StatusV2Active, ConnectedResourceTypes: []string{"db"},
					Metadata: api.Config{"a": json.RawMessage(`"1"`)},
				}},
				Pagination: api.PageInfo{Total: 3, Limit: 1, Offset: 2},
			},
		},
		{
			`{"data":[{"name":"n","type":"t","description":"d","requires_secret":true,"supported_secret_types":["AWS"],
				"params":[{"id":"p","label":"P","values":["a"],"default":"a","optional":true}]}]}`,
			&api.CatalogList{Data: []api.CatalogEntry{{
				Name: "n", Type: "t", Description: "d", RequiresSecret: true, SupportedSecretTypes: []string{"AWS"},
				Params: []api.CatalogParam{{ID: "p", Label: "P", Values: []string{"a"}, Default: "a", Optional: true}},
			}}},
		},
		{
			`{"data":[{"id":"p","name":"read","resource_type":"db"}]}`,
			&api.PermissionList{Data: []api.Permission{{ID: "p", Name: "read", ResourceType: "db"}}},
		},
		{
			`{"data":[{"id":"r","name":"r1","type":"db","status":{"status":"Deleted","message":"gone"}}]}`,
			&api.ResourceList{Data: []api.Resource{{
				ID: "r", Name: "r1", Type: "db", Status: api.ResourceStatus{Status: api.ResourceStateDeleted, Message: "gone"},
			}}},
		},
		{
			`{"items":[{"id":"c","name":"n","status":"CONNECTED","version":"1.2","is_latest_version":true,"cloud_provider_type":"AWS",
				"sessions":[{"id":"s","last_connected_time":null,"metadata":{"connector_version":"1.2",
					"cloud_provider_metadata":{"region":"r","is_azure_admin":null,"local_deploy":true}}}]}]}`,
			&api.ConnectorList{Items: []api.Connector{{
				ID: "c", Name: "n", Status: "CONNECTED", Version: "1.2", IsLatestVersion: true, CloudProviderType: "AWS",
				Sessions: []api.ConnectorSession{{ID: "s", Metadata: api.ConnectorSessionMetadata{
					ConnectorVersion: "1.2", CloudProviderMetadata: &api.ConnectorSessionCloud{Region: "r", LocalDeploy: &yes},
				}}},
			}}},
		},
		{
			`[{"connector_id":"c","status":"Connected","last_connected":1746093600.000000005}]`,
			&[]api.ConnectorV2{{
				ConnectorID: "c", Status: "Connected", LastConnected: api.Time{Time: time.Unix(1746093600, 5).UTC()},
			}},
		},
		{`{"resource_id":"r","tags":{"k":"v"}}`, &api.UserTags{ResourceID: "r", Tags: map[string]string{"k": "v"}}},
		{`{"message":"done"}`, &api.Message{Message: "done"}},
	} {
		got := reflect.New(reflect.TypeOf(tt.want).Elem()).Interface()
		require.NoError(t, json.Unmarshal([]byte(tt.in), got), "%T", tt.want)
		assert.Equal(t, tt.want, got)
	}
}

// What servers send for "none", and members that are new or removed, must not fail a page.
func TestNothingDecodesAsZero(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want any
	}{
		{`{"items":null,"pagination":null}`, &api.IntegrationList{}},
		{`{}`, &api.IntegrationList{}},
		{`{"items":[],"pagination":{"next_page_token":null}}`, &api.IntegrationList{Items: []api.Integration{}}},
		{
			`{"id":"1","connector_id":null,"last_sync_time":null,"integration_config":null,"secret_store_config":null,
				"connected_resource_types":null,"custom_access_details":null,"owner":null,"owners_mapping":null}`,
			&api.Integration{ID: "1"},
		},
		{
			`{"id":"1","secret_store_config":{"aws":null,"gcp":null,"kubernetes":null,"azure":null,"hashicorp_vault":null,"apono":null}}`,
			&api.Integration{ID: "1"},
		},
		{`{"id":"1","last_sync_time":"","secret_store_config":{}}`, &api.Integration{ID: "1"}},
		{
			`{"id":"1","credentials_rotation_period_in_days":30,"user_cleanup_period_in_days":null,"new":{"a":[]}}`,
			&api.Integration{ID: "1"},
		},
		{
			`{"id":"1","details":null,"provisioner_id":null,"connection":null,"last_sync_time":null,"metadata":null,
				"secret_config":null,"connected_resource_types":null,"custom_access_details":null}`,
			&api.IntegrationV2{ID: "1"},
		},
		{`{"id":"1","secret_config":{},"connection":{}}`, &api.IntegrationV2{ID: "1", Connection: api.Config{}}},
		{`{"id":"p","values":null,"default":null,"optional":null}`, &api.CatalogParam{ID: "p"}},
		{`{"type":"t","params":null,"supported_secret_types":null,"requires_secret":null}`, &api.CatalogEntry{Type: "t"}},
		{`{"id":"r","status":null}`, &api.Resource{ID: "r"}},
		{`{"resource_id":"r","tags":null}`, &api.UserTags{ResourceID: "r"}},
		{`{"id":"c","sessions":null,"last_connected":null,"version":null}`, &api.Connector{ID: "c"}},
		{`{"connector_id":"c","last_connected":null}`, &api.ConnectorV2{ConnectorID: "c"}},
		{`null`, new([]api.ConnectorV2)},
	} {
		got := reflect.New(reflect.TypeOf(tt.want).Elem()).Interface()
		require.NoError(t, json.Unmarshal([]byte(tt.in), got), tt.in)
		assert.EqualExportedValues(t, tt.want, got, tt.in)
	}
}

func TestRequestLines(t *testing.T) {
	const server = "https://api.apono.io"
	limit, name, token, resourceType := 50, "*a b*", "t&1", "my db"
	for _, tt := range []struct {
		want string
		make func() (*http.Request, error)
	}{
		{"GET /api/admin/v4/integrations", func() (*http.Request, error) {
			return api.NewListIntegrationsRequest(server, nil)
		}},
		{"GET /api/admin/v4/integrations", func() (*http.Request, error) {
			return api.NewListIntegrationsRequest(server, &api.ListIntegrationsParams{})
		}},
		{"GET /api/admin/v4/integrations", func() (*http.Request, error) {
			return api.NewListIntegrationsRequest(server, &api.ListIntegrationsParams{
				Category: []string{}, ConnectorID: []string{}, Status: []api.Status{}, Type: []string{},
			})
		}},
		{
			"GET /api/admin/v4/integrations?category=RESOURCES&connector_id=a%2Cb&connector_id=c%26d&limit=50&name=%2Aa+b%2A" +
				"&page_token=t%261&status=ACTIVE&status=ERROR&type=my%2A&type=ssh",
			func() (*http.Request, error) {
				return api.NewListIntegrationsRequest(server, &api.ListIntegrationsParams{
					Category: []string{"RESOURCES"}, ConnectorID: []string{"a,b", "c&d"}, Limit: &limit, Name: &name,
					PageToken: &token, Status: []api.Status{"ACTIVE", "ERROR"}, Type: []string{"my*", "ssh"},
				})
			},
		},
		{"POST /api/admin/v4/integrations", func() (*http.Request, error) {
			return api.NewCreateIntegrationRequest(server, api.IntegrationCreate{})
		}},
		{"GET /api/admin/v4/integrations/a%2Fb%20c", func() (*http.Request, error) {
			return api.NewGetIntegrationRequest(server, "a/b c")
		}},
		{"PUT /api/admin/v4/integrations/1", func() (*http.Request, error) {
			return api.NewUpdateIntegrationRequest(server, "1", api.IntegrationUpdate{})
		}},
		{"DELETE /api/admin/v4/integrations/1", func() (*http.Request, error) {
			return api.NewDeleteIntegrationRequest(server, "1")
		}},
		{"GET /api/v2/integrations", func() (*http.Request, error) {
			return api.NewListIntegrationsV2Request(server)
		}},
		{"POST /api/v2/integrations", func() (*http.Request, error) {
			return api.NewCreateIntegrationV2Request(server, api.IntegrationCreateV2{})
		}},
		{"GET /api/v2/integrations/%25%3F%23", func() (*http.Request, error) {
			return api.NewGetIntegrationV2Request(server, "%?#")
		}},
		{"PUT /api/v2/integrations/1", func() (*http.Request, error) {
			return api.NewUpdateIntegrationV2Request(server, "1", api.IntegrationUpdateV2{})
		}},
		{"DELETE /api/v2/integrations/1", func() (*http.Request, error) {
			return api.NewDeleteIntegrationV2Request(server, "1")
		}},
		{"POST /api/v2/integrations/1/refresh", func() (*http.Request, error) {
			return api.NewRefreshIntegrationV2Request(server, "1")
		}},
		{"GET /api/v2/integrations-catalog", func() (*http.Request, error) {
			return api.NewListCatalogRequest(server)
		}},
		{"GET /api/v2/integrations-catalog/%C3%BC", func() (*http.Request, error) {
			return api.NewGetCatalogEntryRequest(server, "ü")
		}},
		{"GET /api/v3/integrations/resources/r%2F1/user-tags", func() (*http.Request, error) {
			return api.NewGetUserTagsRequest(server, "r/1")
		}},
		{"PUT /api/v3/integrations/resources/r/user-tags", func() (*http.Request, error) {
			return api.NewUpdateUserTagsRequest(server, "r", api.UserTagsUpdate{})
		}},
		{"GET /api/v3/integrations/1/permissions", func() (*http.Request, error) {
			return api.NewListPermissionsRequest(server, "1", nil)
		}},
		{"GET /api/v3/integrations/1/permissions?resource-type=my+db", func() (*http.Request, error) {
			return api.NewListPermissionsRequest(server, "1", &api.ListPermissionsParams{ResourceType: &resourceType})
		}},
		{"GET /api/v3/integrations/1/resources?resource-type=my+db", func() (*http.Request, error) {
			return api.NewListResourcesRequest(server, "1", &api.ListResourcesParams{ResourceType: &resourceType})
		}},
		{"GET /api/admin/v3/connectors?limit=50&page_token=t%261&status=CONNECTED&status=x", func() (*http.Request, error) {
			return api.NewListConnectorsRequest(server, &api.ListConnectorsParams{
				Limit: &limit, PageToken: &token, Status: []string{"CONNECTED", "x"},
			})
		}},
		{"GET /api/admin/v3/connectors/c", func() (*http.Request, error) {
			return api.NewGetConnectorRequest(server, "c")
		}},
		{"PUT /api/admin/v3/connectors/c", func() (*http.Request, error) {
			return api.NewUpdateConnectorRequest(server, "c", api.ConnectorUpdate{})
		}},
		{"DELETE /api/admin/v3/connectors/c", func() (*http.Request, error) {
			return api.NewDeleteConnectorRequest(server, "c")
		}},
		{"GET /api/v2/connectors", func() (*http.Request, error) {
			return api.NewListConnectorsV2Request(server)
		}},
	} {
		t.Run(tt.want, func(t *testing.T) {
			req, err := tt.make()
			require.NoError(t, err)
			assert.Equal(t, tt.want, req.Method+" "+req.URL.RequestURI())
		})
	}
}

func TestBodiesAreNotEscapedAndCanBeSentAgain(t *testing.T) {
	const config = `{"a":"<&>","b":1.10,"c":12345678901234567890,"d":"[{\"k\":\"v\"}]"}`
	in := api.IntegrationUpdate{Name: "<n>", CustomAccessDetails: api.Set("a & b")}
	require.NoError(t, json.Unmarshal([]byte(config), &in.IntegrationConfig))
	in.Owner = api.Set(api.OwnerReference{AttributeType: "<t>"})
	req, err := api.NewUpdateIntegrationRequest("http://localhost", "1", in)
	require.NoError(t, err)
	assert.Equal(t, "application/json", req.Header.Get("Content-Type"))
	require.NotNil(t, req.GetBody, "a retry must be able to send the body again")
	for range 2 {
		body, err := req.GetBody()
		require.NoError(t, err)
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Equal(t, `{"custom_access_details":"a & b","integration_config":`+config+
			`,"name":"<n>","owner":{"attribute_type":"<t>","attribute_value":[]}}`, string(got))
	}

	req, err = api.NewUpdateUserTagsRequest("http://localhost", "r", api.UserTagsUpdate{Tags: map[string]string{"<k>": "a & b"}})
	require.NoError(t, err)
	got, err := io.ReadAll(req.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"tags":{"<k>":"a & b"}}`, string(got))
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(req *http.Request) (*http.Response, error) { return d(req) }

// The client is generated from a template of this module, so it is tested here.
func TestClient(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "v")
	var order []string
	edit := func(name string) api.RequestEditorFn {
		return func(ctx context.Context, req *http.Request) error {
			assert.Equal(t, "v", ctx.Value(key{}))
			assert.Equal(t, "v", req.Context().Value(key{}))
			order = append(order, name)
			return nil
		}
	}
	var seen []string
	sent := &http.Response{StatusCode: http.StatusTeapot}
	send := doer(func(req *http.Request) (*http.Response, error) {
		assert.Equal(t, "v", req.Context().Value(key{}))
		seen = append(seen, req.Method+" "+req.URL.String())
		return sent, nil
	})
	for _, server := range []string{"https://gw/prefix", "https://gw/prefix/"} {
		seen, order = nil, nil
		c, err := api.NewClient(server, api.WithHTTPClient(send), api.WithRequestEditorFn(edit("first")), api.WithRequestEditorFn(edit("second")))
		require.NoError(t, err)
		resp, err := c.GetIntegration(ctx, "1", edit("third"))
		require.NoError(t, err)
		assert.Same(t, sent, resp, "a status is not an error here")
		assert.Equal(t, []string{"first", "second", "third"}, order)
		_, err = c.CreateIntegrationWithBody(ctx, "text/plain", bytes.NewReader(nil))
		require.NoError(t, err)
		assert.Equal(t, []string{
			"GET https://gw/prefix/api/admin/v4/integrations/1", "POST https://gw/prefix/api/admin/v4/integrations",
		}, seen)
	}

	refused := errors.New("refused")
	c, err := api.NewClient("https://gw", api.WithHTTPClient(send))
	require.NoError(t, err)
	seen = nil
	_, err = c.DeleteIntegration(ctx, "1", func(context.Context, *http.Request) error { return refused })
	assert.Equal(t, refused, err)
	_, err = c.UpdateIntegration(ctx, "1", api.IntegrationUpdate{IntegrationConfig: api.Config{"a": nil}})
	assert.Error(t, err, "an empty raw value is not JSON")
	assert.Empty(t, seen)

	_, err = api.NewClient("https://gw", func(*api.Client) error { return refused })
	assert.Equal(t, refused, err)
	_, err = api.NewGetIntegrationRequest("://", "1")
	assert.Error(t, err)
}

// Each path value reaches its place, also where the server has a path of its own.
func TestPathValuesAreEscaped(t *testing.T) {
	for _, id := range []string{"a/b", "a b", "%2F", "é", "a?b", "a#b", "..a", "a;b"} {
		req, err := api.NewGetIntegrationRequest("https://gw/p/", id)
		require.NoError(t, err, id)
		assert.Equal(t, "/p/api/admin/v4/integrations/"+id, req.URL.Path)
		assert.Equal(t, 6, strings.Count(req.URL.EscapedPath(), "/"), req.URL.EscapedPath())
	}
}
