package confluenttest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

func TestRateLimitPerCredential(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, WithRateLimit(2, 10*time.Second))
		other := c.as(basic(c.AddAPIKey()))
		seen := func(r response) string {
			h := r.header
			return fmt.Sprint(r.status, " ", h.Get("X-RateLimit-Limit"), " ", h.Get("X-RateLimit-Remaining"), " ",
				h.Get("X-RateLimit-Reset"), " ", h.Get("Retry-After"))
		}
		c.equal("create", seen(c.do("POST", v2Path, v2Azure)), "201 2 1 10 ")
		time.Sleep(2500 * time.Millisecond)
		c.equal("list", seen(c.do("GET", v2Path+inEnv1, "")), "200 2 0 8 ")
		c.equal("over", seen(c.do("POST", v2Path, v2Azure)), "429 2 0 8 8")
		c.equal("other", seen(other.do("GET", v2Path+inEnv1, "")), "200 2 1 10 ")
		if n := len(c.Integrations("env-1")); n != 1 {
			t.Errorf("%d integrations", n)
		}
		time.Sleep(7500 * time.Millisecond)
		c.equal("refused", seen(c.do("GET", v2Path+"/x"+inEnv1, "")), "404    ")
		c.equal("next window", seen(c.do("GET", v2Path+inEnv1, "")), "200 2 0 10 ")
	})
}

func TestFaultsAndLog(t *testing.T) {
	for name, opts := range map[string][]Option{"http1": nil, "http2": {WithHTTP2()}, "memory": {WithoutSocket()}} {
		t.Run(name, func(t *testing.T) {
			s := NewServer(t, opts...)
			c := (&client{Server: s, t: t}).oddly()
			s.Inject(Fault{Operation: "createPimV2Integration", Status: 500, Apply: true})
			s.Inject(Fault{Operation: "createPimV2Integration", Skip: 1, Times: 2, Status: 503,
				Header: http.Header{"Retry-After": {"1"}}})
			var got []int
			for range 5 {
				got = append(got, c.do("POST", v2Path, v2Azure).status)
			}
			if want := []int{500, 201, 503, 503, 201}; !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			if n := len(s.Integrations("env-1")); n != 3 {
				t.Errorf("%d integrations", n)
			}
			if n := s.CountCalls("createPimV2Integration"); n != 5 {
				t.Errorf("%d calls", n)
			}

			s.Inject(Fault{Operation: "createPimV2Integration", Apply: true, Lost: true})
			s.Inject(Fault{Operation: "listPimV2Integrations", Truncate: true})
			request := func(method, body string) error {
				req, _ := http.NewRequest(method, s.URL+v2Path+inEnv1, strings.NewReader(body))
				req.Header.Set("Content-Type", "application/json")
				req.SetBasicAuth(s.APIKey, s.APISecret)
				resp, err := s.HTTPClient().Do(req)
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				_, err = io.ReadAll(resp.Body)
				return err
			}
			if err := request("POST", v2Azure); err == nil {
				t.Error("the lost response arrived")
			}
			if n := len(s.Integrations("env-1")); n != 4 {
				t.Errorf("%d integrations", n)
			}
			if err := request("GET", ""); !errors.Is(err, io.ErrUnexpectedEOF) && name != "http2" || err == nil {
				t.Errorf("truncated: %v", err)
			}
			calls := s.Calls()
			last := calls[len(calls)-2]
			if last.Operation != "createPimV2Integration" || last.Status != 0 || string(last.Body) != v2Azure ||
				last.RawQuery != "environment=env-1" {
				t.Errorf("%v, body %s", last, last.Body)
			}
			s.ResetCalls()
			if len(s.Calls()) != 0 {
				t.Error("the log is not empty")
			}
		})
	}
}

func TestRateLimitNeedsAWindow(t *testing.T) {
	starts := func(limit int, window time.Duration) (ok bool) {
		defer func() { ok = recover() == nil }()
		return Start(WithoutSocket(), WithRateLimit(limit, window)).Close() == nil
	}
	if starts(1, 0) || starts(1, -time.Second) {
		t.Error("a limit without a window was accepted")
	}
	if !starts(0, 0) || !starts(-1, 0) || !starts(1, 1) {
		t.Error("a window is required where it makes no difference")
	}
}

func TestUnmetFaultFailsTheTest(t *testing.T) {
	tb := &fakehttp.RecordedTB{}
	NewServer(tb, WithoutSocket()).Inject(Fault{Operation: "createPimV1Integration", Lost: true})
	tb.End()
	if len(tb.Failures) != 1 || !strings.Contains(tb.Failures[0],
		"createPimV1Integration, response lost, 1 more expected") {
		t.Errorf("errors %q", tb.Failures)
	}
	s := Start(WithoutSocket())
	s.Inject(Fault{Status: 500})
	if err := s.Close(); err == nil {
		t.Error("Close reports no unmet fault")
	}
}

func TestConcurrentClients(t *testing.T) {
	for name, opts := range map[string][]Option{"http1": nil, "http2": {WithHTTP2()}} {
		t.Run(name, func(t *testing.T) {
			s := NewServer(t, append(opts, WithLatency(time.Millisecond), WithMaxInFlight(16))...)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					c := (&client{Server: s, t: t}).oddly()
					for j := range 5 {
						r := c.do("POST", v2Path,
							fmt.Sprintf(`{"display_name":"%d-%d","provider":"azure","environment":{"id":"env-1"}}`, i,
								j))
						at := v2Path + "/" + r.str("id")
						if r.status != 201 || c.do("PATCH", at, patch).status != 200 ||
							c.do("GET", at+inEnv1, "").status != 200 {
							t.Errorf("client %d, round %d: %s", i, j, r.text)
						}
						s.SetUsages(r.str("id"), usage)
						s.Integrations("env-1")
						s.SetUsages(r.str("id"))
						if j%2 == 0 && c.do("DELETE", at+inEnv1, "").status != 204 {
							t.Errorf("client %d, round %d: not deleted", i, j)
						}
					}
				})
			}
			wg.Wait()
			if n := len(s.Integrations("env-1")); n != 16 {
				t.Errorf("%d integrations", n)
			}
		})
	}
}

// A validation has no content, but the same headers as other successes.
func TestEverySuccessHasTheQuota(t *testing.T) {
	c := newClient(t, WithRateLimit(10, time.Minute))
	id := c.Add("env-1", map[string]any{"provider": "azure", "status": "CREATED"})
	env := `"environment":{"id":"env-1"}`
	for i, call := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", v2Path + ":validate", `{"id":"` + id + `",` + env +
			`,"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` +
			"00000000-0000-0000-0000-000000000001" + `"}}`, 204},
		{"GET", v2Path + "/" + id + inEnv1, "", 200},
		{"DELETE", v2Path + "/" + id + inEnv1, "", 204},
	} {
		r := c.expect(call.status, c.do(call.method, call.path, call.body))
		c.equal(call.method, r.header.Get("X-RateLimit-Remaining"), strconv.Itoa(9-i))
		c.equal(call.method, r.header.Get("X-RateLimit-Limit"), "10")
		c.equal(call.method, r.header.Get("X-Request-Id"), c.Calls()[i].RequestID)
	}
}
