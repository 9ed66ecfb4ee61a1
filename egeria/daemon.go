package egeria

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/egeria/api"
	"github.com/integrations-go/sdk/internal/core"
)

// DaemonService calls a running integration daemon. A server that is not running is [ErrNotFound].
//
// Releases 6.0 and 6.1 have a bug: where a daemon runs no connector, the calls about connectors fail with a NullPointerException.
type DaemonService struct{ server }

// Status sends GET .../integration-daemon/status: how the groups and connectors do.
func (s *DaemonService) Status(ctx context.Context, opts ...CallOption) (*DaemonStatus, error) {
	const op = "Daemon.Status"
	if err := refuse(op, s.check()); err != nil {
		return nil, err
	}
	reply, err := call[api.DaemonStatusReply](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.GetDaemonStatus(ctx, s.name) })
	if err != nil {
		return nil, err
	}
	if reply.Status == nil {
		return &DaemonStatus{}, nil
	}
	return reply.Status, nil
}

// Groups sends GET .../integration-daemon/integration-groups/summary: how the groups do. A group whose definition the daemon has not read yet, also because its metadata server is not there, is ASSIGNED.
func (s *DaemonService) Groups(ctx context.Context, opts ...CallOption) ([]GroupSummary, error) {
	const op = "Daemon.Groups"
	if err := refuse(op, s.check()); err != nil {
		return nil, err
	}
	reply, err := call[api.GroupSummariesReply](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.ListGroupSummaries(ctx, s.name) })
	if err != nil {
		return nil, err
	}
	return emptyIfNil(reply.Summaries), nil
}

// Group sends GET .../integration-daemon/integration-groups/{name}/summary: how one group does.
func (s *DaemonService) Group(ctx context.Context, name string, opts ...CallOption) (*GroupSummary, error) {
	const op = "Daemon.Group"
	if err := refuse(op, s.check(), checkName("name", name)); err != nil {
		return nil, err
	}
	reply, err := call[api.GroupSummaryReply](ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) { return s.c.api.GetGroupSummary(ctx, s.name, name) })
	if err != nil {
		return nil, err
	}
	if reply.Summary == nil {
		return nil, newError(&core.Failure{Operation: op, Err: &core.ReplyError{Problem: "the reply has no summary"}})
	}
	return reply.Summary, nil
}

// RefreshConfig sends GET .../integration-daemon/integration-groups/{name}/refresh-config: the daemon reads the definition of the group from the open metadata anew. It is an action, although a GET: it is not repeated after an
// ambiguous failure ([ErrOutcomeUnknown]), unless [WithIdempotent] allows it. An attempt may take [LongTimeout].
func (s *DaemonService) RefreshConfig(ctx context.Context, name string, opts ...CallOption) error {
	const op = "Daemon.RefreshConfig"
	if err := refuse(op, s.check(), checkName("name", name)); err != nil {
		return err
	}
	opts = append(s.c.long(opts), func(o *core.CallOptions) { o.WithOnce() })
	return void(ctx, s.c, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.RefreshGroupConfig(ctx, s.name, name, func(_ context.Context, r *http.Request) error {
			r.Header.Set("Cache-Control", "no-store") // for a proxy that knows no better
			return nil
		})
	})
}

// Refresh sends POST .../integration-daemon/integration-connectors/refresh: the connector of this name, or with "" every one, looks for changes now. An attempt may take [LongTimeout].
func (s *DaemonService) Refresh(ctx context.Context, connector string, opts ...CallOption) error {
	return s.connectors(ctx, "Daemon.Refresh", opts, connector, s.c.api.RefreshConnectors, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.RefreshConnectorsWithBody(ctx, s.name, "application/json", http.NoBody)
	})
}

// Restart sends POST .../integration-daemon/integration-connectors/restart: the connector of this name, or with "" every one, is stopped and started. An attempt may take [LongTimeout].
func (s *DaemonService) Restart(ctx context.Context, connector string, opts ...CallOption) error {
	return s.connectors(ctx, "Daemon.Restart", opts, connector, s.c.api.RestartConnectors, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.RestartConnectorsWithBody(ctx, s.name, "application/json", http.NoBody)
	})
}

func (s *DaemonService) connectors(ctx context.Context, op string, opts []CallOption, name string,
	one func(context.Context, string, api.NameRequest, ...api.RequestEditorFn) (*http.Response, error), all func(context.Context) (*http.Response, error),
) error {
	if err := refuse(op, s.check()); err != nil {
		return err
	}
	return void(ctx, s.c, op, s.c.long(opts), func(ctx context.Context) (*http.Response, error) {
		if name == "" {
			return all(ctx)
		}
		return one(ctx, s.name, api.NameRequest{Name: name})
	})
}

// WaitOptions say how [DaemonService.WaitGroup] waits. Zero fields have the defaults.
type WaitOptions struct {
	// Interval is the first pause between two looks; each pause is half as long again as the one before, up to MaxInterval. A random part of up to a fifth
	// is taken off each. Defaults 2 s and 30 s.
	Interval, MaxInterval time.Duration
	// Timeout ends the wait, where the context does not end it earlier. Default 10 min. How long a daemon takes to read a group is not documented.
	Timeout time.Duration
}

// GroupError says that a group does not run.
type GroupError struct {
	Name   string
	Status GroupStatus
}

// Error names the group and its status.
func (e *GroupError) Error() string {
	return fmt.Sprintf("integration group %s is %s", e.Name, e.Status)
}

// WaitGroup looks again and again until a group runs. One that FAILED or is DISABLED is a [*GroupError] next to the summary. Any other status is waited out, and so are lost connections, 429 and 5xx; every other failure ends the
// wait at once. When the time is up, or ctx ends, the error joins that ([context.DeadlineExceeded] or [context.Canceled]) with what was last seen.
func (s *DaemonService) WaitGroup(ctx context.Context, name string, wait WaitOptions, opts ...CallOption) (*GroupSummary, error) {
	const op = "Daemon.WaitGroup"
	if err := refuse(op, s.check(), checkName("name", name), core.CheckWait("WaitOptions", core.PollOptions(wait))); err != nil {
		return nil, err
	}
	var group *GroupSummary
	err := core.Poll(ctx, core.PollOptions(wait), func(ctx context.Context) (bool, error) {
		now, err := s.Group(ctx, name, opts...)
		if err != nil {
			return !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrRateLimited), err
		}
		group = now
		if now.Status == api.GroupStatusRunning {
			return true, nil
		}
		final := now.Status == api.GroupStatusFailed || now.Status == api.GroupStatusDisabled
		return final, newError(&core.Failure{Operation: op, Err: &GroupError{name, now.Status}})
	})
	return group, err
}
