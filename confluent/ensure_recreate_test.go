package confluent_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// newLocked returns a server with a draft named vault that refuses every configuration, and a
// client.
func newLocked(
	t *testing.T, typo confluent.IntegrationCreate, opts ...confluenttest.Option,
) (*confluenttest.Server, *confluent.Client) {
	t.Helper()
	locking := confluenttest.WithStyle(confluenttest.Style{LockFailedDraft: true})
	srv, c := newPair(t, append([]confluenttest.Option{locking}, opts...)...)
	_, err := c.Integrations.Ensure(t.Context(), typo)
	require.ErrorIs(t, err, confluent.ErrInvalid, "the typo")
	require.Len(t, srv.Integrations(env), 1)
	return srv, c
}

// since lists the requests that reached the server after the first n calls.
func since(srv *confluenttest.Server, n int) []string { return sent(srv)[n:] }

func TestEnsureRecreatesADraftThatAcceptsNoConfiguration(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ typo, right confluent.IntegrationCreate }{
		"Azure": {azure("vault", "no-guid"), azure("vault", tenantID)},
		"Google Cloud": {
			confluent.IntegrationCreate{DisplayName: "vault", Environment: inEnv, Config: gcpConfig("nobody")},
			confluent.IntegrationCreate{DisplayName: "vault", Environment: inEnv, Config: gcpConfig(gcpAccount)},
		},
		"Azure, by Provider": {
			confluent.IntegrationCreate{DisplayName: "vault", Environment: inEnv, Provider: "AZURE",
				Config: azureConfig("7")},
			azure("vault", tenantID),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newLocked(t, tc.typo)
			before := len(srv.Calls())
			var meta sdk.Meta
			got, err := c.Integrations.Ensure(t.Context(), tc.right, confluent.WithRecreateDraft(),
				confluent.WithMeta(&meta))
			require.NoError(t, err)
			assert.Equal(t, sdk.EnsureRecreated, got.Action)
			assert.Equal(t, []string{"GET 200", "PATCH 409", "GET 200", "DELETE 204", "GET 200", "POST 201",
				"PATCH 200"}, since(srv, before))
			assert.Equal(t, 200, meta.StatusCode, "of the last request")
			all := srv.Integrations(env)
			require.Len(t, all, 1)
			assert.Equal(t, "CREATED", all[0].Status)
			assert.Equal(t, all[0].ID, got.Integration.ID)
			assert.NotEqual(t, "cspi-00001", all[0].ID)

			got, err = c.Integrations.Ensure(t.Context(), tc.right, confluent.WithRecreateDraft())
			require.NoError(t, err)
			assert.Equal(t, sdk.EnsureUnchanged, got.Action)
		})
	}
}

// An integration that GET does not show as a DRAFT is not deleted, whatever caused the 409.
func TestEnsureRecreatesNothingButADraft(t *testing.T) {
	t.Parallel()
	staleList := `{"data":[{"id":"cspi-1","display_name":"vault","provider":"azure","status":"DRAFT",` +
		`"config":{"kind":"AzureIntegrationConfig","customer_azure_tenant_id":""}}]}`
	for name, tc := range map[string]struct {
		tenant string // tenant of the integration that the list hides
		usages []string
		faults []confluenttest.Fault
		action sdk.EnsureAction
		is     error
	}{
		"another program has configured it": {
			tenant: "6b2b9a4e-bbbb-4000-8000-000000000002", action: sdk.EnsureConflicting, is: confluent.ErrConflict,
		},
		"another program has configured it as wanted": {tenant: tenantID, action: sdk.EnsureConfigured},
		"it is in use": {
			tenant: "6b2b9a4e-bbbb-4000-8000-000000000002", usages: []string{"crn://x"}, action: sdk.EnsureConflicting,
			is: confluent.ErrConflict,
		},
		"it can't be read": {
			tenant: tenantID, faults: []confluenttest.Fault{{Operation: opGet, Status: 403}},
			is: confluent.ErrForbidden,
		},
		"its state is new": {
			tenant: tenantID, faults: []confluenttest.Fault{{Operation: opGet, Status: 200,
				Body: `{"id":"cspi-1","status":"LOCKED"}`}},
			action: sdk.EnsureConflicting, is: confluent.ErrConflict,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			seeded := with(with(azureSeed("vault", tc.tenant), "id", "cspi-1"), "status", "CREATED")
			srv.Add(env, seeded)
			if tc.usages != nil {
				srv.SetUsages("cspi-1", tc.usages...)
			}
			srv.Inject(confluenttest.Fault{Operation: opList, Status: 200, Body: staleList})
			for _, fault := range tc.faults {
				srv.Inject(fault)
			}
			got, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID), confluent.WithRecreateDraft())
			require.ErrorIs(t, err, tc.is)
			assert.Equal(t, tc.action, got.Action)
			assert.Equal(t, []string{"GET 200", "PATCH 409"}, sent(srv)[:2])
			assert.NotContains(t, methodsOf(srv), "DELETE")
			assert.Len(t, srv.Integrations(env), 1)
		})
	}
}

func methodsOf(srv *confluenttest.Server) []string {
	var all []string
	for _, call := range srv.Calls() {
		all = append(all, call.Method)
	}
	return all
}

func TestEnsureRecreatesThroughLostAndRefusedRequests(t *testing.T) {
	t.Parallel()
	const listed = `{"data":[{"id":"cspi-00001","display_name":"vault","provider":"azure","status":"DRAFT"}]}`
	for name, tc := range map[string]struct {
		faults []confluenttest.Fault
		left   int    // number of integrations
		action string // "" if there is no result
		is     error  // nil if there is no error
		says   string
	}{
		"DELETE carried out, lost": {faults: []confluenttest.Fault{{Operation: opDelete, Lost: true, Apply: true}},
			left: 1, action: "recreated"},
		"DELETE lost": {faults: []confluenttest.Fault{{Operation: opDelete, Lost: true}}, left: 1,
			action: "recreated"},
		"DELETE carried out, then 403": {faults: []confluenttest.Fault{{Operation: opDelete, Status: 502, Apply: true},
			{Operation: opDelete, Status: 403}}, left: 1, action: "recreated"},
		"deleted by another program": {faults: []confluenttest.Fault{{Operation: opDelete, Status: 404, Apply: true}},
			left: 1, action: "recreated"},
		"DELETE refused": {faults: []confluenttest.Fault{{Operation: opDelete, Status: 403}}, left: 1,
			action: "conflicting", is: confluent.ErrForbidden, says: "draft cspi-00001 is left behind"},
		"DELETE fails": {faults: []confluenttest.Fault{{Operation: opDelete, Status: 500, Times: 5}},
			left: 1, action: "conflicting", is: confluent.ErrUnavailable, says: "draft cspi-00001 is left behind"},
		"POST carried out, lost": {faults: []confluenttest.Fault{{Operation: opCreate, Lost: true, Apply: true}},
			left: 1, action: "recreated"},
		"POST lost": {faults: []confluenttest.Fault{{Operation: opCreate, Lost: true}}, left: 0,
			is: confluent.ErrOutcomeUnknown, says: "draft cspi-00001, which accepted no configuration, was deleted"},
		"POST refused": {faults: []confluenttest.Fault{{Operation: opCreate, Status: 402}}, left: 0,
			is: confluent.ErrQuotaExceeded, says: "was deleted"},
		"PATCH refused again": {faults: []confluenttest.Fault{{Operation: opUpdate, Status: 409, Skip: 1}},
			left: 1, action: "conflicting", is: confluent.ErrConflict,
			says: "draft cspi-00002 accepts no configuration"},
		"the list is late": {faults: []confluenttest.Fault{{Operation: opList, Status: 200, Body: listed,
			Skip: 1}}, left: 1, action: "recreated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newLocked(t, azure("vault", "no-guid"))
			for _, fault := range tc.faults {
				srv.Inject(fault)
			}
			got, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID), confluent.WithRecreateDraft())
			require.ErrorIs(t, err, tc.is)
			assert.Len(t, srv.Integrations(env), tc.left)
			if tc.says != "" {
				assert.ErrorContains(t, err, tc.says)
			}
			if tc.action == "" {
				assert.Nil(t, got)
			} else {
				assert.Equal(t, sdk.EnsureAction(tc.action), got.Action)
			}
			got, err = c.Integrations.Ensure(t.Context(), azure("vault", tenantID), confluent.WithRecreateDraft())
			require.NoError(t, err, "another call heals it")
			assert.Equal(t, confluent.StatusCreated, got.Integration.Status)
			assert.Len(t, srv.Integrations(env), 1)
		})
	}
}

// A draft that the same call has created is not created again.
func TestEnsureDoesNotRecreateTheDraftThatItHasCreated(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]confluent.CallOption{"recreating": confluent.WithRecreateDraft(),
		"default": confluent.WithHeader("X-A", "b")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			srv.Inject(confluenttest.Fault{Operation: opUpdate, Status: 409})
			got, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID), option)
			require.ErrorIs(t, err, confluent.ErrConflict)
			assert.Equal(t, sdk.EnsureConflicting, got.Action)
			assert.Equal(t, []string{"GET 200", "POST 201", "PATCH 409", "GET 200"}, sent(srv))
		})
	}
}

func TestEnsureFromManyGoroutinesRecreatesADraftOnce(t *testing.T) {
	t.Parallel()
	srv, c := newLocked(t, azure("vault", "no-guid"), confluenttest.WithLatency(2*time.Millisecond))
	const callers = 20
	results := make([]ensured, callers)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			got, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID), confluent.WithRecreateDraft())
			results[i] = ensured{err: err}
			if got != nil {
				results[i].id, results[i].action = got.Integration.ID, got.Action
			}
		})
	}
	wg.Wait()
	recreated := 0
	for _, r := range results {
		require.NoError(t, r.err)
		assert.Equal(t, results[0].id, r.id)
		if r.action == sdk.EnsureRecreated {
			recreated++
		}
	}
	assert.Equal(t, 1, recreated)
	assert.Len(t, srv.Integrations(env), 1)
}

// Where names are unique, the server leaves one of two integrations. The client that failed
// succeeds when it calls again.
func TestEnsureFromTwoClientsRecreatesOneWhereNamesAreUnique(t *testing.T) {
	t.Parallel()
	srv, first := newLocked(t, azure("vault", "no-guid"), confluenttest.WithUniqueNames(),
		confluenttest.WithLatency(2*time.Millisecond))
	clients := []*confluent.Client{first, newClient(t, srv)}
	var wg sync.WaitGroup
	for _, c := range clients {
		wg.Go(func() {
			_, _ = c.Integrations.Ensure(t.Context(), azure("vault", tenantID), confluent.WithRecreateDraft())
		})
	}
	wg.Wait()
	for _, c := range clients {
		_, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID), confluent.WithRecreateDraft())
		require.NoError(t, err)
	}
	all := srv.Integrations(env)
	require.Len(t, all, 1)
	assert.Equal(t, "CREATED", all[0].Status)
}

// Only status 409 means that the draft itself is the reason. After any other refusal it is kept.
func TestEnsureRecreatesNoDraftThatRefusesOneConfiguration(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 422} {
		srv, c := newPair(t)
		srv.Add(env, azureSeed("vault", ""))
		srv.Inject(confluenttest.Fault{Operation: opUpdate, Status: status})
		got, err := c.Integrations.Ensure(t.Context(), azure("vault", tenantID), confluent.WithRecreateDraft())
		require.Equal(t, status, errorOf(t, err).StatusCode)
		assert.Empty(t, got.Action, "nothing was done")
		assert.NotContains(t, methodsOf(srv), "DELETE", status)
		assert.Len(t, srv.Integrations(env), 1)
	}
}
