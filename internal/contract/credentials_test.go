package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// hides fails if text contains one of the secrets.
func hides(t *testing.T, text string, secrets []string, what string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			before, after, _ := strings.Cut(text, s)
			assert.Fail(t, what+" shows a secret", "...%s<HERE>%.100s...", before[max(len(before)-200, 0):], after)
		}
	}
}

// shown returns a value as written by every verb and both handlers of log/slog.
func shown(value any) string {
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", value)
	}
	all := &slog.HandlerOptions{Level: slog.LevelDebug}
	slog.New(slog.NewTextHandler(&out, all)).Debug("x", "value", value)
	slog.New(slog.NewJSONHandler(&out, all)).Debug("x", "value", value)
	return out.String()
}

func TestPlainHTTPIsForThisMachineOnly(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for raw, good := range map[string]bool{
			"https://api.test": true, "https://api.test:8443/prefix": true, "http://127.0.0.1:8080": true,
			"http://127.9.9.9": true, "http://localhost": true, "http://[::1]:80": true,
			"http://api.test": false, "http://10.0.0.1": false, "http://127.0.0.1.evil.test": false,
			"http://localhost.evil.test": false, "http://[::2]": false, "http://0.0.0.0": false,
			"": false, "api.test": false, "ftp://api.test": false, "https://": false, "https://:443": false,
			"https://api.test?x=1": false, "https://api.test?": false,
			"https://api.test#x": false, "https://api.test/a/../b": false, "https://api.test/%2e%2e/b": false,
			"https:api.test": false, "://x": false,
			"https://user:" + url.QueryEscape(v.secrets[0]) + "@api.test": false,
		} {
			_, err := v.new(options{baseURL: raw, retry: quick()})
			if good {
				require.NoError(t, err, raw)
				continue
			}
			f := viewed(t, v, err)
			assert.Equal(t, []string{"ErrInvalid"}, conditions(v, err))
			assert.Equal(t, "base URL", f.Argument)
			hides(t, shown(err), append([]string{url.QueryEscape(v.secrets[0])}, v.secrets...),
				"the error for a base URL")
		}
	})
}

func TestCredentialIsOnEveryRequest(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		c, s := start(t, v, options{}, always(429, ""))
		require.Error(t, op.do(t.Context(), c, call{}))
		for _, r := range s.requests() {
			assert.Equal(t, []string{v.authorization}, r.Header["Authorization"])
			assert.Equal(t, host, r.URL.Host)
		}
	})
}

// echoes are servers that return the request in body, header and error text, and connections whose
// error has it in its text.
func echoes(status int) map[string]func(int, request) (*http.Response, error) {
	return map[string]func(int, request) (*http.Response, error){
		"plain": func(_ int, r request) (*http.Response, error) {
			return respond(status, "You sent "+r.Header.Get("Authorization")), nil
		},
		"JSON": func(_ int, r request) (*http.Response, error) {
			b, _ := json.Marshal(map[string]any{"message": "bad header " + r.Header.Get("Authorization")})
			return respond(status, string(b)), nil
		},
		"JSON with escapes": func(_ int, r request) (*http.Response, error) {
			escaped := strings.NewReplacer("/", `\/`, "+", `\u002B`, "=",
				`\u003d`).Replace(r.Header.Get("Authorization"))
			return respond(status, `{"message":"`+escaped+`"}`), nil
		},
		"header": func(_ int, r request) (*http.Response, error) {
			return respond(status, "", "X-Request-Id", r.Header.Get("Authorization"), "X-Echo",
				r.Header.Get("Authorization")), nil
		},
		"long": func(_ int, r request) (*http.Response, error) {
			return respond(status, strings.Repeat("x", 64<<10-12)+r.Header.Get("Authorization")), nil
		},
		"transport": func(_ int, r request) (*http.Response, error) {
			return nil, errors.New("proxy refuses " + r.Header.Get("Authorization"))
		},
	}
}

func TestNothingShowsACredential(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		const token = "tok/en+value=="
		for _, status := range []int{200, 400, 401, 500} {
			for name, answer := range echoes(status) {
				if name == "long" && status != 400 {
					continue // it is slow
				}
				for _, bearer := range []bool{false, true} {
					secrets := v.secrets
					var log bytes.Buffer
					all := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
					o := options{logger: slog.New(slog.NewMultiHandler(slog.NewTextHandler(&log, all),
						slog.NewJSONHandler(&log, all)))}
					if bearer {
						secrets = []string{token}
						o.token = func(context.Context) (string, time.Time, error) { return token, time.Time{}, nil }
					}
					c, _ := start(t, v, o, answer)
					err := op.do(t.Context(), c, call{})
					require.NotEmpty(t, log.String())
					hides(t, log.String(), secrets, name+": the log")
					hides(t, shown(c.value), secrets, "the client")
					if err == nil {
						continue // an operation without a result accepts any JSON
					}
					f := viewed(t, v, err)
					if f.StatusCode != 0 {
						hides(t, string(f.Body), secrets, name+": the body")
						if name == "long" { // the limit cuts the credential
							for _, s := range secrets {
								hides(t, string(f.Body), []string{s[:4]}, "the end of the body")
							}
						}
						hides(t, fmt.Sprint(f.Header), secrets, name+": the header")
					}
					hides(t, shown(err), secrets, name+": the error")
					hides(t, shown(fmt.Errorf("wrapped: %w", err)), secrets, name+": the wrapped error")
				}
			}
		}
	})
}

func TestValuesThatHoldACredentialDoNotShowIt(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		const secret = "s3cr3t-value-1"
		for _, value := range v.show(secret) {
			hides(t, shown(value), []string{secret, fmt.Sprintf("%x", secret)}, fmt.Sprintf("%T", value))
		}
	})
}

// A server may repeat the credential in a header, also in a success.
func TestMetaShowsNoCredential(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, status := range []int{200, 404} {
			for _, secret := range v.secrets {
				if secret == "" {
					continue
				}
				c, s := start(t, v, options{retry: noRetries()}, always(status, v.object("x-1"), "X-Echo",
					"you sent "+secret, "X-Other", "kept"))
				var meta core.Meta
				_, err := c.get(t.Context(), "x-1", call{meta: &meta})
				assert.Equal(t, status == 200, err == nil)
				sent := s.requests()[0].Header.Get("Authorization")
				if strings.Contains(sent, secret) {
					assert.NotContains(t, fmt.Sprintf("%+v", meta), secret)
				}
				assert.Equal(t, "kept", meta.Header.Get("X-Other"))
			}
		}
	})
}

func TestReplacedTokenIsBlackedOutToo(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		n := 0
		token := func(context.Context) (string, time.Time, error) {
			n++
			return fmt.Sprintf("secret-token-%d", n), time.Now().Add(time.Hour), nil
		}
		c, _ := start(t, v, options{token: token}, func(_ int, r request) (*http.Response, error) {
			sent := r.Header.Get("Authorization")
			if strings.HasSuffix(r.URL.Path, "/slow") {
				time.Sleep(2 * time.Hour) // the token is renewed during this time
			}
			return respond(403, "no "+sent), nil
		})
		done := make(chan error)
		go func() {
			_, err := c.get(t.Context(), "slow", call{})
			done <- err
		}()
		time.Sleep(time.Hour)
		_, err := c.get(t.Context(), "quick", call{})
		require.Error(t, err)
		require.Equal(t, 2, n)
		err = <-done
		assert.Equal(t, 403, viewed(t, v, err).StatusCode)
		hides(t, string(viewed(t, v, err).Body)+shown(err), []string{"secret-token-1", "secret-token-2"}, "the error")
	})
}

func TestEveryTokenThatACallHasSentIsHidden(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, tt := range map[string]struct {
			sent   int // number of tokens
			answer func(n int) *http.Response
		}{
			"replaced after a 401": {2, func(int) *http.Response { return respond(401, "") }},
			"expired between attempts": {3, func(int) *http.Response {
				time.Sleep(40 * time.Second)
				return respond(429, "")
			}},
			"before a redirect": {1, func(int) *http.Response {
				return respond(307, "", "Location", "https://elsewhere.test/token-0-0123456789")
			}},
		} {
			var tokens []string
			var log bytes.Buffer
			debug := &messages{}
			c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug),
				shared: []sdk.Option{sdk.WithDebug(debug)},
				token: func(context.Context) (string, time.Time, error) {
					tokens = append(tokens, fmt.Sprintf("token-%d-0123456789", len(tokens)))
					return tokens[len(tokens)-1], time.Now().Add(30 * time.Second), nil
				}}, func(n int, r request) (*http.Response, error) {
				if n < max(tt.sent, 2) {
					return tt.answer(n), nil
				}
				all := strings.Join(tokens, " ")
				return respond(403, v.failure("not "+all), v.requestID, tokens[0], "X-Echo", all), nil
			})
			err := op.do(t.Context(), c, call{})
			f := viewed(t, v, err)
			require.Len(t, tokens, tt.sent, name)
			text := shown(err) + string(f.Body) + fmt.Sprint(f.Header) + log.String() + debug.text()
			hides(t, text, tokens, name)
			assert.Contains(t, text, "[redacted]", name)
		}
	})
}

func TestMiddlewareSeesEveryAttemptWithItsCredentialInOrder(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		var seen []string
		l := &limiter{}
		wrap := func(name string) func(http.RoundTripper) http.RoundTripper {
			return func(next http.RoundTripper) http.RoundTripper {
				return tripper(func(r *http.Request) (*http.Response, error) {
					assert.Equal(t, v.authorization, r.Header.Get("Authorization"))
					assert.Len(t, l.held, 1, "the limit comes first")
					seen = append(seen, name)
					return next.RoundTrip(r)
				})
			}
		}
		c, s := start(t, v, options{limiter: l, middleware: []func(http.RoundTripper) http.RoundTripper{wrap("a"),
			wrap("b")}}, func(n int, _ request) (*http.Response, error) {
			seen = append(seen, "base")
			if n == 1 {
				return respond(502, ""), nil
			}
			return respond(200, v.object("x")), nil
		})
		_, err := c.get(t.Context(), "x", call{})
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "b", "base", "a", "b", "base"}, seen)

		c.closing()
		assert.Equal(t, 1, s.closed, "past the middleware")
	})
}

// tripper is a function that implements http.RoundTripper.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCallersHTTPClientStaysAsItIs(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		asked := 0
		s := &server{answer: func(n int, _ request) (*http.Response, error) {
			switch n {
			case 1:
				return respond(503, "", "Set-Cookie", "session=1; Path=/"), nil
			case 2:
				return respond(307, "", "Location", "/elsewhere"), nil
			case 3:
				return respond(503, ""), nil
			}
			return respond(200, v.object("x")), nil
		}}
		own := &http.Client{Transport: s, Timeout: time.Second, Jar: jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { asked++; return nil }}
		before := *own
		c := connect(t, v, options{client: own, baseURL: "https://" + host})
		_, err = c.get(t.Context(), "x", call{})
		require.NoError(t, err)

		assert.Same(t, s, own.Transport)
		assert.Equal(t, before.Timeout, own.Timeout)
		assert.Equal(t, fmt.Sprintf("%p", before.CheckRedirect), fmt.Sprintf("%p", own.CheckRedirect))
		assert.Equal(t, jar, own.Jar)
		assert.Equal(t, 1, asked)
		var cookies []string
		for _, r := range s.requests() {
			cookies = append(cookies, strings.Join(r.Header["Cookie"], "|"))
		}
		assert.Equal(t, []string{"", "session=1", "session=1", "session=1"}, cookies, "no cookie is sent twice")
	})
}

func TestRequestOfAMiddlewareIsItsOwn(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		spoil := func(next http.RoundTripper) http.RoundTripper {
			return tripper(func(r *http.Request) (*http.Response, error) {
				for name := range r.Header {
					// the contract of RoundTripper forbids it; other attempts must not see it
					r.Header[name][0] = "spoiled"
				}
				return next.RoundTrip(r)
			})
		}
		seen := 0
		look := func(next http.RoundTripper) http.RoundTripper {
			return tripper(func(r *http.Request) (*http.Response, error) {
				seen++
				assert.NotContains(t, fmt.Sprint(r.Header), "spoiled")
				return next.RoundTrip(r)
			})
		}
		c, _ := start(t, v, options{middleware: []func(http.RoundTripper) http.RoundTripper{look, spoil}},
			always(502, ""))
		for range 2 {
			_, err := c.get(t.Context(), "x", call{})
			require.Error(t, err)
		}
		assert.Equal(t, 10, seen)
	})
}

func TestCallFromWithinACallIsACallOfItsOwn(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		inner, _ := start(t, v, options{}, always(404, v.failure("inner")))
		c, s := start(t, v, options{token: func(ctx context.Context) (string, time.Time, error) {
			_, err := inner.get(ctx, "x", call{})
			assert.Equal(t, 1, viewed(t, v, err).Attempts)
			return "token-1234", time.Time{}, nil
		}}, func(n int, _ request) (*http.Response, error) {
			if n == 1 {
				return respond(502, ""), nil
			}
			return respond(404, ""), nil
		})
		_, err := c.get(t.Context(), "x", call{})
		assert.Equal(t, 2, viewed(t, v, err).Attempts)
		assert.Equal(t, 2, s.count())
	})
}
