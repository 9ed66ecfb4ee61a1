package confluent_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// filteredIDs return the items that the lists of both versions yield.
var filteredIDs = map[string]func(context.Context, *confluent.Client, *confluent.ListOptions) ([]string, error){
	"v1": func(ctx context.Context, c *confluent.Client, o *confluent.ListOptions) ([]string, error) {
		ids := []string{}
		items, err := sdk.Collect(c.IntegrationsV1.List(ctx, env, o))
		for _, i := range items {
			ids = append(ids, i.ID)
		}
		return ids, err
	},
	"v2": func(ctx context.Context, c *confluent.Client, o *confluent.ListOptions) ([]string, error) {
		ids := []string{}
		items, err := sdk.Collect(c.Integrations.List(ctx, env, o))
		for _, i := range items {
			ids = append(ids, i.ID)
		}
		return ids, err
	},
}

// providersSent are the filters of the list requests, "-" for no filter.
func providersSent(t *testing.T, srv *confluenttest.Server) []string {
	t.Helper()
	var all []string
	for _, call := range srv.Calls() {
		query, err := url.ParseQuery(call.RawQuery)
		require.NoError(t, err)
		provider := "-"
		if query.Has("provider") {
			provider = query.Get("provider")
		}
		all = append(all, provider)
	}
	return all
}

func TestProviderFilterFindsWhatIsThereInAnyLetterCase(t *testing.T) {
	t.Parallel()
	styles := map[string]confluenttest.Style{
		"either case": {}, "lower case": {ExactProvider: true}, "upper case": {ExactProvider: true,
			UpperProvider: true},
	}
	for _, provider := range []confluent.Provider{confluent.ProviderAzure, "azure", "Azure", confluent.ProviderGCP,
		"gcp", "gCP"} {
		for style := range styles {
			for version, list := range filteredIDs {
				t.Run(fmt.Sprintf("%s %s %s", version, provider, style), func(t *testing.T) {
					t.Parallel()
					srv, c := newPair(t, confluenttest.WithStyle(styles[style]))
					var want []string
					for i := range 5 {
						azureID := srv.Add(env, azureSeed(fmt.Sprint("a", i), tenantID))
						gcpID := srv.Add(env, seed(fmt.Sprint("g", i), "gcp", "GcpIntegrationConfig",
							"customer_google_service_account", gcpAccount))
						if provider[0]|0x20 == 'a' {
							want = append(want, azureID)
						} else {
							want = append(want, gcpID)
						}
					}
					got, err := list(t.Context(), c, &confluent.ListOptions{Provider: provider, PageSize: 2})
					require.NoError(t, err)
					assert.Equal(t, want, got)
					filters := providersSent(t, srv)
					assert.Equal(t, string(provider), filters[0], "as the caller wrote it")
					if style == "either case" {
						assert.NotContains(t, filters, "-", "the server's filter suffices")
					}
				})
			}
		}
	}
}

// A list that the server does not filter can also be resumed with its page tokens.
func TestProviderFilterIsResumed(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]confluenttest.Style{"by the server": {},
		"by the client": {ExactProvider: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t, confluenttest.WithStyle(style))
			for i := range 3 {
				srv.Add(env, azureSeed(fmt.Sprint("a", i), tenantID))
				srv.Add(env, map[string]any{"display_name": "g", "provider": "gcp"})
			}
			var names []string
			options := &confluent.ListOptions{Provider: confluent.ProviderAzure, PageSize: 1}
			for walked := 0; ; walked++ {
				require.Less(t, walked, 10)
				next := ""
				for page, err := range c.Integrations.Pages(t.Context(), env, options) {
					require.NoError(t, err)
					for _, i := range page.Items {
						names = append(names, i.DisplayName)
					}
					next = page.NextToken
					if name == "by the client" {
						assert.Zero(t, page.Total, "the server's counts the others")
					}
					break
				}
				if next == "" {
					break
				}
				options.PageToken = next
			}
			assert.Equal(t, []string{"a0", "a1", "a2"}, names)
		})
	}
}

func TestProviderFilterThatFindsNothingEndsWell(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults  []confluenttest.Fault
		filters []string
		err     error
	}{
		"nothing of it": {filters: []string{"oci", "-", "-"}},
		"the whole list fails": {faults: []confluenttest.Fault{{Operation: opList, Status: 403, Skip: 1}},
			filters: []string{"oci", "-"}, err: confluent.ErrForbidden},
		"the filtered list fails": {faults: []confluenttest.Fault{{Operation: opList, Status: 400}},
			filters: []string{"oci"}, err: confluent.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			for range 3 {
				srv.Add(env, azureSeed("a", tenantID))
			}
			for _, fault := range tc.faults {
				srv.Inject(fault)
			}
			got, err := filteredIDs["v2"](t.Context(), c, &confluent.ListOptions{Provider: "oci", PageSize: 2})
			require.ErrorIs(t, err, tc.err)
			assert.Empty(t, got)
			assert.Equal(t, tc.filters, providersSent(t, srv))
		})
	}
}

// Some servers ignore the filter, or return a provider in another spelling.
func TestProviderFilterComparesWhatTheServerAnswers(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	srv.Inject(confluenttest.Fault{Operation: opList, Status: 200,
		Body: `{"data":[{"id":"a","provider":"Azure"},{"id":"g","provider":"gcp"},` +
			`{"id":"k","config":{"kind":"GcpIntegrationConfig"}},{"id":"odd"},{"id":"A","provider":"AZURE"}],` +
			`"metadata":{}}`})
	got, err := filteredIDs["v2"](t.Context(), c, &confluent.ListOptions{Provider: "azure"})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "odd", "A"}, got, "of one without a provider the server knows more")
}

func TestStatusFilterFindsWhatIsThereInAnyLetterCase(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	ids := map[confluent.Status]string{}
	for _, status := range []confluent.Status{confluent.StatusDraft, confluent.StatusCreated, "Paused"} {
		ids[status] = srv.Add(env, map[string]any{"display_name": status, "provider": "gcp", "status": status,
			"config": map[string]any{"kind": "GcpIntegrationConfig", "customer_google_service_account": gcpAccount}})
	}
	for filter, want := range map[confluent.Status][]string{
		"draft": {ids["DRAFT"]}, "Draft": {ids["DRAFT"]}, "cReAtEd": {ids["CREATED"]}, "active": {},
		"Paused": {ids["Paused"]}, "PAUSED": {}, // the server compares the states that are not known
	} {
		got, err := filteredIDs["v2"](t.Context(), c, &confluent.ListOptions{Status: filter})
		require.NoError(t, err)
		assert.Equal(t, want, got, filter)
	}
}
