// Package oneof is what the unions of the vendor packages share: finding the discriminator of a JSON object,
// and writing an object back without losing the members that this release does not know.
package oneof

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
)

// Discriminator returns the string member key of the JSON object data, which must be valid JSON. It is "" where there is no such
// member, where it is no string, and where data is no object.
func Discriminator(data []byte, key string) string {
	if v, ok := scan(data, key); ok {
		return v
	}
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

// scan finds the member without decoding the object. Of a repeated key the last one counts. It answers false for whatever
// is not plain: an escaped key or value, a value that is no string. A list of 100 items asks 100 times, and decoding each object twice would double the cost.
func scan(data []byte, key string) (value string, ok bool) {
	depth := 0
	for i := 0; i < len(data); {
		switch c := data[i]; c {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			text, end, plain := quoted(data, i)
			colon := skipSpace(data, end)
			if depth != 1 || colon == len(data) || data[colon] != ':' {
				i = end // a value, or a key further down
				continue
			}
			i = skipSpace(data, colon+1)
			if !plain {
				return "", false
			}
			if string(text) != key {
				continue
			}
			if i == len(data) || data[i] != '"' {
				return "", false
			}
			text, i, plain = quoted(data, i)
			if !plain {
				return "", false
			}
			value, ok = string(text), true
			continue
		}
		i++
	}
	return value, ok
}

// quoted reads the string that begins at data[i]. It is plain if its bytes are its text.
func quoted(data []byte, i int) (text []byte, end int, plain bool) {
	plain = true
	for j := i + 1; j < len(data); j++ {
		switch c := data[j]; {
		case c == '"':
			return data[i+1 : j], j + 1, plain
		case c == '\\':
			plain = false
			j++
		case c >= 0x80: // may be invalid UTF-8, which decoding replaces
			plain = false
		}
	}
	return nil, len(data), false
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// Merge encodes the struct that v points to as a JSON object with the additional member key (the discriminator; none if key is ""), and with those members
// of the object raw that v's type has no field for. Members that v has a field for come from v alone, so that clearing a field removes it.
func Merge(raw []byte, v any, key, discriminator string) ([]byte, error) {
	out := map[string]json.RawMessage{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			return nil, err
		}
		for f := range reflect.TypeOf(v).Elem().Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			maps.DeleteFunc(out, func(member string, _ json.RawMessage) bool { return strings.EqualFold(member, name) }) // as decoding matches
		}
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

// Encode is json.Marshal without escaping for HTML.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
