package apono

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// WaitOptions say how [IntegrationsService.WaitSynced] waits. Zero fields have the defaults.
type WaitOptions struct {
	// Interval is the first pause between two looks; each pause is half as long again as the one before, up to MaxInterval. A random part of up to a fifth
	// is taken off each. Defaults 2 s and 30 s.
	Interval, MaxInterval time.Duration
	// Timeout ends the wait, where the context does not end it earlier. Default 10 min. How long a synchronization takes is not documented.
	Timeout time.Duration
	// Before is the integration as it was read before a refresh. With it a final status counts only once another LastSyncTime, or a synchronization under way, was seen: whether the server shows a refresh before it
	// has answered is not known. Whether one that fails changes LastSyncTime is not known either; if it does not, and is over between two looks, Timeout ends the wait. Nil: any final status counts.
	Before *Integration
}

func (w WaitOptions) poll() core.PollOptions {
	return core.PollOptions{Interval: w.Interval, MaxInterval: w.MaxInterval, Timeout: w.Timeout}
}

// SyncError says that a synchronization ended badly.
type SyncError struct {
	ID     string
	Status Status // as the server spells it
}

// Error names the status.
func (e *SyncError) Error() string {
	return fmt.Sprintf("integration %s is %s after its synchronization", e.ID, e.Status)
}

// WaitSynced sends GET again and again, after a create or a refresh, until the status is none of Initializing and Refreshing, in whatever case. Active, Warning, Disabled and
// Connected are success: look at the status. Error is a [*SyncError] next to the integration. A status that is not known is waited out, because it can't be told whether it is final.
//
// Lost connections, 429 and 5xx are waited out too; every other failure ends it at once. When the time is up, or ctx ends, the error joins that
// ([context.DeadlineExceeded] or [context.Canceled]) with what was last seen.
func (s *IntegrationsService) WaitSynced(ctx context.Context, id string, wait WaitOptions, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.WaitSynced"
	if err := refuse(op, core.PathValue("id", id), core.CheckWait("WaitOptions", wait.poll())); err != nil {
		return nil, err
	}
	var in *Integration
	begun := wait.Before == nil
	err := core.Poll(ctx, wait.poll(), func(ctx context.Context) (bool, error) {
		now, err := s.Get(ctx, id, opts...)
		if err != nil {
			return !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrRateLimited), err
		}
		in = now
		status := strings.ToLower(string(now.Status))
		begun = begun || status == "initializing" || status == "refreshing" || !now.LastSyncTime.Equal(wait.Before.LastSyncTime.Time)
		switch {
		case !begun:
		case slices.Contains([]string{"active", "warning", "disabled", "connected"}, status):
			return true, nil
		case status == "error":
			return true, newError(&core.Failure{Operation: op, Err: &SyncError{now.ID, now.Status}})
		}
		return false, newError(&core.Failure{Operation: op, Err: fmt.Errorf("integration %s is %s", now.ID, now.Status)})
	})
	return in, err
}

// EnsureAction is what Ensure did.
type EnsureAction string

// What Ensure can do.
const (
	EnsureCreated     EnsureAction = "created"     // there was none
	EnsureUpdated     EnsureAction = "updated"     // there was one that differed
	EnsureUnchanged   EnsureAction = "unchanged"   // there was one as wanted
	EnsureConflicting EnsureAction = "conflicting" // there is one of another type, which can't be changed
)

// EnsureResult tells what Ensure found and did.
type EnsureResult struct {
	Action      EnsureAction
	Integration *Integration // as it is now
	// Differences names the fields that differed, sorted: "connector_id", "integration_config.hostname", ...
	Differences []string
}

// LogValue is what was done to which integration, without its configuration and its secrets.
func (r EnsureResult) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("action", string(r.Action)), slog.Any("differences", r.Differences)}
	if r.Integration != nil {
		attrs = append(attrs, slog.Any("integration", *r.Integration))
	}
	return slog.GroupValue(attrs...)
}

// Ensure makes there be one integration as in describes, by its name, which is required: it looks the name up; if there is none it sends POST; if there is one that differs it reads it and sends
// a PUT that changes the fields that differ and keeps the others; otherwise it sends nothing more. Running it again changes nothing.
//
// Fields that in leaves out, and members of IntegrationConfig that it does not name, are left as they are; a field that is [Null] is cleared. The order of owners and resource types does not count, nor does null
// against an empty list. An owner or mapping that names no source keeps the one that it has, if it is of the same attribute type. The parameters of an [AponoSecret]
// are not compared, because it is not known whether the API returns them; a change of them alone is not seen, and with any other change those of in are sent and replace all. For the same reason an
// integration with such a store is updated only if in brings the parameters: otherwise a difference is [ErrInvalid]. The type can't be changed: another one is [EnsureConflicting] and an
// error that is [ErrConflict], and so is more than one of the name, an [*AmbiguousError]. If the reply to the POST is lost, Ensure looks again before it gives up, and goes on with what it finds, which another program may have created. Two programs that ensure
// the same new name at the same moment may both create it. A name with * can't be looked up, and is [ErrInvalid].
func (s *IntegrationsService) Ensure(ctx context.Context, in IntegrationCreate, opts ...CallOption) (*EnsureResult, error) {
	const op = "Integrations.Ensure"
	if err := refuse(op, core.Required("Name", in.Name), core.Required("Type", in.Type), checkConfig("IntegrationConfig", in.IntegrationConfig),
		checkStore("SecretStoreConfig", in.SecretStoreConfig), checkDetails(in.CustomAccessDetails), checkOwner(in.Owner), checkMapping(in.OwnersMapping)); err != nil {
		return nil, err
	}
	result := &EnsureResult{Action: EnsureUnchanged}
	look := func() (*Integration, error) { return s.FindByName(ctx, in.Name, opts...) }
	lost := false // the reply to the create: what was found may be another program's
	found, err := core.FindOrCreate(ctx, look, func() (*Integration, error) {
		created, err := s.Create(ctx, in, opts...)
		lost = err != nil
		if err == nil {
			result.Action = EnsureCreated
		}
		return created, err
	})
	if err != nil {
		return nil, err
	}
	result.Integration = found
	if result.Action == EnsureCreated {
		return result, nil
	}
	if found.Type != in.Type {
		result.Action, result.Differences = EnsureConflicting, []string{"type"}
		return result, newError(&core.Failure{Operation: op, Err: fmt.Errorf("integration %s is of the type %s: %w", found.ID, found.Type, ErrConflict)})
	}
	_, diff := merge(found, in)
	if len(diff) == 0 {
		if lost {
			result.Action = EnsureCreated
		}
		return result, nil
	}
	// An item of a list leaves out what could not be read, which an update must not.
	if found, err = s.Get(ctx, found.ID, opts...); err != nil {
		return result, err
	}
	result.Integration = found
	update, diff := merge(found, in)
	if len(diff) == 0 {
		return result, nil
	}
	result.Differences = diff
	if isApono(found.SecretStoreConfig) && in.SecretStoreConfig.IsZero() {
		return result, refuse(op, core.Arg("SecretStoreConfig", "is missing, but integration %s keeps its secret in Apono, and an update without the parameters may lose them", found.ID))
	}
	if result.Integration, err = s.Update(ctx, found.ID, update, opts...); err != nil {
		result.Integration = found
		return result, err
	}
	result.Action = EnsureUpdated
	return result, nil
}

// merge is the update that gives have what want asks for, and the names of what it changes.
func merge(have *Integration, want IntegrationCreate) (IntegrationUpdate, []string) {
	u := UpdateFrom(have)
	var diff []string
	for key, value := range want.IntegrationConfig {
		there, ok := u.IntegrationConfig[key]
		if !ok {
			there = json.RawMessage("null")
		}
		if !sameJSON(there, value) {
			if u.IntegrationConfig == nil {
				u.IntegrationConfig = Config{}
			}
			u.IntegrationConfig[key] = value
			diff = append(diff, "integration_config."+key)
		}
	}
	change(&diff, "connector_id", &u.ConnectorID, want.ConnectorID)
	change(&diff, "custom_access_details", &u.CustomAccessDetails, want.CustomAccessDetails)
	if !sameTypes(u.ConnectedResourceTypes, want.ConnectedResourceTypes) {
		change(&diff, "connected_resource_types", &u.ConnectedResourceTypes, want.ConnectedResourceTypes)
	}
	if !sameStore(u.SecretStoreConfig, want.SecretStoreConfig) {
		h, _ := u.SecretStoreConfig.Get()
		if w, ok := want.SecretStoreConfig.Get(); ok && h.Kind() != "" && h.Kind() == w.Kind() {
			h.Value = w.Value // and the members that are not known
			want.SecretStoreConfig = Set(h)
		}
		change(&diff, "secret_store_config", &u.SecretStoreConfig, want.SecretStoreConfig)
	}
	if store, ok := want.SecretStoreConfig.Get(); ok && isApono(store) {
		u.SecretStoreConfig = want.SecretStoreConfig // what was read may lack the values
	}
	if !sameOwner(have.Owner, want.Owner) {
		o, ok := want.Owner.Get()
		if there, was := u.Owner.Get(); ok && was && o.SourceIntegrationReference == "" && o.AttributeType == there.AttributeType {
			o.SourceIntegrationReference = there.SourceIntegrationReference
			want.Owner = Set(o)
		}
		change(&diff, "owner", &u.Owner, want.Owner)
	}
	m, ok := want.OwnersMapping.Get()
	if there, was := u.OwnersMapping.Get(); ok && was && m.SourceIntegrationReference == "" && m.AttributeType == there.AttributeType {
		m.SourceIntegrationReference = there.SourceIntegrationReference
		want.OwnersMapping = Set(m)
	}
	if !ok || have.OwnersMapping == nil || !sameReference(m.SourceIntegrationReference, have.OwnersMapping.SourceIntegrationID, have.OwnersMapping.SourceIntegrationName) ||
		m.AttributeType != have.OwnersMapping.AttributeType || m.KeyName != have.OwnersMapping.KeyName {
		change(&diff, "owners_mapping", &u.OwnersMapping, want.OwnersMapping)
	}
	slices.Sort(diff)
	return u, diff
}

// change takes over what want asks for, if that is something else.
func change[T any](diff *[]string, name string, have *Optional[T], want Optional[T]) {
	if want.IsZero() {
		return
	}
	a, errA := json.Marshal(*have)
	b, errB := json.Marshal(want)
	if errA == nil && errB == nil && (sameJSON(a, b) || string(a) == "null" && string(b) == `""`) { // reads don't tell the two apart
		return
	}
	*have = want
	*diff = append(*diff, name)
}

func sameStore(have, want Optional[SecretStore]) bool {
	w, ok := want.Get()
	h, there := have.Get()
	if !ok || !there {
		return want.IsZero()
	}
	if isApono(w) {
		return isApono(h)
	}
	a, errA := json.Marshal(SecretStore{Value: h.Value})
	b, errB := json.Marshal(SecretStore{Value: w.Value})
	return errA == nil && errB == nil && sameJSON(a, b)
}

func isApono(s SecretStore) bool {
	u, unknown := s.Value.(*UnknownSecret)
	_, ok := s.Value.(*AponoSecret)
	return ok || unknown && slices.Equal(u.Names, []string{"apono"})
}

func sameOwner(have *Owner, want Optional[OwnerReference]) bool {
	w, ok := want.Get()
	if !ok || have == nil {
		return want.IsZero()
	}
	return w.AttributeType == have.AttributeType && sameSet(w.AttributeValue, have.AttributeValue) &&
		sameReference(w.SourceIntegrationReference, have.SourceIntegrationID, have.SourceIntegrationName)
}

// sameTypes takes null for none at all: which of the two a server answers is not known.
func sameTypes(have, want Optional[[]string]) bool {
	h, _ := have.Get()
	w, _ := want.Get()
	return want.IsZero() || sameSet(h, w)
}

// sameSet compares without order and repetition, which a server may change.
func sameSet(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}

// sameReference accepts the id and the name, which the API takes alike; no reference leaves the choice to the server.
func sameReference(reference, id, name string) bool {
	return reference == "" || reference == id || reference == name
}

// sameJSON compares documents without giving numbers a type.
func sameJSON(a, b []byte) bool {
	x, errX := core.Canonical(a)
	y, errY := core.Canonical(b)
	return errX == nil && errY == nil && x == y
}
