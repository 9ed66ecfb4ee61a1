package apono_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

var sentinels = map[string]error{
	"NotFound": apono.ErrNotFound, "Unauthorized": apono.ErrUnauthorized, "Forbidden": apono.ErrForbidden,
	"Conflict": apono.ErrConflict,
	"Invalid":  apono.ErrInvalid, "RateLimited": apono.ErrRateLimited, "QuotaExceeded": apono.ErrQuotaExceeded,
	"Unavailable":    apono.ErrUnavailable,
	"OutcomeUnknown": apono.ErrOutcomeUnknown,
}

// conditions returns the names of the conditions of err, sorted.
func conditions(err error) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(sentinels)), func(name string) bool {
		return !errors.Is(err, sentinels[name])
	})
}

func TestErrorsReadWhateverBodyComes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, code, detail string }{
		"the vendor's 401":   {`{"status":"401","code":"Unauthorized"}`, "Unauthorized", ""},
		"status is a number": {`{"status":401,"code":401,"message":"no"}`, "401", "no"},
		"message":            {`{"message":"the reason"}`, "", "the reason"},
		"error_message":      {`{"error_message":"the reason"}`, "", "the reason"},
		"error is a text":    {`{"error":"Bad Request","message":"m"}`, "Bad Request", "m"},
		"OAuth": {`{"error":"invalid_grant","error_description":"expired"}`, "invalid_grant",
			"expired"},
		"error is an object": {`{"error":{"x":1},"message":"m"}`, "", "m"},
		"all members are odd": {`{"status":{},"code":[],"message":null,"error":true,"error_message":{}}`, "",
			`{"status":{},"code":[],"message":null,"error":true,"error_message":{}}`},
		"members that are not known": {`{"errors":[{"field":"name",  "why":"taken"}]}`, "",
			`{"errors":[{"field":"name", "why":"taken"}]}`},
		"code and error": {`{"code":"BadRequest","error":"the name is taken"}`, "BadRequest",
			"the name is taken"},
		"code and a list":            {`{"code":"BadRequest","errors":["taken"]}`, "BadRequest", "taken"},
		"a code alone":               {`{"code":"BadRequest"}`, "BadRequest", ""},
		"no members":                 {"{}", "", ""},
		"text":                       {"Integration\n not found", "", "Integration not found"},
		"long text":                  {strings.Repeat("é", 5000), "", strings.Repeat("é", 200) + "..."},
		"HTML":                       {"<html><body>gateway</body></html>", "", ""},
		"JSON that breaks off":       {`{"message":"m`, "", `{"message":"m`},
		"another JSON document":      {`["a"]`, "", `["a"]`},
		"nothing":                    {"", "", ""},
		"null":                       {"null", "", ""},
		"binary":                     {"\x00\xff", "", ""},
		"message of several lines":   {`{"message":"a\nb"}`, "", "a\nb"},
		"unknown members beside one": {`{"trace":[1],"message":"m"}`, "", "m"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range [][]string{{"application/json"}, {"text/plain"}, {}} {
				_, c := newWire(t, []answer{{400, tt.body, kind}})
				_, err := c.Catalog.Get(t.Context(), "nope")
				e := errorOf(t, err)
				assert.Equal(t, tt.code, e.Code)
				assert.Equal(t, tt.detail, e.Detail)
				assert.Equal(t, tt.body, string(e.Body))
				assert.Equal(t, []string{"Invalid"}, conditions(err),
					"the vendor's mocks answer so for an unknown type")
				assert.True(t,
					strings.HasPrefix(e.Error(),
						"apono: Catalog.Get: GET /api/v2/integrations-catalog/nope: 400 Bad Request"), e.Error())
				assert.NotContains(t, e.Error(), "\n")
				assert.Contains(t, e.Error(), tt.code)
				assert.Equal(t, e.Error(), fmt.Sprintf("%#v", e))
			}
		})
	}
}

func TestStatusesOfTheFakeAreConditions(t *testing.T) {
	t.Parallel()
	srv, c := fakeAndClient(t)
	x := t.Context()
	_, err := clientOf(t, srv, apono.WithBaseURL(srv.URL+"/api")).Integrations.Get(x, "gone")
	assert.Equal(t, []string{"NotFound"}, conditions(err))
	assert.Equal(t, "Integration not found", errorOf(t, err).Detail)
	assert.Contains(t, errorOf(t, err).Header.Get("Content-Type"), "text/plain")
	assert.Equal(t, srv.Calls()[0].RequestID, errorOf(t, err).RequestID)

	srv.RevokeToken(srv.Token)
	walks := strings.NewReplacer(".Pages", ".List", ".FindByName", ".List") // Operation of the errors
	for _, tt := range wireCalls() {
		err := tt.do(x, c)
		assert.Equal(t, []string{"Unauthorized"}, conditions(err), tt.name)
		assert.Equal(t, "Unauthorized", errorOf(t, err).Code, tt.name)
		method, _, _ := strings.Cut(tt.name, " ")
		assert.Equal(t, walks.Replace(method), errorOf(t, err).Operation, tt.name)
		assert.Equal(t, tt.method, errorOf(t, err).Method)
		assert.Equal(t, tt.path, errorOf(t, err).Path)
		assert.Equal(t, 1, errorOf(t, err).Attempts)
	}
}

func TestEmpty401IsUnauthorized(t *testing.T) {
	t.Parallel()
	_, c := newWire(t, []answer{{401, "", []string{}}})
	_, err := c.Integrations.Get(t.Context(), "i")
	assert.Equal(t, []string{"Unauthorized"}, conditions(err))
	assert.Empty(t, errorOf(t, err).Code)
}

// The vendor documents no limit, so both forms of the response must work.
func TestRateLimitsAreWaitedOutWithAndWithoutRetryAfter(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		header http.Header
		wait   time.Duration
	}{
		"Retry-After": {http.Header{"Retry-After": {"7"}}, 7 * time.Second},
		"nothing":     {http.Header{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := aponotest.NewServer(t, aponotest.WithoutSocket())
				c := clientOf(t, srv, apono.WithRetry(sdk.DefaultRetryPolicy()))
				for _, do := range map[string]func() error{
					"createIntegrationV4": func() error {
						return failing(c.Integrations.Create(t.Context(), apono.IntegrationCreate{Name: "n",
							Type: "mock-duck"}))
					},
					"listIntegrationsV4": func() error { return failing(drain(c.Integrations.List(t.Context(), nil))) },
				} {
					srv.Inject(aponotest.Fault{Status: 429, Header: tt.header, Times: 2})
					begin := time.Now()
					require.NoError(t, do())
					assert.GreaterOrEqual(t, time.Since(begin), 2*tt.wait)
					assert.Positive(t, time.Since(begin))
				}
				assert.Len(t, srv.Integrations(), 1)
				assert.Equal(t, 3, srv.CountCalls("createIntegrationV4"), "429 says that nothing was done")
			})
		})
	}
}

// A lost request may have been carried out. Another POST could create a second object, another PUT
// could not.
func TestOnlyWhatCanNotHappenTwiceIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := aponotest.NewServer(t, aponotest.WithoutSocket())
		c := clientOf(t, srv, apono.WithRetry(sdk.DefaultRetryPolicy()))
		x := t.Context()
		lost := func(op string) { srv.Inject(aponotest.Fault{Operation: op, Lost: true, Apply: true}) }
		lost("createIntegrationV4")
		_, err := c.Integrations.Create(x, apono.IntegrationCreate{Name: "n", Type: "mock-duck"})
		assert.Equal(t, []string{"OutcomeUnknown", "Unavailable"}, conditions(err))
		assert.Equal(t, 1, srv.CountCalls("createIntegrationV4"))
		require.Len(t, srv.Integrations(), 1)
		id := srv.Integrations()[0].ID

		lost("updateIntegrationV4")
		_, err = c.Integrations.Update(x, id, apono.IntegrationUpdate{IntegrationConfig: apono.Config{}, Name: "m"})
		require.NoError(t, err)
		assert.Equal(t, 2, srv.CountCalls("updateIntegrationV4"))

		lost("refreshIntegrationV2")
		assert.Equal(t, []string{"OutcomeUnknown", "Unavailable"}, conditions(c.IntegrationsV2.Refresh(x, id)))
		assert.Equal(t, 1, srv.CountCalls("refreshIntegrationV2"))
		lost("refreshIntegrationV2")
		require.NoError(t, c.IntegrationsV2.Refresh(x, id, apono.WithIdempotent()))
		assert.Equal(t, 3, srv.CountCalls("refreshIntegrationV2"))

		lost("deleteIntegrationV2")
		require.NoError(t, c.IntegrationsV2.Delete(x, id), "gone by the first attempt")
		assert.Equal(t, 2, srv.CountCalls("deleteIntegrationV2"))
		require.ErrorIs(t, c.IntegrationsV2.Delete(x, id), apono.ErrNotFound, "gone before")
	})
}

func TestBodiesThatAreNoJSONUnderAGoodStatus(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{"upstream request timeout": ": the response is not JSON",
		"<html>sign in</html>": "the response is HTML or XML, not JSON", `{"id":`: ": the response is not JSON"} {
		for _, status := range []int{200, 201, 299} {
			_, c := newWire(t, []answer{{status, body, []string{"text/plain"}}})
			_, err := c.Integrations.Get(t.Context(), "i")
			assert.ErrorContains(t, err, want)
			assert.Equal(t, status, errorOf(t, err).StatusCode)
			assert.NotContains(t, err.Error(), "sign in")
			assert.NotContains(t, err.Error(), "upstream", "a success may hold secrets")
			assert.Equal(t, body, string(errorOf(t, err).Body))
		}
	}
}

// The vendor's error document is an error with any status.
func TestErrorDocumentUnderAGoodStatusIsNoSuccess(t *testing.T) {
	t.Parallel()
	for body, fine := range map[string]bool{
		`{"message":"Integration deleted"}`: true, ``: true, `{}`: true, `{"status":"ok"}`: true,
		`{"status":"200","message":"m"}`:         true,
		`{"status":"401","code":"Unauthorized"}`: false, `{"status":500}`: false, `{"code":"X"}`: false,
		`{"error":"x"}`: false, `{"errors":[]}`: false,
	} {
		_, c := newWire(t, []answer{good(body)})
		x := t.Context()
		for i, err := range []error{c.Integrations.Delete(x, "i"), c.IntegrationsV2.Delete(x, "i"),
			c.IntegrationsV2.Refresh(x, "i"), c.Resources.SetUserTags(x, "r", nil), c.Connectors.Delete(x, "c")} {
			assert.Equal(t, fine, err == nil, "%s, %d: %v", body, i, err)
		}
	}
}
