package simserver

import (
	"container/heap"
	"time"
)

// Oracle returns how many calls of s succeed after the warm-up and before the end of the load, for
// a client that knows the server's clock and sends the call with the earliest deadline first. Calls
// are those of [Scenario.Calls] with the same seed. For a closed load it is the number of requests
// that the server can accept.
func Oracle(s Scenario, seed uint64) int {
	start := time.Unix(0, 0)
	policy := s.Server.Policy(start)
	if s.Load.Workers > 0 {
		return capacity(policy, start, s)
	}
	// Everything happens at the server's time: a call is there half a round trip after it was made,
	// and its response needs the other half.
	half := s.Server.RoundTrip / 2
	var waiting byDeadline
	good, now := 0, start
	calls := s.Calls(seed)
	for len(calls) > 0 || len(waiting) > 0 {
		if len(waiting) == 0 {
			now = latest(now, start.Add(calls[0].At+half))
		}
		now = latest(now, policy.Free(now))
		for len(calls) > 0 && !start.Add(calls[0].At+half).After(now) {
			heap.Push(&waiting, calls[0])
			calls = calls[1:]
		}
		if len(waiting) == 0 {
			continue
		}
		c := heap.Pop(&waiting).(Call)
		if now.Add(half + s.Server.Service).After(start.Add(c.At + c.Within)) {
			continue // too late
		}
		if policy.Take(now).Accepted && s.counts(now.Add(half+s.Server.Service).Sub(start)) {
			good++
		}
	}
	return good
}

// capacity returns how many requests policy accepts after the warm-up.
func capacity(policy Policy, start time.Time, s Scenario) (n int) {
	end := start.Add(s.Duration())
	for now := policy.Free(start); now.Before(end); now = policy.Free(now) {
		if policy.Take(now).Accepted && !now.Before(start.Add(s.Warm())) {
			n++
		}
	}
	return n
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// byDeadline is a heap of calls, the one with the earliest deadline first.
type byDeadline []Call

func (b byDeadline) Len() int           { return len(b) }
func (b byDeadline) Less(i, j int) bool { return b[i].At+b[i].Within < b[j].At+b[j].Within }
func (b byDeadline) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *byDeadline) Push(x any)        { *b = append(*b, x.(Call)) }
func (b *byDeadline) Pop() any {
	n := len(*b) - 1
	last := (*b)[n]
	*b = (*b)[:n]
	return last
}
