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

var pool = sync.Pool{New: func() any { return new(buffer) }}

// buffer is a reply's body in memory. Closing it gives the memory back.
type buffer struct {
	b      []byte
	off    int
	closed bool
}

func (b *buffer) Read(p []byte) (int, error) {
	switch {
	case b.closed:
		return 0, http.ErrBodyReadAfterClose
	case b.off >= len(b.b):
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	n := copy(p, b.b[b.off:])
	b.off += n
	return n, nil
}

// Close is safe to call twice; only the struct of the first call goes back, so that a late second call can't free another reply's memory.
func (b *buffer) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	if cap(b.b) <= maxPooled {
		pool.Put(&buffer{b: b.b[:0]})
	}
	b.b = nil
	return nil
}

type tooLargeError struct{ limit int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("reply is larger than the limit of %d bytes", e.limit)
}

// readBody reads and closes the body of resp. With an error comes what was read before it.
func readBody(resp *http.Response, limit int64) (*buffer, error) {
	defer resp.Body.Close()
	buf := pool.Get().(*buffer)
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

func (b *buffer) fill(r io.Reader, limit int64) error {
	for {
		if cap(b.b)-len(b.b) < minRead {
			b.b = append(b.b, make([]byte, len(b.b)+minRead)...)[:len(b.b)]
		}
		free := b.b[len(b.b):cap(b.b)]
		n, err := r.Read(free[:min(int64(len(free)), limit+1-int64(len(b.b)))])
		b.b = b.b[:len(b.b)+n]
		if int64(len(b.b)) > limit {
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
func unzip(in *buffer, limit int64) (*buffer, error) {
	z, err := gzip.NewReader(bytes.NewReader(in.b))
	if err != nil {
		return in, nil //nolint:nilerr // it only looked compressed
	}
	out := pool.Get().(*buffer)
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
