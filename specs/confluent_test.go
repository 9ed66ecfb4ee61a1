package specs_test

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Required sets, unions and read-only marks must hold through the compositions that the spec is written with.
func TestConfluentSchemas(t *testing.T) {
	const (
		env    = `"environment":{"id":"env-1","related":"https://r","resource_name":"crn://n"}`
		head   = `"api_version":"pim/v2","kind":"Integration","id":"cspi-1",`
		gcp    = `"config":{"kind":"GcpIntegrationConfig","google_service_account":"a@b"}`
		aws    = `"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"arn:aws:iam::000000000000:role/r"}`
		badAWS = `"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"too short"}`
	)
	request, response := openapi3.VisitAsRequest(), openapi3.VisitAsResponse()
	doc := load(t, "confluent")
	for _, tt := range []struct {
		schema string
		as     openapi3.SchemaValidationOption
		value  string
		ok     bool
	}{
		{"pim.v2.ReadIntegration", response, `{` + head + `"status":"DRAFT","provider":"gcp",` + gcp + `,` + env + `}`, true},
		{"pim.v2.ReadIntegration", response, `{` + head + `"status":"NEW",` + env + `}`, true},
		{"pim.v2.ReadIntegration", response, `{` + head + env + `}`, false},
		{"pim.v2.ReadIntegration", response, `{` + head + `"status":"DRAFT",` + badAWS + `,` + env + `}`, false},
		{"pim.v2.CreatedIntegration", response, `{"status":"DRAFT",` + env + `}`, true},
		{"pim.v2.CreatedIntegration", response, `{` + env + `}`, false},
		{"pim.v2.ListedIntegration", response, `{"id":"cspi-1","status":"DRAFT",` + env + `}`, true},
		{"pim.v2.ListedIntegration", response, `{"status":"DRAFT",` + env + `}`, false},
		{"pim.v1.CreatedIntegration", response, `{` + aws + `,` + env + `}`, true},
		{"pim.v1.CreatedIntegration", response, `{` + gcp + `,` + env + `}`, false},
		{"pim.v1.ReadIntegration", response, `{` + aws + `,` + env + `}`, false},
		{"pim.v1.IntegrationCreateRequest", request, `{` + aws + `,"environment":{"id":"env-1"}}`, true},
		{"pim.v1.IntegrationCreateRequest", request, `{"environment":{"id":"env-1"}}`, false},
		{"pim.v2.IntegrationCreateRequest", request, `{"environment":{"id":"env-1"}}`, true},
		{"pim.v2.IntegrationCreateRequest", request, `{"id":"cspi-1","environment":{"id":"env-1"}}`, false},
		{"pim.v2.IntegrationCreateRequest", request, `{}`, false},
		{"pim.v2.IntegrationUpdateRequest", request, `{` + aws + `,"environment":{"id":"env-1"}}`, true},
		{"pim.v2.IntegrationUpdateRequest", request, `{` + aws + `}`, false},
		{"pim.v2.IntegrationValidateRequest", request, `{"id":"cspi-1","environment":{"id":"env-1"}}`, true},
		{"pim.v2.IntegrationValidateRequest", request, `{"environment":{"id":"env-1"}}`, false},
		{"sts.v1.TokenExchangeReply", response, `{"access_token":"t","issued_token_type":"i","token_type":"Bearer","expires_in":900}`, true},
		{"sts.v1.TokenExchangeReply", response, `{"access_token":"t"}`, false},
	} {
		var value any
		require.NoError(t, json.Unmarshal([]byte(tt.value), &value))
		schema := doc.Components.Schemas[tt.schema]
		require.NotNil(t, schema, tt.schema)
		err := schema.Value.VisitJSON(value, tt.as, openapi3.MultiErrors())
		assert.Equal(t, tt.ok, err == nil, "%s %s: %v", tt.schema, tt.value, err)
	}
}
