package fakehttp

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Fault is a failure on demand. Each fake has a type with the same fields, which documents them.
type Fault struct {
	Operation, Method, Path string

	Skip, Every, Times int

	Status int
	Header http.Header
	Body   string

	Apply bool
	Delay time.Duration

	Unread, Lost, Truncate bool
}

// String returns the calls that the fault matches, and its effect.
func (f Fault) String() string {
	text := cmp.Or(f.Operation, "any operation")
	if f.Method != "" || f.Path != "" {
		text += fmt.Sprintf(" at %s %s", cmp.Or(f.Method, "any method"), cmp.Or(f.Path, "any path"))
	}
	if f.Every > 1 {
		text += fmt.Sprintf(", every %d calls", f.Every)
	}
	switch {
	case f.Unread:
		return text + ", cut unread"
	case f.Lost:
		return text + ", response lost"
	case f.Status != 0:
		return fmt.Sprintf("%s, status %d", text, f.Status)
	}
	return text + ", own response bent"
}

// activeFault is a fault and the number of matching calls since it last applied.
type activeFault struct {
	Fault
	passed int
}

// Inject adds a fault. These are a [Server.Misuse]: a fault with an unknown operation, an
// impossible status, or a negative Skip or Every, and a fault that can match no request or changes
// nothing.
func (s *Server) Inject(f Fault) {
	s.mustKnow(f.Operation)
	f.Method = strings.ToUpper(f.Method)
	if strings.ContainsFunc(f.Method, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		panic(s.Misuse("fakehttp: fault with the method %q", f.Method))
	}
	if _, err := url.PathUnescape(f.Path); err != nil || f.Path != "" && f.Path[0] != '/' || strings.ContainsAny(f.Path,
		"?#") {
		panic(s.Misuse("fakehttp: fault with %q, which is no path of a URL without its query", f.Path))
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		panic(s.Misuse("fakehttp: fault with status %d", f.Status))
	}
	if f.Skip < 0 || f.Every < 0 {
		panic(s.Misuse("fakehttp: fault that skips %d calls and applies every %d calls", f.Skip, f.Every))
	}
	if f.Status == 0 && len(f.Header) == 0 && f.Body == "" && f.Delay <= 0 && !f.Unread && !f.Lost && !f.Truncate {
		panic(s.Misuse("fakehttp: fault without effect"))
	}
	f.Times = cmp.Or(f.Times, 1)
	f.Header = f.Header.Clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &activeFault{Fault: f})
}

// takeFault returns the fault that applies to a call, or nil. It counts the call for that fault and
// for those injected before it, but not for those injected after it.
func (s *Server) takeFault(r *http.Request, op *Op) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		switch {
		case f.Operation != "" && (op == nil || f.Operation != op.Name):
		case f.Method != "" && f.Method != r.Method:
		case f.Path != "" && !samePath(f.Path, r.URL.EscapedPath()):
		case f.Skip > 0:
			f.Skip--
		case f.passed+1 < f.Every:
			f.passed++
		default:
			f.passed = 0
			if f.Times > 0 {
				f.Times--
			}
			if f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
			return &f.Fault
		}
	}
	return nil
}

// samePath reports whether two paths have the same segments after unescaping.
func samePath(a, b string) bool {
	segments, others := strings.Split(a, "/"), strings.Split(b, "/")
	return slices.EqualFunc(segments, others, func(a, b string) bool {
		a, errA := url.PathUnescape(a)
		b, errB := url.PathUnescape(b)
		return errA == nil && errB == nil && a == b
	})
}

// applyFault returns the response of a call that f applies to. run runs the operation.
func (s *Server) applyFault(r *http.Request, f *Fault, run func() Response) (resp Response, err error) {
	if f.Apply {
		resp = run()
	}
	if err := s.wait(r, f.Delay); err != nil {
		return Response{}, err
	}
	switch {
	case f.Lost:
		return Response{}, errCut
	case f.Status != 0:
		return Response{Status: f.Status, Body: []byte(f.Body)}, nil
	case !f.Apply:
		resp = run()
	}
	if f.Body != "" {
		resp.Body = []byte(f.Body)
	}
	return resp, nil
}

// unmet returns an error for each fault that was not met. A fault for all calls is never unmet.
func (s *Server) unmet() error {
	var errs []error
	if s.cfg.Unmet != nil {
		errs = append(errs, s.cfg.Unmet())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times > 0 {
			errs = append(errs, fmt.Errorf("fakehttp: fault not met: %v, %d more expected", f.Fault, f.Times))
		}
	}
	return errors.Join(errs...)
}
