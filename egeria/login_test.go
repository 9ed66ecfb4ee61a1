package egeria_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// lastToken returns the token of the last call.
func lastToken(t *testing.T, p *platform) string {
	t.Helper()
	calls := p.calls()
	require.NotEmpty(t, calls)
	value, bearer := strings.CutPrefix(calls[len(calls)-1].Header.Get("Authorization"), "Bearer ")
	require.True(t, bearer)
	return value
}

func TestLoginSendsTheCredentialsAndNoToken(t *testing.T) {
	t.Parallel()
	p := newPlatform(egeria.Dialect6)
	limiter := &countingLimiter{}
	c := p.client(t, egeria.WithLimiter(limiter))
	require.NoError(t, failing(c.Platform.Servers(t.Context())))
	var meta sdk.Meta
	token, err := c.Login(t.Context(), egeria.WithMeta(&meta)) // this client has a token, which must not be sent
	require.NoError(t, err)
	assert.Equal(t, [2]int{200, 1}, [2]int{meta.StatusCode, meta.Attempts})
	assert.Equal(t, jwt(`{"sub":"garygeeke","iat":1700000000,"exp":1700003600,"n":2}`), token.Value,
		"the text without its line break")
	require.Len(t, p.logins(), 2)
	for _, r := range p.logins() {
		assert.Equal(t, "POST /api/token", r.Method+" "+r.URL.RequestURI())
		assert.NotContains(t, r.Header, "Authorization")
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		assert.JSONEq(t, `{"userId":"garygeeke","password":"`+passwordCanary+`"}`, r.body)
	}
	assert.NotEqual(t, token.Value, lastToken(t, p), "it is for the caller")
	assertHidden(t, shown(token), token.Value)
	assert.Equal(t, int64(1), limiter.taken.Load(),
		"only the list: a login or a request for the origin takes no place in the rate limit")
	assert.Equal(t, int64(1), limiter.given.Load())
}

// The login uses the user of the password.
func TestAnotherUserLogsInWithNoForeignPassword(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]egeria.Option{
		{egeria.WithCredentials(user, passwordCanary), egeria.WithUser("erinoverview")},
		{egeria.WithUser("erinoverview"), egeria.WithCredentials(user, passwordCanary)},
	} {
		p := newPlatform(egeria.Dialect6)
		require.NoError(t, failing(p.clientAt(t, platformURL, opts...).Platform.Servers(t.Context())))
		assert.JSONEq(t, `{"userId":"garygeeke","password":"`+passwordCanary+`"}`, p.logins()[0].body)
	}
}

func TestOnlyATokenIsTakenForOne(t *testing.T) {
	t.Parallel()
	const canary = "reply-canary"
	good := strings.Split(jwt(`{"sub":"`+canary+`"}`), ".")
	encoded := `"` + strings.Join(good, ".") + `"`
	for name, body := range map[string]string{
		"login page":              "<html><body>" + canary + ": sign in</body></html>",
		"Spring's error document": `{"status":500,"error":"` + canary + `"}`,
		"a JSON string":           encoded,
		"two parts":               strings.Join(good[:2], "."),
		"four parts":              strings.Join(good, ".") + "." + b64(canary),
		"no signature":            good[0] + "." + good[1] + ".",
		"no claims":               good[0] + ".." + good[2],
		"nothing":                 "",
		"blanks":                  " \n",
		"dots":                    "..",
		"three words":             canary + "." + canary + "." + canary,
		"claims are no object":    good[0] + "." + b64(`"`+canary+`"`) + "." + good[2],
		"claims are cut":          good[0] + "." + b64(`{"sub":"`+canary) + "." + good[2],
		"header is no object":     b64(`["`+canary+`"]`) + "." + good[1] + "." + good[2],
		"signature is not base64": good[0] + "." + good[1] + ".!" + canary,
		"a time that is a text":   good[0] + "." + b64(`{"exp":"`+canary+`"}`) + "." + good[2],
		"a time that is true":     good[0] + "." + b64(`{"exp":true}`) + "." + good[2],
		"a time that is a list":   good[0] + "." + b64(`{"iat":1,"exp":[2]}`) + "." + good[2],
		"a line break in it":      good[0] + "." + good[1][:4] + "\n" + good[1][4:] + "." + good[2],
		"a scheme before it":      "Bearer " + strings.Join(good, "."),
		"too much of it":          strings.Repeat("x", 100_000) + canary,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			p := newPlatform(egeria.Dialect6)
			p.login = func(n int) response {
				if n > 2 {
					return plain(http.StatusOK, jwt("{}"))
				}
				return plain(http.StatusOK, body)
			}
			c := p.client(t,
				egeria.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			token, err := c.Login(t.Context())
			assert.Zero(t, token)
			e := errorOf(t, err)
			assert.Equal(t, "Login", e.Operation)
			assert.Equal(t, http.StatusOK, e.StatusCode)
			assert.Empty(t, e.Body)
			assert.Empty(t, conditions(err))
			assert.ErrorContains(t, err, "the response is not a JSON Web Token")

			called := c.Server("s").IntegrationGroups.Delete(t.Context(), groupName)
			assert.ErrorContains(t, called, "authentication: egeria: Login: POST /api/token")
			assert.ErrorContains(t, called, "the response is not a JSON Web Token")
			assert.Empty(t, conditions(called))
			assert.Equal(t, "IntegrationGroups.Delete", errorOf(t, called).Operation)
			assert.Zero(t, errorOf(t, called).Attempts)
			assert.Empty(t, p.calls(), "it was sent with a token that is none")
			everything := shown(err) + shown(*e) + shown(called) + shown(c) + log.String()
			assertHidden(t, everything, canary, passwordCanary)

			require.NoError(t, failing(c.Platform.Servers(t.Context())), "nothing of it was kept")
			assert.Equal(t, jwt("{}"), lastToken(t, p))
			assert.Len(t, p.logins(), 3)
		})
	}
}

func TestConcurrentCallsShareOneLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(egeria.Dialect6)
		good := newPlatform(egeria.Dialect6)
		valid := 1 // number of the valid token
		var mu sync.Mutex
		p.login = func(n int) response {
			time.Sleep(time.Second)
			return plain(http.StatusOK, jwt(fmt.Sprintf(`{"n":%d}`, n)))
		}
		p.serve = func(_ int, r request) response {
			time.Sleep(time.Millisecond) // all callers have started
			mu.Lock()
			defer mu.Unlock()
			if r.Header.Get("Authorization") != "Bearer "+jwt(fmt.Sprintf(`{"n":%d}`, valid)) {
				return response{status: http.StatusUnauthorized, header: http.Header{"Content-Type": nil}}
			}
			return good.respond(r)
		}
		c := p.client(t)
		each := func() {
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					assert.NoError(t, c.Server(fmt.Sprint("s", i)).IntegrationGroups.PutRaw(t.Context(), someGroup()))
				})
			}
			wg.Wait()
		}
		each()
		assert.Len(t, p.logins(), 1)
		assert.Len(t, p.calls(), 20)
		each()
		assert.Len(t, p.logins(), 1)
		mu.Lock()
		valid = 2 // the platform was restarted
		mu.Unlock()
		each()
		assert.Len(t, p.logins(), 2, "20 refusals of one token lead to one login")
		assert.Len(t, p.calls(), 80)
	})
}

func TestATokenThatIsRefusedIsReplacedOnce(t *testing.T) {
	t.Parallel()
	no := response{status: http.StatusUnauthorized, header: http.Header{"Content-Type": nil,
		"Www-Authenticate": {`Bearer error="invalid_token"`}}}
	t.Run("the new one is good, also for an action", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(egeria.Dialect6, no, ok(fitting))
		message, err := p.client(t).Platform.Start(t.Context(), "s")
		require.NoError(t, err)
		assert.Equal(t, "started", message)
		assert.Len(t, p.logins(), 2)
		calls := p.calls()
		require.Len(t, calls, 2)
		assert.NotEqual(t, calls[0].Header["Authorization"], calls[1].Header["Authorization"])
	})
	t.Run("the body is sent again", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(egeria.Dialect6, no, ok(fitting))
		require.NoError(t, p.client(t).Server("s").Config.Set(t.Context(), someDocument()))
		calls := p.calls()
		require.Len(t, calls, 2)
		assert.NotEmpty(t, calls[0].body)
		assert.Equal(t, calls[0].body, calls[1].body)
	})
	t.Run("the new one is refused too", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(egeria.Dialect6, no)
		_, err := p.client(t, retries()).Server("s").Config.Get(t.Context())
		assert.Equal(t, []string{"Unauthorized"}, conditions(err))
		assert.Equal(t, 2, errorOf(t, err).Attempts)
		assert.Len(t, p.logins(), 2)
		assert.Len(t, p.calls(), 2)
	})
	t.Run("a token that never changes is not replaced", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(egeria.Dialect6, no)
		err := failing(p.clientAt(t, platformURL, egeria.WithToken("t")).Platform.Servers(t.Context()))
		assert.Equal(t, []string{"Unauthorized"}, conditions(err))
		assert.Len(t, p.calls(), 1)
	})
	t.Run("a source is asked once more", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(egeria.Dialect6, no)
		n := 0
		err := failing(p.clientAt(t, platformURL,
			egeria.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
				n++
				return sdk.Token{Value: fmt.Sprint("token-", n)}, nil
			}))).Platform.Servers(t.Context()))
		assert.Equal(t, []string{"Unauthorized"}, conditions(err))
		assert.Equal(t, 2, n)
		assert.Equal(t, "token-2", lastToken(t, p))
	})
	for name, failure := range map[string]response{
		"403 in a bean": bean(403,
			"org.odpi.openmetadata.frameworks.connectors.ffdc.UserNotAuthorizedException",
			"OMAG-PLATFORM-SECURITY-403-002 no"),
		"403":                       {status: http.StatusForbidden},
		"400 in a bean about a 401": bean(400, invalidParameter, "TOKEN-CONTROLLER-401-001 no user"),
		"401 in a bean":             bean(401, invalidParameter, "OMAG-X-401-001 no"),
	} {
		t.Run(name+" asks for no other", func(t *testing.T) {
			t.Parallel()
			p := newPlatform(egeria.Dialect6, failure)
			assert.Error(t, p.client(t, retries()).Server("s").IntegrationGroups.Clear(t.Context()))
			assert.Len(t, p.logins(), 1)
			assert.Len(t, p.calls(), 1)
		})
	}
}

// A failed login is not the response to the call that needs it, except for errors about the
// credentials and the platform.
func TestAFailedLoginSaysNothingOfTheObject(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer  response
		login   []string
		call    []string
		logins  int
		message string
	}{
		"401, empty": {response{status: 401, header: http.Header{"Content-Type": nil}}, []string{"Unauthorized"},
			[]string{"Unauthorized"}, 1, "401 Unauthorized"},
		"401 in JSON": {spring(401), []string{"Unauthorized"}, []string{"Unauthorized"}, 1, "401 Unauthorized"},
		"403":         {spring(403), []string{"Forbidden"}, []string{}, 1, "403 Forbidden"},
		"404":         {spring(404), []string{"NotFound"}, []string{}, 1, "404 Not Found"},
		"400":         {spring(400), []string{"Invalid"}, []string{}, 1, "400 Bad Request"},
		"409":         {spring(409), []string{"Conflict"}, []string{}, 1, "409 Conflict"},
		"400 with a bean": {response{status: 400, body: notRunning().body}, []string{"NotFound"}, []string{}, 1,
			"OMAG-MULTI-TENANT-404-001"},
		"429": {response{status: 429}, []string{"RateLimited"}, []string{"RateLimited"}, 5,
			"429 Too Many Requests"},
		"500": {spring(500), []string{"Unavailable"}, []string{"Unavailable"}, 5, "500 Internal Server Error"},
		"no network": {response{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, []string{"Unavailable"},
			[]string{"Unavailable"}, 5, "connection refused"},
		"lost": {response{err: errors.New("connection reset")}, []string{"Unavailable"}, []string{"Unavailable"}, 5,
			"connection reset"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(egeria.Dialect6)
				p.login = func(int) response { return tt.answer }
				c := p.client(t, retries())
				token, err := c.Login(t.Context())
				assert.Zero(t, token)
				assert.Equal(t, tt.login, conditions(err))
				assert.ErrorContains(t, err, tt.message)
				assert.Len(t, p.logins(), tt.logins)
				for operation, err := range map[string]error{
					"IntegrationGroups.Delete": c.Server("s").IntegrationGroups.Delete(t.Context(), groupName),
					"Platform.Start":           failing(c.Platform.Start(t.Context(), "s")),
					"Platform.Stop":            c.Platform.Stop(t.Context(), "s"),
					"Config.Properties":        failing(c.Server("s").Config.Properties(t.Context())),
				} {
					assert.Equal(t, tt.call, conditions(err), operation)
					assert.Equal(t, operation, errorOf(t, err).Operation)
					assert.Zero(t, errorOf(t, err).StatusCode)
					assert.ErrorContains(t, err, "Login: POST /api/token")
					assert.ErrorContains(t, err, tt.message)
				}
				assert.Len(t, p.logins(), 5*tt.logins, "one login for each call")
				assert.Empty(t, p.calls())
			})
		})
	}
}

func TestALoginIsRepeated(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]response{"500": spring(500), "503": spring(503), "429": {status: 429},
		"lost": {err: errors.New("connection reset")}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(egeria.Dialect6)
				p.login = func(n int) response {
					if n < 3 {
						return failure
					}
					return plain(http.StatusOK, jwt("{}"))
				}
				require.NoError(t, failing(p.client(t, retries()).Platform.Servers(t.Context())))
				require.Len(t, p.logins(), 3)
				assert.Equal(t, p.logins()[0].body, p.logins()[2].body)
			})
		})
	}
}

// A login, including its waits, is not limited by the attempt timeout of the call.
func TestALoginHasTimeOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(egeria.Dialect6)
		p.login = func(n int) response {
			if n < 4 {
				return response{status: 429, header: http.Header{"Retry-After": {"50"}}}
			}
			return plain(http.StatusOK, jwt("{}"))
		}
		require.NoError(t, failing(p.client(t, retries(), egeria.WithAttemptTimeout(time.Second)).Platform.Servers(
			t.Context())))
		assert.Len(t, p.logins(), 4)
	})
}

func TestTheErrorsOfATokenSourceAreNotThoseOfTheCall(t *testing.T) {
	t.Parallel()
	p := newPlatform(egeria.Dialect6)
	other := p.clientAt(t, platformURL, egeria.WithUser(user))
	broken := errors.New("broken")
	for want, give := range map[string]func(context.Context) (sdk.Token, error){
		"invalid argument credentials": func(ctx context.Context) (sdk.Token, error) { return other.Login(ctx) },
		"broken":                       func(context.Context) (sdk.Token, error) { return sdk.Token{}, broken },
		"empty token":                  func(context.Context) (sdk.Token, error) { return sdk.Token{}, nil },
		"a header can't carry": func(context.Context) (sdk.Token, error) {
			return sdk.Token{Value: "a\nb"}, nil
		},
	} {
		err := failing(p.clientAt(t, platformURL, egeria.WithTokenSource(sdk.TokenSourceFunc(give))).Platform.Servers(
			t.Context()))
		assert.ErrorContains(t, err, "authentication: ")
		assert.ErrorContains(t, err, want)
		assert.Empty(t, conditions(err))
		assert.Empty(t, errorOf(t, err).Argument)
		assert.Equal(t, want == "broken", errors.Is(err, broken))
	}
	assert.Empty(t, p.calls())
}

func TestLoginNeedsCredentials(t *testing.T) {
	t.Parallel()
	p := newPlatform(egeria.Dialect6)
	for _, who := range []egeria.Option{egeria.WithUser(user), egeria.WithToken("t")} {
		_, err := p.clientAt(t, platformURL, who).Login(t.Context())
		assertRefused(t, err, "credentials")
	}
	assert.Empty(t, p.sent)
}

func TestLogout(t *testing.T) {
	t.Parallel()
	no := response{status: http.StatusUnauthorized, header: http.Header{"Content-Type": nil}}
	t.Run("the next call gets a new token where the platform keeps a list of them", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(egeria.Dialect6, ok(fitting), plain(200, ""), no, ok(fitting))
		c := p.client(t)
		require.NoError(t, failing(c.Platform.Servers(t.Context())))
		before := lastToken(t, p)
		require.NoError(t, c.Logout(t.Context()))
		assert.Equal(t, before, lastToken(t, p))
		require.NoError(t, failing(c.Platform.Servers(t.Context())))
		assert.NotEqual(t, before, lastToken(t, p))
		assert.Len(t, p.logins(), 2)
		assert.Equal(t, "GET /api/token/logout", lines(p.calls())[1])
	})
	for name, tt := range map[string]struct {
		answer     response
		conditions []string
	}{
		"no content":   {response{status: 204, header: http.Header{"Content-Type": nil}}, nil},
		"a text":       {plain(200, "logged out"), nil},
		"a bean":       {ok(`{"class":"VoidResponse","relatedHTTPCode":200}`), nil},
		"an object":    {ok(`{}`), nil},
		"a refusal":    {bean(403, "UserNotAuthorizedException", "OMAG-X-403-001 no"), []string{"Forbidden"}},
		"a login page": {response{status: 200, body: "<!doctype html>"}, []string{}},
		"404":          {spring(404), []string{"NotFound"}},
		"401":          {no, []string{"Unauthorized"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newPlatform(egeria.Dialect6, tt.answer).client(t).Logout(t.Context())
			if tt.conditions == nil {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, "Logout", errorOf(t, err).Operation)
			assert.Equal(t, tt.conditions, conditions(err))
		})
	}
}

func TestDialect4HasNoLogin(t *testing.T) {
	t.Parallel()
	p := newPlatform(egeria.Dialect4)
	_, err := p.client(t, egeria.WithDialect(egeria.Dialect4)).Login(t.Context())
	assertRefused(t, err, "dialect")
	assert.Empty(t, p.sent)
}
