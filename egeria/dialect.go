package egeria

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
)

// Dialect is how a platform wants to be spoken to.
type Dialect int

const (
	// DialectAuto asks the platform for its origin before the first call, and remembers what it has found out.
	DialectAuto Dialect = iota
	// Dialect4 is that of 4.x and 5.x: the user is part of every path, and is believed.
	Dialect4
	// Dialect6 is that of 6.0 and later: requests carry a bearer token.
	Dialect6
)

// String names the releases.
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
	known atomic.Int32 // a Dialect; 0: not yet
	mu    sync.Mutex
	probe *core.Flight[Dialect]
}

func (s *dialectState) get() Dialect { return Dialect(s.known.Load()) }

// Dialect is the dialect of the platform. With [DialectAuto] it asks the platform, until it has got an answer once.
func (c *Client) Dialect(ctx context.Context) (Dialect, error) {
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
			return p.Run(ctx, func() (Dialect, error) { return c.findDialect(ctx) }, func(d Dialect, err error, _ bool) {
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

// findDialect asks for the origin on the paths of 6.x, and where there is nothing on those of 4.x, without credentials, which the origin needs in neither.
func (c *Client) findDialect(ctx context.Context) (Dialect, error) {
	const op = "Dialect"
	origin := func(editors ...api.RequestEditorFn) error {
		_, err := core.CallText(ctx, c.core, op, []CallOption{withoutAuth}, func(ctx context.Context) (*http.Response, error) {
			return c.plain.GetOrigin(ctx, editors...)
		}, checkOrigin)
		return err
	}
	// Whether an answer tells that the path is another one.
	elsewhere := func(err error) bool {
		e, ok := errors.AsType[*Error](err)
		return ok && e.StatusCode >= 200 && e.StatusCode < 500 && e.StatusCode != http.StatusTooManyRequests
	}
	err6 := origin()
	switch {
	case err6 == nil:
		if c.cfg.Auth == nil {
			return 0, refuse(op, core.Arg("credentials", "are missing: the platform is of 6.0 or later, which needs WithCredentials, WithToken or WithTokenSource"))
		}
		return Dialect6, nil
	case !elsewhere(err6):
		return 0, err6
	}
	if c.cfg.user == "" {
		return 0, refuse(op, core.Arg("user", "is missing: the platform does not speak as 6.0 and later do (%v); 4.x and 5.x need WithUser", err6))
	}
	if err := refuse(op, checkName("user", c.cfg.user)); err != nil {
		return 0, err
	}
	err4 := origin(func(_ context.Context, r *http.Request) error { return c.addUser(r) })
	if elsewhere(err4) {
		// Neither is wrapped: a 404 for the origin is none for what a call is about.
		err4 = newError(&core.Failure{Operation: op, Err: errors.New("no Egeria platform answers: " + err4.Error() + "; " + err6.Error())})
	}
	if err4 != nil {
		return 0, err4
	}
	return Dialect4, nil
}

func withoutAuth(o *core.CallOptions) { o.WithoutAuth() }

// checkOrigin recognizes what a platform says of itself: Egeria OMAG Server Platform (version 4.3).
func checkOrigin(text string) error {
	if !strings.Contains(text, "Egeria") || len(text) > 1000 || strings.ContainsAny(text, "<{") {
		return &core.ReplyError{Problem: "the reply is not the origin of an Egeria platform"}
	}
	return nil
}

// translate puts a request into the dialect of the platform.
func (c *Client) translate(ctx context.Context, r *http.Request) error {
	if strings.HasSuffix(r.URL.Path, "/refresh-config") {
		*r = *r.WithContext(core.Once(r.Context())) // an action, although a GET
	}
	d, err := c.Dialect(ctx)
	if err != nil || d != Dialect4 {
		return err
	}
	return c.addUser(r)
}

// The user's place in a path is right behind one of these.
var services = []string{"/open-metadata/admin-services", "/open-metadata/platform-services", "/open-metadata/integration-daemon"}

// addUser makes a path of 4.x and 5.x from one of 6.x.
func (c *Client) addUser(r *http.Request) error {
	base, err := url.Parse(c.core.BaseURL())
	if err != nil {
		return err
	}
	prefix := base.EscapedPath() // which may look like anything
	path := strings.TrimPrefix(r.URL.EscapedPath(), prefix)
	for _, s := range services {
		before, after, found := strings.Cut(path, s)
		if !found {
			continue
		}
		path = prefix + before + s + "/users/" + url.PathEscape(c.cfg.user) + after
		r.URL.RawPath = path
		r.URL.Path, err = url.PathUnescape(path)
		return err
	}
	return nil
}

// onlyFor6 sends no credential to a platform that has no use for one, and is said to refuse requests with one that it can't read.
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
	own.Authorize = func(ctx context.Context) (string, error) {
		if s.get() == Dialect4 {
			return "", nil
		}
		return a.Authorize(ctx)
	}
	return &own
}
