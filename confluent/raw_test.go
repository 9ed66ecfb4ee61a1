package confluent

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestListDecodes(t *testing.T) {
	var got integrationList
	require.NoError(t, json.Unmarshal([]byte(`{
		"api_version": "pim/v2", "kind": "IntegrationList",
		"metadata": {"first": null, "next": "https://api.confluent.cloud/pim/v2/integrations?page_token=t", `+
		`"total_size": 3},
		"data": [{
			"api_version": "pim/v2", "kind": "Integration", "id": "cspi-1", "display_name": "n", "provider": "gcp",
			"status": "DRAFT", "usages": ["crn://confluent.cloud/organization=o"],
			"environment": {"id": "env-1", "related": "r", "resource_name": "crn://confluent.cloud/environment=env-1"}
		}]
	}`), &got))
	assert.Equal(t, integrationList{
		APIVersion: "pim/v2",
		Kind:       "IntegrationList",
		Metadata:   listMeta{Next: "https://api.confluent.cloud/pim/v2/integrations?page_token=t", TotalSize: 3},
		Data: []Integration{{
			APIVersion: "pim/v2", Kind: "Integration", ID: "cspi-1", DisplayName: "n", Provider: ProviderGCP,
			Status: StatusDraft, Usages: []string{"crn://confluent.cloud/organization=o"},
			Environment: Reference{ID: "env-1", Related: "r", ResourceName: "crn://confluent.cloud/environment=env-1"},
		}},
	}, got)
}

func TestRequestLines(t *testing.T) {
	ctx := t.Context()
	const server = "https://api.confluent.cloud"
	provider, status, size := ProviderAzure, StatusDraft, 50
	name, token := "a b", "t&1"
	for _, tt := range []struct {
		want string
		make func() (*http.Request, error)
	}{
		{"GET /pim/v1/integrations?environment=env-1", func() (*http.Request, error) {
			return newListIntegrationsV1Request(ctx, server, &listIntegrationsV1Params{Environment: "env-1"})
		}},
		{"POST /pim/v1/integrations", func() (*http.Request, error) {
			return newCreateIntegrationV1Request(ctx, server, IntegrationCreateV1{})
		}},
		{"GET /pim/v1/integrations/a%2Fb?environment=env-1", func() (*http.Request, error) {
			return newGetIntegrationV1Request(ctx, server, "a/b", &getIntegrationV1Params{Environment: "env-1"})
		}},
		{"DELETE /pim/v1/integrations/cspi-1?environment=env-1", func() (*http.Request, error) {
			return newDeleteIntegrationV1Request(
				ctx, server, "cspi-1", &deleteIntegrationV1Params{Environment: "env-1"})
		}},
		{"GET /pim/v2/integrations?environment=env-1", func() (*http.Request, error) {
			return newListIntegrationsRequest(ctx, server, &listIntegrationsParams{Environment: "env-1"})
		}},
		{
			"GET /pim/v2/integrations?environment=env-1&display_name=a+b&provider=AZURE" +
				"&status=DRAFT&page_size=50&page_token=t%261",
			func() (*http.Request, error) {
				return newListIntegrationsRequest(ctx, server, &listIntegrationsParams{
					Environment: "env-1", DisplayName: &name, Provider: &provider, Status: &status, PageSize: &size,
					PageToken: &token,
				})
			},
		},
		{"POST /pim/v2/integrations", func() (*http.Request, error) {
			return newCreateIntegrationRequest(ctx, server, IntegrationCreate{})
		}},
		{"GET /pim/v2/integrations/cspi-1?environment=env-1", func() (*http.Request, error) {
			return newGetIntegrationRequest(ctx, server, "cspi-1", &getIntegrationParams{Environment: "env-1"})
		}},
		{"PATCH /pim/v2/integrations/cspi-1", func() (*http.Request, error) {
			return newUpdateIntegrationRequest(ctx, server, "cspi-1", IntegrationUpdate{})
		}},
		{"DELETE /pim/v2/integrations/cspi-1?environment=env-1", func() (*http.Request, error) {
			return newDeleteIntegrationRequest(ctx, server, "cspi-1", &deleteIntegrationParams{Environment: "env-1"})
		}},
		{"POST /pim/v2/integrations:validate", func() (*http.Request, error) {
			return newValidateIntegrationRequest(ctx, server, IntegrationValidate{})
		}},
		{"POST /sts/v1/oauth2/token", func() (*http.Request, error) {
			return newExchangeTokenRequest(ctx, server, tokenRequest{})
		}},
	} {
		t.Run(tt.want, func(t *testing.T) {
			req, err := tt.make()
			require.NoError(t, err)
			assert.Equal(t, tt.want, req.Method+" "+req.URL.RequestURI())
		})
	}
}

func TestTokenRequestForm(t *testing.T) {
	for _, tt := range []struct {
		expiresIn int
		want      string
	}{
		{0, "grant_type=g&identity_pool_id=pool-1&requested_token_type=r&subject_token=a.b&subject_token_type=s"},
		{60,
			"expires_in=60&grant_type=g&identity_pool_id=pool-1&requested_token_type=r" +
				"&subject_token=a.b&subject_token_type=s"},
	} {
		req, err := newExchangeTokenRequest(t.Context(), "http://localhost", tokenRequest{
			GrantType: "g", SubjectToken: "a.b", SubjectTokenType: "s", RequestedTokenType: "r",
			IdentityPoolID: "pool-1", ExpiresIn: tt.expiresIn,
		})
		require.NoError(t, err)
		body, err := io.ReadAll(req.Body)
		require.NoError(t, err)
		assert.Equal(t, tt.want, string(body))
		assert.Equal(t, "application/x-www-form-urlencoded", req.Header.Get("Content-Type"))
		assert.NotNil(t, req.GetBody, "a retry must be able to send the body again")
	}
}
