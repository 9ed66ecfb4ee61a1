package egeria

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/integrations-go/sdk/internal/core"
)

// Dialect is the form of a platform's requests.
type Dialect int

const (
	// DialectAuto reads the origin of the platform before the first call, and stores the dialect.
	DialectAuto Dialect = iota
	// Dialect4 is the dialect of 4.x and 5.x. Every path has the user. The platform does not
	// authenticate the user.
	Dialect4
	// Dialect6 is the dialect of 6.0 and later. Requests have a bearer token.
	Dialect6
)

// String returns the releases that use the dialect.
func (d Dialect) String() string {
	switch d {
	case DialectAuto:
		return "auto"
	case Dialect4:
		return "4.x/5.x"
	case Dialect6:
		return "6.x"
	}
	return fmt.Sprintf("Dialect(%d)", int(d))
}

type dialectState struct {
	known atomic.Int32 // a Dialect; 0 if it is not known yet
	mu    sync.Mutex
	probe *core.Flight[Dialect]
}

func (s *dialectState) get() Dialect { return Dialect(s.known.Load()) }

// Dialect returns the dialect of the platform. With [DialectAuto] it asks the platform, until there
// is a response.
func (c *Client) Dialect(ctx context.Context) (Dialect, error) {
	if err := invalidArg("Dialect", c.check(), core.CheckContext(ctx)); err != nil {
		return DialectAuto, err
	}
	s := &c.dialect
	for {
		if d := s.get(); d != DialectAuto {
			return d, nil
		}
		s.mu.Lock()
		p, mine := s.probe, s.probe == nil
		if mine {
			p = core.NewFlight[Dialect]("the probe")
			s.probe = p
		}
		s.mu.Unlock()
		if mine {
			find := func() (Dialect, error) { return c.findDialect(ctx) }
			return p.Run(ctx, find, func(d Dialect, err error, _ bool) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.probe = nil
				if err == nil {
					s.known.Store(int32(d))
				}
			})
		}
		d, again, err := p.Wait(ctx)
		switch {
		case again:
			continue
		case err != nil && ctx.Err() != nil:
			return DialectAuto, newError(&core.Failure{Operation: "Dialect", Err: core.Ended(ctx)})
		}
		return d, err
	}
}

// findDialect reads the origin, and checks the client's options for the dialect.
func (c *Client) findDialect(ctx context.Context) (Dialect, error) {
	const op = "Dialect"
	_, d, err := c.findOrigin(ctx, op, nil)
	switch {
	case err != nil:
		return 0, err
	case d == Dialect6 && !c.cfg.hasTokens():
		return 0, invalidArg(op, core.Arg("credentials", "are missing: the platform is of 6.0 or later, "+
			"which needs WithCredentials, WithToken or WithTokenSource"))
	case d == Dialect4 && c.cfg.user == "":
		return 0, invalidArg(op, core.Arg("user", "is missing: the platform is of 4.x or 5.x, which need WithUser"))
	}
	if d == Dialect4 {
		err = checkName("user", c.cfg.user)
	}
	if err := invalidArg(op, err, c.cfg.checkDelegate(d)); err != nil {
		return 0, err
	}
	return d, nil
}

// findOrigin reads the origin on the paths of 6.x, and if it is not there, on those of 4.x. It
// sends no credentials, because the origin does not need them.
func (c *Client) findOrigin(ctx context.Context, op string, opts []CallOption) (string, Dialect, error) {
	read := func(from *rawClient) (string, error) {
		return core.CallText(ctx, c.core, op, append(slices.Clip(opts), withoutAuth), from.getOrigin, checkOrigin)
	}
	// elsewhere reports whether the response means that the path does not exist.
	elsewhere := func(err error) bool {
		e, ok := errors.AsType[*Error](err)
		return ok && e.StatusCode >= 200 && e.StatusCode < 500 && e.StatusCode != http.StatusTooManyRequests
	}
	text, err6 := read(c.plain)
	if !elsewhere(err6) {
		return text, Dialect6, err6
	}
	user := c.cfg.user
	if checkName("user", user) != nil {
		user = anyUser
	}
	text, err4 := read(c.plain.withEditor(func(_ context.Context, r *http.Request) error { return c.addUser(r, user) }))
	if elsewhere(err4) {
		// Neither error is wrapped: a 404 of the origin must not look like a 404 of the call.
		err := errors.New("no Egeria platform responds: " + err4.Error() + "; " + err6.Error())
		err4 = newError(&core.Failure{Operation: op, Err: err})
	}
	return text, Dialect4, err4
}

// anyUser is the user in the path of the origin if the client has no user that a path can have. 4.x
// and 5.x accept any user.
const anyUser = "anyone"

func withoutAuth(o *core.CallOptions) { o.WithoutAuth() }

// checkOrigin returns an error unless text is the origin of a platform, such as Egeria OMAG Server
// Platform (version 4.3).
func checkOrigin(text string) error {
	if !strings.Contains(text, "Egeria") || len(text) > 1000 || strings.ContainsAny(text, "<{") {
		return &core.ResponseError{Problem: "the response is not the origin of an Egeria platform"}
	}
	return nil
}

// translate converts a request to the dialect of the platform.
func (c *Client) translate(ctx context.Context, r *http.Request) error {
	if strings.HasSuffix(r.URL.Path, "/refresh-config") {
		*r = *r.WithContext(core.Once(r.Context())) // an action, although it is a GET
		r.Header.Set("Cache-Control", "no-store")   // prevents a cached response of a proxy
	}
	d, err := c.Dialect(ctx)
	if err != nil {
		return err
	}
	if d == Dialect4 {
		return c.addUser(r, c.cfg.user)
	}
	c.delegate(r, c.cfg.delegate)
	return nil
}

// In a path, the user follows one of these.
var services = []string{
	"/open-metadata/admin-services", "/open-metadata/platform-services", "/open-metadata/integration-daemon",
}

// addUser converts a path of 6.x to one of 4.x and 5.x.
func (c *Client) addUser(r *http.Request, user string) error {
	base, err := url.Parse(c.core.BaseURL())
	if err != nil {
		return err
	}
	prefix := base.EscapedPath() // may have any form
	path, below := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	if !below {
		return nil // the caller's path, see Do
	}
	for _, s := range services {
		before, after, found := strings.Cut(path, s)
		if !found {
			continue
		}
		path = prefix + before + s + "/users/" + url.PathEscape(user) + after
		r.URL.RawPath = path
		r.URL.Path, err = url.PathUnescape(path)
		return err
	}
	return nil
}

// onlyFor6 sends no credential to a platform of 4.x or 5.x, which does not use it. Such platforms
// are said to refuse requests with an unknown credential.
func onlyFor6(a *core.Auth, s *dialectState) *core.Auth {
	own := *a
	if a.Prepare != nil {
		own.Prepare = func(ctx context.Context) error {
			if s.get() == Dialect4 {
				return nil
			}
			return a.Prepare(ctx)
		}
	}
	if a.Refused != nil {
		own.Refused = func(h http.Header) bool { return s.get() != Dialect4 && a.Refused(h) }
	}
	own.Authorize = func(ctx context.Context) (string, error) {
		if s.get() == Dialect4 {
			return "", nil
		}
		return a.Authorize(ctx)
	}
	return &own
}
