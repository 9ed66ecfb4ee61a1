package main

import (
	"context"
	"encoding/json"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

var fakeEnvironments = []string{"env-dev", "env-prod"}

// fakePassword is a secret of a fake that must not be printed.
const fakePassword = "a-password-that-no-output-has"

// fakes returns clients of fakes with a few integrations and without sockets.
func fakes(ctx context.Context) (v vendors, stop func(), err error) {
	c := confluenttest.Start(confluenttest.WithoutSocket(), confluenttest.WithEnvironments(fakeEnvironments...))
	a := aponotest.Start(aponotest.WithoutSocket())
	e := egeriatest.Start(egeriatest.WithoutSocket())
	stop = func() { c.Close(); a.Close(); e.Close() }
	v.confluent, err = confluent.New(confluent.WithBaseURL(c.URL), confluent.WithHTTPClient(c.HTTPClient()),
		confluent.WithAPIKey(c.APIKey, c.APISecret))
	if err != nil {
		return v, stop, err
	}
	v.apono, err = apono.New(apono.WithBaseURL(a.URL), apono.WithHTTPClient(a.HTTPClient()), apono.WithToken(a.Token))
	if err != nil {
		return v, stop, err
	}
	v.egeria, err = egeria.New(e.URL, egeria.WithHTTPClient(e.HTTPClient()),
		egeria.WithCredentials(e.User, e.Password))
	if err != nil {
		return v, stop, err
	}
	seedConfluent(c)
	seedApono(a)
	return v, stop, seedEgeria(ctx, e.URL, v.egeria)
}

func seedConfluent(c *confluenttest.Server) {
	aws := func(name string) confluent.IntegrationV1 {
		return confluent.IntegrationV1{APIVersion: "pim/v1", DisplayName: name, Provider: confluent.ProviderAWS,
			Config: confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/" +
				name}}}
	}
	azure := confluent.Config{
		Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"}}
	gcp := confluent.Config{
		Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com"}}
	c.Add("env-prod", aws("lake"))
	archive := c.Add("env-prod", aws("archive"))
	c.Add("env-prod", confluent.Integration{DisplayName: "vault", Provider: confluent.ProviderAzure,
		Status: confluent.StatusCreated, Config: azure})
	warehouse := c.Add("env-prod", confluent.Integration{DisplayName: "warehouse", Provider: confluent.ProviderGCP,
		Status: confluent.StatusCreated, Config: gcp})
	c.Add("env-prod", json.RawMessage(`{"display_name":"mine","status":"CREATED","provider":"oci",
		"config":{"kind":"OciIntegrationConfig","tenancy":"t-1","serial":12345678901234567890}}`))
	c.Add("env-dev", aws("sandbox"))
	c.Add("env-dev", confluent.Integration{DisplayName: "warehouse", Provider: confluent.ProviderGCP,
		Status: confluent.StatusDraft})
	const sink = "crn://confluent.cloud/organization=o-1/environment=env-prod/cloud-cluster=lkc-1/connector=sink"
	for _, id := range []string{archive, warehouse} {
		c.SetUsages(id, sink)
	}
}

func seedApono(a *aponotest.Server) {
	add := func(name, kind, status, synced string, config map[string]string) string {
		return a.Add(map[string]any{
			"name": name, "type": kind, "status": status, "last_sync_time": synced, "integration_config": config,
		})
	}
	database := map[string]string{"hostname": "db.example.com", "port": "5432", "password": fakePassword}
	warehouse := add("warehouse", "postgresql", "ACTIVE", "2026-11-29T08:00:00Z", database)
	add("billing", "postgresql", "ERROR", "2026-11-02T17:30:00Z", database)
	add("ducks", "mock-duck", "ACTIVE", "2026-11-29T07:45:00Z", nil)
	add("old ducks", "mock-duck", "WARNING", "2025-01-31T00:00:00Z", nil)
	a.SeedResources(warehouse, aponotest.Resource{ID: "res-1", Name: "orders", Type: "postgresql-database",
		Tags: map[string]string{"team": "billing"}})
	a.SeedPermissions(warehouse, aponotest.Permission{ID: "perm-1", Name: "READ", ResourceType: "postgresql-database"})
}

func seedEgeria(ctx context.Context, url string, client *egeria.Client) error {
	daemons := map[string][]string{"integration-daemon": {"Default", "Files"}, "second-daemon": {"Databases"}}
	for server, groups := range daemons {
		for _, name := range groups {
			err := client.Server(server).IntegrationGroups.Put(ctx, egeria.IntegrationGroup{
				PlatformURL: url, ServerName: "metadata-store", QualifiedName: "Egeria:IntegrationGroup:" + name,
				SecretsStoreProvider: "org.odpi.openmetadata.adapters.connectors." +
					"secretsstore.yaml.YAMLSecretsStoreProvider",
				SecretsStoreLocation: "secrets/" + fakePassword, SecretsStoreCollection: fakePassword,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
