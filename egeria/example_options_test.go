package egeria_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/ratelimit"
)

// An action with a lost response is not repeated. Check the result before you call it again.
func ExampleWithIdempotent() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()
	srv.Inject(egeriatest.Fault{Operation: "refreshConnectors", Lost: true, Times: 2})

	err := daemon.Daemon.Refresh(ctx, "")
	fmt.Println(errors.Is(err, egeria.ErrOutcomeUnknown))
	err = daemon.Daemon.Refresh(ctx, "", egeria.WithIdempotent()) // a second refresh does no harm
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleWithMeta() {
	c, srv := exampleClient()
	defer srv.Close()

	var meta sdk.Meta
	var raw []byte
	_, err := c.Platform.Known(ctx, "daemon", egeria.WithMeta(&meta), egeria.WithRawBody(&raw))
	done(err)
	var envelope egeria.Envelope
	done(json.Unmarshal(raw, &envelope))
	fmt.Println(meta.StatusCode, meta.Attempts, envelope.Class, envelope.RelatedHTTPCode)
	// Output:
	// 200 1 BooleanResponse 200
}

func ExampleWithTokenSource() {
	srv := egeriatest.Start()
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
		// for example from a vault
		return sdk.Token{Value: srv.IssueToken(srv.User, time.Hour), Expiry: time.Now().Add(time.Hour)}, nil
	})))
	done(err)
	servers, err := c.Platform.Servers(ctx)
	done(err)
	fmt.Println(len(servers))
	// Output:
	// 0
}

// An Egeria platform has no rate limit. This one is set by the program.
func ExampleWithLimiter() {
	limiter, err := ratelimit.New(ratelimit.WithRate(100, 10), ratelimit.WithMaxInFlight(4))
	done(err)
	c, srv := exampleClient(egeria.WithLimiter(limiter))
	defer srv.Close()

	_, err = c.Platform.Servers(ctx)
	fmt.Println(err, c.Limiter() == limiter)
	// Output:
	// <nil> true
}

func ExampleWithMiddleware() {
	c, srv := exampleClient(egeria.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			fmt.Println(r.Method, r.URL.Path)
			return next.RoundTrip(r)
		})
	}))
	defer srv.Close()

	_, err := c.Platform.ActiveServers(ctx)
	done(err)
	// Output:
	// GET /open-metadata/platform-services/server-platform/origin
	// POST /api/token
	// GET /open-metadata/platform-services/server-platform/servers/active
}

// A log record identifies the document. It has none of its contents.
func ExampleWithLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout,
		&slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if slices.Contains([]string{"time", "duration", "request_id"}, a.Key) {
				return slog.Attr{}
			}
			return a
		}, Level: slog.LevelDebug}))
	c, srv := exampleClient(egeria.WithDialect(egeria.Dialect6), egeria.WithLogger(logger))
	defer srv.Close()

	document, err := c.Server("daemon").Config.Get(ctx)
	done(err)
	logger.Info("read", "document", document)
	// Output:
	// level=DEBUG msg=call vendor=egeria operation=Login method=POST path=/api/token attempts=1 status=200
	// level=DEBUG msg=call vendor=egeria operation=Config.Get method=GET path=/open-metadata/admin-services/servers/daemon/configuration attempts=1 status=200
	// level=INFO msg=read document=Document{daemon}
}

func ExampleWithRetry() {
	policy := sdk.DefaultRetryPolicy()
	policy.MinDelay, policy.MaxDelay = time.Millisecond, 10*time.Millisecond
	c, srv := exampleClient(egeria.WithRetry(policy))
	defer srv.Close()
	srv.Inject(egeriatest.Fault{Operation: "replaceIntegrationGroups", Status: http.StatusServiceUnavailable, Times: 2})

	var meta sdk.Meta
	// it replaces the list, which can be repeated
	err := c.Server("daemon").IntegrationGroups.Put(ctx, exampleGroup("Default"), egeria.WithMeta(&meta))
	fmt.Println(err, meta.Attempts)
	// Output:
	// <nil> 3
}

func ExampleClient_Do() {
	c, srv := exampleClient()
	defer srv.Close()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		"/open-metadata/platform-services/server-platform/registered-services", nil)
	done(err)
	resp, err := c.Do(req)
	done(err)
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"))
	// Output:
	// 200 true
}
