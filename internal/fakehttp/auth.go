package fakehttp

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// Bearer returns the token of an Authorization header. ok is false if the header has another
// scheme. The scheme may be in either letter case.
func Bearer(authorization string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(authorization, " ")
	return token, strings.EqualFold(scheme, "Bearer")
}

// Authorization returns the value of the only Authorization header of a request. ok is false if
// there is none or more than one.
func Authorization(r *http.Request) (value string, ok bool) {
	values := r.Header["Authorization"]
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// BearerTokens is a set of bearer tokens, each of one caller. The zero value is empty and ready to
// use. It is safe for concurrent use.
type BearerTokens struct {
	mu     sync.Mutex
	tokens map[string]bearerToken
}

type bearerToken struct {
	caller  string
	expires time.Time // zero if it does not expire
}

// Add makes token valid for caller until expires. A zero time means that it does not expire.
func (b *BearerTokens) Add(token, caller string, expires time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens == nil {
		b.tokens = map[string]bearerToken{}
	}
	b.tokens[token] = bearerToken{caller, expires}
}

// Caller returns the caller of token. ok is false if the token is unknown, revoked, or expired at
// now.
func (b *BearerTokens) Caller(token string, now time.Time) (caller string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.tokens[token]
	if !ok || !t.expires.IsZero() && !now.Before(t.expires) {
		return "", false
	}
	return t.caller, true
}

// Revoke makes token invalid.
func (b *BearerTokens) Revoke(token string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tokens, token)
}

// RevokeAll makes all tokens invalid.
func (b *BearerTokens) RevokeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.tokens)
}
