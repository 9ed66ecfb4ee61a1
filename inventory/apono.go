package inventory

import (
	"context"
	"encoding/json"
	"iter"
	"strings"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
)

const schemaApono = "apono"

var aponoStatuses = []apono.Status{
	apono.StatusActive, apono.StatusConnected, apono.StatusDisabled, apono.StatusError, apono.StatusInitializing,
	apono.StatusRefreshing, apono.StatusWarning,
}

// secretMarker replaces a value that may be secret, as in the output of the SDK.
const secretMarker = "***"

// aponoShape returns the shape of integrations, with or without values that may be secret.
func aponoShape(secrets bool) *shape[apono.Integration] {
	return &shape[apono.Integration]{
		id: func(i *apono.Integration) string { return i.ID },
		weight: func(i *apono.Integration) int {
			size := 0
			for name, value := range i.IntegrationConfig {
				size += len(name) + len(value) + 64
			}
			return size
		},
		fields: []field[apono.Integration]{
			{column{name: "id", kind: text, doc: "the id"}, func(i *apono.Integration) any { return &i.ID }},
			{column{name: "name", kind: text, doc: "the name"}, func(i *apono.Integration) any { return &i.Name }},
			{column{name: "type", kind: text, doc: "the type in the catalog"}, func(i *apono.Integration) any {
				return &i.Type
			}},
			{column{name: "status", kind: text, fold: true, doc: "the state of its last synchronization"},
				func(i *apono.Integration) any { return (*string)(&i.Status) }},
			{column{name: "category", kind: text, doc: "its purpose"}, func(i *apono.Integration) any {
				return &i.Category
			}},
			{column{name: "connector_id", kind: text, doc: "the connector that reaches it"},
				func(i *apono.Integration) any { return &i.ConnectorID }},
			{column{name: "last_sync_time", kind: timestamp, doc: "when it was last synchronized"},
				func(i *apono.Integration) any { return i.LastSyncTime.Time }},
			{column{name: "connected_resource_types", kind: document, doc: "the types of resources that it looks for"},
				func(i *apono.Integration) any { return list(i.ConnectedResourceTypes) }},
			{column{name: "config", kind: document, doc: "its parameters; their values are hidden"},
				func(i *apono.Integration) any { return hidden(i.IntegrationConfig, secrets) }},
			{column{name: "owner", kind: document, doc: "who owns it"}, func(i *apono.Integration) any {
				if i.Owner == nil {
					return nil
				}
				return i.Owner
			}},
			writeOnly[apono.Integration]("secret_store_config", document),
		},
	}
}

// literal returns the wanted values of a column for a filter of Apono. It returns nil if one of
// them would be a pattern.
func literal(q *query, column string) []string {
	values, _ := q.wanted(column)
	for _, v := range values {
		if !sendable(v) || strings.Contains(v, "*") {
			return nil
		}
	}
	return values
}

// hidden returns a configuration as a document. Unless secrets is set, the document has no values.
func hidden(config apono.Config, secrets bool) any {
	if config == nil || secrets {
		if config == nil {
			return nil
		}
		return map[string]json.RawMessage(config)
	}
	masked := make(map[string]string, len(config))
	for name := range config {
		masked[name] = secretMarker
	}
	return masked
}

var catalogShape = shape[apono.CatalogEntry]{
	id: func(e *apono.CatalogEntry) string { return e.Type },
	fields: []field[apono.CatalogEntry]{
		{column{name: "type", kind: text, doc: "the type"}, func(e *apono.CatalogEntry) any { return e.Type }},
		{column{name: "name", kind: text, doc: "the name for people"}, func(e *apono.CatalogEntry) any {
			return e.Name
		}},
		{column{name: "description", kind: text, doc: "what it is"}, func(e *apono.CatalogEntry) any {
			return e.Description
		}},
		{column{name: "requires_secret", kind: boolean, doc: "whether it needs a secret"},
			func(e *apono.CatalogEntry) any { return e.RequiresSecret }},
		{column{name: "supported_secret_types", kind: document, doc: "the secret stores that it can use"},
			func(e *apono.CatalogEntry) any { return list(e.SupportedSecretTypes) }},
		{column{name: "params", kind: document, doc: "the parameters that it needs"}, func(e *apono.CatalogEntry) any {
			return list(e.Params)
		}},
	},
}

var connectorShape = shape[apono.Connector]{
	id: func(c *apono.Connector) string { return c.ID },
	fields: []field[apono.Connector]{
		{column{name: "id", kind: text, doc: "the id"}, func(c *apono.Connector) any { return c.ID }},
		{column{name: "name", kind: text, doc: "the name"}, func(c *apono.Connector) any { return c.Name }},
		{column{name: "status", kind: text, fold: true, doc: "whether it is connected"}, func(c *apono.Connector) any {
			return c.Status
		}},
		{column{name: "version", kind: text, doc: "its release"}, func(c *apono.Connector) any { return c.Version }},
		{column{name: "is_latest_version", kind: boolean, doc: "whether that is the newest one"},
			func(c *apono.Connector) any { return c.IsLatestVersion }},
		{column{name: "cloud_provider_type", kind: text, doc: "the cloud that it runs in"},
			func(c *apono.Connector) any { return c.CloudProviderType }},
		{column{name: "last_connected", kind: timestamp, doc: "when it was last connected"},
			func(c *apono.Connector) any { return c.LastConnected.Time }},
	},
}

// aponoTables returns the tables of the schema apono.
func aponoTables(secrets bool) []*table {
	shape := aponoShape(secrets)
	integrations := &table{
		schema: schemaApono, name: "integrations", doc: "the integrations of admin v4",
		columns: shape.columns(),
		filters: []filter{
			{column: "account"}, {column: "id"}, {column: "name"}, {column: "type"}, {column: "category"},
			{column: "connector_id"}, {column: "status"},
		},
	}
	integrations.rows = func(ctx context.Context, a *account, _ string, q *query) iter.Seq2[row, error] {
		if !secrets {
			q = q.withoutRaw()
		}
		if ids, ok := q.wanted("id"); ok {
			return byID(ctx, integrations, shape.row, a, "", q, ids, a.apono.Integrations.Get)
		}
		opts := &apono.ListOptions{
			Limit: q.pageSize(), Type: literal(q, "type"), Category: literal(q, "category"),
			ConnectorID: literal(q, "connector_id"),
		}
		if status := known(q, "status", aponoStatuses...); status != "" {
			opts.Status = []apono.Status{status}
		}
		if names := literal(q, "name"); len(names) == 1 {
			opts.Name = names[0]
		}
		return byPage(ctx, integrations, shape.row, a, "", q,
			func(call ...sdk.CallOption) iter.Seq2[*sdk.Page[apono.Integration], error] {
				return a.apono.Integrations.Pages(ctx, opts, call...)
			})
	}
	integrations.writer = aponoWriter(integrations, shape, secrets)
	catalog := &table{
		schema: schemaApono, name: "catalog", doc: "the types that integrations can have",
		columns: catalogShape.columns(), filters: []filter{{column: "account"}},
	}
	catalog.rows = func(ctx context.Context, a *account, _ string, q *query) iter.Seq2[row, error] {
		return byPage(ctx, catalog, catalogShape.row, a, "", q,
			func(call ...sdk.CallOption) iter.Seq2[*sdk.Page[apono.CatalogEntry], error] {
				return a.apono.Catalog.Pages(ctx, call...)
			})
	}
	connectors := &table{
		schema: schemaApono, name: "connectors", doc: "the programs that reach the integrations",
		columns: connectorShape.columns(), filters: []filter{{column: "account"}, {column: "id"}},
	}
	connectors.rows = func(ctx context.Context, a *account, _ string, q *query) iter.Seq2[row, error] {
		if ids, ok := q.wanted("id"); ok {
			return byID(ctx, connectors, connectorShape.row, a, "", q, ids, a.apono.Connectors.Get)
		}
		return byPage(ctx, connectors, connectorShape.row, a, "", q,
			func(call ...sdk.CallOption) iter.Seq2[*sdk.Page[apono.Connector], error] {
				return a.apono.Connectors.Pages(ctx, &apono.ConnectorListOptions{Limit: q.pageSize()}, call...)
			})
	}
	return append([]*table{integrations, catalog, connectors}, resourceTables()...)
}
