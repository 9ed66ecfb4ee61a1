package paging

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
)

// List is a list operation of a vendor. [List.Pages] walks it.
type List[T any] struct {
	Client    *core.Client
	Operation string
	Options   []sdk.CallOption
	// PageToken is the token of the first page of the walk, "" for the first page of the
	// list.
	PageToken string
	// Invalid is the error of a refused argument. It is yielded like any other error.
	Invalid error
	// Send requests the page at pageToken.
	Send func(ctx context.Context, pageToken string) (*http.Response, error)
	// ID returns the ID of an item, "" if it has none or if it can't be read.
	ID func(*T) string
	// Decode decodes a response body into the page: its items, the token of the next
	// page, and the other data that the server reports.
	Decode func(body []byte, page *sdk.Page[T]) error
}

// Pages walks the pages of the list by the rules of [Pages].
func (l List[T]) Pages(ctx context.Context) iter.Seq2[*sdk.Page[T], error] {
	options, err := core.CollectCallOptions(l.Options)
	if ctx == nil {
		ctx, err = context.Background(), core.CheckContext(ctx)
	}
	if l.Invalid == nil && err != nil {
		l.Invalid = l.Client.Refuse(l.Operation, err)
	}
	fetch := func(ctx context.Context, pageToken string) (*fetchedPage[T], string, error) {
		f := &fetchedPage[T]{page: &sdk.Page[T]{}}
		if l.Invalid != nil {
			return f, "", l.Invalid
		}
		err := core.CallDecode(ctx, l.Client, l.Operation, options.ForPage((*core.Meta)(&f.page.Meta), &f.raw),
			func(ctx context.Context) (*http.Response, error) { return l.Send(ctx, pageToken) },
			func(b []byte) error { return l.Decode(b, f.page) })
		return f, f.page.NextToken, err
	}
	repeated := func(pageToken string) error {
		err := &core.ResponseError{Problem: fmt.Sprintf("the server repeats the page token %q", pageToken)}
		return l.Client.Fail(&core.Failure{Operation: l.Operation, Err: options.HideSecrets(err)})
	}
	return func(yield func(*sdk.Page[T], error) bool) {
		options.Deliver(core.Meta{}, nil)
		walk := progress[T]{id: l.ID}
		for f, err := range Pages(ctx, l.PageToken, options.Prefetch(), fetch, repeated) {
			if f != nil {
				options.Deliver(core.Meta(f.page.Meta), f.raw)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			stalled := f.page.NextToken != "" && walk.stalled(f.page.Items)
			if !yield(f.page, nil) {
				return
			}
			if stalled {
				endless := &core.ResponseError{Problem: "the list does not end: its last pages had no new item"}
				yield(nil, l.Client.Fail(&core.Failure{Operation: l.Operation, Err: endless}))
				return
			}
		}
	}
}

// fetchedPage is a page with its response body, if the caller wants it.
type fetchedPage[T any] struct {
	page *sdk.Page[T]
	raw  []byte
}

// Items walks the items of pages.
func Items[T any](pages iter.Seq2[*sdk.Page[T], error]) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page.Items {
				if !yield(&page.Items[i], nil) {
					return
				}
			}
		}
	}
}

// Room returns an empty slice for the items of a page. Its capacity avoids repeated growth. It is
// at most limit, and at most the number of items that a response of size bytes can contain: an item
// has more than 128 bytes.
func Room[T any](size, limit int) []T { return make([]T, 0, min(limit, size/128+1)) }
