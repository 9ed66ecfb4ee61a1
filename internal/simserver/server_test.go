package simserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

func accepted(p Policy, at ...time.Duration) (n int) {
	for _, d := range at {
		if p.Take(time.Unix(1000, 0).Add(d)).Accepted {
			n++
		}
	}
	return n
}

// Each policy accepts what it allows and no more, and says when it accepts again.
func TestPolicies(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		policy Policy
		free   time.Duration // after requests at 0, 0 and 0.4 s; two are accepted
		again  int           // accepted of three at 1.1 s
	}{
		"fixed":       {&FixedWindow{Limit: 2, Length: s}, s, 2},
		"on request":  {&FixedWindow{Limit: 2, Length: s, OnRequest: true}, s, 2},
		"bucket":      {&TokenBucket{Limit: 2, Length: s}, s / 2, 2},
		"sliding":     {&SlidingWindow{Limit: 2, Length: s}, s, 2},
		"concurrency": {&Concurrency{Limit: 2, Service: 450 * ms}, 450 * ms, 2},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, 2, accepted(tt.policy, 0, 0, 400*ms))
			now := time.Unix(1000, 0).Add(400 * ms)
			assert.Equal(t, time.Unix(1000, 0).Add(tt.free), tt.policy.Free(now))
			assert.Equal(t, tt.again, accepted(tt.policy, 1100*ms, 1100*ms, 1100*ms))
		})
	}
}

// A window that begins with a request ends one length after it; others follow the server's clock.
func TestWindowsThatBeginWithARequest(t *testing.T) {
	clock := &FixedWindow{Limit: 1, Length: time.Second}
	request := &FixedWindow{Limit: 1, Length: time.Second, OnRequest: true}
	assert.Equal(t, 3, accepted(clock, 0, 1500*ms, 2100*ms))
	assert.Equal(t, 2, accepted(request, 0, 1500*ms, 2100*ms))
}

func TestResets(t *testing.T) {
	at := func(p Policy, d time.Duration) time.Duration { return p.Take(time.Unix(1000, 0).Add(d)).Reset }
	oldest := &SlidingWindow{Limit: 9, Length: time.Second}
	youngest := &SlidingWindow{Limit: 9, Length: time.Second, Youngest: true}
	full := &TokenBucket{Limit: 10, Length: time.Second}
	next := &TokenBucket{Limit: 10, Length: time.Second, NextToken: true}
	for _, p := range []Policy{oldest, youngest, full, next} {
		at(p, 0)
	}
	assert.Equal(t, 700*ms, at(oldest, 300*ms))
	assert.Equal(t, time.Second, at(youngest, 300*ms))
	assert.Equal(t, 200*ms, at(full, 0))
	assert.Zero(t, at(next, 0))
}

func TestRoundings(t *testing.T) {
	for r, want := range map[Rounding]float64{Up: 2, Down: 1, Nearest: 1, Exact: 1.4} {
		assert.InDelta(t, want, r.Seconds(1400*ms), 1e-9, r.String())
	}
}

// The oracle gets all that a server allows, and no limiter more.
func TestOracle(t *testing.T) {
	load := Load{Rate: 3, Deadlines: []float64{1}, Windows: 12}
	s := Scenario{Spec{Kind: Fixed, Limit: 10, Window: time.Second}, load}
	assert.InDelta(t, 100, Oracle(s, 1), 10)
	s.Load = Closed(20, 12)
	assert.Equal(t, 100, Oracle(s, 1))
	r := play(t, s, nil)
	assert.LessOrEqual(t, r.Good, 100)
	assert.Positive(t, r.Refused)
}

// Deadlines, priorities and pauses are as the load says, and equal seeds give equal calls.
func TestCalls(t *testing.T) {
	s := Scenario{Spec{Limit: 100, Window: time.Second}, OtherLoads(20)[2]}
	calls := s.Calls(1)
	assert.Equal(t, calls, s.Calls(1))
	assert.NotEqual(t, calls, s.Calls(2))
	assert.InDelta(t, 1.5*100*12, len(calls), 200)
	for _, c := range calls {
		assert.Less(t, int(c.At/time.Second)%5, 3, "there is a pause")
	}
	s.Load = OtherLoads(20)[3]
	calls = s.Calls(1)
	assert.Equal(t, ratelimit.Low, calls[1].Priority)
	assert.Equal(t, time.Second/2, calls[0].Within)
}

// A server answers over a real connection, and a hostile one does not stop a limiter.
func TestLoopback(t *testing.T) {
	s := New(Spec{Kind: Fixed, Limit: 1, Window: time.Hour}, 1)
	server := httptest.NewServer(s)
	defer server.Close()
	var statuses []int
	for range 2 {
		resp, err := http.Get(server.URL)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		statuses = append(statuses, resp.StatusCode)
		assert.Equal(t, "1", resp.Header.Get("X-Ratelimit-Limit"))
	}
	assert.Equal(t, []int{200, 429}, statuses)
	assert.Len(t, s.Events(), 2)
}

func TestHostileAndSilentServers(t *testing.T) {
	for name, spec := range map[string]Spec{
		"hostile": {Kind: Fixed, Limit: 10, Window: time.Second, Hostile: true},
		"silent":  {Kind: Fixed, Limit: 1000, Window: time.Second, Silent: true},
	} {
		t.Run(name, func(t *testing.T) {
			spec.RoundTrip = 10 * ms
			r := play(t, Scenario{spec, Load{Rate: 0.5, Deadlines: []float64{2}, Windows: 100}}, newLocal)
			assert.Positive(t, r.Good)
		})
	}
}

func TestRoundTripEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Spec{Kind: Fixed, Limit: 1, Window: time.Second, RoundTrip: time.Minute}, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://server.example/", nil)
		require.NoError(t, err)
		_, err = s.RoundTrip(req)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Empty(t, s.Events())
	})
}
