package ratelimit

import (
	"io"
	"net/http"
	"sync"
)

// Transport is an [http.RoundTripper] that sends each request when its
// [Limiter] admits it. Make it with [NewTransport].
//
// A request is over, and its place free, when its body has been read to the
// end or closed, when it failed, or when the connection was switched to
// another protocol (status 101). A redirect is a request of its own.
type Transport struct {
	base    http.RoundTripper
	limiter Limiter
}

// NewTransport returns a Transport that sends through base. A nil base means a
// clone of [http.DefaultTransport], a nil l admits everything at once.
func NewTransport(base http.RoundTripper, l Limiter) *Transport {
	if base == nil {
		base = http.DefaultTransport
		if t, ok := base.(*http.Transport); ok {
			base = t.Clone()
		}
	}
	return &Transport{base, l}
}

// RoundTrip implements [http.RoundTripper]. It leaves req as it is. If the
// limiter does not admit req, nothing is sent and the limiter's error returned.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
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
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		t.limiter.Release(p)
		return resp, err
	}
	t.limiter.Observe(p, resp)
	if resp.Body == nil || resp.Body == http.NoBody || resp.StatusCode == http.StatusSwitchingProtocols {
		t.limiter.Release(p) // A body of status 101 is also an io.Writer, and stays one.
		return resp, nil
	}
	resp.Body = &body{
		ReadCloser: resp.Body,
		release:    sync.OnceFunc(func() { t.limiter.Release(p) }),
	}
	return resp, nil
}

// CloseIdleConnections passes the call on to the base, if it has such a method.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type body struct {
	io.ReadCloser
	release func()
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.release()
	}
	return n, err
}

func (b *body) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
