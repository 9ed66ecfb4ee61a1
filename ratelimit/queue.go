package ratelimit

import (
	"container/list"
	"context"
	"time"
)

// Priority orders the requests that wait in a [Local].
type Priority int

const (
	// Normal is the priority of a request whose context names none.
	Normal Priority = iota
	// Low is for requests that can wait: they let Normal ones pass, except
	// that one of four admissions is theirs while any of them wait.
	Low
	// First is for a request that the server has refused and that is sent once more: it lets no
	// other pass, so that it keeps its place. The clients of this module use it.
	First
)

// lowShare is how many admissions there are to one of Low while both wait.
const lowShare = 4

type priorityKey struct{}

// WithPriority returns a context whose requests wait in a [Local] with priority p. Any p but
// [Normal], [Low] and [First] counts as Normal.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

func priorityOf(ctx context.Context) Priority {
	if p, _ := ctx.Value(priorityKey{}).(Priority); p == Low || p == First {
		return p
	}
	return Normal
}

type waiter struct {
	priority Priority
	deadline time.Time // zero if none
	spare    bool      // it came with more time than a response takes
	ready    chan struct{}
	permit   Permit // valid after ready, unless err
	err      error
}

// queue holds the waiters, oldest first in each priority.
type queue struct {
	lists  [First + 1]list.List // of *waiter
	passed int                  // how many Normal ones went in a row while a Low one waited
}

func (q *queue) len() int { return q.lists[Normal].Len() + q.lists[Low].Len() + q.lists[First].Len() }

func (q *queue) push(w *waiter) *list.Element { return q.lists[w.priority].PushBack(w) }

// front is who goes next, nil if nobody waits.
func (q *queue) front() *list.Element {
	if first := q.lists[First].Front(); first != nil {
		return first
	}
	normal, low := q.lists[Normal].Front(), q.lists[Low].Front()
	if normal == nil || low != nil && q.passed >= lowShare-1 {
		return low
	}
	return normal
}

// admitted notes that the request in front went.
func (q *queue) admitted(w *waiter) {
	switch {
	case w.priority == First:
	case w.priority == Normal && q.lists[Low].Len() > 0:
		q.passed++
	default:
		q.passed = 0
	}
}

func (q *queue) remove(place *list.Element) *waiter {
	w := place.Value.(*waiter)
	q.lists[w.priority].Remove(place)
	return w
}

// ahead is how many go before a newcomer of priority p, if nobody else comes.
func (q *queue) ahead(p Priority) int {
	first, normal := q.lists[First].Len(), q.lists[Normal].Len()
	switch p {
	case First:
		return first
	case Low:
		return q.len()
	}
	return first + normal + min(q.lists[Low].Len(), normal/(lowShare-1))
}
