package contract_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
	{"name of a trailer", "trailer", func(req *http.Request) { req.Trailer = http.Header{"Content-Length": nil} }},
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

// slowBody returns a body of 300 bytes, with one byte each 10 ms.
func slowBody() io.Reader { return io.LimitReader(slowReader{}, 300) }

type slowReader struct{}

func (slowReader) Read(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	p[0] = ' '
	return 1, nil
}

// closeCounter is a slow body that counts the calls of Close, which may run during a Read.
type closeCounter struct {
	io.Reader
	closed atomic.Int64
}

func (c *closeCounter) Close() error {
	c.closed.Add(1)
	return nil
}

func TestDoReadsABodyNoLongerThanItsContext(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(200, "{}"))
		client, ok := c.value.(doer)
		require.True(t, ok)
		again := newRequest(t, http.MethodPut, "/x", slowBody(), "")
		again.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(slowBody()), nil }
		closer := &closeCounter{Reader: slowBody()}
		for name, req := range map[string]*http.Request{
			"once":         newRequest(t, http.MethodPost, "/x", slowBody(), "application/json"),
			"once, closed": newRequest(t, http.MethodPost, "/x", closer, "application/json"),
			"again":        again,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			begin := time.Now()
			_, err := client.Do(req.WithContext(ctx)) //nolint:bodyclose // there is none
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.Equal(t, 1, strings.Count(err.Error(), context.DeadlineExceeded.Error()), err.Error())
			assert.LessOrEqual(t, time.Since(begin), 210*time.Millisecond, name)
			_, err = client.Do(req.WithContext(ctx)) //nolint:bodyclose // there is none
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.LessOrEqual(t, time.Since(begin), 210*time.Millisecond, "%s, after the end of the context", name)
			cancel()
		}
		assert.NotZero(t, closer.closed.Load())
		assert.Zero(t, s.count())
	})
}
