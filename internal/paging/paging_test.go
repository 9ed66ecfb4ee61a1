package paging_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/paging"
)

var (
	errFetch = errors.New("fetch")
	errLoop  = errors.New("loop")
)

// server has pages of two items each. Page n has the token "n", the first page "".
type server struct {
	pages  int
	next   func(n int) string // replaces "n+1"
	before func(n int)        // called at the start of a fetch
	fail   map[int]error      // replaces a page
	wait   func(context.Context, int)
	calls  atomic.Int64
	ended  atomic.Int64
}

func (s *server) fetch(ctx context.Context, pageToken string) ([]int, string, error) {
	n := 0
	if pageToken != "" {
		if _, err := fmt.Sscan(pageToken, &n); err != nil {
			return nil, "", err
		}
	}
	s.calls.Add(1)
	defer s.ended.Add(1)
	if s.before != nil {
		s.before(n)
	}
	if s.wait != nil {
		s.wait(ctx, n)
	}
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	if err := s.fail[n]; err != nil {
		return []int{-1}, "", err
	}
	next := ""
	if n+1 < s.pages {
		next = fmt.Sprint(n + 1)
	}
	if s.next != nil {
		next = s.next(n)
	}
	return []int{2 * n, 2*n + 1}, next, nil
}

func (s *server) walk(ctx context.Context, ahead bool) iter.Seq2[[]int, error] {
	return paging.Pages(ctx, "", ahead, s.fetch, func(string) error { return errLoop })
}

func (s *server) items(ctx context.Context, ahead bool) iter.Seq2[*int, error] {
	return paging.Items(asPages(s.walk(ctx, ahead)))
}

// asPages returns pages of numbers.
func asPages(seq iter.Seq2[[]int, error]) iter.Seq2[*sdk.Page[int], error] {
	return func(yield func(*sdk.Page[int], error) bool) {
		for numbers, err := range seq {
			if !yield(&sdk.Page[int]{Items: numbers}, err) {
				return
			}
		}
	}
}

// collect returns the items of a walk and its errors.
func collect(seq iter.Seq2[*int, error]) (items []int, errs []error) {
	for item, err := range seq {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		items = append(items, *item)
	}
	return items, errs
}

// both runs a test with and without prefetch, in a bubble. No goroutine may outlive the bubble.
func both(t *testing.T, test func(t *testing.T, ahead bool)) {
	t.Helper()
	for _, ahead := range []bool{false, true} {
		t.Run(fmt.Sprintf("ahead=%v", ahead), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, ahead) })
		})
	}
}

func TestWalkYieldsEveryItemInOrderAndEachRangeStartsAfresh(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, ahead bool) {
		s := &server{pages: 3}
		seq := s.items(t.Context(), ahead)
		assert.Zero(t, s.calls.Load(), "nothing is fetched before the range")
		for range 2 {
			items, errs := collect(seq)
			assert.Equal(t, []int{0, 1, 2, 3, 4, 5}, items)
			assert.Empty(t, errs)
		}
		assert.EqualValues(t, 6, s.calls.Load())
	})
}

func TestErrorIsYieldedOnceAfterTheItemsBeforeIt(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, ahead bool) {
		s := &server{pages: 3, fail: map[int]error{1: errFetch}}
		items, errs := collect(s.items(t.Context(), ahead))
		assert.Equal(t, []int{0, 1}, items)
		assert.Equal(t, []error{errFetch}, errs)
		assert.EqualValues(t, 2, s.calls.Load())
	})
}

func TestErrorComesWithThePageThatFetchGave(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, ahead bool) {
		s := &server{pages: 1, fail: map[int]error{0: errFetch}}
		for page, err := range s.walk(t.Context(), ahead) {
			require.ErrorIs(t, err, errFetch)
			assert.Equal(t, []int{-1}, page)
		}
	})
}

func TestRepeatedCursorEndsTheWalkAfterItsPage(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(int) string{
		"itself":            func(n int) string { return fmt.Sprint(max(n, 1)) },
		"one further back":  func(n int) string { return fmt.Sprint(n%3 + 1) },
		"after two on end":  func(n int) string { return map[int]string{0: "1", 1: "2", 2: "1"}[n] },
		"where it began at": func(n int) string { return map[int]string{0: "1", 1: "2", 2: "2"}[n] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, ahead bool) {
				s := &server{next: next}
				items, errs := collect(s.items(t.Context(), ahead))
				assert.Equal(t, []error{errLoop}, errs)
				assert.Len(t, items, int(2*s.calls.Load()), "each page is yielded, and none fetched twice")
				assert.LessOrEqual(t, s.calls.Load(), int64(4))
			})
		})
	}
}

func TestCursorThatTheWalkBeganWithIsKnown(t *testing.T) {
	t.Parallel()
	s := &server{next: func(int) string { return "7" }}
	items, errs := collect(paging.Items(asPages(
		paging.Pages(t.Context(), "7", false, s.fetch, func(string) error { return errLoop }))))
	assert.Equal(t, []int{14, 15}, items)
	assert.Equal(t, []error{errLoop}, errs)
}

func TestBreakFetchesNothingMore(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, ahead bool) {
		s := &server{pages: 100}
		for item := range s.items(t.Context(), ahead) {
			if *item == 3 {
				break
			}
		}
		n := s.calls.Load()
		if ahead {
			assert.EqualValues(t, 3, n)
		} else {
			assert.EqualValues(t, 2, n)
		}
		synctest.Wait()
		assert.Equal(t, n, s.calls.Load())
	})
}

func TestLeavingTheLoopEndsTheFetchAheadAndWaitsForIt(t *testing.T) {
	t.Parallel()
	leave := map[string]func(s *server, seq iter.Seq2[*int, error]){
		"break": func(_ *server, seq iter.Seq2[*int, error]) {
			for range seq {
				break
			}
		},
		"panic": func(_ *server, seq iter.Seq2[*int, error]) {
			defer func() { _ = recover() }()
			for range seq {
				panic("body")
			}
		},
		"pull and stop": func(_ *server, seq iter.Seq2[*int, error]) {
			next, stop := iter.Pull2(seq)
			next()
			stop()
		},
	}
	for name, leave := range leave {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{pages: 3, wait: func(ctx context.Context, n int) {
					if n > 0 {
						<-ctx.Done() // blocks until cancelled
					}
				}}
				leave(s, s.items(t.Context(), true))
				assert.Equal(t, s.calls.Load(), s.ended.Load(), "no fetch outlives the loop")
			})
		})
	}
}

func TestExactlyOnePageIsFetchedAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{pages: 5}
		seen := int64(0)
		for range s.walk(t.Context(), true) {
			synctest.Wait()
			seen++
			assert.Equal(t, min(seen+1, 5), s.calls.Load())
		}
		assert.EqualValues(t, 5, seen)
	})
}

func TestPanicOfAFetchAheadReachesTheLoop(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, ahead bool) {
		s := &server{pages: 3, before: func(n int) {
			if n == 1 {
				panic("fetch")
			}
		}}
		var items []int
		assert.PanicsWithValue(t, "fetch", func() {
			for item := range s.items(t.Context(), ahead) {
				items = append(items, *item)
			}
		})
		assert.Equal(t, []int{0, 1}, items)
	})
}

func TestFetchAheadThatEndsItsGoroutineDoesNotHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{pages: 3, before: func(n int) {
			if n == 1 {
				runtime.Goexit()
			}
		}}
		assert.Panics(t, func() { collect(s.items(t.Context(), true)) })
	})
}

func TestCancelledContextEndsTheWalk(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, ahead bool) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &server{pages: 3, wait: func(ctx context.Context, n int) {
			if n == 1 {
				<-ctx.Done()
			}
		}}
		go func() {
			synctest.Wait()
			cancel()
		}()
		items, errs := collect(s.items(ctx, ahead))
		assert.Equal(t, []int{0, 1}, items)
		assert.Equal(t, []error{context.Canceled}, errs)
	})
}
