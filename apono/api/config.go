package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/integrations-go/sdk/internal/oneof"
)

// Config is the free-form configuration of an integration: integration_config in v4, metadata in v2. The members of nearly all types are texts, also numbers
// ("5432") and booleans ("true"); structured ones are JSON inside a text. Values are kept as the JSON they came in, so that numbers keep
// their digits. Members are written in the order of their names, and nothing is escaped for HTML.
type Config map[string]json.RawMessage

// Text is the member as text: a text without its quotes, anything else as its JSON. It is "" for null and for what is not there.
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

// SetText sets the member to a text.
func (c Config) SetText(key, value string) { c[key], _ = oneof.Encode(value) }

// SetJSONText sets the member to a text that holds v as JSON, as some types want lists.
func (c Config) SetJSONText(key string, v any) error {
	b, err := oneof.Encode(v)
	if err != nil {
		return err
	}
	c.SetText(key, string(b))
	return nil
}

// ConfigOf is a Config of texts.
func ConfigOf(texts map[string]string) Config {
	c := make(Config, len(texts))
	for key, value := range texts {
		c.SetText(key, value)
	}
	return c
}

// Clone is a copy that shares nothing with c.
func (c Config) Clone() Config {
	out := maps.Clone(c)
	for key, raw := range out {
		out[key] = slices.Clone(raw)
	}
	return out
}

// Check reports a value that can't be sent: an empty one, or one that is not JSON.
func (c Config) Check() error {
	for _, key := range slices.Sorted(maps.Keys(c)) {
		if !json.Valid(c[key]) {
			return fmt.Errorf("the value of %q is not JSON", key)
		}
	}
	return nil
}

// MarshalJSON implements [json.Marshaler]. A nil Config is {}, because the API wants an object.
func (c Config) MarshalJSON() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c == nil {
		return []byte("{}"), nil
	}
	return oneof.Encode(map[string]json.RawMessage(c))
}
