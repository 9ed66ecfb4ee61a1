package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/inventory"
)

func TestOutputsParseWithTheBarOn(t *testing.T) {
	liveConfluent(t, 300, confluenttest.WithLatency(10*time.Millisecond))
	const query = "select * from confluent.integrations_v2"
	got := screen(t, 80, "-o", "json", query)
	var array []map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &array))
	assert.Len(t, array, 600)
	assert.Contains(t, got.stderr, " of 600 rows", "the bar was on")
	assert.True(t, strings.HasSuffix(got.stderr, "\r\x1b[K"), "and is gone")

	got = screen(t, 80, "-o", "jsonl", query)
	assert.Len(t, got.lines(), 600)
	for _, line := range got.lines() {
		require.NoError(t, json.Unmarshal([]byte(line), &map[string]any{}))
	}
	got = screen(t, 80, "-o", "csv", query)
	records, err := csv.NewReader(strings.NewReader(got.stdout)).ReadAll()
	require.NoError(t, err)
	assert.Len(t, records, 601)
	got = screen(t, 80, query)
	assert.Len(t, got.lines(), 602)
	assert.Equal(t, 1, strings.Count(got.stdout, "display_name"), "a table in blocks has one header")
	for _, line := range got.lines() {
		assert.Equal(t, strings.Count(got.lines()[0], "│"), strings.Count(strings.ReplaceAll(line, "┼", "│"), "│"),
			line)
	}
	assert.Empty(t, start(t.Context(), "", query).stderr, "there is no bar where stderr is no terminal")
}

// Rows and bar on the same terminal are not mixed.
func TestTheBarIsClearedBeforeRows(t *testing.T) {
	liveConfluent(t, 300, confluenttest.WithLatency(10*time.Millisecond))
	var both bytes.Buffer
	onTerminal(t, 80, &both)
	require.NoError(t, run(t.Context(), []string{"-o", "jsonl", "select * from confluent.integrations_v2"}, nil, &both,
		&both))
	bars, rows := 0, 0
	for line := range strings.SplitSeq(both.String(), "\n") {
		bars += strings.Count(line, "requests/s")
		shown := line
		if end := strings.LastIndex(line, "\x1b[K"); end >= 0 {
			bar := line[:end]
			shown = line[end+len("\x1b[K"):]
			require.True(t, strings.HasSuffix(bar, "\r"), "%q is not cleared", bar)
		}
		if shown != "" {
			require.NoError(t, json.Unmarshal([]byte(shown), &map[string]any{}), line)
			rows++
		}
	}
	assert.Equal(t, 600, rows)
	assert.Positive(t, bars)
}

func TestTheBar(t *testing.T) {
	p := inventory.Progress{Table: "confluent.integrations_v2", Rows: 2500, Total: 10000, Requests: 76}
	for width, want := range map[int]string{
		200: "confluent.integrations_v2  █████░░░░░░░░░░░░░░░  2500 of 10000 rows  38 requests/s  waiting for the " +
			"rate limit 12 s",
		80: "2500 of 10000 rows  38 requests/s  waiting for the rate limit 12 s",
		40: "waiting for the rate limit 12 s",
		20: "waiting for the ra…",
	} {
		line := barLine(p, 2*time.Second, 11800*time.Millisecond, width)
		assert.Less(t, text.StringWidth(line), width)
		assert.Equal(t, want, line)
	}
	assert.Equal(t, "apono.integrations  120 rows  2 requests/s",
		barLine(inventory.Progress{Table: "apono.integrations", Rows: 120, Requests: 4}, 2*time.Second, 0, 80))
	assert.Equal(t, "waiting for the first response", barLine(inventory.Progress{}, time.Second, 0, 80))
}

func TestTheBarShowsTheWaitForTheRateLimit(t *testing.T) {
	liveConfluent(t, 300, confluenttest.WithRateLimit(3, time.Second))
	got := screen(t, 120, "-o", "csv", "select count(*) from confluent.integrations_v2")
	assert.Equal(t, "count(*)\n600\n", got.stdout)
	assert.Regexp(t, `waiting for the rate limit [12] s`, got.stderr)
}

func TestNULL(t *testing.T) {
	withoutVendors(t)
	const query = "select name, config, owner, id is null as x, 1.5 as f from apono.integrations where name = " +
		"'ducks' union all select '', null, null, null, null"
	assert.Equal(t, []map[string]any{
		{"name": "ducks", "config": nil, "owner": nil, "x": 0.0, "f": 1.5}, {"name": "", "config": nil, "owner": nil,
			"x": nil, "f": nil},
	}, objects(t, start(t.Context(), "", "-fake", "-o", "jsonl", query)))
	assert.Equal(t, "name,config,owner,x,f\nducks,,,0,1.5\n,,,,\n", start(t.Context(), "", "-fake", "-o", "csv",
		query).stdout)
	assert.Contains(t, start(t.Context(), "", "-fake", query).stdout,
		" ducks │ NULL   │ NULL  │    0 │  1.5\n       │ NULL   │ NULL  │ NULL │ NULL\n")
}

// objects returns the rows of a result in the format jsonl.
func objects(t *testing.T, r result) (all []map[string]any) {
	t.Helper()
	require.Zero(t, r.code, r.stderr)
	for _, line := range r.lines() {
		var object map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &object), line)
		all = append(all, object)
	}
	return all
}

func TestDocumentsAreJSONInJSON(t *testing.T) {
	withoutVendors(t)
	for _, query := range []string{
		"select config from integrations where name = 'mine'",
		"select config from confluent.integrations where display_name = 'mine'",
		"with m as (select * from integrations) select config from m where name = 'mine' order by id limit 1",
	} {
		got := start(t.Context(), "", "-fake", "-o", "jsonl", query)
		assert.Equal(t, `{"config":{"kind":"OciIntegrationConfig","tenancy":"t-1","serial":12345678901234567890}}`+"\n",
			got.stdout, query)
	}
	got := start(t.Context(), "", "-fake", "-o", "json",
		`select '{"a":1}' as text, '<&>' as html, 1 as a, 2 as a, x'00ff' as b`)
	assert.Equal(t, `[`+"\n"+`{"text":"{\"a\":1}","html":"<&>","a":1,"a_2":2,"b":"AP8="}`+"\n]\n", got.stdout)
	assert.Equal(t, "[]\n", start(t.Context(), "", "-fake", "-o", "json", "select 1 where 0").stdout)
	assert.Equal(t, "a,b\n", start(t.Context(), "", "-fake", "-o", "csv", "select 1 as a, 2 as b where 0").stdout)
}

func TestTablesFitTheTerminal(t *testing.T) {
	withoutVendors(t)
	for _, width := range []int{80, 120, 200} {
		var both bytes.Buffer
		onTerminal(t, width, &both)
		require.NoError(t, run(t.Context(), []string{"-fake", "select * from integrations"}, nil, &both, &both))
		for line := range strings.SplitSeq(both.String(), "\n") {
			line = line[strings.LastIndex(line, "\x1b[K")+1:]
			assert.LessOrEqual(t, text.StringWidth(strings.TrimPrefix(line, "[K")), width, line)
		}
		assert.Contains(t, both.String(), fmt.Sprintf("shortened to fit %d columns", width))
	}
	got := start(t.Context(), "", "-fake", "select config from integrations where name = 'lake'")
	assert.Contains(t, got.stdout, "AwsIntegrationConfig", "a file gets all")
}

// A name must not change the screen.
func TestControlCharactersAreEscaped(t *testing.T) {
	withoutVendors(t)
	for value, want := range map[string]string{
		"\x1b[31mred": `\x1b[31mred`, "two\nlines": `two\nlines`, "back\u202Ewards": `back\u202ewards`, "日本": "日本",
		"tab\t": `tab\t`,
	} {
		got := start(t.Context(), "", "-fake", "select '"+value+"' as v, 1 as n")
		assert.Contains(t, got.stdout, " "+want+" ", value)
	}
}

func TestStatements(t *testing.T) {
	for given, want := range map[string][]string{
		"select 1":             {"select 1"},
		" select 1; select 2;": {"select 1", "select 2"},
		`select ';', ";", [;]; -- a; b` + "\n/* ; */ select `;`": {`select ';', ";", [;]`,
			"-- a; b\n/* ; */ select `;`"},
		"select 'it''s; one'": {"select 'it''s; one'"},
		"; ;\n-- nothing":     nil,
		"select 'open; ":      {"select 'open;"},
	} {
		assert.Equal(t, want, statements(given), given)
	}
	for given, want := range map[string]bool{
		"select 1;\n": true, "select 1\n": false, "select ';\n": false, "select 1; -- end\n": true,
		"select 1; select 2\n": false, "\n": true, "-- ;\n": true, "select 1 /* ; */\n": false,
	} {
		assert.Equal(t, want, complete(given), given)
	}
}
