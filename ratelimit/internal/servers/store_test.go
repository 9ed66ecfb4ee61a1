package servers_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/ratelimit/internal/servers"
)

// leaves counts the values that a struct is made of, and a time as one.
func leaves(t reflect.Type) (n int) {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return 1
	}
	for field := range t.Fields() {
		n += leaves(field.Type)
	}
	return n
}

// A stored number for each field, after the kind of server: a new field must be stored as well.
func TestStoreHasEachField(t *testing.T) {
	fixed, refilling := reflect.TypeFor[servers.FixedWindow](), reflect.TypeFor[servers.Refilling]()
	assert.Len(t, servers.Store(&servers.FixedWindow{}), 1+leaves(fixed))
	assert.Len(t, servers.Store(&servers.Refilling{}), 1+leaves(refilling))
	assert.Len(t, (&servers.Pause{}).Store(), leaves(reflect.TypeFor[servers.Pause]()))
}

// A server that is stored and restored after each event behaves like one that is not.
func TestRestoredServerBehavesAlike(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		limit := []int{1, 4, 10, 100}[random.IntN(4)]
		original, stored := newClient(), newClient()
		d, left := time.Duration(0), limit
		for range 300 {
			d += time.Duration(random.ExpFloat64() * float64(30*ms))
			original.at(d)
			stored.at(d)
			require.Equal(t, original.next(), stored.next(), "seed %d", seed)
			switch next := original.next(); {
			case next < 0 || next > d:
				original.server.Delayed(original.traffic)
				stored.server.Delayed(stored.traffic)
			case random.IntN(10) == 0:
				lost := original.send()
				stored.send()
				original.server.Lose(lost, original.traffic)
				stored.server.Lose(lost, stored.traffic)
				original.server.Release(lost.Seq)
				stored.server.Release(lost.Seq)
			default:
				if left--; left < 0 || random.IntN(40) == 0 {
					left = random.IntN(limit)
				}
				original.exchange(limit, left, time.Second)
				stored.exchange(limit, left, time.Second)
			}
			restored, err := servers.Restore(servers.Store(stored.server), stored.traffic.Now, time.Minute)
			require.NoError(t, err)
			stored.server = restored
		}
	}
}

// Numbers that Store can't have written are refused.
func TestRestoreRefusesNonsense(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := newClient()
	c.exchange(100, 99, time.Second)
	good := servers.Store(c.server)
	_, err := servers.Restore(good, now, time.Minute)
	require.NoError(t, err)
	for i := range good {
		for _, n := range []int64{-1, math.MinInt64, math.MaxInt64 - 1} {
			bad := slices.Clone(good)
			bad[i] = n
			_, err := servers.Restore(bad, now, time.Minute)
			assert.Error(t, err, "number %d: %d", i, n)
		}
	}
	for _, bad := range [][]int64{nil, {}, {2}, {0}, {1}, good[:len(good)-1], append(slices.Clip(good), 0)} {
		_, err := servers.Restore(bad, now, time.Minute)
		assert.Error(t, err, "%v", bad)
	}
	var p servers.Pause
	assert.NoError(t, p.Restore([]int64{now.Add(time.Hour).UnixNano(), now.UnixNano(), 3, 7}, now, time.Minute))
	assert.Equal(t, now.Add(time.Hour), p.Until.UTC())
	future := now.Add(time.Hour).UnixNano()
	assert.Error(t, p.Restore([]int64{future, future, 3, 7}, now, time.Minute))
	assert.Error(t, p.Restore([]int64{1, 2, 3}, now, time.Minute))
}
