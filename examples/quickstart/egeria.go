package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

const (
	daemonName = "integration-daemon"
	groupName  = "Egeria:IntegrationGroup:Default"
	connector  = "Files Monitor"
)

// showEgeria shows the life of an integration daemon, on a fake platform.
func showEgeria(ctx context.Context, out io.Writer) error {
	srv := egeriatest.Start(egeriatest.WithRelease("6.1"))
	defer srv.Close()
	c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
	if err != nil {
		return err
	}
	title(out, "The platform")
	origin, err := c.Platform.Origin(ctx)
	if err != nil {
		return err
	}
	line(out, "%s", origin)
	group := egeria.IntegrationGroup{PlatformURL: srv.URL, ServerName: "metadata-store", QualifiedName: groupName}
	if err := putGroups(ctx, out, c, group); err != nil {
		return err
	}

	title(out, "Start the daemon, and wait for its group")
	if _, err := c.Platform.Start(ctx, daemonName); err != nil {
		return err
	}
	srv.AddConnector(daemonName, groupName, connector) // as if the daemon had read it from the metadata store
	srv.SetConnectorProperties(
		daemonName,
		connector,
		map[string]any{"fileDirectory": "/data/incoming", "waitForDirectory": true},
	)
	summary, err := c.Server(daemonName).Daemon.WaitGroup(ctx, groupName, sdk.WaitOptions{Timeout: 5 * time.Second})
	if err != nil {
		return err
	}
	line(out, "%s is %s", groupName, summary.Status)
	if err := changeConnector(ctx, out, c); err != nil {
		return err
	}

	title(out, "Stop it")
	if err := c.Platform.Stop(ctx, daemonName); err != nil {
		return err
	}
	active, err := c.Platform.ActiveServers(ctx)
	if err != nil {
		return err
	}
	line(out, "%d servers run", len(active))
	return nil
}

// putGroups puts groups into the configuration of the daemon.
func putGroups(ctx context.Context, out io.Writer, c *egeria.Client, group egeria.IntegrationGroup) error {
	groups := c.Server(daemonName).IntegrationGroups
	title(out, "Put a group, and twenty more from twenty goroutines")
	if err := groups.Put(ctx, group); err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		further := group.Clone()
		further.QualifiedName = fmt.Sprintf("%s:%d", groupName, i+1)
		all.Go(func() { errs[i] = groups.Put(ctx, further) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	list, err := groups.List(ctx)
	if err != nil {
		return err
	}
	line(out, "%d groups are configured", len(list))
	return nil
}

// changeConnector changes a property of a running connector.
func changeConnector(ctx context.Context, out io.Writer, c *egeria.Client) error {
	daemon := c.Server(daemonName).Daemon
	title(out, "Change a property of the running connector "+connector)
	change := egeria.Object{"fileDirectory": json.RawMessage(`"/data/landing"`)}
	if err := daemon.MergeConnectorProperties(ctx, connector, change); err != nil {
		return err
	}
	properties, err := daemon.ConnectorProperties(ctx, connector)
	if err != nil {
		return err
	}
	line(out, "fileDirectory is %s, waitForDirectory %s", properties["fileDirectory"], properties["waitForDirectory"])

	title(out, "Let it work")
	if err := daemon.Refresh(ctx, connector); err != nil {
		return err
	}
	status, err := daemon.Status(ctx)
	if err != nil {
		return err
	}
	for _, report := range status.Connectors {
		line(out, "%s is %s, refreshed: %t", report.Name, report.Status, !report.LastRefreshTime.IsZero())
	}
	return nil
}
