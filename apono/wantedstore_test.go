package apono_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
)

// incomplete are documents of stores without a required member, and the end of the error.
var incomplete = map[string]string{
	`{"aws":{"region":"r","secretid":"s"}}`:                     "has no SecretID; unknown members: secretid",
	`{"aws":{"region":"","secret_id":"s"}}`:                     "has no Region",
	`{"gcp":{"secret_id":"s"}}`:                                 "has no Project",
	`{"kubernetes":{"Name":"s","namespce":"n","z":1}}`:          "has no Namespace; unknown members: namespce, z",
	`{"azure":{"vault_url":"u","name":null}}`:                   "has no Name",
	`{"hashicorp_vault":{"secret_engine":"e","Secret_Path":1}}`: "has no Path; unknown members: Secret_Path",
}

// A document of a person may have a misspelt member. Nothing is sent then.
func TestWantedStoreWithoutARequiredMemberIsRefused(t *testing.T) {
	t.Parallel()
	for document, want := range incomplete {
		var store apono.SecretStore
		require.NoError(t, json.Unmarshal([]byte(document), &store))
		require.EqualError(t, store.Check(), want)
		flat, err := json.Marshal(store.Flat())
		require.NoError(t, err)
		var flatStore apono.FlatSecretStore
		require.NoError(t, json.Unmarshal(flat, &flatStore))
		require.EqualError(t, flatStore.Check(), want)

		srv, c := fakeAndClient(t)
		id := srv.Add(map[string]any{"name": "there", "type": "mock-duck"})
		v4, v2 := apono.Set(store), apono.Set(flatStore)
		_, err = c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n", Type: "mock-duck",
			SecretStoreConfig: v4})
		assertRefused(t, err, "SecretStoreConfig")
		require.ErrorContains(t, err, want)
		_, err = c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "there", Type: "mock-duck",
			SecretStoreConfig: v4})
		assertRefused(t, err, "SecretStoreConfig")
		_, err = c.Integrations.Update(t.Context(), id, apono.IntegrationUpdate{Name: "n",
			IntegrationConfig: apono.Config{}, SecretStoreConfig: v4})
		assertRefused(t, err, "SecretStoreConfig")
		_, err = c.IntegrationsV2.Create(t.Context(), apono.IntegrationCreateV2{Name: "n", Type: "mock-duck",
			SecretConfig: v2})
		assertRefused(t, err, "SecretConfig")
		_, err = c.IntegrationsV2.Update(t.Context(), id, apono.IntegrationUpdateV2{Name: "n",
			Metadata: apono.Config{}, SecretConfig: v2})
		assertRefused(t, err, "SecretConfig")
		assert.Empty(t, srv.Calls())
	}
}

// What the server has taken once must not prevent that another field is changed.
func TestStoreThatTheServerHasSentCanBeSentBack(t *testing.T) {
	t.Parallel()
	for _, document := range []string{`{"aws":{"region":"","secret_id":"s"}}`, `{"gcp":{"project":"p"}}`} {
		srv, c := fakeAndClient(t)
		id := srv.AddRaw([]byte(`{"id":"c0ffee00-0000-4000-8000-000000000001","name":"n","type":"mock-duck",`+
			`"integration_config":{},"secret_store_config":`+document+`}`), nil)
		items, err := sdk.Collect(c.Integrations.List(t.Context(), nil))
		require.NoError(t, err)
		require.NoError(t, items[0].SecretStoreConfig.Check())
		flatItems, err := sdk.Collect(c.IntegrationsV2.List(t.Context()))
		require.NoError(t, err)
		require.NoError(t, flatItems[0].SecretConfig.Check())

		got, err := c.Integrations.Get(t.Context(), id)
		require.NoError(t, err)
		update := apono.UpdateFrom(got)
		update.CustomAccessDetails = apono.Set("changed")
		got, err = c.Integrations.Update(t.Context(), id, update)
		require.NoError(t, err)
		require.NoError(t, got.SecretStoreConfig.Check())
		flat, err := c.IntegrationsV2.Get(t.Context(), id)
		require.NoError(t, err)
		_, err = c.IntegrationsV2.Update(t.Context(), id, apono.UpdateFromV2(flat))
		require.NoError(t, err)
	}
}

// Only a member that was empty in the response may be empty.
func TestMemberThatTheCallerHasClearedIsMissing(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	id := srv.Add(map[string]any{"secret_store_config": json.RawMessage(`{"aws":{"region":"","secret_id":"s"}}`)})
	got, err := c.Integrations.Get(t.Context(), id)
	require.NoError(t, err)
	store := got.SecretStoreConfig
	aws, ok := store.Value.(*apono.AWSSecret)
	require.True(t, ok)
	aws.SecretID = ""
	require.EqualError(t, store.Check(), "has no SecretID")
	aws.SecretID = "other"
	require.NoError(t, store.Check())
	store.Value = &apono.GCPSecret{Project: "p"}
	require.EqualError(t, store.Check(), "has no SecretID", "the response had another store")
}

func TestUnknownMembersOfAStore(t *testing.T) {
	t.Parallel()
	for document, want := range map[string][]string{
		`null`:                                    nil,
		`{"aws":{"region":"r","secret_id":"s"}}`:  nil,
		`{"aws":{"z":1,"Region":"r","a":null}}`:   {"a", "z"},
		`{"apono":{"parameters":{"k":"v"}}}`:      nil,
		`{"apono":{"params":{"k":"v"}}}`:          {"params"},
		`{"awz":{"region":"r","secret_id":"s"}}`:  {"awz"},
		`{"aws":{"region":7}}`:                    {"aws"},
		`{"gcp":{"project":"p"},"azure":{"x":1}}`: {"azure", "gcp"},
	} {
		var store apono.SecretStore
		require.NoError(t, json.Unmarshal([]byte(document), &store))
		assert.Equal(t, want, store.UnknownMembers(), document)
		assert.Equal(t, want, store.Clone().Flat().UnknownMembers(), document)
	}
	var flat apono.FlatSecretStore
	require.NoError(t, json.Unmarshal([]byte(`{"type":"AWS","region":"r","secretid":"s"}`), &flat))
	assert.Equal(t, []string{"secretid"}, flat.UnknownMembers())
	flat.Value = &apono.GCPSecret{}
	assert.Empty(t, flat.UnknownMembers())
	flat.Value = (*apono.UnknownSecret)(nil)
	assert.Empty(t, flat.UnknownMembers())
}
