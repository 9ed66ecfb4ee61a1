package core

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Auth puts credentials on a request that goes to the configured origin.
//
// The secrets live in closures, where no format verb finds them.
type Auth struct {
	// Authorize sets the header. The ctx is the attempt's own; fresh says that the last credential was refused with a 401.
	Authorize func(ctx context.Context, h http.Header) error
	// Refused is told that the credential in h got a 401, and reports whether another one may be had. Nil: it can't.
	Refused func(h http.Header) bool
	// Secrets lists what must not be shown, for scrubbing the text of errors.
	Secrets func() []string
}

// Basic authenticates with HTTP Basic.
func Basic(user, password string) *Auth {
	token := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	return &Auth{
		Authorize: func(_ context.Context, h http.Header) error {
			h.Set("Authorization", "Basic "+token)
			return nil
		},
		Secrets: func() []string { return []string{password, token} },
	}
}

// Token is a bearer token. Its text shows in no format verb.
type Token struct {
	Value  string
	Expiry time.Time // zero: it does not expire
}

// Format hides the value from every verb.
func (t Token) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "Token{[redacted], expires %v}", t.Expiry) }

// refreshMargin is how long before its expiry a token is renewed; half of its life where that is shorter.
const refreshMargin = time.Minute

// Bearer authenticates with a token from source, fetched by one caller at a time, kept until shortly before it expires, and fetched
// anew after a 401. A token that is still good is used on when the renewal fails.
func Bearer(source func(context.Context) (Token, error)) *Auth {
	b := &bearer{source: source}
	return &Auth{Authorize: b.authorize, Refused: b.refused, Secrets: b.secrets}
}

// StaticBearer authenticates with a token that never changes.
func StaticBearer(token string) *Auth {
	return &Auth{
		Authorize: func(_ context.Context, h http.Header) error {
			h.Set("Authorization", "Bearer "+token)
			return nil
		},
		Secrets: func() []string { return []string{token} },
	}
}

type bearer struct {
	source func(context.Context) (Token, error)

	mu      sync.Mutex
	token   Token
	renewAt time.Time
	flight  *flight
}

// flight is one fetch that callers share.
type flight struct {
	done  chan struct{}
	token Token
	err   error
}

func (b *bearer) authorize(ctx context.Context, h http.Header) error {
	t, err := b.get(ctx)
	if err != nil {
		return err
	}
	h.Set("Authorization", "Bearer "+t.Value)
	return nil
}

func (b *bearer) get(ctx context.Context) (Token, error) {
	for {
		b.mu.Lock()
		now := time.Now()
		old := b.token
		if old.Value != "" && (old.Expiry.IsZero() || now.Before(b.renewAt)) {
			b.mu.Unlock()
			return old, nil
		}
		f := b.flight
		if f == nil {
			f = &flight{done: make(chan struct{}), err: errors.New("the token source panicked")}
			b.flight = f
			b.mu.Unlock()
			b.fetch(ctx, f)
		} else {
			b.mu.Unlock()
			select {
			case <-f.done:
			case <-ctx.Done():
				return Token{}, context.Cause(ctx)
			}
			if f.err != nil && (errors.Is(f.err, context.Canceled) || errors.Is(f.err, context.DeadlineExceeded)) && ctx.Err() == nil {
				continue // the caller that was fetching gave up; this one did not
			}
		}
		switch {
		case f.err == nil:
			return f.token, nil
		case old.Value != "" && now.Before(old.Expiry):
			return old, nil
		default:
			return Token{}, f.err
		}
	}
}

func (b *bearer) fetch(ctx context.Context, f *flight) {
	defer func() {
		b.mu.Lock()
		b.flight = nil
		if f.err == nil {
			b.token = f.token
			life := time.Until(f.token.Expiry)
			b.renewAt = f.token.Expiry.Add(-min(refreshMargin, life/2))
		}
		b.mu.Unlock()
		close(f.done)
	}()
	f.token, f.err = b.source(ctx)
	if f.err == nil && f.token.Value == "" {
		f.err = errors.New("the token source gave an empty token")
	}
	if f.err == nil && !headerSafe(f.token.Value) {
		f.err = errors.New("the token source gave a token that no header can carry")
	}
}

// refused forgets the token in h, unless another caller has replaced it already.
func (b *bearer) refused(h http.Header) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h.Get("Authorization") == "Bearer "+b.token.Value {
		b.token = Token{}
	}
	return true
}

func (b *bearer) secrets() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return []string{b.token.Value}
}

// headerSafe reports whether v is visible ASCII, as credentials in a header must be.
func headerSafe(v string) bool {
	for i := range len(v) {
		if v[i] <= ' ' || v[i] > '~' {
			return false
		}
	}
	return true
}

// Credential refuses an empty credential, and one with white space at its ends, line breaks or other bytes that break a header.
func Credential(name, value string) error {
	if value == "" {
		return Arg(name, "is empty")
	}
	if !headerSafe(value) {
		return Arg(name, "has white space, control or non-ASCII characters") // the value itself is never told
	}
	return nil
}

// HeaderText refuses what a header can't carry.
func HeaderText(name, value string) error {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return Arg(name, "has control or non-ASCII characters")
		}
	}
	return nil
}

// scrub replaces the credentials in text that a server sent back.
func (c *Client) scrub(b []byte) []byte {
	if c.cfg.Auth == nil {
		return b
	}
	for _, s := range c.cfg.Auth.Secrets() {
		if len(s) >= 6 {
			b = bytes.ReplaceAll(b, []byte(s), []byte("[redacted]"))
		}
	}
	return b
}
