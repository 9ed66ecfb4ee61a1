package egeria_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

const (
	accessServices = adminServer + "/access-services"
	connectors     = "{daemon}/integration-connectors"
	auditLogs      = adminServer + "/audit-log-destinations"
	busPath        = adminServer + "/event-bus"
	archives       = adminServer + "/open-metadata-archives"
	placeholders   = "{admin}/stores/placeholder-variables"
	allServers     = "{platform}/servers"
)

func someObject() egeria.Object {
	return egeria.Object{"n": json.RawMessage(`1.0`), "s": json.RawMessage(`"<&>"`)}
}

const someObjectJSON = `{"n":1.0,"s":"<&>"}`

// furtherCalls are the calls for a metadata access store, for running connectors, and for other
// work with daemons.
func furtherCalls() []wireCall {
	type (
		ctx = context.Context
		cl  = *egeria.Client
	)
	empty := func(path string) []wireRequest {
		return []wireRequest{{method: http.MethodPost, path: path, kind: "application/json"}}
	}
	bus := send(busPath, someObjectJSON)
	bus[0].query = url.Values{"connectorProvider": {"p"}, "topicURLRoot": {"a&b"}}
	return append(connectorCalls(), []wireCall{
		{name: "Config.AuditLogs", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Config.AuditLogs(x))
		}, want: get(auditLogs)},
		{name: "Config.AddConsoleAuditLog", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.AddConsoleAuditLog(x, []string{"Error", "Security"})
		}, want: send(auditLogs+"/console", `["Error","Security"]`)},
		{name: "Config.AddSLF4JAuditLog", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.AddSLF4JAuditLog(x, []string{"Error"})
		}, want: send(auditLogs+"/slf4j", `["Error"]`)},
		{name: "Config.DeleteAuditLog", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.DeleteAuditLog(x, "Console- default")
		},
			want: drop(auditLogs + "/connection/Console-%20default")},
		{name: "Config.ClearAuditLogs", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Config.ClearAuditLogs(x)
		}, want: drop(auditLogs)},
		{name: "Config.ServerType", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Config.ServerType(x))
		},
			want: get(adminServer + "/server-type-classification")},

		{name: "MetadataStore.EventBus", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).MetadataStore.EventBus(x))
		}, want: get(busPath)},
		{name: "MetadataStore.SetEventBus", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.SetEventBus(x, egeria.EventBus{TopicURLRoot: "a&b", ConnectorProvider: "p",
				Properties: someObject()})
		}, want: bus},
		{name: "MetadataStore.SetEventBus of nothing", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.SetEventBus(x, egeria.EventBus{})
		}, want: empty(busPath)},
		{name: "MetadataStore.ClearEventBus", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.ClearEventBus(x)
		}, want: drop(busPath)},
		{name: "MetadataStore.SetInMemoryRepository", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.SetInMemoryRepository(x)
		},
			want: post(adminServer + "/local-repository/mode/in-memory-repository")},
		{name: "MetadataStore.ClearRepository", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.ClearRepository(x)
		},
			want: drop(adminServer + "/local-repository")},
		{name: "MetadataStore.AccessServices", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).MetadataStore.AccessServices(x))
		},
			want: get(accessServices)},
		{name: "MetadataStore.EnableAccessServices", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.EnableAccessServices(x, someObject())
		}, want: send(accessServices, someObjectJSON)},
		{name: "MetadataStore.EnableAccessServicesWithoutTopics", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.EnableAccessServicesWithoutTopics(x, nil)
		}, want: empty(accessServices + "/no-topics")},
		{name: "MetadataStore.EnableAccessService", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.EnableAccessService(x, "data-manager", egeria.Object{})
		}, want: empty(accessServices + "/data-manager")},
		{name: "MetadataStore.EnableAccessServiceWithoutTopics", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.EnableAccessServiceWithoutTopics(x, "data-manager", someObject())
		}, want: send(accessServices+"/data-manager/no-topics", someObjectJSON)},
		{name: "MetadataStore.DisableAccessService", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.DisableAccessService(x, "data-manager")
		}, want: drop(accessServices + "/data-manager")},
		{name: "MetadataStore.DisableAccessServices", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.DisableAccessServices(x)
		},
			want: drop(accessServices)},
		{name: "MetadataStore.AddArchiveFile", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.AddArchiveFile(x, "content packs/é&.omarchive")
		}, want: []wireRequest{{method: http.MethodPost, path: archives + "/file", kind: "text/plain",
			body: "content packs/é&.omarchive"}}},
		{name: "MetadataStore.Archives", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).MetadataStore.Archives(x))
		}, want: get(archives)},
		{name: "MetadataStore.ClearArchives", do: func(x ctx, c cl, s string) error {
			return c.Server(s).MetadataStore.ClearArchives(x)
		}, want: drop(archives)},
	}...)
}

func connectorCalls() []wireCall {
	type (
		ctx = context.Context
		cl  = *egeria.Client
	)
	const change = `{"class":"ConnectorConfigPropertiesRequestBody","connectorName":"a/b","mergeUpdate":`
	return []wireCall{
		{name: "Platform.ServerServices", do: func(x ctx, c cl, s string) error {
			return failing(c.Platform.ServerServices(x, s))
		},
			want: get(allServers + "/{server}/services")},
		{name: "Platform.StopAll", do: func(x ctx, c cl, _ string) error { return c.Platform.StopAll(x) },
			want: drop(allServers + "/instance")},
		{name: "Platform.UnregisterAll", do: func(x ctx, c cl, _ string) error { return c.Platform.UnregisterAll(x) },
			want: drop(allServers)},
		{name: "Platform.Placeholders", do: func(x ctx, c cl, _ string) error {
			return failing(c.Platform.Placeholders(x))
		}, want: get(placeholders)},
		{name: "Platform.SetPlaceholders", do: func(x ctx, c cl, _ string) error {
			return c.Platform.SetPlaceholders(x, map[string]string{"x": "<&>", "y": ""})
		}, want: send(placeholders, `{"x":"<&>","y":""}`)},
		{name: "Platform.SetPlaceholders with none", do: func(x ctx, c cl, _ string) error {
			return c.Platform.SetPlaceholders(x, nil)
		},
			want: send(placeholders, `{}`)},
		{name: "Platform.ClearPlaceholders", do: func(x ctx, c cl, _ string) error {
			return c.Platform.ClearPlaceholders(x)
		}, want: drop(placeholders)},

		{name: "Daemon.ConnectorProperties", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Daemon.ConnectorProperties(x, "a b"))
		},
			want: get(connectors + "/a%20b/configuration-properties")},
		{name: "Daemon.SetConnectorProperties", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Daemon.SetConnectorProperties(x, "a/b", someObject())
		}, want: send(connectors+"/configuration-properties", change+`false,"configurationProperties":`+someObjectJSON+
			`}`)},
		{name: "Daemon.MergeConnectorProperties", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Daemon.MergeConnectorProperties(x, "a/b", egeria.Object{})
		}, want: send(connectors+"/configuration-properties", change+`true,"configurationProperties":{}}`)},
		{name: "Daemon.SetEndpointAddress", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Daemon.SetEndpointAddress(x, "a", "file:///a?<b>")
		}, want: send(connectors+"/a/endpoint-network-address",
			`{"class":"StringRequestBody","string":"file:///a?<b>"}`)},
		{name: "Daemon.ValidateConnector", do: func(x ctx, c cl, s string) error {
			return failing(c.Server(s).Daemon.ValidateConnector(x, "com.example.FilesProvider"))
		}, want: get("{daemon}/validate-connector/com.example.FilesProvider")},
		{name: "Daemon.PublishLineageEvent", do: func(x ctx, c cl, s string) error {
			return c.Server(s).Daemon.PublishLineageEvent(x, someObject())
		},
			want: send("{daemon}/publish-open-lineage-event", someObjectJSON)},
	}
}

// An action with a lost response is not repeated. An operation that replaces or removes everything
// is repeated.
func TestFurtherCallsAfterALostResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range furtherCalls() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(egeria.Dialect6)
				p.serve = func(n int, _ request) response {
					if n == 1 {
						return response{err: io.ErrUnexpectedEOF}
					}
					return ok(fitting)
				}
				err := tt.do(t.Context(), p.client(t, retries()), "s")
				replaces := strings.HasPrefix(tt.name, "MetadataStore.SetEventBus") || strings.HasPrefix(tt.name,
					"Platform.SetPlaceholders")
				if tt.want[0].method == http.MethodPost && !replaces {
					require.ErrorIs(t, err, egeria.ErrOutcomeUnknown)
					assert.Len(t, p.calls(), 1)
					return
				}
				require.NoError(t, err)
				assert.Len(t, p.calls(), 2)
			})
		})
	}
}
