// Package redact replaces secrets in text that came from a server or from an error.
//
// A secret is found unchanged and in these spellings, also in combinations:
//
//   - with the escapes of JSON strings, percent-encoding, and the character references of HTML;
//   - in Base64 and hexadecimal digits;
//   - without the white space around it, with other line breaks, and with line breaks and
//     indentation in it, also in digits;
//   - with + for each space, and a space for each +.
package redact

import (
	"bytes"
	"cmp"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// Mark replaces a secret.
	Mark = "[redacted]"
	// minLength is the minimum length of a secret that is searched for everywhere, in bytes. A
	// shorter one would also be found in ordinary words.
	minLength = 6
	// minWord is the minimum length of a secret that is searched for as a whole word, in bytes.
	minWord = 3
	// maxDepth is the maximum number of layers of escapes, for example a document in a string that
	// is percent-encoded.
	maxDepth = 3
	// maxEncodings is the maximum number of layers of Base64 and hexadecimal digits.
	maxEncodings = 2
	// maxRest is the maximum length of an escape that is cut, in bytes, also in several layers.
	maxRest = 32
)

// Bytes returns text with each of secrets replaced by "[redacted]". Overlapping secrets become one
// Mark. If nothing is replaced, it returns text. Otherwise it returns a new slice and leaves text
// unchanged.
//
// A secret of 3 to 5 bytes is replaced only where it is a whole word, and not if it is a number,
// true, false or null. A shorter one is ignored.
func Bytes(text []byte, secrets []string) []byte { return New(secrets).Bytes(text) }

// String is [Bytes] for a string.
func String(text string, secrets []string) string { return New(secrets).String(text) }

// Redactor replaces secrets in several texts. It computes their spellings once.
type Redactor struct {
	needles []needle
	long    []needle // those that are not words
	joined  []needle // long without line breaks
	// shortest is the minimum length of a text that contains a needle, in bytes. It is 0
	// if a needle has non-ASCII characters, because some of their HTML character
	// references are shorter.
	shortest int
	// shortestLong is the length of the shortest of long and joined, in bytes.
	shortestLong int
	cut          bool // the text may end within a secret: see Beginning
}

// New returns a redactor of secrets.
func New(secrets []string) Redactor {
	r := Redactor{needles: needles(secrets), shortestLong: math.MaxInt, shortest: math.MaxInt}
	for _, n := range r.needles {
		r.shortest = min(r.shortest, len(n.text))
		if !ascii(n.text) {
			r.shortest = 0
		}
		if n.word {
			continue
		}
		r.long = append(r.long, n)
		r.shortestLong = min(r.shortestLong, len(n.text))
		if strings.ContainsAny(n.text, lineBreaks) {
			n.text = string(unescaped{text: []byte(n.text)}.unescape(lineBreaks).text)
		}
		if len(n.text) >= minLength {
			r.joined = append(r.joined, n)
			r.shortest, r.shortestLong = min(r.shortest, len(n.text)), min(r.shortestLong, len(n.text))
		}
	}
	return r
}

// Bytes is the function [Bytes].
func (r Redactor) Bytes(text []byte) []byte {
	if found := r.find(text); len(found) > 0 {
		return replace(text, found)
	}
	return text
}

// Beginning is [Redactor.Bytes] for the beginning of a longer text. If it ends within a secret,
// that part is replaced too.
func (r Redactor) Beginning(text []byte) []byte {
	r.cut = true
	return r.Bytes(text)
}

// String is the function [String].
func (r Redactor) String(text string) string {
	b := []byte(text)
	if found := r.find(b); len(found) > 0 {
		return string(replace(b, found))
	}
	return text
}

// replace returns a copy of text with a Mark in place of each of found, in any order.
func replace(text []byte, found []span) (clean []byte) {
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	rest := 0 // start of the part of text that is not copied yet
	for _, f := range found {
		if f.from >= rest {
			clean = append(append(clean, text[rest:f.from]...), Mark...)
		}
		rest = max(rest, f.to)
	}
	return append(clean, text[rest:]...)
}

// span is the part text[from:to] of a text.
type span struct{ from, to int }

// needle is a secret or a spelling of it.
type needle struct {
	text string
	word bool // must be a whole word
}

// needles returns the spellings of secrets without escapes.
func needles(secrets []string) []needle {
	var all []needle
	for _, secret := range secrets {
		if trimmed := strings.TrimSpace(secret); trimmed != secret {
			secrets = append(slices.Clip(secrets), trimmed)
		}
	}
	for _, secret := range slices.Compact(slices.Sorted(slices.Values(secrets))) {
		switch {
		case len(secret) >= minLength:
			all = append(all, spellings(secret)...)
		case len(secret) >= minWord && !literal(secret):
			all = append(all, needle{text: secret, word: true})
		}
	}
	return all
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// literal reports whether text can be a JSON value other than a string.
func literal(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil || text == "true" || text == "false" || text == "null"
}

func spellings(secret string) []needle {
	var all []needle
	// A secret that looks escaped is also found where the text is unescaped more often than it was
	// escaped.
	for plain := secret; ; {
		all = append(all, needle{text: plain})
		for _, form := range []string{
			strings.ReplaceAll(plain, " ", "+"), strings.ReplaceAll(plain, "+", " "), // as in a form
			strings.Join(strings.Fields(plain), " "), // as in the text of an error, which is one line
			strings.Join(strings.FieldsFunc(plain, func(r rune) bool { return r == '\r' || r == '\n' }), ""),
		} {
			if form != plain && len(form) >= minLength {
				all = append(all, needle{text: form})
			}
		}
		next := string(unescaped{text: []byte(plain)}.unescape(`\%&`).text)
		if next == plain || len(next) < minLength {
			break
		}
		plain = next
	}
	return all
}

// wordByte reports whether c is part of a word: a letter, a digit, _, or part of a non-ASCII
// character.
func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

// find returns the positions of secrets in b, in no order. Spans may overlap.
func (r Redactor) find(b []byte) []span {
	if len(b) < r.shortest && !r.cut || len(r.needles) == 0 {
		return nil
	}
	var found []span
	if bytes.IndexByte(b, '\\') >= 0 {
		// A secret may look like an escape of another format. Therefore the escapes of JSON are
		// also undone alone.
		found = r.findBelow(found, b, `\`, 0)
	}
	return r.findBelow(found, b, `\%&`, maxEncodings)
}

// findBelow appends the positions of needles in b, and in b without the escapes that begin with one
// of the given bytes. encodings is the number of layers of Base64 and hexadecimal digits that are
// still decoded.
func (r Redactor) findBelow(found []span, b []byte, escapes string, encodings int) []span {
	text := unescaped{text: b}
	for depth := 0; ; depth++ {
		for _, n := range r.needles {
			found = text.find(found, n)
			if r.cut && !n.word {
				found = text.findBeginning(found, n)
			}
		}
		if bytes.ContainsAny(text.text, lineBreaks) {
			found = text.findJoined(found, r)
		}
		if encodings > 0 {
			found = text.findEncoded(found, r, encodings-1)
		}
		if depth == maxDepth || !bytes.ContainsAny(text.text, escapes) {
			return found
		}
		text = text.unescape(escapes)
	}
}

// unescaped is a text without some of its escapes.
type unescaped struct {
	text []byte
	at   []int32 // at[i] is the position of text[i] in the original; nil: i
}

// origin returns the position of text[i] in the original. i may be len(text).
func (u unescaped) origin(i int) int {
	if u.at == nil {
		return i
	}
	return int(u.at[i])
}

// find appends the positions of n in the original. They may overlap.
func (u unescaped) find(found []span, n needle) []span {
	for at := 0; ; {
		i := bytes.Index(u.text[at:], []byte(n.text))
		if i < 0 {
			return found
		}
		from, to := at+i, at+i+len(n.text)
		at = from + 1
		if n.word && (from > 0 && wordByte(u.text[from-1]) || to < len(u.text) && wordByte(u.text[to])) {
			continue
		}
		found = append(found, span{u.origin(from), u.origin(to)})
	}
}

// findBeginning appends the position of a part of n with which the original ends. An incomplete
// escape may follow it.
func (u unescaped) findBeginning(found []span, n needle) []span {
	for from := max(0, len(u.text)-len(n.text)-maxRest); from < len(u.text); from++ {
		same := 0
		for same < min(len(n.text), len(u.text)-from) && u.text[from+same] == n.text[same] {
			same++
		}
		rest := len(u.text) - from - same
		if same < len(n.text) && (same >= minWord && rest == 0 || same >= minLength && rest <= maxRest) {
			return append(found, span{u.origin(from), u.origin(len(u.text))})
		}
	}
	return found
}

// findJoined appends the positions of needles in u without its line breaks.
func (u unescaped) findJoined(found []span, r Redactor) []span {
	lines := unescaped{text: u.text}.unescape(lineBreaks)
	for _, n := range r.joined {
		all := lines.find(nil, n)
		if r.cut {
			all = lines.findBeginning(all, n)
		}
		for _, f := range all { // with the line break after it
			to := f.from + len(bytes.TrimRight(u.text[f.from:f.to], indentation))
			found = append(found, span{u.origin(f.from), u.origin(to)})
		}
	}
	return found
}

// unescape undoes one layer of escapes everywhere.
func (u unescaped) unescape(escapes string) unescaped {
	next := unescaped{text: make([]byte, 0, len(u.text)), at: make([]int32, 0, len(u.text)+1)}
	for i := 0; i < len(u.text); {
		from := len(next.text)
		length := 1
		if strings.IndexByte(escapes, u.text[i]) >= 0 {
			next.text, length = appendFirst(next.text, u.text[i:])
		} else {
			next.text = append(next.text, u.text[i])
		}
		for range len(next.text) - from {
			next.at = append(next.at, int32(u.origin(i))) //nolint:gosec // a text of 2 GiB is never kept
		}
		i += length
	}
	next.at = append(next.at, int32(u.origin(len(u.text)))) //nolint:gosec // see above
	return next
}

const (
	// lineBreaks are the bytes that begin a line break with the indentation of the next line. It is
	// handled like an escape of nothing.
	lineBreaks = "\r\n"
	// indentation are the bytes that may follow.
	indentation = lineBreaks + "\t "
)

// appendFirst appends the text of the first byte or escape of b, and returns its length in b.
func appendFirst(to, b []byte) (_ []byte, length int) {
	switch b[0] {
	case '\r', '\n':
		return to, len(b) - len(bytes.TrimLeft(b, indentation))
	case '\\':
		return appendBackslash(to, b)
	case '%':
		if c, ok := hexValue(b, 1, 3); ok {
			return append(to, byte(c)), 3
		}
	case '&':
		// &amp; &quot; &#x2f; &equals; and others, and numbers with any number of zeros
		longest := 10 + len(b[1:]) - len(bytes.TrimLeft(b[1:], "#xX0"))
		if end := bytes.IndexByte(b[:min(len(b), longest)], ';'); end > 0 {
			reference := string(b[:end+1])
			if plain := html.UnescapeString(reference); plain != reference {
				return append(to, plain...), end + 1
			}
		}
	}
	return append(to, b[0]), 1
}

// appendBackslash is [appendFirst] for an escape of a JSON string.
func appendBackslash(to, b []byte) (_ []byte, length int) {
	if len(b) < 2 {
		return append(to, b[0]), 1
	}
	switch b[1] {
	case '"', '\\', '/', '\'':
		return append(to, b[1]), 2
	case 'b', 'f', 'n', 'r', 't':
		return append(to, "\b\f\n\r\t"[strings.IndexByte("bfnrt", b[1])]), 2
	case 'x': // JavaScript
		if c, ok := hexValue(b, 2, 4); ok {
			return append(to, byte(c)), 4
		}
	case 'u':
		first, ok := hexValue(b, 2, 6)
		if !ok {
			break
		}
		if second, ok := hexValue(b, 8, 12); ok && b[6] == '\\' && b[7] == 'u' {
			if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
				return utf8.AppendRune(to, pair), 12
			}
		}
		return utf8.AppendRune(to, first), 6
	}
	return append(to, b[0]), 1
}

// hexValue returns the value of the hexadecimal digits b[from:to], and false if there are other
// characters.
func hexValue(b []byte, from, to int) (rune, bool) {
	if len(b) < to {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[from:to]), 16, 16)
	return rune(n), err == nil //nolint:gosec // at most 16 bits
}
