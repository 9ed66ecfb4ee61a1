package egeria_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

// withDaemon starts a daemon d with the connector "Files Monitor".
func withDaemon(t *testing.T, c *egeria.Client, srv *egeriatest.Server) *egeria.Server {
	t.Helper()
	d := c.Server("d")
	require.NoError(t, d.Config.SetDefaultAuditLog(t.Context()))
	require.NoError(t, d.IntegrationGroups.Put(t.Context(), someGroup()))
	_, err := c.Platform.Start(t.Context(), "d")
	require.NoError(t, err)
	srv.AddConnector("d", groupName, "Files Monitor")
	return d
}

func TestPropertiesOfAConnector(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, _ string, c *egeria.Client, srv *egeriatest.Server) {
		x, daemon := t.Context(), withDaemon(t, c, srv).Daemon
		have := func(want string) {
			t.Helper()
			properties, err := daemon.ConnectorProperties(x, "Files Monitor")
			require.NoError(t, err)
			assert.JSONEq(t, want, written(t, properties))
		}
		have(`{}`)
		srv.SetConnectorProperties("d", "Files Monitor", map[string]any{"fileDirectory": "/data", "n": 1})
		have(`{"fileDirectory":"/data","n":1}`)
		require.NoError(t, daemon.MergeConnectorProperties(x, "Files Monitor",
			egeria.Object{"n": json.RawMessage(`12345678901234567890`), "é": json.RawMessage(`[]`)}))
		properties, err := daemon.ConnectorProperties(x, "Files Monitor")
		require.NoError(t, err)
		assert.Equal(t, "12345678901234567890", string(properties["n"]), "numbers keep their digits")
		have(`{"fileDirectory":"/data","n":12345678901234567890,"é":[]}`)
		require.NoError(t, daemon.SetConnectorProperties(x, "Files Monitor",
			egeria.Object{"only": json.RawMessage(`true`)}))
		have(`{"only":true}`)
		require.NoError(t, daemon.SetConnectorProperties(x, "Files Monitor", egeria.Object{}))
		have(`{}`)

		require.NoError(t, daemon.SetEndpointAddress(x, "Files Monitor", "file:///data"))
		assert.Equal(t, "file:///data", srv.EndpointAddress("d", "Files Monitor"))
	}, "5.0", "5.3", "6.0", "6.1")
}

func TestConnectorsThatTheDaemonDoesNotRun(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, _ string, c *egeria.Client, srv *egeriatest.Server) {
		x, daemon := t.Context(), withDaemon(t, c, srv).Daemon
		for _, err := range []error{
			failing(daemon.ConnectorProperties(x, "nobody")), daemon.SetConnectorProperties(x, "nobody",
				egeria.Object{}),
			daemon.MergeConnectorProperties(x, "no/body", egeria.Object{}),
			daemon.SetEndpointAddress(x, "files monitor", "h"),
		} {
			failed := errorOf(t, err).Failure
			require.NotNil(t, failed)
			assert.Equal(t, "INTEGRATION-DAEMON-SERVICES-400-031", failed.ExceptionErrorMessageID)
		}
		require.NoError(t, c.Platform.Stop(x, "d"))
		assert.ErrorIs(t, failing(daemon.ConnectorProperties(x, "Files Monitor")), egeria.ErrNotFound)
	}, "5.3", "6.1")
}

func TestValidateConnectorAndLineage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, release string, c *egeria.Client, srv *egeriatest.Server) {
		x, daemon := t.Context(), withDaemon(t, c, srv).Daemon
		report, err := daemon.ValidateConnector(x, "com.example.FilesProvider")
		if release == "6.1" {
			require.NoError(t, err)
			assert.Contains(t, string(report["connectorType"]), "com.example.FilesProvider")
			require.Error(t, failing(daemon.ValidateConnector(x, "com.example.Files")))
		} else {
			require.ErrorIs(t, err, egeria.ErrNotFound)
		}
		var event egeria.Object
		require.NoError(t, json.Unmarshal([]byte(`{"eventType":"START","run":{"runId":"1"}}`), &event))
		require.NoError(t, daemon.PublishLineageEvent(x, event))
	}, "6.0", "6.1")
}

func TestBadConnectorCallsAreRefused(t *testing.T) {
	t.Parallel()
	x := t.Context()
	p := newPlatform(egeria.Dialect6)
	c := p.client(t)
	daemon := c.Server("s").Daemon
	bad := egeria.Object{"x": json.RawMessage(`{`)}
	for i, tt := range []struct {
		err      error
		argument string
	}{
		{failing(daemon.ConnectorProperties(x, "")), "connector"},
		{failing(daemon.ConnectorProperties(x, "a;b")), "connector"},
		{daemon.SetConnectorProperties(x, "", egeria.Object{}), "connector"},
		{daemon.SetConnectorProperties(x, "a", nil), "properties"},
		{daemon.SetConnectorProperties(x, "a", bad), "properties"},
		{daemon.MergeConnectorProperties(x, " ", egeria.Object{}), "connector"},
		{daemon.MergeConnectorProperties(x, "a", nil), "properties"},
		{daemon.MergeConnectorProperties(x, "a", egeria.Object{"x": nil}), "properties"},
		{daemon.SetEndpointAddress(x, "", "h"), "connector"},
		{daemon.SetEndpointAddress(x, "a", ""), "address"},
		{daemon.SetEndpointAddress(x, "a", "\xff"), "address"},
		{failing(daemon.ValidateConnector(x, "")), "provider"},
		{failing(daemon.ValidateConnector(x, "../x")), "provider"},
		{daemon.PublishLineageEvent(x, nil), "event"},
		{daemon.PublishLineageEvent(x, bad), "event"},
		{failing(c.Platform.ServerServices(x, "")), "server"},
		{c.Platform.SetPlaceholders(x, map[string]string{"": "v"}), `values[""]`},
		{c.Platform.SetPlaceholders(x, map[string]string{"~{x}~": "v"}), `values["~{x}~"]`},
		{c.Platform.SetPlaceholders(x, map[string]string{"x": "\xff"}), "values"},
	} {
		require.Error(t, tt.err, i)
		assert.ErrorContains(t, tt.err, "invalid argument "+tt.argument, i)
		assert.Equal(t, []string{"Invalid"}, conditions(tt.err))
	}
	assert.Empty(t, p.sent)
}

func TestAllServersStop(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*egeria.Client) error{
		"stop":       func(c *egeria.Client) error { return c.Platform.StopAll(t.Context()) },
		"unregister": func(c *egeria.Client) error { return c.Platform.UnregisterAll(t.Context()) },
	} {
		onEach(t, func(t *testing.T, _ string, c *egeria.Client, srv *egeriatest.Server) {
			x := t.Context()
			withDaemon(t, c, srv)
			require.NoError(t, c.Server("mds").MetadataStore.SetInMemoryRepository(x))
			_, err := c.Platform.Start(x, "mds")
			require.NoError(t, err)
			services, err := c.Platform.ServerServices(x, "d")
			require.NoError(t, err)
			assert.Contains(t, services, "Integration Daemon Services")
			require.NoError(t, stop(c), name)
			require.NoError(t, stop(c), name)
			active, err := c.Platform.ActiveServers(x)
			require.NoError(t, err)
			assert.Empty(t, active)
			services, err = c.Platform.ServerServices(x, "d")
			require.NoError(t, err)
			assert.Equal(t, []string{}, services, "a server that has stopped")
			assert.ErrorIs(t, failing(c.Platform.ServerServices(x, "nobody")), egeria.ErrNotFound)
		}, "4.2", "5.3", "6.1")
	}
}

func TestPlaceholdersOfAPlatform(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, release string, c *egeria.Client, srv *egeriatest.Server) {
		x := t.Context()
		if release == "4.3" {
			assert.ErrorIs(t, failing(c.Platform.Placeholders(x)), egeria.ErrNotFound)
			return
		}
		values, err := c.Platform.Placeholders(x)
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"egeriaEndpoint": srv.URL}, values)
		want := map[string]string{"kafka": "h:9092", "é": `"<&>"`, "empty": ""}
		require.NoError(t, c.Platform.SetPlaceholders(x, want))
		values, err = c.Platform.Placeholders(x)
		require.NoError(t, err)
		assert.Equal(t, want, values)
		require.NoError(t, c.Platform.ClearPlaceholders(x))
		values, err = c.Platform.Placeholders(x)
		require.NoError(t, err)
		assert.Equal(t, map[string]string{}, values)
	}, "4.3", "5.3", "6.0", "6.1")
}
