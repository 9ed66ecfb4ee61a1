package paging_test

import (
	"fmt"
	"iter"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// find calls FindOne for a list of n objects with one name. The object at i has the ID id(i).
func find(t *testing.T, n int, id func(i int) string) error {
	t.Helper()
	c, err := core.New(core.Config{BaseURL: &url.URL{}, NewError: func(f *core.Failure) error { return f.Err }})
	require.NoError(t, err)
	var list iter.Seq2[*string, error] = func(yield func(*string, error) bool) {
		for i := range n {
			if s := id(i); !yield(&s, nil) {
				return
			}
		}
	}
	_, err = paging.FindOne(c, "Find", "lake", list, func(s *string) (string, string) { return "lake", *s })
	return err
}

func TestFindingOfManyWithOneNameTakesTimeInProportion(t *testing.T) {
	t.Parallel()
	const many = 200_000 // compared with each other, they take minutes
	for name, tt := range map[string]struct {
		id   func(i int) string
		want int
	}{
		"all differ":  {func(i int) string { return fmt.Sprint("id-", i) }, many},
		"each twice":  {func(i int) string { return fmt.Sprint("id-", i/2) }, many / 2},
		"none usable": {func(int) string { return "" }, many},
	} {
		begin := time.Now()
		err := find(t, many, tt.id)
		several := &sdk.AmbiguousError{}
		require.ErrorAs(t, err, &several, name)
		assert.Len(t, several.IDs, tt.want, name)
		assert.Less(t, time.Since(begin), time.Minute, name)
	}
}
