package inventory

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// heavy is a row with a given size.
type heavy struct {
	id    string
	bytes int
}

func (h heavy) key() string                   { return h.id }
func (h heavy) size() int                     { return h.bytes }
func (h heavy) value(column int) (any, error) { return h.id, nil }

// counted is a table of n rows of a given size. It counts the reads of its list and of single rows.
type counted struct {
	*table
	lists, gets int
	broken      error // ends each list after the first row
}

func newCounted(n, bytes int) *counted {
	c := &counted{table: &table{schema: schemaApono, name: "counted", columns: []column{{name: "id"}},
		filters: []filter{{column: "id"}}}}
	c.rows = func(_ context.Context, _ *account, _ string, q *query) iter.Seq2[row, error] {
		return func(yield func(row, error) bool) {
			if ids, ok := q.wanted("id"); ok {
				c.gets++
				for _, id := range ids {
					if !yield(heavy{id, bytes}, nil) {
						return
					}
				}
				return
			}
			c.lists++
			for i := range n {
				if !yield(heavy{fmt.Sprint(i), bytes}, nil) {
					return
				}
				if c.broken != nil {
					yield(nil, c.broken)
					return
				}
			}
		}
	}
	return c
}

// ids reads up to most rows that q wants.
func (c *counted) ids(t *testing.T, s *statement, q *query, most int) (ids []string) {
	t.Helper()
	for r, err := range s.read(t.Context(), c.table, q) {
		require.NoError(t, err)
		if ids = append(ids, r.key()); len(ids) == most {
			break
		}
	}
	return ids
}

func newCountedStatement() *statement {
	return newStatement(&config{concurrency: 1, accounts: []*account{{schema: schemaApono, name: "main"}}})
}

func probe(id string) *query {
	return &query{filters: map[string][]string{"id": {id}}, again: true}
}

func TestAFewProbesAndThenTheList(t *testing.T) {
	c, s := newCounted(100, 1000), newCountedStatement()
	for i := range 100 {
		assert.Equal(t, []string{fmt.Sprint(i)}, c.ids(t, s, probe(fmt.Sprint(i)), 1))
	}
	assert.Equal(t, [2]int{1, probesToAll}, [2]int{c.lists, c.gets})
	assert.Empty(t, c.ids(t, s, probe("none"), 1))
	assert.Len(t, c.ids(t, s, &query{}, -1), 100)
	assert.Equal(t, 1, c.lists, "all of it is in memory")
	assert.Equal(t, 100*1000, s.bytes)
}

func TestManyIDsAreTheList(t *testing.T) {
	for n, want := range map[int][2]int{1: {0, 1}, idsToAll: {0, 1}, idsToAll + 1: {1, 0}, 80: {1, 0}} {
		c, s := newCounted(100, 1000), newCountedStatement()
		q := &query{filters: map[string][]string{}}
		for i := range n {
			q.filters["id"] = append(q.filters["id"], fmt.Sprint(i))
		}
		assert.GreaterOrEqual(t, len(c.ids(t, s, q, -1)), n)
		assert.Equal(t, want, [2]int{c.lists, c.gets}, n)
	}
}

// A list that is read again is read completely, even if each reader leaves after the first row.
func TestAListThatIsLeftEarlyIsReadTwice(t *testing.T) {
	c, s := newCounted(100, 1000), newCountedStatement()
	for range 10 {
		assert.Equal(t, []string{"0"}, c.ids(t, s, &query{again: true, limit: 1}, 1))
	}
	assert.Equal(t, 2, c.lists)
}

// Rows that do not fit into memory are read from the API again, and the limit holds.
func TestMemoryIsBounded(t *testing.T) {
	for _, rows := range []int{10, 15, 16, 17, 100} {
		c, s := newCounted(rows, 1<<20), newCountedStatement()
		assert.Len(t, c.ids(t, s, &query{again: true}, -1), rows)
		fits := rows <= cacheBytes>>20
		for i := range rows {
			assert.Contains(t, c.ids(t, s, probe(fmt.Sprint(i)), -1), fmt.Sprint(i))
			require.LessOrEqual(t, s.bytes, cacheBytes)
		}
		if fits {
			assert.Equal(t, [2]int{1, 0}, [2]int{c.lists, c.gets}, "%d rows", rows)
		} else {
			assert.Equal(t, [2]int{2, rows - 1}, [2]int{c.lists, c.gets}, "%d rows", rows)
		}
	}
	c, s := newCounted(100, 1000), newCountedStatement()
	assert.Len(t, c.ids(t, s, &query{}, -1), 100)
	assert.Zero(t, s.bytes, "a table that is read once is not kept")
}

// A list with an error is not kept as a complete list.
func TestAFailureIsNotKept(t *testing.T) {
	c, s := newCounted(100, 1000), newCountedStatement()
	c.broken = fmt.Errorf("broken")
	for range 3 {
		failed := false
		for _, err := range s.read(t.Context(), c.table, &query{again: true}) {
			failed = failed || err != nil
		}
		assert.True(t, failed)
	}
	assert.Empty(t, s.lists)
	c.broken = nil
	assert.Len(t, c.ids(t, s, &query{again: true}, -1), 100)
}
