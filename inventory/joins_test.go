package inventory_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/inventory"
)

// joined returns a database with 1,000 integrations of Confluent in one environment, 200 of them
// with the name of one of Apono, and 300 integrations of Apono.
func joined(t *testing.T, opts ...confluenttest.Option) (*world, *sql.DB) {
	t.Helper()
	w := newWorld(t, append([]confluenttest.Option{confluenttest.WithEnvironments("env-1", "env-2", "large")},
		opts...)...)
	for i := range 1000 {
		name := fmt.Sprintf("confluent-%d", i)
		if i%5 == 0 {
			name = fmt.Sprintf("shared-%d", i/5)
		}
		w.confluent.Add("large", map[string]any{
			"display_name": name, "provider": "azure",
			"config": map[string]string{"kind": "AzureIntegrationConfig",
				"customer_azure_tenant_id": fmt.Sprintf("shared-%d", i%300)},
		})
	}
	for i := range 298 {
		w.apono.Add(map[string]any{"name": fmt.Sprintf("shared-%d", i)})
	}
	w.reset()
	return w, w.dbOf(t, inventory.Confluent("prod", w.confluentClient, inventory.Environments("large")),
		inventory.Apono("main", w.aponoClient))
}

const (
	pagesV2    = 10 // of 1,000 integrations
	pagesAll   = 20 // of v1 and v2, which both list them
	pagesApono = 3  // of 300
	allowance  = 16 // further requests that a join may send
)

func TestJoinsDontMultiplyRequests(t *testing.T) {
	w, db := joined(t)
	for query, want := range map[string]struct{ rows, pages int }{
		"SELECT c.id, a.id FROM confluent.integrations c JOIN apono.integrations a ON a.name = c.display_name": {200,
			pagesAll + pagesApono},
		"SELECT c.id, a.id FROM apono.integrations a CROSS JOIN confluent.integrations_v2 c ON a.name = " +
			"c.display_name": {
			200, pagesV2 + pagesApono,
		},
		"SELECT c.id, a.id FROM confluent.integrations_v2 c LEFT JOIN apono.integrations a ON a.name = c.config ->> " +
			"'customer_azure_tenant_id'": {
			1000, pagesV2 + pagesApono,
		},
		"SELECT c.id, a.id FROM apono.integrations a LEFT JOIN confluent.integrations_v2 c ON a.name = c.config ->> " +
			"'customer_azure_tenant_id' WHERE a.name > 'shared-29'": {
			332, 2*pagesV2 + pagesApono,
		},
		"SELECT id FROM confluent.integrations c WHERE NOT EXISTS (SELECT 1 FROM apono.integrations a WHERE a.name " +
			"= c.display_name)": {
			800, pagesAll + pagesApono,
		},
		"SELECT id FROM confluent.integrations_v2 c WHERE NOT EXISTS (SELECT 1 FROM apono.integrations a WHERE " +
			"a.name || '' = c.display_name)": {
			800, pagesV2 + pagesApono,
		},
		"SELECT c.id FROM confluent.integrations c JOIN confluent.integrations d ON c.id = d.id AND c.environment = " +
			"d.environment": {
			1000, 2 * pagesAll,
		},
		"SELECT c.id FROM confluent.integrations c JOIN confluent.integrations d ON c.environment = d.environment " +
			"AND c.display_name = d.display_name": {
			1000, 2 * pagesAll,
		},
		"SELECT c._raw FROM confluent.integrations_v2 c JOIN confluent.integrations_v2 d ON c.display_name = " +
			"d.display_name WHERE c._raw = d._raw": {
			1000, 2 * pagesV2,
		},
		"SELECT id FROM apono.integrations WHERE id NOT IN (SELECT id FROM confluent.integrations)": {300,
			pagesAll + pagesApono},
		"SELECT * FROM integrations x WHERE vendor = 'confluent' AND EXISTS (SELECT 1 FROM integrations y WHERE " +
			"y.name = x.name AND y.vendor = 'apono')": {
			200, pagesAll + pagesApono,
		},
	} {
		w.reset()
		rows := ask(t, db, query)
		assert.Len(t, rows, want.rows, query)
		assert.LessOrEqual(t, w.calls()[0]+w.calls()[1], want.pages+allowance, query)
	}
}

// If a vendor sends 403 for missing objects, a join costs at most one list more.
func TestJoinsByIDThatIsForbidden(t *testing.T) {
	w, db := joined(t, confluenttest.WithStyle(confluenttest.Style{NotFound: 403}))
	for query, rows := range map[string]int{
		"SELECT c.id FROM apono.integrations a JOIN confluent.integrations c ON c.id = " +
			"a.id": 0,
		"SELECT c.id FROM confluent.integrations_v2 d CROSS JOIN confluent.integrations c ON c.id = 'x' || " +
			"d.id": 0,
		"SELECT c.id FROM confluent.integrations_v2 d CROSS JOIN confluent.integrations c ON c.id = " +
			"d.id": 1000,
		"SELECT c.id FROM confluent.integrations_v2 d LEFT JOIN confluent.integrations_v1 c ON c.id = " +
			"d.display_name": 1000,
	} {
		w.reset()
		assert.Len(t, ask(t, db, query), rows, query)
		assert.LessOrEqual(t, w.calls()[0]+w.calls()[1], 3*pagesAll+allowance, query)
	}
}

// Rows from memory are equal to rows from the API.
func TestRowsFromMemoryAreWhole(t *testing.T) {
	w, db := joined(t)
	for _, table := range []string{"confluent.integrations", "confluent.integrations_v2", "apono.integrations"} {
		first := ask(t, db, "SELECT id, _raw, account, _key FROM "+table+" ORDER BY 1")
		w.reset()
		// Each of the IDs is probed, and the rows of the later ones come from memory.
		again := ask(t, db, "SELECT b.id, b._raw, b.account, b._key FROM (SELECT id FROM "+table+") a CROSS JOIN "+
			table+
			" b ON a.id = b.id ORDER BY 1")
		assert.Equal(t, first, again, table)
		assert.Less(t, w.calls()[0]+w.calls()[1], 2*pagesAll+allowance)
		if strings.HasPrefix(table, "confluent") {
			assert.Contains(t, again[0], `"api_version":`)
		}
	}
}
