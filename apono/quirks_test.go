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

// What servers, and the mocks of the vendor's own programs, have been seen to answer beside what the specification promises.
func TestQuirks(t *testing.T) {
	t.Parallel()
	quirk := func(number int, words string, f func(*testing.T)) { t.Run(fmt.Sprintf("%02d %s", number, words), f) }

	quirk(1, "v2 writes a time as a number, a text, or as v4 does", func(t *testing.T) {
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
		assert.True(t, at.Equal(got.LastSyncTime.Time), "five nanoseconds without their zeros can't be told from half a second: %v", got.LastSyncTime)
	})

	quirk(2, "v2 metadata is null", func(t *testing.T) {
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

	quirk(3, "v2 secret_config and connection are {} for none", func(t *testing.T) {
		_, c := newWire(t, []answer{good(`{"id":"i","name":"n","secret_config":{},"connection":{}}`)})
		got, err := c.IntegrationsV2.Get(t.Context(), "i")
		require.NoError(t, err)
		assert.True(t, got.SecretConfig.IsZero())
		assert.Empty(t, got.Connection)
		assert.True(t, apono.UpdateFromV2(got).SecretConfig.IsNull())
	})

	quirk(4, "connected_resource_types is null or absent", func(t *testing.T) {
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

	quirk(5, "identity providers have no connector", func(t *testing.T) {
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

	quirk(6, "catalog values are null and defaults empty", func(t *testing.T) {
		_, c := styled(t, aponotest.Style{NullValues: true})
		var raw []byte
		entry, err := c.Catalog.Get(t.Context(), "postgresql", apono.WithRawBody(&raw))
		require.NoError(t, err)
		require.Contains(t, string(raw), `"values":null`)
		require.Contains(t, string(raw), `"default":""`)
		require.NoError(t, apono.ValidateConfig(entry, apono.ConfigOf(map[string]string{"hostname": "anything"}), apono.SecretStore{Value: &apono.AWSSecret{Region: "r", SecretID: "s"}}))
	})

	quirk(7, "v4 writes a status in upper case, v2 in mixed", func(t *testing.T) {
		for asV2, want := range map[bool]apono.Status{false: "ERROR", true: "Error"} {
			srv, c := styled(t, aponotest.Style{V4StatusAsV2: asV2})
			id := srv.Add(map[string]any{"status": "ERROR"})
			v4, err := c.Integrations.Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, want, v4.Status, "the server's spelling stays")
			assert.True(t, v4.Status.Is("error"))
			v2, err := c.IntegrationsV2.Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, apono.StatusV2("Error"), v2.Status)
		}
	})

	quirk(8, "a status that this release does not know", func(t *testing.T) {
		_, c := newWire(t, []answer{
			good(`{"id":"i","status":"Hibernating"}`), good(`{"id":"i","status":"Hibernating"}`),
			good(`{"data":[{"id":"r","status":{"status":"Lost","message":null}}],"pagination":{}}`), good(`{"id":"c","status":"ASLEEP"}`),
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

	quirk(9, "required members are missing", func(t *testing.T) {
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

	quirk(10, "deletes are answered 204, 200 with a message, or 200 with nothing; creates 200 or 201", func(t *testing.T) {
		for _, style := range []aponotest.Style{{}, {DeleteOK: true}, {EmptyMessages: true}, {Success: 201}, {Success: 202}} {
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

	quirk(11, "good JSON has another Content-Type, or none", func(t *testing.T) {
		for _, style := range []aponotest.Style{{PlainType: true}, {NoType: true}} {
			srv, c := styled(t, style)
			id := srv.Add(map[string]any{"name": "n"})
			require.NoError(t, failing(c.Integrations.Get(t.Context(), id)))
			require.NoError(t, failing(drain(c.Catalog.List(t.Context()))))
			require.NoError(t, failing(drain(c.Connectors.ListV2(t.Context()))))
			require.NoError(t, c.IntegrationsV2.Delete(t.Context(), id))
		}
	})

	quirk(12, "a page of a proxy with 200", func(t *testing.T) {
		for _, tt := range wireCalls() {
			_, c := newWire(t, []answer{{200, "<html><body>Sign in, secret-of-the-page</body></html>", []string{"text/html"}}})
			e := errorOf(t, tt.do(t.Context(), c))
			assert.Equal(t, 200, e.StatusCode, tt.name)
			assert.Contains(t, string(e.Body), "Sign in", tt.name)
			assert.NotContains(t, e.Error(), "<html>")
			assert.Equal(t, tt.method == http.MethodPost, errors.Is(e, apono.ErrOutcomeUnknown), tt.name)
		}
	})

	quirk(13, "404 says that an integration is gone", func(t *testing.T) {
		_, c := fakeAndClient(t)
		for _, err := range []error{
			c.Integrations.Delete(t.Context(), "gone"), c.IntegrationsV2.Delete(t.Context(), "gone"), failing(c.Integrations.Get(t.Context(), "gone")), failing(c.IntegrationsV2.Get(t.Context(), "gone")),
		} {
			require.ErrorIs(t, err, apono.ErrNotFound)
			assert.Equal(t, "Integration not found", errorOf(t, err).Detail)
		}
	})

	quirk(14, "404 of a wrong URL can be told by its body and path", func(t *testing.T) {
		srv := aponotest.NewServer(t)
		c := clientOf(t, srv, apono.WithBaseURL(srv.URL+"/wrong"))
		_, err := c.Integrations.Get(t.Context(), "i")
		require.ErrorIs(t, err, apono.ErrNotFound)
		e := errorOf(t, err)
		assert.Equal(t, "/wrong/api/admin/v4/integrations/i", e.Path)
		assert.NotEqual(t, "Integration not found", e.Detail)
		assert.NotNil(t, e.Body)
	})

	quirk(15, "the connectors of v2 are a bare array", func(t *testing.T) {
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

	quirk(16, "a get by id gives integrations of any category", func(t *testing.T) {
		srv, c := fakeAndClient(t, aponotest.WithUserInformation())
		got, err := c.Integrations.Get(t.Context(), srv.Integrations()[0].ID)
		require.NoError(t, err)
		assert.Equal(t, "USER-INFORMATION", got.Category)
		all, err := drain(c.Integrations.List(t.Context(), &apono.ListOptions{Category: []string{"RESOURCES"}}))
		require.NoError(t, err)
		assert.Empty(t, all)
	})

	quirk(17, "an update has no type", func(t *testing.T) {
		srv, c := fakeAndClient(t)
		id := srv.Add(map[string]any{"name": "n", "type": "mysql"})
		_, err := c.Integrations.Update(t.Context(), id, apono.IntegrationUpdate{IntegrationConfig: apono.Config{}, Name: "n"})
		require.NoError(t, err)
		assert.NotContains(t, lastBody(t, srv), "type")
		_, err = c.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "n", Type: "postgresql"})
		require.ErrorIs(t, err, apono.ErrConflict, "another type is said, not ignored")
	})

	quirk(18, "ids are what people make up", func(t *testing.T) {
		for _, id := range []string{"terraofrm-tests-account-connector", "AwsIntegrationConnector-Semyon-NDPp", "a/b c%2F", "日"} {
			_, c := fakeAndClient(t, aponotest.WithConnectors(id))
			got, err := c.Connectors.Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, id, got.ID)
			made, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n", Type: "mock-duck", ConnectorID: apono.Set(id)})
			require.NoError(t, err)
			all, err := drain(c.Integrations.List(t.Context(), &apono.ListOptions{ConnectorID: []string{strings.ToUpper(id)}}))
			require.NoError(t, err)
			assert.Equal(t, []string{made.ID}, idsOf(all))
		}
	})

	quirk(19, "JSON inside a text", func(t *testing.T) {
		srv, c := fakeAndClient(t)
		type server struct{ Host, Note string }
		servers := []server{{"h1", "say \"hi\"\n"}, {`C:\x`, "<&>\u2028"}}
		config := apono.Config{}
		require.NoError(t, config.SetJSONText("servers", servers))
		made, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n", Type: "ssh", IntegrationConfig: config})
		require.NoError(t, err)
		var text string
		require.NoError(t, json.Unmarshal(members(t, lastBody(t, srv)["integration_config"])["servers"], &text), "it is a text on the wire")
		var back []server
		require.NoError(t, json.Unmarshal([]byte(made.IntegrationConfig.Text("servers")), &back))
		assert.Equal(t, servers, back)
	})

	quirk(20, "an integration id that is a path of v3", func(t *testing.T) {
		srv, c := fakeAndClient(t)
		srv.Add(map[string]any{"id": "resources"})
		require.NoError(t, failing(c.Integrations.Get(t.Context(), "resources")), "v4 has no such path")
		srv.ResetCalls()
		assertRefused(t, failing(drain(c.Resources.List(t.Context(), "resources", ""))), "integrationID")
		assertRefused(t, failing(drain(c.Resources.Permissions(t.Context(), "resources", "db"))), "integrationID")
		assert.Empty(t, srv.Calls())
	})

	quirk(21, "attribute_value is the name of an owner's values", func(t *testing.T) {
		srv, c := fakeAndClient(t)
		_, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{
			Name: "n", Type: "mysql", Owner: apono.Set(apono.OwnerReference{AttributeType: "group", AttributeValue: []string{}}),
		})
		require.NoError(t, err)
		assert.JSONEq(t, `{"attribute_type":"group","attribute_value":[]}`, string(lastBody(t, srv)["owner"]))
	})

	quirk(22, "members that this release does not know, and such as were removed", func(t *testing.T) {
		for _, strict := range [][]apono.Option{nil, {apono.WithStrict()}} {
			srv := aponotest.NewServer(t, aponotest.WithStyle(aponotest.Style{UnknownMembers: true, RemovedFields: true}))
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

// Any member may come in a form that it should not have. What a client with WithStrict makes of it is in the last column: "" is the same.
func TestDecoderSurvives(t *testing.T) {
	t.Parallel()
	text := func(key, want string) func(t *testing.T, in *apono.Integration) {
		return func(t *testing.T, in *apono.Integration) {
			assert.Equal(t, want, in.IntegrationConfig.Text(key))
		}
	}
	at := func(want string) func(t *testing.T, in *apono.Integration) {
		return func(t *testing.T, in *apono.Integration) {
			if want == "" {
				assert.True(t, in.LastSyncTime.IsZero(), "%v", in.LastSyncTime)
				return
			}
			assert.Equal(t, want, in.LastSyncTime.UTC().Format(time.RFC3339Nano))
		}
	}
	noStore := func(t *testing.T, in *apono.Integration) { assert.True(t, in.SecretStoreConfig.IsZero()) }
	const sisters = `"gcp":null,"kubernetes":null,"azure":null,"hashicorp_vault":null,"apono":null`
	for name, tt := range map[string]struct {
		member string
		check  func(t *testing.T, in *apono.Integration)
	}{
		"config number":       {`"integration_config":{"k":12345678901234567890.10}`, text("k", "12345678901234567890.10")},
		"config bool":         {`"integration_config":{"k":true}`, text("k", "true")},
		"config null":         {`"integration_config":{"k":null}`, text("k", "")},
		"config object":       {`"integration_config":{"k":{"b":1.0,"a":[]}}`, text("k", `{"b":1.0,"a":[]}`)},
		"config array":        {`"integration_config":{"k":[1,"2"]}`, text("k", `[1,"2"]`)},
		"config itself null":  {`"integration_config":null`, text("k", "")},
		"secret null":         {`"secret_store_config":null`, noStore},
		"secret empty":        {`"secret_store_config":{}`, noStore},
		"secret all null":     {`"secret_store_config":{"aws":null,` + sisters + `}`, noStore},
		"secret among nulls":  {`"secret_store_config":{"aws":{"region":"r","secret_id":"s"},` + sisters + `}`, storeIs("aws")},
		"secret unknown":      {`"secret_store_config":{"vault9000":{"n":1.10},` + sisters + `}`, storeIs("vault9000")},
		"secret a text":       {`"secret_store_config":"aws"`, storeIs("")},
		"time RFC 3339":       {`"last_sync_time":"2025-05-01T10:00:00Z"`, at("2025-05-01T10:00:00Z")},
		"time with offset":    {`"last_sync_time":"2025-05-01T12:00:00.000000005+02:00"`, at("2025-05-01T10:00:00.000000005Z")},
		"time number":         {`"last_sync_time":1746093600.000000005`, at("2025-05-01T10:00:00.000000005Z")},
		"time exponent":       {`"last_sync_time":1.7460936005E9`, at("2025-05-01T10:00:00.5Z")},
		"time quoted number":  {`"last_sync_time":"1746093600.5"`, at("2025-05-01T10:00:00.5Z")},
		"time null":           {`"last_sync_time":null`, at("")},
		"time empty":          {`"last_sync_time":""`, at("")},
		"time without zone":   {`"last_sync_time":"2025-05-01T10:00:00"`, at("")},
		"time an object":      {`"last_sync_time":{}`, at("")},
		"status unknown":      {`"status":"connected"`, func(t *testing.T, in *apono.Integration) { assert.Equal(t, apono.Status("connected"), in.Status) }},
		"status null":         {`"status":null`, func(t *testing.T, in *apono.Integration) { assert.Empty(t, in.Status) }},
		"owner null":          {`"owner":null,"owners_mapping":null`, func(t *testing.T, in *apono.Integration) { assert.Nil(t, in.Owner) }},
		"optional texts null": {`"connector_id":null,"custom_access_details":null`, func(t *testing.T, in *apono.Integration) { assert.Empty(t, in.ConnectorID+in.CustomAccessDetails) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := `{"id":"i","name":"n",` + tt.member + `}`
			_, c := newWire(t, []answer{good(body), good(`{"items":[{"id":"h"},` + body + `],"pagination":null}`)})
			got, err := c.Integrations.Get(t.Context(), "i")
			require.NoError(t, err)
			tt.check(t, got)
			items, err := drain(c.Integrations.List(t.Context(), nil))
			require.NoError(t, err)
			require.Equal(t, []string{"h", "i"}, idsOf(items))
			tt.check(t, items[1])
		})
	}
}

func storeIs(name string) func(t *testing.T, in *apono.Integration) {
	return func(t *testing.T, in *apono.Integration) {
		t.Helper()
		switch v := in.SecretStoreConfig.Value.(type) {
		case *apono.AWSSecret:
			assert.Equal(t, "aws", name)
		case *apono.UnknownSecret:
			assert.Equal(t, name, strings.Join(v.Names, ","))
			assert.True(t, json.Valid(v.Raw))
		default:
			assert.Fail(t, "another store", "%T", v)
		}
	}
}

func TestTwoSecretStoresAreAnErrorThatNamesBoth(t *testing.T) {
	t.Parallel()
	const two = `{"id":"i","secret_store_config":{"kubernetes":{"namespace":"n","name":"s3cr3t"},"aws":{"region":"r","secret_id":"s"},"gcp":null}}`
	_, c := newWire(t, []answer{good(two), good(two), good(`{"items":[` + two + `,{"id":"j"}]}`)})
	for _, err := range []error{
		failing(c.Integrations.Get(t.Context(), "i")), failing(c.Integrations.Update(t.Context(), "i", apono.IntegrationUpdate{IntegrationConfig: apono.Config{}, Name: "n"})),
	} {
		e := errorOf(t, err)
		assert.Equal(t, 200, e.StatusCode)
		assert.Contains(t, e.Error(), "aws and kubernetes")
	}
	items, err := drain(c.Integrations.List(t.Context(), nil))
	require.NoError(t, err, "one odd integration must not hide the others")
	require.Equal(t, []string{"i", "j"}, idsOf(items))
	unknown, ok := items[0].SecretStoreConfig.Value.(*apono.UnknownSecret)
	require.True(t, ok)
	assert.Equal(t, []string{"aws", "kubernetes"}, unknown.Names)
	update := apono.UpdateFrom(items[0])
	update.Name = "n"
	assertRefused(t, failing(c.Integrations.Update(t.Context(), "i", update)), "SecretStoreConfig")
}

func TestItemsOfOddTypesSpoilOnlyThemselves(t *testing.T) {
	t.Parallel()
	_, c := newWire(t, []answer{good(`{"items":[{"id":"a"},{"id":"b","name":{"x":1},"type":"mysql"},{"id":"c"}],"pagination":{"next_page_token":null}}`)})
	items, err := drain(c.Integrations.List(t.Context(), nil))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c"}, idsOf(items))
	assert.Equal(t, "mysql", items[1].Type)
	for _, pagination := range []string{`"x"`, `{"next_page_token":7}`, `[]`} {
		_, c := newWire(t, []answer{good(`{"items":[{"id":"b","name":7}],"pagination":` + pagination + `}`)})
		assert.Equal(t, 200, errorOf(t, failing(drain(c.Integrations.List(t.Context(), nil)))).StatusCode, "the walk must not end as if that were all")
	}
	_, strict := newWire(t, []answer{good(`{"items":[{"id":"b","name":{"x":1}}]}`)}, apono.WithStrict())
	require.Error(t, failing(drain(strict.Integrations.List(t.Context(), nil))))
}

// A list without its items is no list, and an object without its id no object: such are the error documents of a proxy.
func TestDocumentsOfAnotherKindAreErrors(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"error document": `{"error":"maintenance"}`, "empty object": `{}`, "text": `"ok"`, "null": `null`, "nothing": ``, "array of texts": `["x"]`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range wireCalls() {
				if tt.method == http.MethodDelete || strings.HasPrefix(tt.name, "IntegrationsV2.Refresh") || strings.HasPrefix(tt.name, "Resources.SetUserTags") {
					continue // replies that carry nothing have their own test
				}
				_, c := newWire(t, []answer{good(body)})
				e := errorOf(t, tt.do(t.Context(), c))
				assert.Equal(t, 200, e.StatusCode, tt.name)
				assert.Equal(t, body, string(e.Body), tt.name)
			}
		})
	}
}

func TestNullForItemsIsAnEmptyList(t *testing.T) {
	t.Parallel()
	srv, c := styled(t, aponotest.Style{NullItems: true})
	items, err := drain(c.Integrations.List(t.Context(), nil))
	require.NoError(t, err)
	assert.Empty(t, items)
	id := srv.Add(map[string]any{"name": "n"})
	permissions, err := drain(c.Resources.Permissions(t.Context(), id, ""))
	require.NoError(t, err)
	assert.Empty(t, permissions)
}

func TestStrictReadsWhatTheSpecificationPromises(t *testing.T) {
	t.Parallel()
	srv := aponotest.NewServer(t, aponotest.WithUserInformation())
	c := clientOf(t, srv, apono.WithStrict())
	x := t.Context()
	made, err := c.Integrations.Create(x, apono.IntegrationCreate{Name: "n", Type: "mock-duck"})
	require.NoError(t, err)
	srv.SeedResources(made.ID, aponotest.Resource{ID: "r", Type: "db"})
	srv.SeedPermissions(made.ID, aponotest.Permission{ID: "p", ResourceType: "db"})
	require.NoError(t, failing(c.IntegrationsV2.Get(x, made.ID)))
	require.NoError(t, failing(drain(c.Integrations.List(x, nil))))
	require.NoError(t, failing(drain(c.IntegrationsV2.List(x))))
	require.NoError(t, failing(drain(c.Catalog.List(x))))
	require.NoError(t, failing(drain(c.Resources.List(x, made.ID, ""))))
	require.NoError(t, failing(drain(c.Resources.Permissions(x, made.ID, ""))))
	require.NoError(t, failing(c.Resources.UserTags(x, "r")))
	require.NoError(t, failing(drain(c.Connectors.List(x, nil))))
	require.NoError(t, failing(drain(c.Connectors.ListV2(x))))
	for what, body := range map[string]string{
		"data[0].status is missing": `{"data":[{"id":"r","name":"n","type":"t"}],"pagination":{"total":1,"limit":1,"offset":0}}`,
		"pagination is missing":     `{"data":[]}`,
		"pagination.offset is":      `{"data":[],"pagination":{"total":0,"limit":0}}`,
		"data is missing":           `{"data":null,"pagination":{"total":0,"limit":0,"offset":0}}`,
	} {
		_, c := newWire(t, []answer{good(body)}, apono.WithStrict())
		assert.Contains(t, errorOf(t, failing(drain(c.Resources.List(x, "i", "")))).Error(), what)
	}
	_, c = newWire(t, []answer{good(`[{"connector_id":"c"}]`)}, apono.WithStrict())
	assert.Contains(t, errorOf(t, failing(drain(c.Connectors.ListV2(x)))).Error(), "[0].status is missing")
}
