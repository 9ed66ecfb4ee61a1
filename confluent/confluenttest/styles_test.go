package confluenttest

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestQuota(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"), WithQuota(2, 3))
	c.expect(201, c.do("POST", v1Path, v1AWS))
	c.expect(201, c.do("POST", v2Path, v2Azure))
	v1 := c.expect(402, c.do("POST", v1Path, strings.ReplaceAll(v1AWS, "lake", "sea")))
	v2 := c.expect(400, c.do("POST", v2Path, v2Azure))
	for _, r := range []response{v1, v2} {
		if !strings.Contains(r.text, "per environment is currently limited to 2") || !strings.Contains(r.text,
			"quota_exceeded") {
			t.Error(r.text)
		}
	}
	c.expect(201, c.do("POST", v2Path, strings.ReplaceAll(v2Azure, "env-1", "env-2")))
	r := c.expect(400, c.do("POST", v2Path, strings.ReplaceAll(v2Azure, "env-1", "env-2")))
	if !strings.Contains(r.text, "per organization is currently limited to 3") {
		t.Error(r.text)
	}
	c = newClient(t, WithQuota(0, 1), WithStyle(Style{V1Quota: 422, V2Quota: 402}))
	c.expect(201, c.do("POST", v2Path, v2Azure))
	c.expect(402, c.do("POST", v2Path, v2Azure))
	c.expect(422, c.do("POST", v1Path, v1AWS))
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
	c.expect(201, c.do("POST", v1Path, v1AWS)) // names of v1 are separate
}

func styled(t *testing.T, style Style) *client { return newClient(t, WithStyle(style)) }

// create creates an integration. It returns the response and the path of the integration.
func create(c *client) (r response, path string) {
	r = c.do("POST", v2Path, v2Azure)
	return r, v2Path + "/" + r.str("id") + inEnv1
}

func TestStyles(t *testing.T) {
	t.Run("last page", func(t *testing.T) {
		for want, style := range map[string]Style{
			`{"total_size":0}`:             {},
			`{"next":null,"total_size":0}`: {NullNext: true},
			`{"next":"","total_size":0}`:   {EmptyNext: true},
			`{}`:                           {BareMetadata: true},
		} {
			if r := styled(t, style).do("GET", v2Path+inEnv1, ""); !strings.Contains(r.text, `"metadata":`+want+
				`,"data":[]`) {
				t.Errorf("%+v: %s", style, r.text)
			}
		}
	})
	t.Run("relative next, trailing page, bare list", func(t *testing.T) {
		c := styled(t, Style{RelativeNext: true, TrailingPage: true, BareLists: true})
		create(c)
		r := c.expect(200, c.do("GET", v2Path+inEnv1+"&page_size=1", ""))
		if !strings.Contains(r.text,
			`"next":"/pim/v2/integrations?environment=env-1\u0026page_size=1\u0026page_token=`) ||
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
		for _, r := range []response{r, c.do("GET", at, "")} {
			c.equal("usages", r.str("usages"), "<absent>")
			c.equal("tenant", r.str("config", "customer_azure_tenant_id"), "<absent>")
			c.equal("provider", r.str("provider"), "AZURE")
			c.equal("environment", r.str("environment"), "map[id:env-1 related: resource_name:]")
		}
		if r := c.do("GET", v2Path+inEnv1+"&provider=azure", ""); !strings.Contains(r.text, `"usages":[]`) {
			t.Error(r.text)
		}
		c.equal("tenant", c.do("PATCH", v2Path+"/"+r.str("id"), patch).str("config", "customer_azure_tenant_id"),
			tenant)
	})
	t.Run("flat errors", func(t *testing.T) {
		c := styled(t, Style{FlatErrors: true})
		r := c.expect(404, c.do("GET", v2Path+"/x"+inEnv1, ""))
		c.equal("body", r.text, `{"error_code":404,"message":"Integration \"x\" was not found"}`)
	})
}

func TestStylesOfFiltersAndFailures(t *testing.T) {
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

func TestAllCloudsInV1(t *testing.T) {
	const inV1 = `"display_name":"n","environment":{"id":"env-1"}`
	for body, status := range map[string]int{
		`{"provider":"AZURE","config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenant + `"},` +
			inV1 + `}`: 201,
		`{"provider":"gcp","config":{"kind":"GcpIntegrationConfig",` +
			`"customer_google_service_account":"a@b.iam.gserviceaccount.com"},` + inV1 + `}`: 201,
		`{"config":{"kind":"AwsIntegrationConfig"},` + inV1 +
			`}`: 201,
		`{"provider":"GCP","config":{"kind":"AzureIntegrationConfig"},` + inV1 +
			`}`: 400,
		`{"provider":"AZURE","config":{"kind":"AzureIntegrationConfig"},` + inV1 +
			`}`: 400,
		`{"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"role"},` + inV1 +
			`}`: 422,
		`{"provider":"OCI","config":{"kind":"OciIntegrationConfig"},` + inV1 +
			`}`: 422,
		`{"provider":"AZURE",` + inV1 +
			`}`: 400,
	} {
		c := newClient(t, WithStyle(Style{AllCloudsInV1: true}))
		r := c.expect(status, c.do("POST", v1Path, body))
		usual := newClient(t).do("POST", v1Path, body)
		if usual.status < 400 {
			t.Errorf("without the style: %d for %s", usual.status, body)
		}
		if status != 201 {
			continue
		}
		c.equal("status", r.str("status"), "<absent>")
		c.expect(200, c.do("GET", v1Path+"/"+r.str("id")+inEnv1, ""))
		c.expect(404, c.do("GET", v2Path+"/"+r.str("id")+inEnv1, ""))
		c.expect(204, c.do("DELETE", v1Path+"/"+r.str("id")+inEnv1, ""))
	}
}
