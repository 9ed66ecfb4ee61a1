package apono_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
)

func TestOptionalHasThreeStates(t *testing.T) {
	type body struct {
		A apono.Optional[string] `json:"a,omitzero"`
	}
	for want, o := range map[string]apono.Optional[string]{
		`{}`: {}, `{"a":null}`: apono.Null[string](), `{"a":""}`: apono.Set(""), `{"a":"<x>"}`: apono.Set("<x>"),
	} {
		assert.Equal(t, want, encoded(t, body{o}))
		var back body
		require.NoError(t, json.Unmarshal([]byte(want), &back))
		assert.Equal(t, o, back.A)
	}
	v, ok := apono.Set("x").Get()
	assert.True(t, ok)
	assert.Equal(t, "x", v)
	for _, o := range []apono.Optional[string]{{}, apono.Null[string]()} {
		v, ok = o.Get()
		assert.False(t, ok)
		assert.Empty(t, v)
		assert.NotEqual(t, o.IsZero(), o.IsNull())
	}
	assert.False(t, apono.Set("").IsZero())
	assert.False(t, apono.Set("").IsNull())

	assert.Equal(t, `{"connector_id":"","integration_config":{},"name":"","secret_store_config":null}`,
		encoded(t, apono.IntegrationUpdate{ConnectorID: apono.Set(""),
			SecretStoreConfig: apono.Null[apono.SecretStore]()}))
	assert.Error(t, json.Unmarshal([]byte(`{"a":5}`), new(body)))
}

func TestOptionalShowsItsValue(t *testing.T) {
	assert.Equal(t, `"x" [1 2] null omitted 002a`, fmt.Sprintf("%q %v %v %+v %04x", apono.Set("x"),
		apono.Set([]int{1, 2}), apono.Null[int](), apono.Optional[int]{}, apono.Set(42)))
	assert.Equal(t, "{Name:n Connector:c Details:omitted}", fmt.Sprintf("%+v", struct {
		Name               string
		Connector, Details apono.Optional[string]
	}{Name: "n", Connector: apono.Set("c")}))
}
