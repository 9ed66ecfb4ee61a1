// Package fakehttp is what fake servers of HTTP APIs have in common: a route table, a call log, an auth hook, request
// ids, page tokens, rate-limit windows, a concurrency limit, latency and faults on demand. It knows no API.
//
// A fake describes its operations in a [Config] and calls [Start]. Replies are built in memory before anything is sent,
// so a fault can strike before or after an operation took effect.
package fakehttp

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// RequestIDHeader carries the request id on every reply, but for the successes of a [Op.Bare] operation and for servers
// that have [Config.NewID].
const RequestIDHeader = "X-Request-Id"

// MemoryURL is the base URL of a server without a socket. Only [Server.Transport] reaches it.
const MemoryURL = "https://fake.test"

// Op is one operation of an API.
type Op struct {
	Name   string // operation id, unique in the table
	Method string
	Path   string // escaped path; {name} matches one non-empty segment and becomes a path value
	Public bool   // no auth check
	Bare   bool   // a 2xx reply carries neither request id nor rate-limit headers
	Handle func(*Request) Reply
}

// Request is what an operation gets to see.
type Request struct {
	*http.Request
	ID      string // the request id of the reply
	Caller  string // from [Config.Auth]; the remote host where nobody signed in
	Payload []byte // the whole body; Request.Body is spent
}

// Reply is a whole answer.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON is a reply with v as its JSON body. It panics if v can't be encoded.
func JSON(status int, v any) Reply {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // stored values leave as they came
	if err := enc.Encode(v); err != nil {
		panic(fmt.Errorf("fakehttp: encode reply: %w", err))
	}
	return Reply{status, http.Header{"Content-Type": {"application/json"}}, bytes.TrimSpace(buf.Bytes())}
}

// Text is a reply in plain text.
func Text(status int, body string) Reply {
	return Reply{status, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, []byte(body)}
}

// With returns the reply with one more header.
func (r Reply) With(key, value string) Reply {
	r.Header = maps.Clone(r.Header)
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(key, value)
	return r
}

// Listen says how clients reach a server.
type Listen int

// The ways to reach a server.
const (
	Plain  Listen = iota // HTTP/1.1 on a loopback socket
	HTTP2                // HTTP/2 over TLS on a loopback socket; use [Server.HTTPClient] or [Server.CertPool]
	Memory               // no socket, for synctest bubbles; use [Server.HTTPClient] or [Server.Transport]
)

// Config describes a server. Only Ops is required.
type Config struct {
	Ops    []Op // the first that matches wins
	Listen Listen
	// Strict routes without a way back: where a literal segment matches, no variable does, even if the literal leads nowhere.
	Strict bool

	// Front is what stands before the API, such as a firewall: it answers a request before auth and in place of any
	// operation, or lets it pass with nil.
	Front func(*http.Request) *Reply
	// Auth names the caller of a request, or says how it is refused. The body isn't read yet.
	Auth func(*Request) (caller string, refusal *Reply)
	// Unrouted answers where no route matches, in place of bare texts; allow has the methods of the path, if any. There is
	// no auth before it.
	Unrouted func(r *Request, allow []string) Reply
	// NewID makes the request ids, which operations then show in their own way; by default ids are counted and go in the
	// header RequestIDHeader. It must be safe for concurrent use.
	NewID func() string
	// Now is the server's clock for Date headers, call times and rate-limit windows; time.Now by default.
	Now func() time.Time

	Limit       int           // calls per caller and window; 0: no limit
	Window      time.Duration // length of a window, which starts with its first call; above 0 where there is a Limit
	MaxInFlight int           // calls at once; one more is answered 429; 0: no limit
	Latency     time.Duration // wait before each operation
}

// Server is a running fake. Its methods are safe for concurrent use.
type Server struct {
	URL string // base URL, without a trailing slash

	cfg    Config
	http   *httptest.Server // nil without a socket
	done   chan struct{}    // closed by Close: ends all waits
	close  sync.Once
	limits limiter

	mu       sync.Mutex
	calls    []*Call
	served   int // calls ever, for request ids; ResetCalls leaves it alone
	faults   []*Fault
	inFlight int
}

// Start runs a server until Close. It panics for a limit whose window has no length.
func Start(cfg Config) *Server {
	if cfg.Limit > 0 && cfg.Window <= 0 {
		panic(fmt.Sprintf("fakehttp: a limit of %d calls per %v", cfg.Limit, cfg.Window))
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{
		URL: MemoryURL, cfg: cfg, done: make(chan struct{}),
		limits: limiter{limit: cfg.Limit, length: cfg.Window, windows: map[string]window{}},
	}
	if cfg.Listen == Memory {
		return s
	}
	s.http = httptest.NewUnstartedServer(s.Handler())
	if cfg.Listen == HTTP2 {
		s.http.EnableHTTP2 = true
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	s.URL = s.http.URL
	return s
}

// TB is the part of testing.TB that a fake needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

// CloseWith closes the server when the test ends, and fails the test if [Server.Close] reports an error.
func (s *Server) CloseWith(tb TB) {
	tb.Helper()
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("%v", err)
		}
	})
}

// Close stops the server and ends all its waits. Its error lists the faults that no call has met.
func (s *Server) Close() error {
	s.close.Do(func() {
		close(s.done)
		if s.http != nil {
			s.http.Close()
		}
	})
	return s.unmet()
}

// Handler serves the API anywhere, such as behind a prefix or a proxy.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// HTTPClient returns a client that reaches the server and trusts its certificate.
func (s *Server) HTTPClient() *http.Client {
	if s.http == nil {
		return &http.Client{Transport: s.Transport()}
	}
	return s.http.Client()
}

// CertPool holds the certificate of an HTTP2 server, and nothing for the others.
func (s *Server) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	if s.http != nil && s.http.Certificate() != nil {
		pool.AddCert(s.http.Certificate())
	}
	return pool
}

// errCut ends a call without an answer.
var errCut = errors.New("fakehttp: connection cut")

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	op, allow := s.route(r)
	req := &Request{Request: r}
	call := s.arrive(req, op)
	reply, truncate, err := s.answer(req, op, allow, call)
	if err != nil {
		cut(w)
		return
	}
	s.answered(call, reply.Status) // before it is sent: who has the answer finds it in the log
	send(w, reply, truncate)
}

// answer runs a call up to the point where its reply could be sent.
func (s *Server) answer(req *Request, op *Op, allow []string, call *Call) (reply Reply, truncate bool, err error) {
	defer s.release() // before the reply leaves, or the client's next call would find its own place taken
	admitted := s.acquire()

	refusal, quota := s.admit(req, op, admitted)
	var fault *Fault
	if refusal == nil {
		fault = s.takeFault(req.Request, op)
	}
	if fault != nil && fault.Unread {
		return Reply{}, false, errCut
	}
	if req.Payload, err = io.ReadAll(req.Body); err != nil {
		return Reply{}, false, errCut
	}
	s.received(call, req.Payload)

	run := func() Reply {
		switch {
		case refusal != nil:
			return *refusal
		case op != nil:
			return op.Handle(req)
		case s.cfg.Unrouted != nil:
			return s.cfg.Unrouted(req, allow)
		case len(allow) > 0:
			return Text(http.StatusMethodNotAllowed, "Method Not Allowed\n").With("Allow", strings.Join(allow, ", "))
		}
		return Text(http.StatusNotFound, "404 page not found\n")
	}
	if err := s.wait(req.Request, s.cfg.Latency); err != nil {
		return Reply{}, false, err
	}
	if fault == nil {
		reply = run()
	} else if reply, err = s.strike(req.Request, fault, run); err != nil {
		return Reply{}, false, err
	}

	reply = s.decorate(req, op, reply, quota)
	if fault != nil {
		maps.Copy(reply.Header, canonical(fault.Header))
	}
	return reply, fault != nil && fault.Truncate, nil
}

// admit applies auth and limits. The quota belongs on a successful reply.
func (s *Server) admit(req *Request, op *Op, admitted bool) (refusal *Reply, quota http.Header) {
	req.Caller, _, _ = net.SplitHostPort(req.RemoteAddr)
	if op != nil && !op.Public && s.cfg.Auth != nil {
		var caller string
		if caller, refusal = s.cfg.Auth(req); refusal == nil {
			req.Caller = caller
		}
	}
	if !admitted {
		return new(Reply{Status: http.StatusTooManyRequests}.With("Retry-After", "1")), nil
	}
	if s.cfg.Limit > 0 {
		var ok bool
		if quota, ok = s.limits.take(req.Caller, s.cfg.Now()); !ok {
			over := Reply{Status: http.StatusTooManyRequests, Header: quota}
			return new(over.With("Retry-After", quota.Get("X-RateLimit-Reset"))), nil
		}
	}
	return refusal, quota
}

func (s *Server) decorate(req *Request, op *Op, reply Reply, quota http.Header) Reply {
	reply.Header = canonical(reply.Header)
	reply.Header.Set("Date", s.cfg.Now().UTC().Format(http.TimeFormat))
	ok := reply.Status >= 200 && reply.Status < 300
	if ok && op != nil && op.Bare {
		return reply
	}
	if s.cfg.NewID == nil {
		reply.Header.Set(RequestIDHeader, req.ID)
	}
	if ok {
		maps.Copy(reply.Header, quota)
	}
	return reply
}

// canonical copies h under canonical keys.
func canonical(h http.Header) http.Header {
	out := make(http.Header, len(h)+6)
	for key, values := range h {
		out[http.CanonicalHeaderKey(key)] = slices.Clone(values)
	}
	return out
}

// cut ends the connection, or on HTTP/2 the stream, within the status line: net/http would on its own repeat a call whose
// reused connection ends in silence.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = conn.Write([]byte("H"))
	_ = conn.Close()
}

// send writes a reply, or half of its body under the Content-Length of the whole.
func send(w http.ResponseWriter, reply Reply, truncate bool) {
	if values, set := reply.Header["Content-Type"]; len(reply.Body) > 0 && reply.Header.Get("Content-Type") == "" && (!set || len(values) > 0) {
		reply.Header.Set("Content-Type", contentType(reply.Body))
	}
	maps.Copy(w.Header(), reply.Header) // a key without values keeps net/http from adding its own
	if reply.Status != http.StatusNoContent && reply.Status != http.StatusNotModified {
		length := len(reply.Body)
		if truncate {
			length = max(length, 1)
		}
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(reply.Status)
	if !truncate {
		_, _ = w.Write(reply.Body) // a client that has left misses nothing
		return
	}
	_, _ = w.Write(reply.Body[:len(reply.Body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func contentType(body []byte) string {
	if json.Valid(body) {
		return "application/json"
	}
	return http.DetectContentType(body)
}

// route finds the operation and sets the request's path values, or else the methods that the path has.
func (s *Server) route(r *http.Request) (op *Op, allow []string) {
	if s.cfg.Front != nil {
		if reply := s.cfg.Front(r); reply != nil {
			return &Op{Public: true, Handle: func(*Request) Reply { return *reply }}, nil
		}
	}
	sent := strings.Split(r.URL.EscapedPath(), "/")
	for i := range s.cfg.Ops {
		candidate := &s.cfg.Ops[i]
		values, ok := match(candidate.Path, sent)
		switch {
		case !ok || s.cfg.Strict && s.shadowed(candidate.Path, sent):
		case candidate.Method != r.Method:
			allow = append(allow, candidate.Method)
		default:
			for name, value := range values {
				r.SetPathValue(name, value)
			}
			return candidate, nil
		}
	}
	return nil, allow
}

// shadowed tells whether another route that agrees with pattern so far has a literal segment where pattern has a variable.
func (s *Server) shadowed(pattern string, sent []string) bool {
	want := strings.Split(pattern, "/")
	for _, op := range s.cfg.Ops {
		for i, segment := range strings.Split(op.Path, "/") {
			if i == len(want) {
				break
			}
			variable := strings.HasPrefix(want[i], "{")
			if variable && segment == sent[i] {
				return true
			}
			if segment != want[i] && !(variable && strings.HasPrefix(segment, "{")) { // variables agree under any name
				break
			}
		}
	}
	return false
}

func match(pattern string, sent []string) (values map[string]string, ok bool) {
	want := strings.Split(pattern, "/")
	if len(want) != len(sent) {
		return nil, false
	}
	for i, segment := range want {
		name, variable := strings.CutPrefix(segment, "{")
		if !variable {
			if segment != sent[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(sent[i])
		if err != nil || value == "" {
			return nil, false
		}
		if values == nil {
			values = map[string]string{}
		}
		values[strings.TrimSuffix(name, "}")] = value
	}
	return values, true
}

// acquire counts a call in and tells whether there was a place for it; release must follow either way.
func (s *Server) acquire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	return s.cfg.MaxInFlight <= 0 || s.inFlight <= s.cfg.MaxInFlight
}

func (s *Server) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}

// wait returns errCut when the client leaves or the server closes first.
func (s *Server) wait(r *http.Request, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.Context().Done():
	case <-s.done:
	}
	return errCut
}
