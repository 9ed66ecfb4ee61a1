package egeria

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
)

// ConfigService reads and writes the configuration document of a server. A change reaches a running server with its next start.
type ConfigService struct{ server }

// Get sends GET .../configuration. A server that nobody has configured has a default document: the platform does not tell it from one that was stored.
func (s *ConfigService) Get(ctx context.Context, opts ...CallOption) (*Document, error) {
	return s.document(ctx, "Config.Get", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.GetConfiguration(ctx, s.name) })
}

// Resolved sends GET .../configuration/resolved: the document with the values of its placeholders. Since 6.0.
func (s *ConfigService) Resolved(ctx context.Context, opts ...CallOption) (*Document, error) {
	return s.document(ctx, "Config.Resolved", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetResolvedConfiguration(ctx, s.name)
	})
}

// Running sends GET .../instance/configuration of the platform services: the document that the server was started with. A server that is not running is [ErrNotFound]. Since 4.2.
func (s *ConfigService) Running(ctx context.Context, opts ...CallOption) (*Document, error) {
	return s.document(ctx, "Config.Running", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.GetRunningConfiguration(ctx, s.name) })
}

func (s *ConfigService) document(ctx context.Context, op string, opts []CallOption, send func(context.Context) (*http.Response, error)) (*Document, error) {
	if err := refuse(op, s.check()); err != nil {
		return nil, err
	}
	reply, err := call[api.DocumentReply](ctx, s.c, op, opts, send)
	if err != nil {
		return nil, err
	}
	if reply.Document.IsZero() {
		return nil, newError(&core.Failure{Operation: op, Err: &core.ReplyError{Problem: "the reply has no document"}})
	}
	return &reply.Document, nil
}

// Set sends POST .../configuration, which replaces the whole document. It is repeated like a PUT. A document without versionId, or with that of the other line of releases (V2.0 is that of 4.x and 5.x, V6.0 of 6.x), is
// [ErrInvalid]: platforms store it, and then refuse everything about the server (OMAG-ADMIN-400-023).
func (s *ConfigService) Set(ctx context.Context, document Document, opts ...CallOption) error {
	const op = "Config.Set"
	if err := refuse(op, s.check()); err != nil {
		return err
	}
	if err := s.c.checkDocument(ctx, op, document); err != nil {
		return err
	}
	opts = append(slices.Clip(opts), hidePasswords(document))
	return s.alone(ctx, op, func() error {
		return void(ctx, s.c, op, append(slices.Clip(opts), withIdempotent), func(ctx context.Context) (*http.Response, error) {
			return s.c.api.SetConfiguration(ctx, s.name, document)
		})
	})
}

// checkDocument refuses a document that the platform would not read again.
func (c *Client) checkDocument(ctx context.Context, op string, d Document) error {
	version := d.VersionID()
	switch {
	case d.IsZero():
		return refuse(op, core.Arg("document", "is empty"))
	case version == "":
		return refuse(op, core.Arg("document", "has no versionId"))
	}
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return newError(&core.Failure{Operation: op, Err: err})
	}
	if (dialect == Dialect4) != strings.HasPrefix(version, "V2.") {
		return refuse(op, core.Arg("document", "has the versionId %s, which a platform of %s does not read", version, dialect))
	}
	return nil
}

// hidePasswords keeps what a document holds of passwords out of errors, where the platform repeats it.
func hidePasswords(d Document) CallOption {
	var found []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for name, item := range v {
				if text, ok := item.(string); ok && strings.HasSuffix(strings.ToLower(name), "password") {
					found = append(found, text)
				}
				walk(item)
			}
		}
	}
	var all any
	if raw, err := d.MarshalJSON(); err == nil && json.Unmarshal(raw, &all) == nil {
		walk(all)
	}
	return func(o *core.CallOptions) { o.WithSecrets(found...) }
}

// Delete sends DELETE .../configuration. Afterwards Get gives a default document.
//
// A platform that keeps its documents encrypted, which is the default of 4.x, loses ALL documents with it, also where the server has none: it deletes the key. That was seen with 4.0 and 4.2, and nobody has shown that later
// releases do better. So it is [ErrInvalid], unless the client has [WithClearTextStore].
func (s *ConfigService) Delete(ctx context.Context, opts ...CallOption) error {
	const op = "Config.Delete"
	if err := refuse(op, s.check()); err != nil {
		return err
	}
	if !s.c.cfg.clearText {
		return refuse(op, core.Arg("WithClearTextStore", "is missing: a platform that encrypts its documents may lose all of them when one is deleted"))
	}
	return s.alone(ctx, op, func() error {
		return void(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.DeleteConfiguration(ctx, s.name) })
	})
}

// Deploy sends POST .../configuration/deploy: the platform sends the document to the platform at platformURL.
func (s *ConfigService) Deploy(ctx context.Context, platformURL string, opts ...CallOption) error {
	const op = "Config.Deploy"
	if err := refuse(op, s.check(), core.Required("platformURL", platformURL)); err != nil {
		return err
	}
	return void(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.DeployConfiguration(ctx, s.name, api.URLRequest{URLRoot: platformURL})
	})
}

// Properties sends GET .../server-properties. Platforms that do not have it (it came with 6.0) are asked for the document, which has the same properties.
func (s *ConfigService) Properties(ctx context.Context, opts ...CallOption) (*ServerProperties, error) {
	const op = "Config.Properties"
	if err := refuse(op, s.check()); err != nil {
		return nil, err
	}
	reply, err := call[api.ServerPropertiesReply](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetServerProperties(ctx, s.name)
	})
	switch {
	case noSuchPath(err):
		d, err := s.document(ctx, op, opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.GetConfiguration(ctx, s.name) })
		if err != nil {
			return nil, err
		}
		p := &ServerProperties{}
		raw, err := d.MarshalJSON()
		if err == nil {
			err = s.c.core.Decode(raw, p)
		}
		if err != nil {
			return nil, newError(&core.Failure{Operation: op, Err: &core.ReplyError{Problem: "the document is not what it should be", Err: err}})
		}
		return p, nil
	case err != nil:
		return nil, err
	case reply.Properties == nil:
		return &ServerProperties{}, nil
	}
	return reply.Properties, nil
}

// noSuchPath reports whether the platform does not know the operation: 404 and 405 outside of a bean come from its web server.
func noSuchPath(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Failure == nil && (e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusMethodNotAllowed)
}

// SetProperties sends POST .../server-properties, which replaces all of them, also those that are left out, and those that ServerProperties has no field for. It is repeated like a PUT.
//
// Platforms of 4.x do not have it. There the properties that are set are sent one by one, and the others stay; a secrets store, and a password, which 4.x takes in a URL only, are [ErrInvalid].
// Where one of them fails, those before it are changed.
func (s *ConfigService) SetProperties(ctx context.Context, p ServerProperties, opts ...CallOption) error {
	const op = "Config.SetProperties"
	var size error
	if p.MaxPageSize != nil && *p.MaxPageSize < 0 {
		size = core.Arg("MaxPageSize", "is %d", *p.MaxPageSize)
	}
	if err := refuse(op, s.check(), size); err != nil {
		return err
	}
	opts = append(slices.Clip(opts), withIdempotent, func(o *core.CallOptions) { o.WithSecrets(p.Password) })
	return s.alone(ctx, op, func() error {
		err := void(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.SetServerProperties(ctx, s.name, p) })
		if !noSuchPath(err) {
			return err
		}
		if p.Password != "" || p.SecretsStoreProvider != "" || p.SecretsStoreLocation != "" || p.SecretsStoreCollection != "" {
			return refuse(op, core.Arg("properties", "have a password or secrets store, which 4.x can't be given; what is left empty stays"))
		}
		setters := s.setters(p)
		if len(setters) == 0 {
			return err // nothing would tell a platform of 4.x from a wrong URL
		}
		for _, set := range setters {
			if err := void(ctx, s.c, op, opts, set); err != nil {
				return err
			}
		}
		return nil
	})
}

// setters are the requests for the properties that are set.
func (s *ConfigService) setters(p ServerProperties) []core.Send {
	var all []core.Send
	add := func(set bool, send core.Send) {
		if set {
			all = append(all, send)
		}
	}
	a := s.c.api
	add(p.Description != "", func(ctx context.Context) (*http.Response, error) {
		return a.SetServerDescriptionWithTextBody(ctx, s.name, p.Description)
	})
	add(p.OrganizationName != "", func(ctx context.Context) (*http.Response, error) {
		return a.SetOrganizationName(ctx, s.name, &api.SetOrganizationNameParams{Name: p.OrganizationName})
	})
	add(p.URLRoot != "", func(ctx context.Context) (*http.Response, error) {
		return a.SetServerURLRoot(ctx, s.name, api.URLRequest{URLRoot: p.URLRoot})
	})
	add(p.UserID != "", func(ctx context.Context) (*http.Response, error) {
		return a.SetServerUserID(ctx, s.name, &api.SetServerUserIDParams{ID: p.UserID})
	})
	if p.MaxPageSize != nil {
		add(true, func(ctx context.Context) (*http.Response, error) {
			return a.SetMaxPageSize(ctx, s.name, &api.SetMaxPageSizeParams{Limit: *p.MaxPageSize})
		})
	}
	return all
}

// SetServerType sends POST .../server-type, which 4.x and 5.x have. The type is for people: the platform finds out itself what a server is.
func (s *ConfigService) SetServerType(ctx context.Context, typeName string, opts ...CallOption) error {
	return s.simple(ctx, "Config.SetServerType", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.SetServerType(ctx, s.name, &api.SetServerTypeParams{TypeName: typeName})
	}, core.Required("typeName", typeName))
}

// SetDefaultAuditLog sends POST .../audit-log-destinations/default: the audit log goes to the platform's default destination, its console. A server needs repository services to start, which this adds where there are none.
func (s *ConfigService) SetDefaultAuditLog(ctx context.Context, opts ...CallOption) error {
	return s.simple(ctx, "Config.SetDefaultAuditLog", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.SetDefaultAuditLog(ctx, s.name) })
}

// DaemonServices sends GET .../integration-daemon-services: the groups, and in early releases of 5.x the integration services. Since 5.0.
func (s *ConfigService) DaemonServices(ctx context.Context, opts ...CallOption) (*DaemonServices, error) {
	const op = "Config.DaemonServices"
	if err := refuse(op, s.check()); err != nil {
		return nil, err
	}
	reply, err := call[api.DaemonServicesReply](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.GetDaemonServices(ctx, s.name) })
	if err != nil {
		return nil, err
	}
	if reply.Services == nil {
		return &DaemonServices{}, nil
	}
	return reply.Services, nil
}

// SetDaemonServices sends POST .../integration-daemon-services, which replaces the groups, and in early releases of 5.x the integration services: without groups it removes all. The groups need what
// [IntegrationGroupsService.ReplaceAll] tells; the platform checks nothing. What DaemonServices has no field for is lost. It is repeated like a PUT. Since 5.0.
func (s *ConfigService) SetDaemonServices(ctx context.Context, services DaemonServices, opts ...CallOption) error {
	const op = "Config.SetDaemonServices"
	if err := refuse(op, checkGroups("services.IntegrationGroups", services.IntegrationGroups)...); err != nil {
		return err
	}
	return s.simple(ctx, "Config.SetDaemonServices", append(slices.Clip(opts), withIdempotent), func(ctx context.Context) (*http.Response, error) {
		return s.c.api.SetDaemonServices(ctx, s.name, services)
	})
}

// ClearDaemonServices sends DELETE .../integration-daemon-services: it removes the groups, and in early releases of 5.x the integration services. Since 5.0.
func (s *ConfigService) ClearDaemonServices(ctx context.Context, opts ...CallOption) error {
	return s.simple(ctx, "Config.ClearDaemonServices", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.ClearDaemonServices(ctx, s.name) })
}

// simple changes the document with one request.
func (s *ConfigService) simple(ctx context.Context, op string, opts []CallOption, send func(context.Context) (*http.Response, error), checks ...error) error {
	if err := refuse(op, append([]error{s.check()}, checks...)...); err != nil {
		return err
	}
	return s.alone(ctx, op, func() error { return void(ctx, s.c, op, opts, send) })
}
