package confluent_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

const (
	fullAWS   = `{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"c","iam_role_arn":"r","external_id":"e"}`
	fullAzure = `{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"c","confluent_multi_tenant_app_id":"a"}`
	fullGCP   = `{"kind":"GcpIntegrationConfig","customer_google_service_account":"c","google_service_account":"g"}`
)

func decodeConfig(t *testing.T, s string) confluent.Config {
	t.Helper()
	var c confluent.Config
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
	unknown := func(kind, raw string) confluent.ConfigValue {
		return &confluent.UnknownConfig{Kind: kind, Raw: json.RawMessage(raw)}
	}
	for in, want := range map[string]confluent.ConfigValue{
		fullAWS:   &confluent.AWSConfig{CustomerIAMRoleARN: "c", IAMRoleARN: "r", ExternalID: "e"},
		fullAzure: &confluent.AzureConfig{CustomerAzureTenantID: "c", ConfluentMultiTenantAppID: "a"},
		fullGCP:   &confluent.GCPConfig{CustomerGoogleServiceAccount: "c", GoogleServiceAccount: "g"},
		`{"kind":"pim.v1.AwsIntegrationConfig","iam_role_arn":"r"}`:           &confluent.AWSConfig{IAMRoleARN: "r"},
		`{"kind":"pim.v2.AzureIntegrationConfig"}`:                            &confluent.AzureConfig{},
		`{"k\u0069nd":"\u0047cpIntegrationConfig"}`:                           &confluent.GCPConfig{},
		`{"x":{"kind":"AwsIntegrationConfig"},"kind":"GcpIntegrationConfig"}`: &confluent.GCPConfig{},
		`{"kind":"Other","kind":"GcpIntegrationConfig"}`:                      &confluent.GCPConfig{},
		`null`:                            nil,
		`{}`:                              unknown("", `{}`),
		`{"Kind":"GcpIntegrationConfig"}`: unknown("", `{"Kind":"GcpIntegrationConfig"}`),
		`{"kind":"NewIntegrationConfig","n":1}`: unknown("NewIntegrationConfig",
			`{"kind":"NewIntegrationConfig","n":1}`),
		`{"kind":"pim.v3.GcpIntegrationConfig"}`: unknown("pim.v3.GcpIntegrationConfig",
			`{"kind":"pim.v3.GcpIntegrationConfig"}`),
		`{"kind":"MyGcpIntegrationConfig"}`: unknown("MyGcpIntegrationConfig",
			`{"kind":"MyGcpIntegrationConfig"}`),
		`{"kind":["GcpIntegrationConfig"]}`: unknown("", `{"kind":["GcpIntegrationConfig"]}`),
		`{"kind":"GcpIntegrationConfig","google_service_account":1}`: unknown("GcpIntegrationConfig",
			`{"kind":"GcpIntegrationConfig","google_service_account":1}`),
		`"GcpIntegrationConfig"`: unknown("", `"GcpIntegrationConfig"`),
		`[ 1 ]`:                  unknown("", `[ 1 ]`),
		`1.10`:                   unknown("", `1.10`),
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
		config confluent.Config
		want   string
	}{
		"AWS": {confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: "c", IAMRoleARN: "r",
			ExternalID: "e"}}, fullAWS},
		"Azure": {confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: "c",
			ConfluentMultiTenantAppID: "a"}}, fullAzure},
		"GCP": {confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "c",
			GoogleServiceAccount: "g"}}, fullGCP},
		"empty": {confluent.Config{Value: &confluent.GCPConfig{}}, `{"kind":"GcpIntegrationConfig"}`},
		"none":  {confluent.Config{}, `null`},

		"nil AWS":     {confluent.Config{Value: (*confluent.AWSConfig)(nil)}, `null`},
		"nil Azure":   {confluent.Config{Value: (*confluent.AzureConfig)(nil)}, `null`},
		"nil GCP":     {confluent.Config{Value: (*confluent.GCPConfig)(nil)}, `null`},
		"nil unknown": {confluent.Config{Value: (*confluent.UnknownConfig)(nil)}, `null`},

		"unknown, built": {
			confluent.Config{Value: &confluent.UnknownConfig{Raw: json.RawMessage(unknown)}}, unknown},
		"unknown, fetched": {decodeConfig(t, unknown), unknown},
		"unknown, the wrong Kind set": {confluent.Config{Value: &confluent.UnknownConfig{Kind: "Other",
			Raw: json.RawMessage(unknown)}}, unknown},
		"members of AWS stay":   {decodeConfig(t, withMore(fullAWS)), withMore(fullAWS)},
		"members of Azure stay": {decodeConfig(t, withMore(fullAzure)), withMore(fullAzure)},
		"members of GCP stay":   {decodeConfig(t, withMore(fullGCP)), withMore(fullGCP)},
		"writable AWS": {decodeConfig(t, fullAWS).Writable(),
			`{"kind":"AwsIntegrationConfig","customer_iam_role_arn":"c"}`},
		"writable Azure": {decodeConfig(t, fullAzure).Writable(),
			`{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"c"}`},
		"writable GCP": {decodeConfig(t, fullGCP).Writable(),
			`{"kind":"GcpIntegrationConfig","customer_google_service_account":"c"}`},
		"writable unknown": {decodeConfig(t, unknown).Writable(), unknown},
		"writable nil":     {confluent.Config{Value: (*confluent.AWSConfig)(nil)}.Writable(), `null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := encoded(t, tt.config)
			assert.Equal(t, numbersKept(t, tt.want), numbersKept(t, got))
		})
	}
}

// numbersKept decodes members without changing their text.
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

// A caller may change a fetched configuration, or replace its variant.
func TestChangedConfigEncodesTheChange(t *testing.T) {
	t.Parallel()
	const fetched = `{"kind":"GcpIntegrationConfig","customer_google_service_account":"old",` +
		`"google_service_account":"g","later":1}`
	change := func(kind string, f func(*confluent.Config)) string {
		c := decodeConfig(t, `{"kind":"`+kind+`"`+fetched[len(`{"kind":"GcpIntegrationConfig"`):])
		f(&c)
		return encoded(t, c)
	}
	assert.JSONEq(t,
		`{"kind":"GcpIntegrationConfig","customer_google_service_account":"new","google_service_account":"g",`+
			`"later":1}`,
		change("GcpIntegrationConfig", func(c *confluent.Config) {
			c.Value.(*confluent.GCPConfig).CustomerGoogleServiceAccount = "new"
		}))
	assert.JSONEq(t, `{"kind":"GcpIntegrationConfig","google_service_account":"g","later":1}`,
		change("pim.v2.GcpIntegrationConfig", func(c *confluent.Config) {
			c.Value.(*confluent.GCPConfig).CustomerGoogleServiceAccount = ""
		}))
	assert.JSONEq(t, `{"kind":"GcpIntegrationConfig","later":1}`,
		change("GcpIntegrationConfig", func(c *confluent.Config) { c.Value = &confluent.GCPConfig{} }))
	for _, kind := range []string{"GcpIntegrationConfig", "OtherIntegrationConfig", "NotAwsIntegrationConfig",
		"pim.v3.AwsIntegrationConfig"} {
		assert.JSONEq(t, `{"kind":"AwsIntegrationConfig","iam_role_arn":"r"}`,
			change(kind, func(c *confluent.Config) { c.Value = &confluent.AWSConfig{IAMRoleARN: "r"} }),
			"nothing of another variant stays: %s", kind)
	}

	c := decodeConfig(t, fetched)
	copied := c.Writable()
	copied.Value.(*confluent.GCPConfig).CustomerGoogleServiceAccount = "changed"
	assert.Equal(t, "old", c.Value.(*confluent.GCPConfig).CustomerGoogleServiceAccount, "Writable is a copy")
	assert.Equal(t, fetched, string(c.RawJSON()))
}

func TestConfigDoesNotKeepTheDecodersMemory(t *testing.T) {
	t.Parallel()
	for _, s := range []string{fullGCP, `{"kind":"New","n":1}`} {
		buffer := []byte(s)
		var c confluent.Config
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
	unknown := func(raw string) confluent.Config {
		return confluent.Config{Value: &confluent.UnknownConfig{Kind: "Set", Raw: json.RawMessage(raw)}}
	}
	for name, tt := range map[string]struct {
		config  confluent.Config
		kind    string
		problem string
	}{
		"none":             {confluent.Config{}, "", ""},
		"AWS":              {confluent.Config{Value: &confluent.AWSConfig{}}, "AwsIntegrationConfig", ""},
		"Azure":            {confluent.Config{Value: &confluent.AzureConfig{}}, "AzureIntegrationConfig", ""},
		"GCP":              {confluent.Config{Value: &confluent.GCPConfig{}}, "GcpIntegrationConfig", ""},
		"unknown":          {unknown(`{"kind":"New"}`), "New", ""},
		"nil pointer":      {confluent.Config{Value: (*confluent.GCPConfig)(nil)}, "", "nil pointer"},
		"nil unknown":      {confluent.Config{Value: (*confluent.UnknownConfig)(nil)}, "", "nil pointer"},
		"no bytes":         {unknown(``), "", "not JSON"},
		"breaks off":       {unknown(`{"kind":"New"`), "New", "not JSON"},
		"two documents":    {unknown(`{"kind":"New"}{}`), "New", "not JSON"},
		"no kind":          {unknown(`{"n":1}`), "", "no kind"},
		"empty kind":       {unknown(`{"kind":""}`), "", "no kind"},
		"kind is a number": {unknown(`{"kind":1}`), "", "no kind"},
		"number":           {unknown(`1`), "", "no kind"},
		"null":             {unknown(`null`), "", "no kind"},
		"array":            {unknown(`[{"kind":"New"}]`), "", "no kind"},
		"an integration": {unknown(`{"kind":"Integration","id":1}`), "Integration",
			"an integration that could not be decoded"},
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
	for _, text := range []string{"AZURE", "azure", "Azure"} {
		var p confluent.Provider
		require.NoError(t, json.Unmarshal([]byte(`"`+text+`"`), &p))
		assert.Equal(t, confluent.ProviderAzure, p)
		assert.NotEqual(t, confluent.ProviderAWS, p)
	}
	assert.NotEqual(t, confluent.ProviderGCP, confluent.Provider(""))
}
