package aponotest

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

const (
	v4Body = `{"name":"db","type":"postgresql","connector_id":"connector-1","integration_config":{"hostname":"h","port":"5432"},
		"secret_store_config":{"aws":{"region":"us-east-1","secret_id":"s"}},"connected_resource_types":["table"],
		"custom_access_details":"ask","owner":{"attribute_type":"user","attribute_value":["a@example.com"]},
		"owners_mapping":{"key_name":"owner","attribute_type":"group"}}`
	v2Body = `{"name":"db2","type":"mysql","provisioner_id":"connector-1","metadata":{"hostname":"h"},
		"secret_config":{"type":"HASHICORP_VAULT","secret_engine":"e","path":"p"},"connected_resource_types":["table"],"custom_access_details":"ask"}`
	small = `{"name":"duck","type":"mock-duck","integration_config":{}}`
)

var published = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromFile("../../specs/apono.yaml")
	if err != nil {
		return nil, err
	}
	doc.Servers = nil // any host will do
	return legacy.NewRouter(doc)
})

// checked holds what passes between client and server against the specification: replies to all successes, and requests
// that the server took.
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
		if err := c.compare(req, sent, resp, got); err != nil {
			c.t.Errorf("%s %s: %d %s\n%v", req.Method, req.URL.Path, resp.StatusCode, got, err)
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

func (c checked) compare(req *http.Request, sent []byte, resp *http.Response, got []byte) error {
	router, err := published()
	if err != nil {
		return err
	}
	req = req.Clone(c.t.Context())
	req.Body = io.NopCloser(bytes.NewReader(sent))
	route, values, err := router.FindRoute(req)
	if err != nil {
		return err
	}
	in := &openapi3filter.RequestValidationInput{
		Request: req, Route: route, PathParams: values,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(got)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if resp.StatusCode == 204 && len(got) > 0 {
		return errors.New("204 has a body")
	}
	return errors.Join(openapi3filter.ValidateRequest(req.Context(), in), openapi3filter.ValidateResponse(req.Context(), out))
}

// readAll reads a body and puts it back.
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

// start tests a server whose replies and accepted requests must be those of the specification.
func start(t *testing.T, opts ...Option) tester {
	t.Helper()
	c := startOdd(t, opts...)
	c.http = &http.Client{Transport: checked{c.Transport(), t}}
	return c
}

// startOdd tests a server that answers as the specification doesn't know.
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

// at is the JSON of a member, such as "owner.attribute_type" or "items.0.id", and "-" where there is none.
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
		members, _ := parseObject(value)
		if value = members[name]; value == nil {
			return "-"
		}
	}
	return string(value)
}

// str is a string member's value.
func (a answer) str(path string) string { return text(json.RawMessage(a.at(path))) }

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

// get and must fail the test unless the status is the one for it.
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
	doc, err := openapi3.NewLoader().LoadFromFile("../../specs/apono.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			want[op.OperationID+" "+method+" "+path] = true
		}
	}
	ops := NewServer(t, WithoutSocket()).operations()
	for _, op := range ops {
		if key := op.Name + " " + op.Method + " " + op.Path; !want[key] {
			t.Errorf("%s is not in the specification", key)
		}
	}
	if len(ops) != len(want) || len(ops) != 22 {
		t.Errorf("%d operations of %d", len(ops), len(want))
	}
}

func TestLifeInV4(t *testing.T) {
	c := start(t)
	made := c.must(200, "POST", v4Path, v4Body)
	c.has(made, map[string]string{
		"name": `"db"`, "type": `"postgresql"`, "category": `"RESOURCES"`, "connector_id": `"connector-1"`, "status": `"INITIALIZING"`,
		"last_sync_time": "-", "integration_config": `{"hostname":"h","port":"5432"}`,
		"secret_store_config": `{"aws":{"region":"us-east-1","secret_id":"s"}}`, "connected_resource_types": `["table"]`,
		"custom_access_details": `"ask"`,
		"owner":                 `{"attribute_type":"user","attribute_value":["a@example.com"]}`,
		"owners_mapping":        `{"attribute_type":"group","key_name":"owner"}`,
	})
	at := v4Path + "/" + made.str("id")
	same(t, "first read", c.get(at).text, made.text)
	second := c.get(at)
	same(t, "status", second.str("status"), "ACTIVE")
	if _, err := time.Parse(time.RFC3339Nano, second.str("last_sync_time")); err != nil {
		t.Error(err)
	}
	same(t, "in the list", c.get(v4Path).at("items.0"), second.text)

	put := c.must(200, "PUT", at, `{"name":"new","type":"mysql","integration_config":{"n":12345678901234567890,"f":1.10,"s":"<&>"}}`)
	c.has(put, map[string]string{
		"name": `"new"`, "type": `"postgresql"`, "integration_config": `{"n":12345678901234567890,"f":1.10,"s":"<&>"}`, "status": `"ACTIVE"`,
	})
	same(t, "read", c.get(at).text, put.text)
	c.must(204, "DELETE", at, "")
	for _, method := range []string{"GET", "DELETE"} {
		same(t, method, c.send(method, at, "").String(), "404 Integration not found")
	}
	same(t, "list", c.get(v4Path).text, `{"items":[],"pagination":{"next_page_token":null}}`)
}

func TestLifeInV2(t *testing.T) {
	c := start(t)
	made := c.must(200, "POST", v2Path, v2Body)
	c.has(made, map[string]string{
		"name": `"db2"`, "type": `"mysql"`, "provisioner_id": `"connector-1"`, "status": `"Initializing"`, "connection": "{}",
		"details": "-", "last_sync_time": "-", "metadata": `{"hostname":"h"}`,
		"secret_config":            `{"path":"p","secret_engine":"e","type":"HASHICORP_VAULT"}`,
		"connected_resource_types": `["table"]`, "custom_access_details": `"ask"`, "owner": "-", "category": "-",
	})
	at := v2Path + "/" + made.str("id")
	same(t, "first read", c.get(at).text, made.text)
	same(t, "status", c.get(at).str("status"), "Active")
	same(t, "details", c.get(at).str("details"), "0 resources loaded")
	c.has(c.get(v2Path), map[string]string{"data.0": c.get(at).text, "data.1": "-", "pagination": `{"limit":1,"offset":0,"total":1}`})

	if a := c.must(200, "POST", at+"/refresh", ""); a.str("message") == "" {
		t.Error(a)
	}
	same(t, "refreshing", c.get(at).str("status"), "Refreshing")
	same(t, "refreshed", c.get(at).str("status"), "Active")
	c.has(c.must(200, "PUT", at, `{"name":"db2","metadata":{}}`), map[string]string{
		"metadata": "{}", "provisioner_id": "-", "secret_config": "-", "connected_resource_types": "[]", "custom_access_details": "-",
	})
	if a := c.must(200, "DELETE", at, ""); a.str("message") == "" {
		t.Error(a)
	}
	for method, path := range map[string]string{"GET": at, "DELETE": at, "POST": at + "/refresh"} {
		same(t, method, c.send(method, path, "").String(), "404 Integration not found")
	}
}

func TestVersionsShareState(t *testing.T) {
	for _, tt := range []struct{ v4, v2 string }{
		{`{"aws":{"region":"r","secret_id":"s"}}`, `{"region":"r","secret_id":"s","type":"AWS"}`},
		{`{"gcp":{"project":"p","secret_id":"s"}}`, `{"project":"p","secret_id":"s","type":"GCP"}`},
		{`{"kubernetes":{"name":"n","namespace":"s"}}`, `{"name":"n","namespace":"s","type":"KUBERNETES"}`},
		{`{"azure":{"name":"n","vault_url":"u"}}`, `{"name":"n","type":"AZURE","vault_url":"u"}`},
		{`{"hashicorp_vault":{"path":"p","secret_engine":"e"}}`, `{"path":"p","secret_engine":"e","type":"HASHICORP_VAULT"}`},
		{`{"apono":{"parameters":{"password":""}}}`, `{"parameters":{"password":""},"type":"APONO"}`},
		{`{"cyberark":{"n":1.10,"safe":"s"}}`, `{"n":1.10,"safe":"s","type":"CYBERARK"}`},
	} {
		c := start(t)
		for _, write := range []struct{ path, body string }{
			{v4Path, `{"name":"a","type":"ssh","integration_config":{"k":"v"},"connector_id":"connector-1","secret_store_config":` + tt.v4 + `}`},
			{v2Path, `{"name":"a","type":"ssh","metadata":{"k":"v"},"provisioner_id":"connector-1","secret_config":` + tt.v2 + `}`},
		} {
			id := c.must(200, "POST", write.path, write.body).str("id")
			c.has(c.get(v4Path+"/"+id), map[string]string{
				"secret_store_config": tt.v4, "integration_config": `{"k":"v"}`, "connector_id": `"connector-1"`, "status": `"INITIALIZING"`,
			})
			c.has(c.get(v2Path+"/"+id), map[string]string{
				"secret_config": tt.v2, "metadata": `{"k":"v"}`, "provisioner_id": `"connector-1"`, "status": `"Active"`,
			})
		}
		same(t, "v2 list", c.get(v2Path).at("pagination.total"), "2")
		same(t, "v4 list", c.get(v4Path).at("items.1.name"), `"a"`)
	}
}

func TestV2LeavesOwnersAlone(t *testing.T) {
	c := start(t)
	id := c.must(200, "POST", v4Path, v4Body).str("id")
	c.must(200, "PUT", v2Path+"/"+id, `{"name":"db","metadata":{},"owner":null}`)
	c.has(c.get(v4Path+"/"+id), map[string]string{
		"owner.attribute_type": `"user"`, "owners_mapping.key_name": `"owner"`, "secret_store_config": "-",
	})
}

func TestRefusals(t *testing.T) {
	c := start(t)
	id := c.Add(map[string]any{"name": "old"})
	c.SeedResources(id, Resource{ID: "r1", Type: "table"})
	v4at, v2at, tags := v4Path+"/"+id, v2Path+"/"+id, v3Path+"/resources/r1/user-tags"
	with := func(members string) string { return strings.Replace(small, "{", "{"+members+",", 1) }
	flat := func(secret string) string {
		return `{"name":"n","type":"ssh","metadata":{},"secret_config":` + secret + `}`
	}
	for _, tt := range []struct{ method, path, body, want string }{
		{"POST", v4Path, `{`, "400 The body must be a JSON object"},
		{"POST", v4Path, `null`, "400 The body must be a JSON object"},
		{"POST", v4Path, `[]`, "400 The body must be a JSON object"},
		{"POST", v4Path, "", "415 Content-Type must be application/json"},
		{"POST", v4Path, `{"name":"n","integration_config":{}}`, "400 type is required"},
		{"POST", v4Path, `{"name":"n","type":7,"integration_config":{}}`, "400 type is required"},
		{"POST", v4Path, `{"name":"n","type":"oracle-9","integration_config":{}}`, "400 Unsupported config type"},
		{"POST", v4Path, `{"type":"ssh","integration_config":{}}`, "400 name is required"},
		{"POST", v4Path, `{"name":"","type":"ssh","integration_config":{}}`, "400 name is required"},
		{"POST", v4Path, `{"name":"n","type":"ssh"}`, "400 integration_config must be an object"},
		{"POST", v4Path, `{"name":"n","type":"ssh","integration_config":null}`, "400 integration_config must be an object"},
		{"POST", v4Path, `{"name":"n","type":"ssh","integration_config":[]}`, "400 integration_config must be an object"},
		{"POST", v4Path, with(`"connector_id":"nobody"`), "400 connector_id must be the id of a connector"},
		{"POST", v4Path, with(`"connector_id":""`), "400 connector_id must be the id of a connector"},
		{"POST", v4Path, with(`"connector_id":1`), "400 connector_id must be the id of a connector"},
		{"POST", v4Path, with(`"connected_resource_types":"t"`), "400 connected_resource_types must be an array of strings"},
		{"POST", v4Path, with(`"connected_resource_types":["t",null]`), "400 connected_resource_types must be an array of strings"},
		{"POST", v4Path, with(`"custom_access_details":1`), "400 custom_access_details must be a string of at most 400 characters"},
		{"POST", v4Path, with(`"custom_access_details":"` + strings.Repeat("é", 401) + `"`), "400 custom_access_details must be a string of at most 400 characters"},
		{"POST", v4Path, with(`"owner":[]`), "400 owner must be an object"},
		{"POST", v4Path, with(`"owner":{"attribute_type":"user"}`), "400 owner attribute_value is required"},
		{"POST", v4Path, with(`"owner":{"attribute_type":"user","attribute_value":null}`), "400 owner attribute_value is required"},
		{"POST", v4Path, with(`"owner":{"attribute_type":"user","attribute_value":[null]}`), "400 owner attribute_value is required"},
		{"POST", v4Path, with(`"owner":{"attribute_value":["a"]}`), "400 owner attribute_type is required"},
		{"POST", v4Path, with(`"owner":{"attribute_type":"user","attribute_value":[],"source_integration_reference":"x"}`),
			"400 owner source_integration_reference must be the id or name of an integration"},
		{"POST", v4Path, with(`"owners_mapping":{"attribute_type":"user"}`), "400 owners_mapping key_name is required"},
		{"POST", v4Path, with(`"owners_mapping":{"key_name":"k"}`), "400 owners_mapping attribute_type is required"},
		{"POST", v4Path, with(`"secret_store_config":[]`), "400 secret_store_config must be an object"},
		{"POST", v4Path, with(`"secret_store_config":{}`), "400 secret_store_config must name exactly one secret store"},
		{"POST", v4Path, with(`"secret_store_config":{"aws":null,"gcp":null}`), "400 secret_store_config must name exactly one secret store"},
		{"POST", v4Path, with(`"secret_store_config":{"aws":{"region":"r","secret_id":"s"},"gcp":{"project":"p","secret_id":"s"}}`),
			"400 secret_store_config must name exactly one secret store"},
		{"POST", v4Path, with(`"secret_store_config":{"aws":"s"}`), "400 secret_store_config aws must be an object"},
		{"POST", v4Path, with(`"secret_store_config":{"aws":{"region":"r"}}`), "400 secret_store_config aws must have the string secret_id"},
		{"POST", v4Path, with(`"secret_store_config":{"gcp":{"secret_id":"s"}}`), "400 secret_store_config gcp must have the string project"},
		{"POST", v4Path, with(`"secret_store_config":{"azure":{"name":"n"}}`), "400 secret_store_config azure must have the string vault_url"},
		{"POST", v4Path, with(`"secret_store_config":{"kubernetes":{"name":"n"}}`), "400 secret_store_config kubernetes must have the string namespace"},
		{"POST", v4Path, with(`"secret_store_config":{"hashicorp_vault":{"path":"n"}}`), "400 secret_store_config hashicorp_vault must have the string secret_engine"},
		{"POST", v4Path, with(`"secret_store_config":{"apono":{}}`), "400 secret_store_config apono must have parameters that are strings"},
		{"POST", v4Path, with(`"secret_store_config":{"apono":{"parameters":{"n":1}}}`), "400 secret_store_config apono must have parameters that are strings"},
		{"PUT", v4at, `{"integration_config":{}}`, "400 name is required"},
		{"PUT", v4at, `{"name":"n"}`, "400 integration_config must be an object"},
		{"PUT", v4at, `{"name":"n","integration_config":{},"owner":{"attribute_type":"user","attribute_value":null}}`, "400 owner attribute_value is required"},
		{"PUT", v4Path + "/x", small, "404 Integration not found"},
		{"PUT", v4at, "", "415 Content-Type must be application/json"},
		{"PUT", v2at, "[]", "400 The body must be a JSON object"},

		{"POST", v2Path, `{"name":"n","type":"ssh"}`, "400 metadata must be an object"},
		{"POST", v2Path, `{"name":"n","type":"ssh","metadata":null}`, "400 metadata must be an object"},
		{"POST", v2Path, `{"name":"n","type":"oracle-9","metadata":{}}`, "400 Unsupported config type"},
		{"POST", v2Path, `{"name":"n","type":"ssh","metadata":{},"provisioner_id":"nobody"}`, "400 provisioner_id must be the id of a connector"},
		{"POST", v2Path, flat(`{"region":"r"}`), "400 secret_config must have a type"},
		{"POST", v2Path, flat(`{"type":"AWS","region":"r"}`), "400 secret_config aws must have the string secret_id"},
		{"POST", v2Path, flat(`"AWS"`), "400 secret_config must be an object"},
		{"PUT", v2at, `{"name":"n"}`, "400 metadata must be an object"},
		{"PUT", v2Path + "/x", `{"name":"n","metadata":{}}`, "404 Integration not found"},

		{"GET", v4Path + "?limit=x", "", "400 limit must be a positive integer"},
		{"GET", v4Path + "?limit=", "", "400 limit must be a positive integer"},
		{"GET", v4Path + "?limit=0", "", "400 limit must be a positive integer"},
		{"GET", v4Path + "?limit=2147483648", "", "400 limit must be a positive integer"},
		{"GET", v4Path + "?limit=1&limit=2", "", "400 limit must be given once"},
		{"GET", v4Path + "?name=a&name=b", "", "400 name must be given once"},
		{"GET", v4Path + "?name=%zz", "", "400 The query can't be read"},
		{"GET", v4Path + "?page_token=MQ", "", "400 page token is not known"},
		{"GET", connectorsPath + "?limit=x", "", "400 limit must be a positive integer"},
		{"GET", catalogPath + "/oracle-9", "", "400 Unsupported config type"},
		{"GET", v3Path + "/x/resources", "", "404 Integration not found"},
		{"GET", v3Path + "/x/permissions", "", "404 Integration not found"},
		{"GET", v3Path + "/" + id + "/resources?resource-type=a&resource-type=b", "", "400 resource-type must be given once"},
		{"GET", v3Path + "/resources/x/user-tags", "", "404 Resource not found"},
		{"PUT", v3Path + "/resources/x/user-tags", `{"tags":{}}`, "404 Resource not found"},
		{"PUT", tags, `{}`, "400 tags must be an object of strings"},
		{"PUT", tags, `{"tags":null}`, "400 tags must be an object of strings"},
		{"PUT", tags, `{"tags":{"a":null}}`, "400 tags must be an object of strings"},
		{"PUT", tags, `{"tags":{"a":1}}`, "400 tags must be an object of strings"},
		{"PUT", tags, "", "415 Content-Type must be application/json"},
		{"PUT", connectorsPath + "/connector-1", `1`, "400 The body must be a JSON object"},
		{"PUT", connectorsPath + "/connector-1", `{}`, "400 name is required"},
		{"PUT", connectorsPath + "/connector-1", `{"name":null}`, "400 name is required"},
		{"PUT", connectorsPath + "/x", `{"name":"n"}`, "404 Connector not found"},
		{"GET", connectorsPath + "/x", "", "404 Connector not found"},
		{"DELETE", connectorsPath + "/x", "", "404 Connector not found"},
		{"PATCH", v4at, small, "405 Method Not Allowed\n"},
		{"GET", "/api/v1/integrations", "", "404 404 page not found\n"},
	} {
		if got := c.send(tt.method, tt.path, tt.body).String(); got != tt.want {
			t.Errorf("%s %s %s: %q, want %q", tt.method, tt.path, tt.body, got, tt.want)
		}
	}
	if all := c.Integrations(); len(all) != 1 || all[0].Name != "old" || c.connectors[0].members.Text("name") != "connector-1" {
		t.Errorf("something took effect: %+v", all)
	}
	c.must(200, "POST", v4Path, with(`"custom_access_details":"`+strings.Repeat("é", 400)+`","newer":1`))
	same(t, "empty secret_config", c.must(200, "POST", v2Path, flat(`{}`)).at("secret_config"), "-")
	same(t, "nulls", c.must(200, "POST", v4Path, with(`"connector_id":null,"secret_store_config":null,"connected_resource_types":null,
		"custom_access_details":null,"owner":null,"owners_mapping":null`)).at("owner"), "-")
	same(t, "null siblings", c.must(200, "POST", v4Path, with(`"secret_store_config":{"aws":null,"gcp":{"project":"p","secret_id":"s"}}`)).
		at("secret_store_config"), `{"gcp":{"project":"p","secret_id":"s"}}`)
}

func TestAuth(t *testing.T) {
	c := start(t)
	other := c
	other.token = c.AddToken()
	other.get(v4Path)
	for name, header := range map[string][]string{
		"none": nil, "no token": {"Bearer "}, "forged": {"Bearer x"}, "basic": {"Basic " + c.Token}, "bare": {c.Token},
		"twice": {"Bearer " + c.Token, "Bearer " + c.Token},
	} {
		for _, op := range c.operations() {
			req, _ := http.NewRequestWithContext(t.Context(), op.Method, c.URL+op.Path, http.NoBody)
			req.Header["Authorization"] = header
			resp, err := c.http.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 401 {
				t.Errorf("%s, %s: %d", op.Name, name, resp.StatusCode)
			}
		}
	}
	c.token = strings.ToLower(c.token)
	same(t, "other case", c.send("GET", v4Path, "").String(), `401 {"code":"Unauthorized","status":"401"}`)
	c.RevokeToken(other.token)
	same(t, "revoked", other.send("GET", v4Path, "").status, 401)
	c.token = c.Token
	c.get(v4Path)
	if another := NewServer(t, WithoutSocket()); another.Token == c.Token || len(c.Token) < 40 {
		t.Error("tokens can be guessed")
	}
}

func TestFilters(t *testing.T) {
	c := start(t, WithConnectors("Conn-A", "conn-b"), WithUserInformation())
	google := c.Integrations()[0]
	if google.Category != "USER-INFORMATION" || google.Type != "google-idp" || google.ConnectorID != "" || google.Status != "Active" {
		t.Errorf("%+v", google)
	}
	add := func(name, kind, connector, status string) {
		seed := map[string]any{"id": name, "name": name, "type": kind, "status": status}
		if connector != "" {
			seed["connector_id"] = connector
		}
		c.Add(seed)
	}
	add("Prod DB", "postgresql", "Conn-A", "ACTIVE")
	add("prod,web", "mysql", "conn-b", "error")
	add("test", "mock-duck", "conn-b", "connected")
	add("latest*", "mock-duck", "", "WARNING")
	for query, want := range map[string]string{
		"":                          "Google Workspace|Prod DB|prod,web|test|latest*",
		"category=USER-INFORMATION": "Google Workspace",
		"category=RESOURCES":        "Prod DB|prod,web|test|latest*",
		"category=resources":        "",
		"category=RESOURCES&category=USER-INFORMATION&limit=2147483647": "Google Workspace|Prod DB|prod,web|test|latest*",
		"category=RESOURCES,USER-INFORMATION":                           "",
		"category=":                                                     "",
		"connector_id=conn-a":                                           "Prod DB",
		"connector_id=CONN-B":                                           "prod,web|test",
		"connector_id=conn-a&connector_id=conn-b":                       "Prod DB|prod,web|test",
		"connector_id=conn":                                             "",
		"connector_id=":                                                 "",
		"name=PROD*":                                                    "Prod DB|prod,web",
		"name=prod%2A":                                                  "Prod DB|prod,web",
		"name=test*":                                                    "test",
		"name=*test":                                                    "test",
		"name=*test*":                                                   "test|latest*",
		"name=TEST":                                                     "test",
		"name=prod":                                                     "",
		"name=Prod+DB":                                                  "Prod DB",
		"name=prod,web":                                                 "prod,web",
		"name=*":                                                        "Google Workspace|Prod DB|prod,web|test|latest*",
		"name=**":                                                       "Google Workspace|Prod DB|prod,web|test|latest*",
		"name=":                                                         "",
		"type=*SQL*":                                                    "Prod DB|prod,web",
		"type=my*&type=*-duck":                                          "prod,web|test|latest*",
		"type=my*,*-duck":                                               "",
		"type=mysql":                                                    "prod,web",
		"type=sql":                                                      "",
		"status=ACTIVE":                                                 "Google Workspace|Prod DB",
		"status=active":                                                 "",
		"status=ERROR&status=connected":                                 "prod,web|test",
		"status=ACTIVE&type=*sql&category=RESOURCES&name=p*": "Prod DB",
		"status=ERROR&type=*sql&category=RESOURCES&name=p*":  "prod,web",
		"type[]=mysql&skip=3&newer=x":                        "Google Workspace|Prod DB|prod,web|test|latest*",
	} {
		var page struct{ Items []struct{ Name string } }
		asked := c
		if strings.HasSuffix(query, "=") { // not allowed by the specification
			asked = c.oddly()
		}
		if err := json.Unmarshal([]byte(asked.get(v4Path+"?"+query).text), &page); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, item := range page.Items {
			names = append(names, item.Name)
		}
		same(t, query, strings.Join(names, "|"), want)
	}
	same(t, "v2", c.oddly().get(v2Path).at("pagination.total"), "5") // which has an unknown status
}

func (c tester) page(path string) (names, token string) {
	c.t.Helper()
	a := c.get(path)
	var page struct{ Items []struct{ Name string } }
	if err := json.Unmarshal([]byte(a.text), &page); err != nil {
		c.t.Fatal(err)
	}
	for _, item := range page.Items {
		names += item.Name + " "
	}
	return strings.TrimSpace(names), a.str("pagination.next_page_token")
}

func TestPages(t *testing.T) {
	c := start(t)
	for i := range 120 {
		c.Add(map[string]any{"id": fmt.Sprint("i", i), "name": fmt.Sprint("n", i), "type": []string{"mysql", "ssh"}[i%2], "status": "ACTIVE"})
	}
	names, token := c.page(v4Path)
	same(t, "items by default", len(strings.Fields(names)), 100)
	names, token = c.page(v4Path + "?page_token=" + token)
	same(t, "the rest", len(strings.Fields(names)), 20)
	same(t, "last token", token, "")

	query := "type=ssh&type=my*&name=n1*&limit=3"
	first, token := c.page(v4Path + "?" + query)
	same(t, "first", first, "n1 n10 n11")
	for _, bad := range []string{"name=n2*", "type=ssh", "type=my*&type=ssh&status=ACTIVE", "category=RESOURCES", "name="} {
		same(t, bad, c.send("GET", v4Path+"?"+bad+"&page_token="+token, "").String(), "400 page token belongs to a request with other filters")
	}
	same(t, "another list", c.send("GET", connectorsPath+"?page_token="+token, "").status, 400)
	same(t, "limit", c.send("GET", v4Path+"?limit=x&page_token="+token, "").status, 400)
	c.must(204, "DELETE", v4Path+"/i1", "")
	c.must(204, "DELETE", v4Path+"/i12", "")
	for _, again := range []string{"", "&" + query, "&type=my*&type=ssh", "&limit=50"} {
		second, next := c.page(v4Path + "?page_token=" + token + again)
		same(t, "second "+again, second, "n13 n14 n15")
		if next == "" || next == token {
			t.Errorf("token %q after %q", next, token)
		}
	}
	same(t, "an empty token starts", c.get(v4Path+"?page_token=&limit=1").at("items.0.name"), `"n0"`)
}

func TestSyncByReads(t *testing.T) {
	for _, tt := range []struct {
		opts []Option
		want []string
	}{
		{nil, []string{"INITIALIZING", "ACTIVE", "ACTIVE"}},
		{[]Option{WithSyncReads(0)}, []string{"ACTIVE", "ACTIVE", "ACTIVE"}},
		{[]Option{WithSyncTime(time.Hour), WithSyncReads(2)}, []string{"INITIALIZING", "INITIALIZING", "ACTIVE"}},
		{[]Option{WithSyncReads(-1)}, []string{"INITIALIZING", "INITIALIZING", "INITIALIZING"}},
	} {
		c := start(t, tt.opts...)
		made := c.must(200, "POST", v4Path, small)
		same(t, "made", made.str("status"), "INITIALIZING")
		at := v4Path + "/" + made.str("id")
		for i, want := range tt.want {
			path, member := at, "status"
			if i == 1 {
				path, member = v4Path, "items.0.status"
			}
			same(t, fmt.Sprint("read ", i), c.get(path).str(member), want)
		}
	}
}

func TestSyncByClock(t *testing.T) {
	now := time.Unix(1746093600, 5)
	c := start(t, WithClock(func() time.Time { return now }), WithSyncTime(time.Minute))
	made := c.must(200, "POST", v4Path, small)
	v4at, v2at := v4Path+"/"+made.str("id"), v2Path+"/"+made.str("id")
	now = now.Add(time.Minute - 1)
	for range 3 {
		same(t, "early", c.get(v4at).str("status"), "INITIALIZING")
	}
	now = now.Add(time.Hour)
	same(t, "late", c.get(v4at).str("status"), "ACTIVE")
	same(t, "time in v4", c.get(v4at).str("last_sync_time"), "2025-05-01T10:01:00.000000005Z")
	same(t, "time in v2", c.get(v2at).at("last_sync_time"), "1746093660.000000005")
	c.must(200, "POST", v2at+"/refresh", "")
	now = now.Add(time.Minute)
	same(t, "refreshed", c.Integrations()[0].Status, "Active")
}

func TestFailedSyncs(t *testing.T) {
	c := start(t)
	id := c.must(200, "POST", v4Path, small).str("id")
	at := v2Path + "/" + id
	c.SeedResources(id, Resource{ID: "a"}, Resource{ID: "b"})
	c.SeedResources(c.Add(map[string]any{}), Resource{ID: "of another"})
	after := func() string {
		same(t, "running", c.get(at).at("last_sync_time"), "-")
		a := c.get(at)
		return a.str("status") + ", " + a.str("details")
	}
	c.FailSync(id, "error")
	same(t, "failed", after(), "Error, Sync failed")
	c.FailSync(id, "Warning")
	c.must(200, "POST", at+"/refresh", "")
	same(t, "warned", after(), "Warning, 2 resources loaded")
	c.must(200, "POST", at+"/refresh", "")
	c.get(at)
	same(t, "once", c.get(at).str("status"), "Active")
	c.must(200, "POST", at+"/refresh", "")
	same(t, "refreshing", c.get(at).str("status"), "Refreshing")
	c.SetStatus(id, "DISABLED")
	for range 3 {
		same(t, "set", c.get(at).str("status"), "Disabled")
	}
	same(t, "in v4", c.get(v4Path+"/"+id).str("status"), "DISABLED")
	c.SetStatus(id, "paused")
	same(t, "unknown", c.get(v4Path+"/"+id).str("status"), "paused")
	c.must(200, "POST", at+"/refresh", "")
	c.get(at)
	same(t, "mended", c.get(at).str("status"), "Active")
}

func TestUpdatesReplace(t *testing.T) {
	optional := []string{"connector_id", "secret_store_config", "connected_resource_types", "custom_access_details", "owner", "owners_mapping"}
	for _, keep := range []bool{false, true} {
		c := start(t, WithStyle(Style{KeepMissing: keep}))
		made := c.must(200, "POST", v4Path, v4Body)
		at := v4Path + "/" + made.str("id")
		without := c.must(200, "PUT", at, `{"name":"n","integration_config":{}}`)
		for _, name := range optional {
			want := "-"
			if keep {
				want = made.at(name)
			}
			same(t, name, without.at(name), want)
		}
		same(t, "config", without.at("integration_config"), "{}")
		c.must(200, "PUT", at, v4Body)
		cleared := c.must(200, "PUT", at, `{"name":"n","integration_config":{},"`+strings.Join(optional, `":null,"`)+`":null}`)
		for _, name := range optional {
			same(t, "null "+name, cleared.at(name), "-")
		}
	}
}

func TestOwners(t *testing.T) {
	c := start(t, WithUserInformation())
	source := c.Integrations()[0].ID
	body := func(reference string) string {
		return `{"name":"n","type":"ssh","integration_config":{},
			"owner":{"attribute_type":"group","attribute_value":["g1","g2"],"source_integration_reference":` + reference + `},
			"owners_mapping":{"key_name":"k","attribute_type":"group","source_integration_reference":` + reference + `}}`
	}
	var at string
	for _, reference := range []string{`"` + source + `"`, `"Google Workspace"`} {
		made := c.must(200, "POST", v4Path, body(reference))
		at = v4Path + "/" + made.str("id")
		c.has(made, map[string]string{
			"owner":          `{"attribute_type":"group","attribute_value":["g1","g2"],"source_integration_id":"` + source + `","source_integration_name":"Google Workspace"}`,
			"owners_mapping": `{"attribute_type":"group","key_name":"k","source_integration_id":"` + source + `","source_integration_name":"Google Workspace"}`,
		})
	}
	c.must(200, "PUT", v4Path+"/"+source, `{"name":"Staff","integration_config":{}}`)
	same(t, "renamed", c.get(at).str("owner.source_integration_name"), "Staff")
	c.must(204, "DELETE", v4Path+"/"+source, "")
	same(t, "gone", c.get(at).str("owner.source_integration_id"), source)
	for _, none := range []string{"null", `""`} {
		c.must(200, "PUT", at, v4Body)
		c.has(c.must(200, "PUT", at, body(none)), map[string]string{
			"owner": `{"attribute_type":"group","attribute_value":["g1","g2"]}`, "owners_mapping": `{"attribute_type":"group","key_name":"k"}`,
		})
	}
	same(t, "no longer there", c.send("PUT", at, body(`"`+source+`"`)).status, 400)
}

func TestResources(t *testing.T) {
	c := start(t)
	id, other := c.Add(map[string]any{}), c.Add(map[string]any{})
	seeded := map[string]string{"env": "prod"}
	c.SeedResources(id, Resource{ID: "z", Type: "table", Tags: seeded},
		Resource{ID: "a/b", Name: "b", Type: "schema", Status: "Error", Message: "gone"})
	c.SeedResources(other, Resource{ID: "o", Type: "table"})
	c.SeedPermissions(id, Permission{ID: "read", ResourceType: "table"}, Permission{ID: "w", Name: "write", ResourceType: "schema"})
	at := v3Path + "/" + id
	same(t, "resources", c.get(at+"/resources").text,
		`{"data":[{"id":"z","name":"z","status":{"status":"Active"},"type":"table"},`+
			`{"id":"a/b","name":"b","status":{"message":"gone","status":"Error"},"type":"schema"}],"pagination":{"limit":2,"offset":0,"total":2}}`)
	same(t, "permissions", c.get(at+"/permissions").text,
		`{"data":[{"id":"read","name":"read","resource_type":"table"},{"id":"w","name":"write","resource_type":"schema"}],"pagination":{"limit":2,"offset":0,"total":2}}`)
	for query, want := range map[string]string{"?resource-type=table": "1", "?resource-type=TABLE": "0", "?resource-type=": "0", "?resource_type=table": "2"} {
		same(t, "resources"+query, c.get(at+"/resources"+query).at("pagination.total"), want)
		same(t, "permissions"+query, c.get(at+"/permissions"+query).at("pagination.total"), want)
	}

	tags := v3Path + "/resources/z/user-tags"
	seeded["env"], c.Resources(id)[0].Tags["env"] = "changed", "changed"
	same(t, "tags", c.get(tags).text, `{"resource_id":"z","tags":{"env":"prod"}}`)
	if a := c.must(200, "PUT", tags, `{"tags":{"team":"<a&b>"}}`); a.str("message") == "" {
		t.Error(a)
	}
	same(t, "replaced", c.get(tags).at("tags"), `{"team":"<a&b>"}`)
	same(t, "none", c.get(v3Path+"/resources/o/user-tags").at("tags"), `{}`)
	same(t, "escaped", c.oddly().get(v3Path+"/resources/a%2Fb/user-tags").str("resource_id"), "a/b")
	c.SeedResources(id, Resource{ID: "z", Name: "again", Type: "table"})
	if all := c.Resources(id); len(all) != 2 || all[0].Name != "again" || all[0].Tags != nil {
		t.Errorf("%+v", all)
	}
	c.must(204, "DELETE", v4Path+"/"+id, "")
	same(t, "gone", c.send("GET", tags, "").String(), "404 Resource not found")
	c.get(v3Path + "/resources/o/user-tags")
}

func TestAnIntegrationCalledResourcesIsOutOfReach(t *testing.T) {
	c := start(t)
	c.Add(map[string]any{"id": "resources"})
	c.get(v4Path + "/resources")
	c.ResetCalls()
	for _, path := range []string{"/resources/permissions", "/resources/resources"} {
		same(t, path, c.send("GET", v3Path+path, "").String(), "404 404 page not found\n")
	}
	same(t, "operation", c.Calls()[0].Operation, "")
}

func TestConnectors(t *testing.T) {
	c := start(t, WithConnectors("c1", "c2"), WithClock(func() time.Time { return time.Unix(1746093600, 5) }))
	c.AddConnector(map[string]any{"id": "off/1", "status": "DISCONNECTED", "last_connected": nil, "sessions": []any{}, "cloud_provider_type": "GCP"})
	names, token := c.page(connectorsPath + "?limit=2")
	same(t, "page", names, "c1 c2")
	names, token = c.page(connectorsPath + "?page_token=" + token)
	same(t, "page", names+token, "off/1")
	for query, want := range map[string]string{"status=CONNECTED": "c1 c2", "status=connected": "", "status=DISCONNECTED&status=CONNECTED": "c1 c2 off/1"} {
		names, _ = c.page(connectorsPath + "?" + query)
		same(t, query, names, want)
	}
	same(t, "v2", c.get("/api/v2/connectors").text, `[{"connector_id":"c1","last_connected":1746093600.000000005,"status":"CONNECTED"},`+
		`{"connector_id":"c2","last_connected":1746093600.000000005,"status":"CONNECTED"},{"connector_id":"off/1","status":"DISCONNECTED"}]`)
	one := c.get(connectorsPath + "/c1")
	c.has(one, map[string]string{"last_connected": `"2025-05-01T10:00:00.000000005Z"`, "sessions.0.metadata.cloud_provider_metadata.region": `"us-east-1"`})
	renamed := c.must(200, "PUT", connectorsPath+"/c1", `{"name":"Main"}`)
	same(t, "renamed", renamed.text, strings.Replace(one.text, `"name":"c1"`, `"name":"Main"`, 1))
	same(t, "kept", c.get(connectorsPath+"/c1").text, renamed.text)
	same(t, "escaped", c.oddly().get(connectorsPath+"/off%2F1").str("cloud_provider_type"), "GCP")

	made := c.must(200, "POST", v4Path, strings.Replace(small, "{", `{"connector_id":"c1",`, 1))
	c.must(204, "DELETE", connectorsPath+"/c1", "")
	same(t, "deleted", c.send("GET", connectorsPath+"/c1", "").status, 404)
	at := v4Path + "/" + made.str("id")
	same(t, "of the integration", c.get(at).str("connector_id"), "c1")
	c.must(200, "PUT", at, `{"name":"n","integration_config":{},"connector_id":"c1"}`)
	same(t, "for another", c.send("POST", v4Path, strings.Replace(small, "{", `{"connector_id":"c1",`, 1)).status, 400)
	c.AddConnector(map[string]any{"id": "c3"})
	same(t, "for another", c.must(200, "PUT", at, `{"name":"n","integration_config":{},"connector_id":"c3"}`).str("connector_id"), "c3")
	walked := ""
	for names, token = c.page(connectorsPath + "?limit=1"); token != ""; names, token = c.page(connectorsPath + "?page_token=" + token) {
		walked += names + " "
	}
	same(t, "all pages", walked+names, "c2 off/1 c3")
	c = start(t, WithConnectors())
	same(t, "none", c.get("/api/v2/connectors").text, "[]")
}

func TestCatalog(t *testing.T) {
	c := start(t, WithCatalog(
		map[string]any{"type": "acme", "params": []any{map[string]any{"id": "k", "label": "K", "values": nil, "default": "", "optional": false}}},
		map[string]any{"type": "ssh", "name": "Shell", "newer": 1}))
	list := c.get(catalogPath)
	var page struct {
		Data []struct {
			Type           string
			RequiresSecret bool     `json:"requires_secret"`
			SecretTypes    []string `json:"supported_secret_types"`
			Params         []struct {
				ID, Default string
				Values      []string
				Optional    bool
			}
		}
	}
	if err := json.Unmarshal([]byte(list.text), &page); err != nil {
		t.Fatal(err)
	}
	var seen []string
	kinds := map[string]bool{}
	for i, e := range page.Data {
		seen = append(seen, e.Type)
		same(t, e.Type, c.get(catalogPath+"/"+e.Type).text, list.at(fmt.Sprint("data.", i)))
		same(t, e.Type+" secret", e.RequiresSecret, len(e.SecretTypes) > 0)
		for _, p := range e.Params {
			kinds[fmt.Sprintf("values %t default %t optional %t", len(p.Values) > 0, p.Default != "", p.Optional)] = true
			if p.Default != "" && len(p.Values) > 0 && !slices.Contains(p.Values, p.Default) {
				t.Errorf("%s: default of %s", e.Type, p.ID)
			}
		}
	}
	same(t, "types", strings.Join(seen, " "), "postgresql mysql aws-account gcp-organization ssh mock-duck google-idp acme")
	if len(kinds) < 5 {
		t.Errorf("parameters of few kinds: %v", kinds)
	}
	c.has(list, map[string]string{"data.4.name": `"Shell"`, "data.4.params": "[]", "data.4.newer": "1", "data.7.params.0.values": "[]", "data.7.name": `"acme"`})
	c.must(200, "POST", v4Path, strings.Replace(small, "mock-duck", "acme", 1))

	c = startOdd(t, WithStyle(Style{NullValues: true}), WithCatalog(map[string]any{"type": "acme", "params": []any{map[string]any{"values": []string{}}}}))
	same(t, "seeded", c.get(catalogPath+"/acme").at("params.0.values"), "null")
	c.has(c.get(catalogPath+"/mysql"), map[string]string{"params.0.values": "null", "params.2.values": `["user-password","iam"]`})
}

func TestStyles(t *testing.T) {
	now := time.Unix(1746093600, 5)
	clock := WithClock(func() time.Time { return now })
	styled := func(style Style) tester { return startOdd(t, clock, WithStyle(style)) }
	both := func(c tester) (inV4, inV2 answer) {
		id := c.Integrations()[0].ID
		return c.send("GET", v4Path+"/"+id, ""), c.send("GET", v2Path+"/"+id, "")
	}
	seed := func(style Style, o map[string]any) (inV4, inV2 answer) {
		c := styled(style)
		c.Add(o)
		return both(c)
	}
	empty := map[string]any{}

	for want, style := range map[string]Style{
		`1746093600.000000005`:             {},
		`"1746093600.000000005"`:           {V2TimeQuoted: true},
		`1746093600.5`:                     {V2TimeUnpadded: true},
		`"1746093600.5"`:                   {V2TimeUnpadded: true, V2TimeQuoted: true},
		`"2025-05-01T10:00:00.000000005Z"`: {V2TimeISO: true, V2TimeQuoted: true},
	} {
		inV4, inV2 := seed(style, empty)
		same(t, "time", inV2.at("last_sync_time"), want)
		same(t, "time in v4", inV4.at("last_sync_time"), `"2025-05-01T10:00:00.000000005Z"`)
		same(t, "of a connector", styled(style).get("/api/v2/connectors").at("0.last_connected"), want)
	}

	for want, style := range map[string]Style{"-": {}, "null": {NullUnset: true}} {
		inV4, inV2 := seed(style, map[string]any{"last_sync_time": nil, "owner": map[string]any{"attribute_type": "user", "attribute_value": []string{}}})
		for _, name := range []string{"connector_id", "secret_store_config", "connected_resource_types", "custom_access_details", "owners_mapping",
			"last_sync_time", "owner.source_integration_id", "owner.source_integration_name"} {
			same(t, name, inV4.at(name), want)
		}
		for _, name := range []string{"details", "provisioner_id", "secret_config", "custom_access_details", "last_sync_time"} {
			same(t, name, inV2.at(name), want)
		}
		same(t, "required", inV2.at("connected_resource_types"), "[]")
		c := styled(style)
		id := c.Add(empty)
		c.SeedResources(id, Resource{ID: "r"})
		same(t, "message", c.get(v3Path+"/"+id+"/resources").at("data.0.status.message"), want)
		c.AddConnector(map[string]any{"id": "never", "last_connected": nil})
		same(t, "connected", c.get("/api/v2/connectors").at("1.last_connected"), want)
	}

	gcp := map[string]any{"secret_store_config": map[string]any{"gcp": map[string]string{"project": "p", "secret_id": "s"}}}
	inV4, _ := seed(Style{SecretSiblings: true}, empty)
	same(t, "no secret", inV4.at("secret_store_config"), `{"apono":null,"aws":null,"azure":null,"gcp":null,"hashicorp_vault":null,"kubernetes":null}`)
	inV4, inV2 := seed(Style{SecretSiblings: true}, gcp)
	same(t, "secret", inV4.at("secret_store_config"),
		`{"apono":null,"aws":null,"azure":null,"gcp":{"project":"p","secret_id":"s"},"hashicorp_vault":null,"kubernetes":null}`)
	same(t, "secret in v2", inV2.at("secret_config"), `{"project":"p","secret_id":"s","type":"GCP"}`)
	odd := Style{EmptySecretConfig: true, NullMetadata: true, NullResourceTypes: true, V4StatusAsV2: true, RemovedFields: true, UnknownMembers: true}
	inV4, inV2 = seed(odd, empty)
	for got, want := range map[string]string{
		inV2.at("secret_config"): "{}", inV2.at("metadata"): "null", inV2.at("x_newer"): `{"n":1.10}`,
		inV4.at("status"): `"Active"`, inV4.at("credentials_rotation_period_in_days"): "90", inV4.at("integration_config"): "{}",
	} {
		same(t, "odd", got, want)
	}
	same(t, "null types", inV2.at("connected_resource_types"), "null")
	same(t, "removed", inV4.at("user_cleanup_period_in_days"), "null")
	c := styled(odd)
	for _, path := range []string{v4Path, v2Path, catalogPath, catalogPath + "/ssh", connectorsPath, connectorsPath + "/connector-1"} {
		same(t, path, c.get(path).at("x_newer"), `{"n":1.10}`)
	}
	_, inV2 = seed(odd, map[string]any{"integration_config": map[string]string{"k": "v"}, "connected_resource_types": []string{"t"}, "secret_store_config": gcp["secret_store_config"]})
	same(t, "metadata", inV2.at("metadata"), `{"k":"v"}`)
	same(t, "types", inV2.at("connected_resource_types"), `["t"]`)
	same(t, "secret", inV2.at("secret_config.project"), `"p"`)

	secret := map[string]any{"secret_store_config": map[string]any{"apono": map[string]any{"parameters": map[string]string{"password": "sesame"}, "x": 1}}}
	for style, want := range map[Style]string{{}: `""`, {RevealSecrets: true}: `"sesame"`} {
		inV4, inV2 = seed(style, secret)
		same(t, "v4", inV4.at("secret_store_config.apono"), `{"parameters":{"password":`+want+`},"x":1}`)
		same(t, "v2", inV2.at("secret_config"), `{"parameters":{"password":`+want+`},"type":"APONO","x":1}`)
	}

	for want, style := range map[string]Style{
		`{"items":[],"pagination":{"next_page_token":null}}`: {},
		`{"items":[]}`:                                         {NoPagination: true},
		`{"items":[],"pagination":null}`:                       {NullPagination: true},
		`{"items":[],"pagination":{}}`:                         {EmptyPagination: true},
		`{"items":[],"pagination":{"next_page_token":""}}`:     {EmptyToken: true},
		`{"items":null,"pagination":{"next_page_token":null}}`: {NullItems: true},
	} {
		same(t, "list", styled(style).get(v4Path).text, want)
	}
	for _, n := range []int{0, 3} {
		c = styled(Style{TrailingPage: true, EmptyToken: true, NullItems: true})
		for range n {
			c.Add(empty)
		}
		path, pages := v4Path+"?limit=2", 0
		var last answer
		for token := "-"; token != ""; pages++ {
			last = c.get(path)
			token = last.str("pagination.next_page_token")
			path = v4Path + "?page_token=" + token
		}
		same(t, "pages", pages, (n+1)/2+1+(1-min(n, 1)))
		same(t, "trailing page", last.at("items"), "null")
	}
	c = styled(Style{Truncate: 2})
	for range 3 {
		c.Add(empty)
	}
	for _, path := range []string{v2Path, catalogPath} {
		a := c.get(path)
		same(t, path, a.at("data.2"), "-")
		same(t, path, a.at("pagination.limit"), "2")
	}
	same(t, "total", c.get(v2Path).at("pagination"), `{"limit":2,"offset":0,"total":3}`)

	c = styled(Style{Success: 201, PlainType: true, DeleteOK: true, EmptyMessages: true})
	a := c.must(201, "POST", v4Path, small)
	same(t, "type", a.header.Get("Content-Type"), "text/plain; charset=utf-8")
	same(t, "message", c.must(201, "POST", v2Path+"/"+a.str("id")+"/refresh", "").text, "")
	same(t, "deleted", c.must(201, "DELETE", v4Path+"/"+a.str("id"), "").text, "{}")
	same(t, "connector", c.must(201, "DELETE", connectorsPath+"/connector-1", "").text, "{}")
	same(t, "refused", c.send("GET", v4Path+"/x", "").String(), "404 Integration not found")
	c.must(201, "GET", v4Path, "")

	c = styled(Style{LaxSecretStore: true, MergeTags: true})
	two := `{"aws":{"region":"r","secret_id":"s"},"gcp":{"project":"p","secret_id":"s"}}`
	for sent, want := range map[string]string{two: two, "{}": "-", `{"aws":null}`: "-"} {
		a = c.must(200, "POST", v4Path, strings.Replace(small, "{", `{"secret_store_config":`+sent+`,`, 1))
		same(t, "lax", a.at("secret_store_config"), want)
		if sent == two {
			same(t, "v2 knows the first", c.get(v2Path+"/"+a.str("id")).at("secret_config"), `{"region":"r","secret_id":"s","type":"AWS"}`)
		}
	}
	c.SeedResources(a.str("id"), Resource{ID: "r", Tags: map[string]string{"a": "1", "b": "2"}})
	c.must(200, "PUT", v3Path+"/resources/r/user-tags", `{"tags":{"b":"3","c":"4"}}`)
	same(t, "merged", c.get(v3Path+"/resources/r/user-tags").at("tags"), `{"a":"1","b":"3","c":"4"}`)
}

func TestNoContentType(t *testing.T) {
	for name, opts := range map[string][]Option{"http1": nil, "http2": {WithHTTP2()}, "memory": {WithoutSocket()}} {
		s := NewServer(t, append(opts, WithStyle(Style{NoType: true}))...)
		c := tester{s, t, s.HTTPClient(), s.Token}
		if a := c.get(v4Path); len(a.header.Values("Content-Type")) > 0 || a.at("items") != "[]" {
			t.Errorf("%s: %q %v", name, a.header.Values("Content-Type"), a)
		}
		s.Inject(Fault{Header: http.Header{"content-type": nil}})
		if a := c.get(catalogPath); len(a.header.Values("Content-Type")) > 0 {
			t.Errorf("%s: %q by a fault", name, a.header.Values("Content-Type"))
		}
	}
}

func TestNames(t *testing.T) {
	c := start(t)
	c.must(200, "POST", v4Path, small)
	c.must(200, "POST", v4Path, small)
	c = start(t, WithUniqueNames())
	id := c.must(200, "POST", v4Path, small).str("id")
	same(t, "twin", c.send("POST", v4Path, strings.Replace(small, "duck", "DUCK", 1)).String(), "409 An integration with this name exists")
	c.must(200, "PUT", v4Path+"/"+id, small)
	second := c.must(200, "POST", v2Path, v2Body).str("id")
	same(t, "rename", c.send("PUT", v2Path+"/"+second, `{"name":"duck","metadata":{}}`).status, 409)
}

func TestSeeds(t *testing.T) {
	c := start(t)
	id := c.Add(json.RawMessage(`{"name":"<&>","newer":12345678901234567890.10,"status":"Error","last_sync_time":"2030-01-01T00:00:00.5+01:00",
		"integration_config":{"n":1.10,"deep":{"a":[null]}},"secret_store_config":{"aws":{"region":"r","secret_id":"s"},"newer":{"x":1}}}`))
	a := c.get(v4Path + "/" + id)
	c.has(a, map[string]string{
		"id": `"` + id + `"`, "name": `"<&>"`, "newer": "12345678901234567890.10", "type": `"mock-duck"`, "status": `"ERROR"`,
		"integration_config": `{"n":1.10,"deep":{"a":[null]}}`, "last_sync_time": `"2029-12-31T23:00:00.5Z"`,
		"secret_store_config": `{"aws":{"region":"r","secret_id":"s"},"newer":{"x":1}}`,
	})
	c.Add(map[string]any{"id": "x/y", "owner": map[string]any{"attribute_type": "user", "attribute_value": []string{}, "source_integration_reference": id}})
	same(t, "reference", c.get(v4Path).str("items.1.owner.source_integration_id"), id)
	same(t, "no reference", c.get(v4Path).at("items.1.owner.source_integration_reference"), "-")
	same(t, "name", c.get(v4Path).str("items.1.name"), "x/y")

	odd := c.oddly()
	same(t, "escaped", odd.get(v4Path+"/x%2Fy").str("id"), "x/y")
	inV4, inV2 := `{"id":"odd","status":7,"items":1.10}`, `{"id":"odd","metadata":null,"secret_config":{"type":"AWS","region":"r","secret_id":"s"},"last_sync_time":"5.5"}`
	given := []byte(inV4)
	same(t, "id", c.AddRaw(given, []byte(inV2)), "odd")
	given[0], c.Integrations()[2].JSON[0] = 'x', 'x'
	same(t, "v4", odd.get(v4Path+"/odd").text, inV4)
	same(t, "v2", odd.get(v2Path+"/odd").text, inV2)
	same(t, "in the list", odd.get(v2Path).at("data.2"), inV2)
	same(t, "a seed of v4", odd.get(v2Path+"/"+c.AddRaw([]byte(`{"integration_config":{"k":"v"}}`), nil)).at("metadata"), `{"k":"v"}`)
	other := c.AddRaw(nil, []byte(strings.Replace(inV2, "odd", "other", 1)))
	c.has(odd.get(v4Path+"/"+other), map[string]string{"integration_config": "null", "secret_store_config": `{"aws":{"region":"r","secret_id":"s"}}`})
	bare := c.AddRaw(nil, []byte(`{"id":"bare","secret_config":{}}`))
	c.has(odd.get(v4Path+"/"+bare), map[string]string{"secret_store_config": "-", "integration_config": "{}", "name": `"bare"`})
	c.must(200, "PUT", v4Path+"/odd", small)
	same(t, "no longer odd", c.get(v2Path+"/odd").at("metadata"), "{}")
	c.must(200, "POST", v2Path+"/"+other+"/refresh", "")
	same(t, "refreshed", odd.get(v2Path+"/"+other).str("status"), "Refreshing")

	all := c.Integrations()
	if len(all) != 6 || all[0].Name != "<&>" || string(all[0].JSON) != a.text || all[0].Status != "Error" {
		t.Errorf("%+v", all)
	}
	all[0].JSON[0] = 'x'
	same(t, "a snapshot", c.get(v4Path+"/"+id).text, a.text)

	for name, f := range map[string]func(){
		"taken id":       func() { c.Add(map[string]any{"id": id}) },
		"no object":      func() { c.Add([]int{1}) },
		"null":           func() { c.Add(nil) },
		"time":           func() { c.Add(map[string]any{"last_sync_time": 5}) },
		"raw null":       func() { c.AddRaw([]byte("null"), nil) },
		"raw nothing":    func() { c.AddRaw(nil, nil) },
		"raw no JSON":    func() { c.AddRaw([]byte(`{}`), []byte("{")) },
		"connector":      func() { c.AddConnector(map[string]any{"id": "connector-1"}) },
		"connector id":   func() { c.AddConnector(map[string]any{}) },
		"catalog":        func() { Start(WithoutSocket(), WithCatalog(map[string]any{"name": "x"})) },
		"resource":       func() { c.SeedResources("nobody") },
		"resource id":    func() { c.SeedResources(id, Resource{}) },
		"resource twice": func() { c.SeedResources(id, Resource{ID: "r"}); c.SeedResources(other, Resource{ID: "r"}) },
		"permission":     func() { c.SeedPermissions("nobody") },
		"status":         func() { c.SetStatus(id, "") },
		"status of none": func() { c.SetStatus("nobody", "Active") },
		"sync":           func() { c.FailSync(id, "") },
		"sync of none":   func() { c.FailSync("nobody", "Error") },
		"operation":      func() { c.CountCalls("createIntegrationV5") },
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
	c.get(v4Path + "/" + id) // no panic kept the lock
}

func TestRateLimitPerToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startOdd(t, WithRateLimit(2, 10*time.Second))
		other := c
		other.token = c.AddToken()
		c.get(v4Path)
		time.Sleep(2500 * time.Millisecond)
		c.get(v4Path)
		over := c.send("POST", v4Path, small)
		same(t, "over", fmt.Sprint(over.status, over.header.Get("Retry-After"), over.header.Get("X-RateLimit-Remaining"), over.text), "42980")
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
			s.Inject(Fault{Operation: "createIntegrationV4", Skip: 1, Status: 503, Header: http.Header{"Retry-After": {"1"}}})
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
				t.Error("the lost reply arrived")
			}
			same(t, "stored", len(s.Integrations()), 3)
			calls := s.Calls()
			last := calls[len(calls)-1]
			if last.Operation != "createIntegrationV4" || last.Status != 0 || string(last.Body) != small || last.RawQuery != "x=1" {
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
	if len(tb.errors) != 1 || !strings.Contains(tb.errors[0], "listConnectors, reply lost, 1 more expected") {
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
