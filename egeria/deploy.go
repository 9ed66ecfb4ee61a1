package egeria

import (
	"context"
	"net/http"

	"github.com/integrations-go/sdk/internal/core"
)

// DeployTarget is a platform that a configuration document is sent to, and the secrets store with
// the credentials for it.
type DeployTarget struct {
	// PlatformURL is the base URL of the platform. Required.
	PlatformURL string
	// SecretsStoreProvider is the Java class of the connector to the secrets store. The
	// three values of a secrets store are set together or not at all. Since 6.0.
	SecretsStoreProvider string
	// SecretsStoreLocation is the location of the secrets store. Since 6.0.
	SecretsStoreLocation string
	// SecretsStoreCollection is the collection of secrets in the store. Since 6.0.
	SecretsStoreCollection string
}

// Deploy sends POST .../configuration/deploy: the platform sends the document to the target.
//
// A platform of 6.x needs a secrets store, in target or in the document. Without one it fails with
// OMAG-ADMIN-400-001. It calls the target for the user of [WithDelegatingUser], or else for the
// user of [WithCredentials]. With only [WithToken] or [WithTokenSource] there is no user, and the
// target may refuse the call ([ErrForbidden], OPEN-METADATA-SECURITY-403-017). Deploy is
// [ErrInvalid] if only some values of a secrets store are set, or if there are any for a platform
// before 6.0.
func (s *ConfigService) Deploy(ctx context.Context, target DeployTarget, opts ...CallOption) error {
	const op = "Config.Deploy"
	store := checkSecretsStore("target", target.SecretsStoreProvider, target.SecretsStoreLocation,
		target.SecretsStoreCollection)
	err := invalidCall(op, opts, s.check(), core.Required("target.PlatformURL", target.PlatformURL),
		core.ValidText("target", target), store,
		core.CheckCall(ctx, opts))
	if err != nil {
		return err
	}
	dialect, err := s.c.Dialect(ctx)
	if err != nil {
		return newError(&core.Failure{Operation: op, Err: err})
	}
	if dialect == Dialect4 && target.SecretsStoreProvider != "" {
		return invalidArg(op, core.Arg("target", "has a secrets store, which platforms before 6.0 do not accept"))
	}
	from := s.c.plain.withEditor(func(ctx context.Context, r *http.Request) error {
		if dialect == Dialect6 {
			s.c.delegate(r, s.c.cfg.delegate)
			s.c.delegate(r, s.c.cfg.login)
			return nil
		}
		return s.c.translate(ctx, r)
	})
	return callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return from.deployConfiguration(ctx, s.name, urlRequest{
			URLRoot: target.PlatformURL, SecretsStoreProvider: target.SecretsStoreProvider,
			SecretsStoreLocation: target.SecretsStoreLocation, SecretsStoreCollection: target.SecretsStoreCollection,
		})
	})
}
