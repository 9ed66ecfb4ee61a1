package confluent

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// The conditions that an [*Error] can be, for [errors.Is].
var (
	// ErrNotFound: 404 or 410, or nothing of that name. Confluent Cloud also answers 403 for objects and environments that do not exist.
	ErrNotFound = core.ErrNotFound
	// ErrUnauthorized: 401, or 403 with the words "invalid API key".
	ErrUnauthorized = core.ErrUnauthorized
	// ErrForbidden: 403.
	ErrForbidden = core.ErrForbidden
	// ErrConflict: 409, more than one object of a name, or an object that differs from the wanted one.
	ErrConflict = core.ErrConflict
	// ErrInvalid: an argument that was refused before anything was sent (StatusCode is 0 and Argument names it), or 400 or 422.
	ErrInvalid = core.ErrInvalid
	// ErrRateLimited: 429, or a wait for the rate limit that is longer than allowed or than the context lasts.
	ErrRateLimited = core.ErrRateLimited
	// ErrQuotaExceeded: 402, or a 400 that speaks of a quota.
	ErrQuotaExceeded = core.ErrQuotaExceeded
	// ErrUnavailable: 5xx, or no reply.
	ErrUnavailable = core.ErrUnavailable
	// ErrOutcomeUnknown: the reply to a POST or PATCH was lost or says nothing, so that the server may or may not have carried it out. It was
	// not repeated: look before you do.
	ErrOutcomeUnknown = core.ErrOutcomeUnknown
)

// Error is what every method of this package returns when it fails. Its text names the operation, the status, the request id and the
// number of attempts, and never a credential.
type Error struct {
	Operation string // the method, as in "Integrations.Get"
	Method    string // of HTTP
	Path      string // of the URL, without the query

	StatusCode int    // 0 where no reply came
	RequestID  string // X-Request-Id, which Confluent's support asks for
	Code       string // the vendor's code of the first problem, for example quota_exceeded
	Detail     string // the vendor's text of the first problem
	Hint       string // the vendor's advice, where there is one

	// Problems are all that the vendor names.
	Problems []Problem

	// RetryAfter is how long the server asked to wait: Retry-After, else X-RateLimit-Reset of a 429. 0 where it did not say.
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

// Problem is one entry of the vendor's list of errors.
type Problem struct {
	ID         string // of this occurrence, which Confluent's support asks for
	Status     string // of HTTP, as text
	Code       string // the vendor's
	Title      string // the kind of problem, in a few words
	Detail     string // what happened this time
	Pointer    string // JSON pointer into the request body
	Parameter  string // query parameter
	Resolution string // the vendor's advice
}

// Error tells what was called and how it failed, in one line.
func (e *Error) Error() string { return e.text().String() }

func (e *Error) text() core.ErrorText {
	return core.ErrorText{
		Vendor: "confluent", Operation: e.Operation, Method: e.Method, Path: e.Path,
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
	switch target {
	case ErrQuotaExceeded:
		if e.StatusCode == http.StatusBadRequest && (e.Code == "quota_exceeded" || strings.Contains(e.Detail, "is currently limited to")) {
			return true
		}
	case ErrUnauthorized:
		if invalidKey(e.StatusCode, e.Body) {
			return true
		}
	}
	return core.IsCondition(target, e.StatusCode, e.OutcomeUnknown, e.Argument, e.Err)
}

// invalidKey recognizes a key that is no more, which the vendor answers with a 403.
func invalidKey(status int, body []byte) bool {
	return status == http.StatusForbidden && bytes.Contains(body, []byte("invalid API key"))
}

// gone is what the vendor answers for an object that is not there: 404, 410, or 403.
func gone(f *core.Failure) bool {
	return f.StatusCode == http.StatusNotFound || f.StatusCode == http.StatusGone || f.StatusCode == http.StatusForbidden && !invalidKey(f.StatusCode, f.Body)
}

// LogValue is the error as a group of attributes for package slog.
func (e *Error) LogValue() slog.Value { return e.text().LogValue() }

// refuse is the error of the first failed check, before anything is sent.
func refuse(op string, checks ...error) error { return core.Refuse(newError, op, checks...) }

// newError is the core's hook: it reads whatever shape the body has.
func newError(f *core.Failure) error {
	e := &Error{
		Operation: f.Operation, Method: f.Method, Path: f.Path,
		StatusCode: f.StatusCode, RequestID: f.RequestID,
		RetryAfter: f.RetryAfter, Attempts: f.Attempts, OutcomeUnknown: f.OutcomeUnknown, Argument: f.Argument,
		Header: f.Header, Body: f.Body, Err: f.Err,
	}
	if f.StatusCode >= 300 {
		e.readBody()
	} else if len(f.Body) > 0 && !json.Valid(f.Body) {
		e.Detail = core.Excerpt(f.Body)
	}
	return e
}

// errorBody is all shapes in one: a list of errors; error_code and message; an object named error; a message alone; OAuth's pair of
// texts. Every member is read by itself, because one of an unexpected type must not hide the others.
type errorBody struct {
	Errors      list      `json:"errors"`
	ErrorCode   core.Text `json:"error_code"`
	Message     core.Text `json:"message"`
	Error       node      `json:"error"`
	Description core.Text `json:"error_description"`
	RequestID   core.Text `json:"requestId"`
	DocURL      core.Text `json:"doc_url"`
}

// node is an entry of the list, and the object named error. A text in its place is its message.
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

// The next three ignore a value that is not of their kind.

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

func (e *Error) readBody() {
	var b errorBody
	if json.Unmarshal(e.Body, &b) != nil {
		e.Detail = core.Excerpt(e.Body)
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
			e.Code, e.Detail, e.Hint = p.Code, p.Detail, p.Resolution
		}
		if p != (Problem{}) {
			e.Problems = append(e.Problems, p)
		}
	}
	if len(e.Problems) == 0 && e.Code == "" && e.Detail == "" {
		e.Detail = core.Excerpt(e.Body) // of a shape that is not known
	}
	if e.RequestID == "" {
		e.RequestID = string(b.RequestID)
	}
}
