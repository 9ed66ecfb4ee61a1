package contract_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// protoServer is a server with TLS that offers HTTP/2, and keeps the protocol of its last request.
func protoServer(t *testing.T, v vendor) (srv *httptest.Server, major *atomic.Int64, trusts *tls.Config) {
	t.Helper()
	major = &atomic.Int64{}
	srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		major.Store(int64(r.ProtoMajor))
		_, _ = io.WriteString(w, v.object("x-1"))
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return srv, major, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// It replaces http.DefaultTransport, so it does not run in parallel with others.
func TestHTTP2IsUsedByDefault(t *testing.T) {
	original := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = original })
	for _, v := range vendors {
		srv, major, trusts := protoServer(t, v)
		own, ok := original.(*http.Transport)
		require.True(t, ok)
		own = own.Clone()
		own.TLSClientConfig = trusts
		http.DefaultTransport = own
		c := connect(t, v, options{baseURL: srv.URL})
		_, err := c.get(t.Context(), "x-1", call{})
		require.NoError(t, err)
		assert.EqualValues(t, 2, major.Load(), v.name)
		c.closing()
	}
}

// net/http gives up HTTP/2 for a transport with a TLS configuration of its own. WithTLSConfig does
// not: the transport speaks what it spoke before.
func TestTLSConfigLeavesTheProtocolAsItIs(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		dial := (&net.Dialer{}).DialContext
		for name, tt := range map[string]struct {
			transport *http.Transport
			major     int64
		}{
			"none":            {nil, 2},
			"empty":           {&http.Transport{}, 2},
			"HTTP/2":          {&http.Transport{ForceAttemptHTTP2: true, DialContext: dial}, 2},
			"TLS of its own":  {&http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}, 1},
			"dials by itself": {&http.Transport{DialContext: dial}, 1},
			"HTTP/1.1 alone": {&http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}},
				1},
		} {
			srv, major, trusts := protoServer(t, v)
			o := options{baseURL: srv.URL, shared: []sdk.Option{sdk.WithTLSConfig(trusts)}}
			if tt.transport != nil {
				o.client = &http.Client{Transport: tt.transport}
			}
			c := connect(t, v, o)
			_, err := c.get(t.Context(), "x-1", call{})
			require.NoError(t, err, name)
			assert.Equal(t, tt.major, major.Load(), name)
			c.closing()
			changed := tt.transport != nil && tt.transport.TLSClientConfig == trusts
			assert.False(t, changed, "the caller's transport stays as it is")
		}
	})
}

func TestTLSConfigIsCopied(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		srv, _, trusts := protoServer(t, v)
		option := sdk.WithTLSConfig(trusts)
		first := connect(t, v, options{baseURL: srv.URL, shared: []sdk.Option{option}})
		trusts.RootCAs = x509.NewCertPool() // trusts nobody
		defer first.closing()
		_, err := first.get(t.Context(), "x-1", call{})
		require.NoError(t, err, "a change after New has no effect")
		second := connect(t, v, options{baseURL: srv.URL, shared: []sdk.Option{option}})
		defer second.closing()
		_, err = second.get(t.Context(), "x-1", call{})
		require.ErrorContains(t, err, "certificate", "a change before New has one")
	})
}

func TestCookiesAreNotKept(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		for _, withJar := range []bool{false, true} {
			var mu sync.Mutex
			var cookies []string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				cookies = append(cookies, r.Header.Get("Cookie"))
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/"})
				if len(cookies) == 1 {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				_, _ = io.WriteString(w, v.object("x-1"))
			}))
			o := options{baseURL: srv.URL}
			if withJar {
				jar, err := cookiejar.New(nil)
				require.NoError(t, err)
				o.client = &http.Client{Jar: jar}
			}
			c := connect(t, v, o)
			for range 2 { // the first call has two attempts
				_, err := c.get(t.Context(), "x-1", call{})
				require.NoError(t, err)
			}
			want := []string{"", "", ""}
			if withJar {
				want = []string{"", "session=1", "session=1"}
			}
			assert.Equal(t, want, cookies)
			c.closing()
			srv.Close()
		}
	})
}

// connectionServer counts its connections. Each request but the first is answered at once; the
// first, when answer was called.
func connectionServer(
	t *testing.T, v vendor,
) (srv *httptest.Server, opened *atomic.Int64, closed, arrived <-chan struct{}, answer func()) {
	t.Helper()
	opened = &atomic.Int64{}
	ended := make(chan struct{}, 100)
	first, may := make(chan struct{}), make(chan struct{})
	var requests atomic.Int64
	srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			close(first)
			<-may
		}
		_, _ = io.WriteString(w, v.object("x-1"))
	}))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened.Add(1)
		case http.StateClosed:
			ended <- struct{}{}
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	answer = sync.OnceFunc(func() { close(may) })
	t.Cleanup(answer)
	return srv, opened, ended, first, answer
}

func TestCloseIdleConnectionsLeavesCallsAloneAndTheClientUsable(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		srv, opened, closed, arrived, answer := connectionServer(t, v)
		c := connect(t, v, options{baseURL: srv.URL, retry: noRetries()})
		defer c.closing()
		get := func() error {
			_, err := c.get(ctx, "x-1", call{})
			return err
		}
		slow := make(chan error, 1)
		go func() { slow <- get() }()
		<-arrived
		require.NoError(t, get())
		require.EqualValues(t, 2, opened.Load())

		c.closing()
		select {
		case <-closed:
		case <-ctx.Done():
			t.Fatal("the idle connection is still open")
		}
		answer()
		require.NoError(t, <-slow, "the connection in use was left alone")
		require.NoError(t, get())
		require.NoError(t, get())
		assert.LessOrEqual(t, opened.Load(), int64(3))
	})
}

func TestCloseIdleConnectionsClosesThoseOfTheCallersHTTPClient(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		srv, _, closed, _, answer := connectionServer(t, v)
		answer()
		own := &http.Client{Transport: &http.Transport{}}
		resp, err := own.Do(newRequest(t, http.MethodGet, srv.URL, nil, ""))
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		require.NoError(t, resp.Body.Close())

		connect(t, v, options{baseURL: srv.URL, client: own}).closing()
		select {
		case <-closed:
		case <-ctx.Done():
			t.Fatal("the connection of the caller's client is still open")
		}
	})
}
