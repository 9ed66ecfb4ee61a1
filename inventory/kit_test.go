package inventory_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

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

// world has a fake of each vendor, and a database with them.
type world struct {
	confluent *confluenttest.Server
	apono     *aponotest.Server
	egeria    *egeriatest.Server

	confluentClient *confluent.Client
	aponoClient     *apono.Client
	egeriaClient    *egeria.Client
}

const secretValue = "s3cr3t-value-of-a-parameter"

// newWorld starts the fakes, with 3 integrations in env-1, 1 in env-2, 2 of Apono and a server of
// Egeria with 2 groups.
func newWorld(t *testing.T, opts ...confluenttest.Option) *world {
	t.Helper()
	w := &world{
		confluent: confluenttest.NewServer(t,
			append([]confluenttest.Option{confluenttest.WithEnvironments("env-1", "env-2")}, opts...)...),
		apono:  aponotest.NewServer(t),
		egeria: egeriatest.NewServer(t),
	}
	retries := sdk.WithRetry(sdk.RetryPolicy{MinDelay: 1, MaxDelay: 1})
	var err error
	w.confluentClient, err = confluent.New(confluent.WithBaseURL(w.confluent.URL),
		confluent.WithHTTPClient(w.confluent.HTTPClient()),
		confluent.WithAPIKey(w.confluent.APIKey, w.confluent.APISecret), retries)
	require.NoError(t, err)
	w.aponoClient, err = apono.New(apono.WithBaseURL(w.apono.URL), apono.WithHTTPClient(w.apono.HTTPClient()),
		apono.WithToken(w.apono.Token), retries)
	require.NoError(t, err)
	w.egeriaClient, err = egeria.New(w.egeria.URL, egeria.WithHTTPClient(w.egeria.HTTPClient()),
		egeria.WithCredentials(w.egeria.User, w.egeria.Password), retries)
	require.NoError(t, err)

	w.confluent.Add("env-1", map[string]any{"api_version": "pim/v1", "display_name": "warehouse",
		"config": map[string]string{"kind": "AwsIntegrationConfig",
			"customer_iam_role_arn": "arn:aws:iam::000000000000:role/r"}})
	w.confluent.Add("env-1", map[string]any{"display_name": "lake",
		"config": map[string]string{"kind": "AzureIntegrationConfig",
			"customer_azure_tenant_id": "11111111-2222-3333-4444-555555555555"}})
	w.confluent.Add("env-1",
		json.RawMessage(`{"display_name":"newer","provider":"oci","config":{"kind":"OciIntegrationConfig",`+
			`"serial":12345678901234567890.10}}`))
	w.confluent.Add("env-2", map[string]any{"display_name": "lake", "provider": "gcp"})
	w.apono.Add(map[string]any{"name": "postgres", "integration_config": map[string]string{"hostname": "db",
		"password": secretValue}})
	w.apono.Add(map[string]any{"name": "lake"})
	groups := w.egeriaClient.Server("daemon").IntegrationGroups
	for _, name := range []string{"Default", "Files"} {
		require.NoError(t, groups.Put(t.Context(), egeria.IntegrationGroup{
			PlatformURL: w.egeria.URL, ServerName: "metadata", QualifiedName: "Egeria:IntegrationGroup:" + name,
		}))
	}
	w.reset()
	return w
}

// reset clears the call logs.
func (w *world) reset() {
	w.confluent.ResetCalls()
	w.apono.ResetCalls()
	w.egeria.ResetCalls()
}

// calls returns the number of requests of each vendor.
func (w *world) calls() [3]int {
	return [3]int{len(w.confluent.Calls()), len(w.apono.Calls()), len(w.egeria.Calls())}
}

// db returns a database over the fakes.
func (w *world) db(t *testing.T, opts ...inventory.Option) *sql.DB {
	t.Helper()
	return w.dbOf(t, append([]inventory.Option{
		inventory.Confluent("prod", w.confluentClient, inventory.Environments("env-1", "env-2")),
		inventory.Apono("main", w.aponoClient),
		inventory.Egeria("omag", w.egeriaClient),
	}, opts...)...)
}

func (w *world) dbOf(t *testing.T, opts ...inventory.Option) *sql.DB {
	t.Helper()
	connector, err := inventory.New(opts...)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// ask returns the rows of a query as lines, with NULL for absent values.
func ask(t *testing.T, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, query string, args ...any,
) []string {
	t.Helper()
	lines, err := tryAsk(t.Context(), db, query, args...)
	require.NoError(t, err, query)
	return lines
}

func tryAsk(ctx context.Context, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, query string, args ...any,
) (lines []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		var cells []string
		for _, v := range values {
			switch v := (*v.(*any)).(type) {
			case nil:
				cells = append(cells, "NULL")
			default:
				cells = append(cells, fmt.Sprint(v))
			}
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	return lines, rows.Err()
}
