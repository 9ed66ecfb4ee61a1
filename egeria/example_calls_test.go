package egeria_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func ExampleClient_ChangePassword() {
	c, srv := exampleClient()
	defer srv.Close()
	_, err := c.ChangePassword(ctx, "a-new-password")
	done(err)
	_, err = c.Platform.Servers(ctx) // the client uses the new one
	done(err)
	previous, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, "secret-of-before"))
	done(err)
	_, err = previous.Platform.Servers(ctx)
	fmt.Println(errors.Is(err, egeria.ErrUnauthorized))
	// Output:
	// true
}

// The audit log goes to the console by default, and to other places as well.
func ExampleConfigService_AddSLF4JAuditLog() {
	c, srv := exampleClient()
	defer srv.Close()
	config := c.Server("daemon").Config
	done(config.SetDefaultAuditLog(ctx))
	done(config.AddSLF4JAuditLog(ctx, []string{"Error", "Exception"}))
	logs, err := config.AuditLogs(ctx)
	done(err)
	fmt.Println(len(logs))
	// Output:
	// 2
}

func ExampleConfigService_DeleteAuditLog() {
	c, srv := exampleClient()
	defer srv.Close()
	config := c.Server("daemon").Config
	done(config.SetDefaultAuditLog(ctx))
	logs, err := config.AuditLogs(ctx)
	done(err)
	var name string
	done(json.Unmarshal(logs[0]["displayName"], &name))
	done(config.DeleteAuditLog(ctx, name))
	logs, err = config.AuditLogs(ctx)
	fmt.Println(len(logs), err)
	// Output:
	// 0 <nil>
}

func ExampleConfigService_ClearAuditLogs() {
	c, srv := exampleClient()
	defer srv.Close()
	config := c.Server("daemon").Config
	done(config.SetDefaultAuditLog(ctx))
	done(config.ClearAuditLogs(ctx))
	logs, err := config.AuditLogs(ctx)
	fmt.Println(len(logs), err)
	// Output:
	// 0 <nil>
}

// All groups of a daemon are set with one request.
func ExampleConfigService_SetDaemonServices() {
	c, srv := exampleClient()
	defer srv.Close()
	config := c.Server("daemon").Config
	done(config.SetDaemonServices(ctx, egeria.DaemonServices{
		IntegrationGroups: []egeria.IntegrationGroup{exampleGroup("Default"), exampleGroup("Files")},
	}))
	services, err := config.DaemonServices(ctx)
	done(err)
	for _, group := range services.IntegrationGroups {
		fmt.Println(group.QualifiedName)
	}
	// Output:
	// Egeria:IntegrationGroup:Default
	// Egeria:IntegrationGroup:Files
}

func ExampleConfigService_ClearDaemonServices() {
	c, srv := exampleClient()
	defer srv.Close()
	daemon := c.Server("daemon")
	done(daemon.IntegrationGroups.Put(ctx, exampleGroup("Default")))
	done(daemon.Config.ClearDaemonServices(ctx))
	groups, err := daemon.IntegrationGroups.List(ctx)
	fmt.Println(len(groups), err)
	// Output:
	// 0 <nil>
}

// A server runs with the document of its start.
func ExampleConfigService_Running() {
	c, srv, daemon := exampleDaemon()
	defer srv.Close()
	done(daemon.IntegrationGroups.Put(ctx, exampleGroup("Files")))
	stored, err := daemon.Config.Get(ctx)
	done(err)
	running, err := daemon.Config.Running(ctx)
	done(err)
	count := func(d *egeria.Document) int {
		groups, err := d.IntegrationGroups()
		done(err)
		return len(groups)
	}
	fmt.Println(count(stored), "stored,", count(running), "running")
	_, err = c.Platform.Start(ctx, "daemon") // restarts it
	done(err)
	running, err = daemon.Config.Running(ctx)
	done(err)
	fmt.Println(count(running), "running")
	// Output:
	// 2 stored, 1 running
	// 2 running
}

func ExampleConfigService_SetServerType() {
	srv := egeriatest.Start(egeriatest.WithRelease("5.3"))
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithUser(srv.User))
	done(err)
	config := c.Server("daemon").Config
	done(config.SetServerType(ctx, "Integration Daemon"))
	document, err := config.Get(ctx)
	done(err)
	fmt.Println(document.ServerType())
	// Output:
	// Integration Daemon
}

func ExampleDaemonService_Group() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()
	group, err := daemon.Daemon.Group(ctx, "Egeria:IntegrationGroup:Default")
	done(err)
	fmt.Println(group.Status, len(group.Connectors))
	// Output:
	// RUNNING 1
}

// The definition of the group comes later than the daemon.
func ExampleDaemonService_RefreshAndWaitGroup() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()
	group, err := daemon.Daemon.RefreshAndWaitGroup(
		ctx,
		"Egeria:IntegrationGroup:Default",
		sdk.WaitOptions{Timeout: time.Minute},
	)
	done(err)
	fmt.Println(group.Name, group.Status)
	// Output:
	// Egeria:IntegrationGroup:Default RUNNING
}

func ExampleDaemonService_SetConnectorProperties() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()
	done(daemon.Daemon.SetConnectorProperties(ctx, "Files", egeria.Object{"fileDirectory": json.RawMessage(`"/data"`)}))
	properties, err := daemon.Daemon.ConnectorProperties(ctx, "Files")
	done(err)
	fmt.Println(string(properties["fileDirectory"]))
	// Output:
	// "/data"
}

func ExampleDaemonService_SetEndpointAddress() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()
	done(daemon.Daemon.SetEndpointAddress(ctx, "Files", "https://files.example.com"))
	fmt.Println(srv.EndpointAddress("daemon", "Files"))
	// Output:
	// https://files.example.com
}

func ExampleDaemonService_ValidateConnector() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()
	report, err := daemon.Daemon.ValidateConnector(ctx,
		"org.odpi.openmetadata.adapters.connectors.integration.basicfiles.DataFilesMonitorIntegrationProvider")
	done(err)
	_, found := report["connectorType"]
	fmt.Println(found)
	// Output:
	// true
}

func ExampleDaemonService_PublishLineageEvent() {
	_, srv, daemon := exampleDaemon()
	defer srv.Close()
	var event egeria.Object
	done(json.Unmarshal([]byte(`{"eventType":"START","run":{"runId":"d46e465b-d358-4d32-83d4-df660ff614dd"}}`), &event))
	done(daemon.Daemon.PublishLineageEvent(ctx, event))
	fmt.Println(srv.CountCalls("publishLineageEvent"))
	// Output:
	// 1
}
