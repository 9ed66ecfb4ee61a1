package core

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// DoRaw sends a request of the caller, as [Client.Do] does. A URL without scheme and host is
// resolved below the base URL. DoRaw does not change req. It closes its body.
//
// Each edit may change a copy of the request, if the request goes to the origin of the base URL.
// DoRaw returns the error of an edit unchanged.
func (c *Client) DoRaw(req *http.Request, edits ...func(context.Context, *http.Request) error) (*http.Response, error) {
	if req == nil {
		return nil, c.Refuse("Do", Arg("request", "is nil"))
	}
	own, err := c.ownRequest(req, edits)
	if err != nil {
		return Unsent(req, err)
	}
	return c.Do(own)
}

// Unsent closes the body of a request that is not sent, and returns err. req may be nil.
func Unsent(req *http.Request, err error) (*http.Response, error) {
	if req != nil && req.Body != nil {
		req.Body.Close()
	}
	return nil, err
}

// ownRequest returns a copy of req that can be sent.
func (c *Client) ownRequest(
	req *http.Request, edits []func(context.Context, *http.Request) error,
) (*http.Request, error) {
	u, err := c.resolve(req)
	if err != nil {
		return nil, c.Refuse("Do", err)
	}
	own := req.WithContext(req.Context())
	own.URL = u
	if err := checkSendable(own); err != nil {
		return nil, c.Refuse("Do", err)
	}
	if err := checkText(own); err != nil {
		return nil, c.Refuse("Do", err)
	}
	if own.Method == "" { // like net/http
		own.Method = http.MethodGet
	}
	if len(edits) == 0 || !sameOrigin(u, c.cfg.BaseURL) {
		return own, nil
	}
	at := *u
	own.URL, own.Header = &at, req.Header.Clone()
	if own.Header == nil {
		own.Header = http.Header{}
	}
	for _, edit := range edits {
		if err := edit(own.Context(), own); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// checkSendable returns an error if HTTP can't carry the request without its body. net/http would
// return an error too, but not one that proves that nothing was sent.
func checkSendable(req *http.Request) error {
	switch {
	case req.Method != "" && !validHeaderName(req.Method): // both are tokens
		return Arg("request method", "is %q", req.Method)
	case strings.ContainsFunc(req.URL.RawQuery, isControl):
		return Arg("request query", "has control characters")
	case req.Body == nil && req.ContentLength != 0:
		return Arg("request body", "is nil, but ContentLength is %d", req.ContentLength)
	}
	for name := range req.Trailer {
		switch http.CanonicalHeaderKey(name) {
		case "Content-Length", "Trailer", "Transfer-Encoding":
			return Arg("trailer", "has the name %q", name)
		}
	}
	return cmp.Or(checkFields("header", req.Header), checkFields("trailer", req.Trailer))
}

// checkFields returns an error if HTTP can't carry a field of h, or if a value is not UTF-8.
func checkFields(kind string, h http.Header) error {
	for name, values := range h {
		if !validHeaderName(name) {
			return Arg(kind, "has the name %q", name)
		}
		for _, value := range values {
			if strings.ContainsFunc(value, func(r rune) bool { return isControl(r) && r != '\t' }) {
				return Arg(kind+" "+name, "has control characters")
			}
			if !utf8.ValidString(value) {
				return Arg(kind+" "+name, "is not UTF-8")
			}
		}
	}
	return nil
}

// isControl reports whether r is a control character of ASCII.
func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// resolve returns the absolute URL of a request, or an error if it can't be sent.
func (c *Client) resolve(req *http.Request) (*url.URL, error) {
	u := req.URL
	switch {
	case u == nil:
		return nil, Arg("request URL", "is nil")
	case req.RequestURI != "":
		return nil, Arg("request", "has a RequestURI: it is a server's request")
	case u.Opaque != "":
		return nil, Arg("request URL", "is opaque")
	case u.Scheme == "" && u.Host == "":
		return c.below(u)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, Arg("request URL", "needs the scheme https or http, or no scheme and no host")
	case u.Hostname() == "":
		return nil, Arg("request URL", "has no host")
	}
	return u, nil
}

// below appends a relative URL to the base URL.
func (c *Client) below(u *url.URL) (*url.URL, error) {
	for part := range strings.SplitSeq(u.Path, "/") {
		if part == "." || part == ".." {
			return nil, Arg("request URL", "has %q in its path", part)
		}
	}
	at := *c.cfg.BaseURL
	if u.Path != "" {
		path, escaped := joined(at.Path, u.Path), joined(at.EscapedPath(), u.EscapedPath())
		at.Path, at.RawPath = path, escaped
	}
	at.RawQuery, at.ForceQuery = u.RawQuery, u.ForceQuery
	return &at, nil
}

func joined(prefix, path string) string {
	return strings.TrimSuffix(prefix, "/") + "/" + strings.TrimPrefix(path, "/")
}
