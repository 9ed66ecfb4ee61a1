package ratelimit_test

import (
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sim is a server with fixed windows, for synctest bubbles. Only time.Sleep takes time in it.
type sim struct {
	limit   int           // per window
	every   time.Duration // length of a window
	latency func() time.Duration
	header  func(h http.Header, limit, remaining int, reset time.Duration)

	mu       sync.Mutex
	start    time.Time
	used     map[int]int // per window
	inFlight int
	busiest  int
	refused  int
	arrivals []time.Time
}

func newSim(limit int, every time.Duration) *sim {
	return &sim{
		limit: limit, every: every, start: time.Now(), used: map[int]int{},
		latency: func() time.Duration { return 10 * time.Millisecond },
		header:  headerOf(math.Ceil),
	}
}

// headerOf returns a function that writes Confluent's headers, with the seconds rounded by round.
func headerOf(round func(float64) float64) func(http.Header, int, int, time.Duration) {
	return func(h http.Header, limit, remaining int, reset time.Duration) {
		h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
		h.Set("X-RateLimit-Remaining", strconv.Itoa(remaining))
		h.Set("X-RateLimit-Reset", strconv.FormatFloat(round(reset.Seconds()), 'f', -1, 64))
	}
}

func exact(f float64) float64 { return f }

func (s *sim) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.inFlight++
	s.busiest = max(s.busiest, s.inFlight)
	there, back := s.latency(), s.latency()
	s.mu.Unlock()
	time.Sleep(there)
	resp := s.serve(time.Now())
	time.Sleep(back)
	s.mu.Lock()
	s.inFlight--
	s.mu.Unlock()
	return resp, req.Context().Err()
}

func (s *sim) serve(now time.Time) *http.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals = append(s.arrivals, now)
	n := int(now.Sub(s.start) / s.every)
	reset := s.start.Add(time.Duration(n+1) * s.every).Sub(now)
	resp := respond(http.StatusOK)
	if s.used[n] == s.limit {
		s.refused++
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(reset.Seconds()))))
	} else {
		s.used[n]++
	}
	if s.header != nil {
		s.header(resp.Header, s.limit, s.limit-s.used[n], reset)
	}
	return resp
}

// respond returns a response with the headers, which are pairs of a name and a value.
func respond(status int, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("ok"))}
	for i := 0; i < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// withCounts returns a 200 with Confluent's headers.
func withCounts(limit, remaining, reset int) *http.Response {
	return respond(http.StatusOK,
		"X-RateLimit-Limit", strconv.Itoa(limit),
		"X-RateLimit-Remaining", strconv.Itoa(remaining),
		"X-RateLimit-Reset", strconv.Itoa(reset))
}
