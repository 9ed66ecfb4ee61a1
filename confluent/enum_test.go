package confluent_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

// onPage decodes a list with one integration that has the given member.
func onPage(t *testing.T, member string) (*confluent.Integration, error) {
	t.Helper()
	w := newTap(t, answer(200, `{"metadata":{},"data":[{"id":"x","display_name":"n",`+member+`}]}`))
	items, err := drain(w.client(t).Integrations.List(t.Context(), env, nil))
	if err != nil {
		return nil, err
	}
	require.Len(t, items, 1)
	require.Equal(t, "n", items[0].DisplayName)
	return items[0], nil
}

func TestKnownValuesDecodeToTheirConstants(t *testing.T) {
	t.Parallel()
	for _, want := range []confluent.Provider{confluent.ProviderAWS, confluent.ProviderAzure, confluent.ProviderGCP} {
		for _, text := range []string{strings.ToUpper(string(want)), strings.ToLower(string(want)), string(want[:1]) +
			strings.ToLower(string(want[1:])), fmt.Sprintf(`\u%04x%s`, want[0], want[1:])} {
			in, err := onPage(t, `"provider":"`+text+`"`)
			require.NoError(t, err)
			assert.Equal(t, want, in.Provider, text)
		}
	}
	for _, want := range []confluent.Status{confluent.StatusDraft, confluent.StatusCreated, confluent.StatusActive} {
		for _, text := range []string{string(want), strings.ToLower(string(want)), string(want[:1]) +
			strings.ToLower(string(want[1:]))} {
			in, err := onPage(t, `"status":"`+text+`"`)
			require.NoError(t, err)
			assert.Equal(t, want, in.Status, text)
		}
	}
}

func TestOtherValuesDecodeAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "oci", "aws-cn", "AW", "AWSX", " AWS", "Ａws", "paused",
		strings.Repeat("long", 100)} {
		in, err := onPage(t, `"provider":"`+text+`","status":"`+text+`"`)
		require.NoError(t, err)
		assert.Equal(t, confluent.Provider(text), in.Provider)
		assert.Equal(t, confluent.Status(text), in.Status)
	}
}

// A type without a decoder of its own shows which values must fail, and which are ignored.
func TestEnumsDecodeTheSameJSONAsStrings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`null`, `1`, `1.5`, `true`, `{}`, `[]`, `["AWS"]`, `"AWS"`, `"\ud800"`, "\"\xff\"",
		`"`, ``} {
		type plain struct {
			Provider string `json:"provider"`
		}
		type open struct {
			Provider confluent.Provider `json:"provider"`
		}
		want, got := plain{"before"}, open{"before"}
		document := []byte(`{"provider":` + text + `}`)
		wantErr, gotErr := json.Unmarshal(document, &want), json.Unmarshal(document, &got)
		assert.Equal(t, wantErr == nil, gotErr == nil, "%s: %v, %v", text, wantErr, gotErr)
		assert.Equal(t, want.Provider, string(got.Provider), text)
	}
	for _, member := range []string{`"provider":1`, `"status":{}`, `"provider":["AWS"]`} {
		in, err := onPage(t, member)
		require.NoError(t, err)
		assert.IsType(t, &confluent.UnknownConfig{}, in.Config.Value, "an item that does not decode is kept: %s",
			member)
		_, err = newTap(t, answer(200, `{"id":"x",`+member+`}`)).client(t).Integrations.Get(t.Context(), env, "x")
		assert.ErrorContains(t, err, "cannot unmarshal", member)
	}
	in, err := onPage(t, `"provider":null,"status":null`)
	require.NoError(t, err)
	assert.Empty(t, in.Provider)
	assert.Empty(t, in.Status)
}
