package egeria

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
)

// The conditions that an [*Error] can be, for [errors.Is]. The status is that of the failure in the reply, or else that of HTTP.
var (
	// ErrNotFound: 404 or 410: a wrong path, or a server that is not running; or no group of that name.
	ErrNotFound = core.ErrNotFound
	// ErrUnauthorized: 401: no token, one that is not good any more, or a wrong password.
	ErrUnauthorized = core.ErrUnauthorized
	// ErrForbidden: 403, or an exception that says so.
	ErrForbidden = core.ErrForbidden
	// ErrConflict: 409.
	ErrConflict = core.ErrConflict
	// ErrInvalid: an argument that was refused before anything was sent (StatusCode is 0 and Argument names it), or 400 or 422.
	ErrInvalid = core.ErrInvalid
	// ErrRateLimited: 429, which gateways send, or a wait for the rate limit that is longer than allowed or than the context lasts.
	ErrRateLimited = core.ErrRateLimited
	// ErrQuotaExceeded: 402. No platform sends it.
	ErrQuotaExceeded = core.ErrQuotaExceeded
	// ErrUnavailable: 5xx, or no reply.
	ErrUnavailable = core.ErrUnavailable
	// ErrOutcomeUnknown: the reply to an action was lost or says nothing, so that the platform may or may not have carried it out. It was
	// not repeated: look before you do.
	ErrOutcomeUnknown = core.ErrOutcomeUnknown
)

// Error is what every method of this package returns when it fails. Its text names the operation, the status and the
// number of attempts, and never a credential.
type Error struct {
	Operation string // the method, as in "IntegrationGroups.Put"
	Method    string // of HTTP
	Path      string // of the URL, without the query

	StatusCode  int    // of HTTP: 200 for most failures; 0 where no reply came
	RelatedCode int    // the HTTP status that the failure in the reply stands for: what it says, or else what its exception means; 0 where there is none in it
	RequestID   string // of 6.1 and later
	Code        string // the id of the message, for example OMAG-ADMIN-400-039
	Detail      string // the message without its id, or the beginning of a body of another shape

	// Failure is all that the reply says of the failure, nil where it came in no such form.
	Failure *Envelope

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
		Vendor: "egeria", Operation: e.Operation, Method: e.Method, Path: e.Path,
		StatusCode: e.status(), Attempts: e.Attempts, Detail: e.Detail, Code: e.Code, RequestID: e.RequestID,
		OutcomeUnknown: e.OutcomeUnknown, Argument: e.Argument, Err: e.Err,
	}
}

// status is that of the failure.
func (e *Error) status() int {
	if e.RelatedCode != 0 {
		return e.RelatedCode
	}
	return e.StatusCode
}

// GoString is Error: the %#v of an error belongs into no log otherwise.
func (e *Error) GoString() string { return e.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is answers for the conditions of this package.
func (e *Error) Is(target error) bool {
	if target == ErrForbidden && strings.HasSuffix(e.Exception(), "NotAuthorizedException") {
		return true
	}
	return core.IsCondition(target, e.status(), e.OutcomeUnknown, e.Argument, e.Err)
}

// Exception is the simple name of the Java class of the failure, for example InvalidParameterException, "" where there is none. The packages of the
// classes differ between releases. Where there is a subclass, see [Envelope].ExceptionSubclassName.
func (e *Error) Exception() string {
	if e.Failure == nil {
		return ""
	}
	return simpleName(e.Failure.ExceptionClassName)
}

// LogValue is the error as a group of attributes for package slog.
func (e *Error) LogValue() slog.Value { return e.text().LogValue() }

// refuse is the error of the first failed check, before anything is sent.
func refuse(op string, checks ...error) error { return core.Refuse(newError, op, checks...) }

// failedError is a failure that came with HTTP status 200.
type failedError struct{ *Envelope }

func (e *failedError) Error() string {
	if e.ExceptionErrorMessage == "" {
		return e.ExceptionErrorMessageID
	}
	return e.ExceptionErrorMessage
}

// bare is what is safe to tell of a failure whose text may hold anything.
func (e *failedError) bare() *failedError {
	return &failedError{&Envelope{RelatedHTTPCode: e.RelatedHTTPCode, ExceptionClassName: e.ExceptionClassName, ExceptionErrorMessageID: e.ExceptionErrorMessageID}}
}

// newError is the core's hook: it reads the failure of a bean, Spring's error document, or whatever else came.
func newError(f *core.Failure) error {
	e := &Error{
		Operation: f.Operation, Method: f.Method, Path: f.Path,
		StatusCode: f.StatusCode, RequestID: f.RequestID,
		RetryAfter: f.RetryAfter, Attempts: f.Attempts, OutcomeUnknown: f.OutcomeUnknown, Argument: f.Argument,
		Header: f.Header, Body: f.Body, Err: f.Err,
	}
	// The body is clean of credentials. It may be cut, or not kept: then the status and the id are all that is safe to tell. Gateways and later releases may set the status that the bean tells.
	failed, refused := errors.AsType[*failedError](f.Err)
	if clean := (*failedError)(nil); errors.As(checkEnvelope(f.Body), &clean) && (refused || f.StatusCode >= 300) {
		failed = clean
	} else if refused {
		failed = failed.bare()
	}
	switch inner, ok := errors.AsType[*Error](f.Err); {
	case ok && f.Method == "" && inner.Argument != "":
		e.Argument, e.Err = inner.Argument, inner.Err // found out with the dialect
	case failed != nil:
		e.Failure, e.Err = failed.Envelope, nil
		e.RelatedCode = failed.RelatedHTTPCode
		e.Code = failed.ExceptionErrorMessageID
		e.Detail = strings.TrimSpace(strings.TrimPrefix(failed.ExceptionErrorMessage, e.Code))
		if failed.RequestID != "" {
			e.RequestID = failed.RequestID
		}
	case f.StatusCode < 300:
		if len(f.Body) > 0 && !json.Valid(f.Body) {
			e.Detail = core.Excerpt(f.Body)
		}
	default:
		var spring struct {
			Error   core.Text `json:"error"`
			Message core.Text `json:"message"`
		}
		_ = json.Unmarshal(f.Body, &spring)
		if e.Detail = core.First(spring.Message, spring.Error); e.Detail == "" {
			e.Detail = core.Excerpt(f.Body)
		}
	}
	return e
}

// gone is what the platform answers to a DELETE of a server that is not running. The 404 of its web server says of no server anything.
func gone(f *core.Failure) bool {
	refused, ok := errors.AsType[*core.RefusedError](f.Err)
	if !ok {
		refused, ok = errors.AsType[*core.RefusedError](checkEnvelope(f.Body)) // a gateway may have set the status
	}
	return ok && refused.Status == http.StatusNotFound
}

var messageID = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3}-\d{3}$`)

func simpleName(class string) string { return class[strings.LastIndexByte(class, '.')+1:] }

// checkEnvelope finds the failure in a reply with a good status. A member of an unexpected type must not hide the others.
func checkEnvelope(b []byte) error {
	var m struct {
		Class        core.Text  `json:"class"`
		RequestID    core.Text  `json:"requestId"`
		Code         core.Text  `json:"relatedHTTPCode"`
		Exception    core.Text  `json:"exceptionClassName"`
		Subclass     core.Text  `json:"exceptionSubclassName"`
		CausedBy     core.Text  `json:"exceptionCausedBy"`
		Action       core.Text  `json:"actionDescription"`
		Message      core.Text  `json:"exceptionErrorMessage"`
		MessageID    core.Text  `json:"exceptionErrorMessageId"`
		Parameters   texts      `json:"exceptionErrorMessageParameters"`
		SystemAction core.Text  `json:"exceptionSystemAction"`
		UserAction   core.Text  `json:"exceptionUserAction"`
		Properties   api.Object `json:"exceptionProperties"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	var code int
	_ = json.Unmarshal([]byte(m.Code), &code)
	if m.Exception == "" && code == http.StatusOK {
		return nil
	}
	if m.Exception == "" && code == 0 {
		return errors.New("it does not tell how the call went: relatedHTTPCode is missing")
	}
	e := &Envelope{
		Class: string(m.Class), RequestID: string(m.RequestID), RelatedHTTPCode: code,
		ExceptionClassName: string(m.Exception), ExceptionSubclassName: string(m.Subclass), ExceptionCausedBy: string(m.CausedBy), ActionDescription: string(m.Action),
		ExceptionErrorMessage: string(m.Message), ExceptionErrorMessageID: strings.TrimSpace(string(m.MessageID)), ExceptionErrorMessageParameters: m.Parameters,
		ExceptionSystemAction: string(m.SystemAction), ExceptionUserAction: string(m.UserAction), ExceptionProperties: m.Properties,
	}
	if id, _, _ := strings.Cut(strings.TrimSpace(e.ExceptionErrorMessage), " "); e.ExceptionErrorMessageID == "" && messageID.MatchString(id) {
		e.ExceptionErrorMessageID = id
	}
	if code < 300 {
		e.RelatedHTTPCode = statusOf(simpleName(e.ExceptionClassName))
	}
	return &core.RefusedError{Status: e.RelatedHTTPCode, Err: &failedError{e}}
}

// statusOf stands in for a status that the reply does not tell.
func statusOf(exception string) int {
	switch {
	case strings.HasSuffix(exception, "InvalidParameterException"), strings.HasSuffix(exception, "ConfigurationErrorException"):
		return http.StatusBadRequest
	case strings.HasSuffix(exception, "NotAuthorizedException"):
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}

// texts are the parameters of a message, of which some may be null.
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
