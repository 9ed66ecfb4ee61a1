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

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// MaxCustomAccessDetails is the maximum length of custom_access_details, in characters. It is the
// vendor's limit.
const MaxCustomAccessDetails = 400

// IntegrationsService calls admin v4.
type IntegrationsService struct{ c *Client }

// ListOptions filter a list of admin v4. A zero field does not filter. Nil options are the same as
// the zero value. The values of one field are alternatives.
type ListOptions struct {
	// Name and Type match the whole value, or a part of it with [Contains], [HasPrefix]
	// or [HasSuffix]. According to the vendor's documents, letter case is ignored. How to
	// write a * that is part of a name is not documented by the vendor.
	Name string
	Type []string
	// Category selects the integrations of these categories. RESOURCES and
	// USER-INFORMATION are known, and are sent in this spelling if they differ only in
	// letter case. Any other is sent unchanged. The server compares. Whether its filter
	// depends on letter case is not documented by the vendor.
	Category []string
	// ConnectorID selects the integrations of these connectors. Letter case is ignored.
	ConnectorID []string
	// Status selects the integrations in these states. A known state in any letter case
	// is sent as its constant, and any other unchanged. The server compares, as for
	// Category. A server with another spelling in its store may find nothing.
	Status []Status
	// Limit is the maximum number of items of a page, at least 1. 0 means the server's
	// default, which is 100. The maximum is not documented by the vendor.
	Limit int
	// PageToken is the token of the page to begin with: NextToken of the last page read.
	// It includes the filters. The request has no other parameters, as in the vendor's
	// own clients.
	PageToken string
}

// Contains returns a filter for values that contain text.
func Contains(text string) string { return "*" + text + "*" }

// HasPrefix returns a filter for values that begin with text.
func HasPrefix(text string) string { return text + "*" }

// HasSuffix returns a filter for values that end with text.
func HasSuffix(text string) string { return "*" + text }

// Get sends GET /api/admin/v4/integrations/{id}.
func (s *IntegrationsService) Get(ctx context.Context, id string, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.Get"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id)); err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, integrationObject,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getIntegration(ctx, id)
		})
}

// List walks the integrations, in the server's order. Nothing is sent before the range begins. Each
// range sends its own requests. An error is yielded once and ends the walk.
func (s *IntegrationsService) List(
	ctx context.Context, filter *ListOptions, opts ...CallOption,
) iter.Seq2[*Integration, error] {
	return paging.Items(s.Pages(ctx, filter, opts...))
}

// Pages walks the list of [IntegrationsService.List] page by page. A page can be empty and still be
// followed by others. An item with several secret stores has an [UnknownSecret] with their names. A
// list that does not end is an error: the server repeats a page token, or sends many pages in
// succession without a new item.
func (s *IntegrationsService) Pages(
	ctx context.Context, filter *ListOptions, opts ...CallOption,
) iter.Seq2[*sdk.Page[Integration], error] {
	const op = "Integrations.List"
	var f ListOptions
	if filter != nil {
		f = *filter
		f.Type, f.Category = slices.Clone(f.Type), spelled(f.Category, "RESOURCES", "USER-INFORMATION")
		f.ConnectorID, f.Status = slices.Clone(f.ConnectorID), slices.Clone(f.Status)
		for i, status := range f.Status {
			_ = f.Status[i].UnmarshalText([]byte(status)) // the spelling of the constant
		}
	}
	invalid := invalidArg(op, checkLimit(f.Limit), checkFilters("Type", f.Type), checkFilters("Category", f.Category),
		checkFilters("ConnectorID", f.ConnectorID), checkFilters("Status", f.Status))
	send := func(ctx context.Context, pageToken string) (*http.Response, error) {
		if pageToken != "" {
			return s.c.raw.listIntegrations(ctx, &listIntegrationsParams{PageToken: &pageToken})
		}
		return s.c.raw.listIntegrations(ctx, &listIntegrationsParams{
			Category: f.Category, ConnectorID: f.ConnectorID, Limit: core.NonZero(f.Limit),
			Name: core.NonZero(f.Name), Status: f.Status, Type: f.Type,
		})
	}
	return tokenPages[Integration](ctx, s.c, op, opts, f.PageToken, invalid, send,
		func(i *Integration) string { return i.ID })
}

// Create sends POST /api/admin/v4/integrations. req.Name and req.Type are required. A nil
// IntegrationConfig is sent as {}.
func (s *IntegrationsService) Create(
	ctx context.Context, req IntegrationCreate, opts ...CallOption,
) (*Integration, error) {
	const op = "Integrations.Create"
	err := invalidCall(op, opts, s.c.check(), core.Required("Name", req.Name), core.Required("Type", req.Type),
		checkConfig("IntegrationConfig", req.IntegrationConfig),
		checkStore("SecretStoreConfig", req.SecretStoreConfig), checkDetails(req.CustomAccessDetails),
		checkOwner(req.Owner), checkMapping(req.OwnersMapping))
	if err != nil {
		return nil, err
	}
	req.SecretStoreConfig = reveal(req.SecretStoreConfig)
	return core.CallObject(ctx, s.c.core, op, withSecretsHidden(opts, req.SecretStoreConfig), integrationObject,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.createIntegration(ctx, req)
		})
}

// Update sends PUT /api/admin/v4/integrations/{id}, which replaces the integration. Members that
// are left out or [Null] are cleared. The vendor's own clients assume this, but it is not
// documented by the vendor. To change some fields and keep the others, build the update with
// [UpdateFrom]. A nil IntegrationConfig is [ErrInvalid], because it would clear the whole
// configuration. To do so on purpose, use Config{}. The type can't be changed.
//
// Not documented by the vendor: whether the request starts a synchronization. The status in the
// result may be that of the old configuration. To wait for the new one, call
// [IntegrationsV2Service.Refresh], and then [IntegrationsService.WaitSynced] with the result as
// [WaitOptions].Before.
func (s *IntegrationsService) Update(
	ctx context.Context, id string, req IntegrationUpdate, opts ...CallOption,
) (*Integration, error) {
	const op = "Integrations.Update"
	err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id), core.Required("Name", req.Name),
		checkConfig("IntegrationConfig", req.IntegrationConfig),
		checkStore("SecretStoreConfig", req.SecretStoreConfig), checkDetails(req.CustomAccessDetails),
		checkOwner(req.Owner), checkMapping(req.OwnersMapping),
		checkNotNil("IntegrationConfig", req.IntegrationConfig))
	if err != nil {
		return nil, err
	}
	req.SecretStoreConfig = reveal(req.SecretStoreConfig)
	return core.CallObject(ctx, s.c.core, op, withSecretsHidden(opts, req.SecretStoreConfig), integrationObject,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.updateIntegration(ctx, id, req)
		})
}

// Delete sends DELETE /api/admin/v4/integrations/{id}.
//
// # Lost responses
//
// If the response to an attempt was lost, and the next attempt gets 404, the integration is gone
// and Delete succeeds. Two responses are ambiguous: 403 can mean missing or forbidden, and a 404
// without the form of the vendor's errors (status and code) can come from a gateway. Then Delete
// sends GET. If that gets the same response, it walks the list:
//
//   - If the integration is gone, Delete succeeds.
//   - If it exists, the error is the refusal.
//   - If Delete can't find out, the error is the refusal and [ErrOutcomeUnknown].
func (s *IntegrationsService) Delete(ctx context.Context, id string, opts ...CallOption) error {
	const op = "Integrations.Delete"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id)); err != nil {
		return err
	}
	object := paging.Object[Integration]{
		ID: id, IDOf: checkRead,
		Read: func(opts ...CallOption) (*Integration, error) { return s.Get(ctx, id, opts...) },
		List: func(opts ...CallOption) iter.Seq2[*Integration, error] { return s.List(ctx, nil, opts...) },
	}
	return object.Remove(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.deleteIntegration(ctx, id)
	})
}

// FindByName returns the integration with exactly this name, in the same letter case.
//
// If there is none, the error is [ErrNotFound]. If there are several, the error is [ErrConflict]
// and contains an [*sdk.AmbiguousError]. A name that contains * is [ErrInvalid], because * would be
// a wildcard.
func (s *IntegrationsService) FindByName(ctx context.Context, name string, opts ...CallOption) (*Integration, error) {
	const op = "Integrations.FindByName"
	var wildcard error
	if strings.Contains(name, "*") {
		wildcard = core.Arg("name", "contains *, which is a wildcard")
	}
	if err := invalidCall(op, opts, s.c.check(), core.Required("name", name), wildcard); err != nil {
		return nil, err
	}
	return paging.FindOne(s.c.core, op, name, s.List(ctx, &ListOptions{Name: name}, opts...),
		func(i *Integration) (string, string) { return i.Name, i.ID })
}

// The rest is used by all services.

var integrationObject = core.Object[Integration]{Check: checkRead, Essential: []string{
	"name", "integration_config", "connector_id", "connected_resource_types", "custom_access_details", "owner",
	"owners_mapping",
}}

// checkRead returns the ID of an integration. An integration with several secret stores is an
// error, because it is unknown which one has the secret. A missing configuration becomes an empty
// one, which can be changed.
func checkRead(i *Integration) (string, error) {
	if i.IntegrationConfig == nil {
		i.IntegrationConfig = Config{}
	}
	i.markRead()
	if u, ok := i.SecretStoreConfig.Value.(*UnknownSecret); ok && len(u.Names) > 1 {
		return i.ID, fmt.Errorf("the secret store of %s %w", core.OneLine(i.ID), i.SecretStoreConfig.Check())
	}
	return i.ID, nil
}

// markRead notes that the secret store comes from a response.
func (i *Integration) markRead() { i.SecretStoreConfig.received.markRead() }

func checkConfig(name string, c Config) error {
	if err := c.Check(); err != nil {
		return core.Arg(name, "has a bad member: %v", err)
	}
	return nil
}

// checkNotNil returns an error for a nil configuration, which is probably a mistake.
func checkNotNil(name string, c Config) error {
	if c == nil {
		return core.Arg(name, "is nil, which would clear it; use Config{} if that is meant")
	}
	return nil
}

// withSecretsHidden hides the secrets of a request in errors and logs, even if the server repeats
// them.
func withSecretsHidden[S interface{ Secrets() []string }](opts []CallOption, o Optional[S]) []CallOption {
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

// checkStore returns an error for a store that can't be used. An omitted one and null are accepted.
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

// checkLimit returns an error for an invalid page size. It has 32 bits in the specification.
func checkLimit(limit int) error { return core.Between("Limit", limit, 0, math.MaxInt32) }

// spelled returns a copy of values. Those that differ from a known one only in letter case get its
// spelling.
func spelled[S ~string](values []S, known ...S) []S {
	values = slices.Clone(values)
	for i, v := range values {
		same := func(k S) bool { return strings.EqualFold(string(v), string(k)) }
		if at := slices.IndexFunc(known, same); at >= 0 {
			values[i] = known[at]
		}
	}
	return values
}

// checkFilters returns an error for an empty alternative, because it would match nothing.
func checkFilters[S ~string](name string, values []S) error {
	if slices.Contains(values, "") {
		return core.Arg(name, "has an empty value")
	}
	return nil
}
