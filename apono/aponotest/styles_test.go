package aponotest

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// styled tests a server with this style and a fixed time.
func styled(t *testing.T, style Style) tester {
	now := time.Unix(1746093600, 5)
	return startOdd(t, WithClock(func() time.Time { return now }), WithStyle(style))
}

// seeded returns the responses of both versions for an integration on a server with this style.
func seeded(t *testing.T, style Style, o map[string]any) (inV4, inV2 answer) {
	c := styled(t, style)
	id := c.Add(o)
	return c.send("GET", v4Path+"/"+id, ""), c.send("GET", v2Path+"/"+id, "")
}

func TestStyles(t *testing.T) {
	empty := map[string]any{}

	for want, style := range map[string]Style{
		`1746093600.000000005`:             {},
		`"1746093600.000000005"`:           {V2TimeQuoted: true},
		`1746093600.5`:                     {V2TimeUnpadded: true},
		`"1746093600.5"`:                   {V2TimeUnpadded: true, V2TimeQuoted: true},
		`"2025-05-01T10:00:00.000000005Z"`: {V2TimeISO: true, V2TimeQuoted: true},
	} {
		inV4, inV2 := seeded(t, style, empty)
		same(t, "time", inV2.at("last_sync_time"), want)
		same(t, "time in v4", inV4.at("last_sync_time"), `"2025-05-01T10:00:00.000000005Z"`)
		same(t, "of a connector", styled(t, style).get("/api/v2/connectors").at("0.last_connected"), want)
	}

	for want, style := range map[string]Style{"-": {}, "null": {NullUnset: true}} {
		inV4, inV2 := seeded(t, style, map[string]any{"last_sync_time": nil,
			"owner": map[string]any{"attribute_type": "user", "attribute_value": []string{}}})
		for _, name := range []string{"connector_id", "secret_store_config", "connected_resource_types",
			"custom_access_details", "owners_mapping",
			"last_sync_time", "owner.source_integration_id", "owner.source_integration_name"} {
			same(t, name, inV4.at(name), want)
		}
		for _, name := range []string{"details", "provisioner_id", "secret_config", "custom_access_details",
			"last_sync_time"} {
			same(t, name, inV2.at(name), want)
		}
		same(t, "required", inV2.at("connected_resource_types"), "[]")
		c := styled(t, style)
		id := c.Add(empty)
		c.SeedResources(id, Resource{ID: "r"})
		same(t, "message", c.get(v3Path+"/"+id+"/resources").at("data.0.status.message"), want)
		c.AddConnector(map[string]any{"id": "never", "last_connected": nil})
		same(t, "connected", c.get("/api/v2/connectors").at("1.last_connected"), want)
	}

	gcp := map[string]any{"secret_store_config": map[string]any{"gcp": map[string]string{"project": "p",
		"secret_id": "s"}}}
	inV4, _ := seeded(t, Style{SecretSiblings: true}, empty)
	same(t, "no secret", inV4.at("secret_store_config"),
		`{"apono":null,"aws":null,"azure":null,"gcp":null,"hashicorp_vault":null,"kubernetes":null}`)
	inV4, inV2 := seeded(t, Style{SecretSiblings: true}, gcp)
	same(t, "secret", inV4.at("secret_store_config"),
		`{"apono":null,"aws":null,"azure":null,"gcp":{"project":"p","secret_id":"s"},"hashicorp_vault":null,`+
			`"kubernetes":null}`)
	same(t, "secret in v2", inV2.at("secret_config"), `{"project":"p","secret_id":"s","type":"GCP"}`)
	odd := Style{EmptySecretConfig: true, NullMetadata: true, NullResourceTypes: true, V4StatusAsV2: true,
		RemovedFields: true, UnknownMembers: true}
	inV4, inV2 = seeded(t, odd, empty)
	for got, want := range map[string]string{
		inV2.at("secret_config"): "{}", inV2.at("metadata"): "null", inV2.at("x_newer"): `{"n":1.10}`,
		inV4.at("status"): `"Active"`, inV4.at("credentials_rotation_period_in_days"): "90",
		inV4.at("integration_config"): "{}",
	} {
		same(t, "odd", got, want)
	}
	same(t, "null types", inV2.at("connected_resource_types"), "null")
	same(t, "removed", inV4.at("user_cleanup_period_in_days"), "null")
	c := styled(t, odd)
	for _, path := range []string{v4Path, v2Path, catalogPath, catalogPath + "/ssh", connectorsPath, connectorsPath +
		"/connector-1"} {
		same(t, path, c.get(path).at("x_newer"), `{"n":1.10}`)
	}
	_, inV2 = seeded(t, odd, map[string]any{"integration_config": map[string]string{"k": "v"},
		"connected_resource_types": []string{"t"}, "secret_store_config": gcp["secret_store_config"]})
	same(t, "metadata", inV2.at("metadata"), `{"k":"v"}`)
	same(t, "types", inV2.at("connected_resource_types"), `["t"]`)
	same(t, "secret", inV2.at("secret_config.project"), `"p"`)

	secret := map[string]any{"secret_store_config": map[string]any{
		"apono": map[string]any{"parameters": map[string]string{"password": "sesame"}, "x": 1}}}
	for style, want := range map[Style]string{{}: `""`, {RevealSecrets: true}: `"sesame"`} {
		inV4, inV2 = seeded(t, style, secret)
		same(t, "v4", inV4.at("secret_store_config.apono"), `{"parameters":{"password":`+want+`},"x":1}`)
		same(t, "v2", inV2.at("secret_config"), `{"parameters":{"password":`+want+`},"type":"APONO","x":1}`)
	}

}

func TestStylesOfLists(t *testing.T) {
	for want, style := range map[string]Style{
		`{"items":[],"pagination":{"next_page_token":null}}`: {},
		`{"items":[]}`:                                         {NoPagination: true},
		`{"items":[],"pagination":null}`:                       {NullPagination: true},
		`{"items":[],"pagination":{}}`:                         {EmptyPagination: true},
		`{"items":[],"pagination":{"next_page_token":""}}`:     {EmptyToken: true},
		`{"items":null,"pagination":{"next_page_token":null}}`: {NullItems: true},
	} {
		same(t, "list", styled(t, style).get(v4Path).text, want)
	}
	for _, n := range []int{0, 3} {
		c := styled(t, Style{TrailingPage: true, EmptyToken: true, NullItems: true})
		for range n {
			c.Add(map[string]any{})
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
	c := styled(t, Style{Truncate: 2})
	for range 3 {
		c.Add(map[string]any{})
	}
	for _, path := range []string{v2Path, catalogPath} {
		a := c.get(path)
		same(t, path, a.at("data.2"), "-")
		same(t, path, a.at("pagination.limit"), "2")
	}
	same(t, "total", c.get(v2Path).at("pagination"), `{"limit":2,"offset":0,"total":3}`)

}

func TestStylesOfChanges(t *testing.T) {
	c := styled(t, Style{Success: 201, PlainType: true, DeleteOK: true, EmptyMessages: true})
	a := c.must(201, "POST", v4Path, small)
	same(t, "type", a.header.Get("Content-Type"), "text/plain; charset=utf-8")
	same(t, "message", c.must(201, "POST", v2Path+"/"+a.str("id")+"/refresh", "").text, "")
	same(t, "deleted", c.must(201, "DELETE", v4Path+"/"+a.str("id"), "").text, "{}")
	same(t, "connector", c.must(201, "DELETE", connectorsPath+"/connector-1", "").text, "{}")
	same(t, "refused", c.send("GET", v4Path+"/x", "").String(), "404 Integration not found")
	c.must(201, "GET", v4Path, "")

	c = styled(t, Style{LaxSecretStore: true, MergeTags: true})
	two := `{"aws":{"region":"r","secret_id":"s"},"gcp":{"project":"p","secret_id":"s"}}`
	for sent, want := range map[string]string{two: two, "{}": "-", `{"aws":null}`: "-"} {
		a = c.must(200, "POST", v4Path, strings.Replace(small, "{", `{"secret_store_config":`+sent+`,`, 1))
		same(t, "lax", a.at("secret_store_config"), want)
		if sent == two {
			same(t, "v2 knows the first", c.get(v2Path+"/"+a.str("id")).at("secret_config"),
				`{"region":"r","secret_id":"s","type":"AWS"}`)
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
