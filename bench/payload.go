package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

const (
	pageItems = 100
	walkPages = 100

	environmentPage  = "env-page"  // one page, all of one kind
	environmentUnion = "env-union" // one page, every kind and one that nobody knows
	environmentWalk  = "env-walk"  // walkPages pages
	environmentShort = "env-short" // the last shortPages of them
	shortPages       = 10

	account = "customer@project.iam.gserviceaccount.com"
)

// responses are the documents that every server of a run answers with, made once.
type responses struct {
	object, page, union, created []byte
	walk                         [][]byte
	aponoObject, aponoPage       []byte
}

func gcp(int) string {
	return `{"kind":"GcpIntegrationConfig","google_service_account":"cspi-00001@confluent.iam.gserviceaccount.com",` +
		`"customer_google_service_account":"` + account + `"}`
}

// mixed goes through the kinds. Some carry members that no client knows yet.
func mixed(i int) string {
	switch i % 5 {
	case 0:
		return gcp(i)
	case 1:
		return `{"kind":"AwsIntegrationConfig","iam_role_arn":"arn:aws:iam::000000000000:role/confluent",` +
			fmt.Sprintf(`"external_id":"ext-%05d`, i) +
			`","customer_iam_role_arn":"arn:aws:iam::111111111111:role/customer"}`
	case 2:
		return `{"kind":"AzureIntegrationConfig",` +
			`"confluent_multi_tenant_app_id":"00000000-0000-4000-8000-000000000000",` +
			`"customer_azure_tenant_id":"11111111-1111-4111-8111-111111111111"}`
	case 3:
		return `{"kind":"GcpIntegrationConfig","customer_google_service_account":"` + account +
			`","labels":{"team":"data","tier":1},"rotated":true}`
	}
	return `{"kind":"OciIntegrationConfig","customer_tenancy":"ocid1.tenancy.oc1..aaaa",` +
		`"regions":["eu-frankfurt-1","us-ashburn-1"],"quota":12345678901234567890}`
}

func item(i int, config string) string {
	const environment = "crn://confluent.cloud/organization=00000000-0000-4000-8000-000000000000/environment=env-1"
	return fmt.Sprintf(`{"api_version":"pim/v2","kind":"Integration","id":"cspi-%05d","display_name":"integration %d",`+
		`"provider":"GCP","config":%s,"usages":["`+environment+`/cloud-cluster=lkc-1/connector=lcc-%05d"],`+
		`"status":"CREATED","environment":{"id":"env-1",`+
		`"related":"https://api.confluent.cloud/org/v2/environments/env-1","resource_name":"`+environment+`"}}`,
		i, i, config, i)
}

func list(from int, next string, total int, config func(int) string) []byte {
	items := make([]string, pageItems)
	for i := range items {
		items[i] = item(from+i, config(from+i))
	}
	if next != "" {
		next = fmt.Sprintf(
			`"next":"https://api.confluent.cloud/pim/v2/integrations?environment=%s&page_size=%d&page_token=%s",`,
			environmentWalk, pageItems, next)
	}
	return fmt.Appendf(nil,
		`{"api_version":"pim/v2","kind":"IntegrationList","metadata":{%s"total_size":%d},"data":[%s]}`,
		next, total, strings.Join(items, ","))
}

func aponoItem(i int) string {
	return fmt.Sprintf(`{"id":"int-%05d","name":"integration %d","type":"postgresql","status":"Active",`+
		`"details":"4 resources loaded","provisioner_id":"connector-1",`+
		`"connection":{"host":"db.example.test"},"last_sync_time":1746093600.123456789,`+
		`"metadata":{"hostname":"db-%05d.example.test","port":"5432","dbname":"orders","sslmode":"require"},`+
		`"secret_config":{"type":"AWS","region":"eu-central-1","secret_id":"secret-%05d"},`+
		`"connected_resource_types":["postgresql-database","postgresql-table"],"custom_access_details":null}`,
		i, i, i, i)
}

func newResponses() *responses {
	r := &responses{
		object: []byte(item(1, gcp(1))), created: []byte(item(2, gcp(2))),
		page: list(0, "", pageItems, gcp), union: list(0, "", pageItems, mixed),
		aponoObject: []byte(aponoItem(1)),
	}
	for p := range walkPages {
		next := ""
		if p < walkPages-1 {
			next = token(p + 1)
		}
		r.walk = append(r.walk, list(p*pageItems, next, walkPages*pageItems, gcp))
	}
	items := make([]string, pageItems)
	for i := range items {
		items[i] = aponoItem(i)
	}
	r.aponoPage = fmt.Appendf(nil, `{"data":[%s],"pagination":{"total":%d,"limit":%d,"offset":0}}`,
		strings.Join(items, ","), pageItems, pageItems)
	for _, b := range append([][]byte{r.object, r.created, r.page, r.union, r.aponoObject, r.aponoPage}, r.walk...) {
		if !json.Valid(b) {
			panic("a response of the benchmark is not JSON")
		}
	}
	return r
}

func token(page int) string { return fmt.Sprintf("p%05d", page) }

// answer takes as little as it can, because its cost is in every figure.
func (r *responses) answer(method, path, query string) (status int, body []byte) {
	switch {
	case strings.HasPrefix(path, "/pim/v2/integrations/"):
		return 200, r.object
	case path == "/pim/v2/integrations" && method == "POST":
		return 201, r.created
	case path == "/pim/v2/integrations":
		return r.list(query)
	case strings.HasPrefix(path, "/api/v2/integrations/"), path == "/api/v2/integrations" && method == "POST":
		return 200, r.aponoObject
	case path == "/api/v2/integrations":
		return 200, r.aponoPage
	}
	return 404, []byte(`{"errors":[{"detail":"no such path"}]}`)
}

func (r *responses) list(query string) (int, []byte) {
	if _, rest, ok := strings.Cut(query, "page_token="); ok {
		rest, _, _ = strings.Cut(rest, "&")
		var page int
		if _, err := fmt.Sscanf(rest, "p%05d", &page); err != nil || page < 1 || page >= walkPages {
			return 400, []byte(`{"errors":[{"detail":"bad page token"}]}`)
		}
		return 200, r.walk[page]
	}
	switch {
	case strings.Contains(query, "environment="+environmentWalk):
		return 200, r.walk[0]
	case strings.Contains(query, "environment="+environmentShort):
		return 200, r.walk[walkPages-shortPages]
	case strings.Contains(query, "environment="+environmentUnion):
		return 200, r.union
	}
	return 200, r.page
}
