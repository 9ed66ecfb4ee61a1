package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/oneof"
)

// Object is an object whose members are not described. Values are kept as the JSON they came in, so that numbers keep their digits.
// Members are written in the order of their names. What is no object, null among it, is read as nil, never an error.
//
// Packages fmt and log/slog show the names of the members only, as some values are secrets.
type Object map[string]json.RawMessage

// UnmarshalJSON implements [json.Unmarshaler].
func (o *Object) UnmarshalJSON(b []byte) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(b, &members) != nil {
		members = nil
	}
	*o = members
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (o Object) MarshalJSON() ([]byte, error) { return oneof.Encode(map[string]json.RawMessage(o)) }

// Format hides the values from every verb of package fmt.
func (o Object) Format(w fmt.State, _ rune) { fmt.Fprint(w, o.names()) }

// LogValue is the names of the members.
func (o Object) LogValue() slog.Value { return slog.StringValue(o.names()) }

func (o Object) names() string {
	return "Object{" + strings.Join(slices.Sorted(maps.Keys(o)), " ") + "}"
}
