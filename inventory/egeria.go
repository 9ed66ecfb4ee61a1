package inventory

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
)

const schemaEgeria = "egeria"

var serverColumn = column{name: "server", kind: text, doc: "the name of the OMAG server"}

var serverShape = shape[egeria.Document]{
	id: func(d *egeria.Document) string { return d.ServerName() },
	fields: []field[egeria.Document]{
		{column{name: "name", kind: text, doc: "the name"}, func(d *egeria.Document) any { return d.ServerName() }},
		{column{name: "type", kind: text, doc: "the type in its document"}, func(d *egeria.Document) any {
			return d.ServerType()
		}},
		{column{name: "id", kind: text, doc: "the id of the server"}, func(d *egeria.Document) any {
			return d.ServerID()
		}},
		{column{name: "organization", kind: text, doc: "the organization that runs it"}, func(d *egeria.Document) any {
			return d.OrganizationName()
		}},
		{column{name: "description", kind: text, doc: "its purpose"}, func(d *egeria.Document) any {
			return d.Description()
		}},
	},
}

// groupShape returns the shape of configured integration groups.
func groupShape(secrets bool) *shape[egeria.IntegrationGroup] {
	secret := func(text string) any {
		if text == "" || secrets {
			return text
		}
		return secretMarker
	}
	return &shape[egeria.IntegrationGroup]{
		scope: &serverColumn,
		id:    func(g *egeria.IntegrationGroup) string { return g.QualifiedName },
		fields: []field[egeria.IntegrationGroup]{
			{column{name: "qualified_name", kind: text, doc: "the name of the group"},
				func(g *egeria.IntegrationGroup) any { return g.QualifiedName }},
			{column{name: "metadata_server", kind: text, doc: "the metadata access server that defines it"},
				func(g *egeria.IntegrationGroup) any { return g.ServerName }},
			{column{name: "metadata_server_url", kind: text, doc: "the platform of that server"},
				func(g *egeria.IntegrationGroup) any { return g.PlatformURL }},
			{column{name: "secrets_store_provider", kind: text, doc: "the class of the secrets store's connector"},
				func(g *egeria.IntegrationGroup) any { return g.SecretsStoreProvider }},
			{column{name: "secrets_store_location", kind: text, doc: "the secrets store; hidden"},
				func(g *egeria.IntegrationGroup) any { return secret(g.SecretsStoreLocation) }},
			{column{name: "secrets_store_collection", kind: text, doc: "the collection of secrets; hidden"},
				func(g *egeria.IntegrationGroup) any { return secret(g.SecretsStoreCollection) }},
		},
	}
}

// egeriaTables returns the tables of the schema egeria.
func egeriaTables(secrets bool) []*table {
	servers := &table{
		schema: schemaEgeria, name: "servers", doc: "the servers whose configuration document the platform has stored",
		columns: serverShape.columns(), filters: []filter{{column: "account"}},
	}
	servers.rows = func(ctx context.Context, a *account, _ string, q *query) iter.Seq2[row, error] {
		return func(yield func(row, error) bool) {
			documents, err := configurations(ctx, servers, a)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range documents {
				var raw json.RawMessage
				if q.raw && secrets {
					raw, _ = documents[i].Reveal().MarshalJSON()
				}
				if !yield(serverShape.row(a, "", &documents[i], raw), nil) {
					return
				}
			}
		}
	}
	shape := groupShape(secrets)
	groups := &table{
		schema: schemaEgeria, name: "integration_groups",
		doc:     "the integration groups that servers are configured with",
		columns: shape.columns(), filters: []filter{{column: "account"}, {column: "server", local: true}},
	}
	groups.rows = func(ctx context.Context, a *account, _ string, q *query) iter.Seq2[row, error] {
		return configuredGroups(ctx, groups, shape, a, q, secrets)
	}
	groups.writer = groupWriter(groups, shape, secrets)
	return append([]*table{servers, groups}, daemonTables(secrets)...)
}

// configurations returns all documents of a platform.
func configurations(ctx context.Context, t *table, a *account) ([]egeria.Document, error) {
	var meta sdk.Meta
	documents, err := a.egeria.Platform.Configurations(ctx, egeria.WithMeta(&meta))
	if meta.Attempts > 0 {
		note(ctx, t, a, "", len(documents), len(documents), meta)
	}
	return documents, err
}

// configuredGroups yields the groups of all servers, which are read with one request.
func configuredGroups(
	ctx context.Context, t *table, s *shape[egeria.IntegrationGroup], a *account, q *query, secrets bool,
) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		documents, err := configurations(ctx, t, a)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, d := range documents {
			groups, err := d.IntegrationGroups()
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range groups {
				var raw json.RawMessage
				if q.raw && secrets {
					raw, _ = groups[i].MarshalJSON()
				}
				if !yield(s.row(a, d.ServerName(), &groups[i], raw), nil) {
					return
				}
			}
		}
	}
}
