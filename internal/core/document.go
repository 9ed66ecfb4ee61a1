package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// missing returns an error that names the first required member that document lacks, or has as
// null. It returns nil if there is none. A member is required if its field in the type of v has no
// omitempty and no omitzero.
func missing(document []byte, v any) error { return missingAt(document, reflect.TypeOf(v), "") }

// missingAt is [missing] for the part of a document at path, of type t.
func missingAt(document []byte, t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		i := 0
		for item := range Elements(document) {
			if err := missingAt(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
			i++
		}
	case t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		if !bytes.HasPrefix(bytes.TrimSpace(document), []byte{'{'}) {
			return nil // decoding reports it, unless it is null
		}
		members := maps.Collect(Members(document))
		for f := range t.Fields() {
			name, options, tagged := strings.Cut(f.Tag.Get("json"), ",")
			if !tagged && name == "" {
				continue
			}
			member, where := members[name], strings.TrimPrefix(path+"."+name, ".")
			null := string(member) == "null"
			absent := member == nil || null
			if absent && !strings.Contains(options, "omit") {
				if null {
					return fmt.Errorf("%s is null", where)
				}
				return fmt.Errorf("%s is missing", where)
			}
			if !absent {
				if err := missingAt(member, f.Type, where); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
