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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/examples/internal/program"
)

func TestTour(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))
	for _, want := range []string{
		`"Google Workspace", google-idp, ACTIVE, no secret`,
		"invalid argument hostname: is required", "invalid argument sslmode: is \"on\"",
		"invalid argument secret: is required",
		`"Warehouse", postgresql, INITIALIZING, secret in Vault: kv/databases/warehouse`,
		`"Warehouse", postgresql, ACTIVE`,
		"orders, postgresql-table, Active", "orders is tagged map[team:data]",
		"owner dba@example.com; still db.example.com through connector-1",
		"deleted c0ffee00", "1 integration is left, as before.",
	} {
		require.Contains(t, out.String(), want)
	}
}

// liveServer returns a fake in place of Apono, with environment variables for -live.
func liveServer(t *testing.T) *aponotest.Server {
	t.Helper()
	srv := aponotest.NewServer(t, aponotest.WithSyncReads(0)) // no sync to wait for
	t.Setenv(apono.EnvEndpoint, srv.URL)
	t.Setenv(apono.EnvToken, srv.Token)
	srv.Add(map[string]any{"name": "theirs"})
	return srv
}

func TestLiveOnlyReads(t *testing.T) {
	srv := liveServer(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-live"}, &out))
	require.Contains(t, out.String(), "theirs")
	require.Contains(t, out.String(), "connector-1")
	require.Len(t, srv.Calls(), 3)
	for _, call := range srv.Calls() {
		require.Equal(t, "GET", call.Method)
	}
}

func TestLiveWriteCleansUp(t *testing.T) {
	for _, fault := range []string{"", "updateIntegrationV4", "getIntegrationResources"} {
		srv := liveServer(t)
		if fault != "" {
			srv.Inject(aponotest.Fault{Operation: fault, Status: 403})
		}
		var out bytes.Buffer
		err := run(t.Context(), []string{"-live", "-write", "-connector", "connector-1"}, &out)
		if fault == "" {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, apono.ErrForbidden)
		}
		assert.Equal(t, 1, srv.CountCalls("createIntegrationV4"))
		assert.Equal(t, 1, srv.CountCalls("deleteIntegrationV4"))
		assert.Len(t, srv.Integrations(), 1)
		assert.Contains(t, out.String(), "deleted ")
	}
}

func TestLiveWriteNamesWhatIsLeft(t *testing.T) {
	for _, fault := range []aponotest.Fault{
		{Operation: "deleteIntegrationV4", Status: 403}, {Operation: "deleteIntegrationV4", Status: 409},
		{Operation: "deleteIntegrationV4", Status: 500, Times: -1},
	} {
		srv := liveServer(t)
		srv.Inject(fault)
		err := run(t.Context(), []string{"-live", "-write", "-connector", "connector-1"}, new(bytes.Buffer))
		require.Len(t, srv.Integrations(), 2)
		left := srv.Integrations()[1]
		require.ErrorContains(t, err, fmt.Sprintf("the integration %s, %q, may be left", left.ID, left.Name))
	}
}

func TestMissingTokenIsOneLine(t *testing.T) {
	t.Setenv(apono.EnvToken, "")
	var out bytes.Buffer
	err := run(t.Context(), []string{"-live"}, &out)
	require.ErrorIs(t, err, apono.ErrInvalid)
	require.ErrorContains(t, err, "APONO_PERSONAL_TOKEN")
	require.NotContains(t, err.Error(), "\n")
	require.Empty(t, out.String())
}

func TestWrongArgumentsAreOneLine(t *testing.T) {
	srv := liveServer(t)
	for want, args := range map[string][]string{
		"-write needs -live":         {"-write", "-connector", "c"},
		"-connector needs -write":    {"-live", "-connector", "c"},
		`unexpected argument "live"`: {"live"},
		"-write needs -connector, the id of a connector; -live lists them": {"-live", "-write"},
	} {
		var out bytes.Buffer
		require.EqualError(t, run(t.Context(), args, &out), want)
		require.Empty(t, out.String(), want)
	}
	require.Empty(t, srv.Calls())
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"-h"}, 0, ""},
		{[]string{"-nope"}, 2, "apono-onboard: flag provided but not defined: -nope\n"},
		{[]string{"-live=x"}, 2, "apono-onboard: invalid boolean value \"x\" for -live: parse error\n"},
		{[]string{"extra"}, 2, "apono-onboard: unexpected argument \"extra\"\n"},
		{[]string{"-write"}, 2, "apono-onboard: -write needs -live\n"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, tt.code, program.ExitCode("apono-onboard", run(t.Context(), tt.args, &out), &errs), tt.args)
		if tt.code == 2 {
			tt.text += "  -h lists the flags\n"
		}
		require.Equal(t, tt.text, errs.String())
		require.Equal(t, tt.code == 0, strings.Contains(out.String(), "Usage of apono-onboard:"), out.String())
	}
	require.Equal(t, 1, program.ExitCode("apono-onboard", errors.New("x"), new(bytes.Buffer)))
	require.Equal(t, 130, program.ExitCode("apono-onboard", fmt.Errorf("x: %w", context.Canceled), new(bytes.Buffer)))
}

// interrupted runs the program until the create has arrived, and sends Ctrl-C.
func interrupted(t *testing.T, srv *aponotest.Server, out *bytes.Buffer) error {
	t.Helper()
	before := len(srv.Integrations())
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	go func() {
		for ctx.Err() == nil && len(srv.Integrations()) == before {
			time.Sleep(time.Millisecond)
		}
		interrupt()
	}()
	err := run(ctx, []string{"-live", "-write", "-connector", "connector-1"}, out)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 130, program.ExitCode("apono-onboard", err, new(bytes.Buffer)))
	return err
}

func TestCtrlCDuringTheCreateLeavesNothing(t *testing.T) {
	srv := liveServer(t)
	srv.Inject(aponotest.Fault{Operation: "createIntegrationV4", Apply: true, Delay: time.Minute})
	var out bytes.Buffer
	_ = interrupted(t, srv, &out)
	require.Len(t, srv.Integrations(), 1)
	require.Contains(t, out.String(), "deleted ")
}

func TestCtrlCDuringTheCreateNamesWhatIsLeft(t *testing.T) {
	srv := liveServer(t)
	srv.Inject(aponotest.Fault{Operation: "createIntegrationV4", Apply: true, Delay: time.Minute})
	srv.Inject(aponotest.Fault{Method: "DELETE", Status: 403})
	err := interrupted(t, srv, new(bytes.Buffer))
	require.ErrorContains(t, err, "may be left")
	require.Len(t, srv.Integrations(), 2)
	require.ErrorContains(t, err, srv.Integrations()[1].Name)
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
					srv.Add(map[string]string{"name": r.URL.Query().Get("name")})
				}
			}
			srv.Handler().ServeHTTP(w, r)
		}))
		defer slow.Close()
		t.Setenv(apono.EnvEndpoint, slow.URL)
		lookAgain = []time.Duration{0, time.Millisecond, time.Millisecond}
		var out bytes.Buffer
		err := run(ctx, []string{"-live", "-write", "-connector", "connector-1"}, &out)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, arrives, strings.Contains(out.String(), "deleted "), out.String())
		require.Equal(t, arrives, !strings.Contains(err.Error(), "look again later"), err)
		require.Len(t, srv.Integrations(), 1)
	}
}
