package confluent_test

import (
	"fmt"
	"log"

	"github.com/integrations-go/sdk/confluent"
)

// An organization may have no access to pim/v2, which is in Early Access.
func ExampleClient_AllIntegrations() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "vault")
	lake := confluent.IntegrationV1{APIVersion: "pim/v1", DisplayName: "lake", Provider: confluent.ProviderAWS}
	srv.Add("env-1", lake)

	filter := &confluent.AllIntegrationsOptions{
		SkipForbidden: func(err *confluent.Error) { log.Print("left out: ", err) },
	}
	for integration, err := range c.AllIntegrations(ctx, "env-1", filter) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(integration.DisplayName, integration.Provider)
		if integration.V2 != nil {
			fmt.Println("its status:", integration.V2.Status)
		}
	}

	// Output:
	// lake AWS
	// vault AZURE
	// its status: CREATED
}
