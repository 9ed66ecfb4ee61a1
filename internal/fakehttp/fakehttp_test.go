package fakehttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counter is a small API: POST adds one, GET tells the count.
type counter struct {
	*Server
	n atomic.Int64
}

func startCounter(t *testing.T, cfg Config) *counter {
	t.Helper()
	c := &counter{}
	count := func(*Request) Reply { return JSON(200, map[string]int64{"n": c.n.Load()}) }
	cfg.Ops = []Op{
		{Name: "check", Method: "POST", Path: "/n:check", Bare: true, Handle: func(*Request) Reply { return Reply{Status: 204} }},
		{Name: "add", Method: "POST", Path: "/n", Handle: func(r *Request) Reply { c.n.Add(1); return count(r) }},
		{Name: "count", Method: "GET", Path: "/n", Handle: count},
		{Name: "fixed", Method: "GET", Path: "/n/all", Handle: func(*Request) Reply { return Text(200, "fixed") }},
		{Name: "echo", Method: "GET", Path: "/n/{id}", Handle: func(r *Request) Reply {
			return Text(200, r.Caller+"|"+r.PathValue("id")+"|"+string(r.Payload))
		}},
	}
	c.Server = Start(cfg)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

type result struct {
	status int
	header http.Header
	body   string
	err    error // of the call, or of reading its body
}

func (c *counter) do(t *testing.T, method, path, body string) result {
	t.Helper()
	return c.doContext(t.Context(), method, path, body)
}

func (c *counter) doContext(ctx context.Context, method, path, body string) result {
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, in)
	if err != nil {
		return result{err: err}
	}
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		return result{err: err}
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return result{resp.StatusCode, resp.Header, string(got), err}
}

func everyway(t *testing.T, test func(t *testing.T, listen Listen)) {
	for name, listen := range map[string]Listen{"http1": Plain, "http2": HTTP2, "memory": Memory} {
		t.Run(name, func(t *testing.T) { test(t, listen) })
	}
}

func TestRoutes(t *testing.T) {
	everyway(t, func(t *testing.T, listen Listen) {
		c := startCounter(t, Config{Listen: listen})
		for _, tt := range []struct {
			method, path string
			status       int
			body, op     string
		}{
			{"GET", "/n", 200, `{"n":0}`, "count"},
			{"POST", "/n", 200, `{"n":1}`, "add"},
			{"POST", "/n:check", 204, "", "check"},
			{"GET", "/n/all", 200, "fixed", "fixed"},
			{"GET", "/n/a%2Fb%3Ac?x=1", 200, "127.0.0.1|a/b:c|", "echo"},
			{"GET", "/n/", 404, "404 page not found\n", ""},
			{"GET", "/n/a/b", 404, "404 page not found\n", ""},
			{"POST", "/n%3Acheck", 404, "404 page not found\n", ""},
			{"DELETE", "/n", 405, "Method Not Allowed\n", ""},
		} {
			got := c.do(t, tt.method, tt.path, "")
			if got.err != nil || got.status != tt.status || got.body != tt.body {
				t.Errorf("%s %s: %+v", tt.method, tt.path, got)
			}
			calls := c.Calls()
			last := calls[len(calls)-1]
			path, query, _ := strings.Cut(tt.path, "?")
			if last.Operation != tt.op || last.Method != tt.method || last.Path != path || last.RawQuery != query || last.Status != tt.status {
				t.Errorf("%s %s: logged %v", tt.method, tt.path, last)
			}
			if want := last.RequestID; tt.op == "check" && got.header.Get(RequestIDHeader) != "" ||
				tt.op != "check" && got.header.Get(RequestIDHeader) != want {
				t.Errorf("%s %s: request id %q, logged %q", tt.method, tt.path, got.header.Get(RequestIDHeader), want)
			}
			if tt.status == 405 && got.header.Get("Allow") != "POST, GET" {
				t.Errorf("Allow %q", got.header.Get("Allow"))
			}
			if proto := map[Listen]string{Plain: "HTTP/1.1", HTTP2: "HTTP/2.0", Memory: "HTTP/1.1"}[listen]; last.Proto != proto {
				t.Errorf("proto %s", last.Proto)
			}
		}
		if n := c.CountCalls("add"); n != 1 {
			t.Errorf("add was called %d times", n)
		}
		if n := c.CountCalls(""); n != 9 {
			t.Errorf("%d calls", n)
		}
		c.ResetCalls()
		if n := len(c.Calls()); n != 0 {
			t.Errorf("%d calls after reset", n)
		}
	})
}

func TestCallTextHoldsNoCredentials(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory})
	req, _ := http.NewRequest("POST", c.URL+"/n?a=1", strings.NewReader("hush-body"))
	req.Header.Set("Authorization", "Bearer hush-header")
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	call := c.Calls()[0]
	if call.Header.Get("Authorization") != "Bearer hush-header" || string(call.Body) != "hush-body" {
		t.Error("header or body is not in the log")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, call); text != "POST /n?a=1 (add) -> 200" {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

func TestAuthAndNotFound(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory, Auth: func(r *Request) (string, *Reply) {
		if token := r.Header.Get("Authorization"); token != "" {
			return "user " + token, nil
		}
		return "", new(Text(401, "who? "+r.ID))
	}})
	if got := c.do(t, "POST", "/n", "x"); got.status != 401 || got.body != "who? req-000001" || c.n.Load() != 0 {
		t.Errorf("%+v", got)
	}
	if call := c.Calls()[0]; call.Operation != "add" || string(call.Body) != "x" || call.Status != 401 {
		t.Errorf("%v with body %q", call, call.Body)
	}
	req, _ := http.NewRequest("GET", c.URL+"/n/1", nil)
	req.Header.Set("Authorization", "ann")
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "user ann|1|" {
		t.Errorf("%s", body)
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fault   Fault
		status  int
		body    string
		cut     bool  // no reply
		partial bool  // error within the body
		applied int64 // adds in effect afterwards
	}{
		{name: "status", fault: Fault{Status: 503}, status: 503},
		{name: "status with body", fault: Fault{Status: 502, Body: "<html>"}, status: 502, body: "<html>"},
		{name: "applied, then status", fault: Fault{Status: 500, Apply: true, Body: `{}`}, status: 500, body: `{}`, applied: 1},
		{name: "unread", fault: Fault{Unread: true}, cut: true},
		{name: "lost", fault: Fault{Lost: true}, cut: true},
		{name: "applied, then lost", fault: Fault{Lost: true, Apply: true}, cut: true, applied: 1},
		{name: "own reply truncated", fault: Fault{Truncate: true}, status: 200, body: `{"n`, partial: true, applied: 1},
		{name: "fault's reply truncated", fault: Fault{Status: 200, Body: "abcdef", Truncate: true}, status: 200, body: "abc", partial: true},
		{name: "empty reply truncated", fault: Fault{Status: 500, Truncate: true}, status: 500, partial: true},
		{name: "own reply with another body", fault: Fault{Body: "text"}, status: 200, body: "text", applied: 1},
		{name: "empty success", fault: Fault{Status: 200}, status: 200},
		{name: "by method and path", fault: Fault{Method: "POST", Path: "/n", Status: 418}, status: 418},
		{name: "by operation", fault: Fault{Operation: "add", Status: 418}, status: 418},
		{name: "after a short wait", fault: Fault{Delay: time.Millisecond}, status: 200, body: `{"n":1}`, applied: 1},
		{name: "applied, then a short wait", fault: Fault{Delay: time.Millisecond, Apply: true}, status: 200, body: `{"n":1}`, applied: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			everyway(t, func(t *testing.T, listen Listen) {
				c := startCounter(t, Config{Listen: listen})
				c.do(t, "GET", "/n", "") // a connection in use, where net/http might retry on its own
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

// A cut GET on a connection in use must reach the caller, and only once.
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
	c.Inject(Fault{Operation: "count", Status: 400, Header: http.Header{"retry-after": {"7"}, "X-Request-Id": {"mine"}}})
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
	if r := c.do(t, "GET", "/nowhere", ""); r.status != 200 || r.body != "[]" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v", r)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Calls that are refused before they reach the operation leave faults alone.
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

type recordingTB struct {
	errors   []string
	cleanups []func()
}

func (r *recordingTB) Helper() {}
func (r *recordingTB) Errorf(f string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(f, args...))
}
func (r *recordingTB) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func TestCloseWith(t *testing.T) {
	for _, met := range []bool{true, false} {
		tb := &recordingTB{}
		c := startCounter(t, Config{})
		c.CloseWith(tb)
		c.Inject(Fault{Operation: "count", Status: 500})
		if met {
			c.do(t, "GET", "/n", "")
		}
		for _, cleanup := range tb.cleanups {
			cleanup()
		}
		if failed := len(tb.errors) > 0; failed == met {
			t.Errorf("met %v: errors %v", met, tb.errors)
		}
		if r := c.do(t, "GET", "/n", ""); r.err == nil {
			t.Error("the server still answers")
		}
	}
}

func TestInjectRefusesNonsense(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory})
	for _, fault := range []Fault{{}, {Operation: "ad", Status: 500}, {Status: 99}, {Status: 600}, {Apply: true}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%#v was accepted", fault)
				}
			}()
			c.Inject(fault)
		}()
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown operation was counted")
		}
	}()
	c.CountCalls("ad")
}

func TestRateLimitWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startCounter(t, Config{Listen: Memory, Limit: 2, Window: 10 * time.Second, Auth: func(r *Request) (string, *Reply) {
			if r.Header.Get("Authorization") == "none" {
				return "", &Reply{Status: 401}
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
			return strings.TrimRight(fmt.Sprintln(resp.StatusCode, h.Get("X-RateLimit-Limit"), h.Get("X-RateLimit-Remaining"),
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

func TestBareSuccessHasNoQuota(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory, Limit: 1, Window: time.Minute})
	first, second := c.do(t, "POST", "/n:check", ""), c.do(t, "POST", "/n:check", "")
	if first.status != 204 || first.header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("%+v", first)
	}
	if second.status != 429 || second.header.Get("X-RateLimit-Limit") != "1" || second.header.Get(RequestIDHeader) == "" {
		t.Errorf("%+v", second)
	}
}

func TestInjectedClock(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	c := startCounter(t, Config{Limit: 1, Window: time.Minute, Now: func() time.Time { return now }})
	for _, want := range []int{200, 429} {
		if got := c.do(t, "GET", "/n", ""); got.status != want || got.header.Get("Date") != "Wed, 02 Jan 2030 03:04:05 GMT" {
			t.Errorf("%+v", got)
		}
	}
	now = now.Add(time.Minute)
	if got := c.do(t, "GET", "/n", ""); got.status != 200 {
		t.Errorf("%+v", got)
	}
	if calls := c.Calls(); calls[2].Time.Sub(calls[0].Time) != time.Minute {
		t.Errorf("times %v, %v", calls[0].Time, calls[2].Time)
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

// A client may send its next call as soon as it has a reply.
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

func TestMemoryTransport(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body := &closer{Reader: strings.NewReader("x")}
	req, _ := http.NewRequestWithContext(ctx, "POST", c.URL+"/n", body)
	if _, err := c.Transport().RoundTrip(req); !errors.Is(err, context.Canceled) || !body.closed || c.CountCalls("") != 0 {
		t.Errorf("err %v, closed %v, %d calls", err, body.closed, c.CountCalls(""))
	}
	body = &closer{Reader: strings.NewReader("x")}
	req, _ = http.NewRequest("POST", "http://elsewhere.test/n", body)
	resp, err := c.Transport().RoundTrip(req)
	if err != nil || !body.closed || resp.StatusCode != 200 || resp.ContentLength != 7 || resp.Status != "200 OK" || resp.Request != req {
		t.Errorf("%+v, %v", resp, err)
	}
	body = &closer{Reader: brokenReader{}}
	req, _ = http.NewRequest("POST", c.URL+"/n", body)
	if _, err := c.Transport().RoundTrip(req); err == nil || !body.closed {
		t.Errorf("err %v, closed %v", err, body.closed)
	}
	if c.n.Load() != 1 {
		t.Errorf("%d adds took effect", c.n.Load())
	}
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestHandlerElsewhereAndCertPool(t *testing.T) {
	c := startCounter(t, Config{Listen: HTTP2})
	// The socket's own transport, and the same state through the handler.
	c.do(t, "POST", "/n", "")
	inner := &recorder{header: http.Header{}}
	req, _ := http.NewRequest("GET", "/n", http.NoBody)
	c.Handler().ServeHTTP(inner, req)
	if inner.status != 200 || inner.body.String() != `{"n":1}` {
		t.Errorf("%d %s", inner.status, &inner.body)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	resp, err := (&http.Client{Transport: transport}).Get(c.URL + "/n")
	if err == nil {
		resp.Body.Close()
		t.Error("an unknown certificate was trusted")
	}
	transport = http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig.RootCAs = c.CertPool()
	resp, err = (&http.Client{Transport: transport}).Get(c.URL + "/n")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	transport.CloseIdleConnections()
}

func TestPages(t *testing.T) {
	type item struct {
		seq  int
		name string
	}
	seq := func(i item) int { return i.seq }
	items := []item{{1, "a"}, {2, "b"}, {4, "d"}, {5, "e"}, {9, "i"}}
	var tokens Tokens
	first := Walk{Filters: map[string]string{"env": "1", "name": ""}, Size: 2}

	walk, err := tokens.Resume("", first)
	if err != nil {
		t.Fatal(err)
	}
	page, next, more := Page(items, seq, walk)
	if want := items[:2]; !reflect.DeepEqual(page, want) || !more {
		t.Fatalf("%v %v", page, more)
	}
	token := tokens.Issue(next)
	if len(token) == 0 || len(token) > 255 || strings.Contains(token, "2") && strings.Contains(token, "env") {
		t.Errorf("token %q", token)
	}
	if again := tokens.Issue(next); again == token {
		t.Error("two tokens are equal")
	}

	// The page size of the first request stays; what was sent before may go without shifting the rest.
	walk, err = tokens.Resume(token, Walk{Filters: map[string]string{"env": "1"}, Size: 50})
	if err != nil {
		t.Fatal(err)
	}
	page, next, more = Page(items[1:], seq, walk)
	if !reflect.DeepEqual(page, items[2:4]) || !more {
		t.Errorf("%v %v", page, more)
	}
	page, _, more = Page(items, seq, next)
	if !reflect.DeepEqual(page, items[4:]) || more {
		t.Errorf("%v %v", page, more)
	}
	if walk, err = tokens.Resume(token, Walk{}); err != nil || walk.Filters["env"] != "1" {
		t.Errorf("token alone: %v, %v", walk, err)
	}

	for _, tt := range []struct {
		token string
		asked Walk
		want  error
	}{
		{token + "x", first, ErrUnknownToken},
		{"MDAx", first, ErrUnknownToken},
		{token, Walk{Filters: map[string]string{"env": "2"}}, ErrOtherFilters},
		{token, Walk{Filters: map[string]string{"env": "1", "name": "b"}}, ErrOtherFilters},
	} {
		if _, err := tokens.Resume(tt.token, tt.asked); !errors.Is(err, tt.want) {
			t.Errorf("%q %v: %v, want %v", tt.token, tt.asked, err, tt.want)
		}
	}
	if page, _, more := Page(items, seq, Walk{Size: 5}); len(page) != 5 || more {
		t.Errorf("a full last page: %v %v", page, more)
	}
}

func TestConcurrentUse(t *testing.T) {
	everyway(t, func(t *testing.T, listen Listen) {
		c := startCounter(t, Config{Listen: listen})
		c.Inject(Fault{Operation: "add", Times: 10, Status: 503})
		var wg sync.WaitGroup
		var refused atomic.Int64
		for range 8 {
			wg.Go(func() {
				for range 10 {
					if r := c.do(t, "POST", "/n", "x"); r.status == 503 {
						refused.Add(1)
					} else if r.status != 200 {
						t.Errorf("%+v", r)
					}
					c.Calls()
				}
			})
		}
		wg.Wait()
		if refused.Load() != 10 || c.n.Load() != 70 {
			t.Errorf("%d refused, %d in effect", refused.Load(), c.n.Load())
		}
		ids := map[string]bool{}
		for _, call := range c.Calls() {
			ids[call.RequestID] = true
		}
		if len(ids) != 80 {
			t.Errorf("%d request ids", len(ids))
		}
	})
}

func TestFrontAndUnrouted(t *testing.T) {
	everyway(t, func(t *testing.T, listen Listen) {
		c := startCounter(t, Config{
			Listen: listen,
			Front: func(r *http.Request) *Reply {
				if strings.Contains(r.URL.EscapedPath(), "%2F") {
					return new(Text(400, "front"))
				}
				return nil
			},
			Auth: func(*Request) (string, *Reply) { return "", new(Text(401, "auth")) },
			Unrouted: func(r *Request, allow []string) Reply {
				return Text(404, fmt.Sprint(r.Method, " ", r.URL.Path, " ", allow, " ", string(r.Payload)))
			},
		})
		for _, tt := range []struct{ method, path, want string }{
			{"GET", "/n", "auth"}, {"GET", "/n/a%2Fb", "front"}, {"POST", "/nothing/%2F", "front"}, {"POST", "/nothing", "POST /nothing [] sent"},
			{"PUT", "/n", "PUT /n [POST GET] sent"},
		} {
			if got := c.do(t, tt.method, tt.path, "sent"); got.body != tt.want || got.err != nil {
				t.Errorf("%s %s: %+v, want %q", tt.method, tt.path, got, tt.want)
			}
		}
		c.Inject(Fault{Status: 503, Times: 2})
		if a, b := c.do(t, "GET", "/n/%2F", ""), c.do(t, "GET", "/nothing", ""); a.status != 503 || b.status != 503 {
			t.Error(a, b)
		}
		if calls := c.Calls(); calls[0].Operation != "count" || calls[1].Operation != "" || calls[3].Operation != "" || calls[1].Status != 400 {
			t.Error(calls)
		}
	})
}

func TestNewID(t *testing.T) {
	n := 0
	c := startCounter(t, Config{Listen: Memory, NewID: func() string { n++; return fmt.Sprint("id-", n) }})
	for i, path := range []string{"/n", "/nothing"} {
		if got := c.do(t, "GET", path, ""); got.header.Get(RequestIDHeader) != "" {
			t.Error(got)
		}
		if id := c.Calls()[i].RequestID; id != fmt.Sprint("id-", i+1) {
			t.Error(id)
		}
	}
	plain := startCounter(t, Config{Listen: Memory})
	if got := plain.do(t, "GET", "/n", ""); got.header.Get(RequestIDHeader) != plain.Calls()[0].RequestID || plain.Calls()[0].RequestID != "req-000001" {
		t.Error(got)
	}
}
