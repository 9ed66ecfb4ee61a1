package apono

import (
	"context"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// CatalogService calls the catalog of v2, which describes the types of integrations.
type CatalogService struct{ c *Client }

// Get sends GET /api/v2/integrations-catalog/{type}. For an unknown type the vendor's mocks send
// 400, which is [ErrInvalid], not 404.
func (s *CatalogService) Get(ctx context.Context, integrationType string, opts ...CallOption) (*CatalogEntry, error) {
	const op = "Catalog.Get"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("type", integrationType)); err != nil {
		return nil, err
	}
	object := core.Object[CatalogEntry]{
		Check:     func(e *CatalogEntry) (string, error) { return e.Type, nil },
		Essential: []string{"params", "requires_secret", "supported_secret_types"}, // used by ValidateConfig
	}
	return core.CallObject(ctx, s.c.core, op, opts, object, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getCatalogEntry(ctx, integrationType)
	})
}

// List walks all types, with the rules of [IntegrationsV2Service.List].
func (s *CatalogService) List(ctx context.Context, opts ...CallOption) iter.Seq2[*CatalogEntry, error] {
	return paging.Items(s.Pages(ctx, opts...))
}

// Pages walks the list of [CatalogService.List] as one page, with the size that the server states.
func (s *CatalogService) Pages(ctx context.Context, opts ...CallOption) iter.Seq2[*sdk.Page[CatalogEntry], error] {
	return singlePage[CatalogEntry](ctx, s.c, "Catalog.List", opts, nil,
		func(ctx context.Context) (*http.Response, error) {
			return s.c.raw.listCatalog(ctx)
		})
}
