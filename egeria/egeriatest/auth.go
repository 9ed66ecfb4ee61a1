package egeriatest

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// tokenLife is how long a token is valid.
const tokenLife = time.Hour

// AddUser adds a user, or gives one a new password, and returns the password. Releases without tokens believe any user.
func (s *Server) AddUser(id string) (password string) {
	password = rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[id] = password
	return password
}

// IssueToken returns a token of a user as a login would, for any lifetime.
func (s *Server) IssueToken(user string, lifetime time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issue(user, lifetime)
}

// RevokeTokens makes all tokens issued so far invalid: their calls get 401.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Restart restarts the platform: all tokens are invalid, and no server runs or is known any more. Documents stay.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
	clear(s.instances)
	s.keyID = newUUID()
}

// Logins counts the logins that were given a token.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// token is what the server knows of a token.
type token struct {
	user    string
	expires time.Time
}

// issue makes a token in the form of a JSON Web Token. Its signature is random: only this server can check it.
func (s *Server) issue(user string, lifetime time.Duration) string {
	now := s.config.Now()
	expires := now.Add(lifetime)
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(fakehttp.Raw(v)) }
	signature := make([]byte, 256)
	_, _ = rand.Read(signature) // never fails
	text := strings.Join([]string{
		part(map[string]string{"alg": "RS256", "kid": s.keyID}),
		part(map[string]any{"iss": "self", "sub": user, "iat": now.Unix(), "exp": expires.Unix(), "displayName": user}),
		base64.RawURLEncoding.EncodeToString(signature),
	}, ".")
	s.tokens[text] = token{user, expires}
	return text
}

// open tells whether a path asks for no token.
func open(path string) bool {
	for _, prefix := range []string{"/swagger-ui/", "/v3/api-docs"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return path == tokenPath || path == platform+"/origin" || path == "/api/about" || path == "/api/public/app/info"
}

func unauthorized(challenge string) *fakehttp.Reply {
	return new(fakehttp.Reply{Status: http.StatusUnauthorized}.With("WWW-Authenticate", challenge))
}

// authenticate wants a token where the release has them. A bad one is refused everywhere, even where none is needed.
func (s *Server) authenticate(r *fakehttp.Request) (caller string, refusal *fakehttp.Reply) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !s.insecure && strings.EqualFold(scheme, "Bearer") {
		s.mu.Lock()
		defer s.mu.Unlock()
		if t, ok := s.tokens[text]; ok && s.config.Now().Before(t.expires) {
			return t.user, nil
		}
		return "", unauthorized(`Bearer error="invalid_token"`)
	}
	if s.release.bearers() && !open(r.URL.EscapedPath()) {
		return "", unauthorized("Bearer")
	}
	if user := r.PathValue("userId"); user != "" {
		return user, nil
	}
	return r.Caller, nil
}

// createToken logs a user in.
func (s *Server) createToken(r *fakehttp.Request) fakehttp.Reply {
	c := &call{request: r}
	if status := c.decode(operation{body: jsonObject}); status != http.StatusOK {
		return s.springError(r.Request, status)
	}
	var sent struct{ UserID, Password, NewPassword string }
	if json.Unmarshal(r.Payload, &sent) != nil {
		return s.springError(r.Request, http.StatusBadRequest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	want, known := s.users[sent.UserID]
	if !known || subtle.ConstantTimeCompare([]byte(want), []byte(sent.Password)) != 1 {
		return *unauthorized("Bearer")
	}
	if sent.NewPassword != "" && s.release.bearers() {
		s.users[sent.UserID] = sent.NewPassword
	}
	s.logins++
	return fakehttp.Text(http.StatusOK, s.issue(sent.UserID, tokenLife)).With("Content-Type", plainText)
}

// deleteToken logs the caller out.
func (s *Server) deleteToken(r *fakehttp.Request) fakehttp.Reply {
	_, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, text)
	return fakehttp.Reply{Status: http.StatusOK}
}
