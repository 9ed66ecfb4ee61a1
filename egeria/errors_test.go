package egeria_test

import (
	"errors"
	"maps"
	"slices"

	"github.com/integrations-go/sdk/egeria"
)

var sentinels = map[string]error{
	"NotFound": egeria.ErrNotFound, "Unauthorized": egeria.ErrUnauthorized, "Forbidden": egeria.ErrForbidden, "Conflict": egeria.ErrConflict,
	"Invalid": egeria.ErrInvalid, "RateLimited": egeria.ErrRateLimited, "QuotaExceeded": egeria.ErrQuotaExceeded, "Unavailable": egeria.ErrUnavailable,
	"OutcomeUnknown": egeria.ErrOutcomeUnknown,
}

// conditions are the names of the sentinels that err is, sorted.
func conditions(err error) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(sentinels)), func(name string) bool { return !errors.Is(err, sentinels[name]) })
}
