package apono_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
)

// without returns the members of a document, except those that fields with these names accept, in
// any letter case.
func without(t *testing.T, document []byte, names ...string) map[string]string {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(document, &members))
	others := map[string]string{}
	for name, value := range members {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			others[name] = small(t, value)
		}
	}
	return others
}

// small returns a document without the white space between its tokens.
func small(t *testing.T, document []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, document))
	return b.String()
}

// fieldsOf returns the members of a known store that have fields.
func fieldsOf(t *testing.T, v apono.SecretStoreValue) []string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return slices.Collect(maps.Keys(without(t, b)))
}

func FuzzSecretStore(f *testing.F) {
	for _, form := range storeForms {
		f.Add([]byte(form.nested))
		f.Add([]byte(form.flat))
	}
	for _, s := range []string{
		`null`, `{}`, `[]`, `"aws"`, `7`, `{"aws":null}`, `{"aws":{}}`, `{"aws":7}`, `{"AWS":{"region":"r"}}`,
		`{"aws":{"region":null,"REGION":"x","newer":1.10}}`, `{"aws":{"region":"a"},"aws":null}`,
		`{"aws":{"region":"r","secret_id":"s"},"gcp":null,"apono":{"parameters":{"p":"<&>"}}}`,
		`{"vault9000":{"n":12345678901234567890}}`, `{"":{}}`, `{"aws":{"type":"GCP"}}`,
		`{"apono":{"parameters":null}}`,
		`{"apono":{"parameters":{"p":""}}}`, `{"type":"APONO","parameters":{"p":"***"}}`,
		`{"apono":{"pArAmeters":{"":""}}}`, `{"apono":{"parameters":{"p":"***","port":5432}}}`,
		`{"type":"AWS","region":"a\u0062","secret_id":"ä"}`, `{"type":"AWS","Region":"a","region":null}`,
		`{"region":"a","region":null,"type":"AWS"}`, `{"type":"AWS","region":1}`, `{"type":"AWS","type":null}`,
		`{"type":1,"type":null}`, `{"type":"\u0041WS","region":"r","a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8}`,
		`{"type":"aws","region":"r"}`, `{"type":7}`, `{"type":"NEW","x":{"y":[1.0]}}`, `{"type":null,"region":"r"}`,
		`{"type":"GCP","TYPE":"AWS","project":[]}`, `{"type":"AWS","region":"r","x":null}`,
		` { "gcp" : { "project" : "p" } } `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var nested apono.SecretStore
		var flat apono.FlatSecretStore
		nestedErr, flatErr := json.Unmarshal(data, &nested), json.Unmarshal(data, &flat)
		require.Equal(t, json.Valid(data), nestedErr == nil)
		require.Equal(t, json.Valid(data), flatErr == nil)
		if nestedErr != nil {
			return
		}
		nested, flat = nested.Reveal(), flat.Reveal() // as in requests

		out, err := plainly(nested)
		require.NoError(t, err, "what was read can be stored")
		_, sendErr := plainly(apono.Set(nested))
		require.Equal(t, nested.Check() == nil, sendErr == nil, "what is sent can be")
		switch v := nested.Value.(type) {
		case nil:
			require.Equal(t, "null", string(out))
		case *apono.UnknownSecret:
			require.Equal(t, small(t, data), small(t, v.Raw), "kept byte for byte")
			if sendErr == nil {
				require.Len(t, v.Names, 1)
			}
		default:
			require.NoError(t, err)
			var before, after map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(data, &before))
			require.NoError(t, json.Unmarshal(out, &after))
			require.Len(t, after, 1)
			for name, inner := range after {
				require.Equal(t, without(t, before[name], fieldsOf(t, v)...), without(t, inner, fieldsOf(t, v)...),
					"new members stay")
			}
			var again apono.SecretStore
			require.NoError(t, json.Unmarshal(out, &again))
			requireSame(t, v, again.Value)
			twice, err := plainly(again.Reveal())
			require.NoError(t, err)
			require.Equal(t, string(out), string(twice))
			require.Equal(t, encoded(t, nested), encoded(t, nested.Flat().Nested()))
			var fromFlat apono.FlatSecretStore
			require.NoError(t, json.Unmarshal([]byte(encoded(t, nested.Flat())), &fromFlat))
			requireSame(t, v, fromFlat.Value)
		}

		out, err = plainly(flat)
		require.NoError(t, err)
		_, sendErr = plainly(apono.Set(flat))
		require.Equal(t, flat.Check() == nil, sendErr == nil)
		switch v := flat.Value.(type) {
		case nil:
			require.Equal(t, "null", string(out))
		case *apono.UnknownSecret:
			require.Equal(t, small(t, data), small(t, v.Raw))
			require.Empty(t, flat.Type())
		default:
			want, ok := reflect.TypeAssert[apono.SecretStoreValue](reflect.New(reflect.TypeOf(v).Elem()))
			require.True(t, ok)
			require.NoError(t, json.Unmarshal(data, want))
			require.Equal(t, want, v, "as encoding/json decodes it")
			var members map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(out, &members))
			require.Equal(t, fmt.Sprintf("%q", flat.Type()), string(members["type"]))
			var again apono.FlatSecretStore
			require.NoError(t, json.Unmarshal(out, &again))
			requireSame(t, v, again.Value)
			var single map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(encoded(t, flat.Nested())), &single))
			require.Len(t, single, 1, "v4 has exactly one member")
		}
	})
}

// requireSame compares stores. Null parameters become empty, because they are required.
func requireSame(t *testing.T, want, got apono.SecretStoreValue) {
	t.Helper()
	require.IsType(t, want, got)
	require.Equal(t, encoded(t, want), encoded(t, got))
}

// plainly encodes without HTML escapes, like requests.
func plainly(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// exactly returns the time for a plain number of seconds.
func exactly(data []byte) (time.Time, bool) {
	seconds, ok := new(big.Rat).SetString(string(data))
	if !ok || len(data) > 40 || bytes.ContainsAny(data, "eE") {
		return time.Time{}, false
	}
	seconds.Mul(seconds, big.NewRat(int64(time.Second), 1))
	nanos := new(big.Int).Div(seconds.Num(), seconds.Denom())
	wholeSeconds, rest := new(big.Int).DivMod(nanos, big.NewInt(int64(time.Second)), new(big.Int))
	at := time.Unix(wholeSeconds.Int64(), rest.Int64()).UTC()
	if !wholeSeconds.IsInt64() || at.Year() < 1 || at.Year() > 9999 {
		at = time.Time{}
	}
	return at, true
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{
		`null`, `""`, `"2025-05-01T10:00:00Z"`, `"2025-05-01T12:00:00.000000005+02:00"`, `1746093600.000000005`,
		`1746093600.1234567899`, `1746093600.`, `01746093600.5`, `99999999999`, `"1746093600.5"`, `1.7460936005E9`,
		`-0`, `-1.5`, `1e400`, `1e-400`, `1e99999999999`,
		`"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59-23:59"`, `"0001-01-01T00:00:00+05:00"`,
		`253402300799.9999999999`, `-62135596800`, `"\ud800"`, `" 1 "`, `[]`, `{}`, `true`, `"0x1p4"`, `"1_000"`,
		`"NaN"`,
	} {
		f.Add([]byte(s), int64(1746093600), uint32(5))
	}
	f.Add([]byte(`0`), int64(-62135596800), uint32(999999999))
	f.Fuzz(func(t *testing.T, data []byte, seconds int64, nanos uint32) {
		var at apono.Time
		err := json.Unmarshal(data, &at)
		require.Equal(t, json.Valid(data), err == nil, "valid JSON is some time, or none: %v", err)
		if err == nil {
			out, err := json.Marshal(at)
			require.NoError(t, err, "what was read can be written")
			again := apono.Time{Time: time.Unix(1, 0)}
			require.NoError(t, json.Unmarshal(out, &again))
			require.True(t, at.Equal(again.Time), "%s became %s", data, out)
			if want, ok := exactly(data); ok {
				require.True(t, want.Equal(at.Time), "%s is %v", data, at)
			}
		}

		seconds %= 250_000_000_000
		nanos %= 1_000_000_000
		want := time.Unix(seconds, int64(nanos))
		if y := want.UTC().Year(); y < 2 || y > 9998 {
			return
		}
		number := fmt.Sprintf("%d.%09d", seconds, nanos)
		if seconds < 0 && nanos > 0 { // the fraction has the sign of the number
			number = fmt.Sprintf("-%d.%09d", -(seconds + 1), 1_000_000_000-int64(nanos))
		}
		for _, form := range []string{number, `"` + number + `"`, `"` + want.UTC().Format(time.RFC3339Nano) + `"`,
			`"` + want.In(time.FixedZone("", -5*3600)).Format(time.RFC3339Nano) + `"`} {
			var got apono.Time
			require.NoError(t, json.Unmarshal([]byte(form), &got))
			require.True(t, want.Equal(got.Time), "%s is %v", form, got)
		}
	})
}

func FuzzConfig(f *testing.F) {
	for _, s := range []string{
		`null`, `{}`, `[]`, `{"a":12345678901234567890,"b":1.10,"c":"<&>","d":"[{\"x\":\"y\\n\"}]","e":null,` +
			`"f":{"z":1,"a":[true]}}`, `{"":0,"\u2028":"\u2028"}`, `{"a":1,"a":2}`,
		` { "a" : [ 1 , 2 ] } `, `{"a":1E400,"A":-0,"b":0.0e-0}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}",
	} {
		f.Add([]byte(s), "hostname", `a"<b>`)
	}
	f.Fuzz(func(t *testing.T, data []byte, key, text string) {
		var c apono.Config
		if json.Unmarshal(data, &c) != nil {
			return
		}
		want := map[string]json.RawMessage{}
		require.NoError(t, json.Unmarshal(data, &want))
		require.NoError(t, c.Check())
		out := encoded(t, apono.IntegrationUpdate{Name: "n", IntegrationConfig: c})
		var back apono.IntegrationUpdate
		require.NoError(t, json.Unmarshal([]byte(out), &back))
		require.Len(t, back.IntegrationConfig, len(want))
		for name, value := range want {
			require.Equal(t, small(t, value), string(back.IntegrationConfig[name]), "member %q", name)
			require.Equal(t, string(c[name]), string(c.Clone()[name]))
		}

		made := c.Clone()
		if made == nil {
			made = apono.Config{}
		}
		made.SetText(key, text)
		require.NoError(t, made.Check())
		require.Equal(t, strings.ToValidUTF8(text, "\ufffd") == text, made.Text(key) == text)
		require.NotContains(t, string(made[key]), `\u003c`)
		for name, value := range c {
			if name != key {
				require.Equal(t, string(value), string(made[name]))
			}
		}
	})
}
