package egeria

import (
	"context"
	"net/http"
	"slices"

	"github.com/integrations-go/sdk/internal/core"
)

// checkSecretsStore returns an error for a secrets store if only some of its values are set.
func checkSecretsStore(argument, provider, location, collection string) error {
	values := []string{provider, location, collection}
	if slices.Contains(values, "") && provider+location+collection != "" {
		return core.Arg(argument, "have a part of a secrets store: "+
			"SecretsStoreProvider, SecretsStoreLocation and SecretsStoreCollection belong together")
	}
	return nil
}

// check returns an error for properties that a platform would store only partly, or that it does
// not accept.
func (p ServerProperties) check(d Dialect) error {
	hasStore := p.SecretsStoreProvider != ""
	switch {
	case d == Dialect6 && !hasStore:
		return core.Arg("properties",
			"have no secrets store: a platform of 6.x would refuse them (OMAG-ADMIN-400-041) "+
				"after it has stored the others")
	case d == Dialect6 && p.Password != "":
		return core.Arg("properties", "have a password, which 6.x does not accept: use a secrets store")
	case d == Dialect4 && hasStore:
		return core.Arg("properties", "have a secrets store, which platforms before 6.0 do not accept")
	}
	return nil
}

// SetProperties sends POST .../server-properties, which replaces all properties, including those
// that p leaves empty. The request is repeated like a PUT.
//
//   - Platforms of 6.x require the three values of a secrets store (OMAG-ADMIN-400-041), and have
//     no password.
//   - Platforms before 6.0 have no secrets store. The type of the server needs a second request
//     there. If it is empty, it is kept.
//   - Platforms of 4.x do not have the operation. For them, SetProperties sends the properties that
//     are set one by one, and the others are kept. If a request fails, the properties of earlier
//     requests are changed. A password is [ErrInvalid], because 4.x accepts it only in a URL.
//
// Platforms set one property after the other. If they refuse one, they keep the earlier ones.
// Properties that would be stored only partly are [ErrInvalid], and nothing is sent: a negative
// MaxPageSize (OMAG-ADMIN-400-014), and a secrets store with only some of its values.
func (s *ConfigService) SetProperties(ctx context.Context, p ServerProperties, opts ...CallOption) error {
	const op = "Config.SetProperties"
	var size, password error
	if p.MaxPageSize != nil && *p.MaxPageSize < 0 {
		size = core.Arg("MaxPageSize", "is %d", *p.MaxPageSize)
	}
	if p.Password == hidden {
		password = core.Arg("Password", "is %s: it was read from JSON, which hides it", hidden)
	}
	store := checkSecretsStore("properties", p.SecretsStoreProvider, p.SecretsStoreLocation, p.SecretsStoreCollection)
	if err := invalidCall(op, opts, s.check(), size, password, store, core.ValidText("", p),
		core.CheckCall(ctx, opts)); err != nil {
		return err
	}
	dialect, err := s.c.Dialect(ctx)
	if err != nil {
		return newError(&core.Failure{Operation: op, Err: err})
	}
	if err := invalidArg(op, p.check(dialect)); err != nil {
		return err
	}
	opts = append(slices.Clip(opts), withIdempotent, func(o *core.CallOptions) { o.WithSecrets(p.Password) })
	return s.serialized(ctx, op, opts, func() error { return s.setProperties(ctx, op, p, dialect, opts) })
}

func (s *ConfigService) setProperties(
	ctx context.Context, op string, p ServerProperties, d Dialect, opts []CallOption,
) error {
	err := callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.setServerProperties(ctx, s.name, p)
	})
	var rest []core.Send
	switch {
	case noSuchPath(err):
		if p.Password != "" {
			return invalidArg(op,
				core.Arg("properties", "have a password, which 4.x does not accept; empty properties are kept"))
		}
		if rest = s.setters(p); len(rest) == 0 {
			return err // without a request, 4.x can't be distinguished from a wrong URL
		}
	case err != nil:
		return err
	case d == Dialect4 && p.ServerType != "":
		rest = []core.Send{s.typeSetter(p.ServerType)}
	}
	for _, send := range rest {
		if err := callNoResult(ctx, s.c, op, opts, send); err != nil {
			return err
		}
	}
	return nil
}

func (s *ConfigService) typeSetter(typeName string) core.Send {
	return func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.setServerType(ctx, s.name, &setServerTypeParams{TypeName: typeName})
	}
}

// setters returns the requests for the properties that are set.
func (s *ConfigService) setters(p ServerProperties) []core.Send {
	var all []core.Send
	add := func(wanted bool, send core.Send) {
		if wanted {
			all = append(all, send)
		}
	}
	a := s.c.raw
	add(p.Description != "", func(ctx context.Context) (*http.Response, error) {
		return a.setServerDescription(ctx, s.name, p.Description)
	})
	add(p.OrganizationName != "", func(ctx context.Context) (*http.Response, error) {
		return a.setOrganizationName(ctx, s.name, &setOrganizationNameParams{Name: p.OrganizationName})
	})
	add(p.URLRoot != "", func(ctx context.Context) (*http.Response, error) {
		return a.setServerURLRoot(ctx, s.name, urlRequest{URLRoot: p.URLRoot})
	})
	add(p.UserID != "", func(ctx context.Context) (*http.Response, error) {
		return a.setServerUserID(ctx, s.name, &setServerUserIDParams{ID: p.UserID})
	})
	add(p.ServerType != "", s.typeSetter(p.ServerType))
	if p.MaxPageSize != nil {
		add(true, func(ctx context.Context) (*http.Response, error) {
			return a.setMaxPageSize(ctx, s.name, &setMaxPageSizeParams{Limit: *p.MaxPageSize})
		})
	}
	return all
}
