// Egeria-daemon shows the life cycle of an integration daemon: its integration groups, its start, a
// change, and its end.
//
//	go run ./examples/egeria-daemon
//	go run ./examples/egeria-daemon -release 4.3
//
// runs against a platform inside the program, without an account and a network. With
//
//	export EGERIA_PLATFORM_URL=https://localhost:9443 EGERIA_USER=... EGERIA_USER_PASSWORD=...
//	go run ./examples/egeria-daemon -live
//
// it does the same on a real platform, with a new server whose name it generates. At the end, and
// also after an error or Ctrl-C, it stops that server and deletes its configuration. It changes no
// other server. The platform lists the name of the server until it is restarted. A platform that
// does not store documents in clear text may lose all documents when one is deleted. Therefore the
// configuration is kept, without groups, unless -clear-text-store is set.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/examples/internal/program"
)

func main() { program.Main("egeria-daemon", run) }

// options are the flags.
type options struct {
	live, clearText              bool
	release, ca, metadata, group string
}

func (o options) check() error {
	switch {
	case o.live && o.release != "":
		return errors.New("-release is for the fake platform; -live asks the real one")
	case (o.ca != "" || o.clearText) && !o.live:
		return errors.New("-ca and -clear-text-store need -live")
	case !slices.Contains([]string{"", "4.3", "6.1"}, o.release):
		return fmt.Errorf("-release is %q, not 4.3 or 6.1", o.release)
	}
	return nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("egeria-daemon", flag.ContinueOnError)
	flags.BoolVar(&o.live, "live", false, "call the platform that the environment names instead of the fake one")
	flags.StringVar(&o.release, "release", "", "the release of the fake platform: 4.3 or 6.1 (default 6.1)")
	flags.StringVar(&o.ca, "ca", "", "with -live: a PEM file with the certificate of the platform or its authority")
	flags.BoolVar(
		&o.clearText,
		"clear-text-store",
		false,
		"with -live: the platform keeps its documents in clear text, so that one can be deleted without harm to others",
	)
	flags.StringVar(
		&o.metadata,
		"metadata-server",
		"qs-metadata-store",
		"the metadata access server that has the definition of the group; it need not run",
	)
	flags.StringVar(&o.group, "group", "Egeria:IntegrationGroup:Default", "the qualified name of the integration group")
	if err := program.Parse(flags, args, out); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return program.Usage(err)
	}
	t := &tour{out: out, group: egeria.IntegrationGroup{ServerName: o.metadata, QualifiedName: o.group}}
	if o.live {
		return program.Interrupted(ctx, t.live(ctx, o), "what it did and undid is above")
	}
	return program.InterruptedFake(ctx, t.fake(ctx, o.release))
}

// secretsStoreProvider is the connector to a secrets store in a file.
const secretsStoreProvider = "org.odpi.openmetadata.adapters.connectors.secretsstore.yaml.YAMLSecretsStoreProvider"

// tour runs the steps of the program on one platform.
type tour struct {
	out   io.Writer
	c     *egeria.Client
	group egeria.IntegrationGroup
	wait  sdk.WaitOptions
	// read is called when the daemon runs. It replaces reading from the metadata server.
	read func(daemon string)
}

// fake runs the tour on a fake platform.
func (t *tour) fake(ctx context.Context, release string) (err error) {
	if release == "" {
		release = "6.1"
	}
	srv := egeriatest.Start(egeriatest.WithRelease(release))
	defer srv.Close()
	if t.c, err = egeria.New(
		srv.URL,
		egeria.WithCredentials(srv.User, srv.Password),
		egeria.WithClearTextStore(),
	); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "A fake platform listens on %s; nothing leaves this machine.\n", srv.URL)
	t.group.PlatformURL = srv.URL
	t.wait = sdk.WaitOptions{Timeout: time.Second}
	t.read = func(daemon string) { srv.AddConnector(daemon, t.group.QualifiedName, "Files") }
	return t.run(ctx)
}

// live runs the tour on a real platform.
func (t *tour) live(ctx context.Context, o options) (err error) {
	var opts []egeria.Option
	if o.clearText {
		opts = append(opts, egeria.WithClearTextStore())
	}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s has no certificate", o.ca)
		}
		opts = append(opts, egeria.WithTLSConfig(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	}
	if t.c, err = egeria.FromEnv(opts...); err != nil {
		return program.Hint(err, "-live needs a platform: export "+egeria.EnvPlatformURL+"=https://localhost:9443 "+
			egeria.EnvUser+"=... "+egeria.EnvUserPassword+"=... Without -live, none is needed.")
	}
	t.group.PlatformURL = os.Getenv(egeria.EnvPlatformURL)
	t.wait = sdk.WaitOptions{Timeout: 30 * time.Second}
	t.read = func(string) {}
	return t.run(ctx)
}

// run creates a daemon, and removes it at the end.
func (t *tour) run(ctx context.Context) (err error) {
	if err := t.look(ctx); err != nil {
		return err
	}
	name := "example-daemon-" + time.Now().UTC().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:6])
	if err := t.mustBeFree(ctx, name); err != nil {
		return err
	}
	var mayStart bool // the server may start later, although the program no longer waits for it
	defer func() {
		t.title("Clean up")
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		if undone := t.undo(clean, name, mayStart); undone != nil {
			err = errors.Join(err, fmt.Errorf("the server %q or its configuration may be left: %w", name, undone))
		}
	}()
	if err := t.configure(ctx, name); err != nil {
		return err
	}

	t.title("Start it")
	message, err := t.c.Platform.Start(ctx, name)
	if err != nil {
		mayStart = errors.Is(err, egeria.ErrOutcomeUnknown)
		return err
	}
	t.line(message)
	t.read(name)
	if err := t.watch(ctx, name); err != nil {
		return err
	}
	if err := t.change(ctx, name); err != nil {
		return err
	}

	t.title("Stop it")
	if err := t.c.Platform.Stop(ctx, name); err != nil {
		return err
	}
	switch status, err := t.c.Platform.Status(ctx, name); {
	case errors.Is(err, egeria.ErrNotFound):
		t.line("not running")
	case err != nil:
		return err
	default:
		t.line(fmt.Sprintf("running: %t", status.Active))
	}
	return nil
}

// look only reads.
func (t *tour) look(ctx context.Context) error {
	t.title("The platform")
	origin, err := t.c.Platform.Origin(ctx)
	if err != nil {
		return err
	}
	dialect, err := t.c.Dialect(ctx)
	if err != nil {
		return err
	}
	active, err := t.c.Platform.ActiveServers(ctx)
	if err != nil {
		return err
	}
	t.line(fmt.Sprintf("%s, spoken to as %s, running %d servers", origin, dialect, len(active)))

	t.title("What integration connectors need in the metadata access server")
	registered, err := t.c.Platform.RegisteredIntegrationServices(ctx)
	if err != nil && !errors.Is(err, egeria.ErrNotFound) {
		return err
	}
	if len(registered) == 0 {
		t.line("nothing: this release has no integration services. With 4.x it would be:")
	}
	var used []string
	for _, service := range egeria.IntegrationServices() {
		if len(registered) > 0 &&
			!slices.ContainsFunc(registered, func(r egeria.RegisteredService) bool { return r.Name == service.Name }) {
			continue // only in the documentation
		}
		used = append(used, service.Marker)
		t.line(fmt.Sprintf("%-30s %s", service.Name, service.Partner.Name))
	}
	partners, err := egeria.PartnerServices(used...)
	if err != nil {
		return err
	}
	var names []string
	for _, p := range partners {
		names = append(names, p.Name)
	}
	t.line("where it is not known which of them the connectors use, all: " + strings.Join(names, ", "))
	return nil
}

// mustBeFree returns an error if a server with this name exists.
func (t *tour) mustBeFree(ctx context.Context, name string) error {
	known, err := t.c.Platform.Known(ctx, name)
	if err != nil {
		return err
	}
	document, err := t.c.Server(name).Config.Get(ctx)
	if err != nil {
		return err
	}
	if known || len(document.AuditTrail()) > 0 { // the default document of a server has no history
		return fmt.Errorf("there is a server %s already", name)
	}
	return nil
}

// other returns a second group, which does not have to exist.
func (t *tour) other() egeria.IntegrationGroup {
	g := t.group.Clone()
	g.QualifiedName += ":Other"
	return g
}

func (t *tour) configure(ctx context.Context, name string) error {
	t.title("Configure " + name)
	daemon := t.c.Server(name)
	if err := daemon.Config.SetDefaultAuditLog(ctx); err != nil {
		return err
	}
	properties := egeria.ServerProperties{Description: "An example. It may be deleted.", OrganizationName: "Example"}
	dialect, err := t.c.Dialect(ctx)
	if err != nil {
		return err
	}
	if dialect == egeria.Dialect6 { // the daemon gets its credentials from a secrets store
		properties.SecretsStoreProvider = secretsStoreProvider
		properties.SecretsStoreLocation = "loading-bay/secrets/default.omsecrets"
		properties.SecretsStoreCollection = name
	}
	if err := daemon.Config.SetProperties(ctx, properties); err != nil {
		return err
	}
	for _, g := range []egeria.IntegrationGroup{t.group, t.other()} {
		if err := daemon.IntegrationGroups.Put(ctx, g); err != nil {
			return err
		}
	}
	return t.groups(ctx, name)
}

// groups prints the configured groups.
func (t *tour) groups(ctx context.Context, name string) error {
	groups, err := t.c.Server(name).IntegrationGroups.List(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		t.line(fmt.Sprintf("group %s from %s", g.QualifiedName, g.ServerName))
	}
	return nil
}

func (t *tour) watch(ctx context.Context, name string) error {
	t.title("Watch it")
	status, err := t.c.Platform.InstanceStatus(ctx, name)
	if err != nil {
		return err
	}
	t.line(fmt.Sprintf("%s, %s", status.ServerType, status.State))
	group, err := t.c.Server(name).Daemon.WaitGroup(ctx, t.group.QualifiedName, t.wait)
	_, failed := errors.AsType[*egeria.GroupError](err)
	switch {
	case failed && ctx.Err() == nil:
		t.line(
			fmt.Sprintf("%s is %s: go on nevertheless", group.Name, group.Status),
		) // its metadata server may be missing
	case err != nil:
		return err
	}
	return t.summaries(ctx, name)
}

// summaries prints the state of the groups of the running daemon.
func (t *tour) summaries(ctx context.Context, name string) error {
	groups, err := t.c.Server(name).Daemon.Groups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		t.line(fmt.Sprintf("group %s is %s", g.Name, g.Status))
		for _, connector := range g.Connectors {
			t.line(fmt.Sprintf("  connector %s is %s", connector.Name, connector.Status))
		}
	}
	return nil
}

func (t *tour) change(ctx context.Context, name string) error {
	t.title("Change a group; the other one stays")
	daemon := t.c.Server(name)
	changed, err := daemon.IntegrationGroups.Get(ctx, t.other().QualifiedName)
	if err != nil {
		return err
	}
	changed.ServerName = "another-metadata-store"
	if err := daemon.IntegrationGroups.Put(ctx, *changed); err != nil {
		return err
	}
	if err := t.groups(ctx, name); err != nil {
		return err
	}
	t.line("the daemon takes it over with its next start")

	t.title("Refresh")
	for _, what := range []struct {
		about string
		do    func() error
	}{
		{"the group", func() error { return daemon.Daemon.RefreshConfig(ctx, t.group.QualifiedName) }},
		{"all connectors", func() error { return daemon.Daemon.Refresh(ctx, "") }},
	} {
		err := what.do()
		if e, ok := errors.AsType[*egeria.Error](
			err,
		); ok &&
			e.Failure != nil { // 5.x and 6.x fail if there are no connectors
			t.line(fmt.Sprintf("%s: not done: %v", what.about, err))
			continue
		}
		if err != nil {
			return err
		}
		t.line(what.about + ": done")
	}
	return t.summaries(ctx, name)
}

// undo stops the server and deletes its configuration. If there is nothing to undo, it succeeds. It
// waits for a server that may still start.
func (t *tour) undo(ctx context.Context, name string, mayStart bool) error {
	stopped := t.c.Platform.Stop(ctx, name)
	if mayStart && errors.Is(stopped, egeria.ErrNotFound) {
		t.line("it may still be starting: wait a minute")
	}
	for end := time.Now().Add(time.Minute); mayStart && errors.Is(stopped, egeria.ErrNotFound); {
		if time.Now().After(end) || ctx.Err() != nil {
			break
		}
		time.Sleep(time.Second)
		stopped = t.c.Platform.Stop(ctx, name)
	}
	if errors.Is(stopped, egeria.ErrNotFound) {
		stopped = nil
	}
	deleted := t.c.Server(name).Config.Delete(ctx)
	if e, ok := errors.AsType[*egeria.Error](deleted); ok && e.Argument == "WithClearTextStore" {
		deleted = t.c.Server(name).IntegrationGroups.Clear(ctx)
		if err := errors.Join(stopped, deleted); err != nil {
			return err
		}
		t.line(name + " is stopped, and its groups removed. " +
			"Its configuration stays: the platform might lose all others with it")
		return nil
	}
	if err := errors.Join(stopped, deleted); err != nil {
		return err
	}
	t.line(name + " is stopped, and its configuration deleted")
	return nil
}

func (t *tour) title(text string) { fmt.Fprintf(t.out, "\n%s\n", text) }

func (t *tour) line(text string) { fmt.Fprintf(t.out, "  %s\n", text) }
