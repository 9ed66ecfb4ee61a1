package core

import (
	"errors"
	"go/token"
	"reflect"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/redact"
)

// withSecretsHidden returns err as an error that shows no secret of r in its own text or in a
// wrapped error. err may be nil.
func withSecretsHidden(err error, r redact.Redactor) error {
	if err == nil || !shows(err, r) {
		return err
	}
	return &redactedError{r.String(err.Error()), func() (redact.Redactor, error) { return r, err }}
}

// OnlySecrets returns an option with the secrets of opts, which must be valid, and with their
// [CallOptions.WithOwnHost], but no other effect. It is for further requests of a call, whose
// responses may repeat what the earlier ones sent.
func OnlySecrets[O ~func(*CallOptions)](opts []O) O {
	return func(o *CallOptions) {
		var all CallOptions
		for _, opt := range opts {
			opt(&all)
		}
		o.WithSecrets(all.secrets...)
		o.ownHost = o.ownHost || all.ownHost
	}
}

// shows reports whether the text of err, or of an error that it wraps, contains a secret.
func shows(err error, r redact.Redactor) bool {
	if err == nil {
		return false
	}
	if text := err.Error(); r.String(text) != text {
		return true
	}
	return slices.ContainsFunc(unwrapped(err), func(inner error) bool { return shows(inner, r) })
}

// redactedError replaces an error that shows a secret. [errors.Is] finds everything in that error.
// [errors.As] finds only errors that show no secret. It can't be unwrapped.
type redactedError struct {
	text string
	// hidden returns the redactor of the secrets, and the error. No format verb shows the
	// variables of a closure.
	hidden func() (redact.Redactor, error)
}

func (e *redactedError) Error() string { return e.text }

// Is reports whether the hidden error is target.
func (e *redactedError) Is(target error) bool {
	_, err := e.hidden()
	return errors.Is(err, target)
}

// As finds an error in the hidden one that shows no secret. It also finds types that only this
// module can name, because the module reads their fields, not their text.
func (e *redactedError) As(target any) bool {
	redactor, err := e.hidden()
	into := reflect.ValueOf(target).Elem()
	before := reflect.New(into.Type()).Elem()
	before.Set(into)
	if find(err, target, redactor) {
		return true
	}
	into.Set(before)
	return false
}

// find is [errors.As] without errors that show a secret and that other modules can name.
func find(err error, target any, r redact.Redactor) bool {
	if err == nil {
		return false
	}
	into, found := reflect.ValueOf(target).Elem(), false
	if v := reflect.ValueOf(err); v.Type().AssignableTo(into.Type()) {
		into.Set(v)
		found = true
	} else if x, ok := err.(interface{ As(target any) bool }); ok { //nolint:errorlint // this one alone
		found = x.As(target)
	}
	if found {
		if e, ok := reflect.TypeAssert[error](into); ok && (ours(into.Type()) || !shows(e, r)) {
			return true
		}
	}
	for _, inner := range unwrapped(err) {
		if find(inner, target, r) {
			return true
		}
	}
	return false
}

// unwrapped returns the errors that err wraps. One may be nil.
func unwrapped(err error) []error {
	switch wrapper := err.(type) { //nolint:errorlint // this one alone
	case interface{ Unwrap() error }:
		return []error{wrapper.Unwrap()}
	case interface{ Unwrap() []error }:
		return wrapper.Unwrap()
	}
	return nil
}

// ours reports whether no other module can name t, the type of an error.
func ours(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	const module = "github.com/integrations-go/sdk/"
	inside := strings.HasPrefix(t.PkgPath(), module)
	return inside && t.Name() != "" && (!token.IsExported(t.Name()) || strings.HasPrefix(t.PkgPath(),
		module+"internal/"))
}

// Timeout reports whether the hidden error is a timeout, as in [net.Error].
func (e *redactedError) Timeout() bool {
	_, err := e.hidden()
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && timeout.Timeout()
}

// Temporary implements [net.Error].
func (e *redactedError) Temporary() bool { return e.Timeout() }
