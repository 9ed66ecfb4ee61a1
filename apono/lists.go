package apono

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"slices"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/internal/core"
	"github.com/integrations-go/sdk/internal/paging"
)

// TruncatedError reports that a response has only a part of a list, and that the API has no way to
// request the rest.
type TruncatedError struct {
	// Items is the number of items in the response.
	Items int
	// Total is the number of items in the list, according to the server.
	Total int
	// Limit is the maximum number of items in a response, according to the server.
	Limit int
	// Offset is the number of items before those in the response.
	Offset int
}

// Error returns the numbers of items.
func (e *TruncatedError) Error() string {
	return fmt.Sprintf("the list is truncated: %d of %d items came, from offset %d, "+
		"and no parameter is known that asks for the others", e.Items, e.Total, e.Offset)
}

// usualPage is the server's default page size.
const usualPage = 100

// tokenEnvelope is a page of a list of admin v4 and v3. If its pagination is missing, null or
// empty, the list ends.
type tokenEnvelope[T any] struct {
	Items      []T `json:"items"`
	Pagination struct {
		pagination
		HasMore json.RawMessage `json:"has_more,omitzero"` // not documented by the vendor
	} `json:"pagination"`
}

// tokenPages walks a list with page tokens.
func tokenPages[T any](ctx context.Context, c *Client, op string, opts []CallOption, pageToken string, invalid error,
	send func(ctx context.Context, pageToken string) (*http.Response, error), id func(*T) string,
) iter.Seq2[*sdk.Page[T], error] {
	if err := invalidArg(op, c.check()); err != nil {
		return paging.List[T]{Options: opts, Invalid: err}.Pages(ctx)
	}
	decode := func(b []byte, page *sdk.Page[T]) error {
		response := tokenEnvelope[T]{Items: paging.Room[T](len(b), usualPage)}
		err := decodeItems(c, b, "items", &response, &response.Pagination, &response.Items)
		page.Items, page.NextToken = markRead(response.Items), response.Pagination.NextPageToken
		if err == nil && page.NextToken == "" && string(response.Pagination.HasMore) == "true" {
			err = errors.New("it says that there are more items, and has no next_page_token")
		}
		return err
	}
	return paging.List[T]{
		Client: c.core, Operation: op, Options: opts, PageToken: pageToken, Invalid: invalid,
		Send: send, Decode: decode, ID: id,
	}.Pages(ctx)
}

// singlePageEnvelope is a list of v2 and v3 with one response.
type singlePageEnvelope[T any] struct {
	Data       []T      `json:"data"`
	Pagination pageInfo `json:"pagination"`
}

// singlePage walks a list with one response. If the server reports more items than it sent, a
// [*TruncatedError] follows the page.
func singlePage[T any](
	ctx context.Context, c *Client, op string, opts []CallOption, invalid error, send core.Send,
) iter.Seq2[*sdk.Page[T], error] {
	if err := invalidArg(op, c.check()); err != nil {
		return paging.List[T]{Options: opts, Invalid: err}.Pages(ctx)
	}
	decode := func(b []byte, page *sdk.Page[T]) error {
		response := singlePageEnvelope[T]{Data: paging.Room[T](len(b), usualPage)}
		err := decodeItems(c, b, "data", &response, &response.Pagination, &response.Data)
		page.Items = markRead(response.Data)
		info := response.Pagination
		page.Total, page.Limit, page.Offset = info.Total.Int(), info.Limit.Int(), info.Offset.Int()
		return err
	}
	list := paging.List[T]{
		Client: c.core, Operation: op, Options: opts, Invalid: invalid,
		Send:   func(ctx context.Context, _ string) (*http.Response, error) { return send(ctx) },
		Decode: decode,
	}
	return func(yield func(*sdk.Page[T], error) bool) {
		for page, err := range list.Pages(ctx) {
			if !yield(page, err) || err != nil {
				return
			}
			if page.Offset > 0 || len(page.Items) < page.Total { // the client never requests an offset
				truncated := &TruncatedError{len(page.Items), page.Total, page.Limit, page.Offset}
				yield(nil, newError(&core.Failure{Operation: op, Err: truncated}))
				return
			}
		}
	}
}

// markRead marks the items that have secret stores, and returns items.
func markRead[T any](items []T) []T {
	for i := range items {
		if item, ok := any(&items[i]).(interface{ markRead() }); ok {
			item.markRead()
		}
	}
	return items
}

// decodeItems decodes a page whose items are in the member key. If a member of an item has an
// unexpected type, only that member is left out. A document without the member key is an error. The
// member may be null.
func decodeItems[T any](c *Client, b []byte, key string, response, pagination any, items *[]T) error {
	err := c.core.Decode(b, response)
	odd := core.OddType(err)
	if err != nil && (!odd || c.core.Strict()) {
		return err
	}
	strange := odd || suspicious(*items)
	if !strange && len(*items) > 0 {
		return nil
	}
	if odd && !bytes.HasPrefix(bytes.TrimSpace(b), []byte{'{'}) {
		return err
	}
	list, position := core.Member(b, key), core.Member(b, "pagination")
	if list == nil {
		return fmt.Errorf("it has no %s", key)
	}
	// A pagination that can't be decoded is an error. Otherwise the walk would end early, and
	// Ensure would create a duplicate.
	if odd && position != nil && json.Unmarshal(position, pagination) != nil {
		return err
	}
	if strange {
		return eachItem(list, items, err)
	}
	return nil
}

// suspicious reports whether an item has no content, and was possibly null.
func suspicious[T any](items []T) bool {
	return slices.ContainsFunc(items, func(item T) bool { return reflect.ValueOf(item).IsZero() })
}

// eachItem decodes a list item by item, in the memory of items, and leaves out members that can't
// be decoded. An item that is not an object is an error. odd is the error of decoding the whole
// list, nil if it succeeded.
func eachItem[T any](list []byte, items *[]T, odd error) error {
	if list[0] != '[' && string(list) != "null" {
		return odd
	}
	decoded := (*items)[:0]
	for raw := range core.Elements(list) {
		if raw[0] != '{' {
			return fmt.Errorf("item %d of the list is not an object", len(decoded))
		}
		if odd == nil && len(decoded) < len(*items) {
			decoded = (*items)[:len(decoded)+1]
			continue
		}
		var none T
		decoded = append(decoded, none)
		_ = core.UnmarshalLenient(raw, &decoded[len(decoded)-1])
	}
	*items = decoded
	return nil
}
