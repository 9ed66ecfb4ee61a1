package confluent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// newBearerClient is newClient without an API key.
func newBearerClient(t *testing.T, srv *confluenttest.Server, opts ...confluent.Option) *confluent.Client {
	t.Helper()
	all := []confluent.Option{confluent.WithBaseURL(srv.URL), confluent.WithHTTPClient(srv.HTTPClient()), quickRetry()}
	c, err := confluent.New(append(all, opts...)...)
	require.NoError(t, err)
	return c
}
func quickRetry() confluent.Option {
	policy := confluent.DefaultRetryPolicy()
	policy.MinDelay, policy.MaxDelay = 0, 0
	return confluent.WithRetry(policy)
}
