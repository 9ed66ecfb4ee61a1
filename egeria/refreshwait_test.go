package egeria_test

import (
	"context"
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

// withMetadataServer returns a fake whose daemon d runs groups that are defined on the metadata
// server mds of the same platform. mds is not running.
func withMetadataServer(t *testing.T, release string, groups ...string) (*egeriatest.Server, *egeria.Client) {
	t.Helper()
	srv := egeriatest.NewServer(t, egeriatest.WithRelease(release), egeriatest.WithoutSocket())
	c := clientAt(t, srv, egeria.WithPlainHTTP())
	d := c.Server("d")
	require.NoError(t, d.Config.SetDefaultAuditLog(t.Context()))
	for _, name := range groups {
		require.NoError(t, d.IntegrationGroups.Put(t.Context(), egeria.IntegrationGroup{PlatformURL: srv.URL,
			ServerName: "mds", QualifiedName: name}))
	}
	_, err := c.Platform.Start(t.Context(), "d")
	require.NoError(t, err)
	return srv, c
}

// startMetadataServer starts mds.
func startMetadataServer(t *testing.T, srv *egeriatest.Server, c *egeria.Client) {
	t.Helper()
	version := map[egeria.Dialect]string{egeria.Dialect4: "V2.0", egeria.Dialect6: "V6.0"}
	dialect, err := c.Dialect(t.Context())
	require.NoError(t, err)
	srv.SetDocument("mds", []byte(`{"class":"OMAGServerConfig","versionId":"`+version[dialect]+
		`","localServerName":"mds",`+
		`"repositoryServicesConfig":{"localRepositoryConfig":{}}}`))
	_, err = c.Platform.Start(t.Context(), "mds")
	require.NoError(t, err)
}

// A refresh of 6.1 does nothing within 10 minutes after the last attempt.
func TestRefreshConfigMayDoNothing(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"5.3", "6.0", "6.1"} {
		synctest.Test(t, func(t *testing.T) {
			srv, c := withMetadataServer(t, release, "G")
			d := c.Server("d").Daemon
			require.Error(t, d.RefreshConfig(t.Context(), "G"))
			startMetadataServer(t, srv, c)
			require.NoError(t, d.RefreshConfig(t.Context(), "G"))
			g, err := d.Group(t.Context(), "G")
			require.NoError(t, err)
			assert.Equal(t, release == "6.1", g.Status == egeria.GroupStatusAssigned && g.LastRefreshTime.IsZero())
			time.Sleep(10 * time.Minute)
			require.NoError(t, d.RefreshConfig(t.Context(), "G"))
			g, err = d.Group(t.Context(), "G")
			require.NoError(t, err)
			assert.Equal(t, egeria.GroupStatusRunning, g.Status)
			assert.WithinDuration(t, time.Now(), g.LastRefreshTime.Time, time.Second)
		})
	}
}

// The metadata server starts while the program waits.
func TestRefreshAndWaitGroupBringsAGroupUp(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		for late, within := range map[time.Duration]time.Duration{0: time.Minute, time.Minute: 11 * time.Minute,
			15 * time.Minute: 21 * time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				srv, c := withMetadataServer(t, release, "G", "other")
				d := c.Server("d").Daemon
				begin := time.Now()
				go func() {
					time.Sleep(late)
					startMetadataServer(t, srv, c)
				}()
				if late == 0 {
					synctest.Wait()
				}
				g, err := d.RefreshAndWaitGroup(t.Context(), "G", sdk.WaitOptions{Timeout: time.Hour})
				require.NoError(t, err, release)
				assert.Equal(t, egeria.GroupStatusRunning, g.Status)
				assert.Less(t, time.Since(begin), within)
				other, err := d.Group(t.Context(), "other")
				require.NoError(t, err)
				assert.Equal(t, egeria.GroupStatusAssigned, other.Status)
			})
		}
	}
}

// After a refresh that did not reach the daemon, or whose response was lost, the next one follows
// without a wait.
func TestRefreshAndWaitGroupRefreshesAgainAfterLostRequests(t *testing.T) {
	t.Parallel()
	for _, fault := range []egeriatest.Fault{{Status: 503}, {Status: 429}, {Lost: true}, {Status: 502, Times: 2}} {
		synctest.Test(t, func(t *testing.T) {
			srv, c := withMetadataServer(t, "6.1", "G")
			startMetadataServer(t, srv, c)
			fault.Operation = "refreshGroupConfig"
			srv.Inject(fault)
			begin := time.Now()
			_, err := c.Server("d").Daemon.RefreshAndWaitGroup(t.Context(), "G", sdk.WaitOptions{})
			require.NoError(t, err, "%+v", fault)
			assert.Less(t, time.Since(begin), time.Minute, "%+v", fault)
		})
	}
}

// The daemon needs one minute to notice that the metadata server is missing. Its 10 minutes begin
// then.
func TestRefreshAndWaitGroupCountsFromTheEndOfARefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(egeria.Dialect6)
		var ended []time.Time
		p.serve = func(_ int, r request) response {
			if !strings.HasSuffix(r.URL.Path, "/refresh-config") {
				return ok(`{"relatedHTTPCode":200,"integrationGroupSummary":{"integrationGroupStatus":"ASSIGNED"}}`)
			}
			time.Sleep(time.Minute)
			ended = append(ended, time.Now())
			return bean(503, "x.PropertyServerException", "OMAG-COMMON-503-001 m")
		}
		_, err := p.client(t).Server("d").Daemon.RefreshAndWaitGroup(t.Context(), "G",
			sdk.WaitOptions{Timeout: 40 * time.Minute})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, ended, 4)
		for i := range ended[1:] {
			assert.Greater(t, ended[i+1].Add(-time.Minute).Sub(ended[i]), 10*time.Minute)
		}
	})
}

func TestRefreshAndWaitGroupEnds(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		synctest.Test(t, func(t *testing.T) {
			srv, c := withMetadataServer(t, release, "G", "unknown", "failing")
			d := c.Server("d").Daemon
			wait := sdk.WaitOptions{Timeout: 25 * time.Minute}

			_, err := d.RefreshAndWaitGroup(t.Context(), "none", wait)
			require.ErrorIs(t, err, egeria.ErrInvalid, "the daemon has no such group")
			srv.SetGroup("d", "failing", "FAILED")
			g, err := d.RefreshAndWaitGroup(t.Context(), "failing", wait)
			require.ErrorAs(t, err, new(*egeria.GroupError))
			assert.EqualValues(t, "FAILED", g.Status)

			startMetadataServer(t, srv, c)
			srv.RemoveDefinition("mds", "unknown")
			srv.ResetCalls()
			_, err = d.RefreshAndWaitGroup(t.Context(), "unknown", wait)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 3, srv.CountCalls("refreshGroupConfig"), "every ten minutes")

			require.NoError(t, c.Platform.Stop(t.Context(), "d"))
			_, err = d.RefreshAndWaitGroup(t.Context(), "G", wait)
			require.ErrorIs(t, err, egeria.ErrNotFound, "the daemon is gone")
		})
	}
}

// An error states which of two servers is missing.
func TestNotFoundSaysWhichServer(t *testing.T) {
	t.Parallel()
	_, c := withMetadataServer(t, "5.3", "G")
	s := c.Server("d")
	err := s.Daemon.RefreshConfig(t.Context(), "G")
	require.ErrorIs(t, err, egeria.ErrNotFound)
	require.ErrorContains(t, err, "the daemon is running, but not its metadata server mds")
	require.NoError(t, c.Platform.Stop(t.Context(), "d"))
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c := clientAt(t, srv)
		d := c.Server("d").Daemon
		for _, err := range []error{
			failing(d.Status(t.Context())), failing(d.Groups(t.Context())), failing(d.Group(t.Context(), "G")),
			d.RefreshConfig(t.Context(), "G"),
			d.Refresh(t.Context(), ""), d.Restart(t.Context(), "x"),
		} {
			require.ErrorIs(t, err, egeria.ErrNotFound)
			require.ErrorContains(t, err, "the integration daemon is not running: The OMAG Server d is not available")
		}
		startMetadataServer(t, srv, c)
		err := failing(c.Server("mds").Daemon.Status(t.Context()))
		require.ErrorIs(t, err, egeria.ErrNotFound)
		require.ErrorContains(t, err, "the server is running, but not as an integration daemon")
	}
	for _, release := range []string{"5.0", "6.1"} {
		_, c := withMetadataServer(t, release, "G")
		require.ErrorIs(t, c.Server("d").Daemon.RefreshConfig(t.Context(), "G"), egeria.ErrUnavailable,
			"there the metadata server can't be reached")
	}
}

func TestNotFoundOfConnectorCallsSaysWhichServer(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"5.0", "5.3", "6.1"} {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c := clientAt(t, srv)
		startMetadataServer(t, srv, c)
		for server, want := range map[string]string{
			"d":   "the integration daemon is not running",
			"mds": "the server is running, but not as an integration daemon",
		} {
			d := c.Server(server).Daemon
			calls := []error{
				failing(d.ConnectorProperties(t.Context(), "x")), d.SetConnectorProperties(t.Context(), "x",
					someObject()),
				d.MergeConnectorProperties(t.Context(), "x", someObject()), d.SetEndpointAddress(t.Context(), "x",
					"https://localhost"),
			}
			if release >= "6.1" {
				calls = append(calls, failing(d.ValidateConnector(t.Context(), "a.Provider")),
					d.PublishLineageEvent(t.Context(), someObject()))
			}
			for i, err := range calls {
				require.ErrorIs(t, err, egeria.ErrNotFound, i)
				require.ErrorContains(t, err, want, i)
			}
		}
	}
}

// The error of a daemon that has no connectors yet.
func TestNoConnectors(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv, c := running(t, release, false)
		d := c.Server("d").Daemon
		calls := map[string]func() error{
			"status": func() error {
				return failing(d.Status(t.Context()))
			}, "refresh": func() error { return d.Refresh(t.Context(), "") },
			"restart": func() error { return d.Restart(t.Context(), "") },
		}
		for name, call := range calls {
			err := call()
			if release < "5.0" {
				require.NoError(t, err)
				continue
			}
			assert.True(t, errorOf(t, err).NoConnectors(), "%s of %s", name, release)
		}
		require.NoError(t, failing(d.Groups(t.Context())), "which works meanwhile")
		one := d.Refresh(t.Context(), "nobody")
		assert.False(t, errorOf(t, one).NoConnectors())
		srv.AddConnector("d", "G:1", "files")
		for _, call := range calls {
			require.NoError(t, call())
		}
	}
	for cause, text := range map[string]string{
		"java.lang.NullPointerException":  `Cannot invoke "String.equals(Object)"`,
		"java.lang.IllegalStateException": `"java.util.List.iterator()"`, "": "",
	} {
		p := newPlatform(egeria.Dialect6,
			ok(`{"relatedHTTPCode":400,"exceptionClassName":"a.PropertyServerException","exceptionCausedBy":"`+cause+
				`","exceptionErrorMessage":"OMAG-COMMON-400-016 `+jsonText(text)+`"}`))
		assert.False(t, errorOf(t, failing(p.client(t).Server("d").Daemon.Status(t.Context()))).NoConnectors())
	}
}

// A report has the group of its connector.
func TestConnectorReportsHaveTheirGroup(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		_, c := running(t, release, true)
		status, err := c.Server("d").Daemon.Status(t.Context())
		require.NoError(t, err)
		g, err := c.Server("d").Daemon.Group(t.Context(), "G:1")
		require.NoError(t, err)
		if release < "5.0" {
			assert.Empty(t, status.Connectors)
			continue
		}
		report := status.Connectors[0]
		assert.Equal(t, release == "6.1", report.GroupGUID == g.GUID && g.GUID != "")
		assert.Equal(t, report.ID, report.InstanceID)
	}
}
