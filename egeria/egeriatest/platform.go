package egeriatest

import (
	"encoding/json"
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
	document       fakehttp.Object // the document that it runs with
	kind           string
	running        bool
	started, ended time.Time
	history        []run
	groups         []*runningGroup // groups of a daemon
	retry          time.Time       // time of the next try to read definitions
}

// run is a period in which a server ran.
type run struct{ started, ended time.Time }

func (i *instance) stop(now time.Time) {
	i.running, i.ended, i.groups = false, now, nil
	i.history = append(i.history, run{i.started, now})
}

// services returns the names of the services of a running server.
func (i *instance) services() []string {
	if i.kind == daemonType {
		return []string{repositoryServices, daemonServices}
	}
	return []string{repositoryServices}
}

// serverType returns the type of a document's server, or a failure if it has none.
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
		f := invalid(noServerType, c.server).during("getServerType")
		if !c.release.since("5.0") {
			f.text += "."
		}
		return "", f
	}
	return "Metadata Access Store", nil
}

// start starts or restarts a server.
func (c *call) start(doc fakehttp.Object) (fakehttp.Object, *failure) {
	kind, failed := c.serverType(doc)
	if failed != nil {
		return nil, failed
	}
	now := c.config.Now()
	if c.release.since("5.0") {
		doc["localServerType"] = fakehttp.Raw(kind)
		if doc.Null("localServerId") {
			doc["localServerId"] = fakehttp.Raw(newUUID())
		}
		_ = json.Unmarshal(c.resolve(doc), &doc) // valid JSON
	}
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
		server.groups, server.retry = newGroups(doc), time.Time{}
		c.readDefinitions(server)
	}
	text := javaDate(now) + " " + c.server + " is running the following services: [" + strings.Join(server.services(),
		", ") + "]"
	return fakehttp.Object{"successMessage": fakehttp.Raw(text)}, nil
}

func (c *call) startServer() (fakehttp.Object, *failure) {
	if _, stored := c.documents[c.server]; !stored && c.release.since("5.3") {
		return nil, invalid(noDocument, c.server)
	}
	doc, failed := c.stored()
	if failed != nil {
		return nil, failed
	}
	started, failed := c.start(doc)
	if stored := c.documents[c.server]; failed == nil && c.release.bearers() && stored.Null("localServerId") {
		stored["localServerId"] = c.instances[c.server].document["localServerId"]
	}
	return started, failed
}

func (c *call) startServerWith() (fakehttp.Object, *failure) {
	doc := c.knownDocument(c.body)
	if failed := c.checkName(doc); failed != nil {
		return nil, failed
	}
	return c.start(c.withDefaults(doc))
}

// runs returns the call's server if it is running.
func (c *call) runs() (*instance, *failure) {
	server := c.instances[c.server]
	if server == nil || !server.running {
		return nil, c.notRunning()
	}
	return server, nil
}

// stopServer also unregisters the server, because there are no cohorts.
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

// getServerStatus returns a status beside the members of the envelope, also in a failure. Before
// 4.2, the status of a stopped server is a failure.
func (c *call) getServerStatus() (fakehttp.Object, *failure) {
	server := c.instances[c.server]
	if server == nil || !server.running && !c.release.since("4.2") {
		failed := c.notRunning()
		failed.beside = fakehttp.Object{"serverName": fakehttp.Raw(c.server), "active": fakehttp.Raw(true)}
		return nil, failed
	}
	status := fakehttp.Object{
		"serverName": fakehttp.Raw(c.server), "serverType": fakehttp.Raw(server.kind),
		"active": fakehttp.Raw(server.running),
	}
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
	return status, nil
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

func (s *Server) getOrigin(*fakehttp.Request) fakehttp.Response {
	text := "Egeria OMAG Server Platform (version " + string(s.release) + ")"
	if !s.release.since("5.0") {
		text += "\n"
	}
	return s.uncached(fakehttp.Text(http.StatusOK, text).With("Content-Type", plainText))
}

// Running reports whether a server is running.
func (s *Server) Running(server string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.instances[server]
	return found != nil && found.running
}
