package confluent_test

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
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// mixedCalls is the work of one goroutine. It creates, reads, walks, validates and deletes its own
// integrations, and checks that every response belongs to it.
func mixedCalls(ctx context.Context, c *confluent.Client, n int) error {
	name := fmt.Sprintf("goroutine-%03d", n)
	in, err := c.Integrations.Provision(ctx, azure(name, tenantID))
	if err != nil {
		return err
	}
	v1, err := c.IntegrationsV1.Create(ctx, awsV1(name, role+name))
	if err != nil {
		return err
	}
	if err := c.Integrations.Validate(ctx, wants(in.ID)); err != nil {
		return err
	}
	var meta sdk.Meta
	var raw []byte
	got, err := c.Integrations.Get(ctx, env, in.ID, confluent.WithMeta(&meta), confluent.WithRawBody(&raw))
	switch {
	case err != nil:
		return err
	case got.DisplayName != name || got.ID != in.ID || meta.StatusCode != http.StatusOK || len(raw) == 0:
		return fmt.Errorf("another goroutine's response: %s, %s, %d", got.DisplayName, got.ID, meta.StatusCode)
	}
	found := false
	for item, err := range c.IntegrationsV1.List(ctx, env, &confluent.ListOptions{PageSize: 50},
		confluent.WithPrefetch()) {
		if err != nil {
			return err
		}
		if found = item.ID == v1.ID && item.DisplayName == name; found {
			break
		}
	}
	if !found {
		return fmt.Errorf("%s is not in the list", v1.ID)
	}
	if again, err := c.Integrations.Ensure(ctx, azure(name, tenantID)); err != nil ||
		again.Action != sdk.EnsureUnchanged {
		return fmt.Errorf("ensure: %w", err)
	}
	if err := c.Integrations.Delete(ctx, env, in.ID); err != nil {
		return err
	}
	return c.IntegrationsV1.Delete(ctx, env, v1.ID)
}

func runMixed(t *testing.T, srv *confluenttest.Server, c *confluent.Client) {
	t.Helper()
	const goroutines = 64
	var wg sync.WaitGroup
	for n := range goroutines {
		wg.Go(func() { assert.NoError(t, mixedCalls(t.Context(), c, n)) })
	}
	wg.Wait()
	assert.Empty(t, srv.Integrations(env))
	assert.Equal(t, 2*goroutines, answeredWith(srv, http.StatusCreated), "each create was carried out once")
}

func answeredWith(srv *confluenttest.Server, status int) (n int) {
	for _, c := range srv.Calls() {
		if c.Status == status {
			n++
		}
	}
	return n
}

func TestManyGoroutinesShareAClientInsideTheWindow(t *testing.T) {
	t.Parallel()
	t.Run("in memory, many windows", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := confluenttest.NewServer(t, confluenttest.WithoutSocket(), confluenttest.WithRateLimit(40,
				5*time.Second), confluenttest.WithLatency(10*time.Millisecond))
			runMixed(t, srv, newClient(t, srv))
			// The response to a validation has no rate limit headers, and 64 validations fill a
			// window. Only another request shows when the window ends.
			assert.LessOrEqual(t, answeredWith(srv, http.StatusTooManyRequests), 2, "waiting ahead must do")
		})
	})
	t.Run("in memory, without waiting ahead", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := confluenttest.NewServer(t, confluenttest.WithoutSocket(), confluenttest.WithRateLimit(40,
				5*time.Second))
			patient := sdk.DefaultRetryPolicy()
			patient.MaxAttempts = 1000
			runMixed(t, srv, newClient(t, srv, confluent.WithLimiter(nil), confluent.WithRetry(patient)))
			assert.NotZero(t, answeredWith(srv, http.StatusTooManyRequests), "or else the server limits nothing here")
		})
	})
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			opts := []confluenttest.Option{confluenttest.WithRateLimit(500, time.Second)}
			if proto == "HTTP/2.0" {
				opts = append(opts, confluenttest.WithHTTP2())
			}
			srv := confluenttest.NewServer(t, opts...)
			runMixed(t, srv, newClient(t, srv))
			require.Equal(t, proto, srv.Calls()[0].Proto)
		})
	}
}

func TestManyGoroutinesRideOutFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
		for _, operation := range []string{opGet, opList, opListV1, opValidate, opDelete} {
			for _, f := range []confluenttest.Fault{{Status: 503}, {Lost: true, Apply: true}, {Truncate: true},
				{Status: 429}} {
				f.Operation, f.Times, f.Skip = operation, 4, 10
				if f.Truncate && (operation == opValidate || operation == opDelete) {
					continue // responses without a body
				}
				srv.Inject(f)
			}
		}
		patient := sdk.DefaultRetryPolicy()
		patient.Budget = 1000
		runMixed(t, srv, newClient(t, srv, confluent.WithRetry(patient)))
	})
}
