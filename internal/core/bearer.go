package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Token is a bearer token. Package sdk documents it.
type Token struct {
	Value  string
	Expiry time.Time // zero: the token does not expire
}

// Format implements [fmt.Formatter]. It hides the value.
func (t Token) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "Token{[redacted], expires %v}", t.Expiry) }

// refreshMargin is the time before its expiry at which a token is renewed. A token with a life of
// less than twice this time is renewed after half of its life.
const refreshMargin = time.Minute

// Bearer authenticates with a token from source.
//
// source is called by one caller at a time, in its own goroutine: a call whose context ends does
// not wait for it. The token is used until shortly before it expires, or until a 401. Then it is
// renewed. A token that has not expired is still used during the renewal, and after a renewal that
// failed. A new token that has already expired by the clock of this machine is used for
// refreshMargin, because the clock may be wrong.
func Bearer(source func(context.Context) (Token, error)) *Auth {
	b := &bearer{source: source}
	return &Auth{
		Prepare: func(ctx context.Context) error {
			_, err := b.get(ctx)
			return err
		},
		Authorize: b.authorize, Refused: b.refused, Secrets: b.secrets, CameExpired: b.cameExpired,
	}
}

// bearer holds the token of a source.
type bearer struct {
	source func(context.Context) (Token, error)

	mu      sync.Mutex // guards the fields below
	token   Token      // zero if there is none
	before  string     // value of the token before it; "" if there was none
	renewAt time.Time
	flight  *Flight[Token] // the current renewal; nil if there is none
	expired bool           // a new token had already expired, and this was not reported yet
}

// authorize returns the value of the Authorization header.
func (b *bearer) authorize(ctx context.Context) (string, error) {
	t, err := b.get(ctx)
	if err != nil {
		return "", err
	}
	return "Bearer " + t.Value, nil
}

// get returns a token that has not expired.
func (b *bearer) get(ctx context.Context) (Token, error) {
	for {
		current, renewal, owner := b.current()
		good := current.good()
		switch {
		case renewal == nil:
			return current, nil
		case good && !owner:
			return current, nil // another caller renews it
		}
		var token Token
		var again bool
		var err error
		if owner {
			token, err = b.renew(ctx, renewal, current, good)
		} else if token, again, err = renewal.Wait(ctx); again {
			continue
		}
		switch {
		case err == nil:
			return token, nil
		case good && current.good() && ctx.Err() == nil:
			return current, nil
		}
		return Token{}, err
	}
}

// good reports whether t has not expired. It is false for a token that does not expire. Such a
// token is never renewed.
func (t Token) good() bool { return t.Value != "" && time.Now().Before(t.Expiry) }

// current returns the token and its renewal, which is nil if the token needs none yet. The caller
// that becomes the owner of a renewal must run it.
func (b *bearer) current() (token Token, renewal *Flight[Token], owner bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.token.Value != "" && (b.token.Expiry.IsZero() || time.Now().Before(b.renewAt)) {
		return b.token, nil, false
	}
	if owner = b.flight == nil; owner {
		b.flight = NewFlight[Token]("the token source")
	}
	return b.token, b.flight, owner
}

// renew gets a token from the source. The source may continue after ctx has ended. If current is
// good, the source has half of its remaining life. If the source panics, renew panics.
func (b *bearer) renew(ctx context.Context, renewal *Flight[Token], current Token, good bool) (Token, error) {
	sourceCtx := ctx
	if good {
		var cancel context.CancelFunc
		sourceCtx, cancel = context.WithTimeout(ctx, time.Until(current.Expiry)/2)
		defer cancel()
	}
	ended := make(chan any, 1)
	go func() {
		defer func() { ended <- recover() }()
		b.ask(ctx, sourceCtx, renewal, current, good)
	}()
	select {
	case panicked := <-ended:
		if panicked != nil {
			panic(panicked)
		}
		return renewal.value, renewal.err
	case <-sourceCtx.Done():
		if good && ctx.Err() == nil {
			b.postpone(current) // the source may not have returned yet
		}
		return Token{}, Ended(sourceCtx)
	}
}

// postpone delays the next renewal until a quarter of the remaining life of current has passed,
// unless there is another token.
func (b *bearer) postpone(current Token) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.token.Value == current.Value {
		b.renewAt = time.Now().Add(time.Until(current.Expiry) / 4)
	}
}

// ask calls the source. If it fails while current is good, the next renewal starts after a quarter
// of current's remaining life. ctx is the context of the call.
func (b *bearer) ask(ctx, sourceCtx context.Context, renewal *Flight[Token], current Token, good bool) {
	fetch := func() (Token, error) {
		t, err := b.source(sourceCtx)
		if err == nil && t.Value == "" {
			err = errors.New("the token source returned an empty token")
		}
		if err == nil && !headerSafe(t.Value) {
			err = errors.New("the token source returned a token that a header can't carry")
		}
		return t, err
	}
	_, _ = renewal.Run(ctx, fetch, func(t Token, err error, gaveUp bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.flight = nil
		switch {
		case err == nil:
			if !t.Expiry.IsZero() && !time.Now().Before(t.Expiry) {
				t.Expiry = time.Now().Add(refreshMargin)
				b.expired = true
			}
			b.replace(t)
			b.renewAt = t.Expiry.Add(-min(refreshMargin, time.Until(t.Expiry)/2))
		case good && !gaveUp:
			b.renewAt = time.Now().Add(time.Until(current.Expiry) / 4)
		}
	})
}

// cameExpired reports, once, that a new token had already expired.
func (b *bearer) cameExpired() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	expired := b.expired
	b.expired = false
	return expired
}

// refused drops the token if it is the one in h, the header of a request whose response was a 401.
// Another caller may have replaced it.
func (b *bearer) refused(h http.Header) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h.Get("Authorization") == "Bearer "+b.token.Value {
		b.replace(Token{})
	}
	return true
}

// replace makes t the token. b.mu must be held.
func (b *bearer) replace(t Token) {
	if b.token.Value != "" {
		b.before = b.token.Value
	}
	b.token = t
}

// secrets returns the values of the token and of the one before it: the response to the call that
// replaces a token may repeat it.
func (b *bearer) secrets() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return []string{b.token.Value, b.before}
}
