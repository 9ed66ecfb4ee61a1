package confluent_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func draftOf(p confluent.Provider) confluent.IntegrationCreate {
	return confluent.IntegrationCreate{DisplayName: "n", Provider: p, Environment: inEnv}
}

func styled(t *testing.T, style confluenttest.Style) (*confluenttest.Server, *confluent.Client) {
	t.Helper()
	return newPair(t, confluenttest.WithStyle(style))
}

// quirk runs a subtest of a difference between the specification and the responses of real servers.
// They are numbered in the order in which they were found.
func quirk(t *testing.T, number int, words string, f func(t *testing.T)) {
	t.Helper()
	t.Run(fmt.Sprintf("%02d %s", number, words), func(t *testing.T) {
		t.Parallel()
		f(t)
	})
}

// Values of members that differ from the specification.
func TestQuirks(t *testing.T) {
	t.Parallel()
	quirk(t, 1, "provider comes in lower case", func(t *testing.T) {
		for upper, sent := range map[bool]string{false: "azure", true: "AZURE"} {
			_, c := styled(t, confluenttest.Style{UpperProvider: upper})
			var body []byte
			made, err := c.Integrations.Create(t.Context(), draftOf(confluent.ProviderAzure),
				confluent.WithRawBody(&body))
			require.NoError(t, err)
			assert.Contains(t, string(body), `"provider":"`+sent+`"`)
			assert.Equal(t, confluent.ProviderAzure, made.Provider, "the constant's spelling")
			assert.NotEqual(t, confluent.ProviderGCP, made.Provider)
		}
	})

	quirk(t, 2, "unset customer field is empty or absent", func(t *testing.T) {
		for _, omit := range []bool{false, true} {
			_, c := styled(t, confluenttest.Style{OmitUnset: omit})
			made, err := c.Integrations.Create(t.Context(), draftOf(confluent.ProviderGCP))
			require.NoError(t, err)
			assert.Equal(t, !omit, strings.Contains(string(made.Config.RawJSON()), "customer_google_service_account"),
				"what the server sends")
			cfg := made.Config.Value.(*confluent.GCPConfig)
			assert.Empty(t, cfg.CustomerGoogleServiceAccount)
			assert.NotEmpty(t, cfg.GoogleServiceAccount)
			sent, err := json.Marshal(made.Config.Writable())
			require.NoError(t, err)
			assert.JSONEq(t, `{"kind":"GcpIntegrationConfig"}`, string(sent))
		}
	})

	quirk(t, 12, "environment comes with empty related and resource_name", func(t *testing.T) {
		_, c := styled(t, confluenttest.Style{BlankEnvironment: true})
		made, err := c.Integrations.Create(t.Context(), draftOf("gcp"))
		require.NoError(t, err)
		assert.Equal(t, inEnv, made.Environment)
	})

	quirk(t, 13, "usages are absent, empty or filled", func(t *testing.T) {
		srv, c := styled(t, confluenttest.Style{OmitUsages: true})
		id := srv.Add(env, map[string]any{"config": map[string]string{"kind": "GcpIntegrationConfig",
			"customer_google_service_account": gcpAccount}})
		listed := func() []string {
			items, err := drain(c.Integrations.List(t.Context(), env, nil))
			require.NoError(t, err)
			require.Len(t, items, 1)
			return items[0].Usages
		}
		assert.Equal(t, []string{}, listed())
		srv.SetUsages(id, "crn://a", "crn://b")
		assert.Equal(t, []string{"crn://a", "crn://b"}, listed())
		got, err := c.Integrations.Get(t.Context(), env, id)
		require.NoError(t, err)
		assert.Nil(t, got.Usages)
	})

	quirk(t, 14, "Confluent's application id is no GUID", func(t *testing.T) {
		srv, c := newPair(t)
		id := srv.Add(env, map[string]any{"config": map[string]string{"kind": "AzureIntegrationConfig",
			"confluent_multi_tenant_app_id": "app-123456789"}})
		got, err := c.Integrations.Get(t.Context(), env, id)
		require.NoError(t, err)
		assert.Equal(t, "app-123456789", got.Config.Value.(*confluent.AzureConfig).ConfluentMultiTenantAppID)
	})

	quirk(t, 16, "both IAM roles are the same, and an id has another prefix", func(t *testing.T) {
		srv, c := newPair(t)
		srv.Add(env, map[string]any{"id": "dlz-abc", "api_version": "pim/v1", "config": map[string]string{
			"kind": "AwsIntegrationConfig", "customer_iam_role_arn": role, "iam_role_arn": role,
		}})
		got, err := c.IntegrationsV1.Get(t.Context(), env, "dlz-abc")
		require.NoError(t, err)
		cfg := got.Config.Value.(*confluent.AWSConfig)
		assert.Equal(t, []string{role, role}, []string{cfg.CustomerIAMRoleARN, cfg.IAMRoleARN})
	})

	quirk(t, 21, "kind may be the name of the schema", func(t *testing.T) {
		for kind, want := range map[string]confluent.ConfigValue{
			"pim.v1.AwsIntegrationConfig":   &confluent.AWSConfig{},
			"pim.v2.AwsIntegrationConfig":   &confluent.AWSConfig{},
			"pim.v2.AzureIntegrationConfig": &confluent.AzureConfig{},
			"pim.v2.GcpIntegrationConfig":   &confluent.GCPConfig{},
		} {
			srv, c := newPair(t)
			srv.AddRaw(env, json.RawMessage(`{"id":"cspi-1","config":{"kind":"`+kind+`"}}`))
			got, err := c.Integrations.Get(t.Context(), env, "cspi-1")
			require.NoError(t, err)
			assert.Equal(t, want, got.Config.Value)
			assert.Equal(t, strings.TrimPrefix(strings.TrimPrefix(kind, "pim.v1."), "pim.v2."), got.Config.Kind())
		}
	})
}

// Statuses and bodies of responses.
func TestQuirksOfResponses(t *testing.T) {
	t.Parallel()
	quirk(t, 3, "create is answered 200 or 201", func(t *testing.T) {
		for ok, want := range map[bool]int{true: 200, false: 201} {
			_, c := styled(t, confluenttest.Style{CreateOK: ok})
			var meta sdk.Meta
			made, err := c.Integrations.Create(t.Context(), draftOf("gcp"), confluent.WithMeta(&meta))
			require.NoError(t, err)
			assert.NotEmpty(t, made.ID)
			assert.Equal(t, want, meta.StatusCode)
		}
	})

	quirk(t, 4, "delete is answered 204, or 200 with an empty object or nothing", func(t *testing.T) {
		srv, c := styled(t, confluenttest.Style{DeleteOK: true})
		id := srv.Add(env, map[string]any{"api_version": "pim/v1", "provider": "AWS"})
		var meta sdk.Meta
		var raw []byte
		require.NoError(t, c.IntegrationsV1.Delete(t.Context(), env, id, confluent.WithMeta(&meta),
			confluent.WithRawBody(&raw)))
		assert.Equal(t, 200, meta.StatusCode)
		assert.Equal(t, "{}", string(raw))
		id = srv.Add(env, map[string]any{"provider": "gcp"})
		require.NoError(t, c.Integrations.Delete(t.Context(), env, id, confluent.WithMeta(&meta)))
		assert.Equal(t, 204, meta.StatusCode)
		srv.Inject(confluenttest.Fault{Status: 200})
		require.NoError(t, c.Integrations.Delete(t.Context(), env, id))
		srv.Inject(confluenttest.Fault{Status: 200, Body: "<html>sign in</html>"})
		require.Error(t, c.Integrations.Delete(t.Context(), env, id), "a page of a proxy has deleted nothing")
	})

	quirk(t, 5, "404 without a body, declared as JSON", func(t *testing.T) {
		srv, c := styled(t, confluenttest.Style{EmptyNotFound: true})
		_, err := c.Integrations.Get(t.Context(), env, "cspi-invalid")
		e := errorOf(t, err)
		assert.Equal(t, []string{"NotFound"}, conditions(e))
		assert.Equal(t, "application/json", e.Header.Get("Content-Type"))
		assert.Empty(t, e.Body)
		assert.Equal(t, srv.Calls()[0].RequestID, e.RequestID)
	})

	quirk(t, 6, "200 without a body is an error", func(t *testing.T) {
		srv, c := newPair(t)
		srv.Inject(confluenttest.Fault{Operation: opGet, Status: 200})
		got, err := c.Integrations.Get(t.Context(), env, "cspi-1")
		assert.Nil(t, got)
		e := errorOf(t, err)
		assert.Equal(t, 200, e.StatusCode)
		assert.Contains(t, e.Error(), "no body")
	})

	quirk(t, 7, "404 in plain text where a route is missing", func(t *testing.T) {
		srv, c := newPair(t)
		srv.Inject(confluenttest.Fault{Operation: opValidate, Status: 404, Body: "404 page not found\n",
			Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}})
		e := errorOf(t, c.Integrations.Validate(t.Context(), confluent.IntegrationValidate{ID: "cspi-1",
			Environment: inEnv}))
		assert.Equal(t, []string{"NotFound"}, conditions(e))
		assert.Equal(t, "404 page not found", e.Detail)
		assert.Equal(t, "/pim/v2/integrations:validate", e.Path)
	})
}

// Errors that differ from the specification.
func TestQuirksOfErrors(t *testing.T) {
	t.Parallel()
	quirk(t, 8, "error_code is a number or a text, without a list of errors", func(t *testing.T) {
		srv, c := styled(t, confluenttest.Style{FlatErrors: true})
		_, err := c.Integrations.Get(t.Context(), env, "gone")
		assert.Equal(t, "404", errorOf(t, err).Code)
		assert.Contains(t, errorOf(t, err).Detail, "was not found")
		srv.Inject(confluenttest.Fault{Operation: opGet, Status: 400, Body: `{"error_code":"400","message":"m"}`})
		_, err = c.Integrations.Get(t.Context(), env, "gone")
		assert.Equal(t, "400", errorOf(t, err).Code)
		assert.Equal(t, "m", errorOf(t, err).Detail)
	})

	quirk(t, 9, "an error's source is empty and its title missing", func(t *testing.T) {
		srv, c := newPair(t)
		srv.Inject(confluenttest.Fault{Operation: opGet, Status: 400,
			Body: `{"errors":[{"id":"o","status":"400","code":"bad_request","detail":"d","source":{}}]}`})
		_, err := c.Integrations.Get(t.Context(), env, "x")
		assert.Equal(t, []confluent.Problem{{ID: "o", Status: "400", Code: "bad_request", Detail: "d"}},
			errorOf(t, err).Problems)
	})

	quirk(t, 18, "403 for what does not exist", func(t *testing.T) {
		srv, c := styled(t, confluenttest.Style{NotFound: 403, FlatErrors: true})
		_, err := c.Integrations.Get(t.Context(), env, "gone")
		assert.Equal(t, []string{"Forbidden"}, conditions(err), "it may as well be there: only the caller can know")
		require.ErrorIs(t, c.Integrations.Delete(t.Context(), env, "gone"), confluent.ErrForbidden)

		id := srv.Add(env, map[string]any{"provider": "gcp"})
		srv.Inject(confluenttest.Fault{Method: "DELETE", Lost: true, Apply: true})
		require.NoError(t, c.Integrations.Delete(t.Context(), env, id),
			"the attempt whose response was lost has deleted it")
		assert.Empty(t, srv.Integrations(env))
	})

	quirk(t, 19, "a quota is refused with 400", func(t *testing.T) {
		for status, want := range map[int][]string{400: {"Invalid", "QuotaExceeded"}, 402: {"QuotaExceeded"}} {
			for _, flat := range []bool{false, true} { // a flat document has only the text
				_, c := newPair(t, confluenttest.WithQuota(1, 0),
					confluenttest.WithStyle(confluenttest.Style{V2Quota: status, FlatErrors: flat}))
				_, err := c.Integrations.Create(t.Context(), draftOf("gcp"))
				require.NoError(t, err)
				_, err = c.Integrations.Create(t.Context(), draftOf("gcp"))
				assert.Equal(t, want, conditions(err), "flat %v", flat)
			}
		}
	})

	quirk(t, 20, "gzip without a header that says so", func(t *testing.T) {
		srv, c := newPair(t)
		srv.Inject(confluenttest.Fault{Operation: opGet, Status: 404,
			Body:   gzipped(t, `{"errors":[{"detail":"not here"}]}`),
			Header: http.Header{"Content-Type": {"application/json"}}})
		srv.Inject(confluenttest.Fault{Operation: opList, Status: 200,
			Body:   gzipped(t, `{"data":[{"id":"a"}],"metadata":{}}`),
			Header: http.Header{"Content-Type": {"application/json"}}})
		_, err := c.Integrations.Get(t.Context(), env, "x")
		assert.Equal(t, "not here", errorOf(t, err).Detail)
		items, err := drain(c.Integrations.List(t.Context(), env, nil))
		require.NoError(t, err)
		assert.Equal(t, "a", items[0].ID)
	})
}

// Lists that differ from the specification.
func TestQuirksOfLists(t *testing.T) {
	t.Parallel()
	quirk(t, 10, "a list without api_version and kind, items too", func(t *testing.T) {
		srv, c := styled(t, confluenttest.Style{BareLists: true})
		srv.AddRaw(env, json.RawMessage(`{"id":"cspi-1","environment":{"id":"env-1"},"status":"DRAFT"}`))
		items, err := drain(c.Integrations.List(t.Context(), env, nil))
		require.NoError(t, err)
		require.Len(t, items, 1)
		assert.Equal(t, "cspi-1", items[0].ID)
		assert.Empty(t, items[0].APIVersion+items[0].Kind)
		assert.True(t, items[0].Config.IsZero())
	})

	quirk(t, 11, "metadata is empty, next relative with \\u0026 or &, the last page null", func(t *testing.T) {
		srv, c := styled(t, confluenttest.Style{RelativeNext: true, TrailingPage: true, BareMetadata: true})
		for range 5 {
			srv.Add(env, map[string]any{"provider": "gcp"})
		}
		var raws []string
		var raw []byte
		var sizes []int
		for page, err := range c.Integrations.Pages(t.Context(), env, &confluent.ListOptions{PageSize: 2,
			Provider: "gcp"}, confluent.WithRawBody(&raw)) {
			require.NoError(t, err)
			raws = append(raws, string(raw))
			sizes = append(sizes, len(page.Items))
			assert.Zero(t, page.Total)
		}
		assert.Equal(t, []int{2, 2, 1, 0}, sizes)
		assert.Contains(t, raws[0], `\u0026page_token=`)
		assert.Contains(t, raws[3], `"data":null`)
		assert.Contains(t, raws[3], `"metadata":{}`)

		w := newTap(t,
			answer(200,
				`{"data":[{"id":"a"}],"metadata":{"next":"/pim/v2/integrations&page_token=tok%2F1&page_size=2"}}`),
			answer(200, `{"data":null,"metadata":{}}`))
		items, err := drain(w.client(t).Integrations.List(t.Context(), env, nil))
		require.NoError(t, err)
		assert.Len(t, items, 1)
		assert.Equal(t, "tok/1", w.requests()[1].query.Get("page_token"))
	})

	quirk(t, 22, "config is absent or null on an item of v1", func(t *testing.T) {
		srv, c := newPair(t)
		srv.AddRaw(env, json.RawMessage(`{"id":"cspi-1","api_version":"pim/v1"}`))
		srv.AddRaw(env, json.RawMessage(`{"id":"cspi-2","api_version":"pim/v1","config":null}`))
		srv.Add(env, map[string]any{"id": "cspi-3", "provider": "gcp"})
		items, err := drain(c.IntegrationsV1.List(t.Context(), env, nil))
		require.NoError(t, err)
		require.Len(t, items, 3)
		for _, item := range items[:2] {
			assert.True(t, item.Config.IsZero())
			assert.Empty(t, item.Config.Kind())
			assert.True(t, item.Config.Writable().IsZero())
		}
		assert.IsType(t, &confluent.GCPConfig{}, items[2].Config.Value, "v1 lists what only v2 can create")
	})
}

// Requests of other clients, and the life cycle.
func TestQuirksOfRequests(t *testing.T) {
	t.Parallel()
	quirk(t, 15, "other clients send empty members in environment, this one does not", func(t *testing.T) {
		srv, c := styled(t, confluenttest.Style{BlankEnvironment: true})
		made, err := c.Integrations.Create(t.Context(), draftOf("azure"))
		require.NoError(t, err)
		_, err = c.Integrations.Update(t.Context(), made.ID, confluent.IntegrationUpdate{
			Environment: made.Environment, Config: azureConfig(tenantID),
		})
		require.NoError(t, err)
		require.NoError(t, c.Integrations.Validate(t.Context(), confluent.IntegrationValidate{ID: made.ID,
			Environment: made.Environment}))
		for _, call := range srv.Calls() {
			assert.NotContains(t, string(call.Body), "related")
			assert.NotContains(t, string(call.Body), "resource_name")
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/pim/v2/integrations",
			strings.NewReader(`{"provider":"gcp","environment":{"id":"env-1","related":"","resource_name":""}}`))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		resp, err := c.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		assert.Equal(t, 201, resp.StatusCode)
	})

	quirk(t, 17, "CREATED before a validation has passed, ACTIVE and others without an announced transition",
		func(t *testing.T) {
			srv, c := newPair(t)
			made, err := c.Integrations.Create(t.Context(), draftOf("gcp"))
			require.NoError(t, err)
			srv.FailValidation(made.ID, -1, "")
			done, err := c.Integrations.Update(t.Context(), made.ID, confluent.IntegrationUpdate{Environment: inEnv,
				Config: gcpConfig(gcpAccount)})
			require.NoError(t, err)
			assert.Equal(t, confluent.StatusCreated, done.Status)
			err = c.Integrations.Validate(t.Context(), confluent.IntegrationValidate{ID: made.ID, Environment: inEnv})
			assert.Equal(t, []string{"Invalid"}, conditions(err))
			srv.SetUsages(made.ID, "crn://a")
			srv.AddRaw(env, json.RawMessage(`{"id":"cspi-9","status":"SUSPENDED"}`))
			items, err := drain(c.Integrations.List(t.Context(), env, nil))
			require.NoError(t, err)
			require.Len(t, items, 2)
			assert.Equal(t, []confluent.Status{confluent.StatusActive, "SUSPENDED"}, []confluent.Status{items[0].Status,
				items[1].Status})
		})
}
