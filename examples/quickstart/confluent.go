package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

const environment = "env-1"

// showConfluent shows provider integrations, on a fake that allows 60 requests per second.
func showConfluent(ctx context.Context, out io.Writer) error {
	srv := confluenttest.Start(confluenttest.WithRateLimit(60, time.Second))
	defer srv.Close()
	srv.Add(environment, confluent.IntegrationV1{DisplayName: "lake", Provider: confluent.ProviderAWS})
	srv.Add(
		environment,
		confluent.Integration{DisplayName: "vault", Provider: confluent.ProviderAzure, Status: confluent.StatusCreated},
	)
	srv.AddRaw(environment, []byte(`{"id":"cspi-oci","display_name":"mine","status":"CREATED","provider":"oci",
		"config":{"kind":"OciIntegrationConfig"}}`))
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	if err != nil {
		return err
	}
	integration, err := provision(ctx, out, c, srv)
	if err != nil {
		return err
	}

	title(out, "List all clouds of the environment")
	for i, err := range c.AllIntegrations(ctx, environment, nil) {
		if err != nil {
			return err
		}
		about := ""
		if _, unknown := i.Config.Value.(*confluent.UnknownConfig); unknown {
			about = "(a kind newer than this SDK)"
		}
		line(out, "%-6s %-10s %-8s %s", i.Provider, i.DisplayName, i.Status, about)
	}

	title(out, "80 requests at once, where 60 per second are allowed")
	if err := burst(ctx, c, integration.ID); err != nil {
		return err
	}
	line(out, "80 answered, %d refused", refused(srv))

	title(out, "A 429 that comes all the same")
	srv.Inject(
		confluenttest.Fault{
			Operation: "getPimV2Integration",
			Status:    http.StatusTooManyRequests,
			Header:    http.Header{"Retry-After": {"1"}},
		},
	)
	var meta sdk.Meta
	if _, err := c.Integrations.Get(ctx, environment, integration.ID, confluent.WithMeta(&meta)); err != nil {
		return err
	}
	line(out, "status %d after %d attempts, with the wait that was asked", meta.StatusCode, meta.Attempts)
	return nil
}

// provision creates an integration, and waits until the access that it needs is granted.
func provision(
	ctx context.Context,
	out io.Writer,
	c *confluent.Client,
	srv *confluenttest.Server,
) (*confluent.Integration, error) {
	want := confluent.IntegrationCreate{
		DisplayName: "warehouse",
		Environment: confluent.Reference{ID: environment},
		Config: confluent.Config{
			Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "reader@my-project.iam.gserviceaccount.com"},
		},
	}
	title(out, "Provision an integration with Google Cloud")
	integration, err := c.Integrations.Provision(ctx, want)
	if err != nil {
		return nil, err
	}
	line(out, "%s %s is %s", integration.ID, integration.DisplayName, integration.Status)

	title(out, "What remains to be done at Google Cloud")
	steps, err := confluent.SetupSteps(integration.Config)
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		line(out, "%s", step.Title)
	}

	title(out, "Wait until it is done")
	srv.FailValidation(integration.ID, 2, "Cloud provider setup incomplete") // as if the grant took some time
	wait := sdk.WaitOptions{Interval: 20 * time.Millisecond, Progress: func(attempt int, err error) {
		if e, ok := errors.AsType[*sdk.Error](err); ok {
			line(out, "attempt %d: %s", attempt, e.Detail)
		}
	}}
	if err := c.Integrations.WaitValid(
		ctx,
		confluent.IntegrationValidate{ID: integration.ID, Environment: want.Environment},
		wait,
	); err != nil {
		return nil, err
	}
	line(out, "valid")

	title(out, "Ensure it again: nothing happens twice")
	again, err := c.Integrations.Ensure(ctx, want)
	if err != nil {
		return nil, err
	}
	line(out, "%s", again.Action)
	return integration, nil
}

// burst sends more concurrent requests than the server allows.
func burst(ctx context.Context, c *confluent.Client, id string) error {
	var group sync.WaitGroup
	errs := make([]error, 80)
	for i := range errs {
		group.Go(func() { _, errs[i] = c.Integrations.Get(ctx, environment, id) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("one of %d: %w", len(errs), err)
		}
	}
	return nil
}

// refused counts the responses with 429.
func refused(srv *confluenttest.Server) int {
	n := 0
	for _, call := range srv.Calls() {
		if call.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}
