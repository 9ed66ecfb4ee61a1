package core

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for raw, problem := range map[string]string{
		"https://a.test": "", "https://a.test/": "", "https://a.test/b/c": "", "HTTPS://A.test": "",
		"https://a.test:1": "", "http://localhost/x": "", "http://[::1]": "",
		"https://a.test/b..c/...": "",
		"http://a.test":           "plain http", "http://127.0.0.1.a.test": "plain http",
		"http://%6cocalhost": "can't be parsed",
		"":                   "scheme", "a.test": "scheme", "/x": "scheme", "file:///x": "scheme",
		"https:a.test": "no host",
		"https://":     "no host", "https://:80": "no host",
		"https://u@a.test": "credentials", "https://u:p@a.test": "credentials", "https://a.test?": "query",
		"https://a.test/?x": "query", "https://a.test#x": "fragment",
		"https://a.test/./b": `"."`, "https://a.test/..": `".."`, "https://a.test/%2E%2e/b": `".."`,
		"https://u:top secret@a.test": "can't be parsed", "https://a.test:x": "can't be parsed",
	} {
		u, err := parseBaseURL(raw, false)
		if problem == "" {
			require.NoError(t, err, raw)
			assert.NotNil(t, u)
			continue
		}
		assert.Equal(t, "base URL", argument(t, err), raw)
		require.ErrorContains(t, err, problem, raw)
		assert.NotContains(t, err.Error(), "secret")
	}
	_, err := parseBaseURL("http://a.test", true)
	require.NoError(t, err)
}

func TestSameOriginNeedsSchemeHostAndPort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://a.test", "https://a.test:443/x?y", true}, {"http://a.test:80", "http://A.TEST", true},
		{"https://[::1]", "https://[::1]:443", true},
		{"https://a.test", "http://a.test", false}, {"https://a.test", "http://a.test:443", false},
		{"https://a.test", "https://a.test:444", false},
		{"https://a.test", "https://b.a.test", false}, {"https://a.test", "https://a.test.", false},
		{"https://a.test", "https://a.test.b", false},
	} {
		a, err := url.Parse(c.a)
		require.NoError(t, err)
		b, err := url.Parse(c.b)
		require.NoError(t, err)
		assert.Equal(t, c.want, sameOrigin(a, b), "%s %s", a, b)
		assert.Equal(t, c.want, sameOrigin(b, a), "%s %s", a, b)
	}
}
