package confluenttest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// The life cycle of a v2 integration: draft, configured, validated, deleted.
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
		document, err := io.ReadAll(resp.Body)
		if err != nil {
			log.Fatal(err)
		}
		var integration struct {
			ID, Status string
			Config     struct {
				Tenant string `json:"customer_azure_tenant_id"`
			}
		}
		if len(document) > 0 {
			if err := json.Unmarshal(document, &integration); err != nil {
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

// A create takes effect although its response is lost. The caller can't know that.
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

// A client of a fake without a socket, as in a unit test. There, NewServer(t) closes the server,
// and fails the test if an injected fault was not met.
func ExampleServer_HTTPClient() {
	srv := confluenttest.Start(confluenttest.WithoutSocket())
	defer srv.Close()
	c, err := confluent.New(
		confluent.WithBaseURL(srv.URL), confluent.WithHTTPClient(srv.HTTPClient()), confluent.WithAPIKey(srv.APIKey,
			srv.APISecret),
	)
	if err != nil {
		log.Fatal(err)
	}
	id := srv.Add("env-1", confluent.Integration{DisplayName: "lake", Provider: confluent.ProviderGCP})
	integration, err := c.Integrations.Get(context.Background(), "env-1", id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(integration.DisplayName, srv.CountCalls("getPimV2Integration"))
	// Output: lake 1
}
