package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/examples/internal/program"
)

func TestTour(t *testing.T) {
	for vendor, want := range map[string][]string{
		"confluent": {
			"cspi-00004 warehouse is CREATED", "attempt 2: Cloud provider setup incomplete", "  valid\n",
			"  unchanged\n",
			"AWS    lake", "AZURE  vault      CREATED",
			"oci    mine       CREATED  (a kind newer than this SDK)", "GCP    warehouse  CREATED",
			"80 answered, 0 refused", "status 200 after 2 attempts",
		},
		"apono": {
			"invalid argument hostname: is required (Host name)",
			"Warehouse is created\n  Warehouse is unchanged", "  ACTIVE\n", "orders, customers",
			"db2.example.com, port 5432, connector-1", "updated: integration_config.hostname", "404 Not Found",
			"errors.Is(err, sdk.ErrNotFound): true",
		},
		"egeria": {
			"(version 6.1)", "21 groups are configured", "Egeria:IntegrationGroup:Default is RUNNING",
			`fileDirectory is "/data/landing", waitForDirectory true`,
			"Files Monitor is WAITING, refreshed: true", "0 servers run",
		},
	} {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), []string{"-vendor", vendor}, &out), vendor)
		for _, want := range want {
			require.Contains(t, out.String(), want)
		}
	}
}

// liveServer returns a fake in place of Confluent Cloud, with environment variables for -live.
func liveServer(t *testing.T) *confluenttest.Server {
	t.Helper()
	srv := confluenttest.NewServer(t)
	t.Setenv(confluent.EnvEndpoint, srv.URL)
	t.Setenv(confluent.EnvAPIKey, srv.APIKey)
	t.Setenv(confluent.EnvAPISecret, srv.APISecret)
	srv.Add(
		"env-1",
		confluent.Integration{DisplayName: "theirs", Provider: confluent.ProviderGCP, Status: confluent.StatusCreated},
	)
	return srv
}

func TestLiveOnlyReads(t *testing.T) {
	srv := liveServer(t)
	srv.Add(
		"env-1",
		confluent.IntegrationV1{APIVersion: "pim/v1", DisplayName: "lake", Provider: confluent.ProviderAWS},
	)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-live", "-environment", "env-1"}, &out))
	require.Equal(t, 1, strings.Count(out.String(), "theirs"), out.String())
	require.Equal(t, 1, strings.Count(out.String(), "lake"), out.String())
	for _, call := range srv.Calls() {
		require.Equal(t, "GET", call.Method)
	}
}

func TestLiveWriteCleansUp(t *testing.T) {
	srv := liveServer(t)
	require.NoError(t, run(t.Context(), []string{"-live", "-write", "-environment", "env-1"}, new(bytes.Buffer)))
	require.Equal(t, 1, srv.CountCalls("createPimV2Integration"))
	require.Len(t, srv.Integrations("env-1"), 1)
}

func TestMissingCredentialsAreOneLine(t *testing.T) {
	t.Setenv(confluent.EnvAPIKey, "")
	t.Setenv(confluent.EnvAPISecret, "")
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live", "-environment", "env-1"}, &out)
	require.ErrorIs(t, err, confluent.ErrInvalid)
	require.ErrorContains(t, err, "CONFLUENT_CLOUD_API_KEY and CONFLUENT_CLOUD_API_SECRET")
	require.NotContains(t, err.Error(), "\n")
	require.Empty(t, out.String())
	require.ErrorIs(t, run(t.Context(), []string{"-live"}, &out), confluent.ErrInvalid, "credentials come first")
	var text bytes.Buffer
	require.Equal(t, 1, program.ExitCode("quickstart", err, &text))
	require.Contains(t, text.String(), "\n  -live needs a cloud API key: export CONFLUENT_CLOUD_API_KEY=...\n")
	require.Contains(t, text.String(), "Without -live, no account is needed.\n")
	for line := range strings.Lines(text.String()) {
		require.LessOrEqual(t, len(line), 81, line)
	}
}

func TestWrongArgumentsAreOneLine(t *testing.T) {
	srv := liveServer(t)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-live"},
			"-live needs -environment, the id of an environment, for example from `confluent environment list`"},
		{[]string{"-write"}, "-write needs -live"},
		{[]string{"-write", "-environment", "env-1"}, "-write needs -live"},
		{[]string{"-environment", "env-1"}, "-environment needs -live"},
		{[]string{"live"}, `unexpected argument "live"`},
		{[]string{"-vendor", "aws"}, `-vendor is "aws", not confluent, apono or egeria`},
		{[]string{"-vendor="}, "-vendor is empty"},
		{[]string{"-live", "-environment", ""}, "-environment is empty"},
		{[]string{"-live", "-vendor", "apono"}, "-vendor is for the fake servers; -live calls Confluent Cloud"},
		{[]string{"-live", "-environment", "env-1", "now", "please"}, `unexpected argument "now"`},
	} {
		var out bytes.Buffer
		require.EqualError(t, run(t.Context(), tt.args, &out), tt.want)
		require.Empty(t, out.String(), tt.want)
	}
	require.Empty(t, srv.Calls())
}

func TestLiveGoesOnWithoutAVersionThatIsForbidden(t *testing.T) {
	srv := liveServer(t)
	srv.Add(
		"env-1",
		confluent.IntegrationV1{APIVersion: "pim/v1", DisplayName: "lake", Provider: confluent.ProviderAWS},
	)
	srv.Inject(confluenttest.Fault{Operation: "listPimV2Integrations", Status: 403})
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-live", "-environment", "env-1"}, &out))
	require.Equal(t, 1, strings.Count(out.String(), "left out"), out.String())
	require.Equal(t, 1, strings.Count(out.String(), "lake"), out.String())
	require.Equal(t, 1, strings.Count(out.String(), "theirs"), "the list of v1 has it, too")
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"-h"}, 0, ""},
		{[]string{"-nope"}, 2, "quickstart: flag provided but not defined: -nope\n"},
		{[]string{"-live=x"}, 2, "quickstart: invalid boolean value \"x\" for -live: parse error\n"},
		{[]string{"extra"}, 2, "quickstart: unexpected argument \"extra\"\n"},
		{[]string{"-write"}, 2, "quickstart: -write needs -live\n"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, tt.code, program.ExitCode("quickstart", run(t.Context(), tt.args, &out), &errs), tt.args)
		if tt.code == 2 {
			tt.text += "  -h lists the flags\n"
		}
		require.Equal(t, tt.text, errs.String())
		require.Equal(t, tt.code == 0, strings.Contains(out.String(), "Usage of quickstart:"), out.String())
	}
	require.Equal(t, 1, program.ExitCode("quickstart", errors.New("x"), new(bytes.Buffer)))
	require.Equal(t, 130, program.ExitCode("quickstart", fmt.Errorf("x: %w", context.Canceled), new(bytes.Buffer)))
}

// interrupted runs the program until the create has arrived, and sends Ctrl-C.
func interrupted(t *testing.T, srv *confluenttest.Server, out *bytes.Buffer) error {
	t.Helper()
	before := len(srv.Integrations("env-1"))
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	go func() {
		for ctx.Err() == nil && len(srv.Integrations("env-1")) == before {
			time.Sleep(time.Millisecond)
		}
		interrupt()
	}()
	err := run(ctx, []string{"-live", "-write", "-environment", "env-1"}, out)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 130, program.ExitCode("quickstart", err, new(bytes.Buffer)))
	return err
}

func TestCtrlCDuringTheCreateLeavesNothing(t *testing.T) {
	srv := liveServer(t)
	srv.Inject(confluenttest.Fault{Operation: "createPimV2Integration", Apply: true, Delay: time.Minute})
	var out bytes.Buffer
	_ = interrupted(t, srv, &out)
	require.Len(t, srv.Integrations("env-1"), 1)
	require.Contains(t, out.String(), "deleted ")
}

func TestCtrlCDuringTheCreateNamesWhatIsLeft(t *testing.T) {
	srv := liveServer(t)
	srv.Inject(confluenttest.Fault{Operation: "createPimV2Integration", Apply: true, Delay: time.Minute})
	srv.Inject(confluenttest.Fault{Method: "DELETE", Status: 403})
	err := interrupted(t, srv, new(bytes.Buffer))
	require.ErrorContains(t, err, "may be left")
	require.Len(t, srv.Integrations("env-1"), 2)
	require.ErrorContains(t, err, srv.Integrations("env-1")[1].ID)
}

// A create may take effect although the program no longer waits for it.
func TestCtrlCDuringACreateThatIsSlow(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		srv := liveServer(t)
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		var looks atomic.Int64
		slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				interrupt()
				_, _ = io.Copy(io.Discard, r.Body) // only then the server notices the end of the connection
				<-r.Context().Done()
				return
			}
			if interrupted := ctx.Err() != nil; interrupted && r.Method == http.MethodGet {
				if looks.Add(1) == 2 && arrives {
					srv.Add(
						"env-1",
						confluent.Integration{
							DisplayName: r.URL.Query().Get("display_name"),
							Provider:    confluent.ProviderGCP,
						},
					)
				}
			}
			srv.Handler().ServeHTTP(w, r)
		}))
		defer slow.Close()
		t.Setenv(confluent.EnvEndpoint, slow.URL)
		lookAgain = []time.Duration{0, time.Millisecond, time.Millisecond}
		var out bytes.Buffer
		err := run(ctx, []string{"-live", "-write", "-environment", "env-1"}, &out)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, arrives, strings.Contains(out.String(), "deleted "), out.String())
		require.Equal(t, arrives, !strings.Contains(err.Error(), "look again later"), err)
		require.Len(t, srv.Integrations("env-1"), 1)
	}
}
