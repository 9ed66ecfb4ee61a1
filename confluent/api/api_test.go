package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent/api"
)

var env1 = api.Reference{ID: "env-1"}

func TestRequestsCarryOnlyWhatIsSet(t *testing.T) {
	for _, tt := range []struct {
		body any
		want string
	}{
		{api.IntegrationCreate{Environment: env1}, `{"environment":{"id":"env-1"}}`},
		{
			api.IntegrationCreate{DisplayName: "n", Provider: api.ProviderGCP, Environment: env1},
			`{"display_name":"n","environment":{"id":"env-1"},"provider":"GCP"}`,
		},
		{api.IntegrationUpdate{Environment: env1}, `{"environment":{"id":"env-1"}}`},
		{api.IntegrationValidate{ID: "cspi-1", Environment: env1}, `{"environment":{"id":"env-1"},"id":"cspi-1"}`},
		{api.IntegrationCreate{}, `{"environment":{"id":""}}`},
		{api.IntegrationValidate{}, `{"environment":{"id":""},"id":""}`},
	} {
		got, err := json.Marshal(tt.body)
		require.NoError(t, err)
		assert.Equal(t, tt.want, string(got), "%T", tt.body)
	}
}

func TestRequestTypesHaveNoReadOnlyMembers(t *testing.T) {
	for _, tt := range []struct {
		body any
		want []string
	}{
		{api.IntegrationCreateV1{}, []string{"config", "display_name", "environment", "provider"}},
		{api.IntegrationCreate{}, []string{"config", "display_name", "environment", "provider"}},
		{api.IntegrationUpdate{}, []string{"config", "environment"}},
		{api.IntegrationValidate{}, []string{"config", "environment", "id"}},
	} {
		var got []string
		for f := range reflect.TypeOf(tt.body).Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			got = append(got, name)
		}
		slices.Sort(got)
		assert.Equal(t, tt.want, got, "%T", tt.body)
	}
}

// In v1 a create without a configuration must reach the server as such, which then refuses it.
func TestRequiredConfigIsEncoded(t *testing.T) {
	b, err := json.Marshal(api.IntegrationCreateV1{Environment: env1})
	require.NoError(t, err)
	assert.JSONEq(t, `{"config":null,"environment":{"id":"env-1"}}`, string(b))
}

func TestOpenEnumsKeepUnknownValues(t *testing.T) {
	const in = `{"provider":"aws-cn","status":"PAUSED"}`
	var got api.Integration
	require.NoError(t, json.Unmarshal([]byte(in), &got))
	assert.Equal(t, api.Provider("aws-cn"), got.Provider)
	assert.Equal(t, api.Status("PAUSED"), got.Status)
	out, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, in, string(out))
}

func TestListDecodes(t *testing.T) {
	var got api.IntegrationList
	require.NoError(t, json.Unmarshal([]byte(`{
		"api_version": "pim/v2", "kind": "IntegrationList",
		"metadata": {"first": null, "next": "https://api.confluent.cloud/pim/v2/integrations?page_token=t", "total_size": 3},
		"data": [{
			"api_version": "pim/v2", "kind": "Integration", "id": "cspi-1", "display_name": "n", "provider": "gcp",
			"status": "DRAFT", "usages": ["crn://confluent.cloud/organization=o"],
			"environment": {"id": "env-1", "related": "r", "resource_name": "crn://confluent.cloud/environment=env-1"}
		}]
	}`), &got))
	assert.Equal(t, api.IntegrationList{
		APIVersion: "pim/v2",
		Kind:       "IntegrationList",
		Metadata:   api.ListMeta{Next: "https://api.confluent.cloud/pim/v2/integrations?page_token=t", TotalSize: 3},
		Data: []api.Integration{{
			APIVersion: "pim/v2", Kind: "Integration", ID: "cspi-1", DisplayName: "n", Provider: "gcp",
			Status: api.StatusDraft, Usages: []string{"crn://confluent.cloud/organization=o"},
			Environment: api.Reference{ID: "env-1", Related: "r", ResourceName: "crn://confluent.cloud/environment=env-1"},
		}},
	}, got)
}

func TestRequestLines(t *testing.T) {
	const server = "https://api.confluent.cloud"
	provider, status, size := api.ProviderAzure, api.StatusDraft, 50
	name, token := "a b", "t&1"
	for _, tt := range []struct {
		want string
		make func() (*http.Request, error)
	}{
		{"GET /pim/v1/integrations?environment=env-1", func() (*http.Request, error) {
			return api.NewListIntegrationsV1Request(server, &api.ListIntegrationsV1Params{Environment: "env-1"})
		}},
		{"POST /pim/v1/integrations", func() (*http.Request, error) {
			return api.NewCreateIntegrationV1Request(server, api.IntegrationCreateV1{})
		}},
		{"GET /pim/v1/integrations/a%2Fb?environment=env-1", func() (*http.Request, error) {
			return api.NewGetIntegrationV1Request(server, "a/b", &api.GetIntegrationV1Params{Environment: "env-1"})
		}},
		{"DELETE /pim/v1/integrations/cspi-1?environment=env-1", func() (*http.Request, error) {
			return api.NewDeleteIntegrationV1Request(server, "cspi-1", &api.DeleteIntegrationV1Params{Environment: "env-1"})
		}},
		{"GET /pim/v2/integrations?environment=env-1", func() (*http.Request, error) {
			return api.NewListIntegrationsRequest(server, &api.ListIntegrationsParams{Environment: "env-1"})
		}},
		{
			"GET /pim/v2/integrations?environment=env-1&display_name=a+b&provider=AZURE&status=DRAFT&page_size=50&page_token=t%261",
			func() (*http.Request, error) {
				return api.NewListIntegrationsRequest(server, &api.ListIntegrationsParams{
					Environment: "env-1", DisplayName: &name, Provider: &provider, Status: &status, PageSize: &size, PageToken: &token,
				})
			},
		},
		{"POST /pim/v2/integrations", func() (*http.Request, error) {
			return api.NewCreateIntegrationRequest(server, api.IntegrationCreate{})
		}},
		{"GET /pim/v2/integrations/cspi-1?environment=env-1", func() (*http.Request, error) {
			return api.NewGetIntegrationRequest(server, "cspi-1", &api.GetIntegrationParams{Environment: "env-1"})
		}},
		{"PATCH /pim/v2/integrations/cspi-1", func() (*http.Request, error) {
			return api.NewUpdateIntegrationRequest(server, "cspi-1", api.IntegrationUpdate{})
		}},
		{"DELETE /pim/v2/integrations/cspi-1?environment=env-1", func() (*http.Request, error) {
			return api.NewDeleteIntegrationRequest(server, "cspi-1", &api.DeleteIntegrationParams{Environment: "env-1"})
		}},
		{"POST /pim/v2/integrations:validate", func() (*http.Request, error) {
			return api.NewValidateIntegrationRequest(server, api.IntegrationValidate{})
		}},
		{"POST /sts/v1/oauth2/token", func() (*http.Request, error) {
			return api.NewExchangeTokenRequestWithFormdataBody(server, api.TokenRequest{})
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
		{60, "expires_in=60&grant_type=g&identity_pool_id=pool-1&requested_token_type=r&subject_token=a.b&subject_token_type=s"},
	} {
		req, err := api.NewExchangeTokenRequestWithFormdataBody("http://localhost", api.TokenRequest{
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
