// Package fakehttp is the common part of fake servers of HTTP APIs: route table, call log,
// authentication hook, request IDs, bearer and page tokens, rate limit windows, concurrency limit,
// latency and faults on demand. It is independent of any API.
//
// A fake describes its operations in a [Config] and calls [Start]. A response is built in memory
// before anything is sent. A fault can therefore apply before or after the effect of the operation.
//
// The stages of a call are in serve.go.
package fakehttp

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
)

// Server is a running fake. Its methods are safe for concurrent use.
type Server struct {
	URL string // base URL, without a trailing slash

	cfg    Config
	tb     TB               // nil if there is none; see CloseWith
	http   *httptest.Server // nil without a socket
	done   chan struct{}    // closed by Close: ends all waits; nil without a socket
	closed atomic.Bool
	limits limiter

	mu       sync.Mutex
	calls    []*Call
	served   int // number of calls for request IDs; ResetCalls does not change it
	faults   []*activeFault
	inFlight int
}

// Start starts a server that runs until Close. It panics if cfg has a Limit without a Window, or an
// Address that can't be listened on.
func Start(cfg Config) *Server {
	if cfg.Limit > 0 && cfg.Window <= 0 {
		panic(Misuse("fakehttp: a limit of %d calls per %v", cfg.Limit, cfg.Window))
	}
	cfg.Now = Clock(cfg.Now)
	s := &Server{
		URL: MemoryURL, cfg: cfg,
		limits: limiter{limit: cfg.Limit, length: cfg.Window, windows: map[string]window{}},
	}
	if cfg.Listen == Memory {
		return s
	}
	s.done = make(chan struct{})
	s.http = httptest.NewUnstartedServer(s.Handler())
	if cfg.Address != "" {
		s.listen(cfg.Address)
	}
	if cfg.Listen == HTTP2 {
		s.http.EnableHTTP2 = true
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	s.URL = s.http.URL
	return s
}

// Started returns s. It panics if s is nil, because the fake was not started.
func Started(s *Server) *Server {
	if s == nil {
		panic(Misuse("the server is not started: use Start or NewServer"))
	}
	return s
}

// listen replaces the listener of the server with one for address.
func (s *Server) listen(address string) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	_ = s.http.Listener.Close() // it has not been used yet
	if err != nil {
		panic(Misuse("fakehttp: %v", err))
	}
	s.http.Listener = listener
}

// Close stops the server and ends all its waits, those in memory within a hundredth of their length
// or 10 ms. Later calls fail. The error lists the faults that were not met.
func (s *Server) Close() error {
	if !s.closed.Swap(true) && s.http != nil {
		close(s.done)
		s.http.Close()
	}
	return s.unmet()
}

// Handler returns the handler of the API, to serve it behind a prefix or a proxy, until Close.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// HTTPClient returns a client that reaches the server and trusts its certificate.
func (s *Server) HTTPClient() *http.Client {
	if s.http == nil {
		return &http.Client{Transport: s.Transport()}
	}
	return s.http.Client()
}

// CertPool returns the certificate of an HTTP2 server. For other servers it returns an empty pool.
func (s *Server) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	if s.http != nil && s.http.Certificate() != nil {
		pool.AddCert(s.http.Certificate())
	}
	return pool
}

// CertificatePEM returns the certificate of an HTTP2 server as PEM. For other servers it returns
// nil.
func (s *Server) CertificatePEM() []byte {
	if s.http == nil || s.http.Certificate() == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw})
}
