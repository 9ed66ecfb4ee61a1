package confluent_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// The vendor has announced Azure and Google Cloud for v1, and an AWS configuration without a role.
// The client refuses none of them.
func TestV1ServesEveryCloudThatTheServerTakes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		config   confluent.Config
		provider confluent.Provider
		ensures  bool
	}{
		"Azure":        {azureConfig(tenantID), confluent.ProviderAzure, true},
		"Google Cloud": {gcpConfig(gcpAccount), confluent.ProviderGCP, true},
		"AWS": {confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: role}},
			confluent.ProviderAWS, true},
		"AWS without a role": {confluent.Config{Value: &confluent.AWSConfig{}}, confluent.ProviderAWS, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			srv, c := newPair(t, confluenttest.WithStyle(confluenttest.Style{AllCloudsInV1: true}))
			want := confluent.IntegrationCreateV1{DisplayName: "vault", Environment: inEnv, Config: tc.config}
			made, err := c.IntegrationsV1.Create(ctx, want)
			require.NoError(t, err)
			assert.Equal(t, tc.provider, made.Provider)
			read, err := c.IntegrationsV1.Get(ctx, env, made.ID)
			require.NoError(t, err)
			assert.Equal(t, tc.config.Kind(), read.Config.Kind())
			if tc.ensures {
				steps, err := confluent.SetupSteps(read.Config)
				require.NoError(t, err)
				assert.NotEmpty(t, steps)
				got, err := c.IntegrationsV1.Ensure(ctx, want)
				require.NoError(t, err)
				assert.Equal(t, sdk.EnsureUnchanged, got.Action)
			}
			for _, filter := range []confluent.Provider{tc.provider, "", "OCI"} {
				listed, err := sdk.Collect(c.IntegrationsV1.List(ctx, env, &confluent.ListOptions{Provider: filter}))
				require.NoError(t, err)
				assert.Equal(t, filter != "OCI", len(listed) == 1)
				all, err := walked(t, c.AllIntegrations(ctx, env, &confluent.AllIntegrationsOptions{Provider: filter}))
				require.NoError(t, err)
				assert.Equal(t, filter != "OCI", len(all) == 1, "only v1 lists it")
			}
			require.NoError(t, c.IntegrationsV1.Delete(ctx, env, made.ID))
			assert.Empty(t, srv.Integrations(env))
		})
	}
}

func TestEnsureV1CreatesInEveryCloudThatTheServerTakes(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]confluent.Config{"Azure": azureConfig(tenantID),
		"Google Cloud": gcpConfig(gcpAccount)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := confluent.IntegrationCreateV1{DisplayName: "vault", Environment: inEnv, Config: config}
			_, today := newPair(t)
			_, err := today.IntegrationsV1.Ensure(t.Context(), want)
			require.ErrorIs(t, err, confluent.ErrInvalid)
			assert.Equal(t, 422, errorOf(t, err).StatusCode, "the server decides")

			srv, c := newPair(t, confluenttest.WithStyle(confluenttest.Style{AllCloudsInV1: true}))
			for _, action := range []sdk.EnsureAction{sdk.EnsureCreated, sdk.EnsureUnchanged} {
				got, err := c.IntegrationsV1.Ensure(t.Context(), want)
				require.NoError(t, err)
				assert.Equal(t, action, got.Action)
			}
			assert.Len(t, srv.Integrations(env), 1)
		})
	}
}

// The vendor's latest document of v1 has no 402. A quota error has another status.
func TestQuotaOfV1IsRecognizedAtEveryStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 402, 403, 409, 422} {
		_, c := newPair(t, confluenttest.WithQuota(1, 0), confluenttest.WithStyle(confluenttest.Style{V1Quota: status}))
		_, err := c.IntegrationsV1.Create(t.Context(), awsV1("a", role+"a"))
		require.NoError(t, err)
		_, err = c.IntegrationsV1.Create(t.Context(), awsV1("b", role+"b"))
		require.ErrorIs(t, err, confluent.ErrQuotaExceeded)
		assert.Equal(t, status, errorOf(t, err).StatusCode)
	}
}
