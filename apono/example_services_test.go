package apono_test

import (
	"errors"
	"fmt"
	"maps"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

func ExampleIntegrationsV2Service_Refresh() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")

	done(c.IntegrationsV2.Refresh(ctx, "id-of-orders"))
	integration, err := c.IntegrationsV2.Get(ctx, "id-of-orders")
	done(err)
	fmt.Println(integration.Status)
	// Output:
	// Refreshing
}

func ExampleIntegrationsV2Service_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders", "customers")

	for integration, err := range c.IntegrationsV2.List(ctx) {
		if truncated, ok := errors.AsType[*apono.TruncatedError](err); ok {
			fmt.Println("there are", truncated.Total)
			break
		}
		done(err)
		fmt.Println(integration.Name, integration.Status, integration.SecretConfig.Type())
	}
	// Output:
	// orders Active AWS
	// customers Active AWS
}

func ExampleIntegrationsV2Service_Create() {
	c, srv := exampleClient()
	defer srv.Close()

	integration, err := c.IntegrationsV2.Create(ctx, apono.IntegrationCreateV2{
		Name: "orders", Type: "mysql", Metadata: apono.ConfigOf(map[string]string{"hostname": "orders.example.com"}),
		ProvisionerID: apono.Set("connector-1"),
		SecretConfig: apono.Set(apono.SecretStore{Value: &apono.GCPSecret{Project: "my-project",
			SecretID: "orders"}}.Flat()),
	})
	done(err)
	fmt.Println(integration.Name, integration.Status, integration.SecretConfig.Type())

	update := apono.UpdateFromV2(integration)
	update.Name = "Orders"
	integration, err = c.IntegrationsV2.Update(ctx, integration.ID, update)
	done(err)
	fmt.Println(integration.Name, integration.SecretConfig.Type())
	done(c.IntegrationsV2.Delete(ctx, integration.ID))
	// Output:
	// orders Initializing GCP
	// Orders GCP
}

func ExampleResourcesService_List() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")
	srv.SeedResources("id-of-orders", aponotest.Resource{ID: "items", Type: "mysql-table"},
		aponotest.Resource{ID: "shop", Type: "mysql-db"})

	for r, err := range c.Resources.List(ctx, "id-of-orders", "mysql-table") {
		done(err)
		fmt.Println(r.Name, r.Type, r.Status.Status)
	}
	// Output:
	// items mysql-table Active
}

func ExampleResourcesService_Permissions() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")
	srv.SeedPermissions("id-of-orders", aponotest.Permission{ID: "read", Name: "READ_ONLY",
		ResourceType: "mysql-table"})

	for p, err := range c.Resources.Permissions(ctx, "id-of-orders", "") {
		done(err)
		fmt.Println(p.Name, p.ResourceType)
	}
	// Output:
	// READ_ONLY mysql-table
}

// Whether the server replaces the tags or adds to them is not documented by the vendor. Send all
// tags.
func ExampleResourcesService_SetUserTags() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "orders")
	srv.SeedResources("id-of-orders", aponotest.Resource{ID: "items", Type: "mysql-table",
		Tags: map[string]string{"team": "shop"}})

	tags, err := c.Resources.UserTags(ctx, "items")
	done(err)
	all := maps.Clone(tags)
	all["tier"] = "1"
	done(c.Resources.SetUserTags(ctx, "items", all))
	tags, err = c.Resources.UserTags(ctx, "items")
	done(err)
	fmt.Println(tags)
	// Output:
	// map[team:shop tier:1]
}

func ExampleConnectorsService_List() {
	c, srv := exampleClient()
	defer srv.Close()

	for connector, err := range c.Connectors.List(ctx, &apono.ConnectorListOptions{Status: []string{"CONNECTED"}}) {
		done(err)
		fmt.Println(connector.ID, connector.CloudProviderType, connector.Version)
	}
	for connector, err := range c.Connectors.ListV2(ctx) {
		done(err)
		fmt.Println(connector.ConnectorID, connector.Status)
	}
	// Output:
	// connector-1 AWS 1.7.2
	// connector-1 CONNECTED
}

func ExampleConnectorsService_Rename() {
	c, srv := exampleClient()
	defer srv.Close()

	connector, err := c.Connectors.Rename(ctx, "connector-1", "Frankfurt")
	done(err)
	fmt.Println(connector.ID, connector.Name)
	connector, err = c.Connectors.Get(ctx, "connector-1")
	done(err)
	fmt.Println(connector.ID, connector.Name)
	done(c.Connectors.Delete(ctx, "connector-1"))
	// Output:
	// connector-1 Frankfurt
	// connector-1 Frankfurt
}
