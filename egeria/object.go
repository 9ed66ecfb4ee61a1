package egeria

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/oneof"
)

// Object is a JSON object whose members the vendor does not describe. It keeps the JSON of the
// values, including the digits of numbers, and writes the members in the order of their names. Any
// other value than an object, including null, is decoded as nil without an error.
//
// Packages fmt and log/slog show only the names of the members, because some values are secrets.
// The exceptions are those of all models: see Logging in package sdk.
//
// Its JSON has "[redacted]" in place of members with the names of secrets. The methods of this
// package send them.
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

// MarshalJSON implements [json.Marshaler]. It hides the secrets.
func (o Object) MarshalJSON() ([]byte, error) {
	b, err := oneof.Encode(map[string]json.RawMessage(o))
	if err != nil || o == nil {
		return b, err
	}
	return withSecretsHidden(b), nil
}

// Format implements [fmt.Formatter]. It shows only the names of the members.
func (o Object) Format(w fmt.State, _ rune) { fmt.Fprint(w, o.names()) }

// LogValue implements [slog.LogValuer]. It shows only the names of the members.
func (o Object) LogValue() slog.Value { return slog.StringValue(o.names()) }

func (o Object) names() string {
	return "Object{" + strings.Join(slices.Sorted(maps.Keys(o)), " ") + "}"
}
