package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono/api"
)

const parameter = "p4rameter-canary"

// storeForms are all known stores in both forms.
var storeForms = map[string]struct {
	value        api.SecretStoreValue
	nested, flat string
}{
	"aws":             {&api.AWSSecret{Region: "r", SecretID: "s"}, `{"aws":{"region":"r","secret_id":"s"}}`, `{"region":"r","secret_id":"s","type":"AWS"}`},
	"gcp":             {&api.GCPSecret{Project: "p", SecretID: "s"}, `{"gcp":{"project":"p","secret_id":"s"}}`, `{"project":"p","secret_id":"s","type":"GCP"}`},
	"kubernetes":      {&api.KubernetesSecret{Namespace: "n", Name: "s"}, `{"kubernetes":{"name":"s","namespace":"n"}}`, `{"name":"s","namespace":"n","type":"KUBERNETES"}`},
	"azure":           {&api.AzureSecret{VaultURL: "v", Name: "s"}, `{"azure":{"name":"s","vault_url":"v"}}`, `{"name":"s","type":"AZURE","vault_url":"v"}`},
	"hashicorp_vault": {&api.HashicorpVaultSecret{SecretEngine: "e", Path: "p"}, `{"hashicorp_vault":{"path":"p","secret_engine":"e"}}`, `{"path":"p","secret_engine":"e","type":"HASHICORP_VAULT"}`},
	"apono":           {&api.AponoSecret{Parameters: map[string]string{"k": "<&>"}}, `{"apono":{"parameters":{"k":"<&>"}}}`, `{"parameters":{"k":"<&>"},"type":"APONO"}`},
}

func TestEveryStoreHasTwoForms(t *testing.T) {
	for name, tt := range storeForms {
		t.Run(name, func(t *testing.T) {
			for f, v := range reflect.ValueOf(tt.value).Elem().Fields() {
				assert.False(t, v.IsZero(), "%s would not be tested", f.Name)
			}
			var nested api.SecretStore
			require.NoError(t, json.Unmarshal([]byte(tt.nested), &nested))
			assert.Equal(t, tt.value, nested.Value)
			require.NoError(t, nested.Check())
			var flat api.FlatSecretStore
			require.NoError(t, json.Unmarshal([]byte(tt.flat), &flat))
			assert.Equal(t, tt.value, flat.Value)
			assert.Equal(t, strings.ToUpper(name), flat.Type())

			for how, store := range map[string]api.SecretStore{"made": {Value: tt.value}, "read": nested, "from v2": flat.Nested(), "there and back": nested.Flat().Nested(), "copy": nested.Clone()} {
				assert.Equal(t, tt.nested, encoded(t, store), how)
				assert.Equal(t, tt.flat, encoded(t, store.Flat()), how)
			}
		})
	}
}

func TestANewMemberOfAStoreSurvivesInBothForms(t *testing.T) {
	for name, tt := range storeForms {
		t.Run(name, func(t *testing.T) {
			newer := strings.Replace(tt.nested, "}}", `},"gcp2":null}`, 1)
			if name == "apono" {
				newer = `{"apono":{"parameters":{"k":"<&>"}},"gcp2":null}`
			}
			newer = strings.Replace(newer, `:{`, `:{"x_newer":1.10,`, 1)
			var nested api.SecretStore
			require.NoError(t, json.Unmarshal([]byte(newer), &nested))
			assert.Equal(t, tt.value, nested.Value)
			assert.Contains(t, encoded(t, nested), `"x_newer":1.10`)
			assert.NotContains(t, encoded(t, nested), "null")
			flat := encoded(t, nested.Clone().Flat())
			assert.Contains(t, flat, `"x_newer":1.10`)
			var read api.FlatSecretStore
			require.NoError(t, json.Unmarshal([]byte(flat), &read))
			assert.JSONEq(t, encoded(t, nested), encoded(t, read.Nested()))

			nested.Value = &api.AWSSecret{Region: "other"}
			if name != "aws" {
				assert.NotContains(t, encoded(t, nested), "x_newer", "it belongs to the store that is no more")
			}
		})
	}
}

func TestNoStoreIsNone(t *testing.T) {
	allNull := `{"aws":null,"gcp":null,"kubernetes":null,"azure":null,"hashicorp_vault":null,"apono":null}`
	for _, in := range []string{`null`, `{}`, allNull, `{"newer":null}`, ` { } `} {
		s := api.SecretStore{Value: &api.AWSSecret{}}
		require.NoError(t, json.Unmarshal([]byte(in), &s))
		assert.True(t, s.IsZero(), in)
		require.NoError(t, s.Check())
		assert.Equal(t, "null", encoded(t, s))
	}
	for _, in := range []string{`null`, `{}`, `{"type":null}`} {
		f := api.FlatSecretStore{Value: &api.AWSSecret{}}
		require.NoError(t, json.Unmarshal([]byte(in), &f))
		assert.True(t, f.IsZero(), in)
		assert.Empty(t, f.Type())
		require.NoError(t, f.Check())
		assert.Equal(t, "null", encoded(t, f))
	}
	out, err := json.Marshal(api.Integration{})
	require.NoError(t, err)
	assert.NotContains(t, string(out), "secret_store_config")
}

func TestUnknownStoresAreKeptAsTheyCame(t *testing.T) {
	for in, names := range map[string][]string{
		`{"vault9000":{"n":1.10,"s":"<&>"}}`:                {"vault9000"},
		`{"vault9000":{"z":1,"a":2},"aws":null}`:            {"vault9000"},
		`{"vault9000":12345678901234567890}`:                {"vault9000"},
		`{"aws":{"region":7}}`:                              {"aws"}, // known, but not as this release knows it
		`{"AWS":{"region":"r","secret_id":"s"},"gcp":null}`: {"AWS"},
	} {
		var s api.SecretStore
		require.NoError(t, json.Unmarshal([]byte(in), &s))
		u, ok := s.Value.(*api.UnknownSecret)
		require.True(t, ok, in)
		assert.Equal(t, names, u.Names)
		require.NoError(t, s.Check(), in)
		assert.Equal(t, in, encoded(t, s))
		assert.Equal(t, in, encoded(t, s.Clone()))
	}
	for in, names := range map[string][]string{
		`{"type":"VAULT9000","n":1.10}`: {"VAULT9000"},
		`{"type":"AWS","region":7}`:     {"AWS"},
	} {
		var f api.FlatSecretStore
		require.NoError(t, json.Unmarshal([]byte(in), &f))
		u, ok := f.Value.(*api.UnknownSecret)
		require.True(t, ok, in)
		assert.Equal(t, names, u.Names)
		require.NoError(t, f.Check(), in)
		assert.Equal(t, in, encoded(t, f))
		assert.Empty(t, f.Type())
	}
	var f api.FlatSecretStore
	require.NoError(t, json.Unmarshal([]byte(`{"type":"aws","region":"r","secret_id":"s"}`), &f))
	assert.Equal(t, &api.AWSSecret{Region: "r", SecretID: "s"}, f.Value, "letter case does not count")
}

func TestWhatIsNoSingleStoreIsRefused(t *testing.T) {
	two := `{"aws":{"region":"r","secret_id":"s"},"gcp":{"project":"p","secret_id":"s"},"azure":null}`
	var read api.SecretStore
	require.NoError(t, json.Unmarshal([]byte(two), &read))
	assert.Equal(t, []string{"aws", "gcp"}, read.Value.(*api.UnknownSecret).Names)
	for name, tt := range map[string]struct {
		value api.SecretStoreValue
		want  string // "" in v2: fine there
		flat  string
	}{
		"two":          {read.Value, "names more than one secret store: aws and gcp", "has no type"},
		"empty object": {&api.UnknownSecret{Raw: json.RawMessage(`{}`)}, "names no secret store", "has no type"},
		"all null":     {&api.UnknownSecret{Raw: json.RawMessage(`{"aws":null}`)}, "names no secret store", "has no type"},
		"no bytes":     {&api.UnknownSecret{}, "is no JSON object", "has no type"},
		"no object":    {&api.UnknownSecret{Raw: json.RawMessage(`[1]`)}, "is no JSON object", "has no type"},
		"no JSON":      {&api.UnknownSecret{Raw: json.RawMessage(`{"type":"X"`)}, "is no JSON object", "has no type"},

		"nil AWS":        {(*api.AWSSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil GCP":        {(*api.GCPSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil Kubernetes": {(*api.KubernetesSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil Azure":      {(*api.AzureSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil Vault":      {(*api.HashicorpVaultSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil Apono":      {(*api.AponoSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil unknown":    {(*api.UnknownSecret)(nil), "is a nil pointer", "is a nil pointer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := api.SecretStore{Value: tt.value}
			for _, s := range []api.SecretStore{s, s.Clone()} {
				require.EqualError(t, s.Check(), tt.want)
				require.EqualError(t, s.Flat().Check(), tt.flat)
				_, err := json.Marshal(api.Set(s))
				require.ErrorContains(t, err, tt.want)
				_, err = json.Marshal(api.IntegrationUpdateV2{SecretConfig: api.Set(s.Flat())})
				require.ErrorContains(t, err, tt.flat)
				b, err := json.Marshal(api.Integration{SecretStoreConfig: s})
				u, ok := tt.value.(*api.UnknownSecret)
				if ok && u != nil && json.Valid(u.Raw) {
					require.NoError(t, err, "what was read can be stored")
					assert.Contains(t, string(b), string(u.Raw))
				} else {
					require.Error(t, err)
				}
				assert.Empty(t, s.Flat().Type())
			}
			assert.NotPanics(t, func() { _ = fmt.Sprintf("%v %+v %#v", s, s, s.Flat()) })
		})
	}
}

func TestACopySharesNothing(t *testing.T) {
	for name, tt := range storeForms {
		var s api.SecretStore
		require.NoError(t, json.Unmarshal([]byte(strings.Replace(tt.nested, `:{`, `:{"x_newer":1.10,`, 1)), &s))
		c, before := s.Clone(), encoded(t, s)
		assert.NotSame(t, s.Value, c.Value, name)
		if a, ok := c.Value.(*api.AponoSecret); ok {
			a.Parameters["k"] = "changed"
		}
		assert.Equal(t, before, encoded(t, s))
	}
	u := api.SecretStore{Value: &api.UnknownSecret{Names: []string{"a"}, Raw: json.RawMessage(`{"a":1}`)}}
	c := u.Clone()
	c.Value.(*api.UnknownSecret).Raw[2], c.Value.(*api.UnknownSecret).Names[0] = 'b', "b"
	assert.JSONEq(t, `{"a":1}`, encoded(t, u))
	assert.Equal(t, []string{"a"}, u.Value.(*api.UnknownSecret).Names)
	assert.True(t, api.SecretStore{}.Clone().IsZero())
}

// The parameters of the Apono store are passwords. Nothing that prints or logs may show them, nor what an unknown store holds.
func TestParametersAreNotShown(t *testing.T) {
	secret := api.AponoSecret{Parameters: map[string]string{"password": parameter}}
	made := api.SecretStore{Value: &secret}
	var read, unknown, two api.SecretStore
	require.NoError(t, json.Unmarshal([]byte(`{"apono":{"x_newer":"`+parameter+`","parameters":{"password":"`+parameter+`"}}}`), &read))
	require.NoError(t, json.Unmarshal([]byte(`{"newer":{"password":"`+parameter+`"}}`), &unknown))
	require.NoError(t, json.Unmarshal([]byte(`{"aws":{},"apono":{"parameters":{"password":"`+parameter+`"}}}`), &two))
	config := api.Config{"token": json.RawMessage(`"` + parameter + `"`)}

	type own struct{ store api.SecretStore } // package fmt can't call methods of what is in it, and follows pointers for verbs that don't fit them
	values := []any{secret, &secret, unknown.Value, two.Value}
	for _, s := range []api.SecretStore{made, read, unknown, two} {
		values = append(values, s, &s, s.Flat(), []api.SecretStore{s}, api.Set(s), api.Set(s.Flat()), api.Set(&s))
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d"} {
			assertNoParameter(t, fmt.Sprintf(verb, own{s}), verb, own{s})
			assertNoParameter(t, fmt.Sprintf(verb, own{s.Flat().Nested()}), verb, own{s})
		}
		assertNoParameter(t, logText(own{s}), "slog text", own{s})
		values = append(values,
			api.Integration{Name: "n", SecretStoreConfig: s},
			api.IntegrationV2{Name: "n", SecretConfig: s.Flat()},
			api.IntegrationCreate{Name: "n", SecretStoreConfig: api.Set(s)},
			api.IntegrationUpdate{Name: "n", SecretStoreConfig: api.Set(s)},
			api.IntegrationCreateV2{Name: "n", SecretConfig: api.Set(s.Flat())},
			api.IntegrationUpdateV2{Name: "n", SecretConfig: api.Set(s.Flat())},
		)
		in := api.Integration{SecretStoreConfig: s}
		values = append(values, &in, []*api.Integration{&in}, struct{ I api.Integration }{in}, map[string]api.SecretStore{"k": s})
	}
	values = append(values, api.Set(secret), api.Set(&secret))
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "% x", "%10.3v"} {
			assertNoParameter(t, fmt.Sprintf(verb, v), verb, v)
		}
		assertNoParameter(t, logText(v), "slog text", v)
	}

	// A JSON handler asks what it is given, not what that holds.
	for _, v := range []any{
		made, &made, made.Flat(), read, unknown, two, secret, &secret, api.Set(read), api.Null[api.SecretStore](),
		api.Integration{ID: "i", IntegrationConfig: config, SecretStoreConfig: read}, &api.Integration{ID: "i", SecretStoreConfig: read},
		api.IntegrationV2{ID: "i", Metadata: config, Connection: config, SecretConfig: read.Flat()},
		api.IntegrationCreate{Name: "n", IntegrationConfig: config, SecretStoreConfig: api.Set(read)},
		api.IntegrationUpdate{Name: "n", IntegrationConfig: config, SecretStoreConfig: api.Set(read)},
		api.IntegrationCreateV2{Name: "n", Metadata: config, SecretConfig: api.Set(read.Flat())},
		api.IntegrationUpdateV2{Name: "n", Metadata: config, SecretConfig: api.Set(read.Flat())},
	} {
		assertNoParameter(t, logJSON(v), "slog JSON", v)
		assertNoParameter(t, logText(v), "slog text", v)
	}
}

func assertNoParameter(t *testing.T, text, how string, v any) {
	t.Helper()
	numbers := fmt.Sprintf("%d", []byte(parameter))
	for _, form := range []string{parameter, fmt.Sprintf("%x", parameter), fmt.Sprintf("%X", parameter), fmt.Sprintf("% x", parameter), numbers[1 : len(numbers)-1]} {
		if strings.Contains(text, form) {
			assert.Fail(t, "a parameter shows", "in %s of %T", how, v)
		}
	}
}

func logText(v any) string {
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
	return b.String()
}

func logJSON(v any) string {
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
	return b.String()
}

func TestLogsNameTheObject(t *testing.T) {
	for want, v := range map[string]any{
		`"v":{"id":"i","name":"n","type":"t","status":"ACTIVE"}`:  &api.Integration{ID: "i", Name: "n", Type: "t", Status: "ACTIVE", ConnectorID: "c"},
		`"v":{"id":"i","name":"n","type":"t","status":"Warning"}`: api.IntegrationV2{ID: "i", Name: "n", Type: "t", Status: api.StatusV2Warning},
		`"v":{"name":"n","type":"t"}`:                             api.IntegrationCreate{Name: "n", Type: "t"},
		`"v":{"name":"n2","type":"t"}`:                            api.IntegrationCreateV2{Name: "n2", Type: "t"},
		`"v":{"name":"n"}`:                                        api.IntegrationUpdate{Name: "n"},
		`"v":{"name":"n2"}`:                                       api.IntegrationUpdateV2{Name: "n2"},
		`"v":"aws"`:                                               api.Set(api.SecretStore{Value: &api.AWSSecret{Region: "r"}}),
		`"v":"none"`:                                              api.FlatSecretStore{},
		`"v":"unknown [\"a\" \"b\"]"`:                             api.SecretStore{Value: &api.UnknownSecret{Names: []string{"a", "b"}}},
		`"v":"nil"`:                                               api.SecretStore{Value: (*api.AWSSecret)(nil)},
		`"v":"AponoSecret{1 parameters, redacted}"`:               api.AponoSecret{Parameters: map[string]string{"a": "b"}},
		`"v":"UnknownSecret{[\"a\"]}"`:                            api.UnknownSecret{Names: []string{"a"}},
		`"v":"omitted"`:                                           api.Optional[string]{},
		`"v":"null"`:                                              api.Null[string](),
		`"v":5`:                                                   api.Set(5),
	} {
		assert.Contains(t, logJSON(v), want, "%T", v)
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(v))
	return strings.TrimSpace(b.String())
}

func TestCheckFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]api.SecretStoreValue{
		"has no Region": &api.AWSSecret{SecretID: "s"}, "has no SecretID": &api.AWSSecret{Region: "r"}, "has no Project": &api.GCPSecret{SecretID: "s"},
		"has no Namespace": &api.KubernetesSecret{Name: "n"}, "has no Name": &api.AzureSecret{VaultURL: "u"}, "has no VaultURL": &api.AzureSecret{Name: "n"},
		"has no SecretEngine": &api.HashicorpVaultSecret{Path: "p"}, "has no Path": &api.HashicorpVaultSecret{SecretEngine: "e"},
	} {
		require.EqualError(t, api.SecretStore{Value: v}.Check(), want)
		require.EqualError(t, api.FlatSecretStore{Value: v}.Check(), want)
		_, err := json.Marshal(api.SecretStore{Value: v})
		require.NoError(t, err, "what a server once took can be encoded")
	}
	require.NoError(t, api.SecretStore{Value: &api.AponoSecret{Parameters: map[string]string{"a": "", "b": "***"}}}.Check(), "the caller may mean that")
}

// A store as it was read can be written again, but not with a secret that the server did not tell.
func TestCheckOfWhatWasRead(t *testing.T) {
	t.Parallel()
	for document, bad := range map[string]bool{
		`{"aws":{"region":"","secret_id":"s"}}`:           false,
		`{"aws":null,"gcp":{"project":"p"}}`:              false,
		`{"apono":{"parameters":{"a":"x","b":"y"}}}`:      false,
		`{"apono":{"parameters":{"a":"x","b":""}}}`:       true,
		`{"apono":{"parameters":{"a":"x","b":"****"}}}`:   true,
		`{"apono":{"parameters":{"a":"x","b":"••••••"}}}`: true,
	} {
		var s api.SecretStore
		require.NoError(t, json.Unmarshal([]byte(document), &s))
		assert.Equal(t, bad, s.Check() != nil, document)
		assert.Equal(t, bad, s.Flat().Check() != nil, document)
		if bad {
			require.ErrorContains(t, s.Check(), `the parameter "b"`)
			secret, ok := s.Value.(*api.AponoSecret)
			require.True(t, ok)
			secret.Parameters["b"] = "new"
			require.NoError(t, s.Check())
		}
	}
}
