package fakehttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fault   Fault
		status  int
		body    string
		cut     bool  // no response
		partial bool  // the error is within the body
		applied int64 // number of additions with effect afterwards
	}{
		{name: "status", fault: Fault{Status: 503}, status: 503},
		{name: "status with body", fault: Fault{Status: 502, Body: "<html>"}, status: 502, body: "<html>"},
		{name: "applied, then status", fault: Fault{Status: 500, Apply: true, Body: `{}`}, status: 500, body: `{}`,
			applied: 1},
		{name: "unread", fault: Fault{Unread: true}, cut: true},
		{name: "lost", fault: Fault{Lost: true}, cut: true},
		{name: "applied, then lost", fault: Fault{Lost: true, Apply: true}, cut: true, applied: 1},
		{name: "own response truncated", fault: Fault{Truncate: true}, status: 200, body: `{"n`, partial: true,
			applied: 1},
		{name: "fault's response truncated", fault: Fault{Status: 200, Body: "abcdef", Truncate: true}, status: 200,
			body: "abc", partial: true},
		{name: "empty response truncated", fault: Fault{Status: 500, Truncate: true}, status: 500, partial: true},
		{name: "own response with another body", fault: Fault{Body: "text"}, status: 200, body: "text", applied: 1},
		{name: "empty success", fault: Fault{Status: 200}, status: 200},
		{name: "by method and path", fault: Fault{Method: "POST", Path: "/n", Status: 418}, status: 418},
		{name: "by operation", fault: Fault{Operation: "add", Status: 418}, status: 418},
		{name: "after a short wait", fault: Fault{Delay: time.Millisecond}, status: 200, body: `{"n":1}`, applied: 1},
		{name: "applied, then a short wait", fault: Fault{Delay: time.Millisecond, Apply: true}, status: 200,
			body: `{"n":1}`, applied: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			everyway(t, func(t *testing.T, listen Listen) {
				c := startCounter(t, Config{Listen: listen})
				c.do(t, "GET", "/n", "") // a reused connection, on which net/http could retry by itself
				c.Inject(tt.fault)
				got := c.do(t, "POST", "/n", strings.Repeat("x", 1<<16))
				switch {
				case tt.cut && got.err == nil, tt.cut && got.status != 0:
					t.Errorf("no cut: %+v", got)
				case tt.partial && got.err == nil:
					t.Error("the body came whole")
				case !tt.cut && !tt.partial && got.err != nil:
					t.Error(got.err)
				}
				if got.status != tt.status || got.body != tt.body {
					t.Errorf("%d %q", got.status, got.body)
				}
				if n := c.n.Load(); n != tt.applied {
					t.Errorf("%d adds took effect", n)
				}
				if calls := c.Calls(); len(calls) != 2 || calls[1].Status != tt.status {
					t.Errorf("calls %v", calls)
				} else if want := map[bool]int{false: 1 << 16, true: 0}[tt.fault.Unread]; len(calls[1].Body) != want {
					t.Errorf("%d bytes of body read", len(calls[1].Body))
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A response without a body can't be cut within it, and must not look like a success.
func TestTruncateWithoutABody(t *testing.T) {
	everyway(t, func(t *testing.T, listen Listen) {
		for name, tt := range map[string]struct {
			method, path string
			fault        Fault
		}{
			"own 204":        {"POST", "/n:check", Fault{Truncate: true}},
			"204":            {"POST", "/n", Fault{Status: 204, Apply: true, Truncate: true}},
			"304":            {"GET", "/n", Fault{Status: 304, Truncate: true}},
			"answer to HEAD": {"HEAD", "/n", Fault{Truncate: true}},
		} {
			t.Run(name, func(t *testing.T) {
				c := startCounter(t, Config{Listen: listen})
				c.Inject(tt.fault)
				if got := c.do(t, tt.method, tt.path, ""); got.err == nil || got.status != 0 {
					t.Errorf("no cut: %+v", got)
				}
				if calls := c.Calls(); len(calls) != 1 || calls[0].Status != 0 {
					t.Errorf("calls %v", calls)
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// Users see this text in the errors of their clients.
func TestLostSaysThatTheConnectionEnded(t *testing.T) {
	for name, listen := range map[string]Listen{"http1": Plain, "memory": Memory} {
		t.Run(name, func(t *testing.T) {
			for _, fault := range []Fault{{Lost: true}, {Unread: true}, {Lost: true, Apply: true},
				{Operation: "check", Truncate: true}} {
				for _, used := range []bool{false, true} {
					c := startCounter(t, Config{Listen: listen})
					if used {
						c.do(t, "GET", "/n", "")
					}
					c.Inject(fault)
					got := c.do(t, "POST", "/n:check", "")
					if !errors.Is(got.err, io.ErrUnexpectedEOF) || strings.Contains(got.err.Error(), "malformed") {
						t.Errorf("%v: %v", fault, got.err)
					}
				}
			}
		})
	}
}

// A cut GET on a reused connection must fail in the caller, and must be sent only once.
func TestCutIsNotRetriedByNetHTTP(t *testing.T) {
	everyway(t, func(t *testing.T, listen Listen) {
		for _, fault := range []Fault{{Lost: true}, {Unread: true}} {
			c := startCounter(t, Config{Listen: listen})
			c.do(t, "GET", "/n", "")
			c.Inject(fault)
			if got := c.do(t, "GET", "/n", ""); got.err == nil {
				t.Errorf("%v: %+v", fault, got)
			}
			if n := c.CountCalls("count"); n != 2 {
				t.Errorf("%v: %d calls", fault, n)
			}
		}
	})
}

func TestFaultOrder(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory})
	c.Inject(Fault{Operation: "count", Skip: 1, Times: 2, Status: 500})
	c.Inject(Fault{Operation: "count", Status: 400, Header: http.Header{"retry-after": {"7"},
		"X-Request-Id": {"mine"}}})
	c.Inject(Fault{Path: "/nowhere", Status: 200, Body: "[]"})
	var got []int
	for range 5 {
		r := c.do(t, "GET", "/n", "")
		got = append(got, r.status)
		if r.status == 400 && (r.header.Get("Retry-After") != "7" || r.header.Get("X-Request-Id") != "mine") {
			t.Errorf("header %v", r.header)
		}
	}
	if want := []int{400, 500, 500, 200, 200}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if r := c.do(t, "GET", "/nowhere", ""); r.status != 200 || r.body != "[]" ||
		r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v", r)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestFaultEvery(t *testing.T) {
	for name, tt := range map[string]struct {
		faults []Fault
		want   []int
		unmet  string
	}{
		"every third fails": {[]Fault{{Every: 3, Times: -1, Status: 500}}, []int{200, 200, 500, 200, 200, 500, 200, 200,
			500, 200}, ""},
		"after the first, twice": {
			[]Fault{{Skip: 1, Every: 2, Times: 2, Status: 500}}, []int{200, 200, 500, 200, 500, 200, 200, 200, 200,
				200}, "",
		},
		"once, as without Times": {[]Fault{{Every: 4, Status: 500}}, []int{200, 200, 200, 500, 200, 200, 200, 200, 200,
			200}, ""},
		"every one": {[]Fault{{Every: 1, Times: 2, Status: 500}}, []int{500, 500, 200, 200, 200, 200, 200,
			200, 200, 200}, ""},
		"the others in between": {[]Fault{{Every: 3, Times: -1, Status: 500}, {Times: 3, Status: 400}},
			[]int{400, 400, 500, 400, 200, 500, 200, 200, 500, 200}, ""},
		"by operation": {[]Fault{{Operation: "add", Every: 2, Times: -1, Status: 500}},
			[]int{200, 200, 200, 200, 200, 200, 200, 200, 200, 200}, ""},
		"not as often as expected": {
			[]Fault{{Operation: "count", Every: 5, Times: 3, Status: 500}}, []int{200, 200, 200, 200, 500, 200, 200,
				200, 200, 500},
			"fakehttp: fault not met: count, every 5 calls, status 500, 1 more expected",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := startCounter(t, Config{Listen: Memory})
			for _, fault := range tt.faults {
				c.Inject(fault)
			}
			var got []int
			for range 10 {
				got = append(got, c.do(t, "GET", "/n", "").status)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
			if err := c.Close(); fmt.Sprint(err) != cmp.Or(tt.unmet, "<nil>") {
				t.Error(err)
			}
		})
	}
}

func TestCallOfAFaultDoesNotCountForThoseInjectedLater(t *testing.T) {
	single, twice, third := Fault{Status: 500}, Fault{Status: 500, Times: 2}, Fault{Status: 502, Skip: 2}
	everySecond := Fault{Status: 503, Every: 2, Times: -1}
	for name, tt := range map[string]struct {
		faults []Fault
		want   []int
	}{
		"Skip, injected last":   {[]Fault{single, third}, []int{500, 200, 200, 502, 200, 200}},
		"Skip, injected first":  {[]Fault{third, single}, []int{500, 200, 502, 200, 200, 200}},
		"Every, injected last":  {[]Fault{twice, everySecond}, []int{500, 500, 200, 503, 200, 503}},
		"Every, injected first": {[]Fault{everySecond, twice}, []int{500, 503, 500, 503, 200, 503}},
		"both, injected last":   {[]Fault{single, third, everySecond}, []int{500, 200, 503, 502, 200, 503}},
		"both, injected first":  {[]Fault{everySecond, third, single}, []int{500, 503, 200, 503, 502, 503}},
	} {
		t.Run(name, func(t *testing.T) {
			c := startCounter(t, Config{Listen: Memory})
			for _, fault := range tt.faults {
				c.Inject(fault)
			}
			var got []int
			for range tt.want {
				got = append(got, c.do(t, "GET", "/n", "").status)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Calls that are refused before the operation do not consume faults.
func TestFaultsWaitForAdmission(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory, Limit: 1, Window: time.Hour})
	c.do(t, "GET", "/n", "")
	c.Inject(Fault{Status: 500})
	if r := c.do(t, "GET", "/n", ""); r.status != 429 {
		t.Errorf("%+v", r)
	}
	if err := c.Close(); err == nil {
		t.Error("the fault struck a refused call")
	}
}

func TestUnmetFaults(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory})
	c.Inject(Fault{Operation: "add", Times: 3, Status: 503})
	c.Inject(Fault{Method: "GET", Lost: true})
	c.Inject(Fault{Operation: "fixed", Times: -1, Status: 500})
	c.do(t, "POST", "/n", "")
	for range 3 {
		if r := c.do(t, "GET", "/n/all", ""); r.status != 500 && r.err == nil {
			t.Errorf("%+v", r)
		}
	}
	err := c.Close()
	if err == nil || err.Error() != "fakehttp: fault not met: add, status 503, 2 more expected" {
		t.Errorf("Close: %v", err)
	}
}

func TestCloseWith(t *testing.T) {
	for _, tt := range []struct{ met, skipped, fails bool }{
		{met: true}, {met: false, fails: true}, {met: false, skipped: true}, {met: true, skipped: true},
	} {
		tb := &RecordedTB{Skip: tt.skipped}
		c := startCounter(t, Config{})
		c.CloseWith(tb)
		c.Inject(Fault{Operation: "count", Status: 500})
		if tt.met {
			c.do(t, "GET", "/n", "")
		}
		tb.End()
		if failed := len(tb.Failures) > 0; failed != tt.fails {
			t.Errorf("%+v: failures %v", tt, tb.Failures)
		}
		if r := c.do(t, "GET", "/n", ""); r.err == nil {
			t.Error("the server still answers")
		}
	}
}

func TestFaultMatchesHoweverItIsSpelled(t *testing.T) {
	for _, tt := range []struct{ method, path, sent string }{
		{"get", "", "/n"}, {"Get", "/n", "/n"}, {"gEt", "/n/a b", "/n/a%20b"}, {"", "/n/a%20b", "/n/a%20b"},
		{"", "/n/%61%20b", "/n/a%20b"},
		{"", "/n/a%2fb", "/n/a%2Fb"}, {"", "/n/ä", "/n/%C3%A4"}, {"get", "/n/a:b", "/n/a%3Ab"},
	} {
		c := startCounter(t, Config{Listen: Memory})
		c.Inject(Fault{Method: tt.method, Path: tt.path, Status: 503})
		for _, other := range []string{"/n/another", "/n/a/b"} {
			if got := c.do(t, "POST", other, ""); got.status == 503 {
				t.Errorf("%+v matches %s", tt, other)
			}
		}
		if got := c.do(t, "GET", tt.sent, ""); got.status != 503 {
			t.Errorf("%+v: %+v", tt, got)
		}
	}
}

func TestInjectRefusesNonsense(t *testing.T) {
	start := func(tb TB) *counter {
		c := startCounter(t, Config{Listen: Memory})
		if tb != nil {
			c.CloseWith(tb)
		}
		return c
	}
	use := func(c *counter) { c.do(t, "GET", "/n", "") }
	for _, fault := range []Fault{
		{}, {Operation: "ad", Status: 500}, {Status: 99}, {Status: 600}, {Apply: true}, {Status: 500, Every: -1},
		{Status: 500, Skip: -1},
		{Status: 500, Path: "n"}, {Status: 500, Path: "/n?x=1"}, {Status: 500, Path: "/%zz"},
		{Status: 500, Path: "/n#x"},
		{Status: 500, Method: "GET "}, {Status: 500, Method: "GET /n"}, {Status: 500, Method: "GET,POST"},
	} {
		if err := CheckMisuse(start, func(c *counter) { c.Inject(fault) }, use); err != nil {
			t.Errorf("%#v: %v", fault, err)
		}
	}
	if err := CheckMisuse(start, func(c *counter) { c.CountCalls("ad") }, use); err != nil {
		t.Error(err)
	}
	if err := CheckMisuse(start, func(c *counter) { c.CountCalls("add") }, use); err == nil {
		t.Error("a good call was taken for a misuse")
	}
}

// Errors of the fake itself remain panics.
func TestFailMisuseLeavesOtherPanics(t *testing.T) {
	tb := &RecordedTB{}
	cause := tb.Run(func() {
		defer FailMisuse(tb)
		panic("broken")
	})
	if cause != "broken" || len(tb.Failures) > 0 {
		t.Errorf("panic %v, failures %v", cause, tb.Failures)
	}
}

func TestDelayAndDeadline(t *testing.T) {
	for _, apply := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := startCounter(t, Config{Listen: Memory})
			c.Inject(Fault{Delay: time.Minute, Apply: apply})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			if r := c.doContext(ctx, "POST", "/n", "x"); !errors.Is(r.err, context.DeadlineExceeded) {
				t.Errorf("%+v", r)
			}
			if d := time.Since(start); d != time.Second {
				t.Errorf("took %v", d)
			}
			if got := c.n.Load() == 1; got != apply {
				t.Errorf("apply %v: %d in effect", apply, c.n.Load())
			}
			c.Inject(Fault{Delay: time.Minute})
			start = time.Now()
			if r := c.do(t, "GET", "/n", ""); r.status != 200 || time.Since(start) != time.Minute {
				t.Errorf("%+v after %v", r, time.Since(start))
			}
		})
	}
}

func TestCloseEndsDelays(t *testing.T) {
	c := startCounter(t, Config{})
	c.Inject(Fault{Delay: time.Hour})
	failed := make(chan error)
	go func() { failed <- c.doContext(context.Background(), "GET", "/n", "").err }()
	for len(c.Calls()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil {
		t.Error("the delayed call was answered")
	}
}
