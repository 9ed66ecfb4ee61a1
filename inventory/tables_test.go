package inventory

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

var update = flag.Bool("update", false, "write tables.md")

// unionColumns are the columns of the view of all vendors.
var unionColumns = []struct{ name, kind, doc string }{
	{"vendor", "text", "confluent, apono or egeria"},
	{"account", "text", "the name of the account in New"},
	{"scope", "text", "the environment at Confluent Cloud, required as in its tables; the server at Egeria; " +
		"NULL at Apono"},
	{"id", "text", "the id; at Egeria the qualified name of the group"},
	{"name", "text", "the name; at Egeria the same as id"},
	{"type", "text", "the cloud at Confluent Cloud (AWS, AZURE, GCP), the type at Apono (postgresql), " +
		"IntegrationGroup at Egeria"},
	{"status", "text", "the status at Confluent Cloud and Apono. NULL for AWS, because pim/v1 reports none, " +
		"and at Egeria"},
	{"config", "JSON", "config at Confluent Cloud, integration_config at Apono; NULL at Egeria"},
}

// documented returns the page about the tables.
func documented(tables []*table) string {
	var b strings.Builder
	b.WriteString("# Tables\n\nTimes are RFC 3339 in UTC, booleans 0 or 1, JSON is a text for `->` and `->>`. What " +
		"is absent is NULL.\n" +
		"A *filtered* column sends its wanted values to the API where it can filter by them. A *required* one has " +
		"to be bound by WHERE, IN,\n" +
		"a join, a subselect or the configuration. *Hidden* columns are not part of `*`.\n\n")
	b.WriteString("## integrations\n\nThe integrations of all vendors: a view of `confluent.integrations`, " +
		"`apono.integrations` and `egeria.integration_groups`.\n\n| column | type | | |\n|---|---|---|---|\n")
	for _, c := range unionColumns {
		fmt.Fprintf(&b, "| `%s` | %s |  | %s |\n", c.name, c.kind, c.doc)
	}
	for _, t := range tables {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n| column | type | | |\n|---|---|---|---|\n", strings.TrimPrefix(t.fullName(),
			schemaLocal+"."), strings.ToUpper(t.doc[:1])+t.doc[1:])
		for i, c := range t.columns {
			var marks []string
			if f := t.filter(i); f != nil && f.required {
				marks = append(marks, "required")
			} else if f != nil && !f.local {
				marks = append(marks, "filtered")
			}
			if c.hidden {
				marks = append(marks, "hidden")
			}
			if c.fold {
				marks = append(marks, "any letter case")
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.name, c.kind, strings.Join(marks, ", "), c.doc)
		}
	}
	return b.String()
}

func TestTablesAreDocumented(t *testing.T) {
	c := testConnector(t)
	want := documented(c.tables)
	if *update {
		require.NoError(t, os.WriteFile("tables.md", []byte(want), 0o600))
	}
	got, err := os.ReadFile("tables.md")
	require.NoError(t, err)
	assert.Equal(t, want, strings.ReplaceAll(string(got), "\r\n", "\n"),
		"go test -run TestTablesAreDocumented -update writes it")
	for _, table := range c.tables {
		for _, column := range table.columns {
			assert.NotEmpty(t, column.doc, column.name)
			assert.Regexp(t, `^[a-z_]+$`, column.name)
		}
	}
}

// testConnector returns a connector with an account of Apono.
func testConnector(t *testing.T) *connector {
	t.Helper()
	srv := aponotest.NewServer(t)
	client, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token),
		apono.WithHTTPClient(srv.HTTPClient()))
	require.NoError(t, err)
	c, err := New(Apono("main", client))
	require.NoError(t, err)
	return c.(*connector)
}

// The engine has the tables and columns of the definitions, in their order and with their types.
func TestTheEngineHasTheDocumentedTables(t *testing.T) {
	c := testConnector(t)
	db := sql.OpenDB(c)
	defer db.Close()
	for _, table := range c.tables {
		rows, err := db.QueryContext(t.Context(),
			"SELECT name, type, hidden FROM pragma_table_xinfo(?, ?) ORDER BY cid", table.name, table.schema)
		require.NoError(t, err)
		var got []string
		for rows.Next() {
			var name, kind string
			var hidden int
			require.NoError(t, rows.Scan(&name, &kind, &hidden))
			got = append(got, fmt.Sprint(name, kind, hidden == 1))
		}
		require.NoError(t, rows.Close())
		var want []string
		for _, column := range table.columns {
			want = append(want, fmt.Sprint(column.name, column.kind.sqlType(), column.hidden))
		}
		assert.Equal(t, want, got, table.fullName())
	}
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM integrations LIMIT 0")
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var want []string
	for _, c := range unionColumns {
		want = append(want, c.name)
	}
	assert.Equal(t, want, columns)
}

// Each table begins with the same columns, and has each column and each filter once.
func TestTablesAreWellFormed(t *testing.T) {
	for _, table := range testConnector(t).tables {
		var names []string
		for _, c := range table.columns {
			names = append(names, c.name)
		}
		assert.Equal(t, []string{"_key", "_raw", "account"}, names[:3], table.fullName())
		for _, f := range table.filters {
			assert.Contains(t, names, f.column, table.fullName())
		}
		slices.Sort(names)
		assert.Len(t, slices.Compact(slices.Clone(names)), len(names), table.fullName())
	}
}
