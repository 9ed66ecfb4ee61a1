package inventory

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
)

var integrationColumn = column{name: "integration_id", kind: text, doc: "the id of the integration"}

var resourceShape = shape[apono.Resource]{
	scope: &integrationColumn,
	id:    func(r *apono.Resource) string { return r.ID },
	fields: []field[apono.Resource]{
		{column{name: "id", kind: text, doc: "the id"}, func(r *apono.Resource) any { return r.ID }},
		{column{name: "name", kind: text, doc: "the name"}, func(r *apono.Resource) any { return r.Name }},
		{column{name: "type", kind: text, doc: "the type"}, func(r *apono.Resource) any { return r.Type }},
		{column{name: "status", kind: text, fold: true, doc: "its state"}, func(r *apono.Resource) any {
			return string(r.Status.Status)
		}},
		{column{name: "message", kind: text, doc: "what explains the state"}, func(r *apono.Resource) any {
			return r.Status.Message
		}},
	},
}

var permissionShape = shape[apono.Permission]{
	scope: &integrationColumn,
	id:    func(p *apono.Permission) string { return p.ID },
	fields: []field[apono.Permission]{
		{column{name: "id", kind: text, doc: "the id"}, func(p *apono.Permission) any { return p.ID }},
		{column{name: "name", kind: text, doc: "the name"}, func(p *apono.Permission) any { return p.Name }},
		{column{name: "resource_type", kind: text, doc: "the type of the resources that it is for"},
			func(p *apono.Permission) any { return p.ResourceType }},
	},
}

// userTag is a row of apono.user_tags.
type userTag struct{ name, value string }

var tagShape = shape[userTag]{
	scope: &column{name: "resource_id", kind: text, doc: "the id of the resource"},
	id:    func(t *userTag) string { return t.name },
	fields: []field[userTag]{
		{column{name: "name", kind: text, doc: "the name of the tag"}, func(t *userTag) any { return t.name }},
		{column{name: "value", kind: text, doc: "its value"}, func(t *userTag) any { return emptyText(t.value) }},
	},
}

// needed returns the scopes that the statement gives for a required column.
func needed(column, example string) func(context.Context, *account, *query) ([]string, error) {
	return func(_ context.Context, _ *account, q *query) ([]string, error) {
		values, ok := q.wanted(column)
		if !ok {
			return nil, invalid("%s is needed: %s", column, example)
		}
		return values, nil
	}
}

// neverSent reports whether the SDK refused to send an argument: the API can't have such an ID.
func neverSent(err error) bool {
	e, ok := errors.AsType[*sdk.Error](err)
	return ok && e.Attempts == 0 && errors.Is(err, sdk.ErrInvalid)
}

// ifThere yields rows. It yields nothing if the object that they belong to does not exist.
func ifThere(rows iter.Seq2[row, error]) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for r, err := range rows {
			if errors.Is(err, sdk.ErrNotFound) || neverSent(err) {
				return
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// resourceTables returns the tables of v3.
func resourceTables() []*table {
	byIntegration := needed("integration_id",
		"WHERE integration_id = '…', or JOIN apono.integrations i ON integration_id = i.id")
	resources := &table{
		schema: schemaApono, name: "resources", doc: "the resources of an integration",
		columns: resourceShape.columns(), scopes: byIntegration,
		filters: []filter{{column: "account"}, {column: "integration_id", required: true}, {column: "type"}},
	}
	resources.rows = func(ctx context.Context, a *account, integration string, q *query) iter.Seq2[row, error] {
		kind := q.only("type")
		if !sendable(kind) {
			kind = ""
		}
		pages := func(call ...sdk.CallOption) iter.Seq2[*sdk.Page[apono.Resource], error] {
			return a.apono.Resources.Pages(ctx, integration, kind, call...)
		}
		return ifThere(byPage(ctx, resources, resourceShape.row, a, integration, q, pages))
	}
	permissions := &table{
		schema: schemaApono, name: "permissions", doc: "the permissions that an integration can grant",
		columns: permissionShape.columns(), scopes: byIntegration,
		filters: []filter{{column: "account"}, {column: "integration_id", required: true}, {column: "resource_type"}},
	}
	permissions.rows = func(ctx context.Context, a *account, integration string, q *query) iter.Seq2[row, error] {
		kind := q.only("resource_type")
		if !sendable(kind) {
			kind = ""
		}
		pages := func(call ...sdk.CallOption) iter.Seq2[*sdk.Page[apono.Permission], error] {
			return a.apono.Resources.PermissionPages(ctx, integration, kind, call...)
		}
		return ifThere(byPage(ctx, permissions, permissionShape.row, a, integration, q, pages))
	}
	tags := &table{
		schema: schemaApono, name: "user_tags", doc: "the tags that users have given to a resource",
		columns: tagShape.columns(),
		scopes:  needed("resource_id", "WHERE resource_id = '…', or JOIN apono.resources r ON resource_id = r.id"),
		filters: []filter{{column: "account"}, {column: "resource_id", required: true}},
	}
	tags.rows = func(ctx context.Context, a *account, resource string, _ *query) iter.Seq2[row, error] {
		return ifThere(tagsOf(ctx, tags, a, resource))
	}
	return []*table{resources, permissions, tags}
}

// tagsOf yields the tags of a resource. They have no raw items, because the response is one object.
func tagsOf(ctx context.Context, t *table, a *account, resource string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		var meta sdk.Meta
		tags, err := a.apono.Resources.UserTags(ctx, resource, apono.WithMeta(&meta))
		if meta.Attempts > 0 {
			note(ctx, t, a, resource, len(tags), len(tags), meta)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for _, name := range slices.Sorted(maps.Keys(tags)) {
			if !yield(tagShape.row(a, resource, &userTag{name, tags[name]}, nil), nil) {
				return
			}
		}
	}
}
