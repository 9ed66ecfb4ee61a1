package redact

import (
	"encoding/base64"
	"encoding/hex"
)

// encoding is a way to write bytes as digits.
type encoding struct {
	digits [256]byte // the digit that decode reads for each character, 0 for other characters
	// bits is the number of bits of a digit.
	bits int
	// group is the number of digits that encode whole bytes. A run of digits may begin within a
	// group, because characters like / are digits of Base64.
	group int
}

const (
	base64Bits, base64Group = 6, 4
	hexBits, hexGroup       = 4, 2
)

// encodings has Base64 in both alphabets, and hexadecimal digits.
var encodings = func() (all [2]encoding) {
	all[0].bits, all[1].bits = base64Bits, hexBits
	all[0].group, all[1].group = base64Group, hexGroup
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		all[0].digits[c] = c
	}
	all[0].digits['-'], all[0].digits['_'] = '+', '/'
	for _, c := range []byte("0123456789abcdefABCDEF") {
		all[1].digits[c] = c
	}
	return all
}()

// findEncoded appends the positions of digits that encode a needle that is not a word. layers is
// the number of layers of digits that are still decoded.
func (u unescaped) findEncoded(found []span, r Redactor, layers int) []span {
	if len(r.long) == 0 {
		return found
	}
	var room [64]byte
	digits := room[:0]
	for i := range encodings {
		e := &encodings[i]
		least := r.shortestLong * 8 / e.bits // The last digit of a needle may have bits of what follows.
		for from := 0; from <= len(u.text)-least || r.cut && from < len(u.text); {
			var to int
			digits, to = e.run(digits[:0], u.text, from)
			inner := r
			inner.cut = r.cut && len(u.text)-to <= maxRest
			if (len(digits) >= least || inner.cut && len(digits) >= e.group) && e.hides(digits, inner, layers) {
				found = append(found, span{u.origin(from), u.origin(to)})
			}
			from = max(to, from+1)
		}
	}
	return found
}

// run appends the digits at the beginning of text[from:] to digits, without line breaks and the
// indentation after them, and returns their end.
func (e *encoding) run(digits, text []byte, from int) (_ []byte, to int) {
	indented := false // text[to] may be the indentation of a line
	for to = from; to < len(text); to++ {
		switch c := text[to]; {
		case e.digits[c] != 0:
			digits, indented = append(digits, e.digits[c]), false
		case c == '\n' || c == '\r':
			indented = true
		case !indented || c != ' ' && c != '\t':
			return digits, to
		}
	}
	return digits, to
}

// hides reports whether digits encode bytes with a needle that is not a word.
func (e *encoding) hides(digits []byte, r Redactor, layers int) bool {
	r.needles = r.long
	var room [64]byte
	for before := range e.group {
		if len(r.findBelow(nil, e.decode(room[:0], digits[before:]), `\%&`, layers)) > 0 {
			return true
		}
	}
	return false
}

// decode appends the bytes that digits encode to room.
func (e *encoding) decode(room, digits []byte) []byte {
	if e.group == hexGroup {
		b, _ := hex.AppendDecode(room, digits[:len(digits)&^1])
		return b
	}
	if len(digits)%base64Group == 1 {
		digits = digits[:len(digits)-1] // less than a byte
	}
	b, _ := base64.RawStdEncoding.AppendDecode(room, digits)
	return b
}
