package apono_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

func styled(t *testing.T, style aponotest.Style) (*aponotest.Server, *apono.Client) {
	t.Helper()
	return fakeAndClient(t, aponotest.WithStyle(style))
}

// quirk runs a subtest of a difference between the specification and the responses of servers, or
// of the mocks of the vendor's own programs. They are numbered in the order in which they were
// found.
func quirk(t *testing.T, number int, words string, f func(*testing.T)) {
	t.Helper()
	t.Run(fmt.Sprintf("%02d %s", number, words), f)
}

// Values of members that differ from the specification.
func TestQuirks(t *testing.T) {
	t.Parallel()
	quirk(t, 1, "v2 writes a time as a number, a text, or as v4 does", func(t *testing.T) {
		at := time.Date(2025, 5, 1, 10, 0, 0, 500_000_000, time.UTC)
		for _, style := range []aponotest.Style{{}, {V2TimeQuoted: true}, {V2TimeISO: true}} {
			srv, c := styled(t, style)
			id := srv.Add(map[string]any{"last_sync_time": at})
			got, err := c.IntegrationsV2.Get(t.Context(), id)
			require.NoError(t, err)
			assert.True(t, at.Equal(got.LastSyncTime.Time), "%v", got.LastSyncTime)
		}
		srv, c := styled(t, aponotest.Style{V2TimeQuoted: true, V2TimeUnpadded: true})
		id := srv.Add(map[string]any{"last_sync_time": at.Truncate(time.Second).Add(5)})
		got, err := c.IntegrationsV2.Get(t.Context(), id)
		require.NoError(t, err)
		assert.True(t, at.Equal(got.LastSyncTime.Time),
			"five nanoseconds without their zeros can't be told from half a second: %v", got.LastSyncTime)
	})

	quirk(t, 2, "v2 metadata is null", func(t *testing.T) {
		srv, c := styled(t, aponotest.Style{NullMetadata: true})
		id := srv.Add(map[string]any{"name": "n"})
		var raw []byte
		got, err := c.IntegrationsV2.Get(t.Context(), id, apono.WithRawBody(&raw))
		require.NoError(t, err)
		require.Contains(t, string(raw), `"metadata":null`)
		assert.Empty(t, got.Metadata)
		_, err = c.IntegrationsV2.Update(t.Context(), id, apono.UpdateFromV2(got))
		require.NoError(t, err)
		assert.Equal(t, "{}", string(lastBody(t, srv)["metadata"]), "what is required is not sent as null")
	})

	quirk(t, 3, "v2 secret_config and connection are {} for none", func(t *testing.T) {
		_, c := newWire(t, []answer{good(`{"id":"i","name":"n","secret_config":{},"connection":{}}`)})
		got, err := c.IntegrationsV2.Get(t.Context(), "i")
		require.NoError(t, err)
		assert.True(t, got.SecretConfig.IsZero())
		assert.Empty(t, got.Connection)
		assert.True(t, apono.UpdateFromV2(got).SecretConfig.IsNull())
	})

	quirk(t, 4, "connected_resource_types is null or absent", func(t *testing.T) {
		for _, member := range []string{"", `,"connected_resource_types":null`} {
			_, c := newWire(t, []answer{good(`{"id":"i"` + member + `}`)})
			v4, err := c.Integrations.Get(t.Context(), "i")
			require.NoError(t, err)
			assert.Nil(t, v4.ConnectedResourceTypes)
			v2, err := c.IntegrationsV2.Get(t.Context(), "i")
			require.NoError(t, err)
			assert.Nil(t, v2.ConnectedResourceTypes)
		}
	})

	quirk(t, 5, "identity providers have no connector", func(t *testing.T) {
		for _, style := range []aponotest.Style{{}, {NullUnset: true}} {
			srv, c := fakeAndClient(t, aponotest.WithUserInformation(), aponotest.WithStyle(style))
			all, err := drain(c.Integrations.List(t.Context(), nil))
			require.NoError(t, err)
			require.Len(t, all, 1)
			assert.Empty(t, all[0].ConnectorID)
			_, err = c.Integrations.Update(t.Context(), all[0].ID, apono.UpdateFrom(all[0]))
			require.NoError(t, err)
			assert.Equal(t, "null", string(lastBody(t, srv)["connector_id"]), "no connector is not one without a name")
			flat, err := c.IntegrationsV2.Get(t.Context(), all[0].ID)
			require.NoError(t, err)
			assert.Empty(t, flat.ProvisionerID)
		}
	})

	quirk(t, 6, "catalog values are null and defaults empty", func(t *testing.T) {
		_, c := styled(t, aponotest.Style{NullValues: true})
		var raw []byte
		entry, err := c.Catalog.Get(t.Context(), "postgresql", apono.WithRawBody(&raw))
		require.NoError(t, err)
		require.Contains(t, string(raw), `"values":null`)
		require.Contains(t, string(raw), `"default":""`)
		require.NoError(t, apono.ValidateConfig(entry, apono.ConfigOf(map[string]string{"hostname": "anything"}),
			apono.SecretStore{Value: &apono.AWSSecret{Region: "r", SecretID: "s"}}))
	})
}

// Statuses, and members that are missing.
func TestQuirksOfStatuses(t *testing.T) {
	t.Parallel()
	quirk(t, 7, "v4 writes a status in upper case, v2 in mixed", func(t *testing.T) {
		for asV2, spelling := range map[bool]string{false: "ERROR", true: "Error"} {
			srv, c := styled(t, aponotest.Style{V4StatusAsV2: asV2})
			id := srv.Add(map[string]any{"status": "ERROR"})
			var raw []byte
			v4, err := c.Integrations.Get(t.Context(), id, apono.WithRawBody(&raw))
			require.NoError(t, err)
			assert.Contains(t, string(raw), `"`+spelling+`"`)
			assert.Equal(t, apono.StatusError, v4.Status, "whatever the server's spelling")
			v2, err := c.IntegrationsV2.Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, apono.StatusV2Error, v2.Status)
		}
	})

	quirk(t, 8, "a status that this release does not know", func(t *testing.T) {
		_, c := newWire(t, []answer{
			good(`{"id":"i","status":"Hibernating"}`), good(`{"id":"i","status":"Hibernating"}`),
			good(`{"data":[{"id":"r","status":{"status":"Lost","message":null}}],"pagination":{}}`),
			good(`{"id":"c","status":"ASLEEP"}`),
		})
		v4, err := c.Integrations.Get(t.Context(), "i")
		require.NoError(t, err)
		assert.Equal(t, apono.Status("Hibernating"), v4.Status)
		v2, err := c.IntegrationsV2.Get(t.Context(), "i")
		require.NoError(t, err)
		assert.Equal(t, apono.StatusV2("Hibernating"), v2.Status)
		resources, err := drain(c.Resources.List(t.Context(), "i", ""))
		require.NoError(t, err)
		assert.Equal(t, "Lost", string(resources[0].Status.Status))
		connector, err := c.Connectors.Get(t.Context(), "c")
		require.NoError(t, err)
		assert.Equal(t, "ASLEEP", connector.Status)
	})

	quirk(t, 9, "required members are missing", func(t *testing.T) {
		const list = `{"items":[{"id":"i","name":"n"}]}`
		_, lenient := newWire(t, []answer{good(`{"id":"i"}`), good(list)})
		got, err := lenient.Integrations.Get(t.Context(), "i")
		require.NoError(t, err)
		assert.Equal(t, &apono.Integration{ID: "i", IntegrationConfig: apono.Config{}}, got)
		require.NoError(t, failing(drain(lenient.Integrations.List(t.Context(), nil))))
		_, strict := newWire(t, []answer{good(`{"id":"i"}`), good(list)}, apono.WithStrict())
		_, err = strict.Integrations.Get(t.Context(), "i")
		assert.Contains(t, errorOf(t, err).Error(), "category is missing")
		items, err := drain(strict.Integrations.List(t.Context(), nil))
		assert.Contains(t, errorOf(t, err).Error(), "items[0].category is missing")
		assert.Empty(t, items)
	})
}

// Statuses and types of responses.
func TestQuirksOfResponses(t *testing.T) {
	t.Parallel()
	quirk(t, 10, "deletes are answered 204, 200 with a message, or 200 with nothing; creates 200 or 201",
		func(t *testing.T) {
			for _, style := range []aponotest.Style{{}, {DeleteOK: true}, {EmptyMessages: true}, {Success: 201},
				{Success: 202}} {
				srv, c := styled(t, style)
				made, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n", Type: "mock-duck"})
				require.NoError(t, err)
				require.NoError(t, failing(drain(c.Integrations.List(t.Context(), nil))))
				require.NoError(t, c.IntegrationsV2.Refresh(t.Context(), made.ID))
				require.NoError(t, c.Integrations.Delete(t.Context(), made.ID))
				require.NoError(t, c.IntegrationsV2.Delete(t.Context(), srv.Add(map[string]any{"name": "m"})))
				assert.Empty(t, srv.Integrations())
			}
		})

	quirk(t, 11, "good JSON has another Content-Type, or none", func(t *testing.T) {
		for _, style := range []aponotest.Style{{PlainType: true}, {NoType: true}} {
			srv, c := styled(t, style)
			id := srv.Add(map[string]any{"name": "n"})
			require.NoError(t, failing(c.Integrations.Get(t.Context(), id)))
			require.NoError(t, failing(drain(c.Catalog.List(t.Context()))))
			require.NoError(t, failing(drain(c.Connectors.ListV2(t.Context()))))
			require.NoError(t, c.IntegrationsV2.Delete(t.Context(), id))
		}
	})

	quirk(t, 12, "a page of a proxy with 200", func(t *testing.T) {
		for _, tt := range wireCalls() {
			_, c := newWire(t, []answer{{200, "<html><body>Sign in, secret-of-the-page</body></html>",
				[]string{"text/html"}}})
			e := errorOf(t, tt.do(t.Context(), c), tt.name)
			assert.Equal(t, 200, e.StatusCode, tt.name)
			assert.Contains(t, string(e.Body), "Sign in", tt.name)
			assert.NotContains(t, e.Error(), "<html>")
			assert.Equal(t, tt.method == http.MethodPost, errors.Is(e, apono.ErrOutcomeUnknown), tt.name)
		}
	})

	quirk(t, 13, "404 says that an integration is gone", func(t *testing.T) {
		_, c := fakeAndClient(t)
		for _, err := range []error{
			c.Integrations.Delete(t.Context(), "gone"), c.IntegrationsV2.Delete(t.Context(), "gone"),
			failing(c.Integrations.Get(t.Context(), "gone")), failing(c.IntegrationsV2.Get(t.Context(), "gone")),
		} {
			require.ErrorIs(t, err, apono.ErrNotFound)
			assert.Equal(t, "Integration not found", errorOf(t, err).Detail)
		}
	})

	quirk(t, 14, "404 of a wrong URL can be told by its body and path", func(t *testing.T) {
		srv := aponotest.NewServer(t)
		c := clientOf(t, srv, apono.WithBaseURL(srv.URL+"/wrong"))
		_, err := c.Integrations.Get(t.Context(), "i")
		require.ErrorIs(t, err, apono.ErrNotFound)
		e := errorOf(t, err)
		assert.Equal(t, "/wrong/api/admin/v4/integrations/i", e.Path)
		assert.NotEqual(t, "Integration not found", e.Detail)
		assert.NotNil(t, e.Body)
	})
}

// Lists that differ from the specification.
func TestQuirksOfLists(t *testing.T) {
	t.Parallel()
	quirk(t, 15, "the connectors of v2 are a bare array", func(t *testing.T) {
		srv, c := fakeAndClient(t, aponotest.WithConnectors("a b", "terraofrm-tests-account-connector"))
		var raw []byte
		all, err := drain(c.Connectors.ListV2(t.Context(), apono.WithRawBody(&raw)))
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(raw), "["))
		require.Len(t, all, 2)
		assert.Equal(t, "a b", all[0].ConnectorID)
		assert.Equal(t, 1, srv.CountCalls("listConnectors"))
		_, c = newWire(t, []answer{good("[]"), good(`{"items":[]}`)})
		all, err = drain(c.Connectors.ListV2(t.Context()))
		require.NoError(t, err)
		assert.Empty(t, all)
		require.Error(t, failing(drain(c.Connectors.ListV2(t.Context()))), "an object is no array")
	})

	quirk(t, 16, "a get by id gives integrations of any category", func(t *testing.T) {
		srv, c := fakeAndClient(t, aponotest.WithUserInformation())
		got, err := c.Integrations.Get(t.Context(), srv.Integrations()[0].ID)
		require.NoError(t, err)
		assert.Equal(t, "USER-INFORMATION", got.Category)
		all, err := drain(c.Integrations.List(t.Context(), &apono.ListOptions{Category: []string{"RESOURCES"}}))
		require.NoError(t, err)
		assert.Empty(t, all)
	})
}

// Values in requests, and members that are new or removed.
func TestQuirksOfRequests(t *testing.T) {
	t.Parallel()
	quirk(t, 17, "an update has no type", func(t *testing.T) {
		srv, c := fakeAndClient(t)
		id := srv.Add(map[string]any{"name": "n", "type": "mysql"})
		_, err := c.Integrations.Update(t.Context(), id, apono.IntegrationUpdate{IntegrationConfig: apono.Config{},
			Name: "n"})
		require.NoError(t, err)
		assert.NotContains(t, lastBody(t, srv), "type")
		_, err = c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "postgresql"})
		require.ErrorIs(t, err, apono.ErrConflict, "another type is said, not ignored")
	})

	quirk(t, 18, "ids are what people make up", func(t *testing.T) {
		for _, id := range []string{"terraofrm-tests-account-connector", "AwsIntegrationConnector-Semyon-NDPp",
			"a/b c%2F", "日"} {
			_, c := fakeAndClient(t, aponotest.WithConnectors(id))
			got, err := c.Connectors.Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, id, got.ID)
			made, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n", Type: "mock-duck",
				ConnectorID: apono.Set(id)})
			require.NoError(t, err)
			all, err := drain(c.Integrations.List(t.Context(),
				&apono.ListOptions{ConnectorID: []string{strings.ToUpper(id)}}))
			require.NoError(t, err)
			assert.Equal(t, []string{made.ID}, idsOf(all))
		}
	})

	quirk(t, 19, "JSON inside a text", func(t *testing.T) {
		srv, c := fakeAndClient(t)
		type server struct{ Host, Note string }
		servers := []server{{"h1", "say \"hi\"\n"}, {`C:\x`, "<&>\u2028"}}
		config := apono.Config{}
		require.NoError(t, config.SetJSONText("servers", servers))
		made, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n", Type: "ssh",
			IntegrationConfig: config})
		require.NoError(t, err)
		var text string
		require.NoError(t, json.Unmarshal(members(t, lastBody(t, srv)["integration_config"])["servers"], &text),
			"it is a text on the wire")
		var back []server
		require.NoError(t, json.Unmarshal([]byte(made.IntegrationConfig.Text("servers")), &back))
		assert.Equal(t, servers, back)
	})

	quirk(t, 20, "an integration id that is a path of v3", func(t *testing.T) {
		srv, c := fakeAndClient(t)
		srv.Add(map[string]any{"id": "resources"})
		require.NoError(t, failing(c.Integrations.Get(t.Context(), "resources")), "v4 has no such path")
		srv.ResetCalls()
		assertRefused(t, failing(drain(c.Resources.List(t.Context(), "resources", ""))), "integrationID")
		assertRefused(t, failing(drain(c.Resources.Permissions(t.Context(), "resources", "db"))), "integrationID")
		assert.Empty(t, srv.Calls())
	})

	quirk(t, 21, "attribute_value is the name of an owner's values", func(t *testing.T) {
		srv, c := fakeAndClient(t)
		_, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{
			Name: "n", Type: "mysql", Owner: apono.Set(apono.OwnerReference{AttributeType: "group",
				AttributeValue: []string{}}),
		})
		require.NoError(t, err)
		assert.JSONEq(t, `{"attribute_type":"group","attribute_value":[]}`, string(lastBody(t, srv)["owner"]))
	})

	quirk(t, 22, "members that this release does not know, and such as were removed", func(t *testing.T) {
		for _, strict := range [][]apono.Option{nil, {apono.WithStrict()}} {
			srv := aponotest.NewServer(t,
				aponotest.WithStyle(aponotest.Style{UnknownMembers: true, RemovedFields: true}))
			c := clientOf(t, srv, strict...)
			id := srv.Add(map[string]any{"name": "n"})
			var raw []byte
			require.NoError(t, failing(c.Integrations.Get(t.Context(), id, apono.WithRawBody(&raw))))
			assert.Contains(t, string(raw), "user_cleanup_period_in_days")
			assert.Contains(t, string(raw), `{"n":1.10}`)
			require.NoError(t, failing(c.IntegrationsV2.Get(t.Context(), id)))
			require.NoError(t, failing(drain(c.Integrations.List(t.Context(), nil))))
			require.NoError(t, failing(drain(c.Catalog.List(t.Context()))))
			require.NoError(t, failing(drain(c.Connectors.List(t.Context(), nil))))
		}
	})
}
