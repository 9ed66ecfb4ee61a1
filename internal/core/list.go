package core

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk/internal/paging"
)

// Page is one page of a list. The vendor packages declare their own, with docs.
type Page[T any] struct {
	Items []T
	Next  string // the token of the next page, "" after the last
	Total int    // on all pages, 0 where the server does not tell
	Meta  Meta
	Extra any // what else the vendor's own type needs

	raw []byte
}

// Items is room for the items of a page, so that it need not grow again and again. It is no more than the page may have, nor than a reply of that many bytes can hold: items are larger than 128 bytes.
func Items[T any](size, limit int) []T { return make([]T, 0, min(limit, size/128+1)) }

// Pages walks the pages of a list from the page token start, each turned into the vendor's own type by as. Its rules are those of
// [paging.Pages]. An argument that was refused is yielded like any other error.
func Pages[T, P any, O ~func(*CallOptions)](ctx context.Context, c *Client, operation string, opts []O, start string, refused error,
	send func(ctx context.Context, token string) (*http.Response, error), decode func([]byte, *Page[T]) error, as func(*Page[T]) *P,
) iter.Seq2[*P, error] {
	w := newWalk(opts)
	fetch := func(ctx context.Context, token string) (*Page[T], string, error) {
		page := &Page[T]{}
		if refused != nil {
			return page, "", refused
		}
		err := CallDecode(ctx, c, operation, w.collect(&page.Meta, &page.raw),
			func(ctx context.Context) (*http.Response, error) { return send(ctx, token) },
			func(b []byte) error { return decode(b, page) })
		return page, page.Next, err
	}
	loop := func(token string) error {
		return c.newError(&Failure{Operation: operation, Err: &ReplyError{Problem: fmt.Sprintf("the server repeats the page token %q", token)}})
	}
	return func(yield func(*P, error) bool) {
		for page, err := range paging.Pages(ctx, start, w.options.prefetch, fetch, loop) {
			if page != nil {
				w.deliver(page.Meta, page.raw)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(as(page), nil) {
				return
			}
		}
	}
}

// walk is what the options of a call mean for a list. Its pages may be fetched ahead by another goroutine, so that what the caller wants
// to be told is collected apart from it, and delivered when the page is.
type walk struct{ options CallOptions }

func newWalk[O ~func(*CallOptions)](opts []O) walk {
	var w walk
	for _, o := range opts {
		o(&w.options)
	}
	return w
}

// collect is the options of one page's call, which tells meta and raw.
func (w walk) collect(meta *Meta, raw *[]byte) []func(*CallOptions) {
	return []func(*CallOptions){func(o *CallOptions) {
		*o = w.options
		o.meta = []*Meta{meta}
		if o.raw != nil {
			o.raw = raw
		}
	}}
}

// deliver tells the caller.
func (w walk) deliver(meta Meta, raw []byte) {
	for _, m := range w.options.meta {
		*m = meta
	}
	if w.options.raw != nil {
		*w.options.raw = raw
	}
}

// noneError says that nothing has the name that was looked for.
type noneError struct{ what, name string }

func (e *noneError) Error() string        { return fmt.Sprintf("no %s is named %q", e.what, e.name) }
func (e *noneError) Is(target error) bool { return target == ErrNotFound }

// FindOne gives the one item of a list that has exactly this name, which must not be empty. Where there are several, ambiguous makes the error.
func FindOne[T any](newError func(*Failure) error, operation, what, name string, list iter.Seq2[*T, error],
	nameAndID func(*T) (string, string), ambiguous func(ids []string) error,
) (*T, error) {
	if err := Refuse(newError, operation, Required("name", name)); err != nil {
		return nil, err
	}
	var found *T
	var ids []string
	for item, err := range list {
		if err != nil {
			return nil, err
		}
		if n, id := nameAndID(item); n == name {
			found = item
			ids = append(ids, id)
		}
	}
	switch len(ids) {
	case 1:
		return found, nil
	case 0:
		return nil, newError(&Failure{Operation: operation, Err: &noneError{what, name}})
	default:
		return nil, newError(&Failure{Operation: operation, Err: ambiguous(ids)})
	}
}

// FindOrCreate looks with a function that uses [FindOne], creates where there is none, and looks again where the reply to the create is lost.
func FindOrCreate[T any](ctx context.Context, look, create func() (*T, error)) (*T, error) {
	found, err := look()
	if !errors.As(err, new(*noneError)) { // a 404 of the server's is about something else
		return found, err
	}
	created, err := create()
	if err == nil || !errors.Is(err, ErrOutcomeUnknown) || ctx.Err() != nil {
		return created, err
	}
	found, lookErr := look()
	switch {
	case errors.As(lookErr, new(*noneError)):
		return nil, err // "not found" would invite another create
	case lookErr != nil:
		return nil, errors.Join(err, lookErr)
	}
	return found, nil
}
