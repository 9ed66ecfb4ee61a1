package inventory_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/inventory"
)

// allColumns returns every column of every table, including hidden ones, as written in statements.
func allColumns(t *testing.T, db *sql.DB) map[string][]string {
	t.Helper()
	columns := map[string][]string{}
	for _, line := range ask(t, db, `SELECT s.name || '."' || m.name || '"', c.name FROM pragma_database_list s, `+
		`pragma_table_list m, pragma_table_xinfo(m.name, m.schema) c
		WHERE m.schema = s.name AND m.type IN ('virtual', 'view') ORDER BY 1, c.cid`) {
		table, column, _ := strings.Cut(line, "|")
		columns[table] = append(columns[table], column)
	}
	return columns
}

// secrets returns all texts that must not be shown: credentials, parameters and secret members.
func (w *world) secrets() []string {
	return []string{secretValue, w.confluent.APISecret, w.apono.Token, w.egeria.Password}
}

// withSecrets adds secrets in all places where a vendor stores them.
func (w *world) withSecrets(t *testing.T) (integration string) {
	t.Helper()
	integration = w.apono.Add(map[string]any{
		"name": "secretive", "integration_config": map[string]any{"host": secretValue, "port": secretValue,
			"sshkey": secretValue},
		"secret_store_config": map[string]any{
			"apono": map[string]any{"parameters": map[string]string{"password": secretValue}}},
	})
	w.apono.SeedResources(integration, aponotest.Resource{ID: "r1", Tags: map[string]string{"team": "a"}})
	w.apono.SeedPermissions(integration, aponotest.Permission{ID: "p1"})
	w.withDaemon(t, "daemon-of-secrets")
	w.egeria.SetDocument("documents",
		[]byte(`{"class":"OMAGServerConfig","localServerName":"documents","localServerPassword":"`+secretValue+
			`","eventBusConfig":{"configurationProperties":{"producer":{"sasl.jaas.config":"password=`+secretValue+
			`"}}}}`))
	return integration
}

func TestNoSecretInAnyColumn(t *testing.T) {
	w := newWorld(t)
	integration := w.withSecrets(t)
	db, revealed := w.db(t), w.db(t, inventory.WithSecrets())
	required := map[string]string{
		`apono."resources"`:   " WHERE integration_id = '" + integration + "'",
		`apono."permissions"`: " WHERE integration_id = '" + integration + "'",
		`apono."user_tags"`:   " WHERE resource_id = 'r1'",
	}
	shown := 0
	tables := allColumns(t, db)
	require.Greater(t, len(tables), 13)
	for table, columns := range tables {
		query := fmt.Sprintf("SELECT %s FROM %s%s", strings.Join(columns, ", "), table, required[table])
		text := strings.Join(ask(t, db, query), "\n")
		for _, secret := range w.secrets() {
			assert.NotContains(t, text, secret, query)
		}
		if !strings.Contains(table, "inventory_") {
			assert.NotEmpty(t, text, "nothing was looked at: %s", query)
		}
		shown += strings.Count(strings.Join(ask(t, revealed, query), "\n"), secretValue)
	}
	assert.Greater(t, shown, 10, "with WithSecrets they are there")
}

// An error has no secrets, even if the server repeats them.
func TestNoSecretInAnError(t *testing.T) {
	w := newWorld(t)
	integration := w.withSecrets(t)
	// A server can only repeat the secrets that it has received.
	leak := func(secret string) string {
		return fmt.Sprintf(`{"errors":[{"detail":"refused: Authorization: Bearer %[1]s"}],"message":"token=%[1]s",`+
			`"exceptionErrorMessage":"%[1]s"}`, secret)
	}
	for _, operation := range []string{"listPimV1Integrations", "listPimV2Integrations", "getPimV1Integration",
		"getPimV2Integration"} {
		w.confluent.Inject(confluenttest.Fault{Operation: operation, Status: http.StatusBadRequest,
			Body: leak(w.confluent.APISecret), Times: -1})
	}
	for _, operation := range []string{"listIntegrationsV4", "getIntegrationsByIdV4", "getIntegrationResources",
		"listIntegrationConfigs", "listConnectorsV3"} {
		w.apono.Inject(aponotest.Fault{Operation: operation, Status: http.StatusBadRequest, Body: leak(w.apono.Token),
			Times: -1})
	}
	for _, operation := range []string{"listConfigurations", "listActiveServers", "listGroupSummaries"} {
		w.egeria.Inject(egeriatest.Fault{Operation: operation, Status: http.StatusBadRequest,
			Body: leak(w.egeria.Password), Times: -1})
	}
	failed := 0
	partial := w.db(t, inventory.WithPartial())
	for _, table := range []string{
		"confluent.integrations", "confluent.integrations_v1", "confluent.integrations_v2",
		"confluent.integrations WHERE id = 'x'", "apono.integrations",
		"apono.integrations WHERE id = 'x'", "apono.resources WHERE integration_id = '" + integration + "'",
		"apono.catalog", "apono.connectors",
		"egeria.servers", "egeria.integration_groups", "egeria.daemon_groups",
		"egeria.connector_reports WHERE server = 'daemon-of-secrets'",
	} {
		_, err := tryAsk(t.Context(), w.db(t), "SELECT * FROM "+table)
		require.Error(t, err, table)
		encoded, _ := json.Marshal(err)
		ask(t, partial, "SELECT * FROM "+table)
		noted := ask(t, partial, "SELECT * FROM inventory_errors")
		failed += len(noted)
		for _, secret := range w.secrets() {
			for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err), string(encoded),
				strings.Join(noted, "\n")} {
				assert.NotContains(t, text, secret, table)
			}
		}
	}
	assert.GreaterOrEqual(t, failed, 13)
}

// A server may repeat a value of a change in another spelling, or a part of it.
func TestSecretsOfAChangeInOtherSpellings(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 1)
	for config, secrets := range map[string][]string{
		`{"password":"a\"quoted<secret>"}`: {`a"quoted<secret>`, `a\"quoted<secret>`,
			`a\"quoted\u003csecret\u003e`},
		`{"auth":{"keys":["nested-secret",1234567890]}}`: {"nested-secret", "1234567890"},
		`{"password":"with space/and slash"}`: {"with space/and slash", "with+space%2Fand+slash",
			"d2l0aCBzcGFjZS9hbmQgc2xhc2g"},
	} {
		for _, secret := range secrets {
			body, _ := json.Marshal(map[string]string{"message": "bad value " + secret + " of it"})
			w.apono.Inject(aponotest.Fault{Method: "POST", Status: http.StatusBadRequest, Body: string(body)})
			_, err := db.ExecContext(t.Context(),
				"INSERT INTO apono.integrations(name, type, config) VALUES ('x', 'postgresql', ?)", config)
			assert.ErrorContains(t, err, "bad value [redacted] of it", secret)
			assert.NotContains(t, strings.Join(ask(t, db, "SELECT message FROM inventory_changes"), "\n"), secret)
		}
	}
}
