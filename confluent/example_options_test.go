package confluent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/ratelimit"
)

func ExampleWithMeta() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	srv.Inject(confluenttest.Fault{Operation: "getPimV2Integration", Status: 503,
		Header: http.Header{"Retry-After": {"0"}}})

	var meta sdk.Meta
	if _, err := c.Integrations.Get(ctx, "env-1", "cspi-00001", confluent.WithMeta(&meta)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(meta.StatusCode, meta.RequestID, meta.Attempts)

	// Output:
	// 200 req-000002 2
}

// The raw body has members that this release has no fields for.
func ExampleWithRawBody() {
	c, srv := exampleClient()
	defer srv.Close()
	srv.Add("env-1", map[string]string{"display_name": "vault", "provider": "azure", "region": "westeurope"})

	var raw []byte
	if _, err := c.Integrations.Get(ctx, "env-1", "cspi-00001", confluent.WithRawBody(&raw)); err != nil {
		log.Fatal(err)
	}
	var more struct{ Region string }
	if err := json.Unmarshal(raw, &more); err != nil {
		log.Fatal(err)
	}
	fmt.Println(more.Region)

	// Output:
	// westeurope
}

func ExampleWithPrefetch() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "a", "b", "c", "d")

	filter := &confluent.ListOptions{PageSize: 2}
	for integration, err := range c.Integrations.List(ctx, "env-1", filter, confluent.WithPrefetch()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(integration.DisplayName, " ") // the client fetches the second page meanwhile
	}

	// Output:
	// a b c d
}

// A caller that knows that no other program creates integrations here accepts the risk of a second
// draft.
func ExampleWithIdempotent() {
	c, srv := exampleClient()
	defer srv.Close()
	create := confluent.IntegrationCreate{DisplayName: "vault", Provider: confluent.ProviderAzure,
		Environment: confluent.Reference{ID: "env-1"}}

	srv.Inject(confluenttest.Fault{Operation: "createPimV2Integration", Status: 500})
	_, err := c.Integrations.Create(ctx, create)
	fmt.Println(errors.Is(err, confluent.ErrOutcomeUnknown))

	srv.Inject(confluenttest.Fault{Operation: "createPimV2Integration", Status: 500})
	_, err = c.Integrations.Create(ctx, create, confluent.WithIdempotent())
	fmt.Println(err)

	// Output:
	// true
	// <nil>
}

// Clients with one credential share one limit. The limiter reads the rate of requests from response
// headers. Confluent also limits the number of concurrent requests, but sends no header for it. The
// program sets this number.
func ExampleWithLimiter() {
	srv := confluenttest.Start(confluenttest.WithRateLimit(5, time.Second))
	defer srv.Close()
	addExamples(srv, "vault")

	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxInFlight(10))
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret),
			confluent.WithLimiter(limiter))
		if err != nil {
			log.Fatal(err)
		}
		for range 2 {
			if _, err := c.Integrations.Get(ctx, "env-1", "cspi-00001"); err != nil {
				log.Fatal(err)
			}
		}
	}
	fmt.Println(limiter.Snapshot().Remaining, "of", limiter.Snapshot().Limit)

	// Output:
	// 1 of 5
}

// A middleware sees every attempt, below retries, the rate limit and authentication.
func ExampleWithMiddleware() {
	count := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				fmt.Println(r.Method, r.URL.Path, resp.StatusCode)
			}
			return resp, err
		})
	}
	c, srv := exampleClient(confluent.WithMiddleware(count))
	defer srv.Close()
	addExamples(srv, "vault")

	if err := c.Integrations.Delete(ctx, "env-1", "cspi-00001"); err != nil {
		log.Fatal(err)
	}

	// Output:
	// DELETE /pim/v2/integrations/cspi-00001 204
}

func ExampleWithLogger() {
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "duration" { // vary
				return slog.Attr{}
			}
			return a
		},
	})
	c, srv := exampleClient(confluent.WithLogger(slog.New(handler)))
	defer srv.Close()
	addExamples(srv, "vault")

	if _, err := c.Integrations.Get(ctx, "env-1", "cspi-00001"); err != nil {
		log.Fatal(err)
	}

	// Output:
	// level=DEBUG msg=call vendor=confluent operation=Integrations.Get method=GET path=/pim/v2/integrations/cspi-00001 attempts=1 status=200 request_id=req-000001
}

func ExampleWithRetry() {
	policy := sdk.DefaultRetryPolicy()
	policy.MaxAttempts = 2
	c, srv := exampleClient(confluent.WithRetry(policy))
	defer srv.Close()
	srv.Inject(confluenttest.Fault{Operation: "getPimV2Integration", Status: 503,
		Header: http.Header{"Retry-After": {"0"}}, Times: -1})

	_, err := c.Integrations.Get(ctx, "env-1", "cspi-00001")
	if e, ok := errors.AsType[*confluent.Error](err); ok {
		fmt.Println(e.StatusCode, e.Attempts, errors.Is(err, confluent.ErrUnavailable))
	}

	// Output:
	// 503 2 true
}

func ExampleWithTokenSource() {
	srv := confluenttest.Start()
	defer srv.Close()

	source := sdk.TokenSourceFunc(func(context.Context) (sdk.Token, error) {
		return sdk.Token{Value: srv.IssueToken(15 * time.Minute), Expiry: time.Now().Add(15 * time.Minute)}, nil
	})
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithTokenSource(source))
	if err != nil {
		log.Fatal(err)
	}
	for range c.Integrations.List(ctx, "env-1", nil) {
	}
	fmt.Println(srv.Calls()[0].Status)

	// Output:
	// 200
}

// The client exchanges tokens of an external identity provider when needed. Concurrent calls share
// one exchange.
func ExampleWithSTS() {
	srv := confluenttest.Start()
	defer srv.Close()
	addExamples(srv, "vault")

	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithSTS(confluent.STSConfig{
		IdentityPoolID: "pool_1",
		SubjectToken:   func(context.Context) (string, error) { return "a JWT of the identity provider", nil },
	}))
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		if _, err := c.Integrations.Get(ctx, "env-1", "cspi-00001"); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(srv.CountCalls("exchangeOAuthToken"), srv.CountCalls("getPimV2Integration"))

	// Output:
	// 1 3
}

func ExampleClient_ExchangeToken() {
	c, srv := exampleClient()
	defer srv.Close()

	token, err := c.ExchangeToken(ctx, confluent.STSConfig{
		IdentityPoolID: "pool_1",
		SubjectToken:   func(context.Context) (string, error) { return "a JWT of the identity provider", nil },
		Lifetime:       5 * time.Minute,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(time.Until(token.Expiry).Round(time.Minute))
	fmt.Println(strings.HasPrefix(fmt.Sprint(token), "Token{[redacted]")) // printing it shows no secret

	// Output:
	// 5m0s
	// true
}

func ExampleAWSTrustPolicy() {
	c, srv := exampleClient()
	defer srv.Close()
	integration, err := c.IntegrationsV1.Create(ctx, confluent.IntegrationCreateV1{
		Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{
			Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/s3-reader"}},
	})
	if err != nil {
		log.Fatal(err)
	}

	config := integration.Config.Value.(*confluent.AWSConfig)
	policy, err := confluent.AWSTrustPolicy(config, confluent.TrustPolicyOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(policy))

	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Effect": "Allow",
	//       "Principal": {
	//         "AWS": "arn:aws:iam::000000000000:role/cspi-00001"
	//       },
	//       "Action": "sts:AssumeRole",
	//       "Condition": {
	//         "StringEquals": {
	//           "sts:ExternalId": "5d3e1a2c-0000-4000-8000-000000000001"
	//         }
	//       }
	//     }
	//   ]
	// }
}

func ExampleSetupSteps() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	integration, err := c.Integrations.Get(ctx, "env-1", "cspi-00001")
	if err != nil {
		log.Fatal(err)
	}

	steps, err := confluent.SetupSteps(integration.Config)
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range steps {
		fmt.Println(step.Title)
		fmt.Printf("  %s%q\n", step.URL, step.Argv) // a step has one of them
	}

	// Output:
	// Consent to Confluent's application in the customer's tenant
	//   https://login.microsoftonline.com/6b2b9a4e-0000-4000-8000-000000000001/adminconsent?client_id=0a1b2c3d-0000-4000-8000-00000000c0de[]
	// Make a service principal for Confluent's application
	//   ["az" "ad" "sp" "create" "--id" "0a1b2c3d-0000-4000-8000-00000000c0de"]
}

// Do sends any request with the client's credentials, retries and limits. A URL without a host is
// relative to the base URL.
func ExampleClient_Do() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/pim/v2/integrations/cspi-00001?environment=env-1",
		nil)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var integration confluent.Integration
	if err := json.NewDecoder(resp.Body).Decode(&integration); err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode, integration.DisplayName)

	// Output:
	// 200 vault
}
