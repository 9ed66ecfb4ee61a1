package queue

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type request struct {
	Entry
	name string
}

var begin = time.Unix(1000, 0)

// pushed returns a queue with a request for each name, in this order, with a deadline after so many
// seconds (0 for none).
func pushed(t *testing.T, p Priority, q *Queue[*request], names string, deadlines ...int) *Queue[*request] {
	t.Helper()
	for i, name := range names {
		var deadline time.Time
		if i < len(deadlines) && deadlines[i] > 0 {
			deadline = begin.Add(time.Duration(deadlines[i]) * time.Second)
		}
		q.Push(&request{NewEntry(WithPriority(t.Context(), p), begin, deadline, 0), string(name)})
	}
	return q
}

// drain returns the names of all requests in the order in which they leave.
func drain(q *Queue[*request]) string {
	order := ""
	for w, ok := q.Front(); ok; w, ok = q.Front() {
		order += w.name
		q.Admit(w)
	}
	return order
}

// First leaves before all others, then three of Normal to one of Low. A deadline takes effect
// within a priority.
func TestOrderOfPrioritiesAndDeadlines(t *testing.T) {
	q := pushed(t, Low, new(Queue[*request]), "abc", 0, 9, 1)
	pushed(t, Normal, q, "NOPQRS", 5, 0, 2)
	pushed(t, First, q, "xy", 0, 1)
	assert.Equal(t, 11, q.Len())
	assert.Len(t, slices.Collect(q.All()), 11)
	assert.Equal(t, "xy"+"PON"+"a"+"QRS"+"cb", drain(q))
	assert.Zero(t, q.Len())
	_, ok := q.Front()
	assert.False(t, ok)
}

// A request that goes away takes no other one's turn or deadline with it.
func TestRemovedRequestsLeaveTheOthersInOrder(t *testing.T) {
	q := pushed(t, Normal, new(Queue[*request]), "abcd", 4, 0, 1, 3)
	for w := range q.All() {
		if w.name == "c" || w.name == "b" {
			q.Remove(w)
		}
	}
	for range q.All() {
		break
	}
	assert.Equal(t, "da", drain(q))
}

func TestUnknownPrioritiesCountAsNormal(t *testing.T) {
	assert.Equal(t, Normal, PriorityOf(t.Context()))
	for p, want := range map[Priority]Priority{Normal: Normal, Low: Low, First: First, -1: Normal, 3: Normal} {
		assert.Equal(t, want, PriorityOf(WithPriority(t.Context(), p)))
	}
}

// A place is too late if a response does not fit before the deadline, unless it did not fit when
// the request came.
func TestTooLate(t *testing.T) {
	const responseTime = 3 * time.Second
	for name, tt := range map[string]struct {
		deadline, at, needed int // seconds
		tooLate              bool
	}{
		"a response fits":                    {10, 6, 9, false},
		"a response ends with the deadline":  {10, 7, 10, true},
		"no response fits":                   {10, 8, 11, true},
		"at the deadline":                    {10, 10, 13, true},
		"after the deadline":                 {10, 11, 11, true},
		"no response fitted at the arrival":  {3, 2, 2, false},
		"a response just fitted":             {4, 0, 3, false},
		"none fitted, after the deadline":    {3, 3, 3, true},
		"no deadline, however late it would": {0, 1e6, 1e6, false},
	} {
		var deadline time.Time
		if tt.deadline > 0 {
			deadline = begin.Add(time.Duration(tt.deadline) * time.Second)
		}
		e := NewEntry(t.Context(), begin, deadline, responseTime)
		needed, tooLate := e.TooLate(begin.Add(time.Duration(tt.at)*time.Second), responseTime)
		assert.Equal(t, tt.tooLate, tooLate, name)
		assert.Equal(t, time.Duration(tt.needed)*time.Second, needed.Sub(begin), name)
	}
}

// The first one after a time is the one with the earliest deadline after it, else one without.
func TestFirstAfter(t *testing.T) {
	q := pushed(t, Normal, new(Queue[*request]), "abcd", 1, 9, 0, 5)
	front, ok := q.Front()
	require.True(t, ok)
	for after, want := range map[int]string{0: "a", 1: "d", 4: "d", 5: "b", 9: "c"} {
		found, ok := q.FirstAfter(front, begin.Add(time.Duration(after)*time.Second))
		require.True(t, ok)
		assert.Equal(t, want, found.name, after)
	}
	q = pushed(t, Normal, new(Queue[*request]), "a", 1)
	front, _ = q.Front()
	_, ok = q.FirstAfter(front, begin.Add(time.Second))
	assert.False(t, ok)
}

// Requests of First take no turn from Low: the fourth after three of Normal is one of Low, however
// many of First left in between.
func TestFirstDoesNotDelayLow(t *testing.T) {
	q := pushed(t, Low, new(Queue[*request]), "a")
	pushed(t, Normal, q, "NOPQ")
	for range 2 {
		w, _ := q.Front()
		q.Admit(w)
	}
	pushed(t, First, q, "x")
	assert.Equal(t, "x"+"P"+"a"+"Q", drain(q))
}

// A heap alone keeps no order of equal elements.
func TestEqualDeadlinesLeaveInTheOrderOfArrival(t *testing.T) {
	q := pushed(t, Normal, new(Queue[*request]), "abcdefgh", 5, 5, 5, 5, 5, 5, 5, 5)
	assert.Equal(t, "abcdefgh", drain(q))
}

// Only two requests with a deadline change turns. One without a deadline keeps the first turn if
// another one leaves as the probe.
func TestRequestWithoutADeadlineKeepsItsTurn(t *testing.T) {
	q := pushed(t, Normal, new(Queue[*request]), "abc", 0, 0, 5)
	front, _ := q.Front()
	probe, ok := q.FirstAfter(front, begin)
	require.True(t, ok)
	require.Equal(t, "c", probe.name)
	q.Admit(probe)
	assert.Equal(t, "ab", drain(q))
}

// Those that leave before a newcomer: all of First, of Low one to three of Normal, and of its own
// priority all but those whose deadline may be later than its own.
func TestAhead(t *testing.T) {
	q := pushed(t, Low, new(Queue[*request]), "abc")
	pushed(t, Normal, q, "NOPQRST", 0, 0, 0, 0, 0, 2, 9)
	pushed(t, First, q, "xy")
	for name, tt := range map[string]struct {
		priority Priority
		deadline int // seconds, 0 for none
		want     int
	}{
		"First":                           {First, 0, 2},
		"Low":                             {Low, 0, 2 + 7 + 3},
		"Normal":                          {Normal, 0, 2 + 7 + 2},
		"Normal, the latest deadline":     {Normal, 9, 2 + 7 + 2},
		"Normal, before another deadline": {Normal, 8, 2 + 5 + 1},
	} {
		var deadline time.Time
		if tt.deadline > 0 {
			deadline = begin.Add(time.Duration(tt.deadline) * time.Second)
		}
		w := &request{NewEntry(WithPriority(t.Context(), tt.priority), begin, deadline, 0), "new"}
		assert.Equal(t, tt.want, q.Ahead(w), name)
	}
}
