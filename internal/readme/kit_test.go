package readme_test

import (
	"context"
	"log"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

var ctx = context.Background()

// startConfluent returns a client of a fake that has one integration.
func startConfluent() (*confluent.Client, *confluenttest.Server) {
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	srv.Add(
		"env-abc123",
		confluent.Integration{DisplayName: "vault", Provider: confluent.ProviderAzure, Status: confluent.StatusCreated},
	)
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	if err != nil {
		log.Fatal(err)
	}
	return c, srv
}

// startApono returns a client of a fake that has one integration.
func startApono() (*apono.Client, *aponotest.Server, string) {
	srv := aponotest.Start(aponotest.WithConnectors("my-connector"))
	id := srv.Add(map[string]any{
		"name": "Warehouse", "type": "postgresql", "status": "ACTIVE", "connector_id": "my-connector",
		"integration_config": map[string]string{"hostname": "db.example.com", "port": "5432", "dbname": "postgres"},
	})
	c, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token))
	if err != nil {
		log.Fatal(err)
	}
	return c, srv, id
}
