package confluent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// cleanupTimeout is how long Provision may take to delete a draft after its caller's context has ended.
const cleanupTimeout = 30 * time.Second

// Provision makes a configured integration: it sends POST with the name, provider and environment, then PATCH with in.Config. If the
// PATCH fails it sends GET, and DELETE where that shows a DRAFT, because a draft whose configuration failed may refuse another one. It does so even
// where ctx has ended, for up to 30 s. Nothing but a DRAFT is ever deleted.
//
// Where the reply to the PATCH is lost, the GET tells: a PATCH that was carried out is a success. Where the reply to the POST is lost,
// the id is not known: the error is [ErrOutcomeUnknown] and nothing is deleted. [IntegrationsService.Ensure] looks the integration up by its name instead.
//
// The error joins what failed with what failed while cleaning up. An integration next to an error is one that is still there.
func (s *IntegrationsService) Provision(ctx context.Context, in IntegrationCreate, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.Provision"
	err := refuse(op, core.Required("Environment.ID", in.Environment.ID), core.MaxRunes("DisplayName", in.DisplayName, MaxDisplayNameLength),
		checkProvider(providerOr(in.Provider, in.Config), in.Config), checkCustomer(in.Config, true))
	if err != nil {
		return nil, err
	}
	created, err := s.create(ctx, in, opts)
	if err != nil {
		return nil, err
	}
	done, err := s.configure(ctx, created, in.Config, opts)
	if err == nil {
		return done, nil
	}
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	now, readErr := s.Get(clean, created.Environment.ID, created.ID)
	switch {
	case notThere(readErr):
		return nil, err
	case readErr != nil:
		return created, errors.Join(err, fmt.Errorf("integration %s may be left behind: %w", created.ID, readErr))
	case maybeDone(err) && configured(now, in.Config):
		return now, nil
	case now.Status != StatusDraft:
		return now, errors.Join(err, newError(&core.Failure{Operation: op, Err: fmt.Errorf("integration %s is %s and was left as it is", now.ID, now.Status)}))
	}
	if deleteErr := s.Delete(clean, created.Environment.ID, created.ID); deleteErr != nil && !notThere(deleteErr) {
		return now, errors.Join(err, fmt.Errorf("draft %s is left behind: %w", created.ID, deleteErr))
	}
	return nil, err
}

// checkCustomer refuses a configuration of a known kind that says nothing of the customer's side: the PATCH would fail for sure.
func checkCustomer(c Config, required bool) error {
	if err := checkConfig(c, required); err != nil {
		return err
	}
	if _, unknown := c.Value.(*UnknownConfig); !unknown && !c.IsZero() && len(members(c)) == 0 {
		return core.Arg("Config", "says nothing of the customer's side")
	}
	return nil
}

// create makes the draft, whose id and environment the next step needs.
func (s *IntegrationsService) create(ctx context.Context, in IntegrationCreate, opts []CallOption) (*Integration, error) {
	draft := in
	draft.Provider, draft.Config = providerOr(in.Provider, in.Config), Config{}
	created, err := s.Create(ctx, draft, opts...)
	if err != nil {
		return nil, err
	}
	if created.Environment.ID == "" {
		created.Environment = in.Environment
	}
	return created, nil
}

// configure sends the PATCH.
func (s *IntegrationsService) configure(ctx context.Context, in *Integration, cfg Config, opts []CallOption) (*Integration, error) {
	return s.Update(ctx, in.ID, IntegrationUpdate{Environment: in.Environment, Config: cfg}, opts...)
}

// maybeDone reports that one of the attempts of a call that failed may have been carried out.
func maybeDone(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.OutcomeUnknown || e.Attempts > 1)
}

// configured reports that a PATCH with cfg was carried out.
func configured(now *Integration, cfg Config) bool {
	return now.Status != StatusDraft && len(differences("Config", cfg, now.Config)) == 0
}

// notThere reports that the server itself said so; [ErrNotFound] may also come from the exchange of a token.
func notThere(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusGone)
}

// WaitOptions say how [IntegrationsService.WaitValid] waits. Zero fields have the defaults.
type WaitOptions struct {
	// Interval is the first pause between two validations; each pause is half as long again as the one before, up to MaxInterval. A random part of up to a fifth
	// is taken off each. Defaults 2 s and 30 s.
	Interval, MaxInterval time.Duration
	// Timeout ends the wait, where the context does not end it earlier. Default 10 min: grants take up to 7 minutes on Google Cloud, by the vendor's tools, and about 30 seconds on AWS.
	Timeout time.Duration
}

// WaitValid sends POST :validate again and again until the server accepts, because what was granted at the cloud provider takes time to
// be seen. It goes on after 400, 409, 422, 429, 5xx and lost connections; a tenant or account that does not exist is a 400 too and
// looks the same to it. Everything else, 401, 403 and 404 above all, ends it at once. As with [IntegrationsService.Validate], Config is for a DRAFT only.
//
// When the time is up, or ctx ends, the error joins that ([context.DeadlineExceeded] or [context.Canceled]) with the last [*Error].
func (s *IntegrationsService) WaitValid(ctx context.Context, in IntegrationValidate, wait WaitOptions, opts ...CallOption) error {
	const op = "Integrations.WaitValid"
	if err := refuse(op, core.CheckWait("WaitOptions", core.PollOptions(wait))); err != nil {
		return err
	}
	told := false
	return core.Poll(ctx, core.PollOptions(wait), func(ctx context.Context) (bool, error) {
		err := s.Validate(ctx, in, opts...)
		if err != nil && ctx.Err() != nil && told && !hasStatus(err) {
			return false, nil // a call that the context cut short says less than the one before
		}
		told = true
		return err == nil || !passing(err), err
	})
}

// passing reports that a validation may succeed later.
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

// EnsureAction is what Ensure did.
type EnsureAction string

// What Ensure can do.
const (
	EnsureCreated     EnsureAction = "created"     // there was none
	EnsureConfigured  EnsureAction = "configured"  // there was a draft
	EnsureUnchanged   EnsureAction = "unchanged"   // there was one as wanted
	EnsureConflicting EnsureAction = "conflicting" // there is one that differs, and can't be changed
)

// EnsureResult tells what Ensure found and did; T is [Integration] or [IntegrationV1].
type EnsureResult[T any] struct {
	Action      EnsureAction
	Integration *T // as it is now
	// Differences names the fields that differ, where the action is [EnsureConflicting].
	Differences []string
}

// Ensure makes the environment hold one integration as in describes, by its display name, which is required: it looks the name up; if there is none it sends POST, and PATCH where in has a
// configuration; if there is a draft it sends the PATCH only; if there is one as wanted it sends nothing more. Running it again changes nothing.
//
// Where the list does not show the configuration, Ensure sends GET as well; what the server does not show then counts as no difference.
//
// An integration that differs can't be changed: the result names the differences, and the error is [ErrConflict]. So is more than one of the name, an [*AmbiguousError]. If the reply to a POST or PATCH is
// lost, Ensure looks again before it gives up. If the PATCH fails, the draft stays for another try, and the result tells it next to the error; any other error comes without a result.
// Two programs that ensure the same new name at the same moment may both create it.
func (s *IntegrationsService) Ensure(ctx context.Context, in IntegrationCreate, opts ...CallOption) (*EnsureResult[Integration], error) {
	const op = "Integrations.Ensure"
	in.Provider = providerOr(in.Provider, in.Config)
	err := refuse(op, core.Required("Environment.ID", in.Environment.ID), core.Required("DisplayName", in.DisplayName),
		core.MaxRunes("DisplayName", in.DisplayName, MaxDisplayNameLength),
		checkProvider(in.Provider, in.Config), checkCustomer(in.Config, false))
	if err != nil {
		return nil, err
	}
	result := &EnsureResult[Integration]{Action: EnsureUnchanged}
	look := func() (*Integration, error) {
		return s.FindByDisplayName(ctx, in.Environment.ID, in.DisplayName, opts...)
	}
	result.Integration, err = core.FindOrCreate(ctx, look, func() (*Integration, error) {
		result.Action = EnsureCreated
		return s.create(ctx, in, opts)
	})
	if err != nil {
		return nil, err
	}
	have := result.Integration
	if have.Environment.ID == "" {
		have.Environment = in.Environment
	}
	if have.Config.IsZero() && have.Status != StatusDraft && !in.Config.IsZero() { // a list need not show it
		if have, err = s.Get(ctx, in.Environment.ID, have.ID, opts...); err != nil {
			return nil, err
		}
		result.Integration = have
	}
	diff := providerDifference(in.Provider, have.Provider)
	blank := len(members(have.Config)) == 0
	draft := have.Status == StatusDraft || have.Status == "" && blank
	if !in.Config.IsZero() && !have.Config.IsZero() && !(draft && blank) { // what the server does not show does not differ
		diff = append(diff, differences("Config", in.Config, have.Config)...)
	}
	if len(diff) > 0 {
		return conflicting(op, result, have.ID, diff)
	}
	if !draft || in.Config.IsZero() {
		return result, nil
	}
	done, err := s.configure(ctx, have, in.Config, opts)
	if maybeDone(err) && ctx.Err() == nil {
		now, readErr := s.Get(ctx, have.Environment.ID, have.ID)
		switch {
		case readErr != nil:
			err = errors.Join(err, readErr)
		case configured(now, in.Config):
			done, err = now, nil
		}
	}
	if err != nil {
		return result, err
	}
	result.Integration = done
	if result.Action == EnsureUnchanged {
		result.Action = EnsureConfigured
	}
	return result, nil
}

// Ensure makes the environment hold one integration as in describes, as [IntegrationsService.Ensure] does: it sends POST where there is none of that
// display name, and nothing otherwise, because v1 changes nothing. A list of v1 shows all clouds, so that an integration of another cloud with that name is a conflict.
func (s *IntegrationsV1Service) Ensure(ctx context.Context, in IntegrationCreateV1, opts ...CallOption) (*EnsureResult[IntegrationV1], error) {
	const op = "IntegrationsV1.Ensure"
	in.Provider = providerOr(in.Provider, in.Config)
	err := refuse(op, core.Required("Environment.ID", in.Environment.ID), core.Required("DisplayName", in.DisplayName),
		core.MaxRunes("DisplayName", in.DisplayName, MaxDisplayNameLength),
		checkCustomer(in.Config, true), checkProvider(in.Provider, in.Config))
	if err != nil {
		return nil, err
	}
	result := &EnsureResult[IntegrationV1]{Action: EnsureUnchanged}
	look := func() (*IntegrationV1, error) {
		return s.FindByDisplayName(ctx, in.Environment.ID, in.DisplayName, opts...)
	}
	result.Integration, err = core.FindOrCreate(ctx, look, func() (*IntegrationV1, error) {
		result.Action = EnsureCreated
		return s.Create(ctx, in, opts...)
	})
	if err != nil {
		return nil, err
	}
	if result.Action == EnsureCreated {
		return result, nil
	}
	have := result.Integration
	if have.Config.IsZero() { // a list need not show it
		if have, err = s.Get(ctx, in.Environment.ID, have.ID, opts...); err != nil {
			return nil, err
		}
		result.Integration = have
	}
	diff := providerDifference(in.Provider, have.Provider)
	if !have.Config.IsZero() {
		diff = append(diff, differences("Config", in.Config, have.Config)...)
	}
	if len(diff) > 0 {
		return conflicting(op, result, have.ID, diff)
	}
	return result, nil
}

func hasStatus(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.StatusCode != 0
}

func conflicting[T any](op string, r *EnsureResult[T], id string, diff []string) (*EnsureResult[T], error) {
	r.Action, r.Differences = EnsureConflicting, diff
	return r, newError(&core.Failure{Operation: op, Err: fmt.Errorf("integration %s differs in %s: %w", id, strings.Join(diff, ", "), ErrConflict)})
}

func providerDifference(want, have Provider) []string {
	if have == "" || want.Is(have) {
		return nil
	}
	return []string{"Provider"}
}

// caseless are the members whose case does not matter: tenant ids, account names and IAM role names.
var caseless = []string{"customer_azure_tenant_id", "customer_google_service_account", "customer_iam_role_arn"}

// differences names the members of want that have lacks or has otherwise. Unset and "" are the same.
func differences(name string, want, have Config) []string {
	if want.Kind() != have.Kind() {
		return []string{name + ".kind"}
	}
	there := members(have)
	var diff []string
	for key, value := range members(want) {
		if value != there[key] && !(slices.Contains(caseless, key) && strings.EqualFold(value, there[key])) {
			diff = append(diff, name+"."+key)
		}
	}
	slices.Sort(diff)
	return diff
}

// members are the customer's members of a configuration that are set, as JSON in one spelling: the server may order and escape as it likes.
func members(c Config) map[string]string {
	b, err := json.Marshal(c.Writable())
	if err != nil {
		return nil
	}
	var raw map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if d.Decode(&raw) != nil {
		return nil
	}
	out := map[string]string{}
	for key, value := range raw {
		if key == "kind" || value == nil || value == "" {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil
		}
		out[key] = string(text)
	}
	return out
}
