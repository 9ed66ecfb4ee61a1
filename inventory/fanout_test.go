package inventory_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

// environments returns n names.
func environments(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("env-%03d", i)
	}
	return names
}

// inMemory returns a fake of Confluent without a socket, and a database with its environments.
func inMemory(
	t *testing.T, envs []string, each int, opts ...confluenttest.Option,
) (*confluenttest.Server, *confluent.Client) {
	t.Helper()
	srv := confluenttest.NewServer(t, append([]confluenttest.Option{confluenttest.WithEnvironments(envs...),
		confluenttest.WithoutSocket()}, opts...)...)
	for _, env := range envs {
		for i := range each {
			srv.Add(env, map[string]any{"display_name": fmt.Sprintf("%s-%d", env, i), "provider": "gcp"})
		}
	}
	client, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithHTTPClient(srv.HTTPClient()),
		confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	require.NoError(t, err)
	return srv, client
}

func open(t *testing.T, opts ...inventory.Option) *sql.DB {
	t.Helper()
	connector, err := inventory.New(opts...)
	require.NoError(t, err)
	return sql.OpenDB(connector)
}

// A failure has the vendor's type, wherever it occurs.
func TestFailuresFromQueryNextAndExec(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	w.confluent.Inject(confluenttest.Fault{Operation: "listPimV2Integrations", Status: http.StatusForbidden, Times: -1})
	w.apono.Inject(aponotest.Fault{Operation: "listIntegrationsV4", Status: http.StatusForbidden, Times: -1})
	w.egeria.Inject(egeriatest.Fault{Operation: "listConfigurations", Status: http.StatusForbidden, Times: -1})
	for table, vendor := range map[string]func(error) bool{
		"confluent.integrations_v2": func(err error) bool { _, ok := errors.AsType[*confluent.Error](err); return ok },
		"apono.integrations":        func(err error) bool { _, ok := errors.AsType[*apono.Error](err); return ok },
		"egeria.integration_groups": func(err error) bool { _, ok := errors.AsType[*egeria.Error](err); return ok },
	} {
		check := func(err error, where string) {
			t.Helper()
			assert.True(t, vendor(err), "%s of %s: %v", where, table, err)
			scope, ok := errors.AsType[*inventory.ScopeError](err)
			require.True(t, ok, where)
			assert.Equal(t, table, scope.Table)
			assert.ErrorIs(t, err, sdk.ErrForbidden)
		}
		rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
		if err == nil {
			assert.False(t, rows.Next())
			err = rows.Err()
			require.NoError(t, rows.Close())
		}
		check(err, "Next")
		_, err = db.ExecContext(t.Context(), "CREATE TEMP TABLE copy AS SELECT * FROM "+table)
		check(err, "Exec")
		check(db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(new(int)), "Scan")
		stmt, err := db.PrepareContext(t.Context(), "SELECT * FROM (SELECT ? AS x) CROSS JOIN "+table)
		require.NoError(t, err)
		check(stmt.QueryRowContext(t.Context(), 1).Scan(), "a statement")
		require.NoError(t, stmt.Close())
	}
}

// With WithPartial the other rows are returned, and each failure is a row of inventory_errors.
func TestPartialResults(t *testing.T) {
	w := newWorld(t)
	w.apono.Inject(aponotest.Fault{Operation: "listIntegrationsV4", Status: http.StatusInternalServerError, Times: -1})
	opts := []inventory.Option{
		inventory.Confluent("prod", w.confluentClient, inventory.Environments("env-1", "gone", "env-2", "env-1")),
		inventory.Confluent("broken", w.confluentClient,
			inventory.EnvironmentsFunc(func(context.Context) ([]string, error) {
				return nil, errors.New("no list of environments")
			})),
		inventory.Apono("main", w.aponoClient), inventory.Egeria("omag", w.egeriaClient),
	}
	strict, partial := w.dbOf(t, opts...), w.dbOf(t, append(opts, inventory.WithPartial())...)
	_, err := tryAsk(t.Context(), strict, "SELECT * FROM integrations")
	_, ok := errors.AsType[*inventory.ScopeError](err)
	assert.True(t, ok, err)

	assert.Equal(t, []string{"confluent|4", "egeria|2"},
		ask(t, partial, "SELECT vendor, count(*) FROM integrations GROUP BY 1 ORDER BY 1"))
	failures := ask(t, partial, "SELECT table_name, account, scope FROM inventory_errors ORDER BY 1, 2, 3")
	assert.Equal(t, []string{
		"apono.integrations|main|NULL", "confluent.integrations|broken|NULL", "confluent.integrations|prod|gone",
		"confluent.integrations|prod|gone",
	}, failures, "of an environment that is not there, both versions fail")
	assert.Equal(t, failures,
		ask(t, partial, "SELECT table_name, account, scope FROM inventory_errors ORDER BY 1, 2, 3"),
		"reading them changes nothing")
	ask(t, partial, "SELECT * FROM egeria.servers")
	assert.Empty(t, ask(t, partial, "SELECT * FROM inventory_errors"), "of the last statement")

	// Without access to v2, the integrations of v1 are returned.
	w.confluent.Inject(confluenttest.Fault{Operation: "listPimV2Integrations", Status: http.StatusForbidden, Times: -1})
	assert.Equal(t, []string{"3|3"},
		ask(t, partial, "SELECT count(*), count(DISTINCT id) FROM confluent.integrations WHERE account = 'prod' AND "+
			"environment = 'env-1'"))
	assert.Equal(t, []string{"env-1|403"}, ask(t, partial, "SELECT scope, status FROM inventory_errors"))
}

func TestNoMoreScopesAtATimeThanAllowed(t *testing.T) {
	for option, n := range map[int]int{1: 1, 3: 3, 8: 8, 0: 4} { // 0: the default
		synctest.Test(t, func(t *testing.T) {
			// One more concurrent call would be refused. A client sends its first call alone.
			srv, client := inMemory(t, environments(20), 1, confluenttest.WithLatency(time.Second),
				confluenttest.WithMaxInFlight(n))
			opts := []inventory.Option{
				inventory.Confluent("prod", client, inventory.Environments(environments(20)...)),
			}
			if option != 0 {
				opts = append(opts, inventory.WithConcurrency(option))
			}
			db := open(t, opts...)
			defer db.Close()
			start := time.Now()
			assert.Equal(t, []string{"20"}, ask(t, db, "SELECT count(*) FROM confluent.integrations_v2"))
			assert.Equal(t, time.Duration(1+(19+n-1)/n)*time.Second, time.Since(start).Truncate(time.Second))
			for _, c := range srv.Calls() {
				assert.Equal(t, http.StatusOK, c.Status)
			}
		})
	}
}

// A query that is cancelled returns immediately and leaves no goroutine. The bubble waits for all
// goroutines.
func TestCancel(t *testing.T) {
	for name, query := range map[string]string{
		"several scopes": "SELECT * FROM confluent.integrations",
		"one scope":      "SELECT * FROM confluent.integrations WHERE environment = 'env-001'",
		"an aggregate":   "SELECT count(*) FROM confluent.integrations_v2",
		"a join": "SELECT * FROM confluent.integrations_v2 a JOIN confluent.integrations_v2 b ON a.id = " +
			"b.display_name",
		"by id": "SELECT * FROM confluent.integrations WHERE id = 'x'",
	} {
		synctest.Test(t, func(t *testing.T) {
			_, client := inMemory(t, environments(20), 150, confluenttest.WithLatency(time.Second))
			for _, partial := range [][]inventory.Option{nil, {inventory.WithPartial()}} {
				db := open(t,
					append(partial, inventory.Confluent("prod", client,
						inventory.Environments(environments(20)...)))...)
				for _, after := range []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond} {
					ctx, cancel := context.WithCancel(t.Context())
					start := time.Now()
					time.AfterFunc(after, cancel)
					_, err := tryAsk(ctx, db, query)
					require.ErrorIs(t, err, context.Canceled, "%s after %v", name, after)
					assert.LessOrEqual(t, time.Since(start)-after, 100*time.Millisecond, name)
				}
				require.NoError(t, db.Close())
			}
		})
	}
}

// A statement ends at the deadline of its context at the latest. If a wait for the rate limit would
// exceed the deadline, it ends at once.
func TestDeadlineEndsAStatement(t *testing.T) {
	for name, tt := range map[string]struct {
		option confluenttest.Option
		ends   time.Duration
	}{
		"slow responses": {confluenttest.WithLatency(10 * time.Second), 2500 * time.Millisecond},
		"a rate limit":   {confluenttest.WithRateLimit(2, time.Minute), 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, client := inMemory(t, environments(20), 150, tt.option)
			db := open(t, inventory.Confluent("prod", client, inventory.Environments(environments(20)...)))
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := tryAsk(ctx, db, "SELECT * FROM confluent.integrations WHERE display_name LIKE ?1", "w%")
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.InDelta(t, tt.ends, time.Since(start), float64(100*time.Millisecond), name)
			require.NoError(t, db.Close())
		})
	}
}

// Leaving after the first row ends all requests.
func TestLeavingEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, client := inMemory(t, environments(20), 150, confluenttest.WithLatency(time.Second))
		db := open(t, inventory.Confluent("prod", client, inventory.Environments(environments(20)...)),
			inventory.WithConcurrency(4))
		for range 3 {
			srv.ResetCalls()
			rows, err := db.QueryContext(t.Context(), "SELECT id FROM confluent.integrations_v2")
			require.NoError(t, err)
			require.True(t, rows.Next())
			require.NoError(t, rows.Close())
			synctest.Wait()
			assert.LessOrEqual(t, len(srv.Calls()), 8, "a page of each worker, and the next that is asked for")
		}
		require.NoError(t, db.Close())
	})
}

// The first row of a scope is returned before the second page is requested.
func TestTheFirstRowNeedsOnePage(t *testing.T) {
	srv, client := inMemory(t, []string{"large"}, 1000)
	db := open(t, inventory.Confluent("prod", client, inventory.Environments("large")))
	defer db.Close()
	for _, query := range []string{
		"SELECT id FROM confluent.integrations_v2",
		"SELECT * FROM confluent.integrations_v2 WHERE display_name LIKE 'large%'",
		"SELECT id, json_extract(config, '$.kind') FROM confluent.integrations_v2 WHERE status IN ('DRAFT', 'CREATED')",
	} {
		srv.ResetCalls()
		rows, err := db.QueryContext(t.Context(), query)
		require.NoError(t, err)
		require.True(t, rows.Next())
		assert.Len(t, srv.Calls(), 1, query)
		require.NoError(t, rows.Close())
		assert.Len(t, srv.Calls(), 1, query)
	}
}

func TestEightGoroutines(t *testing.T) {
	w := newWorld(t)
	db := w.db(t, inventory.WithPartial(), inventory.WithProgress(func(inventory.Progress) {}))
	w.confluent.Inject(confluenttest.Fault{Operation: "listPimV1Integrations", Status: http.StatusForbidden, Every: 5,
		Times: -1})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 10 {
				for _, query := range []string{
					"SELECT * FROM integrations", "SELECT * FROM inventory_requests", "SELECT * FROM inventory_errors",
					"SELECT * FROM confluent.integrations a JOIN apono.integrations b ON a.display_name = b.name",
					fmt.Sprintf("SELECT * FROM confluent.integrations WHERE id = 'cspi-%05d' LIMIT 1", i),
				} {
					_, err := tryAsk(t.Context(), db, query)
					assert.NoError(t, err, query)
				}
			}
		})
	}
	group.Wait()
}
