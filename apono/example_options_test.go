package apono_test

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
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/ratelimit"
)

// A POST with a lost response is not repeated. Check the object before you send it again.
func ExampleWithIdempotent() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")
	srv.Inject(aponotest.Fault{Operation: "refreshIntegrationV2", Lost: true, Times: 2})

	err := c.IntegrationsV2.Refresh(ctx, "id-of-orders")
	fmt.Println(errors.Is(err, apono.ErrOutcomeUnknown))
	err = c.IntegrationsV2.Refresh(ctx, "id-of-orders", apono.WithIdempotent()) // a second refresh does no harm
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleWithMeta() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	var meta sdk.Meta
	var raw []byte
	_, err := c.Integrations.Get(ctx, "id-of-orders", apono.WithMeta(&meta), apono.WithRawBody(&raw))
	done(err)
	fmt.Println(meta.StatusCode, meta.Attempts, json.Valid(raw))
	// Output:
	// 200 1 true
}

func ExampleWithPrefetch() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "a", "b", "c")

	var names []string
	for integration, err := range c.Integrations.List(ctx, &apono.ListOptions{Limit: 1}, apono.WithPrefetch()) {
		done(err)
		names = append(names, integration.Name)
	}
	fmt.Println(slices.Sorted(slices.Values(names)))
	// Output:
	// [a b c]
}

func ExampleWithTokenSource() {
	srv := aponotest.Start()
	defer srv.Close()
	addExamples(srv, "orders")
	c, err := apono.New(apono.WithBaseURL(srv.URL),
		apono.WithTokenSource(sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
			return sdk.Token{Value: srv.Token, Expiry: time.Now().Add(time.Hour)}, nil // for example from a vault
		})))
	done(err)
	integration, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	fmt.Println(integration.Name)
	// Output:
	// orders
}

func ExampleWithStrict() {
	c, srv := exampleClient(apono.WithStrict())
	defer srv.Close()
	id := srv.AddRaw(json.RawMessage(`{"id":"1","name":"odd"}`), nil)

	_, err := c.Integrations.Get(ctx, id)
	fmt.Println(err != nil)
	// Output:
	// true
}

// Apono documents no rate limit. This one is set by the program.
func ExampleWithLimiter() {
	limiter, err := ratelimit.New(ratelimit.WithRate(100, 10), ratelimit.WithMaxInFlight(4))
	done(err)
	c, srv := exampleClient(apono.WithLimiter(limiter))
	defer srv.Close()
	addExamples(srv, "orders")

	_, err = c.Integrations.Get(ctx, "id-of-orders")
	fmt.Println(err, c.Limiter() == limiter)
	// Output:
	// <nil> true
}

func ExampleWithMiddleware() {
	c, srv := exampleClient(apono.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return transport(func(r *http.Request) (*http.Response, error) {
			fmt.Println(r.Method, r.URL.Path)
			return next.RoundTrip(r)
		})
	}))
	defer srv.Close()
	addExamples(srv, "orders")

	_, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	// Output:
	// GET /api/admin/v4/integrations/id-of-orders
}

// A log record identifies the integration. It has no configuration and no secrets.
func ExampleWithLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout,
		&slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if slices.Contains([]string{"time", "duration", "request_id"}, a.Key) {
				return slog.Attr{}
			}
			return a
		}, Level: slog.LevelDebug}))
	c, srv := exampleClient(apono.WithLogger(logger))
	defer srv.Close()
	addExamples(srv, "orders")

	integration, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	logger.Info("read", "integration", integration)
	// Output:
	// level=DEBUG msg=call vendor=apono operation=Integrations.Get method=GET path=/api/admin/v4/integrations/id-of-orders attempts=1 status=200
	// level=INFO msg=read integration.id=id-of-orders integration.name=orders integration.type=mysql integration.status=ACTIVE
}

func ExampleWithRetry() {
	policy := sdk.DefaultRetryPolicy()
	policy.MinDelay, policy.MaxDelay = time.Millisecond, 10*time.Millisecond
	c, srv := exampleClient(apono.WithRetry(policy))
	defer srv.Close()
	addExamples(srv, "orders")
	srv.Inject(aponotest.Fault{Operation: "updateIntegrationV4", Status: http.StatusServiceUnavailable, Times: 2})

	integration, err := c.Integrations.Get(ctx, "id-of-orders")
	done(err)
	var meta sdk.Meta
	update := apono.UpdateFrom(integration)
	_, err = c.Integrations.Update(ctx, integration.ID, update, apono.WithMeta(&meta)) // a PUT is repeated
	fmt.Println(err, meta.Attempts)
	// Output:
	// <nil> 3
}

func ExampleClient_Do() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/api/admin/v4/integrations/id-of-orders", nil)
	done(err)
	resp, err := c.Do(req)
	done(err)
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"))
	// Output:
	// 200 true
}
