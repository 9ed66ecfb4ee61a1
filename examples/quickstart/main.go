// Quickstart shows the main job of each vendor: integrations of Confluent Cloud with all clouds, an
// integration of a database at Apono, and an integration daemon of Egeria.
//
//	go run ./examples/quickstart
//
// runs against servers inside the program, without an account and a network. With
//
//	export CONFLUENT_CLOUD_API_KEY=... CONFLUENT_CLOUD_API_SECRET=...
//	go run ./examples/quickstart -live -environment env-abc123
//
// it lists the integrations of an environment on Confluent Cloud, and changes nothing. With -write,
// it also creates a draft there and deletes it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/examples/internal/program"
)

func main() { program.Main("quickstart", run) }

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	vendor := flags.String("vendor", "", "show one vendor only: confluent, apono or egeria")
	live := flags.Bool("live", false, "call Confluent Cloud instead of the fake servers")
	write := flags.Bool("write", false, "with -live: also create a draft and delete it again")
	environment := flags.String("environment", "", "with -live: the id of the environment, for example env-abc123")
	if err := program.Parse(flags, args, out); err != nil {
		return err
	}
	switch {
	case !*live && *write:
		return program.Usage(errors.New("-write needs -live"))
	case !*live && *environment != "":
		return program.Usage(errors.New("-environment needs -live"))
	case *live && *vendor != "":
		return program.Usage(errors.New("-vendor is for the fake servers; -live calls Confluent Cloud"))
	case !slices.Contains([]string{"", "confluent", "apono", "egeria"}, *vendor):
		return program.Usage(fmt.Errorf("-vendor is %q, not confluent, apono or egeria", *vendor))
	case !*live:
		return program.InterruptedFake(ctx, tour(ctx, out, *vendor))
	}
	c, err := confluent.FromEnv()
	if err != nil {
		return program.Hint(err, "-live needs a cloud API key: export "+confluent.EnvAPIKey+"=... "+
			confluent.EnvAPISecret+"=... Without -live, no account is needed.")
	}
	if *environment == "" {
		return program.Usage(
			errors.New(
				"-live needs -environment, the id of an environment, for example from `confluent environment list`",
			),
		)
	}
	if err := list(ctx, out, c, *environment); err != nil || !*write {
		return program.Interrupted(ctx, err, "it only read")
	}
	return program.Interrupted(ctx, draft(ctx, out, c, *environment), "what it created and deleted is above")
}

// tour shows one vendor or all of them, one screen for each.
func tour(ctx context.Context, out io.Writer, vendor string) error {
	for i, part := range []struct {
		vendor, title string
		show          func(context.Context, io.Writer) error
	}{
		{"confluent", "Confluent Cloud: access to clouds without a secret", showConfluent},
		{"apono", "Apono: a database that access is managed for", showApono},
		{"egeria", "Egeria: an integration daemon and its groups", showEgeria},
	} {
		if vendor != "" && vendor != part.vendor {
			continue
		}
		if i > 0 && vendor == "" {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s\n\n", part.title)
		if err := part.show(ctx, out); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\nAll servers were inside this program.\n")
	return nil
}

func title(out io.Writer, text string) { fmt.Fprintln(out, text) }

func line(out io.Writer, format string, args ...any) { fmt.Fprintf(out, "  "+format+"\n", args...) }
