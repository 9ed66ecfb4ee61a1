package fakehttp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// counter is a small API: POST adds one, GET returns the count.
type counter struct {
	*Server
	n atomic.Int64
}

func startCounter(t *testing.T, cfg Config) *counter {
	t.Helper()
	c := &counter{}
	count := func(*Request) Response { return JSON(200, map[string]int64{"n": c.n.Load()}) }
	cfg.Ops = []Op{
		{Name: "check", Method: "POST", Path: "/n:check", Handle: func(*Request) Response {
			return Response{Status: 204}
		}},
		{Name: "add", Method: "POST", Path: "/n", Handle: func(r *Request) Response { c.n.Add(1); return count(r) }},
		{Name: "count", Method: "GET", Path: "/n", Handle: count},
		{Name: "fixed", Method: "GET", Path: "/n/all", Handle: func(*Request) Response { return Text(200, "fixed") }},
		{Name: "echo", Method: "GET", Path: "/n/{id}", Handle: func(r *Request) Response {
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
	err    error // error of the call, or of reading its body
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
			if last.Operation != tt.op || last.Method != tt.method || last.Path != path || last.RawQuery != query ||
				last.Status != tt.status {
				t.Errorf("%s %s: logged %v", tt.method, tt.path, last)
			}
			if id := got.header.Get(RequestIDHeader); id == "" || id != last.RequestID {
				t.Errorf("%s %s: request id %q, logged %q", tt.method, tt.path, id, last.RequestID)
			}
			if tt.status == 405 && got.header.Get("Allow") != "POST, GET" {
				t.Errorf("Allow %q", got.header.Get("Allow"))
			}
			if proto := map[Listen]string{Plain: "HTTP/1.1", HTTP2: "HTTP/2.0",
				Memory: "HTTP/1.1"}[listen]; last.Proto != proto {
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

func TestAuthAndNotFound(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory, Auth: func(r *Request) (string, *Response) {
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

func TestInjectedClock(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	c := startCounter(t, Config{Limit: 1, Window: time.Minute, Now: func() time.Time { return now }})
	for _, want := range []int{200, 429} {
		if got := c.do(t, "GET", "/n", ""); got.status != want ||
			got.header.Get("Date") != "Wed, 02 Jan 2030 03:04:05 GMT" {
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
			Front: func(r *http.Request) *Response {
				if strings.Contains(r.URL.EscapedPath(), "%2F") {
					return new(Text(400, "front"))
				}
				return nil
			},
			Auth: func(*Request) (string, *Response) { return "", new(Text(401, "auth")) },
			Unrouted: func(r *Request, allow []string) Response {
				return Text(404, fmt.Sprint(r.Method, " ", r.URL.Path, " ", allow, " ", string(r.Payload)))
			},
		})
		for _, tt := range []struct{ method, path, want string }{
			{"GET", "/n", "auth"}, {"GET", "/n/a%2Fb", "front"}, {"POST", "/nothing/%2F", "front"},
			{"POST", "/nothing", "POST /nothing [] sent"},
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
		if calls := c.Calls(); calls[0].Operation != "count" || calls[1].Operation != "" || calls[3].Operation != "" ||
			calls[1].Status != 400 {
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
	if got := plain.do(t, "GET", "/n", ""); got.header.Get(RequestIDHeader) != plain.Calls()[0].RequestID ||
		plain.Calls()[0].RequestID != "req-000001" {
		t.Error(got)
	}
}
