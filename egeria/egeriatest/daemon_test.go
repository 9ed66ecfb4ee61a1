package egeriatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

func object(t *testing.T, raw json.RawMessage) fakehttp.Object {
	t.Helper()
	var o fakehttp.Object
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return o
}

// instance returns the path on which the release starts and stops a server.
func (c *caller) instance() string {
	if c.release.since("4.2") {
		return known1 + "/instance"
	}
	return of1 + "/instance"
}

// run starts the server as a daemon with two groups.
func (c *caller) run() {
	c.t.Helper()
	c.ok("POST", put1+"/all", "["+groupJSON("a")+","+groupJSON("b")+"]")
	c.ok("POST", of1+"/audit-log-destinations/default")
	r := c.ok("POST", c.instance())
	const want = " one is running the following services: [Open Metadata Repository Services (OMRS), Integration " +
		"Daemon Services]"
	if !strings.HasSuffix(r.Text("successMessage"), want) {
		c.t.Error(r)
	}
}

func TestLifeOfServer(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 5e6, time.UTC)
	for _, r := range releases {
		c := start(t, string(r), WithClock(func() time.Time { return now }))
		status := func() fakehttp.Object {
			t.Helper()
			return c.ok("GET", known1+"/status").Object
		}
		list := func(path string) string {
			t.Helper()
			return string(c.ok("GET", strings.TrimSuffix(known1, "/one")+path).Object["serverList"])
		}
		equal(t, "known", string(c.ok("GET", known1+"/is-known").Object["flag"])+list("")+list("/active"), "false")
		unknown := c.fails("OMAG-MULTI-TENANT-404-001", "GET", known1+"/status")
		equal(t, "beside a failure", string(unknown.Object["active"])+unknown.Text("serverName"), "trueone")
		equal(t, "properties", string(unknown.Object["exceptionProperties"]),
			`{"parameterName":"serverName","serverName":"one"}`)
		equal(t, "parameters", string(unknown.Object["exceptionErrorMessageParameters"]), `["one","`+c.User+`"]`)
		class := "org.odpi.openmetadata.frameworks.connectors.ffdc.InvalidParameterException"
		if r.since("5.3") {
			class = "org.odpi.openmetadata.frameworks.openmetadata.ffdc.InvalidParameterException"
		}
		equal(t, "class", unknown.Text("exceptionClassName"), class)
		if c.Running("one") {
			t.Error("runs")
		}

		c.run()
		if !c.Running("one") {
			t.Error("does not run")
		}
		equal(t, "known", string(c.ok("GET", known1+"/is-known").Object["flag"])+list("")+list("/active"),
			`true["one"]["one"]`)
		equal(t, "started", status().Text("serverStartTime"), "2026-03-01T12:00:00.005+00:00")
		equal(t, "active", string(status()["active"])+status().Text("serverType")+string(status()["serverStatus"]),
			"trueIntegration Daemon")
		instance := object(t, c.ok("GET", c.instance()+"/status").Object["serverStatus"])
		equal(t, "instance", instance.Text("serverName")+" "+instance.Text("serverType")+" "+
			instance.Text("serverActiveStatus"), "one Integration Daemon RUNNING")
		if r.since("4.2") {
			c.ok("POST", put1+"/all", "[]")
			running := object(t, c.ok("GET", known1+"/instance/configuration").Object["omagserverConfig"])
			equal(t, "running", len(groupsOf(running)), 2)
			c.ok("POST", put1+"/all", "["+groupJSON("a")+"]")
		}

		now = now.Add(time.Hour)
		c.ok("POST", c.instance())
		equal(t, "history", string(status()["serverHistory"]),
			`[{"endTime":"2026-03-01T13:00:00.005+00:00","startTime":"2026-03-01T12:00:00.005+00:00"}]`)
		now = now.Add(time.Hour)
		c.ok("DELETE", c.instance())
		equal(t, "known", string(c.ok("GET", known1+"/is-known").Object["flag"])+list("")+list("/active"),
			`true["one"]`)
		if r.since("4.2") {
			equal(t, "stopped", string(status()["active"])+status().Text("serverStartTime"), "false")
			equal(t, "ended", status().Text("serverEndTime"), "2026-03-01T14:00:00.005+00:00")
			for _, path := range []string{known1 + "/instance/configuration", known1 + "/instance/status"} {
				c.fails("OMAG-MULTI-TENANT-404-001", "GET", path)
			}
			c.fails("OMAG-MULTI-TENANT-404-001", "DELETE", known1)
			c.ok("POST", c.instance())
			c.ok("DELETE", known1)
			equal(t, "unregistered", c.Running("one"), false)
		} else {
			c.fails("OMAG-MULTI-TENANT-404-001", "GET", known1+"/status")
			equal(t, "unregister", c.ask("DELETE", known1, "").status, 404)
		}
		f := c.fails("OMAG-MULTI-TENANT-404-001", "DELETE", c.instance())
		equal(t, "action", f.Text("actionDescription") == "shutdownServer", r.since("4.2"))
		now = now.Add(-2 * time.Hour)
	}
}

func TestOlderPaths(t *testing.T) {
	c := start(t, "4.2")
	c.run()
	equal(t, "status", object(t, c.ok("GET", of1+"/instance/status").Object["serverStatus"]).Text("serverActiveStatus"),
		"RUNNING")
	c.ok("DELETE", of1+"/instance")
	c.ok("POST", of1+"/instance")
	equal(t, "runs", c.Running("one"), true)
	equal(t, "before 4.2", start(t, "4.1").ask("POST", known1+"/instance", "").status, 404)
	equal(t, "6.0", start(t, "6.0").ask("POST", of1+"/instance", "").status, 404)
}

func TestStartRefusals(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		doc := `{"class":"OMAGServerConfig","versionId":"` + c.release.documentVersion() + `","localServerName":"one"`
		id := "OMAG-ADMIN-400-019"
		if c.release.since("5.3") {
			id = "OMAG-ADMIN-400-011"
		}
		c.fails(id, "POST", c.instance())
		for more, want := range map[string]struct{ id, class, action string }{
			``: {"OMAG-ADMIN-400-019", "OMAGConfigurationErrorException", "getServerType"},
			`,"repositoryServicesConfig":{"class":"RepositoryServicesConfig"}`: {"OMAG-ADMIN-400-035",
				"InvalidParameterException", "getServerType"},
			`,"dynamicIntegrationGroupsConfig":[{"class":"IntegrationGroupConfig"}]`: {"OMAG-ADMIN-400-010",
				"OMAGConfigurationErrorException", "activateWith"},
			`,"viewServicesConfig":[]`: {"OMAG-ADMIN-400-010", "OMAGConfigurationErrorException", "activateWith"},
		} {
			c.ok("POST", document1, doc+more+"}")
			f := c.fails(want.id, "POST", c.instance())
			if !strings.HasSuffix(f.Text("exceptionClassName"), want.class) ||
				!strings.HasPrefix(f.Text("actionDescription"), want.action) {
				t.Errorf("%s: %v", more, f)
			}
			if c.release.since("4.2") {
				c.fails(want.id, "POST", c.instance()+"/configuration", doc+more+"}")
			}
		}
		c.ok("POST", document1, strings.Replace(doc, c.release.documentVersion(), "V1", 1)+"}")
		c.fails("OMAG-ADMIN-400-023", "POST", c.instance())
		if c.release.since("4.2") {
			c.fails("OMAG-ADMIN-400-002", "POST", c.instance()+"/configuration", strings.Replace(doc, "one", "two", 1)+
				"}")
			r := c.ok("POST", c.instance()+"/configuration",
				doc+`,"repositoryServicesConfig":{"localRepositoryConfig":{}}}`)
			if !strings.HasSuffix(r.Text("successMessage"), "[Open Metadata Repository Services (OMRS)]") {
				t.Error(r)
			}
			f := c.fails("OMAG-MULTI-TENANT-404-002", "GET", daemon1+"/status")
			equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]),
				`["Integration Daemon Services","one","`+c.User+`"]`)
			equal(t, "class", strings.HasSuffix(f.Text("exceptionClassName"), ".PropertyServerException"),
				c.release.since("5.3"))
		}
		equal(t, "running", c.Running("one"), c.release.since("4.2"))
	})
}

func TestDaemon(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, r := range releases {
		c := start(t, string(r), WithClock(func() time.Time { return now }))
		all := [][2]string{
			{"GET", "/status"}, {"GET", "/integration-groups/summary"}, {"GET", "/integration-groups/a/summary"},
			{"GET", "/integration-groups/a/refresh-config"}, {"POST", "/integration-connectors/refresh"},
			{"POST", "/integration-connectors/restart"},
		}
		for _, call := range all {
			c.fails("OMAG-MULTI-TENANT-404-001", call[0], daemon1+call[1])
		}
		c.run()
		summary := func(name string) fakehttp.Object {
			t.Helper()
			return object(t, c.ok("GET", daemon1+"/integration-groups/"+name+"/summary").
				Object["integrationGroupSummary"])
		}
		equal(t, "summaries",
			string(c.ok("GET", daemon1+"/integration-groups/summary").Object["integrationGroupSummaries"]),
			`[{"integrationGroupName":"a","integrationGroupStatus":"ASSIGNED"},{"integrationGroupName":"b",`+
				`"integrationGroupStatus":"ASSIGNED"}]`)
		for _, path := range []string{"/summary", "/refresh-config"} {
			f := c.fails("INTEGRATION-DAEMON-SERVICES-400-034", "GET", daemon1+"/integration-groups/z"+path)
			equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]),
				map[bool]string{false: `["z","one"]`, true: `["one","z"]`}[r.since("5.0")])
		}

		none := [][2]string{{"GET", "/status"}, {"POST", "/integration-connectors/refresh"},
			{"POST", "/integration-connectors/restart"}}
		for _, call := range none {
			if !r.since("5.0") {
				c.ok(call[0], daemon1+call[1])
				continue
			}
			f := c.fails("OMAG-COMMON-400-016", call[0], daemon1+call[1])
			equal(t, "crash", strings.Contains(f.Text("exceptionErrorMessage"), ` is null`), true)
		}

		c.SetGroup("one", "b", "FAILED")
		equal(t, "b", summary("b").Text("integrationGroupStatus"), "FAILED")
		c.AddConnector("one", "a", "files")
		a := summary("a")
		equal(t, "a", a.Text("integrationGroupStatus"), "RUNNING")
		if a.Null("integrationGroupGUID") {
			t.Error(a)
		}
		report := func() fakehttp.Object {
			t.Helper()
			status := object(t, c.ok("GET", daemon1+"/status").Object["integrationDaemonStatus"])
			equal(t, "reports of the daemon", status.Null("integrationConnectorReports"), !r.since("5.0"))
			equal(t, "summaries of the daemon", strings.Count(string(status["integrationGroupSummaries"]),
				"integrationGroupStatus"), 2)
			return object(t, json.RawMessage(strings.Trim(string(summary("a")["integrationConnectorReports"]), "[]")))
		}
		first := report()
		equal(t, "report", first.Text("connectorName")+first.Text("lastRefreshTime"), "files")
		equal(t, "status", first.Text("connectorStatus") == "WAITING" && first.Null("connectorGUID") == r.since("6.1"),
			r.since("5.0"))
		now = now.Add(time.Hour)
		c.ok("POST", daemon1+"/integration-connectors/refresh", `{"class":"NameRequestBody","name":"files"}`)
		refreshed := report().Text("lastRefreshTime")
		equal(t, "refreshed", refreshed, now.Format("2006-01-02T15:04:05.000+00:00"))
		now = now.Add(time.Hour)
		c.ok("POST", daemon1+"/integration-connectors/restart", `{"class":"NameRequestBody"}`)
		again := report()
		if again.Text("lastRefreshTime") != refreshed ||
			again.Text("connectorInstanceId") == first.Text("connectorInstanceId") ||
			again.Text("lastStatusChange") == first.Text("lastStatusChange") {
			t.Error(again)
		}
		for _, call := range []string{"/refresh", "/restart"} {
			f := c.fails("INTEGRATION-DAEMON-SERVICES-400-031", "POST", daemon1+"/integration-connectors"+call,
				`{"class":"NameRequestBody","name":"nobody"}`)
			equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]), `["nobody","one"]`)
			for _, body := range []string{`{"name":"files"}`, `{}`, `{"class":"Nothing","name":"files"}`} {
				c.oddly().ok("POST", daemon1+"/integration-connectors"+call, body)
			}
			equal(t, "type", c.ask("POST", daemon1+"/integration-connectors"+call, `{}`, "Content-Type",
				"text/plain").status, c.refused(415))
		}

		c.ok("POST", put1+"/all", "["+groupJSON("n")+"]")
		equal(t, "not before a restart", summary("a").Text("integrationGroupName"), "a")
		c.ok("POST", c.instance())
		equal(t, "after a restart", summary("n").Text("integrationGroupStatus"), "ASSIGNED")
		c.fails("INTEGRATION-DAEMON-SERVICES-400-034", "GET", daemon1+"/integration-groups/a/summary")
		c.ok("DELETE", c.instance())
		for _, call := range all {
			c.fails("OMAG-MULTI-TENANT-404-001", call[0], daemon1+call[1])
		}
	}
}

// Since 5.3, two operations have a second path.
func TestServerOperationsPaths(t *testing.T) {
	for release, known := range map[string]bool{"4.2": false, "5.0": false, "5.3": true, "6.0": true, "6.1": true} {
		c := start(t, release)
		c.run()
		for _, name := range []string{"configuration", "status"} {
			path := "/open-metadata/server-operations/servers/one/instance/" + name
			if !known {
				equal(t, release+" "+name, c.oddly().ask("GET", path, "").status, c.refused(http.StatusNotFound))
				continue
			}
			got, want := c.oddly().ok("GET", path).Object, c.ok("GET", c.instance()+"/"+name).Object
			delete(got, "requestId")
			delete(want, "requestId")
			equal(t, release+" "+name, fmt.Sprint(got), fmt.Sprint(want))
		}
	}
}
