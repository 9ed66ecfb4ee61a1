package egeria

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/vendor"
)

// The conditions of an [*Error], for [errors.Is]. The status is that of the failure in the
// response, or else the HTTP status.
var (
	// ErrNotFound: status 404 or 410. The path is wrong, the server is not running, or no group has
	// the name. Detail states which server is missing. On 5.x, a 401 without a body is also
	// ErrNotFound: it is the response to every request that reaches no operation.
	ErrNotFound = sdk.ErrNotFound
	// ErrUnauthorized: status 401. The token is missing or no longer valid, or the password is
	// wrong. Detail has the reason why 6.x refuses a login.
	ErrUnauthorized = sdk.ErrUnauthorized
	// ErrForbidden: status 403, or an exception with that meaning.
	ErrForbidden = sdk.ErrForbidden
	// ErrConflict: status 409.
	ErrConflict = sdk.ErrConflict
	// ErrInvalid: an argument was refused before anything was sent (StatusCode is 0 and Argument
	// names it), or status 400 or 422. Status 413, 414 and 431 are also ErrInvalid: the request was
	// too large.
	ErrInvalid = sdk.ErrInvalid
	// ErrRateLimited: status 429, which gateways send, or a wait for the rate limit that is longer
	// than allowed or would exceed the context's deadline. In the second case the request was not
	// sent, and the error is also a [*ratelimit.WaitError].
	ErrRateLimited = sdk.ErrRateLimited
	// ErrQuotaExceeded: status 402. No platform sends it.
	ErrQuotaExceeded = sdk.ErrQuotaExceeded
	// ErrUnavailable: status 5xx, 408 or 425, an HTML page in place of JSON, or no response. An
	// attempt that timed out has no response. Its error is also [os.ErrDeadlineExceeded] and a
	// net.Error. A server without TLS, or with a certificate that is not trusted, matches no
	// condition: another attempt would fail in the same way.
	//
	// The end of the caller's context is not ErrUnavailable, unless an earlier attempt got such a
	// response. The error is ctx.Err and its cause, for example [context.DeadlineExceeded]. If an
	// action was sent, it is also ErrOutcomeUnknown.
	ErrUnavailable = sdk.ErrUnavailable
	// ErrOutcomeUnknown: the response to an action was lost or could not be understood. The
	// platform may or may not have carried it out. The client did not repeat it, unless
	// [WithIdempotent] allowed that. Check the result before you send it again. A DELETE has this
	// condition if it was refused with 403 after a lost response.
	ErrOutcomeUnknown = sdk.ErrOutcomeUnknown
)

// Error is the error that the methods of this package return. Its text has the operation, the
// status and the number of attempts. It contains no credential.
type Error struct {
	// Operation is the method of the service, for example "IntegrationGroups.Put". For a
	// method that calls others, it may be one of the others.
	Operation string
	// Method is the HTTP method.
	Method string
	// Path is the path of the URL without the query. In paths of 4.x and 5.x,
	// "[redacted]" replaces the user.
	Path string

	// StatusCode is the HTTP status: 200 for most failures, 0 if there was no response.
	StatusCode int
	// RelatedCode is the status of the failure in the response: the status that it
	// states, or else that of its exception. It is 0 if the response has no failure. It
	// is 404 for a 401 without a body from a platform of 5.x, which means that there is
	// no such operation.
	RelatedCode int
	// RequestID is the ID of the request on platforms of 6.1 and later.
	RequestID string
	// Code is the ID of the message, for example OMAG-ADMIN-400-039.
	Code string
	// Detail is the message without its ID, the text of another error document, the title
	// of an HTML page or else its first heading, or the beginning of any other body.
	// Markup is shown without its tags. Of a 2xx response, only an error document and a
	// title are shown.
	Detail string

	// Failure is the whole failure in the response, nil if there is none.
	Failure *Envelope

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

func (e *Error) failure() *core.Failure {
	f := core.FailureOf(vendorName, e)
	f.StatusCode = e.status()
	return f
}

// As sets target to the common view of the error, if target is a **[sdk.Error].
func (e *Error) As(target any) bool { return vendor.AsError(target, e.failure, e) }

// status returns the status of the failure.
func (e *Error) status() int {
	if e.RelatedCode != 0 {
		return e.RelatedCode
	}
	return e.StatusCode
}

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
func (e *Error) Is(target error) bool {
	if target == ErrForbidden && strings.HasSuffix(e.Exception(), "NotAuthorizedException") {
		return true
	}
	return e.failure().Is(target)
}

// Exception returns the simple name of the failure's Java class, for example
// InvalidParameterException, "" if there is none. The packages of the classes differ between
// releases. For a subclass, see [Envelope].ExceptionSubclassName.
func (e *Error) Exception() string {
	if e.Failure == nil {
		return ""
	}
	return simpleName(e.Failure.ExceptionClassName)
}

// LogValue returns the error as a group of attributes.
func (e Error) LogValue() slog.Value { return e.failure().LogValue() }

// invalidArg returns the error of the first failed check, before anything is sent.
func invalidArg(op string, checks ...error) error { return core.Refuse(newError, op, checks...) }

// invalidCall is invalidArg for a method with call options. It also clears the values that opts
// store.
func invalidCall(op string, opts []CallOption, checks ...error) error {
	return core.BeginCall(newError, op, opts, checks...)
}

// failedError is a failure with HTTP status 200.
type failedError struct{ *Envelope }

func (e *failedError) Error() string {
	if e.ExceptionErrorMessage == "" {
		return e.ExceptionErrorMessageID
	}
	return e.ExceptionErrorMessage
}

// bare returns the parts of a failure that are safe to show if its text may contain anything.
func (e *failedError) bare() *failedError {
	return &failedError{&Envelope{
		RelatedHTTPCode:         e.RelatedHTTPCode,
		ExceptionClassName:      e.ExceptionClassName,
		ExceptionErrorMessageID: e.ExceptionErrorMessageID,
	}}
}

// badResponse reports a response that is not valid for the operation.
func badResponse(op, problem string) error {
	return newError(&core.Failure{Operation: op, Err: &core.ResponseError{Problem: problem}})
}

// newError converts a failure of the core to an [*Error]. It reads the failure of a bean. The core
// has already read Spring's error document, or any other body.
func newError(f *core.Failure) error {
	e := &Error{}
	core.CopyFields(e, f)
	// The body has no credentials. It may be cut or missing: then only the status and the ID are
	// safe to show. Gateways and later releases may send the status of the bean as HTTP status.
	failed, refused := errors.AsType[*failedError](f.Err)
	if clean := (*failedError)(nil); errors.As(checkEnvelope(f.Body), &clean) && (refused || f.StatusCode >= 300) {
		failed = clean
	} else if refused {
		failed = failed.bare()
	}
	switch inner, ok := errors.AsType[*Error](f.Err); {
	case ok && f.Method == "" && inner.Argument != "":
		e.Argument, e.Err = inner.Argument, inner.Err // found with the dialect
	case failed != nil:
		e.Failure, e.Err = failed.Envelope, nil
		e.RelatedCode = failed.RelatedHTTPCode
		e.Code = failed.ExceptionErrorMessageID
		e.Detail = strings.TrimSpace(strings.TrimPrefix(failed.ExceptionErrorMessage, e.Code))
		if failed.RequestID != "" {
			e.RequestID = failed.RequestID
		}
	}
	return e
}

// gone reports whether the platform's response to a DELETE says that the server is not running. A
// 404 of its web server does not say so.
func gone(f *core.Failure) bool {
	refused, ok := errors.AsType[*core.RefusedError](f.Err)
	if !ok {
		refused, ok = errors.AsType[*core.RefusedError](checkEnvelope(f.Body)) // a gateway may have set the status
	}
	return ok && refused.Status == http.StatusNotFound
}

var messageID = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3}-\d{3}$`)

func simpleName(class string) string { return class[strings.LastIndexByte(class, '.')+1:] }

// checkEnvelope returns the failure in a response with a 2xx status. A member of an unexpected type
// must not hide the others.
func checkEnvelope(b []byte) error {
	var m struct {
		Class        core.Text   `json:"class"`
		RequestID    core.Text   `json:"requestId"`
		Code         core.Number `json:"relatedHTTPCode"`
		Exception    core.Text   `json:"exceptionClassName"`
		Subclass     core.Text   `json:"exceptionSubclassName"`
		CausedBy     core.Text   `json:"exceptionCausedBy"`
		Action       core.Text   `json:"actionDescription"`
		Message      core.Text   `json:"exceptionErrorMessage"`
		MessageID    core.Text   `json:"exceptionErrorMessageId"`
		Parameters   texts       `json:"exceptionErrorMessageParameters"`
		SystemAction core.Text   `json:"exceptionSystemAction"`
		UserAction   core.Text   `json:"exceptionUserAction"`
		Properties   Object      `json:"exceptionProperties"`
	}
	if err := core.CheckMemory(b, &m); err != nil {
		return err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	code := m.Code.Int()
	if m.Exception == "" && code == http.StatusOK {
		return nil
	}
	if m.Exception == "" && code == 0 {
		return errors.New("it does not state the outcome: relatedHTTPCode is missing")
	}
	e := &Envelope{
		Class:                           string(m.Class),
		RequestID:                       string(m.RequestID),
		RelatedHTTPCode:                 code,
		ExceptionClassName:              string(m.Exception),
		ExceptionSubclassName:           string(m.Subclass),
		ExceptionCausedBy:               string(m.CausedBy),
		ActionDescription:               string(m.Action),
		ExceptionErrorMessage:           string(m.Message),
		ExceptionErrorMessageID:         strings.TrimSpace(string(m.MessageID)),
		ExceptionErrorMessageParameters: m.Parameters,
		ExceptionSystemAction:           string(m.SystemAction),
		ExceptionUserAction:             string(m.UserAction),
		ExceptionProperties:             m.Properties,
	}
	id, _, _ := strings.Cut(strings.TrimSpace(e.ExceptionErrorMessage), " ")
	if e.ExceptionErrorMessageID == "" && messageID.MatchString(id) {
		e.ExceptionErrorMessageID = id
	}
	if code < 300 {
		e.RelatedHTTPCode = statusOf(simpleName(e.ExceptionClassName))
	}
	return &core.RefusedError{Status: e.RelatedHTTPCode, Code: loggedCode(e), Err: &failedError{e}}
}

// loggedCode returns the ID of the message if it has the form of one, and otherwise "", because the
// platform may have sent other text.
func loggedCode(e *Envelope) string {
	if messageID.MatchString(e.ExceptionErrorMessageID) {
		return e.ExceptionErrorMessageID
	}
	return ""
}

// statusOf returns the status of an exception, for a response that does not state one.
func statusOf(exception string) int {
	switch {
	case strings.HasSuffix(exception, "InvalidParameterException"),
		strings.HasSuffix(exception, "ConfigurationErrorException"):
		return http.StatusBadRequest
	case strings.HasSuffix(exception, "NotAuthorizedException"):
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}

// texts are the parameters of a message. They may be null.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var items []core.Text
	if json.Unmarshal(b, &items) == nil {
		*t = nil
		for _, item := range items {
			*t = append(*t, string(item))
		}
	}
	return nil
}
