package core_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

func FuzzElements(f *testing.F) {
	for _, s := range []string{`[]`, `{}`, `[1,"a",{"b":[]},[],null]`, `{"a":1,"\u0061":[2],"b\"":{}}`, ` [ 1 , 2 ] `,
		`[:`, `[`, `{"a"`, `{"a":`, `[,]`, `{"a":}`, "{\"\xff\":1}", `[1 2]`, `["\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v varied
		_ = core.CheckMemory(b, &v)
		var items []json.RawMessage
		var members map[string]json.RawMessage
		list, object := json.Unmarshal(b, &items) == nil, json.Unmarshal(b, &members) == nil
		got := 0
		for item := range core.Elements(b) {
			if list {
				require.Less(t, got, len(items))
				assert.Equal(t, string(items[got]), string(item))
			}
			got++
		}
		if list {
			assert.Len(t, items, got)
		}
		last := maps.Collect(core.Members(b))
		if object {
			require.Len(t, last, len(members))
			for name, value := range members {
				assert.True(t, bytes.Equal(value, last[name]), name)
			}
		}
	})
}
