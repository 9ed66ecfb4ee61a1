package confluenttest

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAuth(t *testing.T) {
	c := newClient(t)
	otherKey, otherSecret := c.AddAPIKey()
	for name, tt := range map[string]struct {
		auth   string
		status int
	}{
		"own key":      {"", 200},
		"another key":  {basic(otherKey, otherSecret), 200},
		"none":         {"none", 401},
		"wrong secret": {basic(c.APIKey, otherSecret), 401},
		"no secret":    {basic(c.APIKey, ""), 401},
		"unknown key":  {basic("nobody", c.APISecret), 401},
		"empty":        {basic("", ""), 401},
		"bearer":       {"Bearer " + c.IssueToken(time.Minute), 200},
		"lower case":   {"bearer " + c.IssueToken(time.Minute), 200},
		"expired":      {"Bearer " + c.IssueToken(0), 401},
		"forged":       {"Bearer x.y", 401},
		"no token":     {"Bearer ", 401},
		"odd scheme":   {"Digest x", 401},
	} {
		t.Run(name, func(t *testing.T) {
			as := *c.as(tt.auth)
			as.t = t
			r := as.expect(tt.status, as.do("GET", v2Path+inEnv1, ""))
			if tt.status == 401 {
				as.equal("failure", r.failure(), "401 user_unauthenticated")
				if !strings.HasPrefix(r.header.Get("WWW-Authenticate"), `Basic error="invalid_key"`) {
					t.Errorf("WWW-Authenticate %q", r.header.Get("WWW-Authenticate"))
				}
			}
		})
	}
	c.DeleteAPIKey(otherKey)
	r := c.as(basic(otherKey, otherSecret)).expect(403, c.as(basic(otherKey, otherSecret)).do("GET", v2Path+inEnv1, ""))
	if !strings.Contains(r.text, "invalid API key") {
		t.Error(r.text)
	}
	c.expect(403, c.as(basic(otherKey, "")).do("GET", v2Path+inEnv1, ""))
	token := "Bearer " + c.IssueToken(time.Hour)
	c.expect(200, c.as(token).do("GET", v2Path+inEnv1, ""))
	c.RevokeTokens()
	c.expect(401, c.as(token).do("GET", v2Path+inEnv1, ""))

	req, _ := http.NewRequest("GET", c.URL+v2Path+inEnv1, nil)
	req.Header["Authorization"] = []string{basic(c.APIKey, c.APISecret), basic(c.APIKey, c.APISecret)}
	resp, err := c.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("two Authorization headers: %d", resp.StatusCode)
	}
	if other := NewServer(t, WithoutSocket()); other.APIKey == c.APIKey || other.APISecret == c.APISecret {
		t.Error("two servers share credentials")
	}
}

func TestTokenExchange(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c := newClient(t, WithClock(func() time.Time { return now })).as("none")
	form := url.Values{
		"grant_type":           {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token":        {"a.b.c"},
		"subject_token_type":   {"urn:ietf:params:oauth:token-type:jwt"},
		"requested_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"identity_pool_id":     {"pool_1"},
	}
	exchange := func(name, value string) response {
		t.Helper()
		changed := maps.Clone(form)
		changed.Set(name, value)
		return c.do("POST", "/sts/v1/oauth2/token", changed.Encode())
	}
	for name := range form {
		c.equal(name+" missing", c.expect(400, exchange(name, "")).failure(), "400 bad_request "+name)
	}
	for _, name := range []string{"grant_type", "subject_token_type", "requested_token_type"} {
		c.equal(name+" wrong", c.expect(400, exchange(name, "x")).failure(), "400 bad_request "+name)
	}
	for _, life := range []string{"0", "-1", "901", "x", ""} {
		c.equal("expires_in "+life, c.expect(400, exchange("expires_in", life)).failure(), "400 bad_request expires_in")
	}
	c.expect(400, c.do("POST", "/sts/v1/oauth2/token", "%zz"))
	r := c.expect(200, exchange("subject_token", "a.b.c"))
	c.equal("expires_in", r.str("expires_in"), "900")
	c.equal("token_type", r.str("token_type"), "Bearer")
	c.equal("issued_token_type", r.str("issued_token_type"), "urn:ietf:params:oauth:token-type:access_token")
	short := c.expect(200, exchange("expires_in", "60"))
	c.equal("expires_in", short.str("expires_in"), "60")

	list := func(r response) int { return c.as("Bearer "+r.str("access_token")).do("GET", v2Path+inEnv1, "").status }
	now = now.Add(60*time.Second - 1)
	if got := list(short); got != 200 {
		t.Errorf("at the end of its life: %d", got)
	}
	now = now.Add(1)
	if got := list(short); got != 401 {
		t.Errorf("expired: %d", got)
	}
	if got := list(r); got != 200 {
		t.Errorf("the longer one: %d", got)
	}
	resp, err := c.HTTPClient().Post(c.URL+"/sts/v1/oauth2/token", "application/json", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 400 {
		t.Errorf("JSON: %d", resp.StatusCode)
	}
}
