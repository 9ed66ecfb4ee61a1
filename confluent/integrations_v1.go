package confluent

import (
	"context"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// IntegrationsV1Service calls pim/v1, for AWS. The vendor has announced Azure and Google Cloud for
// it, so the client accepts any provider. An integration of v1 can't be changed. Delete it and
// create another one. The new one has another identity at Confluent: for AWS, another IAM role and
// external ID.
type IntegrationsV1Service struct{ c *Client }

// Get sends GET /pim/v1/integrations/{id}.
func (s *IntegrationsV1Service) Get(
	ctx context.Context, environment, id string, opts ...CallOption,
) (*IntegrationV1, error) {
	const op = "IntegrationsV1.Get"
	err := invalidCall(op, opts, s.c.check(), core.Required("environment", environment), core.PathValue("id", id))
	if err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, integrationV1Object,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getIntegrationV1(ctx, id, &getIntegrationV1Params{Environment: environment})
		})
}

// List walks the integrations of an environment, as [IntegrationsService.List] does. Without a
// provider it yields the integrations of all clouds, including those that only v2 can create.
func (s *IntegrationsV1Service) List(
	ctx context.Context, environment string, filter *ListOptions, opts ...CallOption,
) iter.Seq2[*IntegrationV1, error] {
	return paging.Items(s.Pages(ctx, environment, filter, opts...))
}

// Pages walks the list of [IntegrationsV1Service.List] page by page. A page can be empty and still
// be followed by others.
func (s *IntegrationsV1Service) Pages(
	ctx context.Context, environment string, filter *ListOptions, opts ...CallOption,
) iter.Seq2[*sdk.Page[IntegrationV1], error] {
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
	walk := func(provider Provider, start string) iter.Seq2[*sdk.Page[IntegrationV1], error] {
		send := func(ctx context.Context, pageToken string) (*http.Response, error) {
			return s.c.raw.listIntegrationsV1(ctx, &listIntegrationsV1Params{
				Environment: environment, Provider: core.NonZero(provider),
				PageSize: core.NonZero(f.PageSize), PageToken: core.NonZero(pageToken),
			})
		}
		return pages(ctx, s.c, op, checks, start, opts, send,
			func(i *IntegrationV1) (string, *Config) { return i.ID, &i.Config })
	}
	return ofProvider(f.Provider, f.PageToken,
		func(i *IntegrationV1) Provider { return providerOr(i.Provider, i.Config) }, walk)
}

// Create sends POST /pim/v1/integrations. req.Environment.ID and req.Config are required. If
// req.Provider is empty, it is derived from Config. For AWS, the customer's role does not have to
// exist yet, and no other integration of the environment may use it. The response has Confluent's
// identity: see [SetupSteps] and, for AWS, [AWSTrustPolicy].
func (s *IntegrationsV1Service) Create(
	ctx context.Context, req IntegrationCreateV1, opts ...CallOption,
) (*IntegrationV1, error) {
	const op = "IntegrationsV1.Create"
	req.Provider = providerOr(req.Provider, req.Config)
	err := invalidCall(op, opts, s.c.check(),
		core.Required("Environment.ID", req.Environment.ID),
		core.MaxRunes("DisplayName", req.DisplayName, MaxDisplayNameLength),
		checkConfig(req.Config, true), checkProvider(req.Provider, req.Config))
	if err != nil {
		return nil, err
	}
	req.Environment, req.Config = Reference{ID: req.Environment.ID}, req.Config.Writable()
	return core.CallObject(ctx, s.c.core, op, opts, integrationV1Object,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.createIntegrationV1(ctx, req)
		})
}

// Delete sends DELETE /pim/v1/integrations/{id}, with the rules of [IntegrationsService.Delete].
func (s *IntegrationsV1Service) Delete(ctx context.Context, environment, id string, opts ...CallOption) error {
	const op = "IntegrationsV1.Delete"
	err := invalidCall(op, opts, s.c.check(), core.Required("environment", environment), core.PathValue("id", id))
	if err != nil {
		return err
	}
	object := paging.Object[IntegrationV1]{
		ID: id, IDOf: idOfV1,
		Read: func(opts ...CallOption) (*IntegrationV1, error) { return s.Get(ctx, environment, id, opts...) },
		List: func(opts ...CallOption) iter.Seq2[*IntegrationV1, error] {
			return s.List(ctx, environment, nil, opts...)
		},
	}
	return object.Remove(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.deleteIntegrationV1(ctx, id, &deleteIntegrationV1Params{Environment: environment})
	})
}

// FindByDisplayName returns the integration with exactly this name. Errors are those of
// [IntegrationsService.FindByDisplayName]. v1 has no filter for names, so it walks the whole list.
func (s *IntegrationsV1Service) FindByDisplayName(
	ctx context.Context, environment, name string, opts ...CallOption,
) (*IntegrationV1, error) {
	const op = "IntegrationsV1.FindByDisplayName"
	return find(s.c, op, environment, name, opts, s.List(ctx, environment, nil, opts...),
		func(i *IntegrationV1) (string, string) { return i.DisplayName, i.ID })
}
