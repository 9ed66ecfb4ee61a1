package confluenttest

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func (c *client) ids(path string) (ids []string, next string) {
	c.t.Helper()
	r := c.expect(200, c.do("GET", path, ""))
	data, _ := r.doc["data"].([]any)
	for _, item := range data {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids, r.str("metadata", "next")
}

func TestListFilters(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"))
	c.Add("env-1", map[string]any{"id": "a", "provider": "azure", "display_name": "azure-test"})
	c.Add("env-1", map[string]any{"id": "g", "provider": "gcp", "display_name": "test", "config": map[string]string{
		"kind": "GcpIntegrationConfig", "customer_google_service_account": "s@p.iam.gserviceaccount.com"}})
	c.Add("env-1", map[string]any{"id": "w", "api_version": "pim/v1", "display_name": "aws",
		"config": map[string]string{
			"kind": "AwsIntegrationConfig", "customer_iam_role_arn": role}})
	c.Add("env-2", map[string]any{"id": "b", "provider": "azure", "display_name": "other"})
	for query, want := range map[string]string{
		v2Path + inEnv1:                                           "a g",
		v2Path + "?environment=env-2":                             "b",
		v2Path + inEnv1 + "&provider=AZURE":                       "a",
		v2Path + inEnv1 + "&provider=az":                          "",
		v2Path + inEnv1 + "&provider=aws":                         "",
		v2Path + inEnv1 + "&status=CREATED":                       "g",
		v2Path + inEnv1 + "&status=created":                       "",
		v2Path + inEnv1 + "&display_name=test":                    "a g",
		v2Path + inEnv1 + "&display_name=az":                      "a",
		v2Path + inEnv1 + "&display_name=test&provider=gcp":       "g",
		v2Path + inEnv1 + "&display_name=test&status=ACTIVE":      "",
		v1Path + inEnv1 + "&provider=AWS":                         "w",
		v1Path + inEnv1 + "&provider=aws&display_name=no&status=": "w",
	} {
		ids, next := c.ids(query)
		if got := strings.Join(ids, " "); got != want || next != "<absent>" {
			t.Errorf("%s: %q, next %s; want %q", query, got, next, want)
		}
	}
	all := c.oddly().expect(200, c.oddly().do("GET", v1Path+inEnv1, ""))
	items := all.doc["data"].([]any)
	if len(items) != 3 || all.str("api_version") != "pim/v1" || all.str("kind") != "IntegrationList" {
		t.Fatal(all.text)
	}
	for _, item := range items {
		r := response{doc: item.(map[string]any)}
		c.equal("api_version", r.str("api_version"), "pim/v1")
		c.equal("status", r.str("status"), "<absent>")
		one := c.oddly().expect(200, c.oddly().do("GET", v1Path+"/"+r.str("id")+inEnv1, ""))
		if !reflect.DeepEqual(one.doc, r.doc) {
			t.Errorf("get %s", one.text)
		}
	}
	c.equal("kind", response{doc: items[0].(map[string]any)}.str("config", "kind"), "AzureIntegrationConfig")
	c.equal("total_size", all.str("metadata", "total_size"), "3")
}

func TestPages(t *testing.T) {
	c := newClient(t, WithEnvironments("env-1", "env-2"))
	var want []string
	for i := range 25 {
		provider := []string{"azure", "gcp"}[i%2]
		id := c.Add("env-1", map[string]any{"provider": provider, "display_name": fmt.Sprint("n", i)})
		if provider == "azure" {
			want = append(want, id)
		}
	}
	page := func(path string, total int) (ids []string, next string) {
		t.Helper()
		c.equal("total_size of "+path, c.do("GET", path, "").str("metadata", "total_size"), strconv.Itoa(total))
		return c.ids(path)
	}
	ids, _ := page(v2Path+inEnv1, 25)
	if len(ids) != 10 {
		t.Errorf("%d items by default", len(ids))
	}
	query := inEnv1 + "&provider=azure&page_size=5"
	got, next := page(v2Path+query, 13)
	if strings.Contains(next, "null") || !strings.HasPrefix(next, c.URL+v2Path+"?page_token=") {
		t.Fatalf("next %s", next)
	}
	link, err := url.Parse(next)
	if err != nil {
		t.Fatal(err)
	}
	token := link.Query().Get("page_token")
	if len(token) > 255 || len(link.Query()) != 1 {
		t.Errorf("next %s", next)
	}
	for _, bad := range []string{
		v2Path + inEnv1 + "&provider=gcp&page_token=" + token,
		v2Path + inEnv1 + "&provider=azure&status=DRAFT&page_token=" + token,
		v2Path + inEnv1 + "&display_name=n&page_token=" + token,
		v2Path + "?environment=env-2&page_token=" + token,
		v1Path + inEnv1 + "&page_token=" + token,
		v2Path + inEnv1 + "&page_token=" + token + "x",
		v2Path + inEnv1 + "&page_token=" + strings.Repeat("x", 300),
	} {
		c.equal(bad, c.expect(400, c.do("GET", bad, "")).failure(), "400 invalid_filter page_token")
	}
	c.equal("next without environment", c.expect(400, c.do("GET", strings.TrimPrefix(next, c.URL), "")).failure(),
		"400 invalid_filter environment")

	// Deleting items, sent or not yet sent, does not move the others. A token can be used twice.
	c.expect(204, c.do("DELETE", v2Path+"/"+want[0]+inEnv1, ""))
	second, next2 := page(v2Path+query+"&page_token="+token, 12)
	again, _ := page(v2Path+inEnv1+"&page_size=50&page_token="+token, 12)
	if !slices.Equal(second, again) {
		t.Errorf("%v, again %v", second, again)
	}
	link, _ = url.Parse(next2)
	third, last := page(v2Path+inEnv1+"&page_token="+link.Query().Get("page_token"), 12)
	if got = slices.Concat(got, second, third); !slices.Equal(got, want) || last != "<absent>" {
		t.Errorf("walked %v\nwant   %v, last next %s", got, want, last)
	}
}
