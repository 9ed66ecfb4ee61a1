package aponotest

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// AddToken returns one more token, with its own rate-limit windows.
func (s *Server) AddToken() string {
	token := rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bearers[token] = true
	return token
}

// RevokeToken makes a token invalid: its calls get 401. Other tokens, such as those of [Server.AddToken], stay.
func (s *Server) RevokeToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bearers, token)
}

// authenticate accepts the tokens of this server.
func (s *Server) authenticate(r *fakehttp.Request) (caller string, refusal *fakehttp.Reply) {
	sent := r.Header["Authorization"]
	if len(sent) == 1 {
		scheme, token, _ := strings.Cut(sent[0], " ")
		s.mu.Lock()
		defer s.mu.Unlock()
		if strings.EqualFold(scheme, "Bearer") && s.bearers[token] {
			return token, nil
		}
	}
	return "", new(fakehttp.JSON(http.StatusUnauthorized, map[string]string{"status": "401", "code": "Unauthorized"}))
}
