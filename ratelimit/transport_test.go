package ratelimit_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// log is a Limiter that records its calls. It admits every request, or none if err is set.
type log struct {
	calls []string
	err   error
}

func (l *log) Acquire(_ context.Context, req *http.Request) (ratelimit.Permit, error) {
	l.calls = append(l.calls, "acquire "+req.URL.Host)
	return ratelimit.Permit{Seq: 7}, l.err
}

func (l *log) Observe(p ratelimit.Permit, resp *http.Response) {
	l.calls = append(l.calls, "observe "+resp.Status)
}

func (l *log) Release(p ratelimit.Permit) { l.calls = append(l.calls, "release") }

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	return nil
}

func TestTransport(t *testing.T) {
	broken := errors.New("broken")
	open := []string{"acquire server.example", "observe 200 OK"}
	over := append(slices.Clip(open), "release")
	answer := func(body io.ReadCloser) roundTripper {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Status: "200 OK", Header: http.Header{}, Body: body}, nil
		}
	}
	send := func(t *testing.T, base http.RoundTripper, l *log) *http.Response {
		t.Helper()
		req := httptest.NewRequest("GET", "http://server.example/", nil)
		resp, err := ratelimit.NewTransport(base, l).RoundTrip(req)
		require.NoError(t, err)
		return resp
	}

	t.Run("closed", func(t *testing.T) {
		l, c := &log{}, &closer{Reader: strings.NewReader("body")}
		resp := send(t, answer(c), l)
		assert.Equal(t, open, l.calls)
		resp.Body.Close()
		resp.Body.Close()
		assert.True(t, c.closed)
		assert.Equal(t, over, l.calls)
	})
	t.Run("read to the end", func(t *testing.T) {
		l := &log{}
		resp := send(t, answer(io.NopCloser(strings.NewReader("body"))), l)
		b := make([]byte, 2)
		io.ReadFull(resp.Body, b)
		assert.Equal(t, open, l.calls)
		rest, err := io.ReadAll(resp.Body)
		assert.NoError(t, err)
		assert.Equal(t, "body", string(b)+string(rest))
		assert.Equal(t, over, l.calls)
		resp.Body.Close()
		assert.Equal(t, over, l.calls)
	})
	t.Run("broken body", func(t *testing.T) {
		l := &log{}
		pr, pw := io.Pipe()
		pw.CloseWithError(broken)
		resp := send(t, answer(pr), l)
		_, err := io.ReadAll(resp.Body)
		assert.ErrorIs(t, err, broken)
		assert.Equal(t, over, l.calls)
	})
	t.Run("no body", func(t *testing.T) {
		for _, body := range []io.ReadCloser{nil, http.NoBody} {
			l := &log{}
			assert.Equal(t, body, send(t, answer(body), l).Body)
			assert.Equal(t, over, l.calls)
		}
	})
	t.Run("request failed", func(t *testing.T) {
		l := &log{}
		base := roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken })
		_, err := ratelimit.NewTransport(base, l).RoundTrip(httptest.NewRequest("GET", "http://server.example/", nil))
		assert.ErrorIs(t, err, broken)
		assert.Equal(t, []string{"acquire server.example", "release"}, l.calls)
	})
	t.Run("not admitted", func(t *testing.T) {
		l := &log{err: broken}
		base := roundTripper(func(*http.Request) (*http.Response, error) {
			t.Error("sent")
			return nil, nil
		})
		c := &closer{Reader: strings.NewReader("body")}
		_, err := ratelimit.NewTransport(base, l).RoundTrip(httptest.NewRequest("POST", "http://server.example/", c))
		assert.ErrorIs(t, err, broken)
		assert.True(t, c.closed, "a RoundTripper closes the body of a request that it does not send")
		assert.Equal(t, []string{"acquire server.example"}, l.calls)
	})
	t.Run("the request passes unchanged", func(t *testing.T) {
		req := httptest.NewRequest("GET", "http://server.example/", nil)
		base := roundTripper(func(got *http.Request) (*http.Response, error) {
			assert.Same(t, req, got)
			return answer(nil)(got)
		})
		before := req.Clone(t.Context())
		_, err := ratelimit.NewTransport(base, &log{}).RoundTrip(req)
		assert.NoError(t, err)
		assert.Equal(t, before.Header, req.Header)
		assert.Equal(t, before.URL, req.URL)
	})
	t.Run("no limiter", func(t *testing.T) {
		transport := ratelimit.NewTransport(answer(http.NoBody), nil)
		resp, err := transport.RoundTrip(httptest.NewRequest("GET", "http://server.example/", nil))
		require.NoError(t, err)
		assert.Equal(t, 200, resp.StatusCode)
	})
}

// A base that panics, or ends its goroutine, frees the place.
func TestTransportFreesThePlaceOfABaseThatPanics(t *testing.T) {
	ask := func(base roundTripper, l ratelimit.Limiter) (cause any, err error) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { cause = recover() }()
			req := httptest.NewRequest("GET", "http://server.example/", nil)
			_, err = ratelimit.NewTransport(base, l).RoundTrip(req)
		}()
		<-done
		return cause, err
	}
	for name, base := range map[string]roundTripper{
		"panic":                 func(*http.Request) (*http.Response, error) { panic("broken") },
		"end of the goroutine":  func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil },
		"neither":               func(*http.Request) (*http.Response, error) { return nil, nil },
		"http.ErrAbortHandler":  func(*http.Request) (*http.Response, error) { panic(http.ErrAbortHandler) },
		"a nil function inside": nil,
	} {
		t.Run(name, func(t *testing.T) {
			l := newLocal(t, ratelimit.WithMaxInFlight(1))
			cause, err := ask(base, l)
			assert.Equal(t, name == "neither", err != nil, "%v", err)
			panics := name == "panic" || name == "http.ErrAbortHandler" || name == "a nil function inside"
			assert.Equal(t, panics, cause != nil)
			assert.Zero(t, l.Snapshot().InFlight)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			p, err := l.Acquire(ctx, nil)
			require.NoError(t, err)
			l.Release(p)
		})
	}
}

type idler struct {
	roundTripper
	closed bool
}

func (i *idler) CloseIdleConnections() { i.closed = true }

func TestTransportCloseIdleConnections(t *testing.T) {
	base := &idler{}
	client := &http.Client{Transport: ratelimit.NewTransport(base, nil)}
	client.CloseIdleConnections()
	assert.True(t, base.closed)
	ratelimit.NewTransport(roundTripper(nil), nil).CloseIdleConnections()
}

// The error of http.Client wraps the reason why the request was not sent.
func TestTransportClientTimeout(t *testing.T) {
	l := newLocal(t)
	exchange(t, l, respond(429, "Retry-After", "30"))
	client := &http.Client{Timeout: 20 * time.Second, Transport: ratelimit.NewTransport(roundTripper(nil), l)}
	_, err := client.Get("http://server.example/")
	assert.ErrorIs(t, err, ratelimit.ErrWaitTooLong)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestTransportUpgrade(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := buf.ReadString('\n')
		io.WriteString(conn, line)
	}))
	defer server.Close()
	l := newLocal(t)
	client := &http.Client{Transport: ratelimit.NewTransport(nil, l)}
	defer client.CloseIdleConnections()
	req, err := http.NewRequest("GET", server.URL, nil)
	require.NoError(t, err)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Zero(t, l.Snapshot().InFlight)
	conn, ok := resp.Body.(io.ReadWriter)
	require.True(t, ok)
	io.WriteString(conn, "hello\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	assert.NoError(t, err)
	assert.Equal(t, "hello\n", line)
}

// Without a base a Transport has connections of its own: nobody else can close them or use them up.
func TestTransportHasItsOwnConnections(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	first, second := ratelimit.NewTransport(nil, nil), ratelimit.NewTransport(nil, nil)
	for _, client := range []*http.Client{http.DefaultClient, {Transport: first}, {Transport: second}} {
		for _, used := range []bool{false, true} {
			var got httptrace.GotConnInfo
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				GotConn: func(i httptrace.GotConnInfo) { got = i },
			})
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
			require.NoError(t, err)
			resp, err := client.Do(req)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, resp.Body)
			require.NoError(t, err)
			resp.Body.Close()
			assert.Equal(t, used, got.Reused)
		}
	}
}
