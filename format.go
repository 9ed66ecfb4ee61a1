package sdk

import (
	"fmt"

	"github.com/integrations-go/sdk/internal/show"
)

// Format writes the fields that are set, for every verb of package fmt.
func (r EnsureResult[T]) Format(w fmt.State, verb rune) { show.Format(w, verb, r) }
