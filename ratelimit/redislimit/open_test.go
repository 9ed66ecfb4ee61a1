package redislimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

func TestNewRejectsInvalidArguments(t *testing.T) {
	good := NewKey("api.example", secret)
	client := redis.NewClient(&redis.Options{})
	defer client.Close()
	for name, opt := range map[string]Option{
		"option 1 of 1 is nil":              nil,
		"WithRate: perSecond is 0":          WithRate(0, 1),
		"WithRate: perSecond is -1":         WithRate(-1, 1),
		"WithRate: perSecond is NaN":        WithRate(math.NaN(), 1),
		"WithRate: perSecond is +Inf":       WithRate(math.Inf(1), 1),
		"WithRate: burst is 0":              WithRate(1, 0),
		"WithRate: burst is -1":             WithRate(1, -1),
		"WithMaxInFlight: 0":                WithMaxInFlight(0),
		"WithMaxInFlight: -1":               WithMaxInFlight(-1),
		"WithMaxWait: 0s":                   WithMaxWait(0),
		"WithMaxWait: 10000h0m0s":           WithMaxWait(10000 * time.Hour),
		"WithTimeout: 0s":                   WithTimeout(0),
		"WithLease: 1ms":                    WithLease(time.Millisecond),
		"WithLease: 1h0m0s":                 WithLease(time.Hour),
		"WithMaxVisits: 0":                  WithMaxVisits(0),
		"WithFallback: nil":                 WithFallback(nil),
		"WithLogger: nil":                   WithLogger(nil),
		"WithHeaders: Remaining and Reset":  WithHeaders(ratelimit.Headers{Limit: "L"}),
		"WithHeaders: unknown ResetUnit 77": WithHeaders(ratelimit.Headers{Remaining: "R", Reset: "S", ResetUnit: 77}),
	} {
		l, err := New(client, good, opt)
		assert.Nil(t, l)
		assert.ErrorContains(t, err, name)
		_, err = New(client, good, WithMaxInFlight(1), opt)
		assert.ErrorContains(t, err, strings.ReplaceAll(name, "1 of 1", "2 of 2"), "behind another")
	}
	for name, key := range map[string]Key{
		"no host":       NewKey("", secret),
		"no credential": NewKey("api.example", ""),
		"not a URL":     NewKey("https://user:"+secret+"@api.example/", secret),
	} {
		_, err := New(client, key)
		assert.ErrorContains(t, err, name)
		assert.NotContains(t, err.Error(), secret)
	}
	_, err := New(nil, good)
	assert.ErrorContains(t, err, "nil")
	_, err = New((*redis.Client)(nil), good)
	assert.ErrorContains(t, err, "nil")
}

// The documentation states these numbers.
func TestDefaultsAreAsDocumented(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	l, err := New(client, keyOf(t))
	require.NoError(t, err)
	assert.Equal(t, [3]time.Duration{500 * time.Millisecond, 15 * time.Second, 65 * time.Second},
		[3]time.Duration{l.timeout, l.lease, l.maxWait})
	assert.Equal(t, 1000, int(l.visits.Limit()))
}

func TestKeyHidesCredential(t *testing.T) {
	key := NewKey("API.example:8443", secret)
	assert.Equal(t, key, NewKey("api.EXAMPLE:8443", secret))
	assert.NotEqual(t, key, NewKey("api.example", secret))
	assert.NotEqual(t, key, NewKey("api.example:8443", secret+"1"))
	// The hash depends on the host too, so the keys of two servers do not show the same credential.
	assert.NotEqual(t, key.hash, NewKey("other.example", secret).hash)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, key), secret)
	}
	assert.Regexp(t, `^ratelimit:api\.example:8443:\{[0-9a-f]{32}\}$`, key.String())
}

// Open returns an error for a wrong URL. No error shows the password.
func TestOpenReportsWrongURLWithoutSecret(t *testing.T) {
	t.Parallel()
	locked := startRedis(t, "--requirepass", "right-"+secret)
	web := newWindowServer(t, 1, time.Hour)
	for name, tt := range map[string]struct {
		url         string
		unavailable bool
	}{
		"empty":           {"", false},
		"no scheme":       {"localhost:6379", false},
		"http":            {"http://:" + secret + "@localhost:6379", false},
		"bad port":        {"redis://:" + secret + "@localhost:port", false},
		"bad database":    {"redis://:" + secret + "@localhost:6379/" + secret, false},
		"bad password":    {"redis://user:12/" + secret + "@localhost:6379/0", false},
		"bad escape":      {"redis://user:%" + secret + "@localhost:6379/0", false},
		"unknown option":  {"redis://:" + secret + "@localhost:6379/0?" + secret + "=1", false},
		"nobody there":    {"redis://:" + secret + "@" + "127.0.0.1:1", true},
		"wrong password":  {"redis://:" + secret + "@" + locked.addr, true},
		"no password":     {"redis://" + locked.addr, true},
		"not Redis":       {"redis://:" + secret + "@" + strings.TrimPrefix(web.URL, "http://"), true},
		"no TLS":          {"rediss://:right-" + secret + "@" + locked.addr, true},
		"no such DB":      {"redis://:right-" + secret + "@" + locked.addr + "/9999", true},
		"no such socket":  {"unix:///nonexistent/socket", true},
		"no such user":    {"redis://user:" + secret + "@" + locked.addr, true},
		"right, at last":  {"redis://:right-" + secret + "@" + locked.addr, false},
		"right, database": {"redis://:right-" + secret + "@" + locked.addr + "/3", false},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			l, err := Open(t.Context(), tt.url, keyOf(t), WithTimeout(2*time.Second))
			if strings.HasPrefix(name, "right") {
				require.NoError(t, err)
				l.Close()
				return
			}
			require.Error(t, err)
			assert.Nil(t, l)
			assert.Equal(t, tt.unavailable, errors.Is(err, ErrUnavailable), "%v", err)
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
			assert.Less(t, time.Since(start), 2*time.Second+loadTolerance)
		})
	}
}

// Ping finds a key of another type, and a Redis that accepts no writes.
func TestPingFindsUnusableRedis(t *testing.T) {
	server := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	l, err := New(client, keyOf(t), WithTimeout(longTimeout))
	require.NoError(t, err)
	require.NoError(t, l.Ping(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, l.Ping(ctx), ErrUnavailable)
	require.NoError(t, client.Del(t.Context(), keyOf(t).String()).Err())
	require.NoError(t, client.LPush(t.Context(), keyOf(t).String(), "x").Err())
	assert.ErrorIs(t, l.Ping(t.Context()), ErrUnavailable)
	require.NoError(t, client.Del(t.Context(), keyOf(t).String()).Err())
	require.NoError(t, client.ConfigSet(t.Context(), "min-replicas-to-write", "1").Err())
	assert.ErrorIs(t, l.Ping(t.Context()), ErrUnavailable)
}

// The rights that the package documentation lists are sufficient.
func TestDocumentedRightsSuffice(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	rights := []any{"acl", "setuser", "limits", "on", ">" + secret, "resetkeys", "~ratelimit:*", "-@all",
		"+eval", "+evalsha", "+time", "+get", "+set"}
	require.NoError(t, client.Do(t.Context(), rights...).Err())
	l, err := Open(t.Context(), "redis://limits:"+secret+"@"+server.addr, keyOf(t),
		WithTimeout(longTimeout), WithFailClosed(), WithMaxInFlight(3))
	require.NoError(t, err)
	defer l.Close()
	exchange(t, l, httpResponse(429, "Retry-After", "0.1"))
	exchange(t, l, httpResponse(200))
	require.NoError(t, client.Do(t.Context(), "acl", "setuser", "limits", "-set").Err())
	assert.ErrorIs(t, l.Ping(t.Context()), ErrUnavailable)
}

// New returns a nil Limiter with its error. A program may ignore the error.
func TestNilAndZeroLimiter(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]*Limiter{"nil": nil, "zero": {}} {
		_, err := l.Acquire(t.Context(), nil)
		require.ErrorContains(t, err, "*Limiter is nil or empty", name)
		require.ErrorIs(t, l.Ping(t.Context()), ErrUnavailable, name)
		l.Observe(ratelimit.Permit{}, &http.Response{})
		l.Release(ratelimit.Permit{Seq: 1})
		assert.Equal(t, ratelimit.Snapshot{}, l.Snapshot(), name)
		require.NoError(t, l.Close(), name)
	}
}
