package aponotest

import (
	"net/http"
	"strings"
	"testing"
)

func TestAuth(t *testing.T) {
	c := start(t)
	other := c
	other.token = c.AddToken()
	other.get(v4Path)
	for name, header := range map[string][]string{
		"none": nil, "no token": {"Bearer "}, "forged": {"Bearer x"}, "basic": {"Basic " + c.Token}, "bare": {c.Token},
		"twice": {"Bearer " + c.Token, "Bearer " + c.Token},
	} {
		for _, op := range c.operations() {
			req, _ := http.NewRequestWithContext(t.Context(), op.Method, c.URL+op.Path, http.NoBody)
			req.Header["Authorization"] = header
			resp, err := c.http.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 401 {
				t.Errorf("%s, %s: %d", op.Name, name, resp.StatusCode)
			}
		}
	}
	c.token = strings.ToLower(c.token)
	same(t, "other case", c.send("GET", v4Path, "").String(), `401 {"code":"Unauthorized","status":"401"}`)
	c.RevokeToken(other.token)
	same(t, "revoked", other.send("GET", v4Path, "").status, 401)
	c.token = c.Token
	c.get(v4Path)
	if another := NewServer(t, WithoutSocket()); another.Token == c.Token || len(c.Token) < 40 {
		t.Error("tokens can be guessed")
	}
}
