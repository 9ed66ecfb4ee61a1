// Package queue orders the requests that wait in a limiter. ratelimit.Local and the Limiter of
// package redislimit use it. redislimit is a module of its own and may be built with a later
// release of this one, so what it calls must stay.
package queue

import (
	"container/heap"
	"container/list"
	"context"
	"iter"
	"time"
)

// Priority orders the waiters of a [Queue]. The values are those of ratelimit.Priority.
type Priority int

// The priorities. First leaves before all others, then three of Normal to one of Low.
const (
	Normal Priority = iota
	Low
	First
)

// lowShare is how many admissions there are to one of Low while both wait.
const lowShare = 4

type priorityKey struct{}

// WithPriority returns a context with the priority p.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// PriorityOf returns the priority of ctx. It returns Normal if ctx has none, or one that is not
// known.
func PriorityOf(ctx context.Context) Priority {
	if p, _ := ctx.Value(priorityKey{}).(Priority); p == Low || p == First {
		return p
	}
	return Normal
}

// Entry is the place of a waiter in a [Queue]. Create it with [NewEntry].
type Entry struct {
	Deadline time.Time // zero if none

	priority Priority
	spare    bool          // it came with more time than a response takes
	turn     *list.Element // in line.order
	arrival  uint64        // its number in the order of arrival in line
	index    int           // in line.deadlines, if it has a deadline
}

// NewEntry returns the entry of a request that arrives at now with the priority of ctx. The
// deadline is zero if it has none. responseTime is the time that nearly no response exceeds.
func NewEntry(ctx context.Context, now, deadline time.Time, responseTime time.Duration) Entry {
	return Entry{Deadline: deadline, priority: PriorityOf(ctx), spare: deadline.Sub(now) > responseTime}
}

// TooLate reports whether a place at the time at is too late for e: the deadline has passed by
// then, or less than responseTime is left. The latter does not count if e came with less time than
// that. TooLate also returns the time at which e would need to be over, which includes
// responseTime if that decides.
func (e *Entry) TooLate(at time.Time, responseTime time.Duration) (needed time.Time, tooLate bool) {
	if e.Deadline.IsZero() {
		return at, false
	}
	if !at.After(e.Deadline) && e.spare {
		at = at.Add(responseTime)
	}
	return at, !at.Before(e.Deadline)
}

func (e *Entry) entry() *Entry { return e }

// Waiter is a pointer to a struct that embeds an [Entry].
type Waiter interface{ entry() *Entry }

// Queue holds the waiters, a line for each priority. The zero value is empty. A Queue must not be
// used by several goroutines at once.
type Queue[W Waiter] struct {
	lines  [First + 1]line[W]
	passed int // how many Normal ones left in a row while a Low one waited
}

// Len returns how many wait.
func (q *Queue[W]) Len() int {
	return q.lines[Normal].order.Len() + q.lines[Low].order.Len() + q.lines[First].order.Len()
}

// Push adds w.
func (q *Queue[W]) Push(w W) { q.lines[w.entry().priority].push(w) }

// Remove removes w, which must be in q.
func (q *Queue[W]) Remove(w W) { q.lines[w.entry().priority].remove(w) }

// Front returns the waiter that leaves next. It reports false if nobody waits.
func (q *Queue[W]) Front() (w W, ok bool) {
	if first, ok := q.lines[First].front(); ok {
		return first, true
	}
	normal, hasNormal := q.lines[Normal].front()
	low, hasLow := q.lines[Low].front()
	if !hasNormal || hasLow && q.passed >= lowShare-1 {
		return low, hasLow
	}
	return normal, true
}

// FirstAfter returns the waiter that leaves first, of those with the priority of w and no deadline
// or one after earliest. It reports false if there is none. It looks at all of them: call it for a
// probe only.
func (q *Queue[W]) FirstAfter(w W, earliest time.Time) (found W, ok bool) {
	return q.lines[w.entry().priority].firstAfter(earliest)
}

// Admit notes that w leaves, and removes it. It uses the first turn in its line.
func (q *Queue[W]) Admit(w W) {
	p := w.entry().priority
	q.lines[p].takeFirstTurn(w)
	switch {
	case p == First:
	case p == Normal && q.lines[Low].order.Len() > 0:
		q.passed++
	default:
		q.passed = 0
	}
	q.Remove(w)
}

// All returns all waiters, line by line, in the order of their turns. The loop may remove the
// waiter that it is at.
func (q *Queue[W]) All() iter.Seq[W] {
	return func(yield func(W) bool) {
		for i := range q.lines {
			var next *list.Element
			for e := q.lines[i].order.Front(); e != nil; e = next {
				next = e.Next()
				if !yield(e.Value.(W)) {
					return
				}
			}
		}
	}
}

// Ahead returns how many waiters leave before the newcomer w at least, if nobody else comes.
func (q *Queue[W]) Ahead(w W) int {
	first, normal := q.lines[First].order.Len(), q.lines[Normal].order.Len()
	p := w.entry().priority
	n := q.lines[p].ahead(w.entry())
	switch p {
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
type line[W Waiter] struct {
	order     list.List // of W, the first turn first
	deadlines byDeadline[W]
	latest    time.Time // no waiter has a later deadline
	arrivals  uint64
}

func (l *line[W]) push(w W) {
	l.arrivals++
	e := w.entry()
	e.arrival = l.arrivals
	e.turn = l.order.PushBack(w)
	if e.Deadline.IsZero() {
		return
	}
	if len(l.deadlines) == 0 || e.Deadline.After(l.latest) {
		l.latest = e.Deadline
	}
	heap.Push(&l.deadlines, w)
}

func (l *line[W]) remove(w W) {
	e := w.entry()
	l.order.Remove(e.turn)
	if !e.Deadline.IsZero() {
		heap.Remove(&l.deadlines, e.index)
	}
}

func (l *line[W]) front() (w W, ok bool) {
	e := l.order.Front()
	if e == nil {
		return w, false
	}
	if w = e.Value.(W); w.entry().Deadline.IsZero() {
		return w, true
	}
	return l.deadlines[0], true
}

// takeFirstTurn gives w the first turn, and its own turn to the waiter that had it.
func (l *line[W]) takeFirstTurn(w W) {
	first := l.order.Front()
	owner, e := first.Value.(W).entry(), w.entry()
	if owner.Deadline.IsZero() || e.Deadline.IsZero() {
		return
	}
	first.Value, e.turn.Value = e.turn.Value, first.Value
	owner.turn, e.turn = e.turn, owner.turn
}

func (l *line[W]) firstAfter(earliest time.Time) (found W, ok bool) {
	var deadline time.Time
	for _, w := range l.deadlines {
		if d := w.entry().Deadline; d.After(earliest) && (!ok || d.Before(deadline)) {
			found, deadline, ok = w, d, true
		}
	}
	if ok {
		return found, true
	}
	for e := l.order.Front(); e != nil; e = e.Next() {
		if w := e.Value.(W); w.entry().Deadline.IsZero() {
			return w, true
		}
	}
	return found, false
}

// ahead returns how many leave before the newcomer e at least. Those with a deadline do so
// certainly only if none is later than that of e.
func (l *line[W]) ahead(e *Entry) int {
	if !e.Deadline.IsZero() && e.Deadline.Before(l.latest) {
		return l.order.Len() - len(l.deadlines)
	}
	return l.order.Len()
}

// byDeadline is a heap of waiters, the earliest deadline first, of equal ones the first arrival.
type byDeadline[W Waiter] []W

func (b byDeadline[W]) Len() int { return len(b) }

func (b byDeadline[W]) Less(i, j int) bool {
	x, y := b[i].entry(), b[j].entry()
	if x.Deadline.Equal(y.Deadline) {
		return x.arrival < y.arrival
	}
	return x.Deadline.Before(y.Deadline)
}

func (b byDeadline[W]) Swap(i, j int) {
	b[i], b[j] = b[j], b[i]
	b[i].entry().index, b[j].entry().index = i, j
}

// Push adds a W at the end.
func (b *byDeadline[W]) Push(x any) {
	w := x.(W)
	w.entry().index = len(*b)
	*b = append(*b, w)
}

// Pop removes the last waiter.
func (b *byDeadline[W]) Pop() any {
	last := len(*b) - 1
	w := (*b)[last]
	var none W
	(*b)[last] = none
	*b = (*b)[:last]
	return w
}
