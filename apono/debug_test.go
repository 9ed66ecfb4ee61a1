package apono_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
)

// Anything in a secret store may be the secret, except the place of the secret.
func TestDebugShowsNothingOfASecretStoreButItsPlace(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-canary"
	for _, store := range []string{
		`"secret_store_config":{"apono":{"parameters":{"user":%q}}}`, `"secret_store_config":{"apono":{"params":[%q]}}`,
		`"Secret_Store_Config":{"Apono":{"Parameters":{"user":%q}}}`, `"secret_store_config":{"newstore":{"value":%q}}`,
		`"secret_store_config":{"newstore":{"deep":[{"x":%q}]}}`, `"secret_config":{"type":"APONO","user":%q}`,
		`"secret_config":{"type":"NEW","value":%q}`, `"secret_config":{"type":"APONO","params":{"a":{"b":%q}}}`,
		`"secret_store_config":{"aws":{"region":"eu-central-1","secret_id":"s","other":%q}}`,
	} {
		var out strings.Builder
		_, c := newWire(t, []answer{good(`{"id":"i-1","name":"orders","type":"mysql",` + fmt.Sprintf(store, secret) +
			`}`)}, sdk.WithDebug(&out))
		_, err := c.Integrations.Get(t.Context(), "i-1")
		require.NoError(t, err)
		assert.NotContains(t, out.String(), secret, store)
		assert.Contains(t, out.String(), `"name":"orders"`)
	}

	var out strings.Builder
	_, c := newWire(t, []answer{good(`{"id":"i-1"}`)}, sdk.WithDebug(&out))
	_, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{
		Name: "orders", Type: "mysql",
		SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.AWSSecret{Region: "eu-central-1",
			SecretID: "orders"}}),
	})
	require.NoError(t, err)
	assert.Contains(t, out.String(), `"secret_store_config":{"aws":{"region":"eu-central-1","secret_id":"orders"}}`,
		"where the secret is, is shown")
}
