package egeria

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// ServerServices sends GET .../servers/{server}/services. It returns the names of the services of a
// running server. If the server is not running, the error is [ErrNotFound].
// [PlatformService.InstanceStatus] also returns their state.
func (s *PlatformService) ServerServices(ctx context.Context, server string, opts ...CallOption) ([]string, error) {
	const op = "Platform.ServerServices"
	if err := invalidCall(op, opts, s.c.check(), checkName("server", server)); err != nil {
		return nil, err
	}
	response, err := call[serverServicesResponse](ctx, s.c, op, opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.listServerServices(ctx, server)
		})
	if err != nil {
		return nil, err
	}
	return emptyIfNil(response.Services), nil
}

// StopAll sends DELETE .../servers/instance: all servers of the platform stop, including those of
// other users, and remain known. Without a running server it does nothing. An attempt may take
// [LongTimeout]. Since 4.2.
func (s *PlatformService) StopAll(ctx context.Context, opts ...CallOption) error {
	return callNoResult(ctx, s.c, "Platform.StopAll", s.c.long(opts),
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.stopAllServers(ctx)
		})
}

// UnregisterAll sends DELETE .../servers: all servers of the platform stop, including those of
// other users, and are removed from their cohorts. An attempt may take [LongTimeout]. Since 4.2.
func (s *PlatformService) UnregisterAll(ctx context.Context, opts ...CallOption) error {
	const op = "Platform.UnregisterAll"
	return callNoResult(ctx, s.c, op, s.c.long(opts), func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.unregisterAllServers(ctx)
	})
}

// Placeholders sends GET .../stores/placeholder-variables. It returns the values of placeholders:
// the value of "x" for ~{x}~. Since 5.3. Earlier releases of 5.x may have it too.
func (s *PlatformService) Placeholders(ctx context.Context, opts ...CallOption) (map[string]string, error) {
	response, err := call[stringsResponse](ctx, s.c, "Platform.Placeholders", opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getPlaceholders(ctx)
		})
	if err != nil {
		return nil, err
	}
	if response.Strings == nil {
		return map[string]string{}, nil
	}
	return response.Strings, nil
}

// SetPlaceholders sends POST .../stores/placeholder-variables, which replaces all values. A change
// takes effect at the next start of a server. Names have no braces: "x" for ~{x}~. The request is
// repeated like a PUT. For releases, see [PlatformService.Placeholders].
func (s *PlatformService) SetPlaceholders(ctx context.Context, values map[string]string, opts ...CallOption) error {
	const op = "Platform.SetPlaceholders"
	var checks []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if strings.TrimSpace(name) == "" || strings.ContainsAny(name, "~{}") {
			checks = append(checks, core.Arg(fmt.Sprintf("values[%q]", name), "is not a name between ~{ and }~"))
		}
	}
	if err := invalidCall(op, opts, append(checks, core.ValidText("values", values))...); err != nil {
		return err
	}
	if values == nil {
		values = map[string]string{}
	}
	opts = append(slices.Clip(opts), withIdempotent, hideSecrets(values))
	return callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.setPlaceholders(ctx, values)
	})
}

// ClearPlaceholders sends DELETE .../stores/placeholder-variables. For releases, see
// [PlatformService.Placeholders].
func (s *PlatformService) ClearPlaceholders(ctx context.Context, opts ...CallOption) error {
	const op = "Platform.ClearPlaceholders"
	return callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.clearPlaceholders(ctx)
	})
}
