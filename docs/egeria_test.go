package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

//doc:begin store

// configureStore describes a metadata access server with its repository in memory.
func configureStore(ctx context.Context, c *egeria.Client) error {
	server := c.Server("metadata-store")
	if err := server.Config.SetDefaultAuditLog(ctx); err != nil {
		return err
	}
	if err := server.MetadataStore.SetInMemoryRepository(ctx); err != nil {
		return err
	}
	if err := server.MetadataStore.EnableAccessServicesWithoutTopics(ctx, nil); err != nil {
		return err
	}
	return server.MetadataStore.AddArchiveFile(ctx, "content-packs/CoreContentPack.omarchive")
}

//doc:end

//doc:begin daemon

// configureDaemon describes an integration daemon that runs a group of the metadata store.
func configureDaemon(ctx context.Context, c *egeria.Client, platformURL string) error {
	server := c.Server("integration-daemon")
	if err := server.Config.SetDefaultAuditLog(ctx); err != nil {
		return err
	}
	return server.IntegrationGroups.Put(ctx, egeria.IntegrationGroup{
		PlatformURL:   platformURL,
		ServerName:    "metadata-store",
		QualifiedName: "Egeria:IntegrationGroup:Default",
		// 6.x only: where the daemon finds its user and password
		SecretsStoreProvider:   "org.odpi.openmetadata.adapters.connectors.secretsstore.yaml.YAMLSecretsStoreProvider",
		SecretsStoreLocation:   "loading-bay/secrets/default.omsecrets",
		SecretsStoreCollection: "integration-daemon",
	})
}

//doc:end

func Example_egeria() {
	//doc:begin platform
	srv := egeriatest.Start(egeriatest.WithRelease("6.1")) // a fake platform inside the program
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
	if err != nil {
		log.Fatal(err)
	}
	//doc:end

	//doc:begin configure
	if err := configureStore(ctx, c); err != nil {
		log.Fatal(err)
	}
	if err := configureDaemon(ctx, c, srv.URL); err != nil {
		log.Fatal(err)
	}
	//doc:end

	//doc:begin start
	for _, server := range []string{"metadata-store", "integration-daemon"} { // in this order
		if _, err := c.Platform.Start(ctx, server); err != nil {
			log.Fatal(err)
		}
	}
	daemon := c.Server("integration-daemon").Daemon
	group, err := daemon.WaitGroup(ctx, "Egeria:IntegrationGroup:Default", sdk.WaitOptions{Timeout: time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(group.Name, "is", group.Status)
	//doc:end

	//doc:begin connector
	srv.AddConnector("integration-daemon", "Egeria:IntegrationGroup:Default", "Files Monitor")
	//doc:end

	//doc:begin change
	change := egeria.Object{"fileDirectory": json.RawMessage(`"/data/landing"`)}
	if err := daemon.MergeConnectorProperties(ctx, "Files Monitor", change); err != nil {
		log.Fatal(err)
	}
	if err := daemon.Refresh(ctx, "Files Monitor"); err != nil { // "" stands for all connectors
		log.Fatal(err)
	}
	status, err := daemon.Status(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, connector := range status.Connectors {
		fmt.Println(connector.Name, "is", connector.Status)
	}
	//doc:end

	//doc:begin stop
	for _, server := range []string{"integration-daemon", "metadata-store"} {
		if err := c.Platform.Stop(ctx, server); err != nil {
			log.Fatal(err)
		}
	}
	//doc:end

	// Output:
	// Egeria:IntegrationGroup:Default is RUNNING
	// Files Monitor is WAITING
}
