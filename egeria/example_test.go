package egeria_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/ratelimit"
)

var ctx = context.Background()

// exampleClient is a client of a platform inside the program, as in the package example.
func exampleClient(opts ...egeria.Option) (*egeria.Client, *egeriatest.Server) {
	srv := egeriatest.Start()
	c, err := egeria.New(srv.URL, append([]egeria.Option{egeria.WithCredentials(srv.User, srv.Password)}, opts...)...)
	done(err)
	return c, srv
}

// exampleGroup is a group whose definition is on the metadata server of the quick start.
func exampleGroup(name string) egeria.IntegrationGroup {
	return egeria.IntegrationGroup{PlatformURL: "https://localhost:9443", ServerName: "qs-metadata-store", QualifiedName: "Egeria:IntegrationGroup:" + name}
}

// exampleDaemon is a daemon that runs the group Default with a connector.
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

// The life of an integration daemon, from its configuration to its end.
func Example() {
	srv := egeriatest.Start() // instead of a platform
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	daemon := c.Server("integration-daemon")
	err = daemon.IntegrationGroups.Put(ctx, egeria.IntegrationGroup{
		PlatformURL: "~{egeriaEndpoint}~", ServerName: "qs-metadata-store", QualifiedName: "Egeria:IntegrationGroup:Default",
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
	for name, value := range map[string]string{egeria.EnvPlatformURL: srv.URL, egeria.EnvUser: srv.User, egeria.EnvUserPassword: srv.Password} {
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

// A platform of 4.x believes the user that it is told.
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

// Where the dialect is told, nothing is asked.
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

// A client with credentials logs in by itself. A token of one's own is good for other programs.
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

func ExampleIntegrationGroupsService_List() {
	c, srv := exampleClient()
	defer srv.Close()
	daemon := c.Server("daemon")

	groups, err := daemon.IntegrationGroups.List(ctx)
	done(err)
	fmt.Println(len(groups))
	done(daemon.IntegrationGroups.ReplaceAll(ctx, []egeria.IntegrationGroup{exampleGroup("Default"), exampleGroup("Files")}))
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

// Put adds and updates, on every release.
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

// What the platform's own operation does in early releases.
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
	// egeria: IntegrationGroups.ReplaceAll: invalid argument groups[1].QualifiedName: is that of another group, too
	// <nil>
	// 2
}

func ExampleIntegrationGroupsService_Delete() {
	c, srv := exampleClient()
	defer srv.Close()
	groups := c.Server("daemon").IntegrationGroups
	done(groups.Put(ctx, exampleGroup("50%/50%"))) // no path of a platform can carry this name

	for range 2 { // one that is not there is a success
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

// Read the document, change a member, write it back: all else stays as it was.
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

func ExampleConfigService_SetProperties() {
	for _, release := range []string{"4.3", "6.1"} { // 4.x takes them one by one
		srv := egeriatest.Start(egeriatest.WithRelease(release))
		c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
		done(err)
		config := c.Server("daemon").Config
		size := 50
		done(config.SetProperties(ctx, egeria.ServerProperties{Description: "Reads files.", OrganizationName: "Coco", MaxPageSize: &size}))
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
	c, srv := exampleClient(egeria.WithClearTextStore()) // where that is so
	defer srv.Close()
	daemon := c.Server("daemon")
	done(daemon.IntegrationGroups.Put(ctx, exampleGroup("Default")))

	done(daemon.Config.Deploy(ctx, srv.URL)) // to another platform, in earnest
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

// What a platform of 4.x has itself, which is not quite what its documentation says.
func ExamplePlatformService_RegisteredIntegrationServices() {
	srv := egeriatest.Start(egeriatest.WithRelease("4.3"))
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithUser(srv.User))
	done(err)
	services, err := c.Platform.RegisteredIntegrationServices(ctx)
	done(err)
	for _, s := range services {
		if !slices.ContainsFunc(egeria.IntegrationServices(), func(known egeria.IntegrationService) bool { return known.Name == s.Name }) {
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

	done(daemon.Daemon.RefreshConfig(ctx, "Egeria:IntegrationGroup:Default")) // the definition of the group
	done(daemon.Daemon.Refresh(ctx, "Files"))                                 // what a connector looks after
	done(daemon.Daemon.Restart(ctx, ""))                                      // all connectors
	err := daemon.Daemon.Refresh(ctx, "Rivers")
	fmt.Println(errors.Is(err, egeria.ErrInvalid))
	// Output:
	// true
}

func ExampleDaemonService_WaitGroup() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()

	g, err := daemon.Daemon.WaitGroup(ctx, "Egeria:IntegrationGroup:Default", egeria.WaitOptions{Timeout: time.Minute})
	done(err)
	fmt.Println(g.Status)
	srv.SetGroup("daemon", "Egeria:IntegrationGroup:Default", "FAILED")
	g, err = daemon.Daemon.WaitGroup(ctx, "Egeria:IntegrationGroup:Default", egeria.WaitOptions{Timeout: time.Minute})
	if failed, ok := errors.AsType[*egeria.GroupError](err); ok {
		fmt.Println(g.Name, "is", failed.Status)
	}
	// Output:
	// RUNNING
	// Egeria:IntegrationGroup:Default is FAILED
}

// The access services that a metadata server of 4.x must have for connectors that use these integration services.
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

// Most failures come with HTTP status 200, and tell in the reply what went wrong.
func ExampleError() {
	c, srv := exampleClient()
	defer srv.Close()

	_, err := c.Server("daemon").Daemon.Status(ctx)
	e, ok := errors.AsType[*egeria.Error](err)
	fmt.Println(ok, e.StatusCode, e.RelatedCode, e.Code, e.Exception(), errors.Is(err, egeria.ErrNotFound))
	fmt.Println(e.Detail)
	// Output:
	// true 200 404 OMAG-MULTI-TENANT-404-001 InvalidParameterException true
	// The OMAG Server daemon is not available to service a request from user garygeeke
}

// An action whose reply is lost is not sent again; look before you do.
func ExampleWithIdempotent() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()
	srv.Inject(egeriatest.Fault{Operation: "refreshConnectors", Lost: true, Times: 2})

	err := daemon.Daemon.Refresh(ctx, "")
	fmt.Println(errors.Is(err, egeria.ErrOutcomeUnknown))
	err = daemon.Daemon.Refresh(ctx, "", egeria.WithIdempotent()) // a second refresh does no harm
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleWithMeta() {
	c, srv := exampleClient()
	defer srv.Close()

	var meta egeria.Meta
	var raw []byte
	_, err := c.Platform.Known(ctx, "daemon", egeria.WithMeta(&meta), egeria.WithRawBody(&raw))
	done(err)
	var envelope egeria.Envelope
	done(json.Unmarshal(raw, &envelope))
	fmt.Println(meta.StatusCode, meta.Attempts, envelope.Class, envelope.RelatedHTTPCode)
	// Output:
	// 200 1 BooleanResponse 200
}

func ExampleWithTokenSource() {
	srv := egeriatest.Start()
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithTokenSource(egeria.TokenSourceFunc(func(context.Context) (egeria.Token, error) {
		return egeria.Token{Value: srv.IssueToken(srv.User, time.Hour), Expiry: time.Now().Add(time.Hour)}, nil // from a vault, for instance
	})))
	done(err)
	servers, err := c.Platform.Servers(ctx)
	done(err)
	fmt.Println(len(servers))
	// Output:
	// 0
}

// An Egeria platform has no rate limit. This one is the program's own.
func ExampleWithLimiter() {
	limiter, err := ratelimit.New(ratelimit.WithRate(100, 10), ratelimit.WithMaxInFlight(4))
	done(err)
	c, srv := exampleClient(egeria.WithLimiter(limiter))
	defer srv.Close()

	_, err = c.Platform.Servers(ctx)
	fmt.Println(err, c.Limiter() == limiter)
	// Output:
	// <nil> true
}

func ExampleWithMiddleware() {
	c, srv := exampleClient(egeria.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			fmt.Println(r.Method, r.URL.Path)
			return next.RoundTrip(r)
		})
	}))
	defer srv.Close()

	_, err := c.Platform.ActiveServers(ctx)
	done(err)
	// Output:
	// GET /open-metadata/platform-services/server-platform/origin
	// POST /api/token
	// GET /open-metadata/platform-services/server-platform/servers/active
}

// What is logged names the document, and shows nothing of it.
func ExampleWithLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if slices.Contains([]string{"time", "duration", "request_id"}, a.Key) {
			return slog.Attr{}
		}
		return a
	}, Level: slog.LevelDebug}))
	c, srv := exampleClient(egeria.WithDialect(egeria.Dialect6), egeria.WithLogger(logger))
	defer srv.Close()

	document, err := c.Server("daemon").Config.Get(ctx)
	done(err)
	logger.Info("read", "document", document)
	// Output:
	// level=DEBUG msg=call vendor=egeria operation=Login method=POST path=/api/token attempts=1 status=200
	// level=DEBUG msg=call vendor=egeria operation=Config.Get method=GET path=/open-metadata/admin-services/servers/daemon/configuration attempts=1 status=200
	// level=INFO msg=read document=Document{daemon}
}

func ExampleWithRetry() {
	policy := egeria.DefaultRetryPolicy()
	policy.MinDelay, policy.MaxDelay = time.Millisecond, 10*time.Millisecond
	c, srv := exampleClient(egeria.WithRetry(policy))
	defer srv.Close()
	srv.Inject(egeriatest.Fault{Operation: "replaceIntegrationGroups", Status: http.StatusServiceUnavailable, Times: 2})

	var meta egeria.Meta
	err := c.Server("daemon").IntegrationGroups.Put(ctx, exampleGroup("Default"), egeria.WithMeta(&meta)) // it replaces the list, which does no harm twice
	fmt.Println(err, meta.Attempts)
	// Output:
	// <nil> 3
}

func ExampleClient_API() {
	c, srv := exampleClient()
	defer srv.Close()

	resp, err := c.API().ListRegisteredServices(ctx)
	done(err)
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"))
	// Output:
	// 200 true
}
