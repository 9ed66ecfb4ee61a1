package apono

import (
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// Time is a time in one of the forms that the API sends: ISO 8601 such as RFC 3339, without an
// offset in UTC, or seconds since 1970 as a number or a string, with a decimal fraction that is
// exact to the nanosecond. Any other value, such as null, decodes as the zero time without an
// error.
//
// A string with fewer than nine digits in its fraction is ambiguous, because some of the vendor's
// programs write the nanoseconds without leading zeros. It is read as a decimal fraction.
type Time struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (t *Time) UnmarshalJSON(b []byte) error {
	t.Time = core.ReadTime(b, time.Second)
	return nil
}

// MarshalJSON implements [json.Marshaler]. It writes RFC 3339, and null for the zero time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.Time.MarshalJSON()
}
