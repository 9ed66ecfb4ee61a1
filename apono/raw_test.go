package apono

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// requestLine is a request of the generated client with its first line.
type requestLine struct {
	want string
	make func() (*http.Request, error)
}

func (tt requestLine) check(t *testing.T) {
	t.Helper()
	req, err := tt.make()
	require.NoError(t, err)
	assert.Equal(t, tt.want, req.Method+" "+req.URL.RequestURI())
}

func TestRequestLines(t *testing.T) {
	ctx := t.Context()
	const server = "https://api.apono.io"
	limit, name, token, resourceType := 50, "*a b*", "t&1", "my db"
	for _, tt := range []requestLine{
		{"GET /api/admin/v4/integrations", func() (*http.Request, error) {
			return newListIntegrationsRequest(ctx, server, nil)
		}},
		{"GET /api/admin/v4/integrations", func() (*http.Request, error) {
			return newListIntegrationsRequest(ctx, server, &listIntegrationsParams{})
		}},
		{"GET /api/admin/v4/integrations", func() (*http.Request, error) {
			return newListIntegrationsRequest(ctx, server, &listIntegrationsParams{
				Category: []string{}, ConnectorID: []string{}, Status: []Status{}, Type: []string{},
			})
		}},
		{
			"GET /api/admin/v4/integrations?category=RESOURCES&connector_id=a%2Cb&connector_id=c%26d" +
				"&limit=50&name=%2Aa+b%2A" +
				"&page_token=t%261&status=ACTIVE&status=ERROR&type=my%2A&type=ssh",
			func() (*http.Request, error) {
				return newListIntegrationsRequest(ctx, server, &listIntegrationsParams{
					Category: []string{"RESOURCES"}, ConnectorID: []string{"a,b", "c&d"}, Limit: &limit, Name: &name,
					PageToken: &token, Status: []Status{"ACTIVE", "ERROR"}, Type: []string{"my*", "ssh"},
				})
			},
		},
		{"POST /api/admin/v4/integrations", func() (*http.Request, error) {
			return newCreateIntegrationRequest(ctx, server, IntegrationCreate{})
		}},
		{"GET /api/admin/v4/integrations/a%2Fb%20c", func() (*http.Request, error) {
			return newGetIntegrationRequest(ctx, server, "a/b c")
		}},
		{"PUT /api/admin/v4/integrations/1", func() (*http.Request, error) {
			return newUpdateIntegrationRequest(ctx, server, "1", IntegrationUpdate{})
		}},
		{"DELETE /api/admin/v4/integrations/1", func() (*http.Request, error) {
			return newDeleteIntegrationRequest(ctx, server, "1")
		}},
		{"GET /api/v2/integrations", func() (*http.Request, error) {
			return newListIntegrationsV2Request(ctx, server)
		}},
		{"POST /api/v2/integrations", func() (*http.Request, error) {
			return newCreateIntegrationV2Request(ctx, server, IntegrationCreateV2{})
		}},
		{"GET /api/v2/integrations/%25%3F%23", func() (*http.Request, error) {
			return newGetIntegrationV2Request(ctx, server, "%?#")
		}},
		{"PUT /api/v2/integrations/1", func() (*http.Request, error) {
			return newUpdateIntegrationV2Request(ctx, server, "1", IntegrationUpdateV2{})
		}},
		{"DELETE /api/v2/integrations/1", func() (*http.Request, error) {
			return newDeleteIntegrationV2Request(ctx, server, "1")
		}},
		{"POST /api/v2/integrations/1/refresh", func() (*http.Request, error) {
			return newRefreshIntegrationV2Request(ctx, server, "1")
		}},
		{"GET /api/v2/integrations-catalog", func() (*http.Request, error) {
			return newListCatalogRequest(ctx, server)
		}},
		{"GET /api/v2/integrations-catalog/%C3%BC", func() (*http.Request, error) {
			return newGetCatalogEntryRequest(ctx, server, "ü")
		}},
		{"GET /api/v3/integrations/resources/r%2F1/user-tags", func() (*http.Request, error) {
			return newGetUserTagsRequest(ctx, server, "r/1")
		}},
		{"PUT /api/v3/integrations/resources/r/user-tags", func() (*http.Request, error) {
			return newUpdateUserTagsRequest(ctx, server, "r", userTagsUpdate{})
		}},
		{"GET /api/v3/integrations/1/permissions", func() (*http.Request, error) {
			return newListPermissionsRequest(ctx, server, "1", nil)
		}},
		{"GET /api/v3/integrations/1/permissions?resource-type=my+db", func() (*http.Request, error) {
			return newListPermissionsRequest(ctx, server, "1", &listPermissionsParams{ResourceType: &resourceType})
		}},
		{"GET /api/v3/integrations/1/resources?resource-type=my+db", func() (*http.Request, error) {
			return newListResourcesRequest(ctx, server, "1", &listResourcesParams{ResourceType: &resourceType})
		}},
		{"GET /api/admin/v3/connectors?limit=50&page_token=t%261&status=CONNECTED&status=x",
			func() (*http.Request, error) {
				return newListConnectorsRequest(ctx, server, &listConnectorsParams{
					Limit: &limit, PageToken: &token, Status: []string{"CONNECTED", "x"},
				})
			}},
		{"GET /api/admin/v3/connectors/c", func() (*http.Request, error) {
			return newGetConnectorRequest(ctx, server, "c")
		}},
		{"PUT /api/admin/v3/connectors/c", func() (*http.Request, error) {
			return newUpdateConnectorRequest(ctx, server, "c", connectorUpdate{})
		}},
		{"DELETE /api/admin/v3/connectors/c", func() (*http.Request, error) {
			return newDeleteConnectorRequest(ctx, server, "c")
		}},
		{"GET /api/v2/connectors", func() (*http.Request, error) {
			return newListConnectorsV2Request(ctx, server)
		}},
	} {
		t.Run(tt.want, tt.check)
	}
}

func TestBodiesAreNotEscapedAndCanBeSentAgain(t *testing.T) {
	const config = `{"a":"<&>","b":1.10,"c":12345678901234567890,"d":"[{\"k\":\"v\"}]"}`
	in := IntegrationUpdate{Name: "<n>", CustomAccessDetails: Set("a & b")}
	require.NoError(t, json.Unmarshal([]byte(config), &in.IntegrationConfig))
	in.Owner = Set(OwnerReference{AttributeType: "<t>"})
	req, err := newUpdateIntegrationRequest(t.Context(), "http://localhost", "1", in)
	require.NoError(t, err)
	assert.Equal(t, "application/json", req.Header.Get("Content-Type"))
	require.NotNil(t, req.GetBody, "a retry must be able to send the body again")
	for range 2 {
		body, err := req.GetBody()
		require.NoError(t, err)
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Equal(t, `{"custom_access_details":"a & b","integration_config":`+config+
			`,"name":"<n>","owner":{"attribute_type":"<t>","attribute_value":[]}}`, string(got))
	}

	req, err = newUpdateUserTagsRequest(t.Context(), "http://localhost", "r",
		userTagsUpdate{Tags: map[string]string{"<k>": "a & b"}})
	require.NoError(t, err)
	got, err := io.ReadAll(req.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"tags":{"<k>":"a & b"}}`, string(got))
}

type doerFunc func(*http.Request) (*http.Response, error)

func (d doerFunc) Do(req *http.Request) (*http.Response, error) { return d(req) }

// The client is generated from a template of this module, so it is tested here.
func TestClient(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "v")
	var order []string
	edit := func(name string) requestEditor {
		return func(ctx context.Context, req *http.Request) error {
			assert.Equal(t, "v", ctx.Value(key{}))
			assert.Equal(t, "v", req.Context().Value(key{}))
			order = append(order, name)
			return nil
		}
	}
	var seen []string
	sent := &http.Response{StatusCode: http.StatusTeapot}
	send := doerFunc(func(req *http.Request) (*http.Response, error) {
		assert.Equal(t, "v", req.Context().Value(key{}))
		seen = append(seen, req.Method+" "+req.URL.String())
		return sent, nil
	})
	for _, server := range []string{"https://gw/prefix", "https://gw/prefix/"} {
		seen, order = nil, nil
		c := newRawClient(server, send)
		c.editors = []requestEditor{edit("first"), edit("second"), edit("third")}
		resp, err := c.getIntegration(ctx, "1")
		require.NoError(t, err)
		assert.Same(t, sent, resp, "a status is not an error here")
		assert.Equal(t, []string{"first", "second", "third"}, order)
		_, err = c.createIntegration(ctx, IntegrationCreate{})
		require.NoError(t, err)
		assert.Equal(t, []string{
			"GET https://gw/prefix/api/admin/v4/integrations/1", "POST https://gw/prefix/api/admin/v4/integrations",
		}, seen)
	}

	refused := errors.New("refused")
	c := newRawClient("https://gw", send)
	seen = nil
	_, err := c.updateIntegration(ctx, "1", IntegrationUpdate{IntegrationConfig: Config{"a": nil}})
	assert.Error(t, err, "an empty raw value is not JSON")
	c.editors = []requestEditor{func(context.Context, *http.Request) error { return refused }}
	_, err = c.deleteIntegration(ctx, "1")
	assert.Equal(t, refused, err)
	assert.Empty(t, seen)

	_, err = newGetIntegrationRequest(t.Context(), "://", "1")
	assert.Error(t, err)
}

// Each path value is in its place, also if the base URL has a path.
func TestPathValuesAreEscaped(t *testing.T) {
	for _, id := range []string{"a/b", "a b", "%2F", "é", "a?b", "a#b", "..a", "a;b"} {
		req, err := newGetIntegrationRequest(t.Context(), "https://gw/p/", id)
		require.NoError(t, err, id)
		assert.Equal(t, "/p/api/admin/v4/integrations/"+id, req.URL.Path)
		assert.Equal(t, 6, strings.Count(req.URL.EscapedPath(), "/"), req.URL.EscapedPath())
	}
}
