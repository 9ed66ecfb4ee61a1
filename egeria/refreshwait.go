package egeria

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// refreshPause is the time in which platforms of 6.1 and later do not read the definition of a
// group again, plus 1 s, because the clocks differ.
const refreshPause = 10*time.Minute + time.Second

// GroupError reports that a group does not run.
type GroupError struct {
	// Name is the name of the group.
	Name string
	// Status is its status.
	Status GroupStatus
}

// Error returns the name of the group and its status.
func (e *GroupError) Error() string {
	return fmt.Sprintf("integration group %s is %s", core.OneLine(e.Name), core.OneLine(e.Status))
}

// WaitGroup waits until a group runs. It reads the state of the group repeatedly.
//
// If the metadata server is running when the daemon starts, this takes a few seconds. Otherwise the
// daemon tries again after 33 minutes (2,000,000 ms; seen on 5.0 to 6.1), which is longer than the
// default Timeout. Start the metadata server first, or use [DaemonService.RefreshAndWaitGroup].
//
// # Errors
//
//   - If the group is FAILED or DISABLED, WaitGroup returns the summary and a [*GroupError]. With
//     any other status the wait continues.
//   - Lost connections, 429 and 5xx do not end the wait. Any other failure ends it at once.
//   - After the timeout, or when ctx ends, the error joins [context.DeadlineExceeded] or
//     [context.Canceled], and the cause of ctx, with the last status or error.
func (s *DaemonService) WaitGroup(
	ctx context.Context, name string, wait sdk.WaitOptions, opts ...CallOption,
) (*GroupSummary, error) {
	return s.waitGroup(ctx, "Daemon.WaitGroup", name, wait, opts, func(context.Context) error { return nil })
}

// RefreshAndWaitGroup is [DaemonService.RefreshConfig], followed by [DaemonService.WaitGroup]: the
// daemon reads the definition of the group now, instead of up to 33 minutes later. If the group
// does not run, it refreshes again every 10 minutes, because platforms of 6.1 and later ignore an
// earlier refresh. The default Timeout ends the wait before the second refresh. Set a longer one if
// the metadata server may start later.
//
// The errors are those of WaitGroup. A missing metadata server, or a group that it does not have
// yet, does not end the wait.
func (s *DaemonService) RefreshAndWaitGroup(
	ctx context.Context, name string, wait sdk.WaitOptions, opts ...CallOption,
) (*GroupSummary, error) {
	var next time.Time
	return s.waitGroup(ctx, "Daemon.RefreshAndWaitGroup", name, wait, opts, func(ctx context.Context) error {
		if time.Now().Before(next) {
			return nil
		}
		err := s.RefreshConfig(ctx, name, opts...)
		if e, ok := errors.AsType[*Error](err); err == nil || ok && e.Failure != nil { // the daemon has tried it
			next = time.Now().Add(refreshPause)
		}
		return err
	})
}

// waitGroup calls before and reads the state of the group, until the group runs.
func (s *DaemonService) waitGroup(
	ctx context.Context, op, name string, wait sdk.WaitOptions, opts []CallOption, before func(context.Context) error,
) (*GroupSummary, error) {
	err := invalidCall(op, opts, s.check(), checkName("name", name), core.CheckWait(ctx, "WaitOptions",
		core.PollOptions(wait)))
	if err != nil {
		return nil, err
	}
	var group *GroupSummary
	err = core.Poll(ctx, core.PollOptions(wait), func(ctx context.Context) (bool, error) {
		if err := before(ctx); err != nil && !passes(err) && !s.metadataMissing(err) {
			return true, err
		}
		now, err := s.Group(ctx, name, opts...)
		if err != nil {
			return !passes(err), err
		}
		group = now
		if now.Status == GroupStatusRunning {
			return true, nil
		}
		final := now.Status == GroupStatusFailed || now.Status == GroupStatusDisabled
		return final, newError(&core.Failure{Operation: op, Err: &GroupError{name, now.Status}})
	})
	return group, err
}

// passes reports whether a failure may be temporary.
func passes(err error) bool {
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrRateLimited)
}

const (
	notRunningID   = "OMAG-MULTI-TENANT-404-001"
	noSuchService  = "OMAG-MULTI-TENANT-404-002"
	noDefinitionID = "INTEGRATION-DAEMON-SERVICES-400-032"
)

// metadataMissing reports whether a failure of the daemon means that the metadata server of a group
// is missing.
func (s *DaemonService) metadataMissing(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Code == noDefinitionID || e.Code == notRunningID && e.parameter(0) != "" &&
		e.parameter(0) != s.name)
}

// parameter returns a parameter of the message, "" if there is none.
func (e *Error) parameter(i int) string {
	if e.Failure == nil || i >= len(e.Failure.ExceptionErrorMessageParameters) {
		return ""
	}
	return e.Failure.ExceptionErrorMessageParameters[i]
}

// explained adds to a failure which server is missing: the daemon, or the metadata server that it
// calls.
func (s *DaemonService) explained(err error) error {
	e, ok := err.(*Error) //nolint:errorlint // one inside of others is not of this call
	if !ok || e.status() != http.StatusNotFound || e.Failure == nil {
		return err
	}
	what := ""
	switch missing := e.parameter(0); {
	case e.Code == noSuchService:
		what = "the server is running, but not as an integration daemon"
	case e.Code != notRunningID || missing == "":
	case missing == s.name:
		what = "the integration daemon is not running"
	default:
		what = "the daemon is running, but not its metadata server " + missing
	}
	if what != "" {
		e.Detail = strings.TrimSuffix(what+": "+e.Detail, ": ")
	}
	return e
}

// NoConnectors reports whether the failure is the NullPointerException of a daemon without
// connectors. Daemons of 5.0 and later have none until they have read the definitions of their
// groups, a few seconds after their start. Until then [DaemonService.Status] fails, and so do
// [DaemonService.Refresh] and [DaemonService.Restart] for all connectors. [DaemonService.Groups]
// works. If the groups of a daemon have no connectors, these calls always fail.
func (e *Error) NoConnectors() bool {
	return e.Failure != nil && simpleName(e.Failure.ExceptionCausedBy) == "NullPointerException" &&
		strings.Contains(e.Failure.ExceptionErrorMessage, `"java.util.List.iterator()"`)
}
