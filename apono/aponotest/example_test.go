package aponotest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/apono"
	"github.com/integrations-go/sdk/apono/aponotest"
)

// An integration is created in v4, synced, and deleted in v2.
func Example() {
	srv := aponotest.Start()
	defer func() {
		if err := srv.Close(); err != nil {
			log.Fatal(err)
		}
	}()

	show := func(method, path, body string) (id string) {
		status, document := call(srv, method, path, body)
		var integration struct{ ID, Name, Status, Message string }
		if err := json.Unmarshal(document, &integration); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %s\n", status, cmp.Or(integration.Message, integration.Name+" "+integration.Status))
		return integration.ID
	}

	id := show("POST", "/api/admin/v4/integrations", `{"name":"lake","type":"postgresql","connector_id":"connector-1",
		"integration_config":{"hostname":"db.example.com","port":"5432","dbname":"lake"},
		"secret_store_config":{"aws":{"region":"us-east-1","secret_id":"lake"}}}`)
	show("GET", "/api/v2/integrations/"+id, "")
	show("GET", "/api/v2/integrations/"+id, "")
	show("DELETE", "/api/v2/integrations/"+id, "")

	// Output:
	// 200 lake INITIALIZING
	// 200 lake Initializing
	// 200 lake Active
	// 200 Integration deleted
}

// A create takes effect although its response is lost. The caller can't know that.
func ExampleServer_Inject() {
	srv := aponotest.Start(aponotest.WithoutSocket())
	srv.Inject(aponotest.Fault{Operation: "createIntegrationV4", Status: 502, Apply: true})

	status, _ := call(srv, "POST", "/api/admin/v4/integrations",
		`{"name":"lake","type":"mock-duck","integration_config":{}}`)
	fmt.Println("answered:", status)
	for _, integration := range srv.Integrations() {
		fmt.Println(integration.Name, integration.Status)
	}
	fmt.Println("close:", srv.Close())

	// Output:
	// answered: 502
	// lake Initializing
	// close: <nil>
}

func call(srv *aponotest.Server, method, path, body string) (status int, document []byte) {
	req, err := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+srv.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := srv.HTTPClient().Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	document, err = io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	return resp.StatusCode, document
}

// A client of a fake without a socket, as in a unit test. There, NewServer(t) closes the server,
// and fails the test if an injected fault was not met.
func ExampleServer_HTTPClient() {
	srv := aponotest.Start(aponotest.WithoutSocket())
	defer srv.Close()
	c, err := apono.New(apono.WithBaseURL(srv.URL), apono.WithHTTPClient(srv.HTTPClient()), apono.WithToken(srv.Token))
	if err != nil {
		log.Fatal(err)
	}
	created, err := c.Integrations.Create(context.Background(), apono.IntegrationCreate{Name: "lake",
		Type: "mock-duck"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.Name, len(srv.Integrations()))
	// Output: lake 1
}
