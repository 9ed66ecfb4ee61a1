package core

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDelayNeverOverflows(t *testing.T) {
	t.Parallel()
	for _, p := range []RetryPolicy{
		{MinDelay: time.Hour, MaxDelay: math.MaxInt64}, {MinDelay: math.MaxInt64, MaxDelay: math.MaxInt64},
		{}, {MaxDelay: time.Second}, {MinDelay: 1, MaxDelay: 1}, DefaultRetryPolicy(),
	} {
		c := &Client{cfg: Config{Retry: p}}
		for attempt := 1; attempt < 200; attempt++ {
			d := c.delay(attempt, verdict{})
			assert.True(t, 0 <= d && d <= p.MaxDelay, "%v at attempt %d of %+v", d, attempt, p)
			for _, wait := range []time.Duration{0, 1, time.Second, time.Hour} {
				d := c.delay(attempt, verdict{told: true, wait: wait})
				assert.True(t, wait <= d && d <= wait+max(wait/10, p.MinDelay/5), "%v for %v at attempt %d of %+v", d, wait, attempt, p)
			}
		}
	}
}

func TestDelayDoublesUpToItsMaximum(t *testing.T) {
	t.Parallel()
	c := &Client{cfg: Config{Retry: RetryPolicy{MinDelay: time.Second, MaxDelay: 10 * time.Second}}}
	for attempt, bound := range map[int]time.Duration{1: 1, 2: 2, 3: 4, 4: 8, 5: 10, 6: 10, 80: 10} {
		bound *= time.Second
		var longest time.Duration
		for range 2000 {
			longest = max(longest, c.delay(attempt, verdict{}))
		}
		assert.LessOrEqual(t, longest, bound)
		assert.Greater(t, longest, bound*9/10)
	}
}

func TestBudgetStaysBetweenZeroAndFull(t *testing.T) {
	t.Parallel()
	b := newBudget(2)
	assert.True(t, b.add(-10))
	assert.True(t, b.add(-10))
	assert.False(t, b.add(-10))
	for range 9 {
		b.add(1)
	}
	assert.False(t, b.add(-10))
	for range 100 {
		b.add(1)
	}
	assert.True(t, b.add(-10))
	assert.True(t, b.add(-10))
	assert.False(t, b.add(-10))
	assert.False(t, newBudget(0).add(-10))
}

func TestBudgetIsSpentOnceByManyGoroutines(t *testing.T) {
	t.Parallel()
	b := newBudget(100)
	spent := make(chan bool, 1000)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 100 {
				if b.add(-10) {
					spent <- true
				}
			}
		})
	}
	wg.Wait()
	assert.Len(t, spent, 100)
}

func TestRetryPolicyThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, DefaultRetryPolicy().Check())
	require.NoError(t, RetryPolicy{MaxAttempts: 1}.Check())
	for name, spoil := range map[string]func(*RetryPolicy){
		"RetryPolicy.MaxAttempts":   func(p *RetryPolicy) { p.MaxAttempts = 0 },
		"RetryPolicy.MinDelay":      func(p *RetryPolicy) { p.MaxDelay = p.MinDelay - 1 },
		"RetryPolicy.MaxServerWait": func(p *RetryPolicy) { p.MaxServerWait = -1 },
		"RetryPolicy.Budget":        func(p *RetryPolicy) { p.Budget = -1 },
	} {
		p := DefaultRetryPolicy()
		spoil(&p)
		assert.Equal(t, name, argument(t, p.Check()))
	}
}

// argument is the one that err refuses, "" where err is nil.
func argument(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	a, ok := errors.AsType[*ArgumentError](err)
	require.True(t, ok, "%T", err)
	return a.Name
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for raw, problem := range map[string]string{
		"https://a.test": "", "https://a.test/": "", "https://a.test/b/c": "", "HTTPS://A.test": "", "https://a.test:1": "", "http://localhost/x": "", "http://[::1]": "",
		"https://a.test/b..c/...": "",
		"http://a.test":           "plain http", "http://127.0.0.1.a.test": "plain http", "http://%6cocalhost": "can't be parsed",
		"": "scheme", "a.test": "scheme", "/x": "scheme", "file:///x": "scheme", "https:a.test": "no host", "https://": "no host", "https://:80": "no host",
		"https://u@a.test": "credentials", "https://u:p@a.test": "credentials", "https://a.test?": "query", "https://a.test/?x": "query", "https://a.test#x": "fragment",
		"https://a.test/./b": `"."`, "https://a.test/..": `".."`, "https://a.test/%2E%2e/b": `".."`, "https://u:top secret@a.test": "can't be parsed", "https://a.test:x": "can't be parsed",
	} {
		u, err := ParseBaseURL(raw, false)
		if problem == "" {
			require.NoError(t, err, raw)
			assert.NotNil(t, u)
			continue
		}
		assert.Equal(t, "base URL", argument(t, err), raw)
		require.ErrorContains(t, err, problem, raw)
		assert.NotContains(t, err.Error(), "secret")
	}
	_, err := ParseBaseURL("http://a.test", true)
	require.NoError(t, err)
}

func TestSameOriginNeedsSchemeHostAndPort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://a.test", "https://a.test:443/x?y", true}, {"http://a.test:80", "http://A.TEST", true}, {"https://[::1]", "https://[::1]:443", true},
		{"https://a.test", "http://a.test", false}, {"https://a.test", "http://a.test:443", false}, {"https://a.test", "https://a.test:444", false},
		{"https://a.test", "https://b.a.test", false}, {"https://a.test", "https://a.test.", false}, {"https://a.test", "https://a.test.b", false},
	} {
		a, err := url.Parse(c.a)
		require.NoError(t, err)
		b, err := url.Parse(c.b)
		require.NoError(t, err)
		assert.Equal(t, c.want, sameOrigin(a, b), "%s %s", a, b)
		assert.Equal(t, c.want, sameOrigin(b, a), "%s %s", a, b)
	}
}

func TestChecksNameTheArgumentTheyRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		good bool
	}{
		{PathValue("x", "a/b ü:%"), true}, {PathValue("x", "..."), true}, {PathValue("x", ""), false}, {PathValue("x", "."), false}, {PathValue("x", ".."), false},
		{PathValue("x", "a\nb"), false}, {PathValue("x", "\x7f"), false}, {PathValue("x", "\x00"), false},
		{Required("x", "a"), true}, {Required("x", " \t\n"), false}, {Required("x", ""), false},
		{MaxRunes("x", "üüü", 3), true}, {MaxRunes("x", "üüüü", 3), false}, {MaxRunes("x", "", 0), true},
		{Between("x", 1, 1, 3), true}, {Between("x", 3, 1, 3), true}, {Between("x", 0, 1, 3), false}, {Between("x", 4, 1, 3), false},
		{Credential("x", "a+/="), true}, {Credential("x", ""), false}, {Credential("x", "a b"), false}, {Credential("x", "a\n"), false}, {Credential("x", "ü"), false}, {Credential("x", "\x7f"), false},
		{HeaderText("x", "a b (c; d)"), true}, {HeaderText("x", ""), true}, {HeaderText("x", "a\r\nb"), false}, {HeaderText("x", "ü"), false},
	} {
		assert.Equal(t, map[bool]string{true: "", false: "x"}[c.good], argument(t, c.err), "%v", c.err)
	}
}

func TestRefuseTakesTheFirstFailedCheck(t *testing.T) {
	t.Parallel()
	var got *Failure
	hook := func(f *Failure) error { got = f; return errors.New("made") }
	require.NoError(t, Refuse(hook, "op", nil, nil))
	require.EqualError(t, Refuse(hook, "op", nil, Arg("b", "bad %d", 1), Arg("c", "worse")), "made")
	assert.Equal(t, "b", got.Argument)
	assert.Equal(t, "op", got.Operation)
	require.Error(t, Refuse(hook, "op", io.EOF))
	assert.Empty(t, got.Argument)
	assert.Equal(t, io.EOF, got.Err)
}

func TestExcerptIsOneReadableLine(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"": "", " \n": "", "plain  words\nhere\t": "plain words here", "<html>x": "", "  <!DOCTYPE html>": "", "\x1f\x8b\x08\x00": "", "\xff\xfe": "\xff\xfe",
		strings.Repeat("ü", 300): strings.Repeat("ü", 200) + "...",
	} {
		got := Excerpt([]byte(body))
		if body == "\xff\xfe" {
			want = "" // not text
		}
		assert.Equal(t, want, got, "%q", body)
	}
	assert.LessOrEqual(t, len(Excerpt(bytes.Repeat([]byte("word "), 1<<20))), 203)
}

func TestScrubBlacksOutEverySpelling(t *testing.T) {
	t.Parallel()
	secrets := []string{`se/cr+et\=`, "another-one", "short", `two\\slashes`}
	for in, want := range map[string]string{
		"": "", "nothing": "nothing", `a se/cr+et\= b`: "a [redacted] b", `se\/cr\u002Bet\\\u003d`: "[redacted]", `se\u002fcr\u002bet\u005c=`: "[redacted]",
		"another-oneanother-one": "[redacted][redacted]", "another-onanother-one": "another-on[redacted]", "another-on": "another-on", `another\u002don`: `another\u002don`,
		`a two\\slashes b`: "a [redacted] b", `two\\\\slashes`: "[redacted]", "a short word": "a short word", `\`: `\`, `\u`: `\u`, `anothe\u00`: `anothe\u00`,
	} {
		assert.Equal(t, want, string(scrub([]byte(in), secrets)), in)
	}
	const key = "-----BEGIN KEY-----\n\t\"MII\"\\ \u00e4 \u2028 \U0001F600 </key>\n"
	for _, spell := range []func(string) string{
		func(s string) string { return s },
		func(s string) string { return quoted(t, s) },
		func(s string) string { return quoted(t, quoted(t, s)) },
		func(s string) string {
			return strings.NewReplacer("\u00e4", `\u00E4`, "\u2028", `\u2028`, "\U0001F600", `\ud83d\uDE00`, "/", `\/`, "\n", `\u000a`, "\t", `\t`, `"`, `\"`, `\`, `\\`).Replace(s)
		},
	} {
		clean := string(scrub([]byte("a "+spell(key)+" b"), []string{key, "s3cr3t-else"}))
		assert.Regexp(t, `^a .{0,4}\[redacted\].{0,4} b$`, clean)
		assert.NotContains(t, clean, "MII")
	}
	assert.Equal(t, "[redacted]", string(scrub([]byte("aaaaaaaa"), []string{"aaaaaa"})), "that overlap")
	assert.Equal(t, "[redacted]z", string(scrub([]byte("abcdefgz"), []string{"abcdef", "bcdefg"})))
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
		if len(secret) < 6 || len(before)+len(secret)+len(after) > 4000 || !utf8.ValidString(secret) || strings.Contains("[redacted]", secret) {
			return
		}
		b := quoted(t, before+secret+after)
		for _, document := range []string{b, quoted(t, b)} {
			clean := string(scrub([]byte(document), []string{secret}))
			var s string
			if strings.ContainsAny(secret, "[]") || strings.Contains(before+after, `\`) {
				continue // what is left may be it again
			}
			for range 2 {
				if json.Unmarshal([]byte(clean), &s) == nil {
					assert.NotContains(t, s, secret)
					clean = s
				}
			}
		}
		assert.NotContains(t, string(scrub([]byte(secret), []string{secret})), secret)
		assert.Equal(t, before, string(scrub([]byte(before), nil)))
	})
}

func response(body io.Reader, length int64) *http.Response {
	return &http.Response{Header: http.Header{}, Body: io.NopCloser(body), ContentLength: length}
}

func TestBodyIsReadWholeWhateverItsLengthClaims(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, minRead - 1, minRead, minRead + 1, 4096, maxPooled, maxPooled + 1} {
		text := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		for _, length := range []int64{-1, 0, 1, int64(size), int64(size) + 100} {
			for _, r := range []io.Reader{bytes.NewReader(text), iotest.DataErrReader(bytes.NewReader(text)), iotest.HalfReader(bytes.NewReader(text))} {
				b, err := readBody(newReply(response(r, length)), 4<<20)
				require.NoError(t, err)
				assert.True(t, bytes.Equal(text, b.b), "size %d, length %d", size, length)
				b.Close()
			}
		}
	}
}

func TestLengthThatLiesTakesNoMemory(t *testing.T) {
	t.Parallel()
	b, err := readBody(newReply(response(strings.NewReader("x"), 1<<40)), 1<<41)
	require.NoError(t, err)
	assert.LessOrEqual(t, cap(b.b), maxPooled+minRead)
	assert.Equal(t, "x", string(b.b))
}

func TestErrorWhileReadingKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ err, want error }{{io.ErrUnexpectedEOF, errTruncated}, {io.ErrClosedPipe, io.ErrClosedPipe}} {
		b, err := readBody(newReply(response(io.MultiReader(strings.NewReader("part"), iotest.ErrReader(c.err)), -1)), 100)
		require.ErrorIs(t, err, c.want)
		require.ErrorIs(t, err, c.err)
		assert.Equal(t, "part", string(b.b))
	}
}

func TestBufferClosedTwiceFreesNobodyElsesMemory(t *testing.T) {
	t.Parallel()
	a, err := readBody(newReply(response(strings.NewReader("first"), 5)), 100)
	require.NoError(t, err)
	require.NoError(t, a.Close())
	b, err := readBody(newReply(response(strings.NewReader("second"), 6)), 100)
	require.NoError(t, err)
	require.NoError(t, a.Close())
	c, err := readBody(newReply(response(strings.NewReader("third"), 5)), 100)
	require.NoError(t, err)
	assert.Equal(t, "second", string(b.b))
	assert.Equal(t, "third", string(c.b))
	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	require.NoError(t, iotest.TestReader(b, []byte("second")))
}

func TestMemoryIsNotSharedBetweenReplies(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			want := strings.Repeat(fmt.Sprintf("%02d", g), 10+g*50)
			for range 50 {
				b, err := readBody(newReply(response(iotest.HalfReader(strings.NewReader(want)), -1)), 1<<20)
				if assert.NoError(t, err) {
					assert.Equal(t, want, string(b.b))
					b.Close()
					b.Close()
				}
			}
		})
	}
	wg.Wait()
}

func FuzzReadBody(f *testing.F) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, err := io.WriteString(w, strings.Repeat("zipped ", 1000))
	require.NoError(f, err)
	require.NoError(f, w.Close())
	f.Add(z.Bytes(), int64(-1), 100)
	f.Add(z.Bytes()[:30], int64(30), 10000)
	f.Add([]byte("{}"), int64(2), 2)
	f.Fuzz(func(t *testing.T, body []byte, length int64, limit int) {
		limit = limit&0xffff + 1
		b, err := readBody(newReply(response(bytes.NewReader(body), length)), int64(limit))
		defer func() { b.Close() }()
		if err == nil {
			assert.LessOrEqual(t, len(b.b), limit)
		} else {
			require.ErrorAs(t, err, new(*tooLargeError))
		}
		if r, zipErr := gzip.NewReader(bytes.NewReader(body)); zipErr == nil && len(body) <= limit && length <= int64(limit) {
			plain, zipErr := io.ReadAll(io.LimitReader(r, int64(limit)+1))
			switch {
			case len(plain) > limit:
				require.Error(t, err)
			case zipErr == nil:
				assert.True(t, bytes.Equal(plain, b.b))
			default:
				assert.True(t, bytes.Equal(body, b.b), "what can't be undone stays")
			}
		} else if err == nil {
			assert.True(t, bytes.Equal(body, b.b))
		}
	})
}

func TestDeclaredEncodingIsLeftAlone(t *testing.T) {
	t.Parallel()
	resp := response(strings.NewReader("\x1f\x8bxyz"), -1)
	resp.Header.Set("Content-Encoding", "br")
	b, err := readBody(newReply(resp), 100)
	require.NoError(t, err)
	assert.Equal(t, "\x1f\x8bxyz", string(b.b))
}

func TestCauseOfTheCallersContextIsTold(t *testing.T) {
	t.Parallel()
	require.NoError(t, Ended(t.Context()))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.EOF)
	err := Ended(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, io.EOF)
	plain, stop := context.WithCancel(t.Context())
	stop()
	assert.Equal(t, context.Canceled, Ended(plain))
}

func TestErrorTextIsOneLine(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "v: Op: GET /x: 503 Service Unavailable: a b: c d (code k, request id r, attempts 3, it may have been carried out)", ErrorText{
		Vendor: "v", Operation: "Op", Method: "GET", Path: "/x", StatusCode: 503, Attempts: 3, Detail: "a\nb", Code: "k", RequestID: "r",
		OutcomeUnknown: true, Err: errors.New("c\nd"),
	}.String())
	assert.Equal(t, "v: 799", ErrorText{Vendor: "v", StatusCode: 799}.String())
	assert.Equal(t, "v: Op: invalid argument id: is empty", ErrorText{Vendor: "v", Operation: "Op", Argument: "id", Err: PathValue("id", "")}.String())
}

func TestUserAgentNamesTheModuleAndTheCaller(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, `^integrations-go-sdk/\S+ \(go\S.*; \w+/\w+\)$`, userAgent(""))
	assert.Regexp(t, `^integrations-go-sdk/.*\) app/1 \(x\)$`, userAgent("app/1 (x)"))
}

func TestTokenShowsInNoVerb(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		text := fmt.Sprintf(verb, Token{Value: "top-secret"}) + fmt.Sprintf(verb, &Token{Value: "top-secret"}) + fmt.Sprintf(verb, struct{ T Token }{Token{Value: "top-secret"}})
		assert.NotContains(t, text, "top-secret", verb)
		assert.NotContains(t, text, fmt.Sprintf("%x", "top-secret"), verb)
	}
}

func TestReplyThatCameAnotherWayIsRefused(t *testing.T) {
	t.Parallel()
	c, err := New(Config{BaseURL: &url.URL{Scheme: "https", Host: "a.test"}, NewError: func(f *Failure) error { return f.Err }})
	require.NoError(t, err)
	err = CallEmpty(t.Context(), c, "op", []func(*CallOptions){}, func(context.Context) (*http.Response, error) {
		return response(strings.NewReader("{}"), 2), nil
	})
	require.ErrorContains(t, err, "did not come through")
	err = CallEmpty(t.Context(), c, "op", []func(*CallOptions){}, func(context.Context) (*http.Response, error) { return nil, io.EOF })
	require.ErrorIs(t, err, io.EOF, "a request that could not be built")
}

// tripper is a function as an http.RoundTripper.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// client answers everything with status, which it counts, and makes its Failure the error.
func client(status int, auth *Auth, count *int) *Client {
	c, err := New(Config{
		BaseURL: &url.URL{Scheme: "https", Host: "a.test"}, Auth: auth, Retry: RetryPolicy{MaxAttempts: 2, Budget: 10},
		HTTPClient: &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
			*count++
			resp := response(strings.NewReader("{}"), 2)
			resp.StatusCode = status
			return resp, nil
		})},
		NewError: func(f *Failure) error { return fmt.Errorf("%d after %d: %w", f.StatusCode, f.Attempts, f.Err) },
	})
	if err != nil {
		panic(err)
	}
	return c
}

func get(ctx context.Context, t *testing.T, c *Client) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://a.test/x", nil)
	require.NoError(t, err)
	return c.Do(req)
}

func TestRequestWithTheContextOfAnotherCallIsACallOfItsOwn(t *testing.T) {
	t.Parallel()
	var sent, sentInside int
	inner := client(200, nil, &sentInside)
	outer := client(502, Bearer(func(ctx context.Context) (Token, error) {
		resp, err := get(ctx, t, inner) // as by Client.API of a vendor package
		require.NoError(t, err)
		resp.Body.Close()
		return Token{Value: "token"}, nil
	}), &sent)
	var meta Meta
	err := CallEmpty(t.Context(), outer, "op", []func(*CallOptions){func(o *CallOptions) { o.WithMeta(&meta) }}, func(ctx context.Context) (*http.Response, error) {
		return get(ctx, t, outer)
	})
	require.Error(t, err)
	assert.Equal(t, 502, meta.StatusCode)
	assert.Equal(t, 2, meta.Attempts)
	assert.Equal(t, 2, sent)
	assert.Equal(t, 1, sentInside)
}

func TestReplyOfARawRequestIsWhole(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 404} {
		resp, err := get(t.Context(), t, client(status, Basic("user", "password"), new(int)))
		require.NoError(t, err, "any status is a reply")
		assert.Equal(t, status, resp.StatusCode)
		assert.EqualValues(t, 2, resp.ContentLength)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "{}", string(b))
		assert.NotContains(t, resp.Request.Header, "Authorization")
		require.NoError(t, resp.Body.Close())
		require.NoError(t, resp.Body.Close())
	}
}

func TestReplyToACallWithoutCredentialsIsNotKeptInItsError(t *testing.T) {
	t.Parallel()
	var kept *Failure
	c := client(200, nil, new(int))
	c.cfg.NewError = func(f *Failure) error { kept = f; return io.EOF }
	refuse := func([]byte) error { return io.ErrNoProgress }
	for noAuth, body := range map[bool]string{false: "{}", true: ""} {
		err := CallDecode(t.Context(), c, "op", []func(*CallOptions){func(o *CallOptions) { o.noAuth = noAuth }}, func(ctx context.Context) (*http.Response, error) {
			return get(ctx, t, c)
		}, refuse)
		require.ErrorIs(t, err, io.EOF)
		assert.Equal(t, body, string(kept.Body), "a token may be in it")
	}
}
