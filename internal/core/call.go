package core

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/ratelimit"
)

// Meta is the metadata of a response. Package sdk declares and documents the same struct.
type Meta struct {
	StatusCode int
	RequestID  string
	Attempts   int
	RateLimit  ratelimit.Window
	Header     http.Header
}

// Once returns a context for a request of the generated client without a typed call. It has the
// effect of [CallOptions.WithOnce].
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// Send sends the request of one operation with a generated client.
type Send func(context.Context) (*http.Response, error)

// Decode decodes a response body into out, which must be empty. A body that would take too much
// memory is an error, and out remains empty. If the client is strict, a missing required member is
// an error. Otherwise numbers and booleans are read in every usual form.
func (c *Client) Decode(b []byte, out any) error {
	if err := CheckMemory(b, out); err != nil {
		return err
	}
	if !c.cfg.Strict {
		return UnmarshalLenient(b, out)
	}
	if err := Unmarshal(b, out); err != nil {
		return err
	}
	return missing(b, out)
}

// CallObject sends a request whose response is an object, and decodes it. A response for which
// object.Check returns an error or no ID is an error, for example {} or an error document with a
// 2xx status.
func CallObject[T any, O ~func(*CallOptions)](
	ctx context.Context, c *Client, operation string, opts []O, object Object[T], send Send,
) (*T, error) {
	out := new(T)
	err := CallDecode(ctx, c, operation, opts, send, func(b []byte) error { return object.decode(c, b, out) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// CallEmpty sends a request whose response has no content. A JSON body is accepted, because some
// servers send {} with a 204, unless Config.IsErrorDocument reports an error document.
func CallEmpty[O ~func(*CallOptions)](ctx context.Context, c *Client, operation string, opts []O, send Send) error {
	return do(ctx, c, operation, opts, send, func(b []byte) error {
		switch {
		case len(bytes.TrimSpace(b)) == 0:
			return nil
		case bytes.HasPrefix(bytes.TrimSpace(b), []byte("<")):
			return errMarkup
		case !json.Valid(b):
			return &ResponseError{Problem: "the response is not JSON"}
		case c.cfg.IsErrorDocument(b):
			return &ResponseError{Problem: "the response is an error document"}
		}
		return nil
	})
}

// CallDecode sends a request and passes the response body to decode. An empty or null body is an
// error. decode must not keep the bytes.
func CallDecode[O ~func(*CallOptions)](
	ctx context.Context, c *Client, operation string, opts []O, send Send, decode func([]byte) error,
) error {
	return do(ctx, c, operation, opts, send, func(b []byte) error {
		switch trimmed := bytes.TrimSpace(b); {
		case len(trimmed) == 0:
			return &ResponseError{Problem: "the response has no body"}
		case string(trimmed) == "null":
			return &ResponseError{Problem: "the response is null"}
		}
		err := decode(b)
		switch {
		case err == nil:
			return nil
		case errors.As(err, new(*RefusedError)):
			return err
		case json.Valid(b):
			return &ResponseError{Problem: "the response is not valid for the operation", Err: inJSON(err)}
		case bytes.HasPrefix(bytes.TrimSpace(b), []byte("<")):
			return errMarkup
		}
		return &ResponseError{Problem: "the response is not JSON", Err: err}
	})
}

// CallText sends a request whose response is a text, and returns it without white space around it.
// check returns an error if the text is not acceptable.
func CallText[O ~func(*CallOptions)](
	ctx context.Context, c *Client, operation string, opts []O, send Send, check func(string) error,
) (text string, err error) {
	err = do(ctx, c, operation, opts, send, func(b []byte) error {
		text = strings.TrimSpace(string(b))
		return check(text)
	})
	return text, err
}

// do makes one typed call. accept gets the body of a 2xx response.
func do[O ~func(*CallOptions)](
	ctx context.Context, c *Client, operation string, opts []O, send Send, accept func([]byte) error,
) error {
	cs := &call{Context: ctx, operation: operation}
	invalid := applyCallOptions(&cs.opts, opts)
	if err := cmp.Or(CheckContext(ctx), invalid); err != nil {
		return c.Refuse(operation, err)
	}
	resp, err := send(cs) //nolint:bodyclose // finish closes it, under its own type
	if err != nil {
		return c.notAnswered(cs, err)
	}
	r, ok := resp.Body.(*response)
	if !ok {
		return c.newError(&Failure{Operation: operation,
			Err: errors.New("the response did not come through Client.Do")})
	}
	return c.finish(cs, r, accept)
}

// notAnswered returns the error of a call without a response, or with a response that could not be
// read.
func (c *Client) notAnswered(cs *call, err error) error {
	for i, m := range cs.opts.meta {
		*m = Meta{Attempts: cs.attempts}
		if cs.last != nil {
			c.setMeta(i, m, cs, cs.last)
		}
	}
	if !cs.entered { // the generated client refused an argument, or could not build the request
		return c.Refuse(cs.operation, err)
	}
	return err // the error of Client.Do
}

// finish stores the results that the options request, and decodes and closes the response.
func (c *Client) finish(cs *call, r *response, accept func([]byte) error) error {
	defer r.Close()
	req, ok := r.resp.Request, success(r.resp)
	if len(cs.opts.meta) > 0 {
		hideInHeader(r.resp.Header, c.redactor(cs))
	}
	for i, m := range cs.opts.meta {
		c.setMeta(i, m, cs, r.resp)
	}
	if cs.opts.raw != nil {
		cs.opts.storeBody(slices.Clone(r.b))
	}
	var err error
	switch {
	case ok && cs.opts.ownHost && r.host != "":
		err = &ResponseError{Problem: "only a response of the configured host may decide about a change"}
	case ok:
		if err = accept(r.b); err != nil {
			refused, _ := errors.AsType[*RefusedError](err)
			cs.noteUnusable(cs.opts.isIdempotent(req.Method), refused)
		}
	}
	if ok && err == nil {
		c.log(cs.Context, cs, req, r, nil)
		return nil
	}
	f := c.failure(cs, req, r, err)
	var result error
	if cs.maybeDone && f.Method == http.MethodDelete {
		result = c.lostDelete(cs, f)
	} else {
		result = c.newError(f)
	}
	cs.deleted = result == nil
	c.log(cs.Context, cs, req, r, err)
	return result
}

// lostDelete returns the error of a DELETE that failed with f after an attempt that the server may
// have carried out. It returns nil if that attempt deleted the object.
func (c *Client) lostDelete(cs *call, f *Failure) error {
	gone := c.gone(f)
	switch {
	case gone && (c.cfg.Gone != nil || !c.FromGateway(f.Body)):
		return nil
	case !gone && f.StatusCode != http.StatusForbidden:
		return c.newError(f)
	}
	if cs.opts.isGone == nil {
		f.OutcomeUnknown = true
		return c.newError(f)
	}
	gone, err := cs.opts.isGone()
	if err != nil {
		f.OutcomeUnknown = true
		return Join(c.newError(f), err)
	}
	if gone {
		return nil
	}
	return c.newError(f)
}

// setMeta sets m, number i of those that the caller wants, to the metadata of resp. Only the first
// has the header of resp itself.
func (c *Client) setMeta(i int, m *Meta, cs *call, resp *http.Response) {
	header := resp.Header
	if i > 0 {
		header = header.Clone()
	}
	*m = Meta{
		StatusCode: resp.StatusCode,
		RequestID:  resp.Header.Get(c.cfg.RequestIDHeader),
		Attempts:   cs.attempts,
		RateLimit:  c.cfg.Headers.Parse(resp.Header, time.Now()),
		Header:     header,
	}
}

// FromGateway reports whether the body of an error is not from the vendor: it is empty, a page, or
// JSON of another form. It may then come from a gateway, whose 404 says nothing about an object.
func (c *Client) FromGateway(body []byte) bool {
	return !json.Valid(body) || c.cfg.OwnError != nil && !c.cfg.OwnError(body)
}

// gone reports whether the failure of a DELETE means that the object does not exist.
func (c *Client) gone(f *Failure) bool {
	if c.cfg.Gone != nil {
		return c.cfg.Gone(f)
	}
	return f.StatusCode == http.StatusNotFound || f.StatusCode == http.StatusGone
}
