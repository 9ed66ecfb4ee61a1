package inventory_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/inventory"
)

// emptyWorld starts the fakes in memory.
func emptyWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{
		confluent: confluenttest.NewServer(tb, confluenttest.WithEnvironments("env-1", "env-2"),
			confluenttest.WithoutSocket()),
		apono:  aponotest.NewServer(tb, aponotest.WithoutSocket(), aponotest.WithSyncReads(0)),
		egeria: egeriatest.NewServer(tb, egeriatest.WithoutSocket()),
	}
	var err error
	w.confluentClient, err = confluent.New(confluent.WithBaseURL(w.confluent.URL),
		confluent.WithHTTPClient(w.confluent.HTTPClient()), confluent.WithAPIKey(w.confluent.APIKey,
			w.confluent.APISecret))
	require.NoError(tb, err)
	w.aponoClient, err = apono.New(apono.WithBaseURL(w.apono.URL), apono.WithHTTPClient(w.apono.HTTPClient()),
		apono.WithToken(w.apono.Token))
	require.NoError(tb, err)
	w.egeriaClient, err = egeria.New(w.egeria.URL, egeria.WithHTTPClient(w.egeria.HTTPClient()),
		egeria.WithCredentials(w.egeria.User, w.egeria.Password))
	require.NoError(tb, err)
	return w
}

// seedResources adds up to 3 resources to an integration.
func (w *world) seedResources(integration string, random *rand.Rand, pick func() string) {
	for i := range random.IntN(4) {
		w.apono.SeedResources(integration, aponotest.Resource{
			ID: fmt.Sprintf("%s-%d", integration, i), Name: pick(), Type: []string{"table", "schema"}[i%2],
			Message: []string{"", pick()}[random.IntN(2)],
		})
	}
}

// copied copies the lists of the clients to ordinary tables with the same names.
func (w *world) copied(tb testing.TB) *worlds {
	tb.Helper()
	connector, err := inventory.New(
		inventory.Confluent("prod", w.confluentClient, inventory.Environments("env-1", "env-2")),
		inventory.Apono("main", w.aponoClient), inventory.Egeria("omag", w.egeriaClient))
	require.NoError(tb, err)
	plain, err := sql.Open("sqlite3", ":memory:")
	require.NoError(tb, err)
	plain.SetMaxOpenConns(1)
	all := &worlds{live: sql.OpenDB(connector), plain: plain}
	tb.Cleanup(func() {
		require.NoError(tb, all.live.Close())
		require.NoError(tb, plain.Close())
	})
	for _, schema := range []string{"confluent", "apono", "egeria"} {
		_, err := plain.ExecContext(context.Background(), "ATTACH ':memory:' AS "+schema)
		require.NoError(tb, err)
	}
	for _, table := range slices.Sorted(maps.Keys(generated)) {
		var columns []string
		for _, c := range generated[table] {
			name, collation, _ := strings.Cut(c, " ")
			columns = append(columns, name+" TEXT "+collation)
		}
		_, err := plain.ExecContext(context.Background(), "CREATE TABLE "+table+" ("+strings.Join(columns, ", ")+")")
		require.NoError(tb, err)
	}
	all.fill(tb, w)
	return all
}

// insert adds a row to an ordinary table. "" is NULL.
func (w *worlds) insert(tb testing.TB, table string, values ...string) {
	tb.Helper()
	args := make([]any, len(values))
	for i, v := range values {
		if v != "" {
			args[i] = v
		}
	}
	_, err := w.plain.ExecContext(context.Background(), "INSERT INTO "+table+" VALUES (?"+strings.Repeat(", ?",
		len(values)-1)+")", args...)
	require.NoError(tb, err)
}

func (w *worlds) fill(tb testing.TB, from *world) {
	tb.Helper()
	ctx := context.Background()
	for _, env := range []string{"env-1", "env-2"} {
		for i, err := range from.confluentClient.AllIntegrations(ctx, env, nil) {
			require.NoError(tb, err)
			w.insert(tb, "confluent.integrations", "prod", env, i.ID, i.DisplayName, string(i.Provider),
				string(i.Status), i.Config.Kind(), string(i.Config.RawJSON()))
			w.ids = append(w.ids, i.ID)
		}
		for i, err := range from.confluentClient.Integrations.List(ctx, env, nil) {
			require.NoError(tb, err)
			w.insert(tb, "confluent.integrations_v2", "prod", env, i.ID, i.DisplayName, string(i.Provider),
				string(i.Status), i.Kind, string(i.Config.RawJSON()))
		}
	}
	for i, err := range from.aponoClient.Integrations.List(ctx, nil) {
		require.NoError(tb, err)
		w.insert(tb, "apono.integrations", "main", i.ID, i.Name, i.Type, string(i.Status), i.Category, i.ConnectorID)
		w.ids = append(w.ids, i.ID)
		for r, err := range from.aponoClient.Resources.List(ctx, i.ID, "") {
			require.NoError(tb, err)
			w.insert(tb, "apono.resources", "main", i.ID, r.ID, r.Name, r.Type, r.Status.Message)
		}
	}
	documents, err := from.egeriaClient.Platform.Configurations(ctx)
	require.NoError(tb, err)
	for _, d := range documents {
		var groups []egeria.IntegrationGroup
		groups, err = d.IntegrationGroups()
		require.NoError(tb, err)
		for _, g := range groups {
			w.insert(tb, "egeria.integration_groups", "omag", d.ServerName(), g.QualifiedName, g.ServerName)
		}
	}
}
