// Egeria-daemon walks through the life of an integration daemon: from its integration groups to its start, a change, and its end.
//
//	go run ./examples/egeria-daemon
//	go run ./examples/egeria-daemon -release 4.3
//
// runs against a platform inside the program: no account, no network. With
//
//	EGERIA_PLATFORM_URL=https://localhost:9443 EGERIA_USER=... EGERIA_USER_PASSWORD=... go run ./examples/egeria-daemon -live
//
// it does the same on a real platform, with a server of its own, whose name it makes up. It stops that server and deletes its configuration in the end, also where
// something fails and after Ctrl-C, and changes no other. The platform goes on listing the name of the server until it is restarted. A platform may lose all documents when one is deleted, unless it keeps
// them in clear text: the configuration stays there, without groups, unless -clear-text-store says so.
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
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "egeria-daemon:", err)
		os.Exit(1)
	}
}

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
	flags.SetOutput(out)
	flags.BoolVar(&o.live, "live", false, "call the platform that the environment names instead of the fake one")
	flags.StringVar(&o.release, "release", "", "the release of the fake platform: 4.3 or 6.1 (default 6.1)")
	flags.StringVar(&o.ca, "ca", "", "with -live: a PEM file with the certificate of the platform or its authority")
	flags.BoolVar(&o.clearText, "clear-text-store", false, "with -live: the platform keeps its documents in clear text, so that one can be deleted without harm to others")
	flags.StringVar(&o.metadata, "metadata-server", "qs-metadata-store", "the metadata access server that has the definition of the group; it need not run")
	flags.StringVar(&o.group, "group", "Egeria:IntegrationGroup:Default", "the qualified name of the integration group")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err := o.check(); err != nil {
		return err
	}
	story := &story{out: out, group: egeria.IntegrationGroup{ServerName: o.metadata, QualifiedName: o.group}}
	if o.live {
		return story.live(ctx, o)
	}
	return story.fake(ctx, o.release)
}

// story is what is told.
type story struct {
	out   io.Writer
	c     *egeria.Client
	group egeria.IntegrationGroup
	wait  egeria.WaitOptions
	// read is called when the daemon runs: what it would read from the metadata server.
	read func(daemon string)
}

// fake tells it on a fake platform.
func (s *story) fake(ctx context.Context, release string) (err error) {
	if release == "" {
		release = "6.1"
	}
	srv := egeriatest.Start(egeriatest.WithRelease(release))
	defer srv.Close()
	if s.c, err = egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password), egeria.WithClearTextStore()); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "A fake platform listens on %s; nothing leaves this machine.\n", srv.URL)
	s.group.PlatformURL = srv.URL
	s.wait = egeria.WaitOptions{Timeout: time.Second}
	s.read = func(daemon string) { srv.AddConnector(daemon, s.group.QualifiedName, "Files") }
	return s.tell(ctx)
}

// live tells it on a real platform.
func (s *story) live(ctx context.Context, o options) (err error) {
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
	if s.c, err = egeria.FromEnv(opts...); err != nil {
		return err
	}
	s.group.PlatformURL = os.Getenv(egeria.EnvPlatformURL)
	s.wait = egeria.WaitOptions{Timeout: 30 * time.Second}
	s.read = func(string) {}
	return s.tell(ctx)
}

// tell creates a daemon, and undoes what it did.
func (s *story) tell(ctx context.Context) (err error) {
	if err := s.look(ctx); err != nil {
		return err
	}
	name := "example-daemon-" + time.Now().UTC().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:6])
	if err := s.mustBeFree(ctx, name); err != nil {
		return err
	}
	var mayStart bool // later, although nobody waits for it any more
	defer func() {
		s.title("Clean up")
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		err = errors.Join(err, s.undo(clean, name, mayStart))
	}()
	if err := s.configure(ctx, name); err != nil {
		return err
	}

	s.title("Start it")
	message, err := s.c.Platform.Start(ctx, name)
	if err != nil {
		mayStart = errors.Is(err, egeria.ErrOutcomeUnknown)
		return err
	}
	s.line(message)
	s.read(name)
	if err := s.watch(ctx, name); err != nil {
		return err
	}
	if err := s.change(ctx, name); err != nil {
		return err
	}

	s.title("Stop it")
	if err := s.c.Platform.Stop(ctx, name); err != nil {
		return err
	}
	switch status, err := s.c.Platform.Status(ctx, name); {
	case errors.Is(err, egeria.ErrNotFound):
		s.line("not running")
	case err != nil:
		return err
	default:
		s.line(fmt.Sprintf("running: %t", status.Active))
	}
	return nil
}

// look only reads.
func (s *story) look(ctx context.Context) error {
	s.title("The platform")
	origin, err := s.c.Platform.Origin(ctx)
	if err != nil {
		return err
	}
	dialect, err := s.c.Dialect(ctx)
	if err != nil {
		return err
	}
	active, err := s.c.Platform.ActiveServers(ctx)
	if err != nil {
		return err
	}
	s.line(fmt.Sprintf("%s, spoken to as %s, running %d servers", origin, dialect, len(active)))

	s.title("What integration connectors need in the metadata access server")
	registered, err := s.c.Platform.RegisteredIntegrationServices(ctx)
	if err != nil && !errors.Is(err, egeria.ErrNotFound) {
		return err
	}
	if len(registered) == 0 {
		s.line("nothing: this release has no integration services. With 4.x it would be:")
	}
	var used []string
	for _, service := range egeria.IntegrationServices() {
		if len(registered) > 0 && !slices.ContainsFunc(registered, func(r egeria.RegisteredService) bool { return r.Name == service.Name }) {
			continue // in the documentation only
		}
		used = append(used, service.Marker)
		s.line(fmt.Sprintf("%-30s %s", service.Name, service.Partner.Name))
	}
	partners, err := egeria.PartnerServices(used...)
	if err != nil {
		return err
	}
	var names []string
	for _, p := range partners {
		names = append(names, p.Name)
	}
	s.line("where it is not known which of them the connectors use, all: " + strings.Join(names, ", "))
	return nil
}

// mustBeFree makes sure that nobody has a server of this name.
func (s *story) mustBeFree(ctx context.Context, name string) error {
	known, err := s.c.Platform.Known(ctx, name)
	if err != nil {
		return err
	}
	document, err := s.c.Server(name).Config.Get(ctx)
	if err != nil {
		return err
	}
	if known || len(document.AuditTrail()) > 0 { // a server that nobody has configured has a document without history
		return fmt.Errorf("there is a server %s already", name)
	}
	return nil
}

// other is a second group, which need not exist.
func (s *story) other() egeria.IntegrationGroup {
	g := s.group.Clone()
	g.QualifiedName += ":Other"
	return g
}

func (s *story) configure(ctx context.Context, name string) error {
	s.title("Configure " + name)
	daemon := s.c.Server(name)
	if err := daemon.Config.SetDefaultAuditLog(ctx); err != nil {
		return err
	}
	if err := daemon.Config.SetProperties(ctx, egeria.ServerProperties{Description: "An example. It may be deleted.", OrganizationName: "Example"}); err != nil {
		return err
	}
	for _, g := range []egeria.IntegrationGroup{s.group, s.other()} {
		if err := daemon.IntegrationGroups.Put(ctx, g); err != nil {
			return err
		}
	}
	return s.groups(ctx, name)
}

// groups shows the configured ones.
func (s *story) groups(ctx context.Context, name string) error {
	groups, err := s.c.Server(name).IntegrationGroups.List(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		s.line(fmt.Sprintf("group %s from %s", g.QualifiedName, g.ServerName))
	}
	return nil
}

func (s *story) watch(ctx context.Context, name string) error {
	s.title("Watch it")
	status, err := s.c.Platform.InstanceStatus(ctx, name)
	if err != nil {
		return err
	}
	s.line(fmt.Sprintf("%s, %s", status.ServerType, status.State))
	group, err := s.c.Server(name).Daemon.WaitGroup(ctx, s.group.QualifiedName, s.wait)
	_, failed := errors.AsType[*egeria.GroupError](err)
	switch {
	case failed && ctx.Err() == nil:
		s.line(fmt.Sprintf("%s is %s: go on nevertheless", group.Name, group.Status)) // its metadata server may not be there
	case err != nil:
		return err
	}
	return s.summaries(ctx, name)
}

// summaries shows how the groups of the running daemon do.
func (s *story) summaries(ctx context.Context, name string) error {
	groups, err := s.c.Server(name).Daemon.Groups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		s.line(fmt.Sprintf("group %s is %s", g.Name, g.Status))
		for _, connector := range g.Connectors {
			s.line(fmt.Sprintf("  connector %s is %s", connector.Name, connector.Status))
		}
	}
	return nil
}

func (s *story) change(ctx context.Context, name string) error {
	s.title("Change a group; the other one stays")
	daemon := s.c.Server(name)
	changed, err := daemon.IntegrationGroups.Get(ctx, s.other().QualifiedName)
	if err != nil {
		return err
	}
	changed.ServerName = "another-metadata-store"
	if err := daemon.IntegrationGroups.Put(ctx, *changed); err != nil {
		return err
	}
	if err := s.groups(ctx, name); err != nil {
		return err
	}
	s.line("the daemon takes it over with its next start")

	s.title("Refresh")
	for _, what := range []struct {
		about string
		do    func() error
	}{
		{"the definition of the group", func() error { return daemon.Daemon.RefreshConfig(ctx, s.group.QualifiedName) }},
		{"all connectors", func() error { return daemon.Daemon.Refresh(ctx, "") }},
	} {
		err := what.do()
		if e, ok := errors.AsType[*egeria.Error](err); ok && e.Failure != nil { // 6.0 and 6.1 fail where there are no connectors
			s.line(fmt.Sprintf("%s: not done: %v", what.about, err))
			continue
		}
		if err != nil {
			return err
		}
		s.line(what.about + ": done")
	}
	return s.summaries(ctx, name)
}

// undo stops the server and deletes its configuration. What was never done is a success. A server that may still come up is waited for.
func (s *story) undo(ctx context.Context, name string, mayStart bool) error {
	stopped := s.c.Platform.Stop(ctx, name)
	if mayStart && errors.Is(stopped, egeria.ErrNotFound) {
		s.line("it may still be starting: wait a minute")
	}
	for begin := time.Now(); mayStart && errors.Is(stopped, egeria.ErrNotFound) && time.Since(begin) < time.Minute && ctx.Err() == nil; {
		time.Sleep(time.Second)
		stopped = s.c.Platform.Stop(ctx, name)
	}
	if errors.Is(stopped, egeria.ErrNotFound) {
		stopped = nil
	}
	deleted := s.c.Server(name).Config.Delete(ctx)
	if e, ok := errors.AsType[*egeria.Error](deleted); ok && e.Argument == "WithClearTextStore" {
		deleted = s.c.Server(name).IntegrationGroups.Clear(ctx)
		if err := errors.Join(stopped, deleted); err != nil {
			return err
		}
		s.line(name + " is stopped, and its groups removed. Its configuration stays: the platform might lose all others with it")
		return nil
	}
	if err := errors.Join(stopped, deleted); err != nil {
		return err
	}
	s.line(name + " is stopped, and its configuration deleted")
	return nil
}

func (s *story) title(text string) { fmt.Fprintf(s.out, "\n%s\n", text) }

func (s *story) line(text string) { fmt.Fprintf(s.out, "  %s\n", text) }
