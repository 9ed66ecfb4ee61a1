package api_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent/api"
)

const (
	fullAWS   = `{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"c","iam_role_arn":"r","external_id":"e"}`
	fullAzure = `{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"c","confluent_multi_tenant_app_id":"a"}`
	fullGCP   = `{"kind":"GcpIntegrationConfig","customer_google_service_account":"c","google_service_account":"g"}`
)

func decodeConfig(t *testing.T, s string) api.Config {
	t.Helper()
	var c api.Config
	require.NoError(t, json.Unmarshal([]byte(s), &c))
	return c
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func TestConfigDecodesToTheVariantOfItsKind(t *testing.T) {
	t.Parallel()
	unknown := func(kind, raw string) api.ConfigValue {
		return &api.UnknownConfig{Kind: kind, Raw: json.RawMessage(raw)}
	}
	for in, want := range map[string]api.ConfigValue{
		fullAWS:   &api.AWSConfig{CustomerIAMRoleARN: "c", IAMRoleARN: "r", ExternalID: "e"},
		fullAzure: &api.AzureConfig{CustomerAzureTenantID: "c", ConfluentMultiTenantAppID: "a"},
		fullGCP:   &api.GCPConfig{CustomerGoogleServiceAccount: "c", GoogleServiceAccount: "g"},
		`{"kind":"pim.v1.AwsIntegrationConfig","iam_role_arn":"r"}`:           &api.AWSConfig{IAMRoleARN: "r"},
		`{"kind":"pim.v2.AzureIntegrationConfig"}`:                            &api.AzureConfig{},
		`{"k\u0069nd":"\u0047cpIntegrationConfig"}`:                           &api.GCPConfig{},
		`{"x":{"kind":"AwsIntegrationConfig"},"kind":"GcpIntegrationConfig"}`: &api.GCPConfig{},
		`{"kind":"Other","kind":"GcpIntegrationConfig"}`:                      &api.GCPConfig{},
		`null`:                                   nil,
		`{}`:                                     unknown("", `{}`),
		`{"Kind":"GcpIntegrationConfig"}`:        unknown("", `{"Kind":"GcpIntegrationConfig"}`),
		`{"kind":"NewIntegrationConfig","n":1}`:  unknown("NewIntegrationConfig", `{"kind":"NewIntegrationConfig","n":1}`),
		`{"kind":"pim.v3.GcpIntegrationConfig"}`: unknown("pim.v3.GcpIntegrationConfig", `{"kind":"pim.v3.GcpIntegrationConfig"}`),
		`{"kind":"MyGcpIntegrationConfig"}`:      unknown("MyGcpIntegrationConfig", `{"kind":"MyGcpIntegrationConfig"}`),
		`{"kind":["GcpIntegrationConfig"]}`:      unknown("", `{"kind":["GcpIntegrationConfig"]}`),
		`{"kind":"GcpIntegrationConfig","google_service_account":1}`: unknown("GcpIntegrationConfig", `{"kind":"GcpIntegrationConfig","google_service_account":1}`),
		`"GcpIntegrationConfig"`:                                     unknown("", `"GcpIntegrationConfig"`),
		`[ 1 ]`:                                                      unknown("", `[ 1 ]`),
		`1.10`:                                                       unknown("", `1.10`),
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			c := decodeConfig(t, in)
			assert.Equal(t, want, c.Value)
			assert.Equal(t, want == nil, c.IsZero())
			if want != nil {
				assert.Equal(t, in, string(c.RawJSON()))
			}
			assert.Equal(t, encoded(t, c), encoded(t, decodeConfig(t, encoded(t, c))), "a second round changes nothing")
		})
	}
}

func TestConfigEncodesWithTheKindOfItsType(t *testing.T) {
	t.Parallel()
	const unknown = `{"kind":"New","n":12345678901234567890.10,"list":[1, 2]}`
	withMore := func(s string) string { return s[:len(s)-1] + `,"later":{"a":1e400},"n":1.50}` }
	for name, tt := range map[string]struct {
		config api.Config
		want   string
	}{
		"AWS":   {api.Config{Value: &api.AWSConfig{CustomerIAMRoleARN: "c", IAMRoleARN: "r", ExternalID: "e"}}, fullAWS},
		"Azure": {api.Config{Value: &api.AzureConfig{CustomerAzureTenantID: "c", ConfluentMultiTenantAppID: "a"}}, fullAzure},
		"GCP":   {api.Config{Value: &api.GCPConfig{CustomerGoogleServiceAccount: "c", GoogleServiceAccount: "g"}}, fullGCP},
		"empty": {api.Config{Value: &api.GCPConfig{}}, `{"kind":"GcpIntegrationConfig"}`},
		"none":  {api.Config{}, `null`},

		"nil AWS": {api.Config{Value: (*api.AWSConfig)(nil)}, `null`}, "nil Azure": {api.Config{Value: (*api.AzureConfig)(nil)}, `null`},
		"nil GCP": {api.Config{Value: (*api.GCPConfig)(nil)}, `null`}, "nil unknown": {api.Config{Value: (*api.UnknownConfig)(nil)}, `null`},

		"unknown, built":              {api.Config{Value: &api.UnknownConfig{Raw: json.RawMessage(unknown)}}, unknown},
		"unknown, fetched":            {decodeConfig(t, unknown), unknown},
		"unknown, the wrong Kind set": {api.Config{Value: &api.UnknownConfig{Kind: "Other", Raw: json.RawMessage(unknown)}}, unknown},
		"members of AWS stay":         {decodeConfig(t, withMore(fullAWS)), withMore(fullAWS)},
		"members of Azure stay":       {decodeConfig(t, withMore(fullAzure)), withMore(fullAzure)},
		"members of GCP stay":         {decodeConfig(t, withMore(fullGCP)), withMore(fullGCP)},
		"writable AWS":                {decodeConfig(t, fullAWS).Writable(), `{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"c"}`},
		"writable Azure":              {decodeConfig(t, fullAzure).Writable(), `{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"c"}`},
		"writable GCP":                {decodeConfig(t, fullGCP).Writable(), `{"kind":"GcpIntegrationConfig","customer_google_service_account":"c"}`},
		"writable unknown":            {decodeConfig(t, unknown).Writable(), unknown},
		"writable nil":                {api.Config{Value: (*api.AWSConfig)(nil)}.Writable(), `null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := encoded(t, tt.config)
			assert.Equal(t, numbersKept(t, tt.want), numbersKept(t, got))
		})
	}
}

// numbersKept decodes members to their very text.
func numbersKept(t *testing.T, s string) map[string]string {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(s), &members))
	texts := map[string]string{}
	for key, value := range members {
		texts[key] = encoded(t, value)
	}
	return texts
}

// A caller may change what was fetched, or put another variant into its place.
func TestChangedConfigEncodesTheChange(t *testing.T) {
	t.Parallel()
	const fetched = `{"kind":"GcpIntegrationConfig","customer_google_service_account":"old","google_service_account":"g","later":1}`
	change := func(kind string, f func(*api.Config)) string {
		c := decodeConfig(t, `{"kind":"`+kind+`"`+fetched[len(`{"kind":"GcpIntegrationConfig"`):])
		f(&c)
		return encoded(t, c)
	}
	assert.JSONEq(t, `{"kind":"GcpIntegrationConfig","customer_google_service_account":"new","google_service_account":"g","later":1}`,
		change("GcpIntegrationConfig", func(c *api.Config) { c.Value.(*api.GCPConfig).CustomerGoogleServiceAccount = "new" }))
	assert.JSONEq(t, `{"kind":"GcpIntegrationConfig","google_service_account":"g","later":1}`,
		change("pim.v2.GcpIntegrationConfig", func(c *api.Config) { c.Value.(*api.GCPConfig).CustomerGoogleServiceAccount = "" }))
	assert.JSONEq(t, `{"kind":"GcpIntegrationConfig","later":1}`,
		change("GcpIntegrationConfig", func(c *api.Config) { c.Value = &api.GCPConfig{} }))
	for _, kind := range []string{"GcpIntegrationConfig", "OtherIntegrationConfig", "NotAwsIntegrationConfig", "pim.v3.AwsIntegrationConfig"} {
		assert.JSONEq(t, `{"kind":"AwsIntegrationConfig","iam_role_arn":"r"}`,
			change(kind, func(c *api.Config) { c.Value = &api.AWSConfig{IAMRoleARN: "r"} }), "nothing of another variant stays: %s", kind)
	}

	c := decodeConfig(t, fetched)
	copied := c.Writable()
	copied.Value.(*api.GCPConfig).CustomerGoogleServiceAccount = "changed"
	assert.Equal(t, "old", c.Value.(*api.GCPConfig).CustomerGoogleServiceAccount, "Writable is a copy")
	assert.Equal(t, fetched, string(c.RawJSON()))
}

func TestConfigDoesNotKeepTheDecodersMemory(t *testing.T) {
	t.Parallel()
	for _, s := range []string{fullGCP, `{"kind":"New","n":1}`} {
		buffer := []byte(s)
		var c api.Config
		require.NoError(t, c.UnmarshalJSON(buffer))
		clear(buffer)
		assert.Equal(t, s, string(c.RawJSON()))
		assert.JSONEq(t, s, encoded(t, c))
	}
}

func TestConfigDecodesAnew(t *testing.T) {
	t.Parallel()
	c := decodeConfig(t, fullGCP)
	require.NoError(t, json.Unmarshal([]byte(`{"kind":"AwsIntegrationConfig"}`), &c))
	assert.JSONEq(t, `{"kind":"AwsIntegrationConfig"}`, encoded(t, c))
	require.NoError(t, json.Unmarshal([]byte(`null`), &c))
	assert.True(t, c.IsZero())
	assert.Nil(t, c.RawJSON())
}

func TestConfigCheckAndKind(t *testing.T) {
	t.Parallel()
	unknown := func(raw string) api.Config {
		return api.Config{Value: &api.UnknownConfig{Kind: "Set", Raw: json.RawMessage(raw)}}
	}
	for name, tt := range map[string]struct {
		config  api.Config
		kind    string
		problem string
	}{
		"none":              {api.Config{}, "", ""},
		"AWS":               {api.Config{Value: &api.AWSConfig{}}, "AwsIntegrationConfig", ""},
		"Azure":             {api.Config{Value: &api.AzureConfig{}}, "AzureIntegrationConfig", ""},
		"GCP":               {api.Config{Value: &api.GCPConfig{}}, "GcpIntegrationConfig", ""},
		"unknown":           {unknown(`{"kind":"New"}`), "New", ""},
		"nil pointer":       {api.Config{Value: (*api.GCPConfig)(nil)}, "", "nil pointer"},
		"nil unknown":       {api.Config{Value: (*api.UnknownConfig)(nil)}, "", "nil pointer"},
		"no bytes":          {unknown(``), "", "not JSON"},
		"breaks off":        {unknown(`{"kind":"New"`), "New", "not JSON"},
		"two documents":     {unknown(`{"kind":"New"}{}`), "New", "not JSON"},
		"no kind":           {unknown(`{"n":1}`), "", "no kind"},
		"empty kind":        {unknown(`{"kind":""}`), "", "no kind"},
		"kind is a number":  {unknown(`{"kind":1}`), "", "no kind"},
		"number":            {unknown(`1`), "", "no kind"},
		"null":              {unknown(`null`), "", "no kind"},
		"array":             {unknown(`[{"kind":"New"}]`), "", "no kind"},
		"whole integration": {unknown(`{"kind":"Integration","id":1}`), "Integration", "whole integration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.problem != "not JSON" {
				assert.Equal(t, tt.kind, tt.config.Kind())
			}
			err := tt.config.Check()
			if tt.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.problem)
		})
	}
}

func TestProvidersCompareWithoutCase(t *testing.T) {
	t.Parallel()
	for _, p := range []api.Provider{"AZURE", "azure", "Azure"} {
		assert.True(t, p.Is(api.ProviderAzure))
		assert.True(t, api.ProviderAzure.Is(p))
		assert.False(t, p.Is(api.ProviderAWS))
	}
	assert.False(t, api.Provider("").Is(api.ProviderGCP))
}
