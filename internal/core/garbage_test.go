//go:build !race

// The race detector finds nothing in one goroutine, and takes ten times as long.

package core

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestGarbageAfterAnErrorTakesNoMemory requires that text after a syntax error does not lower the
// estimate, and that no elements are allocated for it. encoding/json/v2 decodes a document up to
// its first error.
func TestGarbageAfterAnErrorTakesNoMemory(t *testing.T) {
	t.Parallel()
	type item struct {
		Room [40]int64 `json:"room"`
	}
	const itemSize = 320
	for _, items := range []int{1, 20000} {
		for _, garbage := range []string{`""`, `"":`, `"a":"b",`, `1 `, `{}`, `[`, `!`} {
			for size := range 6 {
				document := `{"items":[` + strings.Repeat(`{},`, items) + `!` + strings.Repeat(garbage, 60000)
				document += strings.Repeat("x", size<<19)
				var list struct {
					Items []item `json:"items"`
				}
				if CheckMemory([]byte(document), &list) != nil {
					continue
				}
				memory := int64(items) * grown(itemSize)
				if cap(list.Items) > 0 {
					memory = int64(cap(list.Items)) * itemSize
				}
				assert.LessOrEqual(t, memory, decodingMemory(len(document)), "%d, then %s", items, garbage)
			}
		}
	}
}
