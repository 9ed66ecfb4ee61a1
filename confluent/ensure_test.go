package confluent_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func awsV1(name, role string) confluent.IntegrationCreateV1 {
	return confluent.IntegrationCreateV1{
		DisplayName: name, Environment: inEnv,
		Config: confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: role}},
	}
}

// seeds are the objects that exist before Ensure runs.
type seeds []map[string]any

func seed(name, provider, kind, member, value string) map[string]any {
	return map[string]any{"display_name": name, "provider": provider, "config": map[string]any{"kind": kind,
		member: value}}
}

func azureSeed(name, tenant string) map[string]any {
	return seed(name, "azure", "AzureIntegrationConfig", "customer_azure_tenant_id", tenant)
}

func with(m map[string]any, name string, value any) map[string]any {
	m[name] = value
	return m
}

// ensureCase is the state of a server with the result of Ensure.
type ensureCase struct {
	there seeds
	style confluenttest.Style
	in    confluent.IntegrationCreate

	action sdk.EnsureAction
	sent   []string
	status confluent.Status
	id     string // "" means the first one
	left   int    // 0 means one
}

func (tc ensureCase) check(t *testing.T) {
	t.Helper()
	t.Parallel()
	srv, c := newPair(t, confluenttest.WithStyle(tc.style))
	for _, s := range tc.there {
		srv.Add(env, s)
	}
	got, err := c.Integrations.Ensure(t.Context(), tc.in)
	require.NoError(t, err)
	assert.Equal(t, tc.action, got.Action)
	assert.Equal(t, tc.status, got.Integration.Status)
	if tc.id == "" {
		tc.id = "cspi-00001"
	}
	assert.Equal(t, tc.id, got.Integration.ID)
	assert.Empty(t, got.Differences)
	assert.Equal(t, tc.sent, sent(srv))

	for range 2 { // later runs only read
		srv.ResetCalls()
		again, err := c.Integrations.Ensure(t.Context(), tc.in)
		require.NoError(t, err)
		assert.Equal(t, sdk.EnsureUnchanged, again.Action)
		assert.Equal(t, tc.id, again.Integration.ID)
		assert.Equal(t, []string{"GET 200"}, sent(srv))
	}
	assert.Len(t, srv.Integrations(env), max(tc.left, 1))
}

func TestEnsureDoesOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	draft := func(name string) map[string]any { return map[string]any{"display_name": name, "provider": "azure"} }
	for name, tc := range map[string]ensureCase{
		"nothing there": {
			in: azure("vault", tenantID), action: sdk.EnsureCreated,
			sent: []string{"GET 200", "POST 201", "PATCH 200"}, status: confluent.StatusCreated,
		},
		"nothing there, and no config wanted": {
			in:     confluent.IntegrationCreate{DisplayName: "vault", Provider: "azure", Environment: inEnv},
			action: sdk.EnsureCreated, sent: []string{"GET 200", "POST 201"}, status: confluent.StatusDraft,
		},
		"names that only contain it": {
			there: seeds{azureSeed("vault-2", tenantID), azureSeed("my vault", tenantID), azureSeed("Vault", tenantID)},
			in:    azure("vault", tenantID), action: sdk.EnsureCreated,
			sent: []string{"GET 200", "POST 201", "PATCH 200"}, status: confluent.StatusCreated, id: "cspi-00004",
			left: 4,
		},
		"a draft that someone left": {
			there: seeds{draft("vault")}, in: azure("vault", tenantID), action: sdk.EnsureConfigured,
			sent: []string{"GET 200", "PATCH 200"}, status: confluent.StatusCreated,
		},
		"a draft whose unset member is absent": {
			there: seeds{draft("vault")}, style: confluenttest.Style{OmitUnset: true},
			in: azure("vault", tenantID), action: sdk.EnsureConfigured,
			sent: []string{"GET 200", "PATCH 200"}, status: confluent.StatusCreated,
		},
		"a draft, and no config wanted": {
			there:  seeds{draft("vault")},
			in:     confluent.IntegrationCreate{DisplayName: "vault", Provider: "AZURE", Environment: inEnv},
			action: sdk.EnsureUnchanged, sent: []string{"GET 200"}, status: confluent.StatusDraft,
		},
		"as wanted": {
			there: seeds{azureSeed("vault", tenantID)}, in: azure("vault", tenantID),
			action: sdk.EnsureUnchanged, sent: []string{"GET 200"}, status: confluent.StatusCreated,
		},
		"as wanted, and in use": {
			there:  seeds{with(azureSeed("vault", tenantID), "usages", []string{"crn://x"})},
			in:     azure("vault", tenantID),
			action: sdk.EnsureUnchanged, sent: []string{"GET 200"}, status: confluent.StatusActive,
		},
		"in use, and no config wanted": {
			there:  seeds{with(azureSeed("vault", tenantID), "usages", []string{"crn://x"})},
			in:     confluent.IntegrationCreate{DisplayName: "vault", Provider: "azure", Environment: inEnv},
			action: sdk.EnsureUnchanged, sent: []string{"GET 200"}, status: confluent.StatusActive,
		},
		"as wanted, in a state that this release does not know": {
			there: seeds{with(azureSeed("vault", tenantID), "status", "PAUSED")}, in: azure("vault", tenantID),
			action: sdk.EnsureUnchanged, sent: []string{"GET 200"}, status: "PAUSED",
		},
		"tenant and provider in other cases": {
			there: seeds{azureSeed("vault", strings.ToUpper(tenantID))},
			style: confluenttest.Style{UpperProvider: true},
			in:    azure("vault", tenantID), action: sdk.EnsureUnchanged, sent: []string{"GET 200"},
			status: confluent.StatusCreated,
		},
		"a kind named by its schema": {
			there: seeds{seed("vault", "azure", "pim.v2.AzureIntegrationConfig", "customer_azure_tenant_id", tenantID)},
			in:    azure("vault", tenantID), action: sdk.EnsureUnchanged, sent: []string{"GET 200"},
			status: confluent.StatusCreated,
		},
		"more members than wanted": {
			there: seeds{with(azureSeed("vault", tenantID), "config", map[string]any{"kind": "AzureIntegrationConfig",
				"customer_azure_tenant_id": tenantID, "region": "eu"})},
			in: azure("vault", tenantID), action: sdk.EnsureUnchanged, sent: []string{"GET 200"},
			status: confluent.StatusCreated,
		},
		"an unknown kind, written in another way": {
			there: seeds{{"display_name": "vault", "provider": "gcp", "status": "CREATED",
				"config": json.RawMessage(`{"kind":"Newer","own":"x","scope":{"b":[1,2.50],"a":"\u00e9 <"}}`)}},
			in: confluent.IntegrationCreate{
				DisplayName: "vault", Provider: "GCP", Environment: inEnv,
				Config: unknownConfig(`{ "scope": { "a": "é \u003c", "b": [ 1, 2.50 ] }, "kind": "Newer", ` +
					`"unset": "" }`),
			},
			action: sdk.EnsureUnchanged, sent: []string{"GET 200"}, status: confluent.StatusCreated,
		},
		"no provider told by the server": {
			there: seeds{{"display_name": "vault", "status": "CREATED",
				"config":   map[string]any{"kind": "AzureIntegrationConfig", "customer_azure_tenant_id": tenantID},
				"provider": nil}},
			in: azure("vault", tenantID), action: sdk.EnsureUnchanged, sent: []string{"GET 200"},
			status: confluent.StatusCreated,
		},
	} {
		t.Run(name, tc.check)
	}
}

func TestEnsureNamesWhatConflicts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		there map[string]any
		in    confluent.IntegrationCreate
		diff  []string
	}{
		"another tenant": {azureSeed("vault", tenantID[:35]+"9"), azure("vault", tenantID),
			[]string{"Config.customer_azure_tenant_id"}},
		"another provider": {seed("vault", "gcp", "GcpIntegrationConfig", "customer_google_service_account",
			gcpAccount), azure("vault", tenantID), []string{"Provider", "Config.kind"}},
		"a draft of another provider": {
			map[string]any{"display_name": "vault", "provider": "gcp"}, azure("vault", tenantID), []string{"Provider"},
		},
		"another provider, and no config wanted": {
			map[string]any{"display_name": "vault", "provider": "gcp"},
			confluent.IntegrationCreate{DisplayName: "vault", Provider: "azure", Environment: inEnv},
			[]string{"Provider"},
		},
		"a draft that is configured in another way": {
			with(azureSeed("vault", tenantID[:35]+"9"), "status", "DRAFT"), azure("vault", tenantID),
			[]string{"Config.customer_azure_tenant_id"},
		},
		"members of an unknown kind, whose case may matter": {
			map[string]any{"display_name": "vault", "status": "CREATED", "config": map[string]any{"kind": "Newer",
				"a": "X", "b": json.Number("10000000000000000000"), "c": "same"}},
			confluent.IntegrationCreate{DisplayName: "vault", Provider: "gcp", Environment: inEnv,
				Config: unknownConfig(`{"kind":"Newer","a":"x","b":10000000000000000001,"c":"same","d":true}`)},
			[]string{"Config.a", "Config.b", "Config.d"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			id := srv.Add(env, tc.there)
			got, err := c.Integrations.Ensure(t.Context(), tc.in)
			require.ErrorIs(t, err, confluent.ErrConflict)
			errorOf(t, err)
			require.NotNil(t, got)
			assert.Equal(t, sdk.EnsureConflicting, got.Action)
			assert.Equal(t, tc.diff, got.Differences)
			assert.Equal(t, id, got.Integration.ID)
			assert.ErrorContains(t, err, id)
			assert.ErrorContains(t, err, strings.Join(tc.diff, ", "))
			assert.Equal(t, []string{"GET 200"}, sent(srv), "nothing may be changed")
		})
	}
}

// If the list does not show the configuration, Ensure reads the integration. Members that are still
// missing count as equal.
func TestEnsureReadsWhatTheListDoesNotShow(t *testing.T) {
	t.Parallel()
	item := func(config string) string {
		return `{"id":"cspi-1","display_name":"vault","status":"CREATED","provider":"azure"` + config + `}`
	}
	ours := `,"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenantID + `"}`
	theirs := `,"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"other"}`
	for config, action := range map[string]sdk.EnsureAction{
		ours: sdk.EnsureUnchanged, "": sdk.EnsureUnchanged, theirs: sdk.EnsureConflicting,
	} {
		w := newTap(t, answer(200, `{"data":[`+item("")+`]}`), answer(200, item(config)))
		got, err := w.client(t).Integrations.Ensure(t.Context(), azure("vault", tenantID))
		assert.Equal(t, action == sdk.EnsureConflicting, errors.Is(err, confluent.ErrConflict), config)
		assert.Equal(t, action, got.Action, config)
		assert.Len(t, w.requests(), 2)
	}
}

func TestEnsureRefusesToChooseBetweenTwo(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	a, b := srv.Add(env, azureSeed("vault", tenantID)), srv.Add(env, azureSeed("vault", tenantID))
	got, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID))
	requireAmbiguous(t, err, a, b)
	assert.Nil(t, got)
	assert.Equal(t, []string{"GET 200"}, sent(srv))

	v1 := func(n string) map[string]any {
		return map[string]any{"api_version": "pim/v1", "display_name": "s3",
			"config": map[string]any{"kind": "AwsIntegrationConfig", "customer_iam_role_arn": role + n}}
	}
	a, b = srv.Add(env, v1("1")), srv.Add(env, v1("2"))
	srv.ResetCalls()
	gotV1, err := c.IntegrationsV1.Ensure(t.Context(), awsV1("s3", role+"1"))
	requireAmbiguous(t, err, a, b)
	assert.Nil(t, gotV1)
	assert.Equal(t, []string{"GET 200"}, sent(srv))
}

func requireAmbiguous(t *testing.T, err error, ids ...string) {
	t.Helper()
	require.ErrorIs(t, err, confluent.ErrConflict)
	var ambiguous *sdk.AmbiguousError
	require.ErrorAs(t, err, &ambiguous)
	assert.Equal(t, ids, ambiguous.IDs)
	errorOf(t, err)
}

func TestEnsureV1(t *testing.T) {
	t.Parallel()
	there := func(name, version, provider, role string) map[string]any {
		s := seed(name, provider, "AwsIntegrationConfig", "customer_iam_role_arn", role)
		return with(s, "api_version", version)
	}
	for name, tc := range map[string]struct {
		there  seeds
		faults []confluenttest.Fault
		action sdk.EnsureAction
		sent   []string
		is     error
		diff   []string
	}{
		"nothing there": {
			action: sdk.EnsureCreated, sent: []string{"GET 200", "POST 201"},
		},
		"another name": {
			there:  seeds{there("s3-2", "pim/v1", "AWS", role+"2")},
			action: sdk.EnsureCreated, sent: []string{"GET 200", "POST 201"},
		},
		"as wanted, the provider in lower case": {
			there:  seeds{there("s3", "pim/v1", "aws", role)},
			action: sdk.EnsureUnchanged, sent: []string{"GET 200"},
		},
		"another role": {
			there:  seeds{there("s3", "pim/v1", "AWS", role+"2")},
			action: sdk.EnsureConflicting, sent: []string{"GET 200"}, is: confluent.ErrConflict,
			diff: []string{"Config.customer_iam_role_arn"},
		},
		"another cloud's": {
			there:  seeds{azureSeed("s3", tenantID)},
			action: sdk.EnsureConflicting, sent: []string{"GET 200"}, is: confluent.ErrConflict,
			diff: []string{"Provider", "Config.kind"},
		},
		"without a config": {
			there:  seeds{{"api_version": "pim/v1", "display_name": "s3"}},
			action: sdk.EnsureUnchanged, sent: []string{"GET 200", "GET 200"},
		},
		"create carried out, its response lost": {
			faults: []confluenttest.Fault{{Operation: opCreateV1, Lost: true, Apply: true}},
			action: sdk.EnsureCreated, sent: []string{"GET 200", "POST 0", "GET 200"},
		},
		"create not carried out": {
			faults: []confluenttest.Fault{{Operation: opCreateV1, Status: 504}},
			sent:   []string{"GET 200", "POST 504", "GET 200"}, is: confluent.ErrOutcomeUnknown,
		},
		"the role is another integration's": {
			there: seeds{there("s3-2", "pim/v1", "AWS", role)},
			sent:  []string{"GET 200", "POST 409", "GET 200"}, is: confluent.ErrConflict,
		},
		"create carried out, answered nonsense": {
			faults: []confluenttest.Fault{{Operation: opCreateV1, Status: 201, Body: `{}`, Apply: true}},
			action: sdk.EnsureCreated, sent: []string{"GET 200", "POST 201", "GET 200"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			for _, s := range tc.there {
				srv.Add(env, s)
			}
			for _, f := range tc.faults {
				srv.Inject(f)
			}
			got, err := c.IntegrationsV1.Ensure(t.Context(), awsV1("s3", role))
			assert.Equal(t, tc.sent, sent(srv))
			if tc.action == "" {
				require.ErrorIs(t, err, tc.is)
				assert.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			assert.Equal(t, tc.action, got.Action)
			assert.Equal(t, tc.diff, got.Differences)
			assert.NotEmpty(t, got.Integration.ID)
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
				return
			}
			require.NoError(t, err)
			for range 2 {
				srv.ResetCalls()
				again, err := c.IntegrationsV1.Ensure(t.Context(), awsV1("s3", role))
				require.NoError(t, err)
				assert.Equal(t, sdk.EnsureUnchanged, again.Action)
				assert.Equal(t, got.Integration.ID, again.Integration.ID)
				for _, call := range srv.Calls() {
					assert.Equal(t, http.MethodGet, call.Method)
				}
			}
			assert.Len(t, srv.Integrations(env), len(tc.there)+btoi(tc.action == sdk.EnsureCreated))
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestEnsureRefusesBadInput(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	type in = confluent.IntegrationCreate
	for name, tc := range map[string]struct {
		in       in
		argument string
	}{
		"no environment": {in{DisplayName: "x", Config: gcpConfig(gcpAccount)}, "Environment.ID"},
		"no name":        {in{Environment: inEnv, Config: gcpConfig(gcpAccount)}, "DisplayName"},
		"a name of spaces": {in{DisplayName: "  ", Environment: inEnv, Config: gcpConfig(gcpAccount)},
			"DisplayName"},
		"a name of 61 characters": {azure(strings.Repeat("x", 61), tenantID), "DisplayName"},
		"config without its kind": {in{DisplayName: "x", Provider: "GCP", Environment: inEnv,
			Config: unknownConfig(`{}`)}, "Config"},
		"config without its content": {in{DisplayName: "x", Environment: inEnv, Config: azureConfig("")}, "Config"},
		"config that is a nil one": {in{DisplayName: "x", Provider: "GCP", Environment: inEnv,
			Config: confluent.Config{Value: (*confluent.GCPConfig)(nil)}}, "Config"},
		"kind of no known provider": {in{DisplayName: "x", Environment: inEnv,
			Config: unknownConfig(`{"kind":"Newer"}`)}, "Provider"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Integrations.Ensure(t.Context(), tc.in)
			requireRefused(t, err, tc.argument)
			assert.Nil(t, got)
			gotV1, err := c.IntegrationsV1.Ensure(t.Context(), confluent.IntegrationCreateV1(tc.in))
			requireRefused(t, err, tc.argument)
			assert.Nil(t, gotV1)
			assert.Empty(t, srv.Calls())
		})
	}
	t.Run("v1 without a config", func(t *testing.T) {
		_, err := c.IntegrationsV1.Ensure(t.Context(), confluent.IntegrationCreateV1{DisplayName: "x", Provider: "AWS",
			Environment: inEnv})
		requireRefused(t, err, "Config")
		assert.Empty(t, srv.Calls())
	})
}

func TestEnsureFollowsALongListToItsEnd(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	for range 250 {
		srv.Add(env, azureSeed("a vault", tenantID))
	}
	id := srv.Add(env, azureSeed("vault", tenantID))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := c.Integrations.Ensure(ctx, azure("vault", tenantID))
	require.NoError(t, err)
	assert.Equal(t, id, got.Integration.ID)
	assert.Equal(t, []string{"GET 200", "GET 200", "GET 200"}, sent(srv))
}
