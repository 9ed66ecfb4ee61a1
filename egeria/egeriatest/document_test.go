package egeriatest

import (
	"strings"
	"testing"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

const document1 = of1 + "/configuration"

func (c *caller) document() fakehttp.Object {
	c.t.Helper()
	return object(c.t, c.ok("GET", document1).Object["omagserverConfig"])
}

func TestDocument(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		version := "V2.0"
		if c.release.bearers() {
			version = "V6.0"
		}
		url := "https://localhost:9443"
		if c.release.since("5.0") {
			url = c.release.placeholder("egeriaEndpoint")
		}
		doc := c.document()
		for member, want := range map[string]string{
			"class": `"OMAGServerConfig"`, "versionId": `"` + version + `"`, "localServerName": `"one"`,
			"localServerURL":    `"` + url + `"`,
			"localServerUserId": `"OMAGServer"`, "maxPageSize": "1000", "auditTrail": "", groupList: "",
		} {
			equal(t, member, string(doc[member]), want)
		}
		equal(t, "type", doc.Null("localServerType"), c.release.since("5.0"))
		equal(t, "secrets store", doc.Null("secretsStoreProvider"), !c.release.bearers())
		equal(t, "ID", doc.Null("localServerId"), c.release.bearers())
		if !c.release.bearers() && c.document().Text("localServerId") == doc.Text("localServerId") ||
			c.Document("one") != nil {
			t.Error("a default document is stored")
		}

		body := `{"class":"OMAGServerConfig","versionId":"` + version +
			`","localServerName":"one","maxPageSize":7,"surprise":{"n":12345678901234567890},` +
			`"eventBusConfig":{"n":12345678901234567890},"organizationName":null,"dynamicIntegrationGroupsConfig":[` +
			groupJSON("a") + `]}`
		c.ok("POST", document1, body)
		doc = c.document()
		equal(t, "digits", string(doc["eventBusConfig"]), `{"n":12345678901234567890}`)
		equal(t, "unknown, null and groups", string(doc["surprise"])+string(doc["organizationName"])+c.names(), "a")
		equal(t, "size", string(doc["maxPageSize"]), "7")
		if trail := c.AuditTrail("one"); len(trail) != 1 || !strings.HasSuffix(trail[0],
			" "+c.User+" deployed configuration for server.") {
			t.Error(trail)
		}

		r := c.fails("OMAG-ADMIN-400-002", "POST", document1, strings.Replace(body, `"one"`, `"two"`, 1))
		equal(t, "parameters", string(r.Object["exceptionErrorMessageParameters"]), `["one","two"]`)
		r = c.fails("OMAG-ADMIN-400-002", "POST", document1, strings.Replace(body, `"one"`, "null", 1))
		equal(t, "parameters", string(r.Object["exceptionErrorMessageParameters"]), `["one",null]`)
		for _, refused := range []string{`{}`, `null`, `[]`, `{"class":"X"}`} {
			equal(t, refused, c.ask("POST", document1, refused).status, c.refused(400))
		}
		equal(t, "kept", string(c.document()["maxPageSize"]), "7")

		for bad, shown := range map[string]string{`"V9.9"`: "V9.9", "null": "V1.0"} {
			c.ok("POST", document1, strings.Replace(body, `"`+version+`"`, bad, 1))
			for _, f := range []response{
				c.fails("OMAG-ADMIN-400-023", "GET", document1), c.fails("OMAG-ADMIN-400-023", "GET", put1),
				c.fails("OMAG-ADMIN-400-023", "POST", put1, groupJSON("b")), c.fails("OMAG-ADMIN-400-023", "DELETE",
					groups1+"/a"),
				c.fails("OMAG-ADMIN-400-023", "DELETE", groups1),
			} {
				equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]), `["one","`+shown+`","[`+
					version+`]"]`)
			}
			if r := c.ok("GET", "/open-metadata/admin-services/configurations"); r.Object["omagserverConfigs"] != nil {
				t.Errorf("lists %v", r)
			}
		}
		c.ok("DELETE", document1)
		c.ok("DELETE", document1)
		equal(t, "deleted", c.names()+string(c.Document("one")), "")

		c.ok("POST", document1, body)
		c.ok("POST", "/open-metadata/admin-services/servers/two/organization-name?name=o", "")
		r = c.ok("GET", "/open-metadata/admin-services/configurations")
		if !strings.Contains(r.text, `"localServerName":"one"`) || !strings.Contains(r.text,
			`"localServerName":"two"`) {
			t.Error(r)
		}
	})
}

func TestUnknownMembers(t *testing.T) {
	group := strings.Replace(groupJSON("a"), "{", `{"secretsStoreProvider":"p","newer":{"n":1.10},`, 1)
	for version, want := range map[string]string{
		"4.3": groupJSON("a"), "6.1": strings.TrimSuffix(groupJSON("a"), "}") + `,"secretsStoreProvider":"p"}`,
	} {
		c := start(t, version)
		c.ok("POST", put1, group)
		equal(t, version, string(c.Groups("one")[0]), want)
		c.ok("POST", put1+"/all", "["+group+"]")
		equal(t, version+" all", string(c.Groups("one")[0]), want)
		all := c.ok("GET", put1)
		equal(t, version+" read", string(all.Object["groups"]), "["+want+"]")
	}
	c := start(t, "6.1", WithUnknownMembers())
	c.ok("POST", put1, group)
	equal(t, "kept", string(c.Groups("one")[0]), strings.Replace(strings.TrimSuffix(groupJSON("a"), "}"),
		`"omagserverName"`, `"newer":{"n":1.10},"omagserverName"`, 1)+`,"secretsStoreProvider":"p"}`)
	if !strings.Contains(string(c.Groups("one")[0]), `"newer":{"n":1.10}`) {
		t.Error(c.Groups("one"))
	}
	c.ok("POST", document1, `{"class":"OMAGServerConfig","versionId":"V6.0","localServerName":"one","newer":[1.10]}`)
	equal(t, "document", string(c.document()["newer"]), "[1.10]")
	c.SetDocument("one", []byte(`{"class":"OMAGServerConfig","versionId":"V6.0","localServerName":"one","other":1.10}`))
	equal(t, "set", string(c.document()["other"]), "1.10")
}

func TestResolved(t *testing.T) {
	c := start(t, "6.1", WithPlaceholders(map[string]string{"root": `https://"h"`}))
	c.ok("POST", put1, strings.Replace(groupJSON("a"), "https://h:9443", "~{root}~/~{other}~", 1))
	if stored := string(c.Groups("one")[0]); !strings.Contains(stored, `"~{root}~/~{other}~"`) {
		t.Error(stored)
	}
	r := c.ok("GET", document1+"/resolved")
	if !strings.Contains(r.text, `"https://\"h\"/~{other}~"`) {
		t.Error(r)
	}
	equal(t, "running", strings.Contains(c.ok("GET", document1).text, "~{root}~"), true)
	equal(t, "4.3", start(t, "4.3").ask("GET", document1+"/resolved", "").status, 404)
}

func TestDeploy(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		c.ok("POST", put1, groupJSON("a"))
		store := ""
		if c.release.bearers() {
			store = `,"secretsStoreProvider":"p","secretsStoreLocation":"l","secretsStoreCollection":"c"`
			c.fails("OMAG-ADMIN-400-001", "POST", document1+"/deploy", `{"class":"URLRequestBody","urlRoot":"`+c.URL+
				`"}`)
			f := c.fails("OPEN-METADATA-SECURITY-403-017", "POST", document1+"/deploy",
				`{"class":"URLRequestBody","urlRoot":"`+c.URL+`"`+store+`}`)
			equal(t, "user", string(f.Object["exceptionErrorMessageParameters"]), `[""]`)
		}
		c.ok("POST", document1+"/deploy?delegatingUserId="+c.User, `{"class":"URLRequestBody","urlRoot":"`+c.URL+`"`+
			store+`}`)
		if trail := c.AuditTrail("one"); len(trail) != 2 || !strings.HasSuffix(trail[1],
			"deployed configuration for server.") {
			t.Error(trail)
		}
		r := c.fails("OMAG-ADMIN-503-001", "POST", document1+"/deploy",
			`{"class":"URLRequestBody","urlRoot":"https://elsewhere:9443"`+store+`}`)
		equal(t, "code", string(r.Object["relatedHTTPCode"]), "503")
		equal(t, "class", r.Text("exceptionClassName"), adminJava+"OMAGConfigurationErrorException")
		equal(t, "left alone", len(c.AuditTrail("one")), 2)
	})
}

func TestSetters(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		for _, tt := range []struct{ path, body, member, want, line string }{
			{"/organization-name?name=Example%20Ltd", "", "organizationName", `"Example Ltd"`,
				"updated configuration for local server's owning organization's name to Example Ltd."},
			{"/organization-name?name=", "", "organizationName", "",
				"removed configuration for local server's owning organization's name."},
			{"/server-user-id?id=npa", "", "localServerUserId", `"npa"`,
				"updated configuration for local server's userId to npa."},
			{"/server-user-id?id=", "", "localServerUserId", `"OMAGServer"`,
				"removed configuration for local server's userId."},
			{"/max-page-size?limit=50", "", "maxPageSize", "50", "updated configuration for maximum page size to 50."},
			{"/max-page-size?limit=0", "", "maxPageSize", "0", "updated configuration for maximum page size to 0."},
			{"/server-url-root-for-caller", `{"class":"URLRequestBody","urlRoot":"https://d:1"}`, "localServerURL",
				`"https://d:1"`,
				"updated configuration for local server's URL root to https://d:1."},
			{"/server-type?typeName=T", "", "localServerType", `"T"`,
				"updated configuration for local server type name to T."},
		} {
			if c.release.bearers() && strings.HasPrefix(tt.path, "/server-type") {
				equal(t, tt.path, c.ask("POST", of1+tt.path, "").status, 404)
				continue
			}
			c.ok("POST", of1+tt.path, tt.body)
			equal(t, tt.path, string(c.document()[tt.member]), tt.want)
			trail := c.AuditTrail("one")
			equal(t, tt.path, strings.HasSuffix(trail[len(trail)-1], " "+c.User+" "+tt.line), true)
		}
		r := c.ask("POST", of1+"/server-description", "what it is for", "Content-Type", "text/plain")
		equal(t, "description", r.status, 200)
		equal(t, "description", c.document().Text("localServerDescription"), "what it is for")
		for _, path := range []string{"/organization-name", "/server-description", "/max-page-size",
			"/max-page-size?limit=many", "/max-page-size?limit=9999999999"} {
			equal(t, path, c.ask("POST", of1+path, "", "Content-Type", "text/plain").status, c.refused(400))
		}
		r = c.fails("OMAG-ADMIN-400-014", "POST", of1+"/max-page-size?limit=-1")
		equal(t, "parameters", string(r.Object["exceptionErrorMessageParameters"]), `["one","-1"]`)
		c.ok("POST", of1+"/audit-log-destinations/default")
		if services := string(c.document()["repositoryServicesConfig"]); !strings.Contains(services,
			"ConsoleAuditLogStoreProvider") {
			t.Error(services)
		}
	})
}

func TestProperties(t *testing.T) {
	const properties = of1 + "/server-properties"
	eachRelease(t, func(t *testing.T, c *caller) {
		if !c.release.since("5.0") {
			equal(t, "before 5.0", c.ask("POST", properties, `{}`).status, 404)
			return
		}
		const class = `"class":"BasicServerProperties"`
		store, lines, url := "", 6, "https://localhost:9443"
		if c.release.bearers() {
			store, lines, url = `,"secretsStoreProvider":"p","secretsStoreLocation":"l",`+
				`"secretsStoreCollection":"c"`, 5, "~{egeriaEndpoint}~"
		}
		c.ok("POST", properties,
			`{`+class+`,"organizationName":"o","localServerDescription":"d","localServerURL":"https://u",`+
				`"localServerUserId":"i",
			"maxPageSize":5`+store+`}`)
		doc := c.document()
		equal(t, "set", doc.Text("organizationName")+doc.Text("localServerDescription")+doc.Text("localServerURL")+
			doc.Text("localServerUserId")+
			string(doc["maxPageSize"]), "odhttps://ui5")
		equal(t, "secrets", doc.Text("secretsStoreLocation") == "l", c.release.bearers())
		equal(t, "lines", len(c.AuditTrail("one")), lines)
		read := object(t, c.ok("GET", properties).Object["basicServerProperties"])
		equal(t, "read", read.Text("class")+read.Text("localServerDescription")+string(read["localServerPassword"]),
			map[bool]string{true: "OMAGServerConfigd", false: "dnull"}[c.release.bearers()])
		c.ok("POST", properties, `{`+class+`,"organizationName":"p"`+store+`}`)
		doc = c.document()
		equal(t, "left out", doc.Text("organizationName")+doc.Text("localServerDescription")+doc.Text("localServerURL")+
			string(doc["maxPageSize"]), "p"+url+"1000")
	})
}

// A refused request is stored partly.
func TestPropertiesByHalf(t *testing.T) {
	const (
		properties = of1 + "/server-properties"
		class      = `"class":"BasicServerProperties"`
		secrets    = `"secretsStoreProvider":"p","secretsStoreLocation":"l","secretsStoreCollection":"c"`
	)
	for _, version := range []string{"5.0", "5.3", "6.0", "6.1"} {
		c := start(t, version).oddly()
		c.ok("POST", properties, `{`+class+`,"organizationName":"o",`+secrets+`}`)
		for _, size := range []string{"-1", "-7", "-2147483648"} {
			f := c.fails("OMAG-ADMIN-400-014", "POST", properties,
				`{`+class+`,"organizationName":"half","localServerUserId":"u`+size+`","maxPageSize":`+size+`}`)
			equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]), `["one","`+size+`"]`)
			equal(t, "half", c.document().Text("organizationName")+c.document().Text("localServerUserId")+
				string(c.document()["maxPageSize"]), "halfu"+size+"1000")
		}
		if !c.release.bearers() {
			c.ok("POST", properties, `{"organizationName":"no class"}`)
			continue
		}
		equal(t, "no class", c.ask("POST", properties, `{"organizationName":"q"}`).Text("exceptionClassName"),
			typeIDError)
		for _, part := range []string{``, `,"secretsStoreLocation":"m"`,
			`,"secretsStoreProvider":"q","secretsStoreCollection":"d"`} {
			c.fails("OMAG-ADMIN-400-041", "POST", properties, `{`+class+`,"organizationName":"r","maxPageSize":3`+part+
				`}`)
			doc := c.document()
			equal(t, "half", doc.Text("organizationName")+string(doc["maxPageSize"])+doc.Text("secretsStoreLocation")+
				doc.Text("secretsStoreCollection"), "r3lc")
		}
	}
	c := start(t, "5.3").oddly()
	c.ok("POST", properties, `{"localServerPassword":"s3cret"}`)
	c.ok("POST", properties, `{"organizationName":"o"}`)
	equal(t, "password", c.document().Text("localServerPassword"), "s3cret")
}

func TestDaemonServices(t *testing.T) {
	const services = of1 + "/integration-daemon-services"
	eachRelease(t, func(t *testing.T, c *caller) {
		if !c.release.since("5.0") {
			equal(t, "before 5.0", c.ask("GET", services, "").status, 404)
			return
		}
		equal(t, "none", string(c.ok("GET", services).Object["services"]),
			`{"class":"IntegrationDaemonServicesConfig"}`)
		c.ok("POST", services, `{"class":"IntegrationDaemonServicesConfig","dynamicIntegrationGroupsConfig":[`+
			groupJSON("a")+`,{"class":"IntegrationGroupConfig"}]}`)
		equal(t, "groups", len(c.Groups("one")), 2)
		equal(t, "audit trail", len(c.AuditTrail("one")), 0)
		equal(t, "repository services", c.document().Null("repositoryServicesConfig"), true)
		equal(t, "read", string(c.ok("GET", services).Object["services"]),
			`{"class":"IntegrationDaemonServicesConfig",`+
				`"dynamicIntegrationGroupsConfig":[`+groupJSON("a")+`,{"class":"IntegrationGroupConfig"}]}`)
		c.ok("DELETE", services)
		equal(t, "cleared", c.names()+string(c.document()[groupList]), "")
		c.ok("DELETE", services)
		for _, body := range []string{"null", "{}", "[]"} {
			equal(t, body, c.ask("POST", services, body).status, c.refused(400))
		}
		c.ok("POST", put1, groupJSON("a"))
		equal(t, "repository services", c.document().Null("repositoryServicesConfig"), false)
	})
}

func TestEncryptedStore(t *testing.T) {
	eachRelease(t, func(t *testing.T, plain *caller) {
		if plain.release.bearers() {
			return
		}
		c := start(t, string(plain.release), WithEncryptedStore())
		const other = "/open-metadata/admin-services/servers/other/integration-groups/configuration"
		c.fails("OMAG-ADMIN-500-002", "GET", "/open-metadata/admin-services/configurations")
		c.ok("POST", put1, groupJSON("a"))
		equal(t, "stored", c.names(), "a")
		c.ok("DELETE", "/open-metadata/admin-services/servers/nobody/configuration")
		f := c.fails("OMAG-ADMIN-500-001", "GET", put1)
		equal(t, "cause", f.Text("exceptionCausedBy")+string(f.Object["relatedHTTPCode"]), storeException+"500")
		c.fails("OMAG-ADMIN-500-001", "POST", put1, groupJSON("a"))
		if r := c.ask("DELETE", document1, ""); r.Text("exceptionCausedBy") != "java.lang.NullPointerException" {
			t.Error(r)
		}
		c.ok("POST", other, groupJSON("a"))
		c.ok("GET", other)
		f = c.fails("OMAG-ADMIN-500-001", "GET", document1)
		equal(t, "another key", strings.Contains(f.Text("exceptionErrorMessage"), "decryption failed"), true)
		c.fails("OMAG-ADMIN-500-002", "GET", "/open-metadata/admin-services/configurations")

		plain.ok("POST", put1, groupJSON("a"))
		plain.ok("DELETE", "/open-metadata/admin-services/servers/nobody/configuration")
		equal(t, "clear text", plain.names(), "a")
	})
}
