package inventory_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/inventory"
)

const roleARN = "arn:aws:iam::000000000000:role/"

// execer is a database, a connection or a transaction.
type execer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}

// do runs a statement, and returns the number of changed rows.
func do(t *testing.T, db execer, statement string, args ...any) int64 {
	t.Helper()
	r, err := db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err, statement)
	n, err := r.RowsAffected()
	require.NoError(t, err)
	return n
}

// writable returns a database that may send this number of changes per transaction.
func (w *world) writable(t *testing.T, limit inventory.MaxChanges, opts ...inventory.Option) *sql.DB {
	t.Helper()
	return w.db(t, append(opts, inventory.WithWrites(limit))...)
}

// changes returns the number of requests that change something, and clears the call logs.
func (w *world) changes() int {
	n := 0
	count := func(method string) {
		if method != "GET" {
			n++
		}
	}
	for _, c := range w.confluent.Calls() {
		count(c.Method)
	}
	for _, c := range w.apono.Calls() {
		count(c.Method)
	}
	for _, c := range w.egeria.Calls() {
		count(c.Method)
	}
	w.reset()
	return n
}

const journal = "SELECT table_name, account, scope, action, id, outcome FROM inventory_changes"

func TestWritesAreOffByDefault(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	for _, statement := range []string{
		"INSERT INTO apono.integrations(name, type) VALUES ('a', 'b')",
		"DELETE FROM confluent.integrations WHERE id = 'cspi-00001'",
		"UPDATE confluent.integrations_v2 SET config = '{}' WHERE id = 'nothing'",
		"DELETE FROM integration_groups WHERE server = 'daemon'",
		"WITH x AS (SELECT 1) DELETE FROM apono.integrations WHERE id IN x",
		"/* it's */ INSERT INTO confluent.provider_integrations.integrations(data__config) SELECT '{}'",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.ErrorIs(t, err, inventory.ErrInvalid, statement)
		assert.ErrorContains(t, err, "WithWrites", statement)
		_, err = db.PrepareContext(t.Context(), statement)
		require.ErrorIs(t, err, inventory.ErrInvalid, statement)
	}
	ask(t, db, "EXPLAIN QUERY PLAN DELETE FROM apono.integrations") // changes nothing
	assert.Zero(t, w.calls())
	// A trigger hides the statement from checks of the text.
	db.SetMaxOpenConns(1)
	do(t, db, "PRAGMA trusted_schema = ON")
	do(t, db, "CREATE TEMP TABLE mine(id)")
	do(t, db, "CREATE TEMP TRIGGER theirs AFTER INSERT ON mine BEGIN DELETE FROM integrations_v2 WHERE id = new.id; "+
		"END")
	_, err := db.ExecContext(t.Context(), "INSERT INTO mine VALUES ('cspi-00002')")
	require.ErrorIs(t, err, inventory.ErrInvalid)
	assert.ErrorContains(t, err, "WithWrites")
	assert.Zero(t, w.calls())
	_, err = inventory.New(inventory.Apono("main", w.aponoClient), inventory.WithWrites(0))
	assert.ErrorIs(t, err, inventory.ErrInvalid)
}

func TestInsertOfEachTable(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 1)
	azure := `{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"11111111-2222-3333-4444-555555555556"}`
	aws := func(name string) string {
		return `{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + roleARN + name + `"}`
	}
	for _, tt := range []struct {
		statement string
		args      []any
		want      string
		row       string
	}{
		{"INSERT INTO confluent.integrations_v1(environment, display_name, config) VALUES ('env-1', 'one', ?)",
			[]any{aws("one")},
			"SELECT provider, config ->> 'customer_iam_role_arn' FROM confluent.integrations_v1 WHERE display_name " +
				"= 'one'", "AWS|" + roleARN + "one"},
		{"INSERT INTO confluent.integrations(environment, display_name, config) VALUES ('env-1', 'two', ?)",
			[]any{aws("two")},
			"SELECT api_version, status FROM confluent.integrations WHERE display_name = 'two'", "pim/v1|NULL"},
		{"INSERT INTO confluent.integrations(environment, display_name, config) VALUES ('env-2', 'three', ?)",
			[]any{[]byte(azure)},
			"SELECT api_version, status, environment FROM confluent.integrations WHERE display_name = 'three'",
			"pim/v2|CREATED|env-2"},
		{"INSERT INTO confluent.integrations_v2(account, environment, display_name, provider) VALUES ('prod', " +
			"'env-1', 'four', 'gcp')", nil,
			"SELECT provider, status FROM confluent.integrations_v2 WHERE display_name = 'four'", "GCP|DRAFT"},
		{`INSERT INTO apono.integrations(name, type, config, connected_resource_types) VALUES ('five', 'postgresql',` +
			` '{"hostname":"db"}', '["a","b"]')`, nil,
			"SELECT type, config, connected_resource_types, connector_id FROM apono.integrations WHERE name = 'five'",
			`postgresql|{"hostname":"***"}|["a","b"]|NULL`},
		{"INSERT INTO egeria.integration_groups(server, qualified_name, metadata_server, metadata_server_url) " +
			"VALUES ('daemon', 'six', 'metadata', 'https://there')", nil,
			"SELECT metadata_server_url FROM egeria.integration_groups WHERE qualified_name = 'six'", "https://there"},
	} {
		assert.EqualValues(t, 1, do(t, db, tt.statement, tt.args...), tt.statement)
		assert.Equal(t, []string{tt.row}, ask(t, db, tt.want), tt.want)
	}
	assert.Equal(t, []string{
		"confluent.integrations_v1|prod|env-1|insert|done", "confluent.integrations|prod|env-1|insert|done",
		"confluent.integrations|prod|env-2|insert|done", "confluent.integrations_v2|prod|env-1|insert|done",
		"apono.integrations|main|NULL|insert|done", "egeria.integration_groups|omag|daemon|insert|done",
	}, ask(t, db, "SELECT table_name, account, scope, action, outcome FROM inventory_changes WHERE id IS NOT NULL "+
		"AND at > '2020'"))
}

func TestUpdateOfEachTable(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 2)
	gcp := `{"kind":"GcpIntegrationConfig",` +
		`"customer_google_service_account":"reader@my-project.iam.gserviceaccount.com"}`
	for _, table := range []string{"confluent.integrations_v2", "confluent.integrations"} {
		do(t, db, "INSERT INTO confluent.integrations_v2(environment, display_name, provider) VALUES ('env-1', ?, "+
			"'gcp')", table)
		assert.EqualValues(t, 1,
			do(t, db, "UPDATE "+table+" SET config = ? WHERE environment = 'env-1' AND display_name = ?", gcp, table))
		assert.Equal(t, []string{"CREATED|reader@my-project.iam.gserviceaccount.com"},
			ask(t, db, "SELECT status, config ->> 'customer_google_service_account' FROM confluent.integrations "+
				"WHERE display_name = ?", table))
	}
	w.changes()
	assert.EqualValues(t, 1,
		do(t, db, "UPDATE apono.integrations SET name = name || ' 2', connector_id = NULL, config = "+
			"json_set(config, '$.hostname', 'other') WHERE name = 'postgres'"))
	assert.Equal(t, 1, w.changes())
	shown := w.db(t, inventory.WithSecrets())
	assert.Equal(t, []string{"other|" + secretValue + "|NULL"}, // the hidden value is kept
		ask(t, shown, "SELECT config ->> 'hostname', config ->> 'password', connector_id FROM apono.integrations "+
			"WHERE name = 'postgres 2'"))

	assert.EqualValues(t, 2,
		do(t, db, "UPDATE egeria.integration_groups SET metadata_server_url = 'https://other' WHERE server = 'daemon'"))
	assert.Equal(t, []string{"https://other|metadata", "https://other|metadata"},
		ask(t, db, "SELECT metadata_server_url, metadata_server FROM egeria.integration_groups"))
}

func TestDeleteOfEachTable(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 10)
	for _, tt := range []struct {
		statement string
		n         int64
		left      string
	}{
		{"DELETE FROM confluent.integrations WHERE display_name = 'warehouse'", 1, "3"},
		{"DELETE FROM confluent.integrations_v2 WHERE environment = 'env-2' AND display_name = 'lake'", 1, "2"},
		{"DELETE FROM confluent.integrations WHERE environment = 'env-1'", 2, "0"},
	} {
		assert.Equal(t, tt.n, do(t, db, tt.statement), tt.statement)
		assert.Equal(t, []string{tt.left}, ask(t, db, "SELECT count(*) FROM confluent.integrations"))
	}
	assert.EqualValues(t, 1, do(t, db, "DELETE FROM apono.integrations WHERE name = ?", "lake"))
	assert.Equal(t, []string{"postgres"}, ask(t, db, "SELECT name FROM apono.integrations"))
	assert.EqualValues(t, 1, do(t, db, "DELETE FROM egeria.integration_groups WHERE qualified_name LIKE '%Files'"))
	assert.Equal(t, []string{"Egeria:IntegrationGroup:Default"},
		ask(t, db, "SELECT qualified_name FROM egeria.integration_groups"))
	w.changes()
	assert.Zero(t, do(t, db, "DELETE FROM apono.integrations WHERE id = 'none'"))
	assert.Zero(t, do(t, db, "DELETE FROM apono.integrations WHERE id = NULL"))
	assert.Zero(t, w.changes())
}

// The SELECT of other tools returns all rows and all digits, with several pages and a refusal
// between them.
func TestSelectOfOtherTools(t *testing.T) {
	const query = "SELECT\nid,\n_environment,\napi_version,\nconfig,\ndisplay_name,\nenvironment,\nkind,\nprovider," +
		"\nusages\n" +
		"FROM confluent.provider_integrations.integrations\nWHERE environment = 'env-2';\n"
	w := newWorld(t)
	for i := range 249 {
		w.confluent.Add("env-2", map[string]any{"display_name": fmt.Sprint(i), "provider": "gcp"})
	}
	w.confluent.Add("env-2",
		json.RawMessage(`{"display_name":"newer","provider":"oci","config":{"kind":"OciIntegrationConfig",`+
			`"serial":12345678901234567890.10}}`))
	w.confluent.Inject(confluenttest.Fault{Operation: "listPimV1Integrations", Skip: 1, Status: 429,
		Header: http.Header{"Retry-After": {"0"}}})
	lines := ask(t, w.db(t), query)
	assert.Len(t, lines, 251)
	assert.Contains(t, lines[250], "12345678901234567890.10")
	assert.Equal(t, [3]int{4, 0, 0}, w.calls(), "3 pages, and one of them again")
}

// The INSERT and DELETE of other tools work if their placeholders are replaced.
func TestStatementsOfOtherTools(t *testing.T) {
	const insert = "/*+ create */\nINSERT INTO confluent.provider_integrations.integrations (\ndata__config,\n" +
		"data__environment\n)\n" +
		"SELECT \n'{{ config }}',\n'{{ environment }}'\n;\n"
	const remove = "/*+ delete */\nDELETE FROM confluent.provider_integrations.integrations\n" +
		"WHERE environment = '{{ environment }}'\nAND id = '{{ id }}';\n"
	for _, environment := range []string{"env-2", `{"id":"env-2"}`, ` {"id": "env-2", "kind": "Environment"}`} {
		w := newWorld(t)
		db := w.writable(t, 1)
		for _, method := range []string{"POST", "DELETE"} {
			w.confluent.Inject(confluenttest.Fault{Method: method, Status: 429,
				Header: http.Header{"Retry-After": {"0"}}})
		}
		fill := strings.NewReplacer("{{ config }}", `{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"`+roleARN+
			`new"}`, "{{ environment }}", environment)
		assert.EqualValues(t, 1, do(t, db, fill.Replace(insert)))
		ids := ask(t, db, "SELECT id FROM confluent.provider_integrations.integrations WHERE environment = 'env-2' "+
			"AND provider = 'AWS'")
		require.Len(t, ids, 1)
		assert.EqualValues(t, 1, do(t, db, strings.NewReplacer("{{ environment }}", "env-2", "{{ id }}",
			ids[0]).Replace(remove)))
		assert.Equal(t, []string{"1"},
			ask(t, db, "SELECT count(*) FROM confluent.provider_integrations.integrations WHERE environment = 'env-2'"))
		assert.Equal(t, []string{"insert|" + ids[0] + "|done", "delete|" + ids[0] + "|done"},
			ask(t, db, "SELECT action, id, outcome FROM inventory_changes"))
	}
}

func TestValuesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 5)
	two := w.dbOf(t, inventory.Apono("a", w.aponoClient), inventory.Apono("b", w.aponoClient), inventory.WithWrites(1))
	for statement, want := range map[string]string{
		`INSERT INTO confluent.integrations(environment, config) VALUES ('env-1', ` +
			`'{"kind":"AwsI')`: "config is not a JSON object",
		`INSERT INTO confluent.integrations(environment, config) VALUES ('env-1', ` +
			`'["kind"]')`: "config is not a JSON object",
		`INSERT INTO confluent.integrations(environment, config) VALUES ('env-1', ` +
			`'')`: "config is not a JSON object",
		`INSERT INTO confluent.integrations_v1(environment, provider, config) VALUES ('env-1', 'aws', ` +
			`'{}')`: "kind",
		`INSERT INTO confluent.integrations_v1(environment, provider) VALUES ('env-1', ` +
			`'aws')`: "config must be set",
		`INSERT INTO confluent.integrations(environment, display_name) VALUES ('env-1', ` +
			`'x')`: "provider",
		`INSERT INTO confluent.integrations_v2(display_name, provider) VALUES ('x', ` +
			`'gcp')`: "environment",
		`INSERT INTO confluent.integrations_v2(display_name, provider, environment) VALUES ('x', 'gcp', ` +
			`NULL)`: "environment",
		`INSERT INTO confluent.integrations_v2(id, provider, environment) VALUES ('x', 'gcp', ` +
			`'env-1')`: "id",
		`INSERT INTO confluent.integrations_v2(account, provider, environment) VALUES ('other', 'gcp', ` +
			`'env-1')`: "other",
		`INSERT INTO confluent.integrations_v2(colour) VALUES ` +
			`('red')`: "colour",
		`INSERT INTO confluent.provider_integrations.integrations(data__environment) ` +
			`VALUES ('{"name":"x"}')`: "data__environment",
		`INSERT INTO confluent.provider_integrations.integrations(environment, data__environment) VALUES ('env-1', ` +
			`'env-2')`: "differ",
		`INSERT INTO apono.integrations(name) VALUES ` +
			`('x')`: "type",
		`INSERT INTO apono.integrations(type) VALUES ` +
			`('x')`: "name",
		`INSERT INTO apono.integrations(name, type, owner) VALUES ('x', 'y', ` +
			`'{}')`: "owner",
		`INSERT INTO apono.integrations(name, type, connected_resource_types) VALUES ('x', 'y', ` +
			`'{}')`: "connected_resource_types",
		`INSERT INTO apono.integrations(name, type, config) SELECT name || 2, type, config FROM apono.integrations ` +
			`WHERE name = 'postgres'`: "hidden",
		`UPDATE apono.integrations SET config = json_set(config, '$.other', '***') WHERE name = ` +
			`'postgres'`: "hidden",
		`UPDATE apono.integrations SET config = NULL WHERE name = ` +
			`'postgres'`: "config",
		`UPDATE apono.integrations SET name = NULL WHERE name = ` +
			`'postgres'`: "name",
		`UPDATE apono.integrations SET type = 'x' WHERE name = ` +
			`'postgres'`: "type",
		`UPDATE apono.integrations SET _key = 'x' WHERE name = ` +
			`'postgres'`: "_key",
		`UPDATE confluent.integrations SET display_name = 'x' WHERE display_name = ` +
			`'lake'`: "display_name",
		`UPDATE confluent.integrations SET config = '{"kind":"x"}' WHERE display_name = 'warehouse'`: "v1",
		`UPDATE confluent.integrations_v2 SET config = NULL WHERE display_name = ` +
			`'lake'`: "config",
		`UPDATE confluent.integrations_v1 SET config = '{"kind":"x"}' WHERE display_name = 'warehouse'`: "not possible",
		`INSERT INTO egeria.integration_groups(qualified_name) VALUES ` +
			`('x')`: "server",
		`INSERT INTO egeria.integration_groups(server, qualified_name, metadata_server) VALUES ('daemon', 'x', ` +
			`'y')`: "metadata_server_url",
		`UPDATE egeria.integration_groups SET secrets_store_provider = NULL WHERE server = ` +
			`'daemon'`: "secrets_store_provider",
		`UPDATE egeria.integration_groups SET secrets_store_location = '***' WHERE server = ` +
			`'daemon'`: "hidden",
		`DELETE FROM apono.catalog WHERE type = ` +
			`'x'`: "apono.catalog",
		`DELETE FROM inventory_changes WHERE id = ` +
			`'x'`: "inventory_changes",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.ErrorContains(t, err, want, statement)
		if want != "colour" { // the engine checks the columns
			assert.ErrorIs(t, err, inventory.ErrInvalid, statement)
		}
	}
	_, err := two.ExecContext(t.Context(), "INSERT INTO apono.integrations(name, type) VALUES ('x', 'y')")
	require.ErrorIs(t, err, inventory.ErrInvalid)
	assert.ErrorContains(t, err, "account")
	assert.Zero(t, w.changes())
}

// The text of an error has no values of a configuration, even if the server repeats them.
func TestSecretsAreNotInErrors(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 1)
	const secret = "hunter2-of-the-database"
	w.apono.Inject(aponotest.Fault{Method: "POST", Status: 400, Body: `{"message":"bad value ` + secret + `"}`})
	_, err := db.ExecContext(t.Context(),
		"INSERT INTO apono.integrations(name, type, config) VALUES ('x', 'postgresql', ?)", `{"password":"`+secret+`"}`)
	require.ErrorIs(t, err, sdk.ErrInvalid)
	assert.NotContains(t, err.Error(), secret)
	assert.Contains(t, err.Error(), "bad value [redacted]")
	change, ok := errors.AsType[*inventory.ChangeError](err)
	require.True(t, ok)
	assert.Equal(t, [3]string{"apono.integrations", "main", "insert"}, [3]string{change.Table, change.Account,
		change.Action})
	for _, line := range ask(t, db, "SELECT * FROM inventory_changes") {
		assert.NotContains(t, line, secret)
		assert.Contains(t, line, "failed")
	}
	w.apono.Inject(aponotest.Fault{Method: "POST", Status: 400, Body: `{"message":"bad value ` + secret + `"}`})
	_, err = db.ExecContext(t.Context(),
		"INSERT INTO apono.integrations(name, type, secret_store_config) VALUES ('x', 'postgresql', ?)",
		`{"apono":{"parameters":{"password":"`+secret+`"}}}`)
	require.ErrorIs(t, err, sdk.ErrInvalid)
	assert.NotContains(t, err.Error(), secret)
	for _, broken := range []string{`{"password":"` + secret, `"` + secret + `"`} {
		_, err = db.ExecContext(t.Context(),
			"INSERT INTO apono.integrations(name, type, config) VALUES ('x', 'postgresql', ?)", broken)
		require.ErrorIs(t, err, inventory.ErrInvalid)
		assert.NotContains(t, err.Error(), secret)
	}
}
