package aponotest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestFilters(t *testing.T) {
	c := start(t, WithConnectors("Conn-A", "conn-b"), WithUserInformation())
	google := c.Integrations()[0]
	if google.Category != "USER-INFORMATION" || google.Type != "google-idp" || google.ConnectorID != "" ||
		google.Status != "Active" {
		t.Errorf("%+v", google)
	}
	add := func(name, kind, connector, status string) {
		seed := map[string]any{"id": name, "name": name, "type": kind, "status": status}
		if connector != "" {
			seed["connector_id"] = connector
		}
		c.Add(seed)
	}
	add("Prod DB", "postgresql", "Conn-A", "ACTIVE")
	add("prod,web", "mysql", "conn-b", "error")
	add("test", "mock-duck", "conn-b", "connected")
	add("latest*", "mock-duck", "", "WARNING")
	for query, want := range map[string]string{
		"":                          "Google Workspace|Prod DB|prod,web|test|latest*",
		"category=USER-INFORMATION": "Google Workspace",
		"category=RESOURCES":        "Prod DB|prod,web|test|latest*",
		"category=resources":        "",
		"category=RESOURCES&category=USER-INFORMATION&limit=2147483647": "Google Workspace|Prod DB|prod," +
			"web|test|latest*",
		"category=RESOURCES,USER-INFORMATION":     "",
		"category=":                               "",
		"connector_id=conn-a":                     "Prod DB",
		"connector_id=CONN-B":                     "prod,web|test",
		"connector_id=conn-a&connector_id=conn-b": "Prod DB|prod,web|test",
		"connector_id=conn":                       "",
		"connector_id=":                           "",
		"name=PROD*":                              "Prod DB|prod,web",
		"name=prod%2A":                            "Prod DB|prod,web",
		"name=test*":                              "test",
		"name=*test":                              "test",
		"name=*test*":                             "test|latest*",
		"name=TEST":                               "test",
		"name=prod":                               "",
		"name=Prod+DB":                            "Prod DB",
		"name=prod,web":                           "prod,web",
		"name=*": "Google Workspace|Prod DB|prod," +
			"web|test|latest*",
		"name=**": "Google Workspace|Prod DB|prod," +
			"web|test|latest*",
		"name=":                         "",
		"type=*SQL*":                    "Prod DB|prod,web",
		"type=my*&type=*-duck":          "prod,web|test|latest*",
		"type=my*,*-duck":               "",
		"type=mysql":                    "prod,web",
		"type=sql":                      "",
		"status=ACTIVE":                 "Google Workspace|Prod DB",
		"status=active":                 "",
		"status=ERROR&status=connected": "prod,web|test",
		"status=ACTIVE&type=*sql&category=RESOURCES&name=p*": "Prod DB",
		"status=ERROR&type=*sql&category=RESOURCES&name=p*":  "prod,web",
		"type[]=mysql&skip=3&newer=x":                        "Google Workspace|Prod DB|prod,web|test|latest*",
	} {
		var page struct{ Items []struct{ Name string } }
		asked := c
		if strings.HasSuffix(query, "=") { // not allowed by the specification
			asked = c.oddly()
		}
		if err := json.Unmarshal([]byte(asked.get(v4Path+"?"+query).text), &page); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, item := range page.Items {
			names = append(names, item.Name)
		}
		same(t, query, strings.Join(names, "|"), want)
	}
	same(t, "v2", c.oddly().get(v2Path).at("pagination.total"), "5") // it has an unknown status
}

func (c tester) page(path string) (names, token string) {
	c.t.Helper()
	a := c.get(path)
	var page struct{ Items []struct{ Name string } }
	if err := json.Unmarshal([]byte(a.text), &page); err != nil {
		c.t.Fatal(err)
	}
	for _, item := range page.Items {
		names += item.Name + " "
	}
	return strings.TrimSpace(names), a.str("pagination.next_page_token")
}

func TestPages(t *testing.T) {
	c := start(t)
	for i := range 120 {
		c.Add(map[string]any{"id": fmt.Sprint("i", i), "name": fmt.Sprint("n", i),
			"type": []string{"mysql", "ssh"}[i%2], "status": "ACTIVE"})
	}
	names, token := c.page(v4Path)
	same(t, "items by default", len(strings.Fields(names)), 100)
	names, token = c.page(v4Path + "?page_token=" + token)
	same(t, "the rest", len(strings.Fields(names)), 20)
	same(t, "last token", token, "")

	query := "type=ssh&type=my*&name=n1*&limit=3"
	first, token := c.page(v4Path + "?" + query)
	same(t, "first", first, "n1 n10 n11")
	for _, bad := range []string{"name=n2*", "type=ssh", "type=my*&type=ssh&status=ACTIVE", "category=RESOURCES",
		"name="} {
		same(t, bad, c.send("GET", v4Path+"?"+bad+"&page_token="+token, "").String(),
			"400 page token belongs to a request with other filters")
	}
	same(t, "another list", c.send("GET", connectorsPath+"?page_token="+token, "").status, 400)
	same(t, "limit", c.send("GET", v4Path+"?limit=x&page_token="+token, "").status, 400)
	c.must(204, "DELETE", v4Path+"/i1", "")
	c.must(204, "DELETE", v4Path+"/i12", "")
	for _, again := range []string{"", "&" + query, "&type=my*&type=ssh", "&limit=50"} {
		second, next := c.page(v4Path + "?page_token=" + token + again)
		same(t, "second "+again, second, "n13 n14 n15")
		if next == "" || next == token {
			t.Errorf("token %q after %q", next, token)
		}
	}
	same(t, "an empty token starts", c.get(v4Path+"?page_token=&limit=1").at("items.0.name"), `"n0"`)
}
