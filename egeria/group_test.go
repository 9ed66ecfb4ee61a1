package egeria_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/internal/diff"
	"github.com/integrations-go/sdk/internal/oneof"
)

// written returns a value as sent in requests.
func written(t *testing.T, v any) string {
	t.Helper()
	b, err := oneof.Encode(v)
	require.NoError(t, err)
	return string(b)
}

// meaning returns a document in canonical form.
func meaning(t *testing.T, document string) string {
	t.Helper()
	s, err := diff.Canonical([]byte(document))
	require.NoError(t, err, document)
	return s
}

// A list is written again if one of its groups changes. Members that are lost here would be lost on
// the platform.
func TestGroupRoundTrip(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{ // want: "" means unchanged
		"of 4.x": {`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"https://h:9443",` +
			`"omagserverName":"mds","integrationGroupQualifiedName":"G"}`, ""},
		"of 6.x": {
			`{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"Egeria:IntegrationGroup:Default",` +
				`"omagserverName":"qs-metadata-store",` +
				`"omagserverPlatformRootURL":"~{egeriaEndpoint}~","secretsStoreProvider":"~{p}~",` +
				`"secretsStoreLocation":"~{l}~","secretsStoreCollection":"~{c}~"}`, ""},
		"unknown members": {`{"class":"IntegrationGroupConfig","big":12345678901234567890,"html":"<&>",` +
			`"list":[{"b":1.10,"a":null}],"nested":{"z":{"y":[[]]}},"no":false}`, ""},
		"odd types": {`{"class":"IntegrationGroupConfig","omagserverName":7,"omagserverPlatformRootURL":["u"],
			"integrationGroupQualifiedName":{"a":1},"secretsStoreProvider":true}`, ""},
		"null members": {`{"class":"IntegrationGroupConfig","omagserverName":null,"secretsStoreLocation":null,` +
			`"other":null}`, ""},
		"empty texts": {`{"class":"IntegrationGroupConfig","omagserverName":"","secretsStoreLocation":"","other":""}`,
			""},
		"another class": {`{"class":"NewGroupConfig","integrationGroupQualifiedName":"G"}`, ""},
		"an odd class":  {`{"class":7,"integrationGroupQualifiedName":"G"}`, ""},
		"other cases": {`{"class":"IntegrationGroupConfig","Class":"x","OMAGServerName":"y","omagserverName":"mds"}`,
			""},
		"no class": {`{"integrationGroupQualifiedName":"G"}`,
			`{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"G"}`},
		"null class": {`{"class":null,"integrationGroupQualifiedName":"G"}`,
			`{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"G"}`},
		"nothing": {`{}`, `{"class":"IntegrationGroupConfig"}`},
		"null":    {`null`, `{"class":"IntegrationGroupConfig"}`},
	} {
		t.Run(name, func(t *testing.T) {
			g := egeria.IntegrationGroup{ServerName: "old", Extra: egeria.Object{"old": json.RawMessage("1")}}
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
	var g egeria.IntegrationGroup
	require.NoError(t,
		json.Unmarshal([]byte(`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"~{u}~/<&>",`+
			`"omagserverName":"s","integrationGroupQualifiedName":"n",
		"secretsStoreProvider":"p","secretsStoreLocation":"l","secretsStoreCollection":"c","x":1.0}`), &g))
	assert.Equal(t, egeria.IntegrationGroup{
		PlatformURL: "~{u}~/<&>", ServerName: "s", QualifiedName: "n", SecretsStoreProvider: "p",
		SecretsStoreLocation: "l", SecretsStoreCollection: "c",
		Extra: egeria.Object{"x": json.RawMessage("1.0")},
	}, g)
	assert.Equal(t, `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"n","omagserverName":"s",`+
		`"omagserverPlatformRootURL":"~{u}~/<&>",`+
		`"secretsStoreCollection":"c","secretsStoreLocation":"l","secretsStoreProvider":"p","x":1.0}`, written(t, g))

	g = egeria.IntegrationGroup{ServerName: "field", Extra: egeria.Object{"omagserverName": json.RawMessage(`"extra"`),
		"integrationGroupQualifiedName": json.RawMessage(`"extra"`)}}
	assert.Equal(t,
		`{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"extra","omagserverName":"field"}`,
		written(t, g), "a field that is not empty prevails")
	assert.Len(t, g.Extra, 2, "writing changes nothing")
}

func TestGroupIsAnObject(t *testing.T) {
	for _, in := range []string{`[]`, `"s3cret"`, `7`, `true`} {
		g := egeria.IntegrationGroup{ServerName: "old"}
		err := json.Unmarshal([]byte(in), &g)
		require.EqualError(t, err, "an integration group is not a JSON object", in)
	}
	_, err := json.Marshal(egeria.IntegrationGroup{Extra: egeria.Object{"x": json.RawMessage(`{`)}})
	require.Error(t, err)
}

func TestGroupCloneSharesNothing(t *testing.T) {
	g := egeria.IntegrationGroup{QualifiedName: "n", Extra: egeria.Object{"x": json.RawMessage(`"1"`)}}
	c := g.Clone()
	c.Extra["x"][1] = '2'
	c.Extra["y"] = json.RawMessage(`1`)
	assert.Equal(t, `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"n","x":"1"}`, written(t, g))
	assert.Nil(t, egeria.IntegrationGroup{}.Clone().Extra)

	in := []byte(`{"x":"1"}`)
	require.NoError(t, g.UnmarshalJSON(in))
	copy(in, `{"x":"2"}`)
	assert.Equal(t, `"1"`, string(g.Extra["x"]), "the decoder's bytes are its own")
}

func TestGroupShowsNoExtra(t *testing.T) {
	g := egeria.IntegrationGroup{PlatformURL: "u", ServerName: "s", QualifiedName: "shown",
		Extra: egeria.Object{"newer": json.RawMessage(`"s3cret"`)}}
	for _, v := range []any{g, &g, []egeria.IntegrationGroup{g}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			assert.NotContains(t, fmt.Sprintf(verb, v), "s3cret", "%T %s", v, verb)
		}
	}
	assert.Contains(t, fmt.Sprintf("%+v", g), `QualifiedName:"shown"`)
	var text, json bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "g", g)
	slog.New(slog.NewJSONHandler(&json, nil)).Info("m", "g", &g)
	assert.Contains(t, text.String(), "g.name=shown g.server=s g.platform=u\n")
	assert.Contains(t, json.String(), `"g":{"name":"shown","server":"s","platform":"u"}`)
	assert.NotContains(t, text.String()+json.String(), "s3cret")
}
