package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
)

// maxName is the maximum length of a display name, in bytes.
const maxName = 60

var (
	providers = []confluent.Provider{confluent.ProviderAWS, confluent.ProviderAzure, confluent.ProviderGCP}
	statuses  = []confluent.Status{confluent.StatusDraft, confluent.StatusCreated, confluent.StatusActive}
)

// known returns the only value that the column may have, if the API knows it, in any letter case.
// Otherwise it returns "".
func known[T ~string](q *query, column string, values ...T) T {
	wanted := q.only(column)
	for _, v := range values {
		if strings.EqualFold(wanted, string(v)) {
			return v
		}
	}
	return ""
}

// forbidden reports whether err is a 403, which can mean that the object does not exist.
func forbidden(err error) bool {
	return errors.Is(err, sdk.ErrForbidden) && !errors.Is(err, sdk.ErrUnauthorized)
}

// orListed yields rows that are read by ID. If one of them is forbidden, it reads the list instead:
// the API also sends 403 for objects that do not exist.
func orListed(
	ctx context.Context, t *table, a *account, environment string, q *query, rows iter.Seq2[row, error],
) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		seen := map[string]bool{}
		refused := false
		for r, err := range rows {
			if refused = err != nil && forbidden(err); refused {
				break
			}
			if r != nil {
				seen[r.key()] = true
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if !refused {
			return
		}
		if s, ok := ctx.Value(statementKey{}).(*statement); ok {
			s.probed(t)
		}
		for r, err := range t.rows(ctx, a, environment, q.ofScopes(t)) {
			if r != nil && seen[r.key()] {
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// allWalk reads the integrations of an environment in both versions of the API, each once, by the
// rules of [confluent.Client.AllIntegrations]. In addition it keeps the raw items, and records each
// request.
type allWalk struct {
	table       *table
	account     *account
	environment string
	query       *query
}

func rowOfV1(a *account, environment string, i *confluent.IntegrationV1, raw json.RawMessage) row {
	return anyShape.row(a, environment, &confluent.AnyIntegration{
		ID: i.ID, DisplayName: i.DisplayName, Provider: providerOf(i.Provider, i.Config), Config: i.Config,
		Usages: i.Usages, Environment: i.Environment, V1: i,
	}, raw)
}

func rowOfV2(a *account, environment string, i *confluent.Integration, raw json.RawMessage) row {
	return anyShape.row(a, environment, &confluent.AnyIntegration{
		ID: i.ID, DisplayName: i.DisplayName, Provider: providerOf(i.Provider, i.Config), Status: i.Status,
		Config: i.Config, Usages: i.Usages, Environment: i.Environment, V2: i,
	}, raw)
}

// providerOf returns p, or if p is empty the provider of the configuration.
func providerOf(p confluent.Provider, c confluent.Config) confluent.Provider {
	if p != "" {
		return p
	}
	switch c.Value.(type) {
	case *confluent.AWSConfig:
		return confluent.ProviderAWS
	case *confluent.AzureConfig:
		return confluent.ProviderAzure
	case *confluent.GCPConfig:
		return confluent.ProviderGCP
	}
	return ""
}

// integrationOf returns the integration of a row.
func integrationOf(r row) *confluent.AnyIntegration {
	return r.(*item[confluent.AnyIntegration]).value_
}

// ofAWS reports whether a row is an AWS integration, for which the list of v1 is complete.
func ofAWS(r row) bool { return integrationOf(r).Provider == confluent.ProviderAWS }

// list yields the integrations of both lists. If a list can't be read completely and that is
// tolerated, it continues with the other one.
func (w *allWalk) list(ctx context.Context) iter.Seq2[row, error] {
	c, opts := w.account.confluent, &confluent.ListOptions{PageSize: w.query.pageSize()}
	v1 := func(call ...sdk.CallOption) iter.Seq2[*sdk.Page[confluent.IntegrationV1], error] {
		return c.IntegrationsV1.Pages(ctx, w.environment, opts, call...)
	}
	v2 := func(call ...sdk.CallOption) iter.Seq2[*sdk.Page[confluent.Integration], error] {
		return c.Integrations.Pages(ctx, w.environment, opts, call...)
	}
	lists := []iter.Seq2[row, error]{
		byPage(ctx, w.table, rowOfV1, w.account, w.environment, w.query, v1),
		byPage(ctx, w.table, rowOfV2, w.account, w.environment, w.query, v2),
	}
	if known(w.query, "provider", providers...) == confluent.ProviderAWS {
		lists = lists[:1]
	}
	return func(yield func(row, error) bool) {
		var heldBack []row // from v1, until the list of v2 ends
		yielded := map[string]bool{}
		unlessYielded := func(r row) bool {
			id := integrationOf(r).ID
			if id != "" && yielded[id] {
				return true
			}
			yielded[id] = true
			return yield(r, nil)
		}
		for _, list := range lists {
			for r, err := range list {
				switch {
				case err != nil && !tolerated(ctx, w.table, w.account, w.environment, err):
					yield(nil, err)
					return
				case err != nil: // the list ends
				case integrationOf(r).V1 != nil && !ofAWS(r):
					heldBack = append(heldBack, r)
				case !unlessYielded(r):
					return
				}
			}
		}
		for _, r := range heldBack {
			if !unlessYielded(r) {
				return
			}
		}
	}
}

// byID yields the integrations with the IDs, like list.
func (w *allWalk) byID(ctx context.Context, ids []string) iter.Seq2[row, error] {
	c := w.account.confluent
	v1 := func(ctx context.Context, id string, opts ...sdk.CallOption) (*confluent.IntegrationV1, error) {
		return c.IntegrationsV1.Get(ctx, w.environment, id, opts...)
	}
	v2 := func(ctx context.Context, id string, opts ...sdk.CallOption) (*confluent.Integration, error) {
		return c.Integrations.Get(ctx, w.environment, id, opts...)
	}
	return func(yield func(row, error) bool) {
		for _, id := range ids {
			ids := []string{id}
			found, err := first(byID(ctx, w.table, rowOfV1, w.account, w.environment, w.query, ids, v1))
			if err == nil && (found == nil || !ofAWS(found)) {
				var newer row
				newer, err = first(byID(ctx, w.table, rowOfV2, w.account, w.environment, w.query, ids, v2))
				if newer != nil {
					found = newer
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if found != nil && !yield(found, nil) {
				return
			}
		}
	}
}

// first returns the first row, nil if there is none.
func first(rows iter.Seq2[row, error]) (row, error) {
	for r, err := range rows {
		return r, err
	}
	return nil, nil
}
