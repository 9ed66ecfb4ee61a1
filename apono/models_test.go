package apono

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestsCarryOnlyWhatIsSet(t *testing.T) {
	for _, tt := range []struct {
		body any
		want string
	}{
		{
			IntegrationCreate{Name: "n", Type: "t", IntegrationConfig: Config{"a": json.RawMessage(`"1"`)}},
			`{"integration_config":{"a":"1"},"name":"n","type":"t"}`,
		},
		{
			IntegrationUpdate{
				Name: "n", ConnectorID: Set("c"), CustomAccessDetails: Set(""), ConnectedResourceTypes: Set([]string{}),
				Owner: Set(OwnerReference{AttributeType: "user", AttributeValue: []string{"a@example.com"}}),
				OwnersMapping: Set(OwnerMappingReference{
					KeyName: "k", AttributeType: "group", SourceIntegrationReference: "idp",
				}),
				SecretStoreConfig: Set(SecretStore{Value: &KubernetesSecret{Namespace: "ns", Name: "s"}}),
			},
			`{"connected_resource_types":[],"connector_id":"c","custom_access_details":"","integration_config":{},` +
				`"name":"n",` +
				`"owner":{"attribute_type":"user","attribute_value":["a@example.com"]},` +
				`"owners_mapping":{"attribute_type":"group","key_name":"k","source_integration_reference":"idp"},` +
				`"secret_store_config":{"kubernetes":{"name":"s","namespace":"ns"}}}`,
		},
		{
			IntegrationUpdate{
				Name: "n", ConnectorID: Null[string](), CustomAccessDetails: Null[string](),
				ConnectedResourceTypes: Null[[]string](), Owner: Null[OwnerReference](),
				OwnersMapping: Null[OwnerMappingReference](), SecretStoreConfig: Null[SecretStore](),
			},
			`{"connected_resource_types":null,"connector_id":null,"custom_access_details":null,` +
				`"integration_config":{},"name":"n",` +
				`"owner":null,"owners_mapping":null,"secret_store_config":null}`,
		},
		{
			IntegrationCreateV2{Name: "n", Type: "t", ProvisionerID: Set("c"),
				ConnectedResourceTypes: Set([]string{"db"})},
			`{"connected_resource_types":["db"],"metadata":{},"name":"n","provisioner_id":"c","type":"t"}`,
		},
		{
			IntegrationUpdateV2{
				Name:         "n",
				SecretConfig: Set(FlatSecretStore{Value: &KubernetesSecret{Namespace: "ns", Name: "s"}}),
			},
			`{"metadata":{},"name":"n","secret_config":{"name":"s","namespace":"ns","type":"KUBERNETES"}}`,
		},
		{
			IntegrationUpdateV2{
				ProvisionerID: Null[string](), SecretConfig: Null[FlatSecretStore](),
				ConnectedResourceTypes: Null[[]string](), CustomAccessDetails: Null[string](),
			},
			`{"connected_resource_types":null,"custom_access_details":null,"metadata":{},"name":"",` +
				`"provisioner_id":null,"secret_config":null}`,
		},
		{connectorUpdate{Name: "n"}, `{"name":"n"}`},
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
		{IntegrationCreate{}, `{"integration_config":{},"name":"","type":""}`},
		{IntegrationUpdate{}, `{"integration_config":{},"name":""}`},
		{IntegrationCreateV2{}, `{"metadata":{},"name":"","type":""}`},
		{IntegrationUpdateV2{}, `{"metadata":{},"name":""}`},
		{OwnerReference{}, `{"attribute_type":"","attribute_value":[]}`},
		{OwnerMappingReference{}, `{"attribute_type":"","key_name":""}`},
		{userTagsUpdate{}, `{"tags":{}}`},
		{AponoSecret{}, `{"parameters":{}}`},
		{SecretStore{Value: &AponoSecret{}}, `{"apono":{"parameters":{}}}`},
		{connectorUpdate{}, `{"name":""}`},
	} {
		got, err := json.Marshal(tt.body)
		require.NoError(t, err)
		assert.JSONEq(t, tt.want, string(got), "%T", tt.body)
	}
}

func TestIntegrationDecodes(t *testing.T) {
	var got integrationList
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
	assert.Equal(t, &AWSSecret{Region: "r", SecretID: "s"}, in.SecretStoreConfig.Value)
	in.SecretStoreConfig = SecretStore{}
	assert.Equal(t, Integration{
		ID: "1", Name: "DB Prod", Type: "postgresql", Category: "RESOURCES", Status: "ACTIVE", ConnectorID: "c",
		LastSyncTime:           Time{Time: time.Date(2025, 5, 1, 10, 0, 0, 500000000, time.UTC)},
		CustomAccessDetails:    "ask",
		IntegrationConfig:      Config{"port": json.RawMessage(`"5432"`), "n": json.RawMessage(`12345678901234567890`)},
		ConnectedResourceTypes: []string{"db"},
		Owner: &Owner{AttributeType: "user", AttributeValue: []string{"a@example.com"},
			SourceIntegrationID: "2"},
		OwnersMapping: &OwnerMapping{KeyName: "k", AttributeType: "group", SourceIntegrationName: "idp"},
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
			`{"data":[{"id":"1","name":"n","type":"t","status":"Active","connected_resource_types":["db"],` +
				`"metadata":{"a":"1"}}],
				"pagination":{"total":3,"limit":1,"offset":2}}`,
			&integrationListV2{
				Data: []IntegrationV2{{
					ID: "1", Name: "n", Type: "t", Status: StatusV2Active, ConnectedResourceTypes: []string{"db"},
					Metadata: Config{"a": json.RawMessage(`"1"`)},
				}},
				Pagination: pageInfo{Total: 3, Limit: 1, Offset: 2},
			},
		},
		{
			`{"data":[{"name":"n","type":"t","description":"d","requires_secret":true,"supported_secret_types":["AWS"],
				"params":[{"id":"p","label":"P","values":["a"],"default":"a","optional":true}]}]}`,
			&catalogList{Data: []CatalogEntry{{
				Name: "n", Type: "t", Description: "d", RequiresSecret: true, SupportedSecretTypes: []string{"AWS"},
				Params: []CatalogParam{{ID: "p", Label: "P", Values: []string{"a"}, Default: "a", Optional: true}},
			}}},
		},
		{
			`{"data":[{"id":"p","name":"read","resource_type":"db"}]}`,
			&permissionList{Data: []Permission{{ID: "p", Name: "read", ResourceType: "db"}}},
		},
		{
			`{"data":[{"id":"r","name":"r1","type":"db","status":{"status":"Deleted","message":"gone"}}]}`,
			&resourceList{Data: []Resource{{
				ID: "r", Name: "r1", Type: "db", Status: ResourceStatus{Status: ResourceStateDeleted, Message: "gone"},
			}}},
		},
		{
			`{"items":[{"id":"c","name":"n","status":"CONNECTED","version":"1.2","is_latest_version":true,` +
				`"cloud_provider_type":"AWS",
				"sessions":[{"id":"s","last_connected_time":null,"metadata":{"connector_version":"1.2",
					"cloud_provider_metadata":{"region":"r","is_azure_admin":null,"local_deploy":true}}}]}]}`,
			&connectorList{Items: []Connector{{
				ID: "c", Name: "n", Status: "CONNECTED", Version: "1.2", IsLatestVersion: true,
				CloudProviderType: "AWS",
				Sessions: []ConnectorSession{{ID: "s", Metadata: ConnectorSessionMetadata{
					ConnectorVersion: "1.2", CloudProviderMetadata: &ConnectorSessionCloud{Region: "r",
						LocalDeploy: &yes},
				}}},
			}}},
		},
		{
			`[{"connector_id":"c","status":"Connected","last_connected":1746093600.000000005}]`,
			&[]ConnectorV2{{
				ConnectorID: "c", Status: "Connected", LastConnected: Time{Time: time.Unix(1746093600, 5).UTC()},
			}},
		},
		{`{"resource_id":"r","tags":{"k":"v"}}`, &userTags{ResourceID: "r", Tags: map[string]string{"k": "v"}}},
		{`{"message":"done"}`, &message{Message: "done"}},
	} {
		got := reflect.New(reflect.TypeOf(tt.want).Elem()).Interface()
		require.NoError(t, json.Unmarshal([]byte(tt.in), got), "%T", tt.want)
		assert.Equal(t, tt.want, got)
	}
}

// The values that servers send for "none", and new or removed members, must not fail a page.
func TestNothingDecodesAsZero(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want any
	}{
		{`{"items":null,"pagination":null}`, &integrationList{}},
		{`{}`, &integrationList{}},
		{`{"items":[],"pagination":{"next_page_token":null}}`, &integrationList{Items: []Integration{}}},
		{
			`{"id":"1","connector_id":null,"last_sync_time":null,"integration_config":null,"secret_store_config":null,
				"connected_resource_types":null,"custom_access_details":null,"owner":null,"owners_mapping":null}`,
			&Integration{ID: "1"},
		},
		{
			`{"id":"1","secret_store_config":{"aws":null,"gcp":null,"kubernetes":null,"azure":null,` +
				`"hashicorp_vault":null,"apono":null}}`,
			&Integration{ID: "1"},
		},
		{`{"id":"1","last_sync_time":"","secret_store_config":{}}`, &Integration{ID: "1"}},
		{
			`{"id":"1","credentials_rotation_period_in_days":30,"user_cleanup_period_in_days":null,"new":{"a":[]}}`,
			&Integration{ID: "1"},
		},
		{
			`{"id":"1","details":null,"provisioner_id":null,"connection":null,"last_sync_time":null,"metadata":null,
				"secret_config":null,"connected_resource_types":null,"custom_access_details":null}`,
			&IntegrationV2{ID: "1"},
		},
		{`{"id":"1","secret_config":{},"connection":{}}`, &IntegrationV2{ID: "1", Connection: Config{}}},
		{`{"id":"p","values":null,"default":null,"optional":null}`, &CatalogParam{ID: "p"}},
		{`{"type":"t","params":null,"supported_secret_types":null,"requires_secret":null}`, &CatalogEntry{Type: "t"}},
		{`{"id":"r","status":null}`, &Resource{ID: "r"}},
		{`{"resource_id":"r","tags":null}`, &userTags{ResourceID: "r"}},
		{`{"id":"c","sessions":null,"last_connected":null,"version":null}`, &Connector{ID: "c"}},
		{`{"connector_id":"c","last_connected":null}`, &ConnectorV2{ConnectorID: "c"}},
		{`null`, new([]ConnectorV2)},
	} {
		got := reflect.New(reflect.TypeOf(tt.want).Elem()).Interface()
		require.NoError(t, json.Unmarshal([]byte(tt.in), got), tt.in)
		assert.EqualExportedValues(t, tt.want, got, tt.in)
	}
}
