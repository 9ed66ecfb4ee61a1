package core_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// picky refuses texts with an x.
type picky struct{ raw string }

func (p *picky) UnmarshalJSON(b []byte) error {
	if p.raw = string(b); strings.Contains(p.raw, "x") {
		return errors.New("it has an x")
	}
	return nil
}

type inner struct {
	Text   string `json:"text,omitempty"`
	Number int    `json:"number"`
}

// varied has the types of members that responses have.
type varied struct {
	inner
	Items   []inner                    `json:"items"`
	Pointer *inner                     `json:"pointer"`
	Map     map[string]string          `json:"map"`
	Raw     map[string]json.RawMessage `json:"raw"`
	Any     any                        `json:"any"`
	Flag    bool                       `json:"flag"`
	Float   float64                    `json:"float"`
	Picky   picky                      `json:"picky"`
}

// With any toolchain, responses are decoded as encoding/json decodes them, including errors and
// partly decoded values.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{
		``, `null`, `{}`, `[]`, `1`, `"a"`, `{`, `{}x`, ` {"text":"a","number":1} `, `{"TEXT":"a","Number":2}`,
		`{"text":"a","text":"b","number":null}`, `{"text":"\ud800"}`, "{\"text\":\"\xff\"}",
		`{"items":[{"text":"a"},{"text":1},{"text":"c"}],"flag":true}`, `{"items":[{"text":"a"},{"number":1.5}]}`,
		`{"items":[{"text":"a"}],"items":[{"number":1}]}`, `{"items":null}`, `{"items":{}}`,
		`{"pointer":{"text":"a"},"pointer":{"number":1}}`, `{"map":{"a":"b"},"map":{"c":null}}`,
		`{"map":{"a":1,"b":"c"}}`, `{"raw":{"a":1e400,"b":[ ]}}`, `{"any":[1,{"a":null,"a":2}],"float":1e400}`,
		`{"float":1e400,"text":"a"}`,
		`{"picky":"x","text":"a"}`, `{"text":1,"picky":"x"}`, `{"picky":null}`, `{"picky":"a"} x`,
		`{"text":"a","number":"1","flag":true}`, `{"items":[{"text":"a"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want varied
		got := varied{Items: make([]inner, 0, 8)}
		wantErr, gotErr := json.Unmarshal(b, &want), core.Unmarshal(b, &got)
		require.Equal(t, wantErr, gotErr)
		if len(want.Items) == 0 && len(got.Items) == 0 {
			got.Items = want.Items // an empty slice with capacity is not nil
		}
		require.Equal(t, want, got)
	})
}
