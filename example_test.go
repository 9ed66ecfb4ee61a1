package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// Options that all clients of a program share are written once.
func ExampleOptions() {
	shared := sdk.Options(
		sdk.WithUserAgent("inventory/1.2"),
		sdk.WithLogger(slog.New(slog.DiscardHandler)),
		sdk.WithAttemptTimeout(20*time.Second),
	)
	_, err := confluent.New(shared, confluent.WithAPIKey("key", "secret"))
	fmt.Println("confluent:", err)
	_, err = apono.New(shared, apono.WithToken("token"))
	fmt.Println("apono:", err)

	// An option of one vendor is refused by the others.
	_, err = apono.New(shared, confluent.WithAPIKey("key", "secret"))
	fmt.Println(err)
	// Output:
	// confluent: <nil>
	// apono: <nil>
	// apono: New: invalid argument option: confluent.WithAPIKey is for clients of confluent, not of apono
}

// exampleClients returns clients of fake servers. closeAll stops the servers.
func exampleClients(opts ...sdk.Option) (c *confluent.Client, a *apono.Client, closeAll func()) {
	cloud, access := confluenttest.Start(), aponotest.Start()
	shared := sdk.Options(opts...)
	c, err := confluent.New(shared, confluent.WithBaseURL(cloud.URL), confluent.WithAPIKey(cloud.APIKey,
		cloud.APISecret))
	if err != nil {
		log.Fatal(err)
	}
	a, err = apono.New(shared, apono.WithBaseURL(access.URL), apono.WithToken(access.Token))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"orders", "customers"} {
		cloud.Add("env-1", confluent.Integration{DisplayName: name, Provider: confluent.ProviderGCP})
	}
	return c, a, func() {
		cloud.Close()
		access.Close()
	}
}

// One function handles the errors of all vendors.
func ExampleError() {
	c, a, closeAll := exampleClients()
	defer closeAll()
	report := func(err error) {
		if errors.Is(err, sdk.ErrNotFound) {
			fmt.Println("there is no such integration")
		}
		if e, ok := errors.AsType[*sdk.Error](err); ok {
			fmt.Println(e.Vendor, e.Operation, e.StatusCode, "attempts:", e.Attempts)
		}
	}
	_, err := c.Integrations.Get(context.Background(), "env-1", "cspi-none")
	report(err)
	_, err = a.Integrations.Get(context.Background(), "none")
	report(err)
	// Output:
	// there is no such integration
	// confluent Integrations.Get 404 attempts: 1
	// there is no such integration
	// apono Integrations.Get 404 attempts: 1
}

func ExampleCollect() {
	c, _, closeAll := exampleClients()
	defer closeAll()
	integrations, err := sdk.Collect(c.Integrations.List(context.Background(), "env-1", nil))
	if err != nil {
		log.Fatal(err)
	}
	for _, integration := range integrations {
		fmt.Println(integration.DisplayName, integration.Status)
	}
	// Output:
	// orders DRAFT
	// customers DRAFT
}

// WithDebug writes requests and responses without secrets.
func ExampleWithDebug() {
	var out strings.Builder
	_, a, closeAll := exampleClients(sdk.WithDebug(&out))
	defer closeAll()
	_, err := a.Integrations.Get(context.Background(), "none", sdk.WithHeader("X-Trace-Id", "42"))
	fmt.Println(errors.Is(err, sdk.ErrNotFound))
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "> Authorization") || strings.HasPrefix(line, "> X-Trace-Id") {
			fmt.Print(line)
		}
	}
	// Output:
	// true
	// > Authorization: [redacted]
	// > X-Trace-Id: 42
}

// A function of another library that returns tokens becomes a TokenSource. This one has the shape
// of oauth2's.
func ExampleAdaptTokenSource() {
	type Token struct { // like oauth2.Token
		AccessToken string
		Expiry      time.Time
	}
	get := func() (*Token, error) { return &Token{AccessToken: "secret", Expiry: time.Now().Add(time.Hour)}, nil }

	source := sdk.AdaptTokenSource(get, func(t *Token) sdk.Token {
		return sdk.Token{Value: t.AccessToken, Expiry: t.Expiry}
	})
	_, err := apono.New(apono.WithTokenSource(source))
	fmt.Println(err)
	// Output: <nil>
}

// Meta is also filled if the call fails.
func ExampleWithMeta() {
	c, _, closeAll := exampleClients()
	defer closeAll()
	var meta sdk.Meta
	_, err := c.Integrations.Get(context.Background(), "env-1", "cspi-none", sdk.WithMeta(&meta))
	fmt.Println(err != nil, meta.StatusCode, meta.Attempts, meta.RequestID != "")
	// Output: true 404 1 true
}
