package docs_test

import (
	"fmt"
	"log"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func Example_pyegeria() {
	srv := egeriatest.Start()
	defer srv.Close()
	platformURL, user, password := srv.URL, srv.User, srv.Password

	//doc:begin put
	c, err := egeria.New(platformURL, egeria.WithCredentials(user, password))
	if err != nil {
		log.Fatal(err)
	}
	daemon := c.Server("integration-daemon")
	err = daemon.IntegrationGroups.Put(ctx, egeria.IntegrationGroup{
		ServerName:    "metadata-store",
		PlatformURL:   "https://localhost:9443",
		QualifiedName: "Egeria:IntegrationGroup:Default",
	})
	//doc:end
	if err != nil {
		log.Fatal(err)
	}
	placeholder := egeria.IntegrationGroup{
		ServerName: "metadata-store", PlatformURL: "~{egeriaPlatformURL}~",
		QualifiedName: "Egeria:IntegrationGroup:Files",
	}
	if err := daemon.IntegrationGroups.Put(ctx, placeholder); err != nil {
		log.Fatal(err)
	}
	groups, err := daemon.IntegrationGroups.List(ctx)
	fmt.Println(len(groups), err)
	// Output:
	// 2 <nil>
}
