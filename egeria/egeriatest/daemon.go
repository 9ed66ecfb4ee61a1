package egeriatest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// assigned is the status of a group whose definition the daemon has not read.
const assigned = "ASSIGNED"

// runningGroup is a group of a running daemon.
type runningGroup struct {
	name, status string
	platform     string // platform of the metadata server
	server       string // name of the metadata server
	guid         string // "" until the definition has been read
	connectors   []*connector

	attempted, refreshed time.Time // times of reading the definition
}

// connector is an integration connector of a daemon.
type connector struct {
	name, id, guid, instance string
	changed, refreshed       time.Time

	properties fakehttp.Object // configuration properties; nil if there are none
	address    string          // address of its endpoint
}

// newGroups returns the groups of a daemon that starts. A group without a name can't be requested.
func newGroups(doc fakehttp.Object) []*runningGroup {
	var all []*runningGroup
	for _, g := range groupsOf(doc) {
		all = append(all, &runningGroup{
			name: g.Text(groupName), status: assigned, platform: g.Text(groupURL), server: g.Text("omagserverName"),
		})
	}
	return all
}

// SetGroup sets the status of a group of a running daemon, such as "FAILED", until the daemon
// starts again. ASSIGNED lasts until the daemon reads the definition of the group. After the start
// of a daemon, a group is RUNNING if its metadata server runs and defines it, and ASSIGNED
// otherwise. SetGroup panics if the daemon is not running or does not have the group, and for an
// empty status.
func (s *Server) SetGroup(server, group, status string) {
	if status == "" {
		panic(s.http.Misuse("egeriatest: status is empty"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustRun(server, group).setStatus(status)
}

func (g *runningGroup) setStatus(status string) {
	g.status = status
	if status != assigned && g.guid == "" {
		g.guid = newUUID()
	}
}

// AddConnector adds an integration connector to a group of a running daemon, until the daemon
// starts again. The connector is RUNNING (since 5.0: WAITING), and its group becomes RUNNING.
// AddConnector panics if the daemon is not running or does not have the group.
func (s *Server) AddConnector(server, group, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.mustRun(server, group)
	g.setStatus("RUNNING")
	g.connectors = append(g.connectors, &connector{
		name: name, id: newUUID(), guid: newUUID(), instance: newUUID(), changed: s.config.Now(),
	})
}

func (s *Server) mustRun(server, group string) *runningGroup {
	if found := s.instances[server]; found != nil && found.running {
		for _, g := range found.groups {
			if g.name == group {
				return g
			}
		}
	}
	panic(s.http.Misuse("egeriatest: no daemon %q is running a group %q", server, group))
}

// daemon returns the server of the call if it is a running daemon.
func (c *call) daemon() (*instance, *failure) {
	found, failed := c.runs()
	if failed != nil {
		return nil, failed
	}
	if found.kind != daemonType {
		f := invalid(noSuchService, daemonServices, c.server, c.user)
		if c.release.since("5.3") {
			f.kind = propertyServer
		}
		return nil, f
	}
	c.readDefinitions(found)
	return found, nil
}

func (i *instance) connectors() []*connector {
	var all []*connector
	for _, g := range i.groups {
		all = append(all, g.connectors...)
	}
	return all
}

// connectorsOf returns the connectors of a daemon. Since 5.0 the platform fails if there are none.
func (c *call) connectorsOf(found *instance) ([]*connector, *failure) {
	all := found.connectors()
	if len(all) > 0 || !c.release.since("5.0") {
		return all, nil
	}
	list := `"<local2>"`
	if c.op.name == "restartConnectors" {
		list = "the return value of \"org.odpi.openmetadata.governanceservers.integrationdaemonservices.handlers." +
			"IntegrationConnectorCacheMap.getConnectorIds()\""
	}
	return nil, c.crash(`Cannot invoke "java.util.List.iterator()" because ` + list + " is null")
}

func isoTimeOf(t time.Time) json.RawMessage { return fakehttp.Raw(t.UTC().Format(isoLayout)) }

// report returns the status of a connector of a group. In 4.x it has no GUID, and no connector is
// WAITING. In 6.1, the reports within groups have no GUID either.
func (c *connector) report(g *runningGroup, r release, nested bool) fakehttp.Object {
	o := fakehttp.Object{
		"connectorId": fakehttp.Raw(c.id), "connectorName": fakehttp.Raw(c.name),
		"connectorInstanceId": fakehttp.Raw(c.instance), "connectorStatus": fakehttp.Raw("RUNNING"),
		"lastStatusChange": isoTimeOf(c.changed), "minMinutesBetweenRefresh": fakehttp.Raw(60),
	}
	if r.since("5.0") {
		o["connectorStatus"] = fakehttp.Raw("WAITING")
		o["connection"] = fakehttp.Raw(map[string]any{"class": "Connection", "headerVersion": 0, "displayName": c.name})
		if !nested {
			o["connectorInstanceId"] = o["connectorId"]
		}
		if !nested || !r.since("6.1") {
			o["connectorGUID"] = fakehttp.Raw(c.guid)
		}
	}
	if r.since("6.1") {
		o["integrationGroupGUID"] = fakehttp.Raw(g.guid)
	}
	if !c.refreshed.IsZero() {
		o["lastRefreshTime"] = isoTimeOf(c.refreshed)
	}
	return o
}

func (g *runningGroup) reports(r release, nested bool) []fakehttp.Object {
	var out []fakehttp.Object
	for _, c := range g.connectors {
		out = append(out, c.report(g, r, nested))
	}
	return out
}

func (g *runningGroup) summary(r release) fakehttp.Object {
	o := listed("integrationConnectorReports", g.reports(r, true))
	o["integrationGroupStatus"] = fakehttp.Raw(g.status)
	if g.name != "" {
		o["integrationGroupName"] = fakehttp.Raw(g.name)
	}
	if g.guid != "" {
		o["integrationGroupGUID"] = fakehttp.Raw(g.guid)
	}
	if g.guid != "" && r.since("5.0") {
		o["integrationGroupDescription"] = fakehttp.Raw("Connectors of " + g.name)
	}
	if !g.refreshed.IsZero() && r.since("5.0") {
		o["lastRefreshTime"] = isoTimeOf(g.refreshed)
	}
	return o
}

func (i *instance) summaries(r release) fakehttp.Object {
	var all []fakehttp.Object
	for _, g := range inMapOrder(i.groups) {
		all = append(all, g.summary(r))
	}
	return listed("integrationGroupSummaries", all)
}

func (c *call) getDaemonStatus() (fakehttp.Object, *failure) {
	found, failed := c.daemon()
	if failed != nil {
		return nil, failed
	}
	if _, failed := c.connectorsOf(found); failed != nil {
		return nil, failed
	}
	status := found.summaries(c.release)
	if c.release.since("5.0") {
		var all []fakehttp.Object
		for _, g := range found.groups {
			all = append(all, g.reports(c.release, false)...)
		}
		status["integrationConnectorReports"] = fakehttp.Raw(all)
	}
	return fakehttp.Object{"integrationDaemonStatus": fakehttp.Raw(status)}, nil
}

func (c *call) listSummaries() (fakehttp.Object, *failure) {
	found, failed := c.daemon()
	if failed != nil {
		return nil, failed
	}
	return found.summaries(c.release), nil
}

// runningGroup returns the group in the path.
func (c *call) runningGroup() (*runningGroup, *failure) {
	found, failed := c.daemon()
	if failed != nil {
		return nil, failed
	}
	for _, g := range found.groups {
		if g.name == c.group() {
			return g, nil
		}
	}
	f := invalid(noSuchGroup, c.group(), c.server)
	if c.release.since("5.0") {
		f.params = []any{c.server, c.group()} // swapped by the platform
	}
	f.properties = map[string]string{"parameterName": "integrationGroupName"}
	return nil, f
}

func (c *call) getSummary() (fakehttp.Object, *failure) {
	g, failed := c.runningGroup()
	if failed != nil {
		return nil, failed
	}
	return fakehttp.Object{"integrationGroupSummary": fakehttp.Raw(g.summary(c.release))}, nil
}

// chosen returns the connectors in the body, or all. single is the name of the operation for one
// connector.
func (c *call) chosen(single string) ([]*connector, *failure) {
	found, failed := c.daemon()
	if failed != nil {
		return nil, failed
	}
	if c.body.Null("name") {
		return c.connectorsOf(found)
	}
	name := c.body.Text("name")
	all := slices.DeleteFunc(found.connectors(), func(other *connector) bool { return other.name != name })
	if len(all) == 0 {
		f := invalid(noSuchConnector, name, c.server).during(single)
		f.properties = map[string]string{"parameterName": "connectorName"}
		return nil, f
	}
	return all, nil
}

func (c *call) refreshConnectors() (fakehttp.Object, *failure) {
	all, failed := c.chosen("refreshConnector")
	for _, one := range all {
		one.refreshed = c.config.Now()
	}
	return nil, failed
}

func (c *call) restartConnectors() (fakehttp.Object, *failure) {
	all, failed := c.chosen("restartConnector")
	for _, one := range all {
		c.restarted(one)
	}
	return nil, failed
}
