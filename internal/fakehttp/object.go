package fakehttp

import (
	"encoding/json"
	"net/http"
)

// Object is a JSON object. Its members are kept as received, including unknown ones.
type Object map[string]json.RawMessage

// Raw encodes a value, such as a member. It panics if v can't be encoded.
func Raw(v any) json.RawMessage { return JSON(http.StatusOK, v).Body }

// ParseObject decodes a JSON object. ok is false for any other value, including null.
func ParseObject(v json.RawMessage) (o Object, ok bool) {
	return o, json.Unmarshal(v, &o) == nil && o != nil
}

// EncodeObject encodes v as a JSON object. ok is false if v is not an object, or can't be encoded.
func EncodeObject(v any) (o Object, ok bool) {
	data, err := encode(v)
	if err != nil {
		return nil, false
	}
	return ParseObject(data)
}

// StringValue returns the value of a JSON string, and "" for anything else.
func StringValue(v json.RawMessage) (value string) {
	if json.Unmarshal(v, &value) != nil {
		return ""
	}
	return value
}

// IsNull reports whether v is null or absent.
func IsNull(v json.RawMessage) bool { return v == nil || string(v) == "null" }

// Text returns the [StringValue] of a member.
func (o Object) Text(name string) string { return StringValue(o[name]) }

// Null reports whether a member is null or absent.
func (o Object) Null(name string) bool { return IsNull(o[name]) }
