package ratelimit_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/integrations-go/sdk/ratelimit"
)

// knownWindow returns a window whose numbers are all known, and whose end may have been rounded
// down.
func knownWindow(limit, remaining int, reset time.Duration) ratelimit.Window {
	return ratelimit.Window{
		Limit: limit, Remaining: remaining, Reset: reset, Slack: time.Second,
		HasLimit: true, HasRemaining: true, HasReset: true,
	}
}

func TestIETF(t *testing.T) {
	tests := map[string]struct {
		field, policy []string
		want          ratelimit.Window
	}{
		"count and end": {
			[]string{`"default";r=50;t=30`}, []string{`"default";q=100;w=60`},
			knownWindow(100, 50, 30*time.Second),
		},
		"spaces and other order": {
			[]string{` "default" ; t = 30 ; r = 50 `}, []string{`"other";q=1, "default";w=60;q=100`},
			knownWindow(100, 50, 30*time.Second),
		},
		"no policy": {
			[]string{`"default";r=50;t=30`}, nil,
			ratelimit.Window{
				Remaining: 50, Reset: 30 * time.Second, Slack: time.Second, HasRemaining: true, HasReset: true,
			},
		},
		"the tightest of several": {
			[]string{`"day";r=400;t=40000, "minute";r=3;t=20, "hour";r=9;t=3000`},
			[]string{`"day";q=500;w=86400, "minute";q=10;w=60`},
			knownWindow(10, 3, 20*time.Second),
		},
		"equally tight, the later end": {
			[]string{`"minute";r=3;t=20`, `"hour";r=3;t=3000`}, []string{`"minute";q=10`, `"hour";q=20`},
			knownWindow(20, 3, 3000*time.Second),
		},
		"end from the policy": {
			[]string{`"default";r=50`}, []string{`"default";q=100;w=60`},
			knownWindow(100, 50, time.Minute),
		},
		"quoted separators": {
			[]string{`"a,b;r=1\"";r=50;pk=:c2VjcmV0:;t=30`}, []string{`"a,b;r=1\"";q=70`},
			knownWindow(70, 50, 30*time.Second),
		},
		"nonsense": {[]string{`"default";r=-1;t=30, ;;=, "x";r=many`, `"open;r=5`}, nil, ratelimit.Window{}},
		"one of them nonsense": {
			[]string{`"default";r=-1;t=30, "x";r=5;t=never`}, []string{`"x";q=0`},
			ratelimit.Window{Remaining: 5, HasRemaining: true},
		},
		"epoch": {
			[]string{`"default";r=5;t=1772366400`}, nil,
			ratelimit.Window{Remaining: 5, HasRemaining: true},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := ratelimit.IETF()
			header := http.Header{h.Structured: tt.field, h.Policy: tt.policy}
			assert.Equal(t, tt.want, h.Parse(header, noon))
		})
	}
	t.Run("older headers", func(t *testing.T) {
		header := respond(200, "RateLimit-Limit", "100, 100;w=60",
			"RateLimit-Remaining", "7", "RateLimit-Reset", "20").Header
		want := knownWindow(100, 7, 20*time.Second)
		assert.Equal(t, want, ratelimit.IETF().Parse(header, noon))
	})
}

func TestIETFAreObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.WithHeaders(ratelimit.IETF()))
		exchange(t, l, respond(200, "RateLimit", `"a";r=1;t=9, "b";r=0;t=4`, "RateLimit-Policy", `"b";q=8;w=5`))
		assert.Equal(t, 8, l.Snapshot().Limit)
		assertWait(t, 5*time.Second, waitFor(t, l))
		l = newLocal(t, ratelimit.WithHeaders(ratelimit.IETF()))
		exchange(t, l, respond(429, "RateLimit", `"b";r=0;t=4`))
		assertWait(t, 5*time.Second, waitFor(t, l))
	})
}

func FuzzIETF(f *testing.F) {
	f.Add(`"default";r=50;t=30, "b";r=1`, `"default";q=100;w=60`)
	f.Add(`"open;r=5\`, `;;==,,`)
	f.Fuzz(func(t *testing.T, field, policy string) {
		h := ratelimit.IETF()
		w := h.Parse(http.Header{h.Structured: {field}, h.Policy: {policy}}, noon)
		assert.Equal(t, w.HasLimit, w.Limit > 0)
		assert.True(t, w.HasRemaining || w.Remaining == 0)
		assert.True(t, w.Remaining >= 0 && 0 <= w.Reset && w.Reset <= year)
		assert.True(t, w.HasReset || w.Reset == 0 && w.Slack == 0)
	})
}
