package apono_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/internal/contract/specified"
)

// requireAllAnswered checks that the server responded to every operation of the specification.
func requireAllAnswered(t *testing.T, srv *aponotest.Server, proto string) {
	t.Helper()
	answered := map[string]bool{}
	for _, call := range srv.Calls() {
		answered[call.Operation] = true
		assert.Equal(t, proto, call.Proto)
		if len(call.Body) == 0 {
			assert.NotContains(t, call.Header, "Content-Type", call.String())
			assert.Empty(t, call.Header.Get("Transfer-Encoding"))
		}
	}
	for _, op := range specified.Operations("apono") {
		assert.True(t, answered[op.ID], "the fake did not respond to %s: add it to operations in "+
			"apono/aponotest/server.go, and call it in apono/wire_fake_test.go", op)
	}
}

// Every operation, in the order of an integration's life cycle. Each resource has a helper.
func TestFakeAnswersEveryOperation(t *testing.T) {
	t.Parallel()
	for proto, opts := range map[string][]aponotest.Option{"HTTP/1.1": nil, "HTTP/2.0": {aponotest.WithHTTP2()}} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			srv, c := fakeAndClient(t, opts...)
			connector := callConnectors(t, c)
			callCatalog(t, c)
			made := callIntegrations(t, c, connector)
			second := callIntegrationsV2(t, c, made, connector)
			callResources(t, srv, c, made)

			require.NoError(t, c.IntegrationsV2.Delete(t.Context(), second))
			require.NoError(t, c.Integrations.Delete(t.Context(), made))
			require.ErrorIs(t, c.Integrations.Delete(t.Context(), made), apono.ErrNotFound)
			require.NoError(t, c.Connectors.Delete(t.Context(), connector))
			assert.Empty(t, srv.Integrations())
			requireAllAnswered(t, srv, proto)
		})
	}
}

// callConnectors calls the methods of Connectors, and returns the ID of the connector of the fake.
func callConnectors(t *testing.T, c *apono.Client) (id string) {
	t.Helper()
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
	listed, err := drain(c.Connectors.ListV2(x))
	require.NoError(t, err)
	require.Len(t, listed, 1)
	assert.Equal(t, connector.ID, listed[0].ConnectorID)
	return connector.ID
}

// callCatalog calls the methods of Catalog.
func callCatalog(t *testing.T, c *apono.Client) {
	t.Helper()
	types, err := drain(c.Catalog.List(t.Context()))
	require.NoError(t, err)
	entry, err := c.Catalog.Get(t.Context(), "postgresql")
	require.NoError(t, err)
	assert.Equal(t, "postgresql", entry.Type)
	assert.True(t, slices.ContainsFunc(types, func(e *apono.CatalogEntry) bool {
		return e.Type == entry.Type && len(e.Params) == len(entry.Params)
	}))
}

// callIntegrations calls the methods of Integrations, and returns the ID of the integration that it
// leaves, DB Test.
func callIntegrations(t *testing.T, c *apono.Client, connector string) (id string) {
	t.Helper()
	x := t.Context()
	made, err := c.Integrations.Create(x, apono.IntegrationCreate{
		Name: "DB Prod", Type: "postgresql", ConnectorID: apono.Set(connector),
		IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "<h>", "port": "5432"}),
		SecretStoreConfig: apono.Set(apono.SecretStore{Value: &apono.GCPSecret{Project: "p", SecretID: "s"}}),
		Owner: apono.Set(apono.OwnerReference{AttributeType: "user",
			AttributeValue: []string{"a@example.com"}}),
	})
	require.NoError(t, err)
	got, err := c.Integrations.Get(x, made.ID)
	require.NoError(t, err)
	assert.Equal(t, "<h>", got.IntegrationConfig.Text("hostname"))
	assert.Equal(t, &apono.GCPSecret{Project: "p", SecretID: "s"}, got.SecretStoreConfig.Value)
	assert.Equal(t, []string{"a@example.com"}, got.Owner.AttributeValue)
	assert.Equal(t, connector, got.ConnectorID)
	all, err := drain(c.Integrations.List(x, &apono.ListOptions{Name: apono.Contains("prod"),
		Type: []string{"postgresql"}}))
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, made.ID, all[0].ID)
	update := apono.UpdateFrom(got)
	update.Name = "DB Test"
	changed, err := c.Integrations.Update(x, made.ID, update)
	require.NoError(t, err)
	assert.Equal(t, "DB Test", changed.Name)
	return made.ID
}

// callIntegrationsV2 calls the methods of IntegrationsV2. It reads the integration made, and
// returns the ID of a second one that it leaves.
func callIntegrationsV2(t *testing.T, c *apono.Client, made, connector string) (id string) {
	t.Helper()
	x := t.Context()
	flat, err := c.IntegrationsV2.Get(x, made)
	require.NoError(t, err)
	assert.Equal(t, "DB Test", flat.Name)
	assert.Equal(t, &apono.GCPSecret{Project: "p", SecretID: "s"}, flat.SecretConfig.Value)
	second, err := c.IntegrationsV2.Create(x, apono.IntegrationCreateV2{Name: "second", Type: "mock-duck",
		ProvisionerID: apono.Set(connector)})
	require.NoError(t, err)
	update := apono.UpdateFromV2(second)
	update.CustomAccessDetails = apono.Set("ask")
	second, err = c.IntegrationsV2.Update(x, second.ID, update)
	require.NoError(t, err)
	assert.Equal(t, "ask", second.CustomAccessDetails)
	require.NoError(t, c.IntegrationsV2.Refresh(x, second.ID))
	flats, err := drain(c.IntegrationsV2.List(x))
	require.NoError(t, err)
	assert.Len(t, flats, 2)
	return second.ID
}

// callResources calls the methods of Resources for the integration made.
func callResources(t *testing.T, srv *aponotest.Server, c *apono.Client, made string) {
	t.Helper()
	x := t.Context()
	srv.SeedResources(made, aponotest.Resource{ID: "r/1", Type: "db"}, aponotest.Resource{ID: "r2", Type: "table"})
	srv.SeedPermissions(made, aponotest.Permission{ID: "p1", Name: "READ", ResourceType: "db"},
		aponotest.Permission{ID: "p2", ResourceType: "table"})
	resources, err := drain(c.Resources.List(x, made, "db"))
	require.NoError(t, err)
	require.Len(t, resources, 1)
	permissions, err := drain(c.Resources.Permissions(x, made, "db"))
	require.NoError(t, err)
	require.Len(t, permissions, 1)
	assert.Equal(t, &apono.Permission{ID: "p1", Name: "READ", ResourceType: "db"}, permissions[0])
	require.NoError(t, c.Resources.SetUserTags(x, "r/1", map[string]string{"team": "<a>"}))
	tags, err := c.Resources.UserTags(x, "r/1")
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"team": "<a>"}, tags)
}
