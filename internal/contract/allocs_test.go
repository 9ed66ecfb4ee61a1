//go:build !race

// Under the race detector a sync.Pool drops items at random. The counts are not valid there.

package contract_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/ratelimit"
)

// The allocations of the call path beyond those of the generated client. The test is not parallel,
// because the counts are those of the whole program.
func TestChainAllocatesLittleMoreThanTheGeneratedClient(t *testing.T) {
	// six for the stages of an attempt, and two for the trace: a copy of the request, and its
	// context
	most := 8.0
	if strconv.IntSize == 32 { // here package json needs one less for the generated client
		most++
	}
	for _, v := range vendors {
		base := &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
			return respond(200, v.object("x-1")), nil
		})}
		limiter, err := ratelimit.New()
		require.NoError(t, err)
		c, err := v.new(options{baseURL: "https://" + host, client: base, limiter: limiter, retry: quick()})
		require.NoError(t, err)
		count := func(get func(context.Context) error) float64 {
			return testing.AllocsPerRun(1000, func() {
				if err := get(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		}
		bare := count(v.bare(base, "https://"+host, "x-1"))
		chain := count(func(ctx context.Context) error {
			_, err := c.get(ctx, "x-1", call{})
			return err
		})
		t.Logf("%s: %.0f allocations, %.0f of the generated client alone", v.name, chain, bare)
		assert.LessOrEqual(t, chain-bare, most, v.name)
	}
}

// The allocations of a complete get, including net/http and decoding, for a response with all
// members. The limit is two above the number with Go 1.26. Go 1.27 needs less.
func TestGetAllocatesLittle(t *testing.T) {
	for name, tt := range map[string]struct {
		response string
		most     float64
		get      func(*http.Client) (func(context.Context) error, error)
	}{
		"confluent": {
			`{"api_version":"pim/v2","kind":"Integration","id":"x-1","display_name":"integration 1",` +
				`"provider":"GCP","config":{"kind":"GcpIntegrationConfig",` +
				`"google_service_account":"theirs@confluent.iam.gserviceaccount.com",` +
				`"customer_google_service_account":"ours@project.iam.gserviceaccount.com"},` +
				`"usages":["crn://confluent.cloud/environment=env-1/connector=lcc-1"],"status":"CREATED",` +
				`"environment":{"id":"env-1","related":"https://api.confluent.cloud/env-1",` +
				`"resource_name":"crn://env-1"}}`,
			49,
			func(base *http.Client) (func(context.Context) error, error) {
				c, err := confluent.New(confluent.WithAPIKey("key", "secret"), confluent.WithBaseURL("https://"+host),
					confluent.WithHTTPClient(base))
				return func(ctx context.Context) error {
					_, err := c.Integrations.Get(ctx, "env-1", "x-1")
					return err
				}, err
			},
		},
		"apono": {
			`{"id":"x-1","name":"integration 1","type":"postgresql","status":"Active",` +
				`"details":"4 resources loaded","provisioner_id":"connector-1",` +
				`"connection":{"host":"db.example.test"},` +
				`"last_sync_time":1746093600.123456789,"metadata":{"hostname":"db.example.test","port":"5432",` +
				`"dbname":"orders","sslmode":"require"},` +
				`"secret_config":{"type":"AWS","region":"eu-central-1","secret_id":"secret-1"},` +
				`"connected_resource_types":["postgresql-database","postgresql-table"],"custom_access_details":null}`,
			70,
			func(base *http.Client) (func(context.Context) error, error) {
				c, err := apono.New(apono.WithToken("token"), apono.WithBaseURL("https://"+host),
					apono.WithHTTPClient(base))
				return func(ctx context.Context) error {
					_, err := c.IntegrationsV2.Get(ctx, "x-1")
					return err
				}, err
			},
		},
	} {
		get, err := tt.get(&http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
			return respond(200, tt.response), nil
		})})
		require.NoError(t, err)
		allocs := testing.AllocsPerRun(1000, func() {
			if err := get(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %.0f allocations", name, allocs)
		assert.LessOrEqual(t, allocs, tt.most, name)
	}
}
