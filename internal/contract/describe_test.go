package contract_test

import (
	"errors"
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nestedDocuments are error documents of servers and gateways, with texts that the error must have,
// and must not have.
var nestedDocuments = map[string]struct {
	body, text string
	not        string
}{
	"message in error": {`{"error":{"code":"taken_7","message":"the name is taken"}}`,
		"the name is taken (code taken_7", "{"},
	"message in errors": {`{"errors":[{"message":"the name is taken"},{"message":"another"}]}`,
		": the name is taken (", "another"},
	"RFC 9457": {`{"type":"about:blank","title":"Out of credit","status":400,"detail":"30 are left",` +
		`"instance":"/x"}`, ": Out of credit: 30 are left (", "about"},
	"RFC 9457 without title": {`{"detail":"30 are left","status":400}`, ": 30 are left (", "{"},
	"Google":                 {`{"error":{"errors":[{"domain":"global","message":"deep"}]}}`, ": deep (", "global"},
	"Apigee": {`{"fault":{"faultstring":"Invalid key","detail":{"errorcode":"oauth.v2.Bad"}}}`,
		"Invalid key (code oauth.v2.Bad", "{"},
	"GitHub": {`{"message":"Validation failed","errors":[{"field":"name","message":"it is too long"}]}`,
		": it is too long (", "field"},
	"lists by field": {`{"title":"Not valid","errors":{"name":["is too long","is odd"]}}`,
		": Not valid: name: is too long (", "is odd"},
	"FastAPI": {`{"detail":[{"loc":["body","name"],"msg":"field required"}]}`, ": field required (",
		"loc"},
	"texts in errors": {`{"errors":["first","second"]}`, ": first (", "second"},
	"upper case": {`{"Error":{"Code":"X7","Message":"the name is taken"}}`, "the name is taken (code X7",
		"{"},
	"list of documents": {`[{"errorCode":"X7","message":"the name is taken"}]`, "the name is taken (code X7", "["},
	"the same twice": {`{"title":"Not found","detail":"Not found","error":{"message":"Not found"}}`,
		": Not found (", "Not found: Not found"},
}

func TestTextOfANestedErrorDocument(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, document := range nestedDocuments {
			c, _ := start(t, v, options{retry: noRetries()}, always(400, document.body, v.requestID, "req-7"))
			text := op.do(t.Context(), c, call{}).Error()
			assert.Contains(t, text, document.text, name)
			assert.Contains(t, text, "400 Bad Request: ", name)
			_, said, _ := strings.Cut(text, "400 Bad Request")
			assert.NotContains(t, said, document.not, name)
		}
	})
}

func TestTextOfAnErrorDocumentUnderAGoodStatus(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, document := range nestedDocuments {
			if slices.Contains([]string{"Apigee", "FastAPI", "list of documents", "texts in errors"}, name) {
				continue // depends on the form
			}
			c, s := start(t, v, options{retry: noRetries()}, always(200, document.body, v.requestID, "req-7"))
			err := op.do(t.Context(), c, call{})
			if err == nil {
				continue // checked below
			}
			f := viewed(t, v, err)
			said, _, _ := strings.Cut(document.text, " (")
			assert.Contains(t, err.Error(), strings.TrimPrefix(said, ": ")+": the response is ", name)
			assert.Equal(t, !repeatable(s.requests()[0].Method), f.OutcomeUnknown, name)
		}
		for _, body := range []string{nestedDocuments["message in error"].body, nestedDocuments["RFC 9457"].body,
			nestedDocuments["message in errors"].body} {
			c, _ := start(t, v, options{retry: noRetries()}, always(200, body))
			require.Error(t, op.do(t.Context(), c, call{}), body)
		}
	})
}

func TestTitleOfAPage(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for page, want := range map[string]string{
			"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>": "502 Bad " +
				"Gateway",
			"<!DOCTYPE html>\n<HTML><TITLE lang=\"en\">\n  Sign in\n\tto R&amp;D &lt;here&gt; </TITLE>": "Sign in " +
				"to R&D <here>",
			"<html><title>" + strings.Repeat("long ", 100) + "</title>": strings.Repeat(
				"long ", 20) + "...",
			"<html><title>red &#27;[31m \u202ebidi</title>": `red ` +
				`\x1b[31m \u202ebidi`,
			"<html><body><svg><titles>no</titles></svg>no title</body>": "",
			"<html><title>never ends":                                   "",
			"<?xml version=\"1.0\"?><html " +
				"xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>XHTML</title></head>": "XHTML",
			"<html><head><title></title></head><body><title>the second " +
				"one</title></body></html>": "",
			"<html><!-- a page --><head><meta charset=utf-8><title>Wartung für " +
				"alle</title></head><body></body></html>": "Wartung für alle",
		} {
			for _, status := range []int{200, 404, 502} {
				c, _ := start(t, v, options{retry: noRetries()}, always(status, page, "Content-Type", "text/html"))
				err := op.do(t.Context(), c, call{})
				require.Error(t, err)
				assert.NotRegexp(t, `[\p{Cc}\p{Cf}]`, err.Error())
				assert.NotContains(t, err.Error(), "<html")
				if want == "" {
					assert.NotContains(t, err.Error(), "title")
					continue
				}
				_, said, _ := strings.Cut(err.Error(), map[int]string{200: "200 OK", 404: "404 Not Found",
					502: "502 Bad Gateway"}[status])
				assert.True(t, strings.HasPrefix(said, ": "+want), said)
			}
		}
	})
}

// markups are bodies of gateways that have no title, with the text that the error must have.
var markups = map[string]struct{ body, want string }{
	"XML": {`<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>blocked by policy 7</Message></Error>`,
		"AccessDenied blocked by policy 7"},
	"SOAP": {"<s:Envelope xmlns:s=\"http://x\">\n <s:Body>\n <s:Fault><faultstring>no \n route</faultstring></s:Fault>",
		"no route"},
	"CDATA": {`<Error><!-- <b>a > b</b> --><Message><![CDATA[blocked by R&D <7>]]></Message></Error>`,
		"blocked by R&D <7>"},
	"references": {`<Error>R&amp;D &lt;7&gt; says no</Error>`, "R&D <7> says no"},
	"fragment":   {"<h1>Blocked</h1>", "Blocked"},
	"two fragments": {"<style>h1{color:red}</style><h1 class=x>Blocked</h1><p>by <b>policy</b> 7",
		"Blocked by policy 7"},
	"no markup": {"<blocked> by policy 7", "by policy 7"},
	"no tag":    {"<-- blocked by policy 7", "<-- blocked by policy 7"},
	"cut":       {"<Error><Message>blocked by policy 7</Mess", "blocked by policy 7"},
	"heading": {"<html><body><h1>503 Service <i>Unavailable</i></h1>\nNo server</body></html>",
		"503 Service Unavailable"},
	"empty title":    {"<!doctype html><title> </title><body><H1 id=a>Blocked</H1><p>by policy 7", "Blocked"},
	"empty elements": {"<Error><Password/><Message>no</Message><Code/></Error>", "no"},
	"escapes":        {"<e>red &#27;[31m \u202ebidi</e>", `red \x1b[31m \u202ebidi`},
	"long":           {"<e>" + strings.Repeat("long ", 100) + "</e>", strings.Repeat("long ", 40) + "..."},
	"secrets": {`<e><API_Key a="b">pa55-1</API_Key><x:password><v>pa55-2</v></x:password>no: token=pa55-3 </e>`,
		"no: token=[redacted]"},
}

func TestTextOfMarkup(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, markup := range markups {
			for status, reason := range map[int]string{403: "403 Forbidden", 502: "502 Bad Gateway"} {
				c, _ := start(t, v, options{retry: noRetries()}, always(status, markup.body))
				err := op.do(t.Context(), c, call{})
				require.ErrorContains(t, err, reason+": "+markup.want+" (attempts", name)
				assert.NotRegexp(t, `[\p{Cc}\p{Cf}]`, err.Error())
				assert.NotContains(t, err.Error(), "pa55")
			}
			c, _ := start(t, v, options{retry: noRetries()}, always(200, markup.body))
			if err := op.do(t.Context(), c, call{}); err != nil { // a result may be a text
				assert.Contains(t, err.Error(), "200 OK: the response ", "%s: a result may be secret", name)
			}
		}
		for _, body := range []string{"<e></e>", "<e code='7'/>", "<!-- -->", "<html><body>no heading", "<token>pa55",
			"<\x00e\x00>\x00!\x00<\x00"} {
			c, _ := start(t, v, options{retry: noRetries()}, always(403, body))
			require.ErrorContains(t, op.do(t.Context(), c, call{}), "403 Forbidden (attempts", body)
		}
	})
}

func TestTextOfADocumentShowsNoCredential(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, status := range []int{200, 401} {
			for _, form := range []string{
				`{"error":{"message":"not %"}}`, `{"errors":[{"message":"not %"}]}`, `{"title":"No","detail":"not %"}`,
				`<html><title>not %</title>`,
			} {
				c, _ := start(t, v, options{retry: noRetries()}, func(_ int, r request) (*http.Response, error) {
					_, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
					if strings.HasPrefix(form, "<") {
						credential = html.EscapeString(credential)
					}
					return respond(status, strings.ReplaceAll(form, "%", credential)), nil
				})
				err := op.do(t.Context(), c, call{})
				require.Error(t, err)
				for inner := err; inner != nil; inner = errors.Unwrap(inner) {
					hides(t, shown(inner), v.secrets, form)
				}
				assert.Contains(t, err.Error(), "not [redacted]")
			}
		}
		c, _ := start(t, v, options{retry: noRetries()},
			always(200, `{"error":{"message":"the password=pa55-of-the-server is known"}}`))
		assert.NotContains(t, op.do(t.Context(), c, call{}).Error(), "pa55")
	})
}
