package oneof_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/oneof"
)

func TestDiscriminatorIsTheStringMemberOfThatExactName(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ data, want string }{
		"first":                {`{"kind":"A","x":1}`, "A"},
		"last":                 {`{"x":[1,{"kind":"no"}],"kind":"A"}`, "A"},
		"spaced":               {" {\n\t\"kind\"\r : \"A\" } ", "A"},
		"deeper only":          {`{"x":{"kind":"A"}}`, ""},
		"as a value":           {`{"x":"kind","y":"A"}`, ""},
		"value before colon":   {`{"x":["kind"],"y":"A"}`, ""},
		"other case":           {`{"Kind":"A","KIND":"B"}`, ""},
		"longer name":          {`{"kinds":"A","akind":"B"}`, ""},
		"twice":                {`{"kind":"A","kind":"B"}`, "B"},
		"twice, last no text":  {`{"kind":"A","kind":1}`, ""},
		"twice, first no text": {`{"kind":1,"kind":"B"}`, "B"},
		"escaped name":         {`{"k\u0069nd":"A"}`, "A"},
		"plain then escaped":   {`{"kind":"A","k\u0069nd":"B"}`, "B"},
		"escaped value":        {`{"kind":"A\u0042\n"}`, "AB\n"},
		"quote in value":       {`{"kind":"\"","x":"}"}`, `"`},
		"brace in text":        {`{"x":"{{\"kind\":\"no\"","kind":"A"}`, "A"},
		"unicode":              {`{"kind":"ü"}`, "ü"},
		"broken UTF-8":         {"{\"kind\":\"\xff\"}", "\ufffd"},
		"number":               {`{"kind":1}`, ""},
		"null":                 {`{"kind":null}`, ""},
		"object":               {`{"kind":{"kind":"A"}}`, ""},
		"empty":                {`{"kind":""}`, ""},
		"no member":            {`{}`, ""},
		"array":                {`[{"kind":"A"}]`, ""},
		"text":                 {`"kind"`, ""},
		"null document":        {`null`, ""},
		"nothing":              {``, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, oneof.Discriminator([]byte(c.data), "kind"))
		})
	}
}

// standard returns the discriminator that encoding/json finds.
func standard(data []byte, key string) string {
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // a float64 can't hold 1e400
	if d.Decode(&members) != nil {
		return ""
	}
	s, _ := members[key].(string)
	return s
}

func FuzzDiscriminator(f *testing.F) {
	for _, s := range []string{
		`{"kind":"A"}`, `{"kind":"A","kind":1}`, `{"x":{"kind":"A"},"kind":"B"}`, `{"k\u0069nd":"A"}`, `[{"kind":"A"}]`,
		`{"x":"kind","kind":"\\"}`,
		`{"kind" : "A\u00e9"}`, `{"":"kind","kind":[["kind"]]}`, `"kind"`, `{"x":"\\\"","kind":"A"}`,
	} {
		f.Add([]byte(s), "kind")
	}
	f.Add([]byte(`{"":"A"}`), "")
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		got := oneof.Discriminator(data, key) // must not panic
		_, among, _ := oneof.Members(string(data), key, nil)
		if json.Valid(data) {
			assert.Equal(t, standard(data, key), got)
			assert.Equal(t, got, among)
		}
	})
}

// wallet has only strings, like the variants of a union.
type wallet struct {
	First  string `json:"first_text,omitempty"`
	Second string `json:"second"`
}

func (w *wallet) field(name string) *string {
	switch name {
	case "first_text":
		return &w.First
	case "second":
		return &w.Second
	}
	return nil
}

// read decodes like the unions do, and reports whether it succeeded.
func read(data string) (w wallet, ok bool) {
	members, _, plain := oneof.Members(data, "kind", nil)
	ok = plain && oneof.Texts(members, w.field)
	return w, ok
}

var wallets = []string{
	`{"first_text":"a","second":"b"}`, ` { "second" : "b" , "more":[{"first_text":"x"},"]"],"n":1.5e3,"t":true } `,
	`{}`, `{"first_text":null}`, `{"first_text":"a","first_text":null}`,
	`{"first_text":"a","first_text":"b"}`, `{"":"a"}`, `{"first_text":""}`, `{"first_text":"ä","x":"€"}`,
	`{"other":"\ud800"}`, `{"first_text":"a","x":"\\\"","second":"b"}`, "{\"x\":\"\xff\",\"second\":\"b\"}",
	`{"x":["\\",{"\n":"}"}],"second":"b"}`,
	`{"more":[{"a":{"first_text":"x"}},[]],"second":"b"}`,
}

func TestTextsReadsWhatIsPlain(t *testing.T) {
	t.Parallel()
	for _, data := range wallets {
		got, ok := read(data)
		require.True(t, ok, data)
		var want wallet
		require.NoError(t, json.Unmarshal([]byte(data), &want))
		assert.Equal(t, want, got, data)
	}
}

var noWallets = []string{
	`null`, `[]`, `"x"`, `1`, ``, `{"first_text":1}`, `{"first_text":{}}`, `{"first_text":["a"]}`,
	`{"first_text":true}`, `{"First_Text":"a"}`, `{"SECOND":"a"}`, `{"first_text":"\u0061"}`,
	`{"f\u0069rst_text":"a"}`, `{"firſt_text":"a"}`, "{\"first_text\":\"\xff\"}", `{"first_text":"a"`, `{"first_text"`,
	`{"first_text":`, `{"first_text":"a",`, `{"first_text":"a`, `{"first_text" "a"}`, `{first_text:"a"}`,
	`{"second":["a`, `{"first_text":"`, `{"`, `{"ä":"a"}`, `{"second":"a\n"}`, `{"second":"\\`,
}

func TestTextsLeavesTheRestToTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, data := range noWallets {
		_, ok := read(data)
		assert.False(t, ok, data)
	}
}

// The fields that Texts reads are the same as those of encoding/json.
func FuzzTexts(f *testing.F) {
	for _, data := range slices.Concat(wallets, noWallets) {
		f.Add(data, data)
	}
	f.Fuzz(func(t *testing.T, data, text string) {
		b, err := json.Marshal(text)
		require.NoError(t, err)
		for _, data := range []string{data, `{"second":` + string(b) + `,"more":` + data + `}`, `{` + string(b) +
			`:"a","first_text":` + data + `}`} {
			got, ok := read(data) // must not panic
			if !ok || !json.Valid([]byte(data)) {
				continue
			}
			var want wallet
			require.NoError(t, json.Unmarshal([]byte(data), &want), data)
			require.Equal(t, want, got, data)
		}
	})
}

type known struct {
	A string   `json:"a,omitempty"`
	B *int     `json:"b,omitempty"`
	C []string `json:"c,omitempty"`
}

func TestMergeKeepsUnknownMembersAndTakesKnownOnesFromTheValue(t *testing.T) {
	t.Parallel()
	seven := 7
	for name, c := range map[string]struct {
		raw  string
		v    known
		want string
	}{
		"nothing received":          {``, known{A: "x"}, `{"a":"x","kind":"K"}`},
		"null received":             {`null`, known{A: "x"}, `{"a":"x","kind":"K"}`},
		"unknown members stay":      {`{"z":1,"kind":"K"}`, known{A: "x"}, `{"a":"x","kind":"K","z":1}`},
		"cleared members go":        {`{"a":"old","b":1,"c":["1"]}`, known{B: &seven}, `{"b":7,"kind":"K"}`},
		"the discriminator is ours": {`{"kind":"other"}`, known{}, `{"kind":"K"}`},
		"cleared in another case":   {`{"A":"old","aa":1}`, known{}, `{"aa":1,"kind":"K"}`},
		"digits stay": {`{"n":12345678901234567890.10,"e":1E400}`, known{},
			`{"e":1E400,"kind":"K","n":12345678901234567890.10}`},
		"markup is not escaped":       {`{"z":"<&>"}`, known{}, `{"kind":"K","z":"<&>"}`},
		"unknown null stays a member": {`{"z":null}`, known{}, `{"kind":"K","z":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := oneof.Merge([]byte(c.raw), &c.v, "kind", "K")
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got))
		})
	}
}

func TestMergeRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`[]`, `1`, `"x"`, `{`} {
		_, err := oneof.Merge([]byte(raw), &known{}, "kind", "K")
		require.Error(t, err, raw)
	}
	_, err := oneof.Merge(nil, &struct{ F func() }{}, "kind", "K")
	require.Error(t, err)
}

func FuzzMerge(f *testing.F) {
	for _, s := range []string{`{}`, `null`, `{"a":"x","z":[1,{"y":1e400}]}`, `{"kind":"other","b":1.0}`, `{"a":1}`,
		`{"\u0061":"x"}`, `{"A":"x"}`} {
		f.Add([]byte(s), "text", "K")
	}
	f.Fuzz(func(t *testing.T, raw []byte, a, discriminator string) {
		v := known{A: a}
		got, err := oneof.Merge(raw, &v, "kind", discriminator)
		var received map[string]json.RawMessage
		if len(raw) > 0 && json.Unmarshal(raw, &received) != nil {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(got, &members))
		delete(received, "kind")
		for name := range received {
			for _, ours := range []string{"a", "b", "c"} {
				if strings.EqualFold(name, ours) { // like decoding into a struct
					delete(received, name)
				}
			}
		}
		for name, value := range received {
			var compact bytes.Buffer
			require.NoError(t, json.Compact(&compact, value))
			assert.Equal(t, compact.String(), string(members[name]), name)
			delete(members, name)
		}
		for name := range members {
			assert.Contains(t, []string{"a", "kind"}, name)
		}
		assert.Equal(t, standard(got, "kind"), oneof.Discriminator(got, "kind"))
		again, err := oneof.Merge(got, &v, "kind", discriminator)
		require.NoError(t, err)
		assert.Equal(t, string(got), string(again), "a second round changes nothing")
	})
}
