package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The table of other tools has a name of three parts and other columns.
func TestNamesOfOtherTools(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	for query, want := range map[string]int{
		"SELECT\nid,\n_environment,\napi_version,\nconfig,\ndisplay_name,\nenvironment,\nkind,\nprovider,\nusages\n" +
			"FROM confluent.provider_integrations.integrations\nWHERE environment = 'env-1';": 3,
		"SELECT id FROM Confluent.Provider_Integrations.INTEGRATIONS WHERE environment = " +
			"'env-2'": 1,
		"SELECT 'confluent.provider_integrations.integrations' FROM confluent.integrations WHERE environment = " +
			"'env-2' -- confluent.provider_integrations.integrations": 1,
		"/* it's confluent.provider_integrations.integrations */ SELECT count(*) FROM " +
			"confluent.provider_integrations.integrations i JOIN confluent.provider_integrations.integrations j " +
			"USING (id)": 1,
	} {
		assert.Len(t, ask(t, db, query), want, query)
	}
	assert.Equal(t, []string{"confluent.provider_integrations.integrations"},
		ask(t, db, "SELECT 'confluent.provider_integrations.integrations'"))
	assert.Equal(t, []string{"it's|confluent.provider_integrations.integrations"},
		ask(t, db,
			`SELECT 'it''s', 'confluent.provider_integrations.integrations' AS `+
				`"a.confluent.provider_integrations.integrations"`))
	_, err := tryAsk(t.Context(), db, "SELECT * FROM confluent.provider_integrations.integrations.more")
	assert.Error(t, err)
}
