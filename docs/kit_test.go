package docs_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

var ctx = context.Background()

// startConfluent returns a client of a fake with the environment env-abc123.
func startConfluent(opts ...confluent.Option) (*confluent.Client, *confluenttest.Server) {
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	c, err := confluent.New(append([]confluent.Option{
		confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret),
	}, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	return c, srv
}

// startFake returns a fake of Confluent Cloud, and its base URL and credentials.
func startFake() (*confluenttest.Server, confluent.Option) {
	srv := confluenttest.Start(confluenttest.WithEnvironments("env-abc123"))
	return srv, sdk.Options(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
}

// addIntegrations adds integrations with Google Cloud.
func addIntegrations(srv *confluenttest.Server, count int) {
	for i := range count {
		srv.Add("env-abc123", confluent.Integration{
			DisplayName: fmt.Sprintf(
				"warehouse-%d",
				i+1,
			),
			Provider: confluent.ProviderGCP,
			Status:   confluent.StatusCreated,
		})
	}
}

// startApono returns a client of a fake with the connector my-connector.
func startApono(opts ...apono.Option) (*apono.Client, *aponotest.Server) {
	srv := aponotest.Start(aponotest.WithConnectors("my-connector"))
	c, err := apono.New(append([]apono.Option{apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token)}, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	return c, srv
}

// startEgeria returns a client of a fake platform of 6.1.
func startEgeria(opts ...egeria.Option) (*egeria.Client, *egeriatest.Server) {
	srv := egeriatest.Start(egeriatest.WithRelease("6.1"))
	c, err := egeria.New(srv.URL, append([]egeria.Option{egeria.WithCredentials(srv.User, srv.Password)}, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	return c, srv
}

// forbidden makes all calls of an operation fail with 403.
func forbidden(operation string) confluenttest.Fault {
	return confluenttest.Fault{Operation: operation, Status: http.StatusForbidden, Times: -1}
}
