package confluenttest

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestV2Life(t *testing.T) {
	for _, tt := range []struct{ provider, kind, customer, value, own, match, unset string }{
		{"Azure", "AzureIntegrationConfig", "customer_azure_tenant_id", tenant, "confluent_multi_tenant_app_id",
			"^[0-9a-f-]{36}$", ""},
		{"gcp", "GcpIntegrationConfig", "customer_google_service_account", "sa@p.iam.gserviceaccount.com",
			"google_service_account", `^cspi-[a-z0-9]+@cflt-cspi(-stag)?-\d+\.iam\.gserviceaccount\.com$`, ""},
		{"AWS", "AwsIntegrationConfig", "customer_iam_role_arn", role, "iam_role_arn", "^arn:aws:iam::", "<absent>"},
	} {
		t.Run(tt.provider, func(t *testing.T) {
			c := newClient(t, WithStyle(Style{AWSInV2: tt.provider == "AWS"}))
			r := c.expect(201, c.do("POST", v2Path, `{"display_name":"n","provider":"`+tt.provider+
				`","environment":{"id":"env-1","related":"","resource_name":""}}`))
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

			config := `{"kind":"` + tt.kind + `","` + tt.customer + `":"` + tt.value + `","` + tt.own +
				`":"forged","newer":1.50}`
			validate := func(config string) response {
				return c.do("POST", v2Path+":validate", `{"id":"`+id+`","environment":{"id":"env-1"}`+config+`}`)
			}
			c.equal("validate without config", c.expect(400, validate("")).failure(), "400 bad_request /config")
			valid := c.expect(204, validate(`,"config":`+config))
			if valid.header.Get("X-Request-Id") == "" || valid.text != "" {
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
			c.equal("second update",
				c.expect(409, c.do("PATCH", at, `{"config":`+config+`,"environment":{"id":"env-1"}}`)).failure(),
				"409 invalid_state")
			c.expect(204, validate(""))
			c.expect(204, validate(`,"config":`+config))

			c.SetUsages(id, usage)
			r = c.expect(200, c.do("GET", at+inEnv1, ""))
			c.equal("status in use", r.str("status"), "ACTIVE")
			c.equal("usages", r.str("usages"), "["+usage+"]")
			c.expect(409, c.do("PATCH", at, `{"config":`+config+`,"environment":{"id":"env-1"}}`))
			c.equal("delete in use", c.oddly().expect(409, c.oddly().do("DELETE", at+inEnv1, "")).failure(),
				"409 resource_in_use")
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
	if !strings.HasPrefix(r.str("config", "iam_role_arn"), "arn:aws:iam::") ||
		len(r.str("config", "external_id")) != 36 {
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
	update := `{"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + role +
		`"},"environment":{"id":"env-1"}}`
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
		{"POST", v2Path, `{"provider":"AWS",` + env +
			`,"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"` + role + `"}}`,
			"400 bad_request /provider"},
		{"POST", v2Path, `{"display_name":"` + strings.Repeat("é", 61) + `",` + env + `}`,
			"422 invalid_configuration /display_name"},
		{"POST", v2Path,
			`{"provider":"azure","config":{"kind":"GcpIntegrationConfig",` +
				`"customer_google_service_account":"a@b.iam.gserviceaccount.com"},` + env + `}`,
			"422 invalid_configuration /config/kind"},

		{"POST", v1Path, `{` + env + `}`, "400 bad_request /config"},
		{"POST", v1Path, `{"config":{"customer_iam_role_arn":"` + role + `"},` + env + `}`,
			"400 bad_request /config/kind"},
		{"POST", v1Path, `{"config":{"kind":"AwsIntegrationConfig"},` + env + `}`,
			"422 invalid_configuration /config/customer_iam_role_arn"},
		{"POST", v1Path, `{"config":{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"arn:aws:iam::1:r/n"},` +
			env + `}`,
			"422 invalid_configuration /config/customer_iam_role_arn"},
		{"POST", v1Path, `{"provider":"gcp","config":{"kind":"AwsIntegrationConfig"},` + env + `}`,
			"422 invalid_configuration /provider"},
		{"POST", v1Path, `{"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenant + `"},` +
			env + `}`,
			"422 invalid_configuration /config/kind"},

		{"PATCH", v2Path + "/" + draft, `{"config":{}}`, "400 bad_request /environment/id"},
		{"PATCH", v2Path + "/" + draft, `{` + env + `}`, "400 bad_request /config"},
		{"PATCH", v2Path + "/" + draft, `{"config":{},` + env + `}`, "400 bad_request /config/kind"},
		{"PATCH", v2Path + "/" + draft, `{"config":{"kind":"AzureIntegrationConfig"},` + env + `}`,
			"400 bad_request /config/customer_azure_tenant_id"},
		{"PATCH", v2Path + "/" + draft, `{"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"me"},` +
			env + `}`,
			"400 bad_request /config/customer_azure_tenant_id"},
		{"PATCH", v2Path + "/" + google,
			`{"config":{"kind":"GcpIntegrationConfig","customer_google_service_account":"me"},` + env + `}`,
			"400 bad_request /config/customer_google_service_account"},
		{"PATCH", v2Path + "/" + google, patch, "422 invalid_configuration /config/kind"},
		{"PATCH", v2Path + "/" + draft, strings.ReplaceAll(patch, "env-1", "env-2"), "404"},
		{"PATCH", v2Path + "/cspi-x", patch, "404"},

		{"POST", v2Path + ":validate", `{` + env + `}`, "400 bad_request /id"},
		{"POST", v2Path + ":validate", `{"id":"` + draft + `"}`, "400 bad_request /environment/id"},
		{"POST", v2Path + ":validate", `{"id":"cspi-x",` + env + `}`, "404"},
		{"POST", v2Path + ":validate", `{"id":"` + google +
			`","config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenant + `"},` + env + `}`,
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
	c.equal("kind", c.expect(200, c.do("PATCH", v2Path+"/"+draft, prefixed)).str("config", "kind"),
		"AzureIntegrationConfig")
}

func TestContentTypeIsRequired(t *testing.T) {
	c := newClient(t)
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
