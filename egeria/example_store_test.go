package egeria_test

import (
	"encoding/json"
	"fmt"

	"github.com/integrations-go/sdk/egeria"
)

func ExampleMetadataStoreService_EnableAccessService() {
	c, srv := exampleClient()
	defer srv.Close()
	store := c.Server("metadata-store").MetadataStore
	available, err := c.Platform.RegisteredAccessServices(ctx)
	done(err)
	bus := egeria.Object{"producer": json.RawMessage(`{"bootstrap.servers":"kafka:9092"}`)}
	done(store.SetEventBus(ctx, egeria.EventBus{TopicURLRoot: "egeria", Properties: bus}))
	done(store.EnableAccessService(ctx, available[0].URLMarker, nil))
	enabled, err := store.AccessServices(ctx)
	done(err)
	fmt.Println(len(enabled), enabled[0].Name == available[0].Name)
	// Output:
	// 1 true
}

func ExampleMetadataStoreService_EnableAccessServiceWithoutTopics() {
	c, srv := exampleClient()
	defer srv.Close()
	store := c.Server("metadata-store").MetadataStore
	available, err := c.Platform.RegisteredAccessServices(ctx)
	done(err)
	done(store.EnableAccessServiceWithoutTopics(ctx, available[0].URLMarker, nil))
	done(store.EnableAccessServiceWithoutTopics(ctx, available[1].URLMarker, nil))
	done(store.DisableAccessService(ctx, available[0].URLMarker))
	enabled, err := store.AccessServices(ctx)
	done(err)
	fmt.Println(len(enabled), enabled[0].Name == available[1].Name)
	// Output:
	// 1 true
}

func ExampleMetadataStoreService_DisableAccessServices() {
	c, srv := exampleClient()
	defer srv.Close()
	store := c.Server("metadata-store").MetadataStore
	done(store.EnableAccessServicesWithoutTopics(ctx, nil))
	done(store.DisableAccessServices(ctx))
	enabled, err := store.AccessServices(ctx)
	fmt.Println(len(enabled), err)
	// Output:
	// 0 <nil>
}

func ExampleMetadataStoreService_Archives() {
	c, srv := exampleClient()
	defer srv.Close()
	store := c.Server("metadata-store").MetadataStore
	done(store.AddArchiveFile(ctx, "content-packs/CoreContentPack.omarchive"))
	archives, err := store.Archives(ctx)
	done(err)
	fmt.Println(len(archives))
	done(store.ClearArchives(ctx))
	archives, err = store.Archives(ctx)
	fmt.Println(len(archives), err)
	// Output:
	// 1
	// 0 <nil>
}

func ExampleMetadataStoreService_ClearEventBus() {
	c, srv := exampleClient()
	defer srv.Close()
	store := c.Server("metadata-store").MetadataStore
	done(store.SetEventBus(ctx, egeria.EventBus{TopicURLRoot: "egeria"}))
	done(store.ClearEventBus(ctx))
	bus, err := store.EventBus(ctx)
	done(err)
	fmt.Printf("%q\n", bus.TopicURLRoot)
	// Output:
	// ""
}

func ExampleMetadataStoreService_ClearRepository() {
	c, srv := exampleClient()
	defer srv.Close()
	store := c.Server("metadata-store")
	done(store.MetadataStore.SetInMemoryRepository(ctx))
	done(store.MetadataStore.ClearRepository(ctx))
	fmt.Println(srv.CountCalls("clearLocalRepository"))
	// Output:
	// 1
}

// The values that stand for ~{root}~ and others in configurations.
func ExamplePlatformService_Placeholders() {
	c, srv := exampleClient()
	defer srv.Close()
	done(c.Platform.SetPlaceholders(ctx, map[string]string{"root": "https://localhost:9443"}))
	values, err := c.Platform.Placeholders(ctx)
	done(err)
	fmt.Println(values["root"])
	done(c.Platform.ClearPlaceholders(ctx))
	values, err = c.Platform.Placeholders(ctx)
	fmt.Println(len(values), err)
	// Output:
	// https://localhost:9443
	// 0 <nil>
}

func ExamplePlatformService_Configurations() {
	c, srv := exampleClient()
	defer srv.Close()
	done(c.Server("daemon").IntegrationGroups.Put(ctx, exampleGroup("Default")))
	documents, err := c.Platform.Configurations(ctx)
	done(err)
	for _, document := range documents {
		groups, err := document.IntegrationGroups()
		done(err)
		fmt.Println(document.ServerName(), len(groups))
	}
	// Output:
	// daemon 1
}

func ExamplePlatformService_RegisteredServices() {
	c, srv := exampleClient()
	defer srv.Close()
	all, err := c.Platform.RegisteredServices(ctx)
	done(err)
	access, err := c.Platform.RegisteredAccessServices(ctx)
	done(err)
	fmt.Println(len(all) > len(access))
	// Output:
	// true
}

// A server that runs with a document that is not stored.
func ExamplePlatformService_StartWith() {
	c, srv, daemon := exampleDaemon()
	defer srv.Close()
	document, err := daemon.Config.Get(ctx)
	done(err)
	done(document.SetIntegrationGroups([]egeria.IntegrationGroup{exampleGroup("Trial")}))
	_, err = c.Platform.StartWith(ctx, "daemon", *document)
	done(err)
	groups, err := daemon.Daemon.Groups(ctx)
	done(err)
	for _, group := range groups {
		fmt.Println(group.Name, "is", group.Status)
	}
	// Output:
	// Egeria:IntegrationGroup:Trial is ASSIGNED
}

func ExamplePlatformService_Unregister() {
	c, srv, _ := exampleDaemon()
	defer srv.Close()
	done(c.Platform.Unregister(ctx, "daemon"))
	fmt.Println(srv.Running("daemon"))
	// Output:
	// false
}

func ExamplePlatformService_UnregisterAll() {
	c, srv, _ := exampleDaemon()
	defer srv.Close()
	done(c.Platform.UnregisterAll(ctx))
	active, err := c.Platform.ActiveServers(ctx)
	fmt.Println(len(active), err)
	// Output:
	// 0 <nil>
}
