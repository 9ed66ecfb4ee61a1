package aponotest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

func TestNames(t *testing.T) {
	c := start(t)
	c.must(200, "POST", v4Path, small)
	c.must(200, "POST", v4Path, small)
	c = start(t, WithUniqueNames())
	id := c.must(200, "POST", v4Path, small).str("id")
	same(t, "twin", c.send("POST", v4Path, strings.Replace(small, "duck", "DUCK", 1)).String(),
		"409 An integration with this name exists")
	c.must(200, "PUT", v4Path+"/"+id, small)
	second := c.must(200, "POST", v2Path, v2Body).str("id")
	same(t, "rename", c.send("PUT", v2Path+"/"+second, `{"name":"duck","metadata":{}}`).status, 409)
}

func TestSeeds(t *testing.T) {
	c := start(t)
	id := c.Add(
		json.RawMessage(`{"name":"<&>","newer":12345678901234567890.10,"status":"Error",` +
			`"last_sync_time":"2030-01-01T00:00:00.5+01:00",
		"integration_config":{"n":1.10,"deep":{"a":[null]}},"secret_store_config":{"aws":{"region":"r",` +
			`"secret_id":"s"},"newer":{"x":1}}}`))
	a := c.get(v4Path + "/" + id)
	c.has(a, map[string]string{
		"id": `"` + id + `"`, "name": `"<&>"`, "newer": "12345678901234567890.10", "type": `"mock-duck"`,
		"status":             `"ERROR"`,
		"integration_config": `{"n":1.10,"deep":{"a":[null]}}`, "last_sync_time": `"2029-12-31T23:00:00.5Z"`,
		"secret_store_config": `{"aws":{"region":"r","secret_id":"s"},"newer":{"x":1}}`,
	})
	c.Add(map[string]any{"id": "x/y", "owner": map[string]any{"attribute_type": "user", "attribute_value": []string{},
		"source_integration_reference": id}})
	same(t, "reference", c.get(v4Path).str("items.1.owner.source_integration_id"), id)
	same(t, "no reference", c.get(v4Path).at("items.1.owner.source_integration_reference"), "-")
	same(t, "name", c.get(v4Path).str("items.1.name"), "x/y")

	odd := c.oddly()
	same(t, "escaped", odd.get(v4Path+"/x%2Fy").str("id"), "x/y")
	inV4, inV2 := `{"id":"odd","status":7,"items":1.10}`,
		`{"id":"odd","metadata":null,"secret_config":{"type":"AWS","region":"r","secret_id":"s"},`+
			`"last_sync_time":"5.5"}`
	given := []byte(inV4)
	same(t, "id", c.AddRaw(given, []byte(inV2)), "odd")
	given[0], c.Integrations()[2].JSON[0] = 'x', 'x'
	same(t, "v4", odd.get(v4Path+"/odd").text, inV4)
	same(t, "v2", odd.get(v2Path+"/odd").text, inV2)
	same(t, "in the list", odd.get(v2Path).at("data.2"), inV2)
	same(t, "a seed of v4", odd.get(v2Path+"/"+c.AddRaw([]byte(`{"integration_config":{"k":"v"}}`), nil)).
		at("metadata"), `{"k":"v"}`)
	other := c.AddRaw(nil, []byte(strings.Replace(inV2, "odd", "other", 1)))
	c.has(odd.get(v4Path+"/"+other), map[string]string{"integration_config": "null",
		"secret_store_config": `{"aws":{"region":"r","secret_id":"s"}}`})
	bare := c.AddRaw(nil, []byte(`{"id":"bare","secret_config":{}}`))
	c.has(odd.get(v4Path+"/"+bare), map[string]string{"secret_store_config": "-", "integration_config": "{}",
		"name": `"bare"`})
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
}

// In a test, misuse fails the test instead of panicking.
func TestMisuse(t *testing.T) {
	const id, other = "one", "two"
	start := func(tb fakehttp.TB) (s *Server) {
		if tb == nil {
			s = Start(WithoutSocket())
		} else {
			s = NewServer(tb, WithoutSocket())
		}
		s.Add(map[string]any{"id": id})
		s.Add(map[string]any{"id": other})
		return s
	}
	for name, f := range map[string]func(*Server){
		"taken id":     func(c *Server) { c.Add(map[string]any{"id": id}) },
		"no object":    func(c *Server) { c.Add([]int{1}) },
		"null":         func(c *Server) { c.Add(nil) },
		"time":         func(c *Server) { c.Add(map[string]any{"last_sync_time": 5}) },
		"raw null":     func(c *Server) { c.AddRaw([]byte("null"), nil) },
		"raw nothing":  func(c *Server) { c.AddRaw(nil, nil) },
		"raw no JSON":  func(c *Server) { c.AddRaw([]byte(`{}`), []byte("{")) },
		"connector":    func(c *Server) { c.AddConnector(map[string]any{"id": "connector-1"}) },
		"connector id": func(c *Server) { c.AddConnector(map[string]any{}) },
		"resource":     func(c *Server) { c.SeedResources("nobody") },
		"resource id":  func(c *Server) { c.SeedResources(id, Resource{}) },
		"resource twice": func(c *Server) {
			c.SeedResources(id, Resource{ID: "r"})
			c.SeedResources(other, Resource{ID: "r"})
		},
		"permission":     func(c *Server) { c.SeedPermissions("nobody") },
		"status":         func(c *Server) { c.SetStatus(id, "") },
		"status of none": func(c *Server) { c.SetStatus("nobody", "Active") },
		"sync":           func(c *Server) { c.FailSync(id, "") },
		"sync of none":   func(c *Server) { c.FailSync("nobody", "Error") },
		"sync, no name":  func(c *Server) { c.FailSyncNamed("", "Error") },
		"named sync":     func(c *Server) { c.FailSyncNamed("db", "") },
		"no value":       func(c *Server) { c.Add(map[string]any{"x": func() {}}) },
		"fault":          func(c *Server) { c.Inject(Fault{}) },
		"operation":      func(c *Server) { c.CountCalls("createIntegrationV5") },
	} {
		if err := fakehttp.CheckMisuse(start, f, func(s *Server) { s.Integrations() }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, opt := range map[string]Option{
		"nil": nil, "catalog": WithCatalog(map[string]any{"name": "x"}), "connectors": WithConnectors("one", "one"),
		"window": WithRateLimit(1, -1),
	} {
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
