package confluenttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/integrations-go/sdk/confluent"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

func TestFailValidation(t *testing.T) {
	c := newClient(t)
	id := c.Add("env-1", map[string]any{"config": map[string]string{"kind": "AzureIntegrationConfig",
		"customer_azure_tenant_id": tenant}})
	validate := func() string {
		r := c.do("POST", v2Path+":validate", `{"id":"`+id+`","environment":{"id":"env-1"}}`)
		if r.status == 204 {
			return "valid"
		}
		errs, _ := r.doc["errors"].([]any)
		return r.failure() + ": " + response{doc: errs[0].(map[string]any)}.str("detail")
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

// The program under test creates the integration, so the test does not know its ID.
func TestFailValidationNamed(t *testing.T) {
	c := newClient(t)
	c.FailValidationNamed("vault", 3, "Azure setup required")
	c.FailValidationNamed("never refused", 0, "")
	validate := func(id string) string {
		r := c.do("POST", v2Path+":validate", `{"id":"`+id+`","environment":{"id":"env-1"}}`)
		return strconv.Itoa(r.status)
	}
	add := func(name string) string {
		return c.Add("env-1", map[string]any{"display_name": name, "config": map[string]string{
			"kind": "AzureIntegrationConfig", "customer_azure_tenant_id": tenant}})
	}
	vault, other, second := add("vault"), add("other"), add("vault")
	c.FailValidation(vault, 1, "")
	for i, want := range []string{"400", "400", "400", "204"} {
		c.equal("of that name", validate(vault), want)
		c.equal("of another name", validate(other), "204")
		if i == 2 {
			c.equal("of that name, too", validate(second), "400")
		}
	}
	c.equal("no more", validate(second), "204")
}

func TestNamedFailureThatNoValidationMetIsReported(t *testing.T) {
	s := Start(WithoutSocket())
	s.FailValidationNamed("vault", 1, "")
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), `no integration named "vault" was validated`) {
		t.Error(err)
	}
}

// A seed with a type of v1 is stored for v1, unless it names a version.
func TestSeedsWithATypeOfV1(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1"))
	aws := confluent.IntegrationV1{DisplayName: "lake", Provider: confluent.ProviderAWS}
	named := aws
	named.APIVersion = "pim/v2"
	for name, seed := range map[string]any{
		"value": aws, "pointer": &aws,
		"create": confluent.IntegrationCreateV1{DisplayName: "lake", Provider: confluent.ProviderAWS},
	} {
		id := c.Add("env-1", seed)
		r := c.expect(200, c.do("GET", v1Path+"/"+id+inEnv1, ""))
		c.equal(name+": api_version", r.str("api_version"), "pim/v1")
		c.equal(name+": provider", r.str("provider"), "AWS")
		c.equal(name+": kind", r.str("config", "kind"), "AwsIntegrationConfig")
		c.equal(name+": status", r.str("status"), "<absent>")
	}
	for name, seed := range map[string]any{
		"named": named, "map": map[string]any{"display_name": "lake", "provider": "gcp"},
	} {
		r := c.expect(200, c.do("GET", v2Path+"/"+c.Add("env-1", seed)+inEnv1, ""))
		c.equal(name+": api_version", r.str("api_version"), "pim/v2")
	}
}

func TestSeeds(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"))
	id := c.Add("env-1", json.RawMessage(`{"provider":"AZURE","display_name":"<&>","newer":12345678901234567890.10}`))
	r := c.expect(200, c.do("GET", v2Path+"/"+id+inEnv1, ""))
	for _, part := range []string{`"newer":12345678901234567890.10`, `"display_name":"<&>"`, `"provider":"AZURE"`,
		`"status":"DRAFT"`,
		`"confluent_multi_tenant_app_id":"`, `"resource_name":"crn://`} {
		if !strings.Contains(r.text, part) {
			t.Errorf("no %s in %s", part, r.text)
		}
	}
	used := c.Add("env-1", map[string]any{"usages": []string{usage}, "environment": map[string]string{"id": "env-1",
		"related": ""},
		"config": map[string]string{"kind": "GcpIntegrationConfig"}})
	r = c.expect(200, c.do("GET", v2Path+"/"+used+inEnv1, ""))
	c.equal("status", r.str("status"), "ACTIVE")
	c.equal("provider", r.str("provider"), "gcp")
	c.equal("google_service_account", r.str("config", "google_service_account"),
		used+"@cflt-cspi-1.iam.gserviceaccount.com")
	v1 := c.Add("env-1", map[string]any{"api_version": "pim/v1",
		"config": map[string]string{"kind": "AwsIntegrationConfig", "customer_iam_role_arn": role}})
	c.equal("v1 provider", c.expect(200, c.do("GET", v1Path+"/"+v1+inEnv1, "")).str("provider"), "AWS")
	paused := c.Add("env-1", map[string]any{"status": "PAUSED"})
	c.equal("status", c.expect(200, c.do("GET", v2Path+"/"+paused+inEnv1, "")).str("status"), "PAUSED")
	c.SetUsages(paused)
	c.equal("status without usages", c.expect(200, c.do("GET", v2Path+"/"+paused+inEnv1, "")).str("status"), "PAUSED")
	future := c.Add("env-1", map[string]any{"provider": "oci", "config": map[string]any{"kind": "OciIntegrationConfig",
		"tenancy": 1}})

	typed := c.Add("env-2", confluent.Integration{DisplayName: "typed", Provider: "azure"})
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

	// A draft of an unknown kind can only be completed with the same kind.
	c.expect(422, c.do("PATCH", v2Path+"/"+future, patch))
	r = odd.expect(200, odd.do("PATCH", v2Path+"/"+future,
		`{"config":{"kind":"OciIntegrationConfig","user":"u"},"environment":{"id":"env-1"}}`))
	c.equal("config", r.str("config"), "map[kind:OciIntegrationConfig tenancy:1 user:u]")

	all := c.Integrations("env-1")
	var summary []string
	for _, in := range all {
		summary = append(summary, fmt.Sprintf("%s %s %s %s %d", in.ID, in.Version, in.Provider, in.Status,
			len(in.Usages)))
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
}

// In a test, misuse fails the test instead of panicking.
func TestMisuse(t *testing.T) {
	const id = "cspi-1"
	start := func(tb fakehttp.TB) *Server {
		draft := map[string]any{"id": id, "provider": "azure"}
		var s *Server
		if tb == nil {
			s = Start(WithoutSocket())
		} else {
			s = NewServer(tb, WithoutSocket())
		}
		s.Add("env-1", draft)
		return s
	}
	for name, f := range map[string]func(*Server){
		"unknown environment": func(s *Server) { s.Add("env-9", map[string]any{}) },
		"taken id":            func(s *Server) { s.Add("env-1", map[string]any{"id": id}) },
		"no object":           func(s *Server) { s.Add("env-1", []int{1}) },
		"no value of JSON":    func(s *Server) { s.Add("env-1", map[string]any{"usages": func() {}}) },
		"null":                func(s *Server) { s.AddRaw("env-1", json.RawMessage("null")) },
		"no JSON":             func(s *Server) { s.AddRaw("env-1", json.RawMessage("{")) },
		"usages of a draft":   func(s *Server) { s.SetUsages(id, usage) },
		"usages of nothing":   func(s *Server) { s.SetUsages("x") },
		"validation":          func(s *Server) { s.FailValidation("x", 1, "") },
		"validation, no name": func(s *Server) { s.FailValidationNamed("", 1, "") },
		"operation":           func(s *Server) { s.CountCalls("createPimV3Integration") },
		"fault":               func(s *Server) { s.Inject(Fault{Operation: "createPimV3Integration", Status: 500}) },
		"status":              func(s *Server) { s.Inject(Fault{Status: 99}) },
	} {
		if err := fakehttp.CheckMisuse(start, f, func(s *Server) { s.Integrations("env-1") }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, opt := range map[string]Option{"nil": nil, "window": WithRateLimit(1, 0)} {
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
