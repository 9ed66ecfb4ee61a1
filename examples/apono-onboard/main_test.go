package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

func TestTour(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))
	for _, want := range []string{
		`"Google Workspace", google-idp, ACTIVE, no secret`,
		"invalid argument hostname: is required", "invalid argument sslmode: is \"on\"", "invalid argument secret: is required",
		`"Warehouse", postgresql, INITIALIZING, secret in Vault: kv/databases/warehouse`, `"Warehouse", postgresql, ACTIVE`,
		"orders, postgresql-table, Active", "orders is tagged map[team:data]", "owner dba@example.com; still db.example.com through connector-1",
		"deleted c0ffee00", "1 integration is left, as before.",
	} {
		require.Contains(t, out.String(), want)
	}
}

// liveServer is a fake in Apono's place: -live reaches it through the environment.
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
