package core

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func request(t *testing.T, method, rawURL string) *http.Request {
	t.Helper()
	u, err := url.Parse(rawURL)
	require.NoError(t, err)
	return &http.Request{Method: method, URL: u}
}

func TestRedirectIsFollowedWhereItRepeatsTheRequest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, url, first, firstURL string
		follow                       bool
	}{
		{"GET", "https://a.test/y", "GET", "https://a.test/x", true},
		{"GET", "http://b.test/y", "GET", "https://a.test/x", false},
		{"GET", "http://a.test/y", "GET", "https://a.test/x", false},
		{"GET", "http://b.test/y", "GET", "http://a.test/x", true},
		{"GET", "https://b.test/y", "GET", "https://a.test/x", true},
		{"HEAD", "https://b.test/y", "HEAD", "https://a.test/x", true},
		{"POST", "https://a.test:443/y", "POST", "https://a.test/x", true},
		{"POST", "https://b.test/y", "POST", "https://a.test/x", false},
		{"DELETE", "http://a.test/y", "DELETE", "https://a.test/x", false},
		{"GET", "https://a.test/y", "POST", "https://a.test/x", false},
		{"GET", "https:///y", "GET", "https://a.test/x", false},
		{"GET", "https://:1/y", "GET", "https://a.test/x", false},
		{"GET", "ftp://a.test/y", "GET", "https://a.test/x", false},
	} {
		err := checkRedirect(nil)(request(t, tt.method, tt.url), []*http.Request{request(t, tt.first, tt.firstURL)})
		if tt.follow {
			require.NoError(t, err, tt)
		} else {
			assert.Equal(t, http.ErrUseLastResponse, err, tt)
		}
	}
}

func TestRedirectNeedsTheConsentOfTheCallersClient(t *testing.T) {
	t.Parallel()
	get := request(t, http.MethodGet, "https://a.test/x")
	for answer, want := range map[error]error{
		nil: nil, http.ErrUseLastResponse: http.ErrUseLastResponse, io.ErrNoProgress: &redirectError{get.URL,
			io.ErrNoProgress},
	} {
		asked := false
		check := checkRedirect(func(*http.Request, []*http.Request) error { asked = true; return answer })
		assert.Equal(t, want, check(get, []*http.Request{get}))
		assert.True(t, asked)
	}
	never := checkRedirect(func(*http.Request, []*http.Request) error { return errors.New("asked") })
	via := make([]*http.Request, maxRedirects)
	via[0] = get
	assert.Equal(t, &redirectError{get.URL, errTooManyRedirects}, never(get, via))
	assert.Equal(t, http.ErrUseLastResponse, never(request(t, http.MethodPut, "https://a.test/x"),
		[]*http.Request{get}))
}
