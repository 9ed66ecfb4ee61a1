package confluent_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

// variants has a fresh value of each variant under its kind.
func variants() map[string]confluent.ConfigValue {
	return map[string]confluent.ConfigValue{
		"AwsIntegrationConfig": &confluent.AWSConfig{}, "AzureIntegrationConfig": &confluent.AzureConfig{},
		"GcpIntegrationConfig": &confluent.GCPConfig{},
	}
}

// standard decodes a configuration with encoding/json. data must be valid JSON.
func standard(data []byte) confluent.ConfigValue {
	if string(data) == "null" {
		return nil
	}
	var members map[string]any
	_ = json.Unmarshal(data, &members) // a number may be out of range
	kind, _ := members["kind"].(string)
	if v := variants()[strings.TrimPrefix(strings.TrimPrefix(kind, "pim.v1."), "pim.v2.")]; v != nil &&
		json.Unmarshal(data, v) == nil {
		return v
	}
	return &confluent.UnknownConfig{Kind: kind, Raw: data}
}

// A field that the decoder does not know stays empty.
func TestConfigDecodesEveryField(t *testing.T) {
	t.Parallel()
	for kind, want := range variants() {
		members := map[string]string{"kind": kind}
		for f, v := range reflect.ValueOf(want).Elem().Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			members[name] = "value of " + name
			v.SetString(members[name])
		}
		c := decodeConfig(t, encoded(t, members))
		assert.Equal(t, want, c.Value)
	}
}

func FuzzConfig(f *testing.F) {
	for _, s := range []string{
		fullAWS, fullAzure, fullGCP, `null`, `[]`, `"kind"`, `{}`,
		` { "kind" : "GcpIntegrationConfig" , "later" : [ { } ] } `,
		`{"kind":"AwsIntegrationConfig","external_id":null}`, `{"kind":"AwsIntegrationConfig","external_id":1}`,
		`{"kind":"AwsIntegrationConfig","External_ID":"e"}`,
		`{"kind":"AwsIntegrationConfig","external_id":"a","external_id":null}`,
		`{"kind":"AwsIntegrationConfig","external_id":"a\u0062"}`, `{"kind":"AwsIntegrationConfig","external_id":"ä"}`,
		`{"kind":"AwsIntegrationConfig","kind":null}`, `{"kind":1,"kind":"AwsIntegrationConfig"}`,
		`{"Kind":"AwsIntegrationConfig"}`, `{"k\u0069nd":"AwsIntegrationConfig","external_id":"e"}`,
		`{"external_id":"e","kind":"pim.v1.AwsIntegrationConfig","n":1e400}`,
		`{"kind":"AwsIntegrationConfig","a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"external_id":"e"}`,
		"{\"kind\":\"\xe2\"}",
	} {
		f.Add([]byte(s), "x")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		b, err := json.Marshal(text)
		require.NoError(t, err)
		for _, data := range [][]byte{
			data,
			fmt.Appendf(nil, `{"external_id":%s,"kind":"AwsIntegrationConfig","more":%s}`, b, data),
			fmt.Appendf(nil, `{%s:"x","kind":"AwsIntegrationConfig","external_id":%s}`, b, data),
		} {
			var c confluent.Config
			require.NoError(t, c.UnmarshalJSON(data)) // must not panic
			if !json.Valid(data) {
				continue
			}
			require.Equal(t, standard(data), c.Value, "%s", data)
			if c.Value != nil {
				require.Equal(t, string(data), string(c.RawJSON()))
			}
		}
	})
}
