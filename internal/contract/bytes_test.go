package contract_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const bom = "\ufeff"

// encodings are changes that servers and gateways make to a body: the declared header, and the
// bytes.
func encodings(t *testing.T, body string) map[string][2]string {
	return map[string][2]string{
		"byte order mark":             {"", bom + body},
		"two byte order marks":        {"", bom + bom + body},
		"gzip":                        {"gzip", zipped(t, body)},
		"x-gzip":                      {"x-gzip", zipped(t, body)},
		"another name":                {"GZIP, identity", zipped(t, body)},
		"wrongly declared":            {"br", zipped(t, body)},
		"compressed twice":            {"gzip", zipped(t, zipped(t, body))},
		"compressed byte order mark":  {"gzip", zipped(t, bom+body)},
		"declared but not compressed": {"gzip", body},
	}
}

func TestBytesAreReadWhateverTheHeaderDeclares(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		good := readAll(op.good(v).Body)
		for name, sent := range encodings(t, good) {
			resp := func(int, request) (*http.Response, error) {
				return respond(op.good(v).StatusCode, sent[1], "Content-Encoding", sent[0]), nil
			}
			c, s := start(t, v, options{}, resp)
			require.NoError(t, op.do(t.Context(), c, call{}), name)
			assert.Equal(t, 1, s.count(), name)
		}
		for name, sent := range encodings(t, v.failure("not like that")) {
			c, _ := start(t, v, options{}, always(422, sent[1], "Content-Encoding", sent[0]))
			err := op.do(t.Context(), c, call{})
			assert.Contains(t, err.Error(), "not like that", name)
			assert.Equal(t, v.failure("not like that"), string(viewed(t, v, err).Body), name)
		}
	})
}

func TestCompressionThatACallerAskedForIsUndone(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, zipped(t, v.object("x-1")))
		}))
		defer srv.Close()
		own := &http.Transport{DisableCompression: true}
		defer own.CloseIdleConnections()
		asks := func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				r.Header.Set("Accept-Encoding", "gzip")
				return next.RoundTrip(r)
			})
		}
		for name, o := range map[string]options{
			"transport":  {client: &http.Client{Transport: own}},
			"middleware": {middleware: []func(http.RoundTripper) http.RoundTripper{asks}},
		} {
			var raw []byte
			id, err := over(t, v, srv, o).get(t.Context(), "x-1", call{raw: &raw})
			require.NoError(t, err, name)
			assert.Equal(t, "x-1", id, name)
			assert.Equal(t, v.object("x-1"), string(raw), name)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestErrorBodyIsReadNoFurtherThanItIsKept(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, status := range []int{300, 401, 404, 422, 500, 503} {
			for _, length := range []int64{-1, 1 << 20, 1 << 40} {
				var body *countBody
				c, s := start(t, v, options{}, func(int, request) (*http.Response, error) {
					if body != nil {
						assert.True(t, body.closed)
					}
					body = &countBody{}
					r := respond(status, "")
					r.ContentLength, r.Body = length, body
					return r, nil
				})
				f := viewed(t, v, op.do(t.Context(), c, call{}))
				assert.Equal(t, status, f.StatusCode)
				assert.Len(t, f.Body, 64<<10)
				assert.Less(t, body.read, 80<<10)
				assert.True(t, body.closed)
				assert.Positive(t, s.count())
			}
		}
	})
}

func TestErrorBodyDoesNotEndWithTheBeginningOfASecret(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		token := strings.Repeat("Ab3dE6gH9jKlMnOpQrStUvWx", 60) // 1,440 bytes, like a JSON Web Token
		spell := func(format string) (all string) {
			for _, r := range token {
				all += fmt.Sprintf(format, r)
			}
			return all
		}
		long := func(format string) func() *http.Response {
			body := strings.Repeat("x ", (64<<10-3000)/2) + spell(format) + strings.Repeat(" y", 10000)
			return func() *http.Response { return respond(403, body) }
		}
		for name, tt := range map[string]struct {
			answer func() *http.Response
			shown  string
			limit  int64
		}{
			"JSON":           {long(`\u%04x`), `\u0041`, 0},
			"HTML":           {long("&amp;#x%x;"), "#x41", 0},
			"percent, twice": {long("%%25%x"), "%2541", 0},
			"limit":          {func() *http.Response { return chunked(403, "x "+token) }, "Ab3", 1000},
			"limit, success": {func() *http.Response { return chunked(200, "x "+token) }, "Ab3", 1000},
			"broken off":     {func() *http.Response { return brokenOff(403, "x "+token) }, "Ab3", 0},
		} {
			for _, raw := range []*[]byte{nil, new([]byte)} {
				c, _ := start(t, v, options{retry: noRetries(), maxResponse: tt.limit,
					token: func(context.Context) (string, time.Time, error) { return token, time.Time{}, nil },
				}, func(int, request) (*http.Response, error) { return tt.answer(), nil })
				_, err := c.get(t.Context(), "x-1", call{raw: raw})
				body := string(viewed(t, v, err).Body)
				assert.True(t, strings.HasPrefix(body, "x "), name)
				assert.NotContains(t, body, tt.shown, name)
			}
		}
	})
}

// chunked returns a response that does not declare the length of its body.
func chunked(status int, body string) *http.Response {
	r := respond(status, body)
	r.ContentLength = -1
	return r
}

func TestErrorBodyIsKeptWholeWhereTheCallerAsksForIt(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		long := v.failure(strings.Repeat("too long ", 20000))
		c, _ := start(t, v, options{}, always(422, long))
		var raw []byte
		err := op.do(t.Context(), c, call{raw: &raw})
		assert.Equal(t, long, string(raw))
		assert.Equal(t, long[:64<<10], string(viewed(t, v, err).Body))

		c, _ = start(t, v, options{}, always(422, zipped(t, long)))
		assert.Equal(t, long[:64<<10], string(viewed(t, v, op.do(t.Context(), c, call{})).Body), "compressed")
	})
}

func TestErrorOfAnotherTypeIsShortAndNamesTypesOfJSON(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for _, body := range []string{`[]`, `[{"id":"x-1"}]`, `"text"`, `7`, `{"id":{},"relatedHTTPCode":[]}`} {
			c, _ := start(t, v, options{}, always(200, body))
			_, err := c.get(t.Context(), "x-1", call{})
			require.Error(t, err, body)
			assert.NotContains(t, err.Error(), "Go value", body)
			assert.NotContains(t, err.Error(), "struct", body)
			assert.Less(t, len(err.Error()), 300, body)
		}
	})
}
