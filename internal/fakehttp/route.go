package fakehttp

import (
	"net/http"
	"net/url"
	"strings"
)

// route finds the operation of a request and sets its path values. If there is none, it returns the
// methods of the path.
func (s *Server) route(r *http.Request) (op *Op, allow []string) {
	if s.cfg.Front != nil {
		if resp := s.cfg.Front(r); resp != nil {
			return &Op{Public: true, Handle: func(*Request) Response { return *resp }}, nil
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

// shadowed reports whether another route has priority over pattern: the routes are equal up to a
// segment that is a variable in pattern, and a literal in the other route that matches sent.
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
			// Variables with different names are equal.
			if segment != want[i] && !(variable && strings.HasPrefix(segment, "{")) {
				break
			}
		}
	}
	return false
}

// match compares an escaped path, split into segments, with a pattern. It returns the values of the
// variables.
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
