package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

func TestTour(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))
	for _, want := range []string{
		`unknown kind "OciIntegrationConfig", kept as it is: {"kind":"OciIntegrationConfig","tenancy":"t-1"}`,
		"233 integrations on 5 pages", "the server had to refuse 0", "status 200 after 2 attempts", "errors.Is(err, ErrNotFound): true", "unchanged",
		"the 230 seeds stay",
	} {
		require.Contains(t, out.String(), want)
	}
}

// liveServer is a fake in Confluent Cloud's place: -live reaches it through the environment.
func liveServer(t *testing.T) *confluenttest.Server {
	t.Helper()
	srv := confluenttest.NewServer(t)
	t.Setenv(confluent.EnvEndpoint, srv.URL)
	t.Setenv(confluent.EnvAPIKey, srv.APIKey)
	t.Setenv(confluent.EnvAPISecret, srv.APISecret)
	srv.Add("env-1", confluent.Integration{DisplayName: "theirs", Provider: confluent.ProviderGCP, Status: confluent.StatusCreated})
	return srv
}

func TestLiveOnlyReads(t *testing.T) {
	srv := liveServer(t)
	srv.Add("env-1", confluent.IntegrationV1{APIVersion: "pim/v1", DisplayName: "lake", Provider: confluent.ProviderAWS})
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
}

func TestWrongArgumentsAreOneLine(t *testing.T) {
	srv := liveServer(t)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-live"}, "-live needs -environment, the id of an environment, for example from `confluent environment list`"},
		{[]string{"-write"}, "-write needs -live"},
		{[]string{"-write", "-environment", "env-1"}, "-write needs -live"},
		{[]string{"-environment", "env-1"}, "-environment needs -live"},
		{[]string{"live"}, `unexpected argument "live"`},
		{[]string{"-live", "-environment", "env-1", "now", "please"}, `unexpected argument "now"`},
	} {
		var out bytes.Buffer
		require.EqualError(t, run(t.Context(), tt.args, &out), tt.want)
		require.Empty(t, out.String(), tt.want)
	}
	require.Empty(t, srv.Calls())
}
