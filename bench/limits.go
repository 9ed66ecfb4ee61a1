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

	fewInFlight      = "concurrency of 4"
	changingInFlight = "concurrency of 16, 4, 16"
	phasedWindow     = "fixed window, resets rounded down"
)

// limit is the budget of a server: requests per second, or at a time.
type limit struct {
	Kind    string
	N       int           // per second, or at a time
	Service time.Duration // of each request

	Steps []int         // replaces N: requests at a time, in periods of Every
	Every time.Duration // the last of Steps stays
	Phase time.Duration // the part of the first window that has passed at the first request
	Down  bool          // X-RateLimit-Reset is rounded down, not up
}

// atOnce returns how many requests the server works on at a time.
func (l limit) atOnce(at time.Duration) int {
	if len(l.Steps) == 0 {
		return l.N
	}
	return l.Steps[min(int(at/l.Every), len(l.Steps)-1)]
}

// served returns how many requests a server that counts them at a time can serve in the time d.
func (l limit) served(d time.Duration) int {
	if len(l.Steps) == 0 {
		return int(float64(l.N) * float64(d) / float64(l.Service))
	}
	n, last := 0.0, len(l.Steps)-1
	for i, step := range l.Steps {
		from, to := time.Duration(i)*l.Every, time.Duration(i+1)*l.Every
		if i == last {
			to = d
		}
		if from < d {
			n += float64(step) * float64(min(to, d)-from) / float64(l.Service)
		}
	}
	return int(n)
}

// seconds returns d as the server writes it in X-RateLimit-Reset.
func (l limit) seconds(d time.Duration) int {
	if l.Down {
		return int(d / time.Second)
	}
	return wholeSeconds(d)
}

// answer is the response of a budget to a request.
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
	case fixedWindow, phasedWindow:
		return &window{n: l.N, phase: l.Phase}
	case tokenBucket:
		return &bucket{n: l.N}
	case slidingWindow:
		return &sliding{n: l.N}
	}
	return nil // requests at a time are not about time
}

// window allows n in each second. The first second has begun before the first request, by phase.
type window struct {
	n            int
	phase        time.Duration
	number, used int
}

func (w *window) take(at time.Duration) answer {
	at += w.phase
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

func (w *window) allowed(d time.Duration) int {
	return w.n * int((d+w.phase+time.Second-1)/time.Second)
}

// begins returns when the window begins, from the first request, in which the n-th request is
// accepted at the earliest.
func (w *window) begins(n int) time.Duration {
	return max(0, time.Duration((n-1)/w.n)*time.Second-w.phase)
}

// bucket holds n and gets n more per second. It is counted in whole nanoseconds, so that sums come
// out even.
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
