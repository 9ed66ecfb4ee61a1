package paging

import (
	"fmt"
	"slices"
	"strings"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// renamedError reports that a server stores a name in another spelling. A search for the name would
// never find the object.
type renamedError struct{ id, want, have, fate string }

func (e *renamedError) Error() string {
	return fmt.Sprintf("the server has stored the name %q of integration %s as %q: %s", e.want, e.id, e.have, e.fate)
}

func (e *renamedError) Is(target error) bool { return target == core.ErrConflict }

// Kept has the requests that [Kept.Check] needs.
type Kept[T any] struct {
	NameAndID func(*T) (name, id string)
	Read      func(id string, opts ...sdk.CallOption) (*T, error)
	Delete    func(id string, opts ...sdk.CallOption) error
}

// Check deletes a new object if the server has stored its name in another spelling. The error then
// has the ID. For names that a server may change, Check reads the object, because the response to
// the create may repeat the name of the request.
func (k Kept[T]) Check(c *core.Client, operation, name string, created *T, opts []sdk.CallOption) error {
	opts = append(slices.Clip(opts), func(call *core.CallOptions) { call.WithoutResults() })
	have, id := k.NameAndID(created)
	if have == name && !plain(name) {
		if now, err := k.Read(id, opts...); err == nil { // without a response nothing is known
			have, _ = k.NameAndID(now)
		}
	}
	if have == name || have == "" {
		return nil
	}
	renamed := &renamedError{id, name, have, "it was deleted"}
	err := k.Delete(id, opts...)
	if err != nil {
		renamed.fate = "it is left behind"
	}
	return core.Join(c.Fail(&core.Failure{Operation: operation, Err: renamed}), err)
}

// plain reports whether a name has only one spelling: it is ASCII without control characters, and
// has no white space that a server might remove.
func plain(name string) bool {
	return !strings.Contains(name, "  ") && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
}
