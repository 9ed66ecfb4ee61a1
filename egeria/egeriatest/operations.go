package egeriatest

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// The bases of paths, as 6.0 and later have them.
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
	since, until       release // first and first without; "" is no bound
	class              string  // of the reply
	action             string  // what the server calls it when it fails
	body               bodyKind
	takes              string // class that the body must have; "" for any
	run                func(*call) (fakehttp.Object, *failure)
	serve              func(*fakehttp.Request) fakehttp.Reply // in place of run, where the reply has no envelope
}

// administration tells whether the operation is one of the administration services.
func (op operation) administration() bool { return strings.HasPrefix(op.path, admin) }

// call is one request to an operation.
type call struct {
	*Server
	op           operation
	request      *fakehttp.Request
	user, server string
	body         fakehttp.Object
	list         []fakehttp.Object
}

// group is the group that the path names.
func (c *call) group() string { return c.request.PathValue("groupQualifiedName") }

const (
	void = "VoidResponse"
	one  = "OMAGServerConfigResponse"

	get  = http.MethodGet
	post = http.MethodPost
	drop = http.MethodDelete
)

// table holds the operations of all releases. Where a literal and a variable match, the literal stands first.
func (s *Server) table() []operation {
	return []operation{
		{name: "getIntegrationGroups", method: get, path: groups + "/configuration", class: "IntegrationGroupsResponse",
			action: "getIntegrationGroupsConfiguration", run: (*call).getGroups},
		{name: "putIntegrationGroup", method: post, path: groups + "/configuration", class: void,
			action: "configureIntegrationGroup", body: jsonObject, takes: groupClass, run: (*call).putGroup},
		{name: "replaceIntegrationGroups", method: post, path: groups + "/configuration/all", class: void,
			action: "setIntegrationGroupsConfig", body: jsonList, takes: groupClass, run: (*call).replaceGroups},
		{name: "clearIntegrationGroups", method: drop, path: groups, class: void, action: "clearAllIntegrationGroups", run: (*call).clearGroups},
		{name: "deleteIntegrationGroup", method: drop, path: groups + "/{groupQualifiedName}", class: void,
			action: "clearIntegrationGroup", run: (*call).deleteGroup},

		{name: "getDaemonServices", since: "5.0", method: get, path: document + "/integration-daemon-services",
			class: "IntegrationDaemonServicesResponse", action: "getIntegrationDaemonServicesConfiguration", run: (*call).getDaemonServices},
		{name: "setDaemonServices", since: "5.0", method: post, path: document + "/integration-daemon-services", class: void,
			action: "setIntegrationDaemonServicesConfig", body: jsonObject, takes: daemonClass, run: (*call).setDaemonServices},
		{name: "clearDaemonServices", since: "5.0", method: drop, path: document + "/integration-daemon-services", class: void,
			action: "clearIntegrationDaemonServicesConfig", run: (*call).clearDaemonServices},

		{name: "getConfiguration", method: get, path: document + "/configuration", class: one,
			action: "getStoredConfiguration", run: (*call).getConfiguration},
		{name: "setConfiguration", method: post, path: document + "/configuration", class: void,
			action: "setOMAGServerConfig", body: jsonObject, takes: documentClass, run: (*call).setConfiguration},
		{name: "deleteConfiguration", method: drop, path: document + "/configuration", class: void,
			action: "clearOMAGServerConfig", run: (*call).deleteConfiguration},
		{name: "getResolvedConfiguration", since: "6.0", method: get, path: document + "/configuration/resolved", class: one,
			action: "getResolvedConfiguration", run: (*call).getResolved},
		{name: "deployConfiguration", method: post, path: document + "/configuration/deploy", class: void,
			action: "deployOMAGServerConfig", body: jsonObject, run: (*call).deployConfiguration},
		{name: "listConfigurations", method: get, path: admin + "/configurations", class: "OMAGServerConfigsResponse",
			action: "retrieveAllServerConfigs", run: (*call).listConfigurations},

		{name: "getServerProperties", since: "6.0", method: get, path: document + "/server-properties",
			class: "BasicServerPropertiesResponse", action: "getBasicServerProperties", run: (*call).getProperties},
		{name: "setServerProperties", since: "5.0", method: post, path: document + "/server-properties", class: void,
			action: "setBasicServerProperties", body: jsonObject, run: (*call).setProperties},
		oneProperty("setOrganizationName", "/organization-name", noBody, ""),
		oneProperty("setServerDescription", "/server-description", anyText, ""),
		oneProperty("setServerUserID", "/server-user-id", noBody, ""),
		{name: "setMaxPageSize", method: post, path: document + "/max-page-size", class: void, action: "setMaxPageSize", run: (*call).setMaxPageSize},
		oneProperty("setServerURLRoot", "/server-url-root-for-caller", jsonObject, ""),
		oneProperty("setServerType", "/server-type", noBody, "6.0"),
		{name: "setDefaultAuditLog", method: post, path: document + "/audit-log-destinations/default", class: void,
			action: "setDefaultAuditLog", run: (*call).setDefaultAuditLog},

		{name: "startServerLegacy", until: "6.0", method: post, path: document + "/instance", class: "SuccessMessageResponse",
			action: "activateWithStoredConfig", run: (*call).startServer},
		{name: "stopServerLegacy", until: "6.0", method: drop, path: document + "/instance", class: void,
			action: "shutdownServer", run: (*call).stopServer},
		{name: "getInstanceStatusLegacy", until: "6.0", method: get, path: document + "/instance/status", class: "OMAGServerStatusResponse",
			action: "getActiveServerStatus", run: (*call).getInstanceStatus},

		{name: "getOrigin", method: get, path: platform + "/origin", serve: s.getOrigin},
		{name: "listServers", method: get, path: platform + "/servers", class: "ServerListResponse",
			action: "getKnownServerList", run: (*call).listServers},
		{name: "listActiveServers", method: get, path: platform + "/servers/active", class: "ServerListResponse",
			action: "getActiveServerList", run: (*call).listActive},
		{name: "unregisterServer", since: "4.2", method: drop, path: server, class: void,
			action: "shutdownAndUnregisterServer", run: (*call).stopServer},
		{name: "isServerKnown", method: get, path: server + "/is-known", class: "BooleanResponse", action: "isServerKnown", run: (*call).isKnown},
		{name: "getServerStatus", method: get, path: server + "/status", class: "ServerStatusResponse",
			action: "getServerStatus", run: (*call).getServerStatus},
		{name: "startServer", since: "4.2", method: post, path: server + "/instance", class: "SuccessMessageResponse",
			action: "activateWithStoredConfig", run: (*call).startServer},
		{name: "stopServer", since: "4.2", method: drop, path: server + "/instance", class: void,
			action: "shutdownServer", run: (*call).stopServer},
		{name: "getRunningConfiguration", since: "4.2", method: get, path: server + "/instance/configuration", class: one,
			action: "getActiveConfiguration", run: (*call).getRunning},
		{name: "startServerWithConfiguration", since: "4.2", method: post, path: server + "/instance/configuration",
			class: "SuccessMessageResponse", action: "activateWithSuppliedConfig", body: jsonObject, takes: documentClass, run: (*call).startServerWith},
		{name: "getInstanceStatus", since: "4.2", method: get, path: server + "/instance/status", class: "OMAGServerStatusResponse",
			action: "getActiveServerStatus", run: (*call).getInstanceStatus},

		{name: "listRegisteredServices", method: get, path: registered, class: "RegisteredOMAGServicesResponse",
			action: "getAllRegisteredServices", run: (*call).listRegistered},
		{name: "listAccessServices", method: get, path: registered + "/access-services", class: "RegisteredOMAGServicesResponse",
			action: "getRegisteredAccessServices", run: (*call).listAccessServices},
		{name: "listIntegrationServices", until: "6.0", method: get, path: registered + "/integration-services",
			class: "RegisteredOMAGServicesResponse", action: "getRegisteredIntegrationServices", run: (*call).listIntegrationServices},

		{name: "createToken", since: "5.0", method: post, path: tokenPath, serve: s.createToken},
		{name: "deleteToken", since: "6.0", method: drop, path: tokenPath + "/logout", serve: s.deleteToken},

		{name: "getDaemonStatus", method: get, path: daemon + "/status", class: "IntegrationDaemonStatusResponse",
			action: "getIntegrationDaemonStatus", run: (*call).getDaemonStatus},
		{name: "listGroupSummaries", method: get, path: daemon + "/integration-groups/summary", class: "IntegrationGroupSummariesResponse",
			action: "getIntegrationGroupSummaries", run: (*call).listSummaries},
		{name: "getGroupSummary", method: get, path: daemon + "/integration-groups/{groupQualifiedName}/summary",
			class: "IntegrationGroupSummaryResponse", action: "getIntegrationGroupSummary", run: (*call).getSummary},
		{name: "refreshGroupConfig", method: get, path: daemon + "/integration-groups/{groupQualifiedName}/refresh-config", class: void,
			action: "refreshConfig", run: (*call).refreshGroup},
		{name: "refreshConnectors", method: post, path: daemon + "/integration-connectors/refresh", class: void,
			action: "refreshConnectors", body: optionalObject, takes: "NameRequestBody", run: (*call).refreshConnectors},
		{name: "restartConnectors", method: post, path: daemon + "/integration-connectors/restart", class: void,
			action: "restartConnectors", body: optionalObject, takes: "NameRequestBody", run: (*call).restartConnectors},
	}
}

// oneProperty is an operation that sets one property.
func oneProperty(name, path string, body bodyKind, until release) operation {
	return operation{name: name, until: until, method: post, path: document + path, class: void, action: name, body: body, run: setters[name].run}
}

// operations is the route table of the release.
func (s *Server) operations() []fakehttp.Op {
	var ops []fakehttp.Op
	for _, op := range s.table() {
		if !s.release.has(op) {
			continue
		}
		serve := op.serve
		if serve == nil {
			serve = s.serve(op)
		}
		ops = append(ops, fakehttp.Op{Name: op.name, Method: op.method, Path: s.release.path(op), Handle: serve})
	}
	return ops
}

// serve runs an operation alone: no other sees the state in between.
func (s *Server) serve(op operation) func(*fakehttp.Request) fakehttp.Reply {
	return func(r *fakehttp.Request) fakehttp.Reply {
		c := &call{Server: s, op: op, request: r, user: r.Caller, server: r.PathValue("serverName")}
		if user := r.PathValue("userId"); user != "" {
			c.user = user // the platform believes the path, whoever the token is for
		}
		if op.name == "stopServerLegacy" && !s.release.since("4.2") {
			c.op.action = "deactivateTemporarily"
		}
		if status := max(c.parameters(op), c.decode(op)); status != http.StatusOK {
			return s.springError(r.Request, status)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		reply := fakehttp.Object{"class": fakehttp.Raw(op.class), "relatedHTTPCode": fakehttp.Raw(http.StatusOK)}
		members, failed := op.run(c)
		if failed != nil {
			members = failed.members(c.op, s.release)
		}
		maps.Copy(reply, members)
		if s.release.since("6.1") {
			reply["requestId"] = fakehttp.Raw(r.ID)
		}
		return fakehttp.JSON(http.StatusOK, reply)
	}
}

// newUUID is a random UUID.
func newUUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b)
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}
