package egeria

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
)

// LongTimeout is what an attempt to start, stop, refresh or restart may take, unless [WithAttemptTimeout] allows more: the platform answers when it is done, seconds or minutes later.
const LongTimeout = 10 * time.Minute

// PlatformService calls the platform, and starts and stops its servers. Stopping the platform itself is not offered.
type PlatformService struct{ c *Client }

// Origin is what the platform says of itself, for example "Egeria OMAG Server Platform (version 4.3)".
func (s *PlatformService) Origin(ctx context.Context, opts ...CallOption) (string, error) {
	return core.CallText(ctx, s.c.core, "Platform.Origin", append(slices.Clip(opts), withoutAuth), func(ctx context.Context) (*http.Response, error) { return s.c.api.GetOrigin(ctx) }, checkOrigin)
}

// Servers sends GET .../servers: the names of the servers that the platform has run since it was started.
func (s *PlatformService) Servers(ctx context.Context, opts ...CallOption) ([]string, error) {
	return s.names(ctx, "Platform.Servers", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.ListServers(ctx) })
}

// ActiveServers sends GET .../servers/active: the names of the servers that are running.
func (s *PlatformService) ActiveServers(ctx context.Context, opts ...CallOption) ([]string, error) {
	return s.names(ctx, "Platform.ActiveServers", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.ListActiveServers(ctx) })
}

func (s *PlatformService) names(ctx context.Context, op string, opts []CallOption, send func(context.Context) (*http.Response, error)) ([]string, error) {
	reply, err := call[api.ServersReply](ctx, s.c, op, opts, send)
	if err != nil {
		return nil, err
	}
	return emptyIfNil(reply.Servers), nil
}

// Known sends GET .../servers/{server}/is-known: whether the platform has run the server since it was started.
func (s *PlatformService) Known(ctx context.Context, server string, opts ...CallOption) (bool, error) {
	const op = "Platform.Known"
	if err := refuse(op, checkName("server", server)); err != nil {
		return false, err
	}
	reply, err := call[api.FlagReply](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.IsServerKnown(ctx, server) })
	if err != nil {
		return false, err
	}
	return reply.Flag, nil
}

// Status sends GET .../servers/{server}/status: when the server has run. One that was never started since the platform was is [ErrNotFound].
func (s *PlatformService) Status(ctx context.Context, server string, opts ...CallOption) (*ServerStatus, error) {
	const op = "Platform.Status"
	if err := refuse(op, checkName("server", server)); err != nil {
		return nil, err
	}
	reply, err := call[api.ServerStatusReply](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.GetServerStatus(ctx, server) })
	if err != nil {
		return nil, err
	}
	if reply.Status == nil {
		return nil, noStatus(op)
	}
	return reply.Status, nil
}

func noStatus(op string) error {
	return newError(&core.Failure{Operation: op, Err: &core.ReplyError{Problem: "the reply has no status"}})
}

// InstanceStatus sends GET .../servers/{server}/instance/status: how a running server and its services do. One that is not running is [ErrNotFound].
func (s *PlatformService) InstanceStatus(ctx context.Context, server string, opts ...CallOption) (*InstanceStatus, error) {
	const op = "Platform.InstanceStatus"
	if err := refuse(op, checkName("server", server)); err != nil {
		return nil, err
	}
	reply, err := old(func(send func(context.Context) (*http.Response, error)) (*api.InstanceStatusReply, error) {
		return call[api.InstanceStatusReply](ctx, s.c, op, opts, send)
	}, func(ctx context.Context) (*http.Response, error) { return s.c.api.GetInstanceStatus(ctx, server) },
		func(ctx context.Context) (*http.Response, error) { return s.c.api.GetInstanceStatusLegacy(ctx, server) })
	if err != nil {
		return nil, err
	}
	if reply.Status == nil {
		return nil, noStatus(op)
	}
	return reply.Status, nil
}

// old calls an operation where 4.2 and later have it, and where there is nothing, so that nothing can have happened, where 4.0 and 4.1 do.
func old[T any](call func(func(context.Context) (*http.Response, error)) (*T, error), now, before func(context.Context) (*http.Response, error)) (*T, error) {
	out, err := call(now)
	if noSuchPath(err) {
		if older, olderErr := call(before); !noSuchPath(olderErr) {
			return older, olderErr
		}
	}
	return out, err
}

// Start sends POST .../servers/{server}/instance: the server starts with its stored configuration, and is running when Start returns with the platform's message, although some of its services may not be. One that is running
// is started anew. It is an action: a lost reply is [ErrOutcomeUnknown]. An attempt may take [LongTimeout].
func (s *PlatformService) Start(ctx context.Context, server string, opts ...CallOption) (message string, err error) {
	const op = "Platform.Start"
	if err := refuse(op, checkName("server", server)); err != nil {
		return "", err
	}
	reply, err := old(func(send func(context.Context) (*http.Response, error)) (*api.MessageReply, error) {
		return call[api.MessageReply](ctx, s.c, op, s.c.long(opts), send)
	}, func(ctx context.Context) (*http.Response, error) { return s.c.api.StartServer(ctx, server) },
		func(ctx context.Context) (*http.Response, error) { return s.c.api.StartServerLegacy(ctx, server) })
	if err != nil {
		return "", err
	}
	return reply.Message, nil
}

// StartWith sends POST .../servers/{server}/instance/configuration: the server starts with this document, with the rules of [PlatformService.Start] and [ConfigService.Set]. Since 4.2.
func (s *PlatformService) StartWith(ctx context.Context, server string, document Document, opts ...CallOption) (message string, err error) {
	const op = "Platform.StartWith"
	if err := refuse(op, checkName("server", server)); err != nil {
		return "", err
	}
	if err := s.c.checkDocument(ctx, op, document); err != nil {
		return "", err
	}
	opts = append(s.c.long(opts), hidePasswords(document))
	reply, err := call[api.MessageReply](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.StartServerWithConfiguration(ctx, server, document)
	})
	if err != nil {
		return "", err
	}
	return reply.Message, nil
}

// long gives an attempt the time that starting and stopping takes.
func (c *Client) long(opts []CallOption) []CallOption {
	return append([]CallOption{func(o *core.CallOptions) { o.WithAttemptTimeout(c.longest) }}, opts...)
}

// Stop sends DELETE .../servers/{server}/instance: the server stops, and stays known. One that is not running is [ErrNotFound], unless an earlier attempt, whose reply was lost, may have stopped it. An
// attempt may take [LongTimeout].
func (s *PlatformService) Stop(ctx context.Context, server string, opts ...CallOption) error {
	const op = "Platform.Stop"
	if err := refuse(op, checkName("server", server)); err != nil {
		return err
	}
	_, err := old(func(send func(context.Context) (*http.Response, error)) (*struct{}, error) {
		return nil, void(ctx, s.c, op, s.c.long(opts), send)
	}, func(ctx context.Context) (*http.Response, error) { return s.c.api.StopServer(ctx, server) },
		func(ctx context.Context) (*http.Response, error) { return s.c.api.StopServerLegacy(ctx, server) })
	return err
}

// Unregister sends DELETE .../servers/{server}: the server stops, and is taken out of the cohorts that it belongs to. One that is not running is [ErrNotFound], with the exception of [PlatformService.Stop]. An attempt
// may take [LongTimeout]. Since 4.2.
func (s *PlatformService) Unregister(ctx context.Context, server string, opts ...CallOption) error {
	const op = "Platform.Unregister"
	if err := refuse(op, checkName("server", server)); err != nil {
		return err
	}
	return void(ctx, s.c, op, s.c.long(opts), func(ctx context.Context) (*http.Response, error) { return s.c.api.UnregisterServer(ctx, server) })
}

// Configurations sends GET .../configurations: all configuration documents that the platform has stored. One of 4.x that has never stored any may fail (RelatedCode 500) with its default store.
func (s *PlatformService) Configurations(ctx context.Context, opts ...CallOption) ([]Document, error) {
	reply, err := call[api.DocumentsReply](ctx, s.c, "Platform.Configurations", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.ListConfigurations(ctx) })
	if err != nil {
		return nil, err
	}
	return emptyIfNil(reply.Documents), nil
}

// RegisteredServices sends GET .../registered-services: what servers on the platform can run.
func (s *PlatformService) RegisteredServices(ctx context.Context, opts ...CallOption) ([]RegisteredService, error) {
	return s.registered(ctx, "Platform.RegisteredServices", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.ListRegisteredServices(ctx) })
}

// RegisteredIntegrationServices sends GET .../registered-services/integration-services: the integration services that the platform has. Later releases have none, and 6.0 and later not the operation:
// [ErrNotFound]. What 4.x has is told by [IntegrationServices].
func (s *PlatformService) RegisteredIntegrationServices(ctx context.Context, opts ...CallOption) ([]RegisteredService, error) {
	return s.registered(ctx, "Platform.RegisteredIntegrationServices", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.ListIntegrationServices(ctx) })
}

// RegisteredAccessServices sends GET .../registered-services/access-services: the access services that the platform has.
func (s *PlatformService) RegisteredAccessServices(ctx context.Context, opts ...CallOption) ([]RegisteredService, error) {
	return s.registered(ctx, "Platform.RegisteredAccessServices", opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.ListAccessServices(ctx) })
}

func (s *PlatformService) registered(ctx context.Context, op string, opts []CallOption, send func(context.Context) (*http.Response, error)) ([]RegisteredService, error) {
	reply, err := call[api.RegisteredServicesReply](ctx, s.c, op, opts, send)
	if err != nil {
		return nil, err
	}
	return emptyIfNil(reply.Services), nil
}

func emptyIfNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
