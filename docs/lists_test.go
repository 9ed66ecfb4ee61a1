package docs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
)

func Example_allClouds() {
	c, srv := startConfluent()
	defer srv.Close()
	addIntegrations(srv, 1)
	srv.Add("env-abc123", confluent.IntegrationV1{DisplayName: "lake", Provider: confluent.ProviderAWS})
	srv.Add("env-abc123", confluent.Integration{DisplayName: "vault", Provider: confluent.ProviderAzure})

	//doc:begin all-clouds
	for integration, err := range c.AllIntegrations(ctx, "env-abc123", nil) {
		if err != nil {
			log.Fatal(err) // the list has ended
		}
		fmt.Printf("%s %s %q\n", integration.Provider, integration.DisplayName, integration.Status)
	}
	//doc:end

	// Output:
	// AWS lake ""
	// GCP warehouse-1 "CREATED"
	// AZURE vault "DRAFT"
}

func Example_skipForbidden() {
	c, srv := startConfluent()
	defer srv.Close()
	srv.Add("env-abc123", confluent.IntegrationV1{DisplayName: "lake", Provider: confluent.ProviderAWS})
	srv.Inject(forbidden("listPimV2Integrations"))

	//doc:begin skip-forbidden
	options := &confluent.AllIntegrationsOptions{
		SkipForbidden: func(err *confluent.Error) {
			fmt.Println("left out:", err.Operation, err.StatusCode)
		},
	}
	all, err := sdk.Collect(c.AllIntegrations(ctx, "env-abc123", options))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(all), "integration")
	//doc:end

	// Output:
	// left out: Integrations.List 403
	// 1 integration
}

func Example_configs() {
	c, srv := startConfluent()
	defer srv.Close()
	srv.Add("env-abc123", confluent.Integration{
		DisplayName: "vault",
		Config: confluent.Config{
			Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"},
		},
	})
	srv.AddRaw("env-abc123", []byte(`{"id":"cspi-oci","display_name":"mine","provider":"oci",
		"config":{"kind":"OciIntegrationConfig","tenancy":"t-1"}}`))

	//doc:begin configs
	for integration, err := range c.Integrations.List(ctx, "env-abc123", nil) {
		if err != nil {
			log.Fatal(err)
		}
		switch config := integration.Config.Value.(type) {
		case *confluent.AzureConfig:
			fmt.Println(integration.DisplayName, "in tenant", config.CustomerAzureTenantID)
		case *confluent.GCPConfig:
			fmt.Println(integration.DisplayName, "acts as", config.CustomerGoogleServiceAccount)
		case *confluent.UnknownConfig: // a kind that is newer than this release
			fmt.Println(integration.DisplayName, "has", string(config.Raw))
		}
	}
	//doc:end

	// Output:
	// vault in tenant 6b2b9a4e-0000-4000-8000-000000000001
	// mine has {"kind":"OciIntegrationConfig","tenancy":"t-1"}
}

//doc:begin resume

// walk passes each integration to work. It keeps its place in a file: after a crash, it goes on
// with the page on which it ended.
func walk(c *confluent.Client, file string, work func(*confluent.Integration) error) error {
	token, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	options := &confluent.ListOptions{PageSize: 50, PageToken: string(token)}
	for page, err := range c.Integrations.Pages(ctx, "env-abc123", options) {
		if err != nil {
			return err
		}
		for i := range page.Items {
			if err := work(&page.Items[i]); err != nil {
				return err
			}
		}
		if err := os.WriteFile(file, []byte(page.NextToken), 0o600); err != nil {
			return err
		}
	}
	return os.Remove(file) // the next walk begins with the first page
}

//doc:end

func Example_resume() {
	c, srv := startConfluent()
	defer srv.Close()
	addIntegrations(srv, 130)
	folder, err := os.MkdirTemp("", "docs")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "place")

	//doc:begin resume-use
	count := 0
	err = walk(c, file, func(*confluent.Integration) error {
		count++
		if count == 60 {
			return errors.New("crash")
		}
		return nil
	})
	fmt.Println(count, err)

	count = 0
	err = walk(c, file, func(*confluent.Integration) error { count++; return nil })
	fmt.Println(count, err)
	//doc:end

	// Output:
	// 60 crash
	// 80 <nil>
}
