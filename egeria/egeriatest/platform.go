package egeriatest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

const (
	documentClass = "OMAGServerConfig"
	daemonClass   = "IntegrationDaemonServicesConfig"

	repositoryServices = "Open Metadata Repository Services (OMRS)"
	daemonServices     = "Integration Daemon Services"

	daemonType = "Integration Daemon"
)

// instance is a server that the platform has run since its start.
type instance struct {
	document       fakehttp.Object // that it runs with
	kind           string
	running        bool
	started, ended time.Time
	history        []run
	groups         []*runningGroup // of a daemon
}

// run is a time that a server ran.
type run struct{ started, ended time.Time }

func (i *instance) stop(now time.Time) {
	i.running, i.ended, i.groups = false, now, nil
	i.history = append(i.history, run{i.started, now})
}

// services are the names of the services of a running server.
func (i *instance) services() []string {
	if i.kind == daemonType {
		return []string{repositoryServices, daemonServices}
	}
	return []string{repositoryServices}
}

// serverType is the type of server that a document makes, or why it makes none.
func (c *call) serverType(doc fakehttp.Object) (string, *failure) {
	repository := !doc.Null("repositoryServicesConfig")
	for _, part := range []struct{ member, kind string }{
		{groupList, daemonType},
		{"integrationServicesConfig", daemonType},
		{"engineHostServicesConfig", "Engine Host"},
		{"governanceEnginesConfig", "Engine Host"},
		{"viewServicesConfig", "View Server"},
		{"accessServicesConfig", "Metadata Access Store"},
		{"conformanceSuiteConfig", "Conformance Test Server"},
	} {
		if doc.Null(part.member) {
			continue
		}
		if !repository {
			return "", misconfigured(noRepositoryServices, c.server)
		}
		return part.kind, nil
	}
	switch {
	case !repository:
		return "", misconfigured(noServices, c.server).during("getServerType")
	case !strings.Contains(string(doc["repositoryServicesConfig"]), `"localRepositoryConfig"`):
		return "", invalid(noServerType, c.server).during("getServerType")
	}
	return "Metadata Access Store", nil
}

// start starts a server, or restarts it.
func (c *call) start(doc fakehttp.Object) (fakehttp.Object, *failure) {
	kind, failed := c.serverType(doc)
	if failed != nil {
		return nil, failed
	}
	now := c.config.Now()
	server := c.instances[c.server]
	if server == nil {
		server = &instance{}
		c.instances[c.server] = server
	}
	if server.running {
		server.stop(now)
	}
	server.document, server.kind, server.running, server.started, server.ended = doc, kind, true, now, time.Time{}
	if kind == daemonType {
		server.groups = newGroups(doc)
	}
	text := javaDate(now) + " " + c.server + " is running the following services: [" + strings.Join(server.services(), ", ") + "]"
	return fakehttp.Object{"successMessage": fakehttp.Raw(text)}, nil
}

func (c *call) startServer() (fakehttp.Object, *failure) {
	if _, stored := c.documents[c.server]; !stored && c.release.bearers() {
		return nil, misconfigured(noDocument, c.server)
	}
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	return c.start(doc)
}

func (c *call) startServerWith() (fakehttp.Object, *failure) {
	doc := c.knownDocument(c.body)
	if failed := c.checkName(doc); failed != nil {
		return nil, failed
	}
	return c.start(withDefaults(doc))
}

// runs finds the call's server if it is running.
func (c *call) runs() (*instance, *failure) {
	server := c.instances[c.server]
	if server == nil || !server.running {
		return nil, c.notRunning()
	}
	return server, nil
}

// stopServer also unregisters: there are no cohorts here.
func (c *call) stopServer() (fakehttp.Object, *failure) {
	server, failed := c.runs()
	if failed != nil {
		return nil, failed
	}
	server.stop(c.config.Now())
	return nil, nil
}

func (c *call) getRunning() (fakehttp.Object, *failure) {
	server, failed := c.runs()
	if failed != nil {
		return nil, failed
	}
	return fakehttp.Object{"omagserverConfig": fakehttp.Raw(server.document)}, nil
}

func (c *call) getInstanceStatus() (fakehttp.Object, *failure) {
	server, failed := c.runs()
	if failed != nil {
		return nil, failed
	}
	var all []map[string]string
	for _, name := range server.services() {
		all = append(all, map[string]string{"serviceName": name, "serviceStatus": "RUNNING"})
	}
	return fakehttp.Object{"serverStatus": fakehttp.Raw(map[string]any{
		"serverName": c.server, "serverType": server.kind, "serverActiveStatus": "RUNNING", "services": all,
	})}, nil
}

// getServerStatus answers flat in 4.x, and even beside a failure. Later releases have an object of it. Before 4.2, nothing is
// told of a server that has stopped.
func (c *call) getServerStatus() (fakehttp.Object, *failure) {
	flat := !c.release.since("5.0")
	server := c.instances[c.server]
	if server == nil || !server.running && !c.release.since("4.2") {
		failed := c.notRunning()
		if flat {
			failed.beside = fakehttp.Object{"serverName": fakehttp.Raw(c.server), "active": fakehttp.Raw(true)}
		}
		return nil, failed
	}
	status := fakehttp.Object{"serverName": fakehttp.Raw(c.server)}
	if server.running {
		status["serverStartTime"] = isoTimeOf(server.started)
	} else {
		status["serverEndTime"] = isoTimeOf(server.ended)
	}
	if len(server.history) > 0 {
		var runs []fakehttp.Object
		for _, r := range server.history {
			runs = append(runs, fakehttp.Object{"startTime": isoTimeOf(r.started), "endTime": isoTimeOf(r.ended)})
		}
		status["serverHistory"] = fakehttp.Raw(runs)
	}
	if flat {
		status["serverType"], status["active"] = fakehttp.Raw(server.kind), fakehttp.Raw(server.running)
		return status, nil
	}
	status["isActive"] = fakehttp.Raw(server.running)
	return fakehttp.Object{"serverStatus": fakehttp.Raw(status)}, nil
}

func (c *call) isKnown() (fakehttp.Object, *failure) {
	return fakehttp.Object{"flag": fakehttp.Raw(c.instances[c.server] != nil)}, nil
}

func (c *call) listServers() (fakehttp.Object, *failure) {
	return listed("serverList", slices.Sorted(maps.Keys(c.instances))), nil
}

func (c *call) listActive() (fakehttp.Object, *failure) {
	return listed("serverList", slices.DeleteFunc(slices.Sorted(maps.Keys(c.instances)), func(name string) bool {
		return !c.instances[name].running
	})), nil
}

func (s *Server) getOrigin(*fakehttp.Request) fakehttp.Reply {
	return fakehttp.Text(http.StatusOK, "Egeria OMAG Server Platform (version "+string(s.release)+")\n").With("Content-Type", plainText)
}

// Running tells whether a server is running.
func (s *Server) Running(server string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.instances[server]
	return found != nil && found.running
}

// service is an integration service.
type service struct {
	id            int
	name, partner string // the partner is the access service that it needs in a metadata server
}

// integrationServices are those in the code of 4.x and 5.0.
var integrationServices = []service{
	{id: 600, name: "Catalog", partner: "Asset Manager"},
	{id: 601, name: "API", partner: "Data Manager"},
	{id: 602, name: "Topic", partner: "Data Manager"},
	{id: 603, name: "Display", partner: "Data Manager"},
	{id: 604, name: "Database", partner: "Data Manager"},
	{id: 605, name: "Files", partner: "Data Manager"},
	{id: 606, name: "Lineage", partner: "Asset Manager"},
	{id: 607, name: "Organization", partner: "Community Profile"},
	{id: 608, name: "Security", partner: "Security Manager"},
	{id: 609, name: "Analytics", partner: "Data Science"},
	{id: 610, name: "Search", partner: "Asset Catalog"},
	{id: 611, name: "Infrastructure", partner: "IT Infrastructure"},
}

// accessServices are the partners of integration services.
var accessServices = []string{
	"Asset Catalog", "Asset Consumer", "Asset Manager", "Community Profile", "Data Manager", "Data Science", "IT Infrastructure",
	"Security Manager", "Stewardship Action",
}

func marker(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

func (c *call) integrationServices() []fakehttp.Object {
	var all []fakehttp.Object
	for _, s := range integrationServices {
		o := fakehttp.Object{
			"serviceId": fakehttp.Raw(s.id), "serviceName": fakehttp.Raw(s.name + " Integrator OMIS"),
			"serviceURLMarker": fakehttp.Raw(marker(s.name) + "-integrator"),
		}
		if c.release.since("5.0") {
			o["serverType"], o["partnerServiceName"] = fakehttp.Raw(daemonType), fakehttp.Raw(s.partner+" OMAS")
		}
		all = append(all, o)
	}
	return all
}

func (c *call) accessServices() []fakehttp.Object {
	var all []fakehttp.Object
	for _, name := range accessServices {
		all = append(all, fakehttp.Object{"serviceName": fakehttp.Raw(name + " OMAS"), "serviceURLMarker": fakehttp.Raw(marker(name))})
	}
	return all
}

func (c *call) listIntegrationServices() (fakehttp.Object, *failure) {
	return listed("services", c.integrationServices()), nil
}

func (c *call) listAccessServices() (fakehttp.Object, *failure) {
	return listed("services", c.accessServices()), nil
}

func (c *call) listRegistered() (fakehttp.Object, *failure) {
	all := []fakehttp.Object{
		{"serviceId": fakehttp.Raw(180), "serviceName": fakehttp.Raw(repositoryServices), "serviceURLMarker": fakehttp.Raw("repository-services")},
		{"serviceId": fakehttp.Raw(193), "serviceName": fakehttp.Raw(daemonServices)},
	}
	all = append(all, c.accessServices()...)
	if !c.release.bearers() {
		all = append(all, c.integrationServices()...)
	}
	return listed("services", all), nil
}
