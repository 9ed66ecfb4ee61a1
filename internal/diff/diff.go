// Package diff compares the wanted state of an object with the state that a server returned. Every
// Ensure of the vendor packages uses it, so that all of them see the same differences.
//
// Values are compared as JSON documents in their canonical form, because servers differ in the
// order of members, escapes and white space.
package diff

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// Canonical returns document in its canonical form: members sorted by name, no white space between
// tokens, the escapes that encoding/json writes, and each number with the digits that document has.
func Canonical(document []byte) (string, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	if _, err := d.Token(); err != io.EOF {
		return "", errors.New("there is more data after the document")
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// EqualJSON reports whether a and b are the same JSON document. Numbers are equal if they have the
// same digits: 1 and 1.0 differ. A text that is not JSON is equal to nothing.
func EqualJSON(a, b []byte) bool { return equal(a, b, false) }

func equal(a, b []byte, ignoreCase bool) bool {
	x, errX := Canonical(a)
	y, errY := Canonical(b)
	return errX == nil && errY == nil && (x == y || ignoreCase && strings.EqualFold(x, y))
}

// EqualSets reports whether a and b have the same elements, without regard to order and repetition.
func EqualSets(a, b []string) bool { return slices.Equal(distinct(a), distinct(b)) }

// distinct returns the elements of list, sorted and without duplicates.
func distinct(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// Options configure [Members]. The zero value compares every member of want exactly.
type Options struct {
	// EmptyIsUnset makes "" equal to null and to a missing member. A member of want that
	// is unset is then not compared.
	EmptyIsUnset bool
	// IgnoreCase are the members whose letter case is ignored.
	IgnoreCase []string
}

// Members returns the names of the members of want that differ in have, sorted. A missing member is
// equal to null. Members that are only in have are not compared.
func Members(want, have map[string]json.RawMessage, o Options) []string {
	var differ []string
	for name, value := range want {
		if o.EmptyIsUnset && Unset(value) {
			continue
		}
		there, ok := have[name]
		if !ok {
			there = json.RawMessage("null")
		}
		if !equal(value, there, slices.Contains(o.IgnoreCase, name)) {
			differ = append(differ, name)
		}
	}
	slices.Sort(differ)
	return differ
}

// Unset reports whether value is missing, null or "".
func Unset(value json.RawMessage) bool {
	s := strings.TrimSpace(string(value))
	return s == "" || s == "null" || s == `""`
}
