package core

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// checkText returns an error if the path, the query or the JSON body of a caller's request is not
// UTF-8, or if the JSON body is not as long as stated. If the body can be read only once, it reads
// the body and sets req.Body to a copy. When the context of req ends, it closes the body, and
// returns after the current call of Read.
func checkText(req *http.Request) error {
	if !utf8.ValidString(req.URL.Path) {
		return Arg("request path", "is not UTF-8")
	}
	if err := checkQueryText(req.URL.RawQuery); err != nil {
		return err
	}
	if !sendsJSON(req) {
		return nil
	}
	b, err := peekBody(req)
	if err != nil {
		return err
	}
	if req.ContentLength > 0 && req.ContentLength != int64(len(b)) {
		return Arg("request body", "has %d bytes, but ContentLength is %d", len(b), req.ContentLength)
	}
	if !utf8.Valid(b) {
		return Arg("request body", "is not UTF-8 at byte %d", invalidAt(b))
	}
	return nil
}

// checkQueryText also checks percent-encoded text. It ignores invalid encodings, which the server
// handles.
func checkQueryText(query string) error {
	if !utf8.ValidString(query) {
		return Arg("request query", "is not UTF-8")
	}
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		switch {
		case nameErr == nil && !utf8.ValidString(name):
			return Arg("request query", "has a name that is not UTF-8")
		case valueErr == nil && !utf8.ValidString(value):
			return Arg("request query", "is not UTF-8 in the value of %q", name)
		}
	}
	return nil
}

// sendsJSON reports whether a request has a body that is JSON, or that has no type.
func sendsJSON(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return false
	}
	if encoding := req.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	contentType := req.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType == ""
	}
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// peekBody returns the body of a request, which can still be sent.
func peekBody(req *http.Request) ([]byte, error) {
	ctx, body := req.Context(), req.Body
	if req.GetBody != nil {
		again, err := req.GetBody()
		if err != nil {
			return nil, fmt.Errorf("request body: %w", err)
		}
		body = again
	}
	stop := context.AfterFunc(ctx, func() { body.Close() })
	b, err := io.ReadAll(untilEnd{ctx, body})
	if stop() {
		if failed := body.Close(); err == nil && req.GetBody == nil {
			err = failed
		}
	}
	if ended := Ended(ctx); ended != nil {
		err = Join(ended, err)
	}
	if err != nil {
		return nil, fmt.Errorf("request body: %w", err)
	}
	if req.GetBody == nil {
		req.Body = io.NopCloser(bytes.NewReader(b))
	}
	return b, nil
}

// untilEnd is a reader that also ends when ctx ends.
type untilEnd struct {
	ctx context.Context
	io.Reader
}

// Read implements [io.Reader].
func (r untilEnd) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, io.EOF // the caller checks the context
	}
	return r.Reader.Read(p)
}

// invalidAt returns the index of the first byte that is not UTF-8.
func invalidAt(b []byte) int {
	at := 0
	for at < len(b) {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}
