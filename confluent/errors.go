package confluent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/vendor"
)

// The conditions of an [*Error], for [errors.Is].
var (
	// ErrNotFound: status 404 or 410, or no object has the name. Confluent Cloud also sends 403 for
	// objects and environments that do not exist.
	ErrNotFound = sdk.ErrNotFound
	// ErrUnauthorized: status 401, or 403 with the words "invalid API key". Such a 403 is also
	// ErrForbidden: test ErrUnauthorized first.
	ErrUnauthorized = sdk.ErrUnauthorized
	// ErrForbidden: status 403. For an API key that was deleted, it is also ErrUnauthorized.
	ErrForbidden = sdk.ErrForbidden
	// ErrConflict: status 409, several objects with one name, or an object that differs from the
	// wanted one.
	ErrConflict = sdk.ErrConflict
	// ErrInvalid: an argument was refused before anything was sent (StatusCode is 0 and Argument
	// names it), or status 400 or 422. Status 413, 414 and 431 are also ErrInvalid: the request was
	// too large.
	ErrInvalid = sdk.ErrInvalid
	// ErrRateLimited: status 429, or a wait for the rate limit that is longer than allowed or would
	// exceed the context's deadline. In the second case the request was not sent, and the error is
	// also a [*ratelimit.WaitError].
	ErrRateLimited = sdk.ErrRateLimited
	// ErrQuotaExceeded: status 402, or another 4xx with a problem whose code is quota_exceeded or
	// whose text contains "is currently limited to".
	ErrQuotaExceeded = sdk.ErrQuotaExceeded
	// ErrUnavailable: status 5xx, 408 or 425, an HTML page in place of JSON, or no response. An
	// attempt that timed out has no response. Its error is also [os.ErrDeadlineExceeded] and a
	// net.Error. A server without TLS, or with a certificate that is not trusted, matches no
	// condition: another attempt would fail in the same way.
	//
	// The end of the caller's context is not ErrUnavailable, unless an earlier attempt got such a
	// response. The error is ctx.Err and its cause, for example [context.DeadlineExceeded]. If a
	// POST or PATCH was sent, it is also ErrOutcomeUnknown.
	ErrUnavailable = sdk.ErrUnavailable
	// ErrOutcomeUnknown: the response to a POST or PATCH was lost or could not be understood. The
	// server may or may not have carried it out. The client did not repeat it, unless
	// [WithIdempotent] allowed that. Check the integration before you send the request again. A
	// DELETE has this condition if it was refused with 403 after a lost response and the
	// integration can't be looked up.
	ErrOutcomeUnknown = sdk.ErrOutcomeUnknown
)

// Error is the error that the methods of this package return. Its text has the operation, the
// status, the request ID and the number of attempts. It contains no credential.
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
	// RequestID is X-Request-Id. Confluent's support asks for it.
	RequestID string
	// Code is the vendor's code of the first problem, for example quota_exceeded.
	Code string
	// Detail is the vendor's text of the first problem, the text of another error
	// document, the title of an HTML page or else its first heading, or the beginning of
	// any other body. Markup is shown without its tags. Of a 2xx response, only an error
	// document and a title are shown.
	Detail string
	// Hint is the vendor's advice, "" if there is none.
	Hint string

	// Problems are all entries of the vendor's list of errors.
	Problems []Problem

	// RetryAfter is the wait that the server asked for, 0 if it asked for none. It is
	// Retry-After, else X-RateLimit-Reset of a 429 plus 1 s for rounding. If the request
	// was not sent because of a [*ratelimit.WaitError], it is the wait of that error, and
	// NotRepeated is "".
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

// Problem is one entry of the vendor's list of errors.
type Problem struct {
	// ID identifies this occurrence. Confluent's support asks for it.
	ID string
	// Status is the HTTP status, as text.
	Status string
	// Code is the vendor's code.
	Code string
	// Title names the kind of problem in a few words.
	Title string
	// Detail describes this occurrence.
	Detail string
	// Pointer is a JSON pointer into the request body.
	Pointer string
	// Parameter names a query parameter.
	Parameter string
	// Resolution is the vendor's advice.
	Resolution string
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
func (e *Error) Is(target error) bool {
	switch target {
	case ErrQuotaExceeded:
		if e.StatusCode >= 400 && e.StatusCode <= 499 && e.namesQuota() {
			return true
		}
	case ErrUnauthorized:
		if invalidKey(e.StatusCode, e.Body) {
			return true
		}
	}
	return e.failure().Is(target)
}

// namesQuota reports whether a problem is a quota. The vendor documents no status for it. It is
// recognized by its code, or by the text that the vendor's own CLI looks for.
func (e *Error) namesQuota() bool {
	const text = "is currently limited to"
	named := func(p Problem) bool {
		return p.Code == "quota_exceeded" || strings.Contains(p.Detail, text) || strings.Contains(p.Title, text)
	}
	return named(Problem{Code: e.Code, Detail: e.Detail}) || slices.ContainsFunc(e.Problems, named)
}

// invalidKey reports whether the API key no longer exists. The vendor sends status 403 for it.
func invalidKey(status int, body []byte) bool {
	return status == http.StatusForbidden && bytes.Contains(body, []byte("invalid API key"))
}

// LogValue returns the error as a group of attributes for package slog.
func (e Error) LogValue() slog.Value { return e.failure().LogValue() }

// invalidArg returns the error of the first failed check, before anything is sent.
func invalidArg(op string, checks ...error) error { return core.Refuse(newError, op, checks...) }

// invalidCall is invalidArg for a method with call options. It also clears the values that opts
// store.
func invalidCall(op string, opts []CallOption, checks ...error) error {
	return core.BeginCall(newError, op, opts, checks...)
}

// newError converts a failure of the core to an [*Error].
func newError(f *core.Failure) error {
	e := &Error{}
	core.CopyFields(e, f)
	if f.StatusCode >= 300 {
		e.readBody()
	}
	return e
}

// ownError reports whether a document has one of the forms of the vendor's errors: a list of
// errors, error_code and message, or an object named error with a code in words. A message alone is
// not enough: some older services of the vendor send it, but gateways do too.
func ownError(document []byte) bool {
	var b errorBody
	if core.CheckMemory(document, &b) != nil || json.Unmarshal(document, &b) != nil {
		return false
	}
	words := func(code core.Text) bool { return code != "" && core.ParseNumber(string(code)) == 0 }
	return len(b.Errors) > 0 && b.Errors[0] != (node{}) || b.ErrorCode != "" || words(b.Error.Code)
}

// errorBody has the members of all forms of error documents: a list of errors; error_code and
// message; an object named error; a message alone; OAuth's two texts. Each member is decoded
// separately, because one of an unexpected type must not hide the others.
type errorBody struct {
	Errors      list      `json:"errors"`
	ErrorCode   core.Text `json:"error_code"`
	Message     core.Text `json:"message"`
	Error       node      `json:"error"`
	Description core.Text `json:"error_description"`
	RequestID   core.Text `json:"requestId"`
	DocURL      core.Text `json:"doc_url"`
}

// node is an entry of the list, or the object named error. A string in its place is its message.
type node struct {
	ID         core.Text `json:"id"`
	Status     core.Text `json:"status"`
	Code       core.Text `json:"code"`
	ErrorCode  core.Text `json:"error_code"`
	Title      core.Text `json:"title"`
	Detail     core.Text `json:"detail"`
	Details    core.Text `json:"details"`
	Message    core.Text `json:"message"`
	Resolution core.Text `json:"resolution"`
	Suggestion core.Text `json:"suggestion"`
	Source     source    `json:"source"`
}

type source struct {
	Pointer   core.Text `json:"pointer"`
	Parameter core.Text `json:"parameter"`
}

// The next three types ignore a value of another JSON type.
type list []node

func (l *list) UnmarshalJSON(b []byte) error {
	type plain list
	var p plain
	if json.Unmarshal(b, &p) == nil {
		*l = list(p)
	}
	return nil
}

func (n *node) UnmarshalJSON(b []byte) error {
	type plain node
	var p plain
	if json.Unmarshal(b, &p) == nil {
		*n = node(p)
		return nil
	}
	return n.Message.UnmarshalJSON(b)
}

func (s *source) UnmarshalJSON(b []byte) error {
	type plain source
	var p plain
	if json.Unmarshal(b, &p) == nil {
		*s = source(p)
	}
	return nil
}

// readBody reads the members that only the vendor's documents have. The core has already read the
// code and the text of others.
func (e *Error) readBody() {
	var b errorBody
	if core.CheckMemory(e.Body, &b) != nil || json.Unmarshal(e.Body, &b) != nil {
		return
	}
	nodes := b.Errors
	if len(nodes) == 0 {
		nodes = list{b.Error}
	}
	for i, n := range nodes {
		p := Problem{
			ID: string(n.ID), Status: string(n.Status), Title: string(n.Title),
			Code:       core.First(n.Code, n.ErrorCode),
			Detail:     core.First(n.Detail, n.Message, n.Title),
			Pointer:    string(n.Source.Pointer),
			Parameter:  string(n.Source.Parameter),
			Resolution: core.First(n.Resolution, n.Suggestion),
		}
		if i == 0 {
			p.Code = core.First(core.Text(p.Code), b.ErrorCode)
			p.Detail = core.First(core.Text(p.Detail), b.Message)
			p.Resolution = core.First(core.Text(p.Resolution), b.DocURL)
			n.Details = core.Text(core.First(n.Details, b.Description))
		}
		if n.Details != "" {
			p.Detail = strings.TrimPrefix(p.Detail+": "+string(n.Details), ": ")
		}
		if i == 0 {
			e.Code, e.Hint = core.First(core.Text(p.Code), core.Text(e.Code)), p.Resolution
			e.Detail = core.First(core.Text(p.Detail), core.Text(e.Detail))
		}
		if p != (Problem{}) {
			e.Problems = append(e.Problems, p)
		}
	}
	if e.RequestID == "" {
		e.RequestID = string(b.RequestID)
	}
}
