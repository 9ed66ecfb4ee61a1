package core

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// Elements yields the elements of a JSON array, as parts of list. list must be valid JSON. If it is
// not an array, Elements yields nothing. Of other text it yields at most one element per comma, and
// one more.
func Elements(list []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		m := meter{b: list}
		if m.space(); m.peek() != '[' {
			return
		}
		m.i++
		for m.space(); m.i < len(m.b) && m.peek() != ']'; m.space() {
			begin := m.i
			if m.end(); m.i == begin {
				return // not JSON
			}
			if !yield(m.b[begin:m.i:m.i]) {
				return
			}
			if m.space(); m.peek() != ',' {
				return
			}
			m.i++
		}
	}
}

// Members yields the names and values of the members of a JSON object. The values are parts of
// object, which must be valid JSON. If it is not an object, Members yields nothing.
func Members(object []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		m := meter{b: object}
		if m.space(); m.peek() != '{' {
			return
		}
		m.i++
		for m.space(); m.peek() == '"'; m.space() {
			begin := m.i
			m.text()
			name := memberName(m.b[begin:m.i])
			if m.space(); m.peek() == ':' {
				m.i++
			}
			m.space()
			begin = m.i
			m.end()
			if !yield(name, m.b[begin:m.i:m.i]) {
				return
			}
			if m.space(); m.peek() != ',' {
				return
			}
			m.i++
		}
	}
}

// memberName returns the text of a JSON string.
func memberName(quoted []byte) string {
	if len(quoted) >= 2 && bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) {
		return string(quoted[1 : len(quoted)-1])
	}
	var name string
	_ = json.Unmarshal(quoted, &name)
	return name
}

// Member returns the value of a member of a JSON object, as a part of object, which must be valid
// JSON. It returns nil if there is no such member. If there are several, it returns the last one.
func Member(object []byte, name string) []byte {
	var value []byte
	for n, v := range Members(object) {
		if n == name {
			value = v
		}
	}
	return value
}
