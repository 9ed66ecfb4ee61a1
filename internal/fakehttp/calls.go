package fakehttp

import (
	"fmt"
	"net/http"
	"time"
)

// Call is one request as the server saw it. Its text leaves headers and body out, because they hold credentials.
type Call struct {
	Time      time.Time // arrival by the server's clock
	RequestID string
	Operation string // "" where no route matched
	Method    string
	Path      string // escaped, as sent
	RawQuery  string
	Proto     string // such as HTTP/2.0
	Header    http.Header
	Body      []byte // nil until read
	Status    int    // 0 while there is no answer, and for good if the connection was cut before one
}

// String shows request line, operation and status.
func (c Call) String() string {
	target := c.Path
	if c.RawQuery != "" {
		target += "?" + c.RawQuery
	}
	return fmt.Sprintf("%s %s (%s) -> %d", c.Method, target, c.Operation, c.Status)
}

// GoString is String, so that %#v keeps credentials out too.
func (c Call) GoString() string { return c.String() }

// Calls returns all calls in order of arrival, those still without an answer included.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Call, len(s.calls))
	for i, c := range s.calls {
		out[i] = *c
		out[i].Header = c.Header.Clone()
	}
	return out
}

// CountCalls counts the calls of an operation; "" counts all. It panics for an operation that the API does not have.
func (s *Server) CountCalls(operation string) int {
	s.mustKnow(operation)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if operation == "" || c.Operation == operation {
			n++
		}
	}
	return n
}

// ResetCalls empties the call log.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

func (s *Server) mustKnow(operation string) {
	if operation == "" {
		return
	}
	for _, op := range s.cfg.Ops {
		if op.Name == operation {
			return
		}
	}
	panic(fmt.Sprintf("fakehttp: no operation %q", operation))
}

func (s *Server) arrive(req *Request, op *Op) *Call {
	var id string
	if s.cfg.NewID != nil {
		id = s.cfg.NewID()
	}
	c := &Call{
		RequestID: id, Time: s.cfg.Now(), Method: req.Method, Path: req.URL.EscapedPath(), RawQuery: req.URL.RawQuery,
		Proto: req.Proto, Header: req.Header.Clone(),
	}
	if op != nil {
		c.Operation = op.Name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.served++
	if id == "" {
		c.RequestID = fmt.Sprintf("req-%06d", s.served)
	}
	req.ID = c.RequestID
	s.calls = append(s.calls, c)
	return c
}

func (s *Server) received(c *Call, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Body = body
}

func (s *Server) answered(c *Call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Status = status
}
