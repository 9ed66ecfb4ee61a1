package contract_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// walks runs a test with and without prefetch, each in a bubble.
func walks(t *testing.T, test func(t *testing.T, v vendor, o call)) {
	t.Helper()
	each(t, func(t *testing.T, v vendor) {
		if v.unpaged {
			return
		}
		for _, prefetch := range []bool{false, true} {
			t.Run(fmt.Sprintf("prefetch=%v", prefetch), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { test(t, v, call{prefetch: prefetch}) })
			})
		}
	})
}

func TestNothingIsSentBeforeRangeAndEachRangeStartsAfresh(t *testing.T) {
	walks(t, func(t *testing.T, v vendor, o call) {
		c, s := start(t, v, options{}, pages(v, 3))
		seq, _ := c.list(t.Context(), "", o)
		synctest.Wait()
		assert.Zero(t, s.count())
		for range 2 {
			ids, errs := collect(seq)
			assert.Equal(t, []string{"1a", "1b", "2a", "2b", "3a", "3b"}, ids)
			assert.Empty(t, errs)
		}
		assert.Equal(t, []string{"", "t2", "t3", "", "t2", "t3"}, tokens(v, s.requests()))
	})
}

func TestListOptionsAreCopiedAtCallTime(t *testing.T) {
	walks(t, func(t *testing.T, v vendor, o call) {
		c, s := start(t, v, options{}, pages(v, 3))
		seq, spoil := c.list(t.Context(), "t2", o)
		spoil()
		ids, errs := collect(seq)
		assert.Equal(t, []string{"2a", "2b", "3a", "3b"}, ids)
		assert.Empty(t, errs)
		assert.Equal(t, []string{"t2", "t3"}, tokens(v, s.requests()))
	})
}

func TestErrorEndsTheWalkAfterTheItemsBeforeIt(t *testing.T) {
	walks(t, func(t *testing.T, v vendor, o call) {
		list := pages(v, 3)
		c, s := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
			if n == 2 {
				return respond(404, v.failure("gone")), nil
			}
			return list(n, r)
		})
		seq, _ := c.list(t.Context(), "", o)
		ids, errs := collect(seq)
		assert.Equal(t, []string{"1a", "1b"}, ids)
		require.Len(t, errs, 1)
		assert.Equal(t, 404, viewed(t, v, errs[0]).StatusCode)
		assert.Equal(t, 2, s.count())
	})
}

func TestLeavingTheLoopSendsNothingMoreAndLeaksNothing(t *testing.T) {
	ways := map[string]func(iter.Seq2[string, error]){
		"break": func(seq iter.Seq2[string, error]) {
			for range seq {
				break
			}
		},
		"panic": func(seq iter.Seq2[string, error]) {
			defer func() { _ = recover() }()
			for range seq {
				panic("body")
			}
		},
		"stop": func(seq iter.Seq2[string, error]) {
			next, stop := iter.Pull2(seq)
			next()
			stop()
		},
	}
	walks(t, func(t *testing.T, v vendor, o call) {
		for name, leave := range ways {
			list := pages(v, 9)
			c, s := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
				if n > 1 {
					return hang(r) // returns when the walk ends
				}
				return list(n, r)
			})
			seq, _ := c.list(t.Context(), "", o)
			leave(seq)
			sent := s.count()
			time.Sleep(time.Hour)
			synctest.Wait()
			assert.Equal(t, sent, s.count(), name)
			assert.LessOrEqual(t, sent, 2, name)
			if !o.prefetch {
				assert.Equal(t, 1, sent, name)
			}
		}
	})
}

func TestRepeatedPageTokenIsAnError(t *testing.T) {
	walks(t, func(t *testing.T, v vendor, o call) {
		c, s := start(t, v, options{}, func(_ int, r request) (*http.Response, error) {
			next := map[string]string{"": "t2", "t2": "t3", "t3": "t2"}[v.token(r.Request)]
			return respond(200, v.page(v.link(host, next), "at "+v.token(r.Request))), nil
		})
		seq, _ := c.list(t.Context(), "", o)
		ids, errs := collect(seq)
		assert.Equal(t, []string{"at ", "at t2", "at t3"}, ids)
		require.Len(t, errs, 1)
		viewed(t, v, errs[0])
		assert.Contains(t, errs[0].Error(), "t2")
		assert.Equal(t, 3, s.count())
	})
}

func TestLinkToAnotherHostGivesOnlyItsToken(t *testing.T) {
	walks(t, func(t *testing.T, v vendor, o call) {
		c, s := start(t, v, options{}, func(_ int, r request) (*http.Response, error) {
			if v.token(r.Request) == "" {
				return respond(200, v.page(v.link("evil.test", "t2"), "1")), nil
			}
			return respond(200, v.page("", "2")), nil
		})
		seq, _ := c.list(t.Context(), "", o)
		ids, errs := collect(seq)
		assert.Equal(t, []string{"1", "2"}, ids)
		assert.Empty(t, errs)
		for _, r := range s.requests() {
			assert.Equal(t, host, r.URL.Host)
		}
		assert.Equal(t, []string{"", "t2"}, tokens(v, s.requests()))
	})
}

func TestPrefetchIsExactlyOnePageAhead(t *testing.T) {
	walks(t, func(t *testing.T, v vendor, o call) {
		c, s := start(t, v, options{}, pages(v, 4))
		seq, _ := c.list(t.Context(), "", o)
		items := 0
		for _, err := range seq {
			require.NoError(t, err)
			synctest.Wait()
			page := items/2 + 1
			if o.prefetch {
				assert.Equal(t, min(page+1, 4), s.count())
			} else {
				assert.Equal(t, page, s.count())
			}
			items++
		}
		assert.Equal(t, 8, items)
	})
}

func TestMetaAndRawBodyBelongToThePageInHand(t *testing.T) {
	walks(t, func(t *testing.T, v vendor, o call) {
		list := pages(v, 4)
		c, _ := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
			if n == 4 {
				return respond(403, v.failure("no"), v.requestID, "id-4"), nil
			}
			resp, err := list(n, r)
			resp.Header.Set(v.requestID, fmt.Sprintf("id-%d", n))
			return resp, err
		})
		var meta core.Meta
		var raw []byte
		o.meta, o.raw = &meta, &raw
		seq, _ := c.list(t.Context(), "", o)
		var errs int
		for id, err := range seq {
			synctest.Wait() // the prefetched page is available, but not yet visible
			if err != nil {
				errs++
				assert.Equal(t, core.Meta{StatusCode: 403, RequestID: "id-4", Attempts: 1, Header: meta.Header}, meta)
				assert.Equal(t, v.failure("no"), string(raw))
				continue
			}
			assert.Equal(t, "id-"+id[:1], meta.RequestID)
			assert.Contains(t, string(raw), `"`+id+`"`)
			raw[0] = 'X' // the caller owns it
		}
		assert.Equal(t, 1, errs)
	})
}

func TestCancelledContextEndsTheWalkOnce(t *testing.T) {
	walks(t, func(t *testing.T, v vendor, o call) {
		list := pages(v, 4)
		c, _ := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
			if n == 2 {
				return hang(r)
			}
			return list(n, r)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		seq, _ := c.list(ctx, "", o)
		begin := time.Now()
		ids, errs := collect(seq)
		assert.Equal(t, []string{"1a", "1b"}, ids)
		require.Len(t, errs, 1)
		require.ErrorIs(t, errs[0], context.DeadlineExceeded)
		viewed(t, v, errs[0])
		assert.Equal(t, time.Second, time.Since(begin))
	})
}

func TestManyGoroutinesRangeOverOneIterator(t *testing.T) {
	walks(t, func(t *testing.T, v vendor, o call) {
		list := pages(v, 3)
		c, s := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
			time.Sleep(time.Duration(n*n%7) * time.Millisecond) // the walks overtake each other
			return list(n, r)
		})
		seq, _ := c.list(t.Context(), "", o)
		const goroutines = 8
		var wg sync.WaitGroup
		for i := range goroutines {
			wg.Go(func() {
				if i == 0 { // leaves early, which the others do not notice
					for range seq {
						break
					}
					return
				}
				var ids []string
				for id, err := range seq {
					time.Sleep(time.Duration(i) * time.Millisecond) // the others fetch their pages meanwhile
					assert.NoError(t, err)
					ids = append(ids, id)
				}
				assert.Equal(t, []string{"1a", "1b", "2a", "2b", "3a", "3b"}, ids)
			})
		}
		wg.Wait()
		assert.GreaterOrEqual(t, s.count(), 3*(goroutines-1)+1)
	})
}
