package confluent_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func TestAllIntegrationsYieldsAnErrorOnceAndLast(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		operation string
		skip      int
		want      int // number of elements before the error
		from      string
	}{
		"first page of v1": {opListV1, 0, 0, "IntegrationsV1.List"},
		"later page of v1": {opListV1, 2, 1, "IntegrationsV1.List"},
		"first page of v2": {opList, 0, 2, "Integrations.List"},
		"later page of v2": {opList, 3, 5, "Integrations.List"},
	} {
		for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusNotImplemented} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				t.Parallel()
				srv, c := newPair(t)
				addThreeClouds(srv)
				srv.Inject(confluenttest.Fault{Operation: tt.operation, Skip: tt.skip, Status: status})
				filter := &confluent.AllIntegrationsOptions{PageSize: 1}
				if tt.skip > 0 || status != http.StatusForbidden { // not a reason to skip the list
					filter.SkipForbidden = func(err *confluent.Error) { t.Errorf("left out: %v", err) }
				}
				got, err := walked(t, c.AllIntegrations(t.Context(), env, filter))
				assert.Equal(t, append([]string(nil), threeClouds[:tt.want]...), got)
				assert.Equal(t, status, errorOf(t, err).StatusCode)
				assert.Equal(t, tt.from, errorOf(t, err).Operation)
				assert.Len(t, srv.Calls(), map[string]int{opListV1: tt.skip + 1, opList: tt.skip + 7}[tt.operation])
			})
		}
	}
}

func TestAllIntegrationsLeavesOutAForbiddenVersionIfAllowed(t *testing.T) {
	t.Parallel()
	for operation, tt := range map[string]struct {
		from string
		want []string
	}{
		opListV1: {"IntegrationsV1.List", threeClouds[2:]},
		opList: {
			"Integrations.List",
			[]string{"aws-0 v1", "aws-1 v1", "azure-0 v1", "gcp-0 v1", "azure-1 v1", "gcp-1 v1"},
		},
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			addThreeClouds(srv)
			srv.Inject(confluenttest.Fault{Operation: operation, Status: http.StatusForbidden, Times: 2})
			var left []string
			filter := &confluent.AllIntegrationsOptions{SkipForbidden: func(err *confluent.Error) {
				assert.ErrorIs(t, err, confluent.ErrForbidden)
				left = append(left, err.Operation)
			}}
			list := c.AllIntegrations(t.Context(), env, filter)
			for range 2 {
				got, err := walked(t, list)
				require.NoError(t, err)
				assert.Equal(t, tt.want, got)
			}
			assert.Equal(t, []string{tt.from, tt.from}, left)
			got, err := walked(t, list)
			require.NoError(t, err)
			assert.Equal(t, threeClouds, got, "nothing is remembered from an earlier range")
		})
	}
}

func TestAllIntegrationsFailsIfNoVersionIsLeft(t *testing.T) {
	t.Parallel()
	const v1, v2 = "IntegrationsV1.List", "Integrations.List"
	for name, tt := range map[string]struct {
		provider     confluent.Provider
		body         string
		left, errors []string
	}{
		"both forbidden":         {"", `{"message":"no access"}`, []string{v1}, []string{v1, v2}},
		"the only one asked":     {"AWS", `{"message":"no access"}`, nil, []string{v1}},
		"an API key of the past": {"", `{"message":"invalid API key"}`, nil, []string{v1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTap(t, answer(403, tt.body))
			var left []string
			items, err := drain(w.client(t).AllIntegrations(t.Context(), env, &confluent.AllIntegrationsOptions{
				Provider: tt.provider, SkipForbidden: func(err *confluent.Error) { left = append(left, err.Operation) },
			}))
			assert.Empty(t, items)
			require.ErrorIs(t, err, confluent.ErrForbidden)
			assert.Equal(t, 403, errorOf(t, err).StatusCode)
			assert.Equal(t, tt.left, left)
			for _, operation := range tt.errors {
				assert.ErrorContains(t, err, operation)
			}
			assert.Len(t, w.requests(), len(tt.errors))
		})
	}
}

func TestAllIntegrationsOfAnUnknownEnvironmentFails(t *testing.T) {
	t.Parallel()
	_, c := newPair(t)
	skip := &confluent.AllIntegrationsOptions{SkipForbidden: func(*confluent.Error) {}}
	for _, filter := range []*confluent.AllIntegrationsOptions{nil, skip} {
		items, err := drain(c.AllIntegrations(t.Context(), "env-other", filter))
		assert.Empty(t, items)
		require.ErrorIs(t, err, confluent.ErrForbidden)
	}
}

func TestAllIntegrationsDoesNotLeaveOutAVersionAfterAnotherFailure(t *testing.T) {
	t.Parallel()
	left := 0
	filter := &confluent.AllIntegrationsOptions{SkipForbidden: func(*confluent.Error) { left++ }}
	empty := answer(200, `{"data":[],"metadata":{"next":"?page_token=t1"}}`)
	w := newTap(t, byVersion([]httpmock.Responder{answer(403, "")}, []httpmock.Responder{empty, answer(403, "")}))
	_, err := drain(w.client(t).AllIntegrations(t.Context(), env, filter))
	assert.Equal(t, "Integrations.List", errorOf(t, err).Operation, "a page after an empty one is not the first")
	assert.NotContains(t, err.Error(), "IntegrationsV1")
	assert.Equal(t, 1, left)

	srv := confluenttest.NewServer(t)
	srv.Inject(confluenttest.Fault{Operation: opExchange, Status: http.StatusForbidden})
	_, err = drain(newBearerClient(t, srv, confluent.WithSTS(stsConfig(jwt))).AllIntegrations(t.Context(), env, filter))
	require.Error(t, err, "a token that is refused says nothing about the version")
	assert.Equal(t, 1, left)
	assert.Len(t, srv.Calls(), 1)
}

func TestAllIntegrationsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, last := range []string{"aws-0", "azure-0"} {
		srv, c := newPair(t)
		addThreeClouds(srv)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var ids []string
		var failures []error
		filter := &confluent.AllIntegrationsOptions{PageSize: 1, SkipForbidden: func(*confluent.Error) {}}
		for item, err := range c.AllIntegrations(ctx, env, filter) {
			if err != nil {
				failures = append(failures, err)
				continue
			}
			if ids = append(ids, item.ID); item.ID == last {
				cancel()
			}
		}
		require.Len(t, failures, 1)
		require.ErrorIs(t, failures[0], context.Canceled)
		assert.Equal(t, last, ids[len(ids)-1])
		items, err := drain(c.AllIntegrations(ctx, env, nil))
		assert.Empty(t, items)
		require.ErrorIs(t, err, context.Canceled)
	}
}
