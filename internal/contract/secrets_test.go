package contract_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// spellings are forms in which a server may repeat a credential.
var spellings = map[string]func(string) string{
	"query":         url.QueryEscape,
	"path":          url.PathEscape,
	"HTML":          func(s string) string { return "<p>" + html.EscapeString(html.EscapeString(s)+"'") + "</p>" },
	"Base64":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"Base64 inside": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("got: " + s + "!")) },
	"hexadecimal":   func(s string) string { return hex.EncodeToString([]byte(s)) },
	"both": func(s string) string {
		return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("x" + s)))
	},
}

func TestCredentialIsHiddenInTheSpellingsOfAServer(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, spell := range spellings {
			var log bytes.Buffer
			c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug), retry: noRetries()},
				func(_ int, r request) (*http.Response, error) {
					_, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
					return respond(403, v.failure("not "+spell(credential)), v.requestID, spell(credential), "X-Echo",
						spell(credential)), nil
				})
			err := op.do(t.Context(), c, call{})
			f := viewed(t, v, err)
			_, credential, _ := strings.Cut(v.authorization, " ")
			secrets := []string{spell(credential), html.EscapeString(credential), url.QueryEscape(credential)}
			text := fmt.Sprint(string(f.Body), f.Header, shown(err), log.String())
			hides(t, text, secrets, name)
			assert.Contains(t, text, "[redacted]")
		}
	})
}

func TestCredentialIsHiddenAlsoIfTheServerChangesItsForm(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		_, credential, _ := strings.Cut(v.authorization, " ")
		zeros := strings.NewReplacer("+", "&#000000043;", "/", "&#x00000000000002f;", "=", "&#61;")
		for name, said := range map[string]string{
			"plus read as a space": strings.ReplaceAll(v.secrets[0], "+", " "),
			"reference with zeros": zeros.Replace(v.secrets[0]),
			"folded":               credential[:12] + "\r\n " + credential[12:],
			"in indented lines":    inLines(credential, 7, "\n\t\t"),
			"digits, folded":       inLines(base64.StdEncoding.EncodeToString([]byte(credential)), 20, "\r\n  "),
		} {
			c, _ := start(t, v, options{retry: noRetries()}, always(403, v.failure("not "+said+" there")))
			_, err := c.get(t.Context(), "x-1", call{})
			assert.Regexp(t, `not \S{0,2}\[redacted\]\S{0,2} there`, err.Error(), name)
		}
	})
}

// inLines returns s with a line break after each columns characters.
func inLines(s string, columns int, lineBreak string) string {
	var lines []string
	for line := range slices.Chunk([]byte(s), columns) {
		lines = append(lines, string(line))
	}
	return strings.Join(lines, lineBreak)
}

func TestPartsOfASecretHeaderAreHidden(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		const secret = "abcdef0123456789"
		basic := base64.StdEncoding.EncodeToString([]byte("me:" + secret))
		for name, tt := range map[string]struct{ header, value, said, want string }{
			"Bearer":         {"X-Access-Token", "Bearer " + secret, secret, "[redacted]"},
			"Basic":          {"X-Auth", "Basic  " + basic, basic, "[redacted]"},
			"password":       {"X-Auth", "Basic " + basic, secret, "[redacted]"},
			"cookies":        {"Cookie", "theme=dark; sid=" + secret, "dark " + secret, "dark [redacted]"},
			"quoted cookie":  {"cookie", `a="` + secret + `"`, secret, "[redacted]"},
			"outer spaces":   {"X-Api-Key", "  " + secret, secret, "[redacted]"},
			"short part":     {"X-Session", "user admin", "user or admin", "user or admin"},
			"several words":  {"X-Api-Key", "correct horse battery", "horse battery", "horse battery"},
			"not secret":     {"X-Note", "Bearer " + secret, secret, secret},
			"the whole text": {"X-Api-Key", "correct horse battery", "correct+horse+battery", "[redacted]"},
		} {
			c, _ := start(t, v, options{retry: noRetries()}, always(403, v.failure("not "+tt.said+" there")))
			_, err := c.get(t.Context(), "x-1", call{shared: []sdk.CallOption{sdk.WithHeader(tt.header, tt.value)}})
			assert.ErrorContains(t, err, "not "+tt.want+" there", name)
		}
	})
}

func TestErrorsBelowTheErrorShowNoCredential(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, wrap := range map[string]func(error) error{
			"plain":       func(err error) error { return err },
			"wrapped":     func(err error) error { return fmt.Errorf("proxy: %w", err) },
			"joined":      func(err error) error { return errors.Join(io.ErrUnexpectedEOF, err) },
			"below words": func(err error) error { return &net.OpError{Op: "read", Err: err} },
		} {
			c, _ := start(t, v, options{retry: noRetries()}, func(_ int, r request) (*http.Response, error) {
				return nil, wrap(&os.PathError{Op: "send", Path: r.Header.Get("Authorization"),
					Err: os.ErrDeadlineExceeded})
			})
			err := op.do(t.Context(), c, call{})
			require.Error(t, err)
			var walk func(error)
			walk = func(err error) {
				if err == nil {
					return
				}
				hides(t, shown(err), v.secrets, name)
				walk(errors.Unwrap(err))
				if joined, ok := err.(interface{ Unwrap() []error }); ok {
					for _, err := range joined.Unwrap() {
						walk(err)
					}
				}
			}
			walk(err)
			if found, ok := errors.AsType[*os.PathError](err); ok {
				hides(t, found.Path, v.secrets, name)
			}
			if found, ok := errors.AsType[net.Error](err); assert.True(t, ok, name) {
				assert.True(t, found.Timeout())
				hides(t, found.Error(), v.secrets, name)
			}
			assert.Equal(t, name == "joined", errors.Is(err, io.ErrUnexpectedEOF), "conditions are found all the same")
		}
	})
}

func TestJSONOfAnErrorHasNoBodyAndNoHeader(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for _, status := range []int{200, 409, 500} {
			c, _ := start(t, v, options{retry: noRetries()},
				always(status, `{"parameters":{"password":"pa55-of-the-server"`,
					v.requestID, "req-7", "X-Note", "pa55-of-the-server"))
			err := op.do(t.Context(), c, call{})
			viewed(t, v, err)
			b, encodeErr := json.Marshal(map[string]any{"err": err, "all": []error{err}})
			require.NoError(t, encodeErr)
			if status == 200 {
				hides(t, string(b), []string{"pa55-of-the-server",
					base64.StdEncoding.EncodeToString([]byte("pa55-of-the-server"))[:20]}, "the JSON")
			}
			assert.NotContains(t, string(b), "X-Note")
			assert.NotContains(t, string(b), `"Body"`)
			assert.Contains(t, string(b), fmt.Sprintf(`"status":%d`, status))
			assert.Contains(t, string(b), `"request_id":"req-7"`)
		}
	})
}

func TestErrorThatIsNoPointerShowsNoBody(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		const secret = "pa55-of-the-server"
		for _, status := range []int{200, 409, 500} {
			document := `{"parameters":{"password":"` + secret + `"}`
			c, _ := start(t, v, options{retry: noRetries()}, always(status, document, "X-Note", secret))
			err := op.do(t.Context(), c, call{})
			viewed(t, v, err)
			common := common(t, err)
			for _, value := range []any{*common, []sdk.Error{*common}, reflect.ValueOf(common.Err).Elem().Interface()} {
				encoded, encodeErr := json.Marshal(value)
				require.NoError(t, encodeErr)
				text := shown(value) + string(encoded)
				numbers := strings.Trim(fmt.Sprintf("%d", []byte(document)), "[]")
				hides(t, text, []string{numbers, base64.StdEncoding.EncodeToString([]byte(document)), "X-Note"},
					"a value")
				assert.Contains(t, text, fmt.Sprintf(`"status":%d`, status))
			}
		}
	})
}

func TestSuccessThatIsNoJSONIsNotQuoted(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		const secret = "pa55-of-the-server"
		document := strings.Replace(v.object("x-1"), "{", `{"parameters":{"password":"`+secret+`"},`, 1)
		for name, body := range map[string]string{
			"cut": document[:len(document)-1], "HTML behind": document + "<script>", "NaN": strings.Replace(document,
				"{", `{"n":NaN,`, 1),
			"raw newline": strings.Replace(document, secret, secret+"\n", 1), "JSONP": "callback(" + document + ")",
			"text": "password " + secret, "prefix": ")]}',\n" + document,
		} {
			var log bytes.Buffer
			c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug)}, always(200, body, v.requestID, "req-7"))
			err := op.do(t.Context(), c, call{})
			f := viewed(t, v, err)
			assert.Equal(t, body, string(f.Body), "it is there for those who look for it")
			hides(t, shown(err)+shown(fmt.Errorf("wrapped: %w", err))+log.String(),
				[]string{secret, fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")},
				name)
		}
	})
}

func TestRepeatedPageTokenShowsNoCredential(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		if v.unpaged {
			return
		}
		for _, secret := range append([]string{url.QueryEscape(v.secrets[0])}, v.secrets...) {
			c, _ := start(t, v, options{}, always(200, v.page(v.link(host, secret), "a")))
			seq, _ := c.list(t.Context(), "", call{})
			_, errs := collect(seq)
			require.Len(t, errs, 1)
			hides(t, shown(errs[0])+shown(errors.Unwrap(errs[0])), append([]string{secret}, v.secrets...), "the error")
		}
	})
}

func TestTextOfTheServerHasNoControlCharacters(t *testing.T) {
	everyOperation(t, func(t *testing.T, v vendor, op operation) {
		for name, said := range map[string]string{
			"escape sequence": "\x1b[31mred\x1b[0m", "bidi": "\u202egnp\u2066", "8-bit CSI": "a\x9b31mb",
			"NUL and newline": "a\x00b\nc\r", "separators": "a\u2028b\u0085c",
		} {
			message, err := json.Marshal(said)
			require.NoError(t, err)
			body := strings.Replace(v.failure("what"), `"what"`, string(message), 1)
			var log bytes.Buffer
			c, _ := start(t, v, options{logger: logger(&log, slog.LevelDebug), retry: noRetries()},
				func(n int, _ request) (*http.Response, error) {
					return respond(400, body, v.requestID, "id"+said), nil
				})
			broken, _ := start(t, v, options{retry: noRetries()}, func(int, request) (*http.Response, error) {
				return nil, errors.New("proxy says " + said)
			})
			for _, err := range []error{op.do(t.Context(), c, call{}), op.do(t.Context(), broken, call{})} {
				require.Error(t, err)
				value, ok := err.(slog.LogValuer)
				require.True(t, ok)
				for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %d", err, err, err, err),
					value.LogValue().String()} {
					assert.NotContains(t, strings.ToValidUTF8(text, "\x00"), "\x00", name)
					assert.NotRegexp(t, `[\p{Cc}\p{Cf}\x{2028}\x{2029}]`, text, name)
				}
			}
		}
	})
}
