package contract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// messages has the output of a client with WithDebug, one element per Write.
type messages struct {
	mu  sync.Mutex
	all []string
}

func (m *messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, string(p))
	return len(p), nil
}

func (m *messages) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.all, "")
}

func TestDebugShowsWhatIsSentAndWhatComes(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		out := &messages{}
		c, _ := start(t, v, options{shared: []sdk.Option{sdk.WithDebug(out)}},
			func(n int, _ request) (*http.Response, error) {
				if n == 1 {
					return respond(503, v.failure("come again"), "Retry-After", "0"), nil
				}
				return respond(200, v.object("x-1"), "Set-Cookie", "session="+canary, v.requestID, "r-1"), nil
			})
		_, err := c.create(t.Context(), call{shared: []sdk.CallOption{sdk.WithHeader("X-Api-Key", canary),
			sdk.WithHeader("X-Trace", "trace-1")}})
		require.NoError(t, err)
		require.Len(t, out.all, 4, "two attempts, a message each way")
		for i, want := range []string{`^> \w+ 1 P\w+ https://api\.test/\S+\n> `,
			`^< \w+ 1 503 Service Unavailable after \d`, `^> \w+ 2 P`, `^< \w+ 2 200 OK after `} {
			assert.Regexp(t, want, out.all[i])
			assert.True(t, strings.HasSuffix(out.all[i], "\n\n"))
		}
		text := out.text()
		assert.Contains(t, text, "> X-Trace: trace-1\n")
		assert.Contains(t, text, "> X-Api-Key: [redacted]\n")
		assert.Contains(t, text, "> Authorization: [redacted]\n")
		assert.Contains(t, text, "< Set-Cookie: [redacted]\n")
		assert.Contains(t, text, "come again")
		assert.Contains(t, text, "x-1", "the response body is there")
		for _, secret := range append(v.secrets, canary) {
			assert.NotContains(t, text, secret)
		}
	})
}

func TestDebugShowsNoSecretOfABody(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		members := []string{
			`"message":"{\"password\":\"%s\"}"`, `"url":"jdbc:x://host?user=u&password=%s&ssl=true"`,
			`"sasl.jaas.config":"Module required password=%s;"`,
			`"text":"the password: %s is wrong"`, `"properties":[{"name":"db.password","value":%q}]`,
			`"private_key_pem":%q`, `"service_account_key":%q`,
			`"pwd":%q`, `"password_hash":%q`, `"jwt":%q`, `"credentials_json":%q`, `"a":1,"PassWord":%q`,
			`"password":"shown first","password":%q`,
			`"password":%q`, `"clearPassword":%q`, `"access_token":%q`, `"apiKey":%q`, `"client_secret":%q`,
			`"Authorization":%q`, `"private-key":%q`,
			`"secrets":[%q]`, `"credentials":{"user":"u","value":%q}`, `"deep":[[{"db_password":%q}]]`,
			`"number":{"token":%q}`,
		}
		for _, m := range members {
			out := &messages{}
			body := fmt.Sprintf(`{"shown":"yes","next_page_token":"page-2",`+m+`}`, canary)
			c, _ := start(t, v, options{shared: []sdk.Option{sdk.WithDebug(out)}}, always(400, body))
			_, err := c.get(t.Context(), "x-1", call{})
			require.Error(t, err)
			assert.NotContains(t, out.text(), canary, m)
			assert.Contains(t, out.text(), `"shown":"yes"`)
			assert.Contains(t, out.text(), `"next_page_token":"page-2"`)
		}
		for _, header := range []string{"X-Credential", "X-Jwt", "X-Session", "X-Amz-Security-Token",
			"Www-Authenticate"} {
			out := &messages{}
			c, _ := start(t, v, options{shared: []sdk.Option{sdk.WithDebug(out)}}, always(400, "{}", header, canary))
			_, err := c.get(t.Context(), "x-1", call{})
			require.Error(t, err)
			assert.NotContains(t, out.text(), canary, header)
		}
		for _, location := range []string{"https://elsewhere.test/x?X-Amz-Signature=" + canary, "/x?access_token=" +
			canary + "&a=1", "/%zz" + canary, "https://u:" + canary + "@h/"} {
			out := &messages{}
			c, _ := start(t, v, options{shared: []sdk.Option{sdk.WithDebug(out)}},
				always(400, "{}", "Location", location))
			_, err := c.get(t.Context(), "x-1", call{})
			require.Error(t, err)
			assert.NotContains(t, out.text(), canary, location)
		}
		// The client's own credential, repeated by the server.
		for _, secret := range []string{v.secrets[0], strings.Fields(v.authorization)[1]} {
			out := &messages{}
			c, _ := start(t, v, options{shared: []sdk.Option{sdk.WithDebug(out)}},
				always(400, fmt.Sprintf(`{"shown":"yes","echo":"x%sx"}`, secret), "X-Echo", secret))
			_, err := c.get(t.Context(), "x-1", call{})
			require.Error(t, err)
			assert.NotContains(t, out.text(), secret)
			assert.Contains(t, out.text(), `"shown":"yes"`)
		}
	})
}

func TestDebugHidesACredentialBeforeItChangesATextThatHasIt(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		const secret = "pass phrase  two"
		key := sdk.WithHeader("X-Api-Key", secret)
		for name, r := range map[string]func() *http.Response{
			"text":             func() *http.Response { return respond(400, `{"text":"bad token: `+secret+`"}`) },
			"document in text": func() *http.Response { return respond(400, `{"a":"{\"b\":\"pwd=`+secret+`\"}"}`) },
			"header":           func() *http.Response { return respond(400, "{}", "X-Note", "password="+secret) },
		} {
			out := &messages{}
			c, _ := start(t, v, options{shared: []sdk.Option{sdk.WithDebug(out)}},
				func(int, request) (*http.Response, error) { return r(), nil })
			_, err := c.get(t.Context(), "x-1", call{shared: []sdk.CallOption{key}})
			require.Error(t, err)
			assert.NotContains(t, out.text(), "phrase", name)
			assert.Contains(t, out.all[1], "[redacted]", name)
		}
	})
}

func TestDebugShowsTheSizeOfWhatIsNoSmallJSON(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		large := fmt.Sprintf(`{"a":%q}`, strings.Repeat("x", 4096-8))
		for name, tt := range map[string]struct{ body, want string }{
			"HTML":            {"<html>" + canary + "</html>", "(" + fmt.Sprint(len(canary)+13) + " bytes)"},
			"a text":          {`"` + canary + `"`, "(" + fmt.Sprint(len(canary)+2) + " bytes)"},
			"a number":        {`12345`, "(5 bytes)"},
			"cut off":         {`{"a":"` + canary, "(" + fmt.Sprint(len(canary)+6) + " bytes)"},
			"JSON and more":   {`{"a":1}` + canary, "(" + fmt.Sprint(len(canary)+7) + " bytes)"},
			"4 KiB":           {large, large},
			"4 KiB and 1":     {large + " ", "(4097 bytes)"},
			"not UTF-8":       {"{\"a\":\"\xff" + canary, "bytes)"},
			"a list":          {`[{"a":1}]`, `[{"a":1}]`},
			"large numbers":   {`{"n":12345678901234567890123,"e":1e400}`, `{"e":1e400,"n":12345678901234567890123}`},
			"nothing for 204": {"", ""},
		} {
			out := &messages{}
			require.LessOrEqual(t, len(large), 4096)
			c, _ := start(t, v, options{shared: []sdk.Option{sdk.WithDebug(out)}}, always(400, tt.body))
			_, err := c.get(t.Context(), "x-1", call{})
			require.Error(t, err)
			last := out.all[len(out.all)-1]
			assert.Contains(t, last, tt.want, name)
			assert.NotContains(t, last, canary, name)
		}
	})
}

func TestDebugChangesNothing(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		run := func(opts ...sdk.Option) []request {
			c, s := start(t, v, options{shared: opts}, func(n int, _ request) (*http.Response, error) {
				if n == 1 {
					return respond(429, ""), nil
				}
				return op.good(v), nil
			})
			require.NoError(t, op.do(t.Context(), c, call{}))
			return s.requests()
		}
		plain, shown := run(), run(sdk.WithDebug(failingWriter{}))
		require.Len(t, shown, len(plain))
		for i := range plain {
			assert.Equal(t, plain[i].body, shown[i].body)
			assert.Equal(t, plain[i].Header, shown[i].Header)
			assert.Equal(t, plain[i].URL, shown[i].URL)
		}
	})
}

// failingWriter returns an error for every Write.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestDebugShowsLostConnections(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		out := &messages{}
		policy := quick()
		policy.MaxAttempts = 1
		c, _ := start(t, v, options{retry: policy, shared: []sdk.Option{sdk.WithDebug(out)}},
			func(n int, _ request) (*http.Response, error) {
				if n == 1 {
					return nil, errors.New("cut off by " + v.secrets[0])
				}
				r := respond(200, "")
				r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"a":`), brokenReader{}))
				return r, nil
			})
		_, err := c.get(t.Context(), "x-1", call{})
		require.Error(t, err)
		assert.Contains(t, out.text(), "< "+v.name+" 1 no response after 0s: cut off by [redacted]")
		_, err = c.get(t.Context(), "x-1", call{})
		require.Error(t, err)
		assert.Contains(t, out.text(), "< "+v.name+" 2 200 OK")
		assert.Contains(t, out.text(), "(5 bytes were read)")
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("cut off") }

func TestDebugOfManyClientsIsOneMessageAfterTheOther(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer // no lock: the race detector checks the option's lock
	shared := sdk.WithDebug(&out)
	var group sync.WaitGroup
	for _, v := range vendors {
		for range 2 {
			c, _ := start(t, v, options{shared: []sdk.Option{shared}}, always(200, v.object("x-1")))
			for range 20 {
				group.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					_, err := c.get(ctx, "x-1", call{})
					assert.NoError(t, err)
				})
			}
		}
	}
	group.Wait()
	for message := range strings.SplitSeq(strings.TrimSuffix(out.String(), "\n\n"), "\n\n") {
		assert.Regexp(t, `^([<>] .*\n|[<>]\n)*([<>] .*)?$`, message)
		assert.Len(t, regexp.MustCompile(`(?m)^[<>] \w+ \d+ (GET|POST|\d{3}) `).FindAllString(message, -1), 1)
	}
	assert.Equal(t, 240, strings.Count(out.String(), "\n\n"))
}

func TestDebugShowsHowMuchWasReadOfABody(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		out := &messages{}
		c, _ := start(t, v, options{maxResponse: 10, shared: []sdk.Option{sdk.WithDebug(out)}},
			always(200, strings.Repeat("x", 1000)))
		_, err := c.get(t.Context(), "x-1", call{})
		require.Error(t, err)
		assert.Contains(t, out.text(), "(0 of 1000 bytes were read)")
	})
}
