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
	members, plain := walk(string(data), nil)
	if text := textOf(members, key); plain && text != "" {
		return text
	}
	return decoded(data, key)
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

// Member is a member of a JSON object: its name, and its encoded value.
type Member struct{ Name, Value string }

// Text returns the value of a member that is a string. It returns "" and false for other values.
func (m Member) Text() (text string, ok bool) {
	if m.Value == "" || m.Value[0] != '"' {
		return "", false
	}
	return m.Value[1 : len(m.Value)-1], true
}

// textOf returns the string member key, the last one if there are several, "" if it is missing or
// not a string.
func textOf(members []Member, key string) (text string) {
	for _, m := range members {
		if m.Name == key {
			text, _ = m.Text()
		}
	}
	return text
}

// Members appends the members of the JSON object data to room. data must be valid JSON. It also
// returns the result of [Discriminator]. plain reports whether [Texts] may read the members.
//
// A list of 100 items has 100 unions. encoding/json would check, copy and decode each of them
// again.
func Members(data, key string, room []Member) (members []Member, discriminator string, plain bool) {
	members, plain = walk(data, room)
	if plain {
		discriminator = textOf(members, key)
	}
	if discriminator == "" {
		discriminator = decoded([]byte(data), key)
	}
	return members, discriminator, plain
}

// walk appends the members of the JSON object data to members. It returns false if data is not an
// object, or has strings whose bytes are not their text: with escapes or invalid UTF-8.
func walk(data string, members []Member) ([]Member, bool) {
	i := skipSpace(data, 0)
	if !at(data, i, '{') || strings.IndexByte(data, '\\') >= 0 || !utf8.ValidString(data) {
		return members, false
	}
	if i = skipSpace(data, i+1); at(data, i, '}') {
		return members, true
	}
	for {
		end := skipString(data, i)
		colon := skipSpace(data, end)
		if end == i || !at(data, colon, ':') {
			return members, false
		}
		begin := skipSpace(data, colon+1)
		valueEnd := skipValue(data, begin)
		members = append(members, Member{data[i+1 : end-1], data[begin:valueEnd]})
		switch i = skipSpace(data, valueEnd); {
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

// skipString returns the end of the string without escapes that begins at data[i]. It returns i if
// there is none.
func skipString(data string, i int) int {
	if !at(data, i, '"') {
		return i
	}
	n := strings.IndexByte(data[i+1:], '"')
	if n < 0 {
		return i
	}
	return i + n + 2
}

// skipValue returns the end of the value that begins at data[i].
func skipValue(data string, i int) int {
	if at(data, i, '"') {
		return skipString(data, i)
	}
	for depth := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			end := skipString(data, i)
			if end == i {
				return i
			}
			i = end - 1
		case '{', '[':
			depth++
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		case '}', ']':
			if depth == 0 {
				return i // the end of the enclosing object
			}
			depth--
		}
	}
	return i
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
