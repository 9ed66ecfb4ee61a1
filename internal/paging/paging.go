// Package paging walks lists that come in pages, over any kind of cursor.
package paging

import (
	"context"
	"iter"
)

// Fetch gets one page, and the cursor of the next one, which is "" after the last.
type Fetch[P any] func(ctx context.Context, cursor string) (page P, next string, err error)

// Pages walks from the cursor start. Nothing is fetched before the first iteration, each range over it starts afresh, an error is
// yielded once, beside whatever fetch gave with it, and ends the walk. With ahead, the next page is fetched while the caller works on this one; leaving the loop ends
// that fetch and waits for it. A cursor that the server hands out twice would make the walk endless: it ends with what loop makes of it.
func Pages[P any](ctx context.Context, start string, ahead bool, fetch Fetch[P], loop func(cursor string) error) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		seen := map[string]bool{start: true}
		current := fetched[P]{}
		current.page, current.next, current.err = fetch(ctx, start)
		for {
			if current.err != nil {
				yield(current.page, current.err)
				return
			}
			next := current.next
			if next != "" && seen[next] {
				if yield(current.page, nil) {
					var none P
					yield(none, loop(next))
				}
				return
			}
			seen[next] = true
			var pending <-chan fetched[P]
			if ahead && next != "" {
				pending = fetchAhead(ctx, next, fetch)
			}
			more := false
			func() {
				defer func() { // also when the caller's loop body panics
					if !more && pending != nil {
						cancel()
						<-pending
					}
				}()
				more = yield(current.page, nil)
			}()
			switch {
			case !more || next == "":
				return
			case pending != nil:
				current = <-pending
				if current.broken {
					panic(current.cause)
				}
			default:
				current.page, current.next, current.err = fetch(ctx, next)
			}
		}
	}
}

type fetched[P any] struct {
	page P
	next string
	err  error

	broken bool // fetch did not return
	cause  any  // what it panicked with
}

// fetchAhead fetches in a goroutine of its own. A panic there, which no caller could recover from, is handed over.
func fetchAhead[P any](ctx context.Context, cursor string, fetch Fetch[P]) <-chan fetched[P] {
	result := make(chan fetched[P], 1)
	go func() {
		f := fetched[P]{broken: true}
		defer func() {
			if f.broken {
				f.cause = recover() // nil after runtime.Goexit, which a failing test calls
			}
			result <- f
		}()
		f.page, f.next, f.err = fetch(ctx, cursor)
		f.broken = false
	}()
	return result
}

// Items walks the items of pages, which items takes out of a page.
func Items[P, T any](pages iter.Seq2[P, error], items func(P) []T) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(nil, err)
				return
			}
			list := items(page)
			for i := range list {
				if !yield(&list[i], nil) {
					return
				}
			}
		}
	}
}
