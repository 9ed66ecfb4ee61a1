package ratelimit

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest is the longest plausible wait. It rejects a Unix time that is read as relative seconds,
// which would be a wait of half a century.
const longest = 365 * 24 * time.Hour

// ResetUnit is the form in which a server writes the end of its window.
type ResetUnit int

const (
	// RelativeSeconds is the time from the response to the end of the window.
	RelativeSeconds ResetUnit = iota
	// EpochSeconds is the end of the window as a Unix time. It is compared with the Date of the
	// response if there is one, so the local clock may be wrong.
	EpochSeconds
)

// Headers names the response headers that describe a server's rate limit window.
type Headers struct {
	// Limit names the header with the number of requests that a window allows. If a name
	// is empty, that number stays unknown.
	Limit string
	// Remaining names the header with the number of requests that are left.
	Remaining string
	// Reset names the header with the end of the window, in ResetUnit.
	Reset string
	// Structured names the header that holds the count and the end together, as in
	// "default";r=50;t=30. Policy names the header with the limits, as in
	// "default";q=100;w=60. If Structured can be parsed, Limit, Remaining and Reset
	// are not read. If there are several policies, the one with the fewest requests
	// left is used.
	Structured, Policy string
	// ResetUnit is the form of Reset. The default is [RelativeSeconds].
	ResetUnit ResetUnit

	// RoundedUp states that the server rounds Reset up to whole seconds. If it is false,
	// a whole number may have been rounded down, and the window is assumed to end up to
	// one second after it.
	RoundedUp bool
	// Forbidden states that the server refuses with status 403 as well as 429: a 403
	// that has a Retry-After, or that leaves no requests in the window. GitHub does so.
	Forbidden bool
}

// Confluent returns the headers of Confluent Cloud: X-RateLimit-Limit, X-RateLimit-Remaining and
// X-RateLimit-Reset. The vendor documents the reset as relative seconds. Their rounding is not
// documented by the vendor.
func Confluent() Headers {
	return Headers{Limit: "X-Ratelimit-Limit", Remaining: "X-Ratelimit-Remaining", Reset: "X-Ratelimit-Reset"}
}

// GitHub returns the headers of GitHub and the many servers that imitate it. The names are those
// of [Confluent], but X-RateLimit-Reset is in UTC epoch seconds, and a 403 may be a refusal like a
// 429.
func GitHub() Headers {
	h := Confluent()
	h.ResetUnit, h.Forbidden = EpochSeconds, true
	return h
}

// IETF returns the headers of the IETF draft "RateLimit header fields for HTTP": RateLimit and
// RateLimit-Policy, as in
//
//	RateLimit-Policy: "burst";q=100;w=60, "daily";q=1000;w=86400
//	RateLimit: "burst";r=50;t=30
//
// If they are missing, it uses the headers of older versions: RateLimit-Limit, RateLimit-Remaining
// and RateLimit-Reset in relative seconds.
func IETF() Headers {
	return Headers{
		Limit: "Ratelimit-Limit", Remaining: "Ratelimit-Remaining", Reset: "Ratelimit-Reset",
		Structured: "Ratelimit", Policy: "Ratelimit-Policy",
	}
}

// Window is the state of a rate limit window according to one response. A number is valid only if
// its flag is set.
type Window struct {
	// Limit is how many requests the window allows, at least 1.
	Limit int
	// Remaining is how many requests are left, 0 or more.
	Remaining int
	// Reset is the stated time from the response to the end of the window, 0 to one year.
	Reset time.Duration
	// Slack is how much later than Reset the window may end, because of rounding: 0 or
	// 1 s.
	Slack time.Duration

	// HasLimit, HasRemaining and HasReset report which numbers are known. Slack is known
	// with Reset.
	HasLimit, HasRemaining, HasReset bool
}

// Parse reads the window from a response header that arrived at now. A number stays unknown if it
// is missing, negative, not decimal, or implausible (a limit of 0, a count over 2^31-1, a reset in
// the past or more than a year ahead). Fractions are accepted. If a value is a list, its first
// member is used. The keys of header may be in any letter case.
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

// reset returns the time from now to the end of the window, and how much later it may end.
func (h Headers) reset(header http.Header, now time.Time) (d, slack time.Duration, ok bool) {
	f, ok := number(first(header, h.Reset))
	if !ok {
		return 0, 0, false
	}
	if f == math.Trunc(f) && !h.RoundedUp {
		slack = time.Second
	}
	if h.ResetUnit == RelativeSeconds {
		d, ok = seconds(f)
		return d, slack, ok
	}
	if date, err := http.ParseTime(get(header, "Date")); err == nil {
		now = date
	}
	d, ok = seconds(f - float64(now.Unix()))
	d -= time.Duration(now.Nanosecond())
	return d, slack, ok && d >= 0
}

// Wait returns how long resp, which arrived at now, asks to wait. It reports false if resp does not
// ask to wait.
//
// It reads Retry-After. A date there is compared with the Date of the response. If Retry-After is
// missing, the status is a refusal (429, or 403 with [Headers.Forbidden]) and no places are left in
// the window, Wait returns the time to the end of the window, rounding included.
func (h Headers) Wait(resp *http.Response, now time.Time) (time.Duration, bool) {
	return h.ParseResponse(resp, now).Wait()
}

// Response holds the rate limit state that one response states.
type Response struct {
	Window
	// Refused reports whether the server refused the request because of a limit: status
	// 429, 503 with a Retry-After, or 403 under the conditions of [Headers.Forbidden].
	Refused bool
	// RetryAfter is the wait of the Retry-After header, valid if HasRetryAfter is set.
	RetryAfter    time.Duration
	HasRetryAfter bool

	// limited reports whether the end of the window may be the wait that a refusal asks
	// for.
	limited bool
}

// ParseResponse reads the header and the status of resp, which arrived at now. It returns the
// window of [Headers.Parse], with one exception: if a refused response has a Retry-After that is
// shorter than the time to the end of the window, the window ends with Retry-After.
func (h Headers) ParseResponse(resp *http.Response, now time.Time) Response {
	r := Response{Window: h.Parse(resp.Header, now)}
	r.RetryAfter, r.HasRetryAfter = retryAfter(resp, now)
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		r.Refused, r.limited = true, true
	case http.StatusForbidden:
		r.Refused = h.Forbidden && (r.HasRetryAfter || r.HasRemaining && r.Remaining == 0)
		r.limited = r.Refused
	case http.StatusServiceUnavailable:
		r.Refused = r.HasRetryAfter
	}
	if r.Refused && r.HasRetryAfter && r.HasReset && r.RetryAfter < r.Reset {
		r.Reset, r.Slack = r.RetryAfter, 0
	}
	return r
}

// parse is ParseResponse without the Retry-After of an accepted request, which costs a look at all
// keys of the header if it is missing.
func (h Headers) parse(resp *http.Response, now time.Time) Response {
	if resp.StatusCode < http.StatusMultipleChoices {
		return Response{Window: h.Parse(resp.Header, now)}
	}
	return h.ParseResponse(resp, now)
}

// Wait returns how long the response asks to wait; see [Headers.Wait].
func (r Response) Wait() (time.Duration, bool) {
	switch {
	case r.HasRetryAfter:
		return r.RetryAfter, true
	case !r.limited || !r.HasReset:
		return 0, false
	case r.HasRemaining && r.Remaining > 0: // The window is not the reason of the refusal.
		return 0, false
	}
	return r.Reset + r.Slack, true
}

// retryAfter reads the Retry-After of resp, which arrived at now.
func retryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	value := get(resp.Header, "Retry-After")
	if date, err := http.ParseTime(get(resp.Header, "Date")); err == nil {
		now = date // Both times are of the server's clock.
	}
	return ParseRetryAfter(value, now)
}

// ParseRetryAfter reads the value of a Retry-After header that arrived at now: seconds, with or
// without a fraction, or an HTTP date. A date in the past is a wait of 0. It reports false for
// any other value, and for a wait of more than a year.
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

// lookup returns the values of the header with the given name. It ignores letter case, because a
// response that was not read by net/http may have keys that are not canonical.
func lookup(header http.Header, name string) []string {
	if values := header[name]; len(values) > 0 { // the usual case, and faster
		return values
	}
	for key, values := range header {
		if len(key) == len(name) && strings.EqualFold(key, name) {
			return values
		}
	}
	return nil
}

// get returns the first value of [lookup], "" if there is none.
func get(header http.Header, name string) string {
	if values := lookup(header, name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// first returns the first member of a header's value, without parameters.
func first(header http.Header, name string) string {
	if name == "" {
		return ""
	}
	value := get(header, name)
	for i := range len(value) {
		if value[i] == ',' || value[i] == ';' {
			value = value[:i]
			break
		}
	}
	return strings.TrimSpace(value)
}

// number parses a decimal number. It accepts less than strconv: no sign, exponent, hexadecimal, Inf
// or NaN.
func number(s string) (float64, bool) {
	if s == "" {
		return 0, false
	}
	if '0' <= s[0] && s[0] <= '9' {
		if n, err := strconv.Atoi(s); err == nil { // the usual case, and faster
			return float64(n), true
		}
	}
	if strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// count parses a number of requests, at most 2^31-1. It drops a fraction.
func count(s string) (int, bool) {
	f, ok := number(s)
	if !ok || f > math.MaxInt32 {
		return 0, false
	}
	return int(f), true
}

// seconds returns f seconds, rounded up to nanoseconds. It reports false if f is above longest.
func seconds(f float64) (time.Duration, bool) {
	if f < 0 || f > longest.Seconds() {
		return 0, false
	}
	return time.Duration(math.Ceil(f * 1e9)), true
}
