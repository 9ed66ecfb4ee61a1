package inventory_test

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/inventory"
)

func TestAQueryWithoutAStatement(t *testing.T) {
	db := newWorld(t).db(t)
	for _, query := range []string{"", " ;\n;", "-- nothing", "/* nothing"} {
		_, err := tryAsk(t.Context(), db, query)
		assert.ErrorIs(t, err, inventory.ErrInvalid, query)
		do(t, db, query)
	}
	assert.Equal(t, []string{"1"}, ask(t, db, "; /* one */ SELECT 1"))
}

// A file may begin with a byte order mark, which the engine ignores.
func TestAByteOrderMarkHidesNoStatement(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 10)
	for _, statement := range []string{
		"\ufeffDELETE FROM confluent.integrations", "SELECT 1; \ufeff\ufeffDELETE FROM apono.integrations",
		"\ufeffUPDATE apono.integrations SET name = 'x'",
		"\ufeffWITH x AS (SELECT 1) \ufeffDELETE FROM confluent.integrations",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		assert.ErrorIs(t, err, inventory.ErrInvalid, statement)
		assert.ErrorContains(t, err, "needs a WHERE", statement)
	}
	assert.Zero(t, w.changes())
	do(t, db, "\ufeffDELETE FROM apono.integrations WHERE name = 'lake'")
	assert.Equal(t, 1, w.changes())
}

func TestStatementsReachNoFiles(t *testing.T) {
	dir := t.TempDir()
	db := newWorld(t).writable(t, 10)
	for _, statement := range []string{
		"ATTACH '" + dir + "/a.db' AS a", "ATTACH 'file:" + dir + "/b.db' AS b", "SELECT 1; ATTACH DATABASE '" + dir +
			"/c.db' AS c",
		"VACUUM INTO '" + dir + "/d.db'", "VACUUM confluent INTO '" + dir + "/e.db'",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		assert.ErrorIs(t, err, inventory.ErrInvalid, statement)
	}
	_, err := db.ExecContext(t.Context(), "ATTACH ? AS f", dir+"/f.db")
	assert.ErrorIs(t, err, inventory.ErrInvalid)
	for _, function := range []string{"load_extension('x')", "readfile('x')", "writefile('x', 'y')"} {
		_, err := tryAsk(t.Context(), db, "SELECT "+function)
		assert.ErrorContains(t, err, "no such function", function)
	}
	files, err := os.ReadDir(dir)
	assert.NoError(t, err)
	assert.Empty(t, files)
	do(t, db, "ATTACH ':memory:' AS mine; CREATE TABLE mine.kept AS SELECT * FROM integrations; DETACH mine")
}

// A pooled connection is used again by others.
func TestStatementsKeepTheTables(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 10)
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		"DROP TABLE apono.connectors", "DROP TABLE inventory_errors",
		"DROP TABLE \"confluent\".\"provider_integrations.integrations\"",
		"ALTER TABLE confluent.integrations RENAME TO other", "DROP VIEW integrations", "DROP VIEW temp.Integrations",
		"DETACH Egeria", "CREATE VIRTUAL TABLE temp.other USING confluent_integrations",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		assert.ErrorIs(t, err, inventory.ErrInvalid, statement)
	}
	assert.Equal(t, []string{"8"}, ask(t, db, "SELECT count(*) FROM integrations"))
	do(t, db, "CREATE TABLE mine(a); ALTER TABLE mine ADD COLUMN b; CREATE VIEW seen AS SELECT * FROM mine; DROP "+
		"VIEW seen; DROP TABLE mine")
}

// A failed request is recorded, a request that was not sent is not.
func TestFailedRequestsAreNoted(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	w.confluent.Inject(confluenttest.Fault{Operation: "listPimV1Integrations", Status: 400, Times: -1})
	w.apono.Inject(aponotest.Fault{Operation: "listIntegrationsV4", Status: 418, Times: -1})
	w.egeria.Inject(egeriatest.Fault{Operation: "listConfigurations", Status: 400, Times: -1})
	for table, status := range map[string]string{
		"confluent.integrations_v1 WHERE environment = 'env-1'": "400|0", "apono.integrations": "418|0",
		"egeria.servers": "400|0",
	} {
		_, err := tryAsk(t.Context(), db, "SELECT * FROM "+table)
		require.Error(t, err, table)
		assert.Equal(t, []string{status}, ask(t, db, "SELECT status, rows FROM inventory_requests"), table)
	}
	unreachable, err := egeria.New("http://127.0.0.1:1", egeria.WithCredentials("u", "p"),
		egeria.WithRetry(sdk.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	other := w.dbOf(t, inventory.Egeria("omag", unreachable))
	_, err = tryAsk(t.Context(), other, "SELECT * FROM egeria.servers")
	require.ErrorContains(t, err, "connection refused")
	assert.Empty(t, ask(t, other, "SELECT * FROM inventory_requests"), "the client looks for the release first")
}

// An argument and a text of a change may be long, a name may not.
func TestLongNamesAndTexts(t *testing.T) {
	db := newWorld(t).writable(t, 1)
	long := strings.Repeat("x", 2<<20)
	for _, statement := range []string{
		"ATTACH '%s' AS a", "CREATE TABLE %s(a)", "SAVEPOINT %s", "DETACH [%s]", "PRAGMA user_version = '%s'",
		"WITH %s AS (SELECT 1) SELECT 2 FROM %[1]s",
		"CREATE VIEW v AS SELECT 1 AS `%s`", "SELECT 1; DROP TABLE \"%s\"", "SELECT length('%s')",
	} {
		_, err := db.ExecContext(t.Context(), fmt.Sprintf(statement, long))
		assert.ErrorIs(t, err, inventory.ErrInvalid, statement)
	}
	assert.Equal(t, []string{"2097152"}, ask(t, db, "SELECT length(?)", long))
	do(t, db, "INSERT INTO apono.integrations(name, type, config) VALUES ('x', 'mock-duck', '{\"a\":\""+long+"\"}')")
}

// The engine would take NULL.
func TestAParameterWithoutAnArgumentIsRefused(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 10)
	for statement, args := range map[string][]any{
		"SELECT id FROM integrations WHERE name = ?1 AND id = ?2": {"a"},
		"SELECT ?1":         {},
		"SELECT :a, @b, $c": {sql.Named("a", 1), sql.Named("c", 3)},
		"SELECT ?3":         {1, 2},
		"UPDATE apono.integrations SET name = ?2 WHERE id = ?1":                   {"a"},
		"DELETE FROM apono.integrations WHERE name IS NOT ?":                      {},
		"DELETE FROM apono.integrations WHERE name IS NOT ?1":                     {},
		"INSERT INTO apono.integrations(name, type) VALUES (?1, ?2) RETURNING id": {"x"},
	} {
		_, err := tryAsk(t.Context(), db, statement, args...)
		if strings.Contains(statement, "?1") || strings.Contains(statement, "$") {
			assert.ErrorIs(t, err, inventory.ErrInvalid, statement)
			assert.ErrorContains(t, err, "has no argument", statement)
		}
		assert.Error(t, err, statement)
		_, err = db.ExecContext(t.Context(), statement, args...)
		assert.Error(t, err, statement)
	}
	assert.Zero(t, w.changes())
	assert.Equal(t, []string{"1|2|1"}, ask(t, db, "SELECT ?1, ?2, ?1", 1, 2))
	assert.Equal(t, []string{"1|1|2"}, ask(t, db, "SELECT :a, @a, $b", sql.Named("b", 2), sql.Named("a", 1)))
	assert.Equal(t, []string{"2"}, ask(t, db, "SELECT ?2", 1, 2))
}
