package contract_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// doer is a client with the method Do.
type doer interface {
	Do(req *http.Request) (*http.Response, error)
}

// onceReader is a body that can be read only once. It counts the calls of Close.
type onceReader struct {
	io.Reader
	closed int
}

func (r *onceReader) Close() error {
	r.closed++
	return nil
}

func newRequest(t *testing.T, method, path string, body io.Reader, contentType string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, path, body)
	require.NoError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

func TestDoRefusesTextThatIsNotUTF8(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(500, ""))
		client, ok := c.value.(doer)
		require.True(t, ok)
		for _, bad := range notUTF8 {
			body := `{"name":"` + bad + `"}`
			rawPath := newRequest(t, "GET", "/x", nil, "")
			rawPath.URL.Path = "/integrations/" + bad
			rawQuery := newRequest(t, "GET", "/x", nil, "")
			rawQuery.URL.RawQuery = "name=" + bad
			escaped := newRequest(t, "GET", "/x?a=1&na%6De=b%FFd", nil, "")
			for place, req := range map[string]*http.Request{
				"request path":       rawPath,
				"request query":      rawQuery,
				"request path (%)":   newRequest(t, "GET", "/x/caf%E9", nil, ""),
				"request query (%)":  escaped,
				"request query name": newRequest(t, "GET", "/x?%ff=b", nil, ""),
				"request body":       newRequest(t, "POST", "/x", bytes.NewReader([]byte(body)), "application/json"),
				"request body, once": newRequest(t, "POST", "/x", iotest.OneByteReader(bytes.NewReader([]byte(body))),
					"application/merge-patch+json; charset=utf-8"),
				"request body, bare": newRequest(t, "PUT", "/x", bytes.NewReader([]byte(body)), ""),
				"request body, host": newRequest(t, "PUT", "https://elsewhere.test/x", bytes.NewReader([]byte(body)),
					"application/json"),
			} {
				resp, err := client.Do(req)
				if err == nil {
					resp.Body.Close()
				}
				f := viewed(t, v, err)
				assert.Equal(t, []string{"ErrInvalid"}, conditions(v, err), place)
				assert.Contains(t, place, f.Argument)
				assert.NotEmpty(t, f.Argument)
				require.ErrorContains(t, err, "UTF-8", place)
			}
			_, err := client.Do(escaped) //nolint:bodyclose // there is none
			require.ErrorContains(t, err, `is not UTF-8 in the value of "name"`)
			_, err = client.Do(newRequest(t, "POST", "/x", bytes.NewReader([]byte(body)),
				"application/json")) //nolint:bodyclose // there is none
			require.ErrorContains(t, err, "at byte")
		}
		assert.Zero(t, s.count())
	})
}

func TestDoSendsBodiesThatAreNoJSONText(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(200, "{}"))
		client, ok := c.value.(doer)
		require.True(t, ok)
		const binary = "\x1f\x8b\xff\x00"
		zipped := newRequest(t, "POST", "/x", bytes.NewReader([]byte(binary)), "application/json")
		zipped.Header.Set("Content-Encoding", "gzip")
		reader := &onceReader{Reader: iotest.HalfReader(bytes.NewReader([]byte(`{"name":"Café"}`)))}
		for name, tc := range map[string]struct {
			req  *http.Request
			body string
		}{
			"bytes": {newRequest(t, "POST", "/x", bytes.NewReader([]byte(binary)),
				"application/octet-stream"), binary},
			"a form": {newRequest(t, "POST", "/x", bytes.NewReader([]byte("a=caf\xe9")),
				"application/x-www-form-urlencoded"), "a=caf\xe9"},
			"a text": {newRequest(t, "POST", "/x", bytes.NewReader([]byte("caf\xe9")),
				"text/plain; charset=iso-8859-1"), "caf\xe9"},
			"compressed JSON": {zipped, binary},
			"JSON, once":      {newRequest(t, "POST", "/x", reader, "application/json"), `{"name":"Café"}`},
			"an odd query":    {newRequest(t, "GET", "/x?a=%zz&b=%C3%A9&&=", nil, ""), ""},
		} {
			before := s.count()
			resp, err := client.Do(tc.req)
			require.NoError(t, err, name)
			require.NoError(t, resp.Body.Close())
			sent := s.requests()[before:]
			require.Len(t, sent, 1, name)
			assert.Equal(t, tc.body, sent[0].body, name)
			assert.Equal(t, tc.req.URL.RawQuery, sent[0].URL.RawQuery, name)
		}
		assert.Positive(t, reader.closed)
	})
}

// A body that can be read only once is read before the request is sent. Its error, or the end of
// the context during reading, is the error of the call.
func TestDoReportsABodyThatCannotBeRead(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		c, s := start(t, v, options{}, always(200, "{}"))
		client, ok := c.value.(doer)
		require.True(t, ok)
		broken := errors.New("broken")
		for _, body := range []io.Reader{iotest.ErrReader(broken), io.MultiReader(bytes.NewReader([]byte("{")),
			iotest.ErrReader(broken))} {
			_, err := client.Do(newRequest(t, "POST", "/x", body,
				"application/json")) //nolint:bodyclose // there is none
			require.ErrorIs(t, err, broken)
			viewed(t, v, err)
		}
		req := newRequest(t, "POST", "/x", bytes.NewReader([]byte("{}")), "application/json")
		req.GetBody = func() (io.ReadCloser, error) { return nil, broken }
		_, err := client.Do(req) //nolint:bodyclose // there is none
		require.ErrorIs(t, err, broken)

		endless, writer := io.Pipe()
		defer writer.Close()
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err = client.Do(newRequest(t, "POST", "/x", endless, "application/json").WithContext(
			ctx)) //nolint:bodyclose // there is none
		require.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, s.count())
	})
}
