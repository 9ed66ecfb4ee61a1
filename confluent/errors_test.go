package confluent_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// sentinels are all conditions by name, for readable failures.
var sentinels = map[string]error{
	"NotFound": confluent.ErrNotFound, "Unauthorized": confluent.ErrUnauthorized, "Forbidden": confluent.ErrForbidden,
	"Conflict": confluent.ErrConflict, "Invalid": confluent.ErrInvalid, "RateLimited": confluent.ErrRateLimited,
	"QuotaExceeded": confluent.ErrQuotaExceeded, "Unavailable": confluent.ErrUnavailable,
	"OutcomeUnknown": confluent.ErrOutcomeUnknown,
}

func conditions(err error) []string {
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(sentinels)) {
		if errors.Is(err, sentinels[name]) {
			names = append(names, name)
		}
	}
	return names
}

// getWith returns the error of a call that gets this response.
func getWith(t *testing.T, status int, body string, headers ...string) *confluent.Error {
	t.Helper()
	_, err := newTap(t, answer(status, body, headers...)).client(t).Integrations.Get(t.Context(), env, "cspi-1")
	return errorOf(t, err)
}

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(s))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

// errorBody is a response body with the error that it becomes.
type errorBody struct {
	name, body           string
	code, detail, hint   string
	requestID            string // if it differs from that of the header
	problems             []confluent.Problem
	header               []string
	withoutRequestHeader bool
}

func (tt errorBody) check(t *testing.T) {
	t.Helper()
	t.Parallel()
	id := tt.requestID
	headers := tt.header
	if !tt.withoutRequestHeader {
		id = "req-1"
		headers = append(slices.Clone(headers), "X-Request-Id", id)
	}
	e := getWith(t, 400, tt.body, headers...)
	assert.Equal(t, tt.detail, e.Detail, "detail")
	assert.Equal(t, tt.code, e.Code, "code")
	assert.Equal(t, tt.hint, e.Hint, "hint")
	assert.Equal(t, id, e.RequestID, "request id")
	assert.Equal(t, tt.problems, e.Problems)
	assert.Equal(t, []string{"Invalid"}, conditions(e))
	assert.Equal(t, 400, e.StatusCode)

	text := e.Error()
	assert.NotContains(t, text, "\n")
	for _, part := range []string{"Integrations.Get: GET /pim/v2/integrations/cspi-1: 400 Bad Request",
		tt.detail, "attempts 1", id, tt.code} {
		assert.Contains(t, text, part)
	}
}

func TestErrorsReadEachShapeOfBody(t *testing.T) {
	t.Parallel()
	const listed = `{"errors":[
		{"id":"occ-1","status":"422","code":"invalid_configuration","title":"Invalid","detail":"bad role",` +
		`"source":{"pointer":"/config/customer_iam_role_arn"},"meta":{"x":1},"resolution":"mend it"},
		{"id":"occ-2","detail":"bad name","source":{"parameter":"display_name"}}]}`
	full := []confluent.Problem{
		{ID: "occ-1", Status: "422", Code: "invalid_configuration", Title: "Invalid", Detail: "bad role",
			Pointer: "/config/customer_iam_role_arn", Resolution: "mend it"},
		{ID: "occ-2", Detail: "bad name", Parameter: "display_name"},
	}
	for _, tt := range []errorBody{
		{name: "A, several", body: listed, code: "invalid_configuration", detail: "bad role", hint: "mend it",
			problems: full},
		{name: "A, no detail", body: `{"errors":[{"id":"o","title":"Not here"}]}`, detail: "Not here",
			problems: []confluent.Problem{{ID: "o", Title: "Not here", Detail: "Not here"}}},
		{
			name: "A, number as code, message, empty source",
			body: `{"errors":[{"error_code":40002,"message":"m","title":"t","source":{}}]}`,
			code: "40002", detail: "m", problems: []confluent.Problem{{Code: "40002", Title: "t", Detail: "m"}},
		},
		{
			name: "A, members of odd types",
			body: `{"errors":[{"id":7,"status":409,"code":null,"detail":{"a":1},"title":"t","source":"body",` +
				`"resolution":[]},"text",5,null,{"detail":"second"}]}`,
			detail: "t", problems: []confluent.Problem{{ID: "7", Status: "409", Title: "t", Detail: "t"},
				{Detail: "text"}, {Detail: "5"}, {Detail: "second"}},
		},
		{name: "A, empty list beside a message", body: `{"errors":[],"message":"m"}`, detail: "m",
			problems: []confluent.Problem{{Detail: "m"}}},
		{name: "A, no list", body: `{"errors":{"detail":"d"},"message":"m"}`, detail: "m",
			problems: []confluent.Problem{{Detail: "m"}}},
		{name: "B, number", body: `{"error_code":404,"message":"gone"}`, code: "404", detail: "gone",
			problems: []confluent.Problem{{Code: "404", Detail: "gone"}}},
		{name: "B, text", body: `{"error_code":"400","message":"bad"}`, code: "400", detail: "bad",
			problems: []confluent.Problem{{Code: "400", Detail: "bad"}}},
		{
			name: "C",
			body: `{"status":"400","error":{"code":"INVALID_ARGUMENT","message":"bad","details":"page size",` +
				`"timestamp":"2026-01-01T00:00:00Z","path":"/pim","suggestion":"less"},"requestId":"body-id",` +
				`"doc_url":"https://d"}`,
			code: "INVALID_ARGUMENT", detail: "bad: page size", hint: "less",
			problems: []confluent.Problem{{Code: "INVALID_ARGUMENT", Detail: "bad: page size", Resolution: "less"}},
		},
		{
			name: "C, number as status, only doc_url, request id in the body", withoutRequestHeader: true,
			body: `{"status":400,"error":{"code":"X","message":"bad","details":[{"a":1}]},"requestId":"body-id",` +
				`"doc_url":"https://d"}`,
			code: "X", detail: "bad", hint: "https://d", requestID: "body-id",
			problems: []confluent.Problem{{Code: "X", Detail: "bad", Resolution: "https://d"}},
		},
		{name: "C, details alone", body: `{"error":{"details":"page size"}}`, detail: "page size",
			problems: []confluent.Problem{{Detail: "page size"}}},
		{name: "D, message", body: `{"message":"resource not found"}`, detail: "resource not found",
			problems: []confluent.Problem{{Detail: "resource not found"}}},
		{name: "D, message in error", body: `{"error":{"message":"no"}}`, detail: "no",
			problems: []confluent.Problem{{Detail: "no"}}},
		{name: "D, error is a text", body: `{"error":"Bad Request","status":400}`, detail: "Bad Request",
			problems: []confluent.Problem{{Detail: "Bad Request"}}},
		{
			name: "D, OAuth", body: `{"error":"invalid_grant","error_description":"the token expired"}`,
			detail:   "invalid_grant: the token expired",
			problems: []confluent.Problem{{Detail: "invalid_grant: the token expired"}},
		},
		{name: "E, empty although JSON is declared", body: ""},
		{name: "E, white space", body: " \r\n"},
		{name: "E, an object without anything known", body: `{"x":1}`, detail: `{"x":1}`},
		{name: "E, null", body: "null"},
		{name: "F, text", body: "404 page\n not found\n", detail: "404 page not found", header: []string{"Content-Type",
			"text/plain"}},
		{name: "F, long text", body: strings.Repeat("é", 5000), detail: strings.Repeat("é", 200) + "..."},
		{name: "F, HTML", body: "<html><body>403 Forbidden</body></html>", header: []string{"Content-Type",
			"text/html"}},
		{name: "F, another JSON document", body: `["a", "b"]`, detail: `["a", "b"]`},
		{name: "F, JSON that breaks off", body: `{"errors":[{"detail":"d`, detail: `{"errors":[{"detail":"d`},
		{name: "F, binary", body: "\x00\xff\xfe"},
		{name: "G, undeclared gzip", body: gzipped(t, listed), code: "invalid_configuration", detail: "bad role",
			hint: "mend it", problems: full},
		{name: "G, broken gzip", body: "\x1f\x8bnot really"},
	} {
		t.Run(tt.name, tt.check)
	}
}

func TestErrorsAreConditions(t *testing.T) {
	t.Parallel()
	const quota = `{"errors":[{"code":"quota_exceeded","detail":"limit"}]}`
	const words = `{"message":"The number of provider integrations is currently limited to 100"}`
	for _, tt := range []struct {
		status int
		body   string
		want   []string
	}{
		{300, "", []string{}},
		{304, "", []string{}},
		{400, "", []string{"Invalid"}},
		{400, quota, []string{"Invalid", "QuotaExceeded"}},
		{400, words, []string{"Invalid", "QuotaExceeded"}},
		{400, `{"message":"invalid API key"}`, []string{"Invalid"}},
		{401, "", []string{"Unauthorized"}},
		{402, "", []string{"QuotaExceeded"}},
		{402, quota, []string{"QuotaExceeded"}},
		{403, "", []string{"Forbidden"}},
		{403, `{"errors":[{"detail":"invalid API key: it was deleted"}]}`, []string{"Forbidden", "Unauthorized"}},
		{403, "invalid API key", []string{"Forbidden", "Unauthorized"}},
		{403, words, []string{"Forbidden", "QuotaExceeded"}},
		{403, `{"errors":[{"code":"user_unauthorized"},{"code":"quota_exceeded"}]}`,
			[]string{"Forbidden", "QuotaExceeded"}},
		{404, "", []string{"NotFound"}},
		{404, "invalid API key", []string{"NotFound"}},
		{408, "", []string{"Unavailable"}},
		{409, "", []string{"Conflict"}},
		{409, quota, []string{"Conflict", "QuotaExceeded"}},
		{422, words, []string{"Invalid", "QuotaExceeded"}},
		{422, `{"errors":[{"title":"x"},{"title":"It is currently limited to 5"}]}`,
			[]string{"Invalid", "QuotaExceeded"}},
		{409, `{"errors":[{"code":"resource_already_exists","detail":"the quota is fine"}]}`, []string{"Conflict"}},
		{500, quota, []string{"Unavailable"}},
		{410, "", []string{"NotFound"}},
		{415, "", []string{}},
		{418, "", []string{}},
		{422, "", []string{"Invalid"}},
		{429, "", []string{"RateLimited"}},
		{499, "", []string{}},
		{500, "", []string{"Unavailable"}},
		{501, "", []string{"Unavailable"}},
		{503, "", []string{"Unavailable"}},
		{599, "", []string{"Unavailable"}},
	} {
		t.Run(fmt.Sprint(tt.status, tt.body), func(t *testing.T) {
			t.Parallel()
			e := getWith(t, tt.status, tt.body)
			assert.Equal(t, tt.want, conditions(e))
			assert.Equal(t, tt.want, conditions(fmt.Errorf("wrapped: %w", e)))
			assert.Equal(t, tt.status, e.StatusCode)
			assert.Contains(t, e.Error(), fmt.Sprint(tt.status))
			assert.Equal(t, tt.body, string(e.Body))
		})
	}
}

func TestErrorsReadTheBodyOfEachStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{300, 304, 399, 400, 404, 429, 500, 599} {
		assert.Equal(t, "m", getWith(t, status, `{"message":"m"}`).Detail, status)
	}
}

func TestErrorsKeepTheResponsesHeaders(t *testing.T) {
	t.Parallel()
	const challenge = `Basic error="invalid_key", error_description="The API key is gone"`
	assert.Equal(t, challenge, getWith(t, 401, "", "WWW-Authenticate", challenge).Header.Get("WWW-Authenticate"))
	assert.Equal(t, "https://x/pim/v2/integrations/cspi-2", getWith(t, 409, "", "Location",
		"https://x/pim/v2/integrations/cspi-2").Header.Get("Location"))
}

func TestErrorsNeverShowCredentials(t *testing.T) {
	t.Parallel()
	e := getWith(t, 401, `{"errors":[{"detail":"no key `+tapSecret+`","id":"`+tapSecret+`"}],"message":"`+tapSecret+
		`"}`)
	asJSON, err := json.Marshal(e.Problems)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Error("failed", "err", e)
	for _, text := range []string{e.Error(), fmt.Sprintf("%v %+v %#v %q %x", e, e, e, e.Detail, e),
		fmt.Sprintf("%+v", *e), string(e.Body), string(asJSON), log.String()} {
		assert.NotContains(t, text, tapSecret)
		assert.NotContains(t, text, fmt.Sprintf("%x", tapSecret))
	}
	assert.Contains(t, e.Detail, "no key [redacted]")
	assert.Contains(t, log.String(), `"status":401`)
	assert.Contains(t, log.String(), `"operation":"Integrations.Get"`)
}

func TestErrorsAreBounded(t *testing.T) {
	t.Parallel()
	e := getWith(t, 400, `{"message":"`+strings.Repeat("long\\n", 1<<16)+`"}`)
	assert.Len(t, e.Body, 64<<10)
	assert.Less(t, len(e.Error()), 1000)
	e = getWith(t, 400, `{"message":"`+strings.Repeat("x", 5000)+`","error_code":"`+strings.Repeat("c", 5000)+`"}`)
	assert.Len(t, e.Detail, 5000, "the field is whole")
	assert.Less(t, len(e.Error()), 1000)
}

func TestGoodStatusWithoutTheDeclaredDocumentIsAnError(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty": "", "white space": " \n", "null": "null", "HTML": "<html>sign in</html>", "text": "ok",
		"breaks off": `{"id":"cspi-1"`,
		"array":      `[]`, "string": `"cspi-1"`, "number": `1`, "two documents": `{"id":"a"}{"id":"b"}`,
		"id is a number": `{"id":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := answer(200, body, "X-Request-Id", "req-1")
			for op, call := range map[string]func(*confluent.Client) error{
				"Integrations.Get": func(c *confluent.Client) error {
					return failing(c.Integrations.Get(t.Context(), env, "cspi-1"))
				},
				"IntegrationsV1.List": func(c *confluent.Client) error {
					return failing(drain(c.IntegrationsV1.List(t.Context(), env, nil)))
				},
				"Integrations.Create": func(c *confluent.Client) error {
					return failing(c.Integrations.Create(t.Context(), confluent.IntegrationCreate{Provider: "gcp",
						Environment: inEnv}))
				},
			} {
				if name == "id is a number" && op == "IntegrationsV1.List" {
					continue // a list ignores this member
				}
				w := newTap(t, response)
				e := errorOf(t, call(w.client(t)))
				assert.Equal(t, op, e.Operation)
				assert.Equal(t, 200, e.StatusCode)
				assert.Equal(t, "req-1", e.RequestID)
				assert.Equal(t, body, string(e.Body))
				want := []string{}
				if op == "Integrations.Create" {
					want = []string{"OutcomeUnknown"}
				}
				if name == "HTML" { // sent by a gateway
					want = append(want, "Unavailable")
				}
				assert.Equal(t, want, conditions(e), op)
				w.only(t)
			}
		})
	}
}

// A document without an ID is not an integration, whatever its status. After a create, the
// integration exists nevertheless.
func TestResponseWithoutAnIDIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"errors":[{"detail":"no"}]}`, `{"id":""}`, `{"id":null}`} {
		srv, c := newPair(t)
		id := srv.Add(env, confluent.Integration{DisplayName: "n", Provider: "gcp"})
		for name, call := range map[string]func() error{
			opGet:    func() error { _, err := c.Integrations.Get(t.Context(), env, id); return err },
			opCreate: func() error { _, err := c.Integrations.Create(t.Context(), draftOf("gcp")); return err },
			opUpdate: func() error {
				_, err := c.Integrations.Update(t.Context(), id, confluent.IntegrationUpdate{
					Environment: inEnv,
					Config:      confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "x@y"}},
				})
				return err
			},
		} {
			srv.Inject(confluenttest.Fault{Operation: name, Status: 200, Body: body})
			err := call()
			e := errorOf(t, err)
			assert.Equal(t, 200, e.StatusCode, name)
			assert.Equal(t, body, string(e.Body), name)
			assert.Equal(t, name != opGet, errors.Is(err, confluent.ErrOutcomeUnknown), name)
		}
	}
}
