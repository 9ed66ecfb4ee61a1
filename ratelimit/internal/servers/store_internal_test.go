package servers

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	storedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	maxWait  = time.Minute
)

// readBack returns what a field like that has, and would be stored as, after it was read from n.
func readBack(field any, n int64) (value any, stored int64, err error) {
	fresh := reflect.New(reflect.TypeOf(field).Elem())
	err = read([]int64{n}, []any{fresh.Interface()}, storedAt, maxWait)
	return fresh.Elem().Interface(), write(nil, []any{fresh.Interface()})[0], err
}

// Each type of number is restored as it was stored, from 0 to the highest value that it can have. A
// higher or a negative number can't have been stored.
func TestStoredNumbersHaveBounds(t *testing.T) {
	const year = 365 * 24 * time.Hour
	ahead := func(d time.Duration) int64 { return storedAt.Add(d).UnixNano() }
	for name, tt := range map[string]struct {
		field         any
		most, refused int64
	}{
		"count, up to 2^28":           {new(int), 1 << 28, 1<<28 + 1},
		"stated count, up to 2^31-1":  {new(stated), math.MaxInt32, math.MaxInt32 + 1},
		"lowest count, below 2^31-1":  {new(lowest), math.MaxInt32 - 1, math.MaxInt32 + 1},
		"lowest count, none so far":   {new(lowest), math.MaxInt64, math.MaxInt64 - 1},
		"sequence number, up to 2^53": {new(uint64), 1 << 53, 1<<53 + 1},
		"state, up to the last one":   {new(State), 3, 4},
		"duration, up to two years":   {new(time.Duration), int64(2 * year), int64(2*year) + 1},
		"time, a wait and a second ahead": {
			new(time.Time), ahead(maxWait + time.Second), ahead(maxWait+time.Second) + 1,
		},
		"time of the server, two years ahead": {new(until), ahead(2 * year), ahead(2*year) + 1},
		"flag, 0 or 1":                        {new(bool), 1, 2},
	} {
		for _, n := range []int64{0, 1, tt.most} {
			_, stored, err := readBack(tt.field, n)
			require.NoError(t, err, "%s: %d", name, n)
			assert.Equal(t, n, stored, name)
		}
		for _, n := range []int64{tt.refused, -1, math.MinInt64} {
			_, _, err := readBack(tt.field, n)
			assert.Error(t, err, "%s: %d", name, n)
		}
	}
}

// Zero times, and counts that mean "none so far", keep their meaning on all machines.
func TestStoredNumbersWithAMeaning(t *testing.T) {
	highest := lowest(math.MaxInt)
	assert.Equal(t, []int64{math.MaxInt64}, write(nil, []any{&highest}), "32-bit machines have a lower one")
	value, _, err := readBack(new(lowest), math.MaxInt64)
	require.NoError(t, err)
	assert.Equal(t, highest, value)
	value, _, err = readBack(new(time.Time), 0)
	require.NoError(t, err)
	assert.Zero(t, value, "the zero time, not 1970")
	assert.Equal(t, []int64{0}, write(nil, []any{new(time.Time)}))
}

// Sequence numbers that no process reaches become negative in the text. They must not come back as
// small ones.
func TestHugeSequenceNumbersAreRefused(t *testing.T) {
	for _, seq := range []uint64{1<<53 + 1, 1 << 63, math.MaxUint64 - 1, math.MaxUint64} {
		_, _, err := readBack(new(uint64), write(nil, []any{&seq})[0])
		assert.Error(t, err, seq)
	}
}

// sample returns another number for each field, as far as its type allows.
func sample(fields []any) (numbers []int64) {
	for i, field := range fields {
		n := int64(i + 1)
		switch field.(type) {
		case *State:
			n = int64(Ended)
		case *bool:
			n = 1
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// What was restored is stored as the same numbers: no field is left out on either way.
func TestEachNumberIsRestored(t *testing.T) {
	for kind, fields := range map[int64][]any{
		kindFixed: new(FixedWindow).fields(), kindRefilling: new(Refilling).fields(),
	} {
		numbers := append([]int64{kind}, sample(fields)...)
		s, err := Restore(numbers, storedAt, maxWait)
		require.NoError(t, err)
		assert.Equal(t, numbers, Store(s))
	}
	var p Pause
	numbers := sample(p.fields())
	require.NoError(t, p.Restore(numbers, storedAt, maxWait))
	assert.Equal(t, numbers, p.Store())
}

// If a wait may last a year, the period is stretched up to mostStretched times, however often the
// server refuses requests. More can't have been stored.
func TestMostStretchesOfAPeriodAreStored(t *testing.T) {
	var s Refilling
	traffic := Traffic{Now: storedAt, MaxWait: longest}
	for range 1000 {
		traffic.Newest++
		s.period.doubt(Request{Seq: traffic.Newest}, Counts{}, 10, s.resets, traffic)
		traffic.Newest++
		s.period.doubt(Request{Seq: traffic.Newest, Refused: true}, Counts{}, 10, s.resets, traffic)
	}
	assert.Equal(t, mostStretched, s.period.stretched)
	_, err := Restore(Store(&s), storedAt, longest)
	require.NoError(t, err)
	s.period.stretched++
	_, err = Restore(Store(&s), storedAt, longest)
	assert.Error(t, err)
}
