package confluent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/diff"
	"github.com/integrations-go/sdk/internal/paging"
)

// cleanupTimeout is the maximum time for deleting a draft after the caller's context has ended.
const cleanupTimeout = 30 * time.Second

// maxLateUpdate is the maximum time that Provision waits for a PATCH whose response was lost and
// that a gateway may still deliver. It is half of cleanupTimeout, which leaves time for the
// remaining requests.
const maxLateUpdate = cleanupTimeout / 2

// Provision creates an integration and configures it. It sends POST with the name, provider and
// environment of want, then PATCH with want.Config. Each call creates another integration. A
// program that may be interrupted and then call again should use [IntegrationsService.Ensure],
// which finds the integration by its name.
//
// # Cleaning up
//
// If the PATCH fails, Provision sends GET. If the GET shows a DRAFT, Provision sends DELETE,
// because a draft whose configuration failed may refuse another one. This takes up to 30 s, even if
// ctx has ended. An integration in another state is not deleted.
//
// # Lost responses
//
//   - If the response to the PATCH is lost, and the GET shows that the PATCH was carried out,
//     Provision succeeds. If the GET shows a DRAFT, a gateway may still deliver the PATCH.
//     Therefore Provision waits as long as the PATCH took, up to 15 s, and sends GET again before
//     DELETE. The API has no conditional DELETE: an integration that becomes CREATED after the last
//     GET is deleted.
//   - If the response to the POST is lost, the ID is not known. The error is [ErrOutcomeUnknown]
//     and nothing is deleted. [IntegrationsService.Ensure] looks the integration up by its name
//     instead.
//   - Neither request is repeated in these cases, even with [WithIdempotent].
//
// # Errors
//
// The error joins the failure with the failures of the clean-up. If Provision returns both an
// integration and an error, the integration exists, or may exist.
func (s *IntegrationsService) Provision(
	ctx context.Context, want IntegrationCreate, opts ...CallOption,
) (*Integration, error) {
	const op = "Integrations.Provision"
	err := invalidCall(op, opts, s.c.check(),
		core.Required("Environment.ID", want.Environment.ID), core.ValidText("", want),
		core.MaxRunes("DisplayName", want.DisplayName, MaxDisplayNameLength),
		checkProvider(providerOr(want.Provider, want.Config), want.Config), checkCustomer(want.Config))
	if err != nil {
		return nil, err
	}
	opts = paging.ForChange(opts)
	created, err := s.create(ctx, want, opts)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	done, err := s.configure(ctx, created, want.Config, opts)
	if err == nil {
		return done, nil
	}
	took := time.Since(begin)
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	onlySecrets := core.OnlySecrets(opts)
	now, readErr := s.Get(clean, created.Environment.ID, created.ID, onlySecrets)
	if readErr == nil && now.Status == StatusDraft && errors.Is(err, ErrOutcomeUnknown) {
		core.Sleep(clean, min(took, maxLateUpdate))
		now, readErr = s.Get(clean, created.Environment.ID, created.ID, onlySecrets)
	}
	switch {
	case notThere(readErr):
		return nil, err
	case readErr != nil:
		return created, core.Join(err,
			fmt.Errorf("integration %s may be left behind: %w", core.OneLine(created.ID), readErr))
	case maybeDone(err) && configured(now, want.Config):
		return now, nil
	case now.Status != StatusDraft:
		left := fmt.Errorf("integration %s is %s and was left as it is", core.OneLine(now.ID), core.OneLine(now.Status))
		return now, core.Join(err, newError(&core.Failure{Operation: op, Err: left}))
	}
	if deleteErr := s.deleteDraft(clean, created.Environment.ID, created.ID, onlySecrets); deleteErr != nil {
		return now, core.Join(err, deleteErr)
	}
	return nil, err
}

// deleteDraft deletes an integration that a GET has just shown to be a DRAFT. If it no longer
// exists, that is no error.
func (s *IntegrationsService) deleteDraft(ctx context.Context, environment, id string, opts ...CallOption) error {
	if err := s.Delete(ctx, environment, id, opts...); err != nil && !notThere(err) {
		return fmt.Errorf("draft %s is left behind: %w", core.OneLine(id), err)
	}
	return nil
}

// checkCustomer refuses a missing configuration, and a configuration of a known kind without the
// customer's identity. The PATCH would fail.
func checkCustomer(c Config) error {
	if err := checkConfig(c, true); err != nil {
		return err
	}
	if _, unknown := c.Value.(*UnknownConfig); !unknown && drained(c) {
		hint := ""
		if names := c.UnknownMembers(); len(names) > 0 {
			hint = "; unknown members: " + core.OneLine(strings.Join(names, ", "))
		}
		return core.Arg("Config", "does not set the customer's identity%s", hint)
	}
	return nil
}

// drained reports whether a configuration has no member that the customer sets, as in a draft. In
// an unknown kind every member counts, because it is not known who sets it.
func drained(c Config) bool {
	if _, unknown := c.Value.(*UnknownConfig); unknown {
		return len(members(c)) == 0
	}
	return !namesCustomer(c)
}

// received reports whether a configuration comes from a server: a method has read it, or it has
// members that the server sets. A configuration that the caller wrote without the customer's
// identity is probably a mistake.
func received(c Config) bool {
	if c.isNil() || c.read {
		return !c.isNil()
	}
	for _, name := range serverMembers {
		if value := c.Value.field(name); value != nil && *value != "" {
			return true
		}
	}
	return false
}

// namesCustomer reports whether a member of the customer's identity is set. In a configuration of a
// known kind that the caller wrote, an unknown member does not count, because it may be misspelt.
func namesCustomer(c Config) bool {
	_, unknown := c.Value.(*UnknownConfig)
	for name := range members(c) {
		if strings.HasPrefix(name, "customer_") && (unknown || c.read || c.Value.field(name) != nil) {
			return true
		}
	}
	return false
}

// create creates the draft. The result has the ID and the environment for the next step.
func (s *IntegrationsService) create(
	ctx context.Context, want IntegrationCreate, opts []CallOption,
) (*Integration, error) {
	draft := want
	draft.Provider, draft.Config = providerOr(want.Provider, want.Config), Config{}
	created, err := s.Create(ctx, draft, opts...)
	if err != nil {
		return nil, err
	}
	if created.Environment.ID == "" {
		created.Environment = want.Environment
	}
	return created, nil
}

// configure sends the PATCH.
func (s *IntegrationsService) configure(
	ctx context.Context, draft *Integration, cfg Config, opts []CallOption,
) (*Integration, error) {
	return s.Update(ctx, draft.ID, IntegrationUpdate{Environment: draft.Environment, Config: cfg}, opts...)
}

// maybeDone reports whether an attempt of a failed call may have been carried out.
func maybeDone(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.OutcomeUnknown || e.Attempts > 1)
}

// configured reports whether the PATCH with cfg was carried out.
func configured(now *Integration, cfg Config) bool {
	return now.Status != StatusDraft && len(differences(cfg, now.Config)) == 0
}

// notThere reports whether the API states that the integration does not exist. [ErrNotFound] alone
// is not enough: it can also come from a token request or from a gateway. The status alone is not
// enough either: it can come from another host.
func notThere(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusGone) &&
		errors.Is(err, ErrNotFound) && (len(e.Body) == 0 || ownError(e.Body))
}

// WaitValid sends POST :validate repeatedly until it succeeds. Grants at the cloud provider take
// time to become effective. As with [IntegrationsService.Validate], req.Config is for a DRAFT only.
//
// # Errors
//
//   - 400, 409, 422, 429, 5xx and lost connections do not end the wait. The server sends 400 also
//     for a tenant or account that does not exist.
//   - Any other failure ends the wait at once, for example 401, 403 and 404.
//   - After the timeout, or when ctx ends, the error joins [context.DeadlineExceeded] or
//     [context.Canceled], and the cause of ctx, with the last [*Error].
func (s *IntegrationsService) WaitValid(
	ctx context.Context, req IntegrationValidate, wait sdk.WaitOptions, opts ...CallOption,
) error {
	const op = "Integrations.WaitValid"
	err := invalidCall(op, opts, s.c.check(), core.CheckWait(ctx, "WaitOptions", core.PollOptions(wait)))
	if err != nil {
		return err
	}
	answered := false
	return core.Poll(ctx, core.PollOptions(wait), func(ctx context.Context) (bool, error) {
		err := s.Validate(ctx, req, opts...)
		if err != nil && ctx.Err() != nil && answered && !hasStatus(err) {
			return false, nil // the last complete call has the better error
		}
		answered = true
		return err == nil || !passing(err), err
	})
}

// passing reports whether a later validation may succeed.
func passing(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		return true
	}
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrRateLimited)
}

// Ensure creates the integration named want.DisplayName, or configures it to match want. Calling it
// again changes nothing. It looks up the name, which is required, and then sends:
//
//   - POST, and PATCH if want has a configuration, if there is no such integration;
//   - PATCH only, if there is a draft and want has a configuration;
//   - nothing more, if the integration matches want.
//
// In want, the configuration of a draft, which has no customer's identity, counts as none. A
// configuration with the identity of neither side is [ErrInvalid], unless a method of this package
// has read it. An unknown member is no identity, because it may be misspelt: see
// [Config.UnknownMembers].
//
// # Compared
//
// Ensure compares the provider and the configuration. If the list does not show the configuration,
// it also sends GET. A member that the server does not show counts as equal.
//
// # Errors
//
//   - An integration that differs can't be changed. The result has the differences, and the error
//     is [ErrConflict].
//   - If several integrations have the name, the error is [ErrConflict] and contains an
//     [*sdk.AmbiguousError]. An integration without a usable ID is an error.
//   - If the server stores a new name in another spelling, Ensure deletes the new integration. The
//     error is [ErrConflict] and has its ID. An integration that the lookup has listed, or whose
//     name differs only in letter case, is not deleted: the server may have returned it instead of
//     a new one. If the name is not ASCII, or has several spaces in succession, Ensure sends GET
//     after the POST to check the spelling.
//   - If the response to a POST or PATCH is lost, or is 409, Ensure looks up the name again and
//     compares as usual. Neither request is repeated, even with [WithIdempotent].
//   - If the lookup after a POST finds none, the result is nil. The error is that of the POST, and
//     its text says that the lookup found none. After a lost response it is [ErrOutcomeUnknown]:
//     see below.
//   - If the PATCH fails, the draft is kept for another try. Ensure returns it with the error. The
//     other errors of this list, except the first, have no result. The action is that of the POST,
//     if there was one, and "" otherwise.
//   - If the PATCH of a draft is refused with 409, the draft accepts no configuration. The vendor's
//     servers do this after a configuration that failed. The action is [sdk.EnsureConflicting].
//     [WithRecreateDraft] allows Ensure to delete such a draft and create it again.
//
// # After ErrOutcomeUnknown
//
// Call Ensure again, but not at once: a gateway may still deliver the POST, and a list may show a
// new integration late. How late is not documented by the vendor, so no wait is certain to be long
// enough. Wait at least as long as an attempt may take, which is 1 min unless [WithAttemptTimeout]
// sets another time. If Ensure creates a second integration nevertheless, later calls report an
// [*sdk.AmbiguousError] with both IDs, and you decide which one to delete. After a lost PATCH,
// Ensure can be called at once: it never creates a second integration in that case.
//
// # Concurrency
//
// The Ensure calls of one [Client] for the same environment and name, in both versions of the API,
// run one after the other. A call that waits for another one returns when ctx ends. If two clients
// or programs ensure the same new name at the same time, both may create it, unless the server
// refuses the second one.
func (s *IntegrationsService) Ensure(
	ctx context.Context, want IntegrationCreate, opts ...CallOption,
) (*sdk.EnsureResult[Integration], error) {
	const op = "Integrations.Ensure"
	want.Provider = providerOr(want.Provider, want.Config)
	err := invalidCall(op, opts, s.c.check(), core.CheckCall(ctx, opts),
		core.Required("Environment.ID", want.Environment.ID), core.Required("DisplayName", want.DisplayName),
		core.Trimmed("DisplayName", want.DisplayName), core.ValidText("", want),
		core.MaxRunes("DisplayName", want.DisplayName, MaxDisplayNameLength),
		checkProvider(want.Provider, want.Config), checkConfig(want.Config, false))
	if err == nil && drained(want.Config) && received(want.Config) {
		want.Config = Config{}
	}
	if err == nil && !want.Config.IsZero() {
		err = invalidArg(op, checkCustomer(want.Config))
	}
	if err != nil {
		return nil, err
	}
	var result *sdk.EnsureResult[Integration]
	err = s.c.core.Serialized(ctx, op, ensureKey(want.Environment.ID, want.DisplayName), func() (err error) {
		result, err = s.ensure(ctx, op, want, paging.ForChange(opts))
		return err
	})
	return result, err
}

// ensureKey returns the same key for Ensure calls that must not run at the same time.
func ensureKey(environment, name string) string { return environment + "\x00" + name }

func (s *IntegrationsService) ensure(
	ctx context.Context, op string, want IntegrationCreate, opts []CallOption,
) (*sdk.EnsureResult[Integration], error) {
	options, _ := core.CollectCallOptions(opts) // Ensure has checked the options
	have, origin, err := s.findOrCreate(ctx, want, "", opts)
	if err != nil {
		return nil, err
	}
	result := &sdk.EnsureResult[Integration]{Integration: have}
	if origin != paging.Existing {
		result.Action = sdk.EnsureCreated
	}
	result, err = s.complete(ctx, op, result, want, opts)
	locked, ok := errors.AsType[*lockedDraftError](err)
	if !ok || origin != paging.Existing || !options.Recreate() {
		return result, err
	}
	if deleteErr := s.deleteDraft(ctx, want.Environment.ID, locked.id, opts...); deleteErr != nil {
		return result, core.Join(err, deleteErr)
	}
	if have, _, err = s.findOrCreate(ctx, want, locked.id, opts); err != nil {
		return nil, fmt.Errorf("draft %s, which accepted no configuration, was deleted: %w", core.OneLine(locked.id),
			err)
	}
	result = &sdk.EnsureResult[Integration]{Action: sdk.EnsureRecreated, Integration: have}
	return s.complete(ctx, op, result, want, opts)
}

// findOrCreate returns the integration named want.DisplayName. It creates a draft if there is none.
// It ignores the integration with the ID deleted, which a list may still show.
func (s *IntegrationsService) findOrCreate(
	ctx context.Context, want IntegrationCreate, deleted string, opts []CallOption,
) (*Integration, paging.Origin, error) {
	environment := want.Environment.ID
	return paging.Wanted[Integration]{
		Name:      want.DisplayName,
		NameAndID: func(i *Integration) (string, string) { return i.DisplayName, i.ID },
		Look: func() (*Integration, error) {
			return s.findByDisplayName(ctx, environment, want.DisplayName, deleted, opts)
		},
		Create: func() (*Integration, error) { return s.create(ctx, want, opts) },
		Read: func(id string, opts ...CallOption) (*Integration, error) {
			return s.Get(ctx, environment, id, opts...)
		},
		Delete: func(id string, opts ...CallOption) error { return s.Delete(ctx, environment, id, opts...) },
	}.FindOrCreate(ctx, s.c.core, "Integrations.Ensure", opts)
}

// complete compares the integration of result with want. If it is a draft, complete configures it.
func (s *IntegrationsService) complete(
	ctx context.Context, op string, result *sdk.EnsureResult[Integration], want IntegrationCreate, opts []CallOption,
) (*sdk.EnsureResult[Integration], error) {
	have := result.Integration
	if have.Environment.ID == "" {
		have.Environment = want.Environment
	}
	if have.Config.IsZero() && have.Status != StatusDraft && !want.Config.IsZero() { // a list may omit it
		var err error
		if have, err = s.Get(ctx, want.Environment.ID, have.ID, opts...); err != nil {
			return nil, err
		}
		result.Integration = have
	}
	differ := providerDifference(want.Provider, have.Provider)
	blank := drained(have.Config)
	draft := have.Status == StatusDraft || have.Status == "" && blank
	// A configuration that the server does not show counts as equal.
	if !want.Config.IsZero() && !have.Config.IsZero() && !(draft && blank) {
		differ = append(differ, differences(want.Config, have.Config)...)
	}
	if len(differ) > 0 {
		return conflicting(op, result, have.ID, differ)
	}
	// In an unknown kind, the configuration of the draft may already be the wanted one.
	exported := !blank && !namesCustomer(want.Config)
	if !draft || want.Config.IsZero() || exported {
		return done(result, sdk.EnsureUnchanged), nil
	}
	now, err := s.configure(ctx, have, want.Config, opts)
	if err != nil {
		return s.notConfigured(ctx, op, result, want.Config, err, opts)
	}
	result.Integration = now
	return done(result, sdk.EnsureConfigured), nil
}

// lockedDraftError reports that a draft refused a configuration because of its state.
type lockedDraftError struct {
	id  string // ID of the integration, which a later GET showed to be a DRAFT
	err error  // of the PATCH
}

func (e *lockedDraftError) Error() string {
	return fmt.Sprintf("draft %s accepts no configuration: %v", core.OneLine(e.id), e.err)
}

func (e *lockedDraftError) Unwrap() error { return e.err }

// notConfigured looks up the draft of result, whose PATCH with want failed with err. The server may
// have carried out the PATCH, or another program may have configured the draft before.
func (s *IntegrationsService) notConfigured(
	ctx context.Context, op string, result *sdk.EnsureResult[Integration], want Config, err error, opts []CallOption,
) (*sdk.EnsureResult[Integration], error) {
	if ctx.Err() != nil || !maybeDone(err) && !refused(err) {
		return result, err
	}
	id, environment := result.Integration.ID, result.Integration.Environment.ID
	now, readErr := s.Get(ctx, environment, id, core.OnlySecrets(opts))
	switch {
	case readErr != nil:
		return result, core.Join(err, readErr)
	case configured(now, want):
		result.Integration = now
		return done(result, sdk.EnsureConfigured), nil
	}
	result.Integration = now
	differ := differences(want, now.Config)
	if now.Status != StatusDraft {
		result, conflict := conflicting(op, result, now.ID, differ)
		return result, core.Join(conflict, err)
	}
	if errors.Is(err, ErrConflict) {
		result.Action, result.Differences = sdk.EnsureConflicting, differ
		return result, &lockedDraftError{now.ID, err}
	}
	return result, err
}

// refused reports whether the server refused a request, possibly because of the state of the
// object. The status for this case is not documented by the vendor.
func refused(err error) bool { return errors.Is(err, ErrConflict) || errors.Is(err, ErrInvalid) }

// done returns result with an action, unless it has an earlier one.
func done[T any](result *sdk.EnsureResult[T], action sdk.EnsureAction) *sdk.EnsureResult[T] {
	if result.Action == "" {
		result.Action = action
	}
	return result
}

// Ensure creates the integration named want.DisplayName. If it exists, nothing is sent after the
// lookup, because v1 can't change an integration. Calling Ensure again changes nothing.
//
// Comparison, errors and concurrency are as in [IntegrationsService.Ensure]. A list of v1 shows the
// integrations of all clouds. If an integration of another cloud has the name, that is a conflict.
func (s *IntegrationsV1Service) Ensure(
	ctx context.Context, want IntegrationCreateV1, opts ...CallOption,
) (*sdk.EnsureResult[IntegrationV1], error) {
	const op = "IntegrationsV1.Ensure"
	want.Provider = providerOr(want.Provider, want.Config)
	err := invalidCall(op, opts, s.c.check(), core.CheckCall(ctx, opts),
		core.Required("Environment.ID", want.Environment.ID), core.Required("DisplayName", want.DisplayName),
		core.Trimmed("DisplayName", want.DisplayName), core.ValidText("", want),
		core.MaxRunes("DisplayName", want.DisplayName, MaxDisplayNameLength),
		checkCustomer(want.Config), checkProvider(want.Provider, want.Config))
	if err != nil {
		return nil, err
	}
	var result *sdk.EnsureResult[IntegrationV1]
	err = s.c.core.Serialized(ctx, op, ensureKey(want.Environment.ID, want.DisplayName), func() (err error) {
		result, err = s.ensure(ctx, op, want, paging.ForChange(opts))
		return err
	})
	return result, err
}

func (s *IntegrationsV1Service) ensure(
	ctx context.Context, op string, want IntegrationCreateV1, opts []CallOption,
) (*sdk.EnsureResult[IntegrationV1], error) {
	result := &sdk.EnsureResult[IntegrationV1]{}
	environment := want.Environment.ID
	have, origin, err := paging.Wanted[IntegrationV1]{
		Name:      want.DisplayName,
		NameAndID: func(i *IntegrationV1) (string, string) { return i.DisplayName, i.ID },
		Look: func() (*IntegrationV1, error) {
			return s.FindByDisplayName(ctx, environment, want.DisplayName, opts...)
		},
		Create: func() (*IntegrationV1, error) { return s.Create(ctx, want, opts...) },
		Read: func(id string, opts ...CallOption) (*IntegrationV1, error) {
			return s.Get(ctx, environment, id, opts...)
		},
		Delete: func(id string, opts ...CallOption) error { return s.Delete(ctx, environment, id, opts...) },
	}.FindOrCreate(ctx, s.c.core, op, opts)
	if err != nil {
		return nil, err
	}
	if origin != paging.Existing {
		result.Action = sdk.EnsureCreated
	}
	result.Integration = have
	if origin == paging.Created {
		return result, nil
	}
	if have.Config.IsZero() { // a list may omit it
		if have, err = s.Get(ctx, want.Environment.ID, have.ID, opts...); err != nil {
			return nil, err
		}
		result.Integration = have
	}
	differ := providerDifference(want.Provider, have.Provider)
	if !have.Config.IsZero() {
		differ = append(differ, differences(want.Config, have.Config)...)
	}
	if len(differ) > 0 {
		return conflicting(op, result, have.ID, differ)
	}
	return done(result, sdk.EnsureUnchanged), nil
}

func hasStatus(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.StatusCode != 0
}

func conflicting[T any](op string, r *sdk.EnsureResult[T], id string, differ []string) (*sdk.EnsureResult[T], error) {
	r.Action, r.Differences = sdk.EnsureConflicting, differ
	err := fmt.Errorf("integration %s differs in %s: %w", core.OneLine(id), strings.Join(differ, ", "), ErrConflict)
	return r, newError(&core.Failure{Operation: op, Err: err})
}

func providerDifference(want, have Provider) []string {
	if have == "" || sameProvider(want, have) {
		return nil
	}
	return []string{"Provider"}
}

// ignoreCase are the members whose letter case is ignored: tenant IDs, account names and IAM role
// names.
var ignoreCase = []string{"customer_azure_tenant_id", "customer_google_service_account", "customer_iam_role_arn"}

// differences returns the sorted names of the members of want that differ in have, each prefixed
// with Config. Members that want does not set are not compared.
func differences(want, have Config) []string {
	const name = "Config"
	if want.Kind() != have.Kind() {
		return []string{name + ".kind"}
	}
	differ := diff.Members(members(want), members(have), diff.Options{EmptyIsUnset: true, IgnoreCase: ignoreCase})
	for i := range differ {
		differ[i] = name + "." + differ[i]
	}
	return differ
}

// members returns the members of a configuration that the customer sets and that are not empty.
func members(c Config) map[string]json.RawMessage {
	b, err := json.Marshal(c.Writable())
	if err != nil {
		return nil
	}
	var owned map[string]json.RawMessage
	if json.Unmarshal(b, &owned) != nil {
		return nil
	}
	maps.DeleteFunc(owned, func(key string, value json.RawMessage) bool { return key == "kind" || diff.Unset(value) })
	return owned
}
