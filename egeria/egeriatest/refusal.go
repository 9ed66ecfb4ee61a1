package egeriatest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// refuse returns the response to a request that reaches no operation. 5.x sends 401 for all of
// them, although it requires no credentials.
func (s *Server) refusal(r *http.Request, status int) fakehttp.Response {
	if s.release.hidesErrors() {
		return *unauthorized("Bearer")
	}
	return s.springError(r, status)
}

// uncached adds the header with which later releases forbid caching.
func (s *Server) uncached(resp fakehttp.Response) fakehttp.Response {
	if !s.release.since("5.0") {
		return resp
	}
	return resp.With("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
}

// front refuses the paths that Tomcat and Spring's firewall refuse.
func (s *Server) front(r *http.Request) *fakehttp.Response {
	path := strings.ToLower(r.URL.EscapedPath())
	has := func(part string) bool { return strings.Contains(path, part) }
	switch {
	case slices.ContainsFunc([]string{"%2f", "%5c", `\`}, has):
		return new(tomcatError(http.StatusBadRequest))
	case !s.insecure && (slices.ContainsFunc([]string{"%25", "%3b", ";", "//", "%2e", "/./", "/../", "%00", "%0a",
		"%0d", "%7f"}, has) ||
		strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..")):
		if s.release.since("5.0") {
			return unauthorized("Bearer")
		}
		return new(s.springError(r, http.StatusBadRequest))
	}
	if before, _, found := strings.Cut(r.URL.EscapedPath(), ";"); found && !strings.Contains(path[len(before):], "/") {
		r.URL.Path, _ = url.PathUnescape(before) // the rest is a parameter of the path
		r.URL.RawPath = before
	}
	return nil
}

// unrouted returns the response if there is no operation. HEAD and OPTIONS succeed if there is one.
// If a required token is missing, the response is 401.
func (s *Server) unrouted(r *fakehttp.Request, allow []string) fakehttp.Response {
	if _, refusal := s.authenticate(r); refusal != nil {
		if r.URL.Path == tokenPath {
			return refusal.With("Allow", strings.Join(allow, ", "))
		}
		return *refusal
	}
	switch {
	case len(allow) == 0:
		if resp, found := s.about(r.Request); found {
			return s.uncached(resp)
		}
		return s.uncached(s.refusal(r.Request, http.StatusNotFound))
	case r.Method == http.MethodHead && slices.Contains(allow, http.MethodGet):
		return s.uncached(fakehttp.Response{Status: http.StatusOK}.With("Content-Type", "application/json"))
	case r.Method == http.MethodOptions:
		if slices.Contains(allow, http.MethodGet) {
			allow = append(allow, http.MethodHead)
		}
		allow = append(allow, http.MethodOptions)
		slices.Sort(allow)
		return s.uncached(fakehttp.Response{Status: http.StatusOK}.With("Allow", strings.Join(allow, ", ")))
	}
	return s.uncached(s.refusal(r.Request, http.StatusMethodNotAllowed).With("Allow", strings.Join(allow, ", ")))
}

// about returns the platform's description of itself.
func (s *Server) about(r *http.Request) (resp fakehttp.Response, found bool) {
	if r.Method != http.MethodGet || !s.release.since("5.0") {
		return resp, false
	}
	switch path := r.URL.EscapedPath(); {
	case path == "/api/about":
		return fakehttp.Response{Status: http.StatusOK}, true
	case path != "/api/public/app/info":
		return resp, false
	case s.release.bearers():
		return fakehttp.JSON(http.StatusOK, map[string]string{"displayName": "egeriatest", "description": "",
			"organizationName": ""}), true
	}
	return fakehttp.JSON(http.StatusOK, map[string]string{"title": "egeriatest", "description": ""}), true
}
