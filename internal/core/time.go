package core

import (
	"math/big"
	"strconv"
	"strings"
	"time"
)

// ReadTime returns the time in a JSON value: a text in a form of ISO 8601, or the time since 1970
// as a number or a text, in multiples of unit, with a fraction that is exact to the nanosecond. Any
// other value, such as null, is the zero time.
//
// It reads the forms of ISO 8601 that servers write: date and time of day, with or without seconds,
// in either letter case, with T or a space, and the offset as Z, +00:00, +0000 or +00. Without an
// offset, the time is UTC.
func ReadTime(b []byte, unit time.Duration) time.Time {
	text := strings.TrimSpace(unquoted(b))
	if len(b) > 0 && b[0] == '"' {
		if at, ok := isoTime(text); ok {
			return at
		}
	}
	return epoch(text, unit)
}

var (
	timeLayouts = []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} // a fraction may follow
	zoneLayouts = []string{"Z07:00", "Z0700", "Z07", ""}
)

// isoTime parses a date and a time of day.
func isoTime(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err == nil {
		return writable(at), true
	}
	const date = len("2006-01-02")
	if len(text) <= date || len(text) > 80 || text[4] != '-' {
		return time.Time{}, false
	}
	day, clock := text[:date], strings.ToUpper(text[date+1:])
	if !strings.Contains("Tt ", text[date:date+1]) {
		return time.Time{}, false
	}
	clock, _, _ = strings.Cut(clock, "[") // Java writes the name of the zone after the offset
	for _, utc := range []string{"UTC", "GMT"} {
		if rest, ok := strings.CutSuffix(clock, utc); ok {
			clock = rest + "Z"
		}
	}
	text = day + "T" + strings.ReplaceAll(clock, " ", "")
	for _, layout := range timeLayouts {
		for _, zone := range zoneLayouts {
			if at, err := time.Parse(layout+zone, text); err == nil {
				return writable(at), true
			}
		}
	}
	return time.Time{}, false
}

// writable returns at, or the zero time if RFC 3339 can't express its offset.
func writable(at time.Time) time.Time {
	if _, offset := at.Zone(); max(offset, -offset) >= 24*60*60 {
		return time.Time{}
	}
	return at
}

// epoch parses the time since 1970 without a float64, which is not exact to the nanosecond at this
// size.
func epoch(text string, unit time.Duration) time.Time {
	if !isNumber(text) {
		return time.Time{}
	}
	at, ok := plainEpoch(text, unit)
	if !ok {
		nanos, ok := timesUnit(text, int64(unit), (*big.Int).Div) // truncates to nanoseconds
		if !ok {
			return time.Time{}
		}
		s, n := new(big.Int).DivMod(nanos, big.NewInt(int64(time.Second)), new(big.Int))
		if !s.IsInt64() {
			return time.Time{}
		}
		at = time.Unix(s.Int64(), n.Int64()).UTC()
	}
	if y := at.Year(); y < 1 || y > 9999 { // RFC 3339 has no other years
		return time.Time{}
	}
	return at
}

// plainEpoch parses the usual forms without the cost of big numbers: 1746093600.123456789 for
// seconds, 1746093600123 for milliseconds.
func plainEpoch(text string, unit time.Duration) (time.Time, bool) {
	seconds, fraction, point := strings.Cut(text, ".")
	if len(text) > 40 || strings.Trim(seconds+fraction, "0123456789") != "" || point && unit != time.Second {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n > 1e15 {
		return time.Time{}, false
	}
	perSecond := int64(time.Second / unit)
	nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	return time.Unix(n/perSecond, n%perSecond*int64(unit)+nanos).UTC(), err == nil
}
