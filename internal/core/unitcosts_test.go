package core

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// measured has each kind of shape.
type measured struct {
	Items []struct {
		Text   string  `json:"text"`
		Number *int    `json:"number"`
		Inner  *rest   `json:"inner"`
		Any    any     `json:"any"`
		Room   [40]int `json:"room"`
	} `json:"items"`
	Texts []string              `json:"texts"`
	Map   map[string]*[100]byte `json:"map"`
	Raw   json.RawMessage       `json:"raw"`
	One   struct {
		Raws []json.RawMessage `json:"raws"`
	} `json:"one"`
}

// withoutLists has no elements.
type withoutLists struct {
	Items *[200]int64            `json:"items"`
	Map   map[string]*[4000]byte `json:"map"`
	One   map[string]any         `json:"one"`
	Raw   *rest                  `json:"raw"`
}

// rest decodes itself.
type rest struct{ Members map[string]any }

func (r *rest) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &r.Members) }

var measuredDocuments = []string{
	`{}`, `[]`, `null`, `{"items":[]}`, `{"items":[{},{},{}]}`, `{"items":[null,null]}`, `{"items":[1,"a",[],true]}`,
	`{"items":[":",":",":,",",:"]}`, `{"items":["a\":","\":",":\":"]}`, `{"items":[ ":" , ":" ]}`,
	`{"items":[{"text":"a:b","number":1,"inner":{"a":1,"b":[{}]},"any":{"":{}}}]}`, `{"":"","a\\":1,":":2,"\":":3}`,
	`{"texts":["","",""],"map":{"":"","a":":"},"raw":{"a":[1,2]},"one":{"raws":[1,2,{"a":":"}]}}`,
	`{"items" : [ { "text" : "x" } ]}`, `{"one":1,"one":"","one":[]}`, `{"items":[[[[{"a":[[]]}]]]]}`,
	`{"items":[{"inner":{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11}}]}`,
	`{"map":{` + strings.Repeat(`"a":[],`, 100) + `"":[]}}`, `{"one":{` + strings.Repeat(`"":{"":1},`, 500) + `"":1}}`,
	"{\"texts\":[\"" + strings.Repeat("\xff", 2000) + "\"]}",
	"{\"items\":[{\"any\":\"" + strings.Repeat("\xff", 2000) + "\"}]}",
}

// checkBound requires that the quick estimates of a document are not below the exact one.
func checkBound(t *testing.T, document string) {
	t.Helper()
	checkBoundOf[*measured](t, document)
	checkBoundOf[*withoutLists](t, document)
	checkBoundOf[*struct {
		One map[string]any `json:"one"`
	}](t, document)
}

func checkBoundOf[T any](t *testing.T, document string) {
	t.Helper()
	s := shapeOf(reflect.TypeFor[T]())
	valid := utf8.ValidString(document)
	m := meter{b: []byte(document), limit: math.MaxInt64, valid: valid}
	m.value(s, false)
	if valid {
		assert.True(t, s.most.exceed(m.cost-1, []byte(document)), document)
	}
	assert.False(t, s.most.surelyWithin(m.cost-1, []byte(document)), document)
}

func TestQuickEstimateOfMemoryIsNotBelowTheExactOne(t *testing.T) {
	t.Parallel()
	for _, document := range measuredDocuments {
		require.True(t, json.Valid([]byte(document)), document)
		checkBound(t, document)
		if items, ok := strings.CutPrefix(document, `{"items":[`); ok {
			items = strings.TrimSuffix(items, "]}")
			checkBound(t, `{"items":[`+strings.Repeat(items+",", 50)+items+`]}`)
		}
	}
}

func FuzzQuickEstimateOfMemory(f *testing.F) {
	for _, document := range measuredDocuments {
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document string) {
		if json.Valid([]byte(document)) {
			checkBound(t, document)
		}
	})
}

func TestElementsAreCounted(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]int64{
		`{"a":"b","c":"d"}`:                1, // the document
		`{"a":"b","c":{"d":"e"},"f":[]}`:   3, // an empty list counts as two
		`["a","b",{"c":"d"}]`:              4,
		`[{"a":"b"},{"a":"b"}]`:            3,
		`{"a":1,"b":null}`:                 3, // values other than strings and objects may be elements
		`{"a":"\"\"\"\"\"\"","b":"c"}`:     1,
		`["a\":","b\":"]`:                  3,
		`{"a":",,,","b":"{["}`:             9, // characters in strings
		strings.Repeat(`"a":"b",`, 100):    2,
		`[1,2,3,` + strings.Repeat(`"`, 6): 6,
	} {
		var c counts
		c.structure([]byte(document))
		c.strings([]byte(document))
		assert.Equal(t, want, c.elements(), document)
	}
}
