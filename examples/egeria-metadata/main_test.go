package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/examples/internal/program"
)

func TestTour(t *testing.T) {
	for release, special := range map[string][]string{
		"":    {"A fake platform of 6.1 listens", "Metadata Access Store with 3 access services"},
		"6.0": {"A fake platform of 6.0 listens", "Metadata Access Store with 3 access services"},
		"5.3": {"A fake platform of 5.3 listens", "Metadata Access Store with 16 access services"},
	} {
		var out bytes.Buffer
		var args []string
		if release != "" {
			args = []string{"-release", release}
		}
		require.NoError(t, run(t.Context(), args, &out))
		for _, want := range append(special,
			"Integration Daemon with the group Egeria:IntegrationGroup:Default from example-metadata-store",
			"example-daemon runs Open Metadata Repository Services (OMRS), Server Operations, "+
				"Integration Daemon Services",
			"the group is RUNNING", `fileDirectory = "/data/incoming"`, `fileDirectory = "/data/landing"`,
			"waitForDirectory = true",
			"Files Monitor is WAITING, refreshed: true", "running servers: 0",
		) {
			require.Contains(t, out.String(), want, release)
		}
	}
}

// Since 6.0, a daemon needs a secrets store to read the definition of its group.
func TestGroupHasASecretsStoreWhereDaemonsNeedOne(t *testing.T) {
	for release, needs := range map[string]bool{"5.3": false, "6.0": true, "6.1": true} {
		srv := egeriatest.NewServer(t, egeriatest.WithRelease(release))
		c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
		require.NoError(t, err)
		tour := &tour{out: new(bytes.Buffer), c: c, url: srv.URL}
		require.NoError(t, tour.daemon(t.Context()))
		group, err := c.Server(daemonName).IntegrationGroups.Get(t.Context(), groupName)
		require.NoError(t, err)
		for _, value := range []string{
			group.SecretsStoreProvider, group.SecretsStoreLocation, group.SecretsStoreCollection,
		} {
			assert.Equal(t, needs, value != "", release)
		}
	}
}

// The tour ends at a step that the platform refuses.
func TestTourEndsWithAFailure(t *testing.T) {
	for _, operation := range []string{
		"setDefaultAuditLog", "setInMemoryRepository", "configureAccessServicesNoTopics", "addArchiveFile",
		"getServerTypeClassification",
		"replaceIntegrationGroups", "startServer", "getGroupSummary", "getConnectorProperties",
		"setConnectorProperties", "refreshConnectors", "stopAllServers",
	} {
		srv := egeriatest.NewServer(t)
		srv.Inject(egeriatest.Fault{Operation: operation, Status: http.StatusForbidden})
		c, err := egeria.New(srv.URL, egeria.WithCredentials(srv.User, srv.Password))
		require.NoError(t, err)
		var out bytes.Buffer
		tour := &tour{
			out:      &out,
			c:        c,
			url:      srv.URL,
			discover: func() { srv.AddConnector(daemonName, groupName, connector) },
		}
		require.ErrorIs(t, tour.run(t.Context()), egeria.ErrForbidden, operation)
		assert.NotContains(t, out.String(), "running servers", operation)
	}
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"-h"}, 0, ""},
		{[]string{"-nope"}, 2, "egeria-metadata: flag provided but not defined: -nope\n"},
		{[]string{"extra"}, 2, "egeria-metadata: unexpected argument \"extra\"\n"},
		{[]string{"-release", "4.3"}, 2, "egeria-metadata: -release is \"4.3\", not 5.3, 6.0 or 6.1\n"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, tt.code, program.ExitCode("egeria-metadata", run(t.Context(), tt.args, &out), &errs), tt.args)
		if tt.code == 2 {
			tt.text += "  -h lists the flags\n"
		}
		require.Equal(t, tt.text, errs.String())
		require.Equal(t, tt.code == 0, strings.Contains(out.String(), "Usage of egeria-metadata:"), out.String())
	}
	require.Equal(t, 1, program.ExitCode("egeria-metadata", errors.New("x"), new(bytes.Buffer)))
	require.Equal(t, 130, program.ExitCode("egeria-metadata", fmt.Errorf("x: %w", context.Canceled), new(bytes.Buffer)))
}
