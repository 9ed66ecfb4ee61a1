package confluent_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

var env1 = confluent.Reference{ID: "env-1"}

func TestRequestsCarryOnlyWhatIsSet(t *testing.T) {
	for _, tt := range []struct {
		body any
		want string
	}{
		{confluent.IntegrationCreate{Environment: env1}, `{"environment":{"id":"env-1"}}`},
		{
			confluent.IntegrationCreate{DisplayName: "n", Provider: confluent.ProviderGCP, Environment: env1},
			`{"display_name":"n","environment":{"id":"env-1"},"provider":"GCP"}`,
		},
		{confluent.IntegrationUpdate{Environment: env1}, `{"environment":{"id":"env-1"}}`},
		{confluent.IntegrationValidate{ID: "cspi-1", Environment: env1},
			`{"environment":{"id":"env-1"},"id":"cspi-1"}`},
		{confluent.IntegrationCreate{}, `{"environment":{"id":""}}`},
		{confluent.IntegrationValidate{}, `{"environment":{"id":""},"id":""}`},
	} {
		got, err := json.Marshal(tt.body)
		require.NoError(t, err)
		assert.Equal(t, tt.want, string(got), "%T", tt.body)
	}
}

func TestRequestTypesHaveNoReadOnlyMembers(t *testing.T) {
	for _, tt := range []struct {
		body any
		want []string
	}{
		{confluent.IntegrationCreateV1{}, []string{"config", "display_name", "environment", "provider"}},
		{confluent.IntegrationCreate{}, []string{"config", "display_name", "environment", "provider"}},
		{confluent.IntegrationUpdate{}, []string{"config", "environment"}},
		{confluent.IntegrationValidate{}, []string{"config", "environment", "id"}},
	} {
		var got []string
		for f := range reflect.TypeOf(tt.body).Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			got = append(got, name)
		}
		slices.Sort(got)
		assert.Equal(t, tt.want, got, "%T", tt.body)
	}
}

// In v1, a create without a configuration must be sent without one. The server refuses it.
func TestRequiredConfigIsEncoded(t *testing.T) {
	b, err := json.Marshal(confluent.IntegrationCreateV1{Environment: env1})
	require.NoError(t, err)
	assert.JSONEq(t, `{"config":null,"environment":{"id":"env-1"}}`, string(b))
}

func TestOpenEnumsKeepUnknownValues(t *testing.T) {
	const in = `{"provider":"aws-cn","status":"PAUSED"}`
	var got confluent.Integration
	require.NoError(t, json.Unmarshal([]byte(in), &got))
	assert.Equal(t, confluent.Provider("aws-cn"), got.Provider)
	assert.Equal(t, confluent.Status("PAUSED"), got.Status)
	out, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, in, string(out))
}

func TestEmptyListsSurviveEncoding(t *testing.T) {
	t.Parallel()
	for _, document := range []string{`{"id":"x","usages":[]}`, `{"id":"x"}`, `{"id":"x","usages":["crn://a"]}`} {
		var v1 confluent.IntegrationV1
		var v2 confluent.Integration
		for _, v := range []any{&v1, &v2} {
			require.NoError(t, json.Unmarshal([]byte(document), v))
			out, err := json.Marshal(v)
			require.NoError(t, err)
			var members map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(out, &members))
			var want map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(document), &want))
			assert.Equal(t, string(want["usages"]), string(members["usages"]))
		}
	}
}
