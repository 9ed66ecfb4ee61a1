package core

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Auth puts credentials on a request that goes to the configured origin.
//
// The secrets live in closures, where no format verb finds them.
type Auth struct {
	// Prepare gets a credential before the request takes a place in the rate limit, so that one that is slow to come holds none. Nil: there is nothing to get.
	Prepare func(ctx context.Context) error
	// Calls says that Prepare makes calls of this client's own, which have time-outs of their own. Otherwise it is given as long as an attempt.
	Calls bool
	// Authorize gives the value of the Authorization header, "" for none. The ctx is the attempt's own.
	Authorize func(ctx context.Context) (string, error)
	// Refused is told that the credential in h got a 401, and reports whether another one may be had. Nil: it can't.
	Refused func(h http.Header) bool
	// Secrets lists what must not be shown, for scrubbing the text of errors.
	Secrets func() []string
}

// Basic authenticates with HTTP Basic.
func Basic(user, password string) *Auth {
	token := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	value := "Basic " + token
	return &Auth{
		Authorize: func(context.Context) (string, error) { return value, nil },
		Secrets:   func() []string { return []string{password, token} },
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
// anew after a 401. A token that is still good is used on while it is being renewed, and when the renewal fails.
func Bearer(source func(context.Context) (Token, error)) *Auth {
	b := &bearer{source: source}
	return &Auth{
		Prepare: func(ctx context.Context) error {
			_, err := b.get(ctx)
			return err
		},
		Authorize: b.authorize, Refused: b.refused, Secrets: b.secrets,
	}
}

// StaticBearer authenticates with a token that never changes.
func StaticBearer(token string) *Auth {
	value := "Bearer " + token
	return &Auth{
		Authorize: func(context.Context) (string, error) { return value, nil },
		Secrets:   func() []string { return []string{token} },
	}
}

type bearer struct {
	source func(context.Context) (Token, error)

	mu      sync.Mutex
	token   Token
	renewAt time.Time
	flight  *Flight[Token]
}

func (b *bearer) authorize(ctx context.Context) (string, error) {
	t, err := b.get(ctx)
	if err != nil {
		return "", err
	}
	return "Bearer " + t.Value, nil
}

func (b *bearer) get(ctx context.Context) (Token, error) {
	for {
		b.mu.Lock()
		old := b.token
		if old.Value != "" && (old.Expiry.IsZero() || time.Now().Before(b.renewAt)) {
			b.mu.Unlock()
			return old, nil
		}
		good := old.Value != "" && time.Now().Before(old.Expiry)
		f, mine := b.flight, b.flight == nil
		if mine {
			f = NewFlight[Token]("the token source")
			b.flight = f
		}
		b.mu.Unlock()
		var token Token
		var err error
		switch {
		case mine:
			token, err = b.fetch(ctx, f, old, good)
		case good:
			return old, nil // somebody else renews it
		default:
			var again bool
			if token, again, err = f.Wait(ctx); again {
				continue
			}
		}
		if err != nil && good && time.Now().Before(old.Expiry) && ctx.Err() == nil {
			return old, nil
		}
		if err != nil {
			return Token{}, err
		}
		return token, nil
	}
}

// fetch asks the source. A token that is still good leaves half of its rest for that, and is left in peace for a quarter of the rest if it fails.
func (b *bearer) fetch(ctx context.Context, f *Flight[Token], old Token, good bool) (Token, error) {
	own := ctx
	if good {
		var cancel context.CancelFunc
		own, cancel = context.WithTimeout(ctx, time.Until(old.Expiry)/2)
		defer cancel()
	}
	return f.Run(ctx, func() (Token, error) {
		t, err := b.source(own)
		if err == nil && t.Value == "" {
			err = errors.New("the token source gave an empty token")
		}
		if err == nil && !headerSafe(t.Value) {
			err = errors.New("the token source gave a token that no header can carry")
		}
		return t, err
	}, func(t Token, err error, gaveUp bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.flight = nil
		switch {
		case err == nil:
			b.token = t
			b.renewAt = t.Expiry.Add(-min(refreshMargin, time.Until(t.Expiry)/2))
		case good && !gaveUp:
			b.renewAt = time.Now().Add(time.Until(old.Expiry) / 4)
		}
	})
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

// secrets lists what a call must not show: the client's credentials, the one it sent, which may have been replaced since, and its own.
func (c *Client) secrets(cs *call) []string {
	all := slices.Clone(cs.opts.secrets)
	if c.cfg.Auth == nil {
		return all
	}
	all = append(all, c.cfg.Auth.Secrets()...)
	if _, sent, ok := strings.Cut(cs.sentHeader.Get("Authorization"), " "); ok {
		all = append(all, sent)
	}
	return all
}

// scrub replaces secrets in what a server sent back, also where they are in a JSON text, or in a JSON text inside of one.
func scrub(b []byte, secrets []string) []byte {
	type span struct{ from, to int }
	var found []span
	text, at := b, []int(nil) // at[i] is where text[i] is in b; nil: at i
	for depth := 0; ; depth++ {
		origin := func(i int) int {
			if at == nil {
				return i
			}
			return at[i]
		}
		for _, s := range secrets {
			if len(s) < 6 {
				continue // it would black out ordinary words
			}
			for from := 0; ; {
				i := bytes.Index(text[from:], []byte(s))
				if i < 0 {
					break
				}
				found = append(found, span{origin(from + i), origin(from + i + len(s))})
				from += i + 1
			}
		}
		if depth == 2 || !bytes.Contains(text, []byte(`\`)) {
			break
		}
		text, at = unescape(text, origin)
	}
	if len(found) == 0 {
		return b
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var clean []byte
	rest := 0
	for _, f := range found {
		if f.from >= rest {
			clean = append(append(clean, b[rest:f.from]...), "[redacted]"...)
		}
		rest = max(rest, f.to)
	}
	return append(clean, b[rest:]...)
}

// unescape takes the escapes of a JSON text away, wherever they are, and tells where each byte, and the end, comes from.
func unescape(b []byte, origin func(int) int) (text []byte, at []int) {
	for i := 0; i < len(b); {
		plain, n := escape(b[i:])
		for range len(plain) {
			at = append(at, origin(i))
		}
		text = append(text, plain...)
		i += n
	}
	return text, append(at, origin(len(b)))
}

// escape is what the beginning of b stands for, and its length.
func escape(b []byte) (plain []byte, n int) {
	if b[0] != '\\' || len(b) < 2 {
		return b[:1], 1
	}
	n = 2
	if b[1] == 'u' {
		n = 6
		if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' { // perhaps the other half of a character
			var both string
			if json.Unmarshal(slices.Concat([]byte{'"'}, b[:12], []byte{'"'}), &both) == nil && utf8.RuneCountInString(both) == 1 {
				return []byte(both), 12
			}
		}
	}
	var one string
	if n > len(b) || json.Unmarshal(slices.Concat([]byte{'"'}, b[:n], []byte{'"'}), &one) != nil {
		return b[:1], 1
	}
	return []byte(one), n
}
