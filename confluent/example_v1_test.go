package confluent_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/integrations-go/sdk/confluent"
)

func ExampleIntegrationsV1Service_Create() {
	c, srv := exampleClient()
	defer srv.Close()

	integration, err := c.IntegrationsV1.Create(ctx, confluent.IntegrationCreateV1{
		DisplayName: "s3", Environment: confluent.Reference{ID: "env-1"},
		Config: confluent.Config{
			Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/s3-reader"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	aws := integration.Config.Value.(*confluent.AWSConfig)
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

	integration, err := c.IntegrationsV1.Get(ctx, "env-1", "cspi-00001") // v1 shows the integrations of all clouds
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.DisplayName, integration.Config.Kind())

	// Output:
	// vault AzureIntegrationConfig
}

func ExampleIntegrationsV1Service_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault", "lake")

	filter := &confluent.ListOptions{Provider: confluent.ProviderAzure}
	for integration, err := range c.IntegrationsV1.List(ctx, "env-1", filter) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(integration.DisplayName)
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

	integration, err := c.IntegrationsV1.FindByDisplayName(ctx, "env-1", "lake")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.ID)

	// Output:
	// cspi-00002
}

func ExampleIntegrationsV1Service_Ensure() {
	c, srv := exampleClient()
	defer srv.Close()

	for range 2 {
		result, err := c.IntegrationsV1.Ensure(ctx, confluent.IntegrationCreateV1{
			DisplayName: "s3", Environment: confluent.Reference{ID: "env-1"},
			Config: confluent.Config{
				Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/s3-reader"}},
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
