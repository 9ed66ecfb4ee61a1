package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

// showApono shows the integration of a database, on a fake.
func showApono(ctx context.Context, out io.Writer) error {
	srv := aponotest.Start(aponotest.WithSyncReads(2))
	defer srv.Close()
	c, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithToken(srv.Token))
	if err != nil {
		return err
	}
	want := apono.IntegrationCreate{
		Name:        "Warehouse",
		Type:        "postgresql",
		ConnectorID: apono.Set("connector-1"),
		IntegrationConfig: apono.ConfigOf(
			map[string]string{"hostname": "db.example.com", "port": "5432", "dbname": "postgres"},
		),
		SecretStoreConfig: apono.Set(
			apono.SecretStore{Value: &apono.AWSSecret{Region: "eu-central-1", SecretID: "warehouse"}},
		),
	}

	title(out, "See in the catalog what is missing, before it is sent")
	entry, err := c.Catalog.Get(ctx, want.Type)
	if err != nil {
		return err
	}
	secret, _ := want.SecretStoreConfig.Get()
	wrong := apono.ConfigOf(map[string]string{"host": "db.example.com", "sslmode": "on"})
	for mistake := range strings.Lines(apono.ValidateConfig(entry, wrong, secret).Error()) {
		line(out, "%s", strings.TrimPrefix(strings.TrimSpace(mistake), "apono: ValidateConfig: "))
	}

	title(out, "Create it, unless it is there")
	for range 2 {
		got, err := c.Integrations.Ensure(ctx, want)
		if err != nil {
			return err
		}
		line(out, "%s is %s", got.Integration.Name, got.Action)
	}
	return showSynced(ctx, out, c, srv, want)
}

// showSynced waits until Apono has read the database, and changes the integration.
func showSynced(
	ctx context.Context,
	out io.Writer,
	c *apono.Client,
	srv *aponotest.Server,
	want apono.IntegrationCreate,
) error {
	integration, err := c.Integrations.FindByName(ctx, want.Name)
	if err != nil {
		return err
	}
	// What the connector finds in the database.
	orders := aponotest.Resource{ID: "orders", Type: "postgresql-table"}
	customers := aponotest.Resource{ID: "customers", Type: "postgresql-table"}
	srv.SeedResources(integration.ID, orders, customers)

	title(out, "Wait until Apono has read it")
	wait := apono.WaitOptions{WaitOptions: sdk.WaitOptions{Interval: 20 * time.Millisecond}}
	if integration, err = c.Integrations.WaitSynced(ctx, integration.ID, wait); err != nil {
		return err
	}
	line(out, "%s", integration.Status)

	title(out, "Its resources")
	var names []string
	for resource, err := range c.Resources.List(ctx, integration.ID, "") {
		if err != nil {
			return err
		}
		names = append(names, resource.Name)
	}
	line(out, "%s", strings.Join(names, ", "))

	return changeBack(ctx, out, c, integration, want)
}

// changeBack changes the integration, and ensures its first state again.
func changeBack(
	ctx context.Context, out io.Writer, c *apono.Client, integration *apono.Integration, want apono.IntegrationCreate,
) error {
	title(out, "Change one field; the others stay")
	update := apono.UpdateFrom(integration)
	update.IntegrationConfig.SetText("hostname", "db2.example.com")
	integration, err := c.Integrations.Update(ctx, integration.ID, update)
	if err != nil {
		return err
	}
	config := integration.IntegrationConfig
	line(out, "%s, port %s, %s", config.Text("hostname"), config.Text("port"), integration.ConnectorID)

	title(out, "Ensure the first state again")
	got, err := c.Integrations.Ensure(ctx, want)
	if err != nil {
		return err
	}
	line(out, "%s: %s", got.Action, strings.Join(got.Differences, ", "))

	title(out, "An error says what happened")
	_, err = c.Integrations.Get(ctx, "gone")
	line(out, "%v", err)
	line(out, "errors.Is(err, sdk.ErrNotFound): %t", errors.Is(err, sdk.ErrNotFound))
	return nil
}
