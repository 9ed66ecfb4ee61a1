package egeria_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

// odd is a document that most decoders would change.
const odd = ` { "versionId":"V2.0", "localServerName" : "d\u0031",
	"big":12345678901234567890, "price":1.10, "e":1E+2, "zero":-0, "html":"<&>", "esc":"\u003c\/",
	"a":{"b":{"c":[[[{"d":null}]]]}}, "localServerPassword":"s3cret", "big":1 } `

func document(t *testing.T, text string) egeria.Document {
	t.Helper()
	d, err := egeria.NewDocument([]byte(text))
	require.NoError(t, err)
	return d
}

func raw(t *testing.T, d egeria.Document) string {
	t.Helper()
	b, err := d.Reveal().MarshalJSON()
	require.NoError(t, err)
	return string(b)
}

func TestDocumentIsKeptByteForByte(t *testing.T) {
	deep := `{"a":` + strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000) + `}`
	for _, in := range []string{odd, `{}`, ` {} `, `{"a":1,"a":2}`, deep} {
		in := []byte(in)
		want := string(in)
		d, err := egeria.NewDocument(in)
		require.NoError(t, err)
		copy(in, strings.Repeat("x", len(in)))
		assert.Equal(t, want, raw(t, d))
		copied := d
		out, err := d.Reveal().MarshalJSON()
		require.NoError(t, err)
		copy(out, strings.Repeat("x", len(out)))
		require.NoError(t, d.SetMember("n", 1))
		assert.Equal(t, want, raw(t, copied), "what is done to the bytes or to a copy changes nothing")
	}

	var small bytes.Buffer
	require.NoError(t, json.Compact(&small, []byte(odd)))
	var response egeria.DocumentResponse
	require.NoError(t, json.Unmarshal([]byte(`{"relatedHTTPCode":200,"omagserverConfig":`+odd+`}`), &response))
	assert.Equal(t, small.String(), written(t, response.Document.Reveal()),
		"a request carries it without the white space between its tokens")
}

func TestDocumentIsAnObject(t *testing.T) {
	for _, in := range []string{``, `null`, `[]`, `"s3cret"`, `7`, `{`, `{"a":}`, `{} {}`} {
		d, err := egeria.NewDocument([]byte(in))
		require.EqualError(t, err, "a configuration document is not a JSON object", in)
		assert.True(t, d.IsZero())
	}
	var zero egeria.Document
	assert.Equal(t, `{}`, raw(t, zero))
	assert.True(t, zero.IsZero())
	assert.False(t, document(t, `{}`).IsZero())
	assert.Equal(t, `{}`, written(t, egeria.DocumentResponse{}), "left out")
	require.NoError(t, zero.SetMember("a", 1))
	assert.Equal(t, `{"a":1}`, raw(t, zero))
}

func TestSetMemberKeepsTheRest(t *testing.T) {
	d := document(t, odd)
	require.NoError(t, d.SetMember("organizationName", "A & B <c>"))
	require.NoError(t, d.SetMember("price", nil))
	require.NoError(t, d.SetMember("absent", nil))
	for name, want := range map[string]string{
		"organizationName": `"A & B <c>"`, "versionId": `"V2.0"`, "localServerName": `"d\u0031"`, "big": `1`,
		"e": `1E+2`, "zero": `-0`, "html": `"<&>"`,
		"esc": `"\u003c\/"`,
		"a":   `{"b":{"c":[[[{"d":null}]]]}}`, "localServerPassword": `"s3cret"`,
	} {
		assert.Equal(t, want, string(d.Member(name)), name)
	}
	assert.Nil(t, d.Member("price"))
	var members map[string]any
	require.NoError(t, json.Unmarshal([]byte(raw(t, d)), &members))
	assert.Len(t, members, 10, "and nothing else")
	before := raw(t, d)
	require.Error(t, d.SetMember("bad", make(chan int)))
	require.Error(t, d.SetMember("bad", json.RawMessage(`{`)))
	require.Error(t, d.SetMember("\xff", nil))
	assert.Equal(t, before, raw(t, d), "a failure changes nothing")
	d.Member("versionId")[1] = 'x'
	assert.Equal(t, "V2.0", d.VersionID())
}

func TestDocumentAccessors(t *testing.T) {
	d := document(t, `{"versionId":"V6.0","localServerId":"id","localServerName":"name","localServerType":"type",`+
		`"localServerDescription":"about","organizationName":"org",
		"localServerURL":"~{url}~","localServerUserId":"user","maxPageSize":0,"auditTrail":["a","b"],
		"dynamicIntegrationGroupsConfig":[null,{"integrationGroupQualifiedName":"G","x":1.0},null]}`)
	assert.Equal(t, []string{"V6.0", "id", "name", "type", "about", "org", "~{url}~", "user"},
		[]string{d.VersionID(), d.ServerID(), d.ServerName(), d.ServerType(), d.Description(), d.OrganizationName(),
			d.URLRoot(), d.UserID()})
	size, ok := d.MaxPageSize()
	assert.Zero(t, size)
	assert.True(t, ok)
	require.NoError(t, d.SetMember("maxPageSize", 50))
	size, ok = d.MaxPageSize()
	assert.Equal(t, 50, size)
	assert.True(t, ok)
	assert.Equal(t, []string{"a", "b"}, d.AuditTrail())
	groups, err := d.IntegrationGroups()
	require.NoError(t, err)
	assert.Equal(t, []egeria.IntegrationGroup{{QualifiedName: "G", Extra: egeria.Object{"x": json.RawMessage("1.0")}}},
		groups)

	require.NoError(t, d.SetIntegrationGroups(append(groups, egeria.IntegrationGroup{QualifiedName: "H<>"})))
	assert.Equal(t, `[{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"G","x":1.0},`+
		`{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"H<>"}]`,
		string(d.Member("dynamicIntegrationGroupsConfig")))
	require.NoError(t, d.SetIntegrationGroups([]egeria.IntegrationGroup{}))
	assert.Equal(t, `[]`, string(d.Member("dynamicIntegrationGroupsConfig")))
	require.NoError(t, d.SetIntegrationGroups(nil))
	assert.Nil(t, d.Member("dynamicIntegrationGroupsConfig"))
	assert.Equal(t, "V6.0", d.VersionID())
}

func TestDocumentAccessorsOnOddTypes(t *testing.T) {
	for _, value := range []string{``, `null`, `7`, `{}`, `[]`, `true`, `[1]`, `"s3cret"`, `1.5`,
		`99999999999999999999`} {
		d := document(t, `{}`)
		if value != "" {
			for _, name := range []string{
				"versionId", "localServerId", "localServerName", "localServerType", "localServerDescription",
				"organizationName", "localServerURL", "localServerUserId",
				"maxPageSize", "auditTrail",
				"dynamicIntegrationGroupsConfig",
			} {
				require.NoError(t, d.SetMember(name, json.RawMessage(value)))
			}
		}
		text := strings.Trim(value, `"`)
		if text == value {
			text = ""
		}
		for _, got := range []string{d.VersionID(), d.ServerID(), d.ServerName(), d.ServerType(), d.Description(),
			d.OrganizationName(), d.URLRoot(), d.UserID()} {
			assert.Equal(t, text, got, value)
		}
		size, ok := d.MaxPageSize()
		assert.Equal(t, value == "7", ok, value)
		if !ok {
			assert.Zero(t, size, value)
		}
		assert.Empty(t, strings.Join(d.AuditTrail(), ""), value)
		groups, err := d.IntegrationGroups()
		if value == "" || value == "null" || value == "[]" {
			require.NoError(t, err, value)
			assert.NotNil(t, groups)
		} else {
			require.Error(t, err, value)
			assert.NotContains(t, err.Error(), "s3cret")
			assert.Nil(t, groups)
		}
		assert.Empty(t, groups)
	}
	assert.Equal(t, []string{"a", "", "", "b"}, document(t, `{"auditTrail":["a",null,7,"b"]}`).AuditTrail(),
		"a line that is no text hides no other")
}

// Package fmt does not call Format for an unexported field, or for the verbs %w and %p.
func TestDocumentInAnUnexportedFieldShowsNoContent(t *testing.T) {
	t.Parallel()
	read := document(t, `{"localServerPassword":"s3cret"}`)
	var built egeria.Document
	require.NoError(t, built.SetMember("localServerPassword", "s3cret"))
	numbers := strings.Trim(fmt.Sprintf("%d", []byte("s3cret")), "[]")
	for _, d := range []egeria.Document{read, built, read.Reveal()} {
		for _, v := range []any{struct{ d egeria.Document }{d}, struct{ d *egeria.Document }{&d},
			struct{ d any }{d}, struct{ d []egeria.Document }{[]egeria.Document{d}}, d} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%w", "%p"} {
				out := fmt.Sprintf(verb, v)
				for _, form := range []string{"s3cret", "733363726574", numbers} {
					assert.NotContains(t, out, form, "%T %s", v, verb)
				}
			}
		}
	}
}

func TestDocumentShowsNoContent(t *testing.T) {
	d := document(t, `{"localServerName":"name","localServerType":"type","localServerPassword":"s3cret","x":"s3cret"}`)
	for _, v := range []any{d, &d, []egeria.Document{d}, map[string]egeria.Document{"k": d},
		egeria.DocumentResponse{Document: d}, egeria.DocumentsResponse{Documents: []egeria.Document{d}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			out := fmt.Sprintf(verb, v)
			assert.Contains(t, out, "Document{name type}", "%T %s", v, verb)
			assert.NotContains(t, out, "s3cret", "%T %s", v, verb)
			assert.NotContains(t, strings.ToLower(out), "733363726574", "%T %s: in hex", v, verb)
		}
	}
	assert.Equal(t, "Document{name type}", fmt.Sprint(d))
	assert.Equal(t, "Document{}", fmt.Sprint(egeria.Document{}))
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var out bytes.Buffer
		log := slog.New(handler(&out))
		log.Info("m", "d", d)
		log.Info("m", "d", &d)
		log.Info("m", slog.Group("g", "d", d))
		assert.Equal(t, 3, strings.Count(out.String(), "Document{name type}"), name)
		assert.NotContains(t, out.String(), "s3cret", name)

		p := document(t, `{"localServerPassword":"s3cret","l":[{"connection":{"securedProperties":{"any":"s3cret"},`+
			`"clearPassword":"s3cret"}}],"u":"jdbc:x?password=s3cret"}`)
		for _, v := range []any{[]egeria.Document{p}, map[string]*egeria.Document{"k": &p},
			struct{ D egeria.Document }{p}} {
			out.Reset()
			log.Info("m", "d", v)
			assert.NotContains(t, out.String(), "s3cret", "%s %T", name, v)
		}
	}
}

// The line separator may be sent as an escape: Go 1.27 escapes it and Go 1.26 does not. The meaning
// is the same.
func TestLineSeparatorKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	d, err := egeria.NewDocument([]byte("{\"localServerDescription\":\"a\u2028b\"}"))
	require.NoError(t, err)
	b, err := json.Marshal(d)
	require.NoError(t, err)
	var again egeria.Document
	require.NoError(t, json.Unmarshal(b, &again))
	assert.Equal(t, "a\u2028b", again.Description())
}
