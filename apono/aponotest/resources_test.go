package aponotest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestResources(t *testing.T) {
	c := start(t)
	id, other := c.Add(map[string]any{}), c.Add(map[string]any{})
	seeded := map[string]string{"env": "prod"}
	c.SeedResources(id, Resource{ID: "z", Type: "table", Tags: seeded},
		Resource{ID: "a/b", Name: "b", Type: "schema", Status: "Error", Message: "gone"})
	c.SeedResources(other, Resource{ID: "o", Type: "table"})
	c.SeedPermissions(id, Permission{ID: "read", ResourceType: "table"}, Permission{ID: "w", Name: "write",
		ResourceType: "schema"})
	at := v3Path + "/" + id
	same(t, "resources", c.get(at+"/resources").text,
		`{"data":[{"id":"z","name":"z","status":{"status":"Active"},"type":"table"},`+
			`{"id":"a/b","name":"b","status":{"message":"gone","status":"Error"},"type":"schema"}],`+
			`"pagination":{"limit":2,"offset":0,"total":2}}`)
	same(t, "permissions", c.get(at+"/permissions").text,
		`{"data":[{"id":"read","name":"read","resource_type":"table"},{"id":"w","name":"write",`+
			`"resource_type":"schema"}],"pagination":{"limit":2,"offset":0,"total":2}}`)
	for query, want := range map[string]string{"?resource-type=table": "1", "?resource-type=TABLE": "0",
		"?resource-type=": "0", "?resource_type=table": "2"} {
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
	c.AddConnector(map[string]any{"id": "off/1", "status": "DISCONNECTED", "last_connected": nil, "sessions": []any{},
		"cloud_provider_type": "GCP"})
	names, token := c.page(connectorsPath + "?limit=2")
	same(t, "page", names, "c1 c2")
	names, token = c.page(connectorsPath + "?page_token=" + token)
	same(t, "page", names+token, "off/1")
	for query, want := range map[string]string{"status=CONNECTED": "c1 c2", "status=connected": "",
		"status=DISCONNECTED&status=CONNECTED": "c1 c2 off/1"} {
		names, _ = c.page(connectorsPath + "?" + query)
		same(t, query, names, want)
	}
	same(t, "v2", c.get("/api/v2/connectors").text,
		`[{"connector_id":"c1","last_connected":1746093600.000000005,"status":"CONNECTED"},`+
			`{"connector_id":"c2","last_connected":1746093600.000000005,"status":"CONNECTED"},{"connector_id":"off/1",`+
			`"status":"DISCONNECTED"}]`)
	one := c.get(connectorsPath + "/c1")
	c.has(one, map[string]string{"last_connected": `"2025-05-01T10:00:00.000000005Z"`,
		"sessions.0.metadata.cloud_provider_metadata.region": `"us-east-1"`})
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
	same(t, "for another", c.must(200, "PUT", at, `{"name":"n","integration_config":{},"connector_id":"c3"}`).
		str("connector_id"), "c3")
	walked := ""
	for names, token = c.page(connectorsPath + "?limit=1"); token != ""; names, token = c.page(connectorsPath +
		"?page_token=" + token) {
		walked += names + " "
	}
	same(t, "all pages", walked+names, "c2 off/1 c3")
	c = start(t, WithConnectors())
	same(t, "none", c.get("/api/v2/connectors").text, "[]")
}

func TestCatalog(t *testing.T) {
	c := start(t, WithCatalog(
		map[string]any{"type": "acme", "params": []any{map[string]any{"id": "k", "label": "K", "values": nil,
			"default": "", "optional": false}}},
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
			kinds[fmt.Sprintf("values %t default %t optional %t", len(p.Values) > 0, p.Default != "",
				p.Optional)] = true
			if p.Default != "" && len(p.Values) > 0 && !slices.Contains(p.Values, p.Default) {
				t.Errorf("%s: default of %s", e.Type, p.ID)
			}
		}
	}
	same(t, "types", strings.Join(seen, " "),
		"postgresql mysql aws-account gcp-organization ssh mock-duck google-idp acme")
	if len(kinds) < 5 {
		t.Errorf("parameters of few kinds: %v", kinds)
	}
	c.has(list, map[string]string{"data.4.name": `"Shell"`, "data.4.params": "[]", "data.4.newer": "1",
		"data.7.params.0.values": "[]", "data.7.name": `"acme"`})
	c.must(200, "POST", v4Path, strings.Replace(small, "mock-duck", "acme", 1))

	c = startOdd(t, WithStyle(Style{NullValues: true}),
		WithCatalog(map[string]any{"type": "acme", "params": []any{map[string]any{"values": []string{}}}}))
	same(t, "seeded", c.get(catalogPath+"/acme").at("params.0.values"), "null")
	c.has(c.get(catalogPath+"/mysql"), map[string]string{"params.0.values": "null",
		"params.2.values": `["user-password","iam"]`})
}
