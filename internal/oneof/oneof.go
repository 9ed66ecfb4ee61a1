// Package oneof has the common code of the unions in the vendor packages. It finds the
// discriminator of a JSON object, and encodes an object without losing unknown members.
package oneof

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// Discriminator returns the string member key of the JSON object data, which must be valid JSON. It
// returns "" if data is not an object, or if the member is missing or not a string.
func Discriminator(data []byte, key string) string {
	_, discriminator, _ := Members(string(data), key, nil)
	return discriminator
}

// Member is a member of a JSON object: its name, and its encoded value.
type Member struct {
	Name, Value string

	text bool // Value is a string whose bytes are its text
}

// Text returns the value of a member that is a string. It returns "" and false for other values,
// and for strings with escapes or invalid UTF-8.
func (m Member) Text() (text string, ok bool) {
	if !m.text {
		return "", false
	}
	return m.Value[1 : len(m.Value)-1], true
}

// Members appends the members of the JSON object data to room. data must be valid JSON. It also
// returns the result of [Discriminator]. plain reports whether [Texts] may read the members. If it
// is false, some may be missing.
//
// A list of 100 items has 100 unions. encoding/json would check, copy and decode each of them
// again.
func Members(data, key string, room []Member) (members []Member, discriminator string, plain bool) {
	members, plain = walk(data, room)
	known := plain
	for _, m := range members[len(room):] {
		if m.Name == key {
			discriminator, known = m.Text()
			known = plain && (known || !strings.HasPrefix(m.Value, `"`))
		}
	}
	if !known {
		discriminator = decoded([]byte(data), key)
	}
	return members, discriminator, plain
}

// decoded is [Discriminator] with encoding/json.
func decoded(data []byte, key string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return ""
	}
	var v string
	if json.Unmarshal(members[key], &v) != nil {
		return ""
	}
	return v
}

// walk appends the members of the JSON object data to members. It returns false if data is not an
// object, or if the bytes of a name are not its text. Then it may have appended some.
func walk(data string, members []Member) ([]Member, bool) {
	i := skipSpace(data, 0)
	if !at(data, i, '{') {
		return members, false
	}
	if i = skipSpace(data, i+1); at(data, i, '}') {
		return members, true
	}
	s := scanner{data, isPlain(data)}
	for {
		name, end, plain := s.quoted(i)
		colon := skipSpace(data, end)
		if !plain || !at(data, colon, ':') {
			return members, false
		}
		begin := skipSpace(data, colon+1)
		end, text := s.skipValue(begin)
		members = append(members, Member{name, data[begin:end], text})
		switch i = skipSpace(data, end); {
		case at(data, i, '}'):
			return members, true
		case !at(data, i, ','):
			return members, false
		}
		i = skipSpace(data, i+1)
	}
}

// Texts sets the fields that field returns for the names of members, as encoding/json would set the
// strings of a struct. It returns false if only encoding/json can decode a member. encoding/json
// then sets the same fields again.
func Texts(members []Member, field func(name string) *string) bool {
	for _, m := range members {
		f := field(m.Name)
		switch text, ok := m.Text(); {
		case f == nil:
			if mayFold(m.Name) {
				return false // it may be the name of a field in another letter case
			}
		case ok:
			*f = text
		case m.Value != "null":
			return false
		}
	}
	return true
}

// mayFold reports whether name may be lower-case ASCII letters in another case: capitals, or other
// characters such as the Kelvin sign.
func mayFold(name string) bool {
	for _, c := range []byte(name) {
		if 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

func at(data string, i int, c byte) bool { return i < len(data) && data[i] == c }

// isPlain reports whether the bytes of text inside a JSON string are its text: there are no
// escapes, and no invalid UTF-8, which decoding replaces.
func isPlain(text string) bool { return strings.IndexByte(text, '\\') < 0 && utf8.ValidString(text) }

// scanner reads JSON.
type scanner struct {
	data  string
	plain bool // see isPlain: all of data is, as nearly always
}

// quoted reads the string that begins at data[i]. plain reports whether its bytes are its text.
func (s scanner) quoted(i int) (text string, end int, plain bool) {
	if !at(s.data, i, '"') {
		return "", i, false
	}
	if s.plain {
		n := strings.IndexByte(s.data[i+1:], '"')
		if n < 0 {
			return "", len(s.data), false
		}
		return s.data[i+1 : i+1+n], i + n + 2, true
	}
	for j := i + 1; j < len(s.data); j++ {
		switch s.data[j] {
		case '"':
			text = s.data[i+1 : j]
			return text, j + 1, isPlain(text)
		case '\\':
			j++
		}
	}
	return "", len(s.data), false
}

// skipValue returns the end of the value that begins at data[i]. text reports whether it is a
// string whose bytes are its text.
func (s scanner) skipValue(i int) (end int, text bool) {
	if at(s.data, i, '"') {
		_, end, text = s.quoted(i)
		return end, text
	}
	for depth := 0; i < len(s.data); i++ {
		switch s.data[i] {
		case '"':
			_, end, _ = s.quoted(i)
			i = end - 1
		case '{', '[':
			depth++
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i, false
			}
		case '}', ']':
			if depth == 0 {
				return i, false // the end of the enclosing object
			}
			depth--
		}
	}
	return i, false
}

func skipSpace(data string, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// Unknown returns the sorted names of the members of the object raw that the struct that v points
// to has no field for. key is known, too.
func Unknown(raw []byte, v any, key string) []string {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	delete(members, key)
	withoutFields(members, v)
	return slices.Sorted(maps.Keys(members))
}

// withoutFields deletes the members that the struct that v points to has a field for.
func withoutFields(members map[string]json.RawMessage, v any) {
	for f := range reflect.TypeOf(v).Elem().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		// decoding ignores letter case too
		maps.DeleteFunc(members, func(member string, _ json.RawMessage) bool { return strings.EqualFold(member, name) })
	}
}

// Merge encodes the struct that v points to as a JSON object. It adds the member key with the
// discriminator, unless key is "". It also adds the members of the object raw that v's type has no
// field for. All other members come only from v: clearing a field removes the member.
func Merge(raw []byte, v any, key, discriminator string) ([]byte, error) {
	out := map[string]json.RawMessage{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			return nil, err
		}
		withoutFields(out, v)
	}
	fresh, err := Encode(v)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(fresh, &out); err != nil {
		return nil, err
	}
	if key != "" {
		if out[key], err = Encode(discriminator); err != nil {
			return nil, err
		}
	}
	return Encode(out)
}

// Encode is json.Marshal without HTML escapes.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
