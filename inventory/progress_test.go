package inventory_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/inventory"
)

func TestProgressIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	var seen []inventory.Progress
	db := w.db(t, inventory.WithProgress(func(p inventory.Progress) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, p)
	}))
	require.Len(t, ask(t, db, "SELECT id FROM apono.integrations"), 2)
	require.Equal(t, []inventory.Progress{{Table: "apono.integrations", Rows: 2, Requests: 1}}, withoutTotal(seen))

	seen = nil // another statement begins again
	require.Len(t, ask(t, db, "SELECT id FROM confluent.integrations_v2"), 3)
	require.Len(t, seen, 2, "after each page: one of each environment")
	last := seen[0]
	for _, p := range seen {
		assert.Equal(t, "confluent.integrations_v2", p.Table)
		if p.Requests > last.Requests {
			last = p
		}
	}
	assert.Equal(t, inventory.Progress{Table: "confluent.integrations_v2", Rows: 3, Total: 3, Requests: 2}, last)
}

// withoutTotal returns the progress without the number that the server may leave out.
func withoutTotal(seen []inventory.Progress) []inventory.Progress {
	for i := range seen {
		seen[i].Total = 0
	}
	return seen
}
