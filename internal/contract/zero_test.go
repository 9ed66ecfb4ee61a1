package contract_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/ratelimit"
)

const zeroClient = "invalid argument client: is the zero value: create one with New"

// A service that does not come from a client refuses its calls.
func TestZeroServicesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, _ := start(t, v, options{}, func(int, request) (*http.Response, error) {
			t.Error("sent")
			return respond(500, ""), nil
		})
		zero := reflect.New(reflect.TypeOf(c.value).Elem())
		for field, value := range zero.Elem().Fields() {
			if field.IsExported() && value.Kind() == reflect.Pointer {
				value.Set(reflect.New(field.Type.Elem()))
			}
		}
		refused := 0
		for name, method := range methodsWithCallOptions(&client{value: zero.Interface()}) {
			for err := range errorsOf(method.Call(arguments(t.Context(), v, method))) {
				require.ErrorIs(t, err, sdk.ErrInvalid, name)
				require.ErrorContains(t, err, zeroClient, name)
				refused++
			}
		}
		require.Greater(t, refused, 10)
	})
}

func TestZeroClientsAreRefused(t *testing.T) {
	for name, c := range map[string]interface {
		Do(*http.Request) (*http.Response, error)
		Limiter() ratelimit.Limiter
		CloseIdleConnections()
	}{"confluent": new(confluent.Client), "apono": new(apono.Client), "egeria": new(egeria.Client)} {
		body := &closingBody{Reader: strings.NewReader("{}")}
		_, err := c.Do(httptest.NewRequest(http.MethodPost, "/x", body))
		require.ErrorContains(t, err, zeroClient, name)
		assert.True(t, body.closed, name)
		_, err = c.Do(nil)
		require.ErrorIs(t, err, sdk.ErrInvalid, name)
		var e *sdk.Error
		require.ErrorAs(t, err, &e, name)
		assert.Equal(t, "Do", e.Operation, name)
		assert.Nil(t, c.Limiter(), name)
		c.CloseIdleConnections()
	}
	_, err := sdk.Collect(new(confluent.Client).AllIntegrations(t.Context(), "env-1", nil))
	require.ErrorContains(t, err, zeroClient)
	_, err = new(confluent.Client).ExchangeToken(t.Context(), confluent.STSConfig{})
	require.ErrorContains(t, err, zeroClient)
	_, err = new(egeria.Client).Login(t.Context())
	require.ErrorContains(t, err, zeroClient)
	_, err = new(egeria.Client).Dialect(t.Context())
	require.ErrorContains(t, err, zeroClient)
}

// closingBody reports whether it was closed.
type closingBody struct {
	*strings.Reader
	closed bool
}

func (b *closingBody) Close() error {
	b.closed = true
	return nil
}
