package ratelimit_test

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const year = 365 * 24 * time.Hour

func TestParseRetryAfter(t *testing.T) {
	tests := map[string]struct {
		value string
		want  time.Duration
		ok    bool
	}{
		"seconds":         {"120", 2 * time.Minute, true},
		"zero":            {"0", 0, true},
		"leading zeros":   {"007", 7 * time.Second, true},
		"fraction":        {"1.5", 1500 * time.Millisecond, true},
		"small fraction":  {"0.0000000001", 1, true},
		"bare fraction":   {".5", 500 * time.Millisecond, true},
		"spaces":          {" \t30 ", 30 * time.Second, true},
		"date":            {"Sun, 01 Mar 2026 12:00:10 GMT", 10 * time.Second, true},
		"date RFC 850":    {"Sunday, 01-Mar-26 12:00:10 GMT", 10 * time.Second, true},
		"date asctime":    {"Sun Mar  1 12:00:10 2026", 10 * time.Second, true},
		"date in spaces":  {" Sun, 01 Mar 2026 12:00:10 GMT ", 10 * time.Second, true},
		"past date":       {"Sun, 01 Mar 2026 11:00:00 GMT", 0, true},
		"a year":          {"31536000", year, true},
		"over a year":     {"31536001", 0, false},
		"date far away":   {"Fri, 31 Dec 9999 23:59:59 GMT", 0, false},
		"epoch":           {"1772366400", 0, false},
		"over 64 bits":    {"99999999999999999999", 0, false},
		"over any float":  {"1" + strings.Repeat("0", 400), 0, false},
		"missing":         {"", 0, false},
		"only spaces":     {"  ", 0, false},
		"negative":        {"-1", 0, false},
		"sign":            {"+1", 0, false},
		"text":            {"soon", 0, false},
		"unit":            {"10s", 0, false},
		"exponent":        {"1e3", 0, false},
		"hexadecimal":     {"0x10", 0, false},
		"infinity":        {"Inf", 0, false},
		"not a number":    {"NaN", 0, false},
		"dots":            {"1.2.3", 0, false},
		"dot":             {".", 0, false},
		"several":         {"1, 2", 0, false},
		"underscore":      {"1_000", 0, false},
		"other digits":    {"١٢", 0, false},
		"half a date":     {"Sun, 01 Mar 2026", 0, false},
		"RFC 3339":        {"2026-03-01T12:00:10Z", 0, false},
		"zero byte":       {"1\x00", 0, false},
		"negative zero":   {"-0", 0, false},
		"date other zone": {"Sun, 01 Mar 2026 12:00:10 CET", 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := ratelimit.ParseRetryAfter(tt.value, noon)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestHeadersParseReset(t *testing.T) {
	relative, epoch := ratelimit.Confluent(), ratelimit.GitHub()
	roundedUp := relative
	roundedUp.RoundedUp = true
	tests := map[string]struct {
		headers ratelimit.Headers
		value   string
		want    time.Duration
		slack   time.Duration
		ok      bool
	}{
		"seconds":             {relative, "30", 30 * time.Second, time.Second, true},
		"rounded up":          {roundedUp, "30", 30 * time.Second, 0, true},
		"zero":                {relative, "0", 0, time.Second, true},
		"fraction":            {relative, "0.25", 250 * time.Millisecond, 0, true},
		"spaces":              {relative, "  5 ", 5 * time.Second, time.Second, true},
		"several":             {relative, "5, 60", 5 * time.Second, time.Second, true},
		"parameter":           {relative, "5;w=60", 5 * time.Second, time.Second, true},
		"negative":            {relative, "-5", 0, 0, false},
		"text":                {relative, "later", 0, 0, false},
		"over 64 bits":        {relative, "99999999999999999999", 0, 0, false},
		"over a year":         {relative, "31536001", 0, 0, false},
		"epoch, relative due": {relative, strconv.FormatInt(noon.Unix()+10, 10), 0, 0, false},
		"date":                {relative, "Sun, 01 Mar 2026 12:00:10 GMT", 0, 0, false},
		"missing":             {relative, "", 0, 0, false},
		"unix time":           {epoch, strconv.FormatInt(noon.Unix()+10, 10), 10 * time.Second, time.Second, true},
		"unix time now":       {epoch, strconv.FormatInt(noon.Unix(), 10), 0, time.Second, true},
		"unix time, fraction": {epoch, strconv.FormatInt(noon.Unix()+10, 10) + ".5", 10500 * time.Millisecond, 0, true},
		"unix time, past":     {epoch, strconv.FormatInt(noon.Unix()-1, 10), 0, 0, false},
		"unix time in ms":     {epoch, strconv.FormatInt(noon.UnixMilli()+10, 10), 0, 0, false},
		"unix time, huge":     {epoch, "9223372036854775807", 0, 0, false},
		"relative, epoch due": {epoch, "30", 0, 0, false},
		"unix time of text":   {epoch, "tomorrow", 0, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			if tt.value != "" {
				header.Set("X-RateLimit-Reset", tt.value)
			}
			w := tt.headers.Parse(header, noon)
			assert.Equal(t, ratelimit.Window{Reset: tt.want, Slack: tt.slack, HasReset: tt.ok}, w)
		})
	}

	t.Run("unix time against the server's clock", func(t *testing.T) {
		header := http.Header{}
		header.Set("Date", noon.Format(http.TimeFormat))
		header.Set("X-RateLimit-Reset", strconv.FormatInt(noon.Unix()+10, 10))
		w := epoch.Parse(header, noon.Add(-time.Hour))
		assert.Equal(t, 10*time.Second, w.Reset)
	})
	t.Run("name in any case", func(t *testing.T) {
		w := ratelimit.Headers{Reset: "x-ratelimit-reset"}.Parse(http.Header{"X-Ratelimit-Reset": {"5"}}, noon)
		assert.Equal(t, 5*time.Second, w.Reset)
	})
	t.Run("first of two lines", func(t *testing.T) {
		w := relative.Parse(http.Header{"X-Ratelimit-Reset": {"5", "60"}}, noon)
		assert.Equal(t, 5*time.Second, w.Reset)
	})
}

// A response that does not come from net/http may have keys that are not canonical.
func TestHeadersInAnyLetterCase(t *testing.T) {
	window := knownWindow(100, 7, 5*time.Second)
	for _, spell := range []func(string) string{
		func(s string) string { return s }, strings.ToLower, strings.ToUpper, http.CanonicalHeaderKey,
	} {
		header := http.Header{
			spell("X-RateLimit-Limit"):     {"100"},
			spell("X-RateLimit-Remaining"): {"7"},
			spell("X-RateLimit-Reset"):     {"5"},
		}
		assert.Equal(t, window, ratelimit.Confluent().Parse(header, noon), header)
		header = http.Header{
			spell("RateLimit"):        {`"default";r=7;t=5`},
			spell("RateLimit-Policy"): {`"default";q=100;w=60`},
		}
		assert.Equal(t, window, ratelimit.IETF().Parse(header, noon), header)
		lower := ratelimit.Headers{Limit: "x-limit", Remaining: "x-remaining", Reset: "x-reset"}
		header = http.Header{spell("X-Limit"): {"100"}, spell("X-Remaining"): {"7"}, spell("X-Reset"): {"5"}}
		assert.Equal(t, window, lower.Parse(header, noon), header)
		header = http.Header{
			spell("Date"):        {noon.Format(http.TimeFormat)},
			spell("Retry-After"): {noon.Add(time.Minute).Format(http.TimeFormat)},
		}
		d, ok := ratelimit.Confluent().Wait(&http.Response{StatusCode: 429, Header: header}, noon.Add(time.Hour))
		assert.True(t, ok, header)
		assert.Equal(t, time.Minute, d, header)
	}
}

func TestHeadersParseCounts(t *testing.T) {
	tests := map[string]struct {
		value            string
		limit, remaining int
		hasLimit, hasRem bool
	}{
		"number":       {"100", 100, 100, true, true},
		"zero":         {"0", 0, 0, false, true}, // A limit of 0 is implausible.
		"fraction":     {"7.9", 7, 7, true, true},
		"spaces":       {" 7 ", 7, 7, true, true},
		"several":      {"10, 10;w=1, 50;w=60", 10, 10, true, true},
		"largest":      {"2147483647", 1<<31 - 1, 1<<31 - 1, true, true},
		"huge":         {"2147483648", 0, 0, false, false},
		"over 64 bits": {"99999999999999999999", 0, 0, false, false},
		"negative":     {"-1", 0, 0, false, false},
		"text":         {"many", 0, 0, false, false},
		"empty":        {"", 0, 0, false, false},
		"date":         {"Sun, 01 Mar 2026 12:00:10 GMT", 0, 0, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			header.Set("X-RateLimit-Limit", tt.value)
			header.Set("X-RateLimit-Remaining", tt.value)
			w := ratelimit.Confluent().Parse(header, noon)
			assert.Equal(t, ratelimit.Window{
				Limit: tt.limit, Remaining: tt.remaining, HasLimit: tt.hasLimit, HasRemaining: tt.hasRem,
			}, w)
		})
	}
	t.Run("no names", func(t *testing.T) {
		header := http.Header{"": {"1"}, "X-Ratelimit-Limit": {"1"}}
		assert.Zero(t, ratelimit.Headers{}.Parse(header, noon))
	})
}

func FuzzParseRetryAfter(f *testing.F) {
	for _, s := range []string{
		"", "0", "1", "-1", "1.5", "1e9", "Inf", "99999999999999999999",
		"Sun, 01 Mar 2026 12:00:10 GMT", "1, 2", " 3 ",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := ratelimit.ParseRetryAfter(s, noon)
		assert.True(t, 0 <= d && d <= year, "%v", d)
		assert.True(t, ok || d == 0, "%v without ok", d)
	})
}

func FuzzHeadersParse(f *testing.F) {
	f.Add("100", "99", "60", "", false)
	f.Add("0", "-1", "1772366410", "Sun, 01 Mar 2026 12:00:10 GMT", true)
	f.Add("1, 2", "9223372036854775808", "0.1", "yesterday", true)
	f.Add(" 5", "NaN", "253402300800", "Mon, 01 Jan 0001 00:00:00 GMT", true)
	f.Fuzz(func(t *testing.T, limit, remaining, reset, date string, epoch bool) {
		h := ratelimit.Confluent()
		if epoch {
			h = ratelimit.GitHub()
		}
		header := http.Header{h.Limit: {limit}, h.Remaining: {remaining}, h.Reset: {reset}, "Date": {date}}
		w := h.Parse(header, noon)
		assert.True(t, 0 <= w.Limit && w.Limit <= math.MaxInt32, "limit %d", w.Limit)
		assert.Equal(t, w.HasLimit, w.Limit > 0)
		assert.True(t, 0 <= w.Remaining && w.Remaining <= math.MaxInt32, "remaining %d", w.Remaining)
		assert.True(t, w.HasRemaining || w.Remaining == 0)
		assert.True(t, 0 <= w.Reset && w.Reset <= year, "reset %v", w.Reset)
		assert.True(t, w.HasReset || w.Reset == 0 && w.Slack == 0)
		assert.True(t, w.Slack == 0 || w.Slack == time.Second, "slack %v", w.Slack)
	})
}

func TestWait(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const reset, left = "X-RateLimit-Reset", "X-RateLimit-Remaining"
	byServerClock := []string{
		"Retry-After", "Fri, 02 Jan 2026 02:00:08 GMT", "Date", "Fri, 02 Jan 2026 02:00:00 GMT",
	}
	for name, tt := range map[string]struct {
		status int
		header []string
		want   time.Duration
		ok     bool
	}{
		"Retry-After":                  {500, []string{"Retry-After", "7", reset, "9"}, 7 * time.Second, true},
		"reset, rounding included":     {429, []string{reset, "9"}, 10 * time.Second, true},
		"reset while places are left":  {429, []string{reset, "9", left, "3"}, 0, false},
		"reset, and no place left":     {429, []string{reset, "9", left, "0"}, 10 * time.Second, true},
		"reset of another status":      {503, []string{reset, "9"}, 0, false},
		"epoch where relative is due":  {429, []string{reset, "1767323050"}, 0, false},
		"date, by the server's clock":  {429, byServerClock, 8 * time.Second, true},
		"bad Retry-After, then reset":  {429, []string{"Retry-After", "soon", reset, "0.5"}, time.Second / 2, true},
		"nothing":                      {429, nil, 0, false},
		"nothing that makes any sense": {429, []string{"Retry-After", "-1", reset, "-1"}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, ok := ratelimit.Confluent().Wait(respond(tt.status, tt.header...), now)
			assert.Equal(t, tt.want, d)
			assert.Equal(t, tt.ok, ok)
		})
	}
}
