package redislimit

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit"
)

// The keys in Redis do not show the credential, and they expire.
func TestKeysExpireAndHideTheCredential(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	opts := []Option{WithHeaders(ratelimit.Confluent()), WithRate(100, 10), WithMaxInFlight(3)}
	a, b := open(t, server.addr, opts...), open(t, server.addr, opts...)
	exchange(t, a, windowResponse(10, 5, 3000))
	acquire(t, b)
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	assert.Equal(t, []string{keyOf(t).String()}, keys)
	ttl, err := client.PTTL(t.Context(), keys[0]).Result()
	require.NoError(t, err)
	assert.Greater(t, ttl, time.Minute)
	assert.LessOrEqual(t, ttl, 2*time.Minute+20*time.Second, "however long the server's window is")
	stored, err := client.Get(t.Context(), keys[0]).Result()
	require.NoError(t, err)
	assert.NotContains(t, keys[0]+stored, secret)
}

// The whole state of a budget is in one slot.
func TestClusterKeepsBudgetInOneSlot(t *testing.T) {
	t.Parallel()
	server := startRedis(t, "--cluster-enabled", "yes")
	node := redis.NewClient(&redis.Options{Addr: server.addr})
	defer node.Close()
	require.NoError(t, node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err())
	require.Eventually(t, func() bool {
		info, err := node.ClusterInfo(t.Context()).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok")
	}, 5*time.Second, 20*time.Millisecond)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{server.addr}})
	defer client.Close()
	l, err := New(client, keyOf(t), WithTimeout(longTimeout), WithHeaders(ratelimit.Confluent()),
		WithRate(100, 10), WithMaxInFlight(3), WithFailClosed())
	require.NoError(t, err)
	defer l.Close()
	require.NoError(t, l.Ping(t.Context()))
	exchange(t, l, windowResponse(10, 5, 20))
	acquire(t, l)
	assert.Equal(t, 4, l.Snapshot().Remaining)
}

// The limiter continues after Redis has lost its scripts or its data. So few places are not given
// ahead.
func TestContinuesAfterFlush(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	l := open(t, server.addr, WithHeaders(ratelimit.Confluent()), WithFailClosed())
	client := redis.NewClient(&redis.Options{Addr: server.addr})
	defer client.Close()
	earlier := acquire(t, l)
	l.Observe(earlier, windowResponse(8, 5, 20))
	waitReported(t, l)
	require.NoError(t, client.ScriptFlush(t.Context()).Err())
	exchange(t, l, httpResponse(200))
	assert.Equal(t, 4, l.Snapshot().Remaining)
	require.NoError(t, client.FlushAll(t.Context()).Err())
	first := acquire(t, l)
	l.Observe(earlier, windowResponse(8, 0, 20)) // of the earlier generation
	waitReported(t, l)
	assert.Equal(t, -1, l.Snapshot().Remaining)
	l.Observe(first, windowResponse(8, 7, 20))
	waitReported(t, l)
	assert.Equal(t, 7, l.Snapshot().Remaining)
}

// After a replica with a slow clock takes over, no request waits for the times of the other clock.
func TestClockOfRedisGoesBack(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	synctest.Test(t, func(t *testing.T) {
		l := inBubble(t, addr, &bubble{}, WithHeaders(ratelimit.Confluent()), WithRate(10, 1), WithMaxInFlight(1))
		exchange(t, l, windowResponse(10, 0, 50))
		forge(t, addr, func(d *document) {
			ahead := time.Now().Add(time.Hour)
			micros, nanos := ahead.UnixMicro(), ahead.UnixNano()
			d.Visited, d.Full = micros, micros
			d.Server[13], d.Server[14] = nanos, nanos // the end of the window
			d.Pause[0], d.Pause[1] = nanos, nanos
			d.Processes = map[string][]int64{"dead": {1, 0, 0, 0, 0, micros, 0, 0}}
		})
		time.Sleep(maxVisitInterval) // until Redis is asked again
		assert.Less(t, waitFor(t, l), soon)
	})
}

// No places are lost if resets are whole seconds, rounded up (with RoundedUp set) or down.
func TestRoundedResetsLoseNoPlaces(t *testing.T) {
	up := ratelimit.Confluent()
	up.RoundedUp = true
	for name, tt := range map[string]struct {
		headers ratelimit.Headers
		round   func(float64) float64
	}{
		"up":  {up, math.Ceil},
		"cut": {ratelimit.Confluent(), math.Floor},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := sharedRedis(t)
			s := newWindowServer(t, 50, time.Second)
			s.reset = func(end time.Time) string { return strconv.Itoa(int(tt.round(time.Until(end).Seconds()))) }
			var group sync.WaitGroup
			for i := range 3 {
				l := open(t, addr, WithHeaders(tt.headers))
				group.Go(func() {
					_, refused, failed := sendRequests(t.Context(), l, s.URL, strconv.Itoa(i), 5, 4500*time.Millisecond)
					assert.Zero(t, refused)
					assert.Zero(t, failed)
				})
			}
			group.Wait()
			s.check(t)
		})
	}
}
