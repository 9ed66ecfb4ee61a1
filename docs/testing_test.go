package docs_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

//doc:begin table

func TestGetUnderFaults(t *testing.T) {
	const get = "getPimV2Integration"
	for _, tt := range []struct {
		name  string
		fault confluenttest.Fault
		want  error
		calls int
	}{
		{"busy once", confluenttest.Fault{Operation: get, Status: http.StatusServiceUnavailable}, nil, 2},
		{"response lost", confluenttest.Fault{Operation: get, Lost: true}, nil, 2},
		{"half of the body", confluenttest.Fault{Operation: get, Truncate: true}, nil, 2},
		{"not allowed", confluenttest.Fault{Operation: get, Status: http.StatusForbidden}, confluent.ErrForbidden, 1},
		{"HTML", confluenttest.Fault{Operation: get, Status: 200, Body: "<html>"}, confluent.ErrUnavailable, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := confluenttest.NewServer(t, confluenttest.WithEnvironments("env-abc123"))
			id := srv.Add("env-abc123", confluent.Integration{DisplayName: "lake", Provider: confluent.ProviderGCP})
			srv.Inject(tt.fault)
			c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
			require.NoError(t, err)

			_, err = c.Integrations.Get(t.Context(), "env-abc123", id)
			assert.ErrorIs(t, err, tt.want)
			assert.Equal(t, tt.calls, srv.CountCalls(get))
		})
	}
}

//doc:end

//doc:begin seeds

func TestBothVersions(t *testing.T) {
	srv := confluenttest.NewServer(t, confluenttest.WithEnvironments("env-abc123"))
	srv.Add("env-abc123", confluent.IntegrationV1{DisplayName: "lake", Provider: confluent.ProviderAWS})
	srv.Add("env-abc123", confluent.Integration{DisplayName: "vault", Provider: confluent.ProviderAzure})
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	require.NoError(t, err)

	all, err := sdk.Collect(c.AllIntegrations(t.Context(), "env-abc123", nil))
	require.NoError(t, err)
	require.Len(t, all, 2)
	lake, err := c.IntegrationsV1.FindByDisplayName(t.Context(), "env-abc123", "lake")
	require.NoError(t, err)
	assert.Equal(t, confluent.ProviderAWS, lake.Provider)
}

//doc:end

//doc:begin synctest

// The server asks to wait half a minute. In a bubble, that takes no time.
func TestWaitOfHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := confluenttest.NewServer(t, confluenttest.WithoutSocket(), confluenttest.WithEnvironments("env-abc123"))
		id := srv.Add("env-abc123", confluent.Integration{DisplayName: "lake", Provider: confluent.ProviderGCP})
		srv.Inject(confluenttest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}})
		c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithHTTPClient(srv.HTTPClient()),
			confluent.WithAPIKey(srv.APIKey, srv.APISecret))
		require.NoError(t, err)

		begin := time.Now()
		_, err = c.Integrations.Get(t.Context(), "env-abc123", id)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(begin), 30*time.Second)
	})
}

//doc:end

//doc:begin outcome

// The server creates the integration, and its response is lost.
func TestLostResponse(t *testing.T) {
	srv := confluenttest.NewServer(t, confluenttest.WithEnvironments("env-abc123"))
	srv.Inject(confluenttest.Fault{Operation: "createPimV2Integration", Apply: true, Lost: true})
	c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithAPIKey(srv.APIKey, srv.APISecret))
	require.NoError(t, err)

	want := confluent.IntegrationCreate{
		DisplayName: "lake", Provider: confluent.ProviderGCP, Environment: confluent.Reference{ID: "env-abc123"},
	}
	_, err = c.Integrations.Create(t.Context(), want)
	require.ErrorIs(t, err, confluent.ErrOutcomeUnknown)
	got, err := c.Integrations.Ensure(t.Context(), want) // looks before it creates
	require.NoError(t, err)
	assert.Equal(t, "lake", got.Integration.DisplayName)
	assert.Len(t, srv.Integrations("env-abc123"), 1)
}

//doc:end

//doc:begin unreachable

// No connection is made, so nothing was sent: also the POST is repeated, and its outcome is known.
func TestServerThatIsNotReachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the pauses between the attempts take no time
		dials := 0
		dial := func(context.Context, string, string) (net.Conn, error) {
			dials++
			return nil, syscall.ECONNREFUSED
		}
		c, err := confluent.New(confluent.WithAPIKey("key", "secret"),
			confluent.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: dial}}))
		require.NoError(t, err)

		_, err = c.Integrations.Create(t.Context(), confluent.IntegrationCreate{
			DisplayName: "lake", Provider: confluent.ProviderGCP, Environment: confluent.Reference{ID: "env-abc123"},
		})
		require.ErrorIs(t, err, confluent.ErrUnavailable)
		require.NotErrorIs(t, err, confluent.ErrOutcomeUnknown)
		assert.Equal(t, 5, dials)
	})
}

//doc:end

//doc:begin by-name

// The program creates the integration, so the test does not know its ID.
func TestSyncThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := aponotest.NewServer(t, aponotest.WithoutSocket())
		srv.FailSyncNamed("orders", "Error")
		a, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithHTTPClient(srv.HTTPClient()),
			apono.WithToken(srv.Token))
		require.NoError(t, err)

		got, err := a.Integrations.Ensure(t.Context(), apono.IntegrationCreate{Name: "orders", Type: "mock-duck"})
		require.NoError(t, err)
		_, err = a.Integrations.WaitSynced(t.Context(), got.Integration.ID, apono.WaitOptions{})
		_, failed := errors.AsType[*apono.SyncError](err)
		assert.True(t, failed, err)
	})
}

//doc:end

// The two ways of the table to refuse validations of an integration that is created later.
func TestValidationThatTakesAWhile(t *testing.T) {
	for name, failValidations := range map[string]func(*confluenttest.Server){
		"by name": func(srv *confluenttest.Server) { srv.FailValidationNamed("lake", 3, "") },
		"fault": func(srv *confluenttest.Server) {
			srv.Inject(confluenttest.Fault{Operation: "validatePimV2Integration", Status: 400, Times: 3})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
				failValidations(srv)
				c, err := confluent.New(confluent.WithBaseURL(srv.URL), confluent.WithHTTPClient(srv.HTTPClient()),
					confluent.WithAPIKey(srv.APIKey, srv.APISecret))
				require.NoError(t, err)
				inEnv := confluent.Reference{ID: "env-1"}
				account := &confluent.GCPConfig{CustomerGoogleServiceAccount: "a@p.iam.gserviceaccount.com"}
				got, err := c.Integrations.Ensure(t.Context(), confluent.IntegrationCreate{DisplayName: "lake",
					Environment: inEnv, Config: confluent.Config{Value: account}})
				require.NoError(t, err)
				require.NoError(t, c.Integrations.WaitValid(t.Context(), confluent.IntegrationValidate{
					ID: got.Integration.ID, Environment: inEnv}, sdk.WaitOptions{}))
				assert.Equal(t, 4, srv.CountCalls("validatePimV2Integration"))
			})
		})
	}
}
