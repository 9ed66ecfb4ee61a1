package egeriatest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

const (
	eventBus       = "eventBusConfig"
	accessConfig   = "accessServicesConfig"
	repository     = "repositoryServicesConfig"
	localStore     = "localRepositoryConfig"
	enterprise     = "enterpriseAccessConfig"
	archives       = "openMetadataArchiveConnections"
	auditLogs      = "auditLogConnections"
	access         = document + "/access-services"
	destinations   = document + "/audit-log-destinations"
	connectors     = "org.odpi.openmetadata.adapters."
	kafkaProvider  = connectors + "eventbus.topic.kafka.KafkaOpenMetadataTopicProvider"
	connectionList = "ConnectionListResponse"
)

// metadataTable returns the operations for a metadata access store and for audit logs.
func metadataTable() []operation {
	return []operation{
		{name: "getServerTypeClassification", method: get, path: document + "/server-type-classification",
			class: "ServerClassificationResponse", action: "getServerTypeClassification", run: (*call).getServerType},

		{name: "listAuditLogs", method: get, path: destinations, class: connectionList,
			action: "getAuditLogDestinations", run: (*call).listAuditLogs},
		{name: "clearAuditLogs", method: drop, path: destinations, class: voidResponse,
			action: "clearAuditLogDestinations",
			run:    (*call).clearAuditLogs},
		{name: "addConsoleAuditLog", method: post, path: destinations + "/console", class: voidResponse,
			action: "addConsoleAuditLogDestination",
			body:   jsonTexts, run: func(c *call) (fakehttp.Object, *failure) {
				return nil, c.addAuditLog(consoleLog(c.texts))
			}},
		{name: "addSLF4JAuditLog", method: post, path: destinations + "/slf4j", class: voidResponse,
			action: "addSLF4JAuditLogDestination",
			body:   jsonTexts, run: func(c *call) (fakehttp.Object, *failure) {
				return nil, c.addAuditLog(slf4jLog(c.texts))
			}},
		{name: "deleteAuditLog", method: drop, path: destinations + "/connection/{connectionName}", class: voidResponse,
			action: "clearAuditLogDestination", run: (*call).deleteAuditLog},

		{name: "getEventBus", method: get, path: document + "/event-bus", class: "EventBusConfigResponse",
			action: "getEventBus", run: (*call).getEventBus},
		{name: "setEventBus", method: post, path: document + "/event-bus", class: voidResponse, action: "setEventBus",
			body: optionalObject, run: (*call).setEventBus},
		{name: "clearEventBus", method: drop, path: document + "/event-bus", class: voidResponse,
			action: "deleteEventBus",
			run:    (*call).clearEventBus},
		{name: "setInMemoryRepository", method: post, path: document + "/local-repository/mode/in-memory-repository",
			class:  voidResponse,
			action: "setInMemLocalRepository", run: (*call).setInMemoryRepository},
		{name: "clearLocalRepository", method: drop, path: document + "/local-repository", class: voidResponse,
			action: "clearLocalRepositoryConfig",
			run:    (*call).clearRepository},

		{name: "listConfiguredAccessServices", method: get, path: access, class: "RegisteredOMAGServicesResponse",
			action: "getConfiguredAccessServices", run: (*call).listConfigured},
		{name: "configureAccessServices", method: post, path: access, class: voidResponse,
			action: "configureAllAccessServices",
			body:   optionalObject,
			run:    (*call).enableAll},
		{name: "configureAccessServicesNoTopics", method: post, path: access + "/no-topics", class: voidResponse,
			action: "configureAllAccessServicesNoTopics",
			body:   optionalObject, run: (*call).enableAll},
		{name: "configureAccessService", method: post, path: access + "/{serviceURLMarker}", class: voidResponse,
			action: "configureAccessService",
			body:   optionalObject, run: (*call).enableOne},
		{name: "configureAccessServiceNoTopics", method: post, path: access + "/{serviceURLMarker}/no-topics",
			class:  voidResponse,
			action: "configureAccessServiceNoTopics", body: optionalObject, run: (*call).enableOne},
		{name: "deleteAccessService", method: drop, path: access + "/{serviceURLMarker}", class: voidResponse,
			action: "clearAccessService", run: (*call).disableOne},
		{name: "clearAccessServices", method: drop, path: access, class: voidResponse, action: "clearAllAccessServices",
			run: (*call).disableAll},

		{name: "addArchiveFile", method: post, path: document + "/open-metadata-archives/file", class: voidResponse,
			action: "addStartUpOpenMetadataArchiveFile", body: anyText, run: (*call).addArchive},
		{name: "listArchives", method: get, path: document + "/open-metadata-archives", class: connectionList,
			action: "getOpenMetadataArchives",
			run:    (*call).listArchives},
		{name: "clearArchives", method: drop, path: document + "/open-metadata-archives", class: voidResponse,
			action: "clearOpenMetadataArchives",
			run:    (*call).clearArchives},
	}
}

// connection returns a connection to a connector of a provider.
func connection(name, display, provider, address string, properties map[string]any) fakehttp.Object {
	o := fakehttp.Object{
		"class": fakehttp.Raw("Connection"), "headerVersion": fakehttp.Raw(0),
		"connectorType": fakehttp.Raw(map[string]any{"class": "ConnectorType", "headerVersion": 0,
			"connectorProviderClassName": provider}),
	}
	if name != "" {
		o["qualifiedName"], o["displayName"] = fakehttp.Raw(name), fakehttp.Raw(display)
	}
	if address != "" {
		o["endpoint"] = fakehttp.Raw(map[string]any{"class": "Endpoint", "headerVersion": 0, "address": address})
	}
	if properties != nil {
		o["configurationProperties"] = fakehttp.Raw(properties)
	}
	return o
}

// changeRepository edits the repository services of a document. If there were none, it adds the
// default audit log.
func (c *call) changeRepository(line string, edit func(services fakehttp.Object)) *failure {
	return c.change(line, func(doc fakehttp.Object) *failure {
		if doc.Null(repository) {
			c.setAuditLog(doc)
		}
		services := member(doc, repository)
		edit(services)
		doc[repository] = fakehttp.Raw(withoutNulls(services))
		return nil
	})
}

// member returns a copy of an object in another, or an empty object.
func member(o fakehttp.Object, name string) fakehttp.Object {
	out := fakehttp.Object{}
	_ = json.Unmarshal(o[name], &out) // empty by default
	return out
}

// members returns the objects of a list, or nil.
func members(o fakehttp.Object, name string) (list []fakehttp.Object) {
	_ = json.Unmarshal(o[name], &list) // nil by default
	return list
}

// inRepository returns a list of the repository services.
func (c *call) inRepository(name string) (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	return listed("connections", members(member(doc, repository), name)), nil
}

func (c *call) getEventBus() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil || doc.Null(eventBus) {
		return nil, failed
	}
	return fakehttp.Object{"config": doc[eventBus]}, nil
}

func (c *call) setEventBus() (fakehttp.Object, *failure) {
	bus := fakehttp.Object{"class": fakehttp.Raw("EventBusConfig")}
	for _, name := range []string{"connectorProvider", "topicURLRoot"} {
		if value := c.request.URL.Query().Get(name); value != "" {
			bus[name] = fakehttp.Raw(value)
		}
	}
	if len(c.body) > 0 {
		bus["configurationProperties"] = fakehttp.Raw(c.body)
		if !c.release.since("5.0") {
			bus["additionalProperties"] = bus["configurationProperties"] // its earlier name
		}
	}
	return nil, c.change("updated configuration for default event bus.", func(doc fakehttp.Object) *failure {
		doc[eventBus] = fakehttp.Raw(bus)
		return nil
	})
}

func (c *call) clearEventBus() (fakehttp.Object, *failure) {
	return nil, c.change("deleted configuration for default event bus.", func(doc fakehttp.Object) *failure {
		delete(doc, eventBus)
		return nil
	})
}

// setInMemoryRepository keeps the ID of an earlier metadata collection.
func (c *call) setInMemoryRepository() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	text := strings.NewReplacer("{id}", newUUID(), "{url}", doc.Text("localServerURL"), "{server}", c.server).
		Replace(string(c.release.builtIn()["inMemoryRepository"]))
	config, _ := fakehttp.ParseObject([]byte(text)) // embedded in the package
	if before := member(member(doc, repository), localStore); !before.Null("metadataCollectionId") {
		config["metadataCollectionId"] = before["metadataCollectionId"]
	}
	return nil, c.changeRepository("updated configuration for the local repository.", func(services fakehttp.Object) {
		services[localStore] = fakehttp.Raw(config)
	})
}

func (c *call) clearRepository() (fakehttp.Object, *failure) {
	return nil, c.change("setting up a null local repository.", func(doc fakehttp.Object) *failure {
		if !doc.Null(repository) {
			services := member(doc, repository)
			delete(services, localStore)
			doc[repository] = fakehttp.Raw(services)
		}
		return nil
	})
}

// serviceConfig returns the configuration of an access service. It has topics if there is a bus.
func (c *call) serviceConfig(service, bus fakehttp.Object) fakehttp.Object {
	full, marker := service.Text("serviceName"), service.Text("serviceURLMarker")
	name := strings.TrimSuffix(full, " OMAS")
	config := fakehttp.Object{
		"class": fakehttp.Raw("AccessServiceConfig"), "accessServiceName": fakehttp.Raw(name),
		"accessServiceFullName":  fakehttp.Raw(full),
		"accessServiceURLMarker": fakehttp.Raw(marker), "accessServiceOperationalStatus": fakehttp.Raw("ENABLED"),
	}
	for from, to := range map[string]string{
		"serviceId": "accessServiceId", "serviceDescription": "accessServiceDescription",
		"serviceWiki":              "accessServiceWiki",
		"serviceDevelopmentStatus": "accessServiceDevelopmentStatus",
	} {
		if !service.Null(from) {
			config[to] = service[from]
		}
	}
	if len(c.body) > 0 {
		config["accessServiceOptions"] = fakehttp.Raw(c.body)
	}
	if bus == nil {
		return config
	}
	provider := bus.Text("connectorProvider")
	if provider == "" {
		provider = kafkaProvider
	}
	for _, topic := range []string{"InTopic", "OutTopic"} {
		address := bus.Text("topicURLRoot") + ".server." + c.server + ".omas." + marker + "." + topic
		config["accessService"+topic] = fakehttp.Raw(connection(address, topic, provider, address, nil))
	}
	return config
}

// setAccess stores the access services. It adds a line to the audit trail for them, and one for the
// enterprise repository services that they use.
func (c *call) setAccess(services []fakehttp.Object) *failure {
	verb := "updated"
	if services == nil {
		verb = "removed"
	}
	failed := c.change(verb+" configuration for access services.", func(doc fakehttp.Object) *failure {
		delete(doc, accessConfig)
		if services != nil {
			doc[accessConfig] = fakehttp.Raw(services)
		}
		return nil
	})
	if failed != nil {
		return failed
	}
	return c.changeRepository(verb+" configuration for enterprise repository services (used by access services).",
		func(o fakehttp.Object) {
			delete(o, enterprise)
			if services != nil {
				o[enterprise] = fakehttp.Raw(fakehttp.Object{
					"class":                              fakehttp.Raw("EnterpriseAccessConfig"),
					"enterpriseMetadataCollectionName":   fakehttp.Raw("EnterpriseAccess." + c.server),
					"enterpriseOMRSTopicProtocolVersion": fakehttp.Raw("V1"),
				})
			}
		})
}

// bus returns the event bus for topics, and nil if there is none or if the operation configures no
// topics.
func (c *call) bus(doc fakehttp.Object) fakehttp.Object {
	if doc.Null(eventBus) || strings.HasSuffix(c.op.name, "NoTopics") {
		return nil
	}
	return member(doc, eventBus)
}

func (c *call) enableAll() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	bus := c.bus(doc)
	if bus == nil && c.op.name == "configureAccessServices" {
		return nil, misconfigured(noEventBus, c.server)
	}
	var all []fakehttp.Object
	for _, service := range c.release.registeredServices()["access"] {
		all = append(all, c.serviceConfig(service, bus))
	}
	return nil, c.setAccess(all)
}

func (c *call) enableOne() (fakehttp.Object, *failure) {
	marker := c.request.PathValue("serviceURLMarker")
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	service := c.release.accessService(marker)
	if service == nil {
		return nil, misconfigured(noAccessService, c.server, marker)
	}
	return nil, c.setAccess(append(others(doc, marker), c.serviceConfig(service, c.bus(doc))))
}

// others returns the access services of a document except one.
func others(doc fakehttp.Object, marker string) []fakehttp.Object {
	return slices.DeleteFunc(members(doc, accessConfig), func(s fakehttp.Object) bool {
		return s.Text("accessServiceURLMarker") == marker
	})
}

func (c *call) disableOne() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	rest := others(doc, c.request.PathValue("serviceURLMarker"))
	if len(rest) == 0 {
		rest = nil
	}
	return nil, c.setAccess(rest)
}

func (c *call) disableAll() (fakehttp.Object, *failure) { return nil, c.setAccess(nil) }

func (c *call) listConfigured() (fakehttp.Object, *failure) {
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	var all []fakehttp.Object
	for _, config := range members(doc, accessConfig) {
		service := fakehttp.Object{"serviceName": config["accessServiceFullName"]}
		for to, from := range map[string]string{
			"serviceId": "accessServiceId", "serviceDescription": "accessServiceDescription",
			"serviceWiki":              "accessServiceWiki",
			"serviceDevelopmentStatus": "accessServiceDevelopmentStatus", "serviceURLMarker": "accessServiceURLMarker",
		} {
			service[to] = config[from]
		}
		all = append(all, withoutNulls(service))
	}
	return listed("services", all), nil
}

func (c *call) addArchive() (fakehttp.Object, *failure) {
	file := string(c.request.Payload)
	if strings.TrimSpace(file) == "" {
		return nil, invalid(noFileName, c.server)
	}
	archive := connection("OpenMetadataArchive:"+file, "Open metadata archive "+file,
		connectors+"repositoryservices.archiveconnector.file.FileBasedOpenMetadataArchiveStoreProvider", file, nil)
	return nil, c.changeRepository("updated list of open metadata archives loaded at server start up.",
		func(services fakehttp.Object) {
			services[archives] = fakehttp.Raw(append(members(services, archives), archive))
		})
}

func (c *call) listArchives() (fakehttp.Object, *failure) { return c.inRepository(archives) }

func (c *call) clearArchives() (fakehttp.Object, *failure) {
	return nil, c.changeRepository("clearing open metadata archives.", func(services fakehttp.Object) {
		delete(services, archives)
	})
}

var (
	noAccessService = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-005",
		"Unable to configure server {0} since access service {1} is not registered in this OMAG Server Platform",
		unchanged, "Send the URL marker of an access service that the platform registers.",
	}
	noEventBus = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-017",
		"The OMAG server {0} is unable to add open metadata services until the event bus is configured",
		unchanged, "Configure the event bus first, or leave out the topics.",
	}
	noFileName = message{
		http.StatusBadRequest, "OMAG-ADMIN-400-022",
		"OMAG server {0} has been configured with a null file name for an Open Metadata Archive",
		unchanged, "Send the name of a file.",
	}
)
