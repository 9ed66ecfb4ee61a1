package core

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Number is an integer in any form that servers write: a number, also with a fraction or an
// exponent (900.0, 9e2), or a string that contains one. A fraction is truncated. Values beyond an
// int64 become the maximum or minimum. Any other value is 0. Decoding never fails.
type Number int64

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (n *Number) UnmarshalJSON(b []byte) error {
	*n = ParseNumber(strings.TrimSpace(unquoted(b)))
	return nil
}

// Int returns n, or the maximum or minimum int if n is beyond it.
func (n Number) Int() int { return int(min(max(int64(n), math.MinInt), math.MaxInt)) }

// ParseNumber returns the integer in a text. It returns 0 if the text is not a JSON number.
func ParseNumber(text string) Number {
	if !isNumber(text) {
		return 0
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return Number(i)
	}
	truncated, ok := timesUnit(text, 1, (*big.Int).Quo)
	if ok && truncated.IsInt64() {
		return Number(truncated.Int64())
	}
	f, _ := strconv.ParseFloat(text, 64) // infinite beyond the range
	switch {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return Number(f)
}

// ReadFloat returns the number in a JSON value, in any form of a [Number], with its fraction. A
// number beyond a float64 is infinite. ok is false for any other value.
func ReadFloat(b []byte) (f float64, ok bool) {
	text := strings.TrimSpace(unquoted(b))
	if !isNumber(text) {
		return 0, false
	}
	f, _ = strconv.ParseFloat(text, 64) // infinite beyond the range
	return f, true
}

// isNumber reports whether text is a JSON number.
func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789+-.eE") == "" && json.Valid([]byte(text))
}

// timesUnit returns a number times unit, rounded to an integer by divide. It returns false for a
// number that would take package big too long, such as 1e999999999.
func timesUnit(text string, unit int64, divide func(z, x, y *big.Int) *big.Int) (*big.Int, bool) {
	if len(text) > 40 {
		return nil, false
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok && len(exponent) > 3 {
		return nil, false
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, false
	}
	n.Mul(n, big.NewRat(unit, 1))
	return divide(new(big.Int), n.Num(), n.Denom()), true
}

// unquoted returns the text of a JSON string. Any other JSON value is returned unchanged.
func unquoted(b []byte) string {
	text := string(b)
	if strings.HasPrefix(text, `"`) {
		_ = json.Unmarshal(b, &text) // b is valid JSON
	}
	return text
}
