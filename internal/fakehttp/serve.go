package fakehttp

import (
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"
)

// errCut ends a call without a response.
var errCut = errors.New("fakehttp: connection cut")

// serve handles one call: route, log, respond.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.closed.Load() {
		cut(w)
		return
	}
	op, allow := s.route(r)
	req := &Request{Request: r}
	call := s.logCall(req, op)
	resp, truncate, err := s.answer(req, op, allow, call)
	if err != nil {
		cut(w)
		return
	}
	// The status is logged before the response is sent: a client with the response finds the status
	// in the log.
	s.logStatus(call, resp.Status)
	send(w, resp, truncate)
}

// answer handles a call up to its response, which is not sent yet.
func (s *Server) answer(req *Request, op *Op, allow []string, call *Call) (resp Response, truncate bool, err error) {
	defer s.release() // before the response is sent: then the client's next call finds the place free
	admitted := s.acquire()

	refusal, quota := s.admit(req, op, admitted)
	var fault *Fault
	if refusal == nil {
		fault = s.takeFault(req.Request, op)
	}
	if fault != nil && fault.Unread {
		return Response{}, false, errCut
	}
	if req.Payload, err = io.ReadAll(req.Body); err != nil {
		return Response{}, false, errCut
	}
	s.logBody(call, req.Payload)

	run := func() Response {
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
		return Response{}, false, err
	}
	if fault == nil {
		resp = run()
	} else if resp, err = s.applyFault(req.Request, fault, run); err != nil {
		return Response{}, false, err
	}

	resp = s.decorate(req, resp, quota)
	if fault != nil {
		maps.Copy(resp.Header, canonical(fault.Header))
	}
	truncate = fault != nil && fault.Truncate
	if truncate && (!hasBody(resp.Status) || req.Method == http.MethodHead) {
		return Response{}, false, errCut // There is no body to send half of.
	}
	return resp, truncate, nil
}

// admit applies limits and authentication. refusal is nil if the call is admitted. quota has the
// rate limit headers of a successful response.
func (s *Server) admit(req *Request, op *Op, admitted bool) (refusal *Response, quota http.Header) {
	req.Caller, _, _ = net.SplitHostPort(req.RemoteAddr)
	if op != nil && !op.Public && s.cfg.Auth != nil {
		var caller string
		if caller, refusal = s.cfg.Auth(req); refusal == nil {
			req.Caller = caller
		}
	}
	if !admitted {
		return new(Response{Status: http.StatusTooManyRequests}.With("Retry-After", "1")), nil
	}
	if s.cfg.Limit > 0 {
		var ok bool
		if quota, ok = s.limits.take(req.Caller, s.cfg.Now()); !ok {
			over := Response{Status: http.StatusTooManyRequests, Header: quota}
			return new(over.With("Retry-After", quota.Get("X-RateLimit-Reset"))), nil
		}
	}
	return refusal, quota
}

// decorate adds the common headers of all responses.
func (s *Server) decorate(req *Request, resp Response, quota http.Header) Response {
	resp.Header = canonical(resp.Header)
	resp.Header.Set("Date", s.cfg.Now().UTC().Format(http.TimeFormat))
	if s.cfg.NewID == nil {
		resp.Header.Set(RequestIDHeader, req.ID)
	}
	if resp.Status >= 200 && resp.Status < 300 {
		maps.Copy(resp.Header, quota)
	}
	return resp
}

// acquire counts a call as in flight. It reports whether MaxInFlight allows the call. The caller
// must call release in either case.
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

// looks is the number of times that a wait in memory checks whether the server was closed.
const looks = 100

// wait waits for d. It returns errCut if the client leaves or the server closes before.
//
// A server in memory may be created outside the synctest bubble of its client. A wait for a channel
// from outside would stop the clock of the bubble. Therefore it polls s.closed.
func (s *Server) wait(r *http.Request, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	most := d
	if s.http == nil {
		most = max(d/looks, 10*time.Millisecond)
	}
	end := time.Now().Add(d)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return errCut
		case <-s.done:
			return errCut
		}
		left := time.Until(end)
		switch {
		case s.closed.Load():
			return errCut
		case left <= 0:
			return nil
		}
		timer.Reset(min(left, most))
	}
}
