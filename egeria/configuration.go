package egeria

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/redact"
)

// ConfigService reads and writes the configuration document of a server. A change takes effect at
// the next start of the server.
type ConfigService struct{ server }

// Get sends GET .../configuration. A server without configuration has a default document. The
// platform does not distinguish it from a stored one.
func (s *ConfigService) Get(ctx context.Context, opts ...CallOption) (*Document, error) {
	return s.document(ctx, "Config.Get", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getConfiguration(ctx, s.name)
	})
}

// Resolved sends GET .../configuration/resolved. It returns the document with the values of its
// placeholders. Since 6.0.
func (s *ConfigService) Resolved(ctx context.Context, opts ...CallOption) (*Document, error) {
	return s.document(ctx, "Config.Resolved", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getResolvedConfiguration(ctx, s.name)
	})
}

// Running sends GET .../instance/configuration of the platform services. It returns the document
// that the running server uses. If the server is not running, the error is [ErrNotFound]. Since
// 4.2.
func (s *ConfigService) Running(ctx context.Context, opts ...CallOption) (*Document, error) {
	return s.document(ctx, "Config.Running", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getRunningConfiguration(ctx, s.name)
	})
}

func (s *ConfigService) document(ctx context.Context, op string, opts []CallOption, send core.Send) (*Document, error) {
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[documentResponse](ctx, s.c, op, opts, send)
	if err != nil {
		return nil, err
	}
	if response.Document.IsZero() {
		return nil, badResponse(op, "the response has no document")
	}
	return &response.Document, nil
}

// Set sends POST .../configuration, which replaces the whole document. The request is repeated like
// a PUT.
//
// A document without versionId, or with that of other releases (V2.0 for 4.x and 5.x, V6.0 for
// 6.x), is [ErrInvalid]: platforms store it, but then refuse every call for the server
// (OMAG-ADMIN-400-023).
func (s *ConfigService) Set(ctx context.Context, document Document, opts ...CallOption) error {
	const op = "Config.Set"
	if err := invalidCall(op, opts, s.check(), core.CheckCall(ctx, opts)); err != nil {
		return err
	}
	if err := s.c.checkDocument(ctx, op, document); err != nil {
		return err
	}
	opts = append(slices.Clip(opts), hideSecrets(document.sent()))
	return s.serialized(ctx, op, opts, func() error {
		return callNoResult(ctx, s.c, op, append(slices.Clip(opts), withIdempotent),
			func(ctx context.Context) (*http.Response, error) {
				return s.c.raw.setConfiguration(ctx, s.name, document)
			})
	})
}

// checkDocument returns an error for a document that the platform could not read again.
func (c *Client) checkDocument(ctx context.Context, op string, d Document) error {
	version := d.VersionID()
	if err := invalidArg(op, core.ValidText("document", d)); err != nil {
		return err
	}
	switch {
	case d.IsZero():
		return invalidArg(op, core.Arg("document", "is empty"))
	case version == "":
		return invalidArg(op, core.Arg("document", "has no versionId"))
	case bytes.Contains(d.json(), []byte(hidden)):
		return invalidArg(op, core.Arg("document", "has %s in place of a secret: decode the JSON of Reveal",
			hidden))
	}
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return newError(&core.Failure{Operation: op, Err: err})
	}
	if (dialect == Dialect4) != strings.HasPrefix(version, "V2.") {
		return invalidArg(op, core.Arg("document",
			"has the versionId %s, which a platform of %s does not read", core.OneLine(version), dialect))
	}
	return nil
}

// hideSecrets hides the secrets of a request in errors, even if the platform repeats them: the
// texts in members with the names of secrets, and in secured properties.
func hideSecrets(sent any) CallOption {
	var found []string
	var walk func(value any, secret bool)
	walk = func(value any, secret bool) {
		switch value := value.(type) {
		case string:
			if secret {
				found = append(found, value)
			}
		case []any:
			for _, item := range value {
				walk(item, secret)
			}
		case map[string]any:
			for name, item := range value {
				walk(item, secret || redact.SecretName(name) || secretMember([]string{name}, item))
			}
		}
	}
	var all any
	if b, err := json.Marshal(sent); err == nil && json.Unmarshal(b, &all) == nil {
		walk(all, false)
	}
	return func(o *core.CallOptions) { o.WithSecrets(found...) }
}

// Delete sends DELETE .../configuration. Afterwards Get returns a default document.
//
// A platform that encrypts its documents loses ALL documents by this operation, even if the server
// has none, because the platform deletes the key. Encryption is the default of 4.x and 5.0. Since
// 5.2 the default is clear text. 6.0 and later have only clear text. Therefore Delete is
// [ErrInvalid] on 4.x and 5.x, unless the client has [WithClearTextStore].
func (s *ConfigService) Delete(ctx context.Context, opts ...CallOption) error {
	const op = "Config.Delete"
	if err := invalidCall(op, opts, s.check(), core.CheckCall(ctx, opts)); err != nil {
		return err
	}
	if !s.c.cfg.clearText {
		dialect, err := s.c.Dialect(ctx)
		if err != nil {
			return newError(&core.Failure{Operation: op, Err: err})
		}
		if dialect == Dialect4 {
			return invalidArg(op, core.Arg("WithClearTextStore",
				"is missing: a platform that encrypts its documents may lose all of them when one is deleted"))
		}
	}
	return s.serialized(ctx, op, opts, func() error {
		return callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.deleteConfiguration(ctx, s.name)
		})
	})
}

// Properties sends GET .../server-properties. Platforms of 4.x do not have the operation. For them,
// it reads the document, which has the same properties.
func (s *ConfigService) Properties(ctx context.Context, opts ...CallOption) (*ServerProperties, error) {
	const op = "Config.Properties"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[serverPropertiesResponse](ctx, s.c, op, opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getServerProperties(ctx, s.name)
		})
	switch {
	case noSuchPath(err):
		d, err := s.document(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getConfiguration(ctx, s.name)
		})
		if err != nil {
			return nil, err
		}
		p := &ServerProperties{}
		if err := s.c.core.Decode(d.json(), p); err != nil {
			bad := &core.ResponseError{Problem: "the response is not a configuration document", Err: err}
			return nil, newError(&core.Failure{Operation: op, Err: bad})
		}
		return p, nil
	case err != nil:
		return nil, err
	case response.Properties == nil:
		return &ServerProperties{}, nil
	}
	return response.Properties, nil
}

// noSuchPath reports whether the platform does not have the operation: its web server sends 404 and
// 405 outside of a bean, and on 5.x a 401.
func noSuchPath(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Failure == nil && (e.status() == http.StatusNotFound || e.StatusCode == http.StatusMethodNotAllowed)
}

// SetServerType sends POST .../server-type, which 4.x and 5.x have. 6.x has
// [ConfigService.SetProperties]. The type is only informative: the platform derives the kind of a
// server from its document.
func (s *ConfigService) SetServerType(ctx context.Context, typeName string, opts ...CallOption) error {
	return s.simple(ctx, "Config.SetServerType", opts, s.typeSetter(typeName), core.Required("typeName", typeName),
		core.ValidText("typeName", typeName))
}

// SetDefaultAuditLog sends POST .../audit-log-destinations/default: the audit log goes to the
// platform's default destination, its console. A server needs repository services to start. If
// there are none, this operation adds them.
func (s *ConfigService) SetDefaultAuditLog(ctx context.Context, opts ...CallOption) error {
	return s.simple(ctx, "Config.SetDefaultAuditLog", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.setDefaultAuditLog(ctx, s.name)
	})
}

// DaemonServices sends GET .../integration-daemon-services. It returns the groups, and in early
// releases of 5.x the integration services. Since 5.0.
func (s *ConfigService) DaemonServices(ctx context.Context, opts ...CallOption) (*DaemonServices, error) {
	const op = "Config.DaemonServices"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[daemonServicesResponse](ctx, s.c, op, opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getDaemonServices(ctx, s.name)
		})
	if err != nil {
		return nil, err
	}
	if response.Services == nil {
		return &DaemonServices{}, nil
	}
	return response.Services, nil
}

// SetDaemonServices sends POST .../integration-daemon-services, which replaces the groups, and in
// early releases of 5.x the integration services. Without groups it removes all. The groups need
// the members that [IntegrationGroupsService.ReplaceAll] requires. The platform does not check
// them. Members without a field in DaemonServices are lost. The request is repeated like a PUT.
// Since 5.0.
func (s *ConfigService) SetDaemonServices(ctx context.Context, services DaemonServices, opts ...CallOption) error {
	const op = "Config.SetDaemonServices"
	checks := append(checkGroups("services.IntegrationGroups", services.IntegrationGroups),
		core.ValidText("services", services))
	for i, o := range services.IntegrationServices {
		checks = append(checks, checkObject(fmt.Sprintf("services.IntegrationServices[%d]", i), o))
	}
	if err := invalidCall(op, opts, checks...); err != nil {
		return err
	}
	return s.simple(ctx, op, append(slices.Clip(opts), withIdempotent, hideSecrets(services.sent())),
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.setDaemonServices(ctx, s.name, services)
		})
}

// ClearDaemonServices sends DELETE .../integration-daemon-services. It removes the groups, and in
// early releases of 5.x the integration services. Since 5.0.
func (s *ConfigService) ClearDaemonServices(ctx context.Context, opts ...CallOption) error {
	return s.simple(ctx, "Config.ClearDaemonServices", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.clearDaemonServices(ctx, s.name)
	})
}

// simple changes the document with one request.
func (s *ConfigService) simple(
	ctx context.Context, op string, opts []CallOption, send core.Send,
	checks ...error,
) error {
	if err := invalidCall(op, opts, append([]error{s.check()}, checks...)...); err != nil {
		return err
	}
	return s.serialized(ctx, op, opts, func() error { return callNoResult(ctx, s.c, op, opts, send) })
}
