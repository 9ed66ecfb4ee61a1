package redislimit

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// If Redis returns a number that the script cannot return, Acquire fails at once.
func TestAnswerOutOfRangeIsAnOutage(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for _, tt := range []struct {
		name  string
		index int
		value int64
	}{
		{"a time before all times", 0, -1},
		{"a time after all times", 0, math.MaxInt64},
		{"generation", 1, -1},
		{"many more places than were asked for", 2, 1 << 40},
		{"one place more than was asked for", 2, 2},
		{"fewer places than none", 2, -1},
		{"first place", 3, math.MaxInt64},
		{"no first place", 3, 0},
		{"probe", 4, -1},
		{"a wait without end", 5, math.MaxInt64},
		{"a wait that ended before all times", 5, math.MinInt64},
		{"the next place", 6, math.MaxInt64},
		{"the next visit", 7, math.MaxInt64},
		{"limit", 8, math.MaxInt64},
		{"remaining places", 9, -2},
		{"the end of the window", 10, math.MaxInt64},
		{"the end of the pause", 11, math.MinInt64},
		{"the first request of the window", 12, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bubble{}
				l := inBubble(t, addr, b, WithRate(10, 10), WithFailClosed())
				b.after = func(answer []any) { answer[tt.index] = tt.value }
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				start := time.Now()
				_, err := l.Acquire(ctx, nil)
				assert.ErrorIs(t, err, ErrUnavailable)
				assert.ErrorContains(t, err, "the script returned "+strconv.FormatInt(tt.value, 10))
				assert.Less(t, time.Since(start), soon)
				assert.Zero(t, l.Snapshot().InFlight)
			})
		})
	}
}

// Any user with the right to write to Redis may change the stored state.
func TestStoredNonsenseDelaysUpToMaxWait(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, fields := range map[string]func(now int64) []any{
		"tat far ahead":        func(now int64) []any { return []any{"tat", now + 1e15} },
		"tat beyond all times": func(int64) []any { return []any{"tat", 1e300} },
		"tat infinite":         func(int64) []any { return []any{"tat", "inf"} },
		"tat not a number":     func(int64) []any { return []any{"tat", "nan"} },
		"a probe sent in the future": func(now int64) []any {
			return []any{"probe_seq", 1, "probe_sent_at", now + 1e15, "state", 0}
		},
		"a pause learned in the future": func(now int64) []any {
			return []any{"pause_end", now + 5e5, "pause_learned_at", now + 1e15}
		},
		"a slot far ahead": func(now int64) []any {
			return []any{"state", 2, "refilling", 20, "next_slot", now + 1e15,
				"gap", 1e4, "limit", 100, "remaining", 50}
		},
		"negative remaining places": func(now int64) []any {
			return []any{"state", 2, "remaining", -5, "window_end", now + 1e8, "limit", 10}
		},
		"negative sequence":    func(int64) []any { return []any{"seq", -100} },
		"the end of sequences": func(int64) []any { return []any{"seq", "9007199254740992"} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := inBubble(t, addr, &bubble{},
					WithHeaders(ratelimit.Confluent()), WithRate(10, 1), WithMaxWait(time.Second))
				client := redis.NewClient(&redis.Options{Addr: addr})
				defer client.Close()
				stored := fields(time.Now().UnixMicro())
				for i := 0; i < len(stored); i += 2 {
					require.Contains(t, source, "budget."+stored[i].(string), "the script has no such field")
				}
				require.NoError(t, client.HSet(t.Context(), keyOf(t).String(), stored...).Err())
				for range 3 { // a plausible wait, WithMaxWait at most
					assert.LessOrEqual(t, waitFor(t, l), time.Second)
				}
			})
		})
	}
}

// A record that no process can have written is ignored.
func TestForgedRecordIsIgnored(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	for name, record := range map[string]func(now int64) string{
		"a lease without end":       func(now int64) string { return fmt.Sprintf("9 0 %d 0 0", now+1e15) },
		"a lease above the longest": func(now int64) string { return fmt.Sprintf("9 0 %d 0 0", now+910e6) },
		"more pending than held":    func(now int64) string { return fmt.Sprintf("0 9 %d 0 0", now+10e6) },
		"as many as there can't be": func(now int64) string {
			return fmt.Sprintf("%s 0 %d 0 0", strings.Repeat("9", 400), now+10e6)
		},
		"a ticket of the future": func(now int64) string {
			return fmt.Sprintf("0 0 %d %d %d", now+10e6, now+1e15, now+5e5)
		},
		"a ticket that stays for all": func(now int64) string { return fmt.Sprintf("0 0 %d 1 %d", now+10e6, now+1e15) },
		"not a record":                func(int64) string { return "9" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := inBubble(t, addr, &bubble{}, WithMaxInFlight(1))
				client := redis.NewClient(&redis.Options{Addr: addr})
				defer client.Close()
				forged := record(time.Now().UnixMicro())
				require.NoError(t, client.HSet(t.Context(), keyOf(t).String(), "p:forged", forged).Err())
				assert.Less(t, waitFor(t, l), soon)
			})
		})
	}
}

// A user without the right to set the time to live writes nothing.
func TestNoKeyWithoutTimeToLive(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	for _, missing := range []string{"pexpire", "hset", "hdel"} {
		rights := []any{"acl", "setuser", "no-" + missing, "on", ">" + secret, "~ratelimit:*", "-@all",
			"+eval", "+evalsha", "+time", "+hgetall", "+hset", "+hdel", "+pexpire", "-" + missing}
		require.NoError(t, client.Do(t.Context(), rights...).Err())
		l, err := New(redis.NewClient(&redis.Options{Addr: server.addr, Username: "no-" + missing, Password: secret}),
			keyOf(t), WithTimeout(longTimeout), WithMaxInFlight(1))
		require.NoError(t, err)
		pinged := l.Ping(t.Context())
		l.Release(acquire(t, l))
		require.NoError(t, l.Close())
		require.NoError(t, l.client.Close())
		if missing != "hdel" { // needed for the records of processes only
			assert.ErrorIs(t, pinged, ErrUnavailable)
		}
		for _, key := range client.Keys(t.Context(), "*").Val() {
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
