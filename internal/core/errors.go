package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/integrations-go/sdk/ratelimit"
)

// The conditions that all vendor packages share. A vendor's error type answers [errors.Is] for them.
var (
	ErrNotFound       = errors.New("not found")
	ErrUnauthorized   = errors.New("unauthorized")
	ErrForbidden      = errors.New("forbidden")
	ErrConflict       = errors.New("conflict")
	ErrInvalid        = errors.New("invalid")
	ErrRateLimited    = errors.New("rate limited")
	ErrQuotaExceeded  = errors.New("quota exceeded")
	ErrUnavailable    = errors.New("unavailable")
	ErrOutcomeUnknown = errors.New("outcome unknown")
)

// Failure is a call that did not succeed, before a vendor package makes its own error of it.
type Failure struct {
	Operation      string
	Method, Path   string
	StatusCode     int // 0 where no reply came
	Header         http.Header
	Body           []byte // at most maxErrorBody bytes
	RequestID      string
	RetryAfter     time.Duration
	Attempts       int // 0 where nothing was sent
	OutcomeUnknown bool
	Argument       string // the argument that was refused before sending
	Err            error  // the cause where it is not the status: transport, decoding, the context
}

// ErrorText is what the Error methods of the vendor packages have in common.
type ErrorText struct {
	Vendor, Operation, Method, Path string
	StatusCode, Attempts            int
	Detail, Code, RequestID         string
	OutcomeUnknown                  bool
	Argument                        string
	Err                             error
}

// String tells what was called, what came back, and after how many attempts.
func (t ErrorText) String() string {
	var b strings.Builder
	b.WriteString(t.Vendor)
	for _, s := range []string{t.Operation, strings.TrimSpace(t.Method + " " + t.Path)} {
		if s != "" {
			b.WriteString(": " + s)
		}
	}
	if t.Argument != "" {
		b.WriteString(": invalid argument " + t.Argument)
	}
	if t.StatusCode != 0 {
		b.WriteString(": " + strconv.Itoa(t.StatusCode))
		if s := http.StatusText(t.StatusCode); s != "" {
			b.WriteString(" " + s)
		}
	}
	if t.Detail != "" {
		b.WriteString(": " + oneLine(t.Detail, 500))
	}
	if t.Err != nil {
		b.WriteString(": " + oneLine(t.Err.Error(), 2000))
	}
	var notes []string
	if t.Code != "" {
		notes = append(notes, "code "+oneLine(t.Code, 100))
	}
	if t.RequestID != "" {
		notes = append(notes, "request id "+oneLine(t.RequestID, 100))
	}
	if t.Attempts > 0 {
		notes = append(notes, "attempts "+strconv.Itoa(t.Attempts))
	}
	if t.OutcomeUnknown {
		notes = append(notes, "it may have been carried out")
	}
	if len(notes) > 0 {
		b.WriteString(" (" + strings.Join(notes, ", ") + ")")
	}
	return b.String()
}

// LogValue is a failure as a group of attributes for package slog.
func (t ErrorText) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("message", t.String()),
		slog.String("operation", t.Operation),
		slog.Int("status", t.StatusCode),
		slog.String("code", t.Code),
		slog.String("request_id", t.RequestID),
		slog.Int("attempts", t.Attempts),
	)
}

// Text takes a string or a number out of JSON, and nothing from anything else: a member of an unexpected type must not hide the others.
type Text string

// UnmarshalJSON never fails.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	var n json.Number
	if json.Unmarshal(b, &s) == nil {
		*t = Text(s)
	} else if json.Unmarshal(b, &n) == nil {
		*t = Text(n)
	}
	return nil
}

// First is the first text that is not empty.
func First(texts ...Text) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

// IsCondition reports whether a failure with these properties is the condition target.
func IsCondition(target error, status int, outcomeUnknown bool, argument string, err error) bool {
	switch target {
	case ErrNotFound:
		return status == http.StatusNotFound || status == http.StatusGone
	case ErrUnauthorized:
		return status == http.StatusUnauthorized
	case ErrForbidden:
		return status == http.StatusForbidden
	case ErrConflict:
		return status == http.StatusConflict
	case ErrInvalid:
		return argument != "" || status == http.StatusBadRequest || status == http.StatusUnprocessableEntity
	case ErrRateLimited:
		return status == http.StatusTooManyRequests || errors.Is(err, ratelimit.ErrWaitTooLong)
	case ErrQuotaExceeded:
		return status == http.StatusPaymentRequired
	case ErrUnavailable:
		return status >= 500 || errors.As(err, new(*NoReplyError)) || errors.As(err, new(*attemptTimeoutError))
	case ErrOutcomeUnknown:
		return outcomeUnknown
	}
	return false
}

// NoReplyError says that no complete reply came, for a reason other than the caller's context.
type NoReplyError struct{ Err error }

func (e *NoReplyError) Error() string { return "no complete reply: " + e.Err.Error() }

// Unwrap gives the transport's error.
func (e *NoReplyError) Unwrap() error { return e.Err }

// ReplyError says that a reply came with a good status, but that it is not what the operation promises.
type ReplyError struct {
	Problem string
	Err     error
}

func (e *ReplyError) Error() string {
	if e.Err == nil {
		return e.Problem
	}
	return e.Problem + ": " + e.Err.Error()
}

// Unwrap gives the decoder's error, if any.
func (e *ReplyError) Unwrap() error { return e.Err }

// RefusedError says that a reply with a good status tells of a failure.
type RefusedError struct {
	Status int // the HTTP status that the reply should have had
	Err    error
}

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap gives what the server said.
func (e *RefusedError) Unwrap() error { return e.Err }

// scrubbedError is an error whose own text shows a credential.
type scrubbedError struct {
	text string
	err  error
}

func (e *scrubbedError) Error() string { return e.text }
func (e *scrubbedError) Unwrap() error { return e.err }

// attemptTimeoutError ends an attempt that takes longer than Config.AttemptTimeout.
type attemptTimeoutError struct{ after time.Duration }

func (e *attemptTimeoutError) Error() string { return "attempt took longer than " + e.after.String() }

// Timeout marks the error as a time-out for net.Error users.
func (e *attemptTimeoutError) Timeout() bool { return true }

// ArgumentError names an argument that is refused before anything is sent.
type ArgumentError struct{ Name, Problem string }

func (e *ArgumentError) Error() string { return e.Problem }

// Arg refuses the argument name.
func Arg(name, format string, args ...any) error {
	return &ArgumentError{Name: name, Problem: fmt.Sprintf(format, args...)}
}

// PathValue refuses values that would change the path they are put into: a delete of "" is a delete of the collection.
func PathValue(name, value string) error {
	if err := Required(name, value); err != nil {
		return err
	}
	if value == "." || value == ".." {
		return Arg(name, "is %q, which a URL path cannot carry", value)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Arg(name, "has control characters")
	}
	if !utf8.ValidString(value) {
		return Arg(name, "is not UTF-8")
	}
	return nil
}

// Required refuses an empty value.
func Required(name, value string) error {
	if strings.TrimSpace(value) == "" {
		return Arg(name, "is empty")
	}
	return nil
}

// MaxRunes refuses a value longer than limit characters.
func MaxRunes(name, value string, limit int) error {
	if n := len([]rune(value)); n > limit {
		return Arg(name, "has %d characters, more than the %d allowed", n, limit)
	}
	return nil
}

// Between refuses a number outside low..high.
func Between(name string, value, low, high int) error {
	if value < low || value > high {
		return Arg(name, "is %d, not in %d..%d", value, low, high)
	}
	return nil
}

// Refuse makes the vendor's error of the first failed check, nil if there is none.
func Refuse(newError func(*Failure) error, operation string, checks ...error) error {
	i := slices.IndexFunc(checks, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	f := &Failure{Operation: operation, Err: checks[i]}
	if a, ok := errors.AsType[*ArgumentError](checks[i]); ok {
		f.Argument = a.Name
	}
	return newError(f)
}

// Ended reports whether the caller's own context ended, and why.
func Ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}

// Excerpt is the beginning of a body that is no document, or one of no known shape, for an error's text. Markup, null and {} are left out: they say nothing that the status
// doesn't.
func Excerpt(body []byte) string {
	s := strings.TrimSpace(string(body[:min(len(body), 2048)]))
	if s == "null" || s == "{}" || strings.HasPrefix(s, "<") || strings.ContainsRune(s, 0xfffd) || strings.ContainsRune(s, 0) {
		return ""
	}
	return oneLine(s, 200)
}

// oneLine folds white space and cuts after limit characters.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return s
}

var errTruncated = fmt.Errorf("reply broke off: %w", io.ErrUnexpectedEOF)
