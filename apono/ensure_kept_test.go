package apono_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

func TestEnsureDoesNotCompareTheAponoStore(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	store := func(password string) apono.Optional[apono.SecretStore] {
		return apono.Set(
			apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": password}}})
	}
	in := apono.IntegrationCreate{Name: "db", Type: "mock-duck", SecretStoreConfig: store("first")}
	_, err := c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	in.SecretStoreConfig = store("second")
	got, err := c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, sdk.EnsureUnchanged, got.Action)

	// Reads don't have the password. An update must have it, or it would be lost.
	in.CustomAccessDetails = apono.Set("other")
	got, err = c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, []string{"custom_access_details"}, got.Differences)
	assert.JSONEq(t, `{"apono":{"parameters":{"password":"second"}}}`, string(lastBody(t, srv)["secret_store_config"]))

	before := len(srv.Calls())
	in.SecretStoreConfig, in.CustomAccessDetails = apono.Optional[apono.SecretStore]{}, apono.Set("third")
	got, err = c.Integrations.Ensure(t.Context(), in)
	assertRefused(t, err, "SecretStoreConfig")
	assert.Equal(t, []string{"custom_access_details"}, got.Differences)
	assert.Empty(t, got.Action)
	assert.Equal(t, []string{"GET 200", "GET 200"}, answers(srv)[before:])

	in.SecretStoreConfig = apono.Set(apono.SecretStore{Value: &apono.AWSSecret{Region: "r", SecretID: "s"}})
	got, err = c.Integrations.Ensure(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, []string{"custom_access_details", "secret_store_config"}, got.Differences)
}

// The update must not clear a member that the list could not decode.
func TestEnsureUpdatesFromWhatGetReads(t *testing.T) {
	t.Parallel()
	odd := `{"items":[{"id":"i","name":"n","type":"ssh","connector_id":12,"connected_resource_types":"tables"}],` +
		`"pagination":{}}`
	read := `{"id":"i","name":"n","type":"ssh","connector_id":"c","connected_resource_types":["tables"],` +
		`"integration_config":{"a":"b"}}`
	tr, c := newWire(t, []answer{good(odd), good(read), good(read)})
	_, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "ssh",
		CustomAccessDetails: apono.Set("x")})
	require.NoError(t, err)
	sent := tr.sent
	require.Len(t, sent, 3)
	assert.JSONEq(t,
		`{"name":"n","connector_id":"c","connected_resource_types":["tables"],"integration_config":{"a":"b"},`+
			`"custom_access_details":"x","owner":null,"owners_mapping":null,"secret_store_config":null}`, sent[2].body)
}

// The server decides about the order of owners, and whether an empty list stays empty. Neither is a
// difference that an update could remove.
func TestEnsureIsAtRestWhateverTheServerMakesOfLists(t *testing.T) {
	t.Parallel()
	item := `{"id":"i","name":"n","type":"ssh","owner":{"attribute_type":"user","attribute_value":["b","a"],` +
		`"source_integration_id":"idp"},"connected_resource_types":null,"integration_config":{}}`
	want := apono.IntegrationCreate{
		Name: "n", Type: "ssh", ConnectedResourceTypes: apono.Set([]string{}),
		Owner: apono.Set(apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"a", "b", "a"}}),
	}
	for _, types := range []apono.Optional[[]string]{apono.Set([]string{}), apono.Null[[]string](), {}} {
		tr, c := newWire(t, []answer{good(`{"items":[` + item + `],"pagination":null}`)})
		want.ConnectedResourceTypes = types
		got, err := c.Integrations.Ensure(t.Context(), want)
		require.NoError(t, err)
		assert.Equal(t, sdk.EnsureUnchanged, got.Action, got.Differences)
		assert.Len(t, tr.sent, 1)
	}
}

// A new owner without a source keeps the source of the old one, but not if the attribute type
// differs.
func TestEnsureKeepsTheSourceOfAnOwner(t *testing.T) {
	t.Parallel()
	item := `{"id":"i","name":"n","type":"ssh","owner":{"attribute_type":"user","attribute_value":["a"],` +
		`"source_integration_id":"idp"},
		"owners_mapping":{"attribute_type":"user","key_name":"k","source_integration_name":"Workspace"},` +
		`"integration_config":{}}`
	for kind, sources := range map[string][2]string{"user": {`,"source_integration_reference":"idp"`,
		`,"source_integration_reference":"Workspace"`}, "group": {"", ""}} {
		tr, c := newWire(t, []answer{good(`{"items":[` + item + `]}`), good(item), good(item)})
		_, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{
			Name: "n", Type: "ssh",
			Owner:         apono.Set(apono.OwnerReference{AttributeType: kind, AttributeValue: []string{"b"}}),
			OwnersMapping: apono.Set(apono.OwnerMappingReference{AttributeType: kind, KeyName: "other"}),
		})
		require.NoError(t, err)
		require.Len(t, tr.sent, 3)
		var sent map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(tr.sent[2].body), &sent))
		assert.JSONEq(t, `{"attribute_type":"`+kind+`","attribute_value":["b"]`+sources[0]+`}`, string(sent["owner"]))
		assert.JSONEq(t, `{"attribute_type":"`+kind+`","key_name":"other"`+sources[1]+`}`,
			string(sent["owners_mapping"]))
	}
}

func TestEnsureTakesNoTwoStoresForApono(t *testing.T) {
	t.Parallel()
	item := `{"id":"i","name":"n","type":"ssh","integration_config":{},"secret_store_config":{"aws":{"region":"r",` +
		`"secret_id":"s"},"apono":{"parameters":{"p":"x"}}}}`
	_, c := newWire(t, []answer{good(`{"items":[` + item + `]}`), good(item)})
	_, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{
		Name: "n", Type: "ssh",
		SecretStoreConfig: apono.Set(
			apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"p": "x"}}}),
	})
	assert.ErrorContains(t, err, "apono and aws")
}

// A store keeps its unknown members.
func TestEnsureKeepsUnknownMembersOfAStore(t *testing.T) {
	t.Parallel()
	item := `{"id":"i","name":"n","type":"ssh","integration_config":{},"secret_store_config":{"aws":{"region":"r",` +
		`"secret_id":"s","version_stage":"AWSPREVIOUS"}}}`
	tr, c := newWire(t, []answer{good(`{"items":[` + item + `]}`), good(item), good(item)})
	got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{
		Name: "n", Type: "ssh",
		SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.AWSSecret{Region: "r", SecretID: "other"}}),
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"secret_store_config"}, got.Differences)
	assert.Contains(t, tr.sent[2].body,
		`"secret_store_config":{"aws":{"region":"r","secret_id":"other","version_stage":"AWSPREVIOUS"}}`)
}

// A server may return the parameters. They are not sent back, because it is unknown whether it
// returns all of them.
func TestEnsureWritesNoParametersThatItRead(t *testing.T) {
	t.Parallel()
	for _, store := range []string{`{"apono":{"parameters":{"password":"sesame"}}}`,
		`{"apono":{"parameters":{"password":"sesame","port":5432}}}`} {
		srv, c := fakeAndClient(t, aponotest.WithStyle(aponotest.Style{RevealSecrets: true}))
		srv.Add(map[string]any{"name": "n", "secret_store_config": json.RawMessage(store)})
		got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "mock-duck",
			CustomAccessDetails: apono.Set("x")})
		assertRefused(t, err, "SecretStoreConfig")
		assert.Equal(t, []string{"custom_access_details"}, got.Differences)
		assert.NotContains(t, fmt.Sprintf("%+v", got), "sesame")
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("ensured", "result", got, "page",
			&sdk.Page[apono.Integration]{Items: []apono.Integration{*got.Integration}})
		assert.NotContains(t, log.String(), "sesame")
		assert.Contains(t, log.String(), `"items":1`)
		assert.Contains(t, log.String(), `"action":""`)
	}
}

// The list may be out of date. The result of Get decides.
func TestEnsureSendsNothingWhereGetShowsNoDifference(t *testing.T) {
	t.Parallel()
	tr, c := newWire(t, []answer{
		good(`{"items":[{"id":"i","name":"n","type":"ssh","connector_id":12,"integration_config":{}}]}`),
		good(`{"id":"i","name":"n","type":"ssh","connector_id":"c","integration_config":{}}`),
	})
	got, err := c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "ssh",
		ConnectorID: apono.Set("c")})
	require.NoError(t, err)
	assert.Equal(t, sdk.EnsureUnchanged, got.Action)
	assert.Equal(t, "c", got.Integration.ConnectorID)
	assert.Len(t, tr.sent, 2)
}
