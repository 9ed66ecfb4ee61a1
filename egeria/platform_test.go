package egeria_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
)

// on returns the response for a method and the end of a path, or else the default one.
func on(responses map[string]response) func(int, request) response {
	return func(_ int, r request) response {
		for where, a := range responses {
			method, end, _ := strings.Cut(where, " ")
			if r.Method == method && strings.HasSuffix(r.URL.Path, end) {
				return a
			}
		}
		return ok(fitting)
	}
}

func TestOldPathsAreTriedWhereThereIsNothing(t *testing.T) {
	t.Parallel()
	x := t.Context()
	const now = "/open-metadata/platform-services/users/garygeeke/server-platform/servers/s/instance"
	const before = "/open-metadata/admin-services/users/garygeeke/servers/s/instance"
	for name, tt := range map[string]struct {
		do         func(*egeria.Client) error
		method     string
		now        string
		before     string
		idempotent bool
	}{
		"Start": {func(c *egeria.Client) error { return failing(c.Platform.Start(x, "s")) }, "POST", now,
			before, false},
		"Stop": {func(c *egeria.Client) error { return c.Platform.Stop(x, "s") }, "DELETE", now, before,
			true},
		"InstanceStatus": {func(c *egeria.Client) error { return failing(c.Platform.InstanceStatus(x, "s")) }, "GET",
			now + "/status", before + "/status", true},
	} {
		gone := spring(404)
		for what, step := range map[string]struct {
			first, second response
			both          bool
			is            []string
		}{
			"404": {gone, ok(fitting), true, nil},
			"404 without a body": {response{status: 404, header: http.Header{"Content-Type": nil}}, ok(fitting), true,
				nil},
			"404 of a page":         {response{status: 404, body: "<html>"}, ok(fitting), true, nil},
			"405":                   {spring(405), ok(fitting), true, nil},
			"404, then not running": {gone, notRunning(), true, []string{"NotFound"}},
			"404, then refused": {gone, bean(403, "UserNotAuthorizedException", "no"), true,
				[]string{"Forbidden"}},
			"404, then 500": {gone, bean(500, "X", "m"), true, []string{"Unavailable"}},
			"404 on both":   {gone, gone, true, []string{"NotFound"}},
			"404 in a bean": {notRunning(), ok(fitting), false, []string{"NotFound"}},
			"404 in a bean, and HTTP": {response{status: 404, body: notRunning().body}, ok(fitting), false,
				[]string{"NotFound"}},
			"405 in a bean": {bean(405, "X", "m"), ok(fitting), false, []string{}},
			"400 in a bean": {bean(400, invalidParameter, "m"), ok(fitting), false, []string{"Invalid"}},
			"403":           {spring(403), ok(fitting), false, []string{"Forbidden"}},
			"500":           {spring(500), ok(fitting), false, []string{"Unavailable"}},
			"good":          {ok(fitting), gone, false, nil},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				p := newPlatform(egeria.Dialect4)
				p.serve = func(_ int, r request) response {
					if r.URL.Path == tt.now {
						return step.first
					}
					return step.second
				}
				err := tt.do(p.client(t))
				if step.is == nil {
					require.NoError(t, err)
				} else {
					is := step.is
					if strings.Contains(what, "500") && !tt.idempotent {
						is = append([]string{"OutcomeUnknown"}, is...)
					}
					assert.Equal(t, is, conditions(err))
				}
				want := []string{tt.method + " " + tt.now}
				if step.both {
					want = append(want, tt.method+" "+tt.before)
				}
				assert.Equal(t, want, lines(p.calls()))
				if what == "404 on both" {
					assert.Equal(t, strings.Replace(tt.now, user, "[redacted]", 1), errorOf(t, err).Path,
						"the error is that of the path that is good today")
				}
			})
		}
	}
}

func TestStartWithHasNoOldPath(t *testing.T) {
	t.Parallel()
	p := newPlatform(egeria.Dialect4, spring(404))
	_, err := p.client(t).Platform.StartWith(t.Context(), "s", documentOf(egeria.Dialect4))
	assert.Equal(t, []string{"NotFound"}, conditions(err))
	for _, r := range p.calls() {
		assert.True(t, strings.HasSuffix(r.URL.Path, "/server-platform/servers/s/instance/configuration"))
	}
	_, err = p.client(t).Platform.StartWith(t.Context(), "s", egeria.Document{})
	assertRefused(t, err, "document")
}

// The first DELETE may have stopped the server, although its response was lost.
func TestAStopWhoseResponseWasLost(t *testing.T) {
	t.Parallel()
	lost, cut, busy := response{err: io.ErrUnexpectedEOF}, response{err: errors.New("connection reset")}, spring(503)
	mapped := response{status: 404, body: notRunning().body}
	for name, tt := range map[string]struct {
		responses []response
		sent      int
		is        []string
	}{
		"lost, then not running":           {[]response{lost, notRunning()}, 2, nil},
		"cut twice, then not running":      {[]response{cut, cut, notRunning()}, 3, nil},
		"503, then not running":            {[]response{busy, notRunning()}, 2, nil},
		"lost, then not running, with 404": {[]response{lost, mapped}, 2, nil},
		"lost, then stopped":               {[]response{lost, ok(fitting)}, 2, nil},
		"not running":                      {[]response{notRunning()}, 1, []string{"NotFound"}},
		"429, then not running":            {[]response{{status: 429}, notRunning()}, 2, []string{"NotFound"}},
		"lost, then forbidden": {[]response{lost, bean(403, "UserNotAuthorizedException", "no")}, 2,
			[]string{"Forbidden"}},
		"lost, then 400 in a bean": {[]response{lost, bean(400, invalidParameter, "m")}, 2,
			[]string{"Invalid"}},
		"lost for good": {[]response{lost}, 5, []string{"Unavailable"}},
		"500 in a bean, which is no retry": {[]response{bean(500, "X", "m"), notRunning()}, 1,
			[]string{"Unavailable"}},
		"503, then no such path, not there": {[]response{busy, spring(404), spring(404)}, 3, []string{"NotFound"}},
		"503, then no such path, but old":   {[]response{busy, spring(404), ok(fitting)}, 3, nil},
		"503, then a page of a gateway": {[]response{busy, {status: 404, body: "<html>"}, spring(404)}, 3,
			[]string{"NotFound"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(egeria.Dialect4, tt.responses...)
				err := p.client(t, retries()).Platform.Stop(t.Context(), "s")
				if tt.is == nil {
					require.NoError(t, err)
				} else {
					assert.Equal(t, tt.is, conditions(err))
				}
				assert.Len(t, p.calls(), tt.sent)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c := newPlatform(egeria.Dialect4, lost, notRunning()).client(t, retries())
		require.NoError(t, c.Platform.Unregister(t.Context(), "s"))
		require.ErrorIs(t, c.Platform.Unregister(t.Context(), "s"), egeria.ErrNotFound)
		c = newPlatform(egeria.Dialect4, lost, spring(404)).client(t, retries())
		assert.Equal(t, []string{"NotFound"}, conditions(c.Server("s").Config.ClearDaemonServices(t.Context())),
			"4.x has it not, and has done nothing")
	})
}

// longCase is a call with its attempt timeout.
type longCase struct {
	do    func(context.Context, *egeria.Client) error
	limit time.Duration
	opts  []egeria.Option
}

func (tt longCase) check(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: newPlatform(egeria.Dialect6)}
		opts := []egeria.Option{egeria.WithToken("t"), egeria.WithRetry(sdk.RetryPolicy{MaxAttempts: 1}),
			egeria.WithHTTPClient(client)}
		for _, o := range tt.opts {
			if o == nil {
				client.Timeout = time.Hour
				continue
			}
			opts = append(opts, o)
		}
		var takes time.Duration
		c, err := egeria.New(platformURL,
			append(opts, egeria.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/origin") {
						return next.RoundTrip(r)
					}
					select {
					case <-time.After(takes):
						return next.RoundTrip(r)
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
				})
			}))...)
		require.NoError(t, err)
		takes = tt.limit - time.Millisecond
		require.NoError(t, tt.do(t.Context(), c))
		takes = 10 * time.Hour
		begin := time.Now()
		err = tt.do(t.Context(), c)
		assert.Equal(t, tt.limit, time.Since(begin))
		assert.ErrorIs(t, err, egeria.ErrUnavailable)
		assert.ErrorContains(t, err, "attempt took longer than "+tt.limit.String())

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, tt.do(ctx, c), context.DeadlineExceeded, "no wait outlasts the context")
		assert.Equal(t, tt.limit+100*time.Millisecond, time.Since(begin))
	})
}

func TestWhatTakesLongMayTakeLong(t *testing.T) {
	require.Equal(t, 10*time.Minute, egeria.LongTimeout, "as its documentation says")
	t.Parallel()
	for name, tt := range map[string]longCase{
		"Start": {func(x context.Context, c *egeria.Client) error { return failing(c.Platform.Start(x, "s")) },
			egeria.LongTimeout, nil},
		"StartWith": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Platform.StartWith(x, "s", documentFor(x)))
		}, egeria.LongTimeout, nil},
		"Stop": {func(x context.Context, c *egeria.Client) error { return c.Platform.Stop(x, "s") },
			egeria.LongTimeout, nil},
		"Unregister": {func(x context.Context, c *egeria.Client) error { return c.Platform.Unregister(x, "s") },
			egeria.LongTimeout, nil},
		"RefreshConfig": {func(x context.Context, c *egeria.Client) error {
			return c.Server("s").Daemon.RefreshConfig(x, "g")
		}, egeria.LongTimeout, nil},
		"Refresh": {func(x context.Context, c *egeria.Client) error {
			return c.Server("s").Daemon.Refresh(x, "")
		}, egeria.LongTimeout, nil},
		"Restart": {func(x context.Context, c *egeria.Client) error {
			return c.Server("s").Daemon.Restart(x, "c")
		}, egeria.LongTimeout, nil},
		"InstanceStatus": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Platform.InstanceStatus(x, "s"))
		}, time.Minute, nil},
		"Status": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Platform.Status(x, "s"))
		}, time.Minute, nil},
		"Config.Set": {func(x context.Context, c *egeria.Client) error {
			return c.Server("s").Config.Set(x, documentFor(x))
		}, time.Minute, nil},
		"Daemon.Status": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Server("s").Daemon.Status(x))
		}, time.Minute, nil},
		"Groups.List": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Server("s").IntegrationGroups.List(x))
		}, time.Minute, nil},
		"Start, with more": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Platform.Start(x, "s"))
		}, time.Hour, []egeria.Option{egeria.WithAttemptTimeout(time.Hour)}},
		"Start, with less": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Platform.Start(x, "s"))
		}, egeria.LongTimeout, []egeria.Option{egeria.WithAttemptTimeout(time.Second)}},
		"Status, with less": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Platform.Status(x, "s"))
		}, time.Second, []egeria.Option{egeria.WithAttemptTimeout(time.Second)}},
		"Start, of a client": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Platform.Start(x, "s"))
		}, time.Hour, []egeria.Option{nil}},
		"Status, of a client": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Platform.Status(x, "s"))
		}, time.Hour, []egeria.Option{nil}},
		"Start, of two at once": {func(x context.Context, c *egeria.Client) error {
			return failing(c.Platform.Start(x, "s"))
		}, egeria.LongTimeout, []egeria.Option{egeria.WithAttemptTimeout(time.Second), nil}},
	} {
		t.Run(name, tt.check)
	}
}

func TestOriginIsThatOfAPlatform(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"<html>Egeria</html>", "It works!", "", fitting} {
		p := newPlatform(egeria.Dialect6)
		p.origin = func(int) response { return plain(http.StatusOK, body) }
		_, err := p.client(t, egeria.WithDialect(egeria.Dialect6)).Platform.Origin(t.Context())
		assert.ErrorContains(t, err, "Platform.Origin")
		assert.ErrorContains(t, err, "not the origin of an Egeria platform")
		assert.Empty(t, conditions(err))
	}
}

// The status is beside the members of the envelope.
func TestServerStatusIsFlat(t *testing.T) {
	t.Parallel()
	at := func(s string) egeria.Time {
		when, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		return egeria.Time{Time: when}
	}
	run := egeria.ServerStatus{ServerName: "s", Active: true, StartTime: at("2026-08-22T10:00:00.5+00:00")}
	stopped := egeria.ServerStatus{ServerName: "s", StartTime: at("2026-08-22T10:00:00.5+00:00"),
		EndTime: at("2026-08-22T11:00:00Z")}
	for name, tt := range map[string]struct {
		body string
		want *egeria.ServerStatus
		is   []string
	}{
		"flat": {`{"relatedHTTPCode":200,"serverName":"s","active":true,"serverStartTime":1787392800500}`,
			&run, nil},
		"as text": {`{"relatedHTTPCode":200,"serverName":"s","active":true,` +
			`"serverStartTime":"2026-08-22T10:00:00.500+00:00"}`, &run, nil},
		"flat, stopped": {`{"relatedHTTPCode":200,"serverName":"s","active":false,"serverStartTime":1787392800500,` +
			`"serverEndTime":1787396400000}`, &stopped, nil},
		"flat, odd time": {`{"relatedHTTPCode":200,"serverName":"s","active":false,"serverStartTime":"noon"}`,
			&egeria.ServerStatus{ServerName: "s"}, nil},
		"flat, unknown": {`{"relatedHTTPCode":404,"exceptionClassName":"InvalidParameterException",` +
			`"serverName":"s","active":true}`, nil, []string{"NotFound"}},
		"neither": {`{"relatedHTTPCode":200}`, nil, []string{}},
		"nested":  {`{"relatedHTTPCode":200,"serverStatus":{"serverName":"s","active":true}}`, nil, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newPlatform(egeria.Dialect4, ok(tt.body)).client(t).Platform.Status(t.Context(), "s")
			if tt.is != nil {
				assert.Nil(t, got)
				assert.Equal(t, tt.is, conditions(err))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, [2]any{tt.want.ServerName, tt.want.Active}, [2]any{got.ServerName, got.Active})
			assert.True(t, tt.want.StartTime.Equal(got.StartTime.Time), "%v", got.StartTime)
			assert.True(t, tt.want.EndTime.Equal(got.EndTime.Time), "%v", got.EndTime)
		})
	}
}

func TestPlatformResponses(t *testing.T) {
	t.Parallel()
	x := t.Context()
	p := newPlatform(egeria.Dialect6)
	p.serve = on(map[string]response{
		"GET /servers":        ok(`{"relatedHTTPCode":200,"serverList":["a","b"]}`),
		"GET /servers/active": ok(`{"relatedHTTPCode":200,"serverList":["a"]}`),
		"GET /a/is-known":     ok(`{"relatedHTTPCode":200,"flag":true}`),
		"GET /b/is-known":     ok(`{"relatedHTTPCode":200,"flag":false}`),
		"GET /instance/status": ok(`{"relatedHTTPCode":200,"serverStatus":{"serverType":"Integration Daemon",` +
			`"serverActiveStatus":"RUNNING","services":[{"serviceStatus":"NEW"}]}}`),
		"POST /instance":      ok(`{"relatedHTTPCode":200,"successMessage":"a is running"}`),
		"POST /configuration": ok(`{"relatedHTTPCode":200,"successMessage":"a is running so"}`),
		"GET /configurations": ok(`{"relatedHTTPCode":200,"omagserverConfigs":[{"localServerName":"a"},` +
			`{"localServerName":"b"}]}`),
		"GET /registered-services": ok(`{"relatedHTTPCode":200,"services":[{"serviceName":"n",` +
			`"serviceURLMarker":"m"}]}`),
		"GET /access-services":        ok(`{"relatedHTTPCode":200,"services":[{"serviceName":"access"}]}`),
		"GET /integration-services":   spring(404),
		"GET /server-platform/origin": plain(200, "  "+originText),
	})
	c := p.client(t)
	origin, err := c.Platform.Origin(x)
	require.NoError(t, err)
	assert.Equal(t, "Egeria OMAG Server Platform (version 5.1)", origin)
	all, err := c.Platform.Servers(x)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, all)
	active, err := c.Platform.ActiveServers(x)
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, active)
	for server, want := range map[string]bool{"a": true, "b": false} {
		known, err := c.Platform.Known(x, server)
		require.NoError(t, err)
		assert.Equal(t, want, known)
	}
	status, err := c.Platform.InstanceStatus(x, "a")
	require.NoError(t, err)
	assert.Equal(t, "Integration Daemon RUNNING NEW", status.ServerType+" "+string(status.State)+" "+
		string(status.Services[0].State))
	message, err := c.Platform.Start(x, "a")
	require.NoError(t, err)
	assert.Equal(t, "a is running", message)
	message, err = c.Platform.StartWith(x, "a", documentFor(x))
	require.NoError(t, err)
	assert.Equal(t, "a is running so", message)
	documents, err := c.Platform.Configurations(x)
	require.NoError(t, err)
	require.Len(t, documents, 2)
	assert.Equal(t, "b", documents[1].ServerName())
	services, err := c.Platform.RegisteredServices(x)
	require.NoError(t, err)
	assert.Equal(t, []egeria.RegisteredService{{Name: "n", URLMarker: "m"}}, services)
	services, err = c.Platform.RegisteredAccessServices(x)
	require.NoError(t, err)
	assert.Equal(t, "access", services[0].Name)
	_, err = c.Platform.RegisteredIntegrationServices(x)
	assert.Equal(t, []string{"NotFound"}, conditions(err), "6.0 and later have it not")
}
