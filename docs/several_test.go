package docs_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
)

func Example_severalVendors() {
	middleware := func(next http.RoundTripper) http.RoundTripper { return next }

	confluentServer, credentials := startFake()
	defer confluentServer.Close()
	aponoServer := aponotest.Start()
	defer aponoServer.Close()
	aponoURL, token := aponoServer.URL, aponoServer.Token

	//doc:begin shared-options
	shared := sdk.Options(
		sdk.WithUserAgent("inventory/1.2"),
		sdk.WithMiddleware(middleware),
		sdk.WithRetry(sdk.RetryPolicy{MaxAttempts: 3}),
	)
	c, err := confluent.New(credentials, shared)
	if err != nil {
		log.Fatal(err)
	}
	a, err := apono.New(apono.WithBaseURL(aponoURL), apono.WithToken(token), shared)
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	addIntegrations(confluentServer, 1)
	aponoServer.Inject(aponotest.Fault{Operation: "listIntegrationsV4", Status: http.StatusForbidden, Times: -1})

	//doc:begin one-error
	for integration, err := range c.AllIntegrations(ctx, "env-abc123", nil) {
		switch {
		case errors.Is(err, sdk.ErrUnauthorized): // before ErrForbidden: the 403 for a deleted key is both
			log.Fatal("the credential is not valid: ", err)
		case errors.Is(err, sdk.ErrForbidden):
			log.Fatal("no access to the environment: ", err)
		case err != nil:
			log.Fatal(err)
		}
		fmt.Println(integration.DisplayName)
	}
	_, err = sdk.Collect(a.Integrations.List(ctx, nil, sdk.WithHeader("X-Trace-Id", "42")))
	if e, ok := errors.AsType[*sdk.Error](err); ok { // of any vendor
		fmt.Println(e.Vendor, "answered", e.StatusCode, "to", e.Method, e.Path)
	}
	//doc:end

	fmt.Println(errors.Is(err, confluent.ErrForbidden)) // the same condition as sdk.ErrForbidden

	// Output:
	// warehouse-1
	// apono answered 403 to GET /api/admin/v4/integrations
	// true
}
