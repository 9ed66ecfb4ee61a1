package paging

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// Object is an object that can be read, listed and deleted.
type Object[T any] struct {
	ID   string
	Read func(opts ...sdk.CallOption) (*T, error)
	// List walks the list of the object.
	List func(opts ...sdk.CallOption) iter.Seq2[*T, error]
	IDOf func(*T) (string, error)
}

// Remove deletes an object. If a 403, or a 404 that may come from a gateway, follows an attempt
// that the server may have carried out, Remove checks whether the object is gone.
func (o Object[T]) Remove(
	ctx context.Context, c *core.Client, operation string, opts []sdk.CallOption, send core.Send,
) error {
	look := append(slices.Clip(opts), func(call *core.CallOptions) {
		call.WithoutResults()
		call.WithOwnHost()
	})
	opts = append(slices.Clip(opts), func(call *core.CallOptions) {
		call.WithGoneCheck(func() (bool, error) { return o.gone(c, look) })
	})
	return core.CallEmpty(ctx, c, operation, opts, send)
}

// gone reports whether the object no longer exists. It sends GET. A 403 can also mean a missing
// object, and a 404 may come from a gateway. In these cases it reads the list.
func (o Object[T]) gone(c *core.Client, opts []sdk.CallOption) (bool, error) {
	_, err := o.Read(opts...)
	switch {
	case err == nil:
		return false, nil
	case errors.Is(err, core.ErrNotFound) && !fromGateway(c, err):
		return true, nil
	case !errors.Is(err, core.ErrNotFound) && !errors.Is(err, core.ErrForbidden):
		return false, err
	}
	unreadable := false
	for item, err := range o.List(opts...) {
		if err != nil {
			return false, err
		}
		id, _ := o.IDOf(item)
		if id == o.ID {
			return false, nil
		}
		unreadable = unreadable || !usable(id)
	}
	if unreadable {
		return false, &core.ResponseError{Problem: "the list has items without a usable id"}
	}
	return true, nil
}

// fromGateway reports whether a gateway may have sent the response instead of the API.
func fromGateway(c *core.Client, err error) bool {
	e, ok := errors.AsType[*sdk.Error](err)
	return ok && c.FromGateway(e.Body)
}

// usable reports whether a request can name an object by id.
func usable(id string) bool { return core.PathValue("id", id) == nil }
