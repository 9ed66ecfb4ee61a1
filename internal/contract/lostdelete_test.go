package contract_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/core"
)

// ambiguous are first responses to a DELETE after which it is unknown whether the server carried it
// out.
var ambiguous = map[string]func() (*http.Response, error){
	"408": func() (*http.Response, error) { return respond(408, ""), nil },
	"500": func() (*http.Response, error) { return respond(500, ""), nil },
	"502": func() (*http.Response, error) { return respond(502, "<html>"), nil },
	"503": func() (*http.Response, error) { return respond(503, ""), nil },
	"504": func() (*http.Response, error) { return respond(504, ""), nil },
	"cut": func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
}

// The outcome of a DELETE that gets 403 after an ambiguous attempt, depending on the responses to
// GET and the list.
func TestForbiddenAfterALostDeleteIsNoProof(t *testing.T) {
	const gone, refused, unknown = "gone", "refused", "unknown"
	for name, tt := range map[string]struct {
		read, list func(v vendor) *http.Response
		want       string
		requests   int
	}{
		"it can be read":                             {read: object, want: refused, requests: 3},
		"it is not found":                            {read: status(404), want: gone, requests: 3},
		"it is found no more":                        {read: status(410), want: gone, requests: 3},
		"forbidden, not listed":                      {status(403), listed("x-2", "x-3"), gone, 4},
		"forbidden, the list empty":                  {status(403), listed(), gone, 4},
		"forbidden, listed":                          {status(403), listed("x-2", "x-1"), refused, 4},
		"all forbidden":                              {status(403), status(403), unknown, 4},
		"forbidden, an item without an id may be it": {status(403), listed("x-2", ""), unknown, 4},
		"no list":                                    {status(403), status(404), unknown, 4},
		"reading is not allowed":                     {read: status(401), want: unknown, requests: 3},
		"what is read is no JSON": {read: func(vendor) *http.Response {
			return respond(200, "<html>")
		}, want: unknown, requests: 3},
	} {
		t.Run(name, func(t *testing.T) {
			eachInBubble(t, func(t *testing.T, v vendor) {
				for first, answer := range ambiguous {
					var meta core.Meta
					c, s := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
						switch {
						case n == 1:
							return answer()
						case r.Method == http.MethodDelete:
							return respond(403, v.failure("user_unauthorized"), v.requestID, "refusal"), nil
						case n == 3:
							return tt.read(v), nil
						}
						return tt.list(v), nil
					})
					err := c.remove(t.Context(), "x-1", call{meta: &meta})
					want, requests := tt.want, tt.requests
					if v.unpaged { // a refusal and an absence look the same
						want, requests = unknown, 2
					}
					assert.Equal(t, requests, s.count(), first)
					assert.Equal(t, 403, meta.StatusCode, "of the DELETE")
					if want == gone {
						require.NoError(t, err, first)
						continue
					}
					f := viewed(t, v, err)
					assert.Equal(t, http.MethodDelete, f.Method)
					assert.Equal(t, 403, f.StatusCode)
					assert.Equal(t, 2, f.Attempts)
					require.ErrorIs(t, err, v.sentinels["ErrForbidden"], first)
					if want == unknown {
						require.ErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], first)
					} else {
						require.NotErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], first)
					}
				}
			})
		})
	}
}

// gatewayPages are bodies of a 404 that does not come from the API.
var gatewayPages = []string{
	"default backend - 404", "<html><h1>404</h1></html>", "404 page not found\n", "", " \n", `{}`, `null`,
	`{"message":"no Route matched with those values"}`, `{"statusCode":404,"message":"Resource not found"}`,
	`{"message":"Not Found","errors":[]}`,
	`{"timestamp":"2025-05-01T10:00:00Z","path":"/","status":404,"error":"Not Found"}`,
	`{"error":{"code":404,"message":"no such backend"}}`,
}

// A gateway without a connection to the server may send 404 after a 502.
func TestNotFoundOfAGatewayAfterALostDeleteIsNoProof(t *testing.T) {
	for name, tt := range map[string]struct {
		read, list func(v vendor) *http.Response
		gone       bool
		unknown    bool
		requests   int
	}{
		"it can be read":             {read: object, requests: 3},
		"it is not found":            {read: status(404), gone: true, requests: 3},
		"a gateway again, listed":    {gatewayPage, listed("x-2", "x-1"), false, false, 4},
		"a gateway, not listed":      {gatewayPage, listed("x-2"), true, false, 4},
		"JSON of it, not listed":     {kong, listed("x-2"), true, false, 4},
		"JSON of it, listed":         {kong, listed("x-2", "x-1"), false, false, 4},
		"JSON of it for all":         {kong, kong, false, true, 4},
		"a gateway for all requests": {gatewayPage, gatewayPage, false, true, 4},
	} {
		t.Run(name, func(t *testing.T) {
			eachInBubble(t, func(t *testing.T, v vendor) {
				for _, page := range gatewayPages {
					c, s := start(t, v, options{}, func(n int, r request) (*http.Response, error) {
						switch {
						case n == 1:
							return respond(502, "<html>"), nil
						case r.Method == http.MethodDelete:
							return respond(404, page), nil
						case n == 3:
							return tt.read(v), nil
						}
						return tt.list(v), nil
					})
					err := c.remove(t.Context(), "x-1", call{})
					if v.unpaged { // its 404 has a JSON body with the missing object
						require.Error(t, err)
						continue
					}
					assert.Equal(t, tt.requests, s.count(), page)
					if tt.gone {
						require.NoError(t, err, page)
						continue
					}
					f := viewed(t, v, err)
					assert.Equal(t, 404, f.StatusCode)
					assert.Equal(t, tt.unknown, f.OutcomeUnknown, page)
				}
			})
		})
	}
}

// A 403 is a refusal if no earlier attempt can have deleted the object.
func TestForbiddenDeleteIsARefusal(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for name, before := range map[string]*http.Response{
			"at once": nil, "after a 429": respond(429, ""), "after a 503 that asks to wait": respond(503, "",
				"Retry-After", "1"),
		} {
			c, s := start(t, v, options{}, func(n int, _ request) (*http.Response, error) {
				if n == 1 && before != nil {
					return before, nil
				}
				return respond(403, v.failure("user_unauthorized")), nil
			})
			err := c.remove(t.Context(), "x-1", call{})
			require.ErrorIs(t, err, v.sentinels["ErrForbidden"], name)
			require.NotErrorIs(t, err, v.sentinels["ErrOutcomeUnknown"], name)
			assert.Equal(t, viewed(t, v, err).Attempts, s.count(), "nothing but the DELETE is sent")
		}
	})
}

func object(v vendor) *http.Response { return respond(200, v.object("x-1")) }

func status(code int) func(vendor) *http.Response {
	return func(v vendor) *http.Response { return respond(code, v.failure("no")) }
}

func listed(ids ...string) func(vendor) *http.Response {
	return func(v vendor) *http.Response { return respond(200, v.page("", ids...)) }
}

func gatewayPage(vendor) *http.Response { return respond(404, gatewayPages[0]) }

func kong(vendor) *http.Response {
	return respond(410, `{"message":"no Route matched with those values"}`)
}

// A DELETE that succeeds because the object is gone logs no warning, whatever its last status is.
func TestRecordOfADeleteThatSucceedsIsNoWarning(t *testing.T) {
	for name, tt := range map[string]struct {
		last  int
		read  int
		level string
	}{
		"404":                     {404, 0, "DEBUG"},
		"410":                     {410, 0, "DEBUG"},
		"403, and it is gone":     {403, 404, "DEBUG"},
		"403, and it can be read": {403, 200, "WARN"},
		"409":                     {409, 0, "WARN"},
	} {
		t.Run(name, func(t *testing.T) {
			eachInBubble(t, func(t *testing.T, v vendor) {
				var log bytes.Buffer
				c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug)},
					func(n int, r request) (*http.Response, error) {
						switch {
						case n == 1:
							return respond(502, ""), nil
						case r.Method == http.MethodDelete:
							return respond(tt.last, v.failure("no")), nil
						case tt.read == 200:
							return respond(200, v.object("x-1")), nil
						}
						return respond(tt.read, v.failure("no")), nil
					})
				err := c.remove(t.Context(), "x-1", call{})
				last := map[string]any{}
				for _, r := range records(t, &log) {
					if r["method"] == http.MethodDelete && r["msg"] == "call" {
						last = r
					}
				}
				if v.removed == "" { // 404 and 410 of other vendors say nothing about the object
					assert.Equal(t, tt.level == "WARN", err != nil)
				}
				assert.Equal(t, map[bool]string{true: "WARN", false: "DEBUG"}[err != nil], last["level"])
				assert.EqualValues(t, tt.last, last["status"])
			})
		})
	}
}
