package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/internal/redact"
)

var summaryShape = shape[egeria.GroupSummary]{
	scope: &serverColumn,
	id:    func(g *egeria.GroupSummary) string { return g.Name },
	fields: []field[egeria.GroupSummary]{
		{column{name: "name", kind: text, doc: "the qualified name"}, func(g *egeria.GroupSummary) any {
			return g.Name
		}},
		{column{name: "status", kind: text, doc: "its state; ASSIGNED until the daemon has read its definition"},
			func(g *egeria.GroupSummary) any { return string(g.Status) }},
		{column{name: "description", kind: text, doc: "its purpose"}, func(g *egeria.GroupSummary) any {
			return g.Description
		}},
		{column{name: "guid", kind: text, doc: "its id in the metadata server"}, func(g *egeria.GroupSummary) any {
			return g.GUID
		}},
		{column{name: "last_refresh_time", kind: timestamp, doc: "when its definition was last read"},
			func(g *egeria.GroupSummary) any { return g.LastRefreshTime.Time }},
		{column{name: "connectors", kind: integer, doc: "how many connectors it has"},
			func(g *egeria.GroupSummary) any { return len(g.Connectors) }},
	},
}

// groupReport is the report of a connector of a group.
type groupReport struct {
	group string
	*egeria.ConnectorReport
}

// reportShape returns the shape of reports, with or without values that may be secret.
func reportShape(secrets bool) *shape[groupReport] {
	object := func(o egeria.Object) any {
		switch {
		case o == nil:
			return nil
		case secrets:
			return map[string]json.RawMessage(o)
		}
		return o // its JSON has no secrets
	}
	message := func(text string) any {
		if secrets {
			return text
		}
		return redact.Text(text)
	}
	return &shape[groupReport]{
		scope: &serverColumn,
		id:    func(r *groupReport) string { return strings.Join([]string{r.group, r.ID, r.GUID, r.Name}, "\x00") },
		fields: []field[groupReport]{
			{column{name: "group_name", kind: text, doc: "the group that it belongs to"}, func(r *groupReport) any {
				return r.group
			}},
			{column{name: "name", kind: text, doc: "the name of the connector"}, func(r *groupReport) any {
				return r.Name
			}},
			{column{name: "status", kind: text, doc: "its state"}, func(r *groupReport) any {
				return string(r.Status)
			}},
			{column{name: "failing_exception_message", kind: text, doc: "why it failed; secrets are hidden"},
				func(r *groupReport) any { return message(r.FailingExceptionMessage) }},
			{column{name: "id", kind: text, doc: "its id in the daemon"}, func(r *groupReport) any { return r.ID }},
			{column{name: "guid", kind: text, doc: "its id in the metadata server"}, func(r *groupReport) any {
				return r.GUID
			}},
			{column{name: "instance_id", kind: text, doc: "the id of the running connector"}, func(r *groupReport) any {
				return r.InstanceID
			}},
			{column{name: "last_status_change", kind: timestamp, doc: "when its state last changed"},
				func(r *groupReport) any { return r.LastStatusChange.Time }},
			{column{name: "last_refresh_time", kind: timestamp, doc: "when it last looked for changes"},
				func(r *groupReport) any { return r.LastRefreshTime.Time }},
			{column{name: "min_minutes_between_refresh", kind: integer,
				doc: "the shortest time between two refreshes, in minutes"}, func(r *groupReport) any {
				return r.MinMinutesBetweenRefresh
			}},
			{column{name: "connection", kind: document, doc: "how it is set up; secrets are hidden"},
				func(r *groupReport) any { return object(r.Connection) }},
			{column{name: "statistics", kind: document, doc: "the counts that it keeps"}, func(r *groupReport) any {
				return object(r.Statistics)
			}},
		},
	}
}

// daemonServers returns the servers of a statement, or all running ones.
func daemonServers(t *table) func(context.Context, *account, *query) ([]string, error) {
	return func(ctx context.Context, a *account, q *query) ([]string, error) {
		if names, ok := q.wanted("server"); ok {
			return names, nil
		}
		var meta sdk.Meta
		names, err := a.egeria.Platform.ActiveServers(ctx, egeria.WithMeta(&meta))
		if meta.Attempts > 0 {
			note(ctx, t, a, "", 0, 0, meta)
		}
		return names, err
	}
}

// daemonTables returns the tables about running integration daemons.
func daemonTables(secrets bool) []*table {
	filters := []filter{{column: "account"}, {column: "server", scope: true}}
	groups := &table{
		schema: schemaEgeria, name: "daemon_groups", doc: "the integration groups of the daemons that are running",
		columns: summaryShape.columns(), filters: filters,
	}
	groups.scopes = daemonServers(groups)
	groups.rows = func(ctx context.Context, a *account, server string, q *query) iter.Seq2[row, error] {
		return func(yield func(row, error) bool) {
			summaries, raw, err := summaries(ctx, groups, a, server, q.raw && secrets)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range summaries {
				if !yield(summaryShape.row(a, server, &summaries[i], at(raw, i)), nil) {
					return
				}
			}
		}
	}
	shape := reportShape(secrets)
	reports := &table{
		schema: schemaEgeria, name: "connector_reports", doc: "the connectors of those groups",
		columns: shape.columns(), filters: filters,
	}
	reports.scopes = daemonServers(reports)
	reports.rows = func(ctx context.Context, a *account, server string, q *query) iter.Seq2[row, error] {
		return func(yield func(row, error) bool) {
			summaries, raw, err := summaries(ctx, reports, a, server, q.raw && secrets)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range summaries {
				all := summaries[i].Connectors
				items := reportsIn(at(raw, i))
				for j := range all {
					if !yield(shape.row(a, server, &groupReport{summaries[i].Name, &all[j]}, at(items, j)), nil) {
						return
					}
				}
			}
		}
	}
	return []*table{groups, reports}
}

// at returns an item of a list that may be shorter.
func at(items []json.RawMessage, i int) json.RawMessage {
	if i < len(items) {
		return items[i]
	}
	return nil
}

// reportsIn returns the raw reports in a summary.
func reportsIn(summary json.RawMessage) []json.RawMessage {
	var list struct {
		Reports []json.RawMessage `json:"integrationConnectorReports"`
	}
	if json.Unmarshal(summary, &list) != nil {
		return nil
	}
	return list.Reports
}

// summaries returns the groups of a daemon, with the raw items if raw is set. It returns none if
// the server is not running or not an integration daemon.
func summaries(
	ctx context.Context, t *table, a *account, server string, raw bool,
) ([]egeria.GroupSummary, []json.RawMessage, error) {
	var meta sdk.Meta
	var body []byte
	opts := []egeria.CallOption{egeria.WithMeta(&meta)}
	if raw {
		opts = append(opts, egeria.WithRawBody(&body))
	}
	groups, err := a.egeria.Server(server).Daemon.Groups(ctx, opts...)
	if meta.Attempts > 0 {
		note(ctx, t, a, server, len(groups), len(groups), meta)
	}
	if err != nil && (noDaemon(err) || neverSent(err)) {
		return nil, nil, nil
	}
	return groups, itemsOf(body, len(groups)), err
}

// noDaemon reports whether err means that the server is not running, or not an integration daemon.
// A 404 for a wrong path says nothing about the server.
func noDaemon(err error) bool {
	e, ok := errors.AsType[*egeria.Error](err)
	return ok && e.RelatedCode == http.StatusNotFound
}
