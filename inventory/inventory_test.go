package inventory_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/inventory"
)

func TestOneQuestionOverThreeVendors(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	assert.Equal(t, []string{"apono|2", "confluent|4", "egeria|2"},
		ask(t, db, "SELECT vendor, count(*) FROM integrations GROUP BY 1 ORDER BY 1"))
	assert.Equal(t, []string{"confluent|prod|env-1", "confluent|prod|env-2", "apono|main|NULL"},
		ask(t, db, "SELECT vendor, account, scope FROM integrations WHERE name = 'lake' ORDER BY vendor DESC, scope"))
}

func TestOnlyTheVendorsThatAreAskedForGetRequests(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	for query, want := range map[string][3]bool{
		"SELECT * FROM integrations WHERE vendor = 'apono'":                    {false, true, false},
		"SELECT * FROM integrations WHERE vendor IN ('egeria', 'apono')":       {false, true, true},
		"SELECT * FROM confluent.integrations WHERE account = 'other'":         {},
		"SELECT * FROM confluent.integrations WHERE environment = NULL":        {},
		"SELECT * FROM confluent.integrations_v2 WHERE id IN (NULL)":           {},
		"SELECT * FROM apono.catalog":                                          {false, true, false},
		"SELECT * FROM egeria.servers":                                         {false, false, true},
		"SELECT * FROM egeria.integration_groups WHERE qualified_name IS NULL": {false, false, true},
	} {
		w.reset()
		ask(t, db, query)
		calls := w.calls()
		assert.Equal(t, want, [3]bool{calls[0] > 0, calls[1] > 0, calls[2] > 0}, query)
	}
}

func TestAllDigitsAndUnknownKinds(t *testing.T) {
	w := newWorld(t)
	assert.Equal(t, []string{`OciIntegrationConfig|12345678901234567890.10`},
		ask(t, w.db(t), `SELECT kind, config -> 'serial' FROM confluent.integrations WHERE display_name = 'newer'`)[:1])
}

func TestAnEnvironmentMayComeFromTheStatement(t *testing.T) {
	w := newWorld(t)
	db := w.dbOf(t, inventory.Confluent("prod", w.confluentClient), inventory.Apono("main", w.aponoClient))
	for _, query := range []string{
		"SELECT count(*) FROM confluent.integrations WHERE environment = 'env-1'",
		"SELECT count(*) FROM confluent.integrations WHERE environment IN ('env-1', 'env-1')",
		"SELECT count(*) FROM (SELECT 'env-1' AS e) JOIN confluent.integrations ON environment = e",
		"SELECT count(*) FROM confluent.integrations WHERE environment IN (SELECT 'env-1')",
		"SELECT count(*) FROM confluent.integrations WHERE environment = (SELECT 'env-1')",
	} {
		assert.Equal(t, []string{"3"}, ask(t, db, query), query)
	}
	w.reset()
	for _, query := range []string{
		"SELECT * FROM confluent.integrations", "SELECT * FROM confluent.integrations_v2 WHERE id = 'cspi-00001'",
		"SELECT * FROM confluent.integrations WHERE environment > 'env-1'",
	} {
		_, err := tryAsk(t.Context(), db, query)
		require.ErrorIs(t, err, inventory.ErrInvalid, query)
		assert.ErrorContains(t, err, "environment")
	}
	assert.Zero(t, w.calls())
}

func TestFailuresKeepTheirType(t *testing.T) {
	w := newWorld(t)
	db := w.db(t)
	w.confluent.Inject(confluenttest.Fault{Operation: "listPimV2Integrations", Status: 403, Times: -1})
	_, err := tryAsk(t.Context(), db, "SELECT * FROM confluent.integrations_v2 WHERE environment = 'env-2'")
	vendor, ok := errors.AsType[*confluent.Error](err)
	require.True(t, ok, err)
	assert.Equal(t, 403, vendor.StatusCode)
	scope, ok := errors.AsType[*inventory.ScopeError](err)
	require.True(t, ok)
	assert.Equal(t, [3]string{"confluent.integrations_v2", "prod", "env-2"}, [3]string{scope.Table, scope.Account,
		scope.Scope})
}

func TestSecretsAreHidden(t *testing.T) {
	w := newWorld(t)
	for _, query := range []string{"SELECT *, _raw FROM apono.integrations", "SELECT * FROM integrations",
		"SELECT config FROM apono.integrations WHERE id IS NOT NULL"} {
		for _, line := range ask(t, w.db(t), query) {
			assert.NotContains(t, line, secretValue)
		}
	}
	assert.Equal(t, []string{secretValue}, ask(t, w.db(t, inventory.WithSecrets()),
		"SELECT config ->> 'password' FROM apono.integrations WHERE name = 'postgres'"))
}

func TestNewRefuses(t *testing.T) {
	w := newWorld(t)
	for name, opts := range map[string][]inventory.Option{
		"nothing":        {},
		"nil":            {nil},
		"no client":      {inventory.Apono("main", nil)},
		"no name":        {inventory.Apono("", w.aponoClient)},
		"twice":          {inventory.Apono("main", w.aponoClient), inventory.Apono("main", w.aponoClient)},
		"no concurrency": {inventory.Apono("main", w.aponoClient), inventory.WithConcurrency(0)},
		"no function":    {inventory.Confluent("prod", w.confluentClient, inventory.EnvironmentsFunc(nil))},
	} {
		_, err := inventory.New(opts...)
		assert.ErrorIs(t, err, inventory.ErrInvalid, name)
	}
	_, err := inventory.New(inventory.Apono("main", w.aponoClient), inventory.Confluent("main", w.confluentClient))
	assert.NoError(t, err, "of different vendors")
}
