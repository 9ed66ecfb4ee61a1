package egeriatest

import (
	"slices"
	"strings"
)

func storyGroup(name string, more ...string) string {
	members := append([]string{`"class":"IntegrationGroupConfig"`,
		`"omagserverPlatformRootURL":"https://metadata.example:9443"`,
		`"omagserverName":"mds1"`, `"integrationGroupQualifiedName":"` + name + `"`}, more...)
	return "{" + strings.Join(members, ",") + "}"
}

func list(items ...string) string { return "[" + strings.Join(items, ",") + "]" }

// story returns all steps, in this order, from an empty platform. The name of a step is its key in
// the recordings.
func story() []storyStep {
	return slices.Concat(storyOrigin(), storyGroups(), storyRefusals(), storyOddNames(), storyDocuments(),
		storyProperties(),
		storyLife(), storyDaemon(), storyLists(), storyTransport(), storyTokens(), storyRestart(), storyDeletes(),
		storyUnrecorded())
}

func storyOrigin() []storyStep {
	const origin = "/open-metadata/platform-services/server-platform/origin"
	return []storyStep{
		{name: "origin", method: "GET", path: origin},
		{name: "origin without credentials", method: "GET", path: origin, auth: "none"},
		{name: "origin on the path of dialect 4", method: "GET",
			path: "!/open-metadata/platform-services/users/garygeeke/server-platform/origin"},
		{name: "origin on the path of dialect 6", method: "GET", path: "!" + origin},
		{name: "origin on the path of dialect 6 without credentials", method: "GET", path: "!" + origin, auth: "none"},
		{name: "origin of the administration services", method: "GET",
			path: "/open-metadata/admin-services/server-origin"},
		{name: "origin on its path of 4.0", method: "GET",
			path: "/open-metadata/platform-services/server-platform-origin"},
		{name: "about", method: "GET", path: "/api/about", auth: "none"},
		{name: "public information", method: "GET", path: "/api/public/app/info", auth: "none"},
		{name: "known servers of a new platform", method: "GET", path: strings.TrimSuffix(serversPath, "/")},
		{name: "active servers of a new platform", method: "GET", path: serversPath + "active"},
		{name: "documents of a new platform", method: "GET", path: "/open-metadata/admin-services/configurations"},
	}
}

func storyGroups() []storyStep {
	const (
		server = adminPath + "groups1"
		one    = server + "/integration-groups/configuration"
		all    = one + "/all"
		groups = server + "/integration-groups"
	)
	get := func(when string) storyStep { return storyStep{name: "groups " + when, method: "GET", path: one} }
	return []storyStep{
		get("of an unknown server"),
		{name: "clear an unknown server", method: "DELETE", path: adminPath + "nobody/integration-groups"},
		{name: "delete a group of an unknown server", method: "DELETE", path: adminPath +
			"nobody/integration-groups/Group:1"},
		{name: "put Group:1", method: "POST", path: one, body: storyGroup("Group:1")},
		get("after one put"),
		{name: "put Group:2", method: "POST", path: one, body: storyGroup("Group:2")},
		get("after two puts"),
		{name: "put Group:1 again", method: "POST", path: one, body: storyGroup("Group:1")},
		get("after the third put"),
		{name: "put Group:1 changed", method: "POST", path: one, body: strings.Replace(storyGroup("Group:1"), "mds1",
			"mds2", 1)},
		get("after the change"),
		{name: "replace all", method: "POST", path: all, body: list(
			storyGroup("Group:A", `"additional":{"count":12345678901234567890}`),
			`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"~{mdsEndpoint}~",`+
				`"omagserverName":"~{mdsName}~","integrationGroupQualifiedName":"Group:~{x}~"}`,
			storyGroup("Group:B", `"secretsStoreProvider":"p.Provider"`, `"secretsStoreLocation":"~{dir}~/s.omsecrets"`,
				`"secretsStoreCollection":"c"`))},
		get("after replace all"),
		{name: "put one beside others", method: "POST", path: one, body: storyGroup("Group:C")},
		get("after a put beside others"),
		{name: "replace all by three", method: "POST", path: all, body: list(storyGroup("Group:A"),
			storyGroup("Group:B"), storyGroup("Group:C"))},
		{name: "delete Group:B", method: "DELETE", path: groups + "/Group:B"},
		{name: "delete an unknown group", method: "DELETE", path: groups + "/Group:Z"},
		get("after the deletes"),
		{name: "delete Group:A", method: "DELETE", path: groups + "/Group:A"},
		{name: "delete Group:C, the last", method: "DELETE", path: groups + "/Group:C"},
		get("after the last was deleted"),
		{name: "replace all by two of one name", method: "POST", path: all, body: list(storyGroup("Group:A"),
			storyGroup("Group:A"))},
		get("with one name twice"),
		{name: "delete a name that is there twice", method: "DELETE", path: groups + "/Group:A"},
		get("after a double was deleted"),
		{name: "replace all by one", method: "POST", path: all, body: list(storyGroup("Group:A"))},
		{name: "clear", method: "DELETE", path: groups},
		get("after clear"),
		{name: "clear again", method: "DELETE", path: groups},
		{name: "replace all by none", method: "POST", path: all, body: `[]`},
		get("after replace all by none"),
		{name: "replace all by null", method: "POST", path: all, body: `null`},
		get("after replace all by null"),
		{name: "document after all this", method: "GET", path: server + "/configuration"},
	}
}

func storyRefusals() []storyStep {
	const (
		server = adminPath + "refusals1"
		one    = server + "/integration-groups/configuration"
		all    = one + "/all"
	)
	post := func(name, body string) storyStep { return storyStep{name: name, method: "POST", path: one, body: body} }
	postAll := func(name, body string) storyStep { return storyStep{name: name, method: "POST", path: all, body: body} }
	return []storyStep{
		post("put without class",
			`{"omagserverPlatformRootURL":"https://h:9443","omagserverName":"m","integrationGroupQualifiedName":"G"}`),
		post("put with another class",
			`{"class":"EngineConfig","omagserverPlatformRootURL":"https://h:9443","omagserverName":"m"}`),
		post("put with an unknown class",
			`{"class":"Nothing","omagserverPlatformRootURL":"https://h:9443","omagserverName":"m",`+
				`"integrationGroupQualifiedName":"G"}`),
		post("put without URL",
			`{"class":"IntegrationGroupConfig","omagserverName":"m","integrationGroupQualifiedName":"G"}`),
		post("put with an empty URL",
			`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"","omagserverName":"m",`+
				`"integrationGroupQualifiedName":"G"}`),
		post("put without server", `{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"https://h:9443",`+
			`"integrationGroupQualifiedName":"G"}`),
		post("put without name", `{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"https://h:9443",`+
			`"omagserverName":"m"}`),
		post("put with an empty name", storyGroup("")),
		post("put with null for a name",
			`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"u","omagserverName":"m",`+
				`"integrationGroupQualifiedName":null}`),
		post("put with a number for a name",
			`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"u","omagserverName":"m",`+
				`"integrationGroupQualifiedName":42}`),
		post("put with an object for a name",
			`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"u","omagserverName":"m",`+
				`"integrationGroupQualifiedName":{}}`),
		post("put nothing but a class", `{"class":"IntegrationGroupConfig"}`),
		post("put null", `null`),
		post("put an empty object", `{}`),
		post("put an array", list(storyGroup("G"))),
		post("put a string", `"G"`),
		post("put malformed JSON", `{"class":"IntegrationGroupConfig",`),
		{name: "put an empty body", method: "POST", path: one, kind: "application/json"},
		{name: "put without a content type", method: "POST", path: one, kind: "-", body: storyGroup("G")},
		{name: "put as text", method: "POST", path: one, kind: "text/plain", body: storyGroup("G")},
		{name: "put as JSON with a charset", method: "POST", path: one, kind: "application/json;charset=UTF-8",
			body: storyGroup("G")},
		{name: "groups after the refusals", method: "GET", path: one},
		postAll("all without class",
			list(`{"omagserverPlatformRootURL":"https://h:9443","omagserverName":"m",`+
				`"integrationGroupQualifiedName":"G"}`)),
		postAll("all with an unknown class", list(`{"class":"Nothing","integrationGroupQualifiedName":"G"}`)),
		postAll("all with one object", storyGroup("G")),
		postAll("all with a null item", `[null]`),
		{name: "groups with a null item", method: "GET", path: one},
		postAll("all with malformed JSON", `[`),
		postAll("all unchecked", list(`{"class":"IntegrationGroupConfig"}`, storyGroup("G"))),
		{name: "groups with a nameless one", method: "GET", path: one},
		post("put beside a nameless group", storyGroup("H")),
		{name: "groups after a put beside a nameless one", method: "GET", path: one},
		postAll("all unchecked again", list(`{"class":"IntegrationGroupConfig"}`, storyGroup("G"))),
		{name: "delete beside a nameless group", method: "DELETE", path: server + "/integration-groups/G"},
		{name: "groups after a delete beside a nameless one", method: "GET", path: one},
		{name: "groups of no server", method: "GET", path: adminPath + "/integration-groups/configuration"},
		{name: "groups of a blank server", method: "GET", path: adminPath + "%20/integration-groups/configuration"},
		{name: "put to a blank server", method: "POST", path: adminPath + "%20/integration-groups/configuration",
			body: storyGroup("G")},
		{name: "groups for no user", method: "GET",
			path: "!/open-metadata/admin-services/users//servers/refusals1/integration-groups/configuration", only: 4},
		{name: "groups for a blank user", method: "GET",
			path: "!/open-metadata/admin-services/users/%20/servers/refusals1/integration-groups/configuration",
			only: 4},
		{name: "put for a blank user", method: "POST",
			path: "!/open-metadata/admin-services/users/%20/servers/refusals1/integration-groups/configuration",
			body: storyGroup("G"), only: 4},
	}
}

func storyDocuments() []storyStep {
	const doc = adminPath + "doc1/configuration"
	body := func(version, name string) string {
		return `{"class":"OMAGServerConfig","versionId":"` + version + `","localServerName":"` + name +
			`","localServerId":"11111111-2222-3333-4444-555555555555",` +
			`"organizationName":"Example","maxPageSize":7,"surprise":{"n":12345678901234567890},` +
			`"dynamicIntegrationGroupsConfig":` + list(storyGroup("G")) + `}`
	}
	get := func(when string) storyStep { return storyStep{name: "document " + when, method: "GET", path: doc} }
	store := func(name, body string) storyStep { return storyStep{name: name, method: "POST", path: doc, body: body} }
	return []storyStep{
		get("of an unknown server"),
		store("store", body("{version}", "doc1")),
		get("stored"),
		{name: "document resolved", method: "GET", path: doc + "/resolved"},
		{name: "groups of a stored document", method: "GET", path: adminPath + "doc1/integration-groups/configuration"},
		store("store another server's document", body("{version}", "doc2")),
		get("after that"),
		{name: "document of the other server", method: "GET", path: adminPath + "doc2/configuration"},
		store("store without versionId", `{"class":"OMAGServerConfig","localServerName":"doc1"}`),
		get("without versionId"),
		store("store over that", body("{version}", "doc1")),
		{name: "store with a strange versionId", method: "POST", path: adminPath + "doc3/configuration",
			body: body("V9.9", "doc3")},
		{name: "document with a strange versionId", method: "GET", path: adminPath + "doc3/configuration"},
		{name: "groups of a strange versionId", method: "GET", path: adminPath +
			"doc3/integration-groups/configuration"},
		{name: "put to a strange versionId", method: "POST", path: adminPath + "doc3/integration-groups/configuration",
			body: storyGroup("G")},
		store("store without class", `{"versionId":"{version}","localServerName":"doc1"}`),
		store("store an empty object", `{}`),
		store("store null", `null`),
		store("store again", body("{version}", "doc1")),
		{name: "deploy to itself", method: "POST", path: doc + "/deploy",
			body: `{"class":"URLRequestBody","urlRoot":"{platform}"}`},
		{name: "deploy to a closed port", method: "POST", path: doc + "/deploy",
			body: `{"class":"URLRequestBody","urlRoot":"http://127.0.0.1:1"}`},
		{name: "deploy without class", method: "POST", path: doc + "/deploy", body: `{"urlRoot":"{platform}"}`},
		{name: "deploy of an unknown server", method: "POST", path: adminPath + "nobody/configuration/deploy",
			body: `{"class":"URLRequestBody","urlRoot":"{platform}"}`},
		get("deployed"),
		{name: "all documents", method: "GET", path: "/open-metadata/admin-services/configurations"},
	}
}

func storyProperties() []storyStep {
	const (
		server     = adminPath + "properties1"
		properties = server + "/server-properties"
		services   = server + "/integration-daemon-services"
	)
	setProperty := func(suffix string) storyStep {
		return storyStep{name: "set " + suffix, method: "POST", path: server + "/" + suffix}
	}
	return []storyStep{
		{name: "properties of a new server", method: "GET", path: properties},
		{name: "set properties", method: "POST", path: properties,
			body: `{"class":"ServerPropertiesRequestBody","localServerDescription":"d","organizationName":"o",` +
				`"localServerURL":"https://h:9443","localServerUserId":"u","maxPageSize":5}`},
		{name: "properties set", method: "GET", path: properties},
		{name: "set properties partly", method: "POST", path: properties,
			body: `{"class":"ServerPropertiesRequestBody","organizationName":"p"}`},
		{name: "properties partly set", method: "GET", path: properties},
		setProperty("organization-name?name=Example%20Ltd"),
		setProperty("organization-name?name="),
		setProperty("organization-name"),
		{name: "set server-description", method: "POST", path: server + "/server-description", kind: "text/plain",
			body: "what it is for"},
		{name: "set server-description as JSON", method: "POST", path: server + "/server-description",
			body: "what it is for"},
		{name: "set server-description to nothing", method: "POST", path: server + "/server-description",
			kind: "text/plain"},
		setProperty("server-user-id?id=daemonnpa"),
		setProperty("server-user-id?id="),
		setProperty("max-page-size?limit=50"),
		setProperty("max-page-size?limit=0"),
		setProperty("max-page-size?limit=-1"),
		setProperty("max-page-size?limit=many"),
		setProperty("max-page-size"),
		{name: "set server-url-root-for-caller", method: "POST", path: server + "/server-url-root-for-caller",
			body: `{"class":"URLRequestBody","urlRoot":"https://daemon.example:9443"}`},
		{name: "set server-url-root-for-caller to nothing", method: "POST", path: server +
			"/server-url-root-for-caller", body: `{"class":"URLRequestBody"}`},
		setProperty("server-url-root?url=https://old.example:9443"),
		setProperty("server-type?typeName=Integration%20Daemon"),
		setProperty("server-type?typeName="),
		{name: "server-type-classification", method: "GET", path: server + "/server-type-classification"},
		{name: "event bus of a new server", method: "GET", path: server + "/event-bus"},
		{name: "set the event bus", method: "POST", path: server + "/event-bus?topicURLRoot=egeria",
			body: `{"producer":{"bootstrap.servers":"localhost:9092"}}`},
		{name: "event bus", method: "GET", path: server + "/event-bus"},
		{name: "delete the event bus", method: "DELETE", path: server + "/event-bus"},
		{name: "audit log destinations of a new server", method: "GET", path: server + "/audit-log-destinations"},
		setProperty("audit-log-destinations/default"),
		{name: "audit log destinations", method: "GET", path: server + "/audit-log-destinations"},
		{name: "daemon services of a new server", method: "GET", path: services},
		{name: "set daemon services", method: "POST", path: services,
			body: `{"class":"IntegrationDaemonServicesConfig","dynamicIntegrationGroupsConfig":` +
				list(storyGroup("G")) + `}`},
		{name: "daemon services", method: "GET", path: services},
		{name: "clear daemon services", method: "DELETE", path: services},
		{name: "integration services of a server", method: "GET", path: server + "/integration-services"},
		{name: "document with properties", method: "GET", path: server + "/configuration"},
		{name: "delete the audit log destinations", method: "DELETE", path: server + "/audit-log-destinations"},
	}
}

// storyLife is the life cycle of a metadata access store, first on the paths of 4.0, then on those
// of 4.2 and later.
func storyLife() []storyStep {
	const (
		server = adminPath + "store1"
		known  = serversPath + "store1"
	)
	steps := []storyStep{
		{name: "start without a document", method: "POST", path: server + "/instance"},
		{name: "start without a document, newer path", method: "POST", path: known + "/instance"},
		{name: "name an organization", method: "POST", path: server + "/organization-name?name=o"},
		{name: "start a document without services", method: "POST", path: server + "/instance"},
		{name: "start a document without services, newer path", method: "POST", path: known + "/instance"},
		{name: "give it an audit log", method: "POST", path: server + "/audit-log-destinations/default"},
		{name: "start with nothing but an audit log", method: "POST", path: known + "/instance"},
		{name: "give it a repository", method: "POST", path: server + "/local-repository/mode/in-memory-repository"},
		{name: "is-known before", method: "GET", path: known + "/is-known"},
		{name: "status before", method: "GET", path: known + "/status"},
		{name: "services before", method: "GET", path: known + "/services"},
	}
	look := func(when string) []storyStep {
		return []storyStep{
			{name: "is-known " + when, method: "GET", path: known + "/is-known"},
			{name: "status " + when, method: "GET", path: known + "/status"},
			{name: "instance status " + when, method: "GET", path: server + "/instance/status"},
			{name: "instance status, newer path, " + when, method: "GET", path: known + "/instance/status"},
			{name: "services " + when, method: "GET", path: known + "/services"},
			{name: "known servers " + when, method: "GET", path: strings.TrimSuffix(serversPath, "/")},
			{name: "active servers " + when, method: "GET", path: serversPath + "active"},
		}
	}
	for _, way := range []struct{ name, at string }{{"", server}, {", newer path", known}} {
		steps = slices.Concat(steps,
			[]storyStep{{name: "start" + way.name, method: "POST", path: way.at + "/instance"}},
			look("after start"+way.name), []storyStep{
				{name: "running document" + way.name, method: "GET", path: way.at + "/instance/configuration"},
				{name: "start while it runs" + way.name, method: "POST", path: way.at + "/instance"},
				{name: "stop" + way.name, method: "DELETE", path: way.at + "/instance"},
			}, look("after stop"+way.name), []storyStep{
				{name: "running document of a stopped server" + way.name, method: "GET", path: way.at +
					"/instance/configuration"},
				{name: "stop again" + way.name, method: "DELETE", path: way.at + "/instance"},
			})
	}
	return append(steps,
		storyStep{name: "start with a given document", method: "POST", path: known + "/instance/configuration",
			body: `{"class":"OMAGServerConfig","versionId":"{version}","localServerName":"store1"}`},
		storyStep{name: "unregister a stopped server", method: "DELETE", path: known},
		storyStep{name: "start once more", method: "POST", path: known + "/instance"},
		storyStep{name: "unregister a running server", method: "DELETE", path: known},
		storyStep{name: "status of an unregistered server", method: "GET", path: known + "/status"},
		storyStep{name: "document of an unregistered server", method: "GET", path: server + "/configuration"},
		storyStep{name: "stop a server that nobody knows", method: "DELETE", path: serversPath + "nobody/instance"},
		storyStep{name: "unregister a server that nobody knows", method: "DELETE", path: serversPath + "nobody"},
	)
}

func storyDaemon() []storyStep {
	const (
		server = adminPath + "daemon1"
		known  = serversPath + "daemon1"
		daemon = "/servers/daemon1/open-metadata/integration-daemon"
	)
	steps := []storyStep{
		{name: "daemon status, never started", method: "GET", path: daemon + "/status"},
		{name: "daemon: groups", method: "POST", path: server + "/integration-groups/configuration/all",
			body: list(storyGroup("Group:1"), storyGroup("Group:2"))},
		{name: "daemon: audit log", method: "POST", path: server + "/audit-log-destinations/default"},
		{name: "daemon: classification", method: "GET", path: server + "/server-type-classification"},
		{name: "daemon: start", method: "POST", path: known + "/instance"},
		{name: "daemon: status of the server", method: "GET", path: known + "/status"},
		{name: "daemon: instance status", method: "GET", path: known + "/instance/status"},
		{name: "daemon: running document", method: "GET", path: known + "/instance/configuration"},
		{name: "daemon: services", method: "GET", path: known + "/services"},
	}
	look := func(when string) []storyStep {
		return []storyStep{
			{name: "daemon status " + when, method: "GET", path: daemon + "/status"},
			{name: "group summaries " + when, method: "GET", path: daemon + "/integration-groups/summary"},
			{name: "group summary " + when, method: "GET", path: daemon + "/integration-groups/Group:1/summary"},
			{name: "summary of an unknown group " + when, method: "GET", path: daemon +
				"/integration-groups/Group:Z/summary"},
			{name: "refresh-config " + when, method: "GET", path: daemon +
				"/integration-groups/Group:1/refresh-config"},
			{name: "refresh-config of an unknown group " + when, method: "GET", path: daemon +
				"/integration-groups/Group:Z/refresh-config"},
			{name: "refresh all connectors " + when, method: "POST", path: daemon + "/integration-connectors/refresh"},
			{name: "refresh no connector by name " + when, method: "POST", path: daemon +
				"/integration-connectors/refresh", body: `{"class":"NameRequestBody"}`},
			{name: "refresh an unknown connector " + when, method: "POST", path: daemon +
				"/integration-connectors/refresh", body: `{"class":"NameRequestBody","name":"nobody"}`},
			{name: "restart all connectors " + when, method: "POST", path: daemon + "/integration-connectors/restart"},
			{name: "restart an unknown connector " + when, method: "POST", path: daemon +
				"/integration-connectors/restart", body: `{"class":"NameRequestBody","name":"nobody"}`},
		}
	}
	steps = slices.Concat(steps, look("while it runs"), []storyStep{
		{name: "daemon: stop", method: "DELETE", path: known + "/instance"},
	}, look("after stop"), []storyStep{
		{name: "daemon: instance status after stop", method: "GET", path: known + "/instance/status"},
		{name: "daemon: status after stop", method: "GET", path: known + "/status"},
		{name: "daemon: stop again", method: "DELETE", path: known + "/instance"},
		{name: "daemon: unregister", method: "DELETE", path: known},
	})
	for i := range steps {
		steps[i].needs = "daemon"
	}
	return steps
}

func storyLists() []storyStep {
	const registered = "/open-metadata/platform-services/server-platform/registered-services"
	return []storyStep{
		{name: "registered services", method: "GET", path: registered, needs: "services"},
		{name: "registered common services", method: "GET", path: registered + "/common-services"},
		{name: "registered access services", method: "GET", path: registered + "/access-services", needs: "services"},
		{name: "registered integration services", method: "GET", path: registered + "/integration-services",
			needs: "services"},
		{name: "registered governance services", method: "GET", path: registered + "/governance-services"},
		{name: "registered services of no kind", method: "GET", path: registered + "/nothing"},
	}
}

// storyDeletes is last: if documents are encrypted, which is the default of dialect 4, deleting one
// loses the key of all.
func storyDeletes() []storyStep {
	const (
		store = "/open-metadata/admin-services/stores/connection"
		doc   = adminPath + "gone1/configuration"
		one   = adminPath + "gone1/integration-groups/configuration"
	)
	return []storyStep{
		{name: "store of documents", method: "GET", path: store, only: 4},
		{name: "keep documents as clear text", method: "POST", path: store, only: 4, body: `{"class":"Connection",` +
			`"connectorType":{"class":"ConnectorType","connectorProviderClassName":` +
			`"org.odpi.openmetadata.adapters.adminservices.` +
			`configurationstore.file.FileBasedServerConfigStoreProvider"},` +
			`"endpoint":{"class":"Endpoint","address":"data/text/{0}/{0}.config"}}`},
		{name: "store of clear text", method: "GET", path: store, only: 4},
		{name: "put to be deleted", method: "POST", path: one, body: storyGroup("G")},
		{name: "put to another", method: "POST", path: adminPath + "stays1/integration-groups/configuration",
			body: storyGroup("G")},
		{name: "delete the document", method: "DELETE", path: doc},
		{name: "document deleted", method: "GET", path: doc},
		{name: "groups of a deleted document", method: "GET", path: one},
		{name: "delete the document again", method: "DELETE", path: doc},
		{name: "delete an unknown document", method: "DELETE", path: adminPath + "nobody2/configuration"},
		{name: "put to be removed", method: "POST", path: adminPath +
			"store2/local-repository/mode/in-memory-repository"},
		{name: "start for removal by the older path", method: "POST", path: adminPath + "store2/instance"},
		{name: "remove by the older path", method: "DELETE", path: adminPath + "store2"},
		{name: "remove again by the older path", method: "DELETE", path: adminPath + "store2"},
		{name: "document after removal by the older path", method: "GET", path: adminPath + "store2/configuration"},
		{name: "groups of another after the deletes", method: "GET", path: adminPath +
			"stays1/integration-groups/configuration"},
		{name: "keep documents encrypted again", method: "DELETE", path: store, only: 4},
		{name: "groups kept encrypted", method: "GET", path: adminPath + "kept1/integration-groups/configuration",
			only: 4},
		{name: "delete an unknown document, encrypted", method: "DELETE", path: doc, only: 4},
		{name: "groups of another after a delete, encrypted", method: "GET", path: adminPath +
			"kept1/integration-groups/configuration", only: 4},
		{name: "delete again, encrypted", method: "DELETE", path: doc, only: 4},
		{name: "put to another after a delete, encrypted", method: "POST", path: adminPath +
			"kept1/integration-groups/configuration", body: storyGroup("G"), only: 4},
		{name: "put to a new server after a delete, encrypted", method: "POST", path: adminPath +
			"new1/integration-groups/configuration", body: storyGroup("G"), only: 4},
		{name: "groups of the new server, encrypted", method: "GET", path: adminPath +
			"new1/integration-groups/configuration", only: 4},
		{name: "groups of the other, encrypted with another key", method: "GET", path: adminPath +
			"kept1/integration-groups/configuration", only: 4},
	}
}
