package egeria_test

import (
	"encoding/json"
	"fmt"

	"github.com/integrations-go/sdk/egeria"
)

// A metadata access store with a repository in memory needs no event bus.
func ExampleMetadataStoreService() {
	c, srv := exampleClient()
	defer srv.Close()

	store := c.Server("metadata-store")
	done(store.MetadataStore.SetInMemoryRepository(ctx))
	done(store.MetadataStore.EnableAccessServicesWithoutTopics(ctx, nil))
	done(store.MetadataStore.AddArchiveFile(ctx, "content-packs/CoreContentPack.omarchive"))
	kind, err := store.Config.ServerType(ctx)
	done(err)
	services, err := store.MetadataStore.AccessServices(ctx)
	done(err)
	_, err = c.Platform.Start(ctx, store.Name())
	done(err)
	fmt.Println(kind.Name)
	for _, service := range services {
		fmt.Println("-", service.Name)
	}
	// Output:
	// Metadata Access Store
	// - Connected Asset Services
	// - Open Metadata Store Services
	// - Open Governance Framework Services
}

// The topics of access services are on an event bus, in this example Kafka.
func ExampleMetadataStoreService_SetEventBus() {
	c, srv := exampleClient()
	defer srv.Close()

	store := c.Server("metadata-store").MetadataStore
	var properties egeria.Object
	done(
		json.Unmarshal(
			[]byte(`{"producer":{"bootstrap.servers":"kafka:9092"},"consumer":{"bootstrap.servers":"kafka:9092"}}`),
			&properties))
	done(store.SetEventBus(ctx, egeria.EventBus{TopicURLRoot: "egeria", Properties: properties}))
	done(store.EnableAccessServices(ctx, nil))
	bus, err := store.EventBus(ctx)
	done(err)
	fmt.Println(bus.TopicURLRoot, string(bus.Properties["producer"]))
	// Output:
	// egeria {"bootstrap.servers":"kafka:9092"}
}

func ExampleConfigService_AddConsoleAuditLog() {
	c, srv := exampleClient()
	defer srv.Close()

	config := c.Server("daemon").Config
	done(config.AddConsoleAuditLog(ctx, []string{"Error", "Exception", "Security"}))
	logs, err := config.AuditLogs(ctx)
	done(err)
	for _, log := range logs {
		fmt.Println(string(log["qualifiedName"]))
	}
	// Output:
	// "Console- default"
	// "Console- [Error, Exception, Security]"
}

// A running connector uses new properties immediately, and loses them when the daemon stops.
func ExampleDaemonService_MergeConnectorProperties() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()
	srv.SetConnectorProperties("daemon", "Files", map[string]any{"fileDirectory": "/data", "waitForDirectory": false})

	err := daemon.Daemon.MergeConnectorProperties(ctx, "Files",
		egeria.Object{"waitForDirectory": json.RawMessage(`true`)})
	done(err)
	properties, err := daemon.Daemon.ConnectorProperties(ctx, "Files")
	done(err)
	fmt.Println(string(properties["fileDirectory"]), string(properties["waitForDirectory"]))
	// Output:
	// "/data" true
}

func ExamplePlatformService_SetPlaceholders() {
	c, srv := exampleClient()
	defer srv.Close()

	done(c.Platform.SetPlaceholders(ctx, map[string]string{"metadataServer": "qs-metadata-store"}))
	daemon := c.Server("daemon")
	group := exampleGroup("Default")
	group.ServerName = "~{metadataServer}~"
	done(daemon.IntegrationGroups.Put(ctx, group))
	document, err := daemon.Config.Resolved(ctx)
	done(err)
	groups, err := document.IntegrationGroups()
	done(err)
	fmt.Println(groups[0].ServerName)
	// Output:
	// qs-metadata-store
}
