package apono

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/oneof"
)

// Config is the free-form configuration of an integration: integration_config in v4, metadata in
// v2. Nearly all types have string members only: numbers ("5432") and booleans ("true") are
// strings, and structured values are JSON inside a string. A Config keeps the JSON of each value.
// Numbers keep their digits. It is encoded in the order of the member names, without HTML escapes.
type Config map[string]json.RawMessage

// Text returns a member as text: a string without its quotes, any other value as its JSON. It
// returns "" for null and for a member that is absent.
func (c Config) Text(key string) string {
	raw := bytes.TrimSpace(c[key])
	var s string
	switch {
	case string(raw) == "null":
		return ""
	case json.Unmarshal(raw, &s) == nil:
		return s
	}
	return string(raw)
}

// SetText sets a member to a string. It makes a new map if *c is nil.
func (c *Config) SetText(key, value string) {
	if *c == nil {
		*c = Config{}
	}
	if utf8.ValidString(value) {
		(*c)[key], _ = oneof.Encode(value)
		return
	}
	// Encoding would replace invalid UTF-8. Here it is kept: the request is then refused.
	text := []byte{'"'}
	for len(value) > 0 {
		r, size := utf8.DecodeRuneInString(value)
		if r == utf8.RuneError && size == 1 {
			text = append(text, value[0])
		} else if encoded, err := oneof.Encode(value[:size]); err == nil {
			text = append(text, encoded[1:len(encoded)-1]...)
		}
		value = value[size:]
	}
	(*c)[key] = append(text, '"')
}

// SetJSONText sets a member to a string that contains v as JSON. Some types expect lists in this
// form. It makes a new map if *c is nil.
func (c *Config) SetJSONText(key string, v any) error {
	b, err := oneof.Encode(v)
	if err != nil {
		return err
	}
	if err := core.ValidText("v", v); err != nil {
		return fmt.Errorf("a text of v %w", err)
	}
	c.SetText(key, string(b))
	return nil
}

// ConfigOf returns a Config with string members, which nearly all types need.
func ConfigOf(texts map[string]string) Config {
	c := make(Config, len(texts))
	for key, value := range texts {
		c.SetText(key, value)
	}
	return c
}

// Clone returns a copy that shares no memory with c.
func (c Config) Clone() Config {
	out := maps.Clone(c)
	for key, raw := range out {
		out[key] = slices.Clone(raw)
	}
	return out
}

// Check returns an error that names the first member whose value can't be sent, because it is empty
// or not JSON.
func (c Config) Check() error {
	for _, key := range slices.Sorted(maps.Keys(c)) {
		if !json.Valid(c[key]) {
			return fmt.Errorf("the value of %q is not JSON", key)
		}
	}
	return nil
}

// MarshalJSON implements [json.Marshaler]. A nil Config is encoded as {}, because the API requires
// an object.
func (c Config) MarshalJSON() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c == nil {
		return []byte("{}"), nil
	}
	return oneof.Encode(map[string]json.RawMessage(c))
}
