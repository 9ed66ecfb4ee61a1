package apono

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// The conditions that an [*Error] can be, for [errors.Is].
var (
	// ErrNotFound: 404 or 410, or nothing of that name. A wrong base URL is a 404 too.
	ErrNotFound = core.ErrNotFound
	// ErrUnauthorized: 401.
	ErrUnauthorized = core.ErrUnauthorized
	// ErrForbidden: 403.
	ErrForbidden = core.ErrForbidden
	// ErrConflict: 409, more than one object of a name, or an object that differs from the wanted one in what can't be changed.
	ErrConflict = core.ErrConflict
	// ErrInvalid: an argument that was refused before anything was sent (StatusCode is 0 and Argument names it), or 400 or 422.
	ErrInvalid = core.ErrInvalid
	// ErrRateLimited: 429, or a wait for the rate limit that is longer than allowed or than the context lasts.
	ErrRateLimited = core.ErrRateLimited
	// ErrQuotaExceeded: 402.
	ErrQuotaExceeded = core.ErrQuotaExceeded
	// ErrUnavailable: 5xx, or no reply.
	ErrUnavailable = core.ErrUnavailable
	// ErrOutcomeUnknown: the reply to a POST was lost or says nothing, so that the server may or may not have carried it out. It was
	// not repeated: look before you do.
	ErrOutcomeUnknown = core.ErrOutcomeUnknown
)

// Error is what every method of this package returns when it fails. Its text names the operation, the status and the
// number of attempts, and never a credential.
type Error struct {
	Operation string // the method, as in "Integrations.Get"
	Method    string // of HTTP
	Path      string // of the URL, without the query

	StatusCode int    // 0 where no reply came
	RequestID  string // X-Request-Id, where the server sends one; the vendor documents none
	Code       string // the vendor's code, for example Unauthorized
	Detail     string // the vendor's text, or the beginning of a body of another shape

	// RetryAfter is how long the server asked to wait, 0 where it did not say.
	RetryAfter time.Duration
	// Attempts is how often the request was sent, 0 where it was not.
	Attempts int
	// OutcomeUnknown is [ErrOutcomeUnknown].
	OutcomeUnknown bool
	// Argument is the argument that was refused before anything was sent.
	Argument string

	// Header and Body are the reply as it came, the body up to 64 KiB and with this client's credentials blacked out.
	Header http.Header
	Body   []byte

	// Err is the cause where it is not the status: transport, decoding, the context, a refused argument.
	Err error
}

// Error tells what was called and how it failed, in one line.
func (e *Error) Error() string { return e.text().String() }

func (e *Error) text() core.ErrorText {
	return core.ErrorText{
		Vendor: "apono", Operation: e.Operation, Method: e.Method, Path: e.Path,
		StatusCode: e.StatusCode, Attempts: e.Attempts, Detail: e.Detail, Code: e.Code, RequestID: e.RequestID,
		OutcomeUnknown: e.OutcomeUnknown, Argument: e.Argument, Err: e.Err,
	}
}

// GoString is Error: the %#v of an error belongs into no log otherwise.
func (e *Error) GoString() string { return e.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is answers for the conditions of this package.
func (e *Error) Is(target error) bool {
	return core.IsCondition(target, e.StatusCode, e.OutcomeUnknown, e.Argument, e.Err)
}

// LogValue is the error as a group of attributes for package slog.
func (e *Error) LogValue() slog.Value { return e.text().LogValue() }

// refuse is the error of the first failed check, before anything is sent.
func refuse(op string, checks ...error) error { return core.Refuse(newError, op, checks...) }

// newError is the core's hook. The vendor documents no errors: its programs and mocks send {"status", "code"}, plain text, or nothing.
func newError(f *core.Failure) error {
	e := &Error{
		Operation: f.Operation, Method: f.Method, Path: f.Path,
		StatusCode: f.StatusCode, RequestID: f.RequestID,
		RetryAfter: f.RetryAfter, Attempts: f.Attempts, OutcomeUnknown: f.OutcomeUnknown, Argument: f.Argument,
		Header: f.Header, Body: f.Body, Err: f.Err,
	}
	if f.StatusCode < 300 {
		if len(f.Body) > 0 && !json.Valid(f.Body) {
			e.Detail = core.Excerpt(f.Body)
		}
		return e
	}
	var b struct {
		Code         core.Text `json:"code"`
		Message      core.Text `json:"message"`
		Error        core.Text `json:"error"`
		ErrorMessage core.Text `json:"error_message"`
		Description  core.Text `json:"error_description"`
	}
	if json.Unmarshal(f.Body, &b) != nil {
		e.Detail = core.Excerpt(f.Body)
		return e
	}
	e.Code = core.First(b.Code, b.Error)
	e.Detail = core.First(b.Message, b.ErrorMessage, b.Description)
	if e.Detail == "" && string(b.Error) != e.Code {
		e.Detail = string(b.Error)
	}
	if e.Detail == "" && !onlyCode(f.Body) {
		e.Detail = core.Excerpt(f.Body) // of a shape that is not known
	}
	return e
}

// onlyCode reports whether an error document has nothing but a code, as the vendor's only documented one: {"status":"401","code":"Unauthorized"}.
func onlyCode(document []byte) bool {
	var members map[string]core.Text
	if json.Unmarshal(document, &members) != nil {
		return false
	}
	maps.DeleteFunc(members, func(name string, value core.Text) bool {
		return value != "" && (name == "status" || name == "code" || name == "error")
	})
	return len(members) == 0
}
