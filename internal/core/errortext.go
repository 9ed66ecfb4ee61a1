package core

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Maximum lengths of the parts of an error's text, in characters.
const (
	maxDetailText  = 500
	maxCauseText   = 2000
	maxNoteText    = 100
	maxExcerptText = 200
)

// String returns the text of the vendor's error on one line: the operation, the status, the
// vendor's detail and the cause, and in parentheses data that identifies the call.
func (f *Failure) String() string {
	var b strings.Builder
	b.WriteString(f.Vendor)
	for _, s := range []string{f.Operation, strings.TrimSpace(f.Method + " " + f.Path)} {
		if s != "" {
			b.WriteString(": " + s)
		}
	}
	if f.Argument != "" {
		b.WriteString(": invalid argument " + f.Argument)
	}
	if f.StatusCode != 0 {
		b.WriteString(": " + strconv.Itoa(f.StatusCode))
		if s := http.StatusText(f.StatusCode); s != "" {
			b.WriteString(" " + s)
		}
	}
	if f.Detail != "" {
		b.WriteString(": " + oneLine(f.Detail, maxDetailText))
	}
	if f.Err != nil {
		b.WriteString(": " + oneLine(f.Err.Error(), maxCauseText))
	}
	if notes := f.notes(); len(notes) > 0 {
		b.WriteString(" (" + strings.Join(notes, ", ") + ")")
	}
	return b.String()
}

// notes returns the parts of the text in parentheses.
func (f *Failure) notes() []string {
	var notes []string
	if f.Code != "" {
		notes = append(notes, "code "+oneLine(f.Code, maxNoteText))
	}
	if f.RequestID != "" {
		notes = append(notes, "request id "+oneLine(f.RequestID, maxNoteText))
	}
	if f.Attempts > 0 {
		notes = append(notes, "attempts "+strconv.Itoa(f.Attempts))
	}
	if f.RetryAfter > 0 && f.StatusCode != 0 {
		notes = append(notes, "asked to wait "+f.RetryAfter.Round(time.Millisecond).String())
	}
	if f.NotRepeated != "" {
		notes = append(notes, "not repeated: "+oneLine(f.NotRepeated, maxNoteText))
	}
	if f.OutcomeUnknown {
		notes = append(notes, "it may have been carried out")
	}
	return notes
}

// LogValue returns the error as a group of attributes.
func (f *Failure) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("message", f.String()),
		slog.String("operation", f.Operation),
		slog.Int("status", f.StatusCode),
		slog.String("code", oneLine(f.Code, maxNoteText)),
		slog.String("request_id", oneLine(f.RequestID, maxNoteText)),
		slog.Int("attempts", f.Attempts),
	)
}

// MarshalJSON returns the attributes of LogValue as an object. It leaves out the header and body of
// the response, which may contain secrets.
func (f *Failure) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	for _, a := range f.LogValue().Group() {
		members[a.Key] = a.Value.Any()
	}
	return json.Marshal(members)
}

// FormatError writes the text of an error for every verb of package fmt. No verb shows its fields.
func FormatError(w fmt.State, verb rune, err error) {
	if strings.ContainsRune("sqxX", verb) {
		fmt.Fprintf(w, fmt.FormatString(w, verb), err.Error())
		return
	}
	_, _ = io.WriteString(w, err.Error())
}

// Excerpt returns the beginning of body for the text of an error. It is for bodies without a known
// form. It returns "" for markup, null and {}, which add nothing to the status, and for bodies that
// are not text.
func Excerpt(body []byte) string {
	const beginning = 2048 // in bytes; enough for the excerpt in any language, with much white space
	if end := beginning; len(body) > end {
		for end > 0 && !utf8.RuneStart(body[end]) {
			end-- // the text must not end within a character
		}
		body = body[:end]
	}
	s := strings.TrimSpace(string(body))
	notText := strings.ContainsRune(s, utf8.RuneError) || strings.ContainsRune(s, 0)
	if s == "null" || s == "{}" || strings.HasPrefix(s, "<") || notText {
		return ""
	}
	return oneLine(s, maxExcerptText)
}

// OneLine returns a value of a server as a part of an error's text: [oneLine] without a limit.
func OneLine[S ~string](s S) string { return oneLine(string(s), math.MaxInt) }

// oneLine returns s with each run of white space as one space, cut after limit characters. Control
// characters, and those that change the direction of text, are escaped as in a Go string. Bytes
// that are not UTF-8 become U+FFFD, because some terminals take them for control characters.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, string(utf8.RuneError))), " ")
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "..."
	}
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden reports whether r is invisible, or changes how the following text is shown.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}
