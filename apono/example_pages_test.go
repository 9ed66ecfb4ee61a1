package apono_test

import (
	"fmt"

	"github.com/integrations-go/sdk/apono/aponotest"
)

func ExampleCatalogService_Pages() {
	c, srv := exampleClient()
	defer srv.Close()
	for page, err := range c.Catalog.Pages(ctx) {
		done(err)
		fmt.Println(len(page.Items) > 0, page.NextToken == "")
	}
	// Output:
	// true true
}

func ExampleConnectorsService_Pages() {
	c, srv := exampleClient()
	defer srv.Close()
	for page, err := range c.Connectors.Pages(ctx, nil) {
		done(err)
		fmt.Println(len(page.Items), page.NextToken == "")
	}
	// Output:
	// 1 true
}

func ExampleIntegrationsV2Service_Pages() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "lake", "vault")
	for page, err := range c.IntegrationsV2.Pages(ctx) {
		done(err)
		for _, integration := range page.Items {
			fmt.Println(integration.Name, integration.ProvisionerID)
		}
	}
	// Output:
	// lake connector-1
	// vault connector-1
}

func ExampleResourcesService_Pages() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "lake")
	srv.SeedResources("id-of-lake", aponotest.Resource{ID: "orders", Type: "mysql-table"})
	for page, err := range c.Resources.Pages(ctx, "id-of-lake", "mysql-table") {
		done(err)
		fmt.Println(len(page.Items), page.Meta.StatusCode)
	}
	// Output:
	// 1 200
}

func ExampleResourcesService_PermissionPages() {
	c, srv := exampleClient()
	defer srv.Close()
	addExamples(srv, "lake")
	srv.SeedPermissions("id-of-lake", aponotest.Permission{ID: "READ_ONLY", ResourceType: "mysql-table"})
	for page, err := range c.Resources.PermissionPages(ctx, "id-of-lake", "") {
		done(err)
		for _, permission := range page.Items {
			fmt.Println(permission.Name)
		}
	}
	// Output:
	// READ_ONLY
}
