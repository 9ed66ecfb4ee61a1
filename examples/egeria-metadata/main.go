// Egeria-metadata configures a metadata access server and an integration daemon, and changes a
// running connector.
//
//	go run ./examples/egeria-metadata
//
// runs against a platform inside the program, without an account and a network. Its release is 6.1,
// or that of -release. The calls are the same as for a real platform, with one exception: the fake
// platform has no open metadata, so the program adds the connectors of the group.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/examples/internal/program"
)

const (
	storeName  = "example-metadata-store"
	daemonName = "example-daemon"
	groupName  = "Egeria:IntegrationGroup:Default"
	connector  = "Files Monitor"

	// secretsStoreProvider is the connector to a secrets store in a file.
	secretsStoreProvider = "org.odpi.openmetadata.adapters.connectors.secretsstore.yaml.YAMLSecretsStoreProvider"
)

func main() { program.Main("egeria-metadata", run) }

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	release, err := parse(args, out)
	if err != nil {
		return err
	}
	srv := egeriatest.Start(egeriatest.WithRelease(release))
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "A fake platform of %s listens on %s; nothing leaves this machine.\n", release, srv.URL)
	t := &tour{out: out, c: c, url: srv.URL}
	t.discover = func() {
		srv.AddConnector(daemonName, groupName, connector)
		srv.SetConnectorProperties(
			daemonName,
			connector,
			map[string]any{"fileDirectory": "/data/incoming", "waitForDirectory": true},
		)
	}
	return program.InterruptedFake(ctx, t.run(ctx))
}

// parse returns the release. It prints the usage if args request it.
func parse(args []string, out io.Writer) (release string, err error) {
	flags := flag.NewFlagSet("egeria-metadata", flag.ContinueOnError)
	flags.StringVar(&release, "release", "6.1", "the release of the fake platform: 5.3, 6.0 or 6.1")
	if err := program.Parse(flags, args, out); err != nil {
		return "", err
	}
	if !slices.Contains([]string{"5.3", "6.0", "6.1"}, release) {
		return "", program.Usage(fmt.Errorf("-release is %q, not 5.3, 6.0 or 6.1", release))
	}
	return release, nil
}

// tour runs the steps of the program on one platform.
type tour struct {
	out io.Writer
	c   *egeria.Client
	url string // URL of the platform
	// discover is called when the daemon runs. It replaces reading from the metadata store.
	discover func()
}

func (t *tour) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{t.store, t.daemon, t.start, t.change, t.stop} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// store configures a metadata access store with a repository in memory.
func (t *tour) store(ctx context.Context) error {
	t.title("Configure the metadata access store " + storeName)
	server := t.c.Server(storeName)
	store := server.MetadataStore
	for _, call := range []func() error{
		func() error { return server.Config.SetDefaultAuditLog(ctx) },
		func() error { return store.SetEventBus(ctx, egeria.EventBus{TopicURLRoot: "egeria"}) },
		func() error { return store.SetInMemoryRepository(ctx) },
		func() error { return store.EnableAccessServicesWithoutTopics(ctx, nil) },
		func() error { return store.AddArchiveFile(ctx, "content-packs/CoreContentPack.omarchive") },
	} {
		if err := call(); err != nil {
			return err
		}
	}
	kind, err := server.Config.ServerType(ctx)
	if err != nil {
		return err
	}
	services, err := store.AccessServices(ctx)
	if err != nil {
		return err
	}
	t.line("%s with %d access services", kind.Name, len(services))
	return nil
}

// daemon configures an integration daemon with a group whose definition is in the store.
func (t *tour) daemon(ctx context.Context) error {
	t.title("Configure the integration daemon " + daemonName)
	server := t.c.Server(daemonName)
	if err := server.Config.SetDefaultAuditLog(ctx); err != nil {
		return err
	}
	dialect, err := t.c.Dialect(ctx)
	if err != nil {
		return err
	}
	group := egeria.IntegrationGroup{PlatformURL: t.url, ServerName: storeName, QualifiedName: groupName}
	if dialect == egeria.Dialect6 { // the daemon gets its credentials for the store from a secrets store
		group.SecretsStoreProvider = secretsStoreProvider
		group.SecretsStoreLocation, group.SecretsStoreCollection = "loading-bay/secrets/default.omsecrets", daemonName
	}
	if err := server.IntegrationGroups.Put(ctx, group); err != nil {
		return err
	}
	kind, err := server.Config.ServerType(ctx)
	if err != nil {
		return err
	}
	t.line("%s with the group %s from %s", kind.Name, groupName, storeName)
	return nil
}

// start starts both servers, the store first: without it, the daemon would try again only much
// later.
func (t *tour) start(ctx context.Context) error {
	t.title("Start both")
	for _, name := range []string{storeName, daemonName} {
		if _, err := t.c.Platform.Start(ctx, name); err != nil {
			return err
		}
		services, err := t.c.Platform.ServerServices(ctx, name)
		if err != nil {
			return err
		}
		t.line("%s runs %s", name, strings.Join(services, ", "))
	}
	t.discover()
	group, err := t.c.Server(daemonName).Daemon.WaitGroup(ctx, groupName, sdk.WaitOptions{Timeout: 30 * time.Second})
	if err != nil {
		return err
	}
	t.line("the group is %s", group.Status)
	return nil
}

// change changes a property of the connector, and refreshes it.
func (t *tour) change(ctx context.Context) error {
	t.title("Change the connector " + connector)
	daemon := t.c.Server(daemonName).Daemon
	if err := t.properties(ctx); err != nil {
		return err
	}
	change := egeria.Object{"fileDirectory": json.RawMessage(`"/data/landing"`)}
	if err := daemon.MergeConnectorProperties(ctx, connector, change); err != nil {
		return err
	}
	if err := t.properties(ctx); err != nil {
		return err
	}
	if err := daemon.Refresh(ctx, connector); err != nil {
		return err
	}
	status, err := daemon.Status(ctx)
	if err != nil {
		return err
	}
	for _, report := range status.Connectors {
		t.line("%s is %s, refreshed: %t", report.Name, report.Status, !report.LastRefreshTime.IsZero())
	}
	return nil
}

// properties prints the configuration properties of the connector.
func (t *tour) properties(ctx context.Context) error {
	properties, err := t.c.Server(daemonName).Daemon.ConnectorProperties(ctx, connector)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		t.line("%s = %s", name, properties[name])
	}
	return nil
}

// stop stops both servers. All servers of the platform belong to this program.
func (t *tour) stop(ctx context.Context) error {
	t.title("Stop both")
	if err := t.c.Platform.StopAll(ctx); err != nil {
		return err
	}
	active, err := t.c.Platform.ActiveServers(ctx)
	if err != nil {
		return err
	}
	t.line("running servers: %d", len(active))
	return nil
}

func (t *tour) title(text string) { fmt.Fprintf(t.out, "\n%s\n", text) }

func (t *tour) line(format string, args ...any) { fmt.Fprintf(t.out, "  "+format+"\n", args...) }
