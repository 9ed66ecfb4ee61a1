package apono_test

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

// answer is a reply. Its type is JSON where it names none.
type answer struct {
	status int
	body   string
	kind   []string // Content-Type; an empty list that is not nil is none
}

func good(body string) answer { return answer{status: http.StatusOK, body: body} }

// wire keeps what a client sends.
type wire struct {
	mu   sync.Mutex
	sent []sent
	echo func(request string) string // the body of a 400, in the place of the answers
}

type sent struct {
	*http.Request
	hasBody bool
	body    string
}

// newWire is a client in memory, which gets the answers in turn, and the last one again and again. Without answers it gets one that fits the operation.
func newWire(t *testing.T, answers []answer, opts ...apono.Option) (*wire, *apono.Client) {
	t.Helper()
	w := &wire{}
	serve := transport(func(r *http.Request) (*http.Response, error) {
		s := sent{Request: r, hasBody: r.Body != nil && r.Body != http.NoBody}
		if s.hasBody {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			s.body = string(b)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sent = append(w.sent, s)
		a := fitting(r)
		if len(answers) > 0 {
			a = answers[min(len(w.sent), len(answers))-1]
		}
		if w.echo != nil {
			a = answer{status: http.StatusBadRequest, body: w.echo(s.body)}
		}
		rec := httptest.NewRecorder()
		rec.Header()["Content-Type"] = []string{"application/json"}
		if a.kind != nil {
			rec.Header()["Content-Type"] = a.kind
		}
		rec.WriteHeader(a.status)
		_, _ = rec.WriteString(a.body)
		return rec.Result(), nil
	})
	c, err := apono.New(append([]apono.Option{
		apono.WithToken("tap-token-of-nobody"), apono.WithHTTPClient(&http.Client{Transport: serve}), apono.WithRetry(apono.RetryPolicy{MaxAttempts: 1}),
	}, opts...)...)
	require.NoError(t, err)
	return w, c
}

const minimal = `{"id":"i-1","name":"n","type":"mysql","category":"RESOURCES","status":"ACTIVE","integration_config":{}}`

// fitting is a good reply to any operation.
func fitting(r *http.Request) answer {
	switch path := r.URL.Path; {
	case r.Method == http.MethodDelete && !strings.HasPrefix(path, "/api/v2/"):
		return answer{status: http.StatusNoContent}
	case r.Method == http.MethodDelete, strings.HasSuffix(path, "/refresh"), r.Method == http.MethodPut && strings.HasSuffix(path, "/user-tags"):
		return good(`{"message":"ok"}`)
	case strings.HasSuffix(path, "/user-tags"):
		return good(`{"resource_id":"r","tags":{"a":"b"}}`)
	case path == "/api/v2/connectors":
		return good(`[{"connector_id":"c","status":"CONNECTED"}]`)
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/api/admin/") && !strings.Contains(path[len("/api/admin/v4/"):], "/"):
		return good(`{"items":[` + minimal + `],"pagination":{}}`)
	case r.Method == http.MethodGet && (path == "/api/v2/integrations" || path == "/api/v2/integrations-catalog" || strings.HasPrefix(path, "/api/v3/")):
		return good(`{"data":[` + minimal + `],"pagination":{"total":1,"limit":1,"offset":0}}`)
	}
	return good(minimal)
}

// drain walks a list to its end.
func drain[T any](list iter.Seq2[*T, error]) (items []*T, err error) {
	for item, e := range list {
		if e != nil {
			err = e
			continue // a second item or error after it would show
		}
		items = append(items, item)
	}
	return items, err
}

func failing[T any](_ T, err error) error { return err }

// wireCall is one use of a public method, and the one request that it must make.
type wireCall struct {
	name   string
	do     func(context.Context, *apono.Client) error
	method string
	path   string
	query  url.Values
	body   string // "" is none
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
	owner := apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"a@example.com", "b"}, SourceIntegrationReference: "Google"}
	mapping := apono.OwnerMappingReference{KeyName: "team", AttributeType: "group"}
	const (
		rest4 = `"integration_config":{"n":12345678901234567890,"s":"<&>"},"connector_id":"c-1","connected_resource_types":["db","table"],"custom_access_details":"ask",
			"secret_store_config":{"hashicorp_vault":{"secret_engine":"kv","path":"db/<prod>"}},
			"owner":{"attribute_type":"user","attribute_value":["a@example.com","b"],"source_integration_reference":"Google"},
			"owners_mapping":{"key_name":"team","attribute_type":"group"}}`
		rest2 = `"metadata":{"n":12345678901234567890,"s":"<&>"},"provisioner_id":"c-1","connected_resource_types":[],"custom_access_details":"ask",
			"secret_config":{"type":"HASHICORP_VAULT","secret_engine":"kv","path":"db/<prod>"}}`
	)
	return []wireCall{
		{"Integrations.Get", func(x ctx, c cl) error { return failing(c.Integrations.Get(x, "i-1")) }, "GET", v4 + "/i-1", nil, ""},
		{"Integrations.List", func(x ctx, c cl) error { return failing(drain(c.Integrations.List(x, nil))) }, "GET", v4, nil, ""},
		{"Integrations.List with empty filters", func(x ctx, c cl) error {
			return failing(drain(c.Integrations.List(x, &apono.ListOptions{Type: []string{}, Status: []apono.Status{}})))
		}, "GET", v4, nil, ""},
		{"Integrations.Pages with all filters", func(x ctx, c cl) error {
			return failing(drain(c.Integrations.Pages(x, &apono.ListOptions{
				Name: apono.Contains("a & b"), Type: []string{apono.HasPrefix("my"), apono.HasSuffix("sql"), "a,b"}, Category: []string{"RESOURCES", "USER-INFORMATION"},
				ConnectorID: []string{"c 1", "c/2"}, Status: []apono.Status{"ACTIVE", "ERROR"}, Limit: 7,
			})))
		}, "GET", v4, q{
			"name": {"*a & b*"}, "type": {"my*", "*sql", "a,b"}, "category": {"RESOURCES", "USER-INFORMATION"}, "connector_id": {"c 1", "c/2"}, "status": {"ACTIVE", "ERROR"}, "limit": {"7"},
		}, ""},
		{"Integrations.Pages from a token", func(x ctx, c cl) error {
			return failing(drain(c.Integrations.Pages(x, &apono.ListOptions{Name: "n", Type: []string{"t"}, Limit: 7, PageToken: "t+/=&"})))
		}, "GET", v4, q{"page_token": {"t+/=&"}}, ""},
		{"Integrations.FindByName", func(x ctx, c cl) error { return failing(c.Integrations.FindByName(x, "n")) }, "GET", v4, q{"name": {"n"}}, ""},
		{"Integrations.Create", func(x ctx, c cl) error {
			return failing(c.Integrations.Create(x, apono.IntegrationCreate{Name: "n", Type: "mysql"}))
		}, "POST", v4, nil, `{"name":"n","type":"mysql","integration_config":{}}`},
		{"Integrations.Create with all members", func(x ctx, c cl) error {
			return failing(c.Integrations.Create(x, apono.IntegrationCreate{
				Name: `a"<é`, Type: "mysql", IntegrationConfig: config, ConnectorID: apono.Set("c-1"), ConnectedResourceTypes: apono.Set([]string{"db", "table"}),
				CustomAccessDetails: apono.Set("ask"), SecretStoreConfig: apono.Set(vault), Owner: apono.Set(owner), OwnersMapping: apono.Set(mapping),
			}))
		}, "POST", v4, nil, `{"name":"a\"<é","type":"mysql",` + rest4},
		{"Integrations.Update", func(x ctx, c cl) error {
			return failing(c.Integrations.Update(x, "i-1", apono.IntegrationUpdate{
				Name: "n", IntegrationConfig: config, ConnectorID: apono.Set("c-1"), ConnectedResourceTypes: apono.Set([]string{"db", "table"}),
				CustomAccessDetails: apono.Set("ask"), SecretStoreConfig: apono.Set(vault), Owner: apono.Set(owner), OwnersMapping: apono.Set(mapping),
			}))
		}, "PUT", v4 + "/i-1", nil, `{"name":"n",` + rest4},
		{"Integrations.Update with nulls", func(x ctx, c cl) error {
			return failing(c.Integrations.Update(x, "i-1", apono.IntegrationUpdate{IntegrationConfig: apono.Config{},
				Name: "n", ConnectorID: apono.Null[string](), SecretStoreConfig: apono.Null[apono.SecretStore](), Owner: apono.Null[apono.OwnerReference](),
			}))
		}, "PUT", v4 + "/i-1", nil, `{"name":"n","integration_config":{},"connector_id":null,"secret_store_config":null,"owner":null}`},
		{"Integrations.Delete", func(x ctx, c cl) error { return c.Integrations.Delete(x, "i-1") }, "DELETE", v4 + "/i-1", nil, ""},

		{"IntegrationsV2.Get", func(x ctx, c cl) error { return failing(c.IntegrationsV2.Get(x, "i-1")) }, "GET", v2 + "/i-1", nil, ""},
		{"IntegrationsV2.List", func(x ctx, c cl) error { return failing(drain(c.IntegrationsV2.List(x))) }, "GET", v2, nil, ""},
		{"IntegrationsV2.Pages", func(x ctx, c cl) error {
			return failing(drain(c.IntegrationsV2.Pages(x, apono.WithPrefetch())))
		}, "GET", v2, nil, ""},
		{"IntegrationsV2.Create", func(x ctx, c cl) error {
			return failing(c.IntegrationsV2.Create(x, apono.IntegrationCreateV2{
				Name: "n", Type: "mysql", Metadata: config, ProvisionerID: apono.Set("c-1"), ConnectedResourceTypes: apono.Set([]string{}),
				CustomAccessDetails: apono.Set("ask"), SecretConfig: apono.Set(vault.Flat()),
			}))
		}, "POST", v2, nil, `{"name":"n","type":"mysql",` + rest2},
		{"IntegrationsV2.Update", func(x ctx, c cl) error {
			return failing(c.IntegrationsV2.Update(x, "i-1", apono.IntegrationUpdateV2{
				Name: "n", Metadata: config, ProvisionerID: apono.Set("c-1"), ConnectedResourceTypes: apono.Set([]string{}),
				CustomAccessDetails: apono.Set("ask"), SecretConfig: apono.Set(vault.Flat()),
			}))
		}, "PUT", v2 + "/i-1", nil, `{"name":"n",` + rest2},
		{"IntegrationsV2.Delete", func(x ctx, c cl) error { return c.IntegrationsV2.Delete(x, "i-1") }, "DELETE", v2 + "/i-1", nil, ""},
		{"IntegrationsV2.Refresh", func(x ctx, c cl) error { return c.IntegrationsV2.Refresh(x, "i-1") }, "POST", v2 + "/i-1/refresh", nil, ""},

		{"Catalog.Get", func(x ctx, c cl) error { return failing(c.Catalog.Get(x, "aws-account")) }, "GET", catalog + "/aws-account", nil, ""},
		{"Catalog.List", func(x ctx, c cl) error { return failing(drain(c.Catalog.List(x))) }, "GET", catalog, nil, ""},

		{"Resources.List", func(x ctx, c cl) error { return failing(drain(c.Resources.List(x, "i-1", ""))) }, "GET", v3 + "/i-1/resources", nil, ""},
		{"Resources.List of a type", func(x ctx, c cl) error { return failing(drain(c.Resources.List(x, "i-1", "a b"))) }, "GET", v3 + "/i-1/resources", q{"resource-type": {"a b"}}, ""},
		{"Resources.Permissions", func(x ctx, c cl) error { return failing(drain(c.Resources.Permissions(x, "i-1", ""))) }, "GET", v3 + "/i-1/permissions", nil, ""},
		{"Resources.Permissions of a type", func(x ctx, c cl) error { return failing(drain(c.Resources.Permissions(x, "i-1", "db"))) }, "GET", v3 + "/i-1/permissions", q{"resource-type": {"db"}}, ""},
		{"Resources.UserTags", func(x ctx, c cl) error { return failing(c.Resources.UserTags(x, "r-1")) }, "GET", v3 + "/resources/r-1/user-tags", nil, ""},
		{"Resources.SetUserTags", func(x ctx, c cl) error {
			return c.Resources.SetUserTags(x, "r-1", map[string]string{"a": "<b>"})
		}, "PUT", v3 + "/resources/r-1/user-tags", nil, `{"tags":{"a":"<b>"}}`},
		{"Resources.SetUserTags to none", func(x ctx, c cl) error { return c.Resources.SetUserTags(x, "r-1", nil) }, "PUT", v3 + "/resources/r-1/user-tags", nil, `{"tags":{}}`},

		{"Connectors.Get", func(x ctx, c cl) error { return failing(c.Connectors.Get(x, "c-1")) }, "GET", connectors + "/c-1", nil, ""},
		{"Connectors.List with all filters", func(x ctx, c cl) error {
			return failing(drain(c.Connectors.List(x, &apono.ConnectorListOptions{Status: []string{"CONNECTED", "DISCONNECTED"}, Limit: 1})))
		}, "GET", connectors, q{"status": {"CONNECTED", "DISCONNECTED"}, "limit": {"1"}}, ""},
		{"Connectors.List from a token", func(x ctx, c cl) error {
			return failing(drain(c.Connectors.List(x, &apono.ConnectorListOptions{Status: []string{"CONNECTED"}, PageToken: "t"})))
		}, "GET", connectors, q{"page_token": {"t"}}, ""},
		{"Connectors.Rename", func(x ctx, c cl) error { return failing(c.Connectors.Rename(x, "c-1", "new")) }, "PUT", connectors + "/c-1", nil, `{"name":"new"}`},
		{"Connectors.Delete", func(x ctx, c cl) error { return c.Connectors.Delete(x, "c-1") }, "DELETE", connectors + "/c-1", nil, ""},
		{"Connectors.ListV2", func(x ctx, c cl) error { return failing(drain(c.Connectors.ListV2(x))) }, "GET", "/api/v2/connectors", nil, ""},
	}
}

func TestEachMethodSendsExactlyItsRequest(t *testing.T) {
	t.Parallel()
	for _, tt := range wireCalls() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
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
			assert.Regexp(t, `^integrations-go-sdk/\d+\.\d+\.\d+ \(go[^)]+\) my-app/1\.2$`, got.Header.Get("User-Agent"))
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

// compact is a document with its members sorted and the digits of its numbers kept.
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

// idCalls are the methods that put a value into the path, with the path before and after it.
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
	const v4, v2, v3, connectors = "/api/admin/v4/integrations/", "/api/v2/integrations/", "/api/v3/integrations/", "/api/admin/v3/connectors/"
	return map[string]call{
		"Integrations.Get": {"id", v4, "", func(x ctx, c cl, id string) error { return failing(c.Integrations.Get(x, id)) }},
		"Integrations.Update": {"id", v4, "", func(x ctx, c cl, id string) error {
			return failing(c.Integrations.Update(x, id, apono.IntegrationUpdate{IntegrationConfig: apono.Config{}, Name: "n"}))
		}},
		"Integrations.Delete": {"id", v4, "", func(x ctx, c cl, id string) error { return c.Integrations.Delete(x, id) }},
		"IntegrationsV2.Get":  {"id", v2, "", func(x ctx, c cl, id string) error { return failing(c.IntegrationsV2.Get(x, id)) }},
		"IntegrationsV2.Update": {"id", v2, "", func(x ctx, c cl, id string) error {
			return failing(c.IntegrationsV2.Update(x, id, apono.IntegrationUpdateV2{Metadata: apono.Config{}, Name: "n"}))
		}},
		"IntegrationsV2.Delete":  {"id", v2, "", func(x ctx, c cl, id string) error { return c.IntegrationsV2.Delete(x, id) }},
		"IntegrationsV2.Refresh": {"id", v2, "/refresh", func(x ctx, c cl, id string) error { return c.IntegrationsV2.Refresh(x, id) }},
		"Catalog.Get":            {"type", "/api/v2/integrations-catalog/", "", func(x ctx, c cl, id string) error { return failing(c.Catalog.Get(x, id)) }},
		"Resources.List": {"integrationID", v3, "/resources", func(x ctx, c cl, id string) error {
			return failing(drain(c.Resources.List(x, id, "")))
		}},
		"Resources.Permissions": {"integrationID", v3, "/permissions", func(x ctx, c cl, id string) error {
			return failing(drain(c.Resources.Permissions(x, id, "")))
		}},
		"Resources.UserTags": {"resourceID", v3 + "resources/", "/user-tags", func(x ctx, c cl, id string) error { return failing(c.Resources.UserTags(x, id)) }},
		"Resources.SetUserTags": {"resourceID", v3 + "resources/", "/user-tags", func(x ctx, c cl, id string) error {
			return c.Resources.SetUserTags(x, id, map[string]string{})
		}},
		"Connectors.Get":    {"id", connectors, "", func(x ctx, c cl, id string) error { return failing(c.Connectors.Get(x, id)) }},
		"Connectors.Rename": {"id", connectors, "", func(x ctx, c cl, id string) error { return failing(c.Connectors.Rename(x, id, "n")) }},
		"Connectors.Delete": {"id", connectors, "", func(x ctx, c cl, id string) error { return c.Connectors.Delete(x, id) }},
	}
}

func TestValuesInThePathStayOneSegment(t *testing.T) {
	t.Parallel()
	for name, tt := range idCalls() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for id, escaped := range map[string]string{
				"a/b": "a%2Fb", "a b": "a%20b", "a%2Fb": "a%252Fb", "%": "%25", "a?b#c": "a%3Fb%23c", "../a": "..%2Fa", "...": "...", "é日😀": "%C3%A9%E6%97%A5%F0%9F%98%80",
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

// Every operation, in the order of an integration's life.
func TestFakeAnswersEveryOperation(t *testing.T) {
	t.Parallel()
	for proto, opts := range map[string][]aponotest.Option{"HTTP/1.1": nil, "HTTP/2.0": {aponotest.WithHTTP2()}} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			srv, c := fakeAndClient(t, opts...)
			x := t.Context()

			connectors, err := drain(c.Connectors.List(x, nil))
			require.NoError(t, err)
			require.Len(t, connectors, 1)
			connector, err := c.Connectors.Rename(x, connectors[0].ID, "west <1>")
			require.NoError(t, err)
			assert.Equal(t, "west <1>", connector.Name)
			connector, err = c.Connectors.Get(x, connector.ID)
			require.NoError(t, err)
			assert.Equal(t, "west <1>", connector.Name)
			old, err := drain(c.Connectors.ListV2(x))
			require.NoError(t, err)
			require.Len(t, old, 1)
			assert.Equal(t, connector.ID, old[0].ConnectorID)

			types, err := drain(c.Catalog.List(x))
			require.NoError(t, err)
			entry, err := c.Catalog.Get(x, "postgresql")
			require.NoError(t, err)
			assert.True(t, slices.ContainsFunc(types, func(e *apono.CatalogEntry) bool { return e.Type == entry.Type && len(e.Params) == len(entry.Params) }))

			made, err := c.Integrations.Create(x, apono.IntegrationCreate{
				Name: "DB Prod", Type: entry.Type, ConnectorID: apono.Set(connector.ID), IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "<h>", "port": "5432"}),
				SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.GCPSecret{Project: "p", SecretID: "s"}}),
				Owner:             apono.Set(apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"a@example.com"}}),
			})
			require.NoError(t, err)
			got, err := c.Integrations.Get(x, made.ID)
			require.NoError(t, err)
			assert.Equal(t, "<h>", got.IntegrationConfig.Text("hostname"))
			assert.Equal(t, &apono.GCPSecret{Project: "p", SecretID: "s"}, got.SecretStoreConfig.Value)
			assert.Equal(t, []string{"a@example.com"}, got.Owner.AttributeValue)
			assert.Equal(t, connector.ID, got.ConnectorID)
			all, err := drain(c.Integrations.List(x, &apono.ListOptions{Name: apono.Contains("prod"), Type: []string{"postgresql"}}))
			require.NoError(t, err)
			require.Len(t, all, 1)
			assert.Equal(t, made.ID, all[0].ID)
			update := apono.UpdateFrom(got)
			update.Name = "DB Test"
			changed, err := c.Integrations.Update(x, made.ID, update)
			require.NoError(t, err)
			assert.Equal(t, "DB Test", changed.Name)

			flat, err := c.IntegrationsV2.Get(x, made.ID)
			require.NoError(t, err)
			assert.Equal(t, "DB Test", flat.Name)
			assert.Equal(t, &apono.GCPSecret{Project: "p", SecretID: "s"}, flat.SecretConfig.Value)
			second, err := c.IntegrationsV2.Create(x, apono.IntegrationCreateV2{Name: "second", Type: "mock-duck", ProvisionerID: apono.Set(connector.ID)})
			require.NoError(t, err)
			flatUpdate := apono.UpdateFromV2(second)
			flatUpdate.CustomAccessDetails = apono.Set("ask")
			second, err = c.IntegrationsV2.Update(x, second.ID, flatUpdate)
			require.NoError(t, err)
			assert.Equal(t, "ask", second.CustomAccessDetails)
			require.NoError(t, c.IntegrationsV2.Refresh(x, second.ID))
			flats, err := drain(c.IntegrationsV2.List(x))
			require.NoError(t, err)
			assert.Len(t, flats, 2)

			srv.SeedResources(made.ID, aponotest.Resource{ID: "r/1", Type: "db"}, aponotest.Resource{ID: "r2", Type: "table"})
			srv.SeedPermissions(made.ID, aponotest.Permission{ID: "p1", Name: "READ", ResourceType: "db"}, aponotest.Permission{ID: "p2", ResourceType: "table"})
			resources, err := drain(c.Resources.List(x, made.ID, "db"))
			require.NoError(t, err)
			require.Len(t, resources, 1)
			permissions, err := drain(c.Resources.Permissions(x, made.ID, "db"))
			require.NoError(t, err)
			require.Len(t, permissions, 1)
			assert.Equal(t, &apono.Permission{ID: "p1", Name: "READ", ResourceType: "db"}, permissions[0])
			require.NoError(t, c.Resources.SetUserTags(x, "r/1", map[string]string{"team": "<a>"}))
			tags, err := c.Resources.UserTags(x, "r/1")
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"team": "<a>"}, tags)

			require.NoError(t, c.IntegrationsV2.Delete(x, second.ID))
			require.NoError(t, c.Integrations.Delete(x, made.ID))
			require.ErrorIs(t, c.Integrations.Delete(x, made.ID), apono.ErrNotFound)
			require.NoError(t, c.Connectors.Delete(x, connector.ID))
			assert.Empty(t, srv.Integrations())

			for _, op := range specifiedOperations(t) {
				assert.NotZero(t, srv.CountCalls(op), op)
			}
			for _, call := range srv.Calls() {
				assert.Equal(t, proto, call.Proto)
				if len(call.Body) == 0 {
					assert.NotContains(t, call.Header, "Content-Type", call.String())
					assert.Empty(t, call.Header.Get("Transfer-Encoding"))
				}
			}
		})
	}
}

// specifiedOperations are the ids of the specification's operations.
func specifiedOperations(t *testing.T) []string {
	t.Helper()
	spec, err := os.ReadFile("../specs/apono.yaml")
	require.NoError(t, err)
	var ids []string
	for _, m := range regexp.MustCompile(`(?m)^ +operationId: (\w+)$`).FindAllSubmatch(spec, -1) {
		ids = append(ids, string(m[1]))
	}
	require.Len(t, ids, 22)
	return ids
}
