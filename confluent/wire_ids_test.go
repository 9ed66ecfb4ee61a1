package confluent_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// oddIDs map IDs to their escaped form, which must be a single path segment.
var oddIDs = map[string]string{
	"a/b":      "a%2Fb",
	"a b":      "a%20b",
	"a%2Fb":    "a%252Fb",
	"%":        "%25",
	"a:b":      "a:b",
	"a?b#c":    "a%3Fb%23c",
	"../a":     "..%2Fa",
	"...":      "...",
	"é日😀":      "%C3%A9%E6%97%A5%F0%9F%98%80",
	"a;b,c":    "a%3Bb%2Cc",
	"a+b&c=d":  "a+b&c=d",
	`a"<>\^|b`: "a%22%3C%3E%5C%5E%7Cb",
}

// idCalls are the methods with an ID in the path, with the path before it.
func idCalls() map[string]struct {
	before string
	do     func(ctx context.Context, c *confluent.Client, id string) error
} {
	type (
		ctx  = context.Context
		cl   = *confluent.Client
		call = struct {
			before string
			do     func(ctx context.Context, c *confluent.Client, id string) error
		}
	)
	const v1, v2 = "/pim/v1/integrations/", "/pim/v2/integrations/"
	return map[string]call{
		"IntegrationsV1.Get": {v1, func(x ctx, c cl, id string) error {
			return failing(c.IntegrationsV1.Get(x, env, id))
		}},
		"IntegrationsV1.Delete": {v1, func(x ctx, c cl, id string) error {
			return c.IntegrationsV1.Delete(x, env, id)
		}},
		"Integrations.Get": {v2, func(x ctx, c cl, id string) error {
			return failing(c.Integrations.Get(x, env, id))
		}},
		"Integrations.Update": {v2, func(x ctx, c cl, id string) error {
			return failing(c.Integrations.Update(x, id, confluent.IntegrationUpdate{Environment: inEnv,
				Config: gcpConfig(gcpAccount)}))
		}},
		"Integrations.Delete": {v2, func(x ctx, c cl, id string) error { return c.Integrations.Delete(x, env, id) }},
	}
}

func TestIDsStayOnePathSegment(t *testing.T) {
	t.Parallel()
	for id, escaped := range oddIDs {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			for name, tt := range idCalls() {
				w := newTap(t)
				require.NoError(t, tt.do(t.Context(), w.client(t), id), name)
				got := w.only(t)
				assert.Equal(t, tt.before+escaped, got.path, name)
				query := url.Values{"environment": {env}}
				if got.hasBody { // the body has the environment
					query = url.Values{}
				}
				assert.Equal(t, query, got.query, "nothing of the id gets into the query")
			}
		})
	}
}

func TestServersFindOddIDs(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]confluenttest.Option{nil, {confluenttest.WithHTTP2()}} {
		srv, c := newPair(t, opts...)
		for id := range oddIDs {
			srv.Add(env, map[string]any{"id": id, "provider": "gcp"})
			got, err := c.Integrations.Get(t.Context(), env, id)
			require.NoError(t, err, id)
			assert.Equal(t, id, got.ID)
			configured, err := c.Integrations.Update(t.Context(), id, confluent.IntegrationUpdate{
				Environment: got.Environment,
				Config: configOf(
					&confluent.GCPConfig{CustomerGoogleServiceAccount: "c@p.iam.gserviceaccount.com"}),
			})
			require.NoError(t, err, id)
			assert.Equal(t, confluent.StatusCreated, configured.Status)
			require.NoError(t, c.Integrations.Delete(t.Context(), env, id))
		}
		assert.Empty(t, srv.Integrations(env))
	}
}
