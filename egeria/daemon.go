package egeria

import (
	"context"
	"net/http"

	"github.com/integrations-go/sdk/internal/core"
)

// DaemonService calls a running integration daemon. If the server is not running, the error is
// [ErrNotFound].
//
// If it is running, but the metadata server of a group is not, a platform of 5.3 sends the same
// response to [DaemonService.RefreshConfig]. Detail states which of the two is missing.
//
// Releases from 5.0 on have a bug: as long as a daemon runs no connector, the calls about all
// connectors fail with a NullPointerException (see [Error.NoConnectors]).
type DaemonService struct{ server }

// Status sends GET .../integration-daemon/status. It returns the state of the groups and
// connectors. Right after the start of a daemon it fails, see [Error.NoConnectors].
func (s *DaemonService) Status(ctx context.Context, opts ...CallOption) (*DaemonStatus, error) {
	const op = "Daemon.Status"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[daemonStatusResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getDaemonStatus(ctx, s.name)
	})
	if err != nil {
		return nil, s.explained(err)
	}
	if response.Status == nil {
		return &DaemonStatus{}, nil
	}
	return response.Status, nil
}

// Groups sends GET .../integration-daemon/integration-groups/summary. It returns the state of the
// groups, in no particular order. A group is ASSIGNED until the daemon has read its definition,
// also if its metadata server can't be reached.
func (s *DaemonService) Groups(ctx context.Context, opts ...CallOption) ([]GroupSummary, error) {
	const op = "Daemon.Groups"
	if err := invalidCall(op, opts, s.check()); err != nil {
		return nil, err
	}
	response, err := call[groupSummariesResponse](ctx, s.c, op, opts,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.listGroupSummaries(ctx, s.name)
		})
	if err != nil {
		return nil, s.explained(err)
	}
	return emptyIfNil(response.Summaries), nil
}

// Group sends GET .../integration-daemon/integration-groups/{name}/summary. It returns the state of
// one group.
func (s *DaemonService) Group(ctx context.Context, name string, opts ...CallOption) (*GroupSummary, error) {
	const op = "Daemon.Group"
	if err := invalidCall(op, opts, s.check(), checkName("name", name)); err != nil {
		return nil, err
	}
	response, err := call[groupSummaryResponse](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getGroupSummary(ctx, s.name, name)
	})
	if err != nil {
		return nil, s.explained(err)
	}
	if response.Summary == nil {
		return nil, badResponse(op, "the response has no summary")
	}
	return response.Summary, nil
}

// RefreshConfig sends GET .../integration-daemon/integration-groups/{name}/refresh-config: the
// daemon reads the definition of the group from the open metadata again. Although it is a GET, it
// is an action: it is not repeated after an ambiguous failure ([ErrOutcomeUnknown]), unless
// [WithIdempotent] allows it. An attempt may take [LongTimeout].
//
// Within 10 minutes after an attempt, even a failed one, platforms of 6.1 and later do nothing and
// report success. LastRefreshTime of [DaemonService.Group] is the time at which the daemon last
// read the definition.
//
// # Errors
//
//   - The metadata server can't be reached, or is not running: [ErrUnavailable]
//     (OMAG-COMMON-503-001), or on 5.3 [ErrNotFound] (OMAG-MULTI-TENANT-404-001).
//   - The metadata server does not know the group: [ErrInvalid]
//     (INTEGRATION-DAEMON-SERVICES-400-032).
//   - The daemon does not have the group: [ErrInvalid] (INTEGRATION-DAEMON-SERVICES-400-034, in
//     whose text 5.x and 6.x swap the group and the server).
func (s *DaemonService) RefreshConfig(ctx context.Context, name string, opts ...CallOption) error {
	const op = "Daemon.RefreshConfig"
	if err := invalidCall(op, opts, s.check(), checkName("name", name)); err != nil {
		return err
	}
	opts = append(s.c.long(opts), func(o *core.CallOptions) { o.WithOnce() })
	return s.explained(callNoResult(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.refreshGroupConfig(ctx, s.name, name)
	}))
}

// Refresh sends POST .../integration-daemon/integration-connectors/refresh: the connector with this
// name looks for changes now. "" means all connectors. An attempt may take [LongTimeout].
func (s *DaemonService) Refresh(ctx context.Context, connector string, opts ...CallOption) error {
	return s.connectors(ctx, "Daemon.Refresh", opts, connector, (*rawClient).refreshConnectors)
}

// Restart sends POST .../integration-daemon/integration-connectors/restart: the connector with this
// name is stopped and started. "" means all connectors. An attempt may take [LongTimeout].
func (s *DaemonService) Restart(ctx context.Context, connector string, opts ...CallOption) error {
	return s.connectors(ctx, "Daemon.Restart", opts, connector, (*rawClient).restartConnectors)
}

func (s *DaemonService) connectors(ctx context.Context, op string, opts []CallOption, name string,
	send func(*rawClient, context.Context, string, *nameRequest) (*http.Response, error),
) error {
	if err := invalidCall(op, opts, s.check(), core.ValidText("connector", name)); err != nil {
		return err
	}
	var body *nameRequest // nil means all connectors
	if name != "" {
		body = &nameRequest{Name: name}
	}
	return s.explained(callNoResult(ctx, s.c, op, s.c.long(opts), func(ctx context.Context) (*http.Response, error) {
		return send(s.c.raw, ctx, s.name, body)
	}))
}
