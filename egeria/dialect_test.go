package egeria_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
)

const (
	origin6 = "GET /open-metadata/platform-services/server-platform/origin"
	origin4 = "GET /open-metadata/platform-services/users/garygeeke/server-platform/origin"
)

// retries returns the default policy.
func retries() egeria.Option { return egeria.WithRetry(sdk.DefaultRetryPolicy()) }

// probes returns the requests for the origin in a dialect.
func probes(d egeria.Dialect) []string {
	if d == egeria.Dialect4 {
		return []string{origin6, origin4}
	}
	return []string{origin6}
}

func TestDialectNames(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "auto 4.x/5.x 6.x Dialect(7)", egeria.DialectAuto.String()+" "+egeria.Dialect4.String()+" "+
		egeria.Dialect6.String()+" "+egeria.Dialect(7).String())
}

func TestTheDialectIsFoundOnce(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(d)
				p.origin = func(int) response {
					time.Sleep(time.Second)
					return (&platform{dialect: d}).respond(p.origins()[len(p.origins())-1])
				}
				c := p.client(t)
				assert.Empty(t, p.sent, "New sends nothing")
				var wg sync.WaitGroup
				for range 64 {
					wg.Go(func() {
						got, err := c.Dialect(t.Context())
						assert.NoError(t, err)
						assert.Equal(t, d, got)
						assert.NoError(t, failing(c.Server("cocoMDS1").IntegrationGroups.List(t.Context())))
					})
				}
				wg.Wait()
				assert.Equal(t, probes(d), lines(p.origins()))
				for _, r := range p.origins() {
					assert.NotContains(t, r.Header, "Authorization")
				}
				assert.Len(t, p.calls(), 64)
				for _, r := range p.calls() {
					assert.Equal(t, inDialect("{admin}/servers/cocoMDS1/integration-groups/configuration", d, user, ""),
						r.URL.Path)
					assert.Equal(t, d == egeria.Dialect6, r.Header.Get("Authorization") != "")
				}
				assert.Len(t, p.logins(), map[egeria.Dialect]int{egeria.Dialect4: 0, egeria.Dialect6: 1}[d])
			})
		})
	}
}

func TestADialectThatIsToldIsNotAskedFor(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		p := newPlatform(egeria.Dialect4 + egeria.Dialect6 - d) // of the other dialect
		c := p.client(t, egeria.WithDialect(d))
		got, err := c.Dialect(t.Context())
		require.NoError(t, err)
		assert.Equal(t, d, got)
		require.NoError(t, failing(c.Platform.Servers(t.Context())))
		assert.Empty(t, p.origins())
	}
}

func TestAFailedProbeIsAnErrorAndNotRemembered(t *testing.T) {
	t.Parallel()
	refused := response{err: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}}
	empty := response{status: http.StatusUnauthorized, header: http.Header{"Content-Type": nil,
		"Www-Authenticate": {"Bearer"}}}
	page := response{status: http.StatusOK, body: "<html><title>Egeria: sign in</title></html>",
		header: http.Header{"Content-Type": {"text/html"}}}
	both, first := 2, 5 // number of requests: on both paths, or on the first one with retries
	for name, tt := range map[string]struct {
		answers    []response
		asked      int
		conditions []string
		text       string
	}{
		"a page": {[]response{page}, both, []string{},
			"the response is not the origin of an Egeria platform"},
		"another text": {[]response{plain(200, "It works!")}, both, []string{},
			"the response is not the origin of an Egeria platform"},
		"a long text": {[]response{plain(200, originText+strings.Repeat("x", 1000))}, both, []string{},
			"the response is not the origin of an Egeria platform"},
		"nothing": {[]response{plain(200, "")}, both, []string{},
			"the response is not the origin of an Egeria platform"},
		"a bean": {
			[]response{bean(403, "X", "Egeria OMAG Server Platform (version 6.1) does not know you")}, both, []string{},
			"the response is not the origin"},
		"404 on both, not of a server": {[]response{spring(404)}, both, []string{}, "no Egeria platform responds"},
		"empty 401 on both":            {[]response{empty}, both, []string{}, "401 Unauthorized"},
		"redirect to a page": {
			[]response{{status: 302, header: http.Header{"Location": {"/sso/server-platform/origin"}}}, page}, 3,
			[]string{}, "no Egeria platform responds"},
		"500": {[]response{spring(500)}, first, []string{"Unavailable"},
			"500 Internal Server Error"},
		"503": {[]response{spring(503)}, first, []string{"Unavailable"},
			"503 Service Unavailable"},
		"connection refused": {[]response{refused}, first, []string{"Unavailable"}, "connection refused"},
		"429": {[]response{{status: 429}}, first, []string{"RateLimited"},
			"429 Too Many Requests"},
		"404, then 503": {[]response{spring(404), spring(503)}, 1 + first, []string{"Unavailable"},
			"503 Service Unavailable"},
		"404, then refused": {[]response{spring(404), refused}, 1 + first, []string{"Unavailable"},
			"connection refused"},
		"404, then 429": {[]response{spring(404), {status: 429}}, 1 + first, []string{"RateLimited"},
			"429 Too Many Requests"},
		"501": {[]response{spring(501)}, 1, []string{"Unavailable"}, "501 Not Implemented"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(egeria.Dialect6)
				p.origin = func(n int) response { return tt.answers[min(n, len(tt.answers))-1] }
				c := p.client(t, retries())
				d, err := c.Dialect(t.Context())
				assert.Equal(t, egeria.DialectAuto, d)
				assert.Equal(t, tt.conditions, conditions(err))
				assert.Equal(t, "Dialect", errorOf(t, err).Operation)
				assert.ErrorContains(t, err, tt.text)
				assert.NotContains(t, err.Error(), "<html>")
				if tt.asked > 0 {
					assert.Len(t, p.origins(), tt.asked)
				}

				err = c.Server("cocoMDS1").IntegrationGroups.Delete(t.Context(), groupName)
				assert.Equal(t, tt.conditions, conditions(err), "nothing else either about the object of a call")
				e := errorOf(t, err)
				assert.Equal(t, "IntegrationGroups.Delete", e.Operation)
				assert.Equal(t, [2]int{}, [2]int{e.StatusCode, e.Attempts})
				assert.ErrorContains(t, err, tt.text)
				assert.Empty(t, p.calls())
				assert.Empty(t, p.logins())

				p.origin = nil
				require.NoError(t, c.Server("cocoMDS1").IntegrationGroups.Delete(t.Context(), groupName))
			})
		})
	}
}

// On 6.x, the paths of 4.x require a token: 401 without a body.
func TestThePathsOf6AreAskedFirst(t *testing.T) {
	t.Parallel()
	for d, answers := range map[egeria.Dialect][]response{
		egeria.Dialect6: {plain(200, "Egeria OMAG Server Platform (version 6.1)\n"), {status: http.StatusUnauthorized}},
		egeria.Dialect4: {{status: http.StatusUnauthorized}, plain(200, "Egeria OMAG Server Platform (version 4.3)\n")},
	} {
		p := newPlatform(egeria.DialectAuto)
		p.origin = func(n int) response { return answers[min(n, len(answers))-1] }
		got, err := p.client(t).Dialect(t.Context())
		require.NoError(t, err)
		assert.Equal(t, d, got)
		assert.Equal(t, probes(d), lines(p.origins()))
	}
}

func TestAProbeSurvivesAnUnsteadyPlatform(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(egeria.Dialect4)
		answers := []response{spring(503), {err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, spring(404),
			spring(500), plain(200, originText)}
		p.origin = func(n int) response { return answers[n-1] }
		got, err := p.client(t, retries()).Dialect(t.Context())
		require.NoError(t, err)
		assert.Equal(t, egeria.Dialect4, got)
		assert.Equal(t, []string{origin6, origin6, origin6, origin4, origin4}, lines(p.origins()))
	})
}

func TestACancelledProbeFailsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(egeria.Dialect6)
		slow := egeria.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				select {
				case <-time.After(10 * time.Second):
					return next.RoundTrip(r)
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
			})
		})
		c := p.client(t, slow)
		gaveUp := errors.New("gave up")
		asking, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Dialect(asking)
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, err, gaveUp)
			assert.Empty(t, conditions(err))
		})
		synctest.Wait()
		for range 20 {
			wg.Go(func() {
				d, err := c.Dialect(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, egeria.Dialect6, d)
			})
		}
		impatient, stop := context.WithTimeoutCause(t.Context(), 2*time.Second, gaveUp)
		defer stop()
		wg.Go(func() {
			begin := time.Now()
			_, err := c.Dialect(impatient)
			assert.ErrorIs(t, err, gaveUp)
			assert.Equal(t, "Dialect", errorOf(t, err).Operation)
			assert.Equal(t, 2*time.Second, time.Since(begin), "it does not wait for the one that asks")
		})
		time.Sleep(5 * time.Second)
		cancel(gaveUp)
		wg.Wait()
		assert.Len(t, p.origins(), 1, "of all that waited, one has asked again")
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAProbeThatPanicsLeavesNobodyWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(egeria.Dialect6)
		p.origin = func(int) response {
			time.Sleep(time.Second)
			panic("of the transport")
		}
		c := p.client(t)
		var wg sync.WaitGroup
		wg.Go(func() { assert.Panics(t, func() { _, _ = c.Dialect(t.Context()) }) })
		synctest.Wait()
		wg.Go(func() { assert.ErrorContains(t, failing(c.Dialect(t.Context())), "panicked") })
		wg.Wait()
		p.origin = nil
		assert.NoError(t, failing(c.Dialect(t.Context())))
	})
}

func TestTheUserIsOneSegment(t *testing.T) {
	t.Parallel()
	for name, escaped := range map[string]string{
		"gary geeke": "gary%20geeke", "gary@coco.example": "gary@coco.example",
		"gärÿ日": "g%C3%A4r%C3%BF%E6%97%A5", "a?b#c": "a%3Fb%23c", "users": "users", "a+b&c=d": "a+b&c=d", "...": "...",
	} {
		p := newPlatform(egeria.Dialect4)
		c := p.clientAt(t, platformURL, egeria.WithUser(name))
		require.NoError(t, failing(c.Server("s").IntegrationGroups.List(t.Context())))
		require.NoError(t, failing(c.Server("s").Daemon.Status(t.Context())))
		assert.Equal(t, []string{origin6, "GET /open-metadata/platform-services/users/" + escaped +
			"/server-platform/origin"}, lines(p.origins()))
		assert.Equal(t, []string{
			"GET /open-metadata/admin-services/users/" + escaped + "/servers/s/integration-groups/configuration",
			"GET /servers/s/open-metadata/integration-daemon/users/" + escaped + "/status",
		}, lines(p.calls()))
	}
}

// With any path of a gateway and any server name, the user is inserted in the right place.
func TestTheUserStandsBehindItsService(t *testing.T) {
	t.Parallel()
	const daemon = "/servers/open-metadata/open-metadata/integration-daemon"
	for _, prefix := range []string{
		"", "/gw", "/open-metadata/admin-services", "/a/open-metadata/platform-services/users/x",
		"/servers/open-metadata/open-metadata/integration-daemon/b", "/a%2Fb", "/a b", "/é", "/open-metadata",
	} {
		escaped := strings.NewReplacer(" ", "%20", "é", "%C3%A9").Replace(prefix)
		for d, in := range map[egeria.Dialect]string{egeria.Dialect4: "/users/" + user, egeria.Dialect6: ""} {
			p := newPlatform(d)
			p.origin = func(n int) response {
				if n == 1 && d == egeria.Dialect4 {
					return spring(404)
				}
				return plain(200, originText)
			}
			c := p.clientAt(t, platformURL+prefix+"/", egeria.WithCredentials(user, passwordCanary))
			x := t.Context()
			require.NoError(t, failing(c.Server("open-metadata").IntegrationGroups.List(x)))
			require.NoError(t, failing(c.Platform.Known(x, "open-metadata")))
			require.NoError(t, c.Server("open-metadata").Daemon.RefreshConfig(x, "admin-services"))
			assert.Equal(t, []string{
				"GET " + escaped + "/open-metadata/admin-services" + in +
					"/servers/open-metadata/integration-groups/configuration",
				"GET " + escaped + "/open-metadata/platform-services" + in +
					"/server-platform/servers/open-metadata/is-known",
				"GET " + escaped + daemon + in + "/integration-groups/admin-services/refresh-config",
			}, lines(p.calls()))
			last := p.origins()[len(p.origins())-1]
			assert.Equal(t, escaped+"/open-metadata/platform-services"+in+"/server-platform/origin",
				last.URL.EscapedPath())
		}
	}
}

func TestCredentialsThatDoNotFitTheDialectFound(t *testing.T) {
	t.Parallel()
	source := sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) { return sdk.Token{Value: "t"}, nil })
	for name, tt := range map[string]struct {
		dialect  egeria.Dialect
		who      egeria.Option
		argument string
		with     string
	}{
		"a user on 6.x":         {egeria.Dialect6, egeria.WithUser(user), "credentials", "WithCredentials"},
		"a token on 4.x":        {egeria.Dialect4, egeria.WithToken("t"), "user", "WithUser"},
		"a token source on 4.x": {egeria.Dialect4, egeria.WithTokenSource(source), "user", "WithUser"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(tt.dialect)
			c := p.clientAt(t, platformURL, tt.who)
			for operation, err := range map[string]error{
				"Dialect":       failing(c.Dialect(t.Context())),
				"Config.Get":    failing(c.Server("s").Config.Get(t.Context())),
				"Platform.Stop": c.Platform.Stop(t.Context(), "s"),
				"": failing(
					c.Do(getRequest(t, "/open-metadata/platform-services/server-platform/servers"))),
			} {
				if operation == "" {
					operation = "Dialect"
				}
				assertRefused(t, err, tt.argument)
				assert.Equal(t, operation, errorOf(t, err).Operation)
				assert.ErrorContains(t, err, tt.with)
				assert.Equal(t, 1, strings.Count(err.Error(), "invalid argument"))
			}
			assert.Empty(t, p.calls())
			require.NoError(t, failing(c.Platform.Origin(t.Context())), "which needs none")
		})
	}
	for _, d := range dialects {
		p := newPlatform(d)
		require.NoError(t, failing(p.clientAt(t, platformURL, egeria.WithUser(user), egeria.WithToken("t")).
			Platform.Servers(t.Context())), "with both it is one for all")
	}
}

// A platform of 4.x is said to refuse requests with an unknown token.
func Test4GetsNoCredential(t *testing.T) {
	t.Parallel()
	asked := false
	source := sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
		asked = true
		return sdk.Token{}, errors.New("there is none")
	})
	for name, who := range map[string][]egeria.Option{
		"credentials": {egeria.WithCredentials(user, passwordCanary)},
		"token":       {egeria.WithUser(user), egeria.WithToken("t")}, "source": {egeria.WithUser(user),
			egeria.WithTokenSource(source)},
	} {
		for _, response := range []response{ok(fitting), {status: http.StatusUnauthorized}} {
			p := newPlatform(egeria.Dialect4, response)
			err := failing(p.clientAt(t, platformURL, who...).Server("s").Config.Get(t.Context()))
			assert.Equal(t, response.status == http.StatusUnauthorized, errors.Is(err, egeria.ErrUnauthorized),
				"%s: %v",
				name, err)
			assert.Len(t, p.calls(), 1, "no new login helps")
			assert.NotContains(t, p.calls()[0].Header, "Authorization")
			assert.Empty(t, p.logins())
		}
	}
	assert.False(t, asked)
}
