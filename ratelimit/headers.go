package ratelimit

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest is where a stated wait stops being plausible: a Unix time read as
// relative seconds is half a century.
const longest = 365 * 24 * time.Hour

// ResetUnit says how a server writes the end of its window.
type ResetUnit int

const (
	// RelativeSeconds counts from the reply to the end of the window.
	RelativeSeconds ResetUnit = iota
	// EpochSeconds is the end of the window as a Unix time. It is compared
	// with the Date of the reply if there is one, so the local clock may be wrong.
	EpochSeconds
)

// Headers names the reply headers that describe a server's rate-limit window.
type Headers struct {
	// Limit names the header with the number of requests that a window allows.
	// Where a name is empty, that number stays unknown.
	Limit string
	// Remaining names the header with the number of them that are left.
	Remaining string
	// Reset names the header with the end of the window, in ResetUnit.
	Reset string
	// Structured names the header that holds the count and the end together,
	// as in "default";r=50;t=30, and Policy the one with the limits, as in
	// "default";q=100;w=60. Where the former makes sense, the others are not
	// looked at. Of several policies the one with the fewest left counts.
	Structured, Policy string
	// ResetUnit is how Reset is written. Default [RelativeSeconds].
	ResetUnit ResetUnit

	// RoundedUp says that the server rounds Reset up to whole seconds. If it
	// is not set, a whole number may have been cut, and the window is taken
	// to end up to one second after it.
	RoundedUp bool
}

// Confluent returns the headers of Confluent Cloud: X-RateLimit-Limit,
// X-RateLimit-Remaining and X-RateLimit-Reset, which the vendor documents as
// relative seconds. How they are rounded is not documented.
func Confluent() Headers {
	return Headers{Limit: "X-Ratelimit-Limit", Remaining: "X-Ratelimit-Remaining", Reset: "X-Ratelimit-Reset"}
}

// GitHub returns the headers of GitHub and the many servers that imitate it:
// the names of [Confluent], but X-RateLimit-Reset is in UTC epoch seconds.
func GitHub() Headers {
	h := Confluent()
	h.ResetUnit = EpochSeconds
	return h
}

// IETF returns the headers of the IETF draft "RateLimit header fields
// for HTTP": RateLimit and RateLimit-Policy, as in
//
//	RateLimit-Policy: "burst";q=100;w=60, "daily";q=1000;w=86400
//	RateLimit: "burst";r=50;t=30
//
// and, where they are missing, those of its older versions: RateLimit-Limit,
// RateLimit-Remaining and RateLimit-Reset in relative seconds.
func IETF() Headers {
	return Headers{
		Limit: "Ratelimit-Limit", Remaining: "Ratelimit-Remaining", Reset: "Ratelimit-Reset",
		Structured: "Ratelimit", Policy: "Ratelimit-Policy",
	}
}

// Window is what one reply says about the rate-limit window it was counted in.
// A number is valid only if its flag is set.
type Window struct {
	// Limit is how many requests the window allows, at least 1.
	Limit int
	// Remaining is how many of them are left, 0 or more.
	Remaining int
	// Reset is the time from the reply to the end of the window as stated, 0
	// to one year.
	Reset time.Duration
	// Slack is how much later than Reset the window may really end, from
	// rounding: 0 or 1 s.
	Slack time.Duration

	// HasLimit, HasRemaining and HasReset say which numbers are known. Slack
	// goes with Reset.
	HasLimit, HasRemaining, HasReset bool
}

// Parse reads the window from a reply header that arrived at now. What is
// missing, negative, not a decimal number, or implausible (a limit of 0, a
// count over 2^31-1, a reset in the past or more than a year ahead) is left
// unknown. Fractions are accepted; of a list the first member counts.
func (h Headers) Parse(header http.Header, now time.Time) Window {
	if w, ok := h.structured(header); ok {
		return w
	}
	var w Window
	w.Limit, w.HasLimit = count(first(header, h.Limit))
	w.HasLimit = w.HasLimit && w.Limit > 0
	w.Remaining, w.HasRemaining = count(first(header, h.Remaining))
	if d, slack, ok := h.reset(header, now); ok {
		w.Reset, w.Slack, w.HasReset = d, slack, true
	}
	return w
}

func (h Headers) reset(header http.Header, now time.Time) (d, slack time.Duration, ok bool) {
	if w, ok := h.structured(header); ok {
		return w.Reset, w.Slack, w.HasReset
	}
	f, ok := number(first(header, h.Reset))
	if !ok || f > math.MaxInt32*1e3 { // Far past any date; keeps the conversions exact.
		return 0, 0, false
	}
	whole, fraction := math.Modf(f)
	if fraction == 0 && !h.RoundedUp {
		slack = time.Second
	}
	if h.ResetUnit == RelativeSeconds {
		d, ok = seconds(f)
		return d, slack, ok
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	d = time.Unix(int64(whole), int64(fraction*1e9)).Sub(now)
	return d, slack, 0 <= d && d <= longest
}

// Wait is how long resp, which arrived at now, asks to wait: its Retry-After,
// whose date is compared with the Date of the reply, else, with status 429,
// the end of the window, rounding included, unless places are left in it. It reports false if resp asks for
// nothing.
func (h Headers) Wait(resp *http.Response, now time.Time) (time.Duration, bool) {
	if value := resp.Header.Get("Retry-After"); value != "" {
		clock := now
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			clock = date // both are the server's
		}
		if d, ok := ParseRetryAfter(value, clock); ok {
			return d, true
		}
	}
	if resp.StatusCode != http.StatusTooManyRequests {
		return 0, false
	}
	if w := h.Parse(resp.Header, now); w.HasRemaining && w.Remaining > 0 {
		return 0, false // refused for another reason than this window
	}
	d, slack, ok := h.reset(resp.Header, now)
	if !ok {
		return 0, false
	}
	return d + slack, true
}

// ParseRetryAfter reads the value of a Retry-After header that arrived at now:
// seconds, with or without a fraction, or an HTTP date. A date in the past is
// a wait of 0. It reports false for anything else, and for more than a year.
func ParseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if f, ok := number(value); ok {
		return seconds(f)
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	d := max(date.Sub(now), 0)
	if d > longest {
		return 0, false
	}
	return d, true
}

func first(header http.Header, name string) string {
	if name == "" {
		return ""
	}
	var value string
	if values := header[name]; len(values) > 0 { // A name as it stands here comes first: to make it canonical takes time.
		value = values[0]
	} else {
		value = header.Get(name)
	}
	value, _, _ = strings.Cut(value, ",")
	value, _, _ = strings.Cut(value, ";")
	return strings.TrimSpace(value)
}

// number is stricter than strconv: no sign, exponent, hexadecimal, Inf or NaN.
func number(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	if n, err := strconv.ParseUint(s, 10, 31); err == nil { // as nearly always, and faster
		return float64(n), true
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

func count(s string) (int, bool) {
	f, ok := number(s)
	if !ok || f > math.MaxInt32 {
		return 0, false
	}
	return int(f), true
}

func seconds(f float64) (time.Duration, bool) {
	if f < 0 || f > longest.Seconds() {
		return 0, false
	}
	return time.Duration(math.Ceil(f * 1e9)), true
}
