package confluent_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// pageOf returns a page with one item per ID, and metadata as JSON.
func pageOf(metadata string, ids ...string) string {
	items := make([]string, len(ids))
	for i, id := range ids {
		items[i] = `{"id":"` + id + `"}`
	}
	return `{"data":[` + strings.Join(items, ",") + `],"metadata":` + metadata + `}`
}

func idsOf(items []*confluent.Integration) []string {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ID
	}
	return ids
}

func TestListSendsThePageSize(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{0: "100", 1: "1", 99: "99", 100: "100"} {
		w := newTap(t)
		c := w.client(t)
		opts := &confluent.ListOptions{PageSize: size}
		require.NoError(t, failing(drain(c.Integrations.List(t.Context(), env, opts))))
		require.NoError(t, failing(drain(c.IntegrationsV1.Pages(t.Context(), env, opts))))
		for _, r := range w.requests() {
			assert.Equal(t, []string{want}, r.query["page_size"])
		}
		assert.Equal(t, size, opts.PageSize, "the caller's options stay")
	}
}

func TestListCopiesItsOptions(t *testing.T) {
	t.Parallel()
	w := newTap(t, answer(200, pageOf(`{"next":"?page_token=t2"}`, "a")), answer(200, pageOf(`{}`, "b")))
	opts := &confluent.ListOptions{DisplayName: "n", Provider: "gcp", Status: "DRAFT", PageSize: 3, PageToken: "t1"}
	list := w.client(t).Integrations.List(t.Context(), env, opts)
	*opts = confluent.ListOptions{DisplayName: "other", Provider: "aws", Status: "ACTIVE", PageSize: 9, PageToken: "x"}
	for item, err := range list {
		require.NoError(t, err)
		opts.DisplayName = item.ID
	}
	for i, r := range w.requests() {
		assert.Equal(t, map[string][]string{
			"environment": {env}, "display_name": {"n"}, "provider": {"gcp"}, "status": {"DRAFT"}, "page_size": {"3"},
			"page_token": {fmt.Sprint("t", i+1)},
		}, map[string][]string(r.query))
	}
}

func TestListResumesFromAPageToken(t *testing.T) {
	t.Parallel()
	srv, c := newPair(t)
	var all []string
	for range 5 {
		all = append(all, srv.Add(env, map[string]any{"provider": "gcp"}))
	}
	opts := &confluent.ListOptions{PageSize: 2, Provider: "gcp"}
	for page, err := range c.Integrations.Pages(t.Context(), env, opts) {
		require.NoError(t, err)
		require.Len(t, page.Items, 2)
		assert.Equal(t, 5, page.Total)
		assert.Equal(t, 200, page.Meta.StatusCode)
		assert.NotEmpty(t, page.Meta.RequestID)
		opts.PageToken = page.NextToken
		break
	}
	require.Equal(t, 1, srv.CountCalls(opList))
	items, err := drain(c.Integrations.List(t.Context(), env, opts))
	require.NoError(t, err)
	assert.Equal(t, all[2:], idsOf(items))
}

func TestListFollowsEachFormOfNext(t *testing.T) {
	t.Parallel()
	const end, bad = "end", "error"
	for name, tt := range map[string]struct{ metadata, token string }{
		"no metadata":    {`null`, end},
		"empty metadata": {`{}`, end},
		"absent": {`{"total_size":1,"first":"?page_token=x","prev":"?page_token=y",` +
			`"last":"?page_token=z"}`, end},
		"null":  {`{"next":null}`, end},
		"empty": {`{"next":""}`, end},
		"absolute": {`{"next":"https://api.confluent.cloud/pim/v2/integrations?page_token=tok"}`,
			"tok"},
		"absolute on another host": {
			`{"next":"http://evil.test:81/other?page_token=tok&environment=env-2&provider=aws"}`, "tok"},
		"relative":    {`{"next":"/pim/v2/integrations?page_token=tok"}`, "tok"},
		"query alone": {`{"next":"?page_token=tok"}`, "tok"},
		"escaped ampersand": {
			`{"next":"/pim/v2/integrations?environment=env-1\u0026page_token=tok\u0026page_size=2"}`, "tok"},
		"ampersand for ?":           {`{"next":"/pim/v2/integrations&page_token=tok&x=y"}`, "tok"},
		"ampersand for ?, at end":   {`{"next":"https://h.test/pim/v2/integrations&page_token=a%2Bb"}`, "a+b"},
		"escaped token":             {`{"next":"?page_token=a%2Bb%2F%3D%26%C3%A9"}`, "a+b/=&é"},
		"base64 token":              {`{"next":"?page_token=YQ=="}`, "YQ=="},
		"twice":                     {`{"next":"?page_token=one&page_token=two"}`, "one"},
		"broken parameter besides":  {`{"next":"?x=%zz&page_token=tok"}`, "tok"},
		"unparsable but for token":  {`{"next":"::%zz?a=b&page_token=tok"}`, "tok"},
		"fragment":                  {`{"next":"?page_token=tok#top"}`, "tok"},
		"fragment, ampersand for ?": {`{"next":"/pim/v2/integrations&page_token=tok#top"}`, "tok"},
		"long": {`{"next":"?page_token=` + strings.Repeat("t", 255) + `"}`,
			strings.Repeat("t", 255)},
		"without a token":            {`{"next":"https://api.confluent.cloud/pim/v2/integrations?page_size=10"}`, bad},
		"with an empty token":        {`{"next":"/pim/v2/integrations?page_token="}`, bad},
		"token in the fragment only": {`{"next":"/pim/v2/integrations#page_token=tok"}`, bad},
		"another parameter":          {`{"next":"/pim/v2/integrations?xpage_token=tok"}`, bad},
		"a word":                     {`{"next":"tok"}`, bad},
		"a number":                   {`{"next":7}`, bad},
		"an object":                  {`{"next":{"href":"?page_token=tok"}}`, bad},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTap(t, answer(200, pageOf(tt.metadata, "a", "b")), answer(200, pageOf(`{}`, "c")))
			items, err := drain(w.client(t).Integrations.List(t.Context(), env, &confluent.ListOptions{Provider: "gcp",
				PageSize: 2}))
			sent := w.requests()
			switch tt.token {
			case end:
				require.NoError(t, err)
				assert.Len(t, sent, 1)
				assert.Equal(t, []string{"a", "b"}, idsOf(items))
			case bad:
				e := errorOf(t, err)
				assert.Equal(t, 200, e.StatusCode)
				assert.Empty(t, conditions(e))
				assert.Len(t, sent, 1)
			default:
				require.NoError(t, err)
				assert.Equal(t, []string{"a", "b", "c"}, idsOf(items))
				require.Len(t, sent, 2)
				assert.True(t, strings.HasPrefix(sent[1].url, "https://api.confluent.cloud/pim/v2/integrations?"),
					sent[1].url)
				assert.Equal(t, map[string][]string{"environment": {env}, "provider": {"gcp"}, "page_size": {"2"},
					"page_token": {tt.token}}, map[string][]string(sent[1].query))
			}
		})
	}
}

// If such a document counted as an empty list, a walk would end early, and Ensure would create a
// duplicate.
func TestDocumentWithoutDataIsNoList(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"errors":[{"detail":"backend down"}]}`, `{"error_code":500,"message":"x"}`,
		`[]`, `"x"`, `{"metadata":{}}`} {
		_, err := drain(newTap(t, answer(200, body)).client(t).Integrations.List(t.Context(), env, nil))
		assert.Equal(t, body, string(errorOf(t, err).Body))
		assert.NotErrorIs(t, err, confluent.ErrNotFound)

		items, err := drain(newTap(t, answer(200, pageOf(`{"next":"?page_token=t1"}`, "a")), answer(200, body)).
			client(t).IntegrationsV1.List(t.Context(), env, nil))
		require.Error(t, err, body)
		assert.Len(t, items, 1)

		srv, c := newPair(t)
		srv.Inject(confluenttest.Fault{Method: http.MethodGet, Status: 200, Body: body})
		in := draftOf("gcp")
		in.DisplayName = "x"
		_, err = c.Integrations.Ensure(t.Context(), in)
		require.Error(t, err, body)
		assert.Empty(t, srv.Integrations(env), body)
	}
}

func TestListAcceptsPagesWithoutItems(t *testing.T) {
	t.Parallel()
	more := `{"next":"?page_token=t%d"}`
	w := newTap(t,
		answer(200, `{"data":[],"metadata":`+fmt.Sprintf(more, 1)+`}`),
		answer(200, `{"data":null,"metadata":`+fmt.Sprintf(more, 2)+`}`),
		answer(200, pageOf(fmt.Sprintf(more, 4), "a")),
		answer(200, `{"data":null}`),
	)
	var sizes []int
	for page, err := range w.client(t).Integrations.Pages(t.Context(), env, nil) {
		require.NoError(t, err)
		sizes = append(sizes, len(page.Items))
	}
	assert.Equal(t, []int{0, 0, 1, 0}, sizes)
	for _, body := range []string{`{"data":null,"metadata":null}`, `{"data":[]}`} {
		items, err := drain(newTap(t, answer(200, body)).client(t).IntegrationsV1.List(t.Context(), env, nil))
		require.NoError(t, err)
		assert.Empty(t, items)
	}
}

func TestListRefusesWhatIsNoList(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`[]`, `"list"`, `{"data":{}}`, `{"data":"x"}`, `{"data":[],"metadata":[]}`,
		`{"data":[],"metadata":"x"}`, `{"data":[{}`} {
		items, err := drain(newTap(t, answer(200, body)).client(t).Integrations.List(t.Context(), env, nil))
		assert.Equal(t, 200, errorOf(t, err).StatusCode, body)
		assert.Empty(t, items)
	}
}

func TestListReadsTheTotal(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int64{
		"7": 7, "0": 0, "null": 0, "-3": 0, "1.5": 1, `"12"`: 12, "7.0": 7, "1e400": math.MaxInt,
		"99999999999999999999": math.MaxInt, "-1e400": 0, "{}": 0, "true": 0, "2147483648": 1 << 31,
	} {
		want = min(want, math.MaxInt) // on 32-bit platforms
		n := 0
		for page, err := range newTap(t, answer(200, pageOf(`{"total_size":`+value+`}`, "a"))).client(t).
			Integrations.Pages(t.Context(), env, nil) {
			require.NoError(t, err, value)
			assert.EqualValues(t, want, page.Total, value)
			n += len(page.Items)
		}
		assert.Equal(t, 1, n, value)
	}
}

func TestOneOddItemLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	const odd = 42
	unknown := func(s string) *confluent.UnknownConfig { return &confluent.UnknownConfig{Raw: json.RawMessage(s)} }
	config := func(s, kind string) (string, *confluent.UnknownConfig) {
		return `{"id":"odd","config":` + s + `}`, &confluent.UnknownConfig{Kind: kind, Raw: json.RawMessage(s)}
	}
	type oddItem struct {
		item string
		id   string
		want *confluent.UnknownConfig // nil if there is no configuration
	}
	items := map[string]oddItem{
		"config is null":   {item: `{"id":"odd","config":null}`, id: "odd"},
		"config is absent": {item: `{"id":"odd"}`, id: "odd"},
		"item is null":     {item: `null`, want: unknown(`null`)},
		"item is empty":    {item: `{}`, want: unknown(`{}`)},
		"item is a string": {item: `"cspi-1"`, want: unknown(`"cspi-1"`)},
		"item is a number": {item: `5e3`, want: unknown(`5e3`)},
		"item is an array": {item: `[1, {"id":"x"}]`, want: unknown(`[1, {"id":"x"}]`)},
	}
	for name, c := range map[string]struct{ config, kind string }{
		"config is a number":     {`12345678901234567890.10`, ""},
		"config is a string":     {`"GcpIntegrationConfig"`, ""},
		"config is an array":     {`[{"kind":"GcpIntegrationConfig"}]`, ""},
		"config is true":         {`true`, ""},
		"config has no kind":     {`{"google_service_account":"g"}`, ""},
		"config's kind is null":  {`{"kind":null}`, ""},
		"config's kind is odd":   {`{"kind":5,"x":1}`, ""},
		"config's kind is newer": {`{ "kind" : "OciIntegrationConfig", "n" : 1.0 }`, "OciIntegrationConfig"},
		"config's case differs":  {`{"kind":"gcpIntegrationConfig"}`, "gcpIntegrationConfig"},
		"config's member is odd": {`{"kind":"GcpIntegrationConfig","google_service_account":{"email":"g"}}`,
			"GcpIntegrationConfig"},
		"config's text is a number": {`{"kind":"AwsIntegrationConfig","external_id":7}`, "AwsIntegrationConfig"},
	} {
		item, want := config(c.config, c.kind)
		items[name] = oddItem{item, "odd", want}
	}
	for name, member := range map[string]string{
		"id is a number": `"id":7`, "environment is a string": `"environment":"env-1"`,
		"usages are a string":  `"usages":"crn://a"`,
		"usages hold a number": `"usages":[1]`, "status is an object": `"status":{}`,
		"provider is a list": `"provider":["gcp"]`,
	} {
		item := `{"kind":"Integration",` + member + `,"display_name":"kept","config":{"kind":"GcpIntegrationConfig",` +
			`"google_service_account":"g"}}`
		items[name] = oddItem{item, "", unknown(item)}
	}
	for name, tt := range items {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := make([]string, 100)
			for i := range data {
				data[i] = fmt.Sprintf(`{"id":"cspi-%d","status":"DRAFT","config":{"kind":"GcpIntegrationConfig",`+
					`"google_service_account":"g%d"}}`, i, i)
			}
			data[odd] = tt.item
			response := answer(200, `{"data":[`+strings.Join(data, ",")+`],"metadata":{"total_size":100}}`)
			w := newTap(t, response)
			c := w.client(t)
			for page, err := range c.Integrations.Pages(t.Context(), env, nil) {
				require.NoError(t, err)
				require.Len(t, page.Items, 100)
				assert.Equal(t, 100, page.Total)
				for i, item := range page.Items {
					if i == odd {
						continue
					}
					require.Equal(t, fmt.Sprint("cspi-", i), item.ID)
					require.Equal(t, &confluent.GCPConfig{GoogleServiceAccount: fmt.Sprint("g", i)}, item.Config.Value)
				}
				got := page.Items[odd]
				assert.Equal(t, tt.id, got.ID)
				if tt.want == nil {
					assert.True(t, got.Config.IsZero())
					continue
				}
				require.Equal(t, tt.want, got.Config.Value)
				if tt.want.Kind == "" {
					requireRefused(t, c.Integrations.Validate(t.Context(), confluent.IntegrationValidate{ID: "x",
						Environment: inEnv, Config: got.Config}), "Config")
				}
			}
			w.only(t)

			v1, err := drain(c.IntegrationsV1.List(t.Context(), env, nil))
			require.NoError(t, err)
			require.Len(t, v1, 100)
			if tt.want != nil && name != "status is an object" { // v1 has no status
				assert.Equal(t, tt.want, v1[odd].Config.Value)
			}
		})
	}
}

func TestFindByDisplayName(t *testing.T) {
	t.Parallel()
	versions := map[string]func(*confluent.Client, string) (string, error){
		"v1": func(c *confluent.Client, name string) (string, error) {
			in, err := c.IntegrationsV1.FindByDisplayName(t.Context(), env, name)
			if err != nil {
				assert.Nil(t, in)
				return "", err
			}
			return in.ID, nil
		},
		"v2": func(c *confluent.Client, name string) (string, error) {
			in, err := c.Integrations.FindByDisplayName(t.Context(), env, name)
			if err != nil {
				assert.Nil(t, in)
				return "", err
			}
			return in.ID, nil
		},
	}
	for version, find := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			srv, c := newPair(t)
			add := func(name string) string {
				return srv.Add(env, map[string]any{"api_version": "pim/" + version, "display_name": name,
					"provider": "aws"})
			}
			for i := range 120 { // the match is on the second page
				add(fmt.Sprint("az-", i))
			}
			one := add("az")
			twins := []string{add("twin"), add("twin")}
			add("AZ")
			add(" az")

			got, err := find(c, "az")
			require.NoError(t, err)
			assert.Equal(t, one, got)

			for _, name := range []string{"a", "az-", "aZ", "az ", "nothing", "twi"} {
				_, err = find(c, name)
				e := errorOf(t, err)
				assert.Equal(t, []string{"NotFound"}, conditions(e), name)
				assert.Zero(t, e.StatusCode, "no server has said 404")
				assert.Contains(t, e.Error(), fmt.Sprintf("%q", name))
			}

			_, err = find(c, "twin")
			assert.Equal(t, []string{"Conflict"}, conditions(err))
			requireAmbiguous(t, err, twins...)
			for _, id := range twins {
				assert.Contains(t, err.Error(), id)
			}
		})
	}
}
