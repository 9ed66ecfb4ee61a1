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

// tokenLife is the lifetime of a token.
const tokenLife = time.Hour

// AddUser adds a user, or sets a new password for an existing user, and returns the password.
// Releases without tokens accept any user.
func (s *Server) AddUser(id string) (password string) {
	password = rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[id] = password
	return password
}

// IssueToken returns a token of a user like a login, with any lifetime.
func (s *Server) IssueToken(user string, lifetime time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issue(user, lifetime)
}

// RevokeTokens makes all tokens issued so far invalid. Requests with them get 401.
func (s *Server) RevokeTokens() {
	s.tokens.RevokeAll()
}

// Restart restarts the platform. All tokens become invalid, and no server is running or known.
// Documents are kept.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.RevokeAll()
	clear(s.instances)
	s.keyID = newUUID()
}

// Logins returns the number of successful logins.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// issue returns a token in the form of a JSON Web Token. Its signature is random: only this server
// can check it. s.mu must be held.
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
	s.tokens.Add(text, user, expires)
	return text
}

// open reports whether a request needs no token.
func open(method, path string) bool {
	for _, prefix := range []string{"/swagger-ui/", "/v3/api-docs"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return path == tokenPath && method == post || path == platform+"/origin" || path == "/api/about" ||
		path == "/api/public/app/info"
}

func unauthorized(challenge string) *fakehttp.Response {
	return new(fakehttp.Response{Status: http.StatusUnauthorized}.With("WWW-Authenticate", challenge))
}

// authenticate requires a token if the release has tokens. An invalid token is refused on every
// path, even if no token is required.
func (s *Server) authenticate(r *fakehttp.Request) (caller string, refusal *fakehttp.Response) {
	token, bearer := fakehttp.Bearer(r.Header.Get("Authorization"))
	if !s.insecure && bearer {
		if user, ok := s.tokens.Caller(token, s.config.Now()); ok {
			return user, nil
		}
		return "", new(s.uncached(*unauthorized(s.invalidToken(token))))
	}
	if s.release.bearers() && !open(r.Method, r.URL.EscapedPath()) {
		return "", new(s.uncached(*unauthorized("Bearer")))
	}
	if user := r.PathValue("userId"); user != "" {
		return user, nil
	}
	return r.Caller, nil
}

// invalidToken returns the challenge for a caller with an invalid token.
func (s *Server) invalidToken(token string) string {
	if !s.release.since("5.0") {
		return `Bearer error="invalid_token"`
	}
	reason := "Signed JWT rejected: Invalid signature"
	if !strings.Contains(token, ".") {
		reason = "Invalid JWT serialization: Missing dot delimiter(s)"
	}
	return `Bearer error="invalid_token", error_description="An error occurred while attempting to decode the Jwt: ` +
		reason +
		`", error_uri="https://tools.ietf.org/html/rfc6750#section-3.1"`
}

// createToken logs a user in.
func (s *Server) createToken(r *fakehttp.Request) fakehttp.Response {
	c := &call{Server: s, request: r}
	op := operation{body: jsonObject}
	var sent struct{ UserID, Password, NewPassword string }
	status := c.decode(op)
	if status == http.StatusOK && json.Unmarshal(r.Payload, &sent) != nil {
		status = http.StatusBadRequest
	}
	if status != http.StatusOK {
		return s.unreadable(r, op, status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	want, known := s.users[sent.UserID]
	switch {
	case !known:
		return s.badLogin("User account not found for user: " + sent.UserID + ".")
	case subtle.ConstantTimeCompare([]byte(want), []byte(sent.Password)) != 1:
		return s.badLogin("User authentication failed for user: " + sent.UserID + " - Bad credentials")
	}
	if sent.NewPassword != "" && s.release.bearers() {
		s.users[sent.UserID] = sent.NewPassword
	}
	s.logins++
	return s.uncached(fakehttp.Text(http.StatusOK, s.issue(sent.UserID, tokenLife)).With("Content-Type", plainText))
}

// badLogin returns the response to a failed login. Since 6.0 it has the reason.
func (s *Server) badLogin(text string) fakehttp.Response {
	if !s.release.bearers() {
		return s.uncached(*unauthorized("Bearer"))
	}
	return s.uncached(fakehttp.JSON(http.StatusUnauthorized, map[string]any{
		"class": "FFDCResponseBase", "relatedHTTPCode": http.StatusUnauthorized,
		"exceptionClassName":    "org.springframework.security.authentication.AuthenticationServiceException",
		"exceptionErrorMessage": text, "exceptionSystemAction": "The user is not logged in.",
		"exceptionUserAction": "Send the ID and the password of a user with an account.",
	}))
}

// logout has no effect: the token remains valid.
func (s *Server) logout(*fakehttp.Request) fakehttp.Response {
	return s.uncached(fakehttp.Response{Status: http.StatusOK})
}

// delegation refuses a call for a user without an account. The list of known servers does not check
// the user.
func (c *call) delegation() *failure {
	query := c.request.URL.Query()
	if !c.release.bearers() || !query.Has(delegateParameter) || c.op.name == "listServers" {
		return nil
	}
	return c.account(query.Get(delegateParameter))
}

const delegateParameter = "delegatingUserId"

// account returns a failure if a user has no account.
func (c *call) account(user string) *failure {
	if _, known := c.users[user]; known {
		return nil
	}
	f := &failure{message: unknownUser, kind: notAuthorized, params: []any{user}}
	f.properties = map[string]string{"userId": user}
	return f.during("getUserAccount")
}
