package core

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// log writes one record per call: never a header, a query, a body or a credential.
func (c *Client) log(ctx context.Context, cs *call, req *http.Request, r *reply, err error) {
	level := slog.LevelDebug
	if err != nil || !success(r.resp) {
		level = slog.LevelWarn
	}
	if c.cfg.Logger == nil || !c.cfg.Logger.Enabled(ctx, level) {
		return
	}
	attrs := c.attrs(cs, req, r, err)
	c.cfg.Logger.LogAttrs(ctx, level, "call", append(attrs, slog.Duration("duration", time.Since(cs.begin)))...)
}

// logRetry tells why a call is about to be repeated.
func (c *Client) logRetry(ctx context.Context, cs *call, req *http.Request, r *reply, err error, wait time.Duration) {
	if c.cfg.Logger == nil || !c.cfg.Logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := c.attrs(cs, req, r, err)
	c.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "retry", append(attrs, slog.Duration("wait", wait))...)
}

func (c *Client) attrs(cs *call, req *http.Request, r *reply, err error) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("vendor", c.cfg.Vendor),
		slog.String("operation", cs.operation),
		slog.String("method", req.Method),
		slog.String("path", req.URL.EscapedPath()),
		slog.Int("attempts", cs.attempts),
	}
	secrets := c.secrets(cs)
	if r != nil {
		attrs = append(attrs, slog.Int("status", r.resp.StatusCode), slog.String("request_id", string(scrub([]byte(r.resp.Header.Get(c.cfg.RequestIDHeader)), secrets))))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", string(scrub([]byte(err.Error()), secrets))))
	}
	return attrs
}
