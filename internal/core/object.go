package core

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
)

// Object describes the objects that an operation returns.
type Object[T any] struct {
	// Check returns the ID, and an error if the object is not valid for another reason.
	// An object without an ID needs a check of a required member, because a decoded {}
	// has no error. Check then returns an argument of the call as the ID.
	Check func(*T) (id string, err error)
	// Essential are the members that a caller may send back, or that the client uses for
	// a decision. All others are only informative: one of an unexpected type is left out,
	// unless the client is strict. Leave it empty for an object that is only read, unless
	// the client uses one of its members.
	Essential []string
}

// decode decodes a response body into out, which must be empty.
func (o Object[T]) decode(c *Client, b []byte, out *T) error {
	odd := c.Decode(b, out)
	if odd != nil && (c.cfg.Strict || !OddType(odd) || o.OddEssential(b)) {
		return odd
	}
	id, err := o.Check(out)
	if err == nil && id == "" {
		if err = odd; err == nil {
			err = errors.New("it has no id")
		}
	}
	return err
}

// OddEssential reports whether an essential member has an unexpected type.
func (o Object[T]) OddEssential(document []byte) bool {
	for _, name := range o.Essential {
		if value := Member(document, name); value != nil {
			object, err := json.Marshal(map[string]json.RawMessage{name: value})
			if err != nil || json.Unmarshal(object, new(T)) != nil {
				return true
			}
		}
	}
	return false
}

// OddType reports whether err means that a member has an unexpected type. The other members are
// then decoded.
func OddType(err error) bool { return errors.As(err, new(*json.UnmarshalTypeError)) }

// OnlyInforms reports whether the members of document that do not fit the type of out, a pointer to
// a struct, are only informative: texts and numbers inside the values of the struct. The direct
// members of the struct are essential, and so are objects, lists of objects and booleans. Embedded
// structs are ignored.
func OnlyInforms(document []byte, out any) bool {
	return fits(document, reflect.TypeOf(out).Elem(), 0)
}

// fits is [OnlyInforms] for a value at a depth below the struct.
func fits(value []byte, t reflect.Type, depth int) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if value == nil || string(value) == "null" || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return true
	}
	essential := depth <= 1
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.Anonymous && !fits(Member(value, name), f.Type, depth+1) {
				return false
			}
		}
		return value[0] == '{'
	case reflect.Slice:
		essential = essential || t.Elem().Kind() == reflect.Struct
		for item := range Elements(value) {
			if essential && !fits(item, t.Elem(), depth) {
				return false
			}
		}
		return !essential || value[0] == '['
	case reflect.Bool:
		value = boolean(value)
		return value[0] == 't' || value[0] == 'f'
	case reflect.Int, reflect.Int64:
		value = integer(value)
	}
	return !essential || json.Unmarshal(value, reflect.New(t).Interface()) == nil
}
