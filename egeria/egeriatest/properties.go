package egeriatest

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// setter sets a member of a document to a value. "" restores the default.
type setter struct {
	member, what string
	value        func(*call) string
	query        string // name of the required query parameter with the value
}

func (s setter) run(c *call) (fakehttp.Object, *failure) {
	value := s.value(c)
	line := "updated configuration for " + s.what + " to " + value + "."
	if value == "" {
		line = "removed configuration for " + s.what + "."
	}
	return nil, c.change(line, func(doc fakehttp.Object) *failure {
		delete(doc, s.member)
		if value != "" {
			doc[s.member] = fakehttp.Raw(value)
		}
		return nil
	})
}

func fromQuery(name string) func(*call) string {
	return func(c *call) string { return c.request.URL.Query().Get(name) }
}

// setters are the operations that set one property, by name.
var setters = map[string]setter{
	"setOrganizationName": {"organizationName", "local server's owning organization's name", fromQuery("name"),
		"name"},
	"setServerUserID":        {"localServerUserId", "local server's userId", fromQuery("id"), "id"},
	"setServerType":          {"localServerType", "local server type name", fromQuery("typeName"), "typeName"},
	"setServerPassword":      {"localServerPassword", "local server's password", fromQuery("password"), "password"},
	"setServerURLRootLegacy": {"localServerURL", "local server's URL root", fromQuery("url"), "url"},
	"setServerDescription": {"localServerDescription", "local server's description", func(c *call) string {
		return string(c.request.Payload)
	}, ""},
	"setServerURLRoot": {"localServerURL", "local server's URL root", func(c *call) string {
		return c.body.Text("urlRoot")
	}, ""},
}

func (c *call) setMaxPageSize() (fakehttp.Object, *failure) {
	text := c.request.URL.Query().Get("limit")
	limit, _ := strconv.Atoi(text) // already checked
	return nil, c.storePageSize(limit)
}

// parameters checks the query of a call. It returns 200, or the status with which Spring refuses
// the call.
func (c *call) parameters(op operation) (status int) {
	query := c.request.URL.Query()
	if name := setters[op.name].query; name != "" && !query.Has(name) {
		return http.StatusBadRequest
	}
	if op.name == "setMaxPageSize" {
		if _, err := strconv.ParseInt(query.Get("limit"), 10, 32); err != nil {
			return http.StatusBadRequest
		}
	}
	return http.StatusOK
}

// setAuditLog sets the console as audit log of a document.
func (s *Server) setAuditLog(doc fakehttp.Object) {
	services := fakehttp.Object{"class": fakehttp.Raw("RepositoryServicesConfig")}
	_ = json.Unmarshal(doc["repositoryServicesConfig"], &services) // empty by default
	services["auditLogConnections"] = fakehttp.Raw([]any{console(s.release)})
	doc["repositoryServicesConfig"] = fakehttp.Raw(services)
}

// console returns the connection to the console.
func console(r release) map[string]any {
	kind := map[string]any{
		"class": "ConnectorType", "headerVersion": 0,
		"connectorProviderClassName": "org.odpi.openmetadata.adapters.repositoryservices.auditlogstore." +
			"console.ConsoleAuditLogStoreProvider",
	}
	connection := map[string]any{
		"class": "Connection", "headerVersion": 0, "qualifiedName": "Console- default", "displayName": "Console",
		"connectorType": kind,
	}
	if r.since("5.0") {
		connection["configurationProperties"] = map[string]any{"supportedSeverities": []string{
			"Unknown", "Information", "Decision", "Action", "Error", "Exception", "Security", "Startup", "Shutdown",
			"Asset", "Cohort",
		}}
	}
	if r.bearers() {
		maps.Copy(kind, map[string]any{
			"connectorFrameworkName": "Open Connector Framework (OCF)", "connectorInterfaceLanguage": "Java",
			"connectorInterfaces": []string{
				"org.odpi.openmetadata.frameworks.connectors.VirtualConnectorExtension",
				"org.odpi.openmetadata.frameworks.connectors.SecureConnectorExtension",
				"org.odpi.openmetadata.repositoryservices.connectors.stores.auditlogstore.OMRSAuditLogStore",
			},
			"description": "Connector supports writing audit log messages to the console.",
			"displayName": "Console Audit Log Destination Connector", "guid": "4afac741-3dcc-4c60-a4ca-a6dede994e3f",
			"qualifiedName":                       "Egeria::AuditLogDestinationConnector::Console",
			"recognizedConfigurationProperties":   []string{"supportedSeverities"},
			"supportedAssetTypeName":              "DeployedConnector",
			"supportedDeployedImplementationType": "Audit Log Destination", "versionIdentifier": string(r),
			"url": "https://github.com/odpi/egeria/tree/main/open-metadata-implementation/adapters/open-connectors/" +
				"repository-services-connectors/audit-log-connectors/audit-log-console-connector",
		})
	}
	return connection
}

func (c *call) setDefaultAuditLog() (fakehttp.Object, *failure) {
	return nil, c.change("set up default audit log destinations.", func(doc fakehttp.Object) *failure {
		c.setAuditLog(doc)
		return nil
	})
}

func (c *call) getDaemonServices() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	services := listed(groupList, groupsOf(doc))
	services["class"] = fakehttp.Raw(daemonClass)
	return fakehttp.Object{"services": fakehttp.Raw(services)}, nil
}

// setDaemonServices checks nothing and adds no line to the audit trail.
func (c *call) setDaemonServices() (fakehttp.Object, *failure) {
	var list []fakehttp.Object
	_ = json.Unmarshal(c.body[groupList], &list) // empty by default
	return nil, c.change("", func(doc fakehttp.Object) *failure {
		delete(doc, groupList)
		if list != nil {
			setGroups(doc, c.knownGroups(list))
		}
		return nil
	})
}

func (c *call) clearDaemonServices() (fakehttp.Object, *failure) {
	return nil, c.change("", func(doc fakehttp.Object) *failure {
		delete(doc, groupList)
		return nil
	})
}
