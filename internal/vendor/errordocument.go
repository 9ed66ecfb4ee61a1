package vendor

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/integrations-go/sdk/internal/core"
)

// IsErrorDocument reports whether document, which is JSON, is an error document: an object with a
// member that REST APIs use for errors, with a status of 400 or more, or with title and detail (RFC
// 9457).
func IsErrorDocument(document []byte) bool {
	var members struct {
		Errors, Error, Code, Title, Detail present
		ErrorCode                          present `json:"error_code"`
		Status                             core.Text
	}
	_ = json.Unmarshal(document, &members) // if it is not an object, there are no members
	status, _ := strconv.Atoi(string(members.Status))
	return bool(members.Errors || members.Error || members.Code || members.ErrorCode || members.Title &&
		members.Detail) ||
		status >= http.StatusBadRequest
}

// present is true for a member that is not null.
type present bool

func (p *present) UnmarshalJSON(b []byte) error {
	*p = string(b) != "null"
	return nil
}
