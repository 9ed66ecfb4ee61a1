// Apono-onboard walks through the life of an integration at Apono: from the catalog to the first tagged resource, and to the end.
//
//	go run ./examples/apono-onboard
//
// runs against a server inside the program: no account, no network. With
//
//	APONO_PERSONAL_TOKEN=... go run ./examples/apono-onboard -live
//
// it lists the catalog's types, the connectors and the integrations of an account, and changes nothing. With -write and -connector as well, it creates an
// integration of a database that does not exist, changes it and deletes it again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "apono-onboard:", err)
		os.Exit(1)
	}
}

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
	flags.SetOutput(out)
	flags.BoolVar(&o.live, "live", false, "call Apono instead of the fake server")
	flags.BoolVar(&o.write, "write", false, "with -live: also create an integration and delete it again")
	flags.StringVar(&o.connector, "connector", "", "with -write: the id of the connector that is to reach the integration")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err := o.check(); err != nil || !o.live {
		if err == nil {
			err = tour(ctx, out)
		}
		return err
	}
	c, err := apono.FromEnv()
	if err != nil {
		return err
	}
	if !o.write {
		return look(ctx, out, c)
	}
	wait := apono.WaitOptions{Timeout: 2 * time.Minute}
	return onboard(ctx, out, c, o.connector, "onboard-"+time.Now().UTC().Format("20060102-150405"), wait, func(string) {})
}

// tour shows everything, on a fake server.
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
	find := func(id string) { // what the connector would find in the database
		srv.SeedResources(id, aponotest.Resource{ID: "orders", Type: "postgresql-table"}, aponotest.Resource{ID: "customers", Type: "postgresql-table"})
	}
	if err := onboard(ctx, out, c, "connector-1", "Warehouse", apono.WaitOptions{Interval: 50 * time.Millisecond}, find); err != nil {
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
	for in, err := range c.Integrations.List(ctx, nil) {
		if err != nil {
			return err
		}
		describe(out, in)
	}
	return nil
}

// onboard creates an integration, changes it and deletes it. found is called when it is there.
func onboard(ctx context.Context, out io.Writer, c *apono.Client, connector, name string, wait apono.WaitOptions, found func(id string)) (err error) {
	title(out, "Pick a type, and see what it needs")
	entry, err := c.Catalog.Get(ctx, "postgresql")
	if err != nil {
		return err
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
		fmt.Fprintf(out, "  %-37s %s\n", p.ID, about)
	}

	title(out, "A configuration with mistakes: all of them at once")
	config := apono.ConfigOf(map[string]string{"host": "db.example.com", "sslmode": "on"})
	fmt.Fprintln(out, " ", strings.ReplaceAll(fmt.Sprint(apono.ValidateConfig(entry, config, apono.SecretStore{})), "\n", "\n  "))

	title(out, "Mended, with the password in Vault")
	config = apono.ConfigOf(map[string]string{"hostname": "db.example.com", "sslmode": "require"})
	for _, p := range entry.Params { // the defaults, spelt out
		if config.Text(p.ID) == "" && !p.Optional && p.Default != "" {
			config.SetText(p.ID, p.Default)
		}
	}
	secret := apono.SecretStore{Value: &apono.HashicorpVaultSecret{SecretEngine: "kv", Path: "databases/warehouse"}}
	if err := apono.ValidateConfig(entry, config, secret); err != nil {
		return err
	}
	in, err := c.Integrations.Create(ctx, apono.IntegrationCreate{
		Name: name, Type: entry.Type, ConnectorID: apono.Set(connector), IntegrationConfig: config, SecretStoreConfig: apono.Set(secret),
	})
	if err != nil {
		return err
	}
	id := in.ID
	defer func() { // also where something fails
		title(out, "Delete it")
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		deleted := c.Integrations.Delete(clean, id)
		if deleted == nil {
			fmt.Fprintf(out, "  deleted %s\n", id)
		}
		err = errors.Join(err, deleted)
	}()
	describe(out, in)
	found(id)

	title(out, "Wait until Apono has read it")
	in, err = c.Integrations.WaitSynced(ctx, id, wait)
	if _, failed := errors.AsType[*apono.SyncError](err); failed {
		fmt.Fprintln(out, " ", err) // a database that is not there: go on nevertheless
	} else if err != nil {
		return err
	}
	describe(out, in)

	title(out, "Its resources, and a tag on the first")
	var first string
	for resource, err := range c.Resources.List(ctx, id, "") {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %s, %s, %s\n", resource.Name, resource.Type, resource.Status.Status)
		if first == "" {
			first = resource.ID
		}
	}
	if first != "" {
		if err := tag(ctx, out, c, first); err != nil {
			return err
		}
	}

	title(out, "Another owner; all else stays")
	update := apono.UpdateFrom(in)
	update.Owner = apono.Set(apono.OwnerReference{AttributeType: "user", AttributeValue: []string{"dba@example.com"}})
	if in, err = c.Integrations.Update(ctx, id, update); err != nil {
		return err
	}
	owner := "not shown"
	if in.Owner != nil {
		owner = strings.Join(in.Owner.AttributeValue, ", ")
	}
	fmt.Fprintf(out, "  owner %s; still %s through %s\n", owner, in.IntegrationConfig.Text("hostname"), in.ConnectorID)
	return nil
}

// tag adds a tag to those that a resource has: whether the server would keep the others by itself is not documented.
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

// describe prints one line; its switch is how to take a secret store apart.
func describe(out io.Writer, in *apono.Integration) {
	about := "no secret"
	switch s := in.SecretStoreConfig.Value.(type) {
	case *apono.HashicorpVaultSecret:
		about = fmt.Sprintf("secret in Vault: %s/%s", s.SecretEngine, s.Path)
	case *apono.AWSSecret:
		about = fmt.Sprintf("secret at AWS: %s in %s", s.SecretID, s.Region)
	case *apono.UnknownSecret:
		about = fmt.Sprintf("secret in what this release does not know: %s", strings.Join(s.Names, ", "))
	case nil:
	default:
		about = fmt.Sprintf("secret in %s", in.SecretStoreConfig.Flat().Type())
	}
	fmt.Fprintf(out, "  %s %q, %s, %s, %s\n", in.ID, in.Name, in.Type, in.Status, about)
}

func title(out io.Writer, text string) { fmt.Fprintf(out, "\n%s\n", text) }
