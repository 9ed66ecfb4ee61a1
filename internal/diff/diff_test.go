package diff_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/diff"
)

func TestCanonicalFormIsOneSpelling(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		` { "b" : 1.50, "a" : [ true , null ] } `: `{"a":[true,null],"b":1.50}`,
		`"\u0061\/\u00e9"`:                        `"a/é"`,
		`12345678901234567890`:                    `12345678901234567890`,
		`{"a":1,"a":2}`:                           `{"a":2}`,
	} {
		got, err := diff.Canonical([]byte(document))
		require.NoError(t, err, document)
		assert.Equal(t, want, got)
	}
	for _, document := range []string{"", "{", "x"} {
		_, err := diff.Canonical([]byte(document))
		require.Error(t, err, document)
	}
}

func TestEqualJSONComparesValuesNotSpellings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":2}`, ` {"b":2, "a":1} `, true}, {`"\u0061"`, `"a"`, true}, {`null`, ` null`, true},
		{`1`, `1.0`, false}, {`1`, `"1"`, false}, {`[1,2]`, `[2,1]`, false}, {`null`, `""`, false},
		{`{"a":null}`, `{}`, false},
		{`12345678901234567890`, `12345678901234567891`, false},
		{``, ``, false}, {`x`, `x`, false}, {`1 2`, `1`, false}, {`1 2`, `1 2`, false}, {`{} x`, `{}`, false},
	} {
		assert.Equal(t, tt.want, diff.EqualJSON([]byte(tt.a), []byte(tt.b)), "%s %s", tt.a, tt.b)
		assert.Equal(t, tt.want, diff.EqualJSON([]byte(tt.b), []byte(tt.a)), "%s %s", tt.b, tt.a)
	}
}

func TestSetsHaveNeitherOrderNorRepetition(t *testing.T) {
	t.Parallel()
	a := []string{"b", "a", "b"}
	assert.True(t, diff.EqualSets(a, []string{"a", "b"}))
	assert.True(t, diff.EqualSets(nil, []string{}))
	assert.False(t, diff.EqualSets(a, []string{"a"}))
	assert.False(t, diff.EqualSets(a, []string{"a", "B"}))
	assert.False(t, diff.EqualSets(nil, []string{""}))
	assert.Equal(t, []string{"b", "a", "b"}, a, "what is compared stays as it is")
}

func TestMembersNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	const have = `{"same":{"x":1,"y":2},"other":"a","case":"Some Name","emptied":"","none":null,"only":1}`
	for name, tt := range map[string]struct {
		want    string
		options diff.Options
		differ  []string
	}{
		"nothing is wanted":          {want: `{}`},
		"equal but for the spelling": {want: `{"same":{"y":2, "x":1},"other":"\u0061"}`},
		"sorted": {want: `{"other":"b","missing":1,"case":"x"}`,
			differ: []string{"case", "missing", "other"}},
		"a missing member is null":    {want: `{"missing":null,"none":null}`},
		"null where there is a value": {want: `{"other":null}`, differ: []string{"other"}},
		"empty where there is null":   {want: `{"none":"","missing":""}`, differ: []string{"missing", "none"}},
		"null where there is empty":   {want: `{"emptied":null}`, differ: []string{"emptied"}},
		"letter case counts":          {want: `{"case":"some name"}`, differ: []string{"case"}},
		"letter case of this does not": {want: `{"case":"some name","other":"A"}`,
			options: diff.Options{IgnoreCase: []string{"case"}}, differ: []string{"other"}},
		"unset asks for nothing": {want: `{"other":"","same":null,"none":"","missing":""}`,
			options: diff.Options{EmptyIsUnset: true}},
		"a value where there is empty or null": {want: `{"emptied":"x","none":"x","missing":"x"}`,
			options: diff.Options{EmptyIsUnset: true}, differ: []string{"emptied", "missing", "none"}},
	} {
		assert.Equal(t, tt.differ, diff.Members(members(t, tt.want), members(t, have), tt.options), name)
	}
	broken := map[string]json.RawMessage{"a": json.RawMessage("x")}
	assert.Equal(t, []string{"a"}, diff.Members(broken, broken, diff.Options{}), "what is not JSON equals nothing")
}

func TestUnsetIsMissingNullOrEmpty(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"": true, "null": true, `""`: true, ` null `: true, `" "`: false,
		"0": false, "false": false, "{}": false, "[]": false} {
		assert.Equal(t, want, diff.Unset(json.RawMessage(value)), value)
	}
}

func members(t *testing.T, document string) map[string]json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(document), &m))
	return m
}
