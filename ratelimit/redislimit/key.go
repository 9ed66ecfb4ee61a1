package redislimit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// Key names a budget. Create it with [NewKey].
type Key struct{ host, hash string }

// NewKey returns the key of the budget that credential has at the server. host is the host of the
// server, with the port if there is one, as in [net/url.URL].Host. Its letter case does not matter.
// Processes with the same host and credential share the budget.
//
// The credential is not kept. The key holds its HMAC-SHA-256, which also depends on the host. Pass
// the whole credential, including the secret part: a short one could be guessed from its hash.
func NewKey(host, credential string) Key {
	k := Key{host: strings.ToLower(host)}
	if credential != "" {
		mac := hmac.New(sha256.New, []byte(credential))
		mac.Write([]byte("ratelimit\x00" + k.host))
		k.hash = hex.EncodeToString(mac.Sum(nil)[:16])
	}
	return k
}

// String returns the name of the budget's key in Redis.
func (k Key) String() string {
	return "ratelimit:" + k.host + ":{" + k.hash + "}"
}

// validate returns an error if k can't be the name of a key.
func (k Key) validate() error {
	switch {
	case k.host == "":
		return errors.New("redislimit: the key has no host")
	case len(k.host) > 300 || strings.ContainsFunc(k.host, odd):
		return errors.New("redislimit: the key needs a host, not a URL") // A URL may hold a password.
	case k.hash == "":
		return errors.New("redislimit: the key has no credential")
	}
	return nil
}

// odd reports whether r can't be in a host.
func odd(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune(`/@{}?#\`, r)
}
