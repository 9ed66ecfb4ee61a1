package api

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/integrations-go/sdk/internal/oneof"
)

// Optional is a member of a request that can be left out, null, or have a value. Its zero value leaves it out.
type Optional[T any] struct {
	value T
	state state
}

type state int8

const (
	omitted state = iota
	null
	present
)

// Set is an Optional with a value.
func Set[T any](value T) Optional[T] { return Optional[T]{value, present} }

// Null is an Optional that is sent as null.
func Null[T any]() Optional[T] { return Optional[T]{state: null} }

// Get is the value, and whether there is one.
func (o Optional[T]) Get() (T, bool) { return o.value, o.state == present }

// IsNull reports whether it is sent as null.
func (o Optional[T]) IsNull() bool { return o.state == null }

// IsZero reports whether it is left out. It makes encoding/json leave the member out.
func (o Optional[T]) IsZero() bool { return o.state == omitted }

// MarshalJSON implements [json.Marshaler]. A value that has a method Check, as a [SecretStore] has, must pass it.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if o.state != present {
		return []byte("null"), nil
	}
	if c, ok := any(o.value).(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return nil, fmt.Errorf("a member can't be sent: %w", err)
		}
	}
	return oneof.Encode(o.value)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (o *Optional[T]) UnmarshalJSON(b []byte) error {
	*o = Null[T]()
	if string(b) == "null" {
		return nil
	}
	o.state = present
	return json.Unmarshal(b, &o.value)
}

// Format shows the value as it shows itself, so that what hides in it stays hidden: package fmt calls no methods of what is in unexported fields.
func (o Optional[T]) Format(w fmt.State, verb rune) {
	switch o.state {
	case present:
		fmt.Fprintf(w, fmt.FormatString(w, verb), o.value)
	case null:
		fmt.Fprint(w, "null")
	default:
		fmt.Fprint(w, "omitted")
	}
}

// LogValue is the value, or that there is none.
func (o Optional[T]) LogValue() slog.Value {
	if o.state != present {
		return slog.StringValue(fmt.Sprint(o))
	}
	return slog.AnyValue(o.value)
}
