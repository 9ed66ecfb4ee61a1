package egeriatest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// assigned is the status of a group whose definition the daemon has not read.
const assigned = "ASSIGNED"

// runningGroup is a group of a running daemon.
type runningGroup struct {
	name, status string
	guid         string // "" until the definition is read
	connectors   []*connector
}

// connector is an integration connector that a daemon runs.
type connector struct {
	name, id, guid, instance string
	changed, refreshed       time.Time
}

// newGroups are the groups of a daemon that starts. One without a name can't be asked for.
func newGroups(doc fakehttp.Object) []*runningGroup {
	var all []*runningGroup
	for _, g := range groupsOf(doc) {
		all = append(all, &runningGroup{name: g.Text(groupName), status: assigned})
	}
	return all
}

// SetGroup gives a group of a running daemon a status, such as "RUNNING", until the daemon starts anew. A daemon that has
// just started has all its groups ASSIGNED. SetGroup panics if the daemon isn't running or has no such group, and for an
// empty status.
func (s *Server) SetGroup(server, group, status string) {
	if status == "" {
		panic("egeriatest: status is empty")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustRun(server, group).set(status)
}

func (g *runningGroup) set(status string) {
	g.status = status
	if status != assigned && g.guid == "" {
		g.guid = newUUID()
	}
}

// AddConnector adds an integration connector to a group of a running daemon, until the daemon starts anew. It is RUNNING
// (since 5.0: WAITING), and the group is RUNNING thereby. AddConnector panics if the daemon isn't running or has no such group.
func (s *Server) AddConnector(server, group, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.mustRun(server, group)
	g.set("RUNNING")
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
	panic(fmt.Sprintf("egeriatest: no daemon %q is running a group %q", server, group))
}

// daemon finds the call's server if it is a daemon that is running.
func (c *call) daemon() (*instance, *failure) {
	found, failed := c.runs()
	if failed != nil {
		return nil, failed
	}
	if found.kind != daemonType {
		return nil, invalid(noSuchService, daemonServices, c.server, c.user)
	}
	return found, nil
}

func (i *instance) connectors() []*connector {
	var all []*connector
	for _, g := range i.groups {
		all = append(all, g.connectors...)
	}
	return all
}

// connectorsOf are the connectors of a daemon. 6.0 and 6.1 crash where it has none.
func (c *call) connectorsOf(found *instance) ([]*connector, *failure) {
	all := found.connectors()
	if len(all) == 0 && c.release.bearers() {
		return nil, c.crash(`Cannot invoke "java.util.List.iterator()" because "connectorIds" is null`)
	}
	return all, nil
}

func isoTimeOf(t time.Time) json.RawMessage { return fakehttp.Raw(t.UTC().Format(isoLayout)) }

// report is how a connector does. In 4.x it has no GUID, and nothing is called waiting.
func (c *connector) report(r release) fakehttp.Object {
	o := fakehttp.Object{
		"connectorId": fakehttp.Raw(c.id), "connectorName": fakehttp.Raw(c.name),
		"connectorInstanceId": fakehttp.Raw(c.instance), "connectorStatus": fakehttp.Raw("RUNNING"),
		"lastStatusChange": isoTimeOf(c.changed), "minMinutesBetweenRefresh": fakehttp.Raw(60),
	}
	if r.since("5.0") {
		o["connectorGUID"], o["connectorStatus"] = fakehttp.Raw(c.guid), fakehttp.Raw("WAITING")
	}
	if !c.refreshed.IsZero() {
		o["lastRefreshTime"] = isoTimeOf(c.refreshed)
	}
	return o
}

func reports(all []*connector, r release) []fakehttp.Object {
	var out []fakehttp.Object
	for _, c := range all {
		out = append(out, c.report(r))
	}
	return out
}

func (g *runningGroup) summary(r release) fakehttp.Object {
	o := listed("integrationConnectorReports", reports(g.connectors, r))
	o["integrationGroupStatus"] = fakehttp.Raw(g.status)
	if g.name != "" {
		o["integrationGroupName"] = fakehttp.Raw(g.name)
	}
	if g.guid != "" {
		o["integrationGroupGUID"] = fakehttp.Raw(g.guid)
	}
	return o
}

func (i *instance) summaries(r release) fakehttp.Object {
	var all []fakehttp.Object
	for _, g := range i.groups {
		all = append(all, g.summary(r))
	}
	return listed("integrationGroupSummaries", all)
}

func (c *call) getDaemonStatus() (fakehttp.Object, *failure) {
	found, failed := c.daemon()
	if failed != nil {
		return nil, failed
	}
	all, failed := c.connectorsOf(found)
	if failed != nil {
		return nil, failed
	}
	status := found.summaries(c.release)
	if len(all) > 0 && c.release.since("5.0") {
		status["integrationConnectorReports"] = fakehttp.Raw(reports(all, c.release))
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

// runningGroup finds the group that the path names.
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

// refreshGroup has no effect: there is no metadata server to read from.
func (c *call) refreshGroup() (fakehttp.Object, *failure) {
	_, failed := c.runningGroup()
	return nil, failed
}

// chosen are the connectors that the body names, or all.
func (c *call) chosen() ([]*connector, *failure) {
	found, failed := c.daemon()
	if failed != nil {
		return nil, failed
	}
	all, failed := c.connectorsOf(found)
	if failed != nil || c.body.Null("name") {
		return all, failed
	}
	name := c.body.Text("name")
	all = slices.DeleteFunc(all, func(other *connector) bool { return other.name != name })
	if len(all) == 0 {
		f := invalid(noSuchConnector, name, c.server)
		f.properties = map[string]string{"parameterName": "connectorName"}
		return nil, f
	}
	return all, nil
}

func (c *call) refreshConnectors() (fakehttp.Object, *failure) {
	all, failed := c.chosen()
	for _, one := range all {
		one.refreshed = c.config.Now()
	}
	return nil, failed
}

func (c *call) restartConnectors() (fakehttp.Object, *failure) {
	all, failed := c.chosen()
	for _, one := range all {
		one.changed, one.instance = c.config.Now(), newUUID()
	}
	return nil, failed
}
