package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/internal/redact"
)

func TestScrubBlacksOutEverySpelling(t *testing.T) {
	t.Parallel()
	secrets := []string{`se/cr+et\=`, "another-one", "short", `two\\slashes`}
	for in, want := range map[string]string{
		"": "", "nothing": "nothing", `a se/cr+et\= b`: "a [redacted] b", `se\/cr\u002Bet\\\u003d`: "[redacted]",
		`se\u002fcr\u002bet\u005c=`: "[redacted]",
		"another-oneanother-one":    "[redacted][redacted]", "another-onanother-one": "another-on[redacted]",
		"another-on": "another-on", `another\u002don`: `another\u002don`,
		`a two\\slashes b`: "a [redacted] b", `two\\\\slashes`: "[redacted]", "a short word": "a [redacted] word",
		"a shorter word": "a shorter word", "un_short": "un_short", "<short>": "<[redacted]>", `\`: `\`, `\u`: `\u`,
		`anothe\u00`: `anothe\u00`,
	} {
		assert.Equal(t, want, string(redact.Bytes([]byte(in), secrets)), in)
	}
	const key = "-----BEGIN KEY-----\n\t\"MII\"\\ \u00e4 \u2028 \U0001F600 </key>\n"
	for _, spell := range []func(string) string{
		func(s string) string { return s },
		func(s string) string { return quoted(t, s) },
		func(s string) string { return quoted(t, quoted(t, s)) },
		func(s string) string {
			return strings.NewReplacer("\u00e4", `\u00E4`, "\u2028", `\u2028`, "\U0001F600", `\ud83d\uDE00`, "/", `\/`,
				"\n", `\u000a`, "\t", `\t`, `"`, `\"`, `\`, `\\`).Replace(s)
		},
	} {
		clean := string(redact.Bytes([]byte("a "+spell(key)+" b"), []string{key, "s3cr3t-else"}))
		assert.Regexp(t, `^a .{0,4}\[redacted\].{0,4} b$`, clean)
		assert.NotContains(t, clean, "MII")
	}
	assert.Equal(t, "[redacted]", string(redact.Bytes([]byte("aaaaaaaa"), []string{"aaaaaa"})), "that overlap")
	assert.Equal(t, "[redacted]z", string(redact.Bytes([]byte("abcdefgz"), []string{"abcdef", "bcdefg"})))
}

func TestSecretIsFoundInTheSpellingsOfOtherFormats(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"s3cr/t+pa55=&", `he said "50%25 <off>"`, "pässwörd 'x'"} {
		html2 := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;", "+",
			"&plus;", "/", "&sol;")
		spellings := map[string]string{
			"query": url.QueryEscape(secret), "path": url.PathEscape(secret),
			"lower": strings.ToLower(url.PathEscape("/")) + url.PathEscape(secret),
			"HTML":  html.EscapeString(secret), "HTML by name": html2.Replace(secret),
			"HTML twice":    html.EscapeString(html.EscapeString(secret)),
			"query in HTML": html.EscapeString(url.QueryEscape(secret)),
			"HTML in JSON":  quoted(t, html.EscapeString(secret)), "JSON in query": url.QueryEscape(quoted(t, secret)),
			"hex": fmt.Sprintf("%x", secret), "HEX": fmt.Sprintf("%X", secret),
		}
		for i, around := range []string{"", "a", "ab", "abc", `{"password":"`} {
			for name, encoding := range map[string]*base64.Encoding{"standard": base64.StdEncoding,
				"URL": base64.URLEncoding, "raw": base64.RawStdEncoding} {
				spellings[fmt.Sprintf("Base64 %s %d", name, i)] = encoding.EncodeToString([]byte(around + secret +
					around))
			}
		}
		base64Of := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
		spellings["Base64 twice"] = base64Of("user:" + base64Of("x"+secret))
		spellings["query in Base64"], spellings["JSON in Base64"] = base64Of(url.QueryEscape(secret)), base64Of(
			quoted(t, quoted(t, secret)))
		spellings["Base64 in hex"], spellings["hex in Base64"] = fmt.Sprintf("%x", base64Of("a"+secret)), base64Of(
			fmt.Sprintf("%X", secret))
		for _, columns := range []int{4, 7, 20} {
			spellings[fmt.Sprint("Base64 in lines of ", columns)] = inLines(base64Of("Basic "+secret+"."), columns,
				"\r\n")
			spellings[fmt.Sprint("Base64 in lines in JSON ", columns)] = inLines(base64Of(secret), columns, `\n`)
			spellings[fmt.Sprint("hex in lines of ", columns)] = inLines(fmt.Sprintf("%x", secret), columns, "\n")
		}
		spellings["Base64 in query"] = url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("user:" + secret)))
		for name, spelled := range spellings {
			clean := redact.String("before ("+spelled+") after", []string{secret})
			assert.Regexp(t, `^before \(.{0,6}\[redacted\].{0,6}\) after$`, clean, "%s of %q: %s", name, secret,
				spelled)
		}
	}
}

func TestSecretIsFoundWithOtherWhiteSpace(t *testing.T) {
	t.Parallel()
	const lines = "-----BEGIN-----\nline-one-secret\nline-two-secret\n"
	for name, tt := range map[string]struct{ secret, text, want string }{
		"without the last line break": {"hunter2-hunter2\n", "hunter2-hunter2", "[redacted]"},
		"without outer spaces":        {" \thunter2 ", "(hunter2)", "([redacted])"},
		"trimmed to a word":           {" abcd  ", "abcd abcde", "[redacted] abcde"},
		"trimmed to a short word":     {"  ab   ", "ab", "ab"},
		"CRLF":                        {lines, strings.ReplaceAll(lines, "\n", "\r\n"), "[redacted]\r\n"},
		"LF":                          {"line-one\r\nline-two", "line-one\nline-two", "[redacted]"},
		"CRLF in JSON":                {lines, quoted(t, strings.ReplaceAll(lines, "\n", "\r\n")), `"[redacted]\r\n"`},
		"indented":                    {lines, " " + strings.ReplaceAll(lines, "\n", "\n "), " [redacted]\n "},
		"one line":                    {"abcdef0123456789", "a abcdef\r\n 0123456789 b", "a [redacted] b"},
		"folded in JSON":              {"abcdef0123456789", `"abcdef\r\n 0123456789"`, `"[redacted]"`},
		"folded digits":               {"abcdef0123456789", "YWJjZGVmMDEyM\r\n\tzQ1Njc4OQ", "[redacted]"},
		"each line break as a space":  {lines, strings.ReplaceAll(lines, "\n", " "), "[redacted] "},
		"only CR":                     {lines, strings.ReplaceAll(lines, "\n", "\r"), "[redacted]\r"},
		"without line breaks":         {lines, strings.ReplaceAll(lines, "\n", ""), "[redacted]"},
		"Base64 of that": {
			lines, base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(lines, "\n", ""))), "[redacted]",
		},
		"words":              {"abcdef0123456789", "abcdef 0123456789", "abcdef 0123456789"},
		"mostly line breaks": {"a\n\n\nb\n", "a\nb ab", "a\nb ab"},
		"short word":         {"abcd", "ab\ncd", "ab\ncd"},
	} {
		assert.Equal(t, tt.want, redact.String(tt.text, []string{tt.secret}), name)
	}
}

func TestReferenceOfAnyLengthIsUndone(t *testing.T) {
	t.Parallel()
	for _, plus := range []string{
		"+", "&plus;", "&#43;", "&#x2b;", "&#0000043;", "&#X" + strings.Repeat("0", 300) + "2B;",
	} {
		assert.Equal(t, "a [redacted] b", redact.String("a abc"+plus+"def b", []string{"abc+def"}), plus)
	}
	assert.Equal(t, "a abc&#0000044;def b", redact.String("a abc&#0000044;def b", []string{"abc+def"}))
}

func TestBeginningOfATextDoesNotEndWithTheBeginningOfASecret(t *testing.T) {
	t.Parallel()
	const secret = "Ab3dE6gH9jKlMnOpQrStUvWx"
	other := "a " + secret[:7] + strings.Repeat("b", 40)
	escaped := func(s string) (all string) {
		for _, r := range s {
			all += fmt.Sprintf(`\u%04x`, r)
		}
		return all
	}
	for name, tt := range map[string]struct{ text, want string }{
		"plain":                  {"a " + secret[:12], "a [redacted]"},
		"a few characters":       {"a " + secret[:3], "a [redacted]"},
		"two characters":         {"a " + secret[:2], "a " + secret[:2]},
		"escaped":                {"a " + escaped(secret[:12]), "a [redacted]"},
		"within an escape":       {"a " + escaped(secret[:12])[:70], "a [redacted]"},
		"escaped twice":          {"a " + url.QueryEscape(escaped(secret[:12]))[:93], "a [redacted]"},
		"Base64":                 {"a " + base64.RawStdEncoding.EncodeToString([]byte("x"+secret[:9])), "a [redacted]"},
		"hexadecimal":            {"a " + fmt.Sprintf("%x", secret[:9]), "a [redacted]"},
		"folded":                 {"a " + secret[:5] + "\n  " + secret[5:9], "a [redacted]"},
		"whole, and then a part": {secret + " " + secret[:7], "[redacted] [redacted]"},
		"whole":                  {secret + " b", "[redacted] b"},
		"not at the end":         {other, other},
	} {
		r := redact.New([]string{secret, "shrt"})
		assert.Equal(t, tt.want, string(r.Beginning([]byte(tt.text))), name)
		if !strings.Contains(tt.text, secret) {
			assert.Equal(t, tt.text, r.String(tt.text), "%s, of a whole text", name)
		}
	}
}

// inLines returns s with a line break after each columns characters.
func inLines(s string, columns int, lineBreak string) string {
	var lines []string
	for line := range slices.Chunk([]byte(s), columns) {
		lines = append(lines, string(line))
	}
	return strings.Join(lines, lineBreak)
}

func TestAssignmentsInTextAreHidden(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`password=x1 y`: `password=[redacted] y`, `token: "a b" c`: `token: [redacted] c`,
		`pwd='a b';c=d`: `pwd=[redacted];c=d`, `sort=desc`: `sort=desc`,
		`secret="a\"x1" c`: `secret=[redacted] c`, `api_key='a\'x1' c`: `api_key=[redacted] c`,
		`token="cut x1`: `token=[redacted]`, `pwd='cut x1`: `pwd=[redacted]`,
		`got {\"password\":\"x1\",\"a\":1}`: `got {\"password\":[redacted],\"a\":1}`,
		`{\\\"pwd\\\": \\\"x1\\\"}`:         `{\\\"pwd\\\": [redacted]}`,
	} {
		assert.Equal(t, want, redact.Text(text))
	}
}

func TestTextAroundADecodedSecretIsKept(t *testing.T) {
	t.Parallel()
	digits := base64.StdEncoding.EncodeToString([]byte("s3cr/t+pa55"))
	for text, want := range map[string]string{
		"path /v1/x/" + digits + "?a=b":             "path [redacted]=?a=b",
		`{"a":"` + digits + `","b":"another text"}`: `{"a":"[redacted]=","b":"another text"}`,
		"aGVsbG8gd29ybGQ= 68656c6c6f20776f726c64 helloworldhex": "aGVsbG8gd29ybGQ= 68656c6c6f20776f726c64 " +
			"helloworldhex",
		base64.StdEncoding.EncodeToString([]byte("a shrt b")): base64.StdEncoding.EncodeToString([]byte("a shrt b")),
	} {
		assert.Equal(t, want, redact.String(text, []string{"s3cr/t+pa55", "shrt"}))
	}
}

func TestShortSecretIsFoundAsAWholeWordOnly(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"abc": `[redacted] "[redacted]" abcd x-[redacted]-y 12345 true`, "12345": `abc "abc" abcd x-abc-y 12345 true`,
		"true": `abc "abc" abcd x-abc-y 12345 true`, "ab": `abc "abc" abcd x-abc-y 12345 true`,
		"": `abc "abc" abcd x-abc-y 12345 true`,
	} {
		assert.Equal(t, want, redact.String(`abc "abc" abcd x-abc-y 12345 true`, []string{secret}), secret)
	}
}

func quoted(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	require.NoError(t, err)
	return string(b)
}

func FuzzScrub(f *testing.F) {
	f.Add("prefix ", "s3cr/t+pa55=", ` suffix`)
	f.Add(`\`, `back\slash`, `\u0`)
	f.Add("aaaa", "aaaaaa", "aaa")
	f.Add("0", `000\\\\0`, "0")
	f.Add("\n", "line\nline\té", "\u2028")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		if len(secret) < 6 || len(before)+len(secret)+len(after) > 4000 || !utf8.ValidString(secret) ||
			strings.Contains("[redacted]", secret) {
			return
		}
		b := quoted(t, before+secret+after)
		for _, document := range []string{b, quoted(t, b)} {
			clean := string(redact.Bytes([]byte(document), []string{secret}))
			var s string
			if strings.ContainsAny(secret, "[]") || strings.Contains(before+after, `\`) {
				continue // the rest may contain it again
			}
			for range 2 {
				if json.Unmarshal([]byte(clean), &s) == nil {
					assert.NotContains(t, s, secret)
					clean = s
				}
			}
		}
		assert.NotContains(t, string(redact.Bytes([]byte(secret), []string{secret})), secret)
		assert.Equal(t, before, string(redact.Bytes([]byte(before), nil)))
	})
}

func TestTextThatIsGivenStaysAsItIs(t *testing.T) {
	t.Parallel()
	text := []byte("a top-secret b")
	assert.Equal(t, "a [redacted] b", string(redact.Bytes(text, []string{"top-secret"})))
	assert.Equal(t, "a top-secret b", string(text))
	assert.Same(t, &text[0], &redact.Bytes(text, []string{"elsewhere"})[0], "nothing to replace, nothing copied")
	assert.Equal(t, "a [redacted] b", redact.String("a top-secret b", []string{"top-secret"}))
}
