package core

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ base, target, want string }{
		{"https://a.test", "/x", "https://a.test/x"},
		{"https://a.test", "x", "https://a.test/x"},
		{"https://a.test/", "/x/", "https://a.test/x/"},
		{"https://a.test/p", "/x?q=1", "https://a.test/p/x?q=1"},
		{"https://a.test/p/", "//x", ""}, // a host without a scheme
		{"https://a.test/p", "", "https://a.test/p"},
		{"https://a.test/p", "?q", "https://a.test/p?q"},
		{"https://a.test/p", "/a%2Fb", "https://a.test/p/a%2Fb"},
		{"https://a.test/p%2Fq", "/a b", "https://a.test/p%2Fq/a%20b"},
		{"https://a.test/p", "/x:y", "https://a.test/p/x:y"},
		{"https://a.test/p", "/x#fragment", "https://a.test/p/x"},
		{"https://a.test/p", "https://b.test/x", "https://b.test/x"},
		{"https://a.test/p", "http://a.test", "http://a.test"},
		{"https://a.test/p", "/x/../y", ""},
		{"https://a.test/p", "%2E%2E/y", ""},
		{"https://a.test/p", "mailto:x", ""},
		{"https://a.test/p", "ftp://a.test/x", ""},
		{"https://a.test/p", "https:///x", ""},
		{"https://a.test/p", "https://:443/x", ""},
	} {
		base, err := url.Parse(tt.base)
		require.NoError(t, err)
		target, err := url.Parse(tt.target)
		require.NoError(t, err)
		before := *target
		c := &Client{cfg: Config{BaseURL: base}}
		got, err := c.resolve(&http.Request{URL: target})
		if tt.want == "" {
			assert.Error(t, err, tt.target)
		} else {
			require.NoError(t, err, tt.target)
			assert.Equal(t, tt.want, got.String())
		}
		assert.Equal(t, before, *target)
		assert.Equal(t, tt.base, base.String())
	}
}
