package egeriatest

import (
	"fmt"
	"strings"
	"testing"
)

const cacheControl = "no-cache, no-store, max-age=0, must-revalidate"

func TestCacheControl(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		want := ""
		if c.release.since("5.0") {
			want = cacheControl
		}
		for _, path := range []string{put1, origin, "/nothing", known1 + "/status", of1 + "/organization-name"} {
			equal(t, path, c.oddly().ask("GET", path, "").header.Get("Cache-Control"), want)
		}
		for _, path := range []string{groups1 + "/a%25b", groups1 + "/a%2Fb", groups1 + "/.."} {
			equal(t, path, c.oddly().ask("GET", path, "").header.Get("Cache-Control"), "")
		}
	})
}

func TestHeadAndOptions(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		for path, allow := range map[string]string{
			put1: "GET, HEAD, OPTIONS, POST", groups1 + "/a": "DELETE, OPTIONS",
			document1: "DELETE, GET, HEAD, OPTIONS, POST",
		} {
			if path == put1 {
				allow = "DELETE, " + allow // it is also the path of a group
			}
			r := c.oddly().ask("OPTIONS", path, "")
			equal(t, "OPTIONS "+path, fmt.Sprint(r.status, r.header.Get("Allow"), r.text), fmt.Sprint(200, allow))
			r = c.oddly().ask("HEAD", path, "")
			if strings.Contains(allow, "HEAD") {
				equal(t, "HEAD "+path, fmt.Sprint(r.status, r.header.Get("Content-Type"), r.text),
					"200application/json")
			} else {
				equal(t, "HEAD "+path, r.status, c.refused(405))
			}
		}
		equal(t, "OPTIONS /nothing", c.oddly().ask("OPTIONS", "/nothing", "").status, c.refused(404))
	})
}

// The 401 of 5.x for other causes than credentials.
func TestUnauthorizedThatIsNot(t *testing.T) {
	for _, version := range []string{"5.0", "5.3"} {
		c := start(t, version).oddly()
		for _, r := range []response{
			c.ask("GET", "/nothing", ""), c.ask("PUT", put1, "{}"), c.ask("POST", put1, "{"),
			c.ask("POST", put1, `{"omagserverName":"m"}`),
			c.ask("POST", put1, groupJSON("a"), "Content-Type", "text/plain"), c.ask("DELETE", groups1+"/a%25b", ""),
		} {
			equal(t, version, fmt.Sprint(r.status, r.header.Get("WWW-Authenticate"), r.text), "401Bearer")
		}
		equal(t, "what exists", c.ask("GET", put1, "").status, 200)
	}
}

func TestJSONErrors(t *testing.T) {
	for _, version := range []string{"6.0", "6.1"} {
		c := start(t, version).oddly()
		for _, tt := range []struct{ path, body, class, part string }{
			{put1, `{"omagserverName":"m"}`, typeIDError, "missing type id property 'class'"},
			{put1, `{"class":"Nothing"}`, typeIDError,
				"known type ids = [EngineConfig, IntegrationGroupConfig, ViewServiceConfig]"},
			{put1, `{"class":"ViewServiceConfig"}`, typeIDError, "not subtype of"},
			{put1, `{"class":"IntegrationGroupConfig","omagserverName":{}}`, mismatchError, `"omagserverName"`},
			{put1, `{"class":`, parseError, "Unexpected end-of-input"},
			{put1, `[{}]`, mismatchError, "START_OBJECT"},
			{put1 + "/all", `[{}]`, typeIDError, "missing type id"},
			{put1 + "/all", `[null,{"class":"Nothing"}]`, typeIDError, "'Nothing'"},
			{put1 + "/all", `[`, endError, "Array"},
			{put1 + "/all", `{}`, mismatchError, "java.util.ArrayList"},
			{document1, `{}`, typeIDError, "OMAGServerConfig"},
			{"/api/token", `{"userId":`, endError, "Unexpected end-of-input"},
		} {
			r := c.ask("POST", tt.path, tt.body)
			if r.status != 400 || r.Text("class") != "FFDCResponseBase" || r.Text("exceptionClassName") != tt.class ||
				!strings.Contains(r.Text("exceptionErrorMessage"), tt.part) || r.Object["requestId"] != nil {
				t.Errorf("%s %s: %v", tt.path, tt.body, r)
			}
		}
		equal(t, "no body at all", c.ask("POST", put1, "null").Text("error"), "Bad Request")
	}
}

func TestDelegation(t *testing.T) {
	eachRelease(t, func(t *testing.T, c *caller) {
		c.AddUser("erinoverview")
		for _, path := range []string{put1, document1, known1 + "/is-known"} {
			for user, known := range map[string]bool{c.User: true, "erinoverview": true, "": false, "x": false,
				"a%20b%3Fc": false} {
				r := c.oddly().ask("GET", path+"?delegatingUserId="+user, "")
				equal(t, user, r.Text("exceptionErrorMessageId") == "", known || !c.release.bearers())
				if !known && c.release.bearers() {
					equal(t, user, r.Text("exceptionErrorMessageId")+r.Text("actionDescription")+
						string(r.Object["relatedHTTPCode"]),
						"OPEN-METADATA-SECURITY-403-017getUserAccount403")
					equal(t, user, strings.HasSuffix(r.Text("exceptionClassName"), ".UserNotAuthorizedException"), true)
				}
			}
		}
		f := c.oddly().ask("GET", put1+"?delegatingUserId=", "")
		equal(t, "parameters", string(f.Object["exceptionErrorMessageParameters"]) == `[""]` &&
			string(f.Object["exceptionProperties"]) == `{"userId":""}`,
			c.release.bearers())
		c.oddly().ok("GET", strings.TrimSuffix(known1, "/one")+"?delegatingUserId=x")
		c.oddly().ok("POST", put1+"?delegatingUserId=erinoverview", groupJSON("a"))
		equal(t, "the user of the token", strings.Contains(c.AuditTrail("one")[0], " "+c.User+" "), true)
	})
}

func TestBadLogin(t *testing.T) {
	for _, version := range []string{"5.3", "6.0", "6.1"} {
		c := start(t, version).oddly()
		for user, text := range map[string]string{
			c.User:   "User authentication failed for user: " + c.User + " - Bad credentials",
			"nobody": "User account not found for user: nobody.",
			"a b":    "User account not found for user: a b.",
		} {
			r := c.login(`{"userId":"` + user + `","password":"wrong"}`)
			equal(t, "status", r.status, 401)
			equal(t, "challenge", r.header.Get("WWW-Authenticate") == "", c.release.bearers())
			equal(t, user, r.Text("exceptionErrorMessage") == text, c.release.bearers())
		}
	}
}

func TestListOfNoDocuments(t *testing.T) {
	const all = "/open-metadata/admin-services/configurations"
	eachRelease(t, func(t *testing.T, c *caller) {
		switch {
		case c.release.bearers():
			equal(t, "code", string(c.fails("OMAG-COMMON-400-016", "GET", all).Object["relatedHTTPCode"]), "400")
		case c.release.since("5.0"):
			equal(t, "code", string(c.fails("OMAG-ADMIN-500-002", "GET", all).Object["relatedHTTPCode"]), "500")
		default:
			c.ok("GET", all)
		}
		c.ok("POST", put1, groupJSON("a"))
		c.ok("GET", all)
		c.ok("DELETE", document1)
		c.ok("GET", all) // the directory is kept
	})
}
