package egeria_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

// onEach runs a test with a client of a fake platform for each of these releases.
func onEach(
	t *testing.T, test func(t *testing.T, release string, c *egeria.Client, srv *egeriatest.Server), releases ...string,
) {
	t.Helper()
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			srv := egeriatest.NewServer(t, egeriatest.WithRelease(release), egeriatest.WithoutSocket())
			c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password),
				egeria.WithHTTPClient(srv.HTTPClient()))
			require.NoError(t, err)
			test(t, release, c, srv)
		})
	}
}

var allReleases = []string{"4.0", "4.2", "5.3", "6.1"}

func TestMetadataStoreIsMade(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, release string, c *egeria.Client, srv *egeriatest.Server) {
		x, mds := t.Context(), c.Server("mds")
		store := mds.MetadataStore
		bus, err := store.EventBus(x)
		require.NoError(t, err)
		assert.Equal(t, &egeria.EventBus{}, bus)
		want := egeria.EventBus{TopicURLRoot: "egeria & co",
			Properties: egeria.Object{"producer": json.RawMessage(`{"bootstrap.servers":"h:9092"}`)}}
		require.NoError(t, store.SetEventBus(x, want))
		bus, err = store.EventBus(x)
		require.NoError(t, err)
		assert.Equal(t, &want, bus)

		require.NoError(t, store.SetInMemoryRepository(x))
		require.NoError(t, store.EnableAccessServices(x, nil))
		registered, err := c.Platform.RegisteredAccessServices(x)
		require.NoError(t, err)
		enabled, err := store.AccessServices(x)
		require.NoError(t, err)
		assert.Len(t, enabled, len(registered))
		assert.Contains(t, string(srv.Document("mds")), "egeria & co.server.mds.omas.")
		require.NoError(t, store.AddArchiveFile(x, "content-packs/CoreContentPack.omarchive"))
		archives, err := store.Archives(x)
		require.NoError(t, err)
		require.Len(t, archives, 1)
		assert.Contains(t, string(archives[0]["endpoint"]), "CoreContentPack.omarchive")

		kind, err := mds.Config.ServerType(x)
		require.NoError(t, err)
		assert.Equal(t, "Metadata Access Store", kind.Name)
		_, err = c.Platform.Start(x, "mds")
		require.NoError(t, err)
		assert.True(t, srv.Running("mds"))
	}, allReleases...)
}

func TestMetadataStoreIsUnmade(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, release string, c *egeria.Client, srv *egeriatest.Server) {
		x, store := t.Context(), c.Server("mds").MetadataStore
		require.NoError(t, store.SetEventBus(x, egeria.EventBus{ConnectorProvider: "com.example.BusProvider"}))
		require.NoError(t, store.SetInMemoryRepository(x))
		require.NoError(t, store.EnableAccessServicesWithoutTopics(x,
			egeria.Object{"SupportedZones": json.RawMessage(`["a"]`)}))
		require.NoError(t, store.AddArchiveFile(x, "a b"))
		document := func() string { return string(srv.Document("mds")) }
		assert.NotContains(t, document(), "OutTopic")
		assert.Contains(t, document(), `"accessServiceOptions":{"SupportedZones":["a"]}`)
		for member, undo := range map[string]func() error{
			"eventBusConfig":                 func() error { return store.ClearEventBus(x) },
			"localRepositoryConfig":          func() error { return store.ClearRepository(x) },
			"accessServicesConfig":           func() error { return store.DisableAccessServices(x) },
			"openMetadataArchiveConnections": func() error { return store.ClearArchives(x) },
		} {
			assert.Contains(t, document(), member)
			require.NoError(t, undo(), member)
			assert.NotContains(t, document(), member)
			require.NoError(t, undo(), "once more: "+member)
		}
	}, allReleases...)
}

// One service at a time, by its marker.
func TestAccessServicesOneByOne(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, _ string, c *egeria.Client, _ *egeriatest.Server) {
		x, store := t.Context(), c.Server("mds").MetadataStore
		registered, err := c.Platform.RegisteredAccessServices(x)
		require.NoError(t, err)
		require.NoError(t, store.SetEventBus(x, egeria.EventBus{}))
		require.NoError(t, store.EnableAccessService(x, registered[0].URLMarker, nil))
		require.NoError(t, store.EnableAccessServiceWithoutTopics(x, registered[1].URLMarker, nil))
		require.NoError(t, store.EnableAccessServiceWithoutTopics(x, registered[2].URLMarker, nil))
		require.NoError(t, store.DisableAccessService(x, registered[1].URLMarker))
		enabled, err := store.AccessServices(x)
		require.NoError(t, err)
		require.Len(t, enabled, 2)
		assert.Equal(t, registered[0].Name, enabled[0].Name)
		assert.Equal(t, registered[2].Description, enabled[1].Description)
	}, allReleases...)
}

func TestMetadataStoreFailuresHaveTheirMessages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, _ string, c *egeria.Client, srv *egeriatest.Server) {
		x, mds := t.Context(), c.Server("mds")
		for id, err := range map[string]error{
			"OMAG-ADMIN-400-017": mds.MetadataStore.EnableAccessServices(x, nil),
			"OMAG-ADMIN-400-005": mds.MetadataStore.EnableAccessService(x, "nothing", nil),
			"OMAG-ADMIN-404-100": mds.Config.DeleteAuditLog(x, "nothing"),
		} {
			require.ErrorContains(t, err, "mds")
			failed := errorOf(t, err).Failure
			require.NotNil(t, failed)
			assert.Equal(t, id, failed.ExceptionErrorMessageID)
		}
		assert.Nil(t, srv.Document("mds"))
		assert.ErrorIs(t, mds.Config.DeleteAuditLog(x, "nothing"), egeria.ErrNotFound)
	}, "4.2", "5.3", "6.1")
}

func TestAuditLogsOfAServer(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, _ string, c *egeria.Client, _ *egeriatest.Server) {
		x, config := t.Context(), c.Server("d").Config
		names := func() (all []string) {
			logs, err := config.AuditLogs(x)
			require.NoError(t, err)
			require.NotNil(t, logs)
			for _, log := range logs {
				all = append(all, strings.Trim(string(log["qualifiedName"]), `"`))
			}
			return all
		}
		assert.Empty(t, names())
		require.NoError(t, config.SetDefaultAuditLog(x))
		require.NoError(t, config.AddConsoleAuditLog(x, []string{"Error", "Exception"}))
		require.NoError(t, config.AddSLF4JAuditLog(x, []string{"Security"}))
		assert.Equal(t, []string{"Console- default", "Console- [Error, Exception]", "SLF4J- [Security]"}, names())
		require.NoError(t, config.DeleteAuditLog(x, "Console- [Error, Exception]"))
		require.NoError(t, config.DeleteAuditLog(x, "SLF4J"))
		assert.Equal(t, []string{"Console- default"}, names())
		require.NoError(t, config.ClearAuditLogs(x))
		assert.Empty(t, names())
	}, allReleases...)
}

func TestBadMetadataStoreIsRefused(t *testing.T) {
	t.Parallel()
	x := t.Context()
	p := newPlatform(egeria.Dialect6)
	s := p.client(t).Server("s")
	bad := egeria.Object{"x": json.RawMessage(`{`)}
	for i, tt := range []struct {
		err      error
		argument string
	}{
		{s.MetadataStore.SetEventBus(x, egeria.EventBus{Properties: bad}), "Properties"},
		{s.MetadataStore.SetEventBus(x, egeria.EventBus{TopicURLRoot: "\xff"}), "TopicURLRoot"},
		{s.MetadataStore.SetEventBus(x, egeria.EventBus{ConnectorProvider: "\xff"}), "ConnectorProvider"},
		{s.MetadataStore.EnableAccessServices(x, bad), "options"},
		{s.MetadataStore.EnableAccessServicesWithoutTopics(x, egeria.Object{"x": nil}), "options"},
		{s.MetadataStore.EnableAccessService(x, "", nil), "marker"},
		{s.MetadataStore.EnableAccessService(x, "a/b", nil), "marker"},
		{s.MetadataStore.EnableAccessServiceWithoutTopics(x, "a", bad), "options"},
		{s.MetadataStore.DisableAccessService(x, ".."), "marker"},
		{s.MetadataStore.AddArchiveFile(x, " "), "file"},
		{s.MetadataStore.AddArchiveFile(x, "a\xff"), "file"},
		{s.Config.AddConsoleAuditLog(x, nil), "severities"},
		{s.Config.AddConsoleAuditLog(x, []string{"Error", ""}), "severities[1]"},
		{s.Config.AddSLF4JAuditLog(x, []string{"\xff"}), "severities[0]"},
		{s.Config.DeleteAuditLog(x, ""), "name"},
		{s.Config.DeleteAuditLog(x, "a%b"), "name"},
	} {
		require.Error(t, tt.err, i)
		assertRefused(t, tt.err, tt.argument)
	}
	assert.Empty(t, p.sent)
}

// If a platform repeats a password, it is not shown.
func TestPropertiesOfAnEventBusStayHidden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"password", "sasl.jaas.password", "sslTruststorePassword"} {
		p := newPlatform(egeria.Dialect6, bean(400, invalidParameter, "OMAG-ADMIN-400-017 not with "+passwordCanary))
		bus := egeria.EventBus{Properties: egeria.Object{"producer": json.RawMessage(fmt.Sprintf(`{%q:%q}`, name,
			passwordCanary))}}
		err := p.client(t).Server("s").MetadataStore.SetEventBus(t.Context(), bus)
		require.ErrorContains(t, err, "OMAG-ADMIN-400-017")
		assertHidden(t, shown(err)+shown(bus), passwordCanary)
	}
}
