package apono

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/diff"
	"github.com/integrations-go/sdk/internal/paging"
	"github.com/integrations-go/sdk/internal/show"
)

// WaitOptions configure [IntegrationsService.WaitSynced]. Zero fields have their defaults.
type WaitOptions struct {
	// WaitOptions are the times, and the function that reports progress.
	sdk.WaitOptions
	// Before is the integration as read before a refresh. If it is set, a final status
	// counts only after a different LastSyncTime, or a synchronization in progress, has
	// been seen. If it is nil, any final status counts.
	//
	// Not documented by the vendor: whether the server shows a refresh before it
	// responds, and whether a failed refresh changes LastSyncTime. If it does not, and
	// the refresh ends between two requests, Timeout ends the wait.
	Before *Integration
}

// Format implements [fmt.Formatter]. It shows the fields that are set, without secrets.
func (o WaitOptions) Format(w fmt.State, verb rune) { show.Format(w, verb, o) }

// LogValue implements [slog.LogValuer]. It shows the fields that are set, without secrets.
func (o WaitOptions) LogValue() slog.Value { return show.LogValue(o) }

// SyncError reports that a synchronization failed.
type SyncError struct {
	// ID is the ID of the integration.
	ID string
	// Status is the final status.
	Status Status
}

// Error returns the ID of the integration and its status.
func (e *SyncError) Error() string {
	return fmt.Sprintf("integration %s is %s after its synchronization", core.OneLine(e.ID), core.OneLine(e.Status))
}

// WaitSynced waits for the end of a synchronization, after a create or a refresh. After an update,
// refresh first: see [IntegrationsService.Update]. WaitSynced sends GET repeatedly while the status
// is [StatusInitializing] or [StatusRefreshing]:
//
//   - [StatusActive], [StatusWarning], [StatusDisabled] and [StatusConnected] are success. Check
//     which one it is.
//   - For [StatusError], WaitSynced returns the integration and a [*SyncError].
//   - The wait continues with an unknown status, because it may not be final.
//
// # Errors
//
//   - Lost connections, 429 and 5xx do not end the wait. Any other failure ends it at once.
//   - After the timeout, or when ctx ends, the error joins [context.DeadlineExceeded] or
//     [context.Canceled], and the cause of ctx, with the last status or error.
func (s *IntegrationsService) WaitSynced(
	ctx context.Context, id string, wait WaitOptions, opts ...CallOption,
) (*Integration, error) {
	const op = "Integrations.WaitSynced"
	err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id),
		core.CheckWait(ctx, "WaitOptions", core.PollOptions(wait.WaitOptions)))
	if err != nil {
		return nil, err
	}
	var integration *Integration
	begun := wait.Before == nil
	err = core.Poll(ctx, core.PollOptions(wait.WaitOptions), func(ctx context.Context) (bool, error) {
		now, err := s.Get(ctx, id, opts...)
		if err != nil {
			return !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrRateLimited), err
		}
		integration = now
		begun = begun || now.Status == StatusInitializing || now.Status == StatusRefreshing ||
			!now.LastSyncTime.Equal(wait.Before.LastSyncTime.Time)
		if !begun {
			return false, pending(op, now)
		}
		switch now.Status {
		case StatusActive, StatusWarning, StatusDisabled, StatusConnected:
			return true, nil
		case StatusError:
			return true, newError(&core.Failure{Operation: op, Err: &SyncError{now.ID, now.Status}})
		}
		return false, pending(op, now)
	})
	return integration, err
}

// pending returns the error of a wait that ends before the integration is synchronized.
func pending(op string, integration *Integration) error {
	err := fmt.Errorf("integration %s is %s", core.OneLine(integration.ID), core.OneLine(integration.Status))
	return newError(&core.Failure{Operation: op, Err: err})
}

// Ensure creates the integration named want.Name, or changes it to match want. Calling it again
// changes nothing. want.Name and want.Type are required. Ensure looks up the name, and then sends:
//
//   - POST, if there is no such integration;
//   - GET and PUT, if the integration differs. The PUT changes the fields that differ, and keeps
//     the others;
//   - nothing more, if the integration matches want.
//
// # Compared
//
//   - Fields and members of IntegrationConfig that want leaves out are not compared. A field that
//     is [Null] is cleared.
//   - The order of owners and of resource types is ignored. Null and an empty list are equal.
//   - The parameters of an [AponoSecret] are not compared, because it is not documented by the
//     vendor whether the API returns them. Ensure does not notice a change of only these
//     parameters.
//
// # Kept
//
//   - Fields and members that are not compared are kept. The exception is the parameters of an
//     AponoSecret in want: if another field changes, they are sent and replace all existing
//     parameters.
//   - An owner or mapping without a source keeps its existing source, if the attribute type is the
//     same.
//   - If the integration has an AponoSecret and want leaves SecretStoreConfig out, a difference is
//     [ErrInvalid], because an update without the parameters may lose them.
//
// # Errors
//
//   - The type can't be changed. Another type is [sdk.EnsureConflicting] and an error that is
//     [ErrConflict].
//   - If several integrations have the name, the error is [ErrConflict] and contains an
//     [*sdk.AmbiguousError]. An integration without a usable ID is an error.
//   - If the server stores a new name in another spelling, Ensure deletes the new integration. The
//     error is [ErrConflict] and has its ID. An integration that the lookup has listed, or whose
//     name differs only in letter case, is not deleted: the server may have returned it instead of
//     a new one. If the name is not ASCII, or has several spaces in succession, Ensure sends GET
//     after the POST to check the spelling.
//   - If the response to the POST is lost, or is 409, Ensure looks up the name again. It continues
//     with an integration that it finds, which another program may have created. The POST is not
//     repeated, even with [WithIdempotent].
//   - If that lookup finds none, the result is nil. The error is that of the POST, and its text
//     says that the lookup found none. After a lost response it is [ErrOutcomeUnknown]: see below.
//   - An Action of "" in a result with an error means that no change is known to have succeeded.
//   - A name with * can't be looked up, and is [ErrInvalid]. So is a store without a required
//     member: see [SecretStore.Check].
//
// # After ErrOutcomeUnknown
//
// Call Ensure again, but not at once: a gateway may still deliver the POST, and a list may show a
// new integration late. How late is not documented by the vendor, so no wait is certain to be long
// enough. Wait at least as long as an attempt may take, which is 1 min unless [WithAttemptTimeout]
// sets another time. If Ensure creates a second integration nevertheless, later calls report an
// [*sdk.AmbiguousError] with both IDs, and you decide which one to delete.
//
// # Concurrency
//
// The Ensure calls of one [Client] for the same name run one after the other. A call that waits for
// another one returns when ctx ends. If two clients or programs ensure the same new name at the
// same time, both may create it, unless the server refuses the second one.
func (s *IntegrationsService) Ensure(
	ctx context.Context, want IntegrationCreate, opts ...CallOption,
) (*sdk.EnsureResult[Integration], error) {
	const op = "Integrations.Ensure"
	err := invalidCall(op, opts, s.c.check(), core.CheckCall(ctx, opts),
		core.Required("Name", want.Name), core.Trimmed("Name", want.Name), core.ValidText("", want),
		core.Required("Type", want.Type),
		checkConfig("IntegrationConfig", want.IntegrationConfig),
		checkStore("SecretStoreConfig", want.SecretStoreConfig), checkDetails(want.CustomAccessDetails),
		checkOwner(want.Owner), checkMapping(want.OwnersMapping))
	if err != nil {
		return nil, err
	}
	var result *sdk.EnsureResult[Integration]
	err = s.c.core.Serialized(ctx, op, want.Name, func() (err error) {
		result, err = s.ensure(ctx, op, want, withSecretsHidden(paging.ForChange(opts), want.SecretStoreConfig))
		return err
	})
	return result, err
}

func (s *IntegrationsService) ensure(
	ctx context.Context, op string, want IntegrationCreate, opts []CallOption,
) (*sdk.EnsureResult[Integration], error) {
	result := &sdk.EnsureResult[Integration]{}
	found, origin, err := paging.Wanted[Integration]{
		Name:      want.Name,
		NameAndID: func(i *Integration) (string, string) { return i.Name, i.ID },
		Look:      func() (*Integration, error) { return s.FindByName(ctx, want.Name, opts...) },
		Create:    func() (*Integration, error) { return s.Create(ctx, want, opts...) },
		Read:      func(id string, opts ...CallOption) (*Integration, error) { return s.Get(ctx, id, opts...) },
		Delete:    func(id string, opts ...CallOption) error { return s.Delete(ctx, id, opts...) },
	}.FindOrCreate(ctx, s.c.core, op, opts)
	if err != nil {
		return nil, err
	}
	result.Integration = found
	if origin == paging.Created {
		result.Action = sdk.EnsureCreated
		return result, nil
	}
	if found.Type != want.Type {
		result.Action, result.Differences = sdk.EnsureConflicting, []string{"type"}
		err := fmt.Errorf("integration %s is of the type %s: %w", core.OneLine(found.ID), core.OneLine(found.Type),
			ErrConflict)
		return result, newError(&core.Failure{Operation: op, Err: err})
	}
	_, differ := merge(found, want)
	if len(differ) == 0 {
		result.Action = sdk.EnsureUnchanged
		if origin == paging.MaybeCreated {
			result.Action = sdk.EnsureCreated
		}
		return result, nil
	}
	// An item of a list lacks members that could not be decoded. An update needs them.
	if found, err = s.Get(ctx, found.ID, opts...); err != nil {
		return result, err
	}
	result.Integration = found
	update, differ := merge(found, want)
	if len(differ) == 0 {
		result.Action = sdk.EnsureUnchanged
		return result, nil
	}
	result.Differences = differ
	if isApono(found.SecretStoreConfig) && want.SecretStoreConfig.IsZero() {
		return result, invalidArg(op, core.Arg("SecretStoreConfig",
			"is missing, but integration %s keeps its secret in Apono, "+
				"and an update without the parameters may lose them", core.OneLine(found.ID)))
	}
	if result.Integration, err = s.Update(ctx, found.ID, update, opts...); err != nil {
		result.Integration = found
		return result, err
	}
	result.Action = sdk.EnsureUpdated
	return result, nil
}

// merge returns the update that changes have to match want, and the sorted names of the fields that
// it changes.
func merge(have *Integration, want IntegrationCreate) (IntegrationUpdate, []string) {
	u := UpdateFrom(have)
	var differ []string
	for _, key := range diff.Members(want.IntegrationConfig, u.IntegrationConfig, diff.Options{}) {
		if u.IntegrationConfig == nil {
			u.IntegrationConfig = Config{}
		}
		u.IntegrationConfig[key] = want.IntegrationConfig[key]
		differ = append(differ, "integration_config."+key)
	}
	change(&differ, "connector_id", &u.ConnectorID, want.ConnectorID)
	change(&differ, "custom_access_details", &u.CustomAccessDetails, want.CustomAccessDetails)
	if !sameTypes(u.ConnectedResourceTypes, want.ConnectedResourceTypes) {
		change(&differ, "connected_resource_types", &u.ConnectedResourceTypes, want.ConnectedResourceTypes)
	}
	if !sameStore(u.SecretStoreConfig, want.SecretStoreConfig) {
		h, _ := u.SecretStoreConfig.Get()
		if w, ok := want.SecretStoreConfig.Get(); ok && h.Kind() != "" && h.Kind() == w.Kind() {
			h.Value = w.Value // keeps unknown members
			want.SecretStoreConfig = Set(h)
		}
		change(&differ, "secret_store_config", &u.SecretStoreConfig, reveal(want.SecretStoreConfig))
	}
	if store, ok := want.SecretStoreConfig.Get(); ok && isApono(store) {
		u.SecretStoreConfig = want.SecretStoreConfig // the response may lack the values
	}
	if !sameOwner(have.Owner, want.Owner) {
		o, ok := want.Owner.Get()
		there, was := u.Owner.Get()
		if ok && was && o.SourceIntegrationReference == "" && o.AttributeType == there.AttributeType {
			o.SourceIntegrationReference = there.SourceIntegrationReference
			want.Owner = Set(o)
		}
		change(&differ, "owner", &u.Owner, want.Owner)
	}
	m, ok := want.OwnersMapping.Get()
	there, was := u.OwnersMapping.Get()
	if ok && was && m.SourceIntegrationReference == "" && m.AttributeType == there.AttributeType {
		m.SourceIntegrationReference = there.SourceIntegrationReference
		want.OwnersMapping = Set(m)
	}
	if !ok || !sameMapping(have.OwnersMapping, m) {
		change(&differ, "owners_mapping", &u.OwnersMapping, want.OwnersMapping)
	}
	slices.Sort(differ)
	return u, differ
}

// change sets *have to want if they differ, and appends name to *differ.
func change[T any](differ *[]string, name string, have *Optional[T], want Optional[T]) {
	if want.IsZero() {
		return
	}
	a, errA := json.Marshal(*have)
	b, errB := json.Marshal(want)
	emptied := string(a) == "null" && string(b) == `""` // a response does not distinguish them
	if errA == nil && errB == nil && (diff.EqualJSON(a, b) || emptied) {
		return
	}
	*have = want
	*differ = append(*differ, name)
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
	a, errA := json.Marshal(SecretStore{Value: h.Value}.Reveal())
	b, errB := json.Marshal(SecretStore{Value: w.Value}.Reveal())
	return errA == nil && errB == nil && diff.EqualJSON(a, b)
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
	return w.AttributeType == have.AttributeType && diff.EqualSets(w.AttributeValue, have.AttributeValue) &&
		sameReference(w.SourceIntegrationReference, have.SourceIntegrationID, have.SourceIntegrationName)
}

func sameMapping(have *OwnerMapping, want OwnerMappingReference) bool {
	return have != nil && want.AttributeType == have.AttributeType && want.KeyName == have.KeyName &&
		sameReference(want.SourceIntegrationReference, have.SourceIntegrationID, have.SourceIntegrationName)
}

// sameTypes treats null and an empty list as equal, because it is not documented by the vendor
// which one a server returns.
func sameTypes(have, want Optional[[]string]) bool {
	h, _ := have.Get()
	w, _ := want.Get()
	return want.IsZero() || diff.EqualSets(h, w)
}

// sameReference accepts the ID and the name, because the API accepts both. Without a reference, the
// server chooses.
func sameReference(reference, id, name string) bool {
	return reference == "" || reference == id || reference == name
}
