package egeria_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

// running returns a fake whose server d runs the group G:1, with a connector unless configured
// otherwise, and the group G:2, whose definition is not read yet.
func running(
	t *testing.T, release string, connectors bool, opts ...egeriatest.Option,
) (*egeriatest.Server, *egeria.Client) {
	t.Helper()
	srv := egeriatest.NewServer(t, append([]egeriatest.Option{egeriatest.WithRelease(release)}, opts...)...)
	c := clientAt(t, srv)
	start(t, srv, c, connectors)
	return srv, c
}

func start(t *testing.T, srv *egeriatest.Server, c *egeria.Client, connectors bool) {
	t.Helper()
	d := c.Server("d")
	require.NoError(t, d.Config.SetDefaultAuditLog(t.Context()))
	require.NoError(t, d.IntegrationGroups.ReplaceAll(t.Context(), []egeria.IntegrationGroup{group("G:1"),
		group("G:2")}))
	_, err := c.Platform.Start(t.Context(), "d")
	require.NoError(t, err)
	if connectors {
		srv.AddConnector("d", "G:1", "files")
	}
	srv.ResetCalls()
}

func TestDaemonTellsHowItDoes(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			srv, c := running(t, release, true)
			d := c.Server("d").Daemon
			groups, err := d.Groups(t.Context())
			require.NoError(t, err)
			require.Len(t, groups, 2)
			assert.Equal(t, "G:2 G:1", groups[0].Name+" "+groups[1].Name, "in the order of a Java map")
			slices.Reverse(groups)
			assert.Equal(t, egeria.GroupStatusRunning, groups[0].Status)
			assert.NotEmpty(t, groups[0].GUID)
			require.Len(t, groups[0].Connectors, 1)
			files := groups[0].Connectors[0]
			assert.Equal(t, "files", files.Name)
			assert.Contains(t, []egeria.ConnectorStatus{egeria.ConnectorStatusRunning, egeria.ConnectorStatusWaiting},
				files.Status)
			assert.WithinDuration(t, time.Now(), files.LastStatusChange.Time, time.Minute)
			assert.True(t, files.LastRefreshTime.IsZero())
			assert.Equal(t, egeria.GroupSummary{Name: "G:2", Status: egeria.GroupStatusAssigned}, groups[1])

			one, err := d.Group(t.Context(), "G:1")
			require.NoError(t, err)
			assert.Equal(t, &groups[0], one)
			_, err = d.Group(t.Context(), "G:3")
			require.ErrorIs(t, err, egeria.ErrInvalid)
			require.ErrorContains(t, err, "G:3")

			status, err := d.Status(t.Context())
			require.NoError(t, err)
			slices.Reverse(status.Groups)
			assert.Equal(t, groups, status.Groups)
			assert.Len(t, status.Connectors, map[bool]int{true: 1}[release >= "5"])

			require.NoError(t, d.Refresh(t.Context(), "files"))
			require.NoError(t, d.Refresh(t.Context(), ""))
			require.NoError(t, d.Restart(t.Context(), "files"))
			require.NoError(t, d.Restart(t.Context(), ""))
			require.NoError(t, d.RefreshConfig(t.Context(), "G:1"))
			for _, act := range []func(context.Context, string, ...egeria.CallOption) error{d.Refresh, d.Restart} {
				err := act(t.Context(), "none")
				require.ErrorIs(t, err, egeria.ErrInvalid)
				require.ErrorContains(t, err, "none")
			}
			require.ErrorIs(t, d.RefreshConfig(t.Context(), "G:3"), egeria.ErrInvalid)
			one, err = d.Group(t.Context(), "G:1")
			require.NoError(t, err)
			assert.False(t, one.Connectors[0].LastRefreshTime.IsZero())
			assert.NotEqual(t, files.InstanceID, one.Connectors[0].InstanceID)

			const base = "/servers/d/open-metadata/integration-daemon"
			const of4 = "/servers/d/open-metadata/integration-daemon/users/garygeeke"
			for _, call := range srv.Calls() {
				assert.Equal(t, release < "6", strings.HasPrefix(call.Path, of4+"/"), call.Path)
				assert.True(t, strings.HasPrefix(call.Path, base+"/"), call.Path)
				assert.Equal(t, release < "6", call.Header.Get("Authorization") == "")
			}
		})
	}
}

func TestDaemonThatDoesNotRunIsNotFound(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		srv, s := daemonAt(t, release)
		check := func(when string) {
			d := s.Daemon
			for name, call := range map[string]func() error{
				"Status":        func() error { _, err := d.Status(t.Context()); return err },
				"Groups":        func() error { _, err := d.Groups(t.Context()); return err },
				"Group":         func() error { _, err := d.Group(t.Context(), "G:1"); return err },
				"RefreshConfig": func() error { return d.RefreshConfig(t.Context(), "G:1") },
				"Refresh":       func() error { return d.Refresh(t.Context(), "") },
				"Restart":       func() error { return d.Restart(t.Context(), "c") },
				"WaitGroup": func() error {
					_, err := d.WaitGroup(t.Context(), "G:1", sdk.WaitOptions{})
					return err
				},
			} {
				srv.ResetCalls()
				err := call()
				require.ErrorIs(t, err, egeria.ErrNotFound, "%s %s %s", release, name, when)
				e, ok := errors.AsType[*egeria.Error](err)
				require.True(t, ok)
				assert.Equal(t, 200, e.StatusCode)
				assert.Equal(t, 404, e.RelatedCode)
				assert.Equal(t, "OMAG-MULTI-TENANT-404-001", e.Code)
				assert.Equal(t, "InvalidParameterException", e.Exception())
				assert.NotErrorIs(t, err, egeria.ErrOutcomeUnknown, "the platform has refused")
				assert.Len(t, operations(srv), 1, "%s %s", name, when)
			}
		}
		check("before the start")
		c := clientAt(t, srv)
		start(t, srv, c, true)
		_, err := s.Daemon.Status(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.Platform.Stop(t.Context(), "d"))
		check("after the end")
	}
}

// Since 5.0, calls for all connectors fail if there are none. Calls for groups succeed.
func TestDaemonWithoutConnectors(t *testing.T) {
	t.Parallel()
	for _, release := range eras {
		_, c := running(t, release, false)
		d := c.Server("d").Daemon
		groups, err := d.Groups(t.Context())
		require.NoError(t, err)
		require.Len(t, groups, 2)
		assert.Equal(t, egeria.GroupStatusAssigned, groups[0].Status)
		assert.Empty(t, groups[0].Connectors)
		_, err = d.Status(t.Context())
		if release < "5" {
			require.NoError(t, err)
			require.NoError(t, d.Refresh(t.Context(), ""))
			require.NoError(t, d.Restart(t.Context(), ""))
			continue
		}
		for _, err := range []error{err, d.Refresh(t.Context(), ""), d.Restart(t.Context(), "")} {
			e, ok := errors.AsType[*egeria.Error](err)
			require.True(t, ok)
			assert.Equal(t, "java.lang.NullPointerException", e.Failure.ExceptionCausedBy)
			assert.True(t, e.NoConnectors())
			assert.Equal(t, 1, e.Attempts, "a failure that came with status 200 is not repeated")
		}
	}
}

func TestDaemonResponsesWithoutContent(t *testing.T) {
	t.Parallel()
	srv, c := running(t, "6.1", true)
	d := c.Server("d").Daemon
	for _, body := range []string{`{"relatedHTTPCode":200}`,
		`{"relatedHTTPCode":200,"integrationDaemonStatus":null,"integrationGroupSummaries":null,` +
			`"integrationGroupSummary":null}`} {
		srv.Inject(egeriatest.Fault{Body: body, Times: 3})
		status, err := d.Status(t.Context())
		require.NoError(t, err)
		assert.Equal(t, &egeria.DaemonStatus{}, status)
		groups, err := d.Groups(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []egeria.GroupSummary{}, groups)
		group, err := d.Group(t.Context(), "G:1")
		require.EqualError(t, err, "egeria: Daemon.Group: the response has no summary")
		assert.Nil(t, group)
	}
}

// actions are the calls that must not be carried out twice, with the operation and the body of
// each.
func actions(d *egeria.DaemonService) map[string]struct {
	do              func(context.Context, ...egeria.CallOption) error
	operation, body string
} {
	type action = struct {
		do              func(context.Context, ...egeria.CallOption) error
		operation, body string
	}
	with := func(f func(context.Context, string, ...egeria.CallOption) error, name string) func(context.Context,
		...egeria.CallOption) error {
		return func(ctx context.Context, opts ...egeria.CallOption) error { return f(ctx, name, opts...) }
	}
	return map[string]action{
		"RefreshConfig":  {with(d.RefreshConfig, "G:1"), "refreshGroupConfig", ""},
		"Refresh of one": {with(d.Refresh, "files"), "refreshConnectors", `{"class":"NameRequestBody","name":"files"}`},
		"Refresh of all": {with(d.Refresh, ""), "refreshConnectors", ""},
		"Restart of one": {with(d.Restart, "files"), "restartConnectors", `{"class":"NameRequestBody","name":"files"}`},
		"Restart of all": {with(d.Restart, ""), "restartConnectors", ""},
	}
}

func TestActionsAreRepeatedOnlyWhereNothingHappened(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"4.3", "6.1"} {
		for _, opts := range [][]egeriatest.Option{nil, {egeriatest.WithHTTP2()}} {
			srv, c := running(t, release, true, opts...)
			for name, a := range actions(c.Server("d").Daemon) {
				try := func(fault egeriatest.Fault, opts ...egeria.CallOption) error {
					_, err := c.Server("d").Daemon.Groups(t.Context()) // opens a connection
					require.NoError(t, err)
					srv.ResetCalls()
					fault.Operation = a.operation
					srv.Inject(fault)
					return a.do(t.Context(), opts...)
				}
				for _, fault := range []egeriatest.Fault{{Lost: true, Apply: true}, {Lost: true}, {Unread: true},
					{Truncate: true},
					{Status: 500}, {Status: 503}, {Status: 504, Apply: true}} {
					err := try(fault)
					require.ErrorIs(t, err, egeria.ErrOutcomeUnknown, "%s %+v", name, fault)
					require.ErrorIs(t, err, egeria.ErrUnavailable)
					assert.Equal(t, 1, srv.CountCalls(""), "%s %+v", name, fault)
					require.NoError(t, try(fault, egeria.WithIdempotent()), "%s %+v", name, fault)
					assert.Equal(t, 2, srv.CountCalls(""), "%s %+v", name, fault)
				}
				soon := http.Header{"Retry-After": {"0"}}
				for _, fault := range []egeriatest.Fault{{Status: 429}, {Status: 429, Header: soon},
					{Status: 503, Header: soon}} {
					require.NoError(t, try(fault), "%s %+v", name, fault)
					assert.Equal(t, 2, srv.CountCalls(""), "%s %+v", name, fault)
				}
				for _, call := range srv.Calls() {
					assert.Equal(t, a.body, string(call.Body), name)
					assert.Equal(t, map[bool]string{true: "no-store"}[name == "RefreshConfig"],
						call.Header.Get("Cache-Control"), name)
				}
				if release == "6.1" {
					srv.ResetCalls()
					logins := srv.Logins()
					srv.RevokeTokens()
					require.NoError(t, a.do(t.Context()), name)
					assert.Equal(t, 2, srv.CountCalls(a.operation), "once more after a 401")
					assert.Equal(t, logins+1, srv.Logins())

					srv.ResetCalls()
					srv.Inject(egeriatest.Fault{Operation: a.operation, Status: 401, Times: 2})
					err := a.do(t.Context())
					require.ErrorIs(t, err, egeria.ErrUnauthorized)
					require.NotErrorIs(t, err, egeria.ErrOutcomeUnknown)
					assert.Equal(t, 2, srv.CountCalls(a.operation), "but only once")
				}
			}
		}
	}
}

// A daemon responds when the action is complete, possibly minutes later.
func TestActionsMayTakeLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, c := running(t, "6.1", true, egeriatest.WithoutSocket())
		_, err := c.Server("d").Daemon.Groups(t.Context())
		require.NoError(t, err)
		for name, a := range actions(c.Server("d").Daemon) {
			srv.Inject(egeriatest.Fault{Operation: a.operation, Delay: egeria.LongTimeout - time.Second})
			require.NoError(t, a.do(t.Context()), name)
			srv.Inject(egeriatest.Fault{Operation: a.operation, Delay: egeria.LongTimeout + time.Second})
			begin := time.Now()
			err := a.do(t.Context())
			require.ErrorIs(t, err, egeria.ErrOutcomeUnknown, name)
			assert.Equal(t, egeria.LongTimeout, time.Since(begin), name)
		}
		srv.Inject(egeriatest.Fault{Operation: "getDaemonStatus", Delay: time.Minute + time.Second})
		_, err = c.Server("d").Daemon.Status(t.Context())
		require.NoError(t, err, "what only reads gives up after a minute, and asks again")
		assert.Equal(t, 2, srv.CountCalls("getDaemonStatus"))
	})
}

const opSummary = "getGroupSummary"

// waiting calls f with a daemon without sockets, whose group G:1 is ASSIGNED, and with a client
// without retries.
func waiting(t *testing.T, f func(t *testing.T, srv *egeriatest.Server, d *egeria.DaemonService)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease("6.1"), egeriatest.WithoutSocket())
		c := clientAt(t, srv, egeria.WithRetry(sdk.RetryPolicy{MaxAttempts: 1}))
		start(t, srv, c, false)
		f(t, srv, c.Server("d").Daemon)
	})
}

func TestWaitGroupEndsWhenTheGroupRuns(t *testing.T) {
	t.Parallel()
	waiting(t, func(t *testing.T, srv *egeriatest.Server, d *egeria.DaemonService) {
		begin := time.Now()
		time.AfterFunc(time.Second, func() { srv.SetGroup("d", "G:1", "CONFIGURING") })
		time.AfterFunc(6*time.Second, func() { srv.SetGroup("d", "G:1", "SOMETHING_NEW") })
		time.AfterFunc(8*time.Second, func() { srv.SetGroup("d", "G:1", "RUNNING") })
		group, err := d.WaitGroup(t.Context(), "G:1", sdk.WaitOptions{})
		require.NoError(t, err)
		assert.Equal(t, "G:1", group.Name)
		assert.Equal(t, egeria.GroupStatusRunning, group.Status)
		// requests at 0, 2, 5, 9.5 and 16.25 s, each pause up to a fifth shorter
		assert.Contains(t, []int{4, 5}, srv.CountCalls(opSummary))
		assert.GreaterOrEqual(t, time.Since(begin), 8*time.Second)
		assert.LessOrEqual(t, time.Since(begin), 16250*time.Millisecond)

		begin = time.Now()
		_, err = d.WaitGroup(t.Context(), "G:1", sdk.WaitOptions{})
		require.NoError(t, err)
		assert.Zero(t, time.Since(begin), "it runs already")
	})
}

func TestWaitGroupTellsOfAGroupThatDoesNotRun(t *testing.T) {
	t.Parallel()
	for _, status := range []egeria.GroupStatus{egeria.GroupStatusFailed, egeria.GroupStatusDisabled} {
		waiting(t, func(t *testing.T, srv *egeriatest.Server, d *egeria.DaemonService) {
			time.AfterFunc(time.Second, func() { srv.SetGroup("d", "G:1", string(status)) })
			group, err := d.WaitGroup(t.Context(), "G:1", sdk.WaitOptions{})
			failed, ok := errors.AsType[*egeria.GroupError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, egeria.GroupError{Name: "G:1", Status: status}, *failed)
			assert.Equal(t, status, group.Status)
			assert.EqualError(t, err, "egeria: Daemon.WaitGroup: integration group G:1 is "+string(status))
			require.ErrorAs(t, err, new(*egeria.Error))
			assert.Equal(t, 2, srv.CountCalls(opSummary))
		})
	}
}

func TestWaitGroupStopsWhereWaitingIsInVain(t *testing.T) {
	t.Parallel()
	for status, is := range map[int]error{400: egeria.ErrInvalid, 401: egeria.ErrUnauthorized, 403: egeria.ErrForbidden,
		404: egeria.ErrNotFound} {
		waiting(t, func(t *testing.T, srv *egeriatest.Server, d *egeria.DaemonService) {
			srv.Inject(egeriatest.Fault{Operation: opSummary, Status: status, Skip: 1, Times: 2})
			_, err := d.WaitGroup(t.Context(), "G:1", sdk.WaitOptions{})
			require.ErrorIs(t, err, is)
			if status != 401 {
				assert.Equal(t, 2, srv.CountCalls(opSummary))
				_, err = d.WaitGroup(t.Context(), "G:1", sdk.WaitOptions{})
				require.ErrorIs(t, err, is, "at once")
			}
			assert.Equal(t, 3, srv.CountCalls(opSummary))
		})
	}
	waiting(t, func(t *testing.T, srv *egeriatest.Server, d *egeria.DaemonService) {
		begin := time.Now()
		group, err := d.WaitGroup(t.Context(), "gone", sdk.WaitOptions{})
		require.ErrorIs(t, err, egeria.ErrInvalid)
		require.ErrorContains(t, err, "gone")
		assert.Nil(t, group)
		assert.Zero(t, time.Since(begin))
		assert.Equal(t, 1, srv.CountCalls(opSummary))
	})
}

func TestWaitGroupGoesOnThroughOutages(t *testing.T) {
	t.Parallel()
	for _, fault := range []egeriatest.Fault{
		{Status: 429}, {Status: 500}, {Status: 502}, {Status: 503}, {Unread: true}, {Lost: true}, {Truncate: true},
		{Body: `{"relatedHTTPCode":500,"exceptionClassName":"PropertyServerException","exceptionErrorMessage":"m"}`},
	} {
		waiting(t, func(t *testing.T, srv *egeriatest.Server, d *egeria.DaemonService) {
			fault.Operation, fault.Times, fault.Skip = opSummary, 2, 1
			srv.Inject(fault)
			time.AfterFunc(time.Second, func() { srv.SetGroup("d", "G:1", "RUNNING") })
			_, err := d.WaitGroup(t.Context(), "G:1", sdk.WaitOptions{})
			require.NoError(t, err, "%+v", fault)
			assert.Equal(t, 4, srv.CountCalls(opSummary))
		})
	}
}

func TestWaitGroupEndsWithItsTimeOrItsContext(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wait             sdk.WaitOptions
		deadline, cancel time.Duration
		after            time.Duration
		is               error
	}{
		"10 minutes by default": {after: 10 * time.Minute, is: context.DeadlineExceeded},
		"the timeout": {wait: sdk.WaitOptions{Timeout: time.Minute}, after: time.Minute,
			is: context.DeadlineExceeded},
		"the context's deadline": {deadline: time.Minute, after: time.Minute, is: context.DeadlineExceeded},
		"the earlier one": {wait: sdk.WaitOptions{Timeout: time.Second}, deadline: time.Minute,
			after: time.Second, is: context.DeadlineExceeded},
		"cancelled": {cancel: 7 * time.Second, after: 7 * time.Second, is: context.Canceled},
	} {
		for _, status := range []string{"ASSIGNED", "CONFIGURING", "SOMETHING_NEW", ""} {
			t.Run(name+" "+status, func(t *testing.T) {
				t.Parallel()
				waiting(t, func(t *testing.T, srv *egeriatest.Server, d *egeria.DaemonService) {
					if status != "" {
						srv.SetGroup("d", "G:1", status)
					} else {
						srv.Inject(egeriatest.Fault{Operation: opSummary, Times: -1,
							Body: `{"relatedHTTPCode":200,"integrationGroupSummary":{"integrationGroupName":"G:1"}}`})
					}
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
					group, err := d.WaitGroup(ctx, "G:1", tt.wait)
					assert.Equal(t, tt.after, time.Since(begin))
					require.ErrorIs(t, err, tt.is)
					assert.ErrorContains(t, err, strings.TrimSpace("integration group G:1 is "+status))
					require.ErrorAs(t, err, new(*egeria.GroupError), "what was last seen")
					assert.Equal(t, "G:1", group.Name)
				})
			})
		}
	}
}

func TestWaitGroupRefusesBadTimes(t *testing.T) {
	t.Parallel()
	srv, s := daemonAt(t, "6.1")
	for _, wait := range []sdk.WaitOptions{{Interval: -1}, {MaxInterval: -1}, {Timeout: -1},
		{Interval: 2, MaxInterval: 1}} {
		group, err := s.Daemon.WaitGroup(t.Context(), "G", wait)
		refusedAs(t, err, "WaitOptions", "WaitGroup")
		assert.Nil(t, group)
	}
	assert.Empty(t, srv.Calls())
}

func TestWaitGroupKnowsTheStatusInAnyLetterCase(t *testing.T) {
	t.Parallel()
	srv, s := daemonAt(t, "6.1")
	for spelling, want := range map[string]egeria.GroupStatus{"running": egeria.GroupStatusRunning,
		"Failed": egeria.GroupStatusFailed} {
		srv.Inject(egeriatest.Fault{Operation: opSummary,
			Body: `{"relatedHTTPCode":200,"integrationGroupSummary":{"integrationGroupName":"G",` +
				`"integrationGroupStatus":"` + spelling + `"}}`})
		group, err := s.Daemon.WaitGroup(t.Context(), "G", sdk.WaitOptions{})
		assert.Equal(t, want == egeria.GroupStatusFailed, errors.As(err, new(*egeria.GroupError)), "%v", err)
		assert.Equal(t, want, group.Status)
	}
}
