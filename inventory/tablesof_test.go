package inventory_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/inventory"
)

// withResources adds 2 integrations with resources, permissions and tags, and returns their IDs.
func (w *world) withResources() (first, second string) {
	first, second = w.apono.Add(map[string]any{"name": "first"}), w.apono.Add(map[string]any{"name": "second"})
	w.apono.SeedResources(first,
		aponotest.Resource{ID: "r1", Name: "orders", Type: "table", Tags: map[string]string{"team": "a", "tier": ""}},
		aponotest.Resource{ID: "r2", Type: "schema", Status: "Error", Message: "no grants"})
	w.apono.SeedResources(second, aponotest.Resource{ID: "r3", Type: "table"})
	w.apono.SeedPermissions(first, aponotest.Permission{ID: "p1", Name: "READ", ResourceType: "table"},
		aponotest.Permission{ID: "p2", ResourceType: "schema"})
	w.reset()
	return first, second
}

func TestResourcesOfAnIntegration(t *testing.T) {
	w := newWorld(t)
	first, second := w.withResources()
	db := w.db(t)
	for query, want := range map[string][]string{
		"SELECT id, name, type, status, message, account FROM apono.resources WHERE integration_id = '" + first +
			"' ORDER BY 1": {
			"r1|orders|table|Active|NULL|main", "r2|r2|schema|Error|no grants|main",
		},
		"SELECT id FROM apono.resources WHERE type = 'table' AND integration_id IN ('" + first + "', '" + second +
			"', 'none', '', NULL) ORDER BY 1": {"r1", "r3"},
		"SELECT i.name, r.id FROM apono.integrations i JOIN apono.resources r ON r.integration_id = i.id ORDER BY " +
			"2": {"first|r1", "first|r2", "second|r3"},
		"SELECT i.name, r.id FROM apono.integrations i LEFT JOIN apono.resources r ON r.integration_id = i.id AND " +
			"r.type = 'schema' ORDER BY 2, 1": {"lake|NULL", "postgres|NULL", "second|NULL", "first|r2"},
		"SELECT id FROM apono.resources WHERE integration_id IN (SELECT id FROM apono.integrations) AND status = " +
			"'active' ORDER BY 1": {"r1", "r3"},
		"SELECT id, name, resource_type FROM apono.permissions WHERE integration_id = (SELECT id FROM " +
			"apono.integrations WHERE name = 'first')": {"p1|READ|table", "p2|p2|schema"},
		"SELECT id FROM apono.permissions WHERE integration_id = '" + first +
			"' AND resource_type = 'schema'": {"p2"},
		"SELECT id FROM apono.permissions WHERE integration_id = " +
			"'resources'": nil,
		"SELECT name, value FROM apono.user_tags WHERE resource_id = " +
			"'r1'": {"team|a", "tier|"},
		"SELECT name FROM apono.user_tags WHERE resource_id IN ('r2', 'none', " +
			"'..')": nil,
		"SELECT r.name, t.name FROM apono.resources r JOIN apono.user_tags t ON t.resource_id = r.id WHERE " +
			"r.integration_id = '" + first + "' LIMIT 1": {"orders|team"},
		"SELECT _raw ->> '$.status.status' FROM apono.resources WHERE integration_id = '" + first +
			"' AND type = 'schema'": {"Error"},
		"SELECT id FROM apono.resources WHERE (type = 'schema' OR type IN (SELECT 'none')) AND integration_id IN " +
			"(SELECT id FROM apono.integrations) LIMIT 5": {"r2"},
	} {
		assert.Equal(t, want, ask(t, db, query), query)
	}
	w.reset()
	ask(t, db, "SELECT id FROM apono.resources WHERE integration_id = '"+first+
		"' AND type = 'table' AND account = 'main'")
	require.Len(t, w.apono.Calls(), 1)
	assert.Contains(t, w.apono.Calls()[0].RawQuery, "resource-type=table")
}

// A missing value of a required column is reported, and nothing is sent.
func TestMissingColumnsAreNamed(t *testing.T) {
	w := newWorld(t)
	db := w.dbOf(t, inventory.Confluent("prod", w.confluentClient), inventory.Apono("main", w.aponoClient),
		inventory.WithPartial())
	for query, column := range map[string]string{
		"SELECT * FROM apono.resources":                                    "integration_id",
		"SELECT count(*) FROM apono.permissions WHERE resource_type = 'x'": "integration_id",
		"SELECT * FROM apono.user_tags WHERE name = 'x'":                   "resource_id",
		"SELECT * FROM apono.user_tags WHERE resource_id LIKE 'x%'":        "resource_id",
		"SELECT * FROM confluent.integrations_v1":                          "environment",
		"SELECT * FROM confluent.integrations WHERE id = 'x'":              "environment",
		"SELECT * FROM confluent.integrations_v2 LIMIT 1":                  "environment",
		"SELECT * FROM confluent.provider_integrations.integrations":       "environment",
		"SELECT * FROM confluent.integrations a JOIN confluent.integrations b ON a.environment = " +
			"b.environment": "environment",
		"SELECT * FROM apono.resources r JOIN apono.permissions p ON r.integration_id = " +
			"p.integration_id": "integration_id",
		"SELECT * FROM integrations WHERE vendor = " +
			"'confluent'": "environment",
		"SELECT * FROM confluent.integrations WHERE environment IN (SELECT environment FROM " +
			"confluent.integrations_v2 WHERE id > 'cspi')": "environment",
	} {
		_, err := tryAsk(t.Context(), db, query)
		require.ErrorIs(t, err, inventory.ErrInvalid, query)
		assert.ErrorContains(t, err, column, query)
	}
	assert.Zero(t, w.calls())
}

// withDaemon starts an integration daemon with 2 groups. One of them runs 2 connectors.
func (w *world) withDaemon(t *testing.T, name string) {
	t.Helper()
	server := w.egeriaClient.Server(name)
	for _, group := range []string{"Default", "Files"} {
		require.NoError(t, server.IntegrationGroups.Put(t.Context(), egeria.IntegrationGroup{
			PlatformURL: w.egeria.URL, ServerName: "metadata", QualifiedName: group,
			SecretsStoreProvider: "Provider", SecretsStoreLocation: "/" + secretValue,
			SecretsStoreCollection: secretValue,
		}))
	}
	require.NoError(t, server.Config.SetDefaultAuditLog(t.Context()))
	_, err := w.egeriaClient.Platform.Start(t.Context(), name)
	require.NoError(t, err)
	w.egeria.AddConnector(name, "Files", "FilesMonitor")
	w.egeria.AddConnector(name, "Files", "OtherMonitor")
	w.reset()
}

func TestRunningDaemons(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	assert.Empty(t, ask(t, db, "SELECT * FROM egeria.daemon_groups"), "no daemon is running")
	w.withDaemon(t, "runs")
	w.withDaemon(t, "other")
	for query, want := range map[string][]string{
		"SELECT server, name, status, connectors FROM egeria.daemon_groups ORDER BY 1, 2": {
			"other|Default|ASSIGNED|0", "other|Files|RUNNING|2", "runs|Default|ASSIGNED|0", "runs|Files|RUNNING|2",
		},
		"SELECT name, guid IS NULL, last_refresh_time, _raw FROM egeria.daemon_groups WHERE server = 'runs' AND " +
			"name = 'Default'": {"Default|1|NULL|NULL"},
		"SELECT name FROM egeria.daemon_groups WHERE server IN ('runs', 'daemon', 'none', '') ORDER BY " +
			"name": {"Default", "Files"},
		"SELECT server, group_name, name, min_minutes_between_refresh FROM egeria.connector_reports WHERE name > " +
			"'G' AND server = 'other'": {"other|Files|OtherMonitor|60"},
		"SELECT count(*), count(DISTINCT id), count(last_status_change), count(connection) FROM " +
			"egeria.connector_reports": {"4|4|4|4"},
		"SELECT g.name, r.name FROM egeria.daemon_groups g JOIN egeria.connector_reports r ON r.server = g.server " +
			"AND r.group_name = g.name WHERE g.server = 'runs'": {"Files|FilesMonitor", "Files|OtherMonitor"},
		"SELECT s.name, g.name FROM egeria.servers s JOIN egeria.daemon_groups g ON g.server = s.name WHERE " +
			"g.status = 'RUNNING' ORDER BY 1": {"other|Files", "runs|Files"},
		"SELECT qualified_name FROM egeria.integration_groups EXCEPT SELECT name FROM " +
			"egeria.daemon_groups": {"Egeria:IntegrationGroup:Default", "Egeria:IntegrationGroup:Files"},
	} {
		assert.Equal(t, want, ask(t, db, query), query)
	}
	w.reset()
	ask(t, db, "SELECT * FROM egeria.connector_reports WHERE server = 'runs'")
	assert.Len(t, w.egeria.Calls(), 1)
	all := w.db(t, inventory.WithSecrets())
	assert.True(t, json.Valid([]byte(ask(t, all, "SELECT _raw FROM egeria.connector_reports LIMIT 1")[0])))
	assert.Equal(t, []string{"Files|FilesMonitor"},
		ask(t, all, "SELECT g._raw ->> 'integrationGroupName', r._raw ->> 'connectorName' FROM egeria.daemon_groups "+
			"g JOIN egeria.connector_reports r ON r.server = g.server AND r.group_name = g.name WHERE g.server = "+
			"'runs' LIMIT 1"))
}
