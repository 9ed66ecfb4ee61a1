package tools_test

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// Required members, unions and read-only marks must be correct after the compositions of the spec
// are resolved.
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
		{"pim.v2.ReadIntegration", response, `{` + head + `"status":"DRAFT","provider":"gcp",` + gcp + `,` + env + `}`,
			true},
		{"pim.v2.ReadIntegration", response, `{` + head + `"status":"NEW",` + env + `}`, true},
		{"pim.v2.ReadIntegration", response, `{` + head + env + `}`, false},
		{"pim.v2.ReadIntegration", response, `{` + head + `"status":"DRAFT",` + badAWS + `,` + env + `}`, false},
		{"pim.v2.CreatedIntegration", response, `{"status":"DRAFT",` + env + `}`, true},
		{"pim.v2.CreatedIntegration", response, `{` + env + `}`, false},
		{"pim.v2.ListedIntegration", response, `{"id":"cspi-1","status":"DRAFT",` + env + `}`, true},
		{"pim.v2.ListedIntegration", response, `{"status":"DRAFT",` + env + `}`, false},
		{"pim.v2.ListedIntegration", response, `{"id":"cspi-1"}`, false},
		{"pim.v2.ListedIntegration", response, `{"id":"cspi-1","status":"DRAFT"}`, false},
		{"pim.v2.ListedIntegration", response, `{"id":"cspi-1",` + env + `}`, false},
		{"pim.v1.ListedIntegration", response, `{"id":"cspi-1",` + aws + `,` + env + `}`, true},
		{"pim.v1.ListedIntegration", response, `{"id":"cspi-1"}`, false},
		{"pim.v1.ListedIntegration", response, `{"id":"cspi-1",` + aws + `}`, false},
		{"pim.v1.ListedIntegration", response, `{"id":"cspi-1",` + env + `}`, false},
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
		{"sts.v1.TokenExchangeReply", response,
			`{"access_token":"t","issued_token_type":"i","token_type":"Bearer","expires_in":900}`, true},
		{"sts.v1.TokenExchangeReply", response, `{"access_token":"t"}`, false},
	} {
		err := validate(t, doc, tt.schema, tt.value, tt.as)
		assert.Equal(t, tt.ok, err == nil, "%s %s: %v", tt.schema, tt.value, err)
	}
}

// The limits in package confluent are those of the spec.
func TestConfluentLimits(t *testing.T) {
	doc := load(t, "confluent")
	assert.InDelta(t, confluent.MaxPageSize, *doc.Components.Parameters["page_size"].Value.Schema.Value.Max, 0)
	lifetime := doc.Components.Schemas["sts.v1.TokenExchangeRequest"].Value.Properties["expires_in"].Value
	assert.InDelta(t, confluent.MaxTokenLifetime.Seconds(), *lifetime.Max, 0)

	srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithHTTPClient(srv.HTTPClient()),
		confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	require.NoError(t, err)
	create := func(arn string) error {
		_, err := c.IntegrationsV1.Create(t.Context(), confluent.IntegrationCreateV1{
			Environment: confluent.Reference{ID: "env-1"},
			Config:      confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: arn}},
		})
		return err
	}
	arn := func(length uint64) string {
		const stem = "arn:aws:iam::1:role/"
		return stem[:min(length, 20)] + strings.Repeat("r", int(length-min(length, 20)))
	}
	names, roles := 0, 0
	for schema, s := range doc.Components.Schemas {
		if p := s.Value.Properties["display_name"]; p != nil {
			names++
			require.NotNil(t, p.Value.MaxLength, schema)
			assert.EqualValues(t, confluent.MaxDisplayNameLength, *p.Value.MaxLength, schema)
		}
		if p := s.Value.Properties["customer_iam_role_arn"]; p != nil {
			roles++
			require.NotNil(t, p.Value.MaxLength, schema)
			srv.ResetCalls()
			require.ErrorIs(t, create(arn(p.Value.MinLength-1)), confluent.ErrInvalid, schema)
			require.ErrorIs(t, create(arn(*p.Value.MaxLength+1)), confluent.ErrInvalid, schema)
			assert.Empty(t, srv.Calls(), schema)
			for _, length := range []uint64{p.Value.MinLength, *p.Value.MaxLength} {
				require.NoError(t, create(arn(length)), "%s: %d", schema, length)
			}
			for _, in := range srv.Integrations("env-1") {
				require.NoError(t, c.IntegrationsV1.Delete(t.Context(), "env-1", in.ID))
			}
		}
	}
	assert.NotZero(t, names)
	assert.NotZero(t, roles)
}
