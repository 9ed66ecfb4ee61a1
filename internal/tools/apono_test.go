package tools_test

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Required members and nullable marks must be correct after the compositions of the spec are
// resolved.
func TestAponoSchemas(t *testing.T) {
	const (
		v4    = `"id":"1","name":"n","type":"postgresql","category":"RESOURCES","status":"ACTIVE"`
		v2    = `"id":"1","name":"n","type":"postgresql","status":"Active","connected_resource_types":[]`
		empty = `"integration_config":{}`
		nulls = `"connector_id":null,"secret_store_config":null,"connected_resource_types":null,` +
			`"custom_access_details":null,` +
			`"owner":null,"owners_mapping":null`
		nullsV2 = `"provisioner_id":null,"secret_config":null,"custom_access_details":null`
		owner   = `{"attribute_type":"user","attribute_value":["a@example.com"]}`
		page    = `"pagination":{"total":0,"limit":0,"offset":0}`
		conn    = `"id":"c","name":"c","status":"CONNECTED","version":"1","is_latest_version":true,` +
			`"cloud_provider_type":"AWS"`
	)
	doc := load(t, "apono")
	for _, tt := range []struct {
		schema string
		value  string
		ok     bool
	}{
		{"IntegrationV4", `{` + v4 + `,` + empty + `}`, true},
		{"IntegrationV4", `{` + v4 + `,` + empty + `,` + nulls + `,"last_sync_time":null}`, true},
		{"IntegrationV4", `{` + v4 + `,` + empty + `,"last_sync_time":"2025-01-02T03:04:05.123456789Z","owner":` +
			owner + `}`, true},
		{"IntegrationV4", `{` + v4 + `,` + empty + `,"last_sync_time":1746093600.5}`, false},
		{"IntegrationV4", `{` + v4 + `,"integration_config":{"a":1,"b":null,"c":[{}],"d":"x"}}`, true},
		{"IntegrationV4", `{` + v4 + `,"integration_config":null}`, false},
		{"IntegrationV4", `{` + v4 + `}`, false},
		{"IntegrationV4", `{` + empty + `,"id":"1","name":"n","type":"t","status":"s"}`, false},
		{"CreateIntegrationV4", `{"name":"n","type":"t",` + empty + `}`, true},
		{"CreateIntegrationV4", `{"name":"n","type":"t",` + empty + `,` + nulls + `}`, true},
		{"CreateIntegrationV4", `{"name":"n","type":"t",` + empty + `,"owner":` + owner + `}`, true},
		{"CreateIntegrationV4", `{"name":"n","type":"t",` + empty +
			`,"owner":{"attribute_type":"user","attribute_value":null}}`, false},
		{"CreateIntegrationV4", `{"name":"n","type":"t","integration_config":null}`, false},
		{"CreateIntegrationV4", `{"name":"n",` + empty + `}`, false},
		{"UpdateIntegrationV4", `{"name":"n",` + empty + `,` + nulls + `}`, true},
		{"UpdateIntegrationV4", `{"name":"n"}`, false},
		{"UpsertOwnerMappingV4", `{"key_name":"k","attribute_type":"user","source_integration_reference":null}`, true},
		{"UpsertOwnerMappingV4", `{"attribute_type":"user"}`, false},
		{"SecretStoreConfigV4", `{}`, true},
		{"SecretStoreConfigV4", `{"aws":null,"gcp":null,"kubernetes":null,"azure":null,"hashicorp_vault":null,` +
			`"apono":null}`, true},
		{"SecretStoreConfigV4", `{"aws":{"region":"r","secret_id":"s"}}`, true},
		{"SecretStoreConfigV4", `{"aws":{"region":"r"}}`, false},
		{"UpsertSecretStoreConfigV4", `{"apono":{"parameters":{"k":"v"}}}`, true},
		{"UpsertSecretStoreConfigV4", `{"apono":{"parameters":{"k":1}}}`, false},
		{"PublicApiListResponseIntegrationPublicV4Model", `{"items":[],"pagination":{}}`, true},
		{"PublicApiListResponseIntegrationPublicV4Model", `{"items":[],"pagination":{"next_page_token":null}}`, true},
		{"PublicApiListResponseIntegrationPublicV4Model", `{"items":[]}`, false},
		{"Integration", `{` + v2 + `,"metadata":{}}`, true},
		{"Integration", `{` + v2 + `,"metadata":{},"connection":{},"last_sync_time":1746093600.123456789,` + nullsV2 +
			`}`, true},
		{"Integration", `{` + v2 + `,"metadata":{},"connection":null,"details":null,"last_sync_time":null}`, true},
		{"Integration", `{` + v2 + `}`, false},
		{"Integration", `{"id":"1","name":"n","type":"t","status":"ACTIVE","connected_resource_types":[],` +
			`"metadata":{}}`, false},
		{"CreateIntegration",
			`{"name":"n","type":"t","metadata":{"a":1},"secret_config":{"type":"AWS"},"connected_resource_types":null}`,
			true},
		{"CreateIntegration", `{"name":"n","type":"t"}`, false},
		{"UpdateIntegration", `{"name":"n","metadata":{},` + nullsV2 + `}`, true},
		{"UpdateIntegration", `{"metadata":{}}`, false},
		{"PaginatedResponseIntegrationConfigPublicModel", `{"data":[],` + page + `}`, true},
		{"PaginatedResponseIntegrationConfigPublicModel", `{"data":[],"pagination":{"total":0}}`, false},
		{"IntegrationConfigParam", `{"id":"p","label":"P","values":[],"default":"","optional":false}`, true},
		{"IntegrationConfigParam", `{"id":"p","label":"P","values":[],"default":""}`, false},
		{"UpdateResourceUserTagsRequest", `{"tags":{"k":"v"}}`, true},
		{"UpdateResourceUserTagsRequest", `{"tags":{"k":null}}`, false},
		{"UpdateResourceUserTagsRequest", `{}`, false},
		{"ResourceResponse", `{"id":"r","name":"r","type":"t","status":{"status":"Deleted","message":null}}`, true},
		{"ResourceResponse", `{"id":"r","name":"r","type":"t","status":{"status":"deleted"}}`, false},
		{"ConnectorV3", `{` + conn + `,"sessions":[],"last_connected":null}`, true},
		{"ConnectorV3", `{` + conn + `,"sessions":[{"id":"s","last_connected_time":"2025-01-02T03:04:05Z",` +
			`"metadata":{"cloud_provider_metadata":null}}]}`, true},
		{"ConnectorV3", `{` + conn + `,"sessions":[{"id":"s","metadata":{}}]}`, false},
		{"ConnectorV3", `{` + conn + `}`, false},
		{"Connector", `{"connector_id":"c","status":"Connected","last_connected":1746093600.5}`, true},
		{"Connector", `{"status":"Connected"}`, false},
	} {
		err := validate(t, doc, tt.schema, tt.value, openapi3.EnableFormatValidation())
		assert.Equal(t, tt.ok, err == nil, "%s %s: %v", tt.schema, tt.value, err)
	}
}

// The server has the defaults. No client sends them.
func TestAponoQueries(t *testing.T) {
	want := map[string]string{}
	for path, names := range map[string][]string{
		"GET /api/admin/v4/integrations": {"[]category", "[]connector_id", "name", "page_token", "[]status",
			"[]type"},
		"GET /api/admin/v3/connectors":              {"page_token", "[]status"},
		"GET /api/v3/integrations/{id}/permissions": {"resource-type"},
		"GET /api/v3/integrations/{id}/resources":   {"resource-type"},
	} {
		for _, name := range names {
			want[path+" "+strings.TrimPrefix(name, "[]")] = unset(strings.HasPrefix(name, "[]")) + " nullable"
		}
		if len(names) > 1 {
			want[path+" limit"] = "* int32 100"
		}
	}
	got := map[string]string{}
	for name, op := range operations(load(t, "apono")) {
		for _, p := range op.Parameters {
			if p.Value.In != "query" {
				continue
			}
			s := p.Value.Schema.Value
			about := unset(s.Type.Is("array"))
			if s.Nullable {
				about += " nullable"
			}
			if s.Default != nil {
				about += fmt.Sprintf(" %s %v", s.Format, s.Default)
			}
			got[name+" "+p.Value.Name] = about
		}
	}
	assert.Equal(t, want, got, "enter the query parameters of a new operation at the beginning of this test")
}

// A plain type would not distinguish null from absent. A replacement may depend on that.
func TestAponoNullableRequestMembersAreOptional(t *testing.T) {
	doc := load(t, "apono")
	types := map[string]*ast.StructType{}
	for n := range ast.Preorder(parse(t, "apono")) {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if st, ok := spec.Type.(*ast.StructType); ok {
				types[spec.Name.Name] = st
			}
		}
	}
	for schema, name := range map[string]string{
		"CreateIntegrationV4": "IntegrationCreate", "UpdateIntegrationV4": "IntegrationUpdate",
		"CreateIntegration": "IntegrationCreateV2", "UpdateIntegration": "IntegrationUpdateV2",
	} {
		var want, got []string
		for member, s := range doc.Components.Schemas[schema].Value.Properties {
			if s.Value.Nullable {
				want = append(want, member)
			}
		}
		require.NotEmpty(t, want)
		require.Contains(t, types, name)
		for _, f := range types[name].Fields.List {
			if generic, ok := f.Type.(*ast.IndexExpr); ok {
				assert.Equal(t, "Optional", generic.X.(*ast.Ident).Name)
				assert.Contains(t, f.Tag.Value, ",omitzero", "%s.%s", name, f.Names[0])
				got = append(got, strings.TrimPrefix(strings.SplitN(f.Tag.Value, ",", 2)[0], "`json:\""))
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		assert.Equal(t, want, got, name)
	}
}

// The vendor's documents describe only successful responses, so the code must not depend on others.
func TestAponoDeclaresSuccessOnly(t *testing.T) {
	ops := operations(load(t, "apono"))
	require.NotEmpty(t, ops)
	for name, op := range ops {
		want := "200"
		if strings.HasPrefix(name, "DELETE /api/admin/") {
			want = "204"
		}
		assert.Equal(t, 1, op.Responses.Len(), name)
		require.NotNil(t, op.Responses.Value(want), name)
		assert.Equal(t, want == "204", len(op.Responses.Value(want).Value.Content) == 0, name)
	}
}
