package egeria_test

import (
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

// storyteller plays the whole story of an integration daemon's configuration with the client, and reads what the platform has after each step.
type storyteller struct {
	c        *egeria.Client
	url      string
	inverted bool                // the platform's own upsert loses groups
	older    bool                // 4.0 or 4.1
	daemon   bool                // integration daemons run
	runnable func(server string) // gives a server what it needs to start where they don't
}

func (s storyteller) tell(t *testing.T) {
	x, c := t.Context(), s.c
	const name = "story-daemon"
	server := c.Server(name)
	groups := server.IntegrationGroups
	stored := func() []string {
		t.Helper()
		resp, err := c.API().GetIntegrationGroups(x, name)
		require.NoError(t, err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		t.Logf("%s", b)
		list, err := groups.List(x)
		require.NoError(t, err)
		names := []string{}
		for _, g := range list {
			names = append(names, g.QualifiedName)
		}
		return names
	}
	group := func(name string) egeria.IntegrationGroup {
		return egeria.IntegrationGroup{PlatformURL: "~{egeriaEndpoint}~", ServerName: "qs-metadata-store", QualifiedName: name}
	}
	code := func(err error, codes ...string) {
		t.Helper()
		e, ok := errors.AsType[*egeria.Error](err)
		require.True(t, ok, "%v", err)
		assert.Contains(t, codes, e.Code, e.Error())
		assert.Equal(t, 200, e.StatusCode)
		t.Log(e)
	}

	origin, err := c.Platform.Origin(x)
	require.NoError(t, err)
	t.Log(origin)
	assert.Empty(t, stored(), "a server that nobody knows")
	require.NoError(t, groups.Clear(x))
	require.NoError(t, groups.Delete(x, "unknown"))

	const first, second, odd = "Egeria:IntegrationGroup:First", "Second group <é & ü> #1?", "a/b;c%d"
	require.NoError(t, groups.Put(x, group(first)))
	assert.Equal(t, []string{first}, stored())
	require.NoError(t, groups.Put(x, group(second)))
	assert.Equal(t, []string{first, second}, stored())
	changed := group(first)
	changed.ServerName = "other-store"
	require.NoError(t, groups.Put(x, changed))
	assert.Equal(t, []string{first, second}, stored())
	got, err := groups.Get(x, first)
	require.NoError(t, err)
	assert.Equal(t, changed, *got, "with its placeholder")
	_, err = groups.Get(x, "unknown")
	require.ErrorIs(t, err, egeria.ErrNotFound)

	require.NoError(t, groups.ReplaceAll(x, []egeria.IntegrationGroup{group(second), group(odd), group(first)}))
	assert.Equal(t, []string{second, odd, first}, stored())
	require.NoError(t, groups.Delete(x, odd))
	assert.Equal(t, []string{second, first}, stored())
	require.NoError(t, groups.Delete(x, second))
	assert.Equal(t, []string{first}, stored())
	require.NoError(t, groups.Delete(x, second))

	require.NoError(t, groups.PutRaw(x, group(second)))
	if s.inverted {
		assert.Equal(t, []string{second}, stored(), "the platform's own operation has lost the other")
	} else {
		assert.Equal(t, []string{first, second}, stored())
	}
	require.NoError(t, groups.Clear(x))
	assert.Empty(t, stored())
	require.NoError(t, groups.ReplaceAll(x, nil))
	assert.Empty(t, stored())

	// The document
	document, err := server.Config.Get(x)
	require.NoError(t, err)
	assert.Equal(t, name, document.ServerName())
	require.NoError(t, document.SetMember("localServerDescription", "A <story> & more: é"))
	require.NoError(t, document.SetIntegrationGroups([]egeria.IntegrationGroup{group(first)}))
	require.NoError(t, server.Config.Set(x, *document))
	assert.Equal(t, []string{first}, stored())
	again, err := server.Config.Get(x)
	require.NoError(t, err)
	assert.Equal(t, "A <story> & more: é", again.Description())
	assert.NotEmpty(t, again.AuditTrail())
	code(c.Server("another").Config.Set(x, *document), "OMAG-ADMIN-400-002")

	size := 500
	require.NoError(t, server.Config.SetProperties(x, egeria.ServerProperties{
		Description: "Runs groups", OrganizationName: "Coco", URLRoot: s.url, UserID: "daemonnpa", MaxPageSize: &size,
	}))
	properties, err := server.Config.Properties(x)
	require.NoError(t, err)
	assert.Equal(t, []any{"Runs groups", "Coco", s.url, "daemonnpa", 500},
		[]any{properties.Description, properties.OrganizationName, properties.URLRoot, properties.UserID, *properties.MaxPageSize})
	all, err := c.Platform.Configurations(x)
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(all, func(d egeria.Document) bool { return d.ServerName() == name }))
	require.NoError(t, server.Config.Deploy(x, s.url))

	// Its life
	known, err := c.Platform.Known(x, name)
	require.NoError(t, err)
	assert.False(t, known)
	_, err = c.Platform.Status(x, name)
	require.ErrorIs(t, err, egeria.ErrNotFound)
	_, err = c.Platform.InstanceStatus(x, name)
	require.ErrorIs(t, err, egeria.ErrNotFound)
	_, err = server.Daemon.Status(x)
	require.ErrorIs(t, err, egeria.ErrNotFound)
	_, err = c.Platform.Start(x, "never-configured")
	require.Error(t, err)
	code(err, "OMAG-ADMIN-400-011", "OMAG-ADMIN-400-019")
	require.ErrorIs(t, err, egeria.ErrInvalid)

	running := name
	if s.daemon {
		require.NoError(t, server.Config.SetDefaultAuditLog(x))
	} else {
		running = "story-store"
		s.runnable(running)
	}
	for range 2 { // the second time it is started anew
		message, err := c.Platform.Start(x, running)
		require.NoError(t, err)
		assert.NotEmpty(t, message)
		t.Log(message)
	}
	status, err := c.Platform.Status(x, running)
	require.NoError(t, err)
	assert.True(t, status.Active)
	assert.False(t, status.StartTime.IsZero())
	instance, err := c.Platform.InstanceStatus(x, running)
	require.NoError(t, err)
	assert.Equal(t, running, instance.ServerName)
	assert.NotEmpty(t, instance.Services)
	t.Log(instance.State, instance.ServerType, instance.Services)
	active, err := c.Platform.ActiveServers(x)
	require.NoError(t, err)
	assert.Contains(t, active, running)
	if s.daemon {
		s.daemonRuns(t, server, first)
	}
	require.NoError(t, c.Platform.Stop(x, running))
	require.ErrorIs(t, c.Platform.Stop(x, running), egeria.ErrNotFound)
	active, err = c.Platform.ActiveServers(x)
	require.NoError(t, err)
	assert.NotContains(t, active, running)
	servers, err := c.Platform.Servers(x)
	require.NoError(t, err)
	assert.Contains(t, servers, running)
	_, err = c.Platform.InstanceStatus(x, running)
	require.ErrorIs(t, err, egeria.ErrNotFound)

	require.NoError(t, server.Config.Delete(x))
	assert.Empty(t, stored())
}

func (s storyteller) daemonRuns(t *testing.T, server *egeria.Server, group string) {
	t.Helper()
	x := t.Context()
	summaries, err := server.Daemon.Groups(x)
	require.NoError(t, err)
	require.Len(t, summaries, 1)
	assert.Equal(t, group, summaries[0].Name)
	assert.EqualValues(t, "ASSIGNED", summaries[0].Status)
	summary, err := server.Daemon.Group(x, group)
	require.NoError(t, err)
	assert.Equal(t, group, summary.Name)
	_, err = server.Daemon.Group(x, "unknown")
	require.ErrorIs(t, err, egeria.ErrInvalid)
	require.NoError(t, server.Daemon.RefreshConfig(x, group))
	document, err := server.Config.Running(x)
	if s.older {
		require.ErrorIs(t, err, egeria.ErrNotFound)
		return
	}
	require.NoError(t, err)
	groups, err := document.IntegrationGroups()
	require.NoError(t, err)
	assert.Len(t, groups, 1)
}

// The live test tells the same story to a real platform.
func TestStoryOnTheFake(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"4.0", "4.1", "4.2", "4.3", "5.0", "5.3", "6.0", "6.1"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
			c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password), egeria.WithHTTPClient(srv.HTTPClient()), egeria.WithClearTextStore())
			require.NoError(t, err)
			storyteller{c: c, url: srv.URL, inverted: release < "5.3", older: release < "4.2", daemon: true}.tell(t)
		})
	}
}
