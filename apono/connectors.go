package apono

import (
	"context"
	"iter"
	"net/http"
	"slices"

	"github.com/integrations-go/sdk/apono/api"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// ConnectorsService calls the connectors of admin v3, and the list of v2. A connector is installed at the customer's; the API creates none.
type ConnectorsService struct{ c *Client }

// ConnectorListOptions narrow a list of connectors. A zero field does not narrow it; nil options narrow nothing.
type ConnectorListOptions struct {
	// Status keeps connectors in these states; CONNECTED and DISCONNECTED are known.
	Status []string
	// Limit is how many items a page may have, at least 1. 0 leaves it to the server, whose default is 100; its maximum is not known.
	Limit int
	// PageToken resumes a list: the NextToken of the last page seen. It carries the filters, and is sent alone.
	PageToken string
}

// Get sends GET /api/admin/v3/connectors/{id}.
func (s *ConnectorsService) Get(ctx context.Context, id string, opts ...CallOption) (*Connector, error) {
	const op = "Connectors.Get"
	if err := refuse(op, core.PathValue("id", id)); err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, idOfConnector, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.GetConnector(ctx, id)
	})
}

// List walks the connectors, as [IntegrationsService.List] does.
func (s *ConnectorsService) List(ctx context.Context, filter *ConnectorListOptions, opts ...CallOption) iter.Seq2[*Connector, error] {
	return paging.Items(s.Pages(ctx, filter, opts...), (*Page[Connector]).items)
}

// Pages is [ConnectorsService.List] page by page. A page may be empty although more follow.
func (s *ConnectorsService) Pages(ctx context.Context, filter *ConnectorListOptions, opts ...CallOption) iter.Seq2[*Page[Connector], error] {
	const op = "Connectors.List"
	var f ConnectorListOptions
	if filter != nil {
		f = *filter
		f.Status = slices.Clone(f.Status)
	}
	return tokenPages[Connector](ctx, s.c, op, opts, f.PageToken, refuse(op, checkLimit(f.Limit), checkFilters("Status", f.Status)), func(ctx context.Context, token string) (*http.Response, error) {
		if token != "" {
			return s.c.api.ListConnectors(ctx, &api.ListConnectorsParams{PageToken: &token})
		}
		return s.c.api.ListConnectors(ctx, &api.ListConnectorsParams{Status: f.Status, Limit: set(f.Limit)})
	})
}

// Rename sends PUT /api/admin/v3/connectors/{id}. The name is all that can be changed.
func (s *ConnectorsService) Rename(ctx context.Context, id, name string, opts ...CallOption) (*Connector, error) {
	const op = "Connectors.Rename"
	if err := refuse(op, core.PathValue("id", id), core.Required("name", name)); err != nil {
		return nil, err
	}
	return core.CallObject(ctx, s.c.core, op, opts, idOfConnector, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.UpdateConnector(ctx, id, api.ConnectorUpdate{Name: name})
	})
}

// Delete sends DELETE /api/admin/v3/connectors/{id}, with the rules of [IntegrationsService.Delete].
func (s *ConnectorsService) Delete(ctx context.Context, id string, opts ...CallOption) error {
	const op = "Connectors.Delete"
	if err := refuse(op, core.PathValue("id", id)); err != nil {
		return err
	}
	return core.CallEmpty(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.api.DeleteConnector(ctx, id)
	})
}

// ListV2 gives the connectors as v2 shows them, in one piece.
func (s *ConnectorsService) ListV2(ctx context.Context, opts ...CallOption) iter.Seq2[*ConnectorV2, error] {
	list := core.Pages(ctx, s.c.core, "Connectors.ListV2", opts, "", nil,
		func(ctx context.Context, _ string) (*http.Response, error) { return s.c.api.ListConnectorsV2(ctx) },
		func(b []byte, page *core.Page[ConnectorV2]) error {
			err := s.c.core.Decode(b, &page.Items)
			if !s.c.core.Strict() && oddType(err) || err == nil && suspicious(page.Items) {
				return eachItem(b, &page.Items)
			}
			return err
		},
		func(p *core.Page[ConnectorV2]) *Page[ConnectorV2] { return &Page[ConnectorV2]{Items: p.Items} })
	return paging.Items(list, (*Page[ConnectorV2]).items)
}

func idOfConnector(c *Connector) (string, error) { return c.ID, nil }
