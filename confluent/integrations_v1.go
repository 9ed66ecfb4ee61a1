package confluent

import (
	"context"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk/confluent/api"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// IntegrationsV1Service calls pim/v1, which serves AWS. An integration of v1 can't be changed: delete it and create another one, whose IAM
// role and external ID will be new.
type IntegrationsV1Service struct{ c *Client }

// Get sends GET /pim/v1/integrations/{id}.
func (s *IntegrationsV1Service) Get(ctx context.Context, environment, id string, opts ...CallOption) (*IntegrationV1, error) {
	const op = "IntegrationsV1.Get"
	if err := refuse(op, core.Required("environment", environment), core.PathValue("id", id)); err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, idOfV1, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetIntegrationV1(ctx, id, &api.GetIntegrationV1Params{Environment: environment})
	})
}

// List walks the integrations of an environment, as [IntegrationsService.List] does. Without a provider it yields those of all clouds, also
// those that only v2 can create.
func (s *IntegrationsV1Service) List(ctx context.Context, environment string, filter *ListOptions, opts ...CallOption) iter.Seq2[*IntegrationV1, error] {
	return paging.Items(s.Pages(ctx, environment, filter, opts...), (*Page[IntegrationV1]).items)
}

// Pages is [IntegrationsV1Service.List] page by page. A page may be empty although more follow.
func (s *IntegrationsV1Service) Pages(ctx context.Context, environment string, filter *ListOptions, opts ...CallOption) iter.Seq2[*Page[IntegrationV1], error] {
	const op = "IntegrationsV1.List"
	f := valueOf(filter)
	const only = "is a filter that only pim/v2 knows"
	checks := f.check(environment)
	if f.DisplayName != "" {
		checks = append(checks, core.Arg("DisplayName", only))
	}
	if f.Status != "" {
		checks = append(checks, core.Arg("Status", only))
	}
	return pages[IntegrationV1](ctx, s.c.core, op, checks, f.PageToken, opts, func(ctx context.Context, token string) (*http.Response, error) {
		return s.c.api.ListIntegrationsV1(ctx, &api.ListIntegrationsV1Params{
			Environment: environment, Provider: set(f.Provider), PageSize: set(f.PageSize), PageToken: set(token),
		})
	}, func(i *IntegrationV1) (string, *Config) { return i.ID, &i.Config })
}

// Create sends POST /pim/v1/integrations. Environment.ID and Config are required; an empty Provider follows from Config. The customer's role need not exist
// yet, and no other integration of the environment may name it. The reply names Confluent's IAM role and the external ID: see [AWSTrustPolicy].
func (s *IntegrationsV1Service) Create(ctx context.Context, in IntegrationCreateV1, opts ...CallOption) (*IntegrationV1, error) {
	const op = "IntegrationsV1.Create"
	in.Provider = providerOr(in.Provider, in.Config)
	err := refuse(op,
		core.Required("Environment.ID", in.Environment.ID),
		core.MaxRunes("DisplayName", in.DisplayName, MaxDisplayNameLength),
		checkConfig(in.Config, true), checkProvider(in.Provider, in.Config))
	if err != nil {
		return nil, err
	}
	in.Environment, in.Config = Reference{ID: in.Environment.ID}, in.Config.Writable()
	return core.CallObject(ctx, s.c.core, op, opts, idOfV1, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.CreateIntegrationV1(ctx, in)
	})
}

// Delete sends DELETE /pim/v1/integrations/{id}, with the rules of [IntegrationsService.Delete].
func (s *IntegrationsV1Service) Delete(ctx context.Context, environment, id string, opts ...CallOption) error {
	return s.c.remove(ctx, "IntegrationsV1.Delete", environment, id, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.DeleteIntegrationV1(ctx, id, &api.DeleteIntegrationV1Params{Environment: environment})
	})
}

// FindByDisplayName gives the one integration of exactly that name, with the errors of [IntegrationsService.FindByDisplayName]. v1 has no
// filter for names, so that it walks the whole list.
func (s *IntegrationsV1Service) FindByDisplayName(ctx context.Context, environment, name string, opts ...CallOption) (*IntegrationV1, error) {
	const op = "IntegrationsV1.FindByDisplayName"
	return find(op, environment, name, s.List(ctx, environment, nil, opts...),
		func(i *IntegrationV1) (string, string) { return i.DisplayName, i.ID })
}
