package sdk

import (
	"fmt"
	"log/slog"

	"github.com/integrations-go/sdk/internal/show"
)

// Format writes the fields that are set, for every verb of package fmt.
func (r EnsureResult[T]) Format(w fmt.State, verb rune) { show.Format(w, verb, r) }

// Format writes the fields that are set, for every verb of package fmt.
func (o WaitOptions) Format(w fmt.State, verb rune) { show.Format(w, verb, o) }

// LogValue implements [slog.LogValuer]. It shows the fields that are set.
func (o WaitOptions) LogValue() slog.Value { return show.LogValue(o) }
