package egeriatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/integrations-go/sdk/internal/contract/specified"
	"github.com/integrations-go/sdk/internal/exchanges"
	"github.com/integrations-go/sdk/internal/fakehttp"
)

// witness checks all exchanges between client and server. It passes exchanges of the specification
// to the module internal/tools, which validates them.
type witness struct {
	next http.RoundTripper
	t    *testing.T
}

func (w witness) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		sent, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(got))
	if err != nil {
		return nil, err
	}
	if err := inspect(w.t.Name(), req, sent, resp, got); err != nil {
		w.t.Errorf("%s %s: %d %s\n%v", req.Method, req.URL.Path, resp.StatusCode, got, err)
	}
	return resp, nil
}

func inspect(test string, req *http.Request, sent []byte, resp *http.Response, got []byte) error {
	var o fakehttp.Object
	_ = json.Unmarshal(got, &o) // without JSON there are no members
	if resp.Header.Get("X-Request-Id") != "" {
		return errors.New("an Egeria platform has no such header")
	}
	switch {
	case o.Text("class") == "FFDCResponseBase" && resp.StatusCode != http.StatusOK:
		if string(o["relatedHTTPCode"]) != fmt.Sprint(resp.StatusCode) || o.Null("exceptionClassName") ||
			o.Null("exceptionErrorMessage") {
			return errors.New("not as the platform refuses")
		}
		return nil
	case resp.StatusCode == http.StatusUnauthorized:
		if len(got) > 0 || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer") {
			return errors.New("not as Spring refuses")
		}
		return nil
	case resp.StatusCode != http.StatusOK:
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			return nil
		}
		if members := slices.Sorted(maps.Keys(o)); fmt.Sprint(members) != "[error path status timestamp]" ||
			o.Text("path") != req.URL.EscapedPath() ||
			string(o["status"]) != fmt.Sprint(resp.StatusCode) {
			return errors.New("not as Spring writes errors")
		}
		return nil
	}
	return exchanges.New(test, req, sent, resp, got).Write()
}

// caller calls a server as its user, with a token if the release has tokens.
type caller struct {
	*Server
	t      *testing.T
	client *http.Client
	token  string
}

func start(t *testing.T, version string, opts ...Option) *caller {
	t.Helper()
	s := NewServer(t, append([]Option{WithRelease(version), WithoutSocket()}, opts...)...)
	c := &caller{Server: s, t: t, client: &http.Client{Transport: witness{s.Transport(), t}}}
	if s.release.bearers() {
		c.token = s.IssueToken(s.User, 24*time.Hour)
	}
	return c
}

// refused returns the status for a failed request: 5.x sends 401, except for failures of Tomcat.
func (c *caller) refused(status int) int {
	if c.release.hidesErrors() && status != http.StatusOK {
		return http.StatusUnauthorized
	}
	return status
}

// oddly returns a caller for requests and responses that are not in the specification.
func (c *caller) oddly() *caller { return &caller{c.Server, c.t, c.HTTPClient(), c.token} }

type response struct {
	status int
	header http.Header
	text   string
	fakehttp.Object
}

func (r response) String() string { return fmt.Sprintf("%d %s", r.status, r.text) }

// ask sends a request. A path that begins with ! is sent unchanged. Other paths get the user if the
// release requires it.
func (c *caller) ask(method, path, body string, headers ...string) response {
	c.t.Helper()
	path, verbatim := strings.CutPrefix(path, "!")
	if !verbatim {
		path = c.release.path(operation{path: path})
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.URL+strings.ReplaceAll(path, "{userId}", c.User),
		strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if strings.HasSuffix(path, "/open-metadata-archives/file") {
		req.Header.Set("Content-Type", "text/plain")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	resp, err := c.client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := response{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &r.Object) // without JSON there are no members
	return r
}

// ok sends a request that must succeed.
func (c *caller) ok(method, path string, body ...string) response {
	c.t.Helper()
	r := c.ask(method, path, strings.Join(body, ""))
	if r.status != http.StatusOK || string(r.Object["relatedHTTPCode"]) != "200" || !r.Null("exceptionClassName") {
		c.t.Fatalf("%s %s: %v", method, path, r)
	}
	return r
}

// fails sends a request that must fail with status 200.
func (c *caller) fails(id, method, path string, body ...string) response {
	c.t.Helper()
	r := c.ask(method, path, strings.Join(body, ""))
	if r.status != http.StatusOK || r.Text("exceptionErrorMessageId") != id ||
		!strings.HasPrefix(r.Text("exceptionErrorMessage"), id+" ") ||
		r.Text("exceptionSystemAction") == "" || r.Text("exceptionUserAction") == "" ||
		!slices.Contains([]string{"OMAG-ADMIN-503-001", "OMAG-COMMON-503-001", "OMAG-ADMIN-400-041"}, id) &&
			strings.ContainsAny(r.Text("exceptionErrorMessage"), "{}") {
		c.t.Fatalf("%s %s: %v, want %s", method, path, r, id)
	}
	return r
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// eachRelease runs a test on every release.
func eachRelease(t *testing.T, test func(*testing.T, *caller)) {
	for _, r := range releases {
		t.Run(string(r), func(t *testing.T) { test(t, start(t, string(r))) })
	}
}

const (
	of1       = "/open-metadata/admin-services/servers/one"
	groups1   = of1 + "/integration-groups"
	put1      = groups1 + "/configuration"
	known1    = "/open-metadata/platform-services/server-platform/servers/one"
	daemon1   = "/servers/one/open-metadata/integration-daemon"
	origin    = "/open-metadata/platform-services/server-platform/origin"
	adminJava = "org.odpi.openmetadata.adminservices.ffdc.exception."
)

func groupJSON(name string) string {
	return `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"` + name +
		`","omagserverName":"mds","omagserverPlatformRootURL":"https://h:9443"}`
}

// names returns the names of a server's groups.
func (c *caller) names() string {
	var names []string
	for _, g := range groupsOf(fakehttp.Object{groupList: c.ok("GET", put1).Object["groups"]}) {
		names = append(names, g.Text(groupName))
	}
	return strings.Join(names, " ")
}

func TestOperationsAreThoseOfTheSpec(t *testing.T) {
	further := map[string]bool{}
	for _, op := range (&Server{}).furtherTable() {
		further[op.name] = op.further
	}
	for _, r := range releases {
		want := map[string]bool{}
		for _, op := range specified.Operations("egeria") {
			until := op.Until
			if strings.HasSuffix(op.ID, "Legacy") {
				until = "6.0" // 4.2 still has them; the release that removed them is not known
			}
			if string(r) >= op.Since && (until == "" || string(r) < until) {
				want[op.ID+" "+op.Method+" "+r.path(operation{path: op.Path})] = true
			}
		}
		s := NewServer(t, WithoutSocket(), WithRelease(string(r)))
		for _, op := range s.operations() {
			key := op.Name + " " + op.Method + " " + op.Path
			second := secondPaths[op.Name] != "" && op.Path == r.path(operation{path: secondPaths[op.Name]})
			if second || further[op.Name] {
				continue // The specification has the first path, and the SDK uses it.
			}
			if !want[key] {
				t.Errorf("the fake of %s has %s, which the specification does not have, or has once", r, key)
			}
			delete(want, key)
		}
		for key := range want {
			t.Errorf("the fake of %s has no %s: add it to table in egeria/egeriatest/operations.go", r, key)
		}
	}
}

func TestGroups(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		equal(t, "unknown server", c.names(), "")
		if c.Document("one") != nil || c.Groups("one") != nil {
			t.Error("a read stores")
		}
		c.ok("DELETE", groups1+"/G")
		if c.Document("one") != nil {
			t.Error("a delete where there is no list stores")
		}
		c.ok("POST", put1, groupJSON("a"))
		c.ok("POST", put1, groupJSON("b"))
		c.ok("POST", put1, groupJSON("a"))
		if *c.inverted {
			equal(t, "three puts", c.names(), "a")
			c.ok("POST", put1, groupJSON("a"))
			equal(t, "the same again", c.names(), "a a")
		} else {
			equal(t, "three puts", c.names(), "b a")
		}
		c.ok("POST", put1+"/all", "["+groupJSON("x")+","+groupJSON("y")+","+groupJSON("y")+"]")
		equal(t, "replaced", c.names(), "x y y")
		equal(t, "first", string(c.Groups("one")[0]), groupJSON("x"))
		c.ok("DELETE", groups1+"/y")
		c.ok("DELETE", groups1+"/z")
		equal(t, "deleted", c.names(), "x")
		c.ok("DELETE", groups1+"/x")
		if r := c.ok("GET", put1); r.Object["groups"] != nil {
			t.Errorf("an empty list shows: %v", r)
		}
		c.ok("DELETE", groups1)
		c.ok("DELETE", groups1)

		trail := c.AuditTrail("one")
		var lines []string
		for _, line := range trail {
			at, rest, found := strings.Cut(line, " "+c.User+" ")
			if _, err := time.Parse("Mon Jan 02 15:04:05 MST 2006", at); err != nil || !found {
				t.Errorf("%q: %v", line, err)
			}
			lines = append(lines, rest)
		}
		want := []string{
			"updated configuration for integration group a.", "updated configuration for integration group b.",
			"updated configuration for integration group a.",
			"updated configuration for integration groups.", "updated configuration for integration group y.",
			"updated configuration for integration group z.",
			"updated configuration for integration group x.", "removed configuration for integration groups.",
			"removed configuration for integration groups.",
		}
		if *c.inverted {
			want = slices.Insert(want, 3, want[0])
		}
		equal(t, "audit trail", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	})
}

func TestInvertedFilter(t *testing.T) {
	for version, inverted := range map[string]bool{"4.0": true, "4.1": true, "4.2": true, "4.3": true, "5.0": false,
		"5.3": false, "6.0": false, "6.1": false} {
		for name, tt := range map[string]struct {
			opts []Option
			want bool
		}{
			"default": {nil, inverted}, "with": {[]Option{WithInvertedFilter()}, true},
			"without": {[]Option{WithoutInvertedFilter()}, false},
		} {
			c := start(t, version, tt.opts...)
			c.ok("POST", put1, groupJSON("a"))
			c.ok("POST", put1, groupJSON("b"))
			equal(t, version+" "+name, c.names() == "b", tt.want)
		}
	}
}

func TestGroupRefusals(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		without := func(member string) string {
			var o fakehttp.Object
			if err := json.Unmarshal([]byte(groupJSON("a")), &o); err != nil {
				t.Fatal(err)
			}
			delete(o, member)
			return string(fakehttp.Raw(o))
		}
		class := "org.odpi.openmetadata.frameworks.openmetadata.ffdc.InvalidParameterException"
		if !c.release.bearers() {
			class = adminJava + "OMAGInvalidParameterException"
		}
		for body, tt := range map[string]struct{ id, params string }{
			without(groupURL): {"OMAG-ADMIN-400-039", `["configureIntegrationGroup","one"]`},
			without(groupName): {"OMAG-ADMIN-400-032",
				`["one","integrationGroupConfig.integrationGroupQualifiedName"]`},
			strings.Replace(groupJSON("a"), "https://h:9443", "", 1): {"OMAG-ADMIN-400-039",
				`["configureIntegrationGroup","one"]`},
			strings.Replace(groupJSON("a"), `"a"`, "null", 1): {"OMAG-ADMIN-400-032",
				`["one","integrationGroupConfig.integrationGroupQualifiedName"]`},
		} {
			r := c.fails(tt.id, "POST", put1, body)
			equal(t, "class", r.Text("exceptionClassName"), class)
			equal(t, "parameters", string(r.Object["exceptionErrorMessageParameters"]), tt.params)
			equal(t, "action", r.Text("actionDescription"), "configureIntegrationGroup")
			equal(t, "code", string(r.Object["relatedHTTPCode"]), "400")
			parameter, subclass := "", ""
			if c.release.bearers() {
				parameter = `{"parameterName":"` + map[string]string{
					"OMAG-ADMIN-400-039": "omagServerServiceRootURL",
					"OMAG-ADMIN-400-032": "integrationGroupConfig.integrationGroupQualifiedName",
				}[tt.id] + `"}`
				subclass = class
			}
			equal(t, "properties", string(r.Object["exceptionProperties"]), parameter)
			equal(t, "subclass", r.Text("exceptionSubclassName"), subclass)
			equal(t, "bean", r.Text("class"), "VoidResponse")
		}
		for body, status := range map[string]int{
			without("class"): 400, `{`: 400, `null`: 400, `[]`: 400, `"x"`: 400, `{}`: 400,
			strings.Replace(groupJSON("a"), `"a"`, "{}", 1):                                                  400,
			strings.Replace(groupJSON("a"), `"class":"IntegrationGroupConfig"`, `"class":"EngineConfig"`, 1): 400,
		} {
			equal(t, body, c.ask("POST", put1, body).status, c.refused(status))
		}
		for _, body := range []string{`null`, `{}`, `[{}]`, `[`, groupJSON("a"), `[{"class":"Nothing"}]`} {
			equal(t, "all "+body, c.ask("POST", put1+"/all", body).status, c.refused(400))
		}
		equal(t, "no body", c.ask("POST", put1, "", "Content-Type", "application/json").status, c.refused(400))
		equal(t, "no body and type", c.ask("POST", put1, "").status, c.refused(400))
		equal(t, "text", c.ask("POST", put1, groupJSON("a"), "Content-Type", "text/plain").status, c.refused(415))
		equal(t, "no type", c.ask("POST", put1, groupJSON("a"), "Content-Type", "").status, c.refused(415))
		if c.Document("one") != nil {
			t.Errorf("stored: %s", c.Document("one"))
		}
		c.ok("POST", put1, without("omagserverName"))
		c.ok("POST", put1, groupJSON(""))
		c.oddly().ok("POST", put1, strings.Replace(groupJSON("a"), `"a"`, "42", 1))
		if last := c.names(); !strings.HasSuffix(last, "42") {
			t.Error(last)
		}

		c.ok("POST", put1+"/all", `[{"class":"IntegrationGroupConfig"},`+groupJSON("a")+`]`)
		id, code, class := "OMAG-ADMIN-500-001", "500", adminJava+"OMAGConfigurationErrorException"
		if c.release.bearers() {
			id, code = "OMAG-COMMON-400-016", "400"
			class = "org.odpi.openmetadata.frameworks.openmetadata.ffdc.PropertyServerException"
		}
		r := c.fails(id, "POST", put1, groupJSON("b"))
		equal(t, "cause", r.Text("exceptionCausedBy"), "java.lang.NullPointerException")
		equal(t, "class", r.Text("exceptionClassName")+string(r.Object["relatedHTTPCode"]), class+code)
		c.ok("DELETE", groups1+"/a")
		equal(t, "the nameless one stays", string(c.ok("GET", put1).Object["groups"]),
			`[{"class":"IntegrationGroupConfig"}]`)
		c.oddly().ok("POST", put1+"/all", `[null]`)
		c.fails(id, "POST", put1, groupJSON("b"))
		c.ok("DELETE", groups1+"/a")
		equal(t, "null", string(c.Groups("one")[0]), "null")
	})
}
