package ratelimit

import (
	"container/heap"
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
	// First is for a request that the server has refused and that is sent again: it lets no
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

// waiter is a request that waits.
type waiter struct {
	priority Priority
	deadline time.Time // zero if none
	spare    bool      // it came with more time than a response takes
	ready    chan struct{}
	permit   Permit // valid after ready, if err is nil
	err      error

	turn    *list.Element // in line.order
	arrival uint64        // its number in the order of arrival in line
	index   int           // in line.deadlines, if it has a deadline
}

// queue holds the waiters, a line for each priority.
type queue struct {
	lines   [First + 1]line
	passed  int       // how many Normal ones left in a row while a Low one waited
	checked time.Time // the end of the block for which the deadlines were checked
}

func (q *queue) len() int {
	return q.lines[Normal].order.Len() + q.lines[Low].order.Len() + q.lines[First].order.Len()
}

func (q *queue) push(w *waiter) { q.lines[w.priority].push(w) }

func (q *queue) remove(w *waiter) { q.lines[w.priority].remove(w) }

// front returns the waiter that leaves next, nil if nobody waits.
func (q *queue) front() *waiter {
	if first := q.lines[First].front(); first != nil {
		return first
	}
	normal, low := q.lines[Normal].front(), q.lines[Low].front()
	if normal == nil || low != nil && q.passed >= lowShare-1 {
		return low
	}
	return normal
}

// firstAfter returns the waiter of priority p that leaves first, of those with no deadline or one
// after earliest. It returns nil if there is none. It looks at all of them: call it for a probe
// only.
func (q *queue) firstAfter(p Priority, earliest time.Time) *waiter {
	return q.lines[p].firstAfter(earliest)
}

// admitted notes that w leaves. It uses the first turn in its line.
func (q *queue) admitted(w *waiter) {
	q.lines[w.priority].takeFirstTurn(w)
	switch {
	case w.priority == First:
	case w.priority == Normal && q.lines[Low].order.Len() > 0:
		q.passed++
	default:
		q.passed = 0
	}
}

// all returns all waiters, by priority and turn.
func (q *queue) all() []*waiter {
	all := make([]*waiter, 0, q.len())
	for i := range q.lines {
		for e := q.lines[i].order.Front(); e != nil; e = e.Next() {
			all = append(all, e.Value.(*waiter))
		}
	}
	return all
}

// ahead returns how many waiters leave before the newcomer w at least, if nobody else comes.
func (q *queue) ahead(w *waiter) int {
	first, normal := q.lines[First].order.Len(), q.lines[Normal].order.Len()
	n := q.lines[w.priority].ahead(w)
	switch w.priority {
	case First:
		return n
	case Low:
		return first + normal + n
	}
	return first + n + min(q.lines[Low].order.Len(), n/(lowShare-1))
}

// line holds the waiters of one priority. Each has a turn, in the order of arrival. A waiter
// without a deadline leaves at its own turn. At the turn of one with a deadline the earliest
// deadline leaves, and the two change turns.
type line struct {
	order     list.List // of *waiter, the first turn first
	deadlines byDeadline
	latest    time.Time // no waiter has a later deadline
	arrivals  uint64
}

func (l *line) push(w *waiter) {
	l.arrivals++
	w.arrival = l.arrivals
	w.turn = l.order.PushBack(w)
	if w.deadline.IsZero() {
		return
	}
	if len(l.deadlines) == 0 || w.deadline.After(l.latest) {
		l.latest = w.deadline
	}
	heap.Push(&l.deadlines, w)
}

func (l *line) remove(w *waiter) {
	l.order.Remove(w.turn)
	if !w.deadline.IsZero() {
		heap.Remove(&l.deadlines, w.index)
	}
}

func (l *line) front() *waiter {
	e := l.order.Front()
	if e == nil {
		return nil
	}
	if w := e.Value.(*waiter); w.deadline.IsZero() {
		return w
	}
	return l.deadlines[0]
}

// takeFirstTurn gives w the first turn, and its own turn to the waiter that had it.
func (l *line) takeFirstTurn(w *waiter) {
	owner := l.order.Front().Value.(*waiter)
	if owner == w || owner.deadline.IsZero() || w.deadline.IsZero() {
		return
	}
	owner.turn, w.turn = w.turn, owner.turn
	owner.turn.Value, w.turn.Value = owner, w
}

func (l *line) firstAfter(earliest time.Time) (found *waiter) {
	for _, w := range l.deadlines {
		if w.deadline.After(earliest) && (found == nil || w.deadline.Before(found.deadline)) {
			found = w
		}
	}
	if found != nil {
		return found
	}
	for e := l.order.Front(); e != nil; e = e.Next() {
		if w := e.Value.(*waiter); w.deadline.IsZero() {
			return w
		}
	}
	return nil
}

// ahead returns how many leave before the newcomer w at least. Those with a deadline do so
// certainly only if none is later than that of w.
func (l *line) ahead(w *waiter) int {
	if !w.deadline.IsZero() && w.deadline.Before(l.latest) {
		return l.order.Len() - len(l.deadlines)
	}
	return l.order.Len()
}

// byDeadline is a heap of waiters, the earliest deadline first, of equal ones the first arrival.
type byDeadline []*waiter

func (b byDeadline) Len() int { return len(b) }

func (b byDeadline) Less(i, j int) bool {
	if b[i].deadline.Equal(b[j].deadline) {
		return b[i].arrival < b[j].arrival
	}
	return b[i].deadline.Before(b[j].deadline)
}

func (b byDeadline) Swap(i, j int) {
	b[i], b[j] = b[j], b[i]
	b[i].index, b[j].index = i, j
}

// Push adds a *waiter at the end.
func (b *byDeadline) Push(x any) {
	w := x.(*waiter)
	w.index = len(*b)
	*b = append(*b, w)
}

// Pop removes the last waiter.
func (b *byDeadline) Pop() any {
	last := len(*b) - 1
	w := (*b)[last]
	(*b)[last] = nil
	*b = (*b)[:last]
	return w
}
