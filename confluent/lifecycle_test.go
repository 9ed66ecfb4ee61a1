package confluent_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

const env = "env-1"

// newPair returns a fake server and a client that retries immediately.
func newPair(t *testing.T, opts ...confluenttest.Option) (*confluenttest.Server, *confluent.Client) {
	t.Helper()
	srv := confluenttest.NewServer(t, opts...)
	return srv, newClient(t, srv)
}

func newClient(t *testing.T, srv *confluenttest.Server, opts ...confluent.Option) *confluent.Client {
	t.Helper()
	policy := sdk.DefaultRetryPolicy()
	policy.MinDelay, policy.MaxDelay = time.Millisecond, 2*time.Millisecond
	all := []confluent.Option{confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret),
		confluent.WithHTTPClient(srv.HTTPClient()), confluent.WithRetry(policy)}
	c, err := confluent.New(append(all, opts...)...)
	require.NoError(t, err)
	return c
}

func TestLifeCycle(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, c := newPair(t)

	aws, err := c.IntegrationsV1.Create(ctx, confluent.IntegrationCreateV1{
		DisplayName: "s3", Environment: confluent.Reference{ID: env},
		Config: confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/s3"}},
	})
	require.NoError(t, err)
	require.NotEmpty(t, aws.Config.Value.(*confluent.AWSConfig).ExternalID)

	gcp, err := c.Integrations.Provision(ctx, confluent.IntegrationCreate{
		DisplayName: "bq", Environment: confluent.Reference{ID: env},
		Config: confluent.Config{
			Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "bq@p.iam.gserviceaccount.com"}},
	})
	require.NoError(t, err)
	require.Equal(t, confluent.StatusCreated, gcp.Status)
	require.NoError(t, c.Integrations.Validate(ctx, confluent.IntegrationValidate{ID: gcp.ID,
		Environment: gcp.Environment}))

	found, err := c.Integrations.FindByDisplayName(ctx, env, "bq")
	require.NoError(t, err)
	require.Equal(t, gcp.ID, found.ID)
	require.NoError(t, c.Integrations.Delete(ctx, env, gcp.ID))
	_, err = c.Integrations.Get(ctx, env, gcp.ID)
	require.ErrorIs(t, err, confluent.ErrNotFound)
	t.Log(err)
	require.NoError(t, c.IntegrationsV1.Delete(ctx, env, aws.ID))
	require.Empty(t, srv.Integrations(env))
}

// A gateway's page does not mean that the draft is gone.
func TestProvisionTakesNoPageOfAGatewayForAnAbsence(t *testing.T) {
	t.Parallel()
	const page = "default backend - 404"
	for name, tc := range map[string]struct {
		operation string
		says      string
	}{
		"at the GET":    {opGet, "cspi-00001 may be left behind"},
		"at the DELETE": {opDelete, "cspi-00001 is left behind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			srv.Inject(confluenttest.Fault{Operation: tc.operation, Status: 404, Body: page})
			got, err := c.Integrations.Provision(t.Context(), azure("vault", "no-guid"))
			require.ErrorIs(t, err, confluent.ErrInvalid)
			require.ErrorContains(t, err, tc.says)
			require.NotNil(t, got)
			assert.Equal(t, "cspi-00001", got.ID)
			assert.Len(t, srv.Integrations(env), 1)
		})
	}
}
