package servers

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The highest numbers that a server may state, or another process may have stored, do not overflow,
// also with 32 bits.

const most = math.MaxInt32

func TestHighestCountsShowNoServerThatRefills(t *testing.T) {
	w := window{counts: counts{limit: 1}}
	assert.LessOrEqual(t, w.missing(Counts{Remaining: most}, 2*mostCount), 0)
	w.counts.limit = most
	assert.LessOrEqual(t, w.missing(Counts{Remaining: most - 2}, 2*mostCount), 0)
	assert.Equal(t, most-1, w.missing(Counts{}, 0))
}

func TestHighestCountsAreNotSpacedAfterAQuietTime(t *testing.T) {
	for _, remaining := range []int{most/4 + 1, most / 2, most} {
		s := Refilling{window: window{
			state: Open, counts: counts{limit: most, remaining: remaining}, resets: resets{longest: longest},
		}}
		assert.Zero(t, s.spacing(Traffic{Now: storedAt, MaxWait: maxWait}), remaining)
	}
}

func TestHighestCountsMakeAPeriodShorter(t *testing.T) {
	for _, remaining := range []int{most/3 + 1, most / 2, most} {
		p := period{stretched: 2}
		p.doubt(Request{Seq: 1}, Counts{Remaining: remaining}, most, resets{}, Traffic{Now: storedAt, MaxWait: maxWait})
		assert.Equal(t, 1, p.stretched, remaining)
	}
}

func TestLongestStoredPeriodIsNotNegative(t *testing.T) {
	for _, stretched := range []int{0, 1, mostStretched} {
		for _, reset := range []time.Duration{0, time.Hour, longest, 2 * longest} {
			p := period{stretched: stretched}
			d := p.duration(resets{longest: reset})
			assert.GreaterOrEqual(t, d, reset)
			assert.LessOrEqual(t, d, 2*longest, "%v, stretched %d times", reset, stretched)
		}
	}
}

// No stored number is the highest one, at which a sum becomes negative. The lowest count excepted.
func TestHighestStoredNumbersAreRefused(t *testing.T) {
	for kind, fields := range map[int64][]any{
		kindFixed: new(FixedWindow).fields(), kindRefilling: new(Refilling).fields(),
	} {
		for i, field := range fields {
			numbers := make([]int64, 1+len(fields))
			numbers[0], numbers[1+i] = kind, math.MaxInt64
			_, err := Restore(numbers, storedAt, maxWait)
			if _, ok := field.(*lowest); ok {
				require.NoError(t, err)
			} else {
				assert.Error(t, err, "kind %d, number %d", kind, i)
			}
		}
	}
}
