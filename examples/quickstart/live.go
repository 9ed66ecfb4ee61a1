package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/integrations-go/sdk/confluent"
)

// list prints the integrations of an environment in both versions of the API. It skips a version
// that the account may not use.
func list(ctx context.Context, out io.Writer, c *confluent.Client, environment string) error {
	title(out, "Integrations in "+environment)
	filter := &confluent.AllIntegrationsOptions{
		SkipForbidden: func(err *confluent.Error) { fmt.Fprintln(out, "  left out:", err) },
	}
	for integration, err := range c.AllIntegrations(ctx, environment, filter) {
		if err != nil {
			return err
		}
		describe(out, integration.ID, integration.DisplayName, integration.Status, integration.Config)
	}
	return nil
}

// draft creates an integration without a configuration and deletes it, also after Ctrl-C. Such an
// integration gives no access to anything.
func draft(ctx context.Context, out io.Writer, c *confluent.Client, environment string) error {
	title(out, "A draft, created and deleted")
	name := "quickstart-" + time.Now().UTC().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:6])
	integration, err := c.Integrations.Create(ctx, confluent.IntegrationCreate{
		DisplayName: name, Provider: confluent.ProviderGCP, Environment: confluent.Reference{ID: environment},
	})
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if errors.Is(err, confluent.ErrOutcomeUnknown) {
		return errors.Join(err, deleteByName(clean, out, c, environment, name))
	}
	if err != nil {
		return err
	}
	describe(out, integration.ID, integration.DisplayName, integration.Status, integration.Config)
	return deleteDraft(clean, out, c, environment, integration.ID)
}

func deleteDraft(ctx context.Context, out io.Writer, c *confluent.Client, environment, id string) error {
	if err := c.Integrations.Delete(ctx, environment, id); err != nil {
		return fmt.Errorf("the draft %s may be left in %s: %w", id, environment, err)
	}
	fmt.Fprintf(out, "  deleted %s\n", id)
	return nil
}

// lookAgain are the pauses before each lookup of a draft whose create got no response.
var lookAgain = []time.Duration{0, time.Second, 4 * time.Second}

// deleteByName deletes the draft of a create with an unknown outcome, if it exists.
func deleteByName(ctx context.Context, out io.Writer, c *confluent.Client, environment, name string) error {
	fmt.Fprintf(out, "  the draft %q may have been created: look for it\n", name)
	for _, pause := range lookAgain {
		time.Sleep(pause)
		for integration, err := range c.Integrations.List(ctx, environment, &confluent.ListOptions{DisplayName: name}) {
			if err != nil {
				return fmt.Errorf("the draft %q may be left in %s: %w", name, environment, err)
			}
			if integration.DisplayName == name {
				return deleteDraft(ctx, out, c, environment, integration.ID)
			}
		}
	}
	return fmt.Errorf("the draft %q is not in %s; look again later, and delete it if it is there", name, environment)
}

// describe prints one line. Its switch shows how to read a configuration.
func describe(out io.Writer, id, name string, status confluent.Status, config confluent.Config) {
	about := "no configuration yet"
	switch cfg := config.Value.(type) {
	case *confluent.AWSConfig:
		about = fmt.Sprintf(
			"AWS: %s may assume %s with external ID %s",
			cfg.IAMRoleARN,
			cfg.CustomerIAMRoleARN,
			cfg.ExternalID,
		)
	case *confluent.AzureConfig:
		about = fmt.Sprintf(
			"Azure: application %s in tenant %s",
			cfg.ConfluentMultiTenantAppID,
			cfg.CustomerAzureTenantID,
		)
	case *confluent.GCPConfig:
		about = fmt.Sprintf("Google Cloud: %s acts as %s", cfg.GoogleServiceAccount, cfg.CustomerGoogleServiceAccount)
	case *confluent.UnknownConfig:
		about = fmt.Sprintf("unknown kind %q, kept as it is: %s", cfg.Kind, cfg.Raw)
	}
	fmt.Fprintf(out, "  %-11s %-10s %-8s %s\n", id, name, status, about)
}
