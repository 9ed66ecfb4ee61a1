package sdk

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// EnsureAction is the action that an Ensure method took. It is "" in a result that comes with an
// error, if no action is known to have succeeded and the integration does not conflict.
type EnsureAction string

// The actions of an Ensure method.
const (
	// EnsureCreated: no integration had the name, so one was created.
	EnsureCreated EnsureAction = "created"
	// EnsureConfigured: the integration had no configuration and received one.
	EnsureConfigured EnsureAction = "configured"
	// EnsureUpdated: the integration differed and was updated.
	EnsureUpdated EnsureAction = "updated"
	// EnsureRecreated: the integration could not be changed. It was deleted and created again, with
	// a new ID.
	EnsureRecreated EnsureAction = "recreated"
	// EnsureUnchanged: the integration was as wanted. A result with an error never has this action.
	EnsureUnchanged EnsureAction = "unchanged"
	// EnsureConflicting: the integration differs in a way that can't be changed. The method also
	// returns an error that is ErrConflict.
	EnsureConflicting EnsureAction = "conflicting"
)

// EnsureResult is the result of an Ensure method. T is the vendor's type of an integration.
type EnsureResult[T any] struct {
	// Action is the action that succeeded, "" if an error came first.
	Action EnsureAction
	// Integration is the integration after the call. If the method also returns an error,
	// it is the integration as last read.
	Integration *T
	// Differences are the names of the fields that differ, or that differed before an
	// update.
	Differences []string
}

// LogValue returns the action, the differences and the integration. Of the integration it shows
// only the fields that the vendor's type logs.
func (r EnsureResult[T]) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("action", string(r.Action)), slog.Any("differences", r.Differences)}
	if r.Integration != nil {
		attrs = append(attrs, slog.Any("integration", *r.Integration))
	}
	return slog.GroupValue(attrs...)
}

// AmbiguousError reports that several objects have the same name. It is [ErrConflict].
type AmbiguousError struct {
	// Name is the name that was searched for.
	Name string
	// IDs are the IDs of all objects with that name, in the order of the list.
	IDs []string
}

// Error returns the number of objects, their name and their IDs.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%d integrations are named %q: %s", len(e.IDs), e.Name,
		core.OneLine(strings.Join(e.IDs, ", ")))
}

// Is reports whether target is [ErrConflict].
func (e *AmbiguousError) Is(target error) bool { return target == ErrConflict }
