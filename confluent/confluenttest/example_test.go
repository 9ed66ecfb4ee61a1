package confluenttest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// The life of a v2 integration: draft, configured, validated, deleted.
func Example() {
	srv := confluenttest.Start()
	defer func() {
		if err := srv.Close(); err != nil {
			log.Fatal(err)
		}
	}()

	do := func(method, path, body string) {
		req, err := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		req.SetBasicAuth(srv.APIKey, srv.APISecret)
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := srv.HTTPClient().Do(req)
		if err != nil {
			log.Fatal(err)
		}
		defer resp.Body.Close()
		reply, err := io.ReadAll(resp.Body)
		if err != nil {
			log.Fatal(err)
		}
		var integration struct {
			ID, Status string
			Config     struct {
				Tenant string `json:"customer_azure_tenant_id"`
			}
		}
		if len(reply) > 0 {
			if err := json.Unmarshal(reply, &integration); err != nil {
				log.Fatal(err)
			}
		}
		fmt.Printf("%d %s %s %q\n", resp.StatusCode, integration.ID, integration.Status, integration.Config.Tenant)
	}

	do("POST", "/pim/v2/integrations", `{"display_name":"lake","provider":"azure","environment":{"id":"env-1"}}`)
	do("PATCH", "/pim/v2/integrations/cspi-00001", `{"environment":{"id":"env-1"},"config":{
		"kind":"AzureIntegrationConfig","customer_azure_tenant_id":"11111111-2222-3333-4444-555555555555"}}`)
	do("POST", "/pim/v2/integrations:validate", `{"id":"cspi-00001","environment":{"id":"env-1"}}`)
	do("DELETE", "/pim/v2/integrations/cspi-00001?environment=env-1", "")

	// Output:
	// 201 cspi-00001 DRAFT ""
	// 200 cspi-00001 CREATED "11111111-2222-3333-4444-555555555555"
	// 204   ""
	// 204   ""
}

// A create that takes effect although its reply is lost: the caller can't know, the server does.
func ExampleServer_Inject() {
	srv := confluenttest.Start(confluenttest.WithoutSocket())
	srv.Inject(confluenttest.Fault{Operation: "createPimV2Integration", Apply: true, Lost: true})

	req, err := http.NewRequest("POST", srv.URL+"/pim/v2/integrations",
		strings.NewReader(`{"display_name":"lake","provider":"gcp","environment":{"id":"env-1"}}`))
	if err != nil {
		log.Fatal(err)
	}
	req.SetBasicAuth(srv.APIKey, srv.APISecret)
	req.Header.Set("Content-Type", "application/json")
	_, err = srv.HTTPClient().Do(req)
	fmt.Println("error:", err != nil)
	for _, integration := range srv.Integrations("env-1") {
		fmt.Println(integration.ID, integration.DisplayName, integration.Status)
	}
	fmt.Println("close:", srv.Close())

	// Output:
	// error: true
	// cspi-00001 lake DRAFT
	// close: <nil>
}
