package inventory_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/inventory"
)

// openResult returns a transaction with an open result. One row of it has been read.
func openResult(t *testing.T, db *sql.DB) (*sql.Conn, *sql.Rows) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	rows, err := conn.QueryContext(t.Context(), "SELECT account, name FROM apono.integrations")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, rows.Close()) })
	require.True(t, rows.Next())
	return conn, rows
}

func TestFailuresBesideAnOpenResult(t *testing.T) {
	w := newWorld(t)
	conn, rows := openResult(t, w.writable(t, 1))
	_, err := conn.ExecContext(t.Context(), "DELETE FROM apono.integrations")
	require.ErrorContains(t, err, "needs a WHERE")
	_, err = conn.ExecContext(t.Context(), "INSERT INTO apono.integrations(name) VALUES ('x')")
	require.ErrorContains(t, err, "type must be set")
	_, err = tryAsk(t.Context(), conn, "SELECT * FROM nosuch")
	assert.NotErrorIs(t, err, inventory.ErrInvalid)
	assert.ErrorContains(t, err, "no such table")
	_, err = tryAsk(t.Context(), conn, "SELECT abs(-9223372036854775808)")
	assert.ErrorContains(t, err, "integer overflow")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = conn.ExecContext(ended, "SELECT count(*) FROM apono.integrations")
	assert.ErrorIs(t, err, context.Canceled)
	assert.True(t, rows.Next())
	assert.False(t, rows.Next())
	assert.NoError(t, rows.Err())
}

// A statement releases its memory at its end, even if the result of another one is open.
func TestEachStatementReadsBesideAnOpenResult(t *testing.T) {
	w := newWorld(t)
	conn, rows := openResult(t, w.writable(t, 1))
	const count = "SELECT count(*) FROM apono.integrations a JOIN apono.integrations b ON a.id = b.id"
	for range 3 {
		require.Equal(t, []string{"2"}, ask(t, conn, count))
	}
	do(t, conn, "DELETE FROM apono.integrations WHERE name = 'lake'")
	assert.Equal(t, []string{"1"}, ask(t, conn, count))
	w.apono.Add(map[string]any{"name": "other"})
	assert.Equal(t, []string{"2"}, ask(t, conn, count))
	ask(t, conn, "SELECT name FROM apono.integrations")
	assert.Equal(t, []string{"1"}, ask(t, conn, "SELECT count(*) FROM inventory_requests"))
	assert.True(t, rows.Next(), "its page was read before")
}

func TestErrorsOfSQLiteAreNotErrInvalid(t *testing.T) {
	db := newWorld(t).db(t)
	for statement, want := range map[string]string{
		"SELEC 1": "syntax error", "SELECT 1 WHERE": "incomplete input", "SELECT abs()": "wrong number of arguments",
		"SELECT * FROM nope": "no such table", "SELECT nope FROM integrations": "no such column",
	} {
		_, err := tryAsk(t.Context(), db, statement)
		assert.ErrorContains(t, err, want, statement)
		assert.NotErrorIs(t, err, inventory.ErrInvalid, statement)
	}
}
