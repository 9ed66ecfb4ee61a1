package confluent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// ensured is the common part of the results of both Ensure methods.
type ensured struct {
	id     string
	action sdk.EnsureAction
	err    error
}

// ensures call Ensure of both versions with a name.
var ensures = map[string]func(context.Context, *confluent.Client, string) ensured{
	"v1": func(ctx context.Context, c *confluent.Client, name string) ensured {
		got, err := c.IntegrationsV1.Ensure(ctx, awsV1(name, role+name))
		if got == nil {
			return ensured{err: err}
		}
		return ensured{got.Integration.ID, got.Action, err}
	},
	"v2": func(ctx context.Context, c *confluent.Client, name string) ensured {
		got, err := c.Integrations.Ensure(ctx, azure(name, tenantID))
		if got == nil {
			return ensured{err: err}
		}
		return ensured{got.Integration.ID, got.Action, err}
	},
}

// One client creates one integration, whether or not the server would refuse a second one.
func TestEnsureFromManyGoroutinesCreatesOne(t *testing.T) {
	t.Parallel()
	for version, ensure := range ensures {
		for _, unique := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, unique %v", version, unique), func(t *testing.T) {
				t.Parallel()
				opts := []confluenttest.Option{confluenttest.WithLatency(2 * time.Millisecond)}
				if unique {
					opts = append(opts, confluenttest.WithUniqueNames())
				}
				srv, c := newPair(t, opts...)
				const callers, names = 20, 3
				results := make([]ensured, callers*names)
				var wg sync.WaitGroup
				for i := range results {
					wg.Go(func() { results[i] = ensure(t.Context(), c, fmt.Sprintf("vault %d", i%names)) })
				}
				wg.Wait()
				created := 0
				for i, r := range results {
					require.NoError(t, r.err)
					assert.Equal(t, results[i%names].id, r.id)
					if r.action == sdk.EnsureCreated {
						created++
					} else {
						assert.Equal(t, sdk.EnsureUnchanged, r.action)
					}
				}
				assert.Equal(t, names, created)
				assert.Len(t, srv.Integrations(env), names)
			})
		}
	}
}

func TestEnsureWaitsNoLongerThanItsContextAndOnlyForItsName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := confluenttest.NewServer(t, confluenttest.WithoutSocket(), confluenttest.WithEnvironments(env, "env-2"))
		srv.Inject(confluenttest.Fault{Operation: opCreate, Delay: 10 * time.Second})
		c := newClient(t, srv)
		begin := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID))
			assert.NoError(t, err)
			assert.Equal(t, sdk.EnsureCreated, got.Action)
			assert.Equal(t, 10*time.Second, time.Since(begin))
		})
		synctest.Wait()

		for _, another := range []confluent.IntegrationCreate{azure("Vault", tenantID),
			inEnvironment(azure("vault", tenantID), "env-2")} {
			got, err := c.Integrations.Ensure(t.Context(), another)
			require.NoError(t, err)
			assert.Equal(t, sdk.EnsureCreated, got.Action)
		}
		assert.Zero(t, time.Since(begin))

		for version, ensure := range ensures {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			calls := len(srv.Calls())
			r := ensure(ctx, c, "vault")
			cancel()
			require.ErrorIs(t, r.err, context.DeadlineExceeded, version)
			assert.Zero(t, errorOf(t, r.err).Attempts)
			assert.False(t, errorOf(t, r.err).OutcomeUnknown)
			assert.Len(t, srv.Calls(), calls, "nothing is sent")
		}
		assert.Equal(t, 2*time.Second, time.Since(begin))
		wg.Wait()
	})
}

func inEnvironment(want confluent.IntegrationCreate, id string) confluent.IntegrationCreate {
	want.Environment = confluent.Reference{ID: id}
	return want
}

// Another client does all the work between two requests of this client. The integration that exists
// then decides.
func TestEnsureLooksAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	const other = "6b2b9a4e-aaaa-4000-8000-000000000009"
	for name, tc := range map[string]struct {
		before   string // request of this client before which the other client works
		tenant   string // tenant that the other client sets
		notDraft int
		sent     []string // requests of this client
		action   sdk.EnsureAction
		is       error
	}{
		"created in between, as wanted": {
			before: http.MethodPost, tenant: tenantID,
			sent: []string{"GET 200", "POST 409", "GET 200"}, action: sdk.EnsureUnchanged,
		},
		"created in between, another configuration": {
			before: http.MethodPost, tenant: other,
			sent: []string{"GET 200", "POST 409", "GET 200"}, action: sdk.EnsureConflicting, is: confluent.ErrConflict,
		},
		"configured in between, as wanted": {
			before: http.MethodPatch, tenant: tenantID,
			sent: []string{"GET 200", "POST 201", "PATCH 409", "GET 200"}, action: sdk.EnsureCreated,
		},
		"configured in between, as wanted, refused with 422": {
			before: http.MethodPatch, tenant: tenantID, notDraft: 422,
			sent: []string{"GET 200", "POST 201", "PATCH 422", "GET 200"}, action: sdk.EnsureCreated,
		},
		"configured in between, as wanted, refused with 400": {
			before: http.MethodPatch, tenant: tenantID, notDraft: 400,
			sent: []string{"GET 200", "POST 201", "PATCH 400", "GET 200"}, action: sdk.EnsureCreated,
		},
		"configured in between, another configuration": {
			before: http.MethodPatch, tenant: other,
			sent: []string{"GET 200", "POST 201", "PATCH 409", "GET 200"}, action: sdk.EnsureConflicting,
			is: confluent.ErrConflict,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t, confluenttest.WithUniqueNames(),
				confluenttest.WithStyle(confluenttest.Style{NotDraft: tc.notDraft}))
			theirs, done := newClient(t, srv), false
			var mine []string
			c := newClient(t, srv, around(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				if r.Method == tc.before && !done {
					done = true
					_, err := theirs.Integrations.Ensure(t.Context(), azure("vault", tc.tenant))
					assert.NoError(t, err)
				}
				resp, err := next.RoundTrip(r)
				if err == nil {
					mine = append(mine, fmt.Sprintf("%s %d", r.Method, resp.StatusCode))
				}
				return resp, err
			}))
			got, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID))
			assert.Equal(t, tc.sent, mine)
			require.NotNil(t, got)
			assert.Equal(t, tc.action, got.Action)
			assert.Equal(t, confluent.StatusCreated, got.Integration.Status)
			if tc.is == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, tc.is)
				assert.Equal(t, []string{"Config.customer_azure_tenant_id"}, got.Differences)
			}
			assert.Len(t, srv.Integrations(env), 1)
		})
	}
}

// A 409 for another reason is returned unchanged.
func TestEnsureKeepsAConflictThatIsNotAboutTheName(t *testing.T) {
	t.Parallel()
	for version, ensure := range ensures {
		srv, c := newPair(t)
		srv.Inject(confluenttest.Fault{Method: http.MethodPost, Status: 409, Body: `{"message":"the role is taken"}`})
		r := ensure(t.Context(), c, "vault")
		require.ErrorIs(t, r.err, confluent.ErrConflict, version)
		assert.ErrorContains(t, r.err, "the role is taken")
		assert.Equal(t, 409, errorOf(t, r.err).StatusCode)
		assert.Equal(t, []string{"GET 200", "POST 409", "GET 200"}, sent(srv))
	}
}

// A v1 integration that is found after a lost response may belong to another program.
func TestEnsureV1ComparesWhatItFindsAfterALostResponse(t *testing.T) {
	t.Parallel()
	srv := confluenttest.NewServer(t)
	theirs := newClient(t, srv)
	c := newClient(t, srv, around(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method != http.MethodPost {
			return next.RoundTrip(r)
		}
		_, err := theirs.IntegrationsV1.Ensure(t.Context(), awsV1("s3", role+"-theirs"))
		assert.NoError(t, err)
		return nil, errors.New("connection reset")
	}))
	got, err := c.IntegrationsV1.Ensure(t.Context(), awsV1("s3", role))
	require.ErrorIs(t, err, confluent.ErrConflict)
	assert.Equal(t, sdk.EnsureConflicting, got.Action)
	assert.Equal(t, []string{"Config.customer_iam_role_arn"}, got.Differences)
}

// After a configuration that failed, the vendor's drafts refuse every other configuration.
func TestEnsureReportsADraftThatAcceptsNoConfiguration(t *testing.T) {
	t.Parallel()
	for name, typo := range map[string]confluent.IntegrationCreate{
		"Azure":              azure("vault", "no-guid"),
		"Google Cloud":       {DisplayName: "vault", Environment: inEnv, Config: gcpConfig("nobody")},
		"Azure, by Provider": {DisplayName: "vault", Environment: inEnv, Provider: "AZURE", Config: azureConfig("7")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t, confluenttest.WithStyle(confluenttest.Style{LockFailedDraft: true}))
			got, err := c.Integrations.Ensure(t.Context(), typo)
			require.ErrorIs(t, err, confluent.ErrInvalid, "the typo")
			assert.Equal(t, sdk.EnsureCreated, got.Action)

			right := azure("vault", tenantID)
			if typo.Config.Kind() != right.Config.Kind() {
				right = confluent.IntegrationCreate{DisplayName: "vault", Environment: inEnv,
					Config: gcpConfig(gcpAccount)}
			}
			for range 2 {
				got, err = c.Integrations.Ensure(t.Context(), right)
				require.ErrorIs(t, err, confluent.ErrConflict)
				assert.Equal(t, 409, errorOf(t, err).StatusCode)
				assert.ErrorContains(t, err, "draft cspi-00001 accepts no configuration")
				assert.Equal(t, sdk.EnsureConflicting, got.Action)
				assert.Len(t, got.Differences, 1)
				assert.Equal(t, confluent.StatusDraft, got.Integration.Status)
			}
			require.NoError(t, c.Integrations.Delete(t.Context(), env, got.Integration.ID))
			got, err = c.Integrations.Ensure(t.Context(), right)
			require.NoError(t, err)
			assert.Equal(t, sdk.EnsureCreated, got.Action)
			assert.Len(t, srv.Integrations(env), 1)
		})
	}
}

// In want, the configuration of a draft that was read, or saved as JSON, counts as no
// configuration.
func TestEnsureOfAnExportedDraftChangesNothing(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]confluenttest.Style{"unset is empty": {},
		"unset is left out": {OmitUnset: true}} {
		for provider, other := range map[confluent.Provider]string{
			"azure": `{"display_name":"newer","provider":"azure","config":{"kind":"AzureIntegrationConfig",` +
				`"confluent_object_id":"o-1"}}`,
			"gcp": `{"display_name":"newer","provider":"oci","status":"DRAFT",` +
				`"config":{"kind":"OciIntegrationConfig","confluent_tenancy":"t-1"}}`,
		} {
			t.Run(name+", "+string(provider), func(t *testing.T) {
				t.Parallel()
				srv, c := newPair(t, confluenttest.WithStyle(style))
				srv.Add(env, map[string]any{"display_name": "vault", "provider": provider})
				srv.Add(env, json.RawMessage(other))
				for draft, err := range c.Integrations.List(t.Context(), env, nil) {
					require.NoError(t, err)
					for _, config := range []confluent.Config{draft.Config, draft.Config.Writable()} {
						srv.ResetCalls()
						want := confluent.IntegrationCreate{DisplayName: draft.DisplayName, Provider: draft.Provider,
							Environment: draft.Environment, Config: config}
						got, err := c.Integrations.Ensure(t.Context(), want)
						require.NoError(t, err)
						assert.Equal(t, sdk.EnsureUnchanged, got.Action)
						assert.Equal(t, []string{"GET 200"}, sent(srv))

						want.DisplayName += " 2"
						want.Environment = inEnv
						if _, unknown := config.Value.(*confluent.UnknownConfig); unknown {
							continue // the owner of its members is unknown
						}
						got, err = c.Integrations.Ensure(t.Context(), want)
						require.NoError(t, err)
						assert.Equal(t, confluent.StatusDraft, got.Integration.Status)
						require.NoError(t, c.Integrations.Delete(t.Context(), env, got.Integration.ID))
					}
				}
			})
		}
	}
}

// Provision and Ensure never repeat a request that the server may have carried out, whatever the
// options allow.
func TestHelpersNeverRepeatACreate(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]confluenttest.Fault{
		"carried out, 500": {Status: 500, Apply: true}, "carried out, cut": {Lost: true, Apply: true},
		"carried out, broken off": {Truncate: true},
		"502":                     {Status: 502}, "cut": {Lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fault.Times = -1
			for version, ensure := range map[string]func(context.Context, *confluent.Client) error{
				"v1": func(ctx context.Context, c *confluent.Client) error {
					_, err := c.IntegrationsV1.Ensure(ctx, awsV1("s3", role), confluent.WithIdempotent())
					return err
				},
				"v2": func(ctx context.Context, c *confluent.Client) error {
					_, err := c.Integrations.Ensure(ctx, azure("vault", tenantID), confluent.WithIdempotent())
					return err
				},
				"Provision": func(ctx context.Context, c *confluent.Client) error {
					_, err := c.Integrations.Provision(ctx, azure("vault", tenantID), confluent.WithIdempotent())
					return err
				},
			} {
				srv, c := newPair(t)
				fault.Method = http.MethodPost
				srv.Inject(fault)
				err := ensure(t.Context(), c)
				applied := fault.Apply || fault.Truncate
				if applied && version != "Provision" {
					require.NoError(t, err, version)
				} else {
					require.ErrorIs(t, err, confluent.ErrOutcomeUnknown, version)
				}
				assert.Equal(t, 1, srv.CountCalls(opCreate)+srv.CountCalls(opCreateV1), version)
				assert.Len(t, srv.Integrations(env), btoi(applied), version)
			}
			fault.Method = http.MethodPatch
			srv, c := newPair(t)
			srv.Inject(fault)
			_, _ = c.Integrations.Ensure(t.Context(), azure("vault", tenantID), confluent.WithIdempotent())
			assert.Equal(t, 1, srv.CountCalls(opUpdate))
		})
	}
}

// An item without a usable ID is not found, and does not count as absent.
func TestItemWithoutAUsableIDIsNeverFound(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`"id":7,`, ``, `"id":"",`, `"id":null,`, `"id":"  ",`, `"id":"..",`, `"id":{"a":1},`} {
		item := `{` + id + `"display_name":"vault","status":"CREATED","provider":"azure",` +
			`"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"` + tenantID + `"}}`
		w := newTap(t, answer(200, `{"data":[{"id":"cspi-1","display_name":"another"},`+item+`]}`))
		c := w.client(t)
		for version, ensure := range ensures {
			r := ensure(t.Context(), c, "vault")
			require.ErrorContains(t, r.err, "no usable id", "%s %s", version, id)
			require.NotErrorIs(t, r.err, confluent.ErrNotFound)
			errorOf(t, r.err)
			assert.Empty(t, r.id)
		}
		_, err := c.Integrations.FindByDisplayName(t.Context(), env, "vault")
		require.ErrorContains(t, err, "no usable id")
		require.NotErrorIs(t, err, confluent.ErrNotFound)
		for _, r := range w.requests() {
			assert.Equal(t, http.MethodGet, r.method, "nothing may be created")
		}
	}
}
