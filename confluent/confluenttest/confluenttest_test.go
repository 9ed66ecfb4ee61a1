package confluenttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/integrations-go/sdk/internal/contract/specified"
	"github.com/integrations-go/sdk/internal/exchanges"
)

const (
	tenant = "11111111-2222-3333-4444-555555555555"
	role   = "arn:aws:iam::000000000000:role/lake"
	usage  = "crn://confluent.cloud/organization=o/environment=env-1/connector=lcc-1"
	v1AWS  = `{"display_name":"n","provider":"AWS","config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` +
		role + `"},"environment":{"id":"env-1"}}`
	v2Azure = `{"display_name":"n","provider":"azure","environment":{"id":"env-1"}}`
	patch   = `{"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenant +
		`"},"environment":{"id":"env-1"}}`
	inEnv1 = "?environment=env-1"
)

// client calls a server. It passes each exchange to the module internal/tools, which checks the
// response against the specification, unless odd is set.
type client struct {
	*Server
	t    *testing.T
	auth string
	odd  bool
}

func newClient(t *testing.T, opts ...Option) *client {
	t.Helper()
	s := NewServer(t, append([]Option{WithoutSocket()}, opts...)...)
	// The form of responses does not depend on these fields.
	usual := Style{AWSInV2: s.style.AWSInV2, ExactProvider: s.style.ExactProvider}
	usual.setDefaults()
	return &client{Server: s, t: t, odd: s.style != usual}
}

// oddly returns the same client for responses that are not in the specification.
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

type response struct {
	status int
	header http.Header
	text   string
	doc    map[string]any
}

func (r response) str(path ...string) string {
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

// failure returns the first error as "status code detail source".
func (r response) failure() string {
	var f struct {
		Errors []struct {
			ID, Status, Code, Detail string
			Source                   map[string]string
		}
	}
	if json.Unmarshal([]byte(r.text), &f) != nil || len(f.Errors) != 1 || f.Errors[0].ID == "" ||
		f.Errors[0].Status != strconv.Itoa(r.status) {
		return "no failure: " + r.text
	}
	e := f.Errors[0]
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Status, e.Code, e.Source["pointer"]+e.Source["parameter"]))
}

func (c *client) do(method, path, body string) response {
	c.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.URL+path, in)
	if err != nil {
		c.t.Error(err)
		return response{}
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
		return response{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Error(err)
		return response{}
	}
	r := response{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &r.doc)
	if !c.odd {
		c.hand(req, resp, text)
	}
	return r
}

// hand passes an exchange to the validation of internal/tools. It also checks rules that the
// specification can't express.
func (c *client) hand(req *http.Request, resp *http.Response, text []byte) {
	c.t.Helper()
	calls := c.Calls()
	e := exchanges.New(c.t.Name(), req, nil, resp, text)
	if e.Operation = calls[len(calls)-1].Operation; e.Operation == "" {
		c.t.Errorf("%s %s: the operation is not in the specification", req.Method, req.URL.Path)
	}
	if (resp.StatusCode == 429 || resp.StatusCode == 204) && len(text) > 0 {
		c.t.Errorf("%s: %d has a body: %s", e.Operation, resp.StatusCode, text)
	}
	if err := e.Write(); err != nil {
		c.t.Error(err)
	}
}

// expect fails the test unless the response has the status. It returns the response.
func (c *client) expect(status int, r response) response {
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
	want := map[string]bool{}
	for _, op := range specified.Operations("confluent") {
		want[op.ID+" "+op.Method+" "+op.Path] = true
	}
	for _, op := range NewServer(t, WithoutSocket()).operations() {
		key := op.Name + " " + op.Method + " " + op.Path
		if !want[key] {
			t.Errorf("the fake has %s, which the specification does not have, or has once", key)
		}
		delete(want, key)
	}
	for key := range want {
		t.Errorf("the fake has no %s: add it to operations in confluent/confluenttest/server.go", key)
	}
}
