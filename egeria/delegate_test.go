package egeria_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func TestDelegatingUserIsOnEveryCall(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"erinoverview", "a b&c", "é"} {
		for _, tt := range wireCalls() {
			if tt.only == egeria.Dialect4 {
				continue
			}
			p := newPlatform(egeria.Dialect6)
			missing := inDialect(tt.missing, egeria.Dialect6, user, "s")
			p.serve = func(_ int, r request) response {
				if missing != "" && strings.HasSuffix(r.URL.EscapedPath(), missing) {
					return spring(404)
				}
				return ok(fitting)
			}
			require.NoError(t, tt.do(t.Context(), p.client(t, egeria.WithDelegatingUser(user)), "s"), tt.name)
			for _, r := range p.only(func(request) bool { return true }) {
				want := user
				if r.isOrigin() || strings.Contains(r.URL.Path, "/api/token") {
					want = ""
				}
				assert.Equal(t, want, r.URL.Query().Get("delegatingUserId"), "%s %s", tt.name, r.URL)
			}
		}
	}
}

func TestDelegatingUserByRelease(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		srv.AddUser("erinoverview")
		for user, known := range map[string]bool{"erinoverview": true, "nobody": false, "a b": false} {
			c := clientAt(t, srv, egeria.WithDelegatingUser(user))
			err := c.Server("s").IntegrationGroups.Put(t.Context(), group(user))
			switch {
			case dialectOf(release) == egeria.Dialect4:
				assertRefused(t, err, "delegating user")
			case known:
				require.NoError(t, err)
			default:
				require.ErrorIs(t, err, egeria.ErrForbidden)
				assert.Equal(t, "OPEN-METADATA-SECURITY-403-017", errorOf(t, err).Code)
			}
		}
	}
	_, err := egeria.New(platformURL, egeria.WithUser("u"), egeria.WithDialect(egeria.Dialect4),
		egeria.WithDelegatingUser("x"))
	assertRefused(t, err, "delegating user")
	for _, bad := range []string{"", " ", "\xff"} {
		_, err := egeria.New(platformURL, egeria.WithToken("t"), egeria.WithDelegatingUser(bad))
		assertRefused(t, err, "user")
	}
}

func TestDoAddsTheDelegatingUser(t *testing.T) {
	t.Parallel()
	p := newPlatform(egeria.Dialect6)
	c := p.client(t, egeria.WithDelegatingUser("erin"))
	for query, want := range map[string]string{
		"": "erin", "?a=b": "erin", "?delegatingUserId=other": "other", "?z=1&a=%7E~&b": "erin", "?a;b=c": "erin",
	} {
		resp, err := c.Do(getRequest(t, "/open-metadata/platform-services/server-platform/servers"+query))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		calls := p.calls()
		sent := calls[len(calls)-1].URL
		assert.Equal(t, want, sent.Query().Get("delegatingUserId"))
		assert.True(t, strings.HasPrefix(sent.RawQuery, strings.TrimPrefix(query, "?")),
			"the rest is sent as it is: %s", sent)
	}
}

func TestDeployByRelease(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		bare := egeria.DeployTarget{PlatformURL: srv.URL}
		full := egeria.DeployTarget{PlatformURL: srv.URL, SecretsStoreProvider: "p", SecretsStoreLocation: "l",
			SecretsStoreCollection: "c"}
		config := clientAt(t, srv).Server("s").Config
		for _, part := range []egeria.DeployTarget{
			{PlatformURL: srv.URL, SecretsStoreProvider: "p"}, {PlatformURL: srv.URL, SecretsStoreLocation: "l"},
			{PlatformURL: srv.URL, SecretsStoreProvider: "p", SecretsStoreCollection: "c"},
		} {
			assertRefused(t, config.Deploy(t.Context(), part), "target")
		}
		if dialectOf(release) == egeria.Dialect4 {
			require.NoError(t, config.Deploy(t.Context(), bare))
			assertRefused(t, config.Deploy(t.Context(), full), "target")
			continue
		}
		assert.Equal(t, "OMAG-ADMIN-400-001", errorOf(t, config.Deploy(t.Context(), bare)).Code)
		require.NoError(t, config.Deploy(t.Context(), full), "for the user of the credentials")
		c, err := egeria.New(srv.URL, egeria.WithToken(srv.IssueToken(srv.User, 1e9*60)))
		require.NoError(t, err)
		err = c.Server("s").Config.Deploy(t.Context(), full)
		require.ErrorIs(t, err, egeria.ErrForbidden)
		assert.Equal(t, "OPEN-METADATA-SECURITY-403-017", errorOf(t, err).Code)
	}
}
