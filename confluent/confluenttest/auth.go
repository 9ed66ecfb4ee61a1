package confluenttest

import (
	"crypto/rand"
	"crypto/subtle"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// maxTokenLife is the longest lifetime of an STS access token, in seconds, and the one by default.
const maxTokenLife = 900

// AddAPIKey returns one more Cloud API key, with its own rate-limit windows.
func (s *Server) AddAPIKey() (key, secret string) {
	key, secret = rand.Text()[:16], rand.Text()+rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = secret
	return key, secret
}

// DeleteAPIKey deletes a key. Its calls are then answered 403 with the words "invalid API key".
func (s *Server) DeleteAPIKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = ""
}

// IssueToken returns a bearer token as the token exchange would, for any lifetime.
func (s *Server) IssueToken(lifetime time.Duration) string { return s.issue("token", lifetime) }

// RevokeTokens makes all bearer tokens issued so far invalid: their calls get 401.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.bearers)
}

func (s *Server) issue(caller string, lifetime time.Duration) string {
	token := rand.Text() + "." + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bearers[token] = bearer{caller, s.config.Now().Add(lifetime)}
	return token
}

// authenticate accepts a Cloud API key or an STS token.
func (s *Server) authenticate(r *fakehttp.Request) (caller string, refusal *fakehttp.Reply) {
	caller, p := s.caller(r.Request)
	if p != nil {
		return "", new(s.refuse(p, r.ID))
	}
	return caller, nil
}

func (s *Server) caller(r *http.Request) (string, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	denied := &problem{status: http.StatusUnauthorized, detail: "Credentials are missing or not valid"}
	if len(r.Header["Authorization"]) != 1 {
		return "", denied
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		b, ok := s.bearers[token]
		if !ok || !s.config.Now().Before(b.expires) {
			return "", denied
		}
		return b.caller, nil
	}
	key, secret, _ := r.BasicAuth()
	want, ok := s.keys[key]
	switch {
	case ok && want == "":
		return "", &problem{status: http.StatusForbidden, detail: "invalid API key: it was deleted"}
	case !ok || subtle.ConstantTimeCompare([]byte(want), []byte(secret)) != 1:
		return "", denied
	}
	return "key:" + key, nil
}

// exchange is the token exchange of STS. It believes any subject token.
func (s *Server) exchange(r *fakehttp.Request) fakehttp.Reply {
	refuse := func(field, detail string) fakehttp.Reply {
		return s.refuse(&problem{status: http.StatusBadRequest, detail: detail, parameter: field}, r.ID)
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/x-www-form-urlencoded" {
		return refuse("", "Content-Type must be application/x-www-form-urlencoded")
	}
	form, err := url.ParseQuery(string(r.Payload))
	if err != nil {
		return refuse("", "The form can't be read")
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
			return refuse(field.name, field.name+" is required")
		case field.value != "" && got != field.value:
			return refuse(field.name, field.name+" must be "+field.value)
		}
	}
	life := maxTokenLife
	if form.Has("expires_in") {
		life, err = strconv.Atoi(form.Get("expires_in"))
		if err != nil || life < 1 || life > maxTokenLife {
			return refuse("expires_in", "expires_in must be between 1 and 900")
		}
	}
	return fakehttp.JSON(http.StatusOK, map[string]any{
		"access_token":      s.issue("pool:"+form.Get("identity_pool_id"), time.Duration(life)*time.Second),
		"issued_token_type": accessToken,
		"token_type":        "Bearer",
		"expires_in":        life,
	})
}
