package redislimit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// Values that the script cannot return are an outage.
func TestScriptResultOutOfRangeIsAnOutage(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for _, tt := range []struct {
		name  string
		index int
		value any
	}{
		{"a third choice", 0, int64(2)},
		{"less than not stored", 0, int64(-1)},
		{"a text for a number", 0, "1"},
		{"a time before all times", 1, int64(-1)},
		{"no time", 1, int64(0)},
		{"a time after all times", 1, int64(math.MaxInt64)},
		{"a time that is none", 1, nil},
		{"a budget that is a number", 2, int64(7)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bubble{}
				l := inBubble(t, addr, b, WithRate(10, 10), WithFailClosed())
				b.after = func(values []any) { values[tt.index] = tt.value }
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				start := time.Now()
				_, err := l.Acquire(ctx, nil)
				assert.ErrorIs(t, err, ErrUnavailable)
				assert.ErrorContains(t, err, "the script returned something else than it can")
				assert.Less(t, time.Since(start), soon)
				assert.Zero(t, l.Snapshot().InFlight)
			})
		})
	}
}

// forge changes the stored budget of this test as change says. If there is none, it begins with a
// new one.
func forge(t *testing.T, addr string, change func(d *document)) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	text, err := client.Get(t.Context(), keyOf(t).String()).Result()
	if errors.Is(err, redis.Nil) {
		text, err = newBudget(time.Now()).encode("forger"), nil
	}
	require.NoError(t, err)
	version, text, _ := strings.Cut(text, " ")
	var d document
	require.NoError(t, json.Unmarshal([]byte(text), &d))
	change(&d)
	changed, err := json.Marshal(d)
	require.NoError(t, err)
	require.NoError(t, client.Set(t.Context(), keyOf(t).String(), version+"x "+string(changed), time.Hour).Err())
}

// Any user with the right to write to Redis may change the stored state.
func TestStoredNonsenseDelaysUpToMaxWait(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const far = 1e15 // microseconds, 31 years
	refilling := []int64{
		1, 2, 0, 0, 100, 50, 0, 1, 60, 1, 0, 0, 0, 0, 0, 0, 1e9, 1e9, 1e9, 0, 0, 0, 0, 0, 1, 20, 0, 0, 0, 0, 0,
	}
	const stretched, slot = 19, 27 // among these
	for name, change := range map[string]func(d *document){
		"tokens far ahead":           func(d *document) { d.Full += far },
		"tokens beyond all times":    func(d *document) { d.Full = math.MaxInt64 },
		"a probe sent in the future": func(d *document) { d.Server[2], d.Server[3] = 1, time.Now().UnixNano()+1e18 },
		"a pause learned in the future": func(d *document) {
			d.Pause[0], d.Pause[1] = time.Now().UnixNano()+5e8, time.Now().UnixNano()+1e18
		},
		"a pause of ten years": func(d *document) {
			d.Pause[0], d.Pause[1] = time.Now().UnixNano()+3e17, time.Now().UnixNano()
		},
		"a slot far ahead": func(d *document) {
			d.Server = slices.Clone(refilling)
			d.Server[slot] = time.Now().UnixNano() + 1e18
		},
		"a period that never ends": func(d *document) {
			d.Server = slices.Clone(refilling)
			d.Server[stretched] = 1 << 40
		},
		"negative remaining places": func(d *document) {
			d.Server[1], d.Server[4], d.Server[5], d.Server[13] = 2, 10, -5, time.Now().UnixNano()+1e11
		},
		"a state that is none":   func(d *document) { d.Server[1] = 9 },
		"a server that is none":  func(d *document) { d.Server[0] = 9 },
		"a server without facts": func(d *document) { d.Server = d.Server[:1] },
		"no server":              func(d *document) { d.Server = nil },
		"negative sequence":      func(d *document) { d.Generation = -100 },
		"the end of sequences":   func(d *document) { d.Seq = 1 << 60 },
		"a version that is none": func(d *document) { d.Visits = 0 },
		"requests of the future": func(d *document) {
			d.Recent = [][2]int64{{time.Now().Unix() * 8, 1}}
			d.Processes = map[string][]int64{"other": {1, 1, 0, 0, 0, time.Now().UnixMicro() + 10e6, 0, 0}}
		},
		"fewer requests than none": func(d *document) {
			d.Recent = [][2]int64{{time.Now().Unix() * 4, -1000}}
			d.Processes = map[string][]int64{"other": {1, 1, 0, 0, 0, time.Now().UnixMicro() + 10e6, 0, 0}}
		},
		"strangers of the future": func(d *document) { d.Strangers += 2 * far },
		"contended in the future": func(d *document) { d.Contended += far },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := inBubble(t, addr, &bubble{},
					WithHeaders(ratelimit.Confluent()), WithRate(10, 1), WithMaxWait(time.Second))
				forge(t, addr, change)
				for range 3 { // a plausible wait, WithMaxWait at most
					assert.LessOrEqual(t, waitFor(t, l), time.Second)
				}
			})
		})
	}
}

// A text that is no budget is replaced.
func TestStoredTextThatIsNoBudget(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for _, text := range []string{
		"", " ", "x", "1.1", "1.1 ", "1.1 {}", "1.1 []", "{", `1.1 {"visits":1e300}`, "\xff\x00 \xff", "1\t1 {}",
	} {
		t.Run(fmt.Sprintf("%q", text), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()))
				client := redis.NewClient(&redis.Options{Addr: addr})
				defer client.Close()
				require.NoError(t, client.Set(t.Context(), keyOf(t).String(), text, 0).Err())
				exchange(t, l, windowResponse(10, 9, 20.5))
				assert.Less(t, waitFor(t, l), soon)
				assert.Equal(t, 8, l.Snapshot().Remaining)
				assert.Positive(t, client.PTTL(t.Context(), keyOf(t).String()).Val())
			})
		})
	}
}

// A key that holds something else than a text is an outage, and stays as it is.
func TestKeyOfAnotherType(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	require.NoError(t, client.HSet(t.Context(), keyOf(t).String(), "a", "b").Err())
	_, err := Open(t.Context(), "redis://"+addr, keyOf(t), WithTimeout(longTimeout))
	require.ErrorIs(t, err, ErrUnavailable)
	assert.ErrorContains(t, err, "WRONGTYPE")
	assert.Equal(t, "b", client.HGet(t.Context(), keyOf(t).String(), "a").Val())
}

// A record that no process can have written is ignored.
func TestForgedRecordIsIgnored(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	const lease, far = 10e6, 1e15 // microseconds
	for name, record := range map[string]func(now int64) []int64{
		"a lease without end":         func(now int64) []int64 { return []int64{9, 0, 0, 0, 0, now + far, 0, 0} },
		"a lease above the longest":   func(now int64) []int64 { return []int64{9, 0, 0, 0, 0, now + 910e6, 0, 0} },
		"more pending than there are": func(now int64) []int64 { return []int64{1, 99, 0, 0, 0, now + lease, 0, 0} },
		"as many as can't be": func(now int64) []int64 {
			return []int64{1 << 40, 0, 0, 0, 0, now + lease, 0, 0}
		},
		"fewer than none": func(now int64) []int64 { return []int64{-1, 0, 0, 0, 0, now + lease, 0, 0} },
		"a ticket of the future": func(now int64) []int64 {
			return []int64{0, 0, 1, 0, 0, now + lease, now + far, now + 5e5}
		},
		"a ticket that stays": func(now int64) []int64 { return []int64{0, 0, 1, 0, 0, now + lease, 1, now + far} },
		"not a record":        func(int64) []int64 { return []int64{9} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
				forge(t, addr, func(d *document) {
					d.Processes = map[string][]int64{"forged": record(time.Now().UnixMicro())}
				})
				assert.Less(t, waitFor(t, l), soon)
			})
		})
	}
}

// A user without one of the rights that Ping names writes nothing, and no key stays for ever.
func TestNoKeyWithoutTimeToLive(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	for _, missing := range []string{"time", "get", "set", "none"} {
		rights := []any{"acl", "setuser", "no-" + missing, "on", ">" + secret, "~ratelimit:*", "-@all",
			"+eval", "+evalsha", "+time", "+get", "+set"}
		if missing != "none" {
			rights = append(rights, "-"+missing)
		}
		require.NoError(t, client.Do(t.Context(), rights...).Err())
		l, err := New(redis.NewClient(&redis.Options{Addr: server.addr, Username: "no-" + missing, Password: secret}),
			keyOf(t), WithTimeout(longTimeout), WithMaxInFlight(1))
		require.NoError(t, err)
		pinged := l.Ping(t.Context())
		l.Release(acquire(t, l))
		require.NoError(t, l.Close())
		require.NoError(t, l.client.Close())
		keys := client.Keys(t.Context(), "*").Val()
		if missing == "none" {
			assert.NoError(t, pinged)
			assert.Len(t, keys, 1)
		} else {
			assert.ErrorIs(t, pinged, ErrUnavailable, missing)
			assert.Empty(t, keys, missing)
		}
		for _, key := range keys {
			assert.Positive(t, client.PTTL(t.Context(), key).Val(), missing)
		}
	}
}

// Redis calls a long command of a client without a login a protocol error.
func TestMissingPasswordIsNamed(t *testing.T) {
	t.Parallel()
	server := startRedis(t, "--requirepass", "right-"+secret)
	for _, query := range []string{"", "?protocol=2", "?max_retries=1"} {
		_, err := Open(t.Context(), "redis://"+server.addr+query, keyOf(t), WithTimeout(longTimeout))
		require.ErrorIs(t, err, ErrUnavailable)
		assert.ErrorContains(t, err, "NOAUTH")
		assert.NotContains(t, err.Error(), "Protocol error")
	}
	// A program that does not ping finds it in the error of its requests.
	client := redis.NewClient(&redis.Options{Addr: server.addr, MaxRetries: -1})
	defer client.Close()
	l, err := New(client, keyOf(t), WithTimeout(longTimeout), WithFailClosed())
	require.NoError(t, err)
	defer l.Close()
	_, err = l.Acquire(t.Context(), nil)
	require.ErrorIs(t, err, ErrUnavailable)
	assert.ErrorContains(t, err, "NOAUTH")
}
