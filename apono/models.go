package apono

import (
	"fmt"
	"log/slog"

	"github.com/integrations-go/sdk/internal/show"
)

// Format implements [fmt.Formatter]. It shows the JSON without members that have the name of a
// secret.
func (c Config) Format(w fmt.State, verb rune) { show.FormatText(w, verb, show.Object(c)) }

// LogValue implements [slog.LogValuer]. It shows the JSON without members that have the name of a
// secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(show.Object(c)) }

// A log identifies the object and its status. Configurations and secret stores are left out,
// because they may contain secrets.

// LogValue implements [slog.LogValuer]. It shows the ID, name, type and status.
func (i Integration) LogValue() slog.Value { return logged(i.ID, i.Name, i.Type, string(i.Status)) }

// LogValue implements [slog.LogValuer]. It shows the ID, name, type and status.
func (i IntegrationV2) LogValue() slog.Value { return logged(i.ID, i.Name, i.Type, string(i.Status)) }

// LogValue implements [slog.LogValuer]. It shows the name and the type.
func (i IntegrationCreate) LogValue() slog.Value { return logged("", i.Name, i.Type, "") }

// LogValue implements [slog.LogValuer]. It shows the name and the type.
func (i IntegrationCreateV2) LogValue() slog.Value { return logged("", i.Name, i.Type, "") }

// LogValue implements [slog.LogValuer]. It shows the name.
func (i IntegrationUpdate) LogValue() slog.Value { return logged("", i.Name, "", "") }

// LogValue implements [slog.LogValuer]. It shows the name.
func (i IntegrationUpdateV2) LogValue() slog.Value { return logged("", i.Name, "", "") }

func logged(id, name, kind, status string) slog.Value {
	var attrs []slog.Attr
	for _, a := range []slog.Attr{
		slog.String("id", id), slog.String("name", name), slog.String("type", kind), slog.String("status", status),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return slog.GroupValue(attrs...)
}
