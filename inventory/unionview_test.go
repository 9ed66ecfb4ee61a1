package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// tables.md says what each column has at each vendor.
func TestColumnsOfTheViewOfAllVendors(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{
		"apono|NULL|lake|mock-duck|ACTIVE|0",
		"apono|NULL|postgres|mock-duck|ACTIVE|0",
		"confluent|env-1|lake|AZURE|CREATED|0",
		"confluent|env-1|newer|oci|DRAFT|0",
		"confluent|env-1|warehouse|AWS|NULL|0",
		"confluent|env-2|lake|GCP|DRAFT|0",
		"egeria|daemon|Egeria:IntegrationGroup:Default|IntegrationGroup|NULL|1",
		"egeria|daemon|Egeria:IntegrationGroup:Files|IntegrationGroup|NULL|1",
	}, ask(t, newWorld(t).db(t), "SELECT vendor, scope, name, type, status, vendor = 'egeria' AND name = id "+
		"AND config IS NULL FROM integrations ORDER BY 1, 2, 3"))
}
