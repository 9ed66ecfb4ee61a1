package egeriatest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// login requests a token, without sending one.
func (c *caller) login(body string) response {
	c.t.Helper()
	return c.ask("POST", "/api/token", body, "Authorization", "")
}

func (c *caller) credentials() string {
	return fmt.Sprintf(`{"userId":%q,"password":%q}`, c.User, c.Password)
}

func TestLogin(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, version := range []string{"5.0", "5.3", "6.0", "6.1"} {
		c := start(t, version, WithClock(func() time.Time { return now }))
		r := c.login(c.credentials())
		parts := strings.Split(r.text, ".")
		if r.status != 200 || r.header.Get("Content-Type") != "text/plain;charset=UTF-8" || len(parts) != 3 {
			t.Fatal(r.status, r.header)
		}
		var claims struct {
			Iss, Sub, DisplayName string
			Iat, Exp              int64
		}
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil || json.Unmarshal(payload, &claims) != nil {
			t.Fatal(err)
		}
		equal(t, "claims", claims, fmt.Sprintf("{self %s %s %d %d}", c.User, c.User, now.Unix(), now.Unix()+3600))
		equal(t, "logins", c.Logins(), 1)

		for body, status := range map[string]int{
			`{"userId":"` + c.User + `","password":"wrong"}`: 401, `{"userId":"nobody","password":"` + c.Password +
				`"}`: 401,
			`{"userId":"` + c.User + `"}`: 401, `{"userId":""}`: 401, `{"userId":`: 400, `null`: 400,
			`{"userId":{}}`: 400,
		} {
			equal(t, strings.ReplaceAll(body, c.Password, "P"), c.oddly().login(body).status, c.refused(status))
		}
		equal(t, "text", c.ask("POST", "/api/token", c.credentials(), "Authorization", "", "Content-Type",
			"text/plain").status, c.refused(415))
		equal(t, "stale header", c.ask("POST", "/api/token", c.credentials(), "Authorization", "Bearer stale").status,
			401)
		equal(t, "logins", c.Logins(), 1)

		other := c.AddUser("erinoverview")
		equal(t, "other", c.login(`{"userId":"erinoverview","password":"`+other+`"}`).status, 200)
		changed := c.login(`{"userId":"erinoverview","password":"` + other + `","newPassword":"another"}`)
		again := c.login(`{"userId":"erinoverview","password":"another"}`)
		equal(t, "new password", fmt.Sprint(changed.status, again.status == 200), fmt.Sprint(200, c.release.bearers()))
	}
	equal(t, "4.3", start(t, "4.3").oddly().login(`{}`).status, 404)
}

func TestTokens(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, version := range []string{"6.0", "6.1"} {
		c := start(t, version, WithClock(func() time.Time { return now }))
		status := func(token string) int {
			t.Helper()
			return c.ask("GET", put1, "", "Authorization", token).status
		}
		first := "Bearer " + c.login(c.credentials()).text
		equal(t, "good", fmt.Sprint(status(first), status("bearer "+first[7:])), "200 200")
		equal(t, "bad", fmt.Sprint(status(""), status("Bearer"), status("Bearer x"), status("Bearer "+first[7:]+"x"),
			status("Basic "+first[7:])), "401 401 401 401 401")
		equal(t, "challenge", c.ask("GET", put1, "", "Authorization", "").header.Get("WWW-Authenticate"), "Bearer")
		equal(t, "challenge", c.ask("GET", put1, "", "Authorization", "Bearer x").header.Get("WWW-Authenticate")[:28],
			`Bearer error="invalid_token"`)

		now = now.Add(time.Hour - time.Second)
		equal(t, "before its end", status(first), 200)
		now = now.Add(time.Second)
		equal(t, "at its end", status(first), 401)
		second := "Bearer " + c.IssueToken("erinoverview", time.Minute)
		c.ask("POST", put1, groupJSON("a"), "Authorization", second)
		if trail := c.AuditTrail("one"); len(trail) != 1 || !strings.Contains(trail[0], " erinoverview updated") {
			t.Error(trail)
		}
		third := "Bearer " + c.IssueToken(c.User, time.Minute)
		equal(t, "logout", c.ask("GET", "/api/token/logout", "", "Authorization", second).status, 200)
		equal(t, "after logout", fmt.Sprint(status(second), status(third)), "200 200")
		equal(t, "logout without", c.ask("GET", "/api/token/logout", "", "Authorization", "").status, 401)
		byDelete := c.ask("DELETE", "/api/token/logout", "", "Authorization", second)
		equal(t, "logout by DELETE", fmt.Sprint(byDelete.status, byDelete.header.Get("Allow")), "405GET")
		c.RevokeTokens()
		equal(t, "revoked", status(third), 401)

		c.token = c.IssueToken(c.User, time.Minute)
		c.run()
		c.Restart()
		equal(t, "restarted", fmt.Sprint(c.ask("GET", put1, "").status, c.Running("one"), len(c.Groups("one"))),
			"401 false 2")
		c.token = c.login(c.credentials()).text
		equal(t, "known", string(c.ok("GET", known1+"/is-known").Object["flag"]), "false")
	}
}

func TestOpenPaths(t *testing.T) {
	for _, version := range []string{"6.0", "6.1"} {
		c := start(t, version)
		for path, status := range map[string]int{
			origin: 200, "/api/about": 200, "/api/public/app/info": 200, "/swagger-ui/index.html": 404,
			"/v3/api-docs": 404, "/": 401, "/nothing": 401,
			"/api/token": 401, put1: 401,
			"!/open-metadata/admin-services/users/u/servers/one/integration-groups/configuration": 401,
			origin + "/x": 401,
		} {
			c := c.oddly() // some of these paths are in no specification
			equal(t, path, c.ask("GET", path, "", "Authorization", "").status, status)
			equal(t, "a bad token at "+path, c.ask("GET", path, "", "Authorization", "Bearer bad").status, 401)
		}
		equal(t, "the other dialect",
			c.ask("GET", "/open-metadata/admin-services/users/u/servers/one/integration-groups/configuration",
				"").status, 404)
	}
	for _, version := range []string{"4.0", "5.3"} {
		c := start(t, version)
		equal(t, "no token", c.ask("GET", put1, "").status, 200)
		equal(t, "a bad one", c.ask("GET", put1, "", "Authorization", "Bearer bad").status, 401)
		equal(t, "a good one", c.ask("GET", put1, "", "Authorization", "Bearer "+c.IssueToken("x", time.Minute)).status,
			200)
		equal(t, "another scheme", c.ask("GET", put1, "", "Authorization", "Basic eDp5").status, 200)
		equal(t, "the other dialect", c.ask("GET", "!"+put1, "").status, c.refused(404))
		equal(t, "origin", c.ask("GET", origin, "").text, "Egeria OMAG Server Platform (version "+version+")"+
			strings.Repeat("\n", strings.Count(version, "4")))
		equal(t, "without security", start(t, version, WithoutSecurity()).ask("GET", put1, "", "Authorization",
			"Bearer bad").status, 200)

		// the path decides, for any user of the token
		r := c.ask("POST", "!"+strings.Replace(put1, "/servers", "/users/erinoverview/servers", 1), groupJSON("a"),
			"Authorization", "Bearer "+c.IssueToken("x", time.Minute))
		if trail := c.AuditTrail("one"); r.status != 200 || len(trail) != 1 || !strings.Contains(trail[0],
			" erinoverview updated") {
			t.Error(r, trail)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		first, second := c.ok("GET", put1).Text("requestId"), c.fails("OMAG-MULTI-TENANT-404-001", "GET",
			known1+"/status").Text("requestId")
		if !c.release.since("6.1") {
			equal(t, "ids", first+second, "")
			return
		}
		if len(first) != 36 || first == second {
			t.Error(first, second)
		}
		equal(t, "logged", c.Calls()[0].RequestID+" "+c.Calls()[1].RequestID, first+" "+second)
	})
}

func TestTransportErrors(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		for path, want := range map[string]int{
			"/nothing": 404, put1 + "/": 404, put1 + "/more": 404, groups1 + "/": 404,
			"/open-metadata/admin-services/servers//integration-groups/configuration": 400,
			groups1 + "/a%2Fb": 400, groups1 + "/a%2fb": 400, groups1 + "/a%5Cb": 400, groups1 + "/a%25b": 400,
			groups1 + "/a%3Bb": 400, groups1 + "/a;b": 400,
			groups1 + "/%2E%2E": 400, groups1 + "/..": 400, groups1 + "/.": 400, groups1 + "/../x": 400,
			groups1 + "/a%0Ab": 400, groups1 + "//a": 400,
			groups1 + "/a%20b": 200, groups1 + "/a:b": 200, groups1 + "/a..b": 200, groups1 + "/%C3%A9": 200,
			groups1 + "/configuration": 200, groups1 + "/a%3Fb": 200,
			put1 + "/all": 405, of1 + "/configuration/deploy": 405,
		} {
			c.oddly().ok("POST", put1+"/all", "["+groupJSON("configuration")+"]")
			r := c.ask("DELETE", path, "")
			html := strings.Contains(strings.ToLower(path), "%2f") || strings.Contains(path, "%5C")
			switch {
			case html:
			case want == 400 && c.release.since("5.0"):
				want = 401 // from the firewall
			default:
				want = c.refused(want)
			}
			equal(t, path, r.status, want)
			equal(t, path+" HTML", strings.HasPrefix(r.header.Get("Content-Type"), "text/html"), html)
			equal(t, path+" deletes", len(c.Groups("one")) == 0, path == groups1+"/configuration")
		}
		r := c.ask("PUT", put1, "{}")
		equal(t, "allow", fmt.Sprint(r.status, r.header.Get("Allow")), fmt.Sprint(c.refused(405), "GET, POST, DELETE"))
		calls := c.Calls()
		last := calls[len(calls)-1]
		equal(t, "the log", last.Operation+fmt.Sprint(last.Status), fmt.Sprint(c.refused(405)))
	})
	for path, want := range map[string]int{
		groups1 + "/a%2Fb": 400, groups1 + "/a%25b": 200, groups1 + "/a;b": 200, groups1 + "/%2E%2E": 200,
		"/open-metadata/admin-services/servers//integration-groups": 404,
	} {
		c := start(t, "4.2", WithoutSecurity())
		equal(t, path, c.oddly().ask("DELETE", path, "").status, want)
	}
	// a server may have the name of a collection
	c := start(t, "4.2")
	equal(t, "active", c.oddly().ask("DELETE", strings.Replace(known1, "/one", "/active", 1),
		"").Text("exceptionErrorMessageId"), "OMAG-MULTI-TENANT-404-001")
}

func TestFaultsAndLimits(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := start(t, "6.1", WithClock(func() time.Time { return now }), WithRateLimit(2, time.Minute)).oddly()
	c.Inject(Fault{Operation: "getIntegrationGroups", Status: 503, Header: http.Header{"Retry-After": {"3"}}})
	r := c.ask("GET", put1, "")
	equal(t, "fault", fmt.Sprint(r.status, " ", r.header.Get("Retry-After")), "503 3")
	equal(t, "quota", c.ask("GET", put1, "").header.Get("X-RateLimit-Remaining"), "0")
	equal(t, "over", c.ask("GET", put1, "").status, 429)
	other := c.IssueToken("erinoverview", time.Hour)
	equal(t, "another user", c.ask("GET", put1, "", "Authorization", "Bearer "+other).status, 200)
	now = now.Add(time.Minute)
	equal(t, "next window", c.ask("GET", put1, "").status, 200)
	equal(t, "calls", c.CountCalls("getIntegrationGroups"), 5)
	c.ResetCalls()
	equal(t, "calls", len(c.Calls()), 0)

	c.Inject(Fault{Operation: "putIntegrationGroup", Lost: true, Apply: true})
	req, err := http.NewRequestWithContext(t.Context(), "POST", c.URL+put1, strings.NewReader(groupJSON("a")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	if _, err := c.HTTPClient().Do(req); err == nil {
		t.Error("the response came")
	}
	equal(t, "applied", len(c.Groups("one")), 1)
	text := fmt.Sprintf("%v %+v %#v", c.Calls()[0], c.Calls(), c.Calls()[0])
	if strings.Contains(text, c.token) || !strings.Contains(text, "putIntegrationGroup") {
		t.Error("a call's text holds a token or says too little")
	}

	busy := start(t, "4.2", WithMaxInFlight(0), WithLatency(time.Millisecond))
	busy.ok("GET", put1)
	synctest.Test(t, func(t *testing.T) {
		slow := start(t, "4.2", WithLatency(time.Minute))
		began := time.Now()
		slow.ok("GET", put1)
		equal(t, "latency", time.Since(began), time.Minute)
	})
}

// In a test, misuse fails the test instead of panicking.
func TestMisuse(t *testing.T) {
	start := func(tb fakehttp.TB) (s *Server) {
		if tb == nil {
			s = Start(WithoutSocket(), WithRelease("4.2"))
		} else {
			s = NewServer(tb, WithoutSocket(), WithRelease("4.2"))
		}
		(&caller{s, t, s.HTTPClient(), s.IssueToken(s.User, time.Hour)}).run()
		return s
	}
	for name, f := range map[string]func(*Server){
		"document":   func(c *Server) { c.SetDocument("one", []byte("[]")) },
		"group":      func(c *Server) { c.SetGroup("one", "z", "RUNNING") },
		"server":     func(c *Server) { c.AddConnector("two", "a", "c") },
		"status":     func(c *Server) { c.SetGroup("one", "a", "") },
		"operation":  func(c *Server) { c.CountCalls("nothing") },
		"no such op": func(c *Server) { c.CountCalls("getResolvedConfiguration") },
	} {
		if err := fakehttp.CheckMisuse(start, f, func(s *Server) { s.Groups("one") }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, opt := range map[string]Option{"nil": nil, "release": WithRelease("5.4"), "security": WithoutSecurity(),
		"store": WithEncryptedStore(), "window": WithRateLimit(1, 0)} {
		start := func(tb fakehttp.TB) *Server {
			if tb == nil {
				return Start(opt)
			}
			return NewServer(tb, opt)
		}
		if err := fakehttp.CheckMisuse(start, func(*Server) {}, func(*Server) {}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestManyAtOnce sends requests over HTTP/2 and HTTP/1.1 from many goroutines.
func TestManyAtOnce(t *testing.T) {
	for proto, opts := range map[string][]Option{"HTTP/2.0": {WithHTTP2()}, "HTTP/1.1": nil} {
		s := NewServer(t, append(opts, WithRelease("6.1"))...)
		c := &caller{s, t, s.HTTPClient(), s.IssueToken(s.User, time.Hour)}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				c.ask("POST", put1, groupJSON(fmt.Sprint("g", i)))
				c.ask("GET", put1, "")
				s.Groups("one")
				s.IssueToken("x", time.Minute)
			})
		}
		wg.Wait()
		equal(t, "groups", len(s.Groups("one"))+len(s.AuditTrail("one")), 40)
		equal(t, "protocol", s.Calls()[0].Proto, proto)
		if proto == "HTTP/2.0" && s.CertPool().Equal(NewServer(t, WithoutSocket()).CertPool()) {
			t.Error("no certificate")
		}
	}
}
