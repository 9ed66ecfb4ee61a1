package core

import "encoding/json"

// Text is a JSON string or number as text. Any other JSON value decodes to "" without an error. A
// member of an unexpected type does not prevent the decoding of the other members.
type Text string

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	var n json.Number
	if json.Unmarshal(b, &s) == nil {
		*t = Text(s)
	} else if json.Unmarshal(b, &n) == nil {
		*t = Text(n)
	}
	return nil
}

// First returns the first text that is not empty, "" if all are.
func First(texts ...Text) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}
