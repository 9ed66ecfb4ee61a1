package egeria_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

// seen are the releases whose platforms were examined.
var seen = []string{"4.0", "4.2", "5.0", "5.3", "6.1"}

func dialectOf(release string) egeria.Dialect {
	if release < "6" {
		return egeria.Dialect4
	}
	return egeria.Dialect6
}

// Properties that a platform would store only partly, or not at all, are not sent.
func TestPropertiesByHalfAreRefused(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		config := clientAt(t, srv).Server("s").Config
		bad := map[string]egeria.ServerProperties{}
		for i, part := range []egeria.ServerProperties{
			{SecretsStoreProvider: "p"}, {SecretsStoreLocation: "l"}, {SecretsStoreCollection: "c"},
			{SecretsStoreProvider: "p", SecretsStoreLocation: "l"},
			{SecretsStoreLocation: "l", SecretsStoreCollection: "c"},
		} {
			bad[fmt.Sprint("properties ", i)] = part
		}
		for _, size := range []int{-1, -7, -1 << 31} {
			bad[fmt.Sprint("MaxPageSize ", size)] = withStore(egeria.ServerProperties{MaxPageSize: &size})
		}
		if dialectOf(release) == egeria.Dialect6 {
			bad["properties of before 6.0"] = egeria.ServerProperties{Description: "d"}
			bad["properties with a password"] = withStore(egeria.ServerProperties{Password: "p"})
		} else {
			bad["properties since 6.0"] = withStore(egeria.ServerProperties{Description: "d"})
		}
		for name, properties := range bad {
			properties.OrganizationName = "half"
			err := config.SetProperties(t.Context(), properties)
			argument, _, _ := strings.Cut(name, " ")
			assertRefused(t, err, argument)
		}
		assert.Nil(t, srv.Document("s"), "nothing is stored")
		assert.Zero(t, srv.CountCalls("setOrganizationName"))
	}
}

func TestPropertiesByRelease(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		config := clientAt(t, srv, egeria.WithStrict()).Server("s").Config
		want := egeria.ServerProperties{Description: "d", OrganizationName: "o", URLRoot: "https://h", UserID: "u",
			ServerType: "For people", MaxPageSize: new(7)}
		if dialectOf(release) == egeria.Dialect6 {
			want = withStore(want)
		}
		require.NoError(t, config.SetProperties(t.Context(), want), release)
		document, err := config.Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"d", "o", "https://h", "u", "For people"}, []string{
			document.Description(), document.OrganizationName(), document.URLRoot(), document.UserID(),
			document.ServerType(),
		}, release)
		got, err := config.Properties(t.Context())
		require.NoError(t, err)
		if release >= "5" && release < "6" {
			want.ServerType = "" // 5.x does not return it
		}
		assert.Equal(t, want, *got, release)
		assert.Equal(t, release < "5.0", srv.CountCalls("setOrganizationName") == 1)
	}
}

// Strict clients accept servers without configuration.
func TestStrictClientsReadServersWithoutGroups(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		s := clientAt(t, srv, egeria.WithStrict()).Server("nobody")
		groups, err := s.IntegrationGroups.List(t.Context())
		require.NoError(t, err, release)
		assert.Empty(t, groups)
		require.NoError(t, s.IntegrationGroups.Put(t.Context(), group("a")))
		require.NoError(t, s.IntegrationGroups.Clear(t.Context()))
		groups, err = s.IntegrationGroups.List(t.Context())
		require.NoError(t, err)
		assert.Empty(t, groups)
		services, err := s.Config.DaemonServices(t.Context())
		if release < "5.0" {
			require.ErrorIs(t, err, egeria.ErrNotFound)
			continue
		}
		require.NoError(t, err, release)
		assert.Equal(t, egeria.DaemonServices{}, *services)
	}
}

// 5.x sends 401 for missing operations.
func TestUnauthorizedThatIsNotAboutCredentials(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"5.0", "5.3"} {
		for _, who := range []egeria.Option{egeria.WithUser("garygeeke"), egeria.WithCredentials("garygeeke",
			"wrong")} {
			srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
			c, err := egeria.New(srv.URL, who)
			require.NoError(t, err)
			_, err = c.Server("s").Config.Resolved(t.Context())
			e := errorOf(t, err)
			assert.Equal(t, []string{"NotFound"}, conditions(err))
			assert.Equal(t, []int{401, 404, 1}, []int{e.StatusCode, e.RelatedCode, e.Attempts})
			assert.Contains(t, err.Error(), "no operation")
			assert.Equal(t, []string{"NotFound"}, conditions(c.Logout(t.Context())))
			assert.Zero(t, srv.Logins())
		}
	}
	p := newPlatform(egeria.Dialect4,
		response{status: 401, header: http.Header{"Content-Type": nil, "Www-Authenticate": {"Basic"}}})
	assert.Equal(t, []string{"Unauthorized"}, conditions(failing(p.client(t).Platform.Servers(t.Context()))),
		"of a gateway")
	p = newPlatform(egeria.Dialect4, response{status: 401, body: "x",
		header: http.Header{"Www-Authenticate": {"Bearer"}}})
	assert.Equal(t, []string{"Unauthorized"}, conditions(failing(p.client(t).Platform.Servers(t.Context()))),
		"with a body")
	p = newPlatform(egeria.Dialect6,
		response{status: 401, header: http.Header{"Content-Type": nil, "Www-Authenticate": {"Bearer"}}})
	assert.Equal(t, []string{"Unauthorized"}, conditions(failing(p.client(t).Platform.Servers(t.Context()))), "on 6.x")
}

// A caller's request can have a path that the firewall of 6.x refuses.
func TestPathsThatTheFirewallRefuses(t *testing.T) {
	t.Parallel()
	srv := egeriatest.NewServer(t, egeriatest.WithRelease("6.1"))
	c := clientAt(t, srv)
	for path, status := range map[string]int{"a%25b": 401, "a%3Bb": 401, "a%2Eb": 401, "a%0Ab": 401, "/b": 401,
		"a%2Fb": 400, "a%5Cb": 400, "a.b": 200} {
		resp, err := c.Do(getRequest(t, "/open-metadata/admin-services/servers/"+path+"/configuration"))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, status, resp.StatusCode, path)
		assert.NotContains(t, resp.Header.Get("WWW-Authenticate"), "error=")
	}
}

func TestBadLoginsSayWhy(t *testing.T) {
	t.Parallel()
	srv := egeriatest.NewServer(t, egeriatest.WithRelease("6.1"))
	for user, why := range map[string]string{srv.User: "Bad credentials", "nobody": "account not found",
		"a b": "account not found for user: a b"} {
		c, err := egeria.New(srv.URL, egeria.WithCredentials(user, "wrong-password"))
		require.NoError(t, err)
		for _, err := range []error{failing(c.Login(t.Context())), failing(c.Platform.Servers(t.Context()))} {
			assert.Equal(t, []string{"Unauthorized"}, conditions(err))
			assert.ErrorContains(t, err, why)
			assert.NotContains(t, shown(err), "wrong-password")
		}
		e := errorOf(t, failing(c.Login(t.Context())))
		assert.Equal(t, "AuthenticationServiceException", e.Exception())
		assert.Empty(t, e.Header.Get("WWW-Authenticate"))
	}
}

// 6.x sends a bean with status 400 for invalid JSON.
func TestJSONErrorsOf6(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{`, `{}`, `[{}]`} {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease("6.1"))
		c := clientAt(t, srv)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			"/open-metadata/admin-services/servers/s/configuration", strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		resp, err := c.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 400, resp.StatusCode)
	}
	const text = "Could not resolve subtype: missing type id property 'class'"
	p := newPlatform(egeria.Dialect6, response{status: 400, body: `{"class":"FFDCResponseBase","relatedHTTPCode":400,` +
		`"exceptionClassName":"com.fasterxml.jackson.databind.exc.InvalidTypeIdException","exceptionErrorMessage":"` +
		text + `"}`})
	err := p.client(t).Server("s").IntegrationGroups.PutRaw(t.Context(), group("a"))
	e := errorOf(t, err)
	assert.Equal(t, []string{"Invalid"}, conditions(err))
	assert.Equal(t, []string{"InvalidTypeIdException", text, ""}, []string{e.Exception(), e.Detail, e.Code})
}

func TestDeleteNeedsNoOptionOn6(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
		require.NoError(t, err)
		s := c.Server("s")
		require.NoError(t, s.IntegrationGroups.Put(t.Context(), group("a")))
		err = s.Config.Delete(t.Context())
		if dialectOf(release) == egeria.Dialect4 {
			assertRefused(t, err, "WithClearTextStore")
			assert.NotNil(t, srv.Document("s"))
			continue
		}
		require.NoError(t, err)
		assert.Nil(t, srv.Document("s"))
	}
}

// PutRaw loses groups only on 4.x.
func TestPutRawByRelease(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		groups := clientAt(t, srv).Server("s").IntegrationGroups
		for _, name := range []string{"a", "b", "c"} {
			require.NoError(t, groups.PutRaw(t.Context(), group(name)))
		}
		assert.Len(t, srv.Groups("s"), map[bool]int{true: 1, false: 3}[release < "5.0"], release)
	}
}

func TestAForcedDialectThatIsWrongSaysSo(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		for _, forced := range []egeria.Dialect{egeria.Dialect4, egeria.Dialect6} {
			srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
			c := clientAt(t, srv, egeria.WithDialect(forced))
			for _, err := range []error{failing(c.Server("s").Config.Get(t.Context())),
				failing(c.Platform.Servers(t.Context())), c.Platform.Stop(t.Context(), "s")} {
				if forced == dialectOf(release) {
					assert.False(t, err != nil && strings.Contains(err.Error(), "WithDialect"), "%v", err)
					continue
				}
				require.Error(t, err, "%s %s", release, forced)
				assert.ErrorContains(t, err, "if the platform is not of "+forced.String()+", WithDialect is wrong")
			}
		}
	}
	c, err := egeria.New(egeriatest.NewServer(t).URL, egeria.WithToken("stale"), egeria.WithDialect(egeria.Dialect6))
	require.NoError(t, err)
	assert.NotContains(t, failing(c.Platform.Servers(t.Context())).Error(), "WithDialect", "the token is wrong")
}

// The origin needs no credentials.
func TestOriginOfAnyRelease(t *testing.T) {
	t.Parallel()
	for _, release := range seen {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		for _, who := range []egeria.Option{egeria.WithUser("u"), egeria.WithToken("t"),
			egeria.WithCredentials("nobody", "wrong")} {
			c, err := egeria.New(srv.URL, who)
			require.NoError(t, err)
			origin, err := c.Platform.Origin(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "Egeria OMAG Server Platform (version "+release+")", origin)
		}
		for _, call := range srv.Calls() {
			assert.Empty(t, call.Header.Get("Authorization"))
		}
		assert.Zero(t, srv.Logins())
	}
}

// Paths of 6.x have no user, so any name is valid.
func TestUsersThatNoPathCarries(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"a;b", "a/b", "50%"} {
		p := newPlatform(egeria.Dialect6)
		c := p.clientAt(t, platformURL, egeria.WithCredentials(user, "p"))
		require.NoError(t, failing(c.Platform.Servers(t.Context())))
		p = newPlatform(egeria.Dialect4)
		c = p.clientAt(t, platformURL, egeria.WithCredentials(user, "p"))
		require.NoError(t, failing(c.Platform.Origin(t.Context())))
		assertRefused(t, failing(c.Platform.Servers(t.Context())), "user")
		assert.Empty(t, p.calls())
		for _, r := range p.origins() {
			assert.NotContains(t, r.URL.Path, user)
		}
	}
}

func TestConfigurationsOfANewPlatform(t *testing.T) {
	t.Parallel()
	for release, code := range map[string]int{"5.0": 500, "5.3": 500, "6.1": 400} {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c := clientAt(t, srv)
		_, err := c.Platform.Configurations(t.Context())
		e, ok := errors.AsType[*egeria.Error](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, code, e.RelatedCode)
		require.NoError(t, c.Server("s").Config.SetDefaultAuditLog(t.Context()))
		all, err := c.Platform.Configurations(t.Context())
		require.NoError(t, err)
		assert.Len(t, all, 1)
	}
}
