package fakehttp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
)

// Transport reaches the server without a socket, whatever host a request names. A call runs in the
// goroutine of its client: the clock of synctest controls delays, also if the server was created
// outside the bubble. The error of a cut connection is io.ErrUnexpectedEOF, as in HTTP/1.1.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

// errClosed is the error of a call to a closed server in memory.
var errClosed = errors.New("fakehttp: the server is closed")

type transport struct{ server *Server }

// RoundTrip serves the request.
func (t transport) RoundTrip(out *http.Request) (*http.Response, error) {
	ctx := out.Context()
	in := out.Clone(ctx)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer func() { _ = in.Body.Close() }()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if t.server.closed.Load() {
		return nil, errClosed
	}
	in.RequestURI = out.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1

	w := &recorder{header: http.Header{}, head: in.Method == http.MethodHead}
	w.run(t.server, in)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if w.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	maps.DeleteFunc(w.header, func(_ string, values []string) bool { return len(values) == 0 })
	length, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64)
	if err != nil {
		length = int64(w.body.Len())
	}
	var body io.Reader = &w.body
	if w.cut {
		body = io.MultiReader(body, cutReader{})
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(body), ContentLength: length, Request: out,
	}, nil
}

// recorder is the server's side of a call in memory.
type recorder struct {
	header http.Header
	head   bool // the request is a HEAD
	status int
	body   bytes.Buffer
	cut    bool
}

func (w *recorder) run(s *Server, r *http.Request) {
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler {
			w.cut = true
		} else if cause != nil {
			panic(cause)
		}
	}()
	s.serve(w, r)
}

func (w *recorder) Header() http.Header    { return w.header }
func (w *recorder) WriteHeader(status int) { w.status = status }
func (w *recorder) Flush()                 {}

// Write drops the body if net/http would not send it.
func (w *recorder) Write(p []byte) (int, error) {
	if w.head || !hasBody(w.status) {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(p)
}

type cutReader struct{}

func (cutReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
