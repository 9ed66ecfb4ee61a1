package docs_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
