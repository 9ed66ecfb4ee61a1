package confluenttest

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// maxTokenLife is the longest lifetime of an STS access token, in seconds. It is also the default.
const maxTokenLife = 900

// AddAPIKey returns a new Cloud API key. It has its own rate limit windows.
func (s *Server) AddAPIKey() (key, secret string) {
	key, secret = rand.Text()[:16], rand.Text()+rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = secret
	return key, secret
}

// DeleteAPIKey deletes a key. Requests with the key then get 403 with the words "invalid API key".
func (s *Server) DeleteAPIKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = ""
}

// IssueToken returns a bearer token as the token exchange does, with any lifetime.
func (s *Server) IssueToken(lifetime time.Duration) string { return s.issue("token", lifetime) }

// RevokeTokens makes all bearer tokens issued so far invalid. Requests with them get 401.
func (s *Server) RevokeTokens() {
	s.bearers.RevokeAll()
}

func (s *Server) issue(caller string, lifetime time.Duration) string {
	token := rand.Text() + "." + rand.Text()
	s.bearers.Add(token, caller, s.config.Now().Add(lifetime))
	return token
}

// authenticate accepts a Cloud API key or an STS token.
func (s *Server) authenticate(r *fakehttp.Request) (caller string, refusal *fakehttp.Response) {
	caller, p := s.caller(r.Request)
	if p != nil {
		return "", new(s.problemResponse(p, r.ID))
	}
	return caller, nil
}

func (s *Server) caller(r *http.Request) (string, *problem) {
	denied := &problem{status: http.StatusUnauthorized, detail: "Credentials are missing or not valid"}
	value, ok := fakehttp.Authorization(r)
	if !ok {
		return "", denied
	}
	if token, ok := fakehttp.Bearer(value); ok {
		if caller, ok := s.bearers.Caller(token, s.config.Now()); ok {
			return caller, nil
		}
		return "", denied
	}
	key, secret, _ := r.BasicAuth()
	s.mu.Lock()
	defer s.mu.Unlock()
	want, ok := s.keys[key]
	switch {
	case ok && want == "":
		return "", &problem{status: http.StatusForbidden, detail: "invalid API key: it was deleted"}
	case !ok || subtle.ConstantTimeCompare([]byte(want), []byte(secret)) != 1:
		return "", denied
	}
	return "key:" + key, nil
}

// exchange is the token exchange of STS. It accepts any subject token.
func (s *Server) exchange(r *fakehttp.Request) fakehttp.Response {
	refusal := func(field, detail string) fakehttp.Response {
		return s.problemResponse(&problem{status: http.StatusBadRequest, detail: detail, parameter: field}, r.ID)
	}
	if r.MediaType() != "application/x-www-form-urlencoded" {
		return refusal("", "Content-Type must be application/x-www-form-urlencoded")
	}
	form, err := url.ParseQuery(string(r.Payload))
	if err != nil {
		return refusal("", "The form can't be read")
	}
	const accessToken = "urn:ietf:params:oauth:token-type:access_token"
	for _, field := range []struct{ name, value string }{
		{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
		{"subject_token", ""},
		{"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
		{"requested_token_type", accessToken},
		{"identity_pool_id", ""},
	} {
		switch got := form.Get(field.name); {
		case got == "":
			return refusal(field.name, field.name+" is required")
		case field.value != "" && got != field.value:
			return refusal(field.name, field.name+" must be "+field.value)
		}
	}
	life := maxTokenLife
	if form.Has("expires_in") {
		life, err = strconv.Atoi(form.Get("expires_in"))
		if err != nil || life < 1 || life > maxTokenLife {
			return refusal("expires_in", "expires_in must be between 1 and 900")
		}
	}
	return fakehttp.JSON(http.StatusOK, map[string]any{
		"access_token":      s.issue("pool:"+form.Get("identity_pool_id"), time.Duration(life)*time.Second),
		"issued_token_type": accessToken,
		"token_type":        "Bearer",
		"expires_in":        life,
	})
}
