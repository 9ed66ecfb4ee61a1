package egeria_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/ratelimit"
)

func TestTokenUnderABadStatusIsNotShown(t *testing.T) {
	t.Parallel()
	const opaque = "0paque-acce55-t0ken-0f-the-service"
	token := jwt(`{"sub":"the-token-of-the-login"}`)
	for _, body := range []string{token, opaque, `"` + token + `"`, `{"token":"` + opaque + `"}`, "token=" + opaque,
		`{"class":"x","message":"here: ` + token + `"}`} {
		for _, status := range []int{302, 400, 409} {
			p := newPlatform(egeria.Dialect6)
			p.login = func(int) response {
				return response{status: status, body: body, header: http.Header{"Set-Cookie": {"session=" + opaque},
					"X-Auth-Token": {token}}}
			}
			_, err := p.clientAt(t, platformURL, egeria.WithCredentials(user, passwordCanary)).Login(t.Context())
			e := errorOf(t, err)
			assert.Equal(t, status, e.StatusCode)
			assertHidden(t, shown(err)+shown(*e)+fmt.Sprint(string(e.Body), e.Header), opaque, token)
		}
	}
}

// The login after a 401 is part of the call whose token was refused. A token source is asked in the
// same place.
func TestTokenThatWasRefusedIsHiddenInTheNextLogin(t *testing.T) {
	t.Parallel()
	refused := jwt(`{"sub":"the-token-that-was-refused"}`)
	for name, second := range map[string]response{
		"bean":   ok(echo(request{Request: &http.Request{}}, refused)),
		"status": {status: 403, body: echo(request{Request: &http.Request{}}, refused)},
		"header": {status: 409, header: http.Header{"X-Request-Id": {refused}, "X-Echo": {"of " + refused}}},
	} {
		var log, debug bytes.Buffer
		p := newPlatform(egeria.Dialect6, response{status: 401})
		p.login = func(n int) response { return []response{plain(http.StatusOK, refused), second}[n-1] }
		c := p.client(t, egeria.WithDebug(&debug),
			egeria.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		err := c.Server("s").IntegrationGroups.Delete(t.Context(), groupName)
		require.Error(t, err)
		require.Len(t, p.logins(), 2, name)
		text := shown(err) + log.String() + debug.String()
		for e, found := errors.AsType[*egeria.Error](err); found; e, found = errors.AsType[*egeria.Error](e.Err) {
			text += shown(e) + string(e.Body) + fmt.Sprint(e.Header)
		}
		assertHidden(t, text, refused)
		assert.Contains(t, text, "[redacted]", name)
	}
}

func TestPasswordThatALoginHasSentIsHiddenAfterAChange(t *testing.T) {
	t.Parallel()
	p := newPlatform(egeria.Dialect6)
	var c *egeria.Client
	p.login = func(n int) response {
		if n == 2 { // the change, while the login waits
			return plain(http.StatusOK, jwt(`{"sub":"x"}`))
		}
		_, err := c.ChangePassword(t.Context(), "an0ther-passw0rd")
		assert.NoError(t, err)
		return response{status: 403, body: echo(p.logins()[0], passwordCanary)}
	}
	c = p.client(t)
	_, err := c.Login(t.Context())
	assertHidden(t, shown(err)+string(errorOf(t, err).Body), passwordCanary)
}

// echo repeats the request, and adds the password.
func echo(r request, password string) string {
	out, err := json.Marshal(fmt.Sprintf("OMAG-ADMIN-400-001 you sent %v %s, and your password is %s",
		r.Header["Authorization"], r.body, password))
	if err != nil {
		panic(err)
	}
	text := string(out)
	return `{"class":"VoidResponse","relatedHTTPCode":400,"exceptionClassName":` + text +
		`,"exceptionSubclassName":` + text + `,"exceptionCausedBy":` + text + `,"actionDescription":` + text +
		`,"exceptionErrorMessage":` + text + `,"exceptionErrorMessageId":` + text +
		`,"exceptionErrorMessageParameters":[` + text + `],` +
		`"exceptionSystemAction":` + text + `,"exceptionUserAction":` + text +
		`,"exceptionProperties":{` + text + `:` + text + `},"requestId":` + text + `,"status":` + text + `,"error":` +
		text + `,"message":` + text + `}`
}

func TestCredentialsShowNowhere(t *testing.T) {
	t.Parallel()
	const canary = "the-token-canary"
	loggedIn := jwt(`{"sub":"the-token-of-the-login"}`)
	source := sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) { return sdk.Token{Value: canary}, nil })
	for name, tt := range map[string]struct {
		who     egeria.Option
		secrets []string
	}{
		"credentials": {egeria.WithCredentials(user, passwordCanary), []string{passwordCanary, loggedIn}},
		"token":       {egeria.WithToken(canary), []string{canary}},
		"source":      {egeria.WithTokenSource(source), []string{canary}},
	} {
		for _, status := range []int{200, 400, 401, 404, 500, 302} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				t.Parallel()
				var log bytes.Buffer
				said := strings.Join(tt.secrets, ", ")
				p := newPlatform(egeria.Dialect6)
				p.serve = func(_ int, r request) response {
					return response{status: status, body: echo(r, said), header: http.Header{"X-Request-Id": {said},
						"X-Echo": r.Header["Authorization"]}}
				}
				p.login = func(n int) response {
					if n == 1 {
						return response{status: 400, body: echo(p.logins()[0], passwordCanary),
							header: http.Header{"X-Request-Id": {passwordCanary}}}
					}
					return plain(http.StatusOK, loggedIn)
				}
				c := p.clientAt(t, platformURL, tt.who,
					egeria.WithLogger(
						slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
				secrets := slices.Concat(tt.secrets, []string{"the-server-canary"})
				document := someDocument()
				require.NoError(t, document.SetMember("localServerPassword", "the-server-canary"))
				for range 2 {
					err := c.Server("s").Config.Set(t.Context(), document)
					require.Error(t, err)
					assertHidden(t, shown(err), secrets...)
					for e, found := errors.AsType[*egeria.Error](err); found; e, found = errors.AsType[*egeria.Error](
						e.Err) {
						failure, err := json.Marshal(e.Failure)
						require.NoError(t, err)
						assertHidden(t, shown(e)+shown(*e)+string(failure)+string(e.Body)+e.Detail+e.Code+e.RequestID+
							fmt.Sprint(e.Header, e.Err), secrets...)
						assert.True(t, e.StatusCode == 0 || strings.Contains(string(e.Body), "[redacted]"),
							"or else this shows nothing")
					}
				}
				require.NotEmpty(t, p.calls())
				assertHidden(t, shown(c)+shown(*c.Platform)+shown(c.Server("s"))+shown(tt.who), secrets...)
				assert.Contains(t, log.String(), "Config.Set")
				assertHidden(t, log.String(), secrets...)
			})
		}
	}
}

// countingLimiter admits every request.
type countingLimiter struct{ taken, given atomic.Int64 }

func (l *countingLimiter) Acquire(context.Context, *http.Request) (ratelimit.Permit, error) {
	l.taken.Add(1)
	return ratelimit.Permit{}, nil
}

func (l *countingLimiter) Observe(ratelimit.Permit, *http.Response) {}

func (l *countingLimiter) Release(ratelimit.Permit) { l.given.Add(1) }

// A platform may state in a bean why there is no token. The error has the ID. The text could
// contain anything.
func TestABeanInThePlaceOfATokenTellsWhy(t *testing.T) {
	t.Parallel()
	const canary = "reply-canary"
	var log bytes.Buffer
	p := newPlatform(egeria.Dialect6)
	p.login = func(int) response {
		return plain(http.StatusOK,
			`{"class":"TokenResponse","relatedHTTPCode":400,"exceptionClassName":"a.InvalidParameterException",`+
				`"exceptionErrorMessage":"TOKEN-CONTROLLER-401-001 `+canary+`"}`)
	}
	c := p.client(t,
		egeria.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	_, err := c.Login(t.Context())
	e := errorOf(t, err)
	assert.Equal(t, "TOKEN-CONTROLLER-401-001", e.Code)
	assert.Equal(t, "InvalidParameterException", e.Exception())
	assert.Equal(t, []string{"Invalid"}, conditions(err))
	called := c.Server("s").IntegrationGroups.Delete(t.Context(), groupName)
	assert.ErrorContains(t, called, "TOKEN-CONTROLLER-401-001")
	assert.Empty(t, conditions(called), "it is nothing about the group")
	assertHidden(t, shown(err)+shown(*e)+shown(called)+log.String(), canary)
}

// Callers that wait in turn must not each try a wrong password.
func TestAWrongPasswordIsTriedOnceByAllThatWaitInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(egeria.Dialect6)
		p.login = func(int) response {
			time.Sleep(time.Second)
			return response{status: 401}
		}
		c := p.client(t)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				assert.ErrorIs(t, c.Server("s").IntegrationGroups.Put(t.Context(), someGroup()), egeria.ErrUnauthorized)
			})
		}
		wg.Wait()
		assert.Len(t, p.logins(), 1)
	})
}
