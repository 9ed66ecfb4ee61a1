package apono_test

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

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
)

const parameter = "p4rameter-canary"

// storeForms are all known stores in both forms.
var storeForms = map[string]struct {
	value        apono.SecretStoreValue
	nested, flat string
}{
	"aws": {&apono.AWSSecret{Region: "r", SecretID: "s"}, `{"aws":{"region":"r","secret_id":"s"}}`,
		`{"region":"r","secret_id":"s","type":"AWS"}`},
	"gcp": {&apono.GCPSecret{Project: "p", SecretID: "s"}, `{"gcp":{"project":"p","secret_id":"s"}}`,
		`{"project":"p","secret_id":"s","type":"GCP"}`},
	"kubernetes": {&apono.KubernetesSecret{Namespace: "n", Name: "s"},
		`{"kubernetes":{"name":"s","namespace":"n"}}`, `{"name":"s","namespace":"n","type":"KUBERNETES"}`},
	"azure": {&apono.AzureSecret{VaultURL: "v", Name: "s"}, `{"azure":{"name":"s","vault_url":"v"}}`,
		`{"name":"s","type":"AZURE","vault_url":"v"}`},
	"hashicorp_vault": {&apono.HashicorpVaultSecret{SecretEngine: "e", Path: "p"},
		`{"hashicorp_vault":{"path":"p","secret_engine":"e"}}`,
		`{"path":"p","secret_engine":"e","type":"HASHICORP_VAULT"}`},
	"apono": {&apono.AponoSecret{Parameters: map[string]string{"k": "<&>"}},
		`{"apono":{"parameters":{"k":"<&>"}}}`, `{"parameters":{"k":"<&>"},"type":"APONO"}`},
}

func TestEveryStoreHasTwoForms(t *testing.T) {
	for name, tt := range storeForms {
		t.Run(name, func(t *testing.T) {
			for f, v := range reflect.ValueOf(tt.value).Elem().Fields() {
				assert.False(t, v.IsZero(), "%s would not be tested", f.Name)
			}
			var nested apono.SecretStore
			require.NoError(t, json.Unmarshal([]byte(tt.nested), &nested))
			assert.Equal(t, tt.value, nested.Value)
			require.NoError(t, nested.Check())
			var flat apono.FlatSecretStore
			require.NoError(t, json.Unmarshal([]byte(tt.flat), &flat))
			assert.Equal(t, tt.value, flat.Value)
			assert.Equal(t, strings.ToUpper(name), flat.Type())

			for how, store := range map[string]apono.SecretStore{"made": {Value: tt.value}, "read": nested,
				"from v2": flat.Nested(), "there and back": nested.Flat().Nested(), "copy": nested.Clone()} {
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
			var nested apono.SecretStore
			require.NoError(t, json.Unmarshal([]byte(newer), &nested))
			assert.Equal(t, tt.value, nested.Value)
			assert.Contains(t, encoded(t, nested), `"x_newer":1.10`)
			assert.NotContains(t, encoded(t, nested), "null")
			flat := encoded(t, nested.Clone().Flat())
			assert.Contains(t, flat, `"x_newer":1.10`)
			var read apono.FlatSecretStore
			require.NoError(t, json.Unmarshal([]byte(flat), &read))
			assert.JSONEq(t, encoded(t, nested), encoded(t, read.Nested()))

			nested.Value = &apono.AWSSecret{Region: "other"}
			if name != "aws" {
				assert.NotContains(t, encoded(t, nested), "x_newer", "it belongs to the store that is no more")
			}
		})
	}
}

func TestNoStoreIsNone(t *testing.T) {
	allNull := `{"aws":null,"gcp":null,"kubernetes":null,"azure":null,"hashicorp_vault":null,"apono":null}`
	for _, in := range []string{`null`, `{}`, allNull, `{"newer":null}`, ` { } `} {
		s := apono.SecretStore{Value: &apono.AWSSecret{}}
		require.NoError(t, json.Unmarshal([]byte(in), &s))
		assert.True(t, s.IsZero(), in)
		require.NoError(t, s.Check())
		assert.Equal(t, "null", encoded(t, s))
	}
	for _, in := range []string{`null`, `{}`, `{"type":null}`} {
		f := apono.FlatSecretStore{Value: &apono.AWSSecret{}}
		require.NoError(t, json.Unmarshal([]byte(in), &f))
		assert.True(t, f.IsZero(), in)
		assert.Empty(t, f.Type())
		require.NoError(t, f.Check())
		assert.Equal(t, "null", encoded(t, f))
	}
	out, err := json.Marshal(apono.Integration{})
	require.NoError(t, err)
	assert.NotContains(t, string(out), "secret_store_config")
}

func TestUnknownStoresAreKeptAsTheyCame(t *testing.T) {
	for in, names := range map[string][]string{
		`{"vault9000":{"n":1.10,"s":"<&>"}}`:                {"vault9000"},
		`{"vault9000":{"z":1,"a":2},"aws":null}`:            {"vault9000"},
		`{"vault9000":12345678901234567890}`:                {"vault9000"},
		`{"aws":{"region":7}}`:                              {"aws"}, // known, but with an unexpected type
		`{"AWS":{"region":"r","secret_id":"s"},"gcp":null}`: {"AWS"},
	} {
		var s apono.SecretStore
		require.NoError(t, json.Unmarshal([]byte(in), &s))
		u, ok := s.Value.(*apono.UnknownSecret)
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
		var f apono.FlatSecretStore
		require.NoError(t, json.Unmarshal([]byte(in), &f))
		u, ok := f.Value.(*apono.UnknownSecret)
		require.True(t, ok, in)
		assert.Equal(t, names, u.Names)
		require.NoError(t, f.Check(), in)
		assert.Equal(t, in, encoded(t, f))
		assert.Empty(t, f.Type())
	}
	var f apono.FlatSecretStore
	require.NoError(t, json.Unmarshal([]byte(`{"type":"aws","region":"r","secret_id":"s"}`), &f))
	assert.Equal(t, &apono.AWSSecret{Region: "r", SecretID: "s"}, f.Value, "letter case does not count")
}

func TestWhatIsNoSingleStoreIsRefused(t *testing.T) {
	two := `{"aws":{"region":"r","secret_id":"s"},"gcp":{"project":"p","secret_id":"s"},"azure":null}`
	var read apono.SecretStore
	require.NoError(t, json.Unmarshal([]byte(two), &read))
	assert.Equal(t, []string{"aws", "gcp"}, read.Value.(*apono.UnknownSecret).Names)
	for name, tt := range map[string]struct {
		value apono.SecretStoreValue
		want  string // "" if it is valid in v2
		flat  string
	}{
		"two":          {read.Value, "names more than one secret store: aws and gcp", "has no type"},
		"empty object": {&apono.UnknownSecret{Raw: json.RawMessage(`{}`)}, "names no secret store", "has no type"},
		"all null": {&apono.UnknownSecret{Raw: json.RawMessage(`{"aws":null}`)}, "names no secret store",
			"has no type"},
		"no bytes":  {&apono.UnknownSecret{}, "is not a JSON object", "has no type"},
		"no object": {&apono.UnknownSecret{Raw: json.RawMessage(`[1]`)}, "is not a JSON object", "has no type"},
		"no JSON":   {&apono.UnknownSecret{Raw: json.RawMessage(`{"type":"X"`)}, "is not a JSON object", "has no type"},

		"nil AWS":        {(*apono.AWSSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil GCP":        {(*apono.GCPSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil Kubernetes": {(*apono.KubernetesSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil Azure":      {(*apono.AzureSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil Vault":      {(*apono.HashicorpVaultSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil Apono":      {(*apono.AponoSecret)(nil), "is a nil pointer", "is a nil pointer"},
		"nil unknown":    {(*apono.UnknownSecret)(nil), "is a nil pointer", "is a nil pointer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := apono.SecretStore{Value: tt.value}
			for _, s := range []apono.SecretStore{s, s.Clone()} {
				require.EqualError(t, s.Check(), tt.want)
				require.EqualError(t, s.Flat().Check(), tt.flat)
				_, err := json.Marshal(apono.Set(s))
				require.ErrorContains(t, err, tt.want)
				_, err = json.Marshal(apono.IntegrationUpdateV2{SecretConfig: apono.Set(s.Flat())})
				require.ErrorContains(t, err, tt.flat)
				b, err := json.Marshal(apono.Integration{SecretStoreConfig: s.Reveal()})
				u, ok := tt.value.(*apono.UnknownSecret)
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
		var s apono.SecretStore
		require.NoError(t, json.Unmarshal([]byte(strings.Replace(tt.nested, `:{`, `:{"x_newer":1.10,`, 1)), &s))
		c, before := s.Clone(), encoded(t, s)
		assert.NotSame(t, s.Value, c.Value, name)
		if a, ok := c.Value.(*apono.AponoSecret); ok {
			a.Parameters["k"] = "changed"
		}
		assert.Equal(t, before, encoded(t, s))
	}
	u := apono.SecretStore{Value: &apono.UnknownSecret{Names: []string{"a"}, Raw: json.RawMessage(`{"a":1}`)}}
	c := u.Clone()
	c.Value.(*apono.UnknownSecret).Raw[2], c.Value.(*apono.UnknownSecret).Names[0] = 'b', "b"
	assert.JSONEq(t, `{"a":1}`, encoded(t, u))
	assert.Equal(t, []string{"a"}, u.Value.(*apono.UnknownSecret).Names)
	assert.True(t, apono.SecretStore{}.Clone().IsZero())
}

// The parameters of the Apono store are passwords. They must not be printed or logged, and neither
// must the contents of an unknown store.
func TestParametersAreNotShown(t *testing.T) {
	secret := apono.AponoSecret{Parameters: map[string]string{"password": parameter}}
	made := apono.SecretStore{Value: &secret}
	var read, unknown, two apono.SecretStore
	require.NoError(t, json.Unmarshal([]byte(`{"apono":{"x_newer":"`+parameter+`","parameters":{"password":"`+parameter+
		`"}}}`), &read))
	require.NoError(t, json.Unmarshal([]byte(`{"newer":{"password":"`+parameter+`"}}`), &unknown))
	require.NoError(t, json.Unmarshal([]byte(`{"aws":{},"apono":{"parameters":{"password":"`+parameter+`"}}}`), &two))
	config := apono.Config{"token": json.RawMessage(`"` + parameter + `"`)}

	// package fmt can't call the methods of its field, and follows pointers for verbs that don't
	// fit
	type own struct{ store apono.SecretStore }
	values := []any{secret, &secret, unknown.Value, two.Value}
	for _, s := range []apono.SecretStore{made, read, unknown, two} {
		values = append(values, s, &s, s.Flat(), []apono.SecretStore{s}, apono.Set(s), apono.Set(s.Flat()),
			apono.Set(&s))
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d"} {
			assertNoParameter(t, fmt.Sprintf(verb, own{s}), verb, own{s})
			assertNoParameter(t, fmt.Sprintf(verb, own{s.Flat().Nested()}), verb, own{s})
		}
		assertNoParameter(t, logText(own{s}), "slog text", own{s})
		values = append(values,
			apono.Integration{Name: "n", SecretStoreConfig: s},
			apono.IntegrationV2{Name: "n", SecretConfig: s.Flat()},
			apono.IntegrationCreate{Name: "n", SecretStoreConfig: apono.Set(s)},
			apono.IntegrationUpdate{Name: "n", SecretStoreConfig: apono.Set(s)},
			apono.IntegrationCreateV2{Name: "n", SecretConfig: apono.Set(s.Flat())},
			apono.IntegrationUpdateV2{Name: "n", SecretConfig: apono.Set(s.Flat())},
		)
		in := apono.Integration{SecretStoreConfig: s}
		values = append(values, &in, []*apono.Integration{&in}, struct{ I apono.Integration }{in},
			map[string]apono.SecretStore{"k": s})
	}
	values = append(values, apono.Set(secret), apono.Set(&secret))
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "% x", "%10.3v"} {
			assertNoParameter(t, fmt.Sprintf(verb, v), verb, v)
		}
		assertNoParameter(t, logText(v), "slog text", v)
	}

	// A JSON handler calls the methods of its argument, not of nested values.
	for _, v := range []any{
		made, &made, made.Flat(), read, unknown, two, secret, &secret, apono.Set(read), apono.Null[apono.SecretStore](),
		apono.Integration{ID: "i", IntegrationConfig: config, SecretStoreConfig: read},
		&apono.Integration{ID: "i", SecretStoreConfig: read},
		apono.IntegrationV2{ID: "i", Metadata: config, Connection: config, SecretConfig: read.Flat()},
		apono.IntegrationCreate{Name: "n", IntegrationConfig: config, SecretStoreConfig: apono.Set(read)},
		apono.IntegrationUpdate{Name: "n", IntegrationConfig: config, SecretStoreConfig: apono.Set(read)},
		apono.IntegrationCreateV2{Name: "n", Metadata: config, SecretConfig: apono.Set(read.Flat())},
		apono.IntegrationUpdateV2{Name: "n", Metadata: config, SecretConfig: apono.Set(read.Flat())},
	} {
		assertNoParameter(t, logJSON(v), "slog JSON", v)
		assertNoParameter(t, logText(v), "slog text", v)
	}
}

// A JSON handler does not call LogValue of values in a container. It encodes the container.
func TestParametersAreNotShownInContainers(t *testing.T) {
	for _, document := range []string{
		`{"apono":{"x_newer":"` + parameter + `","parameters":{"password":"` + parameter + `"}}}`,
		`{"newer":{"password":["` + parameter + `"]}}`, `{"aws":{},"apono":{"parameters":{"password":"` + parameter +
			`"}}}`,
	} {
		var store apono.SecretStore
		require.NoError(t, json.Unmarshal([]byte(document), &store))
		in, in2 := &apono.Integration{ID: "i", SecretStoreConfig: store},
			&apono.IntegrationV2{ID: "i", SecretConfig: store.Flat()}
		for _, v := range []any{
			[]apono.Integration{*in}, map[string]*apono.Integration{"k": in}, &in, &in2, []apono.IntegrationV2{*in2},
			[]sdk.EnsureResult[apono.Integration]{{Integration: in}}, apono.WaitOptions{Before: in},
			&apono.WaitOptions{Before: in}, struct{ I any }{in},
			[]apono.IntegrationCreate{{SecretStoreConfig: apono.Set(store)}},
			[]apono.IntegrationUpdateV2{{SecretConfig: apono.Set(store.Flat())}},
			[]apono.SecretStoreValue{store.Value}, []apono.SecretStore{store},
			sdk.Page[apono.Integration]{Items: []apono.Integration{*in}},
			[]sdk.Page[apono.Integration]{{Items: []apono.Integration{*in}}},
		} {
			assertNoParameter(t, logJSON(v), "slog JSON", v)
			assertNoParameter(t, logText(v), "slog text", v)
			assertNoParameter(t, fmt.Sprintf("%v %+v %#v %d %x", v, v, v, v, v), "fmt", v)
		}
		assert.Contains(t, encoded(t, store.Reveal()), parameter)
		assert.Contains(t, encoded(t, []apono.Integration{{SecretStoreConfig: store.Reveal()}}), parameter, "on demand")

		var back apono.SecretStore
		hidden, err := json.Marshal(store)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(hidden, &back))
		require.Error(t, back.Check(), "[redacted] is no password")
	}
}

func assertNoParameter(t *testing.T, text, how string, v any) {
	t.Helper()
	numbers := fmt.Sprintf("%d", []byte(parameter))
	for _, form := range []string{parameter, fmt.Sprintf("%x", parameter), fmt.Sprintf("%X", parameter),
		fmt.Sprintf("% x", parameter), numbers[1 : len(numbers)-1]} {
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
		`"v":{"id":"i","name":"n","type":"t","status":"ACTIVE"}`: &apono.Integration{ID: "i", Name: "n", Type: "t",
			Status: "ACTIVE", ConnectorID: "c"},
		`"v":{"id":"i","name":"n","type":"t","status":"Warning"}`: apono.IntegrationV2{ID: "i", Name: "n", Type: "t",
			Status: apono.StatusV2Warning},
		`"v":{"name":"n","type":"t"}`:  apono.IntegrationCreate{Name: "n", Type: "t"},
		`"v":{"name":"n2","type":"t"}`: apono.IntegrationCreateV2{Name: "n2", Type: "t"},
		`"v":{"name":"n"}`:             apono.IntegrationUpdate{Name: "n"},
		`"v":{"name":"n2"}`:            apono.IntegrationUpdateV2{Name: "n2"},
		`"v":"aws"`: apono.Set(
			apono.SecretStore{Value: &apono.AWSSecret{Region: "r"}}),
		`"v":"none"`: apono.FlatSecretStore{},
		`"v":"unknown [\"a\" \"b\"]"`: apono.SecretStore{
			Value: &apono.UnknownSecret{Names: []string{"a", "b"}}},
		`"v":"nil"`: apono.SecretStore{Value: (*apono.AWSSecret)(nil)},
		`"v":"AponoSecret{1 parameters, redacted}"`: apono.AponoSecret{
			Parameters: map[string]string{"a": "b"}},
		`"v":"UnknownSecret{[\"a\"]}"`: apono.UnknownSecret{Names: []string{"a"}},
		`"v":"omitted"`:                apono.Optional[string]{},
		`"v":"null"`:                   apono.Null[string](),
		`"v":5`:                        apono.Set(5),
	} {
		assert.Contains(t, logJSON(v), want, "%T", v)
	}
}

// encoded returns the JSON of a value. For a store it includes the secrets.
func encoded(t *testing.T, v any) string {
	t.Helper()
	switch store := v.(type) {
	case apono.SecretStore:
		v = store.Reveal()
	case apono.FlatSecretStore:
		v = store.Reveal()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	require.NoError(t, e.Encode(v))
	return strings.TrimSpace(b.String())
}

func TestCheckFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]apono.SecretStoreValue{
		"has no Region": &apono.AWSSecret{SecretID: "s"}, "has no SecretID": &apono.AWSSecret{Region: "r"},
		"has no Project":   &apono.GCPSecret{SecretID: "s"},
		"has no Namespace": &apono.KubernetesSecret{Name: "n"}, "has no Name": &apono.AzureSecret{VaultURL: "u"},
		"has no VaultURL":     &apono.AzureSecret{Name: "n"},
		"has no SecretEngine": &apono.HashicorpVaultSecret{Path: "p"},
		"has no Path":         &apono.HashicorpVaultSecret{SecretEngine: "e"},
	} {
		require.EqualError(t, apono.SecretStore{Value: v}.Check(), want)
		require.EqualError(t, apono.FlatSecretStore{Value: v}.Check(), want)
		_, err := json.Marshal(apono.SecretStore{Value: v})
		require.NoError(t, err, "what a server once took can be encoded")
	}
	require.NoError(t,
		apono.SecretStore{Value: &apono.AponoSecret{Parameters: map[string]string{"a": "", "b": "***"}}}.Check(),
		"the caller may mean that")
}

// A store with all members can be sent again, unless a secret is hidden.
func TestCheckOfWhatWasRead(t *testing.T) {
	t.Parallel()
	for document, bad := range map[string]bool{
		`{"aws":{"region":"r","secret_id":"s"}}`:          false,
		`{"apono":{"parameters":{"a":"x","b":"y"}}}`:      false,
		`{"apono":{"parameters":{"a":"x","b":""}}}`:       true,
		`{"apono":{"parameters":{"a":"x","b":"****"}}}`:   true,
		`{"apono":{"parameters":{"a":"x","b":"••••••"}}}`: true,
	} {
		var s apono.SecretStore
		require.NoError(t, json.Unmarshal([]byte(document), &s))
		assert.Equal(t, bad, s.Check() != nil, document)
		assert.Equal(t, bad, s.Flat().Check() != nil, document)
		if bad {
			require.ErrorContains(t, s.Check(), `the parameter "b"`)
			secret, ok := s.Value.(*apono.AponoSecret)
			require.True(t, ok)
			secret.Parameters["b"] = "new"
			require.NoError(t, s.Check())
		}
	}
}

func TestMembersOfAFlatStoreThatAreNullSurvive(t *testing.T) {
	for _, document := range []string{
		`{"type":"AWS","region":"r","secret_id":"s","tenant":null}`,
		`{"a":null,"b":1,"name":"n","namespace":"ns","type":"KUBERNETES"}`,
		`{"parameters":{"k":"v"},"rotation":null,"type":"APONO"}`,
	} {
		var store apono.FlatSecretStore
		require.NoError(t, json.Unmarshal([]byte(document), &store))
		require.NotEmpty(t, store.Type())
		assert.JSONEq(t, document, encoded(t, store))
	}
}
