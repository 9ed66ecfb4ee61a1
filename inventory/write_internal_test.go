package inventory

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheLatestChangesAreKept(t *testing.T) {
	var h history
	for i := range 3*changesKept + 5 {
		h.record(changed{id: strconv.Itoa(i)})
		if n := len(h.changes); n > 2*changesKept {
			t.Fatal(n)
		}
	}
	stored := h.changesMade()
	assert.Len(t, stored, 10000)
	assert.Equal(t, "20005", stored[0].id)
	assert.Equal(t, "30004", stored[len(stored)-1].id)
}

// The parts of any statement are parts of its text.
func FuzzWriting(f *testing.F) {
	for _, s := range []string{
		"INSERT INTO a.b AS c (d) SELECT 1 WHERE true ON CONFLICT (d) DO UPDATE SET d = excluded.d RETURNING d;",
		"WITH x AS (SELECT 'a''b') DELETE FROM [a] WHERE (1", "UPDATE OR", "REPLACE", "REPLACE.",
		"INSERT INTO a ON CONFLICT DO", "DELETE FROM a)) WHERE", "'", "/*", ";;",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, ts := range statements(query) {
			for _, token := range ts {
				assert.Equal(t, token.text, query[token.start:token.end])
			}
			w := parseWriting(ts)
			if w == nil {
				continue
			}
			assert.NotEmpty(t, w.upTo(query, w.conflict, w.returning))
			assert.LessOrEqual(t, w.target[0], w.target[1])
			assert.LessOrEqual(t, w.target[1], len(query))
			if w.conflict >= 0 {
				_ = checkUpsert(w, &table{schema: "a", name: "b", writer: &writer{name: "d"}})
			}
		}
	})
}
