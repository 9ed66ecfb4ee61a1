package vendor

import (
	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// AsError implements the As method of a vendor's error. If target is a **[sdk.Error], it sets
// target to the common view of err. failure returns the fields.
func AsError(target any, failure func() *core.Failure, err error) bool {
	common, ok := target.(**sdk.Error)
	if !ok {
		return false
	}
	*common = &sdk.Error{}
	core.CopyFields(*common, failure())
	(*common).Err = err
	return true
}
