package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
	"github.com/integrations-go/sdk/egeria/egeriatest"
	"github.com/integrations-go/sdk/examples/internal/program"
)

func TestTour(t *testing.T) {
	for release, special := range map[string][]string{
		"": {"(version 6.1), spoken to as 6.x", "nothing: this release has no integration services",
			"Stewardship Integrator OMIS    Stewardship Action OMAS"},
		"6.1": {"(version 6.1), spoken to as 6.x"},
		"4.3": {"(version 4.3), spoken to as 4.x/5.x",
			"all: Asset Consumer OMAS, Asset Manager OMAS, Community Profile OMAS, Data Manager OMAS, " +
				"IT Infrastructure OMAS, Security Manager OMAS\n"},
	} {
		var out bytes.Buffer
		var args []string
		if release != "" {
			args = []string{"-release", release}
		}
		require.NoError(t, run(t.Context(), args, &out))
		for _, want := range append(special,
			"Topic Integrator OMIS          Data Manager OMAS",
			"group Egeria:IntegrationGroup:Default from qs-metadata-store", "Integration Daemon, RUNNING",
			"group Egeria:IntegrationGroup:Default is RUNNING", "connector Files is ",
			"group Egeria:IntegrationGroup:Default:Other is ASSIGNED",
			"group Egeria:IntegrationGroup:Default:Other from another-metadata-store", "all connectors: done",
			"running: false", " is stopped, and its configuration deleted",
		) {
			require.Contains(t, out.String(), want, release)
		}
		assert.NotContains(t, out.String(), "not done")
		assert.Equal(
			t,
			release != "4.3",
			strings.Contains(out.String(), "Stewardship Integrator OMIS"),
			"4.3 has it in its documentation only",
		)
	}
}

// livePlatform returns a fake in place of a real platform, with a server of another user and with
// environment variables for -live.
func livePlatform(t *testing.T, release string, opts ...egeriatest.Option) *egeriatest.Server {
	t.Helper()
	srv := egeriatest.NewServer(t, append(opts, egeriatest.WithRelease(release))...)
	t.Setenv(egeria.EnvPlatformURL, srv.URL)
	t.Setenv(egeria.EnvUser, srv.User)
	t.Setenv(egeria.EnvUserPassword, srv.Password)
	c, err := egeria.FromEnv()
	require.NoError(t, err)
	theirs := c.Server("theirs")
	require.NoError(t, theirs.Config.SetDefaultAuditLog(t.Context()))
	require.NoError(
		t,
		theirs.IntegrationGroups.Put(
			t.Context(),
			egeria.IntegrationGroup{PlatformURL: "u", ServerName: "s", QualifiedName: "theirs"},
		),
	)
	_, err = c.Platform.Start(t.Context(), "theirs")
	require.NoError(t, err)
	before := string(srv.Document("theirs"))
	srv.ResetCalls()
	t.Cleanup(func() {
		assert.Equal(t, before, string(srv.Document("theirs")))
		assert.True(t, srv.Running("theirs"))
		for _, call := range srv.Calls() {
			if call.Operation != "createToken" {
				assert.True(
					t,
					call.Method == http.MethodGet || strings.Contains(call.Path, "/servers/example-daemon-"),
					call,
				)
			}
		}
	})
	return srv
}

// makeRun sets the status of all groups to running.
func makeRun(srv *egeriatest.Server) {
	srv.Inject(
		egeriatest.Fault{
			Operation: "getGroupSummary",
			Times:     -1,
			Body:      `{"relatedHTTPCode":200,"integrationGroupSummary":{"integrationGroupStatus":"RUNNING"}}`,
		},
	)
}

// requireNothingLeft checks that everything that was created is removed.
func requireNothingLeft(t *testing.T, srv *egeriatest.Server) {
	t.Helper()
	created := ""
	for _, call := range srv.Calls() {
		if _, after, ok := strings.Cut(call.Path, "/servers/example-daemon-"); ok {
			name, _, _ := strings.Cut(after, "/")
			require.True(t, created == "" || created == name, "one server only")
			created = name
		}
	}
	require.NotEmpty(t, created)
	require.Nil(t, srv.Document("example-daemon-"+created))
	require.False(t, srv.Running("example-daemon-"+created))
}

func TestLiveCleansUp(t *testing.T) {
	for _, release := range []string{"4.0", "4.3", "5.3", "6.1"} {
		srv := livePlatform(t, release)
		makeRun(srv)
		var out bytes.Buffer
		require.NoError(
			t,
			run(t.Context(), []string{"-live", "-clear-text-store", "-group", "G", "-metadata-server", "mds"}, &out),
			out.String(),
		)
		require.Contains(t, out.String(), "group G from mds")
		require.Contains(t, out.String(), "running 1 servers")
		assert.Equal(
			t,
			release >= "5.0",
			strings.Contains(out.String(), "all connectors: not done"),
			"5.x and 6.x fail where there are none",
		)
		requireNothingLeft(t, srv)
	}
}

func TestLiveCleansUpAfterAFailure(t *testing.T) {
	for _, tt := range []struct {
		operation string
		skip      int
	}{
		{"setDefaultAuditLog", 0},
		{"setServerProperties", 0},
		{"replaceIntegrationGroups", 0},
		{"replaceIntegrationGroups", 1},
		{"getIntegrationGroups", 2},
		{"startServer", 0},
		{"getInstanceStatus", 0},
		{"listGroupSummaries", 0},
		{"replaceIntegrationGroups", 2},
		{"listGroupSummaries", 1},
		{"stopServer", 0},
		{"getServerStatus", 0},
	} {
		srv := livePlatform(t, "6.1")
		makeRun(srv)
		for _, fault := range []egeriatest.Fault{{Status: http.StatusForbidden},
			{Status: http.StatusForbidden, Apply: true}} {
			fault.Operation, fault.Skip = tt.operation, tt.skip
			srv.Inject(fault)
			var out bytes.Buffer
			err := run(t.Context(), []string{"-live", "-clear-text-store"}, &out)
			require.ErrorIs(t, err, egeria.ErrForbidden, tt.operation)
			assert.Contains(t, out.String(), "its configuration deleted", tt.operation)
			requireNothingLeft(t, srv)
			srv.ResetCalls()
		}
	}
}

func TestLiveTellsWhereItCouldNotCleanUp(t *testing.T) {
	srv := livePlatform(t, "6.1")
	makeRun(srv)
	srv.Inject(egeriatest.Fault{Operation: "deleteConfiguration", Status: http.StatusForbidden})
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live", "-clear-text-store"}, &out)
	require.ErrorIs(t, err, egeria.ErrForbidden)
	require.ErrorContains(t, err, "Config.Delete")
	require.Regexp(t, `the server "[^"]+" or its configuration may be left: `, err.Error())
	assert.NotContains(t, out.String(), "its configuration deleted")
}

func TestLiveCleansUpAfterAnInterrupt(t *testing.T) {
	for _, operation := range []string{"setDefaultAuditLog", "startServer", "getGroupSummary"} {
		srv := livePlatform(t, "6.1")
		if operation != "getGroupSummary" { // this call waits by itself
			srv.Inject(egeriatest.Fault{Operation: operation, Apply: true, Delay: time.Minute})
		}
		ctx, interrupt := context.WithCancel(t.Context())
		go func() {
			for ctx.Err() == nil && srv.CountCalls(operation) == 0 {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(20 * time.Millisecond) // time to take effect
			interrupt()
		}()
		var out bytes.Buffer
		err := run(ctx, []string{"-live", "-clear-text-store"}, &out)
		interrupt()
		require.ErrorIs(t, err, context.Canceled, operation)
		assert.NotContains(t, out.String(), "go on nevertheless")
		assert.Contains(t, out.String(), "its configuration deleted", operation)
		requireNothingLeft(t, srv)
	}
}

// A platform may continue to start a server although the program no longer waits for it.
func TestLiveWaitsForAServerThatStartsLate(t *testing.T) {
	srv := livePlatform(t, "6.1")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/instance") {
			r = r.Clone(context.WithoutCancel(r.Context()))
			interrupt()
			time.Sleep(500 * time.Millisecond)
		}
		srv.Handler().ServeHTTP(w, r)
	}))
	defer slow.Close()
	t.Setenv(egeria.EnvPlatformURL, slow.URL)
	var out bytes.Buffer
	err := run(ctx, []string{"-live", "-clear-text-store"}, &out)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, srv.CountCalls("startServer"))
	assert.GreaterOrEqual(t, srv.CountCalls("stopServer"), 2)
	requireNothingLeft(t, srv)
}

// A server of another user must not be changed, whatever its name is.
func TestLiveLeavesAServerOfThatNameAlone(t *testing.T) {
	srv := livePlatform(t, "6.1")
	srv.Inject(
		egeriatest.Fault{
			Operation: "isServerKnown",
			Body:      `{"class":"BooleanResponse","relatedHTTPCode":200,"flag":true}`,
		},
	)
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live", "-clear-text-store"}, &out)
	require.ErrorContains(t, err, "there is a server example-daemon-")
	for _, call := range srv.Calls() {
		assert.True(t, call.Method == http.MethodGet || call.Operation == "createToken", call)
	}
}

func TestLiveTrustsTheCertificateThatItIsGiven(t *testing.T) {
	srv := livePlatform(t, "6.1")
	makeRun(srv)
	secure := httptest.NewUnstartedServer(srv.Handler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	t.Setenv(egeria.EnvPlatformURL, secure.URL)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(
		t,
		os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600),
	)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-live", "-clear-text-store", "-ca", file}, &out))
	requireNothingLeft(t, srv)

	srv.ResetCalls()
	require.ErrorContains(t, run(t.Context(), []string{"-live", "-clear-text-store"}, &out), "certificate")
	require.Empty(t, srv.Calls())
}

func TestMissingEnvironmentIsOneLine(t *testing.T) {
	t.Setenv(egeria.EnvPlatformURL, "")
	t.Setenv(egeria.EnvUser, "")
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live", "-clear-text-store"}, &out)
	require.ErrorIs(t, err, egeria.ErrInvalid)
	require.ErrorContains(t, err, "EGERIA_PLATFORM_URL and EGERIA_USER")
	require.NotContains(t, err.Error(), "\n")
	require.Empty(t, out.String())
}

func TestWrongArgumentsAreOneLine(t *testing.T) {
	srv := livePlatform(t, "6.1")
	for want, args := range map[string][]string{
		`-release is "5", not 4.3 or 6.1`:                            {"-release", "5"},
		"-ca and -clear-text-store need -live":                       {"-ca", "main.go"},
		`unexpected argument "live"`:                                 {"live"},
		"main.go has no certificate":                                 {"-live", "-ca", "main.go"},
		"-release is for the fake platform; -live asks the real one": {"-live", "-release", "4.3"},
	} {
		var out bytes.Buffer
		require.EqualError(t, run(t.Context(), args, &out), want)
		require.Empty(t, out.String(), want)
	}
	require.Empty(t, srv.Calls())
}

// If deleting the configuration could delete those of others, it is kept.
func TestLiveSparesTheDocumentsOfOthers(t *testing.T) {
	srv := livePlatform(t, "4.3", egeriatest.WithEncryptedStore())
	makeRun(srv)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-live"}, &out), out.String())
	assert.Contains(t, out.String(), "Its configuration stays")
	assert.Zero(t, srv.CountCalls("deleteConfiguration"))
	assert.Equal(t, 1, srv.CountCalls("clearIntegrationGroups"))
	assert.NotNil(t, srv.Document("theirs"))
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"-h"}, 0, ""},
		{[]string{"-nope"}, 2, "egeria-daemon: flag provided but not defined: -nope\n"},
		{[]string{"-live=x"}, 2, "egeria-daemon: invalid boolean value \"x\" for -live: parse error\n"},
		{[]string{"extra"}, 2, "egeria-daemon: unexpected argument \"extra\"\n"},
		{[]string{"-release", "5"}, 2, "egeria-daemon: -release is \"5\", not 4.3 or 6.1\n"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, tt.code, program.ExitCode("egeria-daemon", run(t.Context(), tt.args, &out), &errs), tt.args)
		if tt.code == 2 {
			tt.text += "  -h lists the flags\n"
		}
		require.Equal(t, tt.text, errs.String())
		require.Equal(t, tt.code == 0, strings.Contains(out.String(), "Usage of egeria-daemon:"), out.String())
	}
	require.Equal(t, 1, program.ExitCode("egeria-daemon", errors.New("x"), new(bytes.Buffer)))
	require.Equal(t, 130, program.ExitCode("egeria-daemon", fmt.Errorf("x: %w", context.Canceled), new(bytes.Buffer)))
}
