package api

import (
	"log/slog"
	"strings"
)

// Status is how an integration does, as v4 tells it. The vendor documents no values. ACTIVE and ERROR are known, in this or another
// letter case.
type Status string

// Is reports whether s and other are the same status, in whatever case they are written.
func (s Status) Is(other string) bool { return strings.EqualFold(string(s), other) }

// What is logged names the object and tells how it does. Configurations and secret stores may hold what no log should.

// LogValue is id, name, type and status.
func (i Integration) LogValue() slog.Value { return logged(i.ID, i.Name, i.Type, string(i.Status)) }

// LogValue is id, name, type and status.
func (i IntegrationV2) LogValue() slog.Value { return logged(i.ID, i.Name, i.Type, string(i.Status)) }

// LogValue is how many integrations there are.
func (l IntegrationList) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("items", len(l.Items)))
}

// LogValue is how many integrations there are.
func (l IntegrationListV2) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("items", len(l.Data)))
}

// LogValue is name and type.
func (i IntegrationCreate) LogValue() slog.Value { return logged("", i.Name, i.Type, "") }

// LogValue is name and type.
func (i IntegrationCreateV2) LogValue() slog.Value { return logged("", i.Name, i.Type, "") }

// LogValue is the name.
func (i IntegrationUpdate) LogValue() slog.Value { return logged("", i.Name, "", "") }

// LogValue is the name.
func (i IntegrationUpdateV2) LogValue() slog.Value { return logged("", i.Name, "", "") }

func logged(id, name, kind, status string) slog.Value {
	var attrs []slog.Attr
	for _, a := range []slog.Attr{slog.String("id", id), slog.String("name", name), slog.String("type", kind), slog.String("status", status)} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return slog.GroupValue(attrs...)
}
