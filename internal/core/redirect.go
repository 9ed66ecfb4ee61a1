package core

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// maxRedirects is the maximum number of redirects of a request, as in net/http.
const maxRedirects = 10

// redirectError is the reason why a redirect was not followed.
type redirectError struct {
	to  *url.URL // nil if it is not known
	err error
}

// Error shows no query, which may contain secrets.
func (e *redirectError) Error() string {
	if e.to == nil {
		return "redirect: " + e.err.Error()
	}
	to := url.URL{Scheme: e.to.Scheme, Host: e.to.Host, Path: e.to.Path, RawPath: e.to.RawPath, Opaque: e.to.Opaque}
	return "redirect to " + to.String() + ": " + e.err.Error()
}

func (e *redirectError) Unwrap() error { return e.err }

var (
	errTooManyRedirects = errors.New("stopped after 10")
	errNoLocation       = errors.New("the response has no usable Location header")
	errUseLastResponse  = errors.New("not followed by the CheckRedirect of the HTTP client")
)

// checkRedirect returns the CheckRedirect function of the client's http.Client. It follows a
// redirect that repeats the request unchanged, if user, the function of the caller's http.Client,
// allows it. Any other redirect becomes the response of the call: one without a usable location,
// one that changes the method, one from https to http, and one to another origin for requests other
// than GET and HEAD. The reason is recorded in the call.
func checkRedirect(user func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects {
			return &redirectError{req.URL, errTooManyRedirects}
		}
		cs := callOf(req.Context())
		if err := redirectProblem(req, via[0]); err != nil {
			cs.notFollowed = &redirectError{req.URL, err}
			return http.ErrUseLastResponse
		}
		if user != nil {
			switch err := user(req, via); {
			case err == http.ErrUseLastResponse:
				cs.notFollowed = &redirectError{req.URL, errUseLastResponse}
				return err
			case err != nil:
				return &redirectError{req.URL, err}
			}
		}
		cs.redirected(req)
		return nil
	}
}

// redirectProblem returns an error if req, which follows a redirect, may not be sent in place of
// first.
func redirectProblem(req, first *http.Request) error {
	reads := req.Method == http.MethodGet || req.Method == http.MethodHead
	switch {
	case req.URL.Hostname() == "" || req.URL.Scheme != "https" && req.URL.Scheme != "http":
		return errors.New("not followed, because it is not an http or https URL")
	case req.Method != first.Method:
		return fmt.Errorf("not followed, because it would change the method to %s, from %s", req.Method, first.Method)
	case req.URL.Scheme == "http" && first.URL.Scheme == "https":
		return errors.New("not followed, because it leads from https to http")
	case !reads && !sameOrigin(req.URL, first.URL):
		return fmt.Errorf("not followed, because a %s is not sent to another host", req.Method)
	}
	return nil
}

// redirectRefused returns the reason why resp was not followed, nil if it is not a redirect.
func (p *progress) redirectRefused(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	if p.notFollowed != nil {
		return p.notFollowed
	}
	return &redirectError{nil, errNoLocation}
}

// otherHostError reports that a response came from another host after a redirect. Its status says
// nothing about the object or the credential, because the credential is not sent to that host.
type otherHostError struct {
	host string
	err  error // may be nil
}

func (e *otherHostError) Error() string {
	text := "the response is from " + e.host + ", after a redirect"
	if e.err != nil {
		text += ": " + e.err.Error()
	}
	return text
}

func (e *otherHostError) Unwrap() error { return e.err }
