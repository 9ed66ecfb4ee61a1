package paging

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// noneError reports that no object has the name. others are the IDs of those with other names.
type noneError struct {
	name   string
	others []string
}

func (e *noneError) Error() string        { return fmt.Sprintf("no integration is named %q", e.name) }
func (e *noneError) Is(target error) bool { return target == core.ErrNotFound }

// FindOne returns the only item of a list with exactly this name, which must not be empty. If there
// are several, the error is an [sdk.AmbiguousError]. An item without a usable ID is an error: it
// exists, but no request can name it.
func FindOne[T any](
	c *core.Client, operation, name string, list iter.Seq2[*T, error], nameAndID func(*T) (name, id string),
) (*T, error) {
	var found *T
	var ids, others []string
	seen := map[string]bool{}
	for item, err := range list {
		if err != nil {
			return nil, err
		}
		n, id := nameAndID(item)
		if n != name {
			others = append(others, id)
			continue
		}
		if usable(id) && seen[id] { // an object may have moved to the next page
			continue
		}
		found = item
		ids, seen[id] = append(ids, id), true
	}
	switch {
	case len(ids) == 1 && !usable(ids[0]):
		return nil, c.Fail(&core.Failure{Operation: operation, Err: &core.ResponseError{
			Problem: fmt.Sprintf("the integration named %q has no usable id", name),
		}})
	case len(ids) == 1:
		return found, nil
	case len(ids) == 0:
		return nil, c.Fail(&core.Failure{Operation: operation, Err: &noneError{name, others}})
	default:
		return nil, c.Fail(&core.Failure{Operation: operation, Err: &sdk.AmbiguousError{Name: name, IDs: ids}})
	}
}

// Origin is the origin of the object that [Wanted.FindOrCreate] returns.
type Origin int

// The origins of an object.
const (
	Existing Origin = iota
	Created
	// MaybeCreated: the response to the create was lost, and the object exists now. Another program
	// may have created it.
	MaybeCreated
)

// Wanted is an object that [Wanted.FindOrCreate] finds by its name, or creates.
type Wanted[T any] struct {
	Name      string
	NameAndID func(*T) (name, id string)
	Look      func() (*T, error) // uses [FindOne]
	Create    func() (*T, error)
	Read      func(id string, opts ...sdk.CallOption) (*T, error)
	Delete    func(id string, opts ...sdk.CallOption) error
}

// FindOrCreate looks the object up. If there is none, it creates one. If the response to the create
// is lost or a conflict, it looks again, because another program may have created the object. If
// there is still none, the error is that of the create, and its text says so.
//
// If the server has stored the name of a new object in another spelling, that is an error.
func (w Wanted[T]) FindOrCreate(
	ctx context.Context, c *core.Client, operation string, opts []sdk.CallOption,
) (*T, Origin, error) {
	found, err := w.Look()
	none, ok := errors.AsType[*noneError](err)
	if !ok { // a 404 of the server has another meaning
		return found, Existing, err
	}
	created, err := w.Create()
	origin := Existing
	switch {
	case err == nil:
		return created, Created, w.check(c, operation, created, none.others, opts)
	case ctx.Err() != nil:
		return nil, Existing, err
	case errors.Is(err, core.ErrOutcomeUnknown):
		origin = MaybeCreated
	case !errors.Is(err, core.ErrConflict):
		return nil, Existing, err
	}
	found, lookErr := w.Look()
	switch {
	case errors.As(lookErr, new(*noneError)): // ErrNotFound would make the caller create it again
		return nil, Existing, fmt.Errorf("%w; a second lookup of the name found none", err)
	case lookErr != nil:
		return nil, Existing, core.Join(err, lookErr)
	}
	return found, origin, nil
}

// ForChange returns opts for methods that look for objects and then create or change them:
//
//   - They never repeat a request that the server may have carried out, whatever the caller allows.
//     They look it up instead.
//   - They accept only responses of the configured host.
func ForChange(opts []sdk.CallOption) []sdk.CallOption {
	return append(slices.Clip(opts), func(call *core.CallOptions) {
		call.WithoutIdempotent()
		call.WithOwnHost()
	})
}
