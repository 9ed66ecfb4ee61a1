package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// argumentError is an invalid argument that was found before anything was sent.
type argumentError struct{ Name, Problem string }

// Error returns the problem without the name of the argument. The vendor's error adds the name.
func (e *argumentError) Error() string { return e.Problem }

// Arg returns an [argumentError] for the argument name.
func Arg(name, format string, args ...any) error {
	return &argumentError{Name: name, Problem: fmt.Sprintf(format, args...)}
}

// PathValue returns an error if value, as an element of a path, would change the path. For example,
// a DELETE with an empty element would delete the collection.
func PathValue(name, value string) error {
	if err := Required(name, value); err != nil {
		return err
	}
	if value == "." || value == ".." {
		return Arg(name, "is %q, which a URL path cannot carry", value)
	}
	if strings.ContainsFunc(value, isControl) {
		return Arg(name, "has control characters")
	}
	if !utf8.ValidString(value) {
		return Arg(name, "is not UTF-8")
	}
	return nil
}

// Required returns an error if value is empty or white space.
func Required(name, value string) error {
	if strings.TrimSpace(value) == "" {
		return Arg(name, "is empty")
	}
	return nil
}

// Trimmed returns an error if value begins or ends with white space, which some servers remove.
func Trimmed(name, value string) error {
	if strings.TrimSpace(value) != value {
		return Arg(name, "begins or ends with white space")
	}
	return nil
}

// MaxRunes returns an error if value has more than limit characters.
func MaxRunes(name, value string, limit int) error {
	if n := len([]rune(value)); n > limit {
		return Arg(name, "has %d characters, more than the %d allowed", n, limit)
	}
	return nil
}

// Between returns an error if value is less than low or greater than high.
func Between(name string, value, low, high int) error {
	if value < low || value > high {
		return Arg(name, "is %d, not in %d..%d", value, low, high)
	}
	return nil
}

// Refuse returns the vendor's error for the first of checks that is not nil. If all are nil, it
// returns nil.
func Refuse(newError func(*Failure) error, operation string, checks ...error) error {
	i := slices.IndexFunc(checks, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	f := &Failure{Operation: operation, Err: checks[i]}
	if a, ok := errors.AsType[*argumentError](checks[i]); ok {
		f.Argument = a.Name
	}
	return newError(f)
}

// Refuse is [Refuse] with the error type of the client's vendor.
func (c *Client) Refuse(operation string, checks ...error) error {
	return Refuse(c.newError, operation, checks...)
}

// headerSafe reports whether v is visible ASCII, which a credential in a header must be.
func headerSafe(v string) bool {
	for i := range len(v) {
		if v[i] <= ' ' || v[i] > '~' {
			return false
		}
	}
	return true
}

// Credential returns an error if value is empty, or has characters that a header can't carry: white
// space, control and non-ASCII characters. The error does not show value.
func Credential(name, value string) error {
	if value == "" {
		return Arg(name, "is empty")
	}
	if !headerSafe(value) {
		return Arg(name, "has white space, control or non-ASCII characters")
	}
	return nil
}

// headerText returns an error if a header can't carry value.
func headerText(name, value string) error {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return Arg(name, "has control or non-ASCII characters")
		}
	}
	return nil
}

// CheckContext refuses a nil context.
func CheckContext(ctx context.Context) error {
	if ctx == nil {
		return Arg("context", "is nil")
	}
	return nil
}

// NonZero returns a pointer to v, nil for a zero value. A parameter that is nil is not sent.
func NonZero[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}
