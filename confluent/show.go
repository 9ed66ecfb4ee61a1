package confluent

import (
	"fmt"
	"log/slog"

	"github.com/integrations-go/sdk/internal/show"
)

// Format implements [fmt.Formatter]. It shows the variant without secrets.
func (c Config) Format(w fmt.State, verb rune) { show.Format(w, verb, c.Value) }

// LogValue implements [slog.LogValuer]. It shows the kind and the fields of the variant.
func (c Config) LogValue() slog.Value {
	if c.isNil() {
		return slog.GroupValue()
	}
	attrs := []slog.Attr{slog.String("kind", c.Kind())}
	for _, a := range show.LogValue(c.Value).Group() {
		if a.Key != "Kind" {
			attrs = append(attrs, a)
		}
	}
	return slog.GroupValue(attrs...)
}

// Format implements [fmt.Formatter]. It shows the JSON without members that have the name of a
// secret.
func (u UnknownConfig) Format(w fmt.State, verb rune) { show.Format(w, verb, u) }

// LogValue implements [slog.LogValuer]. It shows the JSON without members that have the name of a
// secret.
func (u UnknownConfig) LogValue() slog.Value { return show.LogValue(u) }

// Format implements [fmt.Formatter]. It shows the fields that are set.
func (i AnyIntegration) Format(w fmt.State, verb rune) { show.Format(w, verb, i) }

// LogValue implements [slog.LogValuer]. It shows V1 or V2.
func (i AnyIntegration) LogValue() slog.Value {
	switch {
	case i.V1 != nil:
		return i.V1.LogValue()
	case i.V2 != nil:
		return i.V2.LogValue()
	}
	return show.LogValue(i)
}

// Format implements [fmt.Formatter]. It shows the fields that are set.
func (p Problem) Format(w fmt.State, verb rune) { show.Format(w, verb, p) }

// LogValue implements [slog.LogValuer]. It shows the fields that are set.
func (p Problem) LogValue() slog.Value { return show.LogValue(p) }
