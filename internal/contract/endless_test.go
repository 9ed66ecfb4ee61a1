package contract_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The token changes with each page, and no item is new.
func TestWalkWithoutNewItemsEnds(t *testing.T) {
	for name, items := range map[string]func(page int) []string{
		"one item":             func(int) []string { return []string{"a"} },
		"in other orders":      func(page int) []string { return slices.Insert([]string{"a", "b", "c"}, page%4, "d") },
		"in other parts":       func(page int) []string { return []string{fmt.Sprint(page % 7), fmt.Sprint(page % 5)} },
		"with empty pages":     func(page int) []string { return []string{"a", "b"}[:page%3] },
		"none":                 func(int) []string { return nil },
		"without an id":        func(int) []string { return []string{""} },
		"after many new items": func(page int) []string { return []string{fmt.Sprint(min(page, 300))} },
	} {
		t.Run(name, func(t *testing.T) {
			walks(t, func(t *testing.T, v vendor, o call) {
				const limit = 2000
				c, s := start(t, v, options{}, func(n int, _ request) (*http.Response, error) {
					if n > limit {
						return nil, errors.New("for ever")
					}
					return respond(200, v.page(v.link(host, fmt.Sprintf("t%d", n+1)), items(n)...)), nil
				})
				seq, _ := c.list(t.Context(), "", o)
				_, errs := collect(seq)
				require.Len(t, errs, 1)
				viewed(t, v, errs[0])
				require.ErrorContains(t, errs[0], "does not end")
				assert.LessOrEqual(t, s.count(), 1001)
			})
		})
	}
}

// A walk with new items continues to its end.
func TestLongWalkIsNotCutOff(t *testing.T) {
	for name, items := range map[string]func(page int) []string{
		"new items":                   func(page int) []string { return []string{fmt.Sprint(page)} },
		"an item moved to many pages": func(page int) []string { return []string{"a", fmt.Sprint(page)} },
		"pages that repeat the one before": func(page int) []string {
			return []string{fmt.Sprint(page / 5)}
		},
		"empty pages, then an item": func(page int) []string {
			if page%900 != 0 {
				return nil
			}
			return []string{fmt.Sprint(page)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			walks(t, func(t *testing.T, v vendor, o call) {
				const last = 2000
				c, s := start(t, v, options{}, func(n int, _ request) (*http.Response, error) {
					next := ""
					if n < last {
						next = v.link(host, fmt.Sprintf("t%d", n+1))
					}
					return respond(200, v.page(next, items(n)...)), nil
				})
				seq, _ := c.list(t.Context(), "", o)
				_, errs := collect(seq)
				require.Empty(t, errs)
				assert.Equal(t, last, s.count())
			})
		})
	}
}
