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
	return fmt.Sprintf("the server has stored the name %q of integration %s as %q: %s", e.want, core.OneLine(e.id),
		e.have, e.fate)
}

func (e *renamedError) Is(target error) bool { return target == core.ErrConflict }

// check deletes a new object if the server has stored its name in another spelling. The error then
// has the ID. For names that a server may change, check reads the object, because the response to
// the create may repeat the name of the request. existed are the IDs of objects with other names
// before the create: a server may return one of them instead of a new object.
func (w Wanted[T]) check(
	c *core.Client, operation string, created *T, existed []string, opts []sdk.CallOption,
) error {
	opts = append(slices.Clip(opts), func(call *core.CallOptions) { call.WithoutResults() })
	have, id := w.NameAndID(created)
	if have == w.Name && !plain(w.Name) {
		if now, err := w.Read(id, opts...); err == nil { // without a response nothing is known
			have, _ = w.NameAndID(now)
		}
	}
	if have == w.Name || have == "" {
		return nil
	}
	renamed := &renamedError{id, w.Name, have, "it was deleted"}
	var err error
	switch {
	case slices.Contains(existed, id):
		renamed.fate = "it existed before, and is left as it is"
	case strings.EqualFold(have, w.Name): // A list of this name alone need not show it.
		renamed.fate = "it may have existed before, and is left as it is"
	default:
		if err = w.Delete(id, opts...); err != nil {
			renamed.fate = "it is left behind"
		}
	}
	return core.Join(c.Fail(&core.Failure{Operation: operation, Err: renamed}), err)
}

// plain reports whether a name has only one spelling: it is ASCII without control characters, and
// has no white space that a server might remove.
func plain(name string) bool {
	return !strings.Contains(name, "  ") && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
}
