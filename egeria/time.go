package egeria

import (
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// Time is a time in one of the forms that the platforms write: ISO 8601 with an offset, without one
// in UTC, or milliseconds since 1970 as a number or a text. Any other value, such as null, decodes
// as the zero time without an error.
type Time struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (t *Time) UnmarshalJSON(b []byte) error {
	t.Time = core.ReadTime(b, time.Millisecond)
	return nil
}

// MarshalJSON implements [json.Marshaler]. It writes RFC 3339, and null for the zero time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.Time.MarshalJSON()
}
