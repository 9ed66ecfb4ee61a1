package aponotest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/integrations-go/sdk/internal/contract/specified"
	"github.com/integrations-go/sdk/internal/exchanges"
	"github.com/integrations-go/sdk/internal/fakehttp"
)

const (
	v4Body = `{"name":"db","type":"postgresql","connector_id":"connector-1","integration_config":{"hostname":"h",` +
		`"port":"5432"},
		"secret_store_config":{"aws":{"region":"us-east-1","secret_id":"s"}},"connected_resource_types":["table"],
		"custom_access_details":"ask","owner":{"attribute_type":"user","attribute_value":["a@example.com"]},
		"owners_mapping":{"key_name":"owner","attribute_type":"group"}}`
	v2Body = `{"name":"db2","type":"mysql","provisioner_id":"connector-1","metadata":{"hostname":"h"},
		"secret_config":{"type":"HASHICORP_VAULT","secret_engine":"e","path":"p"},` +
		`"connected_resource_types":["table"],"custom_access_details":"ask"}`
	small = `{"name":"duck","type":"mock-duck","integration_config":{}}`
)

// checked passes the exchanges between client and server to the module internal/tools, which
// validates them against the specification: successful responses, and requests that the server
// accepted. The specification has no failures, so they are checked here.
type checked struct {
	next http.RoundTripper
	t    *testing.T
}

func (c checked) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := readAll(&req.Body)
	if err != nil {
		return nil, err
	}
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	got, err := readAll(&resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 {
		if resp.StatusCode == 204 && len(got) > 0 {
			c.t.Errorf("%s %s: 204 has a body: %s", req.Method, req.URL.Path, got)
		}
		if err := exchanges.New(c.t.Name(), req, sent, resp, got).Write(); err != nil {
			c.t.Error(err)
		}
		return resp, nil
	}
	kind := resp.Header.Get("Content-Type")
	if resp.StatusCode == 401 && string(got) != `{"code":"Unauthorized","status":"401"}` ||
		resp.StatusCode != 401 && !strings.HasPrefix(kind, "text/plain") || len(got) == 0 {
		c.t.Errorf("%s %s: %d %s %q", req.Method, req.URL.Path, resp.StatusCode, kind, got)
	}
	return resp, nil
}

// readAll reads a body and replaces it with a copy.
func readAll(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	data, err := io.ReadAll(*body)
	*body = io.NopCloser(bytes.NewReader(data))
	return data, err
}

type tester struct {
	*Server
	t     *testing.T
	http  *http.Client
	token string
}

// start tests a server whose responses and accepted requests must match the specification.
func start(t *testing.T, opts ...Option) tester {
	t.Helper()
	c := startOdd(t, opts...)
	c.http = &http.Client{Transport: checked{c.Transport(), t}}
	return c
}

// startOdd tests a server whose responses are not in the specification.
func startOdd(t *testing.T, opts ...Option) tester {
	t.Helper()
	s := NewServer(t, append([]Option{WithoutSocket()}, opts...)...)
	return tester{s, t, s.HTTPClient(), s.Token}
}

func (c tester) oddly() tester {
	c.http = c.HTTPClient()
	return c
}

type answer struct {
	status int
	header http.Header
	text   string
}

func (a answer) String() string { return fmt.Sprint(a.status, " ", a.text) }

// at returns the JSON of a member, such as "owner.attribute_type" or "items.0.id", and "-" if there
// is none.
func (a answer) at(path string) string {
	value := json.RawMessage(a.text)
	for name := range strings.SplitSeq(path, ".") {
		var list []json.RawMessage
		var i int
		if json.Unmarshal(value, &list) == nil && list != nil {
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(list) {
				return "-"
			}
			value = list[i]
			continue
		}
		members, _ := fakehttp.ParseObject(value)
		if value = members[name]; value == nil {
			return "-"
		}
	}
	return string(value)
}

// str returns the value of a string member.
func (a answer) str(path string) string { return fakehttp.StringValue(json.RawMessage(a.at(path))) }

func (c tester) send(method, path, body string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return answer{}
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Error(err)
		return answer{}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Error(err)
	}
	return answer{resp.StatusCode, resp.Header, string(data)}
}

// get and must fail the test unless the response has the expected status.
func (c tester) get(path string) answer {
	c.t.Helper()
	return c.must(200, "GET", path, "")
}

func (c tester) must(status int, method, path, body string) answer {
	c.t.Helper()
	a := c.send(method, path, body)
	if a.status != status {
		c.t.Fatalf("%s %s: %v, want %d", method, path, a, status)
	}
	return a
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// has checks members of an answer.
func (c tester) has(a answer, want map[string]string) {
	c.t.Helper()
	for path, value := range want {
		same(c.t, path, a.at(path), value)
	}
}

func TestOperationsAreThoseOfTheSpec(t *testing.T) {
	want := map[string]bool{}
	for _, op := range specified.Operations("apono") {
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
		t.Errorf("the fake has no %s: add it to operations in apono/aponotest/server.go", key)
	}
}
