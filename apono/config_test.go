package apono_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
)

func TestConfigText(t *testing.T) {
	var c apono.Config
	require.NoError(t,
		json.Unmarshal([]byte(`{"s":"5432","e":"a\"b\\c\n<é>","n":12345678901234567890,"d":1.10,"b":true,"z":null,`+
			`"o":{"a":[1]},"l": [1, 2],"empty":""}`), &c))
	for key, want := range map[string]string{
		"s": "5432", "e": "a\"b\\c\n<é>", "n": "12345678901234567890", "d": "1.10", "b": "true", "z": "",
		"o": `{"a":[1]}`, "l": "[1, 2]", "empty": "", "absent": "",
	} {
		assert.Equal(t, want, c.Text(key), key)
	}
	assert.Equal(t, "5", apono.Config{"k": json.RawMessage("\n \"5\" ")}.Text("k"))
	assert.Empty(t, apono.Config(nil).Text("k"))
}

func TestConfigTextsAreEscapedAsJSONOnly(t *testing.T) {
	c := apono.ConfigOf(map[string]string{"port": "5432", "html": "<&>", "odd": "a\"b\\c\n\u2028"})
	type server struct{ Name, Path string }
	require.NoError(t, c.SetJSONText("servers", []server{{"a \"quoted\" <b>", `C:\x` + "\n"}}))
	require.Error(t, c.SetJSONText("bad", func() {}))
	assert.NotContains(t, c, "bad")
	out := encoded(t, c)
	assert.Contains(t, out, `"html":"<&>"`)
	assert.Contains(t, out, `"port":"5432"`)

	var back apono.Config
	require.NoError(t, json.Unmarshal([]byte(out), &back))
	assert.Equal(t, c, back)
	assert.Equal(t, "a\"b\\c\n\u2028", back.Text("odd"))
	var servers []server
	require.NoError(t, json.Unmarshal([]byte(back.Text("servers")), &servers))
	assert.Equal(t, []server{{"a \"quoted\" <b>", `C:\x` + "\n"}}, servers)

	assert.Equal(t, apono.Config{}, apono.ConfigOf(nil))
}

func TestConfigKeepsItsValues(t *testing.T) {
	const in = `{"a":12345678901234567890,"b":1.10,"c":"<&>","d":"[{\"k\":\"v\"}]","e":1E400,"f":"\u00e9",` +
		`"g":{"z":1,"a":2},"h":null}`
	var c apono.Config
	require.NoError(t, json.Unmarshal([]byte(in), &c))
	assert.Equal(t, in, encoded(t, c))
	assert.Equal(t, in, encoded(t, c.Clone()))
}

func TestConfigCheck(t *testing.T) {
	require.NoError(t, apono.Config(nil).Check())
	require.NoError(t, apono.Config{"null": json.RawMessage("null")}.Check())
	for _, raw := range []string{"", " ", "{", "5432 x", "'a'", "NaN"} {
		c := apono.Config{"fine": json.RawMessage("1"), "odd": json.RawMessage(raw)}
		require.EqualError(t, c.Check(), `the value of "odd" is not JSON`, raw)
		_, err := json.Marshal(c)
		require.ErrorContains(t, err, `"odd"`)
	}
	require.ErrorContains(t, apono.Config{"b": nil, "a": nil}.Check(), `"a"`, "the first by name, always")
	assert.Equal(t, "{}", encoded(t, apono.Config(nil)))
}

func TestConfigCloneSharesNothing(t *testing.T) {
	c := apono.ConfigOf(map[string]string{"a": "1"})
	d := c.Clone()
	d["a"][1] = '2'
	d.SetText("b", "3")
	assert.Equal(t, `{"a":"1"}`, encoded(t, c))
	assert.Nil(t, apono.Config(nil).Clone())
}

func TestATextIsSetInANilConfig(t *testing.T) {
	var c, escaped, asJSON apono.Config
	c.SetText("a", "1")
	assert.Equal(t, apono.ConfigOf(map[string]string{"a": "1"}), c)
	escaped.SetText("a", "\xff")
	assert.Equal(t, apono.Config{"a": json.RawMessage("\"\xff\"")}, escaped)
	require.Error(t, asJSON.SetJSONText("bad", func() {}))
	assert.Nil(t, asJSON)
	require.NoError(t, asJSON.SetJSONText("a", []int{1}))
	assert.Equal(t, "[1]", asJSON.Text("a"))
	d := apono.Config(nil).Clone()
	d.SetText("b", "2")
	assert.Equal(t, "2", d.Text("b"))
}

// An item of a list may have no configuration.
func TestATextIsSetWhereTheServerSentNoConfig(t *testing.T) {
	for _, config := range []string{"", `,"integration_config":null,"metadata":null`} {
		item := `{"id":"i","name":"n"` + config + `}`
		_, client := newWire(t, []answer{good(`{"items":[` + item + `]}`)})
		for integration, err := range client.Integrations.List(t.Context(), nil) {
			require.NoError(t, err)
			update := apono.UpdateFrom(integration)
			update.IntegrationConfig.SetText("host", "db")
			assert.Equal(t, `{"host":"db"}`, encoded(t, update.IntegrationConfig), config)
			assert.Nil(t, integration.IntegrationConfig, config)
		}
		_, client = newWire(t, []answer{good(`{"data":[` + item + `]}`)})
		for integration, err := range client.IntegrationsV2.List(t.Context()) {
			require.NoError(t, err)
			update := apono.UpdateFromV2(integration)
			update.Metadata.SetText("host", "db")
			assert.Equal(t, `{"host":"db"}`, encoded(t, update.Metadata), config)
		}
	}
	var create apono.IntegrationCreate
	create.IntegrationConfig.SetText("host", "db")
	assert.Equal(t, `{"host":"db"}`, encoded(t, create.IntegrationConfig))
}
