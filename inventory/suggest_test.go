package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUnknownNamesGetTheNearestOne(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	for query, want := range map[string][2]string{
		"SELECT * FROM confluent.integration": {
			"no such table: confluent.integration", "(did you mean confluent.integrations?)"},
		"SELECT * FROM apono.resorces WHERE 1": {
			"no such table: apono.resorces", "(did you mean apono.resources?)"},
		"SELECT * FROM connector_reports_": {"no such table",
			"(did you mean egeria.connector_reports?)"},
		"SELECT * FROM inventory_error": {"no such table",
			"(did you mean inventory_errors?)"},
		"SELECT * FROM integratons": {"no such table",
			"(did you mean integrations?)"},
		"SELECT displayname FROM confluent.integrations": {
			"no such column: displayname", "(did you mean display_name?)"},
		"SELECT i.conector_id FROM apono.integrations i": {
			"no such column: i.conector_id", "(did you mean connector_id?)"},
		"SELECT vender FROM integrations": {"no such column: vender",
			"(did you mean vendor?)"},
		"SELECT g.qualifed_name FROM egeria.integration_groups g": {"no such column",
			"(did you mean qualified_name?)"},
		"DELETE FROM confluent.integratons WHERE id = 'x'": {"no such table",
			"(did you mean confluent.integrations?)"},
		"SELECT * FROM confluent.integrations i JOIN apono.integrations a ON a.nam = i.id": {"no such column: a.nam",
			"(did you mean name?)"},
	} {
		_, err := db.ExecContext(t.Context(), query)
		assert.ErrorContains(t, err, want[0], query)
		assert.ErrorContains(t, err, want[1], query)
		_, err = tryAsk(t.Context(), db, query)
		assert.ErrorContains(t, err, want[1], query)
	}
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "CREATE TEMP TABLE mine (name); INSERT INTO mine (nme) VALUES (1)")
	assert.ErrorContains(t, err, "table mine has no column named nme (did you mean name?)")
	for _, query := range []string{"SELECT zzzzzzzzzz FROM apono.integrations", "SELECT * FROM weather",
		"SELECT nosuch(1)", "SELEC 1"} {
		_, err := tryAsk(t.Context(), db, query)
		assert.Error(t, err, query)
		assert.NotContains(t, err.Error(), "did you mean", query)
	}
	assert.Zero(t, w.calls())
}
