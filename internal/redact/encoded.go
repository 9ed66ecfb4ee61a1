package redact

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// encoding is a way to write bytes as digits.
type encoding struct {
	digit func(byte) bool
	// group is the number of digits that encode whole bytes. A run of digits may begin within a
	// group, because characters like / are digits of Base64.
	group int
	// decode decodes any number of digits.
	decode func(digits []byte) []byte
}

var encodings = []encoding{{base64Digit, 4, decodeBase64}, {hexDigit, 2, decodeHex}}

// findEncoded appends the positions of digits that encode a needle that is not a word. layers is
// the number of layers of digits that are still decoded.
func (u unescaped) findEncoded(found []span, r Redactor, layers int) []span {
	if len(r.long) == 0 {
		return found
	}
	var digits []byte
	for _, e := range encodings {
		for from := 0; from < len(u.text); {
			var to int
			digits, to = e.run(digits[:0], u.text, from)
			if len(digits) >= r.minDigits && e.hides(digits, r, layers) {
				found = append(found, span{u.origin(from), u.origin(to)})
			}
			from = max(to, from+1)
		}
	}
	return found
}

// run appends the digits at the beginning of text[from:] to digits, without line breaks, and
// returns their end.
func (e encoding) run(digits, text []byte, from int) (_ []byte, to int) {
	for to = from; to < len(text); to++ {
		switch c := text[to]; {
		case e.digit(c):
			digits = append(digits, c)
		case c != '\n' && c != '\r':
			return digits, to
		}
	}
	return digits, to
}

// hides reports whether digits encode bytes with a needle that is not a word.
func (e encoding) hides(digits []byte, r Redactor, layers int) bool {
	r.needles = r.long
	for before := range e.group {
		if len(r.findBelow(nil, e.decode(digits[before:]), `\%&`, layers)) > 0 {
			return true
		}
	}
	return false
}

// base64Digit reports whether c is a digit of Base64, in either alphabet.
func base64Digit(c byte) bool {
	return wordByte(c) && c < utf8.RuneSelf || strings.IndexByte("+/-", c) >= 0
}

var standardAlphabet = strings.NewReplacer("-", "+", "_", "/")

func decodeBase64(digits []byte) []byte {
	b := make([]byte, len(digits))
	if len(digits)%4 == 1 {
		digits = digits[:len(digits)-1] // less than a byte
	}
	n, _ := base64.RawStdEncoding.Decode(b, []byte(standardAlphabet.Replace(string(digits))))
	return b[:n]
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func decodeHex(digits []byte) []byte {
	b := make([]byte, len(digits)/2)
	n, _ := hex.Decode(b, digits[:len(digits)&^1])
	return b[:n]
}
