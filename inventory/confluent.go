package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
)

const schemaConfluent = "confluent"

var environmentColumn = column{name: "environment", kind: text, doc: "the id of the environment"}

var (
	allFilters = []filter{
		{column: "account"}, {column: "environment", required: true}, {column: "id"}, {column: "provider"},
		{column: "display_name", local: true}, {column: "status", local: true},
	}
	v1Filters = allFilters[:5]
	v2Filters = append(slices.Clip(allFilters[:4]), filter{column: "display_name"}, filter{column: "status"})
)

func hasEnvironments(a *account) bool { return a.environments != nil }

// environmentsOf returns the environments of a statement, or those of the account.
func environmentsOf(ctx context.Context, a *account, q *query) ([]string, error) {
	if ids, ok := q.wanted("environment"); ok {
		return ids, nil
	}
	if a.environments == nil {
		return nil, invalid("an environment is needed: WHERE environment = '…', or Environments for the account")
	}
	return a.environments(ctx)
}

// anyFields are the columns of confluent.integrations.
var anyFields = []field[confluent.AnyIntegration]{
	{column{name: "id", kind: text, doc: "the id"}, func(i *confluent.AnyIntegration) any { return &i.ID }},
	{column{name: "display_name", kind: text, doc: "the name"}, func(i *confluent.AnyIntegration) any {
		return &i.DisplayName
	}},
	{column{name: "provider", kind: text, fold: true, doc: "the cloud: AWS, AZURE or GCP"},
		func(i *confluent.AnyIntegration) any { return (*string)(&i.Provider) }},
	{column{name: "status", kind: text, fold: true, doc: "DRAFT, CREATED or ACTIVE; NULL for one of v1"},
		func(i *confluent.AnyIntegration) any { return (*string)(&i.Status) }},
	{column{name: "kind", kind: text, doc: "the kind of config"}, func(i *confluent.AnyIntegration) any {
		return i.Config.Kind()
	}},
	{column{name: "config", kind: document, doc: "the identities of both sides"},
		func(i *confluent.AnyIntegration) any { return i.Config.RawJSON() }},
	{column{name: "usages", kind: document, doc: "the CRNs of the resources that use it"},
		func(i *confluent.AnyIntegration) any { return list(i.Usages) }},
	{column{name: "api_version", kind: text, doc: "the version of the API that lists it"},
		func(i *confluent.AnyIntegration) any {
			if i.V1 != nil {
				return &i.V1.APIVersion
			}
			return &i.V2.APIVersion
		}},
}

// list returns a list as a document, nil if it is absent.
func list[T any](values []T) any {
	if values == nil {
		return nil
	}
	return values
}

var v1Shape = shape[confluent.IntegrationV1]{
	scope:  &environmentColumn,
	id:     func(i *confluent.IntegrationV1) string { return i.ID },
	weight: func(i *confluent.IntegrationV1) int { return len(i.Config.RawJSON()) },
	fields: []field[confluent.IntegrationV1]{
		{column{name: "id", kind: text, doc: "the id"}, func(i *confluent.IntegrationV1) any { return &i.ID }},
		{column{name: "display_name", kind: text, doc: "the name"}, func(i *confluent.IntegrationV1) any {
			return &i.DisplayName
		}},
		{column{name: "provider", kind: text, fold: true, doc: "the cloud"}, func(i *confluent.IntegrationV1) any {
			return (*string)(&i.Provider)
		}},
		{column{name: "config", kind: document, doc: "the identities of both sides"},
			func(i *confluent.IntegrationV1) any { return i.Config.RawJSON() }},
		{column{name: "usages", kind: document, doc: "the CRNs of the resources that use it"},
			func(i *confluent.IntegrationV1) any { return list(i.Usages) }},
		{column{name: "kind", kind: text, doc: "the kind of the object"}, func(i *confluent.IntegrationV1) any {
			return &i.Kind
		}},
		{column{name: "api_version", kind: text, doc: "the version of the API"}, func(i *confluent.IntegrationV1) any {
			return &i.APIVersion
		}},
	},
}

var v2Shape = shape[confluent.Integration]{
	scope:  &environmentColumn,
	id:     func(i *confluent.Integration) string { return i.ID },
	weight: func(i *confluent.Integration) int { return len(i.Config.RawJSON()) },
	fields: []field[confluent.Integration]{
		{column{name: "id", kind: text, doc: "the id"}, func(i *confluent.Integration) any { return &i.ID }},
		{column{name: "display_name", kind: text, doc: "the name"}, func(i *confluent.Integration) any {
			return &i.DisplayName
		}},
		{column{name: "provider", kind: text, fold: true, doc: "the cloud"}, func(i *confluent.Integration) any {
			return (*string)(&i.Provider)
		}},
		{column{name: "status", kind: text, fold: true, doc: "DRAFT, CREATED or ACTIVE"},
			func(i *confluent.Integration) any { return (*string)(&i.Status) }},
		{column{name: "config", kind: document, doc: "the identities of both sides"},
			func(i *confluent.Integration) any { return i.Config.RawJSON() }},
		{column{name: "usages", kind: document, doc: "the CRNs of the resources that use it"},
			func(i *confluent.Integration) any { return list(i.Usages) }},
		{column{name: "kind", kind: text, doc: "the kind of the object"}, func(i *confluent.Integration) any {
			return &i.Kind
		}},
		{column{name: "api_version", kind: text, doc: "the version of the API"}, func(i *confluent.Integration) any {
			return &i.APIVersion
		}},
	},
}

var anyShape = shape[confluent.AnyIntegration]{
	scope: &environmentColumn,
	id: func(i *confluent.AnyIntegration) string {
		if i.V1 != nil {
			return i.ID + "\x00" + v1Version
		}
		return i.ID + "\x00" + v2Version
	},
	fields: anyFields,
	weight: func(i *confluent.AnyIntegration) int { return itemBytes + len(i.Config.RawJSON()) },
}

// confluentTables returns the tables of the schema confluent.
func confluentTables() []*table {
	v1 := v1Table("integrations_v1", "what pim/v1 lists: the integrations of all clouds", &v1Shape)
	v2 := &table{
		schema: schemaConfluent, name: "integrations_v2",
		doc:     "what pim/v2 lists: the integrations of Azure and Google Cloud",
		columns: v2Shape.columns(), filters: v2Filters, scopes: environmentsOf,
		configured: hasEnvironments,
	}
	v2.rows = func(ctx context.Context, a *account, environment string, q *query) iter.Seq2[row, error] {
		s := a.confluent.Integrations
		if ids, ok := q.wanted("id"); ok {
			get := func(ctx context.Context, id string, opts ...sdk.CallOption) (*confluent.Integration, error) {
				return s.Get(ctx, environment, id, opts...)
			}
			return orListed(ctx, v2, a, environment, q, byID(ctx, v2, v2Shape.row, a, environment, q, ids, get))
		}
		opts := &confluent.ListOptions{
			Provider: known(q, "provider", providers...), Status: known(q, "status", statuses...),
			PageSize: q.pageSize(),
		}
		if name := q.only("display_name"); sendable(name) && len(name) <= maxName {
			opts.DisplayName = name
		}
		pages := func(call ...sdk.CallOption) iter.Seq2[*sdk.Page[confluent.Integration], error] {
			return s.Pages(ctx, environment, opts, call...)
		}
		return byPage(ctx, v2, v2Shape.row, a, environment, q, pages)
	}
	all := &table{
		schema: schemaConfluent, name: "integrations", doc: "the integrations of all clouds, each once",
		columns: anyShape.columns(), filters: allFilters, scopes: environmentsOf,
		configured: hasEnvironments,
	}
	all.rows = func(ctx context.Context, a *account, environment string, q *query) iter.Seq2[row, error] {
		w := &allWalk{table: all, account: a, environment: environment, query: q}
		if ids, ok := q.wanted("id"); ok {
			return orListed(ctx, all, a, environment, q, w.byID(ctx, ids))
		}
		return w.list(ctx)
	}
	seed := seedIntegrations()
	all.writer = confluentWriter(all, "", confluentRows{
		v1: func(a *account, environment string, i *confluent.IntegrationV1, raw json.RawMessage) row {
			return anyShape.row(a, environment, anyV1(i), raw)
		},
		v2: func(a *account, environment string, i *confluent.Integration, raw json.RawMessage) row {
			return anyShape.row(a, environment, anyV2(i), raw)
		},
	})
	v1.writer = confluentWriter(v1, v1Version, confluentRows{v1: v1Shape.row})
	v2.writer = confluentWriter(v2, v2Version, confluentRows{v2: v2Shape.row})
	seed.writer = seedWriter(seed)
	return []*table{all, v1, v2, seed}
}

// v1Table returns a table of the integrations in pim/v1.
func v1Table(name, doc string, fields *shape[confluent.IntegrationV1]) *table {
	t := &table{
		schema: schemaConfluent, name: name, doc: doc,
		columns: fields.columns(), filters: v1Filters, scopes: environmentsOf,
		configured: hasEnvironments,
	}
	t.rows = func(ctx context.Context, a *account, environment string, q *query) iter.Seq2[row, error] {
		s := a.confluent.IntegrationsV1
		if ids, ok := q.wanted("id"); ok {
			get := func(ctx context.Context, id string, opts ...sdk.CallOption) (*confluent.IntegrationV1, error) {
				return s.Get(ctx, environment, id, opts...)
			}
			return orListed(ctx, t, a, environment, q, byID(ctx, t, fields.row, a, environment, q, ids, get))
		}
		opts := &confluent.ListOptions{PageSize: q.pageSize()}
		if known(q, "provider", providers...) == confluent.ProviderAWS {
			opts.Provider = confluent.ProviderAWS // the vendor documents no other spelling in v1
		}
		pages := func(call ...sdk.CallOption) iter.Seq2[*sdk.Page[confluent.IntegrationV1], error] {
			return s.Pages(ctx, environment, opts, call...)
		}
		return byPage(ctx, t, fields.row, a, environment, q, pages)
	}
	return t
}

// seedShape is v1Shape with the columns of other tools.
var seedShape = shape[confluent.IntegrationV1]{
	scope: &environmentColumn,
	id:    v1Shape.id, weight: v1Shape.weight,
	fields: append(slices.Clone(v1Shape.fields),
		field[confluent.IntegrationV1]{
			column{name: "_environment", kind: text, hidden: true, doc: "the same as environment"},
			func(i *confluent.IntegrationV1) any { return &i.Environment.ID },
		},
		writeOnly[confluent.IntegrationV1]("data__config", document),
		writeOnly[confluent.IntegrationV1]("data__environment", document),
		writeOnly[confluent.IntegrationV1]("data__display_name", text),
		writeOnly[confluent.IntegrationV1]("data__provider", text),
	),
}

// writeOnly returns a column that only INSERT or UPDATE sets.
func writeOnly[T any](name string, k kind) field[T] {
	return field[T]{column{name: name, kind: k, hidden: true, doc: "for INSERT and UPDATE; always NULL"},
		func(*T) any { return nil }}
}

// seedIntegrations returns a table with the rows of v1, and with the name and columns of other
// tools.
func seedIntegrations() *table {
	return v1Table("provider_integrations.integrations",
		"the integrations of pim/v1 by the name and the columns of other tools", &seedShape)
}

// rowFunc returns the row of an item, such as [shape.row].
type rowFunc[T any] func(a *account, scope string, value *T, raw json.RawMessage) row

// byID yields the items with the IDs. Items that do not exist are left out.
func byID[T any](
	ctx context.Context, t *table, rowOf rowFunc[T], a *account, scope string, q *query, ids []string,
	get func(ctx context.Context, id string, opts ...sdk.CallOption) (*T, error),
) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for _, id := range ids {
			if id == "" {
				continue // an ID is not empty
			}
			var meta sdk.Meta
			var body []byte
			opts := []sdk.CallOption{sdk.WithMeta(&meta)}
			if q.raw {
				opts = append(opts, sdk.WithRawBody(&body))
			}
			item, err := get(ctx, id, opts...)
			found := err == nil
			if meta.Attempts > 0 {
				note(ctx, t, a, scope, count(found), 0, meta)
			}
			if errors.Is(err, sdk.ErrNotFound) || neverSent(err) {
				continue
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(rowOf(a, scope, item, body), nil) {
				return
			}
		}
	}
}

// count returns the number of rows of a response: 1 if found, else 0.
func count(found bool) int {
	if found {
		return 1
	}
	return 0
}

// byPage yields the items of a list.
func byPage[T any](
	ctx context.Context, t *table, rowOf rowFunc[T], a *account, scope string, q *query,
	pages func(...sdk.CallOption) iter.Seq2[*sdk.Page[T], error],
) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		var body []byte
		var meta sdk.Meta
		opts := []sdk.CallOption{sdk.WithMeta(&meta)}
		if q.raw {
			opts = append(opts, sdk.WithRawBody(&body))
		}
		for page, err := range pages(opts...) {
			if err != nil {
				if meta.Attempts > 0 {
					note(ctx, t, a, scope, 0, 0, meta)
				}
				yield(nil, err)
				return
			}
			note(ctx, t, a, scope, len(page.Items), page.Total, page.Meta)
			meta = sdk.Meta{} // the next request may not be sent
			raw := itemsOf(body, len(page.Items))
			for i := range page.Items {
				var item json.RawMessage
				if raw != nil {
					item = raw[i]
				}
				if !yield(rowOf(a, scope, &page.Items[i], item), nil) {
					return
				}
			}
		}
	}
}

// itemsOf returns the n raw items of the list in body, nil if there is no such list.
func itemsOf(body []byte, n int) []json.RawMessage {
	var list struct {
		Data      []json.RawMessage `json:"data"`
		Items     []json.RawMessage `json:"items"`
		Summaries []json.RawMessage `json:"integrationGroupSummaries"`
	}
	if body == nil || json.Unmarshal(body, &list) != nil {
		return nil
	}
	for _, items := range [][]json.RawMessage{list.Data, list.Items, list.Summaries} {
		if len(items) == n {
			return items
		}
	}
	return nil
}
