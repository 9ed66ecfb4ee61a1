package egeria

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// MetadataStoreService configures a server as a metadata access store. Integration daemons read the
// definitions of their groups from such a server. The service changes the configuration document. A
// change takes effect at the next start of the server.
//
// A store needs a repository ([MetadataStoreService.SetInMemoryRepository]). Access services with
// topics need an event bus first ([MetadataStoreService.SetEventBus]).
type MetadataStoreService struct{ server }

// simple changes the document with one request.
func (s *MetadataStoreService) simple(
	ctx context.Context, op string, opts []CallOption, send core.Send, checks ...error,
) error {
	return (&ConfigService{s.server}).simple(ctx, op, opts, send, checks...)
}

// EventBus sends GET .../event-bus. Without an event bus, it returns the zero value.
func (s *MetadataStoreService) EventBus(ctx context.Context, opts ...CallOption) (*EventBus, error) {
	const op = "MetadataStore.EventBus"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[eventBusResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getEventBus(ctx, s.name)
	})
	if err != nil {
		return nil, err
	}
	if response.Config == nil {
		return &EventBus{}, nil
	}
	return response.Config, nil
}

// SetEventBus sends POST .../event-bus, which replaces the event bus. Services that were enabled
// before keep their topics on the previous one. An empty ConnectorProvider means Kafka. Its
// addresses are in Properties, as {"producer":{"bootstrap.servers":"..."},"consumer":{...}}. The
// request is repeated like a PUT.
func (s *MetadataStoreService) SetEventBus(ctx context.Context, bus EventBus, opts ...CallOption) error {
	var body *Object // nil means no properties
	if len(bus.Properties) > 0 {
		body = &bus.Properties
	}
	params := &setEventBusParams{core.NonZero(bus.ConnectorProvider), core.NonZero(bus.TopicURLRoot)}
	opts = append(slices.Clip(opts), withIdempotent, hideSecrets(bus.Properties.sent()))
	return s.simple(ctx, "MetadataStore.SetEventBus", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.setEventBus(ctx, s.name, params, body)
	}, core.ValidText("ConnectorProvider", bus.ConnectorProvider), core.ValidText("TopicURLRoot", bus.TopicURLRoot),
		checkObject("Properties", bus.Properties))
}

// ClearEventBus sends DELETE .../event-bus.
func (s *MetadataStoreService) ClearEventBus(ctx context.Context, opts ...CallOption) error {
	return s.simple(ctx, "MetadataStore.ClearEventBus", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.clearEventBus(ctx, s.name)
	})
}

// SetInMemoryRepository sends POST .../local-repository/mode/in-memory-repository: the server keeps
// metadata in memory, and loses it when it stops. If there was another repository before, the ID of
// its metadata collection is kept.
func (s *MetadataStoreService) SetInMemoryRepository(ctx context.Context, opts ...CallOption) error {
	const op = "MetadataStore.SetInMemoryRepository"
	return s.simple(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.setInMemoryRepository(ctx, s.name)
	})
}

// ClearRepository sends DELETE .../local-repository.
func (s *MetadataStoreService) ClearRepository(ctx context.Context, opts ...CallOption) error {
	return s.simple(ctx, "MetadataStore.ClearRepository", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.clearLocalRepository(ctx, s.name)
	})
}

// AccessServices sends GET .../access-services. It returns the access services that the document
// enables. [PlatformService.RegisteredAccessServices] returns all available ones.
func (s *MetadataStoreService) AccessServices(ctx context.Context, opts ...CallOption) ([]RegisteredService, error) {
	const op = "MetadataStore.AccessServices"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[registeredServicesResponse](ctx, s.c, op, opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.listConfiguredAccessServices(ctx, s.name)
		})
	if err != nil {
		return nil, err
	}
	return emptyIfNil(response.Services), nil
}

// EnableAccessServices sends POST .../access-services, which enables all access services of the
// platform, with topics on the event bus. Without an event bus, the platform returns a failure
// (OMAG-ADMIN-400-017). The options apply to all of them, and may be nil.
func (s *MetadataStoreService) EnableAccessServices(ctx context.Context, options Object, opts ...CallOption) error {
	const op = "MetadataStore.EnableAccessServices"
	return s.enable(ctx, op, opts, options, func(ctx context.Context, body *Object) (*http.Response, error) {
		return s.c.raw.configureAccessServices(ctx, s.name, body)
	})
}

// EnableAccessServicesWithoutTopics sends POST .../access-services/no-topics, which enables all
// access services of the platform. They need no event bus, and send no events.
func (s *MetadataStoreService) EnableAccessServicesWithoutTopics(
	ctx context.Context, options Object, opts ...CallOption,
) error {
	const op = "MetadataStore.EnableAccessServicesWithoutTopics"
	return s.enable(ctx, op, opts, options, func(ctx context.Context, body *Object) (*http.Response, error) {
		return s.c.raw.configureAccessServicesNoTopics(ctx, s.name, body)
	})
}

// EnableAccessService sends POST .../access-services/{marker}, which enables one access service,
// for example "data-manager". It has topics if there is an event bus. A platform without the
// service returns a failure (OMAG-ADMIN-400-005).
func (s *MetadataStoreService) EnableAccessService(
	ctx context.Context, marker string, options Object, opts ...CallOption,
) error {
	const op = "MetadataStore.EnableAccessService"
	return s.enable(ctx, op, opts, options, func(ctx context.Context, body *Object) (*http.Response, error) {
		return s.c.raw.configureAccessService(ctx, s.name, marker, body)
	}, checkName("marker", marker))
}

// EnableAccessServiceWithoutTopics sends POST .../access-services/{marker}/no-topics, which enables
// one access service. It needs no event bus, and sends no events.
func (s *MetadataStoreService) EnableAccessServiceWithoutTopics(
	ctx context.Context, marker string, options Object, opts ...CallOption,
) error {
	const op = "MetadataStore.EnableAccessServiceWithoutTopics"
	return s.enable(ctx, op, opts, options, func(ctx context.Context, body *Object) (*http.Response, error) {
		return s.c.raw.configureAccessServiceNoTopics(ctx, s.name, marker, body)
	}, checkName("marker", marker))
}

// enable sends a request with an optional body.
func (s *MetadataStoreService) enable(ctx context.Context, op string, opts []CallOption, options Object,
	send func(context.Context, *Object) (*http.Response, error), checks ...error,
) error {
	var body *Object // nil means default options
	if len(options) > 0 {
		body = &options
	}
	opts = append(slices.Clip(opts), hideSecrets(options.sent()))
	return s.simple(ctx, op, opts, func(ctx context.Context) (*http.Response, error) { return send(ctx, body) },
		append(checks, checkObject("options", options))...)
}

// DisableAccessService sends DELETE .../access-services/{marker}.
func (s *MetadataStoreService) DisableAccessService(ctx context.Context, marker string, opts ...CallOption) error {
	const op = "MetadataStore.DisableAccessService"
	return s.simple(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.deleteAccessService(ctx, s.name, marker)
	}, checkName("marker", marker))
}

// DisableAccessServices sends DELETE .../access-services, which disables all access services.
func (s *MetadataStoreService) DisableAccessServices(ctx context.Context, opts ...CallOption) error {
	const op = "MetadataStore.DisableAccessServices"
	return s.simple(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.clearAccessServices(ctx, s.name)
	})
}

// AddArchiveFile sends POST .../open-metadata-archives/file: the server loads this open metadata
// archive, for example a content pack, at each start. file is the name of a file on the platform. A
// file that is added twice is loaded twice. An empty name is [ErrInvalid]. The platform checks it
// too (OMAG-ADMIN-400-022).
func (s *MetadataStoreService) AddArchiveFile(ctx context.Context, file string, opts ...CallOption) error {
	return s.simple(ctx, "MetadataStore.AddArchiveFile", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.addArchiveFile(ctx, s.name, file)
	}, core.Required("file", file), core.ValidText("file", file))
}

// Archives sends GET .../open-metadata-archives. It returns the connections to the archives that
// the server loads when it starts.
func (s *MetadataStoreService) Archives(ctx context.Context, opts ...CallOption) ([]Object, error) {
	const op = "MetadataStore.Archives"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[connectionsResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.listArchives(ctx, s.name)
	})
	if err != nil {
		return nil, err
	}
	return emptyIfNil(response.Connections), nil
}

// ClearArchives sends DELETE .../open-metadata-archives: the server no longer loads archives.
func (s *MetadataStoreService) ClearArchives(ctx context.Context, opts ...CallOption) error {
	return s.simple(ctx, "MetadataStore.ClearArchives", opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.clearArchives(ctx, s.name)
	})
}

// checkObject returns an error for an object with values that are not JSON.
func checkObject(argument string, o Object) error {
	for name, value := range o {
		switch {
		case !json.Valid(value):
			return core.Arg(argument, "has a member %q that is not JSON", name)
		case strings.Contains(string(value), hidden):
			return core.Arg(argument, "has %s in member %q: it was read from JSON, which hides secrets", hidden, name)
		}
	}
	return core.ValidText(argument, o)
}
