package aponotest

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRateLimitPerToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startOdd(t, WithRateLimit(2, 10*time.Second))
		other := c
		other.token = c.AddToken()
		c.get(v4Path)
		time.Sleep(2500 * time.Millisecond)
		c.get(v4Path)
		over := c.send("POST", v4Path, small)
		same(t, "over", fmt.Sprint(over.status, over.header.Get("Retry-After"),
			over.header.Get("X-RateLimit-Remaining"), over.text), "42980")
		other.get(v4Path)
		time.Sleep(7500 * time.Millisecond)
		c.get(v4Path)
		same(t, "integrations", len(c.Integrations()), 0)
	})
}

func TestFaultsAndLog(t *testing.T) {
	for name, opts := range map[string][]Option{"http1": nil, "http2": {WithHTTP2()}, "memory": {WithoutSocket()}} {
		t.Run(name, func(t *testing.T) {
			s := NewServer(t, opts...)
			c := tester{s, t, s.HTTPClient(), s.Token}
			s.Inject(Fault{Operation: "createIntegrationV4", Status: 500, Apply: true, Body: "oops"})
			s.Inject(Fault{Operation: "createIntegrationV4", Skip: 1, Status: 503,
				Header: http.Header{"Retry-After": {"1"}}})
			same(t, "500", c.send("POST", v4Path, small).String(), "500 oops")
			c.must(200, "POST", v4Path, small)
			same(t, "503", c.send("POST", v4Path, small).header.Get("Retry-After"), "1")
			same(t, "stored", len(s.Integrations()), 2)
			same(t, "calls", s.CountCalls("createIntegrationV4"), 3)

			s.Inject(Fault{Operation: "createIntegrationV4", Apply: true, Lost: true})
			req, _ := http.NewRequestWithContext(t.Context(), "POST", s.URL+v4Path+"?x=1", strings.NewReader(small))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+s.Token)
			if _, err := c.http.Do(req); err == nil {
				t.Error("the lost response arrived")
			}
			same(t, "stored", len(s.Integrations()), 3)
			calls := s.Calls()
			last := calls[len(calls)-1]
			if last.Operation != "createIntegrationV4" || last.Status != 0 || string(last.Body) != small ||
				last.RawQuery != "x=1" {
				t.Errorf("%v, body %s", last, last.Body)
			}
			if text := fmt.Sprintf("%v %+v %#v", last, last, last); strings.Contains(text, s.Token) {
				t.Error("the text of a call holds the token")
			}
			s.ResetCalls()
			same(t, "log", len(s.Calls()), 0)
		})
	}
}

func TestCertPool(t *testing.T) {
	s := NewServer(t, WithHTTP2())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.CertPool()}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	c := tester{s, t, &http.Client{Transport: transport}, s.Token}
	c.get(v4Path)
	same(t, "protocol", s.Calls()[0].Proto, "HTTP/2.0")
}

type failures struct {
	*testing.T
	cleanup func()
	errors  []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}
func (f *failures) Cleanup(end func()) { f.cleanup = end }

func TestUnmetFaultFailsTheTest(t *testing.T) {
	tb := &failures{T: t}
	NewServer(tb, WithoutSocket()).Inject(Fault{Operation: "listConnectors", Lost: true})
	tb.cleanup()
	if len(tb.errors) != 1 || !strings.Contains(tb.errors[0], "listConnectors, response lost, 1 more expected") {
		t.Errorf("%q", tb.errors)
	}
}

func TestHandlerBehindAPrefix(t *testing.T) {
	c := startOdd(t)
	w := &memory{header: http.Header{}}
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://gateway.test/apono"+v4Path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	http.StripPrefix("/apono", c.Handler()).ServeHTTP(w, r)
	same(t, "status", w.status, 200)
}

type memory struct {
	bytes.Buffer
	header http.Header
	status int
}

func (m *memory) Header() http.Header    { return m.header }
func (m *memory) WriteHeader(status int) { m.status = status }

func TestConcurrentClients(t *testing.T) {
	for name, opts := range map[string][]Option{"http1": nil, "http2": {WithHTTP2()}} {
		t.Run(name, func(t *testing.T) {
			s := NewServer(t, append(opts, WithLatency(time.Millisecond), WithMaxInFlight(16))...)
			c := tester{s, t, s.HTTPClient(), s.Token}
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for j := range 4 {
						made := c.send("POST", v4Path, strings.Replace(small, "duck", fmt.Sprintf("%d-%d", i, j), 1))
						id := url.PathEscape(made.str("id"))
						s.SeedResources(id, Resource{ID: id})
						s.FailSync(id, "Warning")
						for _, step := range []struct {
							method, path, body string
							status             int
						}{
							{"PUT", v4Path + "/" + id, small, 200},
							{"POST", v2Path + "/" + id + "/refresh", "", 200},
							{"GET", v4Path + "?limit=3", "", 200},
							{"GET", v3Path + "/" + id + "/resources", "", 200},
							{"PUT", v3Path + "/resources/" + id + "/user-tags", `{"tags":{}}`, 200},
							{"GET", v2Path, "", 200},
							{"DELETE", v4Path + "/" + id, "", 204},
						} {
							if a := c.send(step.method, step.path, step.body); a.status != step.status {
								t.Errorf("%s %s: %v", step.method, step.path, a)
							}
						}
						s.Integrations()
					}
				})
			}
			all.Wait()
			same(t, "left", len(s.Integrations()), 0)
		})
	}
}
