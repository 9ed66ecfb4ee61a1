package egeriatest

import (
	"fmt"
	"testing"
)

const servers1 = "/open-metadata/platform-services/server-platform/servers"

func TestAllServersStop(t *testing.T) {
	for _, path := range []string{servers1 + "/instance", servers1} {
		eachRelease(t, func(t *testing.T, c *caller) {
			c.run()
			if !c.release.since("4.2") {
				equal(t, path, c.ask("DELETE", path, "").status,
					c.refused(map[bool]int{true: 405, false: 404}[path == servers1]))
				return
			}
			for _, name := range []string{"two", "instance"} {
				document := "/open-metadata/admin-services/servers/" + name
				c.ok("POST", document+"/integration-groups/configuration/all", "["+groupJSON("g")+"]")
				c.ok("POST", document+"/audit-log-destinations/default")
				c.ok("POST", servers1+"/"+name+"/instance")
			}
			c.ok("DELETE", servers1+"/two/instance")
			c.ok("DELETE", path)
			c.ok("DELETE", path)
			equal(t, "running", fmt.Sprint(c.Running("one"), c.Running("two"), c.Running("instance")),
				"false false false")
			equal(t, "active", c.ok("GET", servers1+"/active").Null("serverList"), true)
			equal(t, "documents", c.Document("one") != nil && c.Document("instance") != nil, true)
			equal(t, "history", len(c.instances["two"].history), 1)
		})
	}
}

func TestServicesOfAServer(t *testing.T) {
	for release, name := range map[string]string{
		"4.0": "OMAG Server Operational Services", "4.2": "Platform Services", "5.3": "Server Operations",
		"6.1": "Server Operations",
	} {
		c := start(t, release)
		f := c.fails("OMAG-MULTI-TENANT-404-001", "GET", known1+"/services")
		equal(t, "name", f.Text("serverName"), "one")
		c.run()
		got := string(c.ok("GET", known1+"/services").Object["serverServicesList"])
		equal(t, release, got, `["Open Metadata Repository Services (OMRS)","`+name+`","Integration Daemon Services"]`)
		c.ok("DELETE", c.instance())
		equal(t, "stopped", c.ok("GET", known1+"/services").Null("serverServicesList"), true)
	}
	c := start(t, "5.3").oddly()
	c.run()
	equal(t, "the other path", c.ok("GET", "/open-metadata/server-operations/servers/one/services").Text("serverName"),
		"one")
}

func TestPlaceholderVariables(t *testing.T) {
	const path = "/open-metadata/admin-services/stores/placeholder-variables"
	for _, version := range []string{"5.3", "6.0", "6.1"} {
		c := start(t, version, WithPlaceholders(map[string]string{"x": "1"}))
		equal(t, "of the option", string(c.ok("GET", path).Object["stringMap"]), `{"egeriaEndpoint":"`+c.URL+
			`","x":"1"}`)
		c.oddly().ok("POST", path, `{"y":"two","n":3}`)
		equal(t, "replaced", string(c.ok("GET", path).Object["stringMap"]), `{"n":"3","y":"two"}`)
		c.ok("POST", path, `{"place":"here"}`)
		c.ok("POST", put1+"/all", "["+groupJSON("~{place}~:~{x}~")+"]")
		if c.release.bearers() {
			groups := groupsOf(member(c.ok("GET", of1+"/configuration/resolved").Object, "omagserverConfig"))
			equal(t, "resolved", groups[0].Text(groupName), "here:~{x}~")
		}
		c.ok("DELETE", path)
		equal(t, "cleared", c.ok("GET", path).Null("stringMap"), true)
	}
	c := start(t, "4.3")
	equal(t, "4.3", c.ask("GET", path, "").status, 404)
}
