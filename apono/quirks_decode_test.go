package apono_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

// Any member may have an unexpected form. The last column has the result of a client with
// WithStrict, "" for the same result.
func TestDecoderSurvives(t *testing.T) {
	t.Parallel()
	text := func(key, want string) func(t *testing.T, integration *apono.Integration) {
		return func(t *testing.T, integration *apono.Integration) {
			assert.Equal(t, want, integration.IntegrationConfig.Text(key))
		}
	}
	at := func(want string) func(t *testing.T, integration *apono.Integration) {
		return func(t *testing.T, integration *apono.Integration) {
			if want == "" {
				assert.True(t, integration.LastSyncTime.IsZero(), "%v", integration.LastSyncTime)
				return
			}
			assert.Equal(t, want, integration.LastSyncTime.UTC().Format(time.RFC3339Nano))
		}
	}
	noStore := func(t *testing.T, integration *apono.Integration) {
		assert.True(t, integration.SecretStoreConfig.IsZero())
	}
	const sisters = `"gcp":null,"kubernetes":null,"azure":null,"hashicorp_vault":null,"apono":null`
	for name, tt := range map[string]struct {
		member string
		check  func(t *testing.T, integration *apono.Integration)
	}{
		"config number": {`"integration_config":{"k":12345678901234567890.10}`,
			text("k", "12345678901234567890.10")},
		"config bool":        {`"integration_config":{"k":true}`, text("k", "true")},
		"config null":        {`"integration_config":{"k":null}`, text("k", "")},
		"config object":      {`"integration_config":{"k":{"b":1.0,"a":[]}}`, text("k", `{"b":1.0,"a":[]}`)},
		"config array":       {`"integration_config":{"k":[1,"2"]}`, text("k", `[1,"2"]`)},
		"config itself null": {`"integration_config":null`, text("k", "")},
		"secret null":        {`"secret_store_config":null`, noStore},
		"secret empty":       {`"secret_store_config":{}`, noStore},
		"secret all null":    {`"secret_store_config":{"aws":null,` + sisters + `}`, noStore},
		"secret among nulls": {`"secret_store_config":{"aws":{"region":"r","secret_id":"s"},` + sisters + `}`,
			storeIs("aws")},
		"secret unknown": {`"secret_store_config":{"vault9000":{"n":1.10},` + sisters + `}`, storeIs("vault9000")},
		"secret a text":  {`"secret_store_config":"aws"`, storeIs("")},
		"time RFC 3339":  {`"last_sync_time":"2025-05-01T10:00:00Z"`, at("2025-05-01T10:00:00Z")},
		"time with offset": {`"last_sync_time":"2025-05-01T12:00:00.000000005+02:00"`,
			at("2025-05-01T10:00:00.000000005Z")},
		"time number":        {`"last_sync_time":1746093600.000000005`, at("2025-05-01T10:00:00.000000005Z")},
		"time exponent":      {`"last_sync_time":1.7460936005E9`, at("2025-05-01T10:00:00.5Z")},
		"time quoted number": {`"last_sync_time":"1746093600.5"`, at("2025-05-01T10:00:00.5Z")},
		"time null":          {`"last_sync_time":null`, at("")},
		"time empty":         {`"last_sync_time":""`, at("")},
		"time without zone":  {`"last_sync_time":"2025-05-01T10:00:00"`, at("2025-05-01T10:00:00Z")},
		"time an object":     {`"last_sync_time":{}`, at("")},
		"status known": {`"status":"connected"`, func(t *testing.T, integration *apono.Integration) {
			assert.Equal(t, apono.StatusConnected, integration.Status)
		}},
		"status unknown": {`"status":"paused"`, func(t *testing.T, integration *apono.Integration) {
			assert.Equal(t, apono.Status("paused"), integration.Status)
		}},
		"status null": {`"status":null`, func(t *testing.T, integration *apono.Integration) {
			assert.Empty(t, integration.Status)
		}},
		"owner null": {`"owner":null,"owners_mapping":null`, func(t *testing.T, integration *apono.Integration) {
			assert.Nil(t, integration.Owner)
		}},
		"optional texts null": {`"connector_id":null,"custom_access_details":null`,
			func(t *testing.T, integration *apono.Integration) {
				assert.Empty(t, integration.ConnectorID+integration.CustomAccessDetails)
			}},
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

func storeIs(name string) func(t *testing.T, integration *apono.Integration) {
	return func(t *testing.T, integration *apono.Integration) {
		t.Helper()
		switch v := integration.SecretStoreConfig.Value.(type) {
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
	const two = `{"id":"i","secret_store_config":{"kubernetes":{"namespace":"n","name":"s3cr3t"},` +
		`"aws":{"region":"r","secret_id":"s"},"gcp":null}}`
	_, c := newWire(t, []answer{good(two), good(two), good(`{"items":[` + two + `,{"id":"j"}]}`)})
	for _, err := range []error{
		failing(c.Integrations.Get(t.Context(), "i")),
		failing(c.Integrations.Update(t.Context(), "i", apono.IntegrationUpdate{IntegrationConfig: apono.Config{},
			Name: "n"})),
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
	_, c := newWire(t,
		[]answer{
			good(`{"items":[{"id":"a"},{"id":"b","name":{"x":1},"type":"mysql"},{"id":"c"}],` +
				`"pagination":{"next_page_token":null}}`)})
	items, err := drain(c.Integrations.List(t.Context(), nil))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c"}, idsOf(items))
	assert.Equal(t, "mysql", items[1].Type)
	for _, pagination := range []string{`"x"`, `{"next_page_token":7}`, `[]`} {
		_, c := newWire(t, []answer{good(`{"items":[{"id":"b","name":7}],"pagination":` + pagination + `}`)})
		assert.Equal(t, 200, errorOf(t, failing(drain(c.Integrations.List(t.Context(), nil)))).StatusCode,
			"the walk must not end as if that were all")
	}
	_, strict := newWire(t, []answer{good(`{"items":[{"id":"b","name":{"x":1}}]}`)}, apono.WithStrict())
	require.Error(t, failing(drain(strict.Integrations.List(t.Context(), nil))))
}

// A list without its items, or an object without its ID, is an error. A proxy's error document
// looks like this.
func TestDocumentsOfAnotherKindAreErrors(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"error document": `{"error":"maintenance"}`, "empty object": `{}`,
		"text": `"ok"`, "null": `null`, "nothing": ``, "array of texts": `["x"]`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range wireCalls() {
				if tt.method == http.MethodDelete || strings.HasPrefix(tt.name, "IntegrationsV2.Refresh") ||
					strings.HasPrefix(tt.name, "Resources.SetUserTags") {
					continue // responses without a result have their own test
				}
				_, c := newWire(t, []answer{good(body)})
				e := errorOf(t, tt.do(t.Context(), c), tt.name)
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
		"data[0].status is missing": `{"data":[{"id":"r","name":"n","type":"t"}],"pagination":{"total":1,"limit":1,` +
			`"offset":0}}`,
		"pagination is missing": `{"data":[]}`,
		"pagination.offset is":  `{"data":[],"pagination":{"total":0,"limit":0}}`,
		"data is null":          `{"data":null,"pagination":{"total":0,"limit":0,"offset":0}}`,
	} {
		_, c := newWire(t, []answer{good(body)}, apono.WithStrict())
		assert.Contains(t, errorOf(t, failing(drain(c.Resources.List(x, "i", "")))).Error(), what)
	}
	_, c = newWire(t, []answer{good(`[{"connector_id":"c"}]`)}, apono.WithStrict())
	assert.Contains(t, errorOf(t, failing(drain(c.Connectors.ListV2(x)))).Error(), "[0].status is missing")
}

func TestWhatOnlyInformsAboutAConnectorFailsNoCall(t *testing.T) {
	for member, version := range map[string]string{
		`"sessions":[{"id":"s","last_connected_time":"2025-04-17T10:00:00Z",` +
			`"metadata":{"connector_version":{"version":"1.2","commit":"abc","build_date":"x"}}}]`: "1.2",
		`"sessions":[{"id":"s",` +
			`"metadata":{"connector_version":"1.3"}}]`: "1.3",
		`"sessions":[{"id":"s","metadata":{"connector_version":1.4,` +
			`"cloud_provider_metadata":5}}]`: "1.4",
		`"sessions":[{"id":"s",` +
			`"metadata":{"connector_version":["1"]}}]`: "",
		`"version":{"version":"1.2"}`: "none", `"is_latest_version":"yes"`: "none",
		`"status":7,"last_connected":{}`: "none",
	} {
		body := `{"id":"c-1","name":"one",` + member + `}`
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, body)
		}))
		c, err := apono.New(apono.WithToken("token"), apono.WithBaseURL(srv.URL), apono.WithPlainHTTP())
		require.NoError(t, err)
		got, err := c.Connectors.Get(t.Context(), "c-1")
		require.NoError(t, err, member)
		assert.Equal(t, "one", got.Name)
		if version != "none" {
			assert.Equal(t, version, got.Sessions[0].Metadata.ConnectorVersion, member)
		}
		renamed, err := c.Connectors.Rename(t.Context(), "c-1", "one")
		require.NoError(t, err, member)
		assert.Equal(t, got, renamed)
		srv.Close()
	}
}
