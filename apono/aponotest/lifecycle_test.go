package aponotest

import (
	"strings"
	"testing"
	"time"
)

func TestLifeInV4(t *testing.T) {
	c := start(t)
	made := c.must(200, "POST", v4Path, v4Body)
	c.has(made, map[string]string{
		"name": `"db"`, "type": `"postgresql"`, "category": `"RESOURCES"`, "connector_id": `"connector-1"`,
		"status":         `"INITIALIZING"`,
		"last_sync_time": "-", "integration_config": `{"hostname":"h","port":"5432"}`,
		"secret_store_config":      `{"aws":{"region":"us-east-1","secret_id":"s"}}`,
		"connected_resource_types": `["table"]`,
		"custom_access_details":    `"ask"`,
		"owner":                    `{"attribute_type":"user","attribute_value":["a@example.com"]}`,
		"owners_mapping":           `{"attribute_type":"group","key_name":"owner"}`,
	})
	at := v4Path + "/" + made.str("id")
	same(t, "first read", c.get(at).text, made.text)
	second := c.get(at)
	same(t, "status", second.str("status"), "ACTIVE")
	if _, err := time.Parse(time.RFC3339Nano, second.str("last_sync_time")); err != nil {
		t.Error(err)
	}
	same(t, "in the list", c.get(v4Path).at("items.0"), second.text)

	put := c.must(200, "PUT", at, `{"name":"new","type":"mysql","integration_config":{"n":12345678901234567890,`+
		`"f":1.10,"s":"<&>"}}`)
	c.has(put, map[string]string{
		"name": `"new"`, "type": `"postgresql"`, "integration_config": `{"n":12345678901234567890,"f":1.10,"s":"<&>"}`,
		"status": `"ACTIVE"`,
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
		"name": `"db2"`, "type": `"mysql"`, "provisioner_id": `"connector-1"`, "status": `"Initializing"`,
		"connection": "{}",
		"details":    "-", "last_sync_time": "-", "metadata": `{"hostname":"h"}`,
		"secret_config":            `{"path":"p","secret_engine":"e","type":"HASHICORP_VAULT"}`,
		"connected_resource_types": `["table"]`, "custom_access_details": `"ask"`, "owner": "-", "category": "-",
	})
	at := v2Path + "/" + made.str("id")
	same(t, "first read", c.get(at).text, made.text)
	same(t, "status", c.get(at).str("status"), "Active")
	same(t, "details", c.get(at).str("details"), "0 resources loaded")
	c.has(c.get(v2Path), map[string]string{"data.0": c.get(at).text, "data.1": "-",
		"pagination": `{"limit":1,"offset":0,"total":1}`})

	if a := c.must(200, "POST", at+"/refresh", ""); a.str("message") == "" {
		t.Error(a)
	}
	same(t, "refreshing", c.get(at).str("status"), "Refreshing")
	same(t, "refreshed", c.get(at).str("status"), "Active")
	c.has(c.must(200, "PUT", at, `{"name":"db2","metadata":{}}`), map[string]string{
		"metadata": "{}", "provisioner_id": "-", "secret_config": "-", "connected_resource_types": "[]",
		"custom_access_details": "-",
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
		{`{"hashicorp_vault":{"path":"p","secret_engine":"e"}}`,
			`{"path":"p","secret_engine":"e","type":"HASHICORP_VAULT"}`},
		{`{"apono":{"parameters":{"password":""}}}`, `{"parameters":{"password":""},"type":"APONO"}`},
		{`{"cyberark":{"n":1.10,"safe":"s"}}`, `{"n":1.10,"safe":"s","type":"CYBERARK"}`},
	} {
		c := start(t)
		for _, write := range []struct{ path, body string }{
			{v4Path, `{"name":"a","type":"ssh","integration_config":{"k":"v"},"connector_id":"connector-1",` +
				`"secret_store_config":` + tt.v4 + `}`},
			{v2Path, `{"name":"a","type":"ssh","metadata":{"k":"v"},"provisioner_id":"connector-1","secret_config":` +
				tt.v2 + `}`},
		} {
			id := c.must(200, "POST", write.path, write.body).str("id")
			c.has(c.get(v4Path+"/"+id), map[string]string{
				"secret_store_config": tt.v4, "integration_config": `{"k":"v"}`, "connector_id": `"connector-1"`,
				"status": `"INITIALIZING"`,
			})
			c.has(c.get(v2Path+"/"+id), map[string]string{
				"secret_config": tt.v2, "metadata": `{"k":"v"}`, "provisioner_id": `"connector-1"`,
				"status": `"Active"`,
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

// refusal is a request that must be refused, with the status and text of the response.
type refusal struct{ method, path, body, want string }

// checkRefusals checks that a server with one integration refuses the requests, and that none takes
// effect.
func checkRefusals(t *testing.T, c tester, refusals []refusal) {
	t.Helper()
	for _, tt := range refusals {
		if got := c.send(tt.method, tt.path, tt.body).String(); got != tt.want {
			t.Errorf("%s %s %s: %q, want %q", tt.method, tt.path, tt.body, got, tt.want)
		}
	}
	if all := c.Integrations(); len(all) != 1 || all[0].Name != "old" ||
		c.connectors[0].members.Text("name") != "connector-1" {
		t.Errorf("something took effect: %+v", all)
	}
}

// with returns the body of a create in v4 with further members.
func with(members string) string { return strings.Replace(small, "{", "{"+members+",", 1) }

// flat returns the body of a create in v2 with a secret store.
func flat(secret string) string {
	return `{"name":"n","type":"ssh","metadata":{},"secret_config":` + secret + `}`
}

func TestRefusals(t *testing.T) {
	c := start(t)
	c.Add(map[string]any{"name": "old"})
	checkRefusals(t, c, []refusal{
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
		{"POST", v4Path, `{"name":"n","type":"ssh","integration_config":null}`,
			"400 integration_config must be an object"},
		{"POST", v4Path, `{"name":"n","type":"ssh","integration_config":[]}`,
			"400 integration_config must be an object"},
		{"POST", v4Path, with(`"connector_id":"nobody"`), "400 connector_id must be the id of a connector"},
		{"POST", v4Path, with(`"connector_id":""`), "400 connector_id must be the id of a connector"},
		{"POST", v4Path, with(`"connector_id":1`), "400 connector_id must be the id of a connector"},
		{"POST", v4Path, with(`"connected_resource_types":"t"`),
			"400 connected_resource_types must be an array of strings"},
		{"POST", v4Path, with(`"connected_resource_types":["t",null]`),
			"400 connected_resource_types must be an array of strings"},
		{"POST", v4Path, with(`"custom_access_details":1`),
			"400 custom_access_details must be a string of at most 400 characters"},
		{"POST", v4Path, with(`"custom_access_details":"` + strings.Repeat("é", 401) + `"`),
			"400 custom_access_details must be a string of at most 400 characters"},
		{"POST", v4Path, with(`"owner":[]`), "400 owner must be an object"},
		{"POST", v4Path, with(`"owner":{"attribute_type":"user"}`), "400 owner attribute_value is required"},
		{"POST", v4Path, with(`"owner":{"attribute_type":"user","attribute_value":null}`),
			"400 owner attribute_value is required"},
		{"POST", v4Path, with(`"owner":{"attribute_type":"user","attribute_value":[null]}`),
			"400 owner attribute_value is required"},
		{"POST", v4Path, with(`"owner":{"attribute_value":["a"]}`), "400 owner attribute_type is required"},
		{"POST", v4Path,
			with(`"owner":{"attribute_type":"user","attribute_value":[],"source_integration_reference":"x"}`),
			"400 owner source_integration_reference must be the id or name of an integration"},
		{"POST", v4Path, with(`"owners_mapping":{"attribute_type":"user"}`), "400 owners_mapping key_name is required"},
		{"POST", v4Path, with(`"owners_mapping":{"key_name":"k"}`), "400 owners_mapping attribute_type is required"},
		{"POST", v4Path, with(`"secret_store_config":[]`), "400 secret_store_config must be an object"},
		{"POST", v4Path, with(`"secret_store_config":{}`),
			"400 secret_store_config must name exactly one secret store"},
		{"POST", v4Path, with(`"secret_store_config":{"aws":null,"gcp":null}`),
			"400 secret_store_config must name exactly one secret store"},
		{"POST", v4Path,
			with(`"secret_store_config":{"aws":{"region":"r","secret_id":"s"},"gcp":{"project":"p","secret_id":"s"}}`),
			"400 secret_store_config must name exactly one secret store"},
		{"POST", v4Path, with(`"secret_store_config":{"aws":"s"}`), "400 secret_store_config aws must be an object"},
		{"POST", v4Path, with(`"secret_store_config":{"aws":{"region":"r"}}`),
			"400 secret_store_config aws must have the string secret_id"},
		{"POST", v4Path, with(`"secret_store_config":{"gcp":{"secret_id":"s"}}`),
			"400 secret_store_config gcp must have the string project"},
		{"POST", v4Path, with(`"secret_store_config":{"azure":{"name":"n"}}`),
			"400 secret_store_config azure must have the string vault_url"},
		{"POST", v4Path, with(`"secret_store_config":{"kubernetes":{"name":"n"}}`),
			"400 secret_store_config kubernetes must have the string namespace"},
		{"POST", v4Path, with(`"secret_store_config":{"hashicorp_vault":{"path":"n"}}`),
			"400 secret_store_config hashicorp_vault must have the string secret_engine"},
		{"POST", v4Path, with(`"secret_store_config":{"apono":{}}`),
			"400 secret_store_config apono must have parameters that are strings"},
		{"POST", v4Path, with(`"secret_store_config":{"apono":{"parameters":{"n":1}}}`),
			"400 secret_store_config apono must have parameters that are strings"},
	})
	c.must(200, "POST", v4Path, with(`"custom_access_details":"`+strings.Repeat("é", 400)+`","newer":1`))
	same(t, "empty secret_config", c.must(200, "POST", v2Path, flat(`{}`)).at("secret_config"), "-")
	same(t, "nulls",
		c.must(200, "POST", v4Path,
			with(`"connector_id":null,"secret_store_config":null,"connected_resource_types":null,
		"custom_access_details":null,"owner":null,"owners_mapping":null`)).at("owner"), "-")
	same(t, "null siblings",
		c.must(200, "POST", v4Path, with(`"secret_store_config":{"aws":null,"gcp":{"project":"p","secret_id":"s"}}`)).
			at("secret_store_config"), `{"gcp":{"project":"p","secret_id":"s"}}`)
}

func TestRefusedUpdatesAndV2(t *testing.T) {
	c := start(t)
	id := c.Add(map[string]any{"name": "old"})
	v4at, v2at := v4Path+"/"+id, v2Path+"/"+id
	checkRefusals(t, c, []refusal{
		{"PUT", v4at, `{"integration_config":{}}`, "400 name is required"},
		{"PUT", v4at, `{"name":"n"}`, "400 integration_config must be an object"},
		{"PUT", v4at, `{"name":"n","integration_config":{},"owner":{"attribute_type":"user","attribute_value":null}}`,
			"400 owner attribute_value is required"},
		{"PUT", v4Path + "/x", small, "404 Integration not found"},
		{"PUT", v4at, "", "415 Content-Type must be application/json"},
		{"PUT", v2at, "[]", "400 The body must be a JSON object"},
		{"POST", v2Path, `{"name":"n","type":"ssh"}`, "400 metadata must be an object"},
		{"POST", v2Path, `{"name":"n","type":"ssh","metadata":null}`, "400 metadata must be an object"},
		{"POST", v2Path, `{"name":"n","type":"oracle-9","metadata":{}}`, "400 Unsupported config type"},
		{"POST", v2Path, `{"name":"n","type":"ssh","metadata":{},"provisioner_id":"nobody"}`,
			"400 provisioner_id must be the id of a connector"},
		{"POST", v2Path, flat(`{"region":"r"}`), "400 secret_config must have a type"},
		{"POST", v2Path, flat(`{"type":"AWS","region":"r"}`), "400 secret_config aws must have the string secret_id"},
		{"POST", v2Path, flat(`"AWS"`), "400 secret_config must be an object"},
		{"PUT", v2at, `{"name":"n"}`, "400 metadata must be an object"},
		{"PUT", v2Path + "/x", `{"name":"n","metadata":{}}`, "404 Integration not found"},
	})
}

func TestRefusedQueriesTagsAndConnectors(t *testing.T) {
	c := start(t)
	id := c.Add(map[string]any{"name": "old"})
	c.SeedResources(id, Resource{ID: "r1", Type: "table"})
	v4at, tags := v4Path+"/"+id, v3Path+"/resources/r1/user-tags"
	checkRefusals(t, c, []refusal{
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
		{"GET", v3Path + "/" + id + "/resources?resource-type=a&resource-type=b", "",
			"400 resource-type must be given once"},
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
	})
}

func TestUpdatesReplace(t *testing.T) {
	optional := []string{"connector_id", "secret_store_config", "connected_resource_types", "custom_access_details",
		"owner", "owners_mapping"}
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
		cleared := c.must(200, "PUT", at, `{"name":"n","integration_config":{},"`+strings.Join(optional, `":null,"`)+
			`":null}`)
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
			"owner":{"attribute_type":"group","attribute_value":["g1","g2"],"source_integration_reference":` +
			reference + `},
			"owners_mapping":{"key_name":"k","attribute_type":"group","source_integration_reference":` + reference +
			`}}`
	}
	var at string
	for _, reference := range []string{`"` + source + `"`, `"Google Workspace"`} {
		made := c.must(200, "POST", v4Path, body(reference))
		at = v4Path + "/" + made.str("id")
		c.has(made, map[string]string{
			"owner": `{"attribute_type":"group","attribute_value":["g1","g2"],"source_integration_id":"` +
				source + `","source_integration_name":"Google Workspace"}`,
			"owners_mapping": `{"attribute_type":"group","key_name":"k","source_integration_id":"` + source +
				`","source_integration_name":"Google Workspace"}`,
		})
	}
	c.must(200, "PUT", v4Path+"/"+source, `{"name":"Staff","integration_config":{}}`)
	same(t, "renamed", c.get(at).str("owner.source_integration_name"), "Staff")
	c.must(204, "DELETE", v4Path+"/"+source, "")
	same(t, "gone", c.get(at).str("owner.source_integration_id"), source)
	for _, none := range []string{"null", `""`} {
		c.must(200, "PUT", at, v4Body)
		c.has(c.must(200, "PUT", at, body(none)), map[string]string{
			"owner":          `{"attribute_type":"group","attribute_value":["g1","g2"]}`,
			"owners_mapping": `{"attribute_type":"group","key_name":"k"}`,
		})
	}
	same(t, "no longer there", c.send("PUT", at, body(`"`+source+`"`)).status, 400)
}
