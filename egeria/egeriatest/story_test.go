package egeriatest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// storyStep is one raw request of the story. It was recorded on real platforms, and the fake must
// respond in the same way. In path and body, {platform} is the platform's root and {version} the
// versionId of its documents.
type storyStep struct {
	name, method string
	// without users/{userId}, which is added for dialect 4; a path that begins with ! is sent
	// unchanged
	path string
	kind string // Content-Type; default: application/json if there is a body; "-" sends none
	body string
	// "" for the usual credentials, "none" for none, "bad" for an invalid token, "stale" for one
	// from before the last restart, "fresh" after a new login
	auth string
	only int // the only dialect with this step; 0 means both
	// an optional part of a platform: "daemon", or "services" for access and integration services
	needs      string
	restart    bool // restart the platform first
	unrecorded bool // not yet recorded on any platform
}

const (
	storyUser   = "garygeeke"
	adminPath   = "/open-metadata/admin-services/servers/"
	serversPath = "/open-metadata/platform-services/server-platform/servers/"
)

func recordedPath(version string) string {
	return filepath.Join("testdata", "recorded", version+".json")
}

func readRecorded(version string) ([]exchange, error) {
	raw, err := os.ReadFile(recordedPath(version))
	if err != nil {
		return nil, err
	}
	var recorded []exchange
	return recorded, json.Unmarshal(raw, &recorded)
}

func recordings(t *testing.T) map[string][]exchange {
	t.Helper()
	files, err := filepath.Glob(recordedPath("*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	all := map[string][]exchange{}
	for _, file := range files {
		version := strings.TrimSuffix(filepath.Base(file), ".json")
		if all[version], err = readRecorded(version); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestStorySteps(t *testing.T) {
	seen := map[string]bool{}
	for _, step := range story() {
		if seen[step.name] {
			t.Errorf("%q twice", step.name)
		}
		seen[step.name] = true
		if !slices.Contains([]string{"", "none", "bad", "stale", "fresh"}, step.auth) ||
			!slices.Contains([]string{"", "daemon", "services"}, step.needs) {
			t.Errorf("%q: %q, %q", step.name, step.auth, step.needs)
		}
		if path := withUser(step.path, "u"); !strings.HasPrefix(step.path, "!") &&
			strings.Count(path, "/users/u/") != strings.Count(step.path, "/open-metadata/") &&
			step.path != "/open-metadata/nothing" {
			t.Errorf("%q: %s", step.name, path)
		}
	}
}

func TestStoryPaths(t *testing.T) {
	for path, want := range map[string]string{
		"/open-metadata/admin-services/servers/s/integration-groups": "/open-metadata" +
			"/admin-services/users/u/servers/s/integration-groups",
		"/open-metadata/platform-services/server-platform/origin": "/open-metadata" +
			"/platform-services/users/u/server-platform/origin",
		"/servers/s/open-metadata/integration-daemon/status": "/servers/s/open-metadata" +
			"/integration-daemon/users/u/status",
		"/open-metadata/admin-services/servers/s/integration-daemon-services": "/open-metadata" +
			"/admin-services/users/u/servers/s/integration-daemon-services",
		"/api/token": "/api/token",
	} {
		if got := withUser(path, "u"); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// replay responds to the requests of a recording in its order. Logins are not part of it.
func replay(t *testing.T, dialect int, recorded []exchange) *httptest.Server {
	t.Helper()
	next := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/token" && r.UserAgent() != "story" {
			io.WriteString(w, "eyJhbGciOi.eyJzdWIiOi.c2ln")
			return
		}
		if next == len(recorded) {
			t.Errorf("%s %s after the end", r.Method, r.RequestURI)
			return
		}
		e := recorded[next]
		next++
		if r.Method != e.Method || r.RequestURI != e.Path || r.Header.Get("Content-Type") != e.BodyType {
			t.Errorf("%s: %s %s %s", e.Name, r.Method, r.RequestURI, r.Header.Get("Content-Type"))
		}
		if got := r.Header.Get("Authorization"); (got != "") != (e.Auth == "bad" || dialect == 6 && e.Auth != "none") {
			t.Errorf("%s: Authorization %q", e.Name, got)
		}
		w.Header()["Content-Type"] = nil
		if e.ContentType != "" {
			w.Header().Set("Content-Type", e.ContentType)
		}
		for name, value := range e.Header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(e.Status)
		io.WriteString(w, e.Response)
	}))
	t.Cleanup(server.Close)
	return server
}

// The recordings match the current story, and a platform with other responses is noticed.
func TestRecordingsReplay(t *testing.T) {
	for version, recorded := range recordings(t) {
		t.Run(version, func(t *testing.T) {
			restarts, platform := 0, recordedPlatforms()[version]
			play := func(answers []exchange) []exchange {
				s := &stage{url: replay(t, platform.dialect, answers).URL, dialect: platform.dialect, user: storyUser,
					password: "s3cret",
					without:  platform.without, recorded: true, restart: func() error { restarts++; return nil }}
				played, err := s.play(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return played
			}
			if found := differences(recorded, play(recorded)); len(found) != 0 {
				t.Errorf("%s", found)
			}
			if restarts != 1 && platform.dialect == 4 {
				t.Errorf("%d restarts", restarts)
			}
			changed := slices.Clone(recorded)
			i := slices.IndexFunc(changed, func(e exchange) bool { return e.Name == "groups after two puts" })
			changed[i].Response = strings.Replace(changed[i].Response, "Group:2", "Group:1", 1)
			changed[i+1].Status++
			played := play(changed)
			if found := differences(recorded, played); len(found) != 2 || !strings.HasPrefix(found[0],
				"groups after two puts:") {
				t.Errorf("%s", found)
			}
			if found := differences(recorded, played[:len(played)-1]); len(found) != 3 || !strings.HasSuffix(found[2],
				": recorded, but not played") {
				t.Errorf("%s", found)
			}
		})
	}
}

func TestRecordingsHoldNothingPersonal(t *testing.T) {
	personal := regexp.MustCompile(
		`eyJ|127\.0\.0\.1:\d\d|/tmp|/root|/home/|\bat (org|java)\.|(?i)NoClassDefFound|ClassNotFound`)
	for version, recorded := range recordings(t) {
		for _, e := range recorded {
			text := compact(e)
			if found := personal.FindString(text); found != "" {
				t.Errorf("%s: %s: %s", version, e.Name, found)
			}
			if steady := (&stage{url: "http://127.0.0.1:1234"}).steady(e.Response); steady != e.Response {
				t.Errorf("%s: %s: %s", version, e.Name, steady)
			}
		}
	}
}

func TestSteady(t *testing.T) {
	s := &stage{url: "http://127.0.0.1:41234", user: "someone", password: "s3cret", home: "/platform/abc"}
	for text, want := range map[string]string{
		`Egeria OMAG Server Platform (version 4.2)` +
			"\n": `Egeria OMAG Server Platform (version 4.2)` + "\n",
		`{"b":1,"a":12345678901234567890,` +
			`"u":"http://127.0.0.1:41234/x 127.0.0.1:41234"}`: `{"a":12345678901234567890,"b":1,` +
			`"u":"http://platform/x platform"}`,
		`{"t":"2026-11-22T09:09:37.306+00:00",` +
			`"s":"2026-11-22T09:09:37Z"}`: `{"s":"2000-01-01T00:00:00Z","t":"2000-01-01T00:00:00.000+00:00"}`,
		`{"t":1790000000123,"n":1000}`: `{"n":1000,` +
			`"t":946684800000}`,
		`["Sun Nov 22 09:09:23 UTC 2026 someone did"]`: `["Sat Jan 01 00:00:00 ` +
			`UTC 2000 garygeeke did"]`,
		`{"id":"be5dd237-a5b6-4cc3-83ea-4cdfa5676f48"}`: `{"id":"00000000-0000-0000-0000-000000000000"}`,
		"eyJhbGciOi.eyJzdWIiOi.c2ln\n":                  "JWT\n",
		`{"f":"/platform/abc/data","p":"s3cret"}`: `{"f":"HOME/data",` +
			`"p":"PASSWORD"}`,
		`{"trace":"java.lang.X: no\n\tat a.B.c(D.java:1)\n\tat e.F.g(H.java:2)"}`: `{"trace":"java.lang.X: no"}`,
		`{"serverList":["b","a"],"other":["b","a"]}`: `{"other":["b","a"],` +
			`"serverList":["a","b"]}`,
		`<html>`: `<html>`,
		`null`:   `null`,
		`{} {}`:  `{} {}`,
	} {
		if got := s.steady(text); got != want {
			t.Errorf("%s\n%s", text, got)
		}
	}
}

// The requests of the story with tokens.
func TestStoryOnDialect6(t *testing.T) {
	logins := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/token" && r.Method == http.MethodPost && r.Header.Get("Authorization") == "" {
			logins++
			fmt.Fprintf(w, "eyJhbGciOi.eyJ%d.c2ln\n", logins)
			return
		}
		w.Header().Set("WWW-Authenticate", r.Header.Get("Authorization"))
	}))
	defer server.Close()
	before, current, restarts := "", "", 0
	s := &stage{url: server.URL, dialect: 6, user: storyUser, password: "s3cret"}
	s.restart = func() error { before, restarts = current, restarts+1; return nil }
	s.report = func(step storyStep, req *http.Request, _ *http.Response, _ string) {
		got := req.Header.Get("Authorization")
		var ok bool
		switch step.auth {
		case "none":
			ok = got == ""
		case "bad":
			ok = got == "Bearer not-a-token"
		case "stale":
			ok = got == before && got != ""
		default:
			ok = jwt.MatchString(got) && got != before && (step.auth != "fresh" || got != current)
			current = got
		}
		if !ok {
			t.Errorf("%s: %q", step.name, got)
		}
	}
	played, err := s.play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range played {
		if strings.Contains(e.Path, "/users/") && !strings.HasSuffix(e.Name, "on the path of dialect 4") {
			t.Errorf("%s: %s", e.Name, e.Path)
		}
		if text := compact(e); strings.Contains(text, "eyJ") || strings.Contains(text, "s3cret") {
			t.Errorf("%s", text)
		}
	}
	if len(played) < 250 || restarts != 2 {
		t.Errorf("%d steps, %d restarts", len(played), restarts)
	}
}
