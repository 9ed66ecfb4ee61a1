package confluent_test

import (
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// versionOf returns the version of an element. It checks that the element agrees with its V1 or V2.
func versionOf(t *testing.T, a *confluent.AnyIntegration) string {
	t.Helper()
	require.NotEqual(t, a.V1 == nil, a.V2 == nil, "exactly one original")
	if a.V1 != nil {
		want := []any{a.V1.ID, a.V1.DisplayName, a.V1.Config, a.V1.Usages, a.V1.Environment, confluent.Status("")}
		assert.Equal(t, want, []any{a.ID, a.DisplayName, a.Config, a.Usages, a.Environment, a.Status})
		return "v1"
	}
	want := []any{a.V2.ID, a.V2.DisplayName, a.V2.Config, a.V2.Usages, a.V2.Environment, a.V2.Status}
	assert.Equal(t, want, []any{a.ID, a.DisplayName, a.Config, a.Usages, a.Environment, a.Status})
	return "v2"
}

// walked returns the elements of a walk, each as ID and version, and the error that ended it.
func walked(t *testing.T, list iter.Seq2[*confluent.AnyIntegration, error]) (elements []string, err error) {
	t.Helper()
	items, err := drain(list)
	for _, item := range items {
		elements = append(elements, item.ID+" "+versionOf(t, item))
	}
	return elements, err
}

// addAs adds an integration with a given ID.
func addAs(srv *confluenttest.Server, id, version, provider string) {
	srv.Add(env, map[string]any{"id": id, "api_version": "pim/" + version, "display_name": id, "provider": provider})
}

// addThreeClouds adds two integrations of each cloud, in mixed order.
func addThreeClouds(srv *confluenttest.Server) {
	for i := range 2 {
		addAs(srv, fmt.Sprint("azure-", i), "v2", "azure")
		addAs(srv, fmt.Sprint("aws-", i), "v1", "AWS")
		addAs(srv, fmt.Sprint("gcp-", i), "v2", "gcp")
	}
}

// threeClouds are the elements that a walk yields for addThreeClouds.
var threeClouds = []string{"aws-0 v1", "aws-1 v1", "azure-0 v2", "gcp-0 v2", "azure-1 v2", "gcp-1 v2"}

// operations are the operations that were called, in order.
func operations(srv *confluenttest.Server) (names []string) {
	for _, call := range srv.Calls() {
		names = append(names, call.Operation)
	}
	return names
}

// byVersion responds to the lists of v1 and v2 with the given pages, in order. It repeats the last
// page.
func byVersion(v1, v2 []httpmock.Responder) httpmock.Responder {
	var n [2]int
	return func(req *http.Request) (*http.Response, error) {
		pages, i := v1, &n[0]
		if strings.Contains(req.URL.Path, "/v2/") {
			pages, i = v2, &n[1]
		}
		*i++
		return pages[min(*i, len(pages))-1](req)
	}
}

func TestAllIntegrationsYieldsEachOnceV1First(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	addThreeClouds(srv)
	v1, err := drain(c.IntegrationsV1.List(t.Context(), env, nil))
	require.NoError(t, err)
	require.Len(t, v1, 6, "the list of v1 shows all clouds")
	srv.ResetCalls()

	list := c.AllIntegrations(t.Context(), env, nil)
	assert.Empty(t, srv.Calls(), "nothing is sent before the range")
	for range 2 {
		got, err := walked(t, list)
		require.NoError(t, err)
		assert.Equal(t, threeClouds, got)
	}
	assert.Equal(t, []string{opListV1, opList, opListV1, opList}, operations(srv), "each range sends its own requests")
}

func TestAllIntegrationsHasWhatBothVersionsKnow(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	role := "arn:aws:iam::000000000000:role/lake"
	aws, err := c.IntegrationsV1.Create(t.Context(), awsV1("lake", role))
	require.NoError(t, err)
	gcp, err := c.Integrations.Provision(t.Context(), confluent.IntegrationCreate{
		DisplayName: "bq", Environment: inEnv, Config: gcpConfig("bq@p.iam.gserviceaccount.com"),
	})
	require.NoError(t, err)
	srv.SetUsages(gcp.ID, "crn://a")

	all, err := sdk.Collect(c.AllIntegrations(t.Context(), env, nil))
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Equal(t, "v1", versionOf(t, all[0]))
	assert.Equal(t, aws, all[0].V1)
	assert.Equal(t, confluent.ProviderAWS, all[0].Provider)
	assert.Equal(t, "v2", versionOf(t, all[1]))
	assert.Equal(t, confluent.StatusActive, all[1].Status)
	assert.Equal(t, []string{"crn://a"}, all[1].Usages)
	assert.Equal(t, confluent.ProviderGCP, all[1].Provider)
}

func TestAllIntegrationsOfAnEmptyEnvironment(t *testing.T) {
	t.Parallel()
	for _, style := range []confluenttest.Style{{}, {TrailingPage: true}} {
		_, c := styled(t, style)
		all, err := sdk.Collect(c.AllIntegrations(t.Context(), env, nil))
		require.NoError(t, err)
		assert.Empty(t, all)
	}
}

func TestAllIntegrationsYieldsAnIntegrationOfBothVersionsOnce(t *testing.T) {
	t.Parallel()
	item := func(id, provider string) string { return fmt.Sprintf(`{"id":%q,"provider":%q}`, id, provider) }
	aws, azure, gcp, oci := item("a", "aws"), item("a", "azure"), item("a", "gcp"), item("a", "oci")
	bare, b, c := `{"id":"a"}`, item("b", "aws"), item("c", "gcp")
	for name, tt := range map[string]struct{ v1, v2, want []string }{
		"AWS in both is v1's":           {[]string{aws}, []string{aws}, []string{"a v1"}},
		"AWS in v2 only":                {nil, []string{aws}, []string{"a v2"}},
		"Azure in both is v2's":         {[]string{azure}, []string{azure}, []string{"a v2"}},
		"Azure in v1 only comes last":   {[]string{azure, b}, []string{c}, []string{"b v1", "c v2", "a v1"}},
		"a newer cloud in both is v2's": {[]string{oci}, []string{oci}, []string{"a v2"}},
		"a newer cloud in v1 only":      {[]string{oci}, nil, []string{"a v1"}},
		"no provider, in both":          {[]string{bare}, []string{bare}, []string{"a v2"}},
		"no provider, in v1 only":       {[]string{bare}, nil, []string{"a v1"}},
		"provider of the config": {
			[]string{`{"id":"a","config":{"kind":"AwsIntegrationConfig"}}`}, []string{bare}, []string{"a v1"},
		},
		"letter case": {
			[]string{item("a", "Aws"), item("b", "gCp")}, []string{item("b", "GCP"), item("a", "AWS")},
			[]string{"a v1", "b v2"},
		},
		"twice in each": {
			[]string{gcp, b, gcp, b}, []string{c, c}, []string{"b v1", "c v2", "a v1"},
		},
		"IDs that differ in letter case": {[]string{aws}, []string{item("A", "aws")}, []string{"a v1", "A v2"}},
		"items without an ID are not equal": {
			[]string{`null`, `{}`}, []string{`"x"`, `7`}, []string{" v2", " v2", " v1", " v1"},
		},
		"an odd item whose ID is readable": {
			[]string{`{"id":"a","usages":"crn://x","provider":"gcp"}`}, []string{gcp}, []string{"a v2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := func(items []string) []httpmock.Responder {
				return []httpmock.Responder{answer(200, `{"data":[`+strings.Join(items, ",")+`]}`)}
			}
			w := newTap(t, byVersion(list(tt.v1), list(tt.v2)))
			got, err := walked(t, w.client(t).AllIntegrations(t.Context(), env, nil))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestAllIntegrationsKeepsOddItems(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	addAs(srv, "aws-0", "v1", "AWS")
	odd := srv.AddRaw(env, []byte(`{"id":"odd","provider":"oci","config":{"kind":"OciIntegrationConfig"}}`))
	bare := srv.AddRaw(env, []byte(`{"api_version":"pim/v1","id":"bare","provider":"aws","config":null}`))
	all, err := sdk.Collect(c.AllIntegrations(t.Context(), env, nil))
	require.NoError(t, err)
	require.Len(t, all, 3)
	assert.Equal(t, bare, all[1].ID)
	assert.True(t, all[1].Config.IsZero())
	assert.Equal(t, odd, all[2].ID)
	assert.Equal(t, "v2", versionOf(t, all[2]))
	assert.Equal(t, "OciIntegrationConfig", all[2].Config.Value.(*confluent.UnknownConfig).Kind)
}

func TestAllIntegrationsOfAWSServedByV2AreYieldedAsV1(t *testing.T) {
	t.Parallel()
	_, c := styled(t, confluenttest.Style{AWSInV2: true})
	_, err := c.Integrations.Create(t.Context(), draftOf("aws"))
	require.NoError(t, err)
	got, err := walked(t, c.AllIntegrations(t.Context(), env, nil))
	require.NoError(t, err)
	assert.Equal(t, []string{"cspi-00001 v1"}, got)
}

func TestAllIntegrationsFiltersByProvider(t *testing.T) {
	t.Parallel()
	for _, style := range []confluenttest.Style{{}, {UpperProvider: true}, {ExactProvider: true}} {
		srv, c := styled(t, style)
		addThreeClouds(srv)
		addAs(srv, "azure-2", "v1", "AZURE")
		both := []string{opListV1, opList}
		for provider, tt := range map[confluent.Provider]struct{ want, asked []string }{
			confluent.ProviderAWS:   {[]string{"aws-0 v1", "aws-1 v1"}, []string{opListV1}},
			"aws":                   {[]string{"aws-0 v1", "aws-1 v1"}, []string{opListV1}},
			confluent.ProviderAzure: {[]string{"azure-0 v2", "azure-1 v2", "azure-2 v1"}, both},
			"aZuRe":                 {[]string{"azure-0 v2", "azure-1 v2", "azure-2 v1"}, both},
			confluent.ProviderGCP:   {[]string{"gcp-0 v2", "gcp-1 v2"}, both},
			"oci":                   {nil, both},
		} {
			srv.ResetCalls()
			filter := &confluent.AllIntegrationsOptions{Provider: provider}
			got, err := walked(t, c.AllIntegrations(t.Context(), env, filter))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got, provider)
			assert.Equal(t, tt.asked, operations(srv), provider)
		}
	}
}

func TestAllIntegrationsTakesTheProviderFromTheConfigWhereThereIsNone(t *testing.T) {
	t.Parallel()
	page := func(kind string) []httpmock.Responder {
		return []httpmock.Responder{answer(200, `{"data":[{"id":"`+kind+`","config":{"kind":"`+kind+`"}}]}`)}
	}
	w := newTap(t, byVersion(page("AwsIntegrationConfig"), page("GcpIntegrationConfig")))
	for _, provider := range []confluent.Provider{confluent.ProviderAWS, confluent.ProviderGCP} {
		filter := &confluent.AllIntegrationsOptions{Provider: provider}
		all, err := sdk.Collect(w.client(t).AllIntegrations(t.Context(), env, filter))
		require.NoError(t, err)
		require.Len(t, all, 1, provider)
		assert.Equal(t, provider, all[0].Provider)
	}
}

func TestAllIntegrationsWalksManyPagesOfBoth(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	var want []string
	for i := range 120 {
		id := fmt.Sprintf("aws-%03d", i)
		addAs(srv, id, "v1", "AWS")
		want = append(want, id+" v1")
	}
	for i := range 105 {
		id := fmt.Sprintf("gcp-%03d", i)
		addAs(srv, id, "v2", "gcp")
		want = append(want, id+" v2")
	}
	for size, wantCalls := range map[int][2]int{0: {3, 2}, confluent.MaxPageSize: {3, 2}, 7: {33, 15}, 1: {225, 105}} {
		for _, opts := range [][]confluent.CallOption{nil, {confluent.WithPrefetch()}} {
			srv.ResetCalls()
			filter := &confluent.AllIntegrationsOptions{PageSize: size}
			got, err := walked(t, c.AllIntegrations(t.Context(), env, filter, opts...))
			require.NoError(t, err)
			assert.Equal(t, want, got, size)
			assert.Equal(t, wantCalls, [2]int{srv.CountCalls(opListV1), srv.CountCalls(opList)}, size)
		}
	}
}

func TestAllIntegrationsRefusesBadArguments(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	for name, tt := range map[string]struct {
		environment string
		filter      *confluent.AllIntegrationsOptions
		opts        []confluent.CallOption
		argument    string
	}{
		"no environment":        {"", nil, nil, "environment"},
		"blank environment":     {" ", nil, nil, "environment"},
		"negative page size":    {env, &confluent.AllIntegrationsOptions{PageSize: -1}, nil, "PageSize"},
		"page size too large":   {env, &confluent.AllIntegrationsOptions{PageSize: 101}, nil, "PageSize"},
		"nil call option":       {env, nil, []confluent.CallOption{nil}, "call option"},
		"call option not valid": {env, nil, []confluent.CallOption{confluent.WithMeta(nil)}, "Meta"},
	} {
		t.Run(name, func(t *testing.T) {
			var errs []error
			for item, err := range c.AllIntegrations(t.Context(), tt.environment, tt.filter, tt.opts...) {
				assert.Nil(t, item)
				errs = append(errs, err)
			}
			require.Len(t, errs, 1)
			requireRefused(t, errs[0], tt.argument)
			assert.Equal(t, "AllIntegrations", errorOf(t, errs[0]).Operation)
		})
	}
	assert.Empty(t, srv.Calls())
}

func TestAllIntegrationsCopiesItsOptions(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	addThreeClouds(srv)
	filter := &confluent.AllIntegrationsOptions{Provider: "gcp"}
	list := c.AllIntegrations(t.Context(), env, filter)
	assert.Equal(t, &confluent.AllIntegrationsOptions{Provider: "gcp"}, filter, "the caller's options stay")
	*filter = confluent.AllIntegrationsOptions{Provider: "aws", PageSize: -1}
	got, err := walked(t, list)
	require.NoError(t, err)
	assert.Equal(t, []string{"gcp-0 v2", "gcp-1 v2"}, got)
}

func TestAllIntegrationsStoresMetaAndBodyOfEachPage(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	addThreeClouds(srv)
	var meta sdk.Meta
	var body []byte
	filter := &confluent.AllIntegrationsOptions{PageSize: 1}
	opts := []confluent.CallOption{confluent.WithMeta(&meta), confluent.WithRawBody(&body)}
	for item, err := range c.AllIntegrations(t.Context(), env, filter, opts...) {
		require.NoError(t, err)
		calls := srv.Calls()
		assert.Equal(t, calls[len(calls)-1].RequestID, meta.RequestID)
		assert.Contains(t, string(body), item.ID)
	}
	assert.Equal(t, 10, srv.CountCalls(""))
}

func TestAllIntegrationsSendsNothingAfterBreak(t *testing.T) {
	t.Parallel()
	for last, want := range map[string][2]int{
		"aws-0": {2, 0}, "aws-1": {5, 0}, "azure-0": {7, 1}, "gcp-0": {7, 2}, "gcp-1": {7, 4}, "azure-2": {7, 4},
	} {
		srv, c := newPair(t)
		addThreeClouds(srv)
		addAs(srv, "azure-2", "v1", "AZURE")
		for item, err := range c.AllIntegrations(t.Context(), env, &confluent.AllIntegrationsOptions{PageSize: 1}) {
			require.NoError(t, err)
			if item.ID == last {
				break
			}
		}
		assert.Equal(t, want, [2]int{srv.CountCalls(opListV1), srv.CountCalls(opList)}, last)
	}
}

// A goroutine that outlives the bubble fails the test.
func TestAllIntegrationsWithPrefetchLeavesNoGoroutine(t *testing.T) {
	t.Parallel()
	for _, last := range []string{"aws-0", "aws-1", "azure-0", "gcp-0", "gcp-1", ""} {
		t.Run("break at "+last, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := confluenttest.NewServer(t, confluenttest.WithoutSocket())
				addThreeClouds(srv)
				c := newClient(t, srv)
				var got []string
				filter := &confluent.AllIntegrationsOptions{PageSize: 1}
				for item, err := range c.AllIntegrations(t.Context(), env, filter, confluent.WithPrefetch()) {
					require.NoError(t, err)
					synctest.Wait() // the next page has been fetched
					if got = append(got, item.ID+" "+versionOf(t, item)); item.ID == last {
						break
					}
				}
				assert.Equal(t, threeClouds[:len(got)], got)
				n := len(srv.Calls())
				synctest.Wait()
				assert.Len(t, srv.Calls(), n)
			})
		})
	}
}

func TestAllIntegrationsCanBeRangedByManyGoroutines(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	addThreeClouds(srv)
	filter := &confluent.AllIntegrationsOptions{PageSize: 1}
	list := c.AllIntegrations(t.Context(), env, filter, confluent.WithPrefetch())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := walked(t, list)
			assert.NoError(t, err)
			assert.Equal(t, threeClouds, got)
		})
	}
	wg.Wait()
}
