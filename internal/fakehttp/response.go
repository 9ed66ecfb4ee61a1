package fakehttp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
)

// Request is a request as passed to an operation.
type Request struct {
	*http.Request
	ID      string // request ID of the response
	Caller  string // from [Config.Auth]; by default the remote host
	Payload []byte // the whole body; Request.Body has been read
}

// MediaType returns the media type of the request body without parameters, in lower case. It
// returns "" if there is none or if it is not valid.
func (r *Request) MediaType() string {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media
}

// Response is a response before it is sent.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON returns a response with v as its JSON body. It panics if v can't be encoded.
func JSON(status int, v any) Response {
	body, err := encode(v)
	if err != nil {
		panic(fmt.Errorf("fakehttp: encode response: %w", err))
	}
	return Response{status, http.Header{"Content-Type": {"application/json"}}, body}
}

func encode(v any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // a stored value is sent as it was received
	err := enc.Encode(v)
	return bytes.TrimSpace(buf.Bytes()), err
}

// Text returns a response in plain text.
func Text(status int, body string) Response {
	return Response{status, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, []byte(body)}
}

// With returns a copy of the response with a header set.
func (r Response) With(key, value string) Response {
	r.Header = maps.Clone(r.Header)
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(key, value)
	return r
}

// canonical returns a copy of h with canonical keys.
func canonical(h http.Header) http.Header {
	out := make(http.Header, len(h)+6)
	for key, values := range h {
		out[http.CanonicalHeaderKey(key)] = slices.Clone(values)
	}
	return out
}

// cut closes the connection, or resets the HTTP/2 stream, before the headers end. It sends a status
// line first: net/http would repeat a call by itself if a reused connection ended without a byte,
// and would report a broken status line as a malformed response, instead of an unexpected end.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
	_ = conn.Close()
}

// send writes a response, or half of its body with the Content-Length of the whole body.
func send(w http.ResponseWriter, resp Response, truncate bool) {
	if values, present := resp.Header["Content-Type"]; len(resp.Body) > 0 && resp.Header.Get("Content-Type") == "" &&
		(!present || len(values) > 0) {
		resp.Header.Set("Content-Type", contentType(resp.Body))
	}
	maps.Copy(w.Header(), resp.Header) // a key without values stops net/http from adding its own
	if hasBody(resp.Status) {
		length := len(resp.Body)
		if truncate {
			length = max(length, 1)
		}
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(resp.Status)
	if !truncate {
		_, _ = w.Write(resp.Body) // no error for a client that has left
		return
	}
	_, _ = w.Write(resp.Body[:len(resp.Body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// hasBody reports whether a response with this status has a body, possibly an empty one.
func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

func contentType(body []byte) string {
	if json.Valid(body) {
		return "application/json"
	}
	return http.DetectContentType(body)
}
