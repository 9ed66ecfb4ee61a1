package egeriatest

import (
	"maps"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// furtherTable returns the operations that the vendor's clients call, and this SDK does not.
func (s *Server) furtherTable() []operation {
	const (
		omis     = document + "/integration-services"
		services = daemon + "/integration-services"
	)
	ops := []operation{
		listKind("listViewServices", "view"),
		listKind("listEngineServices", "engine"),
		listKind("listGovernanceServices", "governance"),
		listKind("listCommonServices", "common"),
		{name: "getConnectorType", method: get, path: platform + "/connector-types/{connectorProviderClassName}",
			class:  "ConnectorTypeResponse",
			action: "getConnectorType", run: (*call).getConnectorType},
		{name: "getStartTime", since: "5.3", method: get, path: platform + "/start-time", class: "DateResponse",
			action: "getPlatformStartTime",
			run:    (*call).getStartTime},
		{name: "listRunningServices", since: "5.3", method: get,
			path:  "/open-metadata/server-operations/servers/{serverName}/services",
			class: "ServerServicesListResponse", action: "getActiveServices", run: (*call).listServerServices},

		{name: "getOriginLegacy", until: "4.2", method: get,
			path: "/open-metadata/platform-services/server-platform-origin", serve: s.getOrigin},
		{name: "getAdminOrigin", until: "6.0", method: get, path: admin + "/server-origin", serve: s.getOrigin},
		oneProperty("setServerURLRootLegacy", "/server-url-root", noBody, "6.0"),
		oneProperty("setServerPassword", "/server-user-password", noBody, "6.0"),
		{name: "getAccessServicesConfiguration", method: get, path: access + "/configuration",
			class:  "AccessServicesResponse",
			action: "getAccessServicesConfiguration", run: func(c *call) (fakehttp.Object, *failure) {
				return c.listOf(accessConfig)
			}},
		{name: "getLocalRepository", method: get, path: document + "/local-repository/configuration",
			class:  "LocalRepositoryConfigResponse",
			action: "getLocalRepositoryConfig", run: (*call).getLocalRepository},

		{name: "listConfiguredIntegrationServices", until: "6.0", method: get, path: omis,
			class:  "RegisteredOMAGServicesResponse",
			action: "getConfiguredIntegrationServices", run: (*call).listConfiguredIntegration},
		{name: "clearIntegrationServices", until: "6.0", method: drop, path: omis, class: voidResponse,
			action: "clearAllIntegrationServices",
			run:    (*call).clearIntegrationServices},
		{name: "getIntegrationServices", until: "6.0", method: get, path: omis + "/configuration",
			class:  "IntegrationServicesResponse",
			action: "getIntegrationServicesConfiguration", run: func(c *call) (fakehttp.Object, *failure) {
				return c.listOf(omisConfig)
			}},
		{name: "setIntegrationServices", until: "6.0", method: post, path: omis + "/configuration/all",
			class:  voidResponse,
			action: "setIntegrationServicesConfig", body: jsonList, run: (*call).setIntegrationServices},
		{name: "listIntegrationServiceSummaries", until: "6.0", method: get, path: services + "/summary",
			class:  "IntegrationServiceSummaryResponse",
			action: "getIntegrationServicesSummaries", run: (*call).listServiceSummaries},
		{name: "refreshIntegrationService", until: "6.0", method: post, path: services + "/{serviceURLMarker}/refresh",
			class:  voidResponse,
			action: "refreshService", body: optionalObject, run: (*call).refreshService},

		{name: "getRunningConfigurationLegacy", until: "6.0", method: get, path: document + "/instance/configuration",
			class:  one,
			action: "getActiveConfiguration", run: (*call).getRunning},
		{name: "startServerWithConfigurationLegacy", until: "6.0", method: post, path: document +
			"/instance/configuration",
			class: "SuccessMessageResponse", action: "activateWithSuppliedConfig", body: jsonObject,
			takes: documentClass, run: (*call).startServerWith},
		{name: "unregisterServerLegacy", until: "6.0", method: drop, path: document, class: voidResponse,
			action: "shutdownAndUnregisterServer",
			run:    (*call).unregisterServerLegacy},
	}
	ops = append(ops, connectionOf("ServerSecurity", document+"/security/connection", "", "", memberSetting)...)
	ops = append(ops, connectionOf("Store", admin+"/stores/connection", "", "", documentStore)...)
	ops = append(ops, connectionOf("PlatformSecurity", admin+"/platform/security/connection", "", "6.0",
		settingOf(securitySetting))...)
	ops = append(ops, connectionOf("Security", platform+"/security/connection", "4.2", "",
		settingOf(securitySetting))...)
	ops = append(ops, connectionOf("DefaultDocument", admin+"/stores/default-configuration-document", "5.0", "",
		settingOf(defaultSetting))...)
	for i := range ops {
		ops[i].further = true
	}
	return ops
}

// omisConfig is the member of a document with the integration services.
const omisConfig = "integrationServicesConfig"

// setting reads and writes the value of an operation. A nil value removes it.
type setting struct {
	read  func(*call) (fakehttp.Object, *failure)
	write func(*call, fakehttp.Object) *failure
}

// memberSetting is the security connector of a server.
var memberSetting = setting{
	read: func(c *call) (fakehttp.Object, *failure) {
		doc, failed := c.stored()
		if failed != nil || doc.Null("serverSecurityConnection") {
			return nil, failed
		}
		return member(doc, "serverSecurityConnection"), nil
	},
	write: func(c *call, value fakehttp.Object) *failure {
		line := "added configuration for an Open Metadata Server Security Connector"
		if value == nil {
			line = "removed configuration for an Open Metadata Server Security Connector"
		}
		return c.change(line, func(doc fakehttp.Object) *failure {
			delete(doc, "serverSecurityConnection")
			if value != nil {
				doc["serverSecurityConnection"] = fakehttp.Raw(value)
			}
			return nil
		})
	},
}

// settingOf returns a setting of the platform, which is stored but not used.
func settingOf(name string) setting {
	return setting{
		read: func(c *call) (fakehttp.Object, *failure) {
			if c.settings[name] == nil {
				return nil, nil
			}
			return member(fakehttp.Object{name: c.settings[name]}, name), nil
		},
		write: func(c *call, value fakehttp.Object) *failure {
			delete(c.settings, name)
			if value != nil {
				c.settings[name] = fakehttp.Raw(value)
			}
			return nil
		},
	}
}

// documentStore is the connection to the store of documents. A file store without encryption ends
// [WithEncryptedStore], until it is cleared. The documents are kept.
var documentStore = setting{
	read: func(c *call) (fakehttp.Object, *failure) {
		found, _ := settingOf(storeSetting).read(c)
		if found == nil && c.release.since("5.3") {
			return connection("", "", fileStore, "data/servers/{0}/config/{0}.config", nil), nil
		}
		return found, nil
	},
	write: func(c *call, value fakehttp.Object) *failure {
		c.encrypted = c.encrypts && !strings.Contains(string(value["connectorType"]), "FileBasedServerConfigStore")
		return settingOf(storeSetting).write(c, value)
	},
}

const fileStore = connectors + "adminservices.configurationstore.file.FileBasedServerConfigStoreProvider"

// withHeaderVersions adds a member that objects with a class have in responses.
func withHeaderVersions(o fakehttp.Object) fakehttp.Object {
	if o == nil {
		return nil
	}
	out := maps.Clone(o)
	for name, value := range o {
		if inner, ok := fakehttp.ParseObject(value); ok {
			out[name] = fakehttp.Raw(withHeaderVersions(inner))
		}
	}
	if out.Null("headerVersion") && !out.Null("class") {
		out["headerVersion"] = fakehttp.Raw(0)
	}
	return out
}

// connectionOf returns the operations that read, set and clear a connection or the default
// document.
func connectionOf(name, path string, since, until release, target setting) []operation {
	class, answer, wrapped := "ConnectionResponse", "connection", ""
	if name == "DefaultDocument" {
		class, answer = one, "omagserverConfig"
	}
	if strings.HasSuffix(name, "Security") && name != "ServerSecurity" {
		wrapped = "platformSecurityConnection"
	}
	return []operation{
		{name: "get" + name, since: since, until: until, method: get, path: path, class: class, action: "get" + name +
			"Connection",
			run: func(c *call) (fakehttp.Object, *failure) {
				out := fakehttp.Object{}
				if class == "ConnectionResponse" && c.release.since("5.0") {
					out["class"] = fakehttp.Raw("OCFConnectionResponse")
				}
				value, failed := target.read(c)
				if failed == nil && value != nil {
					out[answer] = fakehttp.Raw(value)
				}
				return out, failed
			}},
		{name: "set" + name, since: since, until: until, method: post, path: path, class: voidResponse, action: "set" +
			name +
			"Connection", body: jsonObject,
			run: func(c *call) (fakehttp.Object, *failure) {
				if wrapped != "" {
					return nil, target.write(c, withHeaderVersions(member(c.body, wrapped)))
				}
				return nil, target.write(c, withHeaderVersions(c.body))
			}},
		{name: "clear" + name, since: since, until: until, method: drop, path: path, class: voidResponse,
			action: "clear" +
				name + "Connection",
			run: func(c *call) (fakehttp.Object, *failure) { return nil, target.write(c, nil) }},
	}
}

func (c *call) getConnectorType() (fakehttp.Object, *failure) {
	found, failed := c.connectorType(c.request.PathValue("connectorProviderClassName"))
	if failed != nil {
		return nil, failed
	}
	return fakehttp.Object{"connectorType": fakehttp.Raw(found)}, nil
}

func (c *call) getStartTime() (fakehttp.Object, *failure) {
	return fakehttp.Object{"date": isoTimeOf(c.begun)}, nil
}

// Before 4.2, unregisterServerLegacy also deletes the document.
func (c *call) unregisterServerLegacy() (fakehttp.Object, *failure) {
	if c.release.since("4.2") {
		return c.stopServer()
	}
	if _, failed := c.stopServer(); failed != nil {
		return nil, failed.during("deactivatePermanently")
	}
	delete(c.documents, c.server)
	delete(c.lockedBy, c.server)
	return nil, nil
}

// listOf returns a list of a document as services.
func (c *call) listOf(name string) (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	return listed("services", members(doc, name)), nil
}

func (c *call) getLocalRepository() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	services := member(doc, repository)
	if services.Null(localStore) {
		return nil, nil
	}
	return fakehttp.Object{"config": services[localStore]}, nil
}

func (c *call) listConfiguredIntegration() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	var all []fakehttp.Object
	for _, config := range members(doc, omisConfig) {
		all = append(all, withoutNulls(fakehttp.Object{
			"serviceId": config["integrationServiceId"], "serviceName": config["integrationServiceFullName"],
			"serviceURLMarker": config["integrationServiceURLMarker"],
		}))
	}
	return listed("services", all), nil
}

func (c *call) setIntegrationServices() (fakehttp.Object, *failure) {
	list := slices.DeleteFunc(c.list, func(o fakehttp.Object) bool { return o == nil })
	return nil, c.change("updated configuration for integration services.", func(doc fakehttp.Object) *failure {
		doc[omisConfig] = fakehttp.Raw(list)
		return nil
	})
}

func (c *call) clearIntegrationServices() (fakehttp.Object, *failure) {
	return nil, c.change("removed configuration for integration services.", func(doc fakehttp.Object) *failure {
		delete(doc, omisConfig)
		return nil
	})
}

// listServiceSummaries lists the services of the document. They run no connectors.
func (c *call) listServiceSummaries() (fakehttp.Object, *failure) {
	found, failed := c.daemon()
	if failed != nil {
		return nil, failed
	}
	var all []fakehttp.Object
	for _, config := range members(found.document, omisConfig) {
		all = append(all, withoutNulls(fakehttp.Object{
			"integrationServiceId":        config["integrationServiceId"],
			"integrationServiceFullName":  config["integrationServiceFullName"],
			"integrationServiceURLMarker": config["integrationServiceURLMarker"],
		}))
	}
	return listed("integrationServiceSummaries", all), nil
}

func (c *call) refreshService() (fakehttp.Object, *failure) {
	marker := c.request.PathValue("serviceURLMarker")
	found, failed := c.daemon()
	if failed != nil {
		return nil, failed
	}
	for _, config := range members(found.document, omisConfig) {
		if config.Text("integrationServiceURLMarker") == marker {
			return nil, nil
		}
	}
	f := invalid(noSuchIntegrationService, c.server, marker) // the vendor swaps the two
	f.properties = map[string]string{"parameterName": "serviceURLMarker"}
	return nil, f
}
