package apono_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/apono"
)

// A call hides the secrets that it sends. It does not know those of another call.
func TestSecretOfAnotherCallIsShown(t *testing.T) {
	store := apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"password": "hunter2-own"}}}
	w, c := newWire(t, nil)
	w.echo = func(string) string { return `{"message":"hunter2-own differs from hunter2-other"}` }
	_, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n", Type: "t",
		SecretStoreConfig: apono.Set(store)})
	e := errorOf(t, err)
	for _, shown := range []string{err.Error(), e.Detail, string(e.Body)} {
		assert.NotContains(t, shown, "hunter2-own")
		assert.Contains(t, shown, "hunter2-other")
	}
	_, err = c.Integrations.Get(t.Context(), "i")
	assert.ErrorContains(t, err, "hunter2-own", "this call did not send it")
}
