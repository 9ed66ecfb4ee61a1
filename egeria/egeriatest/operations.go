package egeriatest

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// Bases of paths in 6.0 and later.
const (
	admin      = "/open-metadata/admin-services"
	document   = admin + "/servers/{serverName}"
	groups     = document + "/integration-groups"
	platform   = "/open-metadata/platform-services/server-platform"
	server     = platform + "/servers/{serverName}"
	registered = platform + "/registered-services"
	daemon     = "/servers/{serverName}/open-metadata/integration-daemon"
	tokenPath  = "/api/token"
)

const plainText = "text/plain;charset=UTF-8"

// operation is an operation of some releases.
type operation struct {
	name, method, path string
	since, until       release // the first release with it and the first without it; "" means no bound
	class              string  // class of the response
	action             string  // name of the action in failures
	body               bodyKind
	takes              string // required class of the body; "" means any
	further            bool   // the vendor's clients call it, this SDK does not
	typed              bool   // since 6.0 the body must have a class
	run                func(*call) (fakehttp.Object, *failure)
	// serve replaces run if the response has no envelope.
	serve func(*fakehttp.Request) fakehttp.Response
}

// administration reports whether the operation belongs to the administration services.
func (op operation) administration() bool { return strings.HasPrefix(op.path, admin) }

// call is one request for an operation.
type call struct {
	*Server
	op           operation
	request      *fakehttp.Request
	user, server string
	body         fakehttp.Object
	list         []fakehttp.Object
	texts        []string
}

// group returns the group in the path.
func (c *call) group() string { return c.request.PathValue("groupQualifiedName") }

const (
	voidResponse = "VoidResponse"
	one          = "OMAGServerConfigResponse"

	get  = http.MethodGet
	post = http.MethodPost
	drop = http.MethodDelete
)

// table returns the operations of all releases. An operation with a literal segment in its path is
// before an operation with a variable in the same place.
func (s *Server) table() []operation {
	return []operation{
		{name: "getIntegrationGroups", method: get, path: groups + "/configuration", class: "IntegrationGroupsResponse",
			action: "getIntegrationGroupsConfiguration", run: (*call).getGroups},
		{name: "putIntegrationGroup", method: post, path: groups + "/configuration", class: voidResponse,
			action: "configureIntegrationGroup", body: jsonObject, takes: groupClass, run: (*call).putGroup},
		{name: "replaceIntegrationGroups", method: post, path: groups + "/configuration/all", class: voidResponse,
			action: "setIntegrationGroupsConfig", body: jsonList, takes: groupClass, run: (*call).replaceGroups},
		{name: "clearIntegrationGroups", method: drop, path: groups, class: voidResponse,
			action: "clearAllIntegrationGroups",
			run:    (*call).clearGroups},
		{name: "deleteIntegrationGroup", method: drop, path: groups + "/{groupQualifiedName}", class: voidResponse,
			action: "clearIntegrationGroup", run: (*call).deleteGroup},

		{name: "getDaemonServices", since: "5.0", method: get, path: document + "/integration-daemon-services",
			class: "IntegrationDaemonServicesResponse", action: "getIntegrationDaemonServicesConfiguration",
			run: (*call).getDaemonServices},
		{name: "setDaemonServices", since: "5.0", method: post, path: document + "/integration-daemon-services",
			class:  voidResponse,
			action: "setIntegrationDaemonServicesConfig", body: jsonObject, takes: daemonClass,
			run: (*call).setDaemonServices},
		{name: "clearDaemonServices", since: "5.0", method: drop, path: document + "/integration-daemon-services",
			class:  voidResponse,
			action: "clearIntegrationDaemonServicesConfig", run: (*call).clearDaemonServices},

		{name: "getConfiguration", method: get, path: document + "/configuration", class: one,
			action: "getStoredConfiguration", run: (*call).getConfiguration},
		{name: "setConfiguration", method: post, path: document + "/configuration", class: voidResponse,
			action: "setOMAGServerConfig", body: jsonObject, takes: documentClass, run: (*call).setConfiguration},
		{name: "deleteConfiguration", method: drop, path: document + "/configuration", class: voidResponse,
			action: "clearOMAGServerConfig", run: (*call).deleteConfiguration},
		{name: "getResolvedConfiguration", since: "6.0", method: get, path: document + "/configuration/resolved",
			class:  one,
			action: "getResolvedConfiguration", run: (*call).getResolved},
		{name: "deployConfiguration", method: post, path: document + "/configuration/deploy", class: voidResponse,
			action: "deployOMAGServerConfig", body: jsonObject, run: (*call).deployConfiguration},
		{name: "listConfigurations", method: get, path: admin + "/configurations", class: "OMAGServerConfigsResponse",
			action: "retrieveAllServerConfigs", run: (*call).listConfigurations},

		{name: "getServerProperties", since: "5.0", method: get, path: document + "/server-properties",
			class: "BasicServerPropertiesResponse", action: "getBasicServerProperties", run: (*call).getProperties},
		{name: "setServerProperties", since: "5.0", method: post, path: document + "/server-properties",
			class:  voidResponse,
			action: "setBasicServerProperties", body: jsonObject, typed: true, run: (*call).setProperties},
		oneProperty("setOrganizationName", "/organization-name", noBody, ""),
		oneProperty("setServerDescription", "/server-description", anyText, ""),
		oneProperty("setServerUserID", "/server-user-id", noBody, ""),
		{name: "setMaxPageSize", method: post, path: document + "/max-page-size", class: voidResponse,
			action: "setMaxPageSize",
			run:    (*call).setMaxPageSize},
		oneProperty("setServerURLRoot", "/server-url-root-for-caller", jsonObject, ""),
		oneProperty("setServerType", "/server-type", noBody, "6.0"),
		{name: "setDefaultAuditLog", method: post, path: document + "/audit-log-destinations/default",
			class:  voidResponse,
			action: "setDefaultAuditLog", run: (*call).setDefaultAuditLog},

		{name: "startServerLegacy", until: "6.0", method: post, path: document + "/instance",
			class:  "SuccessMessageResponse",
			action: "activateWithStoredConfig", run: (*call).startServer},
		{name: "stopServerLegacy", until: "6.0", method: drop, path: document + "/instance", class: voidResponse,
			action: "shutdownServer", run: (*call).stopServer},
		{name: "getInstanceStatusLegacy", until: "6.0", method: get, path: document + "/instance/status",
			class:  "OMAGServerStatusResponse",
			action: "getActiveServerStatus", run: (*call).getInstanceStatus},

		{name: "getOrigin", method: get, path: platform + "/origin", serve: s.getOrigin},
		{name: "listServers", method: get, path: platform + "/servers", class: "ServerListResponse",
			action: "getKnownServerList", run: (*call).listServers},
		{name: "listActiveServers", method: get, path: platform + "/servers/active", class: "ServerListResponse",
			action: "getActiveServerList", run: (*call).listActive},
		{name: "unregisterServer", since: "4.2", method: drop, path: server, class: voidResponse,
			action: "shutdownAndUnregisterServer", run: (*call).stopServer},
		{name: "isServerKnown", method: get, path: server + "/is-known", class: "BooleanResponse",
			action: "isServerKnown", run: (*call).isKnown},
		{name: "getServerStatus", method: get, path: server + "/status", class: "ServerStatusResponse",
			action: "getServerStatus", run: (*call).getServerStatus},
		{name: "startServer", since: "4.2", method: post, path: server + "/instance", class: "SuccessMessageResponse",
			action: "activateWithStoredConfig", run: (*call).startServer},
		{name: "stopServer", since: "4.2", method: drop, path: server + "/instance", class: voidResponse,
			action: "shutdownServer", run: (*call).stopServer},
		{name: "getRunningConfiguration", since: "4.2", method: get, path: server + "/instance/configuration",
			class:  one,
			action: "getActiveConfiguration", run: (*call).getRunning},
		{name: "startServerWithConfiguration", since: "4.2", method: post, path: server + "/instance/configuration",
			class: "SuccessMessageResponse", action: "activateWithSuppliedConfig", body: jsonObject,
			takes: documentClass, run: (*call).startServerWith},
		{name: "getInstanceStatus", since: "4.2", method: get, path: server + "/instance/status",
			class:  "OMAGServerStatusResponse",
			action: "getActiveServerStatus", run: (*call).getInstanceStatus},

		{name: "listRegisteredServices", method: get, path: registered, class: "RegisteredOMAGServicesResponse",
			action: "getAllRegisteredServices", run: (*call).listRegistered},
		{name: "listAccessServices", method: get, path: registered + "/access-services",
			class:  "RegisteredOMAGServicesResponse",
			action: "getRegisteredAccessServices", run: (*call).listAccessServices},
		{name: "listIntegrationServices", until: "6.0", method: get, path: registered + "/integration-services",
			class: "RegisteredOMAGServicesResponse", action: "getRegisteredIntegrationServices",
			run: (*call).listIntegrationServices},

		{name: "createToken", since: "5.0", method: post, path: tokenPath, serve: s.createToken},
		{name: "logout", since: "6.0", method: get, path: tokenPath + "/logout", serve: s.logout},

		{name: "getDaemonStatus", method: get, path: daemon + "/status", class: "IntegrationDaemonStatusResponse",
			action: "getIntegrationDaemonStatus", run: (*call).getDaemonStatus},
		{name: "listGroupSummaries", method: get, path: daemon + "/integration-groups/summary",
			class:  "IntegrationGroupSummariesResponse",
			action: "getIntegrationGroupSummaries", run: (*call).listSummaries},
		{name: "getGroupSummary", method: get, path: daemon + "/integration-groups/{groupQualifiedName}/summary",
			class: "IntegrationGroupSummaryResponse", action: "getIntegrationGroupSummary", run: (*call).getSummary},
		{name: "refreshGroupConfig", method: get, path: daemon +
			"/integration-groups/{groupQualifiedName}/refresh-config", class: voidResponse,
			action: "refreshIntegrationGroupConfig", run: (*call).refreshGroup},
		{name: "refreshConnectors", method: post, path: daemon + "/integration-connectors/refresh", class: voidResponse,
			action: "refreshConnectors", body: optionalObject, run: (*call).refreshConnectors},
		{name: "restartConnectors", method: post, path: daemon + "/integration-connectors/restart", class: voidResponse,
			action: "restartConnectors", body: optionalObject, run: (*call).restartConnectors},
	}
}

// oneProperty returns an operation that sets one property.
func oneProperty(name, path string, body bodyKind, until release) operation {
	return operation{name: name, until: until, method: post, path: document + path, class: voidResponse, action: name,
		body: body, run: setters[name].run}
}

// operations returns the route table of the release.
func (s *Server) operations() []fakehttp.Op {
	var ops []fakehttp.Op
	for _, op := range slices.Concat(metadataTable(), platformTable(), daemonTable(), s.furtherTable(), s.table()) {
		if !s.release.has(op) {
			continue
		}
		serve := op.serve
		if serve == nil {
			serve = s.serve(op)
		}
		ops = append(ops, fakehttp.Op{Name: op.name, Method: op.method, Path: s.release.path(op), Handle: serve})
		if path := secondPaths[op.name]; path != "" && s.release.since("5.3") {
			path = s.release.path(operation{path: path})
			ops = append(ops, fakehttp.Op{Name: op.name, Method: op.method, Path: path, Handle: serve})
		}
	}
	return ops
}

// secondPaths are further paths of operations, since 5.3.
var secondPaths = map[string]string{
	"getRunningConfiguration": "/open-metadata/server-operations/servers/{serverName}/instance/configuration",
	"getInstanceStatus":       "/open-metadata/server-operations/servers/{serverName}/instance/status",
}

// serve runs an operation with s.mu held.
func (s *Server) serve(op operation) func(*fakehttp.Request) fakehttp.Response {
	return func(r *fakehttp.Request) fakehttp.Response {
		c := &call{Server: s, op: op, request: r, user: r.Caller, server: r.PathValue("serverName")}
		if user := r.PathValue("userId"); user != "" {
			c.user = user // the platform uses the user of the path, not that of the token
		}
		if op.name == "stopServerLegacy" && !s.release.since("4.2") {
			c.op.action = "deactivateTemporarily"
		}
		if status := max(c.parameters(op), c.decode(op)); status != http.StatusOK {
			return s.unreadable(r, op, status)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		resp := fakehttp.Object{"class": fakehttp.Raw(op.class), "relatedHTTPCode": fakehttp.Raw(http.StatusOK)}
		members, failed := c.run()
		if failed != nil {
			members = failed.members(c.op, s.release)
		}
		maps.Copy(resp, members)
		if s.release.since("6.1") && (failed == nil || failed.id != noDocument.id) {
			resp["requestId"] = fakehttp.Raw(r.ID)
		}
		return s.uncached(fakehttp.JSON(http.StatusOK, resp))
	}
}

// run runs the operation, unless the caller acts for an unknown user.
func (c *call) run() (fakehttp.Object, *failure) {
	if failed := c.delegation(); failed != nil {
		return nil, failed
	}
	return c.op.run(c)
}

// newUUID returns a random UUID.
func newUUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b)
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}
