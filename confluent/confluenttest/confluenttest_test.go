package confluenttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/integrations-go/sdk/confluent/api"
)

const (
	tenant  = "11111111-2222-3333-4444-555555555555"
	role    = "arn:aws:iam::000000000000:role/lake"
	usage   = "crn://confluent.cloud/organization=o/environment=env-1/connector=lcc-1"
	v1AWS   = `{"display_name":"n","provider":"AWS","config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + role + `"},"environment":{"id":"env-1"}}`
	v2Azure = `{"display_name":"n","provider":"azure","environment":{"id":"env-1"}}`
	patch   = `{"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenant + `"},"environment":{"id":"env-1"}}`
	inEnv1  = "?environment=env-1"
)

var spec = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromFile("../../specs/confluent.yaml")
})

// client calls a server and checks each reply against the specification, unless it is told that this one is odd.
type client struct {
	*Server
	t    *testing.T
	auth string
	odd  bool
}

func newClient(t *testing.T, opts ...Option) *client {
	t.Helper()
	s := NewServer(t, append([]Option{WithoutSocket()}, opts...)...)
	usual := Style{AWSInV2: s.style.AWSInV2, ExactProvider: s.style.ExactProvider} // which change no reply's form
	usual.setDefaults()
	return &client{Server: s, t: t, odd: s.style != usual}
}

// oddly is the same client for replies that the specification doesn't know.
func (c *client) oddly() *client {
	odd := *c
	odd.odd = true
	return &odd
}

func (c *client) as(auth string) *client {
	other := *c
	other.auth = auth
	return &other
}

func basic(key, secret string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(key, secret)
	return r.Header.Get("Authorization")
}

type reply struct {
	status int
	header http.Header
	text   string
	doc    map[string]any
}

func (r reply) str(path ...string) string {
	var at any = r.doc
	for _, name := range path {
		m, _ := at.(map[string]any)
		at = m[name]
	}
	if at == nil {
		return "<absent>"
	}
	return fmt.Sprint(at)
}

// failure is the first error as "status code detail source".
func (r reply) failure() string {
	var f struct {
		Errors []struct {
			ID, Status, Code, Detail string
			Source                   map[string]string
		}
	}
	if json.Unmarshal([]byte(r.text), &f) != nil || len(f.Errors) != 1 || f.Errors[0].ID == "" || f.Errors[0].Status != strconv.Itoa(r.status) {
		return "no failure: " + r.text
	}
	e := f.Errors[0]
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Status, e.Code, e.Source["pointer"]+e.Source["parameter"]))
}

func (c *client) do(method, path, body string) reply {
	c.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.URL+path, in)
	if err != nil {
		c.t.Error(err)
		return reply{}
	}
	switch {
	case c.auth == "":
		req.SetBasicAuth(c.APIKey, c.APISecret)
	case c.auth != "none":
		req.Header.Set("Authorization", c.auth)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
		if strings.HasPrefix(path, "/sts/") {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		c.t.Error(err)
		return reply{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Error(err)
		return reply{}
	}
	r := reply{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &r.doc)
	if !c.odd {
		c.check(req, r)
	}
	return r
}

// check holds a reply against the specification, its status included.
func (c *client) check(req *http.Request, r reply) {
	c.t.Helper()
	doc, err := spec()
	if err != nil {
		c.t.Fatal(err)
	}
	calls := c.Calls()
	name := calls[len(calls)-1].Operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.OperationID != name {
				continue
			}
			in := &openapi3filter.ResponseValidationInput{
				RequestValidationInput: &openapi3filter.RequestValidationInput{
					Request: req,
					Route:   &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op},
				},
				Status: r.status, Header: r.header, Body: io.NopCloser(bytes.NewReader([]byte(r.text))),
				Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
			}
			if r.status == 429 || r.status == 204 {
				in.Options.ExcludeResponseBody = true
				if r.text != "" {
					c.t.Errorf("%s: %d has a body: %s", name, r.status, r.text)
				}
			}
			if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
				c.t.Errorf("%s: %d %s\n%v", name, r.status, r.text, err)
			}
			for header := range op.Responses.Status(r.status).Value.Headers {
				if header == "X-Request-Id" && r.header.Get(header) == "" {
					c.t.Errorf("%s: %d has no %s", name, r.status, header)
				}
			}
			return
		}
	}
	c.t.Errorf("%s %s: operation %q is not in the specification", req.Method, req.URL.Path, name)
}

// expect fails the test unless a reply has the status, and returns it.
func (c *client) expect(status int, r reply) reply {
	c.t.Helper()
	if r.status != status {
		c.t.Fatalf("status %d, want %d: %s", r.status, status, r.text)
	}
	return r
}

func (c *client) equal(what, got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestOperationsAreThoseOfTheSpec(t *testing.T) {
	doc, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			want = append(want, op.OperationID+" "+method+" "+path)
		}
	}
	for _, op := range NewServer(t, WithoutSocket()).operations() {
		got = append(got, op.Name+" "+op.Method+" "+op.Path)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("fake %q\nspec %q", got, want)
	}
}

func TestV2Life(t *testing.T) {
	for _, tt := range []struct{ provider, kind, customer, value, own, match, unset string }{
		{"Azure", "AzureIntegrationConfig", "customer_azure_tenant_id", tenant, "confluent_multi_tenant_app_id", "^[0-9a-f-]{36}$", ""},
		{"gcp", "GcpIntegrationConfig", "customer_google_service_account", "sa@p.iam.gserviceaccount.com",
			"google_service_account", `^cspi-[a-z0-9]+@cflt-cspi(-stag)?-\d+\.iam\.gserviceaccount\.com$`, ""},
		{"AWS", "AwsIntegrationConfig", "customer_iam_role_arn", role, "iam_role_arn", "^arn:aws:iam::", "<absent>"},
	} {
		t.Run(tt.provider, func(t *testing.T) {
			c := newClient(t, WithStyle(Style{AWSInV2: tt.provider == "AWS"}))
			r := c.expect(201, c.do("POST", v2Path, `{"display_name":"n","provider":"`+tt.provider+`","environment":{"id":"env-1","related":"","resource_name":""}}`))
			c.equal("provider", r.str("provider"), strings.ToLower(tt.provider))
			c.equal("status", r.str("status"), "DRAFT")
			c.equal("kind", r.str("config", "kind"), tt.kind)
			c.equal("customer", r.str("config", tt.customer), tt.unset)
			c.equal("usages", r.str("usages"), "[]")
			c.equal("environment", r.str("environment", "id"), "env-1")
			c.equal("api_version", r.str("api_version"), "pim/v2")
			if own := r.str("config", tt.own); !regexp.MustCompile(tt.match).MatchString(own) {
				t.Errorf("%s %q", tt.own, own)
			}
			id := r.str("id")
			at := v2Path + "/" + id
			c.equal("Location", r.header.Get("Location"), c.URL+at)

			config := `{"kind":"` + tt.kind + `","` + tt.customer + `":"` + tt.value + `","` + tt.own + `":"forged","newer":1.50}`
			validate := func(config string) reply {
				return c.do("POST", v2Path+":validate", `{"id":"`+id+`","environment":{"id":"env-1"}`+config+`}`)
			}
			c.equal("validate without config", c.expect(400, validate("")).failure(), "400 bad_request /config")
			valid := c.expect(204, validate(`,"config":`+config))
			if valid.header.Get("X-Request-Id") != "" || valid.text != "" {
				t.Errorf("validate: %+v", valid)
			}
			c.equal("status after a dry run", c.expect(200, c.do("GET", at+inEnv1, "")).str("status"), "DRAFT")

			r = c.expect(200, c.do("PATCH", at, `{"status":"ACTIVE","config":`+config+`,"environment":{"id":"env-1"}}`))
			c.equal("status", r.str("status"), "CREATED")
			c.equal("customer", r.str("config", tt.customer), tt.value)
			c.equal("display_name", r.str("display_name"), "n")
			if strings.Contains(r.text, "forged") {
				t.Error("a read-only member was written")
			}
			if !strings.Contains(r.text, `"newer":1.50`) {
				t.Errorf("an unknown member was lost: %s", r.text)
			}
			if got := c.expect(200, c.do("GET", at+inEnv1, "")); got.text != r.text {
				t.Errorf("get %s\nafter update %s", got.text, r.text)
			}
			c.equal("second update", c.expect(409, c.do("PATCH", at, `{"config":`+config+`,"environment":{"id":"env-1"}}`)).failure(), "409 invalid_state")
			c.expect(204, validate(""))
			c.expect(204, validate(`,"config":`+config))

			c.SetUsages(id, usage)
			r = c.expect(200, c.do("GET", at+inEnv1, ""))
			c.equal("status in use", r.str("status"), "ACTIVE")
			c.equal("usages", r.str("usages"), "["+usage+"]")
			c.expect(409, c.do("PATCH", at, `{"config":`+config+`,"environment":{"id":"env-1"}}`))
			c.equal("delete in use", c.oddly().expect(409, c.oddly().do("DELETE", at+inEnv1, "")).failure(), "409 resource_in_use")
			c.expect(200, c.do("GET", at+inEnv1, ""))
			c.SetUsages(id)
			c.equal("status after use", c.expect(200, c.do("GET", at+inEnv1, "")).str("status"), "CREATED")
			c.expect(204, c.do("DELETE", at+inEnv1, ""))
			c.equal("get", c.expect(404, c.do("GET", at+inEnv1, "")).failure(), "404")
			c.expect(404, c.do("DELETE", at+inEnv1, ""))
		})
	}
}

func TestV1Life(t *testing.T) {
	c := newClient(t)
	r := c.expect(201, c.do("POST", v1Path, v1AWS))
	at := v1Path + "/" + r.str("id")
	c.equal("provider", r.str("provider"), "AWS")
	c.equal("status", r.str("status"), "<absent>")
	c.equal("role", r.str("config", "customer_iam_role_arn"), role)
	c.equal("Location", r.header.Get("Location"), c.URL+at)
	if !strings.HasPrefix(r.str("config", "iam_role_arn"), "arn:aws:iam::") || len(r.str("config", "external_id")) != 36 {
		t.Errorf("Confluent's side: %s", r.text)
	}
	if got := c.expect(200, c.do("GET", at+inEnv1, "")); got.text != r.text {
		t.Errorf("get %s", got.text)
	}

	c.equal("Allow", c.oddly().expect(405, c.oddly().do("PATCH", at, patch)).header.Get("Allow"), "GET, DELETE")
	c.oddly().expect(404, c.oddly().do("POST", v1Path+":validate", `{"id":"x"}`))
	c.expect(404, c.do("GET", v2Path+"/"+r.str("id")+inEnv1, ""))
	c.expect(404, c.do("PATCH", v2Path+"/"+r.str("id"), patch))

	twin := c.expect(409, c.do("POST", v1Path, v1AWS))
	c.equal("second of one role", twin.failure(), "409 resource_already_exists /config/customer_iam_role_arn")
	c.equal("Location", twin.header.Get("Location"), c.URL+at)

	c.SetUsages(r.str("id"), usage)
	c.equal("status", c.expect(200, c.do("GET", at+inEnv1, "")).str("status"), "<absent>")
	c.oddly().expect(409, c.oddly().do("DELETE", at+inEnv1, ""))
	c.SetUsages(r.str("id"))
	c.expect(204, c.do("DELETE", at+inEnv1, ""))
	c.expect(404, c.do("GET", at+inEnv1, ""))
	c.expect(201, c.do("POST", v1Path, v1AWS))
}

func TestRoleIsUniqueWithinAnEnvironment(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"), WithStyle(Style{AWSInV2: true}))
	c.expect(201, c.do("POST", v1Path, v1AWS))
	c.expect(201, c.do("POST", v1Path, strings.ReplaceAll(v1AWS, "env-1", "env-2")))
	id := c.expect(201, c.do("POST", v2Path, `{"provider":"aws","environment":{"id":"env-1"}}`)).str("id")
	update := `{"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + role + `"},"environment":{"id":"env-1"}}`
	c.expect(409, c.do("PATCH", v2Path+"/"+id, update))
	c.expect(200, c.do("PATCH", v2Path+"/"+id, strings.ReplaceAll(update, "lake", "other")))
}

func TestRefusals(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"))
	draft := c.Add("env-1", map[string]any{"provider": "azure"})
	google := c.Add("env-1", map[string]any{"provider": "gcp"})
	env := `"environment":{"id":"env-1"}`
	for _, tt := range []struct{ method, path, body, want string }{
		{"GET", v1Path, "", "400 invalid_filter environment"},
		{"GET", v2Path, "", "400 invalid_filter environment"},
		{"GET", v2Path + "?environment=", "", "400 invalid_filter environment"},
		{"GET", v2Path + "/" + draft, "", "400 invalid_filter environment"},
		{"DELETE", v2Path + "/" + draft, "", "400 invalid_filter environment"},
		{"GET", v1Path + "?environment=env-9", "", "403 user_unauthorized"},
		{"GET", v2Path + "?environment=env-9", "", "403 user_unauthorized"},
		{"GET", v2Path + "/" + draft + "?environment=env-9", "", "403 user_unauthorized"},
		{"GET", v2Path + "/" + draft + "?environment=env-2", "", "404"},
		{"DELETE", v2Path + "/" + draft + "?environment=env-2", "", "404"},
		{"GET", v2Path + "/cspi-x" + inEnv1, "", "404"},
		{"DELETE", v1Path + "/cspi-x" + inEnv1, "", "404"},
		{"GET", v2Path + inEnv1 + "&page_size=0", "", "400 invalid_filter page_size"},
		{"GET", v2Path + inEnv1 + "&page_size=101", "", "400 invalid_filter page_size"},
		{"GET", v1Path + inEnv1 + "&page_size=x", "", "400 invalid_filter page_size"},
		{"GET", v2Path + inEnv1 + "&page_size=", "", "400 invalid_filter page_size"},
		{"GET", v2Path + inEnv1 + "&page_token=MQ", "", "400 invalid_filter page_token"},

		{"POST", v2Path, `{"provider":"gcp"}`, "400 bad_request /environment/id"},
		{"POST", v2Path, `{"provider":"gcp","environment":{"id":""}}`, "400 bad_request /environment/id"},
		{"POST", v2Path, `null`, "400 bad_request /environment/id"},
		{"POST", v2Path, `{`, "400 bad_request"},
		{"POST", v2Path, `[]`, "400 bad_request"},
		{"POST", v2Path, `{"environment":"env-1"}`, "400 bad_request"},
		{"POST", v2Path, `{"provider":"gcp","environment":{"id":"env-9"}}`, "403 user_unauthorized"},
		{"POST", v2Path, `{"provider":"oracle",` + env + `}`, "422 invalid_configuration /provider"},
		{"POST", v2Path, `{"provider":"aws",` + env + `}`, "400 bad_request /provider"},
		{"POST", v2Path, `{"provider":"AWS",` + env + `,"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + role + `"}}`,
			"400 bad_request /provider"},
		{"POST", v2Path, `{"display_name":"` + strings.Repeat("é", 61) + `",` + env + `}`, "422 invalid_configuration /display_name"},
		{"POST", v2Path, `{"provider":"azure","config":{"kind":"GcpIntegrationConfig","customer_google_service_account":"a@b.iam.gserviceaccount.com"},` + env + `}`,
			"422 invalid_configuration /config/kind"},

		{"POST", v1Path, `{` + env + `}`, "400 bad_request /config"},
		{"POST", v1Path, `{"config":{"customer_iam_role_arn":"` + role + `"},` + env + `}`, "400 bad_request /config/kind"},
		{"POST", v1Path, `{"config":{"kind":"AwsIntegrationConfig"},` + env + `}`, "422 invalid_configuration /config/customer_iam_role_arn"},
		{"POST", v1Path, `{"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"arn:aws:iam::1:r/n"},` + env + `}`,
			"422 invalid_configuration /config/customer_iam_role_arn"},
		{"POST", v1Path, `{"provider":"gcp","config":{"kind":"AwsIntegrationConfig"},` + env + `}`, "422 invalid_configuration /provider"},
		{"POST", v1Path, `{"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenant + `"},` + env + `}`,
			"422 invalid_configuration /config/kind"},

		{"PATCH", v2Path + "/" + draft, `{"config":{}}`, "400 bad_request /environment/id"},
		{"PATCH", v2Path + "/" + draft, `{` + env + `}`, "400 bad_request /config"},
		{"PATCH", v2Path + "/" + draft, `{"config":{},` + env + `}`, "400 bad_request /config/kind"},
		{"PATCH", v2Path + "/" + draft, `{"config":{"kind":"AzureIntegrationConfig"},` + env + `}`, "400 bad_request /config/customer_azure_tenant_id"},
		{"PATCH", v2Path + "/" + draft, `{"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"me"},` + env + `}`,
			"400 bad_request /config/customer_azure_tenant_id"},
		{"PATCH", v2Path + "/" + google, `{"config":{"kind":"GcpIntegrationConfig","customer_google_service_account":"me"},` + env + `}`,
			"400 bad_request /config/customer_google_service_account"},
		{"PATCH", v2Path + "/" + google, patch, "422 invalid_configuration /config/kind"},
		{"PATCH", v2Path + "/" + draft, strings.ReplaceAll(patch, "env-1", "env-2"), "404"},
		{"PATCH", v2Path + "/cspi-x", patch, "404"},

		{"POST", v2Path + ":validate", `{` + env + `}`, "400 bad_request /id"},
		{"POST", v2Path + ":validate", `{"id":"` + draft + `"}`, "400 bad_request /environment/id"},
		{"POST", v2Path + ":validate", `{"id":"cspi-x",` + env + `}`, "404"},
		{"POST", v2Path + ":validate", `{"id":"` + google + `","config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenant + `"},` + env + `}`,
			"400 bad_request /config/kind"},
	} {
		if got := c.do(tt.method, tt.path, tt.body).failure(); got != tt.want {
			t.Errorf("%s %s %s: %q, want %q", tt.method, tt.path, tt.body, got, tt.want)
		}
	}
	if all := c.Integrations("env-1"); len(all) != 2 || all[0].Status != "DRAFT" || all[1].Status != "DRAFT" {
		t.Errorf("something took effect: %+v", all)
	}
	long := c.expect(201, c.do("POST", v2Path, `{"display_name":"`+strings.Repeat("é", 60)+`",`+env+`}`))
	c.equal("default provider", long.str("provider"), "gcp")
	prefixed := strings.Replace(patch, "AzureIntegrationConfig", "pim.v2.AzureIntegrationConfig", 1)
	c.equal("kind", c.expect(200, c.do("PATCH", v2Path+"/"+draft, prefixed)).str("config", "kind"), "AzureIntegrationConfig")

	req, _ := http.NewRequest("POST", c.URL+v2Path, strings.NewReader(v2Azure))
	req.SetBasicAuth(c.APIKey, c.APISecret)
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 415 {
		t.Errorf("without Content-Type: %d", resp.StatusCode)
	}
}

func TestCreateWithConfigIsNoDraft(t *testing.T) {
	c := newClient(t)
	body := strings.Replace(patch, `{`, `{"provider":"azure",`, 1)
	r := c.expect(201, c.do("POST", v2Path, body))
	c.equal("status", r.str("status"), "CREATED")
	c.equal("display_name", r.str("display_name"), "<absent>")
}

func TestAuth(t *testing.T) {
	c := newClient(t)
	otherKey, otherSecret := c.AddAPIKey()
	for name, tt := range map[string]struct {
		auth   string
		status int
	}{
		"own key":      {"", 200},
		"another key":  {basic(otherKey, otherSecret), 200},
		"none":         {"none", 401},
		"wrong secret": {basic(c.APIKey, otherSecret), 401},
		"no secret":    {basic(c.APIKey, ""), 401},
		"unknown key":  {basic("nobody", c.APISecret), 401},
		"empty":        {basic("", ""), 401},
		"bearer":       {"Bearer " + c.IssueToken(time.Minute), 200},
		"lower case":   {"bearer " + c.IssueToken(time.Minute), 200},
		"expired":      {"Bearer " + c.IssueToken(0), 401},
		"forged":       {"Bearer x.y", 401},
		"no token":     {"Bearer ", 401},
		"odd scheme":   {"Digest x", 401},
	} {
		t.Run(name, func(t *testing.T) {
			as := *c.as(tt.auth)
			as.t = t
			r := as.expect(tt.status, as.do("GET", v2Path+inEnv1, ""))
			if tt.status == 401 {
				as.equal("failure", r.failure(), "401 user_unauthenticated")
				if !strings.HasPrefix(r.header.Get("WWW-Authenticate"), `Basic error="invalid_key"`) {
					t.Errorf("WWW-Authenticate %q", r.header.Get("WWW-Authenticate"))
				}
			}
		})
	}
	c.DeleteAPIKey(otherKey)
	r := c.as(basic(otherKey, otherSecret)).expect(403, c.as(basic(otherKey, otherSecret)).do("GET", v2Path+inEnv1, ""))
	if !strings.Contains(r.text, "invalid API key") {
		t.Error(r.text)
	}
	c.expect(403, c.as(basic(otherKey, "")).do("GET", v2Path+inEnv1, ""))
	token := "Bearer " + c.IssueToken(time.Hour)
	c.expect(200, c.as(token).do("GET", v2Path+inEnv1, ""))
	c.RevokeTokens()
	c.expect(401, c.as(token).do("GET", v2Path+inEnv1, ""))

	req, _ := http.NewRequest("GET", c.URL+v2Path+inEnv1, nil)
	req.Header["Authorization"] = []string{basic(c.APIKey, c.APISecret), basic(c.APIKey, c.APISecret)}
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("two Authorization headers: %d", resp.StatusCode)
	}
	if other := NewServer(t, WithoutSocket()); other.APIKey == c.APIKey || other.APISecret == c.APISecret {
		t.Error("two servers share credentials")
	}
}

func TestTokenExchange(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c := newClient(t, WithClock(func() time.Time { return now })).as("none")
	form := url.Values{
		"grant_type":           {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token":        {"a.b.c"},
		"subject_token_type":   {"urn:ietf:params:oauth:token-type:jwt"},
		"requested_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"identity_pool_id":     {"pool_1"},
	}
	exchange := func(name, value string) reply {
		t.Helper()
		changed := maps.Clone(form)
		changed.Set(name, value)
		return c.do("POST", "/sts/v1/oauth2/token", changed.Encode())
	}
	for name := range form {
		c.equal(name+" missing", c.expect(400, exchange(name, "")).failure(), "400 bad_request "+name)
	}
	for _, name := range []string{"grant_type", "subject_token_type", "requested_token_type"} {
		c.equal(name+" wrong", c.expect(400, exchange(name, "x")).failure(), "400 bad_request "+name)
	}
	for _, life := range []string{"0", "-1", "901", "x", ""} {
		c.equal("expires_in "+life, c.expect(400, exchange("expires_in", life)).failure(), "400 bad_request expires_in")
	}
	c.expect(400, c.do("POST", "/sts/v1/oauth2/token", "%zz"))
	r := c.expect(200, exchange("subject_token", "a.b.c"))
	c.equal("expires_in", r.str("expires_in"), "900")
	c.equal("token_type", r.str("token_type"), "Bearer")
	c.equal("issued_token_type", r.str("issued_token_type"), "urn:ietf:params:oauth:token-type:access_token")
	short := c.expect(200, exchange("expires_in", "60"))
	c.equal("expires_in", short.str("expires_in"), "60")

	list := func(r reply) int { return c.as("Bearer "+r.str("access_token")).do("GET", v2Path+inEnv1, "").status }
	now = now.Add(60*time.Second - 1)
	if got := list(short); got != 200 {
		t.Errorf("at the end of its life: %d", got)
	}
	now = now.Add(1)
	if got := list(short); got != 401 {
		t.Errorf("expired: %d", got)
	}
	if got := list(r); got != 200 {
		t.Errorf("the longer one: %d", got)
	}
	resp, err := c.HTTPClient().Post(c.URL+"/sts/v1/oauth2/token", "application/json", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 400 {
		t.Errorf("JSON: %d", resp.StatusCode)
	}
}

func (c *client) ids(path string) (ids []string, next string) {
	c.t.Helper()
	r := c.expect(200, c.do("GET", path, ""))
	data, _ := r.doc["data"].([]any)
	for _, item := range data {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids, r.str("metadata", "next")
}

func TestListFilters(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"))
	c.Add("env-1", map[string]any{"id": "a", "provider": "azure", "display_name": "azure-test"})
	c.Add("env-1", map[string]any{"id": "g", "provider": "gcp", "display_name": "test", "config": map[string]string{
		"kind": "GcpIntegrationConfig", "customer_google_service_account": "s@p.iam.gserviceaccount.com"}})
	c.Add("env-1", map[string]any{"id": "w", "api_version": "pim/v1", "display_name": "aws", "config": map[string]string{
		"kind": "AwsIntegrationConfig", "customer_iam_role_arn": role}})
	c.Add("env-2", map[string]any{"id": "b", "provider": "azure", "display_name": "other"})
	for query, want := range map[string]string{
		v2Path + inEnv1:                                           "a g",
		v2Path + "?environment=env-2":                             "b",
		v2Path + inEnv1 + "&provider=AZURE":                       "a",
		v2Path + inEnv1 + "&provider=az":                          "",
		v2Path + inEnv1 + "&provider=aws":                         "",
		v2Path + inEnv1 + "&status=CREATED":                       "g",
		v2Path + inEnv1 + "&status=created":                       "",
		v2Path + inEnv1 + "&display_name=test":                    "a g",
		v2Path + inEnv1 + "&display_name=az":                      "a",
		v2Path + inEnv1 + "&display_name=test&provider=gcp":       "g",
		v2Path + inEnv1 + "&display_name=test&status=ACTIVE":      "",
		v1Path + inEnv1 + "&provider=AWS":                         "w",
		v1Path + inEnv1 + "&provider=aws&display_name=no&status=": "w",
	} {
		ids, next := c.ids(query)
		if got := strings.Join(ids, " "); got != want || next != "<absent>" {
			t.Errorf("%s: %q, next %s; want %q", query, got, next, want)
		}
	}
	all := c.oddly().expect(200, c.oddly().do("GET", v1Path+inEnv1, ""))
	items := all.doc["data"].([]any)
	if len(items) != 3 || all.str("api_version") != "pim/v1" || all.str("kind") != "IntegrationList" {
		t.Fatal(all.text)
	}
	for _, item := range items {
		r := reply{doc: item.(map[string]any)}
		c.equal("api_version", r.str("api_version"), "pim/v1")
		c.equal("status", r.str("status"), "<absent>")
		one := c.oddly().expect(200, c.oddly().do("GET", v1Path+"/"+r.str("id")+inEnv1, ""))
		if !reflect.DeepEqual(one.doc, r.doc) {
			t.Errorf("get %s", one.text)
		}
	}
	c.equal("kind", reply{doc: items[0].(map[string]any)}.str("config", "kind"), "AzureIntegrationConfig")
	c.equal("total_size", all.str("metadata", "total_size"), "3")
}

func TestPages(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"))
	var want []string
	for i := range 25 {
		provider := []string{"azure", "gcp"}[i%2]
		id := c.Add("env-1", map[string]any{"provider": provider, "display_name": fmt.Sprint("n", i)})
		if provider == "azure" {
			want = append(want, id)
		}
	}
	page := func(path string, total int) (ids []string, next string) {
		t.Helper()
		c.equal("total_size of "+path, c.do("GET", path, "").str("metadata", "total_size"), strconv.Itoa(total))
		return c.ids(path)
	}
	ids, _ := page(v2Path+inEnv1, 25)
	if len(ids) != 10 {
		t.Errorf("%d items by default", len(ids))
	}
	query := inEnv1 + "&provider=azure&page_size=5"
	got, next := page(v2Path+query, 13)
	if strings.Contains(next, "null") || !strings.HasPrefix(next, c.URL+v2Path+"?page_token=") {
		t.Fatalf("next %s", next)
	}
	link, err := url.Parse(next)
	if err != nil {
		t.Fatal(err)
	}
	token := link.Query().Get("page_token")
	if len(token) > 255 || len(link.Query()) != 1 {
		t.Errorf("next %s", next)
	}
	for _, bad := range []string{
		v2Path + inEnv1 + "&provider=gcp&page_token=" + token,
		v2Path + inEnv1 + "&provider=azure&status=DRAFT&page_token=" + token,
		v2Path + inEnv1 + "&display_name=n&page_token=" + token,
		v2Path + "?environment=env-2&page_token=" + token,
		v1Path + inEnv1 + "&page_token=" + token,
		v2Path + inEnv1 + "&page_token=" + token + "x",
		v2Path + inEnv1 + "&page_token=" + strings.Repeat("x", 300),
	} {
		c.equal(bad, c.expect(400, c.do("GET", bad, "")).failure(), "400 invalid_filter page_token")
	}
	c.equal("next without environment", c.expect(400, c.do("GET", strings.TrimPrefix(next, c.URL), "")).failure(), "400 invalid_filter environment")

	// What was sent may go, and what isn't sent yet may go, without shifting the rest. A token serves twice.
	c.expect(204, c.do("DELETE", v2Path+"/"+want[0]+inEnv1, ""))
	second, next2 := page(v2Path+query+"&page_token="+token, 12)
	again, _ := page(v2Path+inEnv1+"&page_size=50&page_token="+token, 12)
	if !slices.Equal(second, again) {
		t.Errorf("%v, again %v", second, again)
	}
	link, _ = url.Parse(next2)
	third, last := page(v2Path+inEnv1+"&page_token="+link.Query().Get("page_token"), 12)
	if got = slices.Concat(got, second, third); !slices.Equal(got, want) || last != "<absent>" {
		t.Errorf("walked %v\nwant   %v, last next %s", got, want, last)
	}
}

func TestQuota(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"), WithQuota(2, 3))
	c.expect(201, c.do("POST", v1Path, v1AWS))
	c.expect(201, c.do("POST", v2Path, v2Azure))
	v1 := c.expect(402, c.do("POST", v1Path, strings.ReplaceAll(v1AWS, "lake", "sea")))
	v2 := c.expect(400, c.do("POST", v2Path, v2Azure))
	for _, r := range []reply{v1, v2} {
		if !strings.Contains(r.text, "per environment is currently limited to 2") || !strings.Contains(r.text, "quota_exceeded") {
			t.Error(r.text)
		}
	}
	c.expect(201, c.do("POST", v2Path, strings.ReplaceAll(v2Azure, "env-1", "env-2")))
	r := c.expect(400, c.do("POST", v2Path, strings.ReplaceAll(v2Azure, "env-1", "env-2")))
	if !strings.Contains(r.text, "per organization is currently limited to 3") {
		t.Error(r.text)
	}
	c = newClient(t, WithQuota(0, 1), WithStyle(Style{V2Quota: 402}))
	c.expect(201, c.do("POST", v2Path, v2Azure))
	c.expect(402, c.do("POST", v2Path, v2Azure))
}

func TestNames(t *testing.T) {
	c := newClient(t)
	c.expect(201, c.do("POST", v2Path, v2Azure))
	c.expect(201, c.do("POST", v2Path, v2Azure))
	c = newClient(t, WithUniqueNames(), WithEnvironments("env-1", "env-2"))
	first := c.expect(201, c.do("POST", v2Path, v2Azure))
	r := c.expect(409, c.do("POST", v2Path, v2Azure))
	c.equal("failure", r.failure(), "409 resource_already_exists /display_name")
	c.equal("Location", r.header.Get("Location"), first.header.Get("Location"))
	c.expect(201, c.do("POST", v2Path, strings.ReplaceAll(v2Azure, "env-1", "env-2")))
	c.expect(201, c.do("POST", v1Path, v1AWS)) // v1 has names of its own
}

func TestFailValidation(t *testing.T) {
	c := newClient(t)
	id := c.Add("env-1", map[string]any{"config": map[string]string{"kind": "AzureIntegrationConfig", "customer_azure_tenant_id": tenant}})
	validate := func() string {
		r := c.do("POST", v2Path+":validate", `{"id":"`+id+`","environment":{"id":"env-1"}}`)
		if r.status == 204 {
			return "valid"
		}
		errs, _ := r.doc["errors"].([]any)
		return r.failure() + ": " + reply{doc: errs[0].(map[string]any)}.str("detail")
	}
	c.equal("at first", validate(), "valid")
	c.FailValidation(id, 2, "")
	for range 2 {
		c.equal("not ready", validate(), "400 bad_request: Cloud provider setup incomplete")
	}
	c.equal("ready", validate(), "valid")
	c.FailValidation(id, -1, "Azure setup required")
	for range 5 {
		c.equal("never ready", validate(), "400 bad_request: Azure setup required")
	}
	c.FailValidation(id, 0, "")
	c.equal("mended", validate(), "valid")
}

func TestSeeds(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"))
	id := c.Add("env-1", json.RawMessage(`{"provider":"AZURE","display_name":"<&>","newer":12345678901234567890.10}`))
	r := c.expect(200, c.do("GET", v2Path+"/"+id+inEnv1, ""))
	for _, part := range []string{`"newer":12345678901234567890.10`, `"display_name":"<&>"`, `"provider":"AZURE"`, `"status":"DRAFT"`,
		`"confluent_multi_tenant_app_id":"`, `"resource_name":"crn://`} {
		if !strings.Contains(r.text, part) {
			t.Errorf("no %s in %s", part, r.text)
		}
	}
	used := c.Add("env-1", map[string]any{"usages": []string{usage}, "environment": map[string]string{"id": "env-1", "related": ""},
		"config": map[string]string{"kind": "GcpIntegrationConfig"}})
	r = c.expect(200, c.do("GET", v2Path+"/"+used+inEnv1, ""))
	c.equal("status", r.str("status"), "ACTIVE")
	c.equal("provider", r.str("provider"), "gcp")
	c.equal("google_service_account", r.str("config", "google_service_account"), used+"@cflt-cspi-1.iam.gserviceaccount.com")
	v1 := c.Add("env-1", map[string]any{"api_version": "pim/v1", "config": map[string]string{"kind": "AwsIntegrationConfig", "customer_iam_role_arn": role}})
	c.equal("v1 provider", c.expect(200, c.do("GET", v1Path+"/"+v1+inEnv1, "")).str("provider"), "AWS")
	paused := c.Add("env-1", map[string]any{"status": "PAUSED"})
	c.equal("status", c.expect(200, c.do("GET", v2Path+"/"+paused+inEnv1, "")).str("status"), "PAUSED")
	c.SetUsages(paused)
	c.equal("status without usages", c.expect(200, c.do("GET", v2Path+"/"+paused+inEnv1, "")).str("status"), "PAUSED")
	future := c.Add("env-1", map[string]any{"provider": "oci", "config": map[string]any{"kind": "OciIntegrationConfig", "tenancy": 1}})

	typed := c.Add("env-2", api.Integration{DisplayName: "typed", Provider: "azure"})
	r = c.expect(200, c.do("GET", v2Path+"/"+typed+"?environment=env-2", ""))
	c.equal("status", r.str("status"), "DRAFT")
	c.equal("kind", r.str("config", "kind"), "AzureIntegrationConfig")

	odd := c.oddly()
	strange := `{"id":"odd/1","config":{"kind":"OciIntegrationConfig","z":1,"a":2.50},"usages":"many"}`
	if got := c.AddRaw("env-1", json.RawMessage(strange)); got != "odd/1" {
		t.Errorf("id %q", got)
	}
	for _, path := range []string{v2Path, v1Path} {
		if r := odd.expect(200, odd.do("GET", path+"/odd%2F1"+inEnv1, "")); r.text != strange {
			t.Errorf("%s: %s", path, r.text)
		}
		if r := odd.expect(200, odd.do("GET", path+inEnv1, "")); !strings.Contains(r.text, strange) {
			t.Errorf("%s: %s", path, r.text)
		}
	}
	bare := c.AddRaw("env-2", json.RawMessage(`{}`))
	if r := odd.expect(200, odd.do("GET", v2Path+"/"+bare+"?environment=env-2", "")); r.text != "{}" {
		t.Error(r.text)
	}

	// A draft of a kind that nobody knows can be completed with its own kind only.
	c.expect(422, c.do("PATCH", v2Path+"/"+future, patch))
	r = odd.expect(200, odd.do("PATCH", v2Path+"/"+future, `{"config":{"kind":"OciIntegrationConfig","user":"u"},"environment":{"id":"env-1"}}`))
	c.equal("config", r.str("config"), "map[kind:OciIntegrationConfig tenancy:1 user:u]")

	all := c.Integrations("env-1")
	var summary []string
	for _, in := range all {
		summary = append(summary, fmt.Sprintf("%s %s %s %s %d", in.ID, in.Version, in.Provider, in.Status, len(in.Usages)))
	}
	want := []string{
		id + " v2 AZURE DRAFT 0", used + " v2 gcp ACTIVE 1", v1 + " v1 AWS  0", paused + " v2  PAUSED 0",
		future + " v2 oci CREATED 0", "odd/1 v2   0",
	}
	if !slices.Equal(summary, want) {
		t.Errorf("%q\nwant %q", summary, want)
	}
	if string(all[5].JSON) != strange || all[0].DisplayName != "<&>" || all[0].Environment != "env-1" {
		t.Errorf("%+v", all)
	}
	all[5].JSON[0] = 'x'
	if again := c.Integrations("env-1"); string(again[5].JSON) != strange {
		t.Error("a snapshot changed the state")
	}

	for name, f := range map[string]func(){
		"unknown environment": func() { c.Add("env-9", map[string]any{}) },
		"taken id":            func() { c.Add("env-1", map[string]any{"id": id}) },
		"no object":           func() { c.Add("env-1", []int{1}) },
		"null":                func() { c.AddRaw("env-1", json.RawMessage("null")) },
		"no JSON":             func() { c.AddRaw("env-1", json.RawMessage("{")) },
		"usages of a draft":   func() { c.SetUsages(id, usage) },
		"usages of nothing":   func() { c.SetUsages("x") },
		"validation":          func() { c.FailValidation("x", 1, "") },
		"operation":           func() { c.CountCalls("createPimV3Integration") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestStyles(t *testing.T) {
	styled := func(t *testing.T, style Style) *client { return newClient(t, WithStyle(style)) }
	create := func(c *client) (reply, string) {
		r := c.do("POST", v2Path, v2Azure)
		return r, v2Path + "/" + r.str("id") + inEnv1
	}
	t.Run("last page", func(t *testing.T) {
		for want, style := range map[string]Style{
			`{"total_size":0}`:             {},
			`{"next":null,"total_size":0}`: {NullNext: true},
			`{"next":"","total_size":0}`:   {EmptyNext: true},
			`{}`:                           {BareMetadata: true},
		} {
			if r := styled(t, style).do("GET", v2Path+inEnv1, ""); !strings.Contains(r.text, `"metadata":`+want+`,"data":[]`) {
				t.Errorf("%+v: %s", style, r.text)
			}
		}
	})
	t.Run("relative next, trailing page, bare list", func(t *testing.T) {
		c := styled(t, Style{RelativeNext: true, TrailingPage: true, BareLists: true})
		create(c)
		r := c.expect(200, c.do("GET", v2Path+inEnv1+"&page_size=1", ""))
		if !strings.Contains(r.text, `"next":"/pim/v2/integrations?environment=env-1\u0026page_size=1\u0026page_token=`) ||
			!strings.Contains(r.text, `"api_version":"","kind":""`) {
			t.Error(r.text)
		}
		r = c.expect(200, c.do("GET", r.str("metadata", "next"), ""))
		if r.text != `{"api_version":"","kind":"","metadata":{},"data":null}` {
			t.Error(r.text)
		}
	})
	t.Run("statuses of success", func(t *testing.T) {
		c := styled(t, Style{CreateOK: true, DeleteOK: true})
		_, at := create(c)
		c.expect(200, c.do("GET", at, ""))
		r := c.expect(200, c.do("POST", v1Path, v1AWS))
		if r = c.expect(200, c.do("DELETE", v1Path+"/"+r.str("id")+inEnv1, "")); r.text != "{}" {
			t.Error(r.text)
		}
		c.expect(204, c.do("DELETE", at, ""))
		if r, _ := create(c); r.status != 200 {
			t.Errorf("create: %d", r.status)
		}
	})
	t.Run("empty 404", func(t *testing.T) {
		c := styled(t, Style{EmptyNotFound: true})
		r := c.expect(404, c.do("GET", v2Path+"/x"+inEnv1, ""))
		c.equal("type", r.header.Get("Content-Type"), "application/json")
		c.equal("body", r.text, "")
	})
	t.Run("members", func(t *testing.T) {
		c := styled(t, Style{OmitUsages: true, OmitUnset: true, BlankEnvironment: true, UpperProvider: true})
		r, at := create(c)
		for _, r := range []reply{r, c.do("GET", at, "")} {
			c.equal("usages", r.str("usages"), "<absent>")
			c.equal("tenant", r.str("config", "customer_azure_tenant_id"), "<absent>")
			c.equal("provider", r.str("provider"), "AZURE")
			c.equal("environment", r.str("environment"), "map[id:env-1 related: resource_name:]")
		}
		if r := c.do("GET", v2Path+inEnv1+"&provider=azure", ""); !strings.Contains(r.text, `"usages":[]`) {
			t.Error(r.text)
		}
		c.equal("tenant", c.do("PATCH", v2Path+"/"+r.str("id"), patch).str("config", "customer_azure_tenant_id"), tenant)
	})
	t.Run("flat errors", func(t *testing.T) {
		c := styled(t, Style{FlatErrors: true})
		r := c.expect(404, c.do("GET", v2Path+"/x"+inEnv1, ""))
		c.equal("body", r.text, `{"error_code":404,"message":"Integration \"x\" was not found"}`)
	})
	t.Run("exact provider", func(t *testing.T) {
		for _, upper := range []bool{false, true} {
			c := styled(t, Style{ExactProvider: true, UpperProvider: upper}).oddly()
			create(c)
			c.do("POST", v1Path, v1AWS)
			c.AddRaw("env-1", json.RawMessage(`{"id":"odd","provider":"Azure"}`))
			for query, want := range map[string]int{
				v2Path + inEnv1 + "&provider=azure": map[bool]int{false: 1, true: 0}[upper],
				v2Path + inEnv1 + "&provider=AZURE": map[bool]int{false: 0, true: 1}[upper],
				v1Path + inEnv1 + "&provider=azure": map[bool]int{false: 1, true: 0}[upper],
				v1Path + inEnv1 + "&provider=AZURE": map[bool]int{false: 0, true: 1}[upper],
				v1Path + inEnv1 + "&provider=AWS":   1,
				v1Path + inEnv1 + "&provider=aws":   0,
				v2Path + inEnv1 + "&provider=Azure": 1,
				v2Path + inEnv1:                     2,
			} {
				if ids, _ := c.ids(query); len(ids) != want {
					t.Errorf("upper case %v, %s: %q, want %d", upper, query, ids, want)
				}
			}
		}
	})
	t.Run("locked draft", func(t *testing.T) {
		for _, lock := range []bool{false, true} {
			c := styled(t, Style{LockFailedDraft: lock})
			r, _ := create(c)
			at := v2Path + "/" + r.str("id")
			c.expect(400, c.do("PATCH", at, strings.ReplaceAll(patch, tenant, "me")))
			c.expect(map[bool]int{false: 200, true: 409}[lock], c.do("PATCH", at, patch))
		}
	})
	t.Run("statuses of failure", func(t *testing.T) {
		c := styled(t, Style{NotFound: 403, UnknownEnvironment: 404, InUse: 422, NotDraft: 400})
		r, at := create(c)
		c.expect(200, c.do("PATCH", v2Path+"/"+r.str("id"), patch))
		c.expect(400, c.do("PATCH", v2Path+"/"+r.str("id"), patch))
		c.SetUsages(r.str("id"), usage)
		c.expect(422, c.do("DELETE", at, ""))
		c.expect(403, c.do("GET", v2Path+"/x"+inEnv1, ""))
		c.expect(404, c.do("GET", v2Path+"/x?environment=env-9", ""))
	})
}

func TestRateLimitPerCredential(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, WithRateLimit(2, 10*time.Second))
		other := c.as(basic(c.AddAPIKey()))
		seen := func(r reply) string {
			h := r.header
			return fmt.Sprint(r.status, " ", h.Get("X-RateLimit-Limit"), " ", h.Get("X-RateLimit-Remaining"), " ", h.Get("X-RateLimit-Reset"), " ", h.Get("Retry-After"))
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
			s.Inject(Fault{Operation: "createPimV2Integration", Skip: 1, Times: 2, Status: 503, Header: http.Header{"Retry-After": {"1"}}})
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
				t.Error("the lost reply arrived")
			}
			if n := len(s.Integrations("env-1")); n != 4 {
				t.Errorf("%d integrations", n)
			}
			if err := request("GET", ""); !errors.Is(err, io.ErrUnexpectedEOF) && name != "http2" || err == nil {
				t.Errorf("truncated: %v", err)
			}
			calls := s.Calls()
			last := calls[len(calls)-2]
			if last.Operation != "createPimV2Integration" || last.Status != 0 || string(last.Body) != v2Azure || last.RawQuery != "environment=env-1" {
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

type recordingTB struct {
	errors   []string
	cleanups []func()
}

func (r *recordingTB) Helper() {}
func (r *recordingTB) Errorf(f string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(f, args...))
}
func (r *recordingTB) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func TestUnmetFaultFailsTheTest(t *testing.T) {
	tb := &recordingTB{}
	NewServer(tb, WithoutSocket()).Inject(Fault{Operation: "createPimV1Integration", Lost: true})
	for _, cleanup := range tb.cleanups {
		cleanup()
	}
	if len(tb.errors) != 1 || !strings.Contains(tb.errors[0], "createPimV1Integration, reply lost, 1 more expected") {
		t.Errorf("errors %q", tb.errors)
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
						r := c.do("POST", v2Path, fmt.Sprintf(`{"display_name":"%d-%d","provider":"azure","environment":{"id":"env-1"}}`, i, j))
						at := v2Path + "/" + r.str("id")
						if r.status != 201 || c.do("PATCH", at, patch).status != 200 || c.do("GET", at+inEnv1, "").status != 200 {
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
