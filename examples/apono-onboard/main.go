// Apono-onboard shows the life cycle of an integration at Apono: from the catalog to the first
// tagged resource, and its deletion.
//
//	go run ./examples/apono-onboard
//
// runs against a server inside the program, without an account and a network. With
//
//	APONO_PERSONAL_TOKEN=... go run ./examples/apono-onboard -live
//
// it lists the catalog's types, the connectors and the integrations of an account, and changes
// nothing. With -write and -connector, it also creates an integration of a database that does not
// exist, changes it and deletes it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/examples/internal/program"
)

func main() { program.Main("apono-onboard", run) }

// options are the flags.
type options struct {
	live, write bool
	connector   string
}

func (o options) check() error {
	switch {
	case o.write && !o.live:
		return errors.New("-write needs -live")
	case o.connector != "" && !o.write:
		return errors.New("-connector needs -write")
	case o.write && o.connector == "":
		return errors.New("-write needs -connector, the id of a connector; -live lists them")
	}
	return nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("apono-onboard", flag.ContinueOnError)
	flags.BoolVar(&o.live, "live", false, "call Apono instead of the fake server")
	flags.BoolVar(&o.write, "write", false, "with -live: also create an integration and delete it again")
	flags.StringVar(
		&o.connector,
		"connector",
		"",
		"with -write: the id of the connector that is to reach the integration",
	)
	if err := program.Parse(flags, args, out); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return program.Usage(err)
	}
	if !o.live {
		return program.InterruptedFake(ctx, tour(ctx, out))
	}
	c, err := apono.FromEnv()
	if err != nil {
		return program.Hint(err, "-live needs a personal API token: export "+apono.EnvToken+
			"=... Without -live, no account is needed.")
	}
	if !o.write {
		return program.Interrupted(ctx, look(ctx, out, c), "it only read")
	}
	wait := apono.WaitOptions{WaitOptions: sdk.WaitOptions{Timeout: 2 * time.Minute}}
	onboarding := &onboarding{
		out: out, c: c, connector: o.connector, name: "onboard-" + time.Now().UTC().Format("20060102-150405"),
		wait: wait, found: func(string) {},
	}
	err = onboarding.run(ctx)
	return program.Interrupted(ctx, err, "what it created and deleted is above")
}

// tour shows everything on a fake server.
func tour(ctx context.Context, out io.Writer) error {
	srv := aponotest.Start(aponotest.WithUserInformation(), aponotest.WithSyncReads(2))
	defer srv.Close()
	c, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "A fake Apono listens on %s; nothing leaves this machine.\n", srv.URL)
	if err := look(ctx, out, c); err != nil {
		return err
	}
	find := func(id string) { // as if the connector had found it in the database
		srv.SeedResources(
			id,
			aponotest.Resource{ID: "orders", Type: "postgresql-table"},
			aponotest.Resource{ID: "customers", Type: "postgresql-table"},
		)
	}
	o := &onboarding{
		out: out, c: c, connector: "connector-1", name: "Warehouse", found: find,
		wait: apono.WaitOptions{WaitOptions: sdk.WaitOptions{Interval: 50 * time.Millisecond}},
	}
	if err := o.run(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d integration is left, as before.\n", len(srv.Integrations()))
	return nil
}

// look only reads.
func look(ctx context.Context, out io.Writer, c *apono.Client) error {
	title(out, "Types in the catalog")
	var types []string
	for entry, err := range c.Catalog.List(ctx) {
		if err != nil {
			return err
		}
		types = append(types, entry.Type)
	}
	fmt.Fprintf(out, "  %s\n", strings.Join(types, ", "))
	title(out, "Connectors")
	for connector, err := range c.Connectors.List(ctx, nil) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %s (%s), %s\n", connector.ID, connector.Name, connector.Status)
	}
	title(out, "Integrations")
	for integration, err := range c.Integrations.List(ctx, nil) {
		if err != nil {
			return err
		}
		describe(out, integration)
	}
	return nil
}

// onboarding creates an integration, changes it and deletes it.
type onboarding struct {
	out             io.Writer
	c               *apono.Client
	connector, name string
	wait            apono.WaitOptions
	// found is called with the ID of the integration when it exists.
	found func(id string)
}

func (o *onboarding) run(ctx context.Context) (err error) {
	create, err := o.plan(ctx)
	if err != nil {
		return err
	}
	integration, err := o.c.Integrations.Create(ctx, create)
	if errors.Is(err, apono.ErrOutcomeUnknown) {
		return errors.Join(err, deleteByName(ctx, o.out, o.c, o.name))
	}
	if err != nil {
		return err
	}
	id := integration.ID
	defer func() { // also after an error
		title(o.out, "Delete it")
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, remove(clean, o.out, o.c, id, o.name))
	}()
	describe(o.out, integration)
	o.found(id)

	title(o.out, "Wait until Apono has read it")
	integration, err = o.c.Integrations.WaitSynced(ctx, id, o.wait)
	if _, failed := errors.AsType[*apono.SyncError](err); failed {
		fmt.Fprintln(o.out, " ", err) // the database does not exist: continue
	} else if err != nil {
		return err
	}
	describe(o.out, integration)
	if err := o.tagFirst(ctx, id); err != nil {
		return err
	}
	return o.changeOwner(ctx, integration)
}

// plan reads the parameters of the type, and returns an integration that has them.
func (o *onboarding) plan(ctx context.Context) (apono.IntegrationCreate, error) {
	title(o.out, "Pick a type, and see what it needs")
	entry, err := o.c.Catalog.Get(ctx, "postgresql")
	if err != nil {
		return apono.IntegrationCreate{}, err
	}
	for _, p := range entry.Params {
		about := "required"
		switch {
		case p.Optional:
			about = "optional"
		case p.Default != "":
			about = fmt.Sprintf("%q if left out", p.Default)
		}
		if len(p.Values) > 0 {
			about += ", one of " + strings.Join(p.Values, ", ")
		}
		fmt.Fprintf(o.out, "  %-37s %s\n", p.ID, about)
	}

	title(o.out, "A configuration with mistakes: all of them at once")
	wrong := apono.ConfigOf(map[string]string{"host": "db.example.com", "sslmode": "on"})
	mistakes := apono.ValidateConfig(entry, wrong, apono.SecretStore{})
	fmt.Fprintln(o.out, " ", strings.ReplaceAll(fmt.Sprint(mistakes), "\n", "\n  "))

	title(o.out, "Mended, with the password in Vault")
	config := apono.ConfigOf(map[string]string{"hostname": "db.example.com", "sslmode": "require"})
	for _, p := range entry.Params { // the explicit defaults
		if config.Text(p.ID) == "" && !p.Optional && p.Default != "" {
			config.SetText(p.ID, p.Default)
		}
	}
	secret := apono.SecretStore{Value: &apono.HashicorpVaultSecret{SecretEngine: "kv", Path: "databases/warehouse"}}
	return apono.IntegrationCreate{
		Name: o.name, Type: entry.Type, ConnectorID: apono.Set(o.connector),
		IntegrationConfig: config, SecretStoreConfig: apono.Set(secret),
	}, apono.ValidateConfig(entry, config, secret)
}

// tagFirst lists the resources and tags the first one.
func (o *onboarding) tagFirst(ctx context.Context, id string) error {
	title(o.out, "Its resources, and a tag on the first")
	var first string
	for resource, err := range o.c.Resources.List(ctx, id, "") {
		if err != nil {
			return err
		}
		fmt.Fprintf(o.out, "  %s, %s, %s\n", resource.Name, resource.Type, resource.Status.Status)
		if first == "" {
			first = resource.ID
		}
	}
	if first == "" {
		return nil
	}
	return tag(ctx, o.out, o.c, first)
}

// changeOwner changes one field, and shows that the other fields keep their values.
func (o *onboarding) changeOwner(ctx context.Context, integration *apono.Integration) error {
	title(o.out, "Another owner; all else stays")
	update := apono.UpdateFrom(integration)
	update.Owner = apono.Set(apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"dba@example.com"}})
	integration, err := o.c.Integrations.Update(ctx, integration.ID, update)
	if err != nil {
		return err
	}
	owner := "not shown"
	if integration.Owner != nil {
		owner = strings.Join(integration.Owner.AttributeValue, ", ")
	}
	host := integration.IntegrationConfig.Text("hostname")
	fmt.Fprintf(o.out, "  owner %s; still %s through %s\n", owner, host, integration.ConnectorID)
	return nil
}

// lookAgain are the pauses before each lookup of an integration whose create got no response.
var lookAgain = []time.Duration{0, time.Second, 4 * time.Second}

// deleteByName deletes the integration of a create with an unknown outcome, if it exists.
func deleteByName(ctx context.Context, out io.Writer, c *apono.Client, name string) error {
	title(out, "Delete it")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	for _, pause := range lookAgain {
		time.Sleep(pause)
		integration, err := c.Integrations.FindByName(ctx, name)
		if errors.Is(err, apono.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("the integration %q may be left: %w", name, err)
		}
		return remove(ctx, out, c, integration.ID, name)
	}
	return fmt.Errorf("there is no integration %q; look again later, and delete it if it is there", name)
}

// remove deletes an integration.
func remove(ctx context.Context, out io.Writer, c *apono.Client, id, name string) error {
	if err := c.Integrations.Delete(ctx, id); err != nil {
		return fmt.Errorf("the integration %s, %q, may be left: %w", id, name, err)
	}
	fmt.Fprintf(out, "  deleted %s\n", id)
	return nil
}

// tag adds a tag to the tags of a resource. It sends all tags, because the vendor does not document
// whether the server keeps the others.
func tag(ctx context.Context, out io.Writer, c *apono.Client, resource string) error {
	all := map[string]string{}
	tags, err := c.Resources.UserTags(ctx, resource)
	if err != nil {
		return err
	}
	maps.Copy(all, tags)
	all["team"] = "data"
	if err := c.Resources.SetUserTags(ctx, resource, all); err != nil {
		return err
	}
	if tags, err = c.Resources.UserTags(ctx, resource); err != nil {
		return err
	}
	fmt.Fprintf(out, "  %s is tagged %v\n", resource, tags)
	return nil
}

// describe prints one line. Its switch shows how to read a secret store.
func describe(out io.Writer, integration *apono.Integration) {
	about := "no secret"
	switch s := integration.SecretStoreConfig.Value.(type) {
	case *apono.HashicorpVaultSecret:
		about = fmt.Sprintf("secret in Vault: %s/%s", s.SecretEngine, s.Path)
	case *apono.AWSSecret:
		about = fmt.Sprintf("secret at AWS: %s in %s", s.SecretID, s.Region)
	case *apono.UnknownSecret:
		about = fmt.Sprintf("secret in what this release does not know: %s", strings.Join(s.Names, ", "))
	case nil:
	default:
		about = fmt.Sprintf("secret in %s", integration.SecretStoreConfig.Flat().Type())
	}
	fmt.Fprintf(out, "  %s %q, %s, %s, %s\n",
		integration.ID, integration.Name, integration.Type, integration.Status, about)
}

func title(out io.Writer, text string) { fmt.Fprintf(out, "\n%s\n", text) }
