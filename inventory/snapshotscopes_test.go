package inventory_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/inventory"
)

// addWithResource adds an integration with one resource.
func addWithResource(s *aponotest.Server, name string) (id string) {
	id = s.Add(map[string]any{"name": name})
	s.SeedResources(id, aponotest.Resource{ID: "res-" + name, Name: "db-" + name, Type: "database",
		Tags: map[string]string{"team": name}})
	return id
}

// secondAccount adds another account of Apono, with integrations that have one resource each.
func (w *world) secondAccount(t *testing.T, integrations int) (*aponotest.Server, inventory.Option) {
	t.Helper()
	s := aponotest.NewServer(t)
	for i := range integrations {
		addWithResource(s, fmt.Sprint("other-", i))
	}
	client, err := apono.New(apono.WithBaseURL(s.URL), apono.WithHTTPClient(s.HTTPClient()), apono.WithToken(s.Token))
	require.NoError(t, err)
	return s, inventory.Apono("second", client)
}

func TestASnapshotAsksAnAccountForItsOwnIntegrations(t *testing.T) {
	w := newWorld(t)
	addWithResource(w.apono, "first")
	second, option := w.secondAccount(t, 5)
	db := w.dbOf(t, inventory.Apono("main", w.aponoClient), option)
	path := filepath.Join(t.TempDir(), "inventory.db")
	run, err := inventory.Snapshot(t.Context(), db, path, "apono.resources", "apono.permissions", "apono.user_tags")
	require.NoError(t, err)
	assert.Equal(t, 12, run.Rows)
	// Per table: the list, and a request for each integration. Tags also need one for each
	// resource.
	assert.Len(t, w.apono.Calls(), 3*(1+3)+1)
	assert.Len(t, second.Calls(), 3*(1+5)+5)
}

// The resources of an integration are added and removed with it.
func TestResourcesOfNewAndDeletedIntegrations(t *testing.T) {
	w := newWorld(t)
	deleted := addWithResource(w.apono, "old")
	_, option := w.secondAccount(t, 1)
	db := w.dbOf(t, inventory.Apono("main", w.aponoClient), option, inventory.WithPartial())
	path := filepath.Join(t.TempDir(), "inventory.db")
	snapshot := func() {
		t.Helper()
		_, err := inventory.Snapshot(t.Context(), db, path, "apono.resources", "apono.user_tags")
		require.NoError(t, err)
	}
	snapshot()
	require.NoError(t, w.aponoClient.Integrations.Delete(t.Context(), deleted))
	addWithResource(w.apono, "new")
	snapshot()
	file := openFile(t, path)
	assert.Equal(t, []string{"apono.resources|main|db-new", "apono.user_tags|main|team"},
		ask(t, file, "SELECT table_name, account, name FROM added ORDER BY 1"))
	assert.Equal(t, []string{"apono.resources|main|db-old", "apono.user_tags|main|team"},
		ask(t, file, "SELECT table_name, account, name FROM removed ORDER BY 1"))

	w.apono.RevokeToken(w.apono.Token)
	snapshot()
	assert.Empty(t, ask(t, file, "SELECT * FROM removed"), "nothing is known of the account")
}
