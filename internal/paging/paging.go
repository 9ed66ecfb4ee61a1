// Package paging walks lists with page tokens.
package paging

import (
	"context"
	"iter"
)

// Fetch returns the page at pageToken, and the token of the next page, "" after the last one.
type Fetch[P any] func(ctx context.Context, pageToken string) (page P, nextToken string, err error)

// Pages walks the pages, starting at pageToken.
//
// Nothing is fetched before the first iteration. Each range starts at pageToken again. An error is
// yielded once, with the page that fetch returned, and ends the walk. With prefetch, the next page
// is fetched while the caller handles the current one. Leaving the loop cancels that fetch and
// waits for it. If the server repeats a token, the walk would not end. It then ends with the error
// that repeated returns.
func Pages[P any](
	ctx context.Context, pageToken string, prefetch bool, fetch Fetch[P], repeated func(pageToken string) error,
) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		seen := map[string]bool{pageToken: true}
		current := fetched[P]{}
		current.page, current.next, current.err = fetch(ctx, pageToken)
		for {
			if current.err != nil {
				yield(current.page, current.err)
				return
			}
			next := current.next
			if next != "" && seen[next] {
				if yield(current.page, nil) {
					var none P
					yield(none, repeated(next))
				}
				return
			}
			seen[next] = true
			var pending <-chan fetched[P]
			if prefetch && next != "" {
				pending = fetchAhead(ctx, next, fetch)
			}
			more := false
			func() {
				defer func() { // also if the loop body of the caller panics
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
	cause  any  // its panic value
}

// fetchAhead fetches in its own goroutine. It passes on a panic, which no caller could recover from
// otherwise.
func fetchAhead[P any](ctx context.Context, pageToken string, fetch Fetch[P]) <-chan fetched[P] {
	result := make(chan fetched[P], 1)
	go func() {
		f := fetched[P]{broken: true}
		defer func() {
			if f.broken {
				f.cause = recover() // nil after runtime.Goexit, which a failing test calls
			}
			result <- f
		}()
		f.page, f.next, f.err = fetch(ctx, pageToken)
		f.broken = false
	}()
	return result
}
