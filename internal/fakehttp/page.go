package fakehttp

import (
	"crypto/rand"
	"errors"
	"maps"
	"sync"
)

// Walk is a position in a list: what the first request asked for, and how far the client has come.
type Walk struct {
	Filters map[string]string // query parameters that select items
	Size    int               // items per page
	After   int               // sequence number of the last item sent; 0 at the start
}

// Tokens keeps walks under random page tokens of 26 characters. The zero value is ready to use.
type Tokens struct {
	mu    sync.Mutex
	walks map[string]Walk
}

// Errors of [Tokens.Resume].
var (
	ErrUnknownToken = errors.New("page token is not known")
	ErrOtherFilters = errors.New("page token belongs to a request with other filters")
)

// Resume returns the walk that a request continues, or asked itself without a token. The first request's filters and
// size stay in force; a filter that is sent again must be the same.
func (t *Tokens) Resume(token string, asked Walk) (Walk, error) {
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

// Issue returns a new token for a walk.
func (t *Tokens) Issue(w Walk) string {
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

// Page returns the walk's next items, and the walk after them. Items are in the order of their sequence numbers, which
// start at 1 and never change: what is deleted meanwhile shifts no page.
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
