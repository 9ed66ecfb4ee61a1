package inventory_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/inventory"
)

// awsRole returns a configuration with a role of this name.
func awsRole(name string) string {
	return `{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + roleARN + name + `"}`
}

func TestReturning(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 1)
	for _, tt := range []struct {
		statement string
		args      []any
		find      string // the same row by its first value
	}{
		{"INSERT INTO confluent.integrations(environment, config) VALUES (?, ?) RETURNING id, api_version, environment",
			[]any{"env-2", awsRole("any")},
			"SELECT id, api_version, environment FROM confluent.integrations WHERE id = ?"},
		{"INSERT INTO confluent.integrations_v2 AS i (environment, display_name, provider) SELECT 'env-1', 'x', 'gcp'" +
			" RETURNING integrations_v2.id AS new, status, upper(display_name), account, \n_key, _raw -- RETURNING",
			nil,
			"SELECT id, status, upper(display_name), account, _key, _raw FROM confluent.integrations_v2 WHERE id = ?"},
		{"/*+ create */ INSERT INTO confluent.provider_integrations.integrations(data__config, data__environment) " +
			"SELECT '" + awsRole("seed") +
			"', 'env-1' RETURNING id, environment, config ->> 'kind';", nil,
			"SELECT id, environment, config ->> 'kind' FROM confluent.provider_integrations.integrations WHERE id = ?"},
		{"INSERT INTO apono.integrations(name, type, config) VALUES (:name, 'postgresql', '{\"hostname\":\"x\"}') " +
			"returning id, config, (SELECT 'RETURNING')",
			[]any{sql.Named("name", "named")}, "SELECT id, config, 'RETURNING' FROM apono.integrations WHERE id = ?"},
		{"INSERT INTO egeria.integration_groups(server, qualified_name, metadata_server, metadata_server_url)" +
			" VALUES ('daemon', 'RETURNING x', 'm', 'https://u') RETURNING qualified_name, *", nil,
			"SELECT qualified_name, * FROM egeria.integration_groups WHERE qualified_name = ?"},
	} {
		w.reset()
		got := ask(t, db, tt.statement, tt.args...)
		require.Len(t, got, 1, tt.statement)
		assert.Equal(t, 1, w.changes(), tt.statement)
		id, _, _ := strings.Cut(got[0], "|")
		assert.NotEqual(t, "NULL", id)
		assert.Equal(t, ask(t, db, tt.find, id), got, tt.statement)
	}
	var id string
	prepared, err := db.PrepareContext(t.Context(), insertName+" RETURNING id")
	require.NoError(t, err)
	for _, name := range []string{"first", "second"} {
		require.NoError(t, prepared.QueryRowContext(t.Context(), name).Scan(&id))
		assert.Equal(t, []string{name}, ask(t, db, "SELECT name FROM apono.integrations WHERE id = ?", id))
	}
	require.NoError(t, prepared.Close())
	assert.Equal(t, []string{id}, ask(t, db, "SELECT id FROM inventory_changes ORDER BY at DESC LIMIT 1"))
	assert.EqualValues(t, 1,
		do(t, db, "INSERT INTO apono.integrations(name, type) VALUES ('by Exec', 'postgresql') RETURNING id"))
	assert.Empty(t, ask(t, db, "INSERT INTO apono.integrations(name, type) SELECT 'none', 'x' WHERE 0 RETURNING id"))
	assert.Equal(t, []string{"6"}, ask(t, db, "SELECT count(*) FROM apono.integrations"), "all rows are seen again")
}

// The next statements of the connection do not use the row of an INSERT … RETURNING.
func TestStatementsAfterReturning(t *testing.T) {
	w := newWorld(t)
	c, err := w.writable(t, 2).Conn(t.Context())
	require.NoError(t, err)
	defer c.Close()
	open, err := c.QueryContext(t.Context(), "SELECT type FROM apono.catalog")
	require.NoError(t, err)
	defer open.Close()
	require.True(t, open.Next())
	assert.Equal(t, []string{"x"}, ask(t, c, insertName+" RETURNING name", "x"))
	assert.Equal(t, []string{"3"}, ask(t, c, "SELECT count(*) FROM apono.integrations"))
	require.True(t, open.Next())
	require.NoError(t, open.Close())
	assert.EqualValues(t, 2,
		do(t, c, "INSERT INTO apono.integrations(name, type) VALUES ('a', 'postgresql'), ('b', 'postgresql')"))
}

// RETURNING shows the response to the create. There is no further request.
func TestReturningSendsOneRequest(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 1)
	ask(t, db, "INSERT INTO confluent.integrations_v1(environment, config) VALUES ('env-1', ?) RETURNING *",
		awsRole("x"))
	ask(t, db, "INSERT INTO apono.integrations(name, type) VALUES ('x', 'postgresql') RETURNING *")
	assert.Equal(t, [3]int{1, 1, 0}, w.calls())
	assert.Equal(t, []string{"apono.integrations|200"}, ask(t, db, "SELECT table_name, status FROM inventory_requests"))
}

func TestReturningIsRefusedElsewhere(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 5)
	tx := begin(t, db)
	_, err := tryAsk(t.Context(), tx, insertName+" RETURNING id", "one")
	require.ErrorIs(t, err, inventory.ErrInvalid)
	assert.ErrorContains(t, err, "RETURNING is not possible in a transaction")
	require.NoError(t, tx.Commit())
	for statement, want := range map[string]string{
		"INSERT INTO apono.integrations(name, type) VALUES ('a', 'x'), ('b', 'x') RETURNING " +
			"id": "one row",
		"INSERT INTO apono.integrations(name, type) SELECT name || 2, type FROM apono.integrations RETURNING " +
			"id": "one row",
		"INSERT INTO apono.integrations(name, type) VALUES ('a', 'x') RETURNING id, " +
			"?": "parameters",
		"INSERT INTO apono.integrations(name, type) VALUES ('a', 'x') RETURNING " +
			"nothing": "nothing",
		"INSERT INTO apono.integrations(name, type) VALUES ('a', 'x') RETURNING " +
			"count(*)": "aggregate",
		"INSERT INTO apono.integrations(name, type) VALUES ('a', 'x') RETURNING id FROM " +
			"apono.catalog": "FROM",
		"INSERT INTO apono.integrations(name, type) VALUES ('a', 'x') " +
			"RETURNING": "incomplete",
		"INSERT INTO apono.integrations(name, type) VALUES ('a', 'x') RETURNING id; SELECT " +
			"1": "only statement",
	} {
		_, err := tryAsk(t.Context(), db, statement)
		assert.ErrorContains(t, err, want, statement)
	}
	assert.Zero(t, w.changes())
	w.apono.Inject(aponotest.Fault{Method: "POST", Lost: true, Apply: true})
	_, err = tryAsk(t.Context(), db, insertName+" RETURNING id", "one")
	assert.ErrorIs(t, err, sdk.ErrOutcomeUnknown)
}

// A context that ends after the row was created does not hide its ID.
func TestReturningAfterTheContextHasEnded(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	db := w.writable(t, 1, inventory.WithProgress(func(inventory.Progress) { cancel() }))
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer c.Close()
	// database/sql may notice the end first.
	require.NoError(t, c.Raw(func(connection any) error {
		stmt, err := connection.(driver.ConnPrepareContext).PrepareContext(ctx, insertName+" RETURNING name")
		require.NoError(t, err)
		defer stmt.Close()
		rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, []driver.NamedValue{{Ordinal: 1, Value: "one"}})
		require.NoError(t, err)
		row := make([]driver.Value, 1)
		require.NoError(t, rows.Next(row))
		assert.Equal(t, "one", row[0])
		return nil
	}))
	require.ErrorIs(t, ctx.Err(), context.Canceled)
	assert.Equal(t, []string{"insert|done"}, ask(t, db, "SELECT action, outcome FROM inventory_changes"))
}

func TestOnConflictIsEnsure(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 2)
	gcp := `{"kind":"GcpIntegrationConfig",` +
		`"customer_google_service_account":"reader@my-project.iam.gserviceaccount.com"}`
	const (
		v2 = "INSERT INTO confluent.integrations_v2 AS i (environment, display_name, provider, config) VALUES " +
			"('env-1', 'same', 'gcp', ?)" +
			" ON CONFLICT (environment, display_name) DO UPDATE SET config = excluded.config"
		all = `INSERT INTO confluent.integrations("display_name", environment, config) SELECT 'role', 'env-2', ?` +
			` WHERE true on conflict ("display_name") do update set "config" = EXCLUDED."config"`
		ap = "INSERT INTO apono.integrations(name, type, config) VALUES ('ensured', 'postgresql', ?) ON " +
			"CONFLICT(name) DO UPDATE SET config=excluded.config"
		eg = "INSERT INTO egeria.integration_groups(server, qualified_name, metadata_server, metadata_server_url) " +
			"VALUES ('daemon', 'g', 'm', ?)" +
			" ON CONFLICT (qualified_name) DO UPDATE SET metadata_server = excluded.metadata_server, " +
			"metadata_server_url = excluded.metadata_server_url"
	)
	for _, tt := range []struct {
		statement, arg string
		changes        int
	}{
		{v2, gcp, 2}, {v2, gcp, 0}, {all, awsRole("a"), 1}, {all, awsRole("a"), 0},
		{ap, `{"hostname":"a"}`, 1}, {ap, `{"hostname":"a"}`, 0}, {ap, `{"hostname":"b"}`, 1}, {eg, "https://a", 1},
		{eg, "https://b", 1},
	} {
		w.reset()
		assert.EqualValues(t, 1, do(t, db, tt.statement, tt.arg))
		assert.Equal(t, tt.changes, w.changes(), tt.statement)
	}
	// With RETURNING, and as a query without it.
	id := ask(t, db, v2+" RETURNING id, status", gcp)
	assert.Equal(t, ask(t, db, "SELECT id, status FROM confluent.integrations_v2 WHERE display_name = 'same'"), id)
	assert.Empty(t, ask(t, db, ap, `{"hostname":"c"}`))
	assert.Equal(t, []string{"c|https://b"}, ask(t, w.db(t, inventory.WithSecrets()),
		"SELECT config ->> 'hostname', metadata_server_url FROM apono.integrations, egeria.integration_groups WHERE "+
			"name = 'ensured' AND qualified_name = 'g'"))
	_, err := db.ExecContext(t.Context(), all, awsRole("b"))
	require.ErrorIs(t, err, sdk.ErrConflict, "v1 changes nothing")

	tx := begin(t, db)
	do(t, tx, ap, `{"hostname":"d"}`)
	w.reset()
	require.NoError(t, tx.Commit())
	assert.Equal(t, 1, w.changes())
	assert.Equal(t, []string{"ensure"}, ask(t, db, "SELECT DISTINCT action FROM inventory_changes"))
	// The next INSERT of the connection is an ordinary one.
	db.SetMaxOpenConns(1)
	do(t, db, eg, "https://c")
	plain, _, _ := strings.Cut(eg, " ON CONFLICT")
	_, err = db.ExecContext(t.Context(), plain, "https://d")
	require.ErrorIs(t, err, sdk.ErrConflict)
	// Ensure looks up the object after a lost response.
	w.confluent.Inject(confluenttest.Fault{Method: "POST", Lost: true, Apply: true})
	do(t, db, strings.Replace(all, "'role'", "'other'", 1), awsRole("c"))
}

func TestOnConflictThatEnsureCanNotDo(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 5)
	const head = "INSERT INTO apono.integrations(name, type, config, connector_id) VALUES ('a', 'b', '{}', 'c') ON " +
		"CONFLICT "
	const both = "DO UPDATE SET config = excluded.config, connector_id = excluded.connector_id"
	for statement, want := range map[string]string{
		head + "DO NOTHING":                                    "by name",
		head + "(name) DO NOTHING":                             "DO NOTHING",
		head + "(account) " + both:                             "by name",
		head + "(id) " + both:                                  "by name",
		head + "(name, type) " + both:                          "by name",
		head + "(name) WHERE 1 " + both:                        "WHERE",
		head + "(name) " + both + " WHERE 1":                   "WHERE",
		head + "(name) DO UPDATE SET config = excluded.config": "connector_id",
		head + "(name) DO UPDATE SET config = '{}', connector_id = excluded.connector_id":          "excluded",
		head + "(name) DO UPDATE SET config = excluded.name, connector_id = excluded.connector_id": "excluded",
		head + "(name) " + both + ", owner = excluded.owner":                                       "owner",
		head + "(name) " + both + "; SELECT 1": "only " +
			"statement",
		"INSERT INTO apono.integrations VALUES ('a') ON CONFLICT (name) DO UPDATE SET name = excluded.name": "columns",
		"INSERT INTO confluent.integrations(environment, config) VALUES ('env-1', '" + awsRole("x") +
			"') ON CONFLICT (display_name) DO UPDATE SET config = excluded.config": "display_name",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.ErrorIs(t, err, inventory.ErrInvalid, statement)
		assert.ErrorContains(t, err, want, statement)
	}
	assert.Zero(t, w.calls())
	// A join may use a column with this name.
	do(t, db, "CREATE TEMP TABLE mine(conflict)")
	assert.Empty(t,
		ask(t, db, "INSERT INTO apono.integrations(name, type) SELECT 'x', 'y' FROM apono.catalog JOIN temp.mine ON "+
			"conflict = type"))
}
