package fakehttp

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRateLimitWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCounter(t, Config{Listen: Memory, Limit: 2, Window: 10 * time.Second,
			Auth: func(r *Request) (string, *Response) {
				if r.Header.Get("Authorization") == "none" {
					return "", &Response{Status: 401}
				}
				return r.Header.Get("Authorization"), nil
			}})
		call := func(who string) string {
			req, _ := http.NewRequest("GET", c.URL+"/n", nil)
			req.Header.Set("Authorization", who)
			resp, err := c.HTTPClient().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode == 429 && len(body) > 0 {
				t.Errorf("429 with a body: %s", body)
			}
			h := resp.Header
			return strings.TrimRight(fmt.Sprintln(resp.StatusCode, h.Get("X-RateLimit-Limit"),
				h.Get("X-RateLimit-Remaining"),
				h.Get("X-RateLimit-Reset"), h.Get("Retry-After")), " \n")
		}
		start := time.Now()
		for _, step := range []struct {
			at        time.Duration
			who, want string
		}{
			{0, "ann", "200 2 1 10"},
			{3500 * time.Millisecond, "ann", "200 2 0 7"},
			{3500 * time.Millisecond, "ann", "429 2 0 7 7"},
			{3500 * time.Millisecond, "bob", "200 2 1 10"},
			{9999 * time.Millisecond, "ann", "429 2 0 1 1"},
			{10 * time.Second, "ann", "200 2 1 10"},
			{13400 * time.Millisecond, "bob", "200 2 0 1"},
			{13500 * time.Millisecond, "bob", "200 2 1 10"},
			{40 * time.Second, "none", "401"},
			{40 * time.Second, "none", "401"},
			{40 * time.Second, "none", "429 2 0 10 10"},
		} {
			time.Sleep(time.Until(start.Add(step.at)))
			if got := call(step.who); got != step.want {
				t.Errorf("%v %s: %q, want %q", step.at, step.who, got, step.want)
			}
		}
	})
}

func TestSuccessWithoutContentHasTheQuota(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory, Limit: 1, Window: time.Minute})
	first, second := c.do(t, "POST", "/n:check", ""), c.do(t, "POST", "/n:check", "")
	if first.status != 204 || first.header.Get("X-RateLimit-Limit") != "1" || first.header.Get(RequestIDHeader) == "" {
		t.Errorf("%+v", first)
	}
	if second.status != 429 || second.header.Get("X-RateLimit-Limit") != "1" ||
		second.header.Get(RequestIDHeader) == "" {
		t.Errorf("%+v", second)
	}
}

func TestMaxInFlightAndLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCounter(t, Config{Listen: Memory, MaxInFlight: 3, Latency: time.Second})
		var ok, limited atomic.Int64
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				switch r := c.do(t, "POST", "/n", ""); {
				case r.status == 200:
					ok.Add(1)
				case r.status == 429 && r.header.Get("Retry-After") == "1" && r.body == "":
					limited.Add(1)
				default:
					t.Errorf("%+v", r)
				}
			})
		}
		start := time.Now()
		wg.Wait()
		if ok.Load() != 3 || limited.Load() != 2 || c.n.Load() != 3 {
			t.Errorf("%d served, %d limited, %d in effect", ok.Load(), limited.Load(), c.n.Load())
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("took %v", d)
		}
		// One call after another never exceeds the limit.
		for range 4 {
			if r := c.do(t, "GET", "/n", ""); r.status != 200 {
				t.Errorf("%+v", r)
			}
		}
	})
}

// The delay simulates a network, so refused calls have it too.
func TestLatencyDelaysRefusedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCounter(t, Config{Listen: Memory, Limit: 1, Window: time.Hour, Latency: time.Second})
		for _, path := range []string{"/n", "/n", "/nowhere"} { // served, over the limit, not routed
			start := time.Now()
			r := c.do(t, "POST", path, "")
			if d := time.Since(start); d != time.Second {
				t.Errorf("%s: %d took %v, not 1 s", path, r.status, d)
			}
		}
	})
}

// A client can send its next call as soon as it has a response.
func TestPlaceIsFreeOnceAnswered(t *testing.T) {
	everyway(t, func(t *testing.T, listen Listen) {
		c := startCounter(t, Config{Listen: listen, MaxInFlight: 1})
		for range 200 {
			if r := c.do(t, "GET", "/n", ""); r.status != 200 {
				t.Fatalf("%+v", r)
			}
		}
	})
}
