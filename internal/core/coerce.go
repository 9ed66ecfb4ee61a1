package core

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// UnmarshalLenient is [Unmarshal], but also reads numbers and booleans in other usual forms: "5" or
// 5.0 for 5, "true" or 1 for true. In a large document it does not, and such members have an
// unexpected type.
func UnmarshalLenient(b []byte, out any) error {
	err := Unmarshal(b, out)
	if err == nil || !OddType(err) || len(b) > ordinarySize {
		return err
	}
	v := reflect.ValueOf(out).Elem()
	v.SetZero()
	return Unmarshal(coerced(b, v.Type()), out)
}

// coerced returns a document with numbers and booleans in the form that values of type t expect.
// Everything else is unchanged.
func coerced(document []byte, t reflect.Type) []byte {
	var b bytes.Buffer
	coerce(&b, bytes.TrimSpace(document), t, shapeOf(t))
	return b.Bytes()
}

func coerce(b *bytes.Buffer, value []byte, t reflect.Type, s *shape) {
	for t.Kind() == reflect.Pointer {
		t, s = t.Elem(), s.elem
	}
	separator := byte(0) // before each element or member except the first
	separate := func() {
		if separator != 0 {
			b.WriteByte(separator)
		}
		separator = ','
	}
	switch {
	case s.kind == shapeStruct && bytes.HasPrefix(value, []byte("{")):
		b.WriteByte('{')
		for name, member := range Members(value) {
			separate()
			quoted, _ := json.Marshal(name)
			b.Write(append(quoted, ':'))
			lower := strings.ToLower(name)
			if field := s.fields[lower]; field != nil {
				coerce(b, member, t.FieldByIndex(s.index[lower]).Type, field)
			} else {
				b.Write(member)
			}
		}
		b.WriteByte('}')
	case s.kind == shapeList && bytes.HasPrefix(value, []byte("[")):
		b.WriteByte('[')
		for item := range Elements(value) {
			separate()
			coerce(b, item, t.Elem(), s.elem)
		}
		b.WriteByte(']')
	case s.kind == shapeScalar && t.Kind() == reflect.Bool:
		b.Write(boolean(value))
	case s.kind == shapeScalar && isInteger(t):
		b.Write(integer(value))
	default:
		b.Write(value)
	}
}

func isInteger(t reflect.Type) bool { return t.Kind() == reflect.Int || t.Kind() == reflect.Int64 }

// boolean returns the JSON boolean that value stands for. Any other value is returned unchanged.
func boolean(value []byte) []byte {
	switch strings.ToLower(strings.TrimSpace(unquoted(value))) {
	case "true", "1":
		return []byte("true")
	case "false", "0":
		return []byte("false")
	}
	return value
}

// integer returns the JSON integer that value stands for. Any other value is returned unchanged.
func integer(value []byte) []byte {
	if text := strings.TrimSpace(unquoted(value)); isNumber(text) {
		return strconv.AppendInt(nil, int64(ParseNumber(text)), 10)
	}
	return value
}
