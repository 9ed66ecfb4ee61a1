package apono_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/internal/contract/specified"
)

// wireCall is one call of a public method, and the one request that it must send.
type wireCall struct {
	// name begins with the service and the method, such as "Integrations.Get". After a blank it
	// describes the call. Errors of the method have the first word as Operation. Errors of Pages
	// and FindByName have that of List.
	name   string
	do     func(context.Context, *apono.Client) error
	method string
	path   string
	query  url.Values
	body   string // "" if there is none
}

func wireCalls() []wireCall {
	type (
		ctx = context.Context
		cl  = *apono.Client
		q   = url.Values
	)
	const (
		v4, v2, v3 = "/api/admin/v4/integrations", "/api/v2/integrations", "/api/v3/integrations"
		catalog    = "/api/v2/integrations-catalog"
		connectors = "/api/admin/v3/connectors"
	)
	config := apono.Config{"n": json.RawMessage(`12345678901234567890`), "s": json.RawMessage(`"<&>"`)}
	vault := apono.SecretStore{Value: &apono.HashicorpVaultSecret{SecretEngine: "kv", Path: "db/<prod>"}}
	owner := apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"a@example.com", "b"},
		SourceIntegrationReference: "Google"}
	mapping := apono.OwnerMappingReference{KeyName: "team", AttributeType: "group"}
	const (
		rest4 = `"integration_config":{"n":12345678901234567890,"s":"<&>"},"connector_id":"c-1",` +
			`"connected_resource_types":["db","table"],"custom_access_details":"ask",
			"secret_store_config":{"hashicorp_vault":{"secret_engine":"kv","path":"db/<prod>"}},
			"owner":{"attribute_type":"user","attribute_value":["a@example.com","b"],` +
			`"source_integration_reference":"Google"},
			"owners_mapping":{"key_name":"team","attribute_type":"group"}}`
		rest2 = `"metadata":{"n":12345678901234567890,"s":"<&>"},"provisioner_id":"c-1",` +
			`"connected_resource_types":[],"custom_access_details":"ask",
			"secret_config":{"type":"HASHICORP_VAULT","secret_engine":"kv","path":"db/<prod>"}}`
	)
	return []wireCall{
		{"Integrations.Get", func(x ctx, c cl) error { return failing(c.Integrations.Get(x, "i-1")) }, "GET",
			v4 + "/i-1", nil, ""},
		{"Integrations.List", func(x ctx, c cl) error { return failing(drain(c.Integrations.List(x, nil))) }, "GET", v4,
			nil, ""},
		{"Integrations.List with empty filters", func(x ctx, c cl) error {
			return failing(drain(c.Integrations.List(x, &apono.ListOptions{Type: []string{},
				Status: []apono.Status{}})))
		}, "GET", v4, nil, ""},
		{"Integrations.Pages with all filters", func(x ctx, c cl) error {
			return failing(drain(c.Integrations.Pages(x, &apono.ListOptions{
				Name: apono.Contains("a & b"), Type: []string{apono.HasPrefix("my"), apono.HasSuffix("sql"), "a,b"},
				Category:    []string{"RESOURCES", "USER-INFORMATION"},
				ConnectorID: []string{"c 1", "c/2"}, Status: []apono.Status{"ACTIVE", "ERROR"}, Limit: 7,
			})))
		}, "GET", v4, q{
			"name": {"*a & b*"}, "type": {"my*", "*sql", "a,b"}, "category": {"RESOURCES", "USER-INFORMATION"},
			"connector_id": {"c 1", "c/2"}, "status": {"ACTIVE", "ERROR"}, "limit": {"7"},
		}, ""},
		{"Integrations.Pages from a token", func(x ctx, c cl) error {
			return failing(drain(c.Integrations.Pages(x, &apono.ListOptions{Name: "n", Type: []string{"t"}, Limit: 7,
				PageToken: "t+/=&"})))
		}, "GET", v4, q{"page_token": {"t+/=&"}}, ""},
		{"Integrations.FindByName", func(x ctx, c cl) error { return failing(c.Integrations.FindByName(x, "n")) },
			"GET", v4, q{"name": {"n"}}, ""},
		{"Integrations.Create", func(x ctx, c cl) error {
			return failing(c.Integrations.Create(x, apono.IntegrationCreate{Name: "n", Type: "mysql"}))
		}, "POST", v4, nil, `{"name":"n","type":"mysql","integration_config":{}}`},
		{"Integrations.Create with all members", func(x ctx, c cl) error {
			return failing(c.Integrations.Create(x, apono.IntegrationCreate{
				Name: `a"<é`, Type: "mysql", IntegrationConfig: config, ConnectorID: apono.Set("c-1"),
				ConnectedResourceTypes: apono.Set([]string{"db", "table"}),
				CustomAccessDetails:    apono.Set("ask"), SecretStoreConfig: apono.Set(vault), Owner: apono.Set(owner),
				OwnersMapping: apono.Set(mapping),
			}))
		}, "POST", v4, nil, `{"name":"a\"<é","type":"mysql",` + rest4},
		{"Integrations.Update", func(x ctx, c cl) error {
			return failing(c.Integrations.Update(x, "i-1", apono.IntegrationUpdate{
				Name: "n", IntegrationConfig: config, ConnectorID: apono.Set("c-1"),
				ConnectedResourceTypes: apono.Set([]string{"db", "table"}),
				CustomAccessDetails:    apono.Set("ask"), SecretStoreConfig: apono.Set(vault), Owner: apono.Set(owner),
				OwnersMapping: apono.Set(mapping),
			}))
		}, "PUT", v4 + "/i-1", nil, `{"name":"n",` + rest4},
		{"Integrations.Update with nulls", func(x ctx, c cl) error {
			return failing(c.Integrations.Update(x, "i-1", apono.IntegrationUpdate{IntegrationConfig: apono.Config{},
				Name: "n", ConnectorID: apono.Null[string](), SecretStoreConfig: apono.Null[apono.SecretStore](),
				Owner: apono.Null[apono.OwnerReference](),
			}))
		}, "PUT", v4 + "/i-1", nil,
			`{"name":"n","integration_config":{},"connector_id":null,"secret_store_config":null,"owner":null}`},
		{"Integrations.Delete", func(x ctx, c cl) error { return c.Integrations.Delete(x, "i-1") }, "DELETE",
			v4 + "/i-1", nil, ""},

		{"IntegrationsV2.Get", func(x ctx, c cl) error { return failing(c.IntegrationsV2.Get(x, "i-1")) }, "GET",
			v2 + "/i-1", nil, ""},
		{"IntegrationsV2.List", func(x ctx, c cl) error { return failing(drain(c.IntegrationsV2.List(x))) }, "GET", v2,
			nil, ""},
		{"IntegrationsV2.Pages", func(x ctx, c cl) error {
			return failing(drain(c.IntegrationsV2.Pages(x, apono.WithPrefetch())))
		}, "GET", v2, nil, ""},
		{"IntegrationsV2.Create", func(x ctx, c cl) error {
			return failing(c.IntegrationsV2.Create(x, apono.IntegrationCreateV2{
				Name: "n", Type: "mysql", Metadata: config, ProvisionerID: apono.Set("c-1"),
				ConnectedResourceTypes: apono.Set([]string{}),
				CustomAccessDetails:    apono.Set("ask"), SecretConfig: apono.Set(vault.Flat()),
			}))
		}, "POST", v2, nil, `{"name":"n","type":"mysql",` + rest2},
		{"IntegrationsV2.Update", func(x ctx, c cl) error {
			return failing(c.IntegrationsV2.Update(x, "i-1", apono.IntegrationUpdateV2{
				Name: "n", Metadata: config, ProvisionerID: apono.Set("c-1"),
				ConnectedResourceTypes: apono.Set([]string{}),
				CustomAccessDetails:    apono.Set("ask"), SecretConfig: apono.Set(vault.Flat()),
			}))
		}, "PUT", v2 + "/i-1", nil, `{"name":"n",` + rest2},
		{"IntegrationsV2.Delete", func(x ctx, c cl) error { return c.IntegrationsV2.Delete(x, "i-1") }, "DELETE",
			v2 + "/i-1", nil, ""},
		{"IntegrationsV2.Refresh", func(x ctx, c cl) error { return c.IntegrationsV2.Refresh(x, "i-1") }, "POST",
			v2 + "/i-1/refresh", nil, ""},

		{"Catalog.Get", func(x ctx, c cl) error { return failing(c.Catalog.Get(x, "aws-account")) }, "GET",
			catalog + "/aws-account", nil, ""},
		{"Catalog.List", func(x ctx, c cl) error { return failing(drain(c.Catalog.List(x))) }, "GET", catalog, nil, ""},

		{"Resources.List", func(x ctx, c cl) error { return failing(drain(c.Resources.List(x, "i-1", ""))) }, "GET",
			v3 + "/i-1/resources", nil, ""},
		{"Resources.List of a type", func(x ctx, c cl) error {
			return failing(drain(c.Resources.List(x, "i-1", "a b")))
		}, "GET", v3 + "/i-1/resources", q{"resource-type": {"a b"}}, ""},
		{"Resources.Permissions", func(x ctx, c cl) error {
			return failing(drain(c.Resources.Permissions(x, "i-1", "")))
		}, "GET", v3 + "/i-1/permissions", nil, ""},
		{"Resources.Permissions of a type", func(x ctx, c cl) error {
			return failing(drain(c.Resources.Permissions(x, "i-1", "db")))
		}, "GET", v3 + "/i-1/permissions", q{"resource-type": {"db"}}, ""},
		{"Resources.UserTags", func(x ctx, c cl) error { return failing(c.Resources.UserTags(x, "r-1")) }, "GET",
			v3 + "/resources/r-1/user-tags", nil, ""},
		{"Resources.SetUserTags", func(x ctx, c cl) error {
			return c.Resources.SetUserTags(x, "r-1", map[string]string{"a": "<b>"})
		}, "PUT", v3 + "/resources/r-1/user-tags", nil, `{"tags":{"a":"<b>"}}`},
		{"Resources.SetUserTags to none", func(x ctx, c cl) error { return c.Resources.SetUserTags(x, "r-1", nil) },
			"PUT", v3 + "/resources/r-1/user-tags", nil, `{"tags":{}}`},

		{"Connectors.Get", func(x ctx, c cl) error { return failing(c.Connectors.Get(x, "c-1")) }, "GET",
			connectors + "/c-1", nil, ""},
		{"Connectors.List with all filters", func(x ctx, c cl) error {
			return failing(
				drain(c.Connectors.List(x, &apono.ConnectorListOptions{Status: []string{"CONNECTED", "DISCONNECTED"},
					Limit: 1})))
		}, "GET", connectors, q{"status": {"CONNECTED", "DISCONNECTED"}, "limit": {"1"}}, ""},
		{"Connectors.List from a token", func(x ctx, c cl) error {
			return failing(drain(c.Connectors.List(x, &apono.ConnectorListOptions{Status: []string{"CONNECTED"},
				PageToken: "t"})))
		}, "GET", connectors, q{"page_token": {"t"}}, ""},
		{"Connectors.Rename", func(x ctx, c cl) error { return failing(c.Connectors.Rename(x, "c-1", "new")) }, "PUT",
			connectors + "/c-1", nil, `{"name":"new"}`},
		{"Connectors.Delete", func(x ctx, c cl) error { return c.Connectors.Delete(x, "c-1") }, "DELETE",
			connectors + "/c-1", nil, ""},
		{"Connectors.ListV2", func(x ctx, c cl) error { return failing(drain(c.Connectors.ListV2(x))) }, "GET",
			"/api/v2/connectors", nil, ""},
	}
}

func TestEachMethodSendsExactlyItsRequest(t *testing.T) {
	t.Parallel()
	for _, tt := range wireCalls() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, strict := newWire(t, nil, apono.WithStrict())
			require.NoError(t, tt.do(t.Context(), strict),
				"if the response is not valid, add one to fitting in wire_kit_test.go")
			w, c := newWire(t, nil, apono.WithUserAgent("my-app/1.2"))
			require.NoError(t, tt.do(t.Context(), c))
			require.Len(t, w.sent, 1)
			got := w.sent[0]
			assert.Equal(t, tt.method, got.Method)
			assert.Equal(t, "https://api.apono.io"+tt.path, strings.SplitN(got.URL.String(), "?", 2)[0])
			query, err := url.ParseQuery(got.URL.RawQuery)
			require.NoError(t, err)
			if tt.query == nil {
				assert.Empty(t, got.URL.RawQuery, "not even a lone ?")
			} else {
				assert.Equal(t, tt.query, query)
			}

			want := http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer tap-token-of-nobody"}}
			assert.Regexp(t, `^integrations-go-sdk/\d+\.\d+\.\d+ \(go[^)]+\) my-app/1\.2$`,
				got.Header.Get("User-Agent"))
			want["User-Agent"] = got.Header["User-Agent"]
			assert.Equal(t, tt.body != "", got.hasBody, "body %q", got.body)
			if tt.body != "" {
				want.Set("Content-Type", "application/json")
				assert.Equal(t, compact(t, tt.body), compact(t, got.body))
				assert.NotContains(t, got.body, `\u00`, "nothing is escaped for HTML")
				assert.Equal(t, int64(len(got.body)), got.ContentLength)
			}
			assert.Equal(t, want, got.Header, "no header less and none more")
		})
	}
}

// compact returns a document with sorted members and unchanged numbers.
func compact(t *testing.T, document string) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v), document)
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// idCalls are the methods with a value in the path, with the path before and after it.
func idCalls() map[string]struct {
	argument, before, after string
	do                      func(ctx context.Context, c *apono.Client, id string) error
} {
	type (
		ctx  = context.Context
		cl   = *apono.Client
		call = struct {
			argument, before, after string
			do                      func(ctx context.Context, c *apono.Client, id string) error
		}
	)
	const (
		v4, v2, v3 = "/api/admin/v4/integrations/", "/api/v2/integrations/", "/api/v3/integrations/"
		connectors = "/api/admin/v3/connectors/"
	)
	return map[string]call{
		"Integrations.Get": {"id", v4, "", func(x ctx, c cl, id string) error {
			return failing(c.Integrations.Get(x, id))
		}},
		"Integrations.Update": {"id", v4, "", func(x ctx, c cl, id string) error {
			return failing(c.Integrations.Update(x, id, apono.IntegrationUpdate{IntegrationConfig: apono.Config{},
				Name: "n"}))
		}},
		"Integrations.Delete": {"id", v4, "", func(x ctx, c cl, id string) error {
			return c.Integrations.Delete(x, id)
		}},
		"IntegrationsV2.Get": {"id", v2, "", func(x ctx, c cl, id string) error {
			return failing(c.IntegrationsV2.Get(x, id))
		}},
		"IntegrationsV2.Update": {"id", v2, "", func(x ctx, c cl, id string) error {
			return failing(c.IntegrationsV2.Update(x, id, apono.IntegrationUpdateV2{Metadata: apono.Config{},
				Name: "n"}))
		}},
		"IntegrationsV2.Delete": {"id", v2, "", func(x ctx, c cl, id string) error {
			return c.IntegrationsV2.Delete(x, id)
		}},
		"IntegrationsV2.Refresh": {"id", v2, "/refresh", func(x ctx, c cl, id string) error {
			return c.IntegrationsV2.Refresh(x, id)
		}},
		"Catalog.Get": {"type", "/api/v2/integrations-catalog/", "", func(x ctx, c cl, id string) error {
			return failing(c.Catalog.Get(x, id))
		}},
		"Resources.List": {"integrationID", v3, "/resources", func(x ctx, c cl, id string) error {
			return failing(drain(c.Resources.List(x, id, "")))
		}},
		"Resources.Permissions": {"integrationID", v3, "/permissions", func(x ctx, c cl, id string) error {
			return failing(drain(c.Resources.Permissions(x, id, "")))
		}},
		"Resources.UserTags": {"resourceID", v3 + "resources/", "/user-tags", func(x ctx, c cl, id string) error {
			return failing(c.Resources.UserTags(x, id))
		}},
		"Resources.SetUserTags": {"resourceID", v3 + "resources/", "/user-tags", func(x ctx, c cl, id string) error {
			return c.Resources.SetUserTags(x, id, map[string]string{})
		}},
		"Connectors.Get": {"id", connectors, "", func(x ctx, c cl, id string) error {
			return failing(c.Connectors.Get(x, id))
		}},
		"Connectors.Rename": {"id", connectors, "", func(x ctx, c cl, id string) error {
			return failing(c.Connectors.Rename(x, id, "n"))
		}},
		"Connectors.Delete": {"id", connectors, "", func(x ctx, c cl, id string) error {
			return c.Connectors.Delete(x, id)
		}},
	}
}

// A new operation needs a row in each table that it belongs to.
func TestEachOperationIsInTheTables(t *testing.T) {
	t.Parallel()
	var rows, paths []string
	for _, tt := range wireCalls() {
		rows = append(rows, tt.method+" "+tt.path)
	}
	for _, op := range specified.Unreached("apono", rows) {
		t.Errorf("no row has the request of %s: add one to wireCalls in wire_test.go", op)
	}
	for name, tt := range idCalls() {
		w, c := newWire(t, nil)
		err := tt.do(t.Context(), c, "x-1")
		if !assert.NoError(t, err, name) || !assert.NotEmpty(t, w.sent, name) {
			continue // the other rows are still checked
		}
		paths = append(paths, w.sent[0].Method+" "+w.sent[0].URL.EscapedPath())
	}
	for _, op := range specified.Unreached("apono", paths) {
		if len(op.Variables()) > 0 {
			t.Errorf("no row puts a value into the path of %s: add one to idCalls in wire_test.go", op)
		}
	}
}

func TestValuesInThePathStayOneSegment(t *testing.T) {
	t.Parallel()
	for name, tt := range idCalls() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for id, escaped := range map[string]string{
				"a/b": "a%2Fb", "a b": "a%20b", "a%2Fb": "a%252Fb", "%": "%25", "a?b#c": "a%3Fb%23c", "../a": "..%2Fa",
				"...": "...", "é日😀": "%C3%A9%E6%97%A5%F0%9F%98%80",
				"Resources": "Resources", "a;b,c": "a%3Bb%2Cc", `a"<>\^|b`: "a%22%3C%3E%5C%5E%7Cb",
			} {
				w, c := newWire(t, nil)
				require.NoError(t, tt.do(t.Context(), c, id), id)
				assert.Equal(t, tt.before+escaped+tt.after, w.sent[0].URL.EscapedPath())
				assert.Empty(t, w.sent[0].URL.RawQuery, "nothing of it gets into the query")
			}
		})
	}
}

func TestValuesThatChangeThePathAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range idCalls() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c := newWire(t, nil)
			bad := []string{"", " ", ".", "..", "a\nb", "\x00", "a\x7f"}
			if tt.argument == "integrationID" {
				bad = append(bad, "resources")
			}
			for _, id := range bad {
				assertRefused(t, tt.do(t.Context(), c, id), tt.argument)
			}
			assert.Empty(t, w.sent)
		})
	}
}
