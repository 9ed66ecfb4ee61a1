package fakehttp

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestCallTextHoldsNoCredentials(t *testing.T) {
	c := startCounter(t, Config{Listen: Memory})
	req, _ := http.NewRequest("POST", c.URL+"/n?a=1", strings.NewReader("hush-body"))
	req.Header.Set("Authorization", "Bearer hush-header")
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	call := c.Calls()[0]
	if call.Header.Get("Authorization") != "Bearer hush-header" || string(call.Body) != "hush-body" {
		t.Error("header or body is not in the log")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, call); text != "POST /n?a=1 (add) -> 200" {
			t.Errorf("%s: %s", verb, text)
		}
	}
}
