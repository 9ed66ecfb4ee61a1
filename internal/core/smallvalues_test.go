//go:build !race

package core_test

// These tests take half a minute with the race detector, which finds nothing in one goroutine.

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

func TestDocumentsOfManySmallValuesAreRefused(t *testing.T) {
	t.Parallel()
	list := func(item string) string { return `{"items":[` + strings.Repeat(item+",", 2000000) + item + `]}` }
	for name, document := range map[string]string{"objects": list(`{}`), "null": list(`null`), "texts": list(`""`)} {
		var v struct {
			Items []struct {
				Room [8]int64 `json:"room"` // of the same size on all machines
			} `json:"items"`
		}
		err := core.CheckMemory([]byte(document), &v)
		require.ErrorContains(t, err, "too many values for its size", name)
	}
	var large struct {
		Items [][200]int64 `json:"items"`
	}
	require.Error(t, core.CheckMemory([]byte(`{"items":[`+strings.Repeat("[],", 1300)+`[]]}`), &large),
		"a small document")
	var v varied
	require.NoError(t, core.CheckMemory([]byte(list(`{"text":"`+strings.Repeat("x", 100)+`","number":1}`)), &v),
		"ordinary items")
	require.NoError(t, core.CheckMemory([]byte(`{"text":"`+strings.Repeat("x", 4<<20)+`"}`), &v), "one long text")
	require.NoError(t, core.CheckMemory([]byte(`{"unknown":[`+strings.Repeat("{},", 1<<20)+`{}]}`), &v),
		"what is not decoded")
	require.Error(t, core.CheckMemory([]byte(`{"text":"`+strings.Repeat("\xff", 4<<20)+`"}`), &v),
		"what is not UTF-8 grows")
	require.Error(t, core.CheckMemory([]byte(`{"map":{`+strings.Repeat(`"":"",`, 1<<20)+`"":""}}`), &v), "members")
}
