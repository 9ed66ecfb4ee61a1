package core

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strconv"
	"sync"
	"unicode/utf8"
)

// ValidText returns an error if a text in v is not UTF-8: a string, the key of a map, or JSON. It
// checks structs, including unexported fields, slices, maps, pointers and interfaces. encoding/json
// would silently replace invalid bytes. name is the argument that contains v. The error names the
// field in it.
//
// v must not contain a cycle of pointers.
func ValidText(name string, v any) error {
	if allValid(reflect.ValueOf(v)) {
		return nil
	}
	return validText(name, reflect.ValueOf(v))
}

// ValidString is [ValidText] for a string.
func ValidString(name, s string) error {
	if !utf8.ValidString(s) {
		return Arg(name, "is not UTF-8")
	}
	return nil
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

// allValid reports whether all texts in v are UTF-8. Unlike validText, it does not allocate.
func allValid(v reflect.Value) bool {
	if !v.IsValid() || !hasText(v.Type()) {
		return true
	}
	switch v.Kind() {
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return allValid(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() { //nolint:modernize // v.Fields allocates
			if !allValid(v.Field(i)) {
				return false
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type() == rawMessage {
			return utf8.Valid(v.Bytes())
		}
		for i := range v.Len() {
			if !allValid(v.Index(i)) {
				return false
			}
		}
	case reflect.Map:
		return validMap("", v) == nil
	}
	return true
}

// validText is [ValidText].
func validText(name string, v reflect.Value) error {
	if !v.IsValid() || !hasText(v.Type()) {
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		return ValidString(cmp.Or(name, "body"), v.String())
	case reflect.Pointer, reflect.Interface:
		return validText(name, v.Elem())
	case reflect.Struct:
		for field, value := range v.Fields() {
			within := name
			if field.IsExported() && !field.Anonymous {
				within = joinName(name, field.Name)
			}
			if err := validText(within, value); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		return validList(name, v)
	case reflect.Map:
		return validMap(name, v)
	}
	return nil
}

func joinName(name, field string) string {
	if name == "" {
		return field
	}
	return name + "." + field
}

func validList(name string, v reflect.Value) error {
	if v.Type() == rawMessage {
		if !utf8.Valid(v.Bytes()) {
			return Arg(name, "is not UTF-8")
		}
		return nil
	}
	for i := range v.Len() {
		if err := validText(name+"["+strconv.Itoa(i)+"]", v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func validMap(name string, v reflect.Value) error {
	for entries := v.MapRange(); entries.Next(); {
		key := name + "[…]"
		if k := entries.Key(); k.Kind() == reflect.String {
			if !utf8.ValidString(k.String()) {
				return Arg(name, "has a key that is not UTF-8")
			}
			key = name + "[" + strconv.Quote(k.String()) + "]"
		}
		if err := validText(key, entries.Value()); err != nil {
			return err
		}
	}
	return nil
}

// textTypes records for each type whether its values may contain text.
var textTypes sync.Map

// hasText reports whether a value of type t may contain text.
func hasText(t reflect.Type) bool {
	if known, ok := textTypes.Load(t); ok {
		return known.(bool) //nolint:forcetypeassert,errcheck // only this function stores there
	}
	textTypes.Store(t, true) // for recursive types
	has := true
	switch t.Kind() {
	case reflect.Pointer:
		has = hasText(t.Elem())
	case reflect.Slice, reflect.Array:
		has = t == rawMessage || t.Elem().Kind() != reflect.Uint8 && hasText(t.Elem())
	case reflect.Struct:
		has = false
		if t.PkgPath() == "time" {
			break
		}
		for field := range t.Fields() {
			has = has || hasText(field.Type)
		}
	case reflect.String, reflect.Interface, reflect.Map:
	default: // numbers, functions, channels
		has = false
	}
	textTypes.Store(t, has)
	return has
}
