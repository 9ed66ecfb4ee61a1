package apono

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/integrations-go/sdk/apono/api"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// MaxCustomAccessDetails is how many characters custom_access_details may have (vendor's limit).
const MaxCustomAccessDetails = 400

// IntegrationsService calls admin v4.
type IntegrationsService struct{ c *Client }

// ListOptions narrow a list of admin v4. A zero field does not narrow it; nil options narrow nothing. The values of one field are alternatives.
type ListOptions struct {
	// Name and Type match the whole value, or a part of it where they come from [Contains], [HasPrefix] or [HasSuffix]; letter case does not count, by the vendor's
	// documents. How a * that is part of a name is written is not known.
	Name string
	Type []string
	// Category keeps integrations of these categories; RESOURCES and USER-INFORMATION are known.
	Category []string
	// ConnectorID keeps integrations of these connectors, whose letter case does not count.
	ConnectorID []string
	// Status keeps integrations in these states.
	Status []Status
	// Limit is how many items a page may have, at least 1. 0 leaves it to the server, whose default is 100; its maximum is not known.
	Limit int
	// PageToken resumes a list: the NextToken of the last page seen. It carries the filters, and is sent alone, as the vendor's own clients do.
	PageToken string
}

// Contains is a filter for what contains text.
func Contains(text string) string { return "*" + text + "*" }

// HasPrefix is a filter for what begins with text.
func HasPrefix(text string) string { return text + "*" }

// HasSuffix is a filter for what ends with text.
func HasSuffix(text string) string { return "*" + text }

// Get sends GET /api/admin/v4/integrations/{id}.
func (s *IntegrationsService) Get(ctx context.Context, id string, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.Get"
	if err := refuse(op, core.PathValue("id", id)); err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, checkRead, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetIntegration(ctx, id)
	})
}

// List walks the integrations, in the server's order. Nothing is sent before the range begins, and each range sends its
// own requests. An error is yielded once and ends the walk.
func (s *IntegrationsService) List(ctx context.Context, filter *ListOptions, opts ...CallOption) iter.Seq2[*Integration, error] {
	return paging.Items(s.Pages(ctx, filter, opts...), (*Page[Integration]).items)
}

// Pages is [IntegrationsService.List] page by page. A page may be empty although more follow. An item that names more than one secret store has an [UnknownSecret] that names them.
func (s *IntegrationsService) Pages(ctx context.Context, filter *ListOptions, opts ...CallOption) iter.Seq2[*Page[Integration], error] {
	const op = "Integrations.List"
	var f ListOptions
	if filter != nil {
		f = *filter
		f.Type, f.Category, f.ConnectorID, f.Status = slices.Clone(f.Type), slices.Clone(f.Category), slices.Clone(f.ConnectorID), slices.Clone(f.Status)
	}
	return tokenPages[Integration](ctx, s.c, op, opts, f.PageToken, refuse(op, checkLimit(f.Limit), checkFilters("Type", f.Type), checkFilters("Category", f.Category), checkFilters("ConnectorID", f.ConnectorID), checkFilters("Status", f.Status)), func(ctx context.Context, token string) (*http.Response, error) {
		if token != "" {
			return s.c.api.ListIntegrations(ctx, &api.ListIntegrationsParams{PageToken: &token})
		}
		return s.c.api.ListIntegrations(ctx, &api.ListIntegrationsParams{
			Category: f.Category, ConnectorID: f.ConnectorID, Limit: set(f.Limit), Name: set(f.Name), Status: f.Status, Type: f.Type,
		})
	})
}

// Create sends POST /api/admin/v4/integrations. Name and Type are required; a nil IntegrationConfig is sent as {}.
func (s *IntegrationsService) Create(ctx context.Context, in IntegrationCreate, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.Create"
	err := refuse(op, core.Required("Name", in.Name), core.Required("Type", in.Type),
		checkConfig("IntegrationConfig", in.IntegrationConfig), checkStore("SecretStoreConfig", in.SecretStoreConfig), checkDetails(in.CustomAccessDetails), checkOwner(in.Owner), checkMapping(in.OwnersMapping))
	if err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, hide(opts, in.SecretStoreConfig), checkRead, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.CreateIntegration(ctx, in)
	})
}

// Update sends PUT /api/admin/v4/integrations/{id}. It replaces the integration: what it leaves out is cleared, as the vendor's own
// clients rely on (no public statement says so), and so is what is [Null]. Build it with [UpdateFrom] to change some fields and keep the others. A nil IntegrationConfig is
// [ErrInvalid], because it would clear all of it; Config{} does so on purpose. The type can't be changed.
func (s *IntegrationsService) Update(ctx context.Context, id string, in IntegrationUpdate, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.Update"
	err := refuse(op, core.PathValue("id", id), core.Required("Name", in.Name),
		checkConfig("IntegrationConfig", in.IntegrationConfig), checkStore("SecretStoreConfig", in.SecretStoreConfig), checkDetails(in.CustomAccessDetails), checkOwner(in.Owner), checkMapping(in.OwnersMapping),
		checkNotNil("IntegrationConfig", in.IntegrationConfig))
	if err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, hide(opts, in.SecretStoreConfig), checkRead, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.UpdateIntegration(ctx, id, in)
	})
}

// Delete sends DELETE /api/admin/v4/integrations/{id}. If the reply to an earlier attempt was lost and the integration is gone by now
// (404), that is a success.
func (s *IntegrationsService) Delete(ctx context.Context, id string, opts ...CallOption) error {
	const op = "Integrations.Delete"
	if err := refuse(op, core.PathValue("id", id)); err != nil {
		return err
	}
	return core.CallEmpty(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.DeleteIntegration(ctx, id)
	})
}

// FindByName gives the one integration of exactly that name, in that case. None is [ErrNotFound]; several are an
// [*AmbiguousError] inside an error that is [ErrConflict]. The name must not contain *, which would be a wildcard.
func (s *IntegrationsService) FindByName(ctx context.Context, name string, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.FindByName"
	if strings.Contains(name, "*") {
		return nil, refuse(op, core.Arg("name", "contains *, which is a wildcard"))
	}
	return core.FindOne(newError, op, "integration", name, s.List(ctx, &ListOptions{Name: name}, opts...),
		func(i *Integration) (string, string) { return i.Name, i.ID }, func(ids []string) error { return &AmbiguousError{name, ids} })
}

// AmbiguousError says that a name belongs to more than one object.
type AmbiguousError struct {
	Name string   // that was looked for
	IDs  []string // of all that have it, in the order of the list
}

// Error names the objects.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%d integrations are named %q: %s", len(e.IDs), e.Name, strings.Join(e.IDs, ", "))
}

// Is makes it [ErrConflict].
func (e *AmbiguousError) Is(target error) bool { return target == ErrConflict }

// The rest is shared by the services.

func (p *Page[T]) items() []T { return p.Items }

// checkRead refuses a reply that names more than one secret store: which of them holds is not known. A configuration that is not there is empty, so that it can be changed.
func checkRead(i *Integration) (string, error) {
	if i.IntegrationConfig == nil {
		i.IntegrationConfig = Config{}
	}
	if u, ok := i.SecretStoreConfig.Value.(*UnknownSecret); ok && len(u.Names) > 1 {
		return i.ID, fmt.Errorf("the secret store of %s %w", i.ID, i.SecretStoreConfig.Check())
	}
	return i.ID, nil
}

func checkConfig(name string, c Config) error {
	if err := c.Check(); err != nil {
		return core.Arg(name, "has a bad member: %v", err)
	}
	return nil
}

// checkNotNil refuses a configuration that was forgotten.
func checkNotNil(name string, c Config) error {
	if c == nil {
		return core.Arg(name, "is nil, which would clear it; use Config{} if that is meant")
	}
	return nil
}

// hide keeps the secrets that a call sends out of its errors and logs, where the server repeats them.
func hide[S interface{ Secrets() []string }](opts []CallOption, o Optional[S]) []CallOption {
	store, ok := o.Get()
	if !ok {
		return opts
	}
	return append(slices.Clip(opts), func(c *core.CallOptions) { c.WithSecrets(store.Secrets()...) })
}

// store is a [SecretStore] in either form.
type store interface {
	Check() error
	IsZero() bool
	Kind() string
	Secrets() []string
}

// checkStore refuses a store that can't be used. Left out and null pass.
func checkStore[S store](name string, o Optional[S]) error {
	s, ok := o.Get()
	if !ok {
		return nil
	}
	if err := storeProblem(s); err != nil {
		return core.Arg(name, "%v", err)
	}
	return nil
}

func storeProblem(s store) error {
	switch {
	case s.IsZero():
		return errors.New("names no secret store")
	case s.Check() != nil:
		return s.Check()
	case s.Kind() == "apono" && len(s.Secrets()) == 0:
		return errors.New("has no parameters, which would overwrite those that Apono keeps")
	}
	return nil
}

func checkDetails(o Optional[string]) error {
	if text, ok := o.Get(); ok && utf8.RuneCountInString(text) > MaxCustomAccessDetails {
		return core.MaxRunes("CustomAccessDetails", text, MaxCustomAccessDetails)
	}
	return nil
}

func checkMapping(o Optional[OwnerMappingReference]) error {
	if m, ok := o.Get(); ok && (m.AttributeType == "" || m.KeyName == "") {
		return core.Arg("OwnersMapping", "needs AttributeType and KeyName")
	}
	return nil
}

func checkOwner(o Optional[OwnerReference]) error {
	owner, ok := o.Get()
	switch {
	case !ok:
		return nil
	case owner.AttributeType == "":
		return core.Arg("Owner", "has no AttributeType")
	case owner.AttributeValue == nil:
		return core.Arg("Owner", "has no AttributeValue")
	}
	return nil
}

// checkLimit refuses what is no size of a page. The specification has 32 bits for it.
func checkLimit(limit int) error { return core.Between("Limit", limit, 0, math.MaxInt32) }

// checkFilters refuses an empty alternative, which nothing fits.
func checkFilters[S ~string](name string, values []S) error {
	if slices.Contains(values, "") {
		return core.Arg(name, "has an empty value")
	}
	return nil
}

// set is nil for a zero value: an unset parameter is not sent.
func set[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}
