package apono_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

const opGet = "getIntegrationsByIdV4"

// inBubble calls f with a server without sockets, a client without retries, and an integration with
// a running sync.
func inBubble(
	t *testing.T, f func(t *testing.T, srv *aponotest.Server, c *apono.Client, id string), opts ...aponotest.Option,
) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := aponotest.NewServer(t, append([]aponotest.Option{aponotest.WithoutSocket()}, opts...)...)
		c := clientOf(t, srv)
		in, err := c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "db", Type: "mock-duck"})
		require.NoError(t, err)
		f(t, srv, c, in.ID)
	})
}

func TestWaitSyncedEndsWithTheSync(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]aponotest.Style{"upper case": {}, "as v2 writes it": {V4StatusAsV2: true}} {
		for _, status := range []string{"Active", "Warning", "Disabled"} {
			t.Run(name+" "+status, func(t *testing.T) {
				t.Parallel()
				inBubble(t, func(t *testing.T, srv *aponotest.Server, c *apono.Client, id string) {
					srv.FailSync(id, status)
					begin := time.Now()
					in, err := c.Integrations.WaitSynced(t.Context(), id, apono.WaitOptions{})
					require.NoError(t, err)
					assert.Equal(t, apono.Status(strings.ToUpper(status)), in.Status)
					// 2 s, 3 s, 4.5 s, each up to a fifth shorter
					assert.Equal(t, 4, srv.CountCalls(opGet))
					assert.LessOrEqual(t, time.Since(begin), 9500*time.Millisecond)
					assert.GreaterOrEqual(t, time.Since(begin), 7600*time.Millisecond)

					require.NoError(t, c.IntegrationsV2.Refresh(t.Context(), id))
					srv.FailSync(id, "Active")
					in, err = c.Integrations.WaitSynced(t.Context(), id,
						apono.WaitOptions{WaitOptions: sdk.WaitOptions{Interval: time.Second}})
					require.NoError(t, err)
					assert.Equal(t, apono.StatusActive, in.Status)
				}, aponotest.WithStyle(style), aponotest.WithSyncReads(3))
			})
		}
	}
}

func TestWaitSyncedTakesOtherFinalStatuses(t *testing.T) {
	t.Parallel()
	for status, final := range map[string]bool{"connected": true, "CONNECTED": true, "active": true, "Paused": false,
		"initializing": false, "REFRESHING": false} {
		inBubble(t, func(t *testing.T, srv *aponotest.Server, c *apono.Client, id string) {
			srv.SetStatus(id, status)
			begin := time.Now()
			in, err := c.Integrations.WaitSynced(t.Context(), id,
				apono.WaitOptions{WaitOptions: sdk.WaitOptions{Timeout: time.Minute}})
			if final {
				require.NoError(t, err)
				assert.Zero(t, time.Since(begin))
				return
			}
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Minute, time.Since(begin))
			assert.ErrorContains(t, err, string(in.Status), "what was last seen")
			require.ErrorAs(t, err, new(*apono.Error))
		})
	}
}

func TestWaitSyncedTellsOfAFailedSync(t *testing.T) {
	t.Parallel()
	for _, style := range []aponotest.Style{{}, {V4StatusAsV2: true}} {
		inBubble(t, func(t *testing.T, srv *aponotest.Server, c *apono.Client, id string) {
			srv.FailSync(id, "Error")
			in, err := c.Integrations.WaitSynced(t.Context(), id, apono.WaitOptions{})
			failed, ok := errors.AsType[*apono.SyncError](err)
			require.True(t, ok)
			assert.Equal(t, id, failed.ID)
			assert.Equal(t, apono.StatusError, failed.Status)
			assert.Equal(t, in.Status, failed.Status)
			require.ErrorAs(t, err, new(*apono.Error))
			assert.ErrorContains(t, err, id+" is "+string(in.Status))
			assert.Equal(t, 2, srv.CountCalls(opGet))
		}, aponotest.WithStyle(style))
	}
}

func TestWaitSyncedStopsWhereWaitingIsInVain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 410} {
		inBubble(t, func(t *testing.T, srv *aponotest.Server, c *apono.Client, id string) {
			srv.Inject(aponotest.Fault{Operation: opGet, Status: status, Skip: 1})
			_, err := c.Integrations.WaitSynced(t.Context(), id, apono.WaitOptions{})
			e, ok := errors.AsType[*apono.Error](err)
			require.True(t, ok)
			assert.Equal(t, status, e.StatusCode)
			assert.Equal(t, 2, srv.CountCalls(opGet))
		}, aponotest.WithSyncReads(-1))
	}
	inBubble(t, func(t *testing.T, srv *aponotest.Server, c *apono.Client, _ string) {
		begin := time.Now()
		in, err := c.Integrations.WaitSynced(t.Context(), "gone", apono.WaitOptions{})
		require.ErrorIs(t, err, apono.ErrNotFound)
		assert.Nil(t, in)
		assert.Zero(t, time.Since(begin))
		assert.Equal(t, 1, srv.CountCalls(opGet))
	})
}

func TestWaitSyncedGoesOnThroughOutages(t *testing.T) {
	t.Parallel()
	for _, fault := range []aponotest.Fault{{Status: 429}, {Status: 500}, {Status: 502}, {Status: 503}, {Unread: true},
		{Lost: true}, {Truncate: true}} {
		inBubble(t, func(t *testing.T, srv *aponotest.Server, c *apono.Client, id string) {
			fault.Operation, fault.Times = opGet, 2
			srv.Inject(fault)
			_, err := c.Integrations.WaitSynced(t.Context(), id, apono.WaitOptions{})
			require.NoError(t, err, "%+v", fault)
			assert.GreaterOrEqual(t, srv.CountCalls(opGet), 3)
		})
	}
}

func TestWaitSyncedEndsWithItsTimeOrItsContext(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wait     apono.WaitOptions
		deadline time.Duration
		cancel   time.Duration
		after    time.Duration
		is       error
	}{
		"10 minutes by default": {after: 10 * time.Minute, is: context.DeadlineExceeded},
		"the timeout": {wait: apono.WaitOptions{WaitOptions: sdk.WaitOptions{Timeout: time.Minute}},
			after: time.Minute, is: context.DeadlineExceeded},
		"the context's deadline": {deadline: time.Minute, after: time.Minute, is: context.DeadlineExceeded},
		"the earlier one": {wait: apono.WaitOptions{WaitOptions: sdk.WaitOptions{Timeout: time.Second}},
			deadline: time.Minute, after: time.Second, is: context.DeadlineExceeded},
		"cancelled": {cancel: 7 * time.Second, after: 7 * time.Second, is: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, _ *aponotest.Server, c *apono.Client, id string) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				if tt.cancel > 0 {
					time.AfterFunc(tt.cancel, cancel)
				}
				begin := time.Now()
				in, err := c.Integrations.WaitSynced(ctx, id, tt.wait)
				assert.Equal(t, tt.after, time.Since(begin))
				require.ErrorIs(t, err, tt.is)
				assert.ErrorContains(t, err, "is INITIALIZING")
				assert.Equal(t, id, in.ID)
			}, aponotest.WithSyncReads(-1))
		})
	}
}

func TestWaitSyncedRefusesBadInput(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	for _, tt := range []struct {
		id       string
		wait     apono.WaitOptions
		argument string
	}{
		{"", apono.WaitOptions{}, "id"},
		{"..", apono.WaitOptions{}, "id"},
		{"i", apono.WaitOptions{WaitOptions: sdk.WaitOptions{Interval: -1}}, "WaitOptions"},
		{"i", apono.WaitOptions{WaitOptions: sdk.WaitOptions{MaxInterval: -1}}, "WaitOptions"},
		{"i", apono.WaitOptions{WaitOptions: sdk.WaitOptions{Timeout: -1}}, "WaitOptions"},
		{"i", apono.WaitOptions{WaitOptions: sdk.WaitOptions{Interval: 2, MaxInterval: 1}}, "WaitOptions"},
	} {
		in, err := c.Integrations.WaitSynced(t.Context(), tt.id, tt.wait)
		assertRefused(t, err, tt.argument)
		assert.Nil(t, in)
	}
	assert.Empty(t, srv.Calls())
}

// If the server shows a refresh late, the status before the refresh must not count as the new one.
func TestWaitSyncedAfterARefreshThatShowsLate(t *testing.T) {
	t.Parallel()
	look := func(status, at string) answer {
		return good(`{"id":"i","status":"` + status + `","last_sync_time":` + at + `}`)
	}
	const before, later = `"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05.000000001Z"`
	read := &apono.Integration{LastSyncTime: apono.Time{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
	for name, tt := range map[string]struct {
		looks  []answer
		before *apono.Integration
		want   int // number of requests
		fails  bool
	}{
		"without Before the old state counts": {[]answer{look("ACTIVE", before), look("ACTIVE", later)}, nil, 1, false},
		"a later time": {[]answer{look("ACTIVE", before), look("ERROR", before),
			look("ACTIVE", later)}, read, 3, false},
		"seen under way": {[]answer{look("ACTIVE", before), look("Refreshing", before),
			look("Warning", before)}, read, 3, false},
		"seen under way, then failed": {[]answer{look("ERROR", before), look("INITIALIZING", "null"),
			look("ERROR", before)}, read, 3, true},
		"never synced before": {[]answer{look("ERROR", "null"), look("ERROR", "null"),
			look("ACTIVE", later)}, &apono.Integration{}, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, c := newWire(t, tt.looks)
				_, err := c.Integrations.WaitSynced(t.Context(), "i", apono.WaitOptions{Before: tt.before})
				assert.Equal(t, tt.fails, errors.As(err, new(*apono.SyncError)), "%v", err)
				assert.Equal(t, tt.fails, err != nil)
				assert.Len(t, w.sent, tt.want)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		_, c := newWire(t, []answer{look("ACTIVE", before)})
		in, err := c.Integrations.WaitSynced(t.Context(), "i", apono.WaitOptions{Before: read,
			WaitOptions: sdk.WaitOptions{Timeout: time.Minute}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, "i", in.ID)
	})
}
