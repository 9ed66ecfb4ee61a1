package apono

import (
	"context"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// IntegrationsV2Service calls v2. It is older than admin v4 and has no owners, but can refresh.
type IntegrationsV2Service struct{ c *Client }

// Get sends GET /api/v2/integrations/{id}.
func (s *IntegrationsV2Service) Get(ctx context.Context, id string, opts ...CallOption) (*IntegrationV2, error) {
	const op = "IntegrationsV2.Get"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id)); err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, integrationV2Object,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.getIntegrationV2(ctx, id)
		})
}

// List walks all integrations. v2 has no parameter that requests further items. If the server
// states that there are more, the walk ends with an [*Error] that contains a [*TruncatedError].
func (s *IntegrationsV2Service) List(ctx context.Context, opts ...CallOption) iter.Seq2[*IntegrationV2, error] {
	return paging.Items(s.Pages(ctx, opts...))
}

// Pages walks the list of [IntegrationsV2Service.List] as one page, with the size that the server
// states.
func (s *IntegrationsV2Service) Pages(
	ctx context.Context, opts ...CallOption,
) iter.Seq2[*sdk.Page[IntegrationV2], error] {
	return singlePage[IntegrationV2](ctx, s.c, "IntegrationsV2.List", opts, nil,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.listIntegrationsV2(ctx)
		})
}

// Create sends POST /api/v2/integrations. req.Name and req.Type are required. A nil Metadata is
// sent as {}.
func (s *IntegrationsV2Service) Create(
	ctx context.Context, req IntegrationCreateV2, opts ...CallOption,
) (*IntegrationV2, error) {
	const op = "IntegrationsV2.Create"
	err := invalidCall(op, opts, s.c.check(), core.Required("Name", req.Name), core.Required("Type", req.Type),
		checkConfig("Metadata", req.Metadata), checkStore("SecretConfig", req.SecretConfig),
		checkDetails(req.CustomAccessDetails))
	if err != nil {
		return nil, err
	}
	req.SecretConfig = reveal(req.SecretConfig)
	return core.CallObject(ctx, s.c.core, op, withSecretsHidden(opts, req.SecretConfig), integrationV2Object,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.createIntegrationV2(ctx, req)
		})
}

// Update sends PUT /api/v2/integrations/{id}, which replaces the integration. Members that are left
// out may be cleared. Build the update with [UpdateFromV2]. A nil Metadata is [ErrInvalid], because
// it would clear the whole configuration. To do so on purpose, use Config{}.
func (s *IntegrationsV2Service) Update(
	ctx context.Context, id string, req IntegrationUpdateV2, opts ...CallOption,
) (*IntegrationV2, error) {
	const op = "IntegrationsV2.Update"
	err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id), core.Required("Name", req.Name),
		checkConfig("Metadata", req.Metadata), checkStore("SecretConfig", req.SecretConfig),
		checkDetails(req.CustomAccessDetails), checkNotNil("Metadata", req.Metadata))
	if err != nil {
		return nil, err
	}
	req.SecretConfig = reveal(req.SecretConfig)
	return core.CallObject(ctx, s.c.core, op, withSecretsHidden(opts, req.SecretConfig), integrationV2Object,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.updateIntegrationV2(ctx, id, req)
		})
}

// Delete sends DELETE /api/v2/integrations/{id}, with the rules of [IntegrationsService.Delete].
func (s *IntegrationsV2Service) Delete(ctx context.Context, id string, opts ...CallOption) error {
	const op = "IntegrationsV2.Delete"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id)); err != nil {
		return err
	}
	object := paging.Object[IntegrationV2]{
		ID: id, IDOf: idOfV2,
		Read: func(opts ...CallOption) (*IntegrationV2, error) { return s.Get(ctx, id, opts...) },
		List: func(opts ...CallOption) iter.Seq2[*IntegrationV2, error] { return s.List(ctx, opts...) },
	}
	return object.Remove(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.deleteIntegrationV2(ctx, id)
	})
}

// Refresh sends POST /api/v2/integrations/{id}/refresh, which makes Apono read the integration
// again. [IntegrationsService.WaitSynced] waits for the end. Set its [WaitOptions].Before to the
// integration as read before the call, because it is not documented by the vendor whether the
// server shows the refresh before it responds.
//
// The request is not repeated after an ambiguous failure, unless [WithIdempotent] allows it: a
// second refresh costs work, but is not known to do harm.
func (s *IntegrationsV2Service) Refresh(ctx context.Context, id string, opts ...CallOption) error {
	const op = "IntegrationsV2.Refresh"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id)); err != nil {
		return err
	}
	return core.CallEmpty(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.refreshIntegrationV2(ctx, id)
	})
}

var integrationV2Object = core.Object[IntegrationV2]{Check: idOfV2, Essential: []string{
	"name", "metadata", "provisioner_id", "connected_resource_types", "custom_access_details",
}}

func idOfV2(i *IntegrationV2) (string, error) {
	if i.Metadata == nil {
		i.Metadata = Config{}
	}
	i.markRead()
	return i.ID, nil
}

// markRead notes that the secret store comes from a response.
func (i *IntegrationV2) markRead() { i.SecretConfig.received.markRead() }
