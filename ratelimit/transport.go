package ratelimit

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Transport is an [http.RoundTripper] that sends each request when its [Limiter] admits it. Create
// it with [NewTransport].
//
// A request ends, and its place is free, when its body has been read to the end or closed, when it
// failed, or when the connection was switched to another protocol (status 101). A base that panics
// or ends its goroutine frees the place as well. A redirect is a request of its own.
type Transport struct {
	base    http.RoundTripper
	limiter Limiter
}

// NewTransport returns a Transport that sends through base. If base is nil, it uses a clone of
// [http.DefaultTransport]. A nil l admits every request at once. A nil *[Local] admits no request;
// see [Local.Acquire].
func NewTransport(base http.RoundTripper, l Limiter) *Transport {
	if base == nil {
		base = http.DefaultTransport
		if t, ok := base.(*http.Transport); ok {
			base = t.Clone()
		}
	}
	return &Transport{base, l}
}

var errNoBase = errors.New("ratelimit: the *Transport is nil or empty; create it with NewTransport")

// RoundTrip implements [http.RoundTripper]. It does not change req. If the limiter does not admit
// req, RoundTrip sends nothing and returns the limiter's error. A Transport that is nil, or not
// from NewTransport, returns an error.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t == nil || t.base == nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, errNoBase
	}
	if t.limiter == nil {
		return t.base.RoundTrip(req)
	}
	p, err := t.limiter.Acquire(req.Context(), req)
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	ended := true // also where the base panics
	defer func() {
		if ended {
			t.limiter.Release(p)
		}
	}()
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return resp, err
	}
	if resp == nil {
		return nil, fmt.Errorf("ratelimit: the base of the transport, a %T, returned no response and no error", t.base)
	}
	t.limiter.Observe(p, resp)
	if resp.Body == nil || resp.Body == http.NoBody || resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, nil // A body of status 101 is also an io.Writer, and stays one.
	}
	resp.Body = &body{
		ReadCloser: resp.Body,
		release:    sync.OnceFunc(func() { t.limiter.Release(p) }),
	}
	ended = false
	return resp, nil
}

// CloseIdleConnections calls the same method of the base, if it has one.
func (t *Transport) CloseIdleConnections() {
	if t == nil {
		return
	}
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// body is a response body that releases a Permit at its end.
type body struct {
	io.ReadCloser
	release func() // may be called several times
}

// Read implements [io.Reader]. It releases the Permit at the first error.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.release()
	}
	return n, err
}

// Close implements [io.Closer]. It releases the Permit, also if it returns an error or panics.
func (b *body) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
