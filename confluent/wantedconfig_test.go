package confluent_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// A document of a person may have a misspelt member. Without this check, Ensure would report a
// draft as created.
func TestWantedConfigWithoutTheCustomersIdentityIsRefused(t *testing.T) {
	t.Parallel()
	const missing = "does not set the customer's identity"
	for document, want := range map[string]string{
		`{"kind":"GcpIntegrationConfig","customer_google_service_acount":"a@p.iam.gserviceaccount.com"}`: missing +
			"; unknown members: customer_google_service_acount",
		`{"kind":"AzureIntegrationConfig","custmer_azure_tenant_id":"t","a":1}`: missing +
			"; unknown members: a, custmer_azure_tenant_id",
		`{"kind":"AwsIntegrationConfig"}`:                                   missing,
		`{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":null}`: missing,
	} {
		var config confluent.Config
		require.NoError(t, json.Unmarshal([]byte(document), &config))
		srv, c := newPair(t)
		in := confluent.IntegrationCreate{DisplayName: "vault", Environment: inEnv, Config: config}
		_, err := c.Integrations.Ensure(t.Context(), in)
		requireRefused(t, err, "Config")
		require.ErrorContains(t, err, want)
		_, err = c.Integrations.Provision(t.Context(), in)
		requireRefused(t, err, "Config")
		_, err = c.IntegrationsV1.Ensure(t.Context(), confluent.IntegrationCreateV1(in))
		requireRefused(t, err, "Config")
		assert.Empty(t, srv.Calls())
	}
}

// A program may pass on what it has read, of a draft too.
func TestConfigThatWasReadFromADraftCountsAsNone(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	srv.AddRaw(env, []byte(`{"id":"cspi-1","display_name":"bare","provider":"azure","status":"DRAFT",`+
		`"config":{"kind":"AzureIntegrationConfig","newer":1}}`))
	items, err := sdk.Collect(c.Integrations.List(t.Context(), env, nil))
	require.NoError(t, err)
	one, err := c.Integrations.Get(t.Context(), env, "cspi-1")
	require.NoError(t, err)
	for i, config := range []confluent.Config{items[0].Config, one.Config, one.Config.Writable()} {
		got, err := c.Integrations.Ensure(t.Context(), confluent.IntegrationCreate{DisplayName: "bare",
			Environment: inEnv, Config: config})
		require.NoError(t, err, i)
		assert.Equal(t, sdk.EnsureUnchanged, got.Action)
	}
	assert.NotContains(t, methodsOf(srv), "PATCH")
}

// A kind that is newer than this release may name the customer in any way.
func TestNewerMemberOfACustomerInWhatTheServerHasSentCounts(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t, confluenttest.WithUniqueNames())
	srv.AddRaw(env, []byte(`{"id":"cspi-1","display_name":"vault","provider":"azure","status":"CREATED",`+
		`"config":{"kind":"AzureIntegrationConfig","customer_newer":"t"}}`))
	_, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID))
	require.ErrorIs(t, err, confluent.ErrConflict)
	assert.NotContains(t, methodsOf(srv), "PATCH")
}

func TestUnknownMembersOfAConfig(t *testing.T) {
	t.Parallel()
	for document, want := range map[string][]string{
		`null`: nil,
		`{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"t"}`:    nil,
		`{"kind":"pim.v2.AzureIntegrationConfig","z":1,"Customer_Azure":"t"}`: {"Customer_Azure", "z"},
		`{"kind":"AzureConfig","customer_azure_tenant_id":"t"}`:               {"customer_azure_tenant_id", "kind"},
		`{"knd":"AzureIntegrationConfig"}`:                                    {"knd"},
		`{"kind":"AwsIntegrationConfig","customer_iam_role_arn":7,"z":1}`:     {"customer_iam_role_arn", "kind", "z"},
	} {
		var config confluent.Config
		require.NoError(t, json.Unmarshal([]byte(document), &config))
		assert.Equal(t, want, config.UnknownMembers(), document)
	}
	var config confluent.Config
	require.NoError(t, json.Unmarshal([]byte(`{"kind":"GcpIntegrationConfig","z":1}`), &config))
	assert.Equal(t, []string{"z"}, config.UnknownMembers())
	config.Value = &confluent.AzureConfig{}
	assert.Empty(t, config.UnknownMembers(), "they were of another kind")
	config.Value = (*confluent.GCPConfig)(nil)
	assert.Empty(t, config.UnknownMembers())
}
