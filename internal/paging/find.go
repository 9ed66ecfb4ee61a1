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

// noneError reports that no object has the name.
type noneError struct{ name string }

func (e *noneError) Error() string        { return fmt.Sprintf("no integration is named %q", e.name) }
func (e *noneError) Is(target error) bool { return target == core.ErrNotFound }

// FindOne returns the only item of a list with exactly this name, which must not be empty. If there
// are several, the error is an [sdk.AmbiguousError]. An item without a usable ID is an error: it
// exists, but no request can name it.
func FindOne[T any](
	c *core.Client, operation, name string, list iter.Seq2[*T, error], nameAndID func(*T) (name, id string),
) (*T, error) {
	var found *T
	var ids []string
	for item, err := range list {
		if err != nil {
			return nil, err
		}
		n, id := nameAndID(item)
		if n != name || usable(id) && slices.Contains(ids, id) { // an object may have moved to the next page
			continue
		}
		found = item
		ids = append(ids, id)
	}
	switch {
	case len(ids) == 1 && !usable(ids[0]):
		return nil, c.Fail(&core.Failure{Operation: operation, Err: &core.ResponseError{
			Problem: fmt.Sprintf("the integration named %q has no usable id", name),
		}})
	case len(ids) == 1:
		return found, nil
	case len(ids) == 0:
		return nil, c.Fail(&core.Failure{Operation: operation, Err: &noneError{name}})
	default:
		return nil, c.Fail(&core.Failure{Operation: operation, Err: &sdk.AmbiguousError{Name: name, IDs: ids}})
	}
}

// Origin is the origin of the object that [FindOrCreate] returns.
type Origin int

// The origins of an object.
const (
	Existing Origin = iota
	Created
	// MaybeCreated: the response to the create was lost, and the object exists now. Another program
	// may have created it.
	MaybeCreated
)

// FindOrCreate calls look, a function that uses [FindOne]. If there is no object, it calls create.
// If the response to the create is lost or a conflict, it calls look again, because another program
// may have created the object. If there is still none, the error is that of the create, and its
// text says so.
func FindOrCreate[T any](ctx context.Context, look, create func() (*T, error)) (*T, Origin, error) {
	found, err := look()
	if !errors.As(err, new(*noneError)) { // a 404 of the server has another meaning
		return found, Existing, err
	}
	created, err := create()
	origin := Existing
	switch {
	case err == nil:
		return created, Created, nil
	case ctx.Err() != nil:
		return nil, Existing, err
	case errors.Is(err, core.ErrOutcomeUnknown):
		origin = MaybeCreated
	case !errors.Is(err, core.ErrConflict):
		return nil, Existing, err
	}
	found, lookErr := look()
	switch {
	case errors.As(lookErr, new(*noneError)): // ErrNotFound would make the caller create it again
		return nil, Existing, fmt.Errorf("%w; a second lookup of the name found none", err)
	case lookErr != nil:
		return nil, Existing, core.Join(err, lookErr)
	}
	return found, origin, nil
}

// WithoutIdempotent returns opts for methods that create and change objects. They never repeat a
// request that the server may have carried out, whatever the caller allows. They look it up
// instead.
func WithoutIdempotent(opts []sdk.CallOption) []sdk.CallOption {
	return append(slices.Clip(opts), func(call *core.CallOptions) { call.WithoutIdempotent() })
}
