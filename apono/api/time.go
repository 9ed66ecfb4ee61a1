package api

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Time is a time in one of the forms that the API writes: RFC 3339, or seconds since 1970 as a number or a text, with a decimal
// fraction exact to the nanosecond. What is none of these, null among them, is the zero time, never an error.
//
// A text with fewer than nine digits of fraction is ambiguous, because some of the vendor's programs write the nanoseconds without leading zeros: it is read as a
// decimal fraction.
type Time struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Time) UnmarshalJSON(b []byte) error {
	t.Time = time.Time{}
	text := string(b)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
		text = strings.TrimSpace(text)
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			if _, offset := at.Zone(); max(offset, -offset) < 24*60*60 { // others can't be written again
				t.Time = at
			}
			return nil
		}
	}
	if at, ok := epoch(text); ok {
		t.Time = at
	}
	return nil
}

// MarshalJSON writes RFC 3339, and null for the zero time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.Time.MarshalJSON()
}

// epoch reads seconds since 1970, without the detour over float64, which has no nanoseconds at this size.
func epoch(text string) (time.Time, bool) {
	if at, ok := plainEpoch(text); ok {
		return at, true
	}
	var number json.Number
	// Longer numbers are no times, but could keep big.Rat busy: 1e999999999.
	if len(text) > 40 || json.Unmarshal([]byte(text), &number) != nil || number == "" {
		return time.Time{}, false
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok && len(exponent) > 3 {
		return time.Time{}, false
	}
	seconds, ok := new(big.Rat).SetString(text)
	if !ok {
		return time.Time{}, false
	}
	nanos := seconds.Mul(seconds, big.NewRat(int64(time.Second), 1))
	whole := new(big.Int).Div(nanos.Num(), nanos.Denom()) // cuts off what is below a nanosecond
	s, n := new(big.Int).DivMod(whole, big.NewInt(int64(time.Second)), new(big.Int))
	if !s.IsInt64() {
		return time.Time{}, false
	}
	at := time.Unix(s.Int64(), n.Int64()).UTC()
	if y := at.Year(); y < 1 || y > 9999 {
		return time.Time{}, false
	}
	return at, true
}

// plainEpoch reads what the server writes as a rule, without the cost of big numbers: 1746093600.123456789.
func plainEpoch(text string) (time.Time, bool) {
	whole, fraction, point := strings.Cut(text, ".")
	if len(whole) == 0 || len(whole) > 11 || whole[0] == '0' || point && fraction == "" || len(text) > 40 || strings.Trim(whole+fraction, "0123456789") != "" {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	return time.Unix(seconds, nanos).UTC(), err == nil
}
