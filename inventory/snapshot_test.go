package inventory_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/inventory"
)

// openFile opens a snapshot file.
func openFile(t *testing.T, path string) *sql.DB {
	t.Helper()
	file, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	return file
}

func TestASnapshotHasTheRowsOfTheTables(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	path := filepath.Join(t.TempDir(), "inventory.db")
	run, err := inventory.Snapshot(t.Context(), db, path)
	require.NoError(t, err)
	assert.Equal(t, int64(1), run.ID)
	assert.Empty(t, run.Failures)

	file := openFile(t, path)
	for _, table := range []string{
		"confluent.integrations", "confluent.integrations_v1", "confluent.integrations_v2",
		"apono.integrations", "apono.catalog", "apono.connectors", "egeria.servers", "egeria.integration_groups",
	} {
		schema, name, _ := strings.Cut(table, ".")
		columns := ask(t, db, "SELECT group_concat('quote(' || name || ')', ', ') FROM pragma_table_info(?, ?) "+
			"WHERE type <> 'JSON TEXT'", name, schema)[0]
		want := ask(t, db, "SELECT "+columns+" FROM "+table+" ORDER BY 1, 2, 3")
		require.NotEmpty(t, want, table)
		assert.Equal(t, want, ask(t, file, "SELECT "+columns+" FROM "+schema+"_"+name+" ORDER BY 1, 2, 3"), table)
	}
	assert.Equal(t, []string{"0"},
		ask(t, file, "SELECT count(*) FROM items WHERE instr(id || scope, char(0)) > 0 OR id = ''"),
		"ids that other databases take")
	assert.Equal(t, []string{"12345678901234567890.10"},
		ask(t, file, "SELECT config -> 'serial' FROM confluent_integrations WHERE display_name = 'newer'"),
		"all digits")
	assert.Equal(t, []string{strconv.Itoa(run.Rows)}, ask(t, file, "SELECT count(*) FROM items"))
}

func TestTheDifferencesBetweenTwoRuns(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	path := filepath.Join(t.TempDir(), "inventory.db")
	snapshot := func() {
		t.Helper()
		_, err := inventory.Snapshot(t.Context(), db, path)
		require.NoError(t, err)
	}
	snapshot()
	file := openFile(t, path)
	for _, view := range []string{"added", "removed", "changed"} {
		assert.Empty(t, ask(t, file, "SELECT * FROM "+view), "one run")
	}
	snapshot()
	for _, view := range []string{"added", "removed", "changed"} {
		assert.Empty(t, ask(t, file, "SELECT * FROM "+view), "nothing has changed")
	}

	lake := w.confluent.Integrations("env-2")[0].ID
	require.NoError(t, w.confluentClient.Integrations.Delete(t.Context(), "env-2", lake))
	for _, i := range w.apono.Integrations() {
		if i.Name == "lake" {
			w.apono.SetStatus(i.ID, "ERROR")
		}
	}
	w.confluent.Add("env-1", confluent.Integration{DisplayName: "new", Provider: confluent.ProviderGCP,
		Status: confluent.StatusDraft})
	snapshot()
	const of = " WHERE table_name IN ('confluent.integrations', 'apono.integrations')"
	assert.Equal(t, []string{"confluent.integrations|prod|env-1|new"},
		ask(t, file, "SELECT table_name, account, scope, name FROM added"+of))
	assert.Equal(t, []string{"confluent.integrations|prod|env-2|lake"},
		ask(t, file, "SELECT table_name, account, scope, name FROM removed"+of),
		"of an environment that has none any more")
	assert.Equal(t, []string{"apono.integrations|main||lake|status|ACTIVE|ERROR"},
		ask(t, file, "SELECT table_name, account, scope, name, column_name, before, after FROM changed"+of))

	_, err := file.ExecContext(t.Context(), "UPDATE comparison SET before_run = 3, after_run = 1")
	require.NoError(t, err)
	assert.Equal(t, []string{"lake"}, ask(t, file, "SELECT name FROM added"+of), "backwards")
	_, err = file.ExecContext(t.Context(), "UPDATE comparison SET before_run = NULL, after_run = 2")
	require.NoError(t, err)
	assert.Empty(t, ask(t, file, "SELECT name FROM added"), "the two before")
}

// A row in a scope that was not read is not removed.
func TestWhatWasNotReadIsNotRemoved(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "inventory.db")
	db := w.db(t, inventory.WithPartial())
	_, err := inventory.Snapshot(t.Context(), db, path)
	require.NoError(t, err)
	count := func(view string) string { return ask(t, openFile(t, path), "SELECT count(*) FROM "+view)[0] }

	w.apono.RevokeToken(w.apono.Token)
	run, err := inventory.Snapshot(t.Context(), db, path)
	require.NoError(t, err)
	require.NotEmpty(t, run.Failures)
	assert.Equal(t, "main", run.Failures[0].Account)
	assert.Equal(t, "0", count("removed"))
	assert.NotEqual(t, "0", count("scopes WHERE run = 2 AND account = 'main' AND error IS NOT NULL"))

	// Fewer environments, and only one vendor.
	_, err = inventory.Snapshot(t.Context(),
		w.dbOf(t, inventory.Confluent("prod", w.confluentClient, inventory.Environments("env-1"))), path)
	require.NoError(t, err)
	assert.Equal(t, "0", count("removed"))
	_, err = inventory.Snapshot(t.Context(), db, path, "confluent.integrations")
	require.NoError(t, err)
	assert.Equal(t, "0", count("added"))
	assert.Equal(t, "1", count("(SELECT DISTINCT table_name FROM items WHERE run = 4)"))
}

func TestASnapshotIsInTheFileInFullOrNotAtAll(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	path := filepath.Join(t.TempDir(), "inventory.db")
	_, err := inventory.Snapshot(t.Context(), db, path)
	require.NoError(t, err)
	before := ask(t, openFile(t, path), "SELECT count(*), max(run) FROM items")

	w.confluent.Inject(confluenttest.Fault{Operation: "listPimV2Integrations", Status: 403, Times: -1})
	_, err = inventory.Snapshot(t.Context(), db, path)
	require.ErrorIs(t, err, confluent.ErrForbidden)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = inventory.Snapshot(ctx, db, path)
	require.ErrorIs(t, err, context.Canceled)
	file := openFile(t, path)
	assert.Equal(t, before, ask(t, file, "SELECT count(*), max(run) FROM items"))
	assert.Equal(t, []string{"1"}, ask(t, file, "SELECT count(*) FROM runs"))
}

func TestSnapshotsRefuseOtherFilesBeforeTheyAsk(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	dir := t.TempDir()
	other := filepath.Join(dir, "other.db")
	_, err := openFile(t, other).ExecContext(t.Context(), "CREATE TABLE theirs(x)")
	require.NoError(t, err)
	text := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(text, bytes.Repeat([]byte("notes "), 1000), 0o600))
	for _, path := range []string{"", other, text, dir, filepath.Join(dir, "missing", "inventory.db")} {
		_, err := inventory.Snapshot(t.Context(), db, path)
		require.Error(t, err, path)
	}
	_, err = inventory.Snapshot(t.Context(), db, filepath.Join(dir, "new.db"), "apono.integration")
	require.ErrorIs(t, err, inventory.ErrInvalid)
	require.ErrorContains(t, err, "apono.integration")
	_, err = inventory.Snapshot(t.Context(), openFile(t, other), filepath.Join(dir, "new.db"))
	require.ErrorIs(t, err, inventory.ErrInvalid, "not a database of New")
	assert.Zero(t, w.calls())
	assert.Equal(t, []string{"theirs"}, ask(t, openFile(t, other), "SELECT name FROM sqlite_schema"))
}

func TestSnapshotFilesHaveNoSecrets(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "inventory.db")
	_, err := inventory.Snapshot(t.Context(), w.db(t), path)
	require.NoError(t, err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(content), "postgres", "the file is read as it is")
	for _, secret := range []string{secretValue, w.confluent.APISecret, w.apono.Token, w.egeria.Password} {
		assert.NotContains(t, string(content), secret)
	}
	shown := filepath.Join(t.TempDir(), "shown.db")
	_, err = inventory.Snapshot(t.Context(), w.db(t, inventory.WithSecrets()), shown)
	require.NoError(t, err)
	content, err = os.ReadFile(shown)
	require.NoError(t, err)
	assert.Contains(t, string(content), secretValue)
}
