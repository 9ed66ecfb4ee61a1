package aponotest

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

// AddToken returns a new token. It has its own rate limit windows.
func (s *Server) AddToken() string {
	token := rand.Text() + rand.Text()
	s.bearers.Add(token, token, time.Time{})
	return token
}

// RevokeToken makes a token invalid. Requests with it get 401. Other tokens, such as those of
// [Server.AddToken], remain valid.
func (s *Server) RevokeToken(token string) {
	s.bearers.Revoke(token)
}

// authenticate accepts the tokens of this server.
func (s *Server) authenticate(r *fakehttp.Request) (caller string, refusal *fakehttp.Response) {
	value, one := fakehttp.Authorization(r.Request)
	token, bearer := fakehttp.Bearer(value)
	if caller, known := s.bearers.Caller(token, s.config.Now()); one && bearer && known {
		return caller, nil
	}
	return "", new(fakehttp.JSON(http.StatusUnauthorized, map[string]string{"status": "401", "code": "Unauthorized"}))
}
