package core

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// Sizes, in bytes.
const (
	// defaultMaxResponse limits the body of a response.
	defaultMaxResponse = 32 << 20
	// maxPooled is the size of the largest buffer that is kept for other responses. It is also the
	// maximum size allocated because of a Content-Length header, which may be wrong.
	maxPooled = 1 << 20
	// partSize is the size of the parts in which the rest of a large body is read.
	partSize = maxPooled / 4
	// minRead is the minimum free space for each read of a body.
	minRead = 512
)

// buffer is the memory of a response body. It is reused for later responses.
type buffer struct{ b []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// response is an HTTP response with its body in memory. It implements io.ReadCloser for that body.
// Close returns its buffer: b must not be used after that.
type response struct {
	resp   *http.Response
	buffer *buffer // nil if it was returned, or never taken
	b      []byte  // the body, in buffer or in larger memory
	off    int     // number of bytes of b that are read
	closed bool
	cut    bool   // b is only the beginning of the body
	host   string // the host that sent it, if not the configured origin
	asked  serverWait
}

// serverWait is the wait that a response asks for.
type serverWait struct {
	read   bool // true if the other fields are valid
	stated bool
	wait   time.Duration
}

// serverWait returns the wait that r asks for, and whether it asks for one. It parses the header
// once.
func (r *response) serverWait(h ratelimit.Headers) (wait time.Duration, stated bool) {
	if !r.asked.read {
		wait, stated = h.Wait(r.resp, time.Now())
		r.asked = serverWait{read: true, stated: stated, wait: wait}
	}
	return r.asked.wait, r.asked.stated
}

// newResponse returns resp with an empty buffer for its body.
func newResponse(resp *http.Response) *response { return new(response).init(resp) }

// init makes r the response resp, with an empty buffer for its body.
func (r *response) init(resp *http.Response) *response {
	m, _ := buffers.Get().(*buffer)
	*r = response{resp: resp, buffer: m, b: m.b[:0]}
	return r
}

// Read implements [io.Reader].
func (r *response) Read(p []byte) (int, error) {
	switch {
	case r.closed:
		return 0, http.ErrBodyReadAfterClose
	case r.off >= len(r.b):
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	n := copy(p, r.b[r.off:])
	r.off += n
	return n, nil
}

// Close implements [io.Closer]. Only the first call returns the buffer.
func (r *response) Close() error {
	r.closed = true
	if m := r.buffer; m != nil && cap(r.b) <= maxPooled {
		m.b = r.b
		buffers.Put(m)
	}
	r.buffer, r.b = nil, nil
	return nil
}

// tooLargeError reports that a response body is larger than Config.MaxResponse.
type tooLargeError struct{ limit int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("response is larger than the limit of %d bytes", e.limit)
}

// errTruncated reports that a response body ended before its length was reached.
var errTruncated = fmt.Errorf("response ended too early: %w", io.ErrUnexpectedEOF)

// readBody reads the body of r.resp into r, and closes it. It returns r, or another response if the
// body was compressed. A body larger than limit is an error. With cut, it is cut at limit instead.
// With an error, the response has the bytes read so far.
func readBody(r *response, limit int64, cut bool) (*response, error) {
	resp := r.resp
	defer resp.Body.Close()
	if resp.ContentLength > limit && !cut {
		return r, &tooLargeError{limit}
	}
	// A wrong, too large length must not allocate memory that is never used.
	if want := int(min(max(resp.ContentLength, 0), limit, maxPooled)) + minRead; cap(r.b) < want {
		r.b = make([]byte, 0, want)
	}
	if err := r.fill(resp.Body, limit, cut); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errTruncated
		}
		return r, err
	}
	return normalized(r, limit, cut)
}

// fill appends up to limit bytes of from to r.
func (r *response) fill(from io.Reader, limit int64, cut bool) error {
	var full [][]byte // parts of a large body before r.b
	var before int64  // their size
	for {
		if cap(r.b)-len(r.b) < minRead {
			if full == nil && len(r.b) < maxPooled {
				r.b = append(r.b, make([]byte, len(r.b)+minRead)...)[:len(r.b)]
			} else { // doubling would take three times the memory of the body
				full, before, r.b = append(full, r.b), before+int64(len(r.b)), make([]byte, 0, partSize)
			}
		}
		free := r.b[len(r.b):cap(r.b)]
		n, err := from.Read(free[:min(int64(len(free)), limit+1-before-int64(len(r.b)))])
		r.b = r.b[:len(r.b)+n]
		over := before+int64(len(r.b)) > limit
		if over && cut {
			r.b = r.b[:len(r.b)-1]
		}
		if !over && err == nil {
			continue
		}
		if full != nil {
			r.b = bytes.Join(append(full, r.b), nil)
		}
		r.cut = over || err != io.EOF
		switch {
		case over && cut, !over && err == io.EOF:
			return nil
		case over:
			return &tooLargeError{limit}
		}
		return err
	}
}

// maxEncodings is the maximum number of times that a body may have been compressed.
const maxEncodings = 3

// byteOrderMark is U+FEFF in UTF-8. JSON must not begin with it, but some servers send it.
var byteOrderMark = []byte("\ufeff")

// normalized returns r without a byte order mark and with its body decompressed, if that has the
// gzip format. The header is ignored: a server may compress without declaring it, declare x-gzip,
// or compress because a middleware has requested it. In these cases net/http does not decompress. A
// body that can't be decompressed is left unchanged.
func normalized(r *response, limit int64, cut bool) (*response, error) {
	for range maxEncodings {
		plain, err := unzip(r, limit, cut)
		if plain == nil {
			break
		}
		if err != nil {
			plain.Close()
			return r, err
		}
		r.Close()
		r = plain
	}
	for bytes.HasPrefix(r.b, byteOrderMark) {
		r.b = append(r.b[:0], r.b[len(byteOrderMark):]...)
	}
	return r, nil
}

// unzip returns the response with the body decompressed, or nil if it can't be decompressed. The
// error is that the result is too large.
func unzip(r *response, limit int64, cut bool) (*response, error) {
	if !bytes.HasPrefix(r.b, []byte{0x1f, 0x8b}) {
		return nil, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(r.b))
	if err != nil {
		return nil, nil //nolint:nilerr // the body only begins like a compressed one
	}
	header := r.resp.Header.Clone() // the transport may share the header
	header.Del("Content-Encoding")
	header.Del("Content-Length")
	resp := *r.resp
	resp.Header, resp.ContentLength, resp.Uncompressed = header, -1, true
	plain := newResponse(&resp)
	switch err := plain.fill(z, limit, cut); {
	case err == nil, cut && len(plain.b) > 0 && errors.Is(err, io.ErrUnexpectedEOF):
		return plain, nil // a body that was cut can be decompressed up to its end
	case errors.As(err, new(*tooLargeError)):
		return plain, err
	}
	plain.Close()
	return nil, nil
}
