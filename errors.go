package sdk

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// The conditions of errors, for [errors.Is]. The vendor packages declare the same values under the
// same names. Their docs state which responses of the vendor each one stands for.
var (
	// ErrNotFound: status 404 or 410, or no object has the name.
	ErrNotFound = core.ErrNotFound
	// ErrUnauthorized: status 401. The credential is missing or not valid.
	ErrUnauthorized = core.ErrUnauthorized
	// ErrForbidden: status 403. The 403 of Confluent Cloud for a deleted API key is also
	// ErrUnauthorized: test ErrUnauthorized first.
	ErrForbidden = core.ErrForbidden
	// ErrConflict: status 409, several objects with one name, or an object that differs from the
	// wanted one in a way that can't be changed.
	ErrConflict = core.ErrConflict
	// ErrInvalid: an argument was refused before anything was sent, or status 400 or 422. Status
	// 413, 414 and 431 are also ErrInvalid: the request was too large.
	ErrInvalid = core.ErrInvalid
	// ErrRateLimited: status 429, or a wait for the rate limit that is longer than allowed or would
	// exceed the context's deadline. In the second case the request was not sent, and the error is
	// also a [*ratelimit.WaitError].
	ErrRateLimited = core.ErrRateLimited
	// ErrQuotaExceeded: status 402, or another response that the vendor sends when a quota is
	// exhausted.
	ErrQuotaExceeded = core.ErrQuotaExceeded
	// ErrUnavailable: status 5xx, 408 or 425, an HTML page in place of JSON, or no response. An
	// attempt that timed out has no response. Its error is also [os.ErrDeadlineExceeded] and a
	// net.Error. A server without TLS, or with a certificate that is not trusted, matches no
	// condition: another attempt would fail in the same way.
	//
	// The end of the caller's context is not ErrUnavailable, unless an earlier attempt got such a
	// response. The error is ctx.Err and its cause, for example [context.DeadlineExceeded]. If a
	// POST or PATCH was sent, it is also ErrOutcomeUnknown.
	ErrUnavailable = core.ErrUnavailable
	// ErrOutcomeUnknown: the response to a request that changes something was lost, or does not
	// state the outcome. The server may or may not have carried it out. The client did not repeat
	// it, unless WithIdempotent allowed that. Check the object before you send the request again. A
	// DELETE has this condition only if a lost response was followed by status 403, and the client
	// could not find out whether the object still exists.
	ErrOutcomeUnknown = core.ErrOutcomeUnknown
)

// Error is the common view of the errors of all vendors: *confluent.Error, *apono.Error and
// *egeria.Error.
//
//	if e, ok := errors.AsType[*sdk.Error](err); ok { … }
//
// It is a copy of the fields that all of them have. Err is the vendor's own error, which has more
// fields.
type Error struct {
	// Vendor is the name of the vendor's package.
	Vendor string
	// Operation is the method of the service, for example "Integrations.Get". For a
	// method that calls others, such as Ensure, it may be one of the others.
	Operation string
	// Method is the HTTP method.
	Method string
	// Path is the path of the URL without the query.
	Path string

	// StatusCode is the HTTP status of the last response, 0 if there was none. If a later
	// attempt got no response, the text of the error says why. Egeria reports most
	// failures with status 200. For Egeria it is the status that the failure in the
	// response states.
	StatusCode int
	// RequestID is the ID of the request, "" if it is not known. A vendor's support asks
	// for it.
	RequestID string
	// Code is the vendor's error code.
	Code string
	// Detail is the vendor's error text.
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
	// OutcomeUnknown reports whether the error is ErrOutcomeUnknown.
	OutcomeUnknown bool
	// Argument is the argument that was refused before anything was sent.
	Argument string

	// Header and Body are those of the response. Body is cut at 64 KiB. The client's
	// credentials are redacted. A credential of 3 to 5 characters is redacted only where
	// it is a whole word and not a number. A shorter one is not redacted.
	Header http.Header
	Body   []byte

	// Err is the vendor's own error.
	Err error
}

// Error returns the text of the vendor's error on one line: the operation and the cause. It
// contains no credential.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return e.failure().String()
}

// GoString returns the same text as Error.
func (e Error) GoString() string { return e.Error() }

// MarshalJSON returns the attributes of [Error.LogValue]. It leaves out the header and body of the
// response, which may contain secrets.
func (e Error) MarshalJSON() ([]byte, error) {
	if m, ok := e.Err.(json.Marshaler); ok {
		return m.MarshalJSON()
	}
	return e.failure().MarshalJSON()
}

// Format writes [Error.Error] for every verb of package fmt. No verb shows the body.
func (e Error) Format(w fmt.State, verb rune) { core.FormatError(w, verb, &e) }

// Unwrap returns the vendor's error.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is a condition that the fields stand for. If Err is set, it returns
// false, because [errors.Is] then asks Err.
func (e *Error) Is(target error) bool { return e.Err == nil && e.failure().Is(target) }

// LogValue returns the error as a group of attributes.
func (e Error) LogValue() slog.Value {
	if v, ok := e.Err.(slog.LogValuer); ok {
		return v.LogValue()
	}
	return e.failure().LogValue()
}

func (e *Error) failure() *core.Failure { return core.FailureOf(e.Vendor, e) }
