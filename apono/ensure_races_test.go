package apono_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

func mysql(name string) apono.IntegrationCreate {
	return apono.IntegrationCreate{Name: name, Type: "mysql",
		IntegrationConfig: apono.ConfigOf(map[string]string{"hostname": "h"})}
}

// One client creates one integration, whether or not the server would refuse a second one.
func TestEnsureFromManyGoroutinesCreatesOne(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]aponotest.Option{"names are free": nil,
		"names are unique": {aponotest.WithUniqueNames()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := fakeAndClient(t, append(opts, aponotest.WithLatency(2*time.Millisecond))...)
			const callers, names = 20, 3
			results := make([]*sdk.EnsureResult[apono.Integration], callers*names)
			var wg sync.WaitGroup
			for i := range results {
				wg.Go(func() {
					got, err := c.Integrations.Ensure(t.Context(), mysql(fmt.Sprintf("db %d", i%names)))
					assert.NoError(t, err)
					results[i] = got
				})
			}
			wg.Wait()
			created := 0
			for i, r := range results {
				require.NotNil(t, r)
				assert.Equal(t, results[i%names].Integration.ID, r.Integration.ID)
				if r.Action == sdk.EnsureCreated {
					created++
				} else {
					assert.Equal(t, sdk.EnsureUnchanged, r.Action)
				}
			}
			assert.Equal(t, names, created)
			assert.Len(t, srv.Integrations(), names)
		})
	}
}

func TestEnsureWaitsNoLongerThanItsContextAndOnlyForItsName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, c := fakeAndClient(t, aponotest.WithoutSocket())
		srv.Inject(aponotest.Fault{Operation: "createIntegrationV4", Delay: 10 * time.Second})
		begin := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Integrations.Ensure(t.Context(), mysql("db"))
			assert.NoError(t, err)
			assert.Equal(t, 10*time.Second, time.Since(begin))
		})
		synctest.Wait()
		_, err := c.Integrations.Ensure(t.Context(), mysql("DB"))
		require.NoError(t, err)
		assert.Zero(t, time.Since(begin))

		calls := len(srv.Calls())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Integrations.Ensure(ctx, mysql("db"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, errorOf(t, err).Attempts)
		assert.Equal(t, time.Second, time.Since(begin))
		assert.Len(t, srv.Calls(), calls, "nothing is sent")
		wg.Wait()
	})
}

// Another client creates an integration between the lookup and the POST of this client.
func TestEnsureLooksAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		there  map[string]any
		action sdk.EnsureAction
		calls  []string
	}{
		"as wanted": {map[string]any{"name": "db", "type": "mysql",
			"integration_config": map[string]any{"hostname": "h"}}, sdk.EnsureUnchanged, []string{"GET 200", "POST 409",
			"GET 200"}},
		"another type": {map[string]any{"name": "db", "type": "postgresql"}, sdk.EnsureConflicting,
			[]string{"GET 200", "POST 409", "GET 200"}},
		"another config": {map[string]any{"name": "db", "type": "mysql"}, sdk.EnsureUpdated,
			[]string{"GET 200", "POST 409", "GET 200", "GET 200", "PUT 200"}},
		"another case": {map[string]any{"name": "DB", "type": "mysql"}, "", []string{"GET 200", "POST 409",
			"GET 200"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := aponotest.NewServer(t, aponotest.WithUniqueNames())
			c := clientOf(t, srv, apono.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
				return transport(func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodPost {
						srv.Add(tt.there)
					}
					return next.RoundTrip(r)
				})
			}))
			got, err := c.Integrations.Ensure(t.Context(), mysql("db"))
			assert.Equal(t, tt.calls, answers(srv))
			assert.Len(t, srv.Integrations(), 1)
			if tt.action == "" || tt.action == sdk.EnsureConflicting {
				require.ErrorIs(t, err, apono.ErrConflict)
			} else {
				require.NoError(t, err)
			}
			if tt.action == "" {
				assert.Nil(t, got)
				assert.Equal(t, 409, errorOf(t, err).StatusCode)
			} else {
				assert.Equal(t, tt.action, got.Action)
			}
		})
	}
}

// Ensure does not repeat a request that the server may have carried out, whatever the options
// allow.
func TestEnsureNeverRepeatsACreate(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]aponotest.Fault{
		"carried out, 500": {Status: 500, Apply: true}, "carried out, cut": {Lost: true, Apply: true},
		"carried out, broken off": {Truncate: true},
		"502":                     {Status: 502}, "cut": {Lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := aponotest.NewServer(t)
			c := clientOf(t, srv,
				apono.WithRetry(sdk.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond}))
			fault.Operation, fault.Times = "createIntegrationV4", -1
			srv.Inject(fault)
			got, err := c.Integrations.Ensure(t.Context(), mysql("db"), apono.WithIdempotent())
			assert.Equal(t, 1, srv.CountCalls("createIntegrationV4"))
			if fault.Apply || fault.Truncate {
				require.NoError(t, err)
				assert.Equal(t, sdk.EnsureCreated, got.Action)
				assert.Len(t, srv.Integrations(), 1)
			} else {
				require.ErrorIs(t, err, apono.ErrOutcomeUnknown)
				assert.Empty(t, srv.Integrations())
			}
		})
	}
}

// An item without a usable ID is not found, and does not count as absent.
func TestItemWithoutAUsableIDIsNeverFound(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`"id":7,`, ``, `"id":"",`, `"id":null,`, `"id":"..",`, `"id":["a"],`} {
		body := `{"items":[{"id":"i-1","name":"another"},{` + id +
			`"name":"db","type":"mysql","integration_config":{"hostname":"h"}}],"pagination":{}}`
		srv, c := fakeAndClient(t)
		srv.Inject(aponotest.Fault{Operation: "listIntegrationsV4", Status: 200, Body: body, Times: -1})
		got, err := c.Integrations.Ensure(t.Context(), mysql("db"))
		require.ErrorContains(t, err, "no usable id", id)
		require.NotErrorIs(t, err, apono.ErrNotFound)
		errorOf(t, err)
		assert.Nil(t, got)
		_, err = c.Integrations.FindByName(t.Context(), "db")
		require.ErrorContains(t, err, "no usable id", id)
		assert.Equal(t, []string{"GET 200", "GET 200"}, answers(srv), "nothing may be created")
	}
}
