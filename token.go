package sdk

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/integrations-go/sdk/internal/core"
)

// Token is a bearer token. Packages fmt, slog and encoding/json do not show its value. Therefore it
// can't be stored as JSON. Package fmt shows the value in two cases that no type can prevent: in an
// unexported field of a struct, because it calls no methods there, and with the verbs %w and %p,
// which go vet reports.
type Token struct {
	// Value is the token, without the word Bearer.
	Value string
	// Expiry is the time at which the token expires. The zero time means that it does not
	// expire.
	Expiry time.Time
}

// Format hides the value from the verbs of package fmt, except %w and %p, for which it is not
// called.
func (t Token) Format(s fmt.State, verb rune) { core.Token(t).Format(s, verb) }

// LogValue hides the value from package slog.
func (t Token) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(t)) }

// MarshalJSON hides the value from logs that write JSON.
func (t Token) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// TokenSource returns bearer tokens. A client calls it from one goroutine at a time. Clients that
// share a source may call it at the same time.
type TokenSource interface {
	// Token returns a token that is valid now.
	//
	//   - It may block, but not longer than the attempt timeout. Its error fails the calls that
	//     wait for it. Conditions in that error, such as ErrNotFound, are not conditions of the
	//     call.
	//   - A token that is empty, or not valid in a header, is an error.
	//   - A call whose context ends stops waiting. The source is not called again before Token
	//     returns.
	//   - If the token is expired by the clock of this machine, it is used for one minute, because
	//     the clock may be wrong. The client logs a warning.
	//   - If the source fails while its previous token is valid, the previous one is used until it
	//     expires.
	//
	// ctx is the context of the call that needs the token first. It has the values of that call and
	// ends with it, or with the attempt timeout. To renew a token that is still valid, it lasts at
	// most half of the remaining time. If that call ends, the calls that wait for the same token
	// call the source again.
	Token(ctx context.Context) (Token, error)
}

// TokenSourceFunc is a function that implements [TokenSource].
type TokenSourceFunc func(ctx context.Context) (Token, error)

// Token calls f.
func (f TokenSourceFunc) Token(ctx context.Context) (Token, error) { return f(ctx) }

// AdaptTokenSource returns a [TokenSource] that calls get, a function without a context that
// returns a token of another type. An example is the method Token of an oauth2.TokenSource:
//
//	sdk.AdaptTokenSource(source.Token, func(t *oauth2.Token) sdk.Token {
//		return sdk.Token{Value: t.AccessToken, Expiry: t.Expiry}
//	})
//
// get runs in its own goroutine: a call whose context ends does not wait for it. Calls that start
// while it runs wait for the same result. If get or convert is nil, the result is a nil source. The
// options that take a source refuse a nil source.
func AdaptTokenSource[T any](get func() (T, error), convert func(T) Token) TokenSource {
	if get == nil || convert == nil {
		return TokenSourceFunc(nil)
	}
	a := &adaptedSource{get: func() (Token, error) {
		t, err := get()
		if err != nil {
			return Token{}, err
		}
		return convert(t), nil
	}}
	return TokenSourceFunc(a.token)
}

// adaptedSource calls get in its own goroutine, one call at a time.
type adaptedSource struct {
	get func() (Token, error)

	mu      sync.Mutex
	running *core.Flight[Token] // nil if get does not run
}

func (a *adaptedSource) token(ctx context.Context) (Token, error) {
	if err := ctx.Err(); err != nil {
		return Token{}, err
	}
	a.mu.Lock()
	flight := a.running
	if flight == nil {
		flight = core.NewFlight[Token]("the token source")
		a.running = flight
		go a.run(flight)
	}
	a.mu.Unlock()
	token, _, err := flight.Wait(ctx)
	return token, err
}

func (a *adaptedSource) run(flight *core.Flight[Token]) {
	defer func() { _ = recover() }() // the flight reports the panic as an error
	_, _ = flight.Run(context.Background(), a.get, func(Token, error, bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.running = nil
	})
}
