package confluent_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

var ctx = context.Background()

// exampleClient returns a client of a fake server, as in the package example.
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

// addExamples adds integrations to the server.
func addExamples(srv *confluenttest.Server, names ...string) {
	for _, name := range names {
		srv.Add("env-1", confluent.Integration{
			DisplayName: name,
			Config: confluent.Config{
				Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"}},
		})
	}
}

// The life cycle of an integration with Google Cloud, from draft to deletion.
func Example() {
	srv := confluenttest.Start() // in place of Confluent Cloud
	defer srv.Close()
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	integration, err := c.Integrations.Provision(ctx, confluent.IntegrationCreate{
		DisplayName: "warehouse",
		Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{
			Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.ID, integration.Status)

	steps, err := confluent.SetupSteps(integration.Config)
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range steps {
		fmt.Println("to do:", step.Title)
	}

	validate := confluent.IntegrationValidate{ID: integration.ID, Environment: integration.Environment}
	err = c.Integrations.WaitValid(ctx, validate, sdk.WaitOptions{})
	fmt.Println("valid:", err == nil)

	for integration, err := range c.Integrations.List(ctx, "env-1", nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("listed:", integration.DisplayName)
	}

	err = c.Integrations.Delete(ctx, "env-1", integration.ID)
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

	// Invalid options are refused here, before anything is sent.
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
	os.Setenv("CONFLUENT_CLOUD_ENDPOINT", srv.URL) // without it: Confluent Cloud

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

	integration, err := c.Integrations.Get(ctx, "env-1", "cspi-00001")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.DisplayName, integration.Status, integration.Provider == confluent.ProviderAzure)

	// Output:
	// vault CREATED true
}

func ExampleIntegrationsService_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault", "lake", "warehouse")

	filter := &confluent.ListOptions{Status: confluent.StatusCreated}
	for integration, err := range c.Integrations.List(ctx, "env-1", filter) {
		if err != nil {
			log.Fatal(err) // the walk has ended
		}
		fmt.Println(integration.ID, integration.DisplayName)
	}

	// Output:
	// cspi-00001 vault
	// cspi-00002 lake
	// cspi-00003 warehouse
}

// NextToken of a page resumes the list after it, also in another program.
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

// The response to a create has Confluent's identity. An update sets the customer's identity.
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

	integration, err := c.Integrations.Update(ctx, draft.ID, confluent.IntegrationUpdate{
		Environment: draft.Environment,
		Config: confluent.Config{
			Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.Status)

	// Output:
	// DRAFT cspi-00001@cflt-cspi-1.iam.gserviceaccount.com
	// CREATED
}

// Only a DRAFT can be updated.
func ExampleIntegrationsService_Update() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault") // its status is CREATED

	_, err := c.Integrations.Update(ctx, "cspi-00001", confluent.IntegrationUpdate{
		Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{
			Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000002"}},
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

	integration, err := c.Integrations.FindByDisplayName(ctx, "env-1", "vault") // not vault-2
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.ID)

	_, err = c.Integrations.FindByDisplayName(ctx, "env-1", "lake")
	if ambiguous, ok := errors.AsType[*sdk.AmbiguousError](err); ok {
		fmt.Println(ambiguous)
	}
	_, err = c.Integrations.FindByDisplayName(ctx, "env-1", "warehouse")
	fmt.Println(errors.Is(err, confluent.ErrNotFound))

	// Output:
	// cspi-00001
	// 2 integrations are named "lake": cspi-00003, cspi-00004
	// true
}

// If the server refuses the configuration, Provision deletes the draft.
func ExampleIntegrationsService_Provision() {
	c, srv := exampleClient()
	defer srv.Close()

	_, err := c.Integrations.Provision(ctx, confluent.IntegrationCreate{
		DisplayName: "vault", Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: "no tenant"}},
	})
	fmt.Println(errors.Is(err, confluent.ErrInvalid), len(srv.Integrations("env-1")))

	integration, err := c.Integrations.Provision(ctx, confluent.IntegrationCreate{
		DisplayName: "vault", Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{
			Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.Status)

	// Output:
	// true 0
	// CREATED
}

// Grants at the cloud provider take time to become effective.
func ExampleIntegrationsService_WaitValid() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	srv.FailValidation("cspi-00001", 3, "") // as if the grants took time

	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	err := c.Integrations.WaitValid(ctx,
		confluent.IntegrationValidate{ID: "cspi-00001", Environment: confluent.Reference{ID: "env-1"}},
		sdk.WaitOptions{Interval: 5 * time.Millisecond}) // the default is 2 s
	fmt.Println(err, srv.CountCalls("validatePimV2Integration"))

	// Output:
	// <nil> 4
}

// Repeated calls create one integration.
func ExampleIntegrationsService_Ensure() {
	c, srv := exampleClient()
	defer srv.Close()

	want := confluent.IntegrationCreate{
		DisplayName: "vault", Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{
			Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"}},
	}
	for range 2 {
		result, err := c.Integrations.Ensure(ctx, want)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Action, result.Integration.ID)
	}

	want.Config = confluent.Config{
		Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000002"}}
	result, err := c.Integrations.Ensure(ctx, want)
	fmt.Println(errors.Is(err, confluent.ErrConflict), result.Action, result.Differences)

	// Output:
	// created cspi-00001
	// unchanged cspi-00001
	// true conflicting [Config.customer_azure_tenant_id]
}

// A configuration is one of several kinds. An unknown kind is kept unchanged.
func ExampleConfig() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	srv.Add("env-1", map[string]any{"display_name": "new",
		"config": map[string]string{"kind": "OracleIntegrationConfig", "tenancy": "t1"}})

	for integration, err := range c.Integrations.List(ctx, "env-1", nil) {
		if err != nil {
			log.Fatal(err)
		}
		switch cfg := integration.Config.Value.(type) {
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
