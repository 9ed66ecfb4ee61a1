package confluent_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// If a response is lost, Ensure returns one object, or an error that states what is known.
func TestEnsureLooksAgainWhereAResponseIsLost(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults []confluenttest.Fault
		draft  bool // exists before the call
		sent   []string
		action sdk.EnsureAction
		is     error // nil if there is no error
	}{
		"create carried out": {
			faults: []confluenttest.Fault{{Operation: opCreate, Lost: true, Apply: true}},
			sent:   []string{"GET 200", "POST 0", "GET 200", "PATCH 200"}, action: sdk.EnsureCreated,
		},
		"create carried out, answered 500": {
			faults: []confluenttest.Fault{{Operation: opCreate, Status: 500, Apply: true}},
			sent:   []string{"GET 200", "POST 500", "GET 200", "PATCH 200"}, action: sdk.EnsureCreated,
		},
		"create carried out, answered nonsense": {
			faults: []confluenttest.Fault{{Operation: opCreate, Status: 201, Body: `{}`, Apply: true}},
			sent:   []string{"GET 200", "POST 201", "GET 200", "PATCH 200"}, action: sdk.EnsureCreated,
		},
		"create not carried out": {
			faults: []confluenttest.Fault{{Operation: opCreate, Lost: true}},
			sent:   []string{"GET 200", "POST 0", "GET 200"}, is: confluent.ErrOutcomeUnknown,
		},
		"create, and the second look fails": {
			faults: []confluenttest.Fault{{Operation: opCreate, Lost: true, Apply: true},
				{Operation: opList, Status: 403, Skip: 1}},
			sent: []string{"GET 200", "POST 0", "GET 403"}, is: confluent.ErrOutcomeUnknown,
		},
		"update carried out": {
			faults: []confluenttest.Fault{{Operation: opUpdate, Lost: true, Apply: true}}, draft: true,
			sent: []string{"GET 200", "PATCH 0", "GET 200"}, action: sdk.EnsureConfigured,
		},
		"update carried out, answered nonsense": {
			faults: []confluenttest.Fault{{Operation: opUpdate, Status: 200, Body: `{}`, Apply: true}}, draft: true,
			sent: []string{"GET 200", "PATCH 200", "GET 200"}, action: sdk.EnsureConfigured,
		},
		"update not carried out": {
			faults: []confluenttest.Fault{{Operation: opUpdate, Lost: true}}, draft: true,
			sent: []string{"GET 200", "PATCH 0", "GET 200"}, is: confluent.ErrOutcomeUnknown,
		},
		"update, and the look fails": {
			faults: []confluenttest.Fault{{Operation: opUpdate, Lost: true, Apply: true},
				{Operation: opGet, Status: 403}}, draft: true,
			sent: []string{"GET 200", "PATCH 0", "GET 403"}, is: confluent.ErrForbidden,
		},
		"create and update carried out": {
			faults: []confluenttest.Fault{{Operation: opCreate, Lost: true, Apply: true},
				{Operation: opUpdate, Lost: true, Apply: true}},
			sent: []string{"GET 200", "POST 0", "GET 200", "PATCH 0", "GET 200"}, action: sdk.EnsureCreated,
		},
		"update refused": {
			faults: []confluenttest.Fault{{Operation: opUpdate, Status: 422}},
			sent:   []string{"GET 200", "POST 201", "PATCH 422", "GET 200"}, action: sdk.EnsureCreated,
			is: confluent.ErrInvalid,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			if tc.draft {
				srv.Add(env, map[string]any{"display_name": "vault", "provider": "azure"})
			}
			for _, f := range tc.faults {
				srv.Inject(f)
			}
			got, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID))
			assert.Equal(t, tc.sent, sent(srv))
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
			} else {
				require.NoError(t, err)
				assert.Equal(t, confluent.StatusCreated, got.Integration.Status)
			}
			if tc.action == "" && !tc.draft {
				assert.Nil(t, got)
			} else if assert.NotNil(t, got) {
				assert.Equal(t, tc.action, got.Action)
			}

			got, err = c.Integrations.Ensure(t.Context(), azure("vault", tenantID))
			require.NoError(t, err, "another run repairs it")
			assert.Equal(t, confluent.StatusCreated, got.Integration.Status)
			assert.Len(t, srv.Integrations(env), 1)
		})
	}
}

func TestEnsureStopsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodPost, http.MethodPatch} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c := newClient(t, srv, around(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				if r.Method == method {
					cancel()
					return nil, context.Canceled
				}
				return resp, err
			}))
			_, err := c.Integrations.Ensure(ctx, azure("vault", tenantID))
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, confluent.ErrOutcomeUnknown)
			assert.Len(t, srv.Integrations(env), 1)
			calls := srv.Calls()
			assert.Equal(t, method, calls[len(calls)-1].Method)
		})
	}
}

// A response that says nothing about the name must not count as its absence: Ensure would create a
// duplicate.
func TestEnsureCreatesNothingWhereItCannotLook(t *testing.T) {
	t.Parallel()
	ensures := map[string]func(context.Context, *confluent.Client) error{
		"v1": func(ctx context.Context, c *confluent.Client) error {
			_, err := c.IntegrationsV1.Ensure(ctx, awsV1("s3", role))
			return err
		},
		"v2": func(ctx context.Context, c *confluent.Client) error {
			_, err := c.Integrations.Ensure(ctx, azure("vault", tenantID))
			return err
		},
	}
	for version, ensure := range ensures {
		for _, status := range []int{400, 401, 403, 404, 410, 500} {
			t.Run(version+" "+http.StatusText(status), func(t *testing.T) {
				t.Parallel()
				srv := confluenttest.NewServer(t)
				c := newClient(t, srv, noRetries())
				srv.Inject(confluenttest.Fault{Method: http.MethodGet, Status: status})
				assert.Equal(t, status, errorOf(t, ensure(t.Context(), c)).StatusCode)
				assert.Len(t, srv.Calls(), 1)
			})
		}
		for _, status := range []int{403, 404} {
			t.Run(version+" environment is "+http.StatusText(status), func(t *testing.T) {
				t.Parallel()
				srv, c := newPair(t, confluenttest.WithEnvironments("other"),
					confluenttest.WithStyle(confluenttest.Style{UnknownEnvironment: status}))
				assert.Equal(t, status, errorOf(t, ensure(t.Context(), c)).StatusCode)
				assert.Len(t, srv.Calls(), 1)
			})
		}
		t.Run(version+" the second page fails", func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			for range 101 {
				srv.Add(env, azureSeed("my vault", tenantID))
			}
			srv.Inject(confluenttest.Fault{Method: http.MethodGet, Status: 404, Skip: 1})
			assert.ErrorIs(t, ensure(t.Context(), c), confluent.ErrNotFound)
			assert.Equal(t, []string{"GET 200", "GET 404"}, sent(srv))
		})
		t.Run(version+" the token exchange is 404 for once", func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t)
			c := newBearerClient(t, srv, confluent.WithSTS(stsConfig("jwt")))
			srv.Inject(confluenttest.Fault{Operation: opExchange, Status: 404})
			err := ensure(t.Context(), c)
			require.ErrorContains(t, err, "404")
			assert.NotErrorIs(t, err, confluent.ErrNotFound, "the token is about the caller, not about an object")
			assert.Empty(t, srv.Integrations(env))
			assert.Len(t, srv.Calls(), 1)
		})
	}
}
