package redislimit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// Key names a budget. Make it with [NewKey].
type Key struct{ host, hash string }

// NewKey is the key of the budget that the credential has at the server: its
// host, with the port if there is one, as in [net/url.URL].Host. The case of host does
// not matter. Processes that give the same two share the budget.
//
// The credential is hashed here and kept nowhere: the key holds an HMAC-SHA-256
// that depends on the host as well. Give the whole credential, so with the
// secret part: a short one could be guessed from its hash.
func NewKey(host, credential string) Key {
	k := Key{host: strings.ToLower(host)}
	if credential != "" {
		mac := hmac.New(sha256.New, []byte(credential))
		mac.Write([]byte("ratelimit\x00" + k.host))
		k.hash = hex.EncodeToString(mac.Sum(nil)[:16])
	}
	return k
}

// String is the name of the budget's key in Redis.
func (k Key) String() string {
	return "ratelimit:" + k.host + ":{" + k.hash + "}"
}

func (k Key) validate() error {
	switch {
	case k.host == "":
		return errors.New("redislimit: the key has no host")
	case len(k.host) > 300 || strings.ContainsFunc(k.host, odd):
		return errors.New("redislimit: the key needs a host, not a URL") // which may carry a password
	case k.hash == "":
		return errors.New("redislimit: the key has no credential")
	}
	return nil
}

func odd(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune(`/@{}?#\`, r)
}
