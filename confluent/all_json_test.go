package confluent_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

// anyJSON has one integration of each version, the one of v2 with a kind that is not known.
const anyJSON = `[
	{"api_version":"pim/v1","kind":"Integration","id":"cspi-1","display_name":"lake","provider":"AWS",
	 "config":{"kind":"AwsIntegrationConfig","iam_role_arn":"arn:aws:iam::1:role/a","new_member":{"a":1}},
	 "environment":{"id":"env-1"},"usages":[]},
	{"api_version":"pim/v2","kind":"Integration","id":"cspi-2","display_name":"mine","provider":"oci",
	 "config":{"kind":"OciIntegrationConfig","tenancy":"t"},"environment":{"id":"env-1"},"status":"CREATED",
	 "usages":["crn://a"]}
]`

func TestAnyIntegrationIsTheJSONOfItsVersion(t *testing.T) {
	t.Parallel()
	var all []*confluent.AnyIntegration
	require.NoError(t, json.Unmarshal([]byte(anyJSON), &all))
	require.Len(t, all, 2)
	assert.Equal(t, "v1", versionOf(t, all[0]))
	assert.Equal(t, "v2", versionOf(t, all[1]))
	assert.Equal(t, confluent.Provider("oci"), all[1].Provider)

	text, err := json.Marshal(all)
	require.NoError(t, err)
	assert.JSONEq(t, anyJSON, string(text))
	values, err := json.Marshal([]confluent.AnyIntegration{*all[0], *all[1]})
	require.NoError(t, err)
	assert.JSONEq(t, anyJSON, string(values))
	one, err := json.Marshal(all[0].V1)
	require.NoError(t, err)
	single, err := json.Marshal(all[0])
	require.NoError(t, err)
	assert.Equal(t, string(one), string(single))
}

func TestAnyIntegrationOfAWalkSurvivesJSON(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	addThreeClouds(srv)
	items, err := drain(c.AllIntegrations(t.Context(), env, nil))
	require.NoError(t, err)
	require.Len(t, items, len(threeClouds))
	for _, item := range items {
		text, err := json.Marshal(item)
		require.NoError(t, err)
		var got confluent.AnyIntegration
		require.NoError(t, json.Unmarshal(text, &got))
		assert.Equal(t, versionOf(t, item), versionOf(t, &got), item.ID)
		assert.Equal(t, fmt.Sprint(*item), fmt.Sprint(got))
		again, err := json.Marshal(got)
		require.NoError(t, err)
		assert.Equal(t, string(text), string(again))
	}
}

func TestAnyIntegrationOfNoVersionIsWrittenByTheNamesOfTheAPI(t *testing.T) {
	t.Parallel()
	for want, integration := range map[string]confluent.AnyIntegration{
		"{}": {},
		`{"id":"x","display_name":"n","provider":"GCP","status":"DRAFT","usages":[],"environment":{"id":"env-1"}}`: {
			ID: "x", DisplayName: "n", Provider: confluent.ProviderGCP, Status: confluent.StatusDraft,
			Usages: []string{}, Environment: confluent.Reference{ID: "env-1"},
		},
	} {
		text, err := json.Marshal(integration)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(text))
		var got confluent.AnyIntegration
		require.NoError(t, json.Unmarshal(text, &got))
		assert.Equal(t, "v2", versionOf(t, &got))
		assert.Equal(t, integration.DisplayName, got.DisplayName)
	}
}

func TestAnyIntegrationRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	before := confluent.AnyIntegration{ID: "x"}
	for text, fails := range map[string]bool{
		"null": false, "1": true, `"a"`: true, "[]": true,
		`{"api_version":1}`: true, `{"api_version":"pim/v1","id":1}`: true, `{"id":1}`: true,
	} {
		got := before
		assert.Equal(t, fails, json.Unmarshal([]byte(text), &got) != nil, text)
		assert.Equal(t, before, got, text)
	}
}
