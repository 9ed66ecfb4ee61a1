package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

//doc:begin file

// wantedClouds has all integrations of one team, and no others: their names begin with "team-a-".
const wantedClouds = `
- display_name: team-a-lake
  environment: {id: env-abc123}
  config:
    kind: AwsIntegrationConfig
    customer_iam_role_arn: arn:aws:iam::000000000000:role/lake
- display_name: team-a-vault
  environment: {id: env-abc123}
  config:
    kind: AzureIntegrationConfig
    customer_azure_tenant_id: 6b2b9a4e-0000-4000-8000-000000000001
`

//doc:end

//doc:begin either-version

// ensureAny calls Ensure of the version that serves the cloud of want.
func ensureAny(ctx context.Context, c *confluent.Client, want confluent.IntegrationCreate) (sdk.EnsureAction, error) {
	if _, aws := want.Config.Value.(*confluent.AWSConfig); aws {
		got, err := c.IntegrationsV1.Ensure(ctx, confluent.IntegrationCreateV1(want))
		if err != nil {
			return "", err
		}
		return got.Action, nil
	}
	got, err := c.Integrations.Ensure(ctx, want)
	if err != nil {
		return "", err
	}
	return got.Action, nil
}

// deleteAny deletes an integration in the version that has listed it.
func deleteAny(ctx context.Context, c *confluent.Client, environment string, i *confluent.AnyIntegration) error {
	if i.V1 != nil {
		return c.IntegrationsV1.Delete(ctx, environment, i.ID)
	}
	return c.Integrations.Delete(ctx, environment, i.ID)
}

//doc:end

//doc:begin parse

// parse reads the wanted integrations, and refuses what is probably a mistake.
func parse(text []byte, environment, prefix string) ([]confluent.IntegrationCreate, error) {
	var want []confluent.IntegrationCreate
	if err := yaml.UnmarshalStrict(text, &want); err != nil {
		return nil, err
	}
	if len(want) == 0 {
		return nil, errors.New("the file has no integrations: all would be deleted")
	}
	for _, w := range want {
		if !strings.HasPrefix(w.DisplayName, prefix) || w.Environment.ID != environment {
			return nil, fmt.Errorf("%q is not in %s, or does not begin with %s", w.DisplayName, environment, prefix)
		}
		if names := w.Config.UnknownMembers(); len(names) > 0 {
			return nil, fmt.Errorf("%q has unknown members: %s", w.DisplayName, strings.Join(names, ", "))
		}
	}
	return want, nil
}

//doc:end

//doc:begin reconcile

// reconcile ensures what is wanted. Then it deletes the integrations that are not wanted, if their
// names begin with prefix.
func reconcile(
	ctx context.Context, c *confluent.Client, environment, prefix string, want []confluent.IntegrationCreate,
) error {
	wanted := map[string]bool{}
	var failures []error
	for _, w := range want {
		wanted[w.DisplayName] = true
		action, err := ensureAny(ctx, c, w)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", w.DisplayName, err))
			continue
		}
		fmt.Println(w.DisplayName, "is", action)
	}
	if len(failures) > 0 {
		return errors.Join(failures...) // delete nothing while anything is unclear
	}
	present, err := sdk.Collect(c.AllIntegrations(ctx, environment, nil)) // the whole list, before it changes
	if err != nil {
		return err
	}
	for _, i := range present {
		switch {
		case wanted[i.DisplayName] || !strings.HasPrefix(i.DisplayName, prefix):
			continue
		case len(i.Usages) > 0:
			return fmt.Errorf("%s is not wanted, but in use by %s", i.DisplayName, strings.Join(i.Usages, ", "))
		}
		if err := deleteAny(ctx, c, environment, i); err != nil {
			return err
		}
		fmt.Println(i.DisplayName, "is deleted")
	}
	return nil
}

//doc:end

func Example_reconcile() {
	c, srv := startConfluent()
	defer srv.Close()
	srv.Add("env-abc123", confluent.Integration{DisplayName: "team-b-vault", Provider: confluent.ProviderAzure})
	srv.Add("env-abc123", confluent.IntegrationV1{APIVersion: "pim/v1", DisplayName: "team-a-old",
		Provider: confluent.ProviderAWS})

	//doc:begin main
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // Ctrl-C
	defer stop()
	want, err := parse([]byte(wantedClouds), "env-abc123", "team-a-")
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		if err := reconcile(ctx, c, "env-abc123", "team-a-", want); err != nil {
			log.Fatal(err)
		}
	}
	//doc:end
	fmt.Println(len(srv.Integrations("env-abc123")), "integrations")

	// Output:
	// team-a-lake is created
	// team-a-vault is created
	// team-a-old is deleted
	// team-a-lake is unchanged
	// team-a-vault is unchanged
	// 3 integrations
}

// Whichever request Ctrl-C interrupts, the next run ends with what is wanted.
func TestReconcileAfterCtrlC(t *testing.T) {
	want, err := parse([]byte(wantedClouds), "env-abc123", "team-a-")
	require.NoError(t, err)
	for interrupted := range 9 {
		ctx, cancel := context.WithCancel(t.Context())
		sent := 0
		c, srv := startConfluent(confluent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(req *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(req)
				if sent++; sent == interrupted+1 {
					cancel() // the server has carried out the request
				}
				return resp, err
			})
		}))
		addUnwanted(srv)
		err := reconcile(ctx, c, "env-abc123", "team-a-", want)
		if sent <= interrupted {
			require.NoError(t, err, "there are fewer requests")
		}
		require.NoError(t, reconcile(t.Context(), c, "env-abc123", "team-a-", want))
		var names []string
		for _, i := range srv.Integrations("env-abc123") {
			names = append(names, i.DisplayName)
		}
		assert.ElementsMatch(t, []string{"team-a-lake", "team-a-vault", "team-b-vault"}, names, interrupted)
		cancel()
		require.NoError(t, srv.Close())
	}
}

func addUnwanted(srv *confluenttest.Server) {
	srv.Add("env-abc123", confluent.Integration{DisplayName: "team-b-vault", Provider: confluent.ProviderAzure})
	srv.Add("env-abc123", confluent.Integration{DisplayName: "team-a-old", Provider: confluent.ProviderGCP})
}

// roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestReconcileDeletesNothingAfterAFailureOrInUse(t *testing.T) {
	want, err := parse([]byte(wantedClouds), "env-abc123", "team-a-")
	require.NoError(t, err)
	c, srv := startConfluent()
	defer srv.Close()
	addUnwanted(srv)
	srv.Inject(confluenttest.Fault{Operation: "createPimV2Integration", Status: http.StatusForbidden})
	require.ErrorIs(t, reconcile(t.Context(), c, "env-abc123", "team-a-", want), sdk.ErrForbidden)
	assert.Zero(t, srv.CountCalls("deletePimV2Integration"))

	srv.Add("env-abc123", map[string]any{"display_name": "team-a-used", "usages": []string{"crn://x"},
		"config": map[string]string{"kind": "GcpIntegrationConfig"}})
	require.ErrorContains(t, reconcile(t.Context(), c, "env-abc123", "team-a-", want), "team-a-used is not wanted")
	assert.Equal(t, 1, srv.CountCalls("deletePimV2Integration"), "of team-a-old")
}

func TestParseRefusesMistakes(t *testing.T) {
	for _, mistake := range [][2]string{{"team-a-lake", "team-b-lake"}, {"env-abc123", "env-other"},
		{"customer_azure_tenant_id", "custmer_azure_tenant_id"}, {"display_name", "name"}} {
		_, err := parse([]byte(strings.ReplaceAll(wantedClouds, mistake[0], mistake[1])), "env-abc123", "team-a-")
		require.Error(t, err, mistake)
	}
	_, err := parse([]byte("[]"), "env-abc123", "team-a-")
	require.Error(t, err)
}

//doc:begin wait-ready

// waitReady waits until Apono has synchronized an integration that Ensure has returned.
func waitReady(
	ctx context.Context, a *apono.Client, got *sdk.EnsureResult[apono.Integration],
) (*apono.Integration, error) {
	now := got.Integration
	var wait apono.WaitOptions
	failed := got.Action == sdk.EnsureUnchanged && now.Status == apono.StatusError
	if got.Action == sdk.EnsureUpdated || failed {
		if err := a.IntegrationsV2.Refresh(ctx, now.ID); err != nil {
			return nil, err
		}
		wait.Before = now // a status of before the refresh does not count
	}
	return a.Integrations.WaitSynced(ctx, now.ID, wait)
}

//doc:end

// After an update or a failed synchronization, only a new synchronization counts.
func TestWaitReady(t *testing.T) {
	warehouse := apono.IntegrationCreate{Name: "warehouse", Type: "mock-duck"}
	for name, tt := range map[string]struct {
		present   map[string]any // nil: there is none
		action    sdk.EnsureAction
		refreshes int
	}{
		"created": {nil, sdk.EnsureCreated, 0},
		"updated": {map[string]any{"custom_access_details": "old"}, sdk.EnsureUpdated, 1},
		"updated after ERROR": {map[string]any{"custom_access_details": "old", "status": "ERROR"},
			sdk.EnsureUpdated, 1},
		"unchanged": {map[string]any{"custom_access_details": "new"}, sdk.EnsureUnchanged, 0},
		"unchanged after ERROR": {map[string]any{"custom_access_details": "new", "status": "ERROR"},
			sdk.EnsureUnchanged, 1},
	} {
		for _, fails := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				srv := aponotest.NewServer(t, aponotest.WithoutSocket(), aponotest.WithSyncTime(time.Minute))
				a, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithHTTPClient(srv.HTTPClient()),
					apono.WithToken(srv.Token))
				require.NoError(t, err)
				if tt.present != nil {
					seed := map[string]any{"name": "warehouse", "type": "mock-duck", "status": "ACTIVE"}
					maps.Copy(seed, tt.present)
					srv.Add(seed)
				}
				if syncs := tt.refreshes > 0 || tt.present == nil; fails && syncs {
					srv.FailSyncNamed("warehouse", "Error")
				} else if fails {
					return // nothing is synchronized
				}
				want := warehouse
				want.CustomAccessDetails = apono.Set("new")
				got, err := a.Integrations.Ensure(t.Context(), want)
				require.NoError(t, err)
				require.Equal(t, tt.action, got.Action, name)
				now, err := waitReady(t.Context(), a, got)
				assert.Equal(t, tt.refreshes, srv.CountCalls("refreshIntegrationV2"), name)
				if fails {
					_, failed := errors.AsType[*apono.SyncError](err)
					assert.True(t, failed, "%s: %v", name, err)
					return
				}
				require.NoError(t, err, name)
				assert.Equal(t, apono.StatusActive, now.Status, name)
			})
		}
	}
}

func Example_reconcileApono() {
	a, srv := startApono()
	defer srv.Close()
	for _, name := range []string{"team-a-old", "team-a-orders", "team-b-orders"} {
		srv.Add(map[string]string{"name": name})
	}
	wanted := map[string]bool{"team-a-orders": true}

	//doc:begin apono
	options := &apono.ListOptions{Name: apono.HasPrefix("team-a-")}
	present, err := sdk.Collect(a.Integrations.List(ctx, options))
	if err != nil {
		log.Fatal(err)
	}
	for _, i := range present {
		// The filter ignores letter case: compare again.
		if wanted[i.Name] || !strings.HasPrefix(i.Name, "team-a-") {
			continue
		}
		if err := a.Integrations.Delete(ctx, i.ID); err != nil {
			log.Fatal(err)
		}
		fmt.Println(i.Name, "is deleted")
	}
	//doc:end

	// Output:
	// team-a-old is deleted
}
