package core

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// parseBaseURL parses a base URL. It returns an [argumentError] if the URL can't be used, or if it
// is http to another machine and plainHTTP is false. The error never shows a credential.
func parseBaseURL(raw string, plainHTTP bool) (*url.URL, error) {
	const name = "base URL"
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, Arg(name, "can't be parsed") // the parser's error would show a password in the URL
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, Arg(name, "needs the scheme https or http")
	case u.Hostname() == "":
		return nil, Arg(name, "has no host")
	case u.User != nil:
		return nil, Arg(name, "has credentials; use the options for credentials")
	case u.RawQuery != "" || u.ForceQuery:
		return nil, Arg(name, "has a query")
	case strings.Contains(raw, "#"):
		return nil, Arg(name, "has a fragment")
	case !validPort(u.Port()):
		return nil, Arg(name, "has the port %s", u.Port())
	case u.Scheme == "http" && !plainHTTP && !loopback(u.Hostname()):
		return nil, Arg(name, "sends credentials over plain http to %s; use https, or allow it with WithPlainHTTP",
			u.Hostname())
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if part == "." || part == ".." {
			return nil, Arg(name, "has %q in its path", part)
		}
	}
	return u, nil
}

func validPort(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || err == nil && n > 0 && n < 1<<16
}

// loopback reports whether host is this machine.
func loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// sameOrigin reports whether a and b have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	if a.Scheme != b.Scheme {
		return false
	}
	return a.Host == b.Host || strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// port returns the port of u, or the default port of its scheme.
func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
