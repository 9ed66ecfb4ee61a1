package fakehttp

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Fault is something that goes wrong on demand. It strikes calls that passed auth and limits; of several that match, the
// one injected first.
//
// With a Status it answers in place of the operation, which takes no effect unless Apply is set. Without one it bends the
// operation's own reply by whatever else is set.
type Fault struct {
	Operation string // operation id; "" matches every one
	Method    string // "" matches every one
	Path      string // escaped path, as sent; "" matches every one

	Skip  int // matching calls to leave alone first
	Times int // calls to strike; 0 means 1, below 0 means all

	Status int         // status to answer
	Header http.Header // set on the reply, last of all
	Body   string      // body of the reply; without a Content-Type header its type is guessed

	Apply bool          // let the operation take effect first
	Delay time.Duration // wait before the operation; with Apply, after it. A client that leaves meanwhile gets no answer

	Unread   bool // cut the connection before the request body is read; the operation takes no effect
	Lost     bool // cut the connection in place of the reply; the operation takes effect only with Apply
	Truncate bool // send half of the body under the Content-Length of the whole, then cut
}

// String names the calls that the fault is for.
func (f Fault) String() string {
	text := cmp.Or(f.Operation, "any operation")
	if f.Method != "" || f.Path != "" {
		text += fmt.Sprintf(" at %s %s", cmp.Or(f.Method, "any method"), cmp.Or(f.Path, "any path"))
	}
	switch {
	case f.Unread:
		return text + ", cut unread"
	case f.Lost:
		return text + ", reply lost"
	case f.Status != 0:
		return fmt.Sprintf("%s, status %d", text, f.Status)
	}
	return text + ", own reply bent"
}

// Inject adds a fault. It panics if the fault names an unknown operation, has an impossible status or does nothing.
func (s *Server) Inject(f Fault) {
	s.mustKnow(f.Operation)
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		panic(fmt.Sprintf("fakehttp: fault with status %d", f.Status))
	}
	if f.Status == 0 && len(f.Header) == 0 && f.Body == "" && f.Delay <= 0 && !f.Unread && !f.Lost && !f.Truncate {
		panic("fakehttp: fault without effect")
	}
	f.Times = cmp.Or(f.Times, 1)
	f.Header = f.Header.Clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

func (s *Server) takeFault(r *http.Request, op *Op) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		switch {
		case f.Operation != "" && (op == nil || f.Operation != op.Name):
		case f.Method != "" && f.Method != r.Method:
		case f.Path != "" && f.Path != r.URL.EscapedPath():
		case f.Skip > 0:
			f.Skip--
		default:
			if f.Times > 0 {
				f.Times--
			}
			if f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
			return f
		}
	}
	return nil
}

// strike returns the reply of a call that met f.
func (s *Server) strike(r *http.Request, f *Fault, run func() Reply) (reply Reply, err error) {
	if f.Apply {
		reply = run()
	}
	if err := s.wait(r, f.Delay); err != nil {
		return Reply{}, err
	}
	switch {
	case f.Lost:
		return Reply{}, errCut
	case f.Status != 0:
		return Reply{Status: f.Status, Body: []byte(f.Body)}, nil
	case !f.Apply:
		reply = run()
	}
	if f.Body != "" {
		reply.Body = []byte(f.Body)
	}
	return reply, nil
}

// unmet lists the faults that still wait for a call; those for all calls never do.
func (s *Server) unmet() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, f := range s.faults {
		if f.Times > 0 {
			errs = append(errs, fmt.Errorf("fakehttp: fault not met: %v, %d more expected", f, f.Times))
		}
	}
	return errors.Join(errs...)
}
