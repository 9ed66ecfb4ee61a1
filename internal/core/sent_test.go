package core

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sender returns a function that sends requests without a body to a server.
func sender(
	t *testing.T, srv *httptest.Server, base http.RoundTripper, last **Failure,
) func(method string, isAction bool) error {
	t.Helper()
	u, err := url.Parse(srv.URL)
	require.NoError(t, err)
	c, err := New(Config{
		BaseURL: u, Retry: RetryPolicy{MaxAttempts: 3, MaxDelay: 1}, HTTPClient: &http.Client{Transport: base},
		NewError: func(f *Failure) error { *last = f; return io.EOF },
	})
	require.NoError(t, err)
	return func(method string, isAction bool) error {
		var opts []func(*CallOptions)
		if isAction {
			opts = append(opts, (*CallOptions).WithOnce)
		}
		return CallEmpty(t.Context(), c, "op", opts, func(ctx context.Context) (*http.Response, error) {
			req, err := http.NewRequestWithContext(ctx, method, srv.URL+"/x", nil)
			require.NoError(t, err)
			return c.Do(req)
		})
	}
}

// failingDials returns a transport whose first n dials fail.
func failingDials(n int64) *http.Transport {
	var dials atomic.Int64
	return &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) <= n {
			return nil, errors.New("no way")
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
}

func TestActionThatWasNotSentIsRepeated(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		for fails, good := range map[int64]bool{2: true, 3: false} {
			var requests atomic.Int64
			srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
			tr := failingDials(fails)
			var last *Failure
			err := sender(t, srv, tr, &last)(method, true)
			if good {
				require.NoError(t, err)
				assert.EqualValues(t, 1, requests.Load())
			} else {
				require.Error(t, err)
				assert.False(t, last.OutcomeUnknown)
				assert.Equal(t, 3, last.Attempts)
			}
			tr.CloseIdleConnections()
			srv.Close()
		}
	}
}

// Over HTTP/2, net/http repeats a request without a body by itself. Therefore a POST gets an empty
// body. The server does not see it.
func TestRequestWithoutBodyHasNoneForTheServer(t *testing.T) {
	t.Parallel()
	for _, two := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			assert.Empty(t, body)
			assert.Empty(t, r.TransferEncoding)
			if !two {
				assert.Zero(t, r.ContentLength, r.Method)
			}
		}))
		srv.EnableHTTP2 = two
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.StartTLS()
		var last *Failure
		send := sender(t, srv, srv.Client().Transport, &last)
		for range 2 {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
				require.NoError(t, send(method, false))
				require.NoError(t, send(method, true), "an action")
			}
		}
		srv.Close()
	}
}

// Without HTTP/2, the request is sent unchanged, and stopped if it is repeated.
func TestPostWithoutBodyIsSentOnceByAnyTransport(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	sent := 0
	base := tripper(func(r *http.Request) (*http.Response, error) {
		assert.Nil(t, r.Body)
		trace := httptrace.ContextClientTrace(r.Context())
		for {
			trace.GetConn(srv.Listener.Addr().String())
			if err := r.Context().Err(); err != nil {
				return nil, err
			}
			trace.WroteHeaderField("Host", nil)
			sent++
		}
	})
	var last *Failure
	require.Error(t, sender(t, srv, base, &last)(http.MethodPost, false))
	assert.Equal(t, 1, sent)
	assert.True(t, last.OutcomeUnknown)
	require.ErrorIs(t, last.Err, errRepeated)
	sent = 0
	require.Error(t, sender(t, srv, base, &last)(http.MethodDelete, false))
	assert.Equal(t, 3, sent)
	assert.Equal(t, 3, last.Attempts)
	assert.False(t, last.OutcomeUnknown)
}

func TestTraceOfTheCallerIsKept(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(srv.Close)
	c, err := New(Config{BaseURL: &url.URL{Scheme: "http", Host: srv.Listener.Addr().String()},
		HTTPClient: srv.Client()})
	require.NoError(t, err)
	var dialed, got atomic.Int64
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		ConnectStart: func(string, string) { dialed.Add(1) },
		GotConn:      func(httptrace.GotConnInfo) { got.Add(1) },
	})
	for range 3 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		resp, err := c.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
	}
	assert.EqualValues(t, 1, dialed.Load())
	assert.EqualValues(t, 3, got.Load())
}

// The traces of ended requests are reused, while their connections may still be in use.
func TestTracesOfManyRequestsDoNotMix(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it would log the connections that nobody needed
	srv.StartTLS()
	t.Cleanup(srv.Close)
	c, err := New(Config{BaseURL: &url.URL{Scheme: "https", Host: srv.Listener.Addr().String()},
		HTTPClient: srv.Client()})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for g := range 20 {
		wg.Go(func() {
			for i := range 30 {
				var meta Meta
				opts := []func(*CallOptions){func(o *CallOptions) { o.WithMeta(&meta) }}
				err := CallEmpty(t.Context(), c, "op", opts, func(ctx context.Context) (*http.Response, error) {
					req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
					if err != nil {
						return nil, err
					}
					return c.Do(req)
				})
				assert.NoError(t, err)
				assert.Equal(t, 1, meta.Attempts)
				if (g+i)%10 == 0 {
					c.CloseIdleConnections()
				}
			}
		})
	}
	wg.Wait()
}

func TestOnlyKnownRefusalsProveThatNothingWasDone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http: server closed idle connection": "http: server closed idle connection",
		"stream error: stream ID 3; REFUSED_STREAM; received from peer": "stream error: stream ID 3; " +
			"REFUSED_STREAM; received from peer",
		"http2: Transport received Server's graceful shutdown GOAWAY": "http2: Transport received " +
			"Server's graceful shutdown GOAWAY",
		"http2: Transport received GOAWAY from server ErrCode:ENHANCE_YOUR_CALM": "http2: Transport received GOAWAY " +
			"from server ErrCode:ENHANCE_YOUR_CALM",
		"http2: Transport: cannot retry err [stream error: stream ID 3; REFUSED_STREAM; received from peer] after " +
			"Request.Body was written; define Request.GetBody to avoid this error": "stream error: stream ID 3; " +
			"REFUSED_STREAM; received from peer",
		"stream error: stream ID 3; PROTOCOL_ERROR; received from peer":                                     "",
		"stream error: stream ID 3; REFUSED_STREAM":                                                         "",
		`malformed HTTP response "stream error: stream ID 3; REFUSED_STREAM; received from peer"`:           "",
		"http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=\"\"": "",
		"EOF": "",
	} {
		err := refusal(errors.New(text), false)
		if want == "" {
			assert.NoError(t, err, text)
		} else {
			assert.EqualError(t, err, want)
		}
	}
	alert := func(text string) error { return &net.OpError{Op: "remote error", Err: errors.New(text)} }
	require.Error(t, refusal(alert("tls: certificate required"), false))
	require.NoError(t, refusal(alert("tls: certificate required"), true)) // it has answered before
	require.NoError(t, refusal(alert("tls: internal error"), false))
	require.NoError(t, refusal(&net.OpError{Op: "read", Err: errors.New("certificate")}, false))
}

// An environment variable may have an invalid proxy. The test replaces http.DefaultTransport, so it
// does not run in parallel with others.
func TestRequestWithoutAProxyIsNotSent(t *testing.T) {
	original := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = original })
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(srv.Close)
	errNoURL := errors.New("invalid proxy address")
	for _, failures := range []int{2, 3} {
		calls := 0
		http.DefaultTransport = &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
			if calls++; calls <= failures {
				return nil, errNoURL
			}
			return nil, nil
		}}
		var last *Failure
		err := sender(t, srv, nil, &last)(http.MethodPost, false)
		if failures == 2 {
			require.NoError(t, err)
			continue
		}
		require.Error(t, err)
		assert.False(t, last.OutcomeUnknown)
		assert.Equal(t, 3, last.Attempts)
		require.ErrorIs(t, last.Err, errNoURL)
		assert.ErrorContains(t, last.Err, "choosing the proxy: invalid proxy address")
	}
}

func TestHostBeyondASCIIIsNoProxy(t *testing.T) {
	t.Parallel()
	noName := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, io.ErrClosedPipe
	}}
	direct := (&net.Dialer{Resolver: noName}).DialContext
	for _, proxy := range []string{"", "http://proxy.test:3128"} {
		tr := &http.Transport{DialContext: direct}
		want := "dialing: "
		if proxy != "" {
			u, err := url.Parse(proxy)
			require.NoError(t, err)
			tr.Proxy, want = http.ProxyURL(u), "dialing the proxy: "
		}
		for _, host := range []string{"http://api.test", "http://b\u00fccher.test", "http://\u4f8b\u3048.test:8080"} {
			var last *Failure
			err := sender(t, &httptest.Server{URL: host}, tr, &last)(http.MethodPost, false)
			require.Error(t, err)
			assert.ErrorContains(t, last.Err, "no complete response: "+want, host)
		}
	}
}
