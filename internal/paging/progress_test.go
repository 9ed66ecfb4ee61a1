package paging

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// stalledAfter returns the number of the page at which a walk counts as endless, 0 if it does not
// within 2,000 pages.
func stalledAfter(page func(n int) []string) int {
	p := progress[string]{id: func(s *string) string { return *s }}
	for n := range 2000 {
		if p.stalled(page(n)) {
			return n + 1
		}
	}
	return 0
}

func names(from, to, modulo int) (items []string) {
	for i := from; i < to; i++ {
		items = append(items, fmt.Sprint("id-", i%modulo))
	}
	return items
}

func TestOverlappingPagesAreProgress(t *testing.T) {
	t.Parallel()
	for overlap := 1; overlap <= 3; overlap++ {
		size := overlap + 1
		assert.Zero(t, stalledAfter(func(n int) []string { return names(n, n+size, 1e9) }), "overlap %d", overlap)
	}
}

func TestRepeatedItemsEndTheWalk(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		page func(n int) []string
		most int
	}{
		"one item":              {func(int) []string { return names(0, 1, 1) }, 1},
		"one page":              {func(int) []string { return names(0, 100, 100) }, 1},
		"seven pages in turn":   {func(n int) []string { return names(n%7*10, n%7*10+10, 1000) }, 7},
		"cut in other places":   {func(n int) []string { return names(n*7, n*7+7, 100) }, 200},
		"pages of growing size": {func(n int) []string { return names(0, n%30+1, 30) }, 200},
		"fifty items in turn":   {func(n int) []string { return names(n%50, n%50+1, 50) }, 50},
		"one item, and one of 40": {func(n int) []string {
			return append(names(0, 1, 1), fmt.Sprint("new", n%40))
		}, 40},
	} {
		n := stalledAfter(tt.page)
		assert.NotZero(t, n, name)
		assert.LessOrEqual(t, n, trustedPages+tt.most+maxRepeated, name)
	}
}
