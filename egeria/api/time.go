package api

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Time is a time in one of the forms that the platforms write: ISO 8601 with an offset, or milliseconds since 1970 as a number or a text. What is
// none of these, null among them, is the zero time, never an error.
type Time struct{ time.Time }

// The offsets of ISO 8601 that Java writes, RFC 3339 among them.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07"}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (t *Time) UnmarshalJSON(b []byte) error {
	*t = Time{}
	text := string(b)
	if strings.HasPrefix(text, `"`) {
		_ = json.Unmarshal(b, &text) // what comes here is JSON
	}
	if milliseconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		if at := time.UnixMilli(milliseconds).UTC(); at.Year() > 0 && at.Year() < 10000 { // others can't be written again
			t.Time = at
		}
		return nil
	}
	for _, layout := range layouts {
		at, err := time.Parse(layout, text)
		if err == nil {
			if _, offset := at.Zone(); max(offset, -offset) < 24*60*60 {
				t.Time = at
			}
			return nil
		}
	}
	return nil
}

// MarshalJSON writes RFC 3339, and null for the zero time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.Time.MarshalJSON()
}
