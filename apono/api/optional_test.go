package api_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono/api"
)

func TestOptionalHasThreeStates(t *testing.T) {
	type body struct {
		A api.Optional[string] `json:"a,omitzero"`
	}
	for want, o := range map[string]api.Optional[string]{
		`{}`: {}, `{"a":null}`: api.Null[string](), `{"a":""}`: api.Set(""), `{"a":"<x>"}`: api.Set("<x>"),
	} {
		assert.Equal(t, want, encoded(t, body{o}))
		var back body
		require.NoError(t, json.Unmarshal([]byte(want), &back))
		assert.Equal(t, o, back.A)
	}
	v, ok := api.Set("x").Get()
	assert.True(t, ok)
	assert.Equal(t, "x", v)
	for _, o := range []api.Optional[string]{{}, api.Null[string]()} {
		v, ok = o.Get()
		assert.False(t, ok)
		assert.Empty(t, v)
		assert.NotEqual(t, o.IsZero(), o.IsNull())
	}
	assert.False(t, api.Set("").IsZero())
	assert.False(t, api.Set("").IsNull())

	assert.Equal(t, `{"connector_id":"","integration_config":{},"name":"","secret_store_config":null}`,
		encoded(t, api.IntegrationUpdate{ConnectorID: api.Set(""), SecretStoreConfig: api.Null[api.SecretStore]()}))
	assert.Error(t, json.Unmarshal([]byte(`{"a":5}`), new(body)))
}

func TestOptionalShowsItsValue(t *testing.T) {
	assert.Equal(t, `"x" [1 2] null omitted 002a`, fmt.Sprintf("%q %v %v %+v %04x", api.Set("x"), api.Set([]int{1, 2}), api.Null[int](), api.Optional[int]{}, api.Set(42)))
	assert.Equal(t, "{Name:n Connector:c Details:omitted}", fmt.Sprintf("%+v", struct {
		Name               string
		Connector, Details api.Optional[string]
	}{Name: "n", Connector: api.Set("c")}))
}
