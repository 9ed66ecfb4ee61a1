package apono

import (
	"context"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// IntegrationsV2Service calls v2, which is older than admin v4 and knows no owners, but can refresh.
type IntegrationsV2Service struct{ c *Client }

// Get sends GET /api/v2/integrations/{id}.
func (s *IntegrationsV2Service) Get(ctx context.Context, id string, opts ...CallOption) (*IntegrationV2, error) {
	const op = "IntegrationsV2.Get"
	if err := refuse(op, core.PathValue("id", id)); err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, idOfV2, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetIntegrationV2(ctx, id)
	})
}

// List gives all integrations. If the server tells of more than it sends, the last thing is a [*TruncatedError] inside an [*Error]: v2 has no parameter that asks for the rest.
func (s *IntegrationsV2Service) List(ctx context.Context, opts ...CallOption) iter.Seq2[*IntegrationV2, error] {
	return paging.Items(s.Pages(ctx, opts...), (*Page[IntegrationV2]).items)
}

// Pages is [IntegrationsV2Service.List] as one page, with the size that the server tells.
func (s *IntegrationsV2Service) Pages(ctx context.Context, opts ...CallOption) iter.Seq2[*Page[IntegrationV2], error] {
	return whole[IntegrationV2](ctx, s.c, "IntegrationsV2.List", opts, nil, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.ListIntegrationsV2(ctx)
	})
}

// Create sends POST /api/v2/integrations. Name and Type are required; a nil Metadata is sent as {}.
func (s *IntegrationsV2Service) Create(ctx context.Context, in IntegrationCreateV2, opts ...CallOption) (*IntegrationV2, error) {
	const op = "IntegrationsV2.Create"
	err := refuse(op, core.Required("Name", in.Name), core.Required("Type", in.Type),
		checkConfig("Metadata", in.Metadata), checkStore("SecretConfig", in.SecretConfig), checkDetails(in.CustomAccessDetails))
	if err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, hide(opts, in.SecretConfig), idOfV2, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.CreateIntegrationV2(ctx, in)
	})
}

// Update sends PUT /api/v2/integrations/{id}. It replaces the integration; what it leaves out may be cleared. Build it with [UpdateFromV2]. A nil
// Metadata is [ErrInvalid], because it would clear all of it; Config{} does so on purpose.
func (s *IntegrationsV2Service) Update(ctx context.Context, id string, in IntegrationUpdateV2, opts ...CallOption) (*IntegrationV2, error) {
	const op = "IntegrationsV2.Update"
	err := refuse(op, core.PathValue("id", id), core.Required("Name", in.Name),
		checkConfig("Metadata", in.Metadata), checkStore("SecretConfig", in.SecretConfig), checkDetails(in.CustomAccessDetails), checkNotNil("Metadata", in.Metadata))
	if err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, hide(opts, in.SecretConfig), idOfV2, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.UpdateIntegrationV2(ctx, id, in)
	})
}

// Delete sends DELETE /api/v2/integrations/{id}, with the rules of [IntegrationsService.Delete].
func (s *IntegrationsV2Service) Delete(ctx context.Context, id string, opts ...CallOption) error {
	const op = "IntegrationsV2.Delete"
	if err := refuse(op, core.PathValue("id", id)); err != nil {
		return err
	}
	return core.CallEmpty(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.DeleteIntegrationV2(ctx, id)
	})
}

// Refresh sends POST /api/v2/integrations/{id}/refresh, which makes Apono read the integration anew. It is not repeated after an ambiguous failure, unless
// [WithIdempotent] allows it: a second refresh is work, but no harm is known of it. [IntegrationsService.WaitSynced] waits for the end; give it the integration of before as
// [WaitOptions].Before, because whether the server shows the refresh before it answers is not known.
func (s *IntegrationsV2Service) Refresh(ctx context.Context, id string, opts ...CallOption) error {
	const op = "IntegrationsV2.Refresh"
	if err := refuse(op, core.PathValue("id", id)); err != nil {
		return err
	}
	return core.CallEmpty(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.RefreshIntegrationV2(ctx, id)
	})
}

func idOfV2(i *IntegrationV2) (string, error) {
	if i.Metadata == nil {
		i.Metadata = Config{}
	}
	return i.ID, nil
}
