package egeria

import "log/slog"

// Logs show the name and the state of an object. Connections may contain secrets.

// LogValue implements [slog.LogValuer]. It shows name, GUID and status.
func (r ConnectorReport) LogValue() slog.Value { return logged(r.Name, r.GUID, string(r.Status)) }

// LogValue implements [slog.LogValuer]. It shows name, GUID and status.
func (s GroupSummary) LogValue() slog.Value { return logged(s.Name, s.GUID, string(s.Status)) }

// LogValue implements [slog.LogValuer]. It shows the groups and the connectors.
func (s DaemonStatus) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, g := range s.Groups {
		attrs = append(attrs, slog.Any("group", g))
	}
	for _, c := range s.Connectors {
		attrs = append(attrs, slog.Any("connector", c))
	}
	return slog.GroupValue(attrs...)
}

// LogValue implements [slog.LogValuer]. It shows the qualified names of the groups, and the number
// of integration services.
func (s DaemonServices) LogValue() slog.Value {
	names := make([]string, len(s.IntegrationGroups))
	for i, g := range s.IntegrationGroups {
		names[i] = g.QualifiedName
	}
	return slog.GroupValue(slog.Any("groups", names), slog.Int("services", len(s.IntegrationServices)))
}

func logged(name, guid, status string) slog.Value {
	return slog.GroupValue(slog.String("name", name), slog.String("guid", guid), slog.String("status", status))
}
