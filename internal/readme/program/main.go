package main

import (
	"context"
	"fmt"
	"log"

	"github.com/integrations-go/sdk/confluent"
)

func main() {
	c, err := confluent.FromEnv() // CONFLUENT_CLOUD_API_KEY, CONFLUENT_CLOUD_API_SECRET
	if err != nil {
		log.Fatal(err)
	}
	for integration, err := range c.AllIntegrations(context.Background(), "env-abc123", nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(integration.ID, integration.DisplayName, integration.Provider, integration.Status)
	}
}
