package apono

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/vendor"
)

// The conditions of an [*Error], for [errors.Is].
var (
	// ErrNotFound: status 404 or 410, or no object has the name. A wrong base URL also causes 404.
	ErrNotFound = sdk.ErrNotFound
	// ErrUnauthorized: status 401.
	ErrUnauthorized = sdk.ErrUnauthorized
	// ErrForbidden: status 403.
	ErrForbidden = sdk.ErrForbidden
	// ErrConflict: status 409, several objects with one name, or an object that differs from the
	// wanted one in a member that can't be changed.
	ErrConflict = sdk.ErrConflict
	// ErrInvalid: an argument was refused before anything was sent (StatusCode is 0 and Argument
	// names it), or status 400 or 422. Status 413, 414 and 431 are also ErrInvalid: the request was
	// too large.
	ErrInvalid = sdk.ErrInvalid
	// ErrRateLimited: status 429, or a wait for the rate limit that is longer than allowed or would
	// exceed the context's deadline. In the second case the request was not sent, and the error is
	// also a [*ratelimit.WaitError].
	ErrRateLimited = sdk.ErrRateLimited
	// ErrQuotaExceeded: status 402.
	ErrQuotaExceeded = sdk.ErrQuotaExceeded
	// ErrUnavailable: status 5xx, 408 or 425, an HTML page in place of JSON, or no response. An
	// attempt that timed out has no response. Its error is also [os.ErrDeadlineExceeded] and a
	// net.Error. A server without TLS, or with a certificate that is not trusted, matches no
	// condition: another attempt would fail in the same way.
	//
	// The end of the caller's context is not ErrUnavailable, unless an earlier attempt got such a
	// response. The error is ctx.Err and its cause, for example [context.DeadlineExceeded]. If a
	// POST was sent, it is also ErrOutcomeUnknown.
	ErrUnavailable = sdk.ErrUnavailable
	// ErrOutcomeUnknown: the response to a POST was lost or could not be understood. The server may
	// or may not have carried it out. The client did not repeat it, unless [WithIdempotent] allowed
	// that. Check the object before you send the request again. A DELETE has this condition if it
	// was refused with 403 after a lost response and the object can't be looked up.
	ErrOutcomeUnknown = sdk.ErrOutcomeUnknown
)

// Error is the error that the methods of this package return. Its text has the operation, the
// status and the number of attempts. It contains no credential.
//
// The secrets that a call sends, which are the parameters of its [AponoSecret] and the values of
// its [UnknownSecret], are hidden in the error of this call: in its text, Detail and Body, also if
// the server repeats them. A secret of another call is not known to this one. If the server shows
// it in a response, Detail and Body show it in full.
type Error struct {
	// Operation is the method of the service, for example "Integrations.Get". For a
	// method that calls others, it may be one of the others.
	Operation string
	// Method is the HTTP method.
	Method string
	// Path is the path of the URL without the query.
	Path string

	// StatusCode is the HTTP status of the last response, 0 if there was none. If a later
	// attempt got no response, Err says why.
	StatusCode int
	// RequestID is X-Request-Id, "" if the server sent none. The header is not documented
	// by the vendor.
	RequestID string
	// Code is the vendor's error code, for example Unauthorized.
	Code string
	// Detail is the text of an error document, the title of an HTML page or else its
	// first heading, or the beginning of any other body. Markup is shown without its
	// tags. Of a 2xx response, only an error document and a title are shown.
	Detail string

	// RetryAfter is the wait that the server asked for, 0 if it asked for none. If the
	// request was not sent because of a [*ratelimit.WaitError], it is the wait of that
	// error, and NotRepeated is "".
	RetryAfter time.Duration
	// Attempts is the number of attempts to send the request, including those that
	// net/http repeated. It is 0 if there was no attempt.
	Attempts int
	// NotRepeated is the reason why a request that may be repeated was not repeated, for
	// example because the server asked for a longer wait than is allowed. It is "" if the
	// request may not be repeated, or if retries are off.
	NotRepeated string
	// OutcomeUnknown reports whether the error is [ErrOutcomeUnknown].
	OutcomeUnknown bool
	// Argument names the argument that was refused before anything was sent.
	Argument string

	// Header holds the header fields of the response.
	Header http.Header
	// Body is the body of the response, up to 64 KiB, with this client's credentials
	// redacted.
	Body []byte

	// Err is the cause if it is not the status: transport, decoding, the context or a
	// refused argument.
	Err error
}

// Error returns the text of the error on one line: the operation and the cause.
func (e *Error) Error() string { return e.failure().String() }

func (e *Error) failure() *core.Failure { return core.FailureOf(vendorName, e) }

// As sets target to the common view of the error, if target is a **[sdk.Error].
func (e *Error) As(target any) bool { return vendor.AsError(target, e.failure, e) }

// GoString returns [Error.Error]: %#v shows no body.
func (e Error) GoString() string { return e.Error() }

// MarshalJSON returns the attributes of [Error.LogValue]. It leaves out the header and body of the
// response, which may contain secrets.
func (e Error) MarshalJSON() ([]byte, error) { return e.failure().MarshalJSON() }

// Format writes [Error.Error] for every verb of package fmt. No verb shows the body.
func (e Error) Format(w fmt.State, verb rune) { core.FormatError(w, verb, &e) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is a condition of this package that e meets.
func (e *Error) Is(target error) bool { return e.failure().Is(target) }

// LogValue returns the error as a group of attributes.
func (e Error) LogValue() slog.Value { return e.failure().LogValue() }

// invalidArg returns the error of the first failed check, before anything is sent.
func invalidArg(op string, checks ...error) error { return core.Refuse(newError, op, checks...) }

// ownError reports whether a document has the form of the only error that the vendor documents: a
// status and a code.
func ownError(document []byte) bool {
	var b struct{ Status, Code core.Text }
	return json.Unmarshal(document, &b) == nil && b.Status != "" && b.Code != ""
}

// invalidCall is invalidArg for a method with call options. It also clears the values that opts
// store.
func invalidCall(op string, opts []CallOption, checks ...error) error {
	return core.BeginCall(newError, op, opts, checks...)
}

// newError converts a failure of the core to an [*Error]. The vendor documents no errors: its
// programs and mocks send {"status", "code"}, plain text, or nothing.
func newError(f *core.Failure) error {
	e := &Error{}
	core.CopyFields(e, f)
	var b struct {
		Error core.Text `json:"error"`
	}
	if e.Code == "" && f.StatusCode >= 300 && json.Unmarshal(f.Body, &b) == nil {
		e.Code = string(b.Error) // a code like that of OAuth
	}
	if e.Detail == e.Code {
		e.Detail = ""
	}
	return e
}
