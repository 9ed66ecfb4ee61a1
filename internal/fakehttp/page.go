package fakehttp

import (
	"crypto/rand"
	"errors"
	"maps"
	"sync"
)

// Walk is a position in a list: the query of the first request, and the position after the last
// item sent.
type Walk struct {
	Filters map[string]string // query parameters that select items
	Size    int               // items per page
	After   int               // sequence number of the last item sent; 0 at the start
}

// PageTokens stores walks by random page tokens of 26 characters. The zero value is ready to use.
// It is safe for concurrent use.
type PageTokens struct {
	mu    sync.Mutex
	walks map[string]Walk
}

// Errors of [PageTokens.Resume].
var (
	ErrUnknownToken = errors.New("page token is not known")
	ErrOtherFilters = errors.New("page token belongs to a request with other filters")
)

// Resume returns the walk of a page token, or asked if there is no token. The filters and the size
// of the first request remain in effect. A filter that is sent again must have the same value.
func (t *PageTokens) Resume(token string, asked Walk) (Walk, error) {
	if token == "" {
		return asked, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	walk, ok := t.walks[token]
	if !ok {
		return Walk{}, ErrUnknownToken
	}
	for name, value := range asked.Filters {
		if value != "" && value != walk.Filters[name] {
			return Walk{}, ErrOtherFilters
		}
	}
	return walk, nil
}

// Issue returns a new page token for a walk.
func (t *PageTokens) Issue(w Walk) string {
	w.Filters = maps.Clone(w.Filters)
	token := rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.walks == nil {
		t.walks = map[string]Walk{}
	}
	t.walks[token] = w
	return token
}

// Page returns the next items of a walk, and the walk after them. The items must be in the order of
// their sequence numbers, which start at 1 and never change. Deleting an item moves no other item
// to another page.
func Page[T any](items []T, sequence func(T) int, w Walk) (page []T, next Walk, more bool) {
	next = w
	for _, item := range items {
		n := sequence(item)
		switch {
		case n <= w.After:
		case len(page) == w.Size:
			return page, next, true
		default:
			page = append(page, item)
			next.After = n
		}
	}
	return page, next, false
}
