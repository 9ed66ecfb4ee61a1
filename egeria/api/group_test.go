package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/oneof"
)

// written is a value as requests carry it.
func written(t *testing.T, v any) string {
	t.Helper()
	b, err := oneof.Encode(v)
	require.NoError(t, err)
	return string(b)
}

// meaning is a document in one spelling.
func meaning(t *testing.T, document string) string {
	t.Helper()
	s, err := core.Canonical([]byte(document))
	require.NoError(t, err, document)
	return s
}

// What a list holds is written again when one of its groups changes: what is lost here is lost on the platform.
func TestGroupRoundTrip(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{ // want: "" is as it came
		"of 4.x": {`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"https://h:9443","omagserverName":"mds","integrationGroupQualifiedName":"G"}`, ""},
		"of 6.x": {`{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"Egeria:IntegrationGroup:Default","omagserverName":"qs-metadata-store",` +
			`"omagserverPlatformRootURL":"~{egeriaEndpoint}~","secretsStoreProvider":"~{p}~","secretsStoreLocation":"~{l}~","secretsStoreCollection":"~{c}~"}`, ""},
		"unknown members": {`{"class":"IntegrationGroupConfig","big":12345678901234567890,"html":"<&>","list":[{"b":1.10,"a":null}],"nested":{"z":{"y":[[]]}},"no":false}`, ""},
		"odd types": {`{"class":"IntegrationGroupConfig","omagserverName":7,"omagserverPlatformRootURL":["u"],
			"integrationGroupQualifiedName":{"a":1},"secretsStoreProvider":true}`, ""},
		"null members":  {`{"class":"IntegrationGroupConfig","omagserverName":null,"secretsStoreLocation":null,"other":null}`, ""},
		"empty texts":   {`{"class":"IntegrationGroupConfig","omagserverName":"","secretsStoreLocation":"","other":""}`, ""},
		"another class": {`{"class":"NewGroupConfig","integrationGroupQualifiedName":"G"}`, ""},
		"an odd class":  {`{"class":7,"integrationGroupQualifiedName":"G"}`, ""},
		"other cases":   {`{"class":"IntegrationGroupConfig","Class":"x","OMAGServerName":"y","omagserverName":"mds"}`, ""},
		"no class":      {`{"integrationGroupQualifiedName":"G"}`, `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"G"}`},
		"null class":    {`{"class":null,"integrationGroupQualifiedName":"G"}`, `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"G"}`},
		"nothing":       {`{}`, `{"class":"IntegrationGroupConfig"}`},
		"null":          {`null`, `{"class":"IntegrationGroupConfig"}`},
	} {
		t.Run(name, func(t *testing.T) {
			g := api.IntegrationGroup{ServerName: "old", Extra: api.Object{"old": json.RawMessage("1")}}
			require.NoError(t, json.Unmarshal([]byte(tt.in), &g))
			want := tt.want
			if want == "" {
				want = tt.in
			}
			assert.Equal(t, meaning(t, want), meaning(t, written(t, g)))
			assert.Equal(t, written(t, g), written(t, g.Clone()))
			assert.NotContains(t, written(t, g), `\u003c`)
		})
	}
}

func TestGroupFields(t *testing.T) {
	var g api.IntegrationGroup
	require.NoError(t, json.Unmarshal([]byte(`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"~{u}~/<&>","omagserverName":"s","integrationGroupQualifiedName":"n",
		"secretsStoreProvider":"p","secretsStoreLocation":"l","secretsStoreCollection":"c","x":1.0}`), &g))
	assert.Equal(t, api.IntegrationGroup{
		PlatformURL: "~{u}~/<&>", ServerName: "s", QualifiedName: "n", SecretsStoreProvider: "p", SecretsStoreLocation: "l", SecretsStoreCollection: "c",
		Extra: api.Object{"x": json.RawMessage("1.0")},
	}, g)
	assert.Equal(t, `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"n","omagserverName":"s","omagserverPlatformRootURL":"~{u}~/<&>",`+
		`"secretsStoreCollection":"c","secretsStoreLocation":"l","secretsStoreProvider":"p","x":1.0}`, written(t, g))

	g = api.IntegrationGroup{ServerName: "field", Extra: api.Object{"omagserverName": json.RawMessage(`"extra"`), "integrationGroupQualifiedName": json.RawMessage(`"extra"`)}}
	assert.Equal(t, `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"extra","omagserverName":"field"}`, written(t, g), "a field that is not empty prevails")
	assert.Len(t, g.Extra, 2, "writing changes nothing")
}

func TestGroupIsAnObject(t *testing.T) {
	for _, in := range []string{`[]`, `"s3cret"`, `7`, `true`} {
		g := api.IntegrationGroup{ServerName: "old"}
		err := json.Unmarshal([]byte(in), &g)
		require.EqualError(t, err, "an integration group is no JSON object", in)
	}
	_, err := json.Marshal(api.IntegrationGroup{Extra: api.Object{"x": json.RawMessage(`{`)}})
	require.Error(t, err)
}

func TestGroupCloneSharesNothing(t *testing.T) {
	g := api.IntegrationGroup{QualifiedName: "n", Extra: api.Object{"x": json.RawMessage(`"1"`)}}
	c := g.Clone()
	c.Extra["x"][1] = '2'
	c.Extra["y"] = json.RawMessage(`1`)
	assert.Equal(t, `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"n","x":"1"}`, written(t, g))
	assert.Nil(t, api.IntegrationGroup{}.Clone().Extra)

	in := []byte(`{"x":"1"}`)
	require.NoError(t, g.UnmarshalJSON(in))
	copy(in, `{"x":"2"}`)
	assert.Equal(t, `"1"`, string(g.Extra["x"]), "the decoder's bytes are its own")
}

func TestGroupShowsNoExtra(t *testing.T) {
	g := api.IntegrationGroup{PlatformURL: "u", ServerName: "s", QualifiedName: "shown", Extra: api.Object{"newer": json.RawMessage(`"s3cret"`)}}
	for _, v := range []any{g, &g, []api.IntegrationGroup{g}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			assert.NotContains(t, fmt.Sprintf(verb, v), "s3cret", "%T %s", v, verb)
		}
	}
	assert.Contains(t, fmt.Sprintf("%+v", g), "QualifiedName:shown")
	var text, json bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "g", g)
	slog.New(slog.NewJSONHandler(&json, nil)).Info("m", "g", &g)
	assert.Contains(t, text.String(), "g.name=shown g.server=s g.platform=u\n")
	assert.Contains(t, json.String(), `"g":{"name":"shown","server":"s","platform":"u"}`)
	assert.NotContains(t, text.String()+json.String(), "s3cret")
}
