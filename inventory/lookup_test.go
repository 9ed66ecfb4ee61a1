package inventory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/inventory"
)

// operations returns the number of calls for each operation of Confluent.
func (w *world) operations() map[string]int {
	counts := map[string]int{}
	for _, c := range w.confluent.Calls() {
		counts[c.Operation]++
	}
	return counts
}

func TestAnIDBecomesGet(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	// warehouse, newer, lake
	ids := ask(t, db, "SELECT id FROM confluent.integrations WHERE environment = 'env-1' ORDER BY display_name DESC")
	get := func(v1, v2 int) map[string]int {
		counts := map[string]int{}
		if v1 > 0 {
			counts["getPimV1Integration"] = v1
		}
		if v2 > 0 {
			counts["getPimV2Integration"] = v2
		}
		return counts
	}
	for query, want := range map[string]struct {
		rows  []string
		calls map[string]int
	}{
		"SELECT display_name, status FROM confluent.integrations WHERE environment = 'env-1' AND id = '" + ids[0] +
			"'": {[]string{"warehouse|NULL"}, get(1, 0)},
		"SELECT display_name, status FROM confluent.integrations WHERE environment = 'env-1' AND id = '" + ids[2] +
			"'": {[]string{"lake|CREATED"}, get(1, 1)},
		"SELECT display_name FROM confluent.integrations WHERE environment = 'env-1' AND id IN ('" + ids[0] + "', '" +
			ids[1] + "')": {[]string{"warehouse", "newer"}, get(2, 1)},
		"SELECT display_name FROM confluent.integrations_v1 WHERE environment = 'env-1' AND id = '" + ids[0] +
			"'": {[]string{"warehouse"}, get(1, 0)},
		"SELECT display_name FROM confluent.integrations_v2 WHERE environment = 'env-1' AND id IN ('" + ids[2] +
			"', 'none', '', '..')": {[]string{"lake"}, get(0, 2)},
		// in both environments
		"SELECT display_name FROM confluent.integrations WHERE id = '" + ids[1] + "'": {[]string{"newer"}, get(2, 2)},
		"SELECT 1 FROM confluent.integrations WHERE id = '' OR id = NULL OR id IN (NULL, '', '.', " +
			"char(10))": {nil, nil},
		"SELECT id FROM confluent.integrations WHERE environment = '' OR environment = ' " +
			"'": {nil, nil},
		"SELECT id FROM confluent.integrations_v2 WHERE environment = 'env-1' AND id = '" + strings.ToUpper(ids[2]) +
			"'": {nil, get(0, 1)},
	} {
		w.reset()
		assert.ElementsMatch(t, want.rows, ask(t, db, query), query)
		if want.calls == nil {
			want.calls = map[string]int{}
		}
		assert.Equal(t, want.calls, w.operations(), query)
	}
}

// The API may send 403 for a missing object. That is not certain: the list decides.
func TestAForbiddenIDIsLookedUpInTheList(t *testing.T) {
	w := newWorld(t, confluenttest.WithStyle(confluenttest.Style{NotFound: http.StatusForbidden}))
	db := w.db(t)
	ids := ask(t, db, "SELECT id FROM confluent.integrations WHERE environment = 'env-1' ORDER BY display_name DESC")
	for _, table := range []string{"integrations", "integrations_v1", "integrations_v2"} {
		assert.Empty(t, ask(t, db, "SELECT id FROM confluent."+table+" WHERE environment = 'env-1' AND id = 'none'"),
			table)
	}
	assert.Equal(t, []string{"warehouse"}, ask(t, db, "SELECT display_name FROM confluent.integrations WHERE id = '"+
		ids[0]+"'"))
	assert.Equal(t, []string{"lake|CREATED"},
		ask(t, db, "SELECT display_name, status FROM confluent.integrations WHERE id IN ('none', '"+ids[2]+"')"))
	// An object that exists but must not be read alone is in the list.
	w.confluent.Inject(confluenttest.Fault{Operation: "getPimV2Integration", Status: http.StatusForbidden, Times: -1})
	assert.Equal(t, []string{"lake"},
		ask(t, db, "SELECT display_name FROM confluent.integrations_v2 WHERE environment = 'env-1' AND id = '"+ids[2]+
			"'"))
	// If the list is forbidden too, the statement fails.
	w.confluent.Inject(confluenttest.Fault{Operation: "listPimV2Integrations", Status: http.StatusForbidden, Times: -1})
	_, err := tryAsk(t.Context(), db, "SELECT 1 FROM confluent.integrations_v2 WHERE environment = 'env-1' AND id = '"+
		ids[2]+"'")
	refusal, ok := errors.AsType[*confluent.Error](err)
	require.True(t, ok, err)
	assert.Equal(t, http.StatusForbidden, refusal.StatusCode)
}

func TestProvidersInAnyLetterCase(t *testing.T) {
	for _, style := range []confluenttest.Style{{}, {ExactProvider: true}, {UpperProvider: true}} {
		w := newWorld(t, confluenttest.WithStyle(style))
		db := w.db(t)
		for provider, want := range map[string][2]int{"aws": {1, 0}, "AWS": {1, 0}, "Aws": {1, 0}, "azure": {1, 1},
			"AZURE": {1, 1}, "gCp": {1, 1}, "oci": {1, 1}, "none": {}} {
			w.reset()
			for i, table := range []string{"confluent.integrations", "confluent.integrations_v2"} {
				assert.Len(t, ask(t, db, "SELECT 1 FROM "+table+" WHERE provider = ?", provider), want[i], "%s %s %v",
					table, provider, style)
			}
			assert.Len(t, ask(t, db, "SELECT 1 FROM confluent.integrations_v1 WHERE provider = ?", provider), want[0],
				"v1 %s %v", provider, style)
		}
		w.reset()
		ask(t, db, "SELECT * FROM confluent.integrations WHERE provider = 'aws'")
		assert.Zero(t, w.operations()["listPimV2Integrations"], "v1 has all of them")
	}
}

// _raw is the item as received, including all digits.
func TestRawIsAsReceived(t *testing.T) {
	w := newWorld(t)
	const v1 = `{"api_version":"pim/v1","kind":"Integration","id":"raw-1","provider":"AWS",` +
		`"config":{"kind":"AwsIntegrationConfig","n":1e400},"environment":{"id":"env-1"},"a":1.10}`
	const v2 = `{"api_version":"pim/v2","kind":"Integration","id":"raw-2","provider":"oci","status":"DRAFT",` +
		`"config":{"kind":"Oci","n":12345678901234567890},"environment":{"id":"env-1"},"z":[ ],"a":null}`
	for _, item := range []string{v1, v2} {
		w.confluent.AddRaw("env-1", json.RawMessage(item))
	}
	compact := func(text string) string { return strings.ReplaceAll(text, " ", "") }
	for _, query := range []string{
		"SELECT _raw FROM confluent.integrations WHERE id = '%s'",
		"SELECT _raw FROM confluent.integrations WHERE id LIKE '%s'",
		"SELECT b._raw FROM confluent.integrations a JOIN confluent.integrations b USING (id, environment) WHERE " +
			"a.id || '' = '%s'",
		"SELECT _raw FROM confluent.integrations WHERE id = '%[1]s' OR display_name = 'x' OR id LIKE '%[1]s'",
	} {
		for id, want := range map[string]string{"raw-1": v1, "raw-2": v2} {
			query := fmt.Sprintf(query, id)
			rows := ask(t, w.db(t), query)
			require.Len(t, rows, 1, query)
			assert.Equal(t, compact(want), compact(rows[0]), query)
		}
	}
	assert.Equal(t, []string{"oci|12345678901234567890|NULL"},
		ask(t, w.db(t), "SELECT provider, config -> 'n', display_name FROM confluent.integrations WHERE id = 'raw-2'"))
}

// LIMIT becomes the size of a page if the statement needs no other rows.
func TestLimitIsThePageSize(t *testing.T) {
	w, db := joined(t)
	for query, want := range map[string]string{
		"SELECT id FROM confluent.integrations_v2 LIMIT 3":                                          "page_size=3",
		"SELECT id FROM confluent.integrations_v2 WHERE environment = 'large' LIMIT 7":              "page_size=7",
		"SELECT id FROM confluent.integrations_v2 WHERE display_name LIKE 'shared%' LIMIT 3":        "page_size=100",
		"SELECT id FROM confluent.integrations_v2 ORDER BY display_name LIMIT 3":                    "page_size=100",
		"SELECT id FROM confluent.integrations_v2 LIMIT 300":                                        "page_size=100",
		"SELECT count(*) FROM confluent.integrations_v2 LIMIT 1":                                    "page_size=100",
		"SELECT DISTINCT kind FROM confluent.integrations_v2 LIMIT 1":                               "page_size=100",
		"SELECT id FROM confluent.integrations_v2 WHERE status = 'ACTIVE' OR 1 LIMIT 2":             "page_size=100",
		"SELECT id FROM (SELECT id, environment FROM confluent.integrations_v2 LIMIT 5)":            "page_size=5",
		"SELECT id FROM confluent.integrations_v2 LIMIT -1":                                         "page_size=100",
		"SELECT c.id FROM confluent.integrations_v2 c JOIN apono.integrations a USING (id) LIMIT 3": "page_size=100",
	} {
		w.reset()
		ask(t, db, query)
		assert.Contains(t, w.confluent.Calls()[0].RawQuery, want, query)
	}
	assert.Len(t, ask(t, db, "SELECT id FROM confluent.integrations_v2 LIMIT 5 OFFSET 995"), 5)
	assert.Len(t, ask(t, db, "SELECT id FROM confluent.integrations LIMIT 250"), 250)
	w.reset()
	ask(t, db, "SELECT id FROM apono.integrations LIMIT 2")
	assert.Contains(t, w.apono.Calls()[0].RawQuery, "limit=2")
}

// Filters are sent in the form of the API, and the engine checks each row again.
func TestFiltersAreSent(t *testing.T) {
	w := newWorld(t)
	w.confluent.Add("env-2", map[string]any{"display_name": "a lake is larger", "provider": "gcp"})
	w.apono.Add(map[string]any{"name": "l*ke"})
	db := w.db(t, inventory.WithConcurrency(1))
	for query, want := range map[string]struct {
		rows int
		sent string
	}{
		"SELECT id FROM confluent.integrations_v2 WHERE environment = 'env-2' AND display_name = " +
			"'lake'": {1, "display_name=lake"},
		"SELECT id FROM confluent.integrations_v2 WHERE environment = 'env-2' AND status = " +
			"'draft'": {2, "status=DRAFT"},
		"SELECT id FROM confluent.integrations_v2 WHERE environment = 'env-2' AND provider = " +
			"'GCP'": {2, "provider=GCP"},
		"SELECT id FROM confluent.integrations_v2 WHERE environment = 'env-2' AND display_name = 'lake ' COLLATE " +
			"RTRIM": {1, "page_size"},
		"SELECT id FROM confluent.integrations_v2 WHERE environment = 'env-2' AND display_name = 'LAKE' COLLATE " +
			"NOCASE": {1, "page_size"},
		"SELECT id FROM confluent.integrations_v2 WHERE environment = 'env-2' AND status = " +
			"'unknown'": {0, "page_size"},
		"SELECT id FROM apono.integrations WHERE name = " +
			"'lake'": {1, "name=lake"},
		"SELECT id FROM apono.integrations WHERE name = " +
			"'LAKE'": {0, "name=LAKE"},
		"SELECT id FROM apono.integrations WHERE name = " +
			"'l*ke'": {1, ""},
		"SELECT id FROM apono.integrations WHERE type IN ('mock-duck', " +
			"'mysql')": {3, "type=mock-duck&type=mysql"},
		"SELECT id FROM apono.integrations WHERE status = " +
			"'Active'": {3, "status="},
		"SELECT id FROM apono.integrations WHERE category = " +
			"'RESOURCES'": {3, "category=RESOURCES"},
	} {
		ask(t, db, "SELECT id FROM apono.integrations") // ends the synchronizations
		w.reset()
		assert.Len(t, ask(t, db, query), want.rows, query)
		sent := ""
		for _, c := range w.confluent.Calls() {
			sent = c.RawQuery
		}
		for _, c := range w.apono.Calls() {
			sent = c.RawQuery
		}
		assert.Contains(t, sent, want.sent, query)
	}
}
