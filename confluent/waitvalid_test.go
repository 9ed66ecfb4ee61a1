package confluent_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// inBubble calls f with a server without sockets, a client without retries and a configured
// integration, in a bubble with its own clock.
func inBubble(t *testing.T, f func(t *testing.T, srv *confluenttest.Server, c *confluent.Client, id string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
		f(t, srv, newClient(t, srv, noRetries()), srv.Add(env, azure("vault", tenantID)))
	})
}

func wants(id string) confluent.IntegrationValidate {
	return confluent.IntegrationValidate{ID: id, Environment: inEnv}
}

// pauses returns the times between the validations of a server.
func pauses(srv *confluenttest.Server) []time.Duration {
	var all []time.Duration
	calls := srv.Calls()
	for i := 1; i < len(calls); i++ {
		all = append(all, calls[i].Time.Sub(calls[i-1].Time))
	}
	return all
}

// assertPauses checks that each pause is the wanted one, less at most a fifth.
func assertPauses(t *testing.T, want, got []time.Duration) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		assert.LessOrEqual(t, got[i], want[i], "pause %d", i)
		assert.GreaterOrEqual(t, got[i], want[i]-want[i]/5, "pause %d", i)
	}
}

func TestWaitValidEndsWithTheFirstSuccess(t *testing.T) {
	t.Parallel()
	for failures, want := range [][]time.Duration{
		nil,
		{2 * time.Second},
		{2 * time.Second, 3 * time.Second},
		{2 * time.Second, 3 * time.Second, 4500 * time.Millisecond},
	} {
		inBubble(t, func(t *testing.T, srv *confluenttest.Server, c *confluent.Client, id string) {
			srv.FailValidation(id, failures, "")
			require.NoError(t, c.Integrations.WaitValid(t.Context(), wants(id), sdk.WaitOptions{}))
			assertPauses(t, want, pauses(srv))
		})
	}
}

func TestWaitValidPausesGrowAreCappedAndDiffer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wait  sdk.WaitOptions
		first []time.Duration
		then  time.Duration
	}{
		"as told": {
			wait:  sdk.WaitOptions{Interval: 4 * time.Second, MaxInterval: 10 * time.Second},
			first: []time.Duration{4 * time.Second, 6 * time.Second, 9 * time.Second}, then: 10 * time.Second,
		},
		"defaults": {
			first: []time.Duration{2 * time.Second, 3 * time.Second, 4500 * time.Millisecond, 6750 * time.Millisecond,
				10125 * time.Millisecond, 15187500 * time.Microsecond, 22781250 * time.Microsecond},
			then: 30 * time.Second,
		},
		"only a small cap":      {wait: sdk.WaitOptions{MaxInterval: time.Second}, then: time.Second},
		"only a large interval": {wait: sdk.WaitOptions{Interval: 50 * time.Second}, then: 50 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *confluenttest.Server, c *confluent.Client, id string) {
				want := tc.first
				for range 20 {
					want = append(want, tc.then)
				}
				srv.FailValidation(id, len(want), "")
				tc.wait.Timeout = time.Hour
				require.NoError(t, c.Integrations.WaitValid(t.Context(), wants(id), tc.wait))
				got := pauses(srv)
				assertPauses(t, want, got)
				capped := map[time.Duration]bool{}
				for _, p := range got[len(tc.first):] {
					capped[p] = true
				}
				assert.Greater(t, len(capped), 10, "programs that wait for the same grant must not come back as one")
			})
		})
	}
}

func TestWaitValidGoesOnWhileTheServerMayStillAccept(t *testing.T) {
	t.Parallel()
	faults := map[string]confluenttest.Fault{"cut unread": {Unread: true}, "cut instead of a response": {Lost: true}}
	for _, status := range []int{400, 409, 422, 429, 500, 501, 502, 503, 504} {
		faults[http.StatusText(status)] = confluenttest.Fault{Status: status}
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *confluenttest.Server, c *confluent.Client, id string) {
				fault.Operation, fault.Times = opValidate, 2
				srv.Inject(fault)
				require.NoError(t, c.Integrations.WaitValid(t.Context(), wants(id), sdk.WaitOptions{}))
				assert.Equal(t, 3, srv.CountCalls(opValidate))
			})
		})
	}
}

func TestWaitValidStopsAtOnceWhereWaitingIsInVain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 402, 403, 404, 405, 410, 415} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *confluenttest.Server, c *confluent.Client, id string) {
				srv.Inject(confluenttest.Fault{Operation: opValidate, Status: status})
				begin := time.Now()
				err := c.Integrations.WaitValid(t.Context(), wants(id), sdk.WaitOptions{})
				assert.Equal(t, status, errorOf(t, err).StatusCode)
				assert.Zero(t, time.Since(begin))
				assert.Equal(t, 1, srv.CountCalls(opValidate))
			})
		})
	}
	t.Run("after others that did not stop it", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *confluenttest.Server, c *confluent.Client, id string) {
			srv.FailValidation(id, -1, "")
			srv.Inject(confluenttest.Fault{Operation: opValidate, Status: 403, Skip: 3})
			err := c.Integrations.WaitValid(t.Context(), wants(id), sdk.WaitOptions{})
			require.ErrorIs(t, err, confluent.ErrForbidden)
			assert.NotErrorIs(t, err, confluent.ErrInvalid)
			assert.Equal(t, 4, srv.CountCalls(opValidate))
		})
	})
	t.Run("no token", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *confluenttest.Server, _ *confluent.Client, id string) {
			broken := errors.New("no identity")
			c := newBearerClient(t, srv,
				confluent.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
					return sdk.Token{}, broken
				})))
			begin := time.Now()
			require.ErrorIs(t, c.Integrations.WaitValid(t.Context(), wants(id), sdk.WaitOptions{}), broken)
			assert.Zero(t, time.Since(begin))
			assert.Empty(t, srv.Calls())
		})
	})
}

func TestWaitValidEndsWithItsTimeOrItsContext(t *testing.T) {
	t.Parallel()
	deadline := func(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
		return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
	}
	cancelled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(7*time.Second, cancel)
		return ctx, cancel
	}
	for name, tc := range map[string]struct {
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		wait  sdk.WaitOptions
		after time.Duration
		is    error
	}{
		"10 minutes by default": {after: 10 * time.Minute, is: context.DeadlineExceeded},
		"the timeout": {wait: sdk.WaitOptions{Timeout: time.Minute}, after: time.Minute,
			is: context.DeadlineExceeded},
		"the context's deadline, if earlier": {ctx: deadline(time.Minute), after: time.Minute,
			is: context.DeadlineExceeded},
		"the timeout, if earlier": {ctx: deadline(time.Hour), after: 10 * time.Minute,
			is: context.DeadlineExceeded},
		"cancelled": {ctx: cancelled, after: 7 * time.Second, is: context.Canceled},
		"a pause that is longer than the end": {wait: sdk.WaitOptions{Interval: 1<<63 - 1}, after: 10 * time.Minute,
			is: context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *confluenttest.Server, c *confluent.Client, id string) {
				srv.FailValidation(id, -1, "the grant is not there")
				ctx := t.Context()
				if tc.ctx != nil {
					var cancel context.CancelFunc
					ctx, cancel = tc.ctx(ctx)
					defer cancel()
				}
				begin := time.Now()
				err := c.Integrations.WaitValid(ctx, wants(id), tc.wait)
				assert.Equal(t, tc.after, time.Since(begin))
				require.ErrorIs(t, err, tc.is)
				require.ErrorIs(t, err, confluent.ErrInvalid)
				assert.Equal(t, "the grant is not there", errorOf(t, err).Detail)
			})
		})
	}
}

func TestWaitValidKeepsTheLastReasonWhenACallIsCutShort(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults []confluenttest.Fault
		retry  sdk.RetryPolicy
		cancel time.Duration // 0 if the timeout ends the wait
		status int
	}{
		"the first call hangs": {
			faults: []confluenttest.Fault{{Operation: opValidate, Delay: time.Hour}},
		},
		"a later call hangs": {
			faults: []confluenttest.Fault{{Operation: opValidate, Status: 422},
				{Operation: opValidate, Delay: time.Hour}},
			status: 422,
		},
		"a later call is being repeated": {
			faults: []confluenttest.Fault{{Operation: opValidate, Status: 422}, {Operation: opValidate, Status: 500,
				Times: -1}},
			retry:  sdk.RetryPolicy{MaxAttempts: 1000, MinDelay: time.Second, MaxDelay: time.Second, Budget: 1000},
			status: 500,
		},
		"cancelled while a later call waits for its repetition": {
			faults: []confluenttest.Fault{{Operation: opValidate, Status: 422}, {Operation: opValidate, Status: 503,
				Header: http.Header{"Retry-After": {"20"}}}},
			retry: sdk.RetryPolicy{MaxAttempts: 2, MaxServerWait: time.Minute}, cancel: 10 * time.Second,
			status: 503,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
				if tc.retry.MaxAttempts == 0 {
					tc.retry.MaxAttempts = 1
				}
				c := newClient(t, srv, confluent.WithRetry(tc.retry), confluent.WithAttemptTimeout(time.Hour))
				for _, f := range tc.faults {
					srv.Inject(f)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				after, is := time.Minute, context.DeadlineExceeded
				if tc.cancel > 0 {
					after, is = tc.cancel, context.Canceled
					time.AfterFunc(tc.cancel, cancel)
				}
				begin := time.Now()
				err := c.Integrations.WaitValid(ctx, wants(srv.Add(env, azure("vault", tenantID))),
					sdk.WaitOptions{Timeout: time.Minute})
				assert.Equal(t, after, time.Since(begin))
				require.ErrorIs(t, err, is)
				assert.Equal(t, tc.status, errorOf(t, err).StatusCode)
			})
		})
	}
}

func TestWaitValidSendsTheConfigOfADraft(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *confluenttest.Server, c *confluent.Client, _ string) {
		id := srv.Add(env, confluent.IntegrationCreate{Provider: "azure", DisplayName: "draft"})
		srv.FailValidation(id, 1, "")
		in := wants(id)
		in.Config = azureConfig(tenantID)
		require.NoError(t, c.Integrations.WaitValid(t.Context(), in, sdk.WaitOptions{}))
		for _, body := range bodiesOf(srv, opValidate) {
			assert.JSONEq(t, `{"id":"`+id+`","environment":{"id":"env-1"},"config":{"kind":"AzureIntegrationConfig",`+
				`"customer_azure_tenant_id":"`+tenantID+`"}}`, body)
		}
		assert.Equal(t, 2, srv.CountCalls(opValidate))
		now, err := c.Integrations.Get(t.Context(), env, id)
		require.NoError(t, err)
		assert.Equal(t, confluent.StatusDraft, now.Status, "validation changes nothing")
	})
}

func TestWaitValidRefusesBadInput(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for name, tc := range map[string]struct {
		in       confluent.IntegrationValidate
		wait     sdk.WaitOptions
		argument string
	}{
		"no id": {confluent.IntegrationValidate{Environment: inEnv}, sdk.WaitOptions{}, "ID"},
		"no environment": {confluent.IntegrationValidate{ID: "cspi-1"}, sdk.WaitOptions{},
			"Environment.ID"},
		"config without kind": {confluent.IntegrationValidate{ID: "cspi-1", Environment: inEnv,
			Config: unknownConfig(`{}`)}, sdk.WaitOptions{}, "Config"},
		"negative interval": {wants("cspi-1"), sdk.WaitOptions{Interval: -second}, "WaitOptions"},
		"negative cap":      {wants("cspi-1"), sdk.WaitOptions{MaxInterval: -second}, "WaitOptions"},
		"negative timeout":  {wants("cspi-1"), sdk.WaitOptions{Timeout: -second}, "WaitOptions"},
		"an interval larger than most": {wants("cspi-1"), sdk.WaitOptions{Interval: 2 * second, MaxInterval: second},
			"WaitOptions"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *confluenttest.Server, c *confluent.Client, _ string) {
				begin := time.Now()
				requireRefused(t, c.Integrations.WaitValid(t.Context(), tc.in, tc.wait), tc.argument)
				assert.Zero(t, time.Since(begin))
				assert.Empty(t, srv.Calls())
			})
		})
	}
}
