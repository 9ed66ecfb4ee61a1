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

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/api"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/ratelimit"
)

var ctx = context.Background()

// exampleClient is a client of a server inside the program, as in the package example.
func exampleClient(opts ...confluent.Option) (*confluent.Client, *confluenttest.Server) {
	srv := confluenttest.Start()
	c, err := confluent.New(append([]confluent.Option{
		confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret),
	}, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	return c, srv
}

// addExamples puts integrations on the server.
func addExamples(srv *confluenttest.Server, names ...string) {
	for _, name := range names {
		srv.Add("env-1", confluent.Integration{
			DisplayName: name,
			Config:      confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"}},
		})
	}
}

// The life of an integration with Google Cloud, from the draft to the end.
func Example() {
	srv := confluenttest.Start() // instead of Confluent Cloud
	defer srv.Close()
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	in, err := c.Integrations.Provision(ctx, confluent.IntegrationCreate{
		DisplayName: "warehouse",
		Environment: confluent.Reference{ID: "env-1"},
		Config:      confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.ID, in.Status)

	steps, err := confluent.SetupSteps(in.Config)
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range steps {
		fmt.Println("to do:", step.Title)
	}

	err = c.Integrations.WaitValid(ctx, confluent.IntegrationValidate{ID: in.ID, Environment: in.Environment}, confluent.WaitOptions{})
	fmt.Println("valid:", err == nil)

	for in, err := range c.Integrations.List(ctx, "env-1", nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("listed:", in.DisplayName)
	}

	err = c.Integrations.Delete(ctx, "env-1", in.ID)
	fmt.Println("deleted:", err == nil)

	// Output:
	// cspi-00001 CREATED
	// to do: Let Confluent's service account act as the customer's
	// valid: true
	// listed: warehouse
	// deleted: true
}

func ExampleNew() {
	c, err := confluent.New(
		confluent.WithAPIKey("ABCDEFGHIJKLMNOP", "secret-of-the-cloud-api-key"),
		confluent.WithUserAgent("my-app/1.2 (https://example.com; ops@example.com)"),
		confluent.WithAttemptTimeout(20*time.Second),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseIdleConnections()

	// What makes no sense is refused here, before anything is sent.
	_, err = confluent.New(confluent.WithAPIKey("ABCDEFGHIJKLMNOP", ""))
	fmt.Println(err)

	// Output:
	// confluent: New: invalid argument API secret: is empty
}

func ExampleFromEnv() {
	srv := confluenttest.Start()
	defer srv.Close()
	os.Setenv("CONFLUENT_CLOUD_API_KEY", srv.APIKey)
	os.Setenv("CONFLUENT_CLOUD_API_SECRET", srv.APISecret)
	os.Setenv("CONFLUENT_CLOUD_ENDPOINT", srv.URL) // Confluent Cloud itself where it is not set

	c, err := confluent.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Integrations.Get(ctx, "env-1", "cspi-00001")
	fmt.Println(errors.Is(err, confluent.ErrNotFound))

	// Output:
	// true
}

func ExampleIntegrationsService_Get() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")

	in, err := c.Integrations.Get(ctx, "env-1", "cspi-00001")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.DisplayName, in.Status, in.Provider.Is(confluent.ProviderAzure))

	// Output:
	// vault CREATED true
}

func ExampleIntegrationsService_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault", "lake", "warehouse")

	for in, err := range c.Integrations.List(ctx, "env-1", &confluent.ListOptions{Status: confluent.StatusCreated}) {
		if err != nil {
			log.Fatal(err) // the walk has ended
		}
		fmt.Println(in.ID, in.DisplayName)
	}

	// Output:
	// cspi-00001 vault
	// cspi-00002 lake
	// cspi-00003 warehouse
}

// A page's NextToken resumes the list behind it, also in another program.
func ExampleIntegrationsService_Pages() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "a", "b", "c", "d", "e")

	options := &confluent.ListOptions{PageSize: 2}
	for page, err := range c.Integrations.Pages(ctx, "env-1", options) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Items), "of", page.Total)
		options.PageToken = page.NextToken
		break
	}
	for page, err := range c.Integrations.Pages(ctx, "env-1", options) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(page.Items[0].DisplayName, page.NextToken != "")
	}

	// Output:
	// 2 of 5
	// c true
	// e false
}

// The reply to a create names Confluent's side. The customer's side follows with an update.
func ExampleIntegrationsService_Create() {
	c, srv := exampleClient()
	defer srv.Close()

	draft, err := c.Integrations.Create(ctx, confluent.IntegrationCreate{
		DisplayName: "warehouse", Provider: confluent.ProviderGCP, Environment: confluent.Reference{ID: "env-1"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(draft.Status, draft.Config.Value.(*confluent.GCPConfig).GoogleServiceAccount)

	in, err := c.Integrations.Update(ctx, draft.ID, confluent.IntegrationUpdate{
		Environment: draft.Environment,
		Config:      confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.Status)

	// Output:
	// DRAFT cspi-00001@cflt-cspi-1.iam.gserviceaccount.com
	// CREATED
}

// Only a DRAFT can be updated.
func ExampleIntegrationsService_Update() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault") // is CREATED

	_, err := c.Integrations.Update(ctx, "cspi-00001", confluent.IntegrationUpdate{
		Environment: confluent.Reference{ID: "env-1"},
		Config:      confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000002"}},
	})
	if e, ok := errors.AsType[*confluent.Error](err); ok {
		fmt.Println(e.Detail)
	}

	// Output:
	// Integration "cspi-00001" can't be updated: only a DRAFT can
}

func ExampleIntegrationsService_Delete() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	srv.SetUsages("cspi-00001", "crn://confluent.cloud/connector=sink")

	err := c.Integrations.Delete(ctx, "env-1", "cspi-00001")
	fmt.Println("in use:", err != nil)
	srv.SetUsages("cspi-00001")
	err = c.Integrations.Delete(ctx, "env-1", "cspi-00001")
	fmt.Println("unused:", err)

	// Output:
	// in use: true
	// unused: <nil>
}

func ExampleIntegrationsService_Validate() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	srv.FailValidation("cspi-00001", 1, "Azure setup required")

	check := confluent.IntegrationValidate{ID: "cspi-00001", Environment: confluent.Reference{ID: "env-1"}}
	err := c.Integrations.Validate(ctx, check)
	if e, ok := errors.AsType[*confluent.Error](err); ok {
		fmt.Println(e.StatusCode, e.Detail)
	}
	fmt.Println(c.Integrations.Validate(ctx, check))

	// Output:
	// 400 Azure setup required
	// <nil>
}

func ExampleIntegrationsService_FindByDisplayName() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault", "vault-2", "lake", "lake")

	in, err := c.Integrations.FindByDisplayName(ctx, "env-1", "vault") // not vault-2
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.ID)

	_, err = c.Integrations.FindByDisplayName(ctx, "env-1", "lake")
	if ambiguous, ok := errors.AsType[*confluent.AmbiguousError](err); ok {
		fmt.Println(ambiguous)
	}
	_, err = c.Integrations.FindByDisplayName(ctx, "env-1", "warehouse")
	fmt.Println(errors.Is(err, confluent.ErrNotFound))

	// Output:
	// cspi-00001
	// 2 integrations are named "lake": cspi-00003, cspi-00004
	// true
}

// A configuration that the server refuses leaves no draft behind.
func ExampleIntegrationsService_Provision() {
	c, srv := exampleClient()
	defer srv.Close()

	_, err := c.Integrations.Provision(ctx, confluent.IntegrationCreate{
		DisplayName: "vault", Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: "no tenant"}},
	})
	fmt.Println(errors.Is(err, confluent.ErrInvalid), len(srv.Integrations("env-1")))

	in, err := c.Integrations.Provision(ctx, confluent.IntegrationCreate{
		DisplayName: "vault", Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.Status)

	// Output:
	// true 0
	// CREATED
}

// Grants at the cloud provider take time to be seen.
func ExampleIntegrationsService_WaitValid() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	srv.FailValidation("cspi-00001", 3, "") // as if the grants took a while

	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	err := c.Integrations.WaitValid(ctx,
		confluent.IntegrationValidate{ID: "cspi-00001", Environment: confluent.Reference{ID: "env-1"}},
		confluent.WaitOptions{Interval: 5 * time.Millisecond}) // 2 s by default
	fmt.Println(err, srv.CountCalls("validatePimV2Integration"))

	// Output:
	// <nil> 4
}

// However often it runs, there is one integration.
func ExampleIntegrationsService_Ensure() {
	c, srv := exampleClient()
	defer srv.Close()

	want := confluent.IntegrationCreate{
		DisplayName: "vault", Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"}},
	}
	for range 2 {
		result, err := c.Integrations.Ensure(ctx, want)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Action, result.Integration.ID)
	}

	want.Config = confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000002"}}
	result, err := c.Integrations.Ensure(ctx, want)
	fmt.Println(errors.Is(err, confluent.ErrConflict), result.Action, result.Differences)

	// Output:
	// created cspi-00001
	// unchanged cspi-00001
	// true conflicting [Config.customer_azure_tenant_id]
}

func ExampleIntegrationsV1Service_Create() {
	c, srv := exampleClient()
	defer srv.Close()

	in, err := c.IntegrationsV1.Create(ctx, confluent.IntegrationCreateV1{
		DisplayName: "s3", Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/s3-reader"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	aws := in.Config.Value.(*confluent.AWSConfig)
	fmt.Println(aws.IAMRoleARN)
	fmt.Println(aws.ExternalID)

	// Output:
	// arn:aws:iam::000000000000:role/cspi-00001
	// 5d3e1a2c-0000-4000-8000-000000000001
}

func ExampleIntegrationsV1Service_Get() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")

	in, err := c.IntegrationsV1.Get(ctx, "env-1", "cspi-00001") // v1 shows the integrations of all clouds
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.DisplayName, in.Config.Kind())

	// Output:
	// vault AzureIntegrationConfig
}

func ExampleIntegrationsV1Service_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault", "lake")

	for in, err := range c.IntegrationsV1.List(ctx, "env-1", &confluent.ListOptions{Provider: confluent.ProviderAzure}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(in.DisplayName)
	}

	// Output:
	// vault
	// lake
}

func ExampleIntegrationsV1Service_Pages() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "a", "b", "c")

	for page, err := range c.IntegrationsV1.Pages(ctx, "env-1", &confluent.ListOptions{PageSize: 2}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Items), page.Meta.StatusCode)
	}

	// Output:
	// 2 200
	// 1 200
}

func ExampleIntegrationsV1Service_FindByDisplayName() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault", "lake")

	in, err := c.IntegrationsV1.FindByDisplayName(ctx, "env-1", "lake")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.ID)

	// Output:
	// cspi-00002
}

func ExampleIntegrationsV1Service_Ensure() {
	c, srv := exampleClient()
	defer srv.Close()

	for range 2 {
		result, err := c.IntegrationsV1.Ensure(ctx, confluent.IntegrationCreateV1{
			DisplayName: "s3", Environment: confluent.Reference{ID: "env-1"},
			Config: confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/s3-reader"}},
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Action, result.Integration.ID)
	}

	// Output:
	// created cspi-00001
	// unchanged cspi-00001
}

func ExampleIntegrationsV1Service_Delete() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")

	fmt.Println(c.IntegrationsV1.Delete(ctx, "env-1", "cspi-00001"))
	err := c.IntegrationsV1.Delete(ctx, "env-1", "cspi-00001")
	fmt.Println(errors.Is(err, confluent.ErrNotFound))

	// Output:
	// <nil>
	// true
}

// A configuration is one of several kinds. What this release does not know is kept as it came.
func ExampleConfig() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	srv.Add("env-1", map[string]any{"display_name": "new", "config": map[string]string{"kind": "OracleIntegrationConfig", "tenancy": "t1"}})

	for in, err := range c.Integrations.List(ctx, "env-1", nil) {
		if err != nil {
			log.Fatal(err)
		}
		switch cfg := in.Config.Value.(type) {
		case *confluent.AWSConfig:
			fmt.Println("AWS:", cfg.CustomerIAMRoleARN)
		case *confluent.AzureConfig:
			fmt.Println("Azure:", cfg.CustomerAzureTenantID)
		case *confluent.GCPConfig:
			fmt.Println("Google Cloud:", cfg.CustomerGoogleServiceAccount)
		case *confluent.UnknownConfig:
			fmt.Println("unknown:", cfg.Kind, string(cfg.Raw))
		case nil:
			fmt.Println("none")
		}
	}

	// Output:
	// Azure: 6b2b9a4e-0000-4000-8000-000000000001
	// unknown: OracleIntegrationConfig {"kind":"OracleIntegrationConfig","tenancy":"t1"}
}

func ExampleError() {
	c, srv := exampleClient()
	defer srv.Close()

	_, err := c.Integrations.Get(ctx, "env-1", "cspi-00042")
	switch {
	case errors.Is(err, confluent.ErrNotFound), errors.Is(err, confluent.ErrForbidden):
		fmt.Println("not there, or not ours to see")
	case errors.Is(err, confluent.ErrRateLimited), errors.Is(err, confluent.ErrUnavailable):
		fmt.Println("later perhaps")
	}
	var e *confluent.Error
	if errors.As(err, &e) {
		fmt.Println(e.StatusCode, e.Detail)
		fmt.Println("for the support:", e.RequestID)
	}

	_, err = c.Integrations.Get(ctx, "env-1", "")
	if errors.As(err, &e) {
		fmt.Println("never sent:", e.Argument, errors.Is(err, confluent.ErrInvalid))
	}

	// Output:
	// not there, or not ours to see
	// 404 Integration "cspi-00042" was not found
	// for the support: req-000001
	// never sent: id true
}

func ExampleWithMeta() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	srv.Inject(confluenttest.Fault{Operation: "getPimV2Integration", Status: 503, Header: http.Header{"Retry-After": {"0"}}})

	var meta confluent.Meta
	if _, err := c.Integrations.Get(ctx, "env-1", "cspi-00001", confluent.WithMeta(&meta)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(meta.StatusCode, meta.RequestID, meta.Attempts)

	// Output:
	// 200 req-000002 2
}

// The raw body has what this release has no fields for.
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

	for in, err := range c.Integrations.List(ctx, "env-1", &confluent.ListOptions{PageSize: 2}, confluent.WithPrefetch()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(in.DisplayName, " ") // the second page is on its way meanwhile
	}

	// Output:
	// a b c d
}

// A caller that knows that no other one creates integrations here may take the risk of a second draft.
func ExampleWithIdempotent() {
	c, srv := exampleClient()
	defer srv.Close()
	create := confluent.IntegrationCreate{DisplayName: "vault", Provider: confluent.ProviderAzure, Environment: confluent.Reference{ID: "env-1"}}

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

// Clients with one credential share one limit. It learns the rate of requests from the headers of the replies; the number of concurrent
// ones, which Confluent limits too, stands in no header, so the program names it.
func ExampleWithLimiter() {
	srv := confluenttest.Start(confluenttest.WithRateLimit(5, time.Second))
	defer srv.Close()
	addExamples(srv, "vault")

	limiter, err := ratelimit.New(ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithMaxInFlight(10))
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret), confluent.WithLimiter(limiter))
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

// A middleware sees every attempt, below retries, rate limit and authentication.
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
			if a.Key == slog.TimeKey || a.Key == "duration" { // differ each time
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
	policy := confluent.DefaultRetryPolicy()
	policy.MaxAttempts = 2
	c, srv := exampleClient(confluent.WithRetry(policy))
	defer srv.Close()
	srv.Inject(confluenttest.Fault{Operation: "getPimV2Integration", Status: 503, Header: http.Header{"Retry-After": {"0"}}, Times: -1})

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

	source := confluent.TokenSourceFunc(func(context.Context) (confluent.Token, error) {
		return confluent.Token{Value: srv.IssueToken(15 * time.Minute), Expiry: time.Now().Add(15 * time.Minute)}, nil
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

// The tokens of an external identity provider are exchanged when needed, for many calls at a time.
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
	fmt.Println(strings.HasPrefix(fmt.Sprint(token), "Token{[redacted]")) // printing it shows nothing

	// Output:
	// 5m0s
	// true
}

func ExampleAWSTrustPolicy() {
	c, srv := exampleClient()
	defer srv.Close()
	in, err := c.IntegrationsV1.Create(ctx, confluent.IntegrationCreateV1{
		Environment: confluent.Reference{ID: "env-1"},
		Config:      confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/s3-reader"}},
	})
	if err != nil {
		log.Fatal(err)
	}

	policy, err := confluent.AWSTrustPolicy(in.Config.Value.(*confluent.AWSConfig), confluent.TrustPolicyOptions{})
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
	in, err := c.Integrations.Get(ctx, "env-1", "cspi-00001")
	if err != nil {
		log.Fatal(err)
	}

	steps, err := confluent.SetupSteps(in.Config)
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range steps {
		fmt.Println(step.Title)
		fmt.Printf("  %s%q\n", step.URL, step.Argv) // one or the other
	}

	// Output:
	// Consent to Confluent's application in the customer's tenant
	//   https://login.microsoftonline.com/6b2b9a4e-0000-4000-8000-000000000001/adminconsent?client_id=0a1b2c3d-0000-4000-8000-00000000c0de[]
	// Make a service principal for Confluent's application
	//   ["az" "ad" "sp" "create" "--id" "0a1b2c3d-0000-4000-8000-00000000c0de"]
}

// The generated client has every operation just as the specification has it.
func ExampleClient_API() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")

	resp, err := c.API().GetIntegration(ctx, "cspi-00001", &api.GetIntegrationParams{Environment: "env-1"})
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var in api.Integration
	if err := json.NewDecoder(resp.Body).Decode(&in); err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode, in.DisplayName)

	// Output:
	// 200 vault
}
