package egeriatest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/egeria/egeriatest"
)

const groups = "/open-metadata/admin-services/users/garygeeke/servers/daemon/integration-groups/configuration"

// A 4.x platform loses an integration group when another one is put.
func Example() {
	srv := egeriatest.Start(egeriatest.WithRelease("4.3"))
	defer func() {
		if err := srv.Close(); err != nil {
			log.Fatal(err)
		}
	}()

	for _, name := range []string{"Group:1", "Group:2"} {
		response := ask(srv, "POST", groups,
			`{"class":"IntegrationGroupConfig","omagserverPlatformRootURL":"https://localhost:9443",
			"omagserverName":"metadata","integrationGroupQualifiedName":"`+name+`"}`)
		fmt.Println(response.Class, response.Code)
	}
	for _, group := range ask(srv, "GET", groups, "").Groups {
		fmt.Println(group.Name)
	}

	// Output:
	// VoidResponse 200
	// VoidResponse 200
	// Group:2
}

// A failure has status 200.
func ExampleWithRelease() {
	srv := egeriatest.Start(egeriatest.WithRelease("5.3"), egeriatest.WithoutSocket())
	response := ask(srv, "POST", groups, `{"class":"IntegrationGroupConfig","integrationGroupQualifiedName":"Group:1"}`)
	fmt.Println(response.status, response.Code, response.ID)
	fmt.Println("close:", srv.Close())

	// Output:
	// 200 400 OMAG-ADMIN-400-039
	// close: <nil>
}

type answer struct {
	status int
	Class  string
	Code   int    `json:"relatedHTTPCode"`
	ID     string `json:"exceptionErrorMessageId"`
	Groups []struct {
		Name string `json:"integrationGroupQualifiedName"`
	}
}

func ask(srv *egeriatest.Server, method, path, body string) answer {
	req, err := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := srv.HTTPClient().Do(req)
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	got := answer{status: resp.StatusCode}
	if err := json.Unmarshal(text, &got); err != nil {
		log.Fatal(err)
	}
	return got
}
