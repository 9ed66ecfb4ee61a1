package inventory_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/inventory"
)

func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { tx.Rollback() })
	return tx
}

const insertName = "INSERT INTO apono.integrations(name, type) VALUES (?, 'postgresql')"

func TestChangesAreSentByCommit(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 5)
	tx := begin(t, db)
	do(t, tx, insertName, "one")
	do(t, tx, "DELETE FROM confluent.integrations WHERE display_name = 'warehouse'")
	do(t, tx, "DELETE FROM confluent.integrations WHERE display_name = 'warehouse'") // it still exists
	do(t, tx, "DELETE FROM egeria.integration_groups WHERE qualified_name LIKE '%Files'")
	do(t, tx, "UPDATE apono.integrations SET name = 'pond' WHERE name = 'lake'")
	assert.Equal(t, []string{"2"}, ask(t, tx, "SELECT count(*) FROM apono.integrations"),
		"a query does not see what is not sent")
	do(t, tx, "DELETE FROM confluent.integrations WHERE display_name = 'lake' AND environment = 'env-1'")
	_, err := tx.ExecContext(t.Context(),
		"UPDATE confluent.integrations SET config = '{\"kind\":\"x\"}' WHERE display_name = 'lake' AND environment "+
			"= 'env-1'")
	require.ErrorIs(t, err, inventory.ErrInvalid)
	assert.ErrorContains(t, err, "the transaction deletes the row cspi-")
	assert.Zero(t, w.changes())
	require.NoError(t, tx.Commit())
	assert.Equal(t, 5, w.changes())
	assert.Equal(t, []string{"5"}, ask(t, db, "SELECT count(*) FROM inventory_requests WHERE status < 300"))
	assert.Equal(t, []string{"one", "pond", "postgres"}, ask(t, db, "SELECT name FROM apono.integrations ORDER BY 1"))
	assert.Equal(t, []string{"insert|done", "delete|done", "delete|done", "update|done", "delete|done"},
		ask(t, db, "SELECT action, outcome FROM inventory_changes"))
	assert.Equal(t, []string{"4"},
		ask(t, w.db(t), "SELECT 4 FROM (SELECT 1) WHERE (SELECT count(*) FROM inventory_changes) = 0"),
		"another database has none of them")
}

func TestRollbackSendsNothing(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 3)
	tx := begin(t, db)
	do(t, tx, insertName, "one")
	do(t, tx, "DELETE FROM confluent.integrations WHERE display_name = 'lake'")
	require.NoError(t, tx.Rollback())
	tx = begin(t, db)
	require.NoError(t, tx.Commit())
	assert.Zero(t, w.changes())
	assert.Empty(t, ask(t, db, journal))

	ctx, cancel := context.WithCancel(t.Context())
	tx, err := db.BeginTx(ctx, nil)
	require.NoError(t, err)
	do(t, tx, insertName, "one")
	cancel()
	require.Error(t, tx.Commit())
	assert.Zero(t, w.changes())

	tx, err = db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), insertName, "one")
	require.Error(t, err, "the transaction is for reading")
	require.NoError(t, tx.Commit())
	assert.Zero(t, w.changes())
}

func TestSavepoints(t *testing.T) {
	for name, tt := range map[string]struct{ statements, left []string }{
		"back to the first": {[]string{"+a", "SAVEPOINT s", "+b", "+c", "ROLLBACK TO s", "+d"}, []string{"a", "d"}},
		"nested": {[]string{"SAVEPOINT s", "+a", "SAVEPOINT r", "+b", "ROLLBACK TO r", "+c", "RELEASE r"},
			[]string{"a", "c"}},
		"released": {[]string{"SAVEPOINT s", "+a", "SAVEPOINT r", "+b", "RELEASE r", "ROLLBACK TO s", "+c"},
			[]string{"c"}},
		"another table": {[]string{"-", "SAVEPOINT s", "+a", "ROLLBACK TO s", "+b"}, []string{"-", "b"}},
		"joined later": {[]string{"+a", "SAVEPOINT s", "SAVEPOINT r", "-", "ROLLBACK TO r", "+b", "ROLLBACK TO s",
			"+c"}, []string{"a", "c"}},
		"twice": {[]string{"+a", "SAVEPOINT s", "+b", "ROLLBACK TO s", "+c", "ROLLBACK TO s"},
			[]string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			db := w.writable(t, 3)
			tx := begin(t, db)
			for _, s := range tt.statements {
				switch s[0] {
				case '+':
					do(t, tx, insertName, s[1:])
				case '-':
					do(t, tx, "DELETE FROM confluent.integrations_v2 WHERE display_name = 'newer'")
				default:
					do(t, tx, s)
				}
			}
			assert.Zero(t, w.changes())
			require.NoError(t, tx.Commit())
			left := ask(t, db, "SELECT name FROM apono.integrations WHERE name NOT IN ('postgres', 'lake')")
			if len(ask(t, db, "SELECT id FROM confluent.integrations WHERE display_name = 'newer'")) == 0 {
				left = append([]string{"-"}, left...)
			}
			assert.Equal(t, tt.left, left)
		})
	}
}

// A savepoint outside of a transaction begins one.
func TestTransactionsByStatement(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 2)
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer c.Close()
	for _, tt := range []struct {
		statements []string
		changes    int
	}{
		{[]string{"SAVEPOINT s", insertName, "ROLLBACK TO s", "RELEASE s"}, 0},
		{[]string{"SAVEPOINT s", insertName, "RELEASE s"}, 1},
		{[]string{"BEGIN", insertName, "ROLLBACK"}, 0},
		{[]string{"BEGIN", insertName, "COMMIT"}, 1},
		{[]string{"BEGIN; " + strings.ReplaceAll(insertName, "?", "'y'") + "; COMMIT; " + strings.ReplaceAll(insertName,
			"?", "'z'")}, 2},
	} {
		for i, s := range tt.statements {
			if s == insertName {
				do(t, c, s, fmt.Sprint(tt.changes, i, len(tt.statements)))
			} else {
				do(t, c, s)
			}
		}
		assert.Equal(t, tt.changes, w.changes(), tt.statements)
	}
}

func TestMoreChangesThanAllowed(t *testing.T) {
	w := newWorld(t)
	for i := range 150 {
		w.confluent.Add("env-2", map[string]any{"display_name": fmt.Sprintf("old-%d", i), "provider": "gcp"})
	}
	db := w.writable(t, 100)
	w.reset()
	const remove = "DELETE FROM confluent.integrations_v2 WHERE display_name LIKE 'old-%'"
	_, err := db.ExecContext(t.Context(), remove)
	require.ErrorIs(t, err, inventory.ErrInvalid)
	assert.ErrorContains(t, err, "MaxChanges(100)")
	assert.Zero(t, w.changes())

	// In a transaction the whole statement fails, and earlier statements are kept.
	tx := begin(t, db)
	do(t, tx, insertName, "one")
	_, err = tx.ExecContext(t.Context(), remove)
	require.ErrorIs(t, err, inventory.ErrInvalid)
	assert.Zero(t, w.changes())
	require.NoError(t, tx.Commit())
	assert.Equal(t, 1, w.changes())
	assert.EqualValues(t, 100,
		do(t, db, remove+" AND id IN (SELECT id FROM confluent.integrations_v2 WHERE display_name LIKE 'old-%' "+
			"LIMIT 100)"))
	assert.Equal(t, []string{"50"},
		ask(t, db, "SELECT count(*) FROM confluent.integrations_v2 WHERE display_name LIKE 'old-%'"))
}

func TestEveryRowNeedsAReason(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 100)
	for _, statement := range []string{
		"DELETE FROM confluent.integrations", "delete from Apono.Integrations;",
		"DELETE FROM integration_groups -- WHERE server = 'x'",
		"UPDATE apono.integrations SET name = 'WHERE x'", `DELETE FROM "egeria"."integration_groups" /* WHERE */`,
		"WITH x AS (SELECT 1 WHERE 1) DELETE FROM apono.integrations",
		"SELECT 1 WHERE 1; DELETE FROM [apono].[integrations]; SELECT 1 WHERE 1",
		"DELETE FROM confluent.provider_integrations.integrations",
		"UPDATE apono.integrations SET name = (SELECT 'x' WHERE 1)",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.ErrorIs(t, err, inventory.ErrInvalid, statement)
		assert.ErrorContains(t, err, "needs a WHERE", statement)
	}
	for statement, want := range map[string]string{
		"UPDATE apono.integrations SET name = x FROM (SELECT 'x' AS x) WHERE name = 'lake'":        "FROM",
		"INSERT OR REPLACE INTO apono.integrations(name, type) VALUES ('x', 'y')":                  "ON CONFLICT",
		"INSERT OR IGNORE INTO apono.integrations(name, type) VALUES ('x', 'y')":                   "ON CONFLICT",
		"REPLACE INTO apono.integrations(name, type) VALUES ('x', 'y')":                            "ON CONFLICT",
		"UPDATE OR IGNORE apono.integrations SET name = 'x' WHERE name = 'y'":                      "ON CONFLICT",
		"DELETE FROM integrations WHERE name = 'lake'":                                             "view",
		"UPDATE temp.integrations SET config = '{}' WHERE name = 'lake'":                           "view",
		"INSERT INTO \"integrations\"(name) VALUES ('x')":                                          "view",
		"DELETE FROM apono.integrations WHERE name = 'lake' RETURNING id":                          "RETURNING",
		"UPDATE apono.integrations SET name = 'x' WHERE name = 'lake' RETURNING id":                "RETURNING",
		"WITH replace AS (SELECT 1) REPLACE INTO apono.integrations(name) SELECT 'x' FROM replace": "ON CONFLICT",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.ErrorIs(t, err, inventory.ErrInvalid, statement)
		assert.ErrorContains(t, err, want, statement)
	}
	assert.Zero(t, w.calls())
	do(t, db, "CREATE TEMP TABLE mine(id)")
	do(t, db, "DELETE FROM temp.mine")
	assert.EqualValues(t, 1,
		do(t, db, "UPDATE apono.integrations SET name = 'WHERE' WHERE name IS NOT DISTINCT FROM 'lake'"))
	assert.EqualValues(t, 2, do(t, db, "DELETE FROM apono.integrations WHERE 1"))
}

// After a failure, earlier changes remain, and later ones are not sent.
func TestFailuresWithinATransaction(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   aponotest.Fault
		outcome string
		is      error
	}{
		"refused": {aponotest.Fault{Method: "POST", Status: 409, Skip: 1}, "failed", sdk.ErrConflict},
		"lost":    {aponotest.Fault{Method: "POST", Lost: true, Skip: 1}, "unknown", sdk.ErrOutcomeUnknown},
		"lost after it": {aponotest.Fault{Method: "POST", Lost: true, Apply: true, Skip: 1}, "unknown",
			sdk.ErrOutcomeUnknown},
		"not understood": {aponotest.Fault{Method: "POST", Status: 502, Skip: 1}, "unknown", sdk.ErrOutcomeUnknown},
		"deletion lost":  {aponotest.Fault{Method: "DELETE", Lost: true, Times: -1}, "unknown", sdk.ErrOutcomeUnknown},
		"deletion failed": {aponotest.Fault{Method: "DELETE", Status: 500, Times: -1}, "unknown",
			sdk.ErrOutcomeUnknown},
		"deletion denied": {aponotest.Fault{Method: "DELETE", Status: 403, Times: -1}, "failed", sdk.ErrForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			db := w.writable(t, 4)
			w.apono.Inject(tt.fault)
			tx := begin(t, db)
			do(t, tx, insertName, "one")
			if tt.fault.Method == "DELETE" {
				do(t, tx, "DELETE FROM apono.integrations WHERE name = 'lake'")
			} else {
				do(t, tx, insertName, "two")
			}
			do(t, tx, insertName, "three")
			do(t, tx, "DELETE FROM confluent.integrations WHERE display_name = 'lake' AND environment = 'env-1'")
			err := tx.Commit()
			require.ErrorIs(t, err, tt.is)
			_, ok := errors.AsType[*apono.Error](err)
			assert.True(t, ok, "the SDK's error")
			change, ok := errors.AsType[*inventory.ChangeError](err)
			require.True(t, ok)
			assert.Equal(t, [2]int{1, 2}, [2]int{change.Done, change.NotSent})
			assert.Equal(t, tt.outcome == "unknown", change.OutcomeUnknown)
			assert.ErrorContains(t, err, "done before: 1, not sent: 2")
			assert.Equal(t, []string{"done", tt.outcome, "not sent", "not sent"},
				ask(t, db, "SELECT outcome FROM inventory_changes"))
			assert.Equal(t, []string{"0"}, ask(t, db, "SELECT count(*) FROM apono.integrations WHERE name = 'three'"))
			assert.EqualValues(t, 1, do(t, db, insertName, "four"), "the connection goes on")
		})
	}
}

// The error of each vendor can be found, and reports that the outcome is unknown.
func TestLostResponsesOfEachVendor(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 1)
	w.confluent.Inject(confluenttest.Fault{Method: "POST", Lost: true, Apply: true, Times: 2})
	w.egeria.Inject(egeriatest.Fault{Method: "POST", Lost: true, Times: -1})
	role := `{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + roleARN
	for i, table := range []string{"confluent.integrations", "confluent.integrations_v1"} {
		_, err := db.ExecContext(t.Context(), "INSERT INTO "+table+"(environment, config) VALUES ('env-2', ?)",
			fmt.Sprint(role, i, `"}`))
		require.ErrorIs(t, err, sdk.ErrOutcomeUnknown, table)
		vendor, ok := errors.AsType[*confluent.Error](err)
		require.True(t, ok, table)
		assert.True(t, vendor.OutcomeUnknown)
	}
	_, err := db.ExecContext(t.Context(),
		"INSERT INTO egeria.integration_groups(server, qualified_name, metadata_server, metadata_server_url) VALUES "+
			"('daemon', 'x', 'y', 'https://z')")
	require.ErrorIs(t, err, sdk.ErrOutcomeUnknown)
	_, ok := errors.AsType[*egeria.Error](err)
	assert.True(t, ok)
	assert.Equal(t, []string{"unknown|3"}, ask(t, db, "SELECT outcome, count(*) FROM inventory_changes GROUP BY 1"))
	assert.Equal(t, []string{"2"},
		ask(t, db, "SELECT count(*) FROM confluent.integrations WHERE environment = 'env-2' AND provider = 'aws'"))
}

// roundTrip is a middleware.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// aponoWith returns a client whose requests pass through f.
func (w *world) aponoWith(
	t *testing.T, f func(r *http.Request, next http.RoundTripper) (*http.Response, error),
) *apono.Client {
	t.Helper()
	client, err := apono.New(apono.WithBaseURL(w.apono.URL), apono.WithHTTPClient(w.apono.HTTPClient()),
		apono.WithToken(w.apono.Token),
		apono.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) { return f(r, next) })
		}))
	require.NoError(t, err)
	return client
}

// Commit ends with the context of BeginTx, also between changes.
func TestCommitHasTheContextOfBegin(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	posts := 0
	client := w.aponoWith(t, func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if posts++; posts == 2 {
			cancel()
		}
		return next.RoundTrip(r)
	})
	db := w.dbOf(t, inventory.Apono("main", client), inventory.WithWrites(3))
	tx, err := db.BeginTx(ctx, nil)
	require.NoError(t, err)
	for _, name := range []string{"one", "two", "three"} {
		do(t, tx, insertName, name)
	}
	err = tx.Commit()
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 2, posts)
	assert.Equal(t, []string{"done", "unknown", "not sent"}, ask(t, db, "SELECT outcome FROM inventory_changes"))
}

// The end of the context does not hide a failure. Before the first change it is the only error.
func TestCommitWhileTheContextEnds(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	client := w.aponoWith(t, func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		defer func() { cancel() }()
		return next.RoundTrip(r)
	})
	db := w.dbOf(t, inventory.Apono("main", client), inventory.WithWrites(3))
	w.apono.Inject(aponotest.Fault{Method: "POST", Status: 409})
	tx, err := db.BeginTx(ctx, nil)
	require.NoError(t, err)
	do(t, tx, insertName, "one")
	require.ErrorIs(t, tx.Commit(), sdk.ErrConflict)

	ctx, cancel = context.WithCancel(t.Context())
	tx, err = db.BeginTx(ctx, nil)
	require.NoError(t, err)
	do(t, tx, insertName, "one")
	do(t, tx, insertName, "two")
	require.ErrorIs(t, tx.Commit(), context.Canceled)
	assert.Equal(t, []string{"failed", "done", "not sent"}, ask(t, db, "SELECT outcome FROM inventory_changes"))

	ctx, cancel = context.WithCancel(t.Context())
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer c.Close()
	w.reset()
	require.NoError(t, c.Raw(func(connection any) error { // without database/sql, which checks the context itself
		tx, err := connection.(driver.ConnBeginTx).BeginTx(ctx, driver.TxOptions{})
		require.NoError(t, err)
		_, err = connection.(driver.ExecerContext).ExecContext(ctx, strings.Replace(insertName, "?", "'two'", 1), nil)
		require.NoError(t, err)
		cancel()
		require.ErrorIs(t, tx.Commit(), context.Canceled)
		return nil
	}))
	assert.Zero(t, w.calls())
}

func TestWritesOfSeveralConnections(t *testing.T) {
	w := newWorld(t)
	db := w.writable(t, 3)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			tx, err := db.BeginTx(t.Context(), nil)
			if !assert.NoError(t, err) {
				return
			}
			for j := range 3 {
				_, err := tx.ExecContext(t.Context(), insertName, fmt.Sprintf("%d-%d", i, j))
				assert.NoError(t, err)
			}
			if i%2 == 0 {
				assert.NoError(t, tx.Commit())
			} else {
				assert.NoError(t, tx.Rollback())
			}
		})
	}
	group.Wait()
	assert.Equal(t, []string{"0", "2", "4", "6"},
		ask(t, db, "SELECT DISTINCT substr(name, 1, 1) FROM apono.integrations WHERE name LIKE '_-_' ORDER BY 1"))
	assert.Equal(t, []string{"insert|done|12"},
		ask(t, db, "SELECT action, outcome, count(*) FROM inventory_changes GROUP BY 1, 2"))
}
