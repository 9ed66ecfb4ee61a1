package fakehttp

import (
	"encoding/json"
	"net/http"
)

// Object is a JSON object whose members stay as they came, unknown ones included.
type Object map[string]json.RawMessage

// Raw encodes a member. It panics if v can't be encoded.
func Raw(v any) json.RawMessage { return JSON(http.StatusOK, v).Body }

// Text is a member's value if it is a string, and otherwise "".
func (o Object) Text(name string) (value string) {
	if json.Unmarshal(o[name], &value) != nil {
		return ""
	}
	return value
}

// Null tells whether a member is null or absent.
func (o Object) Null(name string) bool {
	return o[name] == nil || string(o[name]) == "null"
}
