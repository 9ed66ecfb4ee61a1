package docs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/confluent"
)

func Example_rawRequest() {
	c, srv := startConfluent()
	defer srv.Close()
	addIntegrations(srv, 2)

	//doc:begin raw
	req, err := http.NewRequestWithContext(
		ctx,
		http.MethodGet,
		"/pim/v2/integrations?environment=env-abc123&page_size=1",
		nil,
	)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := c.Do(req) // with the credentials, retries and limits of the client
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK { // a status is no error here
		log.Fatal(resp.Status)
	}
	var page struct {
		Data     []json.RawMessage `json:"data"`
		Metadata struct {
			Total int `json:"total_size"`
		} `json:"metadata"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), "of", page.Metadata.Total)
	//doc:end

	// Output:
	// 1 of 2
}

func Example_rawPost() {
	a, srv := startApono()
	defer srv.Close()
	id := srv.Add(map[string]any{"name": "Warehouse", "type": "postgresql", "status": "ACTIVE"})

	//doc:begin post
	body := strings.NewReader(`{"name":"Warehouse","integration_config":{},"future_member":true}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "/api/admin/v4/integrations/"+id, body)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := a.Do(req) // a PUT is repeated, a POST only if the server surely did nothing
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	//doc:end

	fmt.Println(resp.StatusCode, len(text) > 0, err)
	// Output:
	// 200 true <nil>
}

func Example_rawBody() {
	c, srv := startConfluent()
	defer srv.Close()
	srv.AddRaw(
		"env-abc123",
		[]byte(`{"id":"cspi-1","display_name":"mine","provider":"GCP","status":"CREATED","region":"europe-west3"}`),
	)

	//doc:begin raw-body
	var body []byte
	integration, err := c.Integrations.Get(ctx, "env-abc123", "cspi-1", confluent.WithRawBody(&body))
	if err != nil {
		log.Fatal(err)
	}
	var more struct{ Region string }
	if err := json.Unmarshal(body, &more); err != nil { // a member that this release has no field for
		log.Fatal(err)
	}
	fmt.Println(integration.DisplayName, more.Region)
	//doc:end

	// Output:
	// mine europe-west3
}
