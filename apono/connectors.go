package apono

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// ConnectorsService calls the connectors of admin v3, and the list of v2. A connector is installed
// at the customer's site. The API can't create one.
type ConnectorsService struct{ c *Client }

// ConnectorListOptions filter a list of connectors. A zero field does not filter. Nil options are
// the same as the zero value.
type ConnectorListOptions struct {
	// Status selects the connectors in these states. CONNECTED and DISCONNECTED are
	// known, and are sent in this spelling if they differ only in letter case. Any other
	// is sent unchanged. The server compares. Whether its filter depends on letter case
	// is not documented by the vendor.
	Status []string
	// Limit is the maximum number of items of a page, at least 1. 0 means the server's
	// default, which is 100. The maximum is not documented by the vendor.
	Limit int
	// PageToken is the token of the page to begin with: NextToken of the last page read.
	// It includes the filters. The request has no other parameters.
	PageToken string
}

// Get sends GET /api/admin/v3/connectors/{id}.
func (s *ConnectorsService) Get(ctx context.Context, id string, opts ...CallOption) (*Connector, error) {
	const op = "Connectors.Get"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id)); err != nil {
		return nil, err
	}
	return s.one(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.getConnector(ctx, id)
	})
}

// List walks the connectors, as [IntegrationsService.List] does.
func (s *ConnectorsService) List(
	ctx context.Context, filter *ConnectorListOptions, opts ...CallOption,
) iter.Seq2[*Connector, error] {
	return paging.Items(s.Pages(ctx, filter, opts...))
}

// Pages walks the list of [ConnectorsService.List] page by page. A page can be empty and still be
// followed by others.
func (s *ConnectorsService) Pages(
	ctx context.Context, filter *ConnectorListOptions, opts ...CallOption,
) iter.Seq2[*sdk.Page[Connector], error] {
	const op = "Connectors.List"
	var f ConnectorListOptions
	if filter != nil {
		f = *filter
		f.Status = spelled(f.Status, "CONNECTED", "DISCONNECTED")
	}
	invalid := invalidArg(op, checkLimit(f.Limit), checkFilters("Status", f.Status))
	send := func(ctx context.Context, pageToken string) (*http.Response, error) {
		if pageToken != "" {
			return s.c.raw.listConnectors(ctx, &listConnectorsParams{PageToken: &pageToken})
		}
		return s.c.raw.listConnectors(ctx, &listConnectorsParams{Status: f.Status, Limit: core.NonZero(f.Limit)})
	}
	return tokenPages[Connector](ctx, s.c, op, opts, f.PageToken, invalid, send,
		func(c *Connector) string { return c.ID })
}

// Rename sends PUT /api/admin/v3/connectors/{id}. Only the name can be changed.
func (s *ConnectorsService) Rename(ctx context.Context, id, name string, opts ...CallOption) (*Connector, error) {
	const op = "Connectors.Rename"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id), core.Required("name", name)); err != nil {
		return nil, err
	}
	return s.one(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.updateConnector(ctx, id, connectorUpdate{Name: name})
	})
}

// Delete sends DELETE /api/admin/v3/connectors/{id}, with the rules of
// [IntegrationsService.Delete].
func (s *ConnectorsService) Delete(ctx context.Context, id string, opts ...CallOption) error {
	const op = "Connectors.Delete"
	if err := invalidCall(op, opts, s.c.check(), core.PathValue("id", id)); err != nil {
		return err
	}
	object := paging.Object[Connector]{
		ID: id, IDOf: idOfConnector,
		Read: func(opts ...CallOption) (*Connector, error) { return s.Get(ctx, id, opts...) },
		List: func(opts ...CallOption) iter.Seq2[*Connector, error] { return s.List(ctx, nil, opts...) },
	}
	return object.Remove(ctx, s.c.core, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.c.raw.deleteConnector(ctx, id)
	})
}

// ListV2 walks the connectors in the form of v2, in one response.
func (s *ConnectorsService) ListV2(ctx context.Context, opts ...CallOption) iter.Seq2[*ConnectorV2, error] {
	const op = "Connectors.ListV2"
	if err := invalidArg(op, s.c.check()); err != nil {
		return paging.Items(paging.List[ConnectorV2]{Options: opts, Invalid: err}.Pages(ctx))
	}
	decode := func(b []byte, page *sdk.Page[ConnectorV2]) error {
		err := s.c.core.Decode(b, &page.Items)
		if !s.c.core.Strict() && core.OddType(err) || err == nil && suspicious(page.Items) {
			return eachItem(bytes.TrimSpace(b), &page.Items, err)
		}
		return err
	}
	return paging.Items(paging.List[ConnectorV2]{
		Client: s.c.core, Operation: op, Options: opts, Decode: decode,
		Send: func(ctx context.Context, _ string) (*http.Response, error) { return s.c.raw.listConnectorsV2(ctx) },
	}.Pages(ctx))
}

func idOfConnector(c *Connector) (string, error) { return c.ID, nil }

// one makes a call whose response is a connector. All its members except the ID are only
// informative.
func (s *ConnectorsService) one(
	ctx context.Context, op string, opts []CallOption, send core.Send,
) (*Connector, error) {
	return core.CallObject(ctx, s.c.core, op, opts, core.Object[Connector]{Check: idOfConnector}, send)
}

// UnmarshalJSON implements [json.Unmarshaler]. It also reads the version from an object with a
// member version, an earlier form of the API. A member of an unexpected type is left out.
func (m *ConnectorSessionMetadata) UnmarshalJSON(b []byte) error {
	type plain ConnectorSessionMetadata
	var all struct {
		plain
		Version versionText `json:"connector_version"`
	}
	if err := core.UnmarshalLenient(b, &all); err != nil && !core.OddType(err) {
		return err
	}
	*m = ConnectorSessionMetadata(all.plain)
	m.ConnectorVersion = string(all.Version)
	return nil
}

// versionText is a version as a text, or in an object with further members.
type versionText core.Text

func (v *versionText) UnmarshalJSON(b []byte) error {
	var object struct {
		Version core.Text `json:"version"`
	}
	if json.Unmarshal(b, &object) != nil {
		return (*core.Text)(v).UnmarshalJSON(b)
	}
	*v = versionText(object.Version)
	return nil
}
