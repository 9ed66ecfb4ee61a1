package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/redact"
)

// log writes the record of a call. The record has no query, body or secret. Of the header it has
// only the request ID. r may be nil if err is not.
func (c *Client) log(ctx context.Context, cs *call, req *http.Request, r *response, err error) {
	level := slog.LevelDebug
	if !cs.deleted && (err != nil || !success(r.resp) && !notYet(ctx, r.resp.StatusCode)) {
		level = slog.LevelWarn
	}
	if c.cfg.Logger == nil || !c.cfg.Logger.Enabled(ctx, level) {
		return
	}
	attrs := c.attrs(cs, req, r, err)
	c.cfg.Logger.LogAttrs(ctx, level, "call", append(attrs, slog.Duration("duration", time.Since(cs.begin)))...)
}

// logRetry writes the reason why a call is repeated after wait. Either r or err is nil.
func (c *Client) logRetry(
	ctx context.Context, cs *call, req *http.Request, r *response, err error, wait time.Duration,
) {
	if c.cfg.Logger == nil || !c.cfg.Logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := c.attrs(cs, req, r, err)
	c.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "retry", append(attrs, slog.Duration("wait", wait))...)
}

// logCameExpired writes that a new token had already expired.
func (c *Client) logCameExpired(ctx context.Context) {
	if expired := c.cfg.Auth.CameExpired; expired != nil && expired() && c.cfg.Logger != nil {
		c.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "the token source gave a token that has expired by this clock",
			slog.String("vendor", c.cfg.Vendor))
	}
}

// attrs returns the common attributes of all records.
func (c *Client) attrs(cs *call, req *http.Request, r *response, err error) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("vendor", c.cfg.Vendor),
		slog.String("operation", cs.operation),
		slog.String("method", req.Method),
		slog.String("path", c.shownPath(req.URL)),
		slog.Int("attempts", cs.attempts),
	}
	redactor := c.redactor(cs)
	if r != nil {
		id := loggedID(redactor.String(r.resp.Header.Get(c.cfg.RequestIDHeader)), cs.opts.header)
		attrs = append(attrs, slog.Int("status", r.resp.StatusCode), slog.String("request_id", id))
	}
	if err != nil {
		text := redactor.String(loggedError(err, redactor))
		if cs.otherHost(c.cfg.BaseURL) != "" { // The transport repeats its name or its address.
			text = "a redirect led to another host, which gave no usable response"
		}
		attrs = append(attrs, slog.String("error", text))
	}
	return attrs
}

// loggedID returns a request ID for a log. It returns "" for a text that may be something else:
// with characters that IDs don't have, too long, or part of the sent header.
func loggedID(id string, sent http.Header) string {
	const longest = 100
	if len(id) > longest || id != redact.Mark && strings.ContainsFunc(id, func(r rune) bool {
		return !validHeaderName(string(r)) && r != ':' && r != '/' && r != '='
	}) {
		return ""
	}
	for _, values := range sent {
		if id != "" && slices.Contains(values, id) {
			return ""
		}
	}
	return id
}

// quoted is a text between quotation marks.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

// loggedError returns the text of an error for a log: our own text, and that of the transport
// without quoted parts. Of a server's text it has only the status and the code. The secrets are
// replaced before the text is changed or cut, because a part of a secret is not found.
func loggedError(err error, redactor redact.Redactor) string {
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		text := "the response describes a failure: " + strconv.Itoa(refused.Status)
		if refused.Code != "" {
			text += " (code " + oneLine(redactor.String(refused.Code), maxNoteText) + ")"
		}
		return text
	}
	if bad, ok := errors.AsType[*ResponseError](err); ok {
		return bad.Problem
	}
	text := err.Error()
	if auth, ok := errors.AsType[*authError](err); ok { // that call has its own record
		text = "authentication: " + loggedCause(auth.err)
	} else if redirect, ok := errors.AsType[*redirectError](err); ok { // the server has chosen the URL
		text = strings.ReplaceAll(text, redirect.Error(), "redirect: "+redirect.err.Error())
	}
	return oneLine(quoted.ReplaceAllString(redactor.String(text), `"…"`), maxCauseText)
}

// loggedCause returns the text for a log of an error of a call for a credential.
func loggedCause(err error) string {
	valuer, ok := errors.AsType[interface {
		error
		slog.LogValuer
	}](err)
	if !ok {
		return err.Error()
	}
	var text strings.Builder
	for _, a := range valuer.LogValue().Resolve().Group() {
		if a.Key != "message" {
			fmt.Fprintf(&text, " %s=%v", a.Key, a.Value)
		}
	}
	return "the call for a credential failed:" + text.String()
}
