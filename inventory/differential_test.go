package inventory_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

// The columns that generated queries use, with their declarations in ordinary tables.
var generated = map[string][]string{
	"confluent.integrations": {"account", "environment", "id", "display_name", "provider COLLATE NOCASE",
		"status COLLATE NOCASE", "kind", "config"},
	"confluent.integrations_v2": {"account", "environment", "id", "display_name", "provider COLLATE NOCASE",
		"status COLLATE NOCASE", "kind", "config"},
	"apono.integrations":        {"account", "id", "name", "type", "status COLLATE NOCASE", "category", "connector_id"},
	"apono.resources":           {"account", "integration_id", "id", "name", "type", "message"},
	"egeria.integration_groups": {"account", "server", "qualified_name", "metadata_server"},
}

// texts are values in generated rows and queries.
var texts = []string{
	"lake", "Lake", "LAKE", "lake ", "ware'house", "50%", "a_b", "l*ke", "é", "É", "zoo", "%", "AWS", "aws", "Azure",
	"DRAFT", "draft", "created", "Active",
	"env-1", "env-2", "mock-duck", "main", "prod", "connector-1", "daemon", "other", "metadata", "12", "012",
}

// worlds has the tables of the vendors, and an ordinary copy of them.
type worlds struct {
	live, plain *sql.DB
	ids         []string
}

// newWorlds returns worlds with this number of Confluent integrations, and half as many of Apono.
func newWorlds(tb testing.TB, integrations int) *worlds {
	w := emptyWorld(tb)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func() string { return texts[random.IntN(len(texts))] }
	for i := range integrations {
		env := []string{"env-1", "env-2"}[min(1, i%5)]
		switch i % 4 {
		case 0:
			w.confluent.Add(env, map[string]any{"api_version": "pim/v1", "display_name": pick(),
				"config": map[string]string{"kind": "AwsIntegrationConfig"}})
		case 1:
			w.confluent.Add(env, map[string]any{"display_name": pick(), "provider": "gcp"})
		case 2:
			w.confluent.Add(env, map[string]any{"display_name": pick(),
				"config": map[string]string{"kind": "AzureIntegrationConfig", "customer_azure_tenant_id": pick()}})
		default:
			w.confluent.AddRaw(env,
				json.RawMessage(fmt.Sprintf(`{"id":"raw-%d","provider":"oci","config":{"kind":"Oci","n":1.10}}`, i)))
		}
	}
	for range integrations / 2 {
		id := w.apono.Add(map[string]any{"name": pick(), "category": []string{"RESOURCES", ""}[random.IntN(2)]})
		w.seedResources(id, random, pick)
	}
	for _, server := range []string{"daemon", "other"} {
		for i := range 12 {
			group := egeria.IntegrationGroup{PlatformURL: w.egeria.URL, ServerName: pick(),
				QualifiedName: fmt.Sprintf("%s:%d", pick(), i)}
			require.NoError(tb, w.egeriaClient.Server(server).IntegrationGroups.Put(context.Background(), group))
		}
	}
	return w.copied(tb)
}

// compare compares the results of both databases, and returns the number of rows.
func (w *worlds) compare(tb testing.TB, query string) int {
	want, errPlain := tryAsk(context.Background(), w.plain, query)
	got, errLive := tryAsk(context.Background(), w.live, query)
	if errPlain != nil {
		require.Error(tb, errLive, query)
		return 0
	}
	require.NoError(tb, errLive, query)
	if !strings.Contains(query, "ORDER BY") {
		slices.Sort(want)
		slices.Sort(got)
	}
	require.Equal(tb, want, got, query)
	return len(want)
}

func TestGeneratedQueriesAnswerAsOrdinaryTables(t *testing.T) {
	w := newWorlds(t, 160) // more than one page in env-2
	random := rand.New(rand.NewPCG(3, 4))
	const queries = 600
	some, most := 0, 0
	for range queries {
		n := w.compare(t, (&generator{random.IntN, w.ids}).query())
		some += min(1, n)
		most = max(most, n)
	}
	assert.Greater(t, some, queries/3, "too few queries find a row")
	assert.Greater(t, most, 100)
}

func FuzzQueries(f *testing.F) {
	w := newWorlds(f, 40)
	random := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		choices := make([]byte, 64)
		for i := range choices {
			choices[i] = byte(random.IntN(256))
		}
		f.Add(choices)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		g := &generator{ids: w.ids, choose: func(n int) int {
			if len(choices) == 0 {
				return 0
			}
			c := int(choices[0])
			choices = choices[1:]
			return c % n
		}}
		w.compare(t, g.query())
	})
}

// generator writes queries. choose returns a number below n.
type generator struct {
	choose func(n int) int
	ids    []string
}

func oneOf[T any](g *generator, values ...T) T { return values[g.choose(len(values))] }

func (g *generator) value() string {
	switch g.choose(12) {
	case 0:
		return "NULL"
	case 1, 2:
		return "'" + oneOf(g, g.ids...) + "'"
	case 3:
		return oneOf(g, "12", "x'6c616b65'", "''", "1.5")
	}
	return "'" + strings.ReplaceAll(oneOf(g, texts...), "'", "''") + "'"
}

// columnOf returns a column of a table with an alias.
func (g *generator) columnOf(table, alias string) string {
	name, _, _ := strings.Cut(oneOf(g, generated[table]...), " ")
	return alias + "." + name
}

// compared is columnOf without the environment: for a missing environment the API sends an error,
// and the ordinary table has no rows.
func (g *generator) compared(table, alias string) string {
	if c := g.columnOf(table, alias); c != alias+".environment" {
		return c
	}
	return alias + ".id"
}

// condition returns a condition on a table.
func (g *generator) condition(table, alias string, depth int) string {
	c := g.compared(table, alias)
	if strings.HasPrefix(table, "confluent") && g.choose(8) == 0 {
		return alias + ".environment" + oneOf(g, " = 'env-1'", " IN ('env-2', 'env-1', '', NULL)",
			" = 'ENV-2' COLLATE NOCASE", " LIKE 'env-%'", " > 'env-1'", " IS NULL", " = NULL",
			" IN (SELECT environment FROM confluent.integrations_v2)", " <> 'env-1'")
	}
	switch g.choose(12) {
	case 0, 1:
		return c + " = " + g.value()
	case 2:
		return c + oneOf(g, " IN (", " NOT IN (") + g.value() + ", " + g.value() + oneOf(g, "", ", "+g.value()) + ")"
	case 3:
		return c + oneOf(g, " IS NULL", " IS NOT NULL", " IS "+g.value(), " <> "+g.value())
	case 4:
		return c + oneOf(g, " LIKE ", " NOT LIKE ", " GLOB ") + oneOf(g, "'l%'", "'%e'", "'%a_b%'", "'L*'", "'%'")
	case 5:
		return c + oneOf(g, " < ", " >= ", " BETWEEN 'a' AND ") + g.value()
	case 6:
		return c + " = " + g.value() + oneOf(g, " COLLATE NOCASE", " COLLATE BINARY", " COLLATE RTRIM")
	case 7:
		other := oneOf(g, "confluent.integrations", "apono.integrations", "egeria.integration_groups")
		return c + oneOf(g, " IN (SELECT ", " NOT IN (SELECT ") + g.columnOf(other, "s") + " FROM " + other + " s)"
	case 8, 9:
		if depth > 0 {
			return "(" + g.condition(table, alias, depth-1) + oneOf(g, " OR ", " AND ") + g.condition(table, alias,
				depth-1) + ")"
		}
		return "NOT (" + c + " = " + g.value() + ")"
	case 10:
		return "lower(" + c + ") = lower(" + g.value() + ")"
	}
	return "EXISTS (SELECT 1 FROM apono.integrations e WHERE e.name = " + c + ")"
}

// table returns a table. Resources need the ID of an integration, which needed binds.
func (g *generator) table() string {
	return oneOf(g, "confluent.integrations", "confluent.integrations_v2", "apono.integrations",
		"egeria.integration_groups", "confluent.integrations", "apono.resources")
}

func (g *generator) needed(table, alias string) string {
	if table != "apono.resources" {
		return ""
	}
	return " AND " + alias + ".integration_id " + oneOf(g, "IN (SELECT id FROM apono.integrations)",
		"= '"+oneOf(g, g.ids...)+"'", "IN ('"+oneOf(g, g.ids...)+"', 'none', '')")
}

func (g *generator) query() string {
	a := g.table()
	from, selected := a+" a", []string{g.columnOf(a, "a"), g.columnOf(a, "a")}
	where := " WHERE " + oneOf(g, "1", g.condition(a, "a", 2), g.condition(a, "a", 1)+" AND "+g.condition(a, "a", 0)) +
		g.needed(a, "a")
	if g.choose(3) == 0 {
		b := g.table()
		selected = append(selected, g.columnOf(b, "b"))
		on := g.compared(a, "a") + " = " + g.compared(b, "b")
		if g.choose(3) == 0 {
			on += " AND " + g.condition(b, "b", 1)
		}
		from += oneOf(g, " JOIN ", " LEFT JOIN ") + b + " b ON " + on + g.needed(b, "b")
	}
	switch g.choose(5) {
	case 0:
		return "SELECT " + oneOf(g, "count(*)", "count(DISTINCT "+selected[0]+")", "min("+selected[0]+"), max("+
			selected[1]+")") + " FROM " + from + where
	case 1:
		return "SELECT " + selected[0] + ", count(*) FROM " + from + where + " GROUP BY 1 ORDER BY 1 COLLATE BINARY, 2"
	case 2:
		list := strings.Join(selected, ", ")
		return "SELECT " + oneOf(g, "", "DISTINCT ") + list + " FROM " + from + where + " ORDER BY " +
			strings.Join(selected, " COLLATE BINARY, ") +
			" COLLATE BINARY" + oneOf(g, "", " DESC") + " LIMIT " + oneOf(g, "3", "0", "50", "7 OFFSET 2")
	case 3:
		return "SELECT count(*) FROM (SELECT 1 FROM " + from + where + " LIMIT " + oneOf(g, "1", "5", "120") + ")"
	}
	return "SELECT " + strings.Join(selected, ", ") + " FROM " + from + where
}
