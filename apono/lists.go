package apono

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"slices"

	"github.com/integrations-go/sdk/apono/api"
	"github.com/integrations-go/sdk/internal/core"
)

// TruncatedError says that a list holds less than there is, and that the API offers no way to the rest.
type TruncatedError struct {
	Info  PageInfo
	Items int // that came
}

// Error tells how much is missing.
func (e *TruncatedError) Error() string {
	return fmt.Sprintf("the list is truncated: %d of %d items came, from offset %d, and no parameter is known that asks for the others", e.Items, e.Info.Total, e.Info.Offset)
}

// usualPage is the server's default.
const usualPage = 100

// tokenReply is a list of admin v4 and v3. Its pagination may be missing, null or empty: then the list ends.
type tokenReply[T any] struct {
	Items      []T            `json:"items"`
	Pagination api.Pagination `json:"pagination"`
}

// tokenPages walks a list that is continued with a token.
func tokenPages[T any](ctx context.Context, c *Client, op string, opts []CallOption, start string, refused error,
	send func(ctx context.Context, token string) (*http.Response, error),
) iter.Seq2[*Page[T], error] {
	return core.Pages(ctx, c.core, op, opts, start, refused, send, func(b []byte, page *core.Page[T]) error {
		reply := tokenReply[T]{Items: core.Items[T](len(b), usualPage)}
		err := decodeItems(c, b, "items", &reply, &reply.Pagination, &reply.Items)
		page.Items, page.Next = reply.Items, reply.Pagination.NextPageToken
		return err
	}, func(p *core.Page[T]) *Page[T] { return &Page[T]{Items: p.Items, NextToken: p.Next, Meta: Meta(p.Meta)} })
}

// wholeReply is a list of v2 and v3, which comes in one piece.
type wholeReply[T any] struct {
	Data       []T          `json:"data"`
	Pagination api.PageInfo `json:"pagination"`
}

// whole reads a list that comes in one piece. If it tells of more than it holds, a [*TruncatedError] comes behind it.
func whole[T any](ctx context.Context, c *Client, op string, opts []CallOption, refused error, send core.Send) iter.Seq2[*Page[T], error] {
	list := core.Pages(ctx, c.core, op, opts, "", refused, func(ctx context.Context, _ string) (*http.Response, error) { return send(ctx) },
		func(b []byte, page *core.Page[T]) error {
			reply := wholeReply[T]{Data: core.Items[T](len(b), usualPage)}
			err := decodeItems(c, b, "data", &reply, &reply.Pagination, &reply.Data)
			page.Items, page.Extra = reply.Data, PageInfo(reply.Pagination)
			return err
		}, func(p *core.Page[T]) *Page[T] {
			info, _ := p.Extra.(PageInfo)
			return &Page[T]{Items: p.Items, Info: &info, Meta: Meta(p.Meta)}
		})
	return func(yield func(*Page[T], error) bool) {
		for page, err := range list {
			if !yield(page, err) || err != nil {
				return
			}
			if page.Info.Offset > 0 || len(page.Items) < page.Info.Total { // nobody has asked for an offset
				yield(nil, newError(&core.Failure{Operation: op, Err: &TruncatedError{*page.Info, len(page.Items)}}))
				return
			}
		}
	}
}

// decodeItems decodes a page whose items are the member key. Where a member of some item has a type that it should not have, that item
// alone suffers. A document without the member is no list; the member may be null.
func decodeItems[T any](c *Client, b []byte, key string, reply, pagination any, items *[]T) error {
	err := c.core.Decode(b, reply)
	odd := oddType(err)
	if err != nil && (!odd || c.core.Strict()) {
		return err
	}
	strange := odd || suspicious(*items)
	if !strange && len(*items) > 0 {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(b, &members) != nil {
		return err
	}
	if members[key] == nil {
		return fmt.Errorf("it has no %s", key)
	}
	// What tells where the list goes on must be right: the walk would end early, and Ensure create what is there.
	if odd && members["pagination"] != nil && json.Unmarshal(members["pagination"], pagination) != nil {
		return err
	}
	if strange {
		return eachItem(members[key], items)
	}
	return nil
}

func oddType(err error) bool { return errors.As(err, new(*json.UnmarshalTypeError)) }

// suspicious finds an item without any content, which may have been null.
func suspicious[T any](items []T) bool {
	return slices.ContainsFunc(items, func(item T) bool { return reflect.ValueOf(item).IsZero() })
}

// eachItem decodes a list item by item, and leaves out of each what does not fit. What is no object can't be an item with something left out.
func eachItem[T any](list []byte, items *[]T) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(list, &raw); err != nil {
		return err
	}
	*items = make([]T, len(raw))
	for i, item := range raw {
		if item[0] != '{' {
			return fmt.Errorf("item %d of the list is no object", i)
		}
		_ = json.Unmarshal(item, &(*items)[i])
	}
	return nil
}
