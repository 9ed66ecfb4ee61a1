package egeriatest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const logs1 = of1 + "/audit-log-destinations"

// destinations returns the qualified names of the audit log destinations.
func (c *caller) destinations() string {
	var names []string
	for _, o := range members(c.ok("GET", logs1).Object, "connections") {
		names = append(names, o.Text("qualifiedName"))
	}
	return strings.Join(names, "|")
}

func TestAuditLogDestinations(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		equal(t, "before", c.destinations(), "")
		c.ok("DELETE", logs1)
		equal(t, "nothing to clear", c.destinations(), "")
		c.ok("POST", logs1+"/default")
		c.ok("POST", logs1+"/console", `["Error","Exception"]`)
		c.ok("POST", logs1+"/slf4j", `["Security"]`)
		equal(t, "added", c.destinations(), "Console- default|Console- [Error, Exception]|SLF4J- [Security]")
		c.ok("POST", logs1+"/slf4j", `[]`)
		equal(t, "of nothing", strings.HasSuffix(c.destinations(), "|SLF4J- no output"), true)

		c.ok("DELETE", logs1+"/connection/"+url.PathEscape("Console- [Error, Exception]"))
		equal(t, "by its qualified name", c.destinations(), "Console- default|SLF4J- [Security]|SLF4J- no output")
		c.ok("DELETE", logs1+"/connection/SLF4J")
		equal(t, "all of a display name", c.destinations(), "Console- default")
		f := c.fails("OMAG-ADMIN-404-100", "DELETE", logs1+"/connection/SLF4J")
		equal(t, "code", fmt.Sprint(string(f.Object["relatedHTTPCode"]),
			string(f.Object["exceptionErrorMessageParameters"])), `404["SLF4J","delete"]`)
		c.ok("DELETE", logs1)
		equal(t, "cleared", c.destinations(), "")
	})
}

func TestAuditLogSeveritiesAreAListOfTexts(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		for _, body := range []string{`{}`, `null`, `"Error"`, `[{}]`, `[`, ``} {
			equal(t, body, c.oddly().ask("POST", logs1+"/console", body).status, c.refused(400))
		}
		equal(t, "text", c.oddly().ask("POST", logs1+"/slf4j", `["Error"]`, "Content-Type", "text/plain").status,
			c.refused(415))
		equal(t, "nothing is stored", c.Document("one") == nil, true)
	})
}

func TestServerTypeOfADocument(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		path := of1 + "/server-type-classification"
		id := "OMAG-ADMIN-500-001"
		if c.release.bearers() {
			id = "OMAG-ADMIN-400-019"
		}
		c.fails(id, "GET", path)
		c.ok("POST", put1, groupJSON("a"))
		c.ok("POST", logs1+"/default")
		kind := member(c.ok("GET", path).Object, "serverTypeClassification")
		equal(t, "type", kind.Text("serverTypeName"), "Integration Daemon")
		equal(t, "above", member(kind, "serverSuperType").Text("serverTypeName"), "Governance Server")
	})
}
