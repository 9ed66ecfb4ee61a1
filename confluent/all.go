package confluent

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// AllIntegrationsOptions are the options of [Client.AllIntegrations]. The zero value lists all
// integrations, with pages of [MaxPageSize] items.
type AllIntegrationsOptions struct {
	// Provider selects the integrations of one provider. The client compares names
	// without regard to letter case. For AWS it reads only pim/v1, because that list has
	// the integrations of all clouds.
	Provider Provider
	// PageSize is the maximum number of items of a page in either version, 1 to
	// [MaxPageSize]. 0 means [MaxPageSize].
	PageSize int
	// SkipForbidden, if not nil, makes the walk continue without a version whose first
	// page is refused with 403. An example is pim/v2 if the organization has no Early
	// Access to it. SkipForbidden is called with that error. Its Operation names the
	// version: "IntegrationsV1.List" or "Integrations.List".
	//
	// The error still ends the walk if no other version is left, or if the API key is not
	// valid. A 403 for a later page always ends it.
	SkipForbidden func(err *Error)
}

// AnyIntegration is an integration of either version of the API. Its fields are those that both
// versions have in common. Exactly one of V1 and V2 is not nil.
type AnyIntegration struct {
	// ID is the id of the integration.
	ID string
	// DisplayName is the name of the integration.
	DisplayName string
	// Provider is the cloud provider. If the server names none, it is the provider of
	// Config.
	Provider Provider
	// Status is the state of the integration, "" for an integration of v1.
	Status Status
	// Config names the identities of both sides at the provider.
	Config Config
	// Usages are the CRNs of the resources that use the integration.
	Usages []string
	// Environment is the environment that the integration belongs to.
	Environment Reference

	// V1 is the integration in the list of pim/v1.
	V1 *IntegrationV1
	// V2 is the integration in the list of pim/v2.
	V2 *Integration
}

// MarshalJSON returns the JSON of V1 or V2, by the names of the API. It does not write changes of
// the other fields. If V1 and V2 are nil, it returns the other fields by the same names.
func (i AnyIntegration) MarshalJSON() ([]byte, error) {
	switch {
	case i.V1 != nil:
		return json.Marshal(i.V1)
	case i.V2 != nil:
		return json.Marshal(i.V2)
	}
	return json.Marshal(Integration{ID: i.ID, DisplayName: i.DisplayName, Provider: i.Provider, Status: i.Status,
		Config: i.Config, Usages: i.Usages, Environment: i.Environment})
}

// UnmarshalJSON reads the JSON of an integration as V1 if its api_version is pim/v1, and as V2
// otherwise. It sets the other fields from that. It ignores null.
func (i *AnyIntegration) UnmarshalJSON(data []byte) error {
	var object *struct {
		APIVersion string `json:"api_version"`
	}
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return err
	}
	if object.APIVersion == "pim/v1" {
		v1 := &IntegrationV1{}
		if err := json.Unmarshal(data, v1); err != nil {
			return err
		}
		*i = anyV1(v1)
		return nil
	}
	v2 := &Integration{}
	if err := json.Unmarshal(data, v2); err != nil {
		return err
	}
	*i = anyV2(v2)
	return nil
}

// AllIntegrations walks the integrations of an environment in both versions of the API, and yields
// each of them once. The iterator works like that of [IntegrationsService.List]. [WithMeta],
// [WithRawBody] and [WithPrefetch] apply to the pages of both lists.
//
//	all, err := sdk.Collect(c.AllIntegrations(ctx, "env-abc123", nil))
//
// # Duplicates
//
// The list of v1 also has integrations of v2. For AWS, the walk yields the integration of v1. For
// other providers it yields that of v2, because only v2 reports the Status. If only one version
// lists an integration, the walk yields that one. Integrations are the same if their IDs are equal.
// An integration without a readable ID is yielded as often as it is listed.
//
// # Order
//
// AWS integrations of v1 come first, then the list of v2, then the integrations of other providers
// that only v1 lists. Each part is in the server's order. The walk keeps the ID of each integration
// in memory. Until the list of v2 ends, it also keeps the integrations of other providers from v1.
//
// # Resuming
//
// No page token spans both versions, so the walk can't be resumed. To resume, walk the lists of
// [Client.IntegrationsV1] and [Client.Integrations].
//
// # Errors
//
// An error of either version ends the walk. With SkipForbidden of [AllIntegrationsOptions], the
// walk continues without a version that is forbidden. If both are forbidden, it ends with both
// errors, joined.
func (c *Client) AllIntegrations(
	ctx context.Context, environment string, filter *AllIntegrationsOptions, opts ...CallOption,
) iter.Seq2[*AnyIntegration, error] {
	const op = "AllIntegrations"
	if err := invalidArg(op, c.check()); err != nil {
		return paging.Items(paging.List[AnyIntegration]{Options: opts, Invalid: err}.Pages(ctx))
	}
	var f AllIntegrationsOptions
	if filter != nil {
		f = *filter
	}
	page := ListOptions{PageSize: f.PageSize}
	options, invalidOption := core.CollectCallOptions(opts)
	invalid := invalidArg(op, append(page.check(environment), invalidOption)...)
	lists := []iter.Seq2[[]AnyIntegration, error]{
		anyPages(c.IntegrationsV1.Pages(ctx, environment, &page, opts...), anyV1),
	}
	if !sameProvider(f.Provider, ProviderAWS) {
		lists = append(lists, anyPages(c.Integrations.Pages(ctx, environment, &page, opts...), anyV2))
	}
	return func(yield func(*AnyIntegration, error) bool) {
		if invalid != nil {
			options.Deliver(core.Meta{}, nil)
			yield(nil, invalid)
			return
		}
		w := &allWalk{options: f, versions: len(lists), yield: yield, yielded: map[string]bool{}}
		for _, list := range lists {
			if !w.list(list) {
				return
			}
		}
		for _, integration := range w.heldBack {
			if !w.item(integration) {
				return
			}
		}
	}
}

// allWalk is one range over the result of [Client.AllIntegrations]. Its methods report whether the
// walk continues.
type allWalk struct {
	options  AllIntegrationsOptions
	versions int // number of versions that are read
	yield    func(*AnyIntegration, error) bool

	yielded   map[string]bool   // by ID
	heldBack  []*AnyIntegration // integrations of v1, until the list of v2 ends
	forbidden []error           // errors of the versions left out
}

// list walks the list of one version.
func (w *allWalk) list(pages iter.Seq2[[]AnyIntegration, error]) bool {
	first := true
	for page, err := range pages {
		if err != nil {
			if first && w.leaveOut(err) {
				return true
			}
			return w.fail(err)
		}
		first = false
		for i := range page {
			integration := &page[i]
			switch {
			case w.options.Provider != "" && !sameProvider(integration.Provider, w.options.Provider):
			case integration.V1 != nil && integration.Provider != ProviderAWS:
				w.heldBack = append(w.heldBack, integration)
			case !w.item(integration):
				return false
			}
		}
	}
	return true
}

// item yields an integration, unless one with the same ID has been yielded.
func (w *allWalk) item(integration *AnyIntegration) bool {
	if id := integration.ID; id != "" {
		if w.yielded[id] {
			return true
		}
		w.yielded[id] = true
	}
	return w.yield(integration, nil)
}

// leaveOut reports whether the walk continues without a version. It does if err, the error of the
// first page, is a 403, the caller allows it, and another version is left.
func (w *allWalk) leaveOut(err error) bool {
	e, ok := errors.AsType[*Error](err)
	forbidden := ok && e.StatusCode == http.StatusForbidden && !errors.Is(err, ErrUnauthorized)
	if !forbidden || w.options.SkipForbidden == nil {
		return false
	}
	w.forbidden = append(w.forbidden, err)
	if len(w.forbidden) == w.versions {
		return false
	}
	w.options.SkipForbidden(e)
	return true
}

// fail yields the error that ends the walk.
func (w *allWalk) fail(err error) bool {
	if len(w.forbidden) == w.versions {
		err = core.Join(w.forbidden...)
	}
	w.yield(nil, err)
	return false
}

// anyPages converts the items of pages.
func anyPages[T any](
	pages iter.Seq2[*sdk.Page[T], error], convert func(*T) AnyIntegration,
) iter.Seq2[[]AnyIntegration, error] {
	return func(yield func([]AnyIntegration, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(nil, err)
				return
			}
			items := make([]AnyIntegration, len(page.Items))
			for i := range page.Items {
				items[i] = convert(&page.Items[i])
			}
			if !yield(items, nil) {
				return
			}
		}
	}
}

func anyV1(i *IntegrationV1) AnyIntegration {
	return AnyIntegration{
		ID: i.ID, DisplayName: i.DisplayName, Provider: providerOr(i.Provider, i.Config), Config: i.Config,
		Usages: i.Usages, Environment: i.Environment, V1: i,
	}
}

func anyV2(i *Integration) AnyIntegration {
	return AnyIntegration{
		ID: i.ID, DisplayName: i.DisplayName, Provider: providerOr(i.Provider, i.Config), Status: i.Status,
		Config: i.Config, Usages: i.Usages, Environment: i.Environment, V2: i,
	}
}
