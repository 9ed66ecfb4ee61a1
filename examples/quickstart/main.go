// Quickstart walks through the life of provider integrations on Confluent Cloud.
//
//	go run ./examples/quickstart
//
// runs against a server inside the program: no account, no network. With
//
//	CONFLUENT_CLOUD_API_KEY=... CONFLUENT_CLOUD_API_SECRET=... go run ./examples/quickstart -live -environment env-abc123
//
// it lists the integrations of an environment on Confluent Cloud, and changes nothing. With -write as well, it creates a draft there and
// deletes it again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(out)
	live := flags.Bool("live", false, "call Confluent Cloud instead of the fake server")
	write := flags.Bool("write", false, "with -live: also create a draft and delete it again")
	environment := flags.String("environment", "", "with -live: the id of the environment, for example env-abc123")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case !*live && *write:
		return errors.New("-write needs -live")
	case !*live && *environment != "":
		return errors.New("-environment needs -live")
	case !*live:
		return tour(ctx, out)
	}
	c, err := confluent.FromEnv()
	if err != nil {
		return err
	}
	if *environment == "" {
		return errors.New("-live needs -environment, the id of an environment, for example from `confluent environment list`")
	}
	if err := list(ctx, out, c, *environment); err != nil || !*write {
		return err
	}
	return draft(ctx, out, c, *environment)
}

// tour shows everything, on a fake server that allows 60 requests per second.
func tour(ctx context.Context, out io.Writer) error {
	srv := confluenttest.Start(confluenttest.WithRateLimit(60, time.Second))
	defer srv.Close()
	const environment = "env-1"
	for i := range 230 {
		srv.Add(environment, confluent.Integration{DisplayName: fmt.Sprintf("seed-%03d", i), Provider: confluent.ProviderGCP, Status: confluent.StatusCreated})
	}
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "A fake Confluent Cloud listens on %s; nothing leaves this machine.\n", srv.URL)

	title(out, "Provision AWS, Azure and Google Cloud")
	env := confluent.Reference{ID: environment}
	aws, err := c.IntegrationsV1.Create(ctx, confluent.IntegrationCreateV1{DisplayName: "lake", Environment: env,
		Config: confluent.Config{Value: &confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/lake"}}})
	if err != nil {
		return err
	}
	describe(out, aws.ID, aws.DisplayName, "", aws.Config)
	wanted := []confluent.IntegrationCreate{
		{DisplayName: "vault", Environment: env, Config: confluent.Config{Value: &confluent.AzureConfig{CustomerAzureTenantID: "6b2b9a4e-0000-4000-8000-000000000001"}}},
		{DisplayName: "warehouse", Environment: env, Config: confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com"}}},
	}
	var provisioned []*confluent.Integration
	for _, w := range wanted {
		in, err := c.Integrations.Provision(ctx, w)
		if err != nil {
			return err
		}
		provisioned = append(provisioned, in)
		describe(out, in.ID, in.DisplayName, in.Status, in.Config)
	}

	title(out, "What remains to be done at Google Cloud")
	gcp := provisioned[1]
	steps, err := confluent.SetupSteps(gcp.Config)
	if err != nil {
		return err
	}
	for _, s := range steps {
		fmt.Fprintf(out, "  %s:\n    %s%s\n", s.Title, strings.Join(s.Argv, " "), s.URL)
	}
	srv.FailValidation(gcp.ID, 2, "Cloud provider setup incomplete") // as if the grant took its time
	wait := confluent.WaitOptions{Interval: 20 * time.Millisecond}
	if err := c.Integrations.WaitValid(ctx, confluent.IntegrationValidate{ID: gcp.ID, Environment: env}, wait); err != nil {
		return err
	}
	fmt.Fprintf(out, "  The server accepted it at attempt %d.\n", srv.CountCalls("validatePimV2Integration"))

	title(out, "Say it again: nothing happens twice")
	again, err := c.Integrations.Ensure(ctx, wanted[1])
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  Ensure(%q): %s, %s\n", wanted[1].DisplayName, again.Integration.ID, again.Action)

	title(out, "A kind of configuration that this release does not know")
	oracle := srv.AddRaw(environment, []byte(`{"id":"cspi-oci","display_name":"mine","status":"CREATED","provider":"oci","config":{"kind":"OciIntegrationConfig","tenancy":"t-1"}}`))
	unknown, err := c.Integrations.Get(ctx, environment, oracle)
	if err != nil {
		return err
	}
	describe(out, unknown.ID, unknown.DisplayName, unknown.Status, unknown.Config)

	title(out, "Page through many")
	count, pages := 0, 0
	for page, err := range c.Integrations.Pages(ctx, environment, &confluent.ListOptions{PageSize: 50}, confluent.WithPrefetch()) {
		if err != nil {
			return err
		}
		count += len(page.Items)
		pages++
	}
	fmt.Fprintf(out, "  %d integrations on %d pages\n", count, pages)

	title(out, "80 requests from 16 goroutines, where the server allows 60 per second")
	begin, before := time.Now(), refused(srv)
	if err := burst(ctx, c, environment, gcp.ID); err != nil {
		return err
	}
	fmt.Fprintf(out, "  all answered in %.1f s; the server had to refuse %d\n", time.Since(begin).Seconds(), refused(srv)-before)

	title(out, "A 429 that comes all the same")
	srv.Inject(confluenttest.Fault{Operation: "getPimV2Integration", Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}})
	var meta confluent.Meta
	begin = time.Now()
	if _, err := c.Integrations.Get(ctx, environment, gcp.ID, confluent.WithMeta(&meta)); err != nil {
		return err
	}
	fmt.Fprintf(out, "  status %d after %d attempts; the server asked to wait 1 s, the call took %.1f s\n", meta.StatusCode, meta.Attempts, time.Since(begin).Seconds())

	title(out, "An error tells what happened")
	_, err = c.Integrations.Get(ctx, environment, "cspi-gone")
	fmt.Fprintln(out, " ", err)
	if e, ok := errors.AsType[*confluent.Error](err); ok {
		fmt.Fprintf(out, "  errors.Is(err, ErrNotFound): %v, status %d, request id %s\n", errors.Is(err, confluent.ErrNotFound), e.StatusCode, e.RequestID)
	}

	title(out, "Clean up")
	if err := c.IntegrationsV1.Delete(ctx, environment, aws.ID); err != nil {
		return err
	}
	for in, err := range c.Integrations.List(ctx, environment, nil) {
		if err != nil {
			return err
		}
		if in.ID == oracle || slices.ContainsFunc(provisioned, func(p *confluent.Integration) bool { return p.ID == in.ID }) {
			if err := c.Integrations.Delete(ctx, environment, in.ID); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(out, "  deleted what was made here; the %d seeds stay\n", len(srv.Integrations(environment)))
	return nil
}

// list shows what an environment has, in both versions of the API.
func list(ctx context.Context, out io.Writer, c *confluent.Client, environment string) error {
	title(out, "pim/v1 (AWS) in "+environment)
	for in, err := range c.IntegrationsV1.List(ctx, environment, &confluent.ListOptions{Provider: confluent.ProviderAWS}) { // v1 lists all clouds otherwise
		if err != nil {
			return err
		}
		describe(out, in.ID, in.DisplayName, "", in.Config)
	}
	title(out, "pim/v2 (Azure, Google Cloud) in "+environment)
	for in, err := range c.Integrations.List(ctx, environment, nil) {
		if err != nil {
			return err
		}
		describe(out, in.ID, in.DisplayName, in.Status, in.Config)
	}
	return nil
}

// draft creates an integration without a configuration, which gives no access to anything, and deletes it.
func draft(ctx context.Context, out io.Writer, c *confluent.Client, environment string) error {
	title(out, "A draft, created and deleted")
	in, err := c.Integrations.Create(ctx, confluent.IntegrationCreate{
		DisplayName: "quickstart-" + time.Now().UTC().Format("20060102-150405"), Provider: confluent.ProviderGCP,
		Environment: confluent.Reference{ID: environment},
	})
	if err != nil {
		return err
	}
	describe(out, in.ID, in.DisplayName, in.Status, in.Config)
	return c.Integrations.Delete(context.WithoutCancel(ctx), environment, in.ID)
}

// describe prints one line; its switch is how to take a configuration apart.
func describe(out io.Writer, id, name string, status confluent.Status, config confluent.Config) {
	about := "no configuration yet"
	switch cfg := config.Value.(type) {
	case *confluent.AWSConfig:
		about = fmt.Sprintf("AWS: %s may assume %s with external ID %s", cfg.IAMRoleARN, cfg.CustomerIAMRoleARN, cfg.ExternalID)
	case *confluent.AzureConfig:
		about = fmt.Sprintf("Azure: application %s in tenant %s", cfg.ConfluentMultiTenantAppID, cfg.CustomerAzureTenantID)
	case *confluent.GCPConfig:
		about = fmt.Sprintf("Google Cloud: %s acts as %s", cfg.GoogleServiceAccount, cfg.CustomerGoogleServiceAccount)
	case *confluent.UnknownConfig:
		about = fmt.Sprintf("unknown kind %q, kept as it is: %s", cfg.Kind, cfg.Raw)
	}
	fmt.Fprintf(out, "  %-11s %-10s %-8s %s\n", id, name, status, about)
}

// burst makes more requests at once than the server allows.
func burst(ctx context.Context, c *confluent.Client, environment, id string) error {
	var wg sync.WaitGroup
	errs := make(chan error, 80)
	work := make(chan struct{}, 80)
	for range cap(work) {
		work <- struct{}{}
	}
	close(work)
	for range 16 {
		wg.Go(func() {
			for range work {
				_, err := c.Integrations.Get(ctx, environment, id)
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// refused counts the replies with 429.
func refused(srv *confluenttest.Server) int {
	n := 0
	for _, call := range srv.Calls() {
		if call.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

func title(out io.Writer, text string) { fmt.Fprintf(out, "\n%s\n", text) }
