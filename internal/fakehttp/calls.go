package fakehttp

import (
	"fmt"
	"net/http"
	"time"
)

// Call is a request that the server received. Each fake has a type with the same fields, which
// documents them. The text of a call has no headers and no body, because they contain credentials.
type Call struct {
	Time      time.Time
	RequestID string
	Operation string
	Method    string
	Path      string
	RawQuery  string
	Proto     string
	Header    http.Header
	Body      []byte
	Status    int
}

// String returns request line, operation and status.
func (c Call) String() string {
	target := c.Path
	if c.RawQuery != "" {
		target += "?" + c.RawQuery
	}
	return fmt.Sprintf("%s %s (%s) -> %d", c.Method, target, c.Operation, c.Status)
}

// GoString returns the same as String: %#v shows no credentials.
func (c Call) GoString() string { return c.String() }

// Calls returns all calls in order of arrival, including those without a response yet.
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

// CallsAs returns [Server.Calls] in the type of a fake, and nil if there are none.
func CallsAs[C any](s *Server, as func(Call) C) []C {
	var out []C
	for _, c := range s.Calls() {
		out = append(out, as(c))
	}
	return out
}

// CountCalls returns the number of calls of an operation. For "" it returns the number of all
// calls. An unknown operation is a [Server.Misuse].
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
	panic(s.Misuse("fakehttp: no operation %q", operation))
}

// logCall adds a call to the log and gives the request its ID.
func (s *Server) logCall(req *Request, op *Op) *Call {
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

func (s *Server) logBody(c *Call, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Body = body
}

func (s *Server) logStatus(c *Call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Status = status
}
