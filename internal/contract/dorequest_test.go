package contract_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notSendable are changes of a request after which HTTP can't carry it, by the argument that the
// error names.
var notSendable = []struct {
	name, argument string
	change         func(req *http.Request)
}{
	{"line break", "header X-Trace", func(req *http.Request) { req.Header.Set("X-Trace", "a\nb") }},
	{"NUL in a later value", "header X-Trace", func(req *http.Request) {
		req.Header["X-Trace"] = []string{"a", "b\x00"}
	}},
	{"DEL", "header X-Trace", func(req *http.Request) { req.Header.Set("X-Trace", "\x7f") }},
	{"value that is not UTF-8", "header X-Trace", func(req *http.Request) { req.Header.Set("X-Trace", "caf\xe9") }},
	{"space in a name", "header", func(req *http.Request) { req.Header["a b"] = []string{"x"} }},
	{"empty name", "header", func(req *http.Request) { req.Header[""] = []string{"x"} }},
	{"colon in a name", "header", func(req *http.Request) { req.Header["a:b"] = []string{"x"} }},
	{"space in the method", "request method", func(req *http.Request) { req.Method = "PO ST" }},
	{"line break in the method", "request method", func(req *http.Request) { req.Method = "GET\n" }},
	{"method that is not ASCII", "request method", func(req *http.Request) { req.Method = "GÉT" }},
	{"trailer", "trailer X-Sum", func(req *http.Request) { req.Trailer = http.Header{"X-Sum": {"a\nb"}} }},
	{"line break in the query", "request query", func(req *http.Request) { req.URL.RawQuery = "a=b\nc" }},
	{"length of no body", "request body", func(req *http.Request) { req.ContentLength, req.Body = 5, nil }},
	{"unknown length of no body", "request body", func(req *http.Request) { req.ContentLength, req.Body = -1, nil }},
	{"length that is too large", "request body", func(req *http.Request) {
		req.ContentLength, req.Body = 5, io.NopCloser(strings.NewReader("{}"))
	}},
	{"length that is too small", "request body", func(req *http.Request) {
		req.ContentLength, req.Body = 1, io.NopCloser(strings.NewReader("{}"))
	}},
	{"length of another buffer", "request body", func(req *http.Request) {
		req.ContentLength, req.Body = 3, io.NopCloser(strings.NewReader("{}"))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("{}")), nil }
	}},
}

func TestDoRefusesWhatHTTPCannotCarry(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(200, "{}"))
		client, ok := c.value.(doer)
		require.True(t, ok)
		for _, tt := range notSendable {
			for _, method := range []string{http.MethodGet, http.MethodPost, ""} {
				req := newRequest(t, method, "/x", nil, "")
				tt.change(req)
				_, err := client.Do(req) //nolint:bodyclose // there is none
				f := viewed(t, v, err)
				assert.Equal(t, []string{"ErrInvalid"}, conditions(v, err), tt.name)
				assert.Equal(t, tt.argument, f.Argument, tt.name)
				assert.Zero(t, f.Attempts, tt.name)
				assert.NotContains(t, err.Error(), "\n", tt.name)
			}
		}
		assert.Zero(t, s.count())
	})
}

func TestDoSendsWhatHTTPCanCarry(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		var served atomic.Int64
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			served.Add(1)
			_, _ = io.WriteString(w, "{}")
		}))
		t.Cleanup(srv.Close)
		c := connect(t, v, options{baseURL: srv.URL})
		t.Cleanup(c.closing)
		client, ok := c.value.(doer)
		require.True(t, ok)
		for name, change := range map[string]func(req *http.Request){
			"tab and UTF-8":     func(req *http.Request) { req.Header.Set("X-Trace", "a\té") },
			"empty value":       func(req *http.Request) { req.Header.Set("X-Trace", "") },
			"marks in a name":   func(req *http.Request) { req.Header["x!#$%&'*+-.^_`|~9"] = []string{"x"} },
			"no header":         func(req *http.Request) { req.Header = nil },
			"another method":    func(req *http.Request) { req.Method = "X-PURGE" },
			"trailer":           func(req *http.Request) { req.Trailer = http.Header{"X-Sum": {"1"}} },
			"length of no body": func(req *http.Request) { req.ContentLength, req.Body = 5, http.NoBody },
			"exact length": func(req *http.Request) {
				req.ContentLength, req.Body = 2, io.NopCloser(strings.NewReader("{}"))
			},
			"unknown length": func(req *http.Request) {
				req.ContentLength, req.Body = -1, io.NopCloser(strings.NewReader("{}"))
			},
		} {
			req, before := newRequest(t, http.MethodPut, "/x", nil, ""), served.Load()
			change(req)
			resp, err := client.Do(req)
			require.NoError(t, err, name)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, before+1, served.Load(), name)
		}
	})
}
