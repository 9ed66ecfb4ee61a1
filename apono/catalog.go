package apono

import (
	"context"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// CatalogService calls the catalog of v2: the types that integrations can have.
type CatalogService struct{ c *Client }

// Get sends GET /api/v2/integrations-catalog/{type}. The vendor's mocks answer an unknown type with 400, which is [ErrInvalid], rather than 404.
func (s *CatalogService) Get(ctx context.Context, integrationType string, opts ...CallOption) (*CatalogEntry, error) {
	const op = "Catalog.Get"
	if err := refuse(op, core.PathValue("type", integrationType)); err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, func(e *CatalogEntry) (string, error) { return e.Type, nil }, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetCatalogEntry(ctx, integrationType)
	})
}

// List gives all types, with the rules of [IntegrationsV2Service.List].
func (s *CatalogService) List(ctx context.Context, opts ...CallOption) iter.Seq2[*CatalogEntry, error] {
	return paging.Items(s.Pages(ctx, opts...), (*Page[CatalogEntry]).items)
}

// Pages is [CatalogService.List] as one page, with the size that the server tells.
func (s *CatalogService) Pages(ctx context.Context, opts ...CallOption) iter.Seq2[*Page[CatalogEntry], error] {
	return whole[CatalogEntry](ctx, s.c, "Catalog.List", opts, nil, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.ListCatalog(ctx)
	})
}
