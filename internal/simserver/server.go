package simserver

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Spec describes a server. A server made from it has counted nothing.
type Spec struct {
	// Name is used in tables and names of tests.
	Name string
	// Kind is how the server counts.
	Kind Kind
	// Limit is the number of requests per Window; for [InFlight] at a time.
	Limit int
	// Window is the period of the limit.
	Window time.Duration
	// Phase is the part of a fixed window, 0 to 1, that has passed when the scenario
	// begins. Below 0 the first request begins the first window.
	Phase float64
	// Rounding is how the server writes times.
	Rounding Rounding
	// RoundTrip is the mean time from a request to its response. Each half of it varies
	// evenly by the share Jitter, 0 to 1.
	RoundTrip time.Duration
	Jitter    float64
	// Service is how long the server works on an accepted request, between both halves.
	Service time.Duration
	// Silent servers state no window.
	Silent bool
	// Hostile servers state nonsense: one of a few strange values in each header.
	Hostile bool
}

// Kind is the way in which a server counts.
type Kind int

// The kinds of servers. OnRequest is a fixed window that begins with a request, NextToken a bucket
// whose reset is the time to the next token, Youngest a sliding window whose reset is the time
// until all of its requests have left.
const (
	Fixed Kind = iota
	OnRequest
	Bucket
	NextToken
	Sliding
	Youngest
	InFlight
)

// Policy returns the policy of a server whose scenario begins at start.
func (s Spec) Policy(start time.Time) Policy {
	switch s.Kind {
	case Fixed, OnRequest:
		f := &FixedWindow{Limit: s.Limit, Length: s.Window, OnRequest: s.Kind == OnRequest}
		if s.Phase >= 0 && s.Kind == Fixed {
			f.Start = start.Add(-time.Duration(s.Phase * float64(s.Window)))
		}
		return f
	case Bucket, NextToken:
		return &TokenBucket{Limit: s.Limit, Length: s.Window, NextToken: s.Kind == NextToken}
	case Sliding, Youngest:
		return &SlidingWindow{Limit: s.Limit, Length: s.Window, Youngest: s.Kind == Youngest}
	}
	return &Concurrency{Limit: s.Limit, Service: s.Service}
}

// Event is one request that reached a server.
type Event struct {
	// At is the time of its arrival.
	At time.Time
	// Accepted reports whether it was served.
	Accepted bool
}

// Server is a server with a limit. It is safe for concurrent use.
type Server struct {
	spec Spec

	mu     sync.Mutex
	policy Policy
	random *rand.Rand
	events []Event
}

// New returns a server whose scenario begins now. Equal seeds give equal latencies.
func New(spec Spec, seed uint64) *Server {
	return &Server{spec: spec, policy: spec.Policy(time.Now()), random: rand.New(rand.NewPCG(seed, 1))}
}

// Events returns the requests that have arrived, in order. The caller must not change the slice.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events
}

// half returns the duration of one half of a round trip. s.mu must be held.
func (s *Server) half() time.Duration {
	vary := 1 + s.spec.Jitter*(2*s.random.Float64()-1)
	return time.Duration(float64(s.spec.RoundTrip/2) * vary)
}

// RoundTrip implements [http.RoundTripper]. It takes the time of a round trip, less if the context
// of req ends before.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := context.Background()
	if req != nil {
		ctx = req.Context()
	}
	return s.exchange(ctx)
}

func (s *Server) exchange(ctx context.Context) (*http.Response, error) {
	s.mu.Lock()
	there, back := s.half(), s.half()
	s.mu.Unlock()
	if err := pause(ctx, there); err != nil {
		return nil, err
	}
	resp := &http.Response{Header: make(http.Header, 4), Body: http.NoBody}
	resp.StatusCode = s.decide(resp.Header)
	if resp.StatusCode == http.StatusOK {
		back += s.spec.Service
	}
	if err := pause(ctx, back); err != nil {
		return nil, err
	}
	return resp, nil
}

// ServeHTTP implements [http.Handler]. The network's round trip comes on top of Service.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status := s.decide(w.Header())
	if status == http.StatusOK && pause(r.Context(), s.spec.Service) != nil {
		return
	}
	w.WriteHeader(status)
}

// decide counts one request that arrives now, writes the header of its response and returns the
// status.
func (s *Server) decide(h http.Header) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	d := s.policy.Take(now)
	s.events = append(s.events, Event{now, d.Accepted})
	status := http.StatusOK
	if !d.Accepted {
		status = http.StatusTooManyRequests
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(d.Retry.Seconds()))))
	}
	if s.spec.Silent || s.spec.Kind == InFlight {
		return status
	}
	h.Set("X-Ratelimit-Limit", strconv.Itoa(d.Limit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(d.Remaining))
	h.Set("X-Ratelimit-Reset", strconv.FormatFloat(s.spec.Rounding.Seconds(d.Reset), 'f', -1, 64))
	if s.spec.Hostile {
		for name := range h {
			h.Set(name, nonsense[s.random.IntN(len(nonsense))])
		}
	}
	return status
}

// nonsense has values that a hostile server may write into any header.
var nonsense = []string{
	"", "0", "1", "-5", "31536000", "99999999999999999999", "1772366400", "Inf", "1e9", "soon", "5, 6", "0.0000001",
	"Fri, 31 Dec 9999 23:59:59 GMT",
}

// pause waits for d, or until ctx ends, which is an error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
