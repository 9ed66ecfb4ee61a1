package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// noResponseError reports that there was no complete response, for another reason than the caller's
// context.
type noResponseError struct{ Err error }

func (e *noResponseError) Error() string { return "no complete response: " + e.Err.Error() }

// Unwrap returns the error of the transport.
func (e *noResponseError) Unwrap() error { return e.Err }

// ResponseError reports that a response has a 2xx status but is not valid for the operation.
type ResponseError struct {
	Problem string
	Err     error // of the decoder; may be nil
}

func (e *ResponseError) Error() string {
	if e.Err == nil {
		return e.Problem
	}
	return e.Problem + ": " + e.Err.Error()
}

// Unwrap returns the error of the decoder.
func (e *ResponseError) Unwrap() error { return e.Err }

// errMarkup reports an HTML or XML page, for example of a gateway or a login.
var errMarkup = &ResponseError{Problem: "the response is HTML or XML, not JSON"}

// typeError is a [json.UnmarshalTypeError] with the names of JSON types. The names of Go types can
// be longer than the rest of the error, and do not help a caller.
type typeError struct{ *json.UnmarshalTypeError }

func (e *typeError) Error() string {
	if e.Field == "" {
		return "json: cannot unmarshal " + e.Value + ": it should be " + typeOfJSON(e.Type)
	}
	return "json: cannot unmarshal " + e.Value + " of the member " + e.Field + ": it should be " + typeOfJSON(e.Type)
}

// Unwrap returns the error of package json.
func (e *typeError) Unwrap() error { return e.UnmarshalTypeError }

// inJSON returns err, with the names of JSON types if it is only about types.
func inJSON(err error) error {
	if t, ok := err.(*json.UnmarshalTypeError); ok { //nolint:errorlint // others say more
		return &typeError{t}
	}
	return err
}

// typeOfJSON returns the JSON type that is decoded into values of type t.
func typeOfJSON(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	}
	return "number"
}

// RefusedError reports that a 2xx response has an error document.
type RefusedError struct {
	Status int // the HTTP status that fits the failure
	Err    error
	Code   string // the vendor's code, "" if it must not be logged
}

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the failure in the error document.
func (e *RefusedError) Unwrap() error { return e.Err }

// Ended returns an error if ctx has ended, and nil otherwise. [errors.Is] finds ctx.Err() and the
// cause in it, and its text has both. A cause may be another value and still match ctx.Err(), like
// the signal of [os/signal.NotifyContext].
func Ended(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(err, cause):
		return err
	case errors.Is(cause, err) && strings.Contains(cause.Error(), err.Error()):
		return cause // the text has both already
	default:
		return fmt.Errorf("%w: %w", err, cause)
	}
}
