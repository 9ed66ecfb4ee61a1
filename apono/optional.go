package apono

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/integrations-go/sdk/internal/oneof"
)

// Optional is a member of a request with three states: left out (the zero value), null ([Null]), or
// a value ([Set]).
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

// Set returns an [Optional] with a value.
func Set[T any](value T) Optional[T] { return Optional[T]{value, present} }

// Null returns an [Optional] that is sent as null.
func Null[T any]() Optional[T] { return Optional[T]{state: null} }

// Get returns the value, and reports whether there is one.
func (o Optional[T]) Get() (T, bool) { return o.value, o.state == present }

// IsNull reports whether o is sent as null.
func (o Optional[T]) IsNull() bool { return o.state == null }

// IsZero reports whether o is left out. It makes encoding/json omit the member.
func (o Optional[T]) IsZero() bool { return o.state == omitted }

// MarshalJSON implements [json.Marshaler]. It fails if the value has a method Check, such as
// [SecretStore.Check], that returns an error.
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

// Format implements [fmt.Formatter]. It formats the value with the value's own methods, which hide
// secrets. Package fmt would not call them for an unexported field.
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

// LogValue implements [slog.LogValuer]. It returns the value, "null" or "omitted".
func (o Optional[T]) LogValue() slog.Value {
	if o.state != present {
		return slog.StringValue(fmt.Sprint(o))
	}
	return slog.AnyValue(o.value)
}
