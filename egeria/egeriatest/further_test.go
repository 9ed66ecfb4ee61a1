package egeriatest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Users of the fake set faults by these names.
func TestFurtherOperationsAreDocumented(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(source), "# Further operations")
	list, _, _ = strings.Cut(list, "# Recorded")
	words := strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(" ,.\n/", r) })
	named := map[string]bool{}
	for _, word := range words {
		named[word] = true
	}
	for _, op := range (&Server{}).furtherTable() {
		if !op.further || !named[op.name] {
			t.Errorf("the documentation does not name %s as a further operation", op.name)
		}
	}
}

const (
	security1 = of1 + "/security/connection"
	stores    = "/open-metadata/admin-services/stores"
	kind1     = `{"class":"ConnectorType","connectorProviderClassName":"com.example.SecurityProvider"}`
	secured   = `{"class":"Connection","connectorType":` + kind1 + `}`
)

func TestServerSecurityConnection(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		c = c.oddly()
		equal(t, "before", c.ok("GET", security1).Null("connection"), true)
		c.ok("POST", security1, secured)
		got := c.ok("GET", security1)
		equal(t, "connection", member(member(got.Object, "connection"), "connectorType").
			Text("connectorProviderClassName"), "com.example.SecurityProvider")
		class := "ConnectionResponse"
		if c.release.since("5.0") {
			class = "OCFConnectionResponse"
		}
		equal(t, "class", got.Text("class"), class)
		c.ok("DELETE", security1)
		equal(t, "after", c.ok("GET", security1).Null("connection"), true)
		trail := c.AuditTrail("one")
		equal(t, "audit trail", len(trail), 2)
		equal(t, "audit trail",
			strings.HasSuffix(trail[0], c.User+" added configuration for an Open Metadata Server Security Connector"),
			true)
	})
}

// The platform stores each setting separately.
func TestSettingsOfThePlatform(t *testing.T) {
	for _, tt := range []struct{ path, since, until, body, answer string }{
		{stores + "/connection", "4.0", "", secured, "connection"},
		{stores + "/default-configuration-document", "5.0", "", `{"class":"OMAGServerConfig","organizationName":"o"}`,
			"omagserverConfig"},
		{"/open-metadata/admin-services/platform/security/connection", "4.0", "6.0",
			`{"class":"PlatformSecurityRequestBody","platformSecurityConnection":` + secured + `}`, "connection"},
		{"/open-metadata/platform-services/server-platform/security/connection", "4.2", "",
			`{"class":"PlatformSecurityRequestBody","platformSecurityConnection":` + secured + `}`, "connection"},
	} {
		eachRelease(t, func(t *testing.T, c *caller) {
			c = c.oddly()
			if !c.release.since(release(tt.since)) || tt.until != "" && c.release.since(release(tt.until)) {
				equal(t, tt.path, c.ask("GET", tt.path, "").status, c.refused(404))
				return
			}
			before := c.ok("GET", tt.path).Object[tt.answer]
			c.ok("POST", tt.path, tt.body)
			stored := c.ok("GET", tt.path)
			equal(t, tt.path+" is kept", string(stored.Object[tt.answer]) != string(before) && !stored.Null(tt.answer),
				true)
			c.ok("DELETE", tt.path)
			equal(t, tt.path+" is cleared", string(c.ok("GET", tt.path).Object[tt.answer]), string(before))
		})
	}
}

func TestServerPasswordIsInTheQuery(t *testing.T) {
	for release, known := range map[string]bool{"4.0": true, "4.3": true, "5.3": true, "6.0": false} {
		c := start(t, release).oddly()
		path := of1 + "/server-user-password"
		if !known {
			equal(t, release, c.ask("POST", path+"?password=p", "").status, 404)
			continue
		}
		equal(t, release+" without", c.ask("POST", path, "").status, c.refused(400))
		c.ok("POST", path+"?password=s3cret")
		equal(t, release, strings.Contains(string(c.Document("one")), `"localServerPassword":"s3cret"`), true)
		c.ok("POST", path+"?password=")
		equal(t, release+" removed", strings.Contains(string(c.Document("one")), `"localServerPassword"`), false)
	}
}

const omis1 = of1 + "/integration-services"

func TestIntegrationServicesOfAServer(t *testing.T) {
	for _, version := range []string{"4.0", "4.2", "5.3"} {
		c := start(t, version).oddly()
		equal(t, "before", c.ok("GET", omis1).Null("services"), true)
		c.ok("POST", omis1+"/configuration/all", `[{"class":"IntegrationServiceConfig","integrationServiceId":605,
			"integrationServiceFullName":"Files Integrator OMIS","integrationServiceURLMarker":"files-integrator"},`+
			`null]`)
		equal(t, "configured", len(members(c.ok("GET", omis1).Object, "services")), 1)
		equal(t, "configuration", members(c.ok("GET", omis1+"/configuration").Object,
			"services")[0].Text("integrationServiceURLMarker"), "files-integrator")
		c.ok("POST", of1+"/audit-log-destinations/default")
		c.ok("POST", c.instance())
		summaries := members(c.ok("GET", daemon1+"/integration-services/summary").Object, "integrationServiceSummaries")
		equal(t, "summary", fmt.Sprint(len(summaries), summaries[0].Text("integrationServiceFullName")),
			"1Files Integrator OMIS")
		c.ok("POST", daemon1+"/integration-services/files-integrator/refresh")
		c.ok("POST", daemon1+"/integration-services/files-integrator/refresh", `{"class":"NameRequestBody","name":"x"}`)
		f := c.fails("INTEGRATION-DAEMON-SERVICES-400-030", "POST",
			daemon1+"/integration-services/topic-integrator/refresh")
		equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]), `["one","topic-integrator"]`)
		c.ok("DELETE", omis1)
		equal(t, "cleared", strings.Contains(string(c.Document("one")), "integrationServicesConfig"), false)
	}
	equal(t, "6.1", start(t, "6.1").ask("GET", omis1, "").status, 404)
}

func TestFurtherReads(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		c = c.oddly()
		platform := "/open-metadata/platform-services/server-platform"
		kind := member(c.ok("GET", platform+"/connector-types/com.example.FilesProvider").Object, "connectorType")
		equal(t, "connector type", kind.Text("connectorProviderClassName"), "com.example.FilesProvider")
		f := c.fails("OMAG-COMMON-400-016", "GET", platform+"/connector-types/com.example.Files")
		equal(t, "no provider", f.Text("exceptionCausedBy"), "java.lang.ClassNotFoundException")
		equal(t, "no repository", c.ok("GET", of1+"/local-repository/configuration").Null("config"), true)
		c.ok("POST", of1+"/local-repository/mode/in-memory-repository")
		equal(t, "repository", member(c.ok("GET", of1+"/local-repository/configuration").Object,
			"config").Text("localRepositoryMode"), "OPEN_METADATA_NATIVE")
		c.ok("POST", of1+"/access-services/no-topics")
		equal(t, "access services", len(members(c.ok("GET", of1+"/access-services/configuration").Object, "services")),
			len(c.release.registeredServices()["access"]))
		if c.release.since("5.3") {
			equal(t, "start time", c.ok("GET", platform+"/start-time").Null("date"), false)
		}
	})
}

// The older paths that start with a document, and that stop, work on the same servers.
func TestOlderPathsOfInstances(t *testing.T) {
	for version, left := range map[string]bool{"4.0": false, "4.1": false, "4.2": true, "5.3": true} {
		c := start(t, version).oddly()
		c.ok("POST", put1, groupJSON("a"))
		c.ok("POST", of1+"/audit-log-destinations/default")
		c.ok("POST", of1+"/instance/configuration", string(c.Document("one")))
		equal(t, version, c.Running("one"), true)
		running := member(c.ok("GET", of1+"/instance/configuration").Object, "omagserverConfig")
		equal(t, version+" document", running.Text("localServerName"), "one")
		c.ok("DELETE", of1)
		equal(t, version+" stopped", c.Running("one"), false)
		equal(t, version+" document stays", c.Document("one") != nil, left)
		c.fails("OMAG-MULTI-TENANT-404-001", "DELETE", of1)
		c.fails("OMAG-MULTI-TENANT-404-001", "GET", of1+"/instance/configuration")
	}
	c := start(t, "6.1")
	equal(t, "6.1", fmt.Sprint(c.ask("DELETE", of1, "").status, c.ask("GET", of1+"/instance/configuration", "").status),
		"404 404")
}
