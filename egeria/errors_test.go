package egeria_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
)

var sentinels = map[string]error{
	"NotFound": egeria.ErrNotFound, "Unauthorized": egeria.ErrUnauthorized, "Forbidden": egeria.ErrForbidden,
	"Conflict": egeria.ErrConflict,
	"Invalid":  egeria.ErrInvalid, "RateLimited": egeria.ErrRateLimited, "QuotaExceeded": egeria.ErrQuotaExceeded,
	"Unavailable":    egeria.ErrUnavailable,
	"OutcomeUnknown": egeria.ErrOutcomeUnknown,
}

// conditions returns the names of the conditions of err, sorted.
func conditions(err error) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(sentinels)), func(name string) bool {
		return !errors.Is(err, sentinels[name])
	})
}

// failWith returns the errors of a call that may be repeated, and of an action, if the platform
// sends this response.
func failWith(t *testing.T, r response, opts ...egeria.Option) (read, action *egeria.Error) {
	t.Helper()
	c := newPlatform(egeria.Dialect6, r).client(t, opts...)
	return errorOf(t, failing(c.Server("cocoMDS1").Config.Get(t.Context()))),
		errorOf(t, c.Server("cocoMDS1").Config.Deploy(t.Context(), egeria.DeployTarget{PlatformURL: "https://h"}))
}

const completeFailure = `{
	"class": "VoidResponse", "requestId": "d84938bd-4cf1-4f8c-a7c8-9496a9301850", "relatedHTTPCode": 404,
	"exceptionClassName": "org.odpi.openmetadata.frameworks.openmetadata.ffdc.InvalidParameterException",
	"exceptionSubclassName": "org.odpi.openmetadata.frameworks.openmetadata.ffdc.ServerNotRunningException",
	"exceptionCausedBy": "java.lang.NullPointerException", "actionDescription": "validateUserForServer",
	"exceptionErrorMessage": "OMAG-MULTI-TENANT-404-001 The OMAG Server cocoMDS99 is not available to service a ` +
	`request from user admin",
	"exceptionErrorMessageId": "OMAG-MULTI-TENANT-404-001", "exceptionErrorMessageParameters": ["cocoMDS99", null, ` +
	`"admin", 3],
	"exceptionSystemAction": "The system is unable to process the request.", "exceptionUserAction": "Check that the ` +
	`server is running.",
	"exceptionProperties": {"parameterName": "serverName", "serverName": "cocoMDS99", "big": 12345678901234567890}
}`

func TestAllOfAFailureReachesTheCaller(t *testing.T) {
	t.Parallel()
	want := &egeria.Envelope{
		Class: "VoidResponse", RequestID: "d84938bd-4cf1-4f8c-a7c8-9496a9301850", RelatedHTTPCode: 404,
		ExceptionClassName:    invalidParameter,
		ExceptionSubclassName: "org.odpi.openmetadata.frameworks.openmetadata.ffdc.ServerNotRunningException",
		ExceptionCausedBy:     "java.lang.NullPointerException", ActionDescription: "validateUserForServer",
		ExceptionErrorMessage: "OMAG-MULTI-TENANT-404-001 The OMAG Server cocoMDS99 is not available to service a " +
			"request from user admin",
		ExceptionErrorMessageID: "OMAG-MULTI-TENANT-404-001", ExceptionErrorMessageParameters: []string{"cocoMDS99", "",
			"admin", "3"},
		ExceptionSystemAction: "The system is unable to process the request.",
		ExceptionUserAction:   "Check that the server is running.",
		ExceptionProperties: egeria.Object{"parameterName": json.RawMessage(`"serverName"`),
			"serverName": json.RawMessage(`"cocoMDS99"`), "big": json.RawMessage(`12345678901234567890`)},
	}
	for status, text := range map[int]string{200: "404 Not Found", 400: "404 Not Found", 404: "404 Not Found",
		500: "404 Not Found"} {
		var raw []byte
		var meta sdk.Meta
		c := newPlatform(egeria.Dialect6, response{status: status, body: completeFailure,
			header: http.Header{"X-Request-Id": {"of the gateway"}}}).client(t)
		_, err := c.Server("cocoMDS99").Config.Get(t.Context(), egeria.WithRawBody(&raw), egeria.WithMeta(&meta))
		e := errorOf(t, err)
		assert.Equal(t, want, e.Failure)
		assert.Equal(t, [3]int{status, 404, 1}, [3]int{e.StatusCode, e.RelatedCode, e.Attempts})
		assert.Equal(t, "OMAG-MULTI-TENANT-404-001", e.Code)
		assert.Equal(t, want.ExceptionErrorMessage, e.Code+" "+e.Detail)
		assert.Equal(t, "d84938bd-4cf1-4f8c-a7c8-9496a9301850", e.RequestID)
		assert.Equal(t, "InvalidParameterException", e.Exception())
		assert.Equal(t, []string{"NotFound"}, conditions(err))
		assert.NoError(t, e.Unwrap())
		assert.Equal(t, completeFailure, string(e.Body))
		assert.Equal(t, completeFailure, string(raw))
		assert.Equal(t, [2]int{status, 1}, [2]int{meta.StatusCode, meta.Attempts})
		assert.Equal(t, "of the gateway", meta.RequestID)
		assert.Equal(t, [2]string{"GET", "/open-metadata/admin-services/servers/cocoMDS99/configuration"},
			[2]string{e.Method, e.Path})
		assert.Equal(t, "egeria: Config.Get: GET /open-metadata/admin-services/servers/cocoMDS99/configuration: "+text+
			": "+strings.TrimPrefix(want.ExceptionErrorMessage, e.Code+" ")+
			" (code OMAG-MULTI-TENANT-404-001, request id d84938bd-4cf1-4f8c-a7c8-9496a9301850, attempts 1)",
			err.Error())
		assert.Equal(t, err.Error(), fmt.Sprintf("%#v", e))
	}
}

func TestTheIDOfAMessageIsFound(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ members, id string }{
		"member": {
			`"exceptionErrorMessageId":"OMAG-ADMIN-400-039","exceptionErrorMessage":"OMAG-ADMIN-400-032 x"`,
			"OMAG-ADMIN-400-039"},
		"member and blank": {`"exceptionErrorMessageId":"OMAG-ADMIN-400-039 "`, "OMAG-ADMIN-400-039"},
		"text": {`"exceptionErrorMessage":"OMAG-ADMIN-400-039 The URL of x is null"`,
			"OMAG-ADMIN-400-039"},
		"text alone":          {`"exceptionErrorMessage":"OMAG-ADMIN-400-039"`, "OMAG-ADMIN-400-039"},
		"text and blank":      {`"exceptionErrorMessage":" OMAG-ADMIN-400-039 "`, "OMAG-ADMIN-400-039"},
		"text and two blanks": {`"exceptionErrorMessage":"OMAG-ADMIN-400-039  The URL"`, "OMAG-ADMIN-400-039"},
		"member is null": {
			`"exceptionErrorMessageId":null,"exceptionErrorMessage":"OMAG-MULTI-TENANT-404-001 x"`,
			"OMAG-MULTI-TENANT-404-001"},
		"member is empty": {
			`"exceptionErrorMessageId":" ","exceptionErrorMessage":"INTEGRATION-DAEMON-SERVICES-400-006 x"`,
			"INTEGRATION-DAEMON-SERVICES-400-006"},
		"a word of the message": {`"exceptionErrorMessage":"Method OMAG-ADMIN-400-039 failed"`, ""},
		"no id":                 {`"exceptionErrorMessage":"Null-Pointer-Exception at 400-001"`, ""},
		"half an id":            {`"exceptionErrorMessage":"OMAG-ADMIN-400 x"`, ""},
		"no text":               {`"exceptionErrorMessage":null`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := failWith(t, ok(`{"relatedHTTPCode":400,"exceptionClassName":"a.b.C",`+tt.members+`}`))
			assert.Equal(t, tt.id, e.Code)
			assert.Equal(t, tt.id, e.Failure.ExceptionErrorMessageID)
			assert.Equal(t, tt.id != "", strings.Contains(e.Error(), "(code "+tt.id+", attempts 1)"), e.Error())
		})
	}
}

// The classes of 4.x and 6.x have different packages and the same simple names.
func TestCodeAndClassDecide(t *testing.T) {
	t.Parallel()
	const (
		admin4  = "org.odpi.openmetadata.adminservices.ffdc.exception."
		common4 = "org.odpi.openmetadata.commonservices.ffdc.exceptions."
		ocf     = "org.odpi.openmetadata.frameworks.connectors.ffdc."
		omf6    = "org.odpi.openmetadata.frameworks.openmetadata.ffdc."
	)
	for _, tt := range []struct {
		code    string
		class   string
		related int
		is      []string
	}{
		{"400", admin4 + "OMAGInvalidParameterException", 400, []string{"Invalid"}},
		{"400", admin4 + "OMAGNotAuthorizedException", 400, []string{"Forbidden", "Invalid"}},
		{"400", admin4 + "OMAGConfigurationErrorException", 400, []string{"Invalid"}},
		{"403", ocf + "UserNotAuthorizedException", 403, []string{"Forbidden"}},
		{"403", common4 + "UserNotAuthorizedException", 403, []string{"Forbidden"}},
		{"403", omf6 + "UserNotAuthorizedException", 403, []string{"Forbidden"}},
		{"500", omf6 + "UserNotAuthorizedException", 500, []string{"Forbidden", "Unavailable"}},
		{"401", omf6 + "UserNotAuthorizedException", 401, []string{"Forbidden", "Unauthorized"}},
		{"404", omf6 + "InvalidParameterException", 404, []string{"NotFound"}},
		{"410", ocf + "InvalidParameterException", 410, []string{"NotFound"}},
		{"409", ocf + "PropertyServerException", 409, []string{"Conflict"}},
		{"503", omf6 + "PropertyServerException", 503, []string{"Unavailable"}},
		{"403", "", 403, []string{"Forbidden"}},
		{`"404"`, "UserNotAuthorizedException", 404, []string{"Forbidden", "NotFound"}},
		{"404.0", "UserNotAuthorizedException", 404, []string{"Forbidden", "NotFound"}},
		{`"4.04e2"`, "UserNotAuthorizedException", 404, []string{"Forbidden", "NotFound"}},

		// If the code is missing or means success, the class decides.
		{"null", admin4 + "OMAGInvalidParameterException", 400, []string{"Invalid"}},
		{"0", omf6 + "InvalidParameterException", 400, []string{"Invalid"}},
		{"200", admin4 + "OMAGConfigurationErrorException", 400, []string{"Invalid"}},
		{"200", common4 + "UserNotAuthorizedException", 403, []string{"Forbidden"}},
		{"null", "OMAGNotAuthorizedException", 403, []string{"Forbidden"}},
		{"{}", omf6 + "PropertyServerException", 500, []string{"Unavailable"}},
		{`"no"`, "java.lang.NullPointerException", 500, []string{"Unavailable"}},
	} {
		t.Run(tt.code+" "+tt.class, func(t *testing.T) {
			t.Parallel()
			e, _ := failWith(t, ok(fmt.Sprintf(`{"relatedHTTPCode":%s,"exceptionClassName":%q,"flag":true}`, tt.code,
				tt.class)))
			assert.Equal(t, tt.is, conditions(e))
			assert.Equal(t, tt.related, e.RelatedCode)
			assert.Equal(t, 200, e.StatusCode)
			assert.Equal(t, tt.class[strings.LastIndex(tt.class, ".")+1:], e.Exception())
			assert.Contains(t, e.Error(), fmt.Sprint(tt.related, " ", http.StatusText(tt.related)))
		})
	}
	c := newPlatform(egeria.Dialect6,
		ok(`{"relatedHTTPCode":403,"flag":true,"exceptionClassName":"UserNotAuthorizedException"}`)).client(t)
	known, err := c.Platform.Known(t.Context(), "s")
	assert.Equal(t, []string{"Forbidden"}, conditions(err))
	assert.False(t, known, "what a failure says beside")
}

func TestOddMembersHideNoOthers(t *testing.T) {
	t.Parallel()
	e, action := failWith(t,
		ok(`{"class":7,"requestId":{},"relatedHTTPCode":"403","exceptionClassName":"a.UserNotAuthorizedException",`+
			`"exceptionSubclassName":[],
		"exceptionCausedBy":null,"actionDescription":false,`+
			`"exceptionErrorMessage":"OMAG-PLATFORM-SECURITY-403-001 no","exceptionErrorMessageId":[1],`+
			`"exceptionErrorMessageParameters":{"a":1},
		"exceptionSystemAction":4.5,"exceptionUserAction":{"a":[]},"exceptionProperties":"none"}`))
	for _, e := range []*egeria.Error{e, action} {
		assert.Equal(t, &egeria.Envelope{
			Class: "7", RelatedHTTPCode: 403, ExceptionClassName: "a.UserNotAuthorizedException",
			ExceptionErrorMessage:   "OMAG-PLATFORM-SECURITY-403-001 no",
			ExceptionErrorMessageID: "OMAG-PLATFORM-SECURITY-403-001", ExceptionSystemAction: "4.5",
		}, e.Failure)
		assert.Equal(t, []string{"Forbidden"}, conditions(e))
	}
	for parameters, want := range map[string][]string{
		`[null,"a",1,{}]`: {"", "a", "1", ""}, `[]`: nil, `null`: nil, `"a"`: nil, `[null]`: {""},
	} {
		e, _ := failWith(t, ok(`{"relatedHTTPCode":400,"exceptionClassName":"X","exceptionErrorMessageParameters":`+
			parameters+`}`))
		assert.Equal(t, want, e.Failure.ExceptionErrorMessageParameters, parameters)
	}
}

// A response that does not state the outcome is an error. The action may have been carried out.
func TestResponsesThatAreNoBean(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, problem string }{
		"no members":        {`{}`, "relatedHTTPCode is missing"},
		"another document":  {`{"status":"UP"}`, "relatedHTTPCode is missing"},
		"code is null":      {`{"class":"VoidResponse","relatedHTTPCode":null}`, "relatedHTTPCode is missing"},
		"list":              {`[]`, "the response is not valid for the operation"},
		"text":              {`OK`, "the response is not JSON"},
		"page":              {`<html>sign in</html>`, "the response is HTML or XML, not JSON"},
		"JSON that is cut":  {`{"relatedHTTPCode":200,`, "the response is not JSON"},
		"null":              {`null`, "the response is null"},
		"nothing":           {``, "the response has no body"},
		"two documents":     {`{"relatedHTTPCode":200}{}`, "the response is not JSON"},
		"JSON in a text":    {`"{\"relatedHTTPCode\":200}"`, "the response is not valid for the operation"},
		"good, and garbage": {`{"relatedHTTPCode":200} x`, "the response is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read, action := failWith(t, ok(tt.body))
			var unavailable []string
			if name == "page" { // from a gateway or a login page
				unavailable = []string{"Unavailable"}
			}
			assert.ElementsMatch(t, unavailable, conditions(read))
			assert.ElementsMatch(t, append(unavailable, "OutcomeUnknown"), conditions(action))
			for _, e := range []*egeria.Error{read, action} {
				assert.ErrorContains(t, e, tt.problem)
				assert.Nil(t, e.Failure)
				assert.Equal(t, [2]int{200, 0}, [2]int{e.StatusCode, e.RelatedCode})
				assert.Equal(t, tt.body, string(e.Body))
				assert.NotContains(t, e.Error(), "<html>")
			}
		})
	}
}

func TestErrorsOfTheWebServer(t *testing.T) {
	t.Parallel()
	const at = `{"timestamp":"2026-08-22T10:00:00.000+00:00","status":%d,"error":%q,"path":"/open-metadata/x"%s}`
	none, text := http.Header{"Content-Type": nil}, http.Header{"Content-Type": {"text/html"}}
	expired := http.Header{"Content-Type": nil,
		"Www-Authenticate": {`Bearer error="invalid_token", error_description="expired"`}}
	for name, tt := range map[string]struct {
		response response
		detail   string
		is       []string
	}{
		"404": {response{status: 404, body: fmt.Sprintf(at, 404, "Not Found", "")}, "Not Found",
			[]string{"NotFound"}},
		"405": {response{status: 405, body: fmt.Sprintf(at, 405, "Method Not Allowed", "")},
			"Method Not Allowed", []string{}},
		"415": {response{status: 415, body: fmt.Sprintf(at, 415, "Unsupported Media Type", "")},
			"Unsupported Media Type", []string{}},
		"400": {response{status: 400, body: fmt.Sprintf(at, 400, "Bad Request", "")}, "Bad Request",
			[]string{"Invalid"}},
		"400 with a message": {response{status: 400, body: fmt.Sprintf(at, 400, "Bad Request",
			`,"message":"missing type id\nproperty 'class'"`)}, "missing type id\nproperty 'class'",
			[]string{"Invalid"}},
		"403": {response{status: 403, body: fmt.Sprintf(at, 403, "Forbidden", "")}, "Forbidden",
			[]string{"Forbidden"}},
		"500": {response{status: 500, body: fmt.Sprintf(at, 500, "Internal Server Error", "")},
			"Internal Server Error", []string{"Unavailable"}},
		"a page": {response{status: 400,
			body: "<!doctype html><html lang=\"en\"><title>HTTP Status 400 – Bad Request</title>", header: text},
			"HTTP Status 400 – Bad Request", []string{"Invalid"}},
		"TLS is wanted": {plain(400, "Bad Request\r\nThis host and port require TLS.\r\n"),
			"Bad Request This host and port require TLS.", []string{"Invalid"}},
		"an empty 401": {response{status: 401, header: expired}, "", []string{"Unauthorized"}},
		"an empty 404": {response{status: 404, header: none}, "", []string{"NotFound"}},
		"an empty 302": {response{status: 302, header: none}, "", []string{}},
		"no members":   {response{status: 400, body: "{}"}, "", []string{"Invalid"}},
		"odd members": {response{status: 400, body: `{"error":{},"message":[1]}`}, `{"error":{},"message":[1]}`,
			[]string{"Invalid"}},
		"null": {response{status: 500, body: "null"}, "", []string{"Unavailable"}},
		"cut":  {response{status: 400, body: `{"error":"Bad`}, `{"error":"Bad`, []string{"Invalid"}},
		"a bean of a success": {response{status: 400,
			body: `{"class":"VoidResponse","relatedHTTPCode":200,"message":"m"}`}, "m", []string{"Invalid"}},
		"a bean, and no class": {response{status: 500, body: `{"relatedHTTPCode":404}`}, "", []string{"NotFound"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read, action := failWith(t, tt.response)
			for _, e := range []*egeria.Error{read, action} {
				assert.Equal(t, tt.response.status, e.StatusCode)
				assert.Equal(t, tt.detail, e.Detail)
				assert.Equal(t, tt.response.body, string(e.Body))
				assert.NotContains(t, e.Error(), "\n")
				assert.NotContains(t, e.Error(), "<html")
				assert.Equal(t, strings.Contains(name, "bean, and"), e.Failure != nil)
				assert.Empty(t, e.Code)
				if tt.response.status == 401 {
					assert.Equal(t, `Bearer error="invalid_token", error_description="expired"`,
						e.Header.Get("Www-Authenticate"))
				}
			}
			assert.Equal(t, tt.is, conditions(read))
			if tt.response.status == 500 || tt.response.status == 302 {
				// a POST with this response may have been carried out
				tt.is = append(slices.Clone(tt.is), "OutcomeUnknown")
				slices.Sort(tt.is)
			}
			assert.Equal(t, tt.is, conditions(action))
		})
	}
}

// If the platform says that it refused an action, it was not carried out, unless the platform
// itself failed.
func TestWhichActionsMayHaveBeenCarriedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := t.Context()
		for name, tt := range map[string]struct {
			response response
			is       []string
			tries    int
		}{
			"400 in a bean": {bean(400, invalidParameter, "m"), []string{"Invalid"}, 1},
			"404 in a bean": {notRunning(), []string{"NotFound"}, 1},
			"500 in a bean": {bean(500, "X", "m"), []string{"OutcomeUnknown", "Unavailable"}, 1},
			"503 in a bean": {bean(503, "X", "m"), []string{"OutcomeUnknown", "Unavailable"}, 1},
			"503":           {spring(503), []string{"OutcomeUnknown", "Unavailable"}, 1},
			"lost":          {response{err: io.ErrUnexpectedEOF}, []string{"OutcomeUnknown", "Unavailable"}, 1},
			"429":           {response{status: 429}, []string{"RateLimited"}, 5},
			"503, wait": {response{status: 503, header: http.Header{"Retry-After": {"1"}}}, []string{"Unavailable"},
				5},
		} {
			for what, do := range map[string]func(*egeria.Client) error{
				"POST": func(c *egeria.Client) error {
					return failing(c.Platform.Start(x, "s"))
				}, "GET": func(c *egeria.Client) error { return c.Server("s").Daemon.RefreshConfig(x, "g") },
				"PutRaw": func(c *egeria.Client) error {
					return c.Server("s").IntegrationGroups.PutRaw(x, someGroup())
				},
			} {
				p := newPlatform(egeria.Dialect6, tt.response)
				err := do(p.client(t, retries()))
				assert.Equal(t, tt.is, conditions(err), "%s %s", what, name)
				assert.Equal(t, slices.Contains(tt.is, "OutcomeUnknown"),
					strings.Contains(err.Error(), "it may have been carried out"))
				assert.Len(t, p.calls(), tt.tries, "%s %s", what, name)
			}
			p := newPlatform(egeria.Dialect6, tt.response)
			err := p.client(t, retries()).Server("s").Config.Set(x, someDocument())
			assert.NotContains(t, conditions(err), "OutcomeUnknown", "what replaces all can be sent again")
			if tt.response.err != nil || tt.response.status == 503 {
				assert.Len(t, p.calls(), 5)
			}
		}
	})
}

// Half of a document must not be read as a whole one, and its missing part must not be ignored.
func TestALongFailureIsKeptInPart(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 50_000)
	const begin = `{"relatedHTTPCode":403,"exceptionClassName":"a.UserNotAuthorizedException",` +
		`"exceptionErrorMessageId":"OMAG-X-403-001","exceptionUserAction":"`
	body := begin + long + `","exceptionErrorMessage":"m"}`
	for status, want := range map[int]*egeria.Envelope{
		200: {RelatedHTTPCode: 403, ExceptionClassName: "a.UserNotAuthorizedException",
			ExceptionErrorMessageID: "OMAG-X-403-001"}, 403: nil,
	} {
		e, _ := failWith(t, response{status: status, body: body})
		assert.Equal(t, want, e.Failure, "the status and the id are what is safe to tell")
		assert.Equal(t, []string{"Forbidden"}, conditions(e))
		assert.Equal(t, body[:64<<10], string(e.Body))
		assert.Less(t, len(e.Error()), 1000)
	}
	e, _ := failWith(t, bean(400, "X", "OMAG-X-400-001 first\nsecond\t"+long[:2000]))
	assert.Equal(t, "OMAG-X-400-001", e.Code)
	assert.Contains(t, e.Error(), "400 Bad Request: first second é")
	assert.NotContains(t, e.Error(), "\n")
	assert.Less(t, len(e.Error()), 2000)
}

// A secret at the end of the kept part must not be shown in part.
func TestASecretAtTheCutIsNotShown(t *testing.T) {
	t.Parallel()
	for _, before := range []int{64<<10 - 5, 64<<10 - len(passwordCanary), 64 << 10} {
		const begin = `{"relatedHTTPCode":400,"exceptionClassName":"X","exceptionErrorMessage":"`
		e, _ := failWith(t, ok(begin+strings.Repeat("x", before-len(begin))+passwordCanary+`"}`))
		assert.NotContains(t, string(e.Body), passwordCanary[:5])
		assertHidden(t, string(e.Body)+e.Error()+e.Detail, passwordCanary)
	}
}

func TestAResponseWithoutWhatItIsForIsAnError(t *testing.T) {
	t.Parallel()
	x := t.Context()
	c := newPlatform(egeria.Dialect6, ok(`{"relatedHTTPCode":200}`)).client(t)
	for operation, err := range map[string]error{
		"Config.Get": failing(c.Server("s").Config.Get(x)), "Config.Running": failing(c.Server("s").Config.Running(x)),
		"Config.Resolved":         failing(c.Server("s").Config.Resolved(x)),
		"Platform.Status":         failing(c.Platform.Status(x, "s")),
		"Platform.InstanceStatus": failing(c.Platform.InstanceStatus(x, "s")),
		"Daemon.Group":            failing(c.Server("s").Daemon.Group(x, "g")),
	} {
		e := errorOf(t, err)
		assert.Equal(t, operation, e.Operation)
		assert.Empty(t, conditions(err))
		assert.Regexp(t, "the response has no (document|status|summary)", err.Error())
	}
	names, err := c.Platform.ActiveServers(x)
	require.NoError(t, err)
	assert.Equal(t, []string{}, names)
	all, err := c.Platform.Configurations(x)
	require.NoError(t, err)
	assert.Equal(t, []egeria.Document{}, all)
	services, err := c.Platform.RegisteredServices(x)
	require.NoError(t, err)
	assert.Equal(t, []egeria.RegisteredService{}, services)
	known, err := c.Platform.Known(x, "s")
	require.NoError(t, err)
	assert.False(t, known)
	daemon, err := c.Server("s").Config.DaemonServices(x)
	require.NoError(t, err)
	assert.Equal(t, &egeria.DaemonServices{}, daemon)
	properties, err := c.Server("s").Config.Properties(x)
	require.NoError(t, err)
	assert.Equal(t, &egeria.ServerProperties{}, properties)
}
