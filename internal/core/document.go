package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Canonical is a JSON document in one spelling: members sorted, white space and needless escapes gone, numbers with their digits.
func Canonical(document []byte) (string, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// Missing complains of the first member that the type of v requires and document has not, or has as null. A field is required that is encoded
// whatever its value is: one without omitempty and omitzero.
func Missing(document []byte, v any) error { return missing(document, reflect.TypeOf(v), "") }

func missing(document json.RawMessage, t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		var items []json.RawMessage
		if json.Unmarshal(document, &items) != nil {
			return nil // decoding has said so already
		}
		for i, item := range items {
			if err := missing(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		var members map[string]json.RawMessage
		if json.Unmarshal(document, &members) != nil || members == nil {
			return nil
		}
		for f := range t.Fields() {
			name, options, tagged := strings.Cut(f.Tag.Get("json"), ",")
			if !tagged && name == "" {
				continue
			}
			member, where := members[name], strings.TrimPrefix(path+"."+name, ".")
			absent := member == nil || string(member) == "null"
			if absent && !strings.Contains(options, "omit") {
				return fmt.Errorf("%s is missing", where)
			}
			if !absent {
				if err := missing(member, f.Type, where); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
