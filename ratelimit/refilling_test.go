package ratelimit_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// benchLimiters are the limiters of the bench: the default of Confluent's client, and one that
// knows that the server rounds up.
func benchLimiters() map[string][]ratelimit.Option {
	roundedUp := ratelimit.Confluent()
	roundedUp.RoundedUp = true
	return map[string][]ratelimit.Option{
		"default":   {ratelimit.WithHeaders(ratelimit.Confluent()), ratelimit.WithAdaptiveInFlight(8, 1)},
		"RoundedUp": {ratelimit.WithHeaders(roundedUp)},
	}
}

// The load of the bench: 64 goroutines send as fast as they may for ten seconds, to a server that
// takes 5 ms for a request. At least 95 % of what the server allows is used, and at most one of a
// thousand requests is refused.
func TestServersOfTheBench(t *testing.T) {
	for server, newPolicy := range map[string]func() policy{
		"token bucket":   func() policy { return &bucket{limit: 100, every: time.Second} },
		"sliding window": func() policy { return &sliding{limit: 100, every: time.Second, last: true} },
	} {
		for name, opts := range benchLimiters() {
			for _, latency := range []time.Duration{2 * time.Millisecond, 10 * time.Millisecond} {
				t.Run(fmt.Sprintf("%s, %s, %v", server, name, latency), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						up := func(h http.Header, limit, remaining int, reset time.Duration) {
							headerOf(roundings["up"])(h, limit, remaining, reset)
						}
						o := load(t, newPolicy(), up, 100, 64, 10*time.Second, latency, newLocal(t, opts...))
						t.Log(o)
						assert.GreaterOrEqual(t, o.share(), 0.95)
						assert.LessOrEqual(t, o.refused, o.accepted/1000)
					})
				})
			}
		}
	}
}
