package egeria_test

import (
	"errors"
	"fmt"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func ExampleIntegrationGroupsService_List() {
	c, srv := exampleClient()
	defer srv.Close()
	daemon := c.Server("daemon")

	groups, err := daemon.IntegrationGroups.List(ctx)
	done(err)
	fmt.Println(len(groups))
	done(daemon.IntegrationGroups.ReplaceAll(ctx, []egeria.IntegrationGroup{exampleGroup("Default"),
		exampleGroup("Files")}))
	groups, err = daemon.IntegrationGroups.List(ctx)
	done(err)
	for _, g := range groups {
		fmt.Println(g.QualifiedName, "from", g.ServerName)
	}
	// Output:
	// 0
	// Egeria:IntegrationGroup:Default from qs-metadata-store
	// Egeria:IntegrationGroup:Files from qs-metadata-store
}

func ExampleIntegrationGroupsService_Get() {
	c, srv := exampleClient()
	defer srv.Close()
	daemon := c.Server("daemon")
	done(daemon.IntegrationGroups.Put(ctx, exampleGroup("Default")))

	g, err := daemon.IntegrationGroups.Get(ctx, "Egeria:IntegrationGroup:Default")
	done(err)
	fmt.Println(g.PlatformURL, g.ServerName)
	_, err = daemon.IntegrationGroups.Get(ctx, "Egeria:IntegrationGroup:Other")
	fmt.Println(errors.Is(err, egeria.ErrNotFound))
	// Output:
	// https://localhost:9443 qs-metadata-store
	// true
}

// Put adds and updates groups on every release.
func ExampleIntegrationGroupsService_Put() {
	c, srv := exampleClient()
	defer srv.Close()
	groups := c.Server("daemon").IntegrationGroups

	done(groups.Put(ctx, exampleGroup("Default")))
	done(groups.Put(ctx, exampleGroup("Files")))
	changed := exampleGroup("Default")
	changed.ServerName = "another-store"
	done(groups.Put(ctx, changed))
	list, err := groups.List(ctx)
	done(err)
	for _, g := range list {
		fmt.Println(g.QualifiedName, "from", g.ServerName)
	}
	// Output:
	// Egeria:IntegrationGroup:Default from another-store
	// Egeria:IntegrationGroup:Files from qs-metadata-store
}

// The platform's own operation in early releases loses groups.
func ExampleIntegrationGroupsService_PutRaw() {
	srv := egeriatest.Start(egeriatest.WithRelease("4.3"))
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithUser(srv.User))
	done(err)
	groups := c.Server("daemon").IntegrationGroups

	done(groups.PutRaw(ctx, exampleGroup("Default")))
	done(groups.PutRaw(ctx, exampleGroup("Files")))
	list, err := groups.List(ctx)
	done(err)
	for _, g := range list {
		fmt.Println(g.QualifiedName)
	}
	// Output:
	// Egeria:IntegrationGroup:Files
}

func ExampleIntegrationGroupsService_ReplaceAll() {
	c, srv := exampleClient()
	defer srv.Close()
	groups := c.Server("daemon").IntegrationGroups

	fmt.Println(groups.ReplaceAll(ctx, []egeria.IntegrationGroup{exampleGroup("Default"), exampleGroup("Default")}))
	fmt.Println(groups.ReplaceAll(ctx, []egeria.IntegrationGroup{exampleGroup("Default"), exampleGroup("Files")}))
	fmt.Println(len(srv.Groups("daemon")))
	// Output:
	// egeria: IntegrationGroups.ReplaceAll: invalid argument groups[1].QualifiedName: is also that of another group
	// <nil>
	// 2
}

func ExampleIntegrationGroupsService_Delete() {
	c, srv := exampleClient()
	defer srv.Close()
	groups := c.Server("daemon").IntegrationGroups
	done(groups.Put(ctx, exampleGroup("50%/50%"))) // paths of a platform can't have this name

	for range 2 { // deleting a missing group succeeds
		done(groups.Delete(ctx, "Egeria:IntegrationGroup:50%/50%"))
	}
	fmt.Println(len(srv.Groups("daemon")))
	fmt.Println(groups.Delete(ctx, ""))
	// Output:
	// 0
	// egeria: IntegrationGroups.Delete: invalid argument name: is empty
}

func ExampleIntegrationGroupsService_Clear() {
	c, srv := exampleClient()
	defer srv.Close()
	groups := c.Server("daemon").IntegrationGroups
	done(groups.Put(ctx, exampleGroup("Default")))

	done(groups.Clear(ctx))
	fmt.Println(len(srv.Groups("daemon")))
	// Output:
	// 0
}
