package egeria

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// LongTimeout is the time limit of an attempt to start, stop, refresh or restart, unless
// [WithAttemptTimeout] allows more. The platform responds when the action is complete, seconds or
// minutes later.
const LongTimeout = 10 * time.Minute

// PlatformService calls the platform, and starts and stops its servers. It can't stop the platform
// itself.
type PlatformService struct{ c *Client }

// Origin returns the name and version that the platform states, for example "Egeria OMAG Server
// Platform (version 4.3)". It sends no credentials, because none are needed. A client for any
// release can read the origin of any platform.
func (s *PlatformService) Origin(ctx context.Context, opts ...CallOption) (string, error) {
	const op = "Platform.Origin"
	if err := invalidCall(op, opts, s.c.check()); err != nil {
		return "", err
	}
	if s.c.dialect.get() == DialectAuto {
		text, _, err := s.c.findOrigin(ctx, op, opts)
		return text, err
	}
	send := func(ctx context.Context) (*http.Response, error) { return s.c.raw.getOrigin(ctx) }
	return core.CallText(ctx, s.c.core, op, append(slices.Clip(opts), withoutAuth), send, checkOrigin)
}

// Servers sends GET .../servers. It returns the names of the servers that the platform has run
// since its start.
func (s *PlatformService) Servers(ctx context.Context, opts ...CallOption) ([]string, error) {
	return s.names(ctx, "Platform.Servers", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.listServers(ctx)
	})
}

// ActiveServers sends GET .../servers/active. It returns the names of the servers that are running.
func (s *PlatformService) ActiveServers(ctx context.Context, opts ...CallOption) ([]string, error) {
	return s.names(ctx, "Platform.ActiveServers", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.listActiveServers(ctx)
	})
}

func (s *PlatformService) names(ctx context.Context, op string, opts []CallOption, send core.Send) ([]string, error) {
	response, err := call[serversResponse](ctx, s.c, op, opts, send)
	if err != nil {
		return nil, err
	}
	return emptyIfNil(response.Servers), nil
}

// Known sends GET .../servers/{server}/is-known. It reports whether the platform has run the server
// since its own start.
func (s *PlatformService) Known(ctx context.Context, server string, opts ...CallOption) (bool, error) {
	const op = "Platform.Known"
	if err := invalidCall(op, opts, s.c.check(), checkName("server", server)); err != nil {
		return false, err
	}
	response, err := call[flagResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.isServerKnown(ctx, server)
	})
	if err != nil {
		return false, err
	}
	return response.Flag, nil
}

// Status sends GET .../servers/{server}/status. It returns the times at which the server started
// and stopped. If the server has not run since the start of the platform, the error is
// [ErrNotFound].
func (s *PlatformService) Status(ctx context.Context, server string, opts ...CallOption) (*ServerStatus, error) {
	const op = "Platform.Status"
	if err := invalidCall(op, opts, s.c.check(), checkName("server", server)); err != nil {
		return nil, err
	}
	response, err := call[serverStatusResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getServerStatus(ctx, server)
	})
	if err != nil {
		return nil, err
	}
	if response.Status == nil {
		return nil, noStatus(op)
	}
	return response.Status, nil
}

func noStatus(op string) error {
	return badResponse(op, "the response has no status")
}

// InstanceStatus sends GET .../servers/{server}/instance/status. It returns the state of a running
// server and its services. If the server is not running, the error is [ErrNotFound].
func (s *PlatformService) InstanceStatus(
	ctx context.Context, server string, opts ...CallOption,
) (*InstanceStatus, error) {
	const op = "Platform.InstanceStatus"
	if err := invalidCall(op, opts, s.c.check(), checkName("server", server)); err != nil {
		return nil, err
	}
	response, err := withLegacyFallback(func(send core.Send) (*instanceStatusResponse, error) {
		return call[instanceStatusResponse](ctx, s.c, op, opts, send)
	}, func(ctx context.Context) (*http.Response, error) { return s.c.raw.getInstanceStatus(ctx, server) },
		func(ctx context.Context) (*http.Response, error) { return s.c.raw.getInstanceStatusLegacy(ctx, server) })
	if err != nil {
		return nil, err
	}
	if response.Status == nil {
		return nil, noStatus(op)
	}
	return response.Status, nil
}

// withLegacyFallback calls an operation on the path of 4.2 and later. If there is no such path, it
// calls the operation on the path of 4.0 and 4.1.
func withLegacyFallback[T any](
	call func(core.Send) (*T, error), now, before core.Send,
) (*T, error) {
	out, err := call(now)
	if noSuchPath(err) {
		if older, olderErr := call(before); !noSuchPath(olderErr) {
			return older, olderErr
		}
	}
	return out, err
}

// Start sends POST .../servers/{server}/instance: the server starts with its stored configuration.
// When Start returns the platform's message, the server is running, but some of its services may
// have failed. A running server is restarted. It is an action: a lost response is
// [ErrOutcomeUnknown]. An attempt may take [LongTimeout].
func (s *PlatformService) Start(ctx context.Context, server string, opts ...CallOption) (message string, err error) {
	const op = "Platform.Start"
	if err := invalidCall(op, opts, s.c.check(), checkName("server", server)); err != nil {
		return "", err
	}
	response, err := withLegacyFallback(func(send core.Send) (*messageResponse, error) {
		return call[messageResponse](ctx, s.c, op, s.c.long(opts), send)
	}, func(ctx context.Context) (*http.Response, error) { return s.c.raw.startServer(ctx, server) },
		func(ctx context.Context) (*http.Response, error) { return s.c.raw.startServerLegacy(ctx, server) })
	if err != nil {
		return "", err
	}
	return response.Message, nil
}

// StartWith sends POST .../servers/{server}/instance/configuration: the server starts with this
// document, with the rules of [PlatformService.Start] and [ConfigService.Set]. Since 4.2.
func (s *PlatformService) StartWith(
	ctx context.Context, server string, document Document, opts ...CallOption,
) (message string, err error) {
	const op = "Platform.StartWith"
	if err := invalidCall(op, opts, s.c.check(), checkName("server", server), core.CheckCall(ctx, opts)); err != nil {
		return "", err
	}
	if err := s.c.checkDocument(ctx, op, document); err != nil {
		return "", err
	}
	opts = append(s.c.long(opts), hideSecrets(document.sent()))
	response, err := call[messageResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.startServerWithConfiguration(ctx, server, document)
	})
	if err != nil {
		return "", err
	}
	return response.Message, nil
}

// long adds the attempt timeout for starting and stopping.
func (c *Client) long(opts []CallOption) []CallOption {
	if c.check() != nil {
		return opts // call refuses it
	}
	return append([]CallOption{func(o *core.CallOptions) { o.WithAttemptTimeout(c.longest) }}, opts...)
}

// Stop sends DELETE .../servers/{server}/instance: the server stops and remains known. If the
// server is not running, the error is [ErrNotFound], unless an earlier attempt with a lost response
// may have stopped it. An attempt may take [LongTimeout].
func (s *PlatformService) Stop(ctx context.Context, server string, opts ...CallOption) error {
	const op = "Platform.Stop"
	if err := invalidCall(op, opts, s.c.check(), checkName("server", server)); err != nil {
		return err
	}
	_, err := withLegacyFallback(func(send core.Send) (*struct{}, error) {
		return nil, callNoResult(ctx, s.c, op, s.c.long(opts), send)
	}, func(ctx context.Context) (*http.Response, error) { return s.c.raw.stopServer(ctx, server) },
		func(ctx context.Context) (*http.Response, error) { return s.c.raw.stopServerLegacy(ctx, server) })
	return err
}

// Unregister sends DELETE .../servers/{server}: the server stops, and is removed from its cohorts.
// If the server is not running, the error is [ErrNotFound], with the exception of
// [PlatformService.Stop]. An attempt may take [LongTimeout]. Since 4.2.
func (s *PlatformService) Unregister(ctx context.Context, server string, opts ...CallOption) error {
	const op = "Platform.Unregister"
	if err := invalidCall(op, opts, s.c.check(), checkName("server", server)); err != nil {
		return err
	}
	return callNoResult(ctx, s.c, op, s.c.long(opts), func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.unregisterServer(ctx, server)
	})
}

// Configurations sends GET .../configurations. It returns all configuration documents that the
// platform has stored. A platform without stored documents fails: 4.x with its default store and
// 5.x with RelatedCode 500 (OMAG-ADMIN-500-002), 6.x with 400 (OMAG-COMMON-400-016).
func (s *PlatformService) Configurations(ctx context.Context, opts ...CallOption) ([]Document, error) {
	response, err := call[documentsResponse](ctx, s.c, "Platform.Configurations", opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.listConfigurations(ctx)
		})
	if err != nil {
		return nil, err
	}
	return emptyIfNil(response.Documents), nil
}

// RegisteredServices sends GET .../registered-services. It returns the services that servers on the
// platform can run.
func (s *PlatformService) RegisteredServices(ctx context.Context, opts ...CallOption) ([]RegisteredService, error) {
	return s.registered(ctx, "Platform.RegisteredServices", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.listRegisteredServices(ctx)
	})
}

// RegisteredIntegrationServices sends GET .../registered-services/integration-services. It returns
// the integration services of the platform. Later releases have none. 6.0 and later do not have the
// operation: the error is [ErrNotFound]. [IntegrationServices] returns those of 4.x.
func (s *PlatformService) RegisteredIntegrationServices(
	ctx context.Context, opts ...CallOption,
) ([]RegisteredService, error) {
	return s.registered(ctx, "Platform.RegisteredIntegrationServices", opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.listIntegrationServices(ctx)
		})
}

// RegisteredAccessServices sends GET .../registered-services/access-services. It returns the access
// services of the platform.
func (s *PlatformService) RegisteredAccessServices(
	ctx context.Context, opts ...CallOption,
) ([]RegisteredService, error) {
	return s.registered(ctx, "Platform.RegisteredAccessServices", opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.listAccessServices(ctx)
		})
}

func (s *PlatformService) registered(
	ctx context.Context, op string, opts []CallOption, send core.Send,
) ([]RegisteredService, error) {
	response, err := call[registeredServicesResponse](ctx, s.c, op, opts, send)
	if err != nil {
		return nil, err
	}
	return emptyIfNil(response.Services), nil
}

func emptyIfNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
