package inventory_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/inventory"
)

// The columns of Apono that are JSON, NULL, or write-only.
func TestColumnsOfApono(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 1)
	connector := ask(t, db, "SELECT id FROM apono.connectors")[0]
	users := w.apono.Add(map[string]any{"name": "users", "category": "USER-INFORMATION"})
	id := ask(t, db, `INSERT INTO apono.integrations(account, name, type, connector_id, owner, secret_store_config, `+
		`config)
		VALUES ('main', 'full', 'postgresql', ?, ?, '{"aws":{"region":"eu-west-1","secret_id":"s"}}', `+
		`NULL) RETURNING id`,
		connector, `{"attribute_type":"user","attribute_value":["a@example.com"],"source_integration_name":"users"}`)[0]
	const look = "SELECT connector_id, owner ->> '$.attribute_value[0]', owner ->> 'source_integration_id', " +
		"secret_store_config FROM apono.integrations WHERE id = ?"
	assert.Equal(t, []string{connector + "|a@example.com|" + users + "|NULL"}, ask(t, db, look, id))
	store := func() apono.SecretStoreValue {
		i, err := w.aponoClient.Integrations.Get(t.Context(), id)
		require.NoError(t, err)
		return i.SecretStoreConfig.Value
	}
	assert.Equal(t, &apono.AWSSecret{Region: "eu-west-1", SecretID: "s"}, store())

	// The owner in a query's result can be written again.
	do(t, db, "UPDATE apono.integrations SET owner = json_set(owner, '$.attribute_value[0]', 'b@example.com') WHERE "+
		"id = ?", id)
	assert.Equal(t, []string{connector + "|b@example.com|" + users + "|NULL"}, ask(t, db, look, id))
	do(t, db, "UPDATE apono.integrations SET owner = NULL, connector_id = NULL, connected_resource_types = NULL, "+
		"secret_store_config = NULL WHERE id = ?", id)
	assert.Equal(t, []string{"NULL|NULL|NULL|NULL"}, ask(t, db, look, id))
	assert.Nil(t, store())
	for _, broken := range []string{"", "{}", "x", `{"aws":{},"gcp":{}}`, `["` + secretValue + `"]`} {
		_, err := db.ExecContext(t.Context(), "UPDATE apono.integrations SET secret_store_config = ? WHERE id = ?",
			broken, id)
		require.ErrorIs(t, err, inventory.ErrInvalid, broken)
		assert.ErrorContains(t, err, "secret_store_config")
		assert.NotContains(t, err.Error(), secretValue)
	}
}

func TestAGroupIsInsertedOnce(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 1)
	const insert = "INSERT INTO egeria.integration_groups(server, qualified_name, metadata_server, " +
		"metadata_server_url) VALUES ('daemon', ?, 'm', 'https://u')"
	_, err := db.ExecContext(t.Context(), insert, "Egeria:IntegrationGroup:Default")
	require.ErrorIs(t, err, sdk.ErrConflict)
	assert.Zero(t, w.changes())
	do(t, db, insert, "another")
	_, err = db.ExecContext(t.Context(), insert, "another")
	require.ErrorIs(t, err, sdk.ErrConflict)
	assert.Equal(t, []string{"failed|NULL"}, ask(t, db, "SELECT outcome, id FROM inventory_changes LIMIT 1"))
}

// An INSERT may use the environment of the account, if that has one.
func TestTheEnvironmentOfANewIntegration(t *testing.T) {
	w := newWorld(t)
	broken := errors.New("no environments today")
	for name, tt := range map[string]struct {
		option inventory.ConfluentOption
		is     error
	}{
		"one":     {inventory.Environments("env-2"), nil},
		"several": {inventory.Environments("env-1", "env-2"), inventory.ErrInvalid},
		"none":    {inventory.Environments(), inventory.ErrInvalid},
		"failing": {inventory.EnvironmentsFunc(func(context.Context) ([]string, error) { return nil, broken }), broken},
	} {
		w.reset()
		db := w.dbOf(t, inventory.Confluent("prod", w.confluentClient, tt.option), inventory.WithWrites(1))
		_, err := db.ExecContext(t.Context(),
			"INSERT INTO confluent.integrations(display_name, provider) VALUES (?, 'gcp')", name)
		require.ErrorIs(t, err, tt.is, name)
		if tt.is != nil {
			assert.Zero(t, w.changes(), name)
			continue
		}
		assert.Equal(t, []string{"env-2"},
			ask(t, db, "SELECT environment FROM confluent.integrations WHERE display_name = ?", name))
	}
}

// Rows can be copied from one environment to another.
func TestInsertOfSelectedRows(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 3)
	// A draft is created, and then configured.
	assert.EqualValues(t, 1, do(t, db, `INSERT INTO confluent.integrations(environment, display_name, provider, config)
		SELECT 'env-2', display_name || ' copy', provider, json_set(config, '$.customer_azure_tenant_id', `+
		`'11111111-2222-3333-4444-555555555556')
		FROM confluent.integrations WHERE environment = 'env-1' AND provider = 'azure'`))
	assert.Equal(t, 2, w.changes())
	assert.Equal(t, []string{"11111111-2222-3333-4444-555555555556|CREATED"},
		ask(t, db, "SELECT config ->> 'customer_azure_tenant_id', status FROM confluent.integrations WHERE "+
			"display_name = 'lake copy' AND environment = 'env-2'"))
	assert.EqualValues(t, 2,
		do(t, db, "INSERT INTO apono.integrations(name, type) SELECT name || ' copy', type FROM apono.integrations"))
}

// With WithSecrets there is no marker: *** is an ordinary value.
func TestTheMarkerIsAValueWhereNothingIsHidden(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 1, inventory.WithSecrets())
	do(t, db, "UPDATE apono.integrations SET config = json_set(config, '$.password', '***', '$.hostname', '***') "+
		"WHERE name = 'postgres'")
	assert.Equal(t, []string{"***|***"},
		ask(t, db, "SELECT config ->> 'password', config ->> 'hostname' FROM apono.integrations WHERE name = "+
			"'postgres'"))
	do(t, db, "UPDATE egeria.integration_groups SET secrets_store_location = '***' WHERE qualified_name LIKE '%Files'")
	assert.Equal(t, []string{"***"},
		ask(t, db, "SELECT secrets_store_location FROM egeria.integration_groups WHERE qualified_name LIKE '%Files'"))
}
