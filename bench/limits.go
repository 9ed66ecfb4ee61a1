package main

import (
	"math"
	"time"
)

// The ways in which servers limit.
const (
	fixedWindow   = "fixed window"
	tokenBucket   = "token bucket"
	slidingWindow = "sliding window"
	inFlight      = "concurrency"
)

// limit is what a server allows: requests per second, or at a time.
type limit struct {
	Kind    string
	N       int           // per second; for inFlight, at a time
	Service time.Duration // how long the server works on a request
}

// answer is what a budget says to a request.
type answer struct {
	ok        bool
	remaining int
	reset     time.Duration // until all is as before the first request: X-RateLimit-Reset
	retry     time.Duration // until one more request passes: Retry-After
}

// budget decides about requests. Its clock starts with the first one.
type budget interface {
	take(at time.Duration) answer
	// allowed is how many requests a client could get through in the time d from the first one.
	allowed(d time.Duration) int
}

func newBudget(l limit) budget {
	switch l.Kind {
	case fixedWindow:
		return &window{n: l.N}
	case tokenBucket:
		return &bucket{n: l.N}
	case slidingWindow:
		return &sliding{n: l.N}
	}
	return nil // inFlight is not about time
}

// window allows n in each second.
type window struct{ n, number, used int }

func (w *window) take(at time.Duration) answer {
	if number := int(at / time.Second); number > w.number {
		w.number, w.used = number, 0
	}
	reset := time.Duration(w.number+1)*time.Second - at
	if w.used == w.n {
		return answer{false, 0, reset, reset}
	}
	w.used++
	return answer{true, w.n - w.used, reset, 0}
}

func (w *window) allowed(d time.Duration) int { return w.n * int((d+time.Second-1)/time.Second) }

// bucket holds n and gets n more per second. It is counted in whole nanoseconds, so that sums come out even.
type bucket struct {
	n    int
	full time.Duration // when it is full again
}

func (b *bucket) take(at time.Duration) answer {
	each := time.Second / time.Duration(b.n)
	b.full = max(b.full, at)
	room := time.Duration(b.n)*each - (b.full - at)
	if room < each {
		return answer{false, 0, b.full - at, each - room}
	}
	b.full += each
	return answer{true, int(room/each) - 1, b.full - at, 0}
}

func (b *bucket) allowed(d time.Duration) int { return b.n + int(float64(b.n)*d.Seconds()) }

// sliding allows n in any stretch of a second.
type sliding struct {
	n     int
	taken []time.Duration // in the last second, oldest first
}

func (s *sliding) take(at time.Duration) answer {
	for len(s.taken) > 0 && at-s.taken[0] >= time.Second {
		s.taken = s.taken[1:]
	}
	if len(s.taken) == s.n {
		return answer{false, 0, time.Second - (at - s.taken[s.n-1]), time.Second - (at - s.taken[0])}
	}
	s.taken = append(s.taken, at)
	return answer{true, s.n - len(s.taken), time.Second, 0}
}

func (s *sliding) allowed(d time.Duration) int { return s.n * int((d+time.Second-1)/time.Second) }

// wholeSeconds is how servers write a time, rounded up.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
