package inventory_test

import (
	"sync"
	"testing"
)

// A program may open several databases at the same time.
func TestConnectorsAreMadeAndUsedConcurrently(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 3 {
				ask(t, w.db(t), "SELECT vendor, scope, name FROM integrations")
			}
		})
	}
	group.Wait()
}
