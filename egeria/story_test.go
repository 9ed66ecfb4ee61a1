package egeria_test

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

// storyteller runs the complete configuration of an integration daemon with the client, and checks
// the platform after each step.
type storyteller struct {
	c        *egeria.Client
	url      string
	inverted bool                // the platform's own operation loses groups
	older    bool                // 4.0 or 4.1
	daemon   bool                // integration daemons can run
	runnable func(server string) // configures a server that can start without integration daemons
	deploys  bool                // a document can be sent to the platform itself
	deletes  bool                // deleting a document does not affect others
}

func (s storyteller) tell(t *testing.T) {
	name := "story-" + strconv.FormatInt(time.Now().UnixMicro(), 36) // the platform may have run the story before
	s.groups(t, name)
	s.document(t, name)
	s.life(t, name)
	if s.deletes {
		require.NoError(t, s.c.Server(name).Config.Delete(t.Context()))
		assert.Empty(t, s.stored(t, name))
	}
}

const firstGroup = "Egeria:IntegrationGroup:First"

func storyGroup(name string) egeria.IntegrationGroup {
	return egeria.IntegrationGroup{PlatformURL: "~{egeriaEndpoint}~", ServerName: "qs-metadata-store",
		QualifiedName: name}
}

// stored returns the names of a server's groups on the platform.
func (s storyteller) stored(t *testing.T, server string) []string {
	t.Helper()
	resp, err := s.c.Do(getRequest(t, "/open-metadata/admin-services/servers/"+server+
		"/integration-groups/configuration"))
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	t.Logf("%s", b)
	list, err := s.c.Server(server).IntegrationGroups.List(t.Context())
	require.NoError(t, err)
	names := []string{}
	for _, g := range list {
		names = append(names, g.QualifiedName)
	}
	return names
}

func assertCode(t *testing.T, err error, codes ...string) {
	t.Helper()
	e, ok := errors.AsType[*egeria.Error](err)
	require.True(t, ok, "%v", err)
	assert.Contains(t, codes, e.Code, e.Error())
	assert.Equal(t, 200, e.StatusCode)
	t.Log(e)
}

func (s storyteller) groups(t *testing.T, name string) {
	t.Helper()
	x, c := t.Context(), s.c
	groups := c.Server(name).IntegrationGroups
	origin, err := c.Platform.Origin(x)
	require.NoError(t, err)
	t.Log(origin)
	assert.Empty(t, s.stored(t, name), "a server that nobody knows")
	require.NoError(t, groups.Clear(x))
	require.NoError(t, groups.Delete(x, "unknown"))

	const second, odd = "Second group <é & ü> #1?", "a/b;c%d"
	require.NoError(t, groups.Put(x, storyGroup(firstGroup)))
	assert.Equal(t, []string{firstGroup}, s.stored(t, name))
	require.NoError(t, groups.Put(x, storyGroup(second)))
	assert.Equal(t, []string{firstGroup, second}, s.stored(t, name))
	changed := storyGroup(firstGroup)
	changed.ServerName = "other-store"
	require.NoError(t, groups.Put(x, changed))
	assert.Equal(t, []string{firstGroup, second}, s.stored(t, name))
	got, err := groups.Get(x, firstGroup)
	require.NoError(t, err)
	assert.Equal(t, changed, *got, "with its placeholder")
	_, err = groups.Get(x, "unknown")
	require.ErrorIs(t, err, egeria.ErrNotFound)

	require.NoError(t, groups.ReplaceAll(x, []egeria.IntegrationGroup{storyGroup(second), storyGroup(odd),
		storyGroup(firstGroup)}))
	assert.Equal(t, []string{second, odd, firstGroup}, s.stored(t, name))
	require.NoError(t, groups.Delete(x, odd))
	assert.Equal(t, []string{second, firstGroup}, s.stored(t, name))
	require.NoError(t, groups.Delete(x, second))
	assert.Equal(t, []string{firstGroup}, s.stored(t, name))
	require.NoError(t, groups.Delete(x, second))

	require.NoError(t, groups.PutRaw(x, storyGroup(second)))
	if s.inverted {
		assert.Equal(t, []string{second}, s.stored(t, name), "the platform's own operation has lost the other")
	} else {
		assert.Equal(t, []string{firstGroup, second}, s.stored(t, name))
	}
	require.NoError(t, groups.Clear(x))
	assert.Empty(t, s.stored(t, name))
	require.NoError(t, groups.ReplaceAll(x, nil))
	assert.Empty(t, s.stored(t, name))
}

func (s storyteller) document(t *testing.T, name string) {
	t.Helper()
	x, c := t.Context(), s.c
	server := c.Server(name)
	document, err := server.Config.Get(x)
	require.NoError(t, err)
	assert.Equal(t, name, document.ServerName())
	require.NoError(t, document.SetMember("localServerDescription", "A <story> & more: é"))
	require.NoError(t, document.SetIntegrationGroups([]egeria.IntegrationGroup{storyGroup(firstGroup)}))
	require.NoError(t, server.Config.Set(x, *document))
	assert.Equal(t, []string{firstGroup}, s.stored(t, name))
	again, err := server.Config.Get(x)
	require.NoError(t, err)
	assert.Equal(t, "A <story> & more: é", again.Description())
	assert.NotEmpty(t, again.AuditTrail())
	assertCode(t, c.Server("another").Config.Set(x, *document), "OMAG-ADMIN-400-002")

	s.setProperties(t, c.Server(name+"-properties").Config)
	all, err := c.Platform.Configurations(x)
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(all, func(d egeria.Document) bool { return d.ServerName() == name }))
	if s.deploys {
		s.deploy(t, server.Config)
	}
}

func (s storyteller) life(t *testing.T, name string) {
	t.Helper()
	x, c := t.Context(), s.c
	server := c.Server(name)
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
	assertCode(t, err, "OMAG-ADMIN-400-011", "OMAG-ADMIN-400-019")
	require.ErrorIs(t, err, egeria.ErrInvalid)

	running := name
	if s.daemon {
		require.NoError(t, server.Config.SetDefaultAuditLog(x))
	} else {
		running = name + "-store"
		s.runnable(running)
	}
	for range 2 { // the second time it is restarted
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
		s.daemonRuns(t, server, firstGroup)
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
}

// store returns a secrets store if the platform supports them.
func (s storyteller) store(t *testing.T) (provider, location, collection string) {
	t.Helper()
	dialect, err := s.c.Dialect(t.Context())
	require.NoError(t, err)
	if dialect == egeria.Dialect4 {
		return "", "", ""
	}
	return "org.odpi.openmetadata.adapters.connectors.secretsstore.yaml.YAMLSecretsStoreProvider", "story.omsecrets",
		"story"
}

func (s storyteller) setProperties(t *testing.T, config *egeria.ConfigService) {
	t.Helper()
	size := 500
	want := egeria.ServerProperties{Description: "Runs groups", OrganizationName: "Coco", URLRoot: s.url,
		UserID: "daemonnpa", MaxPageSize: &size}
	want.SecretsStoreProvider, want.SecretsStoreLocation, want.SecretsStoreCollection = s.store(t)
	require.NoError(t, config.SetProperties(t.Context(), want))
	got, err := config.Properties(t.Context())
	require.NoError(t, err)
	got.ServerType, got.Password = "", "" // set by the platform
	assert.Equal(t, want, *got)
}

func (s storyteller) deploy(t *testing.T, config *egeria.ConfigService) {
	t.Helper()
	target := egeria.DeployTarget{PlatformURL: s.url}
	target.SecretsStoreProvider, target.SecretsStoreLocation, target.SecretsStoreCollection = s.store(t)
	require.NoError(t, config.Deploy(t.Context(), target))
}

func (s storyteller) daemonRuns(t *testing.T, server *egeria.Server, group string) {
	t.Helper()
	x := t.Context()
	summaries, err := server.Daemon.Groups(x)
	require.NoError(t, err)
	require.Len(t, summaries, 1)
	assert.Equal(t, group, summaries[0].Name)
	assert.NotEmpty(t, summaries[0].Status)
	summary, err := server.Daemon.Group(x, group)
	require.NoError(t, err)
	assert.Equal(t, group, summary.Name)
	_, err = server.Daemon.Group(x, "unknown")
	require.ErrorIs(t, err, egeria.ErrInvalid)
	// the metadata server, or its group, may be missing
	if err := server.Daemon.RefreshConfig(x, group); err != nil {
		e, ok := errors.AsType[*egeria.Error](err)
		require.True(t, ok, "%v", err)
		require.Contains(t, []int{400, 404, 503}, e.RelatedCode, "%v", err)
	}
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

// The live test runs the same story on a real platform.
func TestStoryOnTheFake(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"4.0", "4.1", "4.2", "4.3", "5.0", "5.3", "6.0", "6.1"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
			c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password),
				egeria.WithHTTPClient(srv.HTTPClient()), egeria.WithClearTextStore())
			require.NoError(t, err)
			storyteller{c: c, url: srv.URL, inverted: release < "5.0", older: release < "4.2", daemon: true,
				deploys: true, deletes: true}.tell(t)
		})
	}
}
