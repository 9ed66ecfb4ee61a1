package egeria_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

var ctx = context.Background()

// exampleClient returns a client of a fake platform, as in the package example.
func exampleClient(opts ...egeria.Option) (*egeria.Client, *egeriatest.Server) {
	srv := egeriatest.Start()
	c, err := egeria.New(srv.URL, append([]egeria.Option{egeria.WithCredentials(srv.User, srv.Password)}, opts...)...)
	done(err)
	return c, srv
}

// exampleGroup returns a group whose definition is on the metadata server of the quick start.
func exampleGroup(name string) egeria.IntegrationGroup {
	return egeria.IntegrationGroup{PlatformURL: "https://localhost:9443", ServerName: "qs-metadata-store",
		QualifiedName: "Egeria:IntegrationGroup:" + name}
}

// exampleDaemon returns a daemon that runs the group Default with a connector.
func exampleDaemon() (*egeria.Client, *egeriatest.Server, *egeria.Server) {
	c, srv := exampleClient()
	daemon := c.Server("daemon")
	done(daemon.IntegrationGroups.Put(ctx, exampleGroup("Default")))
	_, err := c.Platform.Start(ctx, "daemon")
	done(err)
	srv.AddConnector("daemon", "Egeria:IntegrationGroup:Default", "Files")
	return c, srv, daemon
}

// done ends an example that failed.
func done(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The life cycle of an integration daemon, from its configuration to its end.
func Example() {
	srv := egeriatest.Start() // in place of a platform
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	daemon := c.Server("integration-daemon")
	err = daemon.IntegrationGroups.Put(ctx, egeria.IntegrationGroup{
		PlatformURL: "~{egeriaEndpoint}~", ServerName: "qs-metadata-store",
		QualifiedName: "Egeria:IntegrationGroup:Default",
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.Platform.Start(ctx, daemon.Name()); err != nil {
		log.Fatal(err)
	}
	groups, err := daemon.Daemon.Groups(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range groups {
		fmt.Println(g.Name, g.Status)
	}
	err = c.Platform.Stop(ctx, daemon.Name())
	fmt.Println("stopped:", err == nil)

	// Output:
	// Egeria:IntegrationGroup:Default ASSIGNED
	// stopped: true
}

func ExampleNew() {
	c, err := egeria.New("https://localhost:9443",
		egeria.WithCredentials("garygeeke", "a password"),
		egeria.WithUserAgent("my-app/1.2 (https://example.com; ops@example.com)"),
		egeria.WithAttemptTimeout(20*time.Second),
	)
	done(err)
	c.CloseIdleConnections()

	_, err = egeria.New("https://localhost:9443")
	fmt.Println(err)
	// Output:
	// egeria: New: invalid argument credentials: are missing: use WithUser, WithCredentials, WithToken or WithTokenSource
}

func ExampleFromEnv() {
	srv := egeriatest.Start()
	defer srv.Close()
	for name, value := range map[string]string{egeria.EnvPlatformURL: srv.URL, egeria.EnvUser: srv.User,
		egeria.EnvUserPassword: srv.Password} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}

	c, err := egeria.FromEnv()
	done(err)
	origin, err := c.Platform.Origin(ctx)
	done(err)
	fmt.Println(origin)
	// Output:
	// Egeria OMAG Server Platform (version 6.1)
}

// A platform of 4.x does not authenticate the user.
func ExampleWithUser() {
	srv := egeriatest.Start(egeriatest.WithRelease("4.3"))
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithUser("garygeeke"))
	done(err)
	done(c.Server("daemon").IntegrationGroups.Put(ctx, exampleGroup("Default")))
	calls := srv.Calls()
	fmt.Println(calls[len(calls)-1].Path)
	// Output:
	// /open-metadata/admin-services/users/garygeeke/servers/daemon/integration-groups/configuration/all
}

func ExampleClient_Dialect() {
	for _, release := range []string{"4.3", "6.1"} {
		srv := egeriatest.Start(egeriatest.WithRelease(release))
		c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
		done(err)
		dialect, err := c.Dialect(ctx)
		done(err)
		fmt.Println(release, "speaks", dialect)
		srv.Close()
	}
	// Output:
	// 4.3 speaks 4.x/5.x
	// 6.1 speaks 6.x
}

// If the dialect is set, the platform is not asked for it.
func ExampleWithDialect() {
	c, srv := exampleClient(egeria.WithDialect(egeria.Dialect6))
	defer srv.Close()

	_, err := c.Platform.Servers(ctx)
	done(err)
	for _, call := range srv.Calls() {
		fmt.Println(call.Method, call.Path)
	}
	// Output:
	// POST /api/token
	// GET /open-metadata/platform-services/server-platform/servers
}

// A client with credentials logs in by itself. Login returns a token for other programs.
func ExampleClient_Login() {
	c, srv := exampleClient()
	defer srv.Close()

	token, err := c.Login(ctx)
	done(err)
	fmt.Println(token.Value != "", time.Until(token.Expiry).Round(time.Hour))
	fmt.Println(strings.HasPrefix(fmt.Sprint(token), "Token{[redacted]"))
	done(c.Logout(ctx))
	// Output:
	// true 1h0m0s
	// true
}

// Read the document, change a member, write it back. Everything else is unchanged.
func ExampleConfigService_Set() {
	c, srv := exampleClient()
	defer srv.Close()
	config := c.Server("daemon").Config

	document, err := config.Get(ctx)
	done(err)
	done(document.SetMember("organizationName", "Coco Pharmaceuticals"))
	done(document.SetIntegrationGroups([]egeria.IntegrationGroup{exampleGroup("Default")}))
	done(config.Set(ctx, *document))

	document, err = config.Get(ctx)
	done(err)
	groups, err := document.IntegrationGroups()
	done(err)
	fmt.Println(document.ServerName(), document.VersionID(), document.OrganizationName(), len(groups))
	fmt.Println(document) // shows no content
	// Output:
	// daemon V6.0 Coco Pharmaceuticals 1
	// Document{daemon}
}

// 4.x sets properties one by one, and 6.x requires a secrets store.
func ExampleConfigService_SetProperties() {
	for _, release := range []string{"4.3", "6.1"} {
		srv := egeriatest.Start(egeriatest.WithRelease(release))
		c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
		done(err)
		config := c.Server("daemon").Config
		size := 50
		properties := egeria.ServerProperties{Description: "Reads files.", OrganizationName: "Coco", MaxPageSize: &size}
		if dialect, err := c.Dialect(ctx); err == nil && dialect == egeria.Dialect6 {
			properties.SecretsStoreProvider = "org.odpi.openmetadata.adapters.connectors." +
				"secretsstore.yaml.YAMLSecretsStoreProvider"
			properties.SecretsStoreLocation = "loading-bay/secrets/default.omsecrets"
			properties.SecretsStoreCollection = "daemon"
		}
		done(config.SetProperties(ctx, properties))
		p, err := config.Properties(ctx)
		done(err)
		fmt.Println(release, p.Description, p.OrganizationName, *p.MaxPageSize)
		srv.Close()
	}
	// Output:
	// 4.3 Reads files. Coco 50
	// 6.1 Reads files. Coco 50
}

func ExampleConfigService_Deploy() {
	c, srv := exampleClient()
	defer srv.Close()
	daemon := c.Server("daemon")
	done(daemon.IntegrationGroups.Put(ctx, exampleGroup("Default")))

	done(daemon.Config.Deploy(ctx, egeria.DeployTarget{
		PlatformURL:            srv.URL, // in practice another platform
		SecretsStoreProvider:   "org.odpi.openmetadata.adapters.connectors.secretsstore.yaml.YAMLSecretsStoreProvider",
		SecretsStoreLocation:   "loading-bay/secrets/default.omsecrets",
		SecretsStoreCollection: "other-platform",
	}))
	done(daemon.Config.Delete(ctx))
	fmt.Println(srv.Document("daemon") == nil)
	// Output:
	// true
}

func ExamplePlatformService_Start() {
	c, srv := exampleClient()
	defer srv.Close()

	_, err := c.Platform.Start(ctx, "daemon")
	e, _ := errors.AsType[*egeria.Error](err)
	fmt.Println(e.StatusCode, e.RelatedCode, e.Code)

	done(c.Server("daemon").IntegrationGroups.Put(ctx, exampleGroup("Default")))
	_, err = c.Platform.Start(ctx, "daemon")
	done(err)
	status, err := c.Platform.InstanceStatus(ctx, "daemon")
	done(err)
	fmt.Println(status.ServerName, status.ServerType, status.State)
	done(c.Platform.Stop(ctx, "daemon"))
	fmt.Println(errors.Is(c.Platform.Stop(ctx, "daemon"), egeria.ErrNotFound))
	// Output:
	// 200 400 OMAG-ADMIN-400-011
	// daemon Integration Daemon RUNNING
	// true
}

func ExamplePlatformService_Servers() {
	c, srv, _ := exampleDaemon()
	defer srv.Close()

	done(c.Platform.Stop(ctx, "daemon"))
	known, err := c.Platform.Servers(ctx)
	done(err)
	active, err := c.Platform.ActiveServers(ctx)
	done(err)
	fmt.Println(known, active)
	status, err := c.Platform.Status(ctx, "daemon")
	done(err)
	fmt.Println(status.Active, status.EndTime.IsZero())
	// Output:
	// [daemon] []
	// false false
}

// The integration services of a 4.x platform, which differ from its documentation.
func ExamplePlatformService_RegisteredIntegrationServices() {
	srv := egeriatest.Start(egeriatest.WithRelease("4.3"))
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithUser(srv.User))
	done(err)
	services, err := c.Platform.RegisteredIntegrationServices(ctx)
	done(err)
	for _, s := range services {
		if !slices.ContainsFunc(egeria.IntegrationServices(), func(known egeria.IntegrationService) bool {
			return known.Name == s.Name
		}) {
			fmt.Println(s.Name)
		}
	}
	// Output:
	// Analytics Integrator OMIS
}

func ExampleDaemonService_Status() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()

	status, err := daemon.Daemon.Status(ctx)
	done(err)
	for _, g := range status.Groups {
		for _, connector := range g.Connectors {
			fmt.Println(g.Name, g.Status, connector.Name, connector.Status)
		}
	}
	// Output:
	// Egeria:IntegrationGroup:Default RUNNING Files WAITING
}

func ExampleDaemonService_RefreshConfig() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()

	done(daemon.Daemon.RefreshConfig(ctx, "Egeria:IntegrationGroup:Default")) // reads the definition of the group
	done(daemon.Daemon.Refresh(ctx, "Files"))                                 // makes the connector look for changes
	done(daemon.Daemon.Restart(ctx, ""))                                      // all connectors
	err := daemon.Daemon.Refresh(ctx, "Rivers")
	fmt.Println(errors.Is(err, egeria.ErrInvalid))
	// Output:
	// true
}

func ExampleDaemonService_WaitGroup() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()

	g, err := daemon.Daemon.WaitGroup(ctx, "Egeria:IntegrationGroup:Default", sdk.WaitOptions{Timeout: time.Minute})
	done(err)
	fmt.Println(g.Status)
	srv.SetGroup("daemon", "Egeria:IntegrationGroup:Default", "FAILED")
	g, err = daemon.Daemon.WaitGroup(ctx, "Egeria:IntegrationGroup:Default", sdk.WaitOptions{Timeout: time.Minute})
	if failed, ok := errors.AsType[*egeria.GroupError](err); ok {
		fmt.Println(g.Name, "is", failed.Status)
	}
	// Output:
	// RUNNING
	// Egeria:IntegrationGroup:Default is FAILED
}

// The access services that a metadata server of 4.x needs for connectors with these integration
// services.
func ExamplePartnerServices() {
	partners, err := egeria.PartnerServices("Files", "topic-integrator", "Lineage Integrator OMIS")
	done(err)
	for _, p := range partners {
		fmt.Println(p.Name, p.Marker)
	}
	all, err := egeria.PartnerServices()
	done(err)
	fmt.Println(len(all), "in all")
	// Output:
	// Asset Manager OMAS asset-manager
	// Data Manager OMAS data-manager
	// 7 in all
}

func ExampleIntegrationServices() {
	for _, s := range egeria.IntegrationServices()[:2] {
		fmt.Printf("%s: %s Needs %s.\n", s.Marker, s.Description, s.Partner.Name)
	}
	// Output:
	// api-integrator: Catalogues APIs. Needs Data Manager OMAS.
	// catalog-integrator: Synchronizes with data catalogs in both directions. Needs Asset Manager OMAS.
}

// Most failures have HTTP status 200. The response describes them.
func ExampleError() {
	c, srv := exampleClient()
	defer srv.Close()

	_, err := c.Server("daemon").Daemon.Status(ctx)
	e, ok := errors.AsType[*egeria.Error](err)
	fmt.Println(ok, e.StatusCode, e.RelatedCode, e.Code, e.Exception(), errors.Is(err, egeria.ErrNotFound))
	fmt.Println(e.Detail)
	// Output:
	// true 200 404 OMAG-MULTI-TENANT-404-001 InvalidParameterException true
	// the integration daemon is not running: The OMAG Server daemon is not available to service a request from user garygeeke
}
