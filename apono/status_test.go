package apono_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
)

func TestOpenEnumsKeepUnknownValues(t *testing.T) {
	for _, tt := range []struct {
		in   string
		into any
	}{
		{`"Connected-ish"`, new(apono.Status)},
		{`"Paused"`, new(apono.StatusV2)},
		{`"Unreachable"`, new(apono.ResourceState)},
	} {
		require.NoError(t, json.Unmarshal([]byte(tt.in), tt.into))
		out, err := json.Marshal(tt.into)
		require.NoError(t, err)
		assert.Equal(t, tt.in, string(out), "%T", tt.into)
	}
}

// A program can compare with ==, whatever letter case the server uses.
func TestKnownValuesDecodeAsTheirConstants(t *testing.T) {
	t.Parallel()
	checkKnown(t, apono.StatusInitializing, apono.StatusRefreshing, apono.StatusActive, apono.StatusError,
		apono.StatusWarning, apono.StatusDisabled, apono.StatusConnected)
	checkKnown(t, apono.StatusV2Initializing, apono.StatusV2Refreshing, apono.StatusV2Active, apono.StatusV2Error,
		apono.StatusV2Warning, apono.StatusV2Disabled)
	checkKnown(t, apono.ResourceStateActive, apono.ResourceStateDeleted, apono.ResourceStateError)
}

func TestKnownValuesAreComparedAsASCII(t *testing.T) {
	t.Parallel()
	const text = "di\u017fabled" // Unicode folds ſ and s
	require.True(t, strings.EqualFold(text, string(apono.StatusDisabled)))
	var got apono.Status
	require.NoError(t, json.Unmarshal([]byte(`"`+text+`"`), &got))
	assert.Equal(t, apono.Status(text), got)
}

func checkKnown[T ~string](t *testing.T, known ...T) {
	t.Helper()
	for _, want := range known {
		lower := strings.ToLower(string(want))
		for _, spelling := range []string{lower, strings.ToUpper(lower), strings.ToUpper(lower[:1]) + lower[1:]} {
			var got T
			require.NoError(t, json.Unmarshal([]byte(`"`+spelling+`"`), &got))
			assert.Equal(t, want, got)
		}
	}
	for _, unknown := range []string{"", "hibernating", string(known[0]) + " "} {
		var got T
		require.NoError(t, json.Unmarshal([]byte(`"`+unknown+`"`), &got))
		assert.Equal(t, T(unknown), got)
	}
	var got T
	require.NoError(t, json.Unmarshal([]byte(`null`), &got))
	assert.Empty(t, got)
	for _, odd := range []string{`7`, `true`, `{}`, `[]`} {
		err := json.Unmarshal([]byte(odd), &got)
		_, typed := errors.AsType[*json.UnmarshalTypeError](err)
		assert.True(t, typed, "%s as %v: %v", odd, reflect.TypeFor[T](), err)
	}
	sent, err := json.Marshal(T(strings.ToLower(string(known[0]))))
	require.NoError(t, err)
	assert.Equal(t, `"`+strings.ToLower(string(known[0]))+`"`, string(sent), "what is sent keeps its spelling")
}
