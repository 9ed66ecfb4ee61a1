package core

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

const (
	// DefaultMaxResponse caps how much of one reply is read, in bytes.
	DefaultMaxResponse = 32 << 20
	maxErrorBody       = 64 << 10
	maxSecret          = 4 << 10
	maxPooled          = 1 << 20
	minRead            = 512
)

// memory is what replies are read into, again and again.
type memory struct{ b []byte }

var pool = sync.Pool{New: func() any { return new(memory) }}

// reply is a response with its body in memory. Closing it, as a body, gives the memory back.
type reply struct {
	resp   *http.Response
	memory *memory // nil when given back, or where there is none
	b      []byte
	off    int
	closed bool
}

func newReply(resp *http.Response) *reply { return new(reply).of(resp) }

// newReply keeps the first reply in the call itself: most calls have no other.
func (cs *call) newReply(resp *http.Response) *reply {
	if cs.replies++; cs.replies == 1 {
		return cs.reply.of(resp)
	}
	return newReply(resp)
}

// of takes memory for the body of resp.
func (r *reply) of(resp *http.Response) *reply {
	m, _ := pool.Get().(*memory)
	*r = reply{resp: resp, memory: m, b: m.b[:0]}
	return r
}

func (r *reply) Read(p []byte) (int, error) {
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

// Close is safe to call twice: only the first gives the memory back.
func (r *reply) Close() error {
	r.closed = true
	if m := r.memory; m != nil && cap(r.b) <= maxPooled {
		m.b = r.b
		pool.Put(m)
	}
	r.memory, r.b = nil, nil
	return nil
}

type tooLargeError struct{ limit int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("reply is larger than the limit of %d bytes", e.limit)
}

// readBody reads and closes the body of the response in buf. With an error comes what was read before it.
func readBody(buf *reply, limit int64) (*reply, error) {
	resp := buf.resp
	defer resp.Body.Close()
	if resp.ContentLength > limit {
		return buf, &tooLargeError{limit}
	}
	// A length that lies must not make us take memory that never gets filled.
	if want := int(min(max(resp.ContentLength, 0), maxPooled)) + minRead; cap(buf.b) < want {
		buf.b = make([]byte, 0, want)
	}
	if err := buf.fill(resp.Body, limit); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errTruncated
		}
		return buf, err
	}
	if resp.Header.Get("Content-Encoding") == "" && bytes.HasPrefix(buf.b, []byte{0x1f, 0x8b}) {
		return unzip(buf, limit)
	}
	return buf, nil
}

func (r *reply) fill(from io.Reader, limit int64) error {
	for {
		if cap(r.b)-len(r.b) < minRead {
			r.b = append(r.b, make([]byte, len(r.b)+minRead)...)[:len(r.b)]
		}
		free := r.b[len(r.b):cap(r.b)]
		n, err := from.Read(free[:min(int64(len(free)), limit+1-int64(len(r.b)))])
		r.b = r.b[:len(r.b)+n]
		if int64(len(r.b)) > limit {
			return &tooLargeError{limit}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// unzip undoes a compression that the server did not declare. What can't be undone stays as it is.
func unzip(in *reply, limit int64) (*reply, error) {
	z, err := gzip.NewReader(bytes.NewReader(in.b))
	if err != nil {
		return in, nil //nolint:nilerr // it only looked compressed
	}
	out := newReply(in.resp)
	if err := out.fill(z, limit); err != nil {
		out.Close()
		if errors.As(err, new(*tooLargeError)) {
			return in, err
		}
		return in, nil
	}
	in.Close()
	return out, nil
}
