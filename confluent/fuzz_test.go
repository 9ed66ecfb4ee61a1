package confluent

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// sameJSON decodes a document and keeps numbers as text.
func sameJSON(t *testing.T, b []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), "%s", b)
	return v
}

// fields are the members of a variant that have a field, by JSON name.
func fields(v ConfigValue) map[string]reflect.Value {
	s := reflect.ValueOf(v).Elem()
	all := map[string]reflect.Value{}
	for f, value := range s.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		all[name] = value
	}
	return all
}

var readOnly = []string{"iam_role_arn", "external_id", "confluent_multi_tenant_app_id", "google_service_account"}

// checkKnown compares the JSON of a known variant before and after decoding. Unknown members must
// be equal, other members must be those of the fields, and kind must be that of the type.
func checkKnown(t *testing.T, c Config, original, out []byte) {
	t.Helper()
	var before, after map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(original, &before))
	require.NoError(t, json.Unmarshal(out, &after))
	known := fields(c.Value)
	isKnown := func(name string) bool { // encoding/json ignores the letter case of a member
		for k := range known {
			if strings.EqualFold(k, name) {
				return true
			}
		}
		return name == "kind"
	}
	for name, value := range before {
		if !isKnown(name) {
			require.Contains(t, after, name)
			assert.Equal(t, sameJSON(t, value), sameJSON(t, after[name]), "member %q", name)
		}
	}
	for name := range after {
		if !isKnown(name) {
			assert.Contains(t, before, name, "member out of nowhere")
		}
	}
	for name, value := range known {
		if value.String() == "" {
			assert.NotContains(t, after, name)
		} else {
			assert.Equal(t, value.String(), sameJSON(t, after[name]))
		}
	}
	assert.Equal(t, c.Kind(), sameJSON(t, after["kind"]))
}

func FuzzConfigRoundTrip(f *testing.F) {
	for _, s := range []string{
		`null`, `{}`, `1e400`, `"x"`, `[{"kind":"GcpIntegrationConfig"}]`, `{"kind":"New","n":12345678901234567890.10}`,
		`{"kind":5}`, `{"kind":"\ud800"}`,
		`{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"c","iam_role_arn":"r","external_id":"e",` +
			`"later":{"a":[1.0,null]}}`,
		`{"kind":"pim.v2.AzureIntegrationConfig","customer_azure_tenant_id":"","confluent_multi_tenant_app_id":"a",` +
			`"<&>":"\u2028"}`,
		`{"kind":"GcpIntegrationConfig","google_service_account":null,"customer_google_service_account":"\ufffd"}`,
		`{"kind":"GcpIntegrationConfig","google_service_account":"g","google_service_account":null}`,
		`{"kind":"GcpIntegrationConfig","GOOGLE_SERVICE_ACCOUNT":"g"}`,
		`{"kind":"GcpIntegrationConfig","google_Service_account":"y","google_service_account":""}`,
		`{"kind":"GcpIntegrationConfig","google_service_account":7}`,
		`{"kind":"x","kind":"AwsIntegrationConfig","Kind":"y","":0}`, ` { "kind" : "Gcp\u0049ntegrationConfig" } `,
		`{"kind":"AwsIntegrationConfig"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Config
		if err := json.Unmarshal(data, &c); err != nil {
			require.False(t, json.Valid(data), "valid JSON must decode: %v", err)
			return
		}
		out, err := json.Marshal(c)
		require.NoError(t, err)
		switch v := c.Value.(type) {
		case nil:
			require.Equal(t, "null", strings.TrimSpace(string(data)))
			require.Equal(t, "null", string(out))
		case *UnknownConfig:
			require.Equal(t, strings.TrimSpace(string(data)), strings.TrimSpace(string(v.Raw)), "kept byte for byte")
			require.Equal(t, sameJSON(t, data), sameJSON(t, out))
		default:
			checkKnown(t, c, data, out)
		}

		w := c.Writable()
		sent, err := json.Marshal(w)
		require.NoError(t, err)
		if _, unknown := c.Value.(*UnknownConfig); unknown || c.Value == nil {
			if w.Value == c.Value {
				require.Equal(t, string(out), string(sent))
				return
			}
			var members map[string]any // a known kind with members that do not fit
			require.NoError(t, json.Unmarshal(sent, &members))
			require.NotEmpty(t, members)
			for _, name := range readOnly {
				require.NotContains(t, members, name)
			}
			return
		}
		require.NoError(t, w.Check())
		checkKnown(t, w, data, sent)
		var members map[string]any
		require.NoError(t, json.Unmarshal(sent, &members))
		for _, name := range readOnly {
			if _, here := fields(c.Value)[name]; here {
				require.NotContains(t, members, name)
			}
		}

		var again Config
		require.NoError(t, json.Unmarshal(out, &again))
		require.Equal(t, c.Value, again.Value, "what was encoded decodes to the same")
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, string(out), string(twice))
	})
}

func FuzzErrorBody(f *testing.F) {
	for _, s := range []string{
		"", "null", `{}`, "<html>", "404 page not found\n", "\x1f\x8b\x00", "\xff\xfe",
		`{"errors":[{"id":"o","status":"400","code":"c","title":"t","detail":"d","source":{"pointer":"/p",` +
			`"parameter":"q"},"resolution":"r"},{}]}`,
		`{"errors":[1,"x",null,[],{"detail":{}}],"message":["m"],"error":false,"error_code":1e999}`,
		`{"error_code":404,"message":"m"}`, `{"error_code":"404","message":"m"}`,
		`{"error":{"code":"C","message":"m","details":"d","suggestion":"s"},"requestId":"i","doc_url":"u"}`,
		`{"error":"e","error_description":"d"}`, `{"errors":{"0":{}}}`, `[[[`, `{"message":"a\nb"}`,
		`{"errors":[{"details":"x"}]}`,
	} {
		f.Add(400, []byte(s))
		f.Add(503, []byte(s))
		f.Add(408, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := newError(&core.Failure{
			Operation: "Integrations.Get", Method: "GET", Path: "/p", StatusCode: status, Header: http.Header{},
			Body: body, RequestID: "req-1", Attempts: 2,
		})
		e, ok := errors.AsType[*Error](err)
		require.True(t, ok)
		require.Equal(t, status, e.StatusCode)
		require.Equal(t, "req-1", e.RequestID)
		require.Equal(t, string(body), string(e.Body))
		text := e.Error()
		require.Less(t, len(text), 4096)
		require.False(t, strings.ContainsAny(text, "\r\n"), "%q", text)
		require.Contains(t, text, "attempts 2")
		require.Equal(t, status == 404 || status == 410, errors.Is(err, ErrNotFound))
		require.Equal(t, status >= 500 || status == 408 || status == 425, errors.Is(err, ErrUnavailable))
		require.Equal(t, text, e.GoString())
		require.NotEmpty(t, e.LogValue().String())
		for _, p := range e.Problems {
			require.NotEqual(t, Problem{}, p)
		}
	})
}

func FuzzNextToken(f *testing.F) {
	for _, s := range []string{
		"", "?page_token=t", "https://h/p?page_token=a%2Bb&x=y", "/p&page_token=t", "/p?page_token=", "::",
		"?page_token=%zz", "/p&page_token=%zz",
		"?a=b;page_token=t", "#page_token=t", "?&page_token=t&page_token=u", "http://[::1", "\x00&page_token=t",
		"tok\u00e9n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		token, err := nextToken(s)
		require.Equal(t, s == "" || err != nil, token == "", "a link has a token or is an error")
		if err != nil {
			require.Less(t, len(err.Error()), 2000)
			require.True(t, utf8.ValidString(err.Error()))
		}

		// The token s is the same in every form of a link.
		for _, head := range []string{"https://h.test/p?environment=e&page_token=", "/p?page_token=", "?page_token=",
			"/p&page_token="} {
			for _, tail := range []string{"", "&page_size=2", "#top"} {
				got, err := nextToken(head + url.QueryEscape(s) + tail)
				if s == "" {
					require.Error(t, err)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, s, got)
			}
		}
	})
}
