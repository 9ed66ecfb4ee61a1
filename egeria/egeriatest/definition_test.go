package egeriatest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// groupAt returns a group whose definition is on a metadata server of the platform at url.
func groupAt(url, server, name string) string {
	return strings.NewReplacer("https://h:9443", url, `"mds"`, `"`+server+`"`).Replace(groupJSON(name))
}

// runWith starts the server as a daemon with these groups.
func (c *caller) runWith(groups ...string) {
	c.t.Helper()
	c.ok("POST", put1+"/all", "["+strings.Join(groups, ",")+"]")
	c.ok("POST", of1+"/audit-log-destinations/default")
	c.ok("POST", c.instance())
}

// startMetadataServer starts a server with a repository.
func (c *caller) startMetadataServer(name string) {
	c.t.Helper()
	c.SetDocument(name, []byte(`{"class":"OMAGServerConfig","versionId":"`+c.release.documentVersion()+
		`","localServerName":"`+name+
		`","repositoryServicesConfig":{"localRepositoryConfig":{}}}`))
	c.ok("POST", strings.Replace(c.instance(), "/one", "/"+name, 1))
}

func (c *caller) summaryOf(group string) fakehttp.Object {
	c.t.Helper()
	return object(c.t, c.ok("GET", daemon1+"/integration-groups/"+group+"/summary").Object["integrationGroupSummary"])
}

func refreshPath(group string) string {
	return daemon1 + "/integration-groups/" + group + "/refresh-config"
}

func TestRefreshReadsTheDefinition(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, r := range releases {
		c := start(t, string(r), WithClock(func() time.Time { return now }))
		c.runWith(groupAt(c.URL, "mds", "a"), groupAt("https://elsewhere:9443", "mds", "b"),
			groupAt(c.URL, "mds", "unknown"))
		c.fails("OMAG-COMMON-503-001", "GET", refreshPath("b"))
		absent := "OMAG-COMMON-503-001"
		if r == "5.3" {
			absent = "OMAG-MULTI-TENANT-404-001"
		}
		f := c.fails(absent, "GET", refreshPath("a"))
		equal(t, "the metadata server", strings.Contains(string(f.Object["exceptionErrorMessageParameters"]), `"mds"`),
			true)
		equal(t, "status", c.summaryOf("a").Text("integrationGroupStatus"), assigned)

		c.startMetadataServer("mds")
		now = now.Add(definitionPause)
		c.RemoveDefinition("mds", "unknown")
		f = c.fails("INTEGRATION-DAEMON-SERVICES-400-032", "GET", refreshPath("unknown"))
		equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]), `["unknown","mds","one"]`)
		c.ok("GET", refreshPath("a"))
		a := c.summaryOf("a")
		equal(t, "status", a.Text("integrationGroupStatus"), "RUNNING")
		equal(t, "read", a.Text("lastRefreshTime") == now.Format(isoLayout), r.since("5.0"))
		equal(t, "description", a.Null("integrationGroupDescription"), !r.since("5.0"))
	}
}

// If the metadata server is missing at the start of a daemon, the daemon tries again after
// 2,000,000 ms.
func TestDefinitionsAreReadAtStartAndLater(t *testing.T) {
	for _, r := range releases {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		c := start(t, string(r), WithClock(func() time.Time { return now }))
		c.runWith(groupAt(c.URL, "mds", "a"), groupJSON("elsewhere"))
		c.startMetadataServer("mds")
		status := func() string { return c.summaryOf("a").Text("integrationGroupStatus") }
		equal(t, "at once", status(), assigned)
		now = now.Add(definitionRetry - time.Millisecond)
		equal(t, "before 2,000,000 ms", status(), assigned)
		now = now.Add(time.Millisecond)
		equal(t, "then", status(), "RUNNING")
		c.ok("POST", c.instance())
		equal(t, "metadata server first", status(), "RUNNING")
		equal(t, "another", c.summaryOf("elsewhere").Text("integrationGroupStatus"), assigned)
	}
}

// Since 6.1, a failed attempt also counts.
func TestRefreshPauses(t *testing.T) {
	for _, r := range releases {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		c := start(t, string(r), WithClock(func() time.Time { return now }))
		c.runWith(groupJSON("a"), groupJSON("b"), groupJSON("c"))
		for _, group := range []string{"a", "b", "c"} {
			failed := func() bool {
				return c.ask("GET", refreshPath(group), "").Text("exceptionErrorMessageId") == "OMAG-COMMON-503-001"
			}
			equal(t, "the first", failed(), true)
			now = now.Add(time.Second)
			equal(t, "soon", failed(), !r.since("6.1"))
			now = now.Add(definitionPause - 2*time.Second)
			equal(t, "a second before the end", failed(), !r.since("6.1"))
			now = now.Add(definitionPause)
			equal(t, "later", failed(), true)
		}
	}
}

func TestConnectorReports(t *testing.T) {
	for _, r := range releases {
		c := start(t, string(r))
		c.run()
		for _, name := range []string{"files", "topics", "x y"} {
			c.AddConnector("one", "a", name)
		}
		nested := listOf(t, c.summaryOf("a")["integrationConnectorReports"])
		status := object(t, c.ok("GET", daemon1+"/status").Object["integrationDaemonStatus"])
		top := listOf(t, status["integrationConnectorReports"])
		equal(t, "reports", fmt.Sprint(len(nested), len(top) == 3), fmt.Sprint(3, r.since("5.0")))
		for i, report := range top {
			equal(t, "ID", report.Text("connectorInstanceId"), report.Text("connectorId"))
			equal(t, "GUID", report.Null("connectorGUID"), false)
			equal(t, "nested GUID", nested[i].Null("connectorGUID"), r.since("6.1"))
			equal(t, "connection", report.Null("connection") || nested[i].Null("connection"), false)
			equal(t, "group", report.Text("integrationGroupGUID") == c.summaryOf("a").Text("integrationGroupGUID"),
				r.since("6.1"))
		}
	}
}

func listOf(t *testing.T, raw json.RawMessage) (all []fakehttp.Object) {
	t.Helper()
	if raw != nil && json.Unmarshal(raw, &all) != nil {
		t.Fatalf("%s", raw)
	}
	return all
}

// The order of a Java map differs from that of the configuration.
func TestSummariesInMapOrder(t *testing.T) {
	for want, names := range map[string][]string{
		"Group:2 Group:1": {"Group:1", "Group:2"}, "a b c": {"c", "a", "b"}, "Aa BB": {"Aa", "BB"},
	} {
		c := start(t, "6.1")
		var groups []string
		for _, name := range names {
			groups = append(groups, groupJSON(name))
		}
		c.runWith(groups...)
		var got []string
		for _, o := range listOf(t, c.ok("GET", daemon1+"/integration-groups/summary").
			Object["integrationGroupSummaries"]) {
			got = append(got, o.Text("integrationGroupName"))
		}
		equal(t, "order", strings.Join(got, " "), want)
	}
}
